/* py_instance: Instance, a running guest as its user sees it. It holds the store, its exports, and the Device and
 * Weights that it was given. Threads: with the GIL. */
#ifndef PY_INSTANCE_H
#define PY_INSTANCE_H

#include "py_state.h"

int zc_py_add_instance(PyObject *module, zc_state *state);

#endif
