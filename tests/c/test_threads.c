/* test_threads: the threads of the cpu device, below the kernels: that every index runs once, that workers wake, that
 * callers share them, cancelling, nesting, forks; with many callers, and with more threads than the machine has CPUs.
 *
 * And that a system which refuses threads is not asked again by each dispatch.
 *
 * Built by tests/test_cpu_threads.py from this file, csrc/base, zc_cpu_threads.c and zc_cpu_cancel.c; the number of CPUs
 * is this file's. What bodies write is not atomic, so that TSan sees whether jobs are told apart. Bodies that wait for
 * each other give up after CHECK_SECONDS and fail. Prints "ok", or the first failure and exits with 1.
 */
#define _GNU_SOURCE
#undef pthread_create /* tests/test_cpu_threads.py: the core calls create_or_refuse in its place */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/zc_clock.h"
#include "base/zc_status.h"
#include "device/cpu/zc_cpu.h"
#include "device/cpu/zc_cpu_cancel.h"
#include "device/cpu/zc_cpu_threads.h"

#define CHECK_SECONDS 60

static _Thread_local zc_error error;
#include "check.h"

static atomic_uint cpus = 4;

unsigned zc_cpu_count(void)
{
    return atomic_load(&cpus);
}

static void nap(long microseconds)
{
    nanosleep(&(struct timespec){.tv_nsec = microseconds * 1000}, NULL);
}

static bool is_late(int64_t start)
{
    return zc_clock_ns() - start > (int64_t)CHECK_SECONDS * 1000000000;
}

static uint32_t next_random(uint32_t *state)
{
    *state = *state * 1664525 + 1013904223;
    return *state >> 8;
}

/* ---- every index once, whatever the callers do ---- */

#define MOST_INDICES 200
#define CALLERS 6

static atomic_uint in_bodies, most_in_bodies;

typedef struct counted {
    unsigned calls[MOST_INDICES];
    uint32_t seed;
    unsigned longest; /* of a body, in turns of a loop */
} counted;

static void count_body(void *context, size_t index)
{
    counted *c = context;
    unsigned now = atomic_fetch_add(&in_bodies, 1) + 1, most = atomic_load(&most_in_bodies);
    while (now > most && !atomic_compare_exchange_weak(&most_in_bodies, &most, now)) {
    }
    c->calls[index]++;
    uint32_t turns = c->seed * (uint32_t)(index + 1) % (c->longest + 1);
    for (volatile uint32_t i = 0; i < turns; i++) {
    }
    atomic_fetch_sub(&in_bodies, 1);
}

static void run_counted(uint32_t *random, unsigned longest)
{
    counted c = {.seed = next_random(random), .longest = longest};
    size_t count = next_random(random) % (MOST_INDICES + 1);
    zc_threads_run(count_body, &c, count, 1 + next_random(random) % 20);
    for (size_t i = 0; i < MOST_INDICES; i++) {
        CHECK(c.calls[i] == (i < count));
    }
}

static void *call_often(void *argument)
{
    uint32_t random = (uint32_t)(uintptr_t)argument;
    for (unsigned round = 0; round < 1500; round++) {
        bool together = next_random(&random) % 4 == 0;
        if (together) {
            zc_threads_enter();
        }
        for (unsigned i = next_random(&random) % 8; i > 0; i--) {
            run_counted(&random, next_random(&random) % 8 ? 100 : 5000);
        }
        if (together) {
            zc_threads_leave();
        }
        if (next_random(&random) % 16 == 0) {
            nap(next_random(&random) % 300); /* some workers fall asleep */
        }
    }
    return NULL;
}

static void test_every_index(unsigned of_cpus, unsigned callers)
{
    pthread_t threads[CALLERS];
    atomic_store(&cpus, of_cpus);
    atomic_store(&most_in_bodies, 0);
    for (unsigned i = 0; i < callers; i++) {
        CHECK(pthread_create(&threads[i], NULL, call_often, (void *)(uintptr_t)(i + 1)) == 0);
    }
    for (unsigned i = 0; i < callers; i++) {
        CHECK(pthread_join(threads[i], NULL) == 0);
    }
    CHECK(atomic_load(&most_in_bodies) <= of_cpus + callers);
}

/* ---- who is needed comes ---- */

typedef struct meeting {
    atomic_uint here;
    unsigned wanted;
} meeting;

/* Returns when all of them are here at once, so each on a thread of its own. */
static void meet(void *context, size_t index)
{
    (void)index;
    meeting *m = context;
    int64_t start = zc_clock_ns();
    atomic_fetch_add(&m->here, 1);
    while (atomic_load(&m->here) < m->wanted) {
        CHECK(!is_late(start));
        nap(1);
    }
}

static void test_workers_wake(void)
{
    uint32_t random = 7;
    atomic_store(&cpus, 8);
    for (unsigned round = 0; round < 600; round++) {
        meeting m = {.wanted = 2 + next_random(&random) % 7};
        zc_threads_run(meet, &m, m.wanted, m.wanted);
        nap(next_random(&random) % 400); /* around the time after which a worker sleeps */
    }
}

/* ---- the system refuses ---- */

static atomic_bool refuse;
static atomic_uint refused;

int create_or_refuse(pthread_t *thread, const pthread_attr_t *attributes, void *(*start)(void *), void *argument);

int create_or_refuse(pthread_t *thread, const pthread_attr_t *attributes, void *(*start)(void *), void *argument)
{
    if (atomic_load(&refuse)) {
        atomic_fetch_add(&refused, 1);
        return EAGAIN;
    }
    return pthread_create(thread, attributes, start, argument);
}

/* Before anything else has started workers. */
static void test_refused(void)
{
    uint32_t random = 3;
    int64_t start = zc_clock_ns();
    atomic_store(&cpus, 4);
    atomic_store(&refuse, true);
    for (unsigned round = 0; round < 1000; round++) {
        run_counted(&random, 10);
    }
    int64_t took = zc_clock_ns() - start;
    CHECK(atomic_load(&refused) >= 1 && atomic_load(&refused) <= 1 + took / ZC_THREADS_RETRY_NS);
    atomic_store(&refuse, false);
    nap(ZC_THREADS_RETRY_NS / 1000 + 1000);
    meeting m = {.wanted = 4};
    zc_threads_run(meet, &m, m.wanted, m.wanted);
}

/* ---- callers share ---- */

typedef struct shared {
    atomic_bool helped[2], enough;
} shared;

typedef struct sharer {
    shared *all;
    unsigned number;
    pthread_t caller;
    int64_t start;
} sharer;

static void wait_for_help(void *context, size_t index)
{
    (void)index;
    sharer *s = context;
    CHECK(!is_late(s->start));
    if (!pthread_equal(pthread_self(), s->caller)) {
        atomic_store(&s->all->helped[s->number], true);
    }
    if (atomic_load(&s->all->helped[0]) && atomic_load(&s->all->helped[1])) {
        atomic_store(&s->all->enough, true);
    }
    nap(10);
}

static void *call_shared(void *argument)
{
    sharer *s = argument;
    s->caller = pthread_self();
    s->start = zc_clock_ns();
    zc_cpu_cancel = &s->all->enough;
    zc_threads_run(wait_for_help, s, SIZE_MAX, 8);
    return NULL;
}

/* Neither job ends before both have had help, whichever begins first. */
static void test_callers_share(void)
{
    atomic_store(&cpus, 8);
    for (unsigned round = 0; round < 30; round++) {
        shared all = {.enough = false};
        sharer both[2] = {{.all = &all, .number = 0}, {.all = &all, .number = 1}};
        pthread_t threads[2];
        for (unsigned i = 0; i < 2; i++) {
            CHECK(pthread_create(&threads[i], NULL, call_shared, &both[i]) == 0);
            nap(round % 3 * 200);
        }
        for (unsigned i = 0; i < 2; i++) {
            CHECK(pthread_join(threads[i], NULL) == 0);
        }
        CHECK(atomic_load(&all.helped[0]) && atomic_load(&all.helped[1]));
    }
}

/* As many callers as CPUs: each alone. */
static void run_alone(void *context, size_t index)
{
    (void)index;
    CHECK(pthread_equal(pthread_self(), *(pthread_t *)context));
}

static void test_no_cpu_to_spare(void)
{
    pthread_t self = pthread_self();
    atomic_store(&cpus, 1);
    zc_threads_run(run_alone, &self, 100, 8);
}

/* ---- cancelling, nesting ---- */

typedef struct stopped {
    atomic_bool cancel, *late;
    atomic_uint calls;
} stopped;

static void stop_body(void *context, size_t index)
{
    stopped *s = context;
    (void)index;
    CHECK(zc_cpu_cancel == &s->cancel);
    if (atomic_fetch_add(&s->calls, 1) == 10) {
        atomic_store(&s->cancel, true);
    }
}

static void test_cancel(void)
{
    atomic_store(&cpus, 4);
    for (unsigned round = 0; round < 500; round++) {
        stopped s = {.cancel = false};
        zc_cpu_cancel = &s.cancel;
        zc_threads_run(stop_body, &s, 1000000, 4);
        zc_cpu_cancel = NULL;
        unsigned calls = atomic_load(&s.calls);
        CHECK(calls > 10 && calls < 1000000);
    }
}

static void nest(void *context, size_t index)
{
    unsigned *calls = context;
    pthread_t self = pthread_self();
    zc_threads_run(run_alone, &self, 5, 4);
    calls[index]++;
}

static void test_nested(void)
{
    for (unsigned round = 0; round < 300; round++) {
        unsigned calls[40] = {0};
        zc_threads_run(nest, calls, 40, 4);
        for (unsigned i = 0; i < 40; i++) {
            CHECK(calls[i] == 1);
        }
    }
}

/* ---- forks in the midst ---- */

static atomic_bool stop;

static void *call_until_stopped(void *argument)
{
    uint32_t random = (uint32_t)(uintptr_t)argument;
    while (!atomic_load(&stop)) {
        run_counted(&random, 2000);
    }
    return NULL;
}

static void in_child(void)
{
    uint32_t random = 11;
    alarm(CHECK_SECONDS);
    for (unsigned i = 0; i < 50; i++) {
        run_counted(&random, 500);
    }
    meeting m = {.wanted = 4};
    zc_threads_run(meet, &m, m.wanted, m.wanted);
    _exit(0);
}

static void test_forks(void)
{
    pthread_t threads[3];
    atomic_store(&cpus, 4);
    for (unsigned i = 0; i < 3; i++) {
        CHECK(pthread_create(&threads[i], NULL, call_until_stopped, (void *)(uintptr_t)(i + 1)) == 0);
    }
    for (unsigned i = 0; i < 60; i++) {
        int code;
        if (i % 2) {
            zc_threads_enter();
        }
        pid_t child = fork();
        if (child == 0) {
            in_child();
        }
        if (i % 2) {
            zc_threads_leave();
        }
        CHECK(waitpid(child, &code, 0) == child && code == 0);
    }
    atomic_store(&stop, true);
    for (unsigned i = 0; i < 3; i++) {
        CHECK(pthread_join(threads[i], NULL) == 0);
    }
}

int main(int count, char **arguments)
{
    test_no_cpu_to_spare();
    test_refused();
    test_every_index(4, 1);
    test_every_index(2, 3);
    test_every_index(16, CALLERS);
    test_workers_wake();
    test_callers_share();
    test_cancel();
    test_nested();
    if (count == 2 && strcmp(arguments[1], "fork") == 0) { /* TSan does not support threads in such a child */
        test_forks();
    }
    puts("ok");
    return 0;
}
