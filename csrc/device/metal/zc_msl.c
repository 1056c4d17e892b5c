/* zc_msl: comparing and naming, see the header. */
#include "device/metal/zc_msl.h"

#include <stdio.h>
#include <string.h>

#include "kernel/zc_kernel_tiles.h"

/* Shaders are written for these widths (shaders/README.md). */
#define MIN_WIDTH 4u
#define MAX_WIDTH 64u

zc_status zc_msl_check_source(const zc_kernel_source *source, const uint64_t max_workgroup[3], zc_error *error)
{
    const uint32_t *workgroup = source->workgroup;
    if (!source->msl) {
        return zc_fail(error, ZC_BAD_VALUE, "kernel %s: device metal compiles MSL, and none is given", source->name);
    }
    if (workgroup[0] > max_workgroup[0] || workgroup[1] > max_workgroup[1] || workgroup[2] > max_workgroup[2]) {
        return zc_fail(
            error, ZC_BAD_VALUE,
            "kernel %s: a workgroup of %u x %u x %u is too large: the device runs at most %llu x %llu x %llu",
            source->name, workgroup[0], workgroup[1], workgroup[2], (ull)max_workgroup[0], (ull)max_workgroup[1],
            (ull)max_workgroup[2]);
    }
    return ZC_OK;
}

zc_status zc_msl_check_argument(const zc_kernel_source *source, const zc_msl_argument *argument, uint32_t *seen,
                                zc_error *error)
{
    uint64_t pushed = 4u * zc_kernel_offset_words(source->binding_count) + source->params_size;
    if (argument->kind == ZC_MSL_THREADGROUP) {
        return ZC_OK; /* part of the pipeline's threadgroup memory */
    }
    if (argument->kind != ZC_MSL_BUFFER) {
        return zc_fail(error, ZC_BAD_VALUE, "kernel %s: %.63s in the MSL is no buffer; only buffers can be bound",
                       source->name, argument->name ? argument->name : "?");
    }
    if (argument->number > source->binding_count) {
        return zc_fail(error, ZC_BAD_VALUE,
                       "kernel %s: the MSL has [[buffer(%llu)]], the signature's %u bindings are 1 to %u", source->name,
                       (ull)argument->number, source->binding_count, source->binding_count);
    }
    *seen |= 1u << argument->number;
    if (argument->number == 0) {
        /* A struct's size is a multiple of its alignment, at most 16. */
        if (argument->writes || argument->size > (pushed + 15) / 16 * 16) {
            return zc_fail(error, ZC_BAD_VALUE,
                           "kernel %s: [[buffer(0)]] is constant, offsets and parameters of %llu bytes; in the MSL it "
                           "is %s, of %llu",
                           source->name, (ull)pushed, argument->writes ? "written" : "read", (ull)argument->size);
        }
        return ZC_OK;
    }
    const zc_binding_signature *binding = &source->bindings[argument->number - 1];
    bool must_write = (binding->access & ZC_ACCESS_WRITE) != 0;
    if (argument->writes != must_write) {
        return zc_fail(error, ZC_BAD_VALUE, "kernel %s: the signature says that binding %llu, %s, is %s, the MSL %s",
                       source->name, (ull)argument->number, binding->name, must_write ? "written" : "read",
                       must_write ? "declares it const" : "may write it (declare it const there)");
    }
    return ZC_OK;
}

zc_status zc_msl_check_seen(const zc_kernel_source *source, uint32_t seen, zc_error *error)
{
    for (unsigned number = 1; number <= source->binding_count; number++) {
        if (!(seen >> number & 1)) {
            return zc_fail(error, ZC_BAD_VALUE,
                           "kernel %s: the signature has binding %u, %s, the MSL has no [[buffer(%u)]]", source->name,
                           number, source->bindings[number - 1].name, number);
        }
    }
    return ZC_OK;
}

const char *zc_msl_entry(const zc_kernel_source *source)
{
    return source->entry_point && strcmp(source->entry_point, "main") == 0 ? "main0" : source->entry_point;
}

zc_status zc_msl_not_one(const zc_kernel_source *source, unsigned kernels, zc_error *error)
{
    const char *wanted = zc_msl_entry(source);
    if (wanted) {
        return zc_fail(error, ZC_BAD_VALUE, "kernel %s: the MSL has %u kernels named \"%.63s\"", source->name, kernels,
                       wanted);
    }
    return zc_fail(error, ZC_BAD_VALUE, "kernel %s: the MSL has %u kernels%s", source->name, kernels,
                   kernels ? "; name one" : "");
}

zc_status zc_msl_check_pipeline(const char *name, uint64_t threads, const zc_msl_pipeline *pipeline, zc_error *error)
{
    if (pipeline->max_threads < threads) {
        return zc_fail(error, ZC_DEVICE,
                       "metal: kernel %s needs threadgroups of %llu threads, this GPU runs %llu of it", name,
                       (ull)threads, (ull)pipeline->max_threads);
    }
    if (pipeline->memory > pipeline->memory_limit) {
        return zc_fail(error, ZC_DEVICE, "metal: kernel %s needs %llu bytes of threadgroup memory, this GPU has %llu",
                       name, (ull)pipeline->memory, (ull)pipeline->memory_limit);
    }
    if (pipeline->width < MIN_WIDTH || pipeline->width > MAX_WIDTH) {
        return zc_fail(error, ZC_DEVICE, "metal: kernel %s runs %llu threads wide, the shaders are for %u to %u", name,
                       (ull)pipeline->width, MIN_WIDTH, MAX_WIDTH);
    }
    return ZC_OK;
}

zc_status zc_msl_check_grid(const zc_device_command *command, const uint32_t threads[3], zc_error *error)
{
    uint32_t groups[3]; /* of a kernel that a user compiled */
    command->kernel->groups(command->params, groups);
    if (groups[0] > UINT32_MAX / threads[0] || groups[1] > UINT32_MAX / threads[1] ||
        groups[2] > UINT32_MAX / threads[2]) {
        return zc_fail(error, ZC_BAD_VALUE,
                       "kernel %s: %u x %u x %u workgroups, device metal counts threads in 32 bits",
                       command->kernel->name, groups[0], groups[1], groups[2]);
    }
    return ZC_OK;
}

const char *zc_msl_first_error(const char *text, size_t size)
{
    const char *first = text && strlen(text) > size / 2 ? strstr(text, "error: ") : NULL;
    while (first && first > text && first[-1] != '\n') {
        first--;
    }
    return first ? first : text;
}

void zc_msl_name(const zc_kernel *kernel, uint32_t variant, char *out, size_t size)
{
    const char *type = zc_kernel_variant_name(kernel, variant);
    (void)snprintf(out, size, "%s%s%s%s", kernel->name, *type ? " (" : "", type, *type ? ")" : "");
}

void zc_msl_label(const zc_device_piece *work, char *out, size_t size)
{
    int used = snprintf(out, size, "%zu dispatch%s (", work->count, work->count == 1 ? "" : "es");
    for (size_t i = 0; i < work->count && used > 0 && (size_t)used + 40 < size; i++) {
        used += snprintf(out + used, size - (size_t)used, "%s%s", i ? ", " : "", work->commands[i].kernel->name);
        if (i + 1 < work->count && (size_t)used + 40 >= size) {
            used += snprintf(out + used, size - (size_t)used, ", ...");
        }
    }
    (void)snprintf(out + used, size - (size_t)used, ")");
}
