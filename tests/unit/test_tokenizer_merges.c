// How the tokenizer merges, in vocabularies small enough to merge by hand, and how long it takes.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "tests/unit/tiny_gguf.h"
#include "tests/unit/tokenizer_ids.h"

static void the_earliest_merge_applies_first_and_leftmost(void **state)
{
    (void)state;
    struct subject s = hand_subject();
    ASSERT_IDS(encode(s.t, "abc", 3, false), 0, 4);  // "b c" before "a b"
    ASSERT_IDS(encode(s.t, "aaa", 3, false), 7, 0);  // leftmost
    ASSERT_IDS(encode(s.t, "aaab", 4, false), 7, 5); // "a b" before "a a"
    ASSERT_IDS(encode(s.t, "aaaaaa", 6, false), 9, 7);
    ASSERT_IDS(encode(s.t, " a", 2, false), 8);
    ASSERT_IDS(encode(s.t, " aa", 3, false), 3, 7);    // "a a" before "Ġ a"
    ASSERT_IDS(encode(s.t, "az\nbz", 5, false), 0, 1); // z and \n are not in the vocabulary
    ASSERT_IDS(encode(s.t, "!a", 2, false), 0);
    ASSERT_IDS(encode(s.t, "aza", 3, false), 7); // left out before merging
    struct token_list none = encode(s.t, "", 0, true);
    assert_int_equal(none.count, 0);
    close_subject(&s);
}

// A SentencePiece vocabulary small enough to merge by hand: scores decide, then the left one; what
// is missing becomes bytes; a space stands in front of a text but not behind a special token.
static void sentencepiece_merges_by_score(void **state)
{
    (void)state;
    static const char *const tokens[] = {"<unk>",  "<s>",    "</s>", "<0x0A>", "<0xC3>",
                                         "<0xA9>", "\u2581", "a",    "b",      "c",
                                         "ab",     "bc",     "abc",  "\u2581a"};
    static const int32_t types[] = {2, 3, 3, 6, 6, 6, 1, 1, 1, 1, 1, 1, 1, 1};
    static const float scores[] = {0, 0, 0, 0, 0, 0, -9, -10, -11, -12, -2, -1, -4, -3};
    struct tiny_gguf f = {0};
    tiny_string(&f, "tokenizer.ggml.model", "llama");
    tiny_strings(&f, "tokenizer.ggml.tokens", tokens, COUNT(tokens));
    tiny_i32s(&f, "tokenizer.ggml.token_type", types, COUNT(types));
    tiny_f32s(&f, "tokenizer.ggml.scores", scores, COUNT(scores));
    struct error e = {0};
    struct gguf *g = tiny_open(&f, &e);
    struct tokenizer *t = tokenizer_create(g, &e);
    assert_non_null(t);
    assert_int_equal(tokenizer_bos(t), 1);
    assert_true(tokenizer_adds_bos(t));
    assert_true(tokenizer_is_end(t, 2));
    static const struct {
        const char *text;
        bool special;
        int32_t ids[6];
        size_t n;
    } cases[] = {
        {"abc", false, {13, 11}, 2},   // bc (-1) before ab (-2); then the space joins a (-3)
        {"bab", false, {6, 8, 10}, 3}, // ab (-2)
        {"\n\xc3\xa9", false, {6, 3, 4, 5}, 4},
        {"</s>ab", true, {2, 10}, 2}, // no space behind it
        {"</s>",
         false,
         {6, 0, 0, 0, 0},
         5}, // typed: ordinary characters, which this vocabulary lacks
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct token_list got = encode(t, cases[i].text, strlen(cases[i].text), cases[i].special);
        assert_ids(&got, cases[i].ids, cases[i].n);
    }
    struct buffer said = {0};
    for (int32_t id = 0; id < (int32_t)COUNT(tokens); id++)
        assert_true(tokenizer_decode(t, id, &said));
    assert_string_equal(said.data, "\n\xc3\xa9 abcabbcabc a");
    buffer_free(&said);
    tokenizer_destroy(t);
    gguf_close(g);
}

static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

// A megabyte that no rule cuts. 8 a's are one token, and a power of two leaves no rest.
static void a_long_piece_takes_no_quadratic_time(void **state)
{
    (void)state;
    const size_t size = (size_t)1 << 20;
    char *text = malloc(size);
    assert_non_null(text);
    struct subject s = hand_subject();
    double start = seconds();
    memset(text, 'a', size);
    struct token_list ids = encode(s.t, text, size, false);
    assert_int_equal(ids.count, size / 8);
    for (size_t i = 0; i < ids.count; i++)
        assert_int_equal(ids.ids[i], 18);
    token_list_free(&ids);
    memset(text, ' ', size);
    ids = encode(s.t, text, size, false);
    assert_int_equal(ids.count, size);
    token_list_free(&ids);
    close_subject(&s);

    s = open_subject(data_path("synth/lm-Q4_0.gguf"));
    for (const char *c = " 1!\n\xe6"; *c; c++) {
        memset(text, *c, size);
        ids = encode(s.t, text, size, true);
        assert_true(ids.count > 0);
        token_list_free(&ids);
    }
    close_subject(&s);
    free(text);
    assert_true(seconds() - start < 20.0); // sanitizers included; quadratic would be hours
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_earliest_merge_applies_first_and_leftmost),
        cmocka_unit_test(sentencepiece_merges_by_score),
        cmocka_unit_test(a_long_piece_takes_no_quadratic_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
