// A layer's way from its Q to that of the next, with random matrices and a random cache behind it.
#pragma once

#include "bench.h"

enum { SLOT = 13 }; // where the new K and V go
enum place { MIDDLE, FIRST, LAST };
struct between_case {
    enum place place; // among the layers
    uint32_t width, feed_forward, heads, kv_heads, size;
    enum quant_type out, gate_up, down, qkv;
    uint32_t cache_type; // CACHE_*
    uint32_t keys;       // of the attention; 0: KV_BLOCK

    uint32_t inner, kv_rows;
    struct test_matrix *m[4];
    struct tensor *attended, *x, *hidden, *gain[2], *rotation, *slots, *ranges, *q;
    struct test_cache cache, seen; // of the next layer, of this one
    float *k, *v;                  // that `seen` holds: [keys][kv_heads][size]
};

// Fills what is below the keys; bench_clear frees it but for k and v.
void between_make(struct bench *b, struct between_case *c);
// Runs kernel_between twice (bench_plan_run).
void between_run(struct bench *b, struct between_case *c);
