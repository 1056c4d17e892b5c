/* zc_wasmtime: the library libwasmtime in this process: loaded once, with two engines of one configuration.
 *
 * Configuration (see configure in zc_wasmtime_load.c for why): linear memories are regions, which never move; checks in
 * the code, so that no signal handler is installed; epochs on; SIMD, references, several tables, bulk memory, tail
 * calls, extended constants and exceptions; no shared or 64-bit or second memories. The engines differ in whether the code
 * counts fuel.
 *
 * Ownership: library and engines live as long as the process, since code may run that they made. A module is its holder's,
 * who deletes it with zc_wt.wasmtime_module_delete. Threads: any, for all functions here.
 * Fork: a child goes on with the library, unless another thread was inside zc_wasmtime_compile and the like: what such a
 * thread holds there is held for ever, so the child is told that it has no such engine.
 */
#ifndef ZC_WASMTIME_H
#define ZC_WASMTIME_H

#include "base/zc_bytes.h"
#include "base/zc_status.h"
#include "engine/zc_wasmtime_api.h"
#include "region/zc_region.h"

typedef enum zc_wasmtime_variant {
    ZC_WASMTIME_PLAIN,
    ZC_WASMTIME_FUEL, /* its code counts fuel, about one for each operator that it executes */
    ZC_WASMTIME_VARIANTS,
} zc_wasmtime_variant;

/* Bytes of the native stack that a guest's frames may take up; a guest may only be entered where as much is left: the library
 * does not look. Its own frames lie in the margin that zc_native_stack_limit leaves free. */
#if defined(__APPLE__) /* whose threads have 512 KiB */
#define ZC_WASMTIME_STACK ((size_t)256 << 10)
#else
#define ZC_WASMTIME_STACK ((size_t)512 << 10)
#endif

/* What makes compiled code another one, besides the module, the library's version and the processor: part of the cache's key.
 * Changes with the configuration, and with what zc_wasm_rewrite makes. */
#define ZC_WASMTIME_CONFIGURATION "2"

/* Opens the library at `path`, of that version ("50.0.1"), looks for all functions, makes the engines and tries them out.
 * Once for a process: later calls say ZC_OK, or what the first failure was. ZC_UNSUPPORTED: it cannot be used. */
zc_status zc_wasmtime_load(const char *path, const char *version, zc_error *error);
/* ZC_OK where it is loaded, and the process is no torn child of a fork. */
zc_status zc_wasmtime_ready(zc_error *error);
const char *zc_wasmtime_version(void); /* "" before it is loaded */
wasm_engine_t *zc_wasmtime_engine(zc_wasmtime_variant variant);
/* The code of the trap of code that has no fuel left, as the self-test saw it. */
uint8_t zc_wasmtime_out_of_fuel(void);
/* Another epoch for both engines, which their guests notice at once: each asks its callback. */
void zc_wasmtime_advance(void);

/* Takes the failure over; its message, in one line of ASCII, behind `what`. */
zc_status zc_wasmtime_fail(zc_error *error, zc_status code, const char *what, wasmtime_error_t *failure);

/* All of the binary, its function bodies included, by the engine's rules: ZC_INVALID. */
zc_status zc_wasmtime_validate(const uint8_t *bytes, size_t size, zc_error *error);
/* Takes long, without any way to stop it: milliseconds for kilobytes, minutes for tens of megabytes. */
zc_status zc_wasmtime_compile(zc_wasmtime_variant variant, const uint8_t *bytes, size_t size, wasmtime_module_t **out,
                              zc_error *error);
zc_status zc_wasmtime_serialize(const wasmtime_module_t *module, zc_writer *out, zc_error *error);
/* Native code, which is believed: only of bytes that zc_wasmtime_serialize made. Another version, configuration or processor
 * is refused: ZC_UNSUPPORTED. */
zc_status zc_wasmtime_deserialize(zc_wasmtime_variant variant, const uint8_t *bytes, size_t size,
                                  wasmtime_module_t **out, zc_error *error);

/* --- linear memories (zc_wasmtime_memory.c) --- */

/* A region for the linear memory of the instance that the calling thread makes next. The library asks for each memory
 * that an instance defines, and for the heap of its exceptions; what asks for `minimum` bytes gets the offer, other requests
 * a small region of their own. Whoever offers looks afterwards whether the memory has the region's base. */
typedef struct zc_wasmtime_offer {
    zc_region *region; /* retained as long as the library uses it */
    uint64_t minimum;
    /* The memory grows to `size` bytes: true when it has. NULL: the region itself grows. On the guest's thread. */
    bool (*grow)(void *context, uint64_t size);
    void (*release)(void *context); /* or NULL; when the library is done with the memory */
    void *context;
    bool taken;
    void *memory; /* what was made of it, for zc_wasmtime_move_memory */
} zc_wasmtime_offer;

/* NULL takes an offer back. It stays its owner's, who keeps it until then. */
void zc_wasmtime_offer_memory(zc_wasmtime_offer *offer);
/* The memory lies in another region from now on; which code learns when the memory is grown by nothing. */
void zc_wasmtime_move_memory(const zc_wasmtime_offer *taken, zc_region *region);
/* For the configuration of an engine. */
extern wasmtime_memory_creator_t zc_wasmtime_creator;

/* --- the self-test (zc_wasmtime_try.c) --- */

/* Whether the library does with these engines what it is taken for, and the code of traps of fuel. Ends the process where
 * the library panics. */
zc_status zc_wasmtime_try(wasm_engine_t *const engines[ZC_WASMTIME_VARIANTS], uint8_t *out_of_fuel, zc_error *error);

#endif
