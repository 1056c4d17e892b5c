/* py_global: Global, a cell that the host and instances share, and Table, which the host can only count. */
#include "py_guest.h"

PyObject *zc_py_global_new(zc_state *state, zc_global *global)
{
    py_global *self = PyObject_New(py_global, state->global_type);
    if (self) {
        self->global = zc_global_retain(global);
        self->weak = NULL;
    }
    return (PyObject *)self;
}

static PyObject *global_create(PyTypeObject *type, PyObject *arguments, PyObject *keywords)
{
    static char *names[] = {"type", "value", "mutable", NULL};
    PyObject *type_name, *value;
    int is_mutable = 0;
    uint64_t bits;
    zc_error error;
    zc_global *global;
    if (!PyArg_ParseTupleAndKeywords(arguments, keywords, "OO|p:Global", names, &type_name, &value, &is_mutable)) {
        return NULL;
    }
    int value_type = zc_py_value_type(type_name);
    if (value_type < 0 || zc_py_to_bits(value, (uint8_t)value_type, &bits, "value of a global", 0) < 0) {
        return NULL;
    }
    zc_global_type kind = {.value_type = (uint8_t)value_type, .is_mutable = is_mutable != 0};
    if (zc_global_new(kind, bits, &global, &error) != ZC_OK) {
        return zc_raise(zc_state_of_type(type), &error);
    }
    py_global *self = (py_global *)type->tp_alloc(type, 0);
    if (self) {
        self->global = global;
    } else {
        zc_global_release(global);
    }
    return (PyObject *)self;
}

static void global_dealloc(PyObject *object)
{
    PyTypeObject *type = Py_TYPE(object);
    ZC_PY_CLEAR_WEAK(object, py_global);
    zc_global_release(((py_global *)object)->global);
    type->tp_free(object);
    Py_DECREF(type);
}

static zc_global_type type_of(PyObject *object)
{
    return zc_global_get_type(((py_global *)object)->global);
}

static PyObject *get_value(PyObject *object, void *unused)
{
    (void)unused;
    return zc_py_from_bits(zc_global_get(((py_global *)object)->global), type_of(object).value_type);
}

static int set_value(PyObject *object, PyObject *value, void *unused)
{
    (void)unused;
    uint64_t bits;
    if (!value || !type_of(object).is_mutable) {
        PyErr_SetString(PyExc_AttributeError, value ? "the global is immutable" : "a global has a value");
        return -1;
    }
    if (zc_py_to_bits(value, type_of(object).value_type, &bits, "value of a global", 0) < 0) {
        return -1;
    }
    zc_global_set(((py_global *)object)->global, bits);
    return 0;
}

static PyObject *get_type(PyObject *object, void *unused)
{
    (void)unused;
    return PyUnicode_FromString(zc_value_type_name(type_of(object).value_type));
}

static PyObject *get_mutable(PyObject *object, void *unused)
{
    (void)unused;
    return PyBool_FromLong(type_of(object).is_mutable);
}

static PyObject *global_repr(PyObject *object)
{
    PyObject *value = get_value(object, NULL);
    PyObject *text =
        value ? PyUnicode_FromFormat("<zcwasm.Global %s%s = %R>", type_of(object).is_mutable ? "mutable " : "",
                                     zc_value_type_name(type_of(object).value_type), value)
              : NULL;
    Py_XDECREF(value);
    return text;
}

static PyGetSetDef global_getset[] = {
    {"value", get_value, set_value, "The value; can be set when the global is mutable.", NULL},
    {"type", get_type, NULL, "'i32', 'i64', 'f32' or 'f64'.", NULL},
    {"mutable", get_mutable, NULL, "Whether the value can change.", NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

PyDoc_STRVAR(global_doc, "Global(type, value, mutable=False)\n--\n\n"
                         "A global that instances can import; an instance's exported globals are of this type too.\n\n"
                         "type: 'i32', 'i64', 'f32' or 'f64'. Instances and the host share one cell.");

static PyMemberDef global_members[] = {
    ZC_PY_WEAK(py_global),
    {NULL, 0, 0, 0, NULL},
};

static PyType_Slot global_slots[] = {
    {Py_tp_members, global_members},
    {Py_tp_doc, (void *)global_doc},
    {Py_tp_new, global_create},
    {Py_tp_dealloc, global_dealloc},
    {Py_tp_repr, global_repr},
    {Py_tp_getset, global_getset},
    {0, NULL},
};

static PyType_Spec global_spec = {
    .name = "zcwasm.Global",
    .basicsize = sizeof(py_global),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = global_slots,
};

/* --- Table --- */

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

int zc_py_add_global(PyObject *module, zc_state *state)
{
    state->global_type = (PyTypeObject *)PyType_FromModuleAndSpec(module, &global_spec, NULL);
    state->table_type = (PyTypeObject *)PyType_FromModuleAndSpec(module, &table_spec, NULL);
    return state->global_type && state->table_type && PyModule_AddType(module, state->table_type) == 0
               ? PyModule_AddType(module, state->global_type)
               : -1;
}
