/* zc_cpu_split: products of weights in float32, float16 and bfloat16 with many rows of x, by a processor that multiplies
 * floats of 16 bits (bfloat16) and adds their products as float32.
 *
 * An element is split into two such floats, `high`, the nearest one, and `low`, the one nearest to what is left: 16 bits,
 * an error of at most 2^-17 of the element's power of two. A float16 is exactly two of them, a bfloat16 is one. Of the
 * products of two split elements that of both low ones is left out, which is at most 2^-16 of theirs.
 *
 * Rows of x are multiplied with a power of two first, so that their largest elements lie between 2^-24 and 2^-23, or as
 * near as float32 allows: no sum overflows that float32 has a number for. The processor takes what is below 2^-126 as 0:
 * then weights below 2^-102. A row that is not finite keeps its size, and its outputs are not finite.
 *
 * x lies in tiles of 16 rows, and weights in groups of 16 rows, of blocks of 32 columns, missing ones zeros. A block has 16
 * rows of 64 bytes of `high`, then as many of `low`, which weights in bfloat16 have not. Columns lie in an order of the
 * instruction set's own, the same in both.
 *
 * An output is one chain of sums over the columns, whatever lies beside it, so its bits depend on its row of x and its row
 * of weights only. Constant data and pure functions: any thread, no ownership.
 */
#ifndef ZC_CPU_SPLIT_H
#define ZC_CPU_SPLIT_H

#include <stddef.h>
#include <stdint.h>

#include "device/cpu/zc_cpu_integer.h" /* ZC_HAS_AMX */
#include "kernel/zc_kernel.h"

#define ZC_SPLIT_ROWS ((size_t)16) /* of a tile, or a group */
#define ZC_SPLIT_COLS ((size_t)32) /* of a block */
#define ZC_SPLIT_PLANE ((size_t)1024) /* bytes of the high, or the low, floats of a block */
#define ZC_SPLIT_TILES ((size_t)2) /* of x that are multiplied at once */
#define ZC_SPLIT_GROUPS ((size_t)2) /* likewise, of weights */

typedef struct zc_cpu_split {
    /* Makes row r of a tile of x. Gives what its outputs are to be multiplied with. */
    float (*split_row)(uint8_t *tile, size_t r, const float *x, size_t k);
    /* Makes a group of `count` rows of weights; the type is ZC_WEIGHT_F32, F16 or BF16. */
    void (*split_weights)(uint8_t *group, uint32_t type, const uint8_t *w, size_t row_bytes, size_t count, size_t k);
    /* sums[r * ld + i] = factors[r] * dot(weight row i, row r of x) for up to ZC_SPLIT_TILES * ZC_SPLIT_ROWS rows of tiles
     * that lie side by side, as do `groups` groups of weights, a multiple of ZC_SPLIT_GROUPS. Rows that fill up the last
     * tile have sums, too. */
    void (*multiply)(float *sums, size_t ld, uint32_t type, const uint8_t *w, size_t groups, const uint8_t *x,
                     const float *factors, size_t rows, size_t blocks);
} zc_cpu_split;

static inline size_t zc_split_blocks(size_t k)
{
    return (k + ZC_SPLIT_COLS - 1) / ZC_SPLIT_COLS;
}

/* Bytes of a tile. */
static inline size_t zc_split_tile_bytes(size_t k)
{
    return zc_split_blocks(k) * 2 * ZC_SPLIT_PLANE;
}

static inline size_t zc_split_group_bytes(uint32_t type, size_t k)
{
    return zc_split_blocks(k) * (type == ZC_WEIGHT_BF16 ? 1 : 2) * ZC_SPLIT_PLANE;
}

#if ZC_HAS_AMX
extern const zc_cpu_split zc_cpu_split_amx;
#endif

#endif
