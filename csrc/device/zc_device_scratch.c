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

#include "base/zc_copies.h"
#include "device/zc_device_buffer.h"

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
    if (status == ZC_OK && zc_device_is_apart(device) &&
        (status = zc_device_buffer_local(device, region, error)) != ZC_OK) {
        zc_region_release(region);
    }
    if (status == ZC_OK) {
        *out = region;
    }
    return status;
}

/* Wait for all that was submitted so far. */
static zc_status settle(zc_device *device, zc_error *error)
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
        status = zc_submission_wait(submission, -1, error);
        zc_submission_release(submission);
    }
    return status;
}

static zc_status copy(zc_device *device, zc_region *region, uint64_t offset, void *host, uint64_t size,
                      zc_copy_reason reason, zc_error *error)
{
    bool to_device = reason != ZC_COPY_DEVICE_DOWNLOAD;
    uint64_t limit = zc_region_size(region);
    if (offset > limit || size > limit - offset) {
        return zc_fail(error, ZC_OUT_OF_BOUNDS, "%llu bytes at offset %llu do not lie inside scratch of %llu bytes",
                       (ull)size, (ull)offset, (ull)limit);
    }
    if (to_device && zc_region_read_only(region)) {
        return zc_fail(error, ZC_BAD_VALUE, "weights are read-only: nothing can be uploaded to them");
    }
    zc_status status = zc_device_alive(device, error);
    if (status != ZC_OK || size == 0) {
        return status;
    }
    bool apart = zc_device_is_apart(device);
    if (apart ? atomic_load_explicit(&device->held, memory_order_acquire) : zc_device_busy(device)) {
        status = settle(device, error);
    }
    if (status != ZC_OK) {
        return status;
    }
    if (apart) {
        zc_device_buffer *buffer;
        status = zc_device_buffer_acquire(device, region, offset + size, &buffer, error);
        if (status == ZC_OK) {
            status = device->backend->buffer_copy(device->self, buffer->buffer, offset, host, size, to_device, error);
            zc_device_buffer_release(buffer);
        }
    } else {
        uint8_t *own = zc_region_base(region) + offset;
        memcpy(to_device ? own : host, to_device ? host : own, size);
    }
    if (status == ZC_OK) {
        zc_copies_add(reason, size);
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
    return copy(device, scratch, offset, (void *)from, size, reason, error);
}

zc_status zc_device_download(zc_device *device, zc_region *scratch, uint64_t offset, void *to, uint64_t size,
                             zc_error *error)
{
    return copy(device, scratch, offset, to, size, ZC_COPY_DEVICE_DOWNLOAD, error);
}
