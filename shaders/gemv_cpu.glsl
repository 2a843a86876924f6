// The product of a quad of a matrix and one column, cpu shape. A subgroup takes a quad: lane = row, 4 rows a lane. The lanes
// hold the 32 values of x of a block once and hand them round by shuffles with constant index; weights stream through a
// texel buffer. Expects the constant L; uses across.glsl and weights.glsl.

// A nibble in the top bits of a mantissa gives 1 + q / 16 without a conversion.
#if TYPE == TYPE_Q4_0 || TYPE == TYPE_Q4_1
#define RAW_SCALE 16.0
float raw(uvec4 w, uint high, uint step, uint c)
{
    int left = 19 - int(8u * c + 4u * (step >> 2));
    uint v = w[step & 3u];
    v = left >= 0 ? v << left : v >> -left;
    return uintBitsToFloat((v & 0x780000u) | 0x3f800000u);
}
#elif TYPE == TYPE_Q5_0 || TYPE == TYPE_Q5_1
#define RAW_SCALE 0.0
float raw(uvec4 w, uint high, uint step, uint c)
{
    uint q = (w[step & 3u] >> (8u * c + 4u * (step >> 2))) & 15u;
    return float(int(q | ((high >> (4u * step + c)) & 1u) << 4));
}
#else
#define RAW_SCALE 0.0
float raw(uvec4 w, uint high, uint step, uint c)
{
    return block_quants(w, high, step)[c];
}
#endif

const uint LOG_XL = L == 4u ? 2u : 3u;
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
#if HEAD > 0
        float x_sum = 0.0;
        [[unroll]] for (uint i = 0; i < XV; i++)
            x_sum += xv[i].x + xv[i].y + xv[i].z + xv[i].w;
        [[unroll]] for (uint i = 0; i < LOG_XL; i++)
            x_sum += subgroupShuffleXor(x_sum, 1u << i);
        uvec4 scale = texelFetch(weights, int(at));
        float a[4];
        [[unroll]] for (uint r = 0; r < 4; r++)
            a[r] = 0.0;
#else
#define a sum
#endif
#if HEAD > 1
        uvec4 high = texelFetch(weights, int(at + L));
#else
        const uvec4 high = uvec4(0);
#endif
        [[unroll]] for (uint part = 0; part < PARTS; part++) {
            uvec4 w[4];
            [[unroll]] for (uint r = 0; r < 4; r++)
                w[r] = texelFetch(weights, int(at + (HEAD + part * 4 + r) * L));
            [[unroll]] for (uint step = 0; step < STEPS; step++) {
                uint i = part * STEPS + step;
                [[unroll]] for (uint c = 0; c < 4; c++) {
                    float xc = subgroupShuffle(xv[i / XL][c], i % XL);
                    [[unroll]] for (uint r = 0; r < 4; r++)
                        a[r] += xc * raw(w[r], high[r], step, c);
                }
            }
        }
#if HEAD > 0
        [[unroll]] for (uint r = 0; r < 4; r++) {
            vec2 dm = block_scale(scale[r]);
            if (RAW_SCALE > 0.0)
                sum[r] += dm.x * RAW_SCALE * (a[r] - x_sum) + dm.y * x_sum;
            else
                sum[r] += dm.x * a[r] + dm.y * x_sum;
        }
#endif
    }
}
