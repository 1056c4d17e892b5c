/* py_device_array: the type DeviceArray: an array in memory of a device's own, made by Device.scratch.
 *
 * It can be given to every kernel method of its device in place of an array in guest memory. Its bytes are
 * reached by upload and download only, which copy and are counted (copy_stats: device_upload, device_download);
 * so it exports no buffer.
 *
 * It owns a reference to its region and holds its Device object; neither refers back, so the garbage collector
 * does not track it. Threads: the GIL guards the object; it is released while copying.
 */
#ifndef PY_DEVICE_ARRAY_H
#define PY_DEVICE_ARRAY_H

#include "py_state.h"

#include "device/zc_device.h"

/* Whether the object is a DeviceArray; then its view, region (borrowed) and device. */
bool zc_py_device_array_view(PyObject *object, Py_buffer *view, zc_region **region, zc_device **device);

/* Device.scratch */
PyObject *zc_py_scratch(PyObject *device, PyObject *const *args, Py_ssize_t nargs, PyObject *keywords);
extern const char zc_py_doc_scratch[];

int zc_py_add_device_array(PyObject *module, zc_state *state);

#endif
