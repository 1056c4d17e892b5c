/* zcwasm.h: what a WebAssembly guest may ask of zcwasm. Import module "zcwasm", version 1.
 *
 * A guest records dispatches of kernels over ranges of its own memory (and over weights and device scratch,
 * which it names by handle), submits them, waits, and reads the results through its own pointers. Nothing is
 * copied: the device works on the guest's memory in place. docs/abi.md explains; zcwasm.Instance(device=...,
 * weights=..., inputs=...) on the host's side grants what may be imported.
 *
 * Rules
 *   - Functions return 0 or a positive value, or -ZC_E... (the table below). zc_error_text says more.
 *   - Everything that is passed by pointer is copied and checked before the call returns, and not read again.
 *   - Handles are small positive integers of one kind each. 0 is never one.
 *   - Work runs in the order of its submission. Within a recording, dispatches whose ranges do not conflict may
 *     run at once; others see each other's results in the order of recording. Between a submission and the end
 *     of waiting for it the guest may go on, but must not rely on bytes that the work writes, nor change ones
 *     that it reads: it would spoil its own numbers, and nothing else.
 *
 * C11 and C++; no library is needed. A guest that uses none of these functions imports none of them.
 */
#ifndef ZCWASM_H
#define ZCWASM_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define ZCWASM_ABI_VERSION 1

/* code, number, meaning */
#define ZC_ERRNO_LIST(X)                                                                           \
    X(ZC_EINVAL, 1, "a value that is not allowed")                                                 \
    X(ZC_EFAULT, 2, "a pointer or range that does not lie inside the guest's memory")              \
    X(ZC_EBADF, 3, "a handle that is not one, or of another kind")                                 \
    X(ZC_ENOENT, 4, "no kernel, tensor or input of that name")                                     \
    X(ZC_ENOMEM, 5, "the machine, or a limit of the host, has no room for it")                     \
    X(ZC_EBOUNDS, 6, "a range that is shorter than the kernel needs, or not inside what it names") \
    X(ZC_EACCES, 7, "not granted, or a write to read-only weights")                                \
    X(ZC_EBUSY, 8, "still in flight")                                                              \
    X(ZC_ETIMEDOUT, 9, "not done when the time was over")                                          \
    X(ZC_EIO, 10, "the device reported an error")                                                  \
    X(ZC_EOVERFLOW, 11, "a number that does not fit where it must go")                             \
    X(ZC_ENOSYS, 12, "this device or version cannot do that")

typedef enum zc_errno {
#define X(name, number, meaning) name = number,
    ZC_ERRNO_LIST(X)
#undef X
} zc_errno;

typedef int32_t zc_handle;

/* A range of bytes of what a dispatch binds. handle 0: the guest's own memory, offset is the pointer. Else a
 * tensor or scratch handle, offset counts from its start; ZC_WHOLE as length: to its end. */
typedef struct zc_range {
    zc_handle handle;
    uint32_t reserved; /* 0 */
    uint64_t offset;
    uint64_t length;
} zc_range;

#define ZC_WHOLE UINT64_MAX

typedef struct zc_tensor_info {
    uint32_t type; /* zc_weight_type of zcwasm_kernels.h */
    uint32_t ndim;
    uint64_t shape[4]; /* slowest first, as NumPy prints it; unused entries are 1 */
    uint64_t bytes;
} zc_tensor_info;

enum { ZC_LOG_DEBUG, ZC_LOG_INFO, ZC_LOG_WARNING, ZC_LOG_ERROR };

#ifndef ZCWASM_NO_FUNCTIONS /* the host's own code wants types and numbers only */

#define ZC_IMPORT(name) __attribute__((import_module("zcwasm"), import_name(name)))

/* The version of this interface that the host speaks: at least the one the guest was made for. Later versions
 * add functions, kernels and codes, and change none. */
ZC_IMPORT("abi_version") int32_t zc_abi_version(void);
/* The text of this instance's last failure in UTF-8, as much as fits, without a closing zero: its length. */
ZC_IMPORT("error_text") int32_t zc_error_text(char *out, uint32_t size);

/* Handle of the kernel of that name. */
ZC_IMPORT("kernel") zc_handle zc_kernel_find(const char *name, uint32_t name_size);

/* Record one dispatch: into the recording of the next zc_submit or zc_run (sequence 0), or into a sequence that
 * has not been sealed. Returns its index there, from 0. `params` is the kernel's struct of zcwasm_kernels.h. */
ZC_IMPORT("dispatch")
int32_t zc_dispatch(zc_handle sequence, zc_handle kernel, const zc_range *ranges, uint32_t range_count,
                    const void *params, uint32_t params_size);
/* Hand the recording over: a submission handle. It is empty afterwards. */
ZC_IMPORT("submit") zc_handle zc_submit(void);
/* Hand it over and wait for the end: less work than zc_submit and zc_wait. */
ZC_IMPORT("run") int32_t zc_run(void);
/* Forget what was recorded since the last submission. */
ZC_IMPORT("discard") int32_t zc_discard(void);

/* Wait until the submission is done, at most timeout_ns nanoseconds (negative: no limit of its own; the
 * instance's deadline holds anyway). When it is done, its handle is free again, whatever the result. */
ZC_IMPORT("wait") int32_t zc_wait(zc_handle submission, int64_t timeout_ns);
/* 1 when it is done, else 0. The handle stays. */
ZC_IMPORT("poll") int32_t zc_poll(zc_handle submission);

/* Sequences: recorded once, submitted any number of times. */

/* A new, empty sequence: record into it with zc_dispatch, then seal it. */
ZC_IMPORT("sequence_new") zc_handle zc_sequence_new(void);
/* No more dispatches: from now on it can be submitted. */
ZC_IMPORT("sequence_seal") int32_t zc_sequence_seal(zc_handle sequence);
/* Replace `size` bytes at `offset` of the parameters of dispatch `index` of a sealed sequence that is not in flight
 * (ZC_EBUSY). They may need more or fewer bytes than before, as long as the ranges have them. */
ZC_IMPORT("sequence_params")
int32_t zc_sequence_params(zc_handle sequence, uint32_t index, uint32_t offset, const void *bytes, uint32_t size);
/* Submit it, as often as wanted, also while it is in flight: a submission handle. */
ZC_IMPORT("sequence_submit") zc_handle zc_sequence_submit(zc_handle sequence);
/* Submit it and wait for the end: less work than zc_sequence_submit and zc_wait. */
ZC_IMPORT("sequence_run") int32_t zc_sequence_run(zc_handle sequence);
/* Give the handle back; work in flight goes on. */
ZC_IMPORT("sequence_free") int32_t zc_sequence_free(zc_handle sequence);

/* Handle of the tensor of that name in the weights that the host granted: read-only, never in the guest's memory. */
ZC_IMPORT("tensor") zc_handle zc_tensor_find(const char *name, uint32_t name_size);
/* Its type, shape and size. */
ZC_IMPORT("tensor_info") int32_t zc_tensor_get_info(zc_handle tensor, zc_tensor_info *out);

/* Memory of the device's own, for what neither guest nor host needs to see. Contents start undefined. */
ZC_IMPORT("scratch_new") zc_handle zc_scratch_new(uint64_t size);
/* Give it back; ZC_EBUSY while a recording, a sequence or work in flight uses it. */
ZC_IMPORT("scratch_free") int32_t zc_scratch_free(zc_handle scratch);

/* Size of an input: bytes that the host gave this instance by name. */
ZC_IMPORT("input_size") int64_t zc_input_size(const char *name, uint32_t name_size);
/* Copy `size` bytes at `offset` of an input, or as many as there are: how many. */
ZC_IMPORT("input_read")
int64_t zc_input_read(const char *name, uint32_t name_size, uint64_t offset, void *out, uint64_t size);
/* Give bytes to the host under a name, in place of what was given under it before. */
ZC_IMPORT("output_write")
int32_t zc_output_write(const char *name, uint32_t name_size, const void *bytes, uint64_t size);

/* Tell the host something, in UTF-8; `level` is one of ZC_LOG_DEBUG to ZC_LOG_ERROR. */
ZC_IMPORT("log") int32_t zc_log(int32_t level, const char *text, uint32_t size);
/* Monotonic nanoseconds. */
ZC_IMPORT("clock") int64_t zc_clock(void);

#endif /* ZCWASM_NO_FUNCTIONS */

#ifdef __cplusplus
}
#endif

#endif
