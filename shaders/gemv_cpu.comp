#version 450
// gemv, cpu shape: y = epilogue(W . prologue(x)) for one column; prologue: nothing, or RMSNorm (x * gain / rms).
// W: rows x inner in the layout of shared.h, x: inner floats, y: rows floats.
// A workgroup is one subgroup and takes one quad.
#extension GL_GOOGLE_include_directive : require
#extension GL_KHR_shader_subgroup_basic : require
#extension GL_KHR_shader_subgroup_shuffle : require
#extension GL_EXT_control_flow_attributes : require
#extension GL_EXT_shader_16bit_storage : require
#include "shared.h"

layout(local_size_x_id = 0) in;
layout(constant_id = 1) const uint L = 8;    // subgroup size, 4..16
layout(constant_id = 2) const uint MODE = 0;
layout(constant_id = 3) const uint ACT = 0;
layout(constant_id = 4) const uint KL = 8;
layout(constant_id = 5) const uint VL = 8;
layout(constant_id = 6) const bool NORM = false;
layout(constant_id = 7) const uint SIZE = 64; // MODE_QKV: of a head
layout(push_constant) uniform Push { push_matmul p; };

layout(binding = 0) uniform usamplerBuffer weights;
layout(binding = 1) uniform samplerBuffer x;
layout(binding = 7) uniform samplerBuffer gain;

#include "across.glsl"
#include "weights.glsl"
#include "gemv_cpu.glsl"
#include "epilogue.glsl"
#include "epilogue_qkv.glsl"

void main()
{
    uint lane = gl_SubgroupInvocationID, x_at = p.in_column * p.in_stride / 4u;
    float factor = NORM ? rms_factor(x, x_at, p.norm_size, p.norm_eps) : 1.0;
    float sum[4];
    product(weights, x, gain, NORM, gl_WorkGroupID.x, p.inner, x_at, sum);
    [[unroll]] for (uint r = 0; r < 4; r++)
        sum[r] *= factor;
    uint group = gl_WorkGroupID.x * 4u;
    [[unroll]] for (uint r = 0; r < 4; r++) {
        uint row = (group + r) * L + lane;
        if (MODE == MODE_QKV)
            finish_qkv(row, sum[r], subgroupShuffleXor(sum[r], 1u));
        else if (MODE != MODE_GATE)
            finish(row, 0u, sum[r], row_bias(row), 0.0);
        else if (r % 2u == 0u)
            finish((group + r) / 2u * L + lane, 0u, sum[r], 0.0, sum[r | 1u]);
    }
}
