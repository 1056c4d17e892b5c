/* zc_device_cpu: the cpu device: a queue over the compute kernels of zc_cpu.
 *
 * Submitted pieces run in order on one queue thread per device, started at the first submission; zc_cpu
 * spreads each kernel over the threads of all devices, which are told where a sequence of kernels begins and ends
 * (zc_threads_enter). A synchronous run computes on the calling thread: at once when
 * nothing is in flight, otherwise after everything submitted before it; so does who submits little and waits. Barriers
 * need nothing here, since the commands of a queue run one after the other. A buffer is the host address itself.
 *
 * Ownership: queued work belongs to its submission, which outlives its stay here. Threads: any; one lock for
 * the queues of all devices, so that a fork can hold them still. The queue thread blocks all signals: they
 * are for the host program's threads. Fork: the child starts with empty queues and no queue thread; the
 * submissions that were in them are finished as lost by zc_submission.c.
 */
#if !defined(__APPLE__)
#define _GNU_SOURCE
#endif
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#if defined(__APPLE__)
#include <sys/sysctl.h>
#endif

#include "base/zc_alloc.h"
#include "base/zc_clock.h"
#include "device/cpu/zc_cpu.h"
#include "device/cpu/zc_cpu_packed.h"
#include "device/cpu/zc_cpu_threads.h"
#include "device/zc_device_backend.h"
#include "base/zc_fork.h"

#define MAX_THREADS 1024u

typedef struct cpu_device {
    struct cpu_device *next, *previous;
    unsigned threads;
    /* How many pieces were ever queued, and finished. Runs compare them without the lock. */
    _Atomic uint64_t submitted, completed;
    zc_device_piece *head, *tail;
    bool started, closing;
    pthread_t thread;
    pthread_cond_t wake; /* a piece came, or closing */
} cpu_device;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t finished = PTHREAD_COND_INITIALIZER; /* some device's completed has grown */
static cpu_device *devices;

static void lock_queues(void)
{
    pthread_mutex_lock(&lock);
}

static void unlock_queues(void)
{
    pthread_mutex_unlock(&lock);
}

static void reset(void)
{
    pthread_cond_init(&finished, NULL);
    for (cpu_device *each = devices; each; each = each->next) {
        each->head = each->tail = NULL;
        each->started = false;
        atomic_store(&each->completed, atomic_load(&each->submitted));
        pthread_cond_init(&each->wake, NULL);
    }
}

ZC_FORK_HANDLERS(ZC_FORK_CPU_QUEUES, .lock = lock_queues, .unlock = unlock_queues, .reset = reset)

/* `cancel` may be NULL. */
static zc_status execute(const cpu_device *device, const zc_device_command *command, const _Atomic bool *cancel,
                         zc_error *error)
{
    void *bindings[ZC_KERNEL_MAX_BINDINGS];
    uint64_t lengths[ZC_KERNEL_MAX_BINDINGS];
    for (unsigned i = 0; i < command->kernel->binding_count; i++) {
        const zc_device_binding *binding = &command->bindings[i];
        bindings[i] = binding->buffer ? (uint8_t *)binding->buffer + binding->offset : NULL;
        lengths[i] = binding->length;
    }
    if (command->kernel->over_rows) {
        return zc_cpu_run_rows(command->kernel->compiled, bindings, lengths, command->kernel->binding_count,
                               command->params, device->threads, cancel, error);
    }
    return zc_cpu_run(command->kernel->id, bindings, command->params, device->threads, cancel, error);
}

static void *queue_main(void *argument)
{
    cpu_device *device = argument;
    pthread_mutex_lock(&lock);
    for (;;) {
        while (!device->head && !device->closing) {
            pthread_cond_wait(&device->wake, &lock);
        }
        zc_device_piece *piece = device->head;
        if (!piece) {
            break;
        }
        device->head = piece->next;
        if (!device->head) {
            device->tail = NULL;
        }
        pthread_mutex_unlock(&lock);

        zc_status status = ZC_OK;
        zc_error error;
        double start = zc_clock_seconds();
        zc_threads_enter();
        for (size_t i = 0; i < piece->count && status == ZC_OK; i++) {
            status = atomic_load_explicit(piece->cancelled, memory_order_acquire)
                         ? zc_fail(&error, ZC_CANCELLED, "cancelled")
                         : execute(device, &piece->commands[i], piece->cancelled, &error);
        }
        zc_threads_leave();
        double seconds = zc_clock_seconds() - start;
        pthread_mutex_lock(&lock);
        atomic_fetch_add_explicit(&device->completed, 1, memory_order_release);
        pthread_cond_broadcast(&finished);
        pthread_mutex_unlock(&lock);
        /* May drop the last reference to the device; then cpu_close leaves the rest to this thread. */
        zc_device_piece_done(piece, status, seconds, &error);
        pthread_mutex_lock(&lock);
    }
    bool own = pthread_equal(device->thread, pthread_self()) && device->closing && !device->started;
    pthread_mutex_unlock(&lock);
    if (own) {
        pthread_cond_destroy(&device->wake);
        zc_free(device);
    }
    return NULL;
}

/* With the lock held. */
static zc_status start_thread(cpu_device *device, zc_error *error)
{
    zc_status status = zc_device_start_thread(&device->thread, queue_main, device, error);
    device->started = status == ZC_OK;
    return status;
}

static zc_status cpu_submit(void *self, zc_device_piece *piece, zc_error *error)
{
    cpu_device *device = self;
    zc_status status = ZC_OK;
    piece->next = NULL;
    pthread_mutex_lock(&lock);
    if (!device->started) {
        status = start_thread(device, error);
    }
    if (status == ZC_OK) {
        if (device->tail) {
            device->tail->next = piece;
        } else {
            device->head = piece;
        }
        device->tail = piece;
        atomic_fetch_add_explicit(&device->submitted, 1, memory_order_release);
        pthread_cond_signal(&device->wake);
    }
    pthread_mutex_unlock(&lock);
    return status;
}

static bool cpu_busy(void *self)
{
    cpu_device *device = self;
    uint64_t submitted = atomic_load_explicit(&device->submitted, memory_order_acquire);
    return atomic_load_explicit(&device->completed, memory_order_acquire) < submitted;
}

/* More than that is the queue thread's: its waiting caller sees signals within milliseconds, which a computing one sees
 * between commands only. With what takes longest for its size that is some tenths of a second. */
#define MOST_WORK_HERE ((uint64_t)1 << 26)

static bool is_much(const zc_device_piece *piece)
{
    for (size_t i = 0; i < piece->count; i++) {
        if (piece->commands[i].kernel->over_rows ||
            piece->commands[i].kernel->work(piece->commands[i].params) > MOST_WORK_HERE) {
            return true;
        }
    }
    return false;
}

/* On the calling thread where nothing is queued: a change of threads and back costs as much as a small kernel. */
static zc_status cpu_submit_and_wait(void *self, zc_device_piece *piece, zc_pause_function pause, void *context,
                                     bool *submitted, zc_error *error)
{
    zc_status status = ZC_OK, stopped = ZC_OK;
    zc_error why;
    if (cpu_busy(self) || is_much(piece)) {
        status = cpu_submit(self, piece, error);
        *submitted = status == ZC_OK;
        return status;
    }
    *submitted = true;
    uint64_t forks = zc_fork_count();
    double start = zc_clock_seconds();
    zc_threads_enter();
    for (size_t i = 0; i < piece->count && status == ZC_OK; i++) {
        status = execute(self, &piece->commands[i], piece->cancelled, &why);
        stopped = pause(context, error);
        if (zc_fork_count() != forks) {
            return stopped; /* in the child of a fork in `pause`, where the work is finished as lost */
        }
        if (stopped != ZC_OK) {
            status = zc_fail(&why, ZC_CANCELLED, "cancelled");
        }
    }
    zc_threads_leave();
    zc_device_piece_done(piece, status, zc_clock_seconds() - start, &why);
    return stopped;
}

static zc_status cpu_run(void *self, const zc_device_command *command, zc_error *error)
{
    cpu_device *device = self;
    uint64_t before = atomic_load_explicit(&device->submitted, memory_order_acquire);
    if (atomic_load_explicit(&device->completed, memory_order_acquire) < before) {
        pthread_mutex_lock(&lock);
        while (atomic_load_explicit(&device->completed, memory_order_acquire) < before) {
            pthread_cond_wait(&finished, &lock);
        }
        pthread_mutex_unlock(&lock);
    }
    return execute(device, command, NULL, error);
}

static zc_status cpu_run_all(void *self, const zc_device_command *commands, size_t count, zc_pause_function pause,
                             void *context, zc_error *error)
{
    zc_status status = ZC_OK;
    zc_threads_enter();
    for (size_t i = 0; i < count && status == ZC_OK; i++) {
        status = execute(self, &commands[i], NULL, error);
        if (status == ZC_OK) {
            status = pause(context, error);
        }
    }
    zc_threads_leave();
    return status;
}

static zc_status cpu_pack(void *self, const zc_device_matrix *matrices, size_t count,
                          const zc_device_progress *progress, void **packed, zc_error *error)
{
    const cpu_device *device = self;
    return zc_cpu_pack(matrices, count, device->threads, progress, packed, error);
}

/* The processor's own name; empty when the system does not say. */
static void processor_name(char *out, size_t size)
{
    out[0] = 0;
#if defined(__APPLE__)
    (void)sysctlbyname("machdep.cpu.brand_string", out, &size, NULL, 0);
#else
    FILE *file = fopen("/proc/cpuinfo", "r");
    char line[256];
    while (file && !out[0] && fgets(line, sizeof line, file)) {
        char *colon = strchr(line, ':');
        if (colon && strncmp(line, "model name", 10) == 0) {
            colon += strspn(colon + 1, " \t") + 1;
            colon[strcspn(colon, "\n")] = 0;
            (void)snprintf(out, size, "%.*s", (int)size - 1, colon);
        }
    }
    if (file) {
        (void)fclose(file);
    }
#endif
}

static void cpu_probe(zc_device_info *info)
{
    char name[96];
    processor_name(name, sizeof name);
    (void)snprintf(info->name, sizeof info->name, "%s (%s)", name[0] ? name : "host processor", zc_cpu_isa());
    info->available = true;
    info->type = "cpu";
    info->unified_memory = true;
    info->subgroup_width = 1;
    info->max_buffer = UINT64_MAX;
    info->threads = zc_cpu_count();
}

static zc_status cpu_open(const zc_device_options *options, zc_device_info *info, void **self, zc_error *error)
{
    if (options->threads > MAX_THREADS) {
        return zc_fail(error, ZC_BAD_VALUE, "threads is %u, the cpu device takes 0 (all) to %u", options->threads,
                       MAX_THREADS);
    }
    cpu_device *device = zc_calloc(1, sizeof *device);
    if (!device) {
        return zc_fail(error, ZC_NO_MEMORY, "cannot allocate the cpu device");
    }
    device->threads = options->threads;
    if (options->threads) {
        info->threads = options->threads;
    }
    atomic_init(&device->submitted, 0);
    atomic_init(&device->completed, 0);
    pthread_cond_init(&device->wake, NULL);
    pthread_mutex_lock(&lock);
    device->next = devices;
    if (devices) {
        devices->previous = device;
    }
    devices = device;
    pthread_mutex_unlock(&lock);
    *self = device;
    return ZC_OK;
}

static void cpu_close(void *self)
{
    cpu_device *device = self;
    pthread_mutex_lock(&lock);
    if (device->previous) {
        device->previous->next = device->next;
    } else {
        devices = device->next;
    }
    if (device->next) {
        device->next->previous = device->previous;
    }
    device->closing = true;
    bool started = device->started;
    bool inside = started && pthread_equal(device->thread, pthread_self());
    if (inside) {
        (void)pthread_detach(device->thread);
        device->started = false; /* tells queue_main that the device is its own */
    }
    pthread_cond_signal(&device->wake);
    pthread_mutex_unlock(&lock);
    if (inside) {
        return;
    }
    if (started) {
        (void)pthread_join(device->thread, NULL);
    }
    pthread_cond_destroy(&device->wake);
    zc_free(device);
}

const zc_device_backend zc_device_cpu = {
    .kind = "cpu",
    .in_order = true,
    .cancels = true,
    .runs_rows = true,
    .probe = cpu_probe,
    .open = cpu_open,
    .close = cpu_close,
    .pack = cpu_pack,
    .packed_release = zc_cpu_packed_release,
    .run = cpu_run,
    .run_all = cpu_run_all,
    .busy = cpu_busy,
    .survives_fork = true,
    .submit = cpu_submit,
    .submit_and_wait = cpu_submit_and_wait,
};
