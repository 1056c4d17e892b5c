/* py_memory: Memory, a guest's linear memory. It owns a reference to its zc_memory. Threads: with the GIL. */
#ifndef PY_MEMORY_H
#define PY_MEMORY_H

#include "py_state.h"

#include "guest/zc_guest.h"

typedef struct py_memory {
    PyObject_HEAD
    zc_memory *memory;
    PyObject *lane; /* of the calls that were submitted over it, or NULL; see zcwasm/_call.py */
    PyObject *weak; /* references */
} py_memory;

PyObject *zc_py_memory_new(zc_state *state, zc_memory *memory); /* retains */
/* Where an array that lies in this memory begins there; -1 with an exception, ValueError when it does not. `name`: what
 * messages call it. `whole`: it must be C-contiguous, too. The array is asked for its view, which may run Python code. */
int zc_py_memory_pointer(PyObject *memory, PyObject *array, const char *name, bool whole, uint64_t *pointer);

int zc_py_add_memory(PyObject *module, zc_state *state);

#endif
