/* zc_validate_segments: element and data segments.
 *
 * Active ones have a place, passive ones wait for memory.init or table.init, declarative ones say nothing that matters
 * without references. What is in them is checked here and not kept: zc_guest reads it again when it is needed. Ownership
 * and threads: zc_validate_internal.h.
 */
#include "validate/zc_validate_internal.h"

/* Element segments: bits of the flags. */
enum {
    ELEMENTS_HAVE_NO_PLACE = 1,
    ELEMENTS_NAME_THEIR_TABLE = 2, /* with the bit before: declarative */
    ELEMENTS_ARE_EXPRESSIONS = 4,
    ELEMENTS_MOST_FLAGS = 7,
};

enum { DATA_ACTIVE = 0, DATA_PASSIVE = 1, DATA_NAMES_ITS_MEMORY = 2 };

zc_status zc_read_limited_count(zc_wasm_reader *reader, uint32_t *count, size_t bytes_each, uint64_t before,
                                uint64_t limit, const char *what)
{
    const uint64_t start = zc_wasm_reader_offset(reader);
    ZC_TRY(zc_read_count(reader, count, bytes_each, what));
    if (before + *count > limit) {
        return zc_fail_limit(reader, start, what, before + *count, limit);
    }
    return ZC_OK;
}

static zc_status read_place_of_elements(zc_wasm_reader *reader, zc_module_info *info, uint32_t flags)
{
    const uint64_t start = zc_wasm_reader_offset(reader);
    uint32_t table = 0;
    if (flags & ELEMENTS_NAME_THEIR_TABLE) { /* many tools write this where it could be left out */
        ZC_TRY(zc_read_u32(reader, &table, "table index"));
    }
    if (table >= info->table_count) {
        return zc_fail_at(reader->error, ZC_INVALID, start, "element segment: unknown table %u", table);
    }
    return zc_check_const_expr(reader, info, ZC_I32, "element segment offset");
}

static zc_status read_element_segment(zc_wasm_reader *reader, zc_module_info *info)
{
    const uint64_t start = zc_wasm_reader_offset(reader);
    uint32_t flags = 0;
    ZC_TRY(zc_read_u32(reader, &flags, "element segment flags"));
    if (flags > ELEMENTS_MOST_FLAGS) {
        return zc_fail_at(reader->error, ZC_MALFORMED, start, "malformed element segment flags %u", flags);
    }
    const bool expressions = flags & ELEMENTS_ARE_EXPRESSIONS;
    if (expressions && !zc_accepts(reader, ZC_FEATURE_REFERENCE_TYPES)) {
        return zc_fail_unsupported(reader->error, start, ZC_FEATURE_REFERENCE_TYPES, "element segment of expressions");
    }
    if (flags & ELEMENTS_HAVE_NO_PLACE) {
        info->passive_segment_count += !(flags & ELEMENTS_NAME_THEIR_TABLE);
    } else {
        ZC_TRY(read_place_of_elements(reader, info, flags));
    }
    uint8_t element = ZC_FUNCREF;
    if (expressions && flags != ELEMENTS_ARE_EXPRESSIONS) {
        ZC_TRY(zc_read_value_type(reader, &element, "element type"));
    } else if (flags && !expressions) {
        uint8_t kind = 0;
        ZC_TRY(zc_read_byte(reader, &kind, "element kind"));
        if (kind != 0) {
            return zc_fail_at(reader->error, ZC_MALFORMED, zc_wasm_reader_offset(reader) - 1,
                              "malformed element kind 0x%02x", kind);
        }
    }
    uint32_t count = 0;
    ZC_TRY(zc_read_count(reader, &count, 1, "count of elements"));
    for (uint32_t i = 0; i < count; i++) {
        const uint64_t at = zc_wasm_reader_offset(reader);
        uint32_t index = 0;
        if (expressions) {
            ZC_TRY(zc_check_const_expr(reader, info, element, "element"));
            continue;
        }
        ZC_TRY(zc_read_u32(reader, &index, "function index"));
        if (index >= info->func_count) {
            return zc_fail_at(reader->error, ZC_INVALID, at, "element segment: unknown function %u of %u", index,
                              info->func_count);
        }
        info->funcs[index].is_referenced = true;
    }
    return ZC_OK;
}

zc_status zc_read_elements(zc_wasm_reader *reader, zc_module_info *info)
{
    uint32_t count = 0;
    ZC_TRY(zc_read_limited_count(reader, &count, 2, 0, ZC_LIMIT_ELEMENT_SEGMENTS, "count of element segments"));
    for (uint32_t i = 0; i < count; i++) {
        ZC_TRY(read_element_segment(reader, info));
    }
    info->element_segment_count = count;
    return ZC_OK;
}

static zc_status read_data_segment(zc_wasm_reader *reader, zc_module_info *info)
{
    const uint64_t start = zc_wasm_reader_offset(reader);
    uint32_t flags = 0;
    uint32_t memory = 0;
    uint32_t size = 0;
    ZC_TRY(zc_read_u32(reader, &flags, "data segment flags"));
    if (flags > DATA_NAMES_ITS_MEMORY) {
        return zc_fail_at(reader->error, ZC_MALFORMED, start, "malformed data segment flags %u", flags);
    }
    if (flags != DATA_PASSIVE) {
        if (flags == DATA_NAMES_ITS_MEMORY) {
            ZC_TRY(zc_read_u32(reader, &memory, "memory index"));
        }
        if (memory != 0 || !info->has_memory) {
            return zc_fail_at(reader->error, ZC_INVALID, start, "data segment: unknown memory %u", memory);
        }
        ZC_TRY(zc_check_const_expr(reader, info, ZC_I32, "data segment offset"));
    }
    ZC_TRY(zc_read_u32(reader, &size, "size of a data segment"));
    ZC_TRY(zc_skip_bytes(reader, size, "data segment"));
    if (flags == DATA_PASSIVE) {
        info->passive_segment_count++;
    } else {
        info->data_bytes += size;
    }
    return ZC_OK;
}

zc_status zc_read_data(zc_wasm_reader *reader, zc_module_info *info)
{
    uint32_t count = 0;
    ZC_TRY(zc_read_limited_count(reader, &count, 2, 0, ZC_LIMIT_DATA_SEGMENTS, "count of data segments"));
    for (uint32_t i = 0; i < count; i++) {
        ZC_TRY(read_data_segment(reader, info));
    }
    info->data_segment_count = count;
    return ZC_OK;
}
