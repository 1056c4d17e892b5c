/* zc_engine_wasmtime_internal: what the zc_engine_wasmtime*.c files share (zc_engine_wasmtime.c lists them). */
#ifndef ZC_ENGINE_WASMTIME_INTERNAL_H
#define ZC_ENGINE_WASMTIME_INTERNAL_H

#include "engine/zc_engine_wasmtime.h"
#include "guest/zc_guest_internal.h"

/* Without a limit: more than any code can use up, and so little that the library's signed counter holds it. */
#define ZC_WASMTIME_MOST_FUEL ((uint64_t)INT64_MAX / 2)

/* What was made of a module. */
typedef struct zc_wasmtime_code {
    wasmtime_module_t *module;
    /* Or NULL; instantiated before the module. Where that imports a memory: defines one of its type, and exports it.
     * Where its own memory begins empty, and it may need a heap (for exceptions and external references): has the heap
     * made, since the library asks for both memories in the same words. */
    wasmtime_module_t *stub;
    uint32_t salt; /* of the private names */
    /* The functions of the table of any instance, where nothing changes them; NULL until somebody has looked. */
    _Atomic(uint32_t *) functions;
} zc_wasmtime_code;

zc_status zc_wasmtime_code_new(zc_wasmtime_variant variant, const zc_module *module, void **out, zc_error *error);
/* Around a compiled module, which is taken over, also on failure. */
zc_status zc_wasmtime_code_around(zc_wasmtime_variant variant, const zc_module *module, wasmtime_module_t *compiled,
                                  void **out, zc_error *error);
void zc_wasmtime_code_free(void *code);
/* Of instructions for pieces of tables, and of element segments, whose message in the specification is not call_indirect's. */
zc_status zc_wasmtime_table_trap(zc_error *error);
/* Numbers are what the host can give and take. */
bool zc_wasmtime_number(uint8_t value_type);
bool zc_wasmtime_numbers(const zc_func_type *type);

/* A global that others see, too: the library keeps its value where nobody can reach it, so it is copied in before the guest
 * runs, and out before the host does. */
typedef struct zc_wasmtime_mirror {
    zc_global *global; /* the instance's */
    wasmtime_global_t handle;
    uint64_t last; /* what both were when last compared */
} zc_wasmtime_mirror;

typedef struct zc_wasmtime_instance {
    zc_instance base;
    zc_wasmtime_variant variant;
    wasmtime_store_t *store;
    wasmtime_context_t *context; /* the store's */
    wasmtime_instance_t instance;
    wasmtime_memory_t memory; /* where base.memory is */
    uint32_t seen_pages; /* how many the compiled code was told of at least */
    /* At which of the ticker's ticks the code's epoch was, when it was given the next one as its deadline. */
    uint64_t deadline_set;
    wasmtime_table_t table; /* base.table, whose size is what it was when the guest last gave way */
    bool table_grows; /* it may */
    bool table_is_own; /* it has, from a state, what no instruction of the module can have put there */
    zc_wasmtime_mirror *mirrors;
    uint32_t mirror_count;
    void **functions; /* by index: the handles, within the store, of those that were called */
    uint8_t *top; /* of what calls in progress use of the value stack, for frames and the values of calls */
    /* Of code that counts fuel, how often it has given way to the host; 0: it runs, and has it where nobody can set it. */
    _Atomic uint32_t waits;
    /* Why the innermost call of this instance was ended by the host, and with what; or ZC_OK. */
    zc_status failed;
    zc_trap_kind stopped; /* of ZC_TRAP, when it is not the error that says it */
} zc_wasmtime_instance;

static inline zc_wasmtime_instance *zc_wasmtime_of(zc_instance *instance)
{
    return (zc_wasmtime_instance *)(void *)instance;
}

/* See zc_engine. */
void zc_wasmtime_prepare_calls(zc_instance *instance, uint8_t *stack);
uint64_t *zc_wasmtime_frame(zc_instance *instance, uint64_t slots, zc_error *error);
zc_status zc_wasmtime_run(zc_instance *instance, zc_call_state *call, uint32_t function, uint64_t *slots,
                          zc_error *error);
void zc_wasmtime_settle(zc_instance *instance, zc_call_state *call);
void zc_wasmtime_resume(zc_instance *instance, zc_call_state *call);
/* What the library calls: for an import, with its zc_linked_function, and when time has passed, with the instance. */
wasm_trap_t *zc_wasmtime_call_host(void *context, wasmtime_caller_t *caller, wasmtime_val_raw_t *values, size_t count);
wasmtime_error_t *zc_wasmtime_on_epoch(wasmtime_context_t *context, void *instance, uint64_t *delta, uint8_t *kind);
/* The same for an import that has references. */
wasm_trap_t *zc_wasmtime_refuse_host(void *context, wasmtime_caller_t *caller, wasmtime_val_raw_t *values,
                                     size_t count);

/* What is exported by the private name of that. */
zc_status zc_wasmtime_find(const zc_wasmtime_instance *own, zc_extern_kind kind, uint32_t index, uint8_t expected,
                           wasmtime_extern_t *out, zc_error *error);
/* Of states; see zc_engine. */
uint64_t zc_wasmtime_get_global(const zc_instance *instance, uint32_t index);
void zc_wasmtime_set_global(zc_instance *instance, uint32_t index, uint64_t bits);
zc_status zc_wasmtime_check_states(const zc_module_info *info, zc_error *error);
zc_status zc_wasmtime_save_table(const zc_instance *instance, uint32_t *functions, zc_error *error);
zc_status zc_wasmtime_load_table(zc_instance *instance, const uint32_t *functions, uint32_t size, zc_error *error);

/* Make what is linked and checked; see `create` of zc_engine. */
zc_status zc_wasmtime_link(zc_wasmtime_instance *own, zc_error *error);

#endif
