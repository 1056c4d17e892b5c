/* zc_fork: see zc_fork.h. One registration with the system, and the table in the order of the places. */
#include "base/zc_fork.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>

#if defined(__APPLE__) || defined(ZC_SIMULATED_MACOS)
#define KERNEL_TELLS 1
#include <string.h>
#include <sys/sysctl.h>
#include <unistd.h>
#endif

/* Held over the whole fork, so that what is loaded meanwhile is not unlocked without having been locked. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static const zc_fork_handlers *places[ZC_FORK_PLACES];
static _Atomic uint64_t forks;

static void before_fork(void)
{
    pthread_mutex_lock(&lock);
    for (int i = 0; i < ZC_FORK_PLACES; i++) {
        if (places[i]) {
            places[i]->lock();
        }
    }
}

static void after_fork(void)
{
    for (int i = ZC_FORK_PLACES - 1; i >= 0; i--) {
        if (places[i]) {
            places[i]->unlock();
        }
    }
    pthread_mutex_unlock(&lock);
}

static void after_fork_child(void)
{
    atomic_fetch_add_explicit(&forks, 1, memory_order_relaxed);
    for (int i = 0; i < ZC_FORK_PLACES; i++) {
        if (places[i] && places[i]->reset) {
            places[i]->reset();
        }
    }
    after_fork();
    for (int i = 0; i < ZC_FORK_PLACES; i++) {
        if (places[i] && places[i]->clean) {
            places[i]->clean();
        }
    }
}

/* Whether this process was forked off another and has called no exec since. Of a fork before this code was loaded only the
 * kernel knows: macOS's marks what called exec or was spawned, and fork does not hand the mark on. Where it does not say,
 * as in a sandbox that forbids the question: no. */
static bool forked_before(void)
{
#if defined(KERNEL_TELLS)
    int name[] = {CTL_KERN, KERN_PROC, KERN_PROC_PID, getpid()};
    struct kinfo_proc process;
    size_t size = sizeof process;
    memset(&process, 0, size);
    return sysctl(name, 4, &process, &size, NULL, 0) == 0 && size == sizeof process &&
           !(process.kp_proc.p_flag & P_EXEC);
#else
    return false;
#endif
}

static __attribute__((constructor)) void register_handlers(void)
{
    atomic_store_explicit(&forks, forked_before() ? 1 : 0, memory_order_relaxed);
    (void)pthread_atfork(before_fork, after_fork, after_fork_child);
}

void zc_fork_watch(zc_fork_place place, const zc_fork_handlers *handlers)
{
    pthread_mutex_lock(&lock);
    places[place] = handlers;
    pthread_mutex_unlock(&lock);
}

uint64_t zc_fork_count(void)
{
    return atomic_load_explicit(&forks, memory_order_relaxed);
}
