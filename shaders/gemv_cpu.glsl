// The product of a quad of a matrix and one column, cpu shape. A subgroup takes a quad: lane = row, 4 rows a lane. The lanes
// hold the 32 values of x of a block once and hand them round by shuffles with constant index; weights stream through a
// texel buffer. Expects the constant L; uses across.glsl and weights.glsl.

// Quants as plain numbers, or where RAW_SCALE > 0 as 1 + q / RAW_SCALE: bits at the top of a mantissa are a number without
// a conversion.
#if defined(BITS) && TYPE != TYPE_IQ4_NL
#define RAW_SCALE float(1u << BITS)
vec4 raw(uint head[WORDS], uvec4 w, uint step)
{
    uint q = block_bytes(head, w, step);
    const int top = 23 - BITS; // of byte 0; byte c has to go 8 c bits less far
    uvec4 bits = uvec4(q << top, top < 8 ? q >> 8 - top : q << top - 8, top < 16 ? q >> 16 - top : q << top - 16,
                       top < 24 ? q >> 24 - top : q << top - 24);
    return uintBitsToFloat((bits & (((1u << BITS) - 1u) << top)) | 0x3f800000u);
}
#else
#define RAW_SCALE 0.0
vec4 raw(uint head[WORDS], uvec4 w, uint step)
{
    return block_quants(head, w, step);
}
#endif

const uint XL = L < 8u ? L : 8u; // lanes that hold a block of x
const uint XV = 8u / XL;        // vec4 of it that each of them holds

// 1 / rms of x, `size` values behind x_at (in vec4), a whole number of blocks.
float rms_factor(samplerBuffer x, uint x_at, uint size, float eps)
{
    float squares = 0.0;
    for (uint i = gl_SubgroupInvocationID; i < size / 4u; i += L) {
        vec4 v = texelFetch(x, int(x_at + i));
        squares += dot(v, v);
    }
    return 1.0 / sqrt(across(squares) / float(size) + eps);
}

#if SPANS > 0
// The sum of the x of each span, in all lanes.
void span_sums(vec4 xv[XV], out float x_sum[SPANS])
{
    float part[XV];
    [[unroll]] for (uint i = 0; i < XV; i++) {
        part[i] = xv[i].x + xv[i].y + xv[i].z + xv[i].w;
        [[unroll]] for (uint k = 0; k < 2; k++) // 4 lanes hold 16 columns
            part[i] += subgroupShuffleXor(part[i], 1u << k);
    }
    float halves[2] = {part[0], XV > 1u ? part[XV - 1u] : subgroupShuffleXor(part[0], 4u)};
    [[unroll]] for (uint s = 0; s < SPANS; s++)
        x_sum[s] = SPANS == 1 ? halves[0] + halves[1] : XV > 1u ? halves[s] : subgroupShuffle(part[0], 4u * s);
}
#endif

// sum[r]: row r * L + lane of the quad, times x, or where `normed`, x * gain.
void product(usamplerBuffer weights, samplerBuffer x, samplerBuffer gain, bool normed, uint quad, uint inner, uint x_at,
             out float sum[4])
{
    uint lane = gl_SubgroupInvocationID, at = quad * inner * UNIT * L + lane;
    [[unroll]] for (uint r = 0; r < 4; r++)
        sum[r] = 0.0;
    for (uint b = 0; b < inner; b++, at += UNIT * L) {
        vec4 xv[XV];
        [[unroll]] for (uint i = 0; i < XV; i++) {
            xv[i] = texelFetch(x, int(x_at + b * 8u + i * XL + lane % XL));
            if (normed)
                xv[i] *= texelFetch(gain, int(b * 8u + i * XL + lane % XL));
        }
#if SPANS > 0
        float x_sum[SPANS], a[4];
        span_sums(xv, x_sum);
#else
#define a sum
#endif
        uint head[4][WORDS];
        [[unroll]] for (uint k = 0; k < HEAD; k++) {
            uvec4 words = texelFetch(weights, int(at + k * L));
            [[unroll]] for (uint r = 0; r < 4; r++)
                head[r][k] = words[r];
        }
        uvec4 w[4];
        [[unroll]] for (uint step = 0; step < 8; step++) {
            if (PARTS > 0 && step % STEPS == 0)
                [[unroll]] for (uint r = 0; r < 4; r++)
                    w[r] = texelFetch(weights, int(at + (HEAD + step / STEPS * 4 + r) * L));
            vec4 f[4];
            [[unroll]] for (uint r = 0; r < 4; r++)
                f[r] = raw(head[r], w[r], step);
#if SPANS > 0
            if (step % (8 / SPANS) == 0)
                [[unroll]] for (uint r = 0; r < 4; r++)
                    a[r] = 0.0;
#endif
            [[unroll]] for (uint c = 0; c < 4; c++) {
                float xc = subgroupShuffle(xv[step / XL][c], step % XL);
                [[unroll]] for (uint r = 0; r < 4; r++)
                    a[r] += xc * f[r][c];
            }
#if SPANS > 0
            uint span = step / (8 / SPANS);
            if (step % (8 / SPANS) == 8 / SPANS - 1)
                [[unroll]] for (uint r = 0; r < 4; r++) {
                    vec2 dm = block_scale(head[r], span);
                    if (RAW_SCALE > 0.0)
                        sum[r] += dm.x * RAW_SCALE * (a[r] - x_sum[span]) + dm.y * x_sum[span];
                    else
                        sum[r] += dm.x * a[r] + dm.y * x_sum[span];
                }
#endif
        }
    }
}
#undef a
