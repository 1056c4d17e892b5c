/* zc_kernel_matmul: products of float32 matrices. Pure functions, any thread. */
#include "kernel/zc_kernel_internal.h"

static zc_status extent_matmul(const void *params, uint64_t *bytes, zc_error *error)
{
    const zc_matmul_params *p = params;
    uint32_t a_rows = p->transpose_a ? p->k : p->m, a_cols = p->transpose_a ? p->m : p->k;
    uint32_t b_rows = p->transpose_b ? p->n : p->k, b_cols = p->transpose_b ? p->k : p->n;
    uint64_t c_span = zc_span(p->m, p->n, p->ldc);
    zc_status status;
    if (p->transpose_a > 1 || p->transpose_b > 1) {
        return zc_fail(error, ZC_BAD_VALUE, "transpose flags are %u and %u, must be 0 or 1", p->transpose_a,
                       p->transpose_b);
    }
    if ((status = zc_check_leading("a", p->lda, a_rows, a_cols, error)) != ZC_OK ||
        (status = zc_check_leading("b", p->ldb, b_rows, b_cols, error)) != ZC_OK ||
        (status = zc_check_leading("c", p->ldc, p->m, p->n, error)) != ZC_OK) {
        return status;
    }
    if (p->batch > 1 && p->stride_c < c_span) {
        return zc_fail(error, ZC_BAD_VALUE, "batch stride of c is %u elements, but one c spans %llu", p->stride_c,
                       (unsigned long long)c_span);
    }
    if ((status = zc_extent_batched("a", zc_span(a_rows, a_cols, p->lda), p->batch, p->stride_a, &bytes[0], error)) !=
            ZC_OK ||
        (status = zc_extent_batched("b", zc_span(b_rows, b_cols, p->ldb), p->batch, p->stride_b, &bytes[1], error)) !=
            ZC_OK) {
        return status;
    }
    return zc_extent_batched("c", c_span, p->batch, p->stride_c, &bytes[2], error);
}

static void groups_matmul(const void *params, uint32_t out[3])
{
    const zc_matmul_params *p = params;
    uint32_t batch = zc_at_most(p->batch, ZC_MAX_GROUPS);
    uint32_t way = zc_kernel_matmul_way(p), tile = zc_kernel_matmul_tile(p);
    if (!tile) {
        uint64_t length = p->m == 1 ? p->n : p->m; /* the other of the two may be 0, and then this is not 1 */
        length = p->m && p->n ? length : 0;
        /* Along k as many lines as there are subgroups: 8, guessed. */
        zc_groups(out, zc_at_most(zc_ceil_div(length, way == ZC_MATMUL_ALONG_WAY ? 8 : ZC_MATMUL_LINES), ZC_MAX_GROUPS),
                  1, batch);
        return;
    }
    zc_groups(out, zc_at_most(zc_ceil_div(p->n, tile), ZC_MAX_GROUPS),
              zc_at_most(zc_ceil_div(p->m, tile), ZC_MAX_GROUPS), batch);
}

/* c is scaled also where k is 0; operands are packed. */
static uint64_t work_matmul(const void *params)
{
    const zc_matmul_params *p = params;
    if (p->m == 0 || p->n == 0) {
        return 0;
    }
    uint64_t one = zc_plus(zc_times(zc_times(p->m, p->n), (uint64_t)p->k + 2), zc_times((uint64_t)p->m + p->n, p->k));
    return zc_times(zc_plus(one, ZC_WORK_ROW), p->batch);
}

static uint64_t work_in_tiles_matmul(const void *params)
{
    const zc_matmul_params *p = params;
    uint64_t work = work_matmul(params), whole = 0;
    uint32_t tile = zc_kernel_matmul_tile(p);
    if (tile) {
        whole = zc_times(zc_times(zc_whole(p->m, tile), zc_whole(p->n, tile)), zc_times(p->k, p->batch));
    }
    return whole > work ? whole : work;
}

ZC_KERNEL_FUNCTIONS_IN_TILES(matmul, extent_matmul, groups_matmul, work_matmul, work_in_tiles_matmul)
