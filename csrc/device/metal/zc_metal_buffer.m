/* zc_metal_buffer: buffers over host memory.
 *
 * A buffer is the region's own pages: no copy, one pointer, checked each time it is made. All are untracked, because
 * Metal tracks hazards per resource and with one big buffer every dispatch would wait for every other. But for those that
 * are made for other libraries, which rely on that.
 *
 * Ownership: a zc_metal_buffer holds its MTLBuffer, never the memory under it, which its caller keeps until the
 * release. Metal may hold the MTLBuffer a little longer: a command buffer does until its handlers have returned, the
 * residency set until the device's thread has taken it out. The kernel holds the pages that long, whoever unmaps them,
 * and nothing reads or writes them. The workspaces and their memory are the device's. Threads: any.
 */
#include <sys/mman.h>
#include <unistd.h>

#include "base/zc_alloc.h"
#include "device/metal/zc_metal.h"

#define WORKSPACE_SIZE ((uint64_t)1 << 20) /* of the first one; whole pages */

static id<MTLBuffer> wrap_for_others(id<MTLDevice> device, void *address, uint64_t size)
{
    return [device newBufferWithBytesNoCopy:address
                                     length:(NSUInteger)size
                                    options:MTLResourceStorageModeShared
                                deallocator:nil];
}

static id<MTLBuffer> wrap(id<MTLDevice> device, void *address, uint64_t size)
{
    return [device newBufferWithBytesNoCopy:address
                                     length:(NSUInteger)size
                                    options:MTLResourceStorageModeShared | MTLResourceHazardTrackingModeUntracked
                                deallocator:nil];
}

bool zc_metal_shares_memory(id<MTLDevice> device)
{
    size_t size = ZC_REGION_ALIGNMENT;
    uint8_t *mapped = mmap(NULL, 2 * size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANON, -1, 0);
    if (mapped == MAP_FAILED) {
        return true; /* whoever needs memory will say so */
    }
    uint8_t *page = mapped + (size - (uintptr_t)mapped % size) % size;
    id<MTLBuffer> buffer = wrap(device, page, size);
    bool shares = buffer && [buffer length] == size && [buffer contents] == page;
    [buffer release];
    (void)munmap(mapped, 2 * size);
    return shares;
}

zc_status zc_metal_import(void *device, void *address, uint64_t size, bool read_only, void **out, void **device_address,
                          zc_error *error)
{
    zc_metal_device *self = device;
    uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
    if (size == 0 || (uintptr_t)address % page || size % page) {
        return zc_fail(error, ZC_DEVICE, "metal: %llu bytes at %p are not whole pages of %llu bytes", (ull)size,
                       address, (ull)page);
    }
    @autoreleasepool {
        uint64_t limit = [self->device maxBufferLength];
        if (size > limit) {
            return zc_fail(error, ZC_DEVICE, "metal: a buffer of %llu bytes is asked for, this GPU takes at most %llu",
                           (ull)size, (ull)limit);
        }
        zc_metal_buffer *buffer = zc_calloc(1, sizeof *buffer);
        if (!buffer) {
            return zc_fail(error, ZC_NO_MEMORY, "cannot allocate a buffer's bookkeeping");
        }
        id<MTLBuffer> made = wrap(self->device, address, size);
        /* Misuse, or a virtual machine's GPU, gives nil or a buffer that is not these bytes. */
        zc_status status = ZC_OK;
        if (!made) {
            status = zc_fail(error, ZC_DEVICE, "metal: cannot make a buffer of %llu bytes at %p without copying",
                             (ull)size, address);
        } else if ([made length] != size) {
            status = zc_fail(error, ZC_DEVICE, "metal: a buffer over %llu bytes at %p has a length of %llu", (ull)size,
                             address, (ull)[made length]);
        } else if ([made contents] != address) {
            status = zc_fail(error, ZC_DEVICE, "metal: a buffer over %llu bytes at %p lies at %p: it is a copy",
                             (ull)size, address, [made contents]);
        }
        if (status != ZC_OK) {
            [made release];
            zc_free(buffer);
            return status;
        }
        buffer->buffer = made;
        buffer->size = size;
        buffer->read_only = read_only;
        atomic_init(&buffer->used, 0);
        if (self->residency) {
            zc_metal_resident_add(self, buffer);
        }
        *out = buffer;
        *device_address = [made contents];
    }
    return ZC_OK;
}

zc_status zc_metal_share(void *device, void *address, uint64_t size, void **out, zc_error *error)
{
    zc_metal_device *self = device;
    @autoreleasepool {
        id<MTLBuffer> made = wrap_for_others(self->device, address, size);
        if (!made || [made length] != size || [made contents] != address) {
            [made release];
            return zc_fail(error, ZC_DEVICE,
                           "metal: cannot make a buffer of %llu bytes at %p for others without copying", (ull)size,
                           address);
        }
        *out = made;
    }
    return ZC_OK;
}

void zc_metal_share_release(void *device, void *handle)
{
    (void)device;
    @autoreleasepool {
        [(id<MTLBuffer>)handle release];
    }
}

/* Pages that a buffer can be made over; the system's own may be smaller than what Metal demands. NULL: there are none. */
static void *map_pages(uint64_t size)
{
    uint8_t *mapped = mmap(NULL, size + ZC_REGION_ALIGNMENT, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANON, -1, 0);
    if (mapped == MAP_FAILED) {
        return NULL;
    }
    size_t before = (ZC_REGION_ALIGNMENT - (uintptr_t)mapped % ZC_REGION_ALIGNMENT) % ZC_REGION_ALIGNMENT;
    if (before) {
        (void)munmap(mapped, before);
    }
    (void)munmap(mapped + before + size, ZC_REGION_ALIGNMENT - before);
    return mapped + before;
}

zc_status zc_metal_workspace_ready(zc_metal_device *self, uint64_t size, zc_error *error)
{
    unsigned count = self->workspace_count;
    uint64_t larger = count ? self->workspaces[count - 1].size : 0;
    if (size <= larger) {
        return ZC_OK;
    }
    larger = larger ? 2 * larger : WORKSPACE_SIZE;
    while (larger < size) {
        larger *= 2;
    }
    if (larger > [self->device maxBufferLength]) {
        return zc_fail(error, ZC_DEVICE, "metal: a workspace of %llu bytes is needed, this GPU takes at most %llu",
                       (ull)larger, (ull)[self->device maxBufferLength]);
    }
    void *address = map_pages(larger);
    id<MTLBuffer> buffer = address ? wrap(self->device, address, larger) : nil;
    if (!buffer) {
        if (address) {
            (void)munmap(address, larger);
        }
        return zc_fail(error, ZC_NO_MEMORY, "metal: cannot make a workspace of %llu bytes", (ull)larger);
    }
    self->workspaces[count] = (zc_metal_workspace){.buffer = buffer, .address = address, .size = larger};
    self->workspace_count = count + 1;
    return ZC_OK;
}

void zc_metal_workspaces_destroy(zc_metal_device *self)
{
    for (unsigned i = 0; i < self->workspace_count; i++) {
        [self->workspaces[i].buffer release];
        (void)munmap(self->workspaces[i].address, self->workspaces[i].size);
    }
}

void zc_metal_buffer_release(void *device, void *handle)
{
    zc_metal_device *self = device;
    zc_metal_buffer *buffer = handle;
    @autoreleasepool {
        if (!self->residency) {
            [buffer->buffer release];
            zc_free(buffer);
        } else if (zc_metal_resident_release(self, buffer)) {
            zc_metal_wake(self);
        }
    }
}
