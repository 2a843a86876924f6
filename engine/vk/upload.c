// Uploads: straight into mapped memory, or through a ring of staging slots whose copies run while
// the next slot is being filled.
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "engine/vk/memory.h"
#include "engine/vk/vk_internal.h"

enum { SLOTS = 4 };

struct slot {
    struct vk_buffer *buffer; // NULL until first needed
    VkCommandBuffer commands;
    VkFence fence;
    bool busy; // submitted and not yet waited for
};

struct vk_uploader {
    struct vk_device *device;
    VkCommandPool pool;
    struct slot slots[SLOTS];
    size_t next;
    struct vk_slice to;   // of the upload in progress
    struct slot *current; // its slot, NULL: mapped
};

struct vk_uploader *vk_uploader_create(struct vk_device *d, struct error *e)
{
    struct vk_uploader *u = calloc(1, sizeof(*u));
    if (!u) {
        error_no_memory(e);
        return NULL;
    }
    u->device = d;
    const VkCommandPoolCreateInfo info = {
        .sType = VK_STRUCTURE_TYPE_COMMAND_POOL_CREATE_INFO,
        .flags =
            VK_COMMAND_POOL_CREATE_RESET_COMMAND_BUFFER_BIT | VK_COMMAND_POOL_CREATE_TRANSIENT_BIT,
        .queueFamilyIndex = d->physical.family,
    };
    VkResult r = d->fn.CreateCommandPool(d->handle, &info, NULL, &u->pool);
    if (r != VK_SUCCESS) {
        u->pool = VK_NULL_HANDLE;
        vk_failed(d, r, "create a command pool", e);
        vk_uploader_destroy(u);
        return NULL;
    }
    return u;
}

void vk_uploader_destroy(struct vk_uploader *u)
{
    if (!u)
        return;
    struct vk_device *d = u->device;
    vk_upload_flush(u, NULL);
    for (size_t i = SLOTS; i-- > 0;) {
        d->fn.DestroyFence(d->handle, u->slots[i].fence, NULL);
        vk_buffer_destroy(u->slots[i].buffer);
    }
    d->fn.DestroyCommandPool(d->handle, u->pool, NULL);
    free(u);
}

// A slot that failed half-way keeps what it has and is completed at the next try.
static bool prepare_slot(struct vk_uploader *u, struct slot *slot, struct error *e)
{
    struct vk_device *d = u->device;
    if (!slot->buffer)
        slot->buffer = vk_buffer_create(d, VK_UPLOAD_MOST, VK_MEMORY_UPLOAD, "staging", e);
    if (!slot->buffer)
        return false;
    if (!slot->fence) {
        const VkFenceCreateInfo info = {.sType = VK_STRUCTURE_TYPE_FENCE_CREATE_INFO};
        VkResult r = d->fn.CreateFence(d->handle, &info, NULL, &slot->fence);
        if (r != VK_SUCCESS) {
            slot->fence = VK_NULL_HANDLE;
            return vk_failed(d, r, "create a fence", e);
        }
    }
    if (!slot->commands) {
        const VkCommandBufferAllocateInfo info = {
            .sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_ALLOCATE_INFO,
            .commandPool = u->pool,
            .level = VK_COMMAND_BUFFER_LEVEL_PRIMARY,
            .commandBufferCount = 1};
        VkResult r = d->fn.AllocateCommandBuffers(d->handle, &info, &slot->commands);
        if (r != VK_SUCCESS) {
            slot->commands = NULL;
            return vk_failed(d, r, "allocate a command buffer", e);
        }
    }
    return true;
}

static bool wait_slot(struct vk_uploader *u, struct slot *slot, struct error *e)
{
    if (slot->busy && !vk_wait(u->device, slot->fence, e))
        return false;
    slot->busy = false;
    return true;
}

// A software device's memory is the process's own and not there before it is written: getting the
// pages of a range at once is cheaper than one by one. Advice: that it fails is no harm.
static void get_pages(void *from, uint64_t size)
{
#ifdef MADV_POPULATE_WRITE
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    uintptr_t begin = (uintptr_t)from / page * page;
    uintptr_t end = ((uintptr_t)from + size) / page * page;
    if (begin < end)
        madvise((void *)begin, end - begin, MADV_POPULATE_WRITE);
#else
    (void)from;
    (void)size;
#endif
}

void *vk_upload_begin(struct vk_uploader *u, struct vk_slice to, struct error *e)
{
    if (!vk_slice_valid(to) || to.size > VK_UPLOAD_MOST) {
        error_set(e, ERROR_RUNTIME, "an upload of %llu bytes is outside of its buffer or too large",
                  (unsigned long long)to.size);
        return NULL;
    }
    u->to = to;
    u->current = NULL;
    char *mapped = vk_buffer_map(to.buffer);
    if (mapped) {
        if (u->device->physical.profile.type == VK_TYPE_CPU)
            get_pages(mapped + to.offset, to.size);
        return mapped + to.offset;
    }
    struct slot *slot = &u->slots[u->next];
    if (!wait_slot(u, slot, e) || !prepare_slot(u, slot, e))
        return NULL;
    u->current = slot;
    u->next = (u->next + 1) % SLOTS;
    return vk_buffer_map(slot->buffer);
}

bool vk_upload_end(struct vk_uploader *u, struct error *e)
{
    struct vk_device *d = u->device;
    struct slot *slot = u->current;
    if (!slot)
        return true; // host writes become visible at the next submission
    u->current = NULL;
    const VkCommandBufferBeginInfo begin = {.sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO,
                                            .flags = VK_COMMAND_BUFFER_USAGE_ONE_TIME_SUBMIT_BIT};
    VkResult r = d->fn.BeginCommandBuffer(slot->commands, &begin);
    if (r != VK_SUCCESS)
        return vk_failed(d, r, "begin a command buffer", e);
    vk_barrier(d, slot->commands, false);
    const VkBufferCopy copy = {.dstOffset = u->to.offset, .size = u->to.size};
    d->fn.CmdCopyBuffer(slot->commands, slot->buffer->handle, u->to.buffer->handle, 1, &copy);
    r = d->fn.EndCommandBuffer(slot->commands);
    if (r != VK_SUCCESS)
        return vk_failed(d, r, "end a command buffer", e);
    slot->busy = vk_submit(d, slot->commands, slot->fence, e);
    return slot->busy;
}

bool vk_upload_flush(struct vk_uploader *u, struct error *e)
{
    bool ok = true;
    for (size_t i = 0; i < SLOTS; i++)
        ok &= wait_slot(u, &u->slots[i], ok ? e : NULL);
    return ok;
}
