/* zc_vulkan_matrix: whether a physical device has the matrix units that the shaders of this package are made for.
 *
 * They take products of square float16 matrices with float32 sums, of 16 x 16 in subgroups of 32 invocations (NVIDIA), or
 * of 8 x 8 in subgroups of 8 (Mesa's software driver, for tests). Other sizes are not looked for.
 *
 * Environment: ZCWASM_VULKAN_MATRIX=0 is for devices that have them, so that the other path can be tested.
 * Owns nothing. Threads: any; one per zc_vulkan_physical.
 */
#include <stdlib.h>
#include <string.h>

#include "base/zc_alloc.h"
#include "device/vulkan/zc_vulkan.h"
#include "device/vulkan/zc_vulkan_matrix_api.h"

/* What the shaders' modules declare. Only of devices that have the extension, and Vulkan 1.2. */
static bool has_features(const zc_vulkan_instance_functions *f, const zc_vulkan_physical *physical)
{
    VkPhysicalDeviceCooperativeMatrixFeaturesKHR matrix = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_COOPERATIVE_MATRIX_FEATURES_KHR};
    VkPhysicalDeviceVulkanMemoryModelFeatures model = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_MEMORY_MODEL_FEATURES, .pNext = &matrix};
    VkPhysicalDeviceShaderFloat16Int8Features small = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SHADER_FLOAT16_INT8_FEATURES, .pNext = &model};
    VkPhysicalDeviceFeatures2 all = {.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_FEATURES_2, .pNext = &small};
    f->vkGetPhysicalDeviceFeatures2(physical->handle, &all);
    return matrix.cooperativeMatrix && model.vulkanMemoryModel && small.shaderFloat16;
}

static bool is_ours(const VkCooperativeMatrixPropertiesKHR *p, uint32_t side)
{
    return p->MSize == side && p->NSize == side && p->KSize == side && p->AType == VK_COMPONENT_TYPE_FLOAT16_KHR &&
           p->BType == VK_COMPONENT_TYPE_FLOAT16_KHR && p->CType == VK_COMPONENT_TYPE_FLOAT32_KHR &&
           p->ResultType == VK_COMPONENT_TYPE_FLOAT32_KHR && !p->saturatingAccumulation &&
           p->scope == VK_SCOPE_SUBGROUP_KHR;
}

void zc_vulkan_find_matrix(const zc_vulkan_instance_functions *f, VkInstance instance, zc_vulkan_physical *physical)
{
    uint32_t lanes = physical->info.gpu.subgroup_width, side = lanes == 32 ? 16 : lanes == 8 ? 8 : 0, count = 0;
    uint32_t shared = side == 16 ? 48 * 1024 : 32 * 1024; /* what shaders/linear_matrix_tile.glsl counts on */
    const char *wish = getenv("ZCWASM_VULKAN_MATRIX");
    PFN_vkGetPhysicalDeviceCooperativeMatrixPropertiesKHR get =
        (PFN_vkGetPhysicalDeviceCooperativeMatrixPropertiesKHR)f->vkGetInstanceProcAddr(
            instance, "vkGetPhysicalDeviceCooperativeMatrixPropertiesKHR");
    if ((wish && strcmp(wish, "0") == 0) || !physical->matrix_extension || side == 0 || !get ||
        physical->api_version < VK_API_VERSION_1_2 || physical->info.max_shared_memory < shared ||
        !has_features(f, physical) || get(physical->handle, &count, NULL) != VK_SUCCESS || count == 0) {
        return;
    }
    VkCooperativeMatrixPropertiesKHR *all = zc_calloc(count, sizeof *all);
    for (uint32_t i = 0; all && i < count; i++) {
        all[i].sType = VK_STRUCTURE_TYPE_COOPERATIVE_MATRIX_PROPERTIES_KHR;
    }
    if (all && get(physical->handle, &count, all) >= 0) {
        for (uint32_t i = 0; i < count; i++) {
            if (is_ours(&all[i], side)) {
                physical->info.gpu.matrix_units = side;
            }
        }
    }
    zc_free(all);
}
