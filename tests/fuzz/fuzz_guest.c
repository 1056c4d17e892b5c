/* fuzz_guest: a libFuzzer entry point over everything that a module's bytes reach: validate, link, instantiate,
 * start, call every export, with small limits. Host functions, memories and globals are made to fit whatever
 * the module imports. Whatever the bytes are, the outcome is a status and an error that agree, nothing leaks,
 * nothing outside the guest is touched, and afterwards the same module still does the same again. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/zc_alloc.h"
#include "engine/zc_engine_wasm3.h"
#include "guest/zc_guest.h"

#define MAX_PAGES 64
#define MAX_CALLS 24

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
    if (!condition) {
        abort();
    }
}

static const zc_limits limits = {.memory = (uint64_t)MAX_PAGES * ZC_WASM_PAGE_SIZE,
                                 .table = 10000,
                                 .call_depth = 100,
                                 .stack_bytes = 65536,
                                 .fuel = 20000,
                                 .deadline_ns = ZC_NO_LIMIT};

/* What one run saw; two runs of a module must see the same. */
typedef struct outcome {
    uint64_t hash;
    zc_instance *instance;
    const zc_module_info *info;
    uint32_t host_calls, nested;
} outcome;

static void mix(outcome *seen, uint64_t value)
{
    seen->hash = (seen->hash ^ value) * 0x100000001b3u;
}

static uint64_t pattern(uint32_t i, uint8_t type)
{
    static const uint64_t values[] = {
        0,           1,           0xffffffffffffffffu, 0x7fffffffu, 0x80000000u,         64,
        0x3f800000u, 0x7fa00001u, 0x3ff0000000000000u, 65535,       0x7ff4000000000001u, 16};
    uint64_t bits = values[i % (sizeof values / sizeof *values)];
    return type == ZC_I32 || type == ZC_F32 ? (uint32_t)bits : bits;
}

/* One bit pattern for all NaNs: their payloads are not determined. */
static uint64_t canonical(uint64_t bits, uint8_t type)
{
    if (type == ZC_F32) {
        return ((uint32_t)bits & 0x7fffffffu) > 0x7f800000u ? 0x7fc00000u : (uint32_t)bits;
    }
    if (type == ZC_F64) {
        return (bits & 0x7fffffffffffffffu) > 0x7ff0000000000000u ? 0x7ff8000000000000u : bits;
    }
    return type == ZC_I32 ? (uint32_t)bits : bits;
}

static zc_status call(outcome *seen, uint32_t function, uint32_t salt)
{
    zc_error error;
    memset(&error, 0xa5, sizeof error);
    const zc_func_type *type = &seen->info->types[seen->info->funcs[function].type_index];
    uint64_t *frame = zc_instance_frame(seen->instance, function, &error);
    if (!frame) {
        require(error.code == ZC_TRAP && error.kind == ZC_TRAP_STACK_OVERFLOW);
        return ZC_TRAP;
    }
    for (uint32_t i = 0; i < type->param_count; i++) {
        frame[type->result_count + i] = pattern(salt + i, type->params[i]);
    }
    zc_status status = zc_instance_call(seen->instance, function, frame, NULL, &error);
    require(status == ZC_OK || error.code == status);
    require(status == ZC_OK || status == ZC_TRAP || status == ZC_UNSUPPORTED || status == ZC_HOST);
    mix(seen, status);
    if (status == ZC_TRAP) {
        mix(seen, error.kind);
        uint32_t trace[8];
        uint64_t depth = zc_instance_trace(seen->instance, trace, 8);
        for (uint64_t i = 0; i < depth && i < 8; i++) {
            require(trace[i] < seen->info->func_count);
        }
    }
    for (uint32_t i = 0; status == ZC_OK && i < type->result_count; i++) {
        mix(seen, canonical(frame[i], type->results[i]));
    }
    return status;
}

typedef struct host {
    outcome *seen;
    const zc_func_type *type;
} host;

/* Gives patterns, fails now and then, and now and then calls back. */
static zc_status host_function(void *context, uint64_t *slots, zc_error *error)
{
    host *self = context;
    outcome *seen = self->seen;
    uint32_t turn = seen->host_calls++;
    for (uint32_t i = 0; i < self->type->param_count; i++) {
        uint64_t bits = slots[self->type->result_count + i];
        mix(seen, canonical(bits, self->type->params[i]));
    }
    if (turn % 8 == 7 && seen->nested < 3 && seen->instance) {
        seen->nested++;
        (void)call(seen, turn % seen->info->func_count, turn);
        seen->nested--;
    }
    for (uint32_t i = 0; i < self->type->result_count; i++) {
        slots[i] = pattern(turn + i, self->type->results[i]);
    }
    return turn % 32 == 31 ? zc_fail(error, ZC_HOST, "the host function fails") : ZC_OK;
}

static void look_at_state(outcome *seen)
{
    for (uint32_t i = 0; i < seen->info->global_count; i++) {
        zc_global *global = zc_instance_global(seen->instance, i);
        if (global) {
            mix(seen, canonical(zc_global_get(global), zc_global_get_type(global).value_type));
        }
    }
    zc_memory *memory = zc_instance_memory(seen->instance);
    if (memory) {
        require(zc_memory_pages(memory) <= MAX_PAGES);
        mix(seen, zc_memory_pages(memory));
        const uint8_t *bytes = zc_region_base(zc_memory_region(memory));
        for (uint64_t i = 0; i < (uint64_t)zc_memory_pages(memory) * ZC_WASM_PAGE_SIZE; i += 4093) {
            seen->hash += bytes[i] != 0; /* not its value, which may be a NaN's */
        }
    }
    mix(seen, zc_instance_fuel_used(seen->instance));
}

static uint64_t run(zc_module *module)
{
    const zc_module_info *info = zc_module_get_info(module);
    outcome seen = {.hash = 0xcbf29ce484222325u, .info = info};
    zc_import_value *imports = calloc(info->import_count + 1u, sizeof *imports);
    host *hosts = calloc(info->import_count + 1u, sizeof *hosts);
    zc_error error;
    bool possible = true;
    for (uint32_t i = 0; i < info->import_count; i++) {
        const zc_import *import = &info->imports[i];
        imports[i].kind = import->kind;
        if (import->kind == ZC_EXTERN_FUNC) {
            hosts[i] = (host){.seen = &seen, .type = &info->types[info->funcs[import->index].type_index]};
            imports[i].function = host_function;
            imports[i].context = &hosts[i];
        } else if (import->kind == ZC_EXTERN_MEMORY) {
            possible = zc_memory_new(&info->memory, limits.memory, &imports[i].memory, &error) == ZC_OK && possible;
        } else if (import->kind == ZC_EXTERN_TABLE) {
            possible = info->table.minimum <= limits.table &&
                       zc_table_new(&zc_engine_wasm3, &info->table, &imports[i].table, &error) == ZC_OK && possible;
        } else if (import->kind == ZC_EXTERN_GLOBAL) {
            zc_global_type type = info->globals[import->index];
            require(zc_global_new(type, pattern(i, type.value_type), &imports[i].global, &error) == ZC_OK);
        }
    }
    memset(&error, 0xa5, sizeof error);
    zc_instance *instance = NULL;
    zc_status status =
        possible ? zc_instance_new(module, &zc_engine_wasm3, imports, &limits, &instance, &error) : ZC_LINK;
    if (possible && status != ZC_OK) {
        require(error.code == status && !instance);
        require(status == ZC_LINK || status == ZC_TRAP);
    }
    mix(&seen, status);
    if (status == ZC_OK) {
        seen.instance = instance;
        status = zc_instance_start(instance, NULL, &error);
        mix(&seen, status);
        uint32_t calls = 0;
        for (uint32_t i = 0; i < info->export_count && calls < MAX_CALLS; i++) {
            if (info->exports[i].kind == ZC_EXTERN_FUNC) {
                zc_instance_set_fuel(instance, limits.fuel);
                (void)call(&seen, info->exports[i].index, calls++);
            }
        }
        look_at_state(&seen);
        zc_instance_free(instance);
    }
    for (uint32_t i = 0; i < info->import_count; i++) {
        zc_memory_release(imports[i].memory);
        zc_global_release(imports[i].global);
        zc_table_release(imports[i].table);
    }
    free(imports);
    free(hosts);
    return seen.hash;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t *bytes = zc_malloc(size);
    require(bytes != NULL);
    memcpy(bytes, data, size);
    zc_module *module = NULL;
    zc_error error;
    memset(&error, 0xa5, sizeof error);
    if (zc_module_new(bytes, size, &module, &error) != ZC_OK) {
        require(!module && error.message[0]);
        return -1; /* keep only valid modules in the corpus */
    }
    uint64_t first = run(module);
    require(run(module) == first);
    zc_module_release(module);
    return 0;
}

/* Most changes of random bytes make a module invalid. So most of the time, change some bytes to others that
 * are likely to keep it valid: an opcode to another of the same type, an index or constant to another. */

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned int seed);

static const uint8_t classes[][2] = {
    {0x28, 0x28}, {0x2c, 0x2f}, {0x29, 0x29}, {0x30, 0x35}, {0x36, 0x36}, {0x3a, 0x3b}, {0x37, 0x37},
    {0x3c, 0x3e}, {0x46, 0x4f}, {0x51, 0x5a}, {0x5b, 0x60}, {0x61, 0x66}, {0x67, 0x69}, {0x6a, 0x78},
    {0x79, 0x7b}, {0x7c, 0x8a}, {0x8b, 0x91}, {0x92, 0x98}, {0x99, 0x9f}, {0xa0, 0xa6}, {0xa8, 0xa9},
    {0xaa, 0xab}, {0xae, 0xaf}, {0xb0, 0xb1}, {0xb2, 0xb3}, {0xb4, 0xb5}, {0xb7, 0xb8}, {0xb9, 0xba},
    {0xc0, 0xc1}, {0xc2, 0xc4}, {0x02, 0x03}, {0x0c, 0x0d}, {0x20, 0x22}, {0x23, 0x24},
};

static uint32_t next(uint32_t *state)
{
    *state = *state * 1664525u + 1013904223u;
    return *state >> 8;
}

static uint8_t changed(uint8_t byte, uint32_t *state)
{
    for (size_t i = 0; i < sizeof classes / sizeof *classes && next(state) % 4; i++) {
        if (byte >= classes[i][0] && byte <= classes[i][1]) {
            return (uint8_t)(classes[i][0] + next(state) % (uint32_t)(classes[i][1] - classes[i][0] + 1));
        }
    }
    switch (next(state) % 4) {
    case 0:
        return (uint8_t)((byte & 0x80) | (next(state) % 8));
    case 1:
        return (uint8_t)((byte & 0x80) | (next(state) & 0x7f));
    case 2:
        return (uint8_t)((byte & 0x80) | ((byte + 1) & 0x7f));
    default:
        return (uint8_t)((byte & 0x80) | ((byte - 1) & 0x7f));
    }
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned int seed)
{
    uint32_t state = seed;
    if (size < 16 || next(&state) % 8 == 0) {
        return LLVMFuzzerMutate(data, size, max_size);
    }
    for (uint32_t count = 1 + next(&state) % 4; count > 0; count--) {
        size_t at = 8 + next(&state) % (size - 8);
        data[at] = changed(data[at], &state);
    }
    return size;
}
