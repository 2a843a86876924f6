// Private to repack.c: runs of 32 columns of a row, read out of the blocks of each type of file
// into the words and parts of shaders/shared.h. The fields of a block are named as in ggml. In a
// header of their own to be inlined into a loop for each type. Four columns at a time are the four
// bytes of a word: masks keep the bits of each in its byte.
#pragma once

#include "engine/model/quant_blocks.h"

// A run on its way.
struct run {
    uint32_t head[4];
    uint8_t parts[128];
};
// Run `b` of the row.
typedef void read_run(const uint8_t *row, uint32_t b, struct run *out);

static inline uint32_t load_word(const uint8_t *p)
{
    uint32_t word;
    memcpy(&word, p, sizeof(word)); // little-endian, like the file
    return word;
}

// 4 bits of each of 32 bytes: byte k of the part gets those of k and of 16 + k.
static inline void join_nibbles(const uint8_t *q, uint32_t shift, uint8_t *part)
{
    for (int i = 0; i < 16; i += 4) {
        uint32_t low = load_word(q + i) >> shift & 0x0f0f0f0f;
        uint32_t high = load_word(q + 16 + i) >> shift & 0x0f0f0f0f;
        uint32_t both = low | high << 4;
        memcpy(part + i, &both, sizeof(both));
    }
}

// 2 bits of each of 16 bytes.
static inline uint32_t join_pairs(const uint8_t *q, uint32_t shift)
{
    uint32_t word = 0;
    for (int i = 0; i < 4; i++)
        word |= (load_word(q + 4 * i) >> shift & 0x03030303) << 2 * i;
    return word;
}

// A bit of each of 32 bytes.
static inline uint32_t join_bits(const uint8_t *q, uint32_t shift)
{
    uint32_t word = 0;
    for (int i = 0; i < 8; i++)
        word |= (load_word(q + 4 * i) >> shift & 0x01010101) << i;
    return word;
}

// Bit 4 i + j of a word to bit i of its byte j.
static inline uint32_t spread_bits(uint32_t bits)
{
    uint32_t word = 0;
    for (int i = 0; i < 8; i++)
        word |= ((bits >> 4 * i & 15) * 0x00204081 & 0x01010101) << i;
    return word;
}

static inline void read_f32(const uint8_t *row, uint32_t b, struct run *out)
{
    memcpy(out->parts, row + (size_t)b * 128, 128);
}

static inline void read_f16(const uint8_t *row, uint32_t b, struct run *out) // and BF16
{
    memcpy(out->parts, row + (size_t)b * 64, 64);
}

static inline void read_q8_0(const uint8_t *row, uint32_t b, struct run *out)
{
    row += (size_t)b * 34;
    out->head[0] = load_u16(row);
    memcpy(out->parts, row + 2, 32);
}

static inline void read_q4_0(const uint8_t *row, uint32_t b, struct run *out)
{
    row += (size_t)b * 18;
    out->head[0] = load_u16(row);
    memcpy(out->parts, row + 2, 16);
}

static inline void read_q4_1(const uint8_t *row, uint32_t b, struct run *out)
{
    row += (size_t)b * 20;
    out->head[0] = load_word(row);
    memcpy(out->parts, row + 4, 16);
}

static inline void read_q5_0(const uint8_t *row, uint32_t b, struct run *out)
{
    row += (size_t)b * 22;
    out->head[0] = load_u16(row);
    out->head[1] = spread_bits(load_word(row + 2));
    memcpy(out->parts, row + 6, 16);
}

static inline void read_q5_1(const uint8_t *row, uint32_t b, struct run *out)
{
    row += (size_t)b * 24;
    out->head[0] = load_word(row);
    out->head[1] = spread_bits(load_word(row + 4));
    memcpy(out->parts, row + 8, 16);
}

static inline uint32_t k4_head(const uint8_t *block, int j)
{
    float scale, minimum;
    k4_scale(block + 4, j, &scale, &minimum);
    return half_of(load_f16(block) * scale) | (uint32_t)half_of(-(load_f16(block + 2) * minimum))
                                                  << 16;
}

static inline void read_q4_k(const uint8_t *row, uint32_t b, struct run *out)
{
    uint32_t j = b % 8;
    row += (size_t)(b / 8) * 144;
    out->head[0] = k4_head(row, (int)j);
    join_nibbles(row + 16 + 32 * (j / 2), j % 2 * 4, out->parts);
}

static inline void read_q5_k(const uint8_t *row, uint32_t b, struct run *out)
{
    uint32_t j = b % 8;
    row += (size_t)(b / 8) * 176;
    out->head[0] = k4_head(row, (int)j);
    out->head[1] = join_bits(row + 16, j);
    join_nibbles(row + 48 + 32 * (j / 2), j % 2 * 4, out->parts);
}

static inline void read_q2_k(const uint8_t *row, uint32_t b, struct run *out)
{
    uint32_t j = b % 8;
    row += (size_t)(b / 8) * 84;
    uint32_t scales = load_u16(row + 2 * j);
    const uint8_t *q = row + 16 + 32 * (j / 4);
    out->head[0] = load_word(row + 80);
    out->head[1] = (scales & 0x0f0f) | (scales >> 4 & 0x0f0f) << 16;
    out->head[2] = join_pairs(q, j % 4 * 2);
    out->head[3] = join_pairs(q + 16, j % 4 * 2);
}

static inline uint32_t scale_byte(int scale, uint32_t span)
{
    return (uint32_t)(uint8_t)scale << (16 + 8 * span);
}

static inline void read_q3_k(const uint8_t *row, uint32_t b, struct run *out)
{
    uint32_t j = b % 8;
    row += (size_t)(b / 8) * 110;
    const uint8_t *q = row + 32 + 32 * (j / 4);
    out->head[0] = load_u16(row + 108) | scale_byte(q3_scale(row + 96, (int)(2 * j)), 0) |
                   scale_byte(q3_scale(row + 96, (int)(2 * j + 1)), 1);
    out->head[1] = join_bits(row, j);
    out->head[2] = join_pairs(q, j % 4 * 2);
    out->head[3] = join_pairs(q + 16, j % 4 * 2);
}

static inline void read_q6_k(const uint8_t *row, uint32_t b, struct run *out)
{
    uint32_t j = b % 8;
    row += (size_t)(b / 8) * 210;
    const uint8_t *high = row + 128 + 32 * (j / 4);
    out->head[0] = load_u16(row + 208) | (uint32_t)load_u16(row + 192 + 2 * j) << 16;
    out->head[1] = join_pairs(high, j % 4 * 2);
    out->head[2] = join_pairs(high + 16, j % 4 * 2);
    join_nibbles(row + 64 * (j / 4) + 32 * (j % 2), j / 2 % 2 * 4, out->parts);
}

static inline void read_iq4_nl(const uint8_t *row, uint32_t b, struct run *out)
{
    row += (size_t)b * 18;
    out->head[0] = load_u16(row) | scale_byte(1, 0);
    memcpy(out->parts, row + 2, 16);
}

static inline void read_iq4_xs(const uint8_t *row, uint32_t b, struct run *out)
{
    uint32_t j = b % 8;
    row += (size_t)(b / 8) * 136;
    out->head[0] = load_u16(row) | scale_byte(iq4_xs_scale(row, (int)j), 0);
    memcpy(out->parts, row + 8 + 16 * j, 16);
}
