/* py_weights: Weights, the tensors of mapped model files.
 *
 * A Weights owns a reference to its zc_weights and a dict of its Tensors. Which tensors there are is told by the
 * constructor's caller, in zcwasm/_models/weights.py: reading file formats is Python's part, and zc_weights_add checks
 * all that it says. Threads: the GIL guards the objects; it is released while the file is opened and while weights are
 * uploaded, but for reports of progress.
 */
#ifndef PY_WEIGHTS_H
#define PY_WEIGHTS_H

#include "py_state.h"

#include "weights/zc_weights.h"

/* The weights (borrowed) of a Weights object, or NULL with a TypeError that names the argument. */
zc_weights *zc_py_weights(zc_state *state, PyObject *object, const char *name);

int zc_py_add_weights(PyObject *module, zc_state *state);

#endif
