/* zc_wasm_rewrite: a module once more, for an engine that reaches exports only: with more exports, without its start.
 *
 * What the host has to reach of an instance, whether or not the module exports it: its memory, tables and globals, the
 * start function, which is to run later than the engine would, the functions that can lie in tables unless they are too many,
 * and all functions where somebody wants them. Each is exported once more by a private name, which no export of the module has: the names of a
 * module begin with one salt, which is chosen so. Indices stay what they are; offsets in the code section do not.
 *
 * The bytes are those of a module that zc_validate or zc_validate_wide accepted, and `info` is what it said.
 * Ownership: the caller's. Threads: no shared state.
 */
#ifndef ZC_WASM_REWRITE_H
#define ZC_WASM_REWRITE_H

#include "base/zc_bytes.h"
#include "validate/zc_validate.h"

#define ZC_PRIVATE_NAME 40 /* bytes that any private name fits in */

/* Appends the module to `out`. ZC_NO_MEMORY; ZC_LIMIT when sections would be longer than the format allows. */
zc_status zc_wasm_rewrite(const uint8_t *bytes, size_t size, const zc_module_info *info, bool all_functions,
                          zc_writer *out, zc_error *error);

/* Whether the functions that can lie in tables get names: there is a table, and the engine takes as many types of exports. */
bool zc_names_elements(const zc_module_info *info);
/* Looks at all exports. */
zc_status zc_private_salt(const zc_module_info *info, uint32_t *salt, zc_error *error);
/* Writes the name, without a NUL, and returns its length. */
uint32_t zc_private_name(char name[ZC_PRIVATE_NAME], uint32_t salt, zc_extern_kind kind, uint32_t index);

#endif
