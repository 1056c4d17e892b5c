/* py_share: see py_share.h. */
#include "py_share.h"
#include "py_device_array.h"
#include "py_dlpack.h"
#include "py_error.h"
#include "py_issuer.h"

typedef struct shared_object {
    PyObject_HEAD
    PyObject *owner; /* its Device */
    zc_range range;  /* pinned */
    zc_py_dlpack_code code;
    uint8_t bits;
    bool read_only;
    int ndim;
    uint64_t shape[ZC_PY_DLPACK_AXES];
    int64_t strides[ZC_PY_DLPACK_AXES];
} shared_object;

static void shared_dealloc(PyObject *object)
{
    shared_object *self = (shared_object *)object;
    PyTypeObject *type = Py_TYPE(object);
    if (self->range.region) {
        zc_region_unpin(self->range.region);
    }
    Py_XDECREF(self->owner);
    type->tp_free(object);
    Py_DECREF(type);
}

static PyObject *shared_dlpack(PyObject *object, PyObject *arguments, PyObject *keywords)
{
    shared_object *self = (shared_object *)object;
    zc_device *device = zc_py_device(self->owner);
    zc_device_shared shared = {0};
    zc_error error;
    zc_status status = ZC_OK;
    bool by_device = zc_device_shares(device);
    Py_BEGIN_ALLOW_THREADS
    status = by_device ? zc_device_share(device, &self->range, &shared, &error) : zc_device_settle(device, &error);
    Py_END_ALLOW_THREADS
    if (status != ZC_OK) {
        return zc_raise(zc_state_of(object), &error);
    }
    zc_py_dlpack_array array = {.region = self->range.region,
                                .offset = self->range.offset,
                                .code = self->code,
                                .bits = self->bits,
                                .read_only = self->read_only,
                                .ndim = self->ndim,
                                .shape = self->shape,
                                .strides = self->strides,
                                .shared = by_device ? &shared : NULL};
    PyObject *capsule = zc_py_dlpack_export(&array, arguments, keywords);
    if (!capsule) {
        zc_device_share_release(&shared);
    }
    return capsule;
}

static PyObject *shared_dlpack_device(PyObject *object, PyObject *unused)
{
    (void)unused;
    return Py_BuildValue("(ii)", zc_py_dlpack_type(zc_py_device(((shared_object *)object)->owner)), 0);
}

/* Of a view whose format and strides DLPack can tell. */
static int describe(shared_object *self, const Py_buffer *view, uint64_t *span)
{
    if (!zc_py_dlpack_element(view->format, view->itemsize, &self->code, &self->bits)) {
        PyErr_Format(PyExc_TypeError, "array has elements of format '%s', which DLPack does not have", view->format);
        return -1;
    }
    if (view->ndim > ZC_PY_DLPACK_AXES) {
        PyErr_Format(PyExc_ValueError, "array has %d axes, at most %d are shared", view->ndim, ZC_PY_DLPACK_AXES);
        return -1;
    }
    bool empty = false, wrong = false;
    uint64_t last = 0;
    self->ndim = view->ndim;
    self->read_only = view->readonly;
    for (int i = 0; i < view->ndim; i++) {
        uint64_t step = 0;
        Py_ssize_t stride = view->strides[i];
        self->shape[i] = (uint64_t)view->shape[i];
        self->strides[i] = stride / view->itemsize;
        empty = empty || view->shape[i] == 0;
        wrong = wrong || (view->shape[i] > 1 && (stride < 0 || stride % view->itemsize));
        wrong = wrong || (view->shape[i] > 1 && __builtin_mul_overflow(self->shape[i] - 1, (uint64_t)stride, &step)) ||
                __builtin_add_overflow(last, step, &last);
    }
    if (wrong && !empty) {
        PyErr_Format(PyExc_ValueError, "array has strides that are negative, or no multiples of %zd bytes",
                     view->itemsize);
        return -1;
    }
    *span = empty ? 0 : last + (uint64_t)view->itemsize;
    return 0;
}

const char zc_py_doc_share[] = //
    "share($self, array, /)\n--\n\n"
    "The array as this device's memory, for other libraries: torch.from_dlpack(device.share(array)).\n\n"
    "array: any array in guest memory, or a DeviceArray of this device. On metal what is shared is an MTLBuffer\n"
    "(kDLMetal), which PyTorch's MPS takes; on cpu the host's memory (kDLCPU). Nothing is copied, and the bytes are\n"
    "pinned. Work that was submitted before is waited for when the capsule is made; what comes later is not ordered\n"
    "with the other library's: wait for each before the other. Raises ValueError where the device shares nothing.";

PyObject *zc_py_share(PyObject *device, PyObject *array)
{
    zc_state *state = zc_state_of(device);
    Py_buffer view;
    Py_ssize_t sides[2 * ZC_PY_DLPACK_AXES];
    uint64_t span = 0;
    zc_region *own = NULL;
    zc_device *its = NULL, *wanted = zc_py_device(device);
    if (!zc_py_dlpack_type(wanted)) {
        return PyErr_Format(PyExc_ValueError, "a %s device has no memory that other libraries take through DLPack",
                            zc_device_get_info(wanted)->kind);
    }
    if (!zc_py_device_array_view(array, &view, &own, &its)) {
        int has = PyObject_CheckBuffer(array)
                      ? PyObject_GetBuffer(array, &view, PyBUF_STRIDES | PyBUF_FORMAT) == 0 ? 1 : -1
                      : zc_py_dlpack_import(array, "array", false, &view, sides);
        if (has == 0) {
            (void)zc_py_must_be("array", "an array in guest memory", array);
        }
        if (has <= 0) {
            return NULL;
        }
    } else if (its != wanted) {
        return PyErr_Format(PyExc_ValueError, "array lies in the memory of another device (%s)",
                            zc_device_get_info(its)->name);
    }
    shared_object *self = (shared_object *)state->share_type->tp_alloc(state->share_type, 0);
    if (self && describe(self, &view, &span) == 0) {
        zc_region *region = own ? zc_region_retain(own) : zc_region_find(view.buf, span);
        if (region) {
            self->owner = Py_NewRef(device);
            self->range = (zc_range){region, (uint64_t)((uint8_t *)view.buf - zc_region_base(region)), span};
            zc_region_pin(region);
            zc_region_release(region);
        } else {
            PyErr_SetString(PyExc_ValueError, "array does not lie in guest memory, and nothing is copied: "
                                              "guest.memory.array(ptr, shape, dtype) gives one");
            Py_CLEAR(self);
        }
    } else {
        Py_CLEAR(self);
    }
    PyBuffer_Release(&view);
    return (PyObject *)self;
}

static PyMethodDef shared_methods[] = {
    {"__dlpack__", (PyCFunction)(void (*)(void))shared_dlpack, METH_VARARGS | METH_KEYWORDS, zc_py_doc_dlpack},
    {"__dlpack_device__", shared_dlpack_device, METH_NOARGS,
     "__dlpack_device__($self)\n--\n\n(kDLMetal, 0) or (kDLCPU, 0)."},
    {NULL, NULL, 0, NULL},
};

static PyType_Slot shared_slots[] = {
    {Py_tp_dealloc, shared_dealloc},
    {Py_tp_methods, shared_methods},
    {Py_tp_doc, (void *)"An array as a device's memory, for other libraries' from_dlpack; made by Device.share()."},
    {0, NULL},
};

static PyType_Spec shared_spec = {
    .name = "zcwasm._Shared",
    .basicsize = sizeof(shared_object),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_IMMUTABLETYPE | Py_TPFLAGS_DISALLOW_INSTANTIATION,
    .slots = shared_slots,
};

int zc_py_add_share(PyObject *module, zc_state *state)
{
    state->share_type = (PyTypeObject *)PyType_FromModuleAndSpec(module, &shared_spec, NULL);
    return state->share_type ? PyModule_AddObjectRef(module, "_Shared", (PyObject *)state->share_type) : -1;
}
