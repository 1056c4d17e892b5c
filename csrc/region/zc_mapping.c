/* zc_mapping: see zc_mapping.h. The spares are a small stack under one lock. */
#include "region/zc_mapping.h"

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/zc_fork.h"
#include "region/zc_region_os.h"

/* Each keeps a few pages of page tables, and no memory. */
#define SPARES 64
/* Emptying what is larger takes as long as giving it back. */
#define LARGEST_SPARE ((uint64_t)2 << 20)

typedef struct spare {
    uint8_t *base;
    uint64_t size, open;
} spare;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static spare spares[SPARES]; /* the last given back is the last one */
static size_t spare_count;

static void lock_spares(void)
{
    pthread_mutex_lock(&lock);
}

static void unlock_spares(void)
{
    pthread_mutex_unlock(&lock);
}

ZC_FORK_HANDLERS(ZC_FORK_MAPPINGS, .lock = lock_spares, .unlock = unlock_spares)

static uint8_t *take_spare(uint64_t size, uint64_t open)
{
    uint8_t *base = NULL;
    lock_spares();
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

/* One that nobody asks for any more makes room for the next, the oldest first. */
static void keep_spare(spare kept)
{
    spare oldest = {NULL, 0, 0};
    lock_spares();
    if (spare_count == SPARES) {
        oldest = spares[0];
        spare_count--;
        for (size_t i = 0; i < spare_count; i++) {
            spares[i] = spares[i + 1];
        }
    }
    spares[spare_count++] = kept;
    unlock_spares();
    if (oldest.base) {
        zc_mapping_unmap(oldest.base, oldest.size);
    }
}

static bool free_spares(void)
{
    spare freed[SPARES];
    lock_spares();
    size_t count = spare_count;
    for (size_t i = 0; i < count; i++) {
        freed[i] = spares[i];
    }
    spare_count = 0;
    unlock_spares();
    for (size_t i = 0; i < count; i++) {
        zc_mapping_unmap(freed[i].base, freed[i].size);
    }
    return count > 0;
}

int zc_mapping_new(uint64_t size, uint64_t open, uint8_t **base)
{
    uint8_t *found = take_spare(size, open), *mapping = NULL;
    if (found) {
        *base = found;
        return 0;
    }
    int code = zc_region_os_reserve(size + 2 * ZC_MAPPING_GUARD, &mapping);
    if (code != 0 && free_spares()) {
        code = zc_region_os_reserve(size + 2 * ZC_MAPPING_GUARD, &mapping);
    }
    if (code != 0) {
        return code;
    }
    code = open ? zc_mapping_open(mapping + ZC_MAPPING_GUARD, open) : 0;
    if (code != 0) {
        zc_region_os_release(mapping, size + 2 * ZC_MAPPING_GUARD);
        return code;
    }
    *base = mapping + ZC_MAPPING_GUARD;
    return 0;
}

int zc_mapping_open(uint8_t *address, uint64_t size)
{
    int code = zc_region_os_commit(address, size);
    return code != 0 && free_spares() ? zc_region_os_commit(address, size) : code;
}

void zc_mapping_free(uint8_t *base, uint64_t size, uint64_t open)
{
    if (open > 0 && open <= LARGEST_SPARE && zc_region_os_recycle(base, open)) {
        keep_spare((spare){.base = base, .size = size, .open = open});
    } else {
        zc_mapping_unmap(base, size);
    }
}

void zc_mapping_unmap(uint8_t *base, uint64_t size)
{
    zc_region_os_release(base - ZC_MAPPING_GUARD, size + 2 * ZC_MAPPING_GUARD);
}
