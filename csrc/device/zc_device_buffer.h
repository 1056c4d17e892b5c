/* zc_device_buffer: a device's buffers over regions, made once and kept as the region's attachment.
 *
 * A backend without buffer_from_host (cpu) reads host addresses, so that nothing here runs for it. A buffer
 * covers what was committed when it was made; a range beyond that, after growth, replaces it by one that covers a quarter
 * more than it did, which is committed ahead. The old one
 * lives on while batches and work in flight hold it. Ownership: the attachment holds one reference, each
 * user one; each buffer retains its device. Threads: any; the device's buffer_lock makes "look up, then
 * retain" one step. Never copies and never moves a byte.
 */
#ifndef ZC_DEVICE_BUFFER_H
#define ZC_DEVICE_BUFFER_H

#include "device/zc_device_internal.h"

/* A backend's buffer over the first `size` bytes of a region. */
typedef struct zc_device_buffer {
    _Atomic uint64_t references;
    zc_device *device;
    void *buffer;
    void *address;
    uint64_t size;
} zc_device_buffer;

/* The buffer over at least the first `needed` bytes of the region, retained; re-made after growth only. */
zc_status zc_device_buffer_acquire(zc_device *device, zc_region *region, uint64_t needed, zc_device_buffer **out,
                                   zc_error *error);
void zc_device_buffer_release(zc_device_buffer *buffer); /* NULL is fine */

/* Give a fresh region a buffer of the device's own memory in place of one over its bytes. */
zc_status zc_device_buffer_local(zc_device *device, zc_region *region, zc_error *error);

#endif
