/* zc_snapshot: the file of a paused instance: sections of bytes, and the pages of its memory.
 *
 * docs/reference/snapshot-format.md says what lies where. This layer knows the file only: a section is bytes with a
 * tag, which the layers that made them check and take (zc_instance_restore, zc_abi_load, zc_wasi_load); the memory is
 * an address and a size. What it accepts is consistent in itself: sizes, order, checksums. Checksums find damage, not
 * intent, so a section is as hostile as the file.
 *
 * Ownership: the writer borrows everything for the call. An opened snapshot borrows its source until it is closed, and
 * owns what it read of it. Threads: one at a time for each object. No lock is held while bytes move.
 */
#ifndef ZC_SNAPSHOT_H
#define ZC_SNAPSHOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/zc_status.h"
#include "region/zc_image.h"
#include "region/zc_region.h"

#define ZC_SNAPSHOT_VERSION 1u

/* What a section holds. Only notes have names; of the others there is one at most. */
#define ZC_SNAPSHOT_ABOUT 1u    /* what it was taken of, to be compared */
#define ZC_SNAPSHOT_NOTE 2u     /* the caller's, such as the tokens of a session */
#define ZC_SNAPSHOT_INSTANCE 3u /* zc_instance_save */
#define ZC_SNAPSHOT_ABI 4u      /* zc_abi_save */
#define ZC_SNAPSHOT_WASI 5u     /* zc_wasi_save */
#define ZC_SNAPSHOT_LAST_TAG ZC_SNAPSHOT_WASI

#define ZC_SNAPSHOT_MAX_SECTIONS 1024u
#define ZC_SNAPSHOT_MAX_NAME 1024u

typedef struct zc_snapshot_section {
    uint32_t tag;
    const char *name; /* not ended by a zero */
    uint32_t name_size;
    const void *bytes;
    uint64_t size;
} zc_snapshot_section;

typedef zc_region_span zc_snapshot_span;

/* How pages are made smaller, and whole again. `compress` writes no more than `room` bytes and returns false when it needs
 * more, or fails; such pages are stored as they are. `expand` returns false unless exactly `size` bytes came out. */
typedef struct zc_snapshot_codec {
    const char *name; /* 1 to 8 printable bytes, which the file says */
    bool (*compress)(void *context, const uint8_t *in, size_t in_size, uint8_t *out, size_t room, size_t *size);
    bool (*expand)(void *context, const uint8_t *in, size_t in_size, uint8_t *out, size_t size);
    void *context;
} zc_snapshot_codec;

/* ---- writing ---- */

/* Where the file goes. Offsets only rise; what lies between two writes is zero. A failure ends the writing. */
typedef struct zc_snapshot_sink {
    zc_status (*write)(void *context, uint64_t offset, const void *bytes, uint64_t size, zc_error *error);
    void *context;
} zc_snapshot_sink;

/* Such a `write` for an open file, which is empty: `context` is an `int *`, the descriptor. Gaps become holes.
 * ZC_SNAPSHOT with the system's error number as the error's kind, such as ENOSPC. */
zc_status zc_snapshot_write_file(void *context, uint64_t offset, const void *bytes, uint64_t size, zc_error *error);

typedef struct zc_snapshot_contents {
    const zc_snapshot_section *sections; /* in this order: what must survive damage comes first */
    size_t section_count;
    const uint8_t *memory; /* whole Wasm pages; nobody writes to it meanwhile */
    uint64_t memory_size;
    const zc_snapshot_span *dead; /* sorted and disjoint: bytes that count as zero */
    size_t dead_count;
    const zc_snapshot_codec *codec; /* or NULL */
} zc_snapshot_contents;

/* *file_size: how large the file is then. ZC_BAD_VALUE: the contents break a rule above; or what the sink says. */
zc_status zc_snapshot_write(const zc_snapshot_contents *contents, const zc_snapshot_sink *sink, uint64_t *file_size,
                            zc_error *error);

/* ---- reading ---- */

typedef struct zc_snapshot_source {
    int file; /* a plain file, open for reading, or -1; its position is left alone */
    const uint8_t *bytes;
    uint64_t size; /* of `bytes`; a file knows its own */
} zc_snapshot_source;

typedef struct zc_snapshot zc_snapshot; /* an opened one: sections and the index of pages are checked */

/* ZC_SNAPSHOT for everything that is wrong with the file. Memory is asked for in proportion to its size. */
zc_status zc_snapshot_open(const zc_snapshot_source *source, zc_snapshot **out, zc_error *error);
/* What can be read where zc_snapshot_open fails: the sections that are whole, up to the first whose header is not. It has
 * no pages. ZC_SNAPSHOT when not even the file's header is right. */
zc_status zc_snapshot_open_notes(const zc_snapshot_source *source, zc_snapshot **out, zc_error *error);
void zc_snapshot_close(zc_snapshot *snapshot); /* NULL is fine */

const zc_snapshot_section *zc_snapshot_find(const zc_snapshot *snapshot, uint32_t tag, const char *name,
                                            uint32_t name_size); /* NULL: there is none */
const zc_snapshot_section *zc_snapshot_at(const zc_snapshot *snapshot, size_t index); /* NULL after the last */
uint64_t zc_snapshot_memory_size(const zc_snapshot *snapshot);
uint64_t zc_snapshot_stored(const zc_snapshot *snapshot); /* bytes of pages in the file */
/* Which codec zc_snapshot_fill needs; "" for none. */
const char *zc_snapshot_codec_name(const zc_snapshot *snapshot);

/* The pages, into a fresh region of zeros of at least the memory's size; NULL where that is 0. Each page is verified.
 * `mapped`: where nothing is compressed and the source is a file, the region shows the file's pages instead
 * (zc_region_show_file), after they were verified; nobody may cut the file short or write to it as long as the region
 * lives: reading what is gone ends the process. Where that would take too many mappings, pages are read all the same.
 * After a failure the region holds some of the pages and is of no use. */
zc_status zc_snapshot_fill(zc_snapshot *snapshot, zc_region *region, bool mapped, const zc_snapshot_codec *codec,
                           zc_error *error);

#endif
