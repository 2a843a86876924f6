// Where special tokens lie in a text: control tokens where a template speaks, tokens that the
// vocabulary calls user-defined anywhere. Private to engine/text. Pure functions: any thread.
#pragma once

#include "base/buffer.h"
#include "engine/text/tokenizer.h"
#include "engine/text/vocabulary.h"

struct special_cut {
    size_t start; // in the text; as long as the token's text
    const struct special_token *token;
};

// Zeroed memory is empty; the holder frees it.
struct special_cuts {
    struct special_cut *list;
    size_t count, room;
};

// Finds the special tokens of `text`, which the spans make up, in order of place; where two overlap
// the longer one is there. False when there is no memory; free `cuts` in both cases.
bool special_find(const struct vocabulary *v, const struct buffer *text,
                  const struct text_span *spans, size_t n, struct special_cuts *cuts);
void special_cuts_free(struct special_cuts *l);
