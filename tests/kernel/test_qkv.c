// The rows of Q, K and V: one gemv, or gemm and rotate, into q and the KV cache, in one matrix or
// three. Positions go to slots out of order; every half of the cache that is not one of theirs
// stays as it is.
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

enum { POSITIONS = 2 * KV_BLOCK, INNER = 96, X_COLUMN = 1, COLUMNS_MOST = 9 };
static const uint32_t slots[COLUMNS_MOST] = {63, 5, 127, 0, 64, 11, 70, 8, 17};
static const double bound = 1e-10;

enum norms { NONE, RMS, LAYER };
struct qkv_case {
    uint32_t heads, kv_heads, size, columns, n_parts;
    enum quant_type types[3]; // of the parts
    enum norms norm;
    bool cut;            // the matrices are in pieces
    uint32_t cache_type; // CACHE_*

    uint32_t rows[3]; // of the parts
    uint32_t q_rows, kv_rows;
    struct test_matrix *m[3];
    struct tensor *x, *gain, *bias, *rotation, *slots, *q;
    struct test_cache cache;
};

static void make_case(struct bench *b, struct qkv_case *c)
{
    c->q_rows = c->heads * c->size;
    c->kv_rows = c->kv_heads * c->size;
    const uint32_t three[] = {c->q_rows, c->kv_rows, c->kv_rows};
    const uint32_t one[] = {c->q_rows + 2 * c->kv_rows, 0, 0};
    memcpy(c->rows, c->n_parts == 1 ? one : three, sizeof(c->rows));
    for (uint32_t i = 0; i < c->n_parts; i++)
        c->m[i] = bench_matrix(b, c->types[i], c->rows[i], INNER, false);
    for (uint32_t i = 0; c->cut && i < c->n_parts; i++)
        bench_cut(b, c->m[i], 64);
    c->x = bench_tensor(b, (X_COLUMN + c->columns) * INNER * sizeof(float));
    bench_fill(b, c->x->f + X_COLUMN * INNER, c->columns * INNER);
    c->gain = bench_tensor(b, INNER * sizeof(float));
    c->bias = bench_tensor(b, INNER * sizeof(float));
    bench_fill(b, c->gain->f, INNER);
    bench_fill(b, c->bias->f, INNER);
    c->rotation = bench_tensor(b, c->columns * c->size * sizeof(float));
    for (uint32_t i = 0; i < c->columns * c->size; i += 2) {
        float angle = 10 * bench_random(b);
        c->rotation->f[i] = cosf(angle);
        c->rotation->f[i + 1] = sinf(angle);
    }
    c->slots = bench_tensor(b, c->columns * sizeof(uint32_t));
    memcpy(c->slots->u, slots, c->columns * sizeof(uint32_t));
    c->q = bench_tensor(b, (uint64_t)c->columns * c->q_rows * sizeof(float));
    c->cache = bench_cache(b, c->cache_type, POSITIONS, c->kv_heads, c->size);
}

static void run(struct bench *b, struct qkv_case *c)
{
    struct plan *p = bench_plan(b);
    struct norm norm = {.gain = c->gain->slice, .size = INNER, .eps = 1e-5f};
    if (c->norm == LAYER)
        norm.bias = c->bias->slice;
    struct matmul parts[3];
    plan_tensor x = plan_external(p, c->x->slice), q = plan_external(p, c->q->slice);
    for (uint32_t i = 0; i < c->n_parts; i++)
        parts[i] = (struct matmul){.matrix = &c->m[i]->matrix,
                                   .columns = c->columns,
                                   .x = x,
                                   .x_stride = INNER,
                                   .x_column = X_COLUMN,
                                   .y = q,
                                   .norm = c->norm == NONE ? NULL : &norm};
    kernel_qkv(p, parts, c->n_parts,
               &(struct qkv){.rotation = plan_external(p, c->rotation->slice),
                             .slots = plan_external(p, c->slots->slice),
                             .cache = plan_external(p, c->cache.tensor->slice),
                             .cache_type = c->cache_type,
                             .positions = POSITIONS,
                             .q_rows = c->q_rows,
                             .kv_rows = c->kv_rows,
                             .head_size = c->size});
    bench_plan_run(b, p, (struct tensor *[]){c->q, c->cache.tensor}, 2);
}

// Q, K and V of a column, one behind the other.
static void reference_column(const struct qkv_case *c, uint32_t column, double *want)
{
    double x[INNER];
    for (uint32_t i = 0; i < INNER; i++)
        x[i] = c->x->f[(X_COLUMN + column) * INNER + i];
    if (c->norm == RMS)
        reference_rms_norm(x, c->gain->f, INNER, 1e-5, x);
    if (c->norm == LAYER)
        reference_layer_norm(x, c->gain->f, c->bias->f, INNER, 1e-5, x);
    double *to = want;
    for (uint32_t i = 0; i < c->n_parts; to += c->rows[i++]) {
        reference_matmul(c->m[i]->values, c->rows[i], INNER, x, 1, to);
        for (uint32_t r = 0; r < c->rows[i]; r++)
            to[r] += c->m[i]->bias[r];
    }
    reference_rotate(want, c->rotation->f + column * c->size, c->heads + c->kv_heads, c->size);
}

// Takes a half or a byte out of the cache, leaving the poison of a fresh tensor, which no case may
// see there twice.
static float take_half(struct tensor *cache, uint64_t at)
{
    float v = quant_f16_to_f32(cache->h[at]);
    cache->h[at] = 0x7fc0;
    return v;
}

static int take_byte(struct tensor *cache, uint64_t at)
{
    int v = (int8_t)cache->bytes[at];
    cache->bytes[at] = at % 2 ? 0x7f : 0xc0;
    return v;
}

static void compare_halves(const struct qkv_case *c, bool value, uint32_t p, uint32_t h,
                           const double *want)
{
    for (uint32_t d = 0; d < c->size; d++) {
        float got = take_half(c->cache.tensor, bench_cache_at(&c->cache, value, p, h, d));
        if (!(fabs(got - want[d]) <= fabs(want[d]) * 0x1p-10 + 1e-5)) // rounded either way
            fail_msg("cache, position %u, head %u, %u: %g, not %g", p, h, d, got, want[d]);
    }
}

// d = max |v| / 127 of 32 values, as a half; v / d rounded to a byte.
static void compare_quants(const struct qkv_case *c, bool value, uint32_t p, uint32_t h,
                           const double *want)
{
    double scale = 0;
    for (uint32_t d = 0; d < c->size; d++) {
        if (d % 32 == 0) {
            scale = 0;
            for (uint32_t i = d; i < d + 32 && i < c->size; i++)
                scale = fmax(scale, fabs(want[i]) / 127);
            float got = take_half(c->cache.tensor, bench_cache_scale_at(&c->cache, value, p, h, d));
            if (!(fabs(got - scale) <= scale * 0x1p-10 + 1e-7))
                fail_msg("scale, position %u, head %u, %u: %g, not %g", p, h, d, got, scale);
        }
        int got = take_byte(c->cache.tensor, bench_cache_at(&c->cache, value, p, h, d));
        if (!(fabs(got - want[d] / scale) <= 0.5 + 1e-5 / scale))
            fail_msg("cache, position %u, head %u, %u: %d, not %g", p, h, d, got, want[d] / scale);
    }
}

static void compare_column(struct bench *b, const struct qkv_case *c, uint32_t column)
{
    double *want = test_malloc((c->q_rows + 2 * c->kv_rows) * sizeof(double));
    reference_column(c, column, want);
    bench_compare(b, c->q->f + (size_t)column * c->q_rows, want, c->q_rows, bound, "q of column %u",
                  column);
    for (uint32_t i = 0; i < 2 * c->kv_heads; i++) {
        const double *head = want + c->q_rows + i * c->size;
        bool value = i >= c->kv_heads;
        if (c->cache_type == CACHE_F16)
            compare_halves(c, value, slots[column], i % c->kv_heads, head);
        else
            compare_quants(c, value, slots[column], i % c->kv_heads, head);
    }
    test_free(want);
}

static void check(struct bench *b, struct qkv_case c)
{
    make_case(b, &c);
    run(b, &c);
    for (uint32_t i = 0; i < c.columns; i++)
        compare_column(b, &c, i);
    for (size_t i = 0; i < c.cache.parts.size / sizeof(float); i++)
        assert_true(bench_untouched(c.cache.tensor->f[i]));
    bench_clear(b);
}

static void one_column_is_rotated_and_kept(void **state)
{
    check(*state, (struct qkv_case){4, 4, 32, 1, 1, {QUANT_F16}, .norm = NONE});
    check(*state, (struct qkv_case){8, 1, 72, 1, 1, {QUANT_Q4_0}, .norm = RMS});
    check(*state, (struct qkv_case){6, 2, 80, 1, 1, {QUANT_Q8_0}, .norm = LAYER});
    if (bench_thorough(*state)) {
        check(*state, (struct qkv_case){3, 3, 64, 1, 1, {QUANT_F32}, .norm = RMS});
        check(*state, (struct qkv_case){3, 3, 64, 1, 1, {QUANT_BF16}, .norm = RMS});
        check(*state, (struct qkv_case){3, 3, 64, 1, 1, {QUANT_Q4_1}, .norm = RMS});
        check(*state, (struct qkv_case){3, 3, 64, 1, 1, {QUANT_Q5_0}, .norm = RMS});
        check(*state, (struct qkv_case){3, 3, 64, 1, 1, {QUANT_Q5_1}, .norm = RMS});
    }
}

static void many_columns_are_rotated_and_kept(void **state)
{
    check(*state, (struct qkv_case){4, 4, 32, 2, 1, {QUANT_F16}, .norm = NONE});
    check(*state, (struct qkv_case){8, 1, 72, 9, 1, {QUANT_Q4_0}, .norm = RMS});
    check(*state, (struct qkv_case){6, 2, 80, 5, 1, {QUANT_F16}, .norm = LAYER});
}

static void q_k_and_v_may_be_matrices_of_different_types(void **state)
{
    const enum quant_type types[] = {QUANT_Q4_0, QUANT_F16, QUANT_Q8_0};
    for (uint32_t columns = 1; columns <= 3; columns += 2) {
        struct qkv_case c = {9, 3, 64, columns, 3, {types[0], types[1], types[2]}, .norm = RMS};
        check(*state, c);
    }
}

static void q_k_and_v_may_be_matrices_in_pieces(void **state)
{
    for (uint32_t columns = 1; columns <= 3; columns += 2) {
        check(*state,
              (struct qkv_case){5, 1, 40, columns, 1, {QUANT_Q4_0}, .norm = RMS, .cut = true});
        struct qkv_case c = {
            9, 3, 64, columns, 3, {QUANT_Q4_0, QUANT_F16, QUANT_Q8_0}, .norm = RMS, .cut = true};
        check(*state, c);
    }
}

static void a_quantised_cache_is_written(void **state)
{
    static const uint32_t sizes[] = {16, 64, 80, 96, 128};
    for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++)
        for (uint32_t columns = 1; columns <= 9; columns += 4)
            check(*state, (struct qkv_case){6,
                                            2,
                                            sizes[i],
                                            columns,
                                            1,
                                            {QUANT_F16},
                                            .norm = RMS,
                                            .cache_type = CACHE_Q8_0});
    const enum quant_type types[] = {QUANT_Q4_0, QUANT_F16, QUANT_Q8_0};
    check(
        *state,
        (struct qkv_case){
            5, 5, 80, 1, 3, {types[0], types[1], types[2]}, .norm = RMS, .cache_type = CACHE_Q8_0});
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_column_is_rotated_and_kept),
        cmocka_unit_test(many_columns_are_rotated_and_kept),
        cmocka_unit_test(a_quantised_cache_is_written),
        cmocka_unit_test(q_k_and_v_may_be_matrices_of_different_types),
        cmocka_unit_test(q_k_and_v_may_be_matrices_in_pieces),
    };
    return bench_run("qkv", tests, sizeof(tests) / sizeof(*tests));
}
