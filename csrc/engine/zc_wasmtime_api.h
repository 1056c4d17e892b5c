/* zc_wasmtime_api: what is used of wasmtime's C API: its types as far as they are passed, and one table of functions.
 *
 * The library comes from PyPI's distribution `wasmtime`, and is opened by zc_wasmtime_load.c; nothing is linked. The layouts
 * are those of wasmtime 40 to 50; zcwasm/_engines.py says for which the tests have run, and
 * the self-test of the loader finds out about others. With 40 and 42 traps of nested calls crash now and then.
 *
 * Ownership and threads are the C API's: engines and modules may be used by any thread, a store by one at a time.
 * A failure of the library that is not an error of its own is a panic, which ends the process: so there is one
 * configuration only (zc_wasmtime_load.c), and it is tested.
 */
#ifndef ZC_WASMTIME_API_H
#define ZC_WASMTIME_API_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/zc_status.h"

typedef struct wasm_config_t wasm_config_t;
typedef struct wasm_engine_t wasm_engine_t;
typedef struct wasm_trap_t wasm_trap_t;
typedef struct wasm_frame_t wasm_frame_t;
typedef struct wasm_valtype_t wasm_valtype_t;
typedef struct wasm_functype_t wasm_functype_t;
typedef struct wasm_memorytype_t wasm_memorytype_t;
typedef struct wasm_globaltype_t wasm_globaltype_t;
typedef struct wasmtime_store wasmtime_store_t;
typedef struct wasmtime_context wasmtime_context_t;
typedef struct wasmtime_module wasmtime_module_t;
typedef struct wasmtime_error wasmtime_error_t;
typedef struct wasmtime_caller wasmtime_caller_t;

typedef struct wasm_byte_vec_t {
    size_t size;
    char *data;
} wasm_byte_vec_t;

typedef struct wasm_valtype_vec_t {
    size_t size;
    wasm_valtype_t **data;
} wasm_valtype_vec_t;

typedef struct wasm_frame_vec_t {
    size_t size;
    wasm_frame_t **data;
} wasm_frame_vec_t;

/* Kinds of wasm_valtype_new. */
enum {
    WASM_I32 = 0,
    WASM_I64 = 1,
    WASM_F32 = 2,
    WASM_F64 = 3,
    WASM_EXTERNREF = 128,
    WASM_FUNCREF = 129,
};

/* Kinds of wasmtime_val_t. */
enum {
    WASMTIME_I32 = 0,
    WASMTIME_I64 = 1,
    WASMTIME_F32 = 2,
    WASMTIME_F64 = 3,
    WASMTIME_V128 = 4,
    WASMTIME_FUNCREF = 5,
    WASMTIME_EXTERNREF = 6,
};

/* Kinds of wasmtime_extern_t. */
enum {
    WASMTIME_EXTERN_FUNC = 0,
    WASMTIME_EXTERN_GLOBAL = 1,
    WASMTIME_EXTERN_TABLE = 2,
    WASMTIME_EXTERN_MEMORY = 3,
};

/* Handles: indices into a store. A function whose store_id is 0 is null. */
typedef struct wasmtime_func_t {
    uint64_t store_id;
    void *inside;
} wasmtime_func_t;

typedef struct wasmtime_table_t {
    struct {
        uint64_t store_id;
        uint32_t inside;
    } owner;
    uint32_t index;
} wasmtime_table_t;
typedef wasmtime_table_t wasmtime_memory_t;

typedef struct wasmtime_global_t {
    uint64_t store_id;
    uint32_t inside[3];
} wasmtime_global_t;

typedef struct wasmtime_instance_t {
    uint64_t store_id;
    size_t inside;
} wasmtime_instance_t;

typedef struct wasmtime_reference_t { /* of external and internal references */
    uint64_t store_id;
    uint32_t inside[2];
    void *root;
} wasmtime_reference_t;

typedef struct wasmtime_val_t {
    uint8_t kind;
    union {
        int32_t i32;
        int64_t i64;
        float f32;
        double f64;
        wasmtime_func_t funcref;
        wasmtime_reference_t reference;
        uint8_t v128[16];
    } of;
} wasmtime_val_t;

/* A value as compiled code passes it: a slot of 16 bytes, little-endian. */
typedef union wasmtime_val_raw_t {
    int32_t i32;
    int64_t i64;
    uint64_t u64;
    float f32;
    double f64;
    uint8_t v128[16];
    uint32_t externref;
    void *funcref;
} wasmtime_val_raw_t;

typedef struct wasmtime_extern_t {
    uint8_t kind;
    union {
        wasmtime_func_t func;
        wasmtime_global_t global;
        wasmtime_table_t table;
        wasmtime_memory_t memory;
    } of;
} wasmtime_extern_t;

_Static_assert(sizeof(wasmtime_val_raw_t) == 16 && sizeof(wasmtime_val_t) == 32,
               "values as wasmtime 40 and later have them");
_Static_assert(sizeof(wasmtime_func_t) == 16 && sizeof(wasmtime_memory_t) == 24 && sizeof(wasmtime_global_t) == 24 &&
                   sizeof(wasmtime_instance_t) == 16 && sizeof(wasmtime_extern_t) == 32,
               "handles as wasmtime 40 and later have them");

/* A linear memory that the host provides; `inside` is the host's. */
typedef struct wasmtime_linear_memory_t {
    void *inside;
    uint8_t *(*get_memory)(void *inside, size_t *size, size_t *capacity);
    wasmtime_error_t *(*grow_memory)(void *inside, size_t size);
    void (*finalizer)(void *inside);
} wasmtime_linear_memory_t;

typedef struct wasmtime_memory_creator_t {
    void *inside;
    wasmtime_error_t *(*new_memory)(void *inside, const wasm_memorytype_t *type, size_t minimum, size_t maximum,
                                    size_t reserved, size_t guard, wasmtime_linear_memory_t *out);
    void (*finalizer)(void *inside);
} wasmtime_memory_creator_t;

typedef wasm_trap_t *(*wasmtime_host_function_t)(void *context, wasmtime_caller_t *caller, wasmtime_val_raw_t *values,
                                                 size_t count);
/* Another `*delta` epochs for the guest, or an error, which ends its call. *kind: 0, go on. */
typedef wasmtime_error_t *(*wasmtime_epoch_function_t)(wasmtime_context_t *store, void *context, uint64_t *delta,
                                                       uint8_t *kind);

/* What wasmtime_trap_code gives. That of fuel has moved between versions: zc_wasmtime_out_of_fuel. */
enum {
    WASMTIME_TRAP_STACK_OVERFLOW = 0,
    WASMTIME_TRAP_MEMORY_OUT_OF_BOUNDS = 1,
    WASMTIME_TRAP_HEAP_MISALIGNED = 2,
    WASMTIME_TRAP_TABLE_OUT_OF_BOUNDS = 3,
    WASMTIME_TRAP_INDIRECT_CALL_TO_NULL = 4,
    WASMTIME_TRAP_BAD_SIGNATURE = 5,
    WASMTIME_TRAP_INTEGER_OVERFLOW = 6,
    WASMTIME_TRAP_INTEGER_DIVISION_BY_ZERO = 7,
    WASMTIME_TRAP_BAD_CONVERSION_TO_INTEGER = 8,
    WASMTIME_TRAP_UNREACHABLE = 9,
    WASMTIME_TRAP_INTERRUPT = 10,
};

/* X(result, name, parameters), of the functions that are called; the library must have all of them. */
#define ZC_WASMTIME_LIST(X)                                                                                       \
    X(wasm_config_t *, wasm_config_new, (void))                                                                   \
    X(void, wasmtime_config_host_memory_creator_set, (wasm_config_t *, wasmtime_memory_creator_t *))              \
    X(void, wasmtime_config_memory_reservation_set, (wasm_config_t *, uint64_t))                                  \
    X(void, wasmtime_config_memory_guard_size_set, (wasm_config_t *, uint64_t))                                   \
    X(void, wasmtime_config_memory_may_move_set, (wasm_config_t *, bool))                                         \
    X(void, wasmtime_config_memory_init_cow_set, (wasm_config_t *, bool))                                         \
    X(void, wasmtime_config_signals_based_traps_set, (wasm_config_t *, bool))                                     \
    X(void, wasmtime_config_epoch_interruption_set, (wasm_config_t *, bool))                                      \
    X(void, wasmtime_config_consume_fuel_set, (wasm_config_t *, bool))                                            \
    X(void, wasmtime_config_max_wasm_stack_set, (wasm_config_t *, size_t))                                        \
    X(void, wasmtime_config_parallel_compilation_set, (wasm_config_t *, bool))                                    \
    X(void, wasmtime_config_native_unwind_info_set, (wasm_config_t *, bool))                                      \
    X(void, wasmtime_config_cranelift_opt_level_set, (wasm_config_t *, uint8_t))                                  \
    X(void, wasmtime_config_strategy_set, (wasm_config_t *, uint8_t))                                             \
    X(void, wasmtime_config_wasm_simd_set, (wasm_config_t *, bool))                                               \
    X(void, wasmtime_config_wasm_relaxed_simd_set, (wasm_config_t *, bool))                                       \
    X(void, wasmtime_config_wasm_relaxed_simd_deterministic_set, (wasm_config_t *, bool))                         \
    X(void, wasmtime_config_wasm_bulk_memory_set, (wasm_config_t *, bool))                                        \
    X(void, wasmtime_config_wasm_multi_value_set, (wasm_config_t *, bool))                                        \
    X(void, wasmtime_config_wasm_reference_types_set, (wasm_config_t *, bool))                                    \
    X(void, wasmtime_config_wasm_tail_call_set, (wasm_config_t *, bool))                                          \
    X(void, wasmtime_config_wasm_exceptions_set, (wasm_config_t *, bool))                                         \
    X(void, wasmtime_config_wasm_function_references_set, (wasm_config_t *, bool))                                \
    X(void, wasmtime_config_wasm_gc_set, (wasm_config_t *, bool))                                                 \
    X(void, wasmtime_config_wasm_threads_set, (wasm_config_t *, bool))                                            \
    X(void, wasmtime_config_shared_memory_set, (wasm_config_t *, bool))                                           \
    X(void, wasmtime_config_wasm_memory64_set, (wasm_config_t *, bool))                                           \
    X(void, wasmtime_config_wasm_multi_memory_set, (wasm_config_t *, bool))                                       \
    X(void, wasmtime_config_wasm_custom_page_sizes_set, (wasm_config_t *, bool))                                  \
    X(void, wasmtime_config_wasm_stack_switching_set, (wasm_config_t *, bool))                                    \
    X(void, wasmtime_config_wasm_wide_arithmetic_set, (wasm_config_t *, bool))                                    \
    X(wasm_engine_t *, wasm_engine_new_with_config, (wasm_config_t *))                                            \
    X(void, wasmtime_engine_increment_epoch, (const wasm_engine_t *))                                             \
    X(wasmtime_store_t *, wasmtime_store_new, (wasm_engine_t *, void *, void (*)(void *)))                        \
    X(wasmtime_context_t *, wasmtime_store_context, (wasmtime_store_t *))                                         \
    X(void, wasmtime_store_delete, (wasmtime_store_t *))                                                          \
    X(void, wasmtime_store_limiter, (wasmtime_store_t *, int64_t, int64_t, int64_t, int64_t, int64_t))            \
    X(void, wasmtime_store_epoch_deadline_callback,                                                               \
      (wasmtime_store_t *, wasmtime_epoch_function_t, void *, void (*)(void *)))                                  \
    X(void, wasmtime_context_set_epoch_deadline, (wasmtime_context_t *, uint64_t))                                \
    X(wasmtime_error_t *, wasmtime_context_set_fuel, (wasmtime_context_t *, uint64_t))                            \
    X(wasmtime_error_t *, wasmtime_context_get_fuel, (const wasmtime_context_t *, uint64_t *))                    \
    X(wasmtime_error_t *, wasmtime_module_new, (wasm_engine_t *, const uint8_t *, size_t, wasmtime_module_t **))  \
    X(wasmtime_error_t *, wasmtime_module_validate, (wasm_engine_t *, const uint8_t *, size_t))                   \
    X(wasmtime_error_t *, wasmtime_module_serialize, (const wasmtime_module_t *, wasm_byte_vec_t *))              \
    X(wasmtime_error_t *, wasmtime_module_deserialize,                                                            \
      (wasm_engine_t *, const uint8_t *, size_t, wasmtime_module_t **))                                           \
    X(void, wasmtime_module_image_range, (const wasmtime_module_t *, void **, void **))                           \
    X(wasmtime_module_t *, wasmtime_module_clone, (const wasmtime_module_t *))                                    \
    X(void, wasmtime_module_delete, (wasmtime_module_t *))                                                        \
    X(wasmtime_error_t *, wasmtime_instance_new,                                                                  \
      (wasmtime_context_t *, const wasmtime_module_t *, const wasmtime_extern_t *, size_t, wasmtime_instance_t *, \
       wasm_trap_t **))                                                                                           \
    X(bool, wasmtime_instance_export_get,                                                                         \
      (wasmtime_context_t *, const wasmtime_instance_t *, const char *, size_t, wasmtime_extern_t *))             \
    X(bool, wasmtime_instance_export_nth,                                                                         \
      (wasmtime_context_t *, const wasmtime_instance_t *, size_t, char **, size_t *, wasmtime_extern_t *))        \
    X(void, wasmtime_func_new_unchecked,                                                                          \
      (wasmtime_context_t *, const wasm_functype_t *, wasmtime_host_function_t, void *, void (*)(void *),         \
       wasmtime_func_t *))                                                                                        \
    X(wasmtime_error_t *, wasmtime_func_call_unchecked,                                                           \
      (wasmtime_context_t *, const wasmtime_func_t *, wasmtime_val_raw_t *, size_t, wasm_trap_t **))              \
    X(void *, wasmtime_func_to_raw, (wasmtime_context_t *, const wasmtime_func_t *))                              \
    X(uint8_t *, wasmtime_memory_data, (wasmtime_context_t *, const wasmtime_memory_t *))                         \
    X(size_t, wasmtime_memory_data_size, (const wasmtime_context_t *, const wasmtime_memory_t *))                 \
    X(wasmtime_error_t *, wasmtime_memory_grow,                                                                   \
      (wasmtime_context_t *, const wasmtime_memory_t *, uint64_t, uint64_t *))                                    \
    X(void, wasmtime_global_get, (wasmtime_context_t *, const wasmtime_global_t *, wasmtime_val_t *))             \
    X(wasmtime_error_t *, wasmtime_global_set,                                                                    \
      (wasmtime_context_t *, const wasmtime_global_t *, const wasmtime_val_t *))                                  \
    X(wasmtime_error_t *, wasmtime_global_new,                                                                    \
      (wasmtime_context_t *, const wasm_globaltype_t *, const wasmtime_val_t *, wasmtime_global_t *))             \
    X(uint64_t, wasmtime_table_size, (const wasmtime_context_t *, const wasmtime_table_t *))                      \
    X(bool, wasmtime_table_get, (wasmtime_context_t *, const wasmtime_table_t *, uint64_t, wasmtime_val_t *))     \
    X(wasmtime_error_t *, wasmtime_table_set,                                                                     \
      (wasmtime_context_t *, const wasmtime_table_t *, uint64_t, const wasmtime_val_t *))                         \
    X(wasmtime_error_t *, wasmtime_table_grow,                                                                    \
      (wasmtime_context_t *, const wasmtime_table_t *, uint64_t, const wasmtime_val_t *, uint64_t *))             \
    X(wasmtime_error_t *, wasmtime_error_new, (const char *))                                                     \
    X(void, wasmtime_error_message, (const wasmtime_error_t *, wasm_byte_vec_t *))                                \
    X(void, wasmtime_error_wasm_trace, (const wasmtime_error_t *, wasm_frame_vec_t *))                            \
    X(void, wasmtime_error_delete, (wasmtime_error_t *))                                                          \
    X(wasm_trap_t *, wasmtime_trap_new, (const char *, size_t))                                                   \
    X(bool, wasmtime_trap_code, (const wasm_trap_t *, uint8_t *))                                                 \
    X(void, wasm_trap_trace, (const wasm_trap_t *, wasm_frame_vec_t *))                                           \
    X(void, wasm_trap_message, (const wasm_trap_t *, wasm_byte_vec_t *))                                          \
    X(void, wasm_trap_delete, (wasm_trap_t *))                                                                    \
    X(uint32_t, wasm_frame_func_index, (const wasm_frame_t *))                                                    \
    X(size_t, wasm_frame_func_offset, (const wasm_frame_t *))                                                     \
    X(void, wasm_frame_vec_delete, (wasm_frame_vec_t *))                                                          \
    X(void, wasm_byte_vec_delete, (wasm_byte_vec_t *))                                                            \
    X(wasm_valtype_t *, wasm_valtype_new, (uint8_t))                                                              \
    X(void, wasm_valtype_vec_new, (wasm_valtype_vec_t *, size_t, wasm_valtype_t *const *))                        \
    X(wasm_functype_t *, wasm_functype_new, (wasm_valtype_vec_t *, wasm_valtype_vec_t *))                         \
    X(void, wasm_functype_delete, (wasm_functype_t *))                                                            \
    X(wasm_globaltype_t *, wasm_globaltype_new, (wasm_valtype_t *, uint8_t))                                      \
    X(void, wasm_globaltype_delete, (wasm_globaltype_t *))

typedef struct zc_wasmtime_api {
#define X(result, name, parameters) result(*name) parameters;
    ZC_WASMTIME_LIST(X)
#undef X
} zc_wasmtime_api;

/* Filled by zc_wasmtime_look_up, then constant. */
extern zc_wasmtime_api zc_wt;

/* Fills the table of a library that dlopen gave; ZC_UNSUPPORTED when it lacks one. `path` is for the message. */
zc_status zc_wasmtime_look_up(void *library, const char *path, zc_error *error);

#endif
