/* zcwasm.h: what a WebAssembly guest may ask of zcwasm. Import module "zcwasm", version 1.
 *
 * A guest records dispatches of kernels over ranges of its own memory (and over weights and device scratch,
 * which it names by handle), submits them, waits, and reads the results through its own pointers. Nothing is
 * copied: the device works on the guest's memory in place. docs/reference/abi.md explains; zcwasm.Instance(device=...,
 * weights=..., inputs=...) on the host's side grants what may be imported.
 *
 * Rules
 *   - Functions return 0 or a positive value, or -ZCG_E... (the table below). zcg_error_text says more.
 *   - Everything that is passed by pointer is copied and checked before the call returns, and not read again.
 *   - Handles are small positive integers of one kind each. 0 is never one.
 *   - Work runs in the order of its submission. Within a batch, dispatches whose ranges do not conflict may
 *     run at once; others see each other's results in the order of recording. Between a submission and the end
 *     of waiting for it the guest may go on, but must not rely on bytes that the work writes, nor change ones
 *     that it reads: it would spoil its own numbers, and nothing else.
 *
 * Names begin with zcg_ and ZCG_. Those of zcwasm_kernels.h begin with zc_ and ZC_, as the host's own do, because
 * they are the host's own: parameters of kernels mean the same on both sides.
 *
 * SIMD: only the engine wasmtime has it. A guest that gains from it can have two forms, built of one source by the same
 * command without and with -msimd128: `#ifdef __wasm_simd128__` tells them apart, and vectors of the compiler
 * (`__attribute__((vector_size(16)))`) need not even that. The host takes the form that its engine has, by
 * zcwasm.engines(): examples/filter.c and filter.py. What computes by kernels of the device gains nothing.
 *
 * C11 and C++; no library is needed. A guest that uses none of these functions imports none of them.
 */
#ifndef ZCWASM_H
#define ZCWASM_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define ZCG_ABI_VERSION 1

/* code, number, meaning */
#define ZCG_ERRNO_LIST(X)                                                                           \
    X(ZCG_EINVAL, 1, "a value that is not allowed")                                                 \
    X(ZCG_EFAULT, 2, "a pointer or range that does not lie inside the guest's memory")              \
    X(ZCG_EBADF, 3, "a handle that is not one, or of another kind")                                 \
    X(ZCG_ENOENT, 4, "no kernel, tensor or input of that name")                                     \
    X(ZCG_ENOMEM, 5, "the machine, or a limit of the host, has no room for it")                     \
    X(ZCG_EBOUNDS, 6, "a range that is shorter than the kernel needs, or not inside what it names") \
    X(ZCG_EACCES, 7, "not granted, or a write to read-only weights")                                \
    X(ZCG_EBUSY, 8, "still in flight")                                                              \
    X(ZCG_ETIMEDOUT, 9, "not done when the time was over")                                          \
    X(ZCG_EIO, 10, "the device reported an error")                                                  \
    X(ZCG_EOVERFLOW, 11, "a number that does not fit where it must go")                             \
    X(ZCG_ENOSYS, 12, "this device or version cannot do that")

typedef enum zcg_errno {
#define X(name, number, meaning) name = number,
    ZCG_ERRNO_LIST(X)
#undef X
} zcg_errno;

typedef int32_t zcg_handle;

/* A range of bytes of what a dispatch binds. handle 0: the guest's own memory, offset is the pointer. Else a
 * tensor or scratch handle, offset counts from its start; ZCG_WHOLE as length: to its end. */
typedef struct zcg_range {
    zcg_handle handle;
    uint32_t reserved; /* 0 */
    uint64_t offset;
    uint64_t length;
} zcg_range;

#define ZCG_WHOLE UINT64_MAX

typedef struct zcg_tensor_info {
    uint32_t type; /* zc_weight_type of zcwasm_kernels.h */
    uint32_t ndim;
    uint64_t shape[4]; /* slowest first, as NumPy prints it; unused entries are 1 */
    uint64_t bytes;
} zcg_tensor_info;

enum { ZCG_LOG_DEBUG, ZCG_LOG_INFO, ZCG_LOG_WARNING, ZCG_LOG_ERROR };

#ifdef __wasm__
#define ZCG_IMPORT(name) __attribute__((import_module("zcwasm"), import_name(name)))
#else
#define ZCG_IMPORT(name) /* the host's own code includes this header for the types and numbers */
#endif

/* The version of this interface that the host speaks: at least the one the guest was made for. Later versions
 * add functions, kernels and codes, and change none. */
ZCG_IMPORT("abi_version") int32_t zcg_abi_version(void);
/* The text of this instance's last failure in UTF-8, as much as fits, without a closing zero: its length. */
ZCG_IMPORT("error_text") int32_t zcg_error_text(char *out, uint32_t size);

/* Handle of the kernel of that name. */
ZCG_IMPORT("kernel") zcg_handle zcg_kernel_find(const char *name, uint32_t name_size);

/* Record one dispatch: into the batch of the next zcg_submit or zcg_run (sequence 0), or into a sequence that
 * has not been sealed. Returns its index there, from 0. `params` is the kernel's struct of zcwasm_kernels.h. */
ZCG_IMPORT("dispatch")
int32_t zcg_dispatch(zcg_handle sequence, zcg_handle kernel, const zcg_range *ranges, uint32_t range_count,
                     const void *params, uint32_t params_size);
/* Hand the batch over: a submission handle. It is empty afterwards. */
ZCG_IMPORT("submit") zcg_handle zcg_submit(void);
/* Hand it over and wait for the end: less work than zcg_submit and zcg_wait. */
ZCG_IMPORT("run") int32_t zcg_run(void);
/* Forget what was recorded since the last submission. */
ZCG_IMPORT("discard") int32_t zcg_discard(void);

/* Wait until the submission is done, at most timeout_ns nanoseconds (negative: no limit of its own; the
 * instance's deadline holds anyway). When it is done, its handle is free again, whatever the result. */
ZCG_IMPORT("wait") int32_t zcg_wait(zcg_handle submission, int64_t timeout_ns);
/* 1 when it is done, else 0. The handle stays. */
ZCG_IMPORT("poll") int32_t zcg_poll(zcg_handle submission);

/* Sequences: recorded once, submitted any number of times. */

/* A new, empty sequence: record into it with zcg_dispatch, then seal it. */
ZCG_IMPORT("sequence_new") zcg_handle zcg_sequence_new(void);
/* No more dispatches: from now on it can be submitted. */
ZCG_IMPORT("sequence_seal") int32_t zcg_sequence_seal(zcg_handle sequence);
/* Replace `size` bytes at `offset` of the parameters of dispatch `index` of a sealed sequence that is not in flight
 * (ZCG_EBUSY). They may need more or fewer bytes than before, as long as the ranges have them. */
ZCG_IMPORT("sequence_params")
int32_t zcg_sequence_params(zcg_handle sequence, uint32_t index, uint32_t offset, const void *bytes, uint32_t size);
/* Submit it, as often as wanted, also while it is in flight: a submission handle. */
ZCG_IMPORT("sequence_submit") zcg_handle zcg_sequence_submit(zcg_handle sequence);
/* Submit it and wait for the end: less work than zcg_sequence_submit and zcg_wait. */
ZCG_IMPORT("sequence_run") int32_t zcg_sequence_run(zcg_handle sequence);
/* Give the handle back; work in flight goes on. */
ZCG_IMPORT("sequence_free") int32_t zcg_sequence_free(zcg_handle sequence);

/* Handle of the tensor of that name in the weights that the host granted: read-only, never in the guest's memory. */
ZCG_IMPORT("tensor") zcg_handle zcg_tensor_find(const char *name, uint32_t name_size);
/* Its type, shape and size. */
ZCG_IMPORT("tensor_info") int32_t zcg_tensor_get_info(zcg_handle tensor, zcg_tensor_info *out);

/* Memory of the device's own, for what neither guest nor host needs to see. Contents start undefined. */
ZCG_IMPORT("scratch_new") zcg_handle zcg_scratch_new(uint64_t size);
/* Give it back; ZCG_EBUSY while a batch, a sequence or work in flight uses it. */
ZCG_IMPORT("scratch_free") int32_t zcg_scratch_free(zcg_handle scratch);

/* Copy `size` of the guest's own bytes to `offset` of scratch, after all that was submitted before: a mirror of memory
 * that the device reads over and over. The one copy that a guest may ask for; it is counted as "mirrored". */
ZCG_IMPORT("mirror") int32_t zcg_mirror(zcg_handle scratch, uint64_t offset, const void *bytes, uint64_t size);

/* Size of an input: bytes that the host gave this instance by name. */
ZCG_IMPORT("input_size") int64_t zcg_input_size(const char *name, uint32_t name_size);
/* Copy `size` bytes at `offset` of an input, or as many as there are: how many. */
ZCG_IMPORT("input_read")
int64_t zcg_input_read(const char *name, uint32_t name_size, uint64_t offset, void *out, uint64_t size);
/* Give bytes to the host under a name, in place of what was given under it before. */
ZCG_IMPORT("output_write")
int32_t zcg_output_write(const char *name, uint32_t name_size, const void *bytes, uint64_t size);

/* Tell the host something, in UTF-8; `level` is one of ZCG_LOG_DEBUG to ZCG_LOG_ERROR. */
ZCG_IMPORT("log") int32_t zcg_log(int32_t level, const char *text, uint32_t size);
/* Monotonic nanoseconds. */
ZCG_IMPORT("clock") int64_t zcg_clock(void);

#ifdef __cplusplus
}
#endif

#endif
