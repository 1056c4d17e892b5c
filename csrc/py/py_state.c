/* py_state: the definition of the extension module, from which a type finds the module's state.
 * What the module does when it is imported comes from py_module.c. */
#include "py_state.h"

/* So many fields of the state are object pointers: the first ones. */
#define OBJECTS (offsetof(zc_state, module_count) / sizeof(PyObject *))

static int traverse(PyObject *module, visitproc visit, void *arg)
{
    PyObject **fields = PyModule_GetState(module);
    for (size_t i = 0; i < OBJECTS; i++) {
        Py_VISIT(fields[i]);
    }
    return 0;
}

static int clear(PyObject *module)
{
    PyObject **fields = PyModule_GetState(module);
    for (size_t i = 0; i < OBJECTS; i++) {
        Py_CLEAR(fields[i]);
    }
    return 0;
}

static void free_state(void *module)
{
    (void)clear(module);
}

static PyModuleDef definition = {
    PyModuleDef_HEAD_INIT,
    .m_name = "zcwasm._core",
    .m_doc = "The extension module of zcwasm; use the names that the package zcwasm exports.",
    .m_size = sizeof(zc_state),
    .m_traverse = traverse,
    .m_clear = clear,
    .m_free = free_state,
};

PyObject *zc_py_define_module(PyMethodDef *functions, PyModuleDef_Slot *slots)
{
    definition.m_methods = functions;
    definition.m_slots = slots;
    return PyModuleDef_Init(&definition);
}

zc_state *zc_state_of_type(PyTypeObject *type)
{
#if PY_VERSION_HEX >= 0x030B0000
    PyObject *module = PyType_GetModuleByDef(type, &definition);
    return module ? PyModule_GetState(module) : NULL;
#else
    /* 3.10: walk the bases to the first type made by this module. */
    PyObject *bases = type->tp_mro;
    for (Py_ssize_t i = 0; bases && i < PyTuple_GET_SIZE(bases); i++) {
        PyTypeObject *base = (PyTypeObject *)PyTuple_GET_ITEM(bases, i);
        if (PyType_HasFeature(base, Py_TPFLAGS_HEAPTYPE)) {
            PyObject *module = ((PyHeapTypeObject *)base)->ht_module;
            if (module && PyModule_GetDef(module) == &definition) {
                return PyModule_GetState(module);
            }
        }
    }
    PyErr_SetString(PyExc_TypeError, "not a type of zcwasm");
    return NULL;
#endif
}
