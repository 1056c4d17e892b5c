/* test_spirv: zc_spirv.c over broken modules: whatever the bytes, it answers, soon, and reads nothing else.
 *
 * Built by tests/test_vulkan.py with zc_spirv.c, zc_alloc.c and zc_status.c. Arguments: a SPIR-V file of the
 * affine kernel, and how many rounds. Each round changes the module in one of several ways; the words lie at
 * the end of a heap block, so that a sanitizer sees a read past them.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "device/vulkan/zc_spirv.h"

static uint64_t state = 88172645463325252u;

static uint32_t next(uint32_t below)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (uint32_t)(state >> 32) % (below ? below : 1);
}

static const zc_spirv_device device = {.version = 0x10500,
                                       .int8 = true,
                                       .int16 = true,
                                       .int64 = true,
                                       .float16 = true,
                                       .storage8 = true,
                                       .storage16 = true,
                                       .subgroup_operations = 0xFF};

static zc_status check(const uint32_t *words, size_t count)
{
    static char name[ZC_SPIRV_NAME];
    zc_error error;
    uint32_t *exact = malloc(count * 4);
    memcpy(exact, words, count * 4);
    zc_kernel_source source = {.name = "broken",
                               .binding_count = 2,
                               .bindings = {{"x", ZC_ACCESS_READ, 4}, {"out", ZC_ACCESS_WRITE, 4}},
                               .params_size = 44, /* and what the package tells its own kernels of workgroups */
                               .workgroup = {256, 1, 1},
                               .spirv = exact,
                               .spirv_size = count * 4};
    zc_status status = zc_spirv_check(&source, &device, name, &error);
    free(exact);
    return status;
}

int main(int argc, char **argv)
{
    static uint32_t good[1 << 14], bad[1 << 15];
    FILE *file = argc == 3 ? fopen(argv[1], "rb") : NULL;
    if (!file) {
        return 2;
    }
    size_t count = fread(good, 4, sizeof good / 4, file);
    fclose(file);
    unsigned refused = 0, accepted = 0;
    if (check(good, count) != ZC_OK) {
        puts("the good module is refused");
        return 1;
    }
    for (size_t length = 5; length < count; length++) { /* cut short */
        refused += check(good, length) != ZC_OK;
    }
    if (refused != count - 5) {
        puts("a module that was cut short is accepted");
        return 1;
    }
    for (int round = atoi(argv[2]); round > 0; round--) {
        size_t length = count;
        memcpy(bad, good, count * 4);
        for (uint32_t changes = 1 + next(4); changes > 0; changes--) {
            size_t at = next((uint32_t)length);
            switch (next(6)) {
            case 0: /* one bit */
                bad[at] ^= 1u << next(32);
                break;
            case 1: /* any word */
                bad[at] = next(UINT32_MAX);
                break;
            case 2: /* a small number: an id, an opcode */
                bad[at] = next(400);
                break;
            case 3: /* a word from elsewhere */
                bad[at] = bad[next((uint32_t)length)];
                break;
            case 4: /* a piece twice */
                if (length + 64 < sizeof bad / 4) {
                    size_t piece = 1 + next(64);
                    piece = piece < length - at ? piece : length - at;
                    memmove(bad + at + piece, bad + at, (length - at) * 4);
                    length += piece;
                }
                break;
            default: /* a large count of words */
                bad[at] |= 0xFFFF0000u;
            }
        }
        accepted += check(bad, length) == ZC_OK;
    }
    printf("ok, %u accepted\n", accepted);
    return 0;
}
