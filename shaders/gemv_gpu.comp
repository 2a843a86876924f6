#version 450
// gemv, gpu shape: y = epilogue(W . prologue(x)) for one column; prologue: nothing, or RMSNorm (x * gain / rms).
// W: rows x inner in the layout of shared.h with L = 1, x: inner floats, y: rows floats.
// A workgroup takes one quad (4 rows); its threads split the blocks of 32 columns, so that each loads whole 16-byte units of
// consecutive memory. Sums meet by subgroup, then in shared memory.
#extension GL_GOOGLE_include_directive : require
#extension GL_KHR_shader_subgroup_basic : require
#extension GL_KHR_shader_subgroup_arithmetic : require
#extension GL_EXT_control_flow_attributes : require
#extension GL_EXT_shader_16bit_storage : require
#include "shared.h"

layout(local_size_x_id = 0) in;
layout(constant_id = 1) const uint L = 32;  // subgroup size
layout(constant_id = 2) const uint MODE = 0;
layout(constant_id = 3) const uint ACT = 0;
layout(constant_id = 4) const uint KL = 1;
layout(constant_id = 5) const uint VL = 1;
layout(constant_id = 6) const bool NORM = false;
layout(constant_id = 7) const uint SIZE = 64; // MODE_QKV: of a head
layout(push_constant) uniform Push { push_matmul p; };

layout(binding = 0) readonly buffer Weights { uvec4 weights[]; };
layout(binding = 1) readonly buffer In { vec4 x[]; };
layout(binding = 7) readonly buffer Gain { vec4 gain[]; };

#include "weights.glsl"
#include "epilogue.glsl"
#include "epilogue_qkv.glsl"

shared vec4 partial[128]; // of each subgroup; none has fewer than 4 lanes
shared float squares_partial[128];

vec4 across(vec4 v)
{
    v = subgroupAdd(v);
    if (subgroupElect())
        partial[gl_SubgroupID] = v;
    barrier();
    v = vec4(0.0);
    for (uint i = 0; i < gl_NumSubgroups; i++)
        v += partial[i];
    return v;
}

float rms_factor(uint x_at)
{
    float squares = 0.0;
    for (uint i = gl_LocalInvocationID.x; i < p.inner * 8u; i += gl_WorkGroupSize.x)
        squares += dot(x[x_at + i], x[x_at + i]);
    squares = subgroupAdd(squares);
    if (subgroupElect())
        squares_partial[gl_SubgroupID] = squares;
    barrier();
    squares = 0.0;
    for (uint i = 0; i < gl_NumSubgroups; i++)
        squares += squares_partial[i];
    return 1.0 / sqrt(squares / float(p.norm_size) + p.norm_eps);
}

void main()
{
    uint x_at = p.in_column * p.in_stride / 4u;
    float factor = NORM ? rms_factor(x_at) : 1.0;
    vec4 sum = vec4(0.0); // of the four rows
    for (uint b = gl_LocalInvocationID.x; b < p.inner; b += gl_WorkGroupSize.x) {
        uint at = (gl_WorkGroupID.x * p.inner + b) * UNIT;
        uint head[4][WORDS];
        [[unroll]] for (uint k = 0; k < HEAD; k++) {
            uvec4 words = weights[at + k];
            [[unroll]] for (uint r = 0; r < 4; r++)
                head[r][k] = words[r];
        }
        uvec4 w[4];
#if SPANS > 0
        vec4 q_sum;
        float x_sum;
#endif
        [[unroll]] for (uint step = 0; step < 8; step++) {
            if (PARTS > 0 && step % STEPS == 0)
                [[unroll]] for (uint r = 0; r < 4; r++)
                    w[r] = weights[at + HEAD + step / STEPS * 4 + r];
            vec4 xv = x[x_at + b * 8u + step];
            if (NORM)
                xv *= gain[b * 8u + step];
#if SPANS > 0
            const uint steps = 8u / SPANS;
            if (step % steps == 0) {
                q_sum = vec4(0.0);
                x_sum = 0.0;
            }
            [[unroll]] for (uint r = 0; r < 4; r++)
                q_sum[r] += dot(block_quants(head[r], w[r], step), xv);
            x_sum += xv.x + xv.y + xv.z + xv.w;
            if (step % steps == steps - 1u)
                [[unroll]] for (uint r = 0; r < 4; r++) {
                    vec2 dm = block_scale(head[r], step / steps);
                    sum[r] += dm.x * q_sum[r] + dm.y * x_sum;
                }
#else
            [[unroll]] for (uint r = 0; r < 4; r++)
                sum[r] += dot(block_quants(head[r], w[r], step), xv);
#endif
        }
    }
    sum = across(sum) * factor;
    if (gl_LocalInvocationID.x != 0)
        return;
    [[unroll]] for (uint r = 0; r < 4; r++) {
        uint row = gl_WorkGroupID.x * 4u + r;
        if (MODE == MODE_QKV)
            finish_qkv(row, sum[r], sum[r ^ 1u]);
        else if (MODE != MODE_GATE)
            finish(row, 0u, sum[r], row_bias(row), 0.0);
        else if (r % 2u == 0u)
            finish(row / 2u, 0u, sum[r], 0.0, sum[r | 1u]);
    }
}
