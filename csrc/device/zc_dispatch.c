/* zc_dispatch: see zc_dispatch.h. Every dispatch of every device comes through here once when it is recorded or run, and
 * once more when the parameters of a sequence change. Pure functions of what they are given; this file never looks at a
 * byte of a region. Threads: any.
 */
#include <string.h>

#include "device/zc_device_compile.h"
#include "device/zc_dispatch.h"
#include "kernel/zc_kernel_tiles.h"

/* Written binding `i` against every other. Addresses, not offsets: two ranges may name one region twice. */
static zc_status check_overlap(const zc_device_command *command, const uint64_t *start, unsigned i, zc_error *error)
{
    const zc_kernel *kernel = command->kernel;
    uint64_t length = command->bindings[i].length;
    bool in_place = kernel->traits & ZC_TRAIT_IN_PLACE;
    for (unsigned j = 0; j < kernel->binding_count; j++) {
        uint64_t other = command->bindings[j].length;
        if (j == i || other == 0 || start[i] >= start[j] + other || start[j] >= start[i] + length) {
            continue;
        }
        bool same = start[i] == start[j] && length == other;
        if (same && in_place && !(kernel->bindings[j].access & ZC_ACCESS_WRITE)) {
            continue;
        }
        return zc_fail(error, ZC_BAD_VALUE, "kernel %s: %s (bytes %llu to %llu) overlaps %s (bytes %llu to %llu)%s",
                       kernel->name, kernel->bindings[i].name, (ull)command->bindings[i].offset,
                       (ull)(command->bindings[i].offset + length), kernel->bindings[j].name,
                       (ull)command->bindings[j].offset, (ull)(command->bindings[j].offset + other),
                       in_place                   ? "; only the very same range may be input and output"
                       : same && kernel->compiled ? "; one range is input and output only of what is compiled with "
                                                    "in_place=True"
                                                  : "");
    }
    return ZC_OK;
}

/* One range against its region, the device and the `needed` bytes that the parameters ask for. */
static zc_status check_range(const zc_device *device, const zc_kernel *kernel, const zc_binding_signature *binding,
                             zc_range range, uint64_t needed, zc_error *error)
{
    if ((binding->access & ZC_ACCESS_WRITE) && zc_region_read_only(range.region)) {
        return zc_fail(error, ZC_BAD_VALUE, "kernel %s, %s: is written, but weights are read-only", kernel->name,
                       binding->name);
    }
    uint64_t size = zc_region_size(range.region);
    if (range.offset > size || range.length > size - range.offset) {
        return zc_fail(error, ZC_OUT_OF_BOUNDS,
                       "kernel %s, %s: %llu bytes at offset %llu do not lie inside a memory of %llu bytes",
                       kernel->name, binding->name, (ull)range.length, (ull)range.offset, (ull)size);
    }
    if (range.offset % binding->element_size) {
        return zc_fail(error, ZC_BAD_VALUE, "kernel %s, %s: offset %llu is not a multiple of its element size %u",
                       kernel->name, binding->name, (ull)range.offset, (unsigned)binding->element_size);
    }
    if (needed > device->info.max_buffer &&
        !(device->backend->splits_elementwise && zc_kernel_is_elementwise(kernel))) {
        return zc_fail(error, ZC_BAD_VALUE, "kernel %s, %s: %llu bytes, device %s binds at most %llu", kernel->name,
                       binding->name, (ull)needed, device->info.kind, (ull)device->info.max_buffer);
    }
    return ZC_OK;
}

/* Whether the kernel takes as many ranges and bytes of parameters. */
static zc_status check_counts(const zc_dispatch *dispatch, zc_error *error)
{
    const zc_kernel *kernel = dispatch->kernel;
    if (!kernel) {
        return zc_fail(error, ZC_BAD_VALUE, "a dispatch names no kernel");
    }
    if (dispatch->range_count != kernel->binding_count) {
        return zc_fail(error, ZC_BAD_VALUE, "kernel %s takes %u ranges, got %zu", kernel->name,
                       (unsigned)kernel->binding_count, dispatch->range_count);
    }
    if (dispatch->params_size != kernel->params_size) {
        return zc_fail(error, ZC_BAD_VALUE, "kernel %s takes %u bytes of parameters, got %zu", kernel->name,
                       (unsigned)kernel->params_size, dispatch->params_size);
    }
    return ZC_OK;
}

zc_status zc_dispatch_check(const zc_device *device, const zc_dispatch *dispatch, zc_range *taken,
                            zc_device_command *command, zc_error *error)
{
    uint64_t needed[ZC_KERNEL_MAX_BINDINGS], start[ZC_KERNEL_MAX_BINDINGS];
    const zc_kernel *kernel = dispatch->kernel;
    zc_status status = check_counts(dispatch, error);
    if (status != ZC_OK) {
        return status;
    }
    /* Copied before it is looked at: the source may be memory that someone else writes. */
    command->kernel = kernel;
    command->barrier = false;
    /* A word and a range at a time, as the caller has just written them: wider loads would wait for those stores, which
     * costs a small dispatch a tenth of its time. Every kernel's parameters are whole words. */
    for (size_t at = 0; at < dispatch->params_size; at += 4) {
        memcpy((char *)command->params + at, (const char *)dispatch->params + at, 4);
    }
    for (size_t i = 0; i < dispatch->range_count; i++) {
        taken[i] = dispatch->ranges[i];
    }
    status = kernel->compiled ? zc_kernel_check_device(kernel, device, error)
                              : kernel->extent(command->params, needed, error);
    for (unsigned i = 0; i < kernel->binding_count && status == ZC_OK; i++) {
        const zc_binding_signature *binding = &kernel->bindings[i];
        zc_range range = taken[i];
        if (kernel->compiled) {
            needed[i] = range.length;
        }
        if (needed[i] > range.length) {
            return zc_fail(error, ZC_OUT_OF_BOUNDS, "kernel %s, %s: the parameters need %llu bytes, the range has %llu",
                           kernel->name, binding->name, (ull)needed[i], (ull)range.length);
        }
        if (range.region) {
            status = check_range(device, kernel, binding, range, needed[i], error);
            command->bindings[i] = (zc_device_binding){.offset = range.offset, .length = needed[i]};
            start[i] = (uint64_t)(uintptr_t)zc_region_base(range.region) + range.offset;
        } else if (range.length == 0) {
            command->bindings[i] = (zc_device_binding){0};
            start[i] = 0;
        } else {
            return zc_fail(error, ZC_BAD_VALUE, "kernel %s, %s: a range of %llu bytes has no region", kernel->name,
                           binding->name, (ull)range.length);
        }
    }
    if (status == ZC_OK && kernel->compiled) {
        status = zc_kernel_check_rows(command, error);
    }
    for (unsigned i = 0; i < kernel->binding_count && status == ZC_OK; i++) {
        if ((kernel->bindings[i].access & ZC_ACCESS_WRITE) && command->bindings[i].length) {
            status = check_overlap(command, start, i, error);
        }
    }
    return status;
}

uint32_t zc_device_push(const zc_device_command *command, const zc_device_part *part, uint32_t groups[3],
                        uint32_t push[ZC_KERNEL_PUSH_WORDS])
{
    const zc_kernel *kernel = command->kernel;
    uint32_t skip = kernel->params_skip, words = zc_kernel_offset_words(kernel->binding_count);
    if (!kernel->compiled) {
        memcpy(push + words + 4, groups, 3 * sizeof *groups);
        if (part->groups[0]) {
            memcpy(push + words, part->first, sizeof part->first);
            memcpy(groups, part->groups, sizeof part->groups);
        }
        words += ZC_KERNEL_GROUP_WORDS;
    }
    uint32_t count = kernel->params_size / 4 - skip, fit = ZC_KERNEL_PUSH_WORDS - words;
    for (uint32_t i = fit; i < count; i++) {
        push[words - ZC_KERNEL_GROUP_WORDS + 4 * (i - fit) + 3] = command->params[skip + i];
    }
    fit = count < fit ? count : fit;
    memcpy(push + words, command->params + skip, fit * sizeof *push);
    return words + fit;
}

/* More than anything that is computed on a calling thread. */
#define WORK_OF_ROWS ((uint64_t)1 << 40)

uint64_t zc_dispatch_work(const zc_device_command *command)
{
    if (command->kernel->over_rows) {
        return WORK_OF_ROWS; /* however few they are, one may never end: its caller must see signals */
    }
    if (command->kernel->work) {
        return command->kernel->work(command->params);
    }
    uint64_t work = 0; /* a kernel of the host's own: nobody knows */
    for (unsigned i = 0; i < command->kernel->binding_count; i++) {
        work += command->bindings[i].length / 4;
    }
    return work;
}

/* A workgroup cannot be cut (zc_pace.c). On a GPU this takes some tenths of a second, on one that is emulated
 * some seconds. */
#define MOST_WORK_OF_GROUP ((uint64_t)1 << 32)

zc_status zc_dispatch_check_work(const zc_device *device, const zc_owner *owner, const zc_device_command *command,
                                 zc_error *error)
{
    zc_kernel_plan plan;
    uint64_t work = owner ? zc_dispatch_work(command) : 0;
    if (owner && work > owner->most_work) {
        return zc_fail(error, ZC_LIMIT,
                       "kernel %s: about %llu multiply-adds, the limit of one dispatch is %llu (Limits.dispatch_work)",
                       command->kernel->name, (ull)work, (ull)owner->most_work);
    }
    if (owner && !device->backend->cancels && !command->kernel->compiled) {
        work = zc_kernel_work_on(command->kernel, command->params, &device->info.gpu);
        zc_kernel_plan_make(command->kernel, command->params, &device->info.gpu, &plan);
        /* The last stage may have nearly all of the work in a few of them: the largest product, or where top_k looks at a
         * whole row after all. */
        const uint32_t *groups = plan.stages[plan.count - 1].groups;
        uint64_t count = (uint64_t)groups[0] * groups[1] * groups[2];
        if (count && work / count > MOST_WORK_OF_GROUP) {
            return zc_fail(error, ZC_LIMIT,
                           "kernel %s: about %llu multiply-adds for each of %llu workgroups, the limit on device %s, "
                           "which cannot end a workgroup, is %llu",
                           command->kernel->name, (ull)(work / count), (ull)count, device->info.kind,
                           (ull)MOST_WORK_OF_GROUP);
        }
    }
    return ZC_OK;
}
