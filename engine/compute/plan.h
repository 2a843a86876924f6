// A computation as a list of operations over tensors, recorded once and run many times. Model code
// names the operations (kernels.h appends them); the plan places scratch tensors by lifetime in one
// arena, puts barriers where one operation needs what another wrote, records, and submits in
// time-bounded pieces.
//
// Building calls return nothing or a handle; the first failure is kept and reported by plan_finish.
// A plan belongs to one thread; the buffers of external tensors must outlive it.
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "engine/vk/commands.h"
#include "engine/vk/memory.h"
#include "engine/vk/pipeline.h"

struct plan;

// A tensor of a plan: device memory without a shape; the operations know what lies in it.
typedef uint32_t plan_tensor;

// One operation. tensors[i] goes to binding i of the shader.
struct plan_op {
    const char *name; // for figures: "gemm"
    const struct vk_shader *shader;
    uint32_t constants[VK_CONSTANTS_MOST], n_constants; // its pipeline's
    plan_tensor tensors[VK_BINDINGS_MOST];
    uint32_t writes; // bit i: tensors[i] is written (it may be read as well); others are read
    uint8_t push[VK_PUSH_MOST];
    uint32_t groups[3];
    double flops;
};

struct plan *plan_create(struct vk_device *d, const char *name, struct error *e);
void plan_destroy(struct plan *p); // NULL allowed

plan_tensor plan_external(struct plan *p, struct vk_slice slice);
// All of a buffer; NULL: nothing, for a plan that is only placed.
plan_tensor plan_external_buffer(struct plan *p, struct vk_buffer *b);
// Lives from the first operation that uses it to the last. Its content is undefined until written.
plan_tensor plan_scratch(struct plan *p, uint64_t size);

void plan_append(struct plan *p, const struct plan_op *op);
void plan_copy(struct plan *p, plan_tensor from, uint64_t from_offset, plan_tensor to,
               uint64_t to_offset, uint64_t size);
void plan_zero(struct plan *p, plan_tensor t); // fills it with zeros
// Keeps a failure of a building call (a kernel that cannot be made, a shape that does not fit).
void plan_fail(struct plan *p, const struct error *e);
struct vk_device *plan_device(const struct plan *p);

// Places the scratch tensors: *size is what they take together. Takes no memory and makes no
// pipeline, so that a plan can be made to be measured alone.
bool plan_place(struct plan *p, uint64_t *size, struct error *e);
// Places, allocates, makes the pipelines and records. `piece_flops`: where a piece of the
// submission may end; 0: one piece.
bool plan_finish(struct plan *p, double piece_flops, struct error *e);
// Compiles what the driver left to the first dispatch. Another thread may upload meanwhile.
bool plan_warm(struct plan *p, const atomic_bool *stop, struct error *e);
// Runs all pieces; a stop between two of them ends it with ERROR_INTERRUPTED. `ms` (may be NULL)
// gets the time from submissions to completions.
bool plan_run(struct plan *p, const atomic_bool *stop, double *ms, struct error *e);

double plan_flops(const struct plan *p);
size_t plan_pieces(const struct plan *p);
uint64_t plan_scratch_size(const struct plan *p);
// Where a scratch tensor lies, after plan_finish (tests poison and read it).
struct vk_slice plan_slice(const struct plan *p, plan_tensor t);
