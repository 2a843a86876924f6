// Descriptor sets and texel views of one recording. Owned by the commands that record; nothing is
// given back before all of it goes.
#pragma once

#include <stddef.h>

#include "engine/vk/vk_internal.h"

enum { VK_POOL_SETS = 64, VK_POOL_DESCRIPTORS = 4 * VK_POOL_SETS }; // descriptors of each kind

struct vk_descriptor_pool {
    VkDescriptorPool handle;
    uint32_t sets, storage, texel; // still free
};

struct vk_descriptors {
    struct vk_device *device;
    struct vk_descriptor_pool *pools; // the last is the one in use
    size_t n_pools;
    VkBufferView *views;
    size_t n_views, views_room;
};

// A set for the pipeline with slices[i] at binding i. VK_NULL_HANDLE on failure.
VkDescriptorSet vk_descriptors_set(struct vk_descriptors *s, const struct vk_pipeline *p,
                                   const struct vk_slice *slices, struct error *e);
void vk_descriptors_finish(struct vk_descriptors *s);
