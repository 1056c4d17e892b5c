/* zc_shader_numbers: numbers on which the host and the shaders agree. C and GLSL both include this very file, so it has
 * nothing but such definitions; those of zcwasm_kernels.h reach the shaders as kernels.glsl (buildtools/shaders.py).
 *
 * A ..._WAY is (a part of) the value of specialization constant 0, which zc_kernel_tiles.c decides from the parameters:
 * zc_kernel_plan_make. Ways of one kernel count from 0.
 */
#ifndef ZC_SHADER_NUMBERS_H
#define ZC_SHADER_NUMBERS_H

#define ZC_WORKGROUP 256 /* invocations of a workgroup, as in zc_kernel.def: buildtools/shaders.py compares */

#define ZC_ELEMENTWISE_ITEMS 4096u /* elements of a workgroup */

/* matmul: c is a vector, made of lines of the matrix that run across k or along it; or tiles. */
#define ZC_MATMUL_ACROSS_WAY 0u
#define ZC_MATMUL_ALONG_WAY 1u
#define ZC_MATMUL_SMALL_WAY 2u
#define ZC_MATMUL_BIG_WAY 3u
#define ZC_MATMUL_MATRIX_WAYS \
    2u /* what is added to the way of tiles for that on matrices of float32 (matmul_matrix.comp) */
#define ZC_MATMUL_MATRIX_LEAST 16u /* rows, columns and length of a product, at least, for those */
#define ZC_MATMUL_LINES 16u /* of a workgroup, across k */
#define ZC_MATMUL_SMALL_TILE 64
#define ZC_MATMUL_BIG_TILE 128

/* sum, max, softmax: who has a row. */
#define ZC_ROWS_INVOCATION_WAY 0u
#define ZC_ROWS_SUBGROUP_WAY 1u
#define ZC_ROWS_WORKGROUP_WAY 2u
/* Or shares of it do, in two stages: the first makes a number or two of each share, the second joins them. */
#define ZC_ROWS_SHARES_WAY 3u
#define ZC_ROWS_JOIN_WAY 4u
#define ZC_ROWS_SHARE 1024u /* elements, or more where there are many */
#define ZC_ROWS_MAX_SHARES 256u /* of a row; an invocation looks at each */

/* argmax, and top_k with k = 1: a row is one workgroup's; or shares of it are, in the first stage, which the second one
 * compares. */
#define ZC_SELECT_WHOLE_WAY 0u
#define ZC_SELECT_SHARES_WAY 1u
#define ZC_SELECT_JOIN_WAY 2u
#define ZC_SELECT_SHARE 2048u /* elements, or more where there are many */
#define ZC_SELECT_MAX_SHARES 256u /* of a row; an invocation looks at each */

/* top_k otherwise: a row is one workgroup's; or the first stage finds the two largest elements of each of many groups, and
 * the second one looks only into those groups that may have more than one of the k largest. Group g has every
 * ZC_TOP_GROUPS-th block of four elements from g on. */
#define ZC_TOP_WHOLE_WAY 3u
#define ZC_TOP_GROUPS_WAY 4u
#define ZC_TOP_JOIN_WAY 5u
#define ZC_TOP_GROUPS 2048u
#define ZC_TOP_SHARE 32u /* groups of a workgroup */
#define ZC_TOP_WORDS (3u * ZC_TOP_GROUPS) /* of workspace, a row */

/* linear: type + ZC_WEIGHT_TYPE_COUNT * (input + ZC_LINEAR_INPUTS * way). The input is x, its norm, or gated; in ways
 * without tiles a team of invocations has some rows of w that follow each other, and some rows of x. */
#define ZC_LINEAR_PLAIN_INPUT 0u
#define ZC_LINEAR_NORM_INPUT 1u
#define ZC_LINEAR_GATED_INPUT 2u
#define ZC_LINEAR_INPUTS 3u
/* linear_chosen: the same, but no norm: in its place is the other gate, with its factor and its limit. */
#define ZC_LINEAR_CLAMPED_INPUT 1u
#define ZC_CLAMPED_FACTOR 1.702f
#define ZC_CLAMPED_LIMIT 7.0f
#define ZC_LINEAR_TILE_WAY 0u
#define ZC_LINEAR_SMALL_WAY 1u /* few rows of w have many invocations each */
#define ZC_LINEAR_1_ROW_WAY 2u
#define ZC_LINEAR_2_ROWS_WAY 3u
#define ZC_LINEAR_4_ROWS_WAY 4u
#define ZC_LINEAR_WIDE_WAY 5u /* so many that workgroups should have many of them */
#define ZC_LINEAR_2_XS_WAY 6u
#define ZC_LINEAR_4_XS_WAY 7u
#define ZC_LINEAR_MATRIX_INPUT_WAY 8u /* the first stage of those that follow, on matrix units */
#define ZC_LINEAR_MATRIX_SMALL_WAY 9u /* 64 x 64; in MSL, where it is the only one, 64 x 128 */
#define ZC_LINEAR_MATRIX_TALL_WAY 10u /* 128 x 64 */
#define ZC_LINEAR_MATRIX_LARGE_WAY 11u /* 128 x 128 */
#define ZC_LINEAR_NARROW_WAY 12u /* 4 rows of w for a smaller team */
/* What is added to a way with a team for that with packed products, which Vulkan has in a shader of its own, or, in MSL,
 * for that without shared memory, whose teams are subgroups (shaders/linear_lanes.glsl). */
#define ZC_LINEAR_DOT_WAYS 12u
#define ZC_LINEAR_MATRIX_JOIN_WAY 25u /* the last stage on matrix units where workgroups share the columns of k */
/* Packed products of more than four rows of x and large matrices, for which ZC_LINEAR_DOT_WAYS is added, too: about so many
 * workgroups go through the rows of w, few at a time. One for each multiprocessor of a large GPU: none has room for two. */
#define ZC_LINEAR_BLOCKS_WAY 15u
#define ZC_LINEAR_BLOCKS_GROUPS 132u
#define ZC_LINEAR_MATRIX_LOW_WAY 28u /* 32 x 64 */
#define ZC_LINEAR_MATRIX_LOW_WIDE_WAY 29u /* 32 x 128 */
#define ZC_LINEAR_MATRIX_WIDE_WAY 30u /* 64 x 128 */
#define ZC_LINEAR_WAYS 31u
#define ZC_LINEAR_TEAM(way)                                             \
    ((way) == ZC_LINEAR_SMALL_WAY                                 ? 64u \
     : (way) == ZC_LINEAR_WIDE_WAY || (way) == ZC_LINEAR_4_XS_WAY ? 8u  \
     : (way) == ZC_LINEAR_NARROW_WAY                              ? 16u \
                                                                  : 32u)
#define ZC_LINEAR_ROWS(way)                                                                             \
    ((way) <= ZC_LINEAR_1_ROW_WAY ? 1u                                                                  \
     : (way) == ZC_LINEAR_4_ROWS_WAY || (way) == ZC_LINEAR_WIDE_WAY || (way) == ZC_LINEAR_NARROW_WAY || \
             (way) == ZC_LINEAR_BLOCKS_WAY                                                              \
         ? 4u                                                                                           \
         : 2u)
#define ZC_LINEAR_XS(way) \
    ((way) == ZC_LINEAR_2_XS_WAY ? 2u : (way) == ZC_LINEAR_4_XS_WAY || (way) == ZC_LINEAR_BLOCKS_WAY ? 4u : 1u)
/* linear_gated: type + ZC_WEIGHT_TYPE_COUNT * (input + ZC_LINEAR_GATED_INPUTS * (part + ZC_LINEAR_GATED_PARTS * way)).
 * Both products at once, or a stage for each. */
#define ZC_LINEAR_GATED_INPUTS 2u /* plain, or its norm */
#define ZC_LINEAR_BOTH_PARTS 0u
#define ZC_LINEAR_GATE_PART 1u
#define ZC_LINEAR_UP_PART 2u
#define ZC_LINEAR_GATED_PARTS 3u
#define ZC_LINEAR_MATRIX_ROWS 16u /* of x, at least, for matrices of SIMD groups on Apple's GPUs */
#define ZC_LINEAR_MATRIX_SPLITS 16u /* of k, at most */
#define ZC_LINEAR_MATRIX_WORKSPACE (1u << 30) /* bytes, at most */
#define ZC_LINEAR_TILE 64u /* a side */

/* attention, attention_paged: kv_type + ZC_CACHE_TYPES * (shape + ZC_ATTENTION_SHAPES * extras), where the extras are the
 * sum of ZC_ATTENTION_CAPPED, if scores are, and ZC_ATTENTION_SINKS, if there are any.
 * Tiles: how many parts a head has, less 1. Joining what was split. Splits: log2(the width of subgroups / 4) + 5 *
 * (log2(octets of a head) - 2 + 4 * log2(heads that share what is read)). */
#define ZC_CACHE_TYPES 3u
#define ZC_ATTENTION_TILE_SHAPE 0u
#define ZC_ATTENTION_JOIN_SHAPE 4u
#define ZC_ATTENTION_SPLIT_SHAPE 5u
#define ZC_ATTENTION_MATRIX_SHAPE \
    65u /* attention_matrix.comp: 16 elements of a head, less 1, + 16 * how often queries of a
                                     * workgroup are halved */
#define ZC_ATTENTION_SHAPES 113u
#define ZC_ATTENTION_CAPPED 1u
#define ZC_ATTENTION_SINKS 2u
#define ZC_ATTENTION_EXTRAS 4u
#define ZC_ATTENTION_TILE_ROWS 16u /* share the keys that they read */
#define ZC_ATTENTION_TILE_PART 64u /* elements of a head */
#define ZC_ATTENTION_SPLIT_HEADS 4u /* share what a workgroup reads, at most */
#define ZC_ATTENTION_SPLIT_KEYS 64u /* of a split, at least, if there are so many */
#define ZC_ATTENTION_SPLIT_GROUPS 264u /* workgroups: two for each multiprocessor of a large GPU */
#define ZC_ATTENTION_MAX_SPLITS 64u
#define ZC_ATTENTION_LONG_SPLIT 1024u /* keys of a split of many rows, about at most */
#define ZC_ATTENTION_SPLIT_WORKSPACE (1u << 26) /* bytes, about at most where splits are for that */

#endif
