/* zc_kernel: the signature table made from zc_kernel.def, the extents of each kernel's bindings, and the
 * workgroups of its shader (shaders/NAME.comp, with which the numbers below agree).
 * All arithmetic is on 64-bit values made of 32-bit inputs; products of more than two are checked. */
#include "zc_kernel.h"

#include <string.h>

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
        return zc_fail(error, ZC_BAD_VALUE, "leading dimension of %s is %u, less than its %u columns", name, ld,
                       cols);
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

static zc_status extent_reduction(const void *params, uint64_t *bytes, zc_error *error)
{
    const zc_rows_params *p = params;
    bytes[1] = (uint64_t)p->rows * ELEMENT;
    return batched("x", span(p->rows, p->cols, p->ldx), 1, 0, &bytes[0], error);
}
#define extent_sum extent_reduction
#define extent_max extent_reduction

static zc_status extent_softmax(const void *params, uint64_t *bytes, zc_error *error)
{
    const zc_rows_params *p = params;
    zc_status status;
    if ((status = leading("out", p->ldout, p->rows, p->cols, error)) != ZC_OK ||
        (status = batched("x", span(p->rows, p->cols, p->ldx), 1, 0, &bytes[0], error)) != ZC_OK) {
        return status;
    }
    return batched("out", span(p->rows, p->cols, p->ldout), 1, 0, &bytes[1], error);
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

/* As big_tiles() in shaders/matmul.comp. */
static bool big_tiles(const zc_matmul_params *p)
{
    return at_most(ceil_div(p->m, 128), 1024) * at_most(ceil_div(p->n, 128), 1024) * at_most(p->batch, 1024) >= 96;
}

static void groups_matmul(const void *params, uint32_t out[3])
{
    const zc_matmul_params *p = params;
    uint32_t batch = at_most(p->batch, MAX_GROUPS);
    if (p->m == 1 || p->n == 1) {
        bool along_k = p->m == 1 ? p->transpose_b || (p->n == 1 && p->ldb == 1) : !p->transpose_a;
        uint64_t length = p->m == 1 ? p->n : p->m; /* the other of the two may be 0, and then this is not 1 */
        length = p->m && p->n ? length : 0;
        /* Along k as many lines as there are subgroups: 8, guessed. */
        groups_of(out, at_most(ceil_div(length, along_k ? 8 : 16), MAX_GROUPS), 1, batch);
        return;
    }
    uint32_t tile = big_tiles(p) ? 128 : 64;
    groups_of(out, at_most(ceil_div(p->n, tile), MAX_GROUPS), at_most(ceil_div(p->m, tile), MAX_GROUPS), batch);
}

/* As row_team() in shaders/rows.glsl: rows that a workgroup does at once, guessing that it has 8 subgroups. */
static uint32_t rows_of_group(const zc_rows_params *p)
{
    if (p->cols <= 16 && p->rows >= 64) {
        return 256;
    }
    return (p->cols <= 1024 && p->rows >= 64) || p->cols <= 64 ? 8 : 1;
}

static void groups_rows(const void *params, uint32_t out[3])
{
    const zc_rows_params *p = params;
    groups_of(out, at_most(ceil_div(p->rows, rows_of_group(p)), MAX_GROUPS), 1, 1);
}
#define groups_sum groups_rows
#define groups_max groups_rows
#define groups_softmax groups_rows

/* ---- the table ---- */

#define BINDING(binding, how) {.name = #binding, .access = (how), .element_size = ELEMENT},
#define IN(binding) BINDING(binding, ZC_ACCESS_READ)
#define OUT(binding) BINDING(binding, ZC_ACCESS_WRITE)
#define INOUT(binding) BINDING(binding, ZC_ACCESS_READ | ZC_ACCESS_WRITE)

/* The number of bindings follows from the same lists. */
#define KERNEL_BINDINGS(...) (sizeof((zc_binding_signature[]){__VA_ARGS__}) / sizeof(zc_binding_signature))

static const zc_kernel kernels[ZC_KERNEL_COUNT] = {
#define ZC_KERNEL(kernel, params, workgroup, may_run_in_place, binding_list)            \
    [ZC_KERNEL_##kernel] = {.id = ZC_KERNEL_##kernel,                                   \
                            .name = #kernel,                                            \
                            .params_size = sizeof(params),                              \
                            .workgroup_size = (workgroup),                              \
                            .in_place = (may_run_in_place),                             \
                            .binding_count = KERNEL_BINDINGS(binding_list),             \
                            .bindings = {binding_list},                                 \
                            .extent = extent_##kernel,                                  \
                            .groups = groups_##kernel},
#include "zc_kernel.def"
#undef ZC_KERNEL
};

#define ZC_KERNEL(kernel, params, workgroup, may_run_in_place, binding_list) \
    _Static_assert(sizeof(params) <= ZC_KERNEL_MAX_PARAMS && sizeof(params) % 4 == 0, #kernel " params");
#include "zc_kernel.def"
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
