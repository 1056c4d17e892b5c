/* test_scope: what ends calls from outside: scopes with fuel, deadlines and flags, nested and across instances; interrupts;
 * both from other threads, which must reach the call that is meant and none that comes later. Links csrc/base, region,
 * validate, guest and the engine.
 *
 *     test_scope BASICS.wasm     (tests/guests)
 */
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

#include "base/zc_alloc.h"
#include "base/zc_clock.h"
#include "engine/zc_engine_wasm3.h"
#include "guest/zc_guest.h"

static zc_error error;
#include "check.h"

#define ROUNDS 100
#define MS ((uint64_t)1000000)

static zc_module *module;

typedef struct guest {
    zc_instance *instance;
    struct guest *nested; /* whose spin() its host function calls */
    zc_status nested_status;
    uint32_t nested_kind;
} guest;

static zc_status call(guest *self, const char *name, uint64_t first, const zc_call_hooks *hooks, zc_error *out)
{
    const zc_module_info *info = zc_module_get_info(module);
    for (uint32_t i = 0; i < info->export_count; i++) {
        const zc_export *each = &info->exports[i];
        if (each->name.size != strlen(name) || memcmp(each->name.bytes, name, each->name.size) != 0) {
            continue;
        }
        const zc_func_type *type = &info->types[info->funcs[each->index].type_index];
        uint64_t *frame = zc_instance_frame(self->instance, each->index, out);
        if (!frame) {
            return out->code;
        }
        for (uint32_t p = 0; p < type->param_count; p++) {
            frame[type->result_count + p] = first;
        }
        return zc_instance_call(self->instance, each->index, frame, hooks, out);
    }
    abort();
}

static zc_status host(void *context, uint64_t *slots, zc_error *out)
{
    guest *self = context;
    (void)slots;
    if (!self->nested) {
        return ZC_OK;
    }
    self->nested_status = call(self->nested, "spin", 0, NULL, out);
    self->nested_kind = out->kind;
    return zc_fail(out, ZC_HOST, "what was nested has failed");
}

static guest begin(uint64_t deadline_ns, guest *self)
{
    const zc_limits limits = {.memory = ZC_NO_LIMIT,
                              .table = 100,
                              .call_depth = 1000,
                              .stack_bytes = 65536,
                              .fuel = ZC_NO_LIMIT,
                              .deadline_ns = deadline_ns};
    zc_import_value imports[2] = {{.kind = ZC_EXTERN_FUNC, .function = host, .context = self},
                                  {.kind = ZC_EXTERN_FUNC, .function = host, .context = self}};
    guest made = {0};
    CHECK(zc_instance_new(module, &zc_engine_wasm3, imports, &limits, &made.instance, &error) == ZC_OK);
    return made;
}

static void ends(zc_status status, const zc_error *how, zc_trap_kind kind)
{
    if (status != ZC_TRAP || how->kind != kind) {
        fprintf(stderr, "status %d, kind %s, wanted %s: %s\n", (int)status, zc_trap_name(how->kind), zc_trap_name(kind),
                how->message);
        exit(1);
    }
}

/* --- one thread --- */

static void test_fuel(void)
{
    zc_scope outer, scope;
    guest one = begin(ZC_NO_LIMIT, &one);
    CHECK(call(&one, "spin_for", 100000, NULL, &error) == ZC_OK);
    uint64_t used = zc_instance_fuel_used(one.instance);
    zc_scope_enter(&outer, NULL, ZC_NO_LIMIT, 10 * used);
    zc_scope_enter(&scope, NULL, ZC_NO_LIMIT, used);
    CHECK(call(&one, "spin_for", 100000, NULL, &error) == ZC_OK);
    CHECK(scope.fuel_used == used && outer.fuel_used == used && zc_instance_fuel_used(one.instance) == 2 * used);
    ends(call(&one, "nothing", 0, NULL, &error), &error, ZC_TRAP_OUT_OF_FUEL);
    zc_scope_leave(&scope);
    zc_scope_enter(&scope, NULL, ZC_NO_LIMIT, used - 1);
    ends(call(&one, "spin_for", 100000, NULL, &error), &error, ZC_TRAP_OUT_OF_FUEL);
    zc_scope_leave(&scope);
    zc_scope_enter(&scope, NULL, ZC_NO_LIMIT, ZC_NO_LIMIT);
    ends(call(&one, "spin", 0, NULL, &error), &error, ZC_TRAP_OUT_OF_FUEL); /* of the outer one */
    zc_scope_leave(&scope);
    zc_scope_leave(&outer);
    CHECK(call(&one, "spin_for", 100000, NULL, &error) == ZC_OK);
    zc_instance_free(one.instance);
}

static void test_deadlines(void)
{
    zc_scope outer, scope;
    guest one = begin(ZC_NO_LIMIT, &one), limited = begin(20 * MS, &limited);
    zc_scope_enter(&outer, NULL, 20 * MS, ZC_NO_LIMIT);
    zc_scope_enter(&scope, NULL, 1000000 * MS, ZC_NO_LIMIT);
    ends(call(&one, "spin", 0, NULL, &error), &error, ZC_TRAP_DEADLINE);
    CHECK(zc_instance_deadline(one.instance) == 20 * MS);
    ends(call(&one, "nothing", 0, NULL, &error), &error, ZC_TRAP_DEADLINE); /* none begins any more */
    CHECK(zc_scope_check(&error) == ZC_TRAP);
    zc_scope_leave(&scope);
    zc_scope_leave(&outer);
    CHECK(zc_scope_check(&error) == ZC_OK);
    CHECK(call(&one, "nothing", 0, NULL, &error) == ZC_OK);
    zc_scope_enter(&scope, NULL, 1000000 * MS, ZC_NO_LIMIT);
    ends(call(&limited, "spin", 0, NULL, &error), &error, ZC_TRAP_DEADLINE); /* its own is less */
    zc_scope_leave(&scope);
    limited.nested = &one;
    CHECK(call(&limited, "call log!", 0, NULL, &error) == ZC_HOST && error.kind == ZC_TRAP_DEADLINE);
    CHECK(limited.nested_status == ZC_TRAP && limited.nested_kind == ZC_TRAP_DEADLINE);
    zc_instance_free(one.instance);
    zc_instance_free(limited.instance);
}

static zc_status tick_status;

static zc_status tick(void *context, zc_error *out)
{
    zc_error own;
    (void)out;
    tick_status = call(context, "spin_for", 100000, NULL, &own);
    return ZC_OK;
}

static void resume(void *context)
{
    (void)context;
}

/* What a signal handler calls is no part of the call that it interrupts. */
static void test_ticks(void)
{
    zc_scope scope;
    guest one = begin(ZC_NO_LIMIT, &one), other = begin(ZC_NO_LIMIT, &other);
    const zc_call_hooks hooks = {.tick = tick, .resume = resume, .context = &other};
    tick_status = ZC_HOST;
    zc_scope_enter(&scope, NULL, ZC_NO_LIMIT, 50000);
    ends(call(&one, "spin", 0, &hooks, &error), &error, ZC_TRAP_OUT_OF_FUEL);
    zc_scope_leave(&scope);
    CHECK(tick_status == ZC_OK && scope.fuel_used == zc_instance_fuel_used(one.instance));
    zc_instance_free(one.instance);
    zc_instance_free(other.instance);
}

/* --- several threads --- */

typedef struct runner {
    guest own, inner;
    _Atomic bool flags[ROUNDS];
    _Atomic uint32_t round; /* that has begun, from 1 */
    _Atomic bool failed;
} runner;

/* Every round: a call that only an interrupt or its flag ends, then one that nothing may end. */
static void *run(void *context)
{
    runner *self = context;
    zc_error own = {0};
    for (uint32_t i = 0; i < ROUNDS && !atomic_load(&self->failed); i++) {
        zc_scope scope;
        zc_scope_enter(&scope, i % 2 ? &self->flags[i] : NULL, ZC_NO_LIMIT, ZC_NO_LIMIT);
        atomic_store(&self->round, i + 1);
        self->own.nested_kind = ZC_TRAP_NONE;
        self->own.nested = i % 4 < 2 ? NULL : &self->inner;
        zc_status status = call(&self->own, self->own.nested ? "call log!" : "spin", 0, NULL, &own);
        /* ZC_TRAP: in itself, or it did not even begin, since its flag was set before. */
        bool inside = self->own.nested && self->own.nested_kind == ZC_TRAP_INTERRUPTED;
        bool well = (status == ZC_TRAP || (status == ZC_HOST && inside)) && own.kind == ZC_TRAP_INTERRUPTED;
        zc_scope_leave(&scope);
        if (!well || call(&self->own, "spin_for", 30000, NULL, &own) != ZC_OK ||
            call(&self->inner, "spin_for", 30000, NULL, &own) != ZC_OK) {
            fprintf(stderr, "round %u: status %d, %s\n", i, (int)status, own.message);
            atomic_store(&self->failed, true);
        }
    }
    return NULL;
}

static void *end(void *context)
{
    runner *self = context;
    for (uint32_t i = 0; i < ROUNDS && !atomic_load(&self->failed); i++) {
        while (atomic_load(&self->round) <= i && !atomic_load(&self->failed)) {
            (void)sched_yield();
        }
        if (i % 2) {
            atomic_store(&self->flags[i], true);
        } else {
            while (!zc_instance_interrupt(self->own.instance) && !atomic_load(&self->failed)) {
            }
        }
    }
    return NULL;
}

static void test_threads(void)
{
    static runner runners[3];
    pthread_t threads[6];
    for (int i = 0; i < 3; i++) {
        runners[i].own = begin(ZC_NO_LIMIT, &runners[i].own);
        runners[i].inner = begin(ZC_NO_LIMIT, &runners[i].inner);
        CHECK(!zc_instance_interrupt(runners[i].own.instance));
        CHECK(pthread_create(&threads[2 * i], NULL, run, &runners[i]) == 0);
        CHECK(pthread_create(&threads[2 * i + 1], NULL, end, &runners[i]) == 0);
    }
    for (int i = 0; i < 6; i++) {
        CHECK(pthread_join(threads[i], NULL) == 0);
    }
    for (int i = 0; i < 3; i++) {
        CHECK(!atomic_load(&runners[i].failed) && !zc_instance_running(runners[i].own.instance));
        zc_instance_free(runners[i].own.instance);
        zc_instance_free(runners[i].inner.instance);
    }
}

int main(int count, char **arguments)
{
    FILE *file = count == 2 ? fopen(arguments[1], "rb") : NULL;
    uint8_t *bytes = zc_malloc(65536);
    CHECK(file && bytes);
    size_t size = fread(bytes, 1, 65536, file);
    (void)fclose(file);
    CHECK(zc_module_new(bytes, size, &module, &error) == ZC_OK);
    test_fuel();
    test_deadlines();
    test_ticks();
    test_threads();
    zc_module_release(module);
    (void)puts("ok");
    return 0;
}
