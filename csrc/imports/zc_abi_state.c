/* zc_abi_state: a guest's side of the import module "zcwasm" as bytes, for snapshots and forks. */
#include "imports/zc_abi_internal.h"

zc_status zc_abi_settle(zc_abi *abi, int64_t timeout_ns, zc_error *error)
{
    (void)abi, (void)timeout_ns;
    return zc_fail(error, ZC_UNSUPPORTED, "not built yet");
}

zc_status zc_abi_save(zc_abi *abi, bool device_state, zc_writer *out, zc_error *error)
{
    (void)abi, (void)device_state, (void)out;
    return zc_fail(error, ZC_UNSUPPORTED, "not built yet");
}

zc_status zc_abi_load(zc_abi *abi, zc_reader *state, zc_error *error)
{
    (void)abi, (void)state;
    return zc_fail(error, ZC_UNSUPPORTED, "not built yet");
}
