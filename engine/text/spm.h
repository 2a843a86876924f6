// SentencePiece's BPE (Kudo and Richardson 2018) as LLaMA's vocabularies want it: spaces become
// U+2581, a text gets one in front, and the neighbours whose joined text has the highest score are
// joined until none is in the vocabulary; characters that it lacks become their bytes. O(n log n)
// for a text of n bytes. Private to engine/text.
//
// Immutable after loading: any thread. Refers to the vocabulary, which must outlive it.
#pragma once

#include "engine/text/tokenizer.h"
#include "engine/text/vocabulary.h"

struct spm {
    const struct vocabulary *vocabulary;
    float *scores;      // of each token
    int32_t bytes[256]; // the token <0xHH> of each byte; -1: none
    int32_t unknown;    // -1: none
    bool adds_space;    // in front of a text
};

// Fails with ERROR_MODEL: no scores. `s` is zeroed memory; free it in both cases.
bool spm_load(struct spm *s, const struct vocabulary *v, const struct gguf *g, struct error *e);
void spm_free(struct spm *s);

// Appends the ids of a text without special tokens. `first`: the beginning of a chunk, which gets
// the space in front. False when there is no memory.
bool spm_encode(const struct spm *s, const char *text, size_t size, bool first,
                struct token_list *out);
// Appends the bytes that a token stands for.
bool spm_decode(const struct spm *s, int32_t id, struct buffer *out);
