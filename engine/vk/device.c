#include "engine/vk/device.h"

#include <stdlib.h>

#include "engine/vk/loader.h"
#include "engine/vk/vk_internal.h"

static VkResult create_handle(struct vk_device *d)
{
    const struct vk_physical *p = &d->physical;
    struct vk_tier_features tiers;
    vk_chain_tiers(p, &tiers);
    VkPhysicalDeviceSubgroupSizeControlFeaturesEXT size = {
        .pNext = tiers.first,
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SUBGROUP_SIZE_CONTROL_FEATURES_EXT,
        .subgroupSizeControl = VK_TRUE,
        .computeFullSubgroups = VK_TRUE};
    VkPhysicalDeviceVulkan12Features f12 = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_2_FEATURES,
        .pNext = p->has_subgroup_size ? &size : tiers.first,
        .storageBuffer8BitAccess = p->storage8,
        .shaderFloat16 = p->float16,
        .scalarBlockLayout = p->scalar_layout,
        .vulkanMemoryModel = p->memory_model,
        .vulkanMemoryModelDeviceScope = p->memory_model};
    VkPhysicalDeviceVulkan11Features f11 = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_1_FEATURES,
        .pNext = &f12,
        .storageBuffer16BitAccess = p->storage16};
    VkPhysicalDeviceFeatures2 f = {.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_FEATURES_2,
                                   .pNext = &f11,
                                   .features.shaderInt16 = p->int16};
    if (p->has_subgroup_size)
        tiers.names[tiers.n++] = VK_EXT_SUBGROUP_SIZE_CONTROL_EXTENSION_NAME;
    const VkDeviceCreateInfo info = {
        .sType = VK_STRUCTURE_TYPE_DEVICE_CREATE_INFO,
        .pNext = &f,
        .queueCreateInfoCount = 1,
        .pQueueCreateInfos =
            &(VkDeviceQueueCreateInfo){.sType = VK_STRUCTURE_TYPE_DEVICE_QUEUE_CREATE_INFO,
                                       .queueFamilyIndex = p->family,
                                       .queueCount = 1,
                                       .pQueuePriorities = &(float){1.0f}},
        .enabledExtensionCount = tiers.n,
        .ppEnabledExtensionNames = tiers.names,
    };
    return d->instance->fn.CreateDevice(p->handle, &info, NULL, &d->handle);
}

static bool choose(struct vk_device *d, const char *want, struct error *e)
{
    struct vk_physical *list = NULL;
    size_t count = 0;
    if (!vk_survey(d->instance, &list, &count, e))
        return false;
    size_t chosen = vk_choose(list, count, want, e);
    if (chosen != SIZE_MAX)
        d->physical = list[chosen];
    free(list);
    return chosen != SIZE_MAX;
}

struct vk_device *vk_device_open(const char *want, struct error *e)
{
    struct vk_device *d = calloc(1, sizeof(*d));
    if (!d) {
        error_no_memory(e);
        return NULL;
    }
    pthread_mutex_init(&d->queue_lock, NULL);
    pthread_mutex_init(&d->pipeline_lock, NULL);
    d->instance = vk_instance_create(e);
    if (!d->instance || !choose(d, want, e))
        goto fail;
    VkResult r = create_handle(d);
    if (r != VK_SUCCESS) {
        d->handle = VK_NULL_HANDLE;
        error_set(e, ERROR_DEVICE, "the device %s could not be opened (Vulkan error %d)",
                  d->physical.profile.name, (int)r);
        goto fail;
    }
    if (!vk_load_device_functions(d, e))
        goto fail;
    d->fn.GetDeviceQueue(d->handle, d->physical.family, 0, &d->queue);
    if (!vk_pipelines_create(d, e))
        goto fail;
    return d;
fail:
    vk_device_close(d);
    return NULL;
}

void vk_device_close(struct vk_device *d)
{
    if (!d)
        return;
    if (d->queue)
        vk_pipelines_destroy(d);
    if (d->fn.DestroyDevice)
        d->fn.DestroyDevice(d->handle, NULL);
    vk_instance_destroy(d->instance);
    pthread_mutex_destroy(&d->pipeline_lock);
    pthread_mutex_destroy(&d->queue_lock);
    free(d);
}

const struct vk_profile *vk_device_profile(const struct vk_device *d)
{
    return &d->physical.profile;
}

unsigned char *vk_device_notes(struct vk_device *d)
{
    return d->notes;
}

uint64_t vk_most_binding(const struct vk_profile *p, bool written)
{
    uint64_t storage = p->most_storage_range, texels = p->most_texel_elements * VK_TEXEL;
    if (p->shape == VK_SHAPE_GPU)
        return storage;
    return written && storage < texels ? storage : texels;
}

size_t vk_device_validation_count(const struct vk_device *d)
{
    return atomic_load(&d->instance->messages);
}
