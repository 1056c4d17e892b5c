/* zc_cpu_threads: the threads behind zc_threads_run.
 *
 * One mutex guards everything but the index counter. A caller publishes one job at a time; workers join
 * it under the mutex while it is open and a place is free, take indices from an atomic counter until none
 * is left, and leave under the mutex. The caller closes the job when the indices are used up, so a worker
 * that wakes too late costs nothing: nobody waits for it. Workers that run dry watch the generation
 * counter for a few microseconds, then sleep; that keeps the phases of one kernel, and kernels called
 * back to back, free of system calls without burning a CPU that somebody else wants.
 *
 * fork: the mutex is held over it, so the child inherits a consistent state, and resets it to no workers, whatever
 * another thread was doing in the parent. Locks are held for instructions only, except
 * while threads are created.
 */
#define _GNU_SOURCE
#define _DARWIN_C_SOURCE
#include "device/cpu/zc_cpu_threads.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/zc_clock.h"
#include "device/cpu/zc_cpu.h"
#include "device/cpu/zc_cpu_cancel.h"
#include "base/zc_fork.h"

#define SPIN_NS 20000 /* what a sleeping worker costs to wake, roughly */
#define MAX_PLACED 7  /* workers that are kept off their caller's CPU */
#define WORKER_STACK (512 * 1024)

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t work = PTHREAD_COND_INITIALIZER; /* a new generation */
static pthread_cond_t done = PTHREAD_COND_INITIALIZER; /* the last helper left */

static struct {
    zc_threads_body body;
    void *context;
    zc_cpu_flag *cancel;      /* the caller's */
    size_t count;
    int caller_cpu;           /* -1: not known */
    unsigned places;          /* helpers that may still join */
    bool open;                /* false: indices used up, nobody may join */
    atomic_uint helpers;      /* workers inside; changed under the lock, watched without it */
    _Alignas(64) atomic_size_t next;
} job;

static bool busy; /* a caller owns `job` */
static unsigned workers, sleeping;
static atomic_bool crowded; /* more workers than CPUs: spinning would take one from a thread with work */
static atomic_uint solo; /* callers that run alone beside the workers: the CPUs are taken, so do not spin */
static atomic_uint generation;

static void pause_cpu(void)
{
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("isb" ::: "memory");
#endif
}

/* Watch `*value` until it is not (until_zero: until it is) `old`; gives up after SPIN_NS. */
static void spin_while(atomic_uint *value, unsigned old, bool until_zero)
{
    if (atomic_load_explicit(&crowded, memory_order_relaxed)) {
        return;
    }
    int64_t end = zc_clock_ns() + SPIN_NS;
    do {
        for (int i = 0; i < 16; i++) {
            unsigned v = atomic_load_explicit(value, memory_order_acquire);
            if (until_zero ? v == 0 : v != old) {
                return;
            }
            pause_cpu();
        }
    } while (zc_clock_ns() < end && atomic_load_explicit(&solo, memory_order_relaxed) == 0);
}

static void run_indices(zc_threads_body body, void *context, size_t count, zc_cpu_flag *cancel)
{
    size_t index;
    while (!zc_cpu_is_set(cancel) && (index = atomic_fetch_add_explicit(&job.next, 1, memory_order_relaxed)) < count) {
        body(context, index);
    }
}

/* On the caller alone. */
static void run_all_indices(zc_threads_body body, void *context, size_t count)
{
    zc_cpu_flag *cancel = zc_cpu_cancel;
    for (size_t index = 0; index < count && !zc_cpu_is_set(cancel); index++) {
        body(context, index);
    }
}

/* What is known of each worker; all but `thread` and `avoids` only matter on Linux. */
static struct placement {
    pthread_t thread;
    bool asleep;       /* under the lock */
    atomic_int avoids; /* the CPU it stays away from, or -1 */
#if defined(__linux__)
    cpu_set_t allowed; /* what the host gave it */
    cpu_set_t chosen;  /* what was last set here */
#endif
} placements[ZC_THREADS_MAX];

/* A scheduler that knows nothing of shared caches (a virtual machine's, often) wakes a worker on the CPU of
 * the thread that woke it, where the two take turns while another CPU idles until the next balancing, some
 * milliseconds later. So a worker stays away from the CPU its caller was on: the caller sees to it before
 * it wakes sleepers, and a worker that was awake sees to it itself. One worker's mask is never set by two
 * threads at once: the caller sets those of sleepers, under the lock. */
static void place_away(struct placement *w, int caller_cpu)
{
#if defined(__linux__)
    cpu_set_t now;
    if (caller_cpu < 0 || caller_cpu >= CPU_SETSIZE || atomic_load(&w->avoids) == caller_cpu ||
        pthread_getaffinity_np(w->thread, sizeof now, &now) != 0) { /* more CPUs than a cpu_set_t holds */
        return;
    }
    if (atomic_load(&w->avoids) < 0 || !CPU_EQUAL(&now, &w->chosen)) { /* set by the host: counts from now on */
        w->allowed = now;
    }
    now = w->allowed;
    CPU_CLR(caller_cpu, &now);
    if (CPU_COUNT(&now) > 0 && pthread_setaffinity_np(w->thread, sizeof now, &now) == 0) {
        w->chosen = now;
        atomic_store(&w->avoids, caller_cpu);
    }
#else
    (void)w;
    (void)caller_cpu;
#endif
}

/* With the lock held, before sleepers are woken. Many workers are left to the scheduler: they spread. */
static void place_sleepers(int caller_cpu)
{
    for (unsigned i = 0; workers <= MAX_PLACED && i < workers; i++) {
        if (placements[i].asleep) {
            place_away(&placements[i], caller_cpu);
        }
    }
}

static int current_cpu(void)
{
#if defined(__linux__)
    return sched_getcpu();
#else
    return -1;
#endif
}

static void *worker_main(void *argument)
{
    unsigned number = (unsigned)(uintptr_t)argument;
    struct placement *where = &placements[number - 1];
    unsigned seen = 0; /* the generation this worker last worked on or waited through */
    char name[16];
    snprintf(name, sizeof name, "zcwasm-cpu-%u", number);
#if defined(__APPLE__)
    pthread_setname_np(name);
#elif defined(__linux__)
    pthread_setname_np(pthread_self(), name);
#endif
    pthread_mutex_lock(&lock);
    seen = atomic_load(&generation) - 1;
    for (;;) {
        unsigned current = atomic_load(&generation);
        if (current != seen) {
            seen = current;
            if (job.open && job.places > 0) {
                zc_threads_body body = job.body;
                void *context = job.context;
                zc_cpu_cancel = job.cancel;
                size_t count = job.count;
                int caller_cpu = job.caller_cpu;
                job.places--;
                atomic_fetch_add(&job.helpers, 1);
                pthread_mutex_unlock(&lock);
                if (number <= MAX_PLACED && caller_cpu == current_cpu()) {
                    place_away(where, caller_cpu);
                }
                run_indices(body, context, count, zc_cpu_cancel);
                zc_cpu_cancel = NULL;
                pthread_mutex_lock(&lock);
                if (atomic_fetch_sub(&job.helpers, 1) == 1) {
                    pthread_cond_signal(&done);
                }
                continue;
            }
        }
        pthread_mutex_unlock(&lock);
        spin_while(&generation, seen, false);
        pthread_mutex_lock(&lock);
        sleeping++;
        where->asleep = true;
        while (atomic_load(&generation) == seen) {
            pthread_cond_wait(&work, &lock);
        }
        where->asleep = false;
        sleeping--;
    }
    return NULL;
}

static void lock_threads(void)
{
    pthread_mutex_lock(&lock);
}

static void unlock_threads(void)
{
    pthread_mutex_unlock(&lock);
}

/* Only the forking thread lives on, and it is not inside zc_threads_run. */
static void reset(void)
{
    static const pthread_cond_t fresh = PTHREAD_COND_INITIALIZER;
    work = fresh;
    done = fresh;
    job.open = false;
    atomic_store(&job.helpers, 0);
    busy = false;
    workers = sleeping = 0;
    atomic_store(&solo, 0);
}

ZC_FORK_HANDLERS(ZC_FORK_CPU_THREADS, .lock = lock_threads, .unlock = unlock_threads, .reset = reset)

/* With the lock held: start workers until there are `wanted`; fewer when the system refuses. */
static void start_workers(unsigned wanted)
{
    pthread_attr_t attributes;
    sigset_t all, old;
    if (workers >= wanted || pthread_attr_init(&attributes) != 0) {
        return;
    }
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    pthread_attr_setstacksize(&attributes, WORKER_STACK);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old); /* inherited: signals go to the host program's threads */
    while (workers < wanted) {
        struct placement *w = &placements[workers];
        w->asleep = false;
        atomic_store(&w->avoids, -1);
        if (pthread_create(&w->thread, &attributes, worker_main, (void *)(uintptr_t)(workers + 1)) != 0) {
            break;
        }
        workers++;
    }
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    atomic_store(&crowded, workers + 1 > zc_cpu_count());
    pthread_attr_destroy(&attributes);
}

void zc_threads_run(zc_threads_body body, void *context, size_t count, unsigned threads)
{
    unsigned helpers, awake, wake;
    if (threads > ZC_THREADS_MAX) {
        threads = ZC_THREADS_MAX;
    }
    if (threads > count) {
        threads = (unsigned)count;
    }
    if (threads <= 1) {
        run_all_indices(body, context, count);
        return;
    }
    pthread_mutex_lock(&lock);
    if (busy) {
        pthread_mutex_unlock(&lock);
        atomic_fetch_add_explicit(&solo, 1, memory_order_relaxed);
        run_all_indices(body, context, count);
        atomic_fetch_sub_explicit(&solo, 1, memory_order_relaxed);
        return;
    }
    busy = true;
    start_workers(threads - 1);
    helpers = threads - 1 < workers ? threads - 1 : workers;
    job.body = body;
    job.context = context;
    job.cancel = zc_cpu_cancel;
    job.count = count;
    job.places = helpers;
    job.caller_cpu = current_cpu();
    job.open = true;
    atomic_store_explicit(&job.next, 0, memory_order_relaxed);
    atomic_fetch_add(&generation, 1);
    if (sleeping > 0) {
        place_sleepers(job.caller_cpu);
    }
    awake = workers - sleeping;
    wake = helpers > awake ? helpers - awake : 0;
    pthread_mutex_unlock(&lock);
    while (wake-- > 0) {
        pthread_cond_signal(&work);
    }

    run_indices(body, context, count, zc_cpu_cancel);

    pthread_mutex_lock(&lock);
    job.open = false;
    if (atomic_load(&job.helpers) != 0) {
        pthread_mutex_unlock(&lock);
        spin_while(&job.helpers, 0, true);
        pthread_mutex_lock(&lock);
        while (atomic_load(&job.helpers) != 0) {
            pthread_cond_wait(&done, &lock);
        }
    }
    busy = false;
    pthread_mutex_unlock(&lock);
}
