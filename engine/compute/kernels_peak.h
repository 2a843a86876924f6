// Bare loops of loads, stores and multiply-adds: what a device reaches when it does nothing else. A
// model computes none of them; `bench` measures the other kernels against them.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "engine/compute/plan.h"

enum peak {
    PEAK_READ_STORAGE,
    PEAK_READ_TEXEL,
    PEAK_COPY_STORAGE,
    PEAK_COPY_TEXEL, // read through a texel buffer, written to a storage buffer
    PEAK_MULTIPLY,
    PEAK_COUNT
};

// `groups` workgroups of kernel_peak_threads; of memory, each takes a run of threads * turns units
// of 16 bytes. Turns are a multiple of 8, of 4 for memory.
struct peak_run {
    enum peak peak;
    uint32_t groups, turns;
    plan_tensor x;      // what is read; not of PEAK_MULTIPLY
    plan_tensor y;      // copies: as long as x; reads: 16 bytes a thread; PEAK_MULTIPLY: 4 of them
    float factor, term; // PEAK_MULTIPLY: v = v * factor + term
};
enum { PEAK_CHAINS = 16 }; // of multiply-adds that a thread has
void kernel_peak(struct plan *p, const struct peak_run *r);
uint32_t kernel_peak_threads(const struct vk_profile *profile); // of a workgroup
