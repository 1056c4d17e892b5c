/* zc_wasi_dir: fd_readdir. A cookie is the number of entries before it, so that a forged one finds another entry
 * of the same directory, or its end, and nothing else. Going on where the last call stopped costs nothing; any
 * other cookie reads the directory again from its start. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/zc_alloc.h"
#include "base/zc_copies.h"
#include "wasi/zc_wasi_internal.h"

#define HEADER 24u /* of an entry in guest memory: next cookie, inode, length of the name, type */
#define ENTRIES_PER_PAUSE 256

static zc_wasi_errno open_listing(zc_wasi_file *file)
{
    /* A description of its own, so that positions are its own. */
    int copy = openat(file->host, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *stream = copy >= 0 ? fdopendir(copy) : NULL;
    if (!stream) {
        zc_wasi_errno error = zc_wasi_from_host(errno);
        if (copy >= 0) {
            (void)close(copy);
        }
        return error;
    }
    file->listing = zc_calloc(1, sizeof *file->listing);
    if (!file->listing) {
        (void)closedir(stream);
        return W_NOMEM;
    }
    file->listing->stream = stream;
    return W_SUCCESS;
}

/* Make the entry at `position` pending; false at the end. */
static bool load_entry(const zc_wasi_file *file, zc_wasi_errno *error)
{
    zc_wasi_listing *listing = file->listing;
    zc_wasi_entry *entry = &listing->entry;
    while (!listing->pending) {
        errno = 0;
        const struct dirent *found = readdir(listing->stream);
        if (!found) {
            *error = errno ? zc_wasi_from_host(errno) : W_SUCCESS;
            return false;
        }
        size_t size = strlen(found->d_name);
        if (size >= sizeof entry->name) {
            continue;
        }
        memcpy(entry->name, found->d_name, size);
        entry->size = (uint32_t)size;
        /* What lies above a granted directory is not the guest's business. */
        entry->inode = strcmp(found->d_name, "..") == 0 ? 0 : (uint64_t)found->d_ino;
        entry->type = found->d_type == DT_REG   ? TYPE_REGULAR
                      : found->d_type == DT_DIR ? TYPE_DIRECTORY
                      : found->d_type == DT_LNK ? TYPE_LINK
                      : found->d_type == DT_CHR ? TYPE_CHARACTER
                      : found->d_type == DT_BLK ? TYPE_BLOCK
                                                : TYPE_UNKNOWN;
        struct stat info;
        if (found->d_type == DT_UNKNOWN && fstatat(file->host, found->d_name, &info, AT_SYMLINK_NOFOLLOW) == 0) {
            entry->type = zc_wasi_type_of(info.st_mode);
        }
        listing->pending = true;
    }
    return true;
}

static void advance(zc_wasi_listing *listing)
{
    listing->pending = false;
    listing->position++;
}

static zc_wasi_errno go_to(zc_wasi_call *call, const zc_wasi_file *file, uint64_t cookie)
{
    zc_wasi_listing *listing = file->listing;
    zc_wasi_errno error = W_SUCCESS;
    if (cookie < listing->position) {
        rewinddir(listing->stream);
        listing->position = 0;
        listing->pending = false;
    }
    while (listing->position < cookie && load_entry(file, &error)) {
        advance(listing);
        if (listing->position % ENTRIES_PER_PAUSE == 0) {
            ZC_WASI_PAUSE(call);
        }
    }
    return error;
}

zc_wasi_errno zc_wasi_fd_readdir(zc_wasi_call *call)
{
    zc_wasi_errno error = W_SUCCESS;
    uint32_t size = zc_wasi_u32(call, 2), used = 0;
    uint64_t cookie = call->slots[3];
    zc_wasi_file *file = zc_wasi_file_of(call, zc_wasi_u32(call, 0), R_FD_READDIR, &error);
    uint8_t *out = zc_wasi_range(call, zc_wasi_u32(call, 1), size);
    uint8_t *result = zc_wasi_range(call, zc_wasi_u32(call, 4), 4);
    if (!file) {
        return error;
    }
    if (file->kind != KIND_DIRECTORY) {
        return W_NOTDIR;
    }
    if (!out || !result) {
        return W_FAULT;
    }
    ZC_WASI_PAUSE(call);
    error = file->listing ? W_SUCCESS : open_listing(file);
    if (error == W_SUCCESS) {
        error = go_to(call, file, cookie);
    }
    if (error != W_SUCCESS) {
        return error;
    }
    zc_wasi_listing *listing = file->listing;
    while (used < size && listing->position >= cookie && load_entry(file, &error)) {
        /* An entry that does not fit is cut off, which tells the guest that there is more. */
        uint8_t header[HEADER] = {0};
        uint32_t left = size - used, head = left < HEADER ? left : HEADER;
        uint32_t name = left - head < listing->entry.size ? left - head : listing->entry.size;
        zc_wasi_put64(header, listing->position + 1);
        zc_wasi_put64(header + 8, listing->entry.inode);
        zc_wasi_put32(header + 16, listing->entry.size);
        header[20] = listing->entry.type;
        memcpy(out + used, header, head);
        memcpy(out + used + head, listing->entry.name, name);
        used += head + name;
        if (head < HEADER || name < listing->entry.size) {
            break;
        }
        advance(listing);
        if (listing->position % ENTRIES_PER_PAUSE == 0) {
            ZC_WASI_PAUSE(call);
        }
    }
    if (error != W_SUCCESS && used == 0) {
        return error;
    }
    zc_copies_add(ZC_COPY_WASI, used);
    zc_wasi_put32(result, used);
    return W_SUCCESS;
}
