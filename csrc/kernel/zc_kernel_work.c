/* zc_kernel_work: how much work a dispatch of each kernel is, from its parameters alone.
 *
 * The unit is one multiply-add of a product. Everything else is weighed by what it costs beside one, on the slowest
 * of the devices' ways: an exponential is EXP of them, an element that is fetched through an index FETCH. What counts
 * is what the loops do at worst: a span that lies in guest memory is taken to be all of its cache, rows are counted as
 * often as they are read, whatever the distance between them. A kernel whose work is not bounded by the bytes of its
 * bindings (a product, attention, pool, top_k) counts its loops; and so do all others, since nothing is simpler.
 *
 * An estimate decides whether a dispatch may run at all (a guest's, see zc_owner), on which thread, and with how
 * many others in one submission of a driver. Pure functions; the arithmetic saturates.
 */
#include "kernel/zc_kernel.h"
#include "kernel/zc_kernel_tiles.h"

#define EXP 8    /* an exponential or what takes as long */
#define FETCH 32 /* a random access */
#define ROW 32   /* a row, a query, a product of a batch: what goes with it whatever its length */
#define WALK 4096 /* a step that one invocation of a GPU does while the others have nothing to do */

static uint64_t times(uint64_t a, uint64_t b)
{
    uint64_t product;
    return __builtin_mul_overflow(a, b, &product) ? UINT64_MAX : product;
}

static uint64_t plus(uint64_t a, uint64_t b)
{
    uint64_t sum;
    return __builtin_add_overflow(a, b, &sum) ? UINT64_MAX : sum;
}

/* ---- elementwise: an access costs as much as the multiply-add, the first of a page more ---- */

static uint64_t work_fill(const void *params)
{
    return times(((const zc_fill_params *)params)->count, 2);
}

static uint64_t work_affine(const void *params)
{
    return times(((const zc_affine_params *)params)->count, 2);
}

static uint64_t work_axpby(const void *params)
{
    return times(((const zc_axpby_params *)params)->count, 3);
}

static uint64_t work_elementwise(const void *params)
{
    return times(((const zc_elementwise_params *)params)->count, 3);
}
#define work_add work_elementwise
#define work_mul work_elementwise

static uint64_t work_gelu(const void *params)
{
    return times(((const zc_gelu_params *)params)->count, 2 + EXP);
}

/* ---- products ---- */

/* c is scaled also where k is 0; operands are packed. */
static uint64_t work_matmul(const void *params)
{
    const zc_matmul_params *p = params;
    if (p->m == 0 || p->n == 0) {
        return 0;
    }
    uint64_t one = plus(times(times(p->m, p->n), (uint64_t)p->k + 2), times((uint64_t)p->m + p->n, p->k));
    return times(plus(one, ROW), p->batch);
}

/* The product; the input's prologue; weights unpacked once for each part of the rows. */
static uint64_t work_linear(const void *params)
{
    const zc_linear_params *p = params;
    if (p->rows == 0 || p->n == 0) {
        return 0;
    }
    uint64_t row = plus(times(p->n, (uint64_t)p->k + 2 + (p->flags & ZC_LINEAR_GELU ? EXP : 0)),
                        times(p->k, p->flags & (ZC_LINEAR_NORM | ZC_LINEAR_SWIGLU) ? 2 + EXP : 1));
    return plus(times(plus(row, ROW), p->rows), times(p->n, p->k));
}

/* Each query with all keys and all values, and an exponential for each score. */
static uint64_t work_attention(const void *params)
{
    const zc_attention_params *p = params;
    uint64_t queries = times(p->rows, p->heads);
    uint64_t keys = times(p->capacity, 2 * (uint64_t)p->head_size + EXP);
    return plus(times(queries, plus(keys, 2 * (uint64_t)p->head_size + ROW)), times(p->rows, ROW));
}

/* ---- rows ---- */

/* `each` for each element of each row. */
static uint64_t rows_of(uint64_t rows, uint64_t cols, unsigned each)
{
    return times(rows, plus(times(cols, each), ROW));
}

static uint64_t work_reduction(const void *params)
{
    const zc_rows_params *p = params;
    return rows_of(p->rows, p->cols, 1);
}
#define work_sum work_reduction
#define work_max work_reduction

/* Ascending elements each take the place of the last. */
static uint64_t work_argmax(const void *params)
{
    const zc_rows_params *p = params;
    return rows_of(p->rows, p->cols, 4);
}

static uint64_t work_softmax(const void *params)
{
    const zc_rows_params *p = params;
    return p->cols ? rows_of(p->rows, p->cols, 3 + EXP) : 0;
}

/* 18 passes over a row on a GPU (shaders/top_k.comp), or on cpu a heap of k whose depth is no more than that; then k
 * candidates are sorted. */
static uint64_t work_top_k(const void *params)
{
    const zc_top_k_params *p = params;
    return p->k ? rows_of(p->rows, plus(p->cols, p->k), 18) : 0;
}

static uint64_t work_embed(const void *params)
{
    const zc_embed_params *p = params;
    return p->dim ? plus(rows_of(p->rows, p->dim, 4), times(p->rows, FETCH)) : 0;
}

static uint64_t work_rms_norm(const void *params)
{
    const zc_norm_params *p = params;
    return p->cols ? rows_of(p->rows, p->cols, 3) : 0;
}

static uint64_t work_layer_norm(const void *params)
{
    const zc_norm_params *p = params;
    return p->cols ? rows_of(p->rows, p->cols, 4) : 0;
}

static uint64_t work_rope(const void *params)
{
    const zc_rope_params *p = params;
    uint64_t cols = times(p->heads, p->head_size);
    return cols ? plus(rows_of(p->rows, cols, 4), times(p->rows, FETCH)) : 0;
}

static uint64_t work_append(const void *params)
{
    const zc_append_params *p = params;
    return p->cols ? plus(rows_of(p->rows, p->cols, 2), times(p->rows, FETCH)) : 0;
}

static uint64_t work_swiglu(const void *params)
{
    const zc_swiglu_params *p = params;
    return p->cols ? rows_of(p->rows, p->cols, 3 + EXP) : 0;
}

/* One after the other in x, which may be larger than any cache. */
static uint64_t work_penalize(const void *params)
{
    return times((uint64_t)((const zc_penalize_params *)params)->capacity + 1, FETCH);
}

/* Each row of out may be the mean of all rows of x, a few columns of each at worst. On a GPU one invocation walks over
 * them, one after the other, whatever else there is to do. */
static uint64_t work_pool(const void *params)
{
    const zc_pool_params *p = params;
    uint64_t row = times(p->cols + (uint64_t)16, (uint64_t)p->capacity + 4);
    return p->rows && p->cols ? plus(times(p->rows, row), times(p->capacity, WALK)) : 0;
}

static uint64_t up(uint64_t size, uint64_t tile)
{
    return (size + tile - 1) / tile * tile;
}

uint64_t zc_kernel_work_in_tiles(const zc_kernel *kernel, const void *params)
{
    uint64_t work = kernel->work(params), whole = 0;
    const zc_matmul_params *matmul = params;
    const zc_linear_params *linear = params;
    const zc_pool_params *pool = params;
    uint32_t tile;
    if (kernel->id == ZC_KERNEL_matmul && (tile = zc_kernel_matmul_tile(matmul))) {
        whole = times(times(up(matmul->m, tile), up(matmul->n, tile)), times(matmul->k, matmul->batch));
    } else if (kernel->id == ZC_KERNEL_linear && (tile = zc_kernel_linear_tile(linear))) {
        whole = times(times(up(linear->rows, tile), up(linear->n, tile)), linear->k);
    } else if (kernel->id == ZC_KERNEL_pool) { /* a workgroup's invocations have a column each */
        whole = times(times(pool->rows, up(pool->cols, kernel->workgroup_size)), pool->capacity);
    }
    return whole > work ? whole : work;
}

#define ZC_KERNEL(name, params, workgroup, traits, bindings) \
    uint64_t zc_kernel_work_##name(const void *given)        \
    {                                                        \
        return work_##name(given);                           \
    }
#include "kernel/zc_kernel.def"
#undef ZC_KERNEL
