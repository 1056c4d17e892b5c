/* zc_snapshot_read: see zc_snapshot.h. */
#include "snapshot/zc_snapshot.h"

zc_status zc_snapshot_open(const zc_snapshot_source *source, zc_snapshot **out, zc_error *error)
{
    (void)source, (void)out;
    return zc_fail(error, ZC_UNSUPPORTED, "not there yet");
}

zc_status zc_snapshot_open_notes(const zc_snapshot_source *source, zc_snapshot **out, zc_error *error)
{
    return zc_snapshot_open(source, out, error);
}

void zc_snapshot_close(zc_snapshot *snapshot)
{
    (void)snapshot;
}

const zc_snapshot_section *zc_snapshot_find(const zc_snapshot *snapshot, uint32_t tag, const char *name,
                                            uint32_t name_size)
{
    (void)snapshot, (void)tag, (void)name, (void)name_size;
    return NULL;
}

const zc_snapshot_section *zc_snapshot_at(const zc_snapshot *snapshot, size_t index)
{
    (void)snapshot, (void)index;
    return NULL;
}

uint64_t zc_snapshot_memory_size(const zc_snapshot *snapshot)
{
    (void)snapshot;
    return 0;
}

uint64_t zc_snapshot_stored(const zc_snapshot *snapshot)
{
    (void)snapshot;
    return 0;
}

const char *zc_snapshot_codec_name(const zc_snapshot *snapshot)
{
    (void)snapshot;
    return "";
}

zc_status zc_snapshot_fill(zc_snapshot *snapshot, zc_region *region, bool mapped, const zc_snapshot_codec *codec,
                           zc_error *error)
{
    (void)snapshot, (void)region, (void)mapped, (void)codec;
    return zc_fail(error, ZC_UNSUPPORTED, "not there yet");
}
