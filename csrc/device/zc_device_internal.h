/* zc_device_internal: what zc_device.c, zc_device_buffer.c, zc_batch.c and zc_submission.c share.
 * Not for backends (zc_device_backend.h) nor for users of devices (zc_device.h).
 */
#ifndef ZC_DEVICE_INTERNAL_H
#define ZC_DEVICE_INTERNAL_H

#include <pthread.h>
#include <stdatomic.h>

#include "device/zc_device_backend.h"

struct zc_device {
    _Atomic uint64_t references;
    const zc_device_backend *backend;
    void *self;
    zc_device_info info;
    uint64_t fork_count;         /* zc_fork_count() when opened */
    pthread_mutex_t buffer_lock; /* serialises looking up and replacing buffers over regions */
    _Atomic uint64_t buffers_made;
    zc_device *next_shared;
    /* Of zc_device_pace.c, under the submissions' lock: submissions that wait for their turn, in order; the work that
     * guests have in the driver; whether somebody is handing over. */
    zc_submission *waiting, *last_waiting;
    uint64_t in_driver;
    uint64_t most;        /* multiply-adds of a piece, */
    uint64_t most_groups; /* or as many workgroups, however long they are */
    bool paces_all;       /* for tests: the host's work, too */
    bool pumping;
    _Atomic bool held; /* something waits */
};

/* A backend's buffer over the first `size` bytes of a region: cached as the region's attachment, kept by
 * every batch that uses it, released with the last of them. It retains its device. */
typedef struct zc_device_buffer {
    _Atomic uint64_t references;
    zc_device *device;
    void *buffer;
    void *address;
    uint64_t size;
} zc_device_buffer;

/* A region that a batch uses: pinned, with the device's buffer over it (NULL where there are none). Or a
 * compiled kernel that it uses. */
typedef struct zc_device_use {
    zc_region *region;
    zc_device_buffer *buffer;
    const zc_kernel *kernel;
} zc_device_use;

/* THE check: copy a dispatch into `command` (all but its buffers and barrier) and `taken`, and verify the copies;
 * callers use those from then on, because the originals may change under them. */
zc_status zc_device_check(const zc_device *device, const zc_kernel *kernel, const zc_range *ranges, size_t range_count,
                          const void *params, size_t params_size, zc_range *taken, zc_device_command *command,
                          zc_error *error);

/* The buffer over at least the first `needed` bytes of the region, retained; re-made after growth only. */
zc_status zc_device_buffer_acquire(zc_device *device, zc_region *region, uint64_t needed, zc_device_buffer **out,
                                   zc_error *error);
void zc_device_buffer_release(zc_device_buffer *buffer); /* NULL is fine */

/* Give a fresh region a buffer of the device's own memory in place of one over its bytes. */
zc_status zc_device_buffer_local(zc_device *device, zc_region *region, zc_error *error);

/* ZC_BAD_VALUE when the kernel was compiled for another device. */
zc_status zc_kernel_check_device(const zc_kernel *kernel, const zc_device *device, zc_error *error);

/* ZC_DEVICE when the device was opened before a fork that it does not survive. */
zc_status zc_device_alive(const zc_device *device, zc_error *error);

/* A dispatch as it was given: what a sequence checks new parameters against. */
typedef struct zc_device_ranges {
    zc_range each[ZC_KERNEL_MAX_BINDINGS];
} zc_device_ranges;

struct zc_batch {
    zc_device *device;
    const zc_owner *owner; /* NULL: the host */
    zc_device_command *commands;
    zc_device_ranges *ranges; /* of each command; only when it is to become a sequence */
    bool sequence;
    size_t count, capacity;
    zc_device_use *uses;
    size_t use_count, use_capacity;
    uint64_t largest; /* zc_dispatch_work the largest dispatch */
    struct zc_hazards *hazards;
};

/* What a backend has of a submission at a time: all of it, or some of its commands. */
typedef struct zc_piece {
    zc_device_piece given; /* first: what the backend knows of it */
    zc_submission *submission;
    uint64_t size; /* its work, as zc_kernel.work counts; 0 when it is the host's */
    bool busy;     /* the backend has it */
} zc_piece;

struct zc_submission {
    _Atomic uint64_t references;
    _Atomic bool done; /* set last, under the lock; the next three are constant from then on */
    zc_status status;
    double seconds; /* of the pieces that are done */
    zc_error error;

    zc_submission *previous, *next; /* in flight */
    zc_device *device;
    zc_device_command *commands; /* owned, or NULL */
    zc_device_use *uses;
    size_t use_count;
    zc_sequence *sequence; /* it owns the commands and uses, and is retained; or NULL */
    int *notify; /* duplicated descriptors to write to, owned */
    size_t notify_count;

    uint64_t owner;   /* 0: the host */
    int64_t deadline; /* monotonic ns, or ZC_NO_DEADLINE */
    uint64_t limit;
    _Atomic bool cancelled;
    char why[160]; /* when cancelled */

    /* How far it has been handed to the backend; under the lock. */
    const zc_device_command *all;
    size_t count, at;
    uint64_t groups_at; /* workgroups of that command that have been handed over */
    void *prepared;
    uint64_t size; /* of all of it; 0 when it is the host's, or the backend cancels */
    zc_piece pieces[2];
    unsigned outstanding; /* pieces that the backend has */
    bool begun, waits;    /* a piece was handed over; it is in the device's list */
    zc_submission *next_waiting;
};

/* The lock of all submissions, and of the lists of those in flight and waiting. */
void zc_submission_lock(void);
void zc_submission_unlock(void);
/* Without the lock: its last piece is done. Lets go of what it used and publishes the result. */
void zc_submission_finish(zc_submission *submission);

/* zc_device_pace.c; all with the lock held. Whether the new submission goes to the backend at once and as a whole, as
 * piece 0; else it waits in the device's list, and zc_pace_pump is to be called. */
bool zc_pace_admit(zc_submission *submission);
/* Hand over what may be handed over; gives the lock up meanwhile. The caller holds a reference to the device. */
void zc_pace_pump(zc_device *device);
/* The backend is done with the piece. */
void zc_pace_done(zc_piece *piece);
void zc_pace_init(zc_device *device); /* when its info is there; without the lock */
uint64_t zc_pace_size(const zc_device *device, const zc_device_command *commands, size_t count);

/* What to start: commands and uses, both the submission's on success; or those of a sequence, which it retains. */
typedef struct zc_submission_source {
    zc_device_command *commands;
    size_t count;
    zc_device_use *uses;
    size_t use_count;
    zc_sequence *sequence;
    void *prepared;
    const zc_owner *owner; /* NULL: the host */
} zc_submission_source;

zc_status zc_submission_start(zc_device *device, const zc_submission_source *source, zc_submission **out,
                              zc_error *error);
/* Start and wait for the end, which gives the status; *taken is whether they are the submission's. `pause` may be
 * NULL. */
zc_status zc_submission_run(zc_device *device, const zc_submission_source *source, zc_pause_function pause,
                            void *context, bool *taken, zc_error *error);
/* What stands for a pause that the caller does not want. */
zc_status zc_device_no_pause(void *context, zc_error *error);
void zc_device_uses_release(zc_device_use *uses, size_t count); /* not the array */
/* About how many multiply-adds a checked command costs, saturated: zc_kernel.work. */
uint64_t zc_dispatch_work(const zc_device_command *command);
/* ZC_LIMIT when the owner (NULL: anything goes) may not have as much in one dispatch. */
zc_status zc_device_check_work(const zc_device *device, const zc_owner *owner, const zc_device_command *command,
                               zc_error *error);
/* A submission of the sequence is over: it is in flight once less, and released. */
void zc_sequence_done(zc_sequence *sequence);
/* Run the commands on this thread if the backend can and may, `largest` being that of their batch. False:
 * submit them instead. */
bool zc_device_run_all(zc_device *device, const zc_device_command *commands, size_t count, uint64_t largest,
                       zc_pause_function pause, void *context, zc_status *status, zc_error *error);

#endif
