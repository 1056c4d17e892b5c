// What linear_matrix.comp and linear_gated_matrix.comp share: two stages of which the first (linear_matrix_input.glsl) leaves
// f(x) in the workspace, each element as the sum of two float16, which hold 22 bits of it. In the second
// (linear_matrix_tile.glsl) weights are whole numbers, or float16, as they are in memory, so that float16 holds them
// exactly; the scales of their blocks go to the float32 sums. So the error is float32's but for a few bits.
//
// TILE and LANES are macros: a module for each size of matrix that a device has (buildtools/shaders.py).
//
// In MSL (ZC_MSL) matrices of x are float32, since products of these with float16 ones cost Apple's GPUs no more: one
// product in place of two, and the workspace has a row's 32 columns of float32 where others have both halves of them. There
// is one size of tile, so that no array's size depends on the variant.

// The workspace: a factor for each row, in whole vectors; then the rows, 64 of them at a time, a slice of DEPTH columns
// after the other, of each row 32 high and 32 low halves: what a workgroup reads at a time lies side by side. Behind the k columns of a row come the sums of its blocks, for types of weights that
// have a minimum for each block.
layout(set = 0, binding = 6, std430) buffer Work1 { float work1[]; };
layout(set = 0, binding = 6, std430) buffer Work4 { uvec4 work4[]; };

#define DEPTH 32u
#define SLICE 8u // vectors of a row's slice
#define ROWS 64u
#define NEXT_SLICE (ROWS * SLICE)

uint slices_of_k()
{
    return ceil_div(push.k, DEPTH);
}

// Types without scales (a macro: glslang puts the negation of a constant of this kind before it); and those with minima, which have columns of their own: one for each block of 32; two for each of the
// eight in a block of 256; or one for each half of these.
#define UNSCALED (IS(F16) || IS(F8_E4M3))
const bool minima_of_32 = IS(Q4_1) || IS(Q5_1), minima_in_pairs = IS(Q4_K) || IS(Q5_K), minima_of_16 = IS(Q2_K);
const bool minima_of_any = minima_of_32 || minima_in_pairs || minima_of_16;

uint slices_of_minima()
{
    return minima_of_32 ? ceil_div(slices_of_k(), DEPTH) : minima_of_any ? ceil_div(push.k, 512u) : 0u;
}

uint slices()
{
    return slices_of_k() + slices_of_minima();
}

uint row_start(uint r)
{
    return ceil_div(push.rows, 4u) + r / ROWS * slices() * NEXT_SLICE + r % ROWS * SLICE;
}

// A workgroup's tile: BM x BN elements of y.
#ifdef ZC_MSL
const uint BM = 64u, BN = 128u, GRID_M = 2u, GRID_N = 4u;
#define MOST_SCALES 2u
#else
const uint BM = way == ZC_LINEAR_MATRIX_LOW_WAY || way == ZC_LINEAR_MATRIX_LOW_WIDE_WAY  ? 32u
                : way == ZC_LINEAR_MATRIX_SMALL_WAY || way == ZC_LINEAR_MATRIX_WIDE_WAY ? 64u
                                                                                        : 128u;
const uint BN = way == ZC_LINEAR_MATRIX_LARGE_WAY || way >= ZC_LINEAR_MATRIX_LOW_WIDE_WAY ? 128u : 64u;
// Subgroups of a workgroup, each way.
const uint GRID_M = (way == ZC_LINEAR_MATRIX_TALL_WAY ? 4u : 2u) * (LANES == 32 ? 1u : 2u);
const uint GRID_N = WORKGROUP / LANES / GRID_M;
#define MOST_SCALES SCALES
#endif
const uint FM = BM / GRID_M / TILE, FN = BN / GRID_N / TILE; // matrices of a subgroup

// Vectors of a row in shared memory, one more than it has, so that loading matrices meets no conflicts of banks.
#define LINE_X (SLICE + 1u)
#define LINE_W (DEPTH / 8u + 1u)
const uint SCALES = IS(Q6_K) || IS(Q2_K) || IS(Q3_K) ? 2u : 1u; // of a slice of a row of w

// x, and what each way has for a use of it; in the end FN matrices for each subgroup.
const uint POOL_X = BM * LINE_X, POOL_SUMS = WORKGROUP / LANES * FN * TILE * TILE / 4u;
shared uvec4 pool[POOL_X > POOL_SUMS ? POOL_X : POOL_SUMS];
shared uvec4 tile_w[BN * LINE_W];
shared float tile_scales[MOST_SCALES * BN];

#include "halves.glsl"
#include "linear_matrix_input.glsl"
#include "linear_matrix_weights.glsl"
#include "linear_matrix_tile.glsl"
