/* zc_snapshot_internal: what the files of this folder share: where things lie in a snapshot's file, and what an opened one
 * is. From the ground up: zc_snapshot_file (bytes to and from a file), zc_snapshot_scan (which bytes of a memory are
 * worth storing), zc_snapshot_write, zc_snapshot_read (sections and index), zc_snapshot_fill (pages).
 *
 *     header | sections, each with a header | zeros up to a slot | page data | index of pages | footer
 *
 * Numbers are little-endian. Each part is checked by a CRC-32C; that of a header, the index or the footer stands last
 * in it or, for the index, in the footer. docs/reference/snapshot-format.md is the same for readers.
 */
#ifndef ZC_SNAPSHOT_INTERNAL_H
#define ZC_SNAPSHOT_INTERNAL_H

#include "base/zc_bytes.h"
#include "snapshot/zc_snapshot.h"

#define ZC_SNAPSHOT_MAGIC "\x89ZCSNAP\n" /* a byte that is not ASCII, and a line's end, which text modes change */
#define ZC_SNAPSHOT_END_MAGIC "PANS"
#define ZC_SNAPSHOT_MAGIC_SIZE 8u
#define ZC_SNAPSHOT_END_MAGIC_SIZE 4u
#define ZC_SNAPSHOT_CODEC_SIZE 8u

#define ZC_SNAPSHOT_HEADER_SIZE 36u /* magic, version, sections, memory's size, codec, CRC */
#define ZC_SNAPSHOT_SECTION_SIZE 24u /* tag, name's size, size, CRC of name and bytes, CRC */
#define ZC_SNAPSHOT_ENTRY_SIZE 24u /* page, mask, how, offset, stored size, CRC of what is stored */
#define ZC_SNAPSHOT_FOOTER_SIZE 32u /* index's offset, entries, index's CRC, file's size, CRC, magic */

#define ZC_SNAPSHOT_PAGE 65536u /* WebAssembly's, and how slots are aligned */
#define ZC_SNAPSHOT_BLOCK 4096u
#define ZC_SNAPSHOT_BLOCKS (ZC_SNAPSHOT_PAGE / ZC_SNAPSHOT_BLOCK)
#define ZC_SNAPSHOT_MAX_MEMORY (UINT64_C(1) << 32)

/* How a page is stored. */
#define ZC_SNAPSHOT_IN_SLOT 0u /* 64 KiB of the file at a multiple of that, each block at its place */
#define ZC_SNAPSHOT_PACKED 1u /* its blocks one after the other, anywhere */
#define ZC_SNAPSHOT_COMPRESSED 2u /* those, made smaller by the file's codec */

typedef struct zc_snapshot_page {
    uint32_t page;
    uint16_t mask; /* bit i: block i is stored; the others are zero */
    uint16_t how;
    uint64_t offset;
    uint32_t stored; /* bytes of the file, without the holes of a slot */
    uint32_t crc; /* of these */
} zc_snapshot_page;

struct zc_snapshot {
    zc_snapshot_source source;
    uint64_t memory_size, stored;
    char codec[ZC_SNAPSHOT_CODEC_SIZE + 1];
    zc_snapshot_section *sections; /* what they point to is `owned`, or the source's */
    void **owned;
    size_t section_count;
    zc_snapshot_page *pages;
    uint32_t page_count;
    bool complete; /* false: sections only */
};

static inline uint64_t zc_snapshot_slot_after(uint64_t offset)
{
    return (offset + ZC_SNAPSHOT_PAGE - 1) / ZC_SNAPSHOT_PAGE * ZC_SNAPSHOT_PAGE;
}

/* The next run of set bits of a mask from *at on: its first bit and how many; false when there is none. */
static inline bool zc_snapshot_next_run(uint32_t mask, uint32_t *at, uint32_t *first, uint32_t *count)
{
    while (*at < ZC_SNAPSHOT_BLOCKS && !(mask >> *at & 1)) {
        ++*at;
    }
    *first = *at;
    while (*at < ZC_SNAPSHOT_BLOCKS && mask >> *at & 1) {
        ++*at;
    }
    *count = *at - *first;
    return *count > 0;
}

/* The checksum of the blocks of a page that the mask names, one after the other. */
uint32_t zc_snapshot_crc_of_blocks(const uint8_t *page, uint32_t mask);
bool zc_snapshot_is_zero(const uint8_t *bytes, uint64_t size);

/* Exactly these bytes of the source. */
zc_status zc_snapshot_read_source(const zc_snapshot_source *source, uint64_t offset, void *out, uint64_t size,
                                  zc_error *error);

/* ---- zc_snapshot_scan: the memory, page by page from the first to the last ---- */

typedef struct zc_snapshot_scan {
    const zc_snapshot_contents *contents;
    size_t dead_at; /* spans before it end before the page that is looked at */
    uint8_t *copy; /* of blocks without their dead bytes, each at its place in a page; made when it is needed */
    zc_region *region; /* retained: that of the memory, when it is one */
    zc_region_probe *probe; /* what is known of its pages, or NULL */
} zc_snapshot_scan;

/* The blocks of a page that hold something, each at its place: those of `copied` in the copy, the others in the memory. */
typedef struct zc_snapshot_blocks {
    uint32_t mask, copied;
    const uint8_t *memory, *copy;
} zc_snapshot_blocks;

/* The next of them from *at on that lie side by side: the first one, how many, and where; false when there is none. */
bool zc_snapshot_next_blocks(const zc_snapshot_blocks *blocks, uint32_t *at, uint32_t *first, uint32_t *count,
                             const uint8_t **bytes);

void zc_snapshot_scan_begin(zc_snapshot_scan *scan, const zc_snapshot_contents *contents);
/* Which blocks of the page hold something. The copy, of blocks that are dead in part, lasts until the next call. */
zc_status zc_snapshot_scan_page(zc_snapshot_scan *scan, uint32_t page, zc_snapshot_blocks *out, zc_error *error);
void zc_snapshot_scan_end(zc_snapshot_scan *scan);

#endif
