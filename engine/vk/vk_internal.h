// Private to engine/vk: the structs behind the public headers, and what its files share. The only
// place that includes vulkan.h; its prototypes are off because libvulkan is never linked.
//
// Ownership: a device owns its instance (and with it the library), its pipelines and the dummy
// buffer that warming binds. Buffers, slabs, uploaders and commands belong to whoever created them
// and point back to the device, which outlives them.
#pragma once

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define VK_NO_PROTOTYPES
#include <vulkan/vulkan.h>

#include "base/error.h"
#include "engine/vk/device.h"
#include "engine/vk/functions.h"
#include "engine/vk/matrix_extension.h"
#include "engine/vk/memory.h"
#include "engine/vk/pipeline.h"

#define VK_FUNCTION_FIELD(name) PFN_vk##name name;
struct vk_instance_functions {
    VK_INSTANCE_FUNCTIONS(VK_FUNCTION_FIELD)
    VK_DEBUG_FUNCTIONS(VK_FUNCTION_FIELD)
};
struct vk_device_functions {
    VK_DEVICE_FUNCTIONS(VK_FUNCTION_FIELD)
};
#undef VK_FUNCTION_FIELD

struct vk_instance {
    void *library; // of dlopen
    PFN_vkGetInstanceProcAddr get;
    VkInstance handle;
    struct vk_instance_functions fn;
    bool validation;
    VkDebugUtilsMessengerEXT messenger;
    atomic_size_t messages; // of the validation layer
};

// A device as its driver describes it, before anything is created on it.
struct vk_physical {
    VkPhysicalDevice handle;
    struct vk_profile profile;
    bool usable;
    char reason[256]; // why not
    uint32_t family;  // of the queue
    uint32_t timestamp_bits;
    float timestamp_period; // nanoseconds of one tick
    VkPhysicalDeviceMemoryProperties memory;
    bool has_budget;         // VK_EXT_memory_budget
    bool has_subgroup_size;  // VK_EXT_subgroup_size_control, for compute, with full subgroups
    uint32_t most_subgroups; // of a workgroup with a required subgroup size
    bool has_dot;            // VK_KHR_shader_integer_dot_product
    bool has_matrix;         // VK_KHR_cooperative_matrix, with a shape for the kernels
    VkBool32 int16, storage16, storage8, float16, scalar_layout, memory_model; // features
};

struct vk_device {
    struct vk_instance *instance;
    struct vk_physical physical;
    VkDevice handle;
    struct vk_device_functions fn;

    VkQueue queue;
    pthread_mutex_t queue_lock; // over submissions
    atomic_bool lost;           // nothing more is submitted

    pthread_mutex_t pipeline_lock; // over the list and `cache_saved`
    struct vk_pipeline **pipelines;
    atomic_size_t n_pipelines; // read without the lock to count them
    VkPipelineCache cache;
    size_t cache_saved; // size of what is on disk, 0: nothing usable

    unsigned char notes[VK_NOTES];                  // of compute/variants.c
    struct vk_buffer *dummy;                        // what warming binds
    atomic_uint_fast64_t allocated, allocated_host; // bytes of buffers, see vk_device_allocated
};

struct vk_buffer {
    struct vk_device *device;
    VkBuffer handle;
    VkDeviceMemory memory;
    void *mapped; // NULL: not host-visible
    uint64_t size;
    enum vk_memory kind;
};
enum { VK_TEXEL = 16, VK_TEXEL_STRETCH = 256 }; // bytes
uint64_t vk_texel_range(const struct vk_device *d, uint64_t size);

struct vk_pipeline {
    const struct vk_shader *shader;
    uint32_t constants[VK_CONSTANTS_MOST];
    size_t n_constants;
    VkDescriptorSetLayout set_layout;
    VkPipelineLayout layout;
    VkPipeline handle;
};

// profile.c: fills everything of `p` from `handle`.
void vk_describe(const struct vk_instance *instance, VkPhysicalDevice handle,
                 struct vk_physical *p);
// heaps.c: fills what `p` says of memory; all else of it is there.
void vk_read_memory(const struct vk_instance *instance, struct vk_physical *p);
// Bytes that can be expected to be free now.
uint64_t vk_free_memory(const struct vk_instance *instance, const struct vk_physical *p);
// The largest DEVICE_LOCAL heap.
uint32_t vk_main_heap(const VkPhysicalDeviceMemoryProperties *memory);

// tiers.c: what faster kernels need, as far as the driver lists the extensions.
void vk_read_tiers(const struct vk_instance *instance, struct vk_physical *p);
struct vk_tier_features {
    void *first; // of the chain of the structs below, NULL: none; points into this struct
    VkPhysicalDeviceShaderIntegerDotProductFeatures dot;
    VkPhysicalDeviceCooperativeMatrixFeaturesKHR matrix;
    const char *names[3]; // of the extensions, with room for one more
    uint32_t n;
};
void vk_chain_tiers(const struct vk_physical *p, struct vk_tier_features *f);

// choice.c: all devices, in the driver's order; the caller frees *list.
bool vk_survey(const struct vk_instance *instance, struct vk_physical **list, size_t *count,
               struct error *e);
// Index of the device that `want` says (see vk_device_open), SIZE_MAX: none, and `e` says why.
size_t vk_choose(const struct vk_physical *list, size_t count, const char *want, struct error *e);

// memory.c: index of the type for DEVICE, UPLOAD or READBACK memory among those in `allowed` (a bit
// each), UINT32_MAX: none.
uint32_t vk_memory_type(const VkPhysicalDeviceMemoryProperties *memory, uint32_t allowed,
                        enum vk_memory kind);
bool vk_slice_valid(struct vk_slice s);
// A buffer in two steps: slices of it may be given out before it has memory, which may then be less
// than was planned (of size > 0). Destroyed as any other, allocated or not.
struct vk_buffer *vk_buffer_plan(struct vk_device *d, uint64_t size, const char *name,
                                 struct error *e);
bool vk_buffer_allocate(struct vk_buffer *b, uint64_t size, enum vk_memory kind, const char *name,
                        struct error *e);

// submit.c.
// Fills `e` for a call that failed: `doing` completes "the device could not ...". Returns false.
bool vk_failed(struct vk_device *d, VkResult result, const char *doing, struct error *e);
bool vk_submit(struct vk_device *d, VkCommandBuffer commands, VkFence fence, struct error *e);
// Waits for a fence that a submission signals, and resets it.
bool vk_wait(struct vk_device *d, VkFence fence, struct error *e);
// What was recorded before is visible to what follows, in kernels and copies and, with `host`, to
// the host (once a fence has signalled).
void vk_barrier(struct vk_device *d, VkCommandBuffer commands, bool host);
// Names an object for the validation layer's messages; does nothing without it.
void vk_name_object(struct vk_device *d, VkObjectType type, uint64_t handle, const char *name);

// pipeline.c and pipeline_cache.c.
bool vk_pipelines_create(struct vk_device *d, struct error *e);
void vk_pipelines_destroy(struct vk_device *d);
bool vk_pipeline_cache_create(struct vk_device *d, struct error *e);

// commands.c: a dispatch of 0 groups with dummy bindings, which compiles and runs nothing.
struct vk_commands;
void vk_record_empty(struct vk_commands *c, struct vk_pipeline *p);
