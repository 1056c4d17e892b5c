/* zc_vulkan_record: commands into a slot.
 *
 * There is a barrier where a command asks for one, between the stages of commands that have several, and at both ends of
 * a slot. The commands between two that ask for a barrier are recorded stage by stage, each with a part of the
 * workspace of its own. What a command buffer has bound already is not bound again.
 *
 * A binding is a window: it starts at the buffer's offset rounded down to what the device demands, the rest
 * goes to the kernel as an element offset. What exceeds maxStorageBufferRange is cut into several dispatches
 * where a kernel works element by element, and otherwise refused.
 *
 * Ownership: what is recorded becomes the taker's slot; buffers and pipelines stay their owners'. Threads: any.
 */
#include <string.h>

#include "device/vulkan/zc_vulkan.h"

/* Bytes of workspace of several commands that run at the same time. More would do without waiting for each other, but the
 * workspace stays, and a guest could have a great many of them. */
#define MOST_WORKSPACE ((uint64_t)1 << 28)

/* What the command buffer has bound already. */
typedef struct bound {
    VkPipeline pipeline;
    unsigned count; /* of the descriptors; UINT32_MAX when there are none yet */
    VkDescriptorBufferInfo windows[ZC_KERNEL_MAX_BINDINGS];
    unsigned push_count; /* the layout that the constants were pushed with, and their size */
    uint32_t push_size, push[ZC_VULKAN_PUSH_SIZE / 4];
} bound;

static VkResult bind_windows(zc_vulkan_device *device, zc_vulkan_slot *slot, const VkDescriptorBufferInfo *windows,
                             unsigned count)
{
    const zc_vulkan_functions *f = &device->f;
    VkWriteDescriptorSet writes[ZC_KERNEL_MAX_BINDINGS];
    VkDescriptorSet set = NULL;
    if (!device->physical.push_descriptors) {
        VkResult result = zc_vulkan_slot_descriptors(device, slot, count, &set);
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

static zc_status check_groups(const zc_vulkan_physical *physical, const zc_kernel *kernel, const uint32_t groups[3],
                              zc_error *error)
{
    for (unsigned i = 0; i < 3; i++) {
        if (groups[i] > physical->max_groups[i]) {
            return zc_fail(error, ZC_BAD_VALUE,
                           "kernel %s: %u x %u x %u workgroups, device %s runs at most %u x %u x %u", kernel->name,
                           groups[0], groups[1], groups[2], physical->info.name, physical->max_groups[0],
                           physical->max_groups[1], physical->max_groups[2]);
        }
    }
    return ZC_OK;
}

/* The windows of the command's bindings, and in `push` where in them each begins. */
static zc_status find_windows(const zc_vulkan_device *device, const zc_device_command *command,
                              VkDescriptorBufferInfo *windows, uint32_t *push, zc_error *error)
{
    const zc_kernel *kernel = command->kernel;
    const zc_vulkan_physical *physical = &device->physical;
    for (unsigned i = 0; i < kernel->binding_count; i++) {
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
    return ZC_OK;
}

static void push_constants(zc_vulkan_device *device, zc_vulkan_slot *slot, unsigned count, const uint32_t *push,
                           uint32_t size, bound *now)
{
    if (now->push_count == count && now->push_size == size && memcmp(now->push, push, size) == 0) {
        return;
    }
    device->f.vkCmdPushConstants(slot->commands, device->layouts[count], VK_SHADER_STAGE_COMPUTE_BIT, 0, size, push);
    now->push_count = count;
    now->push_size = size;
    memcpy(now->push, push, size);
}

/* A stage of a command. */
static zc_status record_one(zc_vulkan_device *device, zc_vulkan_slot *slot, const zc_device_command *command,
                            const zc_kernel_stage *stage, const VkDescriptorBufferInfo *workspace,
                            const zc_device_part *part, bound *now, zc_error *error)
{
    const zc_vulkan_functions *f = &device->f;
    const zc_kernel *kernel = command->kernel;
    unsigned count = zc_vulkan_binding_count(kernel);
    uint32_t groups[3] = {stage->groups[0], stage->groups[1], stage->groups[2]}, push[ZC_VULKAN_PUSH_SIZE / 4] = {0};
    VkDescriptorBufferInfo windows[ZC_KERNEL_MAX_BINDINGS];
    VkPipeline pipeline = NULL;
    if (groups[0] == 0 || groups[1] == 0 || groups[2] == 0) {
        return ZC_OK;
    }
    zc_status status = check_groups(&device->physical, kernel, groups, error);
    if (status == ZC_OK) {
        status = find_windows(device, command, windows, push, error);
    }
    if (status == ZC_OK) {
        status = zc_vulkan_pipeline(device, kernel, stage, &pipeline, error);
    }
    if (count > kernel->binding_count) {
        windows[kernel->binding_count] = *workspace;
    }
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
    push_constants(device, slot, count, push, size, now);
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
    zc_kernel_plan plan;
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
        zc_kernel_plan_make(piece.kernel, piece.params, &device->physical.info.gpu, &plan);
        status = record_one(device, slot, &piece, &plan.stages[0], NULL, &(zc_device_part){0}, now, error);
        done += length;
    }
    return status;
}

/* Bytes of workspace of a command, so that the next one's begin where a window may. */
static uint64_t workspace_of(const zc_vulkan_device *device, const zc_kernel_plan *plan)
{
    uint64_t alignment = device->physical.offset_alignment < 256 ? 256 : device->physical.offset_alignment;
    return (plan->workspace + alignment - 1) / alignment * alignment;
}

/* One stage of commands that may run at the same time; in *stages how many there are at most. */
static zc_status record_stage(zc_vulkan_device *device, zc_vulkan_slot *slot, const zc_device_command *commands,
                              size_t count, const zc_device_part *part, uint32_t stage, VkBuffer workspace,
                              uint32_t *stages, bound *now, zc_error *error)
{
    zc_status status = ZC_OK;
    uint64_t offset = 0;
    for (size_t i = 0; i < count && status == ZC_OK; i++) {
        const zc_device_command *command = &commands[i];
        zc_kernel_plan plan;
        if (too_long(device, command)) {
            status = stage == 0 ? record_pieces(device, slot, command, now, error) : ZC_OK;
            continue;
        }
        zc_kernel_plan_make(command->kernel, command->params, &device->physical.info.gpu, &plan);
        *stages = plan.count > *stages ? plan.count : *stages;
        VkDescriptorBufferInfo window = {.buffer = device->empty.handle, .range = device->empty.size};
        if (plan.workspace) {
            window = (VkDescriptorBufferInfo){.buffer = workspace, .offset = offset, .range = plan.workspace};
            offset += workspace_of(device, &plan);
        }
        if (stage < plan.count && (part->groups[0] == 0 || part->stage == stage)) {
            status = record_one(device, slot, command, &plan.stages[stage], &window, part, now, error);
        }
    }
    return status;
}

/* The workspace for commands that may run at the same time, if they need any; in *count how many of them have room in
 * it. */
static zc_status find_workspace(zc_vulkan_device *device, const zc_device_command *commands, size_t *count, bool cut,
                                VkBuffer *out, zc_error *error)
{
    uint64_t size = 0, allocates = device->physical.max_allocation;
    uint64_t most = allocates < MOST_WORKSPACE ? allocates : MOST_WORKSPACE;
    for (size_t i = 0; i < *count; i++) {
        zc_kernel_plan plan;
        if (!(commands[i].kernel->traits & (ZC_TRAIT_STAGES | ZC_TRAIT_MATRIX))) {
            continue;
        }
        zc_kernel_plan_make(commands[i].kernel, commands[i].params, &device->physical.info.gpu, &plan);
        uint64_t more = workspace_of(device, &plan);
        if (plan.workspace > device->physical.max_range || more > allocates) {
            return zc_fail(error, ZC_BAD_VALUE,
                           "kernel %s: a workspace of %llu bytes, device %s binds at most %llu and allocates %llu",
                           commands[i].kernel->name, (ull)plan.workspace, device->physical.info.name,
                           (ull)device->physical.max_range, (ull)allocates);
        }
        if (size && more && size + more > most) {
            *count = i;
        } else {
            size += more;
        }
    }
    return size ? zc_vulkan_workspace(device, cut, size, out, error) : ZC_OK;
}

static void record_barrier(zc_vulkan_device *device, zc_vulkan_slot *slot)
{
    zc_vulkan_slot_barrier(device, slot, VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT, VK_ACCESS_SHADER_WRITE_BIT,
                           VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT,
                           VK_ACCESS_SHADER_READ_BIT | VK_ACCESS_SHADER_WRITE_BIT);
}

static zc_status record_all(zc_vulkan_device *device, zc_vulkan_slot *slot, const zc_device_command *commands,
                            size_t count, const zc_device_part *part, zc_error *error)
{
    bound now = {.count = UINT32_MAX};
    zc_status status = ZC_OK;
    for (size_t i = 0, some; i < count && status == ZC_OK; i += some) {
        VkBuffer workspace = NULL;
        uint32_t stages = 1;
        for (some = 1; i + some < count && !commands[i + some].barrier; some++) {
        }
        status = find_workspace(device, commands + i, &some, part->groups[0] != 0, &workspace, error);
        if (i || commands[i].barrier) { /* also where those before have filled the workspace */
            record_barrier(device, slot);
        }
        for (uint32_t stage = 0; stage < stages && status == ZC_OK; stage++) {
            if (stage) {
                record_barrier(device, slot);
            }
            status = record_stage(device, slot, commands + i, some, part, stage, workspace, &stages, &now, error);
        }
    }
    return status;
}

zc_status zc_vulkan_record(zc_vulkan_device *device, const zc_device_command *commands, size_t count,
                           const zc_device_part *part, bool timed, bool once, zc_vulkan_slot **out, zc_error *error)
{
    zc_status status = zc_vulkan_slot_begin(device, timed, once, out, error);
    if (status != ZC_OK) {
        return status;
    }
    status = record_all(device, *out, commands, count, part, error);
    if (status == ZC_OK) {
        status = zc_vulkan_slot_end(device, *out, error);
    }
    if (status != ZC_OK) {
        zc_vulkan_slot_release(device, *out);
    }
    return status;
}
