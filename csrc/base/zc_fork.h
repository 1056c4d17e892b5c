/* zc_fork: what happens to the locks of every layer around fork(2).
 *
 * The child of a fork has one thread, and what the parent's other threads held stays held in it for ever. So each
 * file with a lock of the process names a place in one fixed order and says what to do. Whatever was used first,
 * this happens:
 *
 *     before, in the parent         lock    of every place, first to last
 *     in the child, locks held      reset   of every place: make its own data right; no other layer is called
 *     in both                       unlock  of every place, last to first
 *     in the child, nothing held    clean   of every place: let go of what is lost; any layer may be called
 *
 * Registration is at load (ZC_FORK_HANDLERS), so that no order of use and no forgotten call can change this. Locks
 * of single objects that only other threads' objects need (a GPU device's) have no place here: the child refuses
 * those devices. A lock that is held while a driver is called must not make a fork wait for the driver: its `lock`
 * tries only, and `reset` starts anew.
 *
 * Ownership: none. Threads: any. Knows no other layer.
 */
#ifndef ZC_FORK_H
#define ZC_FORK_H

#include <stdbool.h>
#include <stdint.h>

/* Whoever takes two of these locks takes them in this order. */
typedef enum zc_fork_place {
    ZC_FORK_DEVICES,
    ZC_FORK_VULKAN,
    ZC_FORK_WEIGHTS,
    ZC_FORK_SUBMISSIONS,
    ZC_FORK_CPU_QUEUES,
    ZC_FORK_CPU_THREADS,
    ZC_FORK_CPU_PACKED,
    ZC_FORK_ROW_KERNELS,
    ZC_FORK_REGIONS,
    ZC_FORK_MAPPINGS,
    ZC_FORK_PROFILES,
    ZC_FORK_WASMTIME,
    ZC_FORK_TICKER,
    ZC_FORK_TRACE,
    ZC_FORK_PLACES
} zc_fork_place;

typedef struct zc_fork_handlers {
    void (*lock)(void);
    void (*unlock)(void);
    void (*reset)(void); /* or NULL */
    void (*clean)(void); /* or NULL */
} zc_fork_handlers;

/* The handlers are borrowed for ever. */
void zc_fork_watch(zc_fork_place place, const zc_fork_handlers *handlers);

/* Once per file: its handlers, registered when the code is loaded. */
#define ZC_FORK_HANDLERS(place, ...)                            \
    static __attribute__((constructor)) void watch_forks(void)  \
    {                                                           \
        static const zc_fork_handlers handlers = {__VA_ARGS__}; \
        zc_fork_watch(place, &handlers);                        \
    }

/* How often this process is the child of a fork since it loaded this code: what carries another number is a
 * parent's. On macOS it begins with 1 in what was forked, without exec, before: there the system's frameworks must be left
 * alone all the same. */
uint64_t zc_fork_count(void);

#endif
