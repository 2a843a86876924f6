// Reading the KV cache of shared.h. Expects the constant CACHE_TYPE (CACHE_*) and `uvec4 cache_unit(uint at)`, 16 bytes of it.

const bool SCALED = CACHE_TYPE == CACHE_Q8_0;
const uint UNIT = CACHE_UNIT(CACHE_TYPE); // values in 16 bytes

// Values 4 i .. 4 i + 3 of a unit, without their scale.
vec4 four_of(uvec4 w, uint i)
{
    if (SCALED) {
        int v = int(w[i]);
        return vec4(ivec4(v << 24, v << 16, v << 8, v) >> 24);
    }
    return vec4(unpackHalf2x16(w[2u * i]), unpackHalf2x16(w[2u * i + 1u]));
}

// Number `i` of the scales that begin at unit `from`.
float scale_of(uint from, uint i)
{
    uvec4 w = cache_unit(from + i / 8u);
    uvec2 pair = (i & 4u) == 0u ? w.xy : w.zw;
    return unpackHalf2x16(((i & 2u) == 0u ? pair.x : pair.y) >> (i & 1u) * 16u).x;
}
