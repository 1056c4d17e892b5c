/* py_kernel_params: see py_kernel_params.h. */
#include "py_kernel_params.h"
#include "py_arguments.h"
#include "py_error.h"

#include "device/zc_device.h"

#include <stddef.h>
#include <string.h>

/* zc_NAME_params_fields, an array for each parameter struct. */
#define U32(of, member) {#member, offsetof(of, member), 'u'},
#define I32(of, member) {#member, offsetof(of, member), 'i'},
#define F32(of, member) {#member, offsetof(of, member), 'f'},
#define ZC_PARAMS(of, list) static const zc_py_field of##_fields[] = {list};
#include "kernel/zc_kernel_fields.inc"
#undef ZC_PARAMS

#define LENGTH(array) (sizeof(array) / sizeof(array)[0])

/* The comment behind it is shown when a row is new and its fields are not there. */
static const zc_py_fields fields_of[ZC_KERNEL_COUNT] = {
#define ZC_KERNEL(name, params, workgroup, traits, bindings) \
    {params##_fields, LENGTH(params##_fields)}, /* undeclared: run buildtools/abi.py */
#include "kernel/zc_kernel.def"
#undef ZC_KERNEL
};

#define ZC_KERNEL(name, params, workgroup, traits, bindings)      \
    _Static_assert(sizeof(params) == 4 * LENGTH(params##_fields), \
                   #name ": other fields than listed, run buildtools/abi.py");
#include "kernel/zc_kernel.def"
#undef ZC_KERNEL

zc_py_fields zc_py_fields_of(zc_kernel_id id)
{
    return fields_of[id];
}

static const char type_letters[] = "uif";
static const char *const type_names[] = {"uint32", "int32", "float32"};

const char *zc_py_field_type_name(char type)
{
    return type_names[strchr(type_letters, type) - type_letters];
}

char zc_py_field_type(const char *name)
{
    size_t i = 0;
    while (type_letters[i] && strcmp(type_names[i], name) != 0) {
        i++;
    }
    return type_letters[i];
}

static int set_field(const zc_kernel *kernel, const zc_py_field *field, PyObject *value, void *out)
{
    char name[64];
    (void)snprintf(name, sizeof name, "%s: %s", kernel->name, field->name);
    char *target = (char *)out + field->offset;
    if (field->type == 'f') {
        float number;
        if (zc_py_float(value, name, &number) < 0) {
            return -1;
        }
        memcpy(target, &number, sizeof number);
        return 0;
    }
    uint32_t bits;
    if (zc_py_word(value, name, field->type == 'i', &bits) < 0) {
        return -1;
    }
    memcpy(target, &bits, sizeof bits);
    return 0;
}

int zc_py_kernel_three(const zc_kernel *kernel, const char *what, PyObject *numbers, uint32_t out[3])
{
    const zc_py_field each = {what, 0, 'u'};
    PyObject *tuple = zc_py_integers(numbers, what, "one to three integers");
    if (!tuple) {
        return -1;
    }
    Py_ssize_t count = PyTuple_GET_SIZE(tuple);
    int code = count >= 1 && count <= 3 ? 0 : -1;
    if (code < 0) {
        PyErr_Format(PyExc_ValueError, "%s has %zd numbers, must have 1 to 3", what, count);
    }
    for (Py_ssize_t i = 0; i < 3 && code == 0; i++) {
        out[i] = 1;
        if (i < count) {
            code = set_field(kernel, &each, PyTuple_GET_ITEM(tuple, i), &out[i]);
        }
    }
    Py_DECREF(tuple);
    return code;
}

/* What stands in front of a compiled kernel's parameters. */
static int set_groups(const zc_kernel *kernel, PyObject *groups, void *out)
{
    if (kernel->compiled && groups == Py_None) {
        PyErr_Format(PyExc_ValueError,
                     "kernel %s was compiled by the user: groups= is needed, how many workgroups (or rows, of a "
                     "module's function), a number or (x, y, z)",
                     kernel->name);
        return -1;
    }
    if (!kernel->compiled && groups != Py_None) {
        PyErr_Format(PyExc_ValueError,
                     "groups is for kernels compiled by the user; the built-in %s takes its size from params",
                     kernel->name);
        return -1;
    }
    return kernel->compiled ? zc_py_kernel_three(kernel, "groups", groups, out) : 0;
}

static int set_bytes(const zc_kernel *kernel, PyObject *bytes, size_t size, void *out)
{
    Py_buffer view;
    int code = 0;
    if (!PyObject_CheckBuffer(bytes)) {
        return zc_py_must_be("params", "a dict or bytes", bytes);
    }
    if (PyObject_GetBuffer(bytes, &view, PyBUF_SIMPLE) < 0) {
        return -1;
    }
    if (view.len == (Py_ssize_t)size) {
        memcpy(out, view.buf, size);
    } else {
        PyErr_Format(PyExc_ValueError, "kernel %s takes %zu bytes of parameters, got %zd", kernel->name, size,
                     view.len);
        code = -1;
    }
    PyBuffer_Release(&view);
    return code;
}

static int set_fields(const zc_kernel *kernel, const zc_py_fields *fields, PyObject *dict, void *out)
{
    for (size_t i = 0; i < fields->count; i++) {
        PyObject *key = PyUnicode_FromString(fields->all[i].name);
        PyObject *value = key ? PyDict_GetItemWithError(dict, key) : NULL;
        Py_XDECREF(key);
        if (!value) {
            if (!PyErr_Occurred()) {
                PyErr_Format(PyExc_ValueError, "kernel %s: params misses '%s'", kernel->name, fields->all[i].name);
            }
            return -1;
        }
        Py_INCREF(value); /* its __index__ may change the dict */
        int code = set_field(kernel, &fields->all[i], value, out);
        Py_DECREF(value);
        if (code < 0) {
            return -1;
        }
    }
    if (PyDict_GET_SIZE(dict) != (Py_ssize_t)fields->count) {
        PyErr_Format(PyExc_ValueError, "kernel %s takes %zu parameters, params has %zd", kernel->name, fields->count,
                     PyDict_GET_SIZE(dict));
        return -1;
    }
    return 0;
}

int zc_py_params_fill(const zc_kernel *kernel, const zc_py_fields *fields, PyObject *params, PyObject *groups,
                      void *out)
{
    size_t front = kernel->compiled ? ZC_KERNEL_GROUPS_SIZE : 0;
    void *own = (char *)out + front;
    if (set_groups(kernel, groups, out) < 0) {
        return -1;
    }
    return PyDict_Check(params) ? set_fields(kernel, fields, params, own)
                                : set_bytes(kernel, params, kernel->params_size - front, own);
}
