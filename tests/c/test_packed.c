/* test_packed: the table of packed weights (zc_cpu_packed), below devices: threads pack, look up and let go at the same
 * time, at addresses that the system hands out again; what is found is what was packed there, and nothing else.
 *
 * Built by tests/test_cpu_threads.py from this file, csrc/base, csrc/kernel and csrc/device/cpu. Prints "ok", also where
 * the processor has no such layout, or the first failure and exits with 1.
 */
#define _GNU_SOURCE
#define _DARWIN_C_SOURCE
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/mman.h>

#include "base/zc_status.h"
#include "device/cpu/zc_cpu_ops.h"
#include "device/cpu/zc_cpu_packed.h"
#include "device/cpu/zc_cpu_packed_layout.h"
#include "device/cpu/zc_cpu_quant.h"
#include "kernel/zc_kernel.h"

static _Thread_local zc_error error;
#include "check.h"

#define THREADS 6
#define ROUNDS 60
#define N 150
#define K 256

static const uint32_t types[] = {ZC_WEIGHT_Q4_0, ZC_WEIGHT_Q4_1, ZC_WEIGHT_Q4_K, ZC_WEIGHT_Q6_K};
static uint8_t *lasting; /* packed all the time, as Q4_0 */

static size_t row_bytes(uint32_t type)
{
    const zc_weight_type_info *info = zc_weight_type_get(type);
    return K / info->block * info->block_bytes;
}

static uint8_t *make(size_t size)
{
    uint8_t *bytes = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANON, -1, 0);
    CHECK(bytes != MAP_FAILED);
    return bytes;
}

static void *work(void *context)
{
    unsigned seed = (unsigned)(uintptr_t)context;
    for (int round = 0; round < ROUNDS; round++) {
        const uint32_t type = types[(seed + (unsigned)round) % 4];
        const size_t row = row_bytes(type), scale = type == ZC_WEIGHT_Q6_K ? 208 : 0;
        uint8_t *w = make(2 * N * row);
        void *packed = NULL;
        zc_packed_rows found, rows;
        for (size_t i = 0; i < 2 * N * row; i++) {
            w[i] = (uint8_t)rand_r(&seed);
        }
        /* The last lies in the first one's bytes. */
        const zc_device_matrix matrices[] = {
            {w + N * row, type, N, K}, {w, type, N, K}, {w + 16 * row, type, N - 16, K}};
        CHECK(zc_cpu_pack(matrices, 3, 1 + (unsigned)round % 3, NULL, &packed, &error) == ZC_OK && packed);
        CHECK(zc_cpu_packed_find(w, type, N, K, &found) && zc_cpu_packed_find(w + N * row, type, N, K, &rows));
        CHECK(zc_cpu_packed_find(w + 16 * row, type, N - 16, K, &rows) &&
              rows.groups == found.groups + found.group_bytes);
        CHECK(!zc_cpu_packed_find(w + row, type, 1, K, &rows) && !zc_cpu_packed_find(w, type, N + 1, K, &rows));
        CHECK(!zc_cpu_packed_find(w + 1, type, 1, K, &rows) && !zc_cpu_packed_find(w, type, N, K / 2, &rows));
        CHECK(!zc_cpu_packed_find(w, ZC_WEIGHT_Q8_0, N, K, &rows));
        CHECK(!zc_cpu_packed_find(w + 2 * N * row, type, 1, K, &rows));
        for (size_t i = 0; i < ZC_PACKED_ROWS; i++) {
            CHECK(memcmp(found.groups + 2 * i, w + i * row + scale, 2) == 0); /* each row's d */
        }
        CHECK(zc_cpu_packed_find(lasting, ZC_WEIGHT_Q4_0, N, K, &rows));
        zc_cpu_packed_release(packed);
        CHECK(!zc_cpu_packed_find(w, type, N, K, &rows) && !zc_cpu_packed_find(w + N * row, type, N, K, &rows));
        munmap(w, 2 * N * row);
    }
    return NULL;
}

int main(void)
{
    const zc_cpu_integer *integer = zc_cpu_get_ops()->integer;
    pthread_t threads[THREADS];
    zc_packed_rows rows;
    void *packed = NULL;
    if (!integer || !integer->dots_packed) {
        puts("ok");
        return 0;
    }
    lasting = make(N * row_bytes(ZC_WEIGHT_Q4_0));
    const zc_device_matrix matrix = {lasting, ZC_WEIGHT_Q4_0, N, K};
    CHECK(zc_cpu_pack(&matrix, 1, 2, NULL, &packed, &error) == ZC_OK && packed);
    for (size_t i = 0; i < THREADS; i++) {
        CHECK(pthread_create(&threads[i], NULL, work, (void *)(uintptr_t)(i + 1)) == 0);
    }
    for (size_t i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
    }
    zc_cpu_packed_release(packed);
    CHECK(!zc_cpu_packed_find(lasting, ZC_WEIGHT_Q4_0, N, K, &rows));
    puts("ok");
    return 0;
}
