/* zc_ticker: see zc_ticker.h.
 *
 * One number says how many entries there are now (its low half), and that there were some since the last look (its high half
 * counts them, and may wrap). An entry is one addition and one look at `state`. Falling asleep writes `state` first and
 * looks at the number then; who enters does it the other way round: one of the two sees the other. */
#include "engine/zc_ticker.h"

#include <limits.h>
#include <pthread.h>
#include <signal.h>

#include "base/zc_clock.h"
#include "base/zc_fork.h"
#include "guest/zc_guest_internal.h" /* ZC_FAST_TLS */

#define ONE_ENTRY ((UINT64_C(1) << 32) + 1)
#define INSIDE UINT64_C(0xffffffff)
#define THREAD_STACK ((size_t)64 << 10)

enum { ABSENT, AWAKE, ASLEEP };

static _Atomic uint64_t entries;
static _Thread_local ZC_FAST_TLS uint32_t entries_of_mine;
static _Atomic int state;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t wake; /* when `state` is no longer ASLEEP, under the lock */
static void (*_Atomic tick_function)(void);
static _Atomic uint64_t ticks;

static __attribute__((constructor)) void init_condition(void)
{
    zc_clock_init_condition(&wake);
}

void zc_ticker_calls(void (*tick)(void))
{
    atomic_store(&tick_function, tick);
}

/* With the lock: until somebody enters, unless somebody has. */
static void sleep_now(void)
{
    atomic_store(&state, ASLEEP);
    if (atomic_load(&entries) & INSIDE) {
        atomic_store(&state, AWAKE);
    }
    while (atomic_load(&state) == ASLEEP) {
        pthread_cond_wait(&wake, &lock);
    }
}

static void *ticker(void *unused)
{
    (void)unused;
    int64_t used_at = zc_clock_ns(), next = used_at;
    uint64_t seen = 0;
    pthread_mutex_lock(&lock);
    for (;;) {
        next += ZC_TICKER_NS;
        while (zc_clock_ns() < next) {
            zc_clock_wait_until(&wake, &lock, next);
        }
        const int64_t now = zc_clock_ns();
        next = now > next + ZC_TICKER_NS ? now : next; /* what was missed is not made up for */
        const uint64_t found = atomic_load(&entries);
        if ((found & INSIDE) || found != seen) {
            used_at = now;
            seen = found;
        }
        if (found & INSIDE) {
            void (*tick)(void) = atomic_load(&tick_function);
            pthread_mutex_unlock(&lock);
            if (tick) {
                tick();
            }
            atomic_fetch_add(&ticks, 1);
            pthread_mutex_lock(&lock);
        } else if (now - used_at >= ZC_TICKER_IDLE_NS) {
            sleep_now();
            used_at = next = zc_clock_ns();
        }
    }
    return NULL;
}

/* With the lock. */
static bool start(void)
{
    pthread_attr_t attributes;
    pthread_t thread;
    sigset_t all, old;
    size_t stack = THREAD_STACK < (size_t)PTHREAD_STACK_MIN ? (size_t)PTHREAD_STACK_MIN : THREAD_STACK;
    if (pthread_attr_init(&attributes) != 0) {
        return false;
    }
    (void)pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    (void)pthread_attr_setstacksize(&attributes, stack);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old); /* inherited: signals go to the host program's threads */
    const bool made = pthread_create(&thread, &attributes, ticker, NULL) == 0;
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    pthread_attr_destroy(&attributes);
    if (made) {
        atomic_store(&state, AWAKE);
    }
    return made;
}

/* Makes it tick, whatever it does now. */
static bool rouse(void)
{
    bool ticking = true;
    pthread_mutex_lock(&lock);
    switch (atomic_load(&state)) {
    case ABSENT:
        ticking = start();
        break;
    case ASLEEP:
        atomic_store(&state, AWAKE);
        pthread_cond_signal(&wake);
        break;
    default:
        break;
    }
    pthread_mutex_unlock(&lock);
    return ticking;
}

zc_status zc_ticker_enter(zc_error *error)
{
    atomic_fetch_add(&entries, ONE_ENTRY);
    entries_of_mine++;
    if (atomic_load(&state) != AWAKE && !rouse()) {
        zc_ticker_leave();
        return zc_fail(error, ZC_NO_MEMORY, "the system gives no thread that could end a guest at its deadline");
    }
    return ZC_OK;
}

void zc_ticker_leave(void)
{
    entries_of_mine--;
    atomic_fetch_sub_explicit(&entries, 1, memory_order_release);
}

uint64_t zc_ticker_count(void)
{
    return atomic_load(&ticks);
}

bool zc_ticker_sleeps(void)
{
    return atomic_load(&state) == ASLEEP;
}

/* ---- forks ---- */

static void take_lock(void)
{
    pthread_mutex_lock(&lock);
}

static void release_lock(void)
{
    pthread_mutex_unlock(&lock);
}

static void reset(void)
{
    init_condition();
    atomic_store(&state, ABSENT);
    atomic_store(&entries, (uint64_t)entries_of_mine);
}

/* A fork out of a host function: the child's guest goes on, and its next entry would be late. */
static void clean(void)
{
    if (entries_of_mine > 0) {
        (void)rouse();
    }
}

ZC_FORK_HANDLERS(ZC_FORK_TICKER, .lock = take_lock, .unlock = release_lock, .reset = reset, .clean = clean)
