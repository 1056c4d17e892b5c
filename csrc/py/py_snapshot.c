/* py_snapshot: see py_snapshot.h. */
#define _GNU_SOURCE 1 /* as Python.h has it */
#include "py_snapshot.h"
#include "py_error.h"
#include "py_issuer.h"
#include "py_wasi.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/zc_clock.h"
#include "base/zc_copies.h"
#include "snapshot/zc_snapshot.h"

#define SIGNALS_NS 20000000 /* between two looks for signals */
#define MOST_AT_ONCE ((uint64_t)1 << 20) /* bytes that a file written in Python is given at a time */

/* --- a guest that is held --- */

/* Wait without the lock, in steps between which signals are noticed, until `wait` says something else than
 * ZC_TIMEOUT. -1 with a signal handler's exception. */
static int wait_for(zc_status (*wait)(void *what, int64_t timeout_ns, zc_error *error), void *what, zc_status *status,
                    zc_error *error)
{
    for (;;) {
        Py_BEGIN_ALLOW_THREADS
        *status = wait(what, SIGNALS_NS, error);
        Py_END_ALLOW_THREADS
        if (*status != ZC_TIMEOUT) {
            return 0;
        }
        if (PyErr_CheckSignals() < 0) {
            return -1;
        }
    }
}

static zc_status settle_abi(void *abi, int64_t timeout_ns, zc_error *error)
{
    return zc_abi_settle(abi, timeout_ns, error);
}

static zc_status wait_submission(void *submission, int64_t timeout_ns, zc_error *error)
{
    zc_status status = zc_submission_wait(submission, timeout_ns, error);
    return status == ZC_TIMEOUT && zc_submission_done(submission) ? ZC_OK : status;
}

/* What the host has submitted to the device ends before an empty batch that is submitted now does. How it ends is
 * whose business it was. */
static int wait_device(zc_state *state, zc_device *device)
{
    zc_error error;
    zc_batch *batch;
    zc_submission *submission = NULL;
    if (!zc_device_busy(device)) {
        return 0;
    }
    zc_status status = zc_batch_new(device, &batch, &error);
    if (status == ZC_OK) {
        status = zc_batch_submit(batch, &submission, &error);
        zc_batch_free(batch);
    }
    if (status != ZC_OK) {
        (void)zc_raise(state, &error);
        return -1;
    }
    int code = wait_for(wait_submission, submission, &status, &error);
    zc_submission_release(submission);
    return code;
}

int zc_py_hold(zc_state *state, py_store *store, PyObject *device)
{
    zc_error error;
    zc_instance *instance = zc_py_open_instance(store);
    if (!instance) {
        return -1;
    }
    if (store->held || zc_instance_running(instance)) {
        PyErr_SetString(state->in_use_error,
                        store->held ? "another snapshot or fork of the instance is being made"
                                    : "the instance is running: snapshots and forks are made between calls");
        return -1;
    }
    zc_status status = zc_instance_hold(instance, &error);
    if (status != ZC_OK) { /* another instance over its memory runs, say */
        error.code = status == ZC_CONCURRENT ? ZC_BUSY : status;
        (void)zc_raise(state, &error);
        return -1;
    }
    store->held = true;
    int code = store->abi ? wait_for(settle_abi, store->abi, &status, &error) : 0;
    if (code == 0 && status != ZC_OK) {
        (void)zc_raise(state, &error);
        code = -1;
    }
    if (code == 0 && device != Py_None) {
        code = wait_device(state, zc_py_device(device));
    }
    if (code < 0) {
        zc_py_let_go(store);
    }
    return code;
}

void zc_py_let_go(py_store *store)
{
    store->held = false;
    zc_instance_let_go(store->instance);
}

/* --- its sections --- */

static zc_status save(py_store *store, bool device_state, py_sections *out, zc_error *error)
{
    zc_status status = zc_instance_save(store->instance, &out->instance, error);
    if (status == ZC_OK && store->abi) {
        status = zc_abi_save(store->abi, device_state, &out->abi, error);
    }
    if (status == ZC_OK && zc_py_wasi_used(store)) {
        status = zc_py_wasi_save(store, &out->wasi, error);
    }
    if (status == ZC_OK && (out->instance.failed || out->abi.failed || out->wasi.failed)) {
        status = zc_fail(error, ZC_NO_MEMORY, "no memory for the sections of a snapshot");
    }
    return status;
}

int zc_py_save_sections(zc_state *state, py_store *store, bool device_state, py_sections *out)
{
    zc_error error;
    zc_status status;
    *out = (py_sections){0};
    Py_BEGIN_ALLOW_THREADS /* scratch memory is read back from the device */
    status = save(store, device_state, out, &error);
    Py_END_ALLOW_THREADS
    if (status != ZC_OK) {
        error.code = status == ZC_UNSUPPORTED ? ZC_SNAPSHOT : status; /* it is no module that is refused */
        (void)zc_raise(state, &error);
        return -1;
    }
    return 0;
}

void zc_py_free_sections(py_sections *sections)
{
    zc_writer_free(&sections->instance);
    zc_writer_free(&sections->abi);
    zc_writer_free(&sections->wasi);
}

static zc_reader reader_of(const void *bytes, uint64_t size)
{
    return (zc_reader){.at = bytes, .end = bytes ? (const uint8_t *)bytes + size : NULL};
}

py_saved zc_py_read_sections(const py_sections *sections)
{
    return (py_saved){.instance = reader_of(sections->instance.bytes, sections->instance.size),
                      .abi = reader_of(sections->abi.bytes, sections->abi.size),
                      .wasi = reader_of(sections->wasi.bytes, sections->wasi.size)};
}

/* --- codecs: two callables that take bytes and return bytes, or None where that cannot be --- */

typedef struct py_codec {
    PyThreadState *saved; /* of the thread that writes or fills, which called without the lock */
    PyObject *callable;
    bool failed; /* it raised, and the exception is set */
} py_codec;

/* The callable's bytes of `in`, at most `room`; false when it has none. */
static bool convert(py_codec *codec, const uint8_t *in, size_t in_size, uint8_t *out, size_t room, size_t *size)
{
    bool converted = false;
    if (codec->failed) {
        return false;
    }
    PyEval_RestoreThread(codec->saved);
    PyObject *bytes =
        PyErr_CheckSignals() == 0 ? PyBytes_FromStringAndSize((const char *)in, (Py_ssize_t)in_size) : NULL;
    PyObject *result = bytes ? PyObject_CallOneArg(codec->callable, bytes) : NULL;
    if (result && PyBytes_Check(result)) {
        *size = (size_t)PyBytes_GET_SIZE(result);
        converted = *size <= room;
        if (converted) {
            memcpy(out, PyBytes_AS_STRING(result), *size);
        }
    } else if (result && result != Py_None) {
        PyErr_Format(PyExc_TypeError, "a codec must return bytes or None, not %s", Py_TYPE(result)->tp_name);
    }
    codec->failed = PyErr_Occurred() != NULL;
    Py_XDECREF(result);
    Py_XDECREF(bytes);
    codec->saved = PyEval_SaveThread();
    return converted;
}

static bool compress(void *context, const uint8_t *in, size_t in_size, uint8_t *out, size_t room, size_t *size)
{
    return convert(context, in, in_size, out, room, size);
}

static bool expand_exactly(void *context, const uint8_t *in, size_t in_size, uint8_t *out, size_t size)
{
    size_t made;
    return convert(context, in, in_size, out, size, &made) && made == size;
}

/* --- writing --- */

typedef struct py_sink {
    py_codec codec; /* also its `saved`, which is the thread's */
    int file;       /* or -1 */
    PyObject *write; /* else: a callable that takes all of the bytes that it is given */
    uint64_t position;
    int64_t next_look;
} py_sink;

static zc_status stopped(zc_error *error)
{
    return zc_fail(error, ZC_HOST, "an exception ended the writing of a snapshot");
}

static zc_status write_file(void *context, uint64_t offset, const void *bytes, uint64_t size, zc_error *error)
{
    py_sink *sink = context;
    while (size > 0) {
        uint64_t now = size < 64 * MOST_AT_ONCE ? size : 64 * MOST_AT_ONCE;
        int64_t clock = zc_clock_ns();
        if (clock >= sink->next_look) {
            sink->next_look = clock + SIGNALS_NS;
            PyEval_RestoreThread(sink->codec.saved);
            sink->codec.failed = sink->codec.failed || PyErr_CheckSignals() < 0;
            sink->codec.saved = PyEval_SaveThread();
        }
        if (sink->codec.failed) {
            return stopped(error);
        }
        zc_status status = zc_snapshot_write_file(&sink->file, offset, bytes, now, error);
        if (status != ZC_OK) {
            return status;
        }
        bytes = (const uint8_t *)bytes + now;
        offset += now;
        size -= now;
    }
    return ZC_OK;
}

/* With the lock: hand over bytes, or so many zeros. */
static int hand_over(py_sink *sink, const void *bytes, uint64_t size)
{
    while (size > 0) {
        uint64_t now = size < MOST_AT_ONCE ? size : MOST_AT_ONCE;
        PyObject *copy = PyBytes_FromStringAndSize(bytes, (Py_ssize_t)now);
        if (copy && !bytes) {
            memset(PyBytes_AS_STRING(copy), 0, now);
        } else if (copy) {
            zc_copies_add(ZC_COPY_SNAPSHOT, now);
        }
        PyObject *result = copy ? PyObject_CallOneArg(sink->write, copy) : NULL;
        Py_XDECREF(copy);
        if (!result) {
            return -1;
        }
        Py_DECREF(result);
        bytes = bytes ? (const uint8_t *)bytes + now : NULL;
        size -= now;
        sink->position += now;
    }
    return 0;
}

static zc_status write_object(void *context, uint64_t offset, const void *bytes, uint64_t size, zc_error *error)
{
    py_sink *sink = context;
    if (!sink->codec.failed) {
        PyEval_RestoreThread(sink->codec.saved);
        sink->codec.failed = PyErr_CheckSignals() < 0 || hand_over(sink, NULL, offset - sink->position) < 0 ||
                             hand_over(sink, bytes, size) < 0;
        sink->codec.saved = PyEval_SaveThread();
    }
    return sink->codec.failed ? stopped(error) : ZC_OK;
}

/* The caller's sections: ABOUT and notes. */
typedef struct py_given {
    zc_snapshot_section *sections;
    Py_buffer *buffers; /* of the sections, in order */
    size_t count;
} py_given;

static void free_given(py_given *given)
{
    for (size_t i = 0; i < given->count; i++) {
        PyBuffer_Release(&given->buffers[i]);
    }
    PyMem_Free(given->buffers);
    PyMem_Free(given->sections);
}

/* `about`: bytes. `notes`: a tuple of (name, content), both bytes. There is room for three more sections. */
static int take_given(PyObject *about, PyObject *notes, py_given *given)
{
    if (!PyTuple_Check(notes)) {
        return zc_py_must_be("notes", "a tuple", notes);
    }
    size_t count = (size_t)PyTuple_GET_SIZE(notes) + 1;
    given->sections = PyMem_Calloc(count + 3, sizeof *given->sections);
    given->buffers = PyMem_Calloc(count, sizeof *given->buffers);
    if (!given->sections || !given->buffers) {
        (void)PyErr_NoMemory();
        return -1;
    }
    for (size_t i = 0; i < count; i++) {
        PyObject *name = NULL, *bytes = about;
        if (i > 0 && (!PyTuple_Check(PyTuple_GET_ITEM(notes, (Py_ssize_t)i - 1)) ||
                      !PyArg_ParseTuple(PyTuple_GET_ITEM(notes, (Py_ssize_t)i - 1), "SO", &name, &bytes))) {
            return zc_py_must_be("a note", "(bytes, bytes)", notes);
        }
        if (PyObject_GetBuffer(bytes, &given->buffers[i], PyBUF_SIMPLE) < 0) {
            return -1;
        }
        given->count++;
        given->sections[i] = (zc_snapshot_section){.tag = i == 0 ? ZC_SNAPSHOT_ABOUT : ZC_SNAPSHOT_NOTE,
                                                   .name = name ? PyBytes_AS_STRING(name) : "",
                                                   .name_size = name ? (uint32_t)PyBytes_GET_SIZE(name) : 0,
                                                   .bytes = given->buffers[i].buf,
                                                   .size = (uint64_t)given->buffers[i].len};
    }
    return 0;
}

static void add_section(zc_snapshot_contents *contents, zc_snapshot_section *all, uint32_t tag, const zc_writer *writer)
{
    if (writer->size > 0) {
        all[contents->section_count++] =
            (zc_snapshot_section){.tag = tag, .name = "", .bytes = writer->bytes, .size = writer->size};
    }
}

/* Without the lock; the exception, if there is one, is set. */
static PyObject *write_contents(zc_state *state, const zc_snapshot_contents *contents, py_sink *sink)
{
    zc_error error;
    uint64_t size = 0;
    const zc_snapshot_sink to = {.write = sink->write ? write_object : write_file, .context = sink};
    sink->codec.saved = PyEval_SaveThread();
    zc_status status = zc_snapshot_write(contents, &to, &size, &error);
    PyEval_RestoreThread(sink->codec.saved);
    if (sink->codec.failed) {
        return NULL;
    }
    if (status == ZC_SNAPSHOT && error.kind != 0) { /* the system's, such as ENOSPC */
        errno = (int)error.kind;
        return PyErr_SetFromErrno(PyExc_OSError);
    }
    return status == ZC_OK ? PyLong_FromUnsignedLongLong(size) : zc_raise(state, &error);
}

static int take_sink(PyObject *out, PyObject *codec, py_sink *sink)
{
    *sink = (py_sink){.file = -1};
    if (codec != Py_None) {
        sink->codec.callable = codec;
    }
    if (PyCallable_Check(out)) {
        sink->write = out;
        return 0;
    }
    sink->file = PyObject_AsFileDescriptor(out);
    return sink->file < 0 ? -1 : 0;
}

PyObject *zc_py_snapshot_save(zc_state *state, py_store *store, PyObject *device, PyObject *const *args)
{
    PyObject *out = args[0], *about = args[1], *notes = args[2], *dead = args[3], *codec = args[4];
    int device_state = PyObject_IsTrue(args[5]);
    py_given given = {0};
    py_sections sections = {0};
    py_sink sink;
    Py_buffer spans = {0};
    PyObject *size = NULL;
    if (device_state < 0 || take_sink(out, codec, &sink) < 0 || PyObject_GetBuffer(dead, &spans, PyBUF_SIMPLE) < 0) {
        return NULL;
    }
    if (spans.len % (Py_ssize_t)sizeof(zc_snapshot_span) != 0) {
        PyErr_SetString(PyExc_ValueError, "dead must hold pairs of 64-bit numbers");
    } else if (take_given(about, notes, &given) == 0 && zc_py_hold(state, store, device) == 0) {
        if (zc_py_save_sections(state, store, device_state, &sections) == 0) {
            zc_memory *memory = zc_instance_memory(store->instance);
            const zc_snapshot_codec zstd = {.name = "zstd", .compress = compress, .context = &sink.codec};
            zc_snapshot_contents contents = {.sections = given.sections,
                                             .section_count = given.count,
                                             .memory = memory ? zc_region_base(zc_memory_region(memory)) : NULL,
                                             .memory_size =
                                                 memory ? (uint64_t)zc_memory_pages(memory) * ZC_WASM_PAGE_SIZE : 0,
                                             .dead = spans.buf,
                                             .dead_count = (size_t)spans.len / sizeof(zc_snapshot_span),
                                             .codec = sink.codec.callable ? &zstd : NULL};
            add_section(&contents, given.sections, ZC_SNAPSHOT_INSTANCE, &sections.instance);
            add_section(&contents, given.sections, ZC_SNAPSHOT_ABI, &sections.abi);
            add_section(&contents, given.sections, ZC_SNAPSHOT_WASI, &sections.wasi);
            size = write_contents(state, &contents, &sink);
        }
        zc_py_let_go(store);
    }
    zc_py_free_sections(&sections);
    free_given(&given);
    PyBuffer_Release(&spans);
    return size;
}

/* --- _Snapshot: one that is open for reading --- */

typedef struct py_snapshot {
    PyObject_HEAD
    zc_snapshot *snapshot;
    Py_buffer bytes; /* where it is read from, or */
    int file;        /* a descriptor of its own; -1 */
} py_snapshot;

static PyObject *snapshot_create(PyTypeObject *type, PyObject *arguments, PyObject *keywords)
{
    static char *names[] = {"source", "damaged", NULL};
    PyObject *source;
    int damaged = 0;
    zc_error error;
    if (!PyArg_ParseTupleAndKeywords(arguments, keywords, "O|p:_Snapshot", names, &source, &damaged)) {
        return NULL;
    }
    py_snapshot *self = (py_snapshot *)type->tp_alloc(type, 0);
    if (!self) {
        return NULL;
    }
    self->file = -1;
    if (PyLong_Check(source)) {
        self->file = fcntl(PyObject_AsFileDescriptor(source), F_DUPFD_CLOEXEC, 3);
        if (self->file < 0) {
            if (!PyErr_Occurred()) {
                (void)PyErr_SetFromErrno(PyExc_OSError);
            }
            Py_CLEAR(self);
        }
    } else if (PyObject_GetBuffer(source, &self->bytes, PyBUF_SIMPLE) < 0) {
        Py_CLEAR(self);
    }
    if (self) {
        const zc_snapshot_source from = {
            .file = self->file, .bytes = self->bytes.buf, .size = (uint64_t)self->bytes.len};
        zc_status status;
        Py_BEGIN_ALLOW_THREADS
        status = damaged ? zc_snapshot_open_notes(&from, &self->snapshot, &error)
                         : zc_snapshot_open(&from, &self->snapshot, &error);
        Py_END_ALLOW_THREADS
        if (status != ZC_OK) {
            Py_CLEAR(self);
            return zc_raise(zc_state_of_type(type), &error);
        }
    }
    return (PyObject *)self;
}

static void snapshot_dealloc(PyObject *object)
{
    py_snapshot *self = (py_snapshot *)object;
    PyTypeObject *type = Py_TYPE(object);
    zc_snapshot_close(self->snapshot);
    if (self->file >= 0) {
        (void)close(self->file);
    }
    PyBuffer_Release(&self->bytes);
    type->tp_free(object);
    Py_DECREF(type);
}

static PyObject *get_sections(PyObject *object, void *unused)
{
    (void)unused;
    const zc_snapshot_section *section;
    PyObject *list = PyList_New(0);
    for (size_t i = 0; list && (section = zc_snapshot_at(((py_snapshot *)object)->snapshot, i)) != NULL; i++) {
        bool whole = section->tag == ZC_SNAPSHOT_ABOUT || section->tag == ZC_SNAPSHOT_NOTE;
        PyObject *entry =
            Py_BuildValue("(Iy#Ky#)", section->tag, section->name ? section->name : "", (Py_ssize_t)section->name_size,
                          (ull)section->size, whole ? (section->bytes ? section->bytes : "") : NULL,
                          (Py_ssize_t)(whole ? section->size : 0));
        if (!entry || PyList_Append(list, entry) < 0) {
            Py_CLEAR(list);
        }
        Py_XDECREF(entry);
    }
    return list;
}

static PyObject *get_memory_size(PyObject *object, void *unused)
{
    (void)unused;
    return PyLong_FromUnsignedLongLong(zc_snapshot_memory_size(((py_snapshot *)object)->snapshot));
}

static PyObject *get_stored(PyObject *object, void *unused)
{
    (void)unused;
    return PyLong_FromUnsignedLongLong(zc_snapshot_stored(((py_snapshot *)object)->snapshot));
}

static PyObject *get_codec(PyObject *object, void *unused)
{
    (void)unused;
    return PyUnicode_FromString(zc_snapshot_codec_name(((py_snapshot *)object)->snapshot));
}

static PyGetSetDef snapshot_getset[] = {
    {"sections", get_sections, NULL,
     "(tag, name, size, content) of each, in order; the content only of what is no layer's.", NULL},
    {"memory_size", get_memory_size, NULL, "Bytes of the guest's memory.", NULL},
    {"stored", get_stored, NULL, "Bytes of it that lie in the file.", NULL},
    {"codec", get_codec, NULL, "What its pages are compressed with, or ''.", NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

static PyType_Slot snapshot_slots[] = {
    {Py_tp_doc, (void *)"_Snapshot(source, damaged=False)\n--\n\n"
                        "A snapshot that is read, from a file's descriptor or from bytes; what of it can be checked\n"
                        "without its memory is. damaged: only the sections before what is wrong. zcwasm/_snapshot.py\n"
                        "makes them."},
    {Py_tp_new, snapshot_create},
    {Py_tp_dealloc, snapshot_dealloc},
    {Py_tp_getset, snapshot_getset},
    {0, NULL},
};

static PyType_Spec snapshot_spec = {
    .name = "zcwasm._core._Snapshot",
    .basicsize = sizeof(py_snapshot),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = snapshot_slots,
};

int zc_py_add_snapshot(PyObject *module, zc_state *state)
{
    state->snapshot_type = (PyTypeObject *)PyType_FromModuleAndSpec(module, &snapshot_spec, NULL);
    return state->snapshot_type ? PyModule_AddType(module, state->snapshot_type) : -1;
}

/* --- restoring --- */

typedef struct py_thaw {
    zc_snapshot *snapshot;
    zc_module *module;
    zc_reader instance;
    bool mapped;
    py_codec codec;
} py_thaw;

static zc_status thaw_unlocked(py_thaw *thaw, uint64_t reserved, zc_region **out, zc_error *error)
{
    uint64_t size = zc_snapshot_memory_size(thaw->snapshot);
    uint32_t pages;
    zc_status status = zc_instance_saved_pages(thaw->module, thaw->instance, &pages, error);
    if (status != ZC_OK) {
        return status;
    }
    if ((uint64_t)pages * ZC_WASM_PAGE_SIZE != size) {
        return zc_fail(error, ZC_SNAPSHOT, "the snapshot holds %llu bytes of a memory of %u pages", (ull)size, pages);
    }
    if (size > reserved) {
        return zc_fail(error, ZC_SNAPSHOT, "the snapshot's memory has %llu bytes, the limits allow %llu", (ull)size,
                       (ull)reserved);
    }
    /* Pages here and there: larger ones would be zeroed for a few bytes each. */
    bool sparse = thaw->mapped || zc_snapshot_stored(thaw->snapshot) < size / 4;
    status =
        sparse ? zc_region_create_sparse(reserved, size, out, error) : zc_region_create(reserved, size, out, error);
    if (status == ZC_OK) {
        const zc_snapshot_codec codec = {.name = "zstd", .expand = expand_exactly, .context = &thaw->codec};
        status = zc_snapshot_fill(thaw->snapshot, *out, thaw->mapped, thaw->codec.callable ? &codec : NULL, error);
        if (status != ZC_OK) {
            zc_region_release(*out);
            *out = NULL;
            status =
                thaw->codec.failed ? zc_fail(error, ZC_HOST, "an exception ended the reading of a snapshot") : status;
        }
    }
    return status;
}

static zc_status thaw_memory(void *context, uint64_t reserved, zc_region **out, zc_error *error)
{
    py_thaw *thaw = context;
    thaw->codec.saved = PyEval_SaveThread();
    zc_status status = thaw_unlocked(thaw, reserved, out, error);
    PyEval_RestoreThread(thaw->codec.saved);
    return status;
}

static zc_reader section_of(const zc_snapshot *snapshot, uint32_t tag)
{
    const zc_snapshot_section *section = zc_snapshot_find(snapshot, tag, "", 0);
    return section ? reader_of(section->bytes ? section->bytes : "", section->size) : (zc_reader){0};
}

py_store *zc_py_snapshot_restore(zc_state *state, PyObject *module, PyObject *snapshot, const py_grants *grants,
                                 PyObject *imports, PyObject *limits, PyObject *engine, bool mapped, PyObject *expand)
{
    py_snapshot *from = (py_snapshot *)snapshot;
    zc_error error = {.code = ZC_OK};
    py_thaw thaw = {.snapshot = from->snapshot,
                    .module = ((py_module *)module)->module,
                    .instance = section_of(from->snapshot, ZC_SNAPSHOT_INSTANCE),
                    .mapped = mapped,
                    .codec.callable = expand == Py_None ? NULL : expand};
    py_saved saved = {.instance = thaw.instance,
                      .abi = section_of(from->snapshot, ZC_SNAPSHOT_ABI),
                      .wasi = section_of(from->snapshot, ZC_SNAPSHOT_WASI),
                      .memory = thaw_memory,
                      .context = &thaw};
    const zc_module_info *info = zc_module_get_info(thaw.module);
    uint64_t size = zc_snapshot_memory_size(from->snapshot);
    if (!thaw.instance.at) {
        (void)zc_fail(&error, ZC_SNAPSHOT, "the snapshot has no section of an instance");
    } else if (size > 0 && (!info->has_memory || info->memory_imported)) {
        (void)zc_fail(&error, ZC_SNAPSHOT, "the snapshot has a memory of %llu bytes, its module none of its own",
                      (ull)size);
    }
    if (error.code != ZC_OK) {
        (void)zc_raise(state, &error);
        return NULL;
    }
    return zc_py_link_saved(state, module, grants, imports, limits, engine, &saved);
}
