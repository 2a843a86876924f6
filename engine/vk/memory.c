#include "engine/vk/memory.h"

#include <inttypes.h>
#include <stdlib.h>

#include "engine/vk/vk_internal.h"

enum {
    LOCAL = VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT,
    MAPPED = VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT | VK_MEMORY_PROPERTY_HOST_COHERENT_BIT,
    CACHED = VK_MEMORY_PROPERTY_HOST_CACHED_BIT,
};

// The first type with all flags of `required` and, among those, most of `wanted` and least of
// `unwanted`.
static uint32_t find_type(const VkPhysicalDeviceMemoryProperties *memory, uint32_t allowed,
                          VkMemoryPropertyFlags required, VkMemoryPropertyFlags wanted,
                          VkMemoryPropertyFlags unwanted)
{
    uint32_t best = UINT32_MAX;
    int best_score = 0;
    for (uint32_t i = 0; i < memory->memoryTypeCount; i++) {
        VkMemoryPropertyFlags flags = memory->memoryTypes[i].propertyFlags;
        // Types with further flags (protected, lazily allocated, uncached) need features of their
        // own.
        if (!(allowed & 1u << i) || (flags & required) != required ||
            (flags & ~(VkMemoryPropertyFlags)(LOCAL | MAPPED | CACHED)))
            continue;
        int score = __builtin_popcount(flags & wanted) - __builtin_popcount(flags & unwanted);
        if (best == UINT32_MAX || score > best_score) {
            best = i;
            best_score = score;
        }
    }
    return best;
}

// A window into a part of the memory of a GPU (BAR that cannot be resized) is too small for
// weights, and drivers quietly spill to the host when it is full: mapped memory is taken only if it
// is all of it.
static uint32_t device_type(const VkPhysicalDeviceMemoryProperties *memory, uint32_t allowed)
{
    VkDeviceSize whole = memory->memoryHeaps[vk_main_heap(memory)].size;
    for (uint32_t i = 0; i < memory->memoryTypeCount; i++)
        if (memory->memoryHeaps[memory->memoryTypes[i].heapIndex].size >= whole) {
            uint32_t type = find_type(memory, allowed & 1u << i, LOCAL | MAPPED, 0, 0);
            if (type != UINT32_MAX)
                return type;
        }
    uint32_t type = find_type(memory, allowed, LOCAL, 0, VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT);
    return type != UINT32_MAX ? type : find_type(memory, allowed, 0, 0, 0);
}

uint32_t vk_memory_type(const VkPhysicalDeviceMemoryProperties *memory, uint32_t allowed,
                        enum vk_memory kind)
{
    switch (kind) {
    case VK_MEMORY_DEVICE:
        return device_type(memory, allowed);
    case VK_MEMORY_UPLOAD:
        return find_type(memory, allowed, MAPPED, 0, LOCAL | CACHED);
    case VK_MEMORY_READBACK:
        return find_type(memory, allowed, MAPPED, CACHED, 0);
    }
    return UINT32_MAX;
}

// llvmpipe compiles a kernel anew when the size of the buffer behind a texel view turns out to be a
// power of two, so that a warmed kernel would not be warm: no buffer is of such a size. For the
// same reason vk_texel_range may stretch a view over 256 bytes more, which must be there.
static uint64_t handle_size(const struct vk_device *d, uint64_t size)
{
    if (d->physical.profile.type != VK_TYPE_CPU)
        return size;
    size += VK_TEXEL_STRETCH;
    bool power = (size & (size - 1)) == 0;
    return power ? size + 16 : size;
}

// Bytes of a texel view of `size` bytes. llvmpipe (seen in Mesa 22.3) reads bits 8..15 of a view's
// size as if they were a texture's last level, and compiles two variants: for zero and for all
// else. None is zero here.
uint64_t vk_texel_range(const struct vk_device *d, uint64_t size)
{
    bool zero = (size >> 8 & 0xff) == 0;
    return d->physical.profile.type == VK_TYPE_CPU && zero ? size + VK_TEXEL_STRETCH : size;
}

static bool create_handle(struct vk_buffer *b, struct error *e)
{
    struct vk_device *d = b->device;
    const VkBufferCreateInfo info = {
        .sType = VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO,
        .size = handle_size(d, b->size),
        .usage = VK_BUFFER_USAGE_STORAGE_BUFFER_BIT | VK_BUFFER_USAGE_UNIFORM_TEXEL_BUFFER_BIT |
                 VK_BUFFER_USAGE_TRANSFER_SRC_BIT | VK_BUFFER_USAGE_TRANSFER_DST_BIT,
        .sharingMode = VK_SHARING_MODE_EXCLUSIVE,
    };
    VkResult r = d->fn.CreateBuffer(d->handle, &info, NULL, &b->handle);
    if (r == VK_SUCCESS)
        return true;
    b->handle = VK_NULL_HANDLE;
    return vk_failed(d, r, "create a buffer", e);
}

static bool no_room(const struct vk_buffer *b, const char *name, VkResult r, struct error *e)
{
    struct vk_device *d = b->device;
    if (r == VK_ERROR_DEVICE_LOST)
        return vk_failed(d, r, "allocate memory", e);
    return error_set(e, ERROR_DEVICE,
                     "the device %s has no room for %s: %.1f MiB are needed, about %.1f MiB are "
                     "free; close other programs, or take a smaller model or context",
                     d->physical.profile.name, name, (double)b->size / (1 << 20),
                     (double)vk_free_memory(d->instance, &d->physical) / (1 << 20));
}

static atomic_uint_fast64_t *counter(struct vk_buffer *b)
{
    return b->kind == VK_MEMORY_DEVICE ? &b->device->allocated : &b->device->allocated_host;
}

static bool allocate(struct vk_buffer *b, enum vk_memory kind, const char *name, struct error *e)
{
    struct vk_device *d = b->device;
    const VkPhysicalDeviceMemoryProperties *memory = &d->physical.memory;
    VkMemoryRequirements needs;
    d->fn.GetBufferMemoryRequirements(d->handle, b->handle, &needs);
    uint32_t type = vk_memory_type(memory, needs.memoryTypeBits, kind);
    if (type == UINT32_MAX)
        return error_set(e, ERROR_DEVICE, "the device %s has no memory of the kind that %s needs",
                         d->physical.profile.name, name);
    const VkMemoryAllocateInfo info = {.sType = VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO,
                                       .allocationSize = needs.size,
                                       .memoryTypeIndex = type};
    VkResult r = d->fn.AllocateMemory(d->handle, &info, NULL, &b->memory);
    if (r != VK_SUCCESS) {
        b->memory = VK_NULL_HANDLE;
        return no_room(b, name, r, e);
    }
    b->kind = kind;
    atomic_fetch_add(counter(b), b->size);
    r = d->fn.BindBufferMemory(d->handle, b->handle, b->memory, 0);
    if (r != VK_SUCCESS)
        return no_room(b, name, r, e);
    if ((memory->memoryTypes[type].propertyFlags & MAPPED) != MAPPED)
        return true;
    r = d->fn.MapMemory(d->handle, b->memory, 0, VK_WHOLE_SIZE, 0, &b->mapped);
    return r == VK_SUCCESS || vk_failed(d, r, "map memory", e);
}

struct vk_buffer *vk_buffer_plan(struct vk_device *d, uint64_t size, const char *name,
                                 struct error *e)
{
    if (size == 0 || size > d->physical.profile.most_allocation) {
        error_set(e, ERROR_DEVICE,
                  "%s needs %" PRIu64 " bytes in one piece, the device %s gives 1 to %" PRIu64,
                  name, size, d->physical.profile.name, d->physical.profile.most_allocation);
        return NULL;
    }
    struct vk_buffer *b = calloc(1, sizeof(*b));
    if (!b) {
        error_no_memory(e);
        return NULL;
    }
    b->device = d;
    b->size = size;
    return b;
}

bool vk_buffer_allocate(struct vk_buffer *b, uint64_t size, enum vk_memory kind, const char *name,
                        struct error *e)
{
    b->size = size;
    if (!create_handle(b, e) || !allocate(b, kind, name, e))
        return false;
    vk_name_object(b->device, VK_OBJECT_TYPE_BUFFER, (uint64_t)b->handle, name);
    return true;
}

struct vk_buffer *vk_buffer_create(struct vk_device *d, uint64_t size, enum vk_memory kind,
                                   const char *name, struct error *e)
{
    struct vk_buffer *b = vk_buffer_plan(d, size, name, e);
    if (b && !vk_buffer_allocate(b, size, kind, name, e)) {
        vk_buffer_destroy(b);
        return NULL;
    }
    return b;
}

void vk_buffer_destroy(struct vk_buffer *b)
{
    if (!b)
        return;
    struct vk_device *d = b->device;
    if (b->memory)
        atomic_fetch_sub(counter(b), b->size);
    d->fn.DestroyBuffer(d->handle, b->handle, NULL);
    d->fn.FreeMemory(d->handle, b->memory, NULL); // unmaps
    free(b);
}

struct vk_allocated vk_device_allocated(const struct vk_device *d)
{
    return (struct vk_allocated){.device = atomic_load(&d->allocated),
                                 .host = atomic_load(&d->allocated_host)};
}

void *vk_buffer_map(struct vk_buffer *b)
{
    return b->mapped;
}

struct vk_slice vk_buffer_all(struct vk_buffer *b)
{
    return (struct vk_slice){.buffer = b, .size = b->size};
}

uint64_t vk_buffer_size(const struct vk_buffer *b)
{
    return b->size;
}

bool vk_slice_valid(struct vk_slice s)
{
    return s.buffer && s.size > 0 && s.offset <= s.buffer->size &&
           s.size <= s.buffer->size - s.offset;
}
