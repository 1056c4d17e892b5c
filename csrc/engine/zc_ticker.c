/* zc_ticker: see zc_ticker.h.
 *
 * Threads write down that they are inside by plain stores, and then look at `zc_ticker_now`. A processor may do the look
 * first, so who enters just when the ticker falls asleep may find it awake. But not a millisecond later: by then the
 * store can be seen by all. So the ticker says that it sleeps, waits for as long as a tick, and looks at all places once more;
 * who enters after that finds it asleep.
 *
 * Places are never freed: a thread that has ended leaves its one to the next. */
#include "engine/zc_ticker.h"

#include <limits.h>
#include <pthread.h>
#include <signal.h>

#include "base/zc_alloc.h"
#include "base/zc_clock.h"
#include "base/zc_fork.h"

#define THREAD_STACK ((size_t)64 << 10)

_Thread_local ZC_FAST_TLS zc_ticker_place *zc_ticker_mine;
_Atomic zc_ticker_state zc_ticker_now;
static zc_ticker_place *places; /* under the lock */
static pthread_key_t key;       /* its value is the thread's place, for the end of the thread */
static bool have_key;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t wake; /* when it is no longer to sleep, under the lock */
static void (*_Atomic tick_function)(void);
_Atomic uint64_t zc_ticker_ticks;

/* ---- places ---- */

/* With the lock: nobody is there any more. */
static void vacate(zc_ticker_place *place)
{
    const uint64_t turns = atomic_load_explicit(&place->turns, memory_order_relaxed);
    atomic_store_explicit(&place->turns, turns + (turns & 1), memory_order_relaxed);
    place->depth = 0;
    place->taken = false;
}

/* At the end of its thread. What the thread's other destructors do may make it need one again. */
static void give_back(void *place)
{
    zc_ticker_mine = NULL;
    pthread_mutex_lock(&lock);
    vacate(place);
    pthread_mutex_unlock(&lock);
}

static __attribute__((constructor)) void init(void)
{
    zc_clock_init_condition(&wake);
    have_key = pthread_key_create(&key, give_back) == 0;
}

/* With the lock: one that is free, or NULL. */
static zc_ticker_place *find_place(void)
{
    zc_ticker_place *place = places;
    while (place && place->taken) {
        place = place->next;
    }
    if (!place && (place = zc_calloc(1, sizeof *place)) != NULL) {
        place->next = places;
        places = place;
    }
    return place;
}

zc_status zc_ticker_prepare(zc_error *error)
{
    pthread_mutex_lock(&lock);
    zc_ticker_place *place = have_key ? find_place() : NULL;
    if (place && pthread_setspecific(key, place) == 0) {
        place->taken = true;
        zc_ticker_mine = place;
    }
    pthread_mutex_unlock(&lock);
    return zc_ticker_mine ? ZC_OK
                          : zc_fail(error, ZC_NO_MEMORY, "no memory for what a thread that calls guests is known by");
}

/* With the lock. Whether anybody is inside; *turns is the sum of all, which changes with every entry. */
static bool look(uint64_t *turns)
{
    bool inside = false;
    *turns = 0;
    for (const zc_ticker_place *place = places; place; place = place->next) {
        const uint64_t found = atomic_load_explicit(&place->turns, memory_order_relaxed);
        inside = inside || (found & 1);
        *turns += found;
    }
    return inside;
}

/* ---- the thread ---- */

void zc_ticker_calls(void (*tick)(void))
{
    atomic_store(&tick_function, tick);
}

/* With the lock: until somebody enters, unless somebody has. */
static void sleep_now(void)
{
    const int64_t until = zc_clock_ns() + ZC_TICKER_NS;
    uint64_t unused;
    atomic_store(&zc_ticker_now, ZC_TICKER_ASLEEP);
    while (atomic_load(&zc_ticker_now) == ZC_TICKER_ASLEEP && zc_clock_ns() < until) {
        zc_clock_wait_until(&wake, &lock, until);
    }
    if (look(&unused)) {
        atomic_store(&zc_ticker_now, ZC_TICKER_AWAKE);
    }
    while (atomic_load(&zc_ticker_now) == ZC_TICKER_ASLEEP) {
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
        uint64_t found;
        const bool inside = look(&found);
        if (inside || found != seen) {
            used_at = now;
            seen = found;
        }
        if (inside) {
            void (*tick)(void) = atomic_load(&tick_function);
            pthread_mutex_unlock(&lock);
            if (tick) {
                tick();
            }
            atomic_fetch_add(&zc_ticker_ticks, 1);
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
        atomic_store(&zc_ticker_now, ZC_TICKER_AWAKE);
    }
    return made;
}

/* Makes it tick, whatever it does now. */
static bool rouse(void)
{
    bool ticking = true;
    pthread_mutex_lock(&lock);
    switch (atomic_load(&zc_ticker_now)) {
    case ZC_TICKER_ABSENT:
        ticking = start();
        break;
    case ZC_TICKER_ASLEEP:
        atomic_store(&zc_ticker_now, ZC_TICKER_AWAKE);
        pthread_cond_signal(&wake);
        break;
    default:
        break;
    }
    pthread_mutex_unlock(&lock);
    return ticking;
}

zc_status zc_ticker_rouse(zc_error *error)
{
    if (!rouse()) {
        zc_ticker_leave();
        return zc_fail(error, ZC_NO_MEMORY, "the system gives no thread that could end a guest at its deadline");
    }
    return ZC_OK;
}

bool zc_ticker_sleeps(void)
{
    return atomic_load(&zc_ticker_now) == ZC_TICKER_ASLEEP;
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
    zc_clock_init_condition(&wake);
    atomic_store(&zc_ticker_now, ZC_TICKER_ABSENT);
    for (zc_ticker_place *place = places; place; place = place->next) {
        if (place != zc_ticker_mine) {
            vacate(place);
        }
    }
}

/* A fork out of a host function: the child's guest goes on, and its next entry would be late. */
static void clean(void)
{
    if (zc_ticker_mine && zc_ticker_mine->depth > 0) {
        (void)rouse();
    }
}

ZC_FORK_HANDLERS(ZC_FORK_TICKER, .lock = take_lock, .unlock = release_lock, .reset = reset, .clean = clean)
