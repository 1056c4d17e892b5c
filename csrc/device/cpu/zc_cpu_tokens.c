/* zc_cpu_tokens: the small kernels of language models, whose rows are a batch's tokens: embed, rms_norm, norm_add,
 * layer_norm, rope, append, rope_append, rope_append_paged, swiglu, gelu, softcap, pool.
 *
 * Rows are independent and each is computed by one thread in one fixed order; a row longer than ZC_CPU_STRIDE in
 * stretches of that, between which there is a look at the cancel flag. Indices that come from guest
 * memory are clamped. Nothing is owned or allocated.
 */
#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "device/cpu/zc_cpu_cache.h"
#include "device/cpu/zc_cpu_cancel.h"
#include "device/cpu/zc_cpu_ops.h"
#include "device/cpu/zc_cpu_threads.h"
#include "device/cpu/zc_cpu_quant.h"

#define LEAST ((size_t)8 * 1024) /* elements for each thread: between one microsecond and three */
#define GROUP ((size_t)8 * 1024) /* elements handed to a thread at once, at most */
#define GROUPS 4 /* of a thread, so that a slow one can leave some to others */
#define BLOCK 256 /* elements dequantized at once: a multiple of every block */

typedef struct job {
    const zc_cpu_ops *ops;
    const void *params;
    void *const *bindings;
    void (*row)(const struct job *j, size_t r);
    size_t rows, group;
} job;

static void group_body(void *context, size_t index)
{
    const job *j = context;
    size_t from = index * j->group, end = j->rows - from < j->group ? j->rows : from + j->group;
    for (size_t r = from; r < end; r++) {
        j->row(j, r);
    }
}

/* row(r) for each of `rows`, of about `cols` elements of work each; nothing to do where cols is 0. */
static zc_status each_row(const zc_cpu_call *call, size_t rows, size_t cols, void (*row)(const job *j, size_t r))
{
    job j = {.ops = call->ops, .params = call->params, .bindings = call->bindings, .row = row, .rows = rows};
    if (rows == 0 || cols == 0) {
        return ZC_OK;
    }
    unsigned threads = zc_threads_worth((double)rows * (double)cols, LEAST, call->threads);
    j.group = cols < GROUP ? GROUP / cols : 1;
    if (threads > 1 && j.group * GROUPS * threads > rows) {
        j.group = (rows + GROUPS * threads - 1) / (GROUPS * threads);
    }
    zc_threads_run(group_body, &j, (rows + j.group - 1) / j.group, threads);
    return ZC_OK;
}

static size_t stretch_of_many(size_t at, size_t cols)
{
    size_t left = cols - at;
    return zc_cpu_cancelled() ? 0 : left < ZC_CPU_STRIDE ? left : ZC_CPU_STRIDE;
}

/* The next stretch of a row of `cols`: its length, and 0 at the end or when the work was cancelled. */
static inline size_t stretch(size_t at, size_t cols)
{
    return cols <= ZC_CPU_STRIDE ? cols - at : stretch_of_many(at, cols); /* short rows do not notice */
}

static size_t clamp(uint32_t index, uint32_t count)
{
    return index < count ? index : count - 1;
}

static void embed_row(const job *j, size_t r)
{
    const zc_embed_params *p = j->params;
    const zc_weight_type_info *info = zc_weight_type_get(p->type);
    const uint32_t *ids = j->bindings[0];
    float *out = (float *)j->bindings[2] + r * p->ldout, values[BLOCK];
    const uint8_t *from = (const uint8_t *)j->bindings[1] +
                          clamp(ids[r], p->vocab) * ((size_t)(p->dim / info->block) * info->block_bytes);
    for (size_t at = 0; at < p->dim; at += BLOCK) {
        size_t n = p->dim - at < BLOCK ? p->dim - at : BLOCK;
        if (at % ZC_CPU_STRIDE == 0 && zc_cpu_cancelled()) {
            return;
        }
        j->ops->dequantize(values, p->type, from + at / info->block * info->block_bytes, n);
        if (p->flags & ZC_EMBED_ADD) {
            j->ops->add(out + at, out + at, values, n);
        } else {
            memcpy(out + at, values, n * sizeof *out);
        }
    }
}

zc_status zc_cpu_embed(const zc_cpu_call *call)
{
    const zc_embed_params *p = call->params;
    return each_row(call, p->rows, p->dim, embed_row);
}

static double squares(const zc_cpu_ops *ops, const float *x, size_t cols, float shift)
{
    double total = 0.0;
    for (size_t at = 0, n; (n = stretch(at, cols)) > 0; at += n) {
        total += ops->squares(x + at, n, shift);
    }
    return total;
}

/* bias: NULL for none; it may be out. */
static void normalize(const zc_cpu_ops *ops, float *out, const float *x, size_t cols, float shift, float scale,
                      const float *weight, const float *bias)
{
    for (size_t at = 0, n; (n = stretch(at, cols)) > 0; at += n) {
        ops->normalize(out + at, x + at, n, shift, scale, weight + at, bias ? bias + at : NULL);
    }
}

static float rms_scale(const zc_cpu_ops *ops, const float *x, size_t cols, float eps)
{
    double mean = squares(ops, x, cols, 0.0f) / (double)cols;
    return (float)(1.0 / sqrt(mean + (double)eps));
}

void zc_cpu_rms_norm_row(const zc_cpu_ops *ops, float *out, const float *x, const float *weight, size_t cols, float eps)
{
    normalize(ops, out, x, cols, 0.0f, rms_scale(ops, x, cols, eps), weight, NULL);
}

static void rms_norm_row(const job *j, size_t r)
{
    const zc_norm_params *p = j->params;
    zc_cpu_rms_norm_row(j->ops, (float *)j->bindings[2] + r * p->ldout, (const float *)j->bindings[0] + r * p->ldx,
                        j->bindings[1], p->cols, p->eps);
}

zc_status zc_cpu_rms_norm(const zc_cpu_call *call)
{
    const zc_norm_params *p = call->params;
    return each_row(call, p->rows, p->cols, rms_norm_row);
}

static void norm_add_row(const job *j, size_t r)
{
    const zc_norm_params *p = j->params;
    const float *x = (const float *)j->bindings[0] + r * p->ldx;
    float *out = (float *)j->bindings[2] + r * p->ldout;
    normalize(j->ops, out, x, p->cols, 0.0f, rms_scale(j->ops, x, p->cols, p->eps), j->bindings[1], out);
}

zc_status zc_cpu_norm_add(const zc_cpu_call *call)
{
    const zc_norm_params *p = call->params;
    return each_row(call, p->rows, p->cols, norm_add_row);
}

static void layer_norm_row(const job *j, size_t r)
{
    const zc_norm_params *p = j->params;
    const float *x = (const float *)j->bindings[0] + r * p->ldx;
    double sum = 0.0;
    for (size_t at = 0, n; (n = stretch(at, p->cols)) > 0; at += n) {
        sum += j->ops->sum(x + at, n);
    }
    float mean = (float)(sum / p->cols);
    double variance = squares(j->ops, x, p->cols, mean) / p->cols;
    normalize(j->ops, (float *)j->bindings[3] + r * p->ldout, x, p->cols, mean,
              (float)(1.0 / sqrt(variance + (double)p->eps)), j->bindings[1], j->bindings[2]);
}

zc_status zc_cpu_layer_norm(const zc_cpu_call *call)
{
    const zc_norm_params *p = call->params;
    return each_row(call, p->rows, p->cols, layer_norm_row);
}

/* Element i of a row of a cache or of float32. */
static void put(void *out, uint32_t type, size_t i, float value)
{
    if (type == ZC_CACHE_F16) {
        ((uint16_t *)out)[i] = zc_float_to_half(value);
    } else {
        ((float *)out)[i] = value;
    }
}

static void *element_of(void *out, uint32_t type, size_t elements)
{
    return (uint8_t *)out + zc_cpu_cache_bytes(type, elements);
}

#define BLOCK_OF_BYTES 32 /* of ZC_CACHE_Q8_0 */

/* The scales of row `row` of ZC_CACHE_Q8_0, of `ld` elements. */
static uint16_t *scales_of(uint8_t *row, size_t ld)
{
    return (uint16_t *)(row + ld);
}

/* Of a head: how many elements of it are rotated, and which ones by the same angle. */
typedef struct rotation {
    size_t half, step, distance, rotated, size;
} rotation;

static rotation rotation_of(uint32_t layout, uint32_t rotated, uint32_t size)
{
    bool pairs = layout == ZC_ROPE_PAIRS;
    return (rotation){rotated / 2, pairs ? 1 : rotated / 2, pairs ? 2 : 1, rotated, size};
}

/* A head, perhaps where it lies. */
static void rotate(void *out, uint32_t type, const float *x, const float *table, const rotation *how)
{
    for (size_t at = 0, n; (n = stretch(at, how->half)) > 0; at += n) {
        for (size_t i = at; i < at + n; i++) {
            size_t first = i * how->distance, second = first + how->step;
            float a = x[first], b = x[second], c = table[2 * i], s = table[2 * i + 1];
            put(out, type, first, a * c - b * s);
            put(out, type, second, a * s + b * c);
        }
    }
    for (size_t at = how->rotated, n; out != x && (n = stretch(at, how->size)) > 0; at += n) {
        for (size_t i = at; i < at + n; i++) {
            put(out, type, i, x[i]);
        }
    }
}

/* The angles of a position. */
static const float *angles_of(const float *table, uint32_t position, uint32_t table_rows, uint32_t rotated)
{
    return rotated ? table + clamp(position, table_rows) * rotated : table;
}

static void rope_row(const job *j, size_t r)
{
    const zc_rope_params *p = j->params;
    uint32_t position = ((const uint32_t *)j->bindings[1])[r];
    const float *x = (const float *)j->bindings[0] + r * p->ldx;
    const float *table = angles_of(j->bindings[2], position, p->table_rows, p->rotated);
    size_t to = p->capacity ? clamp(position, p->capacity) : r;
    const rotation how = rotation_of(p->layout, p->rotated, p->head_size);
    for (size_t h = 0; h < p->heads && !zc_cpu_cancelled(); h++) {
        rotate(element_of(j->bindings[3], p->out_type, to * p->ldout + h * p->head_size), p->out_type,
               x + h * p->head_size, table, &how);
    }
}

zc_status zc_cpu_rope(const zc_cpu_call *call)
{
    const zc_rope_params *p = call->params;
    return each_row(call, p->rows, (size_t)p->heads * p->head_size, rope_row);
}

/* x in a row of a cache of `ld` elements. */
static void convert(const job *j, uint8_t *row, uint32_t type, size_t ld, const float *x, size_t cols)
{
    for (size_t at = 0, n; (n = stretch(at, cols)) > 0; at += n) {
        void *out = element_of(row, type, at);
        if (type == ZC_CACHE_F16) {
            j->ops->to_half(out, x + at, n);
        } else if (type == ZC_CACHE_F32) {
            memcpy(out, x + at, n * sizeof *x);
        } else {
            j->ops->to_bytes(out, scales_of(row, ld) + at / BLOCK_OF_BYTES, x + at, n);
        }
    }
}

static void append_row(const job *j, size_t r)
{
    const zc_append_params *p = j->params;
    size_t to = clamp(((const uint32_t *)j->bindings[1])[r], p->capacity) * zc_cpu_cache_row(p->out_type, p->ldout);
    convert(j, (uint8_t *)j->bindings[2] + to, p->out_type, p->ldout, (const float *)j->bindings[0] + r * p->ldx,
            p->cols);
}

zc_status zc_cpu_append(const zc_cpu_call *call)
{
    const zc_append_params *p = call->params;
    return each_row(call, p->rows, p->cols, append_row);
}

/* Bytes of a row that is in a cache already into the mirror. */
static void mirror(uint8_t *to, const uint8_t *row, size_t bytes)
{
    for (size_t at = 0, n; (n = stretch(at, bytes)) > 0; at += n) {
        memcpy(to + at, row + at, n);
    }
}

/* Element i of a head that is turned. */
static float turned(const float *x, const float *table, const rotation *how, size_t i)
{
    if (i >= how->rotated) {
        return x[i];
    }
    bool second = how->distance == 2 ? i % 2 : i >= how->half;
    size_t pair = how->distance == 2 ? i / 2 : second ? i - how->half : i, first = pair * how->distance;
    float a = x[first], b = x[first + how->step], c = table[2 * pair], s = table[2 * pair + 1];
    return second ? a * s + b * c : a * c - b * s;
}

/* A head, turned, block by block. */
static void rotate_to_bytes(const job *j, int8_t *out, uint16_t *scales, const float *x, const float *table,
                            const rotation *how)
{
    float block[BLOCK_OF_BYTES];
    for (size_t at = 0, n; (n = stretch(at, how->size)) > 0; at += n) {
        for (size_t from = at; from < at + n; from += BLOCK_OF_BYTES) {
            for (size_t i = 0; i < BLOCK_OF_BYTES; i++) {
                block[i] = turned(x, table, how, from + i);
            }
            j->ops->to_bytes(out + from, scales + from / BLOCK_OF_BYTES, block, BLOCK_OF_BYTES);
        }
    }
}

/* Row r by the angles of positions[r], into row places[r] of a cache and perhaps its mirror. */
static void rope_append_to(const job *j, size_t r, const uint32_t *places, void *cache, void *mirrored)
{
    const zc_rope_append_params *p = j->params;
    size_t size = p->head_size, cols = p->kv_heads * size, q_from = p->rows - p->q_rows;
    uint32_t position = ((const uint32_t *)j->bindings[3])[r];
    const float *table = angles_of(j->bindings[4], position, p->table_rows, p->rotated);
    const float *k = (const float *)j->bindings[1] + r * p->ldk, *v = (const float *)j->bindings[2] + r * p->ldv;
    const rotation how = rotation_of(p->layout, p->rotated, p->head_size);
    for (size_t h = 0; r >= q_from && h < p->heads && !zc_cpu_cancelled(); h++) {
        float *head = (float *)j->bindings[0] + (r - q_from) * p->ldq + h * size;
        rotate(head, ZC_CACHE_F32, head, table, &how);
    }
    if (cols == 0) {
        return;
    }
    size_t step = zc_cpu_cache_row(p->out_type, p->ldout), place = clamp(places[r], p->capacity);
    uint8_t *keys = (uint8_t *)cache + place * step, *values = keys + p->capacity * step;
    for (size_t h = 0; h < p->kv_heads && !zc_cpu_cancelled(); h++) {
        void *out = element_of(keys, p->out_type, h * size);
        if (p->out_type == ZC_CACHE_Q8_0) {
            rotate_to_bytes(j, out, scales_of(keys, p->ldout) + h * size / BLOCK_OF_BYTES, k + h * size, table, &how);
        } else {
            rotate(out, p->out_type, k + h * size, table, &how);
        }
    }
    convert(j, values, p->out_type, p->ldout, v, cols);
    for (int both = 0; p->mirrored && both < 2; both++) {
        uint8_t *row = both ? values : keys, *to = (uint8_t *)mirrored + (row - (uint8_t *)cache);
        mirror(to, row, zc_cpu_cache_bytes(p->out_type, cols));
        if (p->out_type == ZC_CACHE_Q8_0) {
            mirror(to + p->ldout, row + p->ldout, cols / BLOCK_OF_BYTES * sizeof(uint16_t));
        }
    }
}

static void rope_append_row(const job *j, size_t r)
{
    rope_append_to(j, r, j->bindings[3], j->bindings[5], j->bindings[6]);
}

static void rope_append_paged_row(const job *j, size_t r)
{
    rope_append_to(j, r, j->bindings[5], j->bindings[6], j->bindings[7]);
}

static zc_status rope_append(const zc_cpu_call *call, void (*row)(const job *j, size_t r))
{
    const zc_rope_append_params *p = call->params;
    size_t heads = p->heads + 2 * (size_t)p->kv_heads;
    return each_row(call, p->rows, heads * p->head_size, row);
}

zc_status zc_cpu_rope_append(const zc_cpu_call *call)
{
    return rope_append(call, rope_append_row);
}

zc_status zc_cpu_rope_append_paged(const zc_cpu_call *call)
{
    return rope_append(call, rope_append_paged_row);
}

static void swiglu_row(const job *j, size_t r)
{
    const zc_swiglu_params *p = j->params;
    for (size_t at = 0, n; (n = stretch(at, p->cols)) > 0; at += n) {
        j->ops->swiglu((float *)j->bindings[2] + r * p->ldout + at, (const float *)j->bindings[0] + r * p->ldgate + at,
                       (const float *)j->bindings[1] + r * p->ldup + at, n);
    }
}

zc_status zc_cpu_swiglu(const zc_cpu_call *call)
{
    const zc_swiglu_params *p = call->params;
    return each_row(call, p->rows, p->cols, swiglu_row);
}

static void gelu_block(const job *j, size_t index)
{
    const zc_gelu_params *p = j->params;
    size_t from = index * BLOCK, n = p->count - from < BLOCK ? p->count - from : BLOCK;
    j->ops->gelu((float *)j->bindings[1] + from, (const float *)j->bindings[0] + from, n, (int)p->tanh);
}

zc_status zc_cpu_gelu(const zc_cpu_call *call)
{
    const zc_gelu_params *p = call->params;
    return each_row(call, ((size_t)p->count + BLOCK - 1) / BLOCK, BLOCK, gelu_block);
}

static void softcap_block(const job *j, size_t index)
{
    const zc_softcap_params *p = j->params;
    size_t from = index * BLOCK, n = p->count - from < BLOCK ? p->count - from : BLOCK;
    j->ops->softcap((float *)j->bindings[1] + from, (const float *)j->bindings[0] + from, n, p->cap);
}

zc_status zc_cpu_softcap(const zc_cpu_call *call)
{
    const zc_softcap_params *p = call->params;
    return each_row(call, ((size_t)p->count + BLOCK - 1) / BLOCK, BLOCK, softcap_block);
}

static void pool_row(const job *j, size_t r)
{
    const zc_pool_params *p = j->params;
    const uint32_t *spans = j->bindings[1];
    size_t from = spans[2 * r], end = spans[2 * r + 1] < p->capacity ? spans[2 * r + 1] : p->capacity;
    float *out = (float *)j->bindings[2] + r * p->ldout;
    double length = 0.0;
    for (size_t at = 0, n; (n = stretch(at, p->cols)) > 0; at += n) {
        j->ops->fill(out + at, n, 0.0f);
        for (size_t t = from; t < end && !zc_cpu_cancelled(); t++) {
            j->ops->add(out + at, out + at, (const float *)j->bindings[0] + t * p->ldx + at, n);
        }
        if (from < end) {
            j->ops->scale(out + at, n, (float)(1.0 / (double)(end - from)));
            length += j->ops->squares(out + at, n, 0.0f);
        }
    }
    if (p->flags & ZC_POOL_NORMALIZE && !(length == 0.0)) {
        for (size_t at = 0, n; (n = stretch(at, p->cols)) > 0; at += n) {
            j->ops->scale(out + at, n, (float)(1.0 / sqrt(length)));
        }
    }
}

zc_status zc_cpu_pool(const zc_cpu_call *call)
{
    const zc_pool_params *p = call->params;
    size_t work = (size_t)p->capacity / (p->rows ? p->rows : 1) + 1;
    return each_row(call, p->rows, work * p->cols, pool_row);
}
