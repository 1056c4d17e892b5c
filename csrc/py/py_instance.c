/* py_instance: Instance, and the store that keeps what it shares with its exports.
 * Linking: imports are looked up here by name and checked for kind; zc_guest compares their types. */
#include "py_guest.h"

typedef struct py_instance {
    PyObject_HEAD
    py_store *store;
    PyObject *exports;
    PyObject *device; /* or None */
    PyObject *weights;
    PyObject *weak; /* references */
} py_instance;

static const zc_module_info *info_of(py_store *store)
{
    return zc_module_get_info(((py_module *)store->module)->module);
}

/* --- Store --- */

static int store_traverse(PyObject *object, visitproc visit, void *arg)
{
    py_store *self = (py_store *)object;
    Py_VISIT(Py_TYPE(object));
    Py_VISIT(self->kept);
    Py_VISIT(zc_py_wasi_object(self));
    Py_VISIT(self->inputs);
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
    zc_py_abi_clear(self);
    return 0;
}

static void store_dealloc(PyObject *object)
{
    py_store *self = (py_store *)object;
    PyTypeObject *type = Py_TYPE(object);
    PyObject_GC_UnTrack(object);
    zc_instance_free(self->instance);
    zc_py_wasi_unlink(self);
    zc_py_abi_free(self);
    for (uint32_t i = 0; i < self->host_count; i++) {
        Py_XDECREF(self->hosts[i].callable);
    }
    PyMem_Free(self->hosts);
    Py_XDECREF(self->kept);
    Py_XDECREF(self->memory);
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

/* Fill one zc_import_value from a Python object. */
static int take_value(zc_state *state, py_store *store, uint32_t i, PyObject *value, zc_import_value *out)
{
    const zc_import *import = &info_of(store)->imports[i];
    out->kind = import->kind;
    switch (import->kind) {
    case ZC_EXTERN_FUNC: {
        const zc_func_type *type = &info_of(store)->types[info_of(store)->funcs[import->index].type_index];
        if (!PyCallable_Check(value)) {
            return wrong_kind(state, import, "a callable", value);
        }
        if (Py_IS_TYPE(value, state->function_type) && !same_types(((py_function *)value)->type, type)) {
            return wrong_kind(state, import, "a function of the imported type", value);
        }
        py_host_function *host = &store->hosts[import->index];
        *host = (py_host_function){.store = store, .callable = Py_NewRef(value), .type = type, .import = import};
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
    default:
        return 0; /* zc_guest refuses tables */
    }
}

/* What `imports` gives comes first; then what the module was granted. What is missing is noted in `lines`. */
static int take_import(zc_state *state, py_store *store, uint32_t i, PyObject *imports, PyObject *lines,
                       zc_import_value *out)
{
    const zc_module_info *info = info_of(store);
    const zc_import *import = &info->imports[i];
    PyObject *value = look_up(imports, import);
    if (value) {
        int code = take_value(state, store, i, value, out);
        if (code == 0 && store->kept) {
            code = PyList_Append(store->kept, value);
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
    return granted > 0 ? 0 : granted < 0 ? -1 : note_missing(lines, imports, info, import);
}

static zc_import_value *take_imports(zc_state *state, py_store *store, PyObject *imports)
{
    const zc_module_info *info = info_of(store);
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
        code = take_import(state, store, i, imports, lines, &values[i]);
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

/* --- limits --- */

/* A number of a Limits object; None leaves *out as it is. */
static int take_limit(PyObject *limits, const char *name, double scale, uint64_t *out)
{
    PyObject *value = PyObject_GetAttrString(limits, name);
    int code = value ? 0 : -1;
    char label[32];
    (void)snprintf(label, sizeof label, "limit %s", name);
    if (!value && PyErr_ExceptionMatches(PyExc_AttributeError)) {
        PyErr_Clear();
        return zc_py_must_be("limits", "a zcwasm.Limits", limits);
    }
    if (value && value != Py_None) {
        if (scale != 1.0) { /* seconds to nanoseconds */
            double seconds = PyFloat_AsDouble(value);
            if (seconds == -1.0 && PyErr_Occurred()) {
                code = zc_py_must_be(label, "a number of seconds", value);
            } else if (!(seconds >= 0.0) || seconds > 1e9) {
                PyErr_Format(PyExc_ValueError, "limit %s is %R, must be from 0 to 1e9 seconds", name, value);
                code = -1;
            } else {
                *out = (uint64_t)(seconds * scale);
            }
        } else {
            PyObject *index = PyNumber_Index(value);
            unsigned long long number = index ? PyLong_AsUnsignedLongLong(index) : 0;
            if (!index) {
                code = zc_py_must_be(label, "an integer", value);
            } else if (PyErr_Occurred()) {
                PyErr_Format(PyExc_ValueError, "limit %s is %R, must be from 0 to 2**64 - 1", name, value);
                code = -1;
            } else {
                *out = number;
            }
            Py_XDECREF(index);
        }
    }
    Py_XDECREF(value);
    return code;
}

static int take_limits(PyObject *limits, zc_limits *out, zc_abi_limits *abi)
{
    *abi = (zc_abi_limits){.scratch = ZC_ABI_DEFAULT_SCRATCH,
                           .outputs = ZC_ABI_DEFAULT_OUTPUTS,
                           .dispatch_work = ZC_DEFAULT_DISPATCH_WORK};
    *out = (zc_limits){.memory = ZC_NO_LIMIT,
                       .table = ZC_DEFAULT_TABLE,
                       .call_depth = ZC_DEFAULT_CALL_DEPTH,
                       .stack_bytes = ZC_DEFAULT_STACK_BYTES,
                       .fuel = ZC_NO_LIMIT,
                       .deadline_ns = ZC_NO_LIMIT};
    if (limits == Py_None) {
        return 0;
    }
    if (take_limit(limits, "memory", 1.0, &out->memory) < 0 || take_limit(limits, "table", 1.0, &out->table) < 0 ||
        take_limit(limits, "call_depth", 1.0, &out->call_depth) < 0 ||
        take_limit(limits, "stack", 1.0, &out->stack_bytes) < 0 || take_limit(limits, "fuel", 1.0, &out->fuel) < 0 ||
        take_limit(limits, "scratch", 1.0, &abi->scratch) < 0 ||
        take_limit(limits, "outputs", 1.0, &abi->outputs) < 0 ||
        take_limit(limits, "dispatch_work", 1.0, &abi->dispatch_work) < 0 ||
        take_limit(limits, "deadline", 1e9, &out->deadline_ns) < 0) {
        return -1;
    }
    if (out->stack_bytes < 65536 || out->stack_bytes > (1u << 30)) {
        PyErr_Format(PyExc_ValueError, "limit stack is %llu bytes, must be from 65536 to 2**30", (ull)out->stack_bytes);
        return -1;
    }
    out->stack_bytes &= ~(uint64_t)4095;
    return 0;
}

/* --- Instance --- */

static int link_instance(zc_state *state, py_store *store, const py_grants *grants, PyObject *imports, PyObject *limits)
{
    zc_limits checked;
    zc_abi_limits abi_limits;
    zc_error error;
    if (take_limits(limits, &checked, &abi_limits) < 0 || zc_py_abi_make(state, store, grants, &abi_limits) < 0) {
        return -1;
    }
    zc_import_value *values = take_imports(state, store, imports);
    if (!values) {
        return -1;
    }
    zc_status status =
        zc_instance_new(((py_module *)store->module)->module, values, &checked, &store->instance, &error);
    PyMem_Free(values);
    if (status != ZC_OK) {
        (void)zc_raise(state, &error);
        return -1;
    }
    zc_py_wasi_bind(store);
    if (store->abi) {
        zc_abi_attach(store->abi, store->instance);
    }
    zc_memory *memory = zc_instance_memory(store->instance);
    if (memory && !store->memory) {
        store->memory = zc_py_memory_new(state, memory);
        if (!store->memory) {
            return -1;
        }
    }
    return zc_py_start(state, store);
}

static PyObject *instance_create(PyTypeObject *type, PyObject *arguments, PyObject *keywords)
{
    static char *names[] = {"module", "device", "weights", "inputs", "wasi", "imports", "limits", NULL};
    zc_state *state = zc_state_of_type(type);
    PyObject *module, *device = Py_None, *weights = Py_None, *inputs = Py_None, *wasi = Py_None, *imports = Py_None,
                      *limits = Py_None;
    if (!PyArg_ParseTupleAndKeywords(arguments, keywords, "O|$OOOOOO:Instance", names, &module, &device, &weights,
                                     &inputs, &wasi, &imports, &limits)) {
        return NULL;
    }
    if (!Py_IS_TYPE(module, state->module_type)) {
        (void)zc_py_must_be("module", "a zcwasm.Module", module);
        return NULL;
    }
    py_grants grants = {.device = device, .weights = weights, .inputs = inputs};
    if (device != Py_None && !PyObject_TypeCheck(device, state->device_type)) {
        return PyErr_Format(PyExc_TypeError, "device must be a zcwasm.Device, not %s", Py_TYPE(device)->tp_name);
    }
    if (zc_py_index_exports((py_module *)module) < 0) {
        return NULL;
    }
    py_store *store = PyObject_GC_New(py_store, state->store_type);
    if (!store) {
        return NULL;
    }
    memset((char *)store + offsetof(py_store, instance), 0, sizeof *store - offsetof(py_store, instance));
    store->module = Py_NewRef(module);
    PyObject_GC_Track(store);
    py_instance *self = NULL;
    if (zc_module_get_info(((py_module *)module)->module)->import_count == 0 || (store->kept = PyList_New(0))) {
        if ((wasi == Py_None || zc_py_wasi_link(state, store, wasi) == 0) &&
            link_instance(state, store, &grants, imports, limits) == 0) {
            self = (py_instance *)type->tp_alloc(type, 0);
        }
    }
    if (self) {
        self->store = (py_store *)Py_NewRef((PyObject *)store);
        self->device = Py_NewRef(device);
        self->weights = Py_NewRef(weights);
        self->exports = zc_py_exports_new(state, store);
        if (!self->exports) {
            Py_CLEAR(self);
        }
    }
    Py_DECREF(store);
    return (PyObject *)self;
}

static int instance_traverse(PyObject *object, visitproc visit, void *arg)
{
    py_instance *self = (py_instance *)object;
    Py_VISIT(Py_TYPE(object));
    Py_VISIT(self->store);
    Py_VISIT(self->exports);
    Py_VISIT(self->device);
    Py_VISIT(self->weights);
    return 0;
}

static void instance_dealloc(PyObject *object)
{
    py_instance *self = (py_instance *)object;
    PyTypeObject *type = Py_TYPE(object);
    PyObject_GC_UnTrack(object);
    ZC_PY_CLEAR_WEAK(object, py_instance);
    Py_XDECREF(self->exports);
    Py_XDECREF(self->store);
    Py_XDECREF(self->device);
    Py_XDECREF(self->weights);
    type->tp_free(object);
    Py_DECREF(type);
}

zc_instance *zc_py_open_instance(py_store *store)
{
    if (!store->instance) {
        PyErr_SetString(zc_state_of((PyObject *)store)->closed_error, "the instance is closed");
    }
    return store->instance;
}

static zc_instance *open_instance(PyObject *object)
{
    return zc_py_open_instance(((py_instance *)object)->store);
}

/* The instance ends; bytes that something still uses live on. */
static void end(PyObject *object)
{
    py_store *store = ((py_instance *)object)->store;
    zc_instance *instance = store->instance;
    store->instance = NULL; /* first: what the others let go of may run Python code */
    zc_instance_free(instance);
    zc_py_wasi_unlink(store);
    zc_py_abi_free(store);
    Py_CLEAR(store->memory);
    (void)zc_py_exports_clear(((py_instance *)object)->exports);
}

static PyObject *refuse_running(PyObject *object)
{
    PyErr_SetString(zc_state_of(object)->in_use_error, "cannot close: the instance is running");
    return NULL;
}

PyDoc_STRVAR(close_doc, "close($self)\n--\n\n"
                        "Free the instance now. Raises InUseError while it runs, or while a view, an exported\n"
                        "buffer or a submission still uses its own memory. Closing twice is fine.");

static PyObject *instance_close(PyObject *object, PyObject *unused)
{
    (void)unused;
    py_store *store = ((py_instance *)object)->store;
    if (!store->instance) {
        Py_RETURN_NONE;
    }
    if (zc_instance_running(store->instance)) {
        return refuse_running(object);
    }
    if (store->memory && !info_of(store)->memory_imported) {
        zc_region *region = zc_memory_region(((py_memory *)store->memory)->memory);
        uint64_t pins = zc_region_pins(region), own = store->abi ? zc_abi_idle_pins(store->abi, region) : 0;
        if (pins > own) {
            bool one = pins - own == 1;
            PyErr_Format(zc_state_of(object)->in_use_error,
                         "cannot close: %llu view%s or submission%s still use%s the instance's memory",
                         (ull)(pins - own), one ? "" : "s", one ? "" : "s", one ? "s" : "");
            return NULL;
        }
    }
    end(object);
    Py_RETURN_NONE;
}

static PyObject *instance_enter(PyObject *object, PyObject *unused)
{
    (void)unused;
    return open_instance(object) ? Py_NewRef(object) : NULL;
}

PyDoc_STRVAR(exit_doc, "__exit__($self, /, *exc_info)\n--\n\n"
                       "Close the instance. Unlike close() it does not mind views: variables of the block, or an\n"
                       "exception's traceback, may hold some. Their bytes live as long as they do. InUseError when\n"
                       "the instance is running, but for an exception that leaves the block.");

static PyObject *instance_exit(PyObject *object, PyObject *const *arguments, Py_ssize_t count)
{
    zc_instance *instance = ((py_instance *)object)->store->instance;
    bool running = instance && zc_instance_running(instance);
    if (running && (count == 0 || arguments[0] == Py_None)) {
        return refuse_running(object);
    }
    if (instance && !running) {
        end(object);
    }
    Py_RETURN_NONE;
}

static PyObject *instance_interrupt(PyObject *object, PyObject *unused)
{
    (void)unused;
    zc_instance *instance = open_instance(object);
    return instance ? PyBool_FromLong(zc_instance_interrupt(instance)) : NULL;
}

static PyObject *get_memory(PyObject *object, void *unused)
{
    (void)unused;
    py_store *store = ((py_instance *)object)->store;
    if (!open_instance(object)) {
        return NULL;
    }
    if (!store->memory) {
        PyErr_SetString(PyExc_AttributeError, "the module has no memory");
        return NULL;
    }
    return Py_NewRef(store->memory);
}

static PyObject *get_module(PyObject *object, void *unused)
{
    (void)unused;
    return Py_NewRef(((py_instance *)object)->store->module);
}

static PyObject *get_fuel(PyObject *object, void *unused)
{
    (void)unused;
    zc_instance *instance = open_instance(object);
    if (!instance) {
        return NULL;
    }
    uint64_t fuel = zc_instance_fuel(instance);
    return fuel == ZC_NO_LIMIT ? Py_NewRef(Py_None) : PyLong_FromUnsignedLongLong(fuel);
}

static int set_fuel(PyObject *object, PyObject *value, void *unused)
{
    (void)unused;
    zc_instance *instance = open_instance(object);
    if (!instance) {
        return -1;
    }
    uint64_t fuel = ZC_NO_LIMIT;
    if (value && value != Py_None) {
        fuel = PyLong_AsUnsignedLongLong(value);
        if (PyErr_Occurred()) {
            return zc_py_must_be("fuel", "an integer or None", value);
        }
    }
    zc_instance_set_fuel(instance, fuel);
    return 0;
}

static PyObject *get_fuel_used(PyObject *object, void *unused)
{
    (void)unused;
    zc_instance *instance = open_instance(object);
    return instance ? PyLong_FromUnsignedLongLong(zc_instance_fuel_used(instance)) : NULL;
}

static PyObject *get_outputs(PyObject *object, void *unused)
{
    (void)unused;
    return open_instance(object) ? zc_py_abi_outputs(((py_instance *)object)->store) : NULL;
}

static PyObject *get_closed(PyObject *object, void *unused)
{
    (void)unused;
    return PyBool_FromLong(((py_instance *)object)->store->instance == NULL);
}

static PyObject *instance_repr(PyObject *object)
{
    py_store *store = ((py_instance *)object)->store;
    if (!store->instance) {
        return PyUnicode_FromFormat("<zcwasm.Instance of %R, closed>", store->module);
    }
    if (!store->memory) {
        return PyUnicode_FromFormat("<zcwasm.Instance of %R, no memory>", store->module);
    }
    uint32_t pages = zc_memory_pages(((py_memory *)store->memory)->memory);
    return PyUnicode_FromFormat("<zcwasm.Instance of %R, memory of %u page%s>", store->module, pages,
                                zc_py_plural(pages));
}

static PyMethodDef instance_methods[] = {
    {"close", instance_close, METH_NOARGS, close_doc},
    {"interrupt", instance_interrupt, METH_NOARGS,
     "interrupt($self)\n--\n\n"
     "Stop the call in progress with a Trap of kind 'interrupted'; from any thread.\n\n"
     "Returns whether a call was running."},
    {"__enter__", instance_enter, METH_NOARGS, "__enter__($self, /)\n--\n\nReturn the instance itself."},
    {"__exit__", (PyCFunction)(void (*)(void))instance_exit, METH_FASTCALL, exit_doc},
    {NULL, NULL, 0, NULL},
};

static PyGetSetDef instance_getset[] = {
    {"memory", get_memory, NULL, "The instance's Memory; AttributeError when the module has none.", NULL},
    {"module", get_module, NULL, "The Module it was made from.", NULL},
    {"fuel", get_fuel, set_fuel, "Fuel left, or None without a limit. Setting it gives that much from now on.", NULL},
    {"fuel_used", get_fuel_used, NULL,
     "Fuel used so far: opcodes of every function body entered and every loop body begun (without those of\n"
     "loops inside, which count on their own), and 1 per 16 bytes of memory.copy and memory.fill.",
     NULL},
    {"outputs", get_outputs, NULL,
     "What the guest wrote with zc_output_write: a new dict of name to bytes, copied each time.\n\n"
     "RuntimeError while the guest runs.",
     NULL},
    {"closed", get_closed, NULL, "Whether close() has freed it.", NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

static PyMemberDef instance_members[] = {
    {"exports", T_OBJECT_EX, offsetof(py_instance, exports), READONLY, "What it exports, see Exports."},
    {"device", T_OBJECT, offsetof(py_instance, device), READONLY, "The Device it was given, or None."},
    {"weights", T_OBJECT, offsetof(py_instance, weights), READONLY, "The Weights it was given, or None."},
    ZC_PY_WEAK(py_instance),
    {NULL, 0, 0, 0, NULL},
};

PyDoc_STRVAR(instance_doc,
             "Instance(module, *, device=None, weights=None, inputs=None, wasi=None, imports=None, limits=None)\n"
             "--\n\n"
             "A running guest: a module linked to its imports, with a memory of its own.\n\n"
             "device, weights, inputs: what a guest that imports from 'zcwasm' may use: a Device to compute with, a\n"
             "Weights whose tensors it may name, buffers by name that it may read. None is not granted.\n"
             "imports: {module name: {field name: callable, Memory or Global}}, as in JavaScript; the exports of\n"
             "another instance serve too. wasi: a Wasi object, for programs that import WASI preview 1.\n"
             "limits: a Limits object. Runs the module's start function. Raises\n"
             "LinkError for imports that are missing or of another type, Trap when a segment does not fit or\n"
             "the start function traps, MemoryError when the machine cannot reserve the memory. One thread at\n"
             "a time may run it. A context manager: leaving the block closes it.");

static PyType_Slot instance_slots[] = {
    {Py_tp_doc, (void *)instance_doc}, {Py_tp_new, instance_create},      {Py_tp_traverse, instance_traverse},
    {Py_tp_dealloc, instance_dealloc}, {Py_tp_repr, instance_repr},       {Py_tp_methods, instance_methods},
    {Py_tp_getset, instance_getset},   {Py_tp_members, instance_members}, {0, NULL},
};

static PyType_Spec instance_spec = {
    .name = "zcwasm.Instance",
    .basicsize = sizeof(py_instance),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = instance_slots,
};

int zc_py_add_instance(PyObject *module, zc_state *state)
{
    state->store_type = (PyTypeObject *)PyType_FromModuleAndSpec(module, &store_spec, NULL);
    state->instance_type = (PyTypeObject *)PyType_FromModuleAndSpec(module, &instance_spec, NULL);
    if (!state->store_type || !state->instance_type) {
        return -1;
    }
    return PyModule_AddType(module, state->instance_type);
}
