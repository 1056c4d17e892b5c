/* py_store: see py_store.h. */
#include "py_store.h"

zc_instance *zc_py_open_instance(py_store *store)
{
    if (!store->instance) {
        PyErr_SetString(zc_state_of((PyObject *)store)->closed_error, "the instance is closed");
    }
    return store->instance;
}
