/* zc_region_mach: zc_region_os.h with vm_allocate and vm_protect (macOS).
 * vm_allocate'd memory is what newBufferWithBytesNoCopy accepts: one VM region, page-aligned, zero. */
#if defined(__APPLE__)
#include "region/zc_region_os.h"

#include <errno.h>
#include <mach/mach.h>
#include <sys/mman.h>

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

void zc_region_os_expect_use(uint8_t *address, uint64_t size)
{
    /* Apple Silicon has 16 KiB pages and no larger ones for this. */
    (void)address;
    (void)size;
}

#else
typedef int zc_region_mach_is_empty_here;
#endif
