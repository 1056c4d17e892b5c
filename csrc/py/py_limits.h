/* py_limits: the numbers of a zcwasm.Limits (zcwasm/_limits.py), and the defaults. Threads: with the GIL. */
#ifndef PY_LIMITS_H
#define PY_LIMITS_H

#include "py_state.h"

#include "guest/zc_guest.h"
#include "imports/zc_abi.h"

/* `limits` may be None. */
int zc_py_take_limits(PyObject *limits, zc_limits *out, zc_abi_limits *abi);

#endif
