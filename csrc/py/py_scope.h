/* py_scope: deadline, fuel and cancelling for what a thread calls for a while; the private type _Scope.
 *
 * A _Scope holds what shall bound it, and the flag that cancels it; each run() enters a zc_scope with these, so that one
 * object can bound what several threads do. zcwasm/_call.py builds submitted calls on it. Threads: with the GIL; the
 * flag is for any thread.
 */
#ifndef PY_SCOPE_H
#define PY_SCOPE_H

#include "py_state.h"

#include "guest/zc_guest.h"

typedef struct py_bounds {
    uint64_t deadline_ns, fuel; /* or ZC_NO_LIMIT */
} py_bounds;

/* The one check of a deadline in seconds and of fuel, each NULL or None for none; -1 with an exception. */
int zc_py_take_bounds(PyObject *deadline, PyObject *fuel, py_bounds *out);

int zc_py_add_scope(PyObject *module, zc_state *state);

#endif
