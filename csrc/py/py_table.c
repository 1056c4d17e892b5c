/* py_table: see py_table.h. */
#include "py_table.h"
#include "engine/zc_engine_wasm3.h"
#include "py_error.h"
#include "py_function.h"
#include "py_values.h"

PyObject *zc_py_table_of(zc_state *state, zc_table *table)
{
    void **object = zc_table_object(table);
    if (*object) {
        return Py_NewRef((PyObject *)*object);
    }
    zc_instance *home = zc_table_home(table);
    py_table *self = PyObject_GC_New(py_table, state->table_type);
    if (self) {
        self->table = zc_table_retain(table);
        self->home = home ? (py_store *)Py_NewRef((PyObject *)zc_instance_context(home)) : NULL;
        self->weak = NULL;
        *object = self;
        PyObject_GC_Track(self);
    }
    return (PyObject *)self;
}

void zc_py_table_share(PyObject *table)
{
    py_store *home = ((py_table *)table)->home;
    if (home && home->instance && !home->table) {
        home->table = Py_NewRef(table);
    }
}

/* A Python integer as a number of elements, or -1 with an exception. */
static int64_t elements_from(PyObject *value, const char *what, uint32_t most)
{
    PyObject *index = PyNumber_Index(value);
    if (!index) {
        return zc_py_must_be(what, "an integer", value);
    }
    int overflow;
    long long count = PyLong_AsLongLongAndOverflow(index, &overflow);
    if (overflow || count < 0 || count > (long long)most) {
        PyErr_Format(PyExc_ValueError, "%s is %R, must be from 0 to %u", what, index, most);
        count = -1;
    }
    Py_DECREF(index);
    return count;
}

static PyObject *table_create(PyTypeObject *type, PyObject *arguments, PyObject *keywords)
{
    static char *names[] = {"minimum", "maximum", NULL};
    PyObject *minimum, *maximum = Py_None;
    zc_state *state = zc_state_of_type(type);
    zc_error error;
    zc_limits_type limits = {0};
    if (!PyArg_ParseTupleAndKeywords(arguments, keywords, "O|O:Table", names, &minimum, &maximum)) {
        return NULL;
    }
    int64_t count = elements_from(minimum, "minimum", ZC_DEFAULT_TABLE);
    if (count < 0) {
        return NULL;
    }
    limits.minimum = (uint32_t)count;
    if (maximum != Py_None) {
        count = elements_from(maximum, "maximum", UINT32_MAX);
        if (count < 0) {
            return NULL;
        }
        limits.maximum = (uint32_t)count;
        limits.has_maximum = true;
    }
    zc_table *table;
    if (zc_table_new(&zc_engine_wasm3, &limits, &table, &error) != ZC_OK) {
        return zc_raise(state, &error);
    }
    PyObject *self = zc_py_table_of(state, table);
    zc_table_release(table);
    return self;
}

static int visit_user(void *kept, void *context)
{
    void **both = context;
    visitproc visit = *(visitproc *)both[0];
    return visit(kept, both[1]);
}

static int table_traverse(PyObject *object, visitproc visit, void *arg)
{
    py_table *self = (py_table *)object;
    void *both[2] = {&visit, arg};
    Py_VISIT(Py_TYPE(object));
    Py_VISIT(self->home);
    return zc_table_visit_users(self->table, visit_user, both);
}

static int table_clear(PyObject *object)
{
    py_table *self = (py_table *)object;
    Py_CLEAR(self->home);
    zc_table_drop_users(self->table);
    return 0;
}

static void table_dealloc(PyObject *object)
{
    PyTypeObject *type = Py_TYPE(object);
    py_table *self = (py_table *)object;
    PyObject_GC_UnTrack(object);
    *zc_table_object(self->table) = NULL; /* callbacks may ask for it */
    ZC_PY_CLEAR_WEAK(object, py_table);
    (void)table_clear(object);
    zc_table_release(self->table);
    type->tp_free(object);
    Py_DECREF(type);
}

/* An element's index; -1 with an exception. */
static int64_t index_from(py_table *self, PyObject *value)
{
    PyObject *number = PyNumber_Index(value);
    if (!number) {
        return zc_py_must_be("index", "an integer", value);
    }
    int overflow;
    uint32_t size = zc_table_size(self->table);
    long long index = PyLong_AsLongLongAndOverflow(number, &overflow);
    if (overflow || index < 0 || index >= (long long)size) {
        PyErr_Format(PyExc_IndexError, "index %R of a table of %u element%s", number, size, zc_py_plural(size));
        index = -1;
    }
    Py_DECREF(number);
    return index;
}

PyDoc_STRVAR(get_doc, "get($self, index, /)\n--\n\n"
                      "The Function there, or None.\n\n"
                      "IndexError when there is no such element; ClosedError for a function of an instance that is\n"
                      "closed; RuntimeError while an instance that has the table runs on another thread.");

static PyObject *table_get(PyObject *object, PyObject *index)
{
    py_table *self = (py_table *)object;
    zc_state *state = zc_state_of(object);
    zc_instance *instance;
    uint32_t function = 0;
    zc_error error;
    int64_t at = index_from(self, index);
    if (at < 0) {
        return NULL;
    }
    if (zc_table_get(self->table, (uint32_t)at, &instance, &function, &error) != ZC_OK) {
        return zc_raise(state, &error);
    }
    if (!instance) {
        Py_RETURN_NONE;
    }
    py_store *store = zc_instance_context(instance);
    PyObject *name = zc_py_function_label(zc_py_store_info(store), function);
    PyObject *result = name ? zc_py_function_new(state, store, function, name) : NULL;
    Py_XDECREF(name);
    return result;
}

PyDoc_STRVAR(set_doc,
             "set($self, index, function, /)\n--\n\n"
             "Put a Function of a guest there, or None: nothing.\n\n"
             "The table keeps the function's instance alive while it is there. TypeError for anything else, such as\n"
             "a callable of the host's: give it to a guest as an import, and put what the guest exports of it.\n"
             "ValueError for a function of another engine's instance.\n"
             "IndexError, ClosedError and RuntimeError as get().");

static PyObject *table_set(PyObject *object, PyObject *const *args, Py_ssize_t nargs)
{
    py_table *self = (py_table *)object;
    zc_state *state = zc_state_of(object);
    zc_error error;
    if (nargs != 2) {
        return PyErr_Format(PyExc_TypeError, "set() takes 2 arguments (%zd given)", nargs);
    }
    bool none = args[1] == Py_None;
    if (!none && !Py_IS_TYPE(args[1], state->function_type)) {
        (void)zc_py_must_be("function", "a zcwasm.Function or None", args[1]);
        return NULL;
    }
    int64_t at = index_from(self, args[0]);
    if (at < 0) {
        return NULL;
    }
    py_function *function = none ? NULL : (py_function *)args[1];
    if (function && !zc_py_open_instance(function->store)) {
        return NULL;
    }
    if (function && function->store != self->home) {
        zc_py_table_share(object);
    }
    zc_status status = zc_table_set(self->table, (uint32_t)at, function ? function->store->instance : NULL,
                                    function ? function->index : 0, &error);
    if (status != ZC_OK) {
        return zc_raise(state, &error);
    }
    Py_RETURN_NONE;
}

PyDoc_STRVAR(grow_doc, "grow($self, elements, /)\n--\n\n"
                       "Grow by so many elements without functions; returns the size before.\n\n"
                       "ValueError past the maximum; RuntimeError as get(). Guests cannot grow a table.");

static PyObject *table_grow(PyObject *object, PyObject *elements)
{
    zc_error error;
    uint32_t previous;
    int64_t delta = elements_from(elements, "elements", UINT32_MAX);
    if (delta < 0) {
        return NULL;
    }
    zc_status status = zc_table_grow(((py_table *)object)->table, (uint32_t)delta, &previous, &error);
    if (status == ZC_OUT_OF_BOUNDS) {
        PyErr_SetString(PyExc_ValueError, error.message);
        return NULL;
    }
    return status == ZC_OK ? PyLong_FromUnsignedLong(previous) : zc_raise(zc_state_of(object), &error);
}

static Py_ssize_t table_length(PyObject *object)
{
    return (Py_ssize_t)zc_table_size(((py_table *)object)->table);
}

static PyObject *get_table_size(PyObject *object, void *unused)
{
    (void)unused;
    return PyLong_FromUnsignedLong(zc_table_size(((py_table *)object)->table));
}

static PyObject *get_maximum(PyObject *object, void *unused)
{
    (void)unused;
    bool declared;
    uint32_t maximum = zc_table_maximum(((py_table *)object)->table, &declared);
    return declared ? PyLong_FromUnsignedLong(maximum) : Py_NewRef(Py_None);
}

static PyObject *table_repr(PyObject *object)
{
    uint32_t size = zc_table_size(((py_table *)object)->table);
    return PyUnicode_FromFormat("<zcwasm.Table: %u element%s>", size, zc_py_plural(size));
}

static PyMethodDef table_methods[] = {
    {"get", table_get, METH_O, get_doc},
    {"set", (PyCFunction)(void (*)(void))table_set, METH_FASTCALL, set_doc},
    {"grow", table_grow, METH_O, grow_doc},
    {NULL, NULL, 0, NULL},
};

static PyGetSetDef table_getset[] = {
    {"size", get_table_size, NULL, "Number of elements.", NULL},
    {"maximum", get_maximum, NULL, "Declared maximum of elements, or None.", NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

static PyMemberDef table_members[] = {
    ZC_PY_WEAK(py_table),
    {NULL, 0, 0, 0, NULL},
};

PyDoc_STRVAR(table_doc,
             "Table(minimum, maximum=None)\n--\n\n"
             "Functions of guests by number, which instances can import and call through; an instance's exported\n"
             "table is of this type too.\n\n"
             "minimum, maximum: of elements; at most 10,000,000 are possible. A function that is called through a\n"
             "table runs in its own instance, with that one's memory and limits, as when it is called from outside.\n"
             "The table keeps the instances of its functions alive; calling a function of one that was closed raises\n"
             "ClosedError. Instances that share a table run on one thread at a time: RuntimeError on another.\n"
             "Tables are for instances of the engine wasm3; of a table that one of wasmtime exports only the size\n"
             "is seen, and get(), set() and grow() raise ValueError.");

static PyType_Slot table_slots[] = {
    {Py_tp_members, table_members},
    {Py_tp_doc, (void *)table_doc},
    {Py_tp_new, table_create},
    {Py_tp_traverse, table_traverse},
    {Py_tp_clear, table_clear},
    {Py_tp_dealloc, table_dealloc},
    {Py_tp_repr, table_repr},
    {Py_tp_methods, table_methods},
    {Py_tp_getset, table_getset},
    {Py_sq_length, table_length},
    {0, NULL},
};

static PyType_Spec table_spec = {
    .name = "zcwasm.Table",
    .basicsize = sizeof(py_table),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = table_slots,
};

int zc_py_add_table(PyObject *module, zc_state *state)
{
    state->table_type = (PyTypeObject *)PyType_FromModuleAndSpec(module, &table_spec, NULL);
    return state->table_type ? PyModule_AddType(module, state->table_type) : -1;
}
