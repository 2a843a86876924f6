// Prompts of the ChatML template, as text and as ids.
#pragma once

#include "engine/text/template.h"
#include "tests/unit/vocabulary.h"

const struct template *chatml(void);
// The prompt or the test fails.
struct prompt build(const struct gguf *g, const struct turn *turns, size_t n);

// The prompt is written as wanted, with <P> where a picture stands, or the test fails.
void assert_written(const struct gguf *g, const struct turn *turns, size_t n, const char *want);

// The ids of a prompt, -1 where a picture stands; text between pictures is one chunk.
struct token_list prompt_ids(const struct tokenizer *t, const struct prompt *p);
