// norm: RMSNorm and LayerNorm of rows of any length against the reference.
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

enum { FIRST = 2 };
static const double bound = 1e-11;

struct norm_case {
    uint32_t size, stride, rows;
    bool centred;
    struct tensor *x, *y, *gain, *bias;
};

static uint32_t fours(uint32_t n)
{
    return (n + 3) / 4 * 4;
}

static void make_case(struct bench *b, struct norm_case *c)
{
    c->stride = fours(c->size) + 8;
    c->x = bench_tensor(b, (uint64_t)(FIRST + c->rows + 1) * c->stride * sizeof(float));
    c->y = bench_tensor(b, (uint64_t)(c->rows + 1) * c->stride * sizeof(float));
    c->gain = bench_tensor(b, fours(c->size) * sizeof(float));
    c->bias = bench_tensor(b, fours(c->size) * sizeof(float));
    bench_fill(b, c->gain->f, fours(c->size));
    bench_fill(b, c->bias->f, fours(c->size));
    for (uint32_t r = 0; r < c->rows; r++) {
        float *row = c->x->f + (size_t)(FIRST + r) * c->stride;
        bench_fill(b, row, fours(c->size)); // what pads a row to 4 values need not be zero
        for (uint32_t i = 0; i < c->size; i++)
            row[i] += 3; // far from centred
    }
}

static void check(struct bench *b, uint32_t size, uint32_t rows, bool centred)
{
    struct norm_case c = {.size = size, .rows = rows, .centred = centred};
    make_case(b, &c);
    struct norm n = {.gain = c.gain->slice, .size = size, .eps = 1e-5f};
    if (centred)
        n.bias = c.bias->slice;
    struct plan *p = bench_plan(b);
    kernel_norm(p, &n, plan_external(p, c.x->slice), FIRST, plan_external(p, c.y->slice), c.stride,
                rows);
    bench_plan_run(b, p, (struct tensor *[]){c.y}, 1);
    double *want = test_malloc(size * sizeof(double));
    for (uint32_t r = 0; r < rows; r++) {
        const float *got = c.y->f + (size_t)r * c.stride;
        for (uint32_t i = 0; i < size; i++)
            want[i] = c.x->f[(size_t)(FIRST + r) * c.stride + i];
        if (centred)
            reference_layer_norm(want, c.gain->f, c.bias->f, size, n.eps, want);
        else
            reference_rms_norm(want, c.gain->f, size, n.eps, want);
        bench_compare(b, got, want, size, bound, "size %u, row %u", size, r);
        for (uint32_t i = size; i < c.stride; i++)
            assert_true(got[i] == 0);
    }
    for (uint32_t i = 0; i < c.stride; i++)
        assert_true(bench_untouched(c.y->f[(size_t)rows * c.stride + i]));
    test_free(want);
    bench_clear(b);
}

static const uint32_t sizes[] = {3, 32, 100, 1026, 4096, 200001};

static void rms_norm_scales_rows(void **state)
{
    for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++)
        check(*state, sizes[i], i % 2 ? 5 : 1, false);
}

static void layer_norm_centres_and_scales_rows(void **state)
{
    for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++)
        check(*state, sizes[i], i % 2 ? 1 : 7, true);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(rms_norm_scales_rows),
        cmocka_unit_test(layer_norm_centres_and_scales_rows),
    };
    return bench_run("norm", tests, sizeof(tests) / sizeof(*tests));
}
