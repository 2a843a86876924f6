#include "engine/model/repack.h"

#include "engine/model/repack_runs.h"
#include "shaders/shared.h"

enum { UNIT_BYTES = 16 };

enum quant_type repack_type(enum quant_type file)
{
    switch (file) {
    case QUANT_Q4_K:
        return QUANT_Q4_1;
    case QUANT_Q5_K:
        return QUANT_Q5_1;
    case QUANT_IQ4_XS:
        return QUANT_IQ4_NL;
    default:
        return file;
    }
}

// A quad on its way. The functions below are inlined with constants for all that a type decides.
struct quad {
    const uint8_t *const *rows;
    uint32_t columns, interleave;
    uint8_t *to;
};

#define INLINED static inline __attribute__((always_inline))

// The run's words and parts to their places in a block of the quad.
INLINED void scatter(const struct run *run, uint32_t head, uint32_t parts, uint32_t r,
                     uint32_t lane, uint32_t interleave, uint8_t *block)
{
    size_t unit = (size_t)interleave * UNIT_BYTES;
    uint8_t *to = block + (size_t)lane * UNIT_BYTES;
    for (uint32_t k = 0; k < head; k++)
        memcpy(to + k * unit + (size_t)r * 4, &run->head[k], 4);
    for (uint32_t k = 0; k < parts; k++)
        memcpy(to + (head + (size_t)k * WEIGHT_QUAD + r) * unit, run->parts + k * UNIT_BYTES,
               UNIT_BYTES);
}

// Run `b` of a row. `value`: bytes of one where rows may end inside a block; else 0.
INLINED void read_block(const struct quad *q, const uint8_t *row, uint32_t b, uint32_t value,
                        read_run *read, struct run *run)
{
    uint32_t first = b * WEIGHT_BLOCK;
    if (!row) {
        *run = (struct run){0};
    } else if (value && q->columns - first < WEIGHT_BLOCK) {
        uint8_t last[WEIGHT_BLOCK * sizeof(float)] = {0};
        memcpy(last, row + (size_t)first * value, (q->columns - first) * value);
        read(last, 0, run);
    } else {
        read(row, b, run);
    }
}

// So many blocks of L rows before those of the next L: a processor foresees what is read next in no
// more than some dozen places at a time, and the quad's blocks stay in its cache.
enum { STRETCH = 32 };

INLINED void pack(const struct quad *q, uint32_t head, uint32_t parts, uint32_t value,
                  read_run *read)
{
    uint32_t blocks = (q->columns + WEIGHT_BLOCK - 1) / WEIGHT_BLOCK, lanes = q->interleave;
    size_t size = (size_t)(head + WEIGHT_QUAD * parts) * lanes * UNIT_BYTES;
    for (uint32_t begin = 0; begin < blocks; begin += STRETCH) {
        uint32_t end = begin + STRETCH < blocks ? begin + STRETCH : blocks;
        for (uint32_t r = 0; r < WEIGHT_QUAD; r++)
            for (uint32_t b = begin; b < end; b++)
                for (uint32_t lane = 0; lane < lanes; lane++) {
                    struct run run;
                    read_block(q, q->rows[r * lanes + lane], b, value, read, &run);
                    scatter(&run, head, parts, r, lane, lanes, q->to + b * size);
                }
    }
}

void repack_quad(enum quant_type file, const void *const *rows, uint32_t columns,
                 uint32_t interleave, void *quad)
{
    const struct quad q = {(const uint8_t *const *)rows, columns, interleave, quad};
    switch (file) {
    case QUANT_F16:
    case QUANT_BF16:
        return pack(&q, 0, 4, 2, read_f16);
    case QUANT_Q4_0:
        return pack(&q, 1, 1, 0, read_q4_0);
    case QUANT_Q4_1:
        return pack(&q, 1, 1, 0, read_q4_1);
    case QUANT_Q4_K:
        return pack(&q, 1, 1, 0, read_q4_k);
    case QUANT_IQ4_NL:
        return pack(&q, 1, 1, 0, read_iq4_nl);
    case QUANT_IQ4_XS:
        return pack(&q, 1, 1, 0, read_iq4_xs);
    case QUANT_Q5_0:
        return pack(&q, 2, 1, 0, read_q5_0);
    case QUANT_Q5_1:
        return pack(&q, 2, 1, 0, read_q5_1);
    case QUANT_Q5_K:
        return pack(&q, 2, 1, 0, read_q5_k);
    case QUANT_Q8_0:
        return pack(&q, 1, 2, 0, read_q8_0);
    case QUANT_Q6_K:
        return pack(&q, 3, 1, 0, read_q6_k);
    case QUANT_Q3_K:
        return pack(&q, 4, 0, 0, read_q3_k);
    case QUANT_Q2_K:
        return pack(&q, 4, 0, 0, read_q2_k);
    default: // F32: no other is computed
        return pack(&q, 0, 8, 4, read_f32);
    }
}

void repack_widen(const struct quant *q, const void *row, uint32_t columns, uint16_t *out)
{
    const uint8_t *block = row;
    float values[256];
    for (uint32_t i = 0; i < columns; i += q->elems, block += q->bytes) {
        q->dequantize(block, values, 1);
        for (uint32_t k = 0; k < q->elems; k++)
            *out++ = half_of(values[k]);
    }
}
