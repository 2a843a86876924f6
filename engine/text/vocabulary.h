// The pieces of text behind the ids, as a GGUF file lists them (tokenizer.ggml.*): exact lookup
// both ways, what kind each piece is, and which ones have a role (beginning, end). Private to
// engine/text.
//
// Keeps pointers into the file: the gguf must outlive it. Immutable after loading: any thread.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "engine/model/gguf.h"

// The numbers that the file uses (tokenizer.ggml.token_type).
enum token_type {
    TOKEN_NORMAL = 1,
    TOKEN_UNKNOWN = 2,
    TOKEN_CONTROL = 3,
    TOKEN_USER_DEFINED = 4,
    TOKEN_UNUSED = 5,
    TOKEN_BYTE = 6,
};

struct special_token {
    struct gguf_string text; // never empty
    int32_t id;
    bool typed;  // user-defined: found in any text, not only in a template's
    bool strips; // white space behind it belongs to it
};

enum { VOCABULARY_MOST_ENDS = 24 };

struct vocabulary {
    struct gguf_string *tokens; // count of them; may hold any bytes; an empty one is never found
    uint8_t *types;             // count of enum token_type
    uint32_t count;
    uint32_t *slots; // hash table of ids, all ones where empty
    uint32_t mask;

    struct special_token *specials; // control, user-defined and unknown tokens, longest first
    size_t n_specials;

    int32_t bos; // -1: none
    bool adds_bos;
    int32_t ends[VOCABULARY_MOST_ENDS];
    size_t n_ends;
};

// What a kind of vocabulary has when the file does not say otherwise.
struct vocabulary_defaults {
    int32_t bos, eos; // -1: none
    bool adds_bos;
};
extern const struct vocabulary_defaults vocabulary_spm; // SentencePiece
extern const struct vocabulary_defaults vocabulary_bpe; // but for adds_bos: the pre-tokenizer's

// Fails with ERROR_MODEL: no tokens, two of the same text, lists of unequal length, an unknown
// token type, an id outside of the list. `v` is zeroed memory; free it in both cases.
bool vocabulary_load(struct vocabulary *v, const struct gguf *g,
                     const struct vocabulary_defaults *defaults, struct error *e);
void vocabulary_free(struct vocabulary *v);

int32_t vocabulary_find(const struct vocabulary *v, const char *text, size_t size); // -1: none
bool vocabulary_is_end(const struct vocabulary *v, int32_t id);
