// gemm by cooperative matrices (PUMICE_GEMM=matrix), against the reference twice: with W and x
// rounded to halves as the kernel rounds them, which finds every wrong place and scale, and as they
// are, which says what halves cost.
//
// Debian 12's lavapipe has no such matrices, newer ones have. Where the device has none the test is
// skipped; to run it here, give it a newer lavapipe: VK_DRIVER_FILES=/path/to/its/lvp_icd.json.
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
#include "matrices.h"
#include "product.h"

#define COUNT(list) (sizeof(list) / sizeof(*(list)))

enum { SKIPPED = 77 };           // what meson takes for it
static const float most = 65504; // of halves
// Of the values squared. GPUs may cut off what floats would round, and a half may be rounded to
// its other neighbour where the kernel's float is not the reference's.
static const double exact = 1e-9, rounded = 1e-4;

static float half(float v)
{
    return quant_f16_to_f32(quant_f32_to_f16(fminf(fmaxf(v, -most), most)));
}

// What the kernel makes of W and x.
static void round_to_halves(const struct product *c, double *x)
{
    size_t weights = (size_t)c->matrix_rows * c->shape.inner;
    for (size_t i = 0; i < weights; i++)
        c->m->values[i] = half(c->m->values[i]);
    for (size_t i = 0; i < (size_t)c->shape.columns * c->shape.inner; i++)
        x[i] = half((float)x[i]);
}

static void run(struct bench *b, struct product *c, bool in_range)
{
    assert_int_equal(gemm_variant(bench_device(b), c->m->matrix.type), GEMM_MATRIX);
    double *x = product_x(c);
    float *got = product_outcome(b, c);
    if (in_range)
        product_compare(b, c, x, got, rounded, "of x");
    round_to_halves(c, x);
    product_compare(b, c, x, got, exact, "of halves");
    test_free(got);
    test_free(x);
    bench_clear(b);
}

static void check(struct bench *b, struct kind kind, struct shape shape)
{
    struct product c = product_make(b, kind, shape);
    run(b, &c, true);
}

static const enum quant_type types[] = {QUANT_F32,  QUANT_F16,  QUANT_BF16, QUANT_Q4_0,
                                        QUANT_Q4_1, QUANT_Q5_0, QUANT_Q5_1, QUANT_Q8_0,
                                        QUANT_Q2_K, QUANT_Q3_K, QUANT_Q6_K, QUANT_IQ4_NL};

static void check_shapes(struct bench *b, struct kind kind)
{
    for (size_t i = 0; i < PRODUCT_SHAPES; i++)
        check(b, kind, product_shapes[i]);
}

static void every_type_is_multiplied(void **state)
{
    for (size_t i = 0; i < COUNT(types); i++)
        check_shapes(*state, (struct kind){.type = types[i], .mode = MODE_STORE});
}

static void rows_may_end_within_a_block(void **state)
{
    for (size_t i = 0; i < 3; i++) {
        check(*state, (struct kind){.type = types[i], .mode = MODE_STORE},
              (struct shape){33, 588, 9});
        check(*state, (struct kind){.type = types[i], .mode = MODE_STORE}, (struct shape){5, 7, 2});
    }
}

static void products_are_added(void **state)
{
    check_shapes(*state, (struct kind){.type = QUANT_Q4_0, .mode = MODE_RESIDUAL});
    check_shapes(*state, (struct kind){.type = QUANT_F16, .mode = MODE_RESIDUAL});
}

static void pairs_of_rows_are_gated(void **state)
{
    check_shapes(*state, (struct kind){.type = QUANT_Q4_0, .mode = MODE_GATE});
    check_shapes(*state, (struct kind){.type = QUANT_Q6_K, .mode = MODE_GATE, .norm = true});
}

static void activations_follow_their_formulas(void **state)
{
    for (uint32_t act = ACT_QUICK_GELU; act <= ACT_GELU; act++)
        check(*state, (struct kind){.type = QUANT_F16, .mode = MODE_STORE, .act = act},
              (struct shape){133, 96, 17});
}

static void pieces_of_a_matrix_give_the_same(void **state)
{
    static const uint32_t modes[] = {MODE_STORE, MODE_RESIDUAL, MODE_GATE};
    for (size_t i = 0; i < COUNT(modes); i++)
        check(*state, (struct kind){.type = QUANT_Q4_0, .mode = modes[i], .cut = true},
              (struct shape){150, 96, 9});
}

// 128 or more of 128 x 128: so many make the tiles large.
static void many_tiles_are_multiplied(void **state)
{
    check(*state, (struct kind){.type = QUANT_Q4_0, .mode = MODE_STORE},
          (struct shape){16300, 96, 5});
    check(*state, (struct kind){.type = QUANT_F32, .mode = MODE_RESIDUAL},
          (struct shape){1000, 64, 2100});
    check(*state, (struct kind){.type = QUANT_Q3_K, .mode = MODE_GATE},
          (struct shape){4100, 256, 150});
}

static void long_rows_are_multiplied_to_their_end(void **state)
{
    check(*state, (struct kind){.type = QUANT_Q4_0, .mode = MODE_STORE},
          (struct shape){3, 65536, 2});
}

// Values that halves cannot hold count as the greatest that they can.
static void values_out_of_range_stay_finite(void **state)
{
    static const float sizes[] = {1, 1e4F, 65504, 65519, 65520, 1e5F, 1e20F, INFINITY};
    struct bench *b = *state;
    for (size_t t = 0; t < 2; t++) {
        struct kind kind = {.type = t ? QUANT_Q4_0 : QUANT_BF16, .mode = MODE_STORE};
        struct product c = product_make(b, kind, (struct shape){70, 128, COUNT(sizes)});
        for (uint32_t i = 0; i < COUNT(sizes); i++)
            for (uint32_t k = i; k < c.shape.inner; k += 9)
                product_column(&c, i)[k] = k % 2 ? sizes[i] : -sizes[i];
        run(b, &c, false);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_type_is_multiplied),
        cmocka_unit_test(rows_may_end_within_a_block),
        cmocka_unit_test(products_are_added),
        cmocka_unit_test(pairs_of_rows_are_gated),
        cmocka_unit_test(activations_follow_their_formulas),
        cmocka_unit_test(pieces_of_a_matrix_give_the_same),
        cmocka_unit_test(many_tiles_are_multiplied),
        cmocka_unit_test(long_rows_are_multiplied_to_their_end),
        cmocka_unit_test(values_out_of_range_stay_finite),
    };
    int status = matrices_missing();
    return status ? status : bench_run("matrix", tests, COUNT(tests));
}
