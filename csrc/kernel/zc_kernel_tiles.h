/* zc_kernel_tiles: which way the shader of a kernel goes, and how large its tiles are.
 *
 * Pure functions of the parameters, for those that the kernel's `extent` accepts: the same parameters always go the
 * same way, so the same inputs give the same bits on the same device.
 */
#ifndef ZC_KERNEL_TILES_H
#define ZC_KERNEL_TILES_H

#include <stdbool.h>
#include <stdint.h>

#include "kernel/zc_kernel.h"

/* The value of specialization constant 0 of a kernel with ZC_TRAIT_VARIANTS, below ZC_KERNEL_VARIANTS; else 0. And what
 * an error calls it: a type's name, or "". */
#define ZC_KERNEL_VARIANTS 128
uint32_t zc_kernel_variant(const zc_kernel *kernel, const void *params);
const char *zc_kernel_variant_name(const zc_kernel *kernel, uint32_t variant);

/* The side of a GPU's tiles of a product; 0 where it has none. */
uint32_t zc_kernel_matmul_tile(const zc_matmul_params *params);
uint32_t zc_kernel_linear_tile(const zc_linear_params *params);

bool zc_kernel_matmul_along_k(const zc_matmul_params *params); /* a product without tiles reads k's neighbours */
uint32_t zc_kernel_rows_of_group(const zc_rows_params *params); /* rows that a workgroup of sum, max, softmax has */
uint32_t zc_kernel_linear_lines(const zc_linear_params *params); /* elements of y that one has, without tiles */
bool zc_kernel_attention_tiled(const zc_attention_params *params); /* 16 rows share the keys that they read */

#endif
