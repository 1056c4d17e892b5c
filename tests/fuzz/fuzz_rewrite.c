/* fuzz_rewrite: a libFuzzer entry point over zc_wasm_rewrite. What it makes of a valid module must be valid, with the same
 * description but for the start function and more exports: each memory, table and global once more, under its private name,
 * and functions, those that can lie in tables or all. tests/c/test_rewrite.c gives it modules of the tests. Build: see fuzz_validate.c. */
#include <stdlib.h>
#include <string.h>

#include "engine/zc_wasm_rewrite.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
    if (!condition) {
        abort();
    }
}

static bool same_name(zc_name a, const void *bytes, uint32_t size)
{
    return a.size == size && memcmp(a.bytes, bytes, size) == 0;
}

static void require_privates(const zc_module_info *info, uint32_t salt, uint32_t *at, zc_extern_kind kind,
                             uint32_t first, uint32_t count)
{
    char name[ZC_PRIVATE_NAME];
    for (uint32_t i = 0; i < count; i++, (*at)++) {
        const zc_export *export = &info->exports[*at];
        require(export->kind == kind && export->index == first + i);
        require(same_name(export->name, name, zc_private_name(name, salt, kind, first + i)));
    }
}

static void compare(const zc_module_info *was, const zc_module_info *is, bool all_functions)
{
    uint32_t salt = 0, at = was->export_count;
    require(zc_private_salt(was, &salt, NULL) == ZC_OK);
    require(!is->has_start && is->type_count == was->type_count && is->import_count == was->import_count &&
            is->func_count == was->func_count && is->global_count == was->global_count &&
            is->table_count == was->table_count && is->has_memory == was->has_memory &&
            is->data_bytes == was->data_bytes && is->data_segment_count == was->data_segment_count &&
            is->element_segment_count == was->element_segment_count);
    for (uint32_t i = 0; i < was->export_count; i++) {
        const zc_export *a = &was->exports[i], *b = &is->exports[i];
        require(a->kind == b->kind && a->index == b->index && same_name(a->name, b->name.bytes, b->name.size));
    }
    for (uint32_t i = 0; i < was->func_count; i++) {
        require(was->funcs[i].body_size == is->funcs[i].body_size);
    }
    for (uint32_t i = 0; i < was->func_count; i++) {
        if (all_functions || was->funcs[i].is_referenced || (was->has_start && was->start == i)) {
            require_privates(is, salt, &at, ZC_EXTERN_FUNC, i, 1);
        }
    }
    require_privates(is, salt, &at, ZC_EXTERN_TABLE, 0, was->table_count);
    require_privates(is, salt, &at, ZC_EXTERN_MEMORY, 0, was->has_memory ? 1 : 0);
    require_privates(is, salt, &at, ZC_EXTERN_GLOBAL, 0, was->global_count);
    require(at == is->export_count);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    zc_module_info *was = NULL, *is = NULL;
    if (zc_validate_wide(data, size, &was, NULL) != ZC_OK) {
        return 0;
    }
    for (int all_functions = 0; all_functions < 2; all_functions++) {
        zc_writer out = {0};
        require(zc_wasm_rewrite(data, size, was, all_functions, &out, NULL) == ZC_OK);
        require(zc_validate_wide(out.bytes, out.size, &is, NULL) == ZC_OK);
        compare(was, is, all_functions);
        zc_module_info_free(is);
        zc_writer_free(&out);
    }
    zc_module_info_free(was);
    return 0;
}
