/* zc_vulkan_physical: what a physical device has, and whether that will do.
 *
 * The driver is asked for extensions, properties, memory and queues; what later calls need of the answers is kept in
 * zc_vulkan_physical, what users see in its info. A device that will not do stays in the list with the reason.
 *
 * Environment: ZCWASM_VULKAN_PUSH_DESCRIPTORS=0 is for devices that have push descriptors, so that the other path can
 * be tested. Owns nothing. Threads: any; one per zc_vulkan_physical.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/zc_alloc.h"
#include "device/vulkan/zc_vulkan.h"

/* Answers that are asked for only to judge the device, or to copy from. */
typedef struct answers {
    bool imports, driver_properties; /* extensions */
    VkPhysicalDeviceProperties2 properties;
    VkPhysicalDeviceDriverProperties driver;
    VkPhysicalDeviceExternalMemoryHostPropertiesEXT import;
    VkPhysicalDeviceMaintenance3Properties maintenance;
    VkPhysicalDeviceSubgroupProperties subgroup;
    VkPhysicalDeviceIDProperties id;
} answers;

static const char *type_name(VkPhysicalDeviceType type)
{
    return type == VK_PHYSICAL_DEVICE_TYPE_DISCRETE_GPU     ? "discrete"
           : type == VK_PHYSICAL_DEVICE_TYPE_INTEGRATED_GPU ? "integrated"
           : type == VK_PHYSICAL_DEVICE_TYPE_VIRTUAL_GPU    ? "virtual"
           : type == VK_PHYSICAL_DEVICE_TYPE_CPU            ? "cpu"
                                                            : "other";
}

static int type_rank(VkPhysicalDeviceType type)
{
    return type == VK_PHYSICAL_DEVICE_TYPE_DISCRETE_GPU     ? 0
           : type == VK_PHYSICAL_DEVICE_TYPE_INTEGRATED_GPU ? 1
           : type == VK_PHYSICAL_DEVICE_TYPE_VIRTUAL_GPU    ? 2
           : type == VK_PHYSICAL_DEVICE_TYPE_CPU            ? 4
                                                            : 3;
}

static void set_uuid(char *out, size_t size, const uint8_t *bytes)
{
    size_t used = 0;
    for (unsigned i = 0; i < 16 && used < size; i++) {
        used += (size_t)snprintf(out + used, size - used, i == 4 || i == 6 || i == 8 || i == 10 ? "-%02x" : "%02x",
                                 bytes[i]);
    }
}

static void find_extensions(const zc_vulkan_instance_functions *f, zc_vulkan_physical *physical, answers *found)
{
    uint32_t count = 0;
    VkExtensionProperties *extensions = NULL;
    if (f->vkEnumerateDeviceExtensionProperties(physical->handle, NULL, &count, NULL) == VK_SUCCESS && count) {
        extensions = zc_calloc(count, sizeof *extensions);
    }
    if (extensions && f->vkEnumerateDeviceExtensionProperties(physical->handle, NULL, &count, extensions) >= 0) {
        for (uint32_t i = 0; i < count; i++) {
            const char *name = extensions[i].extensionName;
            found->imports |= strcmp(name, "VK_EXT_external_memory_host") == 0;
            physical->push_descriptors |= strcmp(name, "VK_KHR_push_descriptor") == 0;
            physical->portability |= strcmp(name, "VK_KHR_portability_subset") == 0;
            physical->dot_extension |= strcmp(name, "VK_KHR_shader_integer_dot_product") == 0;
            physical->matrix_extension |= strcmp(name, "VK_KHR_cooperative_matrix") == 0;
            found->driver_properties |= strcmp(name, "VK_KHR_driver_properties") == 0;
        }
    }
    zc_free(extensions);
    const char *push = getenv("ZCWASM_VULKAN_PUSH_DESCRIPTORS");
    if (push && strcmp(push, "0") == 0) {
        physical->push_descriptors = false;
    }
}

/* Ask for the properties that a device with Vulkan 1.1 has, and those of extensions that were found. */
static void ask_properties(const zc_vulkan_instance_functions *f, const zc_vulkan_physical *physical, answers *found)
{
    found->driver.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_DRIVER_PROPERTIES;
    found->import.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_EXTERNAL_MEMORY_HOST_PROPERTIES_EXT;
    found->maintenance.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_MAINTENANCE_3_PROPERTIES;
    found->subgroup.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SUBGROUP_PROPERTIES;
    found->subgroup.pNext = &found->maintenance;
    found->id.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_ID_PROPERTIES;
    found->id.pNext = &found->subgroup;
    found->properties.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PROPERTIES_2;
    found->properties.pNext = &found->id;
    if (found->imports) {
        found->import.pNext = found->properties.pNext;
        found->properties.pNext = &found->import;
    }
    if (found->driver_properties || physical->api_version >= VK_API_VERSION_1_2) {
        found->driver.pNext = found->properties.pNext;
        found->properties.pNext = &found->driver;
    }
    f->vkGetPhysicalDeviceProperties2(physical->handle, &found->properties);
}

/* Of a workgroup of shaders/linear_dot.glsl: 1632 vectors. */
#define DOT_SHARED_MEMORY (26u << 10)

/* Whether products of words of four bytes are there, and fast. ZCWASM_VULKAN_DOT=0 is for devices where they are, so that
 * the other path can be tested; 1 takes them where they are slow, too. */
static void find_dots(const zc_vulkan_instance_functions *f, zc_vulkan_physical *physical)
{
    VkPhysicalDeviceShaderIntegerDotProductFeatures has = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SHADER_INTEGER_DOT_PRODUCT_FEATURES};
    VkPhysicalDeviceFeatures2 features = {.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_FEATURES_2, .pNext = &has};
    VkPhysicalDeviceShaderIntegerDotProductProperties fast = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SHADER_INTEGER_DOT_PRODUCT_PROPERTIES};
    VkPhysicalDeviceProperties2 properties = {.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PROPERTIES_2, .pNext = &fast};
    const char *wish = getenv("ZCWASM_VULKAN_DOT");
    if ((wish && strcmp(wish, "0") == 0) || !physical->dot_extension || physical->info.gpu.subgroup_width < 8 ||
        physical->info.max_shared_memory < DOT_SHARED_MEMORY) {
        return;
    }
    f->vkGetPhysicalDeviceFeatures2(physical->handle, &features);
    f->vkGetPhysicalDeviceProperties2(physical->handle, &properties);
    bool wanted = wish && strcmp(wish, "1") == 0;
    physical->info.gpu.packed_dot =
        has.shaderIntegerDotProduct && (wanted || fast.integerDotProduct4x8BitPackedSignedAccelerated);
}

static void keep_properties(zc_vulkan_physical *physical, const answers *found)
{
    zc_device_info *info = &physical->info;
    const VkPhysicalDeviceLimits *limits = &found->properties.properties.limits;
    uint32_t version = physical->api_version;
    set_uuid(info->uuid, sizeof info->uuid, found->id.deviceUUID);
    (void)snprintf(info->driver, sizeof info->driver, "%.60s%s%.60s", found->driver.driverName,
                   found->driver.driverInfo[0] ? ", " : "", found->driver.driverInfo);
    (void)snprintf(info->api, sizeof info->api, "%u.%u.%u", version >> 22 & 127, version >> 12 & 1023, version & 4095);
    info->subgroup_width = found->subgroup.subgroupSize;
    /* Intel's drivers name the widest and choose for each shader. */
    info->gpu.subgroup_width = found->properties.properties.vendorID == 0x8086 ? 0 : info->subgroup_width;
    physical->subgroup_operations = found->subgroup.supportedOperations;
    info->max_buffer = limits->maxStorageBufferRange;
    info->max_region = found->maintenance.maxMemoryAllocationSize;
    info->max_workgroup = limits->maxComputeWorkGroupInvocations;
    info->max_shared_memory = limits->maxComputeSharedMemorySize;
    physical->import_alignment = found->import.minImportedHostPointerAlignment;
    physical->offset_alignment = limits->minStorageBufferOffsetAlignment;
    if (physical->offset_alignment < 4) {
        physical->offset_alignment = 4; /* windows start at whole words */
    }
    physical->max_range = limits->maxStorageBufferRange;
    physical->max_allocation = found->maintenance.maxMemoryAllocationSize;
    memcpy(physical->max_groups, limits->maxComputeWorkGroupCount, sizeof physical->max_groups);
    memcpy(physical->max_group_size, limits->maxComputeWorkGroupSize, sizeof physical->max_group_size);
    physical->max_invocations = limits->maxComputeWorkGroupInvocations;
    physical->timestamp_period = limits->timestampPeriod;
}

static void find_memory(const zc_vulkan_instance_functions *f, zc_vulkan_physical *physical)
{
    f->vkGetPhysicalDeviceMemoryProperties(physical->handle, &physical->memory);
    for (uint32_t i = 0; i < physical->memory.memoryHeapCount; i++) {
        const VkMemoryHeap *heap = &physical->memory.memoryHeaps[i];
        if (heap->flags & VK_MEMORY_HEAP_DEVICE_LOCAL_BIT && heap->size > physical->info.memory) {
            physical->info.memory = heap->size;
        }
    }
}

/* The first family that computes; UINT32_MAX when there is none. */
static void find_queue(const zc_vulkan_instance_functions *f, zc_vulkan_physical *physical)
{
    VkQueueFamilyProperties families[16];
    uint32_t family_count = 16;
    f->vkGetPhysicalDeviceQueueFamilyProperties(physical->handle, &family_count, families);
    physical->queue_family = UINT32_MAX;
    for (uint32_t i = 0; i < family_count && physical->queue_family == UINT32_MAX; i++) {
        if (families[i].queueCount && families[i].queueFlags & VK_QUEUE_COMPUTE_BIT) {
            physical->queue_family = i;
            physical->timestamp_bits = families[i].timestampValidBits;
        }
    }
}

/* What a device must have; the first thing that is missing goes into info.reason. */
static void judge(zc_vulkan_physical *physical, const answers *found)
{
    zc_device_info *info = &physical->info;
    const VkPhysicalDeviceSubgroupProperties *subgroup = &found->subgroup;
    uint32_t buffers = found->properties.properties.limits.maxPerStageDescriptorStorageBuffers;
    uint64_t step = physical->import_alignment;
    const VkSubgroupFeatureFlags needed = VK_SUBGROUP_FEATURE_BASIC_BIT | VK_SUBGROUP_FEATURE_VOTE_BIT |
                                          VK_SUBGROUP_FEATURE_ARITHMETIC_BIT | VK_SUBGROUP_FEATURE_SHUFFLE_BIT;
    if (!found->imports) {
        (void)snprintf(info->reason, sizeof info->reason,
                       "it has no VK_EXT_external_memory_host, so it cannot use guest memory where it lies");
    } else if (buffers < ZC_KERNEL_MAX_BINDINGS) {
        (void)snprintf(info->reason, sizeof info->reason,
                       "its shaders bind %u storage buffers at most, kernels have up to %d", buffers,
                       ZC_KERNEL_MAX_BINDINGS);
    } else if (physical->queue_family == UINT32_MAX) {
        (void)snprintf(info->reason, sizeof info->reason, "it has no queue for compute");
    } else if (step == 0 || ZC_REGION_ALIGNMENT % step) {
        (void)snprintf(info->reason, sizeof info->reason,
                       "it imports host memory in steps of %llu bytes, %u is the most", (ull)step, ZC_REGION_ALIGNMENT);
    } else if (!(subgroup->supportedStages & VK_SHADER_STAGE_COMPUTE_BIT) ||
               (subgroup->supportedOperations & needed) != needed) {
        (void)snprintf(info->reason, sizeof info->reason,
                       "its subgroups lack basic, vote, arithmetic or shuffle operations in compute (it has 0x%x)",
                       subgroup->supportedStages & VK_SHADER_STAGE_COMPUTE_BIT ? subgroup->supportedOperations : 0);
    } else if (subgroup->subgroupSize < 4 || subgroup->subgroupSize > 64) {
        (void)snprintf(info->reason, sizeof info->reason, "its subgroups are %u wide, 4 to 64 are supported",
                       subgroup->subgroupSize);
    } else {
        info->available = true;
    }
}

void zc_vulkan_describe(const zc_vulkan_instance_functions *f, VkInstance instance, zc_vulkan_physical *physical)
{
    zc_device_info *info = &physical->info;
    VkPhysicalDeviceProperties old;
    f->vkGetPhysicalDeviceProperties(physical->handle, &old);
    info->kind = "vulkan";
    info->type = type_name(old.deviceType);
    info->software = old.deviceType == VK_PHYSICAL_DEVICE_TYPE_CPU;
    info->unified_memory = info->software || old.deviceType == VK_PHYSICAL_DEVICE_TYPE_INTEGRATED_GPU;
    const char *unified = getenv("ZCWASM_VULKAN_UNIFIED");
    if (unified && strcmp(unified, "0") == 0) {
        info->unified_memory = false;
    }
    physical->rank = type_rank(old.deviceType);
    physical->api_version = old.apiVersion;
    (void)snprintf(info->name, sizeof info->name, "%.127s", old.deviceName);
    if (old.apiVersion < VK_API_VERSION_1_1) {
        (void)snprintf(info->reason, sizeof info->reason, "it has Vulkan %u.%u, 1.1 is needed", old.apiVersion >> 22,
                       old.apiVersion >> 12 & 1023);
        return;
    }
    answers found = {0};
    find_extensions(f, physical, &found);
    ask_properties(f, physical, &found);
    keep_properties(physical, &found);
    find_memory(f, physical);
    find_queue(f, physical);
    zc_vulkan_find_matrix(f, instance, physical);
    find_dots(f, physical);
    judge(physical, &found);
}
