/* zc_device_absent: stubs for the backends that this build does not contain, each saying why.
 * Constant data and pure functions. A build that has the real backend leaves its stub out.
 */
#include <stdio.h>

#include "device/zc_device_backend.h"

#define ABSENT(kind_name, why)                                                                             \
    static void probe_##kind_name(zc_device_info *info)                                                    \
    {                                                                                                      \
        (void)snprintf(info->reason, sizeof info->reason, "%s", why);                                      \
    }                                                                                                      \
    static zc_status open_##kind_name(const zc_device_options *options, zc_device_info *info, void **self, \
                                      zc_error *error)                                                     \
    {                                                                                                      \
        (void)options, (void)info, (void)self;                                                             \
        return zc_fail(error, ZC_DEVICE, "%s", why);                                                       \
    }                                                                                                      \
    const zc_device_backend zc_device_##kind_name = {                                                      \
        .kind = #kind_name, .probe = probe_##kind_name, .open = open_##kind_name}

#if !defined(ZCWASM_HAVE_METAL)
#if defined(__APPLE__)
ABSENT(metal, "this build has no Metal backend yet");
#else
ABSENT(metal, "Metal exists on Apple platforms only");
#endif
#endif
typedef int zc_device_absent_may_be_empty;
