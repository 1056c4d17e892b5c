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

typedef struct zc_table_user zc_table_user;

typedef struct zc_table_hold {
    _Atomic uintptr_t *mark; /* NULL: nothing is held */
    uintptr_t found;         /* who had it before */
} zc_table_hold;

struct zc_table {
    M3Table engine; /* the modules of the instances that share it know only this */
    _Atomic uint64_t references;
    zc_limits_type type; /* as declared */
    uint32_t maximum;    /* elements that it can grow to: what is declared and allowed */
    bool shared;         /* `owner` counts, and no longer that of its own instance; never undone */
    _Atomic uintptr_t owner; /* as an executor's */
    zc_instance *home;       /* whose own table it is, a reference to what is left of that; or NULL */
    zc_table_user *users;    /* the other instances whose functions are in it */
    void *object;            /* the host's */
};

struct zc_instance {
    zc_module *module;
    IM3Runtime runtime;
    IM3Module engine_module; /* a clone of the module's */
    zc_memory *memory; /* NULL when the module has none */
    zc_table *table;         /* NULL when the module has none */
    zc_table *shared_table;  /* the same once it is shared: calls take its mark */
    zc_table_user *user;     /* its entry there, or NULL */
    zc_guest_owner owner;
    _Atomic uint64_t references; /* to what is left when it has ended: its owner's, and those of tables */
    bool ended;
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
    _Atomic(struct zc_call_state *) call; /* innermost in progress, for the thread that executes it; see zc_current */
    uint64_t given_ns;            /* see zc_instance_deadline */
    uint64_t calls;               /* outermost ones that have begun */
    _Atomic uint64_t running;     /* the number of the outermost call in progress, or 0 */
    _Atomic uint64_t interrupted; /* the number of the last one that was to end */
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
/* As zc_instance_link. `region`: its memory if it has one of its own, NULL for a new one; taken over also on failure. */
zc_status zc_instance_make(zc_module *module, const zc_import_value *imports, const zc_limits *limits,
                           zc_region *region, zc_instance **out, zc_error *error);
/* As zc_memory_new, over a region of the size that the memory shall have, which is taken over also on failure. */
zc_status zc_memory_over(const zc_limits_type *type, uint64_t byte_limit, zc_region *region, zc_memory **out,
                         zc_error *error);
/* How many pages such a memory may grow to. */
uint32_t zc_memory_most_pages(const zc_limits_type *type, uint64_t byte_limit);
/* Tell the engine how long the memory is: before a guest's first look at it, and when it has grown. Until then its
 * length is 0 there, and its header's page takes up nothing. */
void zc_memory_publish(zc_memory *memory);

/* --- tables (zc_table.c) --- */

/* What tables need of an instance, the engine's functions, stays until they have let go of it, too. */
zc_instance *zc_instance_retain_rest(zc_instance *instance);
void zc_instance_release_rest(zc_instance *instance);
static inline zc_instance *zc_instance_of(const M3Function *function)
{
    return function->module->runtime->userdata;
}

/* The instance's own, unless it has imported one. */
zc_status zc_table_make_own(zc_instance *instance, zc_error *error);
/* The instance shares this one, if it is of the type that the module imports. */
zc_status zc_table_import(zc_instance *instance, const zc_import *import, zc_table *table, zc_error *error);
/* The instance ends. */
void zc_table_leave(zc_instance *instance);
/* Another instance is to have it, too. ZC_CONCURRENT when its own one is running on another thread. */
zc_status zc_table_share(zc_table *table, zc_error *error);
/* Take its mark for this thread, until it is put back. */
zc_status zc_table_own(zc_table *table, zc_table_hold *hold, zc_error *error);
static inline void zc_table_disown(zc_table_hold hold)
{
    atomic_store_explicit(hold.mark, hold.found, memory_order_release);
}
/* M3Runtime.setElement and .moveElements. */
M3Result zc_table_set_element(IM3Runtime runtime, u32 index, IM3Function function);
void zc_table_move_elements(IM3Runtime runtime, u32 destination, u32 source, u32 size);

/* One call in progress, on the native stack of who makes it. */
typedef struct zc_call_state {
    struct zc_call_state *outer; /* of the same instance */
    struct zc_call_state *below; /* of the same thread, of any instance */
    zc_scope *scope;             /* innermost that the thread had entered when it began */
    zc_instance *instance;
    uint64_t ends_at;  /* monotonic ns, or ZC_NO_LIMIT: its own deadline, those of its scopes, of the call below */
    uint64_t given_ns; /* how long that was */
    M3MemoryHeader saved;
    uintptr_t saved_owner;
    zc_table_hold table; /* of the table that it shares with others */
    bool failed_inside;  /* it ends because a call through the table has failed, which knows why */
    const zc_call_hooks *hooks; /* or NULL */
    int64_t slice; /* fuel put into the header and not yet accounted for */
    uint64_t compiler_ticked; /* monotonic ns */
} zc_call_state;

/* --- the calling thread (zc_guest_stack.c) --- */

#if defined(__linux__) || defined(__FreeBSD__)
#define ZC_FAST_TLS __attribute__((tls_model("initial-exec")))
#else
#define ZC_FAST_TLS
#endif

typedef struct zc_thread {
    uintptr_t low, high, limit; /* of its native stack */
    uintptr_t mark;             /* 0 until asked for */
    zc_scope *scope;            /* innermost that it has entered */
    zc_call_state *call;        /* innermost in progress, of any instance */
} zc_thread;

extern _Thread_local ZC_FAST_TLS zc_thread zc_this_thread;

void *zc_find_stack_limit(uintptr_t here); /* the first time, or on a stack that the system knows nothing of */
uintptr_t zc_make_thread_mark(void);

/* Address of the lowest byte that guest code may use of the calling thread's stack. */
static inline void *zc_native_stack_limit(void)
{
    uintptr_t here = (uintptr_t)__builtin_frame_address(0);
    const zc_thread *thread = &zc_this_thread;
    return here - thread->low < thread->high - thread->low ? (void *)thread->limit : zc_find_stack_limit(here);
}

/* A value unique to the calling thread, never 0. */
static inline uintptr_t zc_thread_mark(void)
{
    uintptr_t mark = zc_this_thread.mark;
    return mark ? mark : zc_make_thread_mark();
}

static inline zc_call_state *zc_current(const zc_instance *instance)
{
    return atomic_load_explicit(&instance->call, memory_order_relaxed);
}

/* Why `call`, which may be NULL, or what else the calling thread does in `scope`, must end now, but for its fuel. */
zc_trap_kind zc_must_end(const zc_call_state *call, const zc_scope *scope);
/* An error of a trap. */
zc_status zc_trap(zc_error *error, zc_trap_kind kind);

#endif
