/* zc_cpu: the compute half of the cpu device: SIMD kernels and the threads they run on.
 *
 * zc_device_cpu.c (queues, submissions, the vtable) calls zc_cpu_run with pointers and parameters that
 * zc_dispatch.c has checked; nothing here checks bounds again, allocates per call on the hot path, or knows
 * of regions, guests or Python.
 *
 * The threads are one set per process, started at first use (zc_cpu_threads.h). zc_cpu_run may be called from any
 * thread: the caller works too, and callers share the workers. Results do not depend on the number of
 * threads: work is cut into blocks whose shape depends on the parameters only, and partial results are
 * combined in a fixed order; large products of Accelerate's are an exception (zc_cpu_blas.h). After fork the child
 * starts its own threads.
 */
#ifndef ZC_CPU_H
#define ZC_CPU_H

#include <stdatomic.h>
#include <stdbool.h>

#include "device/zc_device.h"

/* Run one built-in kernel to its end. bindings[i] points at the first element of binding i; params is
 * the kernel's own struct. threads: how many threads may work, the caller included; 0 for as many as the process
 * may use (CPU affinity and cgroup quota counted), and never more than that, or than 64. ZC_NO_MEMORY when workspace
 * cannot be had; outputs are then undefined.
 * cancel: NULL, or a flag that another thread may set: within some milliseconds the call then ends with ZC_CANCELLED,
 * its outputs written in part. */
zc_status zc_cpu_run(zc_kernel_id id, void *const bindings[], const void *params, unsigned threads,
                     const _Atomic bool *cancel, zc_error *error);

/* Run code over rows: lengths[i] is that of binding i in bytes, `params` begins with the numbers of workgroups. Of rows
 * that fail the first one that did is told, and those after it may not have run. Threads and cancel as above. */
zc_status zc_cpu_run_rows(const zc_row_code *code, void *const bindings[], const uint64_t lengths[], unsigned count,
                          const uint32_t *params, unsigned threads, const _Atomic bool *cancel, zc_error *error);

/* CPUs that this process may use: affinity and cgroup quota counted, at least 1. */
unsigned zc_cpu_count(void);
/* "amx", "avx512vnni", "avx512", "avx2vnni", "avx2", "neoni8mm", "neondot", "neon" or "baseline": the instruction set
 * chosen at first use. The environment variable ZCWASM_ISA forces a lower one (a name that this machine lacks is ignored). */
const char *zc_cpu_isa(void);
/* The i-th of those that this build knows, the best first, and whether this machine has it; NULL after the last. */
const char *zc_cpu_known_isa(size_t i, bool *here);

#endif
