/* py_state: the module's state, which each object reaches from its type.
 *
 * The ground of csrc/py; above it each file uses only those before it:
 *   py_error, py_arguments, py_shape      exceptions; arguments of methods
 *   py_view, py_dlpack, py_memory         memory and what looks into it
 *   py_values, py_engine, py_wasm_module, py_store   guests' values, engines, modules, what the objects of one
 *                                         guest share
 *   py_global, py_function, py_table, py_exports   what a guest exports; calls both ways
 *   py_heap                               what a guest's allocator gave
 *   py_scope                              what bounds calls for a while
 *   py_issuer, py_device_array            Device's and Batch's struct; arrays in a device's own memory
 *   py_tensor, py_weights                 model files
 *   py_array                              an argument as a range of bytes that a kernel can be given
 *   py_kernel_params, py_kernel           kernels by their signature
 *   py_dispatch, py_kernel_methods        running or recording one
 *   py_limits                             how much a guest may use
 *   py_compile, py_submission, py_batch, py_share, py_device
 *   py_wasi, py_abi                       what an Instance is granted
 *   py_link, py_snapshot, py_instance     a guest's life
 *   py_trace, py_profile                  what happened when, for zcwasm.trace; where time goes, for zcwasm.profile
 *   py_module                             the extension module, which knows all types
 *
 * Python types are heap types; each file makes its own in its zc_py_add_* function, which only
 * py_module.c calls, and keeps them here, so that a file can ask for the type of an object without knowing the file
 * that made it. There is no static PyObject. Threads: with the GIL.
 */
#ifndef PY_STATE_H
#define PY_STATE_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <structmember.h>

#include <stdbool.h>

typedef struct zc_state {
    /* exceptions; all derive from error */
    PyObject *error, *compile_error, *link_error, *trap, *exit, *device_error, *model_error, *snapshot_error,
        *closed_error, *in_use_error;
    /* types */
    PyTypeObject *module_type, *import_type, *export_type, *store_type, *instance_type, *exports_type, *function_type,
        *memory_type, *view_type, *global_type, *table_type, *device_type, *batch_type, *submission_type, *kernel_type,
        *device_array_type, *weights_type, *tensor_type, *wasi_type, *snapshot_type, *heap_type, *block_type,
        *share_type;
    PyObject *numpy_ndarray; /* numpy.ndarray */
    PyObject *numpy_dtype;   /* numpy.dtype */
    PyObject *main_thread;   /* threading.main_thread */
    PyObject *itemsize, *hasobject; /* names of attributes, which every array asks its dtype for */
    PyObject *pass_instance;        /* the attribute that marks a host function */
    PyObject *greenlet_name; /* of the module */
    /* No objects from here on. */
    Py_ssize_t module_count; /* of sys.modules when it was looked for */
    bool greenlets;          /* it was there */
} zc_state;

zc_state *zc_state_of_type(PyTypeObject *type); /* a type of this module or a subclass of one */
static inline zc_state *zc_state_of(PyObject *self)
{
    return zc_state_of_type(Py_TYPE(self));
}

/* The extension module's definition, with the functions and slots of py_module.c; for its PyInit. */
PyObject *zc_py_define_module(PyMethodDef *functions, PyModuleDef_Slot *slots);

/* Weak references to objects of a struct with a field `PyObject *weak`: its member, and what comes first in dealloc,
 * behind PyObject_GC_UnTrack where there is one: callbacks run there, and may collect garbage. */
#define ZC_PY_WEAK(struct_name) {"__weaklistoffset__", T_PYSSIZET, offsetof(struct_name, weak), READONLY, NULL}
#define ZC_PY_CLEAR_WEAK(object, struct_name)           \
    do {                                                \
        if (((struct_name *)(object))->weak) {          \
            PyObject_ClearWeakRefs((PyObject *)object); \
        }                                               \
    } while (0)

#endif
