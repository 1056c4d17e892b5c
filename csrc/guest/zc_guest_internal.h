/* zc_guest_internal: what the zc_guest*.c files share, with each other and with the engines (csrc/engine/). */
#ifndef ZC_GUEST_INTERNAL_H
#define ZC_GUEST_INTERNAL_H

#include <stdatomic.h>

#include "guest/zc_engine.h"
#include "guest/zc_guest.h"

/* What an engine made of a module. */
typedef struct zc_code {
    struct zc_code *next;
    const zc_engine *engine;
    void *code;
} zc_code;

struct zc_module {
    _Atomic uint64_t references;
    uint8_t *bytes;
    size_t size;
    zc_module_info *info;
    _Atomic(zc_code *) codes; /* one for each engine that was needed; never less while the module lives */
};

#define ZC_HELD UINTPTR_MAX /* no thread's mark */

/* Who executes over a memory. Instances without a memory have one of their own. */
typedef struct zc_executor {
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

#define ZC_MOST_TRACE 32u /* functions of a trap's that are kept */

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

/* What each engine's table begins with. */
struct zc_table {
    const zc_engine *engine; /* whose functions are in it */
    _Atomic uint64_t references;
    _Atomic uint32_t size; /* any thread reads */
    zc_limits_type type; /* as declared */
    uint32_t maximum;    /* elements that it can grow to: what is declared and allowed */
    bool shared;         /* `owner` counts, and no longer that of its own instance; never undone */
    _Atomic uintptr_t owner; /* as an executor's */
    zc_instance *home;       /* whose own table it is, a reference to what is left of that; or NULL */
    zc_table_user *users;    /* the other instances whose functions are in it */
    void *object;            /* the host's */
};

/* What each engine's instance begins with. */
struct zc_instance {
    const zc_engine *engine;
    zc_module *module;
    const void *code; /* what the engine made of the module */
    zc_memory *memory; /* NULL when the module has none */
    zc_table *table;         /* NULL when the module has none */
    zc_table *shared_table;  /* the same once it is shared: calls take its mark */
    zc_table_user *user;     /* its entry there, or NULL */
    zc_guest_owner owner;
    _Atomic uint64_t references; /* to what is left when it has ended: its owner's, and those of tables */
    bool ended;
    bool goes_on;            /* from a state: its memory has its bytes when the engine gets it */
    zc_executor *executor;   /* the memory's, or own_executor */
    zc_executor own_executor;
    zc_linked_function *linked; /* one per imported function */
    zc_global **globals;     /* imported and exported ones; NULL for the others */
    zc_limits limits;           /* fuel: see fuel_limit */
    _Atomic uint64_t fuel_limit; /* both: written by one thread, read by any */
    _Atomic uint64_t fuel_used;
    _Atomic(struct zc_call_state *) call; /* innermost in progress, for the thread that executes it; see zc_current */
    uint64_t given_ns;            /* see zc_instance_deadline */
    uint64_t calls;               /* outermost ones that have begun */
    _Atomic uint64_t running;     /* the number of the outermost call in progress, or 0 */
    _Atomic uint64_t interrupted; /* the number of the last one that was to end */
    _Atomic(uint8_t *) stack;   /* value stack of limits.stack_bytes, between guards; NULL before the first call */
    zc_error *host_error;       /* of the call in progress: filled by failing host functions and ticks */
    _Atomic bool profile_wanted; /* that the functions begin as zc_guest_profile.c lets them */
    bool profiled;               /* they do; the executing thread's, as all but the next two */
    struct zc_frames *frames;    /* of zc_guest_profile.c, from the first profile on */
    zc_instance **profile;       /* where a profile in progress has the instance, under zc_profile_lock; or NULL */
    uint64_t number;             /* in traces */
    zc_name traced_name;      /* of the function that a trace saw last, the module's */
    uint32_t traced_function;
    uint64_t trace_count;
    uint32_t trace[ZC_MOST_TRACE];
};

/* A value of this type in a slot. */
static inline uint64_t zc_slot_bits(uint8_t value_type, uint64_t bits)
{
    return value_type == ZC_I32 || value_type == ZC_F32 ? (uint32_t)bits : bits;
}

/* For "%.*s". */
#define ZC_NAME(name) (int)((name).size < 100 ? (name).size : 100), (const char *)(name).bytes

/* That all tables begin with, together. */
static inline uint64_t zc_table_elements(const zc_module_info *info)
{
    uint64_t elements = 0;
    for (uint32_t i = 0; i < info->table_count; i++) {
        elements += info->tables[i].limits.minimum;
    }
    return elements;
}

/* What this engine made of the module, now or before. */
zc_status zc_module_code(zc_module *module, const zc_engine *engine, const void **out, zc_error *error);
/* The same of code that was made otherwise, which is taken over; `out` may be NULL. */
zc_status zc_module_take_code(zc_module *module, const zc_engine *engine, void *code, const void **out,
                              zc_error *error);
/* What there is already, or NULL. */
const void *zc_module_find_code(const zc_module *module, const zc_engine *engine);
/* As zc_instance_link. `region`: its memory if it has one of its own, NULL for a new one; taken over also on failure. */
zc_status zc_instance_make(zc_module *module, const zc_engine *engine, const zc_import_value *imports,
                           const zc_limits *limits, zc_region *region, zc_instance **out, zc_error *error);
/* As zc_memory_new, over a region of the size that the memory shall have, which is taken over also on failure. */
zc_status zc_memory_over(const zc_limits_type *type, uint64_t byte_limit, zc_region *region, zc_memory **out,
                         zc_error *error);
/* How many pages such a memory may grow to. */
uint32_t zc_memory_most_pages(const zc_limits_type *type, uint64_t byte_limit);
/* Tell engines how long the memory is, in the size_t that lies ZC_MEMORY_LENGTH bytes before its base: before a guest's first
 * look at it, and when it has grown. Until then its length is 0 there, and its header's page takes up nothing. */
#define ZC_MEMORY_LENGTH 32u
void zc_memory_publish(zc_memory *memory);

/* --- tables (zc_table.c) --- */

/* What tables need of an instance, the engine's functions, stays until they have let go of it, too. */
zc_instance *zc_instance_retain_rest(zc_instance *instance);
void zc_instance_release_rest(zc_instance *instance);
void zc_instance_free_stack(zc_instance *instance); /* zc_guest_call.c */

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
/* For engines, within bounds: put a function of the instance's own into the instance's table, of which somebody else may
 * have functions; copy `size` elements within the table. */
zc_status zc_table_put(zc_instance *instance, uint32_t index, uint32_t function, zc_error *error);
void zc_table_move(zc_table *table, uint32_t destination, uint32_t source, uint32_t size);

/* One call in progress, on the native stack of who makes it. */
typedef struct zc_call_state {
    struct zc_call_state *outer; /* of the same instance */
    struct zc_call_state *below; /* of the same thread, of any instance */
    zc_scope *scope;             /* innermost that the thread had entered when it began */
    zc_instance *instance;
    uint64_t ends_at;  /* monotonic ns, or ZC_NO_LIMIT: its own deadline, those of its scopes, of the call below */
    uint64_t given_ns; /* how long that was */
    uintptr_t saved_owner;
    zc_table_hold table; /* of the table that it shares with others */
    bool failed_inside;  /* it ends because a call through the table has failed, which knows why */
    const zc_call_hooks *hooks; /* or NULL */
    int64_t slice;   /* the engine's: fuel that it was given and has not accounted for */
    uint64_t ticked; /* the engine's: monotonic ns */
} zc_call_state;

/* --- for engines (zc_guest_call.c) --- */

/* Where else than in fuel a call may have to end: looks, and lets the host's tick run. ZC_TRAP, with *kind, or what the tick
 * failed with, whose error is instance->host_error. The engine has settled its books, and resumes. */
zc_status zc_instance_look(zc_instance *instance, zc_call_state *call, zc_trap_kind *kind);
/* Where its value stack ends, once it has one. */
static inline uint8_t *zc_stack_end(const zc_instance *instance)
{
    return atomic_load_explicit(&instance->stack, memory_order_relaxed) + instance->limits.stack_bytes;
}
/* From a call of `caller` in progress: call a function that was found in a table, of another instance. Results at slots[0 ..],
 * then the parameters. As a host function. */
zc_status zc_instance_call_other(zc_instance *caller, zc_instance *callee, uint32_t function, uint64_t *slots,
                                 zc_error *error);

/* So much fuel was used: into the books, the instance's and those of all scopes. */
static inline void zc_charge(zc_instance *instance, const zc_call_state *call, uint64_t used)
{
    uint64_t before = atomic_load_explicit(&instance->fuel_used, memory_order_relaxed);
    atomic_store_explicit(&instance->fuel_used, before + used, memory_order_relaxed);
    for (zc_scope *scope = call->scope; scope; scope = scope->outer) {
        scope->fuel_used += used;
    }
}

/* See zc_instance_fuel. */
static inline uint64_t zc_own_fuel(const zc_instance *instance)
{
    uint64_t limit = atomic_load_explicit(&instance->fuel_limit, memory_order_relaxed);
    uint64_t used = atomic_load_explicit(&instance->fuel_used, memory_order_relaxed);
    return limit == ZC_NO_LIMIT ? ZC_NO_LIMIT : limit > used ? limit - used : 0;
}

/* What the call may use, or ZC_NO_LIMIT. */
static inline uint64_t zc_fuel_left(const zc_instance *instance, const zc_call_state *call)
{
    uint64_t left = zc_own_fuel(instance);
    for (const zc_scope *scope = call->scope; scope; scope = scope->outer) {
        uint64_t there = scope->fuel > scope->fuel_used ? scope->fuel - scope->fuel_used : 0;
        left = there < left ? there : left;
    }
    return left;
}

/* Whether more was used than there was. */
static inline bool zc_out_of_fuel(const zc_instance *instance, const zc_call_state *call)
{
    bool out = atomic_load_explicit(&instance->fuel_used, memory_order_relaxed) >
               atomic_load_explicit(&instance->fuel_limit, memory_order_relaxed);
    for (const zc_scope *scope = call->scope; scope; scope = scope->outer) {
        out = out || scope->fuel_used > scope->fuel;
    }
    return out;
}

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
    uint32_t apart;             /* host code in progress that may go on on another native stack (zc_scope_hide) */
    uint32_t compiled;          /* calls of compiled code in progress, which must end in the opposite order */
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
