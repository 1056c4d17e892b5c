/* py_wasm_module: see py_wasm_module.h. */
#include "py_wasm_module.h"
#include "py_engine.h"
#include "py_error.h"
#include "py_values.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/zc_alloc.h"
#include "base/zc_copies.h"

/* --- reading --- */

/* The whole file, read without the interpreter lock. On failure *code is an errno value. */
static uint8_t *read_file(const char *path, size_t *size, int *code)
{
    struct stat info;
    uint8_t *bytes = NULL;
    size_t done = 0;
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0 || fstat(file, &info) < 0) {
        *code = errno;
    } else if (!S_ISREG(info.st_mode)) {
        *code = S_ISDIR(info.st_mode) ? EISDIR : EINVAL;
    } else if ((bytes = zc_malloc((size_t)info.st_size)) == NULL) {
        *code = ENOMEM;
    } else {
        /* The size is what the file had when it was opened; what is appended meanwhile is not read. */
        while (done < (size_t)info.st_size) {
            ssize_t got = read(file, bytes + done, (size_t)info.st_size - done);
            if (got < 0 && errno == EINTR) {
                continue;
            }
            if (got <= 0) {
                *code = got < 0 ? errno : 0;
                break;
            }
            done += (size_t)got;
        }
        if (*code) {
            zc_free(bytes);
            bytes = NULL;
        }
        *size = done;
    }
    if (file >= 0) {
        (void)close(file);
    }
    return bytes;
}

static uint8_t *bytes_from_path(PyObject *source, size_t *size)
{
    PyObject *path;
    int code = 0;
    uint8_t *bytes;
    if (!PyUnicode_FSConverter(source, &path)) {
        return NULL;
    }
    Py_BEGIN_ALLOW_THREADS
    bytes = read_file(PyBytes_AS_STRING(path), size, &code);
    Py_END_ALLOW_THREADS
    Py_DECREF(path);
    PyObject *name = bytes ? NULL : PyOS_FSPath(source); /* as open() has it in its errors */
    if (name) {
        errno = code;
        PyErr_SetFromErrnoWithFilenameObject(PyExc_OSError, name);
        Py_DECREF(name);
    }
    return bytes;
}

static uint8_t *bytes_from_buffer(PyObject *source, size_t *size)
{
    Py_buffer view;
    if (PyObject_GetBuffer(source, &view, PyBUF_SIMPLE) < 0) {
        return NULL;
    }
    /* A copy: the engine reads the bytes as long as instances live, and a bytearray could change. */
    uint8_t *bytes = zc_malloc((size_t)view.len);
    if (bytes) {
        memcpy(bytes, view.buf, (size_t)view.len);
        zc_copies_add(ZC_COPY_MODULE_BYTES, (uint64_t)view.len);
        *size = (size_t)view.len;
    } else {
        PyErr_NoMemory();
    }
    PyBuffer_Release(&view);
    return bytes;
}

static uint8_t *bytes_of(PyObject *source, bool is_buffer, size_t *size)
{
    return is_buffer ? bytes_from_buffer(source, size) : bytes_from_path(source, size);
}

/* A module that the usual validation refuses for a feature: for the engine that has it, if it is here. 1, 0 where there is
 * none, or -1 with an exception. */
static int make_wide(zc_state *state, PyObject *source, bool is_buffer, zc_module **out)
{
    size_t size = 0;
    zc_error error;
    zc_status status;
    zc_module *module = NULL;
    uint8_t *bytes = bytes_of(source, is_buffer, &size); /* the ones before are gone */
    if (!bytes) {
        return -1;
    }
    Py_BEGIN_ALLOW_THREADS
    status = zc_module_new_wide(bytes, size, &module, &error);
    Py_END_ALLOW_THREADS
    const int ready = status == ZC_UNSUPPORTED ? 0 : zc_py_wide_ready(); /* what no engine has loads no library */
    if (ready > 0 && status != ZC_OK) {
        (void)zc_raise(state, &error);
        return -1;
    }
    if (ready <= 0 || zc_py_validate_wide(state, module) < 0) {
        zc_module_release(module);
        return ready > 0 ? -1 : ready;
    }
    *out = module;
    return 1;
}

static PyObject *module_create(PyTypeObject *type, PyObject *arguments, PyObject *keywords)
{
    static char *names[] = {"source", NULL};
    PyObject *source;
    size_t size = 0;
    zc_error error;
    zc_module *module = NULL;
    if (!PyArg_ParseTupleAndKeywords(arguments, keywords, "O:Module", names, &source)) {
        return NULL;
    }
    bool is_buffer = PyObject_CheckBuffer(source);
    if (!is_buffer && !PyUnicode_Check(source) && !PyObject_HasAttrString(source, "__fspath__")) {
        return PyErr_Format(PyExc_TypeError, "a module is given as a path or as bytes, not %s",
                            Py_TYPE(source)->tp_name);
    }
    uint8_t *bytes = bytes_of(source, is_buffer, &size);
    if (!bytes) {
        return NULL;
    }
    zc_status status;
    Py_BEGIN_ALLOW_THREADS
    status = zc_module_new(bytes, size, &module, &error);
    Py_END_ALLOW_THREADS
    const int wide = status == ZC_UNSUPPORTED ? make_wide(zc_state_of_type(type), source, is_buffer, &module) : 0;
    if (wide < 0) {
        return NULL;
    }
    if (status != ZC_OK && !wide) {
        return zc_raise(zc_state_of_type(type), &error);
    }
    py_module *self = (py_module *)type->tp_alloc(type, 0);
    if (!self) {
        zc_module_release(module);
        return NULL;
    }
    self->module = module;
    self->name = Py_NewRef(is_buffer ? Py_None : source);
    return (PyObject *)self;
}

static void module_dealloc(PyObject *object)
{
    py_module *self = (py_module *)object;
    PyTypeObject *type = Py_TYPE(object);
    ZC_PY_CLEAR_WEAK(object, py_module);
    zc_module_release(self->module);
    Py_XDECREF(self->name);
    Py_XDECREF(self->imports);
    Py_XDECREF(self->exports);
    Py_XDECREF(self->export_index);
    Py_XDECREF(self->sha256);
    type->tp_free(object);
    Py_DECREF(type);
}

/* --- descriptions --- */

static PyStructSequence_Field import_fields[] = {
    {"module", "Module name."},
    {"name", "Field name."},
    {"kind", "'func', 'table', 'memory' or 'global'."},
    {"params", "Functions: value types of the parameters, else None."},
    {"results", "Functions: value types of the results, else None."},
    {"minimum", "Memories (in pages) and tables: smallest size, else None."},
    {"maximum", "Memories and tables: largest size if declared, else None."},
    {"type", "Globals: value type, else None."},
    {"mutable", "Globals: whether it is mutable, else None."},
    {NULL, NULL},
};

/* An export has the same fields without the module. */
static PyStructSequence_Desc import_description = {"zcwasm.ImportType", "What a module imports.", import_fields, 9};
static PyStructSequence_Desc export_description = {"zcwasm.ExportType", "What a module exports.", import_fields + 1, 8};

static const char *kind_name(zc_extern_kind kind)
{
    switch (kind) {
    case ZC_EXTERN_FUNC:
        return "func";
    case ZC_EXTERN_TABLE:
        return "table";
    case ZC_EXTERN_MEMORY:
        return "memory";
    case ZC_EXTERN_TAG:
        return "tag";
    default:
        return "global";
    }
}

/* Fill the fields from "kind" on. Fields left out become None; returns false with an exception set. */
static bool describe(PyObject *entry, Py_ssize_t at, const zc_module_info *info, zc_extern_kind kind, uint32_t index)
{
    PyObject *fields[7] = {PyUnicode_InternFromString(kind_name(kind))};
    if (kind == ZC_EXTERN_FUNC) {
        const zc_func_type *type = &info->types[info->funcs[index].type_index];
        fields[1] = zc_py_value_types(type->params, type->param_count);
        fields[2] = zc_py_value_types(type->results, type->result_count);
    } else if (kind == ZC_EXTERN_GLOBAL) {
        fields[5] = PyUnicode_InternFromString(zc_value_type_name(info->globals[index].value_type));
        fields[6] = PyBool_FromLong(info->globals[index].is_mutable);
    } else if (kind != ZC_EXTERN_TAG) {
        const zc_limits_type *limits = kind == ZC_EXTERN_MEMORY ? &info->memory : &info->tables[index].limits;
        fields[3] = PyLong_FromUnsignedLong(limits->minimum);
        fields[4] = limits->has_maximum ? PyLong_FromUnsignedLong(limits->maximum) : NULL;
    }
    bool failed = PyErr_Occurred() != NULL;
    for (Py_ssize_t i = 0; i < 7; i++) {
        PyStructSequence_SetItem(entry, at + i, fields[i] ? fields[i] : Py_NewRef(Py_None));
    }
    return !failed;
}

static PyObject *make_imports(zc_state *state, const zc_module_info *info)
{
    PyObject *result = PyTuple_New((Py_ssize_t)info->import_count);
    for (uint32_t i = 0; result && i < info->import_count; i++) {
        const zc_import *import = &info->imports[i];
        PyObject *entry = PyStructSequence_New(state->import_type);
        PyObject *module = zc_py_name(import->module), *field = zc_py_name(import->field);
        if (!entry || !module || !field) {
            Py_XDECREF(entry);
            Py_XDECREF(module);
            Py_XDECREF(field);
            Py_CLEAR(result);
            break;
        }
        PyStructSequence_SetItem(entry, 0, module);
        PyStructSequence_SetItem(entry, 1, field);
        PyTuple_SET_ITEM(result, (Py_ssize_t)i, entry);
        if (!describe(entry, 2, info, import->kind, import->index)) {
            Py_CLEAR(result);
        }
    }
    return result;
}

static PyObject *make_exports(zc_state *state, const zc_module_info *info)
{
    PyObject *result = PyTuple_New((Py_ssize_t)info->export_count);
    for (uint32_t i = 0; result && i < info->export_count; i++) {
        const zc_export *export = &info->exports[i];
        PyObject *entry = PyStructSequence_New(state->export_type);
        PyObject *name = zc_py_name(export->name);
        if (!entry || !name) {
            Py_XDECREF(entry);
            Py_XDECREF(name);
            Py_CLEAR(result);
            break;
        }
        PyStructSequence_SetItem(entry, 0, name);
        PyTuple_SET_ITEM(result, (Py_ssize_t)i, entry);
        if (!describe(entry, 1, info, export->kind, export->index)) {
            Py_CLEAR(result);
        }
    }
    return result;
}

static PyObject *get_imports(PyObject *object, void *unused)
{
    (void)unused;
    py_module *self = (py_module *)object;
    if (!self->imports) {
        self->imports = make_imports(zc_state_of(object), zc_module_get_info(self->module));
    }
    return self->imports ? Py_NewRef(self->imports) : NULL;
}

static PyObject *get_exports(PyObject *object, void *unused)
{
    (void)unused;
    py_module *self = (py_module *)object;
    if (!self->exports) {
        self->exports = make_exports(zc_state_of(object), zc_module_get_info(self->module));
    }
    return self->exports ? Py_NewRef(self->exports) : NULL;
}

int zc_py_index_exports(py_module *module)
{
    const zc_module_info *info = zc_module_get_info(module->module);
    if (module->export_index) {
        return 0;
    }
    PyObject *index = PyDict_New();
    for (uint32_t i = 0; index && i < info->export_count; i++) {
        PyObject *name = zc_py_name(info->exports[i].name), *position = PyLong_FromUnsignedLong(i);
        if (name) {
            PyUnicode_InternInPlace(&name);
        }
        if (!name || !position || PyDict_SetItem(index, name, position) < 0) {
            Py_CLEAR(index);
        }
        Py_XDECREF(name);
        Py_XDECREF(position);
    }
    module->export_index = index;
    return index ? 0 : -1;
}

static PyObject *get_size(PyObject *object, void *unused)
{
    (void)unused;
    return PyLong_FromSize_t(zc_module_size(((py_module *)object)->module));
}

static PyObject *get_features(PyObject *object, void *unused)
{
    (void)unused;
    const uint64_t needs = zc_module_get_info(((py_module *)object)->module)->needs;
    PyObject *names = PyList_New(0);
    for (unsigned i = 1; names && zc_feature_name(i); i++) {
        PyObject *name = needs >> i & 1 ? PyUnicode_FromString(zc_feature_name(i)) : NULL;
        if ((needs >> i & 1) && (!name || PyList_Append(names, name) < 0)) {
            Py_CLEAR(names);
        }
        Py_XDECREF(name);
    }
    PyObject *result = names ? PyList_AsTuple(names) : NULL;
    Py_XDECREF(names);
    return result;
}

PyDoc_STRVAR(precompile_doc,
             "precompile($self, /, *, fuel=False, timeout=None, progress=None)\n--\n\n"
             "Compile it now for the engine wasmtime, or find its code in the cache; else the first Instance does.\n\n"
             "fuel: for instances with a limit of fuel, whose code counts it. timeout: seconds to wait, then\n"
             "TimeoutError: a compilation cannot be stopped, goes on and ends in the cache. progress: called every\n"
             "tenth of a second with the seconds so far, on this thread. Returns whether it was compiled, not found.\n"
             "Raises ImportError where the engine is not, CompileError, ValueError for a module that is too large\n"
             "($ZCWASM_COMPILE_BYTES).");

static PyObject *module_precompile(PyObject *object, PyObject *arguments, PyObject *keywords)
{
    PyObject *engines = PyImport_ImportModule("zcwasm._engines");
    PyObject *function = engines ? PyObject_GetAttrString(engines, "precompile") : NULL;
    PyObject *given = PyTuple_Size(arguments) == 0 ? PyTuple_Pack(1, object) : NULL;
    if (!given && !PyErr_Occurred()) {
        PyErr_SetString(PyExc_TypeError, "precompile() takes arguments by keyword only");
    }
    PyObject *result = function && given ? PyObject_Call(function, given, keywords) : NULL;
    Py_XDECREF(given);
    Py_XDECREF(function);
    Py_XDECREF(engines);
    return result;
}

static PyObject *get_sha256(PyObject *object, void *unused)
{
    (void)unused;
    py_module *self = (py_module *)object;
    if (!self->sha256) {
        PyObject *hashlib = PyImport_ImportModule("hashlib");
        PyObject *bytes = hashlib ? PyMemoryView_FromMemory((char *)zc_module_bytes(self->module),
                                                            (Py_ssize_t)zc_module_size(self->module), PyBUF_READ)
                                  : NULL;
        PyObject *digest = bytes ? PyObject_CallMethod(hashlib, "sha256", "O", bytes) : NULL;
        PyObject *text = digest ? PyObject_CallMethod(digest, "hexdigest", NULL) : NULL;
        Py_XDECREF(digest);
        Py_XDECREF(bytes);
        Py_XDECREF(hashlib);
        Py_XSETREF(self->sha256, text); /* another thread may have been faster */
    }
    return Py_XNewRef(self->sha256);
}

static PyObject *module_repr(PyObject *object)
{
    py_module *self = (py_module *)object;
    const zc_module_info *info = zc_module_get_info(self->module);
    PyObject *path = self->name == Py_None ? NULL : PyOS_FSPath(self->name);
    PyObject *source = path ? PyObject_Repr(path) : PyErr_Occurred() ? NULL : PyUnicode_FromString("from bytes");
    Py_XDECREF(path);
    PyObject *text = source ? PyUnicode_FromFormat("<zcwasm.Module %U: %u functions, %u imports, %u exports>", source,
                                                   info->func_count - info->imported_func_count, info->import_count,
                                                   info->export_count)
                            : NULL;
    Py_XDECREF(source);
    return text;
}

static PyObject *module_validate(PyObject *type, PyObject *source)
{
    /* As in JavaScript: an answer, not an exception, for what is not valid. */
    zc_state *state = zc_state_of_type((PyTypeObject *)type);
    PyObject *module = PyObject_CallOneArg(type, source);
    if (module) {
        Py_DECREF(module);
        Py_RETURN_TRUE;
    }
    if (PyErr_ExceptionMatches(state->compile_error)) {
        PyErr_Clear();
        Py_RETURN_FALSE;
    }
    return NULL;
}

static PyObject *module_named(PyObject *type, PyObject *arguments)
{
    PyObject *source, *name;
    if (!PyArg_ParseTuple(arguments, "SO:_named", &source, &name)) {
        return NULL;
    }
    PyObject *module = PyObject_CallOneArg(type, source);
    if (module) {
        Py_SETREF(((py_module *)module)->name, Py_NewRef(name));
    }
    return module;
}

/* By its bytes: zcwasm/_pickling.py makes a module of them, once in a process. */
static PyObject *module_reduce(PyObject *object, PyObject *unused)
{
    (void)unused;
    py_module *self = (py_module *)object;
    PyObject *pickle = PyImport_ImportModule("zcwasm._pickling");
    PyObject *bytes = pickle ? PyBytes_FromStringAndSize((const char *)zc_module_bytes(self->module),
                                                         (Py_ssize_t)zc_module_size(self->module))
                             : NULL;
    PyObject *result = bytes ? PyObject_CallMethod(pickle, "reduce_module", "OO", object, bytes) : NULL;
    if (bytes) {
        zc_copies_add(ZC_COPY_MODULE_BYTES, zc_module_size(self->module));
    }
    Py_XDECREF(bytes);
    Py_XDECREF(pickle);
    return result;
}

/* Nothing of it changes, so a copy is the module itself. */
static PyObject *module_copy(PyObject *object, PyObject *unused)
{
    (void)unused;
    return Py_NewRef(object);
}

static PyMethodDef module_methods[] = {
    {"validate", module_validate, METH_O | METH_CLASS,
     "validate($type, source, /)\n--\n\nWhether `source` (path or bytes) is a valid, supported module."},
    {"precompile", (PyCFunction)(void (*)(void))module_precompile, METH_VARARGS | METH_KEYWORDS, precompile_doc},
    {"_named", module_named, METH_VARARGS | METH_CLASS,
     "_named($type, source, name, /)\n--\n\nA module of these bytes, which came from a file of that name."},
    {"__reduce__", module_reduce, METH_NOARGS,
     "__reduce__($self)\n--\n\nPickled by its bytes; a process makes one module of equal bytes."},
    {"__copy__", module_copy, METH_NOARGS, "__copy__($self)\n--\n\nItself: it does not change."},
    {"__deepcopy__", module_copy, METH_O, "__deepcopy__($self, memo, /)\n--\n\nItself: it does not change."},
    {NULL, NULL, 0, NULL},
};

static PyGetSetDef module_getset[] = {
    {"imports", get_imports, NULL, "What it imports: a tuple of ImportType.", NULL},
    {"exports", get_exports, NULL, "What it exports: a tuple of ExportType.", NULL},
    {"size", get_size, NULL, "Size of the binary, in bytes.", NULL},
    {"features", get_features, NULL,
     "Names of features that it needs and the engine wasm3 does not have, such as 'SIMD'; mostly none.", NULL},
    {"sha256", get_sha256, NULL, "SHA-256 of the binary, 64 hexadecimal digits: what a snapshot knows it by.", NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

static PyMemberDef module_members[] = {
    {"name", T_OBJECT, offsetof(py_module, name), READONLY, "The path it was loaded from, or None."},
    ZC_PY_WEAK(py_module),
    {NULL, 0, 0, 0, NULL},
};

PyDoc_STRVAR(module_doc,
             "Module(source)\n--\n\n"
             "A validated WebAssembly module, from a path or from bytes.\n\n"
             "Immutable; any number of instances share it. Raises CompileError, which names what is wrong or\n"
             "unsupported and the byte, and OSError when the file cannot be read.");

static PyType_Slot module_slots[] = {
    {Py_tp_doc, (void *)module_doc}, {Py_tp_new, module_create},
    {Py_tp_dealloc, module_dealloc}, {Py_tp_repr, module_repr},
    {Py_tp_methods, module_methods}, {Py_tp_getset, module_getset},
    {Py_tp_members, module_members}, {0, NULL},
};

static PyType_Spec module_spec = {
    .name = "zcwasm.Module",
    .basicsize = sizeof(py_module),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = module_slots,
};

int zc_py_add_wasm_module(PyObject *module, zc_state *state)
{
    state->module_type = (PyTypeObject *)PyType_FromModuleAndSpec(module, &module_spec, NULL);
    state->import_type = PyStructSequence_NewType(&import_description);
    state->export_type = PyStructSequence_NewType(&export_description);
    if (!state->module_type || !state->import_type || !state->export_type) {
        return -1;
    }
    if (PyModule_AddType(module, state->module_type) < 0 || PyModule_AddType(module, state->import_type) < 0) {
        return -1;
    }
    return PyModule_AddType(module, state->export_type);
}
