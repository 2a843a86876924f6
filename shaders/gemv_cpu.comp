#version 450
// gemv, cpu shape: y = epilogue(W . prologue(x)) for one column; prologue: nothing, or RMSNorm (x * gain / rms).
// W: rows x inner in the layout of shared.h, x: inner floats, y: rows floats.
// A workgroup is one subgroup and takes one quad: lane = row, 4 rows a lane. The lanes hold the 32 values of x of a
// block once and hand them round by shuffles with constant index; weights stream through a texel buffer.
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
layout(push_constant) uniform Push { push_matmul p; };

layout(binding = 0) uniform usamplerBuffer weights;
layout(binding = 1) uniform samplerBuffer x;
layout(binding = 7) uniform samplerBuffer gain;

#include "across.glsl"
#include "weights.glsl"
#include "epilogue.glsl"
#include "epilogue_qkv.glsl"

// A nibble in the top bits of a mantissa gives 1 + q / 16 without a conversion.
#if TYPE == TYPE_Q4_0 || TYPE == TYPE_Q4_1
#define RAW_SCALE 16.0
float raw(uvec4 w, uint high, uint step, uint c)
{
    int left = 19 - int(8u * c + 4u * (step >> 2));
    uint v = w[step & 3u];
    v = left >= 0 ? v << left : v >> -left;
    return uintBitsToFloat((v & 0x780000u) | 0x3f800000u);
}
#elif TYPE == TYPE_Q5_0 || TYPE == TYPE_Q5_1
#define RAW_SCALE 0.0
float raw(uvec4 w, uint high, uint step, uint c)
{
    uint q = (w[step & 3u] >> (8u * c + 4u * (step >> 2))) & 15u;
    return float(int(q | ((high >> (4u * step + c)) & 1u) << 4));
}
#else
#define RAW_SCALE 0.0
float raw(uvec4 w, uint high, uint step, uint c)
{
    return block_quants(w, high, step)[c];
}
#endif

const uint LOG_XL = L == 4u ? 2u : 3u;
const uint XL = L < 8u ? L : 8u; // lanes that hold a block of x
const uint XV = 8u / XL;        // vec4 of it that each of them holds

void main()
{
    uint lane = gl_SubgroupInvocationID;
    uint at = gl_WorkGroupID.x * p.inner * UNIT * L + lane;
    uint x_at = p.in_column * p.in_stride / 4u;

    float factor = 1.0;
    if (NORM) {
        float squares = 0.0;
        for (uint i = lane; i < p.inner * 8u; i += L) {
            vec4 v = texelFetch(x, int(x_at + i));
            squares += dot(v, v);
        }
        factor = 1.0 / sqrt(across(squares) / float(p.norm_size) + p.norm_eps);
    }

    float sum[4];
    [[unroll]] for (uint r = 0; r < 4; r++)
        sum[r] = 0.0;
    for (uint b = 0; b < p.inner; b++, at += UNIT * L) {
        vec4 xv[XV];
        [[unroll]] for (uint i = 0; i < XV; i++) {
            xv[i] = texelFetch(x, int(x_at + b * 8u + i * XL + lane % XL));
            if (NORM)
                xv[i] *= texelFetch(gain, int(b * 8u + i * XL + lane % XL));
        }
#if HEAD > 0
        float x_sum = 0.0;
        [[unroll]] for (uint i = 0; i < XV; i++)
            x_sum += xv[i].x + xv[i].y + xv[i].z + xv[i].w;
        [[unroll]] for (uint i = 0; i < LOG_XL; i++)
            x_sum += subgroupShuffleXor(x_sum, 1u << i);
        uvec4 scale = texelFetch(weights, int(at));
        float a[4];
        [[unroll]] for (uint r = 0; r < 4; r++)
            a[r] = 0.0;
#else
#define a sum
#endif
#if HEAD > 1
        uvec4 high = texelFetch(weights, int(at + L));
#else
        const uvec4 high = uvec4(0);
#endif
        [[unroll]] for (uint part = 0; part < PARTS; part++) {
            uvec4 w[4];
            [[unroll]] for (uint r = 0; r < 4; r++)
                w[r] = texelFetch(weights, int(at + (HEAD + part * 4 + r) * L));
            [[unroll]] for (uint step = 0; step < STEPS; step++) {
                uint i = part * STEPS + step;
                [[unroll]] for (uint c = 0; c < 4; c++) {
                    float xc = subgroupShuffle(xv[i / XL][c], i % XL);
                    [[unroll]] for (uint r = 0; r < 4; r++)
                        a[r] += xc * raw(w[r], high[r], step, c);
                }
            }
        }
#if HEAD > 0
        [[unroll]] for (uint r = 0; r < 4; r++) {
            vec2 dm = block_scale(scale[r]);
            if (RAW_SCALE > 0.0)
                sum[r] += dm.x * RAW_SCALE * (a[r] - x_sum) + dm.y * x_sum;
            else
                sum[r] += dm.x * a[r] + dm.y * x_sum;
        }
#endif
    }

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
