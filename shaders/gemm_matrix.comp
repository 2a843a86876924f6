#version 450
// gemm, gpu shape, by cooperative matrices: y[column] = epilogue(W . x[column]), as gemm_gpu.comp has it, with W and x
// as halves and sums as floats. Values of x beyond the range of halves count as its ends, +-65504.
// A workgroup takes a tile of TILE rows x TILE columns, each of its subgroups a rectangle of it, whose sums stay in the
// subgroup's registers, as matrices of M x N, until the end. A block of 32 inner values of W and x is staged in shared
// memory; the next one is on its way into registers meanwhile.
// Written with GL_NV_cooperative_matrix, the only one that glslang of Debian 12 knows; tools/coopmat.c makes
// SPV_KHR_cooperative_matrix of it: W is the factor of M x K, x that of K x N, the sums are M x N.
#extension GL_GOOGLE_include_directive : require
#extension GL_EXT_control_flow_attributes : require
#extension GL_EXT_shader_explicit_arithmetic_types_float16 : require
#extension GL_KHR_memory_scope_semantics : require
#extension GL_KHR_shader_subgroup_basic : require
#extension GL_NV_cooperative_matrix : require
#include "shared.h"

layout(local_size_x = 256, local_size_x_id = 0) in; // a multiple of TILE
layout(constant_id = 1) const uint LANES = 32;
layout(constant_id = 2) const uint MODE = 0;
layout(constant_id = 3) const uint ACT = 0;
layout(constant_id = MATRIX_M) const uint M = 16;
layout(constant_id = MATRIX_N) const uint N = 16;
layout(constant_id = MATRIX_K) const uint K = 16;
layout(constant_id = 7) const uint TILE = 128;
layout(constant_id = 8) const uint DOWN = 2; // subgroups that share a column of the tile
layout(push_constant) uniform Push { push_matmul p; };

layout(binding = 0) readonly buffer Weights { uvec4 weights[]; };
layout(binding = 1) readonly buffer In { vec4 x[]; };

// barrier(), and what others have put into shared memory is visible behind it: else each access would have to see to it
// itself, one after the other.
#define SHARED_BARRIER(scope)                                                                                          \
    controlBarrier(scope, scope, gl_StorageSemanticsShared,                                                            \
                   gl_SemanticsAcquireRelease | gl_SemanticsMakeAvailable | gl_SemanticsMakeVisible)

#include "weights.glsl"
#include "epilogue.glsl"

const uint THREADS = gl_WorkGroupSize.x;
const uint ACROSS = THREADS / LANES / DOWN;
const uint HIGH = TILE / DOWN / M, WIDE = TILE / ACROSS / N; // matrices of a subgroup
const uint SHARE = TILE * 4u / THREADS; // of a block's TILE x 4 octets, those of a thread
const uint OCTET_PARTS = PARTS > 4 ? 2 : 1;

// Rows of W, then columns of x: four octets of halves and one that keeps neighbours off each other's banks. In the end
// M x N floats of each subgroup, column behind column.
const uint ROW = WEIGHT_BLOCK / 8u + 1u;
shared uvec4 stage[2u * TILE * ROW];

// What the thread has loaded for the next block.
uint head[WORDS];
uvec4 parts[SHARE * OCTET_PARTS];
vec4 columns[SHARE * 2u];

// A thread has octets of one row of W: neighbours have neighbouring rows. Of x neighbours have the octets of a column,
// so that they read 128 bytes in one piece.
uint weight_row()
{
    return gl_LocalInvocationID.x % TILE;
}

uint weight_octet(uint i)
{
    return gl_LocalInvocationID.x / TILE + i * (THREADS / TILE);
}

// Where a block has one part, all octets of a thread have it, and it is loaded once.
uint part_of(uint step)
{
    return PARTS == 1 ? 0u : step / STEPS;
}

void fetch(uint b)
{
    uint row = weight_row(), r = row % 4u;
    uint quad = min(gl_WorkGroupID.x * (TILE / 4u) + row / 4u, (p.rows - 1u) / 4u);
    uint at = (quad * p.inner + b) * UNIT;
    [[unroll]] for (uint k = 0; k < HEAD; k++)
        head[k] = weights[at + k][r];
    [[unroll]] for (uint i = 0; i < SHARE; i++) {
#if PARTS > 0
        [[unroll]] for (uint k = 0; k < OCTET_PARTS; k++)
            parts[i * OCTET_PARTS + k] = weights[at + HEAD + part_of(weight_octet(i) * 2u + k) * 4u + r];
#endif
        uint octet = gl_LocalInvocationID.x + i * THREADS;
        uint n = min(gl_WorkGroupID.y * TILE + octet / 4u, p.columns - 1u);
        uint from = (p.in_column + n) * (p.in_stride / 4u) + b * 8u + octet % 4u * 2u;
        columns[i * 2u] = x[from];
        columns[i * 2u + 1u] = x[from + 1u];
    }
}

uvec2 halves(vec4 v)
{
    v = clamp(v, -65504.0, 65504.0);
    return uvec2(packHalf2x16(v.xy), packHalf2x16(v.zw));
}

uvec2 weight_halves(uint i, uint step)
{
    vec4 f = block_quants(head, parts[i * OCTET_PARTS + step % OCTET_PARTS], step);
#if SPANS > 0
    vec2 dm = block_scale(head, step / (8u / SPANS));
    f = f * dm.x + dm.y;
#endif
    return halves(f);
}

void put()
{
    [[unroll]] for (uint i = 0; i < SHARE; i++) {
        uint k = weight_octet(i), octet = gl_LocalInvocationID.x + i * THREADS;
        stage[weight_row() * ROW + k] = uvec4(weight_halves(i, k * 2u), weight_halves(i, k * 2u + 1u));
        stage[(TILE + octet / 4u) * ROW + octet % 4u] = uvec4(halves(columns[i * 2u]), halves(columns[i * 2u + 1u]));
    }
}

// Stores M x N products of the subgroup, which lie in its part of the shared memory. Here and in main() loops have a
// constant number of turns: only then they are unrolled, and only then sums[i] is a register.
void finish_matrix(uint from, uint row, uint column)
{
    [[unroll]] for (uint i = 0; i < M * N / LANES; i++) {
        uint e = i * LANES + gl_SubgroupInvocationID, r = e % M, at = from * 4u + e;
        float v = uintBitsToFloat(stage[at / 4u][at % 4u]);
        if (MODE != MODE_GATE)
            finish(row + r, column + e / M, v, row_bias(row + r), 0.0);
        else if (r % 2u == 0u)
            finish((row + r) / 2u, column + e / M, v, 0.0, uintBitsToFloat(stage[at / 4u][at % 4u | 1u]));
    }
}

void main()
{
    uint row = gl_SubgroupID % DOWN * (TILE / DOWN), column = gl_SubgroupID / DOWN * (TILE / ACROSS);
    fcoopmatNV<32, gl_ScopeSubgroup, M, N> sums[HIGH * WIDE];
    [[unroll]] for (uint i = 0; i < HIGH * WIDE; i++)
        sums[i] = fcoopmatNV<32, gl_ScopeSubgroup, M, N>(0.0);
    fetch(0);
    for (uint b = 0; b < p.inner; b++) {
        SHARED_BARRIER(gl_ScopeWorkgroup);
        put();
        SHARED_BARRIER(gl_ScopeWorkgroup);
        fetch(min(b + 1u, p.inner - 1u));
        [[unroll]] for (uint k = 0; k < WEIGHT_BLOCK / 8u; k += K / 8u) {
            fcoopmatNV<16, gl_ScopeSubgroup, M, K> w[HIGH];
            [[unroll]] for (uint r = 0; r < HIGH; r++)
                coopMatLoadNV(w[r], stage, (row + r * M) * ROW + k, ROW, false);
            [[unroll]] for (uint c = 0; c < WIDE; c++) {
                fcoopmatNV<16, gl_ScopeSubgroup, K, N> v;
                coopMatLoadNV(v, stage, (TILE + column + c * N) * ROW + k, ROW, true);
                [[unroll]] for (uint r = 0; r < HIGH; r++)
                    sums[c * HIGH + r] = coopMatMulAddNV(w[r], v, sums[c * HIGH + r]);
            }
        }
    }
    SHARED_BARRIER(gl_ScopeWorkgroup);
    uint from = gl_SubgroupID * (M * N / 4u);
    [[unroll]] for (uint i = 0; i < HIGH * WIDE; i++) {
        coopMatStoreNV(sums[i], stage, from, M / 4u, true);
        SHARED_BARRIER(gl_ScopeSubgroup);
        finish_matrix(from, gl_WorkGroupID.x * TILE + row + i % HIGH * M,
                      gl_WorkGroupID.y * TILE + column + i / HIGH * N);
        SHARED_BARRIER(gl_ScopeSubgroup);
    }
}
