#version 450
#extension GL_GOOGLE_include_directive : require
#extension GL_EXT_control_flow_attributes : require
#extension GL_KHR_shader_subgroup_basic : require
#extension GL_KHR_shader_subgroup_arithmetic : require
// matmul: c[g] = alpha * op(a[g]) * op(b[g]) + beta * c[g]; zc_matmul_params says how everything lies.
//
// A workgroup makes a tile of c, 128 x 128 or 64 x 64, from slices of op(a) and op(b) that it keeps in 16 KiB
// of shared memory (matmul_tile.glsl); a product with a vector goes by another way (matmul_vector.glsl). Which
// way depends on the parameters only and is decided in csrc/kernel/zc_kernel_tiles.c. Beyond its limits a workgroup
// takes several tiles.

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

// Four rows of four elements of c, as far as they exist.
void put_block(uint base, uint i, uint j, bool by_vectors, mat4 rows)
{
    for (uint y = 0u; y < 4u; y++) {
        if (i + y < push.m && j < push.n) {
            put(base, i + y, j, push.n - j, by_vectors, rows[y]);
        }
    }
}

shared vec4 slice_a[512], slice_b[512];

#define TILE ZC_MATMUL_SMALL_TILE
#define PRODUCT small_tiles
#include "matmul_tile.glsl"
#undef TILE
#undef PRODUCT

#define TILE ZC_MATMUL_BIG_TILE
#define PRODUCT big_tiles
#include "matmul_tile.glsl"
#undef TILE
#undef PRODUCT

#define MATRIX1 b1
#define MATRIX4 b4
#define VECTOR1 a1
#define VECTOR_PRODUCT vector_matrix
#include "matmul_vector.glsl"
#undef MATRIX1
#undef MATRIX4
#undef VECTOR1
#undef VECTOR_PRODUCT

#define MATRIX1 a1
#define MATRIX4 a4
#define VECTOR1 b1
#define VECTOR_PRODUCT matrix_vector
#include "matmul_vector.glsl"

void main()
{
    if (way == ZC_MATMUL_BIG_WAY) {
        big_tiles();
        return;
    }
    if (way == ZC_MATMUL_SMALL_WAY) {
        small_tiles();
        return;
    }
    for (uint g = WORKGROUP_ID.z; g < push.batch; g += WORKGROUPS.z) {
        uint a = push.offset.x + g * push.stride_a, b = push.offset.y + g * push.stride_b;
        uint c = push.offset.z + g * push.stride_c;
        if (push.m == 1u) {
            vector_matrix(push.n, b, push.ldb, a, push.transpose_a != 0u ? push.lda : 1u, c, 1u);
        } else {
            matrix_vector(push.m, a, push.lda, b, push.transpose_b != 0u ? 1u : push.ldb, c, push.ldc);
        }
    }
}
