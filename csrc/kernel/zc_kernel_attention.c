/* zc_kernel_attention: queries over a cache of keys and values, whose rows lie in order, or in pages. Pure functions, any
 * thread. */
#include "kernel/zc_kernel_internal.h"

/* Of q, k, v, and of `sinks` and `out`. */
static zc_status extent_of_heads(const zc_attention_params *p, uint64_t *bytes, uint64_t *sinks, uint64_t *out,
                                 zc_error *error)
{
    uint32_t q_cols = 0, kv_cols = 0;
    zc_status status;
    if (p->head_size % 4 || p->head_size == 0 || p->head_size > ZC_ATTENTION_MAX_HEAD) {
        return zc_fail(error, ZC_BAD_VALUE, "head_size is %u, must be a multiple of 4 up to %d", p->head_size,
                       ZC_ATTENTION_MAX_HEAD);
    }
    if (p->softcap != 0.0f && (status = zc_check_cap("softcap", p->softcap, error)) != ZC_OK) {
        return status;
    }
    if (p->sinks > 1) {
        return zc_fail(error, ZC_BAD_VALUE, "sinks is %u, must be 0 or 1", p->sinks);
    }
    *sinks = p->sinks ? (uint64_t)p->heads * ZC_ELEMENT : 0;
    if (p->kv_heads == 0 || p->heads % p->kv_heads) {
        return zc_fail(error, ZC_BAD_VALUE, "%u heads cannot share %u key-value heads", p->heads, p->kv_heads);
    }
    if (p->kv_type == ZC_CACHE_Q8_0 && p->head_size % 32) {
        return zc_fail(error, ZC_BAD_VALUE, "head_size is %u, must be a multiple of 32 for Q8_0", p->head_size);
    }
    if ((status = zc_head_columns(p->heads, p->head_size, &q_cols, error)) != ZC_OK ||
        (status = zc_head_columns(p->kv_heads, p->head_size, &kv_cols, error)) != ZC_OK ||
        (status = zc_extent_matrix("q", p->rows, q_cols, p->ldq, &bytes[0], error)) != ZC_OK ||
        (status = zc_extent_cache("k", p->kv_type, p->capacity, kv_cols, p->ldk, &bytes[1], error)) != ZC_OK ||
        (status = zc_extent_cache("v", p->kv_type, p->capacity, kv_cols, p->ldv, &bytes[2], error)) != ZC_OK) {
        return status;
    }
    return zc_extent_matrix("out", p->rows, q_cols, p->ldout, out, error);
}

static zc_status extent_attention(const void *params, uint64_t *bytes, zc_error *error)
{
    const zc_attention_params *p = params;
    bytes[3] = (uint64_t)p->rows * 2 * ZC_ELEMENT;
    return extent_of_heads(p, bytes, &bytes[4], &bytes[5], error);
}

/* In tiles; zc_kernel_tiles.c says when otherwise. */
static void groups_attention(const void *params, uint32_t out[3])
{
    const zc_attention_params *p = params;
    uint64_t tiles = zc_ceil_div(p->rows, ZC_ATTENTION_TILE_ROWS);
    zc_groups(out, zc_at_most(p->heads, ZC_MAX_GROUPS), zc_at_most(tiles, ZC_MAX_GROUPS), 1);
}

/* A key's page is looked up by each query; neighbours find it where the last one did. */
#define WORK_LOOKUP (ZC_WORK_FETCH / 16)

uint64_t zc_attention_work_of_key(const zc_attention_params *p, bool paged)
{
    uint32_t exponentials = p->softcap > 0.0f ? 2 * ZC_WORK_EXP : ZC_WORK_EXP;
    return 2 * (uint64_t)p->head_size + exponentials + (paged ? WORK_LOOKUP : 0);
}

/* Each query with its keys and values, and what goes with it. */
uint64_t zc_attention_work(const zc_attention_params *p, bool alone, bool paged)
{
    uint64_t each = zc_times(zc_attention_keys(p, alone), zc_attention_work_of_key(p, paged));
    uint64_t query = zc_plus(each, 2 * (uint64_t)p->head_size + ZC_WORK_ROW);
    return zc_plus(zc_times(zc_times(p->rows, p->heads), query), zc_times(p->rows, ZC_WORK_ROW));
}

uint32_t zc_attention_keys(const zc_attention_params *p, bool alone)
{
    bool fewer = p->window && p->window < p->capacity && (alone || p->rows <= 1);
    return fewer ? p->window : p->capacity;
}

static uint64_t work_attention(const void *params)
{
    return zc_attention_work(params, false, false);
}

ZC_KERNEL_FUNCTIONS(attention, extent_attention, groups_attention, work_attention)

/* ---- in pages ---- */

zc_attention_params zc_attention_of_paged(const zc_attention_paged_params *p)
{
    return (zc_attention_params){.rows = p->rows,
                                 .heads = p->heads,
                                 .kv_heads = p->kv_heads,
                                 .head_size = p->head_size,
                                 .ldq = p->ldq,
                                 .ldk = p->ldk,
                                 .ldv = p->ldv,
                                 .ldout = p->ldout,
                                 .capacity = p->capacity,
                                 .kv_type = p->kv_type,
                                 .scale = p->scale,
                                 .window = p->window,
                                 .softcap = p->softcap,
                                 .sinks = p->sinks};
}

static zc_status extent_attention_paged(const void *params, uint64_t *bytes, zc_error *error)
{
    const zc_attention_paged_params *p = params;
    const zc_attention_params plain = zc_attention_of_paged(p);
    if (p->page != 16 && p->page != 32 && p->page != 64 && p->page != 128) {
        return zc_fail(error, ZC_BAD_VALUE, "page is %u, must be 16, 32, 64 or 128", p->page);
    }
    if (p->capacity % p->page || (p->rows && p->capacity == 0)) {
        return zc_fail(error, ZC_BAD_VALUE, "a cache of %u rows is not one of whole pages of %u", p->capacity, p->page);
    }
    if (p->rows && p->table_words == 0) {
        return zc_fail(error, ZC_BAD_VALUE, "tables of no words cannot say where %u rows have their keys", p->rows);
    }
    /* Pages may be named more than once, so no memory bounds it, and GPUs count in 32 bits. */
    if (p->context > INT32_MAX) {
        return zc_fail(error, ZC_OVERFLOW, "context is %u, must be less than 2^31", p->context);
    }
    if (p->shared > 1) {
        return zc_fail(error, ZC_BAD_VALUE, "shared is %u, must be 0 or 1", p->shared);
    }
    bytes[3] = (uint64_t)p->rows * 3 * ZC_ELEMENT;
    bytes[4] = (uint64_t)p->table_words * ZC_ELEMENT;
    return extent_of_heads(&plain, bytes, &bytes[5], &bytes[6], error);
}

/* Only rows of one sequence share the keys of a tile. */
static void groups_attention_paged(const void *params, uint32_t out[3])
{
    const zc_attention_paged_params *p = params;
    uint64_t tiles = p->shared ? zc_ceil_div(p->rows, ZC_ATTENTION_TILE_ROWS) : p->rows;
    zc_groups(out, zc_at_most(p->heads, ZC_MAX_GROUPS), zc_at_most(tiles, ZC_MAX_GROUPS), 1);
}

static uint64_t work_attention_paged(const void *params)
{
    const zc_attention_paged_params *p = params;
    zc_attention_params plain = zc_attention_of_paged(p);
    plain.capacity = p->context;
    return zc_attention_work(&plain, !p->shared, true);
}

ZC_KERNEL_FUNCTIONS(attention_paged, extent_attention_paged, groups_attention_paged, work_attention_paged)
