/* zc_validate_names: the name section, and function names in errors.
 *
 * The section is only a hint of a compiler, so nothing in it is ever an error: when its function names do not
 * parse from first to last, no function gets one. Names are zc_name pointing into the module. When a body is
 * refused, the section still lies ahead; the module's remaining sections are then walked just for that name.
 * Ownership and threads: zc_validate_internal.h.
 */
#include "validate/zc_validate_internal.h"

#include <stdio.h>
#include <string.h>

enum { SECTION_CUSTOM = 0, FUNCTION_NAMES = 1 };
enum { QUOTED_BYTES = 64 };

const char *zc_quote_name(char *buffer, size_t size, zc_name name)
{
    static const char digits[] = "0123456789abcdef";
    size_t at = 0;
    size_t room = size - 6; /* for the quotes, "..." and the final NUL */
    if (room > QUOTED_BYTES) {
        room = QUOTED_BYTES;
    }
    buffer[at++] = '"';
    const char *ending = "\"";
    for (uint32_t i = 0; i < name.size; i++) {
        const uint8_t byte = name.bytes[i];
        const bool plain = byte >= 0x20 && byte < 0x7f && byte != '"' && byte != '\\';
        if (at + (plain ? 1 : 4) > room) {
            ending = "\"...";
            break;
        }
        if (plain) {
            buffer[at++] = (char)byte;
        } else {
            buffer[at++] = '\\';
            buffer[at++] = 'x';
            buffer[at++] = digits[byte >> 4];
            buffer[at++] = digits[byte & 15];
        }
    }
    memcpy(buffer + at, ending, strlen(ending) + 1);
    return buffer;
}

/* Finds the function names within a name section and leaves `names` at the first of `count` entries. */
static bool open_function_names(const uint8_t *module, zc_name section, zc_wasm_reader *names, uint32_t *count)
{
    zc_wasm_reader reader = {module, section.bytes, section.bytes + section.size, NULL, NULL};
    while (reader.at < reader.end) {
        uint8_t id = 0;
        uint32_t size = 0;
        if (zc_read_byte(&reader, &id, "") || zc_read_u32(&reader, &size, "") ||
            zc_read_window(&reader, size, names, "")) {
            return false;
        }
        if (id == FUNCTION_NAMES) {
            return zc_read_count(names, count, 2, "") == ZC_OK;
        }
    }
    return false;
}

static bool next_function_name(zc_wasm_reader *names, uint32_t *index, zc_name *name)
{
    return !zc_read_u32(names, index, "") && !zc_read_name(names, name, "");
}

void zc_apply_names(const uint8_t *module, zc_name section, zc_module_info *info)
{
    zc_wasm_reader names;
    uint32_t count = 0;
    if (!section.bytes || !open_function_names(module, section, &names, &count)) {
        return;
    }
    bool damaged = false;
    for (uint32_t i = 0; i < count && !damaged; i++) {
        uint32_t index = 0;
        zc_name name = {NULL, 0};
        damaged = !next_function_name(&names, &index, &name);
        if (!damaged && index < info->func_count) {
            info->funcs[index].name = name;
        }
    }
    if (damaged || names.at != names.end) {
        for (uint32_t i = 0; i < info->func_count; i++) {
            info->funcs[i].name = (zc_name){NULL, 0};
        }
    }
}

static bool find_name(const uint8_t *module, size_t size, uint32_t func, zc_name *found)
{
    zc_wasm_reader reader = {module, module + 8, module + size, NULL, NULL};
    while (reader.at < reader.end) {
        uint8_t id = 0;
        uint32_t section_size = 0;
        zc_wasm_reader section;
        zc_name name = {NULL, 0};
        if (zc_read_byte(&reader, &id, "") || zc_read_u32(&reader, &section_size, "") ||
            zc_read_window(&reader, section_size, &section, "")) {
            return false;
        }
        if (id != SECTION_CUSTOM || zc_read_name(&section, &name, "") || name.size != 4 ||
            memcmp(name.bytes, "name", 4) != 0) {
            continue;
        }
        zc_wasm_reader names;
        uint32_t count = 0;
        const zc_name contents = {section.at, (uint32_t)zc_wasm_reader_left(&section)};
        if (!open_function_names(module, contents, &names, &count)) {
            return false;
        }
        for (uint32_t i = 0; i < count; i++) {
            uint32_t index = 0;
            if (!next_function_name(&names, &index, &name)) {
                return false;
            }
            if (index == func) {
                *found = name;
                return true;
            }
        }
        return false;
    }
    return false;
}

void zc_blame_function(zc_error *error, const uint8_t *module, size_t size, const zc_module_info *info, uint32_t func)
{
    char quoted[96] = "";
    zc_name name = {NULL, 0};
    bool named = find_name(module, size, func, &name);
    for (uint32_t i = 0; i < info->export_count && !named; i++) {
        if (info->exports[i].kind == ZC_EXTERN_FUNC && info->exports[i].index == func) {
            name = info->exports[i].name;
            named = true;
        }
    }
    if (named) {
        zc_quote_name(quoted, sizeof quoted, name);
    }
    char suffix[160];
    const int needed = snprintf(suffix, sizeof suffix, " in function %u%s%s", func, named ? " " : "", quoted);
    const size_t suffix_size = needed > 0 ? (size_t)needed : 0;
    size_t used = strlen(error->message);
    if (used + suffix_size >= sizeof error->message) {
        used = sizeof error->message - 1 - suffix_size;
    }
    memcpy(error->message + used, suffix, suffix_size + 1);
}
