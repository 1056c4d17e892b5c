/* zc_cpu_amx_split: products of split elements (zc_cpu_split.h) for AMX; an empty unit where zc_cpu_amx.c is one.
 *
 * A tile instruction takes 16 cycles for 16 rows of x, 16 outputs and a block of 32 columns: 512 multiply-adds a cycle,
 * where AVX-512 has 32 in float32. Weights in float32 and float16 take three of them, bfloat16 two.
 *
 * Four tiles have the sums of 32 rows and 32 outputs. A tile of weights has, for each pair of columns, those of its 16
 * rows side by side, so weights are turned when they are split. A pair are columns 16 apart: they meet in one word by a
 * shift.
 */
#include "device/cpu/zc_cpu_integer.h"

#if ZC_HAS_AMX
#include <immintrin.h>
#include <stdbool.h>
#include <string.h>

#include "device/cpu/zc_cpu_ops.h"
#include "device/cpu/zc_cpu_split.h"

#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx512f,avx512dq,avx512bw,avx512vl,avx2,fma,f16c"))), \
                             apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("avx512f,avx512dq,avx512bw,avx512vl,avx2,fma,f16c")
#endif

#define INLINE static inline __attribute__((always_inline))
#define PLANE ZC_SPLIT_PLANE
#define LARGEST 0x7f7f0000 /* of the floats of 16 bits */
#define TOP (-24)             /* exponent of a row's largest element */
#define DEPTH ((size_t)6)     /* blocks of x that stay in the nearest cache while weights pass */

/* ---- splitting ---- */

INLINE __m512i upper_of(__m512i bits)
{
    return _mm512_and_si512(bits, _mm512_set1_epi32((int)0xffff0000u));
}

/* The nearest float of 16 bits, in the upper half of each word; of what is beyond the largest one, that. With what is
 * left of a NaN, one of both is a NaN. */
INLINE __m512i high_of(__m512 v)
{
    const __m512 most = _mm512_castsi512_ps(_mm512_set1_epi32(LARGEST));
    const __m512 least = _mm512_castsi512_ps(_mm512_set1_epi32((int)(LARGEST | 0x80000000u)));
    /* Of a number and a NaN these give the second. */
    const __m512i bits = _mm512_castps_si512(_mm512_max_ps(least, _mm512_min_ps(most, v)));
    const __mmask16 number = _mm512_cmp_ps_mask(v, v, _CMP_ORD_Q);
    return upper_of(_mm512_mask_add_epi32(bits, number, bits, _mm512_set1_epi32(0x8000)));
}

/* The same of what is left, which is never close to the largest one. */
INLINE __m512i low_of(__m512 v)
{
    return upper_of(_mm512_add_epi32(_mm512_castps_si512(v), _mm512_set1_epi32(0x8000)));
}

INLINE __m512i pair(__m512i first, __m512i second)
{
    return _mm512_or_si512(_mm512_srli_epi32(first, 16), second);
}

typedef struct split {
    __m512i high, low; /* word i: columns i and 16 + i */
} split;

/* An infinity becomes the largest number and an infinity. */
INLINE split split_of(__m512 first, __m512 second)
{
    const __m512i a = high_of(first), b = high_of(second);
    const __m512 c = _mm512_sub_ps(first, _mm512_castsi512_ps(a)), d = _mm512_sub_ps(second, _mm512_castsi512_ps(b));
    return (split){pair(a, b), pair(low_of(c), low_of(d))};
}

/* The first `left` of 16 numbers. */
INLINE __mmask16 first_of(size_t left)
{
    return (__mmask16)(left < 16 ? (1u << left) - 1 : 0xffff);
}

static int exponent_of(uint32_t bits)
{
    return bits >= 0x800000 ? (int)(bits >> 23) - 127 : 31 - __builtin_clz(bits) - 149;
}

/* A normal number. */
static float power_of_two(int exponent)
{
    const uint32_t bits = (uint32_t)(exponent + 127) << 23;
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* Bits of the largest magnitude: they compare as magnitudes do, with infinity and NaN on top. */
static uint32_t largest_of(const float *x, size_t k)
{
    const __m512i magnitude = _mm512_set1_epi32(0x7fffffff);
    __m512i top[2] = {_mm512_setzero_si512(), _mm512_setzero_si512()};
    size_t i = 0;
    for (; i + 32 <= k; i += 32) {
        top[0] = _mm512_max_epi32(top[0], _mm512_and_si512(_mm512_loadu_si512(x + i), magnitude));
        top[1] = _mm512_max_epi32(top[1], _mm512_and_si512(_mm512_loadu_si512(x + i + 16), magnitude));
    }
    for (; i < k; i += 16) {
        const __m512i bits = _mm512_maskz_loadu_epi32(first_of(k - i), x + i);
        top[0] = _mm512_max_epi32(top[0], _mm512_and_si512(bits, magnitude));
    }
    return (uint32_t)_mm512_reduce_max_epi32(_mm512_max_epi32(top[0], top[1]));
}

static float split_row(uint8_t *tile, size_t r, const float *x, size_t k)
{
    const uint32_t most = largest_of(x, k);
    float factor = 1.0f, back = 1.0f;
    if (most > 0 && most < 0x7f800000) {
        int by = TOP - exponent_of(most); /* from -126 to 125: both ways normal numbers */
        by = by < -126 ? -126 : by > 125 ? 125 : by;
        factor = power_of_two(by);
        back = power_of_two(-by);
    }
    const __m512 f = _mm512_set1_ps(factor);
    size_t i = 0;
    tile += 64 * r;
    for (; i + ZC_SPLIT_COLS <= k; i += ZC_SPLIT_COLS, tile += 2 * PLANE) {
        const split s =
            split_of(_mm512_mul_ps(_mm512_loadu_ps(x + i), f), _mm512_mul_ps(_mm512_loadu_ps(x + i + 16), f));
        _mm512_store_si512(tile, s.high);
        _mm512_store_si512(tile + PLANE, s.low);
    }
    if (i < k) {
        const size_t second = k - i > 16 ? k - i - 16 : 0;
        const __m512 a = _mm512_maskz_loadu_ps(first_of(k - i), x + i);
        const __m512 b = _mm512_maskz_loadu_ps(first_of(second), x + (second ? i + 16 : i));
        const split s = split_of(_mm512_mul_ps(a, f), _mm512_mul_ps(b, f));
        _mm512_store_si512(tile, s.high);
        _mm512_store_si512(tile + PLANE, s.low);
    }
    return back;
}

#include "device/cpu/isa/zc_cpu_transpose_512.inc"

/* The first `left` of 16 weights; memory beyond them is not touched. */
INLINE __m512 load_weights(const uint32_t type, const uint8_t *w, size_t at, size_t left)
{
    if (type == ZC_WEIGHT_F32) {
        return _mm512_maskz_loadu_ps(first_of(left), (const float *)(const void *)w + at);
    }
    const __m256i halves = _mm256_maskz_loadu_epi16(first_of(left), w + 2 * at);
    return type == ZC_WEIGHT_F16 ? _mm512_cvtph_ps(halves)
                                 : _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(halves), 16));
}

INLINE void split_block(const uint32_t type, uint8_t *to, const uint8_t *w, size_t row_bytes, size_t count, size_t at,
                        size_t left)
{
    __m512i high[16], low[16];
    ZC_UNROLL(16)
    for (size_t i = 0; i < 16; i++) {
        __m512 a = _mm512_setzero_ps(), b = a;
        if (i < count) {
            a = load_weights(type, w + i * row_bytes, at, left);
            if (left > 16) {
                b = load_weights(type, w + i * row_bytes, at + 16, left - 16);
            }
        }
        if (type == ZC_WEIGHT_BF16) {
            high[i] = pair(_mm512_castps_si512(a), _mm512_castps_si512(b));
        } else {
            const split s = split_of(a, b);
            high[i] = s.high;
            low[i] = s.low;
        }
    }
    transpose(high);
    ZC_UNROLL(16)
    for (size_t i = 0; i < 16; i++) {
        _mm512_store_si512(to + 64 * i, high[i]);
    }
    if (type != ZC_WEIGHT_BF16) {
        transpose(low);
        ZC_UNROLL(16)
        for (size_t i = 0; i < 16; i++) {
            _mm512_store_si512(to + PLANE + 64 * i, low[i]);
        }
    }
}

INLINE void split_group(const uint32_t type, uint8_t *to, const uint8_t *w, size_t row_bytes, size_t count, size_t k)
{
    const size_t step = zc_split_group_bytes(type, ZC_SPLIT_COLS);
    for (size_t at = 0; at < k; at += ZC_SPLIT_COLS, to += step) {
        split_block(type, to, w, row_bytes, count, at, k - at);
    }
}

static void split_weights(uint8_t *group, uint32_t type, const uint8_t *w, size_t row_bytes, size_t count, size_t k)
{
    switch (type) {
    case ZC_WEIGHT_F32:
        split_group(ZC_WEIGHT_F32, group, w, row_bytes, count, k);
        break;
    case ZC_WEIGHT_F16:
        split_group(ZC_WEIGHT_F16, group, w, row_bytes, count, k);
        break;
    default:
        split_group(ZC_WEIGHT_BF16, group, w, row_bytes, count, k);
    }
}

/* ---- products ---- */

#include "device/cpu/isa/zc_cpu_amx_tiles.inc"

/* What tiles 4 to 7 have is loaded while others are multiplied. `load`: weights, too; or they are those of before. */
#define PRODUCTS(load, x0, x1, w0, w1) \
    do {                               \
        if (load) {                    \
            TILE_LOAD(6, w0, 64);      \
        }                              \
        TILE_LOAD(4, x0, 64);          \
        TILE_ADD_FLOATS(0, 4, 6);      \
        if (load) {                    \
            TILE_LOAD(7, w1, 64);      \
        }                              \
        TILE_ADD_FLOATS(1, 4, 7);      \
        if (two) {                     \
            TILE_LOAD(5, x1, 64);      \
            TILE_ADD_FLOATS(2, 5, 6);  \
            TILE_ADD_FLOATS(3, 5, 7);  \
        }                              \
    } while (0)

/* Blocks [from, end) of one or two tiles of x and of two groups of weights. */
INLINE void multiply_blocks(const bool low, const bool two, float *sums, size_t ld, const uint8_t *w0,
                            const uint8_t *w1, const uint8_t *x0, const uint8_t *x1, size_t from, size_t end)
{
    const size_t step = low ? 2 * PLANE : PLANE, ld_bytes = ld * sizeof *sums;
    float *below = sums + 16 * ld;
    if (from == 0) {
        TILE_ZERO(0);
        TILE_ZERO(1);
        TILE_ZERO(2); /* of one tile of x not used */
        TILE_ZERO(3);
    } else {
        TILE_LOAD(0, sums, ld_bytes);
        TILE_LOAD(1, sums + 16, ld_bytes);
        if (two) {
            TILE_LOAD(2, below, ld_bytes);
            TILE_LOAD(3, below + 16, ld_bytes);
        }
    }
    w0 += from * step;
    w1 += from * step;
    x0 += from * 2 * PLANE;
    x1 += from * 2 * PLANE;
    for (size_t b = from; b < end; b++, w0 += step, w1 += step, x0 += 2 * PLANE, x1 += 2 * PLANE) {
        PRODUCTS(true, x0, x1, w0, w1);
        PRODUCTS(false, x0 + PLANE, x1 + PLANE, w0, w1);
        if (low) {
            PRODUCTS(true, x0, x1, w0 + PLANE, w1 + PLANE);
        }
    }
    TILE_STORE(0, sums, ld_bytes);
    TILE_STORE(1, sums + 16, ld_bytes);
    if (two) {
        TILE_STORE(2, below, ld_bytes);
        TILE_STORE(3, below + 16, ld_bytes);
    }
}

INLINE void multiply_all(const bool low, const bool two, float *sums, size_t ld, const uint8_t *w, size_t groups,
                         const uint8_t *x, size_t blocks)
{
    const size_t group_bytes = blocks * (low ? 2 : 1) * PLANE, tile_bytes = blocks * 2 * PLANE;
    begin(ZC_SPLIT_ROWS, 64);
    for (size_t from = 0; from < blocks; from += DEPTH) {
        const size_t until = blocks - from < DEPTH ? blocks : from + DEPTH;
        for (size_t g = 0; g < groups; g += ZC_SPLIT_GROUPS) {
            const uint8_t *weights = w + g * group_bytes;
            multiply_blocks(low, two, sums + g * 16, ld, weights, weights + group_bytes, x, x + tile_bytes, from,
                            until);
        }
    }
    end();
}

static void multiply(float *sums, size_t ld, uint32_t type, const uint8_t *w, size_t groups, const uint8_t *x,
                     const float *factors, size_t rows, size_t blocks)
{
    const bool two = rows > ZC_SPLIT_ROWS;
    if (type == ZC_WEIGHT_BF16) {
        if (two) {
            multiply_all(false, true, sums, ld, w, groups, x, blocks);
        } else {
            multiply_all(false, false, sums, ld, w, groups, x, blocks);
        }
    } else if (two) {
        multiply_all(true, true, sums, ld, w, groups, x, blocks);
    } else {
        multiply_all(true, false, sums, ld, w, groups, x, blocks);
    }
    for (size_t r = 0; r < rows; r++, sums += ld) {
        const __m512 factor = _mm512_set1_ps(factors[r]);
        for (size_t i = 0; i < 16 * groups; i += 16) {
            _mm512_storeu_ps(sums + i, _mm512_mul_ps(_mm512_loadu_ps(sums + i), factor));
        }
    }
}

#if defined(__clang__)
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif

const zc_cpu_split zc_cpu_split_amx = {.split_row = split_row, .split_weights = split_weights, .multiply = multiply};

#else
typedef int zc_cpu_amx_split_is_empty_here;
#endif
