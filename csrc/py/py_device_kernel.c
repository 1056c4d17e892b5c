/* py_device_kernel: the type Kernel: a kernel's signature, and parameters from Python values.
 *
 * A Kernel names constant data of the kernels' table and owns nothing, or one that Device.compile made, which it
 * retains together with the names of its parameters. The fields of parameter structs are made from their header
 * by buildtools/abi.py and checked against the structs' sizes when compiled. Threads: with the GIL.
 */
#include "py_device.h"

#include <stddef.h>

typedef struct field {
    const char *name;
    uint32_t offset;
    char type; /* 'u' uint32, 'i' int32, 'f' float32 */
} field;

typedef struct fields {
    const field *all;
    size_t count;
} fields;

/* zc_NAME_params_fields, an array for each parameter struct. */
#define U32(of, member) {#member, offsetof(of, member), 'u'},
#define I32(of, member) {#member, offsetof(of, member), 'i'},
#define F32(of, member) {#member, offsetof(of, member), 'f'},
#define ZC_PARAMS(of, list) static const field of##_fields[] = {list};
#include "kernel/zc_kernel_fields.inc"
#undef ZC_PARAMS

#define LENGTH(array) (sizeof(array) / sizeof(array)[0])

static const fields fields_of[ZC_KERNEL_COUNT] = {
#define ZC_KERNEL(name, params, workgroup, traits, bindings) {params##_fields, LENGTH(params##_fields)},
#include "kernel/zc_kernel.def"
#undef ZC_KERNEL
};

#define ZC_KERNEL(name, params, workgroup, traits, bindings) \
    _Static_assert(sizeof(params) == 4 * LENGTH(params##_fields), #name " has a field that is not listed");
#include "kernel/zc_kernel.def"
#undef ZC_KERNEL

typedef struct kernel_object {
    PyObject_HEAD
    const zc_kernel *kernel;
    fields params;
    field *own; /* of a compiled kernel: what params.all is, the names behind it in one block */
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
        self->params = fields_of[kernel->id];
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
    if (field->type == 'f') {
        float number;
        if (zc_py_float(value, name, &number) < 0) {
            return -1;
        }
        memcpy(target, &number, sizeof number);
        return 0;
    }
    PyObject *integer = PyNumber_Index(value);
    if (!integer) {
        return zc_py_must_be(name, "an integer", value);
    }
    int overflow;
    long long number = PyLong_AsLongLongAndOverflow(integer, &overflow);
    Py_DECREF(integer);
    bool is_signed = field->type == 'i';
    if (overflow || number < (is_signed ? INT32_MIN : 0) || number > (is_signed ? INT32_MAX : (long long)UINT32_MAX)) {
        PyErr_Format(PyExc_OverflowError, "%s = %R does not fit in %s", name, value, is_signed ? "int32" : "uint32");
        return -1;
    }
    uint32_t bits = (uint32_t)number;
    memcpy(target, &bits, sizeof bits);
    return 0;
}

/* One to three numbers, the rest 1. */
static int set_three(const zc_kernel *kernel, const char *what, PyObject *groups, uint32_t out[3])
{
    const field each = {what, 0, 'u'};
    PyObject *tuple = PyIndex_Check(groups) ? PyTuple_Pack(1, groups) : PySequence_Tuple(groups);
    if (!tuple) {
        return zc_py_must_be(what, "one to three integers", groups);
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

int zc_py_kernel_params(const zc_kernel *kernel, PyObject *given, PyObject *object, PyObject *groups, void *out)
{
    const fields *expected = kernel->compiled ? &((kernel_object *)given)->params : &fields_of[kernel->id];
    size_t size = kernel->params_size;
    if (kernel->compiled) {
        if (groups == Py_None) {
            PyErr_Format(PyExc_ValueError, "kernel %s was compiled by the user: groups=(x, y, z) is needed",
                         kernel->name);
            return -1;
        }
        if (set_three(kernel, "groups", groups, out) < 0) {
            return -1;
        }
        out = (char *)out + ZC_KERNEL_GROUPS_SIZE;
        size -= ZC_KERNEL_GROUPS_SIZE;
    } else if (groups != Py_None) {
        PyErr_Format(PyExc_ValueError,
                     "groups is for kernels compiled by the user; the built-in %s takes its size from params",
                     kernel->name);
        return -1;
    }
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
        if (view.len != (Py_ssize_t)size) {
            PyErr_Format(PyExc_ValueError, "kernel %s takes %zu bytes of parameters, got %zd", kernel->name, size,
                         view.len);
            code = -1;
        } else {
            memcpy(out, view.buf, size);
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

/* What compile takes and Kernel.bindings gives; by the bits of an access. */
static const char *const access_words[] = {
    [ZC_ACCESS_READ] = "read", [ZC_ACCESS_WRITE] = "write", [ZC_ACCESS_READ | ZC_ACCESS_WRITE] = "read_write"};
#define ACCESS_WORDS (sizeof access_words / sizeof *access_words)

/* The access that a word names, or 0. */
static uint8_t access_of(const char *word)
{
    uint8_t access = ACCESS_WORDS;
    while (--access > 0 && strcmp(word, access_words[access]) != 0) {
    }
    return access;
}

static const char *type_name(char type)
{
    return type == 'f' ? "float32" : type == 'i' ? "int32" : "uint32";
}

static const field *param(PyObject *self, size_t i)
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
    return Py_BuildValue("(ss)", param(self, i)->name, type_name(param(self, i)->type));
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
    const fields *params = &((kernel_object *)self)->params;
    char text[2048]; /* 8 bindings and 24 parameters, their names at most 31 bytes */
    size_t used = 0;
    for (unsigned i = 0; i < kernel->binding_count; i++) {
        used += (size_t)snprintf(text + used, sizeof text - used, "%s%s: %s", i ? ", " : "", kernel->bindings[i].name,
                                 access_words[kernel->bindings[i].access]);
    }
    for (size_t i = 0; i < params->count; i++) {
        used += (size_t)snprintf(text + used, sizeof text - used, "%s%s: %s", i ? ", " : "; ", params->all[i].name,
                                 type_name(params->all[i].type));
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

/* ---- Device.compile ---- */

#define MAX_PARAMS ((ZC_KERNEL_MAX_PARAMS - ZC_KERNEL_GROUPS_SIZE) / 4)
#define PARAM_NAME_SIZE 32

const char zc_py_doc_compile[] = //
    "compile($self, /, *, spirv=None, msl=None, name, bindings, workgroup, params=(), entry_point=None)\n--\n\n"
    "A Kernel of the program's own for this device, to be given to dispatch().\n\n"
    "spirv: a SPIR-V module, bytes, for vulkan. msl: the text in Metal's language, for metal. Give both and the\n"
    "program runs on either. The code is compared with the signature that the other arguments give. bindings: up\n"
    "to eight pairs of a name and 'read', 'write' or 'read_write'; the i-th is the storage buffer at set 0,\n"
    "binding i + 1, or [[buffer(i + 1)]]. params: pairs of a name and 'uint32', 'int32' or 'float32'. workgroup:\n"
    "its size, three numbers. Push constants, or [[buffer(0)]]: uint offset[4] (with more than four bindings\n"
    "offset[8]), at which element of each binding its array starts, then the params. entry_point: needed when\n"
    "there are several; 'main' is main0 in MSL. The code comes from a trusted source: beyond the signature\n"
    "nothing checks what it does, and the driver is trusted with it.\n"
    "Raises ValueError (the code does not compile, or differs from the signature: says both sides) and\n"
    "DeviceError (the device compiles nothing, or cannot run this).";

static int named_pair(PyObject *item, const char *what, const char **name, const char **value)
{
    if (!PyTuple_Check(item) || !PyArg_ParseTuple(item, "ss", name, value)) {
        PyErr_Clear();
        PyErr_Format(PyExc_TypeError, "%s must be pairs of two str, not %R", what, item);
        return -1;
    }
    return 0;
}

static int parse_bindings(PyObject *sequence, zc_kernel_source *source)
{
    Py_ssize_t count = PyTuple_GET_SIZE(sequence);
    if (count > ZC_KERNEL_MAX_BINDINGS) {
        PyErr_Format(PyExc_ValueError, "bindings has %zd entries, at most %d are supported", count,
                     ZC_KERNEL_MAX_BINDINGS);
        return -1;
    }
    source->binding_count = (unsigned)count;
    for (Py_ssize_t i = 0; i < count; i++) {
        const char *access;
        zc_binding_signature *binding = &source->bindings[i];
        if (named_pair(PyTuple_GET_ITEM(sequence, i), "bindings", &binding->name, &access) < 0) {
            return -1;
        }
        binding->element_size = 4;
        binding->access = access_of(access);
        if (!binding->access) {
            PyErr_Format(PyExc_ValueError, "binding %s is '%s', must be 'read', 'write' or 'read_write'", binding->name,
                         access);
            return -1;
        }
    }
    return 0;
}

/* The fields in one block with their names. */
static field *parse_params(PyObject *sequence)
{
    Py_ssize_t count = PyTuple_GET_SIZE(sequence);
    if (count > (Py_ssize_t)MAX_PARAMS) {
        PyErr_Format(PyExc_ValueError, "params has %zd entries, at most %u are supported", count, (unsigned)MAX_PARAMS);
        return NULL;
    }
    field *all = PyMem_Calloc((size_t)count + 1, sizeof *all + PARAM_NAME_SIZE);
    if (!all) {
        PyErr_NoMemory();
        return NULL;
    }
    char *names = (char *)(all + count + 1);
    for (Py_ssize_t i = 0; i < count; i++) {
        const char *name, *type;
        char *own = names + i * PARAM_NAME_SIZE;
        if (named_pair(PyTuple_GET_ITEM(sequence, i), "params", &name, &type) < 0) {
            break;
        }
        size_t length = strlen(name);
        all[i] = (field){.name = own,
                         .offset = (uint32_t)(4 * i),
                         .type = strcmp(type, "float32") == 0  ? 'f'
                                 : strcmp(type, "int32") == 0  ? 'i'
                                 : strcmp(type, "uint32") == 0 ? 'u'
                                                               : 0};
        if (length == 0 || length >= PARAM_NAME_SIZE || !all[i].type) {
            PyErr_Format(PyExc_ValueError,
                         "parameter '%s' of type '%s': a name of 1 to %d bytes and uint32, int32 or float32 are needed",
                         name, type, PARAM_NAME_SIZE - 1);
            break;
        }
        memcpy(own, name, length);
    }
    if (PyErr_Occurred()) {
        PyMem_Free(all);
        return NULL;
    }
    return all;
}

PyObject *zc_py_compile(PyObject *self, PyObject *args, PyObject *keywords)
{
    static char *names[] = {"spirv", "msl", "name", "bindings", "workgroup", "params", "entry_point", NULL};
    zc_state *state = zc_state_of(self);
    zc_kernel_source source = {0};
    Py_buffer spirv = {0};
    PyObject *given_spirv = Py_None, *given_msl = Py_None;
    Py_ssize_t msl_size = 0;
    PyObject *bindings = NULL, *params = NULL, *given_bindings = NULL;
    PyObject *given_workgroup = NULL, *given_params = NULL;
    kernel_object *result = NULL;
    field *fields_own = NULL;
    zc_error error;
    zc_status status;
    const zc_kernel *kernel = NULL;
    if (!PyArg_ParseTupleAndKeywords(args, keywords, "|$OOsOOOz:compile", names, &given_spirv, &given_msl, &source.name,
                                     &given_bindings, &given_workgroup, &given_params, &source.entry_point)) {
        return NULL;
    }
    if ((given_spirv == Py_None && given_msl == Py_None) || !source.name || !given_bindings || !given_workgroup) {
        PyErr_SetString(PyExc_TypeError, "compile() needs spirv or msl, name, bindings and workgroup");
        goto done;
    }
    if ((given_spirv != Py_None && PyObject_GetBuffer(given_spirv, &spirv, PyBUF_SIMPLE) < 0) ||
        (given_msl != Py_None && !(source.msl = PyUnicode_AsUTF8AndSize(given_msl, &msl_size)))) {
        goto done;
    }
    bindings = PySequence_Tuple(given_bindings);
    params = bindings ? (given_params ? PySequence_Tuple(given_params) : PyTuple_New(0)) : NULL;
    if (!params || set_three(&(zc_kernel){.name = source.name}, "workgroup", given_workgroup, source.workgroup) < 0 ||
        parse_bindings(bindings, &source) < 0 || !(fields_own = parse_params(params))) {
        goto done;
    }
    source.params_size = (uint32_t)(4 * PyTuple_GET_SIZE(params));
    source.spirv = spirv.obj ? spirv.buf : NULL;
    source.spirv_size = (size_t)spirv.len;
    source.msl_size = (size_t)msl_size;
    Py_BEGIN_ALLOW_THREADS /* compilers take their time */
    status = zc_device_compile(zc_py_device(self), &source, &kernel, &error);
    Py_END_ALLOW_THREADS
    if (status != ZC_OK) {
        (void)zc_raise(state, &error);
        goto done;
    }
    result = (kernel_object *)state->kernel_type->tp_alloc(state->kernel_type, 0);
    if (!result) {
        zc_kernel_release(kernel);
        goto done;
    }
    result->kernel = kernel;
    result->params = (fields){fields_own, (size_t)PyTuple_GET_SIZE(params)};
    result->own = fields_own;
    fields_own = NULL;
done:
    PyMem_Free(fields_own);
    Py_XDECREF(bindings);
    Py_XDECREF(params);
    PyBuffer_Release(&spirv);
    return (PyObject *)result;
}

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
