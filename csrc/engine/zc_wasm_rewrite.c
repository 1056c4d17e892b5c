/* zc_wasm_rewrite: see zc_wasm_rewrite.h. */
#include "engine/zc_wasm_rewrite.h"

#include <stdio.h>
#include <string.h>

#include "base/zc_alloc.h"
#include "validate/zc_wasm_reader.h"

#define HEADER 8u
#define SALTED "\x7fzc"
#define SALTED_SIZE 3u

enum { SECTION_EXPORT = 7, SECTION_START = 8, SECTION_DATA_COUNT = 12 };

/* wasmtime adds up the types of imports and exports, of functions one and their parameters and results, and takes 1,000,000. */
#define MOST_TYPES 900000u

typedef struct rewriting {
    const zc_module_info *info;
    bool all_functions, elements;
    uint32_t salt;
    zc_writer *out;
    zc_error *error;
} rewriting;

/* ---- private names ---- */

/* The salt that a name begins with, or UINT32_MAX. */
static uint32_t salt_of(zc_name name)
{
    uint32_t at = SALTED_SIZE;
    uint64_t salt = 0;
    if (name.size < SALTED_SIZE || memcmp(name.bytes, SALTED, SALTED_SIZE) != 0) {
        return UINT32_MAX;
    }
    for (; at < name.size && name.bytes[at] >= '0' && name.bytes[at] <= '9' && salt < UINT32_MAX; at++) {
        salt = 10 * salt + (uint64_t)(name.bytes[at] - '0');
    }
    const bool ends = at > SALTED_SIZE && at < name.size && name.bytes[at] == ':';
    return ends && salt < UINT32_MAX ? (uint32_t)salt : UINT32_MAX;
}

zc_status zc_private_salt(const zc_module_info *info, uint32_t *salt, zc_error *error)
{
    /* Each export spoils one salt at most: of one more than there are exports one is left. */
    *salt = 0;
    uint8_t *spoiled = NULL;
    for (uint32_t i = 0; i < info->export_count; i++) {
        const uint32_t found = salt_of(info->exports[i].name);
        if (found > info->export_count) {
            continue;
        }
        if (!spoiled) {
            spoiled = zc_calloc((size_t)info->export_count + 1, 1);
            if (!spoiled) {
                return zc_fail(error, ZC_NO_MEMORY, "no memory for the names of %u exports", info->export_count);
            }
        }
        spoiled[found] = 1;
    }
    while (spoiled && spoiled[*salt]) {
        (*salt)++;
    }
    zc_free(spoiled);
    return ZC_OK;
}

uint32_t zc_private_name(char name[ZC_PRIVATE_NAME], uint32_t salt, zc_extern_kind kind, uint32_t index)
{
    return (uint32_t)snprintf(name, ZC_PRIVATE_NAME, SALTED "%u:%u.%u", salt, (unsigned)kind, index);
}

/* ---- the export section ---- */

static void put_leb(zc_writer *out, uint32_t value)
{
    for (; value >= 0x80; value >>= 7) {
        zc_put_u8(out, (uint8_t)(value | 0x80));
    }
    zc_put_u8(out, (uint8_t)value);
}

static void put_private(const rewriting *r, zc_writer *out, zc_extern_kind kind, uint32_t index)
{
    char name[ZC_PRIVATE_NAME];
    const uint32_t size = zc_private_name(name, r->salt, kind, index);
    put_leb(out, size);
    zc_put(out, name, size);
    zc_put_u8(out, (uint8_t)kind);
    put_leb(out, index);
}

static void put_all(const rewriting *r, zc_writer *out, zc_extern_kind kind, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        put_private(r, out, kind, i);
    }
}

static uint64_t size_of_type(const zc_module_info *info, uint8_t kind, uint32_t index)
{
    if (kind != ZC_EXTERN_FUNC) {
        return 1;
    }
    const zc_func_type *type = &info->types[info->funcs[index].type_index];
    return 1 + (uint64_t)type->param_count + type->result_count;
}

bool zc_names_elements(const zc_module_info *info)
{
    uint64_t size = (uint64_t)info->table_count + info->global_count; /* by names of ours */
    for (uint32_t i = 0; i < info->import_count; i++) {
        size += size_of_type(info, (uint8_t)info->imports[i].kind, info->imports[i].index);
    }
    for (uint32_t i = 0; i < info->export_count; i++) {
        size += size_of_type(info, (uint8_t)info->exports[i].kind, info->exports[i].index);
    }
    for (uint32_t i = 0; i < info->func_count; i++) {
        size += info->funcs[i].is_referenced ? size_of_type(info, ZC_EXTERN_FUNC, i) : 0;
    }
    return info->has_table && size <= MOST_TYPES;
}

/* What is referenced can come to lie in a table. */
static bool has_private_name(const rewriting *r, uint32_t function)
{
    const zc_module_info *info = r->info;
    return r->all_functions || (r->elements && info->funcs[function].is_referenced) ||
           (info->has_start && info->start == function);
}

static void put_functions(const rewriting *r, zc_writer *out)
{
    for (uint32_t i = 0; i < r->info->func_count; i++) {
        if (has_private_name(r, i)) {
            put_private(r, out, ZC_EXTERN_FUNC, i);
        }
    }
}

static uint64_t private_count(const rewriting *r)
{
    const zc_module_info *info = r->info;
    uint64_t functions = 0;
    for (uint32_t i = 0; i < info->func_count; i++) {
        functions += has_private_name(r, i);
    }
    return functions + info->table_count + (info->has_memory ? 1u : 0u) + info->global_count;
}

static zc_status put_section(const rewriting *r, uint8_t id, const uint8_t *bytes, uint64_t size)
{
    if (size > UINT32_MAX) {
        return zc_fail(r->error, ZC_LIMIT, "a section of %llu bytes is longer than the format allows", (ull)size);
    }
    zc_put_u8(r->out, id);
    put_leb(r->out, (uint32_t)size);
    zc_put(r->out, bytes, (size_t)size);
    return ZC_OK;
}

/* The module's own exports, which are `own` from their count on, and ours behind them. */
static zc_status put_exports(const rewriting *r, const uint8_t *own, size_t own_size)
{
    const zc_module_info *info = r->info;
    const uint64_t count = info->export_count + private_count(r);
    zc_writer section = {0};
    if (count > UINT32_MAX) {
        return zc_fail(r->error, ZC_LIMIT, "%llu exports are more than the format allows", (ull)count);
    }
    put_leb(&section, (uint32_t)count);
    zc_put(&section, own, own_size);
    put_functions(r, &section);
    put_all(r, &section, ZC_EXTERN_TABLE, info->table_count);
    put_all(r, &section, ZC_EXTERN_MEMORY, info->has_memory ? 1 : 0);
    put_all(r, &section, ZC_EXTERN_GLOBAL, info->global_count);
    zc_status status = section.failed ? zc_fail(r->error, ZC_NO_MEMORY, "no memory for %llu exports", (ull)count)
                                      : put_section(r, SECTION_EXPORT, section.bytes, section.size);
    zc_writer_free(&section);
    return status;
}

/* ---- sections ---- */

zc_status zc_wasm_rewrite(const uint8_t *bytes, size_t size, const zc_module_info *info, bool all_functions,
                          zc_writer *out, zc_error *error)
{
    rewriting r = {
        .info = info, .all_functions = all_functions, .elements = zc_names_elements(info), .out = out, .error = error};
    zc_wasm_reader reader = {bytes, bytes, bytes + size, error, NULL};
    ZC_TRY(zc_private_salt(info, &r.salt, error));
    ZC_TRY(zc_skip_bytes(&reader, HEADER, "header"));
    zc_put(out, bytes, HEADER);
    bool exported = false;
    while (zc_wasm_reader_left(&reader)) {
        uint8_t id = 0;
        uint32_t section_size = 0, own_count = 0;
        zc_wasm_reader section;
        ZC_TRY(zc_read_byte(&reader, &id, "section id"));
        ZC_TRY(zc_read_u32(&reader, &section_size, "section size"));
        ZC_TRY(zc_read_window(&reader, section_size, &section, "section"));
        if (id == SECTION_EXPORT) {
            ZC_TRY(zc_read_u32(&section, &own_count, "count of exports"));
            ZC_TRY(put_exports(&r, section.at, zc_wasm_reader_left(&section)));
            exported = true;
            continue;
        }
        if (!exported && id >= SECTION_START && id <= SECTION_DATA_COUNT) { /* what comes after exports */
            ZC_TRY(put_exports(&r, NULL, 0));
            exported = true;
        }
        if (id != SECTION_START) {
            ZC_TRY(put_section(&r, id, section.at, section_size));
        }
    }
    if (!exported) {
        ZC_TRY(put_exports(&r, NULL, 0));
    }
    return out->failed ? zc_fail(error, ZC_NO_MEMORY, "no memory for a module of %zu bytes once more", size) : ZC_OK;
}
