/* zc_wasi_internal: what the zc_wasi*.c files share: descriptors, rights, errno values, access to guest memory.
 *
 * A handler gets its parameters in a zc_wasi_call and returns an errno for the guest. To end the guest's call
 * instead (exit, deadline, a failing stream function), it sets call->status by ZC_WASI_TRY. Every pointer goes
 * through zc_wasi_range. A stream function or a pause may run anything but this instance's files, except that a
 * stream function may call the guest, which may close and open descriptors: after one, look up again. */
#ifndef ZC_WASI_INTERNAL_H
#define ZC_WASI_INTERNAL_H

#include <dirent.h>
#include <string.h>
#include <sys/types.h>
#include <time.h>

#include "wasi/zc_wasi.h"

/* name, number of the specification, the host's errno it stands for (0: none) */
/* clang-format off */
#define ZC_WASI_ERRNO_LIST(X)                                                                                  \
    X(2BIG, 1, E2BIG) X(ACCES, 2, EACCES) X(AGAIN, 6, EAGAIN) X(BADF, 8, EBADF) X(BUSY, 10, EBUSY)             \
    X(DQUOT, 19, EDQUOT) X(EXIST, 20, EEXIST) X(FAULT, 21, EFAULT) X(FBIG, 22, EFBIG) X(ILSEQ, 25, EILSEQ)     \
    X(INTR, 27, EINTR) X(INVAL, 28, EINVAL) X(IO, 29, EIO) X(ISDIR, 31, EISDIR) X(LOOP, 32, ELOOP)             \
    X(MFILE, 33, EMFILE) X(MLINK, 34, EMLINK) X(NAMETOOLONG, 37, ENAMETOOLONG) X(NFILE, 41, ENFILE)            \
    X(NODEV, 43, ENODEV) X(NOENT, 44, ENOENT) X(NOMEM, 48, ENOMEM) X(NOSPC, 51, ENOSPC) X(NOSYS, 52, ENOSYS)   \
    X(NOTDIR, 54, ENOTDIR) X(NOTEMPTY, 55, ENOTEMPTY) X(NOTSOCK, 57, ENOTSOCK) X(NOTSUP, 58, ENOTSUP)          \
    X(NXIO, 60, ENXIO) X(OVERFLOW, 61, EOVERFLOW) X(PERM, 63, EPERM) X(PIPE, 64, EPIPE) X(ROFS, 69, EROFS)     \
    X(SPIPE, 70, ESPIPE) X(STALE, 72, ESTALE) X(TXTBSY, 74, ETXTBSY) X(XDEV, 75, EXDEV) X(NOTCAPABLE, 76, 0)
/* clang-format on */

typedef enum zc_wasi_errno {
    W_SUCCESS = 0,
#define X(name, number, host) W_##name = number,
    ZC_WASI_ERRNO_LIST(X)
#undef X
} zc_wasi_errno;

zc_wasi_errno zc_wasi_from_host(int host_errno);

#define R_FD_DATASYNC ((uint64_t)1 << 0)
#define R_FD_READ ((uint64_t)1 << 1)
#define R_FD_SEEK ((uint64_t)1 << 2)
#define R_FD_FDSTAT_SET_FLAGS ((uint64_t)1 << 3)
#define R_FD_SYNC ((uint64_t)1 << 4)
#define R_FD_TELL ((uint64_t)1 << 5)
#define R_FD_WRITE ((uint64_t)1 << 6)
#define R_FD_ADVISE ((uint64_t)1 << 7)
#define R_FD_ALLOCATE ((uint64_t)1 << 8)
#define R_PATH_CREATE_DIRECTORY ((uint64_t)1 << 9)
#define R_PATH_CREATE_FILE ((uint64_t)1 << 10)
#define R_PATH_LINK_SOURCE ((uint64_t)1 << 11)
#define R_PATH_LINK_TARGET ((uint64_t)1 << 12)
#define R_PATH_OPEN ((uint64_t)1 << 13)
#define R_FD_READDIR ((uint64_t)1 << 14)
#define R_PATH_READLINK ((uint64_t)1 << 15)
#define R_PATH_RENAME_SOURCE ((uint64_t)1 << 16)
#define R_PATH_RENAME_TARGET ((uint64_t)1 << 17)
#define R_PATH_FILESTAT_GET ((uint64_t)1 << 18)
#define R_PATH_FILESTAT_SET_SIZE ((uint64_t)1 << 19)
#define R_PATH_FILESTAT_SET_TIMES ((uint64_t)1 << 20)
#define R_FD_FILESTAT_GET ((uint64_t)1 << 21)
#define R_FD_FILESTAT_SET_SIZE ((uint64_t)1 << 22)
#define R_FD_FILESTAT_SET_TIMES ((uint64_t)1 << 23)
#define R_PATH_SYMLINK ((uint64_t)1 << 24)
#define R_PATH_REMOVE_DIRECTORY ((uint64_t)1 << 25)
#define R_PATH_UNLINK_FILE ((uint64_t)1 << 26)
#define R_POLL_FD_READWRITE ((uint64_t)1 << 27)

#define R_FILE_READ \
    (R_FD_READ | R_FD_SEEK | R_FD_TELL | R_FD_FDSTAT_SET_FLAGS | R_FD_ADVISE | R_FD_FILESTAT_GET | R_POLL_FD_READWRITE)
#define R_FILE_WRITE \
    (R_FD_WRITE | R_FD_DATASYNC | R_FD_SYNC | R_FD_ALLOCATE | R_FD_FILESTAT_SET_SIZE | R_FD_FILESTAT_SET_TIMES)
#define R_DIRECTORY_READ \
    (R_PATH_OPEN | R_FD_READDIR | R_PATH_READLINK | R_PATH_FILESTAT_GET | R_FD_FILESTAT_GET | R_FD_FDSTAT_SET_FLAGS)
/* Giving a file a second name is among them: under that name, in a directory that may be changed, it could be
 * written. So nothing of a directory granted for reading can be the source of a hard link. */
#define R_DIRECTORY_WRITE                                                                                            \
    (R_PATH_CREATE_DIRECTORY | R_PATH_CREATE_FILE | R_PATH_LINK_SOURCE | R_PATH_LINK_TARGET | R_PATH_RENAME_SOURCE | \
     R_PATH_RENAME_TARGET | R_PATH_FILESTAT_SET_SIZE | R_PATH_FILESTAT_SET_TIMES | R_FD_FILESTAT_SET_TIMES |         \
     R_FD_SYNC | R_FD_DATASYNC | R_PATH_SYMLINK | R_PATH_REMOVE_DIRECTORY | R_PATH_UNLINK_FILE)

enum { FLAG_APPEND = 1, FLAG_DSYNC = 2, FLAG_NONBLOCK = 4, FLAG_RSYNC = 8, FLAG_SYNC = 16 };
enum { TYPE_UNKNOWN, TYPE_BLOCK, TYPE_CHARACTER, TYPE_DIRECTORY, TYPE_REGULAR, TYPE_DGRAM, TYPE_STREAM, TYPE_LINK };

typedef enum zc_wasi_kind { KIND_FREE, KIND_STREAM, KIND_FILE, KIND_DIRECTORY } zc_wasi_kind;

/* An entry of an open directory. */
typedef struct zc_wasi_entry {
    uint64_t inode;
    uint8_t type;
    uint32_t size;
    char name[256];
} zc_wasi_entry;

/* Where fd_readdir stands. Cookies count entries. */
typedef struct zc_wasi_listing {
    DIR *stream;
    uint64_t position; /* cookie of the entry that comes next */
    bool pending;      /* it has been read already: it is `entry` */
    zc_wasi_entry entry;
} zc_wasi_listing;

typedef struct zc_wasi_file {
    zc_wasi_kind kind;
    int host; /* owned descriptor, or -1 for a stream without one */
    bool regular; /* a stream whose descriptor never blocks */
    uint8_t number; /* of a stream: which of the three it is, whatever its descriptor */
    uint8_t type;
    uint16_t flags;
    uint64_t rights, inheriting;
    zc_wasi_stream stream;
    char *name; /* of a granted directory, else NULL */
    zc_wasi_listing *listing;
} zc_wasi_file;

typedef struct zc_wasi_strings { /* NUL-terminated, one after the other */
    char *bytes;
    uint32_t size, count;
} zc_wasi_strings;

struct zc_wasi_bound { /* what the engine gets as context */
    zc_wasi *wasi;
    uint32_t function;
    bool unstable;
};

struct zc_wasi {
    zc_instance *instance; /* borrowed */
    zc_wasi_strings args, env;
    zc_wasi_file files[ZC_WASI_MAX_FILES];
    struct zc_wasi_bound *bound; /* for each function, twice: preview 1, then wasi_unstable */
};

typedef struct zc_wasi_call {
    zc_wasi *wasi;
    const uint64_t *slots; /* parameters; of an i32 only the low half counts */
    uint8_t *memory;
    uint64_t memory_size;
    bool unstable;
    zc_status status; /* other than ZC_OK: the guest's call ends with it */
    zc_error *error;
} zc_wasi_call;

static inline uint32_t zc_wasi_u32(const zc_wasi_call *call, unsigned i)
{
    return (uint32_t)call->slots[i];
}

/* `size` bytes at guest pointer `pointer`, or NULL when they do not all lie in its memory. */
static inline uint8_t *zc_wasi_range(const zc_wasi_call *call, uint32_t pointer, uint64_t size)
{
    return size <= call->memory_size && pointer <= call->memory_size - size ? call->memory + pointer : NULL;
}

static inline void zc_wasi_put32(uint8_t *at, uint32_t value)
{
    memcpy(at, &value, sizeof value);
}

static inline void zc_wasi_put64(uint8_t *at, uint64_t value)
{
    memcpy(at, &value, sizeof value);
}

static inline uint32_t zc_wasi_get32(const uint8_t *at)
{
    uint32_t value;
    memcpy(&value, at, sizeof value);
    return value;
}

static inline uint64_t zc_wasi_get64(const uint8_t *at)
{
    uint64_t value;
    memcpy(&value, at, sizeof value);
    return value;
}

/* Evaluate a zc_status; when it is a failure, end the guest's call with it. The errno is not seen then. */
#define ZC_WASI_TRY(call, expression)  \
    do {                               \
        (call)->status = (expression); \
        if ((call)->status != ZC_OK) { \
            return W_IO;               \
        }                              \
    } while (0)

/* Before what may take time: gives the host's lock back, sees deadline and interrupt. */
#define ZC_WASI_PAUSE(call) ZC_WASI_TRY(call, zc_instance_pause((call)->wasi->instance, (call)->error))

#define ZC_WASI_CHUNK ((size_t)1 << 20) /* bytes moved between two pauses */

/* --- zc_wasi_file.c --- */

/* The descriptor with all of `rights`, or NULL and *error: EBADF, ENOTCAPABLE. */
zc_wasi_file *zc_wasi_file_of(const zc_wasi_call *call, uint32_t fd, uint64_t rights, zc_wasi_errno *error);
/* The lowest free descriptor, or UINT32_MAX. */
uint32_t zc_wasi_free_file(const zc_wasi *wasi);
void zc_wasi_close_file(zc_wasi_file *file);

/* --- zc_wasi_stat.c --- */

struct stat;
uint8_t zc_wasi_type_of(mode_t mode);
/* Size of a filestat in memory, and write it there. */
uint64_t zc_wasi_stat_size(const zc_wasi_call *call);
void zc_wasi_put_stat(const zc_wasi_call *call, uint8_t *at, const struct stat *info);
/* times of the guest for utimensat. */
zc_wasi_errno zc_wasi_times(uint64_t accessed, uint64_t modified, uint32_t flags, struct timespec times[2]);

/* --- zc_wasi_path.c --- */

#define ZC_WASI_DEPTH 128 /* directories below the granted one that a path may pass through */
#define ZC_WASI_PATH 4096 /* bytes of a path, its end included, after any symbolic link is put in */

/* --- handlers, see zc_wasi.def --- */

#define X(name, parameters) zc_wasi_errno zc_wasi_##name(zc_wasi_call *call);
#include "wasi/zc_wasi.def"
#undef X

#endif
