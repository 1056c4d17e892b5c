/* zc_wasmtime_code: what wasmtime made of a module: of its rewriting (zc_wasm_rewrite), by one of the two engines.
 *
 * Ownership: whoever makes it frees it; it needs the module no more. Immutable, so for any thread.
 */
#ifndef ZC_WASMTIME_CODE_H
#define ZC_WASMTIME_CODE_H

#include "engine/zc_wasmtime.h"
#include "guest/zc_guest.h"

typedef struct zc_wasmtime_code {
    wasmtime_module_t *module;
    zc_wasmtime_variant variant;
    uint32_t salt; /* of the private names */
} zc_wasmtime_code;

/* Takes long and cannot be stopped: see zc_wasmtime_compile. */
zc_status zc_wasmtime_code_compile(const zc_module *module, zc_wasmtime_variant variant, void **out, zc_error *error);
/* Of what zc_wasmtime_code_serialize made of the same module, variant, version and configuration; see there. */
zc_status zc_wasmtime_code_load(const zc_module *module, zc_wasmtime_variant variant, const uint8_t *bytes, size_t size,
                                void **out, zc_error *error);
zc_status zc_wasmtime_code_serialize(const void *code, zc_writer *out, zc_error *error);
void zc_wasmtime_code_free(void *code); /* NULL is fine */

#endif
