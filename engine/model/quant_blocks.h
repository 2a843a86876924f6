// Shared by quant.c and quant_k.c: reading a block's fields (little-endian, unaligned), and the
// types of 256 elements.
#pragma once

#include "engine/model/quant.h"

static inline uint16_t load_u16(const uint8_t *p)
{
    return (uint16_t)(p[0] | p[1] << 8);
}

static inline uint32_t load_u32(const uint8_t *p)
{
    return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static inline float load_f16(const uint8_t *p)
{
    return quant_f16_to_f32(load_u16(p));
}

// See struct quant.
void quant_q2_k(const void *blocks, float *out, size_t n);
void quant_q3_k(const void *blocks, float *out, size_t n);
void quant_q4_k(const void *blocks, float *out, size_t n);
void quant_q5_k(const void *blocks, float *out, size_t n);
void quant_q6_k(const void *blocks, float *out, size_t n);
void quant_iq4_nl(const void *blocks, float *out, size_t n);
void quant_iq4_xs(const void *blocks, float *out, size_t n);
