// Reading the KV cache of shared.h. Expects the constant CACHE_TYPE (CACHE_*).

uint cache_word(uint at); // 4 bytes of it

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
    return unpackHalf2x16(cache_word(from * 4u + i / 2u) >> (i & 1u) * 16u).x;
}
