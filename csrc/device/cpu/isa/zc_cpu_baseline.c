/* zc_cpu_baseline: the table for machines with nothing better: SSE2 on x86-64, four floats in the
 * compiler's own vectors elsewhere; an empty unit on arm64, where zc_cpu_neon.c is the baseline. What the
 * definitions mean is in zc_cpu_avx512.c; vf_fma is a product and a sum here, rounded twice. */
#if !defined(__aarch64__)
#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "device/cpu/zc_cpu_ops.h"
#include "device/cpu/zc_cpu_quant.h"

/* Where the machine could fuse what vf_fma spells as two operations, it must not do so here and there. */
#if defined(__clang__)
#pragma STDC FP_CONTRACT OFF
#endif

#define INLINE_OP static inline __attribute__((always_inline))

typedef float vf __attribute__((vector_size(16)));
typedef double vd __attribute__((vector_size(16)));
typedef int32_t vi __attribute__((vector_size(16)));
typedef vi vn;
#define VW ((size_t)4)
#define MR 6

INLINE_OP vf vf_load(const float *p)
{
    vf v;
    memcpy(&v, p, sizeof v);
    return v;
}

INLINE_OP void vf_store(float *p, vf v)
{
    memcpy(p, &v, sizeof v);
}

INLINE_OP vf vf_loadn_or(const float *p, size_t n, vf other)
{
    for (size_t i = 0; i < n && i < VW; i++) {
        other[i] = p[i];
    }
    return other;
}

INLINE_OP void vf_storen(float *p, vf v, size_t n)
{
    for (size_t i = 0; i < n && i < VW; i++) {
        p[i] = v[i];
    }
}

INLINE_OP vf vf_firstn(vf v, size_t n)
{
    for (size_t i = n; i < VW; i++) {
        v[i] = 0.0f;
    }
    return v;
}

INLINE_OP vf vf_set1(float x)
{
    return (vf){x, x, x, x};
}

INLINE_OP void vf_store_half(uint16_t *p, vf v)
{
    for (size_t i = 0; i < VW; i++) {
        p[i] = zc_float_to_half(v[i]);
    }
}

#define vf_loadn(p, n) vf_loadn_or(p, n, vf_set1(0.0f))
#define vf_fma(a, b, c) ((a) * (b) + (c))
#define vf_unless_less(v, a, b) ((vf)((vi)(v) & ~(vi)((a) < (b))))

#if defined(__SSE2__)
#include <emmintrin.h>
#ifdef __SSSE3__ /* as on every x86 Mac */
#include <tmmintrin.h>
#endif
#define vf_max(a, b) _mm_max_ps(a, b)
#else
INLINE_OP vf vf_max(vf a, vf b)
{
    vi greater = a > b;
    return (vf)(((vi)a & greater) | ((vi)b & ~greater));
}
#endif

/* Adding 1.5 * 2^23 leaves no room for a fraction, for |x| < 2^22. */
INLINE_OP vf vf_round(vf x)
{
    const vf magic = vf_set1(12582912.0f);
    return (x + magic) - magic;
}

/* n is an integer from -150 to 0; in two factors because 2^-150 is no normal number. */
INLINE_OP vf vf_scale2(vf x, vf n)
{
    const vf magic = vf_set1(12582912.0f);
    vi whole = (vi)(n + magic) - (vi)magic, half = whole >> 1;
    vf a = (vf)((half + 127) << 23), b = (vf)((whole - half + 127) << 23);
    return (x * a) * b;
}

INLINE_OP vd vd_low(vf v)
{
    return (vd){(double)v[0], (double)v[1]};
}

INLINE_OP vd vd_high(vf v)
{
    return (vd){(double)v[2], (double)v[3]};
}

#define vn_none() ((vi){0, 0, 0, 0})
#define vn_add(nan, a, b) ((nan) | ((a) != (a)) | ((b) != (b)))
#define vn_any(nan) (((nan)[0] | (nan)[1] | (nan)[2] | (nan)[3]) != 0)
#define vd_zero() ((vd){0.0, 0.0})
#define vd_store(p, v) memcpy(p, &(vd){(v)[0], (v)[1]}, sizeof(vd))
#define vf_load_half(p) \
    ((vf){zc_half_to_float((p)[0]), zc_half_to_float((p)[1]), zc_half_to_float((p)[2]), zc_half_to_float((p)[3])})
#define vf_from_nibbles(p, shift)                                                                            \
    ((vf){(float)((p)[0] >> (shift) & 15), (float)((p)[1] >> (shift) & 15), (float)((p)[2] >> (shift) & 15), \
          (float)((p)[3] >> (shift) & 15)})
#define vf_from_i8(p) ((vf){(float)(p)[0], (float)(p)[1], (float)(p)[2], (float)(p)[3]})
#define vf_set1_half(p) vf_set1(zc_half_to_float(*(p)))
#define half_to_float(h) zc_half_to_float(h)
#define vf_load_bf16(p) ((vf)((vi){(p)[0], (p)[1], (p)[2], (p)[3]} << 16))
#define zc_prefetch_write(p) __builtin_prefetch(p, 1)

INLINE_OP void vf_transpose(vf v[4])
{
#if defined(__SSE2__)
    _MM_TRANSPOSE4_PS(v[0], v[1], v[2], v[3]);
#else
    for (int i = 0; i < 4; i++) {
        for (int j = 0; j < i; j++) {
            float t = v[i][j];
            v[i][j] = v[j][i];
            v[j][i] = t;
        }
    }
#endif
}

INLINE_OP vf vf_sums(size_t count, vf *v)
{
    (void)count;
    vf_transpose(v);
    return (v[0] + v[1]) + (v[2] + v[3]);
}

#define KEYS_OF_1 8
#define KEYS_OF_2 4
#define KEYS_OF_3 4
#define KEYS_OF_4 2
#define VECTORS_OF_1 8
#define VECTORS_OF_2 4
#define VECTORS_OF_3 4
#define VECTORS_OF_4 2

#include "device/cpu/isa/zc_cpu_kernels.inc"
#include "device/cpu/isa/zc_cpu_gemm.inc"
#include "device/cpu/isa/zc_cpu_llm.inc"
#include "device/cpu/isa/zc_cpu_dequantize.inc"

const zc_cpu_ops zc_cpu_ops_baseline = ZC_OPS_TABLE("baseline", NULL, NULL);

#else
typedef int zc_cpu_baseline_is_empty_here;
#endif
