/* zc_kernel_tiles_attention: the ways and stages of attention and attention_paged; zc_kernel_tiles.h says what these are. */
#include "kernel/zc_kernel_internal.h"

#include <stdbool.h>

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

/* Queries of a workgroup on matrix units: as many for each of its subgroups as a matrix has rows; on Apple's GPUs two of them
 * share those of heads with more than 128 elements (shaders/attention_matrix.glsl). */
static uint32_t matrix_queries(const zc_attention_params *p, const zc_gpu *gpu)
{
    uint32_t side = gpu->matrix_units;
    if (zc_apples_matrices(gpu)) {
        return ZC_WORKGROUP / 32 * side / (p->head_size > 128 ? 2 : 1);
    }
    return ZC_WORKGROUP / (side == 16 ? 32 : 8) * side;
}

/* More rows over a cache of float16, for matrix units. A workgroup has half as many queries where there are few, so that
 * more of a large GPU has something to do (Apple's have fewer cores), and where the keys are so many that it would have more
 * work than one may (zc_dispatch.c has the limit, 2**32). */
static bool attention_on_matrices(const zc_attention_params *p, bool paged, const zc_gpu *gpu, zc_kernel_plan *out)
{
    uint32_t side = gpu->matrix_units, queries = matrix_queries(p, gpu), busy = zc_apples_matrices(gpu) ? 16 : 64;
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

void zc_kernel_stages_attention(const zc_kernel *kernel, const void *params, const zc_gpu *gpu, zc_kernel_plan *out)
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
void zc_kernel_stages_attention_paged(const zc_kernel *kernel, const void *params, const zc_gpu *gpu,
                                      zc_kernel_plan *out)
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

uint64_t zc_kernel_attention_work_on(const zc_kernel *kernel, const void *params, const zc_gpu *gpu)
{
    if (kernel->id == ZC_KERNEL_attention) {
        const zc_attention_params *p = params;
        return zc_attention_work(p, splits_attention(p, true, gpu), false);
    }
    const zc_attention_paged_params *p = params;
    zc_attention_params plain = zc_attention_of_paged(p);
    plain.capacity = p->context;
    return zc_attention_work(&plain, !p->shared || splits_attention(&plain, true, gpu), true);
}
