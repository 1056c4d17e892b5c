/* py_issuer: the struct of Device and Batch: what a kernel's method is called on.
 *
 * Both issue kernels through the same methods, a Device runs them at once and a Batch records them. Threads: the GIL
 * guards every object here; it is released around waits and around kernels that take longer than a few microseconds.
 */
#ifndef PY_ISSUER_H
#define PY_ISSUER_H

#include "py_state.h"

#include "device/zc_device.h"

typedef struct zc_py_issuer {
    PyObject_HEAD
    zc_device *device;            /* retained */
    zc_batch *batch; /* Batch only */
    PyObject *owner;              /* Batch: its Device */
    PyObject *held; /* Batch: blocks of guests' allocators that it has recorded (py_heap), or NULL */
    PyObject *weak; /* references */
} zc_py_issuer;

/* zc_device of a Device or a Batch; the caller has checked that it is one. */
static inline zc_device *zc_py_device(PyObject *issuer)
{
    return ((zc_py_issuer *)issuer)->device;
}

#endif
