/* zc_kernel_tokens: the small kernels of language models, whose rows are a batch's tokens: embed, rms_norm, norm_add,
 * layer_norm, rope, append, rope_append, rope_append_paged, swiglu, gelu, softcap, pool. Pure functions, any thread. */
#include "kernel/zc_kernel_internal.h"

static zc_status extent_embed(const void *params, uint64_t *bytes, zc_error *error)
{
    const zc_embed_params *p = params;
    zc_status status;
    if ((status = zc_check_flags(p->flags, ZC_EMBED_ADD, error)) != ZC_OK ||
        (status = zc_extent_weights("table", p->type, p->vocab, p->dim, &bytes[1], error)) != ZC_OK) {
        return status;
    }
    if (p->rows && p->vocab == 0) {
        return zc_fail(error, ZC_BAD_VALUE, "the table has no rows to look %u ids up in", p->rows);
    }
    bytes[0] = (uint64_t)p->rows * ZC_ELEMENT;
    return zc_extent_matrix("out", p->rows, p->dim, p->ldout, &bytes[2], error);
}

static void groups_embed(const void *params, uint32_t out[3])
{
    const zc_embed_params *p = params;
    zc_groups_items(zc_ceil_div(p->dim, 4), p->rows, out);
}

static uint64_t work_embed(const void *params)
{
    const zc_embed_params *p = params;
    return p->dim ? zc_plus(zc_work_of_rows(p->rows, p->dim, 4), zc_times(p->rows, ZC_WORK_FETCH)) : 0;
}

ZC_KERNEL_FUNCTIONS(embed, extent_embed, groups_embed, work_embed)

static void groups_norm(const void *params, uint32_t out[3])
{
    const zc_norm_params *p = params;
    zc_groups_a_row(p->rows, p->cols, out);
}

static zc_status extent_rms_norm(const void *params, uint64_t *bytes, zc_error *error)
{
    const zc_norm_params *p = params;
    zc_status status;
    bytes[1] = (uint64_t)p->cols * ZC_ELEMENT;
    if ((status = zc_extent_matrix("x", p->rows, p->cols, p->ldx, &bytes[0], error)) != ZC_OK) {
        return status;
    }
    return zc_extent_matrix("out", p->rows, p->cols, p->ldout, &bytes[2], error);
}

static uint64_t work_rms_norm(const void *params)
{
    const zc_norm_params *p = params;
    return p->cols ? zc_work_of_rows(p->rows, p->cols, 3) : 0;
}

ZC_KERNEL_FUNCTIONS(rms_norm, extent_rms_norm, groups_norm, work_rms_norm)
ZC_KERNEL_FUNCTIONS(norm_add, extent_rms_norm, groups_norm, work_rms_norm)

static zc_status extent_layer_norm(const void *params, uint64_t *bytes, zc_error *error)
{
    zc_status status = extent_rms_norm(params, bytes, error);
    bytes[3] = bytes[2];
    bytes[2] = bytes[1];
    return status;
}

static uint64_t work_layer_norm(const void *params)
{
    const zc_norm_params *p = params;
    return p->cols ? zc_work_of_rows(p->rows, p->cols, 4) : 0;
}

ZC_KERNEL_FUNCTIONS(layer_norm, extent_layer_norm, groups_norm, work_layer_norm)

/* How heads are rotated: what rope and rope_append have in common. */
static zc_status check_rotation(uint32_t rotated, uint32_t head_size, uint32_t layout, uint32_t rows,
                                uint32_t table_rows, zc_error *error)
{
    if (rotated % 2 || rotated > head_size) {
        return zc_fail(error, ZC_BAD_VALUE, "%u elements of a head of %u are to be rotated: must be even and fit",
                       rotated, head_size);
    }
    if (layout > ZC_ROPE_HALVES) {
        return zc_fail(error, ZC_BAD_VALUE, "layout is %u, must be 0 (pairs) or 1 (halves)", layout);
    }
    if (rows && rotated && table_rows == 0) {
        return zc_fail(error, ZC_BAD_VALUE, "the table has no rows for %u positions", rows);
    }
    return ZC_OK;
}

static zc_status extent_rope(const void *params, uint64_t *bytes, zc_error *error)
{
    const zc_rope_params *p = params;
    uint32_t cols = 0;
    zc_status status = zc_head_columns(p->heads, p->head_size, &cols, error);
    if (status != ZC_OK ||
        (status = check_rotation(p->rotated, p->head_size, p->layout, p->rows, p->table_rows, error)) != ZC_OK) {
        return status;
    }
    bytes[1] = (uint64_t)p->rows * ZC_ELEMENT;
    if ((status = zc_extent_matrix("x", p->rows, cols, p->ldx, &bytes[0], error)) != ZC_OK ||
        (status = zc_extent_matrix("table", p->table_rows, p->rotated, p->rotated, &bytes[2], error)) != ZC_OK) {
        return status;
    }
    if (p->out_type == ZC_CACHE_Q8_0) {
        return zc_fail(error, ZC_BAD_VALUE,
                       "out_type is 2 (Q8_0), which rope does not make: must be 0 (F32) or 1 (F16)");
    }
    return zc_extent_cache("out", p->out_type, p->capacity ? p->capacity : p->rows, cols, p->ldout, &bytes[3], error);
}

static void groups_rope(const void *params, uint32_t out[3])
{
    const zc_rope_params *p = params;
    zc_groups_items(p->heads * zc_ceil_div(p->head_size, 2), p->rows, out);
}

static uint64_t work_rope(const void *params)
{
    const zc_rope_params *p = params;
    uint64_t cols = zc_times(p->heads, p->head_size);
    return cols ? zc_plus(zc_work_of_rows(p->rows, cols, 4), zc_times(p->rows, ZC_WORK_FETCH)) : 0;
}

ZC_KERNEL_FUNCTIONS(rope, extent_rope, groups_rope, work_rope)

static zc_status extent_append(const void *params, uint64_t *bytes, zc_error *error)
{
    const zc_append_params *p = params;
    zc_status status = zc_extent_matrix("x", p->rows, p->cols, p->ldx, &bytes[0], error);
    if (status != ZC_OK) {
        return status;
    }
    if (p->rows && p->capacity == 0) {
        return zc_fail(error, ZC_BAD_VALUE, "a cache of no rows cannot take %u", p->rows);
    }
    bytes[1] = (uint64_t)p->rows * ZC_ELEMENT;
    return zc_extent_cache("out", p->out_type, p->capacity, p->cols, p->ldout, &bytes[2], error);
}

static void groups_append(const void *params, uint32_t out[3])
{
    const zc_append_params *p = params;
    zc_groups_items(p->out_type == ZC_CACHE_F32 ? p->cols : zc_ceil_div(p->cols, 2), p->rows, out);
}

static uint64_t work_append(const void *params)
{
    const zc_append_params *p = params;
    unsigned each = p->out_type == ZC_CACHE_Q8_0 ? 6 : 2;
    return p->cols ? zc_plus(zc_work_of_rows(p->rows, p->cols, each), zc_times(p->rows, ZC_WORK_FETCH)) : 0;
}

ZC_KERNEL_FUNCTIONS(append, extent_append, groups_append, work_append)

/* The keys, and the values that begin behind the last of their rows. */
static zc_status extent_of_both(const zc_rope_append_params *p, uint32_t cols, uint64_t *bytes, zc_error *error)
{
    zc_status status = zc_extent_cache("cache", p->out_type, p->capacity, cols, p->ldout, bytes, error);
    uint64_t keys = (uint64_t)p->capacity * p->ldout;
    if (status != ZC_OK) {
        return status;
    }
    if (keys > UINT64_MAX / ZC_ELEMENT / 4) {
        return zc_fail(error, ZC_OVERFLOW, "cache spans more than 2^61 elements");
    }
    if (p->ldout < cols) { /* also of a single row: the values would lie in the keys */
        return zc_fail(error, ZC_BAD_VALUE, "leading dimension of cache is %u, less than its %u columns", p->ldout,
                       cols);
    }
    *bytes = *bytes ? p->capacity * zc_cache_row_bytes(p->out_type, p->ldout) + *bytes : 0;
    return ZC_OK;
}

static uint64_t heads_of(const zc_rope_append_params *p)
{
    return p->heads + 2 * (uint64_t)p->kv_heads;
}

static zc_status extent_rope_append(const void *params, uint64_t *bytes, zc_error *error)
{
    const zc_rope_append_params *p = params;
    uint32_t cols = 0, kv_cols = 0;
    zc_status status;
    if ((status = zc_head_columns(p->heads, p->head_size, &cols, error)) != ZC_OK ||
        (status = zc_head_columns(p->kv_heads, p->head_size, &kv_cols, error)) != ZC_OK ||
        (status = check_rotation(p->rotated, p->head_size, p->layout, p->rows, p->table_rows, error)) != ZC_OK) {
        return status;
    }
    /* Without rows of q no memory bounds its heads, and invocations count their way through all columns in 32 bits. */
    if (zc_times(heads_of(p), p->head_size) > INT32_MAX) {
        return zc_fail(error, ZC_OVERFLOW, "%u heads and twice %u of %u elements are more than 2^31 columns", p->heads,
                       p->kv_heads, p->head_size);
    }
    if (p->q_rows > p->rows) {
        return zc_fail(error, ZC_BAD_VALUE, "q has %u rows of %u", p->q_rows, p->rows);
    }
    if (p->mirrored > 1) {
        return zc_fail(error, ZC_BAD_VALUE, "mirrored is %u, must be 0 or 1", p->mirrored);
    }
    if (p->rows && p->capacity == 0) {
        return zc_fail(error, ZC_BAD_VALUE, "a cache of no rows cannot take %u", p->rows);
    }
    if (p->out_type == ZC_CACHE_F16 && p->head_size % 2) {
        return zc_fail(error, ZC_BAD_VALUE, "heads have %u elements: must be even for F16", p->head_size);
    }
    if (p->out_type == ZC_CACHE_Q8_0 && p->head_size % 32) {
        return zc_fail(error, ZC_BAD_VALUE, "heads have %u elements: must be a multiple of 32 for Q8_0", p->head_size);
    }
    bytes[3] = (uint64_t)p->rows * ZC_ELEMENT;
    if ((status = zc_extent_matrix("q", p->q_rows, cols, p->ldq, &bytes[0], error)) != ZC_OK ||
        (status = zc_extent_matrix("k", p->rows, kv_cols, p->ldk, &bytes[1], error)) != ZC_OK ||
        (status = zc_extent_matrix("v", p->rows, kv_cols, p->ldv, &bytes[2], error)) != ZC_OK ||
        (status = zc_extent_matrix("table", p->table_rows, p->rotated, p->rotated, &bytes[4], error)) != ZC_OK ||
        (status = extent_of_both(p, kv_cols, &bytes[5], error)) != ZC_OK) {
        return status;
    }
    bytes[6] = p->mirrored ? bytes[5] : 0;
    return ZC_OK;
}

static void groups_rope_append(const void *params, uint32_t out[3])
{
    const zc_rope_append_params *p = params;
    zc_groups_items(zc_times(heads_of(p), zc_ceil_div(p->head_size, 2)), p->rows, out);
}

static uint64_t work_rope_append(const void *params)
{
    const zc_rope_append_params *p = params;
    uint64_t cols = zc_times(heads_of(p), p->head_size);
    unsigned each = p->out_type == ZC_CACHE_Q8_0 ? 10 : 4;
    return cols ? zc_plus(zc_work_of_rows(p->rows, cols, each), zc_times(p->rows, ZC_WORK_FETCH)) : 0;
}

ZC_KERNEL_FUNCTIONS(rope_append, extent_rope_append, groups_rope_append, work_rope_append)

/* The places stand before the cache. */
static zc_status extent_rope_append_paged(const void *params, uint64_t *bytes, zc_error *error)
{
    zc_status status = extent_rope_append(params, bytes, error);
    if (status == ZC_OK) {
        bytes[7] = bytes[6];
        bytes[6] = bytes[5];
        bytes[5] = bytes[3];
    }
    return status;
}

ZC_KERNEL_FUNCTIONS(rope_append_paged, extent_rope_append_paged, groups_rope_append, work_rope_append)

uint64_t zc_kernel_mirrored(const zc_kernel *kernel, const void *params)
{
    const zc_rope_append_params *p = params;
    if (kernel->compiled || (kernel->id != ZC_KERNEL_rope_append && kernel->id != ZC_KERNEL_rope_append_paged) ||
        !p->mirrored) {
        return 0;
    }
    /* The extents hold as much for each row of k and v, in float32. */
    return 2 * p->rows * zc_cache_row_bytes(p->out_type, (uint64_t)p->kv_heads * p->head_size);
}

static zc_status extent_swiglu(const void *params, uint64_t *bytes, zc_error *error)
{
    const zc_swiglu_params *p = params;
    zc_status status;
    if ((status = zc_extent_matrix("gate", p->rows, p->cols, p->ldgate, &bytes[0], error)) != ZC_OK ||
        (status = zc_extent_matrix("up", p->rows, p->cols, p->ldup, &bytes[1], error)) != ZC_OK) {
        return status;
    }
    return zc_extent_matrix("out", p->rows, p->cols, p->ldout, &bytes[2], error);
}

static void groups_swiglu(const void *params, uint32_t out[3])
{
    const zc_swiglu_params *p = params;
    zc_groups_items(p->cols, p->rows, out);
}

static uint64_t work_swiglu(const void *params)
{
    const zc_swiglu_params *p = params;
    return p->cols ? zc_work_of_rows(p->rows, p->cols, 3 + ZC_WORK_EXP) : 0;
}

ZC_KERNEL_FUNCTIONS(swiglu, extent_swiglu, groups_swiglu, work_swiglu)

static zc_status extent_gelu(const void *params, uint64_t *bytes, zc_error *error)
{
    const zc_gelu_params *p = params;
    bytes[0] = bytes[1] = (uint64_t)p->count * ZC_ELEMENT;
    return p->tanh > 1 ? zc_fail(error, ZC_BAD_VALUE, "tanh is %u, must be 0 or 1", p->tanh) : ZC_OK;
}

static uint64_t work_gelu(const void *params)
{
    return zc_times(((const zc_gelu_params *)params)->count, 2 + ZC_WORK_EXP);
}

ZC_KERNEL_FUNCTIONS(gelu, extent_gelu, zc_groups_elementwise, work_gelu)

static zc_status extent_softcap(const void *params, uint64_t *bytes, zc_error *error)
{
    const zc_softcap_params *p = params;
    bytes[0] = bytes[1] = (uint64_t)p->count * ZC_ELEMENT;
    return zc_check_cap("cap", p->cap, error);
}

ZC_KERNEL_FUNCTIONS(softcap, extent_softcap, zc_groups_elementwise, work_gelu)

static zc_status extent_pool(const void *params, uint64_t *bytes, zc_error *error)
{
    const zc_pool_params *p = params;
    zc_status status;
    if ((status = zc_check_flags(p->flags, ZC_POOL_NORMALIZE, error)) != ZC_OK ||
        (status = zc_extent_matrix("x", p->capacity, p->cols, p->ldx, &bytes[0], error)) != ZC_OK) {
        return status;
    }
    bytes[1] = (uint64_t)p->rows * 2 * ZC_ELEMENT;
    return zc_extent_matrix("out", p->rows, p->cols, p->ldout, &bytes[2], error);
}

static void groups_pool(const void *params, uint32_t out[3])
{
    const zc_pool_params *p = params;
    zc_groups_a_row(p->rows, p->cols, out);
}

/* Each row of out may be the mean of all rows of x, a few columns of each at worst. On a GPU one invocation walks over
 * them, one after the other, whatever else there is to do. */
static uint64_t work_pool(const void *params)
{
    const zc_pool_params *p = params;
    uint64_t row = zc_times(p->cols + (uint64_t)16, (uint64_t)p->capacity + 4);
    return p->rows && p->cols ? zc_plus(zc_times(p->rows, row), zc_times(p->capacity, ZC_WORK_WALK)) : 0;
}

/* A workgroup's invocations have a column each. */
static uint64_t work_in_tiles_pool(const void *params)
{
    const zc_pool_params *p = params;
    uint64_t work = work_pool(params);
    uint64_t whole = zc_times(zc_times(p->rows, zc_whole(p->cols, ZC_WORKGROUP_pool)), p->capacity);
    return whole > work ? whole : work;
}

ZC_KERNEL_FUNCTIONS_IN_TILES(pool, extent_pool, groups_pool, work_pool, work_in_tiles_pool)
