/* zc_uses: what recorded dispatches keep alive until they have run: regions, pinned, with the device's buffers over them,
 * and kernels that the user compiled.
 *
 * Ownership: a zc_uses belongs to one batch, sequence or submission at a time, which hands it on as a whole; it does not
 * hold the device, its owner does. Threads: one at a time.
 */
#ifndef ZC_USES_H
#define ZC_USES_H

#include "device/zc_device_buffer.h"

/* A region with the device's buffer over it (NULL where there are none), or a compiled kernel. */
typedef struct zc_use {
    zc_region *region;
    zc_device_buffer *buffer;
    const zc_kernel *kernel;
} zc_use;

typedef struct zc_uses { /* zeros: none */
    zc_use *each;
    size_t count, capacity;
} zc_uses;

/* Hold a compiled kernel. */
zc_status zc_uses_add_kernel(zc_uses *uses, const zc_kernel *kernel, zc_error *error);
/* Hold the region, and the device's buffer that reaches to byte `end`; *handle is what a binding names. */
zc_status zc_uses_add_region(zc_uses *uses, zc_device *device, zc_region *region, uint64_t end, void **handle,
                             zc_error *error);
uint64_t zc_uses_pins(const zc_uses *uses, const zc_region *region);
void zc_uses_clear(zc_uses *uses); /* let go of all; the array stays */
void zc_uses_free(zc_uses *uses); /* and of the array */

#endif
