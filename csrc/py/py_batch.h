/* py_batch: the type Batch: kernels that are recorded and then submitted together.
 *
 * A Batch owns its zc_batch and holds its Device object; neither refers back, so the garbage collector does not
 * track it. What it records pins the memory that it names until it has run, is submitted and done,
 * or is dropped: without an exception that left its `with`, that is a ResourceWarning. Threads: the GIL keeps
 * recording to one thread at a time, because it is never released here.
 */
#ifndef PY_BATCH_H
#define PY_BATCH_H

#include "py_state.h"

PyObject *zc_py_batch_new(zc_state *state, PyObject *device);

int zc_py_add_batch(PyObject *module, zc_state *state);

#endif
