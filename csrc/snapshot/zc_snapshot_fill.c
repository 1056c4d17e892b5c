/* zc_snapshot_fill: the pages of an opened snapshot into a region: read, or shown from the file.
 *
 * Reading goes straight to the region, some pages at a time, and the checksum follows while the processor has the bytes
 * near. Blocks that are not stored are never touched. Showing checks the file first, the blocks that are not stored
 * included, because the region shows whatever is there. Either takes one thread for each megabyte or more, up to a few;
 * of several failures the first page's is told, as one thread would. A codec may be Python's, and is its caller's.
 *
 * Ownership: borrows both; regions keep what they show. Threads: its caller's and zc_jobs; nobody else knows the region
 * yet, and it does not return before they are done.
 */
#include "snapshot/zc_snapshot_internal.h"

#include <string.h>

#include "base/zc_alloc.h"
#include "base/zc_copies.h"
#include "base/zc_crc32c.h"
#include "base/zc_jobs.h"

#define AT_ONCE 4u   /* pages: what stays near until it is checked */
#define LEAST_PART (UINT64_C(1) << 20) /* stored bytes for a thread of its own, which take half a millisecond */
#define MAX_RUNS 512 /* mappings; a process may have some 65,000 */
#define ALL_BLOCKS 0xffffu

/* Some of the pages, those with the indices [first, end), and who fills them. */
typedef struct filling {
    const zc_snapshot *snapshot;
    uint8_t *base; /* of the region */
    zc_region *region;
    const zc_snapshot_codec *codec;
    bool mapped;
    uint32_t first, end;
    uint8_t *buffer; /* AT_ONCE pages, where the region is not read into */
    zc_status status;
    zc_error error;
} filling;

static zc_status check_crc(const zc_snapshot_page *page, uint32_t crc, zc_error *error)
{
    if (crc != page->crc) {
        return zc_fail(error, ZC_SNAPSHOT, "page %u, at offset %llu, is damaged: its checksum is %08x, not %08x",
                       page->page, (ull)page->offset, crc, page->crc);
    }
    return ZC_OK;
}

/* How many pages from `first` on follow each other in the memory, and so in the file: slots do. */
static uint32_t pages_in_a_row(const zc_snapshot *snapshot, uint32_t first, uint32_t end)
{
    uint32_t count = 1;
    while (first + count < end && snapshot->pages[first + count].page == snapshot->pages[first].page + count) {
        count++;
    }
    return count;
}

/* ---- slots ---- */

static uint8_t *place_of(const filling *filling, const zc_snapshot_page *page)
{
    return filling->base + (uint64_t)page->page * ZC_SNAPSHOT_PAGE;
}

static zc_status read_to(const filling *filling, uint64_t offset, uint8_t *place, uint64_t size, zc_error *error)
{
    zc_region_expect_writes(place, size);
    return zc_snapshot_read_source(&filling->snapshot->source, offset, place, size, error);
}

static zc_status read_blocks(const filling *filling, const zc_snapshot_page *page, zc_error *error)
{
    zc_status status = ZC_OK;
    uint32_t at = 0, first, count;
    while (status == ZC_OK && zc_snapshot_next_run(page->mask, &at, &first, &count)) {
        uint64_t start = (uint64_t)first * ZC_SNAPSHOT_BLOCK;
        status = read_to(filling, page->offset + start, place_of(filling, page) + start,
                         (uint64_t)count * ZC_SNAPSHOT_BLOCK, error);
    }
    return status;
}

/* Whole pages in a row at once; of others, each run of blocks. */
static zc_status read_slots(const filling *filling, uint32_t first, uint32_t count, zc_error *error)
{
    const zc_snapshot_page *page = filling->snapshot->pages + first, *end = page + count;
    zc_status status = ZC_OK;
    while (status == ZC_OK && page < end) {
        uint32_t whole = 0;
        while (whole < AT_ONCE && page + whole < end && page[whole].mask == ALL_BLOCKS) {
            whole++;
        }
        status =
            whole ? read_to(filling, page->offset, place_of(filling, page), (uint64_t)whole * ZC_SNAPSHOT_PAGE, error)
                  : read_blocks(filling, page, error);
        for (uint32_t i = whole ? whole : 1; status == ZC_OK && i; i--, page++) {
            status = check_crc(page, zc_snapshot_crc_of_blocks(place_of(filling, page), page->mask), error);
        }
    }
    return status;
}

static zc_status check_slot(const zc_snapshot_page *page, const uint8_t *bytes, zc_error *error)
{
    uint32_t at = 0, first, count;
    while (zc_snapshot_next_run(~(uint32_t)page->mask & ALL_BLOCKS, &at, &first, &count)) {
        if (!zc_snapshot_is_zero(bytes + first * ZC_SNAPSHOT_BLOCK, (uint64_t)count * ZC_SNAPSHOT_BLOCK)) {
            return zc_fail(error, ZC_SNAPSHOT,
                           "page %u, at offset %llu, is damaged: blocks that it does not store hold something",
                           page->page, (ull)page->offset);
        }
    }
    return check_crc(page, zc_snapshot_crc_of_blocks(bytes, page->mask), error);
}

static zc_status show_slots(const filling *filling, uint32_t first, uint32_t count, zc_error *error)
{
    const zc_snapshot_page *pages = filling->snapshot->pages + first;
    zc_status status = ZC_OK;
    for (uint32_t at = 0; status == ZC_OK && at < count; at += AT_ONCE) {
        uint32_t now = count - at < AT_ONCE ? count - at : AT_ONCE;
        status = zc_snapshot_read_source(&filling->snapshot->source, pages[at].offset, filling->buffer,
                                         (uint64_t)now * ZC_SNAPSHOT_PAGE, error);
        for (uint32_t i = 0; status == ZC_OK && i < now; i++) {
            status = check_slot(&pages[at + i], filling->buffer + (size_t)i * ZC_SNAPSHOT_PAGE, error);
        }
    }
    return status == ZC_OK ? zc_region_show_file(filling->region, (uint64_t)pages->page * ZC_SNAPSHOT_PAGE,
                                                 filling->snapshot->source.file, pages->offset,
                                                 (uint64_t)count * ZC_SNAPSHOT_PAGE, error)
                           : status;
}

/* ---- packed pages ---- */

static zc_status fill_packed(const filling *filling, uint32_t index, zc_error *error)
{
    const zc_snapshot_page *page = &filling->snapshot->pages[index];
    const zc_snapshot_codec *codec = filling->codec;
    uint8_t *stored = filling->buffer, *blocks = stored + ZC_SNAPSHOT_PAGE, *place = place_of(filling, page);
    uint32_t size = (uint32_t)__builtin_popcount(page->mask) * ZC_SNAPSHOT_BLOCK;
    zc_status status = zc_snapshot_read_source(&filling->snapshot->source, page->offset, stored, page->stored, error);
    if (status == ZC_OK) {
        status = check_crc(page, zc_crc32c(0, stored, page->stored), error);
    }
    if (status != ZC_OK) {
        return status;
    }
    if (page->how == ZC_SNAPSHOT_PACKED) {
        blocks = stored;
    } else if (!codec->expand(codec->context, stored, page->stored, blocks, size)) {
        return zc_fail(error, ZC_SNAPSHOT, "page %u, at offset %llu: %u bytes are not %s of %u", page->page,
                       (ull)page->offset, page->stored, codec->name, size);
    }
    uint32_t at = 0, first, count;
    while (zc_snapshot_next_run(page->mask, &at, &first, &count)) {
        memcpy(place + first * ZC_SNAPSHOT_BLOCK, blocks, (size_t)count * ZC_SNAPSHOT_BLOCK);
        blocks += count * ZC_SNAPSHOT_BLOCK;
    }
    return ZC_OK;
}

/* ---- all pages ---- */

static zc_status fill(filling *filling, zc_error *error)
{
    const zc_snapshot *snapshot = filling->snapshot;
    bool packed = snapshot->codec[0] != 0;
    if ((packed || filling->mapped) && !(filling->buffer = zc_malloc((size_t)AT_ONCE * ZC_SNAPSHOT_PAGE))) {
        return zc_fail(error, ZC_NO_MEMORY, "cannot allocate %u bytes to read pages", AT_ONCE * ZC_SNAPSHOT_PAGE);
    }
    zc_status status = ZC_OK;
    for (uint32_t i = filling->first; status == ZC_OK && i < filling->end;) {
        uint32_t count = packed ? 1 : pages_in_a_row(snapshot, i, filling->end);
        status = packed            ? fill_packed(filling, i, error)
                 : filling->mapped ? show_slots(filling, i, count, error)
                                   : read_slots(filling, i, count, error);
        i += count;
    }
    zc_free(filling->buffer);
    return status;
}

static void run_job(void *context, unsigned index)
{
    filling *filling = (struct filling *)context + index;
    filling->status = fill(filling, &filling->error);
}

/* `jobs` parts with about as many stored bytes. */
static zc_status fill_together(const filling *all, unsigned jobs, zc_error *error)
{
    const zc_snapshot *snapshot = all->snapshot;
    filling parts[ZC_JOBS];
    uint64_t stored = 0;
    uint32_t at = 0;
    for (unsigned i = 0; i < jobs; i++) {
        parts[i] = *all;
        parts[i].first = at;
        while (at < snapshot->page_count && (i + 1 == jobs || stored < snapshot->stored / jobs * (i + 1))) {
            stored += snapshot->pages[at++].stored;
        }
        parts[i].end = at;
    }
    zc_jobs_run(jobs, run_job, parts);
    for (unsigned i = 0; i < jobs; i++) {
        if (parts[i].status != ZC_OK) {
            *error = parts[i].error;
            return parts[i].status;
        }
    }
    return ZC_OK;
}

static bool can_map(const zc_snapshot *snapshot)
{
    uint32_t runs = 0;
    for (uint32_t i = 0; i < snapshot->page_count; i += pages_in_a_row(snapshot, i, snapshot->page_count)) {
        runs++;
    }
    return snapshot->source.file >= 0 && !snapshot->codec[0] && runs <= MAX_RUNS;
}

zc_status zc_snapshot_fill(zc_snapshot *snapshot, zc_region *region, bool mapped, const zc_snapshot_codec *codec,
                           zc_error *error)
{
    if (!snapshot->complete) {
        return zc_fail(error, ZC_SNAPSHOT, "the snapshot is damaged: only its sections were read");
    }
    if (snapshot->memory_size == 0) {
        return ZC_OK;
    }
    if (!region || zc_region_size(region) < snapshot->memory_size) {
        return zc_fail(error, ZC_BAD_VALUE, "a region of %llu bytes cannot hold the snapshot's %llu",
                       (ull)(region ? zc_region_size(region) : 0), (ull)snapshot->memory_size);
    }
    if (snapshot->codec[0] && (!codec || strcmp(codec->name, snapshot->codec) != 0)) {
        return zc_fail(error, ZC_SNAPSHOT, "the snapshot is compressed with %s, and there is %s to read it",
                       snapshot->codec, codec ? codec->name : "nothing");
    }
    const filling all = {.snapshot = snapshot,
                         .base = zc_region_base(region),
                         .region = region,
                         .codec = codec,
                         .mapped = mapped && can_map(snapshot)};
    zc_copies_add(ZC_COPY_SNAPSHOT, all.mapped ? 0 : snapshot->stored);
    return fill_together(&all, snapshot->codec[0] ? 1 : zc_jobs_count(snapshot->stored / LEAST_PART), error);
}
