/* zc_kernel_tiles_linear: which ways linear and linear_gated go, in which stages (zc_kernel_tiles.h), and what that takes. */
#include <stdbool.h>

#include "kernel/zc_kernel_internal.h"

/* Weights in blocks of 32 or more; the others are numbers one by one. */
static bool blocks_of(uint32_t type)
{
    return zc_weight_type_get(type)->block >= 32;
}

#define FEW_ROWS 4 /* of x, that share one reading of w */

/* Few rows go together, many in tiles. The numbers of rows of w are what was best on an H200, where each of 132
 * multiprocessors should get some workgroups. */
uint32_t zc_kernel_linear_way(const zc_linear_params *p)
{
    if (p->rows > 1) {
        return p->rows > FEW_ROWS ? ZC_LINEAR_TILE_WAY : p->rows > 2 ? ZC_LINEAR_4_XS_WAY : ZC_LINEAR_2_XS_WAY;
    }
    bool blocks = blocks_of(p->type);
    return p->n < 1536               ? ZC_LINEAR_SMALL_WAY
           : p->n < 3072             ? ZC_LINEAR_1_ROW_WAY
           : p->n < 8192             ? ZC_LINEAR_2_ROWS_WAY
           : p->n < 12288 || !blocks ? ZC_LINEAR_4_ROWS_WAY
           : p->n < 32768            ? ZC_LINEAR_NARROW_WAY
                                     : ZC_LINEAR_WIDE_WAY;
}

void zc_kernel_linear_groups(uint32_t way, uint32_t rows, uint64_t n, uint32_t out[3])
{
    bool tiles = way == ZC_LINEAR_TILE_WAY;
    uint32_t lines = tiles ? ZC_LINEAR_TILE : ZC_WORKGROUP / ZC_LINEAR_TEAM(way) * ZC_LINEAR_ROWS(way);
    zc_groups(out, zc_at_most(zc_ceil_div(n, lines), ZC_MAX_GROUPS),
              zc_at_most(zc_ceil_div(rows, tiles ? ZC_LINEAR_TILE : ZC_LINEAR_XS(way)), ZC_MAX_GROUPS), 1);
    if (way == ZC_LINEAR_BLOCKS_WAY) {
        out[0] = zc_at_most(out[0], zc_ceil_div(ZC_LINEAR_BLOCKS_GROUPS, out[1] ? out[1] : 1));
    }
}

uint32_t zc_kernel_linear_tile(const zc_linear_params *p)
{
    return zc_kernel_linear_way(p) == ZC_LINEAR_TILE_WAY ? ZC_LINEAR_TILE : 0;
}

/* ---- on matrix units ---- */

/* How many slices of 32 columns shaders/linear_matrix.comp makes of a row of x. */
static uint64_t matrix_slices(const zc_linear_params *p)
{
    uint64_t slices = zc_ceil_div(p->k, 32);
    bool of_32 = p->type == ZC_WEIGHT_Q4_1 || p->type == ZC_WEIGHT_Q5_1;
    bool of_256 = p->type == ZC_WEIGHT_Q4_K || p->type == ZC_WEIGHT_Q5_K || p->type == ZC_WEIGHT_Q2_K;
    uint64_t minima = of_32 ? zc_ceil_div(slices, 32) : of_256 ? zc_ceil_div(p->k, 512) : 0;
    return slices + minima;
}

/* Bytes of its workspace but for what splits leave. */
static uint64_t matrix_workspace(const zc_linear_params *p)
{
    return zc_times(zc_plus(zc_ceil_div(p->rows, 4), zc_times(zc_times(zc_whole(p->rows, 64), matrix_slices(p)), 8)),
                    16);
}

/* Those of shaders/linear_matrix_weights.glsl: float16 holds their numbers exactly. */
static bool matrix_type(uint32_t type)
{
    return type != ZC_WEIGHT_F32 && type != ZC_WEIGHT_BF16;
}

/* Weights in blocks, which products of bytes take. */
static bool by_dots(const zc_linear_params *p, const zc_gpu *gpu)
{
    return gpu->packed_dot && !(p->flags & ZC_LINEAR_EXACT) && blocks_of(p->type);
}

/* Of which a launch takes longer than the product, and rows are short, since a team of few has each. */
static bool small_matrix(const zc_linear_params *p)
{
    return (uint64_t)p->n * p->k <= 1u << 21 && p->k < 2048;
}

/* For 32 weights. */
static bool several_scales(const zc_linear_params *p)
{
    return p->type == ZC_WEIGHT_Q4_K || p->type == ZC_WEIGHT_Q6_K || p->type == ZC_WEIGHT_Q2_K ||
           p->type == ZC_WEIGHT_Q3_K || p->type == ZC_WEIGHT_Q5_K;
}

/* Up to how many rows packed products are faster than tiles. Measured on an H200 with models of 135 million to 8 billion
 * weights that decode many sequences: of small matrices most of the time is a launch's, and those take one; weights with
 * one scale for 32 take fewer instructions than those with several. */
static uint32_t most_by_dots(const zc_linear_params *p, const zc_gpu *gpu)
{
    return small_matrix(p) ? 128 : !gpu->matrix_units ? 32 : several_scales(p) ? 8 : 16;
}

/* How few rows go, where that depends on the GPU. Packed products read weights once for four rows of x, all workgroups at
 * about the same time, so that most of it comes from a cache. */
static uint32_t few_rows(const zc_linear_params *p, const zc_gpu *gpu)
{
    uint32_t way = zc_kernel_linear_way(p);
    return way == ZC_LINEAR_TILE_WAY && by_dots(p, gpu) && p->rows <= most_by_dots(p, gpu) ? ZC_LINEAR_4_XS_WAY : way;
}

/* Which of its ways; ZC_LINEAR_TILE_WAY for none. */
static uint32_t matrix_way(const zc_linear_params *p, const zc_gpu *gpu)
{
    if (!gpu->matrix_units || p->flags & ZC_LINEAR_EXACT || few_rows(p, gpu) != ZC_LINEAR_TILE_WAY ||
        !matrix_type(p->type) || (zc_apples_matrices(gpu) && p->rows < ZC_LINEAR_MATRIX_ROWS) || p->n == 0 ||
        p->k == 0 || matrix_workspace(p) > ZC_LINEAR_MATRIX_WORKSPACE) {
        return ZC_LINEAR_TILE_WAY;
    }
    if (zc_apples_matrices(gpu)) {
        return ZC_LINEAR_MATRIX_SMALL_WAY;
    }
    /* Large tiles, where there are enough of them to keep a large GPU busy. What was best on an H200. */
    uint64_t rows = zc_ceil_div(p->rows, 128);
    bool wide = rows * zc_ceil_div(p->n, 128) >= 100;
    if (p->rows <= 32) {
        return wide ? ZC_LINEAR_MATRIX_LOW_WIDE_WAY : ZC_LINEAR_MATRIX_LOW_WAY;
    }
    if (p->rows <= 64) {
        return wide ? ZC_LINEAR_MATRIX_WIDE_WAY : ZC_LINEAR_MATRIX_SMALL_WAY;
    }
    return wide                                 ? ZC_LINEAR_MATRIX_LARGE_WAY
           : rows * zc_ceil_div(p->n, 64) >= 90 ? ZC_LINEAR_MATRIX_TALL_WAY
                                                : ZC_LINEAR_MATRIX_SMALL_WAY;
}

/* What a split leaves behind: float32 of all sums. */
static uint64_t split_bytes(const zc_linear_params *p)
{
    return zc_times(zc_times(p->rows, (uint64_t)p->n + 8), ZC_ELEMENT); /* whole quads, of two matrices each */
}

/* How many workgroups share the columns of k of a tile, where there are few tiles: each has some slices, and a third stage
 * adds what comes out. So many that each multiprocessor of a large GPU has some. */
static uint32_t matrix_splits(const zc_linear_params *p, uint64_t tiles)
{
    uint32_t splits = 1;
    while (splits < ZC_LINEAR_MATRIX_SPLITS && tiles * splits < 200 && matrix_slices(p) >= 8 * splits) {
        splits *= 2;
    }
    return zc_times(splits, split_bytes(p)) <= ZC_LINEAR_MATRIX_WORKSPACE ? splits : 1;
}

/* What a tile of a way has: rows of x, and rows of w, where there are two matrices of both. */
static void matrix_tile(uint32_t way, const zc_gpu *gpu, uint32_t *down, uint32_t *across)
{
    bool low = way == ZC_LINEAR_MATRIX_LOW_WAY || way == ZC_LINEAR_MATRIX_LOW_WIDE_WAY;
    bool middle = way == ZC_LINEAR_MATRIX_SMALL_WAY || way == ZC_LINEAR_MATRIX_WIDE_WAY;
    bool wide = way == ZC_LINEAR_MATRIX_LARGE_WAY || way >= ZC_LINEAR_MATRIX_LOW_WIDE_WAY;
    *down = low ? 32 : middle ? 64 : 128;
    *across = wide || zc_apples_matrices(gpu) ? 128 : 64;
}

/* The stage of a product, the one before, which converts x, and one that joins it where k is split. `unit` is what a way
 * counts in a variant, of which `rest` is the rest. */
static void matrix_stages(const zc_linear_params *p, const zc_gpu *gpu, uint32_t way, uint32_t unit, uint32_t rest,
                          uint32_t input, zc_kernel_plan *out)
{
    uint32_t down, across;
    matrix_tile(way, gpu, &down, &across);
    uint64_t tiles_r = zc_at_most(zc_ceil_div(p->rows, down), ZC_MAX_GROUPS);
    uint64_t tiles_n = zc_at_most(zc_ceil_div(p->n, across), ZC_MAX_GROUPS);
    uint32_t splits = zc_apples_matrices(gpu) ? 1 : matrix_splits(p, tiles_r * tiles_n);
    out->count = 2;
    out->stages[0].matrix = out->stages[1].matrix = true;
    out->stages[0].variant = rest + ZC_WEIGHT_TYPE_COUNT * input + unit * ZC_LINEAR_MATRIX_INPUT_WAY;
    zc_groups(out->stages[0].groups, zc_at_most(p->rows, ZC_MAX_GROUPS), 1, 1);
    out->stages[1].variant = rest + unit * way;
    zc_groups(out->stages[1].groups, tiles_r, tiles_n, splits);
    out->workspace = matrix_workspace(p);
    if (splits > 1) {
        out->count = 3;
        out->stages[2] = out->stages[1];
        out->stages[2].variant = rest + unit * ZC_LINEAR_MATRIX_JOIN_WAY;
        out->workspace += splits * split_bytes(p);
    }
}

/* Rows that go by packed products, four at a time: of large matrices a workgroup has few rows of w at a time, and keeps what
 * it has made of x. Weights with several scales for 32 leave no registers for that. */
static uint32_t blocks_way(const zc_linear_params *p, uint32_t way, const zc_gpu *gpu)
{
    if (way != ZC_LINEAR_4_XS_WAY || !by_dots(p, gpu) || p->rows <= FEW_ROWS || small_matrix(p) || several_scales(p)) {
        return way;
    }
    return ZC_LINEAR_BLOCKS_WAY;
}

/* One row of x on GPUs that sum in subgroups: the way of shaders/linear_lanes.glsl less ZC_LINEAR_DOT_WAYS, or
 * ZC_LINEAR_TILE_WAY for none. `n` rows of w, of both matrices where there are two. More of them share what is made of
 * x, but some hundred subgroups should have work. Not where f is costly, for each subgroup computes it. */
static uint32_t lane_way(const zc_linear_params *p, uint64_t n, const zc_gpu *gpu)
{
    uint32_t unit = blocks_of(p->type) ? 1 : 8;
    if (!gpu->lane_sums || p->rows != 1 || p->k % unit || p->flags & ZC_LINEAR_SWIGLU) {
        return ZC_LINEAR_TILE_WAY;
    }
    return n < 2048 ? ZC_LINEAR_1_ROW_WAY : n < 4096 ? ZC_LINEAR_2_ROWS_WAY : ZC_LINEAR_4_ROWS_WAY;
}

/* Of a stage of few rows whose groups are set: which shader has it, and how it goes there. */
static uint32_t few_rows_way(const zc_linear_params *p, uint32_t way, uint64_t n, const zc_gpu *gpu,
                             zc_kernel_stage *stage)
{
    uint32_t lanes = lane_way(p, n, gpu);
    stage->dot = way != ZC_LINEAR_TILE_WAY && by_dots(p, gpu);
    if (lanes == ZC_LINEAR_TILE_WAY) {
        return way + (stage->dot ? ZC_LINEAR_DOT_WAYS : 0);
    }
    lanes = n > p->n && lanes == ZC_LINEAR_1_ROW_WAY ? ZC_LINEAR_2_ROWS_WAY : lanes; /* one of each */
    zc_kernel_linear_groups(lanes, p->rows, n, stage->groups);
    return lanes + ZC_LINEAR_DOT_WAYS;
}

void zc_kernel_stages_linear(const zc_kernel *kernel, const void *params, const zc_gpu *gpu, zc_kernel_plan *out)
{
    const zc_linear_params *p = params;
    uint32_t input = p->flags & ZC_LINEAR_NORM     ? ZC_LINEAR_NORM_INPUT
                     : p->flags & ZC_LINEAR_SWIGLU ? ZC_LINEAR_GATED_INPUT
                                                   : ZC_LINEAR_PLAIN_INPUT;
    uint32_t way = matrix_way(p, gpu), unit = ZC_WEIGHT_TYPE_COUNT * ZC_LINEAR_INPUTS;
    if (way != ZC_LINEAR_TILE_WAY) {
        matrix_stages(p, gpu, way, unit, p->type, input, out);
        return;
    }
    (void)kernel;
    way = blocks_way(p, few_rows(p, gpu), gpu);
    zc_kernel_linear_groups(way, p->rows, p->n, out->stages[0].groups);
    way = few_rows_way(p, way, p->n, gpu, &out->stages[0]);
    out->stages[0].variant = p->type + ZC_WEIGHT_TYPE_COUNT * input + unit * way;
}

/* Few rows with matrices of one type get both products at once; else there is a stage for each. */
void zc_kernel_stages_linear_gated(const zc_kernel *kernel, const void *params, const zc_gpu *gpu, zc_kernel_plan *out)
{
    const zc_linear_gated_params *p = params;
    const zc_linear_params gate = zc_linear_of_gated(p, p->gate_type);
    const zc_linear_params plain = zc_linear_of_gated(p, ZC_WEIGHT_F32); /* whose ways are all that there are here */
    uint32_t input = p->flags & ZC_LINEAR_NORM ? ZC_LINEAR_NORM_INPUT : ZC_LINEAR_PLAIN_INPUT;
    uint32_t way = zc_kernel_linear_way(&plain), per_part = ZC_WEIGHT_TYPE_COUNT * ZC_LINEAR_GATED_INPUTS;
    uint32_t per_way = per_part * ZC_LINEAR_GATED_PARTS, variant = ZC_WEIGHT_TYPE_COUNT * input;
    /* On matrix units a tile has columns of both. */
    zc_linear_params both = gate;
    both.n = p->n <= UINT32_MAX / 2 ? 2 * p->n : 0;
    uint32_t matrix = p->gate_type == p->up_type ? matrix_way(&both, gpu) : ZC_LINEAR_TILE_WAY;
    if (matrix != ZC_LINEAR_TILE_WAY) {
        matrix_stages(&both, gpu, matrix, per_way, p->gate_type + per_part * ZC_LINEAR_BOTH_PARTS, input, out);
        return;
    }
    zc_linear_params pair = gate; /* rows of both matrices */
    pair.n = zc_at_most((uint64_t)2 * p->n, UINT32_MAX);
    if (few_rows(&pair, gpu) != ZC_LINEAR_TILE_WAY && p->gate_type == p->up_type) {
        way = blocks_way(&pair, few_rows(&pair, gpu), gpu);
        if (ZC_LINEAR_ROWS(way) == 1) {
            way = ZC_LINEAR_2_ROWS_WAY;
        }
        zc_kernel_linear_groups(way, p->rows, (uint64_t)2 * p->n, out->stages[0].groups);
        way = few_rows_way(&gate, way, (uint64_t)2 * p->n, gpu, &out->stages[0]);
        out->stages[0].variant = variant + p->gate_type + per_part * ZC_LINEAR_BOTH_PARTS + per_way * way;
        return;
    }
    kernel->groups(params, out->stages[0].groups);
    out->count = 2;
    out->stages[1] = out->stages[0];
    const zc_linear_params up = zc_linear_of_gated(p, p->up_type);
    uint32_t gate_way = few_rows_way(&gate, way, p->n, gpu, &out->stages[0]);
    uint32_t up_way = few_rows_way(&up, way, p->n, gpu, &out->stages[1]);
    out->stages[0].variant = variant + p->gate_type + per_part * ZC_LINEAR_GATE_PART + per_way * gate_way;
    out->stages[1].variant = variant + p->up_type + per_part * ZC_LINEAR_UP_PART + per_way * up_way;
    out->workspace = zc_times(zc_times(p->rows, p->n), ZC_ELEMENT); /* the gates */
}

/* ---- work ---- */

/* Rows that go by packed products are no tile; and other matrix units than Apple's take less than half of the time that
 * tiles of float32 do (2.7 times less on an H200). */
static uint64_t linear_work_on(const zc_linear_params *p, uint64_t few, uint64_t in_tiles, const zc_gpu *gpu)
{
    if (matrix_way(p, gpu) != ZC_LINEAR_TILE_WAY) {
        return zc_apples_matrices(gpu) ? in_tiles : in_tiles / 2;
    }
    return few_rows(p, gpu) != ZC_LINEAR_TILE_WAY ? few : in_tiles;
}

uint64_t zc_kernel_linear_work_on(const zc_kernel *kernel, const void *params, const zc_gpu *gpu)
{
    uint64_t few = kernel->work(params), in_tiles = kernel->work_in_tiles(params);
    if (kernel->id == ZC_KERNEL_linear) {
        return linear_work_on(params, few, in_tiles, gpu);
    }
    const zc_linear_gated_params *p = params;
    zc_linear_params pair = zc_linear_of_gated(p, p->gate_type);
    pair.n = p->n <= UINT32_MAX / 2 ? 2 * p->n : 0;
    return p->gate_type == p->up_type && pair.n ? linear_work_on(&pair, few, in_tiles, gpu) : in_tiles;
}
