/* zc_guest: WebAssembly modules, instances, memories and globals, run by an engine.
 *
 * Which engine runs the code is said when an instance is made (zc_engine.h; the engines are in csrc/engine/). Only
 * modules that zc_validate accepted come this far.
 *
 * Ownership: zc_module, zc_memory and zc_global are reference counted and may be shared by instances; a
 * zc_instance has one owner, and must not be running when it is freed. Threads: a module is immutable. A
 * memory is executed by one thread at a time, and with it every instance over it; a second thread gets
 * ZC_CONCURRENT. Calls may nest on one thread (a host function that calls back, this instance or another one): the inner
 * call ends by the deadline of the outer one at the latest, and when that is interrupted. zc_instance_interrupt is for
 * any thread.
 *
 * Host code sees values as 64-bit slots: i32 and f32 in the low 32 bits, bits unchanged.
 */
#ifndef ZC_GUEST_H
#define ZC_GUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/zc_bytes.h"
#include "base/zc_status.h"
#include "region/zc_region.h"
#include "validate/zc_validate.h"

typedef struct zc_module zc_module;
typedef struct zc_instance zc_instance;
typedef struct zc_memory zc_memory;
typedef struct zc_global zc_global;
typedef struct zc_table zc_table;
typedef struct zc_engine zc_engine;

/* kind (its name in the Python API), the specification's message */
#define ZC_TRAP_LIST(X)                                                            \
    X(UNREACHABLE, "unreachable", "unreachable")                                   \
    X(MEMORY_OUT_OF_BOUNDS, "memory_out_of_bounds", "out of bounds memory access") \
    X(TABLE_OUT_OF_BOUNDS, "table_out_of_bounds", "undefined element")             \
    X(UNINITIALIZED_ELEMENT, "uninitialized_element", "uninitialized element")     \
    X(INDIRECT_CALL_TYPE, "indirect_call_type", "indirect call type mismatch")     \
    X(INTEGER_OVERFLOW, "integer_overflow", "integer overflow")                    \
    X(INTEGER_DIVIDE_BY_ZERO, "integer_divide_by_zero", "integer divide by zero")  \
    X(INVALID_CONVERSION, "invalid_conversion", "invalid conversion to integer")   \
    X(STACK_OVERFLOW, "stack_overflow", "call stack exhausted")                    \
    X(OUT_OF_FUEL, "out_of_fuel", "all fuel consumed")                             \
    X(DEADLINE, "deadline", "deadline exceeded")                                   \
    X(INTERRUPTED, "interrupted", "interrupted by the host")                       \
    X(UNCAUGHT_EXCEPTION, "uncaught_exception", "uncaught exception")              \
    X(ENGINE, "engine", "ended by the engine")

typedef enum zc_trap_kind {
    ZC_TRAP_NONE,
#define X(code, name, message) ZC_TRAP_##code,
    ZC_TRAP_LIST(X)
#undef X
} zc_trap_kind;

const char *zc_trap_name(uint32_t kind);

#define ZC_NO_LIMIT UINT64_MAX
#define ZC_DEFAULT_TABLE 10000000u
#define ZC_DEFAULT_CALL_DEPTH 20000u
#define ZC_DEFAULT_STACK_BYTES (1u << 20)

typedef struct zc_limits {
    uint64_t memory;      /* bytes that the guest's own memory may grow to */
    uint64_t table;       /* elements that the guest's own table may have */
    uint64_t call_depth;  /* nested guest calls */
    uint64_t stack_bytes; /* of the value stack */
    uint64_t fuel;        /* of the engine's unit, over the instance's life, see zc_instance_fuel_used */
    uint64_t deadline_ns; /* wall-clock time of one outermost call; a scope can give less */
} zc_limits;

/* --- modules --- */

/* Validate. Takes over `bytes`, which came from zc_malloc, also on failure. */
zc_status zc_module_new(uint8_t *bytes, size_t size, zc_module **out, zc_error *error);
/* The same by zc_validate_wide: a module with `needs` is for wide engines only, and may not be instantiated before one of them has
 * said that it is valid. */
zc_status zc_module_new_wide(uint8_t *bytes, size_t size, zc_module **out, zc_error *error);
zc_module *zc_module_retain(zc_module *module);
void zc_module_release(zc_module *module);
const zc_module_info *zc_module_get_info(const zc_module *module);
size_t zc_module_size(const zc_module *module);
const uint8_t *zc_module_bytes(const zc_module *module); /* its binary, the module's own */

/* --- memories: pages of 64 KiB over a region of their own --- */

/* Reserves the maximum (or `byte_limit`, if that is less), commits the minimum. */
zc_status zc_memory_new(const zc_limits_type *type, uint64_t byte_limit, zc_memory **out, zc_error *error);
zc_memory *zc_memory_retain(zc_memory *memory);
void zc_memory_release(zc_memory *memory);
zc_region *zc_memory_region(const zc_memory *memory);
uint32_t zc_memory_pages(const zc_memory *memory);
/* The declared maximum, or what it can grow to where none is declared. */
uint32_t zc_memory_maximum(const zc_memory *memory, bool *declared);
/* Grow in place by `delta` pages; *previous is the size before. ZC_OUT_OF_BOUNDS past the maximum. */
zc_status zc_memory_grow(zc_memory *memory, uint32_t delta, uint32_t *previous, zc_error *error);

/* --- globals: a cell that instances and the host share --- */

zc_status zc_global_new(zc_global_type type, uint64_t bits, zc_global **out, zc_error *error);
zc_global *zc_global_retain(zc_global *global);
void zc_global_release(zc_global *global);
zc_global_type zc_global_get_type(const zc_global *global);
uint64_t zc_global_get(const zc_global *global);
void zc_global_set(zc_global *global, uint64_t bits);

/* --- tables: functions of instances, which these and the host share (zc_table.c) ---
 *
 * A function that is called through a table runs in its own instance: its memory, its limits, as when it is called from
 * outside. One of an instance that has been freed fails with ZC_CLOSED. Instances that share a table run on one thread at a
 * time, as those that share a memory; so do the functions below, which fail with ZC_CONCURRENT.
 *
 * A table holds functions of instances of one engine, and only those can share it. An engine may keep the tables of its
 * instances to itself: then the host sees their sizes, and all else fails with ZC_BAD_VALUE. */

/* Of at most ZC_DEFAULT_TABLE elements, for instances of this engine. */
zc_status zc_table_new(const zc_engine *engine, const zc_limits_type *type, zc_table **out, zc_error *error);
zc_table *zc_table_retain(zc_table *table);
void zc_table_release(zc_table *table);
uint32_t zc_table_size(const zc_table *table);
/* The declared maximum, or what it can grow to where none is declared. */
uint32_t zc_table_maximum(const zc_table *table, bool *declared);
/* *previous is the size before. ZC_OUT_OF_BOUNDS past the maximum. */
zc_status zc_table_grow(zc_table *table, uint32_t delta, uint32_t *previous, zc_error *error);
/* Whose function an element is, and which; no instance where there is none. */
zc_status zc_table_get(zc_table *table, uint32_t index, zc_instance **instance, uint32_t *function, zc_error *error);
/* ZC_BAD_VALUE for an instance of another engine. */
zc_status zc_table_set(zc_table *table, uint32_t index, zc_instance *instance, uint32_t function, zc_error *error);
/* Whose own table it is; NULL for one that the host made, or when that has been freed. */
zc_instance *zc_table_home(const zc_table *table);
/* For the host: what it has for this table. */
void **zc_table_object(zc_table *table);
/* Whether there are functions of other instances than its own. What their owners keep for that (zc_guest_owner.keep) can
 * be visited, until that returns something else than 0, and dropped while their functions are still there. */
bool zc_table_has_users(const zc_table *table);
int zc_table_visit_users(const zc_table *table, int (*visit)(void *kept, void *context), void *context);
void zc_table_drop_users(zc_table *table);

/* --- instances --- */

/* A host function: slots[0 .. results) to be written, then the parameters to be read. A failure other than
 * ZC_TRAP travels through the guest to the caller of zc_instance_call as it is. */
typedef zc_status (*zc_host_function)(void *context, uint64_t *slots, zc_error *error);

typedef struct zc_import_value {
    zc_extern_kind kind;
    zc_host_function function;
    void *context;
    zc_memory *memory; /* retained by the instance */
    zc_global *global; /* retained by the instance */
    zc_table *table;   /* retained by the instance */
} zc_import_value;

/* The host's part in a call. Both functions run on the calling thread, while the instance is between two states: a
 * guest's function is half done or half compiled. What they let run (signal handlers, other threads) may ask,
 * interrupt or try to close the instance and gets a right answer; calling a guest over the same memory fails with
 * ZC_CONCURRENT. */
typedef struct zc_call_hooks {
    /* Called now and then while the guest runs or is compiled (first after some microseconds, then every millisecond
     * or so): the host may release a lock, look for signals, or stop the guest by failing. */
    zc_status (*tick)(void *context, zc_error *error);
    /* Called once at the end, whatever it is: the host takes back what its ticks released. The instance is free for
     * other threads only after that, so the results in the frame, and the trace, are the caller's to read. */
    void (*resume)(void *context);
    void *context;
} zc_call_hooks;

/* Link and initialise, without running the start function. `imports` has one entry per import of the
 * module, in order, of the right kind; types are compared here. */
zc_status zc_instance_new(zc_module *module, const zc_engine *engine, const zc_import_value *imports,
                          const zc_limits *limits, zc_instance **out, zc_error *error);
/* The same in two steps, so that its functions can be called once they are in a table that it shares, whether its segments
 * fit or not: link, and then copy the segments. */
zc_status zc_instance_link(zc_module *module, const zc_engine *engine, const zc_import_value *imports,
                           const zc_limits *limits, zc_instance **out, zc_error *error);
zc_status zc_instance_initialize(zc_instance *instance, zc_error *error);
void zc_instance_free(zc_instance *instance);

/* What the owner of instances does where a table leads from one to another. All but `call` may be NULL, and without any the
 * call is made directly, without hooks. */
typedef struct zc_guest_owner {
    void *context; /* the owner's of this instance */
    /* From a call of `caller` in progress: call function `index` of `callee`, both contexts. As a host function. */
    zc_status (*call)(void *caller, void *callee, uint32_t index, uint64_t *slots, zc_error *error);
    /* Take the lock that keep and drop need, from inside a call of this instance or before its first. */
    void (*lock)(void *context);
    void (*keep)(void *context); /* from now on the instance must not be freed but on the host's explicit wish */
    void (*drop)(void *context); /* once for each time that it was kept */
} zc_guest_owner;

/* It is about to be freed: its functions that lie in tables fail with ZC_CLOSED from now on. */
void zc_instance_end(zc_instance *instance);
void zc_instance_set_owner(zc_instance *instance, const zc_guest_owner *owner);
void *zc_instance_context(const zc_instance *instance); /* its owner's */
zc_status zc_instance_start(zc_instance *instance, const zc_call_hooks *hooks, zc_error *error);

/* Where to put the parameters of the next call: slots[results + i]. NULL when the value stack has no room or, at the
 * first call, cannot be had, when the instance runs on another thread, or is between two states (zc_call_hooks).
 * Results come back at slots[0 ..]. */
uint64_t *zc_instance_frame(zc_instance *instance, uint32_t function, zc_error *error);
/* Call function `function` with the frame that zc_instance_frame gave. `hooks` may be NULL. With ZC_HOST error->kind says
 * why the call would have ended anyway, or ZC_TRAP_NONE: a host function may have failed for the same reason. */
zc_status zc_instance_call(zc_instance *instance, uint32_t function, uint64_t *frame, const zc_call_hooks *hooks,
                           zc_error *error);

/* --- scopes: what bounds all that a thread calls for a while (zc_guest_scope.c) --- */

/* Between entering and leaving it, every call that the thread begins, of whatever instance, ends with a trap when the flag
 * is set, at the deadline, or when all of them together have used the fuel; none begins any more once it is over. It bounds
 * them beside the limits of their instances, and beside the scopes around it: whatever comes first. A call that
 * goes on when the flag is set for another scope is not touched. On the native stack of who enters it; left in
 * the opposite order, by the same thread. */
typedef struct zc_scope {
    struct zc_scope *outer;
    const _Atomic bool *cancelled; /* or NULL; any thread may set it, and it stays set */
    uint64_t ends_at; /* monotonic ns, or ZC_NO_LIMIT */
    uint64_t deadline_ns; /* how long that was from its beginning */
    uint64_t fuel; /* as an instance's */
    uint64_t fuel_used;
} zc_scope;

void zc_scope_enter(zc_scope *scope, const _Atomic bool *cancelled, uint64_t deadline_ns, uint64_t fuel);
void zc_scope_leave(zc_scope *scope);
/* Between hiding and showing them the thread is in no scope and no call, as far as others that it begins go: for code that
 * may go on on another native stack in the meantime, in whose place the thread's scopes and calls then are not. */
typedef struct zc_hidden {
    zc_scope *scope;
    struct zc_call_state *call;
} zc_hidden;

zc_hidden zc_scope_hide(void);
void zc_scope_show(zc_hidden hidden);
/* For waits that are no guest's: ZC_TRAP once what the calling thread is in, scopes or calls, must end. */
zc_status zc_scope_check(zc_error *error);

/* For host functions that block, from inside the call: gives way to the tick (which may release a lock), and
 * fails with the trap or the host's failure that is to end the call: interrupted, deadline, a signal. Wait in
 * steps of at most zc_instance_time_left, and of ZC_PAUSE_NS, with a pause after each. */
#define ZC_PAUSE_NS 20000000u
zc_status zc_instance_pause(zc_instance *instance, zc_error *error);
/* Nanoseconds until the deadline of the call in progress, or ZC_NO_LIMIT. */
uint64_t zc_instance_time_left(const zc_instance *instance);

/* When that is, in monotonic ns, or ZC_NO_LIMIT. */
uint64_t zc_instance_ends_at(const zc_instance *instance);

bool zc_instance_running(const zc_instance *instance);
/* Stop the outermost call in progress, and those nested in it, with a trap; false when none is running. It ends that call
 * or none, never a later one. Any thread. */
bool zc_instance_interrupt(zc_instance *instance);

/* Fuel, in the engine's unit. Of the interpreter: the number of opcodes in each function body entered and each loop body
 * begun (without those of loops inside it, which count on their own), and one per 16 bytes of memory.copy, memory.fill and
 * memory.init and per element of table.copy and table.init. */
bool zc_instance_counts_fuel(const zc_instance *instance); /* false: none of this may be asked or set */
/* Whether a limit that is set now holds at once: not where compiled code runs, which has its fuel to itself until it gives
 * way to the host. */
bool zc_instance_takes_fuel(const zc_instance *instance);
uint64_t zc_instance_fuel_used(const zc_instance *instance);
void zc_instance_set_fuel(zc_instance *instance, uint64_t fuel); /* what may be used from now on */
uint64_t zc_instance_fuel(const zc_instance *instance); /* what is left, or ZC_NO_LIMIT */
/* ns that the call in progress was given, or else the last one, or ZC_NO_LIMIT. */
uint64_t zc_instance_deadline(const zc_instance *instance);

zc_memory *zc_instance_memory(const zc_instance *instance); /* NULL when it has none */
zc_global *zc_instance_global(const zc_instance *instance, uint32_t index); /* exported or imported, else NULL */
zc_table *zc_instance_table(const zc_instance *instance); /* the first one; NULL when it has none */

/* --- state: all of an instance between two calls, but for its memory's bytes (zc_guest_state.c) --- */

/* What the bytes of a state depend on besides the module: who ran it, and what one of its fuel is. */
const char *zc_engine_name(const zc_engine *engine);
const char *zc_engine_fuel_unit(const zc_engine *engine);

/* No call begins over the instance's memory, on no thread, until it is let go: such calls get ZC_CONCURRENT. So does
 * this when one is in progress, or somebody else holds it. Any thread may let go. */
zc_status zc_instance_hold(zc_instance *instance, zc_error *error);
void zc_instance_let_go(zc_instance *instance);

/* Of one that is held: the size of its memory, all globals, the table, fuel used and left. ZC_UNSUPPORTED, by its name,
 * when the memory is imported, or its engine has no states of such modules' instances. A failed writer is the caller's to
 * see. */
zc_status zc_instance_save(const zc_instance *instance, zc_writer *out, zc_error *error);
/* How many pages the memory of a state has, 0 for none. ZC_SNAPSHOT when the module's cannot have as many. */
zc_status zc_instance_saved_pages(const zc_module *module, zc_reader state, uint32_t *pages, zc_error *error);
/* Whether a state has a limit of fuel. */
bool zc_instance_saved_limited(const zc_module *module, zc_reader state);
/* Bytes that the module's own memory reserves under these limits, 0 for none: what its region must have. */
uint64_t zc_instance_reservation(const zc_module *module, const zc_limits *limits);
/* An instance that goes on where the state was taken, by whatever engine, with `region` as its memory, which is taken over also on failure;
 * NULL when the module has none of its own. Neither data segments nor the start function run. The fuel is what was left, or
 * limits->fuel where that is less; where another engine counted it, it must be without a limit. The state may be anything: what is not of this module, or above the limits, is
 * ZC_SNAPSHOT, and imported globals that never change must be what they were. Those that do change are left alone.
 * `imports` as for zc_instance_new. */
zc_status zc_instance_restore(zc_module *module, const zc_engine *engine, const zc_import_value *imports,
                              const zc_limits *limits, zc_reader *state, zc_region *region, zc_instance **out,
                              zc_error *error);
/* Imported globals that change become what they were. They are the host's, and others may use them: once nothing else of
 * the restoring can fail. `state`: as zc_instance_restore took it. */
void zc_instance_restore_imported(zc_instance *instance, zc_reader state);

/* Function indices that the last trap unwound, innermost first: writes up to `capacity`, returns how many
 * there were, which may be more. */
uint64_t zc_instance_trace(const zc_instance *instance, uint32_t *functions, size_t capacity);

#endif
