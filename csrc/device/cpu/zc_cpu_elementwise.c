/* zc_cpu_elementwise: fill, affine, axpby, add and mul over threads.
 *
 * Below PARALLEL elements the caller does everything: waking a thread costs more than it saves. Above, the
 * range is cut into chunks handed out dynamically. Elements are independent, so any cut gives the same
 * bits. Output may be the very same range as an input. Nothing is owned or allocated.
 */
#include "device/cpu/zc_cpu_ops.h"
#include "device/cpu/zc_cpu_threads.h"

#include <string.h>

#define PARALLEL ((size_t)128 * 1024)
#define CHUNK ((size_t)64 * 1024)

typedef struct job {
    const zc_cpu_ops *ops;
    zc_kernel_id id;
    size_t count;
    float *out;
    const float *x, *y;
    float s, t;
} job;

static void run(const job *j, size_t from, size_t n)
{
    float *out = j->out + from;
    switch (j->id) {
    case ZC_KERNEL_fill:
        j->ops->fill(out, n, j->s);
        break;
    case ZC_KERNEL_affine:
        j->ops->affine(out, j->x + from, n, j->s, j->t);
        break;
    case ZC_KERNEL_axpby:
        j->ops->axpby(out, j->x + from, j->y + from, n, j->s, j->t);
        break;
    case ZC_KERNEL_add:
        j->ops->add(out, j->x + from, j->y + from, n);
        break;
    default:
        j->ops->mul(out, j->x + from, j->y + from, n);
        break;
    }
}

static void body(void *context, size_t index)
{
    const job *j = context;
    size_t from = index * CHUNK;
    run(j, from, j->count - from < CHUNK ? j->count - from : CHUNK);
}

static void spread(job *j, unsigned threads)
{
    if (j->count == 0) {
        return;
    }
    if (j->count < PARALLEL) {
        run(j, 0, j->count);
    } else {
        zc_threads_run(body, j, (j->count + CHUNK - 1) / CHUNK, threads);
    }
}

void zc_cpu_fill(const zc_cpu_ops *ops, void *const bindings[], const zc_fill_params *p, unsigned threads)
{
    job j = {.ops = ops, .id = ZC_KERNEL_fill, .count = p->count, .out = bindings[0]};
    memcpy(&j.s, &p->pattern, sizeof j.s); /* moved, never computed with: the bits survive */
    spread(&j, threads);
}

void zc_cpu_affine(const zc_cpu_ops *ops, void *const bindings[], const zc_affine_params *p, unsigned threads)
{
    job j = {ops, ZC_KERNEL_affine, p->count, bindings[1], bindings[0], NULL, p->scale, p->shift};
    spread(&j, threads);
}

void zc_cpu_axpby(const zc_cpu_ops *ops, void *const bindings[], const zc_axpby_params *p, unsigned threads)
{
    job j = {ops, ZC_KERNEL_axpby, p->count, bindings[2], bindings[0], bindings[1], p->alpha, p->beta};
    spread(&j, threads);
}

void zc_cpu_add(const zc_cpu_ops *ops, void *const bindings[], const zc_elementwise_params *p, unsigned threads)
{
    job j = {ops, ZC_KERNEL_add, p->count, bindings[2], bindings[0], bindings[1], 0.0f, 0.0f};
    spread(&j, threads);
}

void zc_cpu_mul(const zc_cpu_ops *ops, void *const bindings[], const zc_elementwise_params *p, unsigned threads)
{
    job j = {ops, ZC_KERNEL_mul, p->count, bindings[2], bindings[0], bindings[1], 0.0f, 0.0f};
    spread(&j, threads);
}
