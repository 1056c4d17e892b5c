/* zc_vulkan_error: what a call of Vulkan answered, in words and as a zc_status.
 *
 * Owns nothing. Threads: any.
 */
#include <stdio.h>

#include "device/vulkan/zc_vulkan.h"

const char *zc_vulkan_result(VkResult result, char unnamed[24])
{
    switch ((int)result) {
#define X(name, value) \
    case value:        \
        return #name;
        ZC_VULKAN_RESULTS(X)
#undef X
    }
    (void)snprintf(unnamed, 24, "VkResult %d", (int)result);
    return unnamed;
}

zc_status zc_vulkan_fail(zc_vulkan_device *device, VkResult result, zc_error *error, const char *what,
                         const char *label)
{
    char unnamed[24];
    if (result == VK_ERROR_DEVICE_LOST) {
        atomic_store(&device->lost, true);
    }
    return zc_fail(error, ZC_DEVICE, "vulkan device %s: cannot %s%s%s: %s", device->physical.info.name, what,
                   label[0] ? " " : "", label, zc_vulkan_result(result, unnamed));
}
