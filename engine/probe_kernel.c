// One heavy kernel alone, for `bench`: a matrix of random blocks times random columns.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/engine_internal.h"
#include "engine/probe_bench.h"
#include "engine/trial.h"

enum { RUN_MS = 10, SPEED_RUNS = 16 };

static const struct quant *find_type(const char *name)
{
    for (uint32_t t = 0; t < 64; t++) {
        const struct quant *q = quant_find(t);
        if (q && strcmp(q->name, name) == 0 && q->dequantize)
            return q;
    }
    return NULL;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static bool measure(struct trial *t, const struct quant *q, double *ms, uint32_t repeats,
                    struct kernel_figure *f, struct error *err)
{
    uint32_t times;
    if (!trial_fit(t, RUN_MS, &times, err) || !trial_run(t, &ms[0], err))
        return false;
    for (uint32_t i = 0; i < repeats; i++) {
        if (!trial_run(t, &ms[i], err))
            return false;
        ms[i] /= times;
    }
    qsort(ms, repeats, sizeof(*ms), by_value);
    double weights = (double)f->rows * f->inner;
    f->ms = ms[0];
    f->median_ms = ms[repeats / 2];
    f->low_ms = ms[repeats / 4];
    f->high_ms = ms[repeats - 1 - repeats / 4];
    f->gflops = 2 * weights * f->columns / f->median_ms * 1e-6;
    f->gbytes = weights / q->elems * q->bytes / f->median_ms * 1e-6;
    return true;
}

bool probe_kernel(struct engine *e, const char *type, uint32_t rows, uint32_t columns,
                  uint32_t inner, uint32_t repeats, struct kernel_figure *out, struct error *err)
{
    const struct quant *q = find_type(type);
    if (!q || rows == 0 || columns == 0 || inner == 0 || inner % 32 != 0 || inner % q->elems != 0 ||
        repeats == 0)
        return error_set(err, ERROR_USAGE, "there is no kernel for the type %s at %ux%ux%u", type,
                         rows, columns, inner);
    *out = (struct kernel_figure){.rows = rows, .columns = columns, .inner = inner};
    snprintf(out->name, sizeof(out->name), "%s", columns == 1 ? "gemv" : "gemm");
    snprintf(out->type, sizeof(out->type), "%s", q->name);
    double *ms = malloc(repeats * sizeof(*ms));
    if (!ms)
        return error_no_memory(err);
    struct trial *t =
        trial_create(e->device, q, &(struct trial_shape){rows, columns, inner, 0}, err);
    bool ok = t && measure(t, q, ms, repeats, out, err);
    trial_destroy(t);
    free(ms);
    return ok;
}

bool probe_speed(const char *want, struct device_speed *out, struct error *e)
{
    struct engine bare = {.device = vk_device_open(want, e)};
    if (!bare.device)
        return false;
    const char *library = vk_device_library(bare.device);
    snprintf(out->library, sizeof(out->library), "%s", library ? library : "");
    bool ok = probe_kernel(&bare, "Q4_1", 1024, 128, 576, SPEED_RUNS, &out->gemm, e) &&
              probe_kernel(&bare, "Q4_1", 4096, 1, 576, SPEED_RUNS, &out->gemv, e);
    vk_device_close(bare.device);
    return ok;
}
