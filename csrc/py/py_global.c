/* py_global: see py_global.h. */
#include "py_global.h"
#include "py_error.h"
#include "py_values.h"

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

/* Of globals that are vectors or references. */
static int refuse_value(PyObject *object)
{
    PyErr_Format(PyExc_TypeError, "Python has no values of the global's type, %s",
                 zc_value_type_name(type_of(object).value_type));
    return -1;
}

static PyObject *get_value(PyObject *object, void *unused)
{
    (void)unused;
    if (!zc_py_is_number(type_of(object).value_type)) {
        return refuse_value(object), NULL;
    }
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
    if (!zc_py_is_number(type_of(object).value_type)) {
        return refuse_value(object);
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
    PyObject *value =
        zc_py_is_number(type_of(object).value_type) ? get_value(object, NULL) : PyUnicode_FromString("...");
    PyObject *text =
        value ? PyUnicode_FromFormat("<zcwasm.Global %s%s = %R>", type_of(object).is_mutable ? "mutable " : "",
                                     zc_value_type_name(type_of(object).value_type), value)
              : NULL;
    Py_XDECREF(value);
    return text;
}

static PyGetSetDef global_getset[] = {
    {"value", get_value, set_value, "The value; can be set when the global is mutable.", NULL},
    {"type", get_type, NULL, "'i32', 'i64', 'f32' or 'f64'; or a type that Python has no values of.", NULL},
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

int zc_py_add_global(PyObject *module, zc_state *state)
{
    state->global_type = (PyTypeObject *)PyType_FromModuleAndSpec(module, &global_spec, NULL);
    return state->global_type ? PyModule_AddType(module, state->global_type) : -1;
}
