/* zc_wasi_file: descriptors: the table, reading, writing, seeking, flags and rights.
 *
 * Files move in chunks, streams in pieces that do not block once poll(2) says so, with a pause between, so
 * that no transfer outlives the deadline by more than one chunk. Bytes go straight between the host's
 * descriptor and guest memory; only stream functions get a copy, which is theirs. Flags of a stream's
 * descriptor are never changed: it is shared with the host's program. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/zc_alloc.h"
#include "wasi/zc_wasi_internal.h"

#define MAX_VECTORS 1024u
#define FEW_VECTORS 16

zc_wasi_file *zc_wasi_file_of(const zc_wasi_call *call, uint32_t fd, uint64_t rights, zc_wasi_errno *error)
{
    if (fd >= ZC_WASI_MAX_FILES || call->wasi->files[fd].kind == KIND_FREE) {
        *error = W_BADF;
        return NULL;
    }
    zc_wasi_file *file = &call->wasi->files[fd];
    if ((file->rights & rights) != rights) {
        *error = W_NOTCAPABLE;
        return NULL;
    }
    return file;
}

uint32_t zc_wasi_free_file(const zc_wasi *wasi)
{
    for (uint32_t fd = 0; fd < ZC_WASI_MAX_FILES; fd++) {
        if (wasi->files[fd].kind == KIND_FREE) {
            return fd;
        }
    }
    return UINT32_MAX;
}

void zc_wasi_close_file(zc_wasi_file *file)
{
    if (file->listing) {
        (void)closedir(file->listing->stream);
        zc_free(file->listing);
    }
    if (file->host >= 0) {
        (void)close(file->host);
    }
    zc_free(file->name);
    *file = (zc_wasi_file){.kind = KIND_FREE};
}

zc_wasi_errno zc_wasi_fd_close(zc_wasi_call *call)
{
    zc_wasi_errno error = W_SUCCESS;
    zc_wasi_file *file = zc_wasi_file_of(call, zc_wasi_u32(call, 0), 0, &error);
    if (!file) {
        return error;
    }
    zc_wasi_close_file(file);
    return W_SUCCESS;
}

/* A granted directory is a descriptor like any other: moved, it takes its name along; moved over, it is closed. */
zc_wasi_errno zc_wasi_fd_renumber(zc_wasi_call *call)
{
    zc_wasi_errno error = W_SUCCESS;
    zc_wasi_file *from = zc_wasi_file_of(call, zc_wasi_u32(call, 0), 0, &error);
    zc_wasi_file *to = from ? zc_wasi_file_of(call, zc_wasi_u32(call, 1), 0, &error) : NULL;
    if (!from || !to) {
        return error;
    }
    if (from != to) {
        zc_wasi_close_file(to);
        *to = *from;
        *from = (zc_wasi_file){.kind = KIND_FREE};
    }
    return W_SUCCESS;
}

/* --- granted directories --- */

zc_wasi_errno zc_wasi_fd_prestat_get(zc_wasi_call *call)
{
    zc_wasi_errno error = W_SUCCESS;
    zc_wasi_file *file = zc_wasi_file_of(call, zc_wasi_u32(call, 0), 0, &error);
    uint8_t *at = zc_wasi_range(call, zc_wasi_u32(call, 1), 8);
    if (!file || !file->name) {
        return W_BADF;
    }
    if (!at) {
        return W_FAULT;
    }
    zc_wasi_put32(at, 0); /* a directory */
    zc_wasi_put32(at + 4, (uint32_t)strlen(file->name));
    return W_SUCCESS;
}

zc_wasi_errno zc_wasi_fd_prestat_dir_name(zc_wasi_call *call)
{
    zc_wasi_errno error = W_SUCCESS;
    zc_wasi_file *file = zc_wasi_file_of(call, zc_wasi_u32(call, 0), 0, &error);
    uint32_t size = zc_wasi_u32(call, 2);
    uint8_t *at = zc_wasi_range(call, zc_wasi_u32(call, 1), size);
    if (!file || !file->name) {
        return W_BADF;
    }
    if (!at) {
        return W_FAULT;
    }
    if (size < strlen(file->name)) {
        return W_NAMETOOLONG;
    }
    memcpy(at, file->name, strlen(file->name));
    return W_SUCCESS;
}

/* --- vectors --- */

typedef struct vector {
    uint8_t *bytes;
    uint32_t size;
} vector;

typedef struct vectors {
    vector few[FEW_VECTORS], *all;
    uint32_t count;
} vectors;

static void drop_vectors(vectors *list)
{
    if (list->all != list->few) {
        zc_free(list->all);
    }
}

/* Read the guest's list once and check each range; the sum fits the 32 bits in which it is reported. */
static zc_wasi_errno take_vectors(const zc_wasi_call *call, uint32_t pointer, uint32_t count, vectors *list)
{
    uint64_t total = 0;
    *list = (vectors){.all = list->few, .count = count};
    if (count > MAX_VECTORS) {
        return W_INVAL;
    }
    const uint8_t *at = zc_wasi_range(call, pointer, 8 * (uint64_t)count);
    if (!at) {
        return W_FAULT;
    }
    if (count > FEW_VECTORS) {
        list->all = zc_calloc(count, sizeof *list->all);
        if (!list->all) {
            list->all = list->few;
            return W_NOMEM;
        }
    }
    for (uint32_t i = 0; i < count; i++) {
        vector *one = &list->all[i];
        one->size = zc_wasi_get32(at + 8 * (size_t)i + 4);
        one->bytes = zc_wasi_range(call, zc_wasi_get32(at + 8 * (size_t)i), one->size);
        total += one->size;
        if (!one->bytes || total > UINT32_MAX) {
            zc_wasi_errno error = one->bytes ? W_INVAL : W_FAULT;
            drop_vectors(list);
            *list = (vectors){.all = list->few};
            return error;
        }
    }
    return W_SUCCESS;
}

/* --- moving bytes --- */

typedef enum direction { READ, WRITE } direction;

/* A regular file, at `offset` or, when that is negative, at the file's own position. */
static zc_wasi_errno move_file(zc_wasi_call *call, int host, direction way, const vectors *list, int64_t offset,
                               uint32_t *done)
{
    for (uint32_t i = 0; i < list->count; i++) {
        const vector *one = &list->all[i];
        for (uint32_t at = 0; at < one->size;) {
            size_t part = one->size - at < ZC_WASI_CHUNK ? one->size - at : ZC_WASI_CHUNK;
            uint8_t *bytes = one->bytes + at;
            off_t where = (off_t)(offset + (int64_t)*done);
            ssize_t moved;
            if (*done > 0 && *done % ZC_WASI_CHUNK == 0) {
                ZC_WASI_PAUSE(call);
            }
            if (offset < 0) {
                moved = way == READ ? read(host, bytes, part) : write(host, bytes, part);
            } else {
                moved = way == READ ? pread(host, bytes, part, where) : pwrite(host, bytes, part, where);
            }
            if (moved < 0 && errno == EINTR) {
                ZC_WASI_PAUSE(call);
                continue;
            }
            if (moved < 0) {
                return *done ? W_SUCCESS : zc_wasi_from_host(errno);
            }
            at += (uint32_t)moved;
            *done += (uint32_t)moved;
            if ((size_t)moved < part) {
                return W_SUCCESS;
            }
        }
    }
    return W_SUCCESS;
}

/* Wait until the host's descriptor can move bytes without blocking. */
static zc_wasi_errno wait_for_stream(zc_wasi_call *call, int host, direction way, bool nonblocking)
{
    struct pollfd wait = {.fd = host, .events = way == READ ? POLLIN : POLLOUT};
    for (;;) {
        uint64_t left = zc_instance_time_left(call->wasi->instance);
        int milliseconds = nonblocking ? 0 : (int)((left < ZC_PAUSE_NS ? left + 999999 : ZC_PAUSE_NS) / 1000000);
        int ready = poll(&wait, 1, milliseconds);
        if (ready > 0) {
            return W_SUCCESS;
        }
        if (ready == 0 && nonblocking) {
            return W_AGAIN;
        }
        if (ready < 0 && errno != EINTR) {
            return zc_wasi_from_host(errno);
        }
        ZC_WASI_PAUSE(call);
    }
}

/* A standard stream over a descriptor. Reading takes what is there; writing goes on until all is written, in
 * pieces of PIPE_BUF, which a pipe that is ready takes at once. */
static zc_wasi_errno move_descriptor(zc_wasi_call *call, uint32_t fd, direction way, const vectors *list,
                                     uint32_t *done)
{
    int host = call->wasi->files[fd].host;
    bool nonblocking = call->wasi->files[fd].flags & FLAG_NONBLOCK, regular = call->wasi->files[fd].regular;
    for (uint32_t i = 0; i < list->count; i++) {
        const vector *one = &list->all[i];
        for (uint32_t at = 0; at < one->size;) {
            size_t most = regular || way == READ ? ZC_WASI_CHUNK : PIPE_BUF;
            size_t part = one->size - at < most ? one->size - at : most;
            zc_wasi_errno error = regular ? W_SUCCESS : wait_for_stream(call, host, way, nonblocking);
            if (call->status != ZC_OK || error != W_SUCCESS) {
                return *done ? W_SUCCESS : error;
            }
            ssize_t moved = way == READ ? read(host, one->bytes + at, part) : write(host, one->bytes + at, part);
            if (moved < 0 && (errno == EINTR || (errno == EAGAIN && !nonblocking))) {
                ZC_WASI_PAUSE(call);
                continue;
            }
            if (moved < 0) {
                return *done ? W_SUCCESS : zc_wasi_from_host(errno);
            }
            at += (uint32_t)moved;
            *done += (uint32_t)moved;
            if (way == READ) {
                return W_SUCCESS;
            }
        }
    }
    return W_SUCCESS;
}

static zc_wasi_errno move_function(zc_wasi_call *call, const zc_wasi_stream *stream, direction way, const vectors *list,
                                   uint32_t *done)
{
    for (uint32_t i = 0; i < list->count; i++) {
        const vector *one = &list->all[i];
        for (uint32_t at = 0; at < one->size;) {
            size_t part = one->size - at < ZC_WASI_CHUNK ? one->size - at : ZC_WASI_CHUNK;
            size_t moved = part;
            ZC_WASI_PAUSE(call);
            if (way == READ) {
                ZC_WASI_TRY(call, stream->read(stream->context, one->bytes + at, part, &moved, call->error));
            } else {
                ZC_WASI_TRY(call, stream->write(stream->context, one->bytes + at, part, &moved, call->error));
            }
            if (moved == ZC_WASI_LATER) {
                (void)poll(NULL, 0, 1);
                continue;
            }
            at += (uint32_t)moved;
            *done += (uint32_t)moved;
            if (way == READ) {
                return W_SUCCESS;
            }
        }
    }
    return W_SUCCESS;
}

/* A descriptor beside which the host's program has a buffer. */
static zc_wasi_errno move_shared(zc_wasi_call *call, uint32_t fd, const zc_wasi_stream *stream, direction way,
                                 const vectors *list, uint32_t *done)
{
    size_t moved = 0;
    while (way == WRITE && stream->write) {
        ZC_WASI_TRY(call, stream->write(stream->context, NULL, 0, &moved, call->error));
        if (moved != ZC_WASI_LATER) {
            break;
        }
        (void)poll(NULL, 0, 1);
        ZC_WASI_PAUSE(call);
    }
    for (uint32_t i = 0; way == READ && stream->read && i < list->count; i++) {
        const vector *one = &list->all[i];
        if (one->size) {
            size_t part = one->size < ZC_WASI_CHUNK ? one->size : ZC_WASI_CHUNK;
            ZC_WASI_TRY(call, stream->read(stream->context, one->bytes, part, &moved, call->error));
            *done = (uint32_t)moved;
            break;
        }
    }
    if (*done > 0) {
        return W_SUCCESS;
    }
    if (call->wasi->files[fd].kind != KIND_STREAM || call->wasi->files[fd].stream.context != stream->context) {
        return W_BADF; /* closed meanwhile */
    }
    zc_wasi_errno error = move_descriptor(call, fd, way, list, done);
    if (call->status == ZC_OK && stream->settle) {
        ZC_WASI_TRY(call, stream->settle(stream->context, call->error));
    }
    return error;
}

static zc_wasi_errno move_stream(zc_wasi_call *call, uint32_t fd, direction way, const vectors *list, uint32_t *done)
{
    zc_wasi_stream stream = call->wasi->files[fd].stream; /* a copy: the function may close the descriptor */
    if (stream.descriptor >= 0) {
        return stream.read || stream.write ? move_shared(call, fd, &stream, way, list, done)
                                           : move_descriptor(call, fd, way, list, done);
    }
    if (way == READ ? stream.read != NULL : stream.write != NULL) {
        return move_function(call, &stream, way, list, done);
    }
    for (uint32_t i = 0; way == WRITE && i < list->count; i++) {
        *done += list->all[i].size;
    }
    return W_SUCCESS;
}

/* fd, vectors, their count, [offset,] where to put the number of bytes */
static zc_wasi_errno move(zc_wasi_call *call, direction way, bool positioned)
{
    zc_wasi_errno error = W_SUCCESS;
    uint32_t fd = zc_wasi_u32(call, 0), done = 0;
    uint64_t rights = (way == READ ? R_FD_READ : R_FD_WRITE) | (positioned ? R_FD_SEEK : 0);
    uint64_t offset = positioned ? call->slots[3] : 0;
    zc_wasi_file *file = zc_wasi_file_of(call, fd, 0, &error);
    uint8_t *result = zc_wasi_range(call, zc_wasi_u32(call, positioned ? 4 : 3), 4);
    vectors list;
    if (!file) {
        return error;
    }
    if (file->kind == KIND_DIRECTORY) {
        return W_ISDIR;
    }
    if (positioned && file->kind == KIND_STREAM) {
        return W_SPIPE;
    }
    if (!zc_wasi_file_of(call, fd, rights, &error)) {
        return error;
    }
    if (!result) {
        return W_FAULT;
    }
    if (offset > INT64_MAX - UINT32_MAX) {
        return W_INVAL;
    }
    error = take_vectors(call, zc_wasi_u32(call, 1), zc_wasi_u32(call, 2), &list);
    if (error != W_SUCCESS) {
        return error;
    }
    call->status = zc_instance_pause(call->wasi->instance, call->error);
    if (call->status == ZC_OK) {
        error = file->kind == KIND_STREAM
                    ? move_stream(call, fd, way, &list, &done)
                    : move_file(call, file->host, way, &list, positioned ? (int64_t)offset : -1, &done);
    }
    drop_vectors(&list);
    if (error == W_SUCCESS) {
        zc_wasi_put32(result, done);
    }
    return error;
}

zc_wasi_errno zc_wasi_fd_read(zc_wasi_call *call)
{
    return move(call, READ, false);
}

zc_wasi_errno zc_wasi_fd_write(zc_wasi_call *call)
{
    return move(call, WRITE, false);
}

zc_wasi_errno zc_wasi_fd_pread(zc_wasi_call *call)
{
    return move(call, READ, true);
}

zc_wasi_errno zc_wasi_fd_pwrite(zc_wasi_call *call)
{
    return move(call, WRITE, true);
}

/* --- position --- */

/* ESPIPE for streams, which programs ask for to learn whether they can seek. */
static zc_wasi_errno seekable(const zc_wasi_call *call, uint64_t right, zc_wasi_file **out)
{
    zc_wasi_errno error = W_SUCCESS;
    zc_wasi_file *file = zc_wasi_file_of(call, zc_wasi_u32(call, 0), 0, &error);
    if (!file) {
        return error;
    }
    if (file->kind == KIND_STREAM) {
        return W_SPIPE;
    }
    *out = zc_wasi_file_of(call, zc_wasi_u32(call, 0), right, &error);
    return error;
}

zc_wasi_errno zc_wasi_fd_seek(zc_wasi_call *call)
{
    static const int ways[2][3] = {{SEEK_SET, SEEK_CUR, SEEK_END}, {SEEK_CUR, SEEK_END, SEEK_SET}};
    zc_wasi_file *file = NULL;
    uint32_t way = zc_wasi_u32(call, 2);
    uint8_t *result = zc_wasi_range(call, zc_wasi_u32(call, 3), 8);
    int64_t by = (int64_t)call->slots[1];
    /* Asking where one is needs less than going elsewhere. */
    bool asking = by == 0 && way <= 2 && ways[call->unstable][way] == SEEK_CUR;
    zc_wasi_errno error = seekable(call, asking ? R_FD_TELL : R_FD_SEEK, &file);
    if (error != W_SUCCESS) {
        return error;
    }
    if (way > 2) {
        return W_INVAL;
    }
    if (!result) {
        return W_FAULT;
    }
    off_t position = lseek(file->host, (off_t)by, ways[call->unstable][way]);
    if (position < 0) {
        return zc_wasi_from_host(errno);
    }
    zc_wasi_put64(result, (uint64_t)position);
    return W_SUCCESS;
}

zc_wasi_errno zc_wasi_fd_tell(zc_wasi_call *call)
{
    zc_wasi_file *file = NULL;
    uint8_t *result = zc_wasi_range(call, zc_wasi_u32(call, 1), 8);
    zc_wasi_errno error = seekable(call, R_FD_TELL, &file);
    if (error != W_SUCCESS) {
        return error;
    }
    if (!result) {
        return W_FAULT;
    }
    off_t position = lseek(file->host, 0, SEEK_CUR);
    if (position < 0) {
        return zc_wasi_from_host(errno);
    }
    zc_wasi_put64(result, (uint64_t)position);
    return W_SUCCESS;
}

/* --- flags and rights --- */

zc_wasi_errno zc_wasi_fd_fdstat_get(zc_wasi_call *call)
{
    zc_wasi_errno error = W_SUCCESS;
    zc_wasi_file *file = zc_wasi_file_of(call, zc_wasi_u32(call, 0), 0, &error);
    uint8_t *at = zc_wasi_range(call, zc_wasi_u32(call, 1), 24);
    if (!file) {
        return error;
    }
    if (!at) {
        return W_FAULT;
    }
    memset(at, 0, 24);
    at[0] = file->type;
    memcpy(at + 2, &file->flags, sizeof file->flags);
    zc_wasi_put64(at + 8, file->rights);
    zc_wasi_put64(at + 16, file->inheriting);
    return W_SUCCESS;
}

zc_wasi_errno zc_wasi_fd_fdstat_set_flags(zc_wasi_call *call)
{
    zc_wasi_errno error = W_SUCCESS;
    uint32_t flags = zc_wasi_u32(call, 1), can_change = FLAG_APPEND | FLAG_NONBLOCK;
    zc_wasi_file *file = zc_wasi_file_of(call, zc_wasi_u32(call, 0), R_FD_FDSTAT_SET_FLAGS, &error);
    if (!file) {
        return error;
    }
    if (flags >= 32 || ((flags ^ file->flags) & ~can_change)) {
        return W_INVAL;
    }
    if (file->kind == KIND_FILE && fcntl(file->host, F_SETFL, flags & FLAG_APPEND ? O_APPEND : 0) != 0) {
        return zc_wasi_from_host(errno);
    }
    file->flags = (uint16_t)flags;
    return W_SUCCESS;
}

zc_wasi_errno zc_wasi_fd_fdstat_set_rights(zc_wasi_call *call)
{
    zc_wasi_errno error = W_SUCCESS;
    zc_wasi_file *file = zc_wasi_file_of(call, zc_wasi_u32(call, 0), 0, &error);
    if (!file) {
        return error;
    }
    if ((call->slots[1] & ~file->rights) || (call->slots[2] & ~file->inheriting)) {
        return W_NOTCAPABLE; /* they can only become fewer */
    }
    file->rights = call->slots[1];
    file->inheriting = call->slots[2];
    return W_SUCCESS;
}

/* --- the rest --- */

static zc_wasi_errno sync_file(zc_wasi_call *call, uint64_t right)
{
    zc_wasi_errno error = W_SUCCESS;
    zc_wasi_file *file = zc_wasi_file_of(call, zc_wasi_u32(call, 0), right, &error);
    if (!file) {
        return error;
    }
    ZC_WASI_PAUSE(call);
    return fsync(file->host) == 0 ? W_SUCCESS : zc_wasi_from_host(errno);
}

zc_wasi_errno zc_wasi_fd_sync(zc_wasi_call *call)
{
    return sync_file(call, R_FD_SYNC);
}

zc_wasi_errno zc_wasi_fd_datasync(zc_wasi_call *call)
{
    return sync_file(call, R_FD_DATASYNC);
}

/* Advice is checked, and not needed. */
zc_wasi_errno zc_wasi_fd_advise(zc_wasi_call *call)
{
    zc_wasi_errno error = W_SUCCESS;
    if (!zc_wasi_file_of(call, zc_wasi_u32(call, 0), R_FD_ADVISE, &error)) {
        return error;
    }
    return zc_wasi_u32(call, 3) > 5 ? W_INVAL : W_SUCCESS;
}

/* No room is set aside: a file takes its room when it is written, and a program is told so rather than deceived. */
zc_wasi_errno zc_wasi_fd_allocate(zc_wasi_call *call)
{
    zc_wasi_errno error = W_SUCCESS;
    zc_wasi_file *file = zc_wasi_file_of(call, zc_wasi_u32(call, 0), 0, &error);
    if (!file) {
        return error;
    }
    return file->kind == KIND_FILE ? W_NOTSUP : W_BADF;
}

/* --- sockets: no descriptor is one --- */

static zc_wasi_errno no_socket(const zc_wasi_call *call)
{
    zc_wasi_errno error = W_SUCCESS;
    return zc_wasi_file_of(call, zc_wasi_u32(call, 0), 0, &error) ? W_NOTSOCK : error;
}

zc_wasi_errno zc_wasi_sock_accept(zc_wasi_call *call)
{
    return no_socket(call);
}

zc_wasi_errno zc_wasi_sock_recv(zc_wasi_call *call)
{
    return no_socket(call);
}

zc_wasi_errno zc_wasi_sock_send(zc_wasi_call *call)
{
    return no_socket(call);
}

zc_wasi_errno zc_wasi_sock_shutdown(zc_wasi_call *call)
{
    return no_socket(call);
}
