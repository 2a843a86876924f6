// gemv and gemm: all types, modes and activations at sizes off every tile boundary, against the
// reference.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "engine/model/repack.h"
#include "product.h"

static const double bound = 1e-9, rounded_bound = 5e-6;

static void check(struct bench *b, struct kind kind, struct shape shape)
{
    struct product c = product_make(b, kind, shape);
    shape = c.shape;
    double *x = product_x(&c), *want = product_reference(&c, x);
    product_run(b, &c);
    float *got = product_results(&c);
    // Sums of very many floats, one after the other, are as good as floats allow. What is held as
    // another type has rounded scales.
    double most = repack_type(kind.type) != kind.type ? rounded_bound : bound;
    bench_compare(b, got, want, (size_t)shape.columns * shape.rows,
                  shape.inner > 10000 ? 10 * most : most,
                  "type %d, mode %u, activation %u, %u x %u, %u columns", kind.type, kind.mode,
                  kind.act, shape.rows, shape.inner, shape.columns);
    test_free(got);
    test_free(want);
    test_free(x);
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
    for (size_t i = 0; i < n; i++)
        check(b, kind, shapes[i]);
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
