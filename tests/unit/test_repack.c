// engine/model/repack: every value lies where shaders/shared.h says, and comes back.
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

static const enum quant_type types[] = {QUANT_F32,  QUANT_F16,  QUANT_BF16, QUANT_Q4_0,
                                        QUANT_Q4_1, QUANT_Q5_0, QUANT_Q5_1, QUANT_Q8_0};
static const uint32_t interleaves[] = {1, 4, 8, 16};

enum { ROWS_MOST = WEIGHT_QUAD * 16 };

struct quad {
    const struct quant *q;
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
    t->size = kernel_matrix_size(type, t->n_rows, columns, interleave);
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

static float quantised_value(const struct quad *t, uint32_t r, uint32_t lane, uint32_t column)
{
    uint32_t c = column % 32;
    const uint8_t *scale = unit_of(t, lane, column, 0) + 4 * r;
    float d = half_at(scale), m = half_at(scale + 2);
    if (t->q->type == QUANT_Q8_0)
        return d * (float)(int8_t)unit_of(t, lane, column, 1 + c / 16 * 4 + r)[c % 16];
    bool five = t->q->type == QUANT_Q5_0 || t->q->type == QUANT_Q5_1;
    int v = unit_of(t, lane, column, (five ? 2 : 1) + r)[c % 16] >> (c / 16 * 4) & 15;
    if (five)
        v |= (unit_of(t, lane, column, 1)[4 * r + c / 8] >> c % 8 & 1) << 4;
    if (t->q->type == QUANT_Q4_0)
        v -= 8;
    if (t->q->type == QUANT_Q5_0)
        v -= 16;
    return d * (float)v + m;
}

static void check_places(const struct quad *t)
{
    float *row = test_malloc(t->columns * sizeof(float));
    for (uint32_t i = 0; i < t->n_rows; i++) {
        t->q->dequantize(t->rows[i], row, t->columns / t->q->elems);
        uint32_t r = i / t->interleave, lane = i % t->interleave;
        for (uint32_t c = 0; c < t->columns; c++) {
            float v =
                t->q->elems == 1 ? float_value(t, r, lane, c) : quantised_value(t, r, lane, c);
            if (v != row[c])
                fail_msg("%s, interleave %u, row %u, column %u: %g, not %g", t->q->name,
                         t->interleave, i, c, v, row[c]);
        }
        for (uint32_t c = t->columns; c % 32 != 0; c++)
            assert_true(float_value(t, r, lane, c) == 0);
    }
    test_free(row);
}

static void check_return(const struct quad *t)
{
    uint8_t *back[ROWS_MOST];
    for (uint32_t i = 0; i < t->n_rows; i++)
        back[i] = test_malloc(t->row_bytes);
    unpack_quad(t->q->type, t->packed, t->columns, t->interleave, (void *const *)back);
    for (uint32_t i = 0; i < t->n_rows; i++) {
        assert_memory_equal(back[i], t->rows[i], t->row_bytes);
        test_free(back[i]);
    }
}

// With the lengths of rows that a type may have.
static void for_each_quad(void (*check)(const struct quad *))
{
    static const uint32_t whole[] = {32, 96}, loose[] = {7, 32, 588};
    for (size_t i = 0; i < COUNT(types); i++)
        for (size_t j = 0; j < COUNT(interleaves); j++) {
            bool blocks = quant_find(types[i])->elems > 1;
            for (size_t k = 0; k < (blocks ? COUNT(whole) : COUNT(loose)); k++) {
                struct quad t;
                make_quad(&t, types[i], interleaves[j], blocks ? whole[k] : loose[k]);
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

static void unpacking_gives_the_file_s_bytes_back(void **state)
{
    (void)state;
    for_each_quad(check_return);
}

static void check_zeros(const struct quad *t)
{
    const void *rows[ROWS_MOST];
    for (uint32_t i = 0; i < t->n_rows; i++)
        rows[i] = i % 3 == 0 ? NULL : t->rows[i];
    repack_quad(t->q->type, rows, t->columns, t->interleave, t->packed);
    for (uint32_t i = 0; i < t->n_rows; i += 3)
        memset(t->rows[i], 0, t->row_bytes);
    uint8_t *again = test_malloc(t->size);
    memset(again, 0x5a, t->size); // every byte is written, or the two differ
    repack_quad(t->q->type, (const void *const *)t->rows, t->columns, t->interleave, again);
    assert_memory_equal(again, t->packed, t->size);
    test_free(again);
}

static void a_missing_row_is_a_row_of_zeros(void **state)
{
    (void)state;
    for_each_quad(check_zeros);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_value_lies_where_the_kernels_look),
        cmocka_unit_test(unpacking_gives_the_file_s_bytes_back),
        cmocka_unit_test(a_missing_row_is_a_row_of_zeros),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
