/* zc_cpu_vnni: products in fixed point for AVX-512 with VNNI (Cascade Lake, Zen 4 and later); an empty unit
 * elsewhere. zc_cpu_integer.h says what the functions do.
 *
 * vpdpbusd multiplies unsigned bytes (weights, shifted to be positive: what was added comes off again through
 * the sums of x) with signed ones (a plane of x), and adds groups of four to 32 bits. One accumulator does both
 * planes: high bytes first, a shift by eight, low bytes.
 *
 * Only many rows of x: for one, 16-bit words are faster from memory (zc_cpu_words_vnni.c).
 *
 * Every type that zc_weight_type.def calls INTEGER has here, or this does not compile: unpack_TYPE, STEPS_TYPE and
 * pack_scales_TYPE.
 */
#if defined(__x86_64__)
#include <immintrin.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "device/cpu/zc_cpu_integer.h"
#include "device/cpu/zc_cpu_ops.h"
#include "device/cpu/zc_cpu_quant.h"

#define TARGET "avx512f,avx512dq,avx512bw,avx512vl,avx512vnni,avx2,fma,f16c"
#if defined(__clang__)
#pragma clang attribute push(__attribute__((target(TARGET))), apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("avx512f,avx512dq,avx512bw,avx512vl,avx512vnni,avx2,fma,f16c")
#endif

#define INLINE static inline __attribute__((always_inline))

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
        scale = top * (ZC_FIXED_UNIT / 32512.0f);
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

static void fix_in_tile(uint8_t *tile, size_t rows, size_t r, size_t blocks, const float *x)
{
    for (size_t b = 0; b < blocks; b++, tile += rows * ZC_FIXED_BLOCK) {
        float *numbers = (float *)(tile + rows * 64) + r;
        place to = {tile + r * 64, 16, 32, numbers, numbers + rows, numbers + 2 * rows, numbers + 3 * rows};
        fix_block(to, x + 32 * b);
    }
}

/* ---- weights ---- */

typedef struct scales {
    __m512 d, m; /* of up to 16 blocks: what a dot product and a sum of x are multiplied with */
} scales;

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

/* For each type that the table calls INTEGER: DO(type). */
#define DO_FLOAT(TYPE)
#define DO_INTEGER(TYPE) DO(TYPE)
#define ZC_WEIGHT_TYPE(name, elements, bytes, gguf, cpu) DO_##cpu(name)

static void fix(uint8_t *row, uint32_t type, const zc_fixed_layout *layout, const float *x)
{
    zc_cpu_integer_vnni_words.fix(row, type, layout, x);
}

static void dots(float *out, uint32_t type, const uint8_t *w, size_t row_bytes, size_t count,
                 const zc_fixed_layout *layout, const uint8_t *x)
{
    zc_cpu_integer_vnni_words.dots(out, type, w, row_bytes, count, layout, x);
}

static void fix_packed(uint8_t *row, uint32_t type, const zc_fixed_layout *layout, const float *x)
{
    zc_cpu_integer_vnni_words.fix_packed(row, type, layout, x);
}

static void dots_packed(float *out, uint32_t type, const uint8_t *w, size_t groups, const zc_fixed_layout *layout,
                        const uint8_t *x)
{
    zc_cpu_integer_vnni_words.dots_packed(out, type, w, groups, layout, x);
}

static void fix_packed_rows(uint8_t *tile, uint32_t type, size_t rows, size_t r, size_t blocks, const float *x)
{
    zc_cpu_integer_vnni_words.fix_packed_rows(tile, type, rows, r, blocks, x);
}

static void rows_packed(float *out, size_t ld, uint32_t type, const uint8_t *w, size_t groups, const uint8_t *x,
                        size_t rows, size_t blocks)
{
    zc_cpu_integer_vnni_words.rows_packed(out, ld, type, w, groups, x, rows, blocks);
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

#include "device/cpu/isa/zc_cpu_transpose_512.inc"

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
    .fix_packed = fix_packed,
    .dots_packed = dots_packed,
    .packed_block = ZC_FIXED_BLOCK,
    .fix_packed_rows = fix_packed_rows,
    .rows_packed = rows_packed,
    .panel_bytes = panel_bytes,
    .pack = pack,
    .tile_rows = TILE_ROWS,
    .fix_in_tile = fix_in_tile,
    .tile = tile,
};

#else
typedef int zc_cpu_vnni_is_empty_here;
#endif
