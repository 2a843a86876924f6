// A timeline's inputs and logits, and which plan runs over them.
#include <math.h>
#include <stdlib.h>

#include "engine/model/decoder_internal.h"

static struct vk_slice cut(struct vk_buffer *b, uint64_t *at, uint64_t size)
{
    struct vk_slice s = {b, *at, size};
    *at += (size + 255) / 256 * 256;
    return s;
}

static uint64_t inputs_size(const struct decoder_shape *m, uint64_t n)
{
    return n * (m->width + m->head_size) * sizeof(float) + n * 3 * sizeof(uint32_t) + 5 * 256;
}

static bool create_inputs(struct decoder_state *s, struct error *e)
{
    const struct decoder_shape *m = &s->model->shape;
    uint64_t n = s->batch, at = 0;
    s->in.buffer = vk_buffer_create(s->model->device, inputs_size(m, n), VK_MEMORY_UPLOAD,
                                    "decoder inputs", e);
    if (!s->in.buffer)
        return false;
    s->in.x = cut(s->in.buffer, &at, n * m->width * sizeof(float));
    s->in.rotation = cut(s->in.buffer, &at, n * m->head_size * sizeof(float));
    s->in.slots = cut(s->in.buffer, &at, n * sizeof(uint32_t));
    s->in.ranges = cut(s->in.buffer, &at, n * 2 * sizeof(uint32_t));
    s->in.reach = cut(s->in.buffer, &at, 4 * sizeof(float));
    return true;
}

static void *mapped(struct vk_slice s)
{
    return (uint8_t *)vk_buffer_map(s.buffer) + s.offset;
}

// ---- plans

static void forget(struct decoder_state *s, struct decoder_plan *p)
{
    if (s->computed == p)
        s->computed = NULL;
    plan_destroy(p->plan);
    *p = (struct decoder_plan){0};
}

void decoder_forget_plans(struct decoder_state *s)
{
    forget(s, &s->one);
    forget(s, &s->many);
}

// The recorded plan for a batch: one column is what decoding repeats; of larger ones the last is
// kept.
static const struct decoder_plan *plan_for(struct decoder_state *s, uint32_t columns, bool logits,
                                           struct error *e)
{
    struct decoder_plan *p = columns == 1 ? &s->one : &s->many;
    logits |= columns == 1;
    if (!p->plan || p->columns != columns || p->with_logits != logits) {
        forget(s, p);
        p->columns = columns;
        p->with_logits = logits;
        if (!decoder_make_plan(s, p, e))
            return NULL;
    }
    return p;
}

// ---- a state

static uint32_t most_columns(const struct decoder *m)
{
    return kernel_layout(vk_device_profile(m->device)).most_columns;
}

bool decoder_measure(const struct decoder *m, uint32_t context, uint32_t cache_type,
                     struct decoder_sizes *out, struct error *e)
{
    *out = (struct decoder_sizes){0};
    uint32_t batch = most_columns(m);
    if (!decoder_cache_measure(m, context, cache_type, out, e))
        return false;
    struct decoder_state s = {.model = m,
                              .batch = batch,
                              .context = context,
                              .capacity = context,
                              .cache_type = cache_type};
    uint64_t one, many;
    if (!decoder_plan_size(&s, 1, &one, e) || !decoder_plan_size(&s, batch, &many, e))
        return false;
    out->scratch = one + many;
    out->host = inputs_size(&m->shape, batch) + decoder_logits_size(m);
    return true;
}

struct decoder_state *decoder_state_create(struct decoder *m, uint32_t context, uint32_t cache_type,
                                           struct error *e)
{
    struct decoder_state *s = calloc(1, sizeof(*s));
    if (!s) {
        error_no_memory(e);
        return NULL;
    }
    s->model = m;
    s->context = context;
    s->cache_type = cache_type;
    s->batch = most_columns(m);
    if (!create_inputs(s, e) || !decoder_create_logits(s, e) || !decoder_cache_grow(s, 1, e))
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
    decoder_forget_plans(s);
    decoder_cache_free(s);
    vk_buffer_destroy(s->list);
    vk_buffer_destroy(s->logits);
    vk_buffer_destroy(s->in.buffer);
    free(s);
}

bool decoder_warm(struct decoder_state *s, const atomic_bool *stop, struct error *e)
{
    return plan_for(s, s->batch, true, e) && plan_for(s, 1, true, e) &&
           plan_warm(s->many.plan, stop, e) && plan_warm(s->one.plan, stop, e);
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

bool decoder_run(struct decoder_state *s, uint32_t first, uint32_t n, bool logits, float reach,
                 const atomic_bool *stop, struct error *e)
{
    if (!decoder_cache_grow(s, first + n, e))
        return false;
    const struct decoder_plan *p = plan_for(s, n, logits, e);
    if (!p)
        return false;
    write_inputs(s, first, n);
    *(float *)mapped(s->in.reach) = reach;
    double ms;
    if (p->with_logits)
        s->computed = NULL;
    if (!plan_run(p->plan, stop, &ms, e))
        return false;
    if (p->with_logits) {
        s->computed = p;
        s->fetched = false;
        s->reach = reach;
    }
    s->counters.columns += n;
    s->counters.kernel_ms += ms;
    return true;
}

struct decoder_counters decoder_counted(const struct decoder_state *s)
{
    return s->counters;
}
