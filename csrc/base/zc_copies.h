/* zc_copies: how many bytes this package copied since start, by reason.
 *
 * "No hidden copies" is a rule of this project, and this is its proof: whoever copies guest or module data
 * adds to a counter here. Kernels and guests moving their own data are not copies by the package.
 * Counters only grow; any thread.
 */
#ifndef ZC_COPIES_H
#define ZC_COPIES_H

#include <stdint.h>

#define ZC_COPY_LIST(X)                                                                                           \
    X(MODULE_BYTES, "module_bytes")   /* a module given as bytes */                                               \
    X(DATA_SEGMENTS, "data_segments") /* initial contents of a guest's memory */                                  \
    X(MEMORY_READ, "memory_read")     /* Memory.read */                                                           \
    X(MEMORY_WRITE, "memory_write")   /* Memory.write */                                                          \
    X(DEVICE_UPLOAD, "device_upload") /* DeviceArray.upload */                                                    \
    X(INPUTS, "inputs")   /* of a guest, as it reads them */                                                      \
    X(OUTPUTS, "outputs") /* of a guest, to the host */                                                           \
    X(DEVICE_DOWNLOAD, "device_download") /* DeviceArray.download */                                              \
    X(WEIGHTS_UPLOAD, "weights_upload") /* a model's weights to a device with memory of its own */                \
    X(WEIGHTS_MADE, "weights_made") /* a model's vectors, converted when its files were opened */                 \
    X(MATRICES_MADE, "matrices_made") /* its matrices, of folders that have them in another order or type */      \
    X(WEIGHTS_PACK, "weights_packed") /* a model's weights, laid out anew for the cpu device */                   \
    X(MIRROR, "mirrored") /* guest memory that a device has a second time, in its own: rows that kernels append \
                             there, and what zcg_mirror copies */ \
    X(KERNEL_ROWS, "kernel_rows")     /* rows for functions of modules that are kernels, and back */              \
    X(FORK, "forked")                 /* memory of an instance that is forked: once for all that come of it */    \
    X(WASI, "wasi")                   /* arguments, paths, streams of Python */                                   \
    X(SNAPSHOT, "snapshot") /* a guest's scratch and outputs, into a snapshot or a fork and out of it; what a     \
                               file written in Python is given */

typedef enum zc_copy_reason {
#define X(code, name) ZC_COPY_##code,
    ZC_COPY_LIST(X)
#undef X
        ZC_COPY_REASONS
} zc_copy_reason;

void zc_copies_add(zc_copy_reason reason, uint64_t bytes);
uint64_t zc_copies_get(zc_copy_reason reason);
const char *zc_copies_name(zc_copy_reason reason);

#endif
