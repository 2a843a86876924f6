// A timeline's memory and the plans over it: x += out(attention(rotate(qkv(norm(x))))), then
// x += down(silu(gate(norm(x))) * up(norm(x))), for each layer; at the end head(norm(x)) for the
// last column.
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "engine/model/decoder_internal.h"

enum { FIRST_POSITIONS = 256 }; // of the cache; it doubles when they are full

// What changes from run to run, written by the host into one buffer.
struct inputs {
    struct vk_buffer *buffer;
    struct vk_slice x;        // [batch][width] floats
    struct vk_slice rotation; // [batch][head_size] floats: (cos, sin) of each pair
    struct vk_slice slots;    // [batch] uint: place in the cache
    struct vk_slice ranges;   // [batch] uvec2: keys that the column sees
};

struct decoder_state {
    struct decoder *model;
    uint32_t batch, context, capacity; // capacity: positions that the cache has room for
    struct vk_buffer *cache;           // [layer]: K, then V
    struct inputs in;
    struct vk_buffer *logits;
    struct plan *one;  // one column with logits
    struct plan *many; // the last batch of another size
    uint32_t many_columns;
    bool many_logits;
    struct decoder_counters counters;
};

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

static struct vk_slice layer_cache(const struct decoder_state *s, struct vk_buffer *cache,
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
        struct vk_slice from = layer_cache(s, s->cache, s->capacity, i);
        struct vk_slice to = layer_cache(s, larger, capacity, i);
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

struct batch {
    struct plan *plan;
    uint32_t columns;
    plan_tensor x, q, attended, hidden; // the residual stream, and what lives within a layer
    plan_tensor rotation, slots, ranges;
};

static void plan_layer(const struct decoder_state *s, const struct batch *b, uint32_t i)
{
    const struct decoder_shape *m = &s->model->shape;
    const struct decoder_layer *l = &s->model->layers[i];
    uint32_t inner = m->heads * m->head_size;
    plan_tensor cache = plan_external(b->plan, layer_cache(s, s->cache, s->capacity, i));
    struct matmul parts[QKV_PARTS];
    for (uint32_t n = 0; n < l->n_qkv; n++)
        parts[n] = (struct matmul){.matrix = &l->qkv[n],
                                   .columns = b->columns,
                                   .x = b->x,
                                   .x_stride = m->width,
                                   .y = b->q,
                                   .norm = &l->attention_norm};
    kernel_qkv(b->plan, parts, l->n_qkv,
               &(struct qkv){.rotation = b->rotation,
                             .slots = b->slots,
                             .cache = cache,
                             .positions = s->capacity,
                             .q_rows = inner,
                             .kv_rows = m->kv_heads * m->head_size,
                             .head_size = m->head_size});
    kernel_attention(b->plan, &(struct attention){.q = b->q,
                                                  .cache = cache,
                                                  .positions = s->capacity,
                                                  .y = b->attended,
                                                  .ranges = b->ranges,
                                                  .columns = b->columns,
                                                  .keys = s->capacity,
                                                  .heads = m->heads,
                                                  .kv_heads = m->kv_heads,
                                                  .head_size = m->head_size,
                                                  .q_stride = inner,
                                                  .y_stride = inner});
    kernel_matmul(b->plan, &(struct matmul){.matrix = &l->out,
                                            .columns = b->columns,
                                            .x = b->attended,
                                            .x_stride = inner,
                                            .y = b->x,
                                            .y_stride = m->width,
                                            .mode = MODE_RESIDUAL});
    kernel_matmul(b->plan, &(struct matmul){.matrix = &l->gate_up,
                                            .columns = b->columns,
                                            .x = b->x,
                                            .x_stride = m->width,
                                            .y = b->hidden,
                                            .y_stride = m->feed_forward,
                                            .mode = MODE_GATE,
                                            .norm = &l->ffn_norm});
    kernel_matmul(b->plan, &(struct matmul){.matrix = &l->down,
                                            .columns = b->columns,
                                            .x = b->hidden,
                                            .x_stride = m->feed_forward,
                                            .y = b->x,
                                            .y_stride = m->width,
                                            .mode = MODE_RESIDUAL});
}

static plan_tensor columns_of(const struct batch *b, uint32_t floats)
{
    return plan_scratch(b->plan, (uint64_t)b->columns * floats * sizeof(float));
}

static struct plan *make_plan(const struct decoder_state *s, uint32_t columns, bool logits,
                              struct error *e)
{
    const struct decoder_shape *m = &s->model->shape;
    struct batch b = {.plan = plan_create(s->model->device, "decoder", e), .columns = columns};
    if (!b.plan)
        return NULL;
    b.rotation = plan_external(b.plan, s->in.rotation);
    b.slots = plan_external(b.plan, s->in.slots);
    b.ranges = plan_external(b.plan, s->in.ranges);
    b.x = columns_of(&b, m->width);
    b.q = columns_of(&b, m->heads * m->head_size);
    b.attended = columns_of(&b, m->heads * m->head_size);
    b.hidden = columns_of(&b, m->feed_forward);
    plan_copy(b.plan, plan_external(b.plan, s->in.x), 0, b.x, 0,
              (uint64_t)columns * m->width * sizeof(float));
    for (uint32_t i = 0; i < m->layers; i++)
        plan_layer(s, &b, i);
    if (logits) {
        plan_tensor y = plan_scratch(b.plan, m->vocabulary * sizeof(float));
        kernel_matmul(b.plan, &(struct matmul){.matrix = &s->model->head,
                                               .columns = 1,
                                               .x = b.x,
                                               .x_stride = m->width,
                                               .x_column = columns - 1,
                                               .y = y,
                                               .y_stride = m->vocabulary,
                                               .mode = MODE_STORE,
                                               .norm = &s->model->output_norm});
        plan_copy(b.plan, y, 0, plan_external(b.plan, vk_buffer_all(s->logits)), 0,
                  m->vocabulary * sizeof(float));
    }
    double piece = kernel_layout(vk_device_profile(s->model->device)).piece_flops;
    if (!plan_finish(b.plan, piece, e)) {
        plan_destroy(b.plan);
        return NULL;
    }
    return b.plan;
}

// The recorded plan for a batch: one column is what decoding repeats; of larger ones the last is
// kept.
static struct plan *plan_for(struct decoder_state *s, uint32_t columns, bool logits,
                             struct error *e)
{
    if (columns == 1) {
        if (!s->one)
            s->one = make_plan(s, 1, true, e);
        return s->one;
    }
    if (!s->many || s->many_columns != columns || s->many_logits != logits) {
        plan_destroy(s->many);
        s->many = make_plan(s, columns, logits, e);
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
