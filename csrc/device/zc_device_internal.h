/* zc_device_internal: a device as the files of this folder know it. Not for backends (zc_device_backend.h) nor for users of
 * devices (zc_device.h).
 *
 * The files, from the ground up; each knows only those before it:
 *
 *   zc_device           the life of a device, and what it says of itself
 *   zc_device_trace     what it did: counted, and told to traces
 *   zc_device_compile   kernels of the user's
 *   zc_device_buffer    buffers over regions
 *   zc_uses             what recorded dispatches keep alive
 *   zc_dispatch         the one check, and what a dispatch costs
 *   zc_submission       the handle to wait on; the list and the lock of all that is in flight
 *   zc_pace             handing submissions to the backend, whole or in pieces
 *   zc_cancel           ending what is in flight: by its owner, by its deadline, at the process's exit
 *   zc_submit           starting submissions
 *   zc_batch            recording
 *   zc_sequence         recorded once, submitted many times
 *   zc_device_run       one dispatch, run to its end
 *   zc_device_scratch   memory of a device's own
 *   zc_device_share     buffers for other libraries
 *   zc_device_pack      a device's own layout of weights
 *   zc_device_registry  which devices there are (above the backends)
 */
#ifndef ZC_DEVICE_INTERNAL_H
#define ZC_DEVICE_INTERNAL_H

#include <pthread.h>
#include <stdatomic.h>

#include "device/zc_device_backend.h"

#define ZC_DEVICE_LANES 4 /* tracks of a device in a trace */

struct zc_device {
    _Atomic uint64_t references;
    const zc_device_backend *backend;
    void *self;
    zc_device_info info;
    uint64_t fork_count; /* zc_fork_count() when opened */
    pthread_mutex_t buffer_lock; /* serialises looking up and replacing buffers over regions */
    _Atomic uint64_t buffers_made;
    zc_device *next_shared;
    /* For zc_pace.c: how large a piece of guests' work may be. Constant. */
    uint64_t most; /* multiply-adds, */
    uint64_t most_groups; /* or as many workgroups, however long they are */
    bool paces_all; /* the host's work, too */
    /* Of zc_pace.c, under the submissions' lock: submissions that wait for their turn, in order; the work that guests
     * have in the driver; whether somebody is handing over. */
    zc_submission *waiting, *last_waiting;
    uint64_t in_driver;
    bool pumping;
    _Atomic bool held; /* something waits */
    /* For zc_device_trace.c: what it did since it was opened; what there is now of its buffers and scratch; under the
     * submissions' lock, what the trace of that generation has of it. */
    _Atomic uint64_t submissions, dispatches, busy_ns, copied, buffers, scratch;
    uint64_t number;
    uint64_t traced;
    uint32_t lanes_named;
    int64_t lane_ends[ZC_DEVICE_LANES];
};

/* The device of this backend that `info` describes, retained: one that lives, where buffers make them be shared, or a
 * new one. */
zc_status zc_device_open_on(const zc_device_backend *backend, const zc_device_info *info,
                            const zc_device_options *options, zc_device **out, zc_error *error);

/* ZC_DEVICE when the device was opened before a fork that it does not survive. */
zc_status zc_device_alive(const zc_device *device, zc_error *error);

#endif
