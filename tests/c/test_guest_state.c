/* test_guest_state: what an instance is between two calls, taken and brought back: globals, table, memory, fuel; who may
 * hold it when; states cut short at every byte and with every bit flipped; every allocation failing. Links csrc/base,
 * region, validate, guest and the engine.
 *
 *     test_guest_state STATE.wasm IMPORTS.wasm     (tests/guests)
 */
#include <pthread.h>
#include <stdatomic.h>

#include "base/zc_copies.h"
#include "engine/zc_engine_wasm3.h"
#include "guest/zc_guest.h"
#include "region/zc_image.h"

static zc_error error;
#include "check.h"
#include "counted_alloc.h"

#define PAGE ZC_WASM_PAGE_SIZE
#define NOWHERE UINT32_MAX

static const zc_limits limits = {.memory = ZC_NO_LIMIT,
                                 .table = ZC_DEFAULT_TABLE,
                                 .call_depth = 1000,
                                 .stack_bytes = 65536,
                                 .fuel = ZC_NO_LIMIT,
                                 .deadline_ns = ZC_NO_LIMIT};

/* --- modules and what they import --- */

static zc_module *load(const char *path)
{
    FILE *file = fopen(path, "rb");
    uint8_t *bytes = zc_malloc(4096);
    zc_module *module;
    CHECK(file && bytes);
    size_t size = fread(bytes, 1, 4096, file);
    (void)fclose(file);
    CHECK(zc_module_new(bytes, size, &module, &error) == ZC_OK);
    return module;
}

static zc_module *module; /* state.wat */
static zc_global *shared, *seed;
static zc_import_value imports[3];

/* What the host function does, once. */
static zc_instance *inside;
static zc_status (*do_inside)(zc_instance *instance, zc_error *error);
static zc_status said_inside;

static zc_status host(void *context, uint64_t *slots, zc_error *host_error)
{
    (void)context;
    slots[0] = 7;
    if (do_inside) {
        said_inside = do_inside(inside, host_error);
    }
    return ZC_OK;
}

static zc_global *global(uint8_t type, bool is_mutable, uint64_t bits)
{
    zc_global *made;
    CHECK(zc_global_new((zc_global_type){type, is_mutable}, bits, &made, &error) == ZC_OK);
    return made;
}

static void set_up(const char *path)
{
    module = load(path);
    shared = global(ZC_I32, true, 100);
    seed = global(ZC_I64, false, 0x123456789abcdef0);
    imports[0] = (zc_import_value){.kind = ZC_EXTERN_FUNC, .function = host};
    imports[1] = (zc_import_value){.kind = ZC_EXTERN_GLOBAL, .global = shared};
    imports[2] = (zc_import_value){.kind = ZC_EXTERN_GLOBAL, .global = seed};
}

/* --- calls --- */

static uint32_t exported(const zc_module *of, const char *name)
{
    const zc_module_info *info = zc_module_get_info(of);
    for (uint32_t i = 0; i < info->export_count; i++) {
        if (info->exports[i].name.size == strlen(name) &&
            memcmp(info->exports[i].name.bytes, name, strlen(name)) == 0) {
            return info->exports[i].index;
        }
    }
    return NOWHERE;
}

/* Of a function with at most one result, in `into` when it is not NULL. */
static zc_status try_call(zc_instance *instance, const zc_module *of, const char *name, uint64_t first, uint64_t second,
                          uint32_t *into, zc_error *failed)
{
    uint32_t function = exported(of, name);
    const zc_module_info *info = zc_module_get_info(of);
    const zc_func_type *type = &info->types[info->funcs[function].type_index];
    uint64_t *frame = zc_instance_frame(instance, function, failed);
    if (!frame) {
        return failed->code;
    }
    const uint64_t values[2] = {first, second};
    for (uint32_t i = 0; i < type->param_count; i++) {
        frame[type->result_count + i] = values[i];
    }
    zc_status status = zc_instance_call(instance, function, frame, NULL, failed);
    if (status == ZC_OK && into) {
        *into = (uint32_t)frame[0];
    }
    return status;
}

static uint32_t call(zc_instance *instance, const char *name, uint64_t first, uint64_t second)
{
    uint32_t result = 0;
    CHECK(try_call(instance, module, name, first, second, &result, &error) == ZC_OK);
    return result;
}

/* --- states --- */

static zc_instance *begin(void)
{
    zc_instance *instance;
    zc_global_set(shared, 100);
    CHECK(zc_instance_new(module, &zc_engine_wasm3, imports, &limits, &instance, &error) == ZC_OK);
    CHECK(zc_instance_start(instance, NULL, &error) == ZC_OK);
    return instance;
}

/* The state, and an image of the memory. */
static zc_writer save(zc_instance *instance, zc_image **image)
{
    zc_writer state = {0};
    CHECK(zc_instance_hold(instance, &error) == ZC_OK);
    CHECK(zc_instance_save(instance, &state, &error) == ZC_OK && !state.failed);
    if (image) {
        CHECK(zc_image_new(zc_memory_region(zc_instance_memory(instance)), true, image, &error) == ZC_OK);
    }
    zc_instance_let_go(instance);
    return state;
}

static zc_reader reader_of(const zc_writer *state)
{
    return (zc_reader){.at = state->bytes, .end = state->bytes + state->size};
}

static zc_region *memory_of(zc_image *image, const zc_limits *within)
{
    zc_region *region;
    CHECK(zc_image_region(image, zc_instance_reservation(module, within), &region, &error) == ZC_OK);
    return region;
}

static zc_status restore(zc_reader state, zc_image *image, const zc_limits *within, zc_instance **out)
{
    return zc_instance_restore(module, &zc_engine_wasm3, imports, within, &state, memory_of(image, within), out,
                               &error);
}

static zc_instance *restored(const zc_writer *state, zc_image *image, const zc_limits *within)
{
    zc_instance *instance;
    uint64_t before = zc_global_get(shared);
    CHECK(restore(reader_of(state), image, within, &instance) == ZC_OK);
    CHECK(zc_global_get(shared) == before); /* the host's, until nothing else can fail */
    zc_instance_restore_imported(instance, reader_of(state));
    return instance;
}

/* --- what is restored --- */

static void check_same(zc_instance *a, zc_instance *b)
{
    CHECK(call(a, "sum", 0, 0) == call(b, "sum", 0, 0));
    for (uint32_t i = 0; i < 6; i++) {
        uint32_t from_a = 0, from_b = 0;
        zc_status status_a = try_call(a, module, "by_table", i, 0, &from_a, &error);
        zc_global_set(shared, zc_global_get(shared) - (i == 3)); /* "bump" counts in it */
        zc_status status_b = try_call(b, module, "by_table", i, 0, &from_b, &error);
        CHECK(status_a == status_b && from_a == from_b && status_a == (i >= 1 && i <= 3 ? ZC_OK : ZC_TRAP));
    }
    CHECK(zc_instance_fuel_used(a) == zc_instance_fuel_used(b) && zc_instance_fuel(a) == zc_instance_fuel(b));
}

static void test_all_comes_back(void)
{
    zc_instance *instance = begin(), *copy;
    CHECK(call(instance, "grow", 1, 0) == 2);
    for (int i = 0; i < 5; i++) {
        (void)call(instance, "bump", 0, 0);
    }
    (void)call(instance, "poke", 3 * PAGE - 1, 9);
    zc_image *image;
    zc_writer state = save(instance, &image);
    uint32_t pages;
    CHECK(zc_instance_saved_pages(module, reader_of(&state), &pages, &error) == ZC_OK && pages == 3);
    zc_global_set(shared, 0); /* somebody else's doing: it comes back */
    copy = restored(&state, image, &limits);
    CHECK(zc_global_get(shared) == 105);
    CHECK(zc_memory_pages(zc_instance_memory(copy)) == 3 && call(copy, "peek", 3 * PAGE - 1, 0) == 9);
    CHECK(call(copy, "peek", 0, 0) == 1); /* the start function did not run again */
    CHECK(call(copy, "peek", 16, 0) == 5 && call(copy, "peek", 17, 0) == 'i'); /* nor were data segments copied */
    for (int i = 0; i < 4; i++) {
        (void)call(instance, "peek", 0, 0); /* as often as in the copy */
    }
    check_same(instance, copy);
    (void)call(copy, "bump", 0, 0);
    CHECK(call(copy, "peek", 16, 0) == 7 && call(instance, "peek", 16, 0) == 6);
    CHECK(call(copy, "grow", 7, 0) == 3 && call(copy, "peek", 10 * PAGE - 1, 0) == 0);
    CHECK(call(copy, "grow", 1, 0) == UINT32_MAX && zc_memory_pages(zc_instance_memory(instance)) == 3);
    /* What was brought back can be taken again, and is the same. */
    zc_writer again = save(copy, NULL);
    CHECK(again.size == state.size && memcmp(again.bytes, state.bytes, 14) == 0);
    zc_writer_free(&again);
    zc_instance_free(instance);
    zc_instance_free(copy);
    copy = restored(&state, image, &limits);
    again = save(copy, NULL);
    CHECK(again.size == state.size && memcmp(again.bytes, state.bytes, state.size) == 0);
    zc_writer_free(&again);
    zc_writer_free(&state);
    zc_instance_free(copy);
    zc_image_release(image);
}

static void test_fuel(void)
{
    zc_instance *instance = begin(), *copy;
    zc_image *image;
    zc_instance_set_fuel(instance, 5000);
    (void)call(instance, "spin", 100, 0);
    uint64_t left = zc_instance_fuel(instance), used = zc_instance_fuel_used(instance);
    CHECK(left > 1000 && left < 5000);
    zc_writer state = save(instance, &image);
    zc_limits less = limits;
    copy = restored(&state, image, &limits);
    CHECK(zc_instance_fuel(copy) == left && zc_instance_fuel_used(copy) == used);
    CHECK(try_call(copy, module, "spin", 1000000, 0, NULL, &error) == ZC_TRAP && error.kind == ZC_TRAP_OUT_OF_FUEL);
    zc_instance_free(copy);
    less.fuel = 1000;
    copy = restored(&state, image, &less);
    CHECK(zc_instance_fuel(copy) == 1000 && zc_instance_fuel_used(copy) == used);
    CHECK(try_call(copy, module, "spin", 10000, 0, NULL, &error) == ZC_TRAP && error.kind == ZC_TRAP_OUT_OF_FUEL);
    zc_instance_free(copy);
    zc_writer_free(&state);
    zc_instance_set_fuel(instance, ZC_NO_LIMIT);
    state = save(instance, NULL);
    copy = restored(&state, image, &limits);
    CHECK(zc_instance_fuel(copy) == ZC_NO_LIMIT);
    zc_instance_free(copy);
    copy = restored(&state, image, &less);
    CHECK(zc_instance_fuel(copy) == 1000);
    zc_instance_free(copy);
    zc_instance_free(instance);
    zc_writer_free(&state);
    zc_image_release(image);
}

/* A module without memory, and with one global: next() counts. */
static void test_without_memory(void)
{
    static const uint8_t bytes[] = {0,    'a',  's', 'm',  1, 0,    0,   0,    1,    5,    1,    0x60, 0,
                                    1,    0x7f, 3,   2,    1, 0,    6,   6,    1,    0x7f, 1,    0x41, 7,
                                    0x0b, 7,    8,   1,    4, 'n',  'e', 'x',  't',  0,    0,    0x0a, 0x0d,
                                    1,    0x0b, 0,   0x23, 0, 0x41, 1,   0x6a, 0x24, 0,    0x23, 0,    0x0b};
    uint8_t *copied = zc_malloc(sizeof bytes);
    zc_module *bare;
    zc_instance *instance, *copy;
    uint32_t pages, result;
    memcpy(copied, bytes, sizeof bytes);
    CHECK(zc_module_new(copied, sizeof bytes, &bare, &error) == ZC_OK);
    CHECK(zc_instance_new(bare, &zc_engine_wasm3, NULL, &limits, &instance, &error) == ZC_OK);
    CHECK(try_call(instance, bare, "next", 0, 0, &result, &error) == ZC_OK && result == 8);
    zc_writer state = save(instance, NULL);
    CHECK(zc_instance_saved_pages(bare, reader_of(&state), &pages, &error) == ZC_OK && pages == 0);
    CHECK(zc_instance_reservation(bare, &limits) == 0);
    zc_reader reader = reader_of(&state);
    CHECK(zc_instance_restore(bare, &zc_engine_wasm3, NULL, &limits, &reader, NULL, &copy, &error) == ZC_OK);
    CHECK(reader.at == reader.end);
    CHECK(try_call(copy, bare, "next", 0, 0, &result, &error) == ZC_OK && result == 9);
    zc_instance_free(copy);
    zc_region *region;
    CHECK(zc_region_create(PAGE, PAGE, &region, &error) == ZC_OK);
    reader = reader_of(&state);
    CHECK_FAILS(zc_instance_restore(bare, &zc_engine_wasm3, NULL, &limits, &reader, region, &copy, &error), ZC_SNAPSHOT,
                "65536");
    /* Another module's state: no two have the same shape here. */
    reader = reader_of(&state);
    CHECK_FAILS(zc_instance_restore(module, &zc_engine_wasm3, imports, &limits, &reader, NULL, &copy, &error),
                ZC_SNAPSHOT, "no memory, the module one");
    zc_writer_free(&state);
    zc_instance_free(instance);
    zc_module_release(bare);
}

/* --- what is refused --- */

static void test_limits(void)
{
    zc_instance *instance = begin(), *copy;
    CHECK(call(instance, "grow", 3, 0) == 2);
    zc_image *image;
    zc_writer state = save(instance, &image);
    zc_limits less = limits;
    CHECK(zc_instance_reservation(module, &limits) == 10 * PAGE);
    less.memory = 7 * PAGE + 5;
    CHECK(zc_instance_reservation(module, &less) == 7 * PAGE);
    copy = restored(&state, image, &less);
    CHECK(call(copy, "grow", 2, 0) == 5 && call(copy, "grow", 1, 0) == UINT32_MAX);
    zc_instance_free(copy);
    less.memory = 5 * PAGE - 1;
    zc_reader reader = reader_of(&state);
    CHECK_FAILS(zc_instance_restore(module, &zc_engine_wasm3, imports, &less, &reader, memory_of(image, &limits), &copy,
                                    &error),
                ZC_SNAPSHOT, "327680 bytes, the limit is 327679");
    less = limits;
    less.table = 5;
    CHECK_FAILS(restore(reader_of(&state), image, &less, &copy), ZC_SNAPSHOT, "6 elements, the limit is 5");
    reader = reader_of(&state);
    CHECK_FAILS(zc_instance_restore(module, &zc_engine_wasm3, imports, &limits, &reader, NULL, &copy, &error),
                ZC_SNAPSHOT, "327680 bytes of memory, there are 0");
    zc_region *region;
    CHECK(zc_region_create(10 * PAGE, 4 * PAGE, &region, &error) == ZC_OK);
    reader = reader_of(&state);
    CHECK_FAILS(zc_instance_restore(module, &zc_engine_wasm3, imports, &limits, &reader, region, &copy, &error),
                ZC_SNAPSHOT, "327680 bytes of memory, there are 262144");
    /* With less reserved it cannot grow as far. */
    CHECK(zc_image_region(image, 6 * PAGE, &region, &error) == ZC_OK);
    reader = reader_of(&state);
    CHECK(zc_instance_restore(module, &zc_engine_wasm3, imports, &limits, &reader, region, &copy, &error) == ZC_OK);
    CHECK(call(copy, "grow", 2, 0) == UINT32_MAX && call(copy, "grow", 1, 0) == 5);
    zc_instance_free(copy);
    zc_instance_free(instance);
    zc_writer_free(&state);
    zc_image_release(image);
}

static void test_imported_globals(void)
{
    zc_instance *instance = begin(), *copy;
    zc_image *image;
    (void)call(instance, "bump", 0, 0);
    zc_writer state = save(instance, &image);
    zc_global *other = global(ZC_I64, false, 5);
    zc_import_value changed[3] = {imports[0], imports[1], {.kind = ZC_EXTERN_GLOBAL, .global = other}};
    zc_reader reader = reader_of(&state);
    zc_global_set(shared, 3);
    CHECK_FAILS(zc_instance_restore(module, &zc_engine_wasm3, changed, &limits, &reader, memory_of(image, &limits),
                                    &copy, &error),
                ZC_SNAPSHOT, "import env.seed: the global was 0x123456789abcdef0, now it is 0x5");
    CHECK(zc_global_get(shared) == 3); /* nothing was restored of it */
    changed[2] = (zc_import_value){.kind = ZC_EXTERN_FUNC, .function = host};
    reader = reader_of(&state);
    CHECK(zc_instance_restore(module, &zc_engine_wasm3, changed, &limits, &reader, memory_of(image, &limits), &copy,
                              &error) == ZC_LINK);
    CHECK(zc_global_get(shared) == 3);
    zc_global_release(other);
    zc_instance_free(instance);
    zc_writer_free(&state);
    zc_image_release(image);
}

static void test_imported_memory(const char *path)
{
    zc_module *importing = load(path);
    zc_memory *memory;
    CHECK(zc_memory_new(&(zc_limits_type){1, 100, true}, ZC_NO_LIMIT, &memory, &error) == ZC_OK);
    const zc_import_value given[] = {{.kind = ZC_EXTERN_MEMORY, .memory = memory},
                                     {.kind = ZC_EXTERN_GLOBAL, .global = seed},
                                     {.kind = ZC_EXTERN_GLOBAL, .global = shared},
                                     {.kind = ZC_EXTERN_FUNC, .function = host}};
    zc_instance *a, *b;
    CHECK(zc_instance_new(importing, &zc_engine_wasm3, given, &limits, &a, &error) == ZC_OK);
    CHECK(zc_instance_new(importing, &zc_engine_wasm3, given, &limits, &b, &error) == ZC_OK);
    /* Who holds one holds all that share its memory. */
    CHECK(zc_instance_hold(a, &error) == ZC_OK);
    CHECK_FAILS(zc_instance_hold(b, &error), ZC_CONCURRENT, "is held");
    CHECK_FAILS(try_call(b, importing, "bump", 0, 0, NULL, &error), ZC_CONCURRENT, "is held");
    zc_writer state = {0};
    CHECK_FAILS(zc_instance_save(a, &state, &error), ZC_UNSUPPORTED, "import env.memory");
    CHECK(state.size == 0);
    zc_instance_let_go(a);
    CHECK(try_call(b, importing, "bump", 0, 0, NULL, &error) == ZC_OK);
    CHECK(zc_instance_reservation(importing, &limits) == 0);
    zc_instance *instance = begin();
    state = save(instance, NULL);
    zc_reader reader = reader_of(&state);
    zc_instance *copy;
    CHECK_FAILS(zc_instance_restore(importing, &zc_engine_wasm3, given, &limits, &reader, NULL, &copy, &error),
                ZC_SNAPSHOT, "imports its memory");
    zc_instance_free(instance);
    zc_writer_free(&state);
    zc_instance_free(a);
    zc_instance_free(b);
    zc_memory_release(memory);
    zc_module_release(importing);
}

/* --- holding --- */

static zc_status hold_inside(zc_instance *instance, zc_error *failed)
{
    return zc_instance_hold(instance, failed);
}

static zc_status tick(void *context, zc_error *failed)
{
    (void)failed;
    *(zc_status *)context = zc_instance_hold(inside, &error);
    return ZC_OK;
}

static void resume(void *context)
{
    (void)context;
}

static void *call_elsewhere(void *result)
{
    zc_error failed;
    *(zc_status *)result = try_call(inside, module, "bump", 0, 0, NULL, &failed);
    return NULL;
}

static void test_holding(void)
{
    zc_instance *instance = inside = begin();
    zc_writer state = {0};
    CHECK_FAILS(zc_instance_save(instance, &state, &error), ZC_CONCURRENT, "must be held");
    CHECK(zc_instance_hold(instance, &error) == ZC_OK);
    CHECK_FAILS(zc_instance_hold(instance, &error), ZC_CONCURRENT, "is held");
    CHECK_FAILS(try_call(instance, module, "bump", 0, 0, NULL, &error), ZC_CONCURRENT, "is held");
    pthread_t thread;
    zc_status elsewhere = ZC_OK;
    CHECK(pthread_create(&thread, NULL, call_elsewhere, &elsewhere) == 0 && pthread_join(thread, NULL) == 0);
    CHECK(elsewhere == ZC_CONCURRENT);
    zc_instance_let_go(instance);
    CHECK(call(instance, "bump", 0, 0) == 1);
    /* In the middle of a call, from a host function, and from a tick. */
    do_inside = hold_inside;
    CHECK(call(instance, "by_table", 2, 0) == 7 && said_inside == ZC_CONCURRENT);
    CHECK(strstr(error.message, "in the middle of a call"));
    do_inside = NULL;
    zc_status ticked = ZC_OK;
    zc_call_hooks hooks = {.tick = tick, .resume = resume, .context = &ticked};
    uint32_t spin = exported(module, "spin");
    uint64_t *frame = zc_instance_frame(instance, spin, &error);
    frame[0] = 1000000;
    CHECK(zc_instance_call(instance, spin, frame, &hooks, &error) == ZC_OK && ticked == ZC_CONCURRENT);
    CHECK(zc_instance_hold(instance, &error) == ZC_OK); /* and it was not left held */
    zc_instance_let_go(instance);
    CHECK(call(instance, "bump", 0, 0) == 2);
    zc_instance_free(instance);
}

static _Atomic bool stop;

static void *call_again_and_again(void *context)
{
    uint64_t *calls = context, busy = 0;
    zc_error failed;
    while (!atomic_load(&stop)) {
        zc_status status = try_call(inside, module, "spin", 100, 0, NULL, &failed);
        if (status != ZC_OK && status != ZC_CONCURRENT) {
            return (void *)"a call failed";
        }
        *calls += status == ZC_OK;
        busy += status == ZC_CONCURRENT;
    }
    return NULL;
}

/* While another thread calls, a hold is had now and then, and what is saved under it is whole. */
static void test_holding_beside_calls(void)
{
    inside = begin();
    uint64_t calls = 0, held = 0;
    pthread_t thread;
    CHECK(pthread_create(&thread, NULL, call_again_and_again, &calls) == 0);
    while (held < 200) {
        zc_writer state = {0};
        if (zc_instance_hold(inside, &error) == ZC_OK) {
            held++;
            CHECK(zc_instance_save(inside, &state, &error) == ZC_OK && !zc_instance_running(inside));
            zc_instance_let_go(inside);
            zc_writer_free(&state);
        }
    }
    atomic_store(&stop, true);
    void *wrong;
    CHECK(pthread_join(thread, &wrong) == 0 && !wrong);
    zc_instance_free(inside);
}

/* --- damage --- */

/* Whatever the bytes: refused, or an instance that can be used. */
static void try_state(const uint8_t *bytes, size_t size, zc_image *image, uint64_t *accepted)
{
    zc_instance *instance;
    zc_reader reader = {.at = bytes, .end = bytes + size};
    uint32_t pages;
    zc_status pages_status = zc_instance_saved_pages(module, reader, &pages, &error);
    CHECK(pages_status == ZC_OK || pages_status == ZC_SNAPSHOT);
    zc_limits within = limits;
    within.fuel = 10000;
    zc_status status = restore(reader, image, &within, &instance);
    if (status != ZC_OK) {
        CHECK(status == ZC_SNAPSHOT && error.code == ZC_SNAPSHOT && error.message[0]);
        return;
    }
    ++*accepted;
    CHECK(zc_instance_fuel(instance) <= 10000);
    for (uint32_t i = 0; i < 6; i++) {
        zc_status called = try_call(instance, module, "by_table", i, 0, NULL, &error);
        CHECK(called == ZC_OK || called == ZC_TRAP);
    }
    static const char *const names[] = {"bump", "sum", "peek", "poke", "grow", "spin"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        zc_status called = try_call(instance, module, names[i], 1, 1, NULL, &error);
        CHECK(called == ZC_OK || called == ZC_TRAP);
    }
    CHECK(zc_instance_fuel(instance) <= 10000);
    zc_instance_free(instance);
}

static void test_damage(void)
{
    zc_instance *instance = begin();
    zc_image *image;
    uint64_t accepted = 0;
    zc_writer state = save(instance, &image);
    long before = blocks;
    for (size_t size = 0; size < state.size; size++) {
        uint8_t *cut = malloc(size ? size : 1); /* so that ASan sees what is read after the end */
        CHECK(cut);
        memcpy(cut, state.bytes, size);
        try_state(cut, size, image, &accepted);
        free(cut);
    }
    CHECK(accepted == 0);
    for (size_t bit = 0; bit < state.size * 8; bit++) {
        state.bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        try_state(state.bytes, state.size, image, &accepted);
        state.bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    CHECK(accepted > 100 && accepted < state.size * 8); /* values of globals, fuel, functions of the table */
    CHECK(blocks == before && zc_region_count() == 1);
    zc_instance_free(instance);
    zc_writer_free(&state);
    zc_image_release(image);
}

/* What a single bit does not say. */
static void test_lies(void)
{
    enum { FUEL_USED = 21, FIRST_GLOBAL = 45 }; /* where they are */
    zc_instance *instance = begin(), *copy;
    zc_image *image;
    (void)call(instance, "bump", 0, 0);
    zc_writer state = save(instance, &image);
    CHECK(state.bytes[FIRST_GLOBAL] == ZC_I32 && state.bytes[FIRST_GLOBAL + 2] == 101);
    memset(state.bytes + FUEL_USED, 0xff, 8); /* with what is left it would be less than what is granted */
    CHECK_FAILS(restore(reader_of(&state), image, &limits, &copy), ZC_SNAPSHOT, "18446744073709551615 of fuel");
    memset(state.bytes + FUEL_USED, 0, 8);
    state.bytes[FIRST_GLOBAL + 2 + 4] = 1; /* an i32 of 33 bits */
    CHECK_FAILS(restore(reader_of(&state), image, &limits, &copy), ZC_SNAPSHOT, "global 0");
    state.bytes[FIRST_GLOBAL + 2 + 4] = 0;
    zc_instance_free(restored(&state, image, &limits));
    zc_instance_free(instance);
    zc_writer_free(&state);
    zc_image_release(image);
}

/* Each request for memory fails once: that is said, nothing is left, and the region is gone. */
static void test_no_memory(void)
{
    zc_instance *instance = begin(), *copy = NULL;
    zc_image *image;
    zc_writer state = save(instance, &image);
    long before = blocks;
    int failures = 0;
    for (int n = 0; !copy; n++) {
        zc_region *region = memory_of(image, &limits);
        zc_reader reader = reader_of(&state);
        countdown = n;
        zc_status status =
            zc_instance_restore(module, &zc_engine_wasm3, imports, &limits, &reader, region, &copy, &error);
        countdown = -1;
        CHECK(status == ZC_OK || status == ZC_NO_MEMORY);
        failures += status != ZC_OK;
        CHECK(status == ZC_OK || (blocks == before && zc_region_count() == 1 && !copy));
    }
    CHECK(failures > 5);
    check_same(instance, copy);
    zc_instance_free(copy);
    zc_instance_free(instance);
    zc_writer_free(&state);
    zc_image_release(image);
}

int main(int argc, char **argv)
{
    CHECK(argc == 3);
    set_up(argv[1]);
    test_all_comes_back();
    test_fuel();
    test_without_memory();
    test_limits();
    test_imported_globals();
    test_imported_memory(argv[2]);
    test_holding();
    test_holding_beside_calls();
    test_damage();
    test_lies();
    test_no_memory();
    zc_global_release(shared);
    zc_global_release(seed);
    zc_module_release(module);
    CHECK(zc_region_count() == 0 && blocks == 0);
    puts("ok");
}
