// What a driver says about a device, in our terms.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/utf8.h"
#include "engine/vk/vk_internal.h"

enum { EXTENSIONS_MOST = 1024 };

static bool has_extension(const VkExtensionProperties *list, uint32_t n, const char *name)
{
    for (uint32_t i = 0; i < n; i++)
        if (strcmp(list[i].extensionName, name) == 0)
            return true;
    return false;
}

static void read_extensions(const struct vk_instance *instance, struct vk_physical *p)
{
    VkExtensionProperties *list = calloc(EXTENSIONS_MOST, sizeof(*list));
    uint32_t n = EXTENSIONS_MOST;
    if (!list)
        return;
    VkResult r = instance->fn.EnumerateDeviceExtensionProperties(p->handle, NULL, &n, list);
    if (r == VK_SUCCESS || r == VK_INCOMPLETE) {
        p->has_budget = has_extension(list, n, VK_EXT_MEMORY_BUDGET_EXTENSION_NAME);
        p->has_subgroup_size = has_extension(list, n, VK_EXT_SUBGROUP_SIZE_CONTROL_EXTENSION_NAME);
        p->has_dot = has_extension(list, n, VK_KHR_SHADER_INTEGER_DOT_PRODUCT_EXTENSION_NAME);
        p->has_matrix = has_extension(list, n, VK_KHR_COOPERATIVE_MATRIX_EXTENSION_NAME);
    }
    free(list);
}

static void read_features(const struct vk_instance *instance, struct vk_physical *p)
{
    VkPhysicalDeviceSubgroupSizeControlFeaturesEXT size = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SUBGROUP_SIZE_CONTROL_FEATURES_EXT};
    VkPhysicalDeviceVulkan12Features f12 = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_2_FEATURES,
        .pNext = p->has_subgroup_size ? &size : NULL};
    VkPhysicalDeviceVulkan11Features f11 = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_1_FEATURES, .pNext = &f12};
    VkPhysicalDeviceFeatures2 f = {.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_FEATURES_2,
                                   .pNext = &f11};
    instance->fn.GetPhysicalDeviceFeatures2(p->handle, &f);
    p->int16 = f.features.shaderInt16;
    p->storage16 = f11.storageBuffer16BitAccess;
    p->storage8 = f12.storageBuffer8BitAccess;
    p->float16 = f12.shaderFloat16;
    p->scalar_layout = f12.scalarBlockLayout;
    p->memory_model = f12.vulkanMemoryModel && f12.vulkanMemoryModelDeviceScope;
    p->has_subgroup_size &= size.subgroupSizeControl && size.computeFullSubgroups;
}

static enum vk_device_type device_type(VkPhysicalDeviceType type, VkDriverId driver)
{
    if (driver == VK_DRIVER_ID_MESA_LLVMPIPE)
        return VK_TYPE_CPU;
    switch (type) {
    case VK_PHYSICAL_DEVICE_TYPE_DISCRETE_GPU:
        return VK_TYPE_DISCRETE;
    case VK_PHYSICAL_DEVICE_TYPE_INTEGRATED_GPU:
        return VK_TYPE_INTEGRATED;
    case VK_PHYSICAL_DEVICE_TYPE_VIRTUAL_GPU:
        return VK_TYPE_VIRTUAL;
    case VK_PHYSICAL_DEVICE_TYPE_CPU:
        return VK_TYPE_CPU;
    default:
        return VK_TYPE_OTHER;
    }
}

static enum vk_shape kernel_shape(enum vk_device_type type)
{
    const char *forced = getenv("PUMICE_KERNELS");
    if (forced && strcmp(forced, "gpu") == 0)
        return VK_SHAPE_GPU;
    if (forced && strcmp(forced, "cpu") == 0)
        return VK_SHAPE_CPU;
    return type == VK_TYPE_CPU ? VK_SHAPE_CPU : VK_SHAPE_GPU;
}

// Tests make bindings as small as those of lesser devices.
static void lower_limits(struct vk_profile *p)
{
    const char *text = getenv("PUMICE_MOST_BINDING");
    uint64_t most = text ? strtoull(text, NULL, 10) : 0;
    if (most == 0)
        return;
    p->most_storage_range = most < p->most_storage_range ? most : p->most_storage_range;
    most /= VK_TEXEL;
    p->most_texel_elements = most < p->most_texel_elements ? most : p->most_texel_elements;
}

// All that Vulkan 1.0 knows, for devices of any version.
static void read_basics(struct vk_profile *out, const VkPhysicalDeviceProperties *from)
{
    utf8_clean(out->name, sizeof(out->name), from->deviceName,
               strnlen(from->deviceName, sizeof(from->deviceName)));
    out->api_version = from->apiVersion;
    out->driver_version = from->driverVersion;
    out->vendor_id = from->vendorID;
    out->device_id = from->deviceID;
    memcpy(out->uuid, from->pipelineCacheUUID, sizeof(out->uuid));
    out->type = device_type(from->deviceType, 0);
    out->shape = kernel_shape(out->type);

    const VkPhysicalDeviceLimits *limits = &from->limits;
    out->shared_memory = limits->maxComputeSharedMemorySize;
    out->most_invocations = limits->maxComputeWorkGroupInvocations;
    memcpy(out->most_groups, limits->maxComputeWorkGroupCount, sizeof(out->most_groups));
    out->most_storage_range = limits->maxStorageBufferRange;
    out->most_texel_elements = limits->maxTexelBufferElements;
    lower_limits(out);
    out->storage_align = (uint32_t)limits->minStorageBufferOffsetAlignment;
    out->texel_align = (uint32_t)limits->minTexelBufferOffsetAlignment;
}

// Returns the subgroup operations that compute shaders may use.
static VkSubgroupFeatureFlags read_properties(const struct vk_instance *instance,
                                              struct vk_physical *p)
{
    VkPhysicalDeviceSubgroupSizeControlPropertiesEXT size = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SUBGROUP_SIZE_CONTROL_PROPERTIES_EXT};
    VkPhysicalDeviceVulkan12Properties p12 = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_2_PROPERTIES,
        .pNext = p->has_subgroup_size ? &size : NULL};
    VkPhysicalDeviceVulkan11Properties p11 = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_1_PROPERTIES, .pNext = &p12};
    VkPhysicalDeviceProperties2 all = {.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PROPERTIES_2,
                                       .pNext = &p11};
    instance->fn.GetPhysicalDeviceProperties2(p->handle, &all);

    struct vk_profile *out = &p->profile;
    char driver[VK_MAX_DRIVER_NAME_SIZE + VK_MAX_DRIVER_INFO_SIZE + 2];
    int n = snprintf(driver, sizeof(driver), "%s%s%s", p12.driverName, p12.driverInfo[0] ? " " : "",
                     p12.driverInfo);
    utf8_clean(out->driver, sizeof(out->driver), driver, (size_t)n);
    out->type = device_type(all.properties.deviceType, p12.driverID);
    out->shape = kernel_shape(out->type);
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    out->threads = out->type == VK_TYPE_CPU && processors > 1 ? (uint32_t)processors : 1;
    out->subgroup_size = p11.subgroupSize;
    out->most_allocation = p11.maxMemoryAllocationSize;
    p->timestamp_period = all.properties.limits.timestampPeriod;
    p->most_subgroups = size.maxComputeWorkgroupSubgroups;
    p->has_subgroup_size &= (size.requiredSubgroupSizeStages & VK_SHADER_STAGE_COMPUTE_BIT) != 0 &&
                            out->subgroup_size >= size.minSubgroupSize &&
                            out->subgroup_size <= size.maxSubgroupSize;
    bool compute = (p11.subgroupSupportedStages & VK_SHADER_STAGE_COMPUTE_BIT) != 0;
    return compute ? p11.subgroupSupportedOperations : 0;
}

static bool find_queue(const struct vk_instance *instance, struct vk_physical *p)
{
    VkQueueFamilyProperties families[32];
    uint32_t n = sizeof(families) / sizeof(families[0]);
    instance->fn.GetPhysicalDeviceQueueFamilyProperties(p->handle, &n, families);
    for (uint32_t i = 0; i < n; i++) {
        if (!(families[i].queueFlags & VK_QUEUE_COMPUTE_BIT))
            continue;
        p->family = i;
        p->timestamp_bits = families[i].timestampValidBits;
        return true;
    }
    return false;
}

void vk_describe(const struct vk_instance *instance, VkPhysicalDevice handle, struct vk_physical *p)
{
    const VkSubgroupFeatureFlags needed = VK_SUBGROUP_FEATURE_BASIC_BIT |
                                          VK_SUBGROUP_FEATURE_ARITHMETIC_BIT |
                                          VK_SUBGROUP_FEATURE_SHUFFLE_BIT;
    *p = (struct vk_physical){.handle = handle};
    VkPhysicalDeviceProperties basics;
    instance->fn.GetPhysicalDeviceProperties(handle, &basics);
    read_basics(&p->profile, &basics);
    if (basics.apiVersion < VK_API_VERSION_1_2) {
        snprintf(p->reason, sizeof(p->reason), "its driver has Vulkan %u.%u, 1.2 is needed",
                 VK_API_VERSION_MAJOR(basics.apiVersion), VK_API_VERSION_MINOR(basics.apiVersion));
        return;
    }
    read_extensions(instance, p);
    read_features(instance, p);
    VkSubgroupFeatureFlags operations = read_properties(instance, p);
    vk_read_tiers(instance, p);
    vk_read_memory(instance, p);

    const char *missing = !find_queue(instance, p) ? "it has no compute queue"
                          : !p->storage16 ? "it cannot read 16-bit numbers from storage buffers"
                          : (operations & needed) != needed
                              ? "it lacks subgroup arithmetic or shuffles in compute shaders"
                              : NULL;
    p->usable = missing == NULL;
    if (missing)
        snprintf(p->reason, sizeof(p->reason), "%s", missing);
}
