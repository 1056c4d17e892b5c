/* py_array: see py_array.h. */
#include "py_array.h"
#include "py_device_array.h"
#include "py_error.h"
#include "py_tensor.h"

#include <stdint.h>
#include <string.h>

#define HOW_TO_GET_ONE "guest.memory.array(ptr, shape, dtype) gives one"

/* The element type in NumPy's words, for messages. */
static const char *dtype_name(const char *format, Py_ssize_t itemsize)
{
    static const struct {
        const char *format, *name;
    } names[] = {{"?", "bool"},       {"b", "int8"},        {"B", "uint8"},   {"h", "int16"},
                 {"H", "uint16"},     {"i", "int32"},       {"I", "uint32"},  {"q", "int64"},
                 {"Q", "uint64"},     {"e", "float16"},     {"f", "float32"}, {"d", "float64"},
                 {"Zf", "complex64"}, {"Zd", "complex128"}, {"O", "object"},  {"bfloat16", "bfloat16"}};
    if (!format) {
        return "uint8";
    }
    if (format[0] && !format[1]) {
        if (format[0] == 'l' || format[0] == 'L') {
            return itemsize == 8 ? (format[0] == 'l' ? "int64" : "uint64") : (format[0] == 'l' ? "int32" : "uint32");
        }
    }
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(names[i].format, format) == 0) {
            return names[i].name;
        }
    }
    return NULL;
}

static const char *wanted(unsigned flags)
{
    return flags & ZC_PY_NUMBERS ? "numbers" : flags & ZC_PY_WORDS ? "float32, int32 or uint32" : "float32";
}

static int check_format(const zc_py_array *array, unsigned flags)
{
    const Py_buffer *view = &array->view;
    const char *format = view->format;
    if (format) {
#if PY_LITTLE_ENDIAN
        format += *format == '<' || *format == '=' || *format == '@' || *format == '^';
#else
        format += *format == '>' || *format == '=' || *format == '@' || *format == '^';
#endif
        if (format[0] && !format[1] && view->itemsize == 4 &&
            (format[0] == 'f' || (flags & ZC_PY_WORDS && strchr("iIlL", format[0])))) {
            return 0;
        }
    }
    if (flags & ZC_PY_NUMBERS && (!format || (format[0] && !format[1] && strchr("?bBhHiIlLqQefd", format[0])))) {
        return 0;
    }
    const char *name = dtype_name(format, view->itemsize);
    if (name) {
        PyErr_Format(PyExc_TypeError, "%s has dtype %s, must be %s", array->name, name, wanted(flags));
    } else {
        PyErr_Format(PyExc_TypeError, "%s has elements of format '%s', must be %s in native byte order", array->name,
                     format, wanted(flags));
    }
    return -1;
}

static int take_view(zc_py_array *array, unsigned flags)
{
    PyObject *object = array->object;
    if (!PyObject_CheckBuffer(object)) {
        /* The caller has the object, and locate() finds its bytes in a region or refuses them: no need to hold them. */
        int code = zc_py_dlpack_import(object, array->name, false, &array->view, array->sides);
        if (code != 0) {
            return code < 0 ? -1 : 0;
        }
        PyErr_Format(PyExc_TypeError, "%s must be an array of %s in guest memory, not %s: " HOW_TO_GET_ONE, array->name,
                     wanted(flags), Py_TYPE(object)->tp_name);
        return -1;
    }
    if (PyObject_GetBuffer(object, &array->view, PyBUF_STRIDES | PyBUF_FORMAT) == 0) {
        return 0;
    }
    if (PyErr_ExceptionMatches(PyExc_ValueError) || PyErr_ExceptionMatches(PyExc_BufferError)) {
        /* NumPy's types without a buffer format, such as datetime64 */
        PyObject *type, *value, *traceback;
        PyErr_Fetch(&type, &value, &traceback);
        PyErr_Format(PyExc_TypeError, "%s gives no plain view of its elements (%S), must be %s", array->name,
                     value ? value : type, wanted(flags));
        Py_XDECREF(type);
        Py_XDECREF(value);
        Py_XDECREF(traceback);
    }
    return -1;
}

/* Count elements, and find the bytes from the first to the last; check the strides on the way. */
static int measure(zc_py_array *array, uint64_t *span)
{
    const Py_buffer *view = &array->view;
    uint64_t last = 0;
    Py_ssize_t count = 1;
    for (int i = 0; i < view->ndim; i++) {
        count *= view->shape[i]; /* the exporter has that many, so it fits */
    }
    for (int i = 0; i < view->ndim && count > 0; i++) {
        Py_ssize_t stride = view->strides[i];
        if (view->shape[i] == 1) {
            continue;
        }
        if (stride < 0) {
            PyErr_Format(PyExc_ValueError,
                         "%s has a stride of %zd bytes on axis %d: negative strides are not supported", array->name,
                         stride, i);
            return -1;
        }
        if (stride % view->itemsize) {
            PyErr_Format(PyExc_ValueError, "%s has a stride of %zd bytes on axis %d: strides must be multiples of %zd",
                         array->name, stride, i, view->itemsize);
            return -1;
        }
        uint64_t step;
        if (__builtin_mul_overflow((uint64_t)(view->shape[i] - 1), (uint64_t)stride, &step) ||
            __builtin_add_overflow(last, step, &last)) {
            PyErr_Format(PyExc_OverflowError, "%s spans more than 2^64 bytes", array->name);
            return -1;
        }
    }
    array->count = count;
    *span = count > 0 ? last + (uint64_t)view->itemsize : 0;
    return 0;
}

static int locate(zc_py_array *array, uint64_t span, const zc_py_array *other)
{
    const uint8_t *address = array->view.buf;
    array->range = (zc_range){0};
    if (span == 0) {
        return 0; /* nothing is read or written: it may lie anywhere */
    }
    zc_region *region = other ? other->range.region : NULL;
    if (region) {
        const uint8_t *base = zc_region_base(region);
        uint64_t size = zc_region_size(region);
        if (address >= base && (uint64_t)(address - base) <= size && span <= size - (uint64_t)(address - base)) {
            zc_region_retain(region);
        } else {
            region = NULL;
        }
    }
    if (!region && !(region = zc_region_find(address, span))) {
        PyErr_Format(PyExc_ValueError, "%s does not lie in guest memory, and nothing is copied: " HOW_TO_GET_ONE,
                     array->name);
        return -1;
    }
    uint64_t offset = (uint64_t)(address - zc_region_base(region));
    unsigned unit = array->view.itemsize < 4 ? (unsigned)array->view.itemsize : 4;
    if (offset % unit) {
        PyErr_Format(PyExc_ValueError, "%s starts at byte %llu of its memory, which is not a multiple of %u",
                     array->name, (ull)offset, unit);
        zc_region_release(region);
        return -1;
    }
    array->range = (zc_range){.region = region, .offset = offset, .length = span};
    return 0;
}

/* A tensor's view: of its elements when they are float32, else of its bytes as one row, which dispatch takes. */
static int take_tensor(zc_py_array *array, unsigned flags)
{
    const zc_tensor *tensor = zc_weights_get(array->weights, array->tensor);
    const char *type = zc_weight_type_get(tensor->type)->name;
    if (flags & ZC_PY_WRITE) {
        PyErr_Format(PyExc_ValueError, "%s is written, but weights are read-only", array->name);
        return -1;
    }
    if (tensor->type != ZC_WEIGHT_F32 && !(flags & ZC_PY_WORDS)) {
        PyErr_Format(PyExc_TypeError, "%s is a tensor of %s, must be of F32: dispatch takes the other types",
                     array->name, type);
        return -1;
    }
    zc_region *region = zc_weights_region(array->weights, tensor->file);
    bool plain = tensor->type == ZC_WEIGHT_F32;
    array->view = (Py_buffer){.buf = zc_region_base(region) + tensor->offset,
                              .len = (Py_ssize_t)tensor->bytes,
                              .itemsize = plain ? 4 : 1,
                              .ndim = plain ? (int)tensor->ndim : 1,
                              .readonly = 1,
                              .shape = array->sides,
                              .strides = array->sides + ZC_PY_DLPACK_AXES};
    array->count = (Py_ssize_t)tensor->bytes / array->view.itemsize;
    Py_ssize_t stride = array->view.itemsize;
    for (int i = array->view.ndim; i-- > 0;) {
        array->view.shape[i] = plain ? (Py_ssize_t)tensor->shape[i] : (Py_ssize_t)tensor->bytes;
        array->view.strides[i] = stride;
        stride *= array->view.shape[i] ? array->view.shape[i] : 1;
    }
    array->range = (zc_range){0};
    if (tensor->bytes) {
        array->range =
            (zc_range){.region = zc_region_retain(region), .offset = tensor->offset, .length = tensor->bytes};
    }
    return 0;
}

int zc_py_array_range(const zc_py_array *array, zc_state *state, const zc_device *device, zc_range *out)
{
    zc_error error;
    *out = array->range;
    if (array->weights && out->region &&
        zc_weights_range(array->weights, array->tensor, device, out, &error) != ZC_OK) {
        (void)zc_raise(state, &error);
        return -1;
    }
    return 0;
}

int zc_py_array_get(PyObject *object, const char *name, unsigned flags, const zc_py_array *other, zc_py_array *array)
{
    uint64_t span;
    zc_region *own = NULL;
    array->name = name;
    array->object = object;
    array->device = NULL;
    array->weights = NULL;
    array->tensor = 0;
    array->shares_view = other && other->object == object;
    if (array->shares_view) {
        array->view = other->view;
        array->count = other->count;
        array->device = other->device;
        array->weights = other->weights;
        array->tensor = other->tensor;
        array->range = other->range;
        if (array->range.region) {
            zc_region_retain(array->range.region);
        }
    } else if (zc_py_is_tensor(object, &array->weights, &array->tensor)) {
        return take_tensor(array, flags);
    } else if (!zc_py_device_array_view(object, &array->view, &own, &array->device) && take_view(array, flags) < 0) {
        return -1;
    } else if (check_format(array, flags) < 0 || measure(array, &span) < 0 ||
               (!own && locate(array, span, other) < 0)) {
        PyBuffer_Release(&array->view);
        return -1;
    } else if (own) {
        array->range = (zc_range){0};
        if (span) {
            zc_region_retain(own);
            array->range = (zc_range){.region = own, .length = span};
        }
    }
    if (flags & ZC_PY_WRITE && array->view.readonly) {
        PyErr_Format(PyExc_ValueError, "%s is written, but this view of it is read-only", name);
        zc_py_array_release(array);
        return -1;
    }
    return 0;
}

void zc_py_array_release(zc_py_array *array)
{
    if (!array->shares_view) {
        PyBuffer_Release(&array->view);
    }
    zc_region_release(array->range.region);
    array->range.region = NULL;
}

void zc_py_array_release_all(zc_py_array *arrays, size_t count)
{
    while (count-- > 0) { /* backwards: shared views belong to an earlier one */
        zc_py_array_release(&arrays[count]);
    }
}

bool zc_py_array_same_shape(const zc_py_array *a, const zc_py_array *b)
{
    return a->view.ndim == b->view.ndim &&
           (a->view.ndim == 0 ||
            memcmp(a->view.shape, b->view.shape, (size_t)a->view.ndim * sizeof *a->view.shape) == 0);
}

bool zc_py_array_contiguous(const zc_py_array *array)
{
    Py_ssize_t count, stride;
    return array->count <= 1 || (zc_py_array_fold(array, array->view.ndim, &count, &stride) && stride == 1);
}

bool zc_py_array_fold(const zc_py_array *array, int axes, Py_ssize_t *count, Py_ssize_t *stride)
{
    *count = 1;
    *stride = 0;
    for (int i = axes - 1; i >= 0; i--) {
        Py_ssize_t length = array->view.shape[i];
        if (length == 1) {
            continue;
        }
        Py_ssize_t here = zc_py_array_stride(array, i);
        if (*count == 1) {
            *stride = here;
        } else if (array->count > 0 && here != *stride * *count) {
            return false;
        }
        *count *= length;
    }
    return true;
}

zc_py_shape zc_py_shape_of(const zc_py_array *array)
{
    return zc_py_shape_text(array->view.shape, array->view.ndim);
}
