#version 450
// attention, gpu shape: out = softmax(q . K / sqrt(head size)) . V, streamed over the keys with a running maximum
// (Milakov and Gimelshein 2018; Dao et al. 2022). q, out: columns x stride floats; K and V: the cache of shared.h, in
// runs of one position.
// A workgroup takes one KV head and T query rows (a row: a query head of the group in a column) and walks over tiles of
// KEYS keys. Its threads are GROUPS groups, a group has ROWS of the rows.
//   Scores: four neighbouring threads share the dimensions of four keys, 64 consecutive bytes of each at a load, for all
//   rows of the group; then each of them has the scores of one key.
//   Output: a thread has 16 bytes of dimensions of every PARTS-th key, its neighbour the next 16 bytes; their sums meet
//   behind the last tile (attention_meet.glsl).
// A decoding step waits for memory: its rows are the query heads of the KV head, and up to four of them are one group,
// which reads each key once, whole lines, with 64 bytes or more of each thread under way. A prefill computes: its tiles
// are staged in shared memory (attention_tile.glsl), where 4 rows x 4 keys of a thread are 128 multiply-adds for 12 loads.
// SPLIT: one column has few tiles, so workgroups share their keys (attention_join.glsl).
#extension GL_GOOGLE_include_directive : require
#extension GL_KHR_shader_subgroup_basic : require
#extension GL_KHR_shader_subgroup_shuffle : require
#extension GL_EXT_control_flow_attributes : require
#include "shared.h"

layout(local_size_x_id = 0) in;
layout(constant_id = 0) const uint THREADS = 128;
layout(constant_id = 1) const uint SUBGROUP = 32; // lanes, at most THREADS
layout(constant_id = 2) const uint SIZE = 64;     // of a head, a multiple of UNIT, at most 256
layout(constant_id = 3) const uint T = 16;        // query rows of a tile: 1, 2, 4; where UNITS <= 16 also 8, 16
layout(constant_id = 4) const uint CACHE_TYPE = CACHE_F16;
layout(constant_id = 5) const bool SPLIT = false;
layout(push_constant) uniform Push { push_attention p; };

layout(binding = 0) readonly buffer Q { vec4 q[]; };
layout(binding = 1) readonly buffer Cache { uvec4 cache[]; }; // of a layer
layout(binding = 1) readonly buffer Words { uint words[]; }; // the same
layout(binding = 2) readonly buffer Ranges { uvec2 range[]; }; // of keys, [begin, end), for each column
layout(binding = 3) writeonly buffer Out { float y[]; };

uint cache_word(uint at)
{
    return words[at];
}

#include "cache.glsl"

const uint UNITS = SIZE / UNIT;                                // of a key
const uint QUADS = UNIT / 4u;                                  // of a unit: 4 dimensions each
const uint BLOCKS = (SIZE + CACHE_SCALED - 1u) / CACHE_SCALED; // of a head that have a scale each
const uint ROWS = T < 4u ? T : 4u;                             // of a thread
const uint GROUPS = T / ROWS;
const uint SEATS = THREADS / GROUPS;                           // threads of a group
const uint KEYS = SEATS;
const uint SLOTS = KEYS / 4u; // of four keys and four threads each
const uint PARTS = SEATS / UNITS < SLOTS ? SEATS / UNITS : SLOTS;
const uint TURN = 4u * PARTS; // keys whose values are added at once
const uint PADDED = (KEYS + TURN - 1u) / TURN * TURN;
const uint L = SUBGROUP < SEATS ? SUBGROUP : SEATS; // lanes of a wave: as much of a subgroup as is in one group
const uint WAVES = SEATS / L;                       // of a group
const float LEAST = -1e30; // finite, so that a row without keys so far gives no NaN

#include "across.glsl"

shared vec4 q_tile[T * SIZE / 4u];
shared vec4 weight[PADDED * GROUPS]; // of a key, for a group's rows; 0 beyond KEYS
shared uint before;                  // parts that were there before this one

uint thread, group, seat; // seat: number in the group
uint begin[ROWS], end[ROWS];
// Of this thread's rows so far: greatest score, and what this thread has of the sums of weights and of weighted values.
float most[ROWS], total[ROWS];
vec4 sum[ROWS * QUADS];

uint row_of(uint t)
{
    return min(gl_WorkGroupID.x * T + t, p.columns * p.group - 1u);
}

// Floats from the start of a tensor to the head of a row.
uint row_start(uint t, uint stride)
{
    uint row = row_of(t);
    return row / p.group * stride + (gl_WorkGroupID.y * p.group + row % p.group) * SIZE;
}

void store(uint t, uint i, vec4 v)
{
    uint at = row_start(t, p.out_stride) + i * 4u;
    [[unroll]] for (uint c = 0; c < 4u; c++)
        if (gl_WorkGroupID.x * T + t < p.columns * p.group)
            y[at + c] = v[c];
}

#include "attention_tile.glsl"
#include "attention_join.glsl"
#include "attention_meet.glsl"

void find_weights(uint key)
{
    uint quarter = seat % 4u, slot = seat / 4u;
    vec4 s[ROWS]; // of four keys
    [[unroll]] for (uint r = 0; r < ROWS; r++)
        s[r] = vec4(0.0);
    [[unroll]] for (uint j = 0; j < UNITS; j += 4u) {
        uint u = j + quarter;
        if (u >= UNITS || key + slot > last)
            continue;
        uvec4 w[4];
        [[unroll]] for (uint i = 0; i < 4u; i++)
            w[i] = unit_of(0u, key, i * SLOTS + slot, u);
        vec4 a[ROWS];
        [[unroll]] for (uint r = 0; r < ROWS; r++)
            a[r] = vec4(0.0);
        [[unroll]] for (uint h = 0; h < QUADS; h++) {
            vec4 f[4];
            [[unroll]] for (uint i = 0; i < 4u; i++)
                f[i] = four_of(w[i], h);
            [[unroll]] for (uint r = 0; r < ROWS; r++) {
                vec4 x = q_tile[((group * ROWS + r) * UNITS + u) * QUADS + h];
                [[unroll]] for (uint i = 0; i < 4u; i++)
                    a[r][i] += dot(f[i], x);
            }
        }
        vec4 d = vec4(1.0);
        if (SCALED)
            [[unroll]] for (uint i = 0; i < 4u; i++)
                d[i] = scale_of(p.key_scales, cache_row(key + i * SLOTS + slot) * BLOCKS + u * UNIT / CACHE_SCALED);
        [[unroll]] for (uint r = 0; r < ROWS; r++)
            s[r] += a[r] * d;
    }

    uint k = quarter * SLOTS + slot;
    float score[ROWS];
    [[unroll]] for (uint r = 0; r < ROWS; r++) {
        bool seen = key + k >= begin[r] && key + k < end[r] && key + k <= last;
        float v = sum_of_four(s[r]) * p.scale;
        score[r] = seen ? v : 2.0 * LEAST;
        leave_wave(r, across_max(score[r]));
    }
    barrier();
    [[unroll]] for (uint r = 0; r < ROWS; r++) {
        float top = most[r];
        [[unroll]] for (uint n = 0; n < WAVES; n += L)
            top = max(top, of_wave(r, n, LEAST));
        top = across_max(top);
        float fade = exp2(max(most[r] - top, -200.0));
        score[r] = exp2(max(score[r] - top, -200.0)); // 0 for what is masked, also below LEAST
        weight[k * GROUPS + group][r] = score[r];
        most[r] = top;
        total[r] = total[r] * fade + score[r];
        [[unroll]] for (uint h = 0; h < QUADS; h++)
            sum[r * QUADS + h] *= fade;
    }
}

void add_values(uint key)
{
    uint u = seat % UNITS, part = seat / UNITS;
    for (uint k = part; k < PADDED && key + k <= last && part < PARTS; k += TURN) {
        uvec4 w[4];
        [[unroll]] for (uint i = 0; i < 4u; i++)
            w[i] = unit_of(p.values, key, k + i * PARTS, u);
        [[unroll]] for (uint i = 0; i < 4u; i++) {
            vec4 v = weight[(k + i * PARTS) * GROUPS + group];
            if (SCALED)
                v *= scale_of(p.value_scales, cache_row(key + k + i * PARTS) * BLOCKS + u * UNIT / CACHE_SCALED);
            [[unroll]] for (uint h = 0; h < QUADS; h++) {
                vec4 f = four_of(w[i], h);
                [[unroll]] for (uint r = 0; r < ROWS; r++)
                    sum[r * QUADS + h] += v[r] * f;
            }
        }
    }
}

void begin_tile()
{
    for (uint i = thread; i < T * SIZE / 4u; i += THREADS)
        q_tile[i] = q[row_start(i / (SIZE / 4u), p.q_stride) / 4u + i % (SIZE / 4u)];
    for (uint i = KEYS * GROUPS + thread; i < PADDED * GROUPS; i += THREADS)
        weight[i] = vec4(0.0);
    [[unroll]] for (uint r = 0; r < ROWS; r++) {
        uvec2 keys = range[row_of(group * ROWS + r) / p.group];
        begin[r] = keys.x;
        end[r] = keys.y;
        most[r] = LEAST;
        total[r] = 0.0;
        [[unroll]] for (uint h = 0; h < QUADS; h++)
            sum[r * QUADS + h] = vec4(0.0);
    }
    barrier();
}

void main()
{
    thread = gl_SubgroupID * SUBGROUP + gl_SubgroupInvocationID;
    group = thread / SEATS;
    seat = thread % SEATS;
    uint parts = 1u;
    uvec2 keys = uvec2(0xffffffffu, 0u); // of all rows
    for (uint t = 0; t < T; t++) {
        uvec2 seen = range[row_of(t) / p.group];
        keys = uvec2(min(keys.x, seen.x), max(keys.y, seen.y));
    }
    if (SPLIT) {
        parts = take_share(keys, KEYS);
        if (gl_WorkGroupID.z >= parts)
            return;
    }
    last = keys.y - 1u;
    begin_tile();
    for (uint key = keys.x; key < keys.y; key += KEYS) {
        if (STAGED) {
            stage(0u, key);
            barrier();
        }
        find_weights(key);
        if (STAGED)
            stage(p.values, key);
        barrier();
        add_values(key);
        if (STAGED)
            barrier();
    }
    finish_tile(parts);
    if (!SPLIT || parts == 1u)
        return;
    memoryBarrierBuffer();
    barrier(); // the part is there
    uint n = parts_before(thread == 0u);
    if (thread == 0u)
        before = n;
    barrier();
    memoryBarrierBuffer();
    if (before == parts - 1u)
        join_parts(parts, thread, THREADS);
}
