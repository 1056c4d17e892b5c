/* py_scope: see py_scope.h. */
#include "py_scope.h"
#include "py_error.h"

#include <stdatomic.h>

typedef struct scope_object {
    PyObject_HEAD
    _Atomic bool cancelled;
    py_bounds bounds;
    PyObject *weak; /* references */
} scope_object;

int zc_py_take_bounds(PyObject *deadline, PyObject *fuel, py_bounds *out)
{
    *out = (py_bounds){.deadline_ns = ZC_NO_LIMIT, .fuel = ZC_NO_LIMIT};
    if (deadline && deadline != Py_None) {
        double seconds = PyFloat_AsDouble(deadline);
        if (seconds == -1.0 && PyErr_Occurred()) {
            return zc_py_must_be("deadline", "a number of seconds or None", deadline);
        }
        if (!(seconds >= 0.0) || seconds > 1e9) {
            PyErr_Format(PyExc_ValueError, "deadline is %R, must be from 0 to 1e9 seconds", deadline);
            return -1;
        }
        out->deadline_ns = (uint64_t)(seconds * 1e9);
    }
    if (fuel && fuel != Py_None) {
        PyObject *index = PyNumber_Index(fuel);
        if (!index) {
            return zc_py_must_be("fuel", "an integer or None", fuel);
        }
        out->fuel = PyLong_AsUnsignedLongLong(index);
        Py_DECREF(index);
        if (PyErr_Occurred()) {
            PyErr_Format(PyExc_ValueError, "fuel is %R, must be from 0 to 2**64 - 1", fuel);
            return -1;
        }
    }
    return 0;
}

static PyObject *scope_create(PyTypeObject *type, PyObject *arguments, PyObject *keywords)
{
    static char *names[] = {"deadline", "fuel", NULL};
    PyObject *deadline = NULL, *fuel = NULL;
    py_bounds bounds;
    if (!PyArg_ParseTupleAndKeywords(arguments, keywords, "|OO:_Scope", names, &deadline, &fuel) ||
        zc_py_take_bounds(deadline, fuel, &bounds) < 0) {
        return NULL;
    }
    scope_object *self = (scope_object *)type->tp_alloc(type, 0);
    if (self) {
        atomic_init(&self->cancelled, false);
        self->bounds = bounds;
    }
    return (PyObject *)self;
}

static void scope_dealloc(PyObject *object)
{
    PyTypeObject *type = Py_TYPE(object);
    ZC_PY_CLEAR_WEAK(object, scope_object);
    type->tp_free(object);
    Py_DECREF(type);
}

static const char run_doc[] = //
    "run($self, function, /, *args)\n--\n\n"
    "function(*args), within the bounds: its guest calls, of whatever instance, and its waits for a device end with a\n"
    "Trap of kind 'interrupted', 'deadline' or 'out_of_fuel', and none begins after that. Both count from here.\n"
    "For several runs at a time, each has the whole of deadline and fuel.";

static PyObject *scope_run(PyObject *object, PyObject *const *args, Py_ssize_t nargs)
{
    scope_object *self = (scope_object *)object;
    zc_scope scope;
    if (nargs < 1) {
        PyErr_SetString(PyExc_TypeError, "run() misses argument 'function'");
        return NULL;
    }
    Py_INCREF(object); /* the flag is the object's */
    zc_scope_enter(&scope, &self->cancelled, self->bounds.deadline_ns, self->bounds.fuel);
    PyObject *result = PyObject_Vectorcall(args[0], args + 1, (size_t)nargs - 1, NULL);
    zc_scope_leave(&scope);
    Py_DECREF(object);
    return result;
}

static PyObject *scope_cancel(PyObject *object, PyObject *unused)
{
    (void)unused;
    atomic_store_explicit(&((scope_object *)object)->cancelled, true, memory_order_release);
    Py_RETURN_NONE;
}

static PyObject *scope_check(PyObject *type, PyObject *unused)
{
    (void)unused;
    zc_error error;
    if (zc_scope_check(&error) != ZC_OK) {
        return zc_raise(zc_state_of_type((PyTypeObject *)type), &error);
    }
    Py_RETURN_NONE;
}

static PyObject *get_cancelled(PyObject *object, void *unused)
{
    (void)unused;
    return PyBool_FromLong(atomic_load_explicit(&((scope_object *)object)->cancelled, memory_order_acquire));
}

static PyMethodDef scope_methods[] = {
    {"run", (PyCFunction)(void (*)(void))scope_run, METH_FASTCALL, run_doc},
    {"cancel", scope_cancel, METH_NOARGS,
     "cancel($self)\n--\n\nWhat runs in it ends with a Trap of kind 'interrupted', now and later; from any thread."},
    {"check", scope_check, METH_NOARGS | METH_CLASS,
     "check($type)\n--\n\nFor waits: raise the Trap that what this thread is in has come to, if it must end."},
    {NULL, NULL, 0, NULL},
};

static PyGetSetDef scope_getset[] = {
    {"cancelled", get_cancelled, NULL, "Whether cancel() was called.", NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

static PyMemberDef scope_members[] = {
    ZC_PY_WEAK(scope_object),
    {NULL, 0, 0, 0, NULL},
};

static const char scope_doc[] = //
    "_Scope(deadline=None, fuel=None)\n--\n\n"
    "Bounds for what run() calls: seconds, and fuel of all its guest calls together.";

static PyType_Slot scope_slots[] = {
    {Py_tp_doc, (void *)scope_doc},
    {Py_tp_new, scope_create},
    {Py_tp_dealloc, scope_dealloc},
    {Py_tp_methods, scope_methods},
    {Py_tp_getset, scope_getset},
    {Py_tp_members, scope_members},
    {0, NULL},
};

static PyType_Spec scope_spec = {
    .name = "zcwasm._core._Scope",
    .basicsize = sizeof(scope_object),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = scope_slots,
};

int zc_py_add_scope(PyObject *module, zc_state *state)
{
    (void)state; /* nobody asks for its type */
    PyObject *type = PyType_FromModuleAndSpec(module, &scope_spec, NULL);
    int code = type ? PyModule_AddObjectRef(module, "_Scope", type) : -1;
    Py_XDECREF(type);
    return code;
}
