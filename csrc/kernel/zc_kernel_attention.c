/* zc_kernel_attention: queries over a cache of keys and values. Pure functions, any thread. */
#include "kernel/zc_kernel_internal.h"

static zc_status extent_attention(const void *params, uint64_t *bytes, zc_error *error)
{
    const zc_attention_params *p = params;
    uint32_t q_cols = 0, kv_cols = 0;
    zc_status status;
    if (p->head_size % 4 || p->head_size == 0 || p->head_size > ZC_ATTENTION_MAX_HEAD) {
        return zc_fail(error, ZC_BAD_VALUE, "head_size is %u, must be a multiple of 4 up to %d", p->head_size,
                       ZC_ATTENTION_MAX_HEAD);
    }
    if (p->kv_heads == 0 || p->heads % p->kv_heads) {
        return zc_fail(error, ZC_BAD_VALUE, "%u heads cannot share %u key-value heads", p->heads, p->kv_heads);
    }
    if ((status = zc_head_columns(p->heads, p->head_size, &q_cols, error)) != ZC_OK ||
        (status = zc_head_columns(p->kv_heads, p->head_size, &kv_cols, error)) != ZC_OK ||
        (status = zc_extent_matrix("q", p->rows, q_cols, p->ldq, &bytes[0], error)) != ZC_OK ||
        (status = zc_extent_cache("k", p->kv_type, p->capacity, kv_cols, p->ldk, &bytes[1], error)) != ZC_OK ||
        (status = zc_extent_cache("v", p->kv_type, p->capacity, kv_cols, p->ldv, &bytes[2], error)) != ZC_OK) {
        return status;
    }
    bytes[3] = (uint64_t)p->rows * 2 * ZC_ELEMENT;
    return zc_extent_matrix("out", p->rows, q_cols, p->ldout, &bytes[4], error);
}

/* In tiles; zc_kernel_tiles.c says when otherwise. */
static void groups_attention(const void *params, uint32_t out[3])
{
    const zc_attention_params *p = params;
    uint64_t tiles = zc_ceil_div(p->rows, ZC_ATTENTION_TILE_ROWS);
    zc_groups(out, zc_at_most(p->heads, ZC_MAX_GROUPS), zc_at_most(tiles, ZC_MAX_GROUPS), 1);
}

/* Each query with all keys and all values, and an exponential for each score. */
static uint64_t work_attention(const void *params)
{
    const zc_attention_params *p = params;
    uint64_t queries = zc_times(p->rows, p->heads);
    uint64_t keys = zc_times(p->capacity, 2 * (uint64_t)p->head_size + ZC_WORK_EXP);
    return zc_plus(zc_times(queries, zc_plus(keys, 2 * (uint64_t)p->head_size + ZC_WORK_ROW)),
                   zc_times(p->rows, ZC_WORK_ROW));
}

ZC_KERNEL_FUNCTIONS(attention, extent_attention, groups_attention, work_attention)
