/* zc_region_memfd: images (zc_region_os.h) as sealed memfds, on Linux.
 *
 * Which pages of a range may hold something is asked of /proc/self/pagemap, so that memory which was never touched is
 * neither read nor made. A page that a region shows of its image is no memory of the region, and counts as the image's:
 * where the image has a hole, it is zero. Where the answer cannot be had, all is read.
 *
 * Making the pages of a file takes longer than copying the bytes, and a file is written by one thread at a time. So
 * a large image has some files, each of which a thread of its own fills, for as long as that takes.
 *
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

#include "base/zc_alloc.h"
#include "base/zc_jobs.h"
#include "region/zc_image.h"
#include "region/zc_region.h"
#include "region/zc_region_os.h"

/* Of an entry of the pagemap. */
#define PRESENT ((uint64_t)1 << 63)
#define SWAPPED ((uint64_t)1 << 62)
#define OF_A_FILE ((uint64_t)1 << 61) /* or of nobody, as the page of zeros is in some versions */

#define BATCH 512
#define LONGEST_WRITE ((uint64_t)256 << 10) /* so that what was looked at is still in the cache */
#define LEAST_PART ((uint64_t)3 << 20)      /* less takes about as long as starting a thread */

_Static_assert(ZC_JOBS <= ZC_REGION_OS_PARTS, "a part for each job");

/* --- pages of a range --- */

struct zc_region_os_pages {
    zc_region_os_range range;
    uint64_t page;           /* bytes of one */
    int map;                 /* /proc/self/pagemap, or -1 */
    unsigned part;           /* of the image, that was looked at last */
    uint64_t data, data_end; /* where that has something, as far as was asked */
    size_t dead;             /* the first span that may lie ahead */
    uint64_t first, count;   /* of the pages in `entries` */
    uint64_t entries[BATCH];
};
typedef zc_region_os_pages pages;

static void open_pages(pages *pages, const zc_region_os_range *range)
{
    pages->range = *range;
    pages->page = (uint64_t)sysconf(_SC_PAGESIZE);
    pages->map = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
    pages->part = 0;
    pages->dead = 0;
    pages->data = pages->data_end = 0;
    pages->first = pages->count = 0;
}

static void close_pages(const pages *pages)
{
    if (pages->map >= 0) {
        (void)close(pages->map);
    }
}

/* Whether nobody wants the page at `offset`; offsets only rise. */
static bool is_dead(pages *pages, uint64_t offset)
{
    const zc_region_os_range *range = &pages->range;
    while (pages->dead < range->dead_count && range->dead[pages->dead].end < offset + pages->page) {
        pages->dead++;
    }
    return pages->dead < range->dead_count && range->dead[pages->dead].start <= offset;
}

/* The first page from `offset` on that is not dead; the range's end where there is none. Offsets only rise. */
static uint64_t living(pages *pages, uint64_t offset)
{
    while (is_dead(pages, offset)) {
        uint64_t end = pages->range.dead[pages->dead].end;
        offset = end - end % pages->page;
    }
    return offset;
}

/* How many pages there are from one at `offset`, which is not dead, to the next that is: nobody asks for those. */
static uint64_t to_next_dead(const pages *pages, uint64_t offset)
{
    const zc_region_os_range *range = &pages->range;
    uint64_t start = pages->dead < range->dead_count ? range->dead[pages->dead].start : range->size;
    return (start - offset + pages->page - 1) / pages->page;
}

/* The pagemap's entry for the page at `offset`; offsets only rise. */
static uint64_t entry_of(pages *pages, uint64_t offset)
{
    uint64_t index = offset / pages->page;
    if (pages->map >= 0 && index >= pages->first + pages->count) {
        uint64_t left = to_next_dead(pages, offset);
        size_t size = sizeof *pages->entries * (left < BATCH ? left : BATCH);
        uint64_t at = ((uintptr_t)pages->range.address / pages->page + index) * sizeof *pages->entries;
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

/* Whether a part of the image is shown at `offset`: pages->part; offsets only rise. */
static bool find_part(pages *pages, uint64_t offset)
{
    const zc_region_os_image *image = pages->range.image;
    while (pages->part < image->count && offset >= image->parts[pages->part].start + image->parts[pages->part].size) {
        pages->part++;
    }
    return pages->part < image->count && offset >= image->parts[pages->part].start;
}

/* Whether the image has anything at `offset`; offsets only rise. */
static bool in_image(pages *pages, uint64_t offset)
{
    if (!find_part(pages, offset)) {
        return false;
    }
    int file = (int)pages->range.image->parts[pages->part].handle;
    uint64_t start = pages->range.image->parts[pages->part].start,
             end = start + pages->range.image->parts[pages->part].size;
    if (offset >= pages->data_end) {
        off_t data = lseek(file, (off_t)(offset - start), SEEK_DATA);
        off_t hole = data < 0 ? -1 : lseek(file, data, SEEK_HOLE);
        pages->data = hole < 0 ? end : start + (uint64_t)data;
        pages->data_end = hole < 0 ? end : start + (uint64_t)hole;
    }
    return offset >= pages->data && offset < pages->data_end;
}

static bool is_zero(const uint8_t *bytes, uint64_t size)
{
    uint64_t first;
    memcpy(&first, bytes, sizeof first);
    return first == 0 && memcmp(bytes, bytes + sizeof first, size - sizeof first) == 0;
}

/* Whether the page at `offset` has to be looked at; offsets only rise. */
static bool may_hold(pages *pages, uint64_t offset)
{
    const zc_region_os_range *range = &pages->range;
    if (is_dead(pages, offset)) {
        return false;
    }
    /* Also a page of the image may be there that was read from a hole of it. */
    return (entry_of(pages, offset) & (PRESENT | SWAPPED)) ||
           (offset < range->shown && (!range->image || in_image(pages, offset)));
}

zc_region_os_pages *zc_region_os_pages_new(const zc_region_os_range *range)
{
    pages *pages = zc_malloc(sizeof *pages);
    if (pages) {
        open_pages(pages, range);
    }
    return pages;
}

bool zc_region_os_pages_may_hold(zc_region_os_pages *pages, uint64_t offset, uint64_t size)
{
    uint64_t end = offset + size;
    bool holds = false;
    for (uint64_t at = offset - offset % pages->page; at < end && !holds; at += pages->page) {
        holds = may_hold(pages, at);
    }
    return holds;
}

void zc_region_os_pages_free(zc_region_os_pages *pages)
{
    if (pages) {
        close_pages(pages);
        zc_free(pages);
    }
}

/* --- making images --- */

/* A part of an image, and who makes it. */
typedef struct job {
    pages pages; /* which may hold something: of the whole range */
    uint64_t start, end;
    int file;
    uint64_t size, copied; /* what it is then */
    int code;
} job;

static int write_run(const job *job, uint64_t start, uint64_t end)
{
    while (start < end) {
        ssize_t written =
            pwrite(job->file, job->pages.range.address + start, (size_t)(end - start), (off_t)(start - job->start));
        if (written < 0 && errno != EINTR) {
            return errno == ENOSPC ? ENOMEM : errno;
        }
        start += written < 0 ? 0 : (uint64_t)written;
    }
    return 0;
}

/* All pages that are not zero, to their places in the file; then nobody can change it any more. */
static int write_part(job *job)
{
    pages *pages = &job->pages;
    uint64_t start = job->start, after = job->start; /* what has to be written */
    int code = 0;
    for (uint64_t at = living(pages, start); at < job->end && code == 0; at = living(pages, at + pages->page)) {
        if (!may_hold(pages, at) || is_zero(pages->range.address + at, pages->page)) {
            continue;
        }
        if (at != after || at - start >= LONGEST_WRITE) {
            code = write_run(job, start, after);
            start = at;
        }
        after = at + pages->page;
        job->copied += pages->page;
    }
    code = code ? code : write_run(job, start, after);
    job->size = (after - job->start + ZC_REGION_ALIGNMENT - 1) & ~(uint64_t)(ZC_REGION_ALIGNMENT - 1);
    if (code == 0 && (ftruncate(job->file, (off_t)job->size) != 0 ||
                      fcntl(job->file, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL) != 0)) {
        code = errno;
    }
    return code;
}

static void run_job(void *context, unsigned index)
{
    job *job = (struct job *)context + index;
    job->code = write_part(job);
}

/* Into how many parts, of about as many pages that may hold something. */
static unsigned cut(const zc_region_os_range *range, uint64_t ends[ZC_REGION_OS_PARTS])
{
    uint64_t size = range->size;
    unsigned most = zc_jobs_count(size / LEAST_PART), count = 1;
    ends[0] = size;
    if (most <= 1) {
        return 1;
    }
    uint64_t held = 0;
    for (int pass = 0; pass < 2; pass++) {
        uint64_t limit = held / most, filled = 0;
        limit = limit < LEAST_PART ? LEAST_PART : limit;
        pages pages;
        open_pages(&pages, range);
        for (uint64_t at = living(&pages, 0); at < size; at = living(&pages, at + pages.page)) {
            if (pass == 1 && filled >= limit && at % ZC_REGION_ALIGNMENT == 0 && count < most) {
                ends[count - 1] = at;
                ends[count++] = size;
                filled = 0;
            }
            filled += may_hold(&pages, at) ? pages.page : 0;
        }
        close_pages(&pages);
        held = filled;
    }
    return count;
}

static bool may_be_as_large(uint64_t size)
{
    struct rlimit limit;
    return getrlimit(RLIMIT_FSIZE, &limit) == 0 && (limit.rlim_cur == RLIM_INFINITY || size <= limit.rlim_cur);
}

int zc_region_os_image_new(const zc_region_os_range *range, zc_region_os_image *out, uint64_t *copied)
{
    *out = (zc_region_os_image){0};
    if (!may_be_as_large(range->size)) {
        return ENOTSUP;
    }
    uint64_t ends[ZC_REGION_OS_PARTS];
    unsigned count = cut(range, ends), made = 0;
    job jobs[ZC_REGION_OS_PARTS];
    int code = 0;
    for (; made < count && code == 0; made++) {
        job *job = &jobs[made];
        job->start = made ? ends[made - 1] : 0;
        job->end = ends[made];
        job->size = job->copied = 0;
        job->file = memfd_create("zcwasm image", MFD_CLOEXEC | MFD_ALLOW_SEALING);
        if (job->file < 0) { /* no descriptors left, forbidden, or an old system */
            code = errno == ENOMEM ? ENOMEM : ENOTSUP;
            break;
        }
        open_pages(&job->pages, range);
    }
    if (code == 0) {
        zc_jobs_run(count, run_job, jobs);
    }
    for (unsigned i = 0; i < made; i++) {
        close_pages(&jobs[i].pages);
        code = code ? code : jobs[i].code;
    }
    for (unsigned i = 0; i < made; i++) {
        if (code != 0 || jobs[i].size == 0) {
            (void)close(jobs[i].file);
            continue;
        }
        out->parts[out->count].handle = jobs[i].file;
        out->parts[out->count].start = jobs[i].start;
        out->parts[out->count++].size = jobs[i].size;
        out->extent = jobs[i].start + jobs[i].size;
        *copied += jobs[i].copied;
    }
    return code;
}

void zc_region_os_image_free(const zc_region_os_image *image)
{
    for (unsigned i = 0; i < image->count; i++) {
        (void)close((int)image->parts[i].handle);
    }
}

bool zc_region_os_image_unchanged(const zc_region_os_image *image, const uint8_t *address, uint64_t size)
{
    const zc_region_os_range range = {.address = address, .size = size, .shown = image->extent, .image = image};
    pages pages;
    bool same = true;
    open_pages(&pages, &range);
    for (uint64_t at = 0; at < size && same; at += pages.page) {
        uint64_t entry = entry_of(&pages, at);
        if (entry & (PRESENT | SWAPPED)) {
            same = find_part(&pages, at) ? (entry & OF_A_FILE) != 0 : is_zero(address + at, pages.page);
        }
    }
    same = same && pages.map >= 0;
    close_pages(&pages);
    return same;
}

int zc_region_os_image_show(const zc_region_os_image *image, uint8_t *address)
{
    int code = 0;
    for (unsigned i = 0; i < image->count && code == 0; i++) {
        code = zc_region_os_show_file(address + image->parts[i].start, image->parts[i].size,
                                      (int)image->parts[i].handle, 0);
    }
    return code;
}

int zc_region_os_image_replace(const zc_region_os_image *image, const zc_region_os_range *range)
{
    uint8_t *address = (uint8_t *)(uintptr_t)range->address;
    /* What is dead goes, too, and in what is large whatever zeros take up: as much as its pages are larger. */
    uint64_t shown = range->dead_count || range->size >= LEAST_PART ? range->size : range->shown;
    /* Each call takes the old pages' place, and other threads wait for its end when they touch them. It counts against
     * the limits only what is there anyway. */
    int code = 0;
    uint64_t after = 0; /* a part, or the beginning */
    for (unsigned i = 0; i <= image->count && code == 0; i++) {
        uint64_t start = i < image->count ? image->parts[i].start : shown;
        uint64_t end = start < shown ? start : shown;
        /* What was shown before and is no part now: it is zero or dead, or it would be one. */
        if (after < end && mmap(address + after, (size_t)(end - after), PROT_READ | PROT_WRITE,
                                MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE, -1, 0) == MAP_FAILED) {
            code = errno;
        }
        if (i < image->count && code == 0) {
            code = zc_region_os_show_file(address + start, image->parts[i].size, (int)image->parts[i].handle, 0);
            after = start + image->parts[i].size;
        }
    }
    return code;
}

int zc_region_os_own(uint8_t *address, uint64_t size, uint64_t *copied)
{
    uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
    void *own = mmap(NULL, (size_t)size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (own == MAP_FAILED) {
        return errno;
    }
    *copied = 0;
    for (uint64_t at = 0; at < size; at += page) {
        if (!is_zero(address + at, page)) {
            memcpy((uint8_t *)own + at, address + at, page);
            *copied += page;
        }
    }
    if (mremap(own, (size_t)size, (size_t)size, MREMAP_MAYMOVE | MREMAP_FIXED, address) == MAP_FAILED) {
        int code = errno;
        (void)munmap(own, (size_t)size);
        return code;
    }
    return 0;
}

#elif !defined(__APPLE__)
#include <errno.h>

#include "region/zc_region_os.h"

zc_region_os_pages *zc_region_os_pages_new(const zc_region_os_range *range)
{
    (void)range;
    return NULL;
}

bool zc_region_os_pages_may_hold(zc_region_os_pages *pages, uint64_t offset, uint64_t size)
{
    (void)pages;
    (void)offset;
    (void)size;
    return true;
}

void zc_region_os_pages_free(zc_region_os_pages *pages)
{
    (void)pages;
}

int zc_region_os_image_new(const zc_region_os_range *range, zc_region_os_image *out, uint64_t *copied)
{
    (void)range;
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

int zc_region_os_image_replace(const zc_region_os_image *image, const zc_region_os_range *range)
{
    (void)image;
    (void)range;
    return ENOTSUP;
}

int zc_region_os_own(uint8_t *address, uint64_t size, uint64_t *copied)
{
    (void)address;
    (void)size;
    (void)copied;
    return ENOTSUP;
}

#else
typedef int zc_region_memfd_is_empty_here;
#endif
