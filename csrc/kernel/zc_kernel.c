/* zc_kernel: the signature table made from zc_kernel.def, the extents of each kernel's bindings, and the
 * workgroups of its shader (shaders/NAME.comp, with which the numbers below agree). How much work a dispatch is
 * stands in zc_kernel_work.c.
 *
 * Rows of what is written never overlap. Rows that are only read may overlap where that has a use: windows, for sum,
 * max, argmax and linear (a moving maximum, a convolution over frames), though never at a distance of 0; and whole
 * matrices between the batches of matmul. Everywhere else overlapping rows are refused: they would let a few bytes
 * stand for any amount of work. All arithmetic is on 64-bit values made of 32-bit inputs; products of more than two
 * are checked. */
#include "kernel/zc_kernel.h"

#include <string.h>

#include "kernel/zc_kernel_tiles.h"

#define ELEMENT 4u

/* Elements spanned by `rows` rows of `cols` at a distance of `ld`; fits: (2^32-1)^2 + 2^32 < 2^64. */
static uint64_t span(uint32_t rows, uint32_t cols, uint32_t ld)
{
    return rows && cols ? (uint64_t)(rows - 1) * ld + cols : 0;
}

/* `*bytes` = the size of `batch` spans at a distance of `stride` elements. */
static zc_status batched(const char *name, uint64_t elements, uint32_t batch, uint32_t stride, uint64_t *bytes,
                         zc_error *error)
{
    uint64_t total = elements && batch ? (uint64_t)(batch - 1) * stride : 0;
    if (batch == 0) {
        elements = 0;
    }
    if (total > UINT64_MAX / ELEMENT / 2 || elements > UINT64_MAX / ELEMENT / 2) {
        return zc_fail(error, ZC_OVERFLOW, "%s spans more than 2^61 elements", name);
    }
    *bytes = (total + elements) * ELEMENT;
    return ZC_OK;
}

static zc_status leading(const char *name, uint32_t ld, uint32_t rows, uint32_t cols, zc_error *error)
{
    if (rows > 1 && ld < cols) {
        return zc_fail(error, ZC_BAD_VALUE, "leading dimension of %s is %u, less than its %u columns", name, ld, cols);
    }
    return ZC_OK;
}

static zc_status extent_fill(const void *params, uint64_t *bytes, zc_error *error)
{
    (void)error;
    bytes[0] = (uint64_t)((const zc_fill_params *)params)->count * ELEMENT;
    return ZC_OK;
}

static zc_status extent_affine(const void *params, uint64_t *bytes, zc_error *error)
{
    (void)error;
    bytes[0] = bytes[1] = (uint64_t)((const zc_affine_params *)params)->count * ELEMENT;
    return ZC_OK;
}

static zc_status extent_axpby(const void *params, uint64_t *bytes, zc_error *error)
{
    (void)error;
    bytes[0] = bytes[1] = bytes[2] = (uint64_t)((const zc_axpby_params *)params)->count * ELEMENT;
    return ZC_OK;
}

static zc_status extent_elementwise(const void *params, uint64_t *bytes, zc_error *error)
{
    (void)error;
    bytes[0] = bytes[1] = bytes[2] = (uint64_t)((const zc_elementwise_params *)params)->count * ELEMENT;
    return ZC_OK;
}
#define extent_add extent_elementwise
#define extent_mul extent_elementwise

static zc_status extent_matmul(const void *params, uint64_t *bytes, zc_error *error)
{
    const zc_matmul_params *p = params;
    uint32_t a_rows = p->transpose_a ? p->k : p->m, a_cols = p->transpose_a ? p->m : p->k;
    uint32_t b_rows = p->transpose_b ? p->n : p->k, b_cols = p->transpose_b ? p->k : p->n;
    uint64_t c_span = span(p->m, p->n, p->ldc);
    zc_status status;
    if (p->transpose_a > 1 || p->transpose_b > 1) {
        return zc_fail(error, ZC_BAD_VALUE, "transpose flags are %u and %u, must be 0 or 1", p->transpose_a,
                       p->transpose_b);
    }
    if ((status = leading("a", p->lda, a_rows, a_cols, error)) != ZC_OK ||
        (status = leading("b", p->ldb, b_rows, b_cols, error)) != ZC_OK ||
        (status = leading("c", p->ldc, p->m, p->n, error)) != ZC_OK) {
        return status;
    }
    if (p->batch > 1 && p->stride_c < c_span) {
        return zc_fail(error, ZC_BAD_VALUE, "batch stride of c is %u elements, but one c spans %llu", p->stride_c,
                       (unsigned long long)c_span);
    }
    if ((status = batched("a", span(a_rows, a_cols, p->lda), p->batch, p->stride_a, &bytes[0], error)) != ZC_OK ||
        (status = batched("b", span(b_rows, b_cols, p->ldb), p->batch, p->stride_b, &bytes[1], error)) != ZC_OK) {
        return status;
    }
    return batched("c", c_span, p->batch, p->stride_c, &bytes[2], error);
}

/* Rows that may be windows: any distance but 0. */
static zc_status windows(const char *name, uint32_t ld, uint32_t rows, uint32_t cols, zc_error *error)
{
    if (rows > 1 && cols > 0 && ld == 0) {
        return zc_fail(error, ZC_BAD_VALUE, "leading dimension of %s is 0: its %u rows would be one and the same", name,
                       rows);
    }
    return ZC_OK;
}

static zc_status extent_reduction(const void *params, uint64_t *bytes, zc_error *error)
{
    const zc_rows_params *p = params;
    zc_status status = windows("x", p->ldx, p->rows, p->cols, error);
    if (status != ZC_OK) {
        return status;
    }
    bytes[1] = (uint64_t)p->rows * ELEMENT;
    return batched("x", span(p->rows, p->cols, p->ldx), 1, 0, &bytes[0], error);
}
#define extent_sum extent_reduction
#define extent_max extent_reduction

static zc_status extent_softmax(const void *params, uint64_t *bytes, zc_error *error)
{
    const zc_rows_params *p = params;
    zc_status status;
    if ((status = leading("x", p->ldx, p->rows, p->cols, error)) != ZC_OK ||
        (status = leading("out", p->ldout, p->rows, p->cols, error)) != ZC_OK ||
        (status = batched("x", span(p->rows, p->cols, p->ldx), 1, 0, &bytes[0], error)) != ZC_OK) {
        return status;
    }
    return batched("out", span(p->rows, p->cols, p->ldout), 1, 0, &bytes[1], error);
}

/* ---- language models ---- */

/* Bytes of a (rows, cols) matrix of weights. */
static zc_status weights(const char *name, uint32_t type, uint32_t rows, uint32_t cols, uint64_t *bytes,
                         zc_error *error)
{
    const zc_weight_type_info *info = zc_weight_type_get(type);
    if (!info) {
        return zc_fail(error, ZC_BAD_VALUE, "type of %s is %u, types are 0 to %d", name, type,
                       ZC_WEIGHT_TYPE_COUNT - 1);
    }
    if (cols % info->block) {
        return zc_fail(error, ZC_BAD_VALUE, "%s has %u columns, %s takes multiples of %u", name, cols, info->name,
                       info->block);
    }
    *bytes = (uint64_t)rows * (cols / info->block) * info->block_bytes; /* below 2^32 * 2^32 * 4 / 4... checked: */
    if (rows && (uint64_t)(cols / info->block) * info->block_bytes > (UINT64_MAX >> 2) / rows) {
        return zc_fail(error, ZC_OVERFLOW, "%s has more than 2^62 bytes", name);
    }
    return ZC_OK;
}

/* Bytes of (rows, cols) elements of a cache at a distance of `ld`. */
static zc_status cache(const char *name, uint32_t type, uint32_t rows, uint32_t cols, uint32_t ld, uint64_t *bytes,
                       zc_error *error)
{
    if (type > ZC_CACHE_F16) {
        return zc_fail(error, ZC_BAD_VALUE, "element type of %s is %u, must be 0 (F32) or 1 (F16)", name, type);
    }
    if (type == ZC_CACHE_F16 && (cols % 2 || ld % 2)) {
        return zc_fail(error, ZC_BAD_VALUE, "%s has %u columns at a distance of %u: both must be even for F16", name,
                       cols, ld);
    }
    if (rows > 1 && ld < cols) {
        return zc_fail(error, ZC_BAD_VALUE, "leading dimension of %s is %u, less than its %u columns", name, ld, cols);
    }
    uint64_t elements = span(rows, cols, ld);
    if (elements > UINT64_MAX / ELEMENT / 2) {
        return zc_fail(error, ZC_OVERFLOW, "%s spans more than 2^61 elements", name);
    }
    *bytes = elements * (type == ZC_CACHE_F16 ? 2 : 4);
    return ZC_OK;
}

/* Bytes of float32 (rows, cols) at a distance of `ld`. */
static zc_status matrix(const char *name, uint32_t rows, uint32_t cols, uint32_t ld, uint64_t *bytes, zc_error *error)
{
    zc_status status = leading(name, ld, rows, cols, error);
    return status == ZC_OK ? batched(name, span(rows, cols, ld), 1, 0, bytes, error) : status;
}

/* heads * head_size as a row's columns. */
static zc_status head_columns(uint32_t heads, uint32_t head_size, uint32_t *out, zc_error *error)
{
    uint64_t columns = (uint64_t)heads * head_size;
    if (columns > UINT32_MAX) {
        return zc_fail(error, ZC_OVERFLOW, "%u heads of %u elements are more than 2^32 columns", heads, head_size);
    }
    *out = (uint32_t)columns;
    return ZC_OK;
}

static zc_status flags_within(uint32_t flags, uint32_t known, zc_error *error)
{
    return flags & ~known ? zc_fail(error, ZC_BAD_VALUE, "flags are 0x%x, known are 0x%x", flags, known) : ZC_OK;
}

static zc_status extent_embed(const void *params, uint64_t *bytes, zc_error *error)
{
    const zc_embed_params *p = params;
    zc_status status;
    if ((status = flags_within(p->flags, ZC_EMBED_ADD, error)) != ZC_OK ||
        (status = weights("table", p->type, p->vocab, p->dim, &bytes[1], error)) != ZC_OK) {
        return status;
    }
    if (p->rows && p->vocab == 0) {
        return zc_fail(error, ZC_BAD_VALUE, "the table has no rows to look %u ids up in", p->rows);
    }
    bytes[0] = (uint64_t)p->rows * ELEMENT;
    return matrix("out", p->rows, p->dim, p->ldout, &bytes[2], error);
}

static zc_status extent_rms_norm(const void *params, uint64_t *bytes, zc_error *error)
{
    const zc_norm_params *p = params;
    zc_status status;
    bytes[1] = (uint64_t)p->cols * ELEMENT;
    if ((status = matrix("x", p->rows, p->cols, p->ldx, &bytes[0], error)) != ZC_OK) {
        return status;
    }
    return matrix("out", p->rows, p->cols, p->ldout, &bytes[2], error);
}

static zc_status extent_layer_norm(const void *params, uint64_t *bytes, zc_error *error)
{
    zc_status status = extent_rms_norm(params, bytes, error);
    bytes[3] = bytes[2];
    bytes[2] = bytes[1];
    return status;
}

static zc_status extent_linear(const void *params, uint64_t *bytes, zc_error *error)
{
    const zc_linear_params *p = params;
    zc_status status;
    bool gated = p->flags & ZC_LINEAR_SWIGLU;
    if ((status = flags_within(p->flags, ZC_LINEAR_FLAGS, error)) != ZC_OK ||
        (status = weights("w", p->type, p->n, p->k, &bytes[1], error)) != ZC_OK) {
        return status;
    }
    if (gated && (p->flags & ZC_LINEAR_NORM)) {
        return zc_fail(error, ZC_BAD_VALUE, "flags 0x%x ask for NORM and for SWIGLU of the same input", p->flags);
    }
    bytes[2] = p->flags & ZC_LINEAR_BIAS ? (uint64_t)p->n * ELEMENT : 0;
    bytes[3] = p->flags & ZC_LINEAR_NORM ? (uint64_t)p->k * ELEMENT : 0;
    if (p->k > ZC_LINEAR_MAX_K) {
        return zc_fail(error, ZC_BAD_VALUE, "k is %u, must be at most %u", p->k, ZC_LINEAR_MAX_K);
    }
    uint32_t columns = gated ? 2 * p->k : p->k;
    if ((status = windows("x", p->ldx, p->rows, columns, error)) != ZC_OK ||
        (status = batched("x", span(p->rows, columns, p->ldx), 1, 0, &bytes[0], error)) != ZC_OK) {
        return status;
    }
    return matrix("y", p->rows, p->n, p->ldy, &bytes[4], error);
}

static zc_status extent_rope(const void *params, uint64_t *bytes, zc_error *error)
{
    const zc_rope_params *p = params;
    uint32_t cols = 0;
    zc_status status = head_columns(p->heads, p->head_size, &cols, error);
    if (status != ZC_OK) {
        return status;
    }
    if (p->rotated % 2 || p->rotated > p->head_size) {
        return zc_fail(error, ZC_BAD_VALUE, "%u elements of a head of %u are to be rotated: must be even and fit",
                       p->rotated, p->head_size);
    }
    if (p->layout > ZC_ROPE_HALVES) {
        return zc_fail(error, ZC_BAD_VALUE, "layout is %u, must be 0 (pairs) or 1 (halves)", p->layout);
    }
    if (p->rows && p->table_rows == 0) {
        return zc_fail(error, ZC_BAD_VALUE, "the table has no rows for %u positions", p->rows);
    }
    bytes[1] = (uint64_t)p->rows * ELEMENT;
    if ((status = matrix("x", p->rows, cols, p->ldx, &bytes[0], error)) != ZC_OK ||
        (status = matrix("table", p->table_rows, p->rotated, p->rotated, &bytes[2], error)) != ZC_OK) {
        return status;
    }
    return cache("out", p->out_type, p->capacity ? p->capacity : p->rows, cols, p->ldout, &bytes[3], error);
}

static zc_status extent_append(const void *params, uint64_t *bytes, zc_error *error)
{
    const zc_append_params *p = params;
    zc_status status = matrix("x", p->rows, p->cols, p->ldx, &bytes[0], error);
    if (status != ZC_OK) {
        return status;
    }
    if (p->rows && p->capacity == 0) {
        return zc_fail(error, ZC_BAD_VALUE, "a cache of no rows cannot take %u", p->rows);
    }
    bytes[1] = (uint64_t)p->rows * ELEMENT;
    return cache("out", p->out_type, p->capacity, p->cols, p->ldout, &bytes[2], error);
}

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
    if ((status = head_columns(p->heads, p->head_size, &q_cols, error)) != ZC_OK ||
        (status = head_columns(p->kv_heads, p->head_size, &kv_cols, error)) != ZC_OK ||
        (status = matrix("q", p->rows, q_cols, p->ldq, &bytes[0], error)) != ZC_OK ||
        (status = cache("k", p->kv_type, p->capacity, kv_cols, p->ldk, &bytes[1], error)) != ZC_OK ||
        (status = cache("v", p->kv_type, p->capacity, kv_cols, p->ldv, &bytes[2], error)) != ZC_OK) {
        return status;
    }
    bytes[3] = (uint64_t)p->rows * 2 * ELEMENT;
    return matrix("out", p->rows, q_cols, p->ldout, &bytes[4], error);
}

static zc_status extent_swiglu(const void *params, uint64_t *bytes, zc_error *error)
{
    const zc_swiglu_params *p = params;
    zc_status status;
    if ((status = matrix("gate", p->rows, p->cols, p->ldgate, &bytes[0], error)) != ZC_OK ||
        (status = matrix("up", p->rows, p->cols, p->ldup, &bytes[1], error)) != ZC_OK) {
        return status;
    }
    return matrix("out", p->rows, p->cols, p->ldout, &bytes[2], error);
}

static zc_status extent_gelu(const void *params, uint64_t *bytes, zc_error *error)
{
    const zc_gelu_params *p = params;
    bytes[0] = bytes[1] = (uint64_t)p->count * ELEMENT;
    return p->tanh > 1 ? zc_fail(error, ZC_BAD_VALUE, "tanh is %u, must be 0 or 1", p->tanh) : ZC_OK;
}

static zc_status extent_argmax(const void *params, uint64_t *bytes, zc_error *error)
{
    const zc_rows_params *p = params;
    if (p->rows && p->cols == 0) {
        return zc_fail(error, ZC_BAD_VALUE, "%u rows of no elements have no largest one", p->rows);
    }
    return extent_reduction(params, bytes, error);
}

static zc_status extent_top_k(const void *params, uint64_t *bytes, zc_error *error)
{
    const zc_top_k_params *p = params;
    if (p->k > p->cols || p->k > ZC_TOP_K_MAX) {
        return zc_fail(error, ZC_BAD_VALUE, "k is %u, must be at most %d and the number of columns, %u", p->k,
                       ZC_TOP_K_MAX, p->cols);
    }
    bytes[1] = bytes[2] = (uint64_t)p->rows * p->k * ELEMENT;
    return matrix("x", p->rows, p->cols, p->ldx, &bytes[0], error);
}

static zc_status extent_penalize(const void *params, uint64_t *bytes, zc_error *error)
{
    const zc_penalize_params *p = params;
    if (!(p->penalty > 0.0f)) {
        return zc_fail(error, ZC_BAD_VALUE, "penalty is %g, must be above 0", (double)p->penalty);
    }
    if (p->cols == 0) {
        return zc_fail(error, ZC_BAD_VALUE, "there are no columns to change");
    }
    bytes[0] = ((uint64_t)p->capacity + 1) * ELEMENT;
    bytes[1] = (uint64_t)p->cols * ELEMENT;
    return ZC_OK;
}

static zc_status extent_pool(const void *params, uint64_t *bytes, zc_error *error)
{
    const zc_pool_params *p = params;
    zc_status status;
    if ((status = flags_within(p->flags, ZC_POOL_NORMALIZE, error)) != ZC_OK ||
        (status = matrix("x", p->capacity, p->cols, p->ldx, &bytes[0], error)) != ZC_OK) {
        return status;
    }
    bytes[1] = (uint64_t)p->rows * 2 * ELEMENT;
    return matrix("out", p->rows, p->cols, p->ldout, &bytes[2], error);
}

/* ---- workgroups ---- */

#define MAX_GROUPS 65535u

static uint32_t at_most(uint64_t groups, uint32_t limit)
{
    return groups < limit ? (uint32_t)groups : limit;
}

static uint64_t ceil_div(uint64_t a, uint64_t b)
{
    return (a + b - 1) / b;
}

static void groups_of(uint32_t out[3], uint32_t x, uint32_t y, uint32_t z)
{
    out[0] = x;
    out[1] = y;
    out[2] = z;
}

/* A group does 4096 elements, ITEMS in shaders/elementwise.glsl. All these parameters begin with the count. */
static void groups_elementwise(const void *params, uint32_t out[3])
{
    uint64_t groups = ceil_div(((const zc_elementwise_params *)params)->count, 4096);
    groups_of(out, at_most(groups, MAX_GROUPS), (uint32_t)ceil_div(groups, MAX_GROUPS), 1);
}
#define groups_fill groups_elementwise
#define groups_affine groups_elementwise
#define groups_axpby groups_elementwise
#define groups_add groups_elementwise
#define groups_mul groups_elementwise

_Static_assert(offsetof(zc_fill_params, count) == 0 && offsetof(zc_affine_params, count) == 0 &&
                   offsetof(zc_axpby_params, count) == 0 && offsetof(zc_elementwise_params, count) == 0,
               "count comes first");

static void groups_matmul(const void *params, uint32_t out[3])
{
    const zc_matmul_params *p = params;
    uint32_t batch = at_most(p->batch, MAX_GROUPS);
    uint32_t tile = zc_kernel_matmul_tile(p);
    if (!tile) {
        bool along_k = zc_kernel_matmul_along_k(p);
        uint64_t length = p->m == 1 ? p->n : p->m; /* the other of the two may be 0, and then this is not 1 */
        length = p->m && p->n ? length : 0;
        /* Along k as many lines as there are subgroups: 8, guessed. */
        groups_of(out, at_most(ceil_div(length, along_k ? 8 : 16), MAX_GROUPS), 1, batch);
        return;
    }
    groups_of(out, at_most(ceil_div(p->n, tile), MAX_GROUPS), at_most(ceil_div(p->m, tile), MAX_GROUPS), batch);
}

static void groups_rows(const void *params, uint32_t out[3])
{
    const zc_rows_params *p = params;
    groups_of(out, at_most(ceil_div(p->rows, zc_kernel_rows_of_group(p)), MAX_GROUPS), 1, 1);
}
#define groups_sum groups_rows
#define groups_max groups_rows
#define groups_softmax groups_rows

/* ---- language models: workgroups ---- */

/* A workgroup for each row, none where a row has nothing to write. */
static void groups_a_row(uint32_t rows, uint32_t written, uint32_t out[3])
{
    groups_of(out, written ? at_most(rows, MAX_GROUPS) : 0, 1, 1);
}

static void groups_norm(const void *params, uint32_t out[3])
{
    const zc_norm_params *p = params;
    groups_a_row(p->rows, p->cols, out);
}
#define groups_rms_norm groups_norm
#define groups_layer_norm groups_norm

static void groups_argmax(const void *params, uint32_t out[3])
{
    groups_a_row(((const zc_rows_params *)params)->rows, 1, out);
}

static void groups_top_k(const void *params, uint32_t out[3])
{
    const zc_top_k_params *p = params;
    groups_a_row(p->rows, p->k, out);
}

static void groups_pool(const void *params, uint32_t out[3])
{
    const zc_pool_params *p = params;
    groups_a_row(p->rows, p->cols, out);
}
#define groups_gelu groups_elementwise

/* An invocation for each of `items` in each row. */
static void groups_items(uint64_t items, uint32_t rows, uint32_t out[3])
{
    groups_of(out, at_most(ceil_div(items, 256), MAX_GROUPS), at_most(rows, MAX_GROUPS), 1);
}

static void groups_embed(const void *params, uint32_t out[3])
{
    const zc_embed_params *p = params;
    groups_items(ceil_div(p->dim, 4), p->rows, out);
}

static void groups_rope(const void *params, uint32_t out[3])
{
    const zc_rope_params *p = params;
    groups_items(p->heads * ceil_div(p->head_size, 2), p->rows, out);
}

static void groups_append(const void *params, uint32_t out[3])
{
    const zc_append_params *p = params;
    groups_items(p->out_type == ZC_CACHE_F16 ? ceil_div(p->cols, 2) : p->cols, p->rows, out);
}

static void groups_swiglu(const void *params, uint32_t out[3])
{
    const zc_swiglu_params *p = params;
    groups_items(p->cols, p->rows, out);
}

static void groups_penalize(const void *params, uint32_t out[3])
{
    (void)params;
    groups_of(out, 1, 1, 1);
}

static void groups_linear(const void *params, uint32_t out[3])
{
    const zc_linear_params *p = params;
    if (zc_kernel_linear_tile(p)) {
        groups_of(out, at_most(ceil_div(p->n, 64), MAX_GROUPS), at_most(ceil_div(p->rows, 64), MAX_GROUPS), 1);
        return;
    }
    uint32_t lines = zc_kernel_linear_lines(p);
    groups_of(out, at_most(ceil_div(p->n, lines), MAX_GROUPS), p->rows, 1);
}

static void groups_attention(const void *params, uint32_t out[3])
{
    const zc_attention_params *p = params;
    uint64_t rows = zc_kernel_attention_tiled(p) ? ceil_div(p->rows, 16) : p->rows;
    groups_of(out, at_most(p->heads, MAX_GROUPS), at_most(rows, MAX_GROUPS), 1);
}

/* ---- the table ---- */

#define BINDING(binding, how) {.name = #binding, .access = (how), .element_size = ELEMENT},
#define IN(binding) BINDING(binding, ZC_ACCESS_READ)
#define OUT(binding) BINDING(binding, ZC_ACCESS_WRITE)
#define INOUT(binding) BINDING(binding, ZC_ACCESS_READ | ZC_ACCESS_WRITE)

#define IN_PLACE ZC_TRAIT_IN_PLACE
#define VARIANTS ZC_TRAIT_VARIANTS

/* The number of bindings follows from the same lists. */
#define KERNEL_BINDINGS(...) (sizeof((zc_binding_signature[]){__VA_ARGS__}) / sizeof(zc_binding_signature))

static const zc_kernel kernels[ZC_KERNEL_COUNT] = {
#define ZC_KERNEL(kernel, params, workgroup, trait_set, binding_list)       \
    [ZC_KERNEL_##kernel] = {.id = ZC_KERNEL_##kernel,                       \
                            .name = #kernel,                                \
                            .params_size = sizeof(params),                  \
                            .workgroup_size = (workgroup),                  \
                            .traits = (trait_set),                          \
                            .binding_count = KERNEL_BINDINGS(binding_list), \
                            .bindings = {binding_list},                     \
                            .extent = extent_##kernel,                      \
                            .groups = groups_##kernel,                      \
                            .work = zc_kernel_work_##kernel},
#include "kernel/zc_kernel.def"
#undef ZC_KERNEL
};

#define ZC_KERNEL(kernel, params, workgroup, trait_set, binding_list) \
    _Static_assert(sizeof(params) <= ZC_KERNEL_MAX_PARAMS && sizeof(params) % 4 == 0, #kernel " params");
#include "kernel/zc_kernel.def"
#undef ZC_KERNEL

const zc_kernel *zc_kernel_get(zc_kernel_id id)
{
    return (unsigned)id < ZC_KERNEL_COUNT ? &kernels[id] : NULL;
}

const zc_kernel *zc_kernel_find(const char *name)
{
    for (unsigned id = 0; id < ZC_KERNEL_COUNT; id++) {
        if (strcmp(kernels[id].name, name) == 0) {
            return &kernels[id];
        }
    }
    return NULL;
}
