#version 450
// x -> bytes for gemm_dot (shared.h, push_quantize): of each block of 32 values d = max |x| / 127 and q = round(x / d),
// as GGUF's Q8_0 has them, and the sums of q of both halves: W is d q + m, and m is multiplied by those.
// A thread takes a block of a column, its neighbours the same block of the next columns: what they write lies together,
// and a block that is read is a cache line or two.
#extension GL_GOOGLE_include_directive : require
#extension GL_EXT_control_flow_attributes : require
#include "shared.h"

layout(local_size_x_id = 0) in;
layout(push_constant) uniform Push { push_quantize p; };

layout(binding = 0) readonly buffer In { vec4 x[]; };
layout(binding = 1) writeonly buffer Quants { uvec4 quants[]; };
layout(binding = 2) writeonly buffer Scales { uvec2 scales[]; };

// No more than this is as good as zero: 127 / max could be infinite, and devices may take d for zero.
const float LEAST = 1e-30;

void main()
{
    uint column = gl_GlobalInvocationID.x, b = gl_WorkGroupID.y;
    if (column >= p.columns)
        return;
    uint at = (p.in_column + column) * (p.in_stride / 4u) + b * 8u;
    vec4 v[8], most = vec4(0.0);
    [[unroll]] for (uint i = 0; i < 8u; i++) {
        v[i] = x[at + i];
        most = max(most, abs(v[i]));
    }
    most.xy = max(most.xy, most.zw);
    float greatest = max(most.x, most.y);
    if (!(greatest > LEAST))
        greatest = 0.0;
    float inverse = greatest > 0.0 ? 127.0 / greatest : 0.0;
    ivec2 sums = ivec2(0);
    [[unroll]] for (uint h = 0; h < 2u; h++) {
        ivec4 words;
        [[unroll]] for (uint c = 0; c < 4u; c++) {
            ivec4 q = ivec4(roundEven(v[h * 4u + c] * inverse));
            sums[h] += q.x + q.y + q.z + q.w;
            q &= 255;
            words[c] = q.x | q.y << 8 | q.z << 16 | q.w << 24;
        }
        quants[(b * 2u + h) * p.columns + column] = uvec4(words);
    }
    // Halves hold whole numbers up to 2048, and 16 * 127 is 2032.
    scales[b * p.columns + column] = uvec2(floatBitsToUint(greatest / 127.0), packHalf2x16(vec2(sums)));
}
