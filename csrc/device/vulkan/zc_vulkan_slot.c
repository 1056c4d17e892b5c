/* zc_vulkan_slot: slots, each a command buffer with its pool, fence, queries and descriptor sets.
 *
 * Slots go round: taken from a list of idle ones, recorded, submitted, waited for, put back. So a steady load makes
 * nothing new. The list is the device's, or that of a sequence, whose slots keep their recording.
 *
 * A recording opens with a barrier that orders it after all earlier work of the queue and makes the host's
 * writes visible; it closes with one that makes the results visible to the host, which even coherent memory needs.
 *
 * Ownership: a slot is its taker's until it is put back, and the device's in the end. Threads: any; one lock of the
 * device's for all lists of idle slots. Does not know what is recorded.
 */
#include "base/zc_alloc.h"
#include "device/vulkan/zc_vulkan.h"

#define SETS_IN_POOL 128u

static void destroy_slot(zc_vulkan_device *device, zc_vulkan_slot *slot)
{
    const zc_vulkan_functions *f = &device->f;
    for (uint32_t i = 0; i < slot->set_pool_count; i++) {
        f->vkDestroyDescriptorPool(device->handle, slot->set_pools[i], NULL);
    }
    zc_free(slot->set_pools);
    if (slot->queries) {
        f->vkDestroyQueryPool(device->handle, slot->queries, NULL);
    }
    if (slot->fence) {
        f->vkDestroyFence(device->handle, slot->fence, NULL);
    }
    if (slot->pool) {
        f->vkDestroyCommandPool(device->handle, slot->pool, NULL);
    }
    zc_free(slot);
}

void zc_vulkan_slots_destroy(zc_vulkan_device *device)
{
    while (device->free_slots) {
        zc_vulkan_slot *slot = device->free_slots;
        device->free_slots = slot->next;
        destroy_slot(device, slot);
    }
}

static zc_status make_slot(zc_vulkan_device *device, zc_vulkan_slot **out, zc_error *error)
{
    const zc_vulkan_functions *f = &device->f;
    zc_vulkan_slot *slot = zc_calloc(1, sizeof *slot);
    if (!slot) {
        return zc_fail(error, ZC_NO_MEMORY, "cannot allocate a command buffer's bookkeeping");
    }
    VkCommandPoolCreateInfo pool = {.sType = VK_STRUCTURE_TYPE_COMMAND_POOL_CREATE_INFO,
                                    .flags = VK_COMMAND_POOL_CREATE_TRANSIENT_BIT,
                                    .queueFamilyIndex = device->physical.queue_family};
    VkFenceCreateInfo fence = {.sType = VK_STRUCTURE_TYPE_FENCE_CREATE_INFO};
    VkQueryPoolCreateInfo queries = {
        .sType = VK_STRUCTURE_TYPE_QUERY_POOL_CREATE_INFO, .queryType = VK_QUERY_TYPE_TIMESTAMP, .queryCount = 2};
    VkResult result = f->vkCreateCommandPool(device->handle, &pool, NULL, &slot->pool);
    if (result == VK_SUCCESS) {
        VkCommandBufferAllocateInfo commands = {.sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_ALLOCATE_INFO,
                                                .commandPool = slot->pool,
                                                .level = VK_COMMAND_BUFFER_LEVEL_PRIMARY,
                                                .commandBufferCount = 1};
        result = f->vkAllocateCommandBuffers(device->handle, &commands, &slot->commands);
    }
    if (result == VK_SUCCESS) {
        result = f->vkCreateFence(device->handle, &fence, NULL, &slot->fence);
    }
    if (result == VK_SUCCESS && device->physical.timestamp_bits) {
        result = f->vkCreateQueryPool(device->handle, &queries, NULL, &slot->queries);
    }
    if (result != VK_SUCCESS) {
        destroy_slot(device, slot);
        return zc_vulkan_fail(device, result, error, "make a command buffer", "");
    }
    *out = slot;
    return ZC_OK;
}

zc_vulkan_slot *zc_vulkan_slot_take(zc_vulkan_device *device, zc_vulkan_slot **list)
{
    pthread_mutex_lock(&device->slot_lock);
    zc_vulkan_slot *slot = *list;
    if (slot) {
        *list = slot->next;
        slot->next = NULL;
        slot->work = NULL;
    }
    pthread_mutex_unlock(&device->slot_lock);
    return slot;
}

void zc_vulkan_slot_release(zc_vulkan_device *device, zc_vulkan_slot *slot)
{
    pthread_mutex_lock(&device->slot_lock);
    slot->next = *slot->home;
    *slot->home = slot;
    pthread_mutex_unlock(&device->slot_lock);
}

void zc_vulkan_slot_barrier(zc_vulkan_device *device, zc_vulkan_slot *slot, VkPipelineStageFlags from,
                            VkAccessFlags writes, VkPipelineStageFlags to, VkAccessFlags accesses)
{
    VkMemoryBarrier memory = {
        .sType = VK_STRUCTURE_TYPE_MEMORY_BARRIER, .srcAccessMask = writes, .dstAccessMask = accesses};
    device->f.vkCmdPipelineBarrier(slot->commands, from, to, 0, 1, &memory, 0, NULL, 0, NULL);
}

#define WORK_STAGES (VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT | VK_PIPELINE_STAGE_TRANSFER_BIT)
#define WORK_WRITES (VK_ACCESS_SHADER_WRITE_BIT | VK_ACCESS_TRANSFER_WRITE_BIT)
#define WORK_READS (VK_ACCESS_SHADER_READ_BIT | VK_ACCESS_TRANSFER_READ_BIT)

zc_status zc_vulkan_slot_begin(zc_vulkan_device *device, bool timed, bool once, zc_vulkan_slot **out, zc_error *error)
{
    const zc_vulkan_functions *f = &device->f;
    VkResult result = VK_SUCCESS;
    if (atomic_load_explicit(&device->lost, memory_order_relaxed)) {
        return zc_fail(error, ZC_DEVICE, "vulkan device %s was lost (VK_ERROR_DEVICE_LOST): open it anew",
                       device->physical.info.name);
    }
    zc_vulkan_slot *slot = zc_vulkan_slot_take(device, &device->free_slots);
    if (!slot) {
        zc_status status = make_slot(device, &slot, error);
        if (status != ZC_OK) {
            return status;
        }
    } else {
        result = f->vkResetCommandPool(device->handle, slot->pool, 0);
        for (uint32_t i = 0; slot->sets_used && i < slot->set_pool_count && result == VK_SUCCESS; i++) {
            result = f->vkResetDescriptorPool(device->handle, slot->set_pools[i], 0);
        }
    }
    slot->home = &device->free_slots;
    slot->sets_used = 0;
    if (result == VK_SUCCESS) {
        VkCommandBufferBeginInfo begin = {.sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO,
                                          .flags = once ? VK_COMMAND_BUFFER_USAGE_ONE_TIME_SUBMIT_BIT : 0};
        result = f->vkBeginCommandBuffer(slot->commands, &begin);
    }
    if (result != VK_SUCCESS) {
        zc_vulkan_slot_release(device, slot);
        return zc_vulkan_fail(device, result, error, "begin a command buffer", "");
    }
    timed = timed && slot->queries;
    slot->timed = timed;
    if (timed) {
        f->vkCmdResetQueryPool(slot->commands, slot->queries, 0, 2);
    }
    zc_vulkan_slot_barrier(device, slot, WORK_STAGES | VK_PIPELINE_STAGE_HOST_BIT,
                           WORK_WRITES | VK_ACCESS_HOST_WRITE_BIT, WORK_STAGES, WORK_READS | WORK_WRITES);
    if (timed) { /* after the barrier, so that waiting for earlier work does not count */
        f->vkCmdWriteTimestamp(slot->commands, VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT, slot->queries, 0);
    }
    *out = slot;
    return ZC_OK;
}

zc_status zc_vulkan_slot_end(zc_vulkan_device *device, zc_vulkan_slot *slot, zc_error *error)
{
    const zc_vulkan_functions *f = &device->f;
    zc_vulkan_slot_barrier(device, slot, WORK_STAGES, WORK_WRITES, VK_PIPELINE_STAGE_HOST_BIT, VK_ACCESS_HOST_READ_BIT);
    if (slot->timed) {
        f->vkCmdWriteTimestamp(slot->commands, VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT, slot->queries, 1);
    }
    VkResult result = f->vkEndCommandBuffer(slot->commands);
    return result == VK_SUCCESS ? ZC_OK : zc_vulkan_fail(device, result, error, "record a command buffer", "");
}

/* From the slot's pools; each set takes the descriptors of the largest kernel. */
VkResult zc_vulkan_slot_descriptors(zc_vulkan_device *device, zc_vulkan_slot *slot, unsigned count,
                                    VkDescriptorSet *out)
{
    const zc_vulkan_functions *f = &device->f;
    uint32_t pool = slot->sets_used / SETS_IN_POOL;
    if (pool == slot->set_pool_count) {
        VkDescriptorPool *larger = zc_realloc(slot->set_pools, (pool + 1) * sizeof *larger);
        if (!larger) {
            return VK_ERROR_OUT_OF_HOST_MEMORY;
        }
        slot->set_pools = larger;
        VkDescriptorPoolSize size = {.type = VK_DESCRIPTOR_TYPE_STORAGE_BUFFER,
                                     .descriptorCount = SETS_IN_POOL * ZC_KERNEL_MAX_BINDINGS};
        VkDescriptorPoolCreateInfo info = {.sType = VK_STRUCTURE_TYPE_DESCRIPTOR_POOL_CREATE_INFO,
                                           .maxSets = SETS_IN_POOL,
                                           .poolSizeCount = 1,
                                           .pPoolSizes = &size};
        VkResult result = f->vkCreateDescriptorPool(device->handle, &info, NULL, &slot->set_pools[pool]);
        if (result != VK_SUCCESS) {
            return result;
        }
        slot->set_pool_count++;
    }
    VkDescriptorSetAllocateInfo info = {.sType = VK_STRUCTURE_TYPE_DESCRIPTOR_SET_ALLOCATE_INFO,
                                        .descriptorPool = slot->set_pools[pool],
                                        .descriptorSetCount = 1,
                                        .pSetLayouts = &device->set_layouts[count]};
    VkResult result = f->vkAllocateDescriptorSets(device->handle, &info, out);
    slot->sets_used += result == VK_SUCCESS;
    return result;
}
