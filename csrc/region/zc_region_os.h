/* zc_region_os: what zc_region.c and zc_image.c need of the operating system, implemented once per system call family
 * (zc_region_mmap.c with zc_region_memfd.c, zc_region_mach.c). Addresses and sizes are multiples of ZC_REGION_ALIGNMENT
 * unless said otherwise. The functions return 0, or the system's error number. No state, any thread. */
#ifndef ZC_REGION_OS_H
#define ZC_REGION_OS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Inaccessible address space of at least `size` bytes that costs no memory, aligned. */
int zc_region_os_reserve(uint64_t size, uint8_t **out);
/* Make [address, address + size) readable, writable and zero. */
int zc_region_os_commit(uint8_t *address, uint64_t size);
/* Let nobody write to [address, address + size), which was committed, any more. */
int zc_region_os_protect(uint8_t *address, uint64_t size);
/* Show `size` bytes (not 0) of an open file from `offset` at `address`, reserved before: readable, and zeros from the
 * file's end up to the next multiple of ZC_REGION_ALIGNMENT. */
int zc_region_os_map(uint8_t *address, uint64_t size, int file, uint64_t offset);
/* Show `size` bytes (not 0) of an open file from `offset` at `address`, committed before, so that writes stay here. */
int zc_region_os_show_file(uint8_t *address, uint64_t size, int file, uint64_t offset);
/* Make [address, address + size), which was committed, zero again for another use; false where the system cannot do that
 * at once, or where what the process may map is limited: kept mappings would count. */
bool zc_region_os_recycle(uint8_t *address, uint64_t size);
void zc_region_os_release(uint8_t *address, uint64_t size);
/* [address, address + size) is large and will be used: let the system back it with larger pages if it can. */
void zc_region_os_expect_use(uint8_t *address, uint64_t size);
/* The opposite: what is not touched shall take up nothing, even where larger pages are the rule. */
void zc_region_os_expect_little(uint8_t *address, uint64_t size);
/* Writes to all of [address, address + size), which need not be whole pages, follow at once: let the system make its pages
 * together, which costs less than half of what one fault for each does. Advice. */
void zc_region_os_expect_writes(uint8_t *address, uint64_t size);
/* What [address, address + size) shows of a file need not be kept here: the system's cache has it. Advice. */
void zc_region_os_let_go(uint8_t *address, uint64_t size);

/* Bytes that the system keeps, to be shown any number of times copy-on-write: memfds, a memory entry. */
#define ZC_REGION_OS_PARTS 4
typedef struct zc_region_os_image {
    struct {
        int64_t handle;
        uint64_t start, size; /* where its bytes are shown; size 0: there is no handle */
    } parts[ZC_REGION_OS_PARTS]; /* by their places; what it was made of had zeros elsewhere */
    unsigned count;
    uint64_t extent; /* where the last part ends */
    uint64_t forks;  /* zc_fork_count when it was made, where handles are none in the child of a fork */
} zc_region_os_image;

/* A range of committed memory, and what it shows: [address, address + shown) may show files, and `image` when that is not
 * NULL, so that what was not touched there is not zero for that. */
typedef struct zc_region_os_range {
    const uint8_t *address;
    uint64_t size, shown;
    const zc_region_os_image *image;
    const struct zc_region_span *dead; /* see zc_image_new_without */
    size_t dead_count;
} zc_region_os_range;

/* What the system knows of the pages of a range: zc_region_probe, where it has such a thing, or NULL. */
typedef struct zc_region_os_pages zc_region_os_pages;
zc_region_os_pages *zc_region_os_pages_new(const zc_region_os_range *range);
bool zc_region_os_pages_may_hold(zc_region_os_pages *pages, uint64_t offset, uint64_t size);
void zc_region_os_pages_free(zc_region_os_pages *pages);

/* *copied: bytes that were copied for it. ENOTSUP where the system has no such thing, or has none left. */
int zc_region_os_image_new(const zc_region_os_range *range, zc_region_os_image *out, uint64_t *copied);
void zc_region_os_image_free(const zc_region_os_image *image);
/* Whether [address, address + size), which shows the image, certainly has the same bytes still, and zeros where the image
 * has none. */
bool zc_region_os_image_unchanged(const zc_region_os_image *image, const uint8_t *address, uint64_t size);
/* What is committed from `address` on, and zero, is the image from now on. */
int zc_region_os_image_show(const zc_region_os_image *image, uint8_t *address);
/* The same, of the range that the image was made of a moment ago, to share its pages; readers see the same bytes all the
 * time. After an error some of it shows the image and the rest what it did; ENOTSUP: nothing was done, for the pages
 * are shared anyway, or never. */
int zc_region_os_image_replace(const zc_region_os_image *image, const zc_region_os_range *range);
/* Whatever [address, address + size) shows becomes memory with the same bytes, of which *copied were not zero. ENOTSUP where
 * that cannot be done at once. */
int zc_region_os_own(uint8_t *address, uint64_t size, uint64_t *copied);

#endif
