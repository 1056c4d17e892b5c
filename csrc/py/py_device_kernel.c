/* py_device_kernel: the type Kernel: a kernel's signature, and parameters from Python values.
 *
 * A Kernel names constant data of zc_kernel.c and owns nothing. The table of parameter fields below is
 * checked against the structs' sizes when compiled. Threads: with the GIL.
 */
#include "py_device.h"

#include <stddef.h>

typedef struct field {
    const char *name;
    uint32_t offset;
    bool is_float;
} field;

typedef struct fields {
    const field *all;
    size_t count;
} fields;

#define U32(of, member) {#member, offsetof(of, member), false},
#define F32(of, member) {#member, offsetof(of, member), true},

static const field fill_fields[] = {U32(zc_fill_params, count) U32(zc_fill_params, pattern)};
static const field affine_fields[] = {
    U32(zc_affine_params, count) F32(zc_affine_params, scale) F32(zc_affine_params, shift)};
static const field axpby_fields[] = {
    U32(zc_axpby_params, count) F32(zc_axpby_params, alpha) F32(zc_axpby_params, beta)};
static const field elementwise_fields[] = {U32(zc_elementwise_params, count)};
#define M(member) U32(zc_matmul_params, member)
static const field matmul_fields[] = {
    M(m) M(n) M(k) M(batch) M(lda) M(ldb) M(ldc) M(stride_a) M(stride_b) M(stride_c) M(transpose_a)
        M(transpose_b) F32(zc_matmul_params, alpha) F32(zc_matmul_params, beta)};
#undef M
static const field rows_fields[] = {
    U32(zc_rows_params, rows) U32(zc_rows_params, cols) U32(zc_rows_params, ldx) U32(zc_rows_params, ldout)};

/* Which fields a parameter struct has. */
#define zc_fill_params_fields fill_fields
#define zc_affine_params_fields affine_fields
#define zc_axpby_params_fields axpby_fields
#define zc_elementwise_params_fields elementwise_fields
#define zc_matmul_params_fields matmul_fields
#define zc_rows_params_fields rows_fields
#define LENGTH(array) (sizeof(array) / sizeof(array)[0])

static const fields fields_of[ZC_KERNEL_COUNT] = {
#define ZC_KERNEL(name, params, workgroup, in_place, bindings) {params##_fields, LENGTH(params##_fields)},
#include "zc_kernel.def"
#undef ZC_KERNEL
};

#define ZC_KERNEL(name, params, workgroup, in_place, bindings) \
    _Static_assert(sizeof(params) == 4 * LENGTH(params##_fields), #name " has a field that is not listed");
#include "zc_kernel.def"
#undef ZC_KERNEL

typedef struct kernel_object {
    PyObject_HEAD
    const zc_kernel *kernel;
} kernel_object;

static const zc_kernel *kernel_in(PyObject *self)
{
    return ((kernel_object *)self)->kernel;
}

PyObject *zc_py_kernel_new(zc_state *state, const zc_kernel *kernel)
{
    kernel_object *self = (kernel_object *)state->kernel_type->tp_alloc(state->kernel_type, 0);
    if (self) {
        self->kernel = kernel;
    }
    return (PyObject *)self;
}

const zc_kernel *zc_py_kernel_of(zc_state *state, PyObject *object)
{
    if (Py_IS_TYPE(object, state->kernel_type)) {
        return kernel_in(object);
    }
    if (!PyUnicode_Check(object)) {
        PyErr_Format(PyExc_TypeError, "kernel must be a name or a Kernel, not %s", Py_TYPE(object)->tp_name);
        return NULL;
    }
    const char *name = PyUnicode_AsUTF8(object);
    const zc_kernel *kernel = name ? zc_kernel_find(name) : NULL;
    if (name && !kernel) {
        PyErr_Format(PyExc_ValueError, "there is no kernel %R; Device.kernels lists them", object);
    }
    return kernel;
}

static int set_field(const zc_kernel *kernel, const field *field, PyObject *value, void *out)
{
    char name[64];
    (void)snprintf(name, sizeof name, "%s: %s", kernel->name, field->name);
    char *target = (char *)out + field->offset;
    if (field->is_float) {
        float number;
        if (zc_py_float(value, name, &number) < 0) {
            return -1;
        }
        memcpy(target, &number, sizeof number);
        return 0;
    }
    PyObject *integer = PyNumber_Index(value);
    if (!integer) {
        return -1;
    }
    int overflow;
    long long number = PyLong_AsLongLongAndOverflow(integer, &overflow);
    Py_DECREF(integer);
    if (overflow || number < 0 || number > (long long)UINT32_MAX) {
        PyErr_Format(PyExc_OverflowError, "%s = %R does not fit in uint32", name, value);
        return -1;
    }
    uint32_t bits = (uint32_t)number;
    memcpy(target, &bits, sizeof bits);
    return 0;
}

int zc_py_kernel_params(const zc_kernel *kernel, PyObject *object, void *out)
{
    const fields *expected = &fields_of[kernel->id];
    if (!PyDict_Check(object)) {
        Py_buffer view;
        if (!PyObject_CheckBuffer(object)) {
            PyErr_Format(PyExc_TypeError, "params must be a dict or bytes, not %s", Py_TYPE(object)->tp_name);
            return -1;
        }
        if (PyObject_GetBuffer(object, &view, PyBUF_SIMPLE) < 0) {
            return -1;
        }
        int code = 0;
        if (view.len != (Py_ssize_t)kernel->params_size) {
            PyErr_Format(PyExc_ValueError, "kernel %s takes %u bytes of parameters, got %zd", kernel->name,
                         (unsigned)kernel->params_size, view.len);
            code = -1;
        } else {
            memcpy(out, view.buf, kernel->params_size);
        }
        PyBuffer_Release(&view);
        return code;
    }
    for (size_t i = 0; i < expected->count; i++) {
        PyObject *key = PyUnicode_FromString(expected->all[i].name);
        PyObject *value = key ? PyDict_GetItemWithError(object, key) : NULL;
        Py_XDECREF(key);
        if (!value) {
            if (!PyErr_Occurred()) {
                PyErr_Format(PyExc_ValueError, "kernel %s: params misses '%s'", kernel->name, expected->all[i].name);
            }
            return -1;
        }
        Py_INCREF(value); /* its __index__ may change the dict */
        int code = set_field(kernel, &expected->all[i], value, out);
        Py_DECREF(value);
        if (code < 0) {
            return -1;
        }
    }
    if (PyDict_GET_SIZE(object) != (Py_ssize_t)expected->count) {
        PyErr_Format(PyExc_ValueError, "kernel %s takes %zu parameters, params has %zd", kernel->name, expected->count,
                     PyDict_GET_SIZE(object));
        return -1;
    }
    return 0;
}

static const char *access_name(uint8_t access)
{
    return access == (ZC_ACCESS_READ | ZC_ACCESS_WRITE) ? "read and written"
           : access == ZC_ACCESS_WRITE                  ? "written"
                                                        : "read";
}

static PyObject *pairs(size_t count, PyObject *(*make)(const zc_kernel *, size_t), const zc_kernel *kernel)
{
    PyObject *tuple = PyTuple_New((Py_ssize_t)count);
    for (size_t i = 0; tuple && i < count; i++) {
        PyObject *pair = make(kernel, i);
        if (!pair) {
            Py_CLEAR(tuple);
            break;
        }
        PyTuple_SET_ITEM(tuple, (Py_ssize_t)i, pair);
    }
    return tuple;
}

static PyObject *binding_pair(const zc_kernel *kernel, size_t i)
{
    return Py_BuildValue("(ss)", kernel->bindings[i].name, access_name(kernel->bindings[i].access));
}

static PyObject *param_pair(const zc_kernel *kernel, size_t i)
{
    const field *field = &fields_of[kernel->id].all[i];
    return Py_BuildValue("(ss)", field->name, field->is_float ? "float32" : "uint32");
}

static PyObject *get_name(PyObject *self, void *unused)
{
    (void)unused;
    return PyUnicode_FromString(kernel_in(self)->name);
}

static PyObject *get_bindings(PyObject *self, void *unused)
{
    (void)unused;
    return pairs(kernel_in(self)->binding_count, binding_pair, kernel_in(self));
}

static PyObject *get_params(PyObject *self, void *unused)
{
    (void)unused;
    return pairs(fields_of[kernel_in(self)->id].count, param_pair, kernel_in(self));
}

static PyObject *get_workgroup_size(PyObject *self, void *unused)
{
    (void)unused;
    return PyLong_FromUnsignedLong(kernel_in(self)->workgroup_size);
}

static PyObject *get_in_place(PyObject *self, void *unused)
{
    (void)unused;
    return PyBool_FromLong(kernel_in(self)->in_place);
}

static PyObject *kernel_repr(PyObject *self)
{
    const zc_kernel *kernel = kernel_in(self);
    const fields *params = &fields_of[kernel->id];
    char text[512];
    size_t used = 0;
    for (unsigned i = 0; i < kernel->binding_count; i++) {
        used += (size_t)snprintf(text + used, sizeof text - used, "%s%s: %s", i ? ", " : "", kernel->bindings[i].name,
                                 access_name(kernel->bindings[i].access));
    }
    for (size_t i = 0; i < params->count; i++) {
        used += (size_t)snprintf(text + used, sizeof text - used, "%s%s: %s", i ? ", " : "; ", params->all[i].name,
                                 params->all[i].is_float ? "float32" : "uint32");
    }
    return PyUnicode_FromFormat("<Kernel %s(%s)>", kernel->name, text);
}

static PyObject *kernel_compare(PyObject *self, PyObject *other, int operation)
{
    if (!Py_IS_TYPE(other, Py_TYPE(self)) || (operation != Py_EQ && operation != Py_NE)) {
        Py_RETURN_NOTIMPLEMENTED;
    }
    return PyBool_FromLong((kernel_in(self) == kernel_in(other)) == (operation == Py_EQ));
}

static Py_hash_t kernel_hash(PyObject *self)
{
    return (Py_hash_t)kernel_in(self)->id;
}

static void kernel_dealloc(PyObject *self)
{
    PyTypeObject *type = Py_TYPE(self);
    type->tp_free(self);
    Py_DECREF(type);
}

static PyGetSetDef kernel_properties[] = {
    {"name", get_name, NULL, "The kernel's name.", NULL},
    {"bindings", get_bindings, NULL, "Tuple of (name, 'read' | 'written' | 'read and written').", NULL},
    {"params", get_params, NULL, "Tuple of (name, 'uint32' | 'float32'), in the order of the struct.", NULL},
    {"workgroup_size", get_workgroup_size, NULL, "Invocations in one workgroup, on a GPU.", NULL},
    {"in_place", get_in_place, NULL, "Whether an output may be the very array of an input.", NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

static PyType_Slot kernel_slots[] = {
    {Py_tp_dealloc, kernel_dealloc},
    {Py_tp_repr, kernel_repr},
    {Py_tp_richcompare, kernel_compare},
    {Py_tp_hash, kernel_hash},
    {Py_tp_getset, kernel_properties},
    {Py_tp_doc, (void *)"A kernel's signature; Device.kernels has them by name. Batch.dispatch takes one."},
    {0, NULL},
};

static PyType_Spec kernel_spec = {
    .name = "zcwasm.Kernel",
    .basicsize = sizeof(kernel_object),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_IMMUTABLETYPE | Py_TPFLAGS_DISALLOW_INSTANTIATION,
    .slots = kernel_slots,
};

int zc_py_add_kernel(PyObject *module, zc_state *state)
{
    state->kernel_type = (PyTypeObject *)PyType_FromModuleAndSpec(module, &kernel_spec, NULL);
    return state->kernel_type ? PyModule_AddType(module, state->kernel_type) : -1;
}
