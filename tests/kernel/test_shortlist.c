// shortlist: of many logits the greatest and those near it, against a plain search.
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "bench.h"

// The list of `n` logits, which the caller looks at before bench_clear.
static const struct shortlist *list_of(struct bench *b, const float *logits, uint32_t n,
                                       float reach)
{
    struct tensor *in = bench_tensor(b, n * sizeof(float)),
                  *far = bench_tensor(b, 4 * sizeof(float)),
                  *list = bench_tensor(b, sizeof(struct shortlist));
    memcpy(in->f, logits, n * sizeof(float));
    far->f[0] = reach;
    struct plan *p = bench_plan(b);
    kernel_shortlist(p, plan_external(p, in->slice), n, plan_external(p, far->slice),
                     plan_external(p, list->slice));
    struct error e = {0};
    if (!plan_finish(p, 0, &e) || !plan_run(p, NULL, NULL, &e))
        fail_msg("%s", e.text);
    plan_destroy(p);
    return (const struct shortlist *)list->bytes;
}

static void check(struct bench *b, const float *logits, uint32_t n, float reach)
{
    float most = logits[0];
    uint32_t count = 0;
    bool *met = test_calloc(n, sizeof(*met));
    for (uint32_t i = 1; i < n; i++)
        most = fmaxf(most, logits[i]);
    for (uint32_t i = 0; i < n; i++)
        count += logits[i] >= most - reach;
    const struct shortlist *got = list_of(b, logits, n, reach);
    assert_int_equal(got->nan, 0);
    assert_int_equal(got->count, count);
    for (uint32_t i = 0; i < count && i < SHORTLIST_MOST; i++) {
        uint32_t id = got->entries[i].id;
        assert_in_range(id, 0, n - 1);
        assert_false(met[id]);
        met[id] = true;
        assert_true(got->entries[i].logit == logits[id] && logits[id] >= most - reach);
    }
    test_free(met);
    bench_clear(b);
}

static void those_within_reach_are_listed(void **state)
{
    const uint32_t sizes[] = {1, 2, 7, 255, 4096, 4097, 50000};
    for (size_t k = 0; k < sizeof(sizes) / sizeof(*sizes); k++) {
        float *logits = test_malloc(sizes[k] * sizeof(float));
        for (float shift = -40; shift <= 40; shift += 40) {
            for (uint32_t i = 0; i < sizes[k]; i++)
                logits[i] = shift + 10 * bench_random(*state);
            check(*state, logits, sizes[k], 0);
            check(*state, logits, sizes[k], 0.01F);
            check(*state, logits, sizes[k], 3);
        }
        test_free(logits);
    }
}

static void equal_logits_are_all_listed(void **state)
{
    float logits[300];
    for (int i = 0; i < 300; i++)
        logits[i] = i % 50 == 7 ? 2.5F : (float)(i % 5) / 2;
    check(*state, logits, 300, 0);
    for (int i = 0; i < 300; i++)
        logits[i] = -0.0F;
    check(*state, logits, 300, 0);
}

static void more_than_there_is_room_for_are_counted(void **state)
{
    enum { MANY = 3 * SHORTLIST_MOST };
    float *logits = test_calloc(MANY, sizeof(float));
    check(*state, logits, MANY, 1);
    test_free(logits);
}

static void what_is_no_number_is_told(void **state)
{
    float logits[5000];
    for (int i = 0; i < 5000; i++)
        logits[i] = (float)i;
    const int places[] = {0, 17, 4999};
    for (int k = 0; k < 3; k++) {
        float kept = logits[places[k]];
        logits[places[k]] = NAN;
        assert_true(list_of(*state, logits, 5000, 1)->nan != 0);
        bench_clear(*state);
        logits[places[k]] = kept;
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(those_within_reach_are_listed),
        cmocka_unit_test(equal_logits_are_all_listed),
        cmocka_unit_test(more_than_there_is_room_for_are_counted),
        cmocka_unit_test(what_is_no_number_is_told),
    };
    return bench_run("shortlist", tests, sizeof(tests) / sizeof(*tests));
}
