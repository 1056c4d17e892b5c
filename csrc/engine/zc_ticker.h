/* zc_ticker: a thread that says every millisecond, while guests run, that time has passed.
 *
 * Compiled code is interrupted by an epoch that it compares with its own: somebody has to count it on. That is this
 * thread: while any thread is between zc_ticker_enter and zc_ticker_leave it calls `tick` each millisecond. When none has
 * been there for 100 ms it sleeps until one comes.
 *
 * Ownership: none; the thread lives as long as the process. It blocks all signals, and takes nobody's locks. Threads: any.
 * Fork: a child has its forking thread's entries only, and a ticker of its own.
 *
 * Entering is in line, and neither it nor leaving is an atomic addition, since a small call is their cost: each thread says in
 * a place of its own where it is, and the ticker looks at all places.
 */
#ifndef ZC_TICKER_H
#define ZC_TICKER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/zc_status.h"
#include "guest/zc_guest_internal.h" /* ZC_FAST_TLS */

#define ZC_TICKER_NS 1000000
#define ZC_TICKER_IDLE_NS 100000000

/* What is called; before the first zc_ticker_enter, and always the same. On the ticker's thread. */
void zc_ticker_calls(void (*tick)(void));

/* A thread's, which writes it; the ticker reads `turns`. Nobody else's data is in its cache line. */
typedef struct zc_ticker_place {
    uint8_t before[64];
    _Atomic uint64_t turns; /* times that it came in or left, but for nested ones: odd while it is inside */
    uint32_t depth;
    bool taken; /* by a thread that lives: under the ticker's lock */
    struct zc_ticker_place *next;
    uint8_t after[64];
} zc_ticker_place;

typedef enum zc_ticker_state { ZC_TICKER_ABSENT, ZC_TICKER_AWAKE, ZC_TICKER_ASLEEP } zc_ticker_state;

extern _Thread_local ZC_FAST_TLS zc_ticker_place *zc_ticker_mine; /* NULL until it is needed */
extern _Atomic zc_ticker_state zc_ticker_now;

/* The first time on a thread, and when it does not tick. */
zc_status zc_ticker_prepare(zc_error *error);
zc_status zc_ticker_rouse(zc_error *error);

static inline void zc_ticker_turn(zc_ticker_place *mine)
{
    const uint64_t turns = atomic_load_explicit(&mine->turns, memory_order_relaxed);
    atomic_store_explicit(&mine->turns, turns + 1, memory_order_relaxed);
}

static inline void zc_ticker_leave(void)
{
    zc_ticker_place *mine = zc_ticker_mine;
    if (--mine->depth == 0) {
        zc_ticker_turn(mine);
    }
}

/* Around each call; they nest. ZC_NO_MEMORY when there is no thread and none can be made: then nothing was entered. After an OK
 * time is told until the leave. */
static inline zc_status zc_ticker_enter(zc_error *error)
{
    if (!zc_ticker_mine) {
        zc_status status = zc_ticker_prepare(error);
        if (status != ZC_OK) {
            return status;
        }
    }
    if (zc_ticker_mine->depth++ == 0) {
        zc_ticker_turn(zc_ticker_mine);
    }
    atomic_signal_fence(memory_order_seq_cst); /* the look comes after the entry: see zc_ticker.c */
    if (__builtin_expect(atomic_load_explicit(&zc_ticker_now, memory_order_relaxed) != ZC_TICKER_AWAKE, false)) {
        return zc_ticker_rouse(error);
    }
    return ZC_OK;
}

extern _Atomic uint64_t zc_ticker_ticks;

/* How often it has ticked. Any thread; what is about to be counted may have been called already. */
static inline uint64_t zc_ticker_count(void)
{
    return atomic_load_explicit(&zc_ticker_ticks, memory_order_relaxed);
}
/* For tests: whether it sleeps. */
bool zc_ticker_sleeps(void);

#endif
