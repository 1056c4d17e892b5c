/* fuzz_abi: a libFuzzer entry point over everything that a guest can call of the import module "zcwasm", with any
 * handles, names, lengths, pointers and descriptors, in any order. Each call must answer with 0, something positive
 * or an errno with a text; guard pages and ASan turn anything outside the guest's memory, scratch and weights into
 * a crash. Afterwards nothing is pinned and nothing is left. */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "imports/zc_abi.h"
#include "base/zc_alloc.h"
#include "engine/zc_engine_wasm3.h"

#define PAGES 2
#define BYTES (PAGES * ZC_WASM_PAGE_SIZE)
#define MAX_CALLS 64
#define MAX_RUNS 6     /* submissions and runs of one input, to bound its time */
#define MAX_PARAMS 10  /* of any function */
#define RECENT 8

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define require(condition) ((condition) ? (void)0 : fail(__LINE__))

static void fail(int line)
{
    fprintf(stderr, "fuzz_abi.c:%d: what is required does not hold\n", line);
    abort();
}

static const struct {
    const char *name, *params, *result;
} functions[] = {
#define ARG(type, name) #type
#define ZC_ABI(import, function, result, grant, args) {#import, "" args, #result},
#include "imports/zc_abi.def"
#undef ZC_ABI
#undef ARG
};
#define FUNCTIONS (sizeof functions / sizeof *functions)

/* (module (memory 2 4)) */
static const uint8_t module_bytes[] = {0, 'a', 's', 'm', 1, 0, 0, 0, 5, 4, 1, 1, PAGES, 4};
static zc_device *device;
static zc_weights *weights;
static zc_module *module;
static uint8_t input[100];

static void set_up(void)
{
    zc_error error;
    require(zc_device_open("cpu", &(zc_device_options){.threads = 1}, &device, &error) == ZC_OK);
    FILE *file = tmpfile();
    require(file && ftruncate(fileno(file), 65536) == 0);
    require(zc_weights_open(fileno(file), &weights, &error) == ZC_OK);
    const uint64_t shape[2] = {16, 32};
    require(zc_weights_add(weights, "w", 1, ZC_WEIGHT_F32, 2, shape, 0, 0, &error) == ZC_OK);
    require(zc_weights_add(weights, "q", 1, ZC_WEIGHT_Q4_0, 2, shape, 0, 4096, &error) == ZC_OK);
    require(zc_weights_load(weights, device, NULL, &error) == ZC_OK);
    uint8_t *bytes = zc_malloc(sizeof module_bytes);
    memcpy(bytes, module_bytes, sizeof module_bytes);
    require(zc_module_new(bytes, sizeof module_bytes, &module, &error) == ZC_OK);
}

/* --- the input as a stream --- */

static const uint8_t *at;
static size_t left;

static void take(void *out, size_t count)
{
    size_t have = count < left ? count : left;
    memset(out, 0, count);
    memcpy(out, at, have);
    at += have;
    left -= have;
}

static uint8_t take_byte(void)
{
    uint8_t byte;
    take(&byte, 1);
    return byte;
}

/* Near what is interesting, or anything. */
static uint64_t take_number(void)
{
    static const uint64_t anchors[] = {0, 16, 1024, BYTES, UINT64_C(1) << 31, UINT64_C(1) << 32, 0, UINT64_MAX};
    uint8_t choice = take_byte();
    int16_t near;
    uint64_t any;
    if (choice % 16 == 15) {
        take(&any, sizeof any);
        return any;
    }
    take(&near, sizeof near);
    return anchors[choice % 8] + (uint64_t)(int64_t)(choice & 16 ? near : near % 64);
}

static uint32_t recent[RECENT]; /* handles that calls returned */
static unsigned recent_count;

static uint32_t take_handle(void)
{
    uint8_t choice = take_byte();
    return choice < 200 ? recent[choice % RECENT] : choice < 230 ? 0 : (uint32_t)take_number();
}

/* --- calls --- */

static zc_import_value linked[FUNCTIONS];
static uint8_t *memory;
static unsigned runs;

static int64_t call(size_t which, const uint64_t *arguments)
{
    zc_error error = {0};
    uint64_t slots[MAX_PARAMS + 1] = {0};
    memcpy(slots + 1, arguments, strlen(functions[which].params) * sizeof *slots);
    require(linked[which].function(linked[which].context, slots, &error) == ZC_OK);
    int64_t result = functions[which].result[0] == 'i' ? (int32_t)slots[0] : (int64_t)slots[0];
    require(result >= -12);
    if (result < 0 && strcmp(functions[which].name, "error_text") != 0) {
        uint64_t text[MAX_PARAMS + 1] = {0, 0, 0};
        require(linked[1].function(linked[1].context, text, &error) == ZC_OK && (int32_t)text[0] > 0);
    }
    if (result > 0x0fffffff && functions[which].result[0] == 'i') { /* kinds are in the uppermost bits */
        recent[recent_count++ % RECENT] = (uint32_t)result;
    }
    return result;
}

static size_t index_of(const char *name)
{
    size_t i = 0;
    while (strcmp(functions[i].name, name) != 0) {
        i++;
    }
    return i;
}

/* Ranges and parameters in memory that have a chance to be right, and a dispatch of them. */
static void plausible_dispatch(void)
{
    const zc_kernel *kernel = zc_kernel_get((zc_kernel_id)(take_byte() % ZC_KERNEL_COUNT));
    struct {
        uint32_t handle, reserved;
        uint64_t offset, length;
    } ranges[ZC_KERNEL_MAX_BINDINGS];
    uint32_t params[ZC_KERNEL_MAX_PARAMS / 4];
    memcpy(memory, kernel->name, strlen(kernel->name));
    int64_t handle = call(index_of("kernel"), (uint64_t[MAX_PARAMS]){0, strlen(kernel->name)});
    require(handle > 0 || runs); /* work in flight may write over the name */
    for (unsigned i = 0; i < kernel->binding_count; i++) {
        uint8_t choice = take_byte();
        ranges[i].handle = choice < 160 ? 0 : take_handle();
        ranges[i].reserved = choice == 255;
        ranges[i].offset = choice & 1 ? take_number() : (uint64_t)i * 8192;
        ranges[i].length = choice & 2 ? take_number() : choice & 4 ? UINT64_MAX : 8192;
    }
    for (unsigned i = 0; i < kernel->params_size / 4; i++) {
        uint8_t small = take_byte();
        params[i] = small < 224 ? small % 33 : (uint32_t)take_number();
    }
    memcpy(memory + 1024, ranges, sizeof ranges);
    memcpy(memory + 2048, params, sizeof params);
    (void)call(index_of("dispatch"), (uint64_t[MAX_PARAMS]){take_handle(), (uint64_t)handle, 1024,
                                                            kernel->binding_count, 2048, kernel->params_size});
}

/* Whether it starts work; at most so many times. */
static bool too_many(const char *name)
{
    bool starts = strstr(name, "run") || strstr(name, "submit");
    return starts && ++runs > MAX_RUNS;
}

static void any_call(void)
{
    uint8_t choice = take_byte();
    uint64_t arguments[MAX_PARAMS];
    if (choice & 0x80) {
        plausible_dispatch();
        return;
    }
    if (choice & 0x40) { /* bytes of any kind, anywhere in memory */
        uint8_t count = take_byte();
        uint16_t where;
        take(&where, sizeof where);
        take(memory + where, count);
        return;
    }
    size_t which = choice % FUNCTIONS;
    for (size_t i = 0; functions[which].params[i]; i++) {
        bool may_be_handle = functions[which].params[i] == 'i' && i == 0;
        arguments[i] = may_be_handle && take_byte() & 1 ? take_handle() : take_number();
        if (functions[which].params[i] == 'i') {
            arguments[i] = (uint32_t)arguments[i];
        }
    }
    if (!too_many(functions[which].name)) {
        (void)call(which, arguments);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!device) {
        set_up();
    }
    at = data;
    left = size;
    runs = recent_count = 0;
    memset(recent, 0, sizeof recent);
    zc_error error = {0};
    zc_abi *abi;
    zc_instance *instance;
    const zc_abi_host host = {.inputs = true};
    const zc_abi_limits abi_limits = {.scratch = 1 << 20, .outputs = 1 << 18, .dispatch_work = 1 << 24};
    const zc_limits limits = {.memory = ZC_NO_LIMIT,
                              .table = 1,
                              .call_depth = 10,
                              .stack_bytes = 65536,
                              .fuel = ZC_NO_LIMIT,
                              .deadline_ns = ZC_NO_LIMIT};
    uint64_t regions = zc_region_count();
    require(zc_abi_new(device, weights, &host, &abi_limits, &abi, &error) == ZC_OK);
    require(zc_abi_add_input(abi, "in", 2, input, sizeof input, &error) == ZC_OK);
    for (size_t i = 0; i < FUNCTIONS; i++) {
        uint8_t params[MAX_PARAMS], result = functions[i].result[0] == 'i' ? ZC_I32 : ZC_I64;
        uint32_t count = 0;
        for (; functions[i].params[count]; count++) {
            params[count] = functions[i].params[count] == 'i' ? ZC_I32 : ZC_I64;
        }
        const zc_func_type type = {.params = params, .results = &result, .param_count = count, .result_count = 1};
        const zc_name name = {(const uint8_t *)functions[i].name, (uint32_t)strlen(functions[i].name)};
        require(zc_abi_link(abi, name, &type, &linked[i], &error) == ZC_OK);
    }
    require(zc_instance_new(module, &zc_engine_wasm3, NULL, &limits, &instance, &error) == ZC_OK);
    zc_abi_attach(abi, instance);
    zc_region *region = zc_memory_region(zc_instance_memory(instance));
    memory = zc_region_base(region);
    for (unsigned i = 0; i < MAX_CALLS && left; i++) {
        any_call();
    }
    zc_region_retain(region);
    zc_abi_free(abi);
    zc_instance_free(instance);
    zc_device_drain_all();
    require(zc_region_pins(region) == 0);
    zc_region_release(region);
    for (int i = 0; i < 1000 && zc_region_count() != regions; i++) { /* the queue thread lets go last */
        usleep(1000);
    }
    require(zc_region_count() == regions);
    return 0;
}
