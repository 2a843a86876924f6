#version 450
// gemm, gpu shape: y[column] = epilogue(W . x[column]). W: rows x inner in the layout of shared.h with L = 1,
// x: columns x in_stride floats, y: columns x out_stride floats.
// A workgroup of 256 takes a tile of 64 rows x 64 columns, a thread 4 rows x 4 columns of it. A block of 32 inner values
// of both is staged in shared memory as floats: 64 * 64 * 32 * 2 operations for at most (64 + 64) * 32 * 4 bytes, that
// is 16 a byte with F32 weights and 28 with Q4_0.
#extension GL_GOOGLE_include_directive : require
#extension GL_EXT_control_flow_attributes : require
#include "shared.h"

layout(local_size_x_id = 0) in; // 256
layout(constant_id = 2) const uint MODE = 0;
layout(constant_id = 3) const uint ACT = 0;
layout(push_constant) uniform Push { push_matmul p; };

layout(binding = 0) readonly buffer Weights { uvec4 weights[]; };
layout(binding = 1) readonly buffer In { vec4 x[]; };

#include "weights.glsl"
#include "epilogue.glsl"

const uint TILE = 64;
shared vec4 w_tile[WEIGHT_BLOCK * TILE / 4u]; // [inner][4 rows]
shared vec4 x_tile[WEIGHT_BLOCK * TILE / 4u]; // [inner][4 columns]

// Thread t stages 8 inner values, in two steps of 4, of row (or column) t % 64: neighbours write to neighbouring banks.
void stage_weights(uint b)
{
    uint row = gl_LocalInvocationID.x % TILE, quarter = gl_LocalInvocationID.x / TILE;
    uint quad = min(gl_WorkGroupID.x * (TILE / 4u) + row / 4u, (p.rows - 1u) / 4u), r = row % 4u;
    uint at = (quad * p.inner + b) * UNIT;
    uint head[WORDS];
    [[unroll]] for (uint k = 0; k < HEAD; k++)
        head[k] = weights[at + k][r];
    [[unroll]] for (uint half_ = 0; half_ < 2u; half_++) {
        uint i = quarter * 2u + half_; // of the block's 8 steps
        uvec4 w;
        if (PARTS > 0)
            w = weights[at + HEAD + i / STEPS * 4u + r];
        vec4 f = block_quants(head, w, i);
#if SPANS > 0
        vec2 dm = block_scale(head, i / (8u / SPANS));
        f = f * dm.x + dm.y;
#endif
        [[unroll]] for (uint c = 0; c < 4u; c++)
            w_tile[((i * 4u + c) * TILE + row) / 4u][r] = f[c];
    }
}

void stage_columns(uint b)
{
    uint column = gl_LocalInvocationID.x % TILE, quarter = gl_LocalInvocationID.x / TILE;
    uint n = min(gl_WorkGroupID.y * TILE + column, p.columns - 1u);
    uint at = (p.in_column + n) * (p.in_stride / 4u) + b * 8u;
    [[unroll]] for (uint half_ = 0; half_ < 2u; half_++) {
        uint i = quarter * 2u + half_;
        vec4 v = x[at + i];
        [[unroll]] for (uint c = 0; c < 4u; c++)
            x_tile[((i * 4u + c) * TILE + column) / 4u][column % 4u] = v[c];
    }
}

void main()
{
    uint row = gl_LocalInvocationID.x % 16u * 4u, column = gl_LocalInvocationID.x / 16u * 4u;
    vec4 sum[4]; // of a column's four rows
    [[unroll]] for (uint t = 0; t < 4u; t++)
        sum[t] = vec4(0.0);
    for (uint b = 0; b < p.inner; b++) {
        stage_weights(b);
        stage_columns(b);
        barrier();
        [[unroll]] for (uint k = 0; k < WEIGHT_BLOCK; k++) {
            vec4 f = w_tile[(k * TILE + row) / 4u], v = x_tile[(k * TILE + column) / 4u];
            [[unroll]] for (uint t = 0; t < 4u; t++)
                sum[t] += f * v[t];
        }
        barrier();
    }
    finish_square(gl_WorkGroupID.x * TILE + row, gl_WorkGroupID.y * TILE + column, sum);
}
