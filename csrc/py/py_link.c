/* py_link: see py_link.h. Imports are looked up here by name and checked for kind; zc_guest compares their types. */
#include "py_link.h"
#include "py_abi.h"
#include "py_engine.h"
#include "py_error.h"
#include "py_function.h"
#include "py_global.h"
#include "py_heap.h"
#include "py_limits.h"
#include "py_memory.h"
#include "py_table.h"
#include "py_values.h"
#include "py_wasi.h"

/* --- imports --- */

/* Whether it can be asked for a name. Sequences can be asked too, but only for numbers. */
static bool is_namespace(PyObject *object)
{
    return PyMapping_Check(object) && !PyList_Check(object) && !PyTuple_Check(object) && !PyUnicode_Check(object) &&
           !PyBytes_Check(object);
}

/* imports[module][field], a new reference; NULL without an exception when it is not there. */
static PyObject *look_up(PyObject *imports, const zc_import *import)
{
    if (imports != Py_None && !is_namespace(imports)) {
        (void)zc_py_must_be("imports", "a mapping {module name: {field name: value}}", imports);
        return NULL;
    }
    PyObject *module = zc_py_name(import->module), *field = zc_py_name(import->field);
    PyObject *namespace = NULL, *value = NULL;
    if (module && field && imports != Py_None) {
        namespace = PyObject_GetItem(imports, module);
        if (namespace && !is_namespace(namespace)) {
            PyErr_Format(PyExc_TypeError, "imports[%R] must be a mapping {field name: value}, not %s", module,
                         Py_TYPE(namespace)->tp_name);
        } else if (namespace) {
            value = PyObject_GetItem(namespace, field);
        }
        if (!value && PyErr_Occurred() && PyErr_ExceptionMatches(PyExc_LookupError)) {
            PyErr_Clear();
        }
    }
    Py_XDECREF(namespace);
    Py_XDECREF(module);
    Py_XDECREF(field);
    return value;
}

/* One line about a missing import for the list. */
static int note_missing(PyObject *lines, PyObject *imports, const zc_module_info *info, const zc_import *import)
{
    PyObject *module = zc_py_name(import->module), *field = zc_py_name(import->field), *line = NULL;
    PyObject *type = zc_py_describe_extern(info, import->kind, import->index);
    if (module && field && type) {
        int known = imports == Py_None ? 1 : PySequence_Contains(imports, module);
        if (known >= 0) {
            line = PyUnicode_FromFormat("import %R.%R is missing: the module needs this %U%s", module, field, type,
                                        known ? "" : ", and no such module is given");
        }
    }
    int code = line ? PyList_Append(lines, line) : -1;
    Py_XDECREF(line);
    Py_XDECREF(type);
    Py_XDECREF(module);
    Py_XDECREF(field);
    return code;
}

/* The LinkError that is set becomes a line of the list, unless the list has it. */
static int note_refused(PyObject *lines)
{
    PyObject *type, *value, *traceback;
    PyErr_Fetch(&type, &value, &traceback);
    PyErr_NormalizeException(&type, &value, &traceback);
    PyObject *line = value ? PyObject_Str(value) : NULL;
    int there = line ? PySequence_Contains(lines, line) : -1;
    int code = there ? (there < 0 ? -1 : 0) : PyList_Append(lines, line);
    Py_XDECREF(line);
    Py_XDECREF(type);
    Py_XDECREF(value);
    Py_XDECREF(traceback);
    return code;
}

/* One sentence, or all of them below a heading. */
static void raise_missing(zc_state *state, PyObject *lines)
{
    Py_ssize_t count = PyList_GET_SIZE(lines);
    PyObject *separator = PyUnicode_FromString("\n  "), *text = separator ? PyUnicode_Join(separator, lines) : NULL;
    if (text && count == 1) {
        PyErr_SetObject(state->link_error, text);
    } else if (text) {
        PyErr_Format(state->link_error, "the module cannot be linked:\n  %U", text);
    }
    Py_XDECREF(separator);
    Py_XDECREF(text);
}

static bool same_types(const zc_func_type *a, const zc_func_type *b)
{
    return a->param_count == b->param_count && a->result_count == b->result_count &&
           memcmp(a->params, b->params, a->param_count) == 0 && memcmp(a->results, b->results, a->result_count) == 0;
}

static int wrong_kind(zc_state *state, const zc_import *import, const char *wanted, PyObject *value)
{
    PyObject *module = zc_py_name(import->module), *field = zc_py_name(import->field);
    if (module && field) {
        PyErr_Format(state->link_error, "import %R.%R must be %s, not %R", module, field, wanted, value);
    }
    Py_XDECREF(module);
    Py_XDECREF(field);
    return -1;
}

/* Whether zcwasm.pass_instance has marked it; -1 with an exception. What answers to every name is not marked. */
static int is_marked(zc_state *state, PyObject *callable)
{
    PyObject *mark = PyObject_GetAttr(callable, state->pass_instance);
    if (!mark && !PyErr_ExceptionMatches(PyExc_AttributeError)) {
        return -1;
    }
    PyErr_Clear();
    Py_XDECREF(mark);
    return mark == Py_True;
}

/* Fill one zc_import_value from a Python object. */
static int take_value(zc_state *state, py_store *store, uint32_t i, PyObject *value, zc_import_value *out)
{
    const zc_import *import = &zc_py_store_info(store)->imports[i];
    out->kind = import->kind;
    switch (import->kind) {
    case ZC_EXTERN_FUNC: {
        const zc_func_type *type =
            &zc_py_store_info(store)->types[zc_py_store_info(store)->funcs[import->index].type_index];
        if (!PyCallable_Check(value)) {
            return wrong_kind(state, import, "a callable", value);
        }
        if (Py_IS_TYPE(value, state->function_type) && !same_types(((py_function *)value)->type, type)) {
            return wrong_kind(state, import, "a function of the imported type", value);
        }
        int marked = is_marked(state, value);
        if (marked < 0) {
            return -1;
        }
        py_host_function *host = &store->hosts[import->index];
        *host = (py_host_function){
            .store = store, .pass_instance = marked, .callable = Py_NewRef(value), .type = type, .import = import};
        out->function = zc_py_call_host;
        out->context = host;
        return 0;
    }
    case ZC_EXTERN_MEMORY:
        if (!Py_IS_TYPE(value, state->memory_type)) {
            return wrong_kind(state, import, "a zcwasm.Memory", value);
        }
        out->memory = ((py_memory *)value)->memory;
        Py_XSETREF(store->memory, Py_NewRef(value));
        return 0;
    case ZC_EXTERN_GLOBAL:
        if (!Py_IS_TYPE(value, state->global_type)) {
            return wrong_kind(state, import, "a zcwasm.Global", value);
        }
        out->global = ((py_global *)value)->global;
        return 0;
    case ZC_EXTERN_TABLE:
        if (!Py_IS_TYPE(value, state->table_type)) {
            return wrong_kind(state, import, "a zcwasm.Table", value);
        }
        out->table = ((py_table *)value)->table;
        zc_py_table_share(value);
        return 0;
    case ZC_EXTERN_TAG: /* exported only */
        break;
    }
    return 0;
}

/* Where an instance's imports come from. */
typedef struct sources {
    PyObject *imports; /* as Instance is given them */
    PyObject *kept;    /* of a fork's parent, one for each import; else NULL */
    PyObject *limits;  /* as Instance is given them; unless it is a fork */
    PyObject *engine;  /* likewise */
    const py_store *parent;
    py_saved *saved; /* what it goes on from, or NULL */
} sources;

/* A new reference; NULL without an exception where none was given. */
static PyObject *given_value(const sources *from, const zc_import *import, uint32_t i)
{
    if (!from->kept) {
        return look_up(from->imports, import);
    }
    PyObject *value = PyList_GET_ITEM(from->kept, (Py_ssize_t)i);
    return value == Py_None ? NULL : Py_NewRef(value);
}

/* What `imports` gives comes first; then what the module was granted. What is missing is noted in `lines`. */
static int take_import(zc_state *state, py_store *store, uint32_t i, const sources *from, PyObject *lines,
                       zc_import_value *out)
{
    const zc_module_info *info = zc_py_store_info(store);
    const zc_import *import = &info->imports[i];
    PyObject *value = given_value(from, import, i);
    if (value) {
        int code = take_value(state, store, i, value, out);
        if (code == 0 && store->kept) { /* unless looking it up has run the garbage collector over this */
            code = PyList_SetItem(store->kept, (Py_ssize_t)i, Py_NewRef(value));
        }
        Py_DECREF(value);
        return code;
    }
    if (PyErr_Occurred()) {
        return -1;
    }
    bool function = import->kind == ZC_EXTERN_FUNC;
    const zc_func_type *type = function ? &info->types[info->funcs[import->index].type_index] : NULL;
    int granted = zc_py_abi_import(state, store, import, type, out);
    granted = granted ? granted : zc_py_wasi_import(state, store, import, type, out);
    if (granted < 0 && PyErr_ExceptionMatches(state->link_error)) {
        return note_refused(lines);
    }
    return granted > 0 ? 0 : granted < 0 ? -1 : note_missing(lines, from->imports, info, import);
}

static zc_import_value *take_imports(zc_state *state, py_store *store, const sources *from)
{
    const zc_module_info *info = zc_py_store_info(store);
    zc_import_value *values = PyMem_Calloc(info->import_count + 1u, sizeof *values);
    store->hosts = PyMem_Calloc(info->imported_func_count + 1u, sizeof *store->hosts);
    if (!values || !store->hosts) {
        PyErr_NoMemory();
        PyMem_Free(values);
        return NULL;
    }
    store->host_count = info->imported_func_count;
    PyObject *lines = PyList_New(0);
    int code = lines ? 0 : -1;
    for (uint32_t i = 0; i < info->import_count && code == 0; i++) {
        code = take_import(state, store, i, from, lines, &values[i]);
    }
    if (code == 0 && PyList_GET_SIZE(lines) > 0) {
        raise_missing(state, lines);
        code = -1;
    }
    Py_XDECREF(lines);
    if (code < 0) {
        PyMem_Free(values);
        values = NULL;
    }
    return values;
}

/* --- the store --- */

/* The instance, new or as it was. */
static zc_status make_instance(py_store *store, const zc_import_value *values, py_saved *saved, zc_error *error)
{
    zc_module *module = ((py_module *)store->module)->module;
    if (!saved) {
        return zc_instance_link(module, store->engine, values, &store->limits, &store->instance, error);
    }
    zc_region *region = NULL;
    const zc_module_info *info = zc_py_store_info(store);
    zc_status status = ZC_OK;
    if (info->has_memory && !info->memory_imported) {
        uint64_t reserved = zc_instance_reservation(module, &store->limits);
        status = saved->memory(saved->context, reserved, &region, error);
    }
    return status == ZC_OK ? zc_instance_restore(module, store->engine, values, &store->limits, &saved->instance,
                                                 region, &store->instance, error)
                           : status;
}

/* A section is there for what the module imports, and only then. */
static zc_status match(const zc_reader *section, const char *name, bool used, zc_error *error)
{
    bool there = section->at != NULL;
    return there == used ? ZC_OK
                         : zc_fail(error, ZC_SNAPSHOT, "the snapshot has %s section %s, and the instance %s of it",
                                   there ? "a" : "no", name, used ? "has need" : "makes no use");
}

static zc_status refuse_rest(const zc_reader *section, const char *name, zc_error *error)
{
    uint64_t left = zc_reader_left(section);
    return left == 0 ? ZC_OK
                     : zc_fail(error, ZC_SNAPSHOT, "the snapshot's section %s goes on for %llu bytes after its end",
                               name, (ull)left);
}

/* What the guest has of the device and of the system. */
static zc_status load_state(py_store *store, py_saved *saved, zc_error *error)
{
    bool wasi = zc_py_wasi_used(store);
    zc_status status = refuse_rest(&saved->instance, "instance", error);
    status = status == ZC_OK ? match(&saved->abi, "abi", store->abi != NULL, error) : status;
    status = status == ZC_OK ? match(&saved->wasi, "wasi", wasi, error) : status;
    if (status == ZC_OK && store->abi) {
        Py_BEGIN_ALLOW_THREADS /* scratch memory is filled */
        status = zc_abi_load(store->abi, &saved->abi, error);
        Py_END_ALLOW_THREADS
        status = status == ZC_OK ? refuse_rest(&saved->abi, "abi", error) : status;
    }
    if (status == ZC_OK && wasi) {
        status = zc_py_wasi_load(store, &saved->wasi, error);
        status = status == ZC_OK ? refuse_rest(&saved->wasi, "wasi", error) : status;
    }
    return status;
}

static int take_limits(py_store *store, const sources *from)
{
    if (!from->parent) {
        if (zc_py_take_limits(from->limits, &store->limits, &store->abi_limits) < 0) {
            return -1;
        }
        zc_limits limits = store->limits;
        if (from->saved && limits.fuel == ZC_NO_LIMIT &&
            zc_instance_saved_limited(((py_module *)store->module)->module, from->saved->instance)) {
            limits.fuel = ZC_NO_LIMIT - 1; /* its code is to count */
        }
        store->engine = zc_py_engine(from->engine, store->module, &limits);
        return store->engine ? 0 : -1;
    }
    store->engine = from->parent->engine;
    store->limits = from->parent->limits;
    store->limits.fuel = ZC_NO_LIMIT; /* what was left to the parent is in its sections */
    store->abi_limits = from->parent->abi_limits;
    return 0;
}

static int link_store(zc_state *state, py_store *store, const py_grants *grants, const sources *from)
{
    zc_error error;
    if (take_limits(store, from) < 0 || zc_py_abi_make(state, store, grants, &store->abi_limits) < 0) {
        return -1;
    }
    zc_import_value *values = take_imports(state, store, from);
    if (!values) {
        return -1;
    }
    for (uint32_t i = 0; i < store->host_count && !store->grants; i++) {
        if (store->hosts[i].pass_instance && !(store->grants = PyTuple_Pack(2, grants->device, grants->weights))) {
            PyMem_Free(values);
            return -1;
        }
    }
    const zc_reader whole = from->saved ? from->saved->instance : (zc_reader){0};
    zc_status status = make_instance(store, values, from->saved, &error);
    PyMem_Free(values);
    if (status != ZC_OK) {
        (void)zc_raise(state, &error);
        return -1;
    }
    zc_guest_owner owner = zc_py_guest_owner;
    owner.context = store;
    zc_instance_set_owner(store->instance, &owner);
    zc_py_wasi_bind(store);
    if (store->abi) {
        zc_abi_attach(store->abi, store->instance);
    }
    if (from->saved && load_state(store, from->saved, &error) != ZC_OK) {
        (void)zc_raise(state, &error);
        return -1;
    }
    zc_memory *memory = zc_instance_memory(store->instance);
    if (memory && !store->memory) {
        store->memory = zc_py_memory_new(state, memory);
        if (!store->memory) {
            return -1;
        }
    }
    if (from->saved && !from->parent) { /* a fork shares the parent's, which may have changed meanwhile */
        zc_instance_restore_imported(store->instance, whole);
    }
    /* Last: what it puts into a table that it shares may be called at once, also when the rest does not fit. */
    if (!from->saved && zc_instance_initialize(store->instance, &error) != ZC_OK) {
        (void)zc_raise(state, &error);
        return -1;
    }
    return 0;
}

/* A list of so many None, or NULL with an exception. */
static PyObject *list_of_none(uint32_t count)
{
    PyObject *list = PyList_New((Py_ssize_t)count);
    for (uint32_t i = 0; list && i < count; i++) {
        PyList_SET_ITEM(list, (Py_ssize_t)i, Py_NewRef(Py_None));
    }
    return list;
}

static py_store *make_store(zc_state *state, PyObject *module, const py_grants *grants, const sources *from)
{
    py_store *store = PyObject_GC_New(py_store, state->store_type);
    if (!store) {
        return NULL;
    }
    memset((char *)store + offsetof(py_store, instance), 0, sizeof *store - offsetof(py_store, instance));
    store->module = Py_NewRef(module);
    PyObject_GC_Track(store);
    uint32_t imports = zc_py_store_info(store)->import_count;
    if ((imports > 0 && !(store->kept = list_of_none(imports))) ||
        (grants->wasi != Py_None && zc_py_wasi_link(state, store, grants->wasi) < 0) ||
        link_store(state, store, grants, from) < 0) {
        Py_CLEAR(store);
    }
    return store;
}

py_store *zc_py_link(zc_state *state, PyObject *module, const py_grants *grants, PyObject *imports, PyObject *limits,
                     PyObject *engine)
{
    const sources from = {.imports = imports, .limits = limits, .engine = engine};
    return make_store(state, module, grants, &from);
}

py_store *zc_py_link_saved(zc_state *state, PyObject *module, const py_grants *grants, PyObject *imports,
                           PyObject *limits, PyObject *engine, py_saved *saved)
{
    const sources from = {.imports = imports, .limits = limits, .engine = engine, .saved = saved};
    return make_store(state, module, grants, &from);
}

py_store *zc_py_link_fork(zc_state *state, py_store *parent, const py_grants *grants, py_saved *saved)
{
    const sources from = {.imports = Py_None, .kept = parent->kept, .parent = parent, .saved = saved};
    py_store *store = make_store(state, parent->module, grants, &from);
    if (store && zc_py_heap_fork(state, parent, store) < 0) {
        Py_CLEAR(store);
    }
    return store;
}

static int store_traverse(PyObject *object, visitproc visit, void *arg)
{
    py_store *self = (py_store *)object;
    Py_VISIT(Py_TYPE(object));
    Py_VISIT(self->kept);
    Py_VISIT(zc_py_wasi_object(self));
    Py_VISIT(self->inputs);
    Py_VISIT(self->grants);
    Py_VISIT(self->lane);
    Py_VISIT(self->table);
    for (uint32_t i = 0; i < self->host_count; i++) {
        Py_VISIT(self->hosts[i].callable);
    }
    return 0;
}

/* A collected cycle may still be called from another object of the cycle, by a finaliser: the callables
 * become None, and calling that is an ordinary exception. */
static int store_clear(PyObject *object)
{
    py_store *self = (py_store *)object;
    for (uint32_t i = 0; i < self->host_count; i++) {
        Py_XSETREF(self->hosts[i].callable, Py_NewRef(Py_None));
    }
    Py_CLEAR(self->kept);
    Py_CLEAR(self->table);
    zc_py_abi_clear(self);
    return 0;
}

void zc_py_unlink(py_store *store)
{
    zc_instance *instance = store->instance;
    store->instance = NULL; /* first: what the others let go of may run Python code */
    if (instance) {
        zc_instance_end(instance);
    }
    zc_py_heap_end(store->heap);
    Py_CLEAR(store->heap);
    zc_instance_free(instance);
    zc_py_wasi_unlink(store);
    zc_py_abi_free(store);
    Py_CLEAR(store->memory);
    Py_CLEAR(store->table);
}

static void store_dealloc(PyObject *object)
{
    py_store *self = (py_store *)object;
    PyTypeObject *type = Py_TYPE(object);
    PyObject_GC_UnTrack(object);
    zc_py_unlink(self);
    for (uint32_t i = 0; i < self->host_count; i++) {
        Py_XDECREF(self->hosts[i].callable);
    }
    PyMem_Free(self->hosts);
    Py_XDECREF(self->grants);
    Py_XDECREF(self->kept);
    Py_XDECREF(self->lane);
    Py_XDECREF(self->module);
    type->tp_free(object);
    Py_DECREF(type);
}

static PyType_Slot store_slots[] = {
    {Py_tp_traverse, store_traverse},
    {Py_tp_clear, store_clear},
    {Py_tp_dealloc, store_dealloc},
    {0, NULL},
};

static PyType_Spec store_spec = {
    .name = "zcwasm._Store",
    .basicsize = sizeof(py_store),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_DISALLOW_INSTANTIATION | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = store_slots,
};

int zc_py_add_store(PyObject *module, zc_state *state)
{
    state->store_type = (PyTypeObject *)PyType_FromModuleAndSpec(module, &store_spec, NULL);
    state->pass_instance = PyUnicode_InternFromString("__zcwasm_pass_instance__");
    return state->store_type && state->pass_instance ? 0 : -1;
}
