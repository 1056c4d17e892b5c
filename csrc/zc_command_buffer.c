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

#include "zc_alloc.h"
#include "zc_device_internal.h"

/* Ranges remembered since the last barrier. A command that would be one too many gets a barrier instead,
 * which costs microseconds per hundred commands and keeps recording linear. */
#define MAX_TOUCHED 256u

typedef struct touched {
    uint64_t start, end; /* host addresses: unique over all regions */
    bool written;
} touched;

struct zc_command_buffer {
    zc_device *device;
    zc_device_command *commands;
    size_t count, capacity;
    zc_device_use *uses;
    size_t use_count, use_capacity;
    unsigned touched_count;
    touched touched[MAX_TOUCHED];
};

zc_status zc_command_buffer_new(zc_device *device, zc_command_buffer **out, zc_error *error)
{
    zc_status status = zc_device_alive(device, error);
    if (status != ZC_OK) {
        return status;
    }
    zc_command_buffer *buffer = zc_calloc(1, sizeof *buffer);
    if (!buffer) {
        return zc_fail(error, ZC_NO_MEMORY, "cannot allocate a command buffer");
    }
    buffer->device = zc_device_retain(device);
    *out = buffer;
    return ZC_OK;
}

void zc_command_buffer_free(zc_command_buffer *buffer)
{
    if (!buffer) {
        return;
    }
    zc_device_uses_release(buffer->uses, buffer->use_count);
    zc_free(buffer->commands);
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
    zc_free(uses);
}

size_t zc_command_buffer_length(const zc_command_buffer *buffer)
{
    return buffer->count;
}

static zc_status make_room(zc_command_buffer *buffer, zc_error *error)
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
    zc_status status = make_room(buffer, error);
    if (status == ZC_OK) {
        zc_kernel_retain(kernel);
        buffer->uses[buffer->use_count++] = (zc_device_use){.kernel = kernel};
    }
    return status;
}

/* The use of the region whose buffer reaches to byte `end`, added when it is not there. Newest first: a
 * batch names the same few regions again and again. */
static zc_status use_region(zc_command_buffer *buffer, zc_region *region, uint64_t end, void **handle,
                            zc_error *error)
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
    zc_status status = make_room(buffer, error);
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

static bool conflicts(const zc_command_buffer *buffer, touched range)
{
    for (unsigned i = 0; i < buffer->touched_count; i++) {
        const touched *earlier = &buffer->touched[i];
        if ((earlier->written || range.written) && range.start < earlier->end && earlier->start < range.end) {
            return true;
        }
    }
    return false;
}

/* Set the command's barrier and remember what it touches. */
static void find_hazards(zc_command_buffer *buffer, zc_device_command *command, const zc_range *ranges)
{
    const zc_kernel *kernel = command->kernel;
    touched now[ZC_KERNEL_MAX_BINDINGS];
    unsigned count = 0;
    for (unsigned i = 0; i < kernel->binding_count; i++) {
        if (command->bindings[i].length) {
            uint64_t start = (uint64_t)(uintptr_t)zc_region_base(ranges[i].region) + command->bindings[i].offset;
            now[count++] = (touched){.start = start,
                                     .end = start + command->bindings[i].length,
                                     .written = (kernel->bindings[i].access & ZC_ACCESS_WRITE) != 0};
        }
    }
    command->barrier = buffer->touched_count + count > MAX_TOUCHED;
    for (unsigned i = 0; i < count && !command->barrier; i++) {
        command->barrier = conflicts(buffer, now[i]);
    }
    if (command->barrier) {
        buffer->touched_count = 0;
    }
    memcpy(buffer->touched + buffer->touched_count, now, count * sizeof *now);
    buffer->touched_count += count;
}

zc_status zc_command_buffer_dispatch(zc_command_buffer *buffer, const zc_kernel *kernel, const zc_range *ranges,
                                     size_t range_count, const void *params, size_t params_size, zc_error *error)
{
    if (buffer->count == buffer->capacity) {
        size_t capacity = buffer->capacity ? buffer->capacity * 2 : 16;
        zc_device_command *larger =
            capacity <= SIZE_MAX / sizeof *larger ? zc_realloc(buffer->commands, capacity * sizeof *larger) : NULL;
        if (!larger) {
            return zc_fail(error, ZC_NO_MEMORY, "cannot record %zu dispatches", capacity);
        }
        buffer->commands = larger;
        buffer->capacity = capacity;
    }
    zc_device_command *command = &buffer->commands[buffer->count];
    zc_range taken[ZC_KERNEL_MAX_BINDINGS];
    zc_status status = zc_device_check(buffer->device, kernel, ranges, range_count, params, params_size, taken,
                                       command, error);
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
        find_hazards(buffer, command, taken);
        buffer->count++;
    }
    return status;
}

zc_status zc_command_buffer_submit(zc_command_buffer *buffer, zc_submission **out, zc_error *error)
{
    zc_status status = zc_device_alive(buffer->device, error);
    if (status == ZC_OK) {
        status = zc_submission_start(buffer->device, buffer->commands, buffer->count, buffer->uses,
                                     buffer->use_count, out, error);
    }
    if (status == ZC_OK) {
        buffer->commands = NULL;
        buffer->uses = NULL;
        buffer->count = buffer->capacity = 0;
        buffer->use_count = buffer->use_capacity = 0;
        buffer->touched_count = 0;
    }
    return status;
}
