/* zc_exit: the end of the process while threads are inside a driver.
 *
 * What a driver was given cannot be taken back, so work may go on while the process exits: in the driver's threads, and in
 * ours that wait for them. But exit() first runs the destructors of all libraries, and threads that go on in a driver, in
 * its compiler or in a layer above it then use what is gone, and crash. Nothing can stop them, so the destructors must not
 * run: a handler that exit() calls before them ends the process at once, with its exit code, where a thread is inside a
 * driver. It writes what C's standard streams hold, as exit() would have done of all. Where no thread is, it does
 * nothing.
 *
 * Handlers run in the reverse order of their registration, so this one is registered late (zc_device_finish_all), when
 * drivers have been loaded. C has no handler that knows the exit code; glibc does. Elsewhere there is none of this.
 *
 * Ownership: none. Threads: any.
 */
#if !defined(__APPLE__)
#define _GNU_SOURCE
#endif
#include "device/zc_exit.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "device/zc_driver.h"
#include "device/zc_submission.h"

#ifdef __GLIBC__

/* Not one that another thread holds, perhaps for ever: exit() does not wait for it either. */
static void write_out(FILE *stream)
{
    if (ftrylockfile(stream) == 0) {
        (void)fflush(stream);
        funlockfile(stream);
    }
}

static void at_exit(int code, void *unused)
{
    (void)unused;
    zc_submission_lock();
    bool ended = zc_submission_all_ended();
    zc_submission_unlock();
    if (!ended || zc_driver_inside()) {
        write_out(stdout);
        write_out(stderr);
        _exit(code);
    }
}

void zc_exit_guard(void)
{
    (void)on_exit(at_exit, NULL); /* fails without memory only */
}

#else

void zc_exit_guard(void) {}

#endif
