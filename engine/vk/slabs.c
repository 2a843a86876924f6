// Few large buffers that many tensors share.
#include <inttypes.h>
#include <stdlib.h>

#include "engine/vk/memory.h"
#include "engine/vk/vk_internal.h"

enum { SLAB_SIZE = 256 << 20, SLICE_ALIGN = 256 };

struct slab {
    struct vk_buffer *buffer;
    uint64_t used;
};

struct vk_slabs {
    struct vk_device *device;
    const char *name;
    uint64_t align;
    uint64_t slab_size;
    uint64_t most; // of a slice
    struct slab *list;
    size_t count;
    size_t allocated; // the first so many have memory; nothing more is taken from them
};

static uint64_t smaller(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static uint64_t larger(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

struct vk_slabs *vk_slabs_create(struct vk_device *d, const char *name, struct error *e)
{
    const struct vk_profile *p = vk_device_profile(d);
    struct vk_slabs *s = calloc(1, sizeof(*s));
    if (!s) {
        error_no_memory(e);
        return NULL;
    }
    s->device = d;
    s->name = name;
    s->align = larger(SLICE_ALIGN, larger(p->storage_align, p->texel_align));
    s->most = smaller(p->most_allocation, vk_most_binding(p, false));
    s->slab_size = smaller(SLAB_SIZE, s->most);
    return s;
}

void vk_slabs_destroy(struct vk_slabs *s)
{
    if (!s)
        return;
    while (s->count > 0)
        vk_buffer_destroy(s->list[--s->count].buffer);
    free(s->list);
    free(s);
}

static struct slab *add_slab(struct vk_slabs *s, uint64_t size, struct error *e)
{
    struct slab *list = realloc(s->list, (s->count + 1) * sizeof(*list));
    if (!list) {
        error_no_memory(e);
        return NULL;
    }
    s->list = list;
    struct vk_buffer *buffer = vk_buffer_plan(s->device, size, s->name, e);
    if (!buffer)
        return NULL;
    list[s->count] = (struct slab){.buffer = buffer};
    return &list[s->count++];
}

bool vk_slabs_take(struct vk_slabs *s, uint64_t size, struct vk_slice *out, struct error *e)
{
    if (size == 0 || size > s->most)
        return error_set(e, ERROR_DEVICE,
                         "a tensor of %" PRIu64 " bytes does not fit one binding of the device %s "
                         "(at most %" PRIu64 "); choose another device with --device",
                         size, vk_device_profile(s->device)->name, s->most);
    struct slab *slab = NULL;
    for (size_t i = s->allocated; i < s->count && !slab; i++) {
        uint64_t whole = vk_buffer_size(s->list[i].buffer);
        if (s->list[i].used <= whole && size <= whole - s->list[i].used)
            slab = &s->list[i];
    }
    if (!slab)
        slab = add_slab(s, larger(size, s->slab_size), e);
    if (!slab)
        return false;
    *out = (struct vk_slice){.buffer = slab->buffer, .offset = slab->used, .size = size};
    slab->used = (slab->used + size + s->align - 1) / s->align * s->align;
    return true;
}

// The last slice need not fill its alignment.
static uint64_t slab_bytes(const struct slab *s)
{
    return smaller(s->used, vk_buffer_size(s->buffer));
}

bool vk_slabs_allocate(struct vk_slabs *s, enum vk_memory kind, struct error *e)
{
    for (; s->allocated < s->count; s->allocated++) {
        const struct slab *slab = &s->list[s->allocated];
        if (!vk_buffer_allocate(slab->buffer, slab_bytes(slab), kind, s->name, e))
            return false;
    }
    return true;
}

uint64_t vk_slabs_most(const struct vk_slabs *s)
{
    return s->most;
}

uint64_t vk_slabs_total(const struct vk_slabs *s)
{
    uint64_t total = 0;
    for (size_t i = 0; i < s->count; i++)
        total += slab_bytes(&s->list[i]);
    return total;
}
