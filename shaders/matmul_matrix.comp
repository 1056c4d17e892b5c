#version 450
#extension GL_GOOGLE_include_directive : require
#extension GL_EXT_control_flow_attributes : require
#extension GL_KHR_cooperative_matrix : require
#extension GL_KHR_memory_scope_semantics : require
#extension GL_KHR_shader_subgroup_basic : require
// matmul in tiles, on matrices of float32, with sums in float32: in MSL only, for Vulkan's matrix units have none of those.
// The tiles are those of matmul.comp, whose elements a subgroup has as matrices. Which products go this way is decided in
// csrc/kernel/zc_kernel_tiles.c.

#include "matmul.glsl"

#undef TILE // here that of c; matrices are of 8 x 8
#define MATRIX(USE) coopmat<float, gl_ScopeSubgroup, 8, 8, gl_MatrixUse##USE>
#define ZC_MATMUL_MATRICES

shared vec4 slice_a[544], slice_b[544]; // lines of a slice have a vector more, against conflicts of banks

#define TILE ZC_MATMUL_SMALL_TILE
#define PRODUCT small_tiles
#include "matmul_tile.glsl"
#undef TILE
#undef PRODUCT

#define TILE ZC_MATMUL_BIG_TILE
#define PRODUCT big_tiles
#include "matmul_tile.glsl"

void main()
{
    if (way == ZC_MATMUL_BIG_WAY + ZC_MATMUL_MATRIX_WAYS) {
        big_tiles();
    } else {
        small_tiles();
    }
}
