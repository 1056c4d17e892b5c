/* test_ticker: zc_ticker ticks while somebody is inside, sleeps when nobody is, and goes on in the child of a fork.
 *
 * Built by tests/test_wasmtime_core.py from this file, base and zc_ticker.c. Nothing is timed: each wait ends when what is
 * waited for has happened, or after half a minute as a failure. */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "engine/zc_ticker.h"

static _Thread_local zc_error error;
#include "check.h"

static _Atomic uint64_t called;

static void on_tick(void)
{
    atomic_fetch_add(&called, 1);
}

static void nap(void)
{
    nanosleep(&(struct timespec){.tv_nsec = 500000}, NULL);
}

#define WAIT_FOR(condition)                                    \
    for (time_t end_ = time(NULL) + 30; !(condition); nap()) { \
        CHECK(time(NULL) < end_);                              \
    }

static void wait_for_ticks(void)
{
    const uint64_t before = called;
    WAIT_FOR(called > before + 3)
}

static void reap(pid_t child)
{
    int code;
    CHECK(child > 0 && waitpid(child, &code, 0) == child && code == 0);
}

static void *many(void *unused)
{
    (void)unused;
    for (int i = 0; i < 200000; i++) {
        CHECK(zc_ticker_enter(&error) == ZC_OK);
        zc_ticker_leave();
    }
    return NULL;
}

static void *vanish(void *unused)
{
    (void)unused;
    CHECK(zc_ticker_enter(&error) == ZC_OK);
    return NULL;
}

static _Atomic bool done;

static void *stay(void *unused)
{
    (void)unused;
    CHECK(zc_ticker_enter(&error) == ZC_OK);
    while (!done) {
        nap();
    }
    zc_ticker_leave();
    return NULL;
}

int main(void)
{
    pthread_t threads[4];
    zc_ticker_calls(on_tick);
    CHECK(zc_ticker_enter(&error) == ZC_OK);
    wait_for_ticks();
    CHECK(zc_ticker_enter(&error) == ZC_OK); /* nested */
    zc_ticker_leave();
    wait_for_ticks();
    zc_ticker_leave();
    WAIT_FOR(zc_ticker_sleeps())
    const uint64_t asleep_at = zc_ticker_count();
    nap();
    CHECK(zc_ticker_sleeps() && zc_ticker_count() == asleep_at);
    for (int i = 0; i < 3; i++) { /* woken, and to sleep again */
        CHECK(zc_ticker_enter(&error) == ZC_OK);
        wait_for_ticks();
        zc_ticker_leave();
        WAIT_FOR(zc_ticker_sleeps())
    }
    pid_t child = fork(); /* while it sleeps */
    if (child == 0) {
        (void)alarm(60);
        CHECK(zc_ticker_enter(&error) == ZC_OK);
        wait_for_ticks();
        zc_ticker_leave();
        WAIT_FOR(zc_ticker_sleeps())
        _exit(0);
    }
    reap(child);
    /* From inside a call, while another thread is inside: the child has its own entry only. */
    CHECK(pthread_create(&threads[0], NULL, stay, NULL) == 0);
    CHECK(zc_ticker_enter(&error) == ZC_OK);
    wait_for_ticks();
    child = fork();
    if (child == 0) {
        (void)alarm(60);
        wait_for_ticks(); /* nobody has entered anew */
        zc_ticker_leave();
        WAIT_FOR(zc_ticker_sleeps())
        _exit(0);
    }
    reap(child);
    zc_ticker_leave();
    wait_for_ticks(); /* the other thread still is inside */
    done = true;
    CHECK(pthread_join(threads[0], NULL) == 0);
    WAIT_FOR(zc_ticker_sleeps())
    for (int i = 0; i < 4; i++) {
        CHECK(pthread_create(&threads[i], NULL, many, NULL) == 0);
    }
    for (int i = 0; i < 4; i++) {
        CHECK(pthread_join(threads[i], NULL) == 0);
    }
    WAIT_FOR(zc_ticker_sleeps())
    /* Threads that end inside are inside no more, and the next ones have their places. */
    for (int i = 0; i < 40; i++) {
        CHECK(pthread_create(&threads[0], NULL, i % 2 ? many : vanish, NULL) == 0);
        CHECK(pthread_join(threads[0], NULL) == 0);
    }
    WAIT_FOR(zc_ticker_sleeps())
    puts("ok");
    return 0;
}
