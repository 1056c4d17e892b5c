/* zc_clock: see zc_clock.h. Apple's conditions know no clock but take relative times, which are monotonic. */
#if defined(__APPLE__)
#define _DARWIN_C_SOURCE
#else
#define _GNU_SOURCE
#endif
#include "base/zc_clock.h"

#include <time.h>

int64_t zc_clock_ns(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

double zc_clock_seconds(void)
{
    return (double)zc_clock_ns() * 1e-9;
}

void zc_clock_init_condition(pthread_cond_t *condition)
{
#if defined(__APPLE__)
    pthread_cond_init(condition, NULL);
#else
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(condition, &attributes);
    pthread_condattr_destroy(&attributes);
#endif
}

void zc_clock_wait_until(pthread_cond_t *condition, pthread_mutex_t *lock, int64_t deadline)
{
    if (deadline == ZC_NO_DEADLINE) {
        pthread_cond_wait(condition, lock);
        return;
    }
#if defined(__APPLE__)
    int64_t left = deadline - zc_clock_ns();
    struct timespec relative = {.tv_sec = left > 0 ? left / 1000000000 : 0,
                                .tv_nsec = left > 0 ? left % 1000000000 : 0};
    (void)pthread_cond_timedwait_relative_np(condition, lock, &relative);
#else
    struct timespec absolute = {.tv_sec = deadline / 1000000000, .tv_nsec = deadline % 1000000000};
    (void)pthread_cond_timedwait(condition, lock, &absolute);
#endif
}
