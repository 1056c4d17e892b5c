/* py_zcwasm: what the files of csrc/py share: module state, error translation, lookups.
 *
 * Python types are heap types made in each file's *_add function and kept in the module state; there is no
 * static PyObject. csrc/py/py_error.c is the one place where a zc_error becomes an exception.
 */
#ifndef PY_ZCWASM_H
#define PY_ZCWASM_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <structmember.h>

#include <stdbool.h>

#include "device/zc_device.h"
#include "region/zc_region.h"
#include "base/zc_status.h"
#include "weights/zc_weights.h"

typedef struct zc_state {
    /* exceptions; all derive from error */
    PyObject *error, *compile_error, *link_error, *trap, *exit, *device_error, *model_error, *snapshot_error,
        *closed_error, *in_use_error;
    /* types */
    PyTypeObject *module_type, *import_type, *export_type, *store_type, *instance_type, *exports_type, *function_type,
        *memory_type, *view_type, *global_type, *table_type, *device_type, *batch_type, *submission_type, *kernel_type,
        *device_array_type, *weights_type, *tensor_type, *wasi_type;
    PyObject *numpy_ndarray; /* numpy.ndarray */
    PyObject *numpy_dtype;   /* numpy.dtype */
    PyObject *main_thread;   /* threading.main_thread */
} zc_state;

extern struct PyModuleDef zc_py_module_def;

zc_state *zc_state_of_module(PyObject *module);
zc_state *zc_state_of_type(PyTypeObject *type); /* a type of this module or a subclass of one */
static inline zc_state *zc_state_of(PyObject *self)
{
    return zc_state_of_type(Py_TYPE(self));
}

/* Weak references to objects of a struct with a field `PyObject *weak`: its member, and what comes first in dealloc,
 * behind PyObject_GC_UnTrack where there is one: callbacks run there, and may collect garbage. */
#define ZC_PY_WEAK(struct_name) {"__weaklistoffset__", T_PYSSIZET, offsetof(struct_name, weak), READONLY, NULL}
#define ZC_PY_CLEAR_WEAK(object, struct_name)           \
    do {                                                \
        if (((struct_name *)(object))->weak) {          \
            PyObject_ClearWeakRefs((PyObject *)object); \
        }                                               \
    } while (0)

/* "s" where there are several, for messages. */
static inline const char *zc_py_plural(uint64_t count)
{
    return count == 1 ? "" : "s";
}

/* py_error.c: set the exception for `error` and return NULL. ZC_HOST keeps the exception already set. */
PyObject *zc_raise(zc_state *state, const zc_error *error);
/* A TypeError that is set, or none, becomes one that names the argument; other exceptions stay. -1. */
void zc_py_raise_wrong_type(const char *name, const char *wanted, PyObject *value);
static inline int zc_py_must_be(const char *name, const char *wanted, PyObject *value)
{
    zc_py_raise_wrong_type(name, wanted, value);
    return -1;
}
int zc_py_add_errors(PyObject *module, zc_state *state);

/* One per file: create the file's types, put them in `state` and (the public ones) in `module`. */
int zc_py_add_module(PyObject *module, zc_state *state);
int zc_py_add_exports(PyObject *module, zc_state *state);
int zc_py_add_instance(PyObject *module, zc_state *state);
int zc_py_add_function(PyObject *module, zc_state *state);
int zc_py_add_memory(PyObject *module, zc_state *state);
int zc_py_add_global(PyObject *module, zc_state *state);
int zc_py_add_device(PyObject *module, zc_state *state);
int zc_py_add_submission(PyObject *module, zc_state *state);
int zc_py_add_wasi(PyObject *module, zc_state *state);
int zc_py_add_weights(PyObject *module, zc_state *state);

/* An object with the buffer of `size` bytes of the region, which it pins; read-only where the region is. */
PyObject *zc_py_view_new(zc_state *state, zc_region *region, uint64_t offset, uint64_t size);

/* The weights (borrowed) of a Weights object, or NULL with a TypeError that names the argument. */
zc_weights *zc_py_weights(zc_state *state, PyObject *object, const char *name);

/* zc_device of a Device object. */
zc_device *zc_py_device(PyObject *device);

#endif
