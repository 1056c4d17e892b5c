/* zc_weights: read-only tensors in one or several mapped model files, shared by any number of instances.
 *
 * A file is mapped, never read: the mapping is a read-only region, and where a device shares the host's memory
 * its buffer is that mapping, or several of pieces of the file where its buffers cannot be that large. To a device
 * with memory of its own the tensors are uploaded once (counted). A device that has a better layout for them may be asked
 * for a copy in it (zc_weights_pack), which goes with the mapping. Tensors that no file has as kernels want them may be
 * made by the caller: their bytes count as one more file, which lies in memory.
 * zc_weights_add is THE check of what a file says about a tensor: type, shape, and that its bytes lie inside the
 * file. What reads file formats (Python) only tells names and numbers.
 *
 * Ownership: reference counted; tensors are added before the weights are shared, then they are constant. They keep
 * each device alive that they were uploaded to. Threads: any, once shared. After fork the child has the mapping, and
 * loads anew for the devices that it opens.
 */
#ifndef ZC_WEIGHTS_H
#define ZC_WEIGHTS_H

#include "base/zc_copies.h"
#include "device/zc_device.h"
#include "kernel/zc_kernel.h"

#define ZC_TENSOR_MAX_DIMS 4
#define ZC_WEIGHTS_MAX_FILES 1024u

typedef struct zc_weights zc_weights;

typedef struct zc_tensor {
    const char *name; /* UTF-8, zero-terminated, the weights' own */
    uint32_t type;    /* zc_weight_type */
    uint32_t ndim;
    uint64_t shape[ZC_TENSOR_MAX_DIMS]; /* slowest first; the last one is a multiple of the type's block */
    uint32_t file;    /* its number, from 0 */
    uint64_t offset;  /* in the file, a multiple of 4 */
    uint64_t bytes;
} zc_tensor;

/* Map the whole of an open file, which may be closed then: file number 0. ZC_MODEL when it is empty or not a plain
 * file. */
zc_status zc_weights_open(int file, zc_weights **out, zc_error *error);
/* Before they are shared: one more file, of the next number. */
zc_status zc_weights_map(zc_weights *weights, int file, zc_error *error);
/* The same of `size` bytes in memory, all zero, which the caller writes to *out (borrowed) before zc_weights_seal: from
 * then on they are read-only, and counted for that reason. */
zc_status zc_weights_make(zc_weights *weights, uint64_t size, zc_region **out, zc_error *error);
zc_status zc_weights_seal(zc_weights *weights, zc_copy_reason reason, zc_error *error);
/* What was read of the mapped files to make something of it need not be kept in this process. */
void zc_weights_let_go(const zc_weights *weights);
zc_weights *zc_weights_retain(zc_weights *weights);
void zc_weights_release(zc_weights *weights);
uint32_t zc_weights_file_count(const zc_weights *weights);
uint64_t zc_weights_size(const zc_weights *weights, uint32_t file);
zc_region *zc_weights_region(const zc_weights *weights, uint32_t file); /* its mapping, borrowed */

/* Before they are shared. ZC_MODEL names the tensor and its offset. */
zc_status zc_weights_add(zc_weights *weights, const char *name, size_t name_size, uint32_t type, uint32_t ndim,
                         const uint64_t *shape, uint32_t file, uint64_t offset, zc_error *error);

uint32_t zc_weights_count(const zc_weights *weights);
const zc_tensor *zc_weights_get(const zc_weights *weights, uint32_t index); /* NULL beyond the count */
/* The index of the tensor of that name, or UINT32_MAX. */
uint32_t zc_weights_find(const zc_weights *weights, const char *name, size_t name_size);

/* Make everything ready for the device: its buffer over each mapping, or the upload where it has memory of its own.
 * Idempotent. `progress` may be NULL. */
zc_status zc_weights_load(zc_weights *weights, zc_device *device, const zc_device_progress *progress, zc_error *error);
/* Let the device lay these tensors out anew for products with few rows, where it has a layout of its own for their type;
 * others are skipped. Idempotent; after a load. Counted in zc_copies. ZC_BAD_VALUE for an unknown index, and in a
 * report of the same: also of a load. */
zc_status zc_weights_pack(zc_weights *weights, zc_device *device, const uint32_t *indices, size_t count,
                          const zc_device_progress *progress, zc_error *error);
/* The tensor's bytes as a range for that device. The region is borrowed. ZC_BAD_VALUE where zc_weights_load has to
 * make them ready and has not done so. */
zc_status zc_weights_range(const zc_weights *weights, uint32_t index, const zc_device *device, zc_range *out,
                           zc_error *error);

#endif
