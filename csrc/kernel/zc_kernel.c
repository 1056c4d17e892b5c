/* zc_kernel: the signature table made from zc_kernel.def, and looking a kernel up. What a kernel's members extent,
 * groups and work say stands in the file of its family: zc_kernel_elementwise.c, zc_kernel_reduce.c,
 * zc_kernel_matmul.c, and of language models zc_kernel_linear.c, zc_kernel_experts.c, zc_kernel_attention.c,
 * zc_kernel_tokens.c, zc_kernel_select.c; which way its shader goes in zc_kernel_tiles.c. */
#include "kernel/zc_kernel_internal.h"

#include <string.h>

#define BINDING(binding, how) {.name = #binding, .access = (how), .element_size = ZC_ELEMENT},
#define IN(binding) BINDING(binding, ZC_ACCESS_READ)
#define OUT(binding) BINDING(binding, ZC_ACCESS_WRITE)
#define INOUT(binding) BINDING(binding, ZC_ACCESS_READ | ZC_ACCESS_WRITE)

/* The number of bindings follows from the same lists. */
#define KERNEL_BINDINGS(...) (sizeof((zc_binding_signature[]){__VA_ARGS__}) / sizeof(zc_binding_signature))

static const zc_kernel kernels[ZC_KERNEL_COUNT] = {
#define ZC_KERNEL(kernel, params, workgroup, trait_set, binding_list)       \
    [ZC_KERNEL_##kernel] = {.id = ZC_KERNEL_##kernel,                       \
                            .name = #kernel,                                \
                            .params_size = sizeof(params),                  \
                            .workgroup_size = (workgroup),                  \
                            .traits = (trait_set),                          \
                            .binding_count = KERNEL_BINDINGS(binding_list), \
                            .bindings = {binding_list},                     \
                            .extent = zc_kernel_extent_##kernel,            \
                            .groups = zc_kernel_groups_##kernel,            \
                            .work = zc_kernel_work_##kernel,                \
                            .work_in_tiles = zc_kernel_work_in_tiles_##kernel},
#include "kernel/zc_kernel.def"
#undef ZC_KERNEL
};

#define ZC_KERNEL(kernel, params, workgroup, trait_set, binding_list) \
    _Static_assert(sizeof(params) <= ZC_KERNEL_MAX_PARAMS && sizeof(params) % 4 == 0, #kernel " params");
#include "kernel/zc_kernel.def"
#undef ZC_KERNEL

const zc_kernel *zc_kernel_get(zc_kernel_id id)
{
    return (unsigned)id < ZC_KERNEL_COUNT ? &kernels[id] : NULL;
}

const zc_kernel *zc_kernel_find(const char *name)
{
    for (unsigned id = 0; id < ZC_KERNEL_COUNT; id++) {
        if (strcmp(kernels[id].name, name) == 0) {
            return &kernels[id];
        }
    }
    return NULL;
}
