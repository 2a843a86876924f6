// engine/model/recode: what a row becomes says what the row says, by the two types' own
// dequantisations (which are compared with gguf-py in test_quant).
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "engine/model/recode.h"

enum { COLUMNS = 1024, ROWS = 16 };

static const struct {
    enum quant_type from, to;
} table[] = {
    {QUANT_Q4_K, QUANT_Q4_1},   {QUANT_Q5_K, QUANT_Q5_1}, {QUANT_IQ4_NL, QUANT_Q8_0},
    {QUANT_IQ4_XS, QUANT_Q8_0}, {QUANT_Q2_K, QUANT_F16},  {QUANT_Q3_K, QUANT_F16},
    {QUANT_Q6_K, QUANT_F16},    {QUANT_Q4_0, QUANT_Q4_0}, {QUANT_Q8_0, QUANT_Q8_0},
    {QUANT_BF16, QUANT_BF16},   {QUANT_F32, QUANT_F32},
};

static uint32_t next(uint32_t *state)
{
    return *state = *state * 1664525 + 1013904223;
}

// Where halves lie in a block; they get ordinary numbers.
static void set_scales(enum quant_type type, uint8_t *block, uint32_t *state)
{
    static const struct {
        enum quant_type type;
        int at[2];
    } places[] = {{QUANT_Q2_K, {80, 82}}, {QUANT_Q3_K, {108, -1}}, {QUANT_Q4_K, {0, 2}},
                  {QUANT_Q5_K, {0, 2}},   {QUANT_Q6_K, {208, -1}}, {QUANT_IQ4_NL, {0, -1}},
                  {QUANT_IQ4_XS, {0, -1}}};
    for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++)
        for (int k = 0; k < 2 && places[i].type == type; k++)
            if (places[i].at[k] >= 0) {
                float value = 0.0001f + (float)(next(state) >> 24) * 0x1p-18f;
                uint16_t half = quant_f32_to_f16(value);
                memcpy(block + places[i].at[k], &half, 2);
            }
}

static double compare(enum quant_type from, enum quant_type to, uint32_t seed)
{
    const struct quant *a = quant_find(from), *b = quant_find(to);
    static uint8_t row[COLUMNS * 4], out[COLUMNS * 4];
    static float want[COLUMNS], got[COLUMNS];
    uint32_t state = seed;
    for (size_t i = 0; i < sizeof(row); i++)
        row[i] = (uint8_t)(next(&state) >> 24);
    for (uint32_t i = 0; i < COLUMNS / a->elems; i++)
        set_scales(from, row + i * a->bytes, &state);
    recode_row(a, row, COLUMNS, to, out);
    a->dequantize(row, want, COLUMNS / a->elems);
    b->dequantize(out, got, COLUMNS / b->elems);
    double error = 0, power = 0;
    for (int i = 0; i < COLUMNS; i++) {
        error += ((double)got[i] - want[i]) * ((double)got[i] - want[i]);
        power += (double)want[i] * want[i];
    }
    return error / power;
}

static void a_row_says_the_same(void **state)
{
    (void)state;
    for (size_t i = 0; i < 7; i++)
        for (uint32_t seed = 1; seed <= ROWS; seed++) {
            double error = compare(table[i].from, table[i].to, seed);
            // A half rounds by 2^-12 at most; a value is a difference of two rounded numbers.
            if (!(error < 1e-6))
                fail_msg("%s as %s: the error is %g of the values squared",
                         quant_find(table[i].from)->name, quant_find(table[i].to)->name, error);
            if (table[i].from == QUANT_IQ4_NL)
                assert_true(error == 0);
        }
}

static void any_row_can_be_halves(void **state)
{
    (void)state;
    for (size_t i = 0; i < 7; i++)
        assert_true(compare(table[i].from, QUANT_F16, 99) < 1e-6);
}

static void each_type_has_its_own(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++)
        assert_int_equal(recode_type(table[i].from), table[i].to);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_row_says_the_same),
        cmocka_unit_test(any_row_can_be_halves),
        cmocka_unit_test(each_type_has_its_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
