/* zc_cpu_words_avx2vnni: products in fixed point for AVX2 with AVX-VNNI (Alder Lake, Zen 5 and later); an empty unit
 * elsewhere, and with compilers that do not know it. */
#include "device/cpu/zc_cpu_integer.h"

#if defined(__x86_64__) && ZC_HAS_AVX_VNNI
#include <immintrin.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "device/cpu/zc_cpu_ops.h"
#include "device/cpu/zc_cpu_packed_layout.h"
#include "device/cpu/zc_cpu_quant.h"

#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx2,fma,f16c,avxvnni"))), apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("avx2,fma,f16c,avxvnni")
#endif

#define add_products(sum, a, b) _mm256_dpwssd_avx_epi32(sum, a, b)

#include "device/cpu/isa/zc_cpu_words.inc"

#define add_bytes(sum, w, x) _mm256_dpbusd_avx_epi32(sum, w, x)
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

const zc_cpu_integer zc_cpu_integer_avx2vnni = {
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
typedef int zc_cpu_words_avx2vnni_is_empty_here;
#endif
