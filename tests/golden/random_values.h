// Weights by chance, the same on every machine: of a type's blocks all bits are random but the
// scales, which give the values a standard deviation. Private to the makers of model files.
#pragma once

#include <stdint.h>

#include "engine/model/quant.h"

struct random_bits {
    uint64_t state;
};
// The bits that belong to a name (of a model, a tensor) and a seed.
struct random_bits random_start(const char *name, uint64_t seed);
uint64_t random_next(struct random_bits *r);
// Even in [-1, 1), of 24 bits.
float random_even(struct random_bits *r);

// `count` values of a type, a multiple of its blocks, around `mean` (which only F32, F16 and BF16
// can have; else it is about 0).
void random_values(struct random_bits *r, enum quant_type type, float mean, float deviation,
                   uint64_t count, void *out);
