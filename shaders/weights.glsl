// Decoding of the weight layout of shared.h, for the one TYPE that a variant is compiled for.
// HEAD: words a row has in a block before the parts. PARTS: units of 16 bytes it has behind them. SPANS: runs of columns
// with a scale of their own; 0: plain numbers. A step is 4 columns; a part holds STEPS of the block's 8.
// BITS: of an unsigned quant; ZERO: the one that means 0.

#if TYPE == TYPE_F32
#define HEAD  0
#define PARTS 8
#define SPANS 0
#elif TYPE == TYPE_F16 || TYPE == TYPE_BF16
#define HEAD  0
#define PARTS 4
#define SPANS 0
#elif TYPE == TYPE_Q8_0
#define HEAD  1
#define PARTS 2
#define SPANS 1
#elif TYPE == TYPE_Q4_0 || TYPE == TYPE_Q4_1 || TYPE == TYPE_IQ4_NL
#define HEAD  1
#define PARTS 1
#define SPANS 1
#define BITS  4
#elif TYPE == TYPE_Q5_0 || TYPE == TYPE_Q5_1
#define HEAD  2
#define PARTS 1
#define SPANS 1
#define BITS  5
#elif TYPE == TYPE_Q6_K
#define HEAD  3
#define PARTS 1
#define SPANS 2
#define BITS  6
#elif TYPE == TYPE_Q3_K
#define HEAD  4
#define PARTS 0
#define SPANS 2
#define BITS  3
#elif TYPE == TYPE_Q2_K
#define HEAD  4
#define PARTS 0
#define SPANS 2
#define BITS  2
#endif
#define STEPS (PARTS > 0 ? 8 / PARTS : 8)
#define UNIT  (HEAD + 4 * PARTS)
#define WORDS (HEAD > 0 ? HEAD : 1) // an array has one at least

#if TYPE == TYPE_Q3_K
#define ZERO 4.0
#elif TYPE == TYPE_Q4_0
#define ZERO 8.0
#elif TYPE == TYPE_Q5_0
#define ZERO 16.0
#elif TYPE == TYPE_Q6_K
#define ZERO 32.0
#else
#define ZERO 0.0
#endif

// (d, m) of a span of a row: value = d * q + m.
vec2 block_scale(uint head[WORDS], uint span)
{
#if TYPE == TYPE_Q2_K
    vec2 dm = unpackHalf2x16(head[0]);
    uint s = head[1] >> span * 8u;
    return vec2(dm.x * float(int(s & 255u)), -dm.y * float(int((s >> 16) & 255u)));
#elif TYPE == TYPE_Q3_K || TYPE == TYPE_Q6_K || TYPE == TYPE_IQ4_NL
    float d = unpackHalf2x16(head[0]).x * float(int(head[0] << (8u - span * 8u)) >> 24);
    return vec2(d, -ZERO * d);
#elif SPANS > 0
    vec2 dm = unpackHalf2x16(head[0]);
    return vec2(dm.x, dm.y - ZERO * dm.x);
#else
    return vec2(1.0, 0.0);
#endif
}

#ifdef BITS
// Quants of columns 4 * step ... + 3 of the block, a byte each. w: the part that holds the step.
uint block_bytes(uint head[WORDS], uvec4 w, uint step)
{
    uint s = step & 3u;
#if PARTS > 0
    uint q = (s == 0u ? w.x : s == 1u ? w.y : s == 2u ? w.z : w.w) >> (step >> 2) * 4u & 0x0f0f0f0fu;
#else
    uint q = (step < 4u ? head[2] : head[3]) >> s * 2u & 0x03030303u;
#endif
#if BITS == 3
    q |= head[1] >> step << 2 & 0x04040404u;
#elif BITS == 5
    q |= head[1] >> step << 4 & 0x10101010u;
#elif BITS == 6
    q |= (step < 4u ? head[1] : head[2]) >> s * 2u << 4 & 0x30303030u;
#endif
    return q;
}
#endif

// Columns 4 * step ... + 3 of the block as plain numbers q.
vec4 block_quants(uint head[WORDS], uvec4 w, uint step)
{
    uint s = step % STEPS;
#if TYPE == TYPE_F32
    return uintBitsToFloat(w);
#elif TYPE == TYPE_F16
    uvec2 v = s == 0u ? w.xy : w.zw;
    return vec4(unpackHalf2x16(v.x), unpackHalf2x16(v.y));
#elif TYPE == TYPE_BF16
    uvec2 v = s == 0u ? w.xy : w.zw;
    return uintBitsToFloat(uvec4(v.x << 16, v.x & 0xffff0000u, v.y << 16, v.y & 0xffff0000u));
#elif TYPE == TYPE_Q8_0
    int v = int(s == 0u ? w.x : s == 1u ? w.y : s == 2u ? w.z : w.w);
    return vec4(ivec4(v << 24, v << 16, v << 8, v) >> 24);
#else
    uint v = block_bytes(head, w, step);
    vec4 q = vec4(ivec4(uvec4(v, v >> 8, v >> 16, v >> 24) & 255u));
#if TYPE == TYPE_IQ4_NL
    // The type's table of 16 values, -127 to 113, is this quartic rounded: it is off by 0.44 at most.
    q = roundEven((((1.5860e-3 * q + 3.1086e-2) * q - 1.3719) * q + 24.174) * q - 126.57);
#endif
    return q;
#endif
}

#if SPANS > 0
// The same as the signed bytes of a word.
int block_word(uint head[WORDS], uvec4 w, uint step)
{
#if TYPE == TYPE_Q8_0
    return int(w[step % STEPS]);
#elif TYPE == TYPE_IQ4_NL
    ivec4 q = ivec4(block_quants(head, w, step)) & 255;
    return q.x | q.y << 8 | q.z << 16 | q.w << 24;
#else
    return int(block_bytes(head, w, step));
#endif
}
#endif
