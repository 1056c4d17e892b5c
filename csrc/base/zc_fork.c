/* zc_fork: see zc_fork.h. One registration with the system, and the table in the order of the places. */
#include "base/zc_fork.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>

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

static __attribute__((constructor)) void register_handlers(void)
{
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
