/* zc_cpu_words_avx2: products in fixed point for AVX2, also where there is AVX-512 without VNNI: vectors of 512 bits
 * would go through fewer of its units. An empty unit elsewhere. */
#if defined(__x86_64__)
#include <immintrin.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "device/cpu/zc_cpu_integer.h"
#include "device/cpu/zc_cpu_ops.h"
#include "device/cpu/zc_cpu_packed_layout.h"
#include "device/cpu/zc_cpu_quant.h"

#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx2,fma,f16c"))), apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("avx2,fma,f16c")
#endif

#define add_products(sum, a, b) _mm256_add_epi32(sum, _mm256_madd_epi16(a, b))

#include "device/cpu/isa/zc_cpu_words.inc"
#include "device/cpu/isa/zc_cpu_packed_lanes.inc"
#include "device/cpu/isa/zc_cpu_packed_blocks.inc"
#include "device/cpu/isa/zc_cpu_packed.inc"
#include "device/cpu/isa/zc_cpu_packed_rows.inc"
#include "device/cpu/isa/zc_cpu_words_tile.inc"

#if defined(__clang__)
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif

const zc_cpu_integer zc_cpu_integer_avx2 = {
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
/* Its float products with vectors of 512 bits are as fast. */
const zc_cpu_integer zc_cpu_integer_avx512 = {.fix = fix,
                                              .dots = dots,
                                              .fix_packed = fix_packed,
                                              .dots_packed = dots_packed,
                                              .packed_block = ZC_FIXED_BLOCK,
                                              .fix_packed_rows = fix_packed_rows,
                                              .rows_packed = rows_packed};

#else
typedef int zc_cpu_words_avx2_is_empty_here;
#endif
