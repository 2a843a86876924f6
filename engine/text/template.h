// Turns -> prompt, by named template (a table row each). The result is a list of text spans and
// picture blocks in order; every span remembers whose words it holds (training masks by it).
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "engine/model/gguf.h"

enum turn_role { TURN_SYSTEM, TURN_USER, TURN_ASSISTANT };

// One turn as the template sees it. Pictures stand before the text, each followed by a newline.
struct turn {
    enum turn_role role;
    const char *text;  // terminated UTF-8; not trimmed
    size_t n_pictures; // of a user turn
    // A user turn that is still being written: the prompt ends behind its last picture, or else
    // before the white space that the text may join, so that its ids begin those of the finished
    // prompt.
    bool open;
};

enum span_kind {
    SPAN_TEMPLATE, // special tokens are recognised here only
    SPAN_USER,     // what the user or the system text says
    SPAN_ANSWER,   // what the model said: `turn` tells which (its sampled ids replace the text)
    SPAN_PICTURE,  // the rows of a picture: `turn` and `picture` tell which
};

struct span {
    enum span_kind kind;
    const char *text; // NULL for pictures; lives as long as the prompt
    size_t size;
    size_t turn;
    size_t picture; // number within the turn
};

struct prompt {
    struct span *spans;
    size_t count;
    char *text; // what the spans point into (owned)
};

struct template; // immutable table row

// By name ("chatml"); NULL: unknown.
const struct template *template_find(const char *name);
// The template that fits a model file: by its names, its chat_template metadata, its vocabulary,
// else llava_v0. *why: "by the file's name", for a listing; lives for ever.
const struct template *template_detect(const struct gguf *g, const char **why);
const char *template_name(const struct template *t);
size_t template_count(void);
const struct template *template_at(size_t i);

// The text at which an answer ends even when the vocabulary has no token for it; "" when there is
// none.
const char *template_stop(const struct template *t);

// Builds the prompt for `turns`; when the last turn is a user's and not open, the prompt ends where
// the answer begins. Without a system turn the template's own system text is used (read from the
// model's metadata where it says one). `g` may be NULL. Free with prompt_finish.
bool template_build(const struct template *t, const struct gguf *g, const struct turn *turns,
                    size_t n, struct prompt *out, struct error *e);
void prompt_finish(struct prompt *p);
