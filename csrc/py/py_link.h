/* py_link: the life of a store: a module is linked to its imports and grants, and started; and it all ends.
 * Threads: with the GIL. */
#ifndef PY_LINK_H
#define PY_LINK_H

#include "py_store.h"

/* A new store with its instance, the start function done, or NULL with an exception. The grants were checked for their
 * types; `imports` and `limits` are as Instance is given them. */
py_store *zc_py_link(zc_state *state, PyObject *module, const py_grants *grants, PyObject *imports, PyObject *limits);
/* Free the instance; bytes that something still uses live on. */
void zc_py_unlink(py_store *store);

int zc_py_add_store(PyObject *module, zc_state *state);

#endif
