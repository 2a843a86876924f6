// Which of its kernels a GPU is fastest with (compute/variants.h): tried once for each type of
// weights, on the device itself, and kept in the cache folder for this device, its driver and these
// kernels. A kernel that is faster but not exact enough is not picked, nor one that the driver
// cannot compile.
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "engine/compute/variants.h"

enum { TUNE_TYPES = 12 }; // of weights on a device (shaders/shared.h)

struct tune_figure {
    enum quant_type type;
    double gemm_ms[GEMM_VARIANTS];    // of one product; 0: not possible, or failed
    double gemm_error[GEMM_VARIANTS]; // sum (y - float's)^2 / sum (float's)^2
    double gemv_ms[GEMV_VARIANTS];
};

// The fastest; another than the first one must take 5 % less time than it.
enum gemm_variant tune_gemm(const struct tune_figure *f);
uint32_t tune_gemv(const struct tune_figure *f);

// Called between two trials; false stops (ERROR_INTERRUPTED).
typedef bool tune_step(void *data, size_t done, size_t total, struct error *e);

// Picks for the types [0, n), as the file says. `measure`: what it does not know is tried and added
// to it. Otherwise, and where nothing is to choose (tune_chooses), the first kernels stay picked.
// ERROR_DEVICE: even these cannot be run.
bool tune_device(struct vk_device *d, const enum quant_type *types, size_t n, bool measure,
                 tune_step *step, void *data, struct error *e);
// A graphics card, unless PUMICE_GEMM names a kernel; PUMICE_GEMM=measure: any device of the gpu
// shape.
bool tune_chooses(const struct vk_profile *p);

// ---- tune_file.c: the file

// What it holds for a device: at most TUNE_TYPES figures. No file, or another's: 0.
size_t tune_recall(const struct vk_profile *p, struct tune_figure *list);
// Writes them; never fails loudly.
void tune_record(const struct vk_profile *p, const struct tune_figure *list, size_t n);
