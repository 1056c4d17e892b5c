/* py_view: see py_view.h. */
#include "py_view.h"

typedef struct py_view {
    PyObject_HEAD
    zc_region *region;
    uint8_t *address;
    Py_ssize_t size;
} py_view;

PyObject *zc_py_view_new(zc_state *state, zc_region *region, uint64_t offset, uint64_t size)
{
    py_view *view = PyObject_New(py_view, state->view_type);
    if (view) {
        zc_region_pin(region);
        view->region = region;
        view->address = zc_region_base(region) + offset;
        view->size = (Py_ssize_t)size;
    }
    return (PyObject *)view;
}

static void view_dealloc(PyObject *object)
{
    PyTypeObject *type = Py_TYPE(object);
    zc_region_unpin(((py_view *)object)->region);
    PyObject_Free(object);
    Py_DECREF(type);
}

static int view_buffer(PyObject *object, Py_buffer *buffer, int flags)
{
    py_view *view = (py_view *)object;
    return PyBuffer_FillInfo(buffer, object, view->address, view->size, zc_region_read_only(view->region), flags);
}

static PyObject *view_repr(PyObject *object)
{
    py_view *view = (py_view *)object;
    return PyUnicode_FromFormat("<%s: %zd bytes at %p>", zc_region_read_only(view->region) ? "weights" : "guest memory",
                                view->size, (void *)view->address);
}

static PyType_Slot view_slots[] = {
    {Py_tp_dealloc, view_dealloc},
    {Py_tp_repr, view_repr},
    {Py_bf_getbuffer, view_buffer},
    {0, NULL},
};

static PyType_Spec view_spec = {
    .name = "zcwasm._View",
    .basicsize = sizeof(py_view),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = view_slots,
};

int zc_py_add_view(PyObject *module, zc_state *state)
{
    state->view_type = (PyTypeObject *)PyType_FromModuleAndSpec(module, &view_spec, NULL);
    return state->view_type ? 0 : -1;
}
