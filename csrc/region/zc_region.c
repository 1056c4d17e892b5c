/* zc_region: see zc_region.h. Keeps a sorted table of live regions, so that an address handed in from
 * outside (a NumPy array) finds its region in log time under one short lock. */
#include <stdlib.h>
#include <string.h>

#include "base/zc_alloc.h"
#include "base/zc_fork.h"
#include "region/zc_mapping.h"
#include "region/zc_region_internal.h"
#include "region/zc_region_os.h"

#define LARGE ((uint64_t)4 << 20)
#define SEVERAL_PAGES ((uint64_t)8 << 10) /* whose faults take longer than one call */

/* Live regions by base address. */
static pthread_mutex_t table_lock = PTHREAD_MUTEX_INITIALIZER;
static zc_region **table;
static size_t table_count, table_capacity;

/* Around fork: the table, then the regions in it, each before its parts; nobody takes two of these otherwise. */
static void lock_all(void)
{
    pthread_mutex_lock(&table_lock);
    for (size_t i = 0; i < table_count; i++) {
        pthread_mutex_lock(&table[i]->lock);
        for (zc_region *part = table[i]->parts; part; part = part->next_part) {
            pthread_mutex_lock(&part->lock);
        }
    }
}

static void unlock_all(void)
{
    for (size_t i = table_count; i > 0; i--) {
        for (zc_region *part = table[i - 1]->parts; part; part = part->next_part) {
            pthread_mutex_unlock(&part->lock);
        }
        pthread_mutex_unlock(&table[i - 1]->lock);
    }
    pthread_mutex_unlock(&table_lock);
}

ZC_FORK_HANDLERS(ZC_FORK_REGIONS, .lock = lock_all, .unlock = unlock_all)

/* The index of the first region whose base is above `address`. */
static size_t table_after(const uint8_t *address)
{
    size_t low = 0, high = table_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (table[middle]->base <= address) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static zc_status table_add(zc_region *region, zc_error *error)
{
    zc_status status = ZC_OK;
    pthread_mutex_lock(&table_lock);
    if (table_count == table_capacity) {
        size_t capacity = table_capacity ? table_capacity * 2 : 64;
        zc_region **larger = zc_realloc(table, capacity * sizeof *larger);
        if (larger) {
            table = larger;
            table_capacity = capacity;
        } else {
            status = zc_fail(error, ZC_NO_MEMORY, "cannot allocate the table of %zu regions", capacity);
        }
    }
    if (status == ZC_OK) {
        size_t at = table_after(region->base);
        memmove(table + at + 1, table + at, (table_count - at) * sizeof *table);
        table[at] = region;
        table_count++;
    }
    pthread_mutex_unlock(&table_lock);
    return status;
}

static void destroy(zc_region *region)
{
    while (region->attachments) {
        zc_region_attachment_link *first = region->attachments;
        region->attachments = first->next;
        first->release(first->value);
        zc_free(first);
    }
    uint8_t *mapping = region->base - ZC_REGION_HEADER;
    if (region->whole) {
        zc_region_release(region->whole);
    } else if (region->read_only || region->shown) { /* emptied, it would show the same once more */
        zc_mapping_unmap(mapping, ZC_REGION_HEADER + region->reserved);
    } else {
        zc_mapping_free(mapping, ZC_REGION_HEADER + region->reserved, ZC_REGION_HEADER + region->committed);
    }
    if (region->image) {
        region->image_release(region->image);
    }
    pthread_mutex_destroy(&region->lock);
    zc_free(region);
}

static uint64_t round_up(uint64_t size)
{
    return (size + ZC_REGION_ALIGNMENT - 1) & ~(uint64_t)(ZC_REGION_ALIGNMENT - 1);
}

/* Small memories stay on small pages, so that a thousand idle guests stay small. */
static void expect_use(zc_region *region, uint64_t old, uint64_t size)
{
    if (region->sparse && size >= LARGE && old < size) {
        zc_region_os_expect_little(region->base + old, size - old);
    } else if (size >= LARGE && (old < LARGE || size - old >= LARGE)) {
        zc_region_os_expect_use(region->base, size);
    }
}

/* A region that nobody knows yet. `open`: bytes of it, and of the header, that are accessible. */
static zc_status reserve(uint64_t reserved, uint64_t open, zc_region **out, zc_error *error)
{
    zc_region *region = zc_calloc(1, sizeof *region);
    if (!region) {
        return zc_fail(error, ZC_NO_MEMORY, "cannot allocate a region's bookkeeping");
    }
    uint64_t body = round_up(reserved);
    uint8_t *mapping;
    int code = zc_mapping_new(ZC_REGION_HEADER + body, open, &mapping);
    if (code != 0) {
        zc_free(region);
        return zc_fail(error, ZC_NO_MEMORY, "cannot reserve %llu bytes of address space and open %llu: %s",
                       (ull)reserved, (ull)open, strerror(code));
    }
    region->base = mapping + ZC_REGION_HEADER;
    region->reserved = body;
    atomic_init(&region->references, 1);
    atomic_init(&region->pins, 0);
    atomic_init(&region->size, 0);
    pthread_mutex_init(&region->lock, NULL);
    *out = region;
    return ZC_OK;
}

/* Make it known with its size, or destroy it when that or what came before failed. */
static zc_status publish(zc_status status, zc_region *region, uint64_t size, zc_region **out, zc_error *error)
{
    atomic_init(&region->size, round_up(size));
    region->committed = round_up(size);
    if (status == ZC_OK) {
        status = table_add(region, error);
    }
    if (status != ZC_OK) {
        destroy(region);
        return status;
    }
    *out = region;
    return ZC_OK;
}

static zc_status create(uint64_t reserved, uint64_t size, bool sparse, zc_region **out, zc_error *error)
{
    if (reserved > UINT64_MAX / 4 || size > reserved) {
        return zc_fail(error, ZC_BAD_VALUE, "a region of %llu bytes cannot have %llu reserved", (ull)size,
                       (ull)reserved);
    }
    zc_region *region;
    zc_status status = reserve(reserved, ZC_REGION_HEADER + round_up(size), &region, error);
    if (status != ZC_OK) {
        return status;
    }
    region->sparse = sparse;
    expect_use(region, 0, round_up(size));
    return publish(status, region, size, out, error);
}

zc_status zc_region_create(uint64_t reserved, uint64_t size, zc_region **out, zc_error *error)
{
    return create(reserved, size, false, out, error);
}

zc_status zc_region_create_sparse(uint64_t reserved, uint64_t size, zc_region **out, zc_error *error)
{
    return create(reserved, size, true, out, error);
}

zc_status zc_region_map(int file, uint64_t offset, uint64_t size, zc_region **out, zc_error *error)
{
    if (size == 0 || size > UINT64_MAX / 4 || offset > UINT64_MAX / 4 || offset % ZC_REGION_ALIGNMENT) {
        return zc_fail(error, ZC_BAD_VALUE, "%llu bytes at offset %llu of a file cannot be mapped", (ull)size,
                       (ull)offset);
    }
    zc_region *region;
    zc_status status = reserve(size, 0, &region, error);
    if (status != ZC_OK) {
        return status;
    }
    region->read_only = true;
    int code = zc_region_os_map(region->base, size, file, offset);
    if (code != 0) {
        status = zc_fail(error, ZC_NO_MEMORY, "cannot map %llu bytes of a file: %s", (ull)size, strerror(code));
    }
    return publish(status, region, size, out, error);
}

zc_status zc_region_make(uint64_t size, zc_region **out, zc_error *error)
{
    if (size == 0 || size > UINT64_MAX / 4) {
        return zc_fail(error, ZC_BAD_VALUE, "a region of %llu bytes cannot be made", (ull)size);
    }
    zc_region *region;
    zc_status status = reserve(size, ZC_REGION_HEADER + round_up(size), &region, error);
    if (status != ZC_OK) {
        return status;
    }
    region->made = true;
    expect_use(region, 0, round_up(size));
    return publish(status, region, size, out, error);
}

zc_status zc_region_seal(zc_region *region, zc_error *error)
{
    uint64_t size = zc_region_size(region);
    int code = zc_region_os_protect(region->base, size);
    if (code != 0) {
        return zc_fail(error, ZC_NO_MEMORY, "cannot protect %llu bytes: %s", (ull)size, strerror(code));
    }
    region->read_only = true;
    return ZC_OK;
}

void zc_region_let_go(const zc_region *region)
{
    if (zc_region_of_file(region)) {
        zc_region_os_let_go(region->base, zc_region_size(region));
    }
}

zc_status zc_region_part(zc_region *whole, uint64_t offset, uint64_t size, zc_region **out, zc_error *error)
{
    uint64_t room = zc_region_size(whole);
    if (!whole->read_only || whole->whole || size == 0 || offset > room || size > room - offset ||
        offset % ZC_REGION_ALIGNMENT || size % ZC_REGION_ALIGNMENT) {
        return zc_fail(error, ZC_BAD_VALUE, "%llu bytes at offset %llu of a region of %llu cannot be a part of it",
                       (ull)size, (ull)offset, (ull)room);
    }
    zc_region *region = zc_calloc(1, sizeof *region);
    if (!region) {
        return zc_fail(error, ZC_NO_MEMORY, "cannot allocate a region's bookkeeping");
    }
    region->base = whole->base + offset;
    region->reserved = region->committed = size;
    region->read_only = true;
    region->made = whole->made;
    region->whole = zc_region_retain(whole);
    atomic_init(&region->references, 1);
    atomic_init(&region->pins, 0);
    atomic_init(&region->size, size);
    pthread_mutex_init(&region->lock, NULL);
    pthread_mutex_lock(&whole->lock);
    region->next_part = whole->parts;
    whole->parts = region;
    pthread_mutex_unlock(&whole->lock);
    *out = region;
    return ZC_OK;
}

/* The last reference is gone. */
static void forget_part(zc_region *region)
{
    pthread_mutex_lock(&region->whole->lock);
    zc_region **at = &region->whole->parts;
    while (*at != region) {
        at = &(*at)->next_part;
    }
    *at = region->next_part;
    pthread_mutex_unlock(&region->whole->lock);
}

zc_status zc_region_show_file(zc_region *region, uint64_t offset, int file, uint64_t file_offset, uint64_t size,
                              zc_error *error)
{
    zc_status status = ZC_OK;
    pthread_mutex_lock(&region->lock);
    uint64_t room = zc_region_size(region);
    if (region->read_only || offset > room || size > room - offset || size == 0 || file_offset > UINT64_MAX / 4 ||
        offset % ZC_REGION_ALIGNMENT || file_offset % ZC_REGION_ALIGNMENT) {
        status = zc_fail(error, ZC_BAD_VALUE, "%llu bytes at offset %llu of a file cannot be shown at %llu of %llu",
                         (ull)size, (ull)file_offset, (ull)offset, (ull)room);
    } else {
        int code = zc_region_os_show_file(region->base + offset, size, file, file_offset);
        if (code != 0) {
            status = zc_fail(error, ZC_NO_MEMORY, "cannot map %llu bytes of a file: %s", (ull)size, strerror(code));
        }
        /* Also when it failed: whatever is there then, it is no memory to be emptied for others. */
        region->shown = offset + size > region->shown ? round_up(offset + size) : region->shown;
    }
    pthread_mutex_unlock(&region->lock);
    return status;
}

void zc_region_expect_writes(uint8_t *address, uint64_t size)
{
    if (size >= SEVERAL_PAGES) {
        zc_region_os_expect_writes(address, size);
    }
}

bool zc_region_read_only(const zc_region *region)
{
    return region->read_only;
}

bool zc_region_of_file(const zc_region *region)
{
    return region->read_only && !region->made;
}

zc_region *zc_region_retain(zc_region *region)
{
    atomic_fetch_add_explicit(&region->references, 1, memory_order_relaxed);
    return region;
}

void zc_region_release(zc_region *region)
{
    if (!region) {
        return;
    }
    /* The last reference may only go under the table's lock: zc_region_find retains under it. */
    uint64_t references = atomic_load_explicit(&region->references, memory_order_relaxed);
    while (references > 1) {
        if (atomic_compare_exchange_weak_explicit(&region->references, &references, references - 1,
                                                  memory_order_acq_rel, memory_order_relaxed)) {
            return;
        }
    }
    pthread_mutex_lock(&table_lock);
    bool last = atomic_fetch_sub_explicit(&region->references, 1, memory_order_acq_rel) == 1;
    if (last && !region->whole) {
        size_t at = table_after(region->base) - 1;
        table_count--;
        memmove(table + at, table + at + 1, (table_count - at) * sizeof *table);
        if (table_count == 0) {
            zc_free(table);
            table = NULL;
            table_capacity = 0;
        }
    }
    pthread_mutex_unlock(&table_lock);
    if (last && region->whole) {
        forget_part(region);
    }
    if (last) {
        destroy(region);
    }
}

uint8_t *zc_region_base(const zc_region *region)
{
    return region->base;
}

uint64_t zc_region_size(const zc_region *region)
{
    return atomic_load_explicit(&region->size, memory_order_acquire);
}

uint64_t zc_region_reserved(const zc_region *region)
{
    return region->reserved;
}

/* With the lock held. 0 or the system's error number. */
static int commit(zc_region *region, uint64_t size)
{
    int code =
        size > region->committed ? zc_mapping_open(region->base + region->committed, size - region->committed) : 0;
    if (code == 0 && size > region->committed) {
        region->committed = size;
    }
    return code;
}

uint64_t zc_region_commit_ahead(zc_region *region, uint64_t size)
{
    pthread_mutex_lock(&region->lock);
    if (!region->read_only) {
        (void)commit(region, size < region->reserved ? round_up(size) : region->reserved);
    }
    uint64_t committed = region->committed;
    pthread_mutex_unlock(&region->lock);
    return committed;
}

zc_status zc_region_grow(zc_region *region, uint64_t delta, uint64_t *previous, zc_error *error)
{
    zc_status status = ZC_OK;
    pthread_mutex_lock(&region->lock);
    uint64_t old = atomic_load_explicit(&region->size, memory_order_relaxed);
    *previous = old;
    if (delta > region->reserved - old) {
        status = zc_fail(error, ZC_OUT_OF_BOUNDS, "cannot grow from %llu bytes by %llu: %llu are reserved", (ull)old,
                         (ull)delta, (ull)region->reserved);
    } else if (delta > 0) {
        uint64_t target = old + round_up(delta);
        int code = commit(region, target);
        if (code == 0) {
            expect_use(region, old, target);
            atomic_store_explicit(&region->size, target, memory_order_release);
        } else {
            status =
                zc_fail(error, ZC_NO_MEMORY, "cannot commit %llu more bytes: %s", (ull)(target - old), strerror(code));
        }
    }
    pthread_mutex_unlock(&region->lock);
    return status;
}

void zc_region_pin(zc_region *region)
{
    zc_region_retain(region);
    atomic_fetch_add_explicit(&region->pins, 1, memory_order_relaxed);
}

void zc_region_unpin(zc_region *region)
{
    atomic_fetch_sub_explicit(&region->pins, 1, memory_order_release);
    zc_region_release(region);
}

void zc_region_begin_write(zc_region *region)
{
    atomic_fetch_add_explicit(&region->writers, 1, memory_order_acq_rel);
}

void zc_region_end_write(zc_region *region)
{
    atomic_fetch_sub_explicit(&region->writers, 1, memory_order_acq_rel);
}

bool zc_region_written(const zc_region *region)
{
    return atomic_load_explicit(&region->writers, memory_order_acquire) > 0;
}

uint64_t zc_region_pins(const zc_region *region)
{
    return atomic_load_explicit(&region->pins, memory_order_acquire);
}

zc_region *zc_region_find(const void *address, uint64_t length)
{
    zc_region *found = NULL;
    pthread_mutex_lock(&table_lock);
    size_t after = table_after(address);
    if (after > 0) {
        zc_region *candidate = table[after - 1];
        uint64_t offset = (uint64_t)((const uint8_t *)address - candidate->base);
        uint64_t size = zc_region_size(candidate);
        if (offset <= size && length <= size - offset) {
            found = zc_region_retain(candidate);
        }
    }
    pthread_mutex_unlock(&table_lock);
    return found;
}

void *zc_region_attachment(zc_region *region, const void *owner)
{
    void *value = NULL;
    pthread_mutex_lock(&region->lock);
    for (zc_region_attachment_link *each = region->attachments; each; each = each->next) {
        if (each->owner == owner) {
            value = each->value;
            break;
        }
    }
    pthread_mutex_unlock(&region->lock);
    return value;
}

zc_status zc_region_attach(zc_region *region, const void *owner, void *value, void (*release)(void *value),
                           zc_error *error)
{
    zc_region_attachment_link *added = zc_calloc(1, sizeof *added);
    if (!added) {
        return zc_fail(error, ZC_NO_MEMORY, "cannot allocate a region's attachment");
    }
    *added = (zc_region_attachment_link){.owner = owner, .value = value, .release = release};
    zc_region_attachment_link *replaced = NULL;
    pthread_mutex_lock(&region->lock);
    for (zc_region_attachment_link **link = &region->attachments; *link; link = &(*link)->next) {
        if ((*link)->owner == owner) {
            replaced = *link;
            *link = replaced->next;
            break;
        }
    }
    added->next = region->attachments;
    region->attachments = added;
    pthread_mutex_unlock(&region->lock);
    if (replaced) {
        replaced->release(replaced->value);
        zc_free(replaced);
    }
    return ZC_OK;
}

uint64_t zc_region_count(void)
{
    pthread_mutex_lock(&table_lock);
    uint64_t count = table_count;
    pthread_mutex_unlock(&table_lock);
    return count;
}
