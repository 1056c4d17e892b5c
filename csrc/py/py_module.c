/* py_module: the extension module zcwasm._core: its initialisation and its functions.
 * On top of csrc/py: the one file that knows all types. Multi-phase initialisation, heap types, no static objects; the
 * layers below are process-wide and thread-safe, so several imports of this module share them. */
#include "py_state.h"
#include "py_error.h"
#include "py_view.h"
#include "py_memory.h"
#include "py_global.h"
#include "py_table.h"
#include "py_wasm_module.h"
#include "py_function.h"
#include "py_exports.h"
#include "py_heap.h"
#include "py_wasi.h"
#include "py_link.h"
#include "py_snapshot.h"
#include "py_instance.h"
#include "py_scope.h"
#include "py_device_array.h"
#include "py_tensor.h"
#include "py_weights.h"
#include "py_kernel.h"
#include "py_submission.h"
#include "py_batch.h"
#include "py_share.h"
#include "py_device.h"
#include "py_trace.h"
#include "py_engine.h"
#include "py_profile.h"

#ifdef __GLIBC__
#include <malloc.h>
#endif

#include "base/zc_copies.h"
#include "device/cpu/zc_cpu.h"
#include "device/zc_device.h"
#include "engine/zc_engine_wasm3.h"
#include "engine/zc_engine_wasmtime.h"
#include "region/zc_mapping.h"
#include "region/zc_region.h"

#if !defined(ZCWASM_VERSION)
#define ZCWASM_VERSION "unknown" /* setup.py defines it */
#endif

PyDoc_STRVAR(copy_stats_doc, "copy_stats()\n--\n\n"
                             "Bytes that this package copied since start, by reason.\n\n"
                             "Returns a dict {reason: bytes}; all values stay as they are on the hot path\n"
                             "(calls, views, dispatches). Reasons: module_bytes (a module given as bytes),\n"
                             "data_segments (initial contents of guest memories), memory_read and\n"
                             "memory_write (Memory.read and Memory.write), inputs and outputs (of guests),\n"
                             "snapshot (a guest's scratch memory, and what a file written in Python is given)\n"
                             "and forked (a guest's memory, once for all that is forked from it).");

static PyObject *copy_stats(PyObject *module, PyObject *unused)
{
    (void)module;
    (void)unused;
    PyObject *result = PyDict_New();
    for (int reason = 0; result && reason < ZC_COPY_REASONS; reason++) {
        PyObject *bytes = PyLong_FromUnsignedLongLong(zc_copies_get((zc_copy_reason)reason));
        if (!bytes || PyDict_SetItemString(result, zc_copies_name((zc_copy_reason)reason), bytes) < 0) {
            Py_CLEAR(result);
        }
        Py_XDECREF(bytes);
    }
    return result;
}

static PyObject *drain(PyObject *module, PyObject *unused)
{
    (void)module;
    (void)unused;
    Py_BEGIN_ALLOW_THREADS
    zc_device_drain_all();
    Py_END_ALLOW_THREADS
    Py_RETURN_NONE;
}

static zc_status look_for_signals(void *context, zc_error *error)
{
    (void)error;
    PyEval_RestoreThread(*(PyThreadState **)context);
    int code = PyErr_CheckSignals();
    *(PyThreadState **)context = PyEval_SaveThread();
    return code < 0 ? ZC_HOST : ZC_OK;
}

static PyObject *finish(PyObject *module, PyObject *seconds)
{
    (void)module;
    double limit = PyFloat_AsDouble(seconds);
    if (limit == -1.0 && PyErr_Occurred()) {
        return NULL;
    }
    PyThreadState *saved = PyEval_SaveThread();
    bool idle = zc_device_finish_all((int64_t)(limit * 1e9), look_for_signals, &saved);
    PyEval_RestoreThread(saved);
    return PyErr_Occurred() ? NULL : PyBool_FromLong(idle);
}

/* The address space of guests that were closed; and glibc keeps what was freed for later: after the making of a
 * tokenizer that is many MB that nobody asks for again. */
static PyObject *trim(PyObject *module, PyObject *unused)
{
    (void)module;
    (void)unused;
    Py_BEGIN_ALLOW_THREADS
    zc_mapping_trim();
#ifdef __GLIBC__
    malloc_trim(0);
#endif
    Py_END_ALLOW_THREADS
    Py_RETURN_NONE;
}

static PyObject *region_count(PyObject *module, PyObject *unused)
{
    (void)module;
    (void)unused;
    return PyLong_FromUnsignedLongLong(zc_region_count());
}

static PyObject *cpu_isa(PyObject *module, PyObject *unused)
{
    (void)module;
    (void)unused;
    return PyUnicode_FromString(zc_cpu_isa());
}

static PyObject *cpu_isas(PyObject *module, PyObject *unused)
{
    PyObject *dict = PyDict_New();
    const char *name;
    bool here;
    (void)module;
    (void)unused;
    for (size_t i = 0; dict != NULL && (name = zc_cpu_known_isa(i, &here)) != NULL; i++) {
        if (PyDict_SetItemString(dict, name, here ? Py_True : Py_False) < 0) {
            Py_CLEAR(dict);
        }
    }
    return dict;
}

static PyMethodDef functions[] = {
    {"copy_stats", copy_stats, METH_NOARGS, copy_stats_doc},
    {"_drain", drain, METH_NOARGS, "_drain()\n--\n\nWait until no device has work in flight."},
    {"_finish", finish, METH_O,
     "_finish(seconds, /)\n--\n\nCancel all work in flight and wait for its end so long; whether all has ended."},
    {"_trim", trim, METH_NOARGS, "_trim()\n--\n\nGive memory that was freed back to the system, where it is kept."},
    {"_region_count", region_count, METH_NOARGS, "_region_count()\n--\n\nLive regions, for leak tests."},
    {"_cpu_isa", cpu_isa, METH_NOARGS, "_cpu_isa()\n--\n\nInstruction set of the cpu device."},
    {"_cpu_isas", cpu_isas, METH_NOARGS,
     "_cpu_isas()\n--\n\nInstruction sets that this build knows, the best first: whether this machine has them."},
    {NULL, NULL, 0, NULL},
};

static int import_into(PyObject **slot, const char *module_name, const char *attribute)
{
    PyObject *module = PyImport_ImportModule(module_name);
    if (module) {
        *slot = PyObject_GetAttrString(module, attribute);
        Py_DECREF(module);
    }
    return *slot ? 0 : -1;
}

/* Exceptions first, which others derive from or raise. */
static int (*const add[])(PyObject *module, zc_state *state) = {
    zc_py_add_errors,      zc_py_add_view,         zc_py_add_memory,  zc_py_add_global,   zc_py_add_table,
    zc_py_add_wasm_module, zc_py_add_function,     zc_py_add_exports, zc_py_add_wasi,     zc_py_add_store,
    zc_py_add_instance,    zc_py_add_device_array, zc_py_add_tensor,  zc_py_add_weights,  zc_py_add_kernel,
    zc_py_add_submission,  zc_py_add_batch,        zc_py_add_device,  zc_py_add_snapshot, zc_py_add_heap,
    zc_py_add_scope,       zc_py_add_engine,       zc_py_add_trace,   zc_py_add_profile,  zc_py_add_share,
};

static int exec(PyObject *module)
{
    zc_state *state = PyModule_GetState(module);
    if (import_into(&state->numpy_ndarray, "numpy", "ndarray") < 0 ||
        import_into(&state->numpy_dtype, "numpy", "dtype") < 0 ||
        import_into(&state->main_thread, "threading", "main_thread") < 0) {
        return -1;
    }
    for (size_t i = 0; i < sizeof add / sizeof *add; i++) {
        if (add[i](module, state) < 0) {
            return -1;
        }
    }
    const zc_engine *one = &zc_engine_wasm3, *other = &zc_engine_wasmtime;
    PyObject *units = Py_BuildValue("{ssss}", zc_engine_name(one), zc_engine_fuel_unit(one), zc_engine_name(other),
                                    zc_engine_fuel_unit(other));
    int code = units ? PyModule_AddObjectRef(module, "_fuel_units", units) : -1;
    Py_XDECREF(units);
    return code == 0 ? PyModule_AddStringConstant(module, "__version__", ZCWASM_VERSION) : -1;
}

static PyModuleDef_Slot slots[] = {
    {Py_mod_exec, exec},
#if PY_VERSION_HEX >= 0x030C0000
    {Py_mod_multiple_interpreters, Py_MOD_MULTIPLE_INTERPRETERS_NOT_SUPPORTED}, /* as NumPy */
#endif
#if defined(Py_mod_gil)
    /* Objects are guarded by the GIL alone: closing an instance while another thread calls it, say. A free-threaded
     * interpreter turns the GIL on when it imports this. */
    {Py_mod_gil, Py_MOD_GIL_USED},
#endif
    {0, NULL},
};

PyMODINIT_FUNC PyInit__core(void);

PyMODINIT_FUNC PyInit__core(void)
{
    return zc_py_define_module(functions, slots);
}
