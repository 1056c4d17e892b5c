/* zc_cpu_select: what a sampler asks of rows of logits: argmax, top_k, penalize, adjust, mask, draw.
 *
 * Elements are ordered by keys: integers that compare as the elements do, a NaN above everything, -0 equal to
 * +0. A key above the complement of its index is one number, unlike any other, so the lower index comes first
 * among equals and the order of the search does not matter. Nothing is owned or allocated.
 */
#include <math.h>
#include <string.h>

#include "device/cpu/zc_cpu_cancel.h"
#include "device/cpu/zc_cpu_ops.h"
#include "device/cpu/zc_cpu_threads.h"

#define BLOCK 256                     /* elements whose maximum says whether any of them matters */
#define LEAST ((size_t)32 * 1024)     /* elements for each thread: some microseconds */

typedef struct job {
    const zc_cpu_ops *ops;
    const float *x;
    size_t cols, ldx, k;
    float *values;
    uint32_t *indices;
} job;

static uint32_t key_of(float value)
{
    uint32_t bits;
    if (value != value) {
        return UINT32_MAX;
    }
    memcpy(&bits, &value, sizeof bits);
    if (bits == 0x80000000) {
        bits = 0;
    }
    return bits & 0x80000000 ? ~bits : bits | 0x80000000;
}

static uint64_t ranked(const float *x, size_t i)
{
    return (uint64_t)key_of(x[i]) << 32 | (uint32_t)~(uint32_t)i;
}

/* heap[0] is the least of `count`; put `entry` in its place. */
static void replace_least(uint64_t *heap, size_t count, uint64_t entry)
{
    size_t at = 0, child;
    while ((child = 2 * at + 1) < count) {
        if (child + 1 < count && heap[child + 1] < heap[child]) {
            child++;
        }
        if (entry <= heap[child]) {
            break;
        }
        heap[at] = heap[child];
        at = child;
    }
    heap[at] = entry;
}

static void top_body(void *context, size_t r)
{
    const job *j = context;
    const float *x = j->x + r * j->ldx;
    uint64_t heap[ZC_TOP_K_MAX] = {0}; /* below every element */
    for (size_t at = 0; at < j->cols; at += BLOCK) {
        size_t end = j->cols - at < BLOCK ? j->cols : at + BLOCK;
        if (at % ZC_CPU_STRIDE == 0 && zc_cpu_cancelled()) {
            return;
        }
        /* An equal element that comes later ranks lower, so only a greater one gets in. */
        if (key_of(j->ops->max(x + at, end - at)) <= heap[0] >> 32) {
            continue;
        }
        for (size_t i = at; i < end; i++) {
            uint64_t entry = ranked(x, i);
            if (entry > heap[0]) {
                replace_least(heap, j->k, entry);
            }
        }
    }
    for (size_t left = j->k; left > 0; left--) { /* the least goes last */
        uint32_t index = ~(uint32_t)heap[0];
        size_t at = r * j->k + left - 1;
        j->indices[at] = index;
        if (j->values) {
            j->values[at] = x[index];
        }
        replace_least(heap, left - 1, heap[left - 1]);
    }
}

static zc_status spread(job *j, size_t rows, unsigned threads)
{
    if (rows > 0 && j->k > 0) {
        zc_threads_run(top_body, j, rows, zc_threads_worth((double)rows * (double)j->cols, LEAST, threads));
    }
    return ZC_OK;
}

zc_status zc_cpu_argmax(const zc_cpu_call *call)
{
    const zc_rows_params *p = call->params;
    job j = {
        .ops = call->ops, .x = call->bindings[0], .cols = p->cols, .ldx = p->ldx, .k = 1, .indices = call->bindings[1]};
    return spread(&j, p->rows, call->threads);
}

zc_status zc_cpu_top_k(const zc_cpu_call *call)
{
    const zc_top_k_params *p = call->params;
    job j = {.ops = call->ops,
             .x = call->bindings[0],
             .cols = p->cols,
             .ldx = p->ldx,
             .k = p->k,
             .values = call->bindings[1],
             .indices = call->bindings[2]};
    return spread(&j, p->rows, call->threads);
}

zc_status zc_cpu_penalize(const zc_cpu_call *call)
{
    const zc_penalize_params *p = call->params;
    const uint32_t *ids = call->bindings[0];
    float *x = call->bindings[1];
    size_t count = ids[0] < p->capacity ? ids[0] : p->capacity;
    for (size_t i = 1; i <= count && (i % 4096 != 0 || !zc_cpu_cancelled()); i++) {
        uint32_t given = ids[i], id = given < p->cols ? given : p->cols - 1;
        x[id] = x[id] > 0.0f ? x[id] / p->penalty : x[id] * p->penalty;
    }
    return ZC_OK;
}

zc_status zc_cpu_adjust(const zc_cpu_call *call)
{
    const zc_adjust_params *p = call->params;
    const volatile uint32_t *entries = call->bindings[0]; /* the guest may write there now */
    float *x = call->bindings[1], factors[2];
    size_t given = entries[0], count = given < p->entries ? given : p->entries;
    for (size_t i = 1; i <= count && (i % 4096 != 0 || !zc_cpu_cancelled()); i++) {
        uint32_t index = entries[4 * i], words[2] = {entries[4 * i + 1], entries[4 * i + 2]};
        float *at = &x[index < p->count ? index : p->count - 1], value = *at;
        memcpy(factors, words, sizeof factors);
        *at = (value > 0.0f ? value / factors[0] : value * factors[0]) + factors[1];
    }
    return ZC_OK;
}

typedef struct mask_job {
    const zc_mask_params *p;
    const uint32_t *mask;
    float *x;
    size_t pieces; /* of a row */
} mask_job;

/* ZC_CPU_STRIDE elements of a row, or what is left of it. Most words are all ones or all zeros. */
static void mask_body(void *context, size_t index)
{
    const mask_job *j = context;
    size_t row = index / j->pieces, from = index % j->pieces * ZC_CPU_STRIDE, cols = j->p->cols;
    size_t end = cols - from < ZC_CPU_STRIDE ? cols : from + ZC_CPU_STRIDE;
    const uint32_t *mask = j->mask + row * j->p->ldmask;
    float *x = j->x + row * j->p->ldx;
    for (size_t at = from; at < end; at += 32) {
        uint32_t bits = mask[at / 32];
        size_t count = end - at < 32 ? end - at : 32;
        for (size_t i = 0; bits != UINT32_MAX && i < count; i++) {
            x[at + i] = bits >> i & 1 ? x[at + i] : -INFINITY;
        }
    }
}

zc_status zc_cpu_mask(const zc_cpu_call *call)
{
    const zc_mask_params *p = call->params;
    mask_job j = {.p = p, .mask = call->bindings[0], .x = call->bindings[1]};
    j.pieces = ((size_t)p->cols + ZC_CPU_STRIDE - 1) / ZC_CPU_STRIDE;
    zc_threads_run(mask_body, &j, p->rows * j.pieces,
                   zc_threads_worth((double)p->rows * (double)p->cols, LEAST, call->threads));
    return ZC_OK;
}

/* ---- draw: in whole multiples of 2^-54, as shaders/draw.comp does it ---- */

#define ONE ((uint64_t)1 << 54)

/* A float32 in [0, 1]: mantissa * 2^exponent. */
static uint32_t mantissa_of(float value, int *exponent)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    int field = (int)(bits >> 23);
    *exponent = (field ? field : 1) - 150;
    return (bits & 0x7fffff) | (field ? 0x800000 : 0);
}

static uint64_t units_of(float probability)
{
    if (!(probability > 0.0f)) {
        return 0;
    }
    if (probability >= 1.0f) {
        return ONE;
    }
    int exponent;
    uint64_t mantissa = mantissa_of(probability, &exponent);
    exponent += 54;
    return exponent >= 0 ? mantissa << exponent : exponent > -64 ? mantissa >> -exponent : 0;
}

__extension__ typedef unsigned __int128 wide;

/* The least number of units that is at least top_p * total. */
static uint64_t part_of(float top_p, uint64_t total)
{
    int exponent;
    wide product = (wide)mantissa_of(top_p, &exponent) * total;
    if (exponent <= -96) { /* the product is below 2^86 */
        return product != 0;
    }
    wide rounded = product >> -exponent;
    return (uint64_t)rounded + (rounded << -exponent != product);
}

static uint32_t draw_row(const zc_draw_params *p, const float *values, const uint32_t *ids, const uint32_t *u)
{
    uint32_t count = p->count;
    uint64_t units[ZC_TOP_K_MAX], total = ONE, kept = 0, below = 0;
    int ends = p->complete == 1;
    if (!(values[0] > 0.0f)) {
        return ZC_DRAW_NONE;
    }
    for (uint32_t i = 0; i < count; i++) {
        units[i] = units_of(values[i]);
    }
    if (p->top_k && p->top_k <= count) {
        count = p->top_k;
        ends = 1;
        total = 0;
        for (uint32_t i = 0; i < count; i++) {
            total += units[i];
        }
    }
    uint64_t goal = p->top_p < 1.0f ? part_of(p->top_p, total) : UINT64_MAX;
    float least = p->min_p * values[0];
    for (uint32_t i = 0; i < count; i++) {
        if (i && values[i] < least) {
            count = i;
            ends = 1;
            break;
        }
        kept += units[i];
        if (kept >= goal) {
            count = i + 1;
            ends = 1;
            break;
        }
    }
    uint64_t number = (uint64_t)(u[1] & 0x1fffff) << 32 | u[0];
    uint64_t point = (uint64_t)((wide)number * (ends ? kept : total) >> 53);
    for (uint32_t i = 0; i < count; i++) {
        below += units[i];
        if (point < below) {
            return ids[i];
        }
    }
    return ends ? ids[0] : ZC_DRAW_REST; /* nothing is left of the first: a hostile row */
}

zc_status zc_cpu_draw(const zc_cpu_call *call)
{
    const zc_draw_params *p = call->params;
    const float *values = call->bindings[0];
    const uint32_t *ids = call->bindings[1], *u = call->bindings[2];
    uint32_t *out = call->bindings[3];
    for (size_t r = 0; r < p->rows && (r % 64 != 0 || !zc_cpu_cancelled()); r++) {
        out[r] = draw_row(p, values + r * p->count, ids + r * p->count, u + 2 * r);
    }
    return ZC_OK;
}
