// Blocks of every type of file that say ordinary numbers.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "bench.h"

// Where the halves lie in a block that scales and minima are (-1: none), and what makes ordinary
// values of scales in [-1, 1): quants and the scales of scales are whole numbers.
struct scales {
    int scale, minimum;
    float factor;
};

static struct scales find_scales(const struct quant *q)
{
    switch (q->type) {
    case QUANT_Q4_1:
    case QUANT_Q5_1:
        return (struct scales){0, 2, 1};
    case QUANT_Q4_K:
    case QUANT_Q5_K:
        return (struct scales){0, 2, 0x1p-6f};
    case QUANT_Q2_K:
        return (struct scales){80, 82, 0x1p-4f};
    case QUANT_Q3_K:
        return (struct scales){108, -1, 0x1p-5f};
    case QUANT_Q6_K:
        return (struct scales){208, -1, 0x1p-9f};
    case QUANT_Q8_0:
    case QUANT_IQ4_NL:
        return (struct scales){0, -1, 0x1p-4f};
    case QUANT_IQ4_XS:
        return (struct scales){0, -1, 0x1p-9f};
    default:
        return (struct scales){0, -1, 1};
    }
}

uint8_t *bench_blocks(struct bench *b, const struct quant *q, size_t values)
{
    size_t size = values / q->elems * q->bytes;
    uint8_t *blocks = test_malloc(size);
    struct scales places = find_scales(q);
    for (size_t at = 0; at < size; at += q->bytes) {
        float v = bench_random(b);
        uint32_t bits;
        memcpy(&bits, &v, sizeof(bits));
        for (uint32_t i = 0; i < q->bytes; i++)
            blocks[at + i] = (uint8_t)bench_bits(b);
        uint16_t half = quant_f32_to_f16(v * (bench_bits(b) % 8 == 0 ? 0x1p-16f : places.factor));
        if (q->type == QUANT_F32)
            memcpy(blocks + at, &v, sizeof(v));
        else if (q->type == QUANT_BF16)
            memcpy(blocks + at, (uint8_t *)&bits + 2, 2);
        else
            memcpy(blocks + at + places.scale, &half, 2);
        if (places.minimum >= 0) {
            half = quant_f32_to_f16(bench_random(b) * 8 * places.factor);
            memcpy(blocks + at + places.minimum, &half, 2);
        }
    }
    return blocks;
}
