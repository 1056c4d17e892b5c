/* zc_cpu_threads: the threads behind zc_threads_run.
 *
 * There are JOBS places for a job. A caller owns one of them while it runs (`owned`, an exchange), and who finds none
 * runs alone. A job is published by one store to its `state`, a number that only grows: odd while the job is open. Its
 * other fields are the owner's, who writes them while no worker is inside. Workers that are awake watch the states.
 *
 * Joining and leaving. A worker that sees an open job whose `members` name it writes into its own `inside` that it is
 * in that job, then reads the state once more: if that has changed, it goes away again without having read anything
 * else. The owner closes the job (state even) when the indices are used up, then waits until no member's `inside` names
 * it. All four accesses are sequentially consistent, so of the two either the worker sees the job closed or the owner
 * sees the worker inside; a state never comes back, so a worker that comes late cannot mistake a later job for the one
 * that it saw. What a body wrote is released by the worker's store when it leaves, acquired by the owner's look. So a
 * dispatch takes no lock and no system call, nobody waits for a worker that has not come yet, and each thread
 * writes to lines of its own until it helps others.
 *
 * Indices are dealt into shares, one for each thread (of more than SHARES threads, some have one together), neighbours
 * in one share, since what lies together in memory is read faster by one thread. A share is a counter and its end. A
 * thread empties its own share, then takes from the others': a slow thread gets through fewer, and the share of one that
 * does not come is done by the others. Counters are added to only by threads that are inside.
 *
 * Sleeping. A worker that finds nothing for IDLE_NS (LONG_IDLE_NS while a caller is inside zc_threads_enter) sets its
 * bit in `asleep`, looks at the states again and sleeps on its condition if there is still nothing. A caller publishes,
 * then looks at `asleep`. Both are sequentially consistent: either the worker sees the job or the caller sees the
 * sleeper, whose bit it then clears, under the lock, and signals. A caller wakes two; each of them wakes two more. An
 * owner that has waited WAIT_NS for a member, which may have lost its CPU, sets `waiting`, looks once more and sleeps;
 * who leaves looks at `waiting` after its store. The lock is for sleeping, waking and starting threads only.
 *
 * Sharing. Callers are counted, and a job gets only so many members that these and all callers have a CPU each. Each
 * worker has an order of its own in which it looks at the jobs, so that of any two each comes first for half of the
 * workers; between indices it looks again, and leaves a job for one that comes before. A worker without a CPU to itself,
 * or that finds that it lost its CPU while it watched, sleeps at once: spinning would take the time of a thread with work.
 *
 * fork: the lock is held over it, and the child resets everything to no workers and no jobs, whatever
 * another thread was doing in the parent. Locks are held for instructions only, except while threads are created.
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
#include "base/zc_fork.h"
#include "device/cpu/zc_cpu.h"
#include "device/cpu/zc_cpu_cancel.h"

#define IDLE_NS 50000         /* what a sleeping worker costs to wake, roughly */
#define LONG_IDLE_NS 200000   /* another kernel will come */
#define WAIT_NS 20000
#define LOST_NS 500000        /* between two looks at the clock: another thread had the CPU */
#define MAX_PLACED 7          /* workers that are kept off their caller's CPU */
#define WORKER_STACK (1024 * 1024) /* of which a module's function that is compiled needs half, and a margin */
#define JOBS 8
#define SHARES 16             /* dealing them costs the owner a line each */
#define LINE 128              /* bytes that different threads write apart: a cache line, or two that come together */
#define NOWHERE 0

_Static_assert(ZC_THREADS_MAX <= 64, "sets of workers are masks");

static struct job {
    _Alignas(LINE) _Atomic uint64_t state;
    _Atomic uint64_t members; /* workers that may join */
    atomic_bool waiting;      /* the owner sleeps until its members have left */
    int caller_cpu;           /* -1: not known */
    unsigned shares;
    zc_threads_body body;
    void *context;
    zc_cpu_flag *cancel; /* the caller's */
    _Alignas(LINE) atomic_bool owned;
    struct share {
        _Alignas(LINE) atomic_size_t next;
        size_t end;
    } share[SHARES];
} jobs[JOBS];

/* What is known of each worker; `allowed` and `chosen` matter on Linux only. */
static struct worker {
    _Alignas(LINE) atomic_uint inside; /* the job's place in `jobs` plus one, or NOWHERE */
    _Alignas(LINE) pthread_t thread;
    pthread_cond_t wake;
    uint64_t errand;   /* whom it wakes when it is woken; under the lock */
    atomic_int avoids; /* the CPU it stays away from, or -1 */
#if defined(__linux__)
    cpu_set_t allowed; /* what the host gave it */
    cpu_set_t chosen;  /* what was last set here */
#endif
} workers[ZC_THREADS_MAX];

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t left = PTHREAD_COND_INITIALIZER; /* a member has left a job whose owner sleeps */

static atomic_uint job_count;    /* places of `jobs` that were ever owned: the others need no look */
static atomic_uint worker_count; /* written under the lock */
static atomic_uint callers;
static _Atomic uint64_t asleep; /* workers; written under the lock */
static _Atomic int64_t
    refused_until; /* the system refused a thread: none is asked for before; written under the lock */

static _Thread_local unsigned entered; /* how often this thread is inside zc_threads_enter */
static _Thread_local bool in_body;

static uint64_t bit(unsigned worker)
{
    return (uint64_t)1 << worker;
}

static void pause_cpu(void)
{
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("isb" ::: "memory");
#endif
}

/* Between a store and a load of which both are sequentially consistent, where two threads do so with the places changed.
 * The processor needs nothing more. qemu 7.2, which emulates arm64 for the tests, lets the load come first: then an
 * owner sleeps whose last member has left. */
static void order(void)
{
#if defined(__aarch64__)
    atomic_thread_fence(memory_order_seq_cst);
#endif
}

/* ---- indices ---- */

static void deal(struct job *j, size_t count, unsigned threads)
{
    size_t from = 0;
    j->shares = threads < SHARES ? threads : SHARES;
    for (unsigned i = 0; i < j->shares; i++) {
        atomic_store_explicit(&j->share[i].next, from, memory_order_relaxed);
        from += count / j->shares + (i < count % j->shares);
        j->share[i].end = from;
    }
}

/* The next index, from this share or, when it is empty, from one after it. */
static bool take(struct job *j, unsigned *share, size_t *index)
{
    for (unsigned i = 0; i < j->shares; i++) {
        struct share *s = &j->share[*share];
        if (atomic_load_explicit(&s->next, memory_order_relaxed) < s->end &&
            (*index = atomic_fetch_add_explicit(&s->next, 1, memory_order_relaxed)) < s->end) {
            return true;
        }
        *share = *share + 1 < j->shares ? *share + 1 : 0;
    }
    return false;
}

/* On the caller alone. */
static void run_all_indices(zc_threads_body body, void *context, size_t count)
{
    zc_cpu_flag *cancel = zc_cpu_cancel;
    for (size_t index = 0; index < count && !zc_cpu_is_set(cancel); index++) {
        body(context, index);
    }
}

/* ---- where workers run ---- */

/* A scheduler that knows nothing of shared caches (a virtual machine's, often) wakes a worker on the CPU of
 * the thread that woke it, where the two take turns while another CPU idles until the next balancing, some
 * milliseconds later. So a worker stays away from the CPU its caller was on: the caller sees to it before
 * it wakes sleepers, and a worker that was awake sees to it itself. One worker's mask is never set by two
 * threads at once: the caller sets those of sleepers, under the lock. */
static void place_away(struct worker *w, int caller_cpu)
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

static int current_cpu(void)
{
#if defined(__linux__)
    return sched_getcpu();
#else
    return -1;
#endif
}

/* ---- workers ---- */

/* Wake those of them that sleep: two here, who wake the others. caller_cpu: -1 when they have been placed. Many
 * workers are left to the scheduler: they spread. */
static void wake(uint64_t who, int caller_cpu)
{
    struct worker *woken[2];
    unsigned count = 0;
    pthread_mutex_lock(&lock);
    who &= atomic_load(&asleep);
    if (caller_cpu >= 0 && atomic_load(&worker_count) <= MAX_PLACED) {
        for (uint64_t rest = who; rest; rest &= rest - 1) {
            place_away(&workers[__builtin_ctzll(rest)], caller_cpu);
        }
    }
    for (; who && count < 2; who &= who - 1) {
        woken[count++] = &workers[__builtin_ctzll(who)];
        atomic_fetch_and(&asleep, ~(who & -who));
    }
    for (unsigned turn = 0; who; who &= who - 1, turn ^= 1) {
        woken[turn]->errand |= who & -who;
    }
    pthread_mutex_unlock(&lock);
    for (unsigned i = 0; i < count; i++) {
        pthread_cond_signal(&woken[i]->wake);
    }
}

static void leave(unsigned worker, struct job *j)
{
    atomic_store(&workers[worker].inside, NOWHERE);
    order();
    if (atomic_load(&j->waiting)) {
        pthread_mutex_lock(&lock);
        pthread_cond_broadcast(&left);
        pthread_mutex_unlock(&lock);
    }
}

/* The state of job `at` if it is open to this worker, which was not inside yet; else 0. */
static uint64_t open_state(unsigned worker, unsigned at, const uint64_t seen[JOBS])
{
    uint64_t state = atomic_load(&jobs[at].state);
    bool open = state % 2 == 1 && state != seen[at];
    return open && atomic_load_explicit(&jobs[at].members, memory_order_acquire) & bit(worker) ? state : 0;
}

/* Of the jobs that come before place `end` in this worker's order, the first one that is open to it: its place in
 * the order, and `end` if there is none. *at, *state: which one, as it was seen. */
static unsigned first_open(unsigned worker, unsigned end, const uint64_t seen[JOBS], unsigned *at, uint64_t *state)
{
    unsigned count = atomic_load_explicit(&job_count, memory_order_acquire);
    for (unsigned i = 0; i < end; i++) {
        *at = i ^ worker % JOBS;
        if (*at < count && (*state = open_state(worker, *at, seen)) != 0) {
            return i;
        }
    }
    return end;
}

/* Its place in the order of a job that this worker is inside now, or JOBS. */
static unsigned join(unsigned worker, uint64_t seen[JOBS])
{
    unsigned at;
    uint64_t state;
    for (unsigned i; (i = first_open(worker, JOBS, seen, &at, &state)) < JOBS;) {
        seen[at] = state;
        atomic_store(&workers[worker].inside, at + 1);
        order();
        if (atomic_load(&jobs[at].state) == state) {
            return i;
        }
        leave(worker, &jobs[at]);
    }
    return JOBS;
}

/* The share of a worker that is inside the job at this place in its order. */
static void work(unsigned worker, unsigned place, uint64_t seen[JOBS])
{
    struct job *j = &jobs[place ^ worker % JOBS];
    uint64_t before = atomic_load_explicit(&j->members, memory_order_relaxed) & (bit(worker) - 1), state;
    unsigned share = ((unsigned)__builtin_popcountll(before) + 1) % j->shares, at;
    size_t index;
    if (worker < MAX_PLACED && j->caller_cpu == current_cpu()) {
        place_away(&workers[worker], j->caller_cpu);
    }
    zc_cpu_cancel = j->cancel;
    while (!zc_cpu_cancelled() && take(j, &share, &index)) {
        j->body(j->context, index);
        if (place && first_open(worker, place, seen, &at, &state) < place) {
            seen[j - jobs] = 0; /* to come back */
            break;
        }
    }
    zc_cpu_cancel = NULL;
    leave(worker, j);
}

static bool any_open(unsigned worker, const uint64_t seen[JOBS])
{
    unsigned count = atomic_load(&job_count);
    for (unsigned at = 0; at < count; at++) {
        if (open_state(worker, at, seen)) {
            return true;
        }
    }
    return false;
}

/* Watch for a job; false when none came, or the CPU is wanted elsewhere. */
static bool watch(unsigned worker, const uint64_t seen[JOBS])
{
    int64_t start = zc_clock_ns(), now = start, last;
    do {
        unsigned busy = atomic_load_explicit(&callers, memory_order_relaxed);
        if (worker + (busy ? busy : 1) >= zc_cpu_count() || now - start >= (busy ? LONG_IDLE_NS : IDLE_NS)) {
            return false;
        }
        for (unsigned i = 0; i < 16; i++) {
            if (any_open(worker, seen)) {
                return true;
            }
            pause_cpu();
        }
        last = now;
        now = zc_clock_ns();
    } while (now - last < LOST_NS);
    return false;
}

static void sleep_until_woken(unsigned worker, const uint64_t seen[JOBS])
{
    struct worker *w = &workers[worker];
    pthread_mutex_lock(&lock);
    atomic_fetch_or(&asleep, bit(worker));
    order();
    if (any_open(worker, seen)) {
        atomic_fetch_and(&asleep, ~bit(worker));
    }
    while (atomic_load(&asleep) & bit(worker)) {
        pthread_cond_wait(&w->wake, &lock);
    }
    uint64_t errand = w->errand;
    w->errand = 0;
    pthread_mutex_unlock(&lock);
    if (errand) {
        wake(errand, -1);
    }
}

static void *worker_main(void *argument)
{
    unsigned worker = (unsigned)(uintptr_t)argument;
    uint64_t seen[JOBS] = {0}; /* the last job that this worker was inside, in each place */
    char name[16];
    snprintf(name, sizeof name, "zcwasm-cpu-%u", worker + 1);
#if defined(__APPLE__)
    pthread_setname_np(name);
#elif defined(__linux__)
    pthread_setname_np(pthread_self(), name);
#endif
    in_body = true;
    pthread_mutex_lock(&lock); /* until who started it has written down what it knows of it */
    pthread_mutex_unlock(&lock);
    for (;;) {
        unsigned place = join(worker, seen);
        if (place < JOBS) {
            work(worker, place, seen);
        } else if (!watch(worker, seen)) {
            sleep_until_woken(worker, seen);
        }
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
    left = fresh;
    for (unsigned i = 0; i < ZC_THREADS_MAX; i++) {
        atomic_store(&workers[i].inside, NOWHERE);
    }
    for (unsigned i = 0; i < JOBS; i++) {
        uint64_t state = atomic_load(&jobs[i].state);
        atomic_store(&jobs[i].state, state + state % 2);
        atomic_store(&jobs[i].waiting, false);
        atomic_store(&jobs[i].owned, false);
    }
    atomic_store(&worker_count, 0);
    atomic_store(&asleep, 0);
    atomic_store(&refused_until, 0);
    atomic_store(&callers, 0);
    entered = 0;
}

ZC_FORK_HANDLERS(ZC_FORK_CPU_THREADS, .lock = lock_threads, .unlock = unlock_threads, .reset = reset)

static bool is_refused(void)
{
    return zc_clock_ns() < atomic_load_explicit(&refused_until, memory_order_relaxed);
}

/* Start workers until there are `wanted`; fewer when the system refuses. That takes it as long as a small dispatch, and
 * where a process is at its limit of threads it goes on doing so, so it is remembered. */
static void start_workers(unsigned wanted)
{
    static const pthread_cond_t fresh = PTHREAD_COND_INITIALIZER;
    pthread_attr_t attributes;
    sigset_t all, old;
    if (pthread_attr_init(&attributes) != 0) {
        return;
    }
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    pthread_attr_setstacksize(&attributes, WORKER_STACK);
    sigfillset(&all);
    pthread_mutex_lock(&lock);
    pthread_sigmask(SIG_SETMASK, &all, &old); /* inherited: signals go to the host program's threads */
    for (unsigned next; (next = atomic_load(&worker_count)) < wanted && !is_refused();) {
        struct worker *w = &workers[next];
        w->wake = fresh;
        w->errand = 0;
        atomic_store(&w->avoids, -1);
        if (pthread_create(&w->thread, &attributes, worker_main, (void *)(uintptr_t)next) != 0) {
            atomic_store(&refused_until, zc_clock_ns() + ZC_THREADS_RETRY_NS);
            break;
        }
        atomic_store(&worker_count, next + 1);
    }
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    pthread_mutex_unlock(&lock);
    pthread_attr_destroy(&attributes);
}

/* ---- callers ---- */

void zc_threads_enter(void)
{
    if (entered++ == 0) {
        atomic_fetch_add_explicit(&callers, 1, memory_order_relaxed);
    }
}

void zc_threads_leave(void)
{
    if (entered > 0 && --entered == 0) { /* 0 in the child of a fork in between */
        atomic_fetch_sub_explicit(&callers, 1, memory_order_relaxed);
    }
}

/* A place that is this caller's now: the first one that is free, so that workers have few to look at. */
static struct job *own_job(void)
{
    for (unsigned at = 0; at < JOBS; at++) {
        if (!atomic_load_explicit(&jobs[at].owned, memory_order_relaxed) &&
            !atomic_exchange_explicit(&jobs[at].owned, true, memory_order_acquire)) {
            unsigned count = atomic_load(&job_count);
            while (count <= at && !atomic_compare_exchange_weak(&job_count, &count, at + 1)) {
            }
            return &jobs[at];
        }
    }
    return NULL;
}

/* Up to `helpers` workers for the job in place `at`, of the `most` that may be busy: others than the job before gets,
 * where there are more than one needs. */
static uint64_t members_for(unsigned at, unsigned helpers, unsigned most)
{
    unsigned wanted = helpers * (at + 1) < most ? helpers * (at + 1) : most;
    if (atomic_load_explicit(&worker_count, memory_order_relaxed) < wanted && !is_refused()) {
        start_workers(wanted);
    }
    unsigned available = atomic_load_explicit(&worker_count, memory_order_relaxed);
    uint64_t members = 0;
    available = available < most ? available : most;
    for (unsigned i = 0; i < helpers && i < available; i++) {
        members |= bit((at * helpers + i) % available);
    }
    return members;
}

static bool is_inside(uint64_t members, unsigned at)
{
    for (; members; members &= members - 1) {
        if (atomic_load(&workers[__builtin_ctzll(members)].inside) == at + 1) {
            return true;
        }
    }
    return false;
}

static void wait_for_members(struct job *j, uint64_t members, unsigned at)
{
    int64_t end = zc_clock_ns() + WAIT_NS;
    do {
        for (unsigned i = 0; i < 16; i++) {
            if (!is_inside(members, at)) {
                return;
            }
            pause_cpu();
        }
    } while (zc_clock_ns() < end);
    pthread_mutex_lock(&lock);
    atomic_store(&j->waiting, true);
    order();
    while (is_inside(members, at)) {
        pthread_cond_wait(&left, &lock);
    }
    atomic_store(&j->waiting, false);
    pthread_mutex_unlock(&lock);
}

static void run_job(struct job *j, zc_threads_body body, void *context, size_t count, uint64_t members)
{
    uint64_t state = atomic_load_explicit(&j->state, memory_order_relaxed);
    unsigned at = (unsigned)(j - jobs);
    j->body = body;
    j->context = context;
    j->cancel = zc_cpu_cancel;
    j->caller_cpu = current_cpu();
    deal(j, count, (unsigned)__builtin_popcountll(members) + 1);
    atomic_store_explicit(&j->members, members, memory_order_release);
    atomic_store(&j->state, state + 1);
    order();
    if (atomic_load(&asleep) & members) {
        wake(members, j->caller_cpu);
    }

    size_t index;
    in_body = true;
    for (unsigned share = 0; !zc_cpu_is_set(j->cancel) && take(j, &share, &index);) {
        body(context, index);
    }
    in_body = false;
    atomic_store(&j->state, state + 2);
    order();
    if (is_inside(members, at)) {
        wait_for_members(j, members, at);
    }
}

void zc_threads_run(zc_threads_body body, void *context, size_t count, unsigned threads)
{
    if (threads > ZC_THREADS_MAX) {
        threads = ZC_THREADS_MAX;
    }
    if (threads > count) {
        threads = (unsigned)count;
    }
    if (threads <= 1 || in_body) {
        run_all_indices(body, context, count);
        return;
    }
    zc_threads_enter();
    unsigned cpus = zc_cpu_count(), busy = atomic_load_explicit(&callers, memory_order_relaxed);
    unsigned most = cpus > busy ? cpus - busy : 0;
    struct job *j = most ? own_job() : NULL;
    most = most < ZC_THREADS_MAX - 1 ? most : ZC_THREADS_MAX - 1;
    uint64_t members = j ? members_for((unsigned)(j - jobs), threads - 1 < most ? threads - 1 : most, most) : 0;
    if (members) {
        run_job(j, body, context, count, members);
    } else {
        run_all_indices(body, context, count);
    }
    if (j) {
        atomic_store_explicit(&j->owned, false, memory_order_release);
    }
    zc_threads_leave();
}
