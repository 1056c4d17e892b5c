/* zc_device_compile: what the device layer asks of a kernel that the user compiled; the rest is in zc_device.h. */
#ifndef ZC_DEVICE_COMPILE_H
#define ZC_DEVICE_COMPILE_H

#include "device/zc_device_internal.h"

/* ZC_BAD_VALUE when the kernel was compiled for another device. */
zc_status zc_kernel_check_device(const zc_kernel *kernel, const zc_device *device, zc_error *error);
/* Of a compiled kernel: whether the ranges can be cut into as many rows as its parameters say, where it runs over rows. */
zc_status zc_kernel_check_rows(const zc_device_command *command, zc_error *error);

#endif
