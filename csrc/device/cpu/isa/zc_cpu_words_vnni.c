/* zc_cpu_words_vnni: products of one row in fixed point for AVX-512 with VNNI, whose other functions are in
 * zc_cpu_vnni.c; an empty unit elsewhere. Instructions are those of AVX-VNNI but for their encoding. */
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
#pragma clang attribute push(__attribute__((target("avx512f,avx512dq,avx512bw,avx512vl,avx512vnni,avx2,fma,f16c"))), \
                             apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("avx512f,avx512dq,avx512bw,avx512vl,avx512vnni,avx2,fma,f16c")
#endif

#define add_products(sum, a, b) _mm256_dpwssd_epi32(sum, a, b)

#include "device/cpu/isa/zc_cpu_words.inc"

#define PACKED_512
#include "device/cpu/isa/zc_cpu_packed_lanes.inc"
#include "device/cpu/isa/zc_cpu_packed_blocks.inc"
#include "device/cpu/isa/zc_cpu_packed.inc"
#include "device/cpu/isa/zc_cpu_packed_rows.inc"

#if defined(__clang__)
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif

const zc_cpu_integer zc_cpu_integer_vnni_words = {.fix = fix,
                                                  .dots = dots,
                                                  .fix_packed = fix_packed,
                                                  .dots_packed = dots_packed,
                                                  .fix_packed_rows = fix_packed_rows,
                                                  .rows_packed = rows_packed};

#else
typedef int zc_cpu_words_vnni_is_empty_here;
#endif
