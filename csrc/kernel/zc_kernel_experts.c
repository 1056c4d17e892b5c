/* zc_kernel_experts: mixtures of experts: which ones a row goes to, products with their weights, and the sum of what comes
 * out. Pure functions, any thread. */
#include "kernel/zc_kernel_internal.h"

static zc_status extent_route(const void *params, uint64_t *bytes, zc_error *error)
{
    const zc_route_params *p = params;
    if (p->experts > ZC_ROUTE_MAX_EXPERTS || p->used > ZC_ROUTE_MAX_USED || p->used > p->experts) {
        return zc_fail(error, ZC_BAD_VALUE, "%u of %u experts: must be at most %d of %d, and fit", p->used, p->experts,
                       ZC_ROUTE_MAX_USED, ZC_ROUTE_MAX_EXPERTS);
    }
    if (p->mode > ZC_ROUTE_NORMED_SIGMOID) {
        return zc_fail(error, ZC_BAD_VALUE, "mode is %u, must be 0 to %d", p->mode, ZC_ROUTE_NORMED_SIGMOID);
    }
    bytes[1] = bytes[2] = (uint64_t)p->rows * p->used * ZC_ELEMENT;
    return zc_extent_matrix("x", p->rows, p->experts, p->ldx, &bytes[0], error);
}

static void groups_route(const void *params, uint32_t out[3])
{
    const zc_route_params *p = params;
    zc_groups_a_row(p->rows, p->used, out);
}

/* Each logit is compared with all. */
static uint64_t work_route(const void *params)
{
    const zc_route_params *p = params;
    return p->used ? zc_work_of_rows(p->rows, p->experts, p->experts + 2 * ZC_WORK_EXP) : 0;
}

ZC_KERNEL_FUNCTIONS(route, extent_route, groups_route, work_route)

/* ---- products ---- */

static zc_status extent_linear_chosen(const void *params, uint64_t *bytes, zc_error *error)
{
    const zc_linear_chosen_params *p = params;
    zc_status status;
    uint64_t all = (uint64_t)p->experts * p->n;
    if ((p->rows && p->experts == 0) || p->experts > ZC_ROUTE_MAX_EXPERTS || p->share == 0) {
        return zc_fail(error, ZC_BAD_VALUE, "experts are %u, must be 1 to %d; share is %u, must be at least 1",
                       p->experts, ZC_ROUTE_MAX_EXPERTS, p->share);
    }
    if (all > UINT32_MAX) {
        return zc_fail(error, ZC_OVERFLOW, "%u experts of %u rows are more than 2^32 rows", p->experts, p->n);
    }
    if (p->k > ZC_LINEAR_MAX_K) {
        return zc_fail(error, ZC_BAD_VALUE, "k is %u, must be at most %u", p->k, ZC_LINEAR_MAX_K);
    }
    const uint32_t known = ZC_LINEAR_GATED | ZC_LINEAR_BIAS | ZC_LINEAR_EXACT;
    if ((status = zc_check_flags(p->flags, known, error)) != ZC_OK) {
        return status;
    }
    if ((p->flags & ZC_LINEAR_GATED) == ZC_LINEAR_GATED) {
        return zc_fail(error, ZC_BAD_VALUE, "flags 0x%x ask for SWIGLU and for SWIGLU_CLAMPED", p->flags);
    }
    uint32_t columns = p->flags & ZC_LINEAR_GATED ? 2 * p->k : p->k, rows = p->rows ? (p->rows - 1) / p->share + 1 : 0;
    bytes[2] = p->flags & ZC_LINEAR_BIAS ? all * ZC_ELEMENT : 0;
    bytes[3] = (uint64_t)p->rows * ZC_ELEMENT;
    if ((status = zc_extent_weights("w", p->type, (uint32_t)all, p->k, &bytes[1], error)) != ZC_OK ||
        (status = zc_extent_matrix("x", rows, columns, p->ldx, &bytes[0], error)) != ZC_OK) {
        return status;
    }
    return zc_extent_matrix("y", p->rows, p->n, p->ldy, &bytes[4], error);
}

/* Each row by itself. */
static void groups_linear_chosen(const void *params, uint32_t out[3])
{
    const zc_linear_chosen_params *p = params;
    zc_kernel_linear_groups(zc_kernel_chosen_way(p), 1, p->n, out);
    out[1] = zc_at_most(p->rows, ZC_MAX_GROUPS);
}

/* The products, what is made of x for each, and where no two rows have the same expert, all weights unpacked. */
static uint64_t work_linear_chosen(const void *params)
{
    const zc_linear_chosen_params *p = params;
    uint64_t product = zc_times(p->n, (uint64_t)p->k + 2);
    uint64_t input = zc_times(p->k, p->flags & ZC_LINEAR_GATED ? 4 + ZC_WORK_EXP : 2);
    uint64_t row = zc_plus(zc_plus(zc_times(product, 2), zc_times(p->n, 2)), zc_plus(input, ZC_WORK_ROW));
    return p->n ? zc_times(row, p->rows) : 0;
}

ZC_KERNEL_FUNCTIONS(linear_chosen, extent_linear_chosen, groups_linear_chosen, work_linear_chosen)

/* ---- the sum ---- */

static zc_status extent_add_weighted(const void *params, uint64_t *bytes, zc_error *error)
{
    const zc_add_weighted_params *p = params;
    uint64_t slots = (uint64_t)p->rows * p->slots;
    zc_status status;
    if (slots > UINT32_MAX) {
        return zc_fail(error, ZC_OVERFLOW, "%u rows of %u slots are more than 2^32 rows", p->rows, p->slots);
    }
    bytes[1] = slots * ZC_ELEMENT;
    if ((status = zc_extent_matrix("x", (uint32_t)slots, p->cols, p->ldx, &bytes[0], error)) != ZC_OK) {
        return status;
    }
    return zc_extent_matrix("out", p->rows, p->cols, p->ldout, &bytes[2], error);
}

static void groups_add_weighted(const void *params, uint32_t out[3])
{
    const zc_add_weighted_params *p = params;
    zc_groups_items(p->cols, p->rows, out);
}

static uint64_t work_add_weighted(const void *params)
{
    const zc_add_weighted_params *p = params;
    uint64_t each = zc_plus(zc_times(p->slots, 3), 3);
    return p->cols ? zc_times(p->rows, zc_plus(zc_times(p->cols, each), ZC_WORK_ROW)) : 0;
}

ZC_KERNEL_FUNCTIONS(add_weighted, extent_add_weighted, groups_add_weighted, work_add_weighted)
