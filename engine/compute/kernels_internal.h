// Shared by the kernels' files: kernels.c, kernels_matmul.c, kernels_gemm.c, kernels_between.c and
// kernels_attention.c.
#pragma once

#include "engine/compute/kernels.h"
#include "engine/compute/shaders.h"
#include "engine/compute/variants.h"

static inline uint32_t ceil_div(uint32_t a, uint32_t b)
{
    return (a + b - 1) / b;
}

// Whether gemv computes the norm while it reads x: whole blocks of it and of the gain.
bool kernel_folds(const struct norm *n);

// Bindings 0..3 of a product, its push constants and its work.
void kernel_matmul_op(struct plan *p, const struct matmul *m, struct plan_op *op,
                      struct push_matmul *push);
// Bindings 4..7 of gemv, and what the push constants say of them. Where they are not used the bias
// is there: Vulkan wants something bound.
void kernel_gemv_op(struct plan *p, const struct matmul *m, struct plan_op *op,
                    struct push_matmul *push);

// Many columns, by the kernel that was picked for the matrix's type; no norm. Where that is one
// which multiplies bytes (kernel_wants_bytes), m->bytes are x.
void kernel_gemm(struct plan *p, const struct matmul *m);
bool kernel_wants_bytes(const struct plan *p, const struct matmul *m);

// Query rows of a tile of attention_cpu, and the push constants of both.
uint32_t kernel_attention_tile(const struct attention *a);
struct push_attention kernel_attention_push(const struct attention *a);

// The plan fails: "%s, which the kernels cannot compute". Returns false.
bool kernel_fail(struct plan *p, const char *what);

// Appends the operation with the pipeline of a family with these constants behind the two that all
// share: threads and subgroup size. False: the plan has failed.
bool kernel_append(struct plan *p, struct plan_op *op, enum shader_family family,
                   enum quant_type type, uint32_t threads, const uint32_t *constants, size_t n);
