#version 450
// attention, cpu shape: out = softmax(q . K / sqrt(head size)) . V, streamed over the keys with a running maximum
// (Milakov and Gimelshein 2018). q, out: columns x stride floats, heads behind one another; K and V: the cache of shared.h.
// A workgroup is one subgroup and takes one KV head and T query rows (a row: a query head of the group in a column).
// Scores: lane = key, R * L keys a turn; output: lane = 4 dimensions. Each column has its own range of keys.
// SPLIT: the keys of a tile are shared by the workgroups along z; the last one to finish puts the parts together, in their
// order, and none waits for another.
#extension GL_GOOGLE_include_directive : require
#extension GL_KHR_shader_subgroup_basic : require
#extension GL_KHR_shader_subgroup_shuffle : require
#extension GL_EXT_control_flow_attributes : require
#include "shared.h"

layout(local_size_x_id = 0) in;
layout(constant_id = 1) const uint L = 8;     // subgroup size, 4..16
layout(constant_id = 2) const uint SIZE = 64; // of a head, a multiple of UNIT
layout(constant_id = 3) const uint T = 8;     // query rows of a tile
layout(constant_id = 4) const uint R = 2;     // groups of L keys a turn; R * L is the run of K
layout(constant_id = 5) const uint CACHE_TYPE = CACHE_F16;
layout(constant_id = 6) const uint VL = 2; // runs of V and of the scales
layout(constant_id = 7) const uint SL = 8;
layout(constant_id = 8) const bool SPLIT = false;
layout(push_constant) uniform Push { push_attention p; };

layout(binding = 0) uniform samplerBuffer q;
layout(binding = 1) uniform usamplerBuffer cache; // of a layer
layout(binding = 2) readonly buffer Ranges { uvec2 range[]; }; // of keys, [begin, end), for each column
layout(binding = 3) writeonly buffer Out { float y[]; };
layout(binding = 4) coherent buffer Shared { uint shared_[]; }; // finished workgroups of each tile, zero again at the end; parts

uvec4 cache_unit(uint at)
{
    return texelFetch(cache, int(at));
}

#include "across.glsl"
#include "cache.glsl"

#include "attention_cpu.glsl"

void store(uint row, uint part, vec4 v)
{
    uint at = row / p.group * p.out_stride + (gl_WorkGroupID.y * p.group + row % p.group) * SIZE;
    uint d = (part * L + gl_SubgroupInvocationID) * 4u;
    [[unroll]] for (uint c = 0; c < 4u; c++)
        if (row < p.columns * p.group && d < SIZE)
            y[at + d + c] = v[c];
}

// Leaves a part where the others find it. True: all are there.
bool leave_part(uint tile, uint parts)
{
    uint lane = gl_SubgroupInvocationID, at = p.partials + (tile * parts + gl_WorkGroupID.z) * ATTENTION_PARTIAL(T, SIZE);
    [[unroll]] for (uint t = 0; t < T; t++, at += SIZE + 2u) {
        [[unroll]] for (uint part = 0; part < FOURS; part++)
            [[unroll]] for (uint c = 0; c < 4u; c++)
                if (part * L + lane < SIZE / 4u)
                    shared_[at + (part * L + lane) * 4u + c] = floatBitsToUint(sum[t * FOURS + part][c]);
        if (lane == 0u) {
            shared_[at + SIZE] = floatBitsToUint(most[t]);
            shared_[at + SIZE + 1u] = floatBitsToUint(total[t]);
        }
    }
    memoryBarrierBuffer();
    uint before = 0u;
    if (lane == 0u)
        before = atomicAdd(shared_[tile], 1u);
    memoryBarrierBuffer();
    return subgroupShuffle(before, 0u) == parts - 1u;
}

void join_parts(uint tile, uint parts)
{
    uint lane = gl_SubgroupInvocationID, step = ATTENTION_PARTIAL(T, SIZE);
    for (uint t = 0; t < T; t++) {
        uint first = p.partials + tile * parts * step + t * (SIZE + 2u);
        float top = LEAST, all = 0.0;
        for (uint n = 0; n < parts; n++)
            top = max(top, uintBitsToFloat(shared_[first + n * step + SIZE]));
        vec4 v[FOURS];
        [[unroll]] for (uint part = 0; part < FOURS; part++)
            v[part] = vec4(0.0);
        for (uint n = 0; n < parts; n++) {
            uint at = first + n * step;
            float weight = exp2(max(uintBitsToFloat(shared_[at + SIZE]) - top, -200.0));
            all += weight * uintBitsToFloat(shared_[at + SIZE + 1u]);
            [[unroll]] for (uint part = 0; part < FOURS; part++)
                [[unroll]] for (uint c = 0; c < 4u; c++)
                    v[part][c] += weight * uintBitsToFloat(shared_[at + min((part * L + lane) * 4u, SIZE - 4u) + c]);
        }
        [[unroll]] for (uint part = 0; part < FOURS; part++)
            store(gl_WorkGroupID.x * T + t, part, v[part] / all);
    }
    if (lane == 0u)
        shared_[tile] = 0u;
}

void main()
{
    uint head = gl_WorkGroupID.y, first = gl_WorkGroupID.x * T, parts = 1u;
    uvec2 keys = begin_tile(p, first, head);
    if (SPLIT) {
        uint share = max((keys.y - keys.x + gl_NumWorkGroups.z - 1u) / gl_NumWorkGroups.z, ATTENTION_SPLIT);
        share = (share + R * L - 1u) / (R * L) * (R * L);
        parts = (keys.y - keys.x + share - 1u) / share;
        if (gl_WorkGroupID.z >= parts)
            return;
        keys.x += gl_WorkGroupID.z * share;
        keys.y = min(keys.y, keys.x + share);
    }
    add_keys(p, head, keys.x, keys.y);
    if (SPLIT && parts > 1u) {
        uint tile = gl_WorkGroupID.x * p.kv_heads + head;
        if (leave_part(tile, parts))
            join_parts(tile, parts);
        return;
    }
    [[unroll]] for (uint t = 0; t < T; t++)
        [[unroll]] for (uint part = 0; part < FOURS; part++)
            store(first + t, part, sum[t * FOURS + part] * (1.0 / total[t]));
}
