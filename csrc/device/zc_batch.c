/* zc_batch: records checked dispatches and finds which of them conflict.
 *
 * A command is checked when it is recorded; a region never shrinks and its base never moves, so what held
 * then holds when the commands run. The batch pins each region it names once and holds the device's
 * buffer over it; submitting hands commands, pins and buffers to the submission. Hazards are found here once
 * for all backends: a command gets a barrier when it reads or writes bytes written since the last barrier,
 * or writes bytes read since.
 *
 * Threads: one thread at a time per batch. Runs nothing and touches no byte of a region.
 */
#include <string.h>

#include "base/zc_alloc.h"
#include "device/zc_batch.h"
#include "device/zc_dispatch.h"
#include "device/zc_submit.h"

/* Ranges remembered since the last barrier. A command that would be one too many gets a barrier instead,
 * which costs microseconds per hundred commands and keeps recording linear. */
#define MAX_TOUCHED 256u

typedef struct touched {
    uint64_t start, end; /* host addresses: unique over all regions */
    bool written;
} touched;

typedef struct zc_hazards {
    unsigned count;
    touched touched[MAX_TOUCHED];
} hazards;

zc_status zc_batch_new(zc_device *device, zc_batch **out, zc_error *error)
{
    zc_status status = zc_device_alive(device, error);
    if (status != ZC_OK) {
        return status;
    }
    zc_batch *batch = zc_calloc(1, sizeof *batch);
    hazards *found = zc_malloc(sizeof *found);
    if (!batch || !found) {
        zc_free(batch);
        zc_free(found);
        return zc_fail(error, ZC_NO_MEMORY, "cannot allocate a batch");
    }
    found->count = 0;
    batch->hazards = found;
    batch->device = zc_device_retain(device);
    *out = batch;
    return ZC_OK;
}

void zc_batch_own(zc_batch *batch, const zc_owner *owner)
{
    batch->owner = owner;
}

void zc_batch_free(zc_batch *batch)
{
    if (!batch) {
        return;
    }
    zc_uses_free(&batch->uses);
    zc_free(batch->commands);
    zc_free(batch->ranges);
    zc_free(batch->hazards);
    zc_device_release(batch->device);
    zc_free(batch);
}

size_t zc_batch_length(const zc_batch *batch)
{
    return batch->count;
}

uint64_t zc_batch_pins(const zc_batch *batch, const zc_region *region)
{
    return zc_uses_pins(&batch->uses, region);
}

/* For one more dispatch. */
static zc_status make_room(zc_batch *batch, zc_error *error)
{
    if (batch->count < batch->capacity) {
        return ZC_OK;
    }
    size_t capacity = batch->capacity ? batch->capacity * 2 : 16;
    zc_device_command *commands = NULL;
    zc_device_ranges *ranges = NULL;
    if (capacity <= SIZE_MAX / sizeof *commands) {
        commands = zc_realloc(batch->commands, capacity * sizeof *commands);
        batch->commands = commands ? commands : batch->commands;
        if (commands && batch->sequence) {
            ranges = zc_realloc(batch->ranges, capacity * sizeof *ranges);
            batch->ranges = ranges ? ranges : batch->ranges;
        }
    }
    if (!commands || (batch->sequence && !ranges)) {
        return zc_fail(error, ZC_NO_MEMORY, "cannot record %zu dispatches", capacity);
    }
    batch->capacity = capacity;
    return ZC_OK;
}

static bool conflicts(const hazards *found, touched range)
{
    for (unsigned i = 0; i < found->count; i++) {
        const touched *earlier = &found->touched[i];
        if ((earlier->written || range.written) && range.start < earlier->end && earlier->start < range.end) {
            return true;
        }
    }
    return false;
}

/* Set the command's barrier and remember what it touches: the bytes that its parameters need, or in a sequence,
 * whose parameters may change, all of its ranges. */
static void find_hazards(zc_batch *batch, zc_device_command *command, const zc_range *ranges)
{
    const zc_kernel *kernel = command->kernel;
    hazards *found = batch->hazards;
    touched now[ZC_KERNEL_MAX_BINDINGS];
    unsigned count = 0;
    for (unsigned i = 0; i < kernel->binding_count; i++) {
        uint64_t length = batch->sequence && ranges[i].region ? ranges[i].length : command->bindings[i].length;
        if (length) {
            uint64_t start = (uint64_t)(uintptr_t)zc_region_base(ranges[i].region) + ranges[i].offset;
            now[count++] = (touched){
                .start = start, .end = start + length, .written = (kernel->bindings[i].access & ZC_ACCESS_WRITE) != 0};
        }
    }
    command->barrier = found->count + count > MAX_TOUCHED;
    for (unsigned i = 0; i < count && !command->barrier; i++) {
        command->barrier = conflicts(found, now[i]);
    }
    if (command->barrier) {
        found->count = 0;
    }
    memcpy(found->touched + found->count, now, count * sizeof *now);
    found->count += count;
}

zc_status zc_batch_dispatch(zc_batch *batch, const zc_dispatch *dispatch, zc_error *error)
{
    zc_range taken[ZC_KERNEL_MAX_BINDINGS];
    zc_status status = zc_device_alive(batch->device, error); /* also a batch begun before a fork */
    if (status == ZC_OK) {
        status = make_room(batch, error);
    }
    if (status != ZC_OK) {
        return status;
    }
    zc_device_command *command = &batch->commands[batch->count];
    status = zc_dispatch_check(batch->device, dispatch, taken, command, error);
    if (status == ZC_OK) {
        status = zc_dispatch_check_work(batch->device, batch->owner, command, error);
    }
    if (status == ZC_OK && command->kernel->compiled) {
        status = zc_uses_add_kernel(&batch->uses, command->kernel, error);
    }
    for (size_t i = 0; status == ZC_OK && i < dispatch->range_count; i++) {
        if (taken[i].region) {
            status = zc_uses_add_region(&batch->uses, batch->device, taken[i].region, taken[i].offset + taken[i].length,
                                        &command->bindings[i].buffer, error);
        }
    }
    if (status == ZC_OK) {
        if (!batch->device->backend->in_order) {
            find_hazards(batch, command, taken);
        }
        uint64_t work = zc_dispatch_work(command);
        batch->largest = work > batch->largest ? work : batch->largest;
        batch->mirrored += zc_kernel_mirrored(command->kernel, command->params);
        if (batch->sequence) {
            memcpy(batch->ranges[batch->count].each, taken, dispatch->range_count * sizeof *taken);
        }
        batch->count++;
    }
    return status;
}

/* It was submitted or run, and is empty again; the arrays stay, where they are still its own. */
static void empty(zc_batch *batch)
{
    zc_copies_add(ZC_COPY_MIRROR, batch->mirrored);
    batch->mirrored = 0;
    batch->count = 0;
    batch->largest = 0;
    batch->hazards->count = 0;
}

static zc_submission_source source_of(const zc_batch *batch)
{
    return (zc_submission_source){
        .commands = batch->commands, .count = batch->count, .uses = batch->uses, .owner = batch->owner};
}

/* What a submission takes. The batch gives it up before the submission has it, and gets it back when submitting
 * fails: were it in both for a while, the child of a fork of that moment would free it twice. */
static zc_batch take(zc_batch *batch)
{
    zc_batch taken = *batch;
    batch->commands = NULL;
    batch->uses = (zc_uses){0};
    batch->count = batch->capacity = 0;
    return taken;
}

zc_status zc_batch_submit(zc_batch *batch, zc_submission **out, zc_error *error)
{
    zc_status status = zc_device_alive(batch->device, error);
    if (status != ZC_OK) {
        return status;
    }
    zc_batch taken = take(batch);
    zc_submission_source source = source_of(&taken);
    status = zc_submit(batch->device, &source, out, error);
    if (status == ZC_OK) {
        empty(batch);
    } else {
        *batch = taken;
    }
    return status;
}

zc_status zc_batch_run(zc_batch *batch, zc_pause_function pause, void *context, zc_error *error)
{
    zc_status status = zc_device_alive(batch->device, error);
    bool started;
    if (status != ZC_OK) {
        return status;
    }
    if (zc_run_here(batch->device, batch->commands, batch->count, batch->largest, pause, context, &status, error)) {
        zc_uses_clear(&batch->uses);
        empty(batch);
        return status;
    }
    zc_batch taken = take(batch);
    zc_submission_source source = source_of(&taken);
    status = zc_submit_and_wait(batch->device, &source, pause, context, &started, error);
    if (started) {
        empty(batch);
    } else {
        *batch = taken;
    }
    return status;
}
