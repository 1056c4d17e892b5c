/* zc_cpu_packed: see zc_cpu_packed.h. What is packed in one call is one allocation. A table of all packed matrices by
 * the address of their weights finds them; it is under one lock, which is held for a search or a change of the table,
 * never while weights are read. What an entry points at lives as long as the weights' region, which every dispatch
 * over it holds, so it is used without the lock.
 */
#define _GNU_SOURCE
#define _DARWIN_C_SOURCE
#include "device/cpu/zc_cpu_packed.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/zc_alloc.h"
#include "base/zc_copies.h"
#include "base/zc_fork.h"
#include "device/cpu/zc_cpu_ops.h"
#include "device/cpu/zc_cpu_packed_layout.h"
#include "device/cpu/zc_cpu_threads.h"

#define LEAST_ROWS 64u /* below, rows of zeros could make the copy much larger, for little */
#define LINE ((uintptr_t)64)
#define HUGE_PAGE ((uintptr_t)2 << 20)
#define TASK_BYTES 262144u
#define STEP_BYTES ((uint64_t)128 << 20) /* of weights, between two reports */

typedef struct matrix {
    const uint8_t *start, *end; /* the weights in the file's layout */
    uint32_t type;
    uint64_t n, k;
    uint64_t row_bytes, group_bytes, groups;
    uint64_t offset; /* in the allocation */
    uint8_t *to;
} matrix;

typedef struct packed {
    void *memory;
    size_t count;
    matrix matrices[];
} packed;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static matrix *table; /* by start; no two have bytes in common */
static size_t table_count, table_capacity;
static _Atomic size_t in_table; /* so that nobody takes the lock where nothing was ever packed */

static void lock_table(void)
{
    pthread_mutex_lock(&lock);
}

static void unlock_table(void)
{
    pthread_mutex_unlock(&lock);
}

ZC_FORK_HANDLERS(ZC_FORK_CPU_PACKED, .lock = lock_table, .unlock = unlock_table)

/* ---- the layout ---- */

static void pack_group(const matrix *m, uint64_t group)
{
    const zc_packed_unit unit = zc_packed_unit_of(m->type);
    const uint64_t blocks = m->k / 32, first = group * ZC_PACKED_ROWS;
    const uint64_t unit_bytes = m->row_bytes * unit.blocks / blocks; /* of a row in the file */
    uint8_t *to = m->to + group * m->group_bytes;
    size_t rows = m->n - first < ZC_PACKED_ROWS ? (size_t)(m->n - first) : ZC_PACKED_ROWS;
    for (uint64_t b = 0, at = 0; b < blocks; b += unit.blocks, to += unit.bytes, at += unit_bytes) {
        size_t here = blocks - b < unit.blocks ? (size_t)(blocks - b) : unit.blocks;
        if (rows < ZC_PACKED_ROWS || here < unit.blocks || unit.gap > 0) {
            memset(to, 0, unit.bytes);
        }
        for (size_t r = 0; r < rows; r++) {
            zc_packed_put_row(m->type, to, r, m->start + (first + r) * m->row_bytes + at, here);
        }
    }
}

typedef struct job {
    const matrix *m;
    uint64_t first, end, each; /* groups */
} job;

static void pack_body(void *context, size_t index)
{
    const job *j = context;
    uint64_t from = j->first + index * j->each, end = j->end - from < j->each ? j->end : from + j->each;
    for (; from < end; from++) {
        pack_group(j->m, from);
    }
}

/* The file's pages that were just read: the system's cache keeps them, this process does not need them for decoding. */
static void let_go(const uint8_t *start, const uint8_t *end)
{
#if defined(__linux__)
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    uintptr_t from = ((uintptr_t)start + page - 1) / page * page, to = (uintptr_t)end / page * page;
    if (from < to) {
        (void)madvise((void *)from, to - from, MADV_DONTNEED);
    }
#else
    (void)start, (void)end;
#endif
}

/* ---- the table ---- */

/* With the lock held: the index of the first entry that begins above `address`. */
static size_t after(const uint8_t *address)
{
    size_t low = 0, high = table_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (table[middle].start <= address) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

/* With the lock held: whether some of these bytes were packed. */
static bool is_there(const matrix *m)
{
    size_t at = after(m->end - 1);
    return at > 0 && table[at - 1].end > m->start;
}

static zc_status publish(const packed *all, zc_error *error)
{
    zc_status status = ZC_OK;
    pthread_mutex_lock(&lock);
    if (table_capacity - table_count < all->count) {
        size_t capacity = (table_count + all->count) * 2;
        matrix *larger = zc_realloc(table, capacity * sizeof *larger);
        if (larger) {
            table = larger;
            table_capacity = capacity;
        } else {
            status = zc_fail(error, ZC_NO_MEMORY, "cannot allocate a table of %zu packed matrices", capacity);
        }
    }
    for (size_t i = 0; status == ZC_OK && i < all->count; i++) {
        if (!is_there(&all->matrices[i])) { /* or another thread was faster */
            size_t at = after(all->matrices[i].start);
            memmove(table + at + 1, table + at, (table_count - at) * sizeof *table);
            table[at] = all->matrices[i];
            table_count++;
        }
    }
    atomic_store_explicit(&in_table, table_count, memory_order_release);
    pthread_mutex_unlock(&lock);
    return status;
}

bool zc_cpu_packed_find(const void *weights, uint32_t type, size_t n, size_t k, zc_packed_rows *out)
{
    const uint8_t *address = weights;
    bool found = false;
    if (atomic_load_explicit(&in_table, memory_order_acquire) == 0) {
        return false;
    }
    pthread_mutex_lock(&lock);
    size_t at = after(address);
    const matrix *m = at > 0 ? &table[at - 1] : NULL;
    if (m && address < m->end && m->type == type && m->k == k) {
        uint64_t offset = (uint64_t)(address - m->start), row = offset / m->row_bytes;
        if (offset % (m->row_bytes * ZC_PACKED_ROWS) == 0 && n <= m->n - row) {
            *out = (zc_packed_rows){m->to + row / ZC_PACKED_ROWS * m->group_bytes, m->group_bytes};
            found = true;
        }
    }
    pthread_mutex_unlock(&lock);
    return found;
}

void zc_cpu_packed_release(void *value)
{
    packed *all = value;
    if (!all) {
        return;
    }
    pthread_mutex_lock(&lock);
    for (size_t i = 0; i < all->count; i++) {
        size_t at = after(all->matrices[i].start);
        if (at > 0 && table[at - 1].to == all->matrices[i].to) {
            table_count--;
            memmove(table + at - 1, table + at, (table_count - (at - 1)) * sizeof *table);
        }
    }
    if (table_count == 0) {
        zc_free(table);
        table = NULL;
        table_capacity = 0;
    }
    atomic_store_explicit(&in_table, table_count, memory_order_release);
    pthread_mutex_unlock(&lock);
    zc_free(all->memory);
    zc_free(all);
}

/* ---- packing ---- */

static int by_start(const void *a, const void *b)
{
    const matrix *left = a, *right = b;
    return left->start < right->start ? -1 : left->start > right->start;
}

/* What is to be packed of these, in the file's order; there is no memory for it yet. Of matrices with bytes in common,
 * which a file may have any number of, one is packed. So no sum nor product overflows: the weights' own bytes are there,
 * and the copy has less than three times as many. */
static packed *plan(const zc_device_matrix *matrices, size_t count, uint64_t *bytes, uint64_t *source)
{
    packed *all = zc_malloc(sizeof *all + count * sizeof *all->matrices);
    if (!all) {
        return NULL;
    }
    all->memory = NULL;
    all->count = 0;
    *bytes = *source = 0;
    for (size_t i = 0; i < count; i++) {
        const zc_device_matrix *from = &matrices[i];
        const zc_packed_unit unit = zc_packed_unit_of(from->type);
        const zc_weight_type_info *type = zc_weight_type_get(from->type);
        if (unit.blocks == 0 || from->n < LEAST_ROWS || from->k == 0) {
            continue;
        }
        matrix *m = &all->matrices[all->count++];
        *m = (matrix){.start = from->address,
                      .type = from->type,
                      .n = from->n,
                      .k = from->k,
                      .row_bytes = from->k / type->block * type->block_bytes,
                      .group_bytes = (from->k / 32 + unit.blocks - 1) / unit.blocks * unit.bytes,
                      .groups = (from->n + ZC_PACKED_ROWS - 1) / ZC_PACKED_ROWS};
        m->end = m->start + m->n * m->row_bytes;
    }
    qsort(all->matrices, all->count, sizeof *all->matrices, by_start);
    const size_t candidates = all->count;
    all->count = 0;
    pthread_mutex_lock(&lock);
    for (size_t i = 0; i < candidates; i++) {
        matrix m = all->matrices[i];
        if (is_there(&m) || (all->count > 0 && all->matrices[all->count - 1].end > m.start)) {
            continue;
        }
        m.offset = *bytes;
        *bytes += m.groups * m.group_bytes;
        *source += m.n * m.row_bytes;
        all->matrices[all->count++] = m;
    }
    pthread_mutex_unlock(&lock);
    return all;
}

static zc_status fill(const packed *all, unsigned threads, const zc_device_progress *progress, uint64_t total,
                      zc_error *error)
{
    uint64_t done = 0, reported = 0;
    for (size_t i = 0; i < all->count; i++) {
        const matrix *m = &all->matrices[i];
        uint64_t source = m->row_bytes * ZC_PACKED_ROWS; /* of a group */
        uint64_t step = STEP_BYTES / source + 1;
        for (uint64_t at = 0; at < m->groups; at += step) {
            uint64_t end = m->groups - at < step ? m->groups : at + step;
            uint64_t last = end * ZC_PACKED_ROWS < m->n ? end * ZC_PACKED_ROWS : m->n; /* rows */
            job j = {.m = m, .first = at, .end = end, .each = TASK_BYTES / source + 1};
            zc_threads_run(pack_body, &j, (size_t)((end - at + j.each - 1) / j.each), threads);
            let_go(m->start + at * source, m->start + last * m->row_bytes);
            done += (last - at * ZC_PACKED_ROWS) * m->row_bytes;
            if (progress && (done - reported >= STEP_BYTES || done == total)) {
                reported = done;
                if (!progress->report(progress->context, done, total)) {
                    return zc_fail(error, ZC_HOST, "the packing of weights was stopped after %llu of %llu bytes",
                                   (ull)done, (ull)total);
                }
            }
        }
    }
    return ZC_OK;
}

zc_status zc_cpu_pack(const zc_device_matrix *matrices, size_t count, unsigned threads,
                      const zc_device_progress *progress, void **out, zc_error *error)
{
    const zc_cpu_integer *integer = zc_cpu_get_ops()->integer;
    uint64_t bytes, source;
    *out = NULL;
    if (!integer || !integer->dots_packed) {
        return ZC_OK;
    }
    packed *all = plan(matrices, count, &bytes, &source);
    if (!all) {
        return zc_fail(error, ZC_NO_MEMORY, "cannot allocate a list of %zu matrices", count);
    }
    if (all->count == 0) {
        zc_free(all);
        return ZC_OK;
    }
    uintptr_t alignment = bytes >= HUGE_PAGE ? HUGE_PAGE : LINE;
    all->memory = zc_malloc((size_t)bytes + alignment);
    if (!all->memory) {
        zc_free(all);
        return zc_fail(error, ZC_NO_MEMORY, "cannot allocate %llu bytes for packed weights", (ull)bytes);
    }
    uint8_t *base = (uint8_t *)(((uintptr_t)all->memory + alignment - 1) / alignment * alignment);
#if defined(__linux__) && defined(MADV_HUGEPAGE)
    if (alignment == HUGE_PAGE) {
        (void)madvise(base, (size_t)(bytes / HUGE_PAGE * HUGE_PAGE), MADV_HUGEPAGE); /* a third faster to read */
    }
#endif
    for (size_t i = 0; i < all->count; i++) {
        all->matrices[i].to = base + all->matrices[i].offset;
    }
    unsigned most = zc_cpu_count() < ZC_THREADS_MAX ? zc_cpu_count() : ZC_THREADS_MAX;
    zc_status status = fill(all, threads == 0 || threads > most ? most : threads, progress, source, error);
    if (status == ZC_OK) {
        status = publish(all, error);
    }
    if (status != ZC_OK) {
        zc_cpu_packed_release(all);
        return status;
    }
    zc_copies_add(ZC_COPY_WEIGHTS_PACK, source);
    *out = all;
    return ZC_OK;
}
