/* zc_device_buffer: see zc_device_buffer.h. */
#include "device/zc_device_buffer.h"

#include <stdlib.h>

#include "base/zc_alloc.h"
#include "device/zc_driver.h"
#include "region/zc_image.h"

void zc_device_buffer_release(zc_device_buffer *buffer)
{
    if (buffer && atomic_fetch_sub_explicit(&buffer->references, 1, memory_order_acq_rel) == 1) {
        zc_device *device = buffer->device;
        if (zc_device_alive(device, NULL) == ZC_OK) {
            zc_driver_enter();
            device->backend->buffer_release(device->self, buffer->buffer);
            zc_driver_leave();
        }
        atomic_fetch_sub_explicit(&device->buffers, 1, memory_order_relaxed);
        zc_free(buffer);
        zc_device_release(device);
    }
}

static void release_attachment(void *value)
{
    zc_device_buffer_release(value);
}

/* How much of the region a buffer covers that takes the place of one of `before` bytes, 0 for none. Making one takes the
 * longer the more it covers, so a region that grows in small steps gets one for every quarter. */
static uint64_t size_of(const zc_device *device, zc_region *region, uint64_t before)
{
    uint64_t size = zc_region_size(region), ahead = before + before / 4, limit = device->info.max_region;
    if (ahead <= size || (limit && ahead > limit)) {
        return size;
    }
    uint64_t committed = zc_region_commit_ahead(region, ahead); /* more, too, by what another device asked for */
    return committed < ahead ? committed : ahead - ahead % ZC_REGION_ALIGNMENT;
}

static zc_status import_once(zc_device *device, zc_region *region, zc_device_buffer *buffer, zc_error *error)
{
    if (getenv("ZCWASM_REFUSE_SHOWN") && zc_region_shows(region)) { /* for tests: a driver that takes no such memory */
        return zc_fail(error, ZC_DEVICE, "device %s was told to refuse memory that is shown", device->info.name);
    }
    return device->backend->buffer_from_host(device->self, zc_region_base(region), buffer->size,
                                             zc_region_read_only(region), &buffer->buffer, &buffer->address, error);
}

/* A view of the region's bytes, in place of one over the first `before`. What is ahead is for speed only: where there is
 * no room for it, as in a driver that pins what it is given, the region's own bytes are enough. What the region shows of
 * an image or of files becomes memory of its own where the driver refuses it. */
static zc_status import(zc_device *device, zc_region *region, uint64_t before, zc_device_buffer *buffer,
                        zc_error *error)
{
    uint64_t size = zc_region_size(region);
    buffer->size = size_of(device, region, before);
    zc_status status = import_once(device, region, buffer, error);
    if (status != ZC_OK && buffer->size > size) {
        buffer->size = size;
        status = import_once(device, region, buffer, error);
    }
    if (status != ZC_OK && !zc_region_read_only(region) && zc_region_shows(region) &&
        zc_region_own(region, NULL) == ZC_OK) {
        status = import_once(device, region, buffer, error);
    }
    return status;
}

/* `local`: memory of the device's own, else a view of the region's bytes, in place of one over the first `before`. */
static zc_status make(zc_device *device, zc_region *region, bool local, uint64_t before, zc_device_buffer **out,
                      zc_error *error)
{
    const zc_device_backend *backend = device->backend;
    if (!local && zc_region_read_only(region) && zc_device_is_apart(device)) {
        /* NVIDIA's driver wants writable pages: the import fails, and what was allocated next failed too (seen on an
         * H100, driver 580). */
        return zc_fail(error, ZC_BAD_VALUE, "device %s has memory of its own and uses no mapped file: load the weights",
                       device->info.name);
    }
    zc_device_buffer *buffer = zc_calloc(1, sizeof *buffer);
    if (!buffer) {
        return zc_fail(error, ZC_NO_MEMORY, "cannot allocate a buffer's bookkeeping");
    }
    buffer->size = zc_region_size(region);
    zc_driver_enter();
    zc_status status = local ? backend->buffer_local(device->self, buffer->size, &buffer->buffer, error)
                             : import(device, region, before, buffer, error);
    zc_driver_leave();
    if (status != ZC_OK) {
        zc_free(buffer);
        return status;
    }
    atomic_fetch_add_explicit(&device->buffers_made, 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&device->buffers, 1, memory_order_relaxed);
    buffer->device = zc_device_retain(device);
    atomic_init(&buffer->references, 1); /* the attachment's */
    status = zc_region_attach(region, device, buffer, release_attachment, error);
    if (status != ZC_OK) {
        zc_device_buffer_release(buffer);
        return status;
    }
    *out = buffer;
    return ZC_OK;
}

zc_status zc_device_buffer_acquire(zc_device *device, zc_region *region, uint64_t needed, zc_device_buffer **out,
                                   zc_error *error)
{
    zc_status status = ZC_OK;
    pthread_mutex_lock(&device->buffer_lock);
    zc_device_buffer *buffer = zc_region_attachment(region, device);
    if (!buffer || buffer->size < needed) {
        status = make(device, region, false, buffer ? buffer->size : 0, &buffer, error);
    }
    if (status == ZC_OK) {
        atomic_fetch_add_explicit(&buffer->references, 1, memory_order_relaxed);
        *out = buffer;
    }
    pthread_mutex_unlock(&device->buffer_lock);
    return status;
}

zc_status zc_device_buffer_local(zc_device *device, zc_region *region, zc_error *error)
{
    zc_device_buffer *buffer;
    pthread_mutex_lock(&device->buffer_lock);
    zc_status status = make(device, region, true, 0, &buffer, error);
    pthread_mutex_unlock(&device->buffer_lock);
    return status;
}

zc_status zc_device_buffer_address(zc_device *device, zc_region *region, void **out, zc_error *error)
{
    if (!device->backend->buffer_from_host) {
        *out = zc_region_base(region);
        return ZC_OK;
    }
    zc_device_buffer *buffer = NULL;
    zc_status status = zc_device_alive(device, error);
    if (status == ZC_OK) {
        status = zc_device_buffer_acquire(device, region, 0, &buffer, error);
    }
    if (status == ZC_OK) {
        *out = buffer->address;
        zc_device_buffer_release(buffer);
    }
    return status;
}
