/* zc_cpu_linear: y = f(x) * transpose(w) with weights as they lie in the model file.
 *
 * f(x) is made once per call, in the caller's scratch. Outputs are cut into parts, each of which one thread
 * computes for all rows of x, so an output's bits do not depend on the number of threads.
 */
#include <math.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "zc_cpu_ops.h"
#include "zc_cpu_pool.h"
#include "zc_cpu_quant.h"
#include "zc_cpu_scratch.h"

#define PART 16        /* outputs of a task */
#define PARALLEL 32768 /* weights from which on a second thread pays */
#define ROWS 64        /* rows of x whose products are kept at once */

typedef struct job {
    const zc_cpu_ops *ops;
    const zc_linear_params *p;
    const float *x; /* f(x), rows at a distance of ldx */
    size_t ldx, row_bytes;
    const uint8_t *w;
    const float *bias;
    float *y;
    atomic_bool failed;
} job;

static float finish(const job *j, float value, size_t r, size_t n)
{
    uint32_t flags = j->p->flags;
    if (flags & ZC_LINEAR_BIAS) {
        value += j->bias[n];
    }
    if (flags & ZC_LINEAR_GELU) {
        value = zc_cpu_gelu_erf(value);
    }
    return flags & ZC_LINEAR_ADD ? j->y[r * j->p->ldy + n] + value : value;
}

static void part_body(void *context, size_t index)
{
    job *j = context;
    const zc_linear_params *p = j->p;
    size_t from = index * PART, end = p->n - from < PART ? p->n : from + PART;
    float *w = zc_scratch(ZC_SCRATCH_BLOCK, ((size_t)p->k + 1) * sizeof *w), sums[ROWS];
    if (w == NULL) {
        atomic_store_explicit(&j->failed, true, memory_order_relaxed);
        return;
    }
    for (size_t n = from; n < end; n++) {
        if (p->k) {
            zc_dequantize((zc_weight_type)p->type, j->w + n * j->row_bytes, p->k, w);
        }
        for (size_t first = 0; first < p->rows; first += ROWS) {
            size_t rows = p->rows - first < ROWS ? p->rows - first : ROWS;
            for (size_t r = 0; p->k == 0 && r < rows; r++) {
                sums[r] = 0.0f;
            }
            if (p->k) {
                j->ops->dot_rows(sums, 1, j->x + first * j->ldx, j->ldx, rows, p->k, w, 1.0f, 0.0f);
            }
            for (size_t r = 0; r < rows; r++) {
                j->y[(first + r) * p->ldy + n] = finish(j, sums[r], first + r, n);
            }
        }
    }
}

static zc_status no_scratch(zc_error *error, size_t bytes)
{
    return zc_fail(error, ZC_NO_MEMORY, "linear cannot have %zu bytes of scratch", bytes);
}

zc_status zc_cpu_linear(const zc_cpu_ops *ops, void *const bindings[], const zc_linear_params *p, unsigned threads,
                        zc_error *error)
{
    const zc_weight_type_info *info = zc_weight_type_get(p->type);
    job j = {.ops = ops, .p = p, .x = bindings[0], .ldx = p->ldx, .w = bindings[1], .bias = bindings[2],
             .y = bindings[4], .row_bytes = (size_t)(p->k / info->block) * info->block_bytes};
    if (p->rows == 0 || p->n == 0) {
        return ZC_OK;
    }
    if (p->k && (p->flags & (ZC_LINEAR_NORM | ZC_LINEAR_SWIGLU))) {
        size_t bytes = (size_t)p->rows * p->k * sizeof(float);
        float *made = zc_scratch(ZC_SCRATCH_INPUT, bytes);
        if (made == NULL) {
            return no_scratch(error, bytes);
        }
        for (size_t r = 0; r < p->rows; r++) {
            const float *x = j.x + r * p->ldx;
            if (p->flags & ZC_LINEAR_NORM) {
                zc_cpu_rms_norm_row(made + r * p->k, x, bindings[3], p->k, p->eps);
            } else {
                zc_cpu_swiglu_row(made + r * p->k, x, x + p->k, p->k);
            }
        }
        j.x = made;
        j.ldx = p->k;
    }
    if ((double)p->n * p->k * p->rows < PARALLEL) {
        threads = 1;
    }
    zc_pool_run(part_body, &j, ((size_t)p->n + PART - 1) / PART, threads);
    return atomic_load_explicit(&j.failed, memory_order_relaxed)
               ? no_scratch(error, ((size_t)p->k + 1) * sizeof(float))
               : ZC_OK;
}
