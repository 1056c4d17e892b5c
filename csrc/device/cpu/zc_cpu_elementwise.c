/* zc_cpu_elementwise: fill, affine, axpby, add and mul over threads.
 *
 * As many threads work as have LEAST elements each: what a second one costs is more than it saves below that. The
 * range is cut into chunks handed out dynamically. Elements are independent, so any cut gives the same
 * bits. Output may be the very same range as an input. Nothing is owned or allocated.
 */
#include "device/cpu/zc_cpu_ops.h"
#include "device/cpu/zc_cpu_threads.h"

#include <string.h>

#define LEAST ((size_t)32 * 1024) /* a microsecond and a half */
#define CHUNKS 4                  /* of a thread, so that a slow one can leave some to others */
#define MOST ((size_t)64 * 1024)  /* elements of a chunk */

typedef struct job {
    const zc_cpu_ops *ops;
    void (*block)(const struct job *j, size_t from, size_t n); /* elements [from, from + n) */
    size_t count, chunk; /* elements */
    float *out;
    const float *x, *y;
    float s, t;
} job;

static void chunk(void *context, size_t index)
{
    const job *j = context;
    size_t from = index * j->chunk;
    j->block(j, from, j->count - from < j->chunk ? j->count - from : j->chunk);
}

static zc_status spread(job *j, unsigned threads)
{
    if (j->count == 0) {
        return ZC_OK;
    }
    if (j->count < 2 * LEAST) {
        j->block(j, 0, j->count);
        return ZC_OK;
    }
    threads = zc_threads_worth((double)j->count, LEAST, threads);
    j->chunk = (j->count / (CHUNKS * threads) + 1023) / 1024 * 1024;
    j->chunk = threads > 1 && j->chunk < MOST ? j->chunk : MOST;
    zc_threads_run(chunk, j, (j->count + j->chunk - 1) / j->chunk, threads);
    return ZC_OK;
}

static void fill_block(const job *j, size_t from, size_t n)
{
    j->ops->fill(j->out + from, n, j->s);
}

zc_status zc_cpu_fill(const zc_cpu_call *call)
{
    const zc_fill_params *p = call->params;
    job j = {.ops = call->ops, .block = fill_block, .count = p->count, .out = call->bindings[0]};
    memcpy(&j.s, &p->pattern, sizeof j.s); /* moved, never computed with: the bits survive */
    return spread(&j, call->threads);
}

static void affine_block(const job *j, size_t from, size_t n)
{
    j->ops->affine(j->out + from, j->x + from, n, j->s, j->t);
}

zc_status zc_cpu_affine(const zc_cpu_call *call)
{
    const zc_affine_params *p = call->params;
    void *const *b = call->bindings;
    job j = {call->ops, affine_block, p->count, 0, b[1], b[0], NULL, p->scale, p->shift};
    return spread(&j, call->threads);
}

static void axpby_block(const job *j, size_t from, size_t n)
{
    j->ops->axpby(j->out + from, j->x + from, j->y + from, n, j->s, j->t);
}

zc_status zc_cpu_axpby(const zc_cpu_call *call)
{
    const zc_axpby_params *p = call->params;
    void *const *b = call->bindings;
    job j = {call->ops, axpby_block, p->count, 0, b[2], b[0], b[1], p->alpha, p->beta};
    return spread(&j, call->threads);
}

static void add_block(const job *j, size_t from, size_t n)
{
    j->ops->add(j->out + from, j->x + from, j->y + from, n);
}

zc_status zc_cpu_add(const zc_cpu_call *call)
{
    const zc_elementwise_params *p = call->params;
    void *const *b = call->bindings;
    job j = {call->ops, add_block, p->count, 0, b[2], b[0], b[1], 0.0f, 0.0f};
    return spread(&j, call->threads);
}

static void mul_block(const job *j, size_t from, size_t n)
{
    j->ops->mul(j->out + from, j->x + from, j->y + from, n);
}

zc_status zc_cpu_mul(const zc_cpu_call *call)
{
    const zc_elementwise_params *p = call->params;
    void *const *b = call->bindings;
    job j = {call->ops, mul_block, p->count, 0, b[2], b[0], b[1], 0.0f, 0.0f};
    return spread(&j, call->threads);
}
