/* py_exports: Exports: what an instance exports, made into Python objects at first use and kept.
 * Holds the store, not the Instance. Threads: with the GIL. */
#ifndef PY_EXPORTS_H
#define PY_EXPORTS_H

#include "py_store.h"

PyObject *zc_py_exports_new(zc_state *state, py_store *store);
int zc_py_exports_clear(PyObject *exports);

int zc_py_add_exports(PyObject *module, zc_state *state);

#endif
