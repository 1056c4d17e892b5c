/* zc_device: see zc_device.h. The registry of backends, the lifetime of devices, the one check that every
 * dispatch goes through, and the synchronous run.
 *
 * A device is reference counted: its users, its buffers over regions and its submissions in flight hold it.
 * Since a buffer over a region lives as long as the region, a device with buffers may outlive its users; so
 * such devices are shared: opening the kind again gives the one that lives. Threads: any. This file never
 * looks at a byte of a region.
 */
#include "device/zc_device_internal.h"

#include <ctype.h>
#include <string.h>

#include "base/zc_alloc.h"
#include "base/zc_fork.h"

/* Best first. */
static const zc_device_backend *const backends[] = {&zc_device_metal, &zc_device_vulkan, &zc_device_cpu};
#define BACKENDS (sizeof backends / sizeof backends[0])

/* Devices with buffers: not retained; the last reference goes under this lock. */
static pthread_mutex_t shared_lock = PTHREAD_MUTEX_INITIALIZER;
static zc_device *shared;

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

/* The devices of one kind, best first; at least one entry, which may be an absent one. */
static size_t list_kind(const zc_device_backend *backend, zc_device_info *out, size_t capacity)
{
    if (backend->list) {
        return backend->list(out, capacity);
    }
    if (capacity) {
        memset(out, 0, sizeof *out);
        out->kind = backend->kind;
        backend->probe(out);
    }
    return 1;
}

size_t zc_device_list(zc_device_info *out, size_t capacity)
{
    size_t count = 0;
    for (size_t i = 0; i < BACKENDS; i++) {
        size_t room = count < capacity ? capacity - count : 0;
        count += list_kind(backends[i], room ? out + count : NULL, room);
    }
    return count;
}

int64_t zc_device_validation(const char *kind, char *out, size_t size)
{
    for (size_t i = 0; i < BACKENDS; i++) {
        if (strcmp(backends[i]->kind, kind) == 0 && backends[i]->validation) {
            return backends[i]->validation(out, size);
        }
    }
    return -1;
}

/* The device that `info` (from list_kind) describes. */
static zc_status open_device(const zc_device_backend *backend, const zc_device_info *info,
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
            if (each->backend == backend && each->info.index == info->index && each->fork_count == zc_fork_count()) {
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
        status = backend->open(options, &device->info, &device->self, error);
        if (status == ZC_OK) {
            pthread_mutex_init(&device->buffer_lock, NULL);
            zc_pace_init(device);
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

/* Whether `text` contains `part`, letters of either case being equal. */
static bool contains(const char *text, const char *part)
{
    for (; *text; text++) {
        size_t i = 0;
        while (part[i] && tolower((unsigned char)text[i]) == tolower((unsigned char)part[i])) {
            i++;
        }
        if (!part[i]) {
            return true;
        }
    }
    return !*part;
}

/* Which of the kind's devices the options ask for: an index, or ZC_BAD_VALUE. */
static zc_status choose(const char *kind, const zc_device_info *infos, size_t count, const zc_device_options *options,
                        size_t *out, zc_error *error)
{
    *out = 0;
    if (options->by_index) {
        if (options->index >= count) {
            return zc_fail(error, ZC_BAD_VALUE, "there is no device %s number %u: there are %zu, counted from 0", kind,
                           options->index, count);
        }
        *out = options->index;
        return ZC_OK;
    }
    const char *wish = options->uuid ? options->uuid : options->name;
    if (!wish) {
        return ZC_OK;
    }
    for (size_t i = 0; i < count; i++) {
        const zc_device_info *info = &infos[i];
        if (options->uuid ? info->uuid[0] && strcmp(info->uuid, wish) == 0
                          : info->name[0] && (contains(info->name, wish) || contains(info->driver, wish))) {
            *out = i;
            return ZC_OK;
        }
    }
    return zc_fail(error, infos[0].available ? ZC_BAD_VALUE : ZC_DEVICE,
                   "no device %s has the %s \"%.60s\"; of %zu the first is %s", kind, options->uuid ? "UUID" : "name",
                   wish, count, infos[0].available || !infos[0].reason[0] ? infos[0].name : infos[0].reason);
}

#define MAX_OF_KIND 16

zc_status zc_device_open(const char *kind, const zc_device_options *options, zc_device **out, zc_error *error)
{
    static const zc_device_options none = {0};
    zc_device_info infos[MAX_OF_KIND];
    zc_error why;
    if (!options) {
        options = &none;
    }
    for (size_t i = 0; kind && i < BACKENDS; i++) {
        if (strcmp(backends[i]->kind, kind) == 0) {
            size_t which, count = list_kind(backends[i], infos, MAX_OF_KIND);
            zc_status status = choose(kind, infos, count < MAX_OF_KIND ? count : MAX_OF_KIND, options, &which, error);
            return status == ZC_OK ? open_device(backends[i], &infos[which], options, out, error) : status;
        }
    }
    if (kind) {
        return zc_fail(error, ZC_BAD_VALUE, "there is no device kind \"%.40s\": metal, vulkan and cpu are known", kind);
    }
    if (options->by_index || options->name || options->uuid) {
        return zc_fail(error, ZC_BAD_VALUE,
                       "index, name and uuid choose among devices of one kind: give the kind, too");
    }
    for (size_t i = 0; i + 1 < BACKENDS; i++) {
        size_t count = list_kind(backends[i], infos, MAX_OF_KIND);
        for (size_t j = 0; j < count && j < MAX_OF_KIND; j++) {
            if (infos[j].available && !infos[j].software &&
                open_device(backends[i], &infos[j], options, out, &why) == ZC_OK) {
                return ZC_OK;
            }
        }
    }
    (void)list_kind(backends[BACKENDS - 1], infos, 1);
    return open_device(backends[BACKENDS - 1], &infos[0], options, out, error);
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
            device->backend->close(device->self);
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
    return zc_fail(error, ZC_DEVICE, "this %s device was opened before a fork: open one in the child",
                   device->info.kind);
}

/* Written binding `i` against every other. Addresses, not offsets: two ranges may name one region twice. */
static zc_status check_overlap(const zc_device_command *command, const uint64_t *start, unsigned i, zc_error *error)
{
    const zc_kernel *kernel = command->kernel;
    uint64_t length = command->bindings[i].length;
    bool in_place = kernel->traits & ZC_TRAIT_IN_PLACE;
    for (unsigned j = 0; j < kernel->binding_count; j++) {
        uint64_t other = command->bindings[j].length;
        if (j == i || other == 0 || start[i] >= start[j] + other || start[j] >= start[i] + length) {
            continue;
        }
        bool same = start[i] == start[j] && length == other;
        if (same && in_place && !(kernel->bindings[j].access & ZC_ACCESS_WRITE)) {
            continue;
        }
        return zc_fail(error, ZC_BAD_VALUE, "kernel %s: %s (bytes %llu to %llu) overlaps %s (bytes %llu to %llu)%s",
                       kernel->name, kernel->bindings[i].name, (ull)command->bindings[i].offset,
                       (ull)(command->bindings[i].offset + length), kernel->bindings[j].name,
                       (ull)command->bindings[j].offset, (ull)(command->bindings[j].offset + other),
                       in_place ? "; only the very same range may be input and output" : "");
    }
    return ZC_OK;
}

zc_status zc_device_check(const zc_device *device, const zc_kernel *kernel, const zc_range *ranges, size_t range_count,
                          const void *params, size_t params_size, zc_range *taken, zc_device_command *command,
                          zc_error *error)
{
    uint64_t needed[ZC_KERNEL_MAX_BINDINGS], start[ZC_KERNEL_MAX_BINDINGS];
    if (!kernel) {
        return zc_fail(error, ZC_BAD_VALUE, "a dispatch names no kernel");
    }
    if (range_count != kernel->binding_count) {
        return zc_fail(error, ZC_BAD_VALUE, "kernel %s takes %u ranges, got %zu", kernel->name,
                       (unsigned)kernel->binding_count, range_count);
    }
    if (params_size != kernel->params_size) {
        return zc_fail(error, ZC_BAD_VALUE, "kernel %s takes %u bytes of parameters, got %zu", kernel->name,
                       (unsigned)kernel->params_size, params_size);
    }
    /* Copied before it is looked at: the source may be memory that someone else writes. */
    command->kernel = kernel;
    command->barrier = false;
    memcpy(command->params, params, params_size);
    memcpy(taken, ranges, range_count * sizeof *taken);
    zc_status status = kernel->compiled ? zc_kernel_check_device(kernel, device, error)
                                        : kernel->extent(command->params, needed, error);
    if (status != ZC_OK) {
        return status;
    }
    bool cut = device->backend->splits_elementwise && zc_kernel_is_elementwise(kernel);
    for (unsigned i = 0; i < kernel->binding_count; i++) {
        const zc_binding_signature *binding = &kernel->bindings[i];
        zc_range range = taken[i];
        if (kernel->compiled) {
            needed[i] = range.length;
        }
        if (needed[i] > range.length) {
            return zc_fail(error, ZC_OUT_OF_BOUNDS, "kernel %s, %s: the parameters need %llu bytes, the range has %llu",
                           kernel->name, binding->name, (ull)needed[i], (ull)range.length);
        }
        if (!range.region) {
            if (range.length) {
                return zc_fail(error, ZC_BAD_VALUE, "kernel %s, %s: a range of %llu bytes has no region", kernel->name,
                               binding->name, (ull)range.length);
            }
            command->bindings[i] = (zc_device_binding){0};
            start[i] = 0;
            continue;
        }
        if ((binding->access & ZC_ACCESS_WRITE) && zc_region_read_only(range.region)) {
            return zc_fail(error, ZC_BAD_VALUE, "kernel %s, %s: is written, but weights are read-only", kernel->name,
                           binding->name);
        }
        uint64_t size = zc_region_size(range.region);
        if (range.offset > size || range.length > size - range.offset) {
            return zc_fail(error, ZC_OUT_OF_BOUNDS,
                           "kernel %s, %s: %llu bytes at offset %llu do not lie inside a memory of %llu bytes",
                           kernel->name, binding->name, (ull)range.length, (ull)range.offset, (ull)size);
        }
        if (range.offset % binding->element_size) {
            return zc_fail(error, ZC_BAD_VALUE, "kernel %s, %s: offset %llu is not a multiple of its element size %u",
                           kernel->name, binding->name, (ull)range.offset, (unsigned)binding->element_size);
        }
        if (needed[i] > device->info.max_buffer && !cut) {
            return zc_fail(error, ZC_BAD_VALUE, "kernel %s, %s: %llu bytes, device %s binds at most %llu", kernel->name,
                           binding->name, (ull)needed[i], device->info.kind, (ull)device->info.max_buffer);
        }
        command->bindings[i] = (zc_device_binding){.offset = range.offset, .length = needed[i]};
        start[i] = (uint64_t)(uintptr_t)zc_region_base(range.region) + range.offset;
    }
    for (unsigned i = 0; i < kernel->binding_count; i++) {
        if ((kernel->bindings[i].access & ZC_ACCESS_WRITE) && command->bindings[i].length &&
            (status = check_overlap(command, start, i, error)) != ZC_OK) {
            return status;
        }
    }
    return ZC_OK;
}

uint32_t zc_device_push(const zc_device_command *command, const zc_device_part *part, uint32_t groups[3],
                        uint32_t push[ZC_KERNEL_PUSH_WORDS])
{
    const zc_kernel *kernel = command->kernel;
    uint32_t skip = kernel->params_skip, words = zc_kernel_offset_words(kernel->binding_count);
    if (!kernel->compiled) {
        memcpy(push + words + 4, groups, 3 * sizeof *groups);
        if (part->groups[0]) {
            memcpy(push + words, part->first, sizeof part->first);
            memcpy(groups, part->groups, sizeof part->groups);
        }
        words += ZC_KERNEL_GROUP_WORDS;
    }
    memcpy(push + words, command->params + skip, kernel->params_size - 4 * skip);
    return words + kernel->params_size / 4 - skip;
}

uint64_t zc_dispatch_work(const zc_device_command *command)
{
    if (command->kernel->work) {
        return command->kernel->work(command->params);
    }
    uint64_t work = 0; /* a kernel of the host's own: nobody knows */
    for (unsigned i = 0; i < command->kernel->binding_count; i++) {
        work += command->bindings[i].length / 4;
    }
    return work;
}

/* A workgroup cannot be cut (zc_device_pace.c). On a GPU this takes some tenths of a second, on one that is emulated
 * some seconds. */
#define MOST_WORK_OF_GROUP ((uint64_t)1 << 32)

zc_status zc_device_check_work(const zc_device *device, const zc_owner *owner, const zc_device_command *command,
                               zc_error *error)
{
    uint32_t groups[3];
    uint64_t work = owner ? zc_dispatch_work(command) : 0;
    if (owner && work > owner->most_work) {
        return zc_fail(error, ZC_LIMIT,
                       "kernel %s: about %llu multiply-adds, the limit of one dispatch is %llu (Limits.dispatch_work)",
                       command->kernel->name, (ull)work, (ull)owner->most_work);
    }
    if (owner && !device->backend->cancels && !command->kernel->compiled) {
        work = zc_kernel_work_in_tiles(command->kernel, command->params);
        command->kernel->groups(command->params, groups);
        uint64_t count = (uint64_t)groups[0] * groups[1] * groups[2];
        if (count && work / count > MOST_WORK_OF_GROUP) {
            return zc_fail(error, ZC_LIMIT,
                           "kernel %s: about %llu multiply-adds for each of %llu workgroups, the limit on device %s, "
                           "which cannot end a workgroup, is %llu",
                           command->kernel->name, (ull)(work / count), (ull)count, device->info.kind,
                           (ull)MOST_WORK_OF_GROUP);
        }
    }
    return ZC_OK;
}

/* What may take longer than some hundredths of a second, with the parameters and numbers that take longest and in memory
 * that was never written, becomes a submission, so that it can be ended. The host's own work, which does not end with
 * its caller's wait, may take some tenths with those that do not. */
#define MOST_WORK_INLINE ((uint64_t)1 << 24)
#define MOST_HOST_WORK_INLINE ((uint64_t)1 << 32)

zc_status zc_device_no_pause(void *context, zc_error *error)
{
    (void)context;
    (void)error;
    return ZC_OK;
}

bool zc_device_run_all(zc_device *device, const zc_device_command *commands, size_t count, uint64_t largest,
                       zc_pause_function pause, void *context, zc_status *status, zc_error *error)
{
    const zc_device_backend *backend = device->backend;
    if (!backend->run_all || largest > MOST_WORK_INLINE || zc_device_busy(device)) {
        return false;
    }
    *status = backend->run_all(device->self, commands, count, pause ? pause : zc_device_no_pause, context, error);
    return true;
}

/* Without the backend's fast path: a batch of one. */
static zc_status run_submitted(zc_device *device, const zc_kernel *kernel, const zc_range *ranges, size_t range_count,
                               const void *params, size_t params_size, zc_pause_function pause, void *context,
                               zc_error *error)
{
    zc_batch *batch = NULL;
    zc_submission *submission = NULL;
    zc_status status = zc_batch_new(device, &batch, error);
    if (status == ZC_OK) {
        status = zc_batch_dispatch(batch, kernel, ranges, range_count, params, params_size, error);
    }
    if (status == ZC_OK) {
        status = zc_batch_submit(batch, &submission, error);
    }
    if (status == ZC_OK) {
        status = zc_submission_wait_pausing(submission, -1, pause, context, error);
        zc_submission_release(submission);
    }
    zc_batch_free(batch);
    return status;
}

zc_status zc_device_run(zc_device *device, const zc_kernel *kernel, const zc_range *ranges, size_t range_count,
                        const void *params, size_t params_size, zc_error *error)
{
    return zc_device_run_pausing(device, kernel, ranges, range_count, params, params_size, NULL, NULL, error);
}

zc_status zc_device_run_pausing(zc_device *device, const zc_kernel *kernel, const zc_range *ranges, size_t range_count,
                                const void *params, size_t params_size, zc_pause_function pause, void *context,
                                zc_error *error)
{
    const zc_device_backend *backend = device->backend;
    /* A run by the backend comes after what the backend knows of. */
    if (!backend->run || device->paces_all ||
        (pause ? zc_device_busy(device) : atomic_load_explicit(&device->held, memory_order_acquire))) {
        return run_submitted(device, kernel, ranges, range_count, params, params_size, pause, context, error);
    }
    zc_device_command command;
    zc_range taken[ZC_KERNEL_MAX_BINDINGS];
    zc_device_buffer *buffers[ZC_KERNEL_MAX_BINDINGS] = {0};
    zc_status status = zc_device_alive(device, error);
    if (status == ZC_OK) {
        status = zc_device_check(device, kernel, ranges, range_count, params, params_size, taken, &command, error);
    }
    if (status != ZC_OK) {
        return status;
    }
    if (pause && zc_dispatch_work(&command) > MOST_HOST_WORK_INLINE) {
        return run_submitted(device, kernel, ranges, range_count, params, params_size, pause, context, error);
    }
    for (size_t i = 0; i < range_count && status == ZC_OK; i++) {
        zc_region *region = taken[i].region;
        if (!region) {
            continue;
        }
        if (!backend->buffer_from_host) {
            command.bindings[i].buffer = zc_region_base(region);
            continue;
        }
        status = zc_device_buffer_acquire(device, region, taken[i].offset + taken[i].length, &buffers[i], error);
        command.bindings[i].buffer = status == ZC_OK ? buffers[i]->buffer : NULL;
    }
    if (status == ZC_OK) {
        status = backend->run(device->self, &command, error);
    }
    if (backend->buffer_from_host) {
        for (size_t i = 0; i < range_count; i++) {
            zc_device_buffer_release(buffers[i]);
        }
    }
    return status;
}
