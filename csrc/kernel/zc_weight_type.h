/* zc_weight_type: how each type of weights lies in memory, the table made from zc_weight_type.def.
 *
 * Constant data: no ownership, any thread.
 */
#ifndef ZC_WEIGHT_TYPE_H
#define ZC_WEIGHT_TYPE_H

#include <stdbool.h>
#include <stdint.h>

#include "zcwasm_kernels.h"

#define ZC_NOT_IN_GGUF UINT32_MAX

typedef struct zc_weight_type_info { /* of a zc_weight_type */
    const char *name;                /* "Q4_1" */
    uint32_t block;                  /* elements of a block */
    uint32_t block_bytes;
    uint32_t gguf; /* its number in GGUF files, or ZC_NOT_IN_GGUF */
    bool integer;  /* cpu's products in fixed point take it (zc_cpu_integer.h) */
} zc_weight_type_info;

/* The same as constants: ZC_WEIGHT_BLOCK_Q4_1, ZC_WEIGHT_BYTES_Q4_1. */
enum {
#define ZC_WEIGHT_TYPE(type, elements, bytes, gguf, cpu) \
    ZC_WEIGHT_BLOCK_##type = (elements), ZC_WEIGHT_BYTES_##type = (bytes),
#include "kernel/zc_weight_type.def"
#undef ZC_WEIGHT_TYPE
};

const zc_weight_type_info *zc_weight_type_get(uint32_t type); /* NULL when there is none */

#endif
