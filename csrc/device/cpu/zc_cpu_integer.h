/* zc_cpu_integer: products of quantized weights with activations in 16-bit fixed point.
 *
 * An element of x becomes q * scale with q of 16 bits and one scale for each block of 32 elements; weights stay
 * the few bits that they are in the file. The processor multiplies integers and adds them in 32 bits, exactly;
 * scales are applied once a block. The error is at most 2^-16 of a block's largest element, and a block with a NaN
 * or an infinity gives NaN. Blocks below 2^-100 count as zero. Where bytes are multiplied, q lies in two planes of
 * bytes, q = 256 * high + low, else as words.
 *
 * A row of fixed point for `dots` lies in one piece of memory: all q, in an order of the instruction set's own, then
 * scales, then for each block, and for each half of one, the sum of its elements. The rows of a tile lie
 * interleaved: for each block the planes of each row, then each row's scale, sum, and sums of halves.
 *
 * A row for weights that were laid out anew (zc_cpu_packed.h) has two planes of bytes for each block, the 32 high ones
 * first, all in order, and in place of the sums of halves what makes weights signed again that have a number added to
 * be none: minus that number times the sum of q of a block, or of each half of one, as int32_t; where halves have
 * minimums of their own, the sums of halves. Where the processor adds products of bytes in 16 bits, x has words in
 * place of the planes for weights of 32 and more. Some such rows lie in a tile: for each block a record of each row,
 * its q and its numbers, or in an order of the instruction set's own. Constant data and pure functions: any thread, no
 * ownership.
 */
#ifndef ZC_CPU_INTEGER_H
#define ZC_CPU_INTEGER_H

#include <stddef.h>
#include <stdint.h>

#include "kernel/zc_kernel.h"

typedef struct zc_fixed_layout {
    size_t blocks;                 /* of 32 elements */
    size_t scale, sum, half_sum;   /* byte offsets of the floats; filled with zeros to whole vectors of 16 */
    size_t bytes;                  /* of a row */
} zc_fixed_layout;

static inline zc_fixed_layout zc_fixed_layout_of(size_t k)
{
    zc_fixed_layout l = {.blocks = k / 32};
    size_t padded = (l.blocks + 15) / 16 * 16;
    l.scale = (k + 127) / 128 * 256;
    l.sum = l.scale + padded * sizeof(float);
    l.half_sum = l.sum + padded * sizeof(float);
    l.bytes = l.half_sum + 2 * padded * sizeof(float);
    return l;
}

/* Scales are multiplied with it, and so are all results: a sum of x, times 32, may be no float, but this of it is. A
 * power of two, so no other bit changes, but of products that are the smallest floats. */
#define ZC_FIXED_UNIT 0x1p-10f
#define ZC_PANEL 32       /* outputs of a panel of packed weights */
#define ZC_PACKED_MOST 32 /* rows of x that rows_packed takes at once */
#define ZC_FIXED_BLOCK 80 /* bytes of a block of a row in a tile */

typedef struct zc_cpu_integer {
    /* Makes a row for `dots` with weights of this type. */
    void (*fix)(uint8_t *row, uint32_t type, const zc_fixed_layout *layout, const float *x);
    /* out[i] = ZC_FIXED_UNIT * dot(weight row i, x) for `count` rows. */
    void (*dots)(float *out, uint32_t type, const uint8_t *w, size_t row_bytes, size_t count,
                 const zc_fixed_layout *layout, const uint8_t *x);

    /* The same for groups of weights that were laid out anew: out has ZC_PACKED_ROWS sums for each of `groups`. Both NULL
     * where there is nothing for it. */
    void (*fix_packed)(uint8_t *row, uint32_t type, const zc_fixed_layout *layout, const float *x);
    void (*dots_packed)(float *out, uint32_t type, const uint8_t *w, size_t groups, const zc_fixed_layout *layout,
                        const uint8_t *x);

    /* Some rows with such groups: these are there where dots_packed is. Row r of a tile of `rows` rows, which takes
     * rows * packed_block bytes for each block; */
    size_t packed_block;
    void (*fix_packed_rows)(uint8_t *tile, uint32_t type, size_t rows, size_t r, size_t blocks, const float *x);
    /* out[r * ld + i] = ZC_FIXED_UNIT * dot(weight row i, row r of the tile), i below ZC_PACKED_ROWS * groups, of up to
     * ZC_PACKED_MOST rows: the same bits that dots_packed gives for that row alone. */
    void (*rows_packed)(float *out, size_t ld, uint32_t type, const uint8_t *w, size_t groups, const uint8_t *x,
                        size_t rows, size_t blocks);

    /* Many rows. All of these are NULL where the float product is as fast.
     * Up to ZC_PANEL rows of weights side by side; what missing ones give is not used. */
    size_t (*panel_bytes)(uint32_t type, size_t k);
    void (*pack)(uint8_t *panel, uint32_t type, const uint8_t *w, size_t row_bytes, size_t count, size_t k);
    size_t tile_rows;
    /* Makes row r of a tile of `rows` rows, which takes rows * ZC_FIXED_BLOCK bytes for each block. */
    void (*fix_in_tile)(uint8_t *tile, size_t rows, size_t r, size_t blocks, const float *x);
    /* out[r * ZC_PANEL + i] = ZC_FIXED_UNIT * dot(panel's row i, row r of the tile) for up to tile_rows rows. */
    void (*tile)(float *out, uint32_t type, const uint8_t *panel, size_t rows, size_t blocks, const uint8_t *x);
} zc_cpu_integer;

#if defined(__x86_64__)
#if defined(__has_include)
#if __has_include(<avxvnniintrin.h>)
#define ZC_HAS_AVX_VNNI 1
#endif
#endif
#ifndef ZC_HAS_AVX_VNNI
#define ZC_HAS_AVX_VNNI 0 /* the compiler is too old */
#endif
#if defined(__linux__) && defined(__has_include) /* other systems have no permission to ask for */
#if __has_include(<amxtileintrin.h>) || __has_include(<amxintrin.h>)
#define ZC_HAS_AMX 1
extern const zc_cpu_integer zc_cpu_integer_amx;
#else
#define ZC_AMX_UNKNOWN 1
#endif
#endif
#ifndef ZC_HAS_AMX
#define ZC_HAS_AMX 0
#endif
extern const zc_cpu_integer zc_cpu_integer_vnni, zc_cpu_integer_vnni_words, zc_cpu_integer_avx2vnni,
    zc_cpu_integer_avx512, zc_cpu_integer_avx2;
#endif
#if defined(__aarch64__)
extern const zc_cpu_integer zc_cpu_integer_neon;
/* What the compiler can make for processors that have more than its command line says. */
#if __clang_major__ >= 16 || (!defined(__clang__) && __GNUC__ >= 8) || defined(__ARM_FEATURE_DOTPROD)
#define ZC_NEON_DOT 1
extern const zc_cpu_integer zc_cpu_integer_neondot;
#endif
#if __clang_major__ >= 16 || (!defined(__clang__) && __GNUC__ >= 10) || defined(__ARM_FEATURE_MATMUL_INT8)
#define ZC_NEON_I8MM 1
extern const zc_cpu_integer zc_cpu_integer_neoni8mm;
#endif
#endif

#endif
