/* py_shape: shapes of arrays: as arguments, and in messages. */
#ifndef PY_SHAPE_H
#define PY_SHAPE_H

#include "py_state.h"

/* "(2, 3)", cut short with "..." when it does not fit. */
typedef struct zc_py_shape {
    char text[120];
} zc_py_shape;
zc_py_shape zc_py_shape_text(const Py_ssize_t *shape, int ndim);

#endif
