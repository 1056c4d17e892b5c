/* zc_kernel_tiles: see the header. */
#include "kernel/zc_kernel_tiles.h"

static uint32_t tiles(uint32_t size, uint32_t tile)
{
    uint64_t count = ((uint64_t)size + tile - 1) / tile;
    return count < 1024 ? (uint32_t)count : 1024;
}

/* As big_tiles() in shaders/matmul.comp. */
static bool big_tiles(const zc_matmul_params *p)
{
    uint32_t batch = p->batch < 1024 ? p->batch : 1024;
    return tiles(p->m, 128) * tiles(p->n, 128) * batch >= 96;
}

uint32_t zc_kernel_matmul_tile(const zc_matmul_params *p)
{
    return p->m == 1 || p->n == 1 ? 0 : big_tiles(p) ? 128 : 64;
}

bool zc_kernel_matmul_along_k(const zc_matmul_params *p)
{
    return p->m == 1 ? p->transpose_b || (p->n == 1 && p->ldb == 1) : !p->transpose_a;
}

/* As row_team() in shaders/rows.glsl: rows that a workgroup does at once, guessing that it has 8 subgroups. */
uint32_t zc_kernel_rows_of_group(const zc_rows_params *p)
{
    if (p->cols <= 16 && p->rows >= 64) {
        return 256;
    }
    return (p->cols <= 1024 && p->rows >= 64) || p->cols <= 64 ? 8 : 1;
}

/* Whether rows go one by one (shaders/linear_vector.glsl) or in tiles of 64 x 64 (linear_tile.glsl). */
uint32_t zc_kernel_linear_tile(const zc_linear_params *p)
{
    return p->rows > 4 ? 64 : 0;
}

/* Whether they go the way of shaders/linear_wide.glsl. */
static bool linear_wide(const zc_linear_params *p)
{
    return !zc_kernel_linear_tile(p) && p->type == ZC_WEIGHT_Q8_0 && p->k % 64 == 0 && p->n >= 4096;
}

/* As in shaders/linear_vector.glsl: invocations for an element of y, measured to be best on an H100. */
static uint32_t vector_team(uint32_t n)
{
    return n >= 4096 ? 8 : n >= 1024 ? 32 : 64;
}

uint32_t zc_kernel_linear_lines(const zc_linear_params *p)
{
    return linear_wide(p) ? 64 : 256 / vector_team(p->n);
}

/* Whether 16 rows share the keys they read (shaders/attention_tile.glsl), which is for heads of up to 64. */
bool zc_kernel_attention_tiled(const zc_attention_params *p)
{
    return p->rows > 4 && p->head_size <= 64;
}

uint32_t zc_kernel_variant(const zc_kernel *kernel, const void *params)
{
    if (!(kernel->traits & ZC_TRAIT_VARIANTS)) {
        return 0;
    }
    if (kernel->id == ZC_KERNEL_linear) {
        const zc_linear_params *p = params;
        uint32_t input = p->flags & ZC_LINEAR_NORM ? 1 : p->flags & ZC_LINEAR_SWIGLU ? 2 : 0;
        return p->type | (zc_kernel_linear_tile(p) ? 8u : 0) | input << 4 | (linear_wide(p) ? 64u : 0);
    }
    if (kernel->id == ZC_KERNEL_attention) {
        const zc_attention_params *p = params;
        return p->kv_type | (zc_kernel_attention_tiled(p) ? 2u : 0) | (p->head_size - 1) / 32 << 2;
    }
    return ((const zc_embed_params *)params)->type;
}

const char *zc_kernel_variant_name(const zc_kernel *kernel, uint32_t variant)
{
    bool typed = kernel->id == ZC_KERNEL_linear || kernel->id == ZC_KERNEL_embed;
    return typed && kernel->traits & ZC_TRAIT_VARIANTS ? zc_weight_type_get(variant % ZC_WEIGHT_TYPE_COUNT)->name : "";
}

_Static_assert(ZC_WEIGHT_TYPE_COUNT == 8, "a type has three bits of a variant");
