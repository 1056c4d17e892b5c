/* zc_region_memfd: images (zc_region_os.h) as sealed memfds, on Linux.
 *
 * Which pages of a range may hold something is asked of /proc/self/pagemap, so that memory which was never touched is
 * neither read nor made. A page that a region shows of its image is no memory of the region, and counts as the image's:
 * where the image has a hole, it is zero. Where the answer cannot be had, all is read.
 * A memfd has the limit on the size of files, whose signal would end the process: such processes have no images. */
#if defined(__linux__)
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "region/zc_region.h"
#include "region/zc_region_os.h"

/* Of an entry of the pagemap. */
#define PRESENT ((uint64_t)1 << 63)
#define SWAPPED ((uint64_t)1 << 62)
#define OF_A_FILE ((uint64_t)1 << 61) /* or of nobody, as the page of zeros is in some versions */

#define BATCH 512
#define LONGEST_WRITE ((uint64_t)256 << 10) /* so that what was looked at is still in the cache */

/* --- pages of a range --- */

typedef struct pages {
    const uint8_t *address;
    uint64_t size, shown, page; /* bytes; see zc_region_os_image_new */
    const zc_region_os_image *image;
    int map;                  /* /proc/self/pagemap, or -1 */
    uint64_t data, data_end;  /* where the image has something, as far as was asked */
    uint64_t first, count;    /* of the pages in `entries` */
    uint64_t entries[BATCH];
} pages;

static void open_pages(pages *pages, const uint8_t *address, uint64_t size, uint64_t shown,
                       const zc_region_os_image *image)
{
    pages->address = address;
    pages->size = size;
    pages->shown = shown;
    pages->image = image;
    pages->page = (uint64_t)sysconf(_SC_PAGESIZE);
    pages->map = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
    pages->data = pages->data_end = 0;
    pages->first = pages->count = 0;
}

static void close_pages(const pages *pages)
{
    if (pages->map >= 0) {
        (void)close(pages->map);
    }
}

/* The pagemap's entry for the page at `offset`; offsets only rise. */
static uint64_t entry_of(pages *pages, uint64_t offset)
{
    uint64_t index = offset / pages->page;
    if (pages->map >= 0 && index >= pages->first + pages->count) {
        uint64_t left = pages->size / pages->page - index;
        size_t size = sizeof *pages->entries * (left < BATCH ? left : BATCH);
        uint64_t at = ((uintptr_t)pages->address / pages->page + index) * sizeof *pages->entries;
        ssize_t got = pread(pages->map, pages->entries, size, (off_t)at);
        if (got < (ssize_t)sizeof *pages->entries) {
            (void)close(pages->map);
            pages->map = -1;
        } else {
            pages->first = index;
            pages->count = (uint64_t)got / sizeof *pages->entries;
        }
    }
    return pages->map >= 0 ? pages->entries[index - pages->first] : PRESENT;
}

/* Whether the image has anything at `offset`; offsets only rise. */
static bool in_image(pages *pages, uint64_t offset)
{
    int file = (int)pages->image->handle;
    while (offset >= pages->data_end && pages->data_end < pages->image->extent) {
        off_t data = lseek(file, (off_t)(offset > pages->data_end ? offset : pages->data_end), SEEK_DATA);
        off_t end = data < 0 ? -1 : lseek(file, data, SEEK_HOLE);
        pages->data = end < 0 ? pages->image->extent : (uint64_t)data;
        pages->data_end = end < 0 ? pages->image->extent : (uint64_t)end;
    }
    return offset >= pages->data && offset < pages->data_end;
}

static bool is_zero(const uint8_t *bytes, uint64_t size)
{
    uint64_t first;
    memcpy(&first, bytes, sizeof first);
    return first == 0 && memcmp(bytes, bytes + sizeof first, size - sizeof first) == 0;
}

/* Whether the page at `offset` has to be looked at: it may hold something. */
static bool may_hold(pages *pages, uint64_t offset)
{
    uint64_t entry = entry_of(pages, offset);
    if (entry & (PRESENT | SWAPPED)) {
        /* Also a page of the image that is mapped: one that was read from a hole of it. */
        return true;
    }
    return offset < pages->shown && (!pages->image || in_image(pages, offset));
}

/* --- images --- */

static bool may_be_as_large(uint64_t size)
{
    struct rlimit limit;
    return getrlimit(RLIMIT_FSIZE, &limit) == 0 && (limit.rlim_cur == RLIM_INFINITY || size <= limit.rlim_cur);
}

static int write_run(int file, const uint8_t *address, uint64_t start, uint64_t end)
{
    while (start < end) {
        ssize_t written = pwrite(file, address + start, (size_t)(end - start), (off_t)start);
        if (written < 0 && errno != EINTR) {
            return errno;
        }
        start += written < 0 ? 0 : (uint64_t)written;
    }
    return 0;
}

/* All pages that are not zero, to their places in the file. *end: where the last one ends. */
static int write_pages(pages *pages, int file, uint64_t *end, uint64_t *copied)
{
    uint64_t start = 0, after = 0; /* what has to be written */
    int code = 0;
    for (uint64_t at = 0; at < pages->size && code == 0; at += pages->page) {
        if (!may_hold(pages, at) || is_zero(pages->address + at, pages->page)) {
            continue;
        }
        if (at != after || at - start >= LONGEST_WRITE) {
            code = write_run(file, pages->address, start, after);
            start = at;
        }
        after = at + pages->page;
        *copied += pages->page;
    }
    *end = after;
    return code ? code : write_run(file, pages->address, start, after);
}

int zc_region_os_image_new(const uint8_t *address, uint64_t size, uint64_t shown, const zc_region_os_image *image,
                           zc_region_os_image *out, uint64_t *copied)
{
    if (!may_be_as_large(size)) {
        return ENOTSUP;
    }
    int file = memfd_create("zcwasm image", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (file < 0) {
        return errno == ENOMEM ? ENOMEM : ENOTSUP; /* no descriptors left, forbidden, or an old system */
    }
    pages pages;
    uint64_t end = 0;
    open_pages(&pages, address, size, shown, image);
    int code = write_pages(&pages, file, &end, copied);
    close_pages(&pages);
    uint64_t extent = (end + ZC_REGION_ALIGNMENT - 1) & ~(uint64_t)(ZC_REGION_ALIGNMENT - 1);
    if (code == 0 && ftruncate(file, (off_t)extent) != 0) {
        code = errno;
    }
    if (code == 0 && fcntl(file, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL) != 0) {
        code = errno;
    }
    if (code != 0 || extent == 0) {
        (void)close(file);
        file = -1;
    }
    *out = (zc_region_os_image){.handle = file, .extent = extent};
    return code == ENOSPC ? ENOMEM : code;
}

void zc_region_os_image_free(const zc_region_os_image *image)
{
    if (image->extent > 0) {
        (void)close((int)image->handle);
    }
}

bool zc_region_os_image_unchanged(const zc_region_os_image *image, const uint8_t *address, uint64_t size)
{
    pages pages;
    bool same = true;
    open_pages(&pages, address, size, image->extent, image);
    for (uint64_t at = 0; at < size && same; at += pages.page) {
        uint64_t entry = entry_of(&pages, at);
        if (entry & (PRESENT | SWAPPED)) {
            same = at < image->extent ? (entry & OF_A_FILE) != 0 : is_zero(address + at, pages.page);
        }
    }
    same = same && pages.map >= 0;
    close_pages(&pages);
    return same;
}

int zc_region_os_image_show(const zc_region_os_image *image, uint8_t *address)
{
    return image->extent ? zc_region_os_show_file(address, image->extent, (int)image->handle, 0) : 0;
}

bool zc_region_os_image_replace(const zc_region_os_image *image, uint8_t *address, uint64_t shown)
{
    /* One call takes the old pages' place, and other threads wait for its end when they touch them. It counts against
     * the limits only what is there anyway. */
    if (zc_region_os_image_show(image, address) != 0) {
        return false;
    }
    if (shown > image->extent) {
        /* The end of what was shown before: zeros, or it would not be after the extent. When this fails it stays. */
        (void)mmap(address + image->extent, (size_t)(shown - image->extent), PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE, -1, 0);
    }
    return true;
}

#elif !defined(__APPLE__)
#include <errno.h>

#include "region/zc_region_os.h"

int zc_region_os_image_new(const uint8_t *address, uint64_t size, uint64_t shown, const zc_region_os_image *image,
                           zc_region_os_image *out, uint64_t *copied)
{
    (void)address;
    (void)size;
    (void)shown;
    (void)image;
    (void)out;
    (void)copied;
    return ENOTSUP;
}

void zc_region_os_image_free(const zc_region_os_image *image)
{
    (void)image;
}

bool zc_region_os_image_unchanged(const zc_region_os_image *image, const uint8_t *address, uint64_t size)
{
    (void)image;
    (void)address;
    (void)size;
    return false;
}

int zc_region_os_image_show(const zc_region_os_image *image, uint8_t *address)
{
    (void)image;
    (void)address;
    return ENOTSUP;
}

bool zc_region_os_image_replace(const zc_region_os_image *image, uint8_t *address, uint64_t shown)
{
    (void)image;
    (void)address;
    (void)shown;
    return false;
}

#else
typedef int zc_region_memfd_is_empty_here;
#endif
