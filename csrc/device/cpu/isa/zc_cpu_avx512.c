/* zc_cpu_avx512: the tables for AVX-512 (F, DQ, BW, VL), without and with VNNI and AMX; an empty unit elsewhere.
 *
 * What an instruction set defines for the .inc files: VW floats in a vf; loads and stores at any address,
 * whole, of the first n (the rest reads as 0, or as `other`); fused multiply-add a * b + c; vf_max(a, b)
 * that gives b (or NaN) when one is NaN; vf_unless_less(v, a, b): v, or 0 where a < b; vf_round to the nearest integer;
 * vf_scale2(x, n) = x * 2^n with one rounding; vn, which collects whether a NaN was seen; vd, half of a vf as doubles;
 * vf_transpose of a square in place; zc_prefetch_write. Operators + - * work on vf and vd.
 *
 * The target is set here and not on the command line, so that one build runs on every x86-64.
 */
#if defined(__x86_64__)
#include <immintrin.h>
#include <math.h>
#include <stddef.h>
#include <stdint.h>

#include "device/cpu/zc_cpu_ops.h"
#include "device/cpu/zc_cpu_quant.h"

#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx512f,avx512dq,avx512bw,avx512vl,avx2,fma,f16c"))), \
                             apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("avx512f,avx512dq,avx512bw,avx512vl,avx2,fma,f16c")
#endif

typedef __m512 vf;
typedef __m512d vd;
typedef __mmask16 vn;
#define VW ((size_t)16)
#define MR 12

#define FIRST(n) ((__mmask16)((1u << (n)) - 1))

#define vf_load(p) _mm512_loadu_ps(p)
#define vf_store(p, v) _mm512_storeu_ps(p, v)
#define vf_loadn(p, n) _mm512_maskz_loadu_ps(FIRST(n), p)
#define vf_loadn_or(p, n, other) _mm512_mask_loadu_ps(other, FIRST(n), p)
#define vf_storen(p, v, n) _mm512_mask_storeu_ps(p, FIRST(n), v)
#define vf_firstn(v, n) _mm512_maskz_mov_ps(FIRST(n), v)
#define vf_set1(x) _mm512_set1_ps(x)
#define vf_fma(a, b, c) _mm512_fmadd_ps(a, b, c)
#define vf_max(a, b) _mm512_max_ps(a, b)
#define vf_unless_less(v, a, b) _mm512_maskz_mov_ps(_mm512_cmp_ps_mask(a, b, _CMP_NLT_UQ), v)
#define vf_round(x) _mm512_roundscale_ps(x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC)
#define vf_scale2(x, n) _mm512_scalef_ps(x, n)
#define vn_none() ((__mmask16)0)
#define vn_add(nan, a, b) ((__mmask16)((nan) | _mm512_cmp_ps_mask(a, b, _CMP_UNORD_Q)))
#define vn_any(nan) ((nan) != 0)
#define vd_zero() _mm512_setzero_pd()
#define vd_low(v) _mm512_cvtps_pd(_mm512_castps512_ps256(v))
#define vd_high(v) _mm512_cvtps_pd(_mm512_extractf32x8_ps(v, 1))
#define vd_store(p, v) _mm512_storeu_pd(p, v)
#define vf_load_half(p) _mm512_cvtph_ps(_mm256_loadu_si256((const __m256i *)(p)))
#define vf_store_half(p, v) _mm256_storeu_si256((__m256i *)(p), _mm512_cvtps_ph(v, 0))
#define vf_from_nibbles(p, shift)        \
    _mm512_cvtepi32_ps(_mm512_and_si512( \
        _mm512_srli_epi32(_mm512_cvtepu8_epi32(_mm_loadu_si128((const __m128i *)(p))), shift), _mm512_set1_epi32(15)))
#define vf_from_i8(p) _mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(_mm_loadu_si128((const __m128i *)(p))))
#define vf_set1_half(p) _mm512_cvtph_ps(_mm256_set1_epi16(*(const int16_t *)(p)))
#define half_to_float(h) _cvtsh_ss(h)
#define vf_load_bf16(p) \
    _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(_mm256_loadu_si256((const __m256i *)(p))), 16))
#define zc_prefetch_write(p) _mm_prefetch((const char *)(p), _MM_HINT_T0)

static inline __attribute__((always_inline)) void vf_transpose(vf v[16])
{
    vf w[16];
    ZC_UNROLL(4)
    for (int i = 0; i < 16; i += 4) { /* 4 x 4 inside each 128-bit lane */
        vf a = _mm512_unpacklo_ps(v[i], v[i + 1]), b = _mm512_unpackhi_ps(v[i], v[i + 1]);
        vf c = _mm512_unpacklo_ps(v[i + 2], v[i + 3]), d = _mm512_unpackhi_ps(v[i + 2], v[i + 3]);
        w[i] = (vf)_mm512_unpacklo_pd((vd)a, (vd)c);
        w[i + 1] = (vf)_mm512_unpackhi_pd((vd)a, (vd)c);
        w[i + 2] = (vf)_mm512_unpacklo_pd((vd)b, (vd)d);
        w[i + 3] = (vf)_mm512_unpackhi_pd((vd)b, (vd)d);
    }
    ZC_UNROLL(4)
    for (int i = 0; i < 4; i++) { /* then 4 x 4 of the lanes */
        vf a = _mm512_shuffle_f32x4(w[i], w[i + 4], 0x88), b = _mm512_shuffle_f32x4(w[i], w[i + 4], 0xdd);
        vf c = _mm512_shuffle_f32x4(w[i + 8], w[i + 12], 0x88);
        vf d = _mm512_shuffle_f32x4(w[i + 8], w[i + 12], 0xdd);
        v[i] = _mm512_shuffle_f32x4(a, c, 0x88);
        v[i + 4] = _mm512_shuffle_f32x4(b, d, 0x88);
        v[i + 8] = _mm512_shuffle_f32x4(a, c, 0xdd);
        v[i + 12] = _mm512_shuffle_f32x4(b, d, 0xdd);
    }
}

static inline __attribute__((always_inline)) vf vf_sums(const size_t count, vf *v)
{
    const size_t quarters = count / 8;
    ZC_UNROLL(8)
    for (size_t i = 0; i < count / 2; i++) {
        v[i] = _mm512_unpacklo_ps(v[2 * i], v[2 * i + 1]) + _mm512_unpackhi_ps(v[2 * i], v[2 * i + 1]);
    }
    ZC_UNROLL(4)
    for (size_t i = 0; i < count / 4; i++) {
        vd a = (vd)v[2 * i], b = (vd)v[2 * i + 1];
        v[i] = (vf)_mm512_unpacklo_pd(a, b) + (vf)_mm512_unpackhi_pd(a, b);
    }
    ZC_UNROLL(2)
    for (size_t i = 0; i < quarters; i++) {
        v[i] = _mm512_shuffle_f32x4(v[2 * i], v[2 * i + 1], 0x88) + _mm512_shuffle_f32x4(v[2 * i], v[2 * i + 1], 0xdd);
    }
    return _mm512_shuffle_f32x4(v[0], v[quarters - 1], 0x88) + _mm512_shuffle_f32x4(v[0], v[quarters - 1], 0xdd);
}

#define KEYS_OF_1 16
#define KEYS_OF_2 8
#define KEYS_OF_3 8
#define KEYS_OF_4 4
#define VECTORS_OF_1 8
#define VECTORS_OF_2 8
#define VECTORS_OF_3 4
#define VECTORS_OF_4 4

#include "device/cpu/isa/zc_cpu_kernels.inc"
#include "device/cpu/isa/zc_cpu_gemm.inc"
#include "device/cpu/isa/zc_cpu_llm.inc"
#include "device/cpu/isa/zc_cpu_dequantize.inc"

#if defined(__clang__)
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif

const zc_cpu_ops zc_cpu_ops_avx512 = ZC_OPS_TABLE("avx512", &zc_cpu_integer_avx512, NULL);
const zc_cpu_ops zc_cpu_ops_vnni = ZC_OPS_TABLE("avx512vnni", &zc_cpu_integer_vnni, NULL);
#if ZC_HAS_AMX
const zc_cpu_ops zc_cpu_ops_amx = ZC_OPS_TABLE("amx", &zc_cpu_integer_amx, &zc_cpu_split_amx);
#endif

#else
typedef int zc_cpu_avx512_is_empty_here;
#endif
