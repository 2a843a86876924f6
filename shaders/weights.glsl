// Decoding of the weight layout of shared.h, for the one TYPE that a variant is compiled for.
// UNIT: units of 16 bytes a lane has in a block. HEAD: how many of them come before the parts.
// PARTS x STEPS x 4 = 32 columns: a part is one unit of each r; a step is 4 columns of it.

#if TYPE == TYPE_F32
#define HEAD  0
#define PARTS 8
#elif TYPE == TYPE_F16 || TYPE == TYPE_BF16
#define HEAD  0
#define PARTS 4
#elif TYPE == TYPE_Q8_0
#define HEAD  1
#define PARTS 2
#elif TYPE == TYPE_Q4_0 || TYPE == TYPE_Q4_1
#define HEAD  1
#define PARTS 1
#elif TYPE == TYPE_Q5_0 || TYPE == TYPE_Q5_1
#define HEAD  2
#define PARTS 1
#endif
#define STEPS (8 / PARTS)
#define UNIT  (HEAD + 4 * PARTS)

// Quants are stored unsigned; the type's zero point is folded into the second scale.
#if TYPE == TYPE_Q4_0
#define ZERO 8.0
#elif TYPE == TYPE_Q5_0
#define ZERO 16.0
#else
#define ZERO 0.0
#endif

// (d, m) of a block: value = d * q + m.
vec2 block_scale(uint packed)
{
#if HEAD > 0
    vec2 dm = unpackHalf2x16(packed);
    return vec2(dm.x, dm.y - ZERO * dm.x);
#else
    return vec2(1.0, 0.0);
#endif
}

// Columns 4 * step .. + 3 of a part as plain numbers q. `high`: the fifth bits of the block.
vec4 block_quants(uvec4 w, uint high, uint step)
{
#if TYPE == TYPE_F32
    return uintBitsToFloat(w);
#elif TYPE == TYPE_F16
    uvec2 v = step == 0u ? w.xy : w.zw;
    return vec4(unpackHalf2x16(v.x), unpackHalf2x16(v.y));
#elif TYPE == TYPE_BF16
    uvec2 v = step == 0u ? w.xy : w.zw;
    return uintBitsToFloat(uvec4(v.x << 16, v.x & 0xffff0000u, v.y << 16, v.y & 0xffff0000u));
#elif TYPE == TYPE_Q8_0
    int v = int(step == 0u ? w.x : step == 1u ? w.y : step == 2u ? w.z : w.w);
    return vec4(ivec4(v << 24, v << 16, v << 8, v) >> 24);
#else
    uint s = step & 3u;
    uint v = (s == 0u ? w.x : s == 1u ? w.y : s == 2u ? w.z : w.w) >> (step >> 2) * 4u;
    uvec4 q = uvec4(v, v >> 8, v >> 16, v >> 24) & 15u;
#if HEAD > 1
    uint h = high >> step * 4u;
    q |= uvec4(h << 4, h << 3, h << 2, h << 1) & 16u;
#endif
    return vec4(ivec4(q));
#endif
}
