/* py_view: what lies behind the arrays over a region: an object with a buffer, which pins the region.
 *
 * A pinned region may grow in place, but its owner cannot be closed, and the bytes outlive their instance as long as a
 * view does. Arrays are NumPy's own, over such an object; nothing is copied. Threads: with the GIL. */
#ifndef PY_VIEW_H
#define PY_VIEW_H

#include "py_state.h"

#include "region/zc_region.h"

/* An object with the buffer of `size` bytes of the region, which it pins; read-only where the region is. */
PyObject *zc_py_view_new(zc_state *state, zc_region *region, uint64_t offset, uint64_t size);

int zc_py_add_view(PyObject *module, zc_state *state);

#endif
