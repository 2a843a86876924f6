// The keys and values of a tile of attention_gpu.comp: where one group of threads needs them they come from the cache as
// they are used, else they are staged in shared memory.

const bool STAGED = GROUPS > 1u;
const uint STRIDE = (UNITS + 3u) / 8u * 8u + 4u; // of a staged key: two of them lie in different banks
const uint STAGES = STAGED ? KEYS * STRIDE : 0u, SUMS = THREADS * QUADS, TILE = STAGES > SUMS ? STAGES : SUMS;

shared uvec4 tile[TILE]; // K, then V; in the end sums

uint last; // key that there is

// Beyond the last key the cache holds anything, NaN too, which a weight of 0 would not silence.
uint cache_row(uint key)
{
    return CACHE_ROW(min(key, last), gl_WorkGroupID.y, p.kv_heads);
}

// Unit u of key number k of the tile; `from`: where K or V begins.
uvec4 unit_of(uint from, uint key, uint k, uint u)
{
    if (STAGED)
        return tile[min(k, KEYS - 1u) * STRIDE + u];
    return cache[from + cache_row(key + k) * UNITS + u];
}

void stage(uint from, uint key)
{
    for (uint i = thread; i < KEYS * UNITS; i += THREADS)
        tile[i / UNITS * STRIDE + i % UNITS] = cache[from + cache_row(key + i / UNITS) * UNITS + i % UNITS];
}
