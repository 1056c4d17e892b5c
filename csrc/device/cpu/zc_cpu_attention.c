/* zc_cpu_attention: softmax(scale * q k^T) v for each row and head, over the keys of the row's span.
 *
 * A task is one key-value head, a tile of rows, whose queries (of all heads that share it, up to QUERIES at a time)
 * form one matrix, and a part of the keys.
 * It walks over the keys of all its rows' spans in blocks: scores, exponentials against a running maximum (online
 * softmax), values; so nothing grows with the context. Few queries, as when decoding, take each row of the cache as it
 * lies there, once for all of them; for many it is turned to float32 and packed for the float GEMM. Keys outside of a
 * row's span get the weight 0, and values that are not finite are only multiplied with the weights of rows that see
 * them.
 *
 * Keys are one part, unless they are many and the tasks few: then whoever is done last with the parts of a tile joins
 * their maxima, totals and sums, in the order of the keys. Tiles and parts depend on the parameters and the spans only.
 * Spans come from guest memory: each is read once by whom it tells what to do, and clamped to the cache. Working memory
 * is the thread's workspace; results of parts lie in the caller's.
 */
#include <math.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "device/cpu/zc_cpu_cancel.h"
#include "device/cpu/zc_cpu_ops.h"
#include "device/cpu/zc_cpu_quant.h"
#include "device/cpu/zc_cpu_threads.h"
#include "device/cpu/zc_cpu_workspace.h"

#define KEYS 128          /* of a block */
#define QUERIES 96        /* of a tile, if more than one row */
#define FEW 8             /* queries up to which packing keys for the GEMM costs more than it saves */
#define FEW_QUERIES 64    /* of a task that has only few of each key-value head */
#define FEW_KEYS 32       /* of a block of it, at least */
#define BLOCK 65536       /* bytes of keys, up to which there may be more */
#define MAX_ROWS 96       /* of a tile */
#define PARALLEL 250000.0 /* multiply-adds from which on a second thread pays */
#define PART 256          /* keys of a part, at least; of a task with few queries fewer where they are this work */
#define FEW_PART 64
#define PART_WORK ((size_t)1 << 18) /* multiply-adds with keys */
#define TASKS 256         /* up to which keys are cut into parts */
#define PARTIAL_SUMS ((size_t)1 << 18) /* floats, at most */

typedef struct span {
    size_t from, end; /* from < end, or both 0 */
} span;

/* What parts leave behind. Query i of all is row i / heads, head i % heads. */
typedef struct partial {
    span *spans;         /* of each row */
    double *totals;      /* of each part of each query */
    float *tops;         /* the same */
    float *sums;         /* the same, head_size of each */
    atomic_uint *missing; /* of each tile: parts that are not done */
} partial;

typedef struct job {
    const zc_cpu_ops *ops;
    const zc_attention_params *p;
    const float *q;
    const uint8_t *k, *v;
    const uint32_t *spans;
    float *out;
    size_t group;         /* heads of a key-value head */
    size_t share, shares; /* heads of a task, and tasks that a group is cut into */
    size_t kv;            /* key-value heads of a task */
    size_t keys;          /* of a block */
    size_t tile_rows;
    size_t tiles;         /* of rows and heads: tasks of each part */
    size_t first, part, parts; /* of the keys, if in more than one part: first one, keys of a part */
    partial partial;
    unsigned threads;
    atomic_bool failed;
} job;

/* One task's working memory. Its queries are those of key-value head after head, of each row after row. */
typedef struct tile {
    const job *j;
    size_t size, queries;
    size_t row, rows;
    size_t kv, kvs;      /* key-value heads */
    size_t first, group; /* heads of the first key-value head, from the first on */
    size_t each;         /* queries of a key-value head */
    size_t part;         /* of the keys */
    size_t last, end;    /* where the part's keys end, and all */
    span spans[MAX_ROWS];
    float *q;                /* packed, unless few */
    float *floats;           /* keys or values of a block as float32 */
    float *panels;           /* the same, packed */
    float *scores, *weights; /* queries * KEYS, and the packed form */
    float *sums;             /* queries * size */
    float *top;              /* running maximum of each query */
    double *total;
} tile;

static span span_of(size_t from, size_t end)
{
    return from < end ? (span){from, end} : (span){0, 0};
}

static span read_span(const job *j, size_t r)
{
    const volatile uint32_t *given = j->spans + 2 * r; /* the guest may write there now */
    size_t from = given[0], end = given[1];
    return span_of(from, end < j->p->capacity ? end : j->p->capacity);
}

/* What of block [first, first + count) query i sees: [from, end) of the block. */
static span seen(const tile *t, size_t i, size_t first, size_t count)
{
    span s = t->spans[i % t->each / t->group];
    size_t from = s.from > first ? s.from - first : 0, end = s.end > first ? s.end - first : 0;
    return span_of(from, end < count ? end : count);
}

/* Rows [first, first + count) of key-value head `kv` of the task's. What is asked for meanwhile is its share of the rows
 * that come next, of all heads, from the first byte to the last: processors foresee such a walk, but not the rows of one
 * head. After a part comes the one that is this thread's when all take turns. */
static zc_cache_rows cache_rows(const tile *t, const uint8_t *cache, size_t ldc, size_t kv, size_t first, size_t count)
{
    bool half = t->j->p->kv_type == ZC_CACHE_F16;
    size_t element = half ? 2 : 4, step = ldc * element, width = t->kvs * t->size * element;
    size_t next = first + count, end = t->last;
    zc_cache_rows c = {.rows = cache + first * step + (t->kv + kv) * t->size * element,
                       .step = step,
                       .half = half,
                       .count = count,
                       .size = t->size};
    if (next >= t->last) {
        next = t->last + (t->j->threads - 1) * t->j->part;
        end = t->end;
    }
    if (next < end && step < 2 * width) {
        size_t rows = end - next < count ? end - next : count, share = rows * step / t->kvs;
        c.next = cache + next * step + t->kv * t->size * element + kv * share;
        c.next_step = share / count;
    }
    return c;
}

/* The same as float32; *ld is their distance. */
static const float *float_rows(const tile *t, const zc_cache_rows *c, size_t *ld)
{
    if (!c->half) {
        *ld = c->step / sizeof(float);
        return (const float *)c->rows;
    }
    *ld = t->size;
    for (size_t i = 0; i < c->count; i++) {
        t->j->ops->from_half(t->floats + i * t->size, (const uint16_t *)(c->rows + i * c->step), t->size);
    }
    return t->floats;
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
    span s = seen(t, i, first, count);
    float *scores = t->scores + i * KEYS, most = ops->max(scores + s.from, s.end - s.from), shrink;
    if (most == -INFINITY) { /* it sees none, or none that counts beside another */
        ops->fill(scores, count, 0.0f);
        return false;
    }
    if (!(most <= t->top[i])) {
        shrink = expf(t->top[i] - most); /* 0 at first, NaN when the maximum is NaN or infinite */
        t->top[i] = most;
        t->total[i] *= (double)shrink;
        if (first > t->spans[i % t->each / t->group].from) {
            ops->scale(t->sums + i * t->size, t->size, shrink);
        }
    }
    t->total[i] += ops->exp_sum(scores + s.from, scores + s.from, s.end - s.from, t->top[i]);
    if (s.from > 0) {
        ops->fill(scores, s.from, 0.0f);
    }
    if (s.end < count) {
        ops->fill(scores + s.end, count - s.end, 0.0f);
    }
    return s.from == 0 && s.end == count;
}

/* A row's queries see the same keys, so each row has its own where not all see all of them. */
static void add_to_few(tile *t, zc_cache_rows c, size_t kv, size_t first, bool all)
{
    size_t together = all ? t->each : t->group, count = c.count, end = (kv + 1) * t->each;
    const uint8_t *rows = c.rows;
    for (size_t i = kv * t->each; i < end; i += together) {
        span s = all ? span_of(0, count) : seen(t, i, first, count);
        c.rows = rows + s.from * c.step;
        c.count = s.end - s.from;
        t->j->ops->add_values(&c, together, t->scores + i * KEYS + s.from, KEYS, t->sums + i * t->size);
        c.next_step = 0;
    }
}

static void add_to_many(tile *t, const float *values, size_t ld, size_t first, size_t count, bool all)
{
    const zc_cpu_ops *ops = t->j->ops;
    bool finite = true;
    for (size_t i = 0; !all && finite && i < count; i++) {
        finite = isfinite(ops->sum(values + i * ld, t->size));
    }
    if (finite) {
        size_t nr = ops->nr;
        for (size_t col = 0; col < t->size; col += nr) {
            ops->pack(t->panels + col * count, nr, values + col, ld, 1, t->size - col < nr ? t->size - col : nr, count);
        }
        pack_left(t, t->weights, t->scores, KEYS, count);
        multiply(t, t->weights, count, t->size, t->sums, t->size, 1.0f, 1.0f);
        return;
    }
    for (size_t i = 0; i < t->queries; i++) {
        span s = seen(t, i, first, count);
        ops->add_rows(t->sums + i * t->size, values + s.from * ld, ld, s.end - s.from, t->size,
                      t->scores + i * KEYS + s.from);
    }
}

static void block_of_few(tile *t, size_t first, size_t count)
{
    const job *j = t->j;
    bool all = true;
    for (size_t kv = 0; kv < t->kvs; kv++) {
        zc_cache_rows k = cache_rows(t, j->k, j->p->ldk, kv, first, count);
        size_t at = kv * t->each;
        j->ops->key_dots(&k, t->each, t->q + at * t->size, j->p->scale, t->scores + at * KEYS, KEYS);
    }
    for (size_t i = 0; i < t->queries; i++) {
        all = weigh(t, i, first, count) && all;
    }
    for (size_t kv = 0; kv < t->kvs; kv++) {
        add_to_few(t, cache_rows(t, j->v, j->p->ldv, kv, first, count), kv, first, all);
    }
}

static void block_of_many(tile *t, size_t first, size_t count)
{
    const job *j = t->j;
    const zc_cpu_ops *ops = j->ops;
    zc_cache_rows k = cache_rows(t, j->k, j->p->ldk, 0, first, count);
    zc_cache_rows v = cache_rows(t, j->v, j->p->ldv, 0, first, count);
    size_t nr = ops->nr, ld;
    const float *rows = float_rows(t, &k, &ld);
    bool all = true;
    for (size_t key = 0; key < count; key += nr) {
        ops->pack(t->panels + key * t->size, nr, rows + key * ld, ld, 0, count - key < nr ? count - key : nr, t->size);
    }
    multiply(t, t->q, t->size, count, t->scores, KEYS, j->p->scale, 0.0f);
    for (size_t i = 0; i < t->queries; i++) {
        all = weigh(t, i, first, count) && all;
    }
    rows = float_rows(t, &v, &ld);
    add_to_many(t, rows, ld, first, count, all);
}

/* The next block's keys: from *at on as far as any row sees them without a gap of more than a block. */
static size_t next_block(const tile *t, size_t *at)
{
    size_t start = SIZE_MAX, end = 0;
    for (size_t r = 0; r < t->rows; r++) {
        if (t->spans[r].end > *at) {
            size_t from = t->spans[r].from > *at ? t->spans[r].from : *at;
            start = from < start ? from : start;
        }
    }
    for (size_t r = 0; r < t->rows && start < SIZE_MAX; r++) {
        if (t->spans[r].from < start + t->j->keys && t->spans[r].end > end) {
            end = t->spans[r].end;
        }
    }
    *at = start;
    return start == SIZE_MAX ? 0 : end - start < t->j->keys ? end - start : t->j->keys;
}

static size_t row_of(const tile *t, size_t i)
{
    return t->row + i % t->each / t->group;
}

static size_t head_of(const tile *t, size_t i)
{
    return t->first + i / t->each * t->j->group + i % t->group;
}

static float *out_of(const tile *t, size_t i)
{
    return t->j->out + row_of(t, i) * t->j->p->ldout + head_of(t, i) * t->size;
}

/* Query i of the task among all. */
static size_t query_of(const tile *t, size_t i)
{
    return row_of(t, i) * t->j->p->heads + head_of(t, i);
}

/* Which rows, heads and keys the task has. */
static void place(tile *t, const job *j, size_t index)
{
    const zc_attention_params *p = j->p;
    size_t columns = (p->kv_heads + j->kv - 1) / j->kv * j->shares, at = index % j->tiles;
    size_t from = at % j->shares * j->share, low;
    *t = (tile){.j = j, .size = p->head_size, .part = index / j->tiles};
    t->row = at / columns * j->tile_rows;
    t->rows = p->rows - t->row < j->tile_rows ? p->rows - t->row : j->tile_rows;
    t->kv = at % columns / j->shares * j->kv;
    t->kvs = p->kv_heads - t->kv < j->kv ? p->kv_heads - t->kv : j->kv;
    t->first = t->kv * j->group + from;
    t->group = j->group - from < j->share ? j->group - from : j->share;
    t->each = t->rows * t->group;
    t->queries = t->kvs * t->each;
    low = j->first + t->part * j->part;
    for (size_t r = 0; r < t->rows; r++) {
        span s = j->parts > 1 ? j->partial.spans[t->row + r] : read_span(j, t->row + r), whole = s;
        if (j->parts > 1) {
            s = span_of(s.from > low ? s.from : low, s.end < low + j->part ? s.end : low + j->part);
        }
        t->spans[r] = s;
        t->last = s.end > t->last ? s.end : t->last;
        t->end = whole.end > t->end ? whole.end : t->end;
    }
}

/* Its memory and its queries. False: there is none. */
static bool start(tile *t)
{
    const job *j = t->j;
    const zc_cpu_ops *ops = j->ops;
    size_t size = t->size, wide = (size > KEYS ? size : KEYS) + ops->nr, deep = size > KEYS ? size : KEYS;
    /* The packing of a tile may write a vector past its end. */
    size_t packed = t->queries * size + 64, scores = t->queries * KEYS + 64;
    size_t floats = packed + KEYS * size + wide * deep + 2 * scores + t->queries * size + 3 * t->queries;
    float *room = zc_workspace(ZC_WORKSPACE_BLOCK, floats * sizeof *room), *q;
    if (room == NULL) {
        return false;
    }
    t->total = (double *)room;
    t->top = room + 2 * t->queries;
    t->q = t->top + t->queries;
    t->floats = t->q + packed;
    t->panels = t->floats + KEYS * size;
    t->scores = t->panels + wide * deep;
    t->weights = t->scores + scores;
    t->sums = t->weights + scores;
    q = t->each > FEW ? t->sums : t->q;
    for (size_t i = 0; i < t->queries; i++) {
        ops->affine(q + i * size, j->q + row_of(t, i) * j->p->ldq + head_of(t, i) * size, size, 1.0f, 0.0f);
        t->total[i] = 0.0;
    }
    if (t->each > FEW) {
        pack_left(t, t->q, t->sums, size, size);
    }
    ops->fill(t->sums, t->queries * size, 0.0f);
    ops->fill(t->top, t->queries, -INFINITY);
    return true;
}

static void finish(const tile *t)
{
    for (size_t i = 0; i < t->queries; i++) {
        if (t->spans[i % t->each / t->group].end) {
            t->j->ops->affine(out_of(t, i), t->sums + i * t->size, t->size, (float)(1.0 / t->total[i]), 0.0f);
        } else {
            t->j->ops->fill(out_of(t, i), t->size, 0.0f);
        }
    }
}

/* All parts of query i. One without keys that it sees has the maximum -inf, and so no weight. */
static void join(const tile *t, size_t i)
{
    const job *j = t->j;
    const zc_cpu_ops *ops = j->ops;
    size_t at = query_of(t, i) * j->parts;
    float *tops = j->partial.tops + at, top = ops->max(tops, j->parts), *sums = t->sums + i * t->size;
    double total = 0.0;
    if (j->partial.spans[row_of(t, i)].end == 0) {
        ops->fill(out_of(t, i), t->size, 0.0f);
        return;
    }
    for (size_t p = 0; p < j->parts; p++) {
        tops[p] = expf(tops[p] - top);
        total += (double)tops[p] * j->partial.totals[at + p];
    }
    ops->fill(sums, t->size, 0.0f);
    ops->add_rows(sums, j->partial.sums + at * t->size, t->size, j->parts, t->size, tops);
    ops->affine(out_of(t, i), sums, t->size, (float)(1.0 / total), 0.0f);
}

static void tile_body(void *context, size_t index)
{
    job *j = context;
    tile t;
    size_t at = 0, count;
    place(&t, j, index);
    if (!start(&t)) {
        atomic_store_explicit(&j->failed, true, memory_order_relaxed);
        return;
    }
    for (; (count = next_block(&t, &at)) > 0 && !zc_cpu_cancelled(); at += count) {
        if (t.each > FEW) {
            block_of_many(&t, at, count);
        } else {
            block_of_few(&t, at, count);
        }
    }
    if (j->parts == 1) {
        finish(&t);
        return;
    }
    for (size_t i = 0; i < t.queries; i++) {
        size_t to = query_of(&t, i) * j->parts + t.part;
        j->partial.tops[to] = t.top[i];
        j->partial.totals[to] = t.total[i];
        j->ops->affine(j->partial.sums + to * t.size, t.sums + i * t.size, t.size, 1.0f, 0.0f);
    }
    if (atomic_fetch_sub_explicit(&j->partial.missing[index % j->tiles], 1, memory_order_acq_rel) == 1) {
        for (size_t i = 0; i < t.queries; i++) {
            join(&t, i);
        }
    }
}

/* Cuts the keys into parts, where they are many and the tasks few. False: there is no memory for it. */
static bool cut(job *j)
{
    const zc_attention_params *p = j->p;
    size_t queries = (size_t)p->rows * p->heads, low = SIZE_MAX, high = 0, least = PART, most, results;
    partial *to = &j->partial;
    char *room;
    j->parts = 1;
    if (j->tiles > TASKS / 2 || queries * p->head_size > PARTIAL_SUMS / 2) {
        return true;
    }
    most = PARTIAL_SUMS / (queries * p->head_size);
    most = most < TASKS / j->tiles ? most : TASKS / j->tiles;
    results = queries * most;
    room = zc_workspace(ZC_WORKSPACE_PANEL,
                        results * (p->head_size * sizeof *to->sums + sizeof *to->totals + sizeof *to->tops) +
                            p->rows * sizeof *to->spans + j->tiles * sizeof *to->missing);
    if (room == NULL) {
        return false;
    }
    to->sums = (float *)room;
    to->totals = (double *)(to->sums + results * p->head_size);
    to->spans = (span *)(to->totals + results);
    to->tops = (float *)(to->spans + p->rows);
    to->missing = (atomic_uint *)(to->tops + results);
    for (size_t r = 0; r < p->rows; r++) {
        span s = to->spans[r] = read_span(j, r);
        low = s.end && s.from < low ? s.from : low;
        high = s.end > high ? s.end : high;
    }
    if (p->rows * j->group <= FEW) {
        least = PART_WORK / (queries * p->head_size);
        least = least < FEW_PART ? FEW_PART : least < PART ? least : PART;
    }
    if (high <= low || high - low <= least) {
        return true;
    }
    j->first = low;
    j->parts = (high - low + least - 1) / least;
    j->parts = j->parts < most ? j->parts : most;
    j->part = ((high - low + j->parts - 1) / j->parts + 15) & ~(size_t)15;
    j->parts = (high - low + j->part - 1) / j->part;
    for (size_t i = 0; i < j->tiles; i++) {
        atomic_init(&to->missing[i], (unsigned)j->parts);
    }
    return true;
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
    j.shares = (j.group + QUERIES - 1) / QUERIES;
    j.share = (j.group + j.shares - 1) / j.shares;
    j.shares = (j.group + j.share - 1) / j.share;
    j.kv = 1;
    j.keys = KEYS;
    if (p->rows * j.group <= FEW) {
        size_t row = ((size_t)p->ldk + 1) * (p->kv_type == ZC_CACHE_F16 ? 2 : 4);
        j.kv = FEW_QUERIES / (p->rows * j.group);
        j.kv = j.kv < p->kv_heads ? j.kv : p->kv_heads;
        j.keys = BLOCK / row & ~(size_t)15;
        j.keys = j.keys > KEYS ? KEYS : j.keys < FEW_KEYS ? FEW_KEYS : j.keys;
    }
    j.tiles = (p->rows + j.tile_rows - 1) / j.tile_rows * ((p->kv_heads + j.kv - 1) / j.kv) * j.shares;
    j.threads = threads;
    if (cut(&j)) {
        zc_threads_run(tile_body, &j, j.tiles * j.parts, threads);
    } else {
        atomic_init(&j.failed, true);
    }
    return atomic_load_explicit(&j.failed, memory_order_relaxed)
               ? zc_fail(call->error, ZC_NO_MEMORY, "attention cannot have workspace for %u heads of %u elements",
                         p->heads, p->head_size)
               : ZC_OK;
}

/* ---- in pages ---- */

typedef struct paged_job {
    const zc_cpu_call *call;
    const zc_attention_paged_params *p;
} paged_job;

static float element(const zc_attention_paged_params *p, const void *cache, size_t i)
{
    return p->kv_type == ZC_CACHE_F16 ? zc_half_to_float(((const uint16_t *)cache)[i]) : ((const float *)cache)[i];
}

static void paged_body(void *context, size_t index)
{
    const paged_job *j = context;
    const zc_attention_paged_params *p = j->p;
    size_t r = index / p->heads, h = index % p->heads, size = p->head_size;
    size_t kv = h / (p->heads / p->kv_heads);
    const float *q = (const float *)j->call->bindings[0] + r * p->ldq + h * size;
    const volatile uint32_t *spans = j->call->bindings[3], *tables = j->call->bindings[4];
    float *out = (float *)j->call->bindings[5] + r * p->ldout + h * size;
    size_t from = spans[3 * r], end = spans[3 * r + 1], table = spans[(p->shared ? 0 : 3 * r) + 2];
    double sums[ZC_ATTENTION_MAX_HEAD] = {0.0}, top = -INFINITY, total = 0.0;
    end = end < p->context ? end : p->context;
    for (size_t t = from; t < end && (t % 16 != 0 || !zc_cpu_cancelled()); t++) {
        size_t word = table + t / p->page, last = p->capacity / p->page - 1;
        size_t page = tables[word < p->table_words ? word : p->table_words - 1];
        size_t row = (page < last ? page : last) * p->page + t % p->page;
        double score = 0.0, weight;
        for (size_t i = 0; i < size; i++) {
            score += (double)q[i] * (double)element(p, j->call->bindings[1], row * p->ldk + kv * size + i);
        }
        score *= (double)p->scale;
        if (!(score <= top)) {
            double shrink = exp(top - score);
            top = score;
            total *= shrink;
            for (size_t i = 0; i < size; i++) {
                sums[i] *= shrink;
            }
        }
        weight = exp(score - top);
        total += weight;
        for (size_t i = 0; i < size; i++) {
            sums[i] += weight * (double)element(p, j->call->bindings[2], row * p->ldv + kv * size + i);
        }
    }
    for (size_t i = 0; i < size; i++) {
        out[i] = from < end ? (float)(sums[i] / total) : 0.0f;
    }
}

zc_status zc_cpu_attention_paged(const zc_cpu_call *call)
{
    const zc_attention_paged_params *p = call->params;
    paged_job j = {call, p};
    zc_threads_run(paged_body, &j, (size_t)p->rows * p->heads, call->threads);
    return ZC_OK;
}
