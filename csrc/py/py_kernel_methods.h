/* py_kernel_methods: the methods named as kernels, which Device and Batch share: fill, matmul, softmax, ...
 * Threads: see py_issuer.h. Copies no array. */
#ifndef PY_KERNEL_METHODS_H
#define PY_KERNEL_METHODS_H

#include "py_state.h"

/* Entries for both types' tables of methods, with their docstrings. */
#define ZC_PY_KERNEL_METHODS(X) X(fill) X(affine) X(axpby) X(add) X(mul) X(matmul) X(sum) X(max) X(softmax)
#define X(name)                                                                                                \
    PyObject *zc_py_issue_##name(PyObject *self, PyObject *const *args, Py_ssize_t nargs, PyObject *keywords); \
    extern const char zc_py_doc_##name[];
ZC_PY_KERNEL_METHODS(X)
#undef X
#define ZC_PY_KERNEL_METHOD(name) \
    {#name, (PyCFunction)(void (*)(void))zc_py_issue_##name, METH_FASTCALL | METH_KEYWORDS, zc_py_doc_##name},

#endif
