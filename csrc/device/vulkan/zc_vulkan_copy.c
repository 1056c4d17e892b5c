/* zc_vulkan_copy: copies between the host and the device's own memory.
 *
 * They go through one staging buffer per device, in pieces; or, from memory that the device imports anyway, straight.
 * Each comes after all that was submitted before, and is done when zc_vulkan_copy or zc_vulkan_move returns. Nobody else
 * copies, and its callers count what they copy.
 *
 * A host's thread moves fewer bytes a second than the bus does. So a large copy has several threads, each with a slot
 * of the staging buffer, that take one piece after the other: while the bus moves the pieces of some, others fill or
 * empty theirs. They live as long as the copy.
 *
 * Ownership: the staging buffer is the device's: made at the first copy, made larger at the first large one. Threads:
 * any; copies of one device take turns.
 */
#include <string.h>
#include <unistd.h>

#include "device/vulkan/zc_vulkan.h"

#define PIECE (UINT64_C(4) << 20)
#define MOST_THREADS 8u

typedef struct transfer {
    zc_vulkan_device *device;
    VkBuffer buffer;
    uint64_t offset, size;
    char *host;
    bool to_device;
    _Atomic uint64_t next; /* offset of the first piece that nobody took */
    _Atomic uint32_t movers;
    _Atomic bool failed;
    pthread_mutex_t lock; /* the first failure, in what follows */
    zc_status status;
    zc_error error;
} transfer;

static zc_status copy_piece(zc_vulkan_device *device, VkBuffer from, VkBuffer to, const VkBufferCopy *piece,
                            zc_error *error)
{
    zc_vulkan_slot *slot;
    zc_status status = zc_vulkan_slot_begin(device, false, true, &slot, error);
    if (status != ZC_OK) {
        return status;
    }
    device->f.vkCmdCopyBuffer(slot->commands, from, to, 1, piece);
    status = zc_vulkan_slot_end(device, slot, error);
    if (status == ZC_OK) {
        status = zc_vulkan_slot_run(device, slot, error);
    }
    zc_vulkan_slot_release(device, slot);
    return status;
}

/* Piece after piece through the staging buffer's bytes from `staged` on, until all are taken or one failed. */
static void move(transfer *all, uint64_t staged)
{
    zc_vulkan_device *device = all->device;
    const zc_vulkan_buffer *staging = &device->staging;
    char *own = (char *)staging->mapped + staged;
    zc_error error;
    for (;;) {
        uint64_t at = atomic_fetch_add_explicit(&all->next, PIECE, memory_order_relaxed);
        if (at >= all->size || atomic_load_explicit(&all->failed, memory_order_relaxed)) {
            return;
        }
        uint64_t length = all->size - at < PIECE ? all->size - at : PIECE;
        zc_status status;
        if (all->to_device) {
            memcpy(own, all->host + at, length);
            VkBufferCopy piece = {.srcOffset = staged, .dstOffset = all->offset + at, .size = length};
            status = copy_piece(device, staging->handle, all->buffer, &piece, &error);
        } else {
            VkBufferCopy piece = {.srcOffset = all->offset + at, .dstOffset = staged, .size = length};
            status = copy_piece(device, all->buffer, staging->handle, &piece, &error);
            if (status == ZC_OK) {
                memcpy(all->host + at, own, length);
            }
        }
        if (status != ZC_OK) {
            pthread_mutex_lock(&all->lock);
            if (!atomic_exchange_explicit(&all->failed, true, memory_order_relaxed)) {
                all->status = status;
                all->error = error;
            }
            pthread_mutex_unlock(&all->lock);
            return;
        }
    }
}

static void *mover_main(void *argument)
{
    transfer *all = argument;
    move(all, PIECE * (1 + atomic_fetch_add_explicit(&all->movers, 1, memory_order_relaxed)));
    return NULL;
}

/* How many threads a copy of that size is worth, the caller's among them. */
static uint32_t threads_for(uint64_t size)
{
    long cpus = sysconf(_SC_NPROCESSORS_ONLN);
    uint64_t pieces = size / PIECE + (size % PIECE != 0);
    uint64_t most = cpus < 1 ? 1 : cpus < (long)MOST_THREADS ? (uint64_t)cpus : MOST_THREADS;
    return (uint32_t)(pieces < most ? pieces : most);
}

/* With the staging lock held: room for as many threads. */
static zc_status make_staging(zc_vulkan_device *device, uint32_t threads, zc_error *error)
{
    if (device->staging.handle && device->staging.size >= threads * PIECE) {
        return ZC_OK;
    }
    zc_vulkan_buffer_destroy(device, &device->staging);
    return zc_vulkan_staging_init(device, threads * PIECE, error);
}

zc_status zc_vulkan_copy(void *self, void *opaque, uint64_t offset, void *host, uint64_t size, bool to_device,
                         zc_error *error)
{
    zc_vulkan_device *device = self;
    const zc_vulkan_buffer *buffer = opaque;
    transfer all = {.device = device,
                    .buffer = buffer->handle,
                    .offset = offset,
                    .size = size,
                    .host = host,
                    .to_device = to_device,
                    .lock = PTHREAD_MUTEX_INITIALIZER};
    pthread_t threads[MOST_THREADS];
    uint32_t wanted = threads_for(size), started = 1;
    pthread_mutex_lock(&device->staging_lock);
    zc_status status = make_staging(device, wanted, error);
    if (status == ZC_OK) {
        zc_error ignored; /* fewer threads will do */
        while (started < wanted && zc_device_start_thread(&threads[started], mover_main, &all, &ignored) == ZC_OK) {
            started++;
        }
        move(&all, 0);
        for (uint32_t i = 1; i < started; i++) {
            (void)pthread_join(threads[i], NULL);
        }
        status = all.status;
        if (status != ZC_OK && error) {
            *error = all.error;
        }
    }
    pthread_mutex_unlock(&device->staging_lock);
    (void)pthread_mutex_destroy(&all.lock);
    return status;
}

zc_status zc_vulkan_move(void *self, void *from, uint64_t from_offset, void *to, uint64_t to_offset, uint64_t size,
                         zc_error *error)
{
    const VkBufferCopy all = {.srcOffset = from_offset, .dstOffset = to_offset, .size = size};
    return copy_piece(self, ((zc_vulkan_buffer *)from)->handle, ((zc_vulkan_buffer *)to)->handle, &all, error);
}
