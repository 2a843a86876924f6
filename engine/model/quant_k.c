// The types whose scales are quantised themselves (K), and the ones with a table of values (IQ4).
// The fields of a block are named as in ggml; i is the number of an element in its block.
#include "engine/model/quant_blocks.h"

// scales[16], qs[64], d, dmin: 16 runs of 16 elements of 2 bits.
void quant_q2_k(const void *blocks, float *out, size_t n)
{
    const uint8_t *b = blocks;
    for (; n > 0; n--, b += 84, out += 256) {
        float d = load_f16(b + 80), dmin = load_f16(b + 82);
        for (int i = 0; i < 256; i++) {
            int q = b[16 + 32 * (i / 128) + i % 32] >> (i % 128 / 32 * 2) & 3;
            out[i] = d * (float)(b[i / 16] & 15) * (float)q - dmin * (float)(b[i / 16] >> 4);
        }
    }
}

// hmask[32], qs[64], scales[12], d: 2 bits, and a third in hmask.
void quant_q3_k(const void *blocks, float *out, size_t n)
{
    const uint8_t *b = blocks;
    for (; n > 0; n--, b += 110, out += 256) {
        float d = load_f16(b + 108);
        for (int i = 0; i < 256; i++) {
            int q = b[32 + 32 * (i / 128) + i % 32] >> (i % 128 / 32 * 2) & 3;
            int high = b[i % 32] >> (i / 32) & 1;
            out[i] = d * (float)q3_scale(b + 96, i / 16) * (float)(q - (high ? 0 : 4));
        }
    }
}

// d, dmin, scales[12], for Q5_K qh[32] (fifth bits), qs[128]: 8 runs of 32 elements.
static void k4_block(const uint8_t *b, const uint8_t *high, const uint8_t *qs, float *out)
{
    float d = load_f16(b), dmin = load_f16(b + 2);
    for (int j = 0; j < 8; j++) {
        float scale, minimum;
        k4_scale(b + 4, j, &scale, &minimum);
        for (int i = 0; i < 32; i++) {
            int q = qs[32 * (j / 2) + i] >> (j % 2 * 4) & 15;
            if (high)
                q |= (high[i] >> j & 1) << 4;
            out[32 * j + i] = d * scale * (float)q - dmin * minimum;
        }
    }
}

void quant_q4_k(const void *blocks, float *out, size_t n)
{
    const uint8_t *b = blocks;
    for (; n > 0; n--, b += 144, out += 256)
        k4_block(b, NULL, b + 16, out);
}

void quant_q5_k(const void *blocks, float *out, size_t n)
{
    const uint8_t *b = blocks;
    for (; n > 0; n--, b += 176, out += 256)
        k4_block(b, b + 16, b + 48, out);
}

// ql[128], qh[64], int8 scales[16], d: 16 runs of 16 elements of 4 + 2 bits.
void quant_q6_k(const void *blocks, float *out, size_t n)
{
    const uint8_t *b = blocks;
    for (; n > 0; n--, b += 210, out += 256) {
        const uint8_t *scales = b + 192;
        float d = load_f16(b + 208);
        for (int i = 0; i < 256; i++) {
            int half = i / 128, r = i % 128;
            int low = b[64 * half + r % 64] >> (r < 64 ? 0 : 4) & 15;
            int high = b[128 + 32 * half + r % 32] >> (2 * (r / 32)) & 3;
            out[i] = d * (float)(int8_t)scales[i / 16] * (float)((low | high << 4) - 32);
        }
    }
}

static const int8_t iq4_values[16] = {-127, -104, -83, -65, -49, -35, -22, -10,
                                      1,    13,   25,  38,  53,  69,  89,  113};

// 32 elements of a table of 16 values.
static void iq4_run(const uint8_t *qs, float d, float *out)
{
    for (int i = 0; i < 16; i++) {
        out[i] = d * (float)iq4_values[qs[i] & 15];
        out[16 + i] = d * (float)iq4_values[qs[i] >> 4];
    }
}

// d, qs[16]
void quant_iq4_nl(const void *blocks, float *out, size_t n)
{
    const uint8_t *b = blocks;
    for (; n > 0; n--, b += 18, out += 32)
        iq4_run(b + 2, load_f16(b), out);
}

// d, scales_h, scales_l[4], qs[128]: 8 runs of 32 elements with 6-bit scales.
void quant_iq4_xs(const void *blocks, float *out, size_t n)
{
    const uint8_t *b = blocks;
    for (; n > 0; n--, b += 136, out += 256)
        for (int j = 0; j < 8; j++)
            iq4_run(b + 8 + 16 * j, load_f16(b) * (float)iq4_xs_scale(b, j), out + 32 * j);
}
