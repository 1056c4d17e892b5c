/* zc_guest_internal: what the zc_guest*.c files share. They alone include the engine's headers. */
#ifndef ZC_GUEST_INTERNAL_H
#define ZC_GUEST_INTERNAL_H

#include <stdatomic.h>

#include "wasm3/m3_env.h"
#include "wasm3/m3_exec_defs.h"
#include "guest/zc_guest.h"

struct zc_module {
    _Atomic uint64_t references;
    uint8_t *bytes;
    size_t size;
    zc_module_info *info;
    IM3Environment environment; /* its types; nobody changes them once it is parsed */
    IM3Module parsed;           /* what the instances' modules are cloned from; never loaded itself */
    M3Result refused;           /* why there is none, or NULL */
};

/* Who executes over a memory. Instances without a memory have one of their own with an empty header. */
typedef struct zc_executor {
    M3MemoryHeader *header;
    _Atomic uintptr_t owner; /* a value unique to the running thread, 0 when idle */
    bool ticking;            /* its thread is in a tick, between two states of the engine: no call may nest here */
} zc_executor;

struct zc_memory {
    _Atomic uint64_t references;
    zc_region *region;
    zc_limits_type type; /* as declared */
    uint32_t maximum;    /* pages that it can grow to: what is declared, allowed and reserved */
    zc_executor executor;
};

struct zc_global {
    _Atomic uint64_t references;
    zc_global_type type;
    int64_t cell;
};

/* For "%.*s". */
#define ZC_NAME(name) (int)((name).size < 100 ? (name).size : 100), (const char *)(name).bytes

/* What the engine reports, when it is neither a trap nor the host's failure. */
zc_status zc_engine_failed(M3Result result, zc_error *error);
/* Tell the engine how long the memory is: before a guest's first look at it, and when it has grown. Until then its
 * length is 0 there, and its header's page takes up nothing. */
void zc_memory_publish(zc_memory *memory);
/* Address of the lowest byte that guest code may use of the calling thread's stack. */
void *zc_native_stack_limit(void);
/* A value unique to the calling thread, never 0. */
uintptr_t zc_thread_mark(void);

#endif
