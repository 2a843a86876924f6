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
layout(constant_id = 5) const uint TYPE = CACHE_F16;
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

const uint UNITS = SIZE / UNIT;                            // of a key
const uint BLOCKS = (SIZE + CACHE_SCALED - 1u) / CACHE_SCALED; // of a head that have a scale each
const uint PARTS = (SIZE / 4u + L - 1u) / L;               // of a query or output row: 4 dimensions a lane
const uint WEIGHTS = SCALED ? BLOCKS : 1u;                 // for each of them, weights of the values
const float LEAST = -1e30;                                 // finite, so that a row without keys so far gives no NaN

// Of the rows so far: greatest score, sum of the weights, and of the weighted values.
float most[T], total[T];
vec4 sum[T * PARTS];

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
        [[unroll]] for (uint part = 0; part < PARTS; part++)
            [[unroll]] for (uint c = 0; c < 4u; c++)
                if (part * L + lane < SIZE / 4u)
                    shared_[at + (part * L + lane) * 4u + c] = floatBitsToUint(sum[t * PARTS + part][c]);
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
        vec4 v[PARTS];
        [[unroll]] for (uint part = 0; part < PARTS; part++)
            v[part] = vec4(0.0);
        for (uint n = 0; n < parts; n++) {
            uint at = first + n * step;
            float weight = exp2(max(uintBitsToFloat(shared_[at + SIZE]) - top, -200.0));
            all += weight * uintBitsToFloat(shared_[at + SIZE + 1u]);
            [[unroll]] for (uint part = 0; part < PARTS; part++)
                [[unroll]] for (uint c = 0; c < 4u; c++)
                    v[part][c] += weight * uintBitsToFloat(shared_[at + min((part * L + lane) * 4u, SIZE - 4u) + c]);
        }
        [[unroll]] for (uint part = 0; part < PARTS; part++)
            store(gl_WorkGroupID.x * T + t, part, v[part] / all);
    }
    if (lane == 0u)
        shared_[tile] = 0u;
}

void main()
{
    uint lane = gl_SubgroupInvocationID, head = gl_WorkGroupID.y;
    uint rows = p.columns * p.group, first = gl_WorkGroupID.x * T;

    uint begin[T], end[T], from = 0xffffffffu, to = 0u;
    vec4 query[T * PARTS];
    [[unroll]] for (uint t = 0; t < T; t++) {
        uint row = min(first + t, rows - 1u);
        uvec2 keys = range[row / p.group];
        begin[t] = keys.x;
        end[t] = keys.y;
        from = min(from, keys.x);
        to = max(to, keys.y);
        uint at = (row / p.group * p.q_stride + (head * p.group + row % p.group) * SIZE) / 4u;
        [[unroll]] for (uint i = 0; i < PARTS; i++)
            query[t * PARTS + i] = texelFetch(q, int(at + min(i * L + lane, SIZE / 4u - 1u)));
    }

    [[unroll]] for (uint t = 0; t < T; t++) {
        most[t] = LEAST;
        total[t] = 0.0;
    }
    [[unroll]] for (uint i = 0; i < T * PARTS; i++)
        sum[i] = vec4(0.0);

    // Unrolled over the whole head: llvmpipe carries every sum and the mask of active lanes through each loop level.
    uint start = from / (R * L) * (R * L), stop = to, parts = 1u;
    if (SPLIT) {
        uint share = max((to - start + gl_NumWorkGroups.z - 1u) / gl_NumWorkGroups.z, ATTENTION_SPLIT);
        share = (share + R * L - 1u) / (R * L) * (R * L);
        parts = (to - start + share - 1u) / share;
        if (gl_WorkGroupID.z >= parts)
            return;
        start += gl_WorkGroupID.z * share;
        stop = min(to, start + share);
    }
    for (uint key = start; key < stop; key += R * L) {
        uint row = CACHE_ROW(key, head, p.kv_heads);
        float s[R * T];
        [[unroll]] for (uint i = 0; i < R * T; i++)
            s[i] = 0.0;
        [[unroll]] for (uint b = 0; b < BLOCKS; b++) {
            float a[R * T];
            [[unroll]] for (uint i = 0; i < R * T; i++)
                a[i] = 0.0;
            [[unroll]] for (uint j = 0; j < CACHE_SCALED / UNIT; j++) {
                uint u = b * (CACHE_SCALED / UNIT) + j;
                if (u >= UNITS)
                    continue;
                uvec4 w[R];
                [[unroll]] for (uint r = 0; r < R; r++)
                    w[r] = cache_unit(row * UNITS + (u * R + r) * L + lane);
                [[unroll]] for (uint i = 0; i < UNIT / 4u; i++) {
                    vec4 f[R];
                    [[unroll]] for (uint r = 0; r < R; r++)
                        f[r] = four_of(w[r], i);
                    uint n = u * (UNIT / 4u) + i;
                    [[unroll]] for (uint t = 0; t < T; t++)
                        [[unroll]] for (uint c = 0; c < 4u; c++) {
                            float qc = subgroupShuffle(query[t * PARTS + n / L][c], n % L);
                            [[unroll]] for (uint r = 0; r < R; r++)
                                a[r * T + t] += qc * f[r][c];
                        }
                }
            }
            [[unroll]] for (uint r = 0; r < R; r++) {
                float d = 1.0;
                if (SCALED)
                    d = scale_of(p.key_scales, CACHE_INDEX(key + r * L + lane, head, b, p.kv_heads, BLOCKS, SL, 1u));
                [[unroll]] for (uint t = 0; t < T; t++)
                    s[r * T + t] += a[r * T + t] * d;
            }
        }

        [[unroll]] for (uint t = 0; t < T; t++) {
            float top = most[t];
            [[unroll]] for (uint r = 0; r < R; r++) {
                uint k = key + r * L + lane;
                bool seen = k >= begin[t] && k < end[t];
                s[r * T + t] = seen ? s[r * T + t] * p.scale : 2.0 * LEAST;
                top = max(top, s[r * T + t]);
            }
            top = across_max(top);
            float fade = exp2(most[t] - top);
            most[t] = top;
            total[t] *= fade;
            [[unroll]] for (uint r = 0; r < R; r++) {
                s[r * T + t] = exp2(max(s[r * T + t] - top, -200.0)); // 0 for what is masked, also below LEAST
                total[t] += s[r * T + t];
            }
            [[unroll]] for (uint i = 0; i < PARTS; i++)
                sum[t * PARTS + i] *= fade;
        }

        float weight[WEIGHTS * R * T]; // times the scales of V, of each block
        [[unroll]] for (uint b = 0; b < WEIGHTS; b++)
            [[unroll]] for (uint r = 0; r < R; r++) {
                uint k = key + r * L + lane;
                float d = 1.0;
                if (SCALED)
                    d = k < to ? scale_of(p.value_scales, CACHE_INDEX(k, head, b, p.kv_heads, BLOCKS, SL, 1u)) : 0.0;
                [[unroll]] for (uint t = 0; t < T; t++)
                    weight[(b * R + r) * T + t] = s[r * T + t] * d;
            }
        [[unroll]] for (uint run = 0; run < R * L / VL; run++)
            [[unroll]] for (uint part = 0; part < PARTS; part++) {
                uvec4 w = cache_unit(p.values + (row / VL + run) * (SIZE / 4u) + min(part * L + lane, SIZE / 4u - 1u));
                // The cache holds anything beyond the last key, NaN too, which a weight of 0 would not silence.
                if (!SCALED)
                    w &= mix(uvec4(0u), uvec4(~0u), lessThan(uvec4(0, 0, 1, 1) + key + run * VL, uvec4(to)));
                uint b = min(part * L / 8u, WEIGHTS - 1u), other = min(b + 1u, WEIGHTS - 1u);
                [[unroll]] for (uint i = 0; i < VL; i++) {
                    uint k = run * VL + i;
                    vec4 f = four_of(w, i);
                    [[unroll]] for (uint t = 0; t < T; t++) {
                        float v = subgroupShuffle(weight[(b * R + k / L) * T + t], k % L);
                        if (SCALED && L > 8u) { // lanes of two blocks
                            float u = subgroupShuffle(weight[(other * R + k / L) * T + t], k % L);
                            v = lane < 8u ? v : u;
                        }
                        sum[t * PARTS + part] += v * f;
                    }
                }
            }
    }

    [[unroll]] for (uint t = 0; t < T; t++)
        total[t] = across(total[t]);
    if (SPLIT && parts > 1u) {
        uint tile = gl_WorkGroupID.x * p.kv_heads + head;
        if (leave_part(tile, parts))
            join_parts(tile, parts);
        return;
    }
    [[unroll]] for (uint t = 0; t < T; t++)
        [[unroll]] for (uint part = 0; part < PARTS; part++)
            store(first + t, part, sum[t * PARTS + part] * (1.0 / total[t]));
}
