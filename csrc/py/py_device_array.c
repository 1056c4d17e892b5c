/* py_device_array: see py_device_array.h. */
#include "py_device_array.h"
#include "py_arguments.h"
#include "py_dlpack.h"
#include "py_error.h"
#include "py_issuer.h"
#include "py_shape.h"

#include <string.h>

#define MAX_AXES 16

typedef struct device_array {
    PyObject_HEAD
    PyObject *owner;    /* its Device */
    PyObject *dtype;    /* numpy.dtype */
    zc_region *region;
    Py_ssize_t count, nbytes, itemsize;
    int ndim;
    char format[2];
    Py_ssize_t shape[MAX_AXES], strides[MAX_AXES];
    PyObject *weak; /* references */
} device_array;

static void array_dealloc(PyObject *object)
{
    device_array *self = (device_array *)object;
    PyTypeObject *type = Py_TYPE(object);
    ZC_PY_CLEAR_WEAK(object, device_array);
    zc_region_release(self->region);
    Py_XDECREF(self->owner);
    Py_XDECREF(self->dtype);
    type->tp_free(object);
    Py_DECREF(type);
}

bool zc_py_device_array_view(PyObject *object, Py_buffer *view, zc_region **region, zc_device **device)
{
    if (Py_TYPE(object)->tp_dealloc != array_dealloc) {
        return false;
    }
    device_array *self = (device_array *)object;
    *view = (Py_buffer){.buf = zc_region_base(self->region), /* an address for comparisons, not to be read */
                        .len = self->nbytes,
                        .itemsize = self->itemsize,
                        .ndim = self->ndim,
                        .format = self->format,
                        .shape = self->shape,
                        .strides = self->strides};
    *region = self->region;
    *device = zc_py_device(self->owner);
    return true;
}

static int set_shape(device_array *self, PyObject *shape)
{
    PyObject *tuple = zc_py_integers(shape, "shape", "an integer or a tuple of them");
    if (!tuple) {
        return -1;
    }
    int code = 0;
    Py_ssize_t ndim = PyTuple_GET_SIZE(tuple), count = 1;
    if (ndim > MAX_AXES) {
        PyErr_Format(PyExc_ValueError, "shape has %zd axes, at most %d are supported", ndim, MAX_AXES);
        code = -1;
    }
    for (Py_ssize_t i = 0; i < ndim && code == 0; i++) {
        Py_ssize_t side = PyNumber_AsSsize_t(PyTuple_GET_ITEM(tuple, i), PyExc_OverflowError);
        if (side == -1 && PyErr_Occurred()) {
            code = zc_py_must_be("a side of the shape", "an integer", PyTuple_GET_ITEM(tuple, i));
        } else if (side < 0) {
            PyErr_Format(PyExc_ValueError, "shape has a side of %zd", side);
            code = -1;
        } else if (__builtin_mul_overflow(count, side, &count)) {
            PyErr_SetString(PyExc_OverflowError, "shape has more than 2^63 elements");
            code = -1;
        } else {
            self->shape[i] = side;
        }
    }
    Py_DECREF(tuple);
    if (code == 0 && __builtin_mul_overflow(count, self->itemsize, &self->nbytes)) {
        PyErr_SetString(PyExc_OverflowError, "the array would have more than 2^63 bytes");
        code = -1;
    }
    self->ndim = (int)ndim;
    self->count = count;
    Py_ssize_t stride = self->itemsize;
    for (Py_ssize_t i = ndim; code == 0 && i-- > 0;) {
        self->strides[i] = stride;
        stride *= self->shape[i] ? self->shape[i] : 1;
    }
    return code;
}

/* Numbers in native byte order only: kernels know nothing else. */
static int set_dtype(zc_state *state, device_array *self, PyObject *dtype)
{
    self->dtype = dtype != Py_None ? PyObject_CallOneArg(state->numpy_dtype, dtype)
                                   : PyObject_CallFunction(state->numpy_dtype, "s", "float32");
    PyObject *letter = self->dtype ? PyObject_GetAttrString(self->dtype, "char") : NULL;
    PyObject *size = letter ? PyObject_GetAttrString(self->dtype, "itemsize") : NULL;
    PyObject *native = size ? PyObject_GetAttrString(self->dtype, "isnative") : NULL;
    int code = -1;
    if (native) {
        const char *text = PyUnicode_AsUTF8(letter);
        self->itemsize = PyLong_AsSsize_t(size);
        if (text && text[0] && !text[1] && strchr("bBhHiIlLqQefd", text[0]) && native == Py_True) {
            self->format[0] = text[0];
            code = 0;
        } else if (text) {
            PyErr_Format(PyExc_TypeError, "dtype %S: integers and floats in native byte order are supported",
                         self->dtype);
        }
    }
    Py_XDECREF(letter);
    Py_XDECREF(size);
    Py_XDECREF(native);
    return code;
}

const char zc_py_doc_scratch[] = //
    "scratch($self, /, shape, dtype=None)\n--\n\n"
    "A DeviceArray: memory of this device's own, for arguments of its kernels. dtype None is float32.\n\n"
    "On a GPU with memory apart from the host's it lies there, elsewhere it is plain memory. Its contents are\n"
    "undefined until upload() or a kernel writes them. Raises MemoryError or DeviceError when there is not so\n"
    "much, ValueError and TypeError for a wrong shape or dtype.";

PyObject *zc_py_scratch(PyObject *device, PyObject *const *args, Py_ssize_t nargs, PyObject *keywords)
{
    static const zc_py_arguments expected = {"scratch", 2, 1, 2, {"shape", "dtype"}};
    zc_state *state = zc_state_of(device);
    PyObject *given[2];
    if (zc_py_parse(&expected, args, nargs, keywords, given) < 0) {
        return NULL;
    }
    device_array *self = (device_array *)state->device_array_type->tp_alloc(state->device_array_type, 0);
    if (!self) {
        return NULL;
    }
    self->owner = Py_NewRef(device);
    if (set_dtype(state, self, given[1] ? given[1] : Py_None) < 0 || set_shape(self, given[0]) < 0) {
        Py_DECREF(self);
        return NULL;
    }
    zc_error error;
    zc_status status;
    Py_BEGIN_ALLOW_THREADS
    status = zc_device_scratch(zc_py_device(device), (uint64_t)self->nbytes, &self->region, &error);
    Py_END_ALLOW_THREADS
    if (status != ZC_OK) {
        Py_DECREF(self);
        return zc_raise(state, &error);
    }
    return (PyObject *)self;
}

/* Any array of the host's, held while it is copied; `sides` as zc_py_dlpack_import wants them. */
static int hold_view(PyObject *object, const char *name, int flags, Py_buffer *view, Py_ssize_t *sides)
{
    int code = PyObject_CheckBuffer(object) ? 0 : zc_py_dlpack_import(object, name, true, view, sides);
    if (code == 0) {
        return PyObject_GetBuffer(object, view, PyBUF_C_CONTIGUOUS | PyBUF_FORMAT | flags);
    }
    if (code > 0 && flags & PyBUF_WRITABLE && view->readonly) {
        PyErr_Format(PyExc_ValueError, "%s is written, but this view of it is read-only", name);
        code = -1;
    } else if (code > 0 && !PyBuffer_IsContiguous(view, 'C')) {
        PyErr_Format(PyExc_ValueError, "%s is not C-contiguous", name);
        code = -1;
    } else if (code > 0) {
        return 0;
    }
    PyBuffer_Release(view);
    return -1;
}

/* The host's side of a copy: C-contiguous, of the same type and shape. */
static int host_view(device_array *self, PyObject *object, const char *name, int flags, Py_buffer *view,
                     Py_ssize_t *sides)
{
    *view = (Py_buffer){0};
    if (hold_view(object, name, flags, view, sides) < 0) {
        return -1;
    }
    bool same_shape = view->ndim == self->ndim;
    for (int i = 0; same_shape && i < self->ndim; i++) {
        same_shape = view->shape[i] == self->shape[i];
    }
    if (!same_shape) {
        PyErr_Format(PyExc_ValueError, "%s has shape %s, the device array %s", name,
                     zc_py_shape_text(view->shape, view->ndim).text, zc_py_shape_text(self->shape, self->ndim).text);
        PyBuffer_Release(view);
        return -1;
    }
    zc_py_dlpack_code code, own; /* "l", "q" and "=q" may be one type */
    uint8_t bits, own_bits;
    if (!zc_py_dlpack_element(view->format, view->itemsize, &code, &bits) ||
        !zc_py_dlpack_element(self->format, self->itemsize, &own, &own_bits) || code != own || bits != own_bits) {
        PyErr_Format(PyExc_TypeError, "%s has elements of format '%s' and %zd bytes, the device array has dtype %S",
                     name, view->format ? view->format : "B", view->itemsize, self->dtype);
        PyBuffer_Release(view);
        return -1;
    }
    return 0;
}

static PyObject *transfer(PyObject *object, PyObject *host, bool upload)
{
    device_array *self = (device_array *)object;
    Py_buffer view;
    Py_ssize_t sides[2 * ZC_PY_DLPACK_AXES];
    zc_error error;
    zc_status status;
    if (host_view(self, host, upload ? "array" : "out", upload ? 0 : PyBUF_WRITABLE, &view, sides) < 0) {
        return NULL;
    }
    zc_device *device = zc_py_device(self->owner);
    zc_region *written = upload ? NULL : zc_region_find(view.buf, (uint64_t)view.len);
    if (written) {
        zc_region_begin_write(written);
    }
    Py_BEGIN_ALLOW_THREADS
    status = upload ? zc_device_upload(device, self->region, 0, view.buf, (uint64_t)view.len, &error)
                    : zc_device_download(device, self->region, 0, view.buf, (uint64_t)view.len, &error);
    Py_END_ALLOW_THREADS
    if (written) {
        zc_region_end_write(written);
        zc_region_release(written);
    }
    PyBuffer_Release(&view);
    if (status != ZC_OK) {
        return zc_raise(zc_state_of(object), &error);
    }
    return Py_NewRef(upload ? object : host);
}

static PyObject *array_upload(PyObject *self, PyObject *array)
{
    return transfer(self, array, true);
}

static PyObject *array_download(PyObject *self, PyObject *out)
{
    return transfer(self, out, false);
}

static PyObject *get_shape(PyObject *object, void *unused)
{
    (void)unused;
    device_array *self = (device_array *)object;
    PyObject *tuple = PyTuple_New(self->ndim);
    for (int i = 0; tuple && i < self->ndim; i++) {
        PyObject *side = PyLong_FromSsize_t(self->shape[i]);
        if (!side) {
            Py_CLEAR(tuple);
            break;
        }
        PyTuple_SET_ITEM(tuple, i, side);
    }
    return tuple;
}

static PyObject *get_dtype(PyObject *self, void *unused)
{
    (void)unused;
    return Py_NewRef(((device_array *)self)->dtype);
}

static PyObject *get_nbytes(PyObject *self, void *unused)
{
    (void)unused;
    return PyLong_FromSsize_t(((device_array *)self)->nbytes);
}

static PyObject *get_device(PyObject *self, void *unused)
{
    (void)unused;
    return Py_NewRef(((device_array *)self)->owner);
}

static PyObject *array_repr(PyObject *object)
{
    device_array *self = (device_array *)object;
    return PyUnicode_FromFormat("<zcwasm.DeviceArray %s %S on %s>", zc_py_shape_text(self->shape, self->ndim).text,
                                self->dtype, zc_device_get_info(zc_py_device(self->owner))->kind);
}

static PyMethodDef array_methods[] = {
    {"upload", array_upload, METH_O,
     "upload($self, array, /)\n--\n\n"
     "Copy a C-contiguous array of the same shape and dtype in, after all work submitted before; return self.\n\n"
     "Counted as device_upload in copy_stats()."},
    {"download", array_download, METH_O,
     "download($self, out, /)\n--\n\n"
     "Copy the contents into a C-contiguous array of the same shape and dtype, after all work submitted before;\n"
     "return out.\n\n"
     "Counted as device_download in copy_stats()."},
    {NULL, NULL, 0, NULL},
};

static PyGetSetDef array_properties[] = {
    {"shape", get_shape, NULL, "Tuple of its sides.", NULL},
    {"dtype", get_dtype, NULL, "Its numpy.dtype.", NULL},
    {"nbytes", get_nbytes, NULL, "Bytes of its elements.", NULL},
    {"device", get_device, NULL, "The Device whose memory it lies in, the only one that can use it.", NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

static PyMemberDef array_members[] = {
    ZC_PY_WEAK(device_array),
    {NULL, 0, 0, 0, NULL},
};

static PyType_Slot array_slots[] = {
    {Py_tp_members, array_members},
    {Py_tp_dealloc, array_dealloc},
    {Py_tp_repr, array_repr},
    {Py_tp_methods, array_methods},
    {Py_tp_getset, array_properties},
    {Py_tp_doc, (void *)"An array in a device's own memory; made by Device.scratch()."},
    {0, NULL},
};

static PyType_Spec array_spec = {
    .name = "zcwasm.DeviceArray",
    .basicsize = sizeof(device_array),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_IMMUTABLETYPE | Py_TPFLAGS_DISALLOW_INSTANTIATION,
    .slots = array_slots,
};

int zc_py_add_device_array(PyObject *module, zc_state *state)
{
    state->device_array_type = (PyTypeObject *)PyType_FromModuleAndSpec(module, &array_spec, NULL);
    return state->device_array_type ? PyModule_AddType(module, state->device_array_type) : -1;
}
