/* py_table: see py_table.h. */
#include "py_table.h"
#include "py_error.h"

typedef struct py_table {
    PyObject_HEAD
    py_store *store;
    PyObject *weak; /* references */
} py_table;

PyObject *zc_py_table_new(zc_state *state, py_store *store)
{
    py_table *self = PyObject_GC_New(py_table, state->table_type);
    if (self) {
        self->store = (py_store *)Py_NewRef((PyObject *)store);
        self->weak = NULL;
        PyObject_GC_Track(self);
    }
    return (PyObject *)self;
}

static int table_traverse(PyObject *object, visitproc visit, void *arg)
{
    Py_VISIT(Py_TYPE(object));
    Py_VISIT(((py_table *)object)->store);
    return 0;
}

static void table_dealloc(PyObject *object)
{
    PyTypeObject *type = Py_TYPE(object);
    PyObject_GC_UnTrack(object);
    ZC_PY_CLEAR_WEAK(object, py_table);
    Py_DECREF(((py_table *)object)->store);
    type->tp_free(object);
    Py_DECREF(type);
}

static PyObject *get_table_size(PyObject *object, void *unused)
{
    (void)unused;
    py_store *store = ((py_table *)object)->store;
    return zc_py_open_instance(store) ? PyLong_FromUnsignedLong(zc_instance_table_size(store->instance)) : NULL;
}

static PyObject *table_repr(PyObject *object)
{
    py_store *store = ((py_table *)object)->store;
    if (!store->instance) {
        return PyUnicode_FromString("<zcwasm.Table (closed)>");
    }
    uint32_t size = zc_instance_table_size(store->instance);
    return PyUnicode_FromFormat("<zcwasm.Table: %u element%s>", size, zc_py_plural(size));
}

static PyGetSetDef table_getset[] = {
    {"size", get_table_size, NULL, "Number of elements.", NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

static PyMemberDef table_members[] = {
    ZC_PY_WEAK(py_table),
    {NULL, 0, 0, 0, NULL},
};

static PyType_Slot table_slots[] = {
    {Py_tp_members, table_members},
    {Py_tp_doc, (void *)"An exported table of functions; guests call through it, hosts see its size."},
    {Py_tp_traverse, table_traverse},
    {Py_tp_dealloc, table_dealloc},
    {Py_tp_repr, table_repr},
    {Py_tp_getset, table_getset},
    {0, NULL},
};

static PyType_Spec table_spec = {
    .name = "zcwasm.Table",
    .basicsize = sizeof(py_table),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_DISALLOW_INSTANTIATION | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = table_slots,
};

int zc_py_add_table(PyObject *module, zc_state *state)
{
    state->table_type = (PyTypeObject *)PyType_FromModuleAndSpec(module, &table_spec, NULL);
    return state->table_type ? PyModule_AddType(module, state->table_type) : -1;
}
