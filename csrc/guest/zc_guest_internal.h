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

#define ZC_HELD UINTPTR_MAX /* no thread's mark */

/* Who executes over a memory. Instances without a memory have one of their own with an empty header. */
typedef struct zc_executor {
    M3MemoryHeader *header;
    _Atomic uintptr_t owner; /* a value unique to the running thread, 0 when idle, or ZC_HELD */
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

typedef struct zc_linked_function {
    zc_instance *instance;
    zc_host_function function;
    void *context;
    uint32_t slots; /* results and parameters */
} zc_linked_function;

struct zc_instance {
    zc_module *module;
    IM3Runtime runtime;
    IM3Module engine_module; /* a clone of the module's */
    zc_memory *memory; /* NULL when the module has none */
    zc_executor *executor;   /* the memory's, or own_executor */
    zc_executor own_executor;
    M3MemoryHeader own_header;
    zc_linked_function *linked; /* one per imported function */
    zc_global **globals;     /* imported and exported ones; NULL for the others */
    int64_t *cells;          /* values of the others */
    _Atomic(uint8_t *) stack; /* value stack, between guards; NULL before the first call */
    zc_limits limits;           /* fuel: see fuel_limit */
    _Atomic uint64_t fuel_limit; /* both: written by one thread, read by any */
    _Atomic uint64_t fuel_used;
    uint64_t deadline; /* of the outermost call in progress, monotonic ns; 0 for none */
    _Atomic bool interrupted;
    _Atomic(struct zc_call_state *) call; /* innermost call in progress */
    zc_error *host_error;       /* of the call in progress: filled by failing host functions and ticks */
    zc_trap_kind stopped;       /* why refuel stopped the guest */
    _Atomic bool profile_wanted; /* that the functions begin as zc_guest_profile.c lets them */
    bool profiled;               /* they do; the executing thread's, as all but the next two */
    struct zc_frames *frames;    /* of zc_guest_profile.c, from the first profile on */
    zc_instance **profile;       /* where a profile in progress has the instance, under zc_profile_lock; or NULL */
    uint64_t number;             /* in traces */
    zc_name traced_name;      /* of the function that a trace saw last, the module's */
    uint32_t traced_function;
    uint64_t trace_count;
    uint32_t trace[d_m3MaxTrace];
};

/* For "%.*s". */
#define ZC_NAME(name) (int)((name).size < 100 ? (name).size : 100), (const char *)(name).bytes

/* What the engine reports, when it is neither a trap nor the host's failure. */
zc_status zc_engine_failed(M3Result result, zc_error *error);
/* As zc_instance_new; without `fresh` the globals have their first values, but neither the table's elements nor the
 * data segments are there. `region`: its memory if it has one of its own, NULL for a new one; taken over also on failure. */
zc_status zc_instance_make(zc_module *module, const zc_import_value *imports, const zc_limits *limits,
                           zc_region *region, bool fresh, zc_instance **out, zc_error *error);
/* As zc_memory_new, over a region of the size that the memory shall have, which is taken over also on failure. */
zc_status zc_memory_over(const zc_limits_type *type, uint64_t byte_limit, zc_region *region, zc_memory **out,
                         zc_error *error);
/* How many pages such a memory may grow to. */
uint32_t zc_memory_most_pages(const zc_limits_type *type, uint64_t byte_limit);
/* Tell the engine how long the memory is: before a guest's first look at it, and when it has grown. Until then its
 * length is 0 there, and its header's page takes up nothing. */
void zc_memory_publish(zc_memory *memory);
/* Address of the lowest byte that guest code may use of the calling thread's stack. */
void *zc_native_stack_limit(void);
/* A value unique to the calling thread, never 0. */
uintptr_t zc_thread_mark(void);

#endif
