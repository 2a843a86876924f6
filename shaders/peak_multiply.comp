#version 450
// peak_multiply: what bare multiply-adds reach. CHAINS numbers a thread, each v = v * factor + term, `turns` times; no
// chain waits for another, and there are enough of them to cover the latency of one. v begins as invocation % 64 + chain / 4.
// y[invocation] = their sum.
#extension GL_EXT_control_flow_attributes : require
#extension GL_GOOGLE_include_directive : require
#include "shared.h"

layout(local_size_x_id = 0) in;
layout(constant_id = 2) const uint CHAINS = 16;
layout(push_constant) uniform Push { push_peak p; };

layout(binding = 0) writeonly buffer Out { float y[]; };

void main()
{
    float v[CHAINS];
    [[unroll]] for (uint c = 0; c < CHAINS; c++)
        v[c] = float(gl_GlobalInvocationID.x % 64u) + 0.25 * float(c);
    float factor = p.factor, term = p.term; // read once, not for each of them
    // Eight steps a turn: llvmpipe carries each chain through the mask of active lanes at every turn.
    for (uint i = 0; i < p.turns; i += 8)
        [[unroll]] for (uint k = 0; k < 8; k++)
            [[unroll]] for (uint c = 0; c < CHAINS; c++)
                v[c] = v[c] * factor + term;
    float sum = 0.0;
    [[unroll]] for (uint c = 0; c < CHAINS; c++)
        sum += v[c];
    y[gl_GlobalInvocationID.x] = sum;
}
