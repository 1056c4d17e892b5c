/* py_abi: what an Instance grants its guest of the import module "zcwasm": device, weights, inputs; and its outputs.
 *
 * A py_store whose module imports from "zcwasm" owns one zc_abi. Calls go from the guest straight into it, without
 * Python; only a guest's log takes the interpreter lock, for the logger "zcwasm.guest". Inputs are held as
 * memoryviews, so that nothing is copied before the guest reads. Threads: as the store.
 */
#ifndef PY_ABI_H
#define PY_ABI_H

#include "py_store.h"

/* Check the grants and, for a module that imports from "zcwasm", make the store's zc_abi. */
int zc_py_abi_make(zc_state *state, py_store *store, const py_grants *grants, const zc_abi_limits *limits);
/* 1: *out is filled; 0: the import is not of "zcwasm"; -1: LinkError, also when it was not granted. `type` is NULL
 * for what is no function. */
int zc_py_abi_import(zc_state *state, py_store *store, const zc_import *import, const zc_func_type *type,
                     zc_import_value *out);
void zc_py_abi_clear(py_store *store); /* lets go of Python objects */
void zc_py_abi_free(py_store *store);
PyObject *zc_py_abi_outputs(py_store *store); /* a new dict */

#endif
