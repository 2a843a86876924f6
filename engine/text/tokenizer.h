// Text <-> token ids, by the vocabulary of a GGUF file. Byte-level BPE ("gpt2") with the
// pre-tokenizers by name, and SentencePiece ("llama") with byte fallback.
//
// The tokenizer keeps pointers into the file: the gguf must outlive it. Immutable: any thread.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/error.h"
#include "engine/model/gguf.h"

struct tokenizer;

// A growable list of ids. Zeroed memory is empty; the holder frees it.
struct token_list {
    int32_t *ids;
    size_t count, room;
};
bool token_list_add(struct token_list *l, int32_t id);
void token_list_free(struct token_list *l);

// A stretch of a text: `special` ones may become control tokens (the template's), others never do
// (what a user or a file says). Tokens that the vocabulary calls user-defined are found in both,
// unless they look like a template's (<|user|>).
struct text_span {
    const char *text;
    size_t size;
    bool special;
};

// Fails with ERROR_MODEL: no vocabulary, a kind or pre-tokenizer that we do not run (named), lists
// of unequal length, merges or special ids that do not fit the vocabulary.
struct tokenizer *tokenizer_create(const struct gguf *g, struct error *e);
void tokenizer_destroy(struct tokenizer *t);

uint32_t tokenizer_size(const struct tokenizer *t); // ids are 0..size-1
int32_t tokenizer_bos(const struct tokenizer *t);   // -1: none
bool tokenizer_adds_bos(const struct tokenizer *t); // the file wants one in front of a prompt
bool tokenizer_is_end(const struct tokenizer *t,
                      int32_t id); // eos, eot and their like: generation ends
int32_t tokenizer_find(const struct tokenizer *t, const char *text); // exact token text; -1: none

// Appends the ids of the spans, read as one text (merges cross span borders; special tokens are cut
// out only where all of their text lies in special spans). Adds no BOS. Text that is not UTF-8 is
// tokenised byte by byte. False only when there is no memory.
bool tokenizer_encode(const struct tokenizer *t, const struct text_span *spans, size_t n,
                      struct token_list *out);

// Appends the bytes that a token stands for: may end inside a UTF-8 sequence (see utf8_whole).
// Control tokens give nothing.
bool tokenizer_decode(const struct tokenizer *t, int32_t id, struct buffer *out);
