/* py_memory: see py_memory.h. Its arrays and exported buffers pin the region (py_view.h); read and write copy, and are
 * counted. */
#include "py_memory.h"
#include "py_arguments.h"
#include "py_dlpack.h"
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
             "numpy.dtype takes, structured ones too, without Python objects. The array keeps the bytes alive and\n"
             "stays valid while the memory grows. Raises IndexError when it does not lie in the memory.");

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

/* --- where an array lies --- */

/* The bytes from the first element's to the lowest and to behind the highest one; -1 where they are no number. */
static int extent(const Py_buffer *view, int64_t *low, int64_t *high)
{
    *low = *high = 0;
    for (int i = 0; i < view->ndim; i++) {
        int64_t step;
        if (view->shape[i] == 0) {
            *low = *high = 0;
            return 0;
        }
        if (__builtin_mul_overflow((int64_t)view->strides[i], (int64_t)view->shape[i] - 1, &step) ||
            __builtin_add_overflow(step < 0 ? *low : *high, step, step < 0 ? low : high)) {
            return -1;
        }
    }
    return __builtin_add_overflow(*high, (int64_t)view->itemsize, high) ? -1 : 0;
}

/* A view of the array's elements: its own, what it says of itself, or that of what Python makes of it. */
static int view_of(PyObject *array, const char *name, Py_buffer *view, Py_ssize_t *sides)
{
    if (PyObject_CheckBuffer(array)) {
        if (PyObject_GetBuffer(array, view, PyBUF_STRIDES) == 0) {
            return 0;
        }
        if (!PyErr_ExceptionMatches(PyExc_ValueError) && !PyErr_ExceptionMatches(PyExc_BufferError)) {
            return -1;
        }
        PyErr_Clear(); /* NumPy's types without a buffer format, such as datetime64 */
    } else {
        int code = zc_py_dlpack_import(array, name, false, view, sides);
        if (code != 0) {
            return code < 0 ? -1 : 0;
        }
    }
    PyObject *module = PyImport_ImportModule("zcwasm._memory");
    PyObject *plain = module ? PyObject_CallMethod(module, "plain", "O", array) : NULL;
    int code = plain ? PyObject_GetBuffer(plain, view, PyBUF_STRIDES) : -1;
    Py_XDECREF(plain);
    Py_XDECREF(module);
    return code;
}

int zc_py_memory_pointer(PyObject *memory, PyObject *array, const char *name, bool whole, uint64_t *pointer)
{
    Py_buffer view;
    Py_ssize_t sides[2 * ZC_PY_DLPACK_AXES];
    int64_t low, high;
    if (view_of(array, name, &view, sides) < 0) {
        return -1;
    }
    uintptr_t base = (uintptr_t)zc_region_base(region_of(memory)), at = (uintptr_t)view.buf;
    uint64_t size = zc_region_size(region_of(memory)), offset = at - base;
    int code = extent(&view, &low, &high);
    if (code < 0 || at < base || offset > size || 0 - (uint64_t)low > offset || (uint64_t)high > size - offset) {
        PyErr_Format(PyExc_ValueError,
                     "%s does not lie in this memory, and nothing is copied: guest.new(shape, dtype) and "
                     "guest.memory.array(ptr, shape, dtype) give arrays that do",
                     name);
        code = -1;
    } else if (whole && !PyBuffer_IsContiguous(&view, 'C')) {
        PyErr_Format(PyExc_ValueError,
                     "%s is not C-contiguous, and a pointer says nothing of strides: memory.pointer(array) "
                     "is where it begins",
                     name);
        code = -1;
    }
    PyBuffer_Release(&view);
    *pointer = offset;
    return code;
}

PyDoc_STRVAR(memory_pointer_doc,
             "pointer($self, array, /)\n--\n\n"
             "Where an array begins in this memory: what a guest takes as its address.\n\n"
             "array: NumPy's, or what gives a buffer, `__dlpack__` or `__array_interface__`. Where it has strides,\n"
             "the address of its first element. ValueError when it does not lie in this memory as a whole.");

static PyObject *memory_pointer(PyObject *object, PyObject *array)
{
    uint64_t pointer;
    return zc_py_memory_pointer(object, array, "array", false, &pointer) < 0 ? NULL
                                                                             : PyLong_FromUnsignedLongLong(pointer);
}

/* --- text --- */

/* How many bytes the encoding's NUL has: 1 for most, 2 and 4 for UTF-16 and UTF-32. */
static Py_ssize_t nul_size(const char *encoding)
{
    static const char *const of_one[] = {"utf-8", "ascii", "latin-1"};
    for (size_t i = 0; i < sizeof of_one / sizeof *of_one; i++) {
        if (strcmp(encoding, of_one[i]) == 0) {
            return 1;
        }
    }
    Py_ssize_t sizes[2] = {-1, -1}; /* of one and of two, since the first may come with a byte order mark */
    for (int i = 0; i < 2; i++) {
        PyObject *text = PyUnicode_FromStringAndSize("\0\0", i + 1);
        PyObject *bytes = text ? PyUnicode_AsEncodedString(text, encoding, "strict") : NULL;
        sizes[i] = bytes ? PyBytes_GET_SIZE(bytes) : -1;
        Py_XDECREF(bytes);
        Py_XDECREF(text);
        if (sizes[i] < 0) {
            return -1;
        }
    }
    return sizes[1] > sizes[0] ? sizes[1] - sizes[0] : 1;
}

/* Bytes before the first NUL of so many bytes; -1 with an exception when there is none before the memory's end. */
static int64_t length_at(PyObject *memory, uint64_t offset, Py_ssize_t unit)
{
    const uint8_t *at = zc_region_base(region_of(memory)) + offset;
    uint64_t left = zc_region_size(region_of(memory)) - offset;
    const uint8_t *end = unit == 1 ? memchr(at, 0, left) : NULL;
    if (end) {
        return end - at;
    }
    static const uint8_t zeros[8];
    for (uint64_t i = 0; unit > 1 && unit <= 8 && i + (uint64_t)unit <= left; i += (uint64_t)unit) {
        if (memcmp(at + i, zeros, (size_t)unit) == 0) {
            return (int64_t)i;
        }
    }
    PyErr_Format(PyExc_IndexError, "there is no NUL from byte %llu to the end of a memory of %llu bytes", (ull)offset,
                 (ull)(offset + left));
    return -1;
}

PyDoc_STRVAR(memory_string_doc,
             "string($self, /, ptr, size=None, encoding='utf-8')\n--\n\n"
             "The text at `ptr`, a copy: of `size` bytes, or up to the NUL that ends it.\n\n"
             "Counted in copy_stats() as memory_read. UnicodeDecodeError for bytes that are no such text; IndexError\n"
             "when it does not lie in the memory, or no NUL follows.");

static PyObject *memory_string(PyObject *object, PyObject *const *args, Py_ssize_t nargs, PyObject *keywords)
{
    static const zc_py_arguments expected = {"string", 3, 1, 3, {"ptr", "size", "encoding"}};
    PyObject *values[3];
    uint64_t offset, length = 0;
    if (zc_py_parse(&expected, args, nargs, keywords, values) < 0) {
        return NULL;
    }
    bool ended = values[1] && values[1] != Py_None;
    const char *encoding = values[2] ? zc_py_text(values[2], "encoding") : "utf-8";
    if (!encoding || unsigned_from(values[0], "ptr", &offset) < 0 ||
        (ended && unsigned_from(values[1], "size", &length) < 0) || check_range(object, offset, length) < 0) {
        return NULL;
    }
    if (!ended) {
        Py_ssize_t unit = nul_size(encoding);
        int64_t found = unit < 0 ? -1 : length_at(object, offset, unit);
        if (found < 0) {
            return NULL;
        }
        length = (uint64_t)found;
    }
    /* Copied first: decoders read twice, and a guest on another thread may write meanwhile. */
    PyObject *bytes =
        PyBytes_FromStringAndSize((const char *)zc_region_base(region_of(object)) + offset, (Py_ssize_t)length);
    if (!bytes) {
        return NULL;
    }
    zc_copies_add(ZC_COPY_MEMORY_READ, length);
    PyObject *text = PyUnicode_FromEncodedObject(bytes, encoding, "strict");
    Py_DECREF(bytes);
    return text;
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

/* The whole memory as bytes. */
static PyObject *memory_dlpack(PyObject *object, PyObject *arguments, PyObject *keywords)
{
    zc_region *region = region_of(object);
    uint64_t size = zc_region_size(region);
    zc_py_dlpack_array array = {.region = region, .code = ZC_PY_DLPACK_UINT, .bits = 8, .ndim = 1, .shape = &size};
    return zc_py_dlpack_export(&array, arguments, keywords);
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
    {"pointer", memory_pointer, METH_O, memory_pointer_doc},
    {"string", (PyCFunction)(void (*)(void))memory_string, METH_FASTCALL | METH_KEYWORDS, memory_string_doc},
    {"grow", memory_grow, METH_O, memory_grow_doc},
    {"__dlpack__", (PyCFunction)(void (*)(void))memory_dlpack, METH_VARARGS | METH_KEYWORDS, zc_py_doc_dlpack},
    {"__dlpack_device__", zc_py_dlpack_device, METH_NOARGS, zc_py_doc_dlpack_device},
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
