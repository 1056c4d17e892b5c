/* zc_cpu_avx2: the tables for AVX2 with FMA, without and with AVX-VNNI; an empty unit elsewhere. What the definitions
 * mean is in zc_cpu_avx512.c. */
#if defined(__x86_64__)
#include <immintrin.h>
#include <math.h>
#include <stddef.h>
#include <stdint.h>

#include "device/cpu/zc_cpu_ops.h"
#include "device/cpu/zc_cpu_quant.h"

#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx2,fma,f16c"))), apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("avx2,fma,f16c")
#endif

typedef __m256 vf;
typedef __m256d vd;
typedef __m256 vn;
#define VW ((size_t)8)
#define MR 6

static const int32_t first_table[16] = {-1, -1, -1, -1, -1, -1, -1, -1, 0, 0, 0, 0, 0, 0, 0, 0};

static inline __attribute__((always_inline)) __m256i first(size_t n)
{
    return _mm256_loadu_si256((const __m256i *)(first_table + 8 - n));
}

/* vf_scale2: n is an integer from -150 to 0; in two factors because 2^-150 is no normal number. */
static inline __attribute__((always_inline)) vf vf_scale2(vf x, vf n)
{
    __m256i whole = _mm256_cvtps_epi32(n), half = _mm256_srai_epi32(whole, 1);
    __m256i rest = _mm256_sub_epi32(whole, half), bias = _mm256_set1_epi32(127);
    vf a = _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_add_epi32(half, bias), 23));
    vf b = _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_add_epi32(rest, bias), 23));
    return (x * a) * b;
}

#define vf_load(p) _mm256_loadu_ps(p)
#define vf_store(p, v) _mm256_storeu_ps(p, v)
#define vf_loadn(p, n) _mm256_maskload_ps(p, first(n))
#define vf_loadn_or(p, n, other) _mm256_blendv_ps(other, vf_loadn(p, n), _mm256_castsi256_ps(first(n)))
#define vf_storen(p, v, n) _mm256_maskstore_ps(p, first(n), v)
#define vf_firstn(v, n) _mm256_and_ps(v, _mm256_castsi256_ps(first(n)))
#define vf_set1(x) _mm256_set1_ps(x)
#define vf_fma(a, b, c) _mm256_fmadd_ps(a, b, c)
#define vf_max(a, b) _mm256_max_ps(a, b)
#define vf_unless_less(v, a, b) _mm256_and_ps(v, _mm256_cmp_ps(a, b, _CMP_NLT_UQ))
#define vf_round(x) _mm256_round_ps(x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC)
#define vn_none() _mm256_setzero_ps()
#define vn_add(nan, a, b) _mm256_or_ps(nan, _mm256_cmp_ps(a, b, _CMP_UNORD_Q))
#define vn_any(nan) (_mm256_movemask_ps(nan) != 0)
#define vd_zero() _mm256_setzero_pd()
#define vd_low(v) _mm256_cvtps_pd(_mm256_castps256_ps128(v))
#define vd_high(v) _mm256_cvtps_pd(_mm256_extractf128_ps(v, 1))
#define vd_store(p, v) _mm256_storeu_pd(p, v)
#define vf_load_half(p) _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)(p)))
#define vf_store_half(p, v) _mm_storeu_si128((__m128i *)(p), _mm256_cvtps_ph(v, 0))
#define vf_from_nibbles(p, shift)        \
    _mm256_cvtepi32_ps(_mm256_and_si256( \
        _mm256_srli_epi32(_mm256_cvtepu8_epi32(_mm_loadl_epi64((const __m128i *)(p))), shift), _mm256_set1_epi32(15)))
#define vf_from_i8(p) _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(_mm_loadl_epi64((const __m128i *)(p))))
#define vf_set1_half(p) _mm256_cvtph_ps(_mm_set1_epi16(*(const int16_t *)(p)))
#define half_to_float(h) _cvtsh_ss(h)
#define vf_load_bf16(p) \
    _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(_mm_loadu_si128((const __m128i *)(p))), 16))
#define zc_prefetch_write(p) _mm_prefetch((const char *)(p), _MM_HINT_T0)

static inline __attribute__((always_inline)) void vf_transpose(vf v[8])
{
    vf w[8];
    ZC_UNROLL(2)
    for (int i = 0; i < 8; i += 4) { /* 4 x 4 inside each 128-bit lane */
        vf a = _mm256_unpacklo_ps(v[i], v[i + 1]), b = _mm256_unpackhi_ps(v[i], v[i + 1]);
        vf c = _mm256_unpacklo_ps(v[i + 2], v[i + 3]), d = _mm256_unpackhi_ps(v[i + 2], v[i + 3]);
        w[i] = (vf)_mm256_unpacklo_pd((vd)a, (vd)c);
        w[i + 1] = (vf)_mm256_unpackhi_pd((vd)a, (vd)c);
        w[i + 2] = (vf)_mm256_unpacklo_pd((vd)b, (vd)d);
        w[i + 3] = (vf)_mm256_unpackhi_pd((vd)b, (vd)d);
    }
    ZC_UNROLL(4)
    for (int i = 0; i < 4; i++) { /* then 2 x 2 of the lanes */
        v[i] = _mm256_permute2f128_ps(w[i], w[i + 4], 0x20);
        v[i + 4] = _mm256_permute2f128_ps(w[i], w[i + 4], 0x31);
    }
}

static inline __attribute__((always_inline)) vf vf_sums(const size_t count, vf *v)
{
    ZC_UNROLL(4)
    for (size_t i = 0; i < count / 2; i++) {
        v[i] = _mm256_unpacklo_ps(v[2 * i], v[2 * i + 1]) + _mm256_unpackhi_ps(v[2 * i], v[2 * i + 1]);
    }
    ZC_UNROLL(2)
    for (size_t i = 0; i < count / 4; i++) {
        vd a = (vd)v[2 * i], b = (vd)v[2 * i + 1];
        v[i] = (vf)_mm256_unpacklo_pd(a, b) + (vf)_mm256_unpackhi_pd(a, b);
    }
    return _mm256_permute2f128_ps(v[0], v[count / 4 - 1], 0x20) + _mm256_permute2f128_ps(v[0], v[count / 4 - 1], 0x31);
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

#if defined(__clang__)
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif

const zc_cpu_ops zc_cpu_ops_avx2 = ZC_OPS_TABLE("avx2", &zc_cpu_integer_avx2, NULL);
#if ZC_HAS_AVX_VNNI
const zc_cpu_ops zc_cpu_ops_avx2vnni = ZC_OPS_TABLE("avx2vnni", &zc_cpu_integer_avx2vnni, NULL);
#endif

#else
typedef int zc_cpu_avx2_is_empty_here;
#endif
