// gemv and gemm: all types, modes and activations at sizes off every tile boundary, against the
// reference. The columns and rows around what is read and written are NaN, and must stay so.
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
#include "engine/model/repack.h"

enum { X_COLUMN = 2, Y_COLUMN = 1, Y_ROW = 3, PIECE = 64 };
static const double bound = 1e-9, rounded_bound = 5e-6;
static const double eps = 1e-5;

struct kind {
    enum quant_type type;
    uint32_t mode, act;
    bool norm;
    bool cut; // the matrix is in pieces
};
struct shape {
    uint32_t rows, inner, columns; // rows of the result
};
struct matmul_case {
    struct kind kind;
    struct shape shape;
    uint32_t matrix_rows, x_stride, y_stride;
    struct test_matrix *m;
    struct tensor *x, *y, *gain;
};

static uint32_t whole_blocks(uint32_t n)
{
    return (n + 31) / 32 * 32;
}

static void make_case(struct bench *b, struct matmul_case *c)
{
    const struct shape *s = &c->shape;
    bool paired = c->kind.mode == MODE_GATE;
    c->matrix_rows = paired ? s->rows * 2 : s->rows;
    c->x_stride = whole_blocks(s->inner) + 32;
    c->y_stride = s->rows + Y_ROW + 2;
    c->m = bench_matrix(b, c->kind.type, c->matrix_rows, s->inner, paired);
    if (c->kind.cut)
        bench_cut(b, c->m, PIECE);
    c->x = bench_tensor(b, (uint64_t)(X_COLUMN + s->columns + 1) * c->x_stride * sizeof(float));
    c->y = bench_tensor(b, (uint64_t)(Y_COLUMN + s->columns + 1) * c->y_stride * sizeof(float));
    c->gain = bench_tensor(b, (s->inner + 3) / 4 * 4 * sizeof(float));
    bench_fill(b, c->gain->f, (s->inner + 3) / 4 * 4);
    for (uint32_t i = 0; i < s->columns; i++) {
        float *column = c->x->f + (size_t)(X_COLUMN + i) * c->x_stride;
        bench_fill(b, column, s->inner);
        memset(column + s->inner, 0, (whole_blocks(s->inner) - s->inner) * sizeof(float));
        if (c->kind.mode == MODE_RESIDUAL)
            bench_fill(b, c->y->f + (size_t)(Y_COLUMN + i) * c->y_stride + Y_ROW, s->rows);
    }
}

// What one column of y is to become: `product` has matrix_rows values, `y` what is there before.
static void reference_epilogue(const struct matmul_case *c, const double *product, const float *y,
                               double *want)
{
    for (uint32_t r = 0; r < c->shape.rows; r++) {
        double v = product[r] + c->m->bias[r];
        switch (c->kind.mode) {
        case MODE_STORE:
            want[r] = reference_activation(c->kind.act, v);
            break;
        case MODE_RESIDUAL:
            want[r] = y[r] + v;
            break;
        default:
            want[r] = reference_silu(product[r]) * product[c->shape.rows + r];
        }
    }
}

static double *reference_of(const struct matmul_case *c)
{
    const struct shape *s = &c->shape;
    double *x = test_malloc((size_t)s->columns * s->inner * sizeof(double));
    double *product = test_malloc((size_t)s->columns * c->matrix_rows * sizeof(double));
    double *want = test_malloc((size_t)s->columns * s->rows * sizeof(double));
    for (uint32_t i = 0; i < s->columns; i++) {
        double *column = x + (size_t)i * s->inner;
        for (uint32_t j = 0; j < s->inner; j++)
            column[j] = c->x->f[(size_t)(X_COLUMN + i) * c->x_stride + j];
        if (c->kind.norm)
            reference_rms_norm(column, c->gain->f, s->inner, eps, column);
    }
    reference_matmul(c->m->values, c->matrix_rows, s->inner, x, s->columns, product);
    for (uint32_t i = 0; i < s->columns; i++)
        reference_epilogue(c, product + (size_t)i * c->matrix_rows,
                           c->y->f + (size_t)(Y_COLUMN + i) * c->y_stride + Y_ROW,
                           want + (size_t)i * s->rows);
    test_free(product);
    test_free(x);
    return want;
}

static void run(struct bench *b, const struct matmul_case *c)
{
    struct plan *p = bench_plan(b);
    struct norm norm = {.gain = c->gain->slice, .size = c->shape.inner, .eps = (float)eps};
    struct matmul m = {.matrix = &c->m->matrix,
                       .columns = c->shape.columns,
                       .x = plan_external(p, c->x->slice),
                       .x_stride = c->x_stride,
                       .x_column = X_COLUMN,
                       .y = plan_external(p, c->y->slice),
                       .y_stride = c->y_stride,
                       .y_column = Y_COLUMN,
                       .y_row = Y_ROW,
                       .mode = c->kind.mode,
                       .act = c->kind.act,
                       .norm = c->kind.norm ? &norm : NULL};
    kernel_matmul(p, &m);
    bench_plan_run(b, p, (struct tensor *[]){c->y}, 1);
}

// The values of y without what lies around them, which must be untouched.
static float *results(const struct matmul_case *c)
{
    float *got = test_malloc((size_t)c->shape.columns * c->shape.rows * sizeof(float));
    float *to = got;
    for (size_t i = 0; i < c->y->slice.size / sizeof(float); i++) {
        size_t column = i / c->y_stride - Y_COLUMN, row = i % c->y_stride - Y_ROW;
        if (column < c->shape.columns && row < c->shape.rows)
            *to++ = c->y->f[i];
        else
            assert_true(bench_untouched(c->y->f[i]));
    }
    return got;
}

static void check(struct bench *b, struct kind kind, struct shape shape)
{
    struct matmul_case c = {.kind = kind, .shape = shape};
    make_case(b, &c);
    double *want = reference_of(&c);
    run(b, &c);
    float *got = results(&c);
    // Sums of very many floats, one after the other, are as good as floats allow. What is held as
    // another type has rounded scales.
    double most = repack_type(kind.type) != kind.type ? rounded_bound : bound;
    bench_compare(b, got, want, (size_t)shape.columns * shape.rows,
                  shape.inner > 10000 ? 10 * most : most,
                  "type %d, mode %u, activation %u, %u x %u, %u columns", kind.type, kind.mode,
                  kind.act, shape.rows, shape.inner, shape.columns);
    test_free(got);
    test_free(want);
    bench_clear(b);
}

#define COUNT(list) (sizeof(list) / sizeof(*(list)))

static const enum quant_type types[] = {QUANT_F32,  QUANT_F16,    QUANT_BF16,  QUANT_Q4_0,
                                        QUANT_Q4_1, QUANT_Q5_0,   QUANT_Q5_1,  QUANT_Q8_0,
                                        QUANT_Q2_K, QUANT_Q3_K,   QUANT_Q4_K,  QUANT_Q5_K,
                                        QUANT_Q6_K, QUANT_IQ4_NL, QUANT_IQ4_XS};

static const struct shape vectors[] = {
    {1, 32, 1}, {3, 96, 1}, {33, 576, 1}, {65, 32, 1}, {100, 96, 1},
};
static const struct shape matrices[] = {
    {1, 32, 2}, {3, 96, 7}, {33, 576, 9}, {65, 96, 17}, {100, 32, 65},
};

static void check_shapes(struct bench *b, struct kind kind, const struct shape *shapes, size_t n)
{
    uint32_t block = quant_find(kind.type)->elems;
    for (size_t i = 0; i < n; i++) {
        struct shape s = shapes[i];
        s.inner = (s.inner + block - 1) / block * block;
        check(b, kind, s);
    }
    // Rows of floats may end inside a block.
    if (kind.type == QUANT_F32 || kind.type == QUANT_F16 || kind.type == QUANT_BF16) {
        check(b, kind, (struct shape){33, 588, shapes[0].columns});
        check(b, kind, (struct shape){5, 7, shapes[0].columns});
    }
}

// A second of compiling for each gemm of the gpu shape, a tenth for others: what is left out
// differs from what is run by nothing but constants.
static bool wanted(const struct bench *b, const struct kind *k, uint32_t columns)
{
    bool plain = k->mode == MODE_STORE && k->act == ACT_NONE;
    bool gpu = bench_profile(b)->shape == VK_SHAPE_GPU;
    if (k->type == QUANT_Q4_0)
        return true;
    if (!bench_thorough(b))
        return plain && !gpu;
    if (quant_find(k->type)->elems == 256 || k->type == QUANT_IQ4_NL)
        return plain;
    return plain || !gpu || columns == 1 || k->type == QUANT_F16;
}

static void check_types(struct bench *b, struct kind kind, const struct shape *shapes, size_t n)
{
    for (size_t i = 0; i < COUNT(types); i++) {
        kind.type = types[i];
        if (wanted(b, &kind, shapes[0].columns))
            check_shapes(b, kind, shapes, n);
    }
}

static void a_matrix_times_a_vector_is_stored(void **state)
{
    check_types(*state, (struct kind){.mode = MODE_STORE}, vectors, COUNT(vectors));
}

static void a_matrix_times_a_vector_is_added(void **state)
{
    check_types(*state, (struct kind){.mode = MODE_RESIDUAL}, vectors, COUNT(vectors));
}

static void a_gated_pair_of_matrices_takes_a_normalised_vector(void **state)
{
    check_types(*state, (struct kind){.mode = MODE_GATE, .norm = true}, vectors, COUNT(vectors));
}

static void a_matrix_times_columns_is_stored(void **state)
{
    check_types(*state, (struct kind){.mode = MODE_STORE}, matrices, COUNT(matrices));
}

static void a_matrix_times_columns_is_added(void **state)
{
    check_types(*state, (struct kind){.mode = MODE_RESIDUAL}, matrices, COUNT(matrices));
}

static void a_gated_pair_of_matrices_takes_normalised_columns(void **state)
{
    check_types(*state, (struct kind){.mode = MODE_GATE, .norm = true}, matrices, COUNT(matrices));
}

static void activations_follow_their_formulas(void **state)
{
    for (uint32_t act = ACT_QUICK_GELU; act <= ACT_GELU; act++) {
        struct kind kind = {.type = QUANT_F16, .mode = MODE_STORE, .act = act};
        check(*state, kind, (struct shape){100, 96, 1});
        if (wanted(*state, &kind, 17))
            check(*state, kind, (struct shape){33, 96, 17});
    }
}

// Every piece with its rows of the result and of the bias.
static void a_matrix_in_pieces_gives_the_same(void **state)
{
    static const uint32_t modes[] = {MODE_STORE, MODE_RESIDUAL, MODE_GATE};
    for (size_t i = 0; i < COUNT(modes); i++) {
        struct kind kind = {
            .type = QUANT_Q4_0, .mode = modes[i], .norm = modes[i] == MODE_GATE, .cut = true};
        check(*state, kind, (struct shape){150, 96, 1});
        check(*state, kind, (struct shape){150, 96, 9});
    }
    check(*state, (struct kind){.type = QUANT_F16, .mode = MODE_STORE, .cut = true},
          (struct shape){64 + 1, 96, 1});
}

// A software device ends the loops of an invocation, all together, at 65,535 turns and says
// nothing.
static void long_rows_are_multiplied_to_their_end(void **state)
{
    static const enum quant_type some[] = {QUANT_F32, QUANT_Q4_0};
    for (size_t i = 0; i < COUNT(some); i++) {
        struct kind kind = {.type = some[i], .mode = MODE_STORE};
        check(*state, kind, (struct shape){3, 131072, 1});
        if (wanted(*state, &kind, 2))
            check(*state, kind, (struct shape){3, 65536, 2});
        kind.norm = true;
        if (wanted(*state, &kind, 1))
            check(*state, kind, (struct shape){3, 131072, 1});
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_matrix_times_a_vector_is_stored),
        cmocka_unit_test(a_matrix_times_a_vector_is_added),
        cmocka_unit_test(a_gated_pair_of_matrices_takes_a_normalised_vector),
        cmocka_unit_test(a_matrix_times_columns_is_stored),
        cmocka_unit_test(a_matrix_times_columns_is_added),
        cmocka_unit_test(a_gated_pair_of_matrices_takes_normalised_columns),
        cmocka_unit_test(a_matrix_in_pieces_gives_the_same),
        cmocka_unit_test(long_rows_are_multiplied_to_their_end),
        cmocka_unit_test(activations_follow_their_formulas),
    };
    return bench_run("matmul", tests, COUNT(tests));
}
