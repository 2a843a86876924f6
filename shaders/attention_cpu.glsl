// Attention of a tile of T query rows over some keys of a KV head, by one subgroup (attention_cpu.comp, between_cpu.comp).
// Scores: lane = key, R * L keys a turn; output: lane = 4 dimensions. Each column has its own range of keys.
// Expects the constants L, SIZE, T, R, CACHE_TYPE, VL and SL, the buffers q and range, `uvec4 cache_unit(uint at)`,
// 16 bytes of the cache, across.glsl and cache.glsl.

const uint UNITS = SIZE / UNIT;                            // of a key
const uint BLOCKS = (SIZE + CACHE_SCALED - 1u) / CACHE_SCALED; // of a head that have a scale each
const uint FOURS = (SIZE / 4u + L - 1u) / L;               // of a query or output row: 4 dimensions a lane
const uint WEIGHTS = SCALED ? BLOCKS : 1u;                 // for each of them, weights of the values
const float LEAST = -1e30;                                 // finite, so that a row without keys so far gives no NaN

// Of the rows so far: greatest score, sum of the weights, and of the weighted values.
float most[T], total[T];
vec4 sum[T * FOURS];

uint begin[T], end[T]; // keys that the rows see
vec4 query[T * FOURS];

uint cache_word(uint at)
{
    uvec4 w = cache_unit(at / 4u);
    uvec2 pair = (at & 2u) == 0u ? w.xy : w.zw;
    return (at & 1u) == 0u ? pair.x : pair.y;
}

// The tile of rows that begins with `first`. Of all its keys: [x, y), from the start of a turn on.
uvec2 begin_tile(push_attention p, uint first, uint head)
{
    uint lane = gl_SubgroupInvocationID, rows = p.columns * p.group, from = 0xffffffffu, to = 0u;
    [[unroll]] for (uint t = 0; t < T; t++) {
        uint row = min(first + t, rows - 1u);
        uvec2 keys = range[row / p.group];
        begin[t] = keys.x;
        end[t] = keys.y;
        from = min(from, keys.x);
        to = max(to, keys.y);
        uint at = (row / p.group * p.q_stride + (head * p.group + row % p.group) * SIZE) / 4u;
        [[unroll]] for (uint i = 0; i < FOURS; i++)
            query[t * FOURS + i] = texelFetch(q, int(at + min(i * L + lane, SIZE / 4u - 1u)));
    }

    [[unroll]] for (uint t = 0; t < T; t++) {
        most[t] = LEAST;
        total[t] = 0.0;
    }
    [[unroll]] for (uint i = 0; i < T * FOURS; i++)
        sum[i] = vec4(0.0);
    return uvec2(from / (R * L) * (R * L), to);
}

// Adds the keys [start, stop) of them.
// Unrolled over the whole head: llvmpipe carries every sum and the mask of active lanes through each loop level.
void add_keys(push_attention p, uint head, uint start, uint stop)
{
    uint lane = gl_SubgroupInvocationID;
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
                            float qc = subgroupShuffle(query[t * FOURS + n / L][c], n % L);
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
            [[unroll]] for (uint i = 0; i < FOURS; i++)
                sum[t * FOURS + i] *= fade;
        }

        float weight[WEIGHTS * R * T]; // times the scales of V, of each block
        [[unroll]] for (uint b = 0; b < WEIGHTS; b++)
            [[unroll]] for (uint r = 0; r < R; r++) {
                uint k = key + r * L + lane;
                float d = 1.0;
                if (SCALED)
                    d = k < stop ? scale_of(p.value_scales, CACHE_INDEX(k, head, b, p.kv_heads, BLOCKS, SL, 1u)) : 0.0;
                [[unroll]] for (uint t = 0; t < T; t++)
                    weight[(b * R + r) * T + t] = s[r * T + t] * d;
            }
        [[unroll]] for (uint run = 0; run < R * L / VL; run++)
            [[unroll]] for (uint part = 0; part < FOURS; part++) {
                uvec4 w = cache_unit(p.values + (row / VL + run) * (SIZE / 4u) + min(part * L + lane, SIZE / 4u - 1u));
                // The cache holds anything beyond the last key, NaN too, which a weight of 0 would not silence.
                if (!SCALED)
                    w &= mix(uvec4(0u), uvec4(~0u), lessThan(uvec4(0, 0, 1, 1) + key + run * VL, uvec4(stop)));
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
                        sum[t * FOURS + part] += v * f;
                    }
                }
            }
    }
    [[unroll]] for (uint t = 0; t < T; t++)
        total[t] = across(total[t]);
}
