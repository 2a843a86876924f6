#version 450
// attention, cpu shape: out = softmax(q . K / sqrt(head size)) . V, streamed over the keys with a running maximum
// (Milakov and Gimelshein 2018). q, out: columns x stride floats, heads behind one another; K and V: the cache of shared.h.
// A workgroup is one subgroup and takes one KV head and T query rows (a row: a query head of the group in a column).
// Scores: lane = key, R * L keys a turn; output: lane = dimension. Each column has its own range of keys.
#extension GL_GOOGLE_include_directive : require
#extension GL_KHR_shader_subgroup_basic : require
#extension GL_KHR_shader_subgroup_shuffle : require
#extension GL_EXT_control_flow_attributes : require
#include "shared.h"

layout(local_size_x_id = 0) in;
layout(constant_id = 1) const uint L = 8;     // subgroup size, 4..16, and the interleave of the keys
layout(constant_id = 2) const uint SIZE = 64; // of a head, a multiple of 8
layout(constant_id = 3) const uint T = 8;     // query rows of a tile
layout(constant_id = 4) const uint R = 2;     // groups of L keys a turn; R * L is a multiple of 8
layout(push_constant) uniform Push { push_attention p; };

#include "across.glsl"

layout(binding = 0) uniform samplerBuffer q;
layout(binding = 1) uniform usamplerBuffer cache; // of a layer: K, then V
layout(binding = 2) readonly buffer Ranges { uvec2 range[]; }; // of keys, [begin, end), for each column
layout(binding = 3) writeonly buffer Out { float y[]; };

const uint XL = L < 8u ? L : 8u;         // query rows that one fetch brings
const uint XT = (T + XL - 1u) / XL;      // fetches for all of them
const uint DIMS = (SIZE + L - 1u) / L;   // dimensions of the output a lane has
const float LEAST = -1e30;               // finite, so that a row without keys so far gives no NaN

void main()
{
    uint lane = gl_SubgroupInvocationID, head = gl_WorkGroupID.y;
    uint rows = p.columns * p.group, first = gl_WorkGroupID.x * T;

    uint begin[T], end[T], from = 0xffffffffu, to = 0u;
    [[unroll]] for (uint t = 0; t < T; t++) {
        uvec2 keys = range[min(first + t, rows - 1u) / p.group];
        begin[t] = keys.x;
        end[t] = keys.y;
        from = min(from, keys.x);
        to = max(to, keys.y);
    }
    uint q_at[XT];
    [[unroll]] for (uint i = 0; i < XT; i++) {
        uint row = min(first + i * XL + lane % XL, rows - 1u);
        q_at[i] = (row / p.group * p.q_stride + (head * p.group + row % p.group) * SIZE) / 4u;
    }

    float most[T], total[T], sum[T * DIMS];
    [[unroll]] for (uint t = 0; t < T; t++) {
        most[t] = LEAST;
        total[t] = 0.0;
    }
    [[unroll]] for (uint i = 0; i < T * DIMS; i++)
        sum[i] = 0.0;

    for (uint key = from / (R * L) * (R * L); key < to; key += R * L) {
        float s[R * T];
        [[unroll]] for (uint i = 0; i < R * T; i++)
            s[i] = 0.0;
        for (uint d = 0; d < SIZE / 8u; d++) {
            uvec4 w[R];
            [[unroll]] for (uint r = 0; r < R; r++)
                w[r] = texelFetch(cache, int((((key / L + r) * p.kv_heads + head) * (SIZE / 8u) + d) * L + lane));
            [[unroll]] for (uint half_ = 0; half_ < 2u; half_++) {
                vec4 f[R];
                [[unroll]] for (uint r = 0; r < R; r++)
                    f[r] = vec4(unpackHalf2x16(w[r][half_ * 2u]), unpackHalf2x16(w[r][half_ * 2u + 1u]));
                [[unroll]] for (uint i = 0; i < XT; i++) {
                    vec4 qv = texelFetch(q, int(q_at[i] + d * 2u + half_));
                    [[unroll]] for (uint t = 0; t < XL; t++)
                        if (i * XL + t < T) {
                            vec4 qt = vec4(subgroupShuffle(qv.x, t), subgroupShuffle(qv.y, t), subgroupShuffle(qv.z, t),
                                           subgroupShuffle(qv.w, t));
                            [[unroll]] for (uint r = 0; r < R; r++)
                                s[r * T + i * XL + t] += dot(qt, f[r]);
                        }
                }
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
            [[unroll]] for (uint j = 0; j < DIMS; j++)
                sum[t * DIMS + j] *= fade;
        }

        [[unroll]] for (uint run = 0; run < R * L / 8u; run++) {
            // The cache holds anything beyond the last key, NaN too, which a weight of 0 would not silence.
            uvec4 lost = uvec4(0, 2, 4, 6) + key + run * 8u;
            uvec4 keep = mix(mix(uvec4(0u), uvec4(0xffffu), lessThan(lost, uvec4(to))), uvec4(~0u), lessThan(lost + 1u, uvec4(to)));
            vec4 weight[2 * T];
            [[unroll]] for (uint c = 0; c < 8u; c++)
                [[unroll]] for (uint t = 0; t < T; t++)
                    weight[2 * t + c / 4u][c % 4u] = subgroupShuffle(s[(run * 8u + c) / L * T + t], (run * 8u + c) % L);
            [[unroll]] for (uint j = 0; j < DIMS; j++) {
                uint d = min(j * L + lane, SIZE - 1u);
                uvec4 w = texelFetch(cache, int(p.value_offset / 8u + ((key / 8u + run) * p.kv_heads + head) * SIZE + d)) & keep;
                vec4 f0 = vec4(unpackHalf2x16(w.x), unpackHalf2x16(w.y)), f1 = vec4(unpackHalf2x16(w.z), unpackHalf2x16(w.w));
                [[unroll]] for (uint t = 0; t < T; t++)
                    sum[t * DIMS + j] += dot(weight[2 * t], f0) + dot(weight[2 * t + 1], f1);
            }
        }
    }

    [[unroll]] for (uint t = 0; t < T; t++) {
        float scale = 1.0 / across(total[t]);
        uint row = first + t;
        uint at = row / p.group * p.out_stride + (head * p.group + row % p.group) * SIZE;
        [[unroll]] for (uint j = 0; j < DIMS; j++)
            if (row < rows && j * L + lane < SIZE)
                y[at + j * L + lane] = sum[t * DIMS + j] * scale;
    }
}
