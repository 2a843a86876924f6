// attention against the reference: head sizes, groups, and ranges of keys, over a cache whose
// unused places hold NaNs.
#include <math.h>
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
    float sharpness;     // factor of q
    uint32_t cache_type; // CACHE_*

    struct test_cache cache;
    float *k, *v; // [keys][kv_heads][size]
    struct tensor *q, *seen, *y;
};

static float as_half(float v)
{
    return quant_f16_to_f32(quant_f32_to_f16(v));
}

// Keeps a head of K or V of a position, and puts what is kept of it back into `v`. The rule of
// q8_0: d = max |v| / 127 of 32 values, as a half; v = d * round(v / d).
static void keep_head(const struct attention_case *c, bool value, uint32_t p, uint32_t h, float *v)
{
    const struct test_cache *cache = &c->cache;
    float scale = 0;
    for (uint32_t d = 0; d < c->size; d++) {
        uint64_t at = bench_cache_at(cache, value, p, h, d);
        if (c->cache_type == CACHE_F16) {
            v[d] = as_half(v[d]);
            cache->tensor->h[at] = quant_f32_to_f16(v[d]);
            continue;
        }
        if (d % 32 == 0) {
            float most = 0;
            for (uint32_t i = d; i < d + 32 && i < c->size; i++)
                most = fmaxf(most, fabsf(v[i]));
            scale = most / 127;
        }
        float n = roundf(v[d] / scale);
        cache->tensor->bytes[at] = (uint8_t)(int8_t)n;
        cache->tensor->h[bench_cache_scale_at(cache, value, p, h, d)] = quant_f32_to_f16(scale);
        v[d] = as_half(scale) * n;
    }
}

static void fill_cache(struct bench *b, struct attention_case *c)
{
    uint32_t positions = (c->keys + KV_BLOCK - 1) / KV_BLOCK * KV_BLOCK;
    size_t n = (size_t)c->keys * c->kv_heads * c->size;
    c->cache = bench_cache(b, c->cache_type, positions, c->kv_heads, c->size);
    c->k = test_malloc(n * sizeof(float));
    c->v = test_malloc(n * sizeof(float));
    bench_fill(b, c->k, n);
    bench_fill(b, c->v, n);
    float *k = c->k, *v = c->v;
    for (uint32_t p = 0; p < c->keys; p++)
        for (uint32_t h = 0; h < c->kv_heads; h++, k += c->size, v += c->size) {
            keep_head(c, false, p, h, k);
            keep_head(c, true, p, h, v);
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
    struct attention a = {.q = plan_external(p, c->q->slice),
                          .y = plan_external(p, c->y->slice),
                          .cache = plan_external(p, c->cache.tensor->slice),
                          .cache_type = c->cache_type,
                          .positions = c->cache.positions,
                          .ranges = plan_external(p, c->seen->slice),
                          .columns = c->columns,
                          .keys = c->keys,
                          .heads = c->heads,
                          .kv_heads = c->kv_heads,
                          .head_size = c->size,
                          .q_stride = c->heads * c->size + 8,
                          .y_stride = c->heads * c->size + Y_MORE};
    uint64_t size = kernel_attention_shared(bench_profile(b), &a);
    plan_tensor shared = plan_scratch(p, size ? size : 4);
    a.shared = size ? &shared : NULL;
    if (size)
        plan_zero(p, shared);
    struct attention before = a; // leaves what is shared as it found it
    before.y = plan_scratch(p, c->y->slice.size);
    kernel_attention(p, &before);
    kernel_attention(p, &a);
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
        bench_compare(
            b, got, want + (size_t)i * width, width, bound,
            "%u heads, %u kv heads, size %u, column %u of %u, %u keys, ranges %d, cache %u",
            c.heads, c.kv_heads, c.size, i, c.columns, c.keys, c.ranges, c.cache_type);
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
        check(b, c);
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

// Ranges of keys that workgroups take apart, where the device has threads for them.
static void long_ranges_are_shared(void **state)
{
    static const uint32_t keys[] = {128, 129, 143, 300, 1500};
    for (uint32_t cache = CACHE_F16; cache <= CACHE_Q8_0; cache++)
        for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++) {
            struct attention_case c = {.heads = 3,
                                       .kv_heads = 1,
                                       .size = 64,
                                       .columns = 1,
                                       .keys = keys[i],
                                       .ranges = CAUSAL,
                                       .cache_type = cache,
                                       .sharpness = 5};
            check(*state, c);
            c.size = 80;
            c.heads = 1;
            check(*state, c);
            c.ranges = WINDOW;
            check(*state, c);
        }
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
    check(*state, (struct attention_case){4, 1, 64, 1, keys, ALL, .sharpness = 2,
                                          .cache_type = CACHE_Q8_0});
    if (bench_profile(*state)->type != VK_TYPE_CPU)
        return;
    struct bench *b = *state;
    struct error e;
    struct plan *p = bench_plan(b);
    plan_tensor t = plan_external(p, bench_tensor(b, 1024)->slice);
    kernel_attention(p, &(struct attention){.q = t,
                                            .y = t,
                                            .cache = t,
                                            .positions = gpu ? 131072 : 1 << 22,
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
        cmocka_unit_test(long_ranges_are_shared),
        cmocka_unit_test(sharp_scores_do_not_overflow),
        cmocka_unit_test(many_keys_are_all_seen_or_refused),
    };
    return bench_run("attention", tests, sizeof(tests) / sizeof(*tests));
}
