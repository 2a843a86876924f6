#version 450
// rotate: the products of Q, K and V for many columns -> q (rotated), and K (rotated) and V in the cache as halves.
// in: columns x (q_rows + 2 kv_rows) floats, q: columns x q_rows floats; rotation: (cos, sin) for each column and pair.
// A workgroup is one subgroup and takes one column; a lane takes 4 rows, two pairs, at a time (head sizes are multiples of 8).
#extension GL_GOOGLE_include_directive : require
#extension GL_KHR_shader_subgroup_basic : require
#extension GL_EXT_shader_16bit_storage : require
#include "shared.h"

layout(local_size_x_id = 0) in;
layout(constant_id = 1) const uint L = 8;
layout(constant_id = 2) const uint KL = 8;
layout(constant_id = 3) const uint VL = 8;
layout(constant_id = 4) const uint SIZE = 64; // of a head: a constant, since a division by another number is slow
layout(push_constant) uniform Push { push_rotate p; };

layout(binding = 0) uniform samplerBuffer x;
layout(binding = 1) writeonly buffer Q { vec4 q[]; };
layout(binding = 2) uniform samplerBuffer rotation;
layout(binding = 3) readonly buffer Slots { uint slot[]; };
layout(binding = 4) writeonly buffer Cache { float16_t cache[]; };

void main()
{
    uint column = gl_WorkGroupID.x, to = slot[column];
    uint rows = p.q_rows + 2u * p.kv_rows;
    for (uint row = 4u * gl_SubgroupInvocationID; row < rows; row += 4u * L) {
        vec4 v = texelFetch(x, int((column * rows + row) / 4u));
        if (row >= p.q_rows + p.kv_rows) {
            uint m = row - p.q_rows - p.kv_rows, head = m / SIZE, d = m - head * SIZE;
            for (uint i = 0; i < 4u; i++)
                cache[p.value_offset + V_INDEX(to, head, d + i, p.kv_heads, SIZE, VL)] = float16_t(v[i]);
            continue;
        }
        uint m = row < p.q_rows ? row : row - p.q_rows, head = m / SIZE, d = m - head * SIZE;
        vec4 turn = texelFetch(rotation, int((column * SIZE + d) / 4u));
        v = vec4(v.x * turn.x - v.y * turn.y, v.y * turn.x + v.x * turn.y,
                 v.z * turn.z - v.w * turn.w, v.w * turn.z + v.z * turn.w);
        if (row < p.q_rows) {
            q[(column * p.q_rows + row) / 4u] = v;
            continue;
        }
        for (uint i = 0; i < 4u; i++)
            cache[K_INDEX(to, head, d + i, p.kv_heads, SIZE, KL)] = float16_t(v[i]);
    }
}
