#version 450
// norm: y[row] = x[row] / rms(x[row]) * gain (RMSNorm, Zhang and Sennrich 2019), or
// (x[row] - mean) / sqrt(variance + eps) * gain + bias (LayerNorm, Ba et al. 2016; two passes). Rows of `size` floats.
// A workgroup is one subgroup and takes one row. Values beyond `size`, up to the stride, become 0.
#extension GL_GOOGLE_include_directive : require
#extension GL_KHR_shader_subgroup_basic : require
#extension GL_KHR_shader_subgroup_shuffle : require
#extension GL_EXT_control_flow_attributes : require
#include "fetch.glsl"
#include "shared.h"

layout(local_size_x_id = 0) in;
layout(constant_id = 1) const uint L = 8;
layout(constant_id = 2) const bool CENTRED = false; // LayerNorm
layout(push_constant) uniform Push { push_norm p; };

#include "across.glsl"

VECTORS(0, X, x);
layout(binding = 1) writeonly buffer Out { vec4 y[]; };
VECTORS(2, Gain, gain);
VECTORS(3, Bias, bias);

// 1 for each of the four values at 4 * i that counts.
vec4 counted(uint i)
{
    return vec4(lessThan(uvec4(0, 1, 2, 3) + 4u * i, uvec4(p.size)));
}

void main()
{
    uint lane = gl_SubgroupInvocationID, n = (p.size + 3u) / 4u;
    uint from = (p.in_row + gl_WorkGroupID.x) * (p.stride / 4u), to = gl_WorkGroupID.x * (p.stride / 4u);
    float mean = 0.0;
    if (CENTRED) {
        float sum = 0.0;
        for (uint i = lane; i < n; i += L)
            sum += dot(FETCH(x, from + i), counted(i));
        mean = across(sum) / float(p.size);
    }
    float squares = 0.0;
    for (uint i = lane; i < n; i += L) {
        vec4 v = (FETCH(x, from + i) - mean) * counted(i);
        squares += dot(v, v);
    }
    float factor = 1.0 / sqrt(across(squares) / float(p.size) + p.eps);
    for (uint i = lane; i < p.stride / 4u; i += L) {
        vec4 v = vec4(0.0);
        if (i < n) {
            v = (FETCH(x, from + i) - mean) * factor * FETCH(gain, i);
            if (CENTRED)
                v += FETCH(bias, i);
            v *= counted(i);
        }
        y[to + i] = v;
    }
}
