/* zc_wasi_path: paths of guests, which stay below the directory that they start from.
 *
 * A path is copied once and walked here, one name at a time, with openat and O_NOFOLLOW; the kernel never sees
 * more than one name. Symbolic links are read and put into the rest of the path, so that they obey the same
 * rules: an absolute target, and any `..` above the start, is refused. `..` returns to the directory that the
 * walk came from, which is kept open, and never asks the file system, where someone may be moving directories.
 * Whatever is swapped meanwhile, each step opens either a real entry of a directory below the start or fails.
 *
 * A guest may make links of its own in a directory that it may change: a symbolic one with any relative text, since
 * this walk judges where it leads whenever it is followed; a hard one between two places that the walk has reached.
 * Programs of the host that follow a guest's link are not protected by this (docs/explanation/sandbox.md).
 *
 * Devices, FIFOs and sockets are not opened: some block, some do something. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h> /* renameat */
#include <sys/stat.h>
#include <unistd.h>

#include "base/zc_alloc.h"
#include "base/zc_copies.h"
#include "wasi/zc_wasi_internal.h"

#if defined(O_PATH)
#define WALK O_PATH
#else
#define WALK O_RDONLY
#endif

#define MAX_LINKS 40
#define MAX_NAME 255
#define STEPS_PER_PAUSE 64

enum { OPEN_CREATE = 1, OPEN_DIRECTORY = 2, OPEN_EXCLUSIVE = 4, OPEN_TRUNCATE = 8 };

/* What to do with a symbolic link that is the last name of a path. A slash behind it asks for what it leads to, but
 * for calls that make, move or remove the name itself, where a link with a slash is no directory. */
typedef enum last_link { KEEP, KEEP_UNLESS_SLASH, FOLLOW } last_link;

typedef struct place { /* where a path leads: a name in an open directory */
    char *rest;        /* owned: the path, and behind it as much room for a link's target */
    const char *name;  /* one name, or "." */
    bool directory;    /* the path ends in a slash or names the directory itself */
    int start;         /* borrowed */
    unsigned depth;
    int stack[ZC_WASI_DEPTH]; /* owned: directories below start that the walk is in */
} place;

static int parent_of(const place *at)
{
    return at->depth ? at->stack[at->depth - 1] : at->start;
}

static void leave(place *at)
{
    while (at->depth) {
        (void)close(at->stack[--at->depth]);
    }
    zc_free(at->rest);
    at->rest = NULL;
}

/* Put the target of the link `name` in front of `after`; *found tells whether it is one. */
static zc_wasi_errno follow_link(place *at, const char *name, const char *after, bool slash, bool *found)
{
    char *target = at->rest + ZC_WASI_PATH;
    size_t left = strlen(after);
    ssize_t size = readlinkat(parent_of(at), name, target, ZC_WASI_PATH);
    *found = size >= 0;
    if (size < 0) {
        return W_SUCCESS; /* no link; whether it is there at all is for the next step to say */
    }
    if (size == 0) {
        return W_NOENT;
    }
    if ((size_t)size + 1 + left + 1 > ZC_WASI_PATH) {
        return W_NAMETOOLONG;
    }
    if (target[0] == '/') {
        return W_NOTCAPABLE;
    }
    if (left || slash) {
        target[size++] = '/';
    }
    memcpy(target + size, after, left + 1);
    memcpy(at->rest, target, (size_t)size + left + 1);
    return W_SUCCESS;
}

static zc_wasi_errno enter(place *at, const char *name)
{
    if (at->depth == ZC_WASI_DEPTH) {
        return W_NAMETOOLONG;
    }
    int next = openat(parent_of(at), name, WALK | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (next < 0) {
        return zc_wasi_from_host(errno);
    }
    at->stack[at->depth++] = next;
    return W_SUCCESS;
}

static zc_wasi_errno walk(zc_wasi_call *call, place *at, last_link link)
{
    unsigned links = 0;
    char *name = at->rest;
    for (unsigned step = 1;; step++) {
        if (step % STEPS_PER_PAUSE == 0) {
            ZC_WASI_PAUSE(call);
        }
        size_t size = strcspn(name, "/");
        char *after = name + size;
        bool slash = *after == '/';
        while (*after == '/') {
            *after++ = 0;
        }
        bool last = *after == 0, up = strcmp(name, "..") == 0;
        if (size > MAX_NAME) {
            return W_NAMETOOLONG;
        }
        if (up && at->depth == 0) {
            return W_NOTCAPABLE;
        }
        if (up) {
            (void)close(at->stack[--at->depth]);
        }
        if (up || strcmp(name, ".") == 0 || size == 0) {
            if (last) {
                at->name = ".";
                at->directory = true;
                return W_SUCCESS;
            }
            name = after;
            continue;
        }
        if (!last || link == FOLLOW || (slash && link == KEEP_UNLESS_SLASH)) {
            bool found;
            zc_wasi_errno error = follow_link(at, name, after, slash, &found);
            if (error != W_SUCCESS) {
                return error;
            }
            if (found) {
                if (++links > MAX_LINKS) {
                    return W_LOOP;
                }
                name = at->rest;
                continue;
            }
        }
        if (last) {
            at->name = name;
            at->directory = slash;
            return W_SUCCESS;
        }
        zc_wasi_errno error = enter(at, name);
        if (error != W_SUCCESS) {
            return error;
        }
        name = after;
    }
}

/* Where the path in guest memory leads, from directory `fd`, which must have `rights`. After success the caller
 * leaves the place. */
static zc_wasi_errno find(zc_wasi_call *call, uint32_t fd, uint64_t rights, uint32_t pointer, uint32_t size,
                          last_link link, place *at)
{
    zc_wasi_errno error = W_SUCCESS;
    const uint8_t *path = zc_wasi_range(call, pointer, size);
    zc_wasi_file *file = zc_wasi_file_of(call, fd, 0, &error);
    at->rest = NULL;
    at->depth = 0;
    if (!file) {
        return error;
    }
    if (file->kind != KIND_DIRECTORY) {
        return W_NOTDIR;
    }
    if (!zc_wasi_file_of(call, fd, rights, &error)) {
        return error;
    }
    if (!path) {
        return W_FAULT;
    }
    if (size >= ZC_WASI_PATH) {
        return W_NAMETOOLONG;
    }
    at->rest = zc_malloc(2 * (size_t)ZC_WASI_PATH);
    if (!at->rest) {
        return W_NOMEM;
    }
    memcpy(at->rest, path, size);
    at->rest[size] = 0;
    zc_copies_add(ZC_COPY_WASI, size);
    at->start = file->host;
    call->status = zc_instance_pause(call->wasi->instance, call->error);
    if (call->status != ZC_OK) {
        error = W_IO;
    } else if (size == 0) {
        error = W_NOENT;
    } else if (strlen(at->rest) != size) {
        error = W_INVAL;
    } else if (at->rest[0] == '/') {
        error = W_NOTCAPABLE;
    } else {
        error = walk(call, at, link);
    }
    if (error != W_SUCCESS) {
        leave(at);
    }
    return error;
}

/* A path that says "directory" must lead to one; a link that appears after the walk is refused. */
static zc_wasi_errno look(const place *at, bool follow, struct stat *info)
{
    if (fstatat(parent_of(at), at->name, info, AT_SYMLINK_NOFOLLOW) != 0) {
        return zc_wasi_from_host(errno);
    }
    if (follow && S_ISLNK(info->st_mode)) {
        return W_LOOP;
    }
    return at->directory && !S_ISDIR(info->st_mode) ? W_NOTDIR : W_SUCCESS;
}

static zc_wasi_errno outcome(int code)
{
    return code == 0 ? W_SUCCESS : zc_wasi_from_host(errno);
}

/* --- opening --- */

static int host_flags(uint64_t rights, uint32_t how, uint32_t flags, bool directory)
{
    bool write = (rights & (R_FD_WRITE | R_FD_ALLOCATE | R_FD_FILESTAT_SET_SIZE)) || (how & OPEN_TRUNCATE);
    bool read = rights & (R_FD_READ | R_FD_READDIR);
    int result = directory ? O_RDONLY | O_DIRECTORY : write ? (read ? O_RDWR : O_WRONLY) : O_RDONLY;
    result |= how & OPEN_CREATE ? O_CREAT : 0;
    result |= how & OPEN_EXCLUSIVE ? O_EXCL : 0;
    result |= how & OPEN_TRUNCATE ? O_TRUNC : 0;
    result |= flags & FLAG_APPEND ? O_APPEND : 0;
    result |= flags & FLAG_DSYNC ? O_DSYNC : 0;
    result |= flags & (FLAG_SYNC | FLAG_RSYNC) ? O_SYNC : 0;
    /* Without waiting for the other end of a FIFO that was swapped in, and taking over no terminal. */
    return result | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
}

/* The host's descriptor and type of what the path leads to. */
static zc_wasi_errno open_place(const place *at, uint64_t rights, uint32_t how, uint32_t flags, int *host,
                                struct stat *info)
{
    bool directory = at->directory || (how & OPEN_DIRECTORY);
    if (directory && (how & OPEN_CREATE)) {
        return W_ISDIR;
    }
    bool exclusive = (how & OPEN_CREATE) && (how & OPEN_EXCLUSIVE);
    zc_wasi_errno error = look(at, !exclusive, info);
    if (error != W_SUCCESS && !(error == W_NOENT && (how & OPEN_CREATE))) {
        return error;
    }
    if (error == W_SUCCESS) {
        if (exclusive) {
            return W_EXIST;
        }
        if (!S_ISREG(info->st_mode) && !S_ISDIR(info->st_mode)) {
            return W_ACCES;
        }
        if (S_ISDIR(info->st_mode)) {
            if ((rights & R_FD_WRITE) || (how & (OPEN_CREATE | OPEN_TRUNCATE))) {
                return W_ISDIR;
            }
            directory = true;
        }
    }
    *host = openat(parent_of(at), at->name, host_flags(rights, how, flags, directory), 0666);
    if (*host < 0) {
        return zc_wasi_from_host(errno);
    }
    if (fstat(*host, info) != 0 || (!S_ISREG(info->st_mode) && !S_ISDIR(info->st_mode))) {
        (void)close(*host);
        return W_ACCES;
    }
    return W_SUCCESS;
}

zc_wasi_errno zc_wasi_path_open(zc_wasi_call *call)
{
    place at;
    struct stat info;
    int host = -1;
    zc_wasi_errno error = W_SUCCESS;
    uint32_t fd = zc_wasi_u32(call, 0), look_up = zc_wasi_u32(call, 1), how = zc_wasi_u32(call, 4);
    uint32_t flags = zc_wasi_u32(call, 7);
    uint64_t wanted = call->slots[5], inheriting = call->slots[6];
    uint8_t *result = zc_wasi_range(call, zc_wasi_u32(call, 8), 4);
    zc_wasi_file *from = zc_wasi_file_of(call, fd, 0, &error);
    if (!from) {
        return error;
    }
    if (look_up > 1 || how >= 16 || flags >= 32) {
        return W_INVAL;
    }
    if ((how & OPEN_DIRECTORY) && (how & (OPEN_CREATE | OPEN_EXCLUSIVE | OPEN_TRUNCATE))) {
        return W_INVAL; /* directories are neither made nor emptied by opening them */
    }
    if (!result) {
        return W_FAULT;
    }
    uint64_t needed = R_PATH_OPEN | (how & OPEN_CREATE ? R_PATH_CREATE_FILE : 0) |
                      (how & OPEN_TRUNCATE ? R_PATH_FILESTAT_SET_SIZE : 0);
    bool exclusive = (how & OPEN_CREATE) && (how & OPEN_EXCLUSIVE);
    last_link link = look_up && !exclusive ? FOLLOW : KEEP_UNLESS_SLASH;
    error = find(call, fd, needed, zc_wasi_u32(call, 2), zc_wasi_u32(call, 3), link, &at);
    if (error != W_SUCCESS) {
        return error;
    }
    /* What a file may do is what was asked for, as far as the directory passes it on; to write is the one thing
     * that is refused rather than dropped. */
    uint64_t rights = wanted & from->inheriting;
    uint32_t opened = zc_wasi_free_file(call->wasi);
    error = wanted & ~from->inheriting & R_FD_WRITE ? W_NOTCAPABLE
            : opened == UINT32_MAX                  ? W_MFILE
                                                    : open_place(&at, rights, how, flags, &host, &info);
    leave(&at);
    if (error != W_SUCCESS) {
        return error;
    }
    bool directory = S_ISDIR(info.st_mode);
    rights &= directory ? R_DIRECTORY_READ | R_DIRECTORY_WRITE : R_FILE_READ | R_FILE_WRITE;
    call->wasi->files[opened] = (zc_wasi_file){.kind = directory ? KIND_DIRECTORY : KIND_FILE,
                                               .host = host,
                                               .type = zc_wasi_type_of(info.st_mode),
                                               .flags = (uint16_t)flags,
                                               .rights = rights,
                                               .inheriting = directory ? inheriting & from->inheriting : 0};
    zc_wasi_put32(result, opened);
    return W_SUCCESS;
}

/* --- what is there --- */

zc_wasi_errno zc_wasi_path_filestat_get(zc_wasi_call *call)
{
    place at;
    struct stat info;
    bool follow = zc_wasi_u32(call, 1) & 1;
    uint8_t *result = zc_wasi_range(call, zc_wasi_u32(call, 4), zc_wasi_stat_size(call));
    zc_wasi_errno error = find(call, zc_wasi_u32(call, 0), R_PATH_FILESTAT_GET, zc_wasi_u32(call, 2),
                               zc_wasi_u32(call, 3), follow ? FOLLOW : KEEP_UNLESS_SLASH, &at);
    if (error != W_SUCCESS) {
        return error;
    }
    error = result ? look(&at, follow, &info) : W_FAULT;
    leave(&at);
    if (error == W_SUCCESS) {
        zc_wasi_put_stat(call, result, &info);
    }
    return error;
}

zc_wasi_errno zc_wasi_path_filestat_set_times(zc_wasi_call *call)
{
    place at;
    struct stat info;
    struct timespec times[2];
    bool follow = zc_wasi_u32(call, 1) & 1;
    zc_wasi_errno error = zc_wasi_times(call->slots[4], call->slots[5], zc_wasi_u32(call, 6), times);
    if (error != W_SUCCESS) {
        return error;
    }
    error = find(call, zc_wasi_u32(call, 0), R_PATH_FILESTAT_SET_TIMES, zc_wasi_u32(call, 2), zc_wasi_u32(call, 3),
                 follow ? FOLLOW : KEEP_UNLESS_SLASH, &at);
    if (error != W_SUCCESS) {
        return error;
    }
    error = look(&at, follow, &info);
    if (error == W_SUCCESS) {
        error = outcome(utimensat(parent_of(&at), at.name, times, AT_SYMLINK_NOFOLLOW));
    }
    leave(&at);
    return error;
}

zc_wasi_errno zc_wasi_path_readlink(zc_wasi_call *call)
{
    place at;
    struct stat info;
    uint32_t size = zc_wasi_u32(call, 4);
    uint8_t *out = zc_wasi_range(call, zc_wasi_u32(call, 3), size);
    uint8_t *used = zc_wasi_range(call, zc_wasi_u32(call, 5), 4);
    zc_wasi_errno error = find(call, zc_wasi_u32(call, 0), R_PATH_READLINK, zc_wasi_u32(call, 1), zc_wasi_u32(call, 2),
                               KEEP_UNLESS_SLASH, &at);
    if (error != W_SUCCESS) {
        return error;
    }
    char *target = at.rest + ZC_WASI_PATH;
    ssize_t length = 0;
    error = out && used ? look(&at, false, &info) : W_FAULT;
    if (error == W_SUCCESS) {
        length = readlinkat(parent_of(&at), at.name, target, ZC_WASI_PATH);
        error = length < 0 ? zc_wasi_from_host(errno) : W_SUCCESS;
    }
    if (error == W_SUCCESS) {
        uint32_t copied = (uint64_t)length < size ? (uint32_t)length : size;
        memcpy(out, target, copied);
        zc_copies_add(ZC_COPY_WASI, copied);
        zc_wasi_put32(used, copied);
    }
    leave(&at);
    return error;
}

/* --- changing directories --- */

zc_wasi_errno zc_wasi_path_create_directory(zc_wasi_call *call)
{
    place at;
    zc_wasi_errno error = find(call, zc_wasi_u32(call, 0), R_PATH_CREATE_DIRECTORY, zc_wasi_u32(call, 1),
                               zc_wasi_u32(call, 2), KEEP, &at);
    if (error == W_SUCCESS) {
        error = outcome(mkdirat(parent_of(&at), at.name, 0777));
        leave(&at);
    }
    return error;
}

static zc_wasi_errno remove_entry(zc_wasi_call *call, uint64_t right, bool directory)
{
    place at;
    struct stat info;
    zc_wasi_errno error =
        find(call, zc_wasi_u32(call, 0), right, zc_wasi_u32(call, 1), zc_wasi_u32(call, 2), KEEP, &at);
    if (error != W_SUCCESS) {
        return error;
    }
    error = look(&at, false, &info);
    if (error == W_SUCCESS && !directory && S_ISDIR(info.st_mode)) {
        error = W_ISDIR; /* not every system says so */
    }
    if (error == W_SUCCESS) {
        error = outcome(unlinkat(parent_of(&at), at.name, directory ? AT_REMOVEDIR : 0));
    }
    leave(&at);
    return error;
}

zc_wasi_errno zc_wasi_path_unlink_file(zc_wasi_call *call)
{
    return remove_entry(call, R_PATH_UNLINK_FILE, false);
}

zc_wasi_errno zc_wasi_path_remove_directory(zc_wasi_call *call)
{
    return remove_entry(call, R_PATH_REMOVE_DIRECTORY, true);
}

/* The two places of a call: the first from descriptor 0 and the path at slot `from_path`, the second from the
 * descriptor at slot `to_fd` and the path behind it. After success the caller leaves both. */
static zc_wasi_errno find_both(zc_wasi_call *call, unsigned from_path, uint64_t from_right, unsigned to_fd,
                               uint64_t to_right, last_link link, place *from, place *to)
{
    zc_wasi_errno error = find(call, zc_wasi_u32(call, 0), from_right, zc_wasi_u32(call, from_path),
                               zc_wasi_u32(call, from_path + 1), link, from);
    if (error != W_SUCCESS) {
        return error;
    }
    error = find(call, zc_wasi_u32(call, to_fd), to_right, zc_wasi_u32(call, to_fd + 1), zc_wasi_u32(call, to_fd + 2),
                 link, to);
    if (error != W_SUCCESS) {
        leave(from);
    }
    return error;
}

zc_wasi_errno zc_wasi_path_rename(zc_wasi_call *call)
{
    place from, to;
    struct stat info;
    zc_wasi_errno error = find_both(call, 1, R_PATH_RENAME_SOURCE, 3, R_PATH_RENAME_TARGET, KEEP, &from, &to);
    if (error != W_SUCCESS) {
        return error;
    }
    from.directory |= to.directory;
    error = look(&from, false, &info);
    if (error == W_SUCCESS) {
        error = outcome(renameat(parent_of(&from), from.name, parent_of(&to), to.name));
    }
    leave(&to);
    leave(&from);
    return error;
}

/* --- making links --- */

/* A path with a slash behind it can only name a directory, which no link is: it is taken, or cannot be made. */
static zc_wasi_errno check_link_name(const place *at)
{
    struct stat info;
    zc_wasi_errno error = at->directory ? look(at, false, &info) : W_SUCCESS;
    return at->directory && error == W_SUCCESS ? W_EXIST : error;
}

/* A second name for what the first path names, a symbolic link included, which is not followed. Both names lie in
 * directories that the walk has reached, so that nothing comes in from outside. */
zc_wasi_errno zc_wasi_path_link(zc_wasi_call *call)
{
    place from, to;
    struct stat info;
    if (zc_wasi_u32(call, 1)) {
        return W_INVAL; /* following the last link would be a way around what the walk promises */
    }
    zc_wasi_errno error = find_both(call, 2, R_PATH_LINK_SOURCE, 4, R_PATH_LINK_TARGET, KEEP_UNLESS_SLASH, &from, &to);
    if (error != W_SUCCESS) {
        return error;
    }
    error = look(&from, false, &info);
    if (error == W_SUCCESS) {
        error = S_ISDIR(info.st_mode) ? W_PERM : check_link_name(&to);
    }
    if (error == W_SUCCESS) {
        error = outcome(linkat(parent_of(&from), from.name, parent_of(&to), to.name, 0));
    }
    leave(&to);
    leave(&from);
    return error;
}

/* A link's text, copied behind the path. Any relative one will do: where it leads is for the walk to judge, each
 * time, since the link may be moved. */
static zc_wasi_errno take_link_text(const place *at, const uint8_t *text, uint32_t size)
{
    char *copy = at->rest + ZC_WASI_PATH;
    if (!text) {
        return W_FAULT;
    }
    if (size >= ZC_WASI_PATH) {
        return W_NAMETOOLONG;
    }
    memcpy(copy, text, size);
    copy[size] = 0;
    zc_copies_add(ZC_COPY_WASI, size);
    if (strlen(copy) != size) {
        return W_INVAL;
    }
    return size == 0 ? W_NOENT : copy[0] == '/' ? W_NOTCAPABLE : W_SUCCESS;
}

zc_wasi_errno zc_wasi_path_symlink(zc_wasi_call *call)
{
    place at;
    uint32_t size = zc_wasi_u32(call, 1);
    const uint8_t *text = zc_wasi_range(call, zc_wasi_u32(call, 0), size);
    zc_wasi_errno error = find(call, zc_wasi_u32(call, 2), R_PATH_SYMLINK, zc_wasi_u32(call, 3), zc_wasi_u32(call, 4),
                               KEEP_UNLESS_SLASH, &at);
    if (error != W_SUCCESS) {
        return error;
    }
    error = take_link_text(&at, text, size);
    if (error == W_SUCCESS) {
        error = check_link_name(&at);
    }
    if (error == W_SUCCESS) {
        error = outcome(symlinkat(at.rest + ZC_WASI_PATH, parent_of(&at), at.name));
    }
    leave(&at);
    return error;
}
