/* zc_cancel: ending what is in flight: by its owner, by its deadline, at the process's exit.
 *
 * Cancelling marks a submission; its backend, or zc_pace.c, sees the mark. What a guest submits under a deadline
 * is marked when that passes by one thread, the watch: started with the first such submission, it sleeps until the
 * earliest deadline there is, holds nothing and touches static state only. A child of a fork starts its own.
 *
 * Ownership: none. Threads: any; the state here is under the submissions' lock.
 */
#include "device/zc_cancel.h"

#include <stdio.h>

#include "base/zc_fork.h"
#include "device/zc_exit.h"
#include "device/zc_pace.h"

static pthread_cond_t earlier; /* a deadline before `watched_until` has come */
static bool watching;
static uint64_t watch_forks; /* zc_fork_count() when the watch was started */
static int64_t watched_until;

static __attribute__((constructor)) void init_condition(void)
{
    zc_clock_init_condition(&earlier);
}

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
    for (zc_submission *each = zc_submission_first(); each; each = each->next) {
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
                zc_submission_unlock();
                zc_device_release(device);
                zc_submission_lock();
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

static bool is_this(const zc_submission *submission, const void *wanted)
{
    return submission == wanted;
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
    zc_submission_lock();
    while (cancel_next(is_owned, &owner, why)) {
    }
    zc_submission_unlock();
}

void zc_submission_cancel(const zc_submission *submission, const char *why)
{
    zc_submission_lock();
    (void)cancel_next(is_this, submission, why);
    zc_submission_unlock();
}

uint64_t zc_owner_id(void)
{
    static _Atomic uint64_t last;
    return atomic_fetch_add_explicit(&last, 1, memory_order_relaxed) + 1;
}

static void *watch_main(void *unused)
{
    (void)unused;
    zc_submission_lock();
    for (;;) {
        int64_t now = zc_clock_ns(), next = ZC_NO_DEADLINE;
        while (cancel_next(is_late, &now, NULL)) {
        }
        for (const zc_submission *each = zc_submission_first(); each; each = each->next) {
            if (each->deadline < next && !atomic_load_explicit(&each->cancelled, memory_order_relaxed)) {
                next = each->deadline;
            }
        }
        watched_until = next;
        zc_submission_wait_on(&earlier, next);
    }
    return NULL;
}

/* The watch, if any, is a thread of this process. */
static bool is_watched(void)
{
    if (watching && watch_forks != zc_fork_count()) {
        watching = false;
        zc_clock_init_condition(&earlier); /* the parent's watch waits on the old one */
    }
    return watching;
}

zc_status zc_cancel_at_deadline(const zc_submission *submission, zc_error *error)
{
    pthread_t thread;
    zc_status status = ZC_OK;
    if (submission->deadline == ZC_NO_DEADLINE) {
        return ZC_OK;
    }
    if (!is_watched()) {
        watched_until = ZC_NO_DEADLINE;
        status = zc_device_start_thread(&thread, watch_main, NULL, error);
        watching = status == ZC_OK;
        watch_forks = zc_fork_count();
        if (watching) {
            (void)pthread_detach(thread);
        }
    } else if (submission->deadline < watched_until) {
        watched_until = submission->deadline;
        pthread_cond_signal(&earlier);
    }
    return status;
}

#define FINISH_PAUSE_NS 20000000

bool zc_device_finish_all(int64_t limit_ns, zc_pause_function pause, void *context)
{
    int64_t now = zc_clock_ns(), end = now + limit_ns;
    zc_status status = ZC_OK;
    zc_submission_lock();
    while (!zc_submission_all_ended() && now < end && status == ZC_OK) {
        while (cancel_next(is_any, NULL, "cancelled: the process ends")) {
        }
        if (!zc_submission_all_ended()) {
            zc_submission_wait_any(now + FINISH_PAUSE_NS < end ? now + FINISH_PAUSE_NS : end);
        }
        zc_submission_unlock();
        status = pause(context, NULL);
        now = zc_clock_ns();
        zc_submission_lock();
    }
    bool idle = zc_submission_all_ended();
    zc_submission_unlock();
    zc_exit_guard();
    return idle;
}
