#version 450
// peak_memory: what bare loads and stores reach, to measure other kernels against. x is read as units of 16 bytes, from a
// storage buffer or (TEXEL) a texel buffer. COPY: y[i] = x[i]. Else y[invocation] = the sum of the units that it read.
// A workgroup takes a run of turns * threads units; thread i takes every unit i of `threads`.
#extension GL_EXT_control_flow_attributes : require
#extension GL_GOOGLE_include_directive : require
#include "shared.h"

layout(local_size_x_id = 0) in;
layout(push_constant) uniform Push { push_peak p; };

#ifdef TEXEL
layout(binding = 0) uniform usamplerBuffer x;
#define X(i) texelFetch(x, int(i))
#else
layout(binding = 0) readonly buffer In { uvec4 x[]; };
#define X(i) x[i]
#endif
layout(binding = 1) writeonly buffer Out { uvec4 y[]; };

void main()
{
    uint threads = gl_WorkGroupSize.x;
    uint at = gl_WorkGroupID.x * threads * p.turns + gl_LocalInvocationID.x;
#ifdef COPY
    for (uint i = 0; i < p.turns; i += 4, at += 4 * threads)
        [[unroll]] for (uint k = 0; k < 4; k++)
            y[at + k * threads] = X(at + k * threads);
#else
    uvec4 sum[4] = uvec4[4](uvec4(0), uvec4(0), uvec4(0), uvec4(0));
    for (uint i = 0; i < p.turns; i += 4, at += 4 * threads)
        [[unroll]] for (uint k = 0; k < 4; k++)
            sum[k] += X(at + k * threads);
    y[gl_GlobalInvocationID.x] = sum[0] + sum[1] + sum[2] + sum[3];
#endif
}
