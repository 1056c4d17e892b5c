/* py_function: see py_function.h. */
#include "py_function.h"
#include "py_error.h"
#include "py_values.h"

#include "base/zc_clock.h"

#include <string.h>

#define SIGNAL_INTERVAL_NS 20000000
#define INLINE_PARAMETERS 16

/* --- the interpreter lock during a call --- */

static int find_thread(py_call *call)
{
    PyObject *thread = PyObject_CallNoArgs(call->state->main_thread);
    PyObject *ident = thread ? PyObject_GetAttrString(thread, "ident") : NULL;
    Py_XDECREF(thread);
    if (!ident) {
        return -1;
    }
    call->on_main_thread = PyLong_Check(ident) && PyLong_AsUnsignedLong(ident) == PyThread_get_thread_ident();
    Py_DECREF(ident);
    call->ticked = true;
    return PyErr_Occurred() ? -1 : 0;
}

static zc_status tick(void *context, zc_error *error)
{
    py_call *call = context;
    if (!call->ticked && find_thread(call) < 0) {
        return zc_fail(error, ZC_HOST, "looking up the main thread failed");
    }
    if (call->on_main_thread) {
        int64_t now = zc_clock_ns();
        if (now >= call->next_signal_check) {
            zc_py_take_lock(call);
            if (PyErr_CheckSignals() < 0) {
                call->signalled = true;
                return zc_fail(error, ZC_HOST, "a signal handler raised an exception");
            }
            call->next_signal_check = now + SIGNAL_INTERVAL_NS;
        }
    }
    if (!call->saved) {
        call->saved = PyEval_SaveThread();
    }
    return ZC_OK;
}

/* Waiting for the lock is the last thing of a call, while the instance still is this thread's: another thread that
 * holds the lock meanwhile can neither overwrite the results, nor close the instance, nor find store->call changed. */
static void resume(void *context)
{
    zc_py_take_lock(context);
}

/* --- from Python into the guest --- */

PyObject *zc_py_function_label(const zc_module_info *info, uint32_t index)
{
    zc_name name = info->funcs[index].name;
    for (uint32_t e = 0; name.size == 0 && e < info->export_count; e++) {
        if (info->exports[e].kind == ZC_EXTERN_FUNC && info->exports[e].index == index) {
            name = info->exports[e].name;
        }
    }
    return name.size ? zc_py_name(name) : PyUnicode_FromFormat("function %u", index);
}

/* The trap's message gains the guest's frames; the exception gets them as a tuple. */
static PyObject *describe_trap(py_store *store, zc_error *error)
{
    uint32_t functions[32];
    uint64_t count = zc_instance_trace(store->instance, functions, 32);
    uint64_t kept = count < 32 ? count : 32;
    const zc_module_info *info = zc_py_store_info(store);
    PyObject *frames = PyTuple_New((Py_ssize_t)kept);
    size_t used = strlen(error->message);
    for (uint64_t i = 0; frames && i < kept; i++) {
        PyObject *text = zc_py_function_label(info, functions[i]);
        if (!text) {
            Py_CLEAR(frames);
            break;
        }
        PyTuple_SET_ITEM(frames, (Py_ssize_t)i, text);
        const char *utf8 = PyUnicode_AsUTF8(text);
        if (!utf8) {
            PyErr_Clear(); /* a name that UTF-8 cannot carry stays out of the message */
        } else if (i < 8 && used < sizeof error->message) {
            used += (size_t)snprintf(error->message + used, sizeof error->message - used, "\n  in %.60s", utf8);
        }
    }
    if (count > 8 && used < sizeof error->message) {
        (void)snprintf(error->message + used, sizeof error->message - used, "\n  and %llu more", (ull)(count - 8));
    }
    return frames;
}

static void raise_trap(zc_state *state, py_store *store, zc_error *error)
{
    PyObject *frames = describe_trap(store, error);
    if (!frames) {
        return;
    }
    (void)zc_raise(state, error);
    PyObject *type, *value, *traceback;
    PyErr_Fetch(&type, &value, &traceback);
    if (value && PyObject_TypeCheck(value, (PyTypeObject *)state->trap)) {
        if (PyObject_SetAttrString(value, "backtrace", frames) < 0) {
            PyErr_Clear();
        }
    }
    PyErr_Restore(type, value, traceback);
    Py_DECREF(frames);
}

static PyObject *tuple_of(const zc_func_type *type, const uint64_t *values)
{
    PyObject *tuple = PyTuple_New((Py_ssize_t)type->result_count);
    for (uint32_t i = 0; tuple && i < type->result_count; i++) {
        PyObject *value = zc_py_from_bits(values[i], type->results[i]);
        if (!value) {
            Py_CLEAR(tuple);
            break;
        }
        PyTuple_SET_ITEM(tuple, (Py_ssize_t)i, value);
    }
    return tuple;
}

/* The call is over, so the slots are the next one's: several are copied before making a tuple, which can run the
 * garbage collector, and so finalisers that call the guest or close it. */
static PyObject *results_of(const zc_func_type *type, const uint64_t *slots)
{
    uint64_t few[INLINE_PARAMETERS], *values = few;
    if (type->result_count == 0) {
        Py_RETURN_NONE;
    }
    if (type->result_count == 1) {
        return zc_py_from_bits(slots[0], type->results[0]);
    }
    if (type->result_count > INLINE_PARAMETERS) {
        values = PyMem_Malloc(type->result_count * sizeof *values);
        if (!values) {
            return PyErr_NoMemory();
        }
    }
    memcpy(values, slots, type->result_count * sizeof *values);
    PyObject *tuple = tuple_of(type, values);
    if (values != few) {
        PyMem_Free(values);
    }
    return tuple;
}

/* `frame` NULL: run the start function. */
static zc_status run(zc_state *state, py_store *store, uint32_t index, uint64_t *frame, zc_error *error)
{
    py_call call = {.outer = store->call, .state = state};
    zc_call_hooks hooks = {.tick = tick, .resume = resume, .context = &call};
    store->call = &call;
    zc_status status = frame ? zc_instance_call(store->instance, index, frame, &hooks, error)
                             : zc_instance_start(store->instance, &hooks, error);
    store->call = call.outer;
    if (status == ZC_OK) {
        return ZC_OK;
    }
    store->unwound = true;
    if (store->abi) {
        zc_abi_ended(store->abi, status, error, call.signalled);
    }
    if (status == ZC_TRAP) {
        raise_trap(state, store, error);
    } else {
        (void)zc_raise(state, error);
    }
    return status;
}

bool zc_py_callable_now(py_store *store, uint32_t index)
{
    zc_error error;
    return store->instance && zc_instance_frame(store->instance, index, &error) != NULL;
}

/* In line, since a small call is its cost. */
static inline __attribute__((always_inline)) PyObject *call_guest(zc_state *state, py_store *store, uint32_t index,
                                                                  const zc_func_type *type, const uint64_t *parameters)
{
    zc_error error;
    if (store->due && !store->call && store->due(state, store) < 0) {
        return NULL;
    }
    if (!store->instance) {
        (void)zc_py_open_instance(store); /* says so */
        return NULL;
    }
    uint64_t *frame = zc_instance_frame(store->instance, index, &error);
    if (!frame) {
        return zc_raise(state, &error);
    }
    memcpy(frame + type->result_count, parameters, type->param_count * sizeof *parameters);
    if (run(state, store, index, frame, &error) != ZC_OK) {
        return NULL;
    }
    return type->result_count == 1 ? zc_py_from_bits(frame[0], type->results[0]) : results_of(type, frame);
}

PyObject *zc_py_call(zc_state *state, py_store *store, uint32_t index, const uint64_t *parameters)
{
    const zc_module_info *info = zc_py_store_info(store);
    return call_guest(state, store, index, &info->types[info->funcs[index].type_index], parameters);
}

int zc_py_start(zc_state *state, py_store *store)
{
    zc_error error;
    return run(state, store, 0, NULL, &error) == ZC_OK ? 0 : -1;
}

static PyObject *function_call(PyObject *callable, PyObject *const *arguments, size_t flags, PyObject *keywords)
{
    py_function *self = (py_function *)callable;
    const zc_func_type *type = self->type;
    Py_ssize_t count = PyVectorcall_NARGS(flags);
    if (keywords && PyTuple_GET_SIZE(keywords)) {
        return PyErr_Format(PyExc_TypeError, "%U() takes no keyword arguments", self->name);
    }
    if (count != (Py_ssize_t)type->param_count) {
        PyObject *signature = zc_py_signature(type);
        if (signature) {
            PyErr_Format(PyExc_TypeError, "%U%U takes %u argument%s (%zd given)", self->name, signature,
                         type->param_count, zc_py_plural(type->param_count), count);
            Py_DECREF(signature);
        }
        return NULL;
    }
    uint64_t few[INLINE_PARAMETERS], *values = few;
    if (count > INLINE_PARAMETERS) {
        values = PyMem_Malloc((size_t)count * sizeof *values);
        if (!values) {
            return PyErr_NoMemory();
        }
    }
    /* Into a buffer of this call's own first: converting can run Python code that calls the guest. */
    PyObject *result = NULL;
    Py_ssize_t i = 0;
    while (i < count &&
           (zc_py_to_bits(arguments[i], type->params[i], &values[i], "argument", i + 1) == 0 ||
            zc_py_to_pointer(self->store->memory, arguments[i], type->params[i], &values[i], i + 1) == 0)) {
        i++;
    }
    if (i == count) {
        result = call_guest(self->state, self->store, self->index, type, values);
    }
    if (values != few) {
        PyMem_Free(values);
    }
    return result;
}

/* --- from the guest into Python --- */

static int store_results(py_host_function *host, PyObject *result, uint64_t *slots)
{
    const zc_func_type *type = host->type;
    if (type->result_count == 0) {
        return 0; /* as in JavaScript, whatever it returned is dropped */
    }
    if (type->result_count == 1) {
        return zc_py_to_bits(result, type->results[0], &slots[0], "result of a host function", 0);
    }
    PyObject *sequence = PySequence_Fast(result, "a host function with several results must return a sequence");
    if (!sequence) {
        return -1;
    }
    int code = 0;
    if (PySequence_Fast_GET_SIZE(sequence) != (Py_ssize_t)type->result_count) {
        PyErr_Format(PyExc_TypeError, "a host function returned %zd results, %u are needed",
                     PySequence_Fast_GET_SIZE(sequence), type->result_count);
        code = -1;
    }
    for (uint32_t i = 0; code == 0 && i < type->result_count; i++) {
        PyObject *item = PySequence_Fast_GET_ITEM(sequence, (Py_ssize_t)i);
        Py_INCREF(item); /* converting can change a list */
        code = zc_py_to_bits(item, type->results[i], &slots[i], "result", (Py_ssize_t)i + 1);
        Py_DECREF(item);
        if (code == 0 && PySequence_Fast_GET_SIZE(sequence) != (Py_ssize_t)type->result_count) {
            PyErr_SetString(PyExc_RuntimeError, "the list of results changed while it was read");
            code = -1;
        }
    }
    Py_DECREF(sequence);
    return code;
}

/* The Instance whose guest calls, a new reference. */
static PyObject *owner_of(py_store *store)
{
    return store->owner ? Py_NewRef(store->owner) : store->make_owner(store->call->state, store);
}

/* A greenlet may go on with another one in a host function; its native stack, which has its calls and scopes, is then
 * put away. So where there are greenlets, what a host function calls is no part of the call that it is in. */
static bool has_greenlets(zc_state *state)
{
    PyObject *modules = PyImport_GetModuleDict();
    Py_ssize_t count = PyDict_GET_SIZE(modules);
    if (count != state->module_count && state->greenlet_name) { /* looking it up takes longer than a small call */
        state->module_count = count;
        state->greenlets = PyDict_GetItemWithError(modules, state->greenlet_name) != NULL;
    }
    return state->greenlets;
}

zc_status zc_py_call_host(void *context, uint64_t *slots, zc_error *error)
{
    py_host_function *host = context;
    const zc_func_type *type = host->type;
    PyObject *few[INLINE_PARAMETERS], **arguments = few;
    const uint32_t first = host->pass_instance, count = type->param_count + first;
    zc_py_take_lock(host->store->call);
    if (count > INLINE_PARAMETERS) {
        arguments = PyMem_Malloc(count * sizeof *arguments);
        if (!arguments) {
            (void)PyErr_NoMemory();
            return zc_fail(error, ZC_HOST, "no memory for the arguments of a host function");
        }
    }
    uint32_t made = 0;
    while (made < count) {
        uint32_t i = made - first;
        arguments[made] =
            made < first ? owner_of(host->store) : zc_py_from_bits(slots[type->result_count + i], type->params[i]);
        if (!arguments[made]) {
            break;
        }
        made++;
    }
    int code = -1;
    if (made == count) {
        PyObject *callable = Py_NewRef(host->callable);
        const bool apart = has_greenlets(host->store->call->state);
        const zc_hidden hidden = apart ? zc_scope_hide() : (zc_hidden){NULL, NULL};
        PyObject *result = PyObject_Vectorcall(callable, arguments, made, NULL);
        if (apart) {
            zc_scope_show(hidden);
        }
        if (result) {
            code = store_results(host, result, slots);
            Py_DECREF(result);
        }
        Py_DECREF(callable);
    }
    while (made > 0) {
        Py_DECREF(arguments[--made]);
    }
    if (arguments != few) {
        PyMem_Free(arguments);
    }
    return code == 0 ? ZC_OK : zc_fail(error, ZC_HOST, "a host function raised an exception");
}

/* --- from one guest into another, through a table --- */

/* As a host function that calls the other guest, but that no value becomes a Python object. */
static zc_status call_other(void *caller, void *callee, uint32_t index, uint64_t *slots, zc_error *error)
{
    py_store *from = caller, *to = callee;
    zc_py_take_lock(from->call);
    zc_state *state = from->call->state;
    const zc_module_info *info = zc_py_store_info(to);
    const zc_func_type *type = &info->types[info->funcs[index].type_index];
    Py_INCREF(to);
    uint64_t *frame = NULL;
    error->kind = ZC_TRAP_NONE;
    if (!to->due || to->call || to->due(state, to) == 0) {
        frame = zc_py_open_instance(to) ? zc_instance_frame(to->instance, index, error) : NULL;
        if (!frame && !PyErr_Occurred()) {
            (void)zc_raise(state, error);
        }
    }
    zc_status status = ZC_HOST;
    if (frame) {
        memcpy(frame + type->result_count, slots + type->result_count, type->param_count * sizeof *slots);
        status = run(state, to, index, frame, error);
    }
    if (status == ZC_OK) {
        memcpy(slots, frame, type->result_count * sizeof *slots);
    }
    Py_DECREF(to);
    if (status == ZC_OK) {
        return ZC_OK;
    }
    const uint32_t kind = status == ZC_TRAP || status == ZC_HOST ? error->kind : ZC_TRAP_NONE;
    (void)zc_fail(error, ZC_HOST, "a function of another instance failed");
    error->kind = kind;
    return ZC_HOST;
}

static void take_lock(void *context)
{
    py_store *store = context;
    if (store->call) {
        zc_py_take_lock(store->call);
    }
}

static void keep(void *context)
{
    Py_INCREF(context);
}

static void drop(void *context)
{
    Py_DECREF(context);
}

const zc_guest_owner zc_py_guest_owner = {.call = call_other, .lock = take_lock, .keep = keep, .drop = drop};

/* --- the Function type --- */

/* Of functions that take or give vectors or references: only other guests can call them. */
static PyObject *refuse_call(PyObject *object, PyObject *const *args, size_t nargsf, PyObject *keywords)
{
    (void)args, (void)nargsf, (void)keywords;
    const py_function *self = (py_function *)object;
    PyObject *signature = zc_py_signature(self->type);
    if (signature) {
        PyErr_Format(PyExc_TypeError, "%U cannot be called from Python, which has no such values: %U", self->name,
                     signature);
    }
    Py_XDECREF(signature);
    return NULL;
}

PyObject *zc_py_function_new(zc_state *state, py_store *store, uint32_t index, PyObject *name)
{
    py_function *self = PyObject_GC_New(py_function, state->function_type);
    if (!self) {
        return NULL;
    }
    const zc_module_info *info = zc_py_store_info(store);
    self->state = state;
    self->store = (py_store *)Py_NewRef((PyObject *)store);
    self->type = &info->types[info->funcs[index].type_index];
    self->vectorcall = zc_py_all_numbers(self->type) ? function_call : refuse_call;
    self->index = index;
    self->name = Py_NewRef(name);
    self->weak = NULL;
    PyObject_GC_Track(self);
    return (PyObject *)self;
}

static int function_traverse(PyObject *object, visitproc visit, void *arg)
{
    Py_VISIT(Py_TYPE(object));
    Py_VISIT(((py_function *)object)->store);
    return 0;
}

static void function_dealloc(PyObject *object)
{
    py_function *self = (py_function *)object;
    PyTypeObject *type = Py_TYPE(object);
    PyObject_GC_UnTrack(object);
    ZC_PY_CLEAR_WEAK(object, py_function);
    Py_DECREF(self->store);
    Py_DECREF(self->name);
    type->tp_free(object);
    Py_DECREF(type);
}

static PyObject *function_params(PyObject *object, void *unused)
{
    (void)unused;
    const zc_func_type *type = ((py_function *)object)->type;
    return zc_py_value_types(type->params, type->param_count);
}

static PyObject *function_results(PyObject *object, void *unused)
{
    (void)unused;
    const zc_func_type *type = ((py_function *)object)->type;
    return zc_py_value_types(type->results, type->result_count);
}

static PyObject *function_name(PyObject *object, void *unused)
{
    (void)unused;
    return Py_NewRef(((py_function *)object)->name);
}

/* What inspect and help() show: an inspect.Signature. */
static PyObject *function_signature(PyObject *object, void *unused)
{
    (void)unused;
    PyObject *module = PyImport_ImportModule("zcwasm._signature");
    PyObject *params = module ? function_params(object, NULL) : NULL;
    PyObject *results = params ? function_results(object, NULL) : NULL;
    PyObject *signature = results ? PyObject_CallMethod(module, "of", "OO", params, results) : NULL;
    Py_XDECREF(results);
    Py_XDECREF(params);
    Py_XDECREF(module);
    return signature;
}

static PyObject *function_repr(PyObject *object)
{
    py_function *self = (py_function *)object;
    PyObject *signature = zc_py_signature(self->type);
    PyObject *text = signature ? PyUnicode_FromFormat("<zcwasm.Function %U%U>", self->name, signature) : NULL;
    Py_XDECREF(signature);
    return text;
}

static PyGetSetDef function_getset[] = {
    {"params", function_params, NULL, "Value types of the parameters, a tuple of 'i32', 'i64', 'f32', 'f64'.", NULL},
    {"results", function_results, NULL, "Value types of the results.", NULL},
    {"__signature__", function_signature, NULL, "An inspect.Signature: parameters by position, floats or integers.",
     NULL},
    {"__name__", function_name, NULL, "Name under which the module exports it.", NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

static PyMemberDef function_members[] = {
    {"__vectorcalloffset__", T_PYSSIZET, offsetof(py_function, vectorcall), READONLY, NULL},
    ZC_PY_WEAK(py_function),
    {NULL, 0, 0, 0, NULL},
};

PyDoc_STRVAR(
    function_doc,
    "A function of a guest; call it with as many arguments as it has parameters.\n\n"
    "i32 and i64 take integers, signed or unsigned, that fit; f32 and f64 take numbers. An i32 takes an array\n"
    "that lies in the guest's memory, too, as its pointer: one with axes, C-contiguous. Integer\n"
    "results are signed; no result is None, several are a tuple. Raises TypeError and\n"
    "OverflowError for arguments that do not fit, Trap when the guest traps, ClosedError after close,\n"
    "RuntimeError when the instance is running on another thread, or is called by a signal handler\n"
    "that interrupts its own call; what a host function raises passes through unchanged. Long calls\n"
    "run without the interpreter lock.");

static PyType_Slot function_slots[] = {
    {Py_tp_doc, (void *)function_doc},   {Py_tp_call, PyVectorcall_Call},
    {Py_tp_traverse, function_traverse}, {Py_tp_dealloc, function_dealloc},
    {Py_tp_repr, function_repr},         {Py_tp_getset, function_getset},
    {Py_tp_members, function_members},   {0, NULL},
};

static PyType_Spec function_spec = {
    .name = "zcwasm.Function",
    .basicsize = sizeof(py_function),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_HAVE_VECTORCALL | Py_TPFLAGS_DISALLOW_INSTANTIATION |
             Py_TPFLAGS_IMMUTABLETYPE,
    .slots = function_slots,
};

int zc_py_add_function(PyObject *module, zc_state *state)
{
    state->greenlet_name = PyUnicode_InternFromString("greenlet");
    state->function_type =
        state->greenlet_name ? (PyTypeObject *)PyType_FromModuleAndSpec(module, &function_spec, NULL) : NULL;
    return state->function_type ? PyModule_AddType(module, state->function_type) : -1;
}
