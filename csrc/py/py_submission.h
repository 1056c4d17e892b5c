/* py_submission: the type Submission: the handle to work in flight.
 *
 * Owns a reference to a zc_submission and holds its Device object; dropping it leaves the work running, which
 * keeps itself and its memory alive. Waits release the GIL and look for signals every 50 ms, so that Ctrl-C
 * interrupts a wait (not the work). Awaiting is in zcwasm/_await.py: the completing thread writes a byte to a
 * pipe that the event loop watches. Threads: any.
 */
#ifndef PY_SUBMISSION_H
#define PY_SUBMISSION_H

#include "py_state.h"

#include "device/zc_device.h"

PyObject *zc_py_submission_new(zc_state *state, zc_submission *submission, PyObject *device); /* takes it */

int zc_py_add_submission(PyObject *module, zc_state *state);

#endif
