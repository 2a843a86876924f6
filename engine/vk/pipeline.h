// Compute pipelines: one for each shader and set of specialization constants, made on demand, kept
// until the device goes, and cached on disk for each device and driver version.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "engine/vk/device.h"

enum vk_binding_kind {
    VK_BIND_STORAGE,    // buffer block
    VK_BIND_TEXEL_UINT, // usamplerBuffer, RGBA32UI
    VK_BIND_TEXEL_FLOAT // samplerBuffer, RGBA32F
};

enum { VK_BINDINGS_MOST = 28, VK_CONSTANTS_MOST = 12, VK_PUSH_MOST = 128 };

// A SPIR-V module and its interface. Static data, made by compute/kernels.
struct vk_shader {
    const char *name;
    const uint32_t *code;
    size_t size; // bytes
    uint32_t n_bindings;
    enum vk_binding_kind bindings[VK_BINDINGS_MOST]; // set 0, binding i
    uint32_t push_size;                              // bytes, multiple of 4
};

struct vk_pipeline; // lives as long as the device

// constants[i] is specialization constant id i (uint32, bool or float bits); constant 0 is
// local_size_x. NULL on failure (ERROR_DEVICE). Asking twice gives the same pipeline. May be called
// from any thread.
struct vk_pipeline *vk_pipeline_get(struct vk_device *d, const struct vk_shader *shader,
                                    const uint32_t *constants, size_t n, struct error *e);
const struct vk_shader *vk_pipeline_shader(const struct vk_pipeline *p);

// Makes the driver finish compiling: lavapipe does that at the first dispatch only, so an empty one
// (0 groups) with dummy bindings is submitted and waited for. May be called while another thread
// uploads weights.
bool vk_pipeline_warm(struct vk_device *d, struct vk_pipeline *p, struct error *e);

// Writes the driver's pipeline cache to disk if it has grown. Never fails loudly.
void vk_pipelines_save(struct vk_device *d);
size_t vk_pipeline_count(const struct vk_device *d);
