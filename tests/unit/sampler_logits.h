// What the tests of the sampler share: a few logits, and picks from them.
#pragma once

#include <stdint.h>

#include "engine/sampler.h"

enum { SIZE = 8 };

// Their probabilities are of different size, not in order.
extern const float logits[SIZE];
extern const int order[SIZE]; // of them, the likeliest first

// Of a copy of SIZE logits, nothing penalised.
int32_t pick(const float *from, const struct sampling *how, uint64_t draw);
void softmax(const float *from, double temperature, double p[SIZE]);
