// Vectors of four floats that a kernel of both shapes reads. cpu: through a texel buffer, since lavapipe loads from storage
// buffers lane by lane. gpu: from a storage buffer, since some have texel buffers of 65,536 elements at most.

#ifdef CPU
#define VECTORS(at, name, vectors) layout(binding = at) uniform samplerBuffer vectors
#define FETCH(vectors, i) texelFetch(vectors, int(i))
#else
#define VECTORS(at, name, vectors) layout(binding = at) readonly buffer name { vec4 vectors[]; }
#define FETCH(vectors, i) vectors[i]
#endif
