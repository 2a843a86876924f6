// One heavy kernel alone, for `bench`: a matrix of random blocks times random columns.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/compute/kernels.h"
#include "engine/engine_internal.h"
#include "engine/model/quant.h"

enum { RUN_MS = 10, TIMES_MOST = 64, SPEED_RUNS = 16 };

static const struct quant *find_type(const char *name)
{
    for (uint32_t t = 0; t < 64; t++) {
        const struct quant *q = quant_find(t);
        if (q && strcmp(q->name, name) == 0 && q->dequantize)
            return q;
    }
    return NULL;
}

// Bytes whose blocks have ordinary scales, at their beginning or end: a byte pattern that is a
// small number as half, bfloat and float.
static uint8_t *random_blocks(const struct quant *q, uint64_t size)
{
    uint8_t *bytes = malloc(size);
    uint32_t state = 1;
    for (uint64_t i = 0; bytes && i < size; i++) {
        state = state * 1664525 + 1013904223;
        bytes[i] = (uint8_t)(state >> 24);
        if (q->elems == 1 && i % q->bytes == q->bytes - 1u)
            bytes[i] = 0x30 | (bytes[i] & 0x80);
        uint32_t at = (uint32_t)(i % q->bytes), back = q->bytes - at;
        if (q->elems > 1 && (at == 1 || at == 3 || back == 1 || back == 3))
            bytes[i] = 0x20;
    }
    return bytes;
}

struct bench {
    struct weights *weights;
    struct vk_buffer *x;
    struct plan *plan;
    struct matrix matrix;
    uint8_t *blocks;
    double *ms;
};

static bool prepare_matrix(struct bench *b, struct engine *e, const struct quant *q,
                           const struct kernel_figure *f, struct error *err)
{
    struct gguf_tensor t = {
        .name = "bench", .n_dims = 2, .dims = {f->inner, f->rows, 1, 1}, .type = q->type};
    t.size = (uint64_t)f->rows * (f->inner / q->elems) * q->bytes;
    t.data = b->blocks = random_blocks(q, t.size);
    if (!b->blocks)
        return error_no_memory(err);
    b->weights = weights_create(e->device, err);
    struct weight_part part = {.tensor = &t, .rows = f->rows};
    return b->weights &&
           weights_matrix(b->weights, &part, 1, WEIGHT_STACKED, f->inner, &b->matrix, err) &&
           weights_allocate(b->weights, err) && weights_upload(b->weights, NULL, NULL, err);
}

// In [-1, 1): what lies in memory by chance may be numbers that take the processor longer.
bool probe_fill(struct engine *e, struct vk_buffer *b, struct error *err)
{
    struct vk_uploader *u = vk_uploader_create(e->device, err);
    uint64_t size = vk_buffer_size(b);
    uint32_t state = 1;
    bool ok = u != NULL;
    for (uint64_t at = 0, n; ok && at < size; at += n) {
        n = size - at < VK_UPLOAD_MOST ? size - at : VK_UPLOAD_MOST;
        float *to = vk_upload_begin(u, (struct vk_slice){b, at, n}, err);
        for (uint64_t i = 0; to && i < n / sizeof(*to); i++) {
            state = state * 1664525 + 1013904223;
            to[i] = (float)(int32_t)state * 0x1p-31f;
        }
        ok = to && vk_upload_end(u, err);
    }
    ok = ok && vk_upload_flush(u, err);
    vk_uploader_destroy(u);
    return ok;
}

static bool prepare_input(struct bench *b, struct engine *e, const struct kernel_figure *f,
                          struct error *err)
{
    uint64_t size = (uint64_t)f->columns * f->inner * sizeof(float);
    b->x = vk_buffer_create(e->device, size, VK_MEMORY_DEVICE, "bench", err);
    return b->x && probe_fill(e, b->x, err);
}

// The same product `times` after each other, each waiting for the one before.
static bool prepare_plan(struct bench *b, struct engine *e, const struct kernel_figure *f,
                         uint32_t times, struct error *err)
{
    plan_destroy(b->plan);
    b->plan = plan_create(e->device, "bench", err);
    if (!b->plan)
        return false;
    plan_tensor x = plan_external(b->plan, vk_buffer_all(b->x));
    plan_tensor y = plan_scratch(b->plan, (uint64_t)f->columns * f->rows * sizeof(float));
    for (uint32_t i = 0; i < times; i++)
        kernel_matmul(b->plan, &(struct matmul){.matrix = &b->matrix,
                                                .columns = f->columns,
                                                .x = x,
                                                .x_stride = f->inner,
                                                .y = y,
                                                .y_stride = f->rows,
                                                .mode = MODE_STORE});
    return plan_finish(b->plan, 0, err) && plan_warm(b->plan, NULL, err);
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

// So many that what a submission takes by itself does not count.
static bool find_times(struct bench *b, struct engine *e, const struct kernel_figure *f,
                       uint32_t *times, struct error *err)
{
    double ms;
    if (!prepare_plan(b, e, f, 1, err) || !plan_run(b->plan, NULL, &ms, err) ||
        !plan_run(b->plan, NULL, &ms, err))
        return false;
    *times = ms > RUN_MS ? 1 : ms * TIMES_MOST < RUN_MS ? TIMES_MOST : (uint32_t)(RUN_MS / ms);
    return prepare_plan(b, e, f, *times, err);
}

static bool measure(struct bench *b, struct engine *e, const struct quant *q, uint32_t repeats,
                    struct kernel_figure *f, struct error *err)
{
    uint32_t times;
    double unused;
    b->ms = malloc(repeats * sizeof(*b->ms));
    if (!b->ms)
        return error_no_memory(err);
    if (!find_times(b, e, f, &times, err) || !plan_run(b->plan, NULL, &unused, err))
        return false;
    for (uint32_t i = 0; i < repeats; i++) {
        if (!plan_run(b->plan, NULL, &b->ms[i], err))
            return false;
        b->ms[i] /= times;
    }
    qsort(b->ms, repeats, sizeof(*b->ms), by_value);
    double weights = (double)f->rows * f->inner;
    f->ms = b->ms[0];
    f->median_ms = b->ms[repeats / 2];
    f->low_ms = b->ms[repeats / 4];
    f->high_ms = b->ms[repeats - 1 - repeats / 4];
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
    struct bench b = {0};
    bool ok = prepare_matrix(&b, e, q, out, err) && prepare_input(&b, e, out, err) &&
              measure(&b, e, q, repeats, out, err);
    plan_destroy(b.plan);
    vk_buffer_destroy(b.x);
    weights_destroy(b.weights);
    free(b.blocks);
    free(b.ms);
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
