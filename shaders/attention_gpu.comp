#version 450
// attention, gpu shape: out = softmax(q . K / sqrt(head size)) . V, streamed over the keys with a running maximum
// (Milakov and Gimelshein 2018; Dao et al. 2022). q, out: columns x stride floats; K and V: the cache of shared.h, in
// runs of one position.
// A workgroup takes one KV head and T query rows (a row: a query head of the group in a column) and walks over tiles of
// KEYS keys: scores of the tile in shared memory, then every thread adds its share of rows x dimensions.
#extension GL_GOOGLE_include_directive : require
#extension GL_EXT_control_flow_attributes : require
#include "shared.h"

layout(local_size_x_id = 0) in;
layout(constant_id = 0) const uint THREADS = 128;
layout(constant_id = 2) const uint SIZE = 64; // of a head, a multiple of UNIT, at most 256
layout(constant_id = 3) const uint T = 16;    // query rows of a tile
layout(constant_id = 4) const uint CACHE_TYPE = CACHE_F16;
layout(push_constant) uniform Push { push_attention p; };

layout(binding = 0) readonly buffer Q { vec4 q[]; };
layout(binding = 1) readonly buffer Cache { uvec4 cache[]; }; // of a layer
layout(binding = 2) readonly buffer Ranges { uvec2 range[]; }; // of keys, [begin, end), for each column
layout(binding = 3) writeonly buffer Out { float y[]; };

uvec4 cache_unit(uint at)
{
    return cache[at];
}

#include "cache.glsl"

const uint KEYS = 32;
const uint UNITS = SIZE / UNIT;                                // of a key
const uint BLOCKS = (SIZE + CACHE_SCALED - 1u) / CACHE_SCALED; // of a head that have a scale each
const uint LANES = THREADS / T;                          // that share a row of scores
const uint RUNS = SIZE / 8u;                             // of 8 dimensions in a head
const uint SHARE = (T * RUNS + THREADS - 1u) / THREADS;  // runs of the output that a thread has
const float LEAST = -1e30; // finite, so that a row without keys so far gives no NaN

shared vec4 q_tile[T * SIZE / 4u];
shared float score[T * KEYS];
shared float part[THREADS]; // of a row's maximum or sum
shared float most[T], total[T], fade[T];
shared uint begins[T], ends[T];

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

void begin_tile()
{
    for (uint i = gl_LocalInvocationID.x; i < T * SIZE / 4u; i += THREADS)
        q_tile[i] = q[row_start(i / (SIZE / 4u), p.q_stride) / 4u + i % (SIZE / 4u)];
    for (uint t = gl_LocalInvocationID.x; t < T; t += THREADS) {
        uvec2 keys = range[row_of(t) / p.group];
        begins[t] = keys.x;
        ends[t] = keys.y;
        most[t] = LEAST;
        total[t] = 0.0;
    }
    barrier();
}

// Scores of a tile of keys; those that a row does not see are below LEAST.
void find_scores(uint key)
{
    for (uint i = gl_LocalInvocationID.x; i < T * KEYS; i += THREADS) {
        uint t = i / KEYS, k = key + i % KEYS;
        float s = 2.0 * LEAST;
        if (k >= begins[t] && k < ends[t]) {
            s = 0.0;
            uint at = CACHE_ROW(k, gl_WorkGroupID.y, p.kv_heads);
            for (uint u = 0; u < UNITS; u++) {
                uvec4 w = cache[at * UNITS + u];
                float part = 0.0;
                [[unroll]] for (uint j = 0; j < UNIT / 4u; j++)
                    part += dot(four_of(w, j), q_tile[(t * UNITS + u) * (UNIT / 4u) + j]);
                if (SCALED)
                    part *= scale_of(p.key_scales, at * BLOCKS + u * UNIT / CACHE_SCALED);
                s += part;
            }
            s *= p.scale;
        }
        score[i] = s;
    }
    barrier();
}

// Scores -> weights, with the row's maximum so far. LANES threads share a row.
void weigh_scores()
{
    uint t = gl_LocalInvocationID.x / LANES, lane = gl_LocalInvocationID.x % LANES;
    float s[KEYS / LANES];
    float top = most[t], sum = 0.0;
    [[unroll]] for (uint i = 0; i < KEYS / LANES; i++) {
        s[i] = score[t * KEYS + i * LANES + lane];
        top = max(top, s[i]);
    }
    part[gl_LocalInvocationID.x] = top;
    barrier();
    [[unroll]] for (uint i = 0; i < LANES; i++)
        top = max(top, part[t * LANES + i]);
    [[unroll]] for (uint i = 0; i < KEYS / LANES; i++) {
        s[i] = exp2(max(s[i] - top, -200.0)); // 0 for what is masked, also below LEAST
        score[t * KEYS + i * LANES + lane] = s[i];
        sum += s[i];
    }
    barrier(); // all have read the parts
    part[gl_LocalInvocationID.x] = sum;
    barrier();
    if (lane == 0u) {
        float older = exp2(max(most[t] - top, -200.0));
        sum = total[t] * older;
        [[unroll]] for (uint i = 0; i < LANES; i++)
            sum += part[t * LANES + i];
        total[t] = sum;
        fade[t] = older;
        most[t] = top;
    }
    barrier();
}

void main()
{
    begin_tile();
    uint from = 0xffffffffu, to = 0u;
    for (uint t = 0; t < T; t++) {
        from = min(from, begins[t]);
        to = max(to, ends[t]);
    }
    vec4 low[SHARE], high[SHARE]; // sums of this thread's runs
    [[unroll]] for (uint i = 0; i < SHARE; i++)
        low[i] = high[i] = vec4(0.0);
    for (uint key = from / KEYS * KEYS; key < to; key += KEYS) {
        find_scores(key);
        weigh_scores();
        [[unroll]] for (uint i = 0; i < SHARE; i++) {
            uint run = min(i * THREADS + gl_LocalInvocationID.x, T * RUNS - 1u), t = run / RUNS;
            low[i] *= fade[t];
            high[i] *= fade[t];
            // Beyond `to` the cache holds anything, NaN too, which a weight of 0 would not silence.
            for (uint k = 0; k < KEYS && key + k < to; k++) {
                uint at = CACHE_ROW(key + k, gl_WorkGroupID.y, p.kv_heads);
                float weight = score[t * KEYS + k];
                uvec4 w = cache[p.values + (at * RUNS + run % RUNS) * 8u / UNIT];
                if (SCALED) {
                    weight *= scale_of(p.value_scales, at * BLOCKS + run % RUNS * 8u / CACHE_SCALED);
                    w.xy = run % 2u == 0u ? w.xy : w.zw;
                }
                low[i] += weight * four_of(w, 0u);
                high[i] += weight * four_of(w, 1u);
            }
        }
        barrier();
    }
    [[unroll]] for (uint i = 0; i < SHARE; i++) {
        uint run = i * THREADS + gl_LocalInvocationID.x, t = run / RUNS;
        if (run >= T * RUNS || gl_WorkGroupID.x * T + t >= p.columns * p.group)
            continue;
        uint at = row_start(t, p.out_stride) + run % RUNS * 8u;
        [[unroll]] for (uint c = 0; c < 4u; c++) {
            y[at + c] = low[i][c] / total[t];
            y[at + 4u + c] = high[i][c] / total[t];
        }
    }
}
