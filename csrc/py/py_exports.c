/* py_exports: see py_exports.h. */
#include "py_exports.h"
#include "py_function.h"
#include "py_global.h"
#include "py_table.h"

typedef struct py_exports {
    PyObject_HEAD
    py_store *store;
    PyObject *made; /* dict name -> object, filled at first use */
    PyObject *weak; /* references */
} py_exports;

static PyObject *make_export(py_exports *self, PyObject *name, PyObject *position)
{
    zc_state *state = zc_state_of((PyObject *)self);
    py_store *store = self->store;
    const zc_export *export = &zc_py_store_info(store)->exports[PyLong_AsSsize_t(position)];
    PyObject *object = NULL;
    if (!zc_py_open_instance(store)) {
        return NULL;
    }
    switch (export->kind) {
    case ZC_EXTERN_FUNC:
        object = zc_py_function_new(state, store, export->index, name);
        break;
    case ZC_EXTERN_MEMORY:
        object = Py_NewRef(store->memory);
        break;
    case ZC_EXTERN_GLOBAL:
        object = zc_py_global_new(state, zc_instance_global(store->instance, export->index));
        break;
    case ZC_EXTERN_TABLE:
        object = export->index == 0 ? zc_py_table_of(state, zc_instance_table(store->instance)) : Py_NewRef(Py_None);
        break;
    case ZC_EXTERN_TAG:
        object = Py_NewRef(Py_None); /* of an exception: there is nothing that the host could do with it */
        break;
    }
    if (object && PyDict_SetItem(self->made, name, object) < 0) {
        Py_CLEAR(object);
    }
    return object;
}

/* A new reference; NULL without an exception when there is no such export. */
static PyObject *find_export(py_exports *self, PyObject *name)
{
    PyObject *object = PyDict_GetItemWithError(self->made, name);
    if (object || PyErr_Occurred()) {
        return Py_XNewRef(object);
    }
    PyObject *position = PyDict_GetItemWithError(((py_module *)self->store->module)->export_index, name);
    return position ? make_export(self, name, position) : NULL;
}

static PyObject *exports_getattr(PyObject *object, PyObject *name)
{
    PyObject *found = find_export((py_exports *)object, name);
    if (found || PyErr_Occurred()) {
        return found;
    }
    found = PyObject_GenericGetAttr(object, name);
    if (!found && PyErr_ExceptionMatches(PyExc_AttributeError)) {
        PyErr_Format(PyExc_AttributeError, "the module has no export %R", name);
    }
    return found;
}

static PyObject *exports_getitem(PyObject *object, PyObject *name)
{
    PyObject *found = find_export((py_exports *)object, name);
    if (!found && !PyErr_Occurred()) {
        PyErr_Format(PyExc_KeyError, "the module has no export %R", name);
    }
    return found;
}

static PyObject *export_names(PyObject *object)
{
    return ((py_module *)((py_exports *)object)->store->module)->export_index;
}

static Py_ssize_t exports_length(PyObject *object)
{
    return PyDict_GET_SIZE(export_names(object));
}

static int exports_contains(PyObject *object, PyObject *name)
{
    return PyDict_Contains(export_names(object), name);
}

static PyObject *exports_iter(PyObject *object)
{
    return PyObject_GetIter(export_names(object));
}

static PyObject *exports_dir(PyObject *object, PyObject *unused)
{
    (void)unused;
    return PyDict_Keys(export_names(object));
}

static PyObject *exports_repr(PyObject *object)
{
    PyObject *names = PyDict_Keys(export_names(object));
    PyObject *text = names ? PyUnicode_FromFormat("<zcwasm.Exports %R>", names) : NULL;
    Py_XDECREF(names);
    return text;
}

static int exports_traverse(PyObject *object, visitproc visit, void *arg)
{
    Py_VISIT(Py_TYPE(object));
    Py_VISIT(((py_exports *)object)->store);
    Py_VISIT(((py_exports *)object)->made);
    return 0;
}

int zc_py_exports_clear(PyObject *object)
{
    if (((py_exports *)object)->made) {
        PyDict_Clear(((py_exports *)object)->made);
    }
    return 0;
}

static void exports_dealloc(PyObject *object)
{
    PyTypeObject *type = Py_TYPE(object);
    PyObject_GC_UnTrack(object);
    ZC_PY_CLEAR_WEAK(object, py_exports);
    Py_XDECREF(((py_exports *)object)->made);
    Py_XDECREF(((py_exports *)object)->store);
    type->tp_free(object);
    Py_DECREF(type);
}

static PyMethodDef exports_methods[] = {
    {"__dir__", exports_dir, METH_NOARGS, NULL},
    {NULL, NULL, 0, NULL},
};

PyDoc_STRVAR(exports_doc, "What an instance exports: exports.name for identifiers, exports[name] for any name.\n\n"
                          "Functions are callables, memories Memory, globals Global, tables Table objects.");

static PyMemberDef exports_members[] = {
    ZC_PY_WEAK(py_exports),
    {NULL, 0, 0, 0, NULL},
};

static PyType_Slot exports_slots[] = {
    {Py_tp_members, exports_members},
    {Py_tp_doc, (void *)exports_doc},
    {Py_tp_getattro, exports_getattr},
    {Py_tp_iter, exports_iter},
    {Py_tp_repr, exports_repr},
    {Py_tp_traverse, exports_traverse},
    {Py_tp_clear, zc_py_exports_clear},
    {Py_tp_dealloc, exports_dealloc},
    {Py_tp_methods, exports_methods},
    {Py_mp_length, exports_length},
    {Py_mp_subscript, exports_getitem},
    {Py_sq_contains, exports_contains},
    {0, NULL},
};

static PyType_Spec exports_spec = {
    .name = "zcwasm.Exports",
    .basicsize = sizeof(py_exports),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_DISALLOW_INSTANTIATION | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = exports_slots,
};

PyObject *zc_py_exports_new(zc_state *state, py_store *store)
{
    py_exports *self = PyObject_GC_New(py_exports, state->exports_type);
    if (!self) {
        return NULL;
    }
    self->store = (py_store *)Py_NewRef((PyObject *)store);
    self->made = PyDict_New();
    self->weak = NULL;
    PyObject_GC_Track(self);
    if (!self->made) {
        Py_CLEAR(self);
    }
    return (PyObject *)self;
}

int zc_py_add_exports(PyObject *module, zc_state *state)
{
    state->exports_type = (PyTypeObject *)PyType_FromModuleAndSpec(module, &exports_spec, NULL);
    return state->exports_type ? PyModule_AddType(module, state->exports_type) : -1;
}
