/* zc_validate: full validation of a WebAssembly binary, and the table of contents it yields.
 *
 * One pass over untrusted bytes. On ZC_OK the module is valid by the specification's algorithm and stays
 * within the supported features (WebAssembly 1.0 plus mutable globals, sign extension, saturating
 * float-to-int, multi-value, bulk memory), and *out describes it. Otherwise the status is
 *   ZC_MALFORMED    the bytes do not follow the binary format
 *   ZC_INVALID      they do, but a validation rule is broken
 *   ZC_UNSUPPORTED  a later feature is used; the message names it
 *   ZC_NO_MEMORY    the bookkeeping (bounded by a constant times the input size) could not be allocated
 * and error->offset is the byte, error->message says what and, inside code, in which function.
 *
 * Ownership: the caller owns the bytes and keeps them unchanged and alive as long as the zc_module_info,
 * whose names and type vectors point into them. Threads: no shared state. This layer knows bytes only:
 * nothing of wasm3, regions, devices or Python.
 */
#ifndef ZC_VALIDATE_H
#define ZC_VALIDATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/zc_status.h"

#define ZC_WASM_PAGE_SIZE 65536u
#define ZC_WASM_MAX_PAGES 65536u

/* Value types, by their byte in the binary format; those of the second line only where zc_validate_wide let them through. */
enum { ZC_I32 = 0x7f, ZC_I64 = 0x7e, ZC_F32 = 0x7d, ZC_F64 = 0x7c };
enum { ZC_V128 = 0x7b, ZC_FUNCREF = 0x70, ZC_EXTERNREF = 0x6f, ZC_EXNREF = 0x69 };

typedef enum zc_extern_kind {
    ZC_EXTERN_FUNC = 0,
    ZC_EXTERN_TABLE = 1,
    ZC_EXTERN_MEMORY = 2,
    ZC_EXTERN_GLOBAL = 3,
    ZC_EXTERN_TAG = 4, /* wide: exported only, and of no use to the host */
} zc_extern_kind;

typedef struct zc_name { /* valid UTF-8, not NUL-terminated, may be empty, may contain NUL */
    const uint8_t *bytes;
    uint32_t size;
} zc_name;

typedef struct zc_func_type { /* value types as bytes of the module */
    const uint8_t *params;
    const uint8_t *results;
    uint32_t param_count;
    uint32_t result_count;
} zc_func_type;

typedef struct zc_limits_type { /* of a memory in pages, of a table in elements */
    uint32_t minimum;
    uint32_t maximum; /* meaningful when has_maximum */
    bool has_maximum;
} zc_limits_type;

typedef struct zc_table_type {
    zc_limits_type limits;
    uint8_t element; /* ZC_FUNCREF, or wide another reference */
} zc_table_type;

typedef struct zc_global_type {
    uint8_t value_type;
    bool is_mutable;
} zc_global_type;

typedef struct zc_import {
    zc_name module;
    zc_name field;
    zc_extern_kind kind;
    uint32_t index; /* in the index space of its kind; type details stand there */
} zc_import;

typedef struct zc_export {
    zc_name name;
    zc_extern_kind kind;
    uint32_t index;
} zc_export;

typedef struct zc_func_info {
    uint32_t type_index;
    uint32_t body_offset; /* of the first byte after the body's size; 0 for imports */
    uint32_t body_size;
    bool is_referenced; /* by a segment or a constant expression, or wide, an export: it may come to lie in a table */
    zc_name name; /* from the name section; size 0 when it gives none or is damaged */
} zc_func_info;

typedef struct zc_module_info {
    zc_func_type *types;
    uint32_t type_count;
    zc_import *imports;
    uint32_t import_count;
    zc_export *exports; /* in the module's order; names are unique */
    uint32_t export_count;
    zc_func_info *funcs; /* imports first */
    uint32_t func_count;
    uint32_t imported_func_count;
    zc_global_type *globals; /* imports first */
    uint32_t global_count;
    uint32_t imported_global_count;
    bool has_table;
    bool table_imported;
    zc_limits_type table; /* the first one's */
    zc_table_type *tables; /* all, imports first; more than one only wide */
    uint32_t table_count;
    uint32_t imported_table_count;
    bool has_memory;
    bool memory_imported;
    zc_limits_type memory;
    bool has_start;
    uint32_t start; /* function index */
    uint32_t element_segment_count;
    uint32_t passive_segment_count; /* of elements and of data; not declarative ones */
    bool drops_segments; /* a body has data.drop or elem.drop; or, wide, is no valid code */
    bool
        changes_tables; /* likewise an instruction that changes a table; or a segment depends on globals: else a table has
                            the same functions in each instance, for ever, unless others change it */
    bool has_data_count; /* data_count holds before the data segments are read */
    uint32_t data_count;
    uint32_t data_segment_count;
    uint64_t data_bytes; /* sum of the active data segments */
    uint32_t tag_count;
    uint64_t needs; /* features of a wide module: 1 << feature, for zc_feature_name; else 0 */
} zc_module_info;

zc_status zc_validate(const uint8_t *bytes, size_t size, zc_module_info **out, zc_error *error);
/* The same for an engine that has more features, and validates by itself: what zc_validate accepts, and modules that need
 * features of the kind COMPILED in zc_validate_features.def. Of those the structure is checked, as far as *out describes it,
 * but neither types of constant expressions nor function bodies: the engine must, before anything else is done. Their
 * `needs` is not 0. Other features are ZC_UNSUPPORTED by their name, as above. */
zc_status zc_validate_wide(const uint8_t *bytes, size_t size, zc_module_info **out, zc_error *error);
void zc_module_info_free(zc_module_info *info); /* NULL is fine */
const char *zc_value_type_name(uint8_t value_type); /* "i32" ... */
const char *zc_feature_name(unsigned feature); /* of a bit of `needs`; NULL past the last one */
bool zc_feature_is_compiled(unsigned feature); /* of the kind COMPILED */

#endif
