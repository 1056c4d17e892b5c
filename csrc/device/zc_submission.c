/* zc_submission: see zc_submission.h. */
#if !defined(__APPLE__)
#define _GNU_SOURCE
#endif
#include "device/zc_submission.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "base/zc_alloc.h"
#include "base/zc_clock.h"
#include "base/zc_fork.h"
#include "device/zc_device_trace.h"
#include "device/zc_driver.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed; /* some submission ended */
static zc_submission *in_flight;
static _Atomic uint64_t entries; /* of that list so far */
static unsigned endings; /* threads that let go of a device, whose driver they may be inside of (zc_device_ending) */
static _Atomic uint64_t numbers;
static zc_submission *lost; /* by a fork, between its two steps in the child */

static __attribute__((constructor)) void init_condition(void)
{
    zc_clock_init_condition(&changed);
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

/* What it used. Taken with the lock held, so that a child forked meanwhile does not let go of it a second time. */
typedef struct used {
    zc_uses uses;
    void (*let_go)(void *context);
    void *context;
} used;

static used take_used(zc_submission *submission)
{
    used taken = {submission->uses, submission->let_go, submission->context};
    submission->uses = (zc_uses){0};
    submission->let_go = NULL;
    return taken;
}

static void let_go(used *taken)
{
    zc_uses_free(&taken->uses);
    if (taken->let_go) {
        taken->let_go(taken->context);
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
    endings = 0;
    zc_driver_reset();
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
        zc_device *device = lost->device;
        used taken = take_used(lost);
        lost->device = NULL;
        let_go(&taken);
        zc_submission_release(lost);
        zc_device_release(device);
        lost = next;
    }
}

ZC_FORK_HANDLERS(ZC_FORK_SUBMISSIONS, .lock = lock_all, .unlock = unlock_all, .reset = reset, .clean = let_go_of_lost)

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

/* ---- the beginning ---- */

zc_status zc_submission_new(zc_device *device, const zc_submission_source *source, zc_submission **out, zc_error *error)
{
    zc_submission *submission = zc_calloc(1, sizeof *submission);
    if (!submission) {
        return zc_fail(error, ZC_NO_MEMORY, "cannot allocate a submission");
    }
    const zc_owner *owner = source->owner;
    submission->commands = source->commands;
    submission->count = source->count;
    submission->prepared = source->prepared;
    submission->owned = source->let_go ? NULL : source->commands;
    submission->uses = source->uses;
    submission->let_go = source->let_go;
    submission->context = source->context;
    submission->owner = owner ? owner->id : 0;
    submission->deadline = owner ? owner->deadline : ZC_NO_DEADLINE;
    submission->limit = owner ? owner->limit : 0;
    submission->queued = zc_trace_begin();
    submission->number = submission->queued ? zc_trace_number(&numbers) : 0;
    atomic_init(&submission->references, 2);
    atomic_init(&submission->done, false);
    atomic_init(&submission->cancelled, false);
    submission->device = zc_device_retain(device);
    *out = submission;
    return ZC_OK;
}

void zc_submission_enter(zc_submission *submission)
{
    submission->entered = atomic_fetch_add_explicit(&entries, 1, memory_order_relaxed) + 1;
    submission->next = in_flight;
    if (in_flight) {
        in_flight->previous = submission;
    }
    in_flight = submission;
}

zc_submission *zc_submission_first(void)
{
    return in_flight;
}

void zc_submission_abandon(zc_submission *submission)
{
    unlink_in_flight(submission);
    pthread_mutex_unlock(&lock);
    zc_device_release(submission->device);
    zc_free(submission);
}

/* ---- the end ---- */

void zc_device_ending(bool begun)
{
    pthread_mutex_lock(&lock);
    endings += begun ? 1u : -1u;
    if (!endings) {
        pthread_cond_broadcast(&changed);
    }
    pthread_mutex_unlock(&lock);
}

bool zc_submission_all_ended(void)
{
    return !in_flight && !endings;
}

void zc_submission_finish(zc_submission *submission)
{
    zc_device *device = submission->device;
    bool traced = submission->queued && zc_tracing();
    zc_trace_event event;
    if (traced) { /* while its commands are there */
        event = (zc_trace_event){.start = submission->queued, .id = submission->number};
        zc_device_trace_kernels(&event, submission->commands, submission->count);
    }
    pthread_mutex_lock(&lock);
    used taken = take_used(submission);
    pthread_mutex_unlock(&lock);
    let_go(&taken);

    pthread_mutex_lock(&lock);
    unlink_in_flight(submission);
    if (submission->status == ZC_CANCELLED || (submission->status == ZC_OK && submission->at < submission->count)) {
        submission->status = zc_fail(&submission->error, ZC_CANCELLED, "%s", submission->why);
    }
    zc_device_count(device, submission->count, submission->seconds);
    if (traced) { /* before anybody can know that it is done, and end the trace */
        event.ended = submission->status == ZC_OK ? NULL : zc_status_name(submission->status);
        zc_device_trace_submission(device, &event, submission->seconds);
    }
    int *notify = submission->notify;
    size_t notify_count = submission->notify_count;
    submission->notify = NULL;
    submission->notify_count = 0;
    submission->device = NULL;
    endings++; /* until the device, which may be closed by that, has been let go of */
    atomic_store_explicit(&submission->done, true, memory_order_release);
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);

    for (size_t i = 0; i < notify_count; i++) {
        signal_and_close(notify[i]);
    }
    zc_free(notify);
    zc_submission_release(submission);
    zc_device_release(device);
    zc_device_ending(false);
}

void zc_submission_release(zc_submission *submission)
{
    if (submission && atomic_fetch_sub_explicit(&submission->references, 1, memory_order_acq_rel) == 1) {
        zc_free(submission->owned);
        zc_free(submission->notify);
        zc_free(submission);
    }
}

uint64_t zc_submission_number(const zc_submission *submission)
{
    return submission->number;
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
    int64_t traced = zc_submission_done(submission) ? 0 : zc_trace_begin();
    zc_status status = zc_submission_wait_unseen(submission, timeout_ns, pause, context, error);
    if (traced) {
        zc_trace_wait(traced, submission->number);
    }
    return status;
}

zc_status zc_submission_wait_unseen(zc_submission *submission, int64_t timeout_ns, zc_pause_function pause,
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
#ifdef F_SETNOSIGPIPE
    /* macOS raises SIGPIPE for the process, so that any thread may get it: holding it off one is not enough. It is the
     * open file that is told, and so the caller's descriptor, too. */
    (void)fcntl(own, F_SETNOSIGPIPE, 1);
#endif
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

bool zc_device_uses(const zc_region *region)
{
    bool uses = false;
    pthread_mutex_lock(&lock);
    for (const zc_submission *each = in_flight; each && !uses; each = each->next) {
        uses = zc_uses_pins(&each->uses, region) > 0;
    }
    pthread_mutex_unlock(&lock);
    return uses;
}

uint64_t zc_device_entries(void)
{
    return atomic_load_explicit(&entries, memory_order_relaxed);
}

uint64_t zc_device_first_use(const zc_region *region)
{
    uint64_t first = UINT64_MAX;
    pthread_mutex_lock(&lock);
    for (const zc_submission *each = in_flight; each; each = each->next) {
        if (each->entered < first && zc_uses_pins(&each->uses, region) > 0) {
            first = each->entered;
        }
    }
    pthread_mutex_unlock(&lock);
    return first;
}

void zc_device_drain_all(void)
{
    pthread_mutex_lock(&lock);
    while (!zc_submission_all_ended()) {
        zc_clock_wait_until(&changed, &lock, ZC_NO_DEADLINE);
    }
    pthread_mutex_unlock(&lock);
}

void zc_submission_wait_any(int64_t until)
{
    zc_clock_wait_until(&changed, &lock, until);
}

void zc_submission_wait_on(pthread_cond_t *condition, int64_t until)
{
    zc_clock_wait_until(condition, &lock, until);
}
