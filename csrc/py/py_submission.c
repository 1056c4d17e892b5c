/* py_submission: see py_submission.h. */
#include "py_submission.h"
#include "py_arguments.h"
#include "py_error.h"
#include "py_issuer.h"

#include "base/zc_clock.h"
#include "guest/zc_guest.h"

#include <math.h>

#define SLICE_NS 50000000

typedef struct submission_object {
    PyObject_HEAD
    zc_submission *submission;
    PyObject *device;
    PyObject *weak; /* references */
} submission_object;

static zc_submission *submission_in(PyObject *self)
{
    return ((submission_object *)self)->submission;
}

PyObject *zc_py_submission_new(zc_state *state, zc_submission *submission, PyObject *device)
{
    submission_object *self = (submission_object *)state->submission_type->tp_alloc(state->submission_type, 0);
    if (!self) {
        zc_submission_release(submission); /* the work runs on */
        return NULL;
    }
    self->submission = submission;
    self->device = Py_NewRef(device);
    return (PyObject *)self;
}

static void submission_dealloc(PyObject *object)
{
    submission_object *self = (submission_object *)object;
    PyTypeObject *type = Py_TYPE(object);
    ZC_PY_CLEAR_WEAK(object, submission_object);
    zc_submission_release(self->submission);
    Py_XDECREF(self->device);
    type->tp_free(object);
    Py_DECREF(type);
}

/* Until done, the deadline, a signal handler's exception, or the end of what the thread does it for. */
static int wait_for(PyObject *self, int64_t deadline, double timeout)
{
    zc_submission *submission = submission_in(self);
    zc_error error;
    zc_status status;
    if (zc_submission_done(submission)) {
        status = zc_submission_wait(submission, 0, &error);
    } else {
        for (;;) {
            int64_t left = deadline == INT64_MAX ? SLICE_NS : deadline - zc_clock_ns();
            int64_t slice = left < SLICE_NS ? (left > 0 ? left : 0) : SLICE_NS;
            Py_BEGIN_ALLOW_THREADS
            status = zc_submission_wait(submission, slice, &error);
            Py_END_ALLOW_THREADS
            if (status != ZC_TIMEOUT || zc_submission_done(submission)) {
                status = zc_submission_wait(submission, 0, &error);
                break;
            }
            if (PyErr_CheckSignals() < 0) {
                return -1;
            }
            if (zc_scope_check(&error) != ZC_OK) {
                (void)zc_raise(zc_state_of(self), &error);
                return -1;
            }
            if (deadline != INT64_MAX && left <= slice) {
                char number[32];
                (void)snprintf(number, sizeof number, "%g", timeout);
                PyErr_Format(PyExc_TimeoutError, "the submission was not done after %s s", number);
                return -1;
            }
        }
    }
    if (status != ZC_OK) {
        zc_raise(zc_state_of(self), &error);
        return -1;
    }
    return 0;
}

static const char wait_doc[] = //
    "wait($self, /, timeout=None)\n--\n\n"
    "Wait until the work is done.\n\n"
    "timeout: seconds, None for no limit. Raises TimeoutError when it is not done by then (it runs on), and\n"
    "DeviceError or MemoryError when the work itself failed, each time it is called. Other Python threads\n"
    "run meanwhile; Ctrl-C interrupts the wait.";

static PyObject *submission_wait(PyObject *self, PyObject *const *args, Py_ssize_t nargs, PyObject *keywords)
{
    static const zc_py_arguments expected = {"wait", 1, 0, 1, {"timeout"}};
    PyObject *timeout;
    double seconds = 0;
    int64_t deadline = INT64_MAX;
    if (zc_py_parse(&expected, args, nargs, keywords, &timeout) < 0) {
        return NULL;
    }
    if (timeout && timeout != Py_None) {
        seconds = PyFloat_AsDouble(timeout);
        if (seconds == -1.0 && PyErr_Occurred()) {
            (void)zc_py_must_be("timeout", "a number of seconds or None", timeout);
            return NULL;
        }
        if (isnan(seconds) || seconds < 0) {
            return PyErr_Format(PyExc_ValueError, "timeout is %R, must be None or not negative", timeout);
        }
        if (seconds < 1e9) { /* more is the same as no limit */
            deadline = zc_clock_ns() + (int64_t)(seconds * 1e9);
        }
    }
    if (wait_for(self, deadline, seconds) < 0) {
        return NULL;
    }
    Py_RETURN_NONE;
}

static PyObject *submission_notify(PyObject *self, PyObject *descriptor)
{
    zc_error error;
    int number = PyObject_AsFileDescriptor(descriptor);
    if (number < 0) {
        return NULL;
    }
    if (zc_submission_notify(submission_in(self), number, &error) != ZC_OK) {
        return zc_raise(zc_state_of(self), &error);
    }
    Py_RETURN_NONE;
}

static PyObject *submission_await(PyObject *self)
{
    PyObject *module = PyImport_ImportModule("zcwasm._await");
    PyObject *coroutine = module ? PyObject_CallMethod(module, "wait", "O", self) : NULL;
    PyObject *iterator = coroutine ? PyObject_CallMethod(coroutine, "__await__", NULL) : NULL;
    Py_XDECREF(module);
    Py_XDECREF(coroutine);
    return iterator;
}

static PyObject *get_done(PyObject *self, void *unused)
{
    (void)unused;
    return PyBool_FromLong(zc_submission_done(submission_in(self)));
}

static PyObject *get_gpu_seconds(PyObject *self, void *unused)
{
    (void)unused;
    zc_error error;
    double seconds;
    if (zc_submission_seconds(submission_in(self), &seconds, &error) != ZC_OK) {
        return zc_raise(zc_state_of(self), &error);
    }
    return PyFloat_FromDouble(seconds);
}

static PyObject *get_device(PyObject *self, void *unused)
{
    (void)unused;
    return Py_NewRef(((submission_object *)self)->device);
}

static PyObject *submission_repr(PyObject *self)
{
    const char *kind = zc_device_get_info(zc_py_device(((submission_object *)self)->device))->kind;
    double seconds;
    zc_error error;
    if (zc_submission_seconds(submission_in(self), &seconds, &error) != ZC_OK) {
        return PyUnicode_FromFormat("<zcwasm.Submission on %s: in flight>", kind);
    }
    if (zc_submission_wait(submission_in(self), 0, &error) != ZC_OK) {
        return PyUnicode_FromFormat("<zcwasm.Submission on %s: failed: %s>", kind, error.message);
    }
    char number[32];
    (void)snprintf(number, sizeof number, "%.3f", seconds * 1e3);
    return PyUnicode_FromFormat("<zcwasm.Submission on %s: done in %s ms>", kind, number);
}

static PyMethodDef submission_methods[] = {
    {"wait", (PyCFunction)(void (*)(void))submission_wait, METH_FASTCALL | METH_KEYWORDS, wait_doc},
    {"_notify", submission_notify, METH_O,
     "_notify($self, fd, /)\n--\n\nWrite a byte to a duplicate of the file descriptor when done."},
    {NULL, NULL, 0, NULL},
};

static PyGetSetDef submission_properties[] = {
    {"done", get_done, NULL, "Whether the work has ended, well or not.", NULL},
    {"gpu_seconds", get_gpu_seconds, NULL,
     "Seconds that the device worked on it, as the device measures. InUseError while it is in flight.", NULL},
    {"device", get_device, NULL, "The Device that runs it.", NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

static const char submission_doc[] = //
    "Work that a device was given; made by Batch.submit().\n\n"
    "wait() for it, or await it in asyncio. Until it is done it keeps the memory it uses alive; dropping the\n"
    "object, or cancelling an await, leaves the work running. At the interpreter's exit it is cancelled.";

static PyMemberDef submission_members[] = {
    ZC_PY_WEAK(submission_object),
    {NULL, 0, 0, 0, NULL},
};

static PyType_Slot submission_slots[] = {
    {Py_tp_members, submission_members},   {Py_tp_dealloc, submission_dealloc},
    {Py_tp_repr, submission_repr},         {Py_tp_methods, submission_methods},
    {Py_tp_getset, submission_properties}, {Py_am_await, submission_await},
    {Py_tp_doc, (void *)submission_doc},   {0, NULL},
};

static PyType_Spec submission_spec = {
    .name = "zcwasm.Submission",
    .basicsize = sizeof(submission_object),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_IMMUTABLETYPE | Py_TPFLAGS_DISALLOW_INSTANTIATION,
    .slots = submission_slots,
};

int zc_py_add_submission(PyObject *module, zc_state *state)
{
    state->submission_type = (PyTypeObject *)PyType_FromModuleAndSpec(module, &submission_spec, NULL);
    return state->submission_type ? PyModule_AddType(module, state->submission_type) : -1;
}
