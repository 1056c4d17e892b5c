/* zc_jobs: the parts of one piece of work, each in a thread of its own, for as long as that takes.
 *
 * For work of milliseconds that one thread does not get out of the machine, such as making the pages of a memory: starting
 * a thread takes some 50 µs, so each part should be worth several times that.
 *
 * Ownership: the caller's; nothing is kept. Threads: any. The threads take no signals, which are for the host's.
 */
#ifndef ZC_JOBS_H
#define ZC_JOBS_H

#define ZC_JOBS 4u /* more do not make memory faster */

/* Into how many parts work that may be cut into `most` is worth cutting: at least 1, no more than ZC_JOBS, or than there are
 * processors for this process. */
unsigned zc_jobs_count(unsigned long long most);
/* run(context, index) for each index below `count`, at most ZC_JOBS, the first in this thread; all have returned then. A
 * thread that cannot be had is done without: its part is run here. */
void zc_jobs_run(unsigned count, void (*run)(void *context, unsigned index), void *context);

#endif
