/* zc_wasmtime_memory: see zc_wasmtime.h: the library's requests for linear memories, answered with regions.
 *
 * Threads: the offer is the calling thread's; a memory is used by the thread that runs its store. */
#include "engine/zc_wasmtime.h"

#include "base/zc_alloc.h"

/* What a heap of exceptions may grow to; without an offer there is nothing else that asks. */
#define HEAP_BYTES ((uint64_t)64 << 20)

typedef struct linear_memory {
    zc_region *region;
    bool (*grow)(void *context, uint64_t size);
    void (*release)(void *context);
    void *context;
} linear_memory;

static _Thread_local zc_wasmtime_offer *offered;

void zc_wasmtime_offer_memory(zc_wasmtime_offer *offer)
{
    if (offer) {
        offer->taken = false;
    }
    offered = offer;
}

void zc_wasmtime_move_memory(const zc_wasmtime_offer *taken, zc_region *region)
{
    linear_memory *memory = taken->memory;
    zc_region_retain(region);
    zc_region_release(memory->region);
    memory->region = region;
}

static uint8_t *get_memory(void *inside, size_t *size, size_t *capacity)
{
    const linear_memory *memory = inside;
    *size = (size_t)zc_region_size(memory->region);
    *capacity = (size_t)zc_region_reserved(memory->region);
    return zc_region_base(memory->region);
}

static wasmtime_error_t *grow_memory(void *inside, size_t size)
{
    const linear_memory *memory = inside;
    const uint64_t now = zc_region_size(memory->region);
    uint64_t before = 0;
    bool grown = size == now; /* of its own length the code learns so. Less: somebody else has just grown it */
    if (size > now) {
        grown = memory->grow ? memory->grow(memory->context, size)
                             : zc_region_grow(memory->region, size - now, &before, NULL) == ZC_OK;
    }
    return grown ? NULL : zc_wt.wasmtime_error_new("the memory cannot grow to this size");
}

static void finalize(void *inside)
{
    linear_memory *memory = inside;
    if (memory->release) {
        memory->release(memory->context);
    }
    zc_region_release(memory->region);
    zc_free(memory);
}

static wasmtime_error_t *new_memory(void *inside, const wasm_memorytype_t *type, size_t minimum, size_t maximum,
                                    size_t reserved, size_t guard, wasmtime_linear_memory_t *out)
{
    (void)inside, (void)type, (void)reserved, (void)guard;
    zc_wasmtime_offer *offer = offered;
    linear_memory *memory = zc_calloc(1, sizeof *memory);
    if (!memory) {
        return zc_wt.wasmtime_error_new("no memory for a memory's bookkeeping");
    }
    if (offer && !offer->taken && offer->minimum == minimum) {
        offer->taken = true;
        offer->memory = memory;
        *memory = (linear_memory){zc_region_retain(offer->region), offer->grow, offer->release, offer->context};
    } else {
        const uint64_t most = maximum < HEAP_BYTES ? maximum : HEAP_BYTES;
        if (minimum > most || zc_region_create(most, minimum, &memory->region, NULL) != ZC_OK) {
            zc_free(memory);
            return zc_wt.wasmtime_error_new("no memory of this size can be reserved");
        }
    }
    *out = (wasmtime_linear_memory_t){memory, get_memory, grow_memory, finalize};
    return NULL;
}

wasmtime_memory_creator_t zc_wasmtime_creator = {NULL, new_memory, NULL};
