// The Vulkan device that computes. libvulkan is opened with dlopen, so that its absence is a
// sentence and not a loader failure. No Vulkan type leaves engine/vk/: the rest of the engine sees
// these structs.
//
// A device is created once and owned by the engine. One queue; vk_* calls that submit may be made
// from several threads (a lock inside), everything else from one thread at a time.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct vk_device;

enum vk_device_type {
    VK_TYPE_DISCRETE,
    VK_TYPE_INTEGRATED,
    VK_TYPE_VIRTUAL,
    VK_TYPE_CPU,
    VK_TYPE_OTHER
};

// Which shape of the heavy kernels a device gets (ARCHITECTURE.md, "Two shapes").
enum vk_shape { VK_SHAPE_GPU, VK_SHAPE_CPU };

// Of a cooperative matrix product of a subgroup: rows x inner halves by inner x columns halves,
// added to rows x columns floats.
struct vk_matrix_shape {
    uint32_t rows, columns, inner; // 0: there is none
};

// As the driver says it.
enum { VK_HEAPS_MOST = 16 };
struct vk_heap {
    uint64_t size;
    uint64_t budget, used; // of this process (VK_EXT_memory_budget); 0: not known
    bool device_local;
};

// What the kernels and the planner need to know. Sizes in bytes.
struct vk_profile {
    char name[256];   // of the device, cleaned for a terminal
    char driver[256]; // driver's name and version text
    uint32_t api_version, driver_version, vendor_id, device_id;
    uint8_t uuid[16]; // pipeline cache UUID
    enum vk_device_type type;
    enum vk_shape shape;         // by type, or forced by PUMICE_KERNELS=gpu|cpu
    uint32_t subgroup_size;      // lanes; the kernels use exactly this
    uint32_t threads;            // of a CPU device: the machine's; else 1
    uint32_t shared_memory;      // of a workgroup
    uint32_t most_invocations;   // of a workgroup
    uint32_t most_groups[3];     // of a dispatch
    uint64_t most_storage_range; // one storage buffer binding
    uint64_t most_texel_elements;
    uint64_t most_allocation;
    uint64_t device_memory; // largest DEVICE_LOCAL heap; a CPU device: the machine's memory
    uint64_t free_memory;   // what can be expected to be free of it now
    uint64_t free_host;     // the same of the machine's memory
    struct vk_heap heaps[VK_HEAPS_MOST];
    uint32_t n_heaps;
    bool one_memory;        // both are the same memory (CPU, integrated)
    uint32_t storage_align; // offset alignment of storage buffer bindings, a power of two
    uint32_t texel_align;   // and of texel buffer views
    // All its memory can be mapped (CPU, integrated, GPUs with resizable BAR): no staging. Writing
    // is fast, reading through a BAR is not: results go to READBACK memory.
    bool host_visible;
    bool packed_dot;               // OpSDot of four bytes can be used
    struct vk_matrix_shape matrix; // 8 or 16 each way
};

// One entry of the list that `pumice devices` shows.
struct vk_candidate {
    struct vk_profile profile;
    bool usable;
    char reason[256]; // why it is not usable, or why it was or was not chosen
    bool chosen;      // the one that vk_device_open takes for the same `want`
};
struct vk_candidates {
    struct vk_candidate *list;
    size_t count;
};

// Lists all devices, in the driver's order; the index is what --device takes. `want`: see
// vk_device_open. Fails with ERROR_DEVICE: no loader, no driver, no device at all.
bool vk_list_devices(const char *want, struct vk_candidates *out, struct error *e);
void vk_candidates_finish(struct vk_candidates *c);

// Opens the device that `want` says: NULL the best usable one (discrete, integrated, virtual, CPU
// last), a number an index of the list, other text a part of a name (any case). Environment
// PUMICE_VALIDATION=1 adds the validation layer with synchronization checks; its messages go to the
// log as errors and are counted.
struct vk_device *vk_device_open(const char *want, struct error *e);
void vk_device_close(struct vk_device *d); // NULL allowed; everything made from it must be gone
const struct vk_profile *vk_device_profile(const struct vk_device *d);
// Kept with the device for the kernels (compute/variants.h); zeros at first.
enum { VK_NOTES = 64 };
unsigned char *vk_device_notes(struct vk_device *d);
// The file of its driver, by a path that lives as long as the device; NULL: not known.
const char *vk_device_library(const struct vk_device *d);
// Bytes that one binding of the heavy kernels can hold: weights, or what is also written (a KV
// cache).
uint64_t vk_most_binding(const struct vk_profile *p, bool written);
size_t
vk_device_validation_count(const struct vk_device *d); // messages of the validation layer so far
