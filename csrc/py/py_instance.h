/* py_instance: Instance, a running guest as its user sees it. It holds the store, its exports, and the Device and
 * Weights that it was given. Threads: with the GIL. */
#ifndef PY_INSTANCE_H
#define PY_INSTANCE_H

#include "py_state.h"

struct py_store;

/* The store of an Instance; NULL with a TypeError for anything else. Borrowed. */
struct py_store *zc_py_instance_store(zc_state *state, PyObject *object);

int zc_py_add_instance(PyObject *module, zc_state *state);

#endif
