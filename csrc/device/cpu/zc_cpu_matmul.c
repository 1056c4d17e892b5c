/* zc_cpu_matmul: matmul over threads, in the manner of GotoBLAS.
 *
 * One product: for each NC columns of c and each KC of the inner dimension, the part of b is packed into
 * panels by all threads together, then tasks (a range of rows of c, and of columns when there are few rows)
 * are handed out; a task packs its part of a and multiplies. The packed b lies in the caller's workspace, the
 * packed a in that of the thread that runs the task. Small or flat products use b where it lies, many small
 * products run one per thread, and a row or column vector takes a path without packing that reads the
 * matrix once, at the speed of memory.
 *
 * Where the system has a BLAS for it (zc_cpu_blas.h), large products are that one's.
 *
 * The inner dimension is cut by the parameters alone and its parts are added in order, so an element's bits
 * do not depend on the number of threads, but for a BLAS's. Bounds were checked above; c overlaps neither a nor b.
 */
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>

#include "device/cpu/zc_cpu_blas.h"
#include "device/cpu/zc_cpu_cancel.h"
#include "device/cpu/zc_cpu_ops.h"
#include "device/cpu/zc_cpu_threads.h"
#include "device/cpu/zc_cpu_workspace.h"

/* A panel of KC rows fits a first-level cache, KC x NC a second-level one beside the packed a. */
#define KC ((size_t)256)
#define NC ((size_t)1024)
#define MC_TILES ((size_t)8)
#define LEAST_FLOPS 400000.0       /* for each thread: four microseconds, since packing is a run of its own */
#define LEAST_VECTOR 65536.0       /* elements of the matrix of a vector product, for each thread */
#define ALONE_FLOPS 2000000.0      /* below this, items of a batch have a thread each */
#define DIRECT_ELEMENTS ((size_t)16384) /* b of at most this many is used unpacked: it fits the cache */
#define GATHER ((size_t)4096)      /* elements of a strided vector copied at a time */
#define STRIP ((size_t)4096)       /* columns of a task of vector * matrix */
#define DOT ((size_t)4 << 20)      /* elements of a dot product at a time: a millisecond of one row or four */

typedef struct product {
    zc_cpu_product of;
    const zc_cpu_ops *ops;
    unsigned threads;
} product;

/* The state of one step: columns [col, col + cols) of c, inner range [at, at + k). */
typedef struct step {
    const zc_cpu_product *p;
    const zc_cpu_ops *ops;
    unsigned threads;
    size_t col, cols, at, k;
    float beta;
    float *panels;        /* packed b */
    size_t pack_group;    /* panels of one packing task */
    size_t row_parts, col_parts;
    bool direct;          /* b unpacked, but for a last panel that is not full */
    atomic_bool failed;
} step;

static size_t divide_up(size_t a, size_t b)
{
    return (a + b - 1) / b;
}

static const float *b_at(const zc_cpu_product *p, size_t row, size_t col)
{
    return p->transpose_b ? p->b + col * p->ldb + row : p->b + row * p->ldb + col;
}

static void pack_panels(void *context, size_t index)
{
    const step *s = context;
    const zc_cpu_product *p = s->p;
    size_t nr = s->ops->nr, count = divide_up(s->cols, nr);
    size_t end = (index + 1) * s->pack_group < count ? (index + 1) * s->pack_group : count;
    for (size_t panel = index * s->pack_group; panel < end; panel++) {
        size_t col = panel * nr, wide = s->cols - col < nr ? s->cols - col : nr;
        s->ops->pack(s->panels + panel * nr * s->k, nr, b_at(p, s->at, s->col + col), p->ldb, !p->transpose_b, wide,
                     s->k);
    }
}

/* Rows [row, row + rows) and the columns of panels [first, end) of this step. */
static void multiply(const step *s, size_t row, size_t rows, size_t first, size_t end)
{
    const zc_cpu_product *p = s->p;
    size_t nr = s->ops->nr, mr = s->ops->mr, tiles = divide_up(rows, mr);
    size_t col = first * nr, cols = (end * nr < s->cols ? end * nr : s->cols) - col;
    /* The packing of a tile may write a vector past its end, into the next or into this slack. */
    float *a = zc_workspace(ZC_WORKSPACE_BLOCK, (mr * MC_TILES * KC + 64) * sizeof(float));
    zc_gemm_block g = {.rows = rows,
                       .cols = cols,
                       .k = s->k,
                       .a = a,
                       .b_step = nr,
                       .b_panel = nr * s->k,
                       .c = p->c + row * p->ldc + s->col + col,
                       .ldc = p->ldc,
                       .alpha = p->alpha,
                       .beta = s->beta};
    if (a == NULL) {
        return;
    }
    for (size_t t = 0; t < tiles; t++) {
        size_t from = t * rows / tiles, height = (t + 1) * rows / tiles - from, i = row + from;
        const float *source = p->transpose_a ? p->a + s->at * p->lda + i : p->a + i * p->lda + s->at;
        s->ops->pack(a + from * s->k, height, source, p->lda, p->transpose_a, height, s->k);
    }
    if (!s->direct) {
        g.b = s->panels + first * nr * s->k;
        s->ops->gemm(&g);
        return;
    }
    if (cols >= nr) {
        g.cols = cols - cols % nr;
        g.b = b_at(p, s->at, s->col + col);
        g.b_step = p->ldb;
        g.b_panel = nr;
        s->ops->gemm(&g);
    }
    if (cols % nr) {
        g.c += cols - cols % nr;
        g.cols = cols % nr;
        g.b = s->panels;
        g.b_step = nr;
        g.b_panel = nr * s->k;
        s->ops->gemm(&g);
    }
}

static void task_body(void *context, size_t index)
{
    step *s = context;
    size_t m = s->p->m, panels = divide_up(s->cols, s->ops->nr);
    size_t i = index / s->col_parts, j = index % s->col_parts;
    size_t row = i * m / s->row_parts, end = (i + 1) * m / s->row_parts;
    if (zc_workspace(ZC_WORKSPACE_BLOCK, (s->ops->mr * MC_TILES * KC + 64) * sizeof(float)) == NULL) {
        atomic_store_explicit(&s->failed, true, memory_order_relaxed);
        return;
    }
    multiply(s, row, end - row, j * panels / s->col_parts, (j + 1) * panels / s->col_parts);
}

/* How many tasks: parts small enough for the cache, and at least as many as threads, in equal shares. */
static void cut(step *s)
{
    const zc_cpu_product *p = s->p;
    size_t mr = s->ops->mr, threads = s->threads, panels = divide_up(s->cols, s->ops->nr);
    s->row_parts = divide_up(p->m, mr * MC_TILES);
    s->col_parts = 1;
    if (threads > 1) {
        if (s->row_parts < 8 * threads) {
            size_t rounded = divide_up(s->row_parts, threads) * threads;
            if (rounded * 4 <= p->m) { /* tiles of fewer rows would load more than they multiply */
                s->row_parts = rounded;
            }
        }
        if (s->row_parts < threads) {
            s->col_parts = divide_up(2 * threads, s->row_parts);
            if (s->col_parts > panels) {
                s->col_parts = panels;
            }
        }
    }
}

static zc_status no_workspace(zc_error *error, size_t bytes)
{
    return zc_fail(error, ZC_NO_MEMORY, "matmul cannot have %zu bytes of workspace", bytes);
}

static zc_status run_tiled(const product *whole, zc_error *error)
{
    const zc_cpu_product *p = &whole->of;
    const zc_cpu_ops *ops = whole->ops;
    unsigned threads = whole->threads;
    size_t nr = ops->nr, parts = divide_up(p->k, KC);
    bool direct = !p->transpose_b && (p->m <= 2 * ops->mr || p->n * p->k <= DIRECT_ELEMENTS);
    size_t wide = direct ? nr : p->n < NC ? divide_up(p->n, nr) * nr : NC;
    size_t bytes = wide * (p->k < KC ? p->k : KC) * sizeof(float);
    float *panels = zc_workspace(ZC_WORKSPACE_PANEL, bytes);
    if (panels == NULL) {
        return no_workspace(error, bytes);
    }
    for (size_t col = 0; col < p->n; col += NC) {
        for (size_t part = 0; part < parts && !zc_cpu_cancelled(); part++) {
            step s = {.p = p,
                      .ops = ops,
                      .threads = threads,
                      .col = col,
                      .cols = p->n - col < NC ? p->n - col : NC,
                      .panels = panels,
                      .direct = direct};
            s.at = part * p->k / parts;
            s.k = (part + 1) * p->k / parts - s.at;
            s.beta = part == 0 ? p->beta : 1.0f;
            cut(&s);
            if (!direct) {
                size_t count = divide_up(s.cols, nr);
                s.pack_group = divide_up(count, 4 * (size_t)threads);
                zc_threads_run(pack_panels, &s, divide_up(count, s.pack_group), threads);
            } else if (s.cols % nr) {
                size_t full = s.cols - s.cols % nr;
                ops->pack(panels, nr, b_at(p, s.at, col + full), p->ldb, 1, s.cols % nr, s.k);
            }
            zc_threads_run(task_body, &s, s.row_parts * s.col_parts, threads);
            if (atomic_load_explicit(&s.failed, memory_order_relaxed)) {
                return no_workspace(error, (ops->mr * MC_TILES * KC + 64) * sizeof(float));
            }
        }
    }
    return ZC_OK;
}

/* matrix * vector, either way round: out[i] = alpha * sum over p of M(i, p) v[p] + beta * out[i]. */
typedef struct vector_product {
    const zc_cpu_ops *ops;
    size_t count, k, ld, v_step, out_step;
    bool along; /* i runs along memory: M(i, p) = matrix[p * ld + i], else matrix[i * ld + p] */
    float alpha, beta;
    const float *matrix, *v;
    float *out;
    size_t part; /* outputs of one task */
} vector_product;

/* Elements [at, at + n) of v side by side: v itself, or a copy in `room`. */
static const float *gather(const vector_product *q, size_t at, size_t n, float *room)
{
    if (q->v_step == 1) {
        return q->v + at;
    }
    for (size_t i = 0; i < n; i++) {
        room[i] = q->v[(at + i) * q->v_step];
    }
    return room;
}

static void dot_body(void *context, size_t index)
{
    const vector_product *q = context;
    float room[GATHER];
    size_t from = index * q->part, rows = q->count - from < q->part ? q->count - from : q->part;
    size_t span = q->v_step == 1 ? DOT : GATHER;
    for (size_t at = 0; at < q->k && (at == 0 || !zc_cpu_cancelled()); at += span) {
        size_t n = q->k - at < span ? q->k - at : span;
        q->ops->dot_rows(q->out + from * q->out_step, q->out_step, q->matrix + from * q->ld + at, q->ld, rows, n,
                         gather(q, at, n, room), q->alpha, at == 0 ? q->beta : 1.0f);
    }
}

static void strip_body(void *context, size_t index)
{
    const vector_product *q = context;
    float room[GATHER], sums[STRIP]; /* room serves the old outputs as well: STRIP <= GATHER */
    size_t from = index * q->part, n = q->count - from < q->part ? q->count - from : q->part;
    float *out = q->out + from * q->out_step;
    memset(sums, 0, n * sizeof *sums);
    for (size_t at = 0; at < q->k && !zc_cpu_cancelled(); at += GATHER) {
        size_t span = q->k - at < GATHER ? q->k - at : GATHER;
        q->ops->add_rows(sums, q->matrix + at * q->ld + from, q->ld, span, n, gather(q, at, span, room));
    }
    if (q->beta == 0.0f) {
        q->ops->scale(sums, n, q->alpha);
    } else {
        for (size_t i = 0; i < n; i++) {
            room[i] = out[i * q->out_step];
        }
        q->ops->axpby(sums, sums, room, n, q->alpha, q->beta);
    }
    for (size_t i = 0; i < n; i++) {
        out[i * q->out_step] = sums[i];
    }
}

static void run_vector(const product *whole)
{
    const zc_cpu_product *p = &whole->of;
    vector_product q = {.ops = whole->ops, .k = p->k, .alpha = p->alpha, .beta = p->beta, .out = p->c};
    unsigned threads = whole->threads;
    if (p->n == 1) { /* op(a) times the one column of op(b) */
        q.count = p->m;
        q.matrix = p->a;
        q.ld = p->lda;
        q.along = p->transpose_a;
        q.v = p->b;
        q.v_step = p->transpose_b ? 1 : p->ldb;
        q.out_step = p->ldc;
    } else { /* the one row of op(a) times op(b) */
        q.count = p->n;
        q.matrix = p->b;
        q.ld = p->ldb;
        q.along = !p->transpose_b;
        q.v = p->a;
        q.v_step = p->transpose_a ? p->lda : 1;
        q.out_step = 1;
    }
    threads = zc_threads_worth((double)q.count * (double)q.k, LEAST_VECTOR, threads);
    q.part = divide_up(q.count, 4 * (size_t)threads);
    if (q.along) {
        q.part = q.part < 64 ? 64 : q.part > STRIP || threads == 1 ? STRIP : divide_up(q.part, 64) * 64;
        zc_threads_run(strip_body, &q, divide_up(q.count, q.part), threads);
    } else {
        size_t most = DOT / q.k < 4 ? 4 : DOT / q.k / 4 * 4;
        q.part = threads == 1 ? q.count : divide_up(q.part, 4) * 4;
        q.part = q.part < most ? q.part : most;
        zc_threads_run(dot_body, &q, divide_up(q.count, q.part), threads);
    }
}

static zc_status run_product(const product *whole, zc_error *error)
{
    const zc_cpu_product *p = &whole->of;
    if (p->k == 0) {
        for (size_t i = 0; i < p->m && !zc_cpu_cancelled(); i++) {
            for (size_t at = 0; at < p->n && (at == 0 || !zc_cpu_cancelled()); at += ZC_CPU_STRIDE) {
                size_t n = p->n - at < ZC_CPU_STRIDE ? p->n - at : ZC_CPU_STRIDE;
                if (p->beta == 0.0f) {
                    whole->ops->fill(p->c + i * p->ldc + at, n, 0.0f);
                } else {
                    whole->ops->scale(p->c + i * p->ldc + at, n, p->beta);
                }
            }
        }
        return ZC_OK;
    }
    if (p->m == 1 || p->n == 1) {
        run_vector(whole);
        return ZC_OK;
    }
    if (zc_cpu_blas_takes(p, whole->threads)) {
        zc_cpu_blas(p);
        return ZC_OK;
    }
    return run_tiled(whole, error);
}

typedef struct batch_job {
    const product *first;
    size_t stride_a, stride_b, stride_c, count, group;
    atomic_bool failed;
} batch_job;

static product batch_item(const batch_job *j, size_t g)
{
    product p = *j->first;
    if (p.of.k) { /* else a and b are empty and may have no address to count from */
        p.of.a += g * j->stride_a;
        p.of.b += g * j->stride_b;
    }
    p.of.c += g * j->stride_c;
    return p;
}

static void batch_body(void *context, size_t index)
{
    batch_job *j = context;
    size_t end = (index + 1) * j->group < j->count ? (index + 1) * j->group : j->count;
    for (size_t g = index * j->group; g < end; g++) {
        product p = batch_item(j, g);
        p.threads = 1;
        if (run_product(&p, NULL) != ZC_OK) {
            atomic_store_explicit(&j->failed, true, memory_order_relaxed);
        }
    }
}

zc_status zc_cpu_matmul(const zc_cpu_call *call)
{
    const zc_matmul_params *p = call->params;
    unsigned threads = call->threads;
    product first = {.of = {.m = p->m,
                            .n = p->n,
                            .k = p->k,
                            .lda = p->lda,
                            .ldb = p->ldb,
                            .ldc = p->ldc,
                            .transpose_a = p->transpose_a,
                            .transpose_b = p->transpose_b,
                            .alpha = p->alpha,
                            .beta = p->beta,
                            .a = call->bindings[0],
                            .b = call->bindings[1],
                            .c = call->bindings[2]},
                     .ops = call->ops,
                     .threads = threads};
    batch_job j = {
        .first = &first, .stride_a = p->stride_a, .stride_b = p->stride_b, .stride_c = p->stride_c, .count = p->batch};
    double flops = 2.0 * p->m * p->n * p->k, all = flops * p->batch;
    if (p->m == 0 || p->n == 0 || p->batch == 0) {
        return ZC_OK;
    }
    /* One b for rows that follow each other: one taller product, so b is packed once. */
    if (p->batch > 1 && p->stride_b == 0 && !p->transpose_a && p->n > 1 && (uint64_t)p->m * p->lda == p->stride_a &&
        (uint64_t)p->m * p->ldc == p->stride_c) {
        first.of.m *= p->batch;
        j.count = 1;
        flops = all;
    }
    if (first.of.m > 1 && first.of.n > 1) {
        threads = zc_threads_worth(all, LEAST_FLOPS, threads);
        first.threads = zc_threads_worth(flops, LEAST_FLOPS, threads);
    }
    bool many = j.count >= 4 * (size_t)threads && !zc_cpu_blas_takes(&first.of, first.threads);
    if (threads > 1 && j.count > 1 && (flops < ALONE_FLOPS || many)) {
        double group = ALONE_FLOPS / 16 / (flops + 1000.0);
        j.group = group < 1.0 ? 1 : (size_t)group;
        if (j.group > divide_up(j.count, threads)) {
            j.group = divide_up(j.count, threads);
        }
        zc_threads_run(batch_body, &j, divide_up(j.count, j.group), threads);
        return atomic_load_explicit(&j.failed, memory_order_relaxed)
                   ? no_workspace(call->error, NC * KC * sizeof(float))
                   : ZC_OK;
    }
    for (size_t g = 0; g < j.count && !zc_cpu_cancelled(); g++) {
        product item = batch_item(&j, g);
        zc_status status = run_product(&item, call->error);
        if (status != ZC_OK) {
            return status;
        }
    }
    return ZC_OK;
}
