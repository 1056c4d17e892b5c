/* zc_cpu_vnni: products in fixed point for AVX-512 with VNNI, VBMI and GFNI (Ice Lake, Zen 4 and later); an
 * empty unit elsewhere. zc_cpu_integer.h says what the functions do.
 *
 * vpdpbusd multiplies unsigned bytes (weights, shifted to be positive: what was added comes off again through
 * the sums of x) with signed ones (a plane of x), and adds groups of four to 32 bits. One accumulator does both
 * planes: high bytes first, a shift by eight, low bytes.
 *
 * Planes, grouped (for one row and nibbles): for each 128 elements, four vectors of 64 bytes: of both planes the
 * elements that low nibbles hold, then those of high nibbles, of four blocks; and in each whole chunk of 16 blocks
 * the scale and the sum of block 4 i + j stand in place 4 j + i, where a chunk's products end up. Not grouped: for
 * each 64 elements the high plane, then the low plane, in order.
 *
 * Every type that zc_weight_type.def calls INTEGER has here, or this does not compile: unpack_TYPE, two_rows_TYPE,
 * STEPS_TYPE and pack_scales_TYPE.
 */
#if defined(__x86_64__)
#include <immintrin.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "device/cpu/zc_cpu_integer.h"
#include "device/cpu/zc_cpu_ops.h"
#include "device/cpu/zc_cpu_quant.h"

#define TARGET "avx512f,avx512dq,avx512bw,avx512vl,avx512vnni,avx512vbmi,gfni,avx2,fma,f16c"
#if defined(__clang__)
#pragma clang attribute push(__attribute__((target(TARGET))), apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("avx512f,avx512dq,avx512bw,avx512vl,avx512vnni,avx512vbmi,gfni,avx2,fma,f16c")
#endif

#define INLINE static inline __attribute__((always_inline))
#define FIRST(n) ((n) >= 16 ? (__mmask16)0xffff : (__mmask16)((1u << (n)) - 1))
/* The processor's own prefetching hardly helps: it stops at every page. */
#define AHEAD 12288 /* bytes */
#define PREFETCH(p) _mm_prefetch((const char *)(p) + AHEAD, _MM_HINT_T0)

typedef struct place { /* where a block goes */
    uint8_t *high;      /* 16 bytes; the low plane `low` bytes after it, the second 16 of both `second` after */
    size_t second, low;
    float *scale, *sum, *half_sum, *other_half;
} place;

INLINE void fix_block(place to, const float *x)
{
    const __m512i half = _mm512_set1_epi32(128), magnitude = _mm512_set1_epi32(0x7fffffff);
    __m512 x0 = _mm512_loadu_ps(x), x1 = _mm512_loadu_ps(x + 16);
    __m512i a0 = _mm512_and_si512(_mm512_castps_si512(x0), magnitude);
    __m512i a1 = _mm512_and_si512(_mm512_castps_si512(x1), magnitude), q0, q1;
    /* Bits compare as magnitudes do, with infinity and NaN on top. */
    uint32_t bits = (uint32_t)_mm512_reduce_max_epi32(_mm512_max_epi32(a0, a1));
    float top, factor = 0.0f, scale = 0.0f, s0, s1;
    memcpy(&top, &bits, sizeof top);
    if (bits >= 0x7f800000) {
        scale = NAN;
    } else if (top >= 0x1p-100f) {
        factor = 32512.0f / top; /* 127 * 256, so that rounding the high byte up stays in range */
        scale = top * (1.0f / 32512.0f);
    }
    /* Infinity times 0 converts to the smallest integer, whose bytes are 0. */
    q0 = _mm512_cvtps_epi32(_mm512_mul_ps(x0, _mm512_set1_ps(factor)));
    q1 = _mm512_cvtps_epi32(_mm512_mul_ps(x1, _mm512_set1_ps(factor)));
    _mm_storeu_si128((__m128i *)(to.high + to.low), _mm512_cvtepi32_epi8(q0));
    _mm_storeu_si128((__m128i *)(to.high + to.low + to.second), _mm512_cvtepi32_epi8(q1));
    _mm_storeu_si128((__m128i *)to.high, _mm512_cvtepi32_epi8(_mm512_srai_epi32(_mm512_add_epi32(q0, half), 8)));
    _mm_storeu_si128((__m128i *)(to.high + to.second),
                     _mm512_cvtepi32_epi8(_mm512_srai_epi32(_mm512_add_epi32(q1, half), 8)));
    s0 = (float)_mm512_reduce_add_epi32(q0) * scale;
    s1 = (float)_mm512_reduce_add_epi32(q1) * scale;
    *to.scale = scale;
    *to.half_sum = s0;
    *to.other_half = s1;
    *to.sum = s0 + s1;
}

/* Of two types, whose blocks are a scale, perhaps a second number, and 16 bytes of nibbles. */
INLINE bool is_grouped(uint32_t type)
{
    return type == ZC_WEIGHT_Q4_0 || type == ZC_WEIGHT_Q4_1;
}

static void fix(uint8_t *row, uint32_t type, const zc_fixed_layout *layout, const float *x)
{
    bool grouped = is_grouped(type);
    float *scale = (float *)(row + layout->scale), *sum = (float *)(row + layout->sum);
    float *half_sum = (float *)(row + layout->half_sum);
    size_t padded = (layout->sum - layout->scale) / sizeof(float);
    for (size_t b = 0; b < layout->blocks; b++) {
        size_t at = grouped && b < layout->blocks / 16 * 16 ? b / 16 * 16 + b % 4 * 4 + b % 16 / 4 : b;
        place to = {grouped ? row + b / 4 * 256 + b % 4 * 16 : row + b / 2 * 128 + b % 2 * 32,
                    grouped ? 64 : 16,
                    grouped ? 128 : 64,
                    scale + at,
                    sum + at,
                    half_sum + 2 * b,
                    half_sum + 2 * b + 1};
        fix_block(to, x + 32 * b);
    }
    for (size_t b = layout->blocks; b < padded; b++) {
        scale[b] = sum[b] = half_sum[2 * b] = half_sum[2 * b + 1] = 0.0f;
    }
}

static void fix_in_tile(uint8_t *tile, size_t rows, size_t r, size_t blocks, const float *x)
{
    for (size_t b = 0; b < blocks; b++, tile += rows * ZC_FIXED_BLOCK) {
        float *numbers = (float *)(tile + rows * 64) + r;
        place to = {tile + r * 64, 16, 32, numbers, numbers + rows, numbers + 2 * rows, numbers + 3 * rows};
        fix_block(to, x + 32 * b);
    }
}

/* ---- one row of x ---- */

typedef struct constants {
    __m512i pick, words, chunk_words, spread, nibble, shift4;
} constants;

/* In lane 4i + j of the result of `pick`: bytes 4j to 4j + 3 of block i's nibbles. In words 4j + i and
 * 16 + 4j + i of `words`, for every j: block i's scale, and its second number; in chunk_words in 4i + j. */
INLINE constants make_constants(uint32_t type)
{
    const __m512i lane = _mm512_set_epi32(15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0);
    constants c = {.spread = _mm512_srli_epi32(lane, 2),
                   .nibble = _mm512_set1_epi8(15),
                   .shift4 = _mm512_set1_epi64(0x1020408000000000)};
    uint16_t words[32], chunk_words[32];
    uint8_t bytes[64];
    unsigned step = type == ZC_WEIGHT_Q4_1 ? ZC_WEIGHT_BYTES_Q4_1 : ZC_WEIGHT_BYTES_Q4_0;
    for (unsigned i = 0; i < 32; i++) {
        words[i] = (uint16_t)(i % 4 * step / 2 + (i / 16) * (type == ZC_WEIGHT_Q4_1));
        chunk_words[i] = (uint16_t)(i % 16 / 4 * step / 2 + (i / 16) * (type == ZC_WEIGHT_Q4_1));
    }
    for (unsigned i = 0; i < 64; i++) {
        bytes[i] = (uint8_t)(i / 16 * 18 + 2 + i % 16 - (i >= 48 ? 8 : 0)); /* the last block: 8 bytes on */
    }
    c.words = _mm512_loadu_si512(words);
    c.chunk_words = _mm512_loadu_si512(chunk_words);
    c.pick = type == ZC_WEIGHT_Q4_1 ? _mm512_set_epi32(31, 30, 29, 28, 14, 13, 12, 11, 9, 8, 7, 6, 4, 3, 2, 1)
                                    : _mm512_loadu_si512(bytes);
    return c;
}

/* The nibbles of four blocks; *head: the first 64 bytes. */
INLINE __m512i four_blocks(uint32_t type, const uint8_t *w, const constants *c, __m512i *head)
{
    *head = _mm512_loadu_si512(w);
    if (type == ZC_WEIGHT_Q4_1) {
        return _mm512_permutex2var_epi32(*head, c->pick, _mm512_loadu_si512(w + 16));
    }
    return _mm512_mask_permutexvar_epi8(_mm512_permutexvar_epi8(c->pick, *head), (__mmask64)0xffff << 48, c->pick,
                                        _mm512_loadu_si512(w + 8));
}

/* The same of the last `count` (1 to 3) blocks of a row; the others are zeros. */
INLINE __m512i last_blocks(uint32_t type, const uint8_t *w, size_t count, const constants *c, __m512i *head)
{
    size_t bytes = count * (type == ZC_WEIGHT_Q4_1 ? ZC_WEIGHT_BYTES_Q4_1 : ZC_WEIGHT_BYTES_Q4_0);
    *head = _mm512_maskz_loadu_epi8(((__mmask64)1 << bytes) - 1, w);
    return type == ZC_WEIGHT_Q4_1 ? _mm512_maskz_permutexvar_epi32(FIRST(4 * count), c->pick, *head)
                                  : _mm512_maskz_permutexvar_epi8(((__mmask64)1 << (16 * count)) - 1, c->pick, *head);
}

INLINE __m512i grouped_dots(__m512i v, const constants *c, __m512i h0, __m512i h1, __m512i l0, __m512i l1)
{
    __m512i lo = _mm512_and_si512(v, c->nibble), hi = _mm512_gf2p8affine_epi64_epi8(v, c->shift4, 0), sum;
    sum = _mm512_dpbusd_epi32(_mm512_dpbusd_epi32(_mm512_setzero_si512(), lo, h0), hi, h1);
    sum = _mm512_slli_epi32(sum, 8);
    return _mm512_dpbusd_epi32(_mm512_dpbusd_epi32(sum, lo, l0), hi, l1);
}

typedef struct scales {
    __m512 d, m; /* of up to 16 blocks: what a dot product and a sum of x are multiplied with */
} scales;

INLINE scales make_scales(uint32_t type, __m512i words)
{
    scales s = {.d = _mm512_cvtph_ps(_mm512_castsi512_si256(words))};
    s.m = type == ZC_WEIGHT_Q4_1 ? _mm512_cvtph_ps(_mm512_extracti64x4_epi64(words, 1))
                                 : _mm512_mul_ps(s.d, _mm512_set1_ps(-8.0f));
    return s;
}

/* In lane 4i + j the sum of lanes 4i to 4i + 3 of v[j]. */
INLINE __m512i block_totals(const __m512i v[4])
{
    __m512i a = _mm512_add_epi32(_mm512_unpacklo_epi32(v[0], v[1]), _mm512_unpackhi_epi32(v[0], v[1]));
    __m512i b = _mm512_add_epi32(_mm512_unpacklo_epi32(v[2], v[3]), _mm512_unpackhi_epi32(v[2], v[3]));
    return _mm512_add_epi32(_mm512_unpacklo_epi64(a, b), _mm512_unpackhi_epi64(a, b));
}

/* Two rows of Q4_0 or Q4_1 at once, because they share loads of x and what is left at their ends. The sums of
 * the lanes of out are the results. */
INLINE void two_grouped_rows(uint32_t type, const uint8_t *const rows[2], const zc_fixed_layout *layout,
                             const uint8_t *x, const constants *c, __m512 out[2])
{
    const size_t step = 4 * (type == ZC_WEIGHT_Q4_1 ? ZC_WEIGHT_BYTES_Q4_1 : ZC_WEIGHT_BYTES_Q4_0);
    const float *scale = (const float *)(x + layout->scale), *sum = (const float *)(x + layout->sum);
    const uint8_t *w[2] = {rows[0], rows[1]};
    __m512 acc[2], low[2];
    size_t b = 0, left;
    ZC_UNROLL(2)
    for (int r = 0; r < 2; r++) {
        acc[r] = low[r] = _mm512_setzero_ps();
    }
    for (; b + 16 <= layout->blocks; b += 16) {
        __m512 xs = _mm512_loadu_ps(scale + b), xm = _mm512_loadu_ps(sum + b);
        __m512i words[2], dots[2][4];
        words[0] = words[1] = _mm512_setzero_si512();
        ZC_UNROLL(4)
        for (int j = 0; j < 4; j++) {
            __m512i h0 = _mm512_loadu_si512(x), h1 = _mm512_loadu_si512(x + 64);
            __m512i l0 = _mm512_loadu_si512(x + 128), l1 = _mm512_loadu_si512(x + 192);
            x += 256;
            ZC_UNROLL(2)
            for (int r = 0; r < 2; r++) {
                __m512i head, v = four_blocks(type, w[r], c, &head);
                PREFETCH(w[r]);
                words[r] = _mm512_mask_permutexvar_epi16(words[r], 0x11111111u << j, c->chunk_words, head);
                dots[r][j] = grouped_dots(v, c, h0, h1, l0, l1);
                w[r] += step;
            }
        }
        ZC_UNROLL(2)
        for (int r = 0; r < 2; r++) {
            scales s = make_scales(type, words[r]);
            PREFETCH(w[r]); /* 16 blocks are five lines */
            low[r] = _mm512_fmadd_ps(s.m, xm, low[r]);
            acc[r] = _mm512_fmadd_ps(_mm512_cvtepi32_ps(block_totals(dots[r])), _mm512_mul_ps(s.d, xs), acc[r]);
        }
    }
    for (left = layout->blocks - b; left > 2; left -= left < 4 ? left : 4, b += 4, x += 256) {
        __m512i h0 = _mm512_loadu_si512(x), h1 = _mm512_loadu_si512(x + 64);
        __m512i l0 = _mm512_loadu_si512(x + 128), l1 = _mm512_loadu_si512(x + 192);
        __m512 xs = _mm512_maskz_loadu_ps(15, scale + b), xm = _mm512_maskz_loadu_ps(15, sum + b);
        uint32_t valid = left >= 4 ? 0x000f000f : 0x00070007;
        ZC_UNROLL(2)
        for (int r = 0; r < 2; r++) {
            __m512i head, v = left >= 4 ? four_blocks(type, w[r], c, &head) : last_blocks(type, w[r], left, c, &head);
            scales s = make_scales(type, _mm512_maskz_permutexvar_epi16(valid, c->words, head));
            __m512i dots = grouped_dots(v, c, h0, h1, l0, l1);
            low[r] = _mm512_fmadd_ps(s.m, xm, low[r]);
            acc[r] = _mm512_fmadd_ps(_mm512_cvtepi32_ps(dots), _mm512_permutexvar_ps(c->spread, _mm512_mul_ps(s.d, xs)),
                                     acc[r]);
            w[r] += step;
        }
    }
    if (left) { /* one or two blocks of each row in one vector: the second row's take the upper half */
        const __m512i upper = _mm512_set_epi64(3, 2, 1, 0, 3, 2, 1, 0);
        uint32_t valid = left == 2 ? 0x00030003 : 0x00010001;
        __m512i head0, head1, v0 = last_blocks(type, w[0], left, c, &head0);
        __m512i v1 = last_blocks(type, w[1], left, c, &head1), dots, words;
        __m512i h0 = _mm512_broadcast_i64x4(_mm256_loadu_si256((const __m256i *)x));
        __m512i h1 = _mm512_broadcast_i64x4(_mm256_loadu_si256((const __m256i *)(x + 64)));
        __m512i l0 = _mm512_broadcast_i64x4(_mm256_loadu_si256((const __m256i *)(x + 128)));
        __m512i l1 = _mm512_broadcast_i64x4(_mm256_loadu_si256((const __m256i *)(x + 192)));
        __m512 xs = _mm512_broadcast_f32x4(_mm_loadu_ps(scale + b)), t;
        __m512 xm = _mm512_broadcast_f32x4(_mm_loadu_ps(sum + b));
        scales s;
        /* Words 0, 1 are the first row's blocks, 8, 9 the second's. */
        words = _mm512_maskz_permutexvar_epi16(valid, c->words, head0);
        words = _mm512_mask_permutexvar_epi16(words, valid << 8, c->words, head1);
        s = make_scales(type, words);
        dots = grouped_dots(_mm512_mask_permutexvar_epi64(v0, 0xf0, upper, v1), c, h0, h1, l0, l1);
        t = _mm512_permutexvar_ps(_mm512_set_epi32(9, 9, 9, 9, 8, 8, 8, 8, 1, 1, 1, 1, 0, 0, 0, 0),
                                  _mm512_mul_ps(s.d, xs));
        t = _mm512_fmadd_ps(_mm512_cvtepi32_ps(dots), t, _mm512_mul_ps(s.m, xm));
        acc[0] = _mm512_mask_add_ps(acc[0], 0x00ff, acc[0], t);
        acc[1] = _mm512_mask_add_ps(acc[1], 0xff00, acc[1], t);
    }
    out[0] = _mm512_add_ps(acc[0], low[0]);
    out[1] = _mm512_add_ps(acc[1], low[1]);
}

INLINE __m512i low_and_high(const uint8_t *q, __m512i counts)
{
    __m512i v = _mm512_broadcast_i64x4(_mm256_loadu_si256((const __m256i *)q));
    return _mm512_and_si512(_mm512_srlv_epi64(v, counts), _mm512_set1_epi8(15));
}

/* unpack_TYPE: elements [64 at, 64 at + 64) of a row as unsigned bytes; `blocks` of 32 are left from there on: 1 or
 * more. */

INLINE __m512i unpack_Q8_0(const uint8_t *w, size_t at, size_t blocks)
{
    __m512i v = _mm512_castsi256_si512(_mm256_loadu_si256((const __m256i *)(w + 68 * at + 2)));
    __m256i next = blocks > 1 ? _mm256_loadu_si256((const __m256i *)(w + 68 * at + 36)) : _mm256_set1_epi8(-128);
    return _mm512_xor_si512(_mm512_inserti64x4(v, next, 1), _mm512_set1_epi8(-128));
}

INLINE __m512i unpack_nibbles(const uint8_t *w, size_t at, size_t blocks, size_t size)
{
    const uint8_t *from = w + 2 * size * at + (size - 16);
    __m128i a = _mm_loadu_si128((const __m128i *)from);
    __m128i b = blocks > 1 ? _mm_loadu_si128((const __m128i *)(from + size)) : _mm_setzero_si128();
    __m512i v =
        _mm512_inserti64x4(_mm512_castsi256_si512(_mm256_broadcastsi128_si256(a)), _mm256_broadcastsi128_si256(b), 1);
    v = _mm512_srlv_epi64(v, _mm512_set_epi64(4, 4, 0, 0, 4, 4, 0, 0));
    return _mm512_and_si512(v, _mm512_set1_epi8(15));
}

INLINE __m512i unpack_Q4_0(const uint8_t *w, size_t at, size_t blocks)
{
    return unpack_nibbles(w, at, blocks, ZC_WEIGHT_BYTES_Q4_0);
}

INLINE __m512i unpack_Q4_1(const uint8_t *w, size_t at, size_t blocks)
{
    return unpack_nibbles(w, at, blocks, ZC_WEIGHT_BYTES_Q4_1);
}

INLINE __m512i unpack_Q4_K(const uint8_t *w, size_t at, size_t blocks)
{
    const __m512i halves = _mm512_set_epi64(4, 4, 4, 4, 0, 0, 0, 0);
    (void)blocks;
    return low_and_high(((const zc_block_q4_k *)w)[at / 4].q + at % 4 * 32, halves);
}

INLINE __m512i unpack_Q6_K(const uint8_t *w, size_t at, size_t blocks)
{
    const __m512i halves = _mm512_set_epi64(4, 4, 4, 4, 0, 0, 0, 0);
    const zc_block_q6_k *block = (const zc_block_q6_k *)w + at / 4;
    size_t part = at % 4, shift = part % 2 * 4;
    (void)blocks;
    __m512i low = _mm512_loadu_si512(block->low + part / 2 * 64);
    __m512i high = _mm512_broadcast_i64x4(_mm256_loadu_si256((const __m256i *)(block->high + part / 2 * 32)));
    low = _mm512_and_si512(_mm512_srl_epi64(low, _mm_cvtsi64_si128((long long)shift)), _mm512_set1_epi8(15));
    high = _mm512_srlv_epi64(high, _mm512_add_epi64(_mm512_srli_epi64(halves, 1), _mm512_set1_epi64((long long)shift)));
    high = _mm512_slli_epi64(_mm512_and_si512(high, _mm512_set1_epi8(3)), 4);
    return _mm512_or_si512(low, high);
}

INLINE __m512i both_planes(__m512i v, const uint8_t *x)
{
    __m512i sum = _mm512_dpbusd_epi32(_mm512_setzero_si512(), v, _mm512_loadu_si512(x));
    return _mm512_dpbusd_epi32(_mm512_slli_epi32(sum, 8), v, _mm512_loadu_si512(x + 64));
}

/* d and m of 8 blocks of a Q4_K block, in lanes 0 to 7. */
INLINE scales q4_k_scales(const zc_block_q4_k *block)
{
    uint32_t s[3], d[2], m[2];
    uint64_t all_d, all_m;
    scales out;
    memcpy(s, block->scales, sizeof s);
    d[0] = s[0] & 0x3f3f3f3f;
    m[0] = s[1] & 0x3f3f3f3f;
    d[1] = (s[2] & 0x0f0f0f0f) | (s[0] >> 2 & 0x30303030);
    m[1] = (s[2] >> 4 & 0x0f0f0f0f) | (s[1] >> 2 & 0x30303030);
    all_d = d[0] | (uint64_t)d[1] << 32;
    all_m = m[0] | (uint64_t)m[1] << 32;
    out.d = _mm512_mul_ps(_mm512_cvtepi32_ps(_mm512_cvtepu8_epi32(_mm_cvtsi64_si128((long long)all_d))),
                          _mm512_set1_ps(_cvtsh_ss(block->d)));
    out.m = _mm512_mul_ps(_mm512_cvtepi32_ps(_mm512_cvtepu8_epi32(_mm_cvtsi64_si128((long long)all_m))),
                          _mm512_set1_ps(-_cvtsh_ss(block->m)));
    return out;
}

INLINE __m512 q6_k_scales(const zc_block_q6_k *block)
{
    __m512i s = _mm512_cvtepi8_epi32(_mm_loadu_si128((const __m128i *)block->scales));
    return _mm512_mul_ps(_mm512_cvtepi32_ps(s), _mm512_set1_ps(_cvtsh_ss(block->d)));
}

/* one_row_TYPE: one row; the sum of the lanes of what it gives is the result. */

INLINE __m512 one_row_Q8_0(const uint8_t *w, const zc_fixed_layout *layout, const uint8_t *x)
{
    const __m512i lane = _mm512_set_epi32(15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0);
    const float *scale = (const float *)(x + layout->scale), *sum = (const float *)(x + layout->sum);
    __m512 acc = _mm512_setzero_ps(), low = acc;
    const __m512i at34 = _mm512_mullo_epi32(lane, _mm512_set1_epi32(34));
    for (size_t b = 0; b < layout->blocks; b += 16) {
        size_t left = layout->blocks - b < 16 ? layout->blocks - b : 16;
        const uint8_t *from = w + 34 * b;
        __m512i words = _mm512_mask_i32gather_epi32(_mm512_setzero_si512(), FIRST(left), at34, from, 1);
        __m512 d = _mm512_cvtph_ps(_mm512_cvtepi32_epi16(words));
        __m512i at = _mm512_srli_epi32(lane, 3);
        low = _mm512_fmadd_ps(_mm512_mul_ps(d, _mm512_set1_ps(-128.0f)), _mm512_loadu_ps(sum + b), low);
        d = _mm512_mul_ps(d, _mm512_loadu_ps(scale + b));
        for (size_t j = 0; j < left; j += 2, x += 128) {
            PREFETCH(from + 34 * j);
            acc = _mm512_fmadd_ps(_mm512_cvtepi32_ps(both_planes(unpack_Q8_0(from, j / 2, left - j), x)),
                                  _mm512_permutexvar_ps(at, d), acc);
            at = _mm512_add_epi32(at, _mm512_set1_epi32(2));
        }
    }
    return _mm512_add_ps(acc, low);
}

INLINE __m512 one_row_Q4_K(const uint8_t *w, const zc_fixed_layout *layout, const uint8_t *x)
{
    const __m512i lane = _mm512_set_epi32(15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0);
    const float *scale = (const float *)(x + layout->scale), *sum = (const float *)(x + layout->sum);
    __m512 acc = _mm512_setzero_ps(), low = acc;
    for (size_t b = 0; b < layout->blocks; b += 8, w += sizeof(zc_block_q4_k)) {
        scales s = q4_k_scales((const zc_block_q4_k *)w);
        __m512 d = _mm512_mul_ps(s.d, _mm512_maskz_loadu_ps(0xff, scale + b));
        __m512i at = _mm512_srli_epi32(lane, 3);
        low = _mm512_fmadd_ps(s.m, _mm512_maskz_loadu_ps(0xff, sum + b), low);
        PREFETCH(w);
        PREFETCH(w + 64);
        ZC_UNROLL(4)
        for (size_t j = 0; j < 4; j++, x += 128) {
            acc = _mm512_fmadd_ps(_mm512_cvtepi32_ps(both_planes(unpack_Q4_K(w, j, 2), x)),
                                  _mm512_permutexvar_ps(at, d), acc);
            at = _mm512_add_epi32(at, _mm512_set1_epi32(2));
        }
    }
    return _mm512_add_ps(acc, low);
}

INLINE __m512 one_row_Q6_K(const uint8_t *w, const zc_fixed_layout *layout, const uint8_t *x)
{
    const __m512i lane = _mm512_set_epi32(15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0);
    const float *scale = (const float *)(x + layout->scale), *half_sum = (const float *)(x + layout->half_sum);
    __m512 acc = _mm512_setzero_ps(), low = acc;
    for (size_t b = 0; b < layout->blocks; b += 8, w += sizeof(zc_block_q6_k)) {
        const __m512i twice = _mm512_srli_epi32(lane, 1);
        __m512 s = q6_k_scales((const zc_block_q6_k *)w);
        __m512 xs = _mm512_permutexvar_ps(twice, _mm512_maskz_loadu_ps(0xff, scale + b));
        __m512 d = _mm512_mul_ps(s, xs);
        __m512i at = _mm512_srli_epi32(lane, 2);
        low = _mm512_fmadd_ps(_mm512_mul_ps(s, _mm512_set1_ps(-32.0f)), _mm512_loadu_ps(half_sum + 2 * b), low);
        ZC_UNROLL(3)
        for (size_t j = 0; j < 3; j++) {
            PREFETCH(w + 64 * j);
        }
        ZC_UNROLL(4)
        for (size_t j = 0; j < 4; j++, x += 128) {
            acc = _mm512_fmadd_ps(_mm512_cvtepi32_ps(both_planes(unpack_Q6_K(w, j, 2), x)),
                                  _mm512_permutexvar_ps(at, d), acc);
            at = _mm512_add_epi32(at, _mm512_set1_epi32(4));
        }
    }
    return _mm512_add_ps(acc, low);
}

/* two_rows_TYPE: of each row a vector, the sum of whose lanes is the result. */

#define GROUPED(TYPE)                                                                                          \
    INLINE void two_rows_##TYPE(const uint8_t *const rows[2], const zc_fixed_layout *layout, const uint8_t *x, \
                                const constants *c, __m512 out[2])                                             \
    {                                                                                                          \
        two_grouped_rows(ZC_WEIGHT_##TYPE, rows, layout, x, c, out);                                           \
    }
#define ONE_BY_ONE(TYPE)                                                                                       \
    INLINE void two_rows_##TYPE(const uint8_t *const rows[2], const zc_fixed_layout *layout, const uint8_t *x, \
                                const constants *c, __m512 out[2])                                             \
    {                                                                                                          \
        (void)c;                                                                                               \
        out[0] = one_row_##TYPE(rows[0], layout, x);                                                           \
        out[1] = one_row_##TYPE(rows[1], layout, x);                                                           \
    }
ONE_BY_ONE(Q8_0)
GROUPED(Q4_0)
GROUPED(Q4_1)
ONE_BY_ONE(Q4_K)
ONE_BY_ONE(Q6_K)
#undef GROUPED
#undef ONE_BY_ONE

/* The sums of the lanes of four vectors. */
INLINE __m128 totals(const __m512 v[4])
{
    __m512 a = _mm512_add_ps(_mm512_unpacklo_ps(v[0], v[1]), _mm512_unpackhi_ps(v[0], v[1]));
    __m512 b = _mm512_add_ps(_mm512_unpacklo_ps(v[2], v[3]), _mm512_unpackhi_ps(v[2], v[3]));
    __m512d c = _mm512_castps_pd(a), d = _mm512_castps_pd(b);
    __m512 t = _mm512_add_ps(_mm512_castpd_ps(_mm512_unpacklo_pd(c, d)), _mm512_castpd_ps(_mm512_unpackhi_pd(c, d)));
    __m256 u = _mm256_add_ps(_mm512_castps512_ps256(t), _mm512_extractf32x8_ps(t, 1));
    return _mm_add_ps(_mm256_castps256_ps128(u), _mm256_extractf128_ps(u, 1));
}

/* For each type that the table calls INTEGER: DO(type). */
#define DO_FLOAT(TYPE)
#define DO_INTEGER(TYPE) DO(TYPE)
#define ZC_WEIGHT_TYPE(name, elements, bytes, gguf, cpu) DO_##cpu(name)

INLINE void two_rows(uint32_t type, const uint8_t *const rows[2], const zc_fixed_layout *layout, const uint8_t *x,
                     const constants *c, __m512 out[2])
{
    switch (type) {
#define DO(TYPE)                                  \
    case ZC_WEIGHT_##TYPE:                        \
        two_rows_##TYPE(rows, layout, x, c, out); \
        break;
#include "kernel/zc_weight_type.def"
#undef DO
    default:
        break;
    }
}

INLINE void dots_of(uint32_t type, float *out, const uint8_t *w, size_t row_bytes, size_t count,
                    const zc_fixed_layout *layout, const uint8_t *x)
{
    const constants c = make_constants(type);
    for (size_t at = 0; at < AHEAD && at < count * row_bytes; at += 64) {
        _mm_prefetch((const char *)w + at, _MM_HINT_T1);
    }
    for (size_t i = 0; i < count; i += 4) {
        __m512 v[4];
        for (size_t j = 0; j < 4; j += 2) {
            /* Past the end: the last row again, so that a row's bits do not depend on its neighbours. */
            size_t first = i + j < count ? i + j : count - 1, second = i + j + 1 < count ? i + j + 1 : count - 1;
            const uint8_t *rows[2] = {w + first * row_bytes, w + second * row_bytes};
            two_rows(type, rows, layout, x, &c, v + j);
        }
        _mm_mask_storeu_ps(out + i, count - i < 4 ? (__mmask8)((1u << (count - i)) - 1) : 15, totals(v));
    }
}

#define DO(TYPE)                                                                          \
    static void dots_##TYPE(float *out, const uint8_t *w, size_t row_bytes, size_t count, \
                            const zc_fixed_layout *layout, const uint8_t *x)              \
    {                                                                                     \
        dots_of(ZC_WEIGHT_##TYPE, out, w, row_bytes, count, layout, x);                   \
    }
#include "kernel/zc_weight_type.def"
#undef DO

static void dots(float *out, uint32_t type, const uint8_t *w, size_t row_bytes, size_t count,
                 const zc_fixed_layout *layout, const uint8_t *x)
{
    switch (type) {
#define DO(TYPE)                                          \
    case ZC_WEIGHT_##TYPE:                                \
        dots_##TYPE(out, w, row_bytes, count, layout, x); \
        break;
#include "kernel/zc_weight_type.def"
#undef DO
    default:
        break;
    }
}

/* ---- many rows of x ----
 *
 * A panel holds for each block of 32 elements (16 for Q6_K) eight (four) steps of two vectors, in lane i of
 * which lie four elements of output i; then two vectors of d and two of m, as in `scales`. */

#define TILE_ROWS 6

/* Steps of a block, four elements each: as many as share a scale. */
enum { STEPS_Q8_0 = 8, STEPS_Q4_0 = 8, STEPS_Q4_1 = 8, STEPS_Q4_K = 8, STEPS_Q6_K = 4 };

INLINE size_t steps_of(uint32_t type)
{
    switch (type) {
#define DO(TYPE)           \
    case ZC_WEIGHT_##TYPE: \
        return STEPS_##TYPE;
#include "kernel/zc_weight_type.def"
#undef DO
    default:
        return 8;
    }
}

static size_t panel_bytes(uint32_t type, size_t k)
{
    size_t steps = steps_of(type);
    return (k / (4 * steps) + 2) * (steps * 128 + 256); /* pack writes pairs of blocks */
}

/* pack_scales_TYPE: d and m of one row into the panel's lane, where d starts. */

INLINE float *pack_many(float *d, size_t steps, const float *ds, const float *ms, size_t count)
{
    for (size_t i = 0; i < count; i++, d += (steps * 128 + 256) / sizeof(float)) {
        d[0] = ds[i];
        d[ZC_PANEL] = ms[i];
    }
    return d;
}

INLINE void pack_scales_Q4_K(float *d, const uint8_t *w, size_t blocks)
{
    for (size_t b = 0; b < blocks; b += 8) {
        float ds[16], ms[16];
        scales s = q4_k_scales((const zc_block_q4_k *)w + b / 8);
        _mm512_storeu_ps(ds, s.d);
        _mm512_storeu_ps(ms, s.m);
        d = pack_many(d, STEPS_Q4_K, ds, ms, 8);
    }
}

INLINE void pack_scales_Q6_K(float *d, const uint8_t *w, size_t blocks)
{
    for (size_t b = 0; b < blocks; b += 8) {
        float ds[16], ms[16];
        __m512 s = q6_k_scales((const zc_block_q6_k *)w + b / 8);
        _mm512_storeu_ps(ds, s);
        _mm512_storeu_ps(ms, _mm512_mul_ps(s, _mm512_set1_ps(-32.0f)));
        d = pack_many(d, STEPS_Q6_K, ds, ms, 16);
    }
}

/* Blocks of 32 that begin with d, and with m or a smallest weight that goes with d. */
INLINE void pack_first(float *d, const uint8_t *w, size_t blocks, size_t size, bool has_m, float least)
{
    for (size_t b = 0; b < blocks; b++, w += size) {
        uint32_t words;
        memcpy(&words, w, sizeof words);
        float one = _cvtsh_ss((uint16_t)words), m = has_m ? _cvtsh_ss((uint16_t)(words >> 16)) : one * least;
        d = pack_many(d, 8, &one, &m, 1);
    }
}

INLINE void pack_scales_Q8_0(float *d, const uint8_t *w, size_t blocks)
{
    pack_first(d, w, blocks, ZC_WEIGHT_BYTES_Q8_0, false, -128.0f);
}

INLINE void pack_scales_Q4_0(float *d, const uint8_t *w, size_t blocks)
{
    pack_first(d, w, blocks, ZC_WEIGHT_BYTES_Q4_0, false, -8.0f);
}

INLINE void pack_scales_Q4_1(float *d, const uint8_t *w, size_t blocks)
{
    pack_first(d, w, blocks, ZC_WEIGHT_BYTES_Q4_1, true, 0.0f);
}

INLINE void pack_scales(uint8_t *panel, uint32_t type, const uint8_t *w, size_t blocks, size_t lane)
{
    float *d = (float *)(panel + steps_of(type) * 128) + lane;
    switch (type) {
#define DO(TYPE)                          \
    case ZC_WEIGHT_##TYPE:                \
        pack_scales_##TYPE(d, w, blocks); \
        break;
#include "kernel/zc_weight_type.def"
#undef DO
    default:
        break;
    }
}

INLINE __m512i unpack(uint32_t type, const uint8_t *w, size_t at, size_t blocks)
{
    switch (type) {
#define DO(TYPE)           \
    case ZC_WEIGHT_##TYPE: \
        return unpack_##TYPE(w, at, blocks);
#include "kernel/zc_weight_type.def"
#undef DO
    default:
        return _mm512_setzero_si512();
    }
}

INLINE void transpose(__m512i v[16])
{
    __m512i w[16];
    ZC_UNROLL(4)
    for (int i = 0; i < 16; i += 4) { /* 4 x 4 inside each 128-bit lane */
        __m512i a = _mm512_unpacklo_epi32(v[i], v[i + 1]), b = _mm512_unpackhi_epi32(v[i], v[i + 1]);
        __m512i c = _mm512_unpacklo_epi32(v[i + 2], v[i + 3]), d = _mm512_unpackhi_epi32(v[i + 2], v[i + 3]);
        w[i] = _mm512_unpacklo_epi64(a, c);
        w[i + 1] = _mm512_unpackhi_epi64(a, c);
        w[i + 2] = _mm512_unpacklo_epi64(b, d);
        w[i + 3] = _mm512_unpackhi_epi64(b, d);
    }
    ZC_UNROLL(4)
    for (int i = 0; i < 4; i++) { /* then 4 x 4 of the lanes */
        __m512i a = _mm512_shuffle_i32x4(w[i], w[i + 4], 0x88), b = _mm512_shuffle_i32x4(w[i], w[i + 4], 0xdd);
        __m512i c = _mm512_shuffle_i32x4(w[i + 8], w[i + 12], 0x88);
        __m512i d = _mm512_shuffle_i32x4(w[i + 8], w[i + 12], 0xdd);
        v[i] = _mm512_shuffle_i32x4(a, c, 0x88);
        v[i + 4] = _mm512_shuffle_i32x4(b, d, 0x88);
        v[i + 8] = _mm512_shuffle_i32x4(a, c, 0xdd);
        v[i + 12] = _mm512_shuffle_i32x4(b, d, 0xdd);
    }
}

INLINE void pack_of(uint32_t type, uint8_t *panel, const uint8_t *w, size_t row_bytes, size_t count, size_t blocks)
{
    const size_t steps = steps_of(type), step = steps * 128 + 256;
    for (size_t i = 0; i < ZC_PANEL; i++) {
        if (i < count) {
            pack_scales(panel, type, w + i * row_bytes, blocks, i);
        } else { /* any number will do, the result is not used, but let it not be slow */
            float *d = (float *)(panel + steps * 128) + i;
            for (size_t b = 0; b < blocks * 8 / steps; b++, d += step / sizeof(float)) {
                d[0] = d[ZC_PANEL] = 0.0f;
            }
        }
    }
    for (size_t b = 0; b < blocks; b += 2) {
        uint8_t *to = panel + b * 8 / steps * step;
        for (size_t half = 0; half < 2; half++) {
            __m512i v[16];
            for (size_t i = 0; i < 16; i++) {
                size_t row = 16 * half + i;
                _mm_prefetch((const char *)w + row * row_bytes + b / 2 * row_bytes / blocks * 2 + 512, _MM_HINT_T0);
                v[i] = row < count ? unpack(type, w + row * row_bytes, b / 2, blocks - b) : _mm512_setzero_si512();
            }
            transpose(v);
            ZC_UNROLL(16)
            for (size_t i = 0; i < 16; i++) {
                _mm512_storeu_si512(to + i / steps * step + i % steps * 128 + half * 64, v[i]);
            }
        }
    }
}

INLINE void tile_of(const size_t steps, const size_t rows, float *out, const uint8_t *panel, size_t blocks,
                    const uint8_t *x)
{
    const size_t parts = 8 / steps; /* of a block */
    __m512 total[TILE_ROWS][2];
    ZC_UNROLL(6)
    for (size_t r = 0; r < rows; r++) {
        total[r][0] = total[r][1] = _mm512_setzero_ps();
    }
    for (size_t b = 0; b < blocks; b++, x += rows * ZC_FIXED_BLOCK) {
        const float *numbers = (const float *)(x + rows * 64);
        ZC_UNROLL(2)
        for (size_t part = 0; part < parts; part++, panel += steps * 128 + 256) {
            const float *d = (const float *)(panel + steps * 128);
            __m512i acc[TILE_ROWS][2];
            ZC_UNROLL(6)
            for (size_t r = 0; r < rows; r++) {
                acc[r][0] = acc[r][1] = _mm512_setzero_si512();
            }
            ZC_UNROLL(2)
            for (size_t low = 0; low < 2; low++) {
                ZC_UNROLL(8)
                for (size_t i = 0; i < steps; i++) {
                    __m512i w0 = _mm512_loadu_si512(panel + i * 128), w1 = _mm512_loadu_si512(panel + i * 128 + 64);
                    ZC_UNROLL(6)
                    for (size_t r = 0; r < rows; r++) {
                        int32_t four;
                        memcpy(&four, x + r * 64 + low * 32 + part * 16 + i * 4, sizeof four);
                        acc[r][0] = _mm512_dpbusd_epi32(acc[r][0], w0, _mm512_set1_epi32(four));
                        acc[r][1] = _mm512_dpbusd_epi32(acc[r][1], w1, _mm512_set1_epi32(four));
                    }
                }
                ZC_UNROLL(6)
                for (size_t r = 0; low == 0 && r < rows; r++) {
                    acc[r][0] = _mm512_slli_epi32(acc[r][0], 8);
                    acc[r][1] = _mm512_slli_epi32(acc[r][1], 8);
                }
            }
            ZC_UNROLL(6)
            for (size_t r = 0; r < rows; r++) {
                __m512 s = _mm512_set1_ps(numbers[r]),
                       t = _mm512_set1_ps(numbers[(parts == 1 ? 1 : 2 + part) * rows + r]);
                total[r][0] =
                    _mm512_fmadd_ps(_mm512_cvtepi32_ps(acc[r][0]), _mm512_mul_ps(_mm512_loadu_ps(d), s), total[r][0]);
                total[r][1] = _mm512_fmadd_ps(_mm512_cvtepi32_ps(acc[r][1]), _mm512_mul_ps(_mm512_loadu_ps(d + 16), s),
                                              total[r][1]);
                total[r][0] = _mm512_fmadd_ps(_mm512_loadu_ps(d + 32), t, total[r][0]);
                total[r][1] = _mm512_fmadd_ps(_mm512_loadu_ps(d + 48), t, total[r][1]);
            }
        }
    }
    ZC_UNROLL(6)
    for (size_t r = 0; r < rows; r++) {
        _mm512_storeu_ps(out + r * ZC_PANEL, total[r][0]);
        _mm512_storeu_ps(out + r * ZC_PANEL + 16, total[r][1]);
    }
}

typedef void (*tile_function)(float *out, const uint8_t *panel, size_t blocks, const uint8_t *x);

#define TILES(X) X(1) X(2) X(3) X(4) X(5) X(6)
#define TILE(rows)                                                                                \
    static void tile_32_##rows(float *out, const uint8_t *panel, size_t blocks, const uint8_t *x) \
    {                                                                                             \
        tile_of(8, rows, out, panel, blocks, x);                                                  \
    }                                                                                             \
    static void tile_16_##rows(float *out, const uint8_t *panel, size_t blocks, const uint8_t *x) \
    {                                                                                             \
        tile_of(4, rows, out, panel, blocks, x);                                                  \
    }
TILES(TILE)
#define ENTRY(rows) {tile_32_##rows, tile_16_##rows},
static const tile_function tiles[TILE_ROWS][2] = {TILES(ENTRY)};

static void tile(float *out, uint32_t type, const uint8_t *panel, size_t rows, size_t blocks, const uint8_t *x)
{
    tiles[rows - 1][steps_of(type) == 4](out, panel, blocks, x);
}

static void pack(uint8_t *panel, uint32_t type, const uint8_t *w, size_t row_bytes, size_t count, size_t k)
{
    switch (type) {
#define DO(TYPE)                                                       \
    case ZC_WEIGHT_##TYPE:                                             \
        pack_of(ZC_WEIGHT_##TYPE, panel, w, row_bytes, count, k / 32); \
        break;
#include "kernel/zc_weight_type.def"
#undef DO
    default:
        break;
    }
}

#undef ZC_WEIGHT_TYPE

#if defined(__clang__)
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif

const zc_cpu_integer zc_cpu_integer_vnni = {
    .fix = fix,
    .dots = dots,
    .panel_bytes = panel_bytes,
    .pack = pack,
    .tile_rows = TILE_ROWS,
    .fix_in_tile = fix_in_tile,
    .tile = tile,
};

#else
typedef int zc_cpu_vnni_is_empty_here;
#endif
