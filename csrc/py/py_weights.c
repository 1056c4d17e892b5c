/* py_weights: see py_weights.h. */
#include "py_weights.h"
#include "py_arguments.h"
#include "py_error.h"
#include "py_issuer.h"
#include "py_tensor.h"
#include "py_view.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct weights_object {
    PyObject_HEAD
    zc_weights *weights;
    PyObject *path;       /* as it was given */
    PyObject *paths;      /* of each file, a tuple */
    PyObject *identities; /* which files these are, a tuple, too */
    PyObject *tensors; /* a mappingproxy over a dict of str to Tensor, in the file's order */
} weights_object;

zc_weights *zc_py_weights(zc_state *state, PyObject *object, const char *name)
{
    if (PyObject_TypeCheck(object, state->weights_type)) {
        return ((weights_object *)object)->weights;
    }
    PyErr_Format(PyExc_TypeError, "%s must be a zcwasm.Weights, not %s", name, Py_TYPE(object)->tp_name);
    return NULL;
}

/* As os.stat() numbers them: two files of the same numbers are the same, unchanged. */
static PyObject *identity_of(const struct stat *file)
{
#ifdef __APPLE__
    struct timespec written = file->st_mtimespec, changed = file->st_ctimespec;
#else
    struct timespec written = file->st_mtim, changed = file->st_ctim;
#endif
    return Py_BuildValue("(KKKLL)", (ull)file->st_dev, (ull)file->st_ino, (ull)file->st_size,
                         (long long)written.tv_sec * 1000000000 + written.tv_nsec,
                         (long long)changed.tv_sec * 1000000000 + changed.tv_nsec);
}

/* Map one more file, the first one where *weights is NULL. Its identity, or NULL with an exception. */
static PyObject *map_file(zc_state *state, PyObject *path, zc_weights **weights)
{
    PyObject *encoded;
    zc_error error;
    zc_status status = ZC_OK;
    struct stat info;
    int code;
    if (!PyUnicode_FSConverter(path, &encoded)) {
        return NULL;
    }
    Py_BEGIN_ALLOW_THREADS
    /* Not blocking, so that a pipe without a writer is refused, not waited for. */
    int file = open(PyBytes_AS_STRING(encoded), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    code = file >= 0 ? 0 : errno;
    if (file >= 0) {
        status = fstat(file, &info) == 0
                     ? (*weights ? zc_weights_map(*weights, file, &error) : zc_weights_open(file, weights, &error))
                     : zc_fail(&error, ZC_MODEL, "cannot ask for the file's size: %s", strerror(errno));
        (void)close(file);
    }
    Py_END_ALLOW_THREADS
    Py_DECREF(encoded);
    if (status != ZC_OK) {
        return zc_raise(state, &error);
    }
    if (code != 0) {
        PyObject *name = PyOS_FSPath(path); /* as open() has it in its errors */
        errno = code;
        if (name) {
            PyErr_SetFromErrnoWithFilenameObject(PyExc_OSError, name);
            Py_DECREF(name);
        }
        return NULL;
    }
    return identity_of(&info);
}

/* All files, in their order; what is known of them goes into these lists. NULL with an exception. */
static zc_weights *map_files(zc_state *state, PyObject *files, PyObject *paths, PyObject *identities)
{
    PyObject *iterator = PyObject_GetIter(files), *path;
    zc_weights *weights = NULL;
    while (iterator && !PyErr_Occurred() && (path = PyIter_Next(iterator)) != NULL) {
        PyObject *identity = map_file(state, path, &weights);
        if (identity && PyList_Append(paths, path) == 0) {
            (void)PyList_Append(identities, identity);
        }
        Py_XDECREF(identity);
        Py_DECREF(path);
    }
    Py_XDECREF(iterator);
    if (!PyErr_Occurred() && !weights) {
        PyErr_SetString(PyExc_ValueError, "weights of no file");
    }
    if (PyErr_Occurred()) {
        zc_weights_release(weights);
        return NULL;
    }
    return weights;
}

static int type_number(const char *name, uint32_t *out)
{
    for (*out = 0; *out < ZC_WEIGHT_TYPE_COUNT; ++*out) {
        if (strcmp(zc_weight_type_get(*out)->name, name) == 0) {
            return 0;
        }
    }
    PyErr_Format(PyExc_ValueError, "'%s' is no type of weights", name);
    return -1;
}

#define A_TENSOR "a tensor is given as (name, type, shape, offset) or (name, type, shape, offset, file)"

static int add_tensor(zc_state *state, zc_weights *weights, PyObject *item)
{
    PyObject *name, *shape, *last, *file_number = NULL;
    const char *type;
    unsigned long long offset, file = 0;
    uint32_t number;
    Py_ssize_t size;
    uint64_t sides[ZC_TENSOR_MAX_DIMS] = {0};
    zc_error error;
    if (!PyTuple_Check(item)) {
        PyErr_Format(PyExc_TypeError, A_TENSOR ", not %s", Py_TYPE(item)->tp_name);
        return -1;
    }
    if (!PyArg_ParseTuple(item, "UsO!O!|O!;" A_TENSOR, &name, &type, &PyTuple_Type, &shape, &PyLong_Type, &last,
                          &PyLong_Type, &file_number)) {
        return -1;
    }
    offset = PyLong_AsUnsignedLongLong(last);
    if (file_number && !PyErr_Occurred()) {
        file = PyLong_AsUnsignedLongLong(file_number);
    }
    const char *text = PyErr_Occurred() ? NULL : PyUnicode_AsUTF8AndSize(name, &size);
    if (!text || type_number(type, &number) < 0) {
        return -1;
    }
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(shape) && i < ZC_TENSOR_MAX_DIMS; i++) {
        sides[i] = PyLong_AsUnsignedLongLong(PyTuple_GET_ITEM(shape, i));
        if (PyErr_Occurred()) {
            return -1;
        }
    }
    if (zc_weights_add(weights, text, (size_t)size, number, (uint32_t)PyTuple_GET_SIZE(shape), sides,
                       file < UINT32_MAX ? (uint32_t)file : UINT32_MAX, offset, &error) != ZC_OK) {
        (void)zc_raise(state, &error);
        return -1;
    }
    return 0;
}

static PyObject *view_of(zc_state *state, zc_weights *weights, uint32_t file)
{
    PyObject *view = zc_py_view_new(state, zc_weights_region(weights, file), 0, zc_weights_size(weights, file));
    PyObject *bytes = view ? PyMemoryView_FromObject(view) : NULL;
    Py_XDECREF(view);
    return bytes;
}

/* The bytes of each file, a tuple of memoryviews. */
static PyObject *views_of(zc_state *state, zc_weights *weights)
{
    PyObject *views = PyTuple_New((Py_ssize_t)zc_weights_file_count(weights));
    for (uint32_t i = 0; views && i < zc_weights_file_count(weights); i++) {
        PyObject *view = view_of(state, weights, i);
        if (!view) {
            Py_CLEAR(views);
            break;
        }
        PyTuple_SET_ITEM(views, (Py_ssize_t)i, view);
    }
    return views;
}

/* One more file, of bytes that `fill` writes to a memoryview. -1 with an exception. */
static int make_file(zc_state *state, zc_weights *weights, unsigned long long size, bool vectors, PyObject *fill)
{
    zc_region *region;
    zc_error error;
    zc_status status = zc_weights_make(weights, size, &region, &error);
    PyObject *view = status == ZC_OK ? zc_py_view_new(state, region, 0, size) : NULL;
    PyObject *bytes = view ? PyMemoryView_FromObject(view) : NULL;
    PyObject *filled = bytes ? PyObject_CallOneArg(fill, bytes) : NULL;
    Py_XDECREF(view);
    Py_XDECREF(bytes);
    if (status == ZC_OK && !filled) {
        return -1;
    }
    Py_XDECREF(filled);
    if (status == ZC_OK) {
        status = zc_weights_seal(weights, vectors ? ZC_COPY_WEIGHTS_MADE : ZC_COPY_MATRICES_MADE, &error);
    }
    if (status != ZC_OK) {
        (void)zc_raise(state, &error);
        return -1;
    }
    zc_weights_let_go(weights);
    return 0;
}

/* What is made lies in memory, as more files. */
static int make_files(zc_state *state, zc_weights *weights, PyObject *made)
{
    PyObject *iterator = PyObject_GetIter(made), *item;
    while (iterator && !PyErr_Occurred() && (item = PyIter_Next(iterator)) != NULL) {
        unsigned long long size;
        int vectors;
        PyObject *fill;
        if (!PyTuple_Check(item)) {
            PyErr_Format(PyExc_TypeError, "what is made is given as (size, vectors, fill), not %s",
                         Py_TYPE(item)->tp_name);
        } else if (PyArg_ParseTuple(item, "KpO", &size, &vectors, &fill)) {
            (void)make_file(state, weights, size, vectors != 0, fill);
        }
        Py_DECREF(item);
    }
    Py_XDECREF(iterator);
    return PyErr_Occurred() ? -1 : 0;
}

/* `tensors`: an iterable, or what makes one of the files' bytes, and with it the files that are made. */
static int add_tensors(zc_state *state, zc_weights *weights, PyObject *tensors)
{
    PyObject *given = Py_NewRef(tensors), *made, *item;
    if (PyCallable_Check(tensors)) {
        PyObject *views = views_of(state, weights);
        PyObject *both = views ? PyObject_CallOneArg(tensors, views) : NULL;
        Py_CLEAR(given);
        Py_XDECREF(views);
        if (both && PyTuple_Check(both) && PyArg_ParseTuple(both, "OO", &given, &made)) {
            given = make_files(state, weights, made) == 0 ? Py_NewRef(given) : NULL;
        } else if (both && !PyErr_Occurred()) {
            PyErr_Format(PyExc_TypeError, "tensors gave %s, must be a tuple", Py_TYPE(both)->tp_name);
        }
        Py_XDECREF(both);
    }
    PyObject *iterator = given ? PyObject_GetIter(given) : NULL;
    int code = 0;
    while (iterator && code == 0 && (item = PyIter_Next(iterator)) != NULL) {
        code = add_tensor(state, weights, item);
        Py_DECREF(item);
    }
    Py_XDECREF(iterator);
    Py_XDECREF(given);
    return PyErr_Occurred() ? -1 : 0;
}

static PyObject *tensor_mapping(zc_state *state, zc_weights *weights)
{
    PyObject *dict = PyDict_New(), *result = NULL;
    for (uint32_t i = 0; dict && i < zc_weights_count(weights); i++) {
        PyObject *tensor = zc_py_tensor_new(state, weights, i);
        if (!tensor || PyDict_SetItemString(dict, zc_weights_get(weights, i)->name, tensor) < 0) {
            Py_CLEAR(dict);
        }
        Py_XDECREF(tensor);
    }
    if (dict) {
        result = PyDictProxy_New(dict);
        Py_DECREF(dict);
    }
    return result;
}

static PyObject *weights_new(PyTypeObject *type, PyObject *arguments, PyObject *keywords)
{
    static char *names[] = {"path", "tensors", "files", NULL};
    PyObject *path, *tensors, *files = NULL;
    if (!PyArg_ParseTupleAndKeywords(arguments, keywords, "OO|O:_Weights", names, &path, &tensors, &files)) {
        return NULL;
    }
    zc_state *state = zc_state_of_type(type);
    PyObject *paths = PyList_New(0), *identities = PyList_New(0);
    files = files ? Py_NewRef(files) : PyTuple_Pack(1, path);
    zc_weights *weights = paths && identities && files ? map_files(state, files, paths, identities) : NULL;
    PyObject *mapping = weights && add_tensors(state, weights, tensors) == 0 ? tensor_mapping(state, weights) : NULL;
    weights_object *self = mapping ? (weights_object *)type->tp_alloc(type, 0) : NULL;
    if (self) {
        self->weights = weights;
        self->path = Py_NewRef(path);
        self->tensors = mapping;
        self->paths = PyList_AsTuple(paths);
        self->identities = PyList_AsTuple(identities);
        if (!self->paths || !self->identities) {
            Py_CLEAR(self);
        }
    } else {
        Py_XDECREF(mapping);
        zc_weights_release(weights);
    }
    Py_XDECREF(files);
    Py_XDECREF(paths);
    Py_XDECREF(identities);
    return (PyObject *)self;
}

static void weights_dealloc(PyObject *object)
{
    weights_object *self = (weights_object *)object;
    PyTypeObject *type = Py_TYPE(object);
    zc_weights_release(self->weights);
    Py_XDECREF(self->path);
    Py_XDECREF(self->paths);
    Py_XDECREF(self->identities);
    Py_XDECREF(self->tensors);
    type->tp_free(object);
    Py_DECREF(type);
}

/* Where an upload reports: it lets go of the GIL around the copies and takes it for the call. Also where nobody asked
 * for reports, so that Ctrl-C ends what takes seconds. */
typedef struct reporting {
    PyThreadState *saved;
    PyObject *callable; /* or None */
} reporting;

static bool report(void *context, uint64_t done, uint64_t total)
{
    reporting *to = context;
    PyEval_RestoreThread(to->saved);
    bool go_on = true;
    if (to->callable != Py_None) {
        PyObject *result = PyObject_CallFunction(to->callable, "KK", (ull)done, (ull)total);
        go_on = result != NULL;
        Py_XDECREF(result);
    }
    go_on = go_on && PyErr_CheckSignals() == 0;
    to->saved = PyEval_SaveThread();
    return go_on;
}

typedef zc_status making_ready(zc_weights *weights, zc_device *device, const void *what,
                               const zc_device_progress *progress, zc_error *error);

/* What load and pack have in common; -1 with an exception. `device` and `progress`: as they were given. */
static int make_ready(PyObject *object, making_ready *call, const void *what, PyObject *device, PyObject *progress)
{
    zc_state *state = zc_state_of(object);
    zc_error error;
    if (!PyObject_TypeCheck(device, state->device_type)) {
        (void)zc_py_must_be("device", "a zcwasm.Device", device);
        return -1;
    }
    progress = progress ? progress : Py_None;
    if (progress != Py_None && !PyCallable_Check(progress)) {
        PyErr_Format(PyExc_TypeError, "progress must be callable, not %s", Py_TYPE(progress)->tp_name);
        return -1;
    }
    reporting to = {.callable = progress};
    zc_device_progress reports = {.report = report, .context = &to};
    to.saved = PyEval_SaveThread();
    zc_status status = call(((weights_object *)object)->weights, zc_py_device(device), what, &reports, &error);
    PyEval_RestoreThread(to.saved);
    if (status != ZC_OK) {
        (void)zc_raise(state, &error);
        return -1;
    }
    return 0;
}

static zc_status load(zc_weights *weights, zc_device *device, const void *what, const zc_device_progress *progress,
                      zc_error *error)
{
    (void)what;
    return zc_weights_load(weights, device, progress, error);
}

static PyObject *weights_load(PyObject *object, PyObject *const *args, Py_ssize_t nargs, PyObject *keywords)
{
    static const zc_py_arguments expected = {"load", 2, 1, 2, {"device", "progress"}};
    PyObject *given[2];
    if (!zc_state_of(object) || zc_py_parse(&expected, args, nargs, keywords, given) < 0 ||
        make_ready(object, load, NULL, given[0], given[1]) < 0) {
        return NULL;
    }
    return Py_NewRef(object);
}

typedef struct chosen {
    size_t count;
    uint32_t indices[];
} chosen;

static zc_status pack(zc_weights *weights, zc_device *device, const void *what, const zc_device_progress *progress,
                      zc_error *error)
{
    const chosen *these = what;
    return zc_weights_pack(weights, device, these->indices, these->count, progress, error);
}

/* The tensors of these names, to be freed with PyMem_Free. */
static chosen *choose(weights_object *self, PyObject *names)
{
    PyObject *list = PySequence_List(names);
    Py_ssize_t count = list ? PyList_GET_SIZE(list) : 0;
    chosen *these = list ? PyMem_Malloc(sizeof *these + (size_t)count * sizeof *these->indices) : NULL;
    if (list && !these) {
        PyErr_NoMemory();
    }
    for (Py_ssize_t i = 0; these && i < count; i++) {
        Py_ssize_t size;
        const char *name = zc_py_text(PyList_GET_ITEM(list, i), "a name");
        size = name ? (Py_ssize_t)strlen(name) : 0;
        uint32_t index = name ? zc_weights_find(self->weights, name, (size_t)size) : UINT32_MAX;
        if (index == UINT32_MAX) {
            if (name) {
                PyErr_SetObject(PyExc_KeyError, PyList_GET_ITEM(list, i));
            }
            PyMem_Free(these);
            these = NULL;
        } else {
            these->indices[i] = index;
        }
    }
    if (these) {
        these->count = (size_t)count;
    }
    Py_XDECREF(list);
    return these;
}

static PyObject *weights_pack(PyObject *object, PyObject *const *args, Py_ssize_t nargs, PyObject *keywords)
{
    static const zc_py_arguments expected = {"pack", 3, 2, 3, {"device", "names", "progress"}};
    PyObject *given[3];
    if (!zc_state_of(object) || zc_py_parse(&expected, args, nargs, keywords, given) < 0) {
        return NULL;
    }
    chosen *these = choose((weights_object *)object, given[1]);
    int code = these ? make_ready(object, pack, these, given[0], given[2]) : -1;
    PyMem_Free(these);
    return code == 0 ? Py_NewRef(object) : NULL;
}

static Py_ssize_t weights_length(PyObject *object)
{
    return PyObject_Length(((weights_object *)object)->tensors);
}

static PyObject *weights_item(PyObject *object, PyObject *name)
{
    return PyObject_GetItem(((weights_object *)object)->tensors, name);
}

static int weights_contains(PyObject *object, PyObject *name)
{
    return PySequence_Contains(((weights_object *)object)->tensors, name);
}

static PyObject *weights_iterate(PyObject *object)
{
    return PyObject_GetIter(((weights_object *)object)->tensors);
}

static uint64_t size_of(const zc_weights *weights)
{
    uint64_t bytes = 0;
    for (uint32_t i = 0; i < zc_weights_file_count(weights); i++) {
        bytes += zc_weights_size(weights, i); /* of mapped files: address space ends before this does */
    }
    return bytes;
}

static PyObject *get_weights_nbytes(PyObject *object, void *unused)
{
    (void)unused;
    return PyLong_FromUnsignedLongLong(size_of(((weights_object *)object)->weights));
}

static PyObject *weights_views(PyObject *object, PyObject *unused)
{
    (void)unused;
    return views_of(zc_state_of(object), ((weights_object *)object)->weights);
}

static PyObject *weights_repr(PyObject *object)
{
    weights_object *self = (weights_object *)object;
    uint32_t count = zc_weights_count(self->weights);
    PyObject *path = PyOS_FSPath(self->path);
    PyObject *text = path ? PyUnicode_FromFormat("<zcwasm.Weights %R: %u tensor%s, %llu bytes>", path, count,
                                                 zc_py_plural(count), (ull)size_of(self->weights))
                          : NULL;
    Py_XDECREF(path);
    return text;
}

static PyMethodDef weights_methods[] = {
    {"load", (PyCFunction)(void (*)(void))weights_load, METH_FASTCALL | METH_KEYWORDS,
     "load($self, /, device, progress=None)\n--\n\n"
     "Make the tensors ready for a device; return self.\n\n"
     "Where memory is unified the mapped file is the device's buffer, and nothing is copied. To a device with\n"
     "memory of its own they are uploaded, once for all users of this object (copy_stats: weights_upload).\n"
     "progress: called with bytes done and bytes in all during an upload; an exception stops it.\n"
     "Raises DeviceError when the device cannot take them."},
    {"pack", (PyCFunction)(void (*)(void))weights_pack, METH_FASTCALL | METH_KEYWORDS,
     "pack($self, /, device, names, progress=None)\n--\n\n"
     "Let a device lay the tensors of these names out anew for products with few rows; return self.\n\n"
     "The cpu device does so for matrices of types in blocks of 32 elements or more where it has AVX2: a copy in\n"
     "memory, which all cpu devices use and which goes with the weights (copy_stats: weights_packed). Others are\n"
     "left as they are. progress: as for load(). Raises KeyError for an unknown name, and MemoryError."},
    {"_views", weights_views, METH_NOARGS,
     "_views($self)\n--\n\n"
     "The bytes of each mapped file, and then those that were made, a file each: a tuple of memoryviews."},
    {NULL, NULL, 0, NULL},
};

static PyMemberDef weights_members[] = {
    {"path", T_OBJECT, offsetof(weights_object, path), READONLY, "The file or folder, as it was given."},
    {"paths", T_OBJECT, offsetof(weights_object, paths), READONLY, "Of each mapped file, a tuple."},
    {"_identities", T_OBJECT, offsetof(weights_object, identities), READONLY,
     "Of each file as it was opened: device, inode, size, and the times in ns when it was written and changed."},
    {"tensors", T_OBJECT, offsetof(weights_object, tensors), READONLY, "Its tensors by name, in the files' order."},
    {NULL, 0, 0, 0, NULL},
};

static PyGetSetDef weights_properties[] = {
    {"nbytes", get_weights_nbytes, NULL, "Bytes of all files, and of what was made at opening.", NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

static PyType_Slot weights_slots[] = {
    {Py_tp_new, weights_new},
    {Py_tp_dealloc, weights_dealloc},
    {Py_tp_repr, weights_repr},
    {Py_tp_methods, weights_methods},
    {Py_tp_members, weights_members},
    {Py_tp_getset, weights_properties},
    {Py_tp_iter, weights_iterate},
    {Py_mp_length, weights_length},
    {Py_mp_subscript, weights_item},
    {Py_sq_contains, weights_contains},
    {Py_tp_doc, (void *)"_Weights(path, tensors, files=(path,))\n--\n\n"
                        "Mapped files with tensors (name, type, shape, offset, file): an iterable of them, or a\n"
                        "callable that is given a memoryview of each file and gives a tuple: such an iterable, and\n"
                        "an iterable of what counts as more files: (size, vectors, fill), where fill(memoryview)\n"
                        "writes its bytes, which are zero, and vectors says how they are counted. zcwasm.Weights is\n"
                        "the public one."},
    {0, NULL},
};

static PyType_Spec weights_spec = {
    .name = "zcwasm._core._Weights",
    .basicsize = sizeof(weights_object),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_IMMUTABLETYPE | Py_TPFLAGS_BASETYPE,
    .slots = weights_slots,
};

/* _weight_types: (name, elements of a block, bytes of a block, number in GGUF files or None) of each, by zc_weight_type. */
static int add_types(PyObject *module)
{
    PyObject *types = PyTuple_New(ZC_WEIGHT_TYPE_COUNT);
    for (uint32_t i = 0; types && i < ZC_WEIGHT_TYPE_COUNT; i++) {
        const zc_weight_type_info *type = zc_weight_type_get(i);
        PyObject *number = type->gguf == ZC_NOT_IN_GGUF ? Py_NewRef(Py_None) : PyLong_FromUnsignedLong(type->gguf);
        PyObject *row = number ? Py_BuildValue("(sIIN)", type->name, type->block, type->block_bytes, number) : NULL;
        if (!row) {
            Py_CLEAR(types);
            break;
        }
        PyTuple_SET_ITEM(types, i, row);
    }
    int code = types ? PyModule_AddObjectRef(module, "_weight_types", types) : -1;
    Py_XDECREF(types);
    return code;
}

int zc_py_add_weights(PyObject *module, zc_state *state)
{
    state->weights_type = (PyTypeObject *)PyType_FromModuleAndSpec(module, &weights_spec, NULL);
    return state->weights_type && PyModule_AddType(module, state->weights_type) == 0 ? add_types(module) : -1;
}
