/* zc_snapshot_scan: which bytes of a memory are worth storing: blocks that are not zero.
 *
 * Three things say so, from the cheapest: the caller's dead spans; the system, of pages that were never touched, which
 * looking at would bring in; and the bytes. A block that is dead in part is looked at in a copy in which the dead
 * bytes are zero.
 *
 * Ownership: borrows the contents. Threads: its caller's. Writes nothing.
 */
#include "snapshot/zc_snapshot_internal.h"

#include <string.h>

#include "base/zc_alloc.h"
#include "base/zc_crc32c.h"

#define ALL_BLOCKS 0xffffu
#define SMALL (UINT64_C(1) << 20) /* memories for which asking the system is not worth it */

bool zc_snapshot_is_zero(const uint8_t *bytes, uint64_t size)
{
    enum { WORDS = 16 };
    for (; size >= WORDS * 8; size -= WORDS * 8, bytes += WORDS * 8) {
        uint64_t words[WORDS], any = 0;
        memcpy(words, bytes, sizeof words);
        for (int i = 0; i < WORDS; i++) {
            any |= words[i];
        }
        if (any) {
            return false;
        }
    }
    while (size && *bytes == 0) {
        bytes++;
        size--;
    }
    return size == 0;
}

uint32_t zc_snapshot_crc_of_blocks(const uint8_t *page, uint32_t mask)
{
    uint32_t crc = 0, at = 0, first, count;
    while (zc_snapshot_next_run(mask, &at, &first, &count)) {
        crc = zc_crc32c(crc, page + first * ZC_SNAPSHOT_BLOCK, (size_t)count * ZC_SNAPSHOT_BLOCK);
    }
    return crc;
}

/* ---- what was never touched ---- */

static void begin_probe(zc_snapshot_scan *scan)
{
    const zc_snapshot_contents *contents = scan->contents;
    scan->region = contents->memory_size >= SMALL ? zc_region_find(contents->memory, contents->memory_size) : NULL;
    if (scan->region && zc_region_base(scan->region) == contents->memory) {
        scan->probe = zc_region_probe_new(scan->region, contents->dead, contents->dead_count);
    }
}

/* Take the blocks out of the mask that were never touched. */
static uint32_t touched_blocks(zc_snapshot_scan *scan, uint64_t start, uint32_t mask)
{
    for (uint32_t i = 0; scan->probe && mask >> i; i++) {
        uint64_t offset = start + (uint64_t)i * ZC_SNAPSHOT_BLOCK;
        if (mask >> i & 1 && !zc_region_probe_may_hold(scan->probe, offset, ZC_SNAPSHOT_BLOCK)) {
            mask &= ~(1u << i);
        }
    }
    return mask;
}

/* ---- what is dead ---- */

/* The blocks that are not dead. *partly: which of them hold dead bytes, too. */
static uint32_t living_blocks(zc_snapshot_scan *scan, uint64_t start, uint32_t *partly)
{
    uint32_t mask = ALL_BLOCKS;
    const zc_snapshot_span *dead = scan->contents->dead;
    size_t count = scan->contents->dead_count;
    while (scan->dead_at < count && dead[scan->dead_at].end <= start) {
        scan->dead_at++;
    }
    *partly = 0;
    for (size_t i = scan->dead_at; i < count && dead[i].start < start + ZC_SNAPSHOT_PAGE; i++) {
        uint64_t from = dead[i].start > start ? dead[i].start - start : 0;
        uint64_t to = dead[i].end - start < ZC_SNAPSHOT_PAGE ? dead[i].end - start : ZC_SNAPSHOT_PAGE;
        uint64_t first = (from + ZC_SNAPSHOT_BLOCK - 1) / ZC_SNAPSHOT_BLOCK, last = to / ZC_SNAPSHOT_BLOCK;
        for (uint64_t block = first; block < last; block++) {
            mask &= ~(1u << block);
        }
        if (from < to) {
            *partly |= from % ZC_SNAPSHOT_BLOCK ? 1u << from / ZC_SNAPSHOT_BLOCK : 0;
            *partly |= to % ZC_SNAPSHOT_BLOCK ? 1u << last : 0;
        }
    }
    *partly &= mask;
    return mask;
}

static zc_status copy_without_dead(zc_snapshot_scan *scan, uint64_t start, uint32_t mask, zc_error *error)
{
    if (!scan->copy && !(scan->copy = zc_malloc(ZC_SNAPSHOT_PAGE))) {
        return zc_fail(error, ZC_NO_MEMORY, "cannot allocate a page of %u bytes", ZC_SNAPSHOT_PAGE);
    }
    uint32_t at = 0, first, count;
    while (zc_snapshot_next_run(mask, &at, &first, &count)) {
        memcpy(scan->copy + first * ZC_SNAPSHOT_BLOCK,
               scan->contents->memory + start + (uint64_t)first * ZC_SNAPSHOT_BLOCK, (size_t)count * ZC_SNAPSHOT_BLOCK);
    }
    const zc_snapshot_span *dead = scan->contents->dead;
    for (size_t i = scan->dead_at; i < scan->contents->dead_count && dead[i].start < start + ZC_SNAPSHOT_PAGE; i++) {
        uint64_t from = dead[i].start > start ? dead[i].start - start : 0;
        uint64_t to = dead[i].end - start < ZC_SNAPSHOT_PAGE ? dead[i].end - start : ZC_SNAPSHOT_PAGE;
        for (at = 0; zc_snapshot_next_run(mask, &at, &first, &count);) {
            uint64_t begin = (uint64_t)first * ZC_SNAPSHOT_BLOCK, end = begin + (uint64_t)count * ZC_SNAPSHOT_BLOCK;
            begin = from > begin ? from : begin;
            end = to < end ? to : end;
            if (begin < end) {
                memset(scan->copy + begin, 0, (size_t)(end - begin));
            }
        }
    }
    return ZC_OK;
}

/* ---- pages ---- */

void zc_snapshot_scan_begin(zc_snapshot_scan *scan, const zc_snapshot_contents *contents)
{
    memset(scan, 0, sizeof *scan);
    scan->contents = contents;
    begin_probe(scan);
}

bool zc_snapshot_next_blocks(const zc_snapshot_blocks *blocks, uint32_t *at, uint32_t *first, uint32_t *count,
                             const uint8_t **bytes)
{
    while (*at < ZC_SNAPSHOT_BLOCKS && !(blocks->mask >> *at & 1)) {
        ++*at;
    }
    if (*at == ZC_SNAPSHOT_BLOCKS) {
        return false;
    }
    *first = *at;
    bool copied = blocks->copied >> *at & 1;
    while (*at < ZC_SNAPSHOT_BLOCKS && blocks->mask >> *at & 1 && (blocks->copied >> *at & 1) == copied) {
        ++*at;
    }
    *count = *at - *first;
    *bytes = (copied ? blocks->copy : blocks->memory) + (size_t)*first * ZC_SNAPSHOT_BLOCK;
    return true;
}

zc_status zc_snapshot_scan_page(zc_snapshot_scan *scan, uint32_t page, zc_snapshot_blocks *out, zc_error *error)
{
    uint64_t start = (uint64_t)page * ZC_SNAPSHOT_PAGE;
    uint32_t partly, mask = touched_blocks(scan, start, living_blocks(scan, start, &partly));
    partly &= mask;
    if (partly) {
        zc_status status = copy_without_dead(scan, start, partly, error);
        if (status != ZC_OK) {
            return status;
        }
    }
    *out = (zc_snapshot_blocks){.copied = partly, .memory = scan->contents->memory + start, .copy = scan->copy};
    for (uint32_t i = 0; mask >> i; i++) {
        const uint8_t *block = (partly >> i & 1 ? out->copy : out->memory) + (size_t)i * ZC_SNAPSHOT_BLOCK;
        if (mask >> i & 1 && !zc_snapshot_is_zero(block, ZC_SNAPSHOT_BLOCK)) {
            out->mask |= 1u << i;
        }
    }
    return ZC_OK;
}

void zc_snapshot_scan_end(zc_snapshot_scan *scan)
{
    zc_region_probe_free(scan->probe);
    zc_region_release(scan->region);
    zc_free(scan->copy);
}
