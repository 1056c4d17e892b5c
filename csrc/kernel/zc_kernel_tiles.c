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

/* ---- variants ---- */

static uint32_t variant_matmul(const void *params)
{
    return zc_kernel_matmul_way(params);
}

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

#define EACH_WITH_VARIANTS(X) X(matmul) X(embed) X(linear_chosen)

#define FUNCTION(kernel) [ZC_KERNEL_##kernel] = variant_##kernel,
static uint32_t (*const variants[ZC_KERNEL_COUNT])(const void *params) = {EACH_WITH_VARIANTS(FUNCTION)};

/* They are those with the trait in zc_kernel.def, but for those with stages. */
#define BIT(kernel) | 1ull << ZC_KERNEL_##kernel
#define LISTED (0 EACH_WITH_VARIANTS(BIT))
#define ZC_KERNEL(name, params, workgroup, traits, bindings)                                                     \
    _Static_assert((((traits) & (VARIANTS | STAGES | MATRIX)) != VARIANTS) == !(LISTED >> ZC_KERNEL_##name & 1), \
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
    /* Joining a few would cost more than it brings; of several rows, whose workgroups are many as it is, twice as many. */
    return splits < (p->rows > 4 ? 8u : 4u) ? 1 : (uint32_t)splits;
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

/* More rows over a cache of float16, for matrix units. A workgroup has half as many queries where there are few, so that
 * more of a large GPU has something to do, and where the keys are so many that it would have more work than one may
 * (zc_dispatch.c has the limit, 2**32). */
static bool attention_on_matrices(const zc_attention_params *p, bool paged, const zc_gpu *gpu, zc_kernel_plan *out)
{
    uint32_t side = gpu->matrix_units, queries = ZC_WORKGROUP / (side == 16 ? 32 : 8) * side;
    uint64_t each = zc_times(p->capacity, zc_attention_work_of_key(p, paged));
    uint64_t work = zc_times(queries, zc_plus(each, 2 * ((uint64_t)p->head_size + ZC_WORK_ROW)));
    if (side == 0 || zc_apples_matrices(gpu) || p->kv_type != ZC_CACHE_F16 || p->rows <= 4 || work >> 33) {
        return false;
    }
    uint64_t all = (uint64_t)p->rows * (p->heads / p->kv_heads);
    uint32_t halved = zc_ceil_div(all, queries) * p->kv_heads < 64 || work >> 32;
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

#define stages_linear zc_kernel_stages_linear
#define stages_linear_gated zc_kernel_stages_linear_gated

#define EACH_WITH_STAGES(X) \
    X(sum) X(max) X(softmax) X(argmax) X(linear) X(linear_gated) X(top_k) X(attention) X(attention_paged)

#define STAGES_FUNCTION(kernel) [ZC_KERNEL_##kernel] = stages_##kernel,
static void (*const stages[ZC_KERNEL_COUNT])(const zc_kernel *kernel, const void *params, const zc_gpu *gpu,
                                             zc_kernel_plan *out) = {EACH_WITH_STAGES(STAGES_FUNCTION)};

/* Likewise. */
#define STAGED (0 EACH_WITH_STAGES(BIT))
#define ZC_KERNEL(name, params, workgroup, traits, bindings) \
    _Static_assert(!((traits) & (STAGES | MATRIX)) == !(STAGED >> ZC_KERNEL_##name & 1), #name " and stages_" #name);
#include "kernel/zc_kernel.def"
#undef ZC_KERNEL

void zc_kernel_plan_make(const zc_kernel *kernel, const void *params, const zc_gpu *gpu, zc_kernel_plan *out)
{
    out->count = 1;
    out->workspace = 0;
    for (unsigned i = 0; i < ZC_KERNEL_MAX_STAGES; i++) {
        out->stages[i].matrix = out->stages[i].dot = false;
    }
    if (kernel->traits & (ZC_TRAIT_STAGES | ZC_TRAIT_MATRIX)) {
        stages[kernel->id](kernel, params, gpu, out);
    } else {
        kernel->groups(params, out->stages[0].groups);
        out->stages[0].variant = kernel->traits & ZC_TRAIT_VARIANTS ? variants[kernel->id](params) : 0;
    }
}

uint64_t zc_kernel_work_on(const zc_kernel *kernel, const void *params, const zc_gpu *gpu)
{
    if (kernel->id == ZC_KERNEL_linear || kernel->id == ZC_KERNEL_linear_gated) {
        return zc_kernel_linear_work_on(kernel, params, gpu);
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
