#include "engine/model/recode.h"

#include <string.h>

#include "engine/compute/kernels.h"
#include "engine/model/quant_blocks.h"

enum quant_type recode_type(enum quant_type type)
{
    if (kernel_runs(type))
        return type;
    switch (type) {
    case QUANT_Q4_K:
        return QUANT_Q4_1;
    case QUANT_Q5_K:
        return QUANT_Q5_1;
    case QUANT_IQ4_NL:
    case QUANT_IQ4_XS:
        return QUANT_Q8_0;
    default:
        return QUANT_F16;
    }
}

static void store_f16(uint8_t *to, float value)
{
    uint16_t half = quant_f32_to_f16(value);
    memcpy(to, &half, sizeof(half));
}

// Eight runs of 32 elements; each becomes a block with its own scale and minimum. `high`: the fifth
// bits, run by run in the bits of 32 bytes; NULL: none.
static uint8_t *recode_k4(const uint8_t *b, const uint8_t *high, const uint8_t *qs, uint8_t *out)
{
    float d = load_f16(b), dmin = load_f16(b + 2);
    for (int j = 0; j < 8; j++) {
        float scale, minimum;
        k4_scale(b + 4, j, &scale, &minimum);
        store_f16(out, d * scale);
        store_f16(out + 2, -(dmin * minimum));
        out += 4;
        if (high) {
            uint32_t bits = 0;
            for (int i = 0; i < 32; i++)
                bits |= (uint32_t)(high[i] >> j & 1) << i;
            memcpy(out, &bits, sizeof(bits));
            out += sizeof(bits);
        }
        // Element i and i + 16 of the run share a byte in the block, i of two runs in the file.
        const uint8_t *q = qs + 32 * (j / 2);
        for (int i = 0; i < 16; i++)
            *out++ = (uint8_t)((q[i] >> (j % 2 * 4) & 15) | (q[i + 16] >> (j % 2 * 4) & 15) << 4);
    }
    return out;
}

static uint8_t *recode_iq4(const uint8_t *qs, float d, uint8_t *out)
{
    store_f16(out, d);
    out += 2;
    for (int i = 0; i < 16; i++) {
        out[i] = (uint8_t)quant_iq4_values[qs[i] & 15];
        out[16 + i] = (uint8_t)quant_iq4_values[qs[i] >> 4];
    }
    return out + 32;
}

static uint8_t *recode_iq4_xs(const uint8_t *b, uint8_t *out)
{
    for (int j = 0; j < 8; j++)
        out = recode_iq4(b + 8 + 16 * j, iq4_xs_scale(b, j), out);
    return out;
}

// One block of the file, of a type that does not become F16.
static uint8_t *recode_block(const struct quant *q, const uint8_t *block, uint8_t *out)
{
    switch (q->type) {
    case QUANT_Q4_K:
        return recode_k4(block, NULL, block + 16, out);
    case QUANT_Q5_K:
        return recode_k4(block, block + 16, block + 48, out);
    case QUANT_IQ4_NL:
        return recode_iq4(block + 2, load_f16(block), out);
    default:
        return recode_iq4_xs(block, out);
    }
}

static uint8_t *widen_block(const struct quant *q, const uint8_t *block, uint8_t *out)
{
    float values[256];
    q->dequantize(block, values, 1);
    for (uint32_t i = 0; i < q->elems; i++, out += 2)
        store_f16(out, values[i]);
    return out;
}

void recode_row(const struct quant *from, const void *row, uint32_t columns, enum quant_type to,
                void *out)
{
    const uint8_t *block = row;
    uint8_t *at = out;
    for (uint32_t i = 0; i < columns; i += from->elems, block += from->bytes)
        at = to == QUANT_F16 ? widen_block(from, block, at) : recode_block(from, block, at);
}
