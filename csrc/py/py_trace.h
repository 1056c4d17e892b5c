/* py_trace: what zcwasm/_trace.py needs of the core's ring of events (base/zc_trace.h): start, stop, and text.
 *
 * One trace at a time is written by the process; a thread of Python takes the text out, without the GIL but for handing
 * it over. Threads: with the GIL, which is released while it waits and while events become text.
 */
#ifndef PY_TRACE_H
#define PY_TRACE_H

#include "py_state.h"

int zc_py_add_trace(PyObject *module, zc_state *state);

#endif
