/* py_dlpack: see py_dlpack.h. The structs are those of dlpack.h, whose layout is the protocol: version 1.0, what was
 * before it, and the table of C functions of version 1.3, which saves calls of Python. */
#include "py_dlpack.h"
#include "py_error.h"
#include "py_shape.h"

#include <string.h>

#include "base/zc_alloc.h"
#include "base/zc_copies.h"

#define HOST 1        /* kDLCPU */
#define METAL 8       /* kDLMetal: data is an MTLBuffer */
#define PINNED_HOST 3 /* kDLCUDAHost: the host's memory, too */
#define READ_ONLY 1u  /* flags */
#define IS_COPIED 2u

typedef struct device {
    int32_t type, id;
} device;

typedef struct element {
    uint8_t code, bits;
    uint16_t lanes;
} element;

typedef struct tensor {
    void *data;
    device device;
    int32_t ndim;
    element element;
    int64_t *shape, *strides; /* in elements; no strides: C-contiguous */
    uint64_t byte_offset;
} tensor;

typedef struct plain { /* before version 1 */
    tensor tensor;
    void *context;
    void (*deleter)(struct plain *self);
} plain;

typedef struct version {
    uint32_t major, minor;
} version;

typedef struct versioned {
    version version;
    void *context;
    void (*deleter)(struct versioned *self);
    uint64_t flags;
    tensor tensor;
} versioned;

typedef struct functions { /* of the type's attribute __dlpack_c_exchange_api__ */
    version version;
    struct functions *older;
    void *allocate, *managed_of, *object_of;
    int (*tensor_of)(void *object, tensor *out); /* lives as long as the object */
    void *stream;
} functions;

static const char plain_name[] = "dltensor", plain_used[] = "used_dltensor";
static const char versioned_name[] = "dltensor_versioned", versioned_used[] = "used_dltensor_versioned";

/* --- export --- */

typedef struct exported {
    union {
        plain plain;
        versioned versioned;
    } managed;
    zc_region *region; /* pinned; NULL for a copy */
    void *copy;
    zc_device_shared shared;
    int64_t sides[2 * ZC_PY_DLPACK_AXES];
} exported;

int zc_py_dlpack_type(const zc_device *device)
{
    const zc_device_info *info = zc_device_get_info(device);
    return zc_device_shares(device) ? METAL : strcmp(info->kind, "cpu") == 0 ? HOST : 0;
}

/* Any thread, also without the GIL. */
static void end_exported(exported *self)
{
    zc_device_share_release(&self->shared);
    if (self->region) {
        zc_region_unpin(self->region);
    }
    zc_free(self->copy);
    zc_free(self);
}

static void end_plain(plain *self)
{
    end_exported(self->context);
}

static void end_versioned(versioned *self)
{
    end_exported(self->context);
}

/* Of a capsule that nobody has imported; who has, has renamed it, and calls the deleter. */
static void end_capsule(PyObject *capsule)
{
    if (PyCapsule_IsValid(capsule, versioned_name)) {
        versioned *managed = PyCapsule_GetPointer(capsule, versioned_name);
        managed->deleter(managed);
    } else if (PyCapsule_IsValid(capsule, plain_name)) {
        plain *managed = PyCapsule_GetPointer(capsule, plain_name);
        managed->deleter(managed);
    }
}

const char zc_py_doc_dlpack[] = //
    "__dlpack__($self, /, *, stream=None, max_version=None, dl_device=None, copy=None)\n--\n\n"
    "DLPack capsule (kDLCPU), as the array API standard has it; pins the bytes until its importer is done.\n\n"
    "Raises BufferError where they would have to be copied, or are read-only and max_version is below (1, 0).\n"
    "What copy=True copies is counted in copy_stats() as memory_read.";

const char zc_py_doc_dlpack_device[] = "__dlpack_device__($self)\n--\n\n(kDLCPU, 0).";

PyObject *zc_py_dlpack_device(PyObject *self, PyObject *unused)
{
    (void)self;
    (void)unused;
    return Py_BuildValue("(ii)", HOST, 0);
}

/* A pair of integers, or None, which leaves them as they are. */
static int pair_from(PyObject *value, const char *name, long pair[2])
{
    if (value == Py_None) {
        return 0;
    }
    if (!PyTuple_Check(value) || PyTuple_GET_SIZE(value) != 2) {
        return zc_py_must_be(name, "a tuple of two integers", value);
    }
    for (int i = 0; i < 2; i++) {
        pair[i] = PyLong_AsLong(PyTuple_GET_ITEM(value, i));
        if (pair[i] == -1 && PyErr_Occurred()) {
            return -1;
        }
    }
    return 0;
}

static void fill_tensor(exported *self, const zc_py_dlpack_array *array, tensor *out)
{
    int64_t stride = 1;
    for (int i = array->ndim; i-- > 0;) {
        self->sides[i] = (int64_t)array->shape[i];
        self->sides[ZC_PY_DLPACK_AXES + i] = array->strides && !self->copy ? array->strides[i] : stride;
        stride *= array->shape[i] ? (int64_t)array->shape[i] : 1;
    }
    *out = (tensor){.data = self->copy ? self->copy : zc_region_base(array->region) + array->offset,
                    .device = {HOST, 0},
                    .ndim = array->ndim,
                    .element = {(uint8_t)array->code, array->bits, 1},
                    .shape = self->sides,
                    .strides = self->sides + ZC_PY_DLPACK_AXES};
    if (array->shared) {
        out->data = array->shared->handle;
        out->device.type = METAL;
        out->byte_offset = array->shared->offset;
    }
}

static exported *new_exported(const zc_py_dlpack_array *array, bool copy)
{
    exported *self = zc_calloc(1, sizeof *self);
    if (self && copy) {
        uint64_t bytes = array->bits / 8;
        for (int i = 0; i < array->ndim; i++) {
            bytes *= array->shape[i]; /* they are there, so it fits */
        }
        self->copy = zc_malloc(bytes ? bytes : 1);
        if (self->copy) {
            memcpy(self->copy, zc_region_base(array->region) + array->offset, bytes);
            zc_copies_add(ZC_COPY_MEMORY_READ, bytes);
        } else {
            zc_free(self);
            self = NULL;
        }
    } else if (self) {
        self->region = array->region;
        zc_region_pin(self->region);
    }
    return self;
}

PyObject *zc_py_dlpack_export(const zc_py_dlpack_array *array, PyObject *arguments, PyObject *keywords)
{
    static char *names[] = {"stream", "max_version", "dl_device", "copy", NULL};
    PyObject *stream = Py_None, *max_version = Py_None, *dl_device = Py_None, *copy = Py_None;
    long most[2] = {0, 0}, place[2] = {HOST, 0};
    if (!PyArg_ParseTupleAndKeywords(arguments, keywords, "|$OOOO:__dlpack__", names, &stream, &max_version, &dl_device,
                                     &copy) ||
        pair_from(max_version, "max_version", most) < 0 || pair_from(dl_device, "dl_device", place) < 0) {
        return NULL;
    }
    if (stream != Py_None) {
        return PyErr_Format(PyExc_ValueError, "stream is %R, must be None: this is the host's memory", stream);
    }
    int type = array->shared ? METAL : HOST;
    if (dl_device != Py_None && (place[0] != type || place[1] != 0)) {
        return PyErr_Format(PyExc_BufferError, "device (%ld, %ld) is asked for, but this memory is of (%d, 0), %s",
                            place[0], place[1], type, array->shared ? "kDLMetal" : "kDLCPU");
    }
    int copies = copy == Py_None ? 0 : PyObject_IsTrue(copy);
    if (copies < 0) {
        return NULL;
    }
    if (copies && (array->shared || array->strides)) {
        PyErr_SetString(PyExc_BufferError, "this memory is shared, not copied: copy the array first");
        return NULL;
    }
    bool read_only = array->read_only && !copies;
    if (read_only && most[0] < 1) {
        PyErr_SetString(PyExc_BufferError,
                        "this memory is read-only, which DLPack says as of version 1.0: the importer "
                        "must ask for it with max_version=(1, 0) or later");
        return NULL;
    }
    exported *self = new_exported(array, copies);
    if (!self) {
        return PyErr_NoMemory();
    }
    PyObject *capsule;
    if (most[0] < 1) {
        plain *managed = &self->managed.plain;
        *managed = (plain){.context = self, .deleter = end_plain};
        fill_tensor(self, array, &managed->tensor);
        capsule = PyCapsule_New(managed, plain_name, end_capsule);
    } else {
        versioned *managed = &self->managed.versioned;
        *managed = (versioned){.version = {1, 0},
                               .context = self,
                               .deleter = end_versioned,
                               .flags = (read_only ? READ_ONLY : 0) | (copies ? IS_COPIED : 0)};
        fill_tensor(self, array, &managed->tensor);
        capsule = PyCapsule_New(managed, versioned_name, end_capsule);
    }
    if (!capsule) {
        end_exported(self);
    } else if (array->shared) {
        self->shared = *array->shared;
    }
    return capsule;
}

/* --- import --- */

/* The buffer protocol's format of elements; where it has none, their name. */
static const struct {
    uint8_t code, bits;
    char *format;
} formats[] = {
    {ZC_PY_DLPACK_INT, 8, "b"},       {ZC_PY_DLPACK_INT, 16, "h"},       {ZC_PY_DLPACK_INT, 32, "i"},
    {ZC_PY_DLPACK_INT, 64, "q"},      {ZC_PY_DLPACK_UINT, 8, "B"},       {ZC_PY_DLPACK_UINT, 16, "H"},
    {ZC_PY_DLPACK_UINT, 32, "I"},     {ZC_PY_DLPACK_UINT, 64, "Q"},      {ZC_PY_DLPACK_FLOAT, 16, "e"},
    {ZC_PY_DLPACK_FLOAT, 32, "f"},    {ZC_PY_DLPACK_FLOAT, 64, "d"},     {ZC_PY_DLPACK_BOOL, 8, "?"},
    {ZC_PY_DLPACK_COMPLEX, 64, "Zf"}, {ZC_PY_DLPACK_COMPLEX, 128, "Zd"}, {ZC_PY_DLPACK_BFLOAT, 16, "bfloat16"},
};
#define FORMATS (sizeof formats / sizeof *formats)

static char *format_of(element type)
{
    for (size_t i = 0; type.lanes == 1 && i < FORMATS; i++) {
        if (formats[i].code == type.code && formats[i].bits == type.bits) {
            return formats[i].format;
        }
    }
    return "another type of DLPack";
}

bool zc_py_dlpack_element(const char *format, Py_ssize_t itemsize, zc_py_dlpack_code *code, uint8_t *bits)
{
    format = format ? format : "B";
    format += *format == '=' || *format == '@' || *format == (PY_LITTLE_ENDIAN ? '<' : '>');
    for (size_t i = 0; i < FORMATS; i++) {
        bool is_long = (strcmp(format, "l") == 0 && formats[i].code == ZC_PY_DLPACK_INT) ||
                       (strcmp(format, "L") == 0 && formats[i].code == ZC_PY_DLPACK_UINT);
        if (formats[i].bits == 8 * itemsize && (is_long || strcmp(format, formats[i].format) == 0)) {
            *code = formats[i].code;
            *bits = formats[i].bits;
            return true;
        }
    }
    return false;
}

/* What a tensor says, once, as a view without an owner. It may say anything, so every number is checked. */
static int describe(const tensor *from, bool read_only, const char *name, Py_buffer *view, Py_ssize_t *sides)
{
    tensor said = *from;
    if (said.device.type != HOST && said.device.type != PINNED_HOST) {
        PyErr_Format(PyExc_ValueError, "%s lies on a device (DLPack's type %d), not in guest memory", name,
                     (int)said.device.type);
        return -1;
    }
    if (said.ndim < 0 || said.ndim > ZC_PY_DLPACK_AXES || (said.ndim > 0 && !said.shape)) {
        PyErr_Format(PyExc_ValueError, "%s has %d axes, must have a shape of 0 to %d", name, (int)said.ndim,
                     ZC_PY_DLPACK_AXES);
        return -1;
    }
    Py_ssize_t size = said.element.bits / 8, count = 1;
    bool overflow = false, empty = false;
    for (int i = 0; i < said.ndim; i++) {
        int64_t side = said.shape[i];
        if (side < 0) {
            PyErr_Format(PyExc_ValueError, "%s has %lld elements on axis %d", name, (long long)side, i);
            return -1;
        }
        sides[i] = (Py_ssize_t)side;
        empty = empty || side == 0;
    }
    for (int i = said.ndim; i-- > 0;) {
        Py_ssize_t step = said.strides && !empty ? (Py_ssize_t)said.strides[i] : count;
        overflow = __builtin_mul_overflow(step, size, &sides[ZC_PY_DLPACK_AXES + i]) || overflow;
        overflow = (!empty && __builtin_mul_overflow(count, sides[i], &count)) || overflow;
    }
    Py_ssize_t bytes;
    uintptr_t address;
    overflow = __builtin_mul_overflow(count, size, &bytes) || overflow;
    overflow = __builtin_add_overflow((uintptr_t)said.data, said.byte_offset, &address) || overflow;
    if (overflow) {
        PyErr_Format(PyExc_OverflowError, "%s spans more than 2^63 bytes", name);
        return -1;
    }
    *view = (Py_buffer){.buf = (void *)address,
                        .len = empty ? 0 : bytes,
                        .itemsize = size,
                        .readonly = read_only,
                        .ndim = said.ndim,
                        .format = format_of(said.element),
                        .shape = sides,
                        .strides = sides + ZC_PY_DLPACK_AXES};
    return 0;
}

/* 1: it has such an attribute; 0: not; -1 with an exception. */
static int attribute(PyObject *object, const char *name, PyObject **out)
{
    *out = PyObject_GetAttrString(object, name);
    if (*out) {
        return 1;
    }
    if (!PyErr_ExceptionMatches(PyExc_AttributeError)) {
        return -1;
    }
    PyErr_Clear();
    return 0;
}

/* PyTorch's tensors that are more than their bytes: __dlpack__ refuses the first kind, and forgets of the second that the
 * bytes are those of the numbers' opposites. */
static int check_lazy(PyObject *object, const char *name)
{
    static const struct {
        const char *attribute, *message;
    } kinds[] = {
        {"requires_grad", "%s requires grad, and kernels record none: %s.detach() has the same bytes without"},
        {"is_neg", "%s is negated when it is read, which its bytes do not say: %s.resolve_neg() is not"},
    };
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        PyObject *value;
        int has = attribute(object, kinds[i].attribute, &value);
        if (has > 0 && PyCallable_Check(value)) {
            Py_SETREF(value, PyObject_CallNoArgs(value));
        }
        int is = has <= 0 ? has : value ? PyObject_IsTrue(value) : -1;
        Py_XDECREF(value);
        if (is > 0) {
            PyErr_Format(PyExc_ValueError, kinds[i].message, name, name);
        }
        if (is != 0) {
            return -1;
        }
    }
    return 0;
}

/* By the functions of the object's type, where it has them: nothing of Python runs. 1, 0, -1 as attribute(). */
static int by_functions(PyObject *object, const char *name, Py_buffer *view, Py_ssize_t *sides)
{
    PyObject *capsule;
    tensor said;
    int has = attribute((PyObject *)Py_TYPE(object), "__dlpack_c_exchange_api__", &capsule);
    if (has <= 0) {
        return has;
    }
    const functions *table =
        PyCapsule_IsValid(capsule, "dlpack_exchange_api") ? PyCapsule_GetPointer(capsule, "dlpack_exchange_api") : NULL;
    Py_DECREF(capsule); /* the table stays as long as the process */
    while (table && table->version.major > 1) {
        table = table->older;
    }
    if (!table || table->version.major != 1 || !table->tensor_of) {
        return 0;
    }
    if (table->tensor_of(object, &said) != 0) {
        PyErr_Clear(); /* __dlpack__ says it better */
        return 0;
    }
    return describe(&said, false, name, view, sides) < 0 ? -1 : 1;
}

static void end_imported(PyObject *capsule)
{
    bool is_plain = PyCapsule_IsValid(capsule, plain_used);
    void *managed = PyCapsule_GetPointer(capsule, is_plain ? plain_used : versioned_used);
    PyObject *type, *value, *traceback; /* deleters may be Python, and this the end of a refusal */
    PyErr_Fetch(&type, &value, &traceback);
    if (is_plain && ((plain *)managed)->deleter) {
        ((plain *)managed)->deleter(managed);
    } else if (!is_plain && ((versioned *)managed)->deleter) {
        ((versioned *)managed)->deleter(managed);
    }
    PyErr_Restore(type, value, traceback);
}

/* Take what a capsule of somebody's holds: from here on it is ours to delete, which the new capsule does. */
static PyObject *consume(PyObject *given, const char *name, const tensor **said, bool *read_only)
{
    bool is_plain = PyCapsule_IsValid(given, plain_name);
    if (!is_plain && !PyCapsule_IsValid(given, versioned_name)) {
        const char *what = PyCapsule_CheckExact(given) ? PyCapsule_GetName(given) : Py_TYPE(given)->tp_name;
        PyErr_Format(PyExc_TypeError, "%s: its __dlpack__ gives no capsule of DLPack that is unused, but %s", name,
                     what ? what : "one without a name");
        return NULL;
    }
    void *managed = PyCapsule_GetPointer(given, is_plain ? plain_name : versioned_name);
    if (!is_plain && ((versioned *)managed)->version.major != 1) {
        const version *its = &((versioned *)managed)->version;
        PyErr_Format(PyExc_TypeError, "%s: its __dlpack__ gives version %u.%u of DLPack, must be 1", name, its->major,
                     its->minor);
        return NULL;
    }
    *said = is_plain ? &((plain *)managed)->tensor : &((versioned *)managed)->tensor;
    *read_only = is_plain || ((versioned *)managed)->flags & READ_ONLY;
    PyObject *taken = PyCapsule_New(managed, is_plain ? plain_used : versioned_used, end_imported);
    if (taken && PyCapsule_SetName(given, is_plain ? plain_used : versioned_used) < 0) {
        PyCapsule_SetDestructor(taken, NULL);
        Py_CLEAR(taken);
    }
    return taken;
}

static int by_capsule(PyObject *object, const char *name, Py_buffer *view, Py_ssize_t *sides)
{
    PyObject *method;
    int has = attribute(object, "__dlpack__", &method);
    if (has <= 0) {
        return has;
    }
    PyObject *none = PyTuple_New(0), *options = Py_BuildValue("{s(ii)}", "max_version", 1, 0);
    PyObject *given = none && options ? PyObject_Call(method, none, options) : NULL;
    if (!given && none && options && PyErr_ExceptionMatches(PyExc_TypeError)) {
        PyErr_Clear(); /* from before version 1 */
        given = PyObject_CallNoArgs(method);
    }
    Py_XDECREF(none);
    Py_XDECREF(options);
    Py_DECREF(method);
    if (!given && PyErr_ExceptionMatches(PyExc_BufferError)) {
        PyObject *type, *value, *traceback;
        PyErr_Fetch(&type, &value, &traceback);
        PyErr_Format(PyExc_ValueError, "%s gives no view of its elements: %S", name, value ? value : type);
        Py_XDECREF(type);
        Py_XDECREF(value);
        Py_XDECREF(traceback);
    }
    const tensor *said;
    bool read_only;
    PyObject *taken = given ? consume(given, name, &said, &read_only) : NULL;
    Py_XDECREF(given);
    if (!taken || describe(said, read_only, name, view, sides) < 0) {
        Py_XDECREF(taken);
        return -1;
    }
    view->obj = taken;
    return 1;
}

/* NumPy reads the dictionary, and makes an array of it, whose elements it does not touch. */
static int by_interface(PyObject *object, Py_buffer *view)
{
    PyObject *interface;
    int has = attribute(object, "__array_interface__", &interface);
    if (has <= 0) {
        return has;
    }
    PyObject *module = PyImport_ImportModule("zcwasm._interchange");
    PyObject *array = module ? PyObject_CallMethod(module, "array_of", "OO", object, interface) : NULL;
    int code = array ? PyObject_GetBuffer(array, view, PyBUF_STRIDES | PyBUF_FORMAT) : -1;
    Py_XDECREF(array);
    Py_XDECREF(module);
    Py_DECREF(interface);
    return code < 0 ? -1 : 1;
}

int zc_py_dlpack_import(PyObject *object, const char *name, bool hold, Py_buffer *view, Py_ssize_t *sides)
{
    int code = check_lazy(object, name);
    if (code == 0 && !hold) {
        code = by_functions(object, name, view, sides);
    }
    if (code == 0) {
        code = by_capsule(object, name, view, sides);
    }
    return code == 0 ? by_interface(object, view) : code;
}
