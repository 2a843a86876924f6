// Handing work to the queue, waiting for it, and saying what went wrong.
#include <inttypes.h>

#include "base/log.h"
#include "engine/vk/vk_internal.h"

enum { WAIT_SECONDS = 30, WAIT_ROUNDS = 20 };

static bool lost(struct vk_device *d, struct error *e)
{
    atomic_store(&d->lost, true);
    return error_set(e, ERROR_DEVICE,
                     "the device %s was lost while it computed; start again, and if it happens "
                     "often, update its driver or choose another device with --device",
                     d->physical.profile.name);
}

bool vk_failed(struct vk_device *d, VkResult result, const char *doing, struct error *e)
{
    const uint64_t mib = 1 << 20;
    switch (result) {
    case VK_ERROR_DEVICE_LOST:
        return lost(d, e);
    case VK_ERROR_OUT_OF_HOST_MEMORY:
        return error_no_memory(e);
    case VK_ERROR_OUT_OF_DEVICE_MEMORY:
        return error_set(e, ERROR_DEVICE,
                         "the device %s has not enough memory to %s (%" PRIu64 " of %" PRIu64
                         " MiB are free); close other programs that use it",
                         d->physical.profile.name, doing,
                         vk_free_memory(d->instance, &d->physical) / mib,
                         d->physical.profile.device_memory / mib);
    default:
        return error_set(e, ERROR_DEVICE, "the device %s could not %s (Vulkan error %d)",
                         d->physical.profile.name, doing, (int)result);
    }
}

bool vk_submit(struct vk_device *d, VkCommandBuffer commands, VkFence fence, struct error *e)
{
    if (atomic_load(&d->lost))
        return lost(d, e);
    const VkSubmitInfo info = {.sType = VK_STRUCTURE_TYPE_SUBMIT_INFO,
                               .commandBufferCount = 1,
                               .pCommandBuffers = &commands};
    pthread_mutex_lock(&d->queue_lock);
    VkResult r = d->fn.QueueSubmit(d->queue, 1, &info, fence);
    pthread_mutex_unlock(&d->queue_lock);
    return r == VK_SUCCESS || vk_failed(d, r, "start computing", e);
}

bool vk_wait(struct vk_device *d, VkFence fence, struct error *e)
{
    if (atomic_load(&d->lost))
        return lost(d, e);
    // Finite, because some drivers hang without ever reporting it.
    for (int round = 1; round <= WAIT_ROUNDS; round++) {
        VkResult r =
            d->fn.WaitForFences(d->handle, 1, &fence, VK_TRUE, WAIT_SECONDS * 1000000000ull);
        if (r == VK_SUCCESS) {
            r = d->fn.ResetFences(d->handle, 1, &fence);
            return r == VK_SUCCESS || vk_failed(d, r, "reset a fence", e);
        }
        if (r != VK_TIMEOUT)
            return vk_failed(d, r, "finish computing", e);
        log_warning("the device %s has been busy for %d seconds", d->physical.profile.name,
                    round * WAIT_SECONDS);
    }
    atomic_store(&d->lost, true);
    return error_set(e, ERROR_DEVICE,
                     "the device %s has not answered for %d minutes; update its driver or choose "
                     "another device with --device",
                     d->physical.profile.name, WAIT_ROUNDS * WAIT_SECONDS / 60);
}

void vk_barrier(struct vk_device *d, VkCommandBuffer commands, bool host)
{
    const VkPipelineStageFlags stages =
        VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT | VK_PIPELINE_STAGE_TRANSFER_BIT;
    const VkMemoryBarrier barrier = {
        .sType = VK_STRUCTURE_TYPE_MEMORY_BARRIER,
        .srcAccessMask = VK_ACCESS_SHADER_WRITE_BIT | VK_ACCESS_TRANSFER_WRITE_BIT,
        .dstAccessMask = host ? VK_ACCESS_HOST_READ_BIT
                              : VK_ACCESS_SHADER_READ_BIT | VK_ACCESS_SHADER_WRITE_BIT |
                                    VK_ACCESS_TRANSFER_READ_BIT | VK_ACCESS_TRANSFER_WRITE_BIT,
    };
    d->fn.CmdPipelineBarrier(commands, stages, host ? VK_PIPELINE_STAGE_HOST_BIT : stages, 0, 1,
                             &barrier, 0, NULL, 0, NULL);
}

void vk_name_object(struct vk_device *d, VkObjectType type, uint64_t handle, const char *name)
{
    if (!d->instance->validation)
        return;
    const VkDebugUtilsObjectNameInfoEXT info = {
        .sType = VK_STRUCTURE_TYPE_DEBUG_UTILS_OBJECT_NAME_INFO_EXT,
        .objectType = type,
        .objectHandle = handle,
        .pObjectName = name};
    d->instance->fn.SetDebugUtilsObjectNameEXT(d->handle, &info);
}
