/* py_table: Table, functions of guests that instances and the host share. There is one object for each zc_table. It keeps what
 * its functions need: the store whose own table it is, and those of the other instances while they have functions in it.
 * Stores that import it, or whose own table has functions of others, keep it in turn: such circles are the garbage
 * collector's. Threads: with the GIL.
 */
#ifndef PY_TABLE_H
#define PY_TABLE_H

#include "py_store.h"

typedef struct py_table {
    PyObject_HEAD
    zc_table *table;
    py_store *home; /* whose own table it is, or NULL */
    PyObject *weak; /* references */
} py_table;

/* The one object of this table, a new reference. */
PyObject *zc_py_table_of(zc_state *state, zc_table *table);
/* Others than its own instance may put functions there from now on: that one must keep them. */
void zc_py_table_share(PyObject *table);

int zc_py_add_table(PyObject *module, zc_state *state);

#endif
