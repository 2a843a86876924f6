// out[i] = in[i] * factor + add, one invocation an element. For test_vk.c.
#version 450
layout(local_size_x_id = 0) in;
layout(constant_id = 1) const uint factor = 1;
layout(push_constant) uniform Push {
    uint n, add;
};
layout(binding = 0, std430) readonly buffer In {
    uint from[];
};
layout(binding = 1, std430) writeonly buffer Out {
    uint to[];
};

void main()
{
    uint i = gl_GlobalInvocationID.x;
    if (i < n)
        to[i] = from[i] * factor + add;
}
