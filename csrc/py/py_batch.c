/* py_batch: see py_batch.h. */
#include "py_batch.h"
#include "py_dispatch.h"
#include "py_error.h"
#include "py_issuer.h"
#include "py_kernel_methods.h"
#include "py_submission.h"

PyObject *zc_py_batch_new(zc_state *state, PyObject *device)
{
    zc_error error;
    zc_batch *batch;
    if (zc_batch_new(zc_py_device(device), &batch, &error) != ZC_OK) {
        return zc_raise(state, &error);
    }
    zc_py_issuer *self = (zc_py_issuer *)state->batch_type->tp_alloc(state->batch_type, 0);
    if (!self) {
        zc_batch_free(batch);
        return NULL;
    }
    self->device = zc_device_retain(zc_py_device(device));
    self->batch = batch;
    self->owner = Py_NewRef(device);
    return (PyObject *)self;
}

/* Work that was recorded and never ran is a mistake that nothing else tells. */
static void batch_finalize(PyObject *object)
{
    size_t length = zc_batch_length(((zc_py_issuer *)object)->batch);
    PyObject *type, *value, *traceback;
    if (length == 0) {
        return;
    }
    PyErr_Fetch(&type, &value, &traceback);
    if (PyErr_ResourceWarning(object, 1, "%R was dropped before submit()", object) < 0 &&
        PyErr_ExceptionMatches(PyExc_Warning)) {
        PyErr_WriteUnraisable(object);
    }
    PyErr_Restore(type, value, traceback);
}

static void batch_dealloc(PyObject *object)
{
    zc_py_issuer *self = (zc_py_issuer *)object;
    PyTypeObject *type = Py_TYPE(object);
    if (PyObject_CallFinalizerFromDealloc(object) < 0) {
        return; /* someone keeps it */
    }
    ZC_PY_CLEAR_WEAK(object, zc_py_issuer);
    zc_batch_free(self->batch);
    zc_device_release(self->device);
    Py_XDECREF(self->held);
    Py_XDECREF(self->owner);
    type->tp_free(object);
    Py_DECREF(type);
}

static PyObject *batch_repr(PyObject *self)
{
    size_t length = zc_batch_length(((zc_py_issuer *)self)->batch);
    return PyUnicode_FromFormat("<zcwasm.Batch on %s: %zu dispatch%s>", zc_device_get_info(zc_py_device(self))->kind,
                                length, length == 1 ? "" : "es");
}

static Py_ssize_t batch_length(PyObject *self)
{
    return (Py_ssize_t)zc_batch_length(((zc_py_issuer *)self)->batch);
}

static int batch_bool(PyObject *self) /* an empty batch is still a batch */
{
    (void)self;
    return 1;
}

static PyObject *batch_enter(PyObject *self, PyObject *unused)
{
    (void)unused;
    return Py_NewRef(self);
}

static PyObject *batch_clear(PyObject *object, PyObject *unused)
{
    (void)unused;
    zc_py_issuer *self = (zc_py_issuer *)object;
    zc_error error;
    zc_batch *empty;
    if (zc_batch_new(self->device, &empty, &error) != ZC_OK) {
        return zc_raise(zc_state_of(object), &error);
    }
    zc_batch_free(self->batch);
    self->batch = empty;
    Py_CLEAR(self->held);
    Py_RETURN_NONE;
}

static PyObject *batch_exit(PyObject *object, PyObject *const *args, Py_ssize_t nargs)
{
    if (nargs > 0 && args[0] != Py_None) {
        PyObject *result = batch_clear(object, NULL);
        if (!result) { /* the exception that leaves the block is the one to see */
            PyErr_Clear();
        }
        Py_XDECREF(result);
    }
    Py_RETURN_FALSE;
}

static const char submit_doc[] = //
    "submit($self, /)\n--\n\n"
    "Start what is recorded, in order, and return a Submission to wait on; the batch is then empty.\n\n"
    "Submissions of one device run in the order of submission. Raises MemoryError or DeviceError; the\n"
    "batch is then as it was.";

static PyObject *batch_submit(PyObject *object, PyObject *unused)
{
    (void)unused;
    zc_py_issuer *self = (zc_py_issuer *)object;
    zc_error error;
    zc_submission *submission;
    if (zc_batch_submit(self->batch, &submission, &error) != ZC_OK) {
        return zc_raise(zc_state_of(object), &error);
    }
    Py_CLEAR(self->held); /* the submission is in flight: they wait for it */
    return zc_py_submission_new(zc_state_of(object), submission, self->owner);
}

static PyObject *get_device(PyObject *self, void *unused)
{
    (void)unused;
    return Py_NewRef(((zc_py_issuer *)self)->owner);
}

static PyMethodDef batch_methods[] = {
    ZC_PY_KERNEL_METHODS(ZC_PY_KERNEL_METHOD) //
    ZC_PY_DISPATCH_METHOD,
    {"submit", batch_submit, METH_NOARGS, submit_doc},
    {"clear", batch_clear, METH_NOARGS, "clear($self, /)\n--\n\nDrop what is recorded."},
    {"__enter__", batch_enter, METH_NOARGS, "__enter__($self, /)\n--\n\nReturn the batch itself."},
    {"__exit__", (PyCFunction)(void (*)(void))batch_exit, METH_FASTCALL,
     "__exit__($self, /, *exc_info)\n--\n\nDrop what is recorded when left with an exception."},
    {NULL, NULL, 0, NULL},
};

static PyGetSetDef batch_properties[] = {
    {"device", get_device, NULL, "The Device that it records for.", NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

static const char batch_doc[] = //
    "Kernels recorded to be submitted together; made by Device.batch().\n\n"
    "The kernel methods are those of Device, but record and return None. They behave as if run in the order\n"
    "of recording; the device runs those together that do not touch each other's bytes. As a context\n"
    "manager it drops what is recorded when left with an exception. A batch that is forgotten with dispatches in\n"
    "it gives a ResourceWarning; clear() drops them. len() is the number of dispatches.";

static PyMemberDef batch_members[] = {
    ZC_PY_WEAK(zc_py_issuer),
    {NULL, 0, 0, 0, NULL},
};

static PyType_Slot batch_slots[] = {
    {Py_tp_members, batch_members},   {Py_tp_dealloc, batch_dealloc},
    {Py_tp_finalize, batch_finalize}, {Py_tp_repr, batch_repr},
    {Py_tp_methods, batch_methods},   {Py_tp_getset, batch_properties},
    {Py_sq_length, batch_length},     {Py_nb_bool, batch_bool},
    {Py_tp_doc, (void *)batch_doc},   {0, NULL},
};

static PyType_Spec batch_spec = {
    .name = "zcwasm.Batch",
    .basicsize = sizeof(zc_py_issuer),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_IMMUTABLETYPE | Py_TPFLAGS_DISALLOW_INSTANTIATION,
    .slots = batch_slots,
};

int zc_py_add_batch(PyObject *module, zc_state *state)
{
    state->batch_type = (PyTypeObject *)PyType_FromModuleAndSpec(module, &batch_spec, NULL);
    return state->batch_type ? PyModule_AddType(module, state->batch_type) : -1;
}
