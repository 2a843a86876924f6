#version 450
// gemm, gpu shape, with packed dot products: y[column] = epilogue(W . x[column]), x as quantize.comp left it.
// With W = dw q + m for a span of 16 or 32 columns, and x = dx qx for 32, a span adds to the sum
//   dx (dw sum(q qx) + m sum(qx)),
// whose first sum is of whole numbers, four in a step (OpSDot), and whose second one is known.
// A workgroup of 256 takes a tile of 64 rows x 64 columns, a thread 4 rows x 4 columns of it. Two blocks of 32 inner
// values are staged in shared memory as bytes: a thread reads 2 words of 16 bytes for 16 dot products of four.
#extension GL_GOOGLE_include_directive : require
#extension GL_EXT_control_flow_attributes : require
#extension GL_EXT_spirv_intrinsics : require
#include "shared.h"

layout(local_size_x_id = 0) in; // 256
layout(constant_id = 2) const uint MODE = 0;
layout(constant_id = 3) const uint ACT = 0;
layout(push_constant) uniform Push { push_matmul p; };

layout(binding = 0) readonly buffer Weights { uvec4 weights[]; };
layout(binding = 1) readonly buffer Quants { uvec4 quants[]; };
layout(binding = 4) readonly buffer Scales { uvec2 scales[]; };

#include "weights.glsl"
#include "epilogue.glsl"

// OpSDot, of four signed bytes each (PackedVectorFormat4x8Bit: 0). What glslang of Debian 12 has no name for yet.
spirv_instruction(extensions = ["SPV_KHR_integer_dot_product"], capabilities = [6018, 6019], id = 4450)
int packed_dot(int a, int b, spirv_literal int format);

const uint TILE = 64, BLOCKS = 2;
shared ivec4 w_tile[BLOCKS * 8u * TILE / 4u]; // [4 inner values][4 rows]
shared ivec4 x_tile[BLOCKS * 8u * TILE / 4u]; // [4 inner values][4 columns]
shared vec4 w_scale[BLOCKS * SPANS * TILE / 4u]; // [span][4 rows]: dw
shared vec4 w_base[BLOCKS * SPANS * TILE / 4u];  // m
shared vec4 x_scale[BLOCKS * TILE / 4u];         // [block][4 columns]: dx
shared vec4 x_sum[BLOCKS * SPANS * TILE / 4u];   // [span][4 columns]

// Thread t stages half a block (half t / 64 of the four) of row, and of column, t % 64: neighbours write to
// neighbouring banks. A span that is a whole block is the first half's.
void stage_weights(uint b, uint half_)
{
    uint row = gl_LocalInvocationID.x % TILE, part = half_ % 2u;
    uint quad = min(gl_WorkGroupID.x * (TILE / 4u) + row / 4u, (p.rows - 1u) / 4u), r = row % 4u;
    uint at = (quad * p.inner + min(b + half_ / 2u, p.inner - 1u)) * UNIT;
    uint head[WORDS];
    [[unroll]] for (uint k = 0; k < HEAD; k++)
        head[k] = weights[at + k][r];
    uvec4 w;
    if (PARTS > 0)
        w = weights[at + HEAD + part * 4u / STEPS * 4u + r];
    [[unroll]] for (uint c = 0; c < 4u; c++)
        w_tile[((half_ * 4u + c) * TILE + row) / 4u][r] = block_word(head, w, part * 4u + c);
    if (SPANS == 2 || part == 0u) {
        vec2 dm = block_scale(head, part);
        uint to = (half_ * SPANS / 2u * TILE + row) / 4u;
        w_scale[to][r] = dm.x;
        w_base[to][r] = dm.y;
    }
}

void stage_columns(uint b, uint half_)
{
    uint column = gl_LocalInvocationID.x % TILE, part = half_ % 2u, c = column % 4u;
    uint n = min(gl_WorkGroupID.y * TILE + column, p.columns - 1u);
    uint block = min(b + half_ / 2u, p.inner - 1u);
    uvec4 q = quants[(block * 2u + part) * p.columns + n];
    [[unroll]] for (uint k = 0; k < 4u; k++)
        x_tile[((half_ * 4u + k) * TILE + column) / 4u][c] = int(q[k]);
    uvec2 s = scales[block * p.columns + n];
    vec2 sums = unpackHalf2x16(s.y);
    if (SPANS == 2 || part == 0u)
        x_sum[(half_ * SPANS / 2u * TILE + column) / 4u][c] = SPANS == 1 ? sums.x + sums.y : sums[part];
    if (part == 0u) // behind the last block there is nothing
        x_scale[(half_ / 2u * TILE + column) / 4u][c] = b + half_ / 2u < p.inner ? uintBitsToFloat(s.x) : 0.0;
}

void main()
{
    uint row = gl_LocalInvocationID.x % 16u * 4u, column = gl_LocalInvocationID.x / 16u * 4u;
    vec4 sum[4]; // of a column's four rows
    [[unroll]] for (uint t = 0; t < 4u; t++)
        sum[t] = vec4(0.0);
    for (uint b = 0; b < p.inner; b += BLOCKS) {
        stage_weights(b, gl_LocalInvocationID.x / TILE);
        stage_columns(b, gl_LocalInvocationID.x / TILE);
        barrier();
        for (uint span = 0; span < BLOCKS * SPANS; span++) {
            ivec4 dots[4];
            [[unroll]] for (uint t = 0; t < 4u; t++)
                dots[t] = ivec4(0);
            [[unroll]] for (uint i = 0; i < 8u / SPANS; i++) {
                uint k = (span * (8u / SPANS) + i) * TILE;
                ivec4 q = w_tile[(k + row) / 4u], v = x_tile[(k + column) / 4u];
                [[unroll]] for (uint t = 0; t < 4u; t++)
                    [[unroll]] for (uint r = 0; r < 4u; r++)
                        dots[t][r] += packed_dot(q[r], v[t], 0);
            }
            vec4 dw = w_scale[(span * TILE + row) / 4u], m = w_base[(span * TILE + row) / 4u];
            vec4 dx = x_scale[(span / SPANS * TILE + column) / 4u], s = x_sum[(span * TILE + column) / 4u];
            [[unroll]] for (uint t = 0; t < 4u; t++)
                sum[t] += dx[t] * (dw * vec4(dots[t]) + m * s[t]);
        }
        barrier();
    }
    finish_square(gl_WorkGroupID.x * TILE + row, gl_WorkGroupID.y * TILE + column, sum);
}
