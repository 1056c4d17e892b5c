/* zc_cpu: zc_cpu_run, the one entry of the cpu kernels: picks the instruction set and the driver.
 *
 * It owns nothing and takes no lock, so a kernel call of a few elements costs tens of nanoseconds. Threads
 * are the drivers' business (zc_cpu_threads.h), scratch is zc_cpu_scratch.h's. Bounds were checked above.
 */
#include "device/cpu/zc_cpu.h"

#include "device/cpu/zc_cpu_cancel.h"
#include "device/cpu/zc_cpu_ops.h"
#include "device/cpu/zc_cpu_threads.h"

static zc_status run(zc_kernel_id id, void *const bindings[], const void *params, unsigned threads, zc_error *error)
{
    const zc_cpu_ops *ops = zc_cpu_get_ops();
    switch (id) {
    case ZC_KERNEL_fill:
        zc_cpu_fill(ops, bindings, params, threads);
        return ZC_OK;
    case ZC_KERNEL_affine:
        zc_cpu_affine(ops, bindings, params, threads);
        return ZC_OK;
    case ZC_KERNEL_axpby:
        zc_cpu_axpby(ops, bindings, params, threads);
        return ZC_OK;
    case ZC_KERNEL_add:
        zc_cpu_add(ops, bindings, params, threads);
        return ZC_OK;
    case ZC_KERNEL_mul:
        zc_cpu_mul(ops, bindings, params, threads);
        return ZC_OK;
    case ZC_KERNEL_matmul:
        return zc_cpu_matmul(ops, bindings, params, threads, error);
    case ZC_KERNEL_sum:
        zc_cpu_sum(ops, bindings, params, threads);
        return ZC_OK;
    case ZC_KERNEL_max:
        zc_cpu_max(ops, bindings, params, threads);
        return ZC_OK;
    case ZC_KERNEL_softmax:
        zc_cpu_softmax(ops, bindings, params, threads);
        return ZC_OK;
    case ZC_KERNEL_embed:
        zc_cpu_embed(ops, bindings, params, threads);
        return ZC_OK;
    case ZC_KERNEL_rms_norm:
        zc_cpu_rms_norm(ops, bindings, params, threads);
        return ZC_OK;
    case ZC_KERNEL_layer_norm:
        zc_cpu_layer_norm(ops, bindings, params, threads);
        return ZC_OK;
    case ZC_KERNEL_linear:
        return zc_cpu_linear(ops, bindings, params, threads, error);
    case ZC_KERNEL_rope:
        zc_cpu_rope(ops, bindings, params, threads);
        return ZC_OK;
    case ZC_KERNEL_append:
        zc_cpu_append(ops, bindings, params, threads);
        return ZC_OK;
    case ZC_KERNEL_attention:
        return zc_cpu_attention(ops, bindings, params, threads, error);
    case ZC_KERNEL_swiglu:
        zc_cpu_swiglu(ops, bindings, params, threads);
        return ZC_OK;
    case ZC_KERNEL_gelu:
        zc_cpu_gelu(ops, bindings, params, threads);
        return ZC_OK;
    case ZC_KERNEL_argmax:
        zc_cpu_argmax(ops, bindings, params, threads);
        return ZC_OK;
    case ZC_KERNEL_top_k:
        zc_cpu_top_k(ops, bindings, params, threads);
        return ZC_OK;
    case ZC_KERNEL_penalize:
        zc_cpu_penalize(bindings, params);
        return ZC_OK;
    case ZC_KERNEL_pool:
        zc_cpu_pool_rows(ops, bindings, params, threads);
        return ZC_OK;
    default:
        break;
    }
    return zc_fail(error, ZC_BAD_VALUE, "kernel %u is not one of the %u built-in ones", (unsigned)id,
                   (unsigned)ZC_KERNEL_COUNT);
}

zc_status zc_cpu_run(zc_kernel_id id, void *const bindings[], const void *params, unsigned threads,
                     const _Atomic bool *cancel, zc_error *error)
{
    if (threads == 0) {
        threads = zc_cpu_count();
    }
    if (threads > ZC_THREADS_MAX) {
        threads = ZC_THREADS_MAX;
    }
    if (!cancel) {
        return run(id, bindings, params, threads, error);
    }
    zc_cpu_cancel = cancel;
    zc_status status = run(id, bindings, params, threads, error);
    zc_cpu_cancel = NULL;
    return status == ZC_OK && zc_cpu_is_set(cancel) ? zc_fail(error, ZC_CANCELLED, "cancelled") : status;
}
