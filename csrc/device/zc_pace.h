/* zc_pace: handing submissions to the backend, whole or in pieces, so that guests' work can be ended. See zc_pace.c. */
#ifndef ZC_PACE_H
#define ZC_PACE_H

#include "device/zc_submission.h"

uint64_t zc_pace_size(const zc_device *device, const zc_device_command *commands, size_t count);

/* All with the lock held. Whether the new submission goes to the backend at once and as a whole, as piece 0; else it
 * waits in the device's list, and zc_pace_pump is to be called. */
bool zc_pace_admit(zc_submission *submission);
/* Hand over what may be handed over; gives the lock up meanwhile. The caller holds a reference to the device. */
void zc_pace_pump(zc_device *device);
/* The backend is done with the piece. */
void zc_pace_done(zc_piece *piece);

#endif
