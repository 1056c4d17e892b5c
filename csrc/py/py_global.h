/* py_global: Global, a cell that the host and instances share. It owns a reference to its zc_global. Threads: with the
 * GIL. */
#ifndef PY_GLOBAL_H
#define PY_GLOBAL_H

#include "py_state.h"

#include "guest/zc_guest.h"

typedef struct py_global {
    PyObject_HEAD
    zc_global *global;
    PyObject *weak; /* references */
} py_global;

PyObject *zc_py_global_new(zc_state *state, zc_global *global); /* retains */

int zc_py_add_global(PyObject *module, zc_state *state);

#endif
