/* zc_submission: the handle to wait on, and the list of everything in flight.
 *
 * A submission owns its commands, and pins and buffers from the recording, or retains the sequence that owns
 * them, until the backend reports it done;
 * then the completing thread lets go of them first, so that whoever has waited can close what was used, and
 * publishes the result after. References: one per user and one while in flight. One lock and one condition
 * variable serve all submissions: completions are rare beside the work they stand for, and a single lock is
 * what a fork can hold still.
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
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "zc_alloc.h"
#include "zc_device_internal.h"
#include "zc_fork.h"

struct zc_submission {
    zc_device_work work; /* first: a backend's work is its submission */
    _Atomic uint64_t references;
    _Atomic bool done; /* set last, under the lock; the next three are constant from then on */
    zc_status status;
    double seconds;
    zc_error error;

    zc_submission *previous, *next; /* in flight */
    zc_device *device;
    zc_device_command *commands;
    zc_device_use *uses;
    size_t use_count;
    zc_sequence *sequence; /* it owns the commands and uses, and is retained; or NULL */
    int *notify; /* duplicated descriptors to write to, owned */
    size_t notify_count;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed;
static zc_submission *in_flight;
static zc_submission *lost; /* by a fork, between its two steps in the child */

static __attribute__((constructor)) void init_condition(void)
{
#if defined(__APPLE__)
    pthread_cond_init(&changed, NULL); /* waits are relative there, see wait_until */
#else
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&changed, &attributes);
    pthread_condattr_destroy(&attributes);
#endif
}

static int64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* With the lock held; returns at the deadline or earlier. */
static void wait_until(int64_t deadline)
{
    if (deadline == INT64_MAX) {
        pthread_cond_wait(&changed, &lock);
        return;
    }
#if defined(__APPLE__)
    int64_t left = deadline - now_ns();
    struct timespec relative = {.tv_sec = left > 0 ? left / 1000000000 : 0,
                                .tv_nsec = left > 0 ? left % 1000000000 : 0};
    (void)pthread_cond_timedwait_relative_np(&changed, &lock, &relative);
#else
    struct timespec absolute = {.tv_sec = deadline / 1000000000, .tv_nsec = deadline % 1000000000};
    (void)pthread_cond_timedwait(&changed, &lock, &absolute);
#endif
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
    init_condition(); /* waiters of the parent's threads are not here */
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

ZC_FORK_HANDLERS(ZC_FORK_SUBMISSIONS, .lock = lock_all, .unlock = unlock_all, .reset = reset,
                 .clean = let_go_of_lost)

/* A submission on the list of those in flight, or NULL. */
static zc_submission *begin(zc_device *device, const zc_submission_source *source, zc_error *error)
{
    zc_submission *submission = zc_calloc(1, sizeof *submission);
    if (!submission) {
        (void)zc_fail(error, ZC_NO_MEMORY, "cannot allocate a submission");
        return NULL;
    }
    submission->work.commands = source->commands;
    submission->work.count = source->count;
    submission->work.prepared = source->prepared;
    atomic_init(&submission->references, 2);
    atomic_init(&submission->done, false);
    submission->device = zc_device_retain(device);
    submission->commands = source->sequence ? NULL : source->commands;
    submission->uses = source->uses;
    submission->use_count = source->use_count;
    submission->sequence = source->sequence;
    pthread_mutex_lock(&lock);
    submission->next = in_flight;
    if (in_flight) {
        in_flight->previous = submission;
    }
    in_flight = submission;
    pthread_mutex_unlock(&lock);
    return submission;
}

/* It could not be submitted: the recording stays the caller's. */
static void abandon(zc_submission *submission)
{
    pthread_mutex_lock(&lock);
    unlink_in_flight(submission);
    pthread_mutex_unlock(&lock);
    zc_device_release(submission->device);
    zc_free(submission);
}

zc_status zc_submission_start(zc_device *device, const zc_submission_source *source, zc_submission **out,
                              zc_error *error)
{
    zc_submission *submission = begin(device, source, error);
    if (!submission) {
        return ZC_NO_MEMORY;
    }
    zc_status status = device->backend->submit(device->self, &submission->work, error);
    if (status != ZC_OK) {
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
    zc_status status;
    if (device->backend->submit_and_wait) {
        submission = begin(device, source, error);
        *taken = false;
        if (!submission) {
            return ZC_NO_MEMORY;
        }
        status = device->backend->submit_and_wait(device->self, &submission->work, pause ? pause : zc_device_no_pause,
                                                  context, taken, error);
        if (!*taken) {
            abandon(submission);
            return status;
        }
        if (status == ZC_OK) {
            status = zc_submission_wait(submission, -1, error);
        }
    } else {
        status = zc_submission_start(device, source, &submission, error);
        *taken = status == ZC_OK;
        if (!*taken) {
            return status;
        }
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

void zc_device_work_done(zc_device_work *work, zc_status status, double seconds, const zc_error *error)
{
    zc_submission *submission = (zc_submission *)work;
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
    submission->status = status;
    submission->seconds = seconds;
    if (status != ZC_OK) {
        if (error) {
            submission->error = *error;
        } else {
            (void)zc_fail(&submission->error, status, "device %s failed without saying why", device->info.kind);
        }
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
        int64_t start = now_ns();
        int64_t deadline = timeout_ns < 0 || timeout_ns > INT64_MAX - start ? INT64_MAX : start + timeout_ns;
        bool expired = timeout_ns == 0;
        pthread_mutex_lock(&lock);
        while (!zc_submission_done(submission) && !expired) {
            wait_until(deadline);
            expired = deadline != INT64_MAX && now_ns() >= deadline;
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
    int64_t start = now_ns();
    int64_t deadline = timeout_ns < 0 || timeout_ns > INT64_MAX - start ? INT64_MAX : start + timeout_ns;
    for (;;) {
        zc_status status = zc_submission_done(submission) ? ZC_OK : pause(context, error);
        if (status != ZC_OK) {
            return status;
        }
        int64_t left = deadline == INT64_MAX ? PAUSE_NS : deadline - now_ns();
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
        wait_until(INT64_MAX);
    }
    pthread_mutex_unlock(&lock);
}
