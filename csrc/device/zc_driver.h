/* zc_driver: which threads are inside a driver for something that is no submission; those are known (zc_submission.h).
 *
 * The end of the process asks (zc_exit.c). Ownership: none. Threads: any.
 */
#ifndef ZC_DRIVER_H
#define ZC_DRIVER_H

#include <stdbool.h>

/* This thread goes into a driver, and comes back. */
void zc_driver_enter(void);
void zc_driver_leave(void);
bool zc_driver_inside(void);

/* In the child of a fork, where the parent's threads are not. */
void zc_driver_reset(void);

#endif
