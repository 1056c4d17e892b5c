/* zc_device_scratch: memory of a device's own, and the copies to and from it, which are counted.
 *
 * Scratch memory is named by a region, so that ranges, hazards and lifetimes are those of all other memory.
 * Where the device's memory is apart from the host's, the region's buffer is memory there, and the region's
 * own bytes are address space that nobody touches; elsewhere the region's bytes are the memory.
 *
 * Ownership: the region owns all of it. Threads: any; the copies wait for earlier work of the device, and
 * whoever races them with other writes of the same bytes gets one or the other.
 */
#include <string.h>

#include "base/zc_alloc.h"
#include "base/zc_copies.h"
#include "base/zc_trace.h"
#include "device/zc_device_buffer.h"
#include "device/zc_driver.h"

/* What counts a region as scratch of its device, as long as it lives. */
typedef struct counted {
    zc_device *device; /* retained */
    uint64_t size;
} counted;

static void uncount(void *value)
{
    counted *count = value;
    atomic_fetch_sub_explicit(&count->device->scratch, count->size, memory_order_relaxed);
    zc_device_release(count->device);
    zc_free(count);
}

static zc_status count_scratch(zc_device *device, zc_region *region, uint64_t size, zc_error *error)
{
    static const char key;
    counted *count = zc_malloc(sizeof *count);
    if (!count) {
        return zc_fail(error, ZC_NO_MEMORY, "cannot allocate scratch's bookkeeping");
    }
    *count = (counted){zc_device_retain(device), size};
    atomic_fetch_add_explicit(&device->scratch, size, memory_order_relaxed);
    zc_status status = zc_region_attach(region, &key, count, uncount, error);
    if (status != ZC_OK) {
        uncount(count);
    }
    return status;
}

zc_status zc_device_scratch(zc_device *device, uint64_t size, zc_region **out, zc_error *error)
{
    zc_region *region;
    zc_status status = zc_device_alive(device, error);
    if (status == ZC_OK && device->info.max_region && size > device->info.max_region) {
        status = zc_fail(error, ZC_DEVICE, "device %s allocates at most %llu bytes at once, not %llu",
                         device->info.name, (ull)device->info.max_region, (ull)size);
    }
    /* Imports want whole pages, and even an empty array an address. */
    size = size ? (size + ZC_REGION_ALIGNMENT - 1) / ZC_REGION_ALIGNMENT * ZC_REGION_ALIGNMENT : ZC_REGION_ALIGNMENT;
    if (status == ZC_OK) {
        status = zc_region_create(size, size, &region, error);
    }
    if (status != ZC_OK) {
        return status;
    }
    status = count_scratch(device, region, size, error);
    if (status == ZC_OK && zc_device_is_apart(device)) {
        status = zc_device_buffer_local(device, region, error);
    }
    if (status == ZC_OK) {
        *out = region;
    } else {
        zc_region_release(region);
    }
    return status;
}

/* Wait for all that was submitted so far. */
static zc_status settle(zc_device *device, zc_pause_function pause, void *context, zc_error *error)
{
    zc_batch *batch;
    zc_submission *submission;
    zc_status status = zc_batch_new(device, &batch, error);
    if (status != ZC_OK) {
        return status;
    }
    status = zc_batch_submit(batch, &submission, error);
    zc_batch_free(batch);
    if (status == ZC_OK) {
        status = zc_submission_wait_pausing(submission, -1, pause, context, error);
        zc_submission_release(submission);
    }
    return status;
}

zc_status zc_device_settle(zc_device *device, zc_error *error)
{
    return settle(device, NULL, NULL, error);
}

static zc_status check_inside(uint64_t size, uint64_t offset, uint64_t limit, zc_error *error)
{
    if (offset > limit || size > limit - offset) {
        return zc_fail(error, ZC_OUT_OF_BOUNDS, "%llu bytes at offset %llu do not lie inside scratch of %llu bytes",
                       (ull)size, (ull)offset, (ull)limit);
    }
    return ZC_OK;
}

static zc_status copy(zc_device *device, zc_region *region, uint64_t offset, void *host, uint64_t size, bool to_device,
                      zc_copy_reason reason, zc_error *error)
{
    zc_status status = check_inside(size, offset, zc_region_size(region), error);
    if (status != ZC_OK) {
        return status;
    }
    if (to_device && zc_region_read_only(region)) {
        return zc_fail(error, ZC_BAD_VALUE, "weights are read-only: nothing can be uploaded to them");
    }
    status = zc_device_alive(device, error);
    if (status != ZC_OK || size == 0) {
        return status;
    }
    bool apart = zc_device_is_apart(device);
    if (apart ? atomic_load_explicit(&device->held, memory_order_acquire) : zc_device_busy(device)) {
        status = settle(device, NULL, NULL, error);
    }
    if (status != ZC_OK) {
        return status;
    }
    int64_t traced = zc_trace_begin();
    if (apart) {
        zc_device_buffer *buffer;
        zc_driver_enter();
        status = zc_device_buffer_acquire(device, region, offset + size, &buffer, error);
        if (status == ZC_OK) {
            status = device->backend->buffer_copy(device->self, buffer->buffer, offset, host, size, to_device, error);
            zc_device_buffer_release(buffer);
        }
        zc_driver_leave();
    } else {
        uint8_t *own = zc_region_base(region) + offset;
        memcpy(to_device ? own : host, to_device ? host : own, size);
    }
    if (status == ZC_OK) {
        zc_copies_add(reason, size);
        atomic_fetch_add_explicit(&device->copied, size, memory_order_relaxed);
        if (traced) {
            zc_trace_transfer(traced, zc_copies_name(reason), size);
        }
    }
    return status;
}

zc_status zc_device_upload(zc_device *device, zc_region *scratch, uint64_t offset, const void *from, uint64_t size,
                           zc_error *error)
{
    return zc_device_upload_as(device, scratch, offset, from, size, ZC_COPY_DEVICE_UPLOAD, error);
}

zc_status zc_device_upload_as(zc_device *device, zc_region *scratch, uint64_t offset, const void *from, uint64_t size,
                              zc_copy_reason reason, zc_error *error)
{
    return copy(device, scratch, offset, (void *)from, size, true, reason, error);
}

zc_status zc_device_download(zc_device *device, zc_region *scratch, uint64_t offset, void *to, uint64_t size,
                             zc_error *error)
{
    return zc_device_download_as(device, scratch, offset, to, size, ZC_COPY_DEVICE_DOWNLOAD, error);
}

zc_status zc_device_download_as(zc_device *device, zc_region *scratch, uint64_t offset, void *to, uint64_t size,
                                zc_copy_reason reason, zc_error *error)
{
    return copy(device, scratch, offset, to, size, false, reason, error);
}

#define MIRROR_PIECE ((uint64_t)64 << 20) /* bytes between two pauses */

/* A piece, where the device has memory of its own. */
static zc_status move_piece(zc_device *device, zc_region *to, uint64_t to_offset, zc_region *from, uint64_t from_offset,
                            uint64_t size, zc_error *error)
{
    const zc_device_backend *backend = device->backend;
    zc_device_buffer *target, *source = NULL;
    zc_status status = zc_device_buffer_acquire(device, to, to_offset + size, &target, error);
    if (status != ZC_OK) {
        return status;
    }
    if (backend->buffer_move) {
        status = zc_device_buffer_acquire(device, from, from_offset + size, &source, error);
    }
    zc_driver_enter();
    if (status == ZC_OK) {
        status = source ? backend->buffer_move(device->self, source->buffer, from_offset, target->buffer, to_offset,
                                               size, error)
                        : backend->buffer_copy(device->self, target->buffer, to_offset,
                                               zc_region_base(from) + from_offset, size, true, error);
    }
    zc_device_buffer_release(source);
    zc_device_buffer_release(target);
    zc_driver_leave();
    return status;
}

zc_status zc_device_mirror(zc_device *device, zc_region *scratch, uint64_t offset, zc_region *from,
                           uint64_t from_offset, uint64_t size, zc_pause_function pause, void *context, zc_error *error)
{
    uint64_t limit = zc_region_size(from);
    zc_status status = check_inside(size, offset, zc_region_size(scratch), error);
    if (status != ZC_OK) {
        return status;
    }
    if (from_offset > limit || size > limit - from_offset) {
        return zc_fail(error, ZC_OUT_OF_BOUNDS, "%llu bytes at offset %llu do not lie inside a memory of %llu bytes",
                       (ull)size, (ull)from_offset, (ull)limit);
    }
    status = zc_device_alive(device, error);
    if (status == ZC_OK && size && zc_device_busy(device)) {
        status = settle(device, pause, context, error);
    }
    for (uint64_t done = 0; status == ZC_OK && done < size;) {
        uint64_t length = size - done < MIRROR_PIECE ? size - done : MIRROR_PIECE;
        int64_t traced = zc_trace_begin();
        if (zc_device_is_apart(device)) {
            status = move_piece(device, scratch, offset + done, from, from_offset + done, length, error);
        } else {
            memcpy(zc_region_base(scratch) + offset + done, zc_region_base(from) + from_offset + done, length);
        }
        if (status == ZC_OK) {
            zc_copies_add(ZC_COPY_MIRROR, length);
            atomic_fetch_add_explicit(&device->copied, length, memory_order_relaxed);
            if (traced) {
                zc_trace_transfer(traced, zc_copies_name(ZC_COPY_MIRROR), length);
            }
            status = pause ? pause(context, error) : ZC_OK;
        }
        done += length;
    }
    return status;
}
