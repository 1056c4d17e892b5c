/* zc_device_compile: kernels that the user compiles for one device.
 *
 * A compiled kernel is a zc_kernel like a built-in one, with three differences: its parameters are preceded by
 * the numbers of workgroups, its bindings are the whole ranges given, and it is reference counted, held by
 * its users and by the batches and submissions that use it. Its code comes from the host program, never
 * from a guest, and is trusted to stay inside its bindings as far as the device does not see to that. One over rows
 * is code of a layer above (zc_row_code), which the device calls with rows of its bindings.
 *
 * Ownership: it owns its names and the backend's object, and retains its device. Threads: any.
 */
#include <string.h>

#include "base/zc_alloc.h"
#include "device/zc_device_compile.h"
#include "device/zc_driver.h"

#define NAME_SIZE 64u
#define BINDING_NAME_SIZE 32u

typedef struct compiled_kernel {
    zc_kernel kernel; /* first */
    _Atomic uint64_t references;
    zc_device *device;
    zc_row_code rows; /* of one over rows: what kernel.compiled is */
    char name[NAME_SIZE];
    char binding_names[ZC_KERNEL_MAX_BINDINGS][BINDING_NAME_SIZE];
} compiled_kernel;

static void groups_given(const void *params, uint32_t out[3])
{
    memcpy(out, params, ZC_KERNEL_GROUPS_SIZE);
}

zc_status zc_kernel_check_device(const zc_kernel *kernel, const zc_device *device, zc_error *error)
{
    const zc_device *own = ((const compiled_kernel *)kernel)->device;
    return own == device ? ZC_OK
                         : zc_fail(error, ZC_BAD_VALUE, "kernel %s was compiled for another device (%s)", kernel->name,
                                   own->info.name);
}

zc_status zc_kernel_check_rows(const zc_device_command *command, zc_error *error)
{
    const zc_kernel *kernel = command->kernel;
    const uint32_t *groups = command->params;
    if (!kernel->over_rows) {
        return ZC_OK;
    }
    if (groups[0] && (groups[1] != 1 || groups[2] != 1)) {
        return zc_fail(error, ZC_BAD_VALUE, "kernel %s: groups is %u x %u x %u, rows are counted in the first alone",
                       kernel->name, groups[0], groups[1], groups[2]);
    }
    for (unsigned i = 0; groups[0] && i < kernel->binding_count; i++) {
        uint64_t length = command->bindings[i].length;
        if (length % groups[0] || length == 0) {
            return zc_fail(error, ZC_BAD_VALUE, "kernel %s, %s: %llu bytes are not %u rows of one size", kernel->name,
                           kernel->bindings[i].name, (unsigned long long)length, groups[0]);
        }
    }
    return ZC_OK;
}

void zc_kernel_retain(const zc_kernel *kernel)
{
    if (kernel && kernel->compiled) {
        atomic_fetch_add_explicit(&((compiled_kernel *)kernel)->references, 1, memory_order_relaxed);
    }
}

void zc_kernel_release(const zc_kernel *kernel)
{
    compiled_kernel *own = (compiled_kernel *)kernel;
    if (!kernel || !kernel->compiled || atomic_fetch_sub_explicit(&own->references, 1, memory_order_acq_rel) != 1) {
        return;
    }
    zc_device *device = own->device;
    if (own->kernel.over_rows) {
        own->rows.release(own->rows.context);
    } else if (zc_device_alive(device, NULL) == ZC_OK) {
        zc_driver_enter();
        device->backend->compiled_release(device->self, own->kernel.compiled);
        zc_driver_leave();
    }
    zc_free(own);
    zc_device_release(device);
}

static zc_status check(const zc_kernel_source *source, zc_error *error)
{
    size_t length = strlen(source->name);
    if (length == 0 || length >= NAME_SIZE) {
        return zc_fail(error, ZC_BAD_VALUE, "a kernel's name has 1 to %u bytes, \"%.80s\" has %zu", NAME_SIZE - 1,
                       source->name, length);
    }
    if (source->binding_count == 0 || source->binding_count > ZC_KERNEL_MAX_BINDINGS) {
        return zc_fail(error, ZC_BAD_VALUE, "kernel %s has %u bindings, 1 to %d are supported", source->name,
                       source->binding_count, ZC_KERNEL_MAX_BINDINGS);
    }
    for (unsigned i = 0; i < source->binding_count; i++) {
        const zc_binding_signature *binding = &source->bindings[i];
        if (!binding->name[0] || strlen(binding->name) >= BINDING_NAME_SIZE) {
            return zc_fail(error, ZC_BAD_VALUE, "kernel %s: a binding's name has 1 to %u bytes, \"%.40s\" has not",
                           source->name, BINDING_NAME_SIZE - 1, binding->name);
        }
    }
    if (source->params_size % 4 || source->params_size > ZC_KERNEL_MAX_PARAMS - ZC_KERNEL_GROUPS_SIZE) {
        return zc_fail(error, ZC_BAD_VALUE, "kernel %s has %u bytes of parameters, at most %u are supported",
                       source->name, source->params_size, ZC_KERNEL_MAX_PARAMS - ZC_KERNEL_GROUPS_SIZE);
    }
    for (unsigned i = 0; i < 3; i++) {
        if (source->workgroup[i] == 0 || source->workgroup[i] > 65535) {
            return zc_fail(error, ZC_BAD_VALUE, "kernel %s: its workgroup is %u x %u x %u, each must be 1 or more",
                           source->name, source->workgroup[0], source->workgroup[1], source->workgroup[2]);
        }
    }
    if (source->rows) {
        return ZC_OK;
    }
    if (!source->spirv && !source->msl) {
        return zc_fail(error, ZC_BAD_VALUE, "kernel %s has neither SPIR-V nor MSL", source->name);
    }
    if (source->spirv && (source->spirv_size % 4 || source->spirv_size < 20)) {
        return zc_fail(error, ZC_BAD_VALUE, "kernel %s: %zu bytes cannot be SPIR-V, which is whole words, 5 or more",
                       source->name, source->spirv_size);
    }
    return ZC_OK;
}

zc_status zc_device_compile(zc_device *device, const zc_kernel_source *given, const zc_kernel **out, zc_error *error)
{
    zc_kernel_source source = *given;
    zc_status status = zc_device_alive(device, error);
    if (status == ZC_OK && !given->rows && !device->backend->compile) {
        status =
            zc_fail(error, ZC_DEVICE,
                    "device %s cannot compile kernels of GPUs: it runs the built-in ones, and functions of modules",
                    device->info.kind);
    }
    if (status == ZC_OK && given->rows && !device->backend->runs_rows) {
        status = zc_fail(error, ZC_DEVICE, "device %s does not run functions of modules: only the device cpu does",
                         device->info.kind);
    }
    if (status == ZC_OK) {
        status = check(given, error);
    }
    if (status != ZC_OK) {
        return status;
    }
    compiled_kernel *own = zc_calloc(1, sizeof *own);
    uint32_t *words = given->spirv ? zc_malloc(given->spirv_size) : NULL; /* aligned, and nobody else's */
    if (!own || (given->spirv && !words)) {
        status = zc_fail(error, ZC_NO_MEMORY, "cannot allocate kernel %s", given->name);
    } else {
        if (words) {
            memcpy(words, given->spirv, given->spirv_size);
            source.spirv = words;
        }
        memcpy(own->name, given->name, strlen(given->name));
        own->kernel = (zc_kernel){.id = ZC_KERNEL_COUNT,
                                  .name = own->name,
                                  .params_size = ZC_KERNEL_GROUPS_SIZE + given->params_size,
                                  .workgroup_size = given->workgroup[0] * given->workgroup[1] * given->workgroup[2],
                                  /* Compilers of MSL take it that bindings do not show the same bytes, and so may
                                   * those of SPIR-V unless a variable is decorated with Aliased. */
                                  .traits = given->in_place ? ZC_TRAIT_IN_PLACE : 0,
                                  .binding_count = (uint8_t)given->binding_count,
                                  .groups = groups_given,
                                  .params_skip = ZC_KERNEL_GROUPS_SIZE / 4,
                                  .over_rows = given->rows != NULL};
        for (unsigned i = 0; i < given->binding_count; i++) {
            memcpy(own->binding_names[i], given->bindings[i].name, strlen(given->bindings[i].name));
            own->kernel.bindings[i] = (zc_binding_signature){.name = own->binding_names[i],
                                                             .access = given->bindings[i].access,
                                                             .element_size = given->rows ? 1 : 4};
        }
        if (given->rows) {
            own->rows = *given->rows;
            own->kernel.compiled = &own->rows;
        } else {
            zc_driver_enter();
            status = device->backend->compile(device->self, &source, &own->kernel.compiled, error);
            zc_driver_leave();
        }
    }
    zc_free(words);
    if (status != ZC_OK) {
        zc_free(own);
        return status;
    }
    own->device = zc_device_retain(device);
    atomic_init(&own->references, 1);
    *out = &own->kernel;
    return ZC_OK;
}
