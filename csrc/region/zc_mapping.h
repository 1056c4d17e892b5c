/* zc_mapping: address space between two guards, of which the first part is open, that is, readable and writable.
 *
 *     guard | base: open ... | inaccessible ... | guard
 *
 * Regions and the value stacks of guests lie in mappings. Giving one back to the system and asking for the next takes
 * longer than everything else about a small instance, since the page tables go with it. So some small ones that
 * are given back stay as spares, emptied: whoever asks for one of the same shape gets zeros, as from the system. A few
 * stay when nothing is in use.
 *
 * Ownership: the caller's, until it is given back. Threads: any. Bytes and addresses only: what lies in a mapping, and
 * how it grows, is the owner's business.
 */
#ifndef ZC_MAPPING_H
#define ZC_MAPPING_H

#include <stdbool.h>
#include <stdint.h>

#include "region/zc_region.h"

/* Two alignments of no access on each side. A guest's largest offset is checked by the engine; the guards
 * are there for the accesses that a flaw elsewhere would make. */
#define ZC_MAPPING_GUARD ((uint64_t)ZC_REGION_ALIGNMENT * 2)

/* `size` bytes between the guards, the first `open` of them open and zero; both are multiples of the alignment. 0 or
 * the system's error number. */
int zc_mapping_new(uint64_t size, uint64_t open, uint8_t **base);
/* Open [address, address + size) of one, too: zeros, and multiples of the alignment. What is open counts against limits of
 * the system even as a spare, so spares go before this fails. 0 or the system's error number. */
int zc_mapping_open(uint8_t *address, uint64_t size);
/* `open`: what of it is open now. */
void zc_mapping_free(uint8_t *base, uint64_t size, uint64_t open);
/* One that shows something else than memory of its own. */
void zc_mapping_unmap(uint8_t *base, uint64_t size);
/* Give all spares back to the system; whether there were any. */
bool zc_mapping_trim(void);

#endif
