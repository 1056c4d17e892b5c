/* zc_kernel_tiles: see the header. */
#include "kernel/zc_kernel_internal.h"

#include <stdbool.h>

/* How many tiles of 128 cover a size, as far as that counts. */
static uint32_t big_tiles(uint32_t size)
{
    uint64_t count = ((uint64_t)size + ZC_MATMUL_BIG_TILE - 1) / ZC_MATMUL_BIG_TILE;
    return count < 1024 ? (uint32_t)count : 1024;
}

uint32_t zc_kernel_matmul_way(const zc_matmul_params *p)
{
    if (p->m == 1 || p->n == 1) {
        bool along_k = p->m == 1 ? p->transpose_b || (p->n == 1 && p->ldb == 1) : !p->transpose_a;
        return along_k ? ZC_MATMUL_ALONG_WAY : ZC_MATMUL_ACROSS_WAY;
    }
    uint32_t batch = p->batch < 1024 ? p->batch : 1024;
    /* Enough big tiles to keep a large GPU busy? */
    return big_tiles(p->m) * big_tiles(p->n) * batch >= 96 ? ZC_MATMUL_BIG_WAY : ZC_MATMUL_SMALL_WAY;
}

uint32_t zc_kernel_matmul_tile(const zc_matmul_params *p)
{
    uint32_t way = zc_kernel_matmul_way(p);
    return way == ZC_MATMUL_BIG_WAY ? ZC_MATMUL_BIG_TILE : way == ZC_MATMUL_SMALL_WAY ? ZC_MATMUL_SMALL_TILE : 0;
}

uint32_t zc_kernel_rows_way(const zc_rows_params *p)
{
    if (p->cols <= 16 && p->rows >= 64) {
        return ZC_ROWS_INVOCATION_WAY;
    }
    return (p->cols <= 1024 && p->rows >= 64) || p->cols <= 64 ? ZC_ROWS_SUBGROUP_WAY : ZC_ROWS_WORKGROUP_WAY;
}

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

/* ---- variants ---- */

static uint32_t variant_embed(const void *params)
{
    return ((const zc_embed_params *)params)->type;
}

_Static_assert(ZC_WEIGHT_TYPE_COUNT * ZC_LINEAR_INPUTS * ZC_LINEAR_WAYS <= ZC_KERNEL_VARIANTS, "variants of linear");
_Static_assert(ZC_TOP_K_MAX <= ZC_WORKGROUP, "shaders/top_k.comp sorts a candidate an invocation");

/* Rows go one by one. */
zc_linear_params zc_linear_of_chosen(const zc_linear_chosen_params *p)
{
    return (zc_linear_params){
        .type = p->type, .rows = p->rows, .n = p->n, .k = p->k, .ldx = p->ldx, .ldy = p->ldy, .flags = p->flags};
}

uint32_t zc_kernel_chosen_way(const zc_linear_chosen_params *p)
{
    zc_linear_params one = zc_linear_of_chosen(p);
    one.rows = 1;
    return zc_kernel_linear_way(&one);
}

static uint32_t variant_linear_chosen(const void *params)
{
    const zc_linear_chosen_params *p = params;
    uint32_t input = p->flags & ZC_LINEAR_SWIGLU           ? ZC_LINEAR_GATED_INPUT
                     : p->flags & ZC_LINEAR_SWIGLU_CLAMPED ? ZC_LINEAR_CLAMPED_INPUT
                                                           : ZC_LINEAR_PLAIN_INPUT;
    return p->type + ZC_WEIGHT_TYPE_COUNT * (input + ZC_LINEAR_INPUTS * zc_kernel_chosen_way(p));
}

#define EACH_WITH_VARIANTS(X) X(embed) X(linear_chosen)

#define FUNCTION(kernel) [ZC_KERNEL_##kernel] = variant_##kernel,
static uint32_t (*const variants[ZC_KERNEL_COUNT])(const void *params) = {EACH_WITH_VARIANTS(FUNCTION)};

/* They are those with the trait in zc_kernel.def, but for those with stages, or with a second shader. */
#define PLANNED (STAGES | MATRIX | MSL_MATRIX)
#define BIT(kernel) | 1ull << ZC_KERNEL_##kernel
#define LISTED (0 EACH_WITH_VARIANTS(BIT))
#define ZC_KERNEL(name, params, workgroup, traits, bindings)                                             \
    _Static_assert((((traits) & (VARIANTS | PLANNED)) != VARIANTS) == !(LISTED >> ZC_KERNEL_##name & 1), \
                   #name " and variant_" #name);
#include "kernel/zc_kernel.def"
#undef ZC_KERNEL
_Static_assert(ZC_KERNEL_COUNT <= 64, "one bit for each");

/* ---- stages ---- */

/* So few and long that one workgroup for each row leaves most of a GPU idle, and another barrier costs less. */
static bool few_long_rows(uint32_t rows, uint32_t cols)
{
    return rows < 64 && cols >= 8192;
}

/* A stage for shares of each row, and another one, of as many workgroups as there are in the plan, for what these have
 * found: `words` for each. */
static void share_rows(zc_kernel_plan *plan, uint32_t rows, uint32_t shares, uint32_t room, uint32_t words)
{
    plan->count = 2;
    plan->stages[1] = plan->stages[0];
    zc_groups(plan->stages[0].groups, shares, rows, 1);
    plan->workspace = (uint64_t)rows * room * words * ZC_ELEMENT;
}

static uint32_t shares_of(uint32_t cols, uint32_t share, uint32_t most)
{
    return zc_at_most(zc_ceil_div(cols, share), most);
}

static void stages_rows(const zc_kernel *kernel, const void *params, zc_kernel_plan *out, uint32_t words)
{
    const zc_rows_params *p = params;
    kernel->groups(params, out->stages[0].groups);
    out->stages[0].variant = zc_kernel_rows_way(p);
    if (few_long_rows(p->rows, p->cols)) {
        share_rows(out, p->rows, shares_of(p->cols, ZC_ROWS_SHARE, ZC_ROWS_MAX_SHARES), ZC_ROWS_MAX_SHARES, words);
        out->stages[0].variant = ZC_ROWS_SHARES_WAY;
        out->stages[1].variant = ZC_ROWS_JOIN_WAY;
    }
}

static void stages_sum(const zc_kernel *kernel, const void *params, const zc_gpu *gpu, zc_kernel_plan *out)
{
    (void)gpu;
    stages_rows(kernel, params, out, 1);
}
#define stages_max stages_sum

/* Every share is written in the second stage. */
static void stages_softmax(const zc_kernel *kernel, const void *params, const zc_gpu *gpu, zc_kernel_plan *out)
{
    (void)gpu;
    stages_rows(kernel, params, out, 2);
    if (out->count == 2) {
        zc_groups(out->stages[1].groups, out->stages[0].groups[0], out->stages[0].groups[1], 1);
    }
}

static void stages_first(uint32_t rows, uint32_t cols, zc_kernel_plan *out)
{
    out->stages[0].variant = ZC_SELECT_WHOLE_WAY;
    if (few_long_rows(rows, cols)) {
        share_rows(out, rows, shares_of(cols, ZC_SELECT_SHARE, ZC_SELECT_MAX_SHARES), ZC_SELECT_MAX_SHARES, 2);
        out->stages[0].variant = ZC_SELECT_SHARES_WAY;
        out->stages[1].variant = ZC_SELECT_JOIN_WAY;
    }
}

static void stages_argmax(const zc_kernel *kernel, const void *params, const zc_gpu *gpu, zc_kernel_plan *out)
{
    (void)gpu;
    const zc_rows_params *p = params;
    kernel->groups(params, out->stages[0].groups);
    stages_first(p->rows, p->cols, out);
}

static void stages_top_k(const zc_kernel *kernel, const void *params, const zc_gpu *gpu, zc_kernel_plan *out)
{
    (void)gpu;
    const zc_top_k_params *p = params;
    kernel->groups(params, out->stages[0].groups);
    if (p->k == 1) {
        stages_first(p->rows, p->cols, out);
        return;
    }
    out->stages[0].variant = ZC_TOP_WHOLE_WAY;
    if (p->k && few_long_rows(p->rows, p->cols)) {
        share_rows(out, p->rows, ZC_TOP_GROUPS / ZC_TOP_SHARE, ZC_TOP_WORDS, 1);
        out->stages[0].variant = ZC_TOP_GROUPS_WAY;
        out->stages[1].variant = ZC_TOP_JOIN_WAY;
    }
}

/* Small products would leave most of a tile empty either way, and are not worth another shader. */
static void stages_matmul(const zc_kernel *kernel, const void *params, const zc_gpu *gpu, zc_kernel_plan *out)
{
    const zc_matmul_params *p = params;
    uint32_t least = p->m < p->n ? p->m : p->n;
    least = least < p->k ? least : p->k;
    kernel->groups(params, out->stages[0].groups);
    out->stages[0].variant = zc_kernel_matmul_way(p);
    if (zc_apples_matrices(gpu) && least >= ZC_MATMUL_MATRIX_LEAST) {
        out->stages[0].matrix = true;
        out->stages[0].variant += ZC_MATMUL_MATRIX_WAYS;
    }
}

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

static void stages_linear(const zc_kernel *kernel, const void *params, const zc_gpu *gpu, zc_kernel_plan *out)
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
static void stages_linear_gated(const zc_kernel *kernel, const void *params, const zc_gpu *gpu, zc_kernel_plan *out)
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

<<<<<<< HEAD
/* Heads that share what a workgroup reads, and the workgroups of all heads. Of large heads two, where an invocation has
 * 128 registers: its parts of queries and sums of four take 64 (shaders/attention_split.glsl). */
static uint32_t attention_share(const zc_attention_params *p, const zc_gpu *gpu, uint64_t *teams)
{
    uint32_t most = gpu->lane_sums && p->head_size > 128 ? 2 : ZC_ATTENTION_SPLIT_HEADS;
    uint32_t group = p->heads / p->kv_heads, each = (uint32_t)zc_ceil_div(group, most);
    *teams = (uint64_t)each * p->kv_heads;
    return each ? (uint32_t)zc_ceil_div(group, each) : 0;
}

/* What a split leaves behind in all. */
static uint64_t record_bytes(const zc_attention_params *p)
{
    return (uint64_t)p->rows * p->heads * (p->head_size / 4 + 1) * 16;
}

/* Parts of the keys, so many that a large GPU is busy and each has something to do. `least`: no fewer, as far as memory
 * goes. */
static uint32_t attention_splits(const zc_attention_params *p, uint64_t teams, uint64_t least)
{
    uint64_t busy = teams * p->rows, splits = ZC_ATTENTION_SPLIT_GROUPS / (busy ? busy : 1);
    uint64_t most = zc_ceil_div(zc_attention_keys(p, true), ZC_ATTENTION_SPLIT_KEYS);
    uint64_t room = ZC_ATTENTION_SPLIT_WORKSPACE / (record_bytes(p) ? record_bytes(p) : 1);
    splits = splits > least ? splits : least < room ? least : room;
    splits = splits < most ? splits : most;
    splits = splits < ZC_ATTENTION_MAX_SPLITS ? splits : ZC_ATTENTION_MAX_SPLITS;
    return splits < 8 ? 1 : (uint32_t)splits; /* joining a few would cost more than it brings */
}

static uint32_t log2_up(uint32_t n)
{
    uint32_t log2 = 0;
    while ((uint64_t)1 << log2 < n) {
        log2++;
    }
    return log2;
}

static uint32_t attention_variant(const zc_attention_params *p, uint32_t shape)
{
    uint32_t capped = p->softcap > 0.0f ? ZC_ATTENTION_CAPPED : 0, sinks = p->sinks ? ZC_ATTENTION_SINKS : 0;
    return p->kv_type + ZC_CACHE_TYPES * (shape + ZC_ATTENTION_SHAPES * (capped + sinks));
}

/* Queries of a workgroup on matrix units: as many for each of its subgroups as a matrix has rows; on Apple's GPUs two of them
 * share those of heads with more than 128 elements (shaders/attention_matrix.glsl). */
static uint32_t matrix_queries(const zc_attention_params *p, const zc_gpu *gpu)
{
    uint32_t side = gpu->matrix_units;
    if (apples_matrices(gpu)) {
        return ZC_WORKGROUP / 32 * side / (p->head_size > 128 ? 2 : 1);
    }
    return ZC_WORKGROUP / (side == 16 ? 32 : 8) * side;
}

/* More rows over a cache of float16, for matrix units. A workgroup has half as many queries where there are few, so that
 * more of a large GPU has something to do (Apple's have fewer cores), and where the keys are so many that it would have more
 * work than one may (zc_dispatch.c has the limit, 2**32). */
static bool attention_on_matrices(const zc_attention_params *p, bool paged, const zc_gpu *gpu, zc_kernel_plan *out)
{
    uint32_t side = gpu->matrix_units, queries = matrix_queries(p, gpu), busy = apples_matrices(gpu) ? 16 : 64;
    uint64_t each = zc_times(p->capacity, zc_attention_work_of_key(p, paged));
    uint64_t work = zc_times(queries, zc_plus(each, 2 * ((uint64_t)p->head_size + ZC_WORK_ROW)));
    if (side == 0 || p->kv_type != ZC_CACHE_F16 || p->rows <= 4 || work >> 33) {
        return false;
    }
    uint64_t all = (uint64_t)p->rows * (p->heads / p->kv_heads);
    uint32_t halved = zc_ceil_div(all, queries) * p->kv_heads < busy || work >> 32;
    uint64_t tiles = zc_ceil_div(all, queries >> halved);
    out->stages[0].matrix = true;
    out->stages[0].variant = attention_variant(p, ZC_ATTENTION_MATRIX_SHAPE + (p->head_size - 1) / 16 + 16 * halved);
    zc_groups(out->stages[0].groups, zc_at_most(p->kv_heads, ZC_MAX_GROUPS), zc_at_most(tiles, ZC_MAX_GROUPS), 1);
    return true;
}

static void attention_in_tiles(const zc_kernel *kernel, const void *params, const zc_attention_params *p,
                               zc_kernel_plan *out)
{
    uint32_t parts = (uint32_t)zc_ceil_div(p->head_size, ZC_ATTENTION_TILE_PART);
    kernel->groups(params, out->stages[0].groups);
    out->stages[0].variant = attention_variant(p, ZC_ATTENTION_TILE_SHAPE + parts - 1);
}

static void attention_split(const zc_attention_params *p, uint64_t least, const zc_gpu *gpu, zc_kernel_plan *out)
{
    uint64_t teams;
    uint32_t share = attention_share(p, gpu, &teams), splits = attention_splits(p, teams, least);
    uint32_t octets = log2_up((uint32_t)zc_ceil_div(p->head_size, 8)), width = log2_up(gpu->subgroup_width);
    uint32_t shape = width - 2 + 5 * ((octets > 2 ? octets - 2 : 0) + 4 * log2_up(share));
    zc_groups(out->stages[0].groups, zc_at_most(teams, ZC_MAX_GROUPS), zc_at_most(p->rows, ZC_MAX_GROUPS), splits);
    out->stages[0].variant = attention_variant(p, ZC_ATTENTION_SPLIT_SHAPE + shape);
    if (splits > 1) {
        out->count = 2;
        out->workspace = splits * record_bytes(p);
        const zc_attention_params joined = {.sinks = p->sinks}; /* nothing else matters by then */
        out->stages[1].variant = attention_variant(&joined, ZC_ATTENTION_JOIN_SHAPE);
        zc_groups(out->stages[1].groups, zc_at_most(p->heads, ZC_MAX_GROUPS), zc_at_most(p->rows, ZC_MAX_GROUPS), 1);
    }
}

/* Few rows, or rows that share no keys: the keys are split, and what comes out is joined. More rows share keys in tiles; as
 * do few where an invocation of a narrow subgroup would have more than 16 elements of a head. */
static bool splits_attention(const zc_attention_params *p, bool shared, const zc_gpu *gpu)
{
    return (p->rows <= 4 || !shared) && p->head_size <= 16 * gpu->subgroup_width;
}

static void stages_attention(const zc_kernel *kernel, const void *params, const zc_gpu *gpu, zc_kernel_plan *out)
{
    const zc_attention_params *p = params;
    if (attention_on_matrices(p, false, gpu, out)) {
        return;
    }
    if (splits_attention(p, true, gpu)) {
        attention_split(p, 1, gpu, out);
    } else {
        attention_in_tiles(kernel, params, p, out);
    }
}

/* Rows of different sequences share no keys: they go as few do, however many. None of their workgroups has so many keys that
 * all others would wait for the longest sequence. */
static void stages_attention_paged(const zc_kernel *kernel, const void *params, const zc_gpu *gpu, zc_kernel_plan *out)
{
    const zc_attention_paged_params *p = params;
    zc_attention_params plain = zc_attention_of_paged(p);
    plain.capacity = p->context; /* which says into how many parts it pays to split keys */
    if (p->shared && attention_on_matrices(&plain, true, gpu, out)) {
        return;
    }
    if (splits_attention(&plain, p->shared, gpu)) {
        attention_split(&plain, zc_ceil_div(zc_attention_keys(&plain, true), ZC_ATTENTION_LONG_SPLIT), gpu, out);
    } else {
        attention_in_tiles(kernel, params, &plain, out);
    }
}

_Static_assert(ZC_ATTENTION_EXTRAS * ZC_CACHE_TYPES * ZC_ATTENTION_SHAPES <= ZC_KERNEL_VARIANTS,
               "variants of attention");
_Static_assert(ZC_ATTENTION_MAX_HEAD <= 4 * ZC_ATTENTION_TILE_PART && ZC_ATTENTION_MAX_HEAD <= 8 * 32 &&
                   ZC_ATTENTION_MATRIX_SHAPE + 3 * ZC_ATTENTION_MAX_HEAD / 16 <= ZC_ATTENTION_SHAPES,
               "shapes of attention");
_Static_assert(ZC_ATTENTION_MAX_SPLITS <= ZC_WORKGROUP, "an invocation of a join for each");
=======
/* zc_kernel_tiles_attention.c */
#define stages_attention zc_stages_attention
#define stages_attention_paged zc_stages_attention_paged
>>>>>>> mac

#define EACH_WITH_STAGES(X) \
    X(matmul) X(sum) X(max) X(softmax) X(argmax) X(linear) X(linear_gated) X(top_k) X(attention) X(attention_paged)

#define STAGES_FUNCTION(kernel) [ZC_KERNEL_##kernel] = stages_##kernel,
static void (*const stages[ZC_KERNEL_COUNT])(const zc_kernel *kernel, const void *params, const zc_gpu *gpu,
                                             zc_kernel_plan *out) = {EACH_WITH_STAGES(STAGES_FUNCTION)};

/* Likewise. */
#define STAGED (0 EACH_WITH_STAGES(BIT))
#define ZC_KERNEL(name, params, workgroup, traits, bindings) \
    _Static_assert(!((traits) & PLANNED) == !(STAGED >> ZC_KERNEL_##name & 1), #name " and stages_" #name);
#include "kernel/zc_kernel.def"
#undef ZC_KERNEL

void zc_kernel_plan_make(const zc_kernel *kernel, const void *params, const zc_gpu *gpu, zc_kernel_plan *out)
{
    out->count = 1;
    out->workspace = 0;
    for (unsigned i = 0; i < ZC_KERNEL_MAX_STAGES; i++) {
        out->stages[i].matrix = out->stages[i].dot = false;
    }
    if (kernel->traits & PLANNED) {
        stages[kernel->id](kernel, params, gpu, out);
    } else {
        kernel->groups(params, out->stages[0].groups);
        out->stages[0].variant = kernel->traits & ZC_TRAIT_VARIANTS ? variants[kernel->id](params) : 0;
    }
}

<<<<<<< HEAD
/* What a product of so much work in float32 tiles takes on a GPU: rows that go by packed products are no tile, and matrix
 * units take less than half of the time. */
static uint64_t linear_work_on(const zc_linear_params *p, uint64_t few, uint64_t in_tiles, const zc_gpu *gpu)
{
    return matrix_way(p, gpu) != ZC_LINEAR_TILE_WAY ? (in_tiles > few ? in_tiles : few) / 2
           : few_rows(p, gpu) != ZC_LINEAR_TILE_WAY ? few
                                                    : in_tiles;
}

uint64_t zc_kernel_work_on(const zc_kernel *kernel, const void *params, const zc_gpu *gpu)
{
    if (kernel->id == ZC_KERNEL_linear) {
        return linear_work_on(params, kernel->work(params), kernel->work_in_tiles(params), gpu);
    }
    if (kernel->id == ZC_KERNEL_linear_gated) {
        const zc_linear_gated_params *p = params;
        zc_linear_params pair = zc_linear_of_gated(p, p->gate_type);
        pair.n = p->gate_type == p->up_type && p->n <= UINT32_MAX / 2 ? 2 * p->n : p->n;
        return linear_work_on(&pair, kernel->work(params), kernel->work_in_tiles(params), gpu);
    }
    if (kernel->id == ZC_KERNEL_attention) {
        const zc_attention_params *p = params;
        return zc_attention_work(p, splits_attention(p, true, gpu), false);
    }
    if (kernel->id == ZC_KERNEL_attention_paged) {
        const zc_attention_paged_params *p = params;
        zc_attention_params plain = zc_attention_of_paged(p);
        plain.capacity = p->context;
        return zc_attention_work(&plain, !p->shared || splits_attention(&plain, true, gpu), true);
    }
    return kernel->work_in_tiles(params);
}

=======
>>>>>>> mac
uint64_t zc_kernel_plan_groups(const zc_kernel_plan *plan)
{
    uint64_t count = 0;
    for (uint32_t i = 0; i < plan->count; i++) {
        const uint32_t *groups = plan->stages[i].groups;
        count += (uint64_t)groups[0] * groups[1] * groups[2];
    }
    return count;
}

const char *zc_kernel_variant_name(const zc_kernel *kernel, uint32_t variant)
{
    bool typed = kernel->id == ZC_KERNEL_linear || kernel->id == ZC_KERNEL_linear_gated ||
                 kernel->id == ZC_KERNEL_embed || kernel->id == ZC_KERNEL_linear_chosen;
    return typed && kernel->traits & ZC_TRAIT_VARIANTS ? zc_weight_type_get(variant % ZC_WEIGHT_TYPE_COUNT)->name : "";
}
