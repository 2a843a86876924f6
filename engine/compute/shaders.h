// The SPIR-V modules that shaders/meson.build makes, with their interfaces.
#pragma once

#include "engine/compute/kernels_peak.h"
#include "engine/model/quant.h"
#include "engine/vk/device.h"
#include "engine/vk/pipeline.h"

enum shader_family {
    SHADER_GEMV,
    SHADER_BETWEEN, // cpu shape only
    SHADER_GEMM,
    SHADER_GEMM_DOT, // gpu shape only, as the next
    SHADER_GEMM_MATRIX,
    SHADER_QUANTIZE, // for SHADER_GEMM_DOT
    SHADER_ATTENTION,
    SHADER_NORM,
    SHADER_ROTATE,
    SHADER_SHORTLIST
};

// `type` counts for products only. NULL: there is no kernel for that type.
const struct vk_shader *shader_find(enum shader_family family, enum vk_shape shape,
                                    enum quant_type type);
// Another number for other modules of the gpu shape's products.
uint64_t shader_fingerprint(void);
const struct vk_shader *shader_peak(enum peak peak);
