/* zc_kernel_reduce: sum, max and softmax over the rows of a matrix. Pure functions, any thread. */
#include "kernel/zc_kernel_internal.h"

static void groups_rows(const void *params, uint32_t out[3])
{
    const zc_rows_params *p = params;
    uint32_t way = zc_kernel_rows_way(p);
    /* Of as many rows as there are subgroups: 8, guessed. */
    uint32_t rows = way == ZC_ROWS_INVOCATION_WAY ? ZC_WORKGROUP : way == ZC_ROWS_SUBGROUP_WAY ? 8 : 1;
    zc_groups(out, zc_at_most(zc_ceil_div(p->rows, rows), ZC_MAX_GROUPS), 1, 1);
}

static uint64_t work_reduction(const void *params)
{
    const zc_rows_params *p = params;
    return zc_work_of_rows(p->rows, p->cols, 1);
}

ZC_KERNEL_FUNCTIONS(sum, zc_extent_reduction, groups_rows, work_reduction)
ZC_KERNEL_FUNCTIONS(max, zc_extent_reduction, groups_rows, work_reduction)

static zc_status extent_softmax(const void *params, uint64_t *bytes, zc_error *error)
{
    const zc_rows_params *p = params;
    zc_status status;
    if ((status = zc_check_leading("x", p->ldx, p->rows, p->cols, error)) != ZC_OK ||
        (status = zc_check_leading("out", p->ldout, p->rows, p->cols, error)) != ZC_OK ||
        (status = zc_extent_batched("x", zc_span(p->rows, p->cols, p->ldx), 1, 0, &bytes[0], error)) != ZC_OK) {
        return status;
    }
    return zc_extent_batched("out", zc_span(p->rows, p->cols, p->ldout), 1, 0, &bytes[1], error);
}

static uint64_t work_softmax(const void *params)
{
    const zc_rows_params *p = params;
    return p->cols ? zc_work_of_rows(p->rows, p->cols, 3 + ZC_WORK_EXP) : 0;
}

ZC_KERNEL_FUNCTIONS(softmax, extent_softmax, groups_rows, work_softmax)
