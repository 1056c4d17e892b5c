/* py_profile: what zcwasm/_profile.py needs of the core's samples (guest/zc_profile.h), as a capsule. Threads: with the GIL,
 * which is released while the sampler ends. */
#ifndef PY_PROFILE_H
#define PY_PROFILE_H

#include "py_state.h"

int zc_py_add_profile(PyObject *module, zc_state *state);

#endif
