/* zc_spirv: what a SPIR-V module says of itself, compared with a kernel's declared signature.
 *
 * Reads entry point, workgroup size, storage buffers with their access, the size of the push constants and
 * the capabilities, and refuses whatever differs from the signature or does not follow this project's
 * convention (zc_vulkan_pipeline.c), telling both sides. The bytes may be anything: every access is checked.
 * That does not make the code itself safe: a module that passes goes to the driver, which is trusted with it.
 * Pure functions, any thread.
 */
#ifndef ZC_SPIRV_H
#define ZC_SPIRV_H

#include "device/zc_device.h"

#define ZC_SPIRV_NAME 64u /* bytes of an entry point's name, with its end */

typedef struct zc_spirv_device { /* what the device can take */
    uint32_t version;            /* of SPIR-V, such as 0x10300 */
    bool int8, int16, int64, float16, storage8, storage16;
    uint32_t subgroup_operations; /* VkSubgroupFeatureFlags */
} zc_spirv_device;

/* `entry_point` receives the one to use. ZC_BAD_VALUE when the module is no module or does not match. */
zc_status zc_spirv_check(const zc_kernel_source *source, const zc_spirv_device *device, char entry_point[ZC_SPIRV_NAME],
                         zc_error *error);

#endif
