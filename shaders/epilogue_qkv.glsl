// The last step of gemv over the rows of Q, K and V: q and k are rotated (Su et al. 2021, neighbours are pairs), q goes to
// y, k and v to the cache as halves. Expects the constants KL, VL and SIZE and the buffers y and bias; defines bindings
// 4..6. rotate.comp does the same for many columns behind a gemm, and for a quantised cache.

layout(binding = 4) readonly buffer Rotation { float rotation[]; }; // cos and sin for each pair of dimensions
layout(binding = 5) readonly buffer Slots { uint slot[]; };         // place of the column in the cache
layout(binding = 6) writeonly buffer Cache { float16_t cache[]; };  // of a layer: K, behind it V

// `other`: the product of the other row of the pair, row ^ 1.
void finish_qkv(uint row, float v, float other)
{
    if (row >= p.rows)
        return;
    v += bias[row];
    other += bias[row ^ 1u];
    uint n = row + p.first_row; // among the rows of Q, K and V
    if (n >= p.q_rows + p.kv_rows) {
        uint m = n - p.q_rows - p.kv_rows, head = m / SIZE;
        cache[p.values * 8u + CACHE_INDEX(slot[0], head, m - head * SIZE, p.kv_heads, SIZE, VL, 4u)] = float16_t(v);
        return;
    }
    uint m = n < p.q_rows ? n : n - p.q_rows, head = m / SIZE, d = m - head * SIZE;
    float c = rotation[d & ~1u], s = rotation[d | 1u];
    v = v * c + other * ((d & 1u) == 0u ? -s : s);
    if (n < p.q_rows)
        y[n] = v;
    else
        cache[CACHE_INDEX(slot[0], head, d, p.kv_heads, SIZE, KL, CACHE_UNIT(CACHE_F16))] = float16_t(v);
}
