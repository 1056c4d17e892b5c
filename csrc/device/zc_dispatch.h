/* zc_dispatch: what a dispatch goes through before a backend sees it: the one check, its cost, and a guest's limit. */
#ifndef ZC_DISPATCH_H
#define ZC_DISPATCH_H

#include "device/zc_device_internal.h"

/* THE check: copy a dispatch into `command` (all but its buffers and barrier) and `taken`, and verify the copies;
 * callers use those from then on, because the originals may change under them. */
zc_status zc_dispatch_check(const zc_device *device, const zc_dispatch *dispatch, zc_range *taken,
                            zc_device_command *command, zc_error *error);
/* About how many multiply-adds a checked command costs, saturated: zc_kernel.work. */
uint64_t zc_dispatch_work(const zc_device_command *command);
/* ZC_LIMIT when the owner (NULL: anything goes) may not have as much in one dispatch. */
zc_status zc_dispatch_check_work(const zc_device *device, const zc_owner *owner, const zc_device_command *command,
                                 zc_error *error);

#endif
