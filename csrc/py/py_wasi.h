/* py_wasi: _Wasi, what zcwasm.Wasi (zcwasm/_wasi.py) hands over, and linking an instance to it.
 *
 * A _Wasi owns what was granted: strings, descriptors of its own for directories and streams, callables. Each
 * instance gets a zc_wasi made from it, kept in a py_wasi_link of its store, which also is the context of the
 * streams' callables: those need the interpreter lock of the store's call in progress. A collected cycle may
 * still be called; its callables are None then, as in py_link.c. */
#ifndef PY_WASI_H
#define PY_WASI_H

#include "py_store.h"

#include "base/zc_bytes.h"

/* Make what the Wasi object grants ready for imports of the store, and let go of it. */
int zc_py_wasi_link(zc_state *state, py_store *store, PyObject *wasi);
void zc_py_wasi_unlink(py_store *store);
/* 1: *out is filled; 0: the import is not WASI's; -1: LinkError, also when WASI was not granted. `type` is NULL
 * for what is no function. */
int zc_py_wasi_import(zc_state *state, py_store *store, const zc_import *import, const zc_func_type *type,
                      zc_import_value *out);
void zc_py_wasi_bind(py_store *store); /* once the store has its instance */
/* Whether its module imports WASI, and it was granted. */
bool zc_py_wasi_used(const py_store *store);
/* What zc_wasi_save and zc_wasi_load do, for a store that uses it. */
zc_status zc_py_wasi_save(const py_store *store, zc_writer *out, zc_error *error);
zc_status zc_py_wasi_load(py_store *store, zc_reader *state, zc_error *error);
PyObject *zc_py_wasi_object(const py_store *store); /* borrowed, or NULL */

int zc_py_add_wasi(PyObject *module, zc_state *state);

#endif
