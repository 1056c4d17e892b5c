/* py_tensor: Tensor, one of the tensors of a mapped model file. It owns a reference to the zc_weights, not to the Weights
 * that made it, so that nothing refers back and the garbage collector tracks neither. Threads: with the GIL.
 */
#ifndef PY_TENSOR_H
#define PY_TENSOR_H

#include "py_state.h"

#include "weights/zc_weights.h"

PyObject *zc_py_tensor_new(zc_state *state, zc_weights *weights, uint32_t index);

/* Whether the object is a Tensor; then its weights (borrowed) and its index among their tensors. */
bool zc_py_is_tensor(PyObject *object, const zc_weights **weights, uint32_t *index);

int zc_py_add_tensor(PyObject *module, zc_state *state);

#endif
