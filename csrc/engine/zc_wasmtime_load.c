/* zc_wasmtime_load: see zc_wasmtime.h: opening the library, its one configuration, compiling.
 *
 * The library is opened with dlopen and never closed. It is loaded under a lock, and compiles without any: how many threads
 * are inside is counted, for forks. */
#include "engine/zc_wasmtime.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "base/zc_fork.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static wasm_engine_t *engines[ZC_WASMTIME_VARIANTS]; /* constant once `loaded` */
static _Atomic bool loaded;
static bool tried; /* under the lock, as the next two */
static zc_error first_failure;
static char loaded_version[32];
static uint8_t out_of_fuel;
static _Atomic uint32_t inside;               /* threads that are in the library's compiler */
static _Thread_local uint32_t inside_of_mine; /* of the calling one: what of `inside` a child of its fork keeps */
static _Atomic bool torn;

/* ---- forks ---- */

static bool held_for_fork;

static void try_lock(void)
{
    held_for_fork = pthread_mutex_trylock(&lock) == 0;
}

static void unlock(void)
{
    if (held_for_fork) {
        pthread_mutex_unlock(&lock);
    }
}

static void reset(void)
{
    static const pthread_mutex_t fresh = PTHREAD_MUTEX_INITIALIZER;
    if (!held_for_fork) {
        lock = fresh; /* another thread was loading it */
    }
    if (!held_for_fork || atomic_load(&inside) != inside_of_mine) {
        atomic_store(&torn, true);
    }
    atomic_store(&inside, inside_of_mine);
}

ZC_FORK_HANDLERS(ZC_FORK_WASMTIME, .lock = try_lock, .unlock = unlock, .reset = reset)

static void enter(void)
{
    atomic_fetch_add(&inside, 1);
    inside_of_mine++;
}

static void leave(void)
{
    inside_of_mine--;
    atomic_fetch_sub(&inside, 1);
}

/* ---- loading ---- */

static wasm_config_t *configure(zc_wasmtime_variant variant)
{
    wasm_config_t *config = zc_wt.wasm_config_new();
    /* Memories are ours, checked in the code, and stay where they are. Nothing is reserved beyond the region. Images of
     * data segments that are mapped would panic over memories of others: they are copied. */
    zc_wt.wasmtime_config_host_memory_creator_set(config, &zc_wasmtime_creator);
    zc_wt.wasmtime_config_memory_reservation_set(config, 0);
    zc_wt.wasmtime_config_memory_guard_size_set(config, 0);
    zc_wt.wasmtime_config_memory_may_move_set(config, false);
    zc_wt.wasmtime_config_memory_init_cow_set(config, false);
    /* Handlers of the process's signals would meet those of Python, and on macOS the ports of others. */
    zc_wt.wasmtime_config_signals_based_traps_set(config, false);
    zc_wt.wasmtime_config_native_unwind_info_set(config, false);
    zc_wt.wasmtime_config_epoch_interruption_set(config, true);
    zc_wt.wasmtime_config_consume_fuel_set(config, variant == ZC_WASMTIME_FUEL);
    zc_wt.wasmtime_config_max_wasm_stack_set(config, ZC_WASMTIME_STACK);
    zc_wt.wasmtime_config_parallel_compilation_set(config, false); /* no threads that a fork would lose */
    zc_wt.wasmtime_config_strategy_set(config, 1);                 /* Cranelift */
    zc_wt.wasmtime_config_cranelift_opt_level_set(config, 1);      /* speed */
    zc_wt.wasmtime_config_wasm_multi_value_set(config, true);
    zc_wt.wasmtime_config_wasm_bulk_memory_set(config, true);
    zc_wt.wasmtime_config_wasm_reference_types_set(config, true);
    zc_wt.wasmtime_config_wasm_simd_set(config, true);
    zc_wt.wasmtime_config_wasm_relaxed_simd_set(config, true);
    zc_wt.wasmtime_config_wasm_relaxed_simd_deterministic_set(config, true);
    zc_wt.wasmtime_config_wasm_tail_call_set(config, true);
    zc_wt.wasmtime_config_wasm_exceptions_set(config, true);
    zc_wt.wasmtime_config_wasm_function_references_set(config, false);
    zc_wt.wasmtime_config_wasm_gc_set(config, false);
    zc_wt.wasmtime_config_wasm_threads_set(config, false);
    zc_wt.wasmtime_config_shared_memory_set(config, false);
    zc_wt.wasmtime_config_wasm_memory64_set(config, false);
    zc_wt.wasmtime_config_wasm_multi_memory_set(config, false);
    zc_wt.wasmtime_config_wasm_custom_page_sizes_set(config, false);
    zc_wt.wasmtime_config_wasm_stack_switching_set(config, false);
    zc_wt.wasmtime_config_wasm_wide_arithmetic_set(config, false);
    return config;
}

static zc_status load(const char *path, const char *version, zc_error *error)
{
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!library) {
        const char *why = dlerror();
        return zc_fail(error, ZC_UNSUPPORTED, "wasmtime: the library cannot be opened: %.300s", why ? why : path);
    }
    zc_status status = zc_wasmtime_look_up(library, path, error);
    if (status != ZC_OK) {
        (void)dlclose(library); /* nothing of it has run but for its own beginning */
        return status;
    }
    for (int i = 0; i < ZC_WASMTIME_VARIANTS; i++) {
        engines[i] = zc_wt.wasm_engine_new_with_config(configure((zc_wasmtime_variant)i));
        if (!engines[i]) {
            return zc_fail(error, ZC_UNSUPPORTED, "wasmtime %.20s makes no engine", version);
        }
    }
    status = zc_wasmtime_try(engines, &out_of_fuel, error);
    if (status == ZC_OK) {
        (void)snprintf(loaded_version, sizeof loaded_version, "%s", version);
        atomic_store_explicit(&loaded, true, memory_order_release);
    }
    return status;
}

zc_status zc_wasmtime_load(const char *path, const char *version, zc_error *error)
{
    zc_status status = ZC_OK;
    pthread_mutex_lock(&lock);
    if (!tried) {
        tried = true;
        enter();
        status = load(path, version, &first_failure);
        leave();
        first_failure.code = status;
    }
    status = first_failure.code;
    if (status != ZC_OK && error) {
        *error = first_failure;
    }
    pthread_mutex_unlock(&lock);
    return status == ZC_OK ? zc_wasmtime_ready(error) : status;
}

zc_status zc_wasmtime_ready(zc_error *error)
{
    if (atomic_load_explicit(&torn, memory_order_relaxed)) {
        return zc_fail(error, ZC_UNSUPPORTED,
                       "wasmtime: this process was forked while another thread was compiling, and "
                       "cannot use the engine: exec, or fork when nothing is compiled");
    }
    if (!atomic_load_explicit(&loaded, memory_order_acquire)) {
        return zc_fail(error, ZC_UNSUPPORTED, "wasmtime: the library is not loaded");
    }
    return ZC_OK;
}

const char *zc_wasmtime_version(void)
{
    return atomic_load_explicit(&loaded, memory_order_acquire) ? loaded_version : "";
}

wasm_engine_t *zc_wasmtime_engine(zc_wasmtime_variant variant)
{
    return engines[variant];
}

uint8_t zc_wasmtime_out_of_fuel(void)
{
    return out_of_fuel;
}

void zc_wasmtime_advance(void)
{
    if (atomic_load_explicit(&loaded, memory_order_acquire)) {
        for (int i = 0; i < ZC_WASMTIME_VARIANTS; i++) {
            zc_wt.wasmtime_engine_increment_epoch(engines[i]);
        }
    }
}

/* ---- compiling ---- */

/* Lines, tabs and what is not ASCII become single spaces and question marks. */
static void flatten(char *out, size_t room, const char *text, size_t size)
{
    size_t used = 0;
    for (size_t i = 0; i < size && used + 1 < room; i++) {
        const unsigned char byte = (unsigned char)text[i];
        const bool blank = byte <= ' ';
        if (blank && (used == 0 || out[used - 1] == ' ')) {
            continue;
        }
        out[used++] = blank ? ' ' : byte < 0x7f ? (char)byte : '?';
    }
    out[used] = 0;
}

zc_status zc_wasmtime_fail(zc_error *error, zc_status code, const char *what, wasmtime_error_t *failure)
{
    char text[360];
    wasm_byte_vec_t message = {0, NULL};
    zc_wt.wasmtime_error_message(failure, &message);
    flatten(text, sizeof text, message.data ? message.data : "", message.data ? message.size : 0);
    zc_wt.wasm_byte_vec_delete(&message);
    zc_wt.wasmtime_error_delete(failure);
    return zc_fail(error, code, "%s: %s", what, text);
}

zc_status zc_wasmtime_validate(const uint8_t *bytes, size_t size, zc_error *error)
{
    zc_status status = zc_wasmtime_ready(error);
    if (status == ZC_OK) {
        enter();
        wasmtime_error_t *failure = zc_wt.wasmtime_module_validate(engines[ZC_WASMTIME_PLAIN], bytes, size);
        leave();
        if (failure) {
            status = zc_wasmtime_fail(error, ZC_INVALID, "wasmtime", failure);
        }
    }
    return status;
}

zc_status zc_wasmtime_compile(zc_wasmtime_variant variant, const uint8_t *bytes, size_t size, wasmtime_module_t **out,
                              zc_error *error)
{
    zc_status status = zc_wasmtime_ready(error);
    *out = NULL;
    if (status == ZC_OK) {
        enter();
        wasmtime_error_t *failure = zc_wt.wasmtime_module_new(engines[variant], bytes, size, out);
        leave();
        if (failure) {
            status = zc_wasmtime_fail(error, ZC_INVALID, "wasmtime cannot compile the module", failure);
        }
    }
    return status;
}

zc_status zc_wasmtime_serialize(const wasmtime_module_t *module, zc_writer *out, zc_error *error)
{
    wasm_byte_vec_t code = {0, NULL};
    zc_status status = zc_wasmtime_ready(error);
    if (status != ZC_OK) {
        return status;
    }
    enter();
    wasmtime_error_t *failure = zc_wt.wasmtime_module_serialize(module, &code);
    leave();
    if (failure) {
        return zc_wasmtime_fail(error, ZC_UNSUPPORTED, "wasmtime cannot serialize the module", failure);
    }
    zc_put(out, code.data, code.size);
    zc_wt.wasm_byte_vec_delete(&code);
    return out->failed ? zc_fail(error, ZC_NO_MEMORY, "no memory for a module's compiled code") : ZC_OK;
}

zc_status zc_wasmtime_deserialize(zc_wasmtime_variant variant, const uint8_t *bytes, size_t size,
                                  wasmtime_module_t **out, zc_error *error)
{
    zc_status status = zc_wasmtime_ready(error);
    *out = NULL;
    if (status == ZC_OK) {
        enter();
        wasmtime_error_t *failure = zc_wt.wasmtime_module_deserialize(engines[variant], bytes, size, out);
        leave();
        if (failure) {
            status = zc_wasmtime_fail(error, ZC_UNSUPPORTED, "wasmtime refuses the compiled code", failure);
        }
    }
    return status;
}
