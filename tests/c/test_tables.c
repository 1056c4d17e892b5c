/* test_tables: tables that instances share, below Python: calls between instances without an owner's hooks, instances that
 * are freed in every order while their functions lie in tables, random changes beside a model, and threads that share a
 * table. Links csrc/base, region, validate, guest and the engine.
 *
 *     test_tables TABLES.wasm     (tests/guests)
 */
#include <pthread.h>
#include <stdatomic.h>

#include "base/zc_alloc.h"
#include "engine/zc_engine_wasm3.h"
#include "guest/zc_guest.h"

static _Thread_local zc_error error;
#include "check.h"

#define GUESTS 6
#define PLACES 16
#define ROUNDS 4000
#define THREADS 4
#define CALLS 400

static zc_module *module;

static zc_status host(void *context, uint64_t *slots, zc_error *out)
{
    (void)context;
    (void)out;
    slots[0] = slots[1];
    return ZC_OK;
}

static zc_instance *begin(zc_table *table, uint32_t mark)
{
    const zc_limits limits = {.memory = ZC_NO_LIMIT,
                              .table = 100,
                              .call_depth = 100,
                              .stack_bytes = 65536,
                              .fuel = ZC_NO_LIMIT,
                              .deadline_ns = ZC_NO_LIMIT};
    zc_global *global;
    CHECK(zc_global_new((zc_global_type){.value_type = ZC_I32}, mark, &global, &error) == ZC_OK);
    const zc_import_value imports[] = {{.kind = ZC_EXTERN_TABLE, .table = table},
                                       {.kind = ZC_EXTERN_GLOBAL, .global = global},
                                       {.kind = ZC_EXTERN_FUNC, .function = host}};
    zc_instance *instance;
    CHECK(zc_instance_new(module, &zc_engine_wasm3, imports, &limits, &instance, &error) == ZC_OK);
    zc_global_release(global);
    return instance;
}

static uint32_t export(const char *name)
{
    const zc_module_info *info = zc_module_get_info(module);
    for (uint32_t i = 0; i < info->export_count; i++) {
        const zc_name *each = &info->exports[i].name;
        if (each->size == strlen(name) && memcmp(each->bytes, name, each->size) == 0) {
            return info->exports[i].index;
        }
    }
    abort();
}

static zc_status call(zc_instance *instance, const char *name, const uint32_t *arguments, uint32_t *result)
{
    const zc_module_info *info = zc_module_get_info(module);
    uint32_t function = export(name);
    const zc_func_type *type = &info->types[info->funcs[function].type_index];
    uint64_t *frame = zc_instance_frame(instance, function, &error);
    if (!frame) {
        return error.code;
    }
    for (uint32_t i = 0; i < type->param_count; i++) {
        frame[type->result_count + i] = arguments[i];
    }
    zc_status status = zc_instance_call(instance, function, frame, NULL, &error);
    if (status == ZC_OK && result) {
        *result = (uint32_t)frame[0];
    }
    return status;
}

static zc_table *new_table(uint32_t minimum)
{
    zc_table *table;
    CHECK(zc_table_new(&zc_engine_wasm3, &(zc_limits_type){.minimum = minimum}, &table, &error) == ZC_OK);
    return table;
}

static void test_calls(void)
{
    zc_table *table = new_table(PLACES);
    zc_instance *one = begin(table, 1), *two = begin(table, 2);
    uint32_t result;
    CHECK(zc_table_set(table, 3, two, export("number"), &error) == ZC_OK);
    CHECK(call(one, "call", (uint32_t[]){3}, &result) == ZC_OK && result == 2);
    CHECK(zc_table_set(table, 4, two, export("trap"), &error) == ZC_OK);
    CHECK(call(one, "call", (uint32_t[]){4}, &result) == ZC_TRAP);
    zc_instance_free(two);
    CHECK(call(one, "call", (uint32_t[]){3}, &result) == ZC_CLOSED);
    zc_instance *found;
    uint32_t function;
    CHECK(zc_table_get(table, 3, &found, &function, &error) == ZC_CLOSED);
    CHECK(zc_table_get(table, 0, &found, &function, &error) == ZC_OK && !found);
    CHECK(zc_table_get(table, PLACES, &found, &function, &error) == ZC_OUT_OF_BOUNDS);
    CHECK(zc_table_set(table, 3, NULL, 0, &error) == ZC_OK && zc_table_has_users(table));
    CHECK(zc_table_set(table, 4, NULL, 0, &error) == ZC_OK && !zc_table_has_users(table));
    zc_table_release(table); /* before the last instance that has it */
    zc_instance_free(one);
}

/* --- beside a model --- */

static uint32_t state = 1;

static uint32_t next(uint32_t below)
{
    state = state * 1664525u + 1013904223u;
    return (state >> 8) % below;
}

/* The mark of the instance whose function "number" lies there: 0 for none. Instances that were freed keep theirs. */
static uint32_t model[PLACES];

static void check(zc_instance *caller, const zc_instance *const *guests, const uint32_t *marks)
{
    for (uint32_t i = 0; i < PLACES; i++) {
        uint32_t result = 0;
        zc_status status = call(caller, "call", &i, &result);
        bool alive = false;
        for (uint32_t g = 0; g < GUESTS; g++) {
            alive = alive || (guests[g] && marks[g] == model[i]);
        }
        if (model[i] == 0) {
            CHECK(status == ZC_TRAP && error.kind == ZC_TRAP_UNINITIALIZED_ELEMENT);
        } else if (alive) {
            CHECK(status == ZC_OK && result == model[i]);
        } else {
            CHECK(status == ZC_CLOSED);
        }
    }
}

static void test_changes(void)
{
    zc_table *table = new_table(PLACES);
    zc_instance *guests[GUESTS] = {0};
    uint32_t marks[GUESTS] = {0}, made = 0;
    memset(model, 0, sizeof model);
    for (uint32_t round = 0; round < ROUNDS; round++) {
        uint32_t which = next(GUESTS), place = next(PLACES), from = next(PLACES);
        uint32_t size = next(PLACES + 1 - (place > from ? place : from));
        zc_instance **guest = &guests[which];
        if (!*guest) {
            marks[which] = ++made;
            *guest = begin(table, made);
        }
        switch (next(6)) {
        case 0:
            CHECK(call(*guest, "init", (uint32_t[]){place, 0, 1}, NULL) == ZC_OK);
            model[place] = marks[which];
            break;
        case 1:
            CHECK(call(*guest, "copy", (uint32_t[]){place, from, size}, NULL) == ZC_OK);
            memmove(model + place, model + from, size * sizeof *model);
            break;
        case 2:
            CHECK(zc_table_set(table, place, NULL, 0, &error) == ZC_OK);
            model[place] = 0;
            break;
        case 3:
            CHECK(zc_table_set(table, place, *guest, export("number"), &error) == ZC_OK);
            model[place] = marks[which];
            break;
        case 4:
            check(*guest, (const zc_instance *const *)guests, marks);
            break;
        default:
            zc_instance_free(*guest);
            *guest = NULL;
        }
    }
    uint32_t first = next(GUESTS);
    for (uint32_t i = 0; i < GUESTS; i++) {
        zc_instance_free(guests[(first + i) % GUESTS]);
        if (i == 2) {
            zc_table_release(table);
        }
    }
}

/* --- threads --- */

/* Where the parameters of a call go is nobody's until the call begins (Python has its lock then), so what one thread calls
 * from outside no other one calls through the table. */
static zc_instance *shared[THREADS], *called[THREADS];
static zc_table *shared_table;
static _Atomic uint32_t ran;

static void *work(void *argument)
{
    uint32_t number = (uint32_t)(uintptr_t)argument;
    for (uint32_t i = 0; i < CALLS; i++) {
        uint32_t place = (number + i) % THREADS, result = 0, previous;
        zc_status status = call(shared[number], "call_many", (uint32_t[]){place, 20}, &result);
        CHECK(status == ZC_CONCURRENT || (status == ZC_OK && result == 20 * (place + 1)));
        atomic_fetch_add(&ran, status == ZC_OK);
        status = call(shared[number], "copy", (uint32_t[]){THREADS, 0, THREADS}, NULL);
        CHECK(status == ZC_CONCURRENT || status == ZC_OK);
        status = zc_table_grow(shared_table, 1, &previous, &error);
        CHECK(status == ZC_CONCURRENT || status == ZC_OK);
        CHECK(zc_table_size(shared_table) >= 2 * THREADS);
    }
    return NULL;
}

static void test_threads(void)
{
    pthread_t threads[THREADS];
    shared_table = new_table(2 * THREADS);
    for (uint32_t i = 0; i < THREADS; i++) {
        shared[i] = begin(shared_table, 0);
        called[i] = begin(shared_table, i + 1);
        CHECK(call(called[i], "init", (uint32_t[]){i, 0, 1}, NULL) == ZC_OK);
    }
    for (uint32_t i = 0; i < THREADS; i++) {
        CHECK(pthread_create(&threads[i], NULL, work, (void *)(uintptr_t)i) == 0);
    }
    for (uint32_t i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
    }
    CHECK(atomic_load(&ran) > 0);
    for (uint32_t i = 0; i < THREADS; i++) {
        zc_instance_free(shared[i]);
        zc_instance_free(called[i]);
    }
    zc_table_release(shared_table);
}

int main(int count, char **arguments)
{
    CHECK(count == 2);
    FILE *file = fopen(arguments[1], "rb");
    CHECK(file != NULL);
    uint8_t *bytes = zc_malloc(1 << 16);
    CHECK(bytes != NULL);
    size_t size = fread(bytes, 1, 1 << 16, file);
    fclose(file);
    CHECK(zc_module_new(bytes, size, &module, &error) == ZC_OK);
    test_calls();
    test_changes();
    test_threads();
    zc_module_release(module);
    puts("ok");
    return 0;
}
