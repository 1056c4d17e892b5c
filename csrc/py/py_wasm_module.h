/* py_wasm_module: Module, a validated WebAssembly module, and the descriptions of its imports and exports.
 * It owns a reference to its zc_module. Threads: with the GIL, which it releases while it reads and validates. */
#ifndef PY_WASM_MODULE_H
#define PY_WASM_MODULE_H

#include "py_state.h"

#include "guest/zc_guest.h"

typedef struct py_module {
    PyObject_HEAD
    zc_module *module;
    PyObject *name;    /* path, or None */
    PyObject *imports; /* tuple, made at first use */
    PyObject *exports;
    PyObject *export_index; /* dict name -> position */
    PyObject *sha256;       /* str, made at first use */
    PyObject *weak; /* references */
} py_module;

/* Name -> position of each export, once per module. */
int zc_py_index_exports(py_module *module);

int zc_py_add_wasm_module(PyObject *module, zc_state *state);

#endif
