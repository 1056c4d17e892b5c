/* test_device: the device layer without Python: the check of dispatches, ordering, submissions, fork, and,
 * with a fake GPU backend in place of Vulkan, buffers over regions and hazards.
 *
 * Built by tests/test_device_core.py from this file and the device layer. Prints the first failure and exits with 1.
 * "bench" as the argument measures the call overhead instead.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "device/zc_device_internal.h"
#include "device/zc_driver.h"

#include "check.h"
#include "counted_alloc.h"

/* Under TSan a forked child cannot start threads. */
#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define WITHOUT_FORK
#endif
#endif
#if defined(__SANITIZE_THREAD__)
#define WITHOUT_FORK
#endif

static zc_error error;

/* ---- a fake GPU: holds work until told to complete it ---- */
static struct {
    int opened, buffers_alive, buffers_made, closed;
    uint64_t last_size;
    zc_device_piece *held;
} fake;

static void fake_probe(zc_device_info *info)
{
    CHECK(zc_driver_inside()); /* or the process's exit would not know: here and below */
    info->available = true;
    info->software = true;
    info->max_buffer = 1 << 20;
    strcpy(info->name, "fake");
}
static zc_status fake_open(const zc_device_options *options, zc_device_info *info, void **self, zc_error *e)
{
    (void)options, (void)info, (void)e;
    CHECK(zc_driver_inside());
    fake.opened++;
    *self = &fake;
    return ZC_OK;
}
static void fake_close(void *self)
{
    (void)self;
    CHECK(zc_driver_inside());
    fake.closed++;
}
static zc_status fake_buffer(void *self, void *address, uint64_t size, bool read_only, void **buffer,
                             void **device_address, zc_error *e)
{
    (void)self, (void)read_only, (void)e;
    CHECK(zc_driver_inside());
    fake.buffers_alive++;
    fake.buffers_made++;
    fake.last_size = size;
    *buffer = malloc(1);
    *device_address = address;
    return ZC_OK;
}
static void fake_buffer_release(void *self, void *buffer)
{
    (void)self;
    CHECK(zc_driver_inside());
    fake.buffers_alive--;
    free(buffer);
}
static zc_status fake_submit(void *self, zc_device_piece *work, zc_error *e)
{
    (void)self, (void)e;
    fake.held = work;
    return ZC_OK;
}
const zc_device_backend zc_device_vulkan = {.kind = "vulkan",
                                            .probe = fake_probe,
                                            .open = fake_open,
                                            .close = fake_close,
                                            .buffer_from_host = fake_buffer,
                                            .buffer_release = fake_buffer_release,
                                            .submit = fake_submit};

static zc_status dispatch(zc_batch *batch, const char *kernel, const zc_range *ranges, size_t count, const void *params,
                          size_t size)
{
    return zc_batch_dispatch(batch, &(zc_dispatch){zc_kernel_find(kernel), ranges, count, params, size}, &error);
}

static void test_check(zc_device *device, zc_region *region)
{
    const zc_kernel *affine = zc_kernel_find("affine"), *add = zc_kernel_find("add");
    zc_affine_params p = {.count = 16, .scale = 2, .shift = 1};
    uint64_t size = zc_region_size(region);
    zc_range r[3] = {{region, 0, 64}, {region, 64, 64}, {region, 128, 64}};
    CHECK(zc_device_run(device, &(zc_dispatch){affine, r, 2, &p, sizeof p}, &error) == ZC_OK);
    CHECK_FAILS(zc_device_run(device, &(zc_dispatch){NULL, r, 2, &p, sizeof p}, &error), ZC_BAD_VALUE, "no kernel");
    CHECK_FAILS(zc_device_run(device, &(zc_dispatch){affine, r, 3, &p, sizeof p}, &error), ZC_BAD_VALUE,
                "takes 2 ranges, got 3");
    CHECK_FAILS(zc_device_run(device, &(zc_dispatch){affine, r, 2, &p, 8}, &error), ZC_BAD_VALUE,
                "takes 12 bytes of parameters, got 8");
    r[0].length = 60;
    CHECK_FAILS(zc_device_run(device, &(zc_dispatch){affine, r, 2, &p, sizeof p}, &error), ZC_OUT_OF_BOUNDS,
                "affine, x: the parameters need 64 bytes, the range has 60");
    r[0] = (zc_range){region, 2, 64};
    CHECK_FAILS(zc_device_run(device, &(zc_dispatch){affine, r, 2, &p, sizeof p}, &error), ZC_BAD_VALUE,
                "offset 2 is not a multiple of its element size 4");
    r[0] = (zc_range){region, size - 60, 64};
    CHECK_FAILS(zc_device_run(device, &(zc_dispatch){affine, r, 2, &p, sizeof p}, &error), ZC_OUT_OF_BOUNDS,
                "64 bytes at offset");
    r[0] = (zc_range){region, UINT64_MAX - 3, 64};
    CHECK_FAILS(zc_device_run(device, &(zc_dispatch){affine, r, 2, &p, sizeof p}, &error), ZC_OUT_OF_BOUNDS,
                "18446744073709551612");
    r[0] = (zc_range){region, 64, UINT64_MAX - 63};
    CHECK_FAILS(zc_device_run(device, &(zc_dispatch){affine, r, 2, &p, sizeof p}, &error), ZC_OUT_OF_BOUNDS,
                "do not lie inside");
    r[0] = (zc_range){NULL, 0, 64};
    CHECK_FAILS(zc_device_run(device, &(zc_dispatch){affine, r, 2, &p, sizeof p}, &error), ZC_BAD_VALUE,
                "64 bytes has no region");
    r[0] = (zc_range){region, 32, 64};
    CHECK_FAILS(zc_device_run(device, &(zc_dispatch){affine, r, 2, &p, sizeof p}, &error), ZC_BAD_VALUE,
                "out (bytes 64 to 128) overlaps x (bytes 32 to 96)");
    r[0] = r[1]; /* in place */
    CHECK(zc_device_run(device, &(zc_dispatch){affine, r, 2, &p, sizeof p}, &error) == ZC_OK);
    r[0].length = 4096; /* longer ranges than needed are no overlap */
    CHECK(zc_device_run(device, &(zc_dispatch){affine, r, 2, &p, sizeof p}, &error) == ZC_OK);
    zc_elementwise_params e = {.count = 16};
    r[0] = r[1] = (zc_range){region, 0, 64}; /* inputs may alias */
    CHECK(zc_device_run(device, &(zc_dispatch){add, r, 3, &e, sizeof e}, &error) == ZC_OK);
    zc_matmul_params m = {.m = 2, .n = 2, .k = 2, .batch = 1, .lda = 2, .ldb = 2, .ldc = 2, .alpha = 1};
    r[0] = r[2] = (zc_range){region, 0, 16};
    CHECK_FAILS(zc_device_run(device, &(zc_dispatch){zc_kernel_find("matmul"), r, 3, &m, sizeof m}, &error),
                ZC_BAD_VALUE, "c (bytes 0 to 16) overlaps a (bytes 0 to 16)");
    e.count = 0;
    zc_range none[3] = {{0}};
    CHECK(zc_device_run(device, &(zc_dispatch){add, none, 3, &e, sizeof e}, &error) == ZC_OK);
    CHECK_FAILS(zc_device_open("cuda", NULL, &device, &error), ZC_BAD_VALUE, "\"cuda\"");
    CHECK_FAILS(zc_device_open("metal", NULL, &device, &error), ZC_DEVICE, "Metal");
    CHECK_FAILS(zc_device_open("cpu", &(zc_device_options){.threads = 5000}, &device, &error), ZC_BAD_VALUE, "5000");
}

static zc_submission *increments(zc_device *device, zc_region *region, unsigned times, uint32_t count)
{
    zc_batch *batch;
    zc_submission *submission;
    zc_range r[2] = {{region, 0, (uint64_t)count * 4}, {region, 0, (uint64_t)count * 4}};
    zc_affine_params p = {.count = count, .scale = 1, .shift = 1};
    CHECK(zc_batch_new(device, &batch, &error) == ZC_OK);
    for (unsigned i = 0; i < times; i++) {
        CHECK(dispatch(batch, "affine", r, 2, &p, sizeof p) == ZC_OK);
    }
    CHECK(zc_batch_length(batch) == times);
    CHECK(zc_batch_submit(batch, &submission, &error) == ZC_OK);
    CHECK(zc_batch_length(batch) == 0);
    zc_batch_free(batch);
    return submission;
}

static void *waiter(void *submission)
{
    CHECK(zc_submission_wait(submission, -1, NULL) == ZC_OK);
    return NULL;
}

static void test_order(zc_device *device, zc_region *region)
{
    float *x = (float *)zc_region_base(region);
    zc_submission *s[10];
    pthread_t threads[4];
    int ends[2];
    char byte;
    double seconds;
    memset(x, 0, 4096);
    for (int i = 0; i < 10; i++) {
        s[i] = increments(device, region, 10, 1024);
    }
    CHECK(pipe(ends) == 0);
    CHECK(zc_submission_notify(s[9], ends[1], &error) == ZC_OK);
    CHECK(zc_submission_notify(s[9], ends[1], &error) == ZC_OK);
    CHECK_FAILS(zc_submission_notify(s[9], 999, &error), ZC_BAD_VALUE, "999");
    close(ends[1]);
    for (int i = 0; i < 4; i++) {
        CHECK(pthread_create(&threads[i], NULL, waiter, s[9]) == 0);
    }
    zc_affine_params p = {.count = 1024, .scale = 2, .shift = 0};
    zc_range r[2] = {{region, 0, 4096}, {region, 0, 4096}};
    CHECK(zc_device_run(device, &(zc_dispatch){zc_kernel_find("affine"), r, 2, &p, sizeof p}, &error) == ZC_OK);
    CHECK(x[0] == 200 && x[1023] == 200);
    CHECK(read(ends[0], &byte, 1) == 1 && read(ends[0], &byte, 1) == 1 && read(ends[0], &byte, 1) == 0);
    close(ends[0]);
    for (int i = 0; i < 4; i++) {
        pthread_join(threads[i], NULL);
    }
    for (int i = 0; i < 10; i++) {
        CHECK(zc_submission_wait(s[i], -1, &error) == ZC_OK && zc_submission_done(s[i]));
        CHECK(zc_submission_seconds(s[i], &seconds, &error) == ZC_OK && seconds >= 0);
        zc_submission_release(s[i]);
    }
    CHECK(zc_region_pins(region) == 0);
    /* A reader that went away raises no SIGPIPE. */
    CHECK(pipe(ends) == 0);
    s[0] = increments(device, region, 2000, 1024);
    CHECK(zc_submission_notify(s[0], ends[1], &error) == ZC_OK);
    close(ends[0]);
    close(ends[1]);
    zc_submission_release(s[0]);
    zc_device_drain_all();
    CHECK(zc_region_pins(region) == 0);
}

static void test_hazards(zc_region *region)
{
    zc_device *device, *again;
    zc_batch *batch;
    zc_submission *submission;
    void *address;
    CHECK(zc_device_open("vulkan", NULL, &device, &error) == ZC_OK);
    CHECK(zc_device_open("vulkan", NULL, &again, &error) == ZC_OK && again == device && fake.opened == 1);
    zc_device_release(again);
    CHECK(zc_device_buffer_address(device, region, &address, &error) == ZC_OK && address == zc_region_base(region));
    CHECK(zc_batch_new(device, &batch, &error) == ZC_OK);
    zc_elementwise_params p = {.count = 4};
    zc_range a = {region, 0, 16}, b = {region, 16, 16}, c = {region, 32, 16}, d = {region, 48, 16};
    zc_range script[][3] = {
        {a, b, c}, /* first */
        {a, b, d}, /* reads shared, writes apart */
        {c, b, b}, /* reads c: RAW */
        {a, a, d}, /* apart from b, c since the barrier */
        {a, a, d}, /* WAW on d */
        {b, b, a}, /* WAR on a */
        {c, c, c}, /* apart */
    };
    bool expected[] = {false, false, true, false, true, true, false};
    for (size_t i = 0; i < 7; i++) {
        CHECK(dispatch(batch, "add", script[i], 3, &p, sizeof p) == ZC_OK);
    }
    CHECK(zc_region_pins(region) == 1 && fake.buffers_made == 1);
    /* Growth: only a range beyond the old buffer makes a new one, which covers a quarter more than that did. */
    uint64_t old;
    CHECK(zc_region_grow(region, 65536, &old, &error) == ZC_OK);
    CHECK(dispatch(batch, "add", script[0], 3, &p, sizeof p) == ZC_OK && fake.buffers_made == 1);
    zc_range high[3] = {a, b, {region, old, 16}};
    CHECK(dispatch(batch, "add", high, 3, &p, sizeof p) == ZC_OK);
    CHECK(fake.buffers_made == 2 && fake.buffers_alive == 2 && fake.last_size == old + old / 4);
    CHECK(old / 4 > 65536 && zc_region_size(region) == old + 65536);
    zc_range beyond = {region, old + 65536, 16};
    CHECK_FAILS(dispatch(batch, "fill", &beyond, 1, &(zc_fill_params){.count = 4}, sizeof(zc_fill_params)),
                ZC_OUT_OF_BOUNDS, "do not lie inside a memory of");
    zc_fill_params f = {.count = (1 << 18) + 1};
    CHECK_FAILS(dispatch(batch, "fill", &(zc_range){region, 0, 1048580}, 1, &f, sizeof f), ZC_BAD_VALUE,
                "1048580 bytes, device vulkan binds at most 1048576");
    CHECK(zc_batch_submit(batch, &submission, &error) == ZC_OK && fake.held->count == 9);
    for (size_t i = 0; i < 7; i++) {
        CHECK(fake.held->commands[i].barrier == expected[i]);
    }
    CHECK(fake.held->commands[8].bindings[0].buffer != fake.held->commands[7].bindings[0].buffer ||
          fake.held->commands[8].bindings[2].buffer != fake.held->commands[7].bindings[2].buffer);
    CHECK_FAILS(zc_submission_wait(submission, 20000000, &error), ZC_TIMEOUT, "0.020 s");
    CHECK_FAILS(zc_submission_wait(submission, 0, &error), ZC_TIMEOUT, "0.000 s");
    double seconds;
    CHECK(zc_submission_seconds(submission, &seconds, &error) == ZC_BUSY);
    zc_error lost;
    (void)zc_fail(&lost, ZC_DEVICE, "the device is lost");
    zc_device_piece_done(fake.held, ZC_DEVICE, 0.25, &lost);
    CHECK(fake.buffers_alive == 1 && zc_region_pins(region) == 0);
    for (int i = 0; i < 2; i++) {
        memset(&error, 0, sizeof error);
        CHECK_FAILS(zc_submission_wait(submission, -1, &error), ZC_DEVICE, "the device is lost");
    }
    CHECK(zc_submission_seconds(submission, &seconds, &error) == ZC_OK && seconds == 0.25);
    zc_submission_release(submission);
    /* A dropped recording lets go of what it named. */
    CHECK(dispatch(batch, "add", script[0], 3, &p, sizeof p) == ZC_OK && zc_region_pins(region) == 1);
    zc_batch_free(batch);
    CHECK(zc_region_pins(region) == 0);
    pid_t child = fork();
    if (child == 0) {
        CHECK_FAILS(zc_batch_new(device, &batch, &error), ZC_DEVICE, "before a fork");
        _exit(0);
    }
    int code;
    CHECK(waitpid(child, &code, 0) == child && code == 0);
    zc_device_release(device); /* the region's buffer still holds it */
    CHECK(fake.closed == 0);
}

static void test_fork(zc_device *device, zc_region *region)
{
#if defined(WITHOUT_FORK)
    return;
#endif
    zc_submission *submission = increments(device, region, 3000, 65536);
    pid_t child = fork();
    if (child == 0) {
        alarm(20);
        CHECK_FAILS(zc_submission_wait(submission, -1, &error), ZC_DEVICE, "lost by fork");
        zc_device_drain_all();
        CHECK(zc_region_pins(region) == 0);
        zc_submission_release(submission);
        ((float *)zc_region_base(region))[0] = 0;
        submission = increments(device, region, 7, 1);
        CHECK(zc_submission_wait(submission, -1, &error) == ZC_OK);
        CHECK(((float *)zc_region_base(region))[0] == 7);
        zc_submission_release(submission);
        zc_device_release(device);
        _exit(0);
    }
    int code;
    CHECK(waitpid(child, &code, 0) == child && code == 0);
    CHECK(zc_submission_wait(submission, -1, &error) == ZC_OK);
    zc_submission_release(submission);
}

/* The device's last reference goes on its own queue thread. */
static void test_last_reference(void)
{
    for (int i = 0; i < 50; i++) {
        zc_device *device;
        zc_region *region;
        CHECK(zc_region_create(65536, 65536, &region, &error) == ZC_OK);
        CHECK(zc_device_open("cpu", &(zc_device_options){.threads = 1}, &device, &error) == ZC_OK);
        zc_submission_release(increments(device, region, 50, 16384));
        zc_region_release(region);
        zc_device_release(device);
    }
    zc_device_drain_all();
}

/* Record two dispatches over two regions, submit, be told, wait. */
static zc_status all_steps(const char *kind, zc_region *const regions[2])
{
    zc_device *device = NULL;
    zc_batch *batch = NULL;
    zc_submission *submission = NULL;
    zc_affine_params p = {.count = 4, .scale = 1, .shift = 1};
    int ends[2];
    CHECK(pipe(ends) == 0);
    zc_status status = zc_device_open(kind, NULL, &device, &error);
    if (status == ZC_OK) {
        status = zc_batch_new(device, &batch, &error);
    }
    for (int i = 0; i < 40 && status == ZC_OK; i++) {
        zc_range r[2] = {{regions[i % 2], 0, 16}, {regions[i % 2], 16, 16}};
        status = zc_batch_dispatch(batch, &(zc_dispatch){zc_kernel_find("affine"), r, 2, &p, sizeof p}, &error);
    }
    if (status == ZC_OK) {
        status = zc_batch_submit(batch, &submission, &error);
    }
    if (status == ZC_OK) {
        status = zc_submission_notify(submission, ends[1], &error);
        if (strcmp(kind, "vulkan") == 0) {
            zc_device_piece_done(fake.held, ZC_OK, 0, NULL);
        }
        CHECK(zc_submission_wait(submission, -1, &error) == ZC_OK);
        zc_submission_release(submission);
    }
    close(ends[0]);
    close(ends[1]);
    zc_batch_free(batch);
    zc_device_release(device);
    return status;
}

/* What is allocated, once it is `expected` or has had the time: a queue thread may be a step behind. */
static long settled(long expected)
{
    for (int i = 0; blocks != expected && i < 300; i++) {
        usleep(1000);
    }
    return blocks;
}

static void test_allocation_failures(const char *kind)
{
    int failures = 0;
    (void)settled(-1);
    for (long n = 0; n < 100; n++) {
        zc_region *regions[2];
        long before = blocks;
        for (int i = 0; i < 2; i++) {
            CHECK(zc_region_create(65536, 65536, &regions[i], &error) == ZC_OK);
        }
        memset(&error, 0, sizeof error);
        countdown = n;
        zc_status status = all_steps(kind, regions);
        bool reached = countdown < 0;
        countdown = -1;
        CHECK(status == ZC_OK || status == ZC_NO_MEMORY);
        CHECK(status == ZC_OK || strstr(error.message, "cannot"));
        failures += status != ZC_OK;
        zc_device_drain_all();
        for (int i = 0; i < 2; i++) {
            CHECK(zc_region_pins(regions[i]) == 0);
            zc_region_release(regions[i]);
        }
        CHECK(settled(before) == before);
        if (!reached) {
            CHECK(status == ZC_OK && failures > 4);
            return;
        }
    }
    CHECK(!"every request failed once");
}

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static void bench(zc_device *device, zc_region *region)
{
    zc_range r[2] = {{region, 0, 64}, {region, 0, 64}};
    zc_affine_params p = {.count = 16, .scale = 1, .shift = 0};
    const zc_kernel *affine = zc_kernel_find("affine");
    enum { N = 2000000 };
    double start = now();
    for (int i = 0; i < N; i++) {
        (void)zc_device_run(device, &(zc_dispatch){affine, r, 2, &p, sizeof p}, &error);
    }
    printf("zc_device_run, affine over 16 floats: %.1f ns\n", (now() - start) / N);
    start = now();
    for (int i = 0; i < 20000; i++) {
        zc_submission *s = increments(device, region, 1, 16);
        (void)zc_submission_wait(s, -1, &error);
        zc_submission_release(s);
    }
    printf("record, submit, wait: %.1f us\n", (now() - start) / 20000 / 1e3);
    start = now();
    zc_submission *s = increments(device, region, 100000, 16);
    printf("record one dispatch: %.1f ns\n", (now() - start) / 100000);
    (void)zc_submission_wait(s, -1, &error);
    zc_submission_release(s);
}

int main(int count, char **arguments)
{
    zc_device *device;
    zc_region *region;
    CHECK(zc_device_open(NULL, NULL, &device, &error) == ZC_OK);
    CHECK(strcmp(zc_device_get_info(device)->kind, "cpu") == 0); /* never a software Vulkan */
    CHECK(zc_region_create(64 << 20, 1 << 21, &region, &error) == ZC_OK);
    if (count > 1 && strcmp(arguments[1], "bench") == 0) {
        bench(device, region);
    } else {
        test_check(device, region);
        test_order(device, region);
        test_hazards(region);
        test_fork(device, region);
        test_last_reference();
        test_allocation_failures("cpu");
    }
    zc_device_release(device);
    zc_region_release(region);
    zc_device_drain_all();
    CHECK(zc_region_count() == 0);
    if (fake.opened) {
        CHECK(fake.buffers_alive == 0 && fake.closed == 1);
        test_allocation_failures("vulkan");
        CHECK(fake.buffers_alive == 0 && fake.closed == fake.opened);
    }
    CHECK(settled(0) == 0 && !zc_driver_inside());
    puts("ok");
    return 0;
}
