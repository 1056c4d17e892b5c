/* zc_cpu_attention: softmax(scale * q k^T) v for each row and head, over the keys of the row's span: attention, whose
 * cache has them in order, and attention_paged, whose cache has them in pages.
 *
 * A task is one key-value head, a tile of rows, whose queries (of all heads that share it, up to QUERIES at a time)
 * form one matrix, and a part of the keys.
 * It walks over the keys of all its rows' spans in blocks: scores, exponentials against a running maximum (online
 * softmax), values; so nothing grows with the context. Few queries, as when decoding, take each row of the cache as it
 * lies there, once for all of them; for many it is turned to float32 and packed for the float GEMM. Keys outside of a
 * row's span get the weight 0, and values that are not finite are only multiplied with the weights of rows that see
 * them.
 *
 * Rows of a tile whose keys nobody before them sees, as those of another text in one dispatch, are computed apart.
 *
 * Keys are one part, unless they are many and the tasks few: then whoever is done last with the parts of a tile joins
 * their maxima, totals and sums, in the order of the keys. Tiles and parts depend on the parameters and the spans only.
 *
 * Rows that may share a tile are a set: all rows, or each one of attention_paged where they are of different sequences.
 * A set is cut into tiles and parts as if it were alone, so a row's bits do not depend on the rows beside it; only what
 * there is to do at a time, the tasks of as many sets as results of parts have room for, does. A block of keys is some
 * runs of rows that lie side by side: one of attention, one of each page or of pages that follow each other.
 * An element goes through the same operations in the same order wherever its row lies, so attention_paged gives the bits
 * of attention.
 *
 * Spans and tables come from guest memory: each number is read once by whom it tells what to do, and clamped. Working
 * memory is the thread's workspace; results of parts lie in the caller's.
 */
#include <math.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>

#include "device/cpu/zc_cpu_cache.h"
#include "device/cpu/zc_cpu_cancel.h"
#include "device/cpu/zc_cpu_ops.h"
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
#define PARTIAL_SUMS ((size_t)1 << 18) /* floats of a set, at most */
#define WAVE_SUMS ((size_t)1 << 20) /* of the sets that are computed at a time, about */
#define WAVE 1024         /* sets of these, at most */
#define PAGE 16           /* rows of a page, at least */
#define RUNS (2 * (KEYS / PAGE + 1)) /* of a block, at most */

typedef struct span {
    size_t from, end; /* from < end, or both 0 */
} span;

/* Rows that may share tiles. */
typedef struct set {
    size_t row, rows;
    span *spans; /* of each row, or NULL: whoever needs one reads it */
    size_t first, end;         /* of the keys that a row sees, where there are spans */
    size_t part, parts;        /* keys of a part, if in more than one */
    size_t table;              /* word of the tables where that of its pages begins */
    size_t tasks;              /* of the sets before it */
    size_t results;            /* the same: of each part of each query */
} set;

/* What the sets of a wave know, and what parts leave behind. Query i of a set is row i / heads, head i % heads. */
typedef struct partial {
    set *sets;
    double *totals;       /* of each part of each query */
    float *tops;          /* the same */
    float *sums;          /* the same, head_size of each */
    atomic_uint *missing; /* of each tile of each set: parts that are not done */
} partial;

/* How the keys of a sequence lie in the cache, in pages. */
typedef struct pages {
    size_t page; /* rows of one; 0: keys are rows */
    unsigned log2;
    const uint32_t *tables;
    size_t words, count;
} pages;

typedef struct job {
    const zc_cpu_ops *ops;
    const zc_attention_params *p; /* also of attention_paged */
    pages pages;
    size_t words;  /* of a span */
    size_t most;   /* keys that there may be */
    const float *q;
    const uint8_t *k, *v;
    const uint32_t *spans;
    const float *sinks;   /* NULL: there are none */
    float *out;
    size_t group;         /* heads of a key-value head */
    size_t share, shares; /* heads of a task, and tasks that a group is cut into */
    size_t kv;            /* key-value heads of a task */
    size_t keys;          /* of a block */
    size_t tile_rows;
    size_t tiles;         /* of rows and heads: tasks of each part of a set */
    size_t most_parts;    /* of a set */
    size_t wave, tasks;   /* sets that are computed now, and their tasks */
    partial partial;
    unsigned threads;
    atomic_bool failed;
} job;

/* The first keys of a task, for what comes after another one. */
typedef struct start {
    const set *set;
    size_t kv, first, end;
} start;

/* One task's working memory. Its queries are those of key-value head after head, of each row after row. */
typedef struct tile {
    const job *j;
    const set *set;
    size_t size, queries;
    size_t row, rows;
    size_t kv, kvs;      /* key-value heads */
    size_t first, group; /* heads of the first key-value head, from the first on */
    size_t each;         /* queries of a key-value head */
    size_t part;         /* of the keys */
    size_t last;         /* where the part's keys end */
    start after;         /* of the task that is this thread's when all take turns */
    span spans[MAX_ROWS];
    zc_cache_run runs[RUNS]; /* of the block */
    size_t run_count;
    size_t next_kv; /* key-value head of what comes after the block */
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
    const volatile uint32_t *given = j->spans + j->words * r; /* the guest may write there now */
    size_t from = given[0], end = given[1], window = j->p->window;
    end = end < j->most ? end : j->most;
    return span_of(window && end > window && end - window > from ? end - window : from, end);
}

/* Where the table of row r begins. */
static size_t read_table(const job *j, size_t r)
{
    return j->pages.page ? *(const volatile uint32_t *)(j->spans + j->words * r + 2) : 0;
}

/* The row of the cache that has a key. */
static size_t row_of_key(const job *j, const set *s, size_t key)
{
    const pages *of = &j->pages;
    if (of->page == 0) {
        return key;
    }
    size_t word = s->table + (key >> of->log2);
    size_t page = *(const volatile uint32_t *)(of->tables + (word < of->words ? word : of->words - 1));
    return (page < of->count ? page : of->count - 1) * of->page + (key & (of->page - 1));
}

/* How many of `count` keys from this one on lie side by side for sure. */
static size_t side_by_side(const job *j, size_t key, size_t count)
{
    size_t page = j->pages.page, left = page ? page - (key & (page - 1)) : count;
    return left < count ? left : count;
}

/* Where the keys of block [first, first + count) lie, and those that are asked for meanwhile: a block later, or the first
 * ones of the task that comes after. A run ends where either of both does. */
static void find_runs(tile *t, size_t first, size_t count)
{
    const job *j = t->j;
    start next = {t->set, t->kv, first + count, t->last};
    if (first + count >= t->last) {
        next = t->after;
    }
    t->next_kv = next.kv;
    t->run_count = 0;
    for (size_t at = 0; at < count;) {
        zc_cache_run r = {.at = at, .count = side_by_side(j, first + at, count - at)};
        size_t key = next.first + at;
        r.row = row_of_key(j, t->set, first + at);
        if (key < next.end) {
            r.count = side_by_side(j, key, r.count);
            r.next = row_of_key(j, next.set, key);
            r.next_count = r.count < next.end - key ? r.count : next.end - key;
        }
        at += r.count;
        zc_cache_run *last = t->runs + t->run_count - 1;
        if (t->run_count > 0 && last->row + last->count == r.row &&
            (r.next_count == 0 || (last->next_count == last->count && last->next + last->count == r.next))) {
            last->count += r.count;
            last->next_count += r.next_count;
        } else {
            t->runs[t->run_count++] = r;
        }
    }
}

/* What of block [first, first + count) query i sees: [from, end) of the block. */
static span seen(const tile *t, size_t i, size_t first, size_t count)
{
    span s = t->spans[i % t->each / t->group];
    size_t from = s.from > first ? s.from - first : 0, end = s.end > first ? s.end - first : 0;
    return span_of(from, end < count ? end : count);
}

/* Key-value head `kv` of the task's, in the block's runs. What is asked for meanwhile is its share of the rows that come
 * next, of all heads, from the first byte to the last: processors foresee such a walk, but not the rows of one head, and
 * not that to another page. */
static zc_cache_rows cache_rows(const tile *t, const uint8_t *cache, size_t ldc, size_t kv, size_t count)
{
    uint32_t type = t->j->p->kv_type;
    size_t head = (t->kv + kv) * t->size;
    zc_cache_rows c = {.type = type,
                       .head = cache + zc_cpu_cache_bytes(type, head),
                       .scales = ldc - head + head / 16,
                       .step = zc_cpu_cache_row(type, ldc),
                       .size = t->size,
                       .runs = t->runs,
                       .run_count = t->run_count,
                       .end = count,
                       .turn = kv};
    if (c.step < 2 * zc_cpu_cache_bytes(type, t->kvs * t->size)) {
        c.next = cache + zc_cpu_cache_bytes(type, t->next_kv * t->size);
        c.next_step = c.step / t->kvs;
    }
    return c;
}

/* All rows of a block as float32; *ld is their distance. */
static const float *float_rows(const tile *t, const uint8_t *cache, size_t ldc, size_t count, size_t *ld)
{
    const zc_cache_rows c = cache_rows(t, cache, ldc, 0, count);
    if (c.type == ZC_CACHE_F32 && c.run_count == 1) {
        *ld = ldc;
        return (const float *)(c.head + c.runs->row * c.step);
    }
    *ld = t->size;
    for (const zc_cache_run *r = c.runs; r < c.runs + c.run_count; r++) {
        const uint8_t *row = c.head + r->row * c.step;
        float *to = t->floats + r->at * t->size;
        for (size_t i = 0; i < r->count; i++, to += t->size, row += c.step) {
            if (c.type == ZC_CACHE_F16) {
                t->j->ops->from_half(to, (const uint16_t *)row, t->size);
            } else if (c.type == ZC_CACHE_F32) {
                memcpy(to, row, t->size * sizeof *to);
            } else {
                t->j->ops->from_bytes(to, (const int8_t *)row, (const uint16_t *)(row + c.scales), t->size);
            }
        }
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
    float *scores = t->scores + i * KEYS, most, shrink;
    if (t->j->p->softcap > 0.0f) {
        ops->softcap(scores + s.from, scores + s.from, s.end - s.from, t->j->p->softcap);
    }
    most = ops->max(scores + s.from, s.end - s.from);
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
static void add_to_few(tile *t, zc_cache_rows c, size_t kv, size_t first, size_t count, bool all)
{
    size_t together = all ? t->each : t->group, end = (kv + 1) * t->each;
    for (size_t i = kv * t->each; i < end; i += together) {
        span s = all ? span_of(0, count) : seen(t, i, first, count);
        c.from = s.from;
        c.end = s.end;
        t->j->ops->add_values(&c, together, t->scores + i * KEYS, KEYS, t->sums + i * t->size);
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
        zc_cache_rows k = cache_rows(t, j->k, j->p->ldk, kv, count);
        size_t at = kv * t->each;
        j->ops->key_dots(&k, t->each, t->q + at * t->size, j->p->scale, t->scores + at * KEYS, KEYS);
    }
    for (size_t i = 0; i < t->queries; i++) {
        all = weigh(t, i, first, count) && all;
    }
    for (size_t kv = 0; kv < t->kvs; kv++) {
        add_to_few(t, cache_rows(t, j->v, j->p->ldv, kv, count), kv, first, count, all);
    }
}

static void block_of_many(tile *t, size_t first, size_t count)
{
    const job *j = t->j;
    const zc_cpu_ops *ops = j->ops;
    size_t nr = ops->nr, ld;
    const float *rows = float_rows(t, j->k, j->p->ldk, count, &ld);
    bool all = true;
    for (size_t key = 0; key < count; key += nr) {
        ops->pack(t->panels + key * t->size, nr, rows + key * ld, ld, 0, count - key < nr ? count - key : nr, t->size);
    }
    multiply(t, t->q, t->size, count, t->scores, KEYS, j->p->scale, 0.0f);
    for (size_t i = 0; i < t->queries; i++) {
        all = weigh(t, i, first, count) && all;
    }
    rows = float_rows(t, j->v, j->p->ldv, count, &ld);
    add_to_many(t, rows, ld, first, count, all);
}

/* The next block's keys: from *at on as far as any row sees them without a gap of more than a block. Of few queries what
 * is left is cut evenly: with each key one of the next block is asked for. */
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
    size_t left = start == SIZE_MAX ? 0 : end - start, count = t->j->keys;
    if (left > count && t->each <= FEW) {
        size_t blocks = (left + count - 1) / count;
        count = ((left + blocks - 1) / blocks + PAGE - 1) & ~(size_t)(PAGE - 1);
    }
    return left < count ? left : count;
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

/* What the first part of query i of the task leaves behind. */
static size_t results_of(const tile *t, size_t i)
{
    return t->set->results + ((row_of(t, i) - t->set->row) * t->j->p->heads + head_of(t, i)) * t->set->parts;
}

/* The last of the sets before whose tasks this one is not. */
static const set *set_of(const job *j, size_t index)
{
    size_t low = 0, high = j->wave;
    while (high - low > 1) {
        size_t middle = (low + high) / 2;
        if (j->partial.sets[middle].tasks <= index) {
            low = middle;
        } else {
            high = middle;
        }
    }
    return j->partial.sets + low;
}

/* Of the tiles of a row. */
static size_t columns_of(const job *j)
{
    return (j->p->kv_heads + j->kv - 1) / j->kv * j->shares;
}

static start start_of(const job *j, size_t index)
{
    if (index >= j->tasks) {
        return (start){0};
    }
    const set *of = set_of(j, index);
    size_t at = (index - of->tasks) % j->tiles, part = (index - of->tasks) / j->tiles;
    return (start){of, at % columns_of(j) / j->shares * j->kv, of->first + part * of->part, of->end};
}

/* Which rows, heads and keys the task has. */
static void place(tile *t, const job *j, size_t index)
{
    const zc_attention_params *p = j->p;
    const set *of = set_of(j, index);
    size_t columns = columns_of(j), at = (index - of->tasks) % j->tiles;
    size_t from = at % j->shares * j->share, low, end = of->row + of->rows;
    *t = (tile){.j = j, .set = of, .size = p->head_size, .part = (index - of->tasks) / j->tiles};
    t->after = start_of(j, index + j->threads);
    t->row = of->row + at / columns * j->tile_rows;
    t->rows = end - t->row < j->tile_rows ? end - t->row : j->tile_rows;
    t->kv = at % columns / j->shares * j->kv;
    t->kvs = p->kv_heads - t->kv < j->kv ? p->kv_heads - t->kv : j->kv;
    t->first = t->kv * j->group + from;
    t->group = j->group - from < j->share ? j->group - from : j->share;
    low = of->first + t->part * of->part;
    for (size_t r = 0; r < t->rows; r++) {
        span s = of->spans ? of->spans[t->row - of->row + r] : read_span(j, t->row + r);
        if (of->parts > 1) {
            s = span_of(s.from > low ? s.from : low, s.end < low + of->part ? s.end : low + of->part);
        }
        t->spans[r] = s;
    }
}

/* The tile becomes its first rows, up to the next one that sees none of the keys of the one before; or all of them, where
 * parts of the keys are joined. */
static void take_rows(tile *t, size_t left)
{
    size_t rows = 1;
    while (rows < left &&
           (t->set->parts > 1 || t->spans[rows].from < t->spans[rows - 1].end || t->spans[rows].end == 0)) {
        rows++;
    }
    t->rows = rows;
    t->each = rows * t->group;
    t->queries = t->kvs * t->each;
    t->last = 0;
    for (size_t r = 0; r < rows; r++) {
        t->last = t->spans[r].end > t->last ? t->spans[r].end : t->last;
    }
}

/* The tile begins behind them. */
static void drop_rows(tile *t, size_t left)
{
    t->row += t->rows;
    memmove(t->spans, t->spans + t->rows, (left - t->rows) * sizeof *t->spans);
}

/* A sink is a score before all others, whose value is 0. */
static void begin_with(tile *t, size_t i, float sink)
{
    t->top[i] = sink;
    t->total[i] = sink == -INFINITY ? 0.0 : (double)(sink - sink) + 1.0; /* exp(sink - sink) */
}

/* Its memory and its queries. False: there is none. */
static bool begin(tile *t)
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
        t->top[i] = -INFINITY;
        t->total[i] = 0.0;
        if (j->sinks && t->part == 0) {
            begin_with(t, i, j->sinks[head_of(t, i)]);
        }
    }
    if (t->each > FEW) {
        pack_left(t, t->q, t->sums, size, size);
    }
    ops->fill(t->sums, t->queries * size, 0.0f);
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
    size_t at = results_of(t, i), parts = t->set->parts;
    float *tops = j->partial.tops + at, top = ops->max(tops, parts), *sums = t->sums + i * t->size;
    double total = 0.0;
    if (t->set->spans[row_of(t, i) - t->set->row].end == 0) {
        ops->fill(out_of(t, i), t->size, 0.0f);
        return;
    }
    for (size_t p = 0; p < parts; p++) {
        tops[p] = expf(tops[p] - top);
        total += (double)tops[p] * j->partial.totals[at + p];
    }
    ops->fill(sums, t->size, 0.0f);
    ops->add_rows(sums, j->partial.sums + at * t->size, t->size, parts, t->size, tops);
    ops->affine(out_of(t, i), sums, t->size, (float)(1.0 / total), 0.0f);
}

/* The rows that the tile has now, all of their keys, or the part's. False: there is no memory. */
static bool attend_rows(tile *t)
{
    size_t at = 0, count;
    if (!begin(t)) {
        return false;
    }
    for (; (count = next_block(t, &at)) > 0 && !zc_cpu_cancelled(); at += count) {
        find_runs(t, at, count);
        if (t->each > FEW) {
            block_of_many(t, at, count);
        } else {
            block_of_few(t, at, count);
        }
    }
    return true;
}

/* The results of a part; all of them, if this is the last one that is done. */
static void leave_part(const tile *t, size_t index)
{
    const job *j = t->j;
    for (size_t i = 0; i < t->queries; i++) {
        size_t to = results_of(t, i) + t->part;
        j->partial.tops[to] = t->top[i];
        j->partial.totals[to] = t->total[i];
        j->ops->affine(j->partial.sums + to * t->size, t->sums + i * t->size, t->size, 1.0f, 0.0f);
    }
    size_t at = (size_t)(t->set - j->partial.sets) * j->tiles + (index - t->set->tasks) % j->tiles;
    if (atomic_fetch_sub_explicit(&j->partial.missing[at], 1, memory_order_acq_rel) == 1) {
        for (size_t i = 0; i < t->queries; i++) {
            join(t, i);
        }
    }
}

static void tile_body(void *context, size_t index)
{
    job *j = context;
    tile t;
    place(&t, j, index);
    for (size_t left = t.rows; left > 0; left -= t.rows) {
        take_rows(&t, left);
        if (!attend_rows(&t)) {
            atomic_store_explicit(&j->failed, true, memory_order_relaxed);
            return;
        }
        if (t.set->parts > 1) {
            leave_part(&t, index);
            return;
        }
        finish(&t);
        drop_rows(&t, left);
    }
}

/* Parts of a set of so many rows, at most. */
static size_t most_parts(const job *j, size_t rows)
{
    size_t floats = rows * j->p->heads * j->p->head_size, most;
    if (j->tiles > TASKS / 2 || floats > PARTIAL_SUMS / 2) {
        return 1;
    }
    most = PARTIAL_SUMS / floats;
    return most < TASKS / j->tiles ? most : TASKS / j->tiles;
}

/* Cuts the keys of a set into parts, where those of a row are many. */
static void cut(const job *j, set *s, size_t most)
{
    size_t least = PART, keys = s->end - s->first, longest = 0;
    for (size_t r = 0; r < s->rows; r++) {
        longest = s->spans[r].end - s->spans[r].from > longest ? s->spans[r].end - s->spans[r].from : longest;
    }
    if (s->rows * j->group <= FEW) {
        least = PART_WORK / (s->rows * j->p->heads * j->p->head_size);
        least = least < FEW_PART ? FEW_PART : least < PART ? least : PART;
    }
    if (longest > least && most > 1) {
        s->parts = (keys + least - 1) / least;
        s->parts = s->parts < most ? s->parts : most;
        s->part = ((keys + s->parts - 1) / s->parts + 15) & ~(size_t)15;
        s->parts = (keys + s->part - 1) / s->part;
    }
}

static void read_spans(const job *j, set *s)
{
    size_t first = SIZE_MAX;
    for (size_t r = 0; r < s->rows; r++) {
        span seen = s->spans[r] = read_span(j, s->row + r);
        first = seen.end && seen.from < first ? seen.from : first;
        s->end = seen.end > s->end ? seen.end : s->end;
    }
    s->first = s->end ? first : 0;
}

/* The next wave: sets of `each` rows from row `first` on, as many as there is room for. False: there is no memory. */
static bool plan(job *j, size_t first, size_t each)
{
    const zc_attention_params *p = j->p;
    size_t left = (p->rows - first) / each, sets = left < WAVE ? left : WAVE, most = most_parts(j, each);
    size_t queries = each * p->heads, results = most > 1 ? queries * most : 0;
    size_t some = results + WAVE_SUMS / p->head_size, room = sets * results < some ? sets * results : some, used = 0;
    size_t spans = most > 1 || sets > 1 || each < p->rows ? sets * each : 0;
    partial *to = &j->partial;
    char *memory = zc_workspace(ZC_WORKSPACE_PANEL,
                                room * (p->head_size * sizeof *to->sums + sizeof *to->totals + sizeof *to->tops) +
                                    sets * sizeof *to->sets + spans * sizeof(span) +
                                    (most > 1 ? sets * j->tiles * sizeof *to->missing : 0));
    if (memory == NULL) {
        return false;
    }
    to->sums = (float *)memory;
    to->totals = (double *)(to->sums + room * p->head_size);
    to->sets = (set *)(to->totals + room);
    span *of_rows = (span *)(to->sets + sets);
    to->tops = (float *)(of_rows + spans);
    to->missing = (atomic_uint *)(to->tops + room);
    for (j->wave = j->tasks = 0; j->wave < sets && used + results <= room; j->wave++) {
        set *s = to->sets + j->wave;
        size_t row = first + j->wave * each;
        *s = (set){.row = row,
                   .rows = each,
                   .spans = spans ? of_rows + j->wave * each : NULL,
                   .parts = 1,
                   .table = read_table(j, row),
                   .tasks = j->tasks,
                   .results = used};
        if (spans) {
            read_spans(j, s);
            cut(j, s, most);
        }
        for (size_t i = 0; s->parts > 1 && i < j->tiles; i++) {
            atomic_init(&to->missing[j->wave * j->tiles + i], (unsigned)s->parts);
        }
        used += s->parts > 1 ? queries * s->parts : 0;
        j->tasks += j->tiles * s->parts;
    }
    return true;
}

/* Rows of which `each` are a set. */
static zc_status attend(job *j, size_t each, unsigned threads, zc_error *error)
{
    const zc_attention_params *p = j->p;
    double keys = 0.0;
    if (p->rows == 0 || p->heads == 0) {
        return ZC_OK;
    }
    for (size_t r = 0; r < p->rows && keys * p->heads * p->head_size < PARALLEL && !zc_cpu_cancelled(); r++) {
        span s = read_span(j, r);
        keys += (double)(s.end - s.from);
    }
    if (keys * p->heads * p->head_size < PARALLEL) {
        threads = 1;
    }
    j->group = p->heads / p->kv_heads;
    j->tile_rows = j->group < QUERIES ? QUERIES / j->group : 1;
    j->shares = (j->group + QUERIES - 1) / QUERIES;
    j->share = (j->group + j->shares - 1) / j->shares;
    j->shares = (j->group + j->share - 1) / j->share;
    j->kv = 1;
    j->keys = KEYS;
    if (each * j->group <= FEW) {
        size_t row = zc_cpu_cache_row(p->kv_type, p->ldk ? p->ldk : 1); /* of a single row there may be no distance */
        j->kv = FEW_QUERIES / (each * j->group);
        j->kv = j->kv < p->kv_heads ? j->kv : p->kv_heads;
        j->keys = BLOCK / row & ~(size_t)15;
        j->keys = j->keys > KEYS ? KEYS : j->keys < FEW_KEYS ? FEW_KEYS : j->keys;
    }
    j->tiles = (each + j->tile_rows - 1) / j->tile_rows * ((p->kv_heads + j->kv - 1) / j->kv) * j->shares;
    j->threads = threads;
    for (size_t first = 0; first < p->rows && !zc_cpu_cancelled(); first += j->wave * each) {
        if (!plan(j, first, each)) {
            atomic_store_explicit(&j->failed, true, memory_order_relaxed);
            break;
        }
        zc_threads_run(tile_body, j, j->tasks, threads);
    }
    return atomic_load_explicit(&j->failed, memory_order_relaxed)
               ? zc_fail(error, ZC_NO_MEMORY, "attention cannot have workspace for %u heads of %u elements", p->heads,
                         p->head_size)
               : ZC_OK;
}

zc_status zc_cpu_attention(const zc_cpu_call *call)
{
    const zc_attention_params *p = call->params;
    job j = {.ops = call->ops,
             .p = p,
             .words = 2,
             .most = p->capacity,
             .q = call->bindings[0],
             .k = call->bindings[1],
             .v = call->bindings[2],
             .spans = call->bindings[3],
             .sinks = p->sinks ? call->bindings[4] : NULL,
             .out = call->bindings[5]};
    return attend(&j, p->rows, call->threads, call->error);
}

zc_status zc_cpu_attention_paged(const zc_cpu_call *call)
{
    const zc_attention_paged_params *given = call->params;
    const zc_attention_params p = zc_attention_of_paged(given);
    job j = {.ops = call->ops,
             .p = &p,
             .pages = {.page = given->page,
                       .log2 = (unsigned)__builtin_ctz(given->page),
                       .tables = call->bindings[4],
                       .words = given->table_words,
                       .count = given->capacity / given->page},
             .words = 3,
             .most = given->context,
             .q = call->bindings[0],
             .k = call->bindings[1],
             .v = call->bindings[2],
             .spans = call->bindings[3],
             .sinks = p.sinks ? call->bindings[5] : NULL,
             .out = call->bindings[6]};
    return attend(&j, given->shared ? given->rows : 1, call->threads, call->error);
}
