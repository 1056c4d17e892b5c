/* zc_vulkan_copy: copies between the host and the device's own memory.
 *
 * They go through one staging buffer per device, in pieces; or, from memory that the device imports anyway, straight.
 * Each comes after all that was submitted before, and is done when zc_vulkan_copy or zc_vulkan_move returns. Nobody else
 * copies, and its callers count what they copy.
 *
 * One of the host's threads moves fewer bytes a second than the bus does. So a large copy has several, each with two
 * pieces' room in the staging buffer: while the bus moves one piece, the thread fills or empties the other. They live as
 * long as the copy. On an H200, whose bus moves 49 GB/s, eight threads upload 42 GB/s from a mapped file, one 6; a
 * mapped file's pages cannot be imported there, which would save the host's part.
 *
 * Ownership: the staging buffer is the device's: made at the first copy, made larger at the first large one. Threads:
 * any; copies of one device take turns.
 */
#include <string.h>
#include <unistd.h>

#include "device/vulkan/zc_vulkan.h"

#define PIECE (UINT64_C(4) << 20)
#define ROOM (2 * PIECE) /* a thread's in the staging buffer */
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

/* A piece's room in the staging buffer, and the copy that is under way in it. */
typedef struct half {
    uint64_t staged;      /* where the room is */
    zc_vulkan_slot *slot; /* NULL: no copy */
    uint64_t at, length;  /* of the bytes, from the transfer's beginning */
} half;

/* A slot with such a copy, ready to be submitted. */
static zc_status record(zc_vulkan_device *device, VkBuffer from, VkBuffer to, const VkBufferCopy *piece,
                        zc_vulkan_slot **out, zc_error *error)
{
    zc_status status = zc_vulkan_slot_begin(device, false, true, out, error);
    if (status != ZC_OK) {
        return status;
    }
    device->f.vkCmdCopyBuffer((*out)->commands, from, to, 1, piece);
    status = zc_vulkan_slot_end(device, *out, error);
    if (status != ZC_OK) {
        zc_vulkan_slot_release(device, *out);
    }
    return status;
}

/* Submit the copy of a piece; an upload's bytes are put into the room first. */
static zc_status begin(transfer *all, half *room, zc_error *error)
{
    zc_vulkan_device *device = all->device;
    const zc_vulkan_buffer *staging = &device->staging;
    if (all->to_device) {
        memcpy((char *)staging->mapped + room->staged, all->host + room->at, room->length);
    }
    uint64_t own = room->staged, there = all->offset + room->at;
    VkBufferCopy piece = {
        .srcOffset = all->to_device ? own : there, .dstOffset = all->to_device ? there : own, .size = room->length};
    zc_vulkan_slot *slot;
    zc_status status = record(device, all->to_device ? staging->handle : all->buffer,
                              all->to_device ? all->buffer : staging->handle, &piece, &slot, error);
    if (status != ZC_OK) {
        return status;
    }
    status = zc_vulkan_slot_start(device, slot, error);
    if (status != ZC_OK) {
        zc_vulkan_slot_release(device, slot);
        return status;
    }
    room->slot = slot;
    return ZC_OK;
}

/* Wait for the room's copy; a download's bytes are then taken out of it. */
static zc_status end(transfer *all, half *room, zc_error *error)
{
    zc_vulkan_device *device = all->device;
    if (!room->slot) {
        return ZC_OK;
    }
    zc_status status = zc_vulkan_slot_wait(device, room->slot, error);
    zc_vulkan_slot_release(device, room->slot);
    room->slot = NULL;
    if (status == ZC_OK && !all->to_device) {
        memcpy(all->host + room->at, (const char *)device->staging.mapped + room->staged, room->length);
    }
    return status;
}

static void fail(transfer *all, zc_status status, const zc_error *error)
{
    pthread_mutex_lock(&all->lock);
    if (!atomic_exchange_explicit(&all->failed, true, memory_order_relaxed)) {
        all->status = status;
        all->error = *error;
    }
    pthread_mutex_unlock(&all->lock);
}

/* Piece after piece through the staging buffer's bytes from `staged` on, until all are taken or one failed. */
static void move(transfer *all, uint64_t staged)
{
    half rooms[2] = {{.staged = staged}, {.staged = staged + PIECE}};
    zc_error error;
    zc_status status = ZC_OK;
    for (unsigned turn = 0; status == ZC_OK; turn++) {
        half *room = &rooms[turn % 2];
        status = end(all, room, &error);
        uint64_t at = atomic_fetch_add_explicit(&all->next, PIECE, memory_order_relaxed);
        if (status != ZC_OK || at >= all->size || atomic_load_explicit(&all->failed, memory_order_relaxed)) {
            break;
        }
        room->at = at;
        room->length = all->size - at < PIECE ? all->size - at : PIECE;
        status = begin(all, room, &error);
    }
    for (unsigned i = 0; i < 2; i++) { /* whatever happened, nothing is under way any more when this returns */
        zc_error other;
        zc_status ended = end(all, &rooms[i], status == ZC_OK ? &error : &other);
        status = status == ZC_OK ? ended : status;
    }
    if (status != ZC_OK) {
        fail(all, status, &error);
    }
}

static void *mover_main(void *argument)
{
    transfer *all = argument;
    move(all, ROOM * (1 + atomic_fetch_add_explicit(&all->movers, 1, memory_order_relaxed)));
    return NULL;
}

/* How many threads a copy of that size is worth, the caller's among them. */
static uint32_t threads_for(uint64_t size)
{
    long cpus = sysconf(_SC_NPROCESSORS_ONLN);
    uint64_t rooms = size / ROOM + (size % ROOM != 0);
    uint64_t most = cpus < 1 ? 1 : cpus < (long)MOST_THREADS ? (uint64_t)cpus : MOST_THREADS;
    return (uint32_t)(rooms < most ? rooms : most);
}

/* With the staging lock held: room for as many threads. */
static zc_status make_staging(zc_vulkan_device *device, uint32_t threads, zc_error *error)
{
    if (device->staging.handle && device->staging.size >= threads * ROOM) {
        return ZC_OK;
    }
    zc_vulkan_buffer_destroy(device, &device->staging);
    return zc_vulkan_staging_init(device, threads * ROOM, error);
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
    zc_vulkan_device *device = self;
    const zc_vulkan_buffer *source = from, *target = to;
    const VkBufferCopy all = {.srcOffset = from_offset, .dstOffset = to_offset, .size = size};
    zc_vulkan_slot *slot;
    zc_status status = record(device, source->handle, target->handle, &all, &slot, error);
    if (status == ZC_OK) {
        status = zc_vulkan_slot_start(device, slot, error);
        if (status == ZC_OK) {
            status = zc_vulkan_slot_wait(device, slot, error);
        }
        zc_vulkan_slot_release(device, slot);
    }
    return status;
}
