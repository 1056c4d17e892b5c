/* zc_submission: the handle to wait on, and the list of everything in flight.
 *
 * A submission owns its commands, and pins and buffers from the batch, or retains the sequence that owns
 * them, until the backend reports it done;
 * then the completing thread lets go of them first, so that whoever has waited can close what was used, and
 * publishes the result after. References: one per user and one while in flight. One lock and one condition
 * variable serve all submissions: completions are rare beside the work they stand for, and a single lock is
 * what a fork can hold still.
 *
 * Cancelling marks a submission; its backend, or zc_device_pace.c, sees the mark. What a guest submits under a deadline
 * is marked when that passes by one thread, the watch: started with the first such submission, it sleeps until the
 * earliest deadline there is, holds nothing and touches static state only. A child of a fork starts its own.
 *
 * Fork: the list's lock is held over it. In the child each submission in flight ends with
 * ZC_DEVICE "lost by fork", its regions unpinned, its notifications closed unwritten (their pipes are shared
 * with the parent). What a thread of the parent was letting go of at that instant stays allocated in the
 * child; nothing hangs on it.
 *
 * Threads: any, for everything here. Knows nothing of what the commands do.
 */
#if !defined(__APPLE__)
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/zc_alloc.h"
#include "base/zc_clock.h"
#include "device/zc_device_internal.h"
#include "base/zc_fork.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed;
static zc_submission *in_flight;
static zc_submission *lost; /* by a fork, between its two steps in the child */
static pthread_cond_t earlier; /* a deadline before `watched_until` has come */
static bool watching;
static int64_t watched_until;

static __attribute__((constructor)) void init_conditions(void)
{
    zc_clock_init_condition(&changed);
    zc_clock_init_condition(&earlier);
}

void zc_submission_lock(void)
{
    pthread_mutex_lock(&lock);
}

void zc_submission_unlock(void)
{
    pthread_mutex_unlock(&lock);
}

static void unlink_in_flight(zc_submission *submission)
{
    if (submission->previous) {
        submission->previous->next = submission->next;
    } else {
        in_flight = submission->next;
    }
    if (submission->next) {
        submission->next->previous = submission->previous;
    }
}

static void lock_all(void)
{
    pthread_mutex_lock(&lock);
}

static void unlock_all(void)
{
    pthread_mutex_unlock(&lock);
}

static void reset(void)
{
    init_conditions(); /* waiters of the parent's threads are not here, nor is the watch */
    watching = false;
    lost = in_flight;
    in_flight = NULL;
    for (zc_submission *each = lost; each; each = each->next) {
        each->status = zc_fail(&each->error, ZC_DEVICE,
                               "lost by fork: the work was in flight on %s and belongs to the parent process",
                               each->device->info.kind);
        for (size_t i = 0; i < each->notify_count; i++) {
            (void)close(each->notify[i]);
        }
        each->notify_count = 0;
        atomic_store_explicit(&each->done, true, memory_order_release);
    }
}

static void let_go_of_lost(void)
{
    while (lost) {
        zc_submission *next = lost->next;
        zc_device_use *uses = lost->uses;
        zc_sequence *sequence = lost->sequence;
        zc_device *device = lost->device;
        lost->uses = NULL;
        lost->sequence = NULL;
        lost->device = NULL;
        zc_device_uses_release(uses, uses ? lost->use_count : 0);
        zc_free(uses);
        zc_sequence_done(sequence);
        zc_submission_release(lost);
        zc_device_release(device);
        lost = next;
    }
}

ZC_FORK_HANDLERS(ZC_FORK_SUBMISSIONS, .lock = lock_all, .unlock = unlock_all, .reset = reset, .clean = let_go_of_lost)

/* ---- cancelling ---- */

/* With the lock held. */
static void mark(zc_submission *submission, const char *why)
{
    (void)snprintf(submission->why, sizeof submission->why, "%s", why);
    atomic_store_explicit(&submission->cancelled, true, memory_order_release);
}

/* With the lock held, which is given up meanwhile: mark the first submission in flight that is not marked yet and is
 * wanted, and let its device see it. False when there is none. */
static bool cancel_next(bool (*wanted)(const zc_submission *, const void *), const void *context, const char *why)
{
    for (zc_submission *each = in_flight; each; each = each->next) {
        if (!atomic_load_explicit(&each->cancelled, memory_order_relaxed) && wanted(each, context)) {
            zc_device *device = each->waits ? zc_device_retain(each->device) : NULL;
            char text[sizeof each->why];
            if (!why) {
                (void)snprintf(text, sizeof text, "cancelled: the call that submitted it passed its deadline of %.3f s",
                               (double)each->limit / 1e9);
            }
            mark(each, why ? why : text);
            if (device) {
                zc_pace_pump(device);
                pthread_mutex_unlock(&lock);
                zc_device_release(device);
                pthread_mutex_lock(&lock);
            }
            return true;
        }
    }
    return false;
}

static bool is_owned(const zc_submission *submission, const void *owner)
{
    return submission->owner == *(const uint64_t *)owner;
}

static bool is_any(const zc_submission *submission, const void *context)
{
    (void)submission;
    (void)context;
    return true;
}

static bool is_late(const zc_submission *submission, const void *now)
{
    return submission->deadline <= *(const int64_t *)now;
}

void zc_device_cancel(uint64_t owner, const char *why)
{
    pthread_mutex_lock(&lock);
    while (cancel_next(is_owned, &owner, why)) {
    }
    pthread_mutex_unlock(&lock);
}

uint64_t zc_owner_id(void)
{
    static _Atomic uint64_t last;
    return atomic_fetch_add_explicit(&last, 1, memory_order_relaxed) + 1;
}

static void *watch_main(void *unused)
{
    (void)unused;
    pthread_mutex_lock(&lock);
    for (;;) {
        int64_t now = zc_clock_ns(), next = ZC_NO_DEADLINE;
        while (cancel_next(is_late, &now, NULL)) {
        }
        for (const zc_submission *each = in_flight; each; each = each->next) {
            if (each->deadline < next && !atomic_load_explicit(&each->cancelled, memory_order_relaxed)) {
                next = each->deadline;
            }
        }
        watched_until = next;
        zc_clock_wait_until(&earlier, &lock, next);
    }
    return NULL;
}

/* With the lock held: see to it that the submission's deadline is kept. */
static zc_status watch(const zc_submission *submission, zc_error *error)
{
    pthread_t thread;
    zc_status status = ZC_OK;
    if (submission->deadline == ZC_NO_DEADLINE) {
        return ZC_OK;
    }
    if (!watching) {
        watched_until = ZC_NO_DEADLINE;
        status = zc_device_start_thread(&thread, watch_main, NULL, error);
        watching = status == ZC_OK;
        if (watching) {
            (void)pthread_detach(thread);
        }
    } else if (submission->deadline < watched_until) {
        watched_until = submission->deadline;
        pthread_cond_signal(&earlier);
    }
    return status;
}

/* ---- submitting ---- */

static void unlink_and_free(zc_submission *submission)
{
    unlink_in_flight(submission);
    pthread_mutex_unlock(&lock);
    zc_device_release(submission->device);
    zc_free(submission);
}

/* A submission on the list of those in flight. *admitted: it is the backend's from now on, as piece 0. */
static zc_status begin(zc_device *device, const zc_submission_source *source, zc_submission **out, bool *admitted,
                       zc_error *error)
{
    zc_submission *submission = zc_calloc(1, sizeof *submission);
    if (!submission) {
        return zc_fail(error, ZC_NO_MEMORY, "cannot allocate a submission");
    }
    const zc_owner *owner = source->owner;
    submission->all = source->commands;
    submission->count = source->count;
    submission->prepared = source->prepared;
    submission->owner = owner ? owner->id : 0;
    submission->deadline = owner ? owner->deadline : ZC_NO_DEADLINE;
    submission->limit = owner ? owner->limit : 0;
    submission->size = owner || device->paces_all ? zc_pace_size(device, source->commands, source->count) : 0;
    atomic_init(&submission->references, 2);
    atomic_init(&submission->done, false);
    atomic_init(&submission->cancelled, false);
    submission->device = zc_device_retain(device);
    submission->uses = source->uses;
    submission->use_count = source->use_count;
    submission->sequence = source->sequence;
    pthread_mutex_lock(&lock);
    submission->next = in_flight;
    if (in_flight) {
        in_flight->previous = submission;
    }
    in_flight = submission;
    zc_status status = watch(submission, error);
    if (status != ZC_OK) {
        unlink_and_free(submission);
        return status;
    }
    *admitted = zc_pace_admit(submission);
    pthread_mutex_unlock(&lock);
    *out = submission;
    return ZC_OK;
}

/* What was recorded is the submission's own from now on. */
static void keep(zc_submission *submission, const zc_submission_source *source)
{
    submission->commands = source->sequence ? NULL : source->commands;
}

/* It was admitted and could not be submitted: what was recorded stays the caller's. */
static void abandon(zc_submission *submission)
{
    zc_device *device = zc_device_retain(submission->device);
    pthread_mutex_lock(&lock);
    zc_pace_done(&submission->pieces[0]);
    unlink_and_free(submission);
    pthread_mutex_lock(&lock);
    zc_pace_pump(device); /* what waited for its work to be done */
    pthread_mutex_unlock(&lock);
    zc_device_release(device);
}

zc_status zc_submission_start(zc_device *device, const zc_submission_source *source, zc_submission **out,
                              zc_error *error)
{
    bool admitted;
    zc_submission *submission;
    zc_status status = begin(device, source, &submission, &admitted, error);
    if (status != ZC_OK) {
        return status;
    }
    keep(submission, source);
    if (!admitted) {
        pthread_mutex_lock(&lock);
        zc_pace_pump(device);
        pthread_mutex_unlock(&lock);
    } else if ((status = device->backend->submit(device->self, &submission->pieces[0].given, error)) != ZC_OK) {
        abandon(submission);
        return status;
    }
    *out = submission;
    return ZC_OK;
}

zc_status zc_submission_run(zc_device *device, const zc_submission_source *source, zc_pause_function pause,
                            void *context, bool *taken, zc_error *error)
{
    zc_submission *submission;
    bool admitted = false;
    zc_status status;
    *taken = false;
    if (!device->backend->submit_and_wait) {
        status = zc_submission_start(device, source, &submission, error);
    } else if ((status = begin(device, source, &submission, &admitted, error)) == ZC_OK) {
        keep(submission, source);
    }
    if (status != ZC_OK) {
        return status;
    }
    if (admitted) {
        status = device->backend->submit_and_wait(device->self, &submission->pieces[0].given,
                                                  pause ? pause : zc_device_no_pause, context, taken, error);
        if (!*taken) {
            abandon(submission);
            return status;
        }
    } else {
        *taken = true;
        pthread_mutex_lock(&lock);
        zc_pace_pump(device);
        pthread_mutex_unlock(&lock);
    }
    if (status == ZC_OK) {
        status = zc_submission_wait_pausing(submission, -1, pause, context, error);
    }
    zc_submission_release(submission);
    return status;
}

/* Write one byte and close. A reader that has gone must not kill the process, so SIGPIPE is held off this
 * thread and, where the write raised it, taken back. */
static void signal_and_close(int descriptor)
{
    sigset_t pipe_only, before, pending;
    sigemptyset(&pipe_only);
    sigaddset(&pipe_only, SIGPIPE);
    sigemptyset(&pending);
    (void)sigpending(&pending);
    bool was_pending = sigismember(&pending, SIGPIPE) == 1;
    (void)pthread_sigmask(SIG_BLOCK, &pipe_only, &before);
    ssize_t written;
    do {
        written = write(descriptor, "", 1);
    } while (written < 0 && errno == EINTR);
    if (written < 0 && errno == EPIPE && !was_pending) {
        int taken;
        sigemptyset(&pending);
        (void)sigpending(&pending);
        if (sigismember(&pending, SIGPIPE) == 1) { /* not when it is ignored */
            (void)sigwait(&pipe_only, &taken);
        }
    }
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    (void)close(descriptor);
}

zc_status zc_device_start_thread(pthread_t *out, void *(*main)(void *), void *argument, zc_error *error)
{
    sigset_t all, before;
    sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before); /* inherited */
    int code = pthread_create(out, NULL, main, argument);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    return code == 0 ? ZC_OK : zc_fail(error, ZC_NO_MEMORY, "cannot start a device's thread: %s", strerror(code));
}

/* ---- the end ---- */

void zc_device_piece_done(zc_device_piece *given, zc_status status, double seconds, const zc_error *error)
{
    zc_piece *piece = (zc_piece *)given;
    zc_submission *submission = piece->submission;
    zc_device *pumped = NULL;
    pthread_mutex_lock(&lock);
    submission->seconds += seconds;
    if (status != ZC_OK && submission->status == ZC_OK) {
        submission->status = status;
        if (error) {
            submission->error = *error;
        } else {
            (void)zc_fail(&submission->error, status, "device %s failed without saying why",
                          submission->device->info.kind);
        }
    }
    zc_pace_done(piece);
    if (submission->device->waiting) {
        pumped = zc_device_retain(submission->device);
    }
    bool over = submission->outstanding == 0 && !submission->waits;
    pthread_mutex_unlock(&lock);
    if (over) {
        zc_submission_finish(submission);
    }
    if (pumped) {
        pthread_mutex_lock(&lock);
        zc_pace_pump(pumped);
        pthread_mutex_unlock(&lock);
        zc_device_release(pumped);
    }
}

void zc_submission_finish(zc_submission *submission)
{
    zc_device *device = submission->device;
    /* Taken under the lock, so that a child forked meanwhile does not let go of them a second time. */
    pthread_mutex_lock(&lock);
    zc_device_use *uses = submission->uses;
    zc_sequence *sequence = submission->sequence;
    submission->uses = NULL;
    submission->sequence = NULL;
    pthread_mutex_unlock(&lock);
    zc_device_uses_release(uses, uses ? submission->use_count : 0);
    zc_free(uses);
    zc_sequence_done(sequence);

    pthread_mutex_lock(&lock);
    unlink_in_flight(submission);
    if (submission->status == ZC_CANCELLED || (submission->status == ZC_OK && submission->at < submission->count)) {
        submission->status = zc_fail(&submission->error, ZC_CANCELLED, "%s", submission->why);
    }
    int *notify = submission->notify;
    size_t notify_count = submission->notify_count;
    submission->notify = NULL;
    submission->notify_count = 0;
    submission->device = NULL;
    atomic_store_explicit(&submission->done, true, memory_order_release);
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);

    for (size_t i = 0; i < notify_count; i++) {
        signal_and_close(notify[i]);
    }
    zc_free(notify);
    zc_submission_release(submission);
    zc_device_release(device);
}

zc_submission *zc_submission_retain(zc_submission *submission)
{
    atomic_fetch_add_explicit(&submission->references, 1, memory_order_relaxed);
    return submission;
}

void zc_submission_release(zc_submission *submission)
{
    if (submission && atomic_fetch_sub_explicit(&submission->references, 1, memory_order_acq_rel) == 1) {
        zc_free(submission->commands);
        zc_free(submission->notify);
        zc_free(submission);
    }
}

bool zc_submission_done(zc_submission *submission)
{
    return atomic_load_explicit(&submission->done, memory_order_acquire);
}

zc_status zc_submission_wait(zc_submission *submission, int64_t timeout_ns, zc_error *error)
{
    if (!zc_submission_done(submission)) {
        int64_t start = zc_clock_ns();
        int64_t deadline = timeout_ns < 0 || timeout_ns > INT64_MAX - start ? INT64_MAX : start + timeout_ns;
        bool expired = timeout_ns == 0;
        pthread_mutex_lock(&lock);
        while (!zc_submission_done(submission) && !expired) {
            zc_clock_wait_until(&changed, &lock, deadline);
            expired = deadline != INT64_MAX && zc_clock_ns() >= deadline;
        }
        pthread_mutex_unlock(&lock);
        if (!zc_submission_done(submission)) {
            return zc_fail(error, ZC_TIMEOUT, "the submission was not done after %.3f s", (double)timeout_ns / 1e9);
        }
    }
    if (submission->status != ZC_OK && error) {
        *error = submission->error;
    }
    return submission->status;
}

#define PAUSE_NS 5000000

zc_status zc_submission_wait_pausing(zc_submission *submission, int64_t timeout_ns, zc_pause_function pause,
                                     void *context, zc_error *error)
{
    if (!pause) {
        return zc_submission_wait(submission, timeout_ns, error);
    }
    int64_t start = zc_clock_ns();
    int64_t deadline = timeout_ns < 0 || timeout_ns > INT64_MAX - start ? INT64_MAX : start + timeout_ns;
    for (;;) {
        zc_status status = zc_submission_done(submission) ? ZC_OK : pause(context, error);
        if (status != ZC_OK) {
            return status;
        }
        int64_t left = deadline == INT64_MAX ? PAUSE_NS : deadline - zc_clock_ns();
        bool last = left <= 0;
        status = zc_submission_wait(submission, last ? 0 : left < PAUSE_NS ? left : PAUSE_NS, error);
        if (status != ZC_TIMEOUT || zc_submission_done(submission)) {
            return zc_submission_wait(submission, 0, error);
        }
        if (last) {
            return zc_fail(error, ZC_TIMEOUT, "the submission was not done after %.3f s", (double)timeout_ns / 1e9);
        }
    }
}

zc_status zc_submission_seconds(zc_submission *submission, double *out, zc_error *error)
{
    if (!zc_submission_done(submission)) {
        return zc_fail(error, ZC_BUSY, "the submission is still in flight: wait for it before asking for its time");
    }
    *out = submission->seconds;
    return ZC_OK;
}

zc_status zc_submission_notify(zc_submission *submission, int file_descriptor, zc_error *error)
{
    int own = fcntl(file_descriptor, F_DUPFD_CLOEXEC, 0);
    if (own < 0) {
        return zc_fail(error, ZC_BAD_VALUE, "cannot duplicate file descriptor %d: %s", file_descriptor,
                       strerror(errno));
    }
    zc_status status = ZC_OK;
    pthread_mutex_lock(&lock);
    bool done = zc_submission_done(submission);
    if (!done) {
        int *larger = zc_realloc(submission->notify, (submission->notify_count + 1) * sizeof *larger);
        if (larger) {
            larger[submission->notify_count++] = own;
            submission->notify = larger;
        } else {
            status = zc_fail(error, ZC_NO_MEMORY, "cannot remember a notification");
        }
    }
    pthread_mutex_unlock(&lock);
    if (done) {
        signal_and_close(own);
    } else if (status != ZC_OK) {
        (void)close(own);
    }
    return status;
}

void zc_device_drain_all(void)
{
    pthread_mutex_lock(&lock);
    while (in_flight) {
        zc_clock_wait_until(&changed, &lock, ZC_NO_DEADLINE);
    }
    pthread_mutex_unlock(&lock);
}

#define FINISH_PAUSE_NS 20000000

bool zc_device_finish_all(int64_t limit_ns, zc_pause_function pause, void *context)
{
    int64_t now = zc_clock_ns(), end = now + limit_ns;
    zc_status status = ZC_OK;
    pthread_mutex_lock(&lock);
    while (in_flight && now < end && status == ZC_OK) {
        while (cancel_next(is_any, NULL, "cancelled: the process ends")) {
        }
        if (in_flight) {
            zc_clock_wait_until(&changed, &lock, now + FINISH_PAUSE_NS < end ? now + FINISH_PAUSE_NS : end);
        }
        pthread_mutex_unlock(&lock);
        status = pause(context, NULL);
        now = zc_clock_ns();
        pthread_mutex_lock(&lock);
    }
    bool idle = !in_flight;
    pthread_mutex_unlock(&lock);
    return idle;
}
