// engine/model/quant: block sizes and dequantisation against the gguf Python package (see
// tests/data/make_quant.py), halves against the formula of IEEE 754.
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "engine/model/quant.h"
#include "tests/unit/data_path.h"

static FILE *open_data(const char *name)
{
    FILE *f = fopen(data_path(name), "rb");
    if (!f)
        fail_msg("%s is missing", name);
    return f;
}

// What half number `h` means, from sign, exponent and fraction. Not for NaNs.
static double half_value(unsigned h)
{
    int exponent = (int)(h >> 10 & 31);
    double fraction = h & 1023;
    double magnitude = exponent == 0    ? ldexp(fraction, -24)
                       : exponent == 31 ? INFINITY
                                        : ldexp(1024 + fraction, exponent - 25);
    return h & 0x8000 ? -magnitude : magnitude;
}

static bool half_is_nan(unsigned h)
{
    return (h & 0x7fff) > 0x7c00;
}

static void every_half_has_its_value(void **state)
{
    (void)state;
    for (unsigned h = 0; h < 65536; h++) {
        double got = quant_f16_to_f32((uint16_t)h);
        double wanted = half_is_nan(h) ? 0 : half_value(h);
        bool same =
            half_is_nan(h) ? isnan(got) != 0 : got == wanted && !signbit(got) == !signbit(wanted);
        if (!same)
            fail_msg("half %04x is %g, not %g", h, got, wanted);
    }
}

static void every_half_survives_a_round_trip(void **state)
{
    (void)state;
    for (unsigned h = 0; h < 65536; h++) {
        uint16_t back = quant_f32_to_f16(quant_f16_to_f32((uint16_t)h));
        if (half_is_nan(h) ? !half_is_nan(back) || (back & 0x8000) != (h & 0x8000) : back != h)
            fail_msg("half %04x comes back as %04x", h, back);
    }
}

// Around the middle of each two neighbours; above the largest half the next one would be 65536.
static void floats_round_to_the_nearest_half_ties_to_even(void **state)
{
    (void)state;
    for (unsigned h = 0; h < 0x7c00; h++) {
        double next = h + 1 == 0x7c00 ? 65536 : half_value(h + 1);
        float middle = (float)((half_value(h) + next) / 2);
        unsigned even = h % 2 == 0 ? h : h + 1;
        assert_int_equal(quant_f32_to_f16(middle), even);
        assert_int_equal(quant_f32_to_f16(-middle), even | 0x8000);
        assert_int_equal(quant_f32_to_f16(nextafterf(middle, 0)), h);
        assert_int_equal(quant_f32_to_f16(nextafterf(middle, INFINITY)), h + 1);
    }
}

static void floats_beyond_the_halves_become_zero_infinity_or_nan(void **state)
{
    (void)state;
    assert_int_equal(quant_f32_to_f16(65536), 0x7c00);
    assert_int_equal(quant_f32_to_f16(-3e38f), 0xfc00);
    assert_int_equal(quant_f32_to_f16(-INFINITY), 0xfc00);
    assert_int_equal(quant_f32_to_f16(0x1p-149f), 0);
    assert_int_equal(quant_f32_to_f16(-0x1p-60f), 0x8000);
    uint32_t bits = 0x7f800001; // a NaN whose payload lies in the bits that a half lacks
    float nan;
    memcpy(&nan, &bits, sizeof(nan));
    assert_true(half_is_nan(quant_f32_to_f16(nan)));
}

static void block_sizes_are_those_of_the_format(void **state)
{
    (void)state;
    FILE *f = open_data("quant-sizes.txt");
    unsigned type, elems, bytes;
    char name[16];
    int rows = 0;
    for (; fscanf(f, "%u %15s %u %u", &type, name, &elems, &bytes) == 4; rows++) {
        const struct quant *q = quant_find(type);
        assert_non_null(q);
        assert_int_equal(q->type, type);
        assert_string_equal(q->name, name);
        assert_int_equal(q->elems, elems);
        assert_int_equal(q->bytes, bytes);
    }
    assert_int_equal(rows, 33);
    fclose(f);
}

static void removed_and_unknown_types_are_not_found(void **state)
{
    (void)state;
    const uint32_t types[] = {4, 5, 31, 32, 33, 36, 37, 38, 43, 1000, UINT32_MAX};
    for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++)
        assert_null(quant_find(types[i]));
}

static void check_type(enum quant_type type)
{
    const struct quant *q = quant_find(type);
    assert_non_null(q->dequantize);
    char name[32];
    snprintf(name, sizeof(name), "quant-%s.bin", q->name);
    FILE *f = open_data(name);
    static unsigned char bytes[32768];
    size_t size = fread(bytes, 1, sizeof(bytes), f);
    fclose(f);
    size_t n = size / (q->bytes + q->elems * sizeof(float));
    assert_true(n >= 16);
    assert_int_equal(n * (q->bytes + q->elems * sizeof(float)), size);
    static float got[32768 / sizeof(float)];
    q->dequantize(bytes, got, n);
    for (size_t i = 0; i < n * q->elems; i++) {
        float wanted;
        memcpy(&wanted, bytes + n * q->bytes + i * sizeof(wanted), sizeof(wanted));
        if (memcmp(&got[i], &wanted, sizeof(wanted)) != 0)
            fail_msg("%s: element %zu is %a, not %a", q->name, i, (double)got[i], (double)wanted);
    }
}

static void blocks_dequantize_as_in_the_reference(void **state)
{
    (void)state;
    const enum quant_type types[] = {QUANT_F32,  QUANT_F16,    QUANT_BF16,  QUANT_Q4_0,
                                     QUANT_Q4_1, QUANT_Q5_0,   QUANT_Q5_1,  QUANT_Q8_0,
                                     QUANT_Q2_K, QUANT_Q3_K,   QUANT_Q4_K,  QUANT_Q5_K,
                                     QUANT_Q6_K, QUANT_IQ4_NL, QUANT_IQ4_XS};
    for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++)
        check_type(types[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_half_has_its_value),
        cmocka_unit_test(every_half_survives_a_round_trip),
        cmocka_unit_test(floats_round_to_the_nearest_half_ties_to_even),
        cmocka_unit_test(floats_beyond_the_halves_become_zero_infinity_or_nan),
        cmocka_unit_test(block_sizes_are_those_of_the_format),
        cmocka_unit_test(removed_and_unknown_types_are_not_found),
        cmocka_unit_test(blocks_dequantize_as_in_the_reference),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
