#include "bench_attention.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "engine/compute/reference.h"
#include "engine/model/quant.h"

enum { Y_MORE = 3 }; // floats behind each column of y that are not written
static const double bound = 5e-11;

struct made {
    struct attention_case c;
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
static void keep_head(const struct made *m, bool value, uint32_t p, uint32_t h, float *v)
{
    const struct test_cache *cache = &m->cache;
    float scale = 0;
    for (uint32_t d = 0; d < m->c.size; d++) {
        uint64_t at = bench_cache_at(cache, value, p, h, d);
        if (m->c.cache_type == CACHE_F16) {
            v[d] = as_half(v[d]);
            cache->tensor->h[at] = quant_f32_to_f16(v[d]);
            continue;
        }
        if (d % 32 == 0) {
            float most = 0;
            for (uint32_t i = d; i < d + 32 && i < m->c.size; i++)
                most = fmaxf(most, fabsf(v[i]));
            scale = most / 127;
        }
        float n = roundf(v[d] / scale);
        cache->tensor->bytes[at] = (uint8_t)(int8_t)n;
        cache->tensor->h[bench_cache_scale_at(cache, value, p, h, d)] = quant_f32_to_f16(scale);
        v[d] = as_half(scale) * n;
    }
}

static void fill_cache(struct bench *b, struct made *m)
{
    uint32_t positions = (m->c.keys + KV_BLOCK - 1) / KV_BLOCK * KV_BLOCK;
    if (m->c.positions > positions)
        positions = m->c.positions;
    size_t n = (size_t)m->c.keys * m->c.kv_heads * m->c.size;
    m->cache = bench_cache(b, m->c.cache_type, positions, m->c.kv_heads, m->c.size);
    m->k = test_malloc(n * sizeof(float));
    m->v = test_malloc(n * sizeof(float));
    bench_fill(b, m->k, n);
    bench_fill(b, m->v, n);
    float *k = m->k, *v = m->v;
    for (uint32_t p = 0; p < m->c.keys; p++)
        for (uint32_t h = 0; h < m->c.kv_heads; h++, k += m->c.size, v += m->c.size) {
            keep_head(m, false, p, h, k);
            keep_head(m, true, p, h, v);
        }
}

static void fill_ranges(const struct made *m)
{
    for (uint32_t i = 0; i < m->c.columns; i++) {
        uint32_t *range = m->seen->u + 2 * i, last = m->c.keys - m->c.columns + i;
        range[0] = m->c.ranges == WINDOW && last > 6 ? last - 6 : 0;
        range[1] = last + 1;
        if (m->c.ranges == SINGLE)
            range[0] = last;
        if (m->c.ranges == ALL)
            range[1] = m->c.keys;
    }
}

static void make(struct bench *b, struct made *m)
{
    uint32_t width = m->c.heads * m->c.size;
    m->seen = bench_tensor(b, m->c.columns * 2 * sizeof(uint32_t));
    m->q = bench_tensor(b, (uint64_t)m->c.columns * (width + 8) * sizeof(float));
    m->y = bench_tensor(b, (uint64_t)(m->c.columns + 1) * (width + Y_MORE) * sizeof(float));
    fill_cache(b, m);
    fill_ranges(m);
    for (uint32_t i = 0; i < m->c.columns; i++)
        for (uint32_t j = 0; j < width; j++)
            m->q->f[i * (width + 8) + j] = m->c.sharpness * bench_random(b);
}

static void run(struct bench *b, const struct made *m)
{
    struct plan *p = bench_plan(b);
    struct attention a = {.q = plan_external(p, m->q->slice),
                          .y = plan_external(p, m->y->slice),
                          .cache = plan_external(p, m->cache.tensor->slice),
                          .cache_type = m->c.cache_type,
                          .positions = m->cache.positions,
                          .ranges = plan_external(p, m->seen->slice),
                          .columns = m->c.columns,
                          .keys = m->c.keys,
                          .heads = m->c.heads,
                          .kv_heads = m->c.kv_heads,
                          .head_size = m->c.size,
                          .q_stride = m->c.heads * m->c.size + 8,
                          .y_stride = m->c.heads * m->c.size + Y_MORE};
    uint64_t size = kernel_attention_shared(bench_profile(b), &a);
    plan_tensor shared = plan_scratch(p, size ? size : 4);
    a.shared = size ? &shared : NULL;
    if (size)
        plan_zero(p, shared);
    struct attention before = a; // leaves what is shared as it found it
    before.y = plan_scratch(p, m->y->slice.size);
    kernel_attention(p, &before);
    kernel_attention(p, &a);
    bench_plan_run(b, p, (struct tensor *[]){m->y}, 1);
}

static double *reference_of(const struct made *m)
{
    uint32_t width = m->c.heads * m->c.size;
    double *q = test_malloc((size_t)m->c.columns * width * sizeof(double));
    double *want = test_malloc((size_t)m->c.columns * width * sizeof(double));
    for (uint32_t i = 0; i < m->c.columns * width; i++)
        q[i] = m->q->f[i / width * (width + 8) + i % width];
    reference_attention(&(struct reference_attention){.q = q,
                                                      .k = m->k,
                                                      .v = m->v,
                                                      .ranges = (const void *)m->seen->u,
                                                      .columns = m->c.columns,
                                                      .heads = m->c.heads,
                                                      .kv_heads = m->c.kv_heads,
                                                      .size = m->c.size},
                        want);
    test_free(q);
    return want;
}

void bench_attention(struct bench *b, const struct attention_case *c, float *bits)
{
    uint32_t width = c->heads * c->size;
    struct made m = {.c = *c};
    make(b, &m);
    run(b, &m);
    double *want = reference_of(&m);
    for (uint32_t i = 0; i < c->columns; i++) {
        const float *got = m.y->f + (size_t)i * (width + Y_MORE);
        bench_compare(
            b, got, want + (size_t)i * width, width, bound,
            "%u heads, %u kv heads, size %u, column %u of %u, %u keys, ranges %d, cache %u",
            c->heads, c->kv_heads, c->size, i, c->columns, c->keys, c->ranges, c->cache_type);
        for (uint32_t j = 0; j < Y_MORE; j++)
            assert_true(bench_untouched(got[width + j]));
        if (bits)
            memcpy(bits + (size_t)i * width, got, width * sizeof(float));
    }
    for (uint32_t j = 0; j < width + Y_MORE; j++)
        assert_true(bench_untouched(m.y->f[(size_t)c->columns * (width + Y_MORE) + j]));
    test_free(want);
    test_free(m.k);
    test_free(m.v);
    bench_clear(b);
}
