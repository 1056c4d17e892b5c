/* zc_vulkan_copy: copies between the host and the device's own memory.
 *
 * They go through one staging buffer per device, made at the first copy, in pieces; each after all that was submitted
 * before, and done when zc_vulkan_copy returns. Nobody else copies, and its callers count what they copy.
 *
 * Ownership: the staging buffer is the device's. Threads: any; copies of one device take turns.
 */
#include <string.h>

#include "device/vulkan/zc_vulkan.h"

#define STAGING_SIZE (16u << 20)

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

zc_status zc_vulkan_copy(void *self, void *opaque, uint64_t offset, void *host, uint64_t size, bool to_device,
                         zc_error *error)
{
    zc_vulkan_device *device = self;
    const zc_vulkan_buffer *buffer = opaque;
    const zc_vulkan_buffer *staging = &device->staging;
    zc_status status = ZC_OK;
    pthread_mutex_lock(&device->staging_lock);
    if (!staging->handle) {
        status = zc_vulkan_staging_init(device, STAGING_SIZE, error);
    }
    for (uint64_t done = 0; status == ZC_OK && done < size;) {
        uint64_t length = size - done < STAGING_SIZE ? size - done : STAGING_SIZE;
        if (to_device) {
            memcpy(staging->mapped, (const char *)host + done, length);
            status = copy_piece(device, staging->handle, buffer->handle,
                                &(VkBufferCopy){.dstOffset = offset + done, .size = length}, error);
        } else {
            status = copy_piece(device, buffer->handle, staging->handle,
                                &(VkBufferCopy){.srcOffset = offset + done, .size = length}, error);
            if (status == ZC_OK) {
                memcpy((char *)host + done, staging->mapped, length);
            }
        }
        done += length;
    }
    pthread_mutex_unlock(&device->staging_lock);
    return status;
}
