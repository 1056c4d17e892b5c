/* zc_wasi_stat: what is known of files: type, size, times; and setting size and times.
 *
 * The device number stays at home, and so do owners and modes, which WASI does not know. wasi_unstable has a
 * shorter record: its link count takes four bytes. */
#define _GNU_SOURCE
#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "wasi/zc_wasi_internal.h"

#if defined(__APPLE__)
#define ACCESSED st_atimespec
#define MODIFIED st_mtimespec
#define CHANGED st_ctimespec
#else
#define ACCESSED st_atim
#define MODIFIED st_mtim
#define CHANGED st_ctim
#endif

uint8_t zc_wasi_type_of(mode_t mode)
{
    return S_ISREG(mode)   ? TYPE_REGULAR
           : S_ISDIR(mode) ? TYPE_DIRECTORY
           : S_ISLNK(mode) ? TYPE_LINK
           : S_ISCHR(mode) ? TYPE_CHARACTER
           : S_ISBLK(mode) ? TYPE_BLOCK
                           : TYPE_UNKNOWN;
}

uint64_t zc_wasi_stat_size(const zc_wasi_call *call)
{
    return call->unstable ? 56 : 64;
}

static uint64_t nanoseconds(struct timespec time)
{
    return time.tv_sec < 0 ? 0 : (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

void zc_wasi_put_stat(const zc_wasi_call *call, uint8_t *at, const struct stat *info)
{
    uint8_t *rest = at + (call->unstable ? 24 : 32);
    memset(at, 0, zc_wasi_stat_size(call));
    zc_wasi_put64(at + 8, (uint64_t)info->st_ino);
    at[16] = zc_wasi_type_of(info->st_mode);
    if (call->unstable) {
        zc_wasi_put32(at + 20, (uint32_t)info->st_nlink);
    } else {
        zc_wasi_put64(at + 24, (uint64_t)info->st_nlink);
    }
    zc_wasi_put64(rest, (uint64_t)info->st_size);
    zc_wasi_put64(rest + 8, nanoseconds(info->ACCESSED));
    zc_wasi_put64(rest + 16, nanoseconds(info->MODIFIED));
    zc_wasi_put64(rest + 24, nanoseconds(info->CHANGED));
}

zc_wasi_errno zc_wasi_fd_filestat_get(zc_wasi_call *call)
{
    zc_wasi_errno error = W_SUCCESS;
    struct stat info;
    memset(&info, 0, sizeof info);
    zc_wasi_file *file = zc_wasi_file_of(call, zc_wasi_u32(call, 0), R_FD_FILESTAT_GET, &error);
    uint8_t *at = zc_wasi_range(call, zc_wasi_u32(call, 1), zc_wasi_stat_size(call));
    if (!file) {
        return error;
    }
    if (!at) {
        return W_FAULT;
    }
    if (file->host >= 0 && fstat(file->host, &info) != 0) {
        return zc_wasi_from_host(errno);
    }
    zc_wasi_put_stat(call, at, &info);
    at[16] = file->type; /* as fd_fdstat_get says */
    return W_SUCCESS;
}

zc_wasi_errno zc_wasi_fd_filestat_set_size(zc_wasi_call *call)
{
    zc_wasi_errno error = W_SUCCESS;
    zc_wasi_file *file = zc_wasi_file_of(call, zc_wasi_u32(call, 0), R_FD_FILESTAT_SET_SIZE, &error);
    if (!file) {
        return error;
    }
    if (call->slots[1] > INT64_MAX) {
        return W_INVAL;
    }
    ZC_WASI_PAUSE(call);
    return ftruncate(file->host, (off_t)call->slots[1]) == 0 ? W_SUCCESS : zc_wasi_from_host(errno);
}

static struct timespec to_time(uint64_t given, uint32_t set, uint32_t now)
{
    struct timespec time = {.tv_nsec = now ? UTIME_NOW : UTIME_OMIT};
    if (set) {
        time.tv_sec = (time_t)(given / 1000000000u);
        time.tv_nsec = (long)(given % 1000000000u);
    }
    return time;
}

zc_wasi_errno zc_wasi_times(uint64_t accessed, uint64_t modified, uint32_t flags, struct timespec times[2])
{
    if (flags >= 16 || (flags & 3) == 3 || (flags & 12) == 12) { /* both a time and "now" */
        return W_INVAL;
    }
    times[0] = to_time(accessed, flags & 1, flags & 2);
    times[1] = to_time(modified, flags & 4, flags & 8);
    return W_SUCCESS;
}

zc_wasi_errno zc_wasi_fd_filestat_set_times(zc_wasi_call *call)
{
    zc_wasi_errno error = W_SUCCESS;
    struct timespec times[2];
    zc_wasi_file *file = zc_wasi_file_of(call, zc_wasi_u32(call, 0), R_FD_FILESTAT_SET_TIMES, &error);
    if (!file) {
        return error;
    }
    error = zc_wasi_times(call->slots[1], call->slots[2], zc_wasi_u32(call, 3), times);
    if (error != W_SUCCESS) {
        return error;
    }
    return futimens(file->host, times) == 0 ? W_SUCCESS : zc_wasi_from_host(errno);
}
