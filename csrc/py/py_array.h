/* py_array: a Python argument as a checked view of an array in guest memory.
 *
 * zc_py_array_get takes the buffer of any exporter (NumPy array, memoryview, Memory), or what others say by __dlpack__ or
 * __array_interface__ (PyTorch's tensors, Arrow's arrays: py_dlpack.h), checks what can be
 * checked without the other arguments (element type, writability, strides, alignment, that it lies in a
 * region) and refuses with a typed error that names the argument. It holds the buffer and a reference to the
 * region until zc_py_array_release, that is for one call: a submission pins its regions by itself.
 *
 * A DeviceArray (py_device_array.c) will do as well: its bytes are its device's, so `device` is set. And so will a
 * Tensor (py_tensor.c) where it is only read: `weights` is set, and zc_py_array_range asks them where it lies.
 *
 * Threads: with the GIL. Compares no shapes: that is each method's task. Copies nothing.
 */
#ifndef PY_ARRAY_H
#define PY_ARRAY_H

#include "py_dlpack.h"
#include "py_shape.h"

#include "device/zc_device.h"
#include "region/zc_region.h"
#include "weights/zc_weights.h"

enum {
    ZC_PY_WRITE = 1, /* an output: must be writable */
    ZC_PY_WORDS = 2, /* int32 and uint32 will do as well */
    ZC_PY_NUMBERS = 4, /* and so will all other numbers */
};

typedef struct zc_py_array {
    const char *name; /* of the argument */
    PyObject *object; /* borrowed from the caller of the method */
    Py_buffer view;   /* shape and strides (bytes, not negative, multiples of the element size) are here */
    bool shares_view; /* with another argument, the same object */
    Py_ssize_t count; /* elements */
    zc_device *device; /* borrowed; the only one that may use it, or NULL */
    const zc_weights *weights; /* borrowed; of a Tensor, else NULL */
    uint32_t tensor;
    zc_range range;   /* bytes from the first to the last element, in host memory; no region when empty */
    Py_ssize_t sides[2 * ZC_PY_DLPACK_AXES]; /* of a view that has none of its own: shape and strides */
} zc_py_array;

/* `other`: an argument got before, or NULL: the same object or region is then not looked up again.
 * -1 with an exception set, and nothing to release. */
int zc_py_array_get(PyObject *object, const char *name, unsigned flags, const zc_py_array *other, zc_py_array *array);
void zc_py_array_release(zc_py_array *array);
void zc_py_array_release_all(zc_py_array *arrays, size_t count);

/* Where the bytes are for that device; -1 with an exception. The region is borrowed. */
int zc_py_array_range(const zc_py_array *array, zc_state *state, const zc_device *device, zc_range *out);

static inline Py_ssize_t zc_py_array_stride(const zc_py_array *array, int axis) /* in elements */
{
    return array->view.strides[axis] / 4;
}

bool zc_py_array_same_shape(const zc_py_array *a, const zc_py_array *b);
bool zc_py_array_contiguous(const zc_py_array *array);
/* Axes [0, axes) as one axis of `*count` elements at a distance of `*stride` (0 when there is at most one).
 * False when they do not fold. */
bool zc_py_array_fold(const zc_py_array *array, int axes, Py_ssize_t *count, Py_ssize_t *stride);

zc_py_shape zc_py_shape_of(const zc_py_array *array);

#endif
