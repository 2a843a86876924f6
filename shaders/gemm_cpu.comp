#version 450
// gemm, cpu shape: y[column] = epilogue(W . x[column]). W: rows x inner in the layout of shared.h,
// x: columns x in_stride floats, y: columns x out_stride floats.
// A workgroup is one subgroup and takes one quad (4 rows a lane) times T columns, all sums in registers. Each
// lane fetches 4 values of one column; constant-index shuffles hand them to the lanes, which are rows.
#extension GL_GOOGLE_include_directive : require
#extension GL_KHR_shader_subgroup_basic : require
#extension GL_KHR_shader_subgroup_shuffle : require
#extension GL_EXT_control_flow_attributes : require
#include "shared.h"

layout(local_size_x_id = 0) in;
layout(constant_id = 1) const uint L = 8;    // subgroup size, 4..16
layout(constant_id = 2) const uint MODE = 0;
layout(constant_id = 3) const uint ACT = 0;
layout(constant_id = 4) const uint T = 8;    // columns of a tile, a multiple of 8
layout(push_constant) uniform Push { push_matmul p; };

layout(binding = 0) uniform usamplerBuffer weights;
layout(binding = 1) uniform samplerBuffer x;

#include "weights.glsl"
#include "epilogue.glsl"

const uint XL = L < 8u ? L : 8u; // columns that one fetch brings

void main()
{
    uint lane = gl_SubgroupInvocationID;
    uint at = gl_WorkGroupID.x * p.inner * UNIT * L + lane;
    uint first = gl_WorkGroupID.y * T;
    uint x_at[T / XL];
    [[unroll]] for (uint i = 0; i < T / XL; i++)
        x_at[i] = (p.in_column + min(first + i * XL + lane % XL, p.columns - 1u)) * (p.in_stride / 4u);

    float sum[4 * T];
    [[unroll]] for (uint i = 0; i < 4 * T; i++)
        sum[i] = 0.0;
    // Unrolled over the whole block: a loop within this one costs llvmpipe a fifth to a half of the time.
    for (uint b = 0; b < p.inner; b++, at += UNIT * L) {
        uint head[4][WORDS];
        [[unroll]] for (uint k = 0; k < HEAD; k++) {
            uvec4 words = texelFetch(weights, int(at + k * L));
            [[unroll]] for (uint r = 0; r < 4; r++)
                head[r][k] = words[r];
        }
        uvec4 w[4];
        vec2 dm[4];
        [[unroll]] for (uint step = 0; step < 8; step++) {
            if (PARTS > 0 && step % STEPS == 0)
                [[unroll]] for (uint r = 0; r < 4; r++)
                    w[r] = texelFetch(weights, int(at + (HEAD + step / STEPS * 4 + r) * L));
            vec4 f[4];
            [[unroll]] for (uint r = 0; r < 4; r++) {
                f[r] = block_quants(head[r], w[r], step);
#if SPANS > 0
                if (step % (8 / SPANS) == 0)
                    dm[r] = block_scale(head[r], step / (8 / SPANS));
                f[r] = f[r] * dm[r].x + dm[r].y;
#endif
            }
            [[unroll]] for (uint i = 0; i < T / XL; i++) {
                vec4 xv = texelFetch(x, int(x_at[i] + b * 8u + step));
                [[unroll]] for (uint t = 0; t < XL; t++)
                    [[unroll]] for (uint c = 0; c < 4; c++) {
                        float xc = subgroupShuffle(xv[c], t);
                        [[unroll]] for (uint r = 0; r < 4; r++)
                            sum[r * T + i * XL + t] += xc * f[r][c];
                    }
            }
        }
    }

    const uint stored = MODE == MODE_GATE ? 2u : 4u;
    [[unroll]] for (uint r = 0; r < stored; r++) {
        uint row = (gl_WorkGroupID.x * stored + r) * L + lane;
        float row_bias = row_bias(row);
        [[unroll]] for (uint t = 0; t < T; t++) {
            if (MODE == MODE_GATE)
                finish(row, first + t, sum[2 * r * T + t], 0.0, sum[(2 * r + 1) * T + t]);
            else
                finish(row, first + t, sum[r * T + t], row_bias, 0.0);
        }
    }
}
