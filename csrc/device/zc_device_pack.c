/* zc_device_pack: a device's own layout of weights, kept with the region that they lie in. Threads: any; nothing here
 * waits for anybody. */
#include "device/zc_device_internal.h"

zc_status zc_device_pack(zc_device *device, zc_region *region, const zc_device_matrix *matrices, size_t count,
                         const zc_device_progress *progress, zc_error *error)
{
    const zc_device_backend *backend = device->backend;
    void *packed = NULL;
    if (!backend->pack || count == 0) {
        return ZC_OK;
    }
    if (!zc_region_of_file(region)) { /* backends let go of the pages that they have read, and a file has them still */
        return zc_fail(error, ZC_BAD_VALUE, "only a mapped file can be packed: these may change, or are in no file");
    }
    zc_status status = zc_device_alive(device, error);
    if (status == ZC_OK) {
        status = backend->pack(device->self, matrices, count, progress, &packed, error);
    }
    if (status == ZC_OK && packed) {
        status = zc_region_attach(region, packed, packed, backend->packed_release, error); /* itself the key */
        if (status != ZC_OK) {
            backend->packed_release(packed);
        }
    }
    return status;
}
