/* zc_wasi_clock: clocks, and poll_oneoff, which waits for them and for the standard streams.
 *
 * Only the realtime and the monotonic clock: the processor time of the host's process is not the guest's. A
 * wait is a loop of short ones with a pause after each, so that the deadline of the call, an interrupt and the
 * host's signals end it. */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/zc_alloc.h"
#include "wasi/zc_wasi_internal.h"

#define MAX_SUBSCRIPTIONS 1024u
#define EVENT_SIZE 32u

static bool host_clock(uint32_t clock, clockid_t *out)
{
    *out = clock == 0 ? CLOCK_REALTIME : CLOCK_MONOTONIC;
    return clock <= 1;
}

static uint64_t nanoseconds(struct timespec time)
{
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

/* Nanoseconds of clock 0 (realtime) or 1 (monotonic); false for others. */
static bool read_clock(uint32_t clock, uint64_t *now)
{
    clockid_t id;
    struct timespec time;
    if (!host_clock(clock, &id) || clock_gettime(id, &time) != 0) {
        return false;
    }
    *now = nanoseconds(time);
    return true;
}

zc_wasi_errno zc_wasi_clock_time_get(zc_wasi_call *call)
{
    uint64_t now;
    uint8_t *at = zc_wasi_range(call, zc_wasi_u32(call, 2), 8);
    if (!read_clock(zc_wasi_u32(call, 0), &now)) {
        return W_INVAL;
    }
    if (!at) {
        return W_FAULT;
    }
    zc_wasi_put64(at, now);
    return W_SUCCESS;
}

zc_wasi_errno zc_wasi_clock_res_get(zc_wasi_call *call)
{
    clockid_t id;
    struct timespec time;
    uint8_t *at = zc_wasi_range(call, zc_wasi_u32(call, 1), 8);
    if (!host_clock(zc_wasi_u32(call, 0), &id) || clock_getres(id, &time) != 0) {
        return W_INVAL;
    }
    if (!at) {
        return W_FAULT;
    }
    zc_wasi_put64(at, nanoseconds(time));
    return W_SUCCESS;
}

/* --- poll_oneoff --- */

typedef struct subscription {
    uint64_t userdata;
    uint8_t kind;  /* 0 clock, 1 read, 2 write */
    uint32_t id;   /* clock or descriptor */
    uint64_t when; /* on that clock */
    zc_wasi_errno error;
    bool ready;
    uint64_t bytes;
    bool hangup;
} subscription;

/* One subscription out of guest memory, read once. wasi_unstable has one more field in front of a clock's. */
static void take_subscription(const zc_wasi_call *call, const uint8_t *at, subscription *out)
{
    const uint8_t *clock = at + (call->unstable ? 24 : 16);
    *out = (subscription){.userdata = zc_wasi_get64(at), .kind = at[8], .id = zc_wasi_get32(at + 16)};
    if (out->kind == 0) {
        uint64_t now, timeout = zc_wasi_get64(clock + 8);
        bool absolute = clock[24] & 1;
        out->id = zc_wasi_get32(clock);
        if (!read_clock(out->id, &now)) {
            out->error = W_INVAL;
        } else {
            out->when = absolute ? timeout : timeout > UINT64_MAX - now ? UINT64_MAX : now + timeout;
        }
    } else if (out->kind <= 2) {
        (void)zc_wasi_file_of(call, out->id, out->kind == 1 ? R_FD_READ : R_FD_WRITE, &out->error);
    } else {
        out->error = W_INVAL;
    }
    out->ready = out->error != W_SUCCESS;
}

/* What can be said at once about a descriptor; otherwise fills *wait for poll(2). */
static void look_at_file(const zc_wasi_call *call, subscription *wanted, struct pollfd *wait)
{
    zc_wasi_file *file = &call->wasi->files[wanted->id]; /* checked, and nothing closes it meanwhile */
    if (file->kind == KIND_STREAM && file->host >= 0 && !file->regular) {
        *wait = (struct pollfd){.fd = file->host, .events = wanted->kind == 1 ? POLLIN : POLLOUT};
        return;
    }
    struct stat info;
    off_t at = file->host >= 0 ? lseek(file->host, 0, SEEK_CUR) : -1;
    if (wanted->kind == 1 && at >= 0 && fstat(file->host, &info) == 0 && info.st_size > at) {
        wanted->bytes = (uint64_t)(info.st_size - at);
    }
    wanted->ready = true;
}

static void take_answer(subscription *wanted, const struct pollfd *answer)
{
    if (answer->fd < 0 || answer->revents == 0) {
        return;
    }
    int available = 0;
    wanted->ready = true;
    wanted->hangup = answer->revents & POLLHUP;
    if (wanted->kind == 1 && ioctl(answer->fd, FIONREAD, &available) == 0 && available > 0) {
        wanted->bytes = (uint64_t)available;
    }
}

static uint32_t put_events(uint8_t *out, const subscription *wanted, uint32_t count)
{
    uint32_t written = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (wanted[i].ready) {
            uint8_t *at = out + (size_t)EVENT_SIZE * written++;
            memset(at, 0, EVENT_SIZE);
            zc_wasi_put64(at, wanted[i].userdata);
            at[8] = (uint8_t)wanted[i].error;
            at[10] = wanted[i].kind;
            zc_wasi_put64(at + 16, wanted[i].bytes);
            at[24] = wanted[i].hangup;
        }
    }
    return written;
}

/* Wait until one is ready. `waits` has an entry for each, fd -1 where there is nothing to poll. */
static zc_wasi_errno wait_for(zc_wasi_call *call, subscription *wanted, struct pollfd *waits, uint32_t count)
{
    bool any = false, polling = false;
    for (uint32_t i = 0; i < count; i++) {
        waits[i] = (struct pollfd){.fd = -1};
        if (!wanted[i].ready && wanted[i].kind != 0) {
            look_at_file(call, &wanted[i], &waits[i]);
            polling |= waits[i].fd >= 0;
        }
        any |= wanted[i].ready;
    }
    for (;;) {
        uint64_t left = any ? 0 : ZC_PAUSE_NS, now, limit = zc_instance_time_left(call->wasi->instance);
        for (uint32_t i = 0; i < count; i++) {
            if (wanted[i].kind == 0 && !wanted[i].ready && read_clock(wanted[i].id, &now)) {
                uint64_t rest = wanted[i].when > now ? wanted[i].when - now : 0;
                wanted[i].ready = rest == 0;
                left = rest < left ? rest : left;
            }
            any |= wanted[i].ready;
        }
        left = any ? 0 : limit < left ? limit : left;
        if (polling) {
            int milliseconds = (int)((left + 999999) / 1000000);
            if (poll(waits, (nfds_t)count, milliseconds) > 0) {
                for (uint32_t i = 0; i < count; i++) {
                    take_answer(&wanted[i], &waits[i]);
                    any |= wanted[i].ready;
                }
            }
        } else if (left > 0) {
            struct timespec time = {.tv_nsec = (long)left}; /* below a second */
            (void)nanosleep(&time, NULL);
        }
        if (any) {
            return W_SUCCESS;
        }
        ZC_WASI_PAUSE(call);
    }
}

zc_wasi_errno zc_wasi_poll_oneoff(zc_wasi_call *call)
{
    uint32_t count = zc_wasi_u32(call, 2), size = call->unstable ? 56 : 48;
    if (count == 0 || count > MAX_SUBSCRIPTIONS) {
        return W_INVAL;
    }
    const uint8_t *in = zc_wasi_range(call, zc_wasi_u32(call, 0), (uint64_t)size * count);
    uint8_t *out = zc_wasi_range(call, zc_wasi_u32(call, 1), (uint64_t)EVENT_SIZE * count);
    uint8_t *written = zc_wasi_range(call, zc_wasi_u32(call, 3), 4);
    if (!in || !out || !written) {
        return W_FAULT;
    }
    ZC_WASI_PAUSE(call);
    subscription *wanted = zc_calloc(count, sizeof *wanted);
    struct pollfd *waits = zc_calloc(count, sizeof *waits);
    zc_wasi_errno error = wanted && waits ? W_SUCCESS : W_NOMEM;
    if (error == W_SUCCESS) {
        for (uint32_t i = 0; i < count; i++) {
            take_subscription(call, in + (size_t)size * i, &wanted[i]);
        }
        error = wait_for(call, wanted, waits, count);
    }
    if (error == W_SUCCESS && call->status == ZC_OK) {
        zc_wasi_put32(written, put_events(out, wanted, count));
    }
    zc_free(wanted);
    zc_free(waits);
    return error;
}
