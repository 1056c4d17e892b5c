/* zc_engine_wasmtime_state: what an instance of wasmtime is between two calls, but for its memory: globals and its table.
 *
 * The library shows both by the private names of zc_wasm_rewrite.h. A function in a table it shows as a handle, and the same
 * one for the same function of an instance, so a handle is told by comparing it with those of all functions that can lie
 * there; once for a module whose tables never change. What it does not show, is in no state: whether a segment was dropped, vectors, references in globals, further
 * tables.
 *
 * See zc_engine_wasmtime_internal.h for ownership and threads. */
#include <stdlib.h>
#include <string.h>

#include "base/zc_alloc.h"
#include "engine/zc_engine_wasmtime_internal.h"
#include "engine/zc_wasm_rewrite.h"

/* --- what there are states of --- */

zc_status zc_wasmtime_check_states(const zc_module_info *info, zc_error *error)
{
    static const char refused[] = "the engine wasmtime makes no snapshots or forks of instances of this module:";
    if (info->table_count > 1) {
        return zc_fail(error, ZC_UNSUPPORTED, "%s it has %u tables", refused, info->table_count);
    }
    if (info->table_count == 1 && info->tables[0].element != ZC_FUNCREF) {
        return zc_fail(error, ZC_UNSUPPORTED, "%s its table is one of %s", refused,
                       zc_value_type_name(info->tables[0].element));
    }
    if (info->table_count == 1 && !zc_names_elements(info)) {
        return zc_fail(error, ZC_UNSUPPORTED, "%s the functions that can lie in its table are too many", refused);
    }
    for (uint32_t i = 0; i < info->global_count; i++) {
        if (!zc_wasmtime_number(info->globals[i].value_type)) {
            return zc_fail(error, ZC_UNSUPPORTED, "%s its global %u is a %s", refused, i,
                           zc_value_type_name(info->globals[i].value_type));
        }
    }
    if (info->passive_segment_count > 0 && info->drops_segments) {
        return zc_fail(error, ZC_UNSUPPORTED, "%s it has passive segments, %u, and drops them", refused,
                       info->passive_segment_count);
    }
    return ZC_OK;
}

/* --- globals --- */

static bool find_global(const zc_wasmtime_instance *own, uint32_t index, wasmtime_global_t *out)
{
    wasmtime_extern_t found;
    zc_error unused;
    if (zc_wasmtime_find(own, ZC_EXTERN_GLOBAL, index, WASMTIME_EXTERN_GLOBAL, &found, &unused) != ZC_OK) {
        return false; /* all globals have such a name: cannot be */
    }
    *out = found.of.global;
    return true;
}

uint64_t zc_wasmtime_get_global(const zc_instance *instance, uint32_t index)
{
    const zc_wasmtime_instance *own = (const zc_wasmtime_instance *)(const void *)instance;
    wasmtime_global_t handle;
    wasmtime_val_t value = {.of.i64 = 0};
    if (instance->globals[index]) { /* between calls the cell is the truth */
        return zc_global_get(instance->globals[index]);
    }
    if (find_global(own, index, &handle)) {
        zc_wt.wasmtime_global_get(own->context, &handle, &value);
    }
    return zc_slot_bits(instance->module->info->globals[index].value_type, (uint64_t)value.of.i64);
}

void zc_wasmtime_set_global(zc_instance *instance, uint32_t index, uint64_t bits)
{
    zc_wasmtime_instance *own = zc_wasmtime_of(instance);
    wasmtime_global_t handle;
    if (instance->globals[index]) { /* and is brought in by the next call */
        zc_global_set(instance->globals[index], bits);
        return;
    }
    if (find_global(own, index, &handle)) {
        const uint8_t type = instance->module->info->globals[index].value_type;
        wasmtime_val_t value = {
            .kind = (uint8_t)(ZC_I32 - type)}; /* the kinds of numbers are in the order of their types */
        value.of.i64 = (int64_t)bits;
        wasmtime_error_t *failure = zc_wt.wasmtime_global_set(own->context, &handle, &value);
        if (failure) { /* of its type and mutable: cannot be */
            zc_wt.wasmtime_error_delete(failure);
        }
    }
}

/* --- the table --- */

typedef struct known_function {
    uintptr_t handle;
    uint32_t index;
} known_function;

static int compare_functions(const void *one, const void *other)
{
    const uintptr_t a = ((const known_function *)one)->handle, b = ((const known_function *)other)->handle;
    return a < b ? -1 : a > b;
}

/* All functions that can lie in a table, sorted; zc_alloc's. */
static zc_status know_functions(const zc_wasmtime_instance *own, known_function **out, uint32_t *count, zc_error *error)
{
    const zc_module_info *info = own->base.module->info;
    zc_status status = ZC_OK;
    *count = 0;
    *out = zc_calloc(info->func_count, sizeof **out);
    if (!*out) {
        return zc_fail(error, ZC_NO_MEMORY, "no memory for the functions of a table");
    }
    for (uint32_t i = 0; i < info->func_count && status == ZC_OK; i++) {
        wasmtime_extern_t found;
        if (info->funcs[i].is_referenced &&
            (status = zc_wasmtime_find(own, ZC_EXTERN_FUNC, i, WASMTIME_EXTERN_FUNC, &found, error)) == ZC_OK) {
            (*out)[(*count)++] = (known_function){(uintptr_t)found.of.func.inside, i};
        }
    }
    if (status != ZC_OK) {
        zc_free(*out);
        *out = NULL;
        return status;
    }
    qsort(*out, *count, sizeof **out, compare_functions);
    return ZC_OK;
}

static wasmtime_func_t element_at(const zc_wasmtime_instance *own, uint32_t index)
{
    wasmtime_val_t value = {.kind = WASMTIME_FUNCREF};
    (void)zc_wt.wasmtime_table_get(own->context, &own->table, index, &value);
    return value.of.funcref;
}

static zc_status look_at_table(const zc_instance *instance, uint32_t *functions, zc_error *error)
{
    const zc_wasmtime_instance *own = (const zc_wasmtime_instance *)(const void *)instance;
    const uint32_t size = zc_table_size(instance->table);
    known_function *known = NULL;
    uint32_t count;
    zc_status status = know_functions(own, &known, &count, error);
    for (uint32_t i = 0; i < size && status == ZC_OK; i++) {
        const wasmtime_func_t element = element_at(own, i);
        const known_function wanted = {(uintptr_t)element.inside, 0};
        const known_function *found =
            element.store_id ? bsearch(&wanted, known, count, sizeof *known, compare_functions) : NULL;
        functions[i] = found ? found->index : ZC_NO_FUNCTION;
        if (element.store_id && !found) {
            status = zc_fail(error, ZC_UNSUPPORTED,
                             "wasmtime: element %u of the table is none of the module's functions", i);
        }
    }
    zc_free(known);
    return status;
}

/* The same for all instances of a module that does not change its table, looked for once; NULL where there is no such. The
 * code is constant but for this. */
static const uint32_t *constant_table(const zc_instance *instance)
{
    zc_wasmtime_code *code = (zc_wasmtime_code *)(uintptr_t)instance->code;
    zc_error unused;
    uint32_t *functions = atomic_load_explicit(&code->functions, memory_order_acquire), *made;
    if (functions || instance->module->info->changes_tables) {
        return functions; /* NULL in the second case */
    }
    made = zc_calloc(zc_table_size(instance->table), sizeof *made);
    if (!made || look_at_table(instance, made, &unused) != ZC_OK ||
        !atomic_compare_exchange_strong_explicit(&code->functions, &functions, made, memory_order_acq_rel,
                                                 memory_order_acquire)) {
        zc_free(made);
        return functions; /* another thread's, or NULL */
    }
    return made;
}

zc_status zc_wasmtime_save_table(const zc_instance *instance, uint32_t *functions, zc_error *error)
{
    const bool own = ((const zc_wasmtime_instance *)(const void *)instance)->table_is_own;
    const uint32_t *constant = own ? NULL : constant_table(instance);
    if (!constant) {
        return look_at_table(instance, functions, error);
    }
    memcpy(functions, constant, zc_table_size(instance->table) * sizeof *functions);
    return ZC_OK;
}

static zc_status grow_table(zc_wasmtime_instance *own, uint32_t size, zc_error *error)
{
    const wasmtime_val_t none = {.kind = WASMTIME_FUNCREF};
    const uint32_t now = zc_table_size(own->base.table);
    uint64_t before;
    if (size > now) {
        wasmtime_error_t *failure = zc_wt.wasmtime_table_grow(own->context, &own->table, size - now, &none, &before);
        if (failure) {
            return zc_wasmtime_fail(error, ZC_SNAPSHOT, "wasmtime: the table cannot grow", failure);
        }
        atomic_store_explicit(&own->base.table->size, size, memory_order_relaxed);
    }
    return ZC_OK;
}

/* The handle of a function, looked up once. */
static zc_status know_function(const zc_wasmtime_instance *own, uint32_t index, wasmtime_func_t *known, zc_error *error)
{
    wasmtime_extern_t found;
    if (known[index].store_id) {
        return ZC_OK;
    }
    if (!own->base.module->info->funcs[index].is_referenced) {
        return zc_fail(error, ZC_SNAPSHOT,
                       "the instance's table has function %u, which the module does not put into tables", index);
    }
    zc_status status = zc_wasmtime_find(own, ZC_EXTERN_FUNC, index, WASMTIME_EXTERN_FUNC, &found, error);
    if (status == ZC_OK) {
        known[index] = found.of.func;
    }
    return status;
}

static zc_status load_element(zc_wasmtime_instance *own, uint32_t i, uint32_t function, wasmtime_func_t *known,
                              zc_error *error)
{
    wasmtime_val_t value = {.kind = WASMTIME_FUNCREF}; /* none */
    if (function != ZC_NO_FUNCTION) {
        zc_status status = know_function(own, function, known, error);
        if (status != ZC_OK) {
            return status;
        }
        value.of.funcref = known[function];
    }
    const wasmtime_func_t now = element_at(own, i);
    if (now.store_id == value.of.funcref.store_id && (!now.store_id || now.inside == value.of.funcref.inside)) {
        return ZC_OK; /* as most of them: segments are in place */
    }
    wasmtime_error_t *failure = zc_wt.wasmtime_table_set(own->context, &own->table, i, &value);
    return failure ? zc_wasmtime_fail(error, ZC_SNAPSHOT, "wasmtime: an element of the table cannot be set", failure)
                   : ZC_OK;
}

zc_status zc_wasmtime_load_table(zc_instance *instance, const uint32_t *functions, uint32_t size, zc_error *error)
{
    zc_wasmtime_instance *own = zc_wasmtime_of(instance);
    const uint32_t *constant = constant_table(instance);
    if (constant && size == zc_table_size(instance->table) &&
        memcmp(functions, constant, size * sizeof *functions) == 0) {
        return ZC_OK;
    }
    own->table_is_own = true;
    wasmtime_func_t *known = zc_calloc(instance->module->info->func_count, sizeof *known);
    if (!known) {
        return zc_fail(error, ZC_NO_MEMORY, "no memory for the functions of a table");
    }
    zc_status status = grow_table(own, size, error);
    for (uint32_t i = 0; i < size && status == ZC_OK; i++) {
        status = load_element(own, i, functions[i], known, error);
    }
    zc_free(known);
    return status;
}
