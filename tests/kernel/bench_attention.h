// attention against the reference, over a cache whose unused places hold NaNs.
#pragma once

#include "bench.h"

enum ranges {
    CAUSAL, // column c sees the keys up to its own
    WINDOW, // and of those the last 7
    SINGLE, // and of those the first
    ALL,
};
struct attention_case {
    uint32_t heads, kv_heads, size, columns;
    uint32_t keys; // written to the cache
    enum ranges ranges;
    float sharpness;     // factor of q
    uint32_t cache_type; // CACHE_*
    uint32_t positions;  // that the cache has room for; 0: no more than the keys need
};

// Runs it twice (bench_plan_run). Fails where it is not what the reference computes, or writes
// elsewhere. NULL, or `bits`: columns x heads x size floats that get the result.
void bench_attention(struct bench *b, const struct attention_case *c, float *bits);
