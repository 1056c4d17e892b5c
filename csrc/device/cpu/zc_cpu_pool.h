/* zc_cpu_pool: one parallel-for over one process-wide set of threads.
 *
 * zc_pool_run calls body(context, index) once for each index in [0, count), from the calling thread and
 * from up to threads - 1 workers, and returns when all calls have returned. Indices are handed out in
 * order, one at a time, so bodies should be worth a few microseconds. What the bodies wrote is visible to
 * the caller afterwards. When the caller's flag (zc_cpu_cancel.h) is set, no further call begins.
 *
 * The pool starts its threads at first use and keeps them, asleep, until the process ends; nobody joins
 * them and they touch static state only. A second caller, or a body that calls zc_pool_run, finds the pool
 * busy and runs all its indices itself. After fork the child has an empty pool. It must not be unloaded
 * with dlclose once used. It does not report errors: a body puts them into its context.
 */
#ifndef ZC_CPU_POOL_H
#define ZC_CPU_POOL_H

#include <stddef.h>

#define ZC_POOL_MAX_THREADS 64 /* callers included */

typedef void (*zc_pool_body)(void *context, size_t index);

void zc_pool_run(zc_pool_body body, void *context, size_t count, unsigned threads);

#endif
