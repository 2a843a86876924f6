#version 450
// attention, cpu shape: out = softmax(q . K / sqrt(head size)) . V, streamed over the keys with a running maximum
// (Milakov and Gimelshein 2018). q, out: columns x stride floats, heads behind one another; K and V: the cache of shared.h.
// A workgroup is one subgroup and takes one KV head and T query rows (a row: a query head of the group in a column).
// Scores: lane = key, R * L keys a turn; output: lane = 4 dimensions. Each column has its own range of keys.
// SPLIT: workgroups share the keys of a tile (attention_join.glsl).
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

uvec4 cache_unit(uint at)
{
    return texelFetch(cache, int(at));
}

#include "across.glsl"
#include "cache.glsl"
#include "attention_cpu.glsl"

void store(uint t, uint i, vec4 v)
{
    uint row = gl_WorkGroupID.x * T + t;
    uint at = row / p.group * p.out_stride + (gl_WorkGroupID.y * p.group + row % p.group) * SIZE + i * 4u;
    [[unroll]] for (uint c = 0; c < 4u; c++)
        if (row < p.columns * p.group && i < SIZE / 4u)
            y[at + c] = v[c];
}

#include "attention_join.glsl"

void main()
{
    uint lane = gl_SubgroupInvocationID, parts = 1u;
    uvec2 keys = begin_tile(p, gl_WorkGroupID.x * T, gl_WorkGroupID.y);
    if (SPLIT) {
        parts = take_share(keys, R * L);
        if (gl_WorkGroupID.z >= parts)
            return;
    }
    add_keys(p, gl_WorkGroupID.y, keys.x, keys.y);
    bool shares = SPLIT && parts > 1u;
    [[unroll]] for (uint t = 0; t < T; t++) {
        if (shares && lane == 0u)
            leave_row(t, most[t], total[t]);
        [[unroll]] for (uint part = 0; part < FOURS; part++) {
            uint i = part * L + lane;
            if (!shares)
                store(t, i, sum[t * FOURS + part] * (1.0 / total[t]));
            else if (i < SIZE / 4u)
                leave_sums(t, i, sum[t * FOURS + part]);
        }
    }
    if (shares && subgroupShuffle(parts_before(lane == 0u), 0u) == parts - 1u)
        join_parts(parts, lane, L);
}
