/* fuzz_dispatch: a libFuzzer entry point over dispatch descriptors. Any kernel, ranges and parameters must be
 * refused with an error or run to the end, and must write nothing outside the written binding's range. The
 * regions' guard pages turn an access outside them into a crash; bytes inside them are compared. */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "device/zc_device.h"

#define REGION_BYTES 65536u
#define REGIONS 2

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static zc_device *device;
static zc_region *regions[REGIONS];
static uint8_t before[REGIONS][REGION_BYTES];

static void require(bool condition)
{
    if (!condition) {
        abort();
    }
}

static void set_up(void)
{
    zc_error error;
    zc_device_options options = {.threads = 1};
    require(zc_device_open("cpu", &options, &device, &error) == ZC_OK);
    for (int i = 0; i < REGIONS; i++) {
        require(zc_region_create(REGION_BYTES, REGION_BYTES, &regions[i], &error) == ZC_OK);
    }
}

/* The next `count` bytes of the input, zeros once it is used up. */
static void take(const uint8_t **data, size_t *size, void *out, size_t count)
{
    size_t have = count < *size ? count : *size;
    memset(out, 0, count);
    memcpy(out, *data, have);
    *data += have;
    *size -= have;
}

/* Numbers near what is interesting: small ones, the region's size, 2^31, 2^32 and 2^64, or anything. */
static uint64_t take_number(const uint8_t **data, size_t *size)
{
    static const uint64_t anchors[] = {0, 64, 4096, REGION_BYTES, UINT64_C(1) << 31, UINT64_C(1) << 32, 0};
    uint8_t choice;
    int16_t near;
    uint64_t any;
    take(data, size, &choice, 1);
    if (choice % 8 == 7) {
        take(data, size, &any, sizeof any);
        return any;
    }
    take(data, size, &near, sizeof near);
    return anchors[choice % 8 % 7] + (uint64_t)(int64_t)(choice & 8 ? near : near * 4);
}

static bool outside(const zc_kernel *kernel, const zc_range *ranges, int region, uint32_t at)
{
    for (unsigned i = 0; i < kernel->binding_count; i++) {
        if ((kernel->bindings[i].access & ZC_ACCESS_WRITE) && ranges[i].region == regions[region] &&
            at >= ranges[i].offset && at - ranges[i].offset < ranges[i].length) {
            return false;
        }
    }
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!device) {
        set_up();
    }
    zc_error error = {0};
    zc_range ranges[ZC_KERNEL_MAX_BINDINGS + 1];
    uint32_t params[ZC_KERNEL_MAX_PARAMS / 4];
    uint8_t header[4];
    take(&data, &size, header, sizeof header);
    const zc_kernel *kernel = zc_kernel_get((zc_kernel_id)(header[0] % ZC_KERNEL_COUNT));
    size_t range_count = header[1] < 250 ? kernel->binding_count : header[1] % (ZC_KERNEL_MAX_BINDINGS + 2);
    size_t params_size = header[2] < 250 ? kernel->params_size : header[2];
    for (size_t i = 0; i <= ZC_KERNEL_MAX_BINDINGS; i++) {
        uint8_t which;
        take(&data, &size, &which, 1);
        ranges[i].region = which % 8 == 7 ? NULL : regions[which % REGIONS];
        ranges[i].offset = take_number(&data, &size);
        ranges[i].length = take_number(&data, &size);
    }
    for (size_t i = 0; i < sizeof params / sizeof *params; i++) {
        params[i] = (uint32_t)take_number(&data, &size);
    }
    for (int i = 0; i < REGIONS; i++) {
        memset(zc_region_base(regions[i]), header[3], REGION_BYTES);
        memcpy(before[i], zc_region_base(regions[i]), REGION_BYTES);
    }
    zc_status status = zc_device_run(
        device, &(zc_dispatch){kernel, ranges, range_count, params, params_size < sizeof params ? params_size : 0},
        &error);
    require(status == ZC_OK || (error.code == status && error.message[0]));
    for (int i = 0; i < REGIONS; i++) {
        const uint8_t *now = zc_region_base(regions[i]);
        if (memcmp(now, before[i], REGION_BYTES) == 0) {
            continue;
        }
        require(status == ZC_OK);
        for (uint32_t at = 0; at < REGION_BYTES; at++) {
            require(now[at] == before[i][at] || !outside(kernel, ranges, i, at));
        }
    }
    return 0;
}
