/* zc_cpu_neon: the table for arm64, where NEON is always there; an empty unit elsewhere. What the
 * definitions mean is in zc_cpu_avx512.c. */
#if defined(__aarch64__)
#include <arm_neon.h>
#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "device/cpu/zc_cpu_ops.h"
#include "device/cpu/zc_cpu_quant.h"

#define INLINE_OP static inline __attribute__((always_inline))

typedef float32x4_t vf;
typedef float64x2_t vd;
typedef uint32x4_t vn;
#define VW ((size_t)4)
#define MR 12

INLINE_OP vf vf_loadn_or(const float *p, size_t n, vf other)
{
    if (n > 0) {
        other = vld1q_lane_f32(p, other, 0);
    }
    if (n > 1) {
        other = vld1q_lane_f32(p + 1, other, 1);
    }
    if (n > 2) {
        other = vld1q_lane_f32(p + 2, other, 2);
    }
    if (n > 3) {
        other = vld1q_lane_f32(p + 3, other, 3);
    }
    return other;
}

INLINE_OP void vf_storen(float *p, vf v, size_t n)
{
    if (n > 0) {
        vst1q_lane_f32(p, v, 0);
    }
    if (n > 1) {
        vst1q_lane_f32(p + 1, v, 1);
    }
    if (n > 2) {
        vst1q_lane_f32(p + 2, v, 2);
    }
    if (n > 3) {
        vst1q_lane_f32(p + 3, v, 3);
    }
}

INLINE_OP vf vf_firstn(vf v, size_t n)
{
    static const uint32_t table[8] = {~0u, ~0u, ~0u, ~0u, 0, 0, 0, 0};
    return vreinterpretq_f32_u32(vandq_u32(vreinterpretq_u32_f32(v), vld1q_u32(table + 4 - n)));
}

/* n is an integer from -150 to 0; in two factors because 2^-150 is no normal number. */
INLINE_OP vf vf_scale2(vf x, vf n)
{
    int32x4_t whole = vcvtq_s32_f32(n), half = vshrq_n_s32(whole, 1);
    int32x4_t rest = vsubq_s32(whole, half), bias = vdupq_n_s32(127);
    vf a = vreinterpretq_f32_s32(vshlq_n_s32(vaddq_s32(half, bias), 23));
    vf b = vreinterpretq_f32_s32(vshlq_n_s32(vaddq_s32(rest, bias), 23));
    return vmulq_f32(vmulq_f32(x, a), b);
}

#define vf_load(p) vld1q_f32(p)
#define vf_store(p, v) vst1q_f32(p, v)
#define vf_loadn(p, n) vf_loadn_or(p, n, vdupq_n_f32(0.0f))
#define vf_set1(x) vdupq_n_f32(x)
#define vf_fma(a, b, c) vfmaq_f32(c, a, b)
#define vf_max(a, b) vmaxq_f32(a, b)
#define vf_unless_less(v, a, b) vreinterpretq_f32_u32(vbicq_u32(vreinterpretq_u32_f32(v), vcltq_f32(a, b)))
#define vf_round(x) vrndnq_f32(x)
#define vn_none() vdupq_n_u32(0)
/* vmaxq hands a NaN on by itself, but which lane wins is then up to scalar code; so collect as elsewhere. */
#define vn_add(nan, a, b) vorrq_u32(nan, vmvnq_u32(vandq_u32(vceqq_f32(a, a), vceqq_f32(b, b))))
#define vn_any(nan) (vmaxvq_u32(nan) != 0)
#define vd_zero() vdupq_n_f64(0.0)
#define vd_low(v) vcvt_f64_f32(vget_low_f32(v))
#define vd_high(v) vcvt_high_f64_f32(v)
#define vd_store(p, v) vst1q_f64(p, v)
#define vf_load_half(p) vcvt_f32_f16(vld1_f16((const float16_t *)(p)))
#define vf_store_half(p, v) vst1_f16((float16_t *)(p), vcvt_f16_f32(v))
INLINE_OP uint8x8_t four_bytes(const void *p)
{
    uint32_t four;
    memcpy(&four, p, sizeof four);
    return vreinterpret_u8_u32(vdup_n_u32(four));
}

#define vf_from_nibbles(p, shift)                                                                               \
    vcvtq_f32_u32(vandq_u32(vshlq_u32(vmovl_u16(vget_low_u16(vmovl_u8(four_bytes(p)))), vdupq_n_s32(-(shift))), \
                            vdupq_n_u32(15)))
#define vf_from_i8(p) vcvtq_f32_s32(vmovl_s16(vget_low_s16(vmovl_s8(vreinterpret_s8_u8(four_bytes(p))))))
#define vf_set1_half(p) vcvt_f32_f16(vld1_dup_f16((const float16_t *)(p)))
#define half_to_float(h) zc_half_to_float(h)
#define vf_load_bf16(p) vreinterpretq_f32_u32(vshll_n_u16(vld1_u16(p), 16))
#define zc_prefetch_write(p) __builtin_prefetch(p, 1)

INLINE_OP void vf_transpose(vf v[4])
{
    float32x4x2_t a = vtrnq_f32(v[0], v[1]), b = vtrnq_f32(v[2], v[3]);
    v[0] = vcombine_f32(vget_low_f32(a.val[0]), vget_low_f32(b.val[0]));
    v[1] = vcombine_f32(vget_low_f32(a.val[1]), vget_low_f32(b.val[1]));
    v[2] = vcombine_f32(vget_high_f32(a.val[0]), vget_high_f32(b.val[0]));
    v[3] = vcombine_f32(vget_high_f32(a.val[1]), vget_high_f32(b.val[1]));
}

#define vf_sums(count, v) vpaddq_f32(vpaddq_f32((v)[0], (v)[1]), vpaddq_f32((v)[2], (v)[3]))
#define KEYS_OF_1 8
#define KEYS_OF_2 8
#define KEYS_OF_3 4
#define KEYS_OF_4 4
#define VECTORS_OF_1 8
#define VECTORS_OF_2 8
#define VECTORS_OF_3 4
#define VECTORS_OF_4 4

#include "device/cpu/isa/zc_cpu_kernels.inc"
#include "device/cpu/isa/zc_cpu_gemm.inc"
#include "device/cpu/isa/zc_cpu_llm.inc"
#include "device/cpu/isa/zc_cpu_dequantize.inc"

const zc_cpu_ops zc_cpu_ops_neon = ZC_OPS_TABLE("neon", &zc_cpu_integer_neon, NULL);
#if defined(ZC_NEON_DOT)
const zc_cpu_ops zc_cpu_ops_neondot = ZC_OPS_TABLE("neondot", &zc_cpu_integer_neondot, NULL);
#endif
#if defined(ZC_NEON_I8MM)
const zc_cpu_ops zc_cpu_ops_neoni8mm = ZC_OPS_TABLE("neoni8mm", &zc_cpu_integer_neoni8mm, NULL);
#endif

#else
typedef int zc_cpu_neon_is_empty_here;
#endif
