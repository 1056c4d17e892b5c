/* zc_vulkan_queue: submitting, the thread that waits for completion, and the synchronous run.
 *
 * Works run in the order of vkQueueSubmit, because each recording opens with a barrier (zc_vulkan_slot.c).
 * One thread per device, started at the first submission, blocks on the oldest work's fence and reports it
 * done; nothing polls. A synchronous run submits and waits on the caller's own thread.
 *
 * Seconds are the device's own clock between the recording's first and last timestamp; where there are none (the
 * queue cannot, or it is a sequence or a run), the host's clock between submission and completion.
 *
 * Ownership: queued work belongs to its submission. Threads: any; the queue lock serialises vkQueueSubmit, as
 * Vulkan demands. Failures after submission (a lost device) reach the work as its status.
 */
#if !defined(__APPLE__)
#define _GNU_SOURCE
#endif
#include <string.h>

#include "base/zc_clock.h"
#include "device/vulkan/zc_vulkan.h"

static double seconds_of(zc_vulkan_device *device, const zc_vulkan_slot *slot)
{
    uint64_t ticks[2];
    if (!slot->timed || device->f.vkGetQueryPoolResults(device->handle, slot->queries, 0, 2, sizeof ticks, ticks,
                                                        sizeof ticks[0], VK_QUERY_RESULT_64_BIT) != VK_SUCCESS) {
        return zc_clock_seconds() - slot->started;
    }
    uint32_t bits = device->physical.timestamp_bits;
    uint64_t mask = bits >= 64 ? UINT64_MAX : ((uint64_t)1 << bits) - 1;
    return (double)((ticks[1] - ticks[0]) & mask) * (double)device->physical.timestamp_period * 1e-9;
}

/* With the queue lock held. */
static VkResult enqueue(zc_vulkan_device *device, zc_vulkan_slot *slot)
{
    VkSubmitInfo info = {
        .sType = VK_STRUCTURE_TYPE_SUBMIT_INFO, .commandBufferCount = 1, .pCommandBuffers = &slot->commands};
    return device->f.vkQueueSubmit(device->queue, 1, &info, slot->fence);
}

static VkResult wait_for(zc_vulkan_device *device, zc_vulkan_slot *slot)
{
    VkResult result = device->f.vkWaitForFences(device->handle, 1, &slot->fence, VK_TRUE, UINT64_MAX);
    VkResult reset = device->f.vkResetFences(device->handle, 1, &slot->fence);
    return result != VK_SUCCESS ? result : reset;
}

/* The slot's work is over: report it. The slot is free again. */
static void finish(zc_vulkan_device *device, zc_vulkan_slot *slot, VkResult result)
{
    zc_status status = ZC_OK;
    zc_error error;
    double seconds = 0;
    if (result == VK_SUCCESS) {
        seconds = seconds_of(device, slot);
    } else {
        status = zc_vulkan_fail(device, result, &error, "finish a submission", "");
    }
    zc_device_piece *work = slot->work;
    zc_vulkan_slot_release(device, slot);
    atomic_fetch_sub_explicit(&device->in_flight, 1, memory_order_release);
    zc_device_piece_done(work, status, seconds, &error);
}

static void *queue_main(void *argument)
{
    zc_vulkan_device *device = argument;
    pthread_mutex_lock(&device->queue_lock);
    for (;;) {
        while (!device->head && !device->closing) {
            pthread_cond_wait(&device->wake, &device->queue_lock);
        }
        zc_vulkan_slot *slot = device->head;
        if (!slot) {
            break;
        }
        pthread_mutex_unlock(&device->queue_lock);
        VkResult result = wait_for(device, slot);
        pthread_mutex_lock(&device->queue_lock);
        device->head = slot->next;
        if (!device->head) {
            device->tail = NULL;
        }
        pthread_mutex_unlock(&device->queue_lock);
        /* May drop the last reference to the device; then zc_vulkan_queue_close leaves the rest to this thread. */
        finish(device, slot, result);
        pthread_mutex_lock(&device->queue_lock);
    }
    void (*ended)(zc_vulkan_device *) = device->ended;
    pthread_mutex_unlock(&device->queue_lock);
    if (ended) {
        ended(device);
        zc_device_ending(false);
    }
    return NULL;
}

void zc_vulkan_queue_close(zc_vulkan_device *device, void (*ended)(zc_vulkan_device *))
{
    pthread_mutex_lock(&device->queue_lock);
    device->closing = true;
    bool started = device->started;
    bool inside = started && pthread_equal(device->thread, pthread_self());
    if (inside) {
        (void)pthread_detach(device->thread);
        device->ended = ended;
    }
    pthread_cond_signal(&device->wake);
    pthread_mutex_unlock(&device->queue_lock);
    if (inside) {
        zc_device_ending(true);
        return;
    }
    if (started) {
        (void)pthread_join(device->thread, NULL);
    }
    ended(device);
}

/* With the queue lock held. */
static zc_status start_thread(zc_vulkan_device *device, zc_error *error)
{
    zc_status status = zc_device_start_thread(&device->thread, queue_main, device, error);
    device->started = status == ZC_OK;
    return status;
}

/* With the queue lock held: leave it to the thread to wait for the slot. */
static void append(zc_vulkan_device *device, zc_vulkan_slot *slot)
{
    slot->next = NULL;
    if (device->tail) {
        device->tail->next = slot;
    } else {
        device->head = slot;
        pthread_cond_signal(&device->wake);
    }
    device->tail = slot;
}

/* Record the work where that has not been done, and submit it. `waits`: the caller waits for the slot, and asks for no
 * time on the device's clock, which costs some drivers as much as a dispatch. */
static zc_status start(zc_vulkan_device *device, zc_device_piece *work, bool waits, zc_vulkan_slot **out,
                       zc_error *error)
{
    zc_vulkan_slot *slot;
    zc_status status =
        work->prepared ? zc_vulkan_prepared_take(device, work->prepared, &slot, error)
                       : zc_vulkan_record(device, work->commands, work->count, &work->part, !waits, true, &slot, error);
    if (status != ZC_OK) {
        return status;
    }
    slot->work = work;
    slot->started = zc_clock_seconds();
    pthread_mutex_lock(&device->queue_lock);
    if (!device->started) {
        status = start_thread(device, error);
    }
    VkResult result = status == ZC_OK ? enqueue(device, slot) : VK_SUCCESS;
    if (result != VK_SUCCESS) {
        status = zc_vulkan_fail(device, result, error, "submit work", "");
    }
    if (status == ZC_OK) {
        atomic_fetch_add_explicit(&device->in_flight, 1, memory_order_relaxed);
        if (!waits) {
            append(device, slot);
        }
    }
    pthread_mutex_unlock(&device->queue_lock);
    if (status != ZC_OK) {
        zc_vulkan_slot_release(device, slot);
    }
    *out = slot;
    return status;
}

zc_status zc_vulkan_submit(void *self, zc_device_piece *work, zc_error *error)
{
    zc_vulkan_slot *slot;
    return start(self, work, false, &slot, error);
}

#define PAUSE_NS 5000000u

zc_status zc_vulkan_submit_and_wait(void *self, zc_device_piece *work, zc_pause_function pause, void *context,
                                    bool *submitted, zc_error *error)
{
    zc_vulkan_device *device = self;
    zc_vulkan_slot *slot;
    zc_status status = start(device, work, true, &slot, error);
    *submitted = status == ZC_OK;
    if (status != ZC_OK) {
        return status;
    }
    VkResult result;
    while ((result = device->f.vkWaitForFences(device->handle, 1, &slot->fence, VK_TRUE, PAUSE_NS)) == VK_TIMEOUT) {
        status = pause(context, error);
        if (status != ZC_OK) { /* nobody waits here any more: the thread does */
            pthread_mutex_lock(&device->queue_lock);
            append(device, slot);
            pthread_mutex_unlock(&device->queue_lock);
            return status;
        }
    }
    VkResult reset = device->f.vkResetFences(device->handle, 1, &slot->fence);
    finish(device, slot, result != VK_SUCCESS ? result : reset);
    return ZC_OK;
}

zc_status zc_vulkan_slot_start(zc_vulkan_device *device, zc_vulkan_slot *slot, zc_error *error)
{
    pthread_mutex_lock(&device->queue_lock);
    VkResult result = enqueue(device, slot);
    pthread_mutex_unlock(&device->queue_lock);
    return result == VK_SUCCESS ? ZC_OK : zc_vulkan_fail(device, result, error, "run work", "");
}

zc_status zc_vulkan_slot_wait(zc_vulkan_device *device, zc_vulkan_slot *slot, zc_error *error)
{
    VkResult result = wait_for(device, slot);
    return result == VK_SUCCESS ? ZC_OK : zc_vulkan_fail(device, result, error, "run work", "");
}

zc_status zc_vulkan_run(void *self, const zc_device_command *command, zc_error *error)
{
    zc_vulkan_device *device = self;
    zc_vulkan_slot *slot;
    zc_status status = zc_vulkan_record(device, command, 1, &(zc_device_part){0}, false, true, &slot, error);
    if (status != ZC_OK) {
        return status;
    }
    status = zc_vulkan_slot_start(device, slot, error);
    if (status == ZC_OK) {
        status = zc_vulkan_slot_wait(device, slot, error);
    }
    zc_vulkan_slot_release(device, slot);
    return status;
}

bool zc_vulkan_busy(void *self)
{
    zc_vulkan_device *device = self;
    return atomic_load_explicit(&device->in_flight, memory_order_acquire) != 0;
}
