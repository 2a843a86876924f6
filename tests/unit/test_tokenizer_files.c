// Files whose vocabulary is damaged or odd: a sentence for each that does not fit.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/tiny_gguf.h"
#include "tests/unit/tokenizer_ids.h"

// What goes into a damaged file. NULL or 0: as in the sound one.
struct damage {
    const char *what; // of the sentence
    const char *kind, *pre;
    const char *last_token, *last_merge;
    int32_t type2, last_type;
    int types_less, scores, id_kind;
    uint32_t id;
    bool no_kind, no_pre, no_tokens, no_merges;
};

static struct tokenizer *create_damaged(const struct damage *d, struct gguf **g, struct error *e)
{
    const char *tokens[HAND_TOKENS], *merges[HAND_MERGES];
    int32_t types[HAND_TOKENS];
    memcpy(tokens, hand_tokens, sizeof(tokens));
    memcpy(merges, hand_merges, sizeof(merges));
    memcpy(types, hand_types, sizeof(types));
    tokens[HAND_TOKENS - 1] = d->last_token ? d->last_token : "";
    merges[HAND_MERGES - 1] = d->last_merge ? d->last_merge : merges[HAND_MERGES - 1];
    types[2] = d->type2 ? d->type2 : types[2];
    types[COUNT(types) - 1] = d->last_type ? d->last_type : 1;
    static const char *const ids[] = {"bos", "eos", "eot", "unknown", "padding"};

    struct tiny_gguf f = {0};
    if (!d->no_kind)
        tiny_string(&f, "tokenizer.ggml.model", d->kind ? d->kind : "gpt2");
    if (!d->no_pre)
        tiny_string(&f, "tokenizer.ggml.pre", d->pre ? d->pre : "gpt-2");
    if (!d->no_tokens)
        tiny_strings(&f, "tokenizer.ggml.tokens", tokens, COUNT(tokens));
    tiny_i32s(&f, "tokenizer.ggml.token_type", types, COUNT(types) - (size_t)d->types_less);
    if (d->scores)
        tiny_i32s(&f, "tokenizer.ggml.scores", types, (size_t)d->scores);
    if (!d->no_merges)
        tiny_strings(&f, "tokenizer.ggml.merges", merges, COUNT(merges));
    char key[64];
    snprintf(key, sizeof(key), "tokenizer.ggml.%s_token_id", ids[d->id_kind]);
    tiny_u32(&f, key, d->id);
    *g = tiny_open(&f, e);
    return *g ? tokenizer_create(*g, e) : NULL;
}

static void files_that_do_not_fit_are_refused_in_a_sentence(void **state)
{
    (void)state;
    static const struct damage damages[] = {
        {.what = "tokenizer.ggml.model", .no_kind = true},
        {.what = "\"rwkv\"", .kind = "rwkv"},
        {.what = "no scores", .kind = "llama"},
        {.what = "\"gpt2\xef\xbf\xbd\"", .kind = "gpt2\x1b"},
        {.what = "\"qwen9\"", .pre = "qwen9"},
        {.what = "tokenizer.ggml.tokens", .no_tokens = true},
        {.what = "\"ab\" twice", .last_token = "ab"},
        {.what = "tokenizer.ggml.token_type", .types_less = 1},
        {.what = "tokenizer.ggml.scores", .scores = 3},
        {.what = "token 2 a type", .type2 = 7},
        {.what = "token 2 a type", .type2 = -3},
        {.what = "tokenizer.ggml.merges", .no_merges = true},
        {.what = "merge 6", .last_merge = "aaaaaaaa"},
        {.what = "merge 6", .last_merge = "aaaa "},
        {.what = "merge 6", .last_merge = " aaaa"},
        {.what = "merge 6", .last_merge = ""},
        {.what = "merge 6", .last_merge = "a z"},
        {.what = "merge 6", .last_merge = "a c"},
        {.what = "bos_token_id", .id = 20},
        {.what = "eos_token_id", .id_kind = 1, .id = 4000000000u},
        {.what = "eot_token_id", .id_kind = 2, .id = 20},
        {.what = "unknown_token_id", .id_kind = 3, .id = 20},
        {.what = "padding_token_id", .id_kind = 4, .id = 21},
    };
    for (size_t i = 0; i < COUNT(damages); i++) {
        struct error e = {0};
        struct gguf *g;
        struct tokenizer *t = create_damaged(&damages[i], &g, &e);
        assert_non_null(g);
        assert_null(t);
        assert_int_equal(e.kind, ERROR_MODEL);
        if (!strstr(e.text, damages[i].what))
            fail_msg("case %zu (%s): %s", i, damages[i].what, e.text);
        gguf_close(g);
    }
    struct error e = {0};
    struct gguf *g;
    struct tokenizer *t = create_damaged(&(struct damage){.id = UINT32_MAX}, &g, &e);
    assert_non_null(t); // the way some converters say "none"
    assert_int_equal(tokenizer_bos(t), -1);
    tokenizer_destroy(t);
    gguf_close(g);
}

// As llama.cpp reads them; llama3's and qwen2's first files are known by their words.
static void a_file_without_a_pretokenizer_is_read_by_the_default_rules(void **state)
{
    (void)state;
    static const struct {
        const char *architecture, *token;
        bool adds_bos;
        int32_t ids[4]; // of a'S12: 'S stays together or not, and so does 12
        size_t n;
    } cases[] = {{"llama", "x", false, {6, 0, 1, 5}, 4},
                 {"llama", "<|begin_of_text|>", true, {6, 2, 5}, 3},
                 {"qwen2", "x", false, {6, 2, 3, 4}, 4}};
    static const char *const merges[] = {"' S", "1 2"};
    for (size_t i = 0; i < COUNT(cases); i++) {
        const char *tokens[] = {"'", "S", "'S", "1", "2", "12", "a", cases[i].token};
        const int32_t types[] = {1, 1, 1, 1, 1, 1, 1, 3};
        struct tiny_gguf f = {0};
        struct error e = {0};
        tiny_string(&f, "general.architecture", cases[i].architecture);
        tiny_string(&f, "tokenizer.ggml.model", "gpt2");
        tiny_strings(&f, "tokenizer.ggml.tokens", tokens, COUNT(tokens));
        tiny_i32s(&f, "tokenizer.ggml.token_type", types, COUNT(types));
        tiny_strings(&f, "tokenizer.ggml.merges", merges, COUNT(merges));
        tiny_u32(&f, "tokenizer.ggml.bos_token_id", 7);
        struct gguf *g = tiny_open(&f, &e);
        struct tokenizer *t = tokenizer_create(g, &e);
        assert_non_null(t);
        assert_int_equal(tokenizer_adds_bos(t), cases[i].adds_bos);
        struct token_list got = encode(t, "a'S12", 5, false);
        assert_ids(&got, cases[i].ids, cases[i].n);
        tokenizer_destroy(t);
        gguf_close(g);
    }
}

// Conversions that call the words of templates ordinary, or users': they are control tokens.
static void what_frames_turns_is_never_typed(void **state)
{
    (void)state;
    for (int32_t type = 1; type <= 4; type += 3) {
        struct error e = {0};
        struct gguf *g;
        const struct damage d = {.last_token = "<|user|>", .last_type = type};
        struct tokenizer *t = create_damaged(&d, &g, &e);
        assert_non_null(t);
        int32_t user = tokenizer_find(t, "<|user|>");
        ASSERT_IDS(encode(t, "a<|user|>b", 10, true), 0, user, 1);
        ASSERT_IDS(encode(t, "a<|user|>b", 10, false), 0, 1); // no letters for the rest
        struct buffer said = {0};
        assert_true(tokenizer_decode(t, user, &said));
        assert_int_equal(said.size, 0);
        buffer_free(&said);
        tokenizer_destroy(t);
        gguf_close(g);
    }
}

static void a_merge_into_a_control_token_never_applies(void **state)
{
    (void)state;
    struct error e = {0};
    struct gguf *g;
    const struct damage d = {.last_token = "ba", .last_type = 3, .last_merge = "b a"};
    struct tokenizer *t = create_damaged(&d, &g, &e);
    assert_non_null(t);
    int32_t control = tokenizer_find(t, "ba");
    ASSERT_IDS(encode(t, "ba", 2, true), control);
    ASSERT_IDS(encode(t, "ba", 2, false), 1, 0);
    tokenizer_destroy(t);
    gguf_close(g);
}

static void a_merge_that_is_listed_twice_keeps_its_first_place(void **state)
{
    (void)state;
    struct error e = {0};
    struct gguf *g;
    const struct damage d = {.last_merge = "b c"};
    struct tokenizer *t = create_damaged(&d, &g, &e);
    assert_non_null(t);
    ASSERT_IDS(encode(t, "abc", 3, false), 0, 4);
    tokenizer_destroy(t);
    gguf_close(g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_that_do_not_fit_are_refused_in_a_sentence),
        cmocka_unit_test(a_file_without_a_pretokenizer_is_read_by_the_default_rules),
        cmocka_unit_test(what_frames_turns_is_never_typed),
        cmocka_unit_test(a_merge_into_a_control_token_never_applies),
        cmocka_unit_test(a_merge_that_is_listed_twice_keeps_its_first_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
