/* zc_cpu_experts: mixtures of experts: route, linear_chosen, add_weighted.
 *
 * linear_chosen is a linear for each expert that some row has: its rows of x lie side by side first, and those of y go
 * from there to their places, so that an expert's weights are read once for as many of them as there is room for. One
 * row by itself is used where it lies, and so is what comes of it.
 *
 * ids come from guest memory: each is read once, and clamped.
 */
#include <math.h>
#include <string.h>

#include "device/cpu/zc_cpu_cancel.h"
#include "device/cpu/zc_cpu_ops.h"
#include "device/cpu/zc_cpu_threads.h"
#include "device/cpu/zc_cpu_workspace.h"

#define LEAST 16384.0              /* elements for each thread */
#define MOST_BYTES ((size_t)16 << 20) /* of rows side by side, but for one row */
#define MOST_ROWS ((size_t)1024)
#define PART ((size_t)1 << 16)     /* rows that are assigned at a time */

/* ---- route ---- */

typedef struct route_job {
    const zc_route_params *p;
    const float *x;
    uint32_t *ids;
    float *weights;
} route_job;

/* Whether a comes before b, of which b has the lower index. */
static bool above(float a, float b)
{
    return !isnan(b) && (isnan(a) || a > b);
}

static float sigmoid(float x)
{
    return 1.0f / (1.0f + expf(-x));
}

static void route_row(void *context, size_t r)
{
    const route_job *j = context;
    const zc_route_params *p = j->p;
    const float *x = j->x + r * p->ldx;
    uint32_t *ids = j->ids + r * p->used;
    float *weights = j->weights + r * p->used, logits[ZC_ROUTE_MAX_USED] = {0};
    uint32_t chosen[ZC_ROUTE_MAX_USED], count = 0;
    double sum = 0.0;
    if (zc_cpu_cancelled()) {
        return;
    }
    for (uint32_t i = 0; i < p->experts; i++) {
        float logit = x[i];
        uint32_t at = count;
        for (; at > 0 && above(logit, logits[at - 1]); at--) {
            if (at < p->used) {
                logits[at] = logits[at - 1];
                chosen[at] = chosen[at - 1];
            }
        }
        if (at < p->used) {
            logits[at] = logit;
            chosen[at] = i;
            count += count < p->used;
        }
    }
    float top = logits[0];
    for (uint32_t i = 0; p->mode == ZC_ROUTE_SOFTMAX && i < p->experts; i++) {
        sum += (double)expf(x[i] - top);
    }
    for (uint32_t i = 0; i < p->used; i++) {
        float weight = p->mode >= ZC_ROUTE_SIGMOID ? sigmoid(logits[i]) : expf(logits[i] - top);
        sum += p->mode == ZC_ROUTE_CHOSEN || p->mode == ZC_ROUTE_NORMED_SIGMOID ? (double)weight : 0.0;
        ids[i] = chosen[i];
        weights[i] = weight;
    }
    float scale = p->mode == ZC_ROUTE_SIGMOID ? p->scale : (float)((double)p->scale / sum);
    for (uint32_t i = 0; i < p->used; i++) {
        weights[i] *= scale;
    }
}

zc_status zc_cpu_route(const zc_cpu_call *call)
{
    const zc_route_params *p = call->params;
    route_job j = {p, call->bindings[0], call->bindings[1], call->bindings[2]};
    if (p->used) {
        zc_threads_run(route_row, &j, p->rows,
                       zc_threads_worth((double)p->rows * p->experts * 8, LEAST, call->threads));
    }
    return ZC_OK;
}

/* ---- linear_chosen ---- */

/* Which of some rows have an expert: those from first[e] to first[e + 1] of `rows`, in ascending order. */
typedef struct assignment {
    uint32_t *first, *rows;
} assignment;

static void assign(const zc_linear_chosen_params *p, size_t rows, const volatile uint32_t *ids, uint32_t *chosen,
                   assignment *out)
{
    memset(out->first, 0, ((size_t)p->experts + 1) * sizeof *out->first);
    for (size_t r = 0; r < rows; r++) {
        uint32_t id = ids[r];
        chosen[r] = id < p->experts ? id : p->experts - 1;
        out->first[chosen[r]]++;
    }
    uint32_t before = 0;
    for (size_t e = 0; e <= p->experts; e++) { /* where each begins */
        uint32_t count = out->first[e];
        out->first[e] = before;
        before += count;
    }
    for (size_t r = 0; r < rows; r++) { /* and then where it ends */
        out->rows[out->first[chosen[r]]++] = (uint32_t)r;
    }
    memmove(out->first + 1, out->first, p->experts * sizeof *out->first);
    out->first[0] = 0;
}

/* Some rows that have expert e, counted from `first` on. xs and ys: room for them, if more than one. Where k is 0, x and
 * the weights may lie nowhere. */
static zc_status linear_of(const zc_cpu_call *call, size_t e, size_t first, const uint32_t *rows, uint32_t count,
                           float *xs, float *ys)
{
    const zc_linear_chosen_params *p = call->params;
    const zc_weight_type_info *info = zc_weight_type_get(p->type);
    size_t columns = p->flags & ZC_LINEAR_GATED ? 2 * (size_t)p->k : p->k, matrix = e * p->n;
    float *x = call->bindings[0], *y = call->bindings[4];
    zc_linear_params of = zc_linear_of_chosen(p);
    of.rows = count;
    if (count > 1) {
        for (uint32_t i = 0; p->k && i < count; i++) {
            memcpy(xs + i * columns, x + (first + rows[i]) / p->share * p->ldx, columns * sizeof *xs);
        }
        of.ldx = (uint32_t)columns;
        of.ldy = p->n;
    } else {
        xs = p->k ? x + (first + rows[0]) / p->share * p->ldx : x;
        ys = y + (first + rows[0]) * p->ldy;
    }
    uint8_t *w = call->bindings[1];
    w = p->k ? w + matrix * (p->k / info->block * (size_t)info->block_bytes) : w;
    void *const bindings[5] = {xs, w, p->flags & ZC_LINEAR_BIAS ? (float *)call->bindings[2] + matrix : NULL, NULL, ys};
    zc_status status = zc_cpu_linear(&(zc_cpu_call){call->ops, bindings, &of, call->threads, call->error});
    for (uint32_t i = 0; count > 1 && status == ZC_OK && i < count && !zc_cpu_cancelled(); i++) {
        memcpy(y + (first + rows[i]) * p->ldy, ys + (size_t)i * p->n, p->n * sizeof *y);
    }
    return status;
}

zc_status zc_cpu_linear_chosen(const zc_cpu_call *call)
{
    const zc_linear_chosen_params *p = call->params;
    const uint32_t *ids = call->bindings[3];
    size_t columns = p->flags & ZC_LINEAR_GATED ? 2 * (size_t)p->k : p->k, row = (columns + p->n) * sizeof(float);
    size_t part = p->rows < PART ? p->rows : PART, words = (size_t)p->experts + 1 + 2 * part;
    size_t most = MOST_BYTES / (row ? row : 1);
    zc_status status = ZC_OK;
    if (p->rows == 0 || p->n == 0) {
        return ZC_OK;
    }
    most = most < 1 ? 1 : most < MOST_ROWS ? most : MOST_ROWS;
    most = most < part ? most : part;
    char *room = zc_workspace(ZC_WORKSPACE_CHOSEN, (most > 1 ? most * row : 0) + words * sizeof(uint32_t));
    if (room == NULL) {
        return zc_fail(call->error, ZC_NO_MEMORY, "linear_chosen cannot have workspace for %zu rows of %zu columns",
                       most, columns + p->n);
    }
    float *xs = (float *)room, *ys = most > 1 ? xs + most * columns : NULL;
    assignment of = {.first = (uint32_t *)(room + (most > 1 ? most * row : 0))};
    of.rows = of.first + p->experts + 1;
    for (size_t first = 0; first < p->rows && status == ZC_OK && !zc_cpu_cancelled(); first += part) {
        assign(p, p->rows - first < part ? p->rows - first : part, ids + first, of.rows + part, &of);
        for (size_t e = 0; e < p->experts && status == ZC_OK; e++) {
            uint32_t at = of.first[e], count;
            for (; at < of.first[e + 1] && status == ZC_OK && !zc_cpu_cancelled(); at += count) {
                uint32_t left = of.first[e + 1] - at;
                count = left < most ? left : (uint32_t)most;
                status = linear_of(call, e, first, of.rows + at, count, xs, ys);
            }
        }
    }
    return status;
}

/* ---- add_weighted ---- */

#define COLUMNS 4096 /* of a task */

typedef struct sum_job {
    const zc_cpu_ops *ops;
    const zc_add_weighted_params *p;
    const float *x, *weights;
    float *out;
} sum_job;

static void sum_part(void *context, size_t index)
{
    const sum_job *j = context;
    const zc_add_weighted_params *p = j->p;
    size_t parts = (p->cols + COLUMNS - 1) / COLUMNS, r = index / parts, from = index % parts * COLUMNS;
    size_t n = p->cols - from < COLUMNS ? p->cols - from : COLUMNS;
    float *out = j->out + r * p->ldout + from;
    for (size_t s = r * p->slots; s < (r + 1) * p->slots && !zc_cpu_cancelled(); s++) {
        j->ops->axpby(out, j->x + s * p->ldx + from, out, n, j->weights[s], 1.0f);
    }
}

zc_status zc_cpu_add_weighted(const zc_cpu_call *call)
{
    const zc_add_weighted_params *p = call->params;
    sum_job j = {call->ops, p, call->bindings[0], call->bindings[1], call->bindings[2]};
    size_t parts = ((size_t)p->cols + COLUMNS - 1) / COLUMNS;
    zc_threads_run(sum_part, &j, p->rows * parts,
                   zc_threads_worth((double)p->rows * p->cols * p->slots, LEAST, call->threads));
    return ZC_OK;
}
