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

/* ---- many rows of x ----
 *
 * A panel holds for each block of 32 elements four groups of eight outputs: their weights, which here have their sign,
 * then eight d, then eight m, or the d of the second half where 16 elements share one. Weights: for each four elements
 * (eight for smmla) those of each output. In a tile for smmla two rows lie together, eight elements in turn.
 *
 * Instructions for 32 elements of four rows and eight outputs, counted in what gcc 12 makes (no measured speed): 245 to
 * 248 with sdot, of which 128 are sdot; 147 to 198 with smmla, of which 64 are smmla. */

#define TILE_ROWS 4
#define GROUP 8
#define GROUP_WEIGHTS (32 * GROUP)
#define GROUP_BYTES (GROUP_WEIGHTS + 2 * GROUP * sizeof(float))
#define BLOCK_BYTES (ZC_PANEL / GROUP * GROUP_BYTES)

typedef enum numbers_of_block { ONE_D, D_AND_M, TWO_D } numbers_of_block;

INLINE numbers_of_block numbers_of(uint32_t type)
{
    return type == ZC_WEIGHT_Q6_K ? TWO_D : type == ZC_WEIGHT_Q4_1 || type == ZC_WEIGHT_Q4_K ? D_AND_M : ONE_D;
}

static size_t panel_bytes(uint32_t type, size_t k)
{
    (void)type;
    return k / 32 * BLOCK_BYTES;
}

INLINE void fix_row_in_tile(bool pairs, uint8_t *tile, size_t rows, size_t r, size_t blocks, const float *x)
{
    size_t step = pairs && (r | 1) < rows ? 16 : 8;
    size_t from = pairs ? r / 2 * 128 + r % 2 * 8 : r * 64;
    for (size_t b = 0; b < blocks; b++, tile += rows * ZC_FIXED_BLOCK) {
        float *numbers = (float *)(tile + rows * 64) + r;
        place to = {.high = tile + from,
                    .step = step,
                    .low = 4 * step,
                    .scale = numbers,
                    .sum = numbers + rows,
                    .half_sum = numbers + 2 * rows,
                    .other_half = numbers + 3 * rows,
                    .least = 1.0f,
                    .least_of_half = 1.0f};
        fix_block(to, x + 32 * b);
    }
}

/* unpack_TYPE: block b of 32 elements of a row, with its two numbers. */

typedef struct unpacked {
    int8x16_t v[2];
    float d, other;
} unpacked;

INLINE int8x16_t minus(int8x16_t v, int8_t n)
{
    return vsubq_s8(v, vdupq_n_s8(n));
}

INLINE unpacked unpack_Q8_0(const uint8_t *w, size_t b)
{
    unpacked u = {.d = half_at(w + b * ZC_WEIGHT_BYTES_Q8_0)};
    unpack_small(u.v, ZC_WEIGHT_Q8_0, w + b * ZC_WEIGHT_BYTES_Q8_0, ZC_WEIGHT_BYTES_Q8_0);
    return u;
}

INLINE unpacked unpack_Q4_0(const uint8_t *w, size_t b)
{
    unpacked u = {.d = half_at(w + b * ZC_WEIGHT_BYTES_Q4_0)};
    unpack_small(u.v, ZC_WEIGHT_Q4_0, w + b * ZC_WEIGHT_BYTES_Q4_0, ZC_WEIGHT_BYTES_Q4_0);
    u.v[0] = minus(u.v[0], 8);
    u.v[1] = minus(u.v[1], 8);
    return u;
}

INLINE unpacked unpack_Q4_1(const uint8_t *w, size_t b)
{
    unpacked u = {.d = half_at(w + b * ZC_WEIGHT_BYTES_Q4_1), .other = half_at(w + b * ZC_WEIGHT_BYTES_Q4_1 + 2)};
    unpack_small(u.v, ZC_WEIGHT_Q4_1, w + b * ZC_WEIGHT_BYTES_Q4_1, ZC_WEIGHT_BYTES_Q4_1);
    return u;
}

INLINE unpacked unpack_Q4_K(const uint8_t *w, size_t b)
{
    const zc_block_q4_k *block = (const zc_block_q4_k *)w + b / 8;
    const uint8_t *q = block->q + b % 8 / 2 * 32, *s = block->scales + b % 4;
    const int8x16_t shift = vdupq_n_s8(b % 2 ? -4 : 0);
    unsigned scale = b % 8 < 4 ? s[0] & 63u : (s[8] & 15u) | (unsigned)s[0] >> 6 << 4;
    unsigned least = b % 8 < 4 ? s[4] & 63u : (unsigned)s[8] >> 4 | (unsigned)s[4] >> 6 << 4;
    unpacked u = {.d = half_at(&block->d) * (float)scale, .other = -half_at(&block->m) * (float)least};
    u.v[0] = vreinterpretq_s8_u8(vandq_u8(vshlq_u8(vld1q_u8(q), shift), vdupq_n_u8(15)));
    u.v[1] = vreinterpretq_s8_u8(vandq_u8(vshlq_u8(vld1q_u8(q + 16), shift), vdupq_n_u8(15)));
    return u;
}

INLINE unpacked unpack_Q6_K(const uint8_t *w, size_t b)
{
    const zc_block_q6_k *block = (const zc_block_q6_k *)w + b / 8;
    const uint8_t *low = block->low + b % 8 / 4 * 64 + b % 2 * 32, *high = block->high + b % 8 / 4 * 32;
    const int8_t *scales = block->scales + b % 8 * 2;
    float d = half_at(&block->d);
    unpacked u = {.d = d * (float)scales[0], .other = d * (float)scales[1]};
    ZC_UNROLL(2)
    for (size_t i = 0; i < 2; i++) {
        uint8x16_t l = vld1q_u8(low + 16 * i), h = vld1q_u8(high + 16 * i);
        switch (b % 4) {
        case 0:
            u.v[i] = six_bits(0, l, h);
            break;
        case 1:
            u.v[i] = six_bits(1, l, h);
            break;
        case 2:
            u.v[i] = six_bits(2, l, h);
            break;
        default:
            u.v[i] = six_bits(3, l, h);
        }
        u.v[i] = minus(u.v[i], 32);
    }
    return u;
}

INLINE unpacked unpack(uint32_t type, const uint8_t *w, size_t b)
{
    switch (type) {
#define DO(TYPE)           \
    case ZC_WEIGHT_##TYPE: \
        return unpack_##TYPE(w, b);
#include "kernel/zc_weight_type.def"
#undef DO
    default:
        return (unpacked){.d = 0.0f};
    }
}

INLINE int8x16_t pairs_of_64(int8x16_t a, int8x16_t b, bool second)
{
    int64x2_t c = vreinterpretq_s64_s8(a), d = vreinterpretq_s64_s8(b);
    return vreinterpretq_s8_s64(second ? vzip2q_s64(c, d) : vzip1q_s64(c, d));
}

INLINE int8x16_t pairs_of_32(int8x16_t a, int8x16_t b, bool second)
{
    int32x4_t c = vreinterpretq_s32_s8(a), d = vreinterpretq_s32_s8(b);
    return vreinterpretq_s8_s32(second ? vzip2q_s32(c, d) : vzip1q_s32(c, d));
}

/* 16 elements each of eight outputs. */
INLINE void pack_weights(bool matrices, int8_t *to, const int8x16_t v[GROUP])
{
    if (matrices) {
        ZC_UNROLL(4)
        for (size_t i = 0; i < GROUP / 2; i++) {
            vst1q_s8(to + 16 * i, pairs_of_64(v[2 * i], v[2 * i + 1], false));
            vst1q_s8(to + 64 + 16 * i, pairs_of_64(v[2 * i], v[2 * i + 1], true));
        }
        return;
    }
    ZC_UNROLL(2)
    for (size_t i = 0; i < GROUP / 4; i++) {
        const int8x16_t *four = v + 4 * i;
        int8x16_t a = pairs_of_32(four[0], four[1], false), b = pairs_of_32(four[2], four[3], false);
        int8x16_t c = pairs_of_32(four[0], four[1], true), d = pairs_of_32(four[2], four[3], true);
        vst1q_s8(to + 16 * i, pairs_of_64(a, b, false));
        vst1q_s8(to + 32 + 16 * i, pairs_of_64(a, b, true));
        vst1q_s8(to + 64 + 16 * i, pairs_of_64(c, d, false));
        vst1q_s8(to + 96 + 16 * i, pairs_of_64(c, d, true));
    }
}

INLINE void pack_of(bool matrices, uint32_t type, uint8_t *panel, const uint8_t *w, size_t row_bytes, size_t count,
                    size_t blocks)
{
    for (size_t first = 0; first < ZC_PANEL; first += GROUP, panel += GROUP_BYTES) {
        uint8_t *to = panel;
        for (size_t b = 0; b < blocks; b++, to += BLOCK_BYTES) {
            int8x16_t v[2][GROUP];
            float *numbers = (float *)(to + GROUP_WEIGHTS);
            ZC_UNROLL(8)
            for (size_t i = 0; i < GROUP; i++) {
                /* Past the end: the last row again, whose results nobody reads. */
                unpacked u = unpack(type, w + (first + i < count ? first + i : count - 1) * row_bytes, b);
                v[0][i] = u.v[0];
                v[1][i] = u.v[1];
                numbers[i] = u.d;
                numbers[GROUP + i] = u.other;
            }
            pack_weights(matrices, (int8_t *)to, v[0]);
            pack_weights(matrices, (int8_t *)to + GROUP_WEIGHTS / 2, v[1]);
        }
    }
}

/* Elements [4 lane, 4 lane + 4) of 16 of each row, with weights of eight outputs. */
#define DOT_STEP(lane)                                                                 \
    do {                                                                               \
        int8x16_t w0 = vld1q_s8(v + 32 * (lane)), w1 = vld1q_s8(v + 32 * (lane) + 16); \
        ZC_UNROLL(4)                                                                   \
        for (size_t r = 0; r < rows; r++) {                                            \
            acc[r][0] = vdotq_laneq_s32(acc[r][0], w0, of_row[r], lane);               \
            acc[r][1] = vdotq_laneq_s32(acc[r][1], w1, of_row[r], lane);               \
        }                                                                              \
    } while (0)

/* The halves [half, end) of a block, of both planes. */
INLINE void dot_halves(int32x4_t acc[TILE_ROWS][2], const size_t rows, const int8_t *weights, const uint8_t *x,
                       size_t half, size_t end)
{
    ZC_UNROLL(4)
    for (size_t r = 0; r < rows; r++) {
        acc[r][0] = acc[r][1] = vdupq_n_s32(0);
    }
    ZC_UNROLL(2)
    for (size_t plane = 0; plane < 2; plane++) {
        ZC_UNROLL(4)
        for (size_t r = 0; plane == 1 && r < rows; r++) {
            acc[r][0] = vshlq_n_s32(acc[r][0], 8);
            acc[r][1] = vshlq_n_s32(acc[r][1], 8);
        }
        ZC_UNROLL(2)
        for (size_t h = half; h < end; h++) {
            const int8_t *v = weights + 128 * h;
            int8x16_t of_row[TILE_ROWS];
            ZC_UNROLL(4)
            for (size_t r = 0; r < rows; r++) {
                of_row[r] = vld1q_s8((const int8_t *)x + 64 * r + 32 * plane + 16 * h);
            }
            DOT_STEP(0);
            DOT_STEP(1);
            DOT_STEP(2);
            DOT_STEP(3);
        }
    }
}

INLINE void dot_tile(const numbers_of_block kind, const size_t rows, float *out, const uint8_t *panel, size_t blocks,
                     const uint8_t *x)
{
    const size_t parts = kind == TWO_D ? 2 : 1; /* of a block, with a scale each */
    for (size_t g = 0; g < ZC_PANEL / GROUP; g++, panel += GROUP_BYTES, out += GROUP) {
        float32x4_t total[TILE_ROWS][2];
        const uint8_t *w = panel, *of_x = x;
        ZC_UNROLL(4)
        for (size_t r = 0; r < rows; r++) {
            total[r][0] = total[r][1] = vdupq_n_f32(0.0f);
        }
        for (size_t b = 0; b < blocks; b++, w += BLOCK_BYTES, of_x += rows * ZC_FIXED_BLOCK) {
            const float *d = (const float *)(w + GROUP_WEIGHTS), *numbers = (const float *)(of_x + rows * 64);
            for (size_t part = 0; part < parts; part++) {
                int32x4_t acc[TILE_ROWS][2];
                dot_halves(acc, rows, (const int8_t *)w, of_x, part, part + 2 / parts);
                ZC_UNROLL(4)
                for (size_t r = 0; r < rows; r++) {
                    ZC_UNROLL(2)
                    for (size_t i = 0; i < 2; i++) {
                        float32x4_t scale = vmulq_n_f32(vld1q_f32(d + part * GROUP + 4 * i), numbers[r]);
                        total[r][i] = vfmaq_f32(total[r][i], vcvtq_f32_s32(acc[r][i]), scale);
                        if (kind == D_AND_M) {
                            total[r][i] = vfmaq_n_f32(total[r][i], vld1q_f32(d + GROUP + 4 * i), numbers[rows + r]);
                        }
                    }
                }
            }
        }
        ZC_UNROLL(4)
        for (size_t r = 0; r < rows; r++) {
            vst1q_f32(out + r * ZC_PANEL, total[r][0]);
            vst1q_f32(out + r * ZC_PANEL + 4, total[r][1]);
        }
    }
}

typedef void (*tile_function)(float *out, const uint8_t *panel, size_t blocks, const uint8_t *x);

#define TILES(X, name) X(name, 1) X(name, 2) X(name, 3) X(name, 4)
#define TILE_OF(name, kind, rows)                                                                         \
    static void name##_##kind##_##rows(float *out, const uint8_t *panel, size_t blocks, const uint8_t *x) \
    {                                                                                                     \
        name(kind, rows, out, panel, blocks, x);                                                          \
    }
#define TILE(name, rows) TILE_OF(name, ONE_D, rows) TILE_OF(name, D_AND_M, rows) TILE_OF(name, TWO_D, rows)
#define ENTRY(name, rows) {name##_ONE_D_##rows, name##_D_AND_M_##rows, name##_TWO_D_##rows},
/* What a table has for many rows: with `prefix` in their names. */
#define MANY(prefix, matrices)                                                                                     \
    TILES(TILE, prefix##_tile)                                                                                     \
    static const tile_function prefix##_tiles[TILE_ROWS][3] = {TILES(ENTRY, prefix##_tile)};                       \
    static void tile_by_##prefix(float *out, uint32_t type, const uint8_t *panel, size_t rows, size_t blocks,      \
                                 const uint8_t *x)                                                                 \
    {                                                                                                              \
        prefix##_tiles[rows - 1][numbers_of(type)](out, panel, blocks, x);                                         \
    }                                                                                                              \
    static void pack_for_##prefix(uint8_t *panel, uint32_t type, const uint8_t *w, size_t row_bytes, size_t count, \
                                  size_t k)                                                                        \
    {                                                                                                              \
        pack_any(matrices, panel, type, w, row_bytes, count, k / 32);                                              \
    }                                                                                                              \
    static void fix_for_##prefix(uint8_t *tile, size_t rows, size_t r, size_t blocks, const float *x)              \
    {                                                                                                              \
        fix_row_in_tile(matrices, tile, rows, r, blocks, x);                                                       \
    }

INLINE void pack_any(bool matrices, uint8_t *panel, uint32_t type, const uint8_t *w, size_t row_bytes, size_t count,
                     size_t blocks)
{
    switch (type) {
#define DO(TYPE)                                                                 \
    case ZC_WEIGHT_##TYPE:                                                       \
        pack_of(matrices, ZC_WEIGHT_##TYPE, panel, w, row_bytes, count, blocks); \
        break;
#include "kernel/zc_weight_type.def"
#undef DO
    default:
        break;
    }
}

MANY(dot, false)

#if defined(__clang__)
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif

#define TABLE(prefix)                    \
    {                                    \
        .fix = fix,                      \
        .dots = dots,                    \
        .panel_bytes = panel_bytes,      \
        .pack = pack_for_##prefix,       \
        .tile_rows = TILE_ROWS,          \
        .fix_in_tile = fix_for_##prefix, \
        .tile = tile_by_##prefix,        \
    }

const zc_cpu_integer zc_cpu_integer_neondot = TABLE(dot);

#if defined(ZC_NEON_I8MM)
#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("dotprod,i8mm"))), apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("arch=armv8.2-a+dotprod+i8mm")
#endif

/* Eights [from, end) of a block, of both planes. An accumulator has two rows of x by two outputs. */
INLINE void matrix_eights(int32x4_t acc[TILE_ROWS / 2][GROUP / 2], const size_t rows, const int8_t *w, const uint8_t *x,
                          size_t from, size_t end)
{
    const size_t pairs = (rows + 1) / 2;
    ZC_UNROLL(2)
    for (size_t r = 0; r < pairs; r++) {
        ZC_UNROLL(4)
        for (size_t i = 0; i < GROUP / 2; i++) {
            acc[r][i] = vdupq_n_s32(0);
        }
    }
    ZC_UNROLL(2)
    for (size_t plane = 0; plane < 2; plane++) {
        ZC_UNROLL(2)
        for (size_t r = 0; plane == 1 && r < pairs; r++) {
            ZC_UNROLL(4)
            for (size_t i = 0; i < GROUP / 2; i++) {
                acc[r][i] = vshlq_n_s32(acc[r][i], 8);
            }
        }
        ZC_UNROLL(4)
        for (size_t e = from; e < end; e++) {
            int8x16_t two_rows[TILE_ROWS / 2], v[GROUP / 2];
            ZC_UNROLL(2)
            for (size_t r = 0; r < pairs; r++) {
                const int8_t *of_pair = (const int8_t *)x + 128 * r;
                two_rows[r] = 2 * r + 1 < rows ? vld1q_s8(of_pair + 64 * plane + 16 * e)
                                               : vcombine_s8(vld1_s8(of_pair + 32 * plane + 8 * e), vdup_n_s8(0));
            }
            ZC_UNROLL(4)
            for (size_t i = 0; i < GROUP / 2; i++) {
                v[i] = vld1q_s8(w + 64 * e + 16 * i);
            }
            ZC_UNROLL(2)
            for (size_t r = 0; r < pairs; r++) {
                ZC_UNROLL(4)
                for (size_t i = 0; i < GROUP / 2; i++) {
                    acc[r][i] = vmmlaq_s32(acc[r][i], two_rows[r], v[i]);
                }
            }
        }
    }
}

/* Numbers of two rows, or of the last one, each twice. */
INLINE float32x4_t of_two_rows(const float *numbers, bool both)
{
    float32x2_t n = both ? vld1_f32(numbers) : vld1_dup_f32(numbers);
    return vcombine_f32(vzip1_f32(n, n), vzip2_f32(n, n));
}

INLINE float32x4_t of_two_outputs(const float *numbers)
{
    float32x2_t n = vld1_f32(numbers);
    return vcombine_f32(n, n);
}

INLINE void matrix_tile(const numbers_of_block kind, const size_t rows, float *out, const uint8_t *panel, size_t blocks,
                        const uint8_t *x)
{
    const size_t pairs = (rows + 1) / 2, parts = kind == TWO_D ? 2 : 1;
    for (size_t g = 0; g < ZC_PANEL / GROUP; g++, panel += GROUP_BYTES, out += GROUP) {
        float32x4_t total[TILE_ROWS / 2][GROUP / 2];
        const uint8_t *w = panel, *of_x = x;
        ZC_UNROLL(2)
        for (size_t r = 0; r < pairs; r++) {
            ZC_UNROLL(4)
            for (size_t i = 0; i < GROUP / 2; i++) {
                total[r][i] = vdupq_n_f32(0.0f);
            }
        }
        for (size_t b = 0; b < blocks; b++, w += BLOCK_BYTES, of_x += rows * ZC_FIXED_BLOCK) {
            const float *d = (const float *)(w + GROUP_WEIGHTS), *numbers = (const float *)(of_x + rows * 64);
            for (size_t part = 0; part < parts; part++) {
                int32x4_t acc[TILE_ROWS / 2][GROUP / 2];
                KEEP_ORDER();
                matrix_eights(acc, rows, (const int8_t *)w, of_x, 2 * part, 2 * part + 4 / parts);
                ZC_UNROLL(2)
                for (size_t r = 0; r < pairs; r++) {
                    bool both = 2 * r + 1 < rows;
                    float32x4_t scale = of_two_rows(numbers + 2 * r, both);
                    float32x4_t sum = of_two_rows(numbers + rows + 2 * r, both);
                    ZC_UNROLL(4)
                    for (size_t i = 0; i < GROUP / 2; i++) {
                        float32x4_t ds = vmulq_f32(of_two_outputs(d + part * GROUP + 2 * i), scale);
                        total[r][i] = vfmaq_f32(total[r][i], vcvtq_f32_s32(acc[r][i]), ds);
                        if (kind == D_AND_M) {
                            total[r][i] = vfmaq_f32(total[r][i], of_two_outputs(d + GROUP + 2 * i), sum);
                        }
                    }
                }
            }
        }
        ZC_UNROLL(2)
        for (size_t r = 0; r < pairs; r++) {
            ZC_UNROLL(4)
            for (size_t i = 0; i < GROUP / 2; i++) {
                vst1_f32(out + 2 * r * ZC_PANEL + 2 * i, vget_low_f32(total[r][i]));
                if (2 * r + 1 < rows) {
                    vst1_f32(out + (2 * r + 1) * ZC_PANEL + 2 * i, vget_high_f32(total[r][i]));
                }
            }
        }
    }
}

MANY(matrix, true)

#if defined(__clang__)
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif

const zc_cpu_integer zc_cpu_integer_neoni8mm = TABLE(matrix);
#endif

#else
typedef int zc_cpu_neon_dot_is_empty_here;
#endif
