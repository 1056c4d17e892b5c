/* py_device: what the files of the Python types Device, Batch, Kernel and Submission share.
 *
 * Device and Batch are one struct: both issue kernels through the same methods, a Device at once and a Batch
 * records them. Threads: the GIL guards every object here; it is released around waits and around
 * kernels that take longer than a few microseconds.
 */
#ifndef PY_DEVICE_H
#define PY_DEVICE_H

#include "py_array.h"

typedef struct zc_py_issuer {
    PyObject_HEAD
    zc_device *device;            /* retained */
    zc_batch *batch; /* Batch only */
    PyObject *owner;              /* Batch: its Device */
    PyObject *weak; /* references */
} zc_py_issuer;

/* Run, or record, the kernel over the arrays, release them all and return a new reference to `result` (None
 * for a Batch). `flops`: the work where it is not proportional to the bytes, else 0. */
PyObject *zc_py_issue(PyObject *self, const zc_kernel *kernel, zc_py_array *arrays, size_t count, const void *params,
                      double flops, PyObject *result);

/* The methods named as kernels, with their docstrings: entries for both types. */
#define ZC_PY_KERNEL_METHODS(X) X(fill) X(affine) X(axpby) X(add) X(mul) X(matmul) X(sum) X(max) X(softmax)
#define X(name)                                                                                                \
    PyObject *zc_py_issue_##name(PyObject *self, PyObject *const *args, Py_ssize_t nargs, PyObject *keywords); \
    extern const char zc_py_doc_##name[];
ZC_PY_KERNEL_METHODS(X)
#undef X
#define ZC_PY_KERNEL_METHOD(name) \
    {#name, (PyCFunction)(void (*)(void))zc_py_issue_##name, METH_FASTCALL | METH_KEYWORDS, zc_py_doc_##name},

/* dispatch(kernel, arrays, params, groups) of both types; compile and scratch of Device. */
PyObject *zc_py_issue_dispatch(PyObject *self, PyObject *args, PyObject *keywords);
PyObject *zc_py_compile(PyObject *self, PyObject *args, PyObject *keywords);
PyObject *zc_py_scratch(PyObject *self, PyObject *args, PyObject *keywords);
extern const char zc_py_doc_dispatch[], zc_py_doc_compile[], zc_py_doc_scratch[];

/* A number as float32; OverflowError when it does not fit. */
int zc_py_float(PyObject *object, const char *name, float *out);

/* The kernel named by a str or a Kernel, or NULL with an exception. */
const zc_kernel *zc_py_kernel_of(zc_state *state, PyObject *object);
PyObject *zc_py_kernel_new(zc_state *state, const zc_kernel *kernel);
/* Parameters from a dict of fields or a bytes-like object into `out`; `given` is what zc_py_kernel_of was
 * given. Those of a compiled kernel are preceded by `groups`, which is None for the others. */
int zc_py_kernel_params(const zc_kernel *kernel, PyObject *given, PyObject *object, PyObject *groups, void *out);

PyObject *zc_py_batch_new(zc_state *state, PyObject *device);
PyObject *zc_py_submission_new(zc_state *state, zc_submission *submission, PyObject *device); /* takes it */

/* Make each file's types. */
int zc_py_add_batch(PyObject *module, zc_state *state);
int zc_py_add_kernel(PyObject *module, zc_state *state);
int zc_py_add_device_array(PyObject *module, zc_state *state);

#endif
