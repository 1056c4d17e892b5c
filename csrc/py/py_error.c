/* py_error: see py_error.h. */
#include "py_error.h"

#include "guest/zc_guest.h"

static PyObject *type_for(zc_state *state, zc_status code)
{
    switch (code) {
    case ZC_NO_MEMORY:
        return PyExc_MemoryError;
    case ZC_BAD_VALUE:
    case ZC_LIMIT:
        return PyExc_ValueError;
    case ZC_CLOSED:
        return state->closed_error;
    case ZC_OVERFLOW:
        return PyExc_OverflowError;
    case ZC_OUT_OF_BOUNDS:
        return PyExc_IndexError;
    case ZC_MALFORMED:
    case ZC_INVALID:
    case ZC_UNSUPPORTED:
        return state->compile_error;
    case ZC_LINK:
        return state->link_error;
    case ZC_TRAP:
        return state->trap;
    case ZC_EXIT:
        return state->exit;
    case ZC_DEVICE:
    case ZC_CANCELLED:
        return state->device_error;
    case ZC_MODEL:
        return state->model_error;
    case ZC_SNAPSHOT:
        return state->snapshot_error;
    case ZC_BUSY:
        return state->in_use_error;
    case ZC_CONCURRENT:
        return PyExc_RuntimeError;
    case ZC_TIMEOUT:
        return PyExc_TimeoutError;
    case ZC_OK:
    case ZC_HOST:
        break;
    }
    return PyExc_SystemError;
}

static int set_attribute(PyObject *exception, const char *name, PyObject *value)
{
    int code = value ? PyObject_SetAttrString(exception, name, value) : -1;
    Py_XDECREF(value);
    return code;
}

static int set_offset(PyObject *exception, const zc_error *error)
{
    PyObject *offset = error->offset == ZC_NO_OFFSET ? Py_NewRef(Py_None) : PyLong_FromUnsignedLongLong(error->offset);
    return set_attribute(exception, "offset", offset);
}

static int add_details(PyObject *exception, const zc_error *error)
{
    switch (error->code) {
    case ZC_MALFORMED:
    case ZC_INVALID:
    case ZC_UNSUPPORTED: {
        const char *kind = error->code == ZC_MALFORMED ? "malformed"
                           : error->code == ZC_INVALID ? "invalid"
                                                       : "unsupported";
        if (set_attribute(exception, "kind", PyUnicode_FromString(kind)) < 0) {
            return -1;
        }
        return set_offset(exception, error);
    }
    case ZC_MODEL:
        return set_offset(exception, error);
    case ZC_TRAP:
        if (set_attribute(exception, "kind", PyUnicode_FromString(zc_trap_name(error->kind))) < 0) {
            return -1;
        }
        return set_attribute(exception, "backtrace", PyTuple_New(0));
    case ZC_EXIT:
        return set_attribute(exception, "code", PyLong_FromUnsignedLong(error->kind));
    default:
        return 0;
    }
}

PyObject *zc_raise(zc_state *state, const zc_error *error)
{
    if (error->code == ZC_HOST && PyErr_Occurred()) {
        return NULL;
    }
    PyObject *type = type_for(state, error->code);
    PyObject *message = PyUnicode_DecodeUTF8(error->message, (Py_ssize_t)strlen(error->message), "replace");
    PyObject *exception = message ? PyObject_CallOneArg(type, message) : NULL;
    if (exception && add_details(exception, error) == 0) {
        PyErr_SetObject(type, exception);
    }
    Py_XDECREF(exception);
    Py_XDECREF(message);
    return NULL;
}

void zc_py_raise_wrong_type(const char *name, const char *wanted, PyObject *value)
{
    if (!PyErr_Occurred() || PyErr_ExceptionMatches(PyExc_TypeError)) {
        PyErr_Format(PyExc_TypeError, "%s must be %s, not %s", name, wanted, Py_TYPE(value)->tp_name);
    }
}

int zc_py_check_device(const zc_state *state, PyObject *value)
{
    if (PyObject_TypeCheck(value, state->device_type)) {
        return 0;
    }
    if (PyUnicode_Check(value)) {
        PyErr_Format(PyExc_TypeError, "device must be a zcwasm.Device, not str: give zcwasm.Device(%.50R)", value);
        return -1;
    }
    return zc_py_must_be("device", "a zcwasm.Device", value);
}

static int add(PyObject *module, PyObject **slot, const char *name, PyObject *base, const char *doc)
{
    *slot = PyErr_NewExceptionWithDoc(name, doc, base, NULL);
    return *slot ? PyModule_AddObjectRef(module, strrchr(name, '.') + 1, *slot) : -1;
}

/* Also one of Python's own, so that code that knows only that one catches it. */
static int add_with(PyObject *module, PyObject **slot, const char *name, PyObject *base, PyObject *own, const char *doc)
{
    PyObject *bases = PyTuple_Pack(2, base, own);
    int code = bases ? add(module, slot, name, bases, doc) : -1;
    Py_XDECREF(bases);
    return code;
}

int zc_py_add_errors(PyObject *module, zc_state *state)
{
    if (add(module, &state->error, "zcwasm.Error", NULL, "Base of the exceptions that zcwasm defines.") < 0) {
        return -1;
    }
    PyObject *base = state->error;
    if (add(module, &state->compile_error, "zcwasm.CompileError", base,
            "A module that is malformed, invalid or uses an unsupported feature; or GLSL that does not compile.\n\n"
            "kind: 'malformed', 'invalid' or 'unsupported'; offset: the byte, or None.") < 0 ||
        add(module, &state->link_error, "zcwasm.LinkError", base,
            "Imports are missing or of another type, or the module needs more than its limits.") < 0 ||
        add_with(module, &state->closed_error, "zcwasm.ClosedError", base, PyExc_ValueError,
                 "Something was used that is closed.") < 0 ||
        add_with(module, &state->in_use_error, "zcwasm.InUseError", base, PyExc_BufferError,
                 "Something cannot be closed, changed or used now, because it is in use: a view, a submission or a\n"
                 "call holds it.") < 0 ||
        add(module, &state->trap, "zcwasm.Trap", base,
            "The guest trapped.\n\n"
            "kind: a word such as 'unreachable', 'memory_out_of_bounds', 'stack_overflow', 'out_of_fuel',\n"
            "'deadline' or 'interrupted'; backtrace: names of the guest functions, innermost first.") < 0 ||
        add(module, &state->exit, "zcwasm.Exit", base,
            "The guest ended its program (WASI's proc_exit), also with code 0.\n\n"
            "code: the exit code, from 0 to 2**32 - 1.") < 0 ||
        add(module, &state->device_error, "zcwasm.DeviceError", base, "A device is absent, or reported an error.") <
            0 ||
        add(module, &state->model_error, "zcwasm.ModelError", base,
            "A model file that is damaged, hostile or of a kind that is not supported.\n\n"
            "offset: the byte of the file, or None.") < 0 ||
        add(module, &state->snapshot_error, "zcwasm.SnapshotError", base,
            "A snapshot that cannot be taken, is damaged or hostile, or is of another module, of other weights\n"
            "or inputs than it is restored with. The text says which.") < 0) {
        return -1;
    }
    return 0;
}
