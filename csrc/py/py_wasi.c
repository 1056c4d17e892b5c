/* py_wasi: see py_wasi.h. */
#define _GNU_SOURCE 1 /* as Python.h has it */
#include "py_wasi.h"
#include "py_error.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/zc_copies.h"
#include "wasi/zc_wasi.h"

typedef struct py_wasi_grant { /* a directory */
    PyObject *name; /* bytes */
    int descriptor;
    bool writable;
} py_wasi_grant;

typedef struct py_wasi {
    PyObject_HEAD
    PyObject *args, *env; /* tuples of bytes */
    int descriptors[3];   /* or -1 */
    PyObject *callables[3]; /* or NULL; with a descriptor, what keeps a buffer of Python in step with it */
    bool counts[3];         /* the callable may do less than it is asked for */
    py_wasi_grant *grants;
    Py_ssize_t grant_count;
} py_wasi;

typedef struct py_wasi_stream {
    py_wasi_link *link;
    int index;
} py_wasi_stream;

struct py_wasi_link {
    py_store *store; /* borrowed: it owns this */
    py_wasi *wasi;
    zc_wasi *context;
    py_wasi_stream streams[3];
};

/* --- _Wasi --- */

static int take_texts(PyObject *texts, const char *what)
{
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(texts); i++) {
        PyObject *text = PyTuple_GET_ITEM(texts, i);
        if (!PyBytes_Check(text) || strlen(PyBytes_AS_STRING(text)) != (size_t)PyBytes_GET_SIZE(text)) {
            PyErr_Format(PyExc_ValueError, "%s %zd has a zero byte: %R", what, i, text);
            return -1;
        }
    }
    return 0;
}

/* None; a descriptor; a callable; (descriptor, what keeps a buffer in step); (None, a callable). The callables of the
 * last two may do less than they are asked for: they return how many bytes they have written, or -1 for none now, or
 * give None for no bytes now. */
static int take_stream(py_wasi *self, int i, PyObject *stream)
{
    if (stream == Py_None) {
        return 0;
    }
    if (PyTuple_Check(stream) && PyTuple_GET_SIZE(stream) == 2) {
        self->callables[i] = Py_NewRef(PyTuple_GET_ITEM(stream, 1));
        self->counts[i] = true;
        stream = PyTuple_GET_ITEM(stream, 0);
        if (stream == Py_None) {
            return 0;
        }
    }
    if (!PyLong_Check(stream)) {
        self->callables[i] = Py_NewRef(stream);
        return 0;
    }
    int descriptor = PyObject_AsFileDescriptor(stream);
    if (descriptor < 0) {
        return -1;
    }
    self->descriptors[i] = fcntl(descriptor, F_DUPFD_CLOEXEC, 3);
    if (self->descriptors[i] < 0) {
        PyErr_SetFromErrno(PyExc_OSError);
        return -1;
    }
    return 0;
}

/* (name in the guest, path, whether writable), the first two bytes. */
static int take_grant(py_wasi *self, PyObject *item)
{
    char *name, *path;
    int writable;
    if (!PyArg_ParseTuple(item, "yyp", &name, &path, &writable)) {
        return -1;
    }
    int descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor < 0) {
        PyErr_SetFromErrnoWithFilename(PyExc_OSError, path);
        return -1;
    }
    self->grants[self->grant_count++] =
        (py_wasi_grant){.name = Py_NewRef(PyTuple_GET_ITEM(item, 0)), .descriptor = descriptor, .writable = writable};
    return 0;
}

static PyObject *wasi_create(PyTypeObject *type, PyObject *arguments, PyObject *keywords)
{
    static char *names[] = {"args", "env", "streams", "dirs", NULL};
    PyObject *args, *env, *streams, *dirs;
    if (!PyArg_ParseTupleAndKeywords(arguments, keywords, "O!O!O!O!:_Wasi", names, &PyTuple_Type, &args, &PyTuple_Type,
                                     &env, &PyTuple_Type, &streams, &PyTuple_Type, &dirs)) {
        return NULL;
    }
    if (take_texts(args, "argument") < 0 || take_texts(env, "environment variable") < 0) {
        return NULL;
    }
    if (PyTuple_GET_SIZE(streams) != 3) {
        return PyErr_Format(PyExc_ValueError, "there are 3 streams, not %zd", PyTuple_GET_SIZE(streams));
    }
    py_wasi *self = (py_wasi *)type->tp_alloc(type, 0);
    if (!self) {
        return NULL;
    }
    self->args = Py_NewRef(args);
    self->env = Py_NewRef(env);
    int code = 0;
    for (int i = 0; i < 3; i++) {
        self->descriptors[i] = -1;
    }
    for (int i = 0; i < 3 && code == 0; i++) {
        code = take_stream(self, i, PyTuple_GET_ITEM(streams, i));
    }
    self->grants = PyMem_Calloc((size_t)PyTuple_GET_SIZE(dirs) + 1, sizeof *self->grants);
    if (!self->grants) {
        PyErr_NoMemory();
        code = -1;
    }
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(dirs) && code == 0; i++) {
        code = take_grant(self, PyTuple_GET_ITEM(dirs, i));
    }
    if (code < 0) {
        Py_CLEAR(self);
    }
    return (PyObject *)self;
}

static int wasi_traverse(PyObject *object, visitproc visit, void *arg)
{
    py_wasi *self = (py_wasi *)object;
    Py_VISIT(Py_TYPE(object));
    for (int i = 0; i < 3; i++) {
        Py_VISIT(self->callables[i]);
    }
    return 0;
}

static int wasi_clear(PyObject *object)
{
    py_wasi *self = (py_wasi *)object;
    for (int i = 0; i < 3; i++) {
        if (self->callables[i]) {
            Py_SETREF(self->callables[i], Py_NewRef(Py_None));
        }
    }
    return 0;
}

static void wasi_dealloc(PyObject *object)
{
    py_wasi *self = (py_wasi *)object;
    PyTypeObject *type = Py_TYPE(object);
    PyObject_GC_UnTrack(object);
    for (int i = 0; i < 3; i++) {
        Py_XDECREF(self->callables[i]);
        if (self->descriptors[i] >= 0) {
            (void)close(self->descriptors[i]);
        }
    }
    for (Py_ssize_t i = 0; i < self->grant_count; i++) {
        Py_DECREF(self->grants[i].name);
        (void)close(self->grants[i].descriptor);
    }
    PyMem_Free(self->grants);
    Py_XDECREF(self->args);
    Py_XDECREF(self->env);
    type->tp_free(object);
    Py_DECREF(type);
}

static PyObject *wasi_repr(PyObject *object)
{
    py_wasi *self = (py_wasi *)object;
    Py_ssize_t args = PyTuple_GET_SIZE(self->args), env = PyTuple_GET_SIZE(self->env);
    return PyUnicode_FromFormat("<zcwasm.Wasi: %zd argument%s, %zd variable%s, %zd director%s>", args,
                                zc_py_plural((uint64_t)args), env, zc_py_plural((uint64_t)env), self->grant_count,
                                self->grant_count == 1 ? "y" : "ies");
}

static PyType_Slot wasi_slots[] = {
    {Py_tp_repr, wasi_repr},
    {Py_tp_doc, (void *)"What a guest is granted; made by zcwasm.Wasi."},
    {Py_tp_new, wasi_create},
    {Py_tp_traverse, wasi_traverse},
    {Py_tp_clear, wasi_clear},
    {Py_tp_dealloc, wasi_dealloc},
    {0, NULL},
};

static PyType_Spec wasi_spec = {
    .name = "zcwasm._core._Wasi",
    .basicsize = sizeof(py_wasi),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = wasi_slots,
};

int zc_py_add_wasi(PyObject *module, zc_state *state)
{
    state->wasi_type = (PyTypeObject *)PyType_FromModuleAndSpec(module, &wasi_spec, NULL);
    return state->wasi_type ? PyModule_AddType(module, state->wasi_type) : -1;
}

/* --- streams of Python --- */

static zc_status failed(zc_error *error)
{
    return zc_fail(error, ZC_HOST, "a stream of the guest raised an exception");
}

/* The callable may say that it has taken fewer bytes, as raw streams do. */
static zc_status write_stream(void *context, const uint8_t *bytes, size_t size, size_t *done, zc_error *error)
{
    py_wasi_stream *stream = context;
    zc_py_take_lock(stream->link->store->call);
    PyObject *data = PyBytes_FromStringAndSize((const char *)bytes, (Py_ssize_t)size);
    PyObject *callable = Py_NewRef(stream->link->wasi->callables[stream->index]);
    PyObject *result = data ? PyObject_CallOneArg(callable, data) : NULL;
    Py_DECREF(callable);
    Py_XDECREF(data);
    if (!result) {
        return failed(error);
    }
    *done = size;
    if (stream->link->wasi->counts[stream->index]) {
        long long taken = PyLong_AsLongLong(result);
        *done = taken < 0 ? ZC_WASI_LATER : (ull)taken < size ? (size_t)taken : size;
        size = taken < 0 ? 0 : *done;
    }
    Py_DECREF(result);
    if (PyErr_Occurred()) {
        return failed(error);
    }
    zc_copies_add(ZC_COPY_WASI, size);
    return ZC_OK;
}

/* The descriptor of the stream has been used: its callable takes note. */
static zc_status settle_stream(void *context, zc_error *error)
{
    py_wasi_stream *stream = context;
    zc_py_take_lock(stream->link->store->call);
    PyObject *callable = Py_NewRef(stream->link->wasi->callables[stream->index]);
    PyObject *result = PyObject_CallOneArg(callable, Py_None);
    Py_DECREF(callable);
    Py_XDECREF(result);
    return result ? ZC_OK : failed(error);
}

static zc_status read_stream(void *context, uint8_t *bytes, size_t size, size_t *done, zc_error *error)
{
    py_wasi_stream *stream = context;
    Py_buffer view;
    zc_py_take_lock(stream->link->store->call);
    PyObject *callable = Py_NewRef(stream->link->wasi->callables[stream->index]);
    PyObject *result = PyObject_CallFunction(callable, "n", (Py_ssize_t)size);
    Py_DECREF(callable);
    if (result == Py_None && stream->link->wasi->counts[stream->index]) {
        Py_DECREF(result);
        *done = ZC_WASI_LATER;
        return ZC_OK;
    }
    if (!result || PyObject_GetBuffer(result, &view, PyBUF_SIMPLE) < 0) {
        Py_XDECREF(result);
        return failed(error);
    }
    bool fits = (size_t)view.len <= size;
    if (fits) {
        memcpy(bytes, view.buf, (size_t)view.len);
        zc_copies_add(ZC_COPY_WASI, (size_t)view.len);
        *done = (size_t)view.len;
    } else {
        PyErr_Format(PyExc_ValueError, "stdin gave %zd bytes where at most %zu were asked for", view.len, size);
    }
    PyBuffer_Release(&view);
    Py_DECREF(result);
    return fits ? ZC_OK : failed(error);
}

/* --- instances --- */

static const char **texts_of(PyObject *tuple)
{
    const char **texts = PyMem_Calloc((size_t)PyTuple_GET_SIZE(tuple) + 1, sizeof *texts);
    for (Py_ssize_t i = 0; texts && i < PyTuple_GET_SIZE(tuple); i++) {
        texts[i] = PyBytes_AS_STRING(PyTuple_GET_ITEM(tuple, i));
    }
    return texts;
}

static zc_status make_context(py_wasi_link *link, zc_error *error)
{
    py_wasi *wasi = link->wasi;
    zc_wasi_options options = {.arg_count = (uint32_t)PyTuple_GET_SIZE(wasi->args),
                               .env_count = (uint32_t)PyTuple_GET_SIZE(wasi->env),
                               .directory_count = (uint32_t)wasi->grant_count};
    zc_wasi_directory *directories = PyMem_Calloc((size_t)wasi->grant_count + 1, sizeof *directories);
    const char **args = texts_of(wasi->args), **env = texts_of(wasi->env);
    zc_status status;
    if (directories && args && env) {
        for (int i = 0; i < 3; i++) {
            /* Field by field: for an assignment of the whole, gcc 12 at -O3 loses the context. */
            zc_wasi_stream *stream = &options.streams[i];
            stream->descriptor = wasi->descriptors[i];
            stream->context = &link->streams[i];
            stream->read = wasi->callables[i] && i == 0 ? read_stream : NULL;
            stream->write = wasi->callables[i] && i != 0 ? write_stream : NULL;
            stream->settle = wasi->callables[i] && wasi->descriptors[i] >= 0 ? settle_stream : NULL;
        }
        for (Py_ssize_t i = 0; i < wasi->grant_count; i++) {
            directories[i] = (zc_wasi_directory){.name = PyBytes_AS_STRING(wasi->grants[i].name),
                                                 .descriptor = wasi->grants[i].descriptor,
                                                 .writable = wasi->grants[i].writable};
        }
        options.args = args;
        options.env = env;
        options.directories = directories;
        status = zc_wasi_new(&options, &link->context, error);
    } else {
        status = zc_fail(error, ZC_NO_MEMORY, "cannot allocate what WASI needs");
    }
    PyMem_Free(directories);
    PyMem_Free(args);
    PyMem_Free(env);
    return status;
}

int zc_py_wasi_link(zc_state *state, py_store *store, PyObject *wasi)
{
    zc_error error;
    if (!PyObject_TypeCheck(wasi, state->wasi_type)) {
        PyErr_Format(PyExc_TypeError, "wasi must be a zcwasm.Wasi, not %s", Py_TYPE(wasi)->tp_name);
        return -1;
    }
    py_wasi_link *link = PyMem_Calloc(1, sizeof *link);
    if (!link) {
        PyErr_NoMemory();
        return -1;
    }
    link->store = store;
    link->wasi = (py_wasi *)Py_NewRef(wasi);
    for (int i = 0; i < 3; i++) {
        link->streams[i].link = link;
        link->streams[i].index = i;
    }
    store->wasi = link;
    if (make_context(link, &error) != ZC_OK) {
        (void)zc_raise(state, &error);
        return -1;
    }
    return 0;
}

int zc_py_wasi_import(zc_state *state, py_store *store, const zc_import *import, const zc_func_type *type,
                      zc_import_value *out)
{
    zc_error error;
    if (!zc_wasi_is_module(import->module)) {
        return 0;
    }
    if (!store->wasi) {
        (void)zc_fail(&error, ZC_LINK,
                      "the module imports from %.*s, and was not granted WASI: give Instance(…, wasi=zcwasm.Wasi(…))",
                      (int)(import->module.size < 40 ? import->module.size : 40), (const char *)import->module.bytes);
    } else if (!type) {
        (void)zc_fail(&error, ZC_LINK, "WASI has functions only, and no '%.*s'",
                      (int)(import->field.size < 60 ? import->field.size : 60), (const char *)import->field.bytes);
    } else if (zc_wasi_import(store->wasi->context, import, type, out, &error) == ZC_OK) {
        return 1;
    }
    (void)zc_raise(state, &error);
    return -1;
}

void zc_py_wasi_bind(py_store *store)
{
    if (store->wasi) {
        zc_wasi_bind(store->wasi->context, store->instance);
    }
}

bool zc_py_wasi_used(const py_store *store)
{
    const zc_module_info *info = zc_py_store_info(store);
    bool imported = false;
    for (uint32_t i = 0; store->wasi && i < info->import_count && !imported; i++) {
        imported = zc_wasi_is_module(info->imports[i].module);
    }
    return imported;
}

zc_status zc_py_wasi_save(const py_store *store, zc_writer *out, zc_error *error)
{
    return zc_wasi_save(store->wasi->context, out, error);
}

zc_status zc_py_wasi_load(py_store *store, zc_reader *state, zc_error *error)
{
    return zc_wasi_load(store->wasi->context, state, error);
}

PyObject *zc_py_wasi_object(const py_store *store)
{
    return store->wasi ? (PyObject *)store->wasi->wasi : NULL;
}

void zc_py_wasi_unlink(py_store *store)
{
    py_wasi_link *link = store->wasi;
    store->wasi = NULL;
    if (link) {
        zc_wasi_free(link->context);
        Py_DECREF(link->wasi);
        PyMem_Free(link);
    }
}
