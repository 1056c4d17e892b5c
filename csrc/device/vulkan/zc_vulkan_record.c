/* zc_vulkan_record: slots, and the recording of commands into one.
 *
 * A slot is a command buffer with its pool, fence, queries and descriptor sets. Slots go round: taken from
 * the device's free list, recorded, submitted, waited for, put back. So a steady load makes nothing new.
 *
 * A recording opens with a barrier that orders it after all earlier work of the queue and makes the host's
 * writes visible; within it there is a barrier where a command asks for one, and nowhere else; it closes with
 * one that makes the results visible to the host, which even coherent memory needs.
 *
 * A binding is a window: it starts at the buffer's offset rounded down to what the device demands, the rest
 * goes to the kernel as an element offset. What exceeds maxStorageBufferRange is cut into several dispatches
 * where a kernel works element by element, and otherwise refused.
 *
 * Ownership: a slot is its taker's until it is put back, and the device's in the end. Threads: any; the lock
 * of the free list.
 */
#include <string.h>

#include "base/zc_alloc.h"
#include "device/vulkan/zc_vulkan.h"

#define SETS_IN_POOL 128u

typedef unsigned long long ull;

/* What the command buffer has bound already. */
typedef struct bound {
    VkPipeline pipeline;
    unsigned count; /* of the descriptors; UINT32_MAX when there are none yet */
    VkDescriptorBufferInfo windows[ZC_KERNEL_MAX_BINDINGS];
    unsigned push_count; /* the layout that the constants were pushed with, and their size */
    uint32_t push_size, push[ZC_VULKAN_PUSH_SIZE / 4];
} bound;

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

static void barrier(zc_vulkan_device *device, zc_vulkan_slot *slot, VkPipelineStageFlags from, VkAccessFlags writes,
                    VkPipelineStageFlags to, VkAccessFlags accesses)
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
    pthread_mutex_lock(&device->slot_lock);
    zc_vulkan_slot *slot = device->free_slots;
    if (slot) {
        device->free_slots = slot->next;
    }
    pthread_mutex_unlock(&device->slot_lock);
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
    slot->next = NULL;
    slot->work = NULL;
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
    barrier(device, slot, WORK_STAGES | VK_PIPELINE_STAGE_HOST_BIT, WORK_WRITES | VK_ACCESS_HOST_WRITE_BIT, WORK_STAGES,
            WORK_READS | WORK_WRITES);
    if (timed) { /* after the barrier, so that waiting for earlier work does not count */
        f->vkCmdWriteTimestamp(slot->commands, VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT, slot->queries, 0);
    }
    *out = slot;
    return ZC_OK;
}

zc_status zc_vulkan_slot_end(zc_vulkan_device *device, zc_vulkan_slot *slot, bool timed, zc_error *error)
{
    const zc_vulkan_functions *f = &device->f;
    barrier(device, slot, WORK_STAGES, WORK_WRITES, VK_PIPELINE_STAGE_HOST_BIT, VK_ACCESS_HOST_READ_BIT);
    if (timed && slot->queries) {
        f->vkCmdWriteTimestamp(slot->commands, VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT, slot->queries, 1);
    }
    VkResult result = f->vkEndCommandBuffer(slot->commands);
    return result == VK_SUCCESS ? ZC_OK : zc_vulkan_fail(device, result, error, "record a command buffer", "");
}

void zc_vulkan_slot_release(zc_vulkan_device *device, zc_vulkan_slot *slot)
{
    pthread_mutex_lock(&device->slot_lock);
    if (slot->prepared) {
        zc_vulkan_prepared_give_back(slot->prepared, slot);
    } else {
        slot->next = device->free_slots;
        device->free_slots = slot;
    }
    pthread_mutex_unlock(&device->slot_lock);
}

/* A set for `count` bindings from the slot's pools; each set takes the descriptors of the largest kernel. */
static VkResult take_set(zc_vulkan_device *device, zc_vulkan_slot *slot, unsigned count, VkDescriptorSet *out)
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

static VkResult bind_windows(zc_vulkan_device *device, zc_vulkan_slot *slot, const VkDescriptorBufferInfo *windows,
                             unsigned count)
{
    const zc_vulkan_functions *f = &device->f;
    VkWriteDescriptorSet writes[ZC_KERNEL_MAX_BINDINGS];
    VkDescriptorSet set = NULL;
    if (!device->physical.push_descriptors) {
        VkResult result = take_set(device, slot, count, &set);
        if (result != VK_SUCCESS) {
            return result;
        }
    }
    for (unsigned i = 0; i < count; i++) {
        writes[i] = (VkWriteDescriptorSet){.sType = VK_STRUCTURE_TYPE_WRITE_DESCRIPTOR_SET,
                                           .dstSet = set,
                                           .dstBinding = i + 1,
                                           .descriptorCount = 1,
                                           .descriptorType = VK_DESCRIPTOR_TYPE_STORAGE_BUFFER,
                                           .pBufferInfo = &windows[i]};
    }
    if (device->physical.push_descriptors) {
        f->vkCmdPushDescriptorSetKHR(slot->commands, VK_PIPELINE_BIND_POINT_COMPUTE, device->layouts[count], 0, count,
                                     writes);
    } else {
        f->vkUpdateDescriptorSets(device->handle, count, writes, 0, NULL);
        f->vkCmdBindDescriptorSets(slot->commands, VK_PIPELINE_BIND_POINT_COMPUTE, device->layouts[count], 0, 1, &set,
                                   0, NULL);
    }
    return VK_SUCCESS;
}

static bool same_windows(const VkDescriptorBufferInfo *a, const VkDescriptorBufferInfo *b, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        if (a[i].buffer != b[i].buffer || a[i].offset != b[i].offset || a[i].range != b[i].range) {
            return false;
        }
    }
    return true;
}

static zc_status record_one(zc_vulkan_device *device, zc_vulkan_slot *slot, const zc_device_command *command,
                            const zc_device_part *part, bound *now, zc_error *error)
{
    const zc_vulkan_functions *f = &device->f;
    const zc_kernel *kernel = command->kernel;
    const zc_vulkan_physical *physical = &device->physical;
    unsigned count = kernel->binding_count;
    uint32_t groups[3], push[ZC_VULKAN_PUSH_SIZE / 4] = {0};
    VkDescriptorBufferInfo windows[ZC_KERNEL_MAX_BINDINGS];
    kernel->groups(command->params, groups);
    if (groups[0] == 0 || groups[1] == 0 || groups[2] == 0) {
        return ZC_OK;
    }
    for (unsigned i = 0; i < 3; i++) {
        if (groups[i] > physical->max_groups[i]) {
            return zc_fail(error, ZC_BAD_VALUE,
                           "kernel %s: %u x %u x %u workgroups, device %s runs at most %u x %u x %u", kernel->name,
                           groups[0], groups[1], groups[2], physical->info.name, physical->max_groups[0],
                           physical->max_groups[1], physical->max_groups[2]);
        }
    }
    for (unsigned i = 0; i < count; i++) {
        const zc_device_binding *binding = &command->bindings[i];
        const zc_vulkan_buffer *buffer = binding->buffer;
        if (binding->length == 0 || !buffer) {
            windows[i] = (VkDescriptorBufferInfo){.buffer = device->empty.handle, .range = device->empty.size};
            continue;
        }
        uint64_t skipped = binding->offset % physical->offset_alignment;
        uint64_t length = (binding->length + 3) / 4 * 4; /* whole words: shaders read no less; a region has them */
        if (length > physical->max_range - skipped) {
            return zc_fail(
                error, ZC_BAD_VALUE,
                "kernel %s, %s: a window of %llu bytes, device %s binds at most %llu (maxStorageBufferRange)",
                kernel->name, kernel->bindings[i].name, (ull)(length + skipped), physical->info.name,
                (ull)physical->max_range);
        }
        windows[i] = (VkDescriptorBufferInfo){
            .buffer = buffer->handle, .offset = binding->offset - skipped, .range = length + skipped};
        push[i] = (uint32_t)(skipped / kernel->bindings[i].element_size);
    }
    VkPipeline pipeline;
    zc_status status = zc_vulkan_pipeline(device, command, &pipeline, error);
    if (status != ZC_OK) {
        return status;
    }
    if (pipeline != now->pipeline) {
        f->vkCmdBindPipeline(slot->commands, VK_PIPELINE_BIND_POINT_COMPUTE, pipeline);
        now->pipeline = pipeline;
    }
    if (count != now->count || !same_windows(windows, now->windows, count)) {
        VkResult result = bind_windows(device, slot, windows, count);
        if (result != VK_SUCCESS) {
            return zc_vulkan_fail(device, result, error, "bind the buffers of kernel", kernel->name);
        }
        now->count = count;
        memcpy(now->windows, windows, count * sizeof *windows);
    }
    uint32_t size = 4 * zc_device_push(command, part, groups, push);
    if (now->push_count != count || now->push_size != size || memcmp(now->push, push, size) != 0) {
        f->vkCmdPushConstants(slot->commands, device->layouts[count], VK_SHADER_STAGE_COMPUTE_BIT, 0, size, push);
        now->push_count = count;
        now->push_size = size;
        memcpy(now->push, push, size);
    }
    f->vkCmdDispatch(slot->commands, groups[0], groups[1], groups[2]);
    return ZC_OK;
}

/* Whether an elementwise command must be cut. */
static bool too_long(const zc_vulkan_device *device, const zc_device_command *command)
{
    if (!zc_kernel_is_elementwise(command->kernel)) {
        return false;
    }
    for (unsigned i = 0; i < command->kernel->binding_count; i++) {
        if (command->bindings[i].length > device->physical.max_range - device->physical.offset_alignment) {
            return true;
        }
    }
    return false;
}

/* Elementwise kernels start their parameters with the count, and all their bindings are as long as it. */
static zc_status record_pieces(zc_vulkan_device *device, zc_vulkan_slot *slot, const zc_device_command *command,
                               bound *now, zc_error *error)
{
    zc_device_command piece = *command;
    uint64_t alignment = device->physical.offset_alignment;
    uint64_t most = (device->physical.max_range - alignment) / alignment * alignment;
    zc_status status = ZC_OK;
    for (uint64_t done = 0, total = command->bindings[0].length; done < total && status == ZC_OK;) {
        uint64_t length = total - done < most ? total - done : most;
        piece.params[0] = (uint32_t)(length / 4);
        for (unsigned i = 0; i < command->kernel->binding_count; i++) {
            piece.bindings[i].offset = command->bindings[i].offset + done;
            piece.bindings[i].length = length;
        }
        status = record_one(device, slot, &piece, &(zc_device_part){0}, now, error);
        done += length;
    }
    return status;
}

zc_status zc_vulkan_slot_record(zc_vulkan_device *device, zc_vulkan_slot *slot, const zc_device_command *commands,
                                size_t count, const zc_device_part *part, zc_error *error)
{
    bound now = {.count = UINT32_MAX};
    zc_status status = ZC_OK;
    for (size_t i = 0; i < count && status == ZC_OK; i++) {
        const zc_device_command *command = &commands[i];
        if (command->barrier) {
            barrier(device, slot, VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT, VK_ACCESS_SHADER_WRITE_BIT,
                    VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT, VK_ACCESS_SHADER_READ_BIT | VK_ACCESS_SHADER_WRITE_BIT);
        }
        status = too_long(device, command) ? record_pieces(device, slot, command, &now, error)
                                           : record_one(device, slot, command, part, &now, error);
    }
    return status;
}
