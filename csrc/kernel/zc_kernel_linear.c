/* zc_kernel_linear: products with weights, and what is done to their input and output on the way: linear and
 * linear_gated. Pure functions, any thread. */
#include "kernel/zc_kernel_internal.h"

static zc_status extent_linear(const void *params, uint64_t *bytes, zc_error *error)
{
    const zc_linear_params *p = params;
    zc_status status;
    bool gated = p->flags & ZC_LINEAR_SWIGLU;
    if ((status = zc_check_flags(p->flags, ZC_LINEAR_FLAGS, error)) != ZC_OK ||
        (status = zc_extent_weights("w", p->type, p->n, p->k, &bytes[1], error)) != ZC_OK) {
        return status;
    }
    if (p->flags & ZC_LINEAR_GELU && p->flags & ZC_LINEAR_GELU_TANH) {
        return zc_fail(error, ZC_BAD_VALUE, "flags 0x%x ask for GELU and for GELU_TANH", p->flags);
    }
    if (gated && (p->flags & ZC_LINEAR_NORM)) {
        return zc_fail(error, ZC_BAD_VALUE, "flags 0x%x ask for NORM and for SWIGLU of the same input", p->flags);
    }
    bytes[2] = p->flags & ZC_LINEAR_BIAS ? (uint64_t)p->n * ZC_ELEMENT : 0;
    bytes[3] = p->flags & ZC_LINEAR_NORM ? (uint64_t)p->k * ZC_ELEMENT : 0;
    if (p->k > ZC_LINEAR_MAX_K) {
        return zc_fail(error, ZC_BAD_VALUE, "k is %u, must be at most %u", p->k, ZC_LINEAR_MAX_K);
    }
    uint32_t columns = gated ? 2 * p->k : p->k;
    if ((status = zc_check_windows("x", p->ldx, p->rows, columns, error)) != ZC_OK ||
        (status = zc_extent_batched("x", zc_span(p->rows, columns, p->ldx), 1, 0, &bytes[0], error)) != ZC_OK) {
        return status;
    }
    return zc_extent_matrix("y", p->rows, p->n, p->ldy, &bytes[4], error);
}

static void groups_linear(const void *params, uint32_t out[3])
{
    const zc_linear_params *p = params;
    zc_kernel_linear_groups(zc_kernel_linear_way(p), p->rows, p->n, out);
}

/* The product; the input's prologue; weights unpacked once for each part of the rows. */
static uint64_t work_linear(const void *params)
{
    const zc_linear_params *p = params;
    if (p->rows == 0 || p->n == 0) {
        return 0;
    }
    uint32_t gelu = p->flags & (ZC_LINEAR_GELU | ZC_LINEAR_GELU_TANH) ? ZC_WORK_EXP : 0;
    uint64_t row = zc_plus(zc_times(p->n, (uint64_t)p->k + 2 + gelu),
                           zc_times(p->k, p->flags & (ZC_LINEAR_NORM | ZC_LINEAR_SWIGLU) ? 2 + ZC_WORK_EXP : 1));
    return zc_plus(zc_times(zc_plus(row, ZC_WORK_ROW), p->rows), zc_times(p->n, p->k));
}

static uint64_t work_in_tiles_linear(const void *params)
{
    const zc_linear_params *p = params;
    uint64_t work = work_linear(params), whole = 0;
    uint32_t tile = zc_kernel_linear_tile(p);
    if (tile) {
        whole = zc_times(zc_times(zc_whole(p->rows, tile), zc_whole(p->n, tile)), p->k);
    }
    return whole > work ? whole : work;
}

ZC_KERNEL_FUNCTIONS_IN_TILES(linear, extent_linear, groups_linear, work_linear, work_in_tiles_linear)

/* ---- linear_gated ---- */

static zc_status extent_linear_gated(const void *params, uint64_t *bytes, zc_error *error)
{
    const zc_linear_gated_params *p = params;
    const zc_linear_params gate = zc_linear_of_gated(p, p->gate_type);
    uint64_t of_gate[ZC_KERNEL_MAX_BINDINGS] = {0};
    zc_status status;
    if ((status = zc_check_flags(p->flags, ZC_LINEAR_NORM | ZC_LINEAR_EXACT | ZC_LINEAR_GELU_TANH, error)) != ZC_OK ||
        (status = zc_extent_weights("gate", p->gate_type, p->n, p->k, &bytes[1], error)) != ZC_OK ||
        (status = zc_extent_weights("up", p->up_type, p->n, p->k, &bytes[2], error)) != ZC_OK ||
        (status = extent_linear(&gate, of_gate, error)) != ZC_OK) {
        return status;
    }
    bytes[0] = of_gate[0];
    bytes[3] = of_gate[3];
    bytes[4] = of_gate[4];
    return ZC_OK;
}

static void groups_linear_gated(const void *params, uint32_t out[3])
{
    const zc_linear_params plain = zc_linear_of_gated(params, ZC_WEIGHT_F32); /* as stages_linear_gated */
    groups_linear(&plain, out);
}

static uint64_t work_linear_gated(const void *params)
{
    const zc_linear_gated_params *p = params;
    const zc_linear_params gate = zc_linear_of_gated(p, p->gate_type);
    return zc_plus(zc_times(work_linear(&gate), 2), zc_times(zc_times(p->rows, p->n), ZC_WORK_EXP));
}

static uint64_t work_in_tiles_linear_gated(const void *params)
{
    const zc_linear_gated_params *p = params;
    const zc_linear_params gate = zc_linear_of_gated(p, p->gate_type);
    return zc_plus(zc_times(work_in_tiles_linear(&gate), 2), zc_times(zc_times(p->rows, p->n), ZC_WORK_EXP));
}

ZC_KERNEL_FUNCTIONS_IN_TILES(linear_gated, extent_linear_gated, groups_linear_gated, work_linear_gated,
                             work_in_tiles_linear_gated)
