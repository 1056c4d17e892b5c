/* test_faults: every allocation may fail. Links in place of zc_alloc.c an allocator that fails its n-th request,
 * and does one whole life of a guest for n = 1, 2, ... until nothing fails: validate, instantiate with every kind of
 * import, compile and call every export. Each failure must come out as ZC_NO_MEMORY, and none may leak (LeakSanitizer
 * says so at the end) or leave anything unusable: after a failed call the same call is tried again and must work.
 *
 * A guest that imports WASI (tests/guests/wasi.wat) gets an empty directory to change, and calls what allocates: a
 * function that answers NOMEM has done nothing, so that the same call works the second time.
 *
 *     test_faults DIRECTORY MODULE.wasm...     prints how many requests failed, and exits with 0
 */
#define _GNU_SOURCE /* O_DIRECTORY */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/zc_alloc.h"
#include "engine/zc_engine_wasm3.h"
#include "guest/zc_guest.h"
#include "wasi/zc_wasi.h"

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
    zc_status status = zc_instance_call(instance, function, frame, NULL, error);
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

/* --- WASI --- */

static const char *folder;

static zc_status grant(zc_wasi **out, zc_error *error)
{
    const char *args[] = {"program", "argument"}, *env[] = {"A=b"};
    zc_wasi_directory directory = {.name = "/", .descriptor = open(folder, O_RDONLY | O_DIRECTORY), .writable = true};
    zc_wasi_options options = {.args = args, .arg_count = 2, .env = env, .env_count = 1};
    options.directories = &directory;
    options.directory_count = 1;
    for (int i = 0; i < 3; i++) {
        options.streams[i].descriptor = -1;
    }
    zc_status status = zc_wasi_new(&options, out, error);
    (void)close(directory.descriptor);
    return status;
}

/* Imports of WASI are its own, all others are host functions. */
static void import_function(const zc_module_info *info, const zc_import *import, zc_wasi *wasi, zc_import_value *out)
{
    zc_error error;
    out->function = host_function;
    if (wasi && zc_wasi_is_module(import->module)) {
        const zc_func_type *type = &info->types[info->funcs[import->index].type_index];
        require(zc_wasi_import(wasi, import, type, out, &error) == ZC_OK, "import of WASI");
    }
}

static uint32_t export_named(const zc_module_info *info, const char *name)
{
    for (uint32_t i = 0; i < info->export_count; i++) {
        const zc_export *export = &info->exports[i];
        if (export->name.size == strlen(name) && memcmp(export->name.bytes, name, export->name.size) == 0) {
            return export->index;
        }
    }
    require(false, name);
    return 0;
}

/* Call the export with these numbers, and once more when there was no memory: then it must succeed. */
static void step(zc_instance *instance, const zc_module_info *info, const char *name, const uint64_t *numbers)
{
    zc_error error;
    uint32_t function = export_named(info, name);
    uint32_t count = info->types[info->funcs[function].type_index].param_count;
    for (int again = 0; again < 2; again++) {
        uint64_t *frame = zc_instance_frame(instance, function, &error);
        require(frame != NULL, "frame");
        memcpy(frame + 1, numbers, count * sizeof *frame);
        if (no_memory(zc_instance_call(instance, function, frame, NULL, &error), &error, name)) {
            continue;
        }
        uint32_t code = (uint32_t)frame[0];
        if (code == 0) {
            return;
        }
        if (code != 48) {
            fprintf(stderr, "%s: errno %u\n", name, code);
        }
        require(code == 48 && failing && requests >= failing, name);
    }
    require(false, "call again");
}

static void use_files(zc_instance *instance, const zc_module_info *info)
{
    /* Names at 0, 8, 16: "d", "f", "d/g"; a list of 20 vectors of no bytes at 64; results at 1024. */
    static const struct {
        const char *name;
        uint64_t numbers[9];
    } steps[] = {
        {"path_create_directory", {3, 0, 1}},
        {"path_symlink", {0, 1, 3, 8, 1}},
        {"path_readlink", {3, 8, 1, 1024, 8, 1040}},
        {"path_unlink_file", {3, 8, 1}},
        {"path_open", {3, 1, 8, 1, 1, UINT32_MAX & ~0x4000u, 0, 0, 1024}},
        {"fd_write", {4, 64, 20, 1024}},
        {"path_link", {3, 0, 8, 1, 3, 16, 3}},
        {"path_filestat_get", {3, 1, 16, 3, 1024}},
        {"path_rename", {3, 16, 3, 3, 8, 1}}, /* onto another name of the same file: nothing is to be done */
        {"path_unlink_file", {3, 16, 3}},
        {"fd_readdir", {3, 1024, 1024, 0, 512}},
        {"poll_oneoff", {4096, 8192, 1, 512}},
        {"path_unlink_file", {3, 8, 1}},
        {"path_remove_directory", {3, 0, 1}},
    };
    uint8_t *memory = zc_region_base(zc_memory_region(zc_instance_memory(instance)));
    memcpy(memory, "d\0\0\0\0\0\0\0f\0\0\0\0\0\0\0d/g", 19);
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        step(instance, info, steps[i].name, steps[i].numbers);
    }
}

/* --- from the first byte to the last free --- */

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
    zc_wasi *wasi = NULL;
    bool complete = true;
    if (info->import_count && zc_wasi_is_module(info->imports[0].module)) {
        complete = !no_memory(grant(&wasi, &error), &error, "WASI");
    }
    for (uint32_t i = 0; i < info->import_count; i++) {
        const zc_import *import = &info->imports[i];
        imports[i].kind = import->kind;
        if (import->kind == ZC_EXTERN_FUNC) {
            import_function(info, import, wasi, &imports[i]);
        } else if (import->kind == ZC_EXTERN_MEMORY) {
            zc_status status = zc_memory_new(&info->memory, limits.memory, &imports[i].memory, &error);
            complete = !no_memory(status, &error, "memory") && complete;
        } else if (import->kind == ZC_EXTERN_GLOBAL) {
            zc_status status = zc_global_new(info->globals[import->index], 1, &imports[i].global, &error);
            complete = !no_memory(status, &error, "global") && complete;
        }
    }
    zc_instance *instance = NULL;
    if (complete && !no_memory(zc_instance_new(module, &zc_engine_wasm3, imports, &limits, &instance, &error), &error,
                               "instance")) {
        zc_status status = zc_instance_start(instance, NULL, &error);
        (void)no_memory(status == ZC_TRAP ? ZC_OK : status, &error, "start");
        if (wasi) {
            zc_wasi_bind(wasi, instance);
            use_files(instance, info);
        } else {
            call_exports(instance, info);
        }
        zc_instance_free(instance);
    }
    zc_wasi_free(wasi);
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
    int lowest = dup(0);
    (void)close(lowest);
    require(count > 1, "give a directory");
    folder = names[1];
    for (int i = 2; i < count; i++) {
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
    int still = dup(0);
    require(still == lowest, "descriptors are left open");
    (void)close(still);
    printf("%llu failed allocations\n", (unsigned long long)total);
    return 0;
}
