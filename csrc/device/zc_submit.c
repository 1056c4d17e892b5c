/* zc_submit: starting submissions: on the calling thread where the backend can and little is to be done, or through
 * zc_pace.c.
 *
 * Ownership: see zc_submission.h; what is not submitted stays the caller's. Threads: any.
 */
#include "device/zc_submit.h"

#include "device/zc_cancel.h"
#include "device/zc_device_trace.h"
#include "device/zc_pace.h"

/* What may take longer than some hundredths of a second, with the parameters and numbers that take longest and in memory
 * that was never written, becomes a submission, so that it can be ended. */
#define MOST_WORK_HERE ((uint64_t)1 << 24)

#define WORK_WORTH_TIMING ((uint64_t)1 << 14) /* some microseconds */

/* What stands for a pause that the caller does not want. */
static zc_status no_pause(void *context, zc_error *error)
{
    (void)context;
    (void)error;
    return ZC_OK;
}

bool zc_run_here(zc_device *device, const zc_device_command *commands, size_t count, uint64_t largest,
                 zc_pause_function pause, void *context, zc_status *status, zc_error *error)
{
    const zc_device_backend *backend = device->backend;
    if (!backend->run_all || largest > MOST_WORK_HERE || zc_device_busy(device)) {
        return false;
    }
    int64_t start = zc_device_run_begin(largest > WORK_WORTH_TIMING);
    *status = backend->run_all(device->self, commands, count, pause ? pause : no_pause, context, error);
    zc_device_run_end(device, start, commands, count);
    return true;
}

/* A submission on the list of those in flight. *admitted: it is the backend's from now on, as piece 0. */
static zc_status begin(zc_device *device, const zc_submission_source *source, zc_submission **out, bool *admitted,
                       zc_error *error)
{
    zc_submission *submission;
    zc_status status = zc_submission_new(device, source, &submission, error);
    if (status != ZC_OK) {
        return status;
    }
    submission->size = source->owner || device->paces_all ? zc_pace_size(device, source->commands, source->count) : 0;
    zc_submission_lock();
    zc_submission_enter(submission);
    status = zc_cancel_at_deadline(submission, error);
    if (status != ZC_OK) {
        zc_submission_abandon(submission);
        return status;
    }
    *admitted = zc_pace_admit(submission);
    zc_submission_unlock();
    *out = submission;
    return ZC_OK;
}

static void pump(zc_device *device)
{
    zc_submission_lock();
    zc_pace_pump(device);
    zc_submission_unlock();
}

/* It was admitted and could not be submitted. */
static void abandon(zc_submission *submission)
{
    zc_device *device = zc_device_retain(submission->device);
    zc_submission_lock();
    zc_pace_done(&submission->pieces[0]);
    zc_submission_abandon(submission);
    pump(device); /* what waited for its work to be done */
    zc_device_release(device);
}

zc_status zc_submit(zc_device *device, const zc_submission_source *source, zc_submission **out, zc_error *error)
{
    bool admitted;
    zc_submission *submission;
    zc_status status = begin(device, source, &submission, &admitted, error);
    if (status != ZC_OK) {
        return status;
    }
    if (!admitted) {
        pump(device);
    } else if ((status = device->backend->submit(device->self, &submission->pieces[0].given, error)) != ZC_OK) {
        abandon(submission);
        return status;
    }
    *out = submission;
    return ZC_OK;
}

zc_status zc_submit_and_wait(zc_device *device, const zc_submission_source *source, zc_pause_function pause,
                             void *context, bool *taken, zc_error *error)
{
    zc_submission *submission;
    bool admitted = false;
    int64_t traced = zc_trace_begin();
    *taken = false;
    zc_status status = device->backend->submit_and_wait ? begin(device, source, &submission, &admitted, error)
                                                        : zc_submit(device, source, &submission, error);
    if (status != ZC_OK) {
        return status;
    }
    if (admitted) {
        status = device->backend->submit_and_wait(device->self, &submission->pieces[0].given, pause ? pause : no_pause,
                                                  context, taken, error);
        if (!*taken) {
            abandon(submission);
            return status;
        }
    } else {
        *taken = true;
        pump(device);
    }
    if (status == ZC_OK) {
        status = zc_submission_wait_unseen(submission, -1, pause, context, error);
    }
    if (traced) {
        zc_trace_wait(traced, submission->number);
    }
    zc_submission_release(submission);
    return status;
}
