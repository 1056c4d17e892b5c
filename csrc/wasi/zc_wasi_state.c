/* zc_wasi_state: descriptors as bytes, for snapshots and forks. */
#include "wasi/zc_wasi_internal.h"

zc_status zc_wasi_save(const zc_wasi *wasi, zc_writer *out, zc_error *error)
{
    (void)wasi, (void)out;
    return zc_fail(error, ZC_UNSUPPORTED, "not built yet");
}

zc_status zc_wasi_load(zc_wasi *wasi, zc_reader *state, zc_error *error)
{
    (void)wasi, (void)state;
    return zc_fail(error, ZC_UNSUPPORTED, "not built yet");
}
