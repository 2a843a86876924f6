// Model files whose vocabularies the tests of engine/text use. Some are not in the repository:
// SmolLM2's comes with the default model (PUMICE_TEST_MODEL), GPT-2's and LLaMA's with the
// reference data (PUMICE_REFERENCE).
#pragma once

#include "engine/text/tokenizer.h"
#include "tests/unit/data_path.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

// A model file with SmolLM2's vocabulary, or the test is skipped with the reason.
const char *smollm_model(void);
// A file below tokenizers/ of the reference data; valid until the next call.
const char *reference_model(const char *name);

struct subject {
    struct gguf *g;
    struct tokenizer *t;
};

// A file and its tokenizer, or the test fails.
struct subject open_subject(const char *path);
void close_subject(struct subject *s);
