#include "random_values.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// splitmix64 (Steele, Lea, Flood 2014).
uint64_t random_next(struct random_bits *r)
{
    uint64_t z = r->state += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

struct random_bits random_start(const char *name, uint64_t seed)
{
    struct random_bits r = {seed};
    for (; *name; name++)
        r.state = (r.state ^ (unsigned char)*name) * 0x100000001b3u;
    return r;
}

float random_even(struct random_bits *r)
{
    return (float)(random_next(r) >> 40) / (1 << 23) - 1;
}

// Where a block has its scale and its minimum (-1: none), what deviation random bits give to its
// values where the scale is 1, and the minimum, in scales, that brings their mean to 0.
struct block_scale {
    enum quant_type type;
    int scale, minimum;
    float deviation, centre;
};

static const struct block_scale scales[] = {
    {QUANT_Q4_0, 0, -1, 4.6F, 0},    {QUANT_Q4_1, 0, 2, 4.6F, -7.5F},
    {QUANT_Q5_0, 0, -1, 9.2F, 0},    {QUANT_Q5_1, 0, 2, 9.2F, -15.5F},
    {QUANT_Q8_0, 0, -1, 73.9F, 0},   {QUANT_Q2_K, 80, 82, 13.9F, 1.5F},
    {QUANT_Q3_K, 108, -1, 43.3F, 0}, {QUANT_Q4_K, 0, 2, 258, 7.5F},
    {QUANT_Q5_K, 0, 2, 527, 15.5F},  {QUANT_Q6_K, 208, -1, 1366, 0},
    {QUANT_IQ4_NL, 0, -1, 67.4F, 0}, {QUANT_IQ4_XS, 0, -1, 1246, 0},
};

static const struct block_scale *find(enum quant_type type)
{
    for (size_t i = 0; i < sizeof(scales) / sizeof(*scales); i++)
        if (scales[i].type == type)
            return &scales[i];
    fprintf(stderr, "there are no random values of type %d\n", (int)type);
    abort();
}

static void put_f16(uint8_t *to, float value)
{
    uint16_t half = quant_f32_to_f16(value);
    memcpy(to, &half, sizeof(half));
}

static void random_blocks(struct random_bits *r, enum quant_type type, float deviation,
                          uint64_t count, uint8_t *out)
{
    const struct block_scale *s = find(type);
    const struct quant *q = quant_find(type);
    size_t size = count / q->elems * q->bytes;
    for (size_t i = 0; i < size; i += sizeof(uint64_t)) {
        uint64_t bits = random_next(r);
        memcpy(out + i, &bits, size - i < sizeof(bits) ? size - i : sizeof(bits));
    }
    // Scales of both signs, as real files have them: the values of one block may not be around 0,
    // and a mean that all blocks share would outweigh everything else in a wide matrix.
    for (uint8_t *block = out; block < out + size; block += q->bytes) {
        float scale = deviation / s->deviation * (1 + random_even(r) / 4);
        scale = random_next(r) >> 63 ? -scale : scale;
        put_f16(block + s->scale, scale);
        if (s->minimum >= 0)
            put_f16(block + s->minimum, s->centre * scale);
    }
}

// Even in a range, so that the values need no library.
static float one(struct random_bits *r, float mean, float deviation)
{
    return mean + deviation * 1.7320508F * random_even(r);
}

void random_values(struct random_bits *r, enum quant_type type, float mean, float deviation,
                   uint64_t count, void *out)
{
    switch (type) {
    case QUANT_F32:
        for (uint64_t i = 0; i < count; i++)
            ((float *)out)[i] = one(r, mean, deviation);
        break;
    case QUANT_F16:
        for (uint64_t i = 0; i < count; i++)
            ((uint16_t *)out)[i] = quant_f32_to_f16(one(r, mean, deviation));
        break;
    case QUANT_BF16:
        for (uint64_t i = 0; i < count; i++) {
            float value = one(r, mean, deviation);
            memcpy((uint16_t *)out + i, (uint8_t *)&value + 2, 2);
        }
        break;
    default:
        random_blocks(r, type, deviation, count, out);
    }
}
