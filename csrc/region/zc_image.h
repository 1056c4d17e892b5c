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
 * Ownership: reference counted; a region that shows an image keeps it, and with it a file descriptor. Threads: any;
 * an image never changes. While one is made nobody may write to the region, grow it, or begin work of a device on it:
 * holding its executor is the caller's business. Reading is fine at any time, and sees the same bytes.
 */
#ifndef ZC_IMAGE_H
#define ZC_IMAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/zc_status.h"
#include "region/zc_region.h"

typedef struct zc_image zc_image;

/* Of all bytes of `from`. `remap`: `from` shows the image from then on, but for one that a device has a view of: the
 * device would go on with the pages that were there. */
zc_status zc_image_new(zc_region *from, bool remap, zc_image **out, zc_error *error);
zc_image *zc_image_retain(zc_image *image);
void zc_image_release(zc_image *image); /* NULL is fine */
uint64_t zc_image_size(const zc_image *image);

/* A region with `reserved` bytes of address space that begins as the image: as large, with the same bytes. */
zc_status zc_image_region(zc_image *image, uint64_t reserved, zc_region **out, zc_error *error);

#endif
