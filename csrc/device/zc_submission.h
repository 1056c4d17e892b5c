/* zc_submission: the handle to wait on, and the list of everything in flight.
 *
 * A submission owns its commands, pins and buffers, or is lent those of a sequence, until the backend reports its last
 * piece done; then the completing thread lets go of them first, so that whoever has waited can close what was used, and
 * publishes the result after. References: one per user and one while in flight. One lock and one condition
 * variable serve all submissions: completions are rare beside the work they stand for, and a single lock is
 * what a fork can hold still.
 *
 * Fork: the list's lock is held over it. In the child each submission in flight ends with
 * ZC_DEVICE "lost by fork", its regions unpinned, its notifications closed unwritten (their pipes are shared
 * with the parent). What a thread of the parent was letting go of at that instant stays allocated in the
 * child; nothing hangs on it.
 *
 * Threads: any, for everything here. Knows nothing of what the commands do, nor who hands them to a backend.
 */
#ifndef ZC_SUBMISSION_H
#define ZC_SUBMISSION_H

#include "device/zc_uses.h"

/* What to submit. The commands and uses are the submission's own from then on; or, where `let_go` is set, somebody's
 * who keeps them until the submission calls that, once. */
typedef struct zc_submission_source {
    zc_device_command *commands;
    size_t count;
    zc_uses uses;
    void (*let_go)(void *context);
    void *context;
    void *prepared;        /* see zc_device_backend.prepare */
    const zc_owner *owner; /* NULL: the host */
} zc_submission_source;

/* What a backend has of a submission at a time. */
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
    uint64_t entered;               /* its place among all that ever were, from 1 */
    zc_device *device;              /* retained while in flight */
    zc_device_command *owned;       /* its commands, where they are its own */
    zc_uses uses;
    void (*let_go)(void *context); /* of the source, until it is called */
    void *context;
    int *notify; /* duplicated descriptors to write to, owned */
    size_t notify_count;

    int64_t queued;  /* when, if somebody traces; else 0 */
    uint64_t number; /* in traces */

    uint64_t owner;   /* 0: the host */
    int64_t deadline; /* by zc_clock_ns, or ZC_NO_DEADLINE */
    uint64_t limit;
    _Atomic bool cancelled;
    char why[160]; /* when cancelled */

    /* Of zc_pace.c, under the lock: how far it has been handed to the backend. */
    const zc_device_command *commands;
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

/* A new one, in no list. What the source gives is its own when it has been submitted; until then zc_submission_abandon
 * leaves it to the caller. */
zc_status zc_submission_new(zc_device *device, const zc_submission_source *source, zc_submission **out,
                            zc_error *error);
/* With the lock held: enter the list of those in flight; the first of them; leave the list, not having been submitted,
 * and be freed, which gives the lock up. */
void zc_submission_enter(zc_submission *submission);
zc_submission *zc_submission_first(void);
/* With the lock held: nothing is in flight, and no thread is inside a driver on its behalf any more. */
bool zc_submission_all_ended(void);
void zc_submission_abandon(zc_submission *submission);
/* With the lock held: returns when some submission has ended, or (wait_on) the condition is signalled, at the time
 * `until`, or earlier. */
void zc_submission_wait_any(int64_t until);
void zc_submission_wait_on(pthread_cond_t *condition, int64_t until);
/* zc_submission_wait_pausing, which says nothing to traces. */
zc_status zc_submission_wait_unseen(zc_submission *submission, int64_t timeout_ns, zc_pause_function pause,
                                    void *context, zc_error *error);
/* Without the lock: its last piece is done. Lets go of what it used and publishes the result. */
void zc_submission_finish(zc_submission *submission);

#endif
