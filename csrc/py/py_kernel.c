/* py_kernel: see py_kernel.h. */
#include "py_kernel.h"
#include "py_error.h"

#include "device/zc_device.h"

#include <string.h>

typedef struct kernel_object {
    PyObject_HEAD
    const zc_kernel *kernel;
    zc_py_fields params;
    zc_py_field *own; /* of a compiled kernel: what params.all is, the names behind it in one block */
    PyObject *weak; /* references */
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
        self->params = zc_py_fields_of(kernel->id);
    }
    return (PyObject *)self;
}

PyObject *zc_py_kernel_compiled(zc_state *state, const zc_kernel *kernel, zc_py_field *params, size_t count)
{
    kernel_object *self = (kernel_object *)state->kernel_type->tp_alloc(state->kernel_type, 0);
    if (self) {
        self->kernel = kernel;
        self->params = (zc_py_fields){params, count};
        self->own = params;
    } else {
        zc_kernel_release(kernel);
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

int zc_py_kernel_fill(const zc_kernel *kernel, PyObject *given, PyObject *params, PyObject *groups, void *out)
{
    const zc_py_fields fields = kernel->compiled ? ((kernel_object *)given)->params : zc_py_fields_of(kernel->id);
    return zc_py_params_fill(kernel, &fields, params, groups, out);
}

/* What compile takes and Kernel.bindings gives; by the bits of an access. */
static const char *const access_words[] = {
    [ZC_ACCESS_READ] = "read", [ZC_ACCESS_WRITE] = "write", [ZC_ACCESS_READ | ZC_ACCESS_WRITE] = "read_write"};
#define ACCESS_WORDS (sizeof access_words / sizeof *access_words)

uint8_t zc_py_access_of(const char *word)
{
    uint8_t access = ACCESS_WORDS;
    while (--access > 0 && strcmp(word, access_words[access]) != 0) {
    }
    return access;
}

static const zc_py_field *param(PyObject *self, size_t i)
{
    return &((kernel_object *)self)->params.all[i];
}

static PyObject *pairs(PyObject *self, size_t count, PyObject *(*make)(PyObject *, size_t))
{
    PyObject *tuple = PyTuple_New((Py_ssize_t)count);
    for (size_t i = 0; tuple && i < count; i++) {
        PyObject *pair = make(self, i);
        if (!pair) {
            Py_CLEAR(tuple);
            break;
        }
        PyTuple_SET_ITEM(tuple, (Py_ssize_t)i, pair);
    }
    return tuple;
}

static PyObject *binding_pair(PyObject *self, size_t i)
{
    const zc_binding_signature *binding = &kernel_in(self)->bindings[i];
    return Py_BuildValue("(ss)", binding->name, access_words[binding->access]);
}

static PyObject *param_pair(PyObject *self, size_t i)
{
    return Py_BuildValue("(ss)", param(self, i)->name, zc_py_field_type_name(param(self, i)->type));
}

static PyObject *get_name(PyObject *self, void *unused)
{
    (void)unused;
    return PyUnicode_FromString(kernel_in(self)->name);
}

static PyObject *get_bindings(PyObject *self, void *unused)
{
    (void)unused;
    return pairs(self, kernel_in(self)->binding_count, binding_pair);
}

static PyObject *get_params(PyObject *self, void *unused)
{
    (void)unused;
    return pairs(self, ((kernel_object *)self)->params.count, param_pair);
}

static PyObject *get_workgroup_size(PyObject *self, void *unused)
{
    (void)unused;
    return PyLong_FromUnsignedLong(kernel_in(self)->workgroup_size);
}

static PyObject *get_in_place(PyObject *self, void *unused)
{
    (void)unused;
    return PyBool_FromLong(kernel_in(self)->traits & ZC_TRAIT_IN_PLACE);
}

static PyObject *kernel_repr(PyObject *self)
{
    const zc_kernel *kernel = kernel_in(self);
    const zc_py_fields *params = &((kernel_object *)self)->params;
    char text[2048]; /* 8 bindings and 24 parameters, their names at most 31 bytes */
    size_t used = 0;
    for (unsigned i = 0; i < kernel->binding_count; i++) {
        used += (size_t)snprintf(text + used, sizeof text - used, "%s%s: %s", i ? ", " : "", kernel->bindings[i].name,
                                 access_words[kernel->bindings[i].access]);
    }
    for (size_t i = 0; i < params->count; i++) {
        used += (size_t)snprintf(text + used, sizeof text - used, "%s%s: %s", i ? ", " : "; ", params->all[i].name,
                                 zc_py_field_type_name(params->all[i].type));
    }
    return PyUnicode_FromFormat("<zcwasm.Kernel %s(%s)>", kernel->name, text);
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
    ZC_PY_CLEAR_WEAK(self, kernel_object);
    zc_kernel_release(kernel_in(self));
    PyMem_Free(((kernel_object *)self)->own);
    type->tp_free(self);
    Py_DECREF(type);
}

static PyGetSetDef kernel_properties[] = {
    {"name", get_name, NULL, "The kernel's name.", NULL},
    {"bindings", get_bindings, NULL, "Tuple of (name, 'read' | 'write' | 'read_write'), as compile takes them.", NULL},
    {"params", get_params, NULL, "Tuple of (name, 'uint32' | 'int32' | 'float32'), in the order of the struct.", NULL},
    {"workgroup_size", get_workgroup_size, NULL, "Invocations in one workgroup, on a GPU.", NULL},
    {"in_place", get_in_place, NULL, "Whether an output may be the very array of an input.", NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

static PyMemberDef kernel_members[] = {
    ZC_PY_WEAK(kernel_object),
    {NULL, 0, 0, 0, NULL},
};

static PyType_Slot kernel_slots[] = {
    {Py_tp_members, kernel_members},
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
