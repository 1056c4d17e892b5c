/* test_wide: what zc_validate and zc_validate_wide say of modules from files: a line for each, of the statuses and of the
 * features or the message.
 *
 * Built by tests/test_wide.py from this file, base and validate. Every prefix of a file, and every change of one byte of
 * the first kilobyte, must be judged, too, with nothing read outside: that is for sanitizers. */
#include <stdio.h>
#include <stdlib.h>

#include "base/zc_alloc.h"
#include "validate/zc_validate.h"

static zc_error error;
#include "check.h"

static uint8_t *read_file(const char *path, size_t *size)
{
    FILE *file = fopen(path, "rb");
    CHECK(file && fseek(file, 0, SEEK_END) == 0);
    *size = (size_t)ftell(file);
    uint8_t *bytes = zc_malloc(*size);
    rewind(file);
    CHECK(bytes && fread(bytes, 1, *size, file) == *size);
    (void)fclose(file);
    return bytes;
}

static void judge(const uint8_t *bytes, size_t size)
{
    uint8_t *exact = zc_malloc(size); /* so that a read behind the end is seen */
    CHECK(exact);
    memcpy(exact, bytes, size);
    zc_module_info *info = NULL;
    CHECK((zc_validate_wide(exact, size, &info, &error) == ZC_OK) == (info != NULL));
    zc_module_info_free(info);
    zc_free(exact);
}

static void damage(uint8_t *bytes, size_t size)
{
    for (size_t cut = 0; cut < size; cut++) {
        judge(bytes, cut);
    }
    for (size_t at = 0; at < size && at < 1024; at++) {
        const uint8_t was = bytes[at];
        for (unsigned bit = 0; bit < 8; bit++) {
            bytes[at] = was ^ (uint8_t)(1u << bit);
            judge(bytes, size);
        }
        bytes[at] = was;
    }
}

static void describe(const char *path)
{
    size_t size;
    uint8_t *bytes = read_file(path, &size);
    zc_module_info *info = NULL;
    const zc_status narrow = zc_validate(bytes, size, &info, &error);
    zc_module_info_free(info);
    const zc_status wide = zc_validate_wide(bytes, size, &info, &error);
    printf("%s %s", zc_status_name(narrow), zc_status_name(wide));
    if (wide != ZC_OK) {
        printf(" %s", error.message);
    } else {
        printf(" tables %u tags %u exports %u:", info->table_count, info->tag_count, info->export_count);
    }
    for (unsigned i = 1; wide == ZC_OK && zc_feature_name(i); i++) {
        if (info->needs >> i & 1) {
            printf(" %s;", zc_feature_name(i));
        }
    }
    puts("");
    zc_module_info_free(info);
    damage(bytes, size);
    zc_free(bytes);
}

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        describe(argv[i]);
    }
    return 0;
}
