// A timeline's memory: inputs, the KV cache that grows, logits; and which plan runs over them.
#include <math.h>
#include <stdlib.h>

#include "engine/model/decoder_internal.h"

enum { FIRST_POSITIONS = 256 }; // of the cache; it doubles when they are full

static struct vk_slice cut(struct vk_buffer *b, uint64_t *at, uint64_t size)
{
    struct vk_slice s = {b, *at, size};
    *at += (size + 255) / 256 * 256;
    return s;
}

static bool create_inputs(struct decoder_state *s, struct error *e)
{
    const struct decoder_shape *m = &s->model->shape;
    uint64_t n = s->batch, at = 0;
    uint64_t size =
        n * (m->width + m->head_size) * sizeof(float) + n * 3 * sizeof(uint32_t) + 4 * 256;
    s->in.buffer = vk_buffer_create(s->model->device, size, VK_MEMORY_UPLOAD, "decoder inputs", e);
    if (!s->in.buffer)
        return false;
    s->in.x = cut(s->in.buffer, &at, n * m->width * sizeof(float));
    s->in.rotation = cut(s->in.buffer, &at, n * m->head_size * sizeof(float));
    s->in.slots = cut(s->in.buffer, &at, n * sizeof(uint32_t));
    s->in.ranges = cut(s->in.buffer, &at, n * 2 * sizeof(uint32_t));
    return true;
}

static void *mapped(struct vk_slice s)
{
    return (uint8_t *)vk_buffer_map(s.buffer) + s.offset;
}

// ---- the cache

struct vk_slice decoder_layer_cache(const struct decoder_state *s, struct vk_buffer *cache,
                                    uint32_t capacity, uint32_t layer)
{
    const struct decoder_shape *m = &s->model->shape;
    uint64_t size = kernel_cache_size(capacity, m->kv_heads, m->head_size);
    return (struct vk_slice){cache, layer * size, size};
}

static void forget_plans(struct decoder_state *s)
{
    plan_destroy(s->one);
    plan_destroy(s->many);
    s->one = s->many = NULL;
}

// Copies what is there into a larger cache: K and V of each layer grow at their ends.
static bool copy_cache(struct decoder_state *s, struct vk_buffer *larger, uint32_t capacity,
                       struct error *e)
{
    struct plan *p = plan_create(s->model->device, "cache growth", e);
    if (!p)
        return false;
    for (uint32_t i = 0; i < s->model->shape.layers; i++) {
        struct vk_slice from = decoder_layer_cache(s, s->cache, s->capacity, i);
        struct vk_slice to = decoder_layer_cache(s, larger, capacity, i);
        plan_tensor a = plan_external(p, from), b = plan_external(p, to);
        plan_copy(p, a, 0, b, 0, from.size / 2);
        plan_copy(p, a, from.size / 2, b, to.size / 2, from.size / 2);
    }
    bool ok = plan_finish(p, 0, e) && plan_run(p, NULL, NULL, e);
    plan_destroy(p);
    return ok;
}

// Makes room for `positions`. The plans are bound to the cache and are recorded anew when it moves.
static bool grow_cache(struct decoder_state *s, uint32_t positions, struct error *e)
{
    if (positions <= s->capacity)
        return true;
    uint32_t capacity = s->capacity ? s->capacity : FIRST_POSITIONS;
    while (capacity < positions)
        capacity *= 2;
    uint32_t most = (s->context + KV_BLOCK - 1) / KV_BLOCK * KV_BLOCK;
    if (capacity > most)
        capacity = most;
    struct vk_buffer *larger = vk_buffer_create(
        s->model->device, decoder_cache_size(s->model, capacity), VK_MEMORY_DEVICE, "KV cache", e);
    if (!larger)
        return false;
    if (s->cache && !copy_cache(s, larger, capacity, e)) {
        vk_buffer_destroy(larger);
        return false;
    }
    forget_plans(s);
    vk_buffer_destroy(s->cache);
    s->cache = larger;
    s->capacity = capacity;
    return true;
}

// ---- plans

// The recorded plan for a batch: one column is what decoding repeats; of larger ones the last is
// kept.
static struct plan *plan_for(struct decoder_state *s, uint32_t columns, bool logits,
                             struct error *e)
{
    if (columns == 1) {
        if (!s->one)
            s->one = decoder_make_plan(s, 1, true, e);
        return s->one;
    }
    if (!s->many || s->many_columns != columns || s->many_logits != logits) {
        plan_destroy(s->many);
        s->many = decoder_make_plan(s, columns, logits, e);
        s->many_columns = columns;
        s->many_logits = logits;
    }
    return s->many;
}

// ---- a state

struct decoder_state *decoder_state_create(struct decoder *m, uint32_t context, struct error *e)
{
    struct decoder_state *s = calloc(1, sizeof(*s));
    if (!s) {
        error_no_memory(e);
        return NULL;
    }
    s->model = m;
    s->context = context;
    s->batch = kernel_layout(vk_device_profile(m->device)).most_columns;
    if (!create_inputs(s, e))
        goto fail;
    s->logits = vk_buffer_create(m->device, m->shape.vocabulary * sizeof(float), VK_MEMORY_READBACK,
                                 "logits", e);
    if (!s->logits || !grow_cache(s, context < FIRST_POSITIONS ? context : FIRST_POSITIONS, e))
        goto fail;
    return s;

fail:
    decoder_state_destroy(s);
    return NULL;
}

void decoder_state_destroy(struct decoder_state *s)
{
    if (!s)
        return;
    forget_plans(s);
    vk_buffer_destroy(s->cache);
    vk_buffer_destroy(s->logits);
    vk_buffer_destroy(s->in.buffer);
    free(s);
}

bool decoder_warm(struct decoder_state *s, const atomic_bool *stop, struct error *e)
{
    struct plan *many = plan_for(s, s->batch, true, e);
    struct plan *one = many ? plan_for(s, 1, true, e) : NULL;
    return one && plan_warm(many, stop, e) && plan_warm(one, stop, e);
}

uint32_t decoder_batch(const struct decoder_state *s)
{
    return s->batch;
}

float *decoder_input(struct decoder_state *s)
{
    return mapped(s->in.x);
}

// Where each column goes, what it sees, and how it is turned. Positions and cache indices are the
// same for now.
static void write_inputs(struct decoder_state *s, uint32_t first, uint32_t n)
{
    uint32_t pairs = s->model->shape.head_size / 2;
    float *rotation = mapped(s->in.rotation);
    uint32_t *slots = mapped(s->in.slots), *ranges = mapped(s->in.ranges);
    for (uint32_t c = 0; c < n; c++) {
        slots[c] = first + c;
        uint32_t end = first + c + 1, window = s->model->shape.window;
        ranges[2 * c] = window && end > window ? end - window : 0;
        ranges[2 * c + 1] = end;
        for (uint32_t i = 0; i < pairs; i++) {
            double angle = (first + c) * s->model->frequencies[i];
            *rotation++ = (float)(cos(angle) * s->model->magnitude);
            *rotation++ = (float)(sin(angle) * s->model->magnitude);
        }
    }
}

bool decoder_run(struct decoder_state *s, uint32_t first, uint32_t n, bool logits,
                 const atomic_bool *stop, struct error *e)
{
    if (!grow_cache(s, first + n, e))
        return false;
    struct plan *p = plan_for(s, n, logits, e);
    if (!p)
        return false;
    write_inputs(s, first, n);
    double ms;
    if (!plan_run(p, stop, &ms, e))
        return false;
    s->counters.columns += n;
    s->counters.kernel_ms += ms;
    return true;
}

const float *decoder_logits(const struct decoder_state *s)
{
    return vk_buffer_map(s->logits);
}

struct decoder_counters decoder_counted(const struct decoder_state *s)
{
    return s->counters;
}
