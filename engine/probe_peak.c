// The ceilings of a device, by bare loops (compute/kernels_peak.h): what it reads, copies and
// multiplies when it does nothing else. The best of some runs, since nothing but other work on the
// machine makes a loop slower than it can be.
#include <stdlib.h>

#include "engine/compute/kernels_peak.h"
#include "engine/engine_internal.h"
#include "engine/probe_bench.h"
#include "engine/trial.h"

enum { RUNS = 24, CPU_TURNS = 1024, GPU_TURNS = 16, MULTIPLY_TURNS = 4096 };
// More than the last-level cache of any processor or GPU that we know holds of it.
static const uint64_t most_bytes = 128 << 20;
// Short, so that on a busy machine some run has the processor for itself.
static const double run_ms = 2;

struct ceiling {
    struct engine *engine;
    struct vk_buffer *x, *y;
    uint32_t groups; // of the loops over memory
    uint32_t turns;
    uint64_t bytes; // of x
};

static bool prepare(struct ceiling *c, struct error *err)
{
    const struct vk_profile *p = vk_device_profile(c->engine->device);
    c->turns = p->shape == VK_SHAPE_CPU ? CPU_TURNS : GPU_TURNS;
    uint64_t run = (uint64_t)c->turns * kernel_peak_threads(p) * 16, most = most_bytes;
    if (most > p->most_storage_range)
        most = p->most_storage_range;
    c->groups = (uint32_t)(most / run);
    c->bytes = c->groups * run;
    c->x = vk_buffer_create(c->engine->device, c->bytes, VK_MEMORY_DEVICE, "peak", err);
    c->y =
        c->x ? vk_buffer_create(c->engine->device, c->bytes, VK_MEMORY_DEVICE, "peak", err) : NULL;
    return c->y && trial_fill(c->engine->device, c->x, err) &&
           trial_fill(c->engine->device, c->y, err);
}

// The same loop `times` after each other: what a submission takes by itself does not count.
static bool run_once(struct ceiling *c, struct peak_run r, uint32_t times, double *ms,
                     struct error *err)
{
    struct plan *p = plan_create(c->engine->device, "peak", err);
    if (!p)
        return false;
    r.x = plan_external_buffer(p, c->x);
    r.y = plan_external_buffer(p, c->y);
    for (uint32_t i = 0; i < times; i++)
        kernel_peak(p, &r);
    bool ok = plan_finish(p, 0, err) && plan_warm(p, NULL, err);
    double now;
    for (int i = 0; ok && i < RUNS; i++) {
        ok = plan_run(p, NULL, &now, err);
        *ms = i == 0 || now / times < *ms ? now / times : *ms;
    }
    plan_destroy(p);
    return ok;
}

// Milliseconds of the loop at its best.
static bool measure(struct ceiling *c, struct peak_run r, double *ms, struct error *err)
{
    return run_once(c, r, 1, ms, err) &&
           (*ms > run_ms || run_once(c, r, (uint32_t)(run_ms / *ms) + 1, ms, err));
}

static bool measure_memory(struct ceiling *c, enum peak peak, double moved, double *gbytes,
                           struct error *err)
{
    double ms;
    if (!measure(c, (struct peak_run){.peak = peak, .groups = c->groups, .turns = c->turns}, &ms,
                 err))
        return false;
    *gbytes = moved * (double)c->bytes / ms * 1e-6;
    return true;
}

static bool measure_multiply(struct ceiling *c, double *gflops, struct error *err)
{
    const struct vk_profile *p = vk_device_profile(c->engine->device);
    struct peak_run r = {.peak = PEAK_MULTIPLY,
                         .groups = p->shape == VK_SHAPE_CPU ? 16 * p->threads : 4096,
                         .turns = MULTIPLY_TURNS,
                         .factor = 0.5f,
                         .term = 1};
    double ms, flops = 2.0 * PEAK_CHAINS * r.turns * r.groups * kernel_peak_threads(p);
    if (!measure(c, r, &ms, err))
        return false;
    *gflops = flops / ms * 1e-6;
    return true;
}

bool probe_peaks(struct engine *e, struct peak_figures *out, struct error *err)
{
    struct ceiling c = {.engine = e};
    *out = (struct peak_figures){0};
    bool cpu = vk_device_profile(e->device)->shape == VK_SHAPE_CPU;
    uint64_t most_texel = 16 * vk_device_profile(e->device)->most_texel_elements;
    bool ok =
        prepare(&c, err) &&
        measure_memory(&c, cpu ? PEAK_COPY_TEXEL : PEAK_COPY_STORAGE, 2, &out->copy, err) &&
        measure_memory(&c, PEAK_READ_STORAGE, 1, &out->read_storage, err) &&
        (c.bytes > most_texel || measure_memory(&c, PEAK_READ_TEXEL, 1, &out->read_texel, err)) &&
        measure_multiply(&c, &out->multiply, err);
    vk_buffer_destroy(c.y);
    vk_buffer_destroy(c.x);
    return ok;
}
