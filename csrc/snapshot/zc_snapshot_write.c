/* zc_snapshot_write: see zc_snapshot.h. */
#include "snapshot/zc_snapshot.h"

zc_status zc_snapshot_write_file(void *context, uint64_t offset, const void *bytes, uint64_t size, zc_error *error)
{
    (void)context, (void)offset, (void)bytes, (void)size;
    return zc_fail(error, ZC_UNSUPPORTED, "not there yet");
}

zc_status zc_snapshot_write(const zc_snapshot_contents *contents, const zc_snapshot_sink *sink, uint64_t *file_size,
                            zc_error *error)
{
    (void)contents, (void)sink, (void)file_size;
    return zc_fail(error, ZC_UNSUPPORTED, "not there yet");
}
