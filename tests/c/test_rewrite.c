/* test_rewrite: zc_wasm_rewrite on modules from files, by the checks of tests/fuzz/fuzz_rewrite.c, and on one whose exports
 * have private names of ours.
 *
 * Built by tests/test_wasmtime_core.py from this file, that one, base, region, validate and engine/. Arguments: files. */
#include <stdio.h>
#include <stdlib.h>

#include "base/zc_alloc.h"
#include "engine/zc_wasm_rewrite.h"

static zc_error error;
#include "check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void test_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    CHECK(file && fseek(file, 0, SEEK_END) == 0);
    const size_t size = (size_t)ftell(file);
    uint8_t *bytes = zc_malloc(size);
    rewind(file);
    CHECK(bytes && fread(bytes, 1, size, file) == size);
    (void)fclose(file);
    zc_module_info *info = NULL;
    CHECK(zc_validate(bytes, size, &info, &error) == ZC_OK); /* or nothing is compared */
    zc_module_info_free(info);
    (void)LLVMFuzzerTestOneInput(bytes, size);
    zc_free(bytes);
}

static zc_name name_of(const char *text)
{
    return (zc_name){(const uint8_t *)text, (uint32_t)strlen(text)};
}

static uint32_t salt_beside(const char *const *names, uint32_t count)
{
    zc_export exports[8] = {0};
    uint32_t salt = 99;
    for (uint32_t i = 0; i < count; i++) {
        exports[i].name = name_of(names[i]);
    }
    const zc_module_info info = {.exports = exports, .export_count = count};
    CHECK(zc_private_salt(&info, &salt, &error) == ZC_OK);
    return salt;
}

static void test_names(void)
{
    static const char *const taken[] = {"\x7fzc0:0.0", "\x7fzc1:", "\x7fzc3:x", "a"};
    static const char *const others[] = {
        "\x7fzc", "\x7fzc0", "\x7fzc:", "\x7fzc4294967295:", "\x7fzc99999999999999999999:", "zc0:"};
    static const char *const padded[] = {"\x7fzc00:", "\x7fzc01:"};
    char name[ZC_PRIVATE_NAME];
    CHECK(salt_beside(NULL, 0) == 0);
    CHECK(salt_beside(taken, 4) == 2 && salt_beside(taken, 1) == 1);
    CHECK(salt_beside(others, 6) == 0);
    CHECK(salt_beside(padded, 2) == 2); /* they could not collide, but are left alone */
    CHECK(zc_private_name(name, UINT32_MAX, ZC_EXTERN_GLOBAL, UINT32_MAX) < ZC_PRIVATE_NAME);
}

int main(int argc, char **argv)
{
    test_names();
    for (int i = 1; i < argc; i++) {
        test_file(argv[i]);
    }
    puts("ok");
    return 0;
}
