/* zc_sequence: a sealed batch that is submitted many times.
 *
 * It owns what the batch owned: commands, pins and buffers, and the ranges as they were given, against which
 * a dispatch with new parameters goes through zc_dispatch_check once more. A submission does not take these over but
 * retains the sequence, and counts as in flight until it is done; while there is one, nothing here changes.
 * Where the backend can prepare commands, that is done at the first submission, and again at the first one after
 * parameters changed.
 *
 * Ownership: reference counted; it retains its device. Threads: one at a time changes or submits; references and
 * the count of submissions in flight are atomic, because any thread may complete one.
 */
#include <string.h>

#include "base/zc_alloc.h"
#include "device/zc_batch.h"
#include "device/zc_dispatch.h"
#include "device/zc_driver.h"
#include "device/zc_submit.h"

struct zc_sequence {
    _Atomic uint64_t references;
    _Atomic uint64_t in_flight;
    zc_device *device;
    const zc_owner *owner; /* NULL: the host */
    zc_device_command *commands;
    zc_device_ranges *ranges;
    size_t count;
    zc_uses uses;
    uint64_t largest; /* of any parameters that it has had */
    uint64_t mirrored; /* zc_kernel_mirrored of all dispatches */
    void *prepared;   /* of the commands as they are, or NULL */
};

zc_status zc_sequence_begin(zc_device *device, zc_batch **out, zc_error *error)
{
    zc_status status = zc_batch_new(device, out, error);
    if (status == ZC_OK) {
        (*out)->sequence = true;
    }
    return status;
}

zc_status zc_sequence_seal(zc_batch *batch, zc_sequence **out, zc_error *error)
{
    if (!batch->sequence) {
        return zc_fail(error, ZC_BAD_VALUE, "this batch was not begun as a sequence");
    }
    zc_sequence *sequence = zc_calloc(1, sizeof *sequence);
    if (!sequence) {
        return zc_fail(error, ZC_NO_MEMORY, "cannot allocate a sequence");
    }
    atomic_init(&sequence->references, 1);
    atomic_init(&sequence->in_flight, 0);
    sequence->device = zc_device_retain(batch->device);
    sequence->owner = batch->owner;
    sequence->commands = batch->commands;
    sequence->ranges = batch->ranges;
    sequence->count = batch->count;
    sequence->uses = batch->uses;
    sequence->largest = batch->largest;
    sequence->mirrored = batch->mirrored;
    batch->commands = NULL;
    batch->ranges = NULL;
    batch->uses = (zc_uses){0};
    zc_batch_free(batch);
    *out = sequence;
    return ZC_OK;
}

static zc_sequence *retain(zc_sequence *sequence)
{
    atomic_fetch_add_explicit(&sequence->references, 1, memory_order_relaxed);
    return sequence;
}

static void drop_prepared(zc_sequence *sequence)
{
    if (sequence->prepared && zc_device_alive(sequence->device, NULL) == ZC_OK) {
        zc_driver_enter();
        sequence->device->backend->prepared_release(sequence->device->self, sequence->prepared);
        zc_driver_leave();
    }
    sequence->prepared = NULL;
}

void zc_sequence_release(zc_sequence *sequence)
{
    if (sequence && atomic_fetch_sub_explicit(&sequence->references, 1, memory_order_acq_rel) == 1) {
        drop_prepared(sequence);
        zc_uses_free(&sequence->uses);
        zc_free(sequence->commands);
        zc_free(sequence->ranges);
        zc_device_release(sequence->device);
        zc_free(sequence);
    }
}

/* A submission of the sequence is over: it is in flight once less, and released. */
static void done(void *context)
{
    zc_sequence *sequence = context;
    atomic_fetch_sub_explicit(&sequence->in_flight, 1, memory_order_release);
    zc_sequence_release(sequence);
}

size_t zc_sequence_length(const zc_sequence *sequence)
{
    return sequence->count;
}

bool zc_sequence_in_flight(const zc_sequence *sequence)
{
    return atomic_load_explicit(&sequence->in_flight, memory_order_acquire) != 0;
}

uint64_t zc_sequence_pins(const zc_sequence *sequence, const zc_region *region)
{
    return zc_uses_pins(&sequence->uses, region);
}

zc_status zc_sequence_params(zc_sequence *sequence, size_t index, size_t offset, const void *bytes, size_t size,
                             zc_error *error)
{
    if (index >= sequence->count) {
        return zc_fail(error, ZC_BAD_VALUE, "there is no dispatch %zu: the sequence has %zu", index, sequence->count);
    }
    zc_device_command *command = &sequence->commands[index], fresh;
    const zc_kernel *kernel = command->kernel;
    if (offset > kernel->params_size || size > kernel->params_size - offset) {
        return zc_fail(error, ZC_OUT_OF_BOUNDS, "kernel %s: bytes %zu to %zu of %u bytes of parameters", kernel->name,
                       offset, offset + size, (unsigned)kernel->params_size);
    }
    if (zc_sequence_in_flight(sequence)) {
        return zc_fail(error, ZC_BUSY, "the sequence is in flight: wait for it before changing its parameters");
    }
    uint32_t params[ZC_KERNEL_MAX_PARAMS / 4];
    zc_range taken[ZC_KERNEL_MAX_BINDINGS];
    memcpy(params, command->params, kernel->params_size);
    memcpy((uint8_t *)params + offset, bytes, size);
    if (memcmp(params, command->params, kernel->params_size) == 0) {
        return ZC_OK;
    }
    const zc_dispatch given = {kernel, sequence->ranges[index].each, kernel->binding_count, params,
                               kernel->params_size};
    zc_status status = zc_dispatch_check(sequence->device, &given, taken, &fresh, error);
    if (status == ZC_OK) {
        status = zc_dispatch_check_work(sequence->device, sequence->owner, &fresh, error);
    }
    if (status != ZC_OK) {
        return status;
    }
    for (unsigned i = 0; i < kernel->binding_count; i++) {
        fresh.bindings[i].buffer = command->bindings[i].buffer;
    }
    fresh.barrier = command->barrier;
    sequence->mirrored -= zc_kernel_mirrored(kernel, command->params);
    sequence->mirrored += zc_kernel_mirrored(kernel, fresh.params);
    *command = fresh;
    uint64_t work = zc_dispatch_work(command);
    sequence->largest = work > sequence->largest ? work : sequence->largest;
    drop_prepared(sequence);
    return ZC_OK;
}

const void *zc_sequence_params_now(const zc_sequence *sequence, size_t index)
{
    return sequence->commands[index].params;
}

/* Prepare it where needed, and count it as in flight: `done` if it then is not submitted. */
static zc_status set_out(zc_sequence *sequence, zc_submission_source *source, zc_error *error)
{
    zc_device *device = sequence->device;
    zc_status status = zc_device_alive(device, error);
    if (status == ZC_OK && !sequence->prepared && device->backend->prepare) {
        zc_driver_enter();
        status =
            device->backend->prepare(device->self, sequence->commands, sequence->count, &sequence->prepared, error);
        zc_driver_leave();
    }
    if (status == ZC_OK) {
        *source = (zc_submission_source){.commands = sequence->commands,
                                         .count = sequence->count,
                                         .let_go = done,
                                         .context = retain(sequence),
                                         .prepared = sequence->prepared,
                                         .owner = sequence->owner};
        atomic_fetch_add_explicit(&sequence->in_flight, 1, memory_order_relaxed);
    }
    return status;
}

zc_status zc_sequence_submit(zc_sequence *sequence, zc_submission **out, zc_error *error)
{
    zc_submission_source source;
    zc_status status = set_out(sequence, &source, error);
    if (status != ZC_OK) {
        return status;
    }
    status = zc_submit(sequence->device, &source, out, error);
    if (status != ZC_OK) {
        done(sequence);
        return status;
    }
    zc_copies_add(ZC_COPY_MIRROR, sequence->mirrored);
    return ZC_OK;
}

zc_status zc_sequence_run(zc_sequence *sequence, zc_pause_function pause, void *context, zc_error *error)
{
    zc_submission_source source;
    bool taken;
    zc_status status = zc_device_alive(sequence->device, error);
    if (status != ZC_OK) {
        return status;
    }
    zc_copies_add(ZC_COPY_MIRROR, sequence->mirrored);
    if (zc_run_here(sequence->device, sequence->commands, sequence->count, sequence->largest, pause, context, &status,
                    error)) {
        return status;
    }
    status = set_out(sequence, &source, error);
    if (status == ZC_OK) {
        status = zc_submit_and_wait(sequence->device, &source, pause, context, &taken, error);
        if (!taken) {
            done(sequence);
        }
    }
    return status;
}
