/* py_dlpack: DLPack, by which array libraries share memory: both ways, of the host's memory (kDLCPU); and export of what a
 * Metal device shares (kDLMetal).
 *
 * Export: a capsule that pins a region until its importer is done; its deleter may run on any thread, without the GIL.
 * Import: what an object says of its elements, checked as far as that can be, as a Py_buffer. Where the bytes lie is for
 * the caller to check: nothing is read of them here.
 *
 * Capsules are of DLPack 1 or of the time before, when nobody could say that memory is read-only: such exports of
 * read-only memory are refused, and such imports count as read-only, as with NumPy. Threads: with the GIL, but for
 * deleters.
 */
#ifndef PY_DLPACK_H
#define PY_DLPACK_H

#include "py_state.h"

#include "device/zc_device.h"
#include "region/zc_region.h"

#define ZC_PY_DLPACK_AXES 16 /* the most that are imported */

/* kDLInt, ... */
typedef enum zc_py_dlpack_code {
    ZC_PY_DLPACK_INT = 0,
    ZC_PY_DLPACK_UINT = 1,
    ZC_PY_DLPACK_FLOAT = 2,
    ZC_PY_DLPACK_BFLOAT = 4,
    ZC_PY_DLPACK_COMPLEX = 5,
    ZC_PY_DLPACK_BOOL = 6,
} zc_py_dlpack_code;

/* An array, for export. */
typedef struct zc_py_dlpack_array {
    zc_region *region; /* pinned by the capsule */
    uint64_t offset; /* of its first byte */
    zc_py_dlpack_code code;
    uint8_t bits; /* of an element */
    bool read_only;
    int ndim; /* at most ZC_PY_DLPACK_AXES */
    const uint64_t *shape;
    const int64_t *strides; /* in elements; NULL: C-contiguous */
    const zc_device_shared *shared; /* of Metal's; NULL: the host's memory. Of a failed export it stays the caller's */
} zc_py_dlpack_array;

/* The device type of DLPack's that a device's memory has: kDLCPU or kDLMetal; 0: none. */
int zc_py_dlpack_type(const zc_device *device);

/* What elements of a buffer's format are; false: nothing that DLPack has. */
bool zc_py_dlpack_element(const char *format, Py_ssize_t itemsize, zc_py_dlpack_code *code, uint8_t *bits);

/* What __dlpack__ returns for such an array, with the arguments that it was given. */
PyObject *zc_py_dlpack_export(const zc_py_dlpack_array *array, PyObject *arguments, PyObject *keywords);
extern const char zc_py_doc_dlpack[], zc_py_doc_dlpack_device[];
/* __dlpack_device__ of the host's memory. */
PyObject *zc_py_dlpack_device(PyObject *self, PyObject *unused);

/* A view of what has no buffer: by __dlpack__, else by __array_interface__. `hold`: the bytes stay there until
 * PyBuffer_Release, as with any buffer; without, the caller knows of their place that they do. The view's shape and
 * strides are in `sides`, 2 * ZC_PY_DLPACK_AXES of them; format may be a name, see py_dlpack.c. 1: there is one; 0: the
 * object has neither; -1 with an exception. */
int zc_py_dlpack_import(PyObject *object, const char *name, bool hold, Py_buffer *view, Py_ssize_t *sides);

#endif
