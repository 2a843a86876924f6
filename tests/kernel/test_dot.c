// gemm by packed dot products (PUMICE_GEMM=dot): x as bytes against the formula, and the product
// against the reference twice: of those very bytes, which finds every wrong scale and sum, and of x
// itself, which says what rounding it costs.
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "engine/compute/variants.h"
#include "product.h"

#define COUNT(list) (sizeof(list) / sizeof(*(list)))

// Of the values squared: a millionth of a value, and what bytes instead of floats may cost.
static const double exact = 1e-12, rounded = 5e-4;
static const float least = 1e-30F; // of x, that is more than zero

// ---- x as bytes

// A block of a column as the kernel left it: in `values` what it says.
static void check_block(const float *x, const int8_t *halves[2], const uint32_t *scale,
                        double *values)
{
    float d, most = 0;
    int sums[2] = {0};
    memcpy(&d, scale, sizeof(d));
    for (int i = 0; i < 32; i++)
        most = fmaxf(most, fabsf(x[i]));
    most = most > least ? most : 0;
    assert_true(fabs(d - most / 127.0) <= 4e-7 * d);
    for (int i = 0; i < 32; i++) {
        int q = halves[i / 16][i % 16];
        sums[i / 16] += q;
        values[i] = (double)d * q;
        assert_true(d > 0 ? fabs(x[i] / (double)d - q) <= 0.5 + 1e-4 : q == 0);
    }
    assert_true(quant_f16_to_f32((uint16_t)scale[1]) == (float)sums[0]);
    assert_true(quant_f16_to_f32((uint16_t)(scale[1] >> 16)) == (float)sums[1]);
}

// The product's x as quantize.comp makes it, checked.
static double *rounded_x(struct bench *b, const struct product *c)
{
    uint32_t n = c->shape.columns, blocks = c->shape.inner / 32;
    struct tensor *quants = bench_tensor(b, (uint64_t)n * blocks * 32);
    struct tensor *scales = bench_tensor(b, (uint64_t)n * blocks * 8);
    struct plan *p = bench_plan(b);
    struct matmul m = product_op(c, p);
    struct quantized q = kernel_quantize(p, &m);
    plan_copy(p, q.quants, 0, plan_external(p, quants->slice), 0, quants->slice.size);
    plan_copy(p, q.scales, 0, plan_external(p, scales->slice), 0, scales->slice.size);
    bench_plan_run(b, p, (struct tensor *[]){quants, scales}, 2);
    double *x = test_malloc((size_t)n * blocks * 32 * sizeof(*x));
    for (uint32_t i = 0; i < n; i++)
        for (uint32_t k = 0; k < blocks; k++) {
            const int8_t *bytes = (const int8_t *)quants->bytes;
            const int8_t *halves[2] = {bytes + ((size_t)(2 * k) * n + i) * 16,
                                       bytes + ((size_t)(2 * k + 1) * n + i) * 16};
            check_block(product_column(c, i) + 32 * k, halves, scales->u + ((size_t)k * n + i) * 2,
                        x + ((size_t)i * blocks + k) * 32);
        }
    return x;
}

// ---- products

static void check(struct bench *b, struct kind kind, struct shape shape)
{
    struct product c = product_make(b, kind, shape);
    assert_int_equal(gemm_variant(bench_device(b), c.m->matrix.type), GEMM_DOT);
    double *x = product_x(&c), *bytes = kind.norm ? NULL : rounded_x(b, &c);
    float *got = product_outcome(b, &c);
    product_compare(b, &c, x, got, rounded, "of x");
    if (bytes)
        product_compare(b, &c, bytes, got, exact, "of the bytes");
    test_free(got);
    test_free(x);
    if (bytes)
        test_free(bytes);
    bench_clear(b);
}

static const enum quant_type types[] = {QUANT_Q4_0, QUANT_Q4_1, QUANT_Q5_0, QUANT_Q5_1,  QUANT_Q8_0,
                                        QUANT_Q2_K, QUANT_Q3_K, QUANT_Q6_K, QUANT_IQ4_NL};

static void check_shapes(struct bench *b, struct kind kind)
{
    for (size_t i = 0; i < PRODUCT_SHAPES; i++)
        check(b, kind, product_shapes[i]);
}

static void every_type_is_multiplied(void **state)
{
    for (size_t i = 0; i < COUNT(types); i++)
        if (bench_thorough(*state) || types[i] == QUANT_Q4_0 || types[i] == QUANT_Q6_K)
            check_shapes(*state, (struct kind){.type = types[i], .mode = MODE_STORE});
}

static void products_are_added(void **state)
{
    check_shapes(*state, (struct kind){.type = QUANT_Q4_0, .mode = MODE_RESIDUAL});
    if (bench_thorough(*state))
        check_shapes(*state, (struct kind){.type = QUANT_Q6_K, .mode = MODE_RESIDUAL});
}

static void pairs_of_rows_are_gated(void **state)
{
    check_shapes(*state, (struct kind){.type = QUANT_Q4_0, .mode = MODE_GATE});
    check_shapes(*state, (struct kind){.type = QUANT_Q4_0, .mode = MODE_GATE, .norm = true});
    if (bench_thorough(*state))
        check_shapes(*state, (struct kind){.type = QUANT_Q3_K, .mode = MODE_GATE});
}

static void activations_follow_their_formulas(void **state)
{
    for (uint32_t act = ACT_QUICK_GELU; act <= ACT_GELU && bench_thorough(*state); act++)
        check(*state, (struct kind){.type = QUANT_Q8_0, .mode = MODE_STORE, .act = act},
              (struct shape){33, 96, 17});
}

static void pieces_of_a_matrix_give_the_same(void **state)
{
    static const uint32_t modes[] = {MODE_STORE, MODE_RESIDUAL, MODE_GATE};
    for (size_t i = 0; i < COUNT(modes); i++)
        check(*state, (struct kind){.type = QUANT_Q4_0, .mode = modes[i], .cut = true},
              (struct shape){150, 96, 9});
}

// ---- columns of all sizes

static const float sizes[] = {0, 1e-38F, 1e-31F, 1e-29F, 1e-20F, 1, 1e20F, 1e30F};

// Nothing but the product is in a column of y.
static struct product sized_product(struct bench *b, enum quant_type type)
{
    struct shape shape = {35, 512, COUNT(sizes)};
    struct product c = product_make(b, (struct kind){.type = type, .mode = MODE_STORE}, shape);
    struct vk_slice bias = c.m->matrix.bias;
    memset((uint8_t *)vk_buffer_map(bias.buffer) + bias.offset, 0, bias.size);
    memset(c.m->bias, 0, shape.rows * sizeof(float));
    for (uint32_t i = 0; i < shape.columns; i++)
        for (uint32_t k = 0; k < shape.inner; k++)
            product_column(&c, i)[k] *= k / 32 % 3 == 1 ? 0 : sizes[i]; // some blocks are zero
    return c;
}

static void columns_may_be_of_any_size(void **state)
{
    static const enum quant_type some[] = {QUANT_Q4_0, QUANT_Q6_K};
    for (size_t t = 0; t < COUNT(some); t++) {
        struct product c = sized_product(*state, some[t]);
        uint32_t rows = c.shape.rows;
        double *x = rounded_x(*state, &c), *want = product_reference(&c, x);
        product_run(*state, &c);
        float *got = product_results(&c);
        for (size_t i = 0; i < COUNT(sizes); i++)
            if (sizes[i] >= 10 * least)
                bench_compare(*state, got + i * rows, want + i * rows, rows, exact,
                              "type %d, values up to %g", some[t], sizes[i]);
            else
                for (uint32_t r = 0; r < rows; r++)
                    assert_true(got[i * rows + r] == 0);
        test_free(got);
        test_free(want);
        test_free(x);
        bench_clear(*state);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_type_is_multiplied),
        cmocka_unit_test(products_are_added),
        cmocka_unit_test(pairs_of_rows_are_gated),
        cmocka_unit_test(activations_follow_their_formulas),
        cmocka_unit_test(pieces_of_a_matrix_give_the_same),
        cmocka_unit_test(columns_may_be_of_any_size),
    };
    return bench_run("dot", tests, COUNT(tests));
}
