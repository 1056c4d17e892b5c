/* zc_device_trace: what devices did, counted for device.stats(), and told to whoever traces (base/zc_trace.h).
 *
 * A submission is one event, made when its end is seen: the device's time is put directly before that, for drivers say how
 * long they worked and not when. What a device computes on the calling thread is a slice of that thread. On the
 * device's track slices do not overlap: a GPU works on one submission after the other, so that a slice begins where the
 * last one ended at the earliest; a device that computes on threads of its callers has a lane for each that works at once.
 *
 * Ownership: none. Threads: any; the lanes are under the submissions' lock.
 */
#ifndef ZC_DEVICE_TRACE_H
#define ZC_DEVICE_TRACE_H

#include "base/zc_trace.h"
#include "device/zc_device_internal.h"

/* The names of the commands' kernels as the event's text: "fill, matmul x3". */
void zc_device_trace_kernels(zc_trace_event *event, const zc_device_command *commands, size_t count);
/* The event of a submission, which has its id, its start, its text and how it ended, is put in. Ends now. */
void zc_device_trace_submission(zc_device *device, zc_trace_event *event, double seconds);

/* Around kernels on the calling thread. `long_enough`: the clock, which takes as long as a tenth of the smallest kernel, is
 * nothing beside them; else they are timed for traces only. */
static inline int64_t zc_device_run_begin(bool long_enough)
{
    return long_enough || zc_tracing() ? zc_clock_ns() : 0;
}
void zc_device_run_end(zc_device *device, int64_t start, const zc_device_command *commands, size_t count);
/* A submission is done. */
void zc_device_count(zc_device *device, size_t dispatches, double seconds);

#endif
