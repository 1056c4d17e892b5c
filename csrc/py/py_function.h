/* py_function: calls from Python into a guest and from a guest into Python; the type Function.
 *
 * The interpreter lock: a call starts with it held, since most calls end within microseconds and giving it
 * back and taking it again would cost more than they do. At the first tick (some 10,000 opcodes) the guest
 * runs without it. Host functions take it again. On the main thread it is taken every 20 ms to let signal
 * handlers run, so that Ctrl-C stops a guest. */
#ifndef PY_FUNCTION_H
#define PY_FUNCTION_H

#include "py_store.h"

typedef struct py_function {
    PyObject_HEAD
    vectorcallfunc vectorcall;
    zc_state *state; /* the module's, which its type keeps */
    py_store *store;
    const zc_func_type *type;
    uint32_t index;
    PyObject *name;
    PyObject *weak; /* references */
} py_function;

PyObject *zc_py_function_new(zc_state *state, py_store *store, uint32_t index, PyObject *name);

/* Call function `index` of the store with checked parameter values; a new reference, or an exception. */
PyObject *zc_py_call(zc_state *state, py_store *store, uint32_t index, const uint64_t *parameters);
/* Whether a call of it could begin now: nobody else runs the guest. */
bool zc_py_callable_now(py_store *store, uint32_t index);
/* Run the start function. */
int zc_py_start(zc_state *state, py_store *store);
/* What a function without an export's name is called: by the name section, the first export, or "function 3". */
PyObject *zc_py_function_label(const zc_module_info *info, uint32_t index);
/* What a store does for the functions of its guest that lie in tables. */
extern const zc_guest_owner zc_py_guest_owner; /* but for the context, which is the store */
/* zc_host_function over a py_host_function. */
zc_status zc_py_call_host(void *context, uint64_t *slots, zc_error *error);

int zc_py_add_function(PyObject *module, zc_state *state);

#endif
