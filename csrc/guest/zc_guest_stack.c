/* zc_guest_stack: the calling thread, and how much native stack guest code may use on it.
 *
 * The interpreter recurses natively for each guest call. Each thread's bounds are asked of the system once
 * and kept in thread-local storage; a margin stays free for host functions and for the interpreter's own
 * leaf frames. A thread's mark is a number that no other thread of the process gets, not even once the thread has
 * gone: in the child of a fork, threads of the parent own what they were running, and a new thread may well get the
 * stack and the thread-local storage of one of those. */
#if !defined(_GNU_SOURCE)
#define _GNU_SOURCE
#endif
#include <pthread.h>

#include "guest/zc_guest_internal.h"

#define MARGIN ((size_t)256 << 10)      /* what a host function finds free, where the stack is large */
#define LARGEST ((size_t)1 << 30)       /* a stack without a limit counts as this large */
#define UNKNOWN_BUDGET ((size_t)192 << 10) /* on a stack that the system knows nothing of */

_Thread_local ZC_FAST_TLS zc_thread zc_this_thread;

static void find_bounds(void)
{
    uintptr_t low = 0, high = 0;
#if defined(__APPLE__)
    high = (uintptr_t)pthread_get_stackaddr_np(pthread_self());
    low = high - pthread_get_stacksize_np(pthread_self());
#else
    pthread_attr_t attributes;
    if (pthread_getattr_np(pthread_self(), &attributes) == 0) {
        void *address = NULL;
        size_t size = 0;
        if (pthread_attr_getstack(&attributes, &address, &size) == 0) {
            low = (uintptr_t)address;
            high = low + size;
        }
        (void)pthread_attr_destroy(&attributes);
    }
#endif
    if (high - low > LARGEST) {
        low = high - LARGEST;
    }
    size_t margin = (high - low) / 4 < MARGIN ? (high - low) / 4 : MARGIN;
    zc_this_thread.low = low;
    zc_this_thread.high = high;
    zc_this_thread.limit = low + margin;
}

void *zc_native_stack_limit(void)
{
    uintptr_t here = (uintptr_t)__builtin_frame_address(0);
    if (zc_this_thread.high == 0) {
        find_bounds();
    }
    if (here < zc_this_thread.low || here >= zc_this_thread.high) {
        return (void *)(here - UNKNOWN_BUDGET);
    }
    return (void *)zc_this_thread.limit;
}

uintptr_t zc_thread_mark(void)
{
    static _Atomic uintptr_t marks;
    if (zc_this_thread.mark == 0) {
        zc_this_thread.mark = 1 + atomic_fetch_add_explicit(&marks, 1, memory_order_relaxed);
    }
    return zc_this_thread.mark;
}
