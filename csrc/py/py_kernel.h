/* py_kernel: the type Kernel: a kernel's signature, and what dispatch needs of it.
 *
 * A Kernel names constant data of the kernels' table and owns nothing, or one that Device.compile made, which it
 * retains together with the names of its parameters. Threads: with the GIL.
 */
#ifndef PY_KERNEL_H
#define PY_KERNEL_H

#include "py_kernel_params.h"

PyObject *zc_py_kernel_new(zc_state *state, const zc_kernel *kernel); /* a built-in one */
/* A compiled one, which it takes; `params` is one block of PyMem, which it takes, too, unless it fails. */
PyObject *zc_py_kernel_compiled(zc_state *state, const zc_kernel *kernel, zc_py_field *params, size_t count);

/* The kernel named by a str or a Kernel, or NULL with an exception. */
const zc_kernel *zc_py_kernel_of(zc_state *state, PyObject *object);
/* As zc_py_params_fill; `given` is what zc_py_kernel_of was given. */
int zc_py_kernel_fill(const zc_kernel *kernel, PyObject *given, PyObject *params, PyObject *groups, void *out);

/* The access that 'read', 'write' or 'read_write' names, or 0. */
uint8_t zc_py_access_of(const char *word);

int zc_py_add_kernel(PyObject *module, zc_state *state);

#endif
