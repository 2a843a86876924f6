// The engine against transformers, on the numbers of tests/data/default (the default model) and
// tests/data/synth (random weights), or with PUMICE_REFERENCE on all of such a folder:
// pixels, ids, projector rows, logits, and the argmax at each stored step whose margin is above
// MARGIN, with the reference's own continuation forced. Prints a line a case (compare.h).
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../kernel/matrices.h"
#include "compare.h"
#include "golden_list.h"

// The one that is loaded; cases of the same files follow each other.
struct loaded {
    char lm[512], eyes[512];
    struct engine *engine;
};

// ---- the ids of the default model's prompts

static void compare_ids(const struct golden_case *c, json_t *got)
{
    size_t at = 0;
    for (size_t k = 0; k <= c->n_pictures; k++) {
        for (size_t i = 0; i < c->chunks[k].count; i++)
            assert_int_equal(json_integer_value(json_array_get(got, at++)), c->chunks[k].ids[i]);
        if (k < c->n_pictures)
            assert_int_equal(
                json_integer_value(json_object_get(json_array_get(got, at++), "image")),
                json_integer_value(json_array_get(json_object_get(c->json, "image_tokens"), k)));
    }
    assert_int_equal(json_array_size(got), at);
}

// Of a prompt with one turn: what is said by `inspect tokens`.
static void compare_printed_ids(const struct golden_case *c)
{
    json_t *said = json_object_get(c->json, "said");
    if (json_array_size(said) != 1)
        return;
    struct error e = {0};
    struct buffer text = {0};
    if (!probe_tokens_json(default_model(), default_eyes(), NULL, NULL,
                           json_string_value(json_array_get(said, 0)), c->pictures, c->n_pictures,
                           false, &text, &e))
        fail_msg("%s", e.text);
    json_t *got = json_loads(text.data, 0, NULL);
    assert_non_null(got);
    compare_ids(c, got);
    json_decref(got);
    buffer_free(&text);
}

// Of any number of turns: a session that holds the messages has nothing to do for the ids.
static void compare_held_ids(const struct golden_case *c, struct session *s, struct outcome *o)
{
    json_t *said = json_object_get(c->json, "said");
    struct message messages[8];
    size_t n = json_array_size(said);
    assert_in_range(n, 1, COUNT(messages));
    for (size_t i = 0; i < n; i++)
        messages[i] = (struct message){.role = i % 2 ? ROLE_ASSISTANT : ROLE_USER,
                                       .text = json_string_value(json_array_get(said, i)),
                                       .pictures = c->pictures,
                                       .n_pictures = i == 0 ? c->n_pictures : 0};
    sync_to(s, messages, n);
    struct sync_report report;
    struct error e = {0};
    if (!session_sync_ids(s, c->chunks, c->pictures, c->n_pictures, &report, &e))
        fail_msg("%s", e.text);
    assert_int_equal(report.cached_tokens, report.prompt_tokens);
    snprintf(o->ids, sizeof(o->ids), "%u/%u", report.cached_tokens, report.prompt_tokens);
}

// ---- a case

static struct engine *load(struct loaded *l, const struct golden_job *j)
{
    const char *lm = *j->lm ? j->lm : default_model();
    if (l->engine && strcmp(l->lm, lm) == 0 && strcmp(l->eyes, j->eyes) == 0)
        return l->engine;
    engine_destroy(l->engine);
    l->engine = NULL;
    l->engine = open_engine(lm, j->eyes, 512);
    snprintf(l->lm, sizeof(l->lm), "%s", lm);
    snprintf(l->eyes, sizeof(l->eyes), "%s", j->eyes);
    return l->engine;
}

static void compare_language(const struct golden_job *j, const struct golden_case *c,
                             struct engine *engine, struct outcome *o)
{
    struct session *s = open_session(engine);
    if (!*j->lm) {
        compare_printed_ids(c);
        compare_held_ids(c, s, o);
    }
    compare_logits(c, engine, s, o);
    session_destroy(s);
}

static struct loaded loaded;

static void case_equals_the_reference(void **state)
{
    const struct golden_job *j = *state;
    struct golden_case c;
    struct outcome o = {0};
    golden_read(&c, j->folder, *j->lm ? data_path("synth") : data_path("answers/pictures"));
    compare_pixels(&c, j->eyes, &o);
    struct engine *engine = load(&loaded, j);
    compare_rows(&c, engine, &o);
    compare_language(j, &c, engine, &o);
    outcome_print(j->name, &o);
    golden_finish(&c);
}

int main(int argc, char **argv)
{
    static struct golden_jobs jobs;
    static struct CMUnitTest tests[GOLDEN_JOBS];
    need_default_model();
    int missing = matrices_missing();
    if (missing)
        return missing;
    if (argc > 1 && strcmp(argv[1], "reference") == 0) {
        const char *root = getenv("PUMICE_REFERENCE");
        if (!root) {
            printf("SKIP: PUMICE_REFERENCE names no folder (./check --reference DIR sets it)\n");
            return 77;
        }
        golden_list_all(&jobs, root);
    } else {
        golden_list_stored(&jobs);
    }
    for (size_t i = 0; i < jobs.count; i++)
        tests[i] = (struct CMUnitTest){.name = jobs.list[i].name,
                                       .test_func = case_equals_the_reference,
                                       .initial_state = &jobs.list[i]};
    if (jobs.count == 0) {
        printf("there are no cases to compare\n");
        return 1;
    }
    int failed = _cmocka_run_group_tests("golden", tests, jobs.count, NULL, NULL);
    engine_destroy(loaded.engine);
    return failed != 0;
}
