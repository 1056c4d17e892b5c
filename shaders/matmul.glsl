// matmul, on matrix units or not: its buffers, and how an element of c comes to be.

layout(push_constant) uniform Push
{
    uvec4 offset;
    uvec4 first, groups;
    uint m, n, k, batch;
    uint lda, ldb, ldc;
    uint stride_a, stride_b, stride_c;
    uint transpose_a, transpose_b;
    float alpha, beta;
}
push;

#include "common.glsl"

layout(constant_id = 0) const uint way = 0u; // zc_kernel_plan_make

layout(set = 0, binding = 1, std430) readonly buffer A1 { float a1[]; };
layout(set = 0, binding = 1, std430) readonly buffer A4 { vec4 a4[]; };
layout(set = 0, binding = 2, std430) readonly buffer B1 { float b1[]; };
layout(set = 0, binding = 2, std430) readonly buffer B4 { vec4 b4[]; };
layout(set = 0, binding = 3, std430) buffer C1 { float c1[]; };
layout(set = 0, binding = 3, std430) buffer C4 { vec4 c4[]; };

uint ceil_div(uint a, uint b)
{
    return a / b + (a % b != 0u ? 1u : 0u);
}

// Whether vectors of four can be used on a matrix.
bool vectors(uint offset, uint ld, uint stride)
{
    return ((offset | ld | (push.batch > 1u ? stride : 0u)) & 3u) == 0u;
}

// Four elements of c from column j on, of which `count` exist; `base` is where c[g] starts.
void put(uint base, uint i, uint j, uint count, bool by_vectors, vec4 v)
{
    uint index = base + i * push.ldc + j;
    v *= push.alpha;
    if (by_vectors && count >= 4u) {
        if (push.beta != 0.0) {
            v += push.beta * c4[index / 4u];
        }
        c4[index / 4u] = v;
        return;
    }
    for (uint e = 0u; e < min(count, 4u); e++) {
        float value = v[e];
        if (push.beta != 0.0) {
            value += push.beta * c1[index + e];
        }
        c1[index + e] = value;
    }
}
