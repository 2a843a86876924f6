// SPV_NV_cooperative_matrix -> SPV_KHR_cooperative_matrix: glslang of Debian 12 writes the former,
// drivers take the latter. The words are nearly the same; what KHR wants beyond them is
//   - what a matrix is used for (its Use): told by the specialization constants of its type,
//     rows and columns of which are M and K (factor A), K and N (B), or M and N (sums);
//   - the layout in memory as a number instead of "column-major: true or false".
// Besides, accesses of shared memory lose MakePointerAvailable and MakePointerVisible, by which
// each of them is a little barrier: drivers (RADV 25.0) let every load wait for the one before. The
// kernel's own barriers must have that instead; one without is an error.
// Source: SPIR-V extensions registry, SPV_NV_cooperative_matrix and SPV_KHR_cooperative_matrix.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// SpecIds of the constants that give the sizes.
struct coopmat_sizes {
    uint32_t m, n, k;
};

// Words of a module, made with malloc. NULL: `why` is a static sentence that says what is wrong
// with `in`, and *at the number of the word where. Never reads past n words.
uint32_t *coopmat_rewrite(const uint32_t *in, size_t n, const struct coopmat_sizes *sizes,
                          size_t *n_out, const char **why, size_t *at);
