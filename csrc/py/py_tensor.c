/* py_tensor: see py_tensor.h. */
#include "py_tensor.h"
#include "py_dlpack.h"
#include "py_view.h"

#include <string.h>

typedef struct tensor_object {
    PyObject_HEAD
    zc_weights *weights;
    uint32_t index;
    PyObject *weak; /* references */
} tensor_object;

static const zc_tensor *tensor_in(PyObject *object)
{
    return zc_weights_get(((tensor_object *)object)->weights, ((tensor_object *)object)->index);
}

static zc_region *region_of(PyObject *object)
{
    return zc_weights_region(((tensor_object *)object)->weights, tensor_in(object)->file);
}

PyObject *zc_py_tensor_new(zc_state *state, zc_weights *weights, uint32_t index)
{
    tensor_object *self = PyObject_New(tensor_object, state->tensor_type);
    if (self) {
        self->weights = zc_weights_retain(weights);
        self->index = index;
        self->weak = NULL;
    }
    return (PyObject *)self;
}

static void tensor_dealloc(PyObject *object)
{
    PyTypeObject *type = Py_TYPE(object);
    ZC_PY_CLEAR_WEAK(object, tensor_object);
    zc_weights_release(((tensor_object *)object)->weights);
    PyObject_Free(object);
    Py_DECREF(type);
}

bool zc_py_is_tensor(PyObject *object, const zc_weights **weights, uint32_t *index)
{
    if (Py_TYPE(object)->tp_dealloc != tensor_dealloc) {
        return false;
    }
    *weights = ((tensor_object *)object)->weights;
    *index = ((tensor_object *)object)->index;
    return true;
}

static PyObject *shape_tuple(const uint64_t *shape, uint32_t ndim)
{
    PyObject *tuple = PyTuple_New(ndim);
    for (uint32_t i = 0; tuple && i < ndim; i++) {
        PyObject *side = PyLong_FromUnsignedLongLong(shape[i]);
        if (!side) {
            Py_CLEAR(tuple);
            break;
        }
        PyTuple_SET_ITEM(tuple, (Py_ssize_t)i, side);
    }
    return tuple;
}

static PyObject *get_name(PyObject *self, void *unused)
{
    (void)unused;
    return PyUnicode_FromString(tensor_in(self)->name);
}

static PyObject *get_type(PyObject *self, void *unused)
{
    (void)unused;
    return PyUnicode_InternFromString(zc_weight_type_get(tensor_in(self)->type)->name);
}

static PyObject *get_shape(PyObject *self, void *unused)
{
    (void)unused;
    return shape_tuple(tensor_in(self)->shape, tensor_in(self)->ndim);
}

static PyObject *get_nbytes(PyObject *self, void *unused)
{
    (void)unused;
    return PyLong_FromUnsignedLongLong(tensor_in(self)->bytes);
}

static PyObject *get_offset(PyObject *self, void *unused)
{
    (void)unused;
    return PyLong_FromUnsignedLongLong(tensor_in(self)->offset);
}

static PyObject *get_file(PyObject *self, void *unused)
{
    (void)unused;
    return PyLong_FromUnsignedLong(tensor_in(self)->file);
}

static PyObject *tensor_array(PyObject *object, PyObject *unused)
{
    (void)unused;
    zc_state *state = zc_state_of(object);
    const zc_tensor *tensor = tensor_in(object);
    const zc_weight_type_info *type = zc_weight_type_get(tensor->type);
    uint64_t shape[ZC_TENSOR_MAX_DIMS];
    memcpy(shape, tensor->shape, sizeof shape);
    const char *dtype = tensor->type == ZC_WEIGHT_F32    ? "<f4"
                        : tensor->type == ZC_WEIGHT_F16  ? "<f2"
                        : tensor->type == ZC_WEIGHT_BF16 ? "<u2"
                                                         : NULL;
    if (!dtype) {
        dtype = "u1";
        shape[tensor->ndim - 1] = shape[tensor->ndim - 1] / type->block * type->block_bytes;
    }
    PyObject *sides = shape_tuple(shape, tensor->ndim), *name = PyUnicode_FromString(dtype);
    PyObject *view = zc_py_view_new(state, region_of(object), tensor->offset, tensor->bytes);
    PyObject *result = NULL;
    if (sides && name && view) {
        PyObject *call[] = {sides, name, view};
        result = PyObject_Vectorcall(state->numpy_ndarray, call, 3, NULL);
    }
    Py_XDECREF(view);
    Py_XDECREF(name);
    Py_XDECREF(sides);
    return result;
}

static PyObject *tensor_dlpack(PyObject *object, PyObject *arguments, PyObject *keywords)
{
    const zc_tensor *tensor = tensor_in(object);
    bool bfloat = tensor->type == ZC_WEIGHT_BF16, float16 = tensor->type == ZC_WEIGHT_F16;
    if (!bfloat && !float16 && tensor->type != ZC_WEIGHT_F32) {
        return PyErr_Format(PyExc_BufferError,
                            "%s has blocks of %s, which no other library knows: array() has the bytes", tensor->name,
                            zc_weight_type_get(tensor->type)->name);
    }
    zc_py_dlpack_array array = {.region = region_of(object),
                                .offset = tensor->offset,
                                .code = bfloat ? ZC_PY_DLPACK_BFLOAT : ZC_PY_DLPACK_FLOAT,
                                .bits = bfloat || float16 ? 16 : 32,
                                .read_only = true,
                                .ndim = (int)tensor->ndim,
                                .shape = tensor->shape};
    return zc_py_dlpack_export(&array, arguments, keywords);
}

static PyObject *tensor_repr(PyObject *self)
{
    PyObject *name = get_name(self, NULL), *shape = get_shape(self, NULL);
    PyObject *text = name && shape ? PyUnicode_FromFormat("<zcwasm.Tensor %R: %s %S>", name,
                                                          zc_weight_type_get(tensor_in(self)->type)->name, shape)
                                   : NULL;
    Py_XDECREF(name);
    Py_XDECREF(shape);
    return text;
}

static PyMethodDef tensor_methods[] = {
    {"array", tensor_array, METH_NOARGS,
     "array($self, /)\n--\n\n"
     "Read-only NumPy view of its bytes in the mapped file: no copy.\n\n"
     "F32 and F16: its elements. BF16: their bits, as uint16. Blocks: uint8, the last axis being a row's bytes."},
    {"__dlpack__", (PyCFunction)(void (*)(void))tensor_dlpack, METH_VARARGS | METH_KEYWORDS, zc_py_doc_dlpack},
    {"__dlpack_device__", zc_py_dlpack_device, METH_NOARGS, zc_py_doc_dlpack_device},
    {NULL, NULL, 0, NULL},
};

static PyGetSetDef tensor_properties[] = {
    {"name", get_name, NULL, "Its name in the file.", NULL},
    {"type", get_type, NULL, "How its elements are stored: 'F32', 'Q4_1', ...", NULL},
    {"shape", get_shape, NULL, "Tuple of its sides, as NumPy has them: elements of a row last.", NULL},
    {"nbytes", get_nbytes, NULL, "Bytes in the file.", NULL},
    {"offset", get_offset, NULL, "Where in the file they start.", NULL},
    {"file", get_file, NULL,
     "The file's number in Weights.paths; the number behind the last one where it was made at opening.", NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

static PyMemberDef tensor_members[] = {
    ZC_PY_WEAK(tensor_object),
    {NULL, 0, 0, 0, NULL},
};

static PyType_Slot tensor_slots[] = {
    {Py_tp_members, tensor_members},
    {Py_tp_dealloc, tensor_dealloc},
    {Py_tp_repr, tensor_repr},
    {Py_tp_methods, tensor_methods},
    {Py_tp_getset, tensor_properties},
    {Py_tp_doc, (void *)"A read-only tensor in a mapped model file, from Weights. Device methods take one of type F32\n"
                        "in place of an array that is only read, dispatch one of any type."},
    {0, NULL},
};

static PyType_Spec tensor_spec = {
    .name = "zcwasm.Tensor",
    .basicsize = sizeof(tensor_object),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_IMMUTABLETYPE | Py_TPFLAGS_DISALLOW_INSTANTIATION,
    .slots = tensor_slots,
};

int zc_py_add_tensor(PyObject *module, zc_state *state)
{
    state->tensor_type = (PyTypeObject *)PyType_FromModuleAndSpec(module, &tensor_spec, NULL);
    return state->tensor_type ? PyModule_AddType(module, state->tensor_type) : -1;
}
