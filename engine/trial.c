#include "engine/trial.h"

#include <stdlib.h>

#include "engine/compute/plan.h"
#include "engine/model/weights.h"

enum { TIMES_MOST = 64, MATRICES_MOST = 8 };

struct trial {
    struct vk_device *device;
    struct trial_shape shape;
    struct weights *weights;
    struct matrix matrices[MATRICES_MOST];
    uint32_t n_matrices;
    uint8_t *blocks;
    struct vk_buffer *x, *y;
    struct plan *plan;
};

// Bytes whose blocks have ordinary scales, at their beginning or end: a byte pattern that is a
// number near 1 as half and near 1/64 as bfloat and float, which a kernel with halves can hold.
static uint8_t *random_blocks(const struct quant *q, uint64_t size)
{
    uint8_t *bytes = malloc(size);
    uint32_t state = 1;
    for (uint64_t i = 0; bytes && i < size; i++) {
        state = state * 1664525 + 1013904223;
        bytes[i] = (uint8_t)(state >> 24);
        if (q->elems == 1 && i % q->bytes == q->bytes - 1u)
            bytes[i] = 0x3c | (bytes[i] & 0x80);
        uint32_t at = (uint32_t)(i % q->bytes), back = q->bytes - at;
        if (q->elems > 1 && (at == 1 || at == 3 || back == 1 || back == 3))
            bytes[i] = 0x20;
    }
    return bytes;
}

// In [-1, 1): what lies in memory by chance may be numbers that take the processor longer.
bool trial_fill(struct vk_device *d, struct vk_buffer *b, struct error *e)
{
    struct vk_uploader *u = vk_uploader_create(d, e);
    uint64_t size = vk_buffer_size(b);
    uint32_t state = 1;
    bool ok = u != NULL;
    for (uint64_t at = 0, n; ok && at < size; at += n) {
        n = size - at < VK_UPLOAD_MOST ? size - at : VK_UPLOAD_MOST;
        float *to = vk_upload_begin(u, (struct vk_slice){b, at, n}, e);
        for (uint64_t i = 0; to && i < n / sizeof(*to); i++) {
            state = state * 1664525 + 1013904223;
            to[i] = (float)(int32_t)state * 0x1p-31f;
        }
        ok = to && vk_upload_end(u, e);
    }
    ok = ok && vk_upload_flush(u, e);
    vk_uploader_destroy(u);
    return ok;
}

static bool make_matrices(struct trial *t, const struct quant *q, struct error *e)
{
    const struct trial_shape *s = &t->shape;
    struct gguf_tensor tensor = {
        .name = "trial", .n_dims = 2, .dims = {s->inner, s->rows, 1, 1}, .type = q->type};
    tensor.size = (uint64_t)s->rows * (s->inner / q->elems) * q->bytes;
    tensor.data = t->blocks = random_blocks(q, tensor.size);
    if (!t->blocks)
        return error_no_memory(e);
    uint64_t wanted = s->spread / tensor.size;
    t->n_matrices = wanted < 1 ? 1 : wanted > MATRICES_MOST ? MATRICES_MOST : (uint32_t)wanted;
    t->weights = weights_create(t->device, e);
    bool ok = t->weights != NULL;
    struct weight_part part = {.tensor = &tensor, .rows = s->rows};
    for (uint32_t i = 0; ok && i < t->n_matrices; i++)
        ok = weights_matrix(t->weights, &part, 1, WEIGHT_STACKED, s->inner, &t->matrices[i], e);
    return ok && weights_allocate(t->weights, e) && weights_upload(t->weights, NULL, NULL, e);
}

struct trial *trial_create(struct vk_device *d, const struct quant *type,
                           const struct trial_shape *shape, struct error *e)
{
    struct trial *t = calloc(1, sizeof(*t));
    if (!t) {
        error_no_memory(e);
        return NULL;
    }
    t->device = d;
    t->shape = *shape;
    uint64_t x = (uint64_t)shape->columns * shape->inner * sizeof(float);
    uint64_t y = (uint64_t)shape->columns * shape->rows * sizeof(float);
    if (make_matrices(t, type, e) &&
        (t->x = vk_buffer_create(d, x, VK_MEMORY_DEVICE, "trial", e)) && trial_fill(d, t->x, e) &&
        (t->y = vk_buffer_create(d, y, VK_MEMORY_READBACK, "trial", e)))
        return t;
    trial_destroy(t);
    return NULL;
}

void trial_destroy(struct trial *t)
{
    if (!t)
        return;
    plan_destroy(t->plan);
    vk_buffer_destroy(t->y);
    vk_buffer_destroy(t->x);
    weights_destroy(t->weights);
    free(t->blocks);
    free(t);
}

static bool record(struct trial *t, uint32_t times, bool read, struct error *e)
{
    const struct trial_shape *s = &t->shape;
    uint64_t size = (uint64_t)s->columns * s->rows * sizeof(float);
    plan_destroy(t->plan);
    t->plan = plan_create(t->device, "trial", e);
    if (!t->plan)
        return false;
    plan_tensor x = plan_external_buffer(t->plan, t->x);
    plan_tensor y = plan_scratch(t->plan, size);
    for (uint32_t i = 0; i < times; i++)
        kernel_matmul(t->plan, &(struct matmul){.matrix = &t->matrices[i % t->n_matrices],
                                                .columns = s->columns,
                                                .x = x,
                                                .x_stride = s->inner,
                                                .y = y,
                                                .y_stride = s->rows,
                                                .mode = MODE_STORE});
    if (read)
        plan_copy(t->plan, y, 0, plan_external_buffer(t->plan, t->y), 0, size);
    return plan_finish(t->plan, 0, e) && plan_warm(t->plan, NULL, e);
}

bool trial_run(struct trial *t, double *ms, struct error *e)
{
    return plan_run(t->plan, NULL, ms, e);
}

// What a submission takes by itself does not count then.
bool trial_fit(struct trial *t, double run_ms, uint32_t *times, struct error *e)
{
    double ms;
    if (!record(t, 1, false, e) || !trial_run(t, &ms, e) || !trial_run(t, &ms, e))
        return false;
    *times = ms > run_ms ? 1 : ms * TIMES_MOST < run_ms ? TIMES_MOST : (uint32_t)(run_ms / ms);
    return record(t, *times, false, e);
}

const float *trial_result(struct trial *t, struct error *e)
{
    if (!record(t, 1, true, e) || !trial_run(t, NULL, e))
        return NULL;
    return vk_buffer_map(t->y);
}
