/* zc_cpu_attention: softmax(scale * q k^T) v for each row and head, over the keys of the row's span.
 *
 * A task is one row and one head. Keys are taken in blocks of a fixed size with a running maximum (online
 * softmax), so nothing grows with the context. Spans come from guest memory and are clamped to the cache.
 */
#include <math.h>

#include "zc_cpu_ops.h"
#include "zc_cpu_pool.h"
#include "zc_cpu_quant.h"

#define KEYS 64
#define PARALLEL 65536 /* multiply-adds from which on a second thread pays */

typedef struct job {
    const zc_cpu_ops *ops;
    const zc_attention_params *p;
    const float *q;
    const void *k, *v;
    const uint32_t *spans;
    float *out;
} job;

static float element(const void *cache, uint32_t type, size_t at)
{
    return type == ZC_CACHE_F16 ? zc_half_to_float(((const uint16_t *)cache)[at]) : ((const float *)cache)[at];
}

static void head_body(void *context, size_t index)
{
    const job *j = context;
    const zc_attention_params *p = j->p;
    size_t r = index / p->heads, h = index % p->heads, size = p->head_size;
    size_t kv = h / (p->heads / p->kv_heads) * size;
    const float *q = j->q + r * p->ldq + h * size;
    float *out = j->out + r * p->ldout + h * size, scores[KEYS], weights[KEYS], sums[ZC_ATTENTION_MAX_HEAD];
    size_t from = j->spans[2 * r], end = j->spans[2 * r + 1];
    float top = -INFINITY;
    double total = 0.0;
    end = end < p->capacity ? end : p->capacity;
    for (size_t i = 0; i < size; i++) {
        sums[i] = 0.0f;
    }
    for (size_t first = from; first < end; first += KEYS) {
        size_t count = end - first < KEYS ? end - first : KEYS;
        float before = top;
        for (size_t t = 0; t < count; t++) {
            float dot = 0.0f;
            for (size_t i = 0; i < size; i++) {
                dot += q[i] * element(j->k, p->kv_type, (first + t) * p->ldk + kv + i);
            }
            scores[t] = p->scale * dot;
        }
        float most = j->ops->max(scores, count);
        top = most > top || isnan(most) ? most : top;
        if (first > from && !(before == top)) {
            float shrink = expf(before - top);
            total *= (double)shrink;
            j->ops->scale(sums, size, shrink);
        }
        total += j->ops->exp_sum(weights, scores, count, top);
        for (size_t t = 0; t < count; t++) {
            for (size_t i = 0; i < size; i++) {
                sums[i] += weights[t] * element(j->v, p->kv_type, (first + t) * p->ldv + kv + i);
            }
        }
    }
    for (size_t i = 0; i < size; i++) {
        out[i] = from < end ? (float)(sums[i] / total) : 0.0f;
    }
}

void zc_cpu_attention(const zc_cpu_ops *ops, void *const bindings[], const zc_attention_params *p, unsigned threads)
{
    job j = {.ops = ops, .p = p, .q = bindings[0], .k = bindings[1], .v = bindings[2], .spans = bindings[3],
             .out = bindings[4]};
    if (p->rows == 0 || p->heads == 0) {
        return;
    }
    if ((double)p->rows * p->heads * p->head_size * p->capacity < PARALLEL) {
        threads = 1;
    }
    zc_pool_run(head_body, &j, (size_t)p->rows * p->heads, threads);
}
