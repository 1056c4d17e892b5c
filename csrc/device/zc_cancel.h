/* zc_cancel: ending what is in flight: what submitting asks of it; zc_device_cancel and zc_device_finish_all are in
 * zc_device.h. See zc_cancel.c. */
#ifndef ZC_CANCEL_H
#define ZC_CANCEL_H

#include "device/zc_submission.h"

/* With the lock held, the submission being in flight: see to it that its deadline is kept. */
zc_status zc_cancel_at_deadline(const zc_submission *submission, zc_error *error);

/* This one, unless it is done. Any thread that has a reference. */
void zc_submission_cancel(const zc_submission *submission, const char *why);

#endif
