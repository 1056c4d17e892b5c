/* test_weights: mapped regions and zc_weights without Python: the check of tensors, names, every allocation failing,
 * and, with a fake GPU that has memory of its own in place of Vulkan, uploads: once, by many threads, failing,
 * stopped, and across fork.
 *
 * Built by tests/test_weights_core.py from this file and the layers that it needs. The argument is a folder for files.
 * Prints the first failure and exits with 1.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "device/zc_device_backend.h"
#include "weights/zc_weights.h"

#include "check.h"
#include "counted_alloc.h"

static _Thread_local zc_error error;

/* ---- a fake GPU with memory of its own ---- */
static _Atomic int copies, locals_alive, failing_copies;
static _Atomic bool slow;
static bool fake_unified;       /* of the next that is opened */
static uint64_t fake_max_region, fake_memory;

static void fake_probe(zc_device_info *info)
{
    info->available = true;
    info->software = true;
    info->max_buffer = UINT64_C(1) << 32;
    info->unified_memory = fake_unified;
    info->max_region = fake_max_region;
    info->memory = fake_memory;
    strcpy(info->name, "fake");
}
static zc_status fake_open(const zc_device_options *options, zc_device_info *info, void **self, zc_error *e)
{
    (void)options, (void)info, (void)e;
    *self = &copies;
    return ZC_OK;
}
static void fake_close(void *self)
{
    (void)self;
}
static zc_status fake_from_host(void *self, void *address, uint64_t size, bool read_only, void **buffer,
                                void **device_address, zc_error *e)
{
    (void)self, (void)read_only;
    if (!fake_unified || size > fake_max_region) {
        return zc_fail(e, ZC_DEVICE, "the fake imports nothing, or not %llu bytes", (unsigned long long)size);
    }
    *buffer = calloc(1, 1);
    *device_address = address;
    locals_alive++;
    return ZC_OK;
}
static zc_status fake_local(void *self, uint64_t size, void **buffer, zc_error *e)
{
    (void)self;
    if (!(*buffer = calloc(1, size))) {
        return zc_fail(e, ZC_NO_MEMORY, "no memory in the fake");
    }
    locals_alive++;
    return ZC_OK;
}
static void fake_release(void *self, void *buffer)
{
    (void)self;
    locals_alive--;
    free(buffer);
}
static zc_status fake_copy(void *self, void *buffer, uint64_t offset, void *host, uint64_t size, bool to_device,
                           zc_error *e)
{
    (void)self;
    if (failing_copies > 0) {
        failing_copies--;
        return zc_fail(e, ZC_DEVICE, "the fake's copy failed");
    }
    if (slow) {
        usleep(200000);
    }
    uint8_t *own = (uint8_t *)buffer + offset;
    memcpy(to_device ? own : host, to_device ? host : own, size);
    copies++;
    return ZC_OK;
}
static zc_status fake_submit(void *self, zc_device_piece *work, zc_error *e)
{
    (void)self, (void)e;
    zc_device_piece_done(work, ZC_OK, 0, NULL);
    return ZC_OK;
}
const zc_device_backend zc_device_vulkan = {.kind = "vulkan",
                                            .probe = fake_probe,
                                            .open = fake_open,
                                            .close = fake_close,
                                            .buffer_from_host = fake_from_host,
                                            .buffer_local = fake_local,
                                            .buffer_copy = fake_copy,
                                            .buffer_release = fake_release,
                                            .submit = fake_submit};

/* And one that shares the host's memory, in place of cpu, whose kernels take long to compile. */
static void host_probe(zc_device_info *info)
{
    fake_probe(info);
    info->unified_memory = true;
    info->max_region = 0;
}
static int packed_alive;
static size_t packed_matrices;
static zc_status fake_pack(void *self, const zc_device_matrix *matrices, size_t count,
                           const zc_device_progress *progress, void **packed, zc_error *e)
{
    (void)self, (void)e;
    packed_matrices = count;
    CHECK(!progress || progress->report(progress->context, 1, 1));
    for (size_t i = 0; i < count; i++) {
        CHECK(matrices[i].n && matrices[i].k);
    }
    *packed = malloc(1);
    packed_alive++;
    return ZC_OK;
}
static void fake_packed_release(void *packed)
{
    packed_alive--;
    free(packed);
}
const zc_device_backend zc_device_cpu = {.kind = "cpu",
                                         .probe = host_probe,
                                         .open = fake_open,
                                         .close = fake_close,
                                         .pack = fake_pack,
                                         .packed_release = fake_packed_release,
                                         .submit = fake_submit};

/* ---- files ---- */
#define FILE_SIZE 100003u /* ends within a page */

static const char *folder;

static int make_file(const char *name, size_t size)
{
    char path[512];
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    int file = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    uint8_t *bytes = malloc(size + 1);
    for (size_t i = 0; i < size; i++) {
        bytes[i] = (uint8_t)(i * 7 + i / 256);
    }
    CHECK(file >= 0 && write(file, bytes, size) == (ssize_t)size);
    free(bytes);
    return file;
}

static zc_weights *open_weights(void)
{
    int file = make_file("weights", FILE_SIZE);
    zc_weights *weights;
    CHECK(zc_weights_open(file, &weights, &error) == ZC_OK);
    (void)close(file);
    return weights;
}

static zc_status add_in(zc_weights *weights, uint32_t file, const char *name, uint32_t type, uint64_t rows,
                        uint64_t cols, uint64_t offset)
{
    uint64_t shape[] = {rows, cols};
    return zc_weights_add(weights, name, strlen(name), type, 2, shape, file, offset, &error);
}

static zc_status add(zc_weights *weights, const char *name, uint32_t type, uint64_t rows, uint64_t cols,
                     uint64_t offset)
{
    return add_in(weights, 0, name, type, rows, cols, offset);
}

/* One more file, of these bytes. */
static zc_status make(zc_weights *weights, const void *bytes, uint64_t size)
{
    zc_region *region;
    zc_status status = zc_weights_make(weights, size, &region, &error);
    if (status == ZC_OK) {
        CHECK(!zc_region_read_only(region) && !zc_region_of_file(region));
        memcpy(zc_region_base(region), bytes, size);
        status = zc_weights_seal(weights, ZC_COPY_WEIGHTS_MADE, &error);
    }
    return status;
}

/* A second file, of 50,000 bytes, and 40,000 that are made. */
static zc_status add_files(zc_weights *weights, int second)
{
    uint8_t bytes[40000];
    for (size_t i = 0; i < sizeof bytes; i++) {
        bytes[i] = (uint8_t)(i * 11 + i / 256);
    }
    zc_status status = zc_weights_map(weights, second, &error);
    return status == ZC_OK ? make(weights, bytes, sizeof bytes) : status;
}

static const uint8_t *bytes_of(const zc_weights *weights, const zc_tensor *tensor)
{
    return zc_region_base(zc_weights_region(weights, tensor->file)) + tensor->offset;
}

/* ---- tests ---- */

static void test_region(void)
{
    int file = make_file("region", FILE_SIZE);
    zc_region *region;
    uint64_t previous;
    CHECK(zc_region_map(file, 0, FILE_SIZE, &region, &error) == ZC_OK);
    (void)close(file);
    const uint8_t *base = zc_region_base(region);
    CHECK(zc_region_read_only(region) && (uintptr_t)base % ZC_REGION_ALIGNMENT == 0);
    CHECK(zc_region_size(region) == (FILE_SIZE + ZC_REGION_ALIGNMENT - 1) / ZC_REGION_ALIGNMENT * ZC_REGION_ALIGNMENT);
    for (uint64_t i = 0; i < zc_region_size(region); i++) {
        CHECK(base[i] == (i < FILE_SIZE ? (uint8_t)(i * 7 + i / 256) : 0));
    }
    CHECK_FAILS(zc_region_grow(region, 1, &previous, &error), ZC_OUT_OF_BOUNDS, "cannot grow");
    zc_region *found = zc_region_find(base + 5, 10);
    CHECK(found == region);
    zc_region_release(found);
    zc_region *part = NULL;
    const uint64_t step = ZC_REGION_ALIGNMENT;
    CHECK(zc_region_part(region, step, 2 * step, &part, &error) == ZC_OK);
    CHECK(zc_region_base(part) == base + step && zc_region_size(part) == 2 * step && zc_region_read_only(part));
    CHECK((found = zc_region_find(base + 2 * step, 2 * step)) == region); /* which goes beyond the part */
    zc_region_release(found);
    CHECK_FAILS(zc_region_part(part, 0, step, &found, &error), ZC_BAD_VALUE, "cannot be a part of it");
    CHECK_FAILS(zc_region_part(region, 1, step, &found, &error), ZC_BAD_VALUE, "at offset 1 of");
    CHECK_FAILS(zc_region_part(region, 0, 0, &found, &error), ZC_BAD_VALUE, "0 bytes");
    CHECK_FAILS(zc_region_part(region, step, zc_region_size(region), &found, &error), ZC_BAD_VALUE, "cannot be a part");
    CHECK_FAILS(zc_region_part(region, UINT64_MAX - step + 1, step, &found, &error), ZC_BAD_VALUE, "cannot be a part");
    uint64_t regions = zc_region_count();
    zc_region_release(part);
    CHECK(zc_region_part(region, 0, step, &part, &error) == ZC_OK && zc_region_count() == regions);
    zc_region_release(region); /* the part keeps the memory */
    CHECK(zc_region_count() == regions && zc_region_base(part)[1] == base[1]);
    zc_region_release(part);
    CHECK_FAILS(zc_region_map(0, 0, 0, &region, &error), ZC_BAD_VALUE, "0 bytes");
    CHECK_FAILS(zc_region_map(0, 0, UINT64_MAX / 2, &region, &error), ZC_BAD_VALUE, "cannot be mapped");
    CHECK_FAILS(zc_region_map(0, 4096, 1, &region, &error), ZC_BAD_VALUE, "1 bytes at offset 4096");
    CHECK_FAILS(zc_region_map(-1, 0, 10, &region, &error), ZC_NO_MEMORY, "cannot map 10 bytes");
    CHECK(zc_region_create(10, 10, &region, &error) == ZC_OK && !zc_region_read_only(region));
    zc_region_release(region);
}

static void test_check(void)
{
    zc_weights *weights = open_weights();
    CHECK(zc_weights_size(weights, 0) == FILE_SIZE && zc_weights_count(weights) == 0);
    CHECK(zc_weights_find(weights, "a", 1) == UINT32_MAX && !zc_weights_get(weights, 0));
    CHECK(add(weights, "a", ZC_WEIGHT_F32, 2, 3, 100) == ZC_OK);
    CHECK(add(weights, "q", ZC_WEIGHT_Q4_1, 2, 64, FILE_SIZE - 83) == ZC_OK); /* its last byte is 3 before the end */
    CHECK(zc_weights_get(weights, 1)->bytes == 80 && zc_weights_get(weights, 0)->bytes == 24);
    CHECK(add(weights, "empty", ZC_WEIGHT_F16, 0, 3, FILE_SIZE - 3) == ZC_OK && zc_weights_get(weights, 2)->bytes == 0);
    CHECK_FAILS(add(weights, "b", ZC_WEIGHT_TYPE_COUNT, 1, 1, 0), ZC_MODEL, "tensor b has type number");
    CHECK_FAILS(add(weights, "b", ZC_WEIGHT_Q8_0, 1, 33, 4), ZC_MODEL,
                "rows of 33 elements, Q8_0 takes multiples of 32");
    CHECK(error.offset == 4);
    CHECK_FAILS(add(weights, "b", ZC_WEIGHT_F32, 1, 1, 2), ZC_MODEL, "offset 2, which is not a multiple of 4");
    CHECK_FAILS(add(weights, "b", ZC_WEIGHT_Q4_1, 2, 64, FILE_SIZE - 79), ZC_MODEL, "inside the file of 100003 bytes");
    CHECK_FAILS(add(weights, "b", ZC_WEIGHT_F32, 1, 1, UINT64_MAX - 3), ZC_MODEL, "do not lie inside");
    CHECK_FAILS(add(weights, "b", ZC_WEIGHT_F32, 1, UINT64_MAX, 0), ZC_MODEL, "would have 2^62 bytes or more");
    CHECK_FAILS(add(weights, "b", ZC_WEIGHT_F32, UINT64_C(1) << 32, UINT64_C(1) << 32, 0), ZC_MODEL,
                "2^62 bytes or more");
    CHECK_FAILS(add(weights, "b", ZC_WEIGHT_F32, UINT64_C(1) << 30, UINT64_C(1) << 29, 0), ZC_MODEL,
                "do not lie inside");
    CHECK_FAILS(add(weights, "b", ZC_WEIGHT_F32, 0, UINT64_C(1) << 62, 0), ZC_MODEL, "2^62 bytes or more");
    CHECK_FAILS(add(weights, "b", ZC_WEIGHT_Q4_K, UINT64_MAX, 0, 0), ZC_MODEL, "2^62 bytes or more");
    CHECK_FAILS(add(weights, "a", ZC_WEIGHT_F32, 1, 1, 8), ZC_MODEL, "tensor a is there twice, at offsets 100 and 8");
    uint64_t shape[5] = {1, 1, 1, 1, 1};
    CHECK_FAILS(zc_weights_add(weights, "b", 1, 0, 5, shape, 0, 0, &error), ZC_MODEL, "5 dimensions");
    CHECK_FAILS(zc_weights_add(weights, "b", 1, 0, 0, shape, 0, 0, &error), ZC_MODEL, "0 dimensions");
    CHECK_FAILS(zc_weights_add(weights, "b", 1, 0, UINT32_MAX, shape, 0, 0, &error), ZC_MODEL, "dimensions");
    CHECK_FAILS(zc_weights_add(weights, "b\0c", 3, 0, 1, shape, 0, 0, &error), ZC_MODEL, "name of 3 bytes");
    CHECK_FAILS(zc_weights_add(weights, "", 0, 0, 1, shape, 0, 0, &error), ZC_MODEL, "name of 0 bytes");
    CHECK(zc_weights_count(weights) == 3);
    /* Names that share prefixes, through several sizes of the table. */
    char name[16];
    for (int i = 0; i < 1000; i++) {
        (void)snprintf(name, sizeof name, "n%d", i);
        CHECK(add(weights, name, ZC_WEIGHT_F32, 1, 1, (uint64_t)i * 4) == ZC_OK);
    }
    for (int i = 0; i < 1000; i++) {
        int size = snprintf(name, sizeof name, "n%d", i);
        uint32_t found = zc_weights_find(weights, name, (size_t)size);
        CHECK(found == (uint32_t)i + 3 && zc_weights_get(weights, found)->offset == (uint64_t)i * 4);
    }
    CHECK(zc_weights_find(weights, "n", 1) == UINT32_MAX && zc_weights_find(weights, "n1000", 5) == UINT32_MAX);
    CHECK(zc_weights_find(weights, "n1\0", 3) == UINT32_MAX && zc_weights_find(weights, "", 0) == UINT32_MAX);
    zc_weights_release(zc_weights_retain(weights));
    zc_weights_release(weights);
    zc_weights_release(NULL);
}

static void test_files(void)
{
    zc_weights *weights;
    int file = make_file("empty", 0), pipes[2];
    CHECK_FAILS(zc_weights_open(file, &weights, &error), ZC_MODEL, "is empty");
    (void)close(file);
    CHECK_FAILS(zc_weights_open(file, &weights, &error), ZC_MODEL, "cannot tell the size");
    CHECK(pipe(pipes) == 0);
    CHECK_FAILS(zc_weights_open(pipes[0], &weights, &error), ZC_MODEL, "not a plain file");
    (void)close(pipes[0]);
    (void)close(pipes[1]);
}

static zc_device *open_device(const char *kind)
{
    zc_device *device;
    CHECK(zc_device_open(kind, NULL, &device, &error) == ZC_OK);
    return device;
}

static void test_writes_are_refused(void)
{
    zc_weights *weights = open_weights();
    zc_device *device = open_device("cpu");
    zc_range range;
    CHECK(add(weights, "a", ZC_WEIGHT_F32, 1, 16, 0) == ZC_OK);
    CHECK(zc_weights_load(weights, device, NULL, &error) == ZC_OK);
    CHECK(zc_weights_range(weights, 0, device, &range, &error) == ZC_OK && range.length == 64);
    CHECK(range.region == zc_weights_region(weights, 0));
    CHECK_FAILS(zc_weights_range(weights, 1, device, &range, &error), ZC_BAD_VALUE, "no tensor number 1");
    zc_fill_params params = {.count = 4};
    const zc_kernel *fill = zc_kernel_get(ZC_KERNEL_fill);
    CHECK_FAILS(zc_device_run(device, &(zc_dispatch){fill, &range, 1, &params, sizeof params}, &error), ZC_BAD_VALUE,
                "read-only");
    zc_batch *batch;
    CHECK(zc_batch_new(device, &batch, &error) == ZC_OK);
    CHECK_FAILS(zc_batch_dispatch(batch, &(zc_dispatch){fill, &range, 1, &params, sizeof params}, &error), ZC_BAD_VALUE,
                "read-only");
    CHECK_FAILS(zc_device_upload(device, range.region, 0, &params, 4, &error), ZC_BAD_VALUE, "read-only");
    zc_batch_free(batch);
    zc_device_release(device);
    zc_weights_release(weights);
}

static void check_uploaded(zc_weights *weights, zc_device *device)
{
    for (uint32_t i = 0; i < zc_weights_count(weights); i++) {
        const zc_tensor *tensor = zc_weights_get(weights, i);
        zc_range range;
        uint8_t bytes[256];
        CHECK(zc_weights_range(weights, i, device, &range, &error) == ZC_OK);
        CHECK(range.length == tensor->bytes && range.region != zc_weights_region(weights, tensor->file));
        CHECK(zc_device_download(device, range.region, range.offset, bytes, range.length, &error) == ZC_OK);
        CHECK(memcmp(bytes, bytes_of(weights, tensor), range.length) == 0);
    }
}

typedef struct reports {
    int count, stop_at;
    uint64_t done, total;
} reports;

static bool report(void *context, uint64_t done, uint64_t total)
{
    reports *seen = context;
    seen->done = done;
    seen->total = total;
    return ++seen->count != seen->stop_at;
}

typedef struct asking {
    zc_weights *weights;
    zc_device *device;
    int refused;
} asking;

/* Asks for the same again, for which it would wait for ever. */
static bool load_again(void *context, uint64_t done, uint64_t total)
{
    asking *again = context;
    (void)done, (void)total;
    CHECK_FAILS(zc_weights_load(again->weights, again->device, NULL, &error), ZC_BAD_VALUE,
                "being uploaded by this very");
    again->refused++;
    return true;
}

static bool pack_again(void *context, uint64_t done, uint64_t total)
{
    asking *again = context;
    const uint32_t index = 0;
    (void)done, (void)total;
    CHECK_FAILS(zc_weights_pack(again->weights, again->device, &index, 1, NULL, &error), ZC_BAD_VALUE,
                "being packed by this very");
    again->refused++;
    return true;
}

static zc_weights *two_tensors(void)
{
    zc_weights *weights = open_weights();
    CHECK(add(weights, "late", ZC_WEIGHT_Q8_0, 2, 64, 90004) == ZC_OK);
    CHECK(add(weights, "early", ZC_WEIGHT_F32, 2, 8, 40000) == ZC_OK);
    return weights;
}

static void test_upload_that_does_not_fit(void)
{
    zc_weights *weights = two_tensors();
    uint64_t needed = 90004 + 2 * 68 - 40000 / ZC_REGION_ALIGNMENT * ZC_REGION_ALIGNMENT; /* one part */
    fake_memory = needed - 1;
    zc_device *device = open_device("vulkan");
    uint64_t before = zc_copies_get(ZC_COPY_WEIGHTS_UPLOAD);
    CHECK_FAILS(zc_weights_load(weights, device, NULL, &error), ZC_DEVICE, "the memory of fake");
    CHECK(zc_copies_get(ZC_COPY_WEIGHTS_UPLOAD) == before && locals_alive == 0);
    zc_device_release(device);
    zc_weights_release(weights);
    fake_memory = needed;
    weights = two_tensors();
    device = open_device("vulkan");
    CHECK(zc_weights_load(weights, device, NULL, &error) == ZC_OK);
    check_uploaded(weights, device);
    fake_memory = 0;
    zc_device_release(device);
    zc_weights_release(weights);
    CHECK(locals_alive == 0);
}

static void test_upload(void)
{
    zc_weights *weights = two_tensors();
    zc_device *device = open_device("vulkan");
    zc_range range;
    uint64_t before = zc_copies_get(ZC_COPY_WEIGHTS_UPLOAD);
    CHECK_FAILS(zc_weights_range(weights, 0, device, &range, &error), ZC_BAD_VALUE,
                "tensor late is not in the memory of fake");
    void *address;
    CHECK_FAILS(zc_device_buffer_address(device, zc_weights_region(weights, 0), &address, &error), ZC_BAD_VALUE,
                "uses no mapped file");
    failing_copies = 1;
    CHECK_FAILS(zc_weights_load(weights, device, NULL, &error), ZC_DEVICE, "copy failed");
    CHECK_FAILS(zc_weights_range(weights, 0, device, &range, &error), ZC_BAD_VALUE, "load the weights first");
    reports seen = {.stop_at = 1};
    zc_device_progress progress = {.report = report, .context = &seen};
    CHECK_FAILS(zc_weights_load(weights, device, &progress, &error), ZC_HOST, "was stopped");
    CHECK(locals_alive == 0);
    before = zc_copies_get(ZC_COPY_WEIGHTS_UPLOAD);
    seen.stop_at = 0;
    copies = 0;
    CHECK(zc_weights_load(weights, device, &progress, &error) == ZC_OK);
    CHECK(seen.done == seen.total && seen.total == 90004 + 136 - 2 * ZC_REGION_ALIGNMENT);
    CHECK(zc_copies_get(ZC_COPY_WEIGHTS_UPLOAD) - before == seen.total);
    CHECK(zc_weights_load(weights, device, NULL, &error) == ZC_OK && copies == 1);
    check_uploaded(weights, device);
    zc_device_release(device); /* the weights keep it */
    CHECK(locals_alive == 1);
    zc_weights_release(weights);
    CHECK(locals_alive == 0);
    weights = two_tensors();
    device = open_device("vulkan");
    asking again = {weights, device, 0};
    zc_device_progress asks = {.report = load_again, .context = &again};
    CHECK(zc_weights_load(weights, device, &asks, &error) == ZC_OK && again.refused == 1);
    zc_weights_release(weights);
    zc_device_release(device);
    weights = open_weights(); /* without any tensor */
    device = open_device("vulkan");
    CHECK(zc_weights_load(weights, device, NULL, &error) == ZC_OK);
    zc_weights_release(weights);
    zc_device_release(device);
}

/* What a device made of weights goes with their mapping, not with the device nor the weights. */
static void test_pack(void)
{
    zc_weights *weights = open_weights();
    zc_device *device = open_device("cpu"), *other = open_device("vulkan");
    const uint32_t indices[] = {0, 1, 2};
    CHECK(add(weights, "a", ZC_WEIGHT_F32, 3, 50, 400) == ZC_OK);
    CHECK(add(weights, "none", ZC_WEIGHT_F32, 0, 50, 400) == ZC_OK);
    CHECK_FAILS(zc_weights_pack(weights, device, indices, 3, NULL, &error), ZC_BAD_VALUE, "no tensor number 2");
    CHECK(zc_weights_pack(weights, other, indices, 2, NULL, &error) == ZC_OK && packed_alive == 0);
    CHECK(zc_weights_pack(weights, device, indices, 0, NULL, &error) == ZC_OK && packed_alive == 0);
    asking again = {weights, device, 0};
    zc_device_progress asks = {.report = pack_again, .context = &again};
    CHECK(zc_weights_pack(weights, device, indices, 2, &asks, &error) == ZC_OK && again.refused == 1);
    CHECK(packed_alive == 1 && packed_matrices == 1);
    zc_region *region = zc_region_retain(zc_weights_region(weights, 0));
    zc_device_release(device);
    zc_device_release(other);
    zc_weights_release(weights);
    CHECK(packed_alive == 1);
    zc_region_release(region);
    CHECK(packed_alive == 0);
}

/* Devices that use little at once: the tensors are dealt into parts, in the device's memory or mapped. */
static void test_parts(void)
{
    for (int unified = 0; unified < 2; unified++) {
        zc_weights *weights = open_weights();
        zc_range ranges[5];
        CHECK(add(weights, "end", ZC_WEIGHT_F32, 1, 4000, 84000) == ZC_OK);
        CHECK(add(weights, "none", ZC_WEIGHT_F32, 0, 5, 60000) == ZC_OK);
        CHECK(add(weights, "first", ZC_WEIGHT_F32, 1, 5000, 4) == ZC_OK);
        CHECK(add(weights, "inside", ZC_WEIGHT_F32, 1, 50, 400) == ZC_OK);
        CHECK(add(weights, "second", ZC_WEIGHT_F32, 1, 4000, 50000) == ZC_OK);
        fake_unified = unified;
        fake_max_region = 3 * ZC_REGION_ALIGNMENT + 5;
        zc_device *device = open_device("vulkan");
        CHECK_FAILS(zc_weights_range(weights, 0, device, &ranges[0], &error), ZC_BAD_VALUE, "load the weights first");
        reports seen = {0};
        zc_device_progress progress = {.report = report, .context = &seen};
        CHECK(zc_weights_load(weights, device, &progress, &error) == ZC_OK);
        CHECK(zc_weights_load(weights, device, &progress, &error) == ZC_OK);
        CHECK(locals_alive == 3 && seen.count == (unified ? 0 : 3) && seen.done == seen.total);
        for (uint32_t i = 0; i < 5; i++) {
            const zc_tensor *tensor = zc_weights_get(weights, i);
            const uint8_t *bytes = bytes_of(weights, tensor);
            static uint8_t copy[40000];
            CHECK(zc_weights_range(weights, i, device, &ranges[i], &error) == ZC_OK &&
                  ranges[i].length == tensor->bytes);
            if (i == 1) {
                CHECK(!ranges[i].region);
                continue;
            }
            CHECK(ranges[i].region != zc_weights_region(weights, 0));
            CHECK(ranges[i].offset + ranges[i].length <= zc_region_size(ranges[i].region));
            CHECK(zc_region_size(ranges[i].region) <= fake_max_region && ranges[i].offset % 4 == 0);
            CHECK(zc_region_read_only(ranges[i].region) == unified);
            if (unified) {
                CHECK(memcmp(zc_region_base(ranges[i].region) + ranges[i].offset, bytes, tensor->bytes) == 0);
            } else {
                CHECK(zc_device_download(device, ranges[i].region, ranges[i].offset, copy, tensor->bytes, &error) ==
                      ZC_OK);
                CHECK(memcmp(copy, bytes, tensor->bytes) == 0);
            }
        }
        CHECK(ranges[2].region == ranges[3].region && ranges[2].region != ranges[4].region);
        zc_weights_release(weights);
        zc_device_release(device);
        CHECK(locals_alive == 0);
        weights = open_weights();
        device = open_device("vulkan");
        CHECK(add(weights, "small", ZC_WEIGHT_F32, 1, 1, 0) == ZC_OK);
        CHECK(add(weights, "large", ZC_WEIGHT_F32, 1, 13000, 4) == ZC_OK);
        CHECK_FAILS(zc_weights_load(weights, device, NULL, &error), ZC_DEVICE, "tensor large has 52000 bytes");
        zc_weights_release(weights);
        zc_device_release(device);
    }
    fake_unified = false;
    fake_max_region = 0;
}

/* Several files, and what was made: each has its own numbers and limits, and all of them devices, whole or dealt into
 * parts, in memory of their own or not. */
static void test_several_files(void)
{
    static const struct {
        bool unified;
        uint64_t limit;
        int buffers; /* that the device has of them */
    } kinds[] = {{true, UINT64_C(1) << 32, 3},
                 {true, 3 * ZC_REGION_ALIGNMENT, 5},
                 {true, 2 * ZC_REGION_ALIGNMENT, 5},
                 {false, 0, 3},
                 {false, 3 * ZC_REGION_ALIGNMENT, 5}};
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
        zc_weights *weights = open_weights();
        zc_range range;
        int second = make_file("second", 50000);
        uint64_t before = zc_copies_get(ZC_COPY_WEIGHTS_MADE);
        CHECK(add_files(weights, second) == ZC_OK && zc_weights_file_count(weights) == 3);
        CHECK(zc_copies_get(ZC_COPY_WEIGHTS_MADE) - before == 40000 && zc_weights_size(weights, 2) == 40000);
        (void)close(second);
        CHECK(zc_region_read_only(zc_weights_region(weights, 2)));
        zc_weights_let_go(weights); /* and all of it is there still */
        CHECK(bytes_of(weights, &(zc_tensor){.file = 2, .offset = 257})[0] == (uint8_t)(257 * 11 + 1));
        CHECK(add_in(weights, 2, "made", ZC_WEIGHT_F32, 1, 6000, 400) == ZC_OK);
        CHECK(add_in(weights, 1, "b", ZC_WEIGHT_F32, 1, 500, 48000) == ZC_OK);
        CHECK(add_in(weights, 0, "c", ZC_WEIGHT_F32, 1, 500, 90000) == ZC_OK);
        CHECK(add_in(weights, 0, "d", ZC_WEIGHT_F32, 1, 500, 400) == ZC_OK);
        CHECK(add_in(weights, 1, "e", ZC_WEIGHT_F32, 1, 500, 0) == ZC_OK);
        CHECK(add_in(weights, 1, "none", ZC_WEIGHT_F32, 0, 500, 50000) == ZC_OK);
        CHECK_FAILS(add_in(weights, 1, "b", ZC_WEIGHT_F32, 1, 1, 8), ZC_MODEL,
                    "is there twice, at offsets 48000 and 8");
        CHECK_FAILS(add_in(weights, 0, "b", ZC_WEIGHT_F32, 1, 1, 8), ZC_MODEL, "is there twice, also in file number 2");
        CHECK_FAILS(add_in(weights, 3, "x", ZC_WEIGHT_F32, 1, 1, 0), ZC_MODEL, "lies in file number 3, there are 3");
        CHECK_FAILS(add_in(weights, UINT32_MAX, "x", ZC_WEIGHT_F32, 1, 1, 0), ZC_MODEL, "there are 3");
        CHECK_FAILS(add_in(weights, 1, "x", ZC_WEIGHT_F32, 1, 1, 50000), ZC_MODEL, "inside the file of 50000 bytes");
        CHECK_FAILS(add_in(weights, 2, "x", ZC_WEIGHT_F32, 1, 2, 39996), ZC_MODEL, "inside the file of 40000 bytes");
        CHECK_FAILS(make(weights, &range, 0), ZC_BAD_VALUE, "0 bytes cannot be made");
        CHECK_FAILS(zc_weights_map(weights, -1, &error), ZC_MODEL, "cannot tell the size");
        CHECK(zc_weights_file_count(weights) == 3);
        fake_unified = kinds[k].unified;
        fake_max_region = kinds[k].limit;
        zc_device *device = open_device("vulkan");
        CHECK(zc_weights_load(weights, device, NULL, &error) == ZC_OK && locals_alive == kinds[k].buffers);
        CHECK(zc_copies_get(ZC_COPY_WEIGHTS_MADE) - before == 40000); /* no device copies it again */
        for (uint32_t i = 0; i < zc_weights_count(weights); i++) {
            const zc_tensor *tensor = zc_weights_get(weights, i);
            static uint8_t copied[24000];
            CHECK(zc_weights_range(weights, i, device, &range, &error) == ZC_OK && range.length == tensor->bytes);
            if (tensor->bytes && fake_unified) {
                CHECK(memcmp(zc_region_base(range.region) + range.offset, bytes_of(weights, tensor), tensor->bytes) ==
                      0);
                CHECK(zc_region_read_only(range.region));
            } else if (tensor->bytes) {
                CHECK(zc_device_download(device, range.region, range.offset, copied, tensor->bytes, &error) == ZC_OK);
                CHECK(memcmp(copied, bytes_of(weights, tensor), tensor->bytes) == 0);
            }
        }
        zc_weights_release(weights);
        zc_device_release(device);
        CHECK(locals_alive == 0);
    }
    fake_unified = false;
    fake_max_region = 0;
    /* Each file is packed by itself, told of as one; what was made is not. */
    zc_weights *weights = open_weights();
    zc_device *device = open_device("cpu");
    int second = make_file("second", 50000);
    const uint32_t indices[] = {0, 1, 2};
    reports seen = {0};
    zc_device_progress progress = {.report = report, .context = &seen};
    CHECK(add_files(weights, second) == ZC_OK);
    for (uint32_t i = 0; i < 3; i++) {
        CHECK(add_in(weights, i, (const char *[]){"a", "b", "c"}[i], ZC_WEIGHT_F32, 3, 50, 400) == ZC_OK);
    }
    CHECK(zc_weights_pack(weights, device, indices, 3, &progress, &error) == ZC_OK);
    CHECK(packed_alive == 2 && seen.count == 2 && seen.done == seen.total);
    while (zc_weights_file_count(weights) < ZC_WEIGHTS_MAX_FILES) {
        CHECK(make(weights, "abcd", 4) == ZC_OK);
    }
    CHECK_FAILS(zc_weights_map(weights, second, &error), ZC_MODEL, "one of more than 1024 files");
    (void)close(second);
    zc_weights_release(weights);
    zc_device_release(device);
    CHECK(packed_alive == 0);
}

typedef struct shared {
    zc_weights *weights;
    zc_device *device;
} shared;

static void *load_and_check(void *context)
{
    shared *with = context;
    zc_weights *weights = zc_weights_retain(with->weights);
    CHECK(zc_weights_load(weights, with->device, NULL, &error) == ZC_OK);
    check_uploaded(weights, with->device);
    CHECK(zc_weights_find(weights, "early", 5) == 1);
    zc_weights_release(weights);
    return NULL;
}

static void test_threads(void)
{
    shared with = {two_tensors(), open_device("vulkan")};
    pthread_t threads[8];
    copies = 0;
    slow = true;
    failing_copies = 0;
    for (int i = 0; i < 8; i++) {
        CHECK(pthread_create(&threads[i], NULL, load_and_check, &with) == 0);
    }
    usleep(100000);
    slow = false;
    for (int i = 0; i < 8; i++) {
        CHECK(pthread_join(threads[i], NULL) == 0);
    }
    CHECK(copies == 1 + 8 * 2);
    zc_weights_release(with.weights);
    zc_device_release(with.device);
}

static void *load_only(void *context)
{
    shared *with = context;
    CHECK(zc_weights_load(with->weights, with->device, NULL, &error) == ZC_OK);
    return NULL;
}

/* In the child the mapping works, what the parent uploaded or is uploading is refused, and nothing waits for ever. */
static void test_fork(void)
{
    shared with = {two_tensors(), open_device("vulkan")};
    for (int uploading = 1; uploading >= 0; uploading--) {
        pthread_t thread;
        slow = uploading;
        if (uploading) {
            CHECK(pthread_create(&thread, NULL, load_only, &with) == 0);
            usleep(50000);
        }
        pid_t child = fork();
        if (child == 0) {
            (void)alarm(20);
            slow = false;
            CHECK_FAILS(zc_weights_load(with.weights, with.device, NULL, &error), ZC_DEVICE, "before a fork");
            zc_device *own = open_device("vulkan"), *cpu = open_device("cpu");
            zc_range range;
            CHECK(own != with.device && zc_weights_load(with.weights, own, NULL, &error) == ZC_OK);
            check_uploaded(with.weights, own);
            CHECK(zc_weights_load(with.weights, cpu, NULL, &error) == ZC_OK);
            CHECK(zc_weights_range(with.weights, 0, cpu, &range, &error) == ZC_OK);
            zc_device_release(own);
            zc_device_release(cpu);
            zc_weights_release(with.weights);
            _exit(0);
        }
        int status;
        CHECK(child > 0 && waitpid(child, &status, 0) == child);
        CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
        if (uploading) {
            CHECK(pthread_join(thread, NULL) == 0);
        }
    }
    check_uploaded(with.weights, with.device);
    zc_weights_release(with.weights);
    zc_device_release(with.device);
}

/* One life of weights; true when an allocation failed, which must be all that went wrong. */
static bool live(int file, int second, const char *kind)
{
    zc_weights *weights = NULL;
    zc_device *device = NULL;
    zc_range range;
    char name[16];
    zc_status status = zc_weights_open(file, &weights, &error);
    status = status == ZC_OK ? add_files(weights, second) : status;
    for (int i = 0; i < 100 && status == ZC_OK; i++) {
        (void)snprintf(name, sizeof name, "n%d", i);
        status = add_in(weights, (uint32_t)i % 3, name, ZC_WEIGHT_F32, 1, 1, (uint64_t)i * 4);
        CHECK(zc_weights_count(weights) == (uint32_t)(status == ZC_OK ? i + 1 : i));
        CHECK(zc_weights_find(weights, name, strlen(name)) == (status == ZC_OK ? (uint32_t)i : UINT32_MAX));
    }
    status = status == ZC_OK ? zc_device_open(kind, NULL, &device, &error) : status;
    status = status == ZC_OK ? zc_weights_load(weights, device, NULL, &error) : status;
    if (status == ZC_OK) {
        CHECK(zc_weights_range(weights, 5, device, &range, &error) == ZC_OK);
    }
    CHECK(status == ZC_OK || (status == ZC_NO_MEMORY && error.code == ZC_NO_MEMORY));
    zc_weights_release(weights);
    zc_device_release(device);
    return status != ZC_OK;
}

static void test_allocations_fail(void)
{
    int file = make_file("faults", FILE_SIZE), second = make_file("second", 50000), failures = 0;
    for (int kind = 0; kind < 3; kind++) {
        fake_unified = kind == 2;
        fake_max_region = kind == 2 ? 2 * ZC_REGION_ALIGNMENT : 0;
        for (long n = 0;; n++) {
            atomic_store(&countdown, n);
            bool failed = live(file, second, kind == 1 ? "cpu" : "vulkan");
            bool used = atomic_load(&countdown) < 0;
            atomic_store(&countdown, -1);
            CHECK(failed == used);
            CHECK(locals_alive == 0);
            if (!used) {
                break;
            }
            failures++;
        }
    }
    CHECK(failures > 200);
    (void)close(file);
    (void)close(second);
}

int main(int count, char **arguments)
{
    if (count != 2) {
        return 2;
    }
    folder = arguments[1];
    long before = blocks;
    test_region();
    test_check();
    test_files();
    test_writes_are_refused();
    test_upload();
    test_pack();
    test_upload_that_does_not_fit();
    test_parts();
    test_several_files();
    test_threads();
#if !defined(WITHOUT_FORK)
    test_fork();
#endif
    test_allocations_fail();
    CHECK(zc_region_count() == 0);
    CHECK(blocks == before);
    puts("ok");
    return 0;
}
