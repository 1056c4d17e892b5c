/* zc_device_run: one dispatch, run to its end: by the backend on the calling thread where it can, else as a batch of one.
 *
 * Ownership: the caller keeps the regions alive. Threads: any.
 */
#include "device/zc_cancel.h"
#include "device/zc_device_buffer.h"
#include "device/zc_device_trace.h"
#include "device/zc_dispatch.h"
#include "device/zc_driver.h"

/* The host's own work does not end with its caller's wait. What may take longer than some tenths of a second, with the
 * parameters and numbers that do not take longest, becomes a submission, so that the caller sees signals meanwhile. */
#define MOST_WORK_HERE ((uint64_t)1 << 32)

/* A batch of one. */
static zc_status run_submitted(zc_device *device, const zc_dispatch *dispatch, zc_pause_function pause, void *context,
                               zc_error *error)
{
    zc_batch *batch = NULL;
    zc_submission *submission = NULL;
    zc_status status = zc_batch_new(device, &batch, error);
    if (status == ZC_OK) {
        status = zc_batch_dispatch(batch, dispatch, error);
    }
    if (status == ZC_OK) {
        status = zc_batch_submit(batch, &submission, error);
    }
    if (status == ZC_OK) {
        status = zc_submission_wait_pausing(submission, -1, pause, context, error);
        /* Code over rows may have no end, and then nothing else ran any more. */
        if (status != ZC_OK && dispatch->kernel->over_rows) {
            zc_submission_cancel(submission, "cancelled: its caller waits no more");
        }
        zc_submission_release(submission);
    }
    zc_batch_free(batch);
    return status;
}

zc_status zc_device_run(zc_device *device, const zc_dispatch *dispatch, zc_error *error)
{
    return zc_device_run_pausing(device, dispatch, NULL, NULL, error);
}

zc_status zc_device_run_pausing(zc_device *device, const zc_dispatch *dispatch, zc_pause_function pause, void *context,
                                zc_error *error)
{
    const zc_device_backend *backend = device->backend;
    /* A run by the backend comes after what the backend knows of. */
    if (!backend->run || device->paces_all ||
        (pause ? zc_device_busy(device) : atomic_load_explicit(&device->held, memory_order_acquire))) {
        return run_submitted(device, dispatch, pause, context, error);
    }
    zc_device_command command;
    zc_range taken[ZC_KERNEL_MAX_BINDINGS];
    zc_device_buffer *buffers[ZC_KERNEL_MAX_BINDINGS] = {0};
    zc_status status = zc_device_alive(device, error);
    if (status == ZC_OK) {
        status = zc_dispatch_check(device, dispatch, taken, &command, error);
    }
    if (status != ZC_OK) {
        return status;
    }
    if (pause && zc_dispatch_work(&command) > MOST_WORK_HERE) {
        return run_submitted(device, dispatch, pause, context, error);
    }
    if (backend->buffer_from_host) {
        zc_driver_enter();
    }
    for (size_t i = 0; i < dispatch->range_count && status == ZC_OK; i++) {
        zc_region *region = taken[i].region;
        if (!region) {
            continue;
        }
        if (!backend->buffer_from_host) {
            command.bindings[i].buffer = zc_region_base(region);
            continue;
        }
        status = zc_device_buffer_acquire(device, region, taken[i].offset + taken[i].length, &buffers[i], error);
        command.bindings[i].buffer = status == ZC_OK ? buffers[i]->buffer : NULL;
    }
    if (status == ZC_OK) {
        zc_copies_add(ZC_COPY_MIRROR, zc_kernel_mirrored(command.kernel, command.params));
        int64_t start = zc_device_run_begin(pause != NULL);
        status = backend->run(device->self, &command, error);
        zc_device_run_end(device, start, &command, 1);
    }
    if (backend->buffer_from_host) {
        for (size_t i = 0; i < dispatch->range_count; i++) {
            zc_device_buffer_release(buffers[i]);
        }
        zc_driver_leave();
    }
    return status;
}
