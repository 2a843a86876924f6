// attention: head sizes, groups, and ranges of keys.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "bench_attention.h"

static void check_ranges(struct bench *b, uint32_t heads, uint32_t kv_heads, uint32_t size,
                         uint32_t cache)
{
    static const struct attention_case cases[] = {
        {.columns = 1, .keys = 1, .ranges = CAUSAL},
        {.columns = 1, .keys = 77, .ranges = CAUSAL},
        {.columns = 5, .keys = 5, .ranges = CAUSAL},
        {.columns = 17, .keys = 128, .ranges = CAUSAL},
        {.columns = 17, .keys = 99, .ranges = WINDOW},
        {.columns = 9, .keys = 41, .ranges = SINGLE},
        {.columns = 33, .keys = 33, .ranges = ALL},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct attention_case c = cases[i];
        c.heads = heads;
        c.kv_heads = kv_heads;
        c.size = size;
        c.cache_type = cache;
        c.sharpness = 2;
        bench_attention(b, &c, NULL);
    }
}

static void heads_of_every_size_attend(void **state)
{
    static const uint32_t sizes[] = {8, 32, 64, 72, 80, 96, 128, 256};
    for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++)
        if (bench_thorough(*state) || sizes[i] == 72 || sizes[i] == 128)
            check_ranges(*state, 2, 2, sizes[i], CACHE_F16);
}

static void heads_of_a_quantised_cache_attend(void **state)
{
    static const uint32_t sizes[] = {16, 64, 80, 96, 128, 256};
    for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++)
        if (bench_thorough(*state) || sizes[i] == 80 || sizes[i] == 128)
            check_ranges(*state, 2, 2, sizes[i], CACHE_Q8_0);
    check_ranges(*state, 6, 2, 64, CACHE_Q8_0);
}

static void query_heads_share_a_kv_head(void **state)
{
    check_ranges(*state, 6, 2, 64, CACHE_F16);
    if (!bench_thorough(*state))
        return;
    check_ranges(*state, 4, 1, 64, CACHE_F16);
    check_ranges(*state, 16, 2, 64, CACHE_F16);
    check_ranges(*state, 16, 1, 128, CACHE_F16); // a group of more than a tile of the cpu shape
    check_ranges(*state, 16, 1, 128, CACHE_Q8_0);
}

// Scores of hundreds: without a running maximum their powers would overflow.
static void sharp_scores_do_not_overflow(void **state)
{
    bench_attention(*state, &(struct attention_case){2, 2, 64, 5, 100, CAUSAL, .sharpness = 100},
                    NULL);
    bench_attention(*state, &(struct attention_case){2, 2, 64, 1, 100, ALL, .sharpness = 1000},
                    NULL);
}

// A software device ends the loops of an invocation, all together, at 65,535 turns and says
// nothing: there the kernels must refuse what needs more of them.
static void many_keys_are_all_seen_or_refused(void **state)
{
    enum { keys = 70000 };
    bench_attention(*state, &(struct attention_case){1, 1, 64, 1, keys, ALL, .sharpness = 2}, NULL);
    bench_attention(*state, &(struct attention_case){4, 1, 128, 1, keys, ALL, .sharpness = 2},
                    NULL);
    bench_attention(
        *state,
        &(struct attention_case){4, 1, 64, 1, keys, ALL, .sharpness = 2, .cache_type = CACHE_Q8_0},
        NULL);
    if (bench_profile(*state)->type != VK_TYPE_CPU)
        return;
    struct bench *b = *state;
    struct error e;
    struct plan *p = bench_plan(b);
    plan_tensor t = plan_external(p, bench_tensor(b, 1024)->slice);
    kernel_attention(p, &(struct attention){.q = t,
                                            .y = t,
                                            .cache = t,
                                            .positions = 1 << 22,
                                            .ranges = t,
                                            .columns = 1,
                                            .keys = 1,
                                            .heads = 1,
                                            .kv_heads = 1,
                                            .head_size = 64});
    assert_false(plan_finish(p, 0, &e));
    assert_int_equal(e.kind, ERROR_MODEL);
    plan_destroy(p);
    bench_clear(b);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(heads_of_every_size_attend),
        cmocka_unit_test(heads_of_a_quantised_cache_attend),
        cmocka_unit_test(query_heads_share_a_kv_head),
        cmocka_unit_test(sharp_scores_do_not_overflow),
        cmocka_unit_test(many_keys_are_all_seen_or_refused),
    };
    return bench_run("attention", tests, sizeof(tests) / sizeof(*tests));
}
