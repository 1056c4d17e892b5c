/* zc_cpu_select: what a sampler asks of a row of logits: argmax, top_k, penalize.
 *
 * Elements are ordered by keys: integers that compare as the elements do, a NaN above everything, -0 equal to
 * +0. A key above the complement of its index is one number, unlike any other, so the lower index comes first
 * among equals and the order of the search does not matter. Nothing is owned or allocated.
 */
#include <string.h>

#include "device/cpu/zc_cpu_cancel.h"
#include "device/cpu/zc_cpu_ops.h"
#include "device/cpu/zc_cpu_threads.h"

#define BLOCK 256                     /* elements whose maximum says whether any of them matters */
#define PARALLEL ((size_t)256 * 1024) /* elements from which on a second thread pays */

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
        zc_threads_run(top_body, j, rows, (double)rows * (double)j->cols < PARALLEL ? 1 : threads);
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
