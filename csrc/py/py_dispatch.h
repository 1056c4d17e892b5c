/* py_dispatch: a kernel over arrays, run or recorded; and the method dispatch of Device and Batch.
 *
 * A kernel that may take long runs without the GIL and looks for signals. Threads: see py_issuer.h.
 */
#ifndef PY_DISPATCH_H
#define PY_DISPATCH_H

#include "py_array.h"

/* Run, or record, the kernel over the arrays, release them all and return a new reference to `result` (None
 * for a Batch). `flops`: the work where it is not proportional to the bytes, else 0. */
PyObject *zc_py_issue(PyObject *self, const zc_kernel *kernel, zc_py_array *arrays, size_t count, const void *params,
                      double flops, PyObject *result);

/* dispatch(kernel, arrays, params, groups=None) */
PyObject *zc_py_issue_dispatch(PyObject *self, PyObject *const *args, Py_ssize_t nargs, PyObject *keywords);
extern const char zc_py_doc_dispatch[];
#define ZC_PY_DISPATCH_METHOD \
    {"dispatch", (PyCFunction)(void (*)(void))zc_py_issue_dispatch, METH_FASTCALL | METH_KEYWORDS, zc_py_doc_dispatch}

#endif
