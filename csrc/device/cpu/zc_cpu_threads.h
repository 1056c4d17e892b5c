/* zc_cpu_threads: one parallel-for over one process-wide set of threads.
 *
 * zc_threads_run calls body(context, index) once for each index in [0, count), from the calling thread and
 * from up to threads - 1 workers, and returns when all calls have returned. Indices are handed out one at a time, to
 * whoever is free, in no order to rely on. What the bodies wrote is visible to the caller afterwards. When the caller's
 * flag (zc_cpu_cancel.h) is set, no further call begins. Beginning and ending cost some tenths of a microsecond while
 * the workers are awake, so a thread's share should be worth about one: zc_threads_worth says how many threads that is.
 *
 * Callers share the workers, of which there are fewer than CPUs that the process may use; and a caller gets only as many
 * as, with all callers, have a CPU each when it begins: of 4 CPUs, one caller has up to 3 helpers whatever `threads` says,
 * each of two callers up to 2, and each of four none. A body that calls zc_threads_run runs all its indices itself.
 *
 * Who runs many kernels one after the other says so: between zc_threads_enter and zc_threads_leave, both called by the
 * thread that runs them, workers stay awake for the next one for longer, and the thread counts as a caller.
 *
 * The threads start at first use and stay, asleep, until the process ends; nobody joins
 * them and they touch static state only. After fork the child has none. This code must not be unloaded
 * with dlclose once used. It does not report errors: a body puts them into its context.
 */
#ifndef ZC_CPU_THREADS_H
#define ZC_CPU_THREADS_H

#include <stddef.h>

#define ZC_THREADS_MAX 64 /* callers included */
#define ZC_THREADS_RETRY_NS 100000000 /* after the system refused a thread, until it is asked for one again */

typedef void (*zc_threads_body)(void *context, size_t index);

void zc_threads_run(zc_threads_body body, void *context, size_t count, unsigned threads);

void zc_threads_enter(void);
void zc_threads_leave(void);

/* How many of `threads` are worth it for that much work, where `least` of it, in the same unit, takes one thread about
 * a microsecond. */
static inline unsigned zc_threads_worth(double work, double least, unsigned threads)
{
    double most = work / least;
    return most >= threads ? threads : most < 2.0 ? 1 : (unsigned)most;
}

#endif
