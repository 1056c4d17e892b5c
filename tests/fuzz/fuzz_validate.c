/* fuzz_validate: a libFuzzer entry point over zc_validate and zc_validate_wide. Any bytes must give a status and an error that
 * agree, read nothing outside the input and leak nothing; what a valid module's description points at must
 * lie inside the input. Build with clang -fsanitize=fuzzer,address,undefined together with the zc_validate
 * files, zc_alloc.c and zc_status.c of csrc; seed with any corpus of modules. */
#include <stdlib.h>
#include <string.h>

#include "validate/zc_validate.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
    if (!condition) {
        abort();
    }
}

static void require_name(const uint8_t *data, size_t size, zc_name name)
{
    if (name.size) {
        require(name.bytes >= data && name.bytes + name.size <= data + size);
    }
}

typedef zc_status (*validator)(const uint8_t *, size_t, zc_module_info **, zc_error *);

static zc_status judge(validator validate, const uint8_t *data, size_t size)
{
    zc_module_info *info = NULL;
    zc_error error;
    memset(&error, 0xa5, sizeof error);
    const zc_status status = validate(data, size, &info, &error);
    if (status != ZC_OK) {
        require(info == NULL);
        require(error.code == status);
        require(status == ZC_MALFORMED || status == ZC_INVALID || status == ZC_UNSUPPORTED || status == ZC_NO_MEMORY);
        require(error.offset <= size || (status == ZC_NO_MEMORY && error.offset == ZC_NO_OFFSET));
        const void *end = memchr(error.message, 0, sizeof error.message);
        require(end && error.message[0]);
        for (const char *at = error.message; *at; at++) {
            require(*at >= 0x20 && *at < 0x7f);
        }
        require(validate(data, size, &info, NULL) == status);
        return status;
    }
    require(info != NULL);
    uint32_t imported_funcs = 0, imported_globals = 0;
    for (uint32_t i = 0; i < info->import_count; i++) {
        require_name(data, size, info->imports[i].module);
        require_name(data, size, info->imports[i].field);
        imported_funcs += info->imports[i].kind == ZC_EXTERN_FUNC;
        imported_globals += info->imports[i].kind == ZC_EXTERN_GLOBAL;
    }
    require(imported_funcs == info->imported_func_count && imported_globals == info->imported_global_count);
    for (uint32_t i = 0; i < info->export_count; i++) {
        require_name(data, size, info->exports[i].name);
        require(info->exports[i].kind != ZC_EXTERN_FUNC || info->exports[i].index < info->func_count);
        require(info->exports[i].kind != ZC_EXTERN_TABLE || info->exports[i].index < info->table_count);
        require(info->exports[i].kind != ZC_EXTERN_TAG || info->exports[i].index < info->tag_count);
        require(info->exports[i].kind != ZC_EXTERN_GLOBAL || info->exports[i].index < info->global_count);
    }
    for (uint32_t i = 0; i < info->func_count; i++) {
        const zc_func_info *func = &info->funcs[i];
        require(func->type_index < info->type_count);
        require_name(data, size, func->name);
        require((uint64_t)func->body_offset + func->body_size <= size);
        require((func->body_offset == 0) == (i < info->imported_func_count));
    }
    require(!info->has_start || info->start < info->func_count);
    require(info->needs == 0 || validate == zc_validate_wide);
    zc_module_info_free(info);
    return ZC_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const zc_status narrow = judge(zc_validate, data, size), wide = judge(zc_validate_wide, data, size);
    require(narrow == wide || narrow == ZC_UNSUPPORTED);
    return 0;
}
