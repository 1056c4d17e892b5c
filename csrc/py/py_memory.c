/* py_memory: see py_memory.h. Its arrays and exported buffers pin the region (py_view.h); read and write copy, and are
 * counted. */
#include "py_memory.h"
#include "py_arguments.h"
#include "py_error.h"
#include "py_view.h"

#include <string.h>

#include "base/zc_copies.h"

PyObject *zc_py_memory_new(zc_state *state, zc_memory *memory)
{
    py_memory *self = PyObject_New(py_memory, state->memory_type);
    if (self) {
        self->memory = zc_memory_retain(memory);
        self->lane = NULL;
        self->weak = NULL;
    }
    return (PyObject *)self;
}

static zc_region *region_of(PyObject *object)
{
    return zc_memory_region(((py_memory *)object)->memory);
}

/* A Python integer as pages, or -1 with an exception. */
static int64_t pages_from(PyObject *value, const char *what)
{
    long long pages = PyLong_AsLongLong(value);
    if (pages == -1 && PyErr_Occurred()) {
        return zc_py_must_be(what, "an integer", value);
    }
    if (pages < 0 || pages > ZC_WASM_MAX_PAGES) {
        PyErr_Format(PyExc_ValueError, "%s is %lld pages, must be from 0 to %u", what, pages, ZC_WASM_MAX_PAGES);
        return -1;
    }
    return pages;
}

static PyObject *memory_create(PyTypeObject *type, PyObject *arguments, PyObject *keywords)
{
    static char *names[] = {"minimum", "maximum", NULL};
    PyObject *minimum, *maximum = Py_None;
    zc_error error;
    zc_limits_type limits = {0};
    if (!PyArg_ParseTupleAndKeywords(arguments, keywords, "O|O:Memory", names, &minimum, &maximum)) {
        return NULL;
    }
    int64_t pages = pages_from(minimum, "minimum");
    if (pages < 0) {
        return NULL;
    }
    limits.minimum = (uint32_t)pages;
    if (maximum != Py_None) {
        pages = pages_from(maximum, "maximum");
        if (pages < 0) {
            return NULL;
        }
        limits.maximum = (uint32_t)pages;
        limits.has_maximum = true;
    }
    zc_memory *memory;
    if (zc_memory_new(&limits, ZC_NO_LIMIT, &memory, &error) != ZC_OK) {
        return zc_raise(zc_state_of_type(type), &error);
    }
    py_memory *self = (py_memory *)type->tp_alloc(type, 0);
    if (self) {
        self->memory = memory;
    } else {
        zc_memory_release(memory);
    }
    return (PyObject *)self;
}

static void memory_dealloc(PyObject *object)
{
    PyTypeObject *type = Py_TYPE(object);
    ZC_PY_CLEAR_WEAK(object, py_memory);
    zc_memory_release(((py_memory *)object)->memory);
    Py_XDECREF(((py_memory *)object)->lane);
    type->tp_free(object);
    Py_DECREF(type);
}

/* Non-negative integer that fits 64 bits; -1 with an exception otherwise. */
static int unsigned_from(PyObject *value, const char *what, uint64_t *out)
{
    PyObject *index = PyNumber_Index(value);
    if (!index) {
        return zc_py_must_be(what, "an integer", value);
    }
    *out = PyLong_AsUnsignedLongLong(index);
    int code = *out == UINT64_MAX && PyErr_Occurred() ? -1 : 0;
    if (code < 0) {
        PyErr_Format(PyExc_ValueError, "%s is %R, must not be negative", what, index);
    }
    Py_DECREF(index);
    return code;
}

static int check_range(PyObject *object, uint64_t offset, uint64_t length)
{
    uint64_t size = zc_region_size(region_of(object));
    if (offset > size || length > size - offset) {
        PyErr_Format(PyExc_IndexError, "%llu byte%s at offset %llu do%s not lie in a memory of %llu bytes", (ull)length,
                     zc_py_plural(length), (ull)offset, length == 1 ? "es" : "", (ull)size);
        return -1;
    }
    return 0;
}

/* A shape (an integer or a sequence of them) as a tuple, and the number of elements it has. */
static PyObject *shape_from(PyObject *value, uint64_t *elements)
{
    PyObject *shape = zc_py_integers(value, "shape", "an integer or a tuple of them");
    bool empty = false, overflow = false;
    *elements = 1;
    for (Py_ssize_t i = 0; shape && i < PyTuple_GET_SIZE(shape); i++) {
        uint64_t dimension;
        if (unsigned_from(PyTuple_GET_ITEM(shape, i), "a dimension of the shape", &dimension) < 0) {
            Py_CLEAR(shape);
            return NULL;
        }
        empty = empty || dimension == 0;
        overflow = overflow || __builtin_mul_overflow(*elements, dimension, elements);
    }
    if (empty) {
        *elements = 0;
    } else if (overflow) {
        *elements = UINT64_MAX; /* fits no memory; the range check says so */
    }
    return shape;
}

PyDoc_STRVAR(memory_array_doc,
             "array($self, /, ptr, shape, dtype)\n--\n\n"
             "NumPy view of guest memory: no copy, writable, C-contiguous.\n\n"
             "ptr: byte offset in the memory (a guest's pointer). shape: an integer or a tuple. dtype: anything\n"
             "numpy.dtype takes, without Python objects. The array keeps the bytes alive and stays valid while\n"
             "the memory grows. Raises IndexError when it does not lie in the memory.");

static PyObject *memory_array(PyObject *object, PyObject *const *args, Py_ssize_t nargs, PyObject *keywords)
{
    static const zc_py_arguments expected = {"array", 3, 3, 3, {"ptr", "shape", "dtype"}};
    PyObject *values[3];
    if (zc_py_parse(&expected, args, nargs, keywords, values) < 0) {
        return NULL;
    }
    zc_state *state = zc_state_of(object);
    uint64_t offset, elements, bytes;
    PyObject *result = NULL, *view = NULL, *shape = NULL, *item_size = NULL, *has_objects = NULL;
    PyObject *dtype = Py_IS_TYPE(values[2], (PyTypeObject *)state->numpy_dtype)
                          ? Py_NewRef(values[2])
                          : PyObject_CallOneArg(state->numpy_dtype, values[2]);
    if (!dtype || unsigned_from(values[0], "ptr", &offset) < 0) {
        goto done;
    }
    shape = shape_from(values[1], &elements);
    item_size = shape ? PyObject_GetAttr(dtype, state->itemsize) : NULL;
    has_objects = item_size ? PyObject_GetAttr(dtype, state->hasobject) : NULL;
    if (!has_objects || unsigned_from(item_size, "itemsize", &bytes) < 0) {
        goto done;
    }
    if (has_objects != Py_False) {
        PyErr_Format(PyExc_TypeError, "%R holds Python objects: guest memory can only hold plain data", dtype);
        goto done;
    }
    if (__builtin_mul_overflow(bytes, elements, &bytes)) {
        bytes = UINT64_MAX;
    }
    if (check_range(object, offset, bytes) < 0) {
        goto done;
    }
    view = zc_py_view_new(state, region_of(object), offset, bytes);
    if (view) {
        PyObject *call[] = {shape, dtype, view};
        result = PyObject_Vectorcall(state->numpy_ndarray, call, 3, NULL);
    }
done:
    Py_XDECREF(view);
    Py_XDECREF(has_objects);
    Py_XDECREF(item_size);
    Py_XDECREF(shape);
    Py_XDECREF(dtype);
    return result;
}

PyDoc_STRVAR(memory_read_doc, "read($self, ptr, size, /)\n--\n\n"
                              "Copy of `size` bytes at `ptr`, as bytes. Counted in copy_stats() as memory_read.");

static PyObject *memory_read(PyObject *object, PyObject *arguments)
{
    PyObject *ptr, *size;
    uint64_t offset, length;
    if (!PyArg_ParseTuple(arguments, "OO:read", &ptr, &size) || unsigned_from(ptr, "ptr", &offset) < 0 ||
        unsigned_from(size, "size", &length) < 0 || check_range(object, offset, length) < 0) {
        return NULL;
    }
    PyObject *bytes =
        PyBytes_FromStringAndSize((const char *)zc_region_base(region_of(object)) + offset, (Py_ssize_t)length);
    if (bytes) {
        zc_copies_add(ZC_COPY_MEMORY_READ, length);
    }
    return bytes;
}

PyDoc_STRVAR(memory_write_doc, "write($self, ptr, data, /)\n--\n\n"
                               "Copy the bytes of `data` (any contiguous buffer) to `ptr`. Counted in\n"
                               "copy_stats() as memory_write.");

static PyObject *memory_write(PyObject *object, PyObject *arguments)
{
    PyObject *ptr;
    Py_buffer data;
    uint64_t offset;
    if (!PyArg_ParseTuple(arguments, "Oy*:write", &ptr, &data)) {
        return NULL;
    }
    int code = unsigned_from(ptr, "ptr", &offset);
    if (code == 0) {
        code = check_range(object, offset, (uint64_t)data.len);
    }
    if (code == 0) {
        memmove(zc_region_base(region_of(object)) + offset, data.buf, (size_t)data.len);
        zc_copies_add(ZC_COPY_MEMORY_WRITE, (uint64_t)data.len);
    }
    PyBuffer_Release(&data);
    if (code < 0) {
        return NULL;
    }
    Py_RETURN_NONE;
}

PyDoc_STRVAR(memory_grow_doc, "grow($self, pages, /)\n--\n\n"
                              "Grow in place by `pages` of 64 KiB; returns the size before, in pages.\n\n"
                              "The base address does not change and views stay valid. Raises IndexError past\n"
                              "the maximum, MemoryError when the system has no more.");

static PyObject *memory_grow(PyObject *object, PyObject *value)
{
    zc_error error;
    uint32_t previous;
    int64_t pages = pages_from(value, "growth");
    if (pages < 0) {
        return NULL;
    }
    if (zc_memory_grow(((py_memory *)object)->memory, (uint32_t)pages, &previous, &error) != ZC_OK) {
        return zc_raise(zc_state_of(object), &error);
    }
    return PyLong_FromUnsignedLong(previous);
}

/* The whole memory as an array of bytes, whose methods do what NumPy already does. */
static PyObject *whole_array(PyObject *object)
{
    return PyObject_CallMethod(object, "array", "iKs", 0, (ull)zc_region_size(region_of(object)), "u1");
}

PyDoc_STRVAR(memory_dlpack_doc, "__dlpack__($self, **options)\n--\n\n"
                                "DLPack capsule of the whole memory as bytes (kDLCPU); options as for NumPy arrays.");

static PyObject *memory_dlpack(PyObject *object, PyObject *arguments, PyObject *keywords)
{
    PyObject *array = whole_array(object);
    PyObject *method = array ? PyObject_GetAttrString(array, "__dlpack__") : NULL;
    PyObject *capsule = method ? PyObject_Call(method, arguments, keywords) : NULL;
    Py_XDECREF(method);
    Py_XDECREF(array);
    return capsule;
}

static PyObject *memory_dlpack_device(PyObject *object, PyObject *unused)
{
    (void)object;
    (void)unused;
    return Py_BuildValue("(ii)", 1, 0); /* kDLCPU */
}

static int memory_buffer(PyObject *object, Py_buffer *buffer, int flags)
{
    zc_region *region = region_of(object);
    int code = PyBuffer_FillInfo(buffer, object, zc_region_base(region), (Py_ssize_t)zc_region_size(region), 0, flags);
    if (code == 0) {
        zc_region_pin(region);
        buffer->internal = region;
    }
    return code;
}

static void memory_release_buffer(PyObject *object, Py_buffer *buffer)
{
    (void)object;
    zc_region_unpin(buffer->internal);
}

static PyObject *get_size(PyObject *object, void *unused)
{
    (void)unused;
    return PyLong_FromUnsignedLongLong(zc_region_size(region_of(object)));
}

static PyObject *get_pages(PyObject *object, void *unused)
{
    (void)unused;
    return PyLong_FromUnsignedLong(zc_memory_pages(((py_memory *)object)->memory));
}

static PyObject *get_maximum(PyObject *object, void *unused)
{
    (void)unused;
    bool declared;
    uint32_t maximum = zc_memory_maximum(((py_memory *)object)->memory, &declared);
    return declared ? PyLong_FromUnsignedLong(maximum) : Py_NewRef(Py_None);
}

static PyObject *get_address(PyObject *object, void *unused)
{
    (void)unused;
    return PyLong_FromVoidPtr(zc_region_base(region_of(object)));
}

static PyObject *get_pins(PyObject *object, void *unused)
{
    (void)unused;
    return PyLong_FromUnsignedLongLong(zc_region_pins(region_of(object)));
}

static Py_ssize_t memory_length(PyObject *object)
{
    return (Py_ssize_t)zc_region_size(region_of(object));
}

static PyObject *memory_repr(PyObject *object)
{
    uint32_t pages = zc_memory_pages(((py_memory *)object)->memory);
    return PyUnicode_FromFormat("<zcwasm.Memory: %u page%s (%llu bytes) at %p>", pages, zc_py_plural(pages),
                                (ull)zc_region_size(region_of(object)), (void *)zc_region_base(region_of(object)));
}

static PyMethodDef memory_methods[] = {
    {"array", (PyCFunction)(void (*)(void))memory_array, METH_FASTCALL | METH_KEYWORDS, memory_array_doc},
    {"read", memory_read, METH_VARARGS, memory_read_doc},
    {"write", memory_write, METH_VARARGS, memory_write_doc},
    {"grow", memory_grow, METH_O, memory_grow_doc},
    {"__dlpack__", (PyCFunction)(void (*)(void))memory_dlpack, METH_VARARGS | METH_KEYWORDS, memory_dlpack_doc},
    {"__dlpack_device__", memory_dlpack_device, METH_NOARGS, "__dlpack_device__($self)\n--\n\n(kDLCPU, 0)."},
    {NULL, NULL, 0, NULL},
};

static PyGetSetDef memory_getset[] = {
    {"size", get_size, NULL, "Size now, in bytes.", NULL},
    {"pages", get_pages, NULL, "Size now, in pages of 64 KiB.", NULL},
    {"maximum", get_maximum, NULL, "Declared maximum in pages, or None.", NULL},
    {"address", get_address, NULL, "Address of byte 0 in this process; never changes.", NULL},
    {"pins", get_pins, NULL, "Views, exported buffers and submissions that hold the bytes.", NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

PyDoc_STRVAR(memory_doc,
             "Memory(minimum, maximum=None)\n--\n\n"
             "A linear memory: pages of 64 KiB in a region of its own, which devices see without a copy.\n\n"
             "Created here it can be given to instances as an import (they run one at a time); every\n"
             "instance's own memory is one too (Instance.memory). The maximum (65,536 pages when None) is\n"
             "reserved as address space and costs nothing until touched; MemoryError when the machine cannot\n"
             "reserve it. Supports the buffer protocol and DLPack over its present size.");

static PyMemberDef memory_members[] = {
    ZC_PY_WEAK(py_memory),
    {NULL, 0, 0, 0, NULL},
};

static PyType_Slot memory_slots[] = {
    {Py_tp_members, memory_members},
    {Py_tp_doc, (void *)memory_doc},
    {Py_tp_new, memory_create},
    {Py_tp_dealloc, memory_dealloc},
    {Py_tp_repr, memory_repr},
    {Py_tp_methods, memory_methods},
    {Py_tp_getset, memory_getset},
    {Py_mp_length, memory_length},
    {Py_bf_getbuffer, memory_buffer},
    {Py_bf_releasebuffer, memory_release_buffer},
    {0, NULL},
};

static PyType_Spec memory_spec = {
    .name = "zcwasm.Memory",
    .basicsize = sizeof(py_memory),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = memory_slots,
};

int zc_py_add_memory(PyObject *module, zc_state *state)
{
    state->memory_type = (PyTypeObject *)PyType_FromModuleAndSpec(module, &memory_spec, NULL);
    if (!state->memory_type || !(state->itemsize = PyUnicode_InternFromString("itemsize")) ||
        !(state->hasobject = PyUnicode_InternFromString("hasobject"))) {
        return -1;
    }
    return PyModule_AddType(module, state->memory_type);
}
