/* zc_image: see zc_image.h. */
#include "region/zc_image.h"

#include <errno.h>
#include <string.h>

#include "base/zc_alloc.h"
#include "base/zc_copies.h"
#include "region/zc_region_internal.h"
#include "region/zc_region_os.h"

#define BLOCK 4096u /* what is zero of these is not copied */

struct zc_image {
    _Atomic uint64_t references;
    uint64_t size;
    zc_region_os_image os; /* where `copy` is NULL */
    zc_region *copy;       /* where the system has nothing that can be shown */
};

static void copy_blocks(uint8_t *to, const uint8_t *from, uint64_t size)
{
    static const uint8_t zeros[BLOCK];
    uint64_t copied = 0;
    for (uint64_t at = 0; at < size; at += BLOCK) { /* a region's size is a multiple */
        if (memcmp(from + at, zeros, BLOCK) != 0) {
            memcpy(to + at, from + at, BLOCK);
            copied += BLOCK;
        }
    }
    zc_copies_add(ZC_COPY_FORK, copied);
}

static zc_status copy_region(const zc_region *from, uint64_t size, uint64_t reserved, zc_region **out, zc_error *error)
{
    zc_status status = zc_region_create_sparse(reserved, size, out, error);
    if (status == ZC_OK) {
        copy_blocks(zc_region_base(*out), zc_region_base(from), size);
    }
    return status;
}

static void release_shown(zc_image *image)
{
    zc_image_release(image);
}

/* With the region's lock held. */
static void set_shown(zc_region *region, zc_image *image)
{
    if (image->os.count) {
        region->image = zc_image_retain(image);
        region->image_release = release_shown;
    }
    region->shown = image->os.extent;
    region->sparse = true; /* larger pages would be copied whole */
}

/* With the lock held: what `from` shows is still all that it holds. */
static bool is_unchanged(const zc_region *from, uint64_t size)
{
    return from->image && from->image->size == size && zc_region_os_image_unchanged(&from->image->os, from->base, size);
}

/* With the lock held. */
static zc_region_os_range range_of(const zc_region *region)
{
    return (zc_region_os_range){.address = region->base,
                                .size = zc_region_size(region),
                                .shown = region->shown,
                                .image = region->image ? &region->image->os : NULL};
}

/* With the lock held. */
static zc_status fill(zc_image *image, const zc_region *from, const zc_region_os_range *range, zc_error *error)
{
    uint64_t copied = 0;
    int code = zc_region_os_image_new(range, &image->os, &copied);
    zc_copies_add(ZC_COPY_FORK, copied);
    if (code != 0) {
        image->os = (zc_region_os_image){0};
    }
    if (code == ENOTSUP) {
        return copy_region(from, image->size, image->size, &image->copy, error);
    }
    return code == 0 ? ZC_OK
                     : zc_fail(error, ZC_NO_MEMORY, "cannot keep an image of %llu bytes: %s", (ull)image->size,
                               strerror(code));
}

/* With the lock held; what has to be released after it, or NULL. */
static zc_image *replace_shown(zc_region *from, const zc_region_os_range *range, zc_image *image)
{
    int code = image->copy || from->attachments ? ENOTSUP : zc_region_os_image_replace(&image->os, range);
    if (code == ENOTSUP) {
        return NULL;
    }
    /* Whatever failed: what is not the image's now has the same bytes. But it may be no memory of the region's own. */
    zc_image *before = from->image;
    from->image = NULL;
    set_shown(from, image);
    if (code != 0 && range->shown > from->shown) {
        from->shown = range->shown;
    }
    return before;
}

static zc_status check_dead(const zc_region_span *dead, size_t count, uint64_t size, zc_error *error)
{
    uint64_t end = 0;
    for (size_t i = 0; i < count; i++) {
        if (dead[i].start < end || dead[i].end < dead[i].start || dead[i].end > size) {
            return zc_fail(error, ZC_BAD_VALUE,
                           "dead span %zu is [%llu, %llu): they have to rise, without common bytes, within %llu", i,
                           (ull)dead[i].start, (ull)dead[i].end, (ull)size);
        }
        end = dead[i].end;
    }
    return ZC_OK;
}

zc_status zc_image_new_without(zc_region *from, bool remap, const zc_region_span *dead, size_t dead_count,
                               zc_image **out, zc_error *error)
{
    if (zc_region_read_only(from)) {
        return zc_fail(error, ZC_BAD_VALUE, "an image of a mapped file has no use: it never changes");
    }
    zc_image *image = zc_calloc(1, sizeof *image), *before = NULL;
    if (!image) {
        return zc_fail(error, ZC_NO_MEMORY, "cannot allocate an image's bookkeeping");
    }
    atomic_init(&image->references, 1);
    pthread_mutex_lock(&from->lock);
    zc_region_os_range range = range_of(from);
    image->size = range.size;
    range.dead = dead;
    range.dead_count = dead_count;
    zc_status status = check_dead(dead, dead_count, range.size, error);
    if (status == ZC_OK && is_unchanged(from, range.size)) {
        before = image;
        image = zc_image_retain(from->image);
    } else if (status == ZC_OK) {
        status = fill(image, from, &range, error);
        before = status == ZC_OK && remap ? replace_shown(from, &range, image) : NULL;
    }
    pthread_mutex_unlock(&from->lock);
    zc_image_release(before);
    if (status != ZC_OK) {
        zc_image_release(image);
        return status;
    }
    *out = image;
    return ZC_OK;
}

zc_status zc_image_new(zc_region *from, bool remap, zc_image **out, zc_error *error)
{
    return zc_image_new_without(from, remap, NULL, 0, out, error);
}

zc_image *zc_image_retain(zc_image *image)
{
    atomic_fetch_add_explicit(&image->references, 1, memory_order_relaxed);
    return image;
}

void zc_image_release(zc_image *image)
{
    if (image && atomic_fetch_sub_explicit(&image->references, 1, memory_order_acq_rel) == 1) {
        zc_region_os_image_free(&image->os);
        zc_region_release(image->copy);
        zc_free(image);
    }
}

uint64_t zc_image_size(const zc_image *image)
{
    return image->size;
}

zc_status zc_image_region(zc_image *image, uint64_t reserved, zc_region **out, zc_error *error)
{
    if (image->copy) {
        return copy_region(image->copy, image->size, reserved, out, error);
    }
    zc_region *region;
    zc_status status = zc_region_create_sparse(reserved, image->size, &region, error);
    if (status != ZC_OK) {
        return status;
    }
    pthread_mutex_lock(&region->lock);
    int code = zc_region_os_image_show(&image->os, region->base);
    set_shown(region, image); /* also when it failed: nothing there is memory to be used again */
    pthread_mutex_unlock(&region->lock);
    if (code != 0) {
        zc_region_release(region);
        return zc_fail(error, ZC_NO_MEMORY, "cannot show an image of %llu bytes: %s", (ull)image->size, strerror(code));
    }
    *out = region;
    return ZC_OK;
}

/* --- memory of its own instead --- */

bool zc_region_shows(zc_region *region)
{
    pthread_mutex_lock(&region->lock);
    bool shows = region->shown > 0;
    pthread_mutex_unlock(&region->lock);
    return shows;
}

zc_status zc_region_own(zc_region *region, zc_error *error)
{
    zc_image *image = NULL;
    uint64_t copied = 0;
    pthread_mutex_lock(&region->lock);
    uint64_t shown = region->shown;
    int code = shown > 0 ? zc_region_os_own(region->base, shown, &copied) : 0;
    if (code == 0 && shown > 0) {
        image = region->image;
        region->image = NULL;
        region->shown = 0;
        zc_copies_add(image ? ZC_COPY_FORK : ZC_COPY_SNAPSHOT, copied);
    }
    pthread_mutex_unlock(&region->lock);
    zc_image_release(image);
    if (code == ENOTSUP) {
        return zc_fail(error, ZC_UNSUPPORTED, "the system cannot replace %llu bytes that are shown", (ull)shown);
    }
    return code == 0
               ? ZC_OK
               : zc_fail(error, ZC_NO_MEMORY, "cannot copy %llu bytes that are shown: %s", (ull)shown, strerror(code));
}

/* --- what a region may hold --- */

struct zc_region_probe {
    zc_region_os_pages *pages;
    zc_image *image; /* which the region may stop to show meanwhile */
};

zc_region_probe *zc_region_probe_new(zc_region *region, const zc_region_span *dead, size_t dead_count)
{
    zc_region_probe *probe = zc_calloc(1, sizeof *probe);
    if (!probe) {
        return NULL;
    }
    pthread_mutex_lock(&region->lock);
    zc_region_os_range range = range_of(region);
    range.dead = dead;
    range.dead_count = dead_count;
    probe->image = region->image ? zc_image_retain(region->image) : NULL;
    pthread_mutex_unlock(&region->lock);
    probe->pages = zc_region_read_only(region) ? NULL : zc_region_os_pages_new(&range);
    if (!probe->pages) {
        zc_region_probe_free(probe);
        return NULL;
    }
    return probe;
}

bool zc_region_probe_may_hold(zc_region_probe *probe, uint64_t offset, uint64_t size)
{
    return zc_region_os_pages_may_hold(probe->pages, offset, size);
}

void zc_region_probe_free(zc_region_probe *probe)
{
    if (probe) {
        zc_region_os_pages_free(probe->pages);
        zc_image_release(probe->image);
        zc_free(probe);
    }
}
