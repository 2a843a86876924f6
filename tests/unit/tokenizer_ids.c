// Encoding and comparing, and the vocabulary to merge by hand.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/tiny_gguf.h"
#include "tests/unit/tokenizer_ids.h"

struct token_list encode(const struct tokenizer *t, const char *text, size_t size, bool special)
{
    struct token_list ids = {0};
    struct text_span span = {.text = text, .size = size, .special = special};
    assert_true(tokenizer_encode(t, &span, 1, &ids));
    return ids;
}

struct buffer decode(const struct tokenizer *t, const struct token_list *ids)
{
    struct buffer out = {0};
    for (size_t i = 0; i < ids->count; i++)
        assert_true(tokenizer_decode(t, ids->ids[i], &out));
    return out;
}

void assert_ids(struct token_list *got, const int32_t *want, size_t n)
{
    assert_int_equal(got->count, n);
    for (size_t i = 0; i < n; i++)
        assert_int_equal(got->ids[i], want[i]);
    token_list_free(got);
}

const char *const hand_tokens[HAND_TOKENS] = {
    "a",   "b",      "c",   "Ġ",      "bc",    "ab",         "abc", "aa", "Ġa",       "aaaa",
    "<x>", "<x><y>", "<y>", "<user>", "<unk>", "<|im_end|>", "",    "é",  "aaaaaaaa", ""};
const int32_t hand_types[HAND_TOKENS] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
                                         3, 3, 3, 4, 2, 1, 1, 1, 1, 1};
const char *const hand_merges[HAND_MERGES] = {"b c", "a b",   "ab c",     "a a",
                                              "Ġ a", "aa aa", "aaaa aaaa"};

struct subject hand_subject(void)
{
    struct tiny_gguf f = {0};
    tiny_string(&f, "tokenizer.ggml.model", "gpt2");
    tiny_string(&f, "tokenizer.ggml.pre", "gpt-2");
    tiny_strings(&f, "tokenizer.ggml.tokens", hand_tokens, HAND_TOKENS);
    tiny_i32s(&f, "tokenizer.ggml.token_type", hand_types, HAND_TOKENS);
    tiny_strings(&f, "tokenizer.ggml.merges", hand_merges, HAND_MERGES);
    tiny_u32(&f, "tokenizer.ggml.bos_token_id", 10);
    tiny_u32(&f, "tokenizer.ggml.eos_token_id", 12);
    struct error e = {0};
    struct subject s = {.g = tiny_open(&f, &e)};
    if (s.g)
        s.t = tokenizer_create(s.g, &e);
    if (!s.t)
        fail_msg("%s", e.text);
    return s;
}
