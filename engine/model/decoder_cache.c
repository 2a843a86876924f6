// A timeline's KV cache: a buffer for each layer, where the layer is. It grows layer by layer, so
// that no more than one of them is there twice.
#include <stdlib.h>

#include "engine/model/decoder_internal.h"

enum { FIRST_POSITIONS = 256 }; // of the cache; it doubles when they are full

struct vk_slice decoder_layer_cache(const struct decoder_state *s, uint32_t layer)
{
    return s->caches ? vk_buffer_all(s->caches[layer].buffer) : (struct vk_slice){0};
}

uint32_t decoder_layer_positions(const struct decoder_state *s, uint32_t layer)
{
    return s->caches ? s->caches[layer].positions : s->capacity;
}

static uint32_t whole_blocks(uint32_t positions)
{
    return (positions + KV_BLOCK - 1) / KV_BLOCK * KV_BLOCK;
}

// Positions of the cache that has room for `positions`, in a timeline of at most `context`.
static uint32_t capacity_for(uint32_t positions, uint32_t context)
{
    uint32_t capacity = FIRST_POSITIONS, most = whole_blocks(context);
    while (capacity < positions)
        capacity *= 2;
    return capacity < most ? capacity : most;
}

static uint64_t layer_size(const struct decoder *m, uint32_t type, uint32_t positions)
{
    return kernel_cache_size(type, positions, m->shape.kv_heads, m->shape.head_size);
}

bool decoder_cache_measure(const struct decoder *m, uint32_t context, uint32_t cache_type,
                           struct decoder_sizes *out, struct error *e)
{
    uint32_t before = 0, most = whole_blocks(context);
    const struct vk_profile *p = vk_device_profile(m->device);
    uint64_t binding = vk_most_binding(p, true);
    if (binding > p->most_allocation)
        binding = p->most_allocation;
    for (uint32_t n = FIRST_POSITIONS; n < most; n *= 2)
        before = n;
    out->layer_cache = layer_size(m, cache_type, most);
    out->growth = layer_size(m, cache_type, before);
    if (out->layer_cache <= binding)
        return true;
    return error_set(
        e, ERROR_DEVICE,
        "a context of %u is more than one binding of the device %s can hold; use "
        "--ctx-size %llu or less",
        context, p->name,
        (unsigned long long)(binding / layer_size(m, cache_type, KV_BLOCK) * KV_BLOCK));
}

// The parts of a cache grow at their ends.
static bool copy(const struct decoder_state *s, const struct layer_cache *from,
                 const struct layer_cache *to, struct error *e)
{
    const struct decoder_shape *m = &s->model->shape;
    struct cache_parts old =
        kernel_cache_parts(s->cache_type, from->positions, m->kv_heads, m->head_size);
    struct cache_parts new =
        kernel_cache_parts(s->cache_type, to->positions, m->kv_heads, m->head_size);
    const uint64_t begin[] = {0, old.key_scales, old.values, old.value_scales, old.size};
    const uint64_t goal[] = {0, new.key_scales, new.values, new.value_scales};
    struct plan *p = plan_create(s->model->device, "cache growth", e);
    if (!p)
        return false;
    plan_tensor a = plan_external_buffer(p, from->buffer);
    plan_tensor b = plan_external_buffer(p, to->buffer);
    for (int i = 0; i < 4; i++)
        if (begin[i + 1] > begin[i])
            plan_copy(p, a, begin[i], b, goal[i], begin[i + 1] - begin[i]);
    bool ok = plan_finish(p, 0, e) && plan_run(p, NULL, NULL, e);
    plan_destroy(p);
    return ok;
}

static bool grow_layer(struct decoder_state *s, uint32_t i, uint32_t capacity, struct error *e)
{
    struct layer_cache *c = &s->caches[i];
    if (c->positions >= capacity) // from a growth that failed further on
        return true;
    enum vk_memory kind = i < s->model->device_layers ? VK_MEMORY_DEVICE : VK_MEMORY_UPLOAD;
    uint64_t size = layer_size(s->model, s->cache_type, capacity);
    struct layer_cache larger = {
        .buffer = vk_buffer_create(s->model->device, size, kind, "the KV cache", e),
        .positions = capacity};
    if (!larger.buffer || (c->buffer && !copy(s, c, &larger, e))) {
        vk_buffer_destroy(larger.buffer);
        return false;
    }
    vk_buffer_destroy(c->buffer);
    *c = larger;
    return true;
}

bool decoder_cache_grow(struct decoder_state *s, uint32_t positions, struct error *e)
{
    if (positions <= s->capacity)
        return true;
    uint32_t layers = s->model->shape.layers, capacity = capacity_for(positions, s->context);
    if (!s->caches)
        s->caches = calloc(layers, sizeof(*s->caches));
    if (!s->caches)
        return error_no_memory(e);
    decoder_forget_plans(s); // they are bound to the cache and are recorded anew
    for (uint32_t i = 0; i < layers; i++)
        if (!grow_layer(s, i, capacity, e))
            return false;
    s->capacity = capacity;
    return true;
}

void decoder_cache_free(struct decoder_state *s)
{
    for (uint32_t i = 0; s->caches && i < s->model->shape.layers; i++)
        vk_buffer_destroy(s->caches[i].buffer);
    free(s->caches);
}
