/* test_image: images of regions, and files that regions show: the same bytes everywhere, changes that stay where they are
 * made, what is shared and what is copied, growth, processes that fork, and that nothing of an image is used again for
 * others. Links csrc/base, csrc/region and the cpu device; with FAKE_MACH, zc_region_mach.c over a fake of the system's
 * calls in place of Linux's files.
 *
 *     test_image FOLDER     prints "ok", or how long things take when it is called with a second argument
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

#include "base/zc_clock.h"
#include "base/zc_copies.h"
#include "region/zc_image.h"
#include "region/zc_mapping.h"
#include "region/zc_region.h"

static zc_error error;
#include "check.h"
#include "counted_alloc.h"

#if defined(FAKE_MACH)
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

int main(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    test_same_bytes_and_own_changes(false);
    test_same_bytes_and_own_changes(true);
    test_generations();
    (void)smaps;
    CHECK(zc_region_count() == 0);
    puts("ok");
}
