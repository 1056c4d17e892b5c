/* zc_device: something that runs kernels over regions, and the one place where dispatches are checked.
 *
 * A dispatch names a kernel, one zc_range per binding and the kernel's parameters. zc_dispatch.c copies the
 * descriptor once and checks it in 64-bit arithmetic against the region's current size and the kernel's
 * signature (alignment, extent, overlap of written ranges); a backend then sees pointers, offsets and
 * lengths that hold. A batch is recorded dispatches; submitting it gives a submission to wait on.
 *
 * Ordering: submissions of one device run in the order of submission, and the dispatches of one batch
 * behave as if run in order; a synchronous zc_device_run comes after everything submitted before.
 *
 * Ownership: everything is reference counted. A batch and a submission in flight pin every region
 * they name and retain their device; what completes unpins at once, on the thread that completes it.
 * Threads: every function may be called from any thread, except that one batch is recorded by
 * one thread at a time. Callers that hold an interpreter lock release it around run and wait.
 *
 * Scratch memory is a device's own: on a GPU with memory apart from the host's it lies there, elsewhere it is
 * plain memory. It is named by a region like any other range, but only its device may use it and only
 * zc_device_upload and zc_device_download move bytes in and out, which they count as copies.
 *
 * Fork: the cpu device works on in the child; what was in flight stays the parent's and is, in the child,
 * finished with ZC_DEVICE "lost by fork". A Vulkan device must be opened anew in the child; Metal does not work
 * there (zc_device_backend.not_in_child).
 *
 * Knows regions and kernels; nothing of guests or Python. Backends implement zc_device_backend.h.
 */
#ifndef ZC_DEVICE_H
#define ZC_DEVICE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/zc_clock.h"
#include "base/zc_copies.h"
#include "kernel/zc_kernel.h"
#include "region/zc_region.h"
#include "base/zc_status.h"

typedef struct zc_device zc_device;
typedef struct zc_batch zc_batch;
typedef struct zc_sequence zc_sequence;
typedef struct zc_submission zc_submission;

typedef struct zc_range { /* bytes [offset, offset + length) of a region; an empty range may have no region */
    zc_region *region;
    uint64_t offset;
    uint64_t length;
} zc_range;

/* One launch of a kernel, as its caller describes it. Whoever takes it copies all of it before looking at it. */
typedef struct zc_dispatch {
    const zc_kernel *kernel;
    const zc_range *ranges; /* one for each binding */
    size_t range_count;
    const void *params; /* the kernel's own struct */
    size_t params_size;
} zc_dispatch;

/* Whose work it is that a batch records, where that is a guest: what the guest's host allows. The host's own
 * work has no owner, and no limits. It must outlive the batches and sequences that know it, not what they
 * submitted. */
typedef struct zc_owner {
    uint64_t id;        /* zc_owner_id */
    uint64_t most_work; /* of one dispatch, as zc_kernel.work counts */
    int64_t deadline;   /* monotonic ns at which what is submitted now is cancelled, or ZC_NO_DEADLINE */
    uint64_t limit;     /* ns: how long that was when it was set, for the error's text */
} zc_owner;

uint64_t zc_owner_id(void); /* a new one, never 0 */

#define ZC_DEFAULT_DISPATCH_WORK ((uint64_t)1 << 40)

typedef struct zc_device_options {
    unsigned threads; /* cpu: threads that may work on one kernel, 0 for all the process may use */
    /* Which of several devices of the kind; at most one of these. */
    bool by_index;
    unsigned index;   /* its position among them in zc_device_list */
    const char *name; /* part of its name or its driver's, in any case; NULL for none */
    const char *uuid; /* the whole of it; NULL for none */
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
    /* Of GPUs; zeros and empty texts where there is nothing to say. */
    unsigned index;       /* among the devices of its kind, best first */
    const char *type;     /* "discrete", "integrated", "virtual", "cpu", "other"; NULL when it is not known */
    char driver[128];     /* name and version */
    char api[16];         /* version of the interface */
    char uuid[40];
    uint64_t memory;      /* bytes that the device calls its own */
    uint64_t max_region;  /* bytes of one region that it can use */
    uint32_t max_workgroup, max_shared_memory; /* invocations, bytes */
    zc_gpu gpu;
} zc_device_info;

/* Some rows of a dispatch, for a kernel that runs over rows: row i of a binding is the i-th of equal parts of it. */
typedef struct zc_rows {
    void *const *bindings; /* where each begins */
    const uint64_t *bytes; /* of a row of each */
    uint64_t first, count;
    const uint32_t *params;      /* the kernel's own, behind the numbers of workgroups */
    const _Atomic bool *stop[2]; /* either NULL; one is set: nobody wants the rest */
} zc_rows;

static inline bool zc_rows_stopped(const zc_rows *rows)
{
    for (int i = 0; i < 2; i++) {
        if (rows->stop[i] && atomic_load_explicit(rows->stop[i], memory_order_relaxed)) {
            return true;
        }
    }
    return false;
}

/* Code that a device of the host's own processors runs over rows. */
typedef struct zc_row_code {
    /* These rows, one after the other; several threads call it at once, for other rows. It looks at `stop` every
     * millisecond or so. */
    zc_status (*run)(void *context, const zc_rows *rows, zc_error *error);
    void (*release)(void *context); /* once, when nothing uses the kernel any more; any thread */
    void *context;
} zc_row_code;

/* What zc_device_compile takes. Everything is copied, but for what `rows` holds, which is taken where it succeeds. */
typedef struct zc_kernel_source {
    const char *name;
    unsigned binding_count;
    zc_binding_signature bindings[ZC_KERNEL_MAX_BINDINGS];
    uint32_t params_size; /* bytes of the shader's own parameters, a multiple of 4 */
    uint32_t workgroup[3];
    const void *spirv; /* for vulkan; NULL when there is none */
    size_t spirv_size;
    const char *msl; /* for metal, UTF-8; NULL when there is none */
    size_t msl_size;
    const char *entry_point; /* in either; NULL when there is only one */
    const zc_row_code *rows; /* instead of both, for cpu: workgroups are rows, and bindings may begin at any byte */
    bool in_place; /* a binding that is written may be the very same range as one that is read */
} zc_kernel_source;

#define ZC_KERNEL_GROUPS_SIZE 12u /* the three uint32 that precede a compiled kernel's parameters */

/* kind NULL: the best of metal, a hardware Vulkan device, cpu. */
zc_status zc_device_open(const char *kind, const zc_device_options *options, zc_device **out, zc_error *error);
zc_device *zc_device_retain(zc_device *device);

typedef struct zc_device_stats { /* since it was opened, by all who use it */
    uint64_t submissions, dispatches; /* dispatches: also those that were not submitted but run at once */
    double seconds; /* that it worked on them, but for runs of few microseconds */
    uint64_t copied; /* bytes, to and from scratch */
    uint64_t buffers, scratch; /* that there are now: views of memories, or bytes */
} zc_device_stats;

void zc_device_get_stats(const zc_device *device, zc_device_stats *out);
void zc_device_release(zc_device *device);
const zc_device_info *zc_device_get_info(const zc_device *device);
/* Fill up to `capacity` entries, present or not, best first; returns how many there are. */
size_t zc_device_list(zc_device_info *out, size_t capacity);

/* The address at which the device sees the region's first byte (equal to the region's base when memory is
 * unified), for proofs and tests. */
zc_status zc_device_buffer_address(zc_device *device, zc_region *region, void **out, zc_error *error);

/* Bytes of a region as other libraries take them from the device's driver (Metal: an MTLBuffer, which tracks hazards as
 * those libraries expect), after all work submitted before. It retains the device; the region is its user's to pin. */
typedef struct zc_device_shared {
    zc_device *device;
    void *handle;
    uint64_t offset; /* of the range in it */
} zc_device_shared;
bool zc_device_shares(const zc_device *device); /* whether it does that */
zc_status zc_device_share(zc_device *device, const zc_range *range, zc_device_shared *out, zc_error *error);
void zc_device_share_release(zc_device_shared *shared); /* any thread */

/* Wait for all that was submitted so far. */
zc_status zc_device_settle(zc_device *device, zc_error *error);

/* How often the device made a buffer over a region: for tests. */
uint64_t zc_device_buffer_count(const zc_device *device);

/* Whether the device has memory apart from the host's, so that what it reads often should lie there. */
bool zc_device_is_apart(const zc_device *device);

/* Called on the thread that waits, with bytes done and to do; false stops what it reports with ZC_HOST. */
typedef struct zc_device_progress {
    bool (*report)(void *context, uint64_t done, uint64_t total);
    void *context;
} zc_device_progress;

/* A matrix of weights, checked: its bytes are all there. */
typedef struct zc_device_matrix {
    const void *address;
    uint32_t type; /* zc_weight_type */
    uint64_t n, k; /* rows of k elements */
} zc_device_matrix;

/* Let the device lay these matrices out anew, each of which lies in this region, a mapped file. Dispatches
 * that name them, or rows of them, stay as they are; the copy is the region's, for all devices of the kind. Where the
 * device has no better layout for a matrix, or has it already, nothing happens. `progress` may be NULL. */
zc_status zc_device_pack(zc_device *device, zc_region *region, const zc_device_matrix *matrices, size_t count,
                         const zc_device_progress *progress, zc_error *error);

/* `size` bytes of the device's own memory, zero or not; see the top. Only for ranges on this device. */
zc_status zc_device_scratch(zc_device *device, uint64_t size, zc_region **out, zc_error *error);
/* Copy to and from scratch memory, after all work submitted before; done when they return. */
zc_status zc_device_upload(zc_device *device, zc_region *scratch, uint64_t offset, const void *from, uint64_t size,
                           zc_error *error);
/* With _as, counted as something else than "device_upload" and "device_download". */
zc_status zc_device_upload_as(zc_device *device, zc_region *scratch, uint64_t offset, const void *from, uint64_t size,
                              zc_copy_reason reason, zc_error *error);
zc_status zc_device_download(zc_device *device, zc_region *scratch, uint64_t offset, void *to, uint64_t size,
                             zc_error *error);
zc_status zc_device_download_as(zc_device *device, zc_region *scratch, uint64_t offset, void *to, uint64_t size,
                                zc_copy_reason reason, zc_error *error);

/* A kernel of the user's for this device, checked against its own code. Its parameters, wherever they are
 * given, are preceded by ZC_KERNEL_GROUPS_SIZE bytes: the numbers of workgroups. It binds whole ranges, and
 * sees them by the convention of the built-in ones (shaders/README.md). It outlives its device object. */
zc_status zc_device_compile(zc_device *device, const zc_kernel_source *source, const zc_kernel **out, zc_error *error);
void zc_kernel_retain(const zc_kernel *kernel); /* built-in kernels need neither */
void zc_kernel_release(const zc_kernel *kernel);

/* What a debugging layer of the kind's interface complained about so far: the number of messages, with the
 * first texts in `out`, one per line; -1 where there is no such layer or it is off. */
int64_t zc_device_validation(const char *kind, char *out, size_t size);

/* Work is queued or in flight, so that a zc_device_run now would wait for it. */
bool zc_device_busy(const zc_device *device);

/* Some submission in flight, of any device, uses the region. */
bool zc_device_uses(const zc_region *region);
/* How many submissions there have been, of all devices; and which of them is the first that is in flight and uses the
 * region, or UINT64_MAX. So whoever lets go of bytes now knows when no work can touch them any more. */
uint64_t zc_device_entries(void);
uint64_t zc_device_first_use(const zc_region *region);

/* Called every millisecond or so while somebody waits or computes for the caller; a failure ends the wait, or
 * the run before its next dispatch, and becomes its status. What has been submitted runs on. */
typedef zc_status (*zc_pause_function)(void *context, zc_error *error);

/* Copy bytes of a region that the device sees into scratch, after all work submitted before; counted as "mirrored". By
 * the device itself where it can. With pauses, between which some of it may have been copied. */
zc_status zc_device_mirror(zc_device *device, zc_region *scratch, uint64_t offset, zc_region *from,
                           uint64_t from_offset, uint64_t size, zc_pause_function pause, void *context,
                           zc_error *error);

/* One dispatch, run to its end. The caller keeps the regions alive meanwhile.
 *
 * zc_device_run_pausing: the same for callers that must not be deaf for long. Work that takes more than some tenths of
 * a second, or must wait for other work, is submitted, and the caller waits with pauses (see zc_pause_function); when
 * one fails the work runs on, and keeps alive what it uses. */
zc_status zc_device_run(zc_device *device, const zc_dispatch *dispatch, zc_error *error);
zc_status zc_device_run_pausing(zc_device *device, const zc_dispatch *dispatch, zc_pause_function pause, void *context,
                                zc_error *error);

zc_status zc_batch_new(zc_device *device, zc_batch **out, zc_error *error);
void zc_batch_free(zc_batch *batch); /* NULL is fine */
zc_status zc_batch_dispatch(zc_batch *batch, const zc_dispatch *dispatch, zc_error *error);
/* Before anything is recorded. What is refused then: dispatches of too much work (ZC_LIMIT). What is submitted then
 * ends at the owner's deadline, and can be cancelled. */
void zc_batch_own(zc_batch *batch, const zc_owner *owner);
/* Hands the dispatches over; the batch is empty afterwards and may record anew. */
zc_status zc_batch_submit(zc_batch *batch, zc_submission **out, zc_error *error);
size_t zc_batch_length(const zc_batch *batch);

/* Submit and wait. A device that computes on the calling thread does so when nothing else is in flight and no
 * dispatch takes long. The batch is empty afterwards, whatever the work's status. */
zc_status zc_batch_run(zc_batch *batch, zc_pause_function pause, void *context, zc_error *error);

/* Sequences: recorded once, submitted any number of times. `begin` gives a batch that `seal` makes a
 * sequence of, and frees (not on failure). Its barriers hold for all bytes of the ranges given, so that they stay
 * right when parameters change. A sequence is reference counted; one in flight may be submitted again, but its
 * parameters cannot be changed (ZC_BUSY). One thread at a time changes or submits it. */
zc_status zc_sequence_begin(zc_device *device, zc_batch **out, zc_error *error);
zc_status zc_sequence_seal(zc_batch *batch, zc_sequence **out, zc_error *error);
void zc_sequence_release(zc_sequence *sequence); /* NULL is fine */
size_t zc_sequence_length(const zc_sequence *sequence);
bool zc_sequence_in_flight(const zc_sequence *sequence);
/* Replace bytes [offset, offset + size) of the parameters of dispatch `index`; the whole dispatch is checked
 * again against the ranges it was recorded with. On failure nothing has changed. */
zc_status zc_sequence_params(zc_sequence *sequence, size_t index, size_t offset, const void *bytes, size_t size,
                             zc_error *error);
/* The parameters of dispatch `index`, which there is, as they are now; until they are replaced. */
const void *zc_sequence_params_now(const zc_sequence *sequence, size_t index);
zc_status zc_sequence_submit(zc_sequence *sequence, zc_submission **out, zc_error *error);
zc_status zc_sequence_run(zc_sequence *sequence, zc_pause_function pause, void *context, zc_error *error);
/* How often it, or a batch, pins the region. */
uint64_t zc_sequence_pins(const zc_sequence *sequence, const zc_region *region);
uint64_t zc_batch_pins(const zc_batch *batch, const zc_region *region);

void zc_submission_release(zc_submission *submission); /* work in flight keeps itself alive */
/* Wait until done: ZC_TIMEOUT after timeout_ns (negative: no limit), else the work's own status. */
zc_status zc_submission_wait(zc_submission *submission, int64_t timeout_ns, zc_error *error);
bool zc_submission_done(zc_submission *submission);
/* Its number in the trace that was written when it was submitted, or 0. */
uint64_t zc_submission_number(const zc_submission *submission);
/* The same, with pauses. */
zc_status zc_submission_wait_pausing(zc_submission *submission, int64_t timeout_ns, zc_pause_function pause,
                                     void *context, zc_error *error);
/* Seconds that the device worked on it; ZC_BUSY before it is done. */
zc_status zc_submission_seconds(zc_submission *submission, double *out, zc_error *error);
/* Write one byte to the file descriptor when done (at once if it is); for event loops. The submission
 * writes to a duplicate of its own and closes that, so the caller may close the descriptor at any time. */
zc_status zc_submission_notify(zc_submission *submission, int file_descriptor, zc_error *error);

/* Cancel what this owner (zc_owner.id) has in flight: each such submission ends as soon as its device can, with
 * ZC_CANCELLED and `why` as its text, unless it is done before. What its dispatches wrote until then stays written.
 * Returns at once. Any thread. */
void zc_device_cancel(uint64_t owner, const char *why);

/* Wait until no device has work in flight, and none that its last work kept open is being closed. */
void zc_device_drain_all(void);
/* For the process's exit: cancel all that is in flight, the host's too, and wait for its end, at most `limit_ns`, with
 * a pause every 20 ms. False when something is left, or a pause failed: a device's thread may then be inside its
 * driver, and what it uses must be left alone. If it is so when the process exits, that skips the destructors of libraries
 * (zc_exit.c). */
bool zc_device_finish_all(int64_t limit_ns, zc_pause_function pause, void *context);

#endif
