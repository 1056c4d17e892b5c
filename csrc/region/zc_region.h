/* zc_region: a page-aligned address range that is reserved once at its maximum and committed in place.
 *
 * Layout, low to high addresses; the base is a multiple of ZC_REGION_ALIGNMENT and never moves:
 *
 *     guard | header page | base: committed, readable and writable ... | reserved, inaccessible ... | guard
 *
 * The header page (ZC_REGION_HEADER bytes that end at the base) belongs to the engine that runs guests
 * over the region; devices and views never touch it. Growth commits more of the reservation; the address
 * of what is already there stays, so pointers into it (views, GPU buffers, guest pointers) stay valid.
 *
 * Ownership: reference counted (retain/release, any thread); memory is returned when the last reference
 * goes. After fork the child has regions of its own with the same contents. A pin is a reference that also
 * says "a view or a submission is using the bytes": an owner who wants to close checks zc_region_pins first. Threads:
 * sizes and counts are atomic, growth is serialised here; the bytes themselves are shared without locks.
 *
 * A region may instead show a file (zc_region_map): its bytes are the file's pages, shared with the system's
 * cache and never written; it does not grow, and zc_dispatch_check refuses to write to it.
 *
 * Platform part in zc_region_mmap.c or zc_region_mach.c, one of which is not empty. This layer does not
 * know WebAssembly pages, guests, devices or Python.
 */
#ifndef ZC_REGION_H
#define ZC_REGION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/zc_status.h"

#define ZC_REGION_ALIGNMENT 16384u /* Apple Silicon's page; a multiple of every other host's */
#define ZC_REGION_HEADER 16384u

typedef struct zc_region zc_region;

/* Reserve `reserved` bytes (rounded up to the alignment) and commit the first `size` of them. */
zc_status zc_region_create(uint64_t reserved, uint64_t size, zc_region **out, zc_error *error);
/* A region that shows `size` bytes of an open file from `offset`, a multiple of the alignment, and zeros where the
 * file ends within the last alignment. Read-only. The file may be closed, but cutting it short while it is mapped
 * makes reads of what is gone fail with SIGBUS. */
zc_status zc_region_map(int file, uint64_t offset, uint64_t size, zc_region **out, zc_error *error);
/* A region of `size` zeros (not 0), and more behind them up to the next alignment, for its maker to fill before anybody
 * else knows it; from zc_region_seal on it is read-only. */
zc_status zc_region_make(uint64_t size, zc_region **out, zc_error *error);
zc_status zc_region_seal(zc_region *region, zc_error *error);
/* The pages of a mapped file need not be kept for this process: the system's cache has them, and they come in again when
 * they are read. Advice, also while others read. */
void zc_region_let_go(const zc_region *region);
/* A region of its own over `size` bytes of a read-only one from `offset`, both multiples of the alignment, which it
 * retains: for devices, whose buffers are made over whole regions. zc_region_find finds the whole. */
zc_status zc_region_part(zc_region *whole, uint64_t offset, uint64_t size, zc_region **out, zc_error *error);
bool zc_region_read_only(const zc_region *region);
/* Whether a file has what its pages hold: read-only, and not made. */
bool zc_region_of_file(const zc_region *region);
/* As zc_region_create, for one of which little will be touched: without advice for larger pages. */
zc_status zc_region_create_sparse(uint64_t reserved, uint64_t size, zc_region **out, zc_error *error);
/* [offset, offset + size) of a region that nobody else knows yet shows a file's bytes from `file_offset`, all of which are
 * there: writes stay the region's own. All three are multiples of the alignment, but for a size that ends at the
 * file's end. The file may be closed; cutting it short makes what is gone fail with SIGBUS. */
zc_status zc_region_show_file(zc_region *region, uint64_t offset, int file, uint64_t file_offset, uint64_t size,
                              zc_error *error);
zc_region *zc_region_retain(zc_region *region);
void zc_region_release(zc_region *region); /* NULL is fine */

uint8_t *zc_region_base(const zc_region *region);
uint64_t zc_region_size(const zc_region *region);     /* committed bytes that users may touch */
uint64_t zc_region_reserved(const zc_region *region); /* what it may grow to */

/* Commit `delta` more bytes in place; *previous is the size before. ZC_OUT_OF_BOUNDS past the reservation,
 * ZC_NO_MEMORY when the system refuses. New bytes are zero. */
zc_status zc_region_grow(zc_region *region, uint64_t delta, uint64_t *previous, zc_error *error);

/* Commit ahead of growth, up to `size` bytes in all and no more than are reserved: for what is made over committed memory
 * and must not be made anew for every step. Users still may touch zc_region_size only, and an engine must check that
 * itself: what lies after it need not be inaccessible. How many bytes are committed then; fewer than asked for when the
 * system refuses. */
uint64_t zc_region_commit_ahead(zc_region *region, uint64_t size);

/* The caller is about to write all of [address, address + size) of a region, which may be fresh: its pages are made
 * together. Changes no byte; for what is a few pages it does nothing. */
void zc_region_expect_writes(uint8_t *address, uint64_t size);

/* Retain and count a user of the bytes; the opposite. */
void zc_region_pin(zc_region *region);
void zc_region_unpin(zc_region *region);
uint64_t zc_region_pins(const zc_region *region);

/* Count a thread that may write to the bytes without the lock of whoever shares them; the opposite; whether there is one. */
void zc_region_begin_write(zc_region *region);
void zc_region_end_write(zc_region *region);
bool zc_region_written(const zc_region *region);

/* The region whose committed bytes contain [address, address + length), retained; or NULL. */
zc_region *zc_region_find(const void *address, uint64_t length);

/* Something another layer keeps per region, such as a device's buffer over it. `owner` is the key; the
 * value's `release` is called when it is replaced, detached or when the region dies. */
void *zc_region_attachment(zc_region *region, const void *owner);
zc_status zc_region_attach(zc_region *region, const void *owner, void *value, void (*release)(void *value),
                           zc_error *error);

/* Live regions but for parts, for leak tests. */
uint64_t zc_region_count(void);

#endif
