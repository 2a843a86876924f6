// Shared by quant.c, quant_k.c and repack.c: reading a block's fields (little-endian, unaligned),
// and the types of 256 elements.
#pragma once

#include <string.h>

#include "engine/model/quant.h"

static inline uint16_t load_u16(const uint8_t *p)
{
    return (uint16_t)(p[0] | p[1] << 8);
}

static inline uint32_t load_u32(const uint8_t *p)
{
    return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

// Halves that are ordinary numbers without a call: blocks are read by the million.
static inline float load_f16(const uint8_t *p)
{
    uint16_t half = load_u16(p);
    uint32_t exponent = half & 0x7c00;
    if (exponent == 0 || exponent == 0x7c00)
        return quant_f16_to_f32(half);
    uint32_t bits =
        (uint32_t)(half & 0x8000) << 16 | (((uint32_t)(half & 0x7fff) << 13) + (112u << 23));
    float value;
    memcpy(&value, &bits, sizeof(value));
    return value;
}

// quant_f32_to_f16
static inline uint16_t half_of(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof(bits));
    uint32_t magnitude = bits & 0x7fffffff;
    if (magnitude < 113u << 23 || magnitude >= 142u << 23)
        return quant_f32_to_f16(value);
    uint32_t even = magnitude >> 13 & 1; // ties
    return (uint16_t)((bits >> 16 & 0x8000) | (magnitude - (112u << 23) + 0xfff + even) >> 13);
}

// Scale and minimum j of the eight 6-bit pairs of Q4_K and Q5_K in 12 bytes.
static inline void k4_scale(const uint8_t *s, int j, float *scale, float *minimum)
{
    if (j < 4) {
        *scale = (float)(s[j] & 63);
        *minimum = (float)(s[j + 4] & 63);
    } else {
        *scale = (float)((s[j + 4] & 15) | (s[j - 4] >> 6) << 4);
        *minimum = (float)((s[j + 4] >> 4) | (s[j] >> 6) << 4);
    }
}

// Scale j of the sixteen 6-bit ones of Q3_K in 12 bytes: low four bits in s[0..8), high two in
// s[8..12).
static inline int q3_scale(const uint8_t *s, int j)
{
    int low = j < 8 ? s[j] & 15 : s[j - 8] >> 4;
    return (low | (s[8 + j % 4] >> (j / 4 * 2) & 3) << 4) - 32;
}

// Scale j of the eight of IQ4_XS: d, scales_h, scales_l[4].
static inline int iq4_xs_scale(const uint8_t *b, int j)
{
    uint16_t high = load_u16(b + 2);
    return ((b[4 + j / 2] >> (j % 2 * 4) & 15) | (high >> (2 * j) & 3) << 4) - 32;
}

// See struct quant.
void quant_q2_k(const void *blocks, float *out, size_t n);
void quant_q3_k(const void *blocks, float *out, size_t n);
void quant_q4_k(const void *blocks, float *out, size_t n);
void quant_q5_k(const void *blocks, float *out, size_t n);
void quant_q6_k(const void *blocks, float *out, size_t n);
void quant_iq4_nl(const void *blocks, float *out, size_t n);
void quant_iq4_xs(const void *blocks, float *out, size_t n);
