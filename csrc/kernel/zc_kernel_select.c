/* zc_kernel_select: what a sampler asks of rows of logits: argmax, top_k, penalize, adjust, mask, draw. Pure functions, any
 * thread. */
#include "kernel/zc_kernel_internal.h"

static zc_status extent_argmax(const void *params, uint64_t *bytes, zc_error *error)
{
    const zc_rows_params *p = params;
    if (p->rows && p->cols == 0) {
        return zc_fail(error, ZC_BAD_VALUE, "%u rows of no elements have no largest one", p->rows);
    }
    return zc_extent_reduction(params, bytes, error);
}

static void groups_argmax(const void *params, uint32_t out[3])
{
    zc_groups_a_row(((const zc_rows_params *)params)->rows, 1, out);
}

/* Ascending elements each take the place of the last. */
static uint64_t work_argmax(const void *params)
{
    const zc_rows_params *p = params;
    return zc_work_of_rows(p->rows, p->cols, 4);
}

ZC_KERNEL_FUNCTIONS(argmax, extent_argmax, groups_argmax, work_argmax)

static zc_status extent_top_k(const void *params, uint64_t *bytes, zc_error *error)
{
    const zc_top_k_params *p = params;
    if (p->k > p->cols || p->k > ZC_TOP_K_MAX) {
        return zc_fail(error, ZC_BAD_VALUE, "k is %u, must be at most %d and the number of columns, %u", p->k,
                       ZC_TOP_K_MAX, p->cols);
    }
    bytes[1] = bytes[2] = (uint64_t)p->rows * p->k * ZC_ELEMENT;
    return zc_extent_matrix("x", p->rows, p->cols, p->ldx, &bytes[0], error);
}

static void groups_top_k(const void *params, uint32_t out[3])
{
    const zc_top_k_params *p = params;
    zc_groups_a_row(p->rows, p->k, out);
}

/* 18 passes over a row on a GPU (shaders/top_k.comp), or on cpu a heap of k whose depth is no more than that; then k
 * candidates are sorted. */
static uint64_t work_top_k(const void *params)
{
    const zc_top_k_params *p = params;
    return p->k ? zc_work_of_rows(p->rows, zc_plus(p->cols, p->k), 18) : 0;
}

ZC_KERNEL_FUNCTIONS(top_k, extent_top_k, groups_top_k, work_top_k)

static zc_status extent_penalize(const void *params, uint64_t *bytes, zc_error *error)
{
    const zc_penalize_params *p = params;
    if (!(p->penalty > 0.0f)) {
        return zc_fail(error, ZC_BAD_VALUE, "penalty is %g, must be above 0", (double)p->penalty);
    }
    if (p->cols == 0) {
        return zc_fail(error, ZC_BAD_VALUE, "there are no columns to change");
    }
    bytes[0] = ((uint64_t)p->capacity + 1) * ZC_ELEMENT;
    bytes[1] = (uint64_t)p->cols * ZC_ELEMENT;
    return ZC_OK;
}

static void groups_penalize(const void *params, uint32_t out[3])
{
    (void)params;
    zc_groups(out, 1, 1, 1);
}

/* One after the other in x, which may be larger than any cache. */
static uint64_t work_penalize(const void *params)
{
    return zc_times((uint64_t)((const zc_penalize_params *)params)->capacity + 1, ZC_WORK_FETCH);
}

ZC_KERNEL_FUNCTIONS(penalize, extent_penalize, groups_penalize, work_penalize)

static zc_status extent_adjust(const void *params, uint64_t *bytes, zc_error *error)
{
    const zc_adjust_params *p = params;
    if (p->count == 0) {
        return zc_fail(error, ZC_BAD_VALUE, "there are no elements to change");
    }
    bytes[0] = ((uint64_t)p->entries + 1) * 4 * ZC_ELEMENT;
    bytes[1] = (uint64_t)p->count * ZC_ELEMENT;
    return ZC_OK;
}

static void groups_adjust(const void *params, uint32_t out[3])
{
    const zc_adjust_params *p = params;
    zc_groups_items(p->entries, 1, out);
}

/* As penalize, but by many workgroups. */
static uint64_t work_adjust(const void *params)
{
    return zc_times((uint64_t)((const zc_adjust_params *)params)->entries + 1, ZC_WORK_FETCH);
}

ZC_KERNEL_FUNCTIONS(adjust, extent_adjust, groups_adjust, work_adjust)

static zc_status extent_mask(const void *params, uint64_t *bytes, zc_error *error)
{
    const zc_mask_params *p = params;
    zc_status status =
        zc_extent_matrix("mask", p->rows, (uint32_t)zc_ceil_div(p->cols, 32), p->ldmask, &bytes[0], error);
    return status == ZC_OK ? zc_extent_matrix("x", p->rows, p->cols, p->ldx, &bytes[1], error) : status;
}

static void groups_mask(const void *params, uint32_t out[3])
{
    const zc_mask_params *p = params;
    zc_groups_items(p->cols, p->rows, out);
}

static uint64_t work_mask(const void *params)
{
    const zc_mask_params *p = params;
    return p->cols ? zc_work_of_rows(p->rows, p->cols, 2) : 0;
}

ZC_KERNEL_FUNCTIONS(mask, extent_mask, groups_mask, work_mask)

static zc_status extent_draw(const void *params, uint64_t *bytes, zc_error *error)
{
    const zc_draw_params *p = params;
    if (p->count == 0 || p->count > ZC_TOP_K_MAX) {
        return zc_fail(error, ZC_BAD_VALUE, "count is %u, must be 1 to %d", p->count, ZC_TOP_K_MAX);
    }
    if (p->complete > 1) {
        return zc_fail(error, ZC_BAD_VALUE, "complete is %u, must be 0 or 1", p->complete);
    }
    if (!(p->top_p > 0.0f)) {
        return zc_fail(error, ZC_BAD_VALUE, "top_p is %g, must be above 0", (double)p->top_p);
    }
    if (!(p->min_p >= 0.0f && p->min_p <= 1.0f)) {
        return zc_fail(error, ZC_BAD_VALUE, "min_p is %g, must be 0 to 1", (double)p->min_p);
    }
    bytes[0] = bytes[1] = (uint64_t)p->rows * p->count * ZC_ELEMENT;
    bytes[2] = (uint64_t)p->rows * 2 * ZC_ELEMENT;
    bytes[3] = (uint64_t)p->rows * ZC_ELEMENT;
    return ZC_OK;
}

static void groups_draw(const void *params, uint32_t out[3])
{
    zc_groups_a_row(((const zc_draw_params *)params)->rows, 1, out);
}

static uint64_t work_draw(const void *params)
{
    const zc_draw_params *p = params;
    return zc_work_of_rows(p->rows, p->count, 16);
}

ZC_KERNEL_FUNCTIONS(draw, extent_draw, groups_draw, work_draw)
