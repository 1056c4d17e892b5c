/* zc_cpu_linear_blas: `linear` in float32 by the system's BLAS (zc_cpu_blas.h): with tiles of weights that all threads
 * unpack together, or with float32 weights where they lie.
 *
 * Threads: as zc_cpu_linear_job.h says of jobs.
 */
#ifndef ZC_CPU_LINEAR_BLAS_H
#define ZC_CPU_LINEAR_BLAS_H

#include <stdbool.h>

#include "device/cpu/zc_cpu_linear_job.h"

/* Whether the system has one that takes these many rows; the products with f(x). */
bool zc_linear_takes_blas(const zc_linear_job *j);
void zc_linear_by_blas(zc_linear_job *j);

#endif
