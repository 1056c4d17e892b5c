/* zc_guest: instances: linked, made, freed, and what they consist of. Calls are zc_guest_call.c's.
 *
 * Imports are checked against the module's types here, once for all engines; the engine is handed what was made of them.
 *
 * See zc_guest.h for ownership and threads.
 */
#include "base/zc_alloc.h"
#include "base/zc_copies.h"
#include "base/zc_trace.h"
#include "guest/zc_guest_internal.h"
#include "guest/zc_guest_profile.h"

static _Atomic uint64_t numbers; /* of instances in traces */

zc_memory *zc_instance_memory(const zc_instance *instance)
{
    return instance->memory;
}

zc_global *zc_instance_global(const zc_instance *instance, uint32_t index)
{
    return instance->globals[index];
}

zc_table *zc_instance_table(const zc_instance *instance)
{
    return instance->table;
}

void zc_instance_set_owner(zc_instance *instance, const zc_guest_owner *owner)
{
    instance->owner = *owner;
}

void zc_instance_end(zc_instance *instance)
{
    instance->ended = true;
}

void *zc_instance_context(const zc_instance *instance)
{
    return instance->owner.context;
}

/* --- creation --- */

static zc_status check_memory(zc_instance *instance, const zc_import *import, zc_memory *memory, zc_error *error)
{
    const zc_limits_type *wanted = &instance->module->info->memory;
    bool declared;
    uint32_t pages = zc_memory_pages(memory), maximum = zc_memory_maximum(memory, &declared);
    if (pages < wanted->minimum) {
        return zc_fail(error, ZC_LINK, "import %.*s.%.*s: the memory has %u pages, at least %u are needed",
                       ZC_NAME(import->module), ZC_NAME(import->field), pages, wanted->minimum);
    }
    if (wanted->has_maximum && (!declared || maximum > wanted->maximum)) {
        return zc_fail(error, ZC_LINK, "import %.*s.%.*s: the memory's maximum is %u pages%s, at most %u are allowed",
                       ZC_NAME(import->module), ZC_NAME(import->field), maximum, declared ? "" : " (none declared)",
                       wanted->maximum);
    }
    instance->memory = zc_memory_retain(memory);
    return ZC_OK;
}

static zc_status check_global(zc_instance *instance, const zc_import *import, zc_global *global, zc_error *error)
{
    const zc_global_type *wanted = &instance->module->info->globals[import->index];
    if (global->type.value_type != wanted->value_type || global->type.is_mutable != wanted->is_mutable) {
        return zc_fail(error, ZC_LINK, "import %.*s.%.*s: the global is %s%s, the module needs %s%s",
                       ZC_NAME(import->module), ZC_NAME(import->field), global->type.is_mutable ? "mutable " : "",
                       zc_value_type_name(global->type.value_type), wanted->is_mutable ? "mutable " : "",
                       zc_value_type_name(wanted->value_type));
    }
    instance->globals[import->index] = zc_global_retain(global);
    return ZC_OK;
}

static zc_status take_imports(zc_instance *instance, const zc_import_value *imports, zc_error *error)
{
    const zc_module_info *info = instance->module->info;
    for (uint32_t i = 0; i < info->import_count; i++) {
        const zc_import *import = &info->imports[i];
        const zc_import_value *value = &imports[i];
        zc_status status = ZC_OK;
        if (value->kind != import->kind) {
            return zc_fail(error, ZC_LINK, "import %.*s.%.*s is of another kind", ZC_NAME(import->module),
                           ZC_NAME(import->field));
        }
        if (import->kind == ZC_EXTERN_MEMORY) {
            status = check_memory(instance, import, value->memory, error);
        } else if (import->kind == ZC_EXTERN_GLOBAL) {
            status = check_global(instance, import, value->global, error);
        } else if (import->kind == ZC_EXTERN_TABLE) {
            status = zc_table_import(instance, import, value->table, error);
        } else {
            const zc_func_type *type = &info->types[info->funcs[import->index].type_index];
            instance->linked[import->index] = (zc_linked_function){.instance = instance,
                                                                   .function = value->function,
                                                                   .context = value->context,
                                                                   .slots = type->param_count + type->result_count};
        }
        if (status != ZC_OK) {
            return status;
        }
    }
    return ZC_OK;
}

/* `region`: see zc_instance_make. */
static zc_status make_memory(zc_instance *instance, zc_region *region, zc_error *error)
{
    const zc_module_info *info = instance->module->info;
    uint64_t limit = instance->limits.memory;
    if (info->has_memory && !instance->memory) {
        zc_status status = region ? zc_memory_over(&info->memory, limit, region, &instance->memory, error)
                                  : zc_memory_new(&info->memory, limit, &instance->memory, error);
        if (status != ZC_OK) {
            return status;
        }
    } else {
        zc_region_release(region);
    }
    instance->executor = instance->memory ? &instance->memory->executor : &instance->own_executor;
    return ZC_OK;
}

/* Cells for the globals that others see, too. */
static zc_status make_globals(zc_instance *instance, zc_error *error)
{
    const zc_module_info *info = instance->module->info;
    for (uint32_t i = 0; i < info->export_count; i++) {
        uint32_t index = info->exports[i].index;
        if (info->exports[i].kind == ZC_EXTERN_GLOBAL && !instance->globals[index]) {
            zc_status status = zc_global_new(info->globals[index], 0, &instance->globals[index], error);
            if (status != ZC_OK) {
                return status;
            }
        }
    }
    return ZC_OK;
}

zc_status zc_instance_make(zc_module *module, const zc_engine *engine, const zc_import_value *imports,
                           const zc_limits *limits, zc_region *region, zc_instance **out, zc_error *error)
{
    const zc_module_info *info = module->info;
    zc_instance *instance = zc_calloc(1, engine->instance_size);
    if (!instance) {
        zc_region_release(region);
        return zc_fail(error, ZC_NO_MEMORY, "cannot allocate an instance");
    }
    instance->engine = engine;
    atomic_init(&instance->references, 1);
    instance->module = zc_module_retain(module);
    instance->limits = *limits;
    instance->goes_on = region != NULL;
    instance->number = zc_trace_number(&numbers);
    instance->given_ns = limits->deadline_ns;
    atomic_init(&instance->fuel_limit, limits->fuel);
    instance->linked = zc_calloc(info->imported_func_count, sizeof *instance->linked);
    instance->globals = zc_calloc(info->global_count, sizeof *instance->globals);
    zc_status status = ZC_OK;
    if (!instance->linked || !instance->globals) {
        status = zc_fail(error, ZC_NO_MEMORY, "cannot allocate an instance");
    } else { /* which refuses modules that are not for this engine, so that what follows is */
        status = zc_module_code(module, engine, &instance->code, error);
    }
    if (status == ZC_OK) {
        status = take_imports(instance, imports, error);
    }
    if (status == ZC_OK) {
        status = make_memory(instance, region, error);
    } else {
        zc_region_release(region);
    }
    if (status == ZC_OK) {
        status = make_globals(instance, error);
    }
    if (status == ZC_OK) {
        status = zc_table_make_own(instance, error);
    }
    if (status == ZC_OK) {
        status = engine->create(instance, error);
    }
    if (status != ZC_OK) {
        zc_instance_free(instance);
        return status;
    }
    *out = instance;
    return ZC_OK;
}

zc_status zc_instance_link(zc_module *module, const zc_engine *engine, const zc_import_value *imports,
                           const zc_limits *limits, zc_instance **out, zc_error *error)
{
    return zc_instance_make(module, engine, imports, limits, NULL, out, error);
}

zc_status zc_instance_initialize(zc_instance *instance, zc_error *error)
{
    zc_table_hold hold = {0};
    zc_status status = instance->shared_table ? zc_table_own(instance->shared_table, &hold, error) : ZC_OK;
    if (status == ZC_OK && instance->engine->initialize) {
        status = instance->engine->initialize(instance, error);
    }
    if (hold.mark) {
        zc_table_disown(hold);
    }
    if (status == ZC_OK) {
        zc_copies_add(ZC_COPY_DATA_SEGMENTS, instance->module->info->data_bytes);
    }
    return status;
}

zc_status zc_instance_new(zc_module *module, const zc_engine *engine, const zc_import_value *imports,
                          const zc_limits *limits, zc_instance **out, zc_error *error)
{
    zc_instance *instance;
    zc_status status = zc_instance_link(module, engine, imports, limits, &instance, error);
    if (status != ZC_OK) {
        return status;
    }
    status = zc_instance_initialize(instance, error);
    if (status != ZC_OK) {
        zc_instance_free(instance);
        return status;
    }
    *out = instance;
    return ZC_OK;
}

void zc_instance_free(zc_instance *instance)
{
    if (!instance) {
        return;
    }
    zc_profile_forget(instance);
    zc_instance_end(instance);
    zc_table_leave(instance);
    instance->engine->destroy(instance);
    zc_instance_free_stack(instance);
    for (uint32_t i = 0; instance->globals && i < instance->module->info->global_count; i++) {
        zc_global_release(instance->globals[i]);
    }
    zc_free(instance->globals);
    zc_free(instance->linked);
    zc_memory_release(instance->memory);
    zc_instance_release_rest(instance); /* tables may keep it */
}
