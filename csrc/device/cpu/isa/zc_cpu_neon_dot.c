/* zc_cpu_neon_dot: products in fixed point for arm64 with dot products of bytes (sdot: from 2018 on, every Apple
 * Silicon), and with products of matrices of bytes (i8mm, smmla: from 2021 on, Apple's M2) for many rows; an empty
 * unit elsewhere. zc_cpu_neon_fixed.inc has one row of x; here are many.
 */
#include "device/cpu/zc_cpu_ops.h"

#if defined(ZC_NEON_DOT)
#include <arm_neon.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "device/cpu/zc_cpu_integer.h"
#include "device/cpu/zc_cpu_quant.h"

#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("dotprod"))), apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("arch=armv8.2-a+dotprod")
#endif

#define INLINE static inline __attribute__((always_inline))

/* One accumulator does both planes: the high bytes first, a shift by eight, the low bytes. */
INLINE int32x4_t products_of_32(bool bytes, const int8x16_t w[2], const int8x16_t x[4])
{
    int32x4_t sum = vdotq_s32(vdotq_s32(vdupq_n_s32(0), w[0], x[0]), w[1], x[1]);
    (void)bytes;
    return vdotq_s32(vdotq_s32(vshlq_n_s32(sum, 8), w[0], x[2]), w[1], x[3]);
}

INLINE int32x4_t products_of_16(int8x16_t w, int8x16_t high, int8x16_t low)
{
    return vdotq_s32(vshlq_n_s32(vdotq_s32(vdupq_n_s32(0), w, high), 8), w, low);
}

#include "device/cpu/isa/zc_cpu_neon_fixed.inc"

#if defined(__clang__)
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif

const zc_cpu_integer zc_cpu_integer_neondot = {.fix = fix, .dots = dots};

#else
typedef int zc_cpu_neon_dot_is_empty_here;
#endif
