#include "engine/model/quant.h"

#include <string.h>

#include "engine/model/quant_blocks.h"

static float float_from_bits(uint32_t bits)
{
    float f;
    memcpy(&f, &bits, sizeof(f));
    return f;
}

static uint32_t bits_from_float(float f)
{
    uint32_t bits;
    memcpy(&bits, &f, sizeof(bits));
    return bits;
}

float quant_f16_to_f32(uint16_t half)
{
    uint32_t sign = (uint32_t)(half & 0x8000) << 16;
    uint32_t exponent = half >> 10 & 0x1f;
    uint32_t fraction = half & 0x3ff;
    if (exponent == 0) {
        float magnitude = (float)fraction * 0x1p-24f;
        return sign ? -magnitude : magnitude;
    }
    if (exponent == 0x1f)
        return float_from_bits(sign | 0x7f800000 | fraction << 13);
    return float_from_bits(sign | (exponent + 127 - 15) << 23 | fraction << 13);
}

// value >> shift, ties to even; shift is 1..31.
static uint32_t shift_rounded(uint32_t value, uint32_t shift)
{
    uint32_t quotient = value >> shift;
    uint32_t rest = value & ((1u << shift) - 1);
    uint32_t tie = 1u << (shift - 1);
    return quotient + (rest > tie || (rest == tie && (quotient & 1)));
}

uint16_t quant_f32_to_f16(float value)
{
    uint32_t bits = bits_from_float(value);
    uint32_t sign = bits >> 16 & 0x8000;
    uint32_t magnitude = bits & 0x7fffffff;
    if (magnitude > 0x7f800000) // a NaN stays one even if its payload lies in the bits cut off
        return (uint16_t)(sign | 0x7e00 | (magnitude >> 13 & 0x3ff));
    if (magnitude >= 0x47800000) // 2^16 and above; 65520..65535 round up to infinity below
        return (uint16_t)(sign | 0x7c00);
    if (magnitude >= 0x38800000) // 2^-14, the smallest normal half; a carry moves into the exponent
        return (uint16_t)(sign | shift_rounded(magnitude - (112u << 23), 13));
    if (magnitude <= 0x33000000) // 2^-25 is a tie between 0 and the smallest half: to even
        return (uint16_t)sign;
    uint32_t fraction = (magnitude & 0x7fffff) | 0x800000;
    return (uint16_t)(sign | shift_rounded(fraction, 126 - (magnitude >> 23)));
}

static void dequantize_f32(const void *blocks, float *out, size_t n)
{
    const uint8_t *b = blocks;
    for (size_t i = 0; i < n; i++)
        out[i] = float_from_bits(load_u32(b + 4 * i));
}

static void dequantize_f16(const void *blocks, float *out, size_t n)
{
    const uint8_t *b = blocks;
    for (size_t i = 0; i < n; i++)
        out[i] = load_f16(b + 2 * i);
}

static void dequantize_bf16(const void *blocks, float *out, size_t n)
{
    const uint8_t *b = blocks;
    for (size_t i = 0; i < n; i++)
        out[i] = float_from_bits((uint32_t)load_u16(b + 2 * i) << 16);
}

// The first 16 elements are the low nibbles of qs[16], the other 16 the high ones.

static void dequantize_q4_0(const void *blocks, float *out, size_t n)
{
    const uint8_t *b = blocks;
    for (; n > 0; n--, b += 18, out += 32) {
        float d = load_f16(b);
        for (int i = 0; i < 16; i++) {
            out[i] = d * (float)((b[2 + i] & 15) - 8);
            out[16 + i] = d * (float)((b[2 + i] >> 4) - 8);
        }
    }
}

static void dequantize_q4_1(const void *blocks, float *out, size_t n)
{
    const uint8_t *b = blocks;
    for (; n > 0; n--, b += 20, out += 32) {
        float d = load_f16(b);
        float m = load_f16(b + 2);
        for (int i = 0; i < 16; i++) {
            out[i] = d * (float)(b[4 + i] & 15) + m;
            out[16 + i] = d * (float)(b[4 + i] >> 4) + m;
        }
    }
}

static void dequantize_q5_0(const void *blocks, float *out, size_t n)
{
    const uint8_t *b = blocks;
    for (; n > 0; n--, b += 22, out += 32) {
        float d = load_f16(b);
        uint32_t fifth = load_u32(b + 2);
        for (int i = 0; i < 16; i++) {
            out[i] = d * (float)((b[6 + i] & 15) + (int)(fifth >> i & 1) * 16 - 16);
            out[16 + i] = d * (float)((b[6 + i] >> 4) + (int)(fifth >> (16 + i) & 1) * 16 - 16);
        }
    }
}

static void dequantize_q5_1(const void *blocks, float *out, size_t n)
{
    const uint8_t *b = blocks;
    for (; n > 0; n--, b += 24, out += 32) {
        float d = load_f16(b);
        float m = load_f16(b + 2);
        uint32_t fifth = load_u32(b + 4);
        for (int i = 0; i < 16; i++) {
            out[i] = d * (float)((b[8 + i] & 15) + (int)(fifth >> i & 1) * 16) + m;
            out[16 + i] = d * (float)((b[8 + i] >> 4) + (int)(fifth >> (16 + i) & 1) * 16) + m;
        }
    }
}

static void dequantize_q8_0(const void *blocks, float *out, size_t n)
{
    const uint8_t *b = blocks;
    for (; n > 0; n--, b += 34, out += 32) {
        float d = load_f16(b);
        for (int i = 0; i < 32; i++)
            out[i] = d * (float)(int8_t)b[2 + i];
    }
}

// At its number in the file format; the numbers left out were removed from it.
static const struct quant table[] = {
    [QUANT_F32] = {QUANT_F32, "F32", 1, 4, dequantize_f32},
    [QUANT_F16] = {QUANT_F16, "F16", 1, 2, dequantize_f16},
    [QUANT_Q4_0] = {QUANT_Q4_0, "Q4_0", 32, 18, dequantize_q4_0},
    [QUANT_Q4_1] = {QUANT_Q4_1, "Q4_1", 32, 20, dequantize_q4_1},
    [QUANT_Q5_0] = {QUANT_Q5_0, "Q5_0", 32, 22, dequantize_q5_0},
    [QUANT_Q5_1] = {QUANT_Q5_1, "Q5_1", 32, 24, dequantize_q5_1},
    [QUANT_Q8_0] = {QUANT_Q8_0, "Q8_0", 32, 34, dequantize_q8_0},
    [9] = {9, "Q8_1", 32, 36, NULL},
    [QUANT_Q2_K] = {QUANT_Q2_K, "Q2_K", 256, 84, quant_q2_k},
    [QUANT_Q3_K] = {QUANT_Q3_K, "Q3_K", 256, 110, quant_q3_k},
    [QUANT_Q4_K] = {QUANT_Q4_K, "Q4_K", 256, 144, quant_q4_k},
    [QUANT_Q5_K] = {QUANT_Q5_K, "Q5_K", 256, 176, quant_q5_k},
    [QUANT_Q6_K] = {QUANT_Q6_K, "Q6_K", 256, 210, quant_q6_k},
    [15] = {15, "Q8_K", 256, 292, NULL},
    [16] = {16, "IQ2_XXS", 256, 66, NULL},
    [17] = {17, "IQ2_XS", 256, 74, NULL},
    [18] = {18, "IQ3_XXS", 256, 98, NULL},
    [19] = {19, "IQ1_S", 256, 50, NULL},
    [QUANT_IQ4_NL] = {QUANT_IQ4_NL, "IQ4_NL", 32, 18, quant_iq4_nl},
    [21] = {21, "IQ3_S", 256, 110, NULL},
    [22] = {22, "IQ2_S", 256, 82, NULL},
    [QUANT_IQ4_XS] = {QUANT_IQ4_XS, "IQ4_XS", 256, 136, quant_iq4_xs},
    [24] = {24, "I8", 1, 1, NULL},
    [25] = {25, "I16", 1, 2, NULL},
    [26] = {26, "I32", 1, 4, NULL},
    [27] = {27, "I64", 1, 8, NULL},
    [28] = {28, "F64", 1, 8, NULL},
    [29] = {29, "IQ1_M", 256, 56, NULL},
    [QUANT_BF16] = {QUANT_BF16, "BF16", 1, 2, dequantize_bf16},
    [34] = {34, "TQ1_0", 256, 54, NULL},
    [35] = {35, "TQ2_0", 256, 66, NULL},
    [39] = {39, "MXFP4", 32, 17, NULL},
    [40] = {40, "NVFP4", 64, 36, NULL},
    [41] = {41, "Q1_0", 128, 18, NULL},
    [42] = {42, "Q2_0", 64, 18, NULL},
};

const struct quant *quant_find(uint32_t type)
{
    if (type >= sizeof(table) / sizeof(*table) || table[type].elems == 0)
        return NULL;
    return &table[type];
}
