/* zc_mapping: see zc_mapping.h. The spares, a small stack, and the count of mappings in use are under one lock. */
#include "region/zc_mapping.h"

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "base/zc_fork.h"
#include "region/zc_region_os.h"

/* Each keeps a few pages of page tables, and no memory; but its address space, which the process may limit at any time,
 * and what others want of it then fails. So there are no more spares than mappings in use, or a few: enough for
 * batches of guests that are made and given back together. */
#define SPARES 64
#define FEW 32
/* Emptying what is larger takes as long as giving it back. */
#define LARGEST_SPARE ((uint64_t)2 << 20)

typedef struct spare {
    uint8_t *base;
    uint64_t size, open;
} spare;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static spare spares[SPARES]; /* the last given back is the last one */
static size_t spare_count;
static size_t used_count; /* mappings that somebody has now */

static void lock_spares(void)
{
    pthread_mutex_lock(&lock);
}

static void unlock_spares(void)
{
    pthread_mutex_unlock(&lock);
}

ZC_FORK_HANDLERS(ZC_FORK_MAPPINGS, .lock = lock_spares, .unlock = unlock_spares)

static void unmap(uint8_t *base, uint64_t size)
{
    zc_region_os_release(base - ZC_MAPPING_GUARD, size + 2 * ZC_MAPPING_GUARD);
}

/* Whether found or not, the caller counts as having one from now on. */
static uint8_t *take_spare(uint64_t size, uint64_t open)
{
    uint8_t *base = NULL;
    lock_spares();
    used_count++;
    for (size_t i = spare_count; i > 0 && !base; i--) {
        if (spares[i - 1].size == size && spares[i - 1].open == open) {
            base = spares[i - 1].base;
            spare_count--;
            for (size_t j = i - 1; j < spare_count; j++) {
                spares[j] = spares[j + 1];
            }
        }
    }
    unlock_spares();
    return base;
}

/* One is not in use any more, and is a spare now if `kept` says where it is. What is too much then goes, the oldest
 * first. */
static void give_back(const spare *kept)
{
    spare freed[SPARES];
    size_t count = 0;
    lock_spares();
    used_count--;
    size_t most = used_count < SPARES ? used_count : SPARES, with = spare_count + (kept != NULL);
    most = most < FEW ? FEW : most;
    if (with > most) {
        count = with - most; /* not the one that is kept: most is at least 1 */
        memcpy(freed, spares, count * sizeof *freed);
        spare_count -= count;
        memmove(spares, spares + count, spare_count * sizeof *spares);
    }
    if (kept) {
        spares[spare_count++] = *kept;
    }
    unlock_spares();
    for (size_t i = 0; i < count; i++) {
        unmap(freed[i].base, freed[i].size);
    }
}

bool zc_mapping_trim(void)
{
    spare freed[SPARES];
    lock_spares();
    size_t count = spare_count;
    memcpy(freed, spares, count * sizeof *freed);
    spare_count = 0;
    unlock_spares();
    for (size_t i = 0; i < count; i++) {
        unmap(freed[i].base, freed[i].size);
    }
    return count > 0;
}

static int map(uint64_t size, uint64_t open, uint8_t **base)
{
    uint8_t *mapping;
    int code = zc_region_os_reserve(size + 2 * ZC_MAPPING_GUARD, &mapping);
    if (code != 0 && zc_mapping_trim()) {
        code = zc_region_os_reserve(size + 2 * ZC_MAPPING_GUARD, &mapping);
    }
    if (code != 0) {
        return code;
    }
    *base = mapping + ZC_MAPPING_GUARD;
    code = open ? zc_mapping_open(*base, open) : 0;
    if (code != 0) {
        unmap(*base, size);
    }
    return code;
}

int zc_mapping_new(uint64_t size, uint64_t open, uint8_t **base)
{
    uint8_t *found = take_spare(size, open);
    if (found) {
        *base = found;
        return 0;
    }
    int code = map(size, open, base);
    if (code != 0) {
        give_back(NULL);
    }
    return code;
}

int zc_mapping_open(uint8_t *address, uint64_t size)
{
    int code = zc_region_os_commit(address, size);
    return code != 0 && zc_mapping_trim() ? zc_region_os_commit(address, size) : code;
}

void zc_mapping_free(uint8_t *base, uint64_t size, uint64_t open)
{
    if (open > 0 && open <= LARGEST_SPARE && zc_region_os_recycle(base, open)) {
        give_back(&(spare){.base = base, .size = size, .open = open});
    } else {
        zc_mapping_unmap(base, size);
    }
}

void zc_mapping_unmap(uint8_t *base, uint64_t size)
{
    unmap(base, size);
    give_back(NULL);
}
