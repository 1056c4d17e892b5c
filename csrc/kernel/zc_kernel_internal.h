/* zc_kernel_internal: what a row of zc_kernel.def demands, and the arithmetic that kernels share.
 *
 * A kernel's functions stand side by side in the file of its family, zc_kernel_FAMILY.c, and end with
 * ZC_KERNEL_FUNCTIONS; the cpu device's driver is in device/cpu/zc_cpu_FAMILY.c. A row whose functions nobody defines
 * fails to link.
 *
 *   extent   Rows of what is written never overlap. Rows that are only read may overlap where that has a use: windows,
 *            for sum, max, argmax and linear (a moving maximum, a convolution over frames), though never at a distance
 *            of 0; and whole matrices between the batches of matmul. Everywhere else overlapping rows are refused: they
 *            would let a few bytes stand for any amount of work. All arithmetic is on 64-bit values made of 32-bit
 *            inputs; products of more than two are checked.
 *   groups   The numbers agree with shaders/NAME.comp.
 *   work     The unit is one multiply-add of a product. Everything else is weighed by what it costs beside one, on the
 *            slowest of the devices' ways: an exponential is ZC_WORK_EXP of them, an element that is fetched through an
 *            index ZC_WORK_FETCH. What counts is what the loops do at worst: a span that lies in guest memory is taken
 *            to be all of its cache, rows are counted as often as they are read, whatever the distance between them. A
 *            kernel whose work is not bounded by the bytes of its bindings (a product, attention, pool, top_k) counts
 *            its loops; and so do all others, since nothing is simpler. An estimate decides whether a dispatch may run
 *            at all (a guest's, see zc_owner), on which thread, and with how many others in one submission of a
 *            driver. The arithmetic saturates.
 */
#ifndef ZC_KERNEL_INTERNAL_H
#define ZC_KERNEL_INTERNAL_H

#include <stdbool.h>

#include "kernel/zc_kernel.h"
#include "kernel/zc_kernel_tiles.h"
#include "kernel/zc_weight_type.h"

/* The traits by the names that rows have for them. */
#define IN_PLACE ZC_TRAIT_IN_PLACE
#define ELEMENTWISE ZC_TRAIT_ELEMENTWISE
#define VARIANTS ZC_TRAIT_VARIANTS
#define STAGES ZC_TRAIT_STAGES
#define MATRIX ZC_TRAIT_MATRIX
#define DOT ZC_TRAIT_DOT
#define MSL_MATRIX ZC_TRAIT_MSL_MATRIX

/* Of each row: what the members of zc_kernel say. */
#pragma GCC visibility push(hidden)
#define ZC_KERNEL(name, params, workgroup, traits, bindings)                                  \
    zc_status zc_kernel_extent_##name(const void *params_, uint64_t *bytes, zc_error *error); \
    void zc_kernel_groups_##name(const void *params_, uint32_t out[3]);                       \
    uint64_t zc_kernel_work_##name(const void *params_);                                      \
    uint64_t zc_kernel_work_in_tiles_##name(const void *params_);
#include "kernel/zc_kernel.def"
#undef ZC_KERNEL

/* What zc_kernel_plan_make and zc_kernel_work_on have files of their own for: zc_kernel_tiles_linear.c and _attention.c. */
void zc_kernel_stages_linear(const zc_kernel *kernel, const void *params, const zc_gpu *gpu, zc_kernel_plan *out);
void zc_kernel_stages_linear_gated(const zc_kernel *kernel, const void *params, const zc_gpu *gpu, zc_kernel_plan *out);
void zc_kernel_stages_attention(const zc_kernel *kernel, const void *params, const zc_gpu *gpu, zc_kernel_plan *out);
void zc_kernel_stages_attention_paged(const zc_kernel *kernel, const void *params, const zc_gpu *gpu,
                                      zc_kernel_plan *out);
uint64_t zc_kernel_linear_work_on(const zc_kernel *kernel, const void *params, const zc_gpu *gpu);
uint64_t zc_kernel_attention_work_on(const zc_kernel *kernel, const void *params, const zc_gpu *gpu);
#pragma GCC visibility pop

/* Those of Apple's GPUs, whose matrices may be float32, and for which linear has one size of tile. */
static inline bool zc_apples_matrices(const zc_gpu *gpu)
{
    return gpu->matrix_units == 8 && gpu->subgroup_width == 32;
}

/* Defines them, by functions of the family. */
#define ZC_KERNEL_FUNCTIONS(name, extent, groups, work) ZC_KERNEL_FUNCTIONS_IN_TILES(name, extent, groups, work, work)
/* Where a GPU's tiles are computed whole, also where little is in them, and that is more work. */
#define ZC_KERNEL_FUNCTIONS_IN_TILES(name, extent, groups, work, work_in_tiles)             \
    zc_status zc_kernel_extent_##name(const void *params, uint64_t *bytes, zc_error *error) \
    {                                                                                       \
        return extent(params, bytes, error);                                                \
    }                                                                                       \
    void zc_kernel_groups_##name(const void *params, uint32_t out[3])                       \
    {                                                                                       \
        groups(params, out);                                                                \
    }                                                                                       \
    uint64_t zc_kernel_work_##name(const void *params)                                      \
    {                                                                                       \
        return work(params);                                                                \
    }                                                                                       \
    uint64_t zc_kernel_work_in_tiles_##name(const void *params)                             \
    {                                                                                       \
        return work_in_tiles(params);                                                       \
    }

/* ---- extents ---- */

#define ZC_ELEMENT 4u

/* Elements spanned by `rows` rows of `cols` at a distance of `ld`; fits: (2^32-1)^2 + 2^32 < 2^64. */
static inline uint64_t zc_span(uint32_t rows, uint32_t cols, uint32_t ld)
{
    return rows && cols ? (uint64_t)(rows - 1) * ld + cols : 0;
}

/* `*bytes` = the size of `batch` spans at a distance of `stride` elements. */
static inline zc_status zc_extent_batched(const char *name, uint64_t elements, uint32_t batch, uint32_t stride,
                                          uint64_t *bytes, zc_error *error)
{
    uint64_t total = elements && batch ? (uint64_t)(batch - 1) * stride : 0;
    if (batch == 0) {
        elements = 0;
    }
    if (total > UINT64_MAX / ZC_ELEMENT / 2 || elements > UINT64_MAX / ZC_ELEMENT / 2) {
        return zc_fail(error, ZC_OVERFLOW, "%s spans more than 2^61 elements", name);
    }
    *bytes = (total + elements) * ZC_ELEMENT;
    return ZC_OK;
}

static inline zc_status zc_check_leading(const char *name, uint32_t ld, uint32_t rows, uint32_t cols, zc_error *error)
{
    if (rows > 1 && ld < cols) {
        return zc_fail(error, ZC_BAD_VALUE, "leading dimension of %s is %u, less than its %u columns", name, ld, cols);
    }
    return ZC_OK;
}

/* Rows that may be windows: any distance but 0. */
static inline zc_status zc_check_windows(const char *name, uint32_t ld, uint32_t rows, uint32_t cols, zc_error *error)
{
    if (rows > 1 && cols > 0 && ld == 0) {
        return zc_fail(error, ZC_BAD_VALUE, "leading dimension of %s is 0: its %u rows would be one and the same", name,
                       rows);
    }
    return ZC_OK;
}

/* Bytes of float32 (rows, cols) at a distance of `ld`. */
static inline zc_status zc_extent_matrix(const char *name, uint32_t rows, uint32_t cols, uint32_t ld, uint64_t *bytes,
                                         zc_error *error)
{
    zc_status status = zc_check_leading(name, ld, rows, cols, error);
    return status == ZC_OK ? zc_extent_batched(name, zc_span(rows, cols, ld), 1, 0, bytes, error) : status;
}

/* Bytes of a (rows, cols) matrix of weights. */
static inline zc_status zc_extent_weights(const char *name, uint32_t type, uint32_t rows, uint32_t cols,
                                          uint64_t *bytes, zc_error *error)
{
    const zc_weight_type_info *info = zc_weight_type_get(type);
    if (!info) {
        return zc_fail(error, ZC_BAD_VALUE, "type of %s is %u, types are 0 to %d", name, type,
                       ZC_WEIGHT_TYPE_COUNT - 1);
    }
    if (cols % info->block) {
        return zc_fail(error, ZC_BAD_VALUE, "%s has %u columns, %s takes multiples of %u", name, cols, info->name,
                       info->block);
    }
    *bytes = (uint64_t)rows * (cols / info->block) * info->block_bytes; /* below 2^32 * 2^32 * 4 / 4... checked: */
    if (rows && (uint64_t)(cols / info->block) * info->block_bytes > (UINT64_MAX >> 2) / rows) {
        return zc_fail(error, ZC_OVERFLOW, "%s has more than 2^62 bytes", name);
    }
    return ZC_OK;
}

/* Bytes of a row of a cache with this many elements, a number that its type allows. */
static inline uint64_t zc_cache_row_bytes(uint32_t type, uint64_t ld)
{
    return type == ZC_CACHE_Q8_0 ? ld + ld / 16 : ld * (type == ZC_CACHE_F16 ? 2 : 4);
}

/* Bytes of (rows, cols) elements of a cache at a distance of `ld`. */
static inline zc_status zc_extent_cache(const char *name, uint32_t type, uint32_t rows, uint32_t cols, uint32_t ld,
                                        uint64_t *bytes, zc_error *error)
{
    if (type > ZC_CACHE_Q8_0) {
        return zc_fail(error, ZC_BAD_VALUE, "element type of %s is %u, must be 0 (F32), 1 (F16) or 2 (Q8_0)", name,
                       type);
    }
    if (type == ZC_CACHE_Q8_0) {
        if (cols % 64 || ld % 64 || ld < cols) { /* also of a single row: its scales stand behind ld numbers */
            return zc_fail(error, ZC_BAD_VALUE,
                           "%s has %u columns at a distance of %u: both must be multiples of 64 for Q8_0, and fit",
                           name, cols, ld);
        }
        *bytes = cols ? (uint64_t)rows * ld : 0;
        if (*bytes > UINT64_MAX / ZC_ELEMENT / 2) {
            return zc_fail(error, ZC_OVERFLOW, "%s spans more than 2^61 elements", name);
        }
        *bytes += *bytes / 16;
        return ZC_OK;
    }
    if (type == ZC_CACHE_F16 && (cols % 2 || ld % 2)) {
        return zc_fail(error, ZC_BAD_VALUE, "%s has %u columns at a distance of %u: both must be even for F16", name,
                       cols, ld);
    }
    if (rows > 1 && ld < cols) {
        return zc_fail(error, ZC_BAD_VALUE, "leading dimension of %s is %u, less than its %u columns", name, ld, cols);
    }
    uint64_t elements = zc_span(rows, cols, ld);
    if (elements > UINT64_MAX / ZC_ELEMENT / 2) {
        return zc_fail(error, ZC_OVERFLOW, "%s spans more than 2^61 elements", name);
    }
    *bytes = elements * (type == ZC_CACHE_F16 ? 2 : 4);
    return ZC_OK;
}

/* heads * head_size as a row's columns. */
static inline zc_status zc_head_columns(uint32_t heads, uint32_t head_size, uint32_t *out, zc_error *error)
{
    uint64_t columns = (uint64_t)heads * head_size;
    if (columns > UINT32_MAX) {
        return zc_fail(error, ZC_OVERFLOW, "%u heads of %u elements are more than 2^32 columns", heads, head_size);
    }
    *out = (uint32_t)columns;
    return ZC_OK;
}

/* GPUs may flush numbers that are no normal ones, and divide where the reciprocal is one. */
static inline zc_status zc_check_cap(const char *name, float cap, zc_error *error)
{
    return cap >= ZC_LEAST_CAP && cap <= ZC_MOST_CAP
               ? ZC_OK
               : zc_fail(error, ZC_BAD_VALUE, "%s is %g, must be 2^-60 to 2^60", name, (double)cap);
}

static inline zc_status zc_check_flags(uint32_t flags, uint32_t known, zc_error *error)
{
    return flags & ~known ? zc_fail(error, ZC_BAD_VALUE, "flags are 0x%x, known are 0x%x", flags, known) : ZC_OK;
}

/* Of every binding, for parameters that begin with the count. */
static inline zc_status zc_extent_elementwise(const void *params, uint64_t *bytes, zc_error *error)
{
    (void)error;
    for (unsigned i = 0; i < ZC_KERNEL_MAX_BINDINGS; i++) {
        bytes[i] = (uint64_t)((const zc_elementwise_params *)params)->count * ZC_ELEMENT;
    }
    return ZC_OK;
}

/* Of x, whose rows may be windows, and of one result for each. */
static inline zc_status zc_extent_reduction(const void *params, uint64_t *bytes, zc_error *error)
{
    const zc_rows_params *p = params;
    zc_status status = zc_check_windows("x", p->ldx, p->rows, p->cols, error);
    if (status != ZC_OK) {
        return status;
    }
    bytes[1] = (uint64_t)p->rows * ZC_ELEMENT;
    return zc_extent_batched("x", zc_span(p->rows, p->cols, p->ldx), 1, 0, &bytes[0], error);
}

/* One of the two products of linear_gated, as linear has it. */
static inline zc_linear_params zc_linear_of_gated(const zc_linear_gated_params *p, uint32_t type)
{
    return (zc_linear_params){.type = type,
                              .rows = p->rows,
                              .n = p->n,
                              .k = p->k,
                              .ldx = p->ldx,
                              .ldy = p->ldy,
                              .flags = p->flags,
                              .eps = p->eps};
}

/* ---- workgroups ---- */

#define ZC_MAX_GROUPS 65535u

static inline uint32_t zc_at_most(uint64_t groups, uint32_t limit)
{
    return groups < limit ? (uint32_t)groups : limit;
}

static inline uint64_t zc_ceil_div(uint64_t a, uint64_t b)
{
    return (a + b - 1) / b;
}

static inline void zc_groups(uint32_t out[3], uint32_t x, uint32_t y, uint32_t z)
{
    out[0] = x;
    out[1] = y;
    out[2] = z;
}

/* These parameters begin with the count. */
static inline void zc_groups_elementwise(const void *params, uint32_t out[3])
{
    uint64_t groups = zc_ceil_div(((const zc_elementwise_params *)params)->count, ZC_ELEMENTWISE_ITEMS);
    zc_groups(out, zc_at_most(groups, ZC_MAX_GROUPS), (uint32_t)zc_ceil_div(groups, ZC_MAX_GROUPS), 1);
}

/* A workgroup for each row, none where a row has nothing to write. */
static inline void zc_groups_a_row(uint32_t rows, uint32_t written, uint32_t out[3])
{
    zc_groups(out, written ? zc_at_most(rows, ZC_MAX_GROUPS) : 0, 1, 1);
}

/* An invocation for each of `items` in each row. */
static inline void zc_groups_items(uint64_t items, uint32_t rows, uint32_t out[3])
{
    zc_groups(out, zc_at_most(zc_ceil_div(items, ZC_WORKGROUP), ZC_MAX_GROUPS), zc_at_most(rows, ZC_MAX_GROUPS), 1);
}

/* ---- work ---- */

#define ZC_WORK_EXP 8    /* an exponential or what takes as long */
#define ZC_WORK_FETCH 32 /* a random access */
#define ZC_WORK_ROW 32   /* a row, a query, a product of a batch: what goes with it whatever its length */
#define ZC_WORK_WALK 4096 /* a step that one invocation of a GPU does while the others have nothing to do */

static inline uint64_t zc_times(uint64_t a, uint64_t b)
{
    uint64_t product;
    return __builtin_mul_overflow(a, b, &product) ? UINT64_MAX : product;
}

static inline uint64_t zc_plus(uint64_t a, uint64_t b)
{
    uint64_t sum;
    return __builtin_add_overflow(a, b, &sum) ? UINT64_MAX : sum;
}

/* `each` for each element of each row. */
static inline uint64_t zc_work_of_rows(uint64_t rows, uint64_t cols, unsigned each)
{
    return zc_times(rows, zc_plus(zc_times(cols, each), ZC_WORK_ROW));
}

/* `size` in whole tiles. */
static inline uint64_t zc_whole(uint64_t size, uint64_t tile)
{
    return (size + tile - 1) / tile * tile;
}

#endif
