// A product alone, of a matrix of random blocks with random columns: what a kernel takes of it
// (`bench`, tune.c) and what comes out. It owns the device memory of it all.
#pragma once

#include "engine/compute/kernels.h"
#include "engine/model/quant.h"
#include "engine/vk/memory.h"

struct trial_shape {
    uint32_t rows, columns, inner; // inner: a multiple of 32 and of the type's block
    uint64_t spread; // bytes: as many matrices of these rows are multiplied in turn as have them
                     // together (8 at most), so that no cache holds them. 0: one
};

struct trial;
struct trial *trial_create(struct vk_device *d, const struct quant *type,
                           const struct trial_shape *shape, struct error *e);
void trial_destroy(struct trial *t); // NULL allowed
// As many products after each other as take `run_ms`, 64 at most, each waiting for the one before,
// by the kernels that are picked now: recorded and compiled.
bool trial_fit(struct trial *t, double run_ms, uint32_t *times, struct error *e);
// Runs them: milliseconds of all.
bool trial_run(struct trial *t, double *ms, struct error *e);
// Runs one product: y, columns x rows, lives as long as the trial, until the next call.
const float *trial_result(struct trial *t, struct error *e);

// Fills a buffer with numbers in [-1, 1).
bool trial_fill(struct vk_device *d, struct vk_buffer *b, struct error *e);
