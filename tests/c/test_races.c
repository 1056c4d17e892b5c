/* Descriptors and inputs that another thread changes while they are used. Each dispatch must run or be refused;
 * what runs must stay inside its region, whose guard pages make anything else a crash. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "device/zc_device.h"

#define BYTES 65536u
#define ROUNDS 300000
#define MOST_ROUNDS (100 * ROUNDS) /* while only one of both has happened: the writer may have to wait for a core */

static zc_region *region;
static atomic_bool done;

/* volatile: the writer's stores must happen, in the middle of anything. */
static volatile zc_affine_params params;
static volatile zc_range ranges[2];

static void *scribble(void *unused)
{
    (void)unused;
    volatile float *words = (volatile float *)(void *)zc_region_base(region);
    for (uint32_t round = 0; !atomic_load(&done); round++) {
        params.count = round & 1 ? 16 : 0x40000000;
        ranges[round & 1].offset = round & 2 ? UINT64_MAX - 3 : BYTES / 2;
        ranges[round & 1].length = round & 4 ? UINT64_MAX : BYTES / 2;
        words[round % (BYTES / 4)] = (float)round;
        ranges[round & 1].offset = 0;
        ranges[round & 1].length = BYTES;
        params.count = 16;
    }
    return NULL;
}

int main(void)
{
    zc_error error;
    zc_device *device;
    zc_device_options options = {.threads = 1};
    pthread_t writer;
    if (zc_device_open("cpu", &options, &device, &error) != ZC_OK ||
        zc_region_create(BYTES, BYTES, &region, &error) != ZC_OK) {
        fprintf(stderr, "%s\n", error.message);
        return 1;
    }
    for (int i = 0; i < 2; i++) {
        ranges[i].region = region;
        ranges[i].length = BYTES;
    }
    params.count = 16;
    params.scale = 2;
    const zc_kernel *kernel = zc_kernel_find("affine");
    if (pthread_create(&writer, NULL, scribble, NULL) != 0) {
        return 1;
    }
    unsigned ran = 0, refused = 0, rounds = 0;
    for (; rounds < ROUNDS || (rounds < MOST_ROUNDS && (ran == 0 || refused == 0)); rounds++) {
        zc_status status = zc_device_run(device,
                                         &(zc_dispatch){kernel, (const zc_range *)(uintptr_t)ranges, 2,
                                                        (const void *)(uintptr_t)&params, sizeof params},
                                         &error);
        ran += status == ZC_OK;
        refused += status == ZC_OUT_OF_BOUNDS || status == ZC_BAD_VALUE;
    }
    atomic_store(&done, true);
    pthread_join(writer, NULL);
    zc_device_release(device);
    zc_region_release(region);
    printf("%u ran, %u refused\n", ran, refused);
    return ran + refused == rounds && ran > 0 && refused > 0 ? 0 : 1;
}
