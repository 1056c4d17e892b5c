/* zc_engine_wasmtime: the compiler wasmtime as an engine (guest/zc_engine.h), where its library is loaded (zc_wasmtime.h).
 *
 * Two engines of one name: code that counts fuel, for instances that are given a limit of it, and code that does not. What
 * they cannot do is refused by name: profiles, tables as imports, values other than numbers in what the host calls or is
 * called for, states of what the library does not show (zc_engine_wasmtime_state.c).
 *
 * Ownership: compiled code is the module's. Threads: as the guest layer has them; compiling needs none of the host's locks.
 */
#ifndef ZC_ENGINE_WASMTIME_H
#define ZC_ENGINE_WASMTIME_H

#include "engine/zc_wasmtime.h"
#include "guest/zc_guest.h"

extern const zc_engine zc_engine_wasmtime, zc_engine_wasmtime_fuel;

const zc_engine *zc_engine_wasmtime_of(zc_wasmtime_variant variant);
/* The variant that instances with these limits run. */
zc_wasmtime_variant zc_engine_wasmtime_variant(const zc_limits *limits);

/* What is compiled of the module: more exports, no start (zc_wasm_rewrite.h). Appended to `out`. */
zc_status zc_engine_wasmtime_binary(const zc_module *module, zc_writer *out, zc_error *error);
/* Compile now, unless it has been. Takes as long as zc_wasmtime_compile. */
zc_status zc_engine_wasmtime_prepare(zc_module *module, zc_wasmtime_variant variant, zc_error *error);
/* Code of zc_engine_wasmtime_binary's that was kept from before; taken over, also on failure. */
zc_status zc_engine_wasmtime_adopt(zc_module *module, zc_wasmtime_variant variant, wasmtime_module_t *compiled,
                                   zc_error *error);
/* The module's, or NULL where there is none yet. */
const wasmtime_module_t *zc_engine_wasmtime_compiled(const zc_module *module, zc_wasmtime_variant variant);

#endif
