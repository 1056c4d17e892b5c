/* zc_device: something that runs kernels over regions, and the one place where dispatches are checked.
 *
 * A dispatch names a kernel, one zc_range per binding and the kernel's parameters. zc_device.c copies the
 * descriptor once and checks it in 64-bit arithmetic against the region's current size and the kernel's
 * signature (alignment, extent, overlap of written ranges); a backend then sees pointers, offsets and
 * lengths that hold. A command buffer is a recorded sequence; submitting it gives a submission to wait on.
 *
 * Ordering: submissions of one device run in the order of submission, and the dispatches of one command
 * buffer behave as if run in order; a synchronous zc_device_run comes after everything submitted before.
 *
 * Ownership: everything is reference counted. A command buffer and a submission in flight pin every region
 * they name and retain their device; what completes unpins at once, on the thread that completes it.
 * Threads: every function may be called from any thread, except that one command buffer is recorded by
 * one thread at a time. Callers that hold an interpreter lock release it around run and wait.
 *
 * Fork: the cpu device works on in the child; what was in flight stays the parent's and is, in the child,
 * finished with ZC_DEVICE "lost by fork". A GPU device must be opened anew in the child.
 *
 * Knows regions and kernels; nothing of guests or Python. Backends implement zc_device_backend.h.
 */
#ifndef ZC_DEVICE_H
#define ZC_DEVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "zc_kernel.h"
#include "zc_region.h"
#include "zc_status.h"

typedef struct zc_device zc_device;
typedef struct zc_command_buffer zc_command_buffer;
typedef struct zc_submission zc_submission;

typedef struct zc_range { /* bytes [offset, offset + length) of a region; an empty range may have no region */
    zc_region *region;
    uint64_t offset;
    uint64_t length;
} zc_range;

typedef struct zc_device_options {
    unsigned threads; /* cpu: threads that may work on one kernel, 0 for all the process may use */
} zc_device_options;

typedef struct zc_device_info {
    const char *kind;     /* "metal", "vulkan", "cpu" */
    char name[128];       /* the hardware, in its vendor's words */
    bool available;
    char reason[160];     /* when not available: why */
    bool unified_memory;  /* the device reads guest memory where it lies */
    bool software;        /* a GPU interface emulated on the CPU */
    uint32_t subgroup_width;
    uint64_t max_buffer;  /* bytes of one binding */
    unsigned threads;     /* cpu: host threads that work on one kernel; 0 elsewhere */
} zc_device_info;

/* kind NULL: the best of metal, a hardware Vulkan device, cpu. */
zc_status zc_device_open(const char *kind, const zc_device_options *options, zc_device **out, zc_error *error);
zc_device *zc_device_retain(zc_device *device);
void zc_device_release(zc_device *device);
const zc_device_info *zc_device_get_info(const zc_device *device);
/* Fill up to `capacity` entries, present or not, best first; returns how many there are. */
size_t zc_device_list(zc_device_info *out, size_t capacity);

/* The address at which the device sees the region's first byte (equal to the region's base when memory is
 * unified), for proofs and tests. */
zc_status zc_device_buffer_address(zc_device *device, zc_region *region, void **out, zc_error *error);

/* Work is queued or in flight, so that a zc_device_run now would wait for it. */
bool zc_device_busy(const zc_device *device);

/* One dispatch, run to its end. The caller keeps the regions alive meanwhile. */
zc_status zc_device_run(zc_device *device, const zc_kernel *kernel, const zc_range *ranges, size_t range_count,
                        const void *params, size_t params_size, zc_error *error);

zc_status zc_command_buffer_new(zc_device *device, zc_command_buffer **out, zc_error *error);
void zc_command_buffer_free(zc_command_buffer *buffer); /* NULL is fine */
zc_status zc_command_buffer_dispatch(zc_command_buffer *buffer, const zc_kernel *kernel, const zc_range *ranges,
                                     size_t range_count, const void *params, size_t params_size, zc_error *error);
/* Hands the recording over; the command buffer is empty afterwards and may record anew. */
zc_status zc_command_buffer_submit(zc_command_buffer *buffer, zc_submission **out, zc_error *error);
size_t zc_command_buffer_length(const zc_command_buffer *buffer);

zc_submission *zc_submission_retain(zc_submission *submission);
void zc_submission_release(zc_submission *submission); /* work in flight keeps itself alive */
/* Wait until done: ZC_TIMEOUT after timeout_ns (negative: no limit), else the work's own status. */
zc_status zc_submission_wait(zc_submission *submission, int64_t timeout_ns, zc_error *error);
bool zc_submission_done(zc_submission *submission);
/* Seconds that the device worked on it; ZC_BUSY before it is done. */
zc_status zc_submission_seconds(zc_submission *submission, double *out, zc_error *error);
/* Write one byte to the file descriptor when done (at once if it is); for event loops. The submission
 * writes to a duplicate of its own and closes that, so the caller may close the descriptor at any time. */
zc_status zc_submission_notify(zc_submission *submission, int file_descriptor, zc_error *error);

/* Wait until no device has work in flight. For interpreter exit. */
void zc_device_drain_all(void);

#endif
