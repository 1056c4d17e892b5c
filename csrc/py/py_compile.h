/* py_compile: Device.compile: a Kernel of the program's own. Threads: with the GIL, which it releases while the device
 * compiles. */
#ifndef PY_COMPILE_H
#define PY_COMPILE_H

#include "py_state.h"

PyObject *zc_py_compile(PyObject *self, PyObject *const *args, Py_ssize_t nargs, PyObject *keywords);
extern const char zc_py_doc_compile[];

#endif
