// test_made GROUP: models that are made here with random weights (decoder_recipes.c, tower_file.c),
// against the numbers that the scripts in make/ computed from the same files with transformers,
// Pillow and the original's formulas.
//
//   decoders  what families do otherwise, with prompts longer than what it is about (a window, an
//             original context)
//   towers    names, blocks, projectors, tables of positions; LLaVA-1.6's tiles in sizes that are
//             hard on their rules; what follows in a decoder
//   types     every type of tensor that files have, alone and in the mixes of quantisers
//   shapes    as wide as the models that people have
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "../kernel/matrices.h"
#include "compare.h"
#include "made_cases.h"
#include "model_file.h"

// ---- the engine: cases of the same files follow each other

static struct {
    char lm[64], tower[64];
    uint32_t context;
    struct engine *engine;
} loaded;

static char folder[128]; // what is made is here, some of it hundreds of megabytes

static const char *made(const char *name)
{
    static char paths[4][256];
    static unsigned next;
    char *path = paths[next++ % 4];
    snprintf(path, sizeof(paths[0]), "%s/%s", folder, name);
    return path;
}

static void unload(void)
{
    engine_destroy(loaded.engine);
    loaded.engine = NULL;
    unlink(made("lm"));
    unlink(made("tower"));
}

static struct engine *load(const struct golden_case *c)
{
    bool sees = *c->mmproj;
    if (loaded.engine && strcmp(loaded.lm, c->lm) == 0 && strcmp(loaded.tower, c->mmproj) == 0 &&
        loaded.context == c->context)
        return loaded.engine;
    unload();
    assert_true(model_file_write(c->lm, made("lm")));
    if (sees)
        assert_true(model_file_write(c->mmproj, made("tower")));
    loaded.engine = open_engine(made("lm"), sees ? made("tower") : NULL, c->context);
    loaded.context = c->context;
    snprintf(loaded.lm, sizeof(loaded.lm), "%s", c->lm);
    snprintf(loaded.tower, sizeof(loaded.tower), "%s", c->mmproj);
    return loaded.engine;
}

// ---- a case

// What rounding the scales alone costs: 1.2e-7 of a matrix of Q4_K, 9e-6 of the logits of two
// layers (by numpy with and without it).
#define ROUNDED_LOGITS_MOST 5e-5

// All but the last picture first, as in a turn before: what comes then is only added.
static void take_earlier_turn(const struct golden_case *c, struct session *s)
{
    struct error e = {0};
    struct sync_report report;
    if (!session_sync_ids(s, c->chunks, c->pictures, c->n_pictures - 1, &report, &e))
        fail_msg("%s", e.text);
    uint32_t before = report.prompt_tokens;
    if (!session_sync_ids(s, c->chunks, c->pictures, c->n_pictures, &report, &e))
        fail_msg("%s", e.text);
    assert_int_equal(report.cached_tokens, before);
}

// The same with keys and values as bytes: no further off than transformers is with such ones, and a
// fifth for those that are rounded the other way.
static void compare_bytes(const struct made_case *m, struct golden_case *c, double cost)
{
    char name[80];
    struct outcome o = {0};
    struct engine *engine = open_engine_with(
        &(struct engine_params){.model = made("lm"), .context = c->context, .kv = KV_Q8_0});
    struct session *s = open_session(engine);
    c->logits_most = 1.2 * cost;
    compare_logits(c, engine, s, &o);
    snprintf(name, sizeof(name), "%s-q8_0", m->name);
    outcome_print(name, &o);
    session_destroy(s);
    engine_destroy(engine);
}

static void case_equals_the_reference(void **state)
{
    const struct made_case *m = *state;
    struct golden_case c;
    struct outcome o = {0};
    golden_read(&c, data_path("%s/%s", m->group, m->name), "");
    if (m->rounded)
        c.logits_most = ROUNDED_LOGITS_MOST;
    bound_tells_apart(&c, "wrong", c.logits_most);
    bound_tells_apart(&c, "wrong_rows", ROWS_MOST);
    struct engine *engine = load(&c);
    struct session *s = open_session(engine);
    if (c.n_pictures > 0) {
        compare_pixels(&c, made("tower"), &o);
        compare_rows(&c, engine, &o);
    }
    if (c.n_pictures > 1)
        take_earlier_turn(&c, s);
    compare_logits(&c, engine, s, &o);
    outcome_print(m->name, &o);
    session_destroy(s);
    json_t *cost = json_object_get(c.json, "q8_0");
    if (cost)
        compare_bytes(m, &c, json_number_value(cost));
    golden_finish(&c);
}

int main(int argc, char **argv)
{
    static struct CMUnitTest tests[MADE_CASES];
    static char names[MADE_CASES][64];
    size_t n = 0;
    const struct made_case *m;
    int missing = matrices_missing();
    if (missing)
        return missing;
    for (size_t i = 0; argc > 1 && (m = made_case_at(i)); i++) {
        if (strcmp(m->group, argv[1]) != 0 || (m->full && !getenv("PUMICE_FULL")))
            continue;
        assert_true(n < MADE_CASES);
        snprintf(names[n], sizeof(names[n]), "%s", m->name);
        for (char *at = names[n]; *at; at++)
            *at = *at == '-' ? '_' : *at;
        tests[n] = (struct CMUnitTest){
            .name = names[n], .test_func = case_equals_the_reference, .initial_state = (void *)m};
        n++;
    }
    const char *temporary = getenv("TMPDIR");
    snprintf(folder, sizeof(folder), "%.100s/pumice-made-XXXXXX", temporary ? temporary : "/tmp");
    assert_non_null(mkdtemp(folder));
    int failed = n == 0 || _cmocka_run_group_tests(argv[1], tests, n, NULL, NULL) != 0;
    unload();
    rmdir(folder);
    return failed;
}
