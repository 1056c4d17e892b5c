/* zc_wasmtime_try: see zc_wasmtime.h: a guest that shows, once in a process, that the library is what zc_wasmtime_api.h says.
 *
 * Asked for is all that the engine relies on and a version could change without a missing function: the memory is the
 * region that was offered, once; values in their slots, both ways; a global; growth in place; codes of traps; handles of
 * functions; that an epoch ends a loop, and fuel. It takes some milliseconds, of which most are the two compilations.
 * Ownership: keeps nothing. Threads: one, under the loader's lock. */
#include "engine/zc_wasmtime.h"

#include <string.h>

/* (module
 *   (import "" "" (func $host (param i32 f64) (result i64)))
 *   (memory (export "m") 1 3)
 *   (table (export "t") 3 funcref)
 *   (global (export "g") (mut i64) (i64.const -7))
 *   (func $call (export "c") (param i32 f64) (result i64)
 *     (i32.store (i32.const 16) (local.get 0)) (call $host (local.get 0) (local.get 1)))
 *   (func (export "u") unreachable)
 *   (func (export "o") (drop (i32.load (i32.const -1))))
 *   (func (export "l") (loop (br 0)))
 *   (func (export "n") (result i32) (global.set 0 (i64.const 9)) (memory.grow (i32.const 1)))
 *   (export "h" (func $host))
 *   (elem (i32.const 0) $host $call)
 *   (data (i32.const 8) "\2a")) */
static const uint8_t guest[] = {
    0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00, 0x01, 0x0e, 0x03, 0x60, 0x02, 0x7f, 0x7c, 0x01, 0x7e, 0x60, 0x00,
    0x00, 0x60, 0x00, 0x01, 0x7f, 0x02, 0x05, 0x01, 0x00, 0x00, 0x00, 0x00, 0x03, 0x06, 0x05, 0x00, 0x01, 0x01, 0x01,
    0x02, 0x04, 0x04, 0x01, 0x70, 0x00, 0x03, 0x05, 0x04, 0x01, 0x01, 0x01, 0x03, 0x06, 0x06, 0x01, 0x7e, 0x01, 0x42,
    0x79, 0x0b, 0x07, 0x25, 0x09, 0x01, 0x6d, 0x02, 0x00, 0x01, 0x74, 0x01, 0x00, 0x01, 0x67, 0x03, 0x00, 0x01, 0x63,
    0x00, 0x01, 0x01, 0x75, 0x00, 0x02, 0x01, 0x6f, 0x00, 0x03, 0x01, 0x6c, 0x00, 0x04, 0x01, 0x6e, 0x00, 0x05, 0x01,
    0x68, 0x00, 0x00, 0x09, 0x08, 0x01, 0x00, 0x41, 0x00, 0x0b, 0x02, 0x00, 0x01, 0x0a, 0x31, 0x05, 0x0f, 0x00, 0x41,
    0x10, 0x20, 0x00, 0x36, 0x02, 0x00, 0x20, 0x00, 0x20, 0x01, 0x10, 0x00, 0x0b, 0x03, 0x00, 0x00, 0x0b, 0x08, 0x00,
    0x41, 0x7f, 0x28, 0x02, 0x00, 0x1a, 0x0b, 0x07, 0x00, 0x03, 0x40, 0x0c, 0x00, 0x0b, 0x0b, 0x0a, 0x00, 0x42, 0x09,
    0x24, 0x00, 0x41, 0x01, 0x40, 0x00, 0x0b, 0x0b, 0x07, 0x01, 0x00, 0x41, 0x08, 0x0b, 0x01, 0x2a};

#define PAGE ((uint64_t)65536)
#define ANSWER INT64_C(0x1122334455667788)
#define FUEL 1000u
#define NO_TRAP 255u

typedef struct trial {
    zc_region *region, *second;
    zc_wasmtime_offer offer;
    wasmtime_store_t *store;
    wasmtime_context_t *context;
    wasmtime_module_t *module;
    wasmtime_instance_t instance;
    uint32_t releases, epochs;
    unsigned out_of_fuel; /* the code */
    int32_t seen_integer;
    double seen_double;
} trial;

static wasm_trap_t *host(void *context, wasmtime_caller_t *caller, wasmtime_val_raw_t *values, size_t count)
{
    trial *t = context;
    (void)caller, (void)count;
    t->seen_integer = values[0].i32;
    t->seen_double = values[1].f64;
    values[0].i64 = ANSWER;
    return NULL;
}

static wasmtime_error_t *on_epoch(wasmtime_context_t *store, void *context, uint64_t *delta, uint8_t *kind)
{
    trial *t = context;
    (void)store;
    *delta = 0; /* now once more: the second time it ends */
    *kind = 0;
    return ++t->epochs == 2 ? zc_wt.wasmtime_error_new("enough") : NULL;
}

static void on_release(void *context)
{
    ((trial *)context)->releases++;
}

static bool find(trial *t, const char *name, uint8_t kind, wasmtime_extern_t *out)
{
    return zc_wt.wasmtime_instance_export_get(t->context, &t->instance, name, 1, out) && out->kind == kind;
}

/* What ended it: a trap's code, NO_TRAP, or an error of another kind, then *failed. */
static unsigned call(trial *t, const char *name, wasmtime_val_raw_t *values, size_t count, bool *failed)
{
    wasmtime_extern_t function;
    wasm_trap_t *trap = NULL;
    uint8_t code = NO_TRAP;
    *failed = true;
    if (!find(t, name, WASMTIME_EXTERN_FUNC, &function)) {
        return NO_TRAP;
    }
    wasmtime_error_t *error = zc_wt.wasmtime_func_call_unchecked(t->context, &function.of.func, values, count, &trap);
    *failed = error != NULL;
    if (error) {
        zc_wt.wasmtime_error_delete(error);
    }
    if (trap) {
        *failed = !zc_wt.wasmtime_trap_code(trap, &code);
        zc_wt.wasm_trap_delete(trap);
    }
    return code;
}

static bool instantiate(trial *t)
{
    wasm_valtype_t *parameters[2] = {zc_wt.wasm_valtype_new(WASM_I32), zc_wt.wasm_valtype_new(WASM_F64)};
    wasm_valtype_t *result = zc_wt.wasm_valtype_new(WASM_I64);
    wasm_valtype_vec_t takes, gives;
    wasmtime_extern_t import = {.kind = WASMTIME_EXTERN_FUNC};
    wasm_trap_t *trap = NULL;
    zc_wt.wasm_valtype_vec_new(&takes, 2, parameters);
    zc_wt.wasm_valtype_vec_new(&gives, 1, &result);
    wasm_functype_t *type = zc_wt.wasm_functype_new(&takes, &gives);
    zc_wt.wasmtime_func_new_unchecked(t->context, type, host, t, NULL, &import.of.func);
    zc_wt.wasm_functype_delete(type);
    zc_wasmtime_offer_memory(&t->offer);
    wasmtime_error_t *error = zc_wt.wasmtime_instance_new(t->context, t->module, &import, 1, &t->instance, &trap);
    zc_wasmtime_offer_memory(NULL);
    if (error) {
        zc_wt.wasmtime_error_delete(error);
    }
    if (trap) {
        zc_wt.wasm_trap_delete(trap);
    }
    return !error && !trap;
}

/* What is not as it should be, or NULL. */
static const char *try_memory(trial *t)
{
    wasmtime_extern_t memory;
    const uint8_t *base = zc_region_base(t->region);
    if (!t->offer.taken || !find(t, "m", WASMTIME_EXTERN_MEMORY, &memory) ||
        zc_wt.wasmtime_memory_data(t->context, &memory.of.memory) != base ||
        zc_wt.wasmtime_memory_data_size(t->context, &memory.of.memory) != PAGE || base[8] != 0x2a) {
        return "a memory is not the region that was offered";
    }
    return NULL;
}

static const char *try_values(trial *t)
{
    bool failed;
    int32_t stored;
    wasmtime_extern_t global;
    wasmtime_val_t value;
    wasmtime_val_raw_t slots[2] = {{.i64 = 0}, {.f64 = -2.5}};
    slots[0].i32 = -5;
    if (call(t, "c", slots, 2, &failed) != NO_TRAP || failed || slots[0].i64 != ANSWER || t->seen_integer != -5 ||
        t->seen_double != -2.5) {
        return "values are passed otherwise";
    }
    memcpy(&stored, zc_region_base(t->region) + 16, sizeof stored);
    if (stored != -5) {
        return "a store is not seen in the region";
    }
    if (!find(t, "g", WASMTIME_EXTERN_GLOBAL, &global)) {
        return "a global is not found";
    }
    zc_wt.wasmtime_global_get(t->context, &global.of.global, &value);
    if (value.kind != WASMTIME_I64 || value.of.i64 != -7) {
        return "a global is read otherwise";
    }
    if (call(t, "n", slots, 1, &failed) != NO_TRAP || failed || slots[0].i32 != 1 ||
        zc_region_size(t->region) != 2 * PAGE) {
        return "growth does not reach the region";
    }
    zc_wt.wasmtime_global_get(t->context, &global.of.global, &value);
    return value.of.i64 == 9 && !try_memory(t) ? "memory.grow is not seen in the memory's size" : NULL;
}

static const char *try_traps(trial *t)
{
    bool failed, again;
    wasmtime_val_raw_t none = {.i64 = 0};
    if (call(t, "u", &none, 1, &failed) != WASMTIME_TRAP_UNREACHABLE || failed ||
        call(t, "o", &none, 1, &again) != WASMTIME_TRAP_MEMORY_OUT_OF_BOUNDS || again) {
        return "traps have other codes";
    }
    return NULL;
}

static const char *try_bounds(trial *t, zc_wasmtime_variant variant, const wasm_engine_t *engine)
{
    bool failed;
    wasmtime_val_raw_t none = {.i64 = 0};
    if (variant == ZC_WASMTIME_FUEL) {
        t->out_of_fuel = call(t, "l", &none, 1, &failed);
        return t->out_of_fuel <= WASMTIME_TRAP_INTERRUPT || t->out_of_fuel == NO_TRAP || failed
                   ? "fuel does not end a loop"
                   : NULL;
    }
    zc_wt.wasmtime_context_set_epoch_deadline(t->context, 1);
    zc_wt.wasmtime_engine_increment_epoch(engine);
    if (call(t, "l", &none, 1, &failed) != NO_TRAP || !failed || t->epochs != 2) {
        return "an epoch does not end a loop";
    }
    return NULL;
}

/* What states are made of: a function of a table is known by its handle, and a memory can go on in another region. */
static const char *try_states(trial *t)
{
    bool failed, same = true;
    uint64_t before;
    int32_t stored;
    wasmtime_extern_t table, memory, function;
    wasmtime_val_t element;
    wasmtime_val_raw_t slots[2] = {{.i64 = 0}, {.f64 = 1}};
    slots[0].i32 = 77;
    static const char *const names[] = {"h", "c"};
    if (!find(t, "t", WASMTIME_EXTERN_TABLE, &table) || !find(t, "m", WASMTIME_EXTERN_MEMORY, &memory)) {
        return "a table is not found";
    }
    for (uint32_t i = 0; i < 2; i++) {
        same = same && find(t, names[i], WASMTIME_EXTERN_FUNC, &function) &&
               zc_wt.wasmtime_table_get(t->context, &table.of.table, i, &element) && element.kind == WASMTIME_FUNCREF &&
               element.of.funcref.store_id == function.of.func.store_id &&
               element.of.funcref.inside == function.of.func.inside;
    }
    if (!same || !zc_wt.wasmtime_table_get(t->context, &table.of.table, 2, &element) || element.of.funcref.store_id) {
        return "a function in a table is not that which is exported";
    }
    zc_wasmtime_move_memory(&t->offer, t->second);
    wasmtime_error_t *error = zc_wt.wasmtime_memory_grow(t->context, &memory.of.memory, 0, &before);
    if (error) {
        zc_wt.wasmtime_error_delete(error);
    }
    if (error || zc_wt.wasmtime_memory_data(t->context, &memory.of.memory) != zc_region_base(t->second) ||
        call(t, "c", slots, 2, &failed) != NO_TRAP || failed) {
        return "a memory does not go on in another region";
    }
    memcpy(&stored, zc_region_base(t->second) + 16, sizeof stored);
    return stored == 77 ? NULL : "a store is not seen in the other region";
}

static const char *try_engine(trial *t, zc_wasmtime_variant variant, wasm_engine_t *engine)
{
    wasmtime_error_t *error = zc_wt.wasmtime_module_new(engine, guest, sizeof guest, &t->module);
    if (error) {
        zc_wt.wasmtime_error_delete(error);
        return "a module does not compile";
    }
    t->store = zc_wt.wasmtime_store_new(engine, NULL, NULL);
    t->context = zc_wt.wasmtime_store_context(t->store);
    zc_wt.wasmtime_store_epoch_deadline_callback(t->store, on_epoch, t, NULL);
    zc_wt.wasmtime_context_set_epoch_deadline(t->context, UINT64_MAX / 2);
    if (variant == ZC_WASMTIME_FUEL) {
        error = zc_wt.wasmtime_context_set_fuel(t->context, FUEL);
        if (error) {
            zc_wt.wasmtime_error_delete(error);
            return "fuel cannot be set";
        }
    }
    t->offer = (zc_wasmtime_offer){.region = t->region, .minimum = PAGE, .release = on_release, .context = t};
    if (!instantiate(t)) {
        return "a module cannot be instantiated";
    }
    const char *wrong = try_memory(t);
    wrong = wrong ? wrong : try_values(t);
    wrong = wrong ? wrong : try_traps(t);
    wrong = wrong ? wrong : try_states(t);
    return wrong ? wrong : try_bounds(t, variant, engine);
}

zc_status zc_wasmtime_try(wasm_engine_t *const engines[ZC_WASMTIME_VARIANTS], uint8_t *out_of_fuel, zc_error *error)
{
    for (int i = 0; i < ZC_WASMTIME_VARIANTS; i++) {
        trial t = {0};
        zc_status status = zc_region_create(3 * PAGE, PAGE, &t.region, error);
        if (status == ZC_OK) {
            status = zc_region_create(3 * PAGE, 2 * PAGE, &t.second, error);
        }
        if (status != ZC_OK) {
            zc_region_release(t.region);
            return status;
        }
        const char *wrong = try_engine(&t, (zc_wasmtime_variant)i, engines[i]);
        if (t.store) {
            zc_wt.wasmtime_store_delete(t.store);
        }
        if (t.module) {
            zc_wt.wasmtime_module_delete(t.module);
        }
        if (!wrong && t.releases != 1) {
            wrong = "a memory is not given back once";
        }
        zc_region_release(t.region);
        zc_region_release(t.second);
        *out_of_fuel = (uint8_t)t.out_of_fuel; /* the last engine's */
        if (wrong) {
            return zc_fail(error, ZC_UNSUPPORTED, "wasmtime: the library is not as expected: %s", wrong);
        }
    }
    return ZC_OK;
}
