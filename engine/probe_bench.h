// What `bench` and `devices --measure` see of the engine: the device and its kernels alone, how
// much there is to compute, and where the time goes. Calls belong to the engine's thread.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "engine/engine.h"

// What bare loops reach on the engine's device: GB/s and GFLOP/s.
struct peak_figures {
    double copy;         // bytes read and bytes written, both counted
    double read_storage; // through a storage buffer
    double read_texel;   // through a texel buffer; 0: the device has none of that size
    double multiply;     // a multiplication and an addition are two
};
bool probe_peaks(struct engine *e, struct peak_figures *out, struct error *err);

struct kernel_figure {
    char name[64]; // "gemm"
    char type[16]; // "Q4_1"
    uint32_t rows, columns, inner;
    double ms; // best of `repeats` runs, each of as many products as take 10 ms
    double median_ms, low_ms, high_ms; // the middle half of the runs
    double gflops, gbytes;             // per second, from the median
};
// The heavy kernels at the given type and shape, on the engine's device, with random weights.
bool probe_kernel(struct engine *e, const char *type, uint32_t rows, uint32_t columns,
                  uint32_t inner, uint32_t repeats, struct kernel_figure *out, struct error *err);

// A device without a model: its products of many columns and of one, of Q4_1, and its driver's
// file.
struct device_speed {
    struct kernel_figure gemm, gemv;
    char library[512]; // "": not known
};
bool probe_speed(const char *want, struct device_speed *out, struct error *e);

// What there is to do, by the shapes in the files.
struct work {
    double flops, bytes; // bytes: 0 where they are not what counts
};
// `columns` for positions from `first` on, in `runs` equal batches, each with logits.
struct work probe_text_work(const struct engine *e, uint32_t first, uint32_t columns,
                            uint32_t runs);
struct work probe_picture_work(const struct engine *e, uint32_t picture_width,
                               uint32_t picture_height);

// Which kernels the time goes to.
enum { PLAN_KINDS_MOST = 32 };
struct op_figure {
    char kernel[32];    // "gemm_cpu_q4_1"
    uint32_t groups[3]; // workgroups
    uint32_t count;     // of such dispatches
    double ms, flops;   // of all of them; flops 0: not known
};
struct plan_figures {
    double ms;       // of the whole computation, which overlaps what may overlap
    bool timestamps; // false: the driver's are not honest; each kind was run by itself
    size_t n;
    struct op_figure list[PLAN_KINDS_MOST];
};
// A batch of so many columns as the last one that the session computed, which must have been as
// large. The session is empty afterwards.
bool probe_text_profile(struct session *s, uint32_t columns, struct plan_figures *out,
                        struct error *err);
bool probe_picture_profile(struct engine *e, struct plan_figures *out, struct error *err);

// A JPEG of 24 megapixels, which the caller frees.
bool probe_photo(uint32_t seed, uint8_t **out, size_t *size, struct error *e);
