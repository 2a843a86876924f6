// Prompts of conversations, in every template, against what other programs write and tokenise.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "base/buffer.h"
#include "tests/unit/template_prompts.h"

// Writes a user's text of conversations.json into a turn: "<image>" and the newline behind it are a
// picture.
static struct turn user_turn(const char *text)
{
    struct turn turn = {.role = TURN_USER};
    while (strncmp(text, "<image>", 7) == 0) {
        turn.n_pictures++;
        text += 7;
        text += *text == '\n';
    }
    turn.text = text;
    return turn;
}

// The prompt with "<image>" where a picture stands.
static void assert_prompt(const struct template *t, const struct turn *turns, size_t n,
                          const char *want)
{
    struct prompt p;
    struct buffer got = {0};
    assert_true(template_build(t, NULL, turns, n, &p, NULL));
    for (size_t i = 0; i < p.count; i++)
        if (p.spans[i].kind == SPAN_PICTURE)
            buffer_add_text(&got, "<image>");
        else
            buffer_add(&got, p.spans[i].text, p.spans[i].size);
    assert_string_equal(got.data, want);
    buffer_free(&got);
    prompt_finish(&p);
}

// Turns of a case of conversations.json; returns how many.
static size_t read_talk(const json_t *c, struct turn *turns)
{
    const json_t *said = json_object_get(c, "turns"), *system = json_object_get(c, "system");
    size_t n = 0;
    if (system)
        turns[n++] = (struct turn){.role = TURN_SYSTEM, .text = json_string_value(system)};
    for (size_t i = 0; i < json_array_size(said); i++) {
        const json_t *pair = json_array_get(said, i);
        turns[n++] = user_turn(json_string_value(json_array_get(pair, 0)));
        if (json_is_string(json_array_get(pair, 1)))
            turns[n++] = (struct turn){.role = TURN_ASSISTANT,
                                       .text = json_string_value(json_array_get(pair, 1))};
    }
    return n;
}

// For the table of tests/golden/table.py: how many cases of each template were compared.
struct counts {
    const char *templates[32];
    size_t cases[32], n;
};

static void count_case(struct counts *c, const char *template)
{
    size_t i = 0;
    while (i < c->n && strcmp(c->templates[i], template) != 0)
        i++;
    assert_true(i < COUNT(c->templates));
    c->n += i == c->n;
    c->templates[i] = template;
    c->cases[i]++;
}

static void print_counts(const struct counts *c, const char *kind, const char *key)
{
    for (size_t i = 0; i < c->n; i++)
        printf("GOLDEN case=%s/%s %s=%zu/%zu\n", kind, c->templates[i], key, c->cases[i],
               c->cases[i]);
}

// conversations.json: what the reference's prompt builder writes ("source" says which).
static void conversations_are_written_as_in_the_reference(void **state)
{
    (void)state;
    json_t *all = json_load_file(data_path("conversations.json"), 0, NULL), *c;
    struct counts counts = {0};
    assert_true(json_array_size(all) > 60);
    size_t at;
    json_array_foreach(all, at, c)
    {
        const char *name = json_string_value(json_object_get(c, "template"));
        const struct template *t = template_find(name);
        struct turn turns[16];
        if (!t)
            fail_msg("there is no template %s", name);
        size_t n = read_talk(c, turns);
        assert_prompt(t, turns, n, json_string_value(json_object_get(c, "prompt")));
        assert_string_equal(template_stop(t), json_string_value(json_object_get(c, "stop")));
        count_case(&counts, template_name(t));
    }
    print_counts(&counts, "prompts", "prompts");
    json_decref(all);
}

// The ids are those of the chunks but the first `skipped`, with -1 between two chunks.
static void assert_chunks(const struct token_list *got, const json_t *chunks, size_t skipped)
{
    size_t used = 0, wanted = json_array_size(chunks) - 1 - skipped;
    for (size_t k = 0; k < json_array_size(chunks); k++)
        wanted += json_array_size(json_array_get(chunks, k));
    assert_int_equal(got->count, wanted);
    for (size_t k = 0; k < json_array_size(chunks); k++) {
        const json_t *ids = json_array_get(chunks, k);
        if (k > 0)
            assert_int_equal(got->ids[used++], -1);
        for (size_t i = k == 0 ? skipped : 0; i < json_array_size(ids); i++)
            assert_int_equal(got->ids[used++], json_integer_value(json_array_get(ids, i)));
    }
}

// prompts.json: what the default model was trained on, written and tokenised in Python.
static void prompts_of_the_default_model_have_their_ids(void **state)
{
    (void)state;
    struct subject s = open_subject(smollm_model());
    const char *why;
    assert_ptr_equal(template_detect(s.g, &why), chatml());
    json_t *cases = json_load_file(data_path("prompts.json"), 0, NULL), *c;
    assert_int_equal(json_array_size(cases), 5);
    size_t at;
    json_array_foreach(cases, at, c)
    {
        struct turn turns[8] = {0};
        const json_t *said = json_object_get(c, "said"), *chunks = json_object_get(c, "prompt_ids");
        size_t n = json_array_size(said);
        for (size_t i = 0; i < n; i++) {
            turns[i].role = i % 2 ? TURN_ASSISTANT : TURN_USER;
            turns[i].text = json_string_value(json_array_get(said, i));
        }
        turns[0].n_pictures = (size_t)json_integer_value(json_object_get(c, "pictures"));
        assert_int_equal(json_array_size(chunks), turns[0].n_pictures + 1);
        struct prompt p = build(s.g, turns, n);
        struct token_list got = prompt_ids(s.t, &p);
        assert_chunks(&got, chunks, 0);
        token_list_free(&got);
        prompt_finish(&p);
    }
    json_decref(cases);
    close_subject(&s);
}

static const json_t *talk_of(const json_t *all, const json_t *wanted)
{
    size_t at;
    const json_t *c;
    json_array_foreach(all, at, c)
    {
        if (json_equal(json_object_get(c, "template"), json_object_get(wanted, "template")) &&
            json_equal(json_object_get(c, "talk"), json_object_get(wanted, "talk")))
            return c;
    }
    fail_msg("there are ids of a case that conversations.json lacks");
    return NULL;
}

// A case's conversation, built and tokenised, against its ids.
static void assert_case(const struct subject *s, const json_t *talks, const json_t *c,
                        size_t skipped, struct counts *counts)
{
    struct turn turns[16];
    struct prompt p;
    size_t n = read_talk(talk_of(talks, c), turns);
    const struct template *t = template_find(json_string_value(json_object_get(c, "template")));
    assert_true(template_build(t, NULL, turns, n, &p, NULL));
    struct token_list got = prompt_ids(s->t, &p);
    assert_chunks(&got, json_object_get(c, "ids"), skipped);
    count_case(counts, template_name(t));
    token_list_free(&got);
    prompt_finish(&p);
}

// ids-llama-spm.json: the same conversations through Hugging Face's LlamaTokenizer, one list for
// each chunk between pictures.
static void conversations_have_their_ids_under_llamas_vocabulary(void **state)
{
    (void)state;
    struct subject s = open_subject(reference_model("llama-spm.gguf"));
    struct counts counts = {0};
    assert_true(tokenizer_adds_bos(s.t));
    json_t *talks = json_load_file(data_path("conversations.json"), 0, NULL);
    json_t *cases = json_load_file(data_path("ids-llama-spm.json"), 0, NULL);
    assert_true(json_array_size(cases) > 30);
    for (size_t i = 0; i < json_array_size(cases); i++)
        assert_case(&s, talks, json_array_get(cases, i), 1, &counts); // without the BOS in front
    print_counts(&counts, "ids-llama-spm", "ids");
    json_decref(cases);
    json_decref(talks);
    close_subject(&s);
}

// prompt-ids.json: every template under a vocabulary of its kind that we trained, with its words
// among the control tokens (make_prompt_ids.py).
static void conversations_have_their_ids_under_vocabularies_of_our_own(void **state)
{
    (void)state;
    struct counts counts = {0};
    json_t *talks = json_load_file(data_path("conversations.json"), 0, NULL);
    json_t *cases = json_load_file(data_path("prompt-ids.json"), 0, NULL), *c;
    assert_true(json_array_size(cases) > 50);
    size_t at;
    json_array_foreach(cases, at, c)
    {
        char name[64];
        snprintf(name, sizeof(name), "vocabularies/%s.gguf",
                 json_string_value(json_object_get(c, "vocabulary")));
        struct subject s = open_subject(data_path(name));
        assert_case(&s, talks, c, 0, &counts);
        close_subject(&s);
    }
    print_counts(&counts, "prompt-ids", "ids");
    json_decref(cases);
    json_decref(talks);
}

// With the argument "reference": what needs the reference data instead.
int main(int argc, char **argv)
{
    (void)argv;
    const struct CMUnitTest reference[] = {
        cmocka_unit_test(conversations_have_their_ids_under_llamas_vocabulary),
    };
    if (argc > 1)
        return cmocka_run_group_tests(reference, NULL, NULL);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(conversations_are_written_as_in_the_reference),
        cmocka_unit_test(prompts_of_the_default_model_have_their_ids),
        cmocka_unit_test(conversations_have_their_ids_under_vocabularies_of_our_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
