#include "engine/vk/descriptors.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/array.h"

_Static_assert((int)VK_POOL_DESCRIPTORS >= (int)VK_BINDINGS_MOST, "any set fits an empty pool");

static bool add_pool(struct vk_descriptors *s, struct error *e)
{
    struct vk_device *d = s->device;
    struct vk_descriptor_pool *pools = realloc(s->pools, (s->n_pools + 1) * sizeof(*pools));
    if (!pools)
        return error_no_memory(e);
    s->pools = pools;
    const VkDescriptorPoolSize sizes[] = {
        {VK_DESCRIPTOR_TYPE_STORAGE_BUFFER, VK_POOL_DESCRIPTORS},
        {VK_DESCRIPTOR_TYPE_UNIFORM_TEXEL_BUFFER, VK_POOL_DESCRIPTORS},
    };
    const VkDescriptorPoolCreateInfo info = {.sType = VK_STRUCTURE_TYPE_DESCRIPTOR_POOL_CREATE_INFO,
                                             .maxSets = VK_POOL_SETS,
                                             .poolSizeCount = 2,
                                             .pPoolSizes = sizes};
    struct vk_descriptor_pool pool = {
        .sets = VK_POOL_SETS, .storage = VK_POOL_DESCRIPTORS, .texel = VK_POOL_DESCRIPTORS};
    VkResult r = d->fn.CreateDescriptorPool(d->handle, &info, NULL, &pool.handle);
    if (r != VK_SUCCESS)
        return vk_failed(d, r, "create a descriptor pool", e);
    pools[s->n_pools++] = pool;
    return true;
}

static VkDescriptorSet allocate(struct vk_descriptors *s, const struct vk_pipeline *p,
                                struct error *e)
{
    struct vk_device *d = s->device;
    uint32_t storage = 0, texel = 0;
    for (uint32_t i = 0; i < p->shader->n_bindings; i++)
        *(p->shader->bindings[i] == VK_BIND_STORAGE ? &storage : &texel) += 1;
    struct vk_descriptor_pool *pool = s->n_pools > 0 ? &s->pools[s->n_pools - 1] : NULL;
    if (!pool || pool->sets == 0 || pool->storage < storage || pool->texel < texel) {
        if (!add_pool(s, e))
            return VK_NULL_HANDLE;
        pool = &s->pools[s->n_pools - 1];
    }
    const VkDescriptorSetAllocateInfo info = {.sType =
                                                  VK_STRUCTURE_TYPE_DESCRIPTOR_SET_ALLOCATE_INFO,
                                              .descriptorPool = pool->handle,
                                              .descriptorSetCount = 1,
                                              .pSetLayouts = &p->set_layout};
    VkDescriptorSet set;
    VkResult r = d->fn.AllocateDescriptorSets(d->handle, &info, &set);
    if (r != VK_SUCCESS) {
        vk_failed(d, r, "allocate a descriptor set", e);
        return VK_NULL_HANDLE;
    }
    pool->sets--;
    pool->storage -= storage;
    pool->texel -= texel;
    return set;
}

static bool fits(const struct vk_device *d, const struct vk_pipeline *p, uint32_t binding,
                 struct vk_slice slice, struct error *e)
{
    const struct vk_profile *profile = &d->physical.profile;
    const char *wrong = NULL;
    if (!vk_slice_valid(slice))
        wrong = "is outside of its buffer";
    else if (p->shader->bindings[binding] == VK_BIND_STORAGE) {
        if (slice.offset % profile->storage_align != 0)
            wrong = "is not aligned for a storage buffer";
        else if (slice.size > profile->most_storage_range)
            wrong = "is larger than a storage buffer of this device may be";
    } else if (slice.offset % profile->texel_align != 0)
        wrong = "is not aligned for a texel buffer";
    else if (slice.size < VK_TEXEL || slice.size / VK_TEXEL > profile->most_texel_elements)
        wrong = "is of a size that no texel buffer of this device has";
    if (!wrong)
        return true;
    return error_set(e, ERROR_DEVICE,
                     "binding %" PRIu32 " of the kernel %s (%" PRIu64 " bytes at %" PRIu64 ") %s",
                     binding, p->shader->name, slice.size, slice.offset, wrong);
}

static VkBufferView create_view(struct vk_descriptors *s, enum vk_binding_kind kind,
                                struct vk_slice slice, struct error *e)
{
    struct vk_device *d = s->device;
    VkBufferView *views = array_reserve(s->views, s->n_views, &s->views_room, sizeof(*views));
    if (!views) {
        error_no_memory(e);
        return VK_NULL_HANDLE;
    }
    s->views = views;
    const VkBufferViewCreateInfo info = {
        .sType = VK_STRUCTURE_TYPE_BUFFER_VIEW_CREATE_INFO,
        .buffer = slice.buffer->handle,
        .format = kind == VK_BIND_TEXEL_UINT ? VK_FORMAT_R32G32B32A32_UINT
                                             : VK_FORMAT_R32G32B32A32_SFLOAT,
        .offset = slice.offset,
        .range = vk_texel_range(d, slice.size / VK_TEXEL * VK_TEXEL),
    };
    VkBufferView view;
    VkResult r = d->fn.CreateBufferView(d->handle, &info, NULL, &view);
    if (r != VK_SUCCESS) {
        vk_failed(d, r, "create a texel view", e);
        return VK_NULL_HANDLE;
    }
    s->views[s->n_views++] = view;
    return view;
}

VkDescriptorSet vk_descriptors_set(struct vk_descriptors *s, const struct vk_pipeline *p,
                                   const struct vk_slice *slices, struct error *e)
{
    struct vk_device *d = s->device;
    VkDescriptorSet set = allocate(s, p, e);
    if (!set)
        return VK_NULL_HANDLE;
    VkWriteDescriptorSet writes[VK_BINDINGS_MOST];
    VkDescriptorBufferInfo buffers[VK_BINDINGS_MOST];
    VkBufferView views[VK_BINDINGS_MOST];
    for (uint32_t i = 0; i < p->shader->n_bindings; i++) {
        if (!fits(d, p, i, slices[i], e))
            return VK_NULL_HANDLE;
        writes[i] = (VkWriteDescriptorSet){.sType = VK_STRUCTURE_TYPE_WRITE_DESCRIPTOR_SET,
                                           .dstSet = set,
                                           .dstBinding = i,
                                           .descriptorCount = 1};
        if (p->shader->bindings[i] == VK_BIND_STORAGE) {
            buffers[i] = (VkDescriptorBufferInfo){.buffer = slices[i].buffer->handle,
                                                  .offset = slices[i].offset,
                                                  .range = slices[i].size};
            writes[i].descriptorType = VK_DESCRIPTOR_TYPE_STORAGE_BUFFER;
            writes[i].pBufferInfo = &buffers[i];
        } else {
            views[i] = create_view(s, p->shader->bindings[i], slices[i], e);
            if (!views[i])
                return VK_NULL_HANDLE;
            writes[i].descriptorType = VK_DESCRIPTOR_TYPE_UNIFORM_TEXEL_BUFFER;
            writes[i].pTexelBufferView = &views[i];
        }
    }
    d->fn.UpdateDescriptorSets(d->handle, p->shader->n_bindings, writes, 0, NULL);
    return set;
}

void vk_descriptors_finish(struct vk_descriptors *s)
{
    struct vk_device *d = s->device;
    for (size_t i = s->n_pools; i-- > 0;)
        d->fn.DestroyDescriptorPool(d->handle, s->pools[i].handle, NULL);
    for (size_t i = s->n_views; i-- > 0;)
        d->fn.DestroyBufferView(d->handle, s->views[i], NULL);
    free(s->pools);
    free(s->views);
    *s = (struct vk_descriptors){.device = d};
}
