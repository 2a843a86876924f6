#version 450
// From the Q of a layer to that of the next, for one column, cpu shape:
//   a = attention(q, K, V);  x += Wo a;  h = silu(Wg n) * (Wu n), n = rmsnorm(x);  x += Wd h;
//   q, K, V = rotate(Wqkv rmsnorm(x))
// One dispatch instead of five: in decode a small model would wait for lavapipe's threads to wake up more than they work.
// Each workgroup is one subgroup and takes shares of the pieces of the step at hand (tiles of query heads, then quads of rows)
// until none is left; a step begins when all pieces of the one before are finished. A workgroup waits only for pieces that
// others have taken, which go on whatever happens, so any number of workgroups at a time will do; one whose patience ends
// leaves, and whoever finishes a step goes on. A step without pieces is none. Patience and work are bounded: Mesa ends a shader's loops after 65,535 turns in all.
// a, x and h are read through texel buffers while others write them, which a GPU's caches would not allow.
#extension GL_GOOGLE_include_directive : require
#extension GL_KHR_shader_subgroup_basic : require
#extension GL_KHR_shader_subgroup_shuffle : require
#extension GL_EXT_control_flow_attributes : require
#extension GL_EXT_shader_16bit_storage : require
#include "shared.h"

layout(local_size_x_id = 0) in;
layout(constant_id = 1) const uint L = 8; // subgroup size, 4..16
layout(constant_id = 2) const uint KL = 8;
layout(constant_id = 3) const uint VL = 8;
layout(constant_id = 4) const uint SIZE = 64; // of a head
layout(constant_id = 5) const uint T = 4;     // of the attention: query heads of a tile
layout(push_constant) uniform Push { between_step steps[BETWEEN_STEPS]; push_matmul p; between_attention seen; }; // push_between

// Q, K and V: bindings 0..7 as in gemv.
layout(binding = 0) uniform usamplerBuffer qkv_weights;
layout(binding = 1) uniform samplerBuffer qkv_x;
layout(binding = 2) writeonly buffer Q { float y[]; };
layout(binding = 3) readonly buffer Bias { float bias[]; };
layout(binding = 7) uniform samplerBuffer qkv_gain;
// The steps before it.
layout(binding = 8) uniform usamplerBuffer out_weights;
layout(binding = 9) uniform samplerBuffer out_x;
layout(binding = 10) uniform samplerBuffer out_gain; // none has one
layout(binding = 11) coherent buffer Out { float out_y[]; };
layout(binding = 12) readonly buffer OutBias { float out_bias[]; };
layout(binding = 13) uniform usamplerBuffer gate_weights;
layout(binding = 14) uniform samplerBuffer gate_x;
layout(binding = 15) uniform samplerBuffer gate_gain;
layout(binding = 16) coherent buffer Gate { float gate_y[]; };
layout(binding = 17) readonly buffer GateBias { float gate_bias[]; }; // none has one
layout(binding = 18) uniform usamplerBuffer down_weights;
layout(binding = 19) uniform samplerBuffer down_x;
layout(binding = 20) uniform samplerBuffer down_gain; // none has one
layout(binding = 21) coherent buffer Down { float down_y[]; };
layout(binding = 22) readonly buffer DownBias { float down_bias[]; };
layout(binding = 23) coherent buffer Sync { uint taken[BETWEEN_STEPS + 2], finished[BETWEEN_STEPS + 1]; };
// The attention.
layout(binding = 24) uniform samplerBuffer q;
layout(binding = 25) uniform usamplerBuffer seen_cache;
layout(binding = 26) readonly buffer Ranges { uvec2 range[]; };
layout(binding = 27) coherent buffer Attended { float attended[]; };

const uint CACHE_TYPE = CACHE_F16, R = KL / L, SL = 1;
uvec4 cache_unit(uint at)
{
    return texelFetch(seen_cache, int(at));
}

#include "across.glsl"
#include "cache.glsl"
#include "attention_cpu.glsl"
#include "weights.glsl"
#include "gemv_cpu.glsl"
#include "epilogue_qkv.glsl"

uint quads_of(uint rows)
{
    return (rows + 4u * L - 1u) / (4u * L);
}

const uint ATTEND = BETWEEN_STEPS, QKV = BETWEEN_STEPS + 1; // steps 0, 1 and 2 are out, gate and down

uint next_piece, pieces_left, pieces_done; // of a share

// The next piece of a step, for all lanes; one that is not there: none is left. Taken are shares, as many as there are
// workgroups, so that each streams through one stretch of the weights.
uint take(uint step, uint pieces)
{
    if (pieces_left == 0u) {
        uint share = (pieces + gl_NumWorkGroups.x - 1u) / gl_NumWorkGroups.x, n = 0u;
        if (gl_SubgroupInvocationID == 0u)
            n = atomicAdd(taken[step], 1u);
        next_piece = subgroupShuffle(n, 0u) * share;
        pieces_left = share;
    }
    pieces_left--;
    return next_piece++;
}

// Ends this workgroup's work on a step. False: others have not finished theirs, and patience is at its end.
bool finish(uint step, uint pieces)
{
    memoryBarrierBuffer();
    if (gl_SubgroupInvocationID == 0u)
        atomicAdd(finished[step], pieces_done);
    pieces_left = pieces_done = 0u;
    for (uint i = 0u; i < BETWEEN_PATIENCE; i++) {
        uint n = 0u;
        [[unroll]] for (uint k = 0; k < 8u; k++) {
            memoryBarrierBuffer();
            n = max(n, finished[step]);
        }
        if (n >= pieces) {
            memoryBarrierBuffer();
            return true;
        }
    }
    return false;
}

// Query heads first ... first + T - 1 of a KV head.
void attend(uint first, uint head)
{
    push_attention a = push_attention(1u, seen.kv_heads, seen.group, 0u, 0u, seen.scale, 0u, seen.values, 0u);
    uvec2 keys = begin_tile(a, first, head);
    add_keys(a, head, keys.x, keys.y);
    [[unroll]] for (uint t = 0; t < T; t++)
        [[unroll]] for (uint part = 0; part < FOURS; part++) {
            uint d = (part * L + gl_SubgroupInvocationID) * 4u;
            vec4 v = sum[t * FOURS + part] * (1.0 / total[t]);
            [[unroll]] for (uint c = 0; c < 4u; c++)
                if (first + t < seen.group && d < SIZE)
                    attended[(head * seen.group + first + t) * SIZE + d + c] = v[c];
        }
}

void main()
{
    uint lane = gl_SubgroupInvocationID;
    float sum[4];
    pieces_left = pieces_done = 0u;

    uint tiles = (seen.group + T - 1u) / T, pieces = tiles * seen.kv_heads;
    for (uint piece = take(ATTEND, pieces); piece < pieces; piece = take(ATTEND, pieces)) {
        attend(piece % tiles * T, piece / tiles);
        pieces_done++;
    }
    if (!finish(ATTEND, pieces))
        return;

    between_step s = steps[0];
    uint quads = quads_of(s.rows);
    for (uint quad = take(0u, quads); quad < quads; quad = take(0u, quads)) {
        product(out_weights, out_x, out_gain, false, quad, s.inner, 0u, sum);
        [[unroll]] for (uint r = 0; r < 4; r++) {
            uint row = (quad * 4u + r) * L + lane;
            if (row < s.rows)
                out_y[row] += sum[r] + out_bias[row];
        }
        pieces_done++;
    }
    if (!finish(0u, quads))
        return;

    s = steps[1];
    quads = quads_of(s.rows);
    float factor = rms_factor(gate_x, 0u, s.norm_size, s.norm_eps);
    for (uint quad = take(1u, quads); quad < quads; quad = take(1u, quads)) {
        product(gate_weights, gate_x, gate_gain, true, quad, s.inner, 0u, sum);
        [[unroll]] for (uint r = 0; r < 4; r += 2) {
            uint row = (quad * 4u + r) / 2u * L + lane;
            float gate = sum[r] * factor;
            if (row < s.rows / 2u)
                gate_y[row] = gate / (1.0 + exp(-gate)) * (sum[r + 1] * factor);
        }
        pieces_done++;
    }
    if (!finish(1u, quads))
        return;

    s = steps[2];
    quads = quads_of(s.rows);
    for (uint quad = take(2u, quads); quad < quads; quad = take(2u, quads)) {
        product(down_weights, down_x, down_gain, false, quad, s.inner, 0u, sum);
        [[unroll]] for (uint r = 0; r < 4; r++) {
            uint row = (quad * 4u + r) * L + lane;
            if (row < s.rows)
                down_y[row] += sum[r] + down_bias[row];
        }
        pieces_done++;
    }
    if (!finish(2u, quads))
        return;

    quads = quads_of(p.rows);
    factor = rms_factor(qkv_x, 0u, p.norm_size, p.norm_eps);
    for (uint quad = take(QKV, quads); quad < quads; quad = take(QKV, quads)) {
        product(qkv_weights, qkv_x, qkv_gain, true, quad, p.inner, 0u, sum);
        [[unroll]] for (uint r = 0; r < 4; r++) {
            float v = sum[r] * factor;
            finish_qkv((quad * 4u + r) * L + lane, v, subgroupShuffleXor(v, 1u));
        }
    }
}
