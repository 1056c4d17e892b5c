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

#include "matmul.glsl"

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
