/* zc_validate_types: types of values, tables, memories and globals, and which feature later ones belong to.
 *
 * Ownership and threads: zc_validate_internal.h.
 */
#include "validate/zc_validate_internal.h"

#include "base/zc_alloc.h"

zc_feature zc_later_value_type(uint8_t byte)
{
    switch (byte) {
    case 0x7b:
        return ZC_FEATURE_SIMD;
    case 0x70:
        return ZC_FEATURE_REFERENCE_TYPES;
    case 0x6f:
        return ZC_FEATURE_REFERENCE_TYPES;
    case 0x69:
    case 0x74:
        return ZC_FEATURE_EXCEPTIONS;
    case 0x68:
    case 0x75:
        return ZC_FEATURE_STACK_SWITCHING;
    case 0x63:
    case 0x64:
        return ZC_FEATURE_FUNCTION_REFERENCES;
    case 0x65:
        return ZC_FEATURE_THREADS;
    case 0x6a:
    case 0x6b:
    case 0x6c:
    case 0x6d:
    case 0x6e:
    case 0x71:
    case 0x72:
    case 0x73:
        return ZC_FEATURE_GC;
    default:
        return ZC_FEATURE_NONE;
    }
}

const char *zc_value_type_name(uint8_t type)
{
    switch (type) {
    case ZC_I32:
        return "i32";
    case ZC_I64:
        return "i64";
    case ZC_F32:
        return "f32";
    case ZC_F64:
        return "f64";
    case ZC_V128:
        return "v128";
    case ZC_FUNCREF:
        return "funcref";
    case ZC_EXTERNREF:
        return "externref";
    case ZC_EXNREF:
        return "exnref";
    default:
        return "any type";
    }
}

zc_status zc_read_value_type(zc_wasm_reader *reader, uint8_t *type, const char *what)
{
    const uint64_t start = zc_wasm_reader_offset(reader);
    ZC_TRY(zc_read_byte(reader, type, what));
    if (zc_is_value_type(*type)) {
        return ZC_OK;
    }
    const zc_feature feature = zc_later_value_type(*type);
    if ((*type == ZC_V128 || *type == ZC_FUNCREF || *type == ZC_EXTERNREF || *type == ZC_EXNREF) &&
        zc_accepts(reader, feature)) {
        return ZC_OK;
    }
    if (feature) {
        return zc_fail_unsupported(reader->error, start, feature, "%s", what);
    }
    return zc_fail_at(reader->error, ZC_MALFORMED, start, "%s: 0x%02x is not a value type", what, *type);
}

/* ---- types of imports and definitions ---- */

zc_status zc_fail_limit(const zc_wasm_reader *reader, uint64_t offset, const char *what, uint64_t value, uint64_t limit)
{
    return zc_fail_at(reader->error, ZC_INVALID, offset, "implementation limit: %s %llu, at most %llu", what,
                      (ull)value, (ull)limit);
}

zc_status zc_read_type_index(zc_wasm_reader *reader, const zc_module_info *info, uint32_t *index)
{
    const uint64_t start = zc_wasm_reader_offset(reader);
    ZC_TRY(zc_read_u32(reader, index, "type index"));
    if (*index >= info->type_count) {
        return zc_fail_at(reader->error, ZC_INVALID, start, "unknown type %u of %u", *index, info->type_count);
    }
    return ZC_OK;
}

static zc_status read_limits(zc_wasm_reader *reader, zc_limits_type *limits, const char *what)
{
    const uint64_t start = zc_wasm_reader_offset(reader);
    uint8_t flags = 0;
    ZC_TRY(zc_read_byte(reader, &flags, "limits"));
    if (flags > 1) {
        if (flags > 15) {
            return zc_fail_at(reader->error, ZC_MALFORMED, start, "malformed limits flags 0x%02x of a %s", flags, what);
        }
        const zc_feature feature = flags & 8   ? ZC_FEATURE_PAGE_SIZES
                                   : flags & 4 ? ZC_FEATURE_MEMORY64
                                               : ZC_FEATURE_THREADS;
        return zc_fail_unsupported(reader->error, start, feature, "%s", what);
    }
    ZC_TRY(zc_read_u32(reader, &limits->minimum, "minimum size"));
    limits->has_maximum = flags == 1;
    limits->maximum = 0;
    if (limits->has_maximum) {
        ZC_TRY(zc_read_u32(reader, &limits->maximum, "maximum size"));
        if (limits->minimum > limits->maximum) {
            return zc_fail_at(reader->error, ZC_INVALID, start,
                              "%s: size minimum %u must not be greater than maximum %u", what, limits->minimum,
                              limits->maximum);
        }
    }
    return ZC_OK;
}

zc_status zc_read_table_type(zc_wasm_reader *reader, zc_module_info *info)
{
    const uint64_t start = zc_wasm_reader_offset(reader);
    uint8_t element = 0;
    if (info->table_count && !zc_accepts(reader, ZC_FEATURE_REFERENCE_TYPES)) {
        return zc_fail_unsupported(reader->error, start, ZC_FEATURE_REFERENCE_TYPES, "a second table");
    }
    if (info->table_count >= ZC_LIMIT_TABLES) {
        return zc_fail_limit(reader, start, "tables", info->table_count + 1, ZC_LIMIT_TABLES);
    }
    if (!info->tables) {
        const uint32_t room = reader->needs ? ZC_LIMIT_TABLES : 1;
        info->tables = zc_calloc(room, sizeof *info->tables);
        if (!info->tables) {
            return zc_fail(reader->error, ZC_NO_MEMORY, "no memory for %u tables", room);
        }
    }
    zc_table_type *table = &info->tables[info->table_count];
    ZC_TRY(zc_read_byte(reader, &element, "table type"));
    if (element == 0x40) {
        return zc_fail_unsupported(reader->error, start, ZC_FEATURE_FUNCTION_REFERENCES,
                                   "a table with an initial value");
    }
    const bool refers = element == ZC_FUNCREF || ((element == ZC_EXTERNREF || element == ZC_EXNREF) &&
                                                  zc_accepts(reader, zc_later_value_type(element)));
    if (!refers) {
        const zc_feature feature = zc_later_value_type(element);
        if (feature && element != 0x7b) {
            return zc_fail_unsupported(reader->error, start, feature, "table type");
        }
        return zc_fail_at(reader->error, ZC_MALFORMED, start, "malformed reference type 0x%02x of a table", element);
    }
    ZC_TRY(read_limits(reader, &table->limits, "table"));
    table->element = element;
    if (info->table_count++ == 0) {
        info->has_table = true;
        info->table = table->limits;
    }
    return ZC_OK;
}

zc_status zc_read_memory_type(zc_wasm_reader *reader, zc_module_info *info)
{
    const uint64_t start = zc_wasm_reader_offset(reader);
    if (info->has_memory) {
        return zc_fail_unsupported(reader->error, start, ZC_FEATURE_MULTIPLE_MEMORIES, "a second memory");
    }
    ZC_TRY(read_limits(reader, &info->memory, "memory"));
    const uint32_t most = info->memory.has_maximum ? info->memory.maximum : info->memory.minimum;
    if (most > ZC_WASM_MAX_PAGES) {
        return zc_fail_at(reader->error, ZC_INVALID, start, "memory size must be at most %u pages (4 GiB), not %u",
                          ZC_WASM_MAX_PAGES, most);
    }
    info->has_memory = true;
    return ZC_OK;
}

zc_status zc_read_global_type(zc_wasm_reader *reader, zc_global_type *type)
{
    uint8_t is_mutable = 0;
    ZC_TRY(zc_read_value_type(reader, &type->value_type, "global type"));
    const uint64_t start = zc_wasm_reader_offset(reader);
    ZC_TRY(zc_read_byte(reader, &is_mutable, "mutability"));
    if (is_mutable > 1) {
        return zc_fail_at(reader->error, ZC_MALFORMED, start, "malformed mutability 0x%02x", is_mutable);
    }
    type->is_mutable = is_mutable == 1;
    return ZC_OK;
}
