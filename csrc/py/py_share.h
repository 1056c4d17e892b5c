/* py_share: Device.share: an array in guest memory as the device's memory, for other libraries' from_dlpack.
 *
 * What it returns pins the region, and makes a capsule (py_dlpack.h) each time it is asked for one. On metal that is an
 * MTLBuffer over the array's pages, on cpu the host's memory; other devices share none. It holds its Device; nothing refers
 * back. Threads: with the GIL, which is released around the wait for work of the device.
 */
#ifndef PY_SHARE_H
#define PY_SHARE_H

#include "py_state.h"

PyObject *zc_py_share(PyObject *device, PyObject *array);
extern const char zc_py_doc_share[];

int zc_py_add_share(PyObject *module, zc_state *state);

#endif
