// The tensor types of GGUF: one table row and one dequantisation each. Formulas: ggml's block
// formats. Values of a row lie in blocks of `elems` consecutive elements of `bytes` bytes. Pure
// functions.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// The numbers are the file format's.
enum quant_type {
    QUANT_F32 = 0,
    QUANT_F16 = 1,
    QUANT_Q4_0 = 2,
    QUANT_Q4_1 = 3,
    QUANT_Q5_0 = 6,
    QUANT_Q5_1 = 7,
    QUANT_Q8_0 = 8,
    QUANT_Q2_K = 10,
    QUANT_Q3_K = 11,
    QUANT_Q4_K = 12,
    QUANT_Q5_K = 13,
    QUANT_Q6_K = 14,
    QUANT_IQ4_NL = 20,
    QUANT_IQ4_XS = 23,
    QUANT_BF16 = 30,
};

struct quant {
    enum quant_type type;
    const char *name; // "Q4_0"
    uint32_t elems;   // elements in a block
    uint32_t bytes;   // bytes in a block
    // blocks[0..n) -> out[0..n * elems); NULL: the layout is known, but we do not compute with it.
    void (*dequantize)(const void *blocks, float *out, size_t n);
};

// Every type that the format defines and that has a size; NULL: unknown or removed. A type that we
// can list, but not compute with, has dequantize == NULL.
const struct quant *quant_find(uint32_t type);

float quant_f16_to_f32(uint16_t half);  // exact, subnormals included
uint16_t quant_f32_to_f16(float value); // rounds to nearest even
