// attention against the reference: head sizes, groups, and ranges of keys, over a cache whose
// unused places hold NaNs.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "bench.h"
#include "engine/compute/reference.h"
#include "engine/model/quant.h"

enum { Y_MORE = 3 }; // floats behind each column of y that are not written
static const double bound = 5e-11;

enum ranges {
    CAUSAL, // column c sees the keys up to its own
    WINDOW, // and of those the last 7
    SINGLE, // and of those the first
    ALL,
};
struct attention_case {
    uint32_t heads, kv_heads, size, columns;
    uint32_t keys; // written to the cache
    enum ranges ranges;
    float sharpness; // factor of q

    uint32_t positions;
    float *k, *v; // [keys][kv_heads][size]
    struct tensor *q, *cache, *seen, *y;
};

static float as_half(float v)
{
    return quant_f16_to_f32(quant_f32_to_f16(v));
}

static void fill_cache(struct bench *b, struct attention_case *c)
{
    struct layout l = bench_layout(b);
    size_t n = (size_t)c->keys * c->kv_heads * c->size;
    c->k = test_malloc(n * sizeof(float));
    c->v = test_malloc(n * sizeof(float));
    uint16_t *k = c->cache->h, *v = k + (size_t)c->positions * c->kv_heads * c->size;
    size_t i = 0;
    for (uint32_t p = 0; p < c->keys; p++)
        for (uint32_t h = 0; h < c->kv_heads; h++)
            for (uint32_t d = 0; d < c->size; d++, i++) {
                c->k[i] = as_half(bench_random(b));
                c->v[i] = as_half(bench_random(b));
                k[K_INDEX(p, h, d, c->kv_heads, c->size, l.key_lanes)] = quant_f32_to_f16(c->k[i]);
                v[V_INDEX(p, h, d, c->kv_heads, c->size, l.value_run)] = quant_f32_to_f16(c->v[i]);
            }
}

static void fill_ranges(const struct attention_case *c)
{
    for (uint32_t i = 0; i < c->columns; i++) {
        uint32_t *range = c->seen->u + 2 * i, last = c->keys - c->columns + i;
        range[0] = c->ranges == WINDOW && last > 6 ? last - 6 : 0;
        range[1] = last + 1;
        if (c->ranges == SINGLE)
            range[0] = last;
        if (c->ranges == ALL)
            range[1] = c->keys;
    }
}

static void make_case(struct bench *b, struct attention_case *c)
{
    uint32_t width = c->heads * c->size;
    c->positions = (c->keys + KV_BLOCK - 1) / KV_BLOCK * KV_BLOCK;
    c->cache = bench_tensor(b, kernel_cache_size(c->positions, c->kv_heads, c->size));
    c->seen = bench_tensor(b, c->columns * 2 * sizeof(uint32_t));
    c->q = bench_tensor(b, (uint64_t)c->columns * (width + 8) * sizeof(float));
    c->y = bench_tensor(b, (uint64_t)(c->columns + 1) * (width + Y_MORE) * sizeof(float));
    fill_cache(b, c);
    fill_ranges(c);
    for (uint32_t i = 0; i < c->columns; i++)
        for (uint32_t j = 0; j < width; j++)
            c->q->f[i * (width + 8) + j] = c->sharpness * bench_random(b);
}

static void run(struct bench *b, const struct attention_case *c)
{
    struct plan *p = bench_plan(b);
    kernel_attention(p, &(struct attention){.q = plan_external(p, c->q->slice),
                                            .y = plan_external(p, c->y->slice),
                                            .cache = plan_external(p, c->cache->slice),
                                            .positions = c->positions,
                                            .ranges = plan_external(p, c->seen->slice),
                                            .columns = c->columns,
                                            .keys = c->keys,
                                            .heads = c->heads,
                                            .kv_heads = c->kv_heads,
                                            .head_size = c->size,
                                            .q_stride = c->heads * c->size + 8,
                                            .y_stride = c->heads * c->size + Y_MORE});
    bench_plan_run(b, p, (struct tensor *[]){c->y}, 1);
}

static double *reference_of(const struct attention_case *c)
{
    uint32_t width = c->heads * c->size;
    double *q = test_malloc((size_t)c->columns * width * sizeof(double));
    double *want = test_malloc((size_t)c->columns * width * sizeof(double));
    for (uint32_t i = 0; i < c->columns * width; i++)
        q[i] = c->q->f[i / width * (width + 8) + i % width];
    reference_attention(&(struct reference_attention){.q = q,
                                                      .k = c->k,
                                                      .v = c->v,
                                                      .ranges = (const void *)c->seen->u,
                                                      .columns = c->columns,
                                                      .heads = c->heads,
                                                      .kv_heads = c->kv_heads,
                                                      .size = c->size},
                        want);
    test_free(q);
    return want;
}

static void check(struct bench *b, struct attention_case c)
{
    uint32_t width = c.heads * c.size;
    make_case(b, &c);
    run(b, &c);
    double *want = reference_of(&c);
    for (uint32_t i = 0; i < c.columns; i++) {
        const float *got = c.y->f + (size_t)i * (width + Y_MORE);
        bench_compare(b, got, want + (size_t)i * width, width, bound,
                      "%u heads, %u kv heads, size %u, column %u of %u, %u keys, ranges %d",
                      c.heads, c.kv_heads, c.size, i, c.columns, c.keys, c.ranges);
        for (uint32_t j = 0; j < Y_MORE; j++)
            assert_true(bench_untouched(got[width + j]));
    }
    for (uint32_t j = 0; j < width + Y_MORE; j++)
        assert_true(bench_untouched(c.y->f[(size_t)c.columns * (width + Y_MORE) + j]));
    test_free(want);
    test_free(c.k);
    test_free(c.v);
    bench_clear(b);
}

static void check_ranges(struct bench *b, uint32_t heads, uint32_t kv_heads, uint32_t size)
{
    check(b, (struct attention_case){heads, kv_heads, size, 1, 1, CAUSAL, .sharpness = 2});
    check(b, (struct attention_case){heads, kv_heads, size, 1, 77, CAUSAL, .sharpness = 2});
    check(b, (struct attention_case){heads, kv_heads, size, 5, 5, CAUSAL, .sharpness = 2});
    check(b, (struct attention_case){heads, kv_heads, size, 17, 128, CAUSAL, .sharpness = 2});
    check(b, (struct attention_case){heads, kv_heads, size, 17, 99, WINDOW, .sharpness = 2});
    check(b, (struct attention_case){heads, kv_heads, size, 9, 41, SINGLE, .sharpness = 2});
    check(b, (struct attention_case){heads, kv_heads, size, 33, 33, ALL, .sharpness = 2});
}

static void heads_of_every_size_attend(void **state)
{
    static const uint32_t sizes[] = {8, 32, 64, 72, 80, 96, 128, 256};
    for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++)
        if (bench_thorough(*state) || sizes[i] == 72 || sizes[i] == 128)
            check_ranges(*state, 2, 2, sizes[i]);
}

static void query_heads_share_a_kv_head(void **state)
{
    check_ranges(*state, 6, 2, 64);
    if (!bench_thorough(*state))
        return;
    check_ranges(*state, 4, 1, 64);
    check_ranges(*state, 16, 2, 64);
    check_ranges(*state, 16, 1, 128); // a group of more than a tile of the cpu shape
}

// Scores of hundreds: without a running maximum their powers would overflow.
static void sharp_scores_do_not_overflow(void **state)
{
    check(*state, (struct attention_case){2, 2, 64, 5, 100, CAUSAL, .sharpness = 100});
    check(*state, (struct attention_case){2, 2, 64, 1, 100, ALL, .sharpness = 1000});
}

// A software device ends the loops of an invocation, all together, at 65,535 turns and says
// nothing: there the gpu shape, which needs more of them, must refuse.
static void many_keys_are_all_seen_or_refused(void **state)
{
    bool gpu = bench_profile(*state)->shape == VK_SHAPE_GPU;
    uint32_t keys = gpu ? 12345 : 70000;
    check(*state, (struct attention_case){1, 1, 64, 1, keys, ALL, .sharpness = 2});
    check(*state, (struct attention_case){4, 1, 128, 1, keys, ALL, .sharpness = 2});
    if (bench_profile(*state)->type != VK_TYPE_CPU)
        return;
    struct bench *b = *state;
    struct error e;
    struct plan *p = bench_plan(b);
    plan_tensor t = plan_external(p, bench_tensor(b, 1024)->slice);
    kernel_attention(p, &(struct attention){.q = t,
                                            .y = t,
                                            .cache = t,
                                            .positions = gpu ? 131072 : 1 << 20,
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
        cmocka_unit_test(query_heads_share_a_kv_head),
        cmocka_unit_test(sharp_scores_do_not_overflow),
        cmocka_unit_test(many_keys_are_all_seen_or_refused),
    };
    return bench_run("attention", tests, sizeof(tests) / sizeof(*tests));
}
