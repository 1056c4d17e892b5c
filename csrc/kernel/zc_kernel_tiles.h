/* zc_kernel_tiles: which way the shader of a kernel goes, and how large its tiles are. Decided here alone: a shader gets
 * the way as specialization constant 0, and the numbers from zc_shader_numbers.h.
 *
 * Pure functions of the parameters, for those that the kernel's `extent` accepts: the same parameters always go the
 * same way, so the same inputs give the same bits on the same device.
 */
#ifndef ZC_KERNEL_TILES_H
#define ZC_KERNEL_TILES_H

#include <stdint.h>

#include "kernel/zc_kernel.h"
#include "kernel/zc_shader_numbers.h"

/* The value of specialization constant 0 of a kernel with ZC_TRAIT_VARIANTS, below ZC_KERNEL_VARIANTS; else 0. And what
 * an error calls it: a type's name, or "". */
#define ZC_KERNEL_VARIANTS (ZC_WEIGHT_TYPE_COUNT * ZC_LINEAR_INPUTS * ZC_LINEAR_WAYS)
uint32_t zc_kernel_variant(const zc_kernel *kernel, const void *params);
const char *zc_kernel_variant_name(const zc_kernel *kernel, uint32_t variant);

/* ZC_..._WAY */
uint32_t zc_kernel_matmul_way(const zc_matmul_params *params);
uint32_t zc_kernel_rows_way(const zc_rows_params *params);
uint32_t zc_kernel_linear_way(const zc_linear_params *params);
uint32_t zc_kernel_attention_way(const zc_attention_params *params);

/* The side of a GPU's tiles of a product; 0 where it has none. */
uint32_t zc_kernel_matmul_tile(const zc_matmul_params *params);
uint32_t zc_kernel_linear_tile(const zc_linear_params *params);

#endif
