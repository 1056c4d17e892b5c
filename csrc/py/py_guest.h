/* py_guest: the structures that the guest half of csrc/py shares: stores, memories, globals, functions.
 *
 * A store keeps one zc_instance and what it uses; Instance, Exports and Function all hold the store, and
 * none of them holds the Instance, so that an instance without host functions is freed by reference counts
 * alone. Host functions may close over the Instance: the store takes part in garbage collection.
 */
#ifndef PY_GUEST_H
#define PY_GUEST_H

#include "py_zcwasm.h"
#include "imports/zc_abi.h"
#include "guest/zc_guest.h"

/* One call in progress, on the native stack of zc_py_call. The interpreter lock is held when the guest
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
    PyObject *callable;
    const zc_func_type *type;
    const zc_import *import;
} py_host_function;

typedef struct py_store {
    PyObject_HEAD
    zc_instance *instance; /* NULL after close */
    PyObject *module;
    PyObject *memory; /* the Memory object, or NULL */
    py_host_function *hosts;
    uint32_t host_count;
    PyObject *kept; /* list of imported objects that must live as long */
    py_call *call;  /* innermost call in progress */
    py_wasi_link *wasi; /* what it was granted of WASI, or NULL; owned */
    zc_abi *abi;      /* of a module that imports "zcwasm"; owned */
    PyObject *inputs; /* list of memoryviews, or NULL */
} py_store;

typedef struct py_module {
    PyObject_HEAD
    zc_module *module;
    PyObject *name;    /* path, or None */
    PyObject *imports; /* tuple, made at first use */
    PyObject *exports;
    PyObject *export_index; /* dict name -> position */
    PyObject *weak; /* references */
} py_module;

typedef struct py_memory {
    PyObject_HEAD
    zc_memory *memory;
    PyObject *weak; /* references */
} py_memory;

typedef struct py_global {
    PyObject_HEAD
    zc_global *global;
    PyObject *weak; /* references */
} py_global;

typedef struct py_table {
    PyObject_HEAD
    py_store *store;
    PyObject *weak; /* references */
} py_table;

typedef struct py_function {
    PyObject_HEAD
    vectorcallfunc vectorcall;
    py_store *store;
    const zc_func_type *type;
    uint32_t index;
    PyObject *name;
    PyObject *weak; /* references */
} py_function;

/* The store's instance, or NULL with a ClosedError. */
zc_instance *zc_py_open_instance(py_store *store);

/* "i32" ... as interned strings in a tuple. */
PyObject *zc_py_value_types(const uint8_t *types, uint32_t count);
PyObject *zc_py_name(zc_name name);
/* "(i32, i64) -> f32", or "() -> ()"; and what an import or export is: "function (i32) -> ()", "global i64", ... */
PyObject *zc_py_signature(const zc_func_type *type);
PyObject *zc_py_describe_extern(const zc_module_info *info, zc_extern_kind kind, uint32_t index);
/* Value type of a name such as "i32", or -1 with an exception. */
int zc_py_value_type(PyObject *name);

/* One value of a guest from and to Python; -1 with an exception when it is of the wrong type or range.
 * `what` describes the place for the message, `position` its number from 1 (0 to leave it out). */
int zc_py_to_bits(PyObject *value, uint8_t type, uint64_t *bits, const char *what, Py_ssize_t position);
PyObject *zc_py_from_bits(uint64_t bits, uint8_t type);

/* Call function `index` of the store with checked parameter values; a new reference, or an exception. */
PyObject *zc_py_call(zc_state *state, py_store *store, uint32_t index, const uint64_t *parameters);
/* Run the start function. */
int zc_py_start(zc_state *state, py_store *store);
/* zc_host_function over a py_host_function. */
zc_status zc_py_call_host(void *context, uint64_t *slots, zc_error *error);

/* Take the interpreter lock back, from a host function. */
void zc_py_take_lock(py_call *call);

/* --- py_wasi.c --- */

/* Make what the Wasi object grants ready for imports of the store, and let go of it. */
int zc_py_wasi_link(zc_state *state, py_store *store, PyObject *wasi);
void zc_py_wasi_unlink(py_store *store);
/* 1: *out is filled; 0: the import is not WASI's; -1: LinkError, also when WASI was not granted. `type` is NULL
 * for what is no function. */
int zc_py_wasi_import(zc_state *state, py_store *store, const zc_import *import, const zc_func_type *type,
                      zc_import_value *out);
void zc_py_wasi_bind(py_store *store); /* once the store has its instance */
PyObject *zc_py_wasi_object(const py_store *store); /* borrowed, or NULL */

/* --- py_abi.c --- */

typedef struct py_grants { /* arguments of Instance, Py_None where not given */
    PyObject *device, *weights, *inputs;
} py_grants;

/* Check the grants and, for a module that imports from "zcwasm", make the store's zc_abi. */
int zc_py_abi_make(zc_state *state, py_store *store, const py_grants *grants, const zc_abi_limits *limits);
/* 1: *out is filled; 0: the import is not of "zcwasm"; -1: LinkError, also when it was not granted. `type` is NULL
 * for what is no function. */
int zc_py_abi_import(zc_state *state, py_store *store, const zc_import *import, const zc_func_type *type,
                     zc_import_value *out);
void zc_py_abi_clear(py_store *store); /* lets go of Python objects */
void zc_py_abi_free(py_store *store);
PyObject *zc_py_abi_outputs(py_store *store); /* a new dict */

PyObject *zc_py_function_new(zc_state *state, py_store *store, uint32_t index, PyObject *name);
/* Name -> position of each export, once per module. */
int zc_py_index_exports(py_module *module);
PyObject *zc_py_exports_new(zc_state *state, py_store *store);
int zc_py_exports_clear(PyObject *exports);
PyObject *zc_py_memory_new(zc_state *state, zc_memory *memory); /* retains */
PyObject *zc_py_global_new(zc_state *state, zc_global *global); /* retains */
PyObject *zc_py_table_new(zc_state *state, py_store *store);

#endif
