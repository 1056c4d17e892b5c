/* py_kernel_params: the parameters of kernels, from Python values.
 *
 * The fields of the built-in kernels' parameter structs are made from their header by buildtools/abi.py and checked
 * against the structs' sizes when compiled. Threads: with the GIL.
 */
#ifndef PY_KERNEL_PARAMS_H
#define PY_KERNEL_PARAMS_H

#include "py_state.h"

#include "kernel/zc_kernel.h"

typedef struct zc_py_field {
    const char *name;
    uint32_t offset;
    char type; /* 'u' uint32, 'i' int32, 'f' float32 */
} zc_py_field;

typedef struct zc_py_fields {
    const zc_py_field *all;
    size_t count;
} zc_py_fields;

zc_py_fields zc_py_fields_of(zc_kernel_id id); /* of a built-in kernel */

/* "float32" and so on; and the type of such a word, or 0. */
const char *zc_py_field_type_name(char type);
char zc_py_field_type(const char *name);

/* One to three numbers, the rest 1. `what` names them in messages. */
int zc_py_kernel_three(const zc_kernel *kernel, const char *what, PyObject *numbers, uint32_t out[3]);

/* Into `out` from `params`, a dict of the fields or a bytes-like object. Those of a compiled kernel are preceded by
 * `groups`, which is None for the others. */
int zc_py_params_fill(const zc_kernel *kernel, const zc_py_fields *fields, PyObject *params, PyObject *groups,
                      void *out);

#endif
