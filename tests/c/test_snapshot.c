/* test_snapshot: the file of a snapshot without Python: what is written is read again, from a file and from bytes, packed
 * and not; every byte flipped, with and without repaired checksums, and every truncation; what a hostile file may
 * say; disks that are full; every allocation failing. And zc_crc32c, which all of it is checked by.
 *
 * Built by tests/test_snapshot_core.py from this file and the layers that it needs. The argument is a folder for files;
 * a second one, how many MiB, measures instead (docs/reference/snapshot-format.md has the numbers). Prints the first
 * failure and exits with 1.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#if defined(__linux__)
#include <sys/prctl.h>
#endif
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/zc_copies.h"
#include "base/zc_crc32c.h"
#include "snapshot/zc_snapshot.h"

#include "check.h"
#include "counted_alloc.h"
#include "snapshot_repair.h"

#define PAGE ZC_SNAPSHOT_PAGE
#define BLOCK ZC_SNAPSHOT_BLOCK

static zc_error error;
static const char *folder;

/* ---- bytes to write and read ---- */

static uint64_t random_state = 1;

static uint8_t random_byte(void)
{
    random_state = random_state * UINT64_C(6364136223846793005) + 1442695040888963407u;
    return (uint8_t)(random_state >> 56);
}

static void fill_random(uint8_t *bytes, uint64_t size)
{
    for (uint64_t i = 0; i < size; i++) {
        bytes[i] = (uint8_t)(random_byte() | 1); /* never zero, so that each block counts */
    }
}

static zc_region *region_of(uint64_t size)
{
    zc_region *region;
    CHECK(zc_region_create(size, size, &region, &error) == ZC_OK);
    return region;
}

/* A sink in memory, which keeps the rules of sinks. */
typedef struct store {
    uint8_t *bytes;
    uint64_t size, capacity, calls, fail_at;
} store;

static zc_status store_write(void *context, uint64_t offset, const void *bytes, uint64_t size, zc_error *e)
{
    store *to = context;
    if (++to->calls == to->fail_at) {
        return zc_fail(e, ZC_SNAPSHOT, "the store is full at %llu", (ull)offset);
    }
    CHECK(offset >= to->size && size > 0);
    if (offset + size > to->capacity) {
        to->capacity = 2 * (offset + size);
        to->bytes = realloc(to->bytes, to->capacity);
        CHECK(to->bytes);
    }
    memset(to->bytes + to->size, 0, offset - to->size);
    memcpy(to->bytes + offset, bytes, size);
    to->size = offset + size;
    return ZC_OK;
}

static store stored_snapshot(const zc_snapshot_contents *contents)
{
    store to = {0};
    uint64_t size = 0;
    CHECK(zc_snapshot_write(contents, &(zc_snapshot_sink){store_write, &to}, &size, &error) == ZC_OK);
    CHECK(size == to.size);
    return to;
}

static int new_file(void)
{
    char name[4096];
    snprintf(name, sizeof name, "%s/file", folder);
    int file = open(name, O_RDWR | O_CREAT | O_TRUNC, 0600);
    CHECK(file >= 0);
    return file;
}

static zc_snapshot *opened(const zc_snapshot_source *source)
{
    zc_snapshot *snapshot;
    CHECK(zc_snapshot_open(source, &snapshot, &error) == ZC_OK);
    return snapshot;
}

static zc_snapshot_source source_of(const store *from)
{
    return (zc_snapshot_source){.file = -1, .bytes = from->bytes, .size = from->size};
}

/* A codec: runs of a byte, as count and byte. */
static bool rle_compress(void *context, const uint8_t *in, size_t n, uint8_t *out, size_t room, size_t *size)
{
    size_t made = 0;
    ++*(int *)context;
    for (size_t i = 0; i < n;) {
        size_t run = 1;
        while (run < 255 && i + run < n && in[i + run] == in[i]) {
            run++;
        }
        if (room - made < 2) {
            return false;
        }
        out[made++] = (uint8_t)run;
        out[made++] = in[i];
        i += run;
    }
    *size = made;
    return true;
}

static bool rle_expand(void *context, const uint8_t *in, size_t n, uint8_t *out, size_t size)
{
    ++*(int *)context;
    size_t made = 0;
    for (size_t i = 0; i + 1 < n; i += 2) {
        if (in[i] > size - made) {
            return false;
        }
        memset(out + made, in[i + 1], in[i]);
        made += in[i];
    }
    return made == size && n % 2 == 0;
}

static int codec_calls;
static const zc_snapshot_codec rle = {
    .name = "rle", .compress = rle_compress, .expand = rle_expand, .context = &codec_calls};

/* ---- the checksum ---- */

static void test_crc(void)
{
    CHECK(zc_crc32c(0, "123456789", 9) == 0xe3069283); /* the check value of its definition */
    CHECK(zc_crc32c_table(0, "123456789", 9) == 0xe3069283);
    CHECK(zc_crc32c(0, NULL, 0) == 0);
    uint8_t bytes[32] = {0};
    CHECK(zc_crc32c(0, bytes, 32) == 0x8a9136aa); /* RFC 3720, B.4 */
    memset(bytes, 0xff, 32);
    CHECK(zc_crc32c(0, bytes, 32) == 0x62a8ab43);
    static uint8_t many[20000];
    fill_random(many, sizeof many);
    for (size_t size = 0; size < sizeof many - 16; size += size < 300 ? 1 : 509) {
        uint32_t whole = zc_crc32c(7, many + size % 9, size);
        CHECK(whole == zc_crc32c_table(7, many + size % 9, size));
        CHECK(whole == zc_crc32c(zc_crc32c(7, many + size % 9, size / 3), many + size % 9 + size / 3, size - size / 3));
    }
}

/* ---- what is written is read again ---- */

enum { PAGES = 40 };

/* Pages of all kinds: empty, whole, some blocks, one byte. */
static void fill_memory(uint8_t *memory)
{
    fill_random(memory, 3 * PAGE);
    memory[5 * PAGE] = 1;
    memory[7 * PAGE - 1] = 2;
    fill_random(memory + 8 * PAGE + BLOCK, 3 * BLOCK);
    memset(memory + 8 * PAGE + 6 * BLOCK, 7, 8 * BLOCK);
    fill_random(memory + 20 * PAGE, 18 * PAGE);
    memory[PAGES * PAGE - 1] = 3;
}

static void check_filled(zc_snapshot *snapshot, const uint8_t *memory, bool mapped, const zc_snapshot_codec *codec)
{
    uint64_t size = zc_snapshot_memory_size(snapshot);
    zc_region *region = region_of(size);
    CHECK(zc_snapshot_fill(snapshot, region, mapped, codec, &error) == ZC_OK);
    CHECK(memcmp(zc_region_base(region), memory, size) == 0);
    zc_region_base(region)[size / 2] ^= 1; /* it is writable, and the file does not change */
    zc_region_release(region);
}

static void check_sections(const zc_snapshot *snapshot, const zc_snapshot_section *sections, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const zc_snapshot_section *found =
            zc_snapshot_find(snapshot, sections[i].tag, sections[i].name, sections[i].name_size);
        CHECK(found && found == zc_snapshot_at(snapshot, i) && found->size == sections[i].size);
        CHECK(found->size == 0 || memcmp(found->bytes, sections[i].bytes, found->size) == 0);
    }
    CHECK(!zc_snapshot_at(snapshot, count) && !zc_snapshot_find(snapshot, ZC_SNAPSHOT_NOTE, "no", 2));
    CHECK(!zc_snapshot_find(snapshot, ZC_SNAPSHOT_NOTE, "a", 1) && !zc_snapshot_find(snapshot, 17, "", 0));
}

static void test_round_trip(void)
{
    zc_region *region = region_of(PAGES * PAGE);
    uint8_t *memory = zc_region_base(region), *large = malloc(300000);
    fill_memory(memory);
    fill_random(large, 300000);
    const zc_snapshot_section sections[] = {{ZC_SNAPSHOT_ABOUT, NULL, 0, "about", 5},
                                            {ZC_SNAPSHOT_NOTE, "tokens", 6, large, 1000},
                                            {ZC_SNAPSHOT_NOTE, "", 0, "unnamed", 7},
                                            {ZC_SNAPSHOT_ABI, NULL, 0, large, 300000},
                                            {ZC_SNAPSHOT_WASI, NULL, 0, NULL, 0}};
    zc_snapshot_contents contents = {
        .sections = sections, .section_count = 5, .memory = memory, .memory_size = PAGES * PAGE};
    for (int packed = 0; packed < 2; packed++) {
        contents.codec = packed ? &rle : NULL;
        store to = stored_snapshot(&contents);
        int file = new_file();
        uint64_t size;
        CHECK(zc_snapshot_write(&contents, &(zc_snapshot_sink){zc_snapshot_write_file, &file}, &size, &error) == ZC_OK);
        struct stat info;
        CHECK(fstat(file, &info) == 0 && (uint64_t)info.st_size == size && size == to.size);
        uint8_t *same = malloc(size);
        CHECK(pread(file, same, size, 0) == (ssize_t)size && memcmp(same, to.bytes, size) == 0);
        free(same);
        const zc_snapshot_source from_bytes = source_of(&to), from_file = {.file = file};
        for (int i = 0; i < 2; i++) {
            zc_snapshot *snapshot = opened(i ? &from_file : &from_bytes);
            CHECK(zc_snapshot_memory_size(snapshot) == PAGES * PAGE);
            uint64_t blocks = (uint64_t)(3 + 18) * 16 + 3 + 3 + 8;
            uint64_t whole = blocks * BLOCK, stored = zc_snapshot_stored(snapshot);
            CHECK(packed ? stored < whole && stored > 21 * PAGE : stored == whole);
            CHECK(strcmp(zc_snapshot_codec_name(snapshot), packed ? "rle" : "") == 0);
            check_sections(snapshot, sections, 5);
            check_filled(snapshot, memory, false, packed ? &rle : NULL);
            check_filled(snapshot, memory, true, packed ? &rle : NULL);
            if (packed) {
                zc_snapshot_codec other = rle;
                other.name = "rlf";
                zc_region *out = region_of(PAGES * PAGE);
                CHECK_FAILS(zc_snapshot_fill(snapshot, out, false, NULL, &error), ZC_SNAPSHOT,
                            "compressed with rle, and there is nothing");
                CHECK_FAILS(zc_snapshot_fill(snapshot, out, false, &other, &error), ZC_SNAPSHOT, "there is rlf");
                zc_region_release(out);
            }
            zc_region *small = region_of((PAGES - 1) * PAGE);
            CHECK_FAILS(zc_snapshot_fill(snapshot, small, false, &rle, &error), ZC_BAD_VALUE, "2621440");
            CHECK_FAILS(zc_snapshot_fill(snapshot, NULL, false, &rle, &error), ZC_BAD_VALUE, "a region of 0 bytes");
            zc_region_release(small);
            zc_snapshot_close(snapshot);
        }
        close(file);
        free(to.bytes);
    }
    zc_region_release(region);
    free(large);
}

/* So much that several threads read it. Of several damaged pages the first one is told, whoever finds it. */
static void test_large(void)
{
    enum { LARGE = 80 };
    zc_region *region = region_of(LARGE * PAGE);
    fill_random(zc_region_base(region), LARGE * PAGE);
    memset(zc_region_base(region) + 33 * PAGE, 0, 2 * PAGE + 5 * BLOCK);
    const zc_snapshot_contents contents = {.memory = zc_region_base(region), .memory_size = LARGE * PAGE};
    int file = new_file();
    uint64_t size;
    CHECK(zc_snapshot_write(&contents, &(zc_snapshot_sink){zc_snapshot_write_file, &file}, &size, &error) == ZC_OK);
    const zc_snapshot_source source = {.file = file};
    zc_snapshot *snapshot = opened(&source);
    check_filled(snapshot, contents.memory, false, NULL);
    check_filled(snapshot, contents.memory, true, NULL);
    const struct {
        uint32_t slot; /* that is damaged, too */
        const char *told;
    } damages[] = {{LARGE - 3, "page 79,"}, {60, "page 62,"}, {31, "page 31,"}, {0, "page 0,"}};
    for (size_t i = 0; i < sizeof damages / sizeof *damages; i++) {
        CHECK(pwrite(file, "\0", 1, (off_t)((damages[i].slot + 1) * PAGE + 5 * BLOCK)) == 1);
        for (int mapped = 0; mapped < 2; mapped++) {
            zc_region *out = region_of(LARGE * PAGE);
            CHECK_FAILS(zc_snapshot_fill(snapshot, out, mapped, NULL, &error), ZC_SNAPSHOT, damages[i].told);
            zc_region_release(out);
        }
    }
    zc_snapshot_close(snapshot);
    close(file);
    zc_region_release(region);
}

/* A file that is written by the rules of the documentation, byte by byte, without the code under test. */
static void test_layout(void)
{
    static uint8_t memory[2 * PAGE];
    memset(memory + PAGE + 2 * BLOCK, 5, BLOCK);
    const zc_snapshot_section note = {ZC_SNAPSHOT_NOTE, "n", 1, "xyz", 3};
    const zc_snapshot_contents contents = {
        .sections = &note, .section_count = 1, .memory = memory, .memory_size = sizeof memory};
    store to = stored_snapshot(&contents);
    uint8_t expected[2 * PAGE + 24 + 32] = {0};
    memcpy(expected, "\x89ZCSNAP\n\1\0\0\0\1\0\0\0\0\0\2\0\0\0\0\0", 24);
    repair_put(expected + 32, zc_crc32c_table(0, expected, 32));
    memcpy(expected + 36, "\2\0\0\0\1\0\0\0\3\0\0\0\0\0\0\0", 16);
    repair_put(expected + 52, zc_crc32c_table(0, "nxyz", 4));
    repair_put(expected + 56, zc_crc32c_table(0, expected + 36, 20));
    memcpy(expected + 60, "nxyz", 4);
    memset(expected + PAGE + 2 * BLOCK, 5, BLOCK);
    uint8_t *index = expected + 2 * PAGE, *footer = index + 24;
    memcpy(index, "\1\0\0\0\4\0\0\0\0\0\1\0\0\0\0\0\0\x10\0\0", 20);
    repair_put(index + 20, zc_crc32c_table(0, memory + PAGE + 2 * BLOCK, BLOCK));
    memcpy(footer, "\0\0\2\0\0\0\0\0\1\0\0\0", 12);
    repair_put(footer + 12, zc_crc32c_table(0, index, 24));
    memcpy(footer + 16, "\x38\0\2\0\0\0\0\0", 8);
    repair_put(footer + 24, zc_crc32c_table(0, footer, 24));
    memcpy(footer + 28, "PANS", 4);
    CHECK(to.size == sizeof expected && memcmp(to.bytes, expected, sizeof expected) == 0);
    free(to.bytes);
}

static void test_empty(void)
{
    const zc_snapshot_contents contents = {0};
    store to = stored_snapshot(&contents);
    CHECK(to.size == ZC_SNAPSHOT_HEADER_SIZE + ZC_SNAPSHOT_FOOTER_SIZE);
    const zc_snapshot_source source = source_of(&to);
    zc_snapshot *snapshot = opened(&source);
    CHECK(!zc_snapshot_at(snapshot, 0) && zc_snapshot_memory_size(snapshot) == 0);
    CHECK(zc_snapshot_fill(snapshot, NULL, false, NULL, &error) == ZC_OK);
    zc_snapshot_close(snapshot);
    free(to.bytes);
}

/* ---- what is not stored ---- */

/* Dead bytes are zeros afterwards, whatever blocks and pages they begin and end in; nothing else changes, nor does the
 * memory. */
static void test_dead(void)
{
    enum { SIZE = 4 * PAGE };
    static uint8_t memory[SIZE], kept[SIZE], expected[SIZE];
    const zc_snapshot_span spans[][5] = {
        {{10, 20}, {20, 30}, {30, 30}, {BLOCK - 1, BLOCK + 1}, {PAGE, PAGE + 3 * BLOCK}},
        {{0, 100}, {PAGE - 1, 2 * PAGE + 1}, {2 * PAGE + 2, 2 * PAGE + 3}, {3 * PAGE, 3 * PAGE}, {3 * PAGE + 1, SIZE}},
        {{0, SIZE}, {SIZE, SIZE}, {SIZE, SIZE}, {SIZE, SIZE}, {SIZE, SIZE}},
        {{1, SIZE - 1}, {SIZE, SIZE}, {SIZE, SIZE}, {SIZE, SIZE}, {SIZE, SIZE}},
        /* Together they kill the first block. */
        {{0, 1000}, {1000, BLOCK}, {BLOCK + 1, 3 * BLOCK}, {3 * BLOCK + 5, 3 * BLOCK + 6}, {SIZE - 1, SIZE}},
    };
    const uint64_t alive[] = {61, 33, 0, 2, 62};
    fill_random(memory, SIZE);
    memcpy(kept, memory, SIZE);
    for (size_t i = 0; i < sizeof spans / sizeof *spans; i++) {
        memcpy(expected, memory, SIZE);
        for (size_t j = 0; j < 5; j++) {
            memset(expected + spans[i][j].start, 0, spans[i][j].end - spans[i][j].start);
        }
        for (int packed = 0; packed < 2; packed++) {
            zc_snapshot_contents contents = {.memory = memory,
                                             .memory_size = SIZE,
                                             .dead = spans[i],
                                             .dead_count = 5,
                                             .codec = packed ? &rle : NULL};
            store to = stored_snapshot(&contents);
            CHECK(memcmp(memory, kept, SIZE) == 0);
            const zc_snapshot_source source = source_of(&to);
            zc_snapshot *snapshot = opened(&source);
            check_filled(snapshot, expected, false, &rle);
            CHECK(packed || zc_snapshot_stored(snapshot) == alive[i] * BLOCK);
            zc_snapshot_close(snapshot);
            free(to.bytes);
        }
    }
}

#if defined(__linux__)
static uint64_t resident(const uint8_t *bytes, uint64_t size)
{
    uint64_t count = 0, entry, page = (uint64_t)sysconf(_SC_PAGESIZE);
    int file = open("/proc/self/pagemap", O_RDONLY);
    CHECK(file >= 0);
    for (uint64_t at = (uint64_t)(uintptr_t)bytes / page; at < ((uint64_t)(uintptr_t)bytes + size) / page; at++) {
        CHECK(pread(file, &entry, sizeof entry, (off_t)(at * 8)) == 8);
        count += entry >> 63;
    }
    close(file);
    return count;
}

/* Writing brings in no page that was never touched, and reading none that is not stored. */
static void test_untouched(void)
{
    enum { SIZE = 512 * PAGE };
    CHECK(prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0) == 0); /* how many of them the system gives is its mood */
    zc_region *region = region_of(SIZE), *other = region_of(SIZE);
    uint8_t *memory = zc_region_base(region);
    for (uint64_t at = 0; at < SIZE; at += 37 * PAGE) {
        memory[at + 5 * BLOCK] = 1;
    }
    uint64_t before = resident(memory, SIZE);
    const zc_snapshot_contents contents = {.memory = memory, .memory_size = SIZE};
    store to = stored_snapshot(&contents);
    CHECK(resident(memory, SIZE) == before);
    const zc_snapshot_source source = source_of(&to);
    zc_snapshot *snapshot = opened(&source);
    CHECK(zc_snapshot_stored(snapshot) == (uint64_t)14 * BLOCK);
    CHECK(zc_snapshot_fill(snapshot, other, false, NULL, &error) == ZC_OK);
    CHECK(resident(zc_region_base(other), SIZE) == before);
    CHECK(memcmp(zc_region_base(other), memory, SIZE) == 0);
    CHECK(prctl(PR_SET_THP_DISABLE, 0, 0, 0, 0) == 0);
    zc_snapshot_close(snapshot);
    free(to.bytes);
    zc_region_release(region);
    zc_region_release(other);
}
#endif

/* Memory that shows a file or an image holds what was never touched, and is written all the same. */
static void test_shown(void)
{
    enum { SIZE = 64 * PAGE };
    zc_region *region = region_of(SIZE), *fork, *mapped = region_of(SIZE);
    uint8_t *memory = zc_region_base(region);
    fill_random(memory + 3 * PAGE, 2 * PAGE);
    memory[20 * PAGE] = 1;
    zc_image *image;
    CHECK(zc_image_new(region, true, &image, &error) == ZC_OK);
    CHECK(zc_image_region(image, SIZE, &fork, &error) == ZC_OK);
    zc_image_release(image);
    int file = new_file();
    uint64_t size, copied = zc_copies_get(ZC_COPY_SNAPSHOT), stored = 2 * PAGE + BLOCK;
    const zc_snapshot_contents of_fork = {.memory = zc_region_base(fork), .memory_size = SIZE};
    CHECK(zc_snapshot_write(&of_fork, &(zc_snapshot_sink){zc_snapshot_write_file, &file}, &size, &error) == ZC_OK);
    zc_snapshot *snapshot = opened(&(zc_snapshot_source){.file = file});
    CHECK(zc_snapshot_stored(snapshot) == stored && zc_copies_get(ZC_COPY_SNAPSHOT) == copied + stored);
    CHECK(zc_snapshot_fill(snapshot, mapped, true, NULL, &error) == ZC_OK);
    CHECK(zc_copies_get(ZC_COPY_SNAPSHOT) == copied + stored); /* nothing was copied */
#if defined(__linux__)
    CHECK(resident(zc_region_base(mapped), SIZE) == 0);
#endif
    zc_snapshot_close(snapshot);
    close(file);
    const zc_snapshot_contents of_mapped = {.memory = zc_region_base(mapped), .memory_size = SIZE};
    store to = stored_snapshot(&of_mapped);
    const zc_snapshot_source source = source_of(&to);
    snapshot = opened(&source);
    CHECK(zc_snapshot_stored(snapshot) == stored);
    check_filled(snapshot, memory, false, NULL);
    zc_snapshot_close(snapshot);
    free(to.bytes);
    zc_region_release(mapped);
    zc_region_release(fork);
    zc_region_release(region);
}

/* What a slot does not store would be shown, and so must be zero. */
static void test_mapped_holes(void)
{
    static uint8_t memory[2 * PAGE];
    memory[PAGE + BLOCK] = 1;
    const zc_snapshot_contents contents = {.memory = memory, .memory_size = sizeof memory};
    int file = new_file();
    uint64_t size;
    CHECK(zc_snapshot_write(&contents, &(zc_snapshot_sink){zc_snapshot_write_file, &file}, &size, &error) == ZC_OK);
    CHECK(pwrite(file, "x", 1, 2 * PAGE - 1) == 1);
    zc_snapshot *snapshot = opened(&(zc_snapshot_source){.file = file});
    check_filled(snapshot, memory, false, NULL);
    zc_region *region = region_of(sizeof memory);
    CHECK_FAILS(zc_snapshot_fill(snapshot, region, true, NULL, &error), ZC_SNAPSHOT, "does not store hold something");
    CHECK(pwrite(file, "x", 1, PAGE + BLOCK + 9) == 1);
    CHECK_FAILS(zc_snapshot_fill(snapshot, region, false, NULL, &error), ZC_SNAPSHOT, "page 1, at offset 65536");
    zc_snapshot_close(snapshot);
    close(file);
    zc_region_release(region);
}

/* More runs of pages than mappings are worth: they are read. */
static void test_many_runs(void)
{
    enum { RUNS = 600 };
    zc_region *region = region_of((uint64_t)2 * RUNS * PAGE), *other = region_of((uint64_t)2 * RUNS * PAGE);
    for (uint64_t i = 0; i < RUNS; i++) {
        zc_region_base(region)[2 * i * PAGE] = (uint8_t)(i % 255 + 1);
    }
    const zc_snapshot_contents contents = {.memory = zc_region_base(region), .memory_size = (uint64_t)2 * RUNS * PAGE};
    int file = new_file();
    uint64_t size, copied;
    CHECK(zc_snapshot_write(&contents, &(zc_snapshot_sink){zc_snapshot_write_file, &file}, &size, &error) == ZC_OK);
    zc_snapshot *snapshot = opened(&(zc_snapshot_source){.file = file});
    copied = zc_copies_get(ZC_COPY_SNAPSHOT);
    CHECK(zc_snapshot_fill(snapshot, other, true, NULL, &error) == ZC_OK);
    CHECK(zc_copies_get(ZC_COPY_SNAPSHOT) == copied + (uint64_t)RUNS * BLOCK);
    CHECK(memcmp(zc_region_base(region), zc_region_base(other), contents.memory_size) == 0);
    zc_snapshot_close(snapshot);
    close(file);
    zc_region_release(region);
    zc_region_release(other);
}

/* ---- damage ---- */

/* One page of two blocks, one that a codec makes small, and notes: as small as a file can be that has everything. */
static uint8_t small_memory[2 * PAGE];
static const zc_snapshot_section small_sections[] = {{ZC_SNAPSHOT_ABOUT, NULL, 0, "abc", 3},
                                                     {ZC_SNAPSHOT_NOTE, "tokens", 6, "1 2 3", 5},
                                                     {ZC_SNAPSHOT_INSTANCE, NULL, 0, "xyz", 3}};

static store small_snapshot(const zc_snapshot_codec *codec)
{
    memset(small_memory + PAGE + BLOCK, 5, BLOCK);
    fill_random(small_memory + PAGE + 3 * BLOCK, BLOCK / 2);
    memset(small_memory + BLOCK, codec ? 9 : 0, BLOCK);
    const zc_snapshot_contents contents = {.sections = small_sections,
                                           .section_count = 3,
                                           .memory = small_memory,
                                           .memory_size = sizeof small_memory,
                                           .codec = codec};
    return stored_snapshot(&contents);
}

/* What is damaged is refused with a text, or it is as it was: then the damage was where nothing is. */
static bool is_refused(const zc_snapshot_source *source, zc_region *region, const zc_snapshot_codec *codec)
{
    zc_snapshot *snapshot;
    error.message[0] = 0;
    zc_status status = zc_snapshot_open(source, &snapshot, &error);
    if (status == ZC_OK) {
        CHECK(zc_snapshot_memory_size(snapshot) <= ZC_SNAPSHOT_MAX_MEMORY);
        status = zc_snapshot_memory_size(snapshot) <= zc_region_size(region)
                     ? zc_snapshot_fill(snapshot, region, false, codec, &error)
                     : zc_fail(&error, ZC_SNAPSHOT, "too large for this test");
        zc_snapshot_close(snapshot);
    }
    CHECK(status == ZC_OK || (status == ZC_SNAPSHOT && error.message[0]));
    return status != ZC_OK;
}

static void test_flipped_bytes(const zc_snapshot_codec *codec)
{
    store good = small_snapshot(codec);
    uint8_t *bytes = malloc(good.size);
    zc_region *region = region_of(sizeof small_memory);
    const zc_snapshot_source source = {.file = -1, .bytes = bytes, .size = good.size};
    uint64_t accepted = 0, repaired = 0;
    for (uint64_t at = 0; at < good.size; at++) {
        memcpy(bytes, good.bytes, good.size);
        bytes[at] ^= (uint8_t)(1u << at % 8);
        if (!is_refused(&source, region, codec)) {
            CHECK(memcmp(zc_region_base(region), small_memory, sizeof small_memory) == 0);
            accepted++;
        }
        memset(zc_region_base(region), 0, sizeof small_memory);
        /* The holes of slots are half of the file, and repairing changes nothing there. */
        if (codec || at < 200 || at % PAGE / BLOCK == 3 || at > 2 * PAGE) {
            repair_snapshot(bytes, good.size);
            repaired += !is_refused(&source, region, codec);
            memset(zc_region_base(region), 0, sizeof small_memory);
        }
    }
    /* Accepted are only the 14 blocks of the slot that are holes; repaired, bytes that may be anything, too. */
    CHECK(accepted == (codec ? 0u : 14u * BLOCK));
    CHECK(repaired > accepted / 32 + 11);
    free(bytes);
    zc_region_release(region);
    free(good.bytes);
}

/* Each length that is less; of a file that is open, as well. */
static void test_truncation(const zc_snapshot_codec *codec)
{
    store good = small_snapshot(codec);
    zc_region *region = region_of(sizeof small_memory);
    for (uint64_t size = 0; size < good.size; size += size < 300 || good.size - size < 300 ? 1 : 97) {
        uint8_t *exact = malloc(size ? size : 1); /* so that a sanitizer sees what is behind */
        memcpy(exact, good.bytes, size);
        for (int repaired = 0; repaired < 2; repaired++) {
            const zc_snapshot_source source = {.file = -1, .bytes = exact, .size = size};
            CHECK(is_refused(&source, region, codec));
            repair_snapshot(exact, size);
        }
        free(exact);
    }
    int file = new_file();
    CHECK(pwrite(file, good.bytes, good.size, 0) == (ssize_t)good.size);
    const zc_snapshot_source source = {.file = file};
    zc_snapshot *snapshot = opened(&source);
    CHECK(ftruncate(file, 300) == 0);
    CHECK_FAILS(zc_snapshot_fill(snapshot, region, false, codec, &error), ZC_SNAPSHOT, "cut short while it was read");
    zc_snapshot_close(snapshot);
    CHECK_FAILS(zc_snapshot_open(&source, &snapshot, &error), ZC_SNAPSHOT, "no footer ends at 300");
    CHECK(ftruncate(file, (off_t)good.size + 1) == 0);
    CHECK_FAILS(zc_snapshot_open(&source, &snapshot, &error), ZC_SNAPSHOT, "");
    close(file);
    zc_region_release(region);
    free(good.bytes);
}

/* A number of a good file becomes another one, and the checksums are right. */
static void check_lie(const zc_snapshot_codec *codec, uint64_t at, unsigned size, uint64_t value, const char *text)
{
    store lie = small_snapshot(codec);
    uint64_t where = at < lie.size ? at : lie.size + at; /* from the end */
    for (unsigned i = 0; i < size; i++) {
        lie.bytes[where + i] = (uint8_t)(value >> (8 * i));
    }
    repair_snapshot(lie.bytes, lie.size);
    zc_region *region = region_of(sizeof small_memory);
    const zc_snapshot_source source = source_of(&lie);
    CHECK(is_refused(&source, region, codec));
    if (!strstr(error.message, text)) {
        fprintf(stderr, "at %llu, %llu: not \"%s\"\n", (ull)at, (ull)value, text);
    }
    CHECK(strstr(error.message, text));
    zc_region_release(region);
    free(lie.bytes);
}

static void test_lies(void)
{
    const uint64_t footer = 0 - (uint64_t)ZC_SNAPSHOT_FOOTER_SIZE, entry = footer - ZC_SNAPSHOT_ENTRY_SIZE;
    const uint64_t first = ZC_SNAPSHOT_HEADER_SIZE, none = UINT64_MAX;
    check_lie(NULL, 0, 1, 'X', "no snapshot: its first bytes");
    check_lie(NULL, 8, 4, 2, "version 2; this reads version 1");
    check_lie(NULL, 12, 4, 4, "section at offset 125 has the tag 0");
    check_lie(NULL, 12, 4, 2, "are not zero");
    check_lie(NULL, 12, 4, 1025, "counts 1025 sections");
    check_lie(NULL, 16, 8, 2 * PAGE + 1, "131073 bytes of memory");
    check_lie(NULL, 16, 8, UINT64_C(1) << 33, "8589934592 bytes of memory");
    check_lie(NULL, 16, 8, PAGE, "page 1 after 0 others, of a memory of 65536");
    check_lie(NULL, 16, 8, 0, "index has 1 pages of a memory of 0 bytes");
    check_lie(NULL, 24, 1, 'z', "page 1 is stored in a way that is not allowed");
    check_lie(NULL, 25, 1, 'z', "not printable");
    check_lie(&rle, 24, 1, 'z', "compressed with zle");
    check_lie(NULL, first, 4, 6, "tag 6 and a name of 0");
    check_lie(NULL, first, 4, 0, "tag 0 and a name of 0");
    check_lie(NULL, first, 4, ZC_SNAPSHOT_INSTANCE, "is there twice, with tag 3");
    check_lie(NULL, first + 4, 4, 1, "tag 1 and a name of 1");
    check_lie(NULL, first + 8, 8, none, "has 18446744073709551615 bytes");
    check_lie(NULL, first + 8, 8, 1 << 20, "has 1048576 bytes");
    check_lie(NULL, first + 24 + 3 + 4, 4, 1025, "a name of 1025 bytes");
    check_lie(NULL, 200, 1, 1, "are not zero");
    check_lie(NULL, PAGE - 1, 1, 1, "are not zero");
    check_lie(NULL, footer, 8, 2 * PAGE + 1, "index of 1 pages at offset 131073");
    check_lie(NULL, footer, 8, none, "index of 1 pages at offset 18446744073709551615");
    check_lie(NULL, footer, 8, 60, "index of 1 pages at offset 60");
    check_lie(NULL, footer + 8, 4, UINT32_MAX, "index of 4294967295 pages");
    check_lie(NULL, footer + 8, 4, 0, "index of 0 pages");
    check_lie(NULL, footer + 16, 8, 5, "its footer says 5");
    check_lie(NULL, footer + 28, 1, 'X', "no footer ends at");
    check_lie(NULL, entry, 4, 2, "page 2 after 0 others");
    check_lie(NULL, entry + 4, 2, 0, "blocks 0000");
    check_lie(NULL, entry + 4, 2, 0xffff, "blocks ffff, 8192 bytes");
    check_lie(NULL, entry + 6, 2, 1, "not allowed: 1");
    check_lie(NULL, entry + 6, 2, 3, "not allowed: 3");
    check_lie(NULL, entry + 8, 8, 0, "page 1 lies at offset 0, not at 65536");
    check_lie(NULL, entry + 8, 8, PAGE + BLOCK, "page 1 lies at offset 69632");
    check_lie(NULL, entry + 8, 8, none - PAGE + 1, "page 1 lies at offset");
    check_lie(NULL, entry + 16, 4, BLOCK, "4096 bytes");
    check_lie(&rle, entry, 4, 0, "page 0 after 1 others");
    check_lie(&rle, entry + 6, 2, 0, "not allowed: 0");
    check_lie(&rle, entry + 16, 4, 0, "0 bytes");
    check_lie(&rle, entry + 16, 4, 8192, "8192 bytes");
    check_lie(&rle, entry + 16, 4, 8191, "before the index");
    check_lie(&rle, entry - 24 + 16, 4, 2, "page 1 lies at offset");
    check_lie(&rle, entry - 24 + 4, 2, 6, "bytes are not rle of 8192");
}

/* Two lies that agree: no blocks, and no bytes of them. */
static void test_empty_page(void)
{
    store lie = small_snapshot(NULL);
    uint8_t *entry = lie.bytes + lie.size - ZC_SNAPSHOT_FOOTER_SIZE - ZC_SNAPSHOT_ENTRY_SIZE;
    memset(entry + 4, 0, 2);
    memset(entry + 16, 0, 4);
    repair_snapshot(lie.bytes, lie.size);
    const zc_snapshot_source source = source_of(&lie);
    zc_snapshot *snapshot;
    CHECK_FAILS(zc_snapshot_open(&source, &snapshot, &error), ZC_SNAPSHOT, "blocks 0000, 0 bytes");
    free(lie.bytes);
}

/* Sections survive what comes after them, and damage of their neighbours. */
static void test_notes(void)
{
    store file = small_snapshot(NULL);
    zc_snapshot_source source = source_of(&file);
    zc_snapshot *snapshot;
    source.size -= 40;
    CHECK(zc_snapshot_open(&source, &snapshot, &error) == ZC_SNAPSHOT);
    CHECK(zc_snapshot_open_notes(&source, &snapshot, &error) == ZC_OK);
    check_sections(snapshot, small_sections, 3);
    zc_region *region = region_of(sizeof small_memory);
    CHECK_FAILS(zc_snapshot_fill(snapshot, region, false, NULL, &error), ZC_SNAPSHOT, "only its sections");
    zc_region_release(region);
    zc_snapshot_close(snapshot);
    /* The first section's bytes, then the third one's header. */
    file.bytes[36 + 24] ^= 1;
    CHECK(zc_snapshot_open_notes(&source, &snapshot, &error) == ZC_OK);
    check_sections(snapshot, small_sections + 1, 2);
    zc_snapshot_close(snapshot);
    file.bytes[36 + 24 + 3 + 24 + 6 + 5] ^= 1;
    CHECK(zc_snapshot_open_notes(&source, &snapshot, &error) == ZC_OK);
    check_sections(snapshot, small_sections + 1, 1);
    zc_snapshot_close(snapshot);
    source.size = 36 + 24 + 3 + 24 + 6 + 4; /* within the note */
    CHECK(zc_snapshot_open_notes(&source, &snapshot, &error) == ZC_OK);
    check_sections(snapshot, NULL, 0);
    zc_snapshot_close(snapshot);
    file.bytes[0] ^= 1;
    CHECK_FAILS(zc_snapshot_open_notes(&source, &snapshot, &error), ZC_SNAPSHOT, "is no snapshot");
    free(file.bytes);
}

/* ---- what cannot be written or read ---- */

static void test_bad_contents(void)
{
    static uint8_t memory[PAGE];
    zc_snapshot_section sections[2] = {{ZC_SNAPSHOT_NOTE, "a", 1, "", 0}, {ZC_SNAPSHOT_NOTE, "a", 1, "", 0}};
    zc_snapshot_span dead[2] = {{5, 6}, {0, 1}};
    store to = {0};
    const zc_snapshot_sink sink = {store_write, &to};
    uint64_t size;
    zc_snapshot_contents contents = {.memory = memory, .memory_size = PAGE, .sections = sections, .section_count = 2};
    CHECK_FAILS(zc_snapshot_write(&contents, &sink, &size, &error), ZC_BAD_VALUE, "has the tag and name of section 0");
    sections[1].tag = ZC_SNAPSHOT_WASI;
    CHECK_FAILS(zc_snapshot_write(&contents, &sink, &size, &error), ZC_BAD_VALUE, "tag 5 and a name of 1");
    contents.section_count = 1025;
    CHECK_FAILS(zc_snapshot_write(&contents, &sink, &size, &error), ZC_BAD_VALUE, "1025 sections");
    contents.section_count = 0;
    contents.dead = dead;
    contents.dead_count = 2;
    CHECK_FAILS(zc_snapshot_write(&contents, &sink, &size, &error), ZC_BAD_VALUE, "[0, 1) are not in order after 6");
    dead[1] = (zc_snapshot_span){PAGE - 1, PAGE + 1};
    CHECK_FAILS(zc_snapshot_write(&contents, &sink, &size, &error), ZC_BAD_VALUE, "within a memory of 65536");
    dead[1] = (zc_snapshot_span){9, 8};
    CHECK_FAILS(zc_snapshot_write(&contents, &sink, &size, &error), ZC_BAD_VALUE, "[9, 8)");
    contents.dead_count = 0;
    contents.memory_size = PAGE - 1;
    CHECK_FAILS(zc_snapshot_write(&contents, &sink, &size, &error), ZC_BAD_VALUE, "65535 bytes is not whole pages");
    contents.memory_size = PAGE;
    zc_snapshot_codec codec = rle;
    const char *names[] = {"", "ninebytes", "a b"};
    contents.codec = &codec;
    for (int i = 0; i < 3; i++) {
        codec.name = names[i];
        CHECK_FAILS(zc_snapshot_write(&contents, &sink, &size, &error), ZC_BAD_VALUE, "a codec's name");
    }
    CHECK(to.calls == 0);
}

static void test_bad_files(void)
{
    static uint8_t memory[4 * PAGE];
    fill_random(memory, sizeof memory);
    const zc_snapshot_contents contents = {.memory = memory, .memory_size = sizeof memory};
    uint64_t size;
    for (uint64_t call = 1;; call++) { /* a sink that fails at each of its calls */
        store to = {.fail_at = call};
        zc_status status = zc_snapshot_write(&contents, &(zc_snapshot_sink){store_write, &to}, &size, &error);
        free(to.bytes);
        if (status == ZC_OK) {
            CHECK(call == 4); /* header, pages, index */
            break;
        }
        CHECK(status == ZC_SNAPSHOT && strstr(error.message, "the store is full"));
    }
    int file = open("/dev/full", O_WRONLY);
    if (file >= 0) {
        const zc_snapshot_sink sink = {zc_snapshot_write_file, &file};
        CHECK_FAILS(zc_snapshot_write(&contents, &sink, &size, &error), ZC_SNAPSHOT,
                    "cannot write 36 bytes at offset 0");
        CHECK(error.kind == ENOSPC);
        close(file);
    }
    /* Less than was asked for is written, and then nothing. */
    struct rlimit old, limit;
    CHECK(getrlimit(RLIMIT_FSIZE, &old) == 0);
    limit = old;
    limit.rlim_cur = PAGE + 5000;
    signal(SIGXFSZ, SIG_IGN);
    file = new_file();
    CHECK(setrlimit(RLIMIT_FSIZE, &limit) == 0);
    const zc_snapshot_sink sink = {zc_snapshot_write_file, &file};
    zc_status status = zc_snapshot_write(&contents, &sink, &size, &error);
    CHECK(setrlimit(RLIMIT_FSIZE, &old) == 0);
    CHECK(status == ZC_SNAPSHOT && error.kind == EFBIG && strstr(error.message, "257144 bytes at offset 70536"));
    close(file);
    zc_snapshot *snapshot;
    int ends[2];
    CHECK(pipe(ends) == 0);
    CHECK_FAILS(zc_snapshot_open(&(zc_snapshot_source){.file = ends[0]}, &snapshot, &error), ZC_SNAPSHOT, "plain file");
    CHECK_FAILS(zc_snapshot_open(&(zc_snapshot_source){.file = 1 << 20}, &snapshot, &error), ZC_SNAPSHOT, "size of");
    close(ends[0]);
    close(ends[1]);
}

static void test_allocation_failures(void)
{
    for (int packed = 0; packed < 2; packed++) {
        const zc_snapshot_codec *codec = packed ? &rle : NULL;
        const zc_snapshot_span dead = {5, 6};
        zc_region *region = region_of(sizeof small_memory);
        store good = small_snapshot(codec), to = {0};
        const zc_snapshot_contents contents = {.sections = small_sections,
                                               .section_count = 3,
                                               .memory = small_memory,
                                               .memory_size = sizeof small_memory,
                                               .dead = &dead,
                                               .dead_count = 1,
                                               .codec = codec};
        int file = new_file();
        CHECK(pwrite(file, good.bytes, good.size, 0) == (ssize_t)good.size);
        const zc_snapshot_source source = {.file = file};
        long before = blocks, requests = 0;
        for (bool done = false; !done; requests++) {
            uint64_t size;
            zc_snapshot *snapshot = NULL;
            to.size = 0;
            countdown = requests;
            zc_status status = zc_snapshot_write(&contents, &(zc_snapshot_sink){store_write, &to}, &size, &error);
            if (status == ZC_OK) {
                status = zc_snapshot_open(&source, &snapshot, &error);
            }
            if (status == ZC_OK) {
                status = zc_snapshot_fill(snapshot, region, true, codec, &error);
                zc_snapshot_close(snapshot);
            }
            done = countdown >= 0;
            countdown = -1;
            CHECK(done ? status == ZC_OK : status == ZC_NO_MEMORY && strstr(error.message, "cannot allocate"));
            CHECK(blocks == before);
        }
        CHECK(requests > 8);
        close(file);
        free(good.bytes);
        free(to.bytes);
        zc_region_release(region);
    }
}

/* ---- speed ---- */

/* Of the processor for this process, so that what else the machine does matters less. */
static double cpu_seconds(void)
{
    struct timespec now;
    CHECK(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now) == 0);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static double seconds_of_crc(const uint8_t *bytes, uint64_t size)
{
    double start = cpu_seconds();
    uint32_t crc = 0;
    for (uint64_t at = 0; at < size; at += PAGE) {
        crc = zc_crc32c(crc, bytes + at, PAGE);
    }
    double seconds = cpu_seconds() - start;
    CHECK(crc == zc_crc32c(0, bytes, size));
    return seconds;
}

static double seconds_of_pwrite(const uint8_t *bytes, uint64_t size)
{
    int file = new_file();
    double start = cpu_seconds();
    for (uint64_t at = 0; at < size; at += UINT64_C(4) << 20) {
        uint64_t now = size - at < UINT64_C(4) << 20 ? size - at : UINT64_C(4) << 20;
        CHECK(pwrite(file, bytes + at, now, (off_t)at) == (ssize_t)now);
    }
    double seconds = cpu_seconds() - start;
    close(file);
    return seconds;
}

static double seconds_of_write(const zc_snapshot_contents *contents, int *out)
{
    *out = new_file();
    uint64_t size;
    double start = cpu_seconds();
    CHECK(zc_snapshot_write(contents, &(zc_snapshot_sink){zc_snapshot_write_file, out}, &size, &error) == ZC_OK);
    return cpu_seconds() - start;
}

static double seconds_of_fill(int file, uint64_t size, bool mapped)
{
    zc_region *region = region_of(size);
    double start = cpu_seconds();
    zc_snapshot *snapshot = opened(&(zc_snapshot_source){.file = file});
    CHECK(zc_snapshot_fill(snapshot, region, mapped, NULL, &error) == ZC_OK);
    double seconds = cpu_seconds() - start;
    zc_snapshot_close(snapshot);
    zc_region_release(region);
    return seconds;
}

static double seconds_of_pread(int file, uint64_t size)
{
    zc_region *region = region_of(size);
    double start = cpu_seconds();
    for (uint64_t at = 0; at < size; at += UINT64_C(4) << 20) {
        uint64_t now = size - at < UINT64_C(4) << 20 ? size - at : UINT64_C(4) << 20;
        CHECK(pread(file, zc_region_base(region) + at, now, (off_t)at) == (ssize_t)now);
    }
    double seconds = cpu_seconds() - start;
    zc_region_release(region);
    return seconds;
}

static void measure(uint64_t size)
{
    zc_region *region = region_of(size);
    uint8_t *bytes = zc_region_base(region);
    fill_random(bytes, PAGE);
    for (uint64_t at = PAGE; at < size; at += PAGE) {
        memcpy(bytes + at, bytes, PAGE);
    }
    const zc_snapshot_contents contents = {.memory = bytes, .memory_size = size};
    printf("%llu MiB, checksums by %s; GB per second of the processor\n", (ull)(size >> 20), zc_crc32c_method());
    printf("  crc  pwrite  snapshot  ratio |  pread    fill  ratio  mapped\n");
    for (int i = 0; i < 7; i++) {
        int file;
        double gb = (double)size / 1e9, crc = seconds_of_crc(bytes, size), plain = seconds_of_pwrite(bytes, size);
        double write = seconds_of_write(&contents, &file);
        double pread = seconds_of_pread(file, size), fill = seconds_of_fill(file, size, false);
        double mapped = seconds_of_fill(file, size, true);
        printf("%5.1f   %5.2f     %5.2f   %4.2f |  %5.2f   %5.2f   %4.2f   %5.2f\n", gb / crc, gb / plain, gb / write,
               plain / write, gb / pread, gb / fill, pread / fill, gb / mapped);
        close(file);
    }
    zc_region_release(region);
}

int main(int argc, char **argv)
{
    CHECK(argc >= 2);
    folder = argv[1];
    if (argc > 2) {
        measure(strtoull(argv[2], NULL, 10) << 20);
        return 0;
    }
    test_crc();
    test_round_trip();
    test_large();
    test_layout();
    test_empty();
    test_dead();
#if defined(__linux__)
    test_untouched();
#endif
    test_shown();
    test_mapped_holes();
    test_many_runs();
    test_flipped_bytes(NULL);
    test_flipped_bytes(&rle);
    test_truncation(NULL);
    test_truncation(&rle);
    test_lies();
    test_empty_page();
    test_notes();
    test_bad_contents();
    test_bad_files();
    test_allocation_failures();
    CHECK(blocks == 0 && zc_region_count() == 0);
    printf("ok\n");
    return 0;
}
