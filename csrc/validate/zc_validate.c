/* zc_validate: sections and module structure. The contract is in zc_validate.h.
 *
 * Reads the module front to back, once. Each section is opened as a window of its own, so that nothing in it
 * can read past its end, and must fill it exactly. What a section declares goes into the zc_module_info that
 * later sections are checked against; it belongs to this file until zc_validate hands it out. Function bodies
 * go to zc_validate_code.c, constant expressions to zc_validate_const.c, segments to zc_validate_segments.c.
 * Threads: no shared state.
 */
#include "validate/zc_validate.h"

#include <string.h>

#include "base/zc_alloc.h"
#include "validate/zc_validate_stack.h"

enum {
    SECTION_CUSTOM = 0,
    SECTION_TYPE = 1,
    SECTION_IMPORT = 2,
    SECTION_FUNCTION = 3,
    SECTION_TABLE = 4,
    SECTION_MEMORY = 5,
    SECTION_GLOBAL = 6,
    SECTION_EXPORT = 7,
    SECTION_START = 8,
    SECTION_ELEMENT = 9,
    SECTION_CODE = 10,
    SECTION_DATA = 11,
    SECTION_DATA_COUNT = 12,
    SECTION_TAG = 13,
    SECTION_COUNT = 14,
};

static const char *const section_names[SECTION_COUNT] = {
    "custom", "type",  "import",  "function", "table", "memory",     "global",
    "export", "start", "element", "code",     "data",  "data count", "tag",
};

/* Where a section may stand: the data count was squeezed in before the code, tags before the globals. */
static const uint8_t section_ranks[SECTION_COUNT] = {
    [SECTION_TYPE] = 1,   [SECTION_IMPORT] = 2,   [SECTION_FUNCTION] = 3,    [SECTION_TABLE] = 4,
    [SECTION_MEMORY] = 5, [SECTION_TAG] = 6,      [SECTION_GLOBAL] = 7,      [SECTION_EXPORT] = 8,
    [SECTION_START] = 9,  [SECTION_ELEMENT] = 10, [SECTION_DATA_COUNT] = 11, [SECTION_CODE] = 12,
    [SECTION_DATA] = 13,
};

typedef struct zc_validator {
    bool wide;
    const uint8_t *bytes;
    size_t size;
    zc_module_info *info;
    zc_error *error;
    uint32_t func_capacity;
    uint32_t global_capacity;
    uint32_t body_count;
    uint64_t data_count_offset;
    zc_name name_section;
} zc_validator;

/* ---- helpers ---- */

static zc_status allocate(const zc_validator *validator, void **items, uint32_t count, size_t item_size,
                          const char *what)
{
    *items = zc_calloc(count, item_size);
    if (!*items) {
        return zc_fail(validator->error, ZC_NO_MEMORY, "no memory for %u %s", count, what);
    }
    return ZC_OK;
}

/* Makes room for `more` items behind `count`, at least doubling. Counts stay below 2^22. */
static zc_status reserve(const zc_validator *validator, void **items, uint32_t *capacity, uint32_t count, uint32_t more,
                         size_t item_size, const char *what)
{
    const uint32_t needed = count + more;
    if (needed <= *capacity) {
        return ZC_OK;
    }
    const uint32_t wanted = needed > 2 * *capacity ? needed : 2 * *capacity;
    void *moved = zc_realloc(*items, wanted * item_size);
    if (!moved) {
        return zc_fail(validator->error, ZC_NO_MEMORY, "no memory for %u %s", wanted, what);
    }
    *items = moved;
    *capacity = wanted;
    return ZC_OK;
}

static zc_status reserve_funcs(zc_validator *validator, uint32_t more)
{
    void *items = validator->info->funcs;
    ZC_TRY(reserve(validator, &items, &validator->func_capacity, validator->info->func_count, more,
                   sizeof *validator->info->funcs, "functions"));
    validator->info->funcs = items;
    return ZC_OK;
}

static zc_status reserve_globals(zc_validator *validator, uint32_t more)
{
    void *items = validator->info->globals;
    ZC_TRY(reserve(validator, &items, &validator->global_capacity, validator->info->global_count, more,
                   sizeof *validator->info->globals, "globals"));
    validator->info->globals = items;
    return ZC_OK;
}

/* ---- sections, in the module's order ---- */

static zc_status read_type_vector(zc_wasm_reader *reader, const uint8_t **types, uint32_t *count, uint32_t limit,
                                  const char *what)
{
    ZC_TRY(zc_read_limited_count(reader, count, 1, 0, limit, what));
    *types = reader->at;
    for (uint32_t i = 0; i < *count; i++) {
        uint8_t type = 0;
        ZC_TRY(zc_read_value_type(reader, &type, "function type"));
    }
    return ZC_OK;
}

static zc_status read_types(zc_validator *validator, zc_wasm_reader *reader)
{
    zc_module_info *info = validator->info;
    uint32_t count = 0;
    ZC_TRY(zc_read_limited_count(reader, &count, 3, 0, ZC_LIMIT_TYPES, "count of types"));
    void *items = NULL;
    ZC_TRY(allocate(validator, &items, count, sizeof *info->types, "types"));
    info->types = items;
    for (uint32_t i = 0; i < count; i++) {
        const uint64_t start = zc_wasm_reader_offset(reader);
        zc_func_type *type = &info->types[i];
        uint8_t form = 0;
        ZC_TRY(zc_read_byte(reader, &form, "type form"));
        switch (form) {
        case 0x60:
            break;
        case 0x4e: /* rec */
        case 0x4f: /* sub final */
        case 0x50: /* sub */
        case 0x5e: /* array */
        case 0x5f: /* struct */
            return zc_fail_unsupported(reader->error, start, ZC_FEATURE_GC, "type definition");
        case 0x5d:
            return zc_fail_unsupported(reader->error, start, ZC_FEATURE_STACK_SWITCHING, "type definition");
        case 0x65:
            return zc_fail_unsupported(reader->error, start, ZC_FEATURE_THREADS, "type definition");
        default:
            return zc_fail_at(reader->error, ZC_MALFORMED, start, "malformed type form 0x%02x", form);
        }
        ZC_TRY(read_type_vector(reader, &type->params, &type->param_count, ZC_LIMIT_PARAMS, "count of parameters"));
        ZC_TRY(read_type_vector(reader, &type->results, &type->result_count, ZC_LIMIT_RESULTS, "count of results"));
        info->type_count = i + 1;
    }
    return ZC_OK;
}

static zc_status read_import(zc_validator *validator, zc_wasm_reader *reader, zc_import *import)
{
    zc_module_info *info = validator->info;
    ZC_TRY(zc_read_name(reader, &import->module, "import module name"));
    ZC_TRY(zc_read_name(reader, &import->field, "import field name"));
    const uint64_t start = zc_wasm_reader_offset(reader);
    uint8_t kind = 0;
    ZC_TRY(zc_read_byte(reader, &kind, "import kind"));
    switch (kind) {
    case ZC_EXTERN_FUNC: {
        zc_func_info func = {0};
        ZC_TRY(zc_read_type_index(reader, info, &func.type_index));
        if (info->func_count >= ZC_LIMIT_FUNCS) {
            return zc_fail_limit(reader, start, "functions", info->func_count + 1, ZC_LIMIT_FUNCS);
        }
        ZC_TRY(reserve_funcs(validator, 1));
        import->index = info->func_count;
        info->funcs[info->func_count++] = func;
        info->imported_func_count++;
        break;
    }
    case ZC_EXTERN_TABLE:
        import->index = info->table_count;
        ZC_TRY(zc_read_table_type(reader, info));
        info->table_imported = true;
        info->imported_table_count++;
        break;
    case ZC_EXTERN_MEMORY:
        ZC_TRY(zc_read_memory_type(reader, info));
        info->memory_imported = true;
        break;
    case ZC_EXTERN_GLOBAL: {
        zc_global_type global = {0};
        ZC_TRY(zc_read_global_type(reader, &global));
        if (info->global_count >= ZC_LIMIT_GLOBALS) {
            return zc_fail_limit(reader, start, "globals", info->global_count + 1, ZC_LIMIT_GLOBALS);
        }
        ZC_TRY(reserve_globals(validator, 1));
        import->index = info->global_count;
        info->globals[info->global_count++] = global;
        info->imported_global_count++;
        break;
    }
    case ZC_EXTERN_TAG:
        if (reader->needs) { /* no host has one */
            return zc_fail_at(reader->error, ZC_UNSUPPORTED, start,
                              "the import of an exception's tag is not supported");
        }
        return zc_fail_unsupported(reader->error, start, ZC_FEATURE_EXCEPTIONS, "import of a tag");
    case 0x7e:
    case 0x7f:
        return zc_fail_unsupported(reader->error, start, ZC_FEATURE_COMPACT_IMPORTS, "a group of imports");
    default:
        return zc_fail_at(reader->error, ZC_MALFORMED, start, "malformed import kind 0x%02x", kind);
    }
    import->kind = (zc_extern_kind)kind;
    return ZC_OK;
}

static zc_status read_imports(zc_validator *validator, zc_wasm_reader *reader)
{
    zc_module_info *info = validator->info;
    uint32_t count = 0;
    ZC_TRY(zc_read_limited_count(reader, &count, 4, 0, ZC_LIMIT_IMPORTS, "count of imports"));
    void *items = NULL;
    ZC_TRY(allocate(validator, &items, count, sizeof *info->imports, "imports"));
    info->imports = items;
    for (uint32_t i = 0; i < count; i++) {
        ZC_TRY(read_import(validator, reader, &info->imports[i]));
        info->import_count = i + 1;
    }
    return ZC_OK;
}

static zc_status read_functions(zc_validator *validator, zc_wasm_reader *reader)
{
    zc_module_info *info = validator->info;
    uint32_t count = 0;
    ZC_TRY(zc_read_limited_count(reader, &count, 1, info->func_count, ZC_LIMIT_FUNCS, "count of functions"));
    ZC_TRY(reserve_funcs(validator, count));
    for (uint32_t i = 0; i < count; i++) {
        zc_func_info func = {0};
        ZC_TRY(zc_read_type_index(reader, info, &func.type_index));
        info->funcs[info->func_count++] = func;
    }
    return ZC_OK;
}

static zc_status read_tables(const zc_validator *validator, zc_wasm_reader *reader)
{
    uint32_t count = 0;
    ZC_TRY(zc_read_count(reader, &count, 3, "count of tables"));
    for (uint32_t i = 0; i < count; i++) {
        ZC_TRY(zc_read_table_type(reader, validator->info));
    }
    return ZC_OK;
}

static zc_status read_memories(const zc_validator *validator, zc_wasm_reader *reader)
{
    uint32_t count = 0;
    ZC_TRY(zc_read_count(reader, &count, 2, "count of memories"));
    for (uint32_t i = 0; i < count; i++) {
        ZC_TRY(zc_read_memory_type(reader, validator->info));
    }
    return ZC_OK;
}

static zc_status read_globals(zc_validator *validator, zc_wasm_reader *reader)
{
    zc_module_info *info = validator->info;
    uint32_t count = 0;
    ZC_TRY(zc_read_limited_count(reader, &count, 4, info->global_count, ZC_LIMIT_GLOBALS, "count of globals"));
    ZC_TRY(reserve_globals(validator, count));
    for (uint32_t i = 0; i < count; i++) {
        zc_global_type global = {0};
        ZC_TRY(zc_read_global_type(reader, &global));
        ZC_TRY(zc_check_const_expr(reader, info, global.value_type, "global initializer"));
        info->globals[info->global_count++] = global;
    }
    return ZC_OK;
}

static zc_status read_start(zc_validator *validator, zc_wasm_reader *reader)
{
    zc_module_info *info = validator->info;
    const uint64_t start = zc_wasm_reader_offset(reader);
    ZC_TRY(zc_read_u32(reader, &info->start, "start function"));
    if (info->start >= info->func_count) {
        return zc_fail_at(reader->error, ZC_INVALID, start, "start: unknown function %u of %u", info->start,
                          info->func_count);
    }
    const zc_func_type *type = &info->types[info->funcs[info->start].type_index];
    if (type->param_count || type->result_count) {
        return zc_fail_at(reader->error, ZC_INVALID, start,
                          "start function %u must take and return nothing, it has %u parameters and %u results",
                          info->start, type->param_count, type->result_count);
    }
    info->has_start = true;
    return ZC_OK;
}

static zc_status read_data_count(zc_validator *validator, zc_wasm_reader *reader)
{
    validator->data_count_offset = zc_wasm_reader_offset(reader);
    ZC_TRY(zc_read_u32(reader, &validator->info->data_count, "data count"));
    validator->info->has_data_count = true;
    return ZC_OK;
}

static zc_status read_code(zc_validator *validator, zc_wasm_reader *reader)
{
    zc_module_info *info = validator->info;
    const uint64_t start = zc_wasm_reader_offset(reader);
    const uint32_t defined = info->func_count - info->imported_func_count;
    ZC_TRY(zc_read_u32(reader, &validator->body_count, "count of function bodies"));
    if (validator->body_count != defined) {
        return zc_fail_at(reader->error, ZC_MALFORMED, start,
                          "function and code section have inconsistent lengths: %u and %u", defined,
                          validator->body_count);
    }
    zc_code_checker checker;
    zc_code_checker_init(&checker, info);
    zc_status status = ZC_OK;
    for (uint32_t i = info->imported_func_count; i < info->func_count && status == ZC_OK; i++) {
        zc_func_info *func = &info->funcs[i];
        zc_wasm_reader body = *reader;
        uint32_t size = 0;
        const uint64_t at = zc_wasm_reader_offset(reader);
        status = zc_read_u32(reader, &size, "size of a function body");
        if (status == ZC_OK) {
            status = zc_read_window(reader, size, &body, "function body");
        }
        if (status == ZC_OK && size > ZC_LIMIT_BODY_BYTES) {
            status = zc_fail_limit(reader, at, "bytes of a function body", size, ZC_LIMIT_BODY_BYTES);
        }
        if (status == ZC_OK) {
            func->body_offset = (uint32_t)zc_wasm_reader_offset(&body);
            func->body_size = size;
            status = body.needs ? zc_note_features(body, info) : zc_check_body(&checker, body, func->type_index);
        }
        if (status != ZC_OK && status != ZC_NO_MEMORY) {
            zc_blame_function(validator->error, validator->bytes, validator->size, info, i);
        }
    }
    info->drops_segments = info->drops_segments || checker.drops_segments;
    info->changes_tables = info->changes_tables || checker.changes_tables;
    zc_code_checker_free(&checker);
    return status;
}

static zc_status read_tags(const zc_validator *validator, zc_wasm_reader *reader)
{
    uint32_t count = 0;
    ZC_TRY(zc_read_limited_count(reader, &count, 2, 0, ZC_LIMIT_TAGS, "count of tags"));
    for (uint32_t i = 0; i < count; i++) {
        uint8_t attribute = 0;
        uint32_t type = 0;
        ZC_TRY(zc_read_byte(reader, &attribute, "attribute of a tag"));
        ZC_TRY(zc_read_type_index(reader, validator->info, &type));
    }
    validator->info->tag_count = count;
    return ZC_OK;
}

static zc_status read_custom(zc_validator *validator, zc_wasm_reader *reader)
{
    zc_name name = {NULL, 0};
    ZC_TRY(zc_read_name(reader, &name, "custom section name"));
    if (!validator->name_section.bytes && name.size == 4 && memcmp(name.bytes, "name", 4) == 0) {
        validator->name_section = (zc_name){reader->at, (uint32_t)zc_wasm_reader_left(reader)};
    }
    reader->at = reader->end;
    return ZC_OK;
}

/* ---- the module ---- */

static zc_status read_header(zc_wasm_reader *reader)
{
    static const uint8_t magic[4] = {0x00, 'a', 's', 'm'};
    static const uint8_t version_1[4] = {0x01, 0x00, 0x00, 0x00};
    static const uint8_t component[4] = {0x0d, 0x00, 0x01, 0x00};
    if (zc_wasm_reader_left(reader) < 4 || memcmp(reader->at, magic, 4) != 0) {
        return zc_fail_at(
            reader->error, ZC_MALFORMED, 0,
            "magic header not detected: a module starts with 00 61 73 6d; text (.wat) has to be assembled "
            "first, by wat2wasm for example");
    }
    ZC_TRY(zc_skip_bytes(reader, 4, "magic header"));
    const uint8_t *version = reader->at;
    ZC_TRY(zc_skip_bytes(reader, 4, "version"));
    if (memcmp(version, component, 4) == 0) {
        return zc_fail_unsupported(reader->error, 4, ZC_FEATURE_COMPONENT, "a component instead of a module");
    }
    if (memcmp(version, version_1, 4) != 0) {
        return zc_fail_at(reader->error, ZC_MALFORMED, 4,
                          "unknown binary version %02x %02x %02x %02x, supported is 01 00 00 00", version[0],
                          version[1], version[2], version[3]);
    }
    return ZC_OK;
}

static zc_status read_section(zc_validator *validator, zc_wasm_reader *section, uint8_t id)
{
    switch (id) {
    case SECTION_CUSTOM:
        return read_custom(validator, section);
    case SECTION_TYPE:
        return read_types(validator, section);
    case SECTION_IMPORT:
        return read_imports(validator, section);
    case SECTION_FUNCTION:
        return read_functions(validator, section);
    case SECTION_TABLE:
        return read_tables(validator, section);
    case SECTION_MEMORY:
        return read_memories(validator, section);
    case SECTION_GLOBAL:
        return read_globals(validator, section);
    case SECTION_EXPORT:
        return zc_read_exports(section, validator->bytes, validator->info);
    case SECTION_START:
        return read_start(validator, section);
    case SECTION_ELEMENT:
        return zc_read_elements(section, validator->info);
    case SECTION_CODE:
        return read_code(validator, section);
    case SECTION_DATA:
        return zc_read_data(section, validator->info);
    case SECTION_DATA_COUNT:
        return read_data_count(validator, section);
    default:
        if (zc_accepts(section, ZC_FEATURE_EXCEPTIONS)) {
            return read_tags(validator, section);
        }
        return zc_fail_unsupported(section->error, zc_wasm_reader_offset(section), ZC_FEATURE_EXCEPTIONS,
                                   "tag section");
    }
}

static zc_status read_sections(zc_validator *validator, zc_wasm_reader *reader)
{
    uint8_t last = SECTION_CUSTOM;
    while (zc_wasm_reader_left(reader)) {
        const uint64_t start = zc_wasm_reader_offset(reader);
        uint8_t id = 0;
        uint32_t size = 0;
        zc_wasm_reader section;
        ZC_TRY(zc_read_byte(reader, &id, "section id"));
        if (id >= SECTION_COUNT) {
            return zc_fail_at(reader->error, ZC_MALFORMED, start, "malformed section id %u", id);
        }
        ZC_TRY(zc_read_u32(reader, &size, "section size"));
        ZC_TRY(zc_read_window(reader, size, &section, "section"));
        if (id != SECTION_CUSTOM) {
            if (section_ranks[id] <= section_ranks[last]) {
                return zc_fail_at(reader->error, ZC_MALFORMED, start,
                                  "unexpected content: %s section after the %s section", section_names[id],
                                  section_names[last]);
            }
            last = id;
        }
        ZC_TRY(read_section(validator, &section, id));
        if (section.at != section.end) {
            return zc_fail_at(reader->error, ZC_MALFORMED, zc_wasm_reader_offset(&section),
                              "section size mismatch: %zu bytes after the end of the %s section",
                              zc_wasm_reader_left(&section), section_names[id]);
        }
    }
    return ZC_OK;
}

static zc_status validate(zc_validator *validator)
{
    zc_module_info *info = validator->info;
    zc_wasm_reader reader = {validator->bytes, validator->bytes, validator->bytes + validator->size, validator->error,
                             validator->wide ? &info->needs : NULL};
    if (validator->size > ZC_LIMIT_MODULE_BYTES) {
        return zc_fail_limit(&reader, 0, "bytes of a module", validator->size, ZC_LIMIT_MODULE_BYTES);
    }
    ZC_TRY(read_header(&reader));
    ZC_TRY(read_sections(validator, &reader));
    const uint32_t defined = info->func_count - info->imported_func_count;
    if (defined != validator->body_count) {
        return zc_fail_at(validator->error, ZC_MALFORMED, validator->size,
                          "function and code section have inconsistent lengths: %u and %u", defined,
                          validator->body_count);
    }
    if (info->has_data_count && info->data_count != info->data_segment_count) {
        return zc_fail_at(validator->error, ZC_MALFORMED, validator->data_count_offset,
                          "data count and data section have inconsistent lengths: %u and %u", info->data_count,
                          info->data_segment_count);
    }
    zc_apply_names(validator->bytes, validator->name_section, info);
    return ZC_OK;
}

/* `first_need`: of a wide module, the feature that it was refused for, or none. */
static zc_status validate_for(zc_feature first_need, const uint8_t *bytes, size_t size, zc_module_info **out,
                              zc_error *error)
{
    static const uint8_t nothing[1] = {0};
    *out = NULL;
    zc_module_info *info = zc_calloc(1, sizeof *info);
    if (!info) {
        return zc_fail(error, ZC_NO_MEMORY, "no memory for a module's description");
    }
    zc_validator validator = {.bytes = bytes ? bytes : nothing, .size = bytes ? size : 0, .info = info, .error = error};
    validator.wide = first_need != ZC_FEATURE_NONE;
    info->needs = validator.wide ? UINT64_C(1) << first_need : 0;
    const zc_status status = validate(&validator);
    if (status != ZC_OK) {
        zc_module_info_free(info);
        return status;
    }
    *out = info;
    return ZC_OK;
}

zc_status zc_validate(const uint8_t *bytes, size_t size, zc_module_info **out, zc_error *error)
{
    zc_error unread; /* so that the error can be amended even when the caller wants none */
    error = error ? error : &unread;
    const zc_status status = validate_for(ZC_FEATURE_NONE, bytes, size, out, error);
    if (status == ZC_UNSUPPORTED) {
        zc_advise_on_feature(error);
    }
    return status;
}

zc_status zc_validate_wide(const uint8_t *bytes, size_t size, zc_module_info **out, zc_error *error)
{
    zc_error unread;
    error = error ? error : &unread;
    zc_status status = validate_for(ZC_FEATURE_NONE, bytes, size, out, error);
    if (status == ZC_UNSUPPORTED && zc_feature_is_compiled(error->kind)) {
        status = validate_for((zc_feature)error->kind, bytes, size, out, error);
    }
    if (status == ZC_UNSUPPORTED) {
        zc_advise_on_feature(error);
    }
    return status;
}

void zc_module_info_free(zc_module_info *info)
{
    if (!info) {
        return;
    }
    zc_free(info->types);
    zc_free(info->imports);
    zc_free(info->exports);
    zc_free(info->funcs);
    zc_free(info->tables);
    zc_free(info->globals);
    zc_free(info);
}
