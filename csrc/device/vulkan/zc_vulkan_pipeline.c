/* zc_vulkan_pipeline: layouts and pipelines of the built-in and of users' kernels.
 *
 * One convention for all kernels: descriptor set 0, binding i of the signature at binding number i + 1, all
 * storage buffers, behind them the workspace of a kernel with stages; push constants: element offsets of the bindings,
 * then the parameters. So there is one pipeline layout per number of bindings. A built-in kernel's pipeline is made
 * from its embedded SPIR-V at first use, one for each variant (the value of specialization constant 0); a user's when
 * it is compiled, after zc_spirv has compared it with its signature. Beyond that comparison the driver is trusted with
 * the SPIR-V: it comes from the host program.
 *
 * Ownership: pipelines of built-in kernels are the device's, a compiled one is its zc_kernel's. Threads: any;
 * one lock while a pipeline is made, none to find one that is there.
 */
#include <stdio.h>
#include <string.h>

#include "base/zc_alloc.h"
#include "kernel/zc_shaders.h"
#include "device/vulkan/zc_spirv.h"
#include "device/vulkan/zc_vulkan.h"

zc_status zc_vulkan_pipelines_init(zc_vulkan_device *device, zc_error *error)
{
    const zc_vulkan_functions *f = &device->f;
    VkPipelineCacheCreateInfo cache = {.sType = VK_STRUCTURE_TYPE_PIPELINE_CACHE_CREATE_INFO};
    VkResult result = f->vkCreatePipelineCache(device->handle, &cache, NULL, &device->cache);
    for (uint32_t count = 0; count <= ZC_KERNEL_MAX_BINDINGS && result == VK_SUCCESS; count++) {
        VkDescriptorSetLayoutBinding bindings[ZC_KERNEL_MAX_BINDINGS];
        for (uint32_t i = 0; i < count; i++) {
            bindings[i] = (VkDescriptorSetLayoutBinding){.binding = i + 1,
                                                         .descriptorType = VK_DESCRIPTOR_TYPE_STORAGE_BUFFER,
                                                         .descriptorCount = 1,
                                                         .stageFlags = VK_SHADER_STAGE_COMPUTE_BIT};
        }
        VkDescriptorSetLayoutCreateInfo set = {
            .sType = VK_STRUCTURE_TYPE_DESCRIPTOR_SET_LAYOUT_CREATE_INFO,
            .flags = device->physical.push_descriptors ? VK_DESCRIPTOR_SET_LAYOUT_CREATE_PUSH_DESCRIPTOR_BIT_KHR : 0,
            .bindingCount = count,
            .pBindings = bindings};
        result = f->vkCreateDescriptorSetLayout(device->handle, &set, NULL, &device->set_layouts[count]);
        if (result == VK_SUCCESS) {
            VkPushConstantRange push = {.stageFlags = VK_SHADER_STAGE_COMPUTE_BIT, .size = ZC_VULKAN_PUSH_SIZE};
            VkPipelineLayoutCreateInfo layout = {.sType = VK_STRUCTURE_TYPE_PIPELINE_LAYOUT_CREATE_INFO,
                                                 .setLayoutCount = 1,
                                                 .pSetLayouts = &device->set_layouts[count],
                                                 .pushConstantRangeCount = 1,
                                                 .pPushConstantRanges = &push};
            result = f->vkCreatePipelineLayout(device->handle, &layout, NULL, &device->layouts[count]);
        }
    }
    return result == VK_SUCCESS ? ZC_OK : zc_vulkan_fail(device, result, error, "make pipeline layouts", "");
}

void zc_vulkan_pipelines_destroy(zc_vulkan_device *device)
{
    const zc_vulkan_functions *f = &device->f;
    for (unsigned i = 0; i < ZC_KERNEL_COUNT * ZC_KERNEL_VARIANTS; i++) {
        VkPipeline pipeline = atomic_load(&device->pipelines[i / ZC_KERNEL_VARIANTS][i % ZC_KERNEL_VARIANTS]);
        if (pipeline) {
            f->vkDestroyPipeline(device->handle, pipeline, NULL);
        }
    }
    for (unsigned i = 0; i <= ZC_KERNEL_MAX_BINDINGS; i++) {
        if (device->layouts[i]) {
            f->vkDestroyPipelineLayout(device->handle, device->layouts[i], NULL);
        }
        if (device->set_layouts[i]) {
            f->vkDestroyDescriptorSetLayout(device->handle, device->set_layouts[i], NULL);
        }
    }
    if (device->cache) {
        f->vkDestroyPipelineCache(device->handle, device->cache, NULL);
    }
}

static zc_status make(zc_vulkan_device *device, const char *name, const uint32_t *spirv, size_t words,
                      const char *entry_point, unsigned bindings, const uint32_t *variant, VkPipeline *out,
                      zc_error *error)
{
    const zc_vulkan_functions *f = &device->f;
    char label[96];
    (void)snprintf(label, sizeof label, "kernel %.60s", name);
    VkShaderModuleCreateInfo code = {
        .sType = VK_STRUCTURE_TYPE_SHADER_MODULE_CREATE_INFO, .codeSize = words * 4, .pCode = spirv};
    VkShaderModule module;
    VkResult result = f->vkCreateShaderModule(device->handle, &code, NULL, &module);
    if (result != VK_SUCCESS) {
        return zc_vulkan_fail(device, result, error, "load", label);
    }
    VkSpecializationMapEntry constant = {.constantID = 0, .size = sizeof *variant};
    VkSpecializationInfo specialization = {
        .mapEntryCount = 1, .pMapEntries = &constant, .dataSize = sizeof *variant, .pData = variant};
    VkComputePipelineCreateInfo info = {.sType = VK_STRUCTURE_TYPE_COMPUTE_PIPELINE_CREATE_INFO,
                                        .stage = {.sType = VK_STRUCTURE_TYPE_PIPELINE_SHADER_STAGE_CREATE_INFO,
                                                  .stage = VK_SHADER_STAGE_COMPUTE_BIT,
                                                  .module = module,
                                                  .pName = entry_point,
                                                  .pSpecializationInfo = variant ? &specialization : NULL},
                                        .layout = device->layouts[bindings]};
    result = f->vkCreateComputePipelines(device->handle, device->cache, 1, &info, NULL, out);
    f->vkDestroyShaderModule(device->handle, module, NULL);
    return result == VK_SUCCESS ? ZC_OK : zc_vulkan_fail(device, result, error, "build the pipeline of", label);
}

/* For matrix units there is a module for each size of matrix. */
static const zc_shader *find_shader(const zc_vulkan_device *device, const zc_kernel *kernel,
                                    const zc_kernel_stage *stage)
{
    char name[64];
    if (stage->matrix) {
        (void)snprintf(name, sizeof name, "%s_matrix_%u", kernel->name, device->physical.info.gpu.matrix_units);
    } else {
        (void)snprintf(name, sizeof name, "%s%s", kernel->name, stage->dot ? "_dot" : "");
    }
    return zc_shader_find(name);
}

zc_status zc_vulkan_pipeline(zc_vulkan_device *device, const zc_kernel *kernel, const zc_kernel_stage *stage,
                             VkPipeline *out, zc_error *error)
{
    if (kernel->compiled) {
        *out = kernel->compiled;
        return ZC_OK;
    }
    uint32_t variant = stage->variant;
    _Atomic(VkPipeline) *kept = &device->pipelines[kernel->id][variant];
    *out = atomic_load_explicit(kept, memory_order_acquire);
    if (*out) {
        return ZC_OK;
    }
    const zc_shader *shader = find_shader(device, kernel, stage);
    if (!shader || !shader->spirv) {
        return zc_fail(error, ZC_DEVICE, "kernel %s: this build has no SPIR-V for it", kernel->name);
    }
    zc_status status = ZC_OK;
    pthread_mutex_lock(&device->pipeline_lock);
    *out = atomic_load_explicit(kept, memory_order_relaxed);
    if (!*out) {
        status = make(device, kernel->name, shader->spirv, shader->spirv_words, "main", zc_vulkan_binding_count(kernel),
                      kernel->traits & ZC_TRAIT_VARIANTS ? &variant : NULL, out, error);
        if (status == ZC_OK) {
            atomic_store_explicit(kept, *out, memory_order_release);
        }
    }
    pthread_mutex_unlock(&device->pipeline_lock);
    return status;
}

zc_status zc_vulkan_compile(void *self, const zc_kernel_source *source, void **out, zc_error *error)
{
    zc_vulkan_device *device = self;
    const uint32_t *workgroup = source->workgroup;
    const zc_vulkan_physical *physical = &device->physical;
    if (!source->spirv) {
        return zc_fail(error, ZC_BAD_VALUE, "kernel %s: device vulkan compiles SPIR-V, and none is given",
                       source->name);
    }
    uint64_t invocations = (uint64_t)workgroup[0] * workgroup[1];
    if (workgroup[0] > physical->max_group_size[0] || workgroup[1] > physical->max_group_size[1] ||
        workgroup[2] > physical->max_group_size[2] || invocations > physical->max_invocations ||
        invocations * workgroup[2] > physical->max_invocations) {
        return zc_fail(error, ZC_BAD_VALUE,
                       "kernel %s: a workgroup of %u x %u x %u is too large: the device runs at most %u x %u x %u, "
                       "%u invocations in all",
                       source->name, workgroup[0], workgroup[1], workgroup[2], physical->max_group_size[0],
                       physical->max_group_size[1], physical->max_group_size[2], physical->max_invocations);
    }
    char entry_point[ZC_SPIRV_NAME];
    zc_status status = zc_spirv_check(source, &device->spirv, entry_point, error);
    if (status != ZC_OK) {
        return status;
    }
    VkPipeline pipeline = NULL;
    pthread_mutex_lock(&device->pipeline_lock);
    status = make(device, source->name, source->spirv, source->spirv_size / 4, entry_point, source->binding_count, NULL,
                  &pipeline, error);
    pthread_mutex_unlock(&device->pipeline_lock);
    *out = pipeline;
    return status;
}

void zc_vulkan_compiled_release(void *self, void *compiled)
{
    zc_vulkan_device *device = self;
    device->f.vkDestroyPipeline(device->handle, compiled, NULL);
}
