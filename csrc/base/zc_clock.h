/* zc_clock: the one monotonic clock, and waiting by it.
 *
 * All deadlines, pauses and measured times inside the package are of this clock, so that they may be compared. What a
 * guest asks of WASI is another matter (wasi/zc_wasi_clock.c). Ownership: none. Threads: any.
 */
#ifndef ZC_CLOCK_H
#define ZC_CLOCK_H

#include <pthread.h>
#include <stdint.h>

int64_t zc_clock_ns(void); /* since some moment in the past; never negative */
double zc_clock_seconds(void);

#define ZC_NO_DEADLINE INT64_MAX

/* A condition whose waits may end at a time of this clock. */
void zc_clock_init_condition(pthread_cond_t *condition);
/* Returns when the condition is signalled, at the deadline (ns, or ZC_NO_DEADLINE), or earlier for no reason. */
void zc_clock_wait_until(pthread_cond_t *condition, pthread_mutex_t *lock, int64_t deadline);

#endif
