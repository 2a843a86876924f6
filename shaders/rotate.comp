#version 450
// rotate: the products of Q, K and V -> q (rotated), and K (rotated) and V in the cache.
// in: columns x (q_heads + 2 kv_heads) heads of floats, q: columns x q_heads heads; rotation: (cos, sin) for each column
// and pair. A workgroup is one subgroup and takes one column; 4 lanes take CACHE_SCALED dimensions of a head, 8 each (head
// sizes are multiples of 8), so that they find its scale among themselves.
#extension GL_GOOGLE_include_directive : require
#extension GL_KHR_shader_subgroup_basic : require
#extension GL_KHR_shader_subgroup_shuffle : require
#extension GL_EXT_control_flow_attributes : require
#extension GL_EXT_shader_16bit_storage : require
#include "fetch.glsl"
#include "shared.h"

layout(local_size_x_id = 0) in;
layout(constant_id = 1) const uint L = 8;
layout(constant_id = 2) const uint TYPE = CACHE_F16;
layout(constant_id = 3) const uint KL = 8; // runs of K, V and the scales
layout(constant_id = 4) const uint VL = 2;
layout(constant_id = 5) const uint SL = 8;
layout(constant_id = 6) const uint SIZE = 64; // of a head: a constant, since a division by another number is slow
layout(push_constant) uniform Push { push_rotate p; };

VECTORS(0, X, x);
layout(binding = 1) writeonly buffer Q { vec4 q[]; };
VECTORS(2, Rotation, rotation);
layout(binding = 3) readonly buffer Slots { uint slot[]; };
layout(binding = 4) writeonly buffer Halves { float16_t halves[]; };
layout(binding = 4) writeonly buffer Words { uint words[]; };

const uint BLOCKS = (SIZE + CACHE_SCALED - 1u) / CACHE_SCALED; // of a head that have a scale each

vec4 turn(vec4 v, vec4 by)
{
    return vec4(v.x * by.x - v.y * by.y, v.y * by.x + v.x * by.y, v.z * by.z - v.w * by.w, v.w * by.z + v.z * by.w);
}

float largest(vec4 v)
{
    v = abs(v);
    return max(max(v.x, v.y), max(v.z, v.w));
}

// Four values as bytes, the first one lowest; `back`: 1 / d.
uint quantised(vec4 v, float back)
{
    uvec4 b = uvec4(ivec4(roundEven(clamp(v * back, -127.0, 127.0)))) & 255u;
    return b.x | b.y << 8 | b.z << 16 | b.w << 24;
}

// 4 dimensions from d on to a part of the cache that begins at unit `to`.
void store(uint to, uint head, uint d, uint run, uint unit, vec4 v, float back)
{
    uint at = to * CACHE_UNIT(TYPE) + CACHE_INDEX(slot[gl_WorkGroupID.x], head, d, p.kv_heads, SIZE, run, unit);
    if (TYPE == CACHE_Q8_0)
        words[at / 4u] = quantised(v, back);
    else
        for (uint i = 0; i < 4u; i++)
            halves[at + i] = float16_t(v[i]);
}

void main()
{
    uint column = gl_WorkGroupID.x, lane = gl_SubgroupInvocationID;
    uint heads = p.q_heads + 2u * p.kv_heads;
    for (uint n = lane / 4u; n < heads * BLOCKS; n += L / 4u) {
        uint head = n / BLOCKS, block = n - head * BLOCKS, d = block * CACHE_SCALED + lane % 4u * 8u;
        bool there = d < SIZE, value = head >= p.q_heads + p.kv_heads;
        vec4 low = vec4(0.0), high = vec4(0.0);
        if (there) {
            uint at = ((column * heads + head) * SIZE + d) / 4u, by = (column * SIZE + d) / 4u;
            low = FETCH(x, at);
            high = FETCH(x, at + 1u);
            if (!value) {
                low = turn(low, FETCH(rotation, by));
                high = turn(high, FETCH(rotation, by + 1u));
            }
        }
        if (head < p.q_heads) {
            uint at = ((column * p.q_heads + head) * SIZE + d) / 4u;
            if (there) {
                q[at] = low;
                q[at + 1u] = high;
            }
            continue;
        }
        head -= value ? p.q_heads + p.kv_heads : p.q_heads;
        float back = 0.0;
        if (TYPE == CACHE_Q8_0) {
            float most = max(largest(low), largest(high));
            most = max(most, subgroupShuffleXor(most, 1u));
            most = max(most, subgroupShuffleXor(most, 2u));
            back = most > 0.0 ? 127.0 / most : 0.0;
            uint at = (value ? p.value_scales : p.key_scales) * 8u +
                      CACHE_INDEX(slot[column], head, block, p.kv_heads, BLOCKS, SL, 1u);
            if (lane % 4u == 0u)
                halves[at] = float16_t(most / 127.0);
        }
        if (!there)
            continue;
        if (value) {
            store(p.values, head, d, VL, 4u, low, back);
            store(p.values, head, d + 4u, VL, 4u, high, back);
        } else {
            store(0u, head, d, KL, CACHE_UNIT(TYPE), low, back);
            store(0u, head, d + 4u, KL, CACHE_UNIT(TYPE), high, back);
        }
    }
}
