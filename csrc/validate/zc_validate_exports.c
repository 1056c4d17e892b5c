/* zc_validate_exports: the section of exports, whose names are unique.
 *
 * That they are is found by sorting indices and comparing neighbours. A heap sort, because neither its time nor
 * its memory can be made worse by the names chosen, which is more than qsort promises. The index array is gone on
 * return. Ownership and threads: zc_validate_internal.h.
 */
#include "validate/zc_validate_internal.h"

#include <string.h>

#include "base/zc_alloc.h"

static int compare_exports(const zc_export *exports, uint32_t a, uint32_t b)
{
    const zc_name *left = &exports[a].name;
    const zc_name *right = &exports[b].name;
    if (left->size != right->size) {
        return left->size < right->size ? -1 : 1;
    }
    return memcmp(left->bytes, right->bytes, left->size);
}

static void sift_down(const zc_export *exports, uint32_t *order, uint32_t root, uint32_t count)
{
    const uint32_t moving = order[root];
    for (;;) {
        uint32_t child = 2 * root + 1;
        if (child >= count) {
            break;
        }
        if (child + 1 < count && compare_exports(exports, order[child], order[child + 1]) < 0) {
            child++;
        }
        if (compare_exports(exports, moving, order[child]) >= 0) {
            break;
        }
        order[root] = order[child];
        root = child;
    }
    order[root] = moving;
}

static zc_status check_unique(const uint8_t *module, const zc_module_info *info, zc_error *error)
{
    const zc_export *exports = info->exports;
    const uint32_t count = info->export_count;
    if (count < 2) {
        return ZC_OK;
    }
    uint32_t *order = zc_calloc(count, sizeof *order);
    if (!order) {
        return zc_fail(error, ZC_NO_MEMORY, "no memory for %u export names", count);
    }
    for (uint32_t i = 0; i < count; i++) {
        order[i] = i;
    }
    for (uint32_t i = count / 2; i > 0; i--) {
        sift_down(exports, order, i - 1, count);
    }
    for (uint32_t i = count - 1; i > 0; i--) {
        const uint32_t largest = order[0];
        order[0] = order[i];
        order[i] = largest;
        sift_down(exports, order, 0, i);
    }
    zc_status status = ZC_OK;
    for (uint32_t i = 1; i < count && status == ZC_OK; i++) {
        if (compare_exports(exports, order[i - 1], order[i]) == 0) {
            char quoted[96];
            const zc_name name = exports[order[i]].name;
            status = zc_fail_at(error, ZC_INVALID, (uint64_t)(name.bytes - module), "duplicate export name %s",
                                zc_quote_name(quoted, sizeof quoted, name));
        }
    }
    zc_free(order);
    return status;
}

static zc_status read_export(zc_wasm_reader *reader, zc_module_info *info, zc_export *export)
{
    ZC_TRY(zc_read_name(reader, &export->name, "export name"));
    const uint64_t start = zc_wasm_reader_offset(reader);
    uint8_t kind = 0;
    ZC_TRY(zc_read_byte(reader, &kind, "export kind"));
    ZC_TRY(zc_read_u32(reader, &export->index, "export index"));
    uint32_t count = 0;
    const char *space = NULL;
    switch (kind) {
    case ZC_EXTERN_FUNC:
        count = info->func_count;
        space = "function";
        break;
    case ZC_EXTERN_TABLE:
        count = info->table_count;
        space = "table";
        break;
    case ZC_EXTERN_MEMORY:
        count = info->has_memory ? 1 : 0;
        space = "memory";
        break;
    case ZC_EXTERN_GLOBAL:
        count = info->global_count;
        space = "global";
        break;
    case ZC_EXTERN_TAG:
        if (!zc_accepts(reader, ZC_FEATURE_EXCEPTIONS)) {
            return zc_fail_unsupported(reader->error, start, ZC_FEATURE_EXCEPTIONS, "export of a tag");
        }
        count = info->tag_count;
        space = "tag";
        break;
    default:
        return zc_fail_at(reader->error, ZC_MALFORMED, start, "malformed export kind 0x%02x", kind);
    }
    if (export->index >= count) {
        return zc_fail_at(reader->error, ZC_INVALID, start, "export of unknown %s %u of %u", space, export->index,
                          count);
    }
    if (kind == ZC_EXTERN_FUNC && reader->needs) { /* the functions of the module may make references of it */
        info->funcs[export->index].is_referenced = true;
    }
    export->kind = (zc_extern_kind)kind;
    return ZC_OK;
}

zc_status zc_read_exports(zc_wasm_reader *reader, const uint8_t *module, zc_module_info *info)
{
    uint32_t count = 0;
    ZC_TRY(zc_read_limited_count(reader, &count, 3, 0, ZC_LIMIT_EXPORTS, "count of exports"));
    info->exports = zc_calloc(count, sizeof *info->exports);
    if (!info->exports) {
        return zc_fail(reader->error, ZC_NO_MEMORY, "no memory for %u exports", count);
    }
    for (uint32_t i = 0; i < count; i++) {
        ZC_TRY(read_export(reader, info, &info->exports[i]));
        info->export_count = i + 1;
    }
    return check_unique(module, info, reader->error);
}
