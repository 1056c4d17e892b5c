/* zc_cpu_linear_split: `linear` of many rows with weights in float32, float16 and bfloat16 by split elements
 * (zc_cpu_split.h).
 *
 * Threads: as zc_cpu_linear_job.h says of jobs.
 */
#ifndef ZC_CPU_LINEAR_SPLIT_H
#define ZC_CPU_LINEAR_SPLIT_H

#include <stdbool.h>

#include "device/cpu/zc_cpu_linear_job.h"

/* Whether the processor can, and exactness was not asked for; f(x), false where there is no memory; the products. */
bool zc_linear_takes_split(const zc_linear_job *j);
bool zc_linear_split_input(zc_linear_job *j);
void zc_linear_by_split(zc_linear_job *j);

#endif
