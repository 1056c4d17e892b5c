/* py_device: the type Device, and devices().
 *
 * A Device owns a reference to a zc_device and nothing else; its kernels are in py_kernel_methods.c. It holds
 * no Python objects, so the garbage collector does not track it. Threads: see py_issuer.h.
 */
#ifndef PY_DEVICE_H
#define PY_DEVICE_H

#include "py_state.h"

int zc_py_add_device(PyObject *module, zc_state *state);

#endif
