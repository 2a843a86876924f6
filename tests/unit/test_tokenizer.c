// The tokenizer, against vectors of Hugging Face `tokenizers` and vocabularies small enough to
// merge by hand. Some vocabularies are not in the repository: SmolLM2's comes with the default
// model (PUMICE_TEST_MODEL), GPT-2's and LLaMA's with the reference data (PUMICE_REFERENCE, when
// called with the argument "reference").
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>
#include <jansson.h>

#include "engine/model/gguf_write.h"
#include "engine/text/tokenizer.h"
#include "tests/unit/tiny_gguf.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

static const char *data_path(const char *name)
{
    static char path[512];
    const char *folder = getenv("PUMICE_TEST_DATA");
    snprintf(path, sizeof(path), "%s/%s", folder ? folder : "tests/data", name);
    return path;
}

struct subject {
    struct gguf *g;
    struct tokenizer *t;
};

static struct subject open_subject(const char *path)
{
    struct error e = {0};
    struct subject s = {.g = gguf_open(path, &e)};
    if (s.g)
        s.t = tokenizer_create(s.g, &e);
    if (!s.t)
        fail_msg("%s", e.text);
    return s;
}

static void close_subject(struct subject *s)
{
    tokenizer_destroy(s->t);
    gguf_close(s->g);
}

static struct token_list encode(const struct tokenizer *t, const char *text, size_t size,
                                bool special)
{
    struct token_list ids = {0};
    struct text_span span = {.text = text, .size = size, .special = special};
    assert_true(tokenizer_encode(t, &span, 1, &ids));
    return ids;
}

static void assert_ids(struct token_list *got, const int32_t *want, size_t n)
{
    assert_int_equal(got->count, n);
    for (size_t i = 0; i < n; i++)
        assert_int_equal(got->ids[i], want[i]);
    token_list_free(got);
}

#define ASSERT_IDS(got, ...)                                                                       \
    do {                                                                                           \
        struct token_list list = (got);                                                            \
        const int32_t want[] = {__VA_ARGS__};                                                      \
        assert_ids(&list, want, sizeof(want) / sizeof(*want));                                     \
    } while (0)

static struct buffer decode(const struct tokenizer *t, const struct token_list *ids)
{
    struct buffer out = {0};
    for (size_t i = 0; i < ids->count; i++)
        assert_true(tokenizer_decode(t, ids->ids[i], &out));
    return out;
}

static void check_vectors(const char *model, const char *name)
{
    struct subject s = open_subject(model);
    json_error_t reason;
    json_t *vectors = json_load_file(data_path(name), JSON_ALLOW_NUL, &reason);
    if (!vectors)
        fail_msg("%s: %s", name, reason.text);
    assert_true(json_array_size(vectors) > 60);
    size_t at;
    json_t *v;
    json_array_foreach(vectors, at, v)
    {
        const json_t *text = json_object_get(v, "text"), *ids = json_object_get(v, "ids");
        struct token_list got =
            encode(s.t, json_string_value(text), json_string_length(text), false);
        bool same = got.count == json_array_size(ids);
        for (size_t i = 0; same && i < got.count; i++)
            same = got.ids[i] == json_integer_value(json_array_get(ids, i));
        if (!same)
            fail_msg("%s, vector %zu: other ids for \"%s\"", name, at, json_string_value(text));
        token_list_free(&got);
    }
    json_decref(vectors);
    close_subject(&s);
}

static void small_vocabulary_gives_the_ids_of_hugging_face(void **state)
{
    (void)state;
    char model[512];
    snprintf(model, sizeof(model), "%s", data_path("synth/lm-Q4_0.gguf"));
    check_vectors(model, "vectors-small.json");
}

static void smollm_vectors(void **state)
{
    (void)state;
    const char *model = getenv("PUMICE_TEST_MODEL");
    if (!model) {
        print_message("PUMICE_TEST_MODEL is not set to a GGUF file with SmolLM2's vocabulary\n");
        skip();
    }
    check_vectors(model, "vectors-smollm.json");
}

// LLaMA's vocabulary is not in the repository: it comes with the reference data.
static void llama_spm_vectors(void **state)
{
    (void)state;
    const char *folder = getenv("PUMICE_REFERENCE");
    char path[512];
    assert_non_null(folder);
    snprintf(path, sizeof(path), "%s/tokenizers/llama-spm.gguf", folder);
    check_vectors(path, "vectors-llama-spm.json");
}

// Other pre-tokenizers over GPT-2's vocabulary and merges.
static void llama_bpe_and_qwen2_vectors(void **state)
{
    (void)state;
    static const struct {
        const char *pre, *vectors;
    } cases[] = {{"llama-bpe", "vectors-llama-bpe-on-gpt-2-vocabulary.json"},
                 {"qwen2", "vectors-qwen2-on-gpt-2-vocabulary.json"}};
    const char *folder = getenv("PUMICE_REFERENCE");
    char path[512];
    struct error e = {0};
    assert_non_null(folder);
    snprintf(path, sizeof(path), "%s/tokenizers/gpt-2.gguf", folder);
    struct gguf *g = gguf_open(path, &e);
    assert_non_null(g);
    create_test_folder(NULL);
    for (size_t k = 0; k < COUNT(cases); k++) {
        struct gguf_writer *w = gguf_writer_create(test_path("other.gguf"), &e);
        for (size_t i = 0; i < gguf_pair_count(g); i++) {
            const struct gguf_pair *p = gguf_pair_at(g, i);
            if (p->key.size != 18 || memcmp(p->key.data, "tokenizer.ggml.pre", 18) != 0)
                gguf_write_pair(w, p);
        }
        gguf_write_string(w, "tokenizer.ggml.pre", cases[k].pre);
        assert_true(gguf_write_finish(w, &e));
        gguf_writer_destroy(w);
        check_vectors(test_path("other.gguf"), cases[k].vectors);
        unlink(test_path("other.gguf"));
    }
    remove_test_folder(NULL);
    gguf_close(g);
}

// A SentencePiece vocabulary small enough to merge by hand: scores decide, then the left one; what
// is missing becomes bytes; a space stands in front of a text but not behind a special token.
static void sentencepiece_merges_by_score(void **state)
{
    (void)state;
    static const char *const tokens[] = {"<unk>",
                                         "<s>",
                                         "</s>",
                                         "<0x0A>",
                                         "<0xC3>",
                                         "<0xA9>",
                                         "\xe2\x96\x81",
                                         "a",
                                         "b",
                                         "c",
                                         "ab",
                                         "bc",
                                         "abc",
                                         "\xe2\x96\x81"
                                         "a"};
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

static void gpt2_vectors(void **state)
{
    (void)state;
    const char *folder = getenv("PUMICE_REFERENCE");
    char path[512];
    assert_non_null(folder);
    snprintf(path, sizeof(path), "%s/tokenizers/gpt-2.gguf", folder);
    check_vectors(path, "vectors-gpt-2.json");
}

static void any_bytes_come_back_when_the_vocabulary_has_them(void **state)
{
    (void)state;
    struct subject s = open_subject(data_path("synth/lm-Q4_0.gguf"));
    bool known[256];
    for (int b = 0; b < 256; b++) {
        char byte = (char)b;
        struct token_list ids = encode(s.t, &byte, 1, false);
        struct buffer back = decode(s.t, &ids);
        known[b] = ids.count == 1;
        assert_int_equal(back.size, ids.count);
        assert_true(!known[b] || back.data[0] == byte);
        token_list_free(&ids);
        buffer_free(&back);
    }
    // UTF-8 never holds these; SmolLM2's vocabulary, trained on text, lacks them.
    assert_false(known[0xc0] || known[0xff]);
    assert_true(known['a'] && known['\n'] && known[0x80] && known[0xe6]);
    srand(3);
    for (int round = 0; round < 2000; round++) {
        char text[64];
        size_t size = 0;
        for (int i = 0; i < 64; i++) {
            text[size] = (char)(rand() % 4 ? " etaoin's09\n"[rand() % 12] : rand() % 256);
            size += known[(unsigned char)text[size]];
        }
        struct token_list ids = encode(s.t, text, size, round % 2);
        struct buffer back = decode(s.t, &ids);
        assert_int_equal(back.size, size);
        assert_memory_equal(back.data, text, size);
        token_list_free(&ids);
        buffer_free(&back);
    }
    close_subject(&s);
}

static void spans_are_read_as_one_text(void **state)
{
    (void)state;
    struct subject s = open_subject(data_path("synth/lm-Q4_0.gguf"));
    const char *text = "the theatre is on 42nd street, isn't it?\n  日本";
    size_t size = strlen(text);
    struct token_list whole = encode(s.t, text, size, false);
    for (size_t a = 0; a <= size; a++) {
        for (size_t b = a; b <= size; b++) {
            const struct text_span spans[] = {
                {text, a, false}, {text + a, b - a, (a + b) % 2}, {text + b, size - b, false}};
            struct token_list got = {0};
            assert_true(tokenizer_encode(s.t, spans, 3, &got));
            assert_ids(&got, whole.ids, whole.count);
        }
    }
    token_list_free(&whole);
    close_subject(&s);
}

static void special_tokens_are_found_in_special_spans_only(void **state)
{
    (void)state;
    struct subject s = open_subject(data_path("synth/lm-Q4_0.gguf"));
    const char *text = "<|im_start|>\n<|im_end|>";
    int32_t newline = tokenizer_find(s.t, "Ċ");
    assert_true(newline > 16);
    ASSERT_IDS(encode(s.t, text, strlen(text), true), 1, newline, 2);

    struct token_list plain = encode(s.t, text, strlen(text), false);
    struct buffer back = decode(s.t, &plain);
    assert_string_equal(back.data, text);
    for (size_t i = 0; i < plain.count; i++)
        assert_true(plain.ids[i] > 16); // 0..16 are control tokens
    buffer_free(&back);
    token_list_free(&plain);

    // In two halves: both must be special.
    for (int kinds = 0; kinds < 4; kinds++) {
        struct token_list got = {0};
        const struct text_span halves[] = {
            {"<|im_", 5, kinds & 1}, {"", 0, true}, {"end|>", 5, kinds & 2}};
        assert_true(tokenizer_encode(s.t, halves, 3, &got));
        assert_int_equal(got.count == 1 && got.ids[0] == 2, kinds == 3);
        token_list_free(&got);
    }
    close_subject(&s);
}

// A vocabulary to merge by hand. Ids: 0-3 a b c ' ', then what the merges make, then the special
// ones.
static const char *const hand_tokens[] = {
    "a",   "b",      "c",   "Ġ",      "bc",    "ab",         "abc", "aa", "Ġa",       "aaaa",
    "<x>", "<x><y>", "<y>", "<user>", "<unk>", "<|im_end|>", "",    "é",  "aaaaaaaa", ""};
static const int32_t hand_types[] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 3, 3, 3, 4, 2, 1, 1, 1, 1, 1};
static const char *const hand_merges[] = {"b c", "a b", "ab c", "a a", "Ġ a", "aa aa", "aaaa aaaa"};

static void hand_head(struct tiny_gguf *f)
{
    tiny_string(f, "tokenizer.ggml.model", "gpt2");
    tiny_string(f, "tokenizer.ggml.pre", "gpt-2");
}

static struct subject hand_subject(void)
{
    struct tiny_gguf f = {0};
    hand_head(&f);
    tiny_strings(&f, "tokenizer.ggml.tokens", hand_tokens, COUNT(hand_tokens));
    tiny_i32s(&f, "tokenizer.ggml.token_type", hand_types, COUNT(hand_types));
    tiny_strings(&f, "tokenizer.ggml.merges", hand_merges, COUNT(hand_merges));
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

static void longer_special_tokens_win(void **state)
{
    (void)state;
    struct subject s = hand_subject();
    ASSERT_IDS(encode(s.t, "<x><y>", 6, true), 11);
    ASSERT_IDS(encode(s.t, "<x>a<y><x><x><y>b", 17, true), 10, 0, 12, 10, 11, 1);
    ASSERT_IDS(encode(s.t, "a<user><unk>b", 13, true), 0, 13, 14, 1);
    ASSERT_IDS(encode(s.t, "a<user><unk>b", 13, false), 0, 1); // none of these letters
    // The file calls it ordinary, but it ends answers and templates write it.
    ASSERT_IDS(encode(s.t, "a<|im_end|>", 11, true), 0, 15);
    close_subject(&s);
}

static void tokens_have_their_roles(void **state)
{
    (void)state;
    struct subject s = hand_subject();
    assert_int_equal(tokenizer_size(s.t), COUNT(hand_tokens));
    assert_int_equal(tokenizer_bos(s.t), 10);
    assert_false(tokenizer_adds_bos(s.t));
    for (int32_t id = -1; id <= (int32_t)COUNT(hand_tokens); id++)
        assert_int_equal(tokenizer_is_end(s.t, id), id == 12 || id == 15);
    assert_int_equal(tokenizer_find(s.t, "abc"), 6);
    assert_int_equal(tokenizer_find(s.t, "abcd"), -1);
    assert_int_equal(tokenizer_find(s.t, ""), -1);
    close_subject(&s);

    s = open_subject(data_path("synth/lm-Q4_0.gguf"));
    assert_int_equal(tokenizer_size(s.t), 1024);
    assert_int_equal(tokenizer_bos(s.t), 1);
    for (int32_t id = 0; id < 1024; id++)
        assert_int_equal(tokenizer_is_end(s.t, id),
                         id == 0 || id == 2); // <|endoftext|>, <|im_end|>
    close_subject(&s);
}

static void control_tokens_decode_to_nothing_and_added_ones_to_their_text(void **state)
{
    (void)state;
    struct subject s = hand_subject();
    struct buffer out = {0};
    const int32_t silent[] = {10, 11, 12, 14, 15, 16, -1, -100, 20, INT32_MAX};
    for (size_t i = 0; i < COUNT(silent); i++)
        assert_true(tokenizer_decode(s.t, silent[i], &out));
    assert_int_equal(out.size, 0);
    assert_true(tokenizer_decode(s.t, 8, &out) && tokenizer_decode(s.t, 13, &out));
    assert_string_equal(out.data, " a<user>");
    buffer_clear(&out);
    assert_true(tokenizer_decode(s.t, 17, &out)); // é is how the byte E9 is written
    assert_string_equal(out.data, "\xe9");
    buffer_free(&out);
    close_subject(&s);
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
    const char *tokens[COUNT(hand_tokens)], *merges[COUNT(hand_merges)];
    int32_t types[COUNT(hand_types)];
    memcpy(tokens, hand_tokens, sizeof(tokens));
    memcpy(merges, hand_merges, sizeof(merges));
    memcpy(types, hand_types, sizeof(types));
    tokens[COUNT(hand_tokens) - 1] = d->last_token ? d->last_token : "";
    merges[COUNT(hand_merges) - 1] = d->last_merge ? d->last_merge : merges[COUNT(hand_merges) - 1];
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
        {.what = "tokenizer.ggml.pre", .no_pre = true},
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

// With the argument "reference": what needs the reference data instead.
int main(int argc, char **argv)
{
    (void)argv;
    const struct CMUnitTest reference[] = {
        cmocka_unit_test(gpt2_vectors),
        cmocka_unit_test(llama_spm_vectors),
        cmocka_unit_test(llama_bpe_and_qwen2_vectors),
    };
    if (argc > 1)
        return cmocka_run_group_tests(reference, NULL, NULL);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(small_vocabulary_gives_the_ids_of_hugging_face),
        cmocka_unit_test(smollm_vectors),
        cmocka_unit_test(sentencepiece_merges_by_score),
        cmocka_unit_test(any_bytes_come_back_when_the_vocabulary_has_them),
        cmocka_unit_test(spans_are_read_as_one_text),
        cmocka_unit_test(special_tokens_are_found_in_special_spans_only),
        cmocka_unit_test(the_earliest_merge_applies_first_and_leftmost),
        cmocka_unit_test(longer_special_tokens_win),
        cmocka_unit_test(tokens_have_their_roles),
        cmocka_unit_test(control_tokens_decode_to_nothing_and_added_ones_to_their_text),
        cmocka_unit_test(a_long_piece_takes_no_quadratic_time),
        cmocka_unit_test(files_that_do_not_fit_are_refused_in_a_sentence),
        cmocka_unit_test(a_merge_into_a_control_token_never_applies),
        cmocka_unit_test(a_merge_that_is_listed_twice_keeps_its_first_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
