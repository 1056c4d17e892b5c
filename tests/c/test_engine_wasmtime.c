/* test_engine_wasmtime: wasmtime as an engine below Python: calls, nested ones, traps, what ends calls, and that all is given
 * back; for sanitizers. Links base, region, validate, guest and engine/.
 *
 *     test_engine_wasmtime LIBRARY VERSION BASICS.wasm     (tests/guests)
 */
#include <pthread.h>

#include "base/zc_alloc.h"
#include "engine/zc_engine_wasmtime.h"
#include "guest/zc_guest.h"

static zc_error error;
#include "check.h"

#define MS ((uint64_t)1000000)

static zc_module *module;

typedef struct guest {
    zc_instance *instance;
    const char *nested; /* what its host function calls, or NULL */
    zc_status nested_status;
    zc_status fails; /* what its host function fails with */
} guest;

static zc_status call(guest *self, const char *name, const uint64_t *arguments, uint64_t *result, zc_error *out)
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
            frame[type->result_count + p] = arguments[p];
        }
        zc_status status = zc_instance_call(self->instance, each->index, frame, NULL, out);
        for (uint32_t r = 0; status == ZC_OK && r < type->result_count; r++) {
            result[r] = frame[r];
        }
        return status;
    }
    abort();
}

/* Takes (i32) or (i32, i64), and of the second gives (i64, i32). */
static zc_status host(void *context, uint64_t *slots, zc_error *out)
{
    guest *self = context;
    uint64_t two[] = {20, 22}, sum = 0;
    if (self->nested) {
        self->nested_status = call(self, self->nested, two, &sum, out);
    }
    (void)slots;
    return self->fails == ZC_OK ? ZC_OK : zc_fail(out, self->fails, "the host's failure");
}

static zc_status swap(void *context, uint64_t *slots, zc_error *out)
{
    (void)context, (void)out;
    uint64_t small = slots[2], large = slots[3];
    slots[0] = large;
    slots[1] = small;
    return ZC_OK;
}

static void begin(guest *self, uint64_t fuel, uint64_t deadline_ns)
{
    const zc_limits limits = {.memory = ZC_NO_LIMIT,
                              .table = 100,
                              .call_depth = ZC_DEFAULT_CALL_DEPTH,
                              .stack_bytes = 65536,
                              .fuel = fuel,
                              .deadline_ns = deadline_ns};
    zc_import_value imports[2] = {{.kind = ZC_EXTERN_FUNC, .function = host, .context = self},
                                  {.kind = ZC_EXTERN_FUNC, .function = swap, .context = self}};
    *self = (guest){0};
    const zc_engine *engine = zc_engine_wasmtime_of(zc_engine_wasmtime_variant(&limits));
    CHECK(zc_instance_new(module, engine, imports, &limits, &self->instance, &error) == ZC_OK);
}

static void ends(zc_status status, zc_trap_kind kind)
{
    CHECK(status == ZC_TRAP && error.kind == (uint32_t)kind);
}

static void test_calls(uint64_t fuel)
{
    guest self;
    uint64_t results[4] = {0}, values[4] = {20, 22}, pair[] = {7, UINT64_C(1) << 40};
    begin(&self, fuel, ZC_NO_LIMIT);
    CHECK(zc_instance_counts_fuel(self.instance) == (fuel != ZC_NO_LIMIT));
    CHECK(call(&self, "add", values, results, &error) == ZC_OK && results[0] == 42);
    CHECK(call(&self, "call_pair", pair, results, &error) == ZC_OK);
    CHECK(results[0] == pair[1] && results[1] == 7);
    self.nested = "add";
    CHECK(call(&self, "call log!", values, results, &error) == ZC_OK && self.nested_status == ZC_OK);
    self.nested = "unreachable";
    CHECK(call(&self, "call log!", values, results, &error) == ZC_OK && self.nested_status == ZC_TRAP);
    self.nested = NULL;
    self.fails = ZC_LIMIT;
    CHECK_FAILS(call(&self, "call log!", values, results, &error), ZC_LIMIT, "the host's failure");
    self.fails = ZC_HOST;
    CHECK_FAILS(call(&self, "call log!", values, results, &error), ZC_HOST, "the host's failure");
    CHECK(error.kind == ZC_TRAP_NONE);
    ends(call(&self, "unreachable", values, results, &error), ZC_TRAP_UNREACHABLE);
    CHECK(zc_instance_trace(self.instance, NULL, 0) == 1);
    values[0] = UINT32_MAX;
    ends(call(&self, "load", values, results, &error), ZC_TRAP_MEMORY_OUT_OF_BOUNDS);
    values[0] = 1000000000;
    ends(call(&self, "recurse", values, results, &error), ZC_TRAP_STACK_OVERFLOW);
    values[0] = 3;
    CHECK(call(&self, "grow", values, results, &error) == ZC_OK && results[0] == 2);
    CHECK(zc_memory_pages(zc_instance_memory(self.instance)) == 5);
    CHECK(zc_instance_hold(self.instance, &error) == ZC_OK);
    zc_writer state = {0};
    CHECK(zc_instance_save(self.instance, &state, &error) == ZC_OK && !state.failed);
    zc_instance_let_go(self.instance);
    uint32_t pages;
    const zc_reader reader = {.at = state.bytes, .end = state.bytes + state.size};
    CHECK(zc_instance_saved_pages(module, reader, &pages, &error) == ZC_OK && pages == 5);
    CHECK(zc_instance_saved_limited(module, reader) == zc_instance_counts_fuel(self.instance));
    zc_writer_free(&state);
    zc_instance_free(self.instance);
}

static void test_ends(void)
{
    guest self;
    zc_scope scope;
    uint64_t values[] = {100000}, results[1];
    begin(&self, ZC_NO_LIMIT, 5 * MS);
    ends(call(&self, "spin", values, results, &error), ZC_TRAP_DEADLINE);
    zc_scope_enter(&scope, NULL, ZC_NO_LIMIT, 1000);
    CHECK_FAILS(call(&self, "nothing", values, results, &error), ZC_BAD_VALUE, "counts none");
    zc_scope_leave(&scope);
    zc_instance_free(self.instance);
    begin(&self, 1000000, ZC_NO_LIMIT);
    CHECK(call(&self, "spin_for", values, results, &error) == ZC_OK);
    uint64_t used = zc_instance_fuel_used(self.instance);
    CHECK(used > 100000 && used + zc_instance_fuel(self.instance) == 1000000);
    ends(call(&self, "spin", values, results, &error), ZC_TRAP_OUT_OF_FUEL);
    CHECK(zc_instance_fuel(self.instance) == 0);
    zc_instance_set_fuel(self.instance, ZC_NO_LIMIT);
    zc_scope_enter(&scope, NULL, ZC_NO_LIMIT, used / 2);
    ends(call(&self, "spin_for", values, results, &error), ZC_TRAP_OUT_OF_FUEL);
    zc_scope_leave(&scope);
    CHECK(scope.fuel_used >= used / 2 - 10 && scope.fuel_used <= used / 2);
    zc_instance_free(self.instance);
}

static void *interrupt(void *instance)
{
    while (!zc_instance_interrupt(instance)) {
    }
    return NULL;
}

static void test_interrupt(void)
{
    guest self;
    pthread_t thread;
    begin(&self, ZC_NO_LIMIT, ZC_NO_LIMIT);
    CHECK(pthread_create(&thread, NULL, interrupt, self.instance) == 0);
    ends(call(&self, "spin", NULL, NULL, &error), ZC_TRAP_INTERRUPTED);
    CHECK(pthread_join(thread, NULL) == 0);
    zc_instance_free(self.instance);
}

static uint8_t *slurp(const char *path, size_t *size)
{
    FILE *file = fopen(path, "rb");
    CHECK(file && fseek(file, 0, SEEK_END) == 0);
    *size = (size_t)ftell(file);
    rewind(file);
    uint8_t *bytes = zc_malloc(*size);
    CHECK(bytes && fread(bytes, 1, *size, file) == *size);
    fclose(file);
    return bytes;
}

int main(int argc, char **argv)
{
    if (argc != 4) {
        return 2;
    }
    size_t size;
    uint8_t *bytes = slurp(argv[3], &size);
    CHECK(zc_wasmtime_load(argv[1], argv[2], &error) == ZC_OK);
    CHECK(zc_module_new(bytes, size, &module, &error) == ZC_OK);
    CHECK(!zc_engine_wasmtime_compiled(module, ZC_WASMTIME_PLAIN));
    CHECK(zc_engine_wasmtime_prepare(module, ZC_WASMTIME_PLAIN, &error) == ZC_OK);
    CHECK(zc_engine_wasmtime_compiled(module, ZC_WASMTIME_PLAIN));
    for (int i = 0; i < 3; i++) {
        test_calls(ZC_NO_LIMIT);
        test_calls(1000000000);
        test_ends();
        test_interrupt();
    }
    zc_module_release(module);
    puts("ok");
    return 0;
}
