// The tokenizer against vectors of Hugging Face `tokenizers` and Google's sentencepiece, for every
// pre-tokenizer and both kinds of vocabulary.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "engine/model/gguf_write.h"
#include "tests/unit/tiny_gguf.h"
#include "tests/unit/tokenizer_ids.h"

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
        struct token_list got = encode(s.t, json_string_value(text), json_string_length(text),
                                       json_is_true(json_object_get(v, "special")));
        bool same = got.count == json_array_size(ids);
        for (size_t i = 0; same && i < got.count; i++)
            same = got.ids[i] == json_integer_value(json_array_get(ids, i));
        if (!same)
            fail_msg("%s, vector %zu: other ids for \"%s\"", name, at, json_string_value(text));
        const json_t *said = json_object_get(v, "said");
        struct buffer back = decode(s.t, &got);
        if (said && (json_string_length(said) != back.size ||
                     (back.size && memcmp(json_string_value(said), back.data, back.size) != 0)))
            fail_msg("%s, vector %zu: the ids say \"%s\"", name, at, back.data ? back.data : "");
        buffer_free(&back);
        token_list_free(&got);
    }
    // For the table of tests/golden/table.py.
    printf("GOLDEN case=%.*s ids=%zu/%zu\n", (int)strcspn(name, "."), name, at,
           json_array_size(vectors));
    json_decref(vectors);
    close_subject(&s);
}

static void small_vocabulary_gives_the_ids_of_hugging_face(void **state)
{
    (void)state;
    check_vectors(data_path("synth/lm-Q4_0.gguf"), "vectors-small.json");
}

// Vocabularies that we trained, one for each rule; make_vocabularies.py asked the libraries that
// trained them.
static void trained_vocabularies_give_the_ids_of_their_libraries(void **state)
{
    (void)state;
    static const char *const names[] = {"gpt-2",   "llama-bpe", "qwen2", "smollm",
                                        "default", "spm",       "phi-3"};
    for (size_t i = 0; i < COUNT(names); i++) {
        char model[4096], vectors[64];
        snprintf(vectors, sizeof(vectors), "vocabularies/%s.gguf", names[i]);
        snprintf(model, sizeof(model), "%s", data_path(vectors));
        snprintf(vectors, sizeof(vectors), "vocabularies/%s.json", names[i]);
        check_vectors(model, vectors);
    }
}

static void smollm_vectors(void **state)
{
    (void)state;
    check_vectors(smollm_model(), "vectors-smollm.json");
}

static void gpt2_vectors(void **state)
{
    (void)state;
    check_vectors(reference_model("gpt-2.gguf"), "vectors-gpt-2.json");
}

static void llama_spm_vectors(void **state)
{
    (void)state;
    check_vectors(reference_model("llama-spm.gguf"), "vectors-llama-spm.json");
}

// Other pre-tokenizers over GPT-2's vocabulary and merges.
static void llama_bpe_and_qwen2_vectors(void **state)
{
    (void)state;
    static const struct {
        const char *pre, *vectors;
    } cases[] = {{"llama-bpe", "vectors-llama-bpe-on-gpt-2-vocabulary.json"},
                 {"qwen2", "vectors-qwen2-on-gpt-2-vocabulary.json"}};
    struct error e = {0};
    struct gguf *g = gguf_open(reference_model("gpt-2.gguf"), &e);
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
        cmocka_unit_test(trained_vocabularies_give_the_ids_of_their_libraries),
        cmocka_unit_test(smollm_vectors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
