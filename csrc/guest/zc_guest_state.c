/* zc_guest_state: see zc_guest.h. */
#include "guest/zc_guest_internal.h"

const char *zc_engine_name(void)
{
    return "wasm3";
}

const char *zc_fuel_unit(void)
{
    return "opcodes";
}

zc_status zc_instance_hold(zc_instance *instance, zc_error *error)
{
    (void)instance;
    return zc_fail(error, ZC_UNSUPPORTED, "not yet");
}

void zc_instance_let_go(zc_instance *instance)
{
    (void)instance;
}

zc_status zc_instance_save(const zc_instance *instance, zc_writer *out, zc_error *error)
{
    (void)instance;
    (void)out;
    return zc_fail(error, ZC_UNSUPPORTED, "not yet");
}

zc_status zc_instance_saved_pages(const zc_module *module, zc_reader state, uint32_t *pages, zc_error *error)
{
    (void)module;
    (void)state;
    (void)pages;
    return zc_fail(error, ZC_UNSUPPORTED, "not yet");
}

uint64_t zc_instance_reservation(const zc_module *module, const zc_limits *limits)
{
    (void)module;
    (void)limits;
    return 0;
}

zc_status zc_instance_restore(zc_module *module, const zc_import_value *imports, const zc_limits *limits,
                              zc_reader *state, zc_region *region, zc_instance **out, zc_error *error)
{
    (void)module;
    (void)imports;
    (void)limits;
    (void)state;
    (void)out;
    zc_region_release(region);
    return zc_fail(error, ZC_UNSUPPORTED, "not yet");
}
