/* py_engine: see py_engine.h. */
#include "py_engine.h"
#include "py_error.h"

#include <stdlib.h>

#include "engine/zc_engine_wasm3.h"
#include "engine/zc_engine_wasmtime.h"

/* zcwasm._engines.NAME(...), a new reference. */
static PyObject *ask(const char *name, const char *format, ...)
{
    va_list arguments;
    PyObject *module = PyImport_ImportModule("zcwasm._engines");
    PyObject *function = module ? PyObject_GetAttrString(module, name) : NULL;
    va_start(arguments, format);
    PyObject *values = function ? Py_VaBuildValue(format, arguments) : NULL;
    va_end(arguments);
    PyObject *result = values ? PyObject_CallObject(function, values) : NULL;
    Py_XDECREF(values);
    Py_XDECREF(function);
    Py_XDECREF(module);
    return result;
}

static zc_wasmtime_variant variant_of(bool fuel)
{
    return fuel ? ZC_WASMTIME_FUEL : ZC_WASMTIME_PLAIN;
}

const zc_engine *zc_py_engine(PyObject *name, PyObject *module, const zc_limits *limits)
{
    if (name == Py_None) {
        const char *usual = getenv("ZCWASM_ENGINE");
        if (!usual || !*usual) {
            return &zc_engine_wasm3;
        }
    }
    PyObject *chosen = ask("choose", "(O)", name);
    const bool interpreted =
        chosen && PyUnicode_Check(chosen) && PyUnicode_CompareWithASCIIString(chosen, "wasm3") == 0;
    Py_XDECREF(chosen);
    if (!chosen || interpreted) {
        return chosen ? &zc_engine_wasm3 : NULL;
    }
    const zc_wasmtime_variant variant = zc_engine_wasmtime_variant(limits);
    if (!zc_engine_wasmtime_compiled(((py_module *)module)->module, variant)) {
        PyObject *done = ask("prepare", "(OO)", module, variant == ZC_WASMTIME_FUEL ? Py_True : Py_False);
        Py_XDECREF(done);
        if (!done) {
            return NULL;
        }
    }
    return zc_engine_wasmtime_of(variant);
}

int zc_py_wide_ready(void)
{
    PyObject *ready = ask("ready", "()");
    const int there = ready ? PyObject_IsTrue(ready) : -1;
    Py_XDECREF(ready);
    return there;
}

int zc_py_validate_wide(zc_state *state, const zc_module *module)
{
    zc_error error;
    zc_status status;
    Py_BEGIN_ALLOW_THREADS
    status = zc_wasmtime_validate(zc_module_bytes(module), zc_module_size(module), &error);
    Py_END_ALLOW_THREADS
    if (status != ZC_OK) {
        (void)zc_raise(state, &error);
        return -1;
    }
    return 0;
}

/* ---- for zcwasm/_engines.py ---- */

static PyObject *load(PyObject *self, PyObject *arguments)
{
    PyObject *path;
    const char *version;
    zc_error error;
    zc_status status;
    (void)self;
    if (!PyArg_ParseTuple(arguments, "O&s:_wasmtime_load", PyUnicode_FSConverter, &path, &version)) {
        return NULL;
    }
    Py_BEGIN_ALLOW_THREADS
    status = zc_wasmtime_load(PyBytes_AS_STRING(path), version, &error);
    Py_END_ALLOW_THREADS
    Py_DECREF(path);
    return status == ZC_OK ? Py_NewRef(Py_None) : PyUnicode_DecodeUTF8(error.message, strlen(error.message), "replace");
}

/* The arguments (module, fuel), or fewer than are asked for. */
static bool take_module(PyObject *self, PyObject *const *arguments, Py_ssize_t count, Py_ssize_t expected,
                        zc_module **module, bool *fuel)
{
    zc_state *state = PyModule_GetState(self);
    if (count != expected || !Py_IS_TYPE(arguments[0], state->module_type)) {
        PyErr_Format(PyExc_TypeError, "a Module and %zd more arguments are expected", expected - 1);
        return false;
    }
    *module = ((py_module *)arguments[0])->module;
    *fuel = arguments[1] == Py_True;
    return true;
}

static PyObject *has_code(PyObject *self, PyObject *const *arguments, Py_ssize_t count)
{
    zc_module *module;
    bool fuel;
    if (!take_module(self, arguments, count, 2, &module, &fuel)) {
        return NULL;
    }
    return PyBool_FromLong(zc_engine_wasmtime_compiled(module, variant_of(fuel)) != NULL);
}

static PyObject *compile(PyObject *self, PyObject *const *arguments, Py_ssize_t count)
{
    zc_module *module;
    bool fuel;
    zc_error error;
    zc_status status;
    zc_writer bytes = {0};
    if (!take_module(self, arguments, count, 2, &module, &fuel)) {
        return NULL;
    }
    zc_module_retain(module); /* the thread may be left behind */
    Py_BEGIN_ALLOW_THREADS
    status = zc_engine_wasmtime_prepare(module, variant_of(fuel), &error);
    if (status == ZC_OK) {
        status = zc_wasmtime_serialize(zc_engine_wasmtime_compiled(module, variant_of(fuel)), &bytes, &error);
    }
    Py_END_ALLOW_THREADS
    zc_module_release(module);
    PyObject *result = status == ZC_OK ? PyBytes_FromStringAndSize((const char *)bytes.bytes, (Py_ssize_t)bytes.size)
                                       : zc_raise(PyModule_GetState(self), &error);
    zc_writer_free(&bytes);
    return result;
}

static PyObject *take_code(PyObject *self, PyObject *const *arguments, Py_ssize_t count)
{
    zc_module *module;
    bool fuel;
    Py_buffer bytes;
    zc_error error;
    zc_status status;
    wasmtime_module_t *compiled;
    if (!take_module(self, arguments, count, 3, &module, &fuel) ||
        PyObject_GetBuffer(arguments[2], &bytes, PyBUF_SIMPLE) < 0) {
        return NULL;
    }
    status = zc_wasmtime_ready(&error); /* else it says nothing about the bytes */
    if (status != ZC_OK) {
        PyBuffer_Release(&bytes);
        return zc_raise(PyModule_GetState(self), &error);
    }
    Py_BEGIN_ALLOW_THREADS
    status = zc_wasmtime_deserialize(variant_of(fuel), bytes.buf, (size_t)bytes.len, &compiled, &error);
    if (status == ZC_OK) {
        status = zc_engine_wasmtime_adopt(module, variant_of(fuel), compiled, &error);
    }
    Py_END_ALLOW_THREADS
    PyBuffer_Release(&bytes);
    if (status == ZC_UNSUPPORTED) {
        Py_RETURN_FALSE;
    }
    return status == ZC_OK ? Py_NewRef(Py_True) : zc_raise(PyModule_GetState(self), &error);
}

static PyMethodDef functions[] = {
    {"_wasmtime_load", load, METH_VARARGS,
     "_wasmtime_load(path, version, /)\n--\n\nOpen the library, once for a process; None, or why it cannot be used."},
    {"_code_has", (PyCFunction)(void (*)(void))has_code, METH_FASTCALL,
     "_code_has(module, fuel, /)\n--\n\nWhether wasmtime's code of the module is there, of the kind that counts fuel "
     "or not."},
    {"_code_compile", (PyCFunction)(void (*)(void))compile, METH_FASTCALL,
     "_code_compile(module, fuel, /)\n--\n\nCompile it now; the code as bytes. Nothing stops it."},
    {"_code_load", (PyCFunction)(void (*)(void))take_code, METH_FASTCALL,
     "_code_load(module, fuel, code, /)\n--\n\nTake such bytes, which are believed; False when they are of another "
     "version\n"
     "or processor."},
    {NULL, NULL, 0, NULL},
};

/* Names of what a compiling engine has and the interpreter does not. */
static PyObject *compiled_features(void)
{
    PyObject *names = PyList_New(0);
    for (unsigned i = 1; names && zc_feature_name(i); i++) {
        PyObject *name = PyUnicode_FromString(zc_feature_name(i));
        if (!name || (zc_feature_is_compiled(i) && PyList_Append(names, name) < 0)) {
            Py_CLEAR(names);
        }
        Py_XDECREF(name);
    }
    PyObject *result = names ? PyList_AsTuple(names) : NULL;
    Py_XDECREF(names);
    return result;
}

int zc_py_add_engine(PyObject *module, zc_state *state)
{
    (void)state;
    PyObject *features = compiled_features();
    const int code = features ? PyModule_AddObjectRef(module, "_compiled_features", features) : -1;
    Py_XDECREF(features);
    if (code < 0) {
        return -1;
    }
    const char *configuration = ZC_WASMTIME_CONFIGURATION;
    if (PyModule_AddStringConstant(module, "_wasmtime_configuration", configuration) < 0) {
        return -1;
    }
    return PyModule_AddFunctions(module, functions);
}
