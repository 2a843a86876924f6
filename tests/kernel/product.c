#include "product.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "engine/compute/reference.h"

enum { X_COLUMN = 2, Y_COLUMN = 1, Y_ROW = 3, PIECE = 64 };
static const double eps = 1e-5;

static uint32_t whole_blocks(uint32_t n)
{
    return (n + 31) / 32 * 32;
}

float *product_column(const struct product *c, uint32_t column)
{
    return c->x->f + (size_t)(X_COLUMN + column) * c->x_stride;
}

static float *result_column(const struct product *c, uint32_t column)
{
    return c->y->f + (size_t)(Y_COLUMN + column) * c->y_stride + Y_ROW;
}

const struct shape product_shapes[PRODUCT_SHAPES] = {
    {1, 32, 2}, {3, 96, 7}, {33, 576, 9}, {65, 96, 17}, {100, 32, 65}, {70, 160, 300},
};

struct product product_make(struct bench *b, struct kind kind, struct shape shape)
{
    uint32_t block = quant_find(kind.type)->elems;
    shape.inner = (shape.inner + block - 1) / block * block;
    bool paired = kind.mode == MODE_GATE;
    struct product c = {.kind = kind,
                        .shape = shape,
                        .matrix_rows = paired ? shape.rows * 2 : shape.rows,
                        .x_stride = whole_blocks(shape.inner) + 32,
                        .y_stride = shape.rows + Y_ROW + 2};
    c.m = bench_matrix(b, kind.type, c.matrix_rows, shape.inner, paired);
    if (kind.cut)
        bench_cut(b, c.m, PIECE);
    c.x = bench_tensor(b, (uint64_t)(X_COLUMN + shape.columns + 1) * c.x_stride * sizeof(float));
    c.y = bench_tensor(b, (uint64_t)(Y_COLUMN + shape.columns + 1) * c.y_stride * sizeof(float));
    c.gain = bench_tensor(b, (shape.inner + 3) / 4 * 4 * sizeof(float));
    bench_fill(b, c.gain->f, (shape.inner + 3) / 4 * 4);
    c.norm = (struct norm){.gain = c.gain->slice, .size = shape.inner, .eps = (float)eps};
    for (uint32_t i = 0; i < shape.columns; i++) {
        float *column = product_column(&c, i);
        bench_fill(b, column, shape.inner);
        memset(column + shape.inner, 0, (whole_blocks(shape.inner) - shape.inner) * sizeof(float));
        if (kind.mode == MODE_RESIDUAL)
            bench_fill(b, result_column(&c, i), shape.rows);
    }
    return c;
}

struct matmul product_op(const struct product *c, struct plan *p)
{
    return (struct matmul){.matrix = &c->m->matrix,
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
                           .norm = c->kind.norm ? &c->norm : NULL};
}

void product_run(struct bench *b, const struct product *c)
{
    struct plan *p = bench_plan(b);
    struct matmul m = product_op(c, p);
    kernel_matmul(p, &m);
    bench_plan_run(b, p, (struct tensor *[]){c->y}, 1);
}

double *product_x(const struct product *c)
{
    uint32_t inner = c->shape.inner;
    double *x = test_malloc((size_t)c->shape.columns * inner * sizeof(double));
    for (uint32_t i = 0; i < c->shape.columns; i++) {
        double *column = x + (size_t)i * inner;
        for (uint32_t j = 0; j < inner; j++)
            column[j] = product_column(c, i)[j];
        if (c->kind.norm)
            reference_rms_norm(column, c->gain->f, inner, eps, column);
    }
    return x;
}

// What one column of y is to become: `product` has matrix_rows values, `y` what is there before.
static void reference_epilogue(const struct product *c, const double *product, const float *y,
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

double *product_reference(const struct product *c, const double *x)
{
    const struct shape *s = &c->shape;
    double *product = test_malloc((size_t)s->columns * c->matrix_rows * sizeof(double));
    double *want = test_malloc((size_t)s->columns * s->rows * sizeof(double));
    reference_matmul(c->m->values, c->matrix_rows, s->inner, x, s->columns, product);
    for (uint32_t i = 0; i < s->columns; i++)
        reference_epilogue(c, product + (size_t)i * c->matrix_rows, result_column(c, i),
                           want + (size_t)i * s->rows);
    test_free(product);
    return want;
}

float *product_results(const struct product *c)
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

float *product_outcome(struct bench *b, const struct product *c)
{
    float *before = test_malloc(c->y->slice.size);
    memcpy(before, c->y->f, c->y->slice.size);
    product_run(b, c);
    float *got = product_results(c);
    memcpy(c->y->f, before, c->y->slice.size);
    test_free(before);
    return got;
}

void product_compare(struct bench *b, const struct product *c, const double *x, const float *got,
                     double bound, const char *what)
{
    const struct shape *s = &c->shape;
    double *want = product_reference(c, x);
    bench_compare(b, got, want, (size_t)s->columns * s->rows, bound,
                  "%s: type %d, mode %u, activation %u, %u x %u, %u columns", what, c->kind.type,
                  c->kind.mode, c->kind.act, s->rows, s->inner, s->columns);
    test_free(want);
}
