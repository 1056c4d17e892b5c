/* zc_cpu_attention: softmax(scale * q k^T) v for each row and head, over the keys of the row's span.
 *
 * A task is one key-value head and a tile of rows, whose queries (of all heads that share it, up to QUERIES at a time)
 * form one matrix.
 * It walks over the keys of all its rows' spans in blocks: scores by the float GEMM (by dot products for few
 * queries, as when decoding), exponentials against a running maximum (online softmax), values by the GEMM again;
 * so nothing grows with the context. Keys outside of a row's span get the weight 0, and values that are not
 * finite are only multiplied with the weights of rows that see them. Tiles depend on the parameters and the spans
 * only. Spans come from guest memory: each is read once and clamped to the cache. Working memory is the thread's
 * workspace.
 */
#include <math.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "device/cpu/zc_cpu_cancel.h"
#include "device/cpu/zc_cpu_ops.h"
#include "device/cpu/zc_cpu_threads.h"
#include "device/cpu/zc_cpu_workspace.h"

#define KEYS 128          /* of a block */
#define QUERIES 96        /* of a tile, if more than one row */
#define FEW 4             /* queries up to which packing keys for the GEMM costs more than it saves */
#define MAX_ROWS 96       /* of a tile */
#define PARALLEL 250000.0 /* multiply-adds from which on a second thread pays */

typedef struct job {
    const zc_cpu_ops *ops;
    const zc_attention_params *p;
    const float *q;
    const uint8_t *k, *v;
    const uint32_t *spans;
    float *out;
    size_t group;     /* heads of a key-value head */
    size_t part, parts; /* heads of a task, and tasks that a group is cut into */
    size_t tile_rows;
    atomic_bool failed;
} job;

typedef struct span {
    size_t from, end; /* from < end, or both 0 */
} span;

/* One task's working memory. Query i is row i / group, head i % group of the task's. */
typedef struct tile {
    const job *j;
    size_t size, queries;
    size_t group; /* heads of this task */
    span spans[MAX_ROWS];
    float *q;       /* packed, unless few */
    float *rows;    /* keys or values of a block as float32 */
    float *panels;  /* the same, packed */
    float *scores, *weights; /* queries * KEYS, and the packed form */
    float *sums;    /* queries * size */
    float *top;     /* running maximum of each query */
    double *total;
} tile;

static span read_span(const job *j, size_t r)
{
    const volatile uint32_t *given = j->spans + 2 * r; /* the guest may write there now */
    span s = {given[0], given[1]};
    s.end = s.end < j->p->capacity ? s.end : j->p->capacity;
    return s.from < s.end ? s : (span){0, 0};
}

/* Rows [first, first + count) of one head of a cache, as float32; *ld is their distance. */
static const float *cache_rows(const tile *t, const uint8_t *cache, size_t ldc, size_t column, size_t first,
                               size_t count, size_t *ld)
{
    if (t->j->p->kv_type == ZC_CACHE_F32) {
        *ld = ldc;
        return (const float *)cache + first * ldc + column;
    }
    *ld = t->size;
    for (size_t i = 0; i < count; i++) {
        t->j->ops->from_half(t->rows + i * t->size, (const uint16_t *)cache + (first + i) * ldc + column, t->size);
    }
    return t->rows;
}

/* c = alpha * a * b, or += where beta is 1; a has `queries` packed rows. */
static void multiply(const tile *t, const float *a, size_t k, size_t cols, float *c, size_t ldc, float alpha,
                     float beta)
{
    size_t nr = t->j->ops->nr;
    zc_gemm_block g = {.rows = t->queries,
                       .cols = cols,
                       .k = k,
                       .a = a,
                       .b = t->panels,
                       .b_step = nr,
                       .b_panel = nr * k,
                       .c = c,
                       .ldc = ldc,
                       .alpha = alpha,
                       .beta = beta};
    t->j->ops->gemm(&g);
}

/* Rows of `source` packed in tiles, as the GEMM takes its left operand. */
static void pack_left(const tile *t, float *out, const float *source, size_t ld, size_t k)
{
    size_t mr = t->j->ops->mr, tiles = (t->queries + mr - 1) / mr;
    for (size_t i = 0; i < tiles; i++) {
        size_t row = i * t->queries / tiles, height = (i + 1) * t->queries / tiles - row;
        t->j->ops->pack(out + row * k, height, source + row * ld, ld, 0, height, k);
    }
}

/* The weights of query i for the `count` keys from `first` on, in place of its scores; brings its maximum, its
 * total and its sums up to date. Gives whether it sees all of these keys. */
static bool weigh(tile *t, size_t i, size_t first, size_t count)
{
    const zc_cpu_ops *ops = t->j->ops;
    span s = t->spans[i / t->group];
    float *scores = t->scores + i * KEYS, most, shrink;
    size_t low = s.from > first ? s.from - first : 0, high = s.end > first ? s.end - first : 0;
    high = high < count ? high : count;
    if (low >= high) {
        ops->fill(scores, count, 0.0f);
        return false;
    }
    most = ops->max(scores + low, high - low);
    if (!(most <= t->top[i])) {
        shrink = expf(t->top[i] - most); /* 0 at first, NaN when the maximum is NaN or infinite */
        t->top[i] = most;
        t->total[i] *= (double)shrink;
        if (first > s.from) {
            ops->scale(t->sums + i * t->size, t->size, shrink);
        }
    }
    t->total[i] += ops->exp_sum(scores + low, scores + low, high - low, t->top[i]);
    if (low > 0) {
        ops->fill(scores, low, 0.0f);
    }
    if (high < count) {
        ops->fill(scores + high, count - high, 0.0f);
    }
    return low == 0 && high == count;
}

static void add_values(tile *t, const float *values, size_t ld, size_t first, size_t count, bool all)
{
    const zc_cpu_ops *ops = t->j->ops;
    bool finite = true;
    for (size_t i = 0; !all && finite && i < count; i++) {
        finite = isfinite(ops->sum(values + i * ld, t->size));
    }
    if (finite && t->queries > FEW) {
        size_t nr = ops->nr;
        for (size_t col = 0; col < t->size; col += nr) {
            ops->pack(t->panels + col * count, nr, values + col, ld, 1, t->size - col < nr ? t->size - col : nr, count);
        }
        pack_left(t, t->weights, t->scores, KEYS, count);
        multiply(t, t->weights, count, t->size, t->sums, t->size, 1.0f, 1.0f);
        return;
    }
    for (size_t i = 0; i < t->queries; i++) {
        span s = t->spans[i / t->group];
        size_t low = s.from > first ? s.from - first : 0, high = s.end > first ? s.end - first : 0;
        high = high < count ? high : count;
        if (low < high) {
            ops->add_rows(t->sums + i * t->size, values + low * ld, ld, high - low, t->size,
                          t->scores + i * KEYS + low);
        }
    }
}

/* Rows of a cache are too far apart for the processor to foresee. */
static void prefetch_rows(const tile *t, const uint8_t *cache, size_t ldc, size_t column, size_t first, size_t count)
{
    size_t element = t->j->p->kv_type == ZC_CACHE_F16 ? 2 : 4;
    const uint8_t *row = cache + (first * ldc + column) * element;
    for (size_t i = 0; i < count; i++, row += ldc * element) {
        for (size_t at = 0; at < t->size * element; at += 64) {
            __builtin_prefetch(row + at);
        }
    }
}

static void block(tile *t, size_t column, size_t first, size_t count)
{
    const job *j = t->j;
    const zc_cpu_ops *ops = j->ops;
    size_t nr = ops->nr, ld;
    const float *rows;
    bool all = true;
    if (t->queries <= FEW) {
        prefetch_rows(t, j->k, j->p->ldk, column, first, count);
        prefetch_rows(t, j->v, j->p->ldv, column, first, count);
    }
    rows = cache_rows(t, j->k, j->p->ldk, column, first, count, &ld);
    for (size_t i = 0; t->queries <= FEW && i < t->queries; i++) {
        ops->key_dots(t->scores + i * KEYS, rows, ld, count, t->size, t->q + i * t->size, j->p->scale);
    }
    if (t->queries > FEW) {
        for (size_t key = 0; key < count; key += nr) {
            ops->pack(t->panels + key * t->size, nr, rows + key * ld, ld, 0, count - key < nr ? count - key : nr,
                      t->size);
        }
        multiply(t, t->q, t->size, count, t->scores, KEYS, j->p->scale, 0.0f);
    }
    for (size_t i = 0; i < t->queries; i++) {
        all = weigh(t, i, first, count) && all;
    }
    rows = cache_rows(t, j->v, j->p->ldv, column, first, count, &ld);
    add_values(t, rows, ld, first, count, all);
}

/* The next block's keys: from *at on as far as any row sees them without a gap of more than a block. */
static size_t next_block(const tile *t, size_t rows, size_t *at)
{
    size_t start = SIZE_MAX, end = 0;
    for (size_t r = 0; r < rows; r++) {
        if (t->spans[r].end > *at) {
            size_t from = t->spans[r].from > *at ? t->spans[r].from : *at;
            start = from < start ? from : start;
        }
    }
    for (size_t r = 0; r < rows && start < SIZE_MAX; r++) {
        if (t->spans[r].from < start + KEYS && t->spans[r].end > end) {
            end = t->spans[r].end;
        }
    }
    *at = start;
    return start == SIZE_MAX ? 0 : end - start < KEYS ? end - start : KEYS;
}

static void tile_body(void *context, size_t index)
{
    job *j = context;
    const zc_attention_params *p = j->p;
    const zc_cpu_ops *ops = j->ops;
    size_t tasks = (size_t)p->kv_heads * j->parts, row = index / tasks * j->tile_rows;
    size_t kv = index % tasks / j->parts, from = index % j->parts * j->part, first = kv * j->group + from;
    size_t group = j->group - from < j->part ? j->group - from : j->part, size = p->head_size, at = 0, count;
    size_t rows = p->rows - row < j->tile_rows ? p->rows - row : j->tile_rows, nr = ops->nr;
    size_t queries = rows * group, wide = (size > KEYS ? size : KEYS) + nr, deep = size > KEYS ? size : KEYS;
    /* The packing of a tile may write a vector past its end. */
    size_t packed = queries * size + 64, scores = queries * KEYS + 64;
    size_t floats = packed + KEYS * size + wide * deep + 2 * scores + queries * size + 3 * queries;
    float *room = zc_workspace(ZC_WORKSPACE_BLOCK, floats * sizeof *room);
    tile t = {.j = j, .size = size, .queries = queries, .group = group};
    if (room == NULL) {
        atomic_store_explicit(&j->failed, true, memory_order_relaxed);
        return;
    }
    t.total = (double *)room;
    t.top = room + 2 * queries;
    t.q = t.top + queries;
    t.rows = t.q + packed;
    t.panels = t.rows + KEYS * size;
    t.scores = t.panels + wide * deep;
    t.weights = t.scores + scores;
    t.sums = t.weights + scores;
    for (size_t r = 0; r < rows; r++) {
        const float *q = j->q + (row + r) * p->ldq + first * size;
        t.spans[r] = read_span(j, row + r);
        for (size_t h = 0; h < group; h++) {
            ops->affine(t.sums + (r * group + h) * size, q + h * size, size, 1.0f, 0.0f);
        }
    }
    if (queries > FEW) {
        pack_left(&t, t.q, t.sums, size, size);
    } else {
        ops->affine(t.q, t.sums, queries * size, 1.0f, 0.0f);
    }
    ops->fill(t.sums, queries * size, 0.0f);
    ops->fill(t.top, queries, -INFINITY);
    for (size_t i = 0; i < queries; i++) {
        t.total[i] = 0.0;
    }
    for (; (count = next_block(&t, rows, &at)) > 0 && !zc_cpu_cancelled(); at += count) {
        block(&t, kv * size, at, count);
    }
    for (size_t i = 0; i < queries; i++) {
        size_t r = i / group, h = first + i % group;
        float *out = j->out + (row + r) * p->ldout + h * size;
        if (t.spans[r].end) {
            ops->affine(out, t.sums + i * size, size, (float)(1.0 / t.total[i]), 0.0f);
        } else {
            ops->fill(out, size, 0.0f);
        }
    }
}

zc_status zc_cpu_attention(const zc_cpu_call *call)
{
    const zc_attention_params *p = call->params;
    unsigned threads = call->threads;
    job j = {.ops = call->ops,
             .p = p,
             .q = call->bindings[0],
             .k = call->bindings[1],
             .v = call->bindings[2],
             .spans = call->bindings[3],
             .out = call->bindings[4],
             .group = p->heads / p->kv_heads};
    double keys = 0.0;
    if (p->rows == 0 || p->heads == 0) {
        return ZC_OK;
    }
    for (size_t r = 0; r < p->rows && keys * p->heads * p->head_size < PARALLEL && !zc_cpu_cancelled(); r++) {
        span s = read_span(&j, r);
        keys += (double)(s.end - s.from);
    }
    if (keys * p->heads * p->head_size < PARALLEL) {
        threads = 1;
    }
    j.tile_rows = j.group < QUERIES ? QUERIES / j.group : 1;
    j.parts = (j.group + QUERIES - 1) / QUERIES;
    j.part = (j.group + j.parts - 1) / j.parts;
    j.parts = (j.group + j.part - 1) / j.part;
    zc_threads_run(tile_body, &j, (p->rows + j.tile_rows - 1) / j.tile_rows * p->kv_heads * j.parts, threads);
    return atomic_load_explicit(&j.failed, memory_order_relaxed)
               ? zc_fail(call->error, ZC_NO_MEMORY, "attention cannot have workspace for %u heads of %u elements",
                         p->heads, p->head_size)
               : ZC_OK;
}
