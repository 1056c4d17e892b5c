/* zc_region_mach: zc_region_os.h with vm_allocate, vm_protect and memory entries (macOS).
 * vm_allocate'd memory is what newBufferWithBytesNoCopy accepts: one VM region, page-aligned, zero.
 *
 * An image is a memory entry that is a copy (MAP_MEM_VM_COPY): the system marks the pages, and whoever writes to one first
 * gets a page of its own, the region that the image was made of as well as those that show it. So nothing is copied
 * here, there is no parent to be shown anything else, and one entry has the whole region, holes and all. The child of
 * fork(2) has the memory, but none of the names of entries: there they may be anything's. */
#if defined(__APPLE__)
#define _DARWIN_C_SOURCE
#define _DEFAULT_SOURCE /* of the simulation's system, for madvise */
#include "region/zc_region_os.h"

#include <errno.h>
#include <mach/mach.h>
#include <sys/mman.h>

#include "base/zc_fork.h"
#include "region/zc_region.h"

int zc_region_os_reserve(uint64_t size, uint8_t **out)
{
    vm_address_t address = 0;
    /* Over-reserve by one alignment: on Intel Macs vm_allocate aligns to 4 KiB only. */
    if (size > SIZE_MAX - ZC_REGION_ALIGNMENT) {
        return ENOMEM;
    }
    vm_size_t mapped = (vm_size_t)size + ZC_REGION_ALIGNMENT;
    if (vm_allocate(mach_task_self(), &address, mapped, VM_FLAGS_ANYWHERE) != KERN_SUCCESS) {
        return ENOMEM;
    }
    vm_address_t base = (address + ZC_REGION_ALIGNMENT - 1) & ~(vm_address_t)(ZC_REGION_ALIGNMENT - 1);
    if (base > address) {
        (void)vm_deallocate(mach_task_self(), address, base - address);
    }
    vm_size_t surplus = mapped - (base - address) - (vm_size_t)size;
    if (surplus) {
        (void)vm_deallocate(mach_task_self(), base + (vm_size_t)size, surplus);
    }
    if (vm_protect(mach_task_self(), base, (vm_size_t)size, FALSE, VM_PROT_NONE) != KERN_SUCCESS) {
        (void)vm_deallocate(mach_task_self(), base, (vm_size_t)size);
        return ENOMEM;
    }
    *out = (uint8_t *)base;
    return 0;
}

int zc_region_os_commit(uint8_t *address, uint64_t size)
{
    kern_return_t code =
        vm_protect(mach_task_self(), (vm_address_t)address, (vm_size_t)size, FALSE, VM_PROT_READ | VM_PROT_WRITE);
    return code == KERN_SUCCESS ? 0 : ENOMEM;
}

int zc_region_os_protect(uint8_t *address, uint64_t size)
{
    kern_return_t code = vm_protect(mach_task_self(), (vm_address_t)address, (vm_size_t)size, FALSE, VM_PROT_READ);
    return code == KERN_SUCCESS ? 0 : ENOMEM;
}

int zc_region_os_map(uint8_t *address, uint64_t size, int file, uint64_t offset)
{
    /* On Apple Silicon a page is the alignment, so that one VM region covers all. Intel Macs have smaller pages:
     * those after the file's last one stay anonymous and zero. */
    uint64_t whole = (size + ZC_REGION_ALIGNMENT - 1) & ~(uint64_t)(ZC_REGION_ALIGNMENT - 1);
    if (vm_protect(mach_task_self(), (vm_address_t)address, (vm_size_t)whole, FALSE, VM_PROT_READ) != KERN_SUCCESS) {
        return ENOMEM;
    }
    void *mapped = mmap(address, (size_t)size, PROT_READ, MAP_SHARED | MAP_FIXED, file, (off_t)offset);
    return mapped == (void *)address ? 0 : errno;
}

int zc_region_os_show_file(uint8_t *address, uint64_t size, int file, uint64_t offset)
{
    void *shown = mmap(address, (size_t)size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_FIXED, file, (off_t)offset);
    return shown == (void *)address ? 0 : errno;
}

bool zc_region_os_recycle(uint8_t *address, uint64_t size)
{
    /* madvise only lets the system drop the pages: they may still be there. */
    (void)address;
    (void)size;
    return false;
}

void zc_region_os_release(uint8_t *address, uint64_t size)
{
    (void)vm_deallocate(mach_task_self(), (vm_address_t)address, (vm_size_t)size);
}

void zc_region_os_expect_writes(uint8_t *address, uint64_t size)
{
    (void)address;
    (void)size;
}

void zc_region_os_let_go(uint8_t *address, uint64_t size)
{
    (void)madvise(address, (size_t)size, MADV_DONTNEED);
}

void zc_region_os_expect_use(uint8_t *address, uint64_t size)
{
    /* Apple Silicon has 16 KiB pages and no larger ones for this. */
    (void)address;
    (void)size;
}

void zc_region_os_expect_little(uint8_t *address, uint64_t size)
{
    (void)address;
    (void)size;
}

zc_region_os_pages *zc_region_os_pages_new(const zc_region_os_range *range)
{
    (void)range; /* mach_vm_page_range_query would tell, a page at a time */
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
    *out = (zc_region_os_image){0};
    *copied = 0;
    if (range->size == 0) {
        return 0;
    }
    memory_object_size_t size = range->size;
    mach_port_t port = MACH_PORT_NULL;
    kern_return_t code =
        mach_make_memory_entry_64(mach_task_self(), &size, (memory_object_offset_t)(uintptr_t)range->address,
                                  VM_PROT_READ | VM_PROT_WRITE | MAP_MEM_VM_COPY, &port, MACH_PORT_NULL);
    if (code != KERN_SUCCESS) {
        return code == KERN_RESOURCE_SHORTAGE || code == KERN_NO_SPACE ? ENOMEM : ENOTSUP;
    }
    if (size < range->size) { /* never of a copy, but what is shown must not end early */
        (void)mach_port_deallocate(mach_task_self(), port);
        return ENOTSUP;
    }
    out->parts[0].handle = port;
    out->parts[0].size = out->extent = range->size;
    out->count = 1;
    out->forks = zc_fork_count();
    return 0;
}

void zc_region_os_image_free(const zc_region_os_image *image)
{
    if (image->count && image->forks == zc_fork_count()) {
        (void)mach_port_deallocate(mach_task_self(), (mach_port_t)image->parts[0].handle);
    }
}

bool zc_region_os_image_unchanged(const zc_region_os_image *image, const uint8_t *address, uint64_t size)
{
    (void)image; /* nothing says so at once, and another image costs no copy */
    (void)address;
    (void)size;
    return false;
}

int zc_region_os_image_show(const zc_region_os_image *image, uint8_t *address)
{
    if (image->count == 0 || image->forks != zc_fork_count()) {
        return image->count == 0 ? 0 : ESTALE;
    }
    /* At a fixed address such an entry is mapped from its beginning to its end, or not at all. */
    vm_address_t at = (vm_address_t)address;
    kern_return_t code = vm_map(mach_task_self(), &at, (vm_size_t)image->parts[0].size, 0,
                                VM_FLAGS_FIXED | VM_FLAGS_OVERWRITE, (mach_port_t)image->parts[0].handle, 0, TRUE,
                                VM_PROT_READ | VM_PROT_WRITE, VM_PROT_READ | VM_PROT_WRITE, VM_INHERIT_DEFAULT);
    return code == KERN_SUCCESS ? 0 : ENOMEM;
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
typedef int zc_region_mach_is_empty_here;
#endif
