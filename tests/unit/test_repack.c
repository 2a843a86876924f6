// engine/model/repack: every value lies where shaders/shared.h says.
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "engine/compute/kernels.h"
#include "engine/model/quant.h"
#include "engine/model/repack.h"

#define COUNT(list) (sizeof(list) / sizeof(*(list)))

static const enum quant_type types[] = {QUANT_F32,  QUANT_F16,    QUANT_BF16,  QUANT_Q4_0,
                                        QUANT_Q4_1, QUANT_Q5_0,   QUANT_Q5_1,  QUANT_Q8_0,
                                        QUANT_Q2_K, QUANT_Q3_K,   QUANT_Q4_K,  QUANT_Q5_K,
                                        QUANT_Q6_K, QUANT_IQ4_NL, QUANT_IQ4_XS};
static const uint32_t interleaves[] = {1, 4, 8, 16};

enum { ROWS_MOST = WEIGHT_QUAD * 16 };

struct quad {
    const struct quant *q;
    enum quant_type held;
    uint32_t interleave, columns, n_rows;
    size_t row_bytes, size;
    uint8_t *rows[ROWS_MOST]; // as in the file
    uint8_t *packed;
};

static void make_quad(struct quad *t, enum quant_type type, uint32_t interleave, uint32_t columns)
{
    uint32_t seed = 7;
    *t = (struct quad){.q = quant_find(type), .interleave = interleave, .columns = columns};
    t->n_rows = WEIGHT_QUAD * interleave;
    t->row_bytes = (size_t)columns / t->q->elems * t->q->bytes;
    t->held = repack_type(type);
    t->size = kernel_matrix_size(t->held, t->n_rows, columns, interleave);
    for (uint32_t r = 0; r < t->n_rows; r++) {
        t->rows[r] = test_malloc(t->row_bytes);
        for (size_t i = 0; i < t->row_bytes; i++) {
            seed = seed * 1664525 + 1013904223;
            t->rows[r][i] = (uint8_t)(seed >> 24) & 0xbf; // no infinity, no NaN
        }
    }
    t->packed = test_malloc(t->size);
    memset(t->packed, 0xa5, t->size);
}

static void free_quad(struct quad *t)
{
    for (uint32_t r = 0; r < t->n_rows; r++)
        test_free(t->rows[r]);
    test_free(t->packed);
}

// The 16 bytes number `unit` of the lane in the block of a column.
static const uint8_t *unit_of(const struct quad *t, uint32_t lane, uint32_t column, uint32_t unit)
{
    size_t units = t->size / 16 / t->interleave / ((t->columns + 31) / 32);
    return t->packed + ((column / 32 * units + unit) * t->interleave + lane) * 16;
}

static float half_at(const uint8_t *bytes)
{
    return quant_f16_to_f32((uint16_t)(bytes[0] | bytes[1] << 8));
}

static float float_value(const struct quad *t, uint32_t r, uint32_t lane, uint32_t column)
{
    uint32_t bytes = t->q->bytes, in_unit = 16 / bytes, c = column % 32;
    const uint8_t *at = unit_of(t, lane, column, c / in_unit * 4 + r) + c % in_unit * bytes;
    float v;
    if (t->q->type == QUANT_F16)
        return half_at(at);
    uint8_t wide[4] = {0, 0, at[0], at[1]};
    memcpy(&v, t->q->type == QUANT_BF16 ? wide : at, sizeof(v));
    return v;
}

// Word `k` of the head of a row.
static const uint8_t *word_of(const struct quad *t, uint32_t r, uint32_t lane, uint32_t column,
                              uint32_t k)
{
    return unit_of(t, lane, column, k) + 4 * r;
}

// `bits` bits of the column, which lie in the words from `k` on: 32 bits / `bits` columns in each.
static int bits_of(const struct quad *t, uint32_t r, uint32_t lane, uint32_t column, uint32_t k,
                   uint32_t bits)
{
    uint32_t c = column % 32, in_word = 32 / bits;
    const uint8_t *word = word_of(t, r, lane, column, k + c / in_word);
    return word[c % 4] >> c % in_word / 4 * bits & ((1 << bits) - 1);
}

// The type's table: ggml's.
static const int iq4_values[16] = {-127, -104, -83, -65, -49, -35, -22, -10,
                                   1,    13,   25,  38,  53,  69,  89,  113};

static float quantised_value(const struct quad *t, uint32_t r, uint32_t lane, uint32_t column)
{
    uint32_t c = column % 32, span = c / 16;
    const uint8_t *scale = word_of(t, r, lane, column, 0);
    float d = half_at(scale), m = half_at(scale + 2);
    float ds = d * (float)(int8_t)scale[2 + span];
    uint32_t head = t->held == QUANT_Q6_K                            ? 3
                    : t->held == QUANT_Q5_0 || t->held == QUANT_Q5_1 ? 2
                                                                     : 1;
    if (t->held == QUANT_Q2_K) {
        const uint8_t *s = word_of(t, r, lane, column, 1);
        return d * s[span] * (float)bits_of(t, r, lane, column, 2, 2) - m * s[2 + span];
    }
    if (t->held == QUANT_Q3_K)
        return ds * (float)(bits_of(t, r, lane, column, 2, 2) +
                            4 * bits_of(t, r, lane, column, 1, 1) - 4);
    if (t->held == QUANT_Q8_0)
        return d * (float)(int8_t)unit_of(t, lane, column, 1 + span * 4 + r)[c % 16];
    int v = unit_of(t, lane, column, head + r)[c % 16] >> (span * 4) & 15;
    switch (t->held) {
    case QUANT_Q6_K:
        return ds * (float)(v + 16 * bits_of(t, r, lane, column, 1, 2) - 32);
    case QUANT_IQ4_NL:
        return d * (float)(int8_t)scale[2] * (float)iq4_values[v];
    case QUANT_Q5_0:
        return d * (float)(v + 16 * bits_of(t, r, lane, column, 1, 1) - 16);
    case QUANT_Q5_1:
        return d * (float)(v + 16 * bits_of(t, r, lane, column, 1, 1)) + m;
    case QUANT_Q4_0:
        return d * (float)(v - 8);
    default:
        return d * (float)v + m;
    }
}

static float value(const struct quad *t, uint32_t i, uint32_t column)
{
    uint32_t r = i / t->interleave, lane = i % t->interleave;
    return t->q->elems == 1 ? float_value(t, r, lane, column) : quantised_value(t, r, lane, column);
}

// A scale and a minimum rounded to halves; the value is their difference.
static float tolerance(const struct quad *t, const float *row)
{
    float most = 0;
    for (uint32_t c = 0; c < t->columns; c++)
        most = fmaxf(most, fabsf(row[c]));
    return t->held == t->q->type || t->held == QUANT_IQ4_NL ? 0 : most * 0x1p-9f;
}

static void check_places(const struct quad *t)
{
    float *row = test_malloc(t->columns * sizeof(float));
    for (uint32_t i = 0; i < t->n_rows; i++) {
        t->q->dequantize(t->rows[i], row, t->columns / t->q->elems);
        for (uint32_t c = 0; c < t->columns; c++) {
            float v = value(t, i, c);
            if (!(fabsf(v - row[c]) <= tolerance(t, row)))
                fail_msg("%s, interleave %u, row %u, column %u: %g, not %g", t->q->name,
                         t->interleave, i, c, v, row[c]);
        }
        for (uint32_t c = t->columns; c % 32 != 0; c++)
            assert_true(value(t, i, c) == 0);
    }
    test_free(row);
}

// With the lengths of rows that a type may have.
static void for_each_quad(void (*check)(const struct quad *))
{
    static const uint32_t whole[] = {1, 3}, loose[] = {7, 32, 588};
    for (size_t i = 0; i < COUNT(types); i++)
        for (size_t j = 0; j < COUNT(interleaves); j++) {
            uint32_t block = quant_find(types[i])->elems;
            for (size_t k = 0; k < (block > 1 ? COUNT(whole) : COUNT(loose)); k++) {
                struct quad t;
                make_quad(&t, types[i], interleaves[j], block > 1 ? whole[k] * block : loose[k]);
                repack_quad(t.q->type, (const void *const *)t.rows, t.columns, t.interleave,
                            t.packed);
                check(&t);
                free_quad(&t);
            }
        }
}

static void every_value_lies_where_the_kernels_look(void **state)
{
    (void)state;
    for_each_quad(check_places);
}

static void check_zeros(const struct quad *t)
{
    const void *rows[ROWS_MOST];
    for (uint32_t i = 0; i < t->n_rows; i++)
        rows[i] = i % 3 == 0 ? NULL : t->rows[i];
    uint8_t *again = test_malloc(t->size);
    memcpy(again, t->packed, t->size);
    memset(t->packed, 0x5a, t->size); // every byte is written, or the two differ
    repack_quad(t->q->type, rows, t->columns, t->interleave, t->packed);
    for (uint32_t i = 0; i < t->n_rows; i++)
        for (uint32_t c = 0; rows[i] == NULL && c < t->columns; c++)
            assert_true(value(t, i, c) == 0);
    memset(again, 0xa5, t->size);
    repack_quad(t->q->type, rows, t->columns, t->interleave, again);
    assert_memory_equal(again, t->packed, t->size);
    test_free(again);
}

static void a_missing_row_is_a_row_of_zeros(void **state)
{
    (void)state;
    for_each_quad(check_zeros);
}

static void any_row_can_be_halves(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(types); i++) {
        struct quad t;
        float row[512];
        uint16_t halves[512];
        make_quad(&t, types[i], 1, 512);
        t.q->dequantize(t.rows[0], row, t.columns / t.q->elems);
        repack_widen(t.q, t.rows[0], t.columns, halves);
        for (uint32_t c = 0; c < t.columns; c++)
            assert_int_equal(halves[c], quant_f32_to_f16(row[c]));
        free_quad(&t);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_value_lies_where_the_kernels_look),
        cmocka_unit_test(a_missing_row_is_a_row_of_zeros),
        cmocka_unit_test(any_row_can_be_halves),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
