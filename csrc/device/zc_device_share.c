/* zc_device_share: bytes of a region as a handle of the device's driver, for other libraries in this process.
 *
 * The handle is none of the device's buffers over regions: it covers the whole pages that the range lies in, and lives as
 * long as its user wants, whatever the region and the device do meanwhile. Ownership: it retains the device; the memory
 * under it is kept by its user, who pins the region. Threads: any.
 */
#include "device/zc_device_internal.h"
#include "device/zc_driver.h"

bool zc_device_shares(const zc_device *device)
{
    return device->backend->share != NULL;
}

zc_status zc_device_share(zc_device *device, const zc_range *range, zc_device_shared *out, zc_error *error)
{
    if (!device->backend->share) {
        return zc_fail(error, ZC_BAD_VALUE, "device %s has no buffers that other libraries take", device->info.name);
    }
    zc_status status = zc_device_alive(device, error);
    if (status == ZC_OK) {
        status = zc_device_settle(device, error);
    }
    if (status != ZC_OK) {
        return status;
    }
    uint64_t size = zc_region_size(range->region),
             offset = range->length ? range->offset : 0; /* nothing lies anywhere */
    uint64_t first = offset - offset % ZC_REGION_ALIGNMENT, end = offset + (range->length ? range->length : 1);
    if (range->offset > size || range->length > size - range->offset || first >= size) {
        return zc_fail(error, ZC_OUT_OF_BOUNDS, "%llu bytes at offset %llu do not lie in memory of %llu bytes",
                       (ull)range->length, (ull)range->offset, (ull)size);
    }
    end += (ZC_REGION_ALIGNMENT - end % ZC_REGION_ALIGNMENT) % ZC_REGION_ALIGNMENT;
    *out = (zc_device_shared){.offset = offset - first};
    zc_driver_enter();
    status =
        device->backend->share(device->self, zc_region_base(range->region) + first, end - first, &out->handle, error);
    zc_driver_leave();
    if (status == ZC_OK) {
        out->device = zc_device_retain(device);
    }
    return status;
}

void zc_device_share_release(zc_device_shared *shared)
{
    if (!shared->device) {
        return;
    }
    if (zc_device_alive(shared->device, NULL) == ZC_OK) { /* in the child of a fork the driver must not be called */
        zc_driver_enter();
        shared->device->backend->share_release(shared->device->self, shared->handle);
        zc_driver_leave();
    }
    zc_device_release(shared->device);
    shared->device = NULL;
}
