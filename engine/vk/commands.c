#include "engine/vk/commands.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "engine/vk/descriptors.h"
#include "engine/vk/vk_internal.h"

enum { STAMPS = 64 };

// Timestamps of one piece; each pool is reset where it is first used, so that a piece can run again
// alone.
struct stamps {
    VkQueryPool pool;
    uint32_t used;
};

struct vk_commands {
    struct vk_device *device;
    VkCommandPool pool;
    VkFence fence;
    VkCommandBuffer *pieces; // the last is being recorded until `finished`
    size_t n_pieces;
    struct vk_descriptors descriptors;
    struct stamps *stamps;
    size_t n_stamps;

    struct error failure; // the first one
    bool failed, finished;
    bool split;    // the next command begins a new piece
    bool written;  // something was recorded since the last barrier
    bool stamping; // the last of `stamps` belongs to this piece
    const struct vk_pipeline *bound;
};

static VkCommandBuffer piece(const struct vk_commands *c)
{
    return c->pieces[c->n_pieces - 1];
}

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
    r = d->fn.BeginCommandBuffer(piece(c), &begin);
    if (r != VK_SUCCESS)
        return vk_failed(d, r, "begin a command buffer", e);
    // Submission order alone makes nothing visible: what earlier pieces and other commands wrote.
    vk_barrier(d, piece(c), false);
    c->split = c->written = c->stamping = false;
    c->bound = NULL;
    return true;
}

static bool end_piece(struct vk_commands *c, struct error *e)
{
    VkResult r = c->device->fn.EndCommandBuffer(piece(c));
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

// Whether a command can be recorded now; begins a new piece if one is due.
static bool ready(struct vk_commands *c)
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
        d->fn.CmdBindDescriptorSets(piece(c), compute, p->layout, 0, 1, &set, 0, NULL);
    }
    if (c->bound != p)
        d->fn.CmdBindPipeline(piece(c), compute, p->handle);
    c->bound = p;
    if (p->shader->push_size > 0)
        d->fn.CmdPushConstants(piece(c), p->layout, VK_SHADER_STAGE_COMPUTE_BIT, 0,
                               p->shader->push_size, push);
    d->fn.CmdDispatch(piece(c), groups[0], groups[1], groups[2]);
    c->written = true;
}

void vk_record_dispatch(struct vk_commands *c, struct vk_pipeline *p, const struct vk_slice *slices,
                        const void *push, const uint32_t groups[3])
{
    if (!ready(c))
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
    if (ready(c))
        dispatch(c, p, slices, push, (uint32_t[3]){0, 0, 0});
}

void vk_record_copy(struct vk_commands *c, struct vk_slice from, struct vk_slice to)
{
    if (!ready(c))
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
    c->device->fn.CmdCopyBuffer(piece(c), from.buffer->handle, to.buffer->handle, 1, &copy);
    c->written = true;
}

void vk_record_barrier(struct vk_commands *c)
{
    if (!c->written || !ready(c))
        return;
    vk_barrier(c->device, piece(c), false);
    c->written = false;
}

static bool add_stamps(struct vk_commands *c, struct error *e)
{
    struct vk_device *d = c->device;
    struct stamps *stamps = realloc(c->stamps, (c->n_stamps + 1) * sizeof(*stamps));
    if (!stamps)
        return error_no_memory(e);
    c->stamps = stamps;
    const VkQueryPoolCreateInfo info = {.sType = VK_STRUCTURE_TYPE_QUERY_POOL_CREATE_INFO,
                                        .queryType = VK_QUERY_TYPE_TIMESTAMP,
                                        .queryCount = STAMPS};
    struct stamps new = {0};
    VkResult r = d->fn.CreateQueryPool(d->handle, &info, NULL, &new.pool);
    if (r != VK_SUCCESS)
        return vk_failed(d, r, "create a query pool", e);
    stamps[c->n_stamps++] = new;
    d->fn.CmdResetQueryPool(piece(c), new.pool, 0, STAMPS);
    c->stamping = true;
    return true;
}

void vk_record_timestamp(struct vk_commands *c)
{
    if (!ready(c) || c->device->physical.timestamp_bits == 0)
        return;
    bool full = c->stamping && c->stamps[c->n_stamps - 1].used == STAMPS;
    if ((!c->stamping || full) && !add_stamps(c, &c->failure)) {
        c->failed = true;
        return;
    }
    struct stamps *s = &c->stamps[c->n_stamps - 1];
    c->device->fn.CmdWriteTimestamp(piece(c), VK_PIPELINE_STAGE_BOTTOM_OF_PIPE_BIT, s->pool,
                                    s->used++);
}

void vk_record_split(struct vk_commands *c)
{
    c->split = true;
    c->written = false; // the next piece begins with a barrier
}

bool vk_commands_finish(struct vk_commands *c, struct error *e)
{
    if (!c->failed && !c->finished) {
        vk_barrier(c->device, piece(c), true);
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

bool vk_commands_times(struct vk_commands *c, double *ns, size_t n)
{
    struct vk_device *d = c->device;
    uint32_t bits = d->physical.timestamp_bits;
    uint64_t mask = bits < 64 ? (1ull << bits) - 1 : UINT64_MAX;
    uint64_t ticks[STAMPS], first = 0;
    size_t done = 0;
    for (size_t i = 0; i < c->n_stamps && done < n; i++) {
        const struct stamps *s = &c->stamps[i];
        if (d->fn.GetQueryPoolResults(d->handle, s->pool, 0, s->used, sizeof(ticks), ticks,
                                      sizeof(ticks[0]), VK_QUERY_RESULT_64_BIT) != VK_SUCCESS)
            return false;
        if (i == 0)
            first = ticks[0];
        // Counted from the first, which neither wraps nor loses digits in a double.
        for (uint32_t k = 0; k < s->used && done < n; k++)
            ns[done++] = (double)((ticks[k] - first) & mask) * d->physical.timestamp_period;
    }
    return n > 0 && done == n;
}
