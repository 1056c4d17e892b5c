/* zc_region_os: what zc_region.c needs of the operating system, implemented once per system call family
 * (zc_region_mmap.c, zc_region_mach.c). Addresses and sizes are multiples of ZC_REGION_ALIGNMENT
 * unless said otherwise. The functions return 0, or the system's error number. No state, any thread. */
#ifndef ZC_REGION_OS_H
#define ZC_REGION_OS_H

#include <stdbool.h>
#include <stdint.h>

/* Inaccessible address space of at least `size` bytes that costs no memory, aligned. */
int zc_region_os_reserve(uint64_t size, uint8_t **out);
/* Make [address, address + size) readable, writable and zero. */
int zc_region_os_commit(uint8_t *address, uint64_t size);
/* Show `size` bytes (not 0) of an open file from `offset` at `address`, reserved before: readable, and zeros from the
 * file's end up to the next multiple of ZC_REGION_ALIGNMENT. */
int zc_region_os_map(uint8_t *address, uint64_t size, int file, uint64_t offset);
/* Make [address, address + size), which was committed, zero again for another use; false where the system cannot do that
 * at once, or where what the process may map is limited: kept mappings would count. */
bool zc_region_os_recycle(uint8_t *address, uint64_t size);
void zc_region_os_release(uint8_t *address, uint64_t size);
/* [address, address + size) is large and will be used: let the system back it with larger pages if it can. */
void zc_region_os_expect_use(uint8_t *address, uint64_t size);

#endif
