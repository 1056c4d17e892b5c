/* zc_cpu_cache: how many bytes elements of a key-value cache take, by its type, ZC_CACHE_*. Pure functions, any thread. */
#ifndef ZC_CPU_CACHE_H
#define ZC_CPU_CACHE_H

#include <stddef.h>
#include <stdint.h>

#include "zcwasm_kernels.h"

/* So many elements side by side; of ZC_CACHE_Q8_0 the numbers, whose scales lie elsewhere. */
static inline size_t zc_cpu_cache_bytes(uint32_t type, size_t elements)
{
    return type == ZC_CACHE_Q8_0 ? elements : elements * (type == ZC_CACHE_F16 ? 2 : 4);
}

/* From one row of `ld` elements to the next. */
static inline size_t zc_cpu_cache_row(uint32_t type, size_t ld)
{
    return type == ZC_CACHE_Q8_0 ? ld + ld / 16 : zc_cpu_cache_bytes(type, ld);
}

#endif
