/* zc_snapshot_write: a snapshot's file from front to back, in one pass over the memory.
 *
 * A page that holds something is checksummed while the processor has it near, and becomes part of a run: bytes that
 * follow each other in the memory and in the file, which the sink gets at once, from where they lie. With a codec, and
 * for headers and small sections, bytes are gathered in a buffer first.
 *
 * Ownership: borrows all; buffers are freed before it returns. Threads: its caller's.
 */
#include "snapshot/zc_snapshot_internal.h"

#include <string.h>

#include "base/zc_alloc.h"
#include "base/zc_copies.h"
#include "base/zc_crc32c.h"

#define MAX_RUN (UINT64_C(4) << 20)
#define GATHERED (UINT64_C(1) << 20) /* of packed pages, before the sink gets them */
#define SMALL_SECTION 65536u         /* is copied to be written with its neighbours */

typedef struct writing {
    const zc_snapshot_contents *contents;
    const zc_snapshot_sink *sink;
    uint64_t at; /* where the file ends, as far as it is laid out */
    zc_writer pending; /* what ends there and is not written yet: headers, sections; later the index */
    const uint8_t *run; /* pages that are not written yet */
    uint64_t run_offset, run_size;
    uint8_t *packed; /* with a codec: packed pages that are not written, and room to pack one */
    uint64_t packed_size;
    uint32_t page_count;
} writing;

static zc_status no_memory(zc_error *error)
{
    return zc_fail(error, ZC_NO_MEMORY, "cannot allocate what writing a snapshot takes");
}

static zc_status put_out(writing *writing, uint64_t offset, const void *bytes, uint64_t size, zc_error *error)
{
    return size ? writing->sink->write(writing->sink->context, offset, bytes, size, error) : ZC_OK;
}

/* ---- checks ---- */

static zc_status check_sections(const zc_snapshot_contents *contents, zc_error *error)
{
    if (contents->section_count > ZC_SNAPSHOT_MAX_SECTIONS) {
        return zc_fail(error, ZC_BAD_VALUE, "%zu sections are more than a snapshot has: %u", contents->section_count,
                       ZC_SNAPSHOT_MAX_SECTIONS);
    }
    for (size_t i = 0; i < contents->section_count; i++) {
        const zc_snapshot_section *section = &contents->sections[i];
        bool note = section->tag == ZC_SNAPSHOT_NOTE;
        if (section->tag == 0 || section->tag > ZC_SNAPSHOT_LAST_TAG || section->name_size > ZC_SNAPSHOT_MAX_NAME ||
            (!note && section->name_size)) {
            return zc_fail(error, ZC_BAD_VALUE, "section %zu has the tag %u and a name of %u bytes", i, section->tag,
                           section->name_size);
        }
        for (size_t j = 0; j < i; j++) {
            const zc_snapshot_section *other = &contents->sections[j];
            if (other->tag == section->tag && other->name_size == section->name_size &&
                (!section->name_size || memcmp(other->name, section->name, section->name_size) == 0)) {
                return zc_fail(error, ZC_BAD_VALUE, "section %zu has the tag and name of section %zu", i, j);
            }
        }
    }
    return ZC_OK;
}

static bool is_codec_name(const char *name)
{
    size_t size = strlen(name);
    for (size_t i = 0; i < size; i++) {
        if (name[i] < '!' || name[i] > '~') {
            return false;
        }
    }
    return size > 0 && size <= ZC_SNAPSHOT_CODEC_SIZE;
}

static zc_status check_contents(const zc_snapshot_contents *contents, zc_error *error)
{
    if (contents->memory_size % ZC_SNAPSHOT_PAGE || contents->memory_size > ZC_SNAPSHOT_MAX_MEMORY) {
        return zc_fail(error, ZC_BAD_VALUE, "a memory of %llu bytes is not whole pages of %u, up to %llu",
                       (ull)contents->memory_size, ZC_SNAPSHOT_PAGE, (ull)ZC_SNAPSHOT_MAX_MEMORY);
    }
    uint64_t end = 0;
    for (size_t i = 0; i < contents->dead_count; i++) {
        const zc_snapshot_span *span = &contents->dead[i];
        if (span->start < end || span->end < span->start || span->end > contents->memory_size) {
            return zc_fail(error, ZC_BAD_VALUE,
                           "dead bytes [%llu, %llu) are not in order after %llu, within a memory of %llu bytes",
                           (ull)span->start, (ull)span->end, (ull)end, (ull)contents->memory_size);
        }
        end = span->end;
    }
    if (contents->codec && !is_codec_name(contents->codec->name)) {
        return zc_fail(error, ZC_BAD_VALUE, "a codec's name is 1 to %u printable bytes", ZC_SNAPSHOT_CODEC_SIZE);
    }
    return check_sections(contents, error);
}

/* ---- headers and sections ---- */

static zc_status flush_pending(writing *writing, zc_error *error)
{
    zc_writer *pending = &writing->pending;
    if (pending->failed) {
        return no_memory(error);
    }
    zc_status status = put_out(writing, writing->at, pending->bytes, pending->size, error);
    writing->at += pending->size;
    pending->size = 0;
    return status;
}

/* The checksum of what the writer holds from `start` on. */
static void put_crc(zc_writer *out, size_t start)
{
    zc_put_u32(out, out->failed ? 0 : zc_crc32c(0, out->bytes + start, out->size - start));
}

static void put_header(writing *writing)
{
    const zc_snapshot_contents *contents = writing->contents;
    char codec[ZC_SNAPSHOT_CODEC_SIZE] = {0};
    if (contents->codec) {
        memcpy(codec, contents->codec->name, strlen(contents->codec->name));
    }
    zc_put(&writing->pending, ZC_SNAPSHOT_MAGIC, ZC_SNAPSHOT_MAGIC_SIZE);
    zc_put_u32(&writing->pending, ZC_SNAPSHOT_VERSION);
    zc_put_u32(&writing->pending, (uint32_t)contents->section_count);
    zc_put_u64(&writing->pending, contents->memory_size);
    zc_put(&writing->pending, codec, sizeof codec);
    put_crc(&writing->pending, 0);
}

static zc_status put_section(writing *writing, const zc_snapshot_section *section, zc_error *error)
{
    zc_writer *pending = &writing->pending;
    size_t start = pending->size;
    zc_put_u32(pending, section->tag);
    zc_put_u32(pending, section->name_size);
    zc_put_u64(pending, section->size);
    uint32_t crc = zc_crc32c(0, section->name, section->name_size);
    zc_put_u32(pending, zc_crc32c(crc, section->bytes, (size_t)section->size));
    put_crc(pending, start);
    zc_put(pending, section->name, section->name_size);
    if (section->size <= SMALL_SECTION) {
        zc_put(pending, section->bytes, (size_t)section->size);
        return pending->size > GATHERED ? flush_pending(writing, error) : ZC_OK;
    }
    zc_status status = flush_pending(writing, error);
    if (status == ZC_OK) {
        status = put_out(writing, writing->at, section->bytes, section->size, error);
        writing->at += section->size;
    }
    return status;
}

static zc_status write_sections(writing *writing, zc_error *error)
{
    zc_status status = ZC_OK;
    put_header(writing);
    for (size_t i = 0; status == ZC_OK && i < writing->contents->section_count; i++) {
        status = put_section(writing, &writing->contents->sections[i], error);
    }
    return status == ZC_OK ? flush_pending(writing, error) : status;
}

/* ---- pages ---- */

static void put_entry(writing *writing, const zc_snapshot_page *page)
{
    zc_put_u32(&writing->pending, page->page);
    zc_put_u32(&writing->pending, (uint32_t)page->mask | (uint32_t)page->how << 16);
    zc_put_u64(&writing->pending, page->offset);
    zc_put_u32(&writing->pending, page->stored);
    zc_put_u32(&writing->pending, page->crc);
    writing->page_count++;
}

static zc_status flush_run(writing *writing, zc_error *error)
{
    uint64_t size = writing->run_size;
    writing->run_size = 0;
    return put_out(writing, writing->run_offset, writing->run, size, error);
}

static zc_status add_to_run(writing *writing, uint64_t offset, const uint8_t *bytes, uint64_t size, zc_error *error)
{
    bool follows = writing->run_size && writing->run + writing->run_size == bytes &&
                   writing->run_offset + writing->run_size == offset && writing->run_size + size <= MAX_RUN;
    zc_status status = follows ? ZC_OK : flush_run(writing, error);
    if (!follows) {
        writing->run = bytes;
        writing->run_offset = offset;
    }
    writing->run_size += size;
    return status;
}

static zc_status write_slot(writing *writing, zc_snapshot_page *page, const zc_snapshot_blocks *blocks, zc_error *error)
{
    zc_status status = ZC_OK;
    page->how = ZC_SNAPSHOT_IN_SLOT;
    page->offset = zc_snapshot_slot_after(writing->at);
    writing->at = page->offset + ZC_SNAPSHOT_PAGE;
    uint32_t at = 0, first, count;
    const uint8_t *bytes;
    while (status == ZC_OK && zc_snapshot_next_blocks(blocks, &at, &first, &count, &bytes)) {
        uint64_t size = (uint64_t)count * ZC_SNAPSHOT_BLOCK;
        page->crc = zc_crc32c(page->crc, bytes, (size_t)size);
        status = add_to_run(writing, page->offset + (uint64_t)first * ZC_SNAPSHOT_BLOCK, bytes, size, error);
        if (status == ZC_OK && blocks->copied >> first & 1) { /* the copy does not last */
            status = flush_run(writing, error);
        }
    }
    return status;
}

static zc_status flush_packed(writing *writing, zc_error *error)
{
    uint64_t size = writing->packed_size;
    writing->packed_size = 0;
    return put_out(writing, writing->at - size, writing->packed, size, error);
}

static zc_status write_packed(writing *writing, zc_snapshot_page *page, const zc_snapshot_blocks *blocks,
                              zc_error *error)
{
    const zc_snapshot_codec *codec = writing->contents->codec;
    if (!writing->packed && !(writing->packed = zc_malloc(GATHERED + 2 * ZC_SNAPSHOT_PAGE))) {
        return no_memory(error);
    }
    /* The blocks in a row, behind the room that the page may take. */
    uint8_t *out = writing->packed + writing->packed_size, *in = out + ZC_SNAPSHOT_PAGE;
    uint32_t at = 0, first, count, size = 0;
    const uint8_t *bytes;
    while (zc_snapshot_next_blocks(blocks, &at, &first, &count, &bytes)) {
        memcpy(in + size, bytes, (size_t)count * ZC_SNAPSHOT_BLOCK);
        size += count * ZC_SNAPSHOT_BLOCK;
    }
    size_t smaller = 0;
    bool compressed = codec->compress(codec->context, in, size, out, size - 1, &smaller) && smaller && smaller < size;
    if (!compressed) {
        memcpy(out, in, size);
    }
    page->how = compressed ? ZC_SNAPSHOT_COMPRESSED : ZC_SNAPSHOT_PACKED;
    page->stored = compressed ? (uint32_t)smaller : size;
    page->offset = writing->at;
    page->crc = zc_crc32c(0, out, page->stored);
    writing->at += page->stored;
    writing->packed_size += page->stored;
    return writing->packed_size >= GATHERED ? flush_packed(writing, error) : ZC_OK;
}

static zc_status write_pages(writing *writing, zc_snapshot_scan *scan, zc_error *error)
{
    const zc_snapshot_contents *contents = writing->contents;
    for (uint32_t number = 0; number < contents->memory_size / ZC_SNAPSHOT_PAGE; number++) {
        zc_snapshot_blocks blocks;
        zc_status status = zc_snapshot_scan_page(scan, number, &blocks, error);
        if (status == ZC_OK && blocks.mask) {
            zc_snapshot_page page = {.page = number, .mask = (uint16_t)blocks.mask};
            page.stored = (uint32_t)__builtin_popcount(blocks.mask) * ZC_SNAPSHOT_BLOCK;
            status = contents->codec ? write_packed(writing, &page, &blocks, error)
                                     : write_slot(writing, &page, &blocks, error);
            put_entry(writing, &page);
            zc_copies_add(ZC_COPY_SNAPSHOT, page.stored);
        }
        if (status != ZC_OK) {
            return status;
        }
    }
    return contents->codec ? flush_packed(writing, error) : flush_run(writing, error);
}

/* ---- the end ---- */

static zc_status write_index(writing *writing, zc_error *error)
{
    zc_writer *pending = &writing->pending;
    size_t index_size = pending->size;
    uint32_t crc = pending->failed ? 0 : zc_crc32c(0, pending->bytes, index_size);
    zc_put_u64(pending, writing->at);
    zc_put_u32(pending, writing->page_count);
    zc_put_u32(pending, crc);
    zc_put_u64(pending, writing->at + index_size + ZC_SNAPSHOT_FOOTER_SIZE);
    put_crc(pending, index_size);
    zc_put(pending, ZC_SNAPSHOT_END_MAGIC, ZC_SNAPSHOT_END_MAGIC_SIZE);
    return flush_pending(writing, error);
}

zc_status zc_snapshot_write(const zc_snapshot_contents *contents, const zc_snapshot_sink *sink, uint64_t *file_size,
                            zc_error *error)
{
    zc_status status = check_contents(contents, error);
    if (status != ZC_OK) {
        return status;
    }
    writing writing = {.contents = contents, .sink = sink};
    zc_snapshot_scan scan;
    zc_snapshot_scan_begin(&scan, contents);
    status = write_sections(&writing, error);
    if (status == ZC_OK) {
        status = write_pages(&writing, &scan, error);
    }
    if (status == ZC_OK) {
        status = write_index(&writing, error);
    }
    *file_size = writing.at;
    zc_snapshot_scan_end(&scan);
    zc_writer_free(&writing.pending);
    zc_free(writing.packed);
    return status;
}
