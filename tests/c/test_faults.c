/* test_faults: every allocation may fail. Links in place of zc_alloc.c an allocator that fails its n-th request,
 * and does one whole life of a guest for n = 1, 2, ... until nothing fails: validate, instantiate with every kind of
 * import, compile and call every export. Each failure must come out as ZC_NO_MEMORY, and none may leak (LeakSanitizer
 * says so at the end) or leave anything unusable: after a failed call the same call is tried again and must work.
 *
 *     test_faults MODULE.wasm...     prints how many requests failed, and exits with 0
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "zc_alloc.h"
#include "zc_guest.h"

/* --- the allocator --- */

static uint64_t requests, failing; /* the failing-th request fails; 0: none */

static bool fails(void)
{
    return ++requests == failing;
}

void *zc_malloc(size_t size)
{
    return fails() ? NULL : malloc(size ? size : 1);
}

void *zc_calloc(size_t count, size_t size)
{
    return fails() ? NULL : calloc(count ? count : 1, size ? size : 1);
}

void *zc_realloc(void *pointer, size_t size)
{
    return fails() ? NULL : realloc(pointer, size ? size : 1);
}

void zc_free(void *pointer)
{
    free(pointer);
}

/* --- one life of a guest --- */

static void require(bool condition, const char *what)
{
    if (!condition) {
        fprintf(stderr, "failing request %llu: %s\n", (unsigned long long)failing, what);
        abort();
    }
}

static zc_status host_function(void *context, uint64_t *slots, zc_error *error)
{
    (void)context, (void)slots, (void)error;
    return ZC_OK;
}

/* Whether it was the injected failure; any other one is a bug. */
static bool no_memory(zc_status status, const zc_error *error, const char *what)
{
    if (status == ZC_OK) {
        return false;
    }
    if (status != ZC_NO_MEMORY) {
        fprintf(stderr, "%s: status %d, %s\n", what, (int)status, error->message);
    }
    require(status == ZC_NO_MEMORY && error->code == ZC_NO_MEMORY, what);
    require(failing && requests >= failing, "no memory, though nothing failed");
    return true;
}

static const zc_limits limits = {.memory = 1u << 24,
                                 .table = 10000,
                                 .call_depth = 100,
                                 .stack_bytes = 65536,
                                 .fuel = ZC_NO_LIMIT,
                                 .deadline_ns = ZC_NO_LIMIT};

static zc_status call(zc_instance *instance, const zc_module_info *info, uint32_t function, zc_error *error)
{
    const zc_func_type *type = &info->types[info->funcs[function].type_index];
    zc_instance_set_fuel(instance, 100000);
    uint64_t *frame = zc_instance_frame(instance, function, error);
    require(frame != NULL, "frame");
    for (uint32_t i = 0; i < type->param_count; i++) {
        frame[type->result_count + i] = i + 1;
    }
    zc_status status = zc_instance_call(instance, function, frame, NULL, NULL, error);
    return status == ZC_TRAP ? ZC_OK : status;
}

static void call_exports(zc_instance *instance, const zc_module_info *info)
{
    zc_error error;
    for (uint32_t i = 0; i < info->export_count; i++) {
        if (info->exports[i].kind != ZC_EXTERN_FUNC) {
            continue;
        }
        if (no_memory(call(instance, info, info->exports[i].index, &error), &error, "call")) {
            require(call(instance, info, info->exports[i].index, &error) == ZC_OK, "call again");
        }
    }
}

static void live(const uint8_t *data, size_t size)
{
    zc_error error;
    zc_module *module = NULL;
    requests = 0;
    uint8_t *bytes = zc_malloc(size);
    if (!bytes) {
        return;
    }
    memcpy(bytes, data, size);
    if (no_memory(zc_module_new(bytes, size, &module, &error), &error, "module")) {
        return;
    }
    const zc_module_info *info = zc_module_get_info(module);
    zc_import_value *imports = calloc(info->import_count + 1u, sizeof *imports);
    bool complete = true;
    for (uint32_t i = 0; i < info->import_count; i++) {
        const zc_import *import = &info->imports[i];
        imports[i].kind = import->kind;
        if (import->kind == ZC_EXTERN_FUNC) {
            imports[i].function = host_function;
        } else if (import->kind == ZC_EXTERN_MEMORY) {
            zc_status status = zc_memory_new(&info->memory, limits.memory, &imports[i].memory, &error);
            complete = !no_memory(status, &error, "memory") && complete;
        } else if (import->kind == ZC_EXTERN_GLOBAL) {
            zc_status status = zc_global_new(info->globals[import->index], 1, &imports[i].global, &error);
            complete = !no_memory(status, &error, "global") && complete;
        }
    }
    zc_instance *instance = NULL;
    if (complete && !no_memory(zc_instance_new(module, imports, &limits, &instance, &error), &error, "instance")) {
        zc_status status = zc_instance_start(instance, NULL, NULL, &error);
        (void)no_memory(status == ZC_TRAP ? ZC_OK : status, &error, "start");
        call_exports(instance, info);
        zc_instance_free(instance);
    }
    for (uint32_t i = 0; i < info->import_count; i++) {
        zc_memory_release(imports[i].memory);
        zc_global_release(imports[i].global);
    }
    free(imports);
    zc_module_release(module);
}

int main(int count, char **names)
{
    uint64_t total = 0;
    for (int i = 1; i < count; i++) {
        FILE *file = fopen(names[i], "rb");
        require(file != NULL, names[i]);
        static uint8_t data[1 << 20];
        size_t size = fread(data, 1, sizeof data, file);
        (void)fclose(file);
        failing = 0;
        do {
            failing++;
            live(data, size);
        } while (requests >= failing);
        total += failing - 1;
    }
    printf("%llu failed allocations\n", (unsigned long long)total);
    return 0;
}
