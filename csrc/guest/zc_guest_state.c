/* zc_guest_state: what an instance is between two calls, as bytes, and an instance made of such bytes (zc_guest.h), by the
 * same engine or another one: but for fuel they say the same.
 *
 *     string  the engine        u64  fuel used             u32  globals, then of each, in the module's order:
 *     string  fuel's unit       u64  fuel left                  u8 value type, u8 mutable, u64 bits
 *     u8      has a memory      u32  its pages             u32  elements of the table, then the function of each, u32
 *     where the module has passive segments: u32  version of this part, 1; u32  segments, data segments first; a bit of
 *     each, the first one is bit 0, that it was dropped; zeros up to a whole byte
 *
 * Numbers are little-endian (zc_bytes). Between two calls nothing is on the value stack, and compiled code is made
 * again as it is needed. The bytes may come from a file that anybody wrote: `take` checks all that can be checked
 * against the module and the limits before anything is made, and `apply` what the instance's first values are needed for. */
#include <string.h>

#include "base/zc_alloc.h"
#include "guest/zc_guest_internal.h"

#define GLOBAL_BYTES 10u
#define SEGMENTS_VERSION 1u
/* Whose states are alike but for their fuel. */
static const char *const known_engines[] = {"wasm3", "wasmtime"};

/* More fuel than anybody can have used, and so little that sums do not overflow. */
#define MOST_FUEL_USED ((uint64_t)1 << 62)

const char *zc_engine_name(const zc_engine *engine)
{
    return engine->name;
}

const char *zc_engine_fuel_unit(const zc_engine *engine)
{
    return engine->fuel_unit;
}

/* --- holding --- */

zc_status zc_instance_hold(zc_instance *instance, zc_error *error)
{
    uintptr_t found = 0;
    zc_table *table = instance->shared_table;
    if (atomic_compare_exchange_strong_explicit(&instance->executor->owner, &found, ZC_HELD, memory_order_acquire,
                                                memory_order_relaxed)) {
        if (!table || atomic_compare_exchange_strong_explicit(&table->owner, &found, ZC_HELD, memory_order_acquire,
                                                              memory_order_relaxed)) {
            return ZC_OK;
        }
        atomic_store_explicit(&instance->executor->owner, 0, memory_order_release);
    }
    return zc_fail(error, ZC_CONCURRENT, "%s",
                   found == ZC_HELD            ? "the instance is held: a snapshot or a fork is being made of it"
                   : found == zc_thread_mark() ? "the instance is in the middle of a call of this thread"
                                               : "the instance is running on another thread");
}

void zc_instance_let_go(zc_instance *instance)
{
    if (instance->shared_table) {
        atomic_store_explicit(&instance->shared_table->owner, 0, memory_order_release);
    }
    atomic_store_explicit(&instance->executor->owner, 0, memory_order_release);
}

/* --- saving --- */

static uint64_t segment_count(const zc_module_info *info)
{
    return (uint64_t)info->data_segment_count + info->element_segment_count;
}

static void save_segments(const zc_instance *instance, zc_writer *out)
{
    const zc_module_info *info = instance->module->info;
    if (info->passive_segment_count) {
        zc_put_u32(out, SEGMENTS_VERSION);
        zc_put_u32(out, (uint32_t)segment_count(info)); /* below the validator's limits */
        const uint64_t size = (segment_count(info) + 7) / 8;
        const uint8_t *dropped =
            instance->engine->dropped_segments ? instance->engine->dropped_segments(instance) : NULL;
        for (uint64_t i = 0; i < size; i++) {
            zc_put_u8(out, dropped ? dropped[i] : 0);
        }
    }
}

static const zc_import *import_of(const zc_module_info *info, zc_extern_kind kind, uint32_t index)
{
    const zc_import *import = info->imports;
    while (import->kind != kind || import->index != index) {
        import++;
    }
    return import;
}

/* Only functions of its own can be told. */
static zc_status check_table(const zc_instance *instance, zc_error *error)
{
    const zc_module_info *info = instance->module->info;
    const zc_table *table = instance->table;
    uint32_t function;
    if (info->table_imported) {
        const zc_import *import = import_of(info, ZC_EXTERN_TABLE, 0);
        return zc_fail(error, ZC_UNSUPPORTED,
                       "import %.*s.%.*s: an imported table is shared, and in no snapshot or fork of the instance",
                       ZC_NAME(import->module), ZC_NAME(import->field));
    }
    for (uint32_t i = 0; instance->shared_table && i < zc_table_size(table); i++) {
        const zc_instance *owner = instance->engine->get_element(table, i, &function);
        if (owner && owner != instance) {
            return zc_fail(error, ZC_UNSUPPORTED,
                           "element %u of the instance's table is a function of another instance: it is in no snapshot "
                           "or fork",
                           i);
        }
    }
    return ZC_OK;
}

static zc_status check_states(const zc_engine *engine, const zc_module_info *info, zc_error *error)
{
    return engine->check_states ? engine->check_states(info, error) : ZC_OK;
}

static zc_status save_table(const zc_instance *instance, zc_writer *out, zc_error *error)
{
    const zc_table *table = instance->table;
    const uint32_t size = table ? zc_table_size(table) : 0;
    uint32_t *functions = zc_calloc(size, sizeof *functions);
    zc_status status = ZC_OK;
    if (!functions) {
        return zc_fail(error, ZC_NO_MEMORY, "no memory for a table of %u elements once more", size);
    }
    if (size && instance->engine->save_table) {
        status = instance->engine->save_table(instance, functions, error);
    } else {
        for (uint32_t i = 0; i < size; i++) {
            functions[i] = ZC_NO_FUNCTION;
            (void)instance->engine->get_element(table, i, &functions[i]);
        }
    }
    zc_put_u32(out, size);
    for (uint32_t i = 0; i < size; i++) {
        zc_put_u32(out, functions[i]);
    }
    zc_free(functions);
    return status;
}

zc_status zc_instance_save(const zc_instance *instance, zc_writer *out, zc_error *error)
{
    const zc_module_info *info = instance->module->info;
    const zc_engine *engine = instance->engine;
    if (atomic_load_explicit(&instance->executor->owner, memory_order_relaxed) != ZC_HELD) {
        return zc_fail(error, ZC_CONCURRENT, "the instance must be held while its state is taken");
    }
    if (info->memory_imported) {
        const zc_import *import = import_of(info, ZC_EXTERN_MEMORY, 0);
        return zc_fail(error, ZC_UNSUPPORTED,
                       "import %.*s.%.*s: an imported memory is the host's, and in no snapshot or fork of the instance",
                       ZC_NAME(import->module), ZC_NAME(import->field));
    }
    zc_status status = check_table(instance, error);
    if (status != ZC_OK || (status = check_states(engine, info, error)) != ZC_OK) {
        return status;
    }
    zc_put_string(out, engine->name, (uint32_t)strlen(engine->name));
    zc_put_string(out, engine->fuel_unit, (uint32_t)strlen(engine->fuel_unit));
    zc_put_u8(out, instance->memory != NULL);
    zc_put_u64(out, zc_instance_fuel_used(instance));
    zc_put_u64(out, zc_instance_fuel(instance));
    zc_put_u32(out, instance->memory ? zc_memory_pages(instance->memory) : 0);
    zc_put_u32(out, info->global_count);
    for (uint32_t i = 0; i < info->global_count; i++) {
        zc_put_u8(out, info->globals[i].value_type);
        zc_put_u8(out, info->globals[i].is_mutable);
        zc_put_u64(out, engine->get_global(instance, i));
    }
    status = save_table(instance, out, error);
    if (status == ZC_OK) {
        save_segments(instance, out);
    }
    return status;
}

/* --- restoring --- */

typedef struct saved {
    zc_name engine, unit;
    uint64_t fuel_used, fuel_left;
    uint32_t pages;
    const uint8_t *globals, *table; /* as many as the module has */
    uint32_t table_size;
    const uint8_t *dropped; /* bits of segments, or NULL */
} saved;

static zc_status truncated(zc_error *error)
{
    return zc_fail(error, ZC_SNAPSHOT, "the state of the instance ends early");
}

static bool is_name(zc_name name, const char *expected)
{
    return name.size == strlen(expected) && memcmp(name.bytes, expected, name.size) == 0;
}

/* What made the state, and its unit of fuel. */
static zc_status take_engine(zc_reader *state, saved *saved, zc_error *error)
{
    saved->engine.bytes = zc_take_string(state, &saved->engine.size);
    saved->unit.bytes = zc_take_string(state, &saved->unit.size);
    if (!saved->engine.bytes || !saved->unit.bytes) {
        return truncated(error);
    }
    for (size_t i = 0; i < sizeof known_engines / sizeof *known_engines; i++) {
        if (is_name(saved->engine, known_engines[i])) {
            return ZC_OK;
        }
    }
    return zc_fail(error, ZC_SNAPSHOT,
                   "the engine of the instance's state is \"%.*s\", which is none that is known here",
                   ZC_NAME(saved->engine));
}

/* Fuel of one engine is none of another. */
static zc_status convert_fuel(const zc_engine *engine, saved *saved, zc_error *error)
{
    const bool same = is_name(saved->unit, engine->fuel_unit);
    if (is_name(saved->engine, engine->name) && !same) {
        return zc_fail(error, ZC_SNAPSHOT, "the unit of fuel of the instance's state is \"%.*s\", here it is \"%s\"",
                       ZC_NAME(saved->unit), engine->fuel_unit);
    }
    if (!same && saved->fuel_left != ZC_NO_LIMIT) {
        return zc_fail(
            error, ZC_SNAPSHOT,
            "the instance's state has %llu of fuel left, in %.*s of the engine %.*s: the engine %s counts %s",
            (ull)saved->fuel_left, ZC_NAME(saved->unit), ZC_NAME(saved->engine), engine->name, engine->fuel_unit);
    }
    saved->fuel_used = same ? saved->fuel_used : 0;
    return ZC_OK;
}

/* All before the globals. */
static zc_status take_sizes(const zc_module *module, zc_reader *state, saved *saved, zc_error *error)
{
    const zc_module_info *info = module->info;
    const zc_limits_type *type = &info->memory;
    zc_status status = take_engine(state, saved, error);
    if (status != ZC_OK) {
        return status;
    }
    uint8_t has_memory = zc_take_u8(state);
    saved->fuel_used = zc_take_u64(state);
    saved->fuel_left = zc_take_u64(state);
    saved->pages = zc_take_u32(state);
    if (state->failed) {
        return truncated(error);
    }
    if (info->table_imported) {
        return zc_fail(error, ZC_SNAPSHOT, "the module imports its table: there is no state of such an instance");
    }
    if (info->memory_imported) {
        return zc_fail(error, ZC_SNAPSHOT, "the module imports its memory: there is no state of such an instance");
    }
    if (has_memory != info->has_memory || (!has_memory && saved->pages)) {
        return zc_fail(error, ZC_SNAPSHOT, "the instance's state has %s memory, the module %s", has_memory ? "a" : "no",
                       info->has_memory ? "one" : "none");
    }
    uint32_t maximum = type->has_maximum ? type->maximum : ZC_WASM_MAX_PAGES;
    if (has_memory && (saved->pages < type->minimum || saved->pages > maximum)) {
        return zc_fail(error, ZC_SNAPSHOT, "the instance's state has %u pages of memory, the module %u to %u",
                       saved->pages, type->minimum, maximum);
    }
    if (saved->fuel_used > MOST_FUEL_USED) {
        return zc_fail(error, ZC_SNAPSHOT, "the instance's state says that %llu of fuel were used",
                       (ull)saved->fuel_used);
    }
    return ZC_OK;
}

/* A number of the state where one was found to be. */
static uint64_t number_at(const uint8_t *bytes, unsigned size)
{
    zc_reader reader = {.at = bytes, .end = bytes + size};
    return size == sizeof(uint32_t) ? zc_take_u32(&reader) : zc_take_u64(&reader);
}

static uint64_t global_bits(const saved *saved, uint32_t index)
{
    return number_at(saved->globals + (size_t)index * GLOBAL_BYTES + 2, sizeof(uint64_t));
}

static uint32_t table_function(const saved *saved, uint32_t index)
{
    return (uint32_t)number_at(saved->table + (size_t)index * sizeof(uint32_t), sizeof(uint32_t));
}

static zc_status take_globals(const zc_module_info *info, zc_reader *state, saved *saved, zc_error *error)
{
    uint32_t count = zc_take_u32(state);
    if (!state->failed && count != info->global_count) {
        return zc_fail(error, ZC_SNAPSHOT, "the instance's state has %u globals, the module %u", count,
                       info->global_count);
    }
    saved->globals = zc_take(state, (uint64_t)count * GLOBAL_BYTES);
    if (!saved->globals) {
        return truncated(error);
    }
    for (uint32_t i = 0; i < count; i++) {
        const uint8_t *global = saved->globals + (size_t)i * GLOBAL_BYTES;
        const zc_global_type *type = &info->globals[i];
        if (global[0] != type->value_type || global[1] != type->is_mutable ||
            global_bits(saved, i) != zc_slot_bits(type->value_type, global_bits(saved, i))) {
            return zc_fail(error, ZC_SNAPSHOT, "global %u of the instance's state is none of the module's type %s%s", i,
                           type->is_mutable ? "mutable " : "", zc_value_type_name(type->value_type));
        }
    }
    return ZC_OK;
}

static zc_status take_table(const zc_module_info *info, uint64_t limit, zc_reader *state, saved *saved, zc_error *error)
{
    const zc_limits_type *type = &info->table;
    uint32_t count = zc_take_u32(state), least = info->has_table ? type->minimum : 0;
    uint32_t most = !info->has_table ? 0 : type->has_maximum ? type->maximum : UINT32_MAX;
    if (!state->failed && (count < least || count > most)) {
        return zc_fail(error, ZC_SNAPSHOT,
                       "the instance's state has a table of %u elements, the module one of %u to %u", count, least,
                       most);
    }
    if (count > limit) {
        return zc_fail(error, ZC_SNAPSHOT, "the instance's table has %u elements, the limit is %llu", count,
                       (ull)limit);
    }
    saved->table_size = count;
    saved->table = zc_take(state, (uint64_t)count * sizeof(uint32_t));
    if (!saved->table) {
        return truncated(error);
    }
    for (uint32_t i = 0; i < count; i++) {
        uint32_t function = table_function(saved, i);
        if (function != ZC_NO_FUNCTION && function >= info->func_count) {
            return zc_fail(error, ZC_SNAPSHOT, "element %u of the instance's table is function %u of %u", i, function,
                           info->func_count);
        }
    }
    return ZC_OK;
}

/* Only modules with passive segments have anything to say here. */
static zc_status take_segments(const zc_module *module, const zc_engine *engine, zc_reader *state, saved *saved,
                               zc_error *error)
{
    if (module->info->passive_segment_count == 0) {
        return ZC_OK;
    }
    uint64_t expected = segment_count(module->info);
    uint32_t version = zc_take_u32(state), count = zc_take_u32(state);
    if (!state->failed && version != SEGMENTS_VERSION) {
        return zc_fail(error, ZC_SNAPSHOT, "the instance's state has segments of version %u; this reads version %u",
                       version, SEGMENTS_VERSION);
    }
    if (!state->failed && count != expected) {
        return zc_fail(error, ZC_SNAPSHOT, "the instance's state has %u segments, the module %llu", count,
                       (ull)expected);
    }
    saved->dropped = zc_take(state, (expected + 7) / 8);
    if (!saved->dropped) {
        return truncated(error);
    }
    if (expected % 8 && saved->dropped[expected / 8] >> (expected % 8)) {
        return zc_fail(error, ZC_SNAPSHOT,
                       "the instance's state says of more than its %llu segments that they were "
                       "dropped",
                       (ull)expected);
    }
    if (!engine->dropped_segments) {
        for (uint64_t i = 0; i < expected; i++) {
            if (saved->dropped[i / 8] >> (i % 8) & 1) {
                return zc_fail(error, ZC_SNAPSHOT,
                               "segment %llu of the instance's state was dropped, which the engine %s cannot do anew",
                               (ull)i, engine->name);
            }
        }
        saved->dropped = NULL;
    }
    return ZC_OK;
}

/* The one place where a state is checked against the module and the limits. */
static zc_status take(const zc_module *module, const zc_engine *engine, const zc_limits *limits, zc_reader *state,
                      const zc_region *region, saved *saved, zc_error *error)
{
    zc_status status = take_sizes(module, state, saved, error);
    if (status == ZC_OK) {
        status = convert_fuel(engine, saved, error);
    }
    if (status != ZC_OK) {
        return status;
    }
    if (check_states(engine, module->info, error) != ZC_OK) { /* it is no module that is refused */
        if (error) {
            error->code = ZC_SNAPSHOT;
        }
        return ZC_SNAPSHOT;
    }
    uint64_t size = (uint64_t)saved->pages * ZC_WASM_PAGE_SIZE;
    if (module->info->has_memory != (region != NULL) || (region && zc_region_size(region) != size)) {
        return zc_fail(error, ZC_SNAPSHOT, "the instance's state has %llu bytes of memory, there are %llu", (ull)size,
                       (ull)(region ? zc_region_size(region) : 0));
    }
    if (size > limits->memory) {
        return zc_fail(error, ZC_SNAPSHOT, "the instance's memory has %llu bytes, the limit is %llu", (ull)size,
                       (ull)limits->memory);
    }
    status = take_globals(module->info, state, saved, error);
    if (status == ZC_OK) {
        status = take_table(module->info, limits->table, state, saved, error);
    }
    return status == ZC_OK ? take_segments(module, engine, state, saved, error) : status;
}

/* Imported globals that never change must be what they were: engines place segments by them. One of another type is refused
 * where imports are taken. */
static zc_status compare_imports(const zc_module_info *info, const zc_import_value *imports, const saved *saved,
                                 zc_error *error)
{
    for (uint32_t i = 0; i < info->import_count; i++) {
        const zc_import *import = &info->imports[i];
        if (import->kind != ZC_EXTERN_GLOBAL || imports[i].kind != ZC_EXTERN_GLOBAL) {
            continue;
        }
        const zc_global *global = imports[i].global;
        const zc_global_type *wanted = &info->globals[import->index];
        if (wanted->is_mutable || global->type.is_mutable || global->type.value_type != wanted->value_type) {
            continue;
        }
        const uint64_t bits = global_bits(saved, import->index), here = zc_global_get(global);
        if (bits != here) {
            return zc_fail(error, ZC_SNAPSHOT, "import %.*s.%.*s: the global was 0x%llx, now it is 0x%llx",
                           ZC_NAME(import->module), ZC_NAME(import->field), (ull)bits, (ull)here);
        }
    }
    return ZC_OK;
}

/* So must the module's own. */
static zc_status compare_constants(const zc_instance *instance, const saved *saved, zc_error *error)
{
    const zc_module_info *info = instance->module->info;
    for (uint32_t i = info->imported_global_count; i < info->global_count; i++) {
        uint64_t bits = global_bits(saved, i), here = instance->engine->get_global(instance, i);
        if (!info->globals[i].is_mutable && bits != here) {
            return zc_fail(error, ZC_SNAPSHOT, "global %u is 0x%llx in the instance's state, the module says 0x%llx", i,
                           (ull)bits, (ull)here);
        }
    }
    return ZC_OK;
}

static void set_globals(zc_instance *instance, const saved *saved, uint32_t first, uint32_t end)
{
    for (uint32_t i = first; i < end; i++) {
        if (instance->module->info->globals[i].is_mutable) {
            instance->engine->set_global(instance, i, global_bits(saved, i));
        }
    }
}

static zc_status load_table(zc_instance *instance, const saved *saved, zc_error *error)
{
    const zc_engine *engine = instance->engine;
    const uint32_t size = saved->table_size, least = instance->module->info->table.minimum;
    uint32_t previous;
    if (!engine->load_table) {
        zc_status status = size > least ? zc_table_grow(instance->table, size - least, &previous, error) : ZC_OK;
        for (uint32_t i = 0; i < size && status == ZC_OK; i++) {
            uint32_t function = table_function(saved, i);
            engine->set_element(instance->table, i, function == ZC_NO_FUNCTION ? NULL : instance, function);
        }
        return status;
    }
    uint32_t *functions = zc_calloc(size, sizeof *functions);
    if (!functions) {
        return zc_fail(error, ZC_NO_MEMORY, "no memory for a table of %u elements once more", size);
    }
    for (uint32_t i = 0; i < size; i++) {
        functions[i] = table_function(saved, i);
    }
    zc_status status = size ? engine->load_table(instance, functions, size, error) : ZC_OK;
    zc_free(functions);
    return status;
}

/* Nothing can fail. */
static void apply(zc_instance *instance, const saved *saved)
{
    const zc_module_info *info = instance->module->info;
    const zc_engine *engine = instance->engine;
    set_globals(instance, saved, info->imported_global_count, info->global_count);
    if (saved->dropped) {
        memcpy(engine->dropped_segments(instance), saved->dropped, (segment_count(info) + 7) / 8);
    }
    uint64_t granted = instance->limits.fuel;
    atomic_store_explicit(&instance->fuel_used, saved->fuel_used, memory_order_relaxed);
    zc_instance_set_fuel(instance, saved->fuel_left < granted ? saved->fuel_left : granted);
}

zc_status zc_instance_saved_pages(const zc_module *module, zc_reader state, uint32_t *pages, zc_error *error)
{
    saved saved = {0};
    zc_status status = take_sizes(module, &state, &saved, error);
    *pages = status == ZC_OK ? saved.pages : 0;
    return status;
}

bool zc_instance_saved_limited(const zc_module *module, zc_reader state)
{
    saved saved = {0};
    zc_error unused;
    return take_sizes(module, &state, &saved, &unused) == ZC_OK && saved.fuel_left != ZC_NO_LIMIT;
}

uint64_t zc_instance_reservation(const zc_module *module, const zc_limits *limits)
{
    const zc_module_info *info = module->info;
    bool own = info->has_memory && !info->memory_imported;
    return own ? (uint64_t)zc_memory_most_pages(&info->memory, limits->memory) * ZC_WASM_PAGE_SIZE : 0;
}

zc_status zc_instance_restore(zc_module *module, const zc_engine *engine, const zc_import_value *imports,
                              const zc_limits *limits, zc_reader *state, zc_region *region, zc_instance **out,
                              zc_error *error)
{
    saved saved = {0};
    zc_status status = take(module, engine, limits, state, region, &saved, error);
    if (status == ZC_OK) {
        status = compare_imports(module->info, imports, &saved, error);
    }
    if (status != ZC_OK) {
        zc_region_release(region);
        return status;
    }
    zc_instance *instance;
    status = zc_instance_make(module, engine, imports, limits, region, &instance, error);
    if (status != ZC_OK) {
        return status;
    }
    status = compare_constants(instance, &saved, error);
    if (status == ZC_OK) {
        status = load_table(instance, &saved, error);
    }
    if (status != ZC_OK) {
        zc_instance_free(instance);
        return status;
    }
    apply(instance, &saved);
    *out = instance;
    return ZC_OK;
}

void zc_instance_restore_imported(zc_instance *instance, zc_reader state)
{
    const zc_module *module = instance->module;
    saved saved = {0};
    zc_error unused;
    if (take_sizes(module, &state, &saved, &unused) == ZC_OK &&
        take_globals(module->info, &state, &saved, &unused) == ZC_OK) {
        set_globals(instance, &saved, 0, module->info->imported_global_count);
    }
}
