/* test_image: images of regions, and files that regions show: the same bytes everywhere, changes that stay where they are
 * made, what is shared and what is copied, growth, processes that fork, and that nothing of an image is used again for
 * others. Links csrc/base, csrc/region and the cpu device; with FAKE_MACH, zc_region_mach.c over a fake of the system's
 * calls in place of Linux's files.
 *
 *     test_image FOLDER     prints "ok"
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/zc_copies.h"
#include "device/zc_device_backend.h"
#include "kernel/zc_kernel.h"
#include "region/zc_image.h"
#include "region/zc_mapping.h"
#include "region/zc_region.h"

static zc_error error;
#include "check.h"
#include "counted_alloc.h"

#if defined(FAKE_MACH)
#include "mach.h"
#define COPIES 0 /* the system has the copy-on-write entry; nobody copies */
#else
#define COPIES 1
#endif

#define KIB ((uint64_t)1 << 10)
#define MIB ((uint64_t)1 << 20)

/* --- what the tests share --- */

static uint8_t at(const zc_region *region, uint64_t offset)
{
    return ((const volatile uint8_t *)zc_region_base(region))[offset];
}

static zc_region *make(uint64_t reserved, uint64_t size)
{
    zc_region *region;
    CHECK(zc_region_create(reserved, size, &region, &error) == ZC_OK);
    return region;
}

static zc_image *image_of(zc_region *region, bool remap)
{
    zc_image *image;
    CHECK(zc_image_new(region, remap, &image, &error) == ZC_OK);
    CHECK(zc_image_size(image) == zc_region_size(region));
    return image;
}

static zc_region *region_of(zc_image *image, uint64_t reserved)
{
    zc_region *region;
    CHECK(zc_image_region(image, reserved, &region, &error) == ZC_OK);
    CHECK(zc_region_size(region) == zc_image_size(image) && zc_region_reserved(region) >= reserved);
    return region;
}

/* Numbers that differ from place to place. */
static void fill(zc_region *region, uint64_t start, uint64_t end, uint32_t seed)
{
    uint32_t *words = (uint32_t *)(void *)zc_region_base(region);
    for (uint64_t i = start / 4; i < end / 4; i++) {
        words[i] = (uint32_t)i * 2654435761u + seed;
    }
}

static bool is_filled(const zc_region *region, uint64_t start, uint64_t end, uint32_t seed)
{
    const uint32_t *words = (const uint32_t *)(const void *)zc_region_base(region);
    for (uint64_t i = start / 4; i < end / 4; i++) {
        if (words[i] != (uint32_t)i * 2654435761u + seed) {
            return false;
        }
    }
    return true;
}

static bool is_zero(const zc_region *region, uint64_t start, uint64_t end)
{
    for (uint64_t i = start; i < end; i++) {
        if (at(region, i)) {
            return false;
        }
    }
    return true;
}

/* Of [address, address + size): a field of smaps in KiB, summed over the mappings that begin there. */
static uint64_t smaps(const zc_region *region, const char *field)
{
    FILE *file = fopen("/proc/self/smaps", "r");
    CHECK(file);
    char line[512];
    uintptr_t start = 0, end, base = (uintptr_t)zc_region_base(region);
    uint64_t sum = 0, value;
    while (fgets(line, sizeof line, file)) {
        uintptr_t first, last;
        char after;
        if (sscanf(line, "%" SCNxPTR "-%" SCNxPTR "%c", &first, &last, &after) == 3 && after == ' ') {
            start = first;
            end = last;
        } else if (start < base + zc_region_size(region) && end > base && strncmp(line, field, strlen(field)) == 0 &&
                   sscanf(line + strlen(field), ": %" SCNu64, &value) == 1) {
            sum += value;
        }
    }
    (void)fclose(file);
    return sum;
}

static uint64_t forked(void)
{
    return zc_copies_get(ZC_COPY_FORK);
}

/* --- contents --- */

static void test_same_bytes_and_own_changes(bool remap)
{
    zc_region *parent = make(8 * MIB, 4 * MIB);
    fill(parent, 0, 64 * KIB, 1);
    fill(parent, MIB + 12, MIB + 16, 2); /* one word of a page */
    fill(parent, 2 * MIB, 2 * MIB + 300 * KIB, 3);
    uint64_t before = forked();
    zc_image *image = image_of(parent, remap);
    CHECK(forked() - before == COPIES * (64 + 4 + 300) * KIB);
    zc_region *a = region_of(image, 8 * MIB), *b = region_of(image, 8 * MIB);
    const zc_region *all[] = {parent, a, b};
    for (int i = 0; i < 3; i++) {
        CHECK(is_filled(all[i], 0, 64 * KIB, 1) && is_zero(all[i], 64 * KIB, MIB + 12));
        CHECK(is_filled(all[i], MIB + 12, MIB + 16, 2) && is_zero(all[i], MIB + 16, 2 * MIB));
        CHECK(is_filled(all[i], 2 * MIB, 2 * MIB + 300 * KIB, 3));
        CHECK(is_zero(all[i], 2 * MIB + 300 * KIB, 4 * MIB));
    }
    zc_region_base(a)[5] = 77; /* where the image has a page */
    zc_region_base(a)[MIB - 1] = 78; /* where it has a hole */
    zc_region_base(a)[4 * MIB - 1] = 79; /* after its end */
    zc_region_base(parent)[6] = 80;
    zc_region_base(parent)[3 * MIB] = 81;
    CHECK(at(a, 5) == 77 && at(a, MIB - 1) == 78 && at(a, 4 * MIB - 1) == 79);
    CHECK(at(parent, 6) == 80 && at(parent, 3 * MIB) == 81 && at(parent, MIB - 1) == 0);
    CHECK(is_filled(b, 0, 64 * KIB, 1) && at(b, MIB - 1) == 0 && at(b, 3 * MIB) == 0 && at(b, 4 * MIB - 1) == 0);
    zc_region *late = region_of(image, 4 * MIB);
    CHECK(is_filled(late, 0, 64 * KIB, 1) && is_zero(late, 64 * KIB, MIB));
    zc_image_release(image); /* those that show it keep it */
    CHECK(is_filled(b, 2 * MIB, 2 * MIB + 300 * KIB, 3));
    zc_region_release(parent);
    CHECK(is_filled(late, 2 * MIB, 2 * MIB + 300 * KIB, 3) && at(a, 5) == 77);
    zc_region_release(a);
    zc_region_release(b);
    zc_region_release(late);
}

/* Images of what shows images, over and over, with changes in between. */
static void test_generations(void)
{
    zc_region *region = make(2 * MIB, MIB);
    uint8_t expected[16] = {0};
    zc_region *kept[16];
    for (uint8_t i = 0; i < 16; i++) {
        uint64_t where = (uint64_t)(i * 7 % 16) * 64 * KIB;
        zc_region_base(region)[where + i] = expected[i] = (uint8_t)(100 + i);
        zc_image *image = image_of(region, i % 2 == 0);
        kept[i] = region_of(image, 2 * MIB);
        zc_image_release(image);
        if (i % 3 == 0) { /* the child goes on, and the parent stays as it is */
            zc_region *parent = region;
            region = kept[i];
            kept[i] = parent;
        }
    }
    for (uint8_t i = 0; i < 16; i++) {
        for (uint8_t j = 0; j < 16; j++) {
            CHECK(at(kept[i], (uint64_t)(j * 7 % 16) * 64 * KIB + j) == (j <= i ? expected[j] : 0));
        }
        zc_region_release(kept[i]);
    }
    zc_region_release(region);
}

/* More than one thread fills: parts of the image with what is between them. */
static void test_large(void)
{
    zc_region *parent = make(64 * MIB, 48 * MIB);
    for (uint64_t at_mib = 0; at_mib < 48; at_mib += 3) {
        fill(parent, at_mib * MIB, (at_mib + 2) * MIB - 8 * KIB, (uint32_t)at_mib);
    }
    for (int generation = 0; generation < 3; generation++) {
        zc_image *image = image_of(parent, generation > 0);
        zc_region *child = region_of(image, 64 * MIB);
        CHECK(memcmp(zc_region_base(child), zc_region_base(parent), 48 * MIB) == 0);
        for (uint64_t at_mib = 0; at_mib < 48; at_mib += 3) {
            CHECK(is_filled(parent, at_mib * MIB, (at_mib + 2) * MIB - 8 * KIB, (uint32_t)at_mib));
        }
        zc_region_release(child);
        zc_image_release(image);
        /* Where a page was there is none now, and the other way round. */
        memset(zc_region_base(parent) + (uint64_t)(18 + generation * 6) * MIB, 0, 2 * MIB);
        fill(parent, 18 * MIB + 2 * MIB, 18 * MIB + 2 * MIB + 64 * KIB, 5);
        CHECK(is_filled(parent, 0, 2 * MIB - 8 * KIB, 0));
        for (uint64_t at_mib = (uint64_t)(18 + generation * 6); at_mib <= (uint64_t)(18 + generation * 6); at_mib++) {
            fill(parent, at_mib * MIB, (at_mib + 2) * MIB - 8 * KIB, (uint32_t)at_mib);
        }
    }
    zc_region_release(parent);
}

/* --- growth --- */

static void test_growth(void)
{
    zc_region *parent = make(4 * MIB, MIB);
    fill(parent, 0, MIB, 1);
    zc_image *image = image_of(parent, true);
    zc_region *child = region_of(image, 4 * MIB);
    zc_region *both[] = {parent, child};
    uint64_t previous;
    for (int i = 0; i < 2; i++) {
        CHECK(zc_region_commit_ahead(both[i], 2 * MIB) == 2 * MIB);
        CHECK(zc_region_grow(both[i], MIB / 2, &previous, &error) == ZC_OK && previous == MIB);
        CHECK(zc_region_grow(both[i], 2 * MIB, &previous, &error) == ZC_OK && previous == MIB + MIB / 2);
        CHECK(is_filled(both[i], 0, MIB, 1) && is_zero(both[i], MIB, 3 * MIB + MIB / 2));
        zc_region_base(both[i])[3 * MIB] = (uint8_t)(7 + i);
        CHECK(zc_region_grow(both[i], MIB, &previous, &error) == ZC_OUT_OF_BOUNDS);
        CHECK(zc_region_find(zc_region_base(both[i]) + 3 * MIB, 5) == both[i]);
        zc_region_release(both[i]);
    }
    CHECK(at(parent, 3 * MIB) == 7 && at(child, 3 * MIB) == 8);
    zc_image *next = image_of(child, true); /* of what it shows and what it grew by */
    zc_region *grandchild = region_of(next, 4 * MIB);
    CHECK(is_filled(grandchild, 0, MIB, 1) && at(grandchild, 3 * MIB) == 8 && is_zero(grandchild, MIB, 3 * MIB));
    zc_image_release(image);
    zc_image_release(next);
    zc_region_release(parent);
    zc_region_release(child);
    zc_region_release(grandchild);
}

/* Memory of nothing, and less than nothing. */
static void test_edges(void)
{
    zc_region *empty = make(MIB, 0), *zeros = make(MIB, MIB);
    uint64_t previous, before = forked();
    zc_image *of_empty = image_of(empty, true), *of_zeros = image_of(zeros, true);
    zc_region *a = region_of(of_empty, MIB), *b = region_of(of_zeros, MIB);
    CHECK(zc_region_grow(a, 64 * KIB, &previous, &error) == ZC_OK && is_zero(a, 0, 64 * KIB));
    CHECK(is_zero(b, 0, MIB) && forked() == before);
    zc_region_base(b)[0] = 1;
    CHECK(at(zeros, 0) == 0);
    zc_region *less;
    CHECK_FAILS(zc_image_region(of_zeros, MIB - 1, &less, &error), ZC_BAD_VALUE, "1048576");
    zc_region_release(a);
    zc_region_release(b);
    zc_region_release(empty);
    zc_region_release(zeros);
    zc_image_release(of_empty);
    zc_image_release(of_zeros);
}

/* What showed an image is no memory for others: emptied, it would show the image again. */
static void test_no_spares(void)
{
    for (int i = 0; i < 4; i++) {
        zc_region *parent = make(64 * KIB, 64 * KIB);
        fill(parent, 0, 64 * KIB, 3);
        zc_image *image = image_of(parent, i % 2 == 0);
        zc_region *child = region_of(image, 64 * KIB);
        zc_region_release(child);
        zc_region_release(parent);
        zc_region *others[40]; /* as many as there could be spares */
        for (int j = 0; j < 40; j++) {
            others[j] = make(64 * KIB, 64 * KIB);
            CHECK(is_zero(others[j], 0, 64 * KIB));
        }
        for (int j = 0; j < 40; j++) {
            zc_region_release(others[j]);
        }
        child = region_of(image, 64 * KIB); /* and over one that is a spare it is right, too */
        CHECK(is_filled(child, 0, 64 * KIB, 3));
        zc_region_release(child);
        zc_image_release(image);
    }
    (void)zc_mapping_trim();
}

/* --- what is shared --- */

static void ignore(void *value)
{
    (void)value;
}

#if !defined(FAKE_MACH)
static void test_sharing(void)
{
    zc_region *parent = make(64 * MIB, 60 * MIB), *children[16];
    fill(parent, 20 * MIB, 32 * MIB, 1);
    zc_image *image = image_of(parent, true);
    CHECK(smaps(parent, "Anonymous") == 0); /* its own pages are gone */
    for (int i = 0; i < 16; i++) {
        children[i] = region_of(image, 64 * MIB);
        CHECK(is_filled(children[i], 20 * MIB, 32 * MIB, 1)); /* reading makes no pages */
        CHECK(smaps(children[i], "Anonymous") == 0);
    }
    CHECK(smaps(children[0], "Rss") >= 12 * 1024);
    CHECK(smaps(children[0], "Pss") < 2 * 1024);
    zc_region_base(children[3])[20 * MIB + 5] = 1;
    zc_region_base(parent)[25 * MIB] = 1;
    CHECK(smaps(children[3], "Anonymous") == 4 && smaps(children[4], "Anonymous") == 0);
    CHECK(smaps(parent, "Anonymous") == 4);
    for (int i = 0; i < 16; i++) {
        zc_region_release(children[i]);
    }
    zc_image_release(image);
    zc_region_release(parent);
}

static void test_again_without_changes(void)
{
    zc_region *parent = make(MIB, MIB / 2);
    fill(parent, 0, 100 * KIB, 1);
    zc_image *first = image_of(parent, true), *second = image_of(parent, true);
    CHECK(first == second);
    CHECK(is_filled(parent, 0, 100 * KIB, 1) && is_zero(parent, 200 * KIB, 300 * KIB)); /* reading is no change */
    zc_image_release(second);
    second = image_of(parent, true);
    zc_region *child = region_of(second, MIB);
    zc_image *of_child = image_of(child, false);
    CHECK(first == second && of_child == first);
    zc_image_release(of_child);
    zc_image_release(second);
    const uint64_t places[] = {50 * KIB, 101 * KIB, 400 * KIB}; /* in it, in its last page, after it */
    for (int i = 0; i < 3; i++) {
        zc_region_base(parent)[places[i]] ^= 1;
        second = image_of(parent, true);
        CHECK(first != second);
        zc_region *other = region_of(second, MIB);
        CHECK(memcmp(zc_region_base(other), zc_region_base(parent), MIB / 2) == 0);
        zc_region_release(other);
        zc_image_release(first);
        first = second;
    }
    uint64_t previous;
    CHECK(zc_region_grow(parent, 64 * KIB, &previous, &error) == ZC_OK);
    second = image_of(parent, true);
    CHECK(first != second);
    zc_image_release(first);
    zc_image_release(second);
    zc_region_release(child);
    zc_region_release(parent);
}

/* A device has a view of the pages: they stay. */
static void test_attached_is_not_remapped(void)
{
    zc_region *parent = make(MIB, MIB);
    fill(parent, 0, 128 * KIB, 1);
    CHECK(zc_region_attach(parent, &error, parent, ignore, &error) == ZC_OK);
    zc_image *image = image_of(parent, true);
    CHECK(smaps(parent, "Anonymous") == 128);
    zc_region *child = region_of(image, MIB);
    CHECK(is_filled(child, 0, 128 * KIB, 1));
    zc_region_release(child);
    zc_image_release(image);
    zc_region_release(parent);
}

/* Of memory that nobody touched nothing is made, and of what an image has not either. */
static void test_probe(void)
{
    zc_region *parent = make(8 * MIB, 8 * MIB);
    fill(parent, MIB, MIB + 64 * KIB, 1);
    fill(parent, 3 * MIB, 3 * MIB + 64 * KIB, 2);
    zc_image *image = image_of(parent, false);
    zc_region *child = region_of(image, 8 * MIB), *all[] = {parent, child};
    zc_region_base(child)[2 * MIB] = 1;
    zc_region_base(child)[5 * MIB] = 1;
    for (int i = 0; i < 2; i++) {
        zc_region_probe *probe = zc_region_probe_new(all[i], NULL, 0);
        CHECK(probe);
        for (uint64_t where = 0; where < 8 * MIB; where += 64 * KIB) {
            bool expected = where == MIB || where == 3 * MIB || (i == 1 && (where == 2 * MIB || where == 5 * MIB));
            bool may = zc_region_probe_may_hold(probe, where, 64 * KIB);
            CHECK(may || !expected);
            CHECK(may == expected || i == 0); /* its pages may be larger */
        }
        zc_region_probe_free(probe);
    }
    CHECK(smaps(child, "Rss") <= 8 + 2 * 64);
    zc_image_release(image);
    zc_region_release(parent);
    zc_region_release(child);
}

static void test_dead(void)
{
    zc_region *parent = make(2 * MIB, 2 * MIB);
    fill(parent, 0, 2 * MIB, 1);
    const zc_region_span dead[] = {{64 * KIB + 1, 256 * KIB}, {300 * KIB, 300 * KIB}, {MIB, 2 * MIB}};
    for (int remap = 0; remap < 2; remap++) {
        zc_image *image;
        uint64_t before = forked();
        CHECK(zc_image_new_without(parent, remap, dead, 3, &image, &error) == ZC_OK);
        CHECK(forked() - before == (68 + 1024 - 256) * KIB);
        zc_region *child = region_of(image, 2 * MIB), *both[] = {child, parent};
        for (int i = 0; i < 1 + remap; i++) {
            CHECK(is_filled(both[i], 0, 64 * KIB, 1) && is_filled(both[i], 256 * KIB, MIB, 1));
            CHECK(is_zero(both[i], 68 * KIB, 256 * KIB) && is_zero(both[i], MIB, 2 * MIB));
        }
        CHECK(remap || is_filled(parent, 0, 2 * MIB, 1));
        zc_region_release(child);
        zc_image *again = NULL;
        if (remap) { /* and what is dead is no change */
            again = image_of(parent, true);
            CHECK(again == image);
        }
        zc_image_release(again);
        zc_image_release(image);
    }
    zc_image *image;
    const zc_region_span wrong[][2] = {
        {{5, 4}, {0, 0}}, {{0, 8}, {7, 9}}, {{0, 1}, {2 * MIB, 2 * MIB + 1}}, {{UINT64_MAX, UINT64_MAX}, {0, 0}}};
    for (int i = 0; i < 4; i++) {
        CHECK_FAILS(zc_image_new_without(parent, true, wrong[i], 2, &image, &error), ZC_BAD_VALUE, "dead span");
    }
    zc_region_release(parent);
}
#endif

/* --- readers, processes, limits --- */

static zc_region *watched;
static _Atomic bool stop;

static void *watch(void *rounds)
{
    while (!atomic_load(&stop)) {
        if (!is_filled(watched, 0, 256 * KIB, 9) || !is_zero(watched, MIB, MIB + 64 * KIB) ||
            !is_filled(watched, 8 * MIB, 9 * MIB, 8)) {
            return (void *)"other bytes";
        }
        ++*(uint64_t *)rounds;
    }
    return NULL;
}

/* Threads that read, as those of NumPy do, see what was there all the time, while images are made and shown. */
static void test_readers(void)
{
    watched = make(16 * MIB, 12 * MIB);
    fill(watched, 0, 256 * KIB, 9);
    fill(watched, 8 * MIB, 9 * MIB, 8);
    pthread_t threads[2];
    uint64_t rounds[2] = {0};
    for (int i = 0; i < 2; i++) {
        CHECK(pthread_create(&threads[i], NULL, watch, &rounds[i]) == 0);
    }
    for (uint64_t i = 0; i < 150; i++) {
        zc_region_base(watched)[4 * MIB + i * 8 * KIB] = (uint8_t)(i + 1); /* so that there is something new to copy */
        zc_image_release(image_of(watched, true));
    }
    atomic_store(&stop, true);
    for (int i = 0; i < 2; i++) {
        void *wrong;
        CHECK(pthread_join(threads[i], &wrong) == 0 && !wrong && rounds[i] > 0);
    }
    for (uint64_t i = 0; i < 150; i++) {
        CHECK(at(watched, 4 * MIB + i * 8 * KIB) == (uint8_t)(i + 1));
    }
    zc_region_release(watched);
}

/* What `child` does in a process of its own must end well. */
static void in_a_process(void (*child)(void))
{
    (void)fflush(NULL);
    pid_t process = fork();
    CHECK(process >= 0);
    if (process == 0) {
        child();
        _exit(0);
    }
    int status;
    CHECK(waitpid(process, &status, 0) == process && status == 0);
}

static zc_region *before_fork, *child_before_fork;
static zc_image *image_before_fork;

static void use_after_fork(void)
{
    CHECK(is_filled(before_fork, 0, 128 * KIB, 4) && is_filled(child_before_fork, 0, 128 * KIB, 4));
    fill(before_fork, 0, 64 * KIB, 5);
    fill(child_before_fork, 0, 64 * KIB, 6);
    zc_region *other;
    zc_status status = zc_image_region(image_before_fork, MIB, &other, &error);
#if defined(FAKE_MACH)
    CHECK(status == ZC_NO_MEMORY); /* names of entries are the parent's */
#else
    CHECK(status == ZC_OK && is_filled(other, 0, 128 * KIB, 4));
    zc_region_release(other);
#endif
    zc_image *image = image_of(before_fork, true);
    other = region_of(image, MIB);
    CHECK(is_filled(other, 0, 64 * KIB, 5) && is_filled(other, 64 * KIB, 128 * KIB, 4));
    zc_image_release(image);
    zc_region_release(other);
    zc_region_release(before_fork);
    zc_region_release(child_before_fork);
    zc_image_release(image_before_fork);
}

static void test_processes(void)
{
    before_fork = make(MIB, MIB / 2);
    fill(before_fork, 0, 128 * KIB, 4);
    image_before_fork = image_of(before_fork, true);
    child_before_fork = region_of(image_before_fork, MIB);
    in_a_process(use_after_fork);
    CHECK(is_filled(before_fork, 0, 128 * KIB, 4) && is_filled(child_before_fork, 0, 128 * KIB, 4));
    zc_region *late = region_of(image_before_fork, MIB);
    CHECK(is_filled(late, 0, 128 * KIB, 4));
    zc_region_release(late);
    zc_image_release(image_before_fork);
    zc_region_release(child_before_fork);
    zc_region_release(before_fork);
}

#if !defined(FAKE_MACH)
/* Without anything to show there are copies, which are counted. */
static void check_plain_copies(void)
{
    zc_region *parent = make(MIB, MIB);
    fill(parent, 0, 96 * KIB, 1);
    uint64_t before = forked();
    zc_image *image = image_of(parent, true);
    CHECK(forked() - before == 96 * KIB);
    zc_region *a = region_of(image, 2 * MIB), *b = region_of(image, 2 * MIB);
    CHECK(forked() - before == 3 * 96 * KIB);
    zc_region_base(a)[0] ^= 1;
    CHECK(is_filled(b, 0, 96 * KIB, 1) && is_filled(parent, 0, 96 * KIB, 1) && is_zero(a, 96 * KIB, MIB));
    zc_image_release(image);
    zc_region_release(a);
    zc_region_release(b);
    zc_region_release(parent);
}

static void limit_files(void)
{
    CHECK(setrlimit(RLIMIT_FSIZE, &(struct rlimit){MIB / 2, MIB / 2}) == 0); /* a larger file is a deadly signal */
    check_plain_copies();
}

static void limit_descriptors(void)
{
    CHECK(setrlimit(RLIMIT_NOFILE, &(struct rlimit){3, 3}) == 0);
    check_plain_copies();
}

static void limit_addresses(void)
{
    zc_region *parent = make(MIB, MIB);
    fill(parent, 0, MIB, 1);
    zc_image *image = image_of(parent, true);
    CHECK(setrlimit(RLIMIT_AS, &(struct rlimit){1, 1}) == 0);
    zc_region *child;
    CHECK(zc_image_region(image, MIB, &child, &error) == ZC_NO_MEMORY);
    CHECK(is_filled(parent, 0, MIB, 1));
}

static void test_limits(void)
{
    in_a_process(limit_files);
    in_a_process(limit_descriptors);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__) && !defined(WITH_SANITIZER)
    in_a_process(limit_addresses);
#else
    (void)limit_addresses; /* what instruments needs addresses, too */
#endif
}
#endif

/* Each request for memory fails once, and leaves nothing. */
static void test_no_memory(void)
{
    zc_region *parent = make(MIB, MIB), *child = NULL;
    fill(parent, 0, MIB, 1);
    for (int n = 0; !child; n++) {
        zc_image *image;
        long before = blocks;
        countdown = n;
        zc_status status = zc_image_new(parent, false, &image, &error);
        if (status == ZC_OK) {
            status = zc_image_region(image, MIB, &child, &error);
            zc_image_release(image);
        }
        countdown = -1;
        CHECK(status == ZC_OK || (status == ZC_NO_MEMORY && blocks == before && !child && n < 10));
    }
    CHECK(is_filled(child, 0, MIB, 1));
    zc_region_release(child);
    zc_region_release(parent);
}

/* --- files --- */

static void test_show_file(const char *folder)
{
    char path[4096];
    (void)snprintf(path, sizeof path, "%s/pages", folder);
    int file = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    CHECK(file >= 0);
    zc_region *source = make(MIB, MIB), *region;
    fill(source, 0, MIB, 1);
    CHECK(pwrite(file, zc_region_base(source), MIB, 0) == (ssize_t)MIB);
    CHECK(zc_region_create_sparse(4 * MIB, 2 * MIB, &region, &error) == ZC_OK);
    CHECK(zc_region_show_file(region, 64 * KIB, file, 0, 128 * KIB, &error) == ZC_OK);
    CHECK(zc_region_show_file(region, MIB, file, 256 * KIB, 64 * KIB, &error) == ZC_OK);
    CHECK_FAILS(zc_region_show_file(region, 5, file, 0, 64 * KIB, &error), ZC_BAD_VALUE, "65536 bytes");
    CHECK_FAILS(zc_region_show_file(region, 2 * MIB, file, 0, 64 * KIB, &error), ZC_BAD_VALUE, "2097152");
    CHECK_FAILS(zc_region_show_file(region, 0, file, 4096, 64 * KIB, &error), ZC_BAD_VALUE, "4096");
    CHECK_FAILS(zc_region_show_file(region, 0, file, 0, 0, &error), ZC_BAD_VALUE, "0 bytes");
    CHECK_FAILS(zc_region_show_file(region, MIB, file, 0, UINT64_MAX - 5, &error), ZC_BAD_VALUE, "2097152");
    CHECK_FAILS(zc_region_show_file(region, 0, -1, 0, 64 * KIB, &error), ZC_NO_MEMORY, "cannot map");
    CHECK(close(file) == 0);
    CHECK(is_zero(region, 0, 64 * KIB) && is_zero(region, 192 * KIB, MIB) && is_zero(region, MIB + 64 * KIB, 2 * MIB));
    CHECK(memcmp(zc_region_base(region) + 64 * KIB, zc_region_base(source), 128 * KIB) == 0);
    CHECK(memcmp(zc_region_base(region) + MIB, zc_region_base(source) + 256 * KIB, 64 * KIB) == 0);
    zc_image *image = image_of(region, false); /* of pages that nobody touched, too */
    zc_region_base(region)[64 * KIB] ^= 1;
    zc_region *child = region_of(image, 4 * MIB);
    CHECK(memcmp(zc_region_base(child) + 64 * KIB, zc_region_base(source), 128 * KIB) == 0);
    zc_region_release(child);
    zc_image_release(image);
    uint8_t first;
    file = open(path, O_RDONLY | O_CLOEXEC);
    CHECK(pread(file, &first, 1, 0) == 1 && first == at(source, 0)); /* what was written stayed here */
    CHECK(close(file) == 0);
    zc_region_release(region);
    zc_region_release(source);
}

/* --- a device over it --- */

static void no_vulkan(zc_device_info *info)
{
    (void)snprintf(info->reason, sizeof info->reason, "not in this test");
}

const zc_device_backend zc_device_vulkan = {.kind = "vulkan", .probe = no_vulkan};

/* The cpu device computes in the child's own pages; the others' stay as they were. */
static void test_device(void)
{
    zc_device *device;
    zc_region *parent = make(MIB, MIB);
    float *numbers = (float *)(void *)zc_region_base(parent);
    for (int i = 0; i < 1000; i++) {
        numbers[i] = (float)i;
    }
    CHECK(zc_device_open("cpu", &(zc_device_options){.threads = 2}, &device, &error) == ZC_OK);
    zc_image *image = image_of(parent, true);
    zc_region *children[4];
    for (int i = 0; i < 4; i++) {
        children[i] = region_of(image, MIB);
        zc_batch *batch;
        zc_submission *submission;
        const zc_range ranges[2] = {{children[i], 0, 4000}, {children[i], 4096, 4000}};
        const zc_affine_params p = {.count = 1000, .scale = 2, .shift = (float)i};
        CHECK(zc_batch_new(device, &batch, &error) == ZC_OK);
        CHECK(zc_batch_dispatch(batch, &(zc_dispatch){zc_kernel_find("affine"), ranges, 2, &p, sizeof p}, &error) ==
              ZC_OK);
        CHECK(zc_batch_submit(batch, &submission, &error) == ZC_OK);
        zc_batch_free(batch);
        CHECK(zc_submission_wait(submission, -1, &error) == ZC_OK);
        zc_submission_release(submission);
    }
    for (int i = 0; i < 4; i++) {
        const float *results = (const float *)(const void *)(zc_region_base(children[i]) + 4096);
        for (int j = 0; j < 1000; j++) {
            CHECK(results[j] == 2.0f * (float)j + (float)i);
        }
    }
    CHECK(is_zero(parent, 4096, 8192));
    zc_image *again = image_of(parent, true); /* the cpu device needs no view of a region that would pin its pages */
    CHECK(again == image || !COPIES);
    zc_image_release(again);
    for (int i = 0; i < 4; i++) {
        zc_region_release(children[i]);
    }
    zc_image_release(image);
    zc_region_release(parent);
    zc_device_release(device);
}

int main(int argc, char **argv)
{
    CHECK(argc == 2);
    test_same_bytes_and_own_changes(false);
    test_same_bytes_and_own_changes(true);
    test_generations();
    test_large();
    test_growth();
    test_edges();
    test_no_spares();
    test_readers();
    test_processes();
    test_no_memory();
    test_show_file(argv[1]);
    test_device();
#if defined(FAKE_MACH)
    (void)ignore;
    (void)smaps;
    CHECK(fake_mach_entries == 0);
#else
    test_sharing();
    test_again_without_changes();
    test_attached_is_not_remapped();
    test_probe();
    test_dead();
    test_limits();
#endif
    for (int i = 0; i < 5000 && blocks; i++) {
        (void)usleep(1000); /* threads of the device let go of the last submission */
    }
    CHECK(zc_region_count() == 0 && blocks == 0);
    puts("ok");
}
