// What the tests of the kernels share: tensors in memory that the host sees too, between guard
// words; random matrices of every type; runs of a plan over poisoned scratch memory; comparisons
// with engine/compute/reference.h.
//
// The shape of the kernels and the subgroup size are those of the process: meson runs each test
// with several (PUMICE_KERNELS, LP_NATIVE_VECTOR_WIDTH).
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/compute/kernels.h"
#include "engine/compute/plan.h"

// The cmocka state of a group of tests: a device, and the tensors and matrices of one case.
struct bench;

// Runs a group of tests. Returns the exit status.
struct CMUnitTest;
int bench_run(const char *name, const struct CMUnitTest *tests, size_t n);

struct vk_device *bench_device(const struct bench *b);
const struct vk_profile *bench_profile(const struct bench *b);
struct layout bench_layout(const struct bench *b);
// Whether this process runs all combinations: the subgroup size is 8. Else a choice is enough.
bool bench_thorough(const struct bench *b);

// Fresh memory, all of it NaN. Freed, and its guard words checked, by bench_clear.
struct tensor {
    struct vk_slice slice;
    union {
        float *f;
        uint32_t *u;
        uint16_t *h;
        uint8_t *bytes;
    };
};
struct tensor *bench_tensor(struct bench *b, uint64_t size);
// Ends a case: checks the guard words of all tensors, frees them and the matrices.
void bench_clear(struct bench *b);
bool bench_untouched(float v); // still the NaN of a fresh tensor

// The KV cache of a layer in a tensor: where the value of a position, a head and a dimension is, in
// halves or bytes, and the number of the half that is its scale (CACHE_Q8_0).
struct test_cache {
    struct tensor *tensor;
    uint32_t type, positions, heads, size;
    struct cache_layout layout;
    struct cache_parts parts;
};
struct test_cache bench_cache(struct bench *b, uint32_t type, uint32_t positions, uint32_t heads,
                              uint32_t size);
uint64_t bench_cache_at(const struct test_cache *c, bool value, uint32_t p, uint32_t h, uint32_t d);
uint64_t bench_cache_scale_at(const struct test_cache *c, bool value, uint32_t p, uint32_t h,
                              uint32_t d);

void bench_seed(struct bench *b, uint32_t seed); // what is random begins anew
float bench_random(struct bench *b);             // evenly from [-1, 1)
void bench_fill(struct bench *b, float *to, size_t n);
uint32_t bench_bits(struct bench *b); // 24 of them
// Blocks with ordinary scales, and now and then a subnormal one; the caller calls test_free.
uint8_t *bench_blocks(struct bench *b, const struct quant *q, size_t values);

// A matrix of random blocks of a type of file, and what they say as plain numbers. Paired: rows in
// the order of MODE_GATE, `values` still gate rows first.
struct test_matrix {
    struct matrix matrix;
    float *values; // rows x columns
    float *bias;   // rows
    struct vk_slice more[8];
};
struct test_matrix *bench_matrix(struct bench *b, enum quant_type type, uint32_t rows,
                                 uint32_t columns, bool paired);

// The same matrix in pieces of that many rows.
void bench_cut(struct bench *b, struct test_matrix *m, uint32_t piece_rows);

// A plan; what is built into it is run twice by bench_plan_run, from the same content of the `n`
// tensors that it writes and over scratch memory full of NaNs; both runs must give the same bits.
// The plan is destroyed.
struct plan *bench_plan(struct bench *b);
void bench_plan_run(struct bench *b, struct plan *p, struct tensor *const *written, size_t n);

// Fails, with `what`, when sum((got - want)^2) > bound * sum(want^2), or when a value is not a
// number. Keeps the largest quotient, which is printed at the end of the group.
void bench_compare(struct bench *b, const float *got, const double *want, size_t n, double bound,
                   const char *what, ...) __attribute__((format(printf, 6, 7)));
