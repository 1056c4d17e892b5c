/* zc_wasi_state: which descriptor is what, as bytes, for snapshots and forks.
 *
 * A descriptor is saved as what it stands for, never as what is behind it: one of the three streams, or a granted
 * directory by its name; with its rights and flags. What it is bound to is what the restored instance is granted. Where
 * fd_readdir stood is in the guest's cookie. Files and directories that the guest opened have names that may mean
 * something else by then, and positions: they are refused.
 *
 * Loading checks all of it before it changes anything: each stream and each directory is taken at most once, rights are
 * never more than those granted, and what the guest had closed is closed.
 */
#include "base/zc_alloc.h"
#include "wasi/zc_wasi_internal.h"

#define VERSION 1u
#define CHANGEABLE (FLAG_APPEND | FLAG_NONBLOCK) /* by fd_fdstat_set_flags, for streams and directories */

zc_status zc_wasi_save(const zc_wasi *wasi, zc_writer *out, zc_error *error)
{
    uint32_t count = 0;
    for (uint32_t fd = 0; fd < ZC_WASI_MAX_FILES; fd++) {
        const zc_wasi_file *file = &wasi->files[fd];
        if (file->kind == KIND_FILE || (file->kind == KIND_DIRECTORY && !file->name)) {
            return zc_fail(error, ZC_UNSUPPORTED, "descriptor %u is an open %s: close it before a snapshot", fd,
                           file->kind == KIND_FILE ? "file" : "directory");
        }
        count += file->kind != KIND_FREE;
    }
    zc_put_u32(out, VERSION);
    zc_put_u32(out, count);
    for (uint32_t fd = 0; fd < ZC_WASI_MAX_FILES; fd++) {
        const zc_wasi_file *file = &wasi->files[fd];
        if (file->kind == KIND_FREE) {
            continue;
        }
        zc_put_u32(out, fd);
        zc_put_u8(out, (uint8_t)file->kind);
        if (file->kind == KIND_STREAM) {
            zc_put_u8(out, file->number);
        } else {
            zc_put_string(out, file->name, (uint32_t)strlen(file->name));
        }
        zc_put_u32(out, file->flags);
        zc_put_u64(out, file->rights);
        zc_put_u64(out, file->inheriting);
    }
    return out->failed ? zc_fail(error, ZC_NO_MEMORY, "cannot allocate the bytes for %u descriptors", count) : ZC_OK;
}

typedef struct saved {
    uint32_t from; /* descriptor of the same thing in the new one; plus one, 0: free */
    uint16_t flags;
    uint64_t rights, inheriting;
} saved;

/* A fresh context's descriptor of the stream or directory of that name that is not taken yet; or UINT32_MAX. */
static uint32_t find(const zc_wasi *wasi, const bool *taken, uint8_t kind, const uint8_t *name, uint32_t size)
{
    for (uint32_t fd = 0; fd < ZC_WASI_MAX_FILES; fd++) {
        const zc_wasi_file *file = &wasi->files[fd];
        if (file->kind != (zc_wasi_kind)kind || taken[fd]) {
            continue;
        }
        if (kind == KIND_STREAM ? file->number == *name
                                : file->name && strlen(file->name) == size && memcmp(file->name, name, size) == 0) {
            return fd;
        }
    }
    return UINT32_MAX;
}

static zc_status load_one(const zc_wasi *wasi, zc_reader *state, saved *files, bool *taken, zc_error *error)
{
    uint32_t fd = zc_take_u32(state), size = 1;
    uint8_t kind = zc_take_u8(state);
    const uint8_t *name = kind == KIND_STREAM ? zc_take(state, 1) : zc_take_string(state, &size);
    uint32_t flags = zc_take_u32(state);
    uint64_t rights = zc_take_u64(state), inheriting = zc_take_u64(state);
    if (state->failed) {
        return ZC_OK;
    }
    if (fd >= ZC_WASI_MAX_FILES || files[fd].from || (kind != KIND_STREAM && kind != KIND_DIRECTORY)) {
        return zc_fail(error, ZC_SNAPSHOT, "descriptor %u of kind %u is not one that the snapshot may have", fd, kind);
    }
    uint32_t from = find(wasi, taken, kind, name, size);
    if (from == UINT32_MAX && kind == KIND_DIRECTORY) {
        return zc_fail(error, ZC_SNAPSHOT, "the snapshot's directory '%.*s' is not granted here",
                       (int)(size < 100 ? size : 100), (const char *)name);
    }
    if (from == UINT32_MAX || (flags & ~(uint32_t)CHANGEABLE)) {
        return zc_fail(error, ZC_SNAPSHOT, "descriptor %u is not one that the snapshot may have, with flags %u", fd,
                       flags);
    }
    taken[from] = true;
    files[fd] = (saved){.from = from + 1, .flags = (uint16_t)flags, .rights = rights, .inheriting = inheriting};
    return ZC_OK;
}

static zc_status load_all(const zc_wasi *wasi, zc_reader *state, saved *files, bool *taken, zc_error *error)
{
    uint32_t version = zc_take_u32(state), count = zc_take_u32(state);
    zc_status status = ZC_OK;
    if (version != VERSION) {
        return zc_fail(error, ZC_SNAPSHOT, "WASI's part is of version %u in the snapshot, this is version %u", version,
                       VERSION);
    }
    if (count > ZC_WASI_MAX_FILES) {
        return zc_fail(error, ZC_SNAPSHOT, "the snapshot holds %u descriptors, at most %u are allowed", count,
                       ZC_WASI_MAX_FILES);
    }
    for (uint32_t i = 0; i < count && status == ZC_OK && !state->failed; i++) {
        status = load_one(wasi, state, files, taken, error);
    }
    if (status == ZC_OK && state->failed) {
        status = zc_fail(error, ZC_SNAPSHOT, "the snapshot's descriptors are cut off");
    }
    return status;
}

zc_status zc_wasi_load(zc_wasi *wasi, zc_reader *state, zc_error *error)
{
    saved files[ZC_WASI_MAX_FILES] = {0};
    bool taken[ZC_WASI_MAX_FILES] = {false};
    zc_wasi_file *fresh = zc_malloc(sizeof wasi->files);
    if (!fresh) {
        return zc_fail(error, ZC_NO_MEMORY, "cannot allocate %zu bytes for descriptors", sizeof wasi->files);
    }
    zc_status status = load_all(wasi, state, files, taken, error);
    if (status == ZC_OK) {
        memcpy(fresh, wasi->files, sizeof wasi->files);
        memset(wasi->files, 0, sizeof wasi->files);
        for (uint32_t fd = 0; fd < ZC_WASI_MAX_FILES; fd++) {
            if (files[fd].from) {
                zc_wasi_file *file = &wasi->files[fd];
                *file = fresh[files[fd].from - 1];
                file->flags = files[fd].flags;
                file->rights &= files[fd].rights;
                file->inheriting &= files[fd].inheriting;
            }
            if (fresh[fd].kind != KIND_FREE && !taken[fd]) {
                zc_wasi_close_file(&fresh[fd]);
            }
        }
    }
    zc_free(fresh);
    return status;
}
