/* zc_image: the bytes of a region at one moment, which any number of regions show copy-on-write.
 *
 * A region that shows an image begins as its bytes and costs what is written to it later. Where an image is:
 *
 *     Linux    a sealed memfd with all that was not zero. Making one copies that much once ("forked" in zc_copies);
 *              `from` may then show it, too, so that its pages are shared with what is made of it. Another image of a
 *              region that shows one and was not written to since is that one again.
 *     macOS    a copy-on-write entry of the system, which copies nothing now. Whoever writes first gets the copy.
 *     else     (no memfd, none to be had, a limit on the size of files) a second region, which is copied once more for
 *              each region that begins as it.
 *
 * Ownership: reference counted; a region that shows an image keeps it, and with it up to four file descriptors.
 * Threads: any; an image never changes. While one is made nobody may write to the region, grow it, or begin work of a
 * device on it: holding its executor is the caller's business. Reading is fine at any time, and sees the same bytes.
 */
#ifndef ZC_IMAGE_H
#define ZC_IMAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/zc_status.h"
#include "region/zc_region.h"

typedef struct zc_image zc_image;

typedef struct zc_region_span { /* bytes of a region */
    uint64_t start, end;
} zc_region_span;

/* Of all bytes of `from`. `remap`: `from` shows the image from then on, but for one that a device has a view of: the
 * device would go on with the pages that were there. */
zc_status zc_image_new(zc_region *from, bool remap, zc_image **out, zc_error *error);
/* The same; but nobody wants the bytes of the `dead` spans, which rise, without common bytes, within the size: some of them
 * may be zero in the image, and in `from` when it shows it. Looking at them takes time. */
zc_status zc_image_new_without(zc_region *from, bool remap, const zc_region_span *dead, size_t dead_count,
                               zc_image **out, zc_error *error);
zc_image *zc_image_retain(zc_image *image);
void zc_image_release(zc_image *image); /* NULL is fine */
uint64_t zc_image_size(const zc_image *image);

/* A region with `reserved` bytes of address space that begins as the image: as large, with the same bytes. */
zc_status zc_image_region(zc_image *image, uint64_t reserved, zc_region **out, zc_error *error);

/* Whether some of the region may show an image, or files. */
bool zc_region_shows(zc_region *region);
/* What it shows becomes memory of its own, in place: for drivers that take no other. Readers see the same bytes all the
 * time; nobody may write meanwhile. Counted as "forked", or "snapshot" where it shows files. ZC_UNSUPPORTED where the
 * system cannot do that. */
zc_status zc_region_own(zc_region *region, zc_error *error);

/* Which pages of a region may hold something but zeros, as far as the system tells without touching them: to be asked
 * from the first to the last, while nobody writes to it. A region that shows an image or files holds what it never
 * touched. */
typedef struct zc_region_probe zc_region_probe;

/* NULL where nothing is known: then all may hold something. `dead`: spans that rise, without common bytes, within its size,
 * of which nobody wants the pages: those that they cover hold nothing. They are borrowed as long as the probe lives. */
zc_region_probe *zc_region_probe_new(zc_region *region, const zc_region_span *dead, size_t dead_count);
/* Whether [offset, offset + size) of it may; no offset may be less than an earlier one's end, and no end above its size
 * when it was made. */
bool zc_region_probe_may_hold(zc_region_probe *probe, uint64_t offset, uint64_t size);
void zc_region_probe_free(zc_region_probe *probe); /* NULL is fine */

#endif
