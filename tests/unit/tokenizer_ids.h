// Texts and their ids, and a vocabulary to merge by hand.
#pragma once

#include "base/buffer.h"
#include "tests/unit/vocabulary.h"

struct token_list encode(const struct tokenizer *t, const char *text, size_t size, bool special);
struct buffer decode(const struct tokenizer *t, const struct token_list *ids);

// The ids are as wanted or the test fails; frees those that were got.
void assert_ids(struct token_list *got, const int32_t *want, size_t n);

#define ASSERT_IDS(got, ...)                                                                       \
    do {                                                                                           \
        struct token_list list = (got);                                                            \
        const int32_t want[] = {__VA_ARGS__};                                                      \
        assert_ids(&list, want, sizeof(want) / sizeof(*want));                                     \
    } while (0)

// The vocabulary. Ids: 0-3 a b c ' ', then what the merges make, then the special ones.
enum { HAND_TOKENS = 20, HAND_MERGES = 7 };
extern const char *const hand_tokens[HAND_TOKENS];
extern const int32_t hand_types[HAND_TOKENS];
extern const char *const hand_merges[HAND_MERGES];
struct subject hand_subject(void);
