// Byte-level BPE: the bytes of a piece of text become symbols, and the neighbours whose merge comes
// first in the file's list are joined until none is left. O(n log n) for a piece of n bytes.
// Private to engine/text.
//
// A struct bpe is immutable after loading and may serve any thread; it refers to ids alone, so it
// does not need the vocabulary afterwards. The work memory belongs to one caller at a time.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/error.h"
#include "engine/text/tokenizer.h"
#include "engine/text/vocabulary.h"

struct bpe_merge {
    int32_t left, right, result;
};

struct bpe {
    struct bpe_merge *merges; // by rank: the earliest applies first
    uint32_t count;
    uint32_t *slots; // hash table of ranks by (left, right), all ones where empty
    uint32_t mask;
    int32_t bytes[256]; // id of each byte; -1: the vocabulary lacks it
};

struct bpe_symbol {
    int32_t id; // -1: merged into the one on its left
    uint32_t previous, next;
};

// Zeroed memory is empty.
struct bpe_work {
    struct bpe_symbol *symbols;
    uint64_t *heap; // rank << 32 | index of the left symbol
    size_t room;    // symbols; the heap has twice as many
    size_t heap_size;
};

// Fails with ERROR_MODEL: no merges, or one that does not name two tokens whose joined text is a
// token. `b` is zeroed memory; free it in both cases.
bool bpe_load(struct bpe *b, const struct vocabulary *v, const struct gguf *g, struct error *e);
void bpe_free(struct bpe *b);

// Appends the ids of one piece. A byte that the vocabulary lacks is left out, before merging. False
// when there is no memory.
bool bpe_encode(const struct bpe *b, struct bpe_work *w, const char *piece, size_t size,
                struct token_list *out);
// The token that is exactly this piece; -1: none.
int32_t bpe_whole(const struct vocabulary *v, const char *piece, size_t size);
void bpe_work_free(struct bpe_work *w);

// Appends the bytes that a token's text stands for; characters outside of the byte alphabet stay as
// they are. False when there is no memory.
bool bpe_decode(const char *text, size_t size, struct buffer *out);
