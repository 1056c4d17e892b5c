/* py_instance: see py_instance.h. */
#include "py_instance.h"
#include "py_abi.h"
#include "py_arguments.h"
#include "py_error.h"
#include "py_exports.h"
#include "py_function.h"
#include "py_heap.h"
#include "py_link.h"
#include "py_memory.h"
#include "py_scope.h"
#include "py_snapshot.h"
#include "py_wasi.h"

#include "region/zc_image.h"

typedef struct py_instance {
    PyObject_HEAD
    py_store *store;
    PyObject *exports;
    PyObject *device; /* or None */
    PyObject *weights;
    PyObject *weak; /* references */
} py_instance;

static PyObject *make_owner(zc_state *state, py_store *store);

/* Takes over the store; NULL with an exception, also where it is NULL. */
static PyObject *instance_over(zc_state *state, py_store *store, PyObject *device, PyObject *weights)
{
    py_instance *self = store ? (py_instance *)state->instance_type->tp_alloc(state->instance_type, 0) : NULL;
    if (self) {
        self->store = (py_store *)Py_NewRef((PyObject *)store);
        self->device = Py_NewRef(device);
        self->weights = Py_NewRef(weights);
        self->exports = zc_py_exports_new(state, store);
        store->owner = (PyObject *)self; /* until its dealloc */
        store->make_owner = make_owner;
        if (!self->exports) {
            Py_CLEAR(self);
        }
    }
    Py_XDECREF(store);
    return (PyObject *)self;
}

/* For a host function that gets the Instance, where only its exports have been kept. */
static PyObject *make_owner(zc_state *state, py_store *store)
{
    PyObject *device = store->grants ? PyTuple_GET_ITEM(store->grants, 0) : Py_None;
    PyObject *weights = store->grants ? PyTuple_GET_ITEM(store->grants, 1) : Py_None;
    return instance_over(state, (py_store *)Py_NewRef((PyObject *)store), device, weights);
}

static int check_grants(zc_state *state, PyObject *module, PyObject *device)
{
    if (!Py_IS_TYPE(module, state->module_type)) {
        return zc_py_must_be("module", "a zcwasm.Module", module);
    }
    if (device != Py_None && zc_py_check_device(state, device) < 0) {
        return -1;
    }
    return zc_py_index_exports((py_module *)module);
}

static PyObject *instance_create(PyTypeObject *type, PyObject *arguments, PyObject *keywords)
{
    static char *names[] = {"module", "device", "weights", "inputs", "wasi", "imports", "limits", "engine", NULL};
    zc_state *state = zc_state_of_type(type);
    PyObject *module, *device = Py_None, *weights = Py_None, *inputs = Py_None, *wasi = Py_None, *imports = Py_None,
                      *limits = Py_None, *engine = Py_None;
    if (!PyArg_ParseTupleAndKeywords(arguments, keywords, "O|$OOOOOOO:Instance", names, &module, &device, &weights,
                                     &inputs, &wasi, &imports, &limits, &engine)) {
        return NULL;
    }
    if (check_grants(state, module, device) < 0) {
        return NULL;
    }
    const py_grants grants = {.device = device, .weights = weights, .inputs = inputs, .wasi = wasi};
    PyObject *self = instance_over(state, zc_py_link(state, module, &grants, imports, limits, engine), device, weights);
    if (self && zc_py_start(state, ((py_instance *)self)->store) < 0) {
        Py_CLEAR(self);
    }
    return self;
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
    if (self->store && self->store->owner == object) {
        self->store->owner = NULL;
    }
    ZC_PY_CLEAR_WEAK(object, py_instance);
    Py_XDECREF(self->exports);
    Py_XDECREF(self->store);
    Py_XDECREF(self->device);
    Py_XDECREF(self->weights);
    type->tp_free(object);
    Py_DECREF(type);
}

py_store *zc_py_instance_store(zc_state *state, PyObject *object)
{
    if (!PyObject_TypeCheck(object, state->instance_type)) {
        PyErr_Format(PyExc_TypeError, "instance must be an Instance, not %s", Py_TYPE(object)->tp_name);
        return NULL;
    }
    return ((py_instance *)object)->store;
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

/* Why it cannot be closed now, or NULL. */
static const char *why_open(PyObject *object)
{
    const py_store *store = ((py_instance *)object)->store;
    return store->held                            ? "cannot close: a snapshot or a fork of the instance is being made"
           : zc_instance_running(store->instance) ? "cannot close: the instance is running"
                                                  : NULL;
}

static PyObject *refuse(PyObject *object, const char *why)
{
    PyErr_SetString(zc_state_of(object)->in_use_error, why);
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
    const char *why = why_open(object);
    if (why) {
        return refuse(object, why);
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
    bool open = ((py_instance *)object)->store->instance != NULL;
    const char *why = open ? why_open(object) : NULL;
    if (why && (count == 0 || arguments[0] == Py_None)) {
        return refuse(object, why);
    }
    if (open && !why) {
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

/* zcwasm.FILE.NAME(object, ...): what of a method is best written in Python, its check of arguments included. */
static PyObject *hand_on(const char *file, const char *name, PyObject *object, PyObject *const *args, Py_ssize_t nargs,
                         PyObject *keywords)
{
    Py_ssize_t count = nargs + (keywords ? PyTuple_GET_SIZE(keywords) : 0);
    PyObject **all = PyMem_Malloc(((size_t)count + 1) * sizeof *all);
    if (!all) {
        return PyErr_NoMemory();
    }
    all[0] = object;
    if (count > 0) {
        memcpy(all + 1, args, (size_t)count * sizeof *all);
    }
    PyObject *module = PyImport_ImportModule(file);
    PyObject *function = module ? PyObject_GetAttrString(module, name) : NULL;
    PyObject *result = function ? PyObject_Vectorcall(function, all, (size_t)nargs + 1, keywords) : NULL;
    Py_XDECREF(function);
    Py_XDECREF(module);
    PyMem_Free(all);
    return result;
}

/* --- calls --- */

PyDoc_STRVAR(call_doc,
             "call($self, name, /, *args, deadline=None, fuel=None)\n--\n\n"
             "Call the exported function of that name: exports[name](*args), within bounds of this call.\n\n"
             "deadline: seconds from now, after which it ends with a Trap of kind 'deadline'; fuel: the most that it\n"
             "may use, else a Trap of kind 'out_of_fuel'. The instance's own limits hold beside them, and what the\n"
             "call does not use stays the instance's. Both hold for all that is called inside, other guests by host\n"
             "functions included. Raises KeyError for a name that is not exported, and what a Function does.");

static PyObject *instance_call(PyObject *object, PyObject *const *args, Py_ssize_t nargs, PyObject *keywords)
{
    static const zc_py_arguments expected = {"call", 0, 0, 2, {"deadline", "fuel"}};
    PyObject *given[2] = {NULL, NULL};
    py_bounds bounds;
    if (nargs < 1) {
        PyErr_SetString(PyExc_TypeError, "call() misses the name of a function");
        return NULL;
    }
    if ((keywords && zc_py_parse_keywords(&expected, args + nargs, keywords, given) < 0) ||
        zc_py_take_bounds(given[0], given[1], &bounds) < 0 || !open_instance(object)) {
        return NULL;
    }
    PyObject *function = PyObject_GetItem(((py_instance *)object)->exports, args[0]);
    if (!function) {
        return NULL;
    }
    PyObject *result = NULL;
    if (!Py_IS_TYPE(function, zc_state_of(object)->function_type)) {
        (void)zc_py_must_be("name", "that of an exported function", function);
    } else if (bounds.deadline_ns == ZC_NO_LIMIT && bounds.fuel == ZC_NO_LIMIT) {
        result = PyObject_Vectorcall(function, args + 1, (size_t)nargs - 1, NULL);
    } else {
        zc_scope scope;
        zc_scope_enter(&scope, NULL, bounds.deadline_ns, bounds.fuel);
        result = PyObject_Vectorcall(function, args + 1, (size_t)nargs - 1, NULL);
        zc_scope_leave(&scope);
    }
    Py_DECREF(function);
    return result;
}

PyDoc_STRVAR(submit_doc,
             "submit($self, name, /, *args, deadline=None, fuel=None)\n--\n\n"
             "Begin call() on a thread of the package; a Call, which can be waited for, awaited and cancelled.\n\n"
             "Calls that were submitted to one instance, or to several that share a memory, run one after the other,\n"
             "in this order; deadline counts from the beginning of the call itself. Meanwhile it counts as\n"
             "running on another thread. Waiting calls keep it alive; when it is closed they end with ClosedError.");

static PyObject *instance_submit(PyObject *object, PyObject *const *args, Py_ssize_t nargs, PyObject *keywords)
{
    return open_instance(object) ? hand_on("zcwasm._call", "submit", object, args, nargs, keywords) : NULL;
}

/* Where calls wait that run one after the other. */
static PyObject *get_lane(PyObject *object, void *unused)
{
    (void)unused;
    py_store *store = ((py_instance *)object)->store;
    if (!open_instance(object)) {
        return NULL;
    }
    PyObject *memory = Py_XNewRef(store->memory), **slot = memory ? &((py_memory *)memory)->lane : &store->lane;
    if (!*slot) {
        PyObject *module = PyImport_ImportModule("zcwasm._call");
        PyObject *lane = module ? PyObject_CallMethod(module, "Lane", NULL) : NULL;
        Py_XDECREF(module);
        if (*slot) { /* made by another thread meanwhile */
            Py_XDECREF(lane);
        } else {
            *slot = lane;
        }
    }
    PyObject *result = Py_XNewRef(*slot);
    Py_XDECREF(memory);
    return result;
}

/* --- snapshots and forks --- */

PyDoc_STRVAR(snapshot_doc,
             "snapshot($self, /, file, *, device_state=True, notes=None, dead=(), compress=None, durable=True)\n--\n\n"
             "Write all of the instance to a file, from which Instance.restore makes one that goes on: memory,\n"
             "globals, table, fuel left, outputs, what it holds on its device, WASI's descriptors.\n\n"
             "file: a path, or a binary file object, which gets it from where it stands. A path appears or is\n"
             "replaced once all is written, so that a crash leaves the old file or the new one, readable by its\n"
             "owner only; durable: also when the machine fails (fsync).\n"
             "device_state: what it holds on its device, too (scratch memory, sequences, submissions); without it\n"
             "its handles of these name nothing afterwards.\n"
             "notes: {name: bytes} of the caller's, for snapshot_info; they are read even where what follows is\n"
             "damaged. dead: (start, stop) ranges of the memory, in bytes, which are zero in the snapshot.\n"
             "compress: 'zstd' (pip install 'zcwasm[zstd]'), smaller and slower.\n\n"
             "It waits for the work in flight of the guest, and of the host on the instance's device. InUseError\n"
             "while the instance runs, also from its own host functions; SnapshotError for an imported memory or\n"
             "table, files that it has open by WASI, or what its engine cannot show; OSError when the file cannot be "
             "written: the old one is as it\n"
             "was. The snapshot holds what the guest held, secrets included.");

static PyObject *instance_snapshot(PyObject *object, PyObject *const *args, Py_ssize_t nargs, PyObject *keywords)
{
    if (!open_instance(object) || zc_py_heap_settle(zc_state_of(object), ((py_instance *)object)->store) < 0) {
        return NULL;
    }
    return hand_on("zcwasm._snapshot", "save", object, args, nargs, keywords);
}

PyDoc_STRVAR(
    restore_doc,
    "restore($type, /, module, file, *, device=None, weights=None, inputs=None, wasi=None, imports=None, "
    "limits=None, engine=None, mapped=False)\n--\n\n"
    "An instance that goes on where a snapshot was taken; neither segments nor the start function run.\n\n"
    "file: a path, or a binary file object, which is read from where it stands. module, weights and inputs\n"
    "must be those that it was taken of, which their SHA-256 says; device may be of another kind. imports\n"
    "and wasi: as for Instance. limits: as for Instance; of the fuel no more is left than was. engine: as for\n"
    "Instance, whichever it was taken on.\n"
    "mapped: show the file's pages instead of reading them, for paths to files that nobody changes or cuts\n"
    "short while the instance lives: reading what is gone ends the process (SIGBUS).\n\n"
    "Every byte is checked. Raises SnapshotError for a file that is damaged, of another version, or of\n"
    "something else; LinkError for imports; OSError; MemoryError.");

static PyObject *instance_restore(PyObject *type, PyObject *const *args, Py_ssize_t nargs, PyObject *keywords)
{
    return hand_on("zcwasm._snapshot", "restore", type, args, nargs, keywords);
}

static const char save_doc[] = //
    "_save($self, out, about, notes, dead, codec, device_state, /)\n--\n\n"
    "Write a snapshot; its size. out: a descriptor, or a callable that takes all bytes that it is given. notes: a\n"
    "tuple of (name, content). dead: pairs of uint64. codec: a callable that makes bytes smaller, or None.";

static PyObject *instance_save(PyObject *object, PyObject *const *args, Py_ssize_t nargs)
{
    py_instance *self = (py_instance *)object;
    if (nargs != 6) {
        return PyErr_Format(PyExc_TypeError, "_save takes 6 arguments, not %zd", nargs);
    }
    return zc_py_snapshot_save(zc_state_of(object), self->store, self->device, args);
}

static const char private_restore_doc[] = //
    "_restore($type, module, snapshot, device, weights, inputs, wasi, imports, limits, mapped, expand, engine, "
    "/)\n--\n\n"
    "An instance of a _Snapshot. expand: a callable that makes bytes whole again, or None.";

static PyObject *instance_restore_from(PyObject *type, PyObject *const *args, Py_ssize_t nargs)
{
    zc_state *state = zc_state_of_type((PyTypeObject *)type);
    if (nargs != 11 || !Py_IS_TYPE(args[1], state->snapshot_type)) {
        return PyErr_Format(PyExc_TypeError, "_restore takes 11 arguments, not %zd, the second a _Snapshot", nargs);
    }
    PyObject *module = args[0], *snapshot = args[1], *device = args[2], *weights = args[3];
    const py_grants grants = {.device = device, .weights = weights, .inputs = args[4], .wasi = args[5]};
    int mapped = PyObject_IsTrue(args[8]);
    if (mapped < 0 || check_grants(state, module, device) < 0) {
        return NULL;
    }
    py_store *store =
        zc_py_snapshot_restore(state, module, snapshot, &grants, args[6], args[7], args[10], mapped, args[9]);
    return instance_over(state, store, device, weights);
}

static zc_status fork_memory(void *context, uint64_t reserved, zc_region **out, zc_error *error)
{
    return zc_image_region(context, reserved, out, error);
}

/* Work that other threads have begun on the memory since it was held may still write to it. Then its pages stay where they
 * are, and are not shared with the children: what is written meanwhile must not go with pages that are replaced. */
static zc_status make_image(zc_region *region, const Py_buffer *dead, zc_image **out, zc_error *error)
{
    bool remap = !zc_region_written(region) && !zc_device_uses(region);
    return zc_image_new_without(region, remap, dead->buf, (size_t)dead->len / sizeof(zc_region_span), out, error);
}

/* Of a held instance. The lock is kept while its memory is copied: nobody may write to it then, or give a device work on
 * it, and other threads of Python could. */
static PyObject *fork_held(zc_state *state, py_instance *self, Py_ssize_t count, const Py_buffer *dead)
{
    py_store *parent = self->store;
    zc_memory *memory = zc_instance_memory(parent->instance);
    zc_image *image = NULL;
    zc_error error;
    py_sections sections;
    PyObject *list = zc_py_save_sections(state, parent, true, &sections) == 0 ? PyList_New(0) : NULL;
    if (list && memory && make_image(zc_memory_region(memory), dead, &image, &error) != ZC_OK) {
        (void)zc_raise(state, &error);
        Py_CLEAR(list);
    }
    PyObject *wasi = zc_py_wasi_object(parent);
    const py_grants grants = {.device = self->device,
                              .weights = self->weights,
                              .inputs = parent->inputs ? parent->inputs : Py_None,
                              .wasi = wasi ? wasi : Py_None};
    for (Py_ssize_t i = 0; list && i < count; i++) {
        if (PyErr_CheckSignals() < 0) { /* there may be many */
            Py_CLEAR(list);
            break;
        }
        py_saved saved = zc_py_read_sections(&sections);
        saved.memory = fork_memory;
        saved.context = image;
        py_store *store = zc_py_link_fork(state, parent, &grants, &saved);
        PyObject *child = instance_over(state, store, self->device, self->weights);
        if (!child || PyList_Append(list, child) < 0) {
            Py_CLEAR(list);
        }
        Py_XDECREF(child);
    }
    zc_image_release(image);
    zc_py_free_sections(&sections);
    return list;
}

PyDoc_STRVAR(fork_doc,
             "fork($self, /, n=1, *, dead=())\n--\n\n"
             "A list of n instances that go on from where this one is, each by itself.\n\n"
             "They share the pages of its memory until one of them writes there, and have the same device, weights,\n"
             "inputs, wasi, imports and limits, and each the fuel that is left; what they hold on the device is\n"
             "copied. Where the system cannot share pages, and on GPUs that see the pages of this one, they are\n"
             "copied (counted as \"forked\"). dead: (start, stop) ranges of the memory, in bytes, that nobody needs:\n"
             "here and there they may be zero afterwards, and are not copied. It waits, and raises what snapshot() "
             "does; an error leaves no new\n"
             "instance. They may be closed in any order.");

static PyObject *instance_fork(PyObject *object, PyObject *const *args, Py_ssize_t nargs, PyObject *keywords)
{
    static const zc_py_arguments expected = {"fork", 1, 0, 2, {"n", "dead"}};
    py_instance *self = (py_instance *)object;
    zc_state *state = zc_state_of(object);
    PyObject *given[2];
    if (zc_py_parse(&expected, args, nargs, keywords, given) < 0) {
        return NULL;
    }
    PyObject *n = given[0];
    Py_ssize_t count = n ? PyNumber_AsSsize_t(n, PyExc_OverflowError) : 1;
    if (count == -1 && PyErr_Occurred()) {
        (void)zc_py_must_be("n", "an integer", n);
        return NULL;
    }
    if (count < 0) {
        return PyErr_Format(PyExc_ValueError, "n is %zd, must not be negative", count);
    }
    Py_buffer dead = {0};
    PyObject *spans = given[1] ? hand_on("zcwasm._snapshot", "spans", object, &given[1], 1, NULL) : NULL,
             *children = NULL;
    if (given[1] && (!spans || PyObject_GetBuffer(spans, &dead, PyBUF_SIMPLE) < 0)) {
        Py_XDECREF(spans);
        return NULL;
    }
    if (zc_py_hold(state, self->store, self->device) == 0) {
        children = fork_held(state, self, count, &dead);
        zc_py_let_go(self->store);
    }
    PyBuffer_Release(&dead);
    Py_XDECREF(spans);
    return children;
}

static PyObject *get_inputs(PyObject *object, void *unused)
{
    (void)unused;
    PyObject *inputs = ((py_instance *)object)->store->inputs;
    return inputs ? PyDict_Copy(inputs) : PyDict_New();
}

/* --- the guest's own allocator --- */

PyDoc_STRVAR(new_doc,
             "new($self, /, shape, dtype='float32', *, fill=None)\n--\n\n"
             "A new NumPy array in the guest's memory, from its own allocator: C-contiguous, at a multiple of 16.\n\n"
             "shape: an integer or a tuple. dtype: anything numpy.dtype takes, structured ones too, without Python\n"
             "objects. fill: what all elements are; without it they are whatever was there.\n"
             "The allocator is what the module exports of the pairs that Instance.allocator knows. The guest's `free`\n"
             "gets the array's memory back when the last view of it is gone: before the next call of the guest from\n"
             "outside, and before the next new(), never inside another call. What that `free` raises, that call\n"
             "raises, and does not begin. free() gives it back at once.\n\n"
             "Raises Error when the module has no allocator, or when that gives what is not in its memory or is not\n"
             "free; MemoryError when it gives nothing; what a call of it raises.");

static PyObject *instance_new(PyObject *object, PyObject *const *args, Py_ssize_t nargs, PyObject *keywords)
{
    return open_instance(object) ? hand_on("zcwasm._memory", "new", object, args, nargs, keywords) : NULL;
}

PyDoc_STRVAR(new_string_doc,
             "new_string($self, text, /, encoding='utf-8')\n--\n\n"
             "The text and a NUL as a new array of bytes in the guest's memory, with a lifetime as of new().\n\n"
             "It is one copy, which is counted as memory_write.");

static PyObject *instance_new_string(PyObject *object, PyObject *const *args, Py_ssize_t nargs, PyObject *keywords)
{
    return open_instance(object) ? hand_on("zcwasm._memory", "new_string", object, args, nargs, keywords) : NULL;
}

PyDoc_STRVAR(free_doc, "free($self, array, /)\n--\n\n"
                       "Give an array of new() back to the guest's allocator now: all of it, also where `array` is a\n"
                       "view of a part.\n\n"
                       "It must not be used any more, and neither must views of it: the guest may use its memory for\n"
                       "something else. `array` itself becomes read-only, so that nothing is written by mistake.\n"
                       "ValueError for an array of something else, or one that was freed.");

static PyObject *instance_free(PyObject *object, PyObject *array)
{
    return open_instance(object) ? hand_on("zcwasm._memory", "free", object, &array, 1, NULL) : NULL;
}

static PyObject *get_allocator(PyObject *object, void *unused)
{
    (void)unused;
    return open_instance(object) ? hand_on("zcwasm._memory", "allocator", object, NULL, 0, NULL) : NULL;
}

static PyObject *get_heap(PyObject *object, void *unused)
{
    (void)unused;
    return open_instance(object) ? zc_py_heap_of(zc_state_of(object), ((py_instance *)object)->store) : NULL;
}

/* --- what it has --- */

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

static PyObject *get_engine(PyObject *object, void *unused)
{
    (void)unused;
    return PyUnicode_FromString(zc_engine_name(((py_instance *)object)->store->engine));
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
    if (!zc_instance_counts_fuel(instance)) {
        PyErr_SetString(PyExc_ValueError, "the instance's code counts no fuel: give a limit when it is made");
        return -1;
    }
    if (!zc_instance_takes_fuel(instance)) {
        PyErr_SetString(PyExc_RuntimeError, "the guest is running compiled code, which has its fuel already: set it "
                                            "between calls or in a host function; interrupt() ends the call");
        return -1;
    }
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
    if (instance && !zc_instance_counts_fuel(instance)) {
        Py_RETURN_NONE;
    }
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

static PyObject *get_unwound(PyObject *object, void *unused)
{
    (void)unused;
    return PyBool_FromLong(((py_instance *)object)->store->unwound);
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
     "Returns whether a call was running. With it end the calls that are nested in it; none that begins later is\n"
     "touched. A submitted call is cancelled by its Call."},
    {"call", (PyCFunction)(void (*)(void))instance_call, METH_FASTCALL | METH_KEYWORDS, call_doc},
    {"submit", (PyCFunction)(void (*)(void))instance_submit, METH_FASTCALL | METH_KEYWORDS, submit_doc},
    {"snapshot", (PyCFunction)(void (*)(void))instance_snapshot, METH_FASTCALL | METH_KEYWORDS, snapshot_doc},
    {"restore", (PyCFunction)(void (*)(void))instance_restore, METH_FASTCALL | METH_KEYWORDS | METH_CLASS, restore_doc},
    {"fork", (PyCFunction)(void (*)(void))instance_fork, METH_FASTCALL | METH_KEYWORDS, fork_doc},
    {"new", (PyCFunction)(void (*)(void))instance_new, METH_FASTCALL | METH_KEYWORDS, new_doc},
    {"new_string", (PyCFunction)(void (*)(void))instance_new_string, METH_FASTCALL | METH_KEYWORDS, new_string_doc},
    {"free", instance_free, METH_O, free_doc},
    {"_save", (PyCFunction)(void (*)(void))instance_save, METH_FASTCALL, save_doc},
    {"_restore", (PyCFunction)(void (*)(void))instance_restore_from, METH_FASTCALL | METH_CLASS, private_restore_doc},
    {"__enter__", instance_enter, METH_NOARGS, "__enter__($self, /)\n--\n\nReturn the instance itself."},
    {"__exit__", (PyCFunction)(void (*)(void))instance_exit, METH_FASTCALL, exit_doc},
    {NULL, NULL, 0, NULL},
};

static PyGetSetDef instance_getset[] = {
    {"memory", get_memory, NULL, "The instance's Memory; AttributeError when the module has none.", NULL},
    {"module", get_module, NULL, "The Module it was made from.", NULL},
    {"engine", get_engine, NULL, "What runs it: 'wasm3' or 'wasmtime'.", NULL},
    {"fuel", get_fuel, set_fuel, "Fuel left, or None without a limit. Setting it gives that much from now on.", NULL},
    {"fuel_used", get_fuel_used, NULL,
     "Fuel used so far: opcodes of every function body entered and every loop body begun (without those of\n"
     "loops inside, which count on their own), and 1 per 16 bytes of memory.copy, memory.fill and memory.init\n"
     "and per element of table.copy and table.init. On wasmtime about one per operator executed, and None for an\n"
     "instance that was made without a limit of fuel, whose code does not count.",
     NULL},
    {"outputs", get_outputs, NULL,
     "What the guest wrote with zc_output_write: a new dict of name to bytes, copied each time.\n\n"
     "RuntimeError while the guest runs.",
     NULL},
    {"_lane", get_lane, NULL, "Where calls wait that were submitted to it, or to others over its memory.", NULL},
    {"_inputs", get_inputs, NULL, "The inputs that its guest may read, as memoryviews: a new dict.", NULL},
    {"allocator", get_allocator, NULL,
     "The allocator behind new(), which the module exports, or None: 'malloc' (malloc and free), 'wbindgen'\n"
     "(wasm-bindgen's), 'alloc' (alloc and dealloc, or allocate and deallocate, with sizes), 'assemblyscript' (__new,\n"
     "__pin and __unpin), 'cabi_realloc' (of the component model; it takes nothing back, so what is freed is used\n"
     "again for later arrays of about that size).",
     NULL},
    {"_heap", get_heap, NULL, "The blocks that its allocator gave.", NULL},
    {"closed", get_closed, NULL, "Whether close() has freed it.", NULL},
    {"_unwound", get_unwound, NULL, "Whether a call of it ended otherwise than by returning.", NULL},
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
             "Instance(module, *, device=None, weights=None, inputs=None, wasi=None, imports=None, limits=None, "
             "engine=None)\n--\n\n"
             "A running guest: a module linked to its imports, with a memory of its own.\n\n"
             "device, weights, inputs: what a guest that imports from 'zcwasm' may use: a Device to compute with, a\n"
             "Weights whose tensors it may name, buffers by name that it may read. None is not granted.\n"
             "imports: {module name: {field name: callable, Memory, Global or Table}}, as in JavaScript; the exports\n"
             "of another instance serve too. wasi: a Wasi object, for programs that import WASI preview 1.\n"
             "limits: a Limits object. engine: 'wasm3', which is part of this package; 'wasmtime', which compiles\n"
             "(pip install 'zcwasm[jit]'); 'auto', wasmtime where it is; None, what $ZCWASM_ENGINE says, or wasm3.\n"
             "Runs the module's start function. Raises ImportError for an engine that is not here,\n"
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
