/* zc_device: the life of a device, and what it says of itself.
 *
 * A device is reference counted: its users, its buffers over regions and its submissions in flight hold it.
 * Since a buffer over a region lives as long as the region, a device with buffers may outlive its users; so
 * such devices are shared: opening the kind again gives the one that lives. Threads: any. Knows no backend by name
 * (zc_device_registry.c), and nothing of dispatches.
 */
#include "device/zc_device_internal.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/zc_alloc.h"
#include "base/zc_fork.h"
#include "base/zc_trace.h"
#include "device/zc_driver.h"

/* Devices with buffers: not retained; the last reference goes under this lock. */
static pthread_mutex_t shared_lock = PTHREAD_MUTEX_INITIALIZER;
static zc_device *shared;

static _Atomic uint64_t numbers;

/* A fork does not wait for a device that is being opened. */
static bool held_for_fork;

static void try_shared(void)
{
    held_for_fork = pthread_mutex_trylock(&shared_lock) == 0;
}

static void unlock_shared(void)
{
    if (held_for_fork) {
        pthread_mutex_unlock(&shared_lock);
    }
}

static void reset(void)
{
    static const pthread_mutex_t fresh = PTHREAD_MUTEX_INITIALIZER;
    if (!held_for_fork) {
        shared_lock = fresh;
    }
    shared = NULL; /* the parent's; the child opens its own */
}

ZC_FORK_HANDLERS(ZC_FORK_DEVICES, .lock = try_shared, .unlock = unlock_shared, .reset = reset)

/* On a GPU some milliseconds to some tens of them, beside which handing over costs nothing; a GPU that is emulated is a
 * thousand times slower. */
#define MOST ((uint64_t)1 << 35)
#define MOST_SOFTWARE ((uint64_t)1 << 25)

/* What runs at once on a GPU, more or less. */
#define MOST_GROUPS 128
#define MOST_GROUPS_SOFTWARE 4

/* How large a piece of guests' work may be there (zc_pace.c). */
static void choose_pieces(zc_device *device)
{
    const char *given = getenv("ZCWASM_PIECE_WORK"); /* for tests: pieces as small as that, of the host's work too */
    device->most = given ? strtoull(given, NULL, 10) : device->info.software ? MOST_SOFTWARE : MOST;
    device->most_groups = given ? 1 : device->info.software ? MOST_GROUPS_SOFTWARE : MOST_GROUPS;
    device->paces_all = given || device->backend->watched;
}

zc_status zc_device_open_on(const zc_device_backend *backend, const zc_device_info *info,
                            const zc_device_options *options, zc_device **out, zc_error *error)
{
    bool may_share = backend->buffer_from_host != NULL;
    if (!info->available) {
        return zc_fail(error, ZC_DEVICE, "device %s is not available: %s", backend->kind, info->reason);
    }
    zc_status status = ZC_OK;
    if (may_share) {
        pthread_mutex_lock(&shared_lock); /* held while opening, so that two openers share one device */
        for (zc_device *each = shared; each; each = each->next_shared) {
            if (each->backend == backend && each->info.index == info->index && each->fork_count == zc_fork_count() &&
                !(backend->lost && backend->lost(each->self))) {
                *out = zc_device_retain(each);
                pthread_mutex_unlock(&shared_lock);
                return ZC_OK;
            }
        }
    }
    zc_device *device = zc_calloc(1, sizeof *device);
    if (!device) {
        status = zc_fail(error, ZC_NO_MEMORY, "cannot allocate a device's bookkeeping");
    } else {
        device->backend = backend;
        device->info = *info;
        device->fork_count = zc_fork_count();
        atomic_init(&device->references, 1);
        atomic_init(&device->buffers_made, 0);
        atomic_init(&device->held, false);
        device->number = zc_trace_number(&numbers);
        zc_driver_enter();
        status = backend->open(options, &device->info, &device->self, error);
        zc_driver_leave();
        if (status == ZC_OK) {
            pthread_mutex_init(&device->buffer_lock, NULL);
            choose_pieces(device);
            if (may_share) {
                device->next_shared = shared;
                shared = device;
            }
            *out = device;
        } else {
            zc_free(device);
        }
    }
    if (may_share) {
        pthread_mutex_unlock(&shared_lock);
    }
    return status;
}

zc_device *zc_device_retain(zc_device *device)
{
    atomic_fetch_add_explicit(&device->references, 1, memory_order_relaxed);
    return device;
}

void zc_device_release(zc_device *device)
{
    if (!device) {
        return;
    }
    /* The last reference goes under the lock only: open_backend retains shared devices under it. */
    uint64_t references = atomic_load_explicit(&device->references, memory_order_relaxed);
    while (references > 1) {
        if (atomic_compare_exchange_weak_explicit(&device->references, &references, references - 1,
                                                  memory_order_acq_rel, memory_order_relaxed)) {
            return;
        }
    }
    pthread_mutex_lock(&shared_lock);
    bool last = atomic_fetch_sub_explicit(&device->references, 1, memory_order_acq_rel) == 1;
    for (zc_device **at = &shared; last && *at; at = &(*at)->next_shared) {
        if (*at == device) {
            *at = device->next_shared;
            break;
        }
    }
    pthread_mutex_unlock(&shared_lock);
    if (last) {
        if (zc_device_alive(device, NULL) == ZC_OK) { /* else its driver's threads and files are the parent's */
            zc_driver_enter();
            device->backend->close(device->self);
            zc_driver_leave();
            pthread_mutex_destroy(&device->buffer_lock);
        }
        zc_free(device);
    }
}

const zc_device_info *zc_device_get_info(const zc_device *device)
{
    return &device->info;
}

bool zc_device_busy(const zc_device *device)
{
    return atomic_load_explicit(&device->held, memory_order_acquire) ||
           (device->backend->busy && device->backend->busy(device->self));
}

zc_status zc_device_alive(const zc_device *device, zc_error *error)
{
    if (device->backend->survives_fork || device->fork_count == zc_fork_count()) {
        return ZC_OK;
    }
    return zc_fail(error, ZC_DEVICE, "this %s device was opened before a fork%s", device->info.kind,
                   device->backend->not_in_child ? ", and does not work in the child: start processes with spawn"
                                                 : ": open one in the child");
}

bool zc_device_is_apart(const zc_device *device)
{
    return device->backend->buffer_local && !device->info.unified_memory;
}

uint64_t zc_device_buffer_count(const zc_device *device)
{
    return atomic_load_explicit(&device->buffers_made, memory_order_relaxed);
}

zc_status zc_device_start_thread(pthread_t *out, void *(*main)(void *), void *argument, zc_error *error)
{
    sigset_t all, before;
    sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before); /* inherited */
    int code = pthread_create(out, NULL, main, argument);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    return code == 0 ? ZC_OK : zc_fail(error, ZC_NO_MEMORY, "cannot start a device's thread: %s", strerror(code));
}
