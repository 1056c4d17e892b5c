/* py_error: the exceptions of the package, and the one place where a zc_error becomes one. */
#ifndef PY_ERROR_H
#define PY_ERROR_H

#include "py_state.h"

#include "base/zc_status.h"

/* Set the exception for `error` and return NULL. ZC_HOST keeps the exception already set. */
PyObject *zc_raise(zc_state *state, const zc_error *error);
/* A TypeError that is set, or none, becomes one that names the argument; other exceptions stay. -1. */
void zc_py_raise_wrong_type(const char *name, const char *wanted, PyObject *value);
static inline int zc_py_must_be(const char *name, const char *wanted, PyObject *value)
{
    zc_py_raise_wrong_type(name, wanted, value);
    return -1;
}

/* A TypeError unless it is a Device; a kind's name gets the remedy. -1, or 0. */
int zc_py_check_device(const zc_state *state, PyObject *value);

/* "s" where there are several, for messages. */
static inline const char *zc_py_plural(uint64_t count)
{
    return count == 1 ? "" : "s";
}

int zc_py_add_errors(PyObject *module, zc_state *state);

#endif
