#version 450
// shortlist: of n logits the greatest, and those that are less than `reach` below it, with their ids, in any order: all
// that a sampler looks at, and little to read back. Two passes, since the greatest is known only after the first.
// A workgroup takes SHORTLIST_SLICE logits.
#extension GL_GOOGLE_include_directive : require
#extension GL_KHR_shader_subgroup_basic : require
#extension GL_KHR_shader_subgroup_shuffle : require
#extension GL_EXT_control_flow_attributes : require
#include "shared.h"

layout(local_size_x_id = 0) in;
layout(constant_id = 1) const uint L = 32;       // subgroup size
layout(constant_id = 2) const bool LIST = false; // the second pass
layout(push_constant) uniform Push { push_shortlist p; };

layout(binding = 0) readonly buffer Logits { float logits[]; };
layout(binding = 1) readonly buffer Reach { float reach; };
layout(binding = 2) buffer List { uint greatest, nan, count, unused; uvec2 entries[]; }; // struct shortlist_head

#include "across.glsl"

// Whole numbers in the order of the floats; 0 is below all of them.
uint rank(float v)
{
    uint bits = floatBitsToUint(v);
    return (bits & 0x80000000u) != 0u ? ~bits : bits | 0x80000000u;
}

float unrank(uint r)
{
    return uintBitsToFloat((r & 0x80000000u) != 0u ? r & 0x7fffffffu : ~r);
}

void main()
{
    uint first = gl_WorkGroupID.x * SHORTLIST_SLICE, end = min(first + SHORTLIST_SLICE, p.count);
    float floor_ = LIST ? unrank(greatest) - reach : 0.0, most = -3.4e38, lost = 0.0;
    for (uint i = first + gl_LocalInvocationID.x; i < end; i += gl_WorkGroupSize.x) {
        float v = logits[i];
        if (!LIST) {
            most = max(most, v);
            lost = isnan(v) ? 1.0 : lost;
        } else if (v >= floor_) {
            uint at = atomicAdd(count, 1u);
            if (at < SHORTLIST_MOST)
                entries[at] = uvec2(i, floatBitsToUint(v));
        }
    }
    if (LIST)
        return;
    most = across_max(most);
    lost = across_max(lost);
    if (gl_SubgroupInvocationID == 0u) {
        atomicMax(greatest, rank(most));
        if (lost > 0.0)
            atomicMax(nan, 1u);
    }
}
