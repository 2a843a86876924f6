// What only some devices have, for faster kernels: packed dot products and cooperative matrices.
#include <string.h>

#include "engine/vk/vk_internal.h"

enum { MATRIX_SHAPES_MOST = 128, MATRIX_THREADS = 256, MATRIX_LANES_LEAST = 8 };

// Sides that the tiles of gemm_matrix.comp are made of.
static bool side_fits(uint32_t n)
{
    return n == 8 || n == 16;
}

// The largest shape of half x half + float that fits, with a sum or more for each lane; 0: none.
static struct vk_matrix_shape choose_shape(const VkCooperativeMatrixPropertiesKHR *list, uint32_t n,
                                           uint32_t lanes)
{
    struct vk_matrix_shape best = {0};
    for (uint32_t i = 0; i < n; i++) {
        const VkCooperativeMatrixPropertiesKHR *c = &list[i];
        bool fits = c->AType == VK_COMPONENT_TYPE_FLOAT16_KHR &&
                    c->BType == VK_COMPONENT_TYPE_FLOAT16_KHR &&
                    c->CType == VK_COMPONENT_TYPE_FLOAT32_KHR &&
                    c->ResultType == VK_COMPONENT_TYPE_FLOAT32_KHR &&
                    c->scope == VK_SCOPE_SUBGROUP_KHR && !c->saturatingAccumulation &&
                    side_fits(c->MSize) && side_fits(c->NSize) && side_fits(c->KSize) &&
                    c->MSize * c->NSize >= lanes;
        if (fits && c->MSize * c->NSize * c->KSize > best.rows * best.columns * best.inner)
            best = (struct vk_matrix_shape){c->MSize, c->NSize, c->KSize};
    }
    return best;
}

static struct vk_matrix_shape read_shape(const struct vk_instance *instance,
                                         const struct vk_physical *p)
{
    PFN_vkGetPhysicalDeviceCooperativeMatrixPropertiesKHR get =
        (PFN_vkGetPhysicalDeviceCooperativeMatrixPropertiesKHR)instance->get(
            instance->handle, "vkGetPhysicalDeviceCooperativeMatrixPropertiesKHR");
    VkCooperativeMatrixPropertiesKHR list[MATRIX_SHAPES_MOST] = {0};
    uint32_t n = MATRIX_SHAPES_MOST;
    for (uint32_t i = 0; i < n; i++)
        list[i].sType = VK_STRUCTURE_TYPE_COOPERATIVE_MATRIX_PROPERTIES_KHR;
    VkResult r = get ? get(p->handle, &n, list) : VK_ERROR_EXTENSION_NOT_PRESENT;
    return r == VK_SUCCESS || r == VK_INCOMPLETE ? choose_shape(list, n, p->profile.subgroup_size)
                                                 : (struct vk_matrix_shape){0};
}

// The kernel tells subgroups apart by their numbers, so their size must be certain. lavapipe of
// Mesa 26 offers matrices at 16 lanes too, and crashes when it compiles them.
static bool lanes_fit(const struct vk_physical *p)
{
    uint32_t lanes = p->profile.subgroup_size;
    return p->has_subgroup_size && p->most_subgroups * lanes >= MATRIX_THREADS &&
           (p->profile.type == VK_TYPE_CPU ? lanes == MATRIX_LANES_LEAST
                                           : lanes >= MATRIX_LANES_LEAST);
}

void vk_read_tiers(const struct vk_instance *instance, struct vk_physical *p)
{
    struct vk_tier_features f;
    vk_chain_tiers(p, &f);
    VkPhysicalDeviceFeatures2 all = {.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_FEATURES_2,
                                     .pNext = f.first};
    instance->fn.GetPhysicalDeviceFeatures2(p->handle, &all);
    p->has_dot &= f.dot.shaderIntegerDotProduct;
    p->has_matrix &= f.matrix.cooperativeMatrix && p->float16 && p->memory_model && lanes_fit(p);
    p->profile.packed_dot = p->has_dot;
    if (p->has_matrix)
        p->profile.matrix = read_shape(instance, p);
    p->has_matrix &= p->profile.matrix.rows > 0;
}

void vk_chain_tiers(const struct vk_physical *p, struct vk_tier_features *f)
{
    *f = (struct vk_tier_features){
        .dot = {.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SHADER_INTEGER_DOT_PRODUCT_FEATURES,
                .shaderIntegerDotProduct = VK_TRUE},
        .matrix = {.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_COOPERATIVE_MATRIX_FEATURES_KHR,
                   .cooperativeMatrix = VK_TRUE}};
    if (p->has_dot) {
        f->first = &f->dot;
        f->names[f->n++] = VK_KHR_SHADER_INTEGER_DOT_PRODUCT_EXTENSION_NAME;
    }
    if (p->has_matrix) {
        f->matrix.pNext = f->first;
        f->first = &f->matrix;
        f->names[f->n++] = VK_KHR_COOPERATIVE_MATRIX_EXTENSION_NAME;
    }
}
