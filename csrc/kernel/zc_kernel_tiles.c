/* zc_kernel_tiles: see the header. */
#include "kernel/zc_kernel_internal.h"

#include <stdbool.h>

/* How many tiles of 128 cover a size, as far as that counts. */
static uint32_t big_tiles(uint32_t size)
{
    uint64_t count = ((uint64_t)size + ZC_MATMUL_BIG_TILE - 1) / ZC_MATMUL_BIG_TILE;
    return count < 1024 ? (uint32_t)count : 1024;
}

uint32_t zc_kernel_matmul_way(const zc_matmul_params *p)
{
    if (p->m == 1 || p->n == 1) {
        bool along_k = p->m == 1 ? p->transpose_b || (p->n == 1 && p->ldb == 1) : !p->transpose_a;
        return along_k ? ZC_MATMUL_ALONG_WAY : ZC_MATMUL_ACROSS_WAY;
    }
    uint32_t batch = p->batch < 1024 ? p->batch : 1024;
    /* Enough big tiles to keep a large GPU busy? */
    return big_tiles(p->m) * big_tiles(p->n) * batch >= 96 ? ZC_MATMUL_BIG_WAY : ZC_MATMUL_SMALL_WAY;
}

uint32_t zc_kernel_matmul_tile(const zc_matmul_params *p)
{
    uint32_t way = zc_kernel_matmul_way(p);
    return way == ZC_MATMUL_BIG_WAY ? ZC_MATMUL_BIG_TILE : way == ZC_MATMUL_SMALL_WAY ? ZC_MATMUL_SMALL_TILE : 0;
}

uint32_t zc_kernel_rows_way(const zc_rows_params *p)
{
    if (p->cols <= 16 && p->rows >= 64) {
        return ZC_ROWS_INVOCATION_WAY;
    }
    return (p->cols <= 1024 && p->rows >= 64) || p->cols <= 64 ? ZC_ROWS_SUBGROUP_WAY : ZC_ROWS_WORKGROUP_WAY;
}

/* ---- variants ---- */

static uint32_t variant_embed(const void *params)
{
    return ((const zc_embed_params *)params)->type;
}

_Static_assert(ZC_WEIGHT_TYPE_COUNT * ZC_LINEAR_INPUTS * ZC_LINEAR_WAYS <= ZC_KERNEL_VARIANTS, "variants of linear");
_Static_assert(ZC_TOP_K_MAX <= ZC_WORKGROUP, "shaders/top_k.comp sorts a candidate an invocation");

/* Rows go one by one. */
zc_linear_params zc_linear_of_chosen(const zc_linear_chosen_params *p)
{
    return (zc_linear_params){
        .type = p->type, .rows = p->rows, .n = p->n, .k = p->k, .ldx = p->ldx, .ldy = p->ldy, .flags = p->flags};
}

uint32_t zc_kernel_chosen_way(const zc_linear_chosen_params *p)
{
    zc_linear_params one = zc_linear_of_chosen(p);
    one.rows = 1;
    return zc_kernel_linear_way(&one);
}

static uint32_t variant_linear_chosen(const void *params)
{
    const zc_linear_chosen_params *p = params;
    uint32_t input = p->flags & ZC_LINEAR_SWIGLU           ? ZC_LINEAR_GATED_INPUT
                     : p->flags & ZC_LINEAR_SWIGLU_CLAMPED ? ZC_LINEAR_CLAMPED_INPUT
                                                           : ZC_LINEAR_PLAIN_INPUT;
    return p->type + ZC_WEIGHT_TYPE_COUNT * (input + ZC_LINEAR_INPUTS * zc_kernel_chosen_way(p));
}

#define EACH_WITH_VARIANTS(X) X(embed) X(linear_chosen)

#define FUNCTION(kernel) [ZC_KERNEL_##kernel] = variant_##kernel,
static uint32_t (*const variants[ZC_KERNEL_COUNT])(const void *params) = {EACH_WITH_VARIANTS(FUNCTION)};

/* They are those with the trait in zc_kernel.def, but for those with stages, or with a second shader. */
#define PLANNED (STAGES | MATRIX | MSL_MATRIX)
#define BIT(kernel) | 1ull << ZC_KERNEL_##kernel
#define LISTED (0 EACH_WITH_VARIANTS(BIT))
#define ZC_KERNEL(name, params, workgroup, traits, bindings)                                             \
    _Static_assert((((traits) & (VARIANTS | PLANNED)) != VARIANTS) == !(LISTED >> ZC_KERNEL_##name & 1), \
                   #name " and variant_" #name);
#include "kernel/zc_kernel.def"
#undef ZC_KERNEL
_Static_assert(ZC_KERNEL_COUNT <= 64, "one bit for each");

/* ---- stages ---- */

/* So few and long that one workgroup for each row leaves most of a GPU idle, and another barrier costs less. */
static bool few_long_rows(uint32_t rows, uint32_t cols)
{
    return rows < 64 && cols >= 8192;
}

/* A stage for shares of each row, and another one, of as many workgroups as there are in the plan, for what these have
 * found: `words` for each. */
static void share_rows(zc_kernel_plan *plan, uint32_t rows, uint32_t shares, uint32_t room, uint32_t words)
{
    plan->count = 2;
    plan->stages[1] = plan->stages[0];
    zc_groups(plan->stages[0].groups, shares, rows, 1);
    plan->workspace = (uint64_t)rows * room * words * ZC_ELEMENT;
}

static uint32_t shares_of(uint32_t cols, uint32_t share, uint32_t most)
{
    return zc_at_most(zc_ceil_div(cols, share), most);
}

static void stages_rows(const zc_kernel *kernel, const void *params, zc_kernel_plan *out, uint32_t words)
{
    const zc_rows_params *p = params;
    kernel->groups(params, out->stages[0].groups);
    out->stages[0].variant = zc_kernel_rows_way(p);
    if (few_long_rows(p->rows, p->cols)) {
        share_rows(out, p->rows, shares_of(p->cols, ZC_ROWS_SHARE, ZC_ROWS_MAX_SHARES), ZC_ROWS_MAX_SHARES, words);
        out->stages[0].variant = ZC_ROWS_SHARES_WAY;
        out->stages[1].variant = ZC_ROWS_JOIN_WAY;
    }
}

static void stages_sum(const zc_kernel *kernel, const void *params, const zc_gpu *gpu, zc_kernel_plan *out)
{
    (void)gpu;
    stages_rows(kernel, params, out, 1);
}
#define stages_max stages_sum

/* Every share is written in the second stage. */
static void stages_softmax(const zc_kernel *kernel, const void *params, const zc_gpu *gpu, zc_kernel_plan *out)
{
    (void)gpu;
    stages_rows(kernel, params, out, 2);
    if (out->count == 2) {
        zc_groups(out->stages[1].groups, out->stages[0].groups[0], out->stages[0].groups[1], 1);
    }
}

static void stages_first(uint32_t rows, uint32_t cols, zc_kernel_plan *out)
{
    out->stages[0].variant = ZC_SELECT_WHOLE_WAY;
    if (few_long_rows(rows, cols)) {
        share_rows(out, rows, shares_of(cols, ZC_SELECT_SHARE, ZC_SELECT_MAX_SHARES), ZC_SELECT_MAX_SHARES, 2);
        out->stages[0].variant = ZC_SELECT_SHARES_WAY;
        out->stages[1].variant = ZC_SELECT_JOIN_WAY;
    }
}

static void stages_argmax(const zc_kernel *kernel, const void *params, const zc_gpu *gpu, zc_kernel_plan *out)
{
    (void)gpu;
    const zc_rows_params *p = params;
    kernel->groups(params, out->stages[0].groups);
    stages_first(p->rows, p->cols, out);
}

static void stages_top_k(const zc_kernel *kernel, const void *params, const zc_gpu *gpu, zc_kernel_plan *out)
{
    (void)gpu;
    const zc_top_k_params *p = params;
    kernel->groups(params, out->stages[0].groups);
    if (p->k == 1) {
        stages_first(p->rows, p->cols, out);
        return;
    }
    out->stages[0].variant = ZC_TOP_WHOLE_WAY;
    if (p->k && few_long_rows(p->rows, p->cols)) {
        share_rows(out, p->rows, ZC_TOP_GROUPS / ZC_TOP_SHARE, ZC_TOP_WORDS, 1);
        out->stages[0].variant = ZC_TOP_GROUPS_WAY;
        out->stages[1].variant = ZC_TOP_JOIN_WAY;
    }
}

/* Small products would leave most of a tile empty either way, and are not worth another shader. */
static void stages_matmul(const zc_kernel *kernel, const void *params, const zc_gpu *gpu, zc_kernel_plan *out)
{
    const zc_matmul_params *p = params;
    uint32_t least = p->m < p->n ? p->m : p->n;
    least = least < p->k ? least : p->k;
    kernel->groups(params, out->stages[0].groups);
    out->stages[0].variant = zc_kernel_matmul_way(p);
    if (zc_apples_matrices(gpu) && least >= ZC_MATMUL_MATRIX_LEAST) {
        out->stages[0].matrix = true;
        out->stages[0].variant += ZC_MATMUL_MATRIX_WAYS;
    }
}

/* These have files of their own. */
#define stages_linear zc_kernel_stages_linear
#define stages_linear_gated zc_kernel_stages_linear_gated
#define stages_attention zc_kernel_stages_attention
#define stages_attention_paged zc_kernel_stages_attention_paged

#define EACH_WITH_STAGES(X) \
    X(matmul) X(sum) X(max) X(softmax) X(argmax) X(linear) X(linear_gated) X(top_k) X(attention) X(attention_paged)

#define STAGES_FUNCTION(kernel) [ZC_KERNEL_##kernel] = stages_##kernel,
static void (*const stages[ZC_KERNEL_COUNT])(const zc_kernel *kernel, const void *params, const zc_gpu *gpu,
                                             zc_kernel_plan *out) = {EACH_WITH_STAGES(STAGES_FUNCTION)};

/* Likewise. */
#define STAGED (0 EACH_WITH_STAGES(BIT))
#define ZC_KERNEL(name, params, workgroup, traits, bindings) \
    _Static_assert(!((traits) & PLANNED) == !(STAGED >> ZC_KERNEL_##name & 1), #name " and stages_" #name);
#include "kernel/zc_kernel.def"
#undef ZC_KERNEL

void zc_kernel_plan_make(const zc_kernel *kernel, const void *params, const zc_gpu *gpu, zc_kernel_plan *out)
{
    out->count = 1;
    out->workspace = 0;
    for (unsigned i = 0; i < ZC_KERNEL_MAX_STAGES; i++) {
        out->stages[i].matrix = out->stages[i].dot = false;
    }
    if (kernel->traits & PLANNED) {
        stages[kernel->id](kernel, params, gpu, out);
    } else {
        kernel->groups(params, out->stages[0].groups);
        out->stages[0].variant = kernel->traits & ZC_TRAIT_VARIANTS ? variants[kernel->id](params) : 0;
    }
}

uint64_t zc_kernel_work_on(const zc_kernel *kernel, const void *params, const zc_gpu *gpu)
{
    switch (kernel->id) {
    case ZC_KERNEL_linear:
    case ZC_KERNEL_linear_gated:
        return zc_kernel_linear_work_on(kernel, params, gpu);
    case ZC_KERNEL_attention:
    case ZC_KERNEL_attention_paged:
        return zc_kernel_attention_work_on(kernel, params, gpu);
    default:
        return kernel->work_in_tiles(params);
    }
}

uint64_t zc_kernel_plan_groups(const zc_kernel_plan *plan)
{
    uint64_t count = 0;
    for (uint32_t i = 0; i < plan->count; i++) {
        const uint32_t *groups = plan->stages[i].groups;
        count += (uint64_t)groups[0] * groups[1] * groups[2];
    }
    return count;
}

const char *zc_kernel_variant_name(const zc_kernel *kernel, uint32_t variant)
{
    bool typed = kernel->id == ZC_KERNEL_linear || kernel->id == ZC_KERNEL_linear_gated ||
                 kernel->id == ZC_KERNEL_embed || kernel->id == ZC_KERNEL_linear_chosen;
    return typed && kernel->traits & ZC_TRAIT_VARIANTS ? zc_weight_type_get(variant % ZC_WEIGHT_TYPE_COUNT)->name : "";
}
