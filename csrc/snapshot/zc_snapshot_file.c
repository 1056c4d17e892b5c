/* zc_snapshot_file: bytes to and from a file, all of them or an error: the system may move fewer than it was asked to, or
 * be interrupted. What it says about a failure is in the text, and its number is the error's kind.
 *
 * Ownership: files and buffers are the caller's. Threads: any. Positions of files are neither used nor changed.
 */
#define _GNU_SOURCE
#define _FILE_OFFSET_BITS 64
#include "snapshot/zc_snapshot_internal.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#define MOST_AT_ONCE (UINT64_C(1) << 30) /* some systems refuse 2 GiB */

static zc_status failed(int code, const char *what, uint64_t size, uint64_t offset, zc_error *error)
{
    zc_status status = zc_fail(error, ZC_SNAPSHOT, "cannot %s %llu bytes at offset %llu of the file: %s", what,
                               (ull)size, (ull)offset, strerror(code));
    if (error) {
        error->kind = (uint32_t)code;
    }
    return status;
}

zc_status zc_snapshot_write_file(void *context, uint64_t offset, const void *bytes, uint64_t size, zc_error *error)
{
    const uint8_t *at = bytes;
    while (size) {
        ssize_t moved = pwrite(*(int *)context, at, (size_t)(size < MOST_AT_ONCE ? size : MOST_AT_ONCE), (off_t)offset);
        if (moved < 0 && errno == EINTR) {
            continue;
        }
        if (moved <= 0) {
            return failed(moved < 0 ? errno : ENOSPC, "write", size, offset, error);
        }
        at += moved;
        offset += (uint64_t)moved;
        size -= (uint64_t)moved;
    }
    return ZC_OK;
}

zc_status zc_snapshot_read_source(const zc_snapshot_source *source, uint64_t offset, void *out, uint64_t size,
                                  zc_error *error)
{
    if (size == 0) {
        return ZC_OK;
    }
    if (offset > source->size || size > source->size - offset) {
        return zc_fail(error, ZC_SNAPSHOT, "the file is cut short: %llu bytes at offset %llu do not lie in its %llu",
                       (ull)size, (ull)offset, (ull)source->size);
    }
    if (source->file < 0) {
        memcpy(out, source->bytes + offset, (size_t)size);
        return ZC_OK;
    }
    uint8_t *at = out;
    while (size) {
        ssize_t moved = pread(source->file, at, (size_t)(size < MOST_AT_ONCE ? size : MOST_AT_ONCE), (off_t)offset);
        if (moved < 0 && errno == EINTR) {
            continue;
        }
        if (moved < 0) {
            return failed(errno, "read", size, offset, error);
        }
        if (moved == 0) {
            return zc_fail(error, ZC_SNAPSHOT, "the file was cut short while it was read: it ends before offset %llu",
                           (ull)(offset + size));
        }
        at += moved;
        offset += (uint64_t)moved;
        size -= (uint64_t)moved;
    }
    return ZC_OK;
}
