/* zc_cpu: zc_cpu_run, the one entry of the cpu kernels: picks the instruction set and the kernel's driver.
 *
 * It owns nothing and takes no lock, so a kernel call of a few elements costs tens of nanoseconds. Threads
 * are the drivers' business (zc_cpu_threads.h), workspace is zc_cpu_workspace.h's. Bounds were checked above.
 */
#include "device/cpu/zc_cpu.h"

#include "device/cpu/zc_cpu_cancel.h"
#include "device/cpu/zc_cpu_ops.h"
#include "device/cpu/zc_cpu_threads.h"

static zc_cpu_driver *const drivers[ZC_KERNEL_COUNT] = {
#define ZC_KERNEL(name, params, workgroup, traits, bindings) [ZC_KERNEL_##name] = zc_cpu_##name,
#include "kernel/zc_kernel.def"
#undef ZC_KERNEL
};

zc_status zc_cpu_run(zc_kernel_id id, void *const bindings[], const void *params, unsigned threads,
                     const _Atomic bool *cancel, zc_error *error)
{
    if ((unsigned)id >= ZC_KERNEL_COUNT) {
        return zc_fail(error, ZC_BAD_VALUE, "kernel %u is not one of the %u built-in ones", (unsigned)id,
                       (unsigned)ZC_KERNEL_COUNT);
    }
    unsigned most = zc_cpu_count() < ZC_THREADS_MAX ? zc_cpu_count() : ZC_THREADS_MAX;
    if (threads == 0 || threads > most) {
        threads = most;
    }
    const zc_cpu_call call = {zc_cpu_get_ops(), bindings, params, threads, error};
    if (!cancel) {
        return drivers[id](&call);
    }
    zc_cpu_cancel = cancel;
    zc_status status = drivers[id](&call);
    zc_cpu_cancel = NULL;
    return status == ZC_OK && zc_cpu_is_set(cancel) ? zc_fail(error, ZC_CANCELLED, "cancelled") : status;
}
