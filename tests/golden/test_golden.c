// The engine against transformers, on the numbers of tests/data/default (the default model) and
// tests/data/synth (random weights, every type), or with PUMICE_REFERENCE on all of such a folder:
// pixels, ids, projector rows, logits, and the argmax at each stored step whose margin is above
// MARGIN, with the reference's own continuation forced. Prints a line a case with what was
// measured.
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "golden_case.h"
#include "golden_list.h"

#define ROWS_MOST   1e-5
#define LOGITS_MOST 1e-4
#define MARGIN      0.1

struct outcome {
    char pixels[32], rows[32], logits[32], steps[32];
};

// The one that is loaded; cases of the same files follow each other.
struct loaded {
    char lm[512], eyes[512];
    struct engine *engine;
};

// ---- the parts of a case

static const float mean[] = {0.48145466F, 0.4578275F, 0.40821073F};
static const float deviation[] = {0.26862954F, 0.26130258F, 0.27577711F};

static bool within_one_ulp(float a, float b)
{
    return a == b || nextafterf(a, b) == b;
}

// The colour values that the normalised ones were made of are the same too.
static void compare_pixels(const struct golden_case *c, const char *eyes, struct outcome *o)
{
    size_t at = 0, off = 0;
    for (size_t i = 0; i < c->n_pictures; i++) {
        struct error e = {0};
        float *got;
        uint32_t shape[4];
        if (!probe_pixels(eyes, c->pictures[i], &got, shape, &e))
            fail_msg("%s", e.text);
        size_t plane = (size_t)shape[2] * shape[3], n = shape[0] * shape[1] * plane;
        assert_true(at + n <= c->n_pixels);
        for (size_t k = 0; k < n; k++) {
            float want = c->pixels[at + k];
            size_t colour = k / plane % 3;
            assert_true(within_one_ulp(got[k], want));
            assert_int_equal(lroundf((got[k] * deviation[colour] + mean[colour]) * 255),
                             lroundf((want * deviation[colour] + mean[colour]) * 255));
            off += got[k] != want;
        }
        at += n;
        free(got);
    }
    assert_int_equal(at, c->n_pixels);
    snprintf(o->pixels, sizeof(o->pixels),
             at == 0 ? "-"
             : off   ? "%zu off by an ulp"
                     : "equal",
             off);
}

static void compare_rows(const struct golden_case *c, struct engine *engine, struct outcome *o)
{
    size_t at = 0, width = engine_get_info(engine)->embedding;
    double worst = 0;
    for (size_t i = 0; i < c->n_pictures; i++) {
        struct error e = {0};
        float *got;
        uint32_t rows;
        if (!probe_rows(engine, c->pictures[i], &got, &rows, NULL, &e))
            fail_msg("%s", e.text);
        assert_true(at + rows * width <= c->n_rows);
        worst = fmax(worst, nmse(got, c->rows + at, rows * width));
        at += rows * width;
        free(got);
    }
    assert_int_equal(at, c->n_rows);
    snprintf(o->rows, sizeof(o->rows), c->n_pictures ? "%.1e" : "-", worst);
    assert_true(worst < ROWS_MOST);
}

static size_t compare_steps(const struct golden_case *c, struct session *s, size_t vocabulary)
{
    size_t compared = 0;
    for (size_t i = 0; i < c->n_steps; i++) {
        if (c->margin[i] > MARGIN) {
            size_t got = greatest(session_logits(s), vocabulary);
            if (got != (size_t)c->greedy[i])
                fail_msg("step %zu: %zu is not %d, by a margin of %.3f", i, got, c->greedy[i],
                         c->margin[i]);
            compared++;
        }
        struct error e = {0};
        if (i + 1 < c->n_steps && !session_force(s, c->greedy[i], &e))
            fail_msg("%s", e.text);
    }
    return compared;
}

static void compare_logits(const struct golden_case *c, struct session *s, size_t vocabulary,
                           struct outcome *o)
{
    struct error e = {0};
    if (!session_sync_ids(s, c->chunks, c->pictures, c->n_pictures, NULL, &e))
        fail_msg("%s", e.text);
    assert_int_equal(c->n_logits, vocabulary);
    double off = nmse(session_logits(s), c->logits, vocabulary);
    snprintf(o->logits, sizeof(o->logits), "%.1e", off);
    assert_true(off < LOGITS_MOST);
    size_t compared = compare_steps(c, s, vocabulary);
    snprintf(o->steps, sizeof(o->steps), "%zu of %zu", compared, c->n_steps);
}

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
static void compare_held_ids(const struct golden_case *c, struct session *s)
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
}

// ---- a case

// Why a model is not run has to name what it has that we do not compute.
static void expect_refusal(const struct golden_job *j, const struct error *e)
{
    struct model_summary m;
    assert_false(j->must_run);
    assert_int_equal(e->kind, ERROR_MODEL);
    assert_true(probe_model(j->lm, &m, NULL));
    assert_false(m.runs);
    bool named = strstr(e->text, "vocabulary of the kind \"") != NULL;
    for (char *type = strtok(m.types, ", "); type && !named; type = strtok(NULL, ", ")) {
        char phrase[64];
        snprintf(phrase, sizeof(phrase), "of type %s,", type);
        named = strstr(e->text, phrase) != NULL;
    }
    if (!named)
        fail_msg("%s", e->text);
    print_message("%-22s refused: %s\n", j->name, strrchr(e->text, '/'));
}

static struct engine *load(struct loaded *l, const struct golden_job *j, struct error *e)
{
    const char *lm = *j->lm ? j->lm : default_model();
    if (l->engine && strcmp(l->lm, lm) == 0 && strcmp(l->eyes, j->eyes) == 0)
        return l->engine;
    engine_destroy(l->engine);
    struct engine_params params = {.model = lm, .mmproj = j->eyes, .context = 512};
    l->engine = engine_create(&params, e);
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
        compare_held_ids(c, s);
    }
    compare_logits(c, s, engine_get_info(engine)->vocabulary, o);
    session_destroy(s);
}

static struct loaded loaded;

static void case_equals_the_reference(void **state)
{
    const struct golden_job *j = *state;
    struct golden_case c;
    struct outcome o = {.logits = "-", .steps = "-"};
    struct error e = {0};
    golden_read(&c, j->folder, *j->lm ? data_path("synth") : data_path("answers/pictures"));
    compare_pixels(&c, j->eyes, &o);
    struct engine *engine = load(&loaded, j, &e);
    if (engine) {
        compare_rows(&c, engine, &o);
        if (!j->rows_only)
            compare_language(j, &c, engine, &o);
        print_message("%-22s pixels %-7s rows %-8s logits %-8s steps %s\n", j->name, o.pixels,
                      o.rows, o.logits, o.steps);
    } else {
        expect_refusal(j, &e);
    }
    golden_finish(&c);
}

int main(int argc, char **argv)
{
    static struct golden_jobs jobs;
    static struct CMUnitTest tests[GOLDEN_JOBS];
    need_default_model();
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
