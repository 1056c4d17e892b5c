/* zc_cpu_linear_split: see zc_cpu_linear_split.h. f(x) is split first, into the caller's workspace, factors of its rows
 * behind. Weights are split a part of the outputs at a time, by all threads together, and each part meets all rows of
 * x: a task has the rows and outputs that the second-level cache has room for. To split a weight takes about as long as
 * its products with 30 rows, so it is done again in each call, and nothing is kept.
 */
#include "device/cpu/zc_cpu_linear_split.h"

#include <string.h>

#include "device/cpu/zc_cpu_cancel.h"
#include "device/cpu/zc_cpu_ops.h"
#include "device/cpu/zc_cpu_split.h"
#include "device/cpu/zc_cpu_threads.h"
#include "device/cpu/zc_cpu_workspace.h"

#define PART_BYTES ((size_t)4 << 20) /* of split weights at a time */
#define TASK_BYTES ((size_t)768 << 10) /* of them, for a task */
#define TASK_WIDE ((size_t)128) /* outputs of a task, at most, */
#define TASK_ROWS ((size_t)128) /* and rows of x */
#define LEAST_WIDE (ZC_SPLIT_ROWS * ZC_SPLIT_GROUPS)
#define LEAST_ROWS (ZC_SPLIT_ROWS * ZC_SPLIT_TILES)
#define LEAST_SPLIT 12 /* rows of x from which on weights that are two floats cost less so than as float32 */
#define LEAST_COLS 128 /* errors of fewer hardly cancel, and a block of them would be zeros in part */
#define INPUT_LEAST 4096.0 /* elements of f(x) for each thread: about a microsecond */

/* Outputs [from, from + n), of which `weights` has the split weights, in whole tasks. */
typedef struct part {
    zc_linear_job *j;
    uint8_t *weights;
    size_t from, n;
    size_t wide, rows; /* of a task */
    size_t across; /* tasks side by side */
    size_t groups; /* of weights that a task splits */
} part;

static const float *factors_of(const zc_linear_job *j)
{
    const size_t tiles = (j->p->rows + ZC_SPLIT_ROWS - 1) / ZC_SPLIT_ROWS;
    return (const float *)(const void *)((const uint8_t *)j->made + tiles * zc_split_tile_bytes(j->p->k));
}

bool zc_linear_takes_split(const zc_linear_job *j)
{
    const zc_linear_params *p = j->p;
    const bool other = p->type == ZC_WEIGHT_F32 || p->type == ZC_WEIGHT_F16;
    return j->ops->split && !j->blas && !(p->flags & ZC_LINEAR_EXACT) && p->k >= LEAST_COLS &&
           ((p->type == ZC_WEIGHT_BF16 && p->rows > ZC_LINEAR_FEW) || (other && p->rows >= LEAST_SPLIT));
}

/* ---- f(x) ---- */

static void input_body(void *context, size_t index)
{
    zc_linear_job *j = context;
    const size_t k = j->p->k, rows = j->p->rows, bytes = zc_split_tile_bytes(k);
    float *factors = (float *)(void *)factors_of(j), *room = zc_workspace(ZC_WORKSPACE_BLOCK, k * sizeof *room);
    if (room == NULL) {
        zc_linear_fail(j);
        return;
    }
    uint8_t *tile = (uint8_t *)j->made + index * bytes;
    for (size_t i = 0; i < ZC_SPLIT_ROWS && !zc_cpu_cancelled(); i++) {
        const size_t r = index * ZC_SPLIT_ROWS + i;
        if (r < rows) {
            factors[r] = j->ops->split->split_row(tile, i, zc_linear_input_row(j, r, room), k);
        } else {
            for (size_t at = 0; at < bytes; at += ZC_SPLIT_PLANE) {
                memset(tile + at + i * 64, 0, 64);
            }
        }
    }
}

bool zc_linear_split_input(zc_linear_job *j)
{
    const zc_linear_params *p = j->p;
    const size_t tiles = (p->rows + ZC_SPLIT_ROWS - 1) / ZC_SPLIT_ROWS;
    j->made = zc_workspace(ZC_WORKSPACE_INPUT, tiles * zc_split_tile_bytes(p->k) + p->rows * sizeof(float));
    if (j->made == NULL) {
        return false;
    }
    zc_threads_run(input_body, j, tiles, zc_threads_worth((double)p->rows * p->k, INPUT_LEAST, j->threads));
    return !atomic_load_explicit(&j->failed, memory_order_relaxed);
}

/* ---- the products ---- */

static void weights_body(void *context, size_t index)
{
    const part *t = context;
    const zc_linear_job *j = t->j;
    const size_t bytes = zc_split_group_bytes(j->p->type, j->p->k);
    const size_t all = (t->n + LEAST_WIDE - 1) / LEAST_WIDE * ZC_SPLIT_GROUPS;
    size_t group = index * t->groups, end = group + t->groups < all ? group + t->groups : all;
    for (; group < end && !zc_cpu_cancelled(); group++) {
        const size_t row = group * ZC_SPLIT_ROWS, left = row < t->n ? t->n - row : 0;
        j->ops->split->split_weights(t->weights + group * bytes, j->p->type, j->w + (t->from + row) * j->row_bytes,
                                     j->row_bytes, left < ZC_SPLIT_ROWS ? left : ZC_SPLIT_ROWS, j->p->k);
    }
}

static void multiply_body(void *context, size_t index)
{
    const part *t = context;
    zc_linear_job *j = t->j;
    const zc_linear_params *p = j->p;
    const float *factors = factors_of(j);
    const size_t at = index % t->across * t->wide, n = t->n - at < t->wide ? t->n - at : t->wide;
    const size_t groups = (n + LEAST_WIDE - 1) / LEAST_WIDE * ZC_SPLIT_GROUPS, ld = groups * ZC_SPLIT_ROWS;
    const uint8_t *w = t->weights + at / ZC_SPLIT_ROWS * zc_split_group_bytes(p->type, p->k);
    size_t row = index / t->across * t->rows, end = p->rows - row < t->rows ? p->rows : row + t->rows;
    _Alignas(64) float sums[LEAST_ROWS * TASK_WIDE];
    for (; row < end && !zc_cpu_cancelled(); row += LEAST_ROWS) {
        const size_t rows = end - row < LEAST_ROWS ? end - row : LEAST_ROWS;
        const uint8_t *x = (const uint8_t *)j->made + row / ZC_SPLIT_ROWS * zc_split_tile_bytes(p->k);
        j->ops->split->multiply(sums, ld, p->type, w, groups, x, factors + row, rows, zc_split_blocks(p->k));
        for (size_t r = 0; r < rows; r++) {
            zc_linear_give(j, row + r, t->from + at, sums + r * ld, n);
        }
    }
}

static size_t whole(size_t n, size_t unit)
{
    return (n + unit - 1) / unit * unit;
}

/* Tasks as large as the cache takes, but enough of them for all threads. */
static size_t cut(part *t)
{
    const zc_linear_job *j = t->j;
    const size_t row_bytes = zc_split_group_bytes(j->p->type, j->p->k) / ZC_SPLIT_ROWS, rows = j->p->rows;
    const size_t wanted = j->threads > 1 ? (size_t)j->threads * ZC_LINEAR_PARTS : 1;
    size_t most = TASK_BYTES / row_bytes / LEAST_WIDE * LEAST_WIDE;
    most = most < LEAST_WIDE ? LEAST_WIDE : most < TASK_WIDE ? most : TASK_WIDE;
    t->wide = most;
    t->rows = TASK_ROWS;
    for (;;) {
        t->across = (t->n + t->wide - 1) / t->wide;
        const size_t tasks = t->across * ((rows + t->rows - 1) / t->rows);
        if (tasks >= wanted || (t->wide == LEAST_WIDE && t->rows == LEAST_ROWS)) {
            return tasks;
        }
        if (t->rows > LEAST_ROWS && rows > LEAST_ROWS) {
            t->rows /= 2;
        } else if (t->wide > LEAST_WIDE) {
            t->wide = whole(t->wide / 2, LEAST_WIDE);
        } else {
            return tasks;
        }
    }
}

void zc_linear_by_split(zc_linear_job *j)
{
    const zc_linear_params *p = j->p;
    const size_t row_bytes = zc_split_group_bytes(p->type, p->k) / ZC_SPLIT_ROWS;
    size_t most = PART_BYTES / row_bytes / TASK_WIDE * TASK_WIDE;
    most = most < TASK_WIDE ? TASK_WIDE : most;
    most = most < p->n ? most : p->n;
    part t = {.j = j, .weights = zc_workspace(ZC_WORKSPACE_PANEL, whole(most, LEAST_WIDE) * row_bytes)};
    if (t.weights == NULL) {
        zc_linear_fail(j);
        return;
    }
    for (; t.from < p->n && !zc_cpu_cancelled(); t.from += t.n) {
        t.n = p->n - t.from < most ? p->n - t.from : most;
        const size_t groups = whole(t.n, LEAST_WIDE) / ZC_SPLIT_ROWS, tasks = (size_t)j->threads * ZC_LINEAR_PARTS;
        t.groups = (groups + tasks - 1) / tasks;
        zc_threads_run(weights_body, &t, (groups + t.groups - 1) / t.groups, j->threads);
        zc_threads_run(multiply_body, &t, cut(&t), j->threads);
    }
}
