/* zc_cpu_neon_bytes: products in fixed point for an arm64 without dot products, one row of x at a time; an empty
 * unit elsewhere. Bytes are multiplied to 16 bits, where the products of small weights are also added: four of at
 * most 63 * 128 fit. */
#if defined(__aarch64__)
#include <arm_neon.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "device/cpu/zc_cpu_integer.h"
#include "device/cpu/zc_cpu_ops.h"
#include "device/cpu/zc_cpu_quant.h"

#define INLINE static inline __attribute__((always_inline))

INLINE int16x8_t two_products(int8x16_t w, int8x16_t x)
{
    return vmlal_high_s8(vmull_s8(vget_low_s8(w), vget_low_s8(x)), w, x);
}

INLINE int16x8_t four_products(const int8x16_t w[2], const int8x16_t x[2])
{
    return vmlal_high_s8(vmlal_s8(two_products(w[0], x[0]), vget_low_s8(w[1]), vget_low_s8(x[1])), w[1], x[1]);
}

INLINE int32x4_t products_of_32(bool bytes, const int8x16_t w[2], const int8x16_t x[4])
{
    if (!bytes) {
        int32x4_t high = vshlq_n_s32(vpaddlq_s16(four_products(w, x)), 8);
        return vpadalq_s16(high, four_products(w, x + 2));
    }
    /* Two of -128 * -127 fit, two of -128 * -128 do not: only the low plane has -128. */
    int32x4_t sum = vpadalq_s16(vpaddlq_s16(two_products(w[0], x[0])), two_products(w[1], x[1]));
    sum = vshlq_n_s32(sum, 8);
    ZC_UNROLL(2)
    for (int i = 0; i < 2; i++) {
        sum = vpadalq_s16(sum, vmull_s8(vget_low_s8(w[i]), vget_low_s8(x[2 + i])));
        sum = vpadalq_s16(sum, vmull_high_s8(w[i], x[2 + i]));
    }
    return sum;
}

INLINE int32x4_t products_of_16(int8x16_t w, int8x16_t high, int8x16_t low)
{
    return vpadalq_s16(vshlq_n_s32(vpaddlq_s16(two_products(w, high)), 8), two_products(w, low));
}

#include "device/cpu/isa/zc_cpu_neon_fixed.inc"

const zc_cpu_integer zc_cpu_integer_neon = {.fix = fix, .dots = dots};

#else
typedef int zc_cpu_neon_bytes_is_empty_here;
#endif
