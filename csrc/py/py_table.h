/* py_table: Table, an exported table of functions, which the host can only count. It holds the store. Threads: with the
 * GIL. */
#ifndef PY_TABLE_H
#define PY_TABLE_H

#include "py_store.h"

PyObject *zc_py_table_new(zc_state *state, py_store *store);

int zc_py_add_table(PyObject *module, zc_state *state);

#endif
