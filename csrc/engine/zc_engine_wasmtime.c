/* zc_engine_wasmtime: see zc_engine_wasmtime.h: the two engines, and what modules have of them. The files from the ground up:
 * _code what is made of a module, _call calls of instances, _link what makes an instance, _state what it is between calls. */
#include "engine/zc_engine_wasmtime.h"

#include "base/zc_alloc.h"
#include "engine/zc_engine_wasmtime_internal.h"
#include "engine/zc_ticker.h"

/* --- instances --- */

static zc_status compile_plain(const zc_module *module, void **code, zc_error *error)
{
    return zc_wasmtime_code_new(ZC_WASMTIME_PLAIN, module, code, error);
}

static zc_status compile_fuel(const zc_module *module, void **code, zc_error *error)
{
    return zc_wasmtime_code_new(ZC_WASMTIME_FUEL, module, code, error);
}

static zc_status create(zc_instance *instance, zc_error *error)
{
    zc_status status = zc_wasmtime_ready(error);
    if (status != ZC_OK) {
        return status;
    }
    if (instance->limits.call_depth < ZC_DEFAULT_CALL_DEPTH) { /* a bound that would not hold */
        return zc_fail(
            error, ZC_UNSUPPORTED,
            "the engine wasmtime cannot bound nested calls to %llu: it bounds the native stack, to %llu bytes",
            (ull)instance->limits.call_depth, (ull)ZC_WASMTIME_STACK);
    }
    zc_wasmtime_of(instance)->variant =
        instance->engine == &zc_engine_wasmtime_fuel ? ZC_WASMTIME_FUEL : ZC_WASMTIME_PLAIN;
    zc_ticker_calls(zc_wasmtime_advance);
    return zc_wasmtime_link(zc_wasmtime_of(instance), error);
}

static void destroy(zc_instance *instance)
{
    zc_wasmtime_instance *own = zc_wasmtime_of(instance);
    if (own->store) {
        zc_wt.wasmtime_store_delete(own->store);
    }
    zc_free(own->mirrors);
    zc_free(own->functions);
}

static bool takes_fuel(const zc_instance *instance)
{
    const zc_wasmtime_instance *own = (const zc_wasmtime_instance *)(const void *)instance;
    return atomic_load_explicit(&own->waits, memory_order_relaxed) > 0;
}

#define ENGINE(compile_function, counts)            \
    {.name = "wasmtime",                            \
     .wide = true,                                  \
     .fuel_unit = "operators",                      \
     .counts_fuel = counts,                         \
     .instance_size = sizeof(zc_wasmtime_instance), \
     .compile = compile_function,                   \
     .free_code = zc_wasmtime_code_free,            \
     .create = create,                              \
     .destroy = destroy,                            \
     .prepare_calls = zc_wasmtime_prepare_calls,    \
     .frame = zc_wasmtime_frame,                    \
     .run = zc_wasmtime_run,                        \
     .settle = zc_wasmtime_settle,                  \
     .resume = zc_wasmtime_resume,                  \
     .takes_fuel = takes_fuel,                      \
     .table_bytes = sizeof(zc_table),               \
     .get_global = zc_wasmtime_get_global,          \
     .set_global = zc_wasmtime_set_global,          \
     .check_states = zc_wasmtime_check_states,      \
     .save_table = zc_wasmtime_save_table,          \
     .load_table = zc_wasmtime_load_table}

const zc_engine zc_engine_wasmtime = ENGINE(compile_plain, false);
const zc_engine zc_engine_wasmtime_fuel = ENGINE(compile_fuel, true);

/* --- modules --- */

const zc_engine *zc_engine_wasmtime_of(zc_wasmtime_variant variant)
{
    return variant == ZC_WASMTIME_FUEL ? &zc_engine_wasmtime_fuel : &zc_engine_wasmtime;
}

zc_wasmtime_variant zc_engine_wasmtime_variant(const zc_limits *limits)
{
    return limits->fuel == ZC_NO_LIMIT ? ZC_WASMTIME_PLAIN : ZC_WASMTIME_FUEL;
}

zc_status zc_engine_wasmtime_prepare(zc_module *module, zc_wasmtime_variant variant, zc_error *error)
{
    const void *unused;
    return zc_module_code(module, zc_engine_wasmtime_of(variant), &unused, error);
}

zc_status zc_engine_wasmtime_adopt(zc_module *module, zc_wasmtime_variant variant, wasmtime_module_t *compiled,
                                   zc_error *error)
{
    void *code = NULL;
    zc_status status = zc_wasmtime_code_around(variant, module, compiled, &code, error);
    return status == ZC_OK ? zc_module_take_code(module, zc_engine_wasmtime_of(variant), code, NULL, error) : status;
}

const wasmtime_module_t *zc_engine_wasmtime_compiled(const zc_module *module, zc_wasmtime_variant variant)
{
    const zc_wasmtime_code *code = zc_module_find_code(module, zc_engine_wasmtime_of(variant));
    return code ? code->module : NULL;
}
