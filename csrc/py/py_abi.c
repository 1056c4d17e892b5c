/* py_abi: see py_abi.h. */
#include "py_abi.h"
#include "py_error.h"
#include "py_issuer.h"
#include "py_weights.h"

#include "base/zc_copies.h"

static zc_status guest_log(void *context, int level, const char *text, size_t size, zc_error *error)
{
    static const int levels[] = {10, 20, 30, 40}; /* of Python's logging */
    py_store *store = context;
    zc_py_take_lock(store->call);
    PyObject *logging = PyImport_ImportModule("logging");
    PyObject *logger = logging ? PyObject_CallMethod(logging, "getLogger", "s", "zcwasm.guest") : NULL;
    PyObject *message = logger ? PyUnicode_DecodeUTF8(text, (Py_ssize_t)size, "replace") : NULL;
    PyObject *result = message ? PyObject_CallMethod(logger, "log", "isO", levels[level], "%s", message) : NULL;
    Py_XDECREF(logging);
    Py_XDECREF(logger);
    Py_XDECREF(message);
    Py_XDECREF(result);
    return result ? ZC_OK : zc_fail(error, ZC_HOST, "logging a guest's message raised an exception");
}

static bool is_ours(const zc_import *import)
{
    return import->module.size == strlen(ZC_ABI_MODULE) &&
           memcmp(import->module.bytes, ZC_ABI_MODULE, import->module.size) == 0;
}

static int add_input(zc_state *state, py_store *store, PyObject *name, PyObject *bytes)
{
    Py_ssize_t size;
    zc_error error;
    const char *text = PyUnicode_Check(name) ? PyUnicode_AsUTF8AndSize(name, &size) : NULL;
    if (!text) {
        return PyErr_Occurred()
                   ? -1
                   : (PyErr_Format(PyExc_TypeError, "an input's name must be a str, not %s", Py_TYPE(name)->tp_name),
                      -1);
    }
    PyObject *key = PyUnicode_FromStringAndSize(text, size); /* none of a class that compares as it likes */
    PyObject *view = key ? PyMemoryView_FromObject(bytes) : NULL;
    int there = view ? PyDict_Contains(store->inputs, key) : -1;
    int code = there;
    if (there > 0) { /* its bytes are borrowed from the view that is kept under that name */
        PyErr_Format(PyExc_ValueError, "there are two inputs %R", key);
        code = -1;
    } else if (there == 0) {
        const Py_buffer *buffer = PyMemoryView_GET_BUFFER(view);
        code = PyDict_SetItem(store->inputs, key, view);
        if (code == 0 && !PyBuffer_IsContiguous(buffer, 'C')) {
            PyErr_Format(PyExc_ValueError, "input %R is not contiguous", key);
            code = -1;
        } else if (code == 0 && zc_abi_add_input(store->abi, text, (size_t)size, buffer->buf, (uint64_t)buffer->len,
                                                 &error) != ZC_OK) {
            (void)zc_raise(state, &error);
            code = -1;
        }
    }
    Py_XDECREF(view);
    Py_XDECREF(key);
    return code;
}

static int add_inputs(zc_state *state, py_store *store, PyObject *inputs)
{
    PyObject *items = PyMapping_Check(inputs) ? PyMapping_Items(inputs) : NULL;
    if (!items) {
        if (!PyErr_Occurred() || PyErr_ExceptionMatches(PyExc_AttributeError)) {
            PyErr_Format(PyExc_TypeError, "inputs must be a mapping of names to buffers, not %s",
                         Py_TYPE(inputs)->tp_name);
        }
        return -1;
    }
    store->inputs = PyDict_New();
    int code = store->inputs ? 0 : -1;
    for (Py_ssize_t i = 0; code == 0 && i < PyList_GET_SIZE(items); i++) {
        PyObject *name, *bytes;
        code = PyArg_ParseTuple(PyList_GET_ITEM(items, i), "OO", &name, &bytes) ? add_input(state, store, name, bytes)
                                                                                : -1;
    }
    Py_DECREF(items);
    return code;
}

int zc_py_abi_make(zc_state *state, py_store *store, const py_grants *grants, const zc_abi_limits *limits)
{
    const zc_module_info *info = zc_py_store_info(store);
    zc_device *device = grants->device == Py_None ? NULL : zc_py_device(grants->device);
    zc_weights *weights = NULL;
    zc_error error;
    bool imported = false;
    if (grants->weights != Py_None && !(weights = zc_py_weights(state, grants->weights, "weights"))) {
        return -1;
    }
    for (uint32_t i = 0; i < info->import_count; i++) {
        imported = imported || is_ours(&info->imports[i]);
    }
    if (!imported) {
        return 0;
    }
    zc_status status = ZC_OK;
    if (weights && device) {
        Py_BEGIN_ALLOW_THREADS /* an upload where the device has memory of its own */
        status = zc_weights_load(weights, device, NULL, &error);
        Py_END_ALLOW_THREADS
    }
    zc_abi_host host = {.context = store, .log = guest_log, .inputs = grants->inputs != Py_None};
    if (status == ZC_OK) {
        status = zc_abi_new(device, weights, &host, limits, &store->abi, &error);
    }
    if (status != ZC_OK) {
        (void)zc_raise(state, &error);
        return -1;
    }
    return grants->inputs == Py_None ? 0 : add_inputs(state, store, grants->inputs);
}

int zc_py_abi_import(zc_state *state, py_store *store, const zc_import *import, const zc_func_type *type,
                     zc_import_value *out)
{
    zc_error error;
    if (!store->abi || !type || !is_ours(import)) {
        return 0;
    }
    if (zc_abi_link(store->abi, import->field, type, out, &error) != ZC_OK) {
        (void)zc_raise(state, &error);
        return -1;
    }
    return 1;
}

void zc_py_abi_clear(py_store *store)
{
    if (store->abi) {
        zc_abi_clear_inputs(store->abi);
    }
    Py_CLEAR(store->inputs);
}

void zc_py_abi_free(py_store *store)
{
    zc_py_abi_clear(store);
    zc_abi_free(store->abi);
    store->abi = NULL;
}

PyObject *zc_py_abi_outputs(py_store *store)
{
    PyObject *outputs = PyDict_New(); /* the last thing here that could run Python code, and so the guest */
    const char *name;
    const void *bytes;
    size_t name_size;
    uint64_t size;
    if (outputs && !zc_py_open_instance(store)) {
        Py_CLEAR(outputs);
    } else if (outputs && zc_instance_running(store->instance)) {
        PyErr_SetString(PyExc_RuntimeError, "the guest is running: its outputs can be read when its call is over");
        Py_CLEAR(outputs);
    }
    for (size_t i = 0; outputs && store->abi && zc_abi_output(store->abi, i, &name, &name_size, &bytes, &size); i++) {
        PyObject *key = PyUnicode_DecodeUTF8(name, (Py_ssize_t)name_size, NULL);
        PyObject *value = key ? PyBytes_FromStringAndSize(bytes, (Py_ssize_t)size) : NULL;
        if (!value || PyDict_SetItem(outputs, key, value) < 0) {
            Py_CLEAR(outputs);
        }
        Py_XDECREF(key);
        Py_XDECREF(value);
        zc_copies_add(ZC_COPY_OUTPUTS, size);
    }
    return outputs;
}
