/* zc_kernel_tiles: which way the shader of a kernel goes, in which stages, and how large its tiles are. Decided here
 * alone: a shader gets the way as specialization constant 0, and the numbers from zc_shader_numbers.h.
 *
 * Pure functions of the parameters, for those that the kernel's `extent` accepts, and of what the GPU has: the same
 * parameters always go the same way, so the same inputs give the same bits on the same device. Nothing depends on what
 * lies in memory: a plan holds for a sequence that is replayed.
 */
#ifndef ZC_KERNEL_TILES_H
#define ZC_KERNEL_TILES_H

#include <stdint.h>

#include "kernel/zc_kernel.h"
#include "kernel/zc_shader_numbers.h"

/* Values of specialization constant 0, the variant, of a kernel with ZC_TRAIT_VARIANTS are below this; and what an error
 * calls one: a type's name, or "". */
#define ZC_KERNEL_VARIANTS (ZC_WEIGHT_TYPE_COUNT * ZC_LINEAR_GATED_INPUTS * ZC_LINEAR_GATED_PARTS * ZC_LINEAR_WAYS)
const char *zc_kernel_variant_name(const zc_kernel *kernel, uint32_t variant);

/* How a GPU runs a dispatch: stages in this order, with a barrier between. Each is a run of the kernel's shader. */
#define ZC_KERNEL_MAX_STAGES 3
typedef struct zc_kernel_stage {
    uint32_t variant;   /* 0 without ZC_TRAIT_VARIANTS */
    uint32_t groups[3]; /* at most 65535 in each dimension; any 0: nothing to do */
    bool matrix;        /* of the shader for matrix units, NAME_matrix.comp */
    bool dot;           /* of that for packed products, NAME_dot.comp */
} zc_kernel_stage;

typedef struct zc_kernel_plan {
    uint32_t count; /* of stages, at least 1 */
    zc_kernel_stage stages[ZC_KERNEL_MAX_STAGES];
    uint64_t workspace; /* bytes that the stages share; anything may lie there at first */
} zc_kernel_plan;

/* Also of a kernel that a user compiled. */
void zc_kernel_plan_make(const zc_kernel *kernel, const void *params, const zc_gpu *gpu, zc_kernel_plan *out);
/* zc_kernel.work_in_tiles of a kernel of ours, but as this GPU does it: less where the few rows of an attention read the
 * keys of their windows alone, and where products go by packed bytes or on matrix units. */
uint64_t zc_kernel_work_on(const zc_kernel *kernel, const void *params, const zc_gpu *gpu);
/* The workgroups of all stages. */
uint64_t zc_kernel_plan_groups(const zc_kernel_plan *plan);

/* ZC_..._WAY */
uint32_t zc_kernel_matmul_way(const zc_matmul_params *params);
uint32_t zc_kernel_rows_way(const zc_rows_params *params);
uint32_t zc_kernel_linear_way(const zc_linear_params *params);
uint32_t zc_kernel_chosen_way(const zc_linear_chosen_params *params);
/* Of a way of linear with n rows of w. */
void zc_kernel_linear_groups(uint32_t way, uint32_t rows, uint64_t n, uint32_t out[3]);

/* The side of a GPU's tiles of a product; 0 where it has none. */
uint32_t zc_kernel_matmul_tile(const zc_matmul_params *params);
uint32_t zc_kernel_linear_tile(const zc_linear_params *params);

#endif
