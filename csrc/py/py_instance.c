/* py_instance: see py_instance.h. */
#include "py_instance.h"
#include "py_abi.h"
#include "py_error.h"
#include "py_exports.h"
#include "py_link.h"
#include "py_memory.h"

typedef struct py_instance {
    PyObject_HEAD
    py_store *store;
    PyObject *exports;
    PyObject *device; /* or None */
    PyObject *weights;
    PyObject *weak; /* references */
} py_instance;

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
    if (device != Py_None && !PyObject_TypeCheck(device, state->device_type)) {
        return PyErr_Format(PyExc_TypeError, "device must be a zcwasm.Device, not %s", Py_TYPE(device)->tp_name);
    }
    if (zc_py_index_exports((py_module *)module) < 0) {
        return NULL;
    }
    const py_grants grants = {.device = device, .weights = weights, .inputs = inputs, .wasi = wasi};
    py_store *store = zc_py_link(state, module, &grants, imports, limits);
    py_instance *self = store ? (py_instance *)type->tp_alloc(type, 0) : NULL;
    if (self) {
        self->store = (py_store *)Py_NewRef((PyObject *)store);
        self->device = Py_NewRef(device);
        self->weights = Py_NewRef(weights);
        self->exports = zc_py_exports_new(state, store);
        if (!self->exports) {
            Py_CLEAR(self);
        }
    }
    Py_XDECREF(store);
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

static zc_instance *open_instance(PyObject *object)
{
    return zc_py_open_instance(((py_instance *)object)->store);
}

static void end(PyObject *object)
{
    zc_py_unlink(((py_instance *)object)->store);
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
    if (store->memory && !zc_py_store_info(store)->memory_imported) {
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
    state->instance_type = (PyTypeObject *)PyType_FromModuleAndSpec(module, &instance_spec, NULL);
    return state->instance_type ? PyModule_AddType(module, state->instance_type) : -1;
}
