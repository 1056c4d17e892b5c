/* zc_command_buffer: records checked dispatches and finds which of them conflict.
 *
 * A command is checked when it is recorded; a region never shrinks and its base never moves, so what held
 * then holds when the commands run. The recording pins each region it names once and holds the device's
 * buffer over it; submitting hands commands, pins and buffers to the submission. Hazards are found here once
 * for all backends: a command gets a barrier when it reads or writes bytes written since the last barrier,
 * or writes bytes read since.
 *
 * Threads: one thread at a time per command buffer. Runs nothing and touches no byte of a region.
 */
#include <string.h>

#include "base/zc_alloc.h"
#include "device/zc_device_internal.h"

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

zc_status zc_command_buffer_new(zc_device *device, zc_command_buffer **out, zc_error *error)
{
    zc_status status = zc_device_alive(device, error);
    if (status != ZC_OK) {
        return status;
    }
    zc_command_buffer *buffer = zc_calloc(1, sizeof *buffer);
    hazards *found = zc_malloc(sizeof *found);
    if (!buffer || !found) {
        zc_free(buffer);
        zc_free(found);
        return zc_fail(error, ZC_NO_MEMORY, "cannot allocate a command buffer");
    }
    found->count = 0;
    buffer->hazards = found;
    buffer->device = zc_device_retain(device);
    *out = buffer;
    return ZC_OK;
}

void zc_command_buffer_own(zc_command_buffer *buffer, const zc_work_owner *owner)
{
    buffer->owner = owner;
}

void zc_command_buffer_free(zc_command_buffer *buffer)
{
    if (!buffer) {
        return;
    }
    zc_device_uses_release(buffer->uses, buffer->use_count);
    zc_free(buffer->uses);
    zc_free(buffer->commands);
    zc_free(buffer->ranges);
    zc_free(buffer->hazards);
    zc_device_release(buffer->device);
    zc_free(buffer);
}

void zc_device_uses_release(zc_device_use *uses, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        zc_device_buffer_release(uses[i].buffer);
        if (uses[i].region) {
            zc_region_unpin(uses[i].region);
        }
        zc_kernel_release(uses[i].kernel);
    }
}

size_t zc_command_buffer_length(const zc_command_buffer *buffer)
{
    return buffer->count;
}

uint64_t zc_command_buffer_pins(const zc_command_buffer *buffer, const zc_region *region)
{
    uint64_t pins = 0;
    for (size_t i = 0; i < buffer->use_count; i++) {
        pins += buffer->uses[i].region == region;
    }
    return pins;
}

/* For one more dispatch. */
static zc_status make_room(zc_command_buffer *buffer, zc_error *error)
{
    if (buffer->count < buffer->capacity) {
        return ZC_OK;
    }
    size_t capacity = buffer->capacity ? buffer->capacity * 2 : 16;
    zc_device_command *commands = NULL;
    zc_device_ranges *ranges = NULL;
    if (capacity <= SIZE_MAX / sizeof *commands) {
        commands = zc_realloc(buffer->commands, capacity * sizeof *commands);
        buffer->commands = commands ? commands : buffer->commands;
        if (commands && buffer->sequence) {
            ranges = zc_realloc(buffer->ranges, capacity * sizeof *ranges);
            buffer->ranges = ranges ? ranges : buffer->ranges;
        }
    }
    if (!commands || (buffer->sequence && !ranges)) {
        return zc_fail(error, ZC_NO_MEMORY, "cannot record %zu dispatches", capacity);
    }
    buffer->capacity = capacity;
    return ZC_OK;
}

static zc_status make_room_for_use(zc_command_buffer *buffer, zc_error *error)
{
    if (buffer->use_count == buffer->use_capacity) {
        size_t capacity = buffer->use_capacity ? buffer->use_capacity * 2 : 4;
        zc_device_use *larger = zc_realloc(buffer->uses, capacity * sizeof *larger);
        if (!larger) {
            return zc_fail(error, ZC_NO_MEMORY, "cannot record the use of %zu regions", capacity);
        }
        buffer->uses = larger;
        buffer->use_capacity = capacity;
    }
    return ZC_OK;
}

/* Hold a compiled kernel as long as the recording. */
static zc_status use_kernel(zc_command_buffer *buffer, const zc_kernel *kernel, zc_error *error)
{
    for (size_t i = buffer->use_count; i-- > 0;) {
        if (buffer->uses[i].kernel == kernel) {
            return ZC_OK;
        }
    }
    zc_status status = make_room_for_use(buffer, error);
    if (status == ZC_OK) {
        zc_kernel_retain(kernel);
        buffer->uses[buffer->use_count++] = (zc_device_use){.kernel = kernel};
    }
    return status;
}

/* The use of the region whose buffer reaches to byte `end`, added when it is not there. Newest first: a
 * batch names the same few regions again and again. */
static zc_status use_region(zc_command_buffer *buffer, zc_region *region, uint64_t end, void **handle, zc_error *error)
{
    zc_device *device = buffer->device;
    bool has_buffers = device->backend->buffer_from_host != NULL;
    for (size_t i = buffer->use_count; i-- > 0;) {
        const zc_device_use *use = &buffer->uses[i];
        if (use->region == region && (!has_buffers || use->buffer->size >= end)) {
            *handle = has_buffers ? use->buffer->buffer : (void *)zc_region_base(region);
            return ZC_OK;
        }
    }
    zc_status status = make_room_for_use(buffer, error);
    if (status != ZC_OK) {
        return status;
    }
    zc_device_use use = {.region = region};
    if (has_buffers) {
        status = zc_device_buffer_acquire(device, region, end, &use.buffer, error);
        if (status != ZC_OK) {
            return status;
        }
    }
    zc_region_pin(region);
    buffer->uses[buffer->use_count++] = use;
    *handle = has_buffers ? use.buffer->buffer : (void *)zc_region_base(region);
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
static void find_hazards(zc_command_buffer *buffer, zc_device_command *command, const zc_range *ranges)
{
    const zc_kernel *kernel = command->kernel;
    hazards *found = buffer->hazards;
    touched now[ZC_KERNEL_MAX_BINDINGS];
    unsigned count = 0;
    for (unsigned i = 0; i < kernel->binding_count; i++) {
        uint64_t length = buffer->sequence && ranges[i].region ? ranges[i].length : command->bindings[i].length;
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

zc_status zc_command_buffer_dispatch(zc_command_buffer *buffer, const zc_kernel *kernel, const zc_range *ranges,
                                     size_t range_count, const void *params, size_t params_size, zc_error *error)
{
    zc_range taken[ZC_KERNEL_MAX_BINDINGS];
    zc_status status = zc_device_alive(buffer->device, error); /* also a recording begun before a fork */
    if (status == ZC_OK) {
        status = make_room(buffer, error);
    }
    if (status != ZC_OK) {
        return status;
    }
    zc_device_command *command = &buffer->commands[buffer->count];
    status = zc_device_check(buffer->device, kernel, ranges, range_count, params, params_size, taken, command, error);
    if (status == ZC_OK) {
        status = zc_device_check_work(buffer->device, buffer->owner, command, error);
    }
    if (status == ZC_OK && kernel->compiled) {
        status = use_kernel(buffer, kernel, error);
    }
    for (size_t i = 0; status == ZC_OK && i < range_count; i++) {
        if (taken[i].region) {
            status = use_region(buffer, taken[i].region, taken[i].offset + taken[i].length,
                                &command->bindings[i].buffer, error);
        }
    }
    if (status == ZC_OK) {
        if (!buffer->device->backend->in_order) {
            find_hazards(buffer, command, taken);
        }
        uint64_t work = zc_device_work_of(command);
        buffer->largest = work > buffer->largest ? work : buffer->largest;
        if (buffer->sequence) {
            memcpy(buffer->ranges[buffer->count].each, taken, range_count * sizeof *taken);
        }
        buffer->count++;
    }
    return status;
}

/* Empty again; the arrays stay, where they are still its own. */
static void empty(zc_command_buffer *buffer)
{
    buffer->count = buffer->use_count = 0;
    buffer->largest = 0;
    buffer->hazards->count = 0;
}

static zc_submission_source source_of(const zc_command_buffer *buffer)
{
    return (zc_submission_source){.commands = buffer->commands,
                                  .count = buffer->count,
                                  .uses = buffer->uses,
                                  .use_count = buffer->use_count,
                                  .owner = buffer->owner};
}

/* What a submission takes. The buffer gives it up before the submission has it, and gets it back when submitting
 * fails: were it in both for a while, the child of a fork of that moment would free it twice. */
static zc_command_buffer take(zc_command_buffer *buffer)
{
    zc_command_buffer taken = *buffer;
    buffer->commands = NULL;
    buffer->uses = NULL;
    buffer->capacity = buffer->use_capacity = 0;
    buffer->count = buffer->use_count = 0;
    return taken;
}

zc_status zc_command_buffer_submit(zc_command_buffer *buffer, zc_submission **out, zc_error *error)
{
    zc_status status = zc_device_alive(buffer->device, error);
    if (status != ZC_OK) {
        return status;
    }
    zc_command_buffer taken = take(buffer);
    zc_submission_source source = source_of(&taken);
    status = zc_submission_start(buffer->device, &source, out, error);
    if (status == ZC_OK) {
        empty(buffer);
    } else {
        *buffer = taken;
    }
    return status;
}

zc_status zc_command_buffer_run(zc_command_buffer *buffer, zc_pause_function pause, void *context, zc_error *error)
{
    zc_status status = zc_device_alive(buffer->device, error);
    bool started;
    if (status != ZC_OK) {
        return status;
    }
    if (zc_device_run_all(buffer->device, buffer->commands, buffer->count, buffer->largest, pause, context, &status,
                          error)) {
        zc_device_uses_release(buffer->uses, buffer->use_count);
        empty(buffer);
        return status;
    }
    zc_command_buffer taken = take(buffer);
    zc_submission_source source = source_of(&taken);
    status = zc_submission_run(buffer->device, &source, pause, context, &started, error);
    if (started) {
        empty(buffer);
    } else {
        *buffer = taken;
    }
    return status;
}
