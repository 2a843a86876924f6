// out[i] = whole[i] + uint(real[i]) of both texel kinds, one invocation a texel of four. For test_vk.c.
#version 450
#extension GL_KHR_shader_subgroup_basic : require
layout(local_size_x_id = 0) in;
layout(binding = 0) uniform usamplerBuffer whole;
layout(binding = 1) uniform samplerBuffer real;
layout(binding = 2, std430) writeonly buffer Out {
    uvec4 to[];
};

void main()
{
    uint i = gl_GlobalInvocationID.x;
    uvec4 a = texelFetch(whole, int(i));
    vec4 b = texelFetch(real, int(i));
    // The last element also says how many lanes a subgroup has.
    to[i] = a + uvec4(b);
    if (i == gl_NumWorkGroups.x * gl_WorkGroupSize.x - 1)
        to[i].w = gl_SubgroupSize;
}
