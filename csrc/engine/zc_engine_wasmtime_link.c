/* zc_engine_wasmtime_link: an instance of wasmtime: its imports, its memory, what is seen of it from outside.
 *
 * One store per instance, since a store gives nothing back before it dies. The memory is made first, by the guest layer, and
 * offered to the library, which asks for one. An imported memory comes from a small module in the same store that defines
 * it, since the library asks for those only. */
#include <stdlib.h>
#include <string.h>

#include "base/zc_alloc.h"
#include "engine/zc_engine_wasmtime_internal.h"
#include "engine/zc_wasm_rewrite.h"

/* --- types --- */

/* Of a number, or of one of the two references that the library's interface has. Both enumerations go i32, i64, f32, f64. */
static uint8_t kind_of(uint8_t value_type)
{
    switch (value_type) {
    case ZC_EXTERNREF:
        return WASM_EXTERNREF;
    case ZC_FUNCREF:
        return WASM_FUNCREF;
    default:
        return (uint8_t)(ZC_I32 - value_type);
    }
}

/* Whether the library can be told the type. */
static bool can_be_made(const zc_func_type *type)
{
    bool can = true;
    for (uint32_t i = 0; i < type->param_count + type->result_count; i++) {
        uint8_t each = i < type->param_count ? type->params[i] : type->results[i - type->param_count];
        can = can && (zc_wasmtime_number(each) || each == ZC_EXTERNREF || each == ZC_FUNCREF);
    }
    return can;
}

static bool make_types(const uint8_t *types, uint32_t count, wasm_valtype_vec_t *out)
{
    wasm_valtype_t **list = zc_calloc(count, sizeof *list);
    if (!list) {
        return false;
    }
    for (uint32_t i = 0; i < count; i++) {
        list[i] = zc_wt.wasm_valtype_new(kind_of(types[i]));
    }
    zc_wt.wasm_valtype_vec_new(out, count, list);
    zc_free(list);
    return true;
}

static wasm_functype_t *make_type(const zc_func_type *type)
{
    wasm_valtype_vec_t takes = {0, NULL}, gives = {0, NULL};
    bool made = make_types(type->params, type->param_count, &takes);
    made = made && make_types(type->results, type->result_count, &gives);
    if (!made) { /* empty ones are given back by nobody else */
        zc_wt.wasm_valtype_vec_new(&takes, 0, NULL);
        return NULL;
    }
    return zc_wt.wasm_functype_new(&takes, &gives);
}

/* --- memories --- */

/* The library says what it shall be; what is there already was checked by its caller. */
static bool grow_memory(void *context, uint64_t size)
{
    zc_memory *memory = context;
    uint64_t now = zc_region_size(zc_memory_region(memory));
    uint32_t previous;
    return size > now && zc_memory_grow(memory, (uint32_t)((size - now) / ZC_WASM_PAGE_SIZE), &previous, NULL) == ZC_OK;
}

static void release_memory(void *context)
{
    zc_memory_release(context);
}

static zc_status failed_link(wasmtime_error_t *failure, wasm_trap_t *trap, zc_error *error)
{
    uint8_t code = UINT8_MAX;
    if (failure) {
        return zc_wasmtime_fail(error, ZC_LINK, "wasmtime cannot instantiate the module", failure);
    }
    (void)zc_wt.wasmtime_trap_code(trap, &code);
    zc_wt.wasm_trap_delete(trap);
    if (code == WASMTIME_TRAP_MEMORY_OUT_OF_BOUNDS) {
        return zc_trap(error, ZC_TRAP_MEMORY_OUT_OF_BOUNDS);
    }
    if (code == WASMTIME_TRAP_TABLE_OUT_OF_BOUNDS) {
        return zc_wasmtime_table_trap(error);
    }
    return zc_fail(error, ZC_LINK, "wasmtime cannot instantiate the module: its trap %u", (unsigned)code);
}

/* An instance in this store, whose one memory, if `memory` is not NULL, is that one; data segments go to the region `data`,
 * if that is not NULL. */
static zc_status instantiate(zc_wasmtime_instance *own, const wasmtime_module_t *module, zc_memory *memory,
                             zc_region *data, uint64_t minimum, const wasmtime_extern_t *imports, size_t count,
                             wasmtime_instance_t *out, zc_error *error)
{
    zc_wasmtime_offer offer = {.minimum = minimum, .grow = grow_memory, .release = release_memory, .context = memory};
    wasm_trap_t *trap = NULL;
    if (memory) {
        offer.region = data ? data : zc_memory_region(memory);
        zc_memory_retain(memory);
        zc_wasmtime_offer_memory(&offer);
    }
    wasmtime_error_t *failure = zc_wt.wasmtime_instance_new(own->context, module, imports, count, out, &trap);
    if (memory) {
        zc_wasmtime_offer_memory(NULL);
        if (!offer.taken) {
            zc_memory_release(memory);
        }
    }
    if (failure || trap) {
        return failed_link(failure, trap, error);
    }
    if (data && offer.taken) {
        zc_wasmtime_move_memory(&offer, zc_memory_region(memory));
    }
    return ZC_OK;
}

static zc_status check_base(zc_wasmtime_instance *own, zc_error *error)
{
    const zc_region *region = zc_memory_region(own->base.memory);
    if (zc_wt.wasmtime_memory_data(own->context, &own->memory) != zc_region_base(region) ||
        zc_wt.wasmtime_memory_data_size(own->context, &own->memory) != zc_region_size(region)) {
        return zc_fail(error, ZC_UNSUPPORTED, "wasmtime: the instance's memory is not the one it was given");
    }
    own->seen_pages = zc_memory_pages(own->base.memory);
    return ZC_OK;
}

static zc_status import_memory(zc_wasmtime_instance *own, wasmtime_extern_t *out, zc_error *error)
{
    const zc_wasmtime_code *code = own->base.code;
    wasmtime_instance_t stub;
    zc_status status = instantiate(own, code->stub, own->base.memory, NULL, 0, NULL, 0, &stub, error);
    if (status != ZC_OK) {
        return status;
    }
    if (!zc_wt.wasmtime_instance_export_get(own->context, &stub, "", 0, out) || out->kind != WASMTIME_EXTERN_MEMORY) {
        return zc_fail(error, ZC_UNSUPPORTED, "wasmtime: a memory is not exported");
    }
    own->memory = out->of.memory;
    return check_base(own, error);
}

/* --- functions and globals --- */

static zc_status import_function(zc_wasmtime_instance *own, const zc_import *import, wasmtime_extern_t *out,
                                 zc_error *error)
{
    const zc_module_info *info = own->base.module->info;
    const zc_func_type *type = &info->types[info->funcs[import->index].type_index];
    if (!can_be_made(type)) {
        return zc_fail(error, ZC_UNSUPPORTED, "import %.*s.%.*s: host functions take and give numbers, not vectors",
                       ZC_NAME(import->module), ZC_NAME(import->field));
    }
    wasm_functype_t *made = make_type(type);
    if (!made) {
        return zc_fail(error, ZC_NO_MEMORY, "cannot allocate a function's type");
    }
    out->kind = WASMTIME_EXTERN_FUNC;
    /* Most modules with references call such imports in few of their functions: the others can be used. */
    zc_wt.wasmtime_func_new_unchecked(own->context, made,
                                      zc_wasmtime_numbers(type) ? zc_wasmtime_call_host : zc_wasmtime_refuse_host,
                                      &own->base.linked[import->index], NULL, &out->of.func);
    zc_wt.wasm_functype_delete(made);
    return ZC_OK;
}

static zc_status import_global(zc_wasmtime_instance *own, const zc_import *import, wasmtime_extern_t *out,
                               zc_error *error)
{
    const zc_global *global = own->base.globals[import->index];
    if (!zc_wasmtime_number(global->type.value_type)) {
        return zc_fail(error, ZC_UNSUPPORTED, "import %.*s.%.*s: globals are numbers, not vectors or references",
                       ZC_NAME(import->module), ZC_NAME(import->field));
    }
    wasmtime_val_t value = {.kind = kind_of(global->type.value_type)};
    value.of.i64 = (int64_t)zc_global_get(global);
    wasm_globaltype_t *type =
        zc_wt.wasm_globaltype_new(zc_wt.wasm_valtype_new(kind_of(global->type.value_type)), global->type.is_mutable);
    out->kind = WASMTIME_EXTERN_GLOBAL;
    wasmtime_error_t *failure = zc_wt.wasmtime_global_new(own->context, type, &value, &out->of.global);
    zc_wt.wasm_globaltype_delete(type);
    return failure ? zc_wasmtime_fail(error, ZC_LINK, "wasmtime cannot make a global", failure) : ZC_OK;
}

/* Of a global that several imports are, the library may know one only, or the guest would see several values. */
typedef struct imported_global {
    const zc_global *global;
    uint32_t import;
} imported_global;

static int compare_globals(const void *one, const void *other)
{
    const imported_global *a = one, *b = other;
    const uintptr_t first = (uintptr_t)a->global, second = (uintptr_t)b->global;
    if (first != second) {
        return first < second ? -1 : 1;
    }
    return a->import < b->import ? -1 : 1;
}

static zc_status unite_globals(zc_wasmtime_instance *own, wasmtime_extern_t *imports, zc_error *error)
{
    const zc_module_info *info = own->base.module->info;
    uint32_t count = 0;
    if (info->imported_global_count < 2) {
        return ZC_OK;
    }
    imported_global *list = zc_calloc(info->imported_global_count, sizeof *list);
    if (!list) {
        return zc_fail(error, ZC_NO_MEMORY, "cannot allocate an instance");
    }
    for (uint32_t i = 0; i < info->import_count; i++) {
        if (info->imports[i].kind == ZC_EXTERN_GLOBAL) {
            list[count++] = (imported_global){own->base.globals[info->imports[i].index], i};
        }
    }
    qsort(list, count, sizeof *list, compare_globals);
    for (uint32_t i = 1; i < count; i++) {
        if (list[i].global == list[i - 1].global) {
            imports[list[i].import] = imports[list[i - 1].import];
        }
    }
    zc_free(list);
    return ZC_OK;
}

static zc_status take_imports(zc_wasmtime_instance *own, wasmtime_extern_t *out, zc_error *error)
{
    const zc_module_info *info = own->base.module->info;
    zc_status status = ZC_OK;
    for (uint32_t i = 0; i < info->import_count && status == ZC_OK; i++) {
        const zc_import *import = &info->imports[i];
        switch (import->kind) {
        case ZC_EXTERN_FUNC:
            status = import_function(own, import, &out[i], error);
            break;
        case ZC_EXTERN_MEMORY:
            status = import_memory(own, &out[i], error);
            break;
        case ZC_EXTERN_GLOBAL:
            status = import_global(own, import, &out[i], error);
            break;
        default: /* zc_table_import has refused tables, and tags are no imports */
            break;
        }
    }
    return status == ZC_OK ? unite_globals(own, out, error) : status;
}

/* --- what is seen from outside --- */

zc_status zc_wasmtime_find(const zc_wasmtime_instance *own, zc_extern_kind kind, uint32_t index, uint8_t expected,
                           wasmtime_extern_t *out, zc_error *error)
{
    const zc_wasmtime_code *code = own->base.code;
    char name[ZC_PRIVATE_NAME];
    uint32_t size = zc_private_name(name, code->salt, kind, index);
    if (!zc_wt.wasmtime_instance_export_get(own->context, &own->instance, name, size, out) || out->kind != expected) {
        return zc_fail(error, ZC_UNSUPPORTED, "wasmtime: the instance has no export %s", name);
    }
    return ZC_OK;
}

/* Every shared global of the instance begins with what the library made of it, or is what it was made of. Those that never
 * change are copied once. */
static zc_status find_mirrors(zc_wasmtime_instance *own, zc_error *error)
{
    const zc_module_info *info = own->base.module->info;
    own->mirrors = zc_calloc(info->global_count, sizeof *own->mirrors);
    if (!own->mirrors) {
        return zc_fail(error, ZC_NO_MEMORY, "cannot allocate an instance");
    }
    for (uint32_t i = 0; i < info->global_count; i++) {
        zc_global *global = own->base.globals[i];
        wasmtime_extern_t found;
        wasmtime_val_t value;
        if (!global || !zc_wasmtime_number(global->type.value_type)) {
            continue;
        }
        zc_status status = zc_wasmtime_find(own, ZC_EXTERN_GLOBAL, i, WASMTIME_EXTERN_GLOBAL, &found, error);
        if (status != ZC_OK) {
            return status;
        }
        if (i >= info->imported_global_count) {
            zc_wt.wasmtime_global_get(own->context, &found.of.global, &value);
            zc_global_set(global, zc_slot_bits(global->type.value_type, (uint64_t)value.of.i64));
        }
        if (global->type.is_mutable) {
            own->mirrors[own->mirror_count++] =
                (zc_wasmtime_mirror){.global = global, .handle = found.of.global, .last = zc_global_get(global)};
        }
    }
    return ZC_OK;
}

static zc_status find_outside(zc_wasmtime_instance *own, zc_error *error)
{
    const zc_module_info *info = own->base.module->info;
    wasmtime_extern_t found;
    if (info->has_memory) {
        zc_status status = zc_wasmtime_find(own, ZC_EXTERN_MEMORY, 0, WASMTIME_EXTERN_MEMORY, &found, error);
        own->memory = found.of.memory;
        if (status == ZC_OK && own->base.goes_on) { /* its memory may have been moved */
            uint64_t unused;
            wasmtime_error_t *failure = zc_wt.wasmtime_memory_grow(own->context, &own->memory, 0, &unused);
            status = failure ? zc_wasmtime_fail(error, ZC_UNSUPPORTED, "wasmtime: a memory cannot be moved", failure)
                             : ZC_OK;
        }
        if (status != ZC_OK || (status = check_base(own, error)) != ZC_OK) {
            return status;
        }
    }
    if (info->has_table) {
        zc_status status = zc_wasmtime_find(own, ZC_EXTERN_TABLE, 0, WASMTIME_EXTERN_TABLE, &found, error);
        if (status != ZC_OK) {
            return status;
        }
        own->table = found.of.table;
        own->table_grows = info->changes_tables;
        atomic_store_explicit(&own->base.table->size, (uint32_t)zc_wt.wasmtime_table_size(own->context, &own->table),
                              memory_order_relaxed);
    }
    return find_mirrors(own, error);
}

/* --- making --- */

/* The limit is that of all tables together, the library's is each one's. What they begin with was checked against it:
 * here is how far they may grow, which of several is an equal share of the rest. */
static void limit_tables(zc_wasmtime_instance *own)
{
    const zc_module_info *info = own->base.module->info;
    uint64_t most = own->base.limits.table;
    if (info->table_count > 1) {
        most = (most - zc_table_elements(info)) / info->table_count;
    }
    zc_wt.wasmtime_store_limiter(own->store, -1, most < INT64_MAX ? (int64_t)most : INT64_MAX, -1, -1, -1);
}

/* The module's instance. The library copies the data segments as it makes it: where the memory has its bytes already, into
 * another one. */
static zc_status instantiate_module(zc_wasmtime_instance *own, const wasmtime_extern_t *imports, zc_error *error)
{
    const zc_module_info *info = own->base.module->info;
    const zc_wasmtime_code *code = own->base.code;
    zc_memory *memory = info->has_memory && !info->memory_imported ? own->base.memory : NULL;
    const uint64_t minimum = (uint64_t)info->memory.minimum * ZC_WASM_PAGE_SIZE;
    zc_region *data = NULL;
    zc_status status = ZC_OK;
    if (memory && own->base.goes_on && minimum > 0) {
        status = zc_region_create_sparse(minimum, minimum, &data, error);
    }
    if (status == ZC_OK) {
        status =
            instantiate(own, code->module, memory, data, minimum, imports, info->import_count, &own->instance, error);
    }
    zc_region_release(data);
    return status;
}

static zc_status link_with(zc_wasmtime_instance *own, wasmtime_extern_t *imports, zc_error *error)
{
    const zc_module_info *info = own->base.module->info;
    const zc_wasmtime_code *code = own->base.code;
    zc_memory *memory = info->has_memory && !info->memory_imported ? own->base.memory : NULL;
    wasmtime_instance_t heap;
    zc_status status = take_imports(own, imports, error);
    if (status == ZC_OK && memory && code->stub) {
        status = instantiate(own, code->stub, NULL, NULL, 0, NULL, 0, &heap, error);
    }
    if (status == ZC_OK) {
        status = instantiate_module(own, imports, error);
    }
    if (status == ZC_OK) {
        limit_tables(own);
    }
    return status == ZC_OK ? find_outside(own, error) : status;
}

zc_status zc_wasmtime_link(zc_wasmtime_instance *own, zc_error *error)
{
    const zc_module_info *info = own->base.module->info;
    atomic_init(&own->waits, 1);
    own->store = zc_wt.wasmtime_store_new(zc_wasmtime_engine(own->variant), NULL, NULL);
    own->context = zc_wt.wasmtime_store_context(own->store);
    zc_wt.wasmtime_store_epoch_deadline_callback(own->store, zc_wasmtime_on_epoch, own, NULL);
    if (own->variant ==
        ZC_WASMTIME_FUEL) { /* for the library's own code, which copies segments: it is not the guest's */
        wasmtime_error_t *failure = zc_wt.wasmtime_context_set_fuel(own->context, ZC_WASMTIME_MOST_FUEL);
        if (failure) {
            return zc_wasmtime_fail(error, ZC_UNSUPPORTED, "wasmtime: fuel cannot be set", failure);
        }
    }
    own->deadline_set = UINT64_MAX;
    own->functions = zc_calloc(info->func_count, sizeof *own->functions);
    wasmtime_extern_t *imports = zc_calloc(info->import_count, sizeof *imports);
    zc_status status = own->functions && imports ? link_with(own, imports, error)
                                                 : zc_fail(error, ZC_NO_MEMORY, "cannot allocate an instance");
    zc_free(imports);
    return status;
}
