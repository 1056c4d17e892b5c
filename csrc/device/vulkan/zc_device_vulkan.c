/* zc_device_vulkan: the vulkan device: a logical device and its queue, from open to close; see zc_vulkan.h.
 *
 * One queue of one family that computes. Features are turned on where they exist: robust buffer access, so
 * that a kernel that reads or writes outside its bindings touches nothing else, and 8- and 16-bit types.
 * Ownership: open makes a zc_vulkan_device and all it needs at once; what work needs beyond that (slots,
 * pipelines, staging memory) is made at first use and kept. Threads: any. A child of a fork opens anew.
 */
#include "base/zc_alloc.h"
#include "device/vulkan/zc_vulkan.h"
#include "device/vulkan/zc_vulkan_matrix_api.h"

/* The names of those that are turned on, at most 5; how many they are. */
static uint32_t name_extensions(const zc_vulkan_physical *physical, const char *out[5])
{
    uint32_t count = 0;
    out[count++] = "VK_EXT_external_memory_host";
    if (physical->push_descriptors) {
        out[count++] = "VK_KHR_push_descriptor";
    }
    if (physical->portability) {
        out[count++] = "VK_KHR_portability_subset";
    }
    if (physical->info.gpu.matrix_units) {
        out[count++] = "VK_KHR_cooperative_matrix";
    }
    if (physical->info.gpu.packed_dot) {
        out[count++] = "VK_KHR_shader_integer_dot_product";
    }
    return count;
}

static zc_status load_functions(zc_vulkan_device *device, PFN_vkGetDeviceProcAddr get, zc_error *error)
{
    zc_vulkan_functions *f = &device->f;
    const char *missing = NULL;
#define ZC_VULKAN_ON_DEVICE(result, name, ...)                 \
    if (!(f->name = (PFN_##name)get(device->handle, #name))) { \
        missing = #name;                                       \
    }
#include "device/vulkan/zc_vulkan_functions.def"
    if (device->physical.push_descriptors) {
        f->vkCmdPushDescriptorSetKHR = (PFN_vkCmdPushDescriptorSetKHR)get(device->handle, "vkCmdPushDescriptorSetKHR");
        device->physical.push_descriptors = f->vkCmdPushDescriptorSetKHR != NULL;
    }
    return missing ? zc_fail(error, ZC_DEVICE, "vulkan device %s: its driver has no %s", device->physical.info.name,
                             missing)
                   : ZC_OK;
}

static VkResult create(zc_vulkan_device *device, const zc_vulkan_instance *instance)
{
    const zc_vulkan_physical *physical = &device->physical;
    const char *extensions[5];
    uint32_t count = name_extensions(physical, extensions);
    /* Ask for what is there, and turn on what kernels may use. */
    VkPhysicalDevice16BitStorageFeatures has16 = {.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_16BIT_STORAGE_FEATURES};
    VkPhysicalDevice8BitStorageFeatures has8 = {.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_8BIT_STORAGE_FEATURES};
    VkPhysicalDeviceShaderFloat16Int8Features has_small = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SHADER_FLOAT16_INT8_FEATURES};
    VkPhysicalDeviceFeatures2 has = {.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_FEATURES_2, .pNext = &has16};
    if (physical->api_version >= VK_API_VERSION_1_2) {
        has16.pNext = &has8;
        has8.pNext = &has_small;
    }
    instance->f.vkGetPhysicalDeviceFeatures2(physical->handle, &has);
    VkPhysicalDevice16BitStorageFeatures use16 = {.sType = has16.sType,
                                                  .storageBuffer16BitAccess = has16.storageBuffer16BitAccess};
    VkPhysicalDevice8BitStorageFeatures use8 = {.sType = has8.sType,
                                                .storageBuffer8BitAccess = has8.storageBuffer8BitAccess};
    VkPhysicalDeviceShaderFloat16Int8Features use_small = {
        .sType = has_small.sType, .shaderFloat16 = has_small.shaderFloat16, .shaderInt8 = has_small.shaderInt8};
    VkPhysicalDeviceFeatures2 use = {
        .sType = has.sType,
        .pNext = &use16,
        .features = {.robustBufferAccess = has.features.robustBufferAccess,
                     .shaderInt64 = has.features.shaderInt64,
                     .shaderInt16 = has.features.shaderInt16},
    };
    if (physical->api_version >= VK_API_VERSION_1_2) {
        use16.pNext = &use8;
        use8.pNext = &use_small;
    }
    VkPhysicalDeviceCooperativeMatrixFeaturesKHR use_matrix = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_COOPERATIVE_MATRIX_FEATURES_KHR, .cooperativeMatrix = VK_TRUE};
    VkPhysicalDeviceVulkanMemoryModelFeatures use_model = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_MEMORY_MODEL_FEATURES,
        .pNext = &use_matrix,
        .vulkanMemoryModel = VK_TRUE};
    if (physical->info.gpu.matrix_units) { /* they come with Vulkan 1.2 */
        use_small.pNext = &use_model;
    }
    VkPhysicalDeviceShaderIntegerDotProductFeatures use_dot = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SHADER_INTEGER_DOT_PRODUCT_FEATURES,
        .pNext = use.pNext,
        .shaderIntegerDotProduct = VK_TRUE};
    if (physical->info.gpu.packed_dot) {
        use.pNext = &use_dot;
    }
    device->spirv = (zc_spirv_device){.version = physical->api_version >= VK_API_VERSION_1_2 ? 0x10500 : 0x10300,
                                      .int8 = has_small.shaderInt8,
                                      .int16 = has.features.shaderInt16,
                                      .int64 = has.features.shaderInt64,
                                      .float16 = has_small.shaderFloat16,
                                      .storage8 = has8.storageBuffer8BitAccess,
                                      .storage16 = has16.storageBuffer16BitAccess,
                                      .subgroup_operations = physical->subgroup_operations};
    float priority = 1;
    VkDeviceQueueCreateInfo queue = {.sType = VK_STRUCTURE_TYPE_DEVICE_QUEUE_CREATE_INFO,
                                     .queueFamilyIndex = physical->queue_family,
                                     .queueCount = 1,
                                     .pQueuePriorities = &priority};
    VkDeviceCreateInfo info = {.sType = VK_STRUCTURE_TYPE_DEVICE_CREATE_INFO,
                               .pNext = &use,
                               .queueCreateInfoCount = 1,
                               .pQueueCreateInfos = &queue,
                               .enabledExtensionCount = count,
                               .ppEnabledExtensionNames = extensions};
    zc_vulkan_enter();
    VkResult result = instance->f.vkCreateDevice(physical->handle, &info, NULL, &device->handle);
    zc_vulkan_leave();
    return result;
}

static void destroy(zc_vulkan_device *device)
{
    if (device->f.vkDestroyDevice) {
        (void)device->f.vkDeviceWaitIdle(device->handle);
        zc_vulkan_slots_destroy(device);
        zc_vulkan_pipelines_destroy(device);
        zc_vulkan_buffer_destroy(device, &device->staging);
        zc_vulkan_buffer_destroy(device, &device->empty);
        for (unsigned i = 0; i < 2 * ZC_VULKAN_MAX_WORKSPACES; i++) {
            zc_vulkan_buffer_destroy(device, &device->workspaces[i % 2].each[i / 2]);
        }
        zc_vulkan_enter();
        device->f.vkDestroyDevice(device->handle, NULL);
        zc_vulkan_leave();
    }
    pthread_mutex_destroy(&device->pipeline_lock);
    pthread_mutex_destroy(&device->slot_lock);
    pthread_mutex_destroy(&device->queue_lock);
    pthread_mutex_destroy(&device->staging_lock);
    pthread_mutex_destroy(&device->workspace_lock);
    pthread_cond_destroy(&device->wake);
    zc_free(device);
}

static void probe(zc_device_info *info)
{
    (void)zc_vulkan_list(info, 1);
}

static zc_status vulkan_open(const zc_device_options *options, zc_device_info *info, void **self, zc_error *error)
{
    (void)options; /* which one is in info->index */
    char reason[160];
    const zc_vulkan_instance *instance = zc_vulkan_instance_get(reason, sizeof reason);
    if (!instance || info->index >= instance->count) {
        return zc_fail(error, ZC_DEVICE, "%s", instance ? "there is no such Vulkan device" : reason);
    }
    zc_vulkan_device *device = zc_calloc(1, sizeof *device);
    if (!device) {
        return zc_fail(error, ZC_NO_MEMORY, "cannot allocate the vulkan device");
    }
    device->physical = instance->physical[info->index];
    pthread_mutex_init(&device->pipeline_lock, NULL);
    pthread_mutex_init(&device->slot_lock, NULL);
    pthread_mutex_init(&device->queue_lock, NULL);
    pthread_mutex_init(&device->staging_lock, NULL);
    pthread_mutex_init(&device->workspace_lock, NULL);
    pthread_cond_init(&device->wake, NULL);
    atomic_init(&device->in_flight, 0);
    atomic_init(&device->lost, false);
    zc_status status = ZC_OK;
    VkResult result = create(device, instance);
    if (result != VK_SUCCESS) {
        status = zc_vulkan_fail(device, result, error, "open it", "(vkCreateDevice)");
    } else {
        status = load_functions(device, instance->f.vkGetDeviceProcAddr, error);
    }
    if (status == ZC_OK) {
        device->f.vkGetDeviceQueue(device->handle, device->physical.queue_family, 0, &device->queue);
        status = zc_vulkan_pipelines_init(device, error);
    }
    if (status == ZC_OK) {
        status = zc_vulkan_empty_init(device, error);
    }
    if (status != ZC_OK) {
        destroy(device);
        return status;
    }
    *self = device;
    return ZC_OK;
}

static void vulkan_close(void *self)
{
    zc_vulkan_queue_close(self, destroy);
}

static bool vulkan_lost(void *self)
{
    return atomic_load(&((zc_vulkan_device *)self)->lost);
}

const zc_device_backend zc_device_vulkan = {
    .kind = "vulkan",
    .probe = probe,
    .list = zc_vulkan_list,
    .open = vulkan_open,
    .close = vulkan_close,
    .buffer_from_host = zc_vulkan_import,
    .buffer_local = zc_vulkan_local,
    .buffer_copy = zc_vulkan_copy,
    .buffer_move = zc_vulkan_move,
    .buffer_release = zc_vulkan_buffer_release,
    .compile = zc_vulkan_compile,
    .compiled_release = zc_vulkan_compiled_release,
    .run = zc_vulkan_run,
    .prepare = zc_vulkan_prepare,
    .prepared_release = zc_vulkan_prepared_release,
    .busy = zc_vulkan_busy,
    .submit = zc_vulkan_submit,
    .submit_and_wait = zc_vulkan_submit_and_wait,
    .lost = vulkan_lost,
    .splits_elementwise = true,
    .validation = zc_vulkan_validation,
};
