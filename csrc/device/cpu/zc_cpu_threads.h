/* zc_cpu_threads: one parallel-for over one process-wide set of threads.
 *
 * zc_threads_run calls body(context, index) once for each index in [0, count), from the calling thread and
 * from up to threads - 1 workers, and returns when all calls have returned. Indices are handed out in
 * order, one at a time, so bodies should be worth a few microseconds. What the bodies wrote is visible to
 * the caller afterwards. When the caller's flag (zc_cpu_cancel.h) is set, no further call begins.
 *
 * The threads start at first use and stay, asleep, until the process ends; nobody joins
 * them and they touch static state only. A second caller, or a body that calls zc_threads_run, finds them
 * busy and runs all its indices itself. After fork the child has none. This code must not be unloaded
 * with dlclose once used. It does not report errors: a body puts them into its context.
 */
#ifndef ZC_CPU_THREADS_H
#define ZC_CPU_THREADS_H

#include <stddef.h>

#define ZC_THREADS_MAX 64 /* callers included */

typedef void (*zc_threads_body)(void *context, size_t index);

void zc_threads_run(zc_threads_body body, void *context, size_t count, unsigned threads);

#endif
