/* zc_cpu_cancel: how a kernel in progress learns that nobody wants its result any more.
 *
 * zc_cpu_run is given a flag, which any thread may set; the calling thread keeps where it lies, and zc_threads_run hands
 * that on to its workers. Threads look before each index and bodies that may take longer than a millisecond look on
 * their way; whoever sees it set returns at once. The flag stays set, so what follows in the same run sees it, too. Some
 * outputs are then not written or in part, but never with what lay in working memory before: the guest can read them.
 * A look is a load of a thread's own variable and one of the flag, so it belongs at the granularity of tiles.
 */
#ifndef ZC_CPU_CANCEL_H
#define ZC_CPU_CANCEL_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

typedef const _Atomic bool zc_cpu_flag;

extern _Thread_local zc_cpu_flag *zc_cpu_cancel; /* NULL: nobody can */

static inline bool zc_cpu_is_set(zc_cpu_flag *flag)
{
    return flag && atomic_load_explicit(flag, memory_order_relaxed);
}

static inline bool zc_cpu_cancelled(void)
{
    return zc_cpu_is_set(zc_cpu_cancel);
}

/* Elements of one row that are worked on between two looks: well below a millisecond. */
#define ZC_CPU_STRIDE ((size_t)64 * 1024)

#endif
