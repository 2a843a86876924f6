// Pre-tokenizers by the name that GGUF files give (tokenizer.ggml.pre): each cuts a text into
// pieces that byte-level BPE merges on their own. A table row each; the pieces, put together, are
// the text. Private to engine/text. Pure functions over constant tables: any thread.
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

struct pretokenizer; // immutable table row

const struct pretokenizer *pretokenizer_find(const char *name, size_t size); // NULL: unknown
// A piece that is in the vocabulary as it is becomes that token, without merging.
bool pretokenizer_takes_whole(const struct pretokenizer *p);
bool pretokenizer_adds_bos(const struct pretokenizer *p); // where the file does not say
// The names of all rows, "gpt-2, smollm", for a sentence; some rows have others besides. Always
// terminates `out`.
void pretokenizer_names(char *out, size_t room);

// A walk over text[0..size); bytes that are not UTF-8 count as symbols (U+FFFD), one each.
struct pretoken_walk {
    const struct pretokenizer *rules;
    const char *text;
    size_t size;
    size_t at;  // where the next piece starts
    size_t end; // of the stretch that the rules see at once
};

struct pretoken_walk pretoken_walk_start(const struct pretokenizer *rules, const char *text,
                                         size_t size);
// The next piece (never empty); false at the end of the text.
bool pretoken_walk_next(struct pretoken_walk *w, const char **piece, size_t *size);
