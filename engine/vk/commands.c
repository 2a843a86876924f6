// Recording of dispatches and copies, in pieces, and their submission.
#include <stdlib.h>
#include <time.h>

#include "engine/vk/commands_internal.h"

static bool begin_piece(struct vk_commands *c, struct error *e)
{
    struct vk_device *d = c->device;
    VkCommandBuffer *pieces = realloc(c->pieces, (c->n_pieces + 1) * sizeof(*pieces));
    if (!pieces)
        return error_no_memory(e);
    c->pieces = pieces;
    const VkCommandBufferAllocateInfo info = {.sType =
                                                  VK_STRUCTURE_TYPE_COMMAND_BUFFER_ALLOCATE_INFO,
                                              .commandPool = c->pool,
                                              .level = VK_COMMAND_BUFFER_LEVEL_PRIMARY,
                                              .commandBufferCount = 1};
    VkResult r = d->fn.AllocateCommandBuffers(d->handle, &info, &pieces[c->n_pieces]);
    if (r != VK_SUCCESS)
        return vk_failed(d, r, "allocate a command buffer", e);
    c->n_pieces++;
    const VkCommandBufferBeginInfo begin = {.sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO};
    r = d->fn.BeginCommandBuffer(vk_piece(c), &begin);
    if (r != VK_SUCCESS)
        return vk_failed(d, r, "begin a command buffer", e);
    // Submission order alone makes nothing visible: what earlier pieces and other commands wrote.
    vk_barrier(d, vk_piece(c), false);
    c->split = c->written = c->stamping = false;
    c->bound = NULL;
    return true;
}

static bool end_piece(struct vk_commands *c, struct error *e)
{
    VkResult r = c->device->fn.EndCommandBuffer(vk_piece(c));
    return r == VK_SUCCESS || vk_failed(c->device, r, "end a command buffer", e);
}

struct vk_commands *vk_commands_create(struct vk_device *d, const char *name, struct error *e)
{
    struct vk_commands *c = calloc(1, sizeof(*c));
    if (!c) {
        error_no_memory(e);
        return NULL;
    }
    c->device = c->descriptors.device = d;
    const VkCommandPoolCreateInfo pool = {.sType = VK_STRUCTURE_TYPE_COMMAND_POOL_CREATE_INFO,
                                          .queueFamilyIndex = d->physical.family};
    const VkFenceCreateInfo fence = {.sType = VK_STRUCTURE_TYPE_FENCE_CREATE_INFO};
    VkResult r = d->fn.CreateCommandPool(d->handle, &pool, NULL, &c->pool);
    if (r != VK_SUCCESS) {
        c->pool = VK_NULL_HANDLE;
        vk_failed(d, r, "create a command pool", e);
        goto fail;
    }
    r = d->fn.CreateFence(d->handle, &fence, NULL, &c->fence);
    if (r != VK_SUCCESS) {
        c->fence = VK_NULL_HANDLE;
        vk_failed(d, r, "create a fence", e);
        goto fail;
    }
    vk_name_object(d, VK_OBJECT_TYPE_COMMAND_POOL, (uint64_t)c->pool, name);
    if (!begin_piece(c, e))
        goto fail;
    return c;
fail:
    vk_commands_destroy(c);
    return NULL;
}

void vk_commands_destroy(struct vk_commands *c)
{
    if (!c)
        return;
    struct vk_device *d = c->device;
    for (size_t i = c->n_stamps; i-- > 0;)
        d->fn.DestroyQueryPool(d->handle, c->stamps[i].pool, NULL);
    free(c->stamps);
    free(c->pieces);
    d->fn.DestroyFence(d->handle, c->fence, NULL);
    d->fn.DestroyCommandPool(d->handle, c->pool, NULL);
    vk_descriptors_finish(&c->descriptors);
    free(c);
}

bool vk_commands_ready(struct vk_commands *c)
{
    if (!c->failed && c->finished)
        c->failed = !error_set(&c->failure, ERROR_RUNTIME, "recording goes on after its end");
    if (!c->failed && c->split)
        c->failed = !end_piece(c, &c->failure) || !begin_piece(c, &c->failure);
    return !c->failed;
}

static bool groups_fit(struct vk_commands *c, const struct vk_pipeline *p, const uint32_t groups[3])
{
    const struct vk_profile *profile = &c->device->physical.profile;
    for (int i = 0; i < 3; i++)
        if (groups[i] < 1 || groups[i] > profile->most_groups[i])
            return error_set(&c->failure, ERROR_DEVICE,
                             "the kernel %s needs %u x %u x %u workgroups, the device %s runs 1 to "
                             "%u x %u x %u at once",
                             p->shader->name, groups[0], groups[1], groups[2], profile->name,
                             profile->most_groups[0], profile->most_groups[1],
                             profile->most_groups[2]);
    return true;
}

static void dispatch(struct vk_commands *c, struct vk_pipeline *p, const struct vk_slice *slices,
                     const void *push, const uint32_t groups[3])
{
    struct vk_device *d = c->device;
    const VkPipelineBindPoint compute = VK_PIPELINE_BIND_POINT_COMPUTE;
    if (p->shader->n_bindings > 0) {
        VkDescriptorSet set = vk_descriptors_set(&c->descriptors, p, slices, &c->failure);
        if (!set) {
            c->failed = true;
            return;
        }
        d->fn.CmdBindDescriptorSets(vk_piece(c), compute, p->layout, 0, 1, &set, 0, NULL);
    }
    if (c->bound != p)
        d->fn.CmdBindPipeline(vk_piece(c), compute, p->handle);
    c->bound = p;
    if (p->shader->push_size > 0)
        d->fn.CmdPushConstants(vk_piece(c), p->layout, VK_SHADER_STAGE_COMPUTE_BIT, 0,
                               p->shader->push_size, push);
    d->fn.CmdDispatch(vk_piece(c), groups[0], groups[1], groups[2]);
    c->written = true;
}

void vk_record_dispatch(struct vk_commands *c, struct vk_pipeline *p, const struct vk_slice *slices,
                        const void *push, const uint32_t groups[3])
{
    if (!vk_commands_ready(c))
        return;
    c->failed = !groups_fit(c, p, groups);
    if (!c->failed)
        dispatch(c, p, slices, push, groups);
}

void vk_record_empty(struct vk_commands *c, struct vk_pipeline *p)
{
    struct vk_slice slices[VK_BINDINGS_MOST];
    for (uint32_t i = 0; i < VK_BINDINGS_MOST; i++)
        slices[i] = vk_buffer_all(c->device->dummy);
    const uint8_t push[VK_PUSH_MOST] = {0};
    if (vk_commands_ready(c))
        dispatch(c, p, slices, push, (uint32_t[3]){0, 0, 0});
}

void vk_record_copy(struct vk_commands *c, struct vk_slice from, struct vk_slice to)
{
    if (!vk_commands_ready(c))
        return;
    bool overlap = from.buffer == to.buffer && from.offset < to.offset + to.size &&
                   to.offset < from.offset + from.size;
    if (!vk_slice_valid(from) || !vk_slice_valid(to) || from.size != to.size || overlap) {
        c->failed = !error_set(&c->failure, ERROR_RUNTIME,
                               "a copy of %llu bytes onto %llu does not fit its buffers",
                               (unsigned long long)from.size, (unsigned long long)to.size);
        return;
    }
    const VkBufferCopy copy = {.srcOffset = from.offset, .dstOffset = to.offset, .size = from.size};
    c->device->fn.CmdCopyBuffer(vk_piece(c), from.buffer->handle, to.buffer->handle, 1, &copy);
    c->written = true;
}

void vk_record_zero(struct vk_commands *c, struct vk_slice to)
{
    if (!vk_commands_ready(c))
        return;
    if (!vk_slice_valid(to) || to.offset % 4 != 0 || to.size % 4 != 0) {
        c->failed = !error_set(&c->failure, ERROR_RUNTIME, "zeros do not fit their buffer");
        return;
    }
    c->device->fn.CmdFillBuffer(vk_piece(c), to.buffer->handle, to.offset, to.size, 0);
    c->written = true;
}

void vk_record_barrier(struct vk_commands *c)
{
    if (!c->written || !vk_commands_ready(c))
        return;
    vk_barrier(c->device, vk_piece(c), false);
    c->written = false;
}

void vk_record_split(struct vk_commands *c)
{
    c->split = true;
    c->written = false; // the next piece begins with a barrier
}

bool vk_commands_finish(struct vk_commands *c, struct error *e)
{
    if (!c->failed && !c->finished) {
        vk_barrier(c->device, vk_piece(c), true);
        c->failed = !end_piece(c, &c->failure);
    }
    c->finished = true;
    return !c->failed || error_set(e, c->failure.kind, "%s", c->failure.text);
}

size_t vk_commands_pieces(const struct vk_commands *c)
{
    return c->n_pieces;
}

static double now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec * 1e-6;
}

bool vk_commands_run(struct vk_commands *c, size_t i, double *ms, struct error *e)
{
    if (c->failed)
        return error_set(e, c->failure.kind, "%s", c->failure.text);
    if (!c->finished || i >= c->n_pieces)
        return error_set(e, ERROR_RUNTIME, "there is no piece %zu of a finished recording", i);
    double start = now_ms();
    if (!vk_submit(c->device, c->pieces[i], c->fence, e) || !vk_wait(c->device, c->fence, e))
        return false;
    if (ms)
        *ms = now_ms() - start;
    return true;
}
