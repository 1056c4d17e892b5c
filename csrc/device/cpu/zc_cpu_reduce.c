/* zc_cpu_reduce: sum, max and softmax over the rows of a matrix, over threads.
 *
 * A row is cut into blocks whose size depends on its length only; the blocks' results are combined in
 * order. Many rows are spread over threads row by row, few long rows block by block, and because the blocks
 * are the same either way, so are the bits. Rows of one block (the usual ones) go to the instruction set's
 * row functions in groups. A sum's error is at most 3 * 2^-24 * sum(|x|) plus one rounding. Nothing is
 * owned or allocated; block results live on the caller's stack.
 */
#include <math.h>

#include "device/cpu/zc_cpu_cancel.h"
#include "device/cpu/zc_cpu_ops.h"
#include "device/cpu/zc_cpu_threads.h"

#define LEAST ((size_t)32 * 1024)    /* elements to read, for each thread: about a microsecond */
#define LEAST_EXP ((size_t)4 * 1024) /* of softmax */
#define GROUP ((size_t)16 * 1024)    /* elements of short rows handed to a thread at once, at most */
#define GROUPS 4                     /* of a thread, so that a slow one can leave some to others */
#define BLOCK ((size_t)64 * 1024)
#define MAX_BLOCKS 4096

typedef struct job job;

/* How a kernel does its rows. */
struct way {
    void (*short_rows)(const job *j, size_t from, size_t rows); /* each of one block */
    void (*long_row)(job *j, size_t r, unsigned threads);       /* of several, whose results go to j->partial */
    size_t least;                                               /* elements that each thread should have */
};

struct job {
    const zc_cpu_ops *ops;
    const struct way *way;
    const float *x;
    float *out;
    size_t rows, cols, ldx, ldout;
    size_t group;         /* rows of a task */
    size_t block, blocks; /* of one row */
    /* Of the one row that is spread over threads: */
    const float *row_x;
    float *row_out;
    double *partial;
    float shift, scale;
};

static size_t block_length(const job *j, size_t index)
{
    size_t from = index * j->block;
    return j->cols - from < j->block ? j->cols - from : j->block;
}

static void max_block(void *context, size_t index)
{
    const job *j = context;
    j->partial[index] = (double)j->ops->max(j->row_x + index * j->block, block_length(j, index));
}

static void sum_block(void *context, size_t index)
{
    const job *j = context;
    j->partial[index] = j->ops->sum(j->row_x + index * j->block, block_length(j, index));
}

static void exp_block(void *context, size_t index)
{
    const job *j = context;
    size_t from = index * j->block;
    j->partial[index] = j->ops->exp_sum(j->row_out + from, j->row_x + from, block_length(j, index), j->shift);
}

static void scale_block(void *context, size_t index)
{
    const job *j = context;
    j->ops->scale(j->row_out + index * j->block, block_length(j, index), j->scale);
}

static float combine_max(const job *j)
{
    double best = -INFINITY;
    for (size_t i = 0; i < j->blocks; i++) {
        if (isnan(j->partial[i])) {
            return NAN;
        }
        best = j->partial[i] > best ? j->partial[i] : best;
    }
    return (float)best;
}

static double combine_sum(const job *j)
{
    double total = 0.0;
    for (size_t i = 0; i < j->blocks; i++) {
        total += j->partial[i];
    }
    return total;
}

/* One row of several blocks. */
static void long_row(const job *whole, size_t r, unsigned threads)
{
    double partial[MAX_BLOCKS];
    job j = *whole;
    j.partial = partial;
    j.row_x = j.x + r * j.ldx;
    j.way->long_row(&j, r, threads);
}

static void run_rows(const job *j, size_t from, size_t rows)
{
    if (j->blocks <= 1) {
        j->way->short_rows(j, from, rows);
        return;
    }
    for (size_t r = from; r < from + rows && !zc_cpu_cancelled(); r++) {
        long_row(j, r, 1);
    }
}

static void group_body(void *context, size_t index)
{
    const job *j = context;
    size_t from = index * j->group;
    run_rows(j, from, j->rows - from < j->group ? j->rows - from : j->group);
}

static zc_status spread(job *j, unsigned threads)
{
    size_t cost = j->cols + 16; /* of a row, in elements */
    j->block = BLOCK;
    if (j->cols > BLOCK * MAX_BLOCKS) {
        j->block = (j->cols + MAX_BLOCKS - 1) / MAX_BLOCKS;
    }
    j->blocks = (j->cols + j->block - 1) / j->block;
    threads = zc_threads_worth((double)cost * (double)j->rows, (double)j->way->least, threads);
    if (threads == 1 && cost * j->rows < 2 * GROUP) {
        run_rows(j, 0, j->rows);
        return ZC_OK;
    }
    if (j->blocks > 1 && j->rows < 4 * (size_t)threads) {
        for (size_t r = 0; r < j->rows && !zc_cpu_cancelled(); r++) {
            long_row(j, r, threads);
        }
        return ZC_OK;
    }
    j->group = cost < GROUP ? GROUP / cost : 1;
    if (threads > 1 && j->group * GROUPS * threads > j->rows) {
        j->group = (j->rows + GROUPS * threads - 1) / (GROUPS * threads);
    }
    zc_threads_run(group_body, j, (j->rows + j->group - 1) / j->group, threads);
    return ZC_OK;
}

static zc_status start(const zc_cpu_call *call, const struct way *way)
{
    static const float nothing = 0.0f;
    const zc_rows_params *p = call->params;
    job j = {.ops = call->ops,
             .way = way,
             .x = call->bindings[0],
             .out = call->bindings[1],
             .rows = p->rows,
             .cols = p->cols,
             .ldx = p->ldx,
             .ldout = p->ldout};
    if (p->cols == 0) { /* an empty binding may have no address to count from */
        j.x = &nothing;
        j.ldx = 0;
    }
    return p->rows == 0 ? ZC_OK : spread(&j, call->threads);
}

static void sum_rows(const job *j, size_t from, size_t rows)
{
    j->ops->sum_rows(j->out + from, j->x + from * j->ldx, j->ldx, rows, j->cols);
}

static void sum_long_row(job *j, size_t r, unsigned threads)
{
    zc_threads_run(sum_block, j, j->blocks, threads);
    if (!zc_cpu_cancelled()) { /* else some of the parts are what lay on the stack */
        j->out[r] = (float)combine_sum(j);
    }
}

zc_status zc_cpu_sum(const zc_cpu_call *call)
{
    static const struct way way = {sum_rows, sum_long_row, LEAST};
    return start(call, &way);
}

static void max_rows(const job *j, size_t from, size_t rows)
{
    j->ops->max_rows(j->out + from, j->x + from * j->ldx, j->ldx, rows, j->cols);
}

static void max_long_row(job *j, size_t r, unsigned threads)
{
    zc_threads_run(max_block, j, j->blocks, threads);
    if (!zc_cpu_cancelled()) {
        j->out[r] = combine_max(j);
    }
}

zc_status zc_cpu_max(const zc_cpu_call *call)
{
    static const struct way way = {max_rows, max_long_row, LEAST};
    return start(call, &way);
}

static void softmax_rows(const job *j, size_t from, size_t rows)
{
    j->ops->softmax_rows(j->out + from * j->ldout, j->ldout, j->x + from * j->ldx, j->ldx, rows, j->cols);
}

static void softmax_long_row(job *j, size_t r, unsigned threads)
{
    j->row_out = j->out + r * j->ldout;
    zc_threads_run(max_block, j, j->blocks, threads);
    j->shift = combine_max(j);
    zc_threads_run(exp_block, j, j->blocks, threads);
    j->scale = (float)(1.0 / combine_sum(j));
    zc_threads_run(scale_block, j, j->blocks, threads);
}

zc_status zc_cpu_softmax(const zc_cpu_call *call)
{
    static const struct way way = {softmax_rows, softmax_long_row, LEAST_EXP};
    return ((const zc_rows_params *)call->params)->cols ? start(call, &way) : ZC_OK; /* billions of empty rows too */
}
