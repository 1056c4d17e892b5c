/* zc_snapshot_read: opening a snapshot: its header, sections and index of pages, checked once, here.
 *
 * Where a page's bytes lie follows from the pages before it, and the file must say the same. So pages cannot overlap, lie
 * elsewhere or leave room for something else, and the index ends where the footer begins. Every count is compared
 * with the bytes that the file has left before anything is allocated for it.
 *
 * Of a file, everything is read once into memory of the snapshot's own and checked there: what happens to the file
 * meanwhile makes other bytes or an error. Threads: one at a time. Page data is not touched (zc_snapshot_fill).
 */
#define _FILE_OFFSET_BITS 64
#include "snapshot/zc_snapshot_internal.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "base/zc_alloc.h"
#include "base/zc_crc32c.h"

/* ---- parts ---- */

/* Bytes of the file, checked to end with their checksum, which the reader is not shown. */
static zc_status read_part(const zc_snapshot *snapshot, const char *what, uint64_t offset, uint8_t *bytes,
                           uint32_t size, zc_reader *out, zc_error *error)
{
    zc_status status = zc_snapshot_read_source(&snapshot->source, offset, bytes, size, error);
    if (status != ZC_OK) {
        return status;
    }
    zc_reader crc = {.at = bytes + size - 4, .end = bytes + size};
    uint32_t is = zc_crc32c(0, bytes, size - 4), should_be = zc_take_u32(&crc);
    if (is != should_be) {
        return zc_fail(error, ZC_SNAPSHOT, "the %s at offset %llu is damaged: its checksum is %08x, not %08x", what,
                       (ull)offset, is, should_be);
    }
    *out = (zc_reader){.at = bytes, .end = bytes + size - 4};
    return ZC_OK;
}

/* The name of a codec, padded with zeros, or nothing. */
static bool take_codec(zc_reader *reader, char *out)
{
    const uint8_t *bytes = zc_take(reader, ZC_SNAPSHOT_CODEC_SIZE);
    size_t size = 0;
    while (size < ZC_SNAPSHOT_CODEC_SIZE && bytes[size] >= '!' && bytes[size] <= '~') {
        size++;
    }
    memcpy(out, bytes, size);
    out[size] = 0;
    return zc_snapshot_is_zero(bytes + size, ZC_SNAPSHOT_CODEC_SIZE - size);
}

static zc_status read_header(zc_snapshot *snapshot, uint32_t *section_count, zc_error *error)
{
    uint8_t bytes[ZC_SNAPSHOT_HEADER_SIZE];
    uint64_t size = snapshot->source.size;
    if (size < ZC_SNAPSHOT_HEADER_SIZE + ZC_SNAPSHOT_FOOTER_SIZE) {
        return zc_fail(error, ZC_SNAPSHOT, "is no snapshot, or cut short: it has %llu bytes", (ull)size);
    }
    zc_status status = zc_snapshot_read_source(&snapshot->source, 0, bytes, sizeof bytes, error);
    if (status != ZC_OK) {
        return status;
    }
    if (memcmp(bytes, ZC_SNAPSHOT_MAGIC, ZC_SNAPSHOT_MAGIC_SIZE) != 0) {
        return zc_fail(error, ZC_SNAPSHOT, "is no snapshot: its first bytes are others");
    }
    /* The version before the checksum: another version may have it elsewhere. */
    zc_reader reader = {.at = bytes + ZC_SNAPSHOT_MAGIC_SIZE, .end = bytes + sizeof bytes};
    uint32_t version = zc_take_u32(&reader);
    if (version != ZC_SNAPSHOT_VERSION) {
        return zc_fail(error, ZC_SNAPSHOT, "is a snapshot of format version %u; this reads version %u", version,
                       ZC_SNAPSHOT_VERSION);
    }
    status = read_part(snapshot, "header", 0, bytes, sizeof bytes, &reader, error);
    if (status != ZC_OK) {
        return status;
    }
    (void)zc_take(&reader, ZC_SNAPSHOT_MAGIC_SIZE + 4);
    *section_count = zc_take_u32(&reader);
    snapshot->memory_size = zc_take_u64(&reader);
    if (!take_codec(&reader, snapshot->codec)) {
        return zc_fail(error, ZC_SNAPSHOT, "the header's name of a codec is not printable");
    }
    if (*section_count > ZC_SNAPSHOT_MAX_SECTIONS) {
        return zc_fail(error, ZC_SNAPSHOT, "the header counts %u sections; %u are the most", *section_count,
                       ZC_SNAPSHOT_MAX_SECTIONS);
    }
    if (snapshot->memory_size % ZC_SNAPSHOT_PAGE || snapshot->memory_size > ZC_SNAPSHOT_MAX_MEMORY) {
        return zc_fail(error, ZC_SNAPSHOT, "the header says %llu bytes of memory, not whole pages of %u up to %llu",
                       (ull)snapshot->memory_size, ZC_SNAPSHOT_PAGE, (ull)ZC_SNAPSHOT_MAX_MEMORY);
    }
    return ZC_OK;
}

/* ---- sections ---- */

typedef struct section_header {
    uint32_t tag, name_size, crc;
    uint64_t size;
} section_header;

static zc_status read_section_header(const zc_snapshot *snapshot, uint64_t offset, section_header *out, zc_error *error)
{
    uint8_t bytes[ZC_SNAPSHOT_SECTION_SIZE];
    zc_reader reader;
    zc_status status = read_part(snapshot, "header of a section", offset, bytes, sizeof bytes, &reader, error);
    if (status != ZC_OK) {
        return status;
    }
    out->tag = zc_take_u32(&reader);
    out->name_size = zc_take_u32(&reader);
    out->size = zc_take_u64(&reader);
    out->crc = zc_take_u32(&reader);
    if (out->tag == 0 || out->tag > ZC_SNAPSHOT_LAST_TAG || out->name_size > ZC_SNAPSHOT_MAX_NAME ||
        (out->name_size && out->tag != ZC_SNAPSHOT_NOTE)) {
        return zc_fail(error, ZC_SNAPSHOT, "the section at offset %llu has the tag %u and a name of %u bytes",
                       (ull)offset, out->tag, out->name_size);
    }
    uint64_t left = snapshot->source.size - offset - sizeof bytes;
    if (out->name_size > left || out->size > left - out->name_size) {
        return zc_fail(error, ZC_SNAPSHOT,
                       "the file is cut short: the section at offset %llu has %llu bytes, the file %llu", (ull)offset,
                       (ull)out->size, (ull)snapshot->source.size);
    }
    return ZC_OK;
}

/* The section's bytes, behind its name. */
static zc_status read_section(zc_snapshot *snapshot, uint64_t offset, const section_header *header, zc_error *error)
{
    uint64_t size = header->name_size + header->size;
    const uint8_t *bytes;
    uint8_t *own = NULL;
    if (snapshot->source.file < 0) {
        bytes = snapshot->source.bytes + offset;
    } else {
        bytes = own = size <= SIZE_MAX ? zc_malloc((size_t)size) : NULL;
        if (!own) {
            return zc_fail(error, ZC_NO_MEMORY, "cannot allocate a section of %llu bytes", (ull)size);
        }
    }
    zc_status status = own ? zc_snapshot_read_source(&snapshot->source, offset, own, size, error) : ZC_OK;
    uint32_t crc = status == ZC_OK ? zc_crc32c(0, bytes, (size_t)size) : 0;
    if (status == ZC_OK && crc != header->crc) {
        status = zc_fail(error, ZC_SNAPSHOT, "the section at offset %llu is damaged: its checksum is %08x, not %08x",
                         (ull)offset, crc, header->crc);
    }
    const char *name = (const char *)bytes;
    if (status == ZC_OK && zc_snapshot_find(snapshot, header->tag, name, header->name_size)) {
        status = zc_fail(error, ZC_SNAPSHOT, "the section at offset %llu is there twice, with tag %u", (ull)offset,
                         header->tag);
    }
    if (status != ZC_OK) {
        zc_free(own);
        return status;
    }
    snapshot->owned[snapshot->section_count] = own;
    snapshot->sections[snapshot->section_count++] = (zc_snapshot_section){.tag = header->tag,
                                                                          .name = name,
                                                                          .name_size = header->name_size,
                                                                          .bytes = bytes + header->name_size,
                                                                          .size = header->size};
    return ZC_OK;
}

/* *end: where the last one ends. `damaged`: take those that are whole. */
static zc_status read_sections(zc_snapshot *snapshot, uint32_t count, bool damaged, uint64_t *end, zc_error *error)
{
    snapshot->sections = zc_calloc(count, sizeof *snapshot->sections);
    snapshot->owned = zc_calloc(count, sizeof *snapshot->owned);
    if (!snapshot->sections || !snapshot->owned) {
        return zc_fail(error, ZC_NO_MEMORY, "cannot allocate a list of %u sections", count);
    }
    *end = ZC_SNAPSHOT_HEADER_SIZE;
    for (uint32_t i = 0; i < count; i++) {
        section_header header;
        zc_status status = read_section_header(snapshot, *end, &header, error);
        if (status != ZC_OK) {
            return damaged && status == ZC_SNAPSHOT ? ZC_OK : status;
        }
        status = read_section(snapshot, *end + ZC_SNAPSHOT_SECTION_SIZE, &header, error);
        if (status != ZC_OK && !(damaged && status == ZC_SNAPSHOT)) {
            return status;
        }
        *end += ZC_SNAPSHOT_SECTION_SIZE + header.name_size + header.size;
    }
    return ZC_OK;
}

/* ---- the index of pages ---- */

static zc_status check_page(const zc_snapshot *snapshot, const zc_snapshot_page *page, uint64_t least, uint64_t *at,
                            uint64_t index, zc_error *error)
{
    uint32_t whole = (uint32_t)__builtin_popcount(page->mask) * ZC_SNAPSHOT_BLOCK;
    bool slot = page->how == ZC_SNAPSHOT_IN_SLOT;
    if (page->page < least || page->page >= snapshot->memory_size / ZC_SNAPSHOT_PAGE) {
        return zc_fail(error, ZC_SNAPSHOT, "the index has page %u after %llu others, of a memory of %llu bytes",
                       page->page, (ull)least, (ull)snapshot->memory_size);
    }
    if (page->how > ZC_SNAPSHOT_COMPRESSED || slot != !snapshot->codec[0] || page->mask == 0 ||
        (page->how == ZC_SNAPSHOT_COMPRESSED ? page->stored == 0 || page->stored >= whole : page->stored != whole)) {
        return zc_fail(error, ZC_SNAPSHOT, "page %u is stored in a way that is not allowed: %u, blocks %04x, %u bytes",
                       page->page, page->how, page->mask, page->stored);
    }
    uint64_t offset = slot ? zc_snapshot_slot_after(*at) : *at, size = slot ? ZC_SNAPSHOT_PAGE : page->stored;
    if (page->offset != offset || offset > index || size > index - offset) {
        return zc_fail(error, ZC_SNAPSHOT, "page %u lies at offset %llu, not at %llu before the index at %llu",
                       page->page, (ull)page->offset, (ull)offset, (ull)index);
    }
    *at = offset + size;
    return ZC_OK;
}

static zc_status read_entries(zc_snapshot *snapshot, zc_reader reader, uint64_t at, uint64_t index, zc_error *error)
{
    uint64_t least = 0;
    for (uint32_t i = 0; i < snapshot->page_count; i++) {
        zc_snapshot_page *page = &snapshot->pages[i];
        page->page = zc_take_u32(&reader);
        uint32_t mask_and_how = zc_take_u32(&reader);
        page->mask = (uint16_t)mask_and_how;
        page->how = (uint16_t)(mask_and_how >> 16);
        page->offset = zc_take_u64(&reader);
        page->stored = zc_take_u32(&reader);
        page->crc = zc_take_u32(&reader);
        zc_status status = check_page(snapshot, page, least, &at, index, error);
        if (status != ZC_OK) {
            return status;
        }
        least = (uint64_t)page->page + 1;
        snapshot->stored += page->stored;
    }
    if (at != index) {
        return zc_fail(error, ZC_SNAPSHOT, "the pages end at offset %llu, and the index begins at %llu", (ull)at,
                       (ull)index);
    }
    return ZC_OK;
}

typedef struct footer {
    uint64_t index;
    uint32_t count, index_crc;
} footer;

static zc_status read_footer(const zc_snapshot *snapshot, uint64_t sections_end, footer *out, zc_error *error)
{
    uint8_t bytes[ZC_SNAPSHOT_FOOTER_SIZE];
    uint64_t size = snapshot->source.size, at = size - sizeof bytes;
    uint32_t checked = sizeof bytes - ZC_SNAPSHOT_END_MAGIC_SIZE;
    if (sections_end > at) {
        return zc_fail(error, ZC_SNAPSHOT, "the file is cut short: it ends at %llu, within the sections", (ull)size);
    }
    zc_status status = zc_snapshot_read_source(&snapshot->source, at, bytes, sizeof bytes, error);
    if (status != ZC_OK) {
        return status;
    }
    if (memcmp(bytes + checked, ZC_SNAPSHOT_END_MAGIC, ZC_SNAPSHOT_END_MAGIC_SIZE) != 0) {
        return zc_fail(error, ZC_SNAPSHOT, "the file is cut short, or something follows it: no footer ends at %llu",
                       (ull)size);
    }
    zc_reader reader;
    status = read_part(snapshot, "footer", at, bytes, checked, &reader, error);
    if (status != ZC_OK) {
        return status;
    }
    out->index = zc_take_u64(&reader);
    out->count = zc_take_u32(&reader);
    out->index_crc = zc_take_u32(&reader);
    uint64_t says = zc_take_u64(&reader);
    if (says != size) {
        return zc_fail(error, ZC_SNAPSHOT, "the file has %llu bytes, and its footer says %llu", (ull)size, (ull)says);
    }
    if (out->index < sections_end || out->index > at ||
        at - out->index != (uint64_t)out->count * ZC_SNAPSHOT_ENTRY_SIZE) {
        return zc_fail(error, ZC_SNAPSHOT,
                       "an index of %u pages at offset %llu is not what lies before the footer at %llu", out->count,
                       (ull)out->index, (ull)at);
    }
    return ZC_OK;
}

/* What lies between the sections and the first slot is nothing. */
static zc_status check_gap(const zc_snapshot *snapshot, uint64_t start, zc_error *error)
{
    uint8_t bytes[4096];
    uint64_t end = snapshot->page_count && !snapshot->codec[0] ? snapshot->pages[0].offset : start;
    while (start < end) {
        uint64_t size = end - start < sizeof bytes ? end - start : sizeof bytes;
        zc_status status = zc_snapshot_read_source(&snapshot->source, start, bytes, size, error);
        if (status != ZC_OK) {
            return status;
        }
        if (!zc_snapshot_is_zero(bytes, size)) {
            return zc_fail(error, ZC_SNAPSHOT,
                           "bytes between the sections and the pages, from offset %llu on, are not zero", (ull)start);
        }
        start += size;
    }
    return ZC_OK;
}

static zc_status read_index(zc_snapshot *snapshot, uint64_t sections_end, zc_error *error)
{
    footer footer = {0};
    zc_status status = read_footer(snapshot, sections_end, &footer, error);
    if (status != ZC_OK) {
        return status;
    }
    if (footer.count > snapshot->memory_size / ZC_SNAPSHOT_PAGE) {
        return zc_fail(error, ZC_SNAPSHOT, "the index has %u pages of a memory of %llu bytes", footer.count,
                       (ull)snapshot->memory_size);
    }
    size_t size = (size_t)footer.count * ZC_SNAPSHOT_ENTRY_SIZE;
    uint8_t *bytes = zc_malloc(size);
    snapshot->pages = zc_calloc(footer.count, sizeof *snapshot->pages);
    snapshot->page_count = footer.count;
    if (!bytes || !snapshot->pages) {
        status = zc_fail(error, ZC_NO_MEMORY, "cannot allocate an index of %u pages", footer.count);
    }
    if (status == ZC_OK) {
        status = zc_snapshot_read_source(&snapshot->source, footer.index, bytes, size, error);
    }
    uint32_t crc = status == ZC_OK ? zc_crc32c(0, bytes, size) : 0;
    if (status == ZC_OK && crc != footer.index_crc) {
        status = zc_fail(error, ZC_SNAPSHOT, "the index at offset %llu is damaged: its checksum is %08x, not %08x",
                         (ull)footer.index, crc, footer.index_crc);
    }
    if (status == ZC_OK) {
        zc_reader reader = {.at = bytes, .end = bytes + size};
        status = read_entries(snapshot, reader, sections_end, footer.index, error);
    }
    zc_free(bytes);
    return status == ZC_OK ? check_gap(snapshot, sections_end, error) : status;
}

/* ---- opening ---- */

static zc_status take_source(const zc_snapshot_source *source, zc_snapshot *snapshot, zc_error *error)
{
    snapshot->source = *source;
    if (source->file < 0) {
        return ZC_OK;
    }
    struct stat info;
    if (fstat(source->file, &info) != 0) {
        return zc_fail(error, ZC_SNAPSHOT, "cannot tell the size of the file: %s", strerror(errno));
    }
    if (!S_ISREG(info.st_mode)) {
        return zc_fail(error, ZC_SNAPSHOT, "is not a plain file");
    }
    snapshot->source.bytes = NULL;
    snapshot->source.size = (uint64_t)info.st_size;
    return ZC_OK;
}

static zc_status open_source(const zc_snapshot_source *source, bool damaged, zc_snapshot **out, zc_error *error)
{
    zc_snapshot *snapshot = zc_calloc(1, sizeof *snapshot);
    if (!snapshot) {
        return zc_fail(error, ZC_NO_MEMORY, "cannot allocate a snapshot's bookkeeping");
    }
    uint32_t section_count = 0;
    uint64_t end = 0;
    zc_status status = take_source(source, snapshot, error);
    if (status == ZC_OK) {
        status = read_header(snapshot, &section_count, error);
    }
    if (status == ZC_OK) {
        status = read_sections(snapshot, section_count, damaged, &end, error);
    }
    if (status == ZC_OK && !damaged) {
        status = read_index(snapshot, end, error);
        snapshot->complete = true;
    }
    if (status != ZC_OK) {
        zc_snapshot_close(snapshot);
        return status;
    }
    *out = snapshot;
    return ZC_OK;
}

zc_status zc_snapshot_open(const zc_snapshot_source *source, zc_snapshot **out, zc_error *error)
{
    return open_source(source, false, out, error);
}

zc_status zc_snapshot_open_notes(const zc_snapshot_source *source, zc_snapshot **out, zc_error *error)
{
    return open_source(source, true, out, error);
}

void zc_snapshot_close(zc_snapshot *snapshot)
{
    if (!snapshot) {
        return;
    }
    for (size_t i = 0; i < snapshot->section_count; i++) {
        zc_free(snapshot->owned[i]);
    }
    zc_free(snapshot->owned);
    zc_free(snapshot->sections);
    zc_free(snapshot->pages);
    zc_free(snapshot);
}

/* ---- what it holds ---- */

const zc_snapshot_section *zc_snapshot_find(const zc_snapshot *snapshot, uint32_t tag, const char *name,
                                            uint32_t name_size)
{
    for (size_t i = 0; i < snapshot->section_count; i++) {
        const zc_snapshot_section *section = &snapshot->sections[i];
        if (section->tag == tag && section->name_size == name_size &&
            (name_size == 0 || memcmp(section->name, name, name_size) == 0)) {
            return section;
        }
    }
    return NULL;
}

const zc_snapshot_section *zc_snapshot_at(const zc_snapshot *snapshot, size_t index)
{
    return index < snapshot->section_count ? &snapshot->sections[index] : NULL;
}

uint64_t zc_snapshot_memory_size(const zc_snapshot *snapshot)
{
    return snapshot->memory_size;
}

uint64_t zc_snapshot_stored(const zc_snapshot *snapshot)
{
    return snapshot->stored;
}

const char *zc_snapshot_codec_name(const zc_snapshot *snapshot)
{
    return snapshot->codec;
}
