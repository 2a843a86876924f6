// Which of several kernels computes a product on a GPU (the gpu shape; a CPU has one of each). For
// each device and type of weights one is picked: GEMM_FLOAT and the first GEMV_THREADS unless
// something else was measured to be faster and exact enough (tune.h), or
// PUMICE_GEMM=float|dot|matrix and PUMICE_GEMV=128|32|64|256 force one, where it is possible.
//
// Picks lie with the device; they are made before a plan is, by one thread.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "engine/model/quant.h"
#include "engine/vk/device.h"

enum gemm_variant {
    GEMM_FLOAT,  // gemm_gpu.comp: floats, multiplied by every device
    GEMM_DOT,    // gemm_dot.comp: x as bytes, dot products of four at once
    GEMM_MATRIX, // gemm_matrix.comp: halves, by the cooperative matrices of a subgroup
    GEMM_VARIANTS
};
const char *gemm_variant_name(enum gemm_variant v);
// Whether the device has what it needs, and the type of weights its kernel.
bool gemm_variant_possible(const struct vk_profile *p, enum gemm_variant v, enum quant_type type);
enum gemm_variant gemm_variant(struct vk_device *d, enum quant_type type);
void gemm_variant_pick(struct vk_device *d, enum quant_type type, enum gemm_variant v);

// Threads that share the quad of rows that a workgroup of gemv computes.
enum { GEMV_VARIANTS = 4 };
uint32_t gemv_threads(uint32_t variant);
uint32_t gemv_variant(struct vk_device *d, enum quant_type type);
void gemv_variant_pick(struct vk_device *d, enum quant_type type, uint32_t variant);
