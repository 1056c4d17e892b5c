/* abi_guest.h: tests/guests/abi.wasm for the C tests: made, called, and the arguments of its functions.
 * To be included once, after check.h. */
#ifndef ABI_GUEST_H
#define ABI_GUEST_H

#include "base/zc_alloc.h"
#include "engine/zc_engine_wasm3.h"
#include "imports/zc_abi.h"

typedef struct guest {
    zc_abi *abi;
    zc_instance *instance;
    const zc_module_info *info;
    uint8_t *memory;
    uint32_t arena; /* address of 1 MiB that tests may use */
} guest;

static zc_module *guest_module(const char *path)
{
    zc_error error = {0};
    zc_module *module;
    uint8_t *bytes = zc_malloc(1 << 20);
    FILE *file = fopen(path, "rb");
    CHECK(bytes && file);
    size_t size = fread(bytes, 1, 1 << 20, file);
    (void)fclose(file);
    CHECK(zc_module_new(bytes, size, &module, &error) == ZC_OK);
    return module;
}

static zc_status guest_call(guest *self, const char *name, const uint64_t *arguments, uint64_t *result, zc_error *out)
{
    zc_error error = {0};
    uint32_t index = UINT32_MAX;
    for (uint32_t i = 0; i < self->info->export_count; i++) {
        const zc_export *each = &self->info->exports[i];
        if (each->kind == ZC_EXTERN_FUNC && each->name.size == strlen(name) &&
            memcmp(each->name.bytes, name, strlen(name)) == 0) {
            index = each->index;
        }
    }
    CHECK(index != UINT32_MAX);
    const zc_func_type *type = &self->info->types[self->info->funcs[index].type_index];
    uint64_t *frame = zc_instance_frame(self->instance, index, out);
    CHECK(frame);
    if (type->param_count) {
        memcpy(frame + type->result_count, arguments, type->param_count * sizeof *frame);
    }
    zc_status status = zc_instance_call(self->instance, index, frame, NULL, out);
    *result = status == ZC_OK && type->result_count ? frame[0] : 0;
    return status;
}

/* What an i32 function gives. */
static int32_t guest_result(guest *self, const char *name, const uint64_t *arguments)
{
    zc_error error = {0};
    uint64_t result;
    zc_status status = guest_call(self, name, arguments, &result, &error);
    if (status != ZC_OK) {
        fprintf(stderr, "%s: %d %s\n", name, (int)status, error.message);
        exit(1);
    }
    return (int32_t)result;
}

/* Without inputs; functions that are not granted are the clock, which nobody calls. */
static void guest_make(guest *self, zc_module *module, zc_device *device, zc_weights *weights,
                       const zc_abi_limits *abi_limits)
{
    zc_error error = {0};
    const zc_abi_host host = {.inputs = true};
    const zc_limits limits = {.memory = ZC_NO_LIMIT,
                              .table = 100,
                              .call_depth = 1000,
                              .stack_bytes = 65536,
                              .fuel = ZC_NO_LIMIT,
                              .deadline_ns = ZC_NO_LIMIT};
    const zc_func_type clock = {.results = (const uint8_t[]){ZC_I64}, .result_count = 1};
    memset(self, 0, sizeof *self);
    self->info = zc_module_get_info(module);
    CHECK(zc_abi_new(device, weights, &host, abi_limits, &self->abi, &error) == ZC_OK);
    zc_import_value *imports = calloc(self->info->import_count, sizeof *imports);
    CHECK(imports);
    for (uint32_t i = 0; i < self->info->import_count; i++) {
        const zc_import *import = &self->info->imports[i];
        const zc_func_type *type = &self->info->types[self->info->funcs[import->index].type_index];
        if (zc_abi_link(self->abi, import->field, type, &imports[i], &error) != ZC_OK) {
            CHECK(strstr(error.message, "not granted"));
            CHECK(zc_abi_link(self->abi, (zc_name){(const uint8_t *)"clock", 5}, &clock, &imports[i], &error) == ZC_OK);
        }
    }
    CHECK(zc_instance_new(module, &zc_engine_wasm3, imports, &limits, &self->instance, &error) == ZC_OK);
    free(imports);
    zc_abi_attach(self->abi, self->instance);
    self->memory = zc_region_base(zc_memory_region(zc_instance_memory(self->instance)));
    self->arena = (uint32_t)guest_result(self, "memory_at", NULL);
}

static void guest_end(guest *self)
{
    zc_abi_free(self->abi);
    zc_instance_free(self->instance);
}

#endif
