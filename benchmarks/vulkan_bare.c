/* vulkan_bare: what a C program without this package reaches with the same import, the same kernel and the
 * same driver: the yardstick of benchmarks/vulkan.py, which loads it as a shared library.
 *
 * It maps anonymous memory, imports it with VK_EXT_external_memory_host and runs the affine kernel over all
 * of it in place. One device at a time, one thread, no checks beyond result codes; every bare_* function
 * returns 0 or the number of the line that failed. Also a program by itself:
 *
 *     cc -O2 -Icsrc benchmarks/vulkan_bare.c -ldl -o vulkan_bare
 *     ./vulkan_bare shaders/generated/affine.spv [MiB ...]
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "device/vulkan/zc_vulkan_api.h"

static struct {
#define ZC_VULKAN_GLOBAL(result, name, ...) PFN_##name name;
#define ZC_VULKAN_ON_INSTANCE(result, name, ...) PFN_##name name;
#define ZC_VULKAN_ON_DEVICE(result, name, ...) PFN_##name name;
#define ZC_VULKAN_OPTIONAL(result, name, ...) PFN_##name name;
#include "device/vulkan/zc_vulkan_functions.def"
} f;

static VkInstance instance;
static VkPhysicalDevice physical;
static VkPhysicalDeviceMemoryProperties memory_types;
static VkDevice device;
static VkQueue queue;
static uint32_t family;
static VkDescriptorSetLayout set_layout;
static VkPipelineLayout layout;
static VkPipeline pipeline;
static VkDescriptorPool set_pool;
static VkDescriptorSet set;
static VkCommandPool pool;
static VkCommandBuffer commands;
static VkFence fence;
static VkBuffer buffer;
static VkDeviceMemory imported;
static void *memory;
static uint64_t bytes;
static uint32_t push[15]; /* four offsets, first and number of workgroups (0: of one row), count, scale, shift */
static char name[256];

#define TRY(call)               \
    if ((call) != VK_SUCCESS) { \
        return __LINE__;        \
    }

const char *bare_name(void)
{
    return name;
}

static int open_instance(void)
{
    void *library = dlopen("libvulkan.so.1", RTLD_NOW);
    if (!library) {
        return __LINE__;
    }
    *(void **)&f.vkGetInstanceProcAddr = dlsym(library, "vkGetInstanceProcAddr");
    f.vkCreateInstance = (PFN_vkCreateInstance)f.vkGetInstanceProcAddr(NULL, "vkCreateInstance");
    VkApplicationInfo application = {.sType = VK_STRUCTURE_TYPE_APPLICATION_INFO, .apiVersion = VK_API_VERSION_1_1};
    VkInstanceCreateInfo instance_info = {.sType = VK_STRUCTURE_TYPE_INSTANCE_CREATE_INFO,
                                          .pApplicationInfo = &application};
    TRY(f.vkCreateInstance(&instance_info, NULL, &instance))
#define ZC_VULKAN_ON_INSTANCE(result, name, ...) f.name = (PFN_##name)f.vkGetInstanceProcAddr(instance, #name);
#include "device/vulkan/zc_vulkan_functions.def"
    return 0;
}

static int choose_device(uint32_t index)
{
    VkPhysicalDevice all[16];
    uint32_t count = 16;
    if (f.vkEnumeratePhysicalDevices(instance, &count, all) < 0 || index >= count) {
        return __LINE__;
    }
    physical = all[index];
    VkPhysicalDeviceProperties properties;
    f.vkGetPhysicalDeviceProperties(physical, &properties);
    memcpy(name, properties.deviceName, sizeof name);
    f.vkGetPhysicalDeviceMemoryProperties(physical, &memory_types);
    VkQueueFamilyProperties families[16];
    count = 16;
    f.vkGetPhysicalDeviceQueueFamilyProperties(physical, &count, families);
    for (family = 0; family < count && !(families[family].queueFlags & VK_QUEUE_COMPUTE_BIT); family++) {
    }
    return 0;
}

static int open_device(void)
{
    float priority = 1;
    const char *extension = "VK_EXT_external_memory_host";
    VkDeviceQueueCreateInfo queue_info = {.sType = VK_STRUCTURE_TYPE_DEVICE_QUEUE_CREATE_INFO,
                                          .queueFamilyIndex = family,
                                          .queueCount = 1,
                                          .pQueuePriorities = &priority};
    VkDeviceCreateInfo device_info = {.sType = VK_STRUCTURE_TYPE_DEVICE_CREATE_INFO,
                                      .queueCreateInfoCount = 1,
                                      .pQueueCreateInfos = &queue_info,
                                      .enabledExtensionCount = 1,
                                      .ppEnabledExtensionNames = &extension};
    TRY(f.vkCreateDevice(physical, &device_info, NULL, &device))
#define ZC_VULKAN_ON_DEVICE(result, name, ...) f.name = (PFN_##name)f.vkGetDeviceProcAddr(device, #name);
#include "device/vulkan/zc_vulkan_functions.def"
    f.vkGetDeviceQueue(device, family, 0, &queue);
    return 0;
}

static int make_pipeline(const uint32_t *spirv, size_t words)
{
    VkDescriptorSetLayoutBinding bindings[2];
    for (uint32_t i = 0; i < 2; i++) {
        bindings[i] = (VkDescriptorSetLayoutBinding){i + 1, VK_DESCRIPTOR_TYPE_STORAGE_BUFFER, 1,
                                                     VK_SHADER_STAGE_COMPUTE_BIT, NULL};
    }
    VkDescriptorSetLayoutCreateInfo set_info = {
        .sType = VK_STRUCTURE_TYPE_DESCRIPTOR_SET_LAYOUT_CREATE_INFO, .bindingCount = 2, .pBindings = bindings};
    TRY(f.vkCreateDescriptorSetLayout(device, &set_info, NULL, &set_layout))
    VkPushConstantRange range = {VK_SHADER_STAGE_COMPUTE_BIT, 0, sizeof push};
    VkPipelineLayoutCreateInfo layout_info = {.sType = VK_STRUCTURE_TYPE_PIPELINE_LAYOUT_CREATE_INFO,
                                              .setLayoutCount = 1,
                                              .pSetLayouts = &set_layout,
                                              .pushConstantRangeCount = 1,
                                              .pPushConstantRanges = &range};
    TRY(f.vkCreatePipelineLayout(device, &layout_info, NULL, &layout))
    VkShaderModule module;
    VkShaderModuleCreateInfo module_info = {
        .sType = VK_STRUCTURE_TYPE_SHADER_MODULE_CREATE_INFO, .codeSize = 4 * words, .pCode = spirv};
    TRY(f.vkCreateShaderModule(device, &module_info, NULL, &module))
    VkComputePipelineCreateInfo pipeline_info = {.sType = VK_STRUCTURE_TYPE_COMPUTE_PIPELINE_CREATE_INFO,
                                                 .stage = {.sType = VK_STRUCTURE_TYPE_PIPELINE_SHADER_STAGE_CREATE_INFO,
                                                           .stage = VK_SHADER_STAGE_COMPUTE_BIT,
                                                           .module = module,
                                                           .pName = "main"},
                                                 .layout = layout};
    TRY(f.vkCreateComputePipelines(device, NULL, 1, &pipeline_info, NULL, &pipeline))
    f.vkDestroyShaderModule(device, module, NULL);
    return 0;
}

static int make_command_buffer(void)
{
    VkDescriptorPoolSize size = {VK_DESCRIPTOR_TYPE_STORAGE_BUFFER, 2};
    VkDescriptorPoolCreateInfo pool_info = {
        .sType = VK_STRUCTURE_TYPE_DESCRIPTOR_POOL_CREATE_INFO, .maxSets = 1, .poolSizeCount = 1, .pPoolSizes = &size};
    TRY(f.vkCreateDescriptorPool(device, &pool_info, NULL, &set_pool))
    VkDescriptorSetAllocateInfo allocate = {.sType = VK_STRUCTURE_TYPE_DESCRIPTOR_SET_ALLOCATE_INFO,
                                            .descriptorPool = set_pool,
                                            .descriptorSetCount = 1,
                                            .pSetLayouts = &set_layout};
    TRY(f.vkAllocateDescriptorSets(device, &allocate, &set))
    VkCommandPoolCreateInfo command_pool = {.sType = VK_STRUCTURE_TYPE_COMMAND_POOL_CREATE_INFO,
                                            .queueFamilyIndex = family};
    TRY(f.vkCreateCommandPool(device, &command_pool, NULL, &pool))
    VkCommandBufferAllocateInfo command_info = {.sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_ALLOCATE_INFO,
                                                .commandPool = pool,
                                                .level = VK_COMMAND_BUFFER_LEVEL_PRIMARY,
                                                .commandBufferCount = 1};
    TRY(f.vkAllocateCommandBuffers(device, &command_info, &commands))
    VkFenceCreateInfo fence_info = {.sType = VK_STRUCTURE_TYPE_FENCE_CREATE_INFO};
    TRY(f.vkCreateFence(device, &fence_info, NULL, &fence))
    return 0;
}

/* The device at `index` as the loader lists them; the kernel's code. */
int bare_open(uint32_t index, const uint32_t *spirv, size_t words)
{
    int failed = open_instance();
    failed = failed ? failed : choose_device(index);
    failed = failed ? failed : open_device();
    failed = failed ? failed : make_pipeline(spirv, words);
    return failed ? failed : make_command_buffer();
}

static void forget(void)
{
    if (buffer) {
        f.vkDestroyBuffer(device, buffer, NULL);
        f.vkFreeMemory(device, imported, NULL);
        (void)munmap(memory, bytes);
        buffer = NULL;
    }
}

static int record(uint32_t dispatches)
{
    VkMemoryBarrier before = {VK_STRUCTURE_TYPE_MEMORY_BARRIER, NULL, VK_ACCESS_HOST_WRITE_BIT,
                              VK_ACCESS_SHADER_READ_BIT | VK_ACCESS_SHADER_WRITE_BIT};
    VkMemoryBarrier between = {VK_STRUCTURE_TYPE_MEMORY_BARRIER, NULL, VK_ACCESS_SHADER_WRITE_BIT,
                               VK_ACCESS_SHADER_READ_BIT | VK_ACCESS_SHADER_WRITE_BIT};
    VkMemoryBarrier after = {VK_STRUCTURE_TYPE_MEMORY_BARRIER, NULL, VK_ACCESS_SHADER_WRITE_BIT,
                             VK_ACCESS_HOST_READ_BIT};
    VkCommandBufferBeginInfo begin = {.sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO};
    uint32_t groups = (push[12] + 4095) / 4096;
    TRY(f.vkResetCommandPool(device, pool, 0))
    TRY(f.vkBeginCommandBuffer(commands, &begin))
    f.vkCmdPipelineBarrier(commands, VK_PIPELINE_STAGE_HOST_BIT, VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT, 0, 1, &before, 0,
                           NULL, 0, NULL);
    f.vkCmdBindPipeline(commands, VK_PIPELINE_BIND_POINT_COMPUTE, pipeline);
    f.vkCmdBindDescriptorSets(commands, VK_PIPELINE_BIND_POINT_COMPUTE, layout, 0, 1, &set, 0, NULL);
    for (uint32_t i = 0; i < dispatches; i++) {
        if (i) {
            f.vkCmdPipelineBarrier(commands, VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT, VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT,
                                   0, 1, &between, 0, NULL, 0, NULL);
        }
        f.vkCmdPushConstants(commands, layout, VK_SHADER_STAGE_COMPUTE_BIT, 0, sizeof push, push);
        f.vkCmdDispatch(commands, groups < 65535 ? groups : 65535, 1, 1);
    }
    f.vkCmdPipelineBarrier(commands, VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT, VK_PIPELINE_STAGE_HOST_BIT, 0, 1, &after, 0,
                           NULL, 0, NULL);
    TRY(f.vkEndCommandBuffer(commands))
    return 0;
}

/* Map and import `size` bytes, a multiple of 64 KiB, and record one dispatch over all of them: x = scale * x +
 * shift. The seconds that the import took are in *import_seconds. */
int bare_setup(uint64_t size, float scale, float shift, double *import_seconds)
{
    forget();
    bytes = size;
    memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) {
        return __LINE__;
    }
    (void)madvise(memory, size, MADV_HUGEPAGE); /* as regions do */
    memset(memory, 0, size);
    struct timespec start, end;
    clock_gettime(CLOCK_MONOTONIC, &start);
    VkMemoryHostPointerPropertiesEXT pointer = {.sType = VK_STRUCTURE_TYPE_MEMORY_HOST_POINTER_PROPERTIES_EXT};
    TRY(f.vkGetMemoryHostPointerPropertiesEXT(device, VK_EXTERNAL_MEMORY_HANDLE_TYPE_HOST_ALLOCATION_BIT_EXT, memory,
                                              &pointer))
    VkExternalMemoryBufferCreateInfo external = {.sType = VK_STRUCTURE_TYPE_EXTERNAL_MEMORY_BUFFER_CREATE_INFO,
                                                 .handleTypes = VK_EXTERNAL_MEMORY_HANDLE_TYPE_HOST_ALLOCATION_BIT_EXT};
    VkBufferCreateInfo buffer_info = {.sType = VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO,
                                      .pNext = &external,
                                      .size = size,
                                      .usage = VK_BUFFER_USAGE_STORAGE_BUFFER_BIT};
    TRY(f.vkCreateBuffer(device, &buffer_info, NULL, &buffer))
    VkMemoryRequirements needs;
    f.vkGetBufferMemoryRequirements(device, buffer, &needs);
    const VkMemoryPropertyFlags wanted = VK_MEMORY_PROPERTY_HOST_COHERENT_BIT | VK_MEMORY_PROPERTY_HOST_CACHED_BIT;
    uint32_t type = 0;
    for (; type < memory_types.memoryTypeCount; type++) {
        if (pointer.memoryTypeBits & needs.memoryTypeBits & 1u << type &&
            (memory_types.memoryTypes[type].propertyFlags & wanted) == wanted) {
            break;
        }
    }
    VkImportMemoryHostPointerInfoEXT import = {.sType = VK_STRUCTURE_TYPE_IMPORT_MEMORY_HOST_POINTER_INFO_EXT,
                                               .handleType = VK_EXTERNAL_MEMORY_HANDLE_TYPE_HOST_ALLOCATION_BIT_EXT,
                                               .pHostPointer = memory};
    VkMemoryAllocateInfo allocate = {.sType = VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO,
                                     .pNext = &import,
                                     .allocationSize = size,
                                     .memoryTypeIndex = type};
    TRY(f.vkAllocateMemory(device, &allocate, NULL, &imported))
    TRY(f.vkBindBufferMemory(device, buffer, imported, 0))
    clock_gettime(CLOCK_MONOTONIC, &end);
    *import_seconds = (double)(end.tv_sec - start.tv_sec) + 1e-9 * (double)(end.tv_nsec - start.tv_nsec);
    VkDescriptorBufferInfo window = {buffer, 0, size};
    VkWriteDescriptorSet writes[2];
    for (uint32_t i = 0; i < 2; i++) {
        writes[i] = (VkWriteDescriptorSet){.sType = VK_STRUCTURE_TYPE_WRITE_DESCRIPTOR_SET,
                                           .dstSet = set,
                                           .dstBinding = i + 1,
                                           .descriptorCount = 1,
                                           .descriptorType = VK_DESCRIPTOR_TYPE_STORAGE_BUFFER,
                                           .pBufferInfo = &window};
    }
    f.vkUpdateDescriptorSets(device, 2, writes, 0, NULL);
    push[12] = (uint32_t)(size / 4);
    memcpy(&push[13], &scale, 4);
    memcpy(&push[14], &shift, 4);
    return record(1);
}

/* Submit and wait, `count` times over; anew recorded each time when `dispatches` is not 0. */
int bare_run(uint32_t count, uint32_t dispatches)
{
    VkSubmitInfo submit = {
        .sType = VK_STRUCTURE_TYPE_SUBMIT_INFO, .commandBufferCount = 1, .pCommandBuffers = &commands};
    for (uint32_t i = 0; i < count; i++) {
        int failed = dispatches ? record(dispatches) : 0;
        if (failed) {
            return failed;
        }
        TRY(f.vkQueueSubmit(queue, 1, &submit, fence))
        TRY(f.vkWaitForFences(device, 1, &fence, VK_TRUE, UINT64_MAX))
        TRY(f.vkResetFences(device, 1, &fence))
    }
    return 0;
}

static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

int main(int argc, char **argv)
{
    static uint32_t spirv[1 << 16];
    FILE *file = argc > 1 ? fopen(argv[1], "rb") : NULL;
    if (!file) {
        fprintf(stderr, "usage: %s AFFINE.SPV [MiB ...]\n", argv[0]);
        return 2;
    }
    size_t words = fread(spirv, 4, sizeof spirv / 4, file);
    int failed = bare_open(0, spirv, words);
    printf("device: %s\n", name);
    for (int i = 1; i < (argc > 2 ? argc : 3) && !failed; i++) {
        uint64_t size = i == 1 ? 65536 : argc > 2 ? strtoull(argv[i], NULL, 10) << 20 : (uint64_t)64 << 20;
        double import = 0, best = 1e9, start;
        failed = bare_setup(size, 2, 1, &import);
        for (int round = 0; round < 30 && !failed; round++) {
            start = seconds();
            failed = bare_run(1, 1);
            double took = seconds() - start;
            best = took < best ? took : best;
        }
        printf("%8.3f MiB: import %8.1f us, best of 30 dispatches %9.1f us, %7.2f GB/s each way\n",
               (double)size / (1 << 20), import * 1e6, best * 1e6, (double)size / best * 1e-9);
    }
    if (failed) {
        fprintf(stderr, "vulkan_bare.c:%d failed\n", failed);
    }
    return failed != 0;
}
