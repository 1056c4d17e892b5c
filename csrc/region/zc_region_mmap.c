/* zc_region_mmap: zc_region_os.h with mmap and mprotect (Linux and other POSIX systems).
 * An anonymous MAP_NORESERVE mapping without access counts against no commit limit until it is opened. */
#if !defined(__APPLE__)
#define _GNU_SOURCE
#include "region/zc_region_os.h"

#include <errno.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "region/zc_region.h"

int zc_region_os_reserve(uint64_t size, uint8_t **out)
{
    if (size > SIZE_MAX - ZC_REGION_ALIGNMENT) {
        return ENOMEM;
    }
    /* mmap aligns to 4 KiB only. But below a mapping that was reserved here lies an aligned address, and that is
     * where most systems put the next one. */
    uint8_t *lucky = mmap(NULL, (size_t)size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (lucky != MAP_FAILED && (uintptr_t)lucky % ZC_REGION_ALIGNMENT == 0) {
        *out = lucky;
        return 0;
    }
    if (lucky != MAP_FAILED) {
        (void)munmap(lucky, (size_t)size);
    }
    /* Over-reserve by one alignment and give the surplus back. */
    size_t mapped = (size_t)size + ZC_REGION_ALIGNMENT;
    uint8_t *raw = mmap(NULL, mapped, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (raw == MAP_FAILED) {
        return errno;
    }
    uint8_t *base = (uint8_t *)(((uintptr_t)raw + ZC_REGION_ALIGNMENT - 1) & ~(uintptr_t)(ZC_REGION_ALIGNMENT - 1));
    if (base > raw) {
        (void)munmap(raw, (size_t)(base - raw));
    }
    size_t surplus = mapped - (size_t)(base - raw) - (size_t)size;
    if (surplus) {
        (void)munmap(base + size, surplus);
    }
    *out = base;
    return 0;
}

int zc_region_os_commit(uint8_t *address, uint64_t size)
{
    return mprotect(address, (size_t)size, PROT_READ | PROT_WRITE) == 0 ? 0 : errno;
}

int zc_region_os_protect(uint8_t *address, uint64_t size)
{
    return mprotect(address, (size_t)size, PROT_READ) == 0 ? 0 : errno;
}

int zc_region_os_map(uint8_t *address, uint64_t size, int file, uint64_t offset)
{
    /* Anonymous pages first: those after the file's last one stay, and are zero where the file's would be SIGBUS. */
    uint64_t whole = (size + ZC_REGION_ALIGNMENT - 1) & ~(uint64_t)(ZC_REGION_ALIGNMENT - 1);
    if (mprotect(address, (size_t)whole, PROT_READ) != 0) {
        return errno;
    }
    /* Shared, not private: a driver that asks for writable pages is then refused, instead of being given copies. */
    return mmap(address, (size_t)size, PROT_READ, MAP_SHARED | MAP_FIXED, file, (off_t)offset) == address ? 0 : errno;
}

int zc_region_os_show_file(uint8_t *address, uint64_t size, int file, uint64_t offset)
{
    void *shown = mmap(address, (size_t)size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_FIXED | MAP_NORESERVE, file,
                       (off_t)offset);
    return shown == (void *)address ? 0 : errno;
}

#if defined(__linux__)
static bool is_limited(int resource)
{
    struct rlimit limit;
    return getrlimit(resource, &limit) != 0 || limit.rlim_cur != RLIM_INFINITY;
}
#endif

bool zc_region_os_recycle(uint8_t *address, uint64_t size)
{
#if defined(__linux__)
    /* Elsewhere the advice may be taken later, or not at all. Locked pages are refused. */
    return !is_limited(RLIMIT_AS) && !is_limited(RLIMIT_DATA) && madvise(address, (size_t)size, MADV_DONTNEED) == 0;
#else
    (void)address;
    (void)size;
    return false;
#endif
}

void zc_region_os_release(uint8_t *address, uint64_t size)
{
    (void)munmap(address, (size_t)size);
}

void zc_region_os_expect_use(uint8_t *address, uint64_t size)
{
#if defined(MADV_HUGEPAGE)
    /* First touches of 64 MiB take half the time. Advice only: a refusal changes nothing. */
    (void)madvise(address, (size_t)size, MADV_HUGEPAGE);
#else
    (void)address;
    (void)size;
#endif
}

void zc_region_os_expect_little(uint8_t *address, uint64_t size)
{
#if defined(MADV_NOHUGEPAGE)
    (void)madvise(address, (size_t)size, MADV_NOHUGEPAGE);
#else
    (void)address;
    (void)size;
#endif
}

void zc_region_os_expect_writes(uint8_t *address, uint64_t size)
{
#if defined(__linux__)
    enum { POPULATE_WRITE = 23 }; /* MADV_POPULATE_WRITE, which older headers have not, nor older systems */
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE), start = (uintptr_t)address / page * page;
    (void)madvise((void *)start, (size_t)((uintptr_t)address + size - start), POPULATE_WRITE);
#else
    (void)address;
    (void)size;
#endif
}

void zc_region_os_let_go(uint8_t *address, uint64_t size)
{
    (void)madvise(address, (size_t)size, MADV_DONTNEED);
}

#else
typedef int zc_region_mmap_is_empty_here;
#endif
