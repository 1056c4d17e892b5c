/* zc_submit: starting submissions of what a batch recorded or a sequence holds. See zc_submit.c. */
#ifndef ZC_SUBMIT_H
#define ZC_SUBMIT_H

#include "device/zc_submission.h"

/* On success, what the source gives is the submission's; else still the caller's. */
zc_status zc_submit(zc_device *device, const zc_submission_source *source, zc_submission **out, zc_error *error);
/* Submit and wait for the end, which gives the status; *taken is whether what the source gives is the submission's.
 * `pause` may be NULL. */
zc_status zc_submit_and_wait(zc_device *device, const zc_submission_source *source, zc_pause_function pause,
                             void *context, bool *taken, zc_error *error);
/* Run the commands on this thread if the backend can and may, `largest` being zc_dispatch_work of the largest. False:
 * submit them instead. */
bool zc_run_here(zc_device *device, const zc_device_command *commands, size_t count, uint64_t largest,
                 zc_pause_function pause, void *context, zc_status *status, zc_error *error);

#endif
