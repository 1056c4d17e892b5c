/* py_store: what the objects of one guest share: its instance, and all that must live as long.
 *
 * Instance, Exports, Function and Table hold the store, and none of them holds the Instance, so that an instance without
 * host functions is freed by reference counts alone. Host functions may close over the Instance: the store takes part
 * in garbage collection. It is made, and its life ends, in py_link.c. Threads: with the GIL; a host function or a
 * stream that the guest calls takes it by zc_py_take_lock.
 */
#ifndef PY_STORE_H
#define PY_STORE_H

#include "py_wasm_module.h"

#include "imports/zc_abi.h"

/* One call in progress, on the native stack of who runs it (py_function.c). The interpreter lock is held when the guest
 * starts; a call that lasts gives it back at its first tick and takes it again for host functions, signals
 * and its end. */
typedef struct py_call {
    struct py_call *outer;
    zc_state *state;
    PyThreadState *saved; /* not NULL: the lock is released */
    bool ticked;
    bool on_main_thread;
    bool signalled; /* a signal handler's exception ends it */
    int64_t next_signal_check; /* by zc_clock_ns */
} py_call;

typedef struct py_wasi_link py_wasi_link;

typedef struct py_host_function {
    struct py_store *store; /* borrowed: the store owns this */
    bool pass_instance;     /* it gets the calling Instance first */
    PyObject *callable;
    const zc_func_type *type;
    const zc_import *import;
} py_host_function;

typedef struct py_store {
    PyObject_HEAD
    zc_instance *instance; /* NULL after close */
    PyObject *module;
    PyObject *memory; /* the Memory object, or NULL */
    PyObject *table;  /* its own Table, once others may put functions there; or NULL */
    PyObject *lane;   /* as a Memory's, of an instance that has none */
    py_host_function *hosts;
    uint32_t host_count;
    PyObject *kept; /* list with an entry for each import: the object that was given for it, or None; or NULL */
    py_call *call;  /* innermost call in progress */
    /* Something is due to be given back to the allocator: to be called before an outermost call. NULL where there is not. */
    int (*due)(zc_state *state, struct py_store *store);
    py_wasi_link *wasi; /* what it was granted of WASI, or NULL; owned */
    zc_abi *abi; /* of a module that imports "zcwasm"; owned */
    PyObject *inputs; /* dict name -> memoryview, or NULL */
    const zc_engine *engine;
    zc_limits limits; /* as they were given, for forks */
    zc_abi_limits abi_limits;
    PyObject *heap; /* what its allocator gave (py_heap), or NULL */
    PyObject *owner; /* its Instance: borrowed, NULL where there is none any more */
    /* Where a host function gets it, it may have to be made anew, a new reference, with its (device, weights). */
    PyObject *(*make_owner)(zc_state *state, struct py_store *store);
    PyObject *grants; /* these, or NULL */
    bool held; /* a snapshot or a fork is being made of it: it must not be closed */
    bool unwound; /* a call of it ended otherwise than by returning */
} py_store;

/* What an Instance is given of devices, models and the system; Py_None where it is not. */
typedef struct py_grants {
    PyObject *device, *weights, *inputs, *wasi;
} py_grants;

static inline const zc_module_info *zc_py_store_info(const py_store *store)
{
    return zc_module_get_info(((py_module *)store->module)->module);
}

/* The store's instance, or NULL with a ClosedError. */
zc_instance *zc_py_open_instance(py_store *store);

/* Take the interpreter lock back, from a host function. */
static inline void zc_py_take_lock(py_call *call)
{
    if (call->saved) {
        PyEval_RestoreThread(call->saved);
        call->saved = NULL;
    }
}

#endif
