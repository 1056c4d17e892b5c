/* test_sequence: sequences and runs of the device layer, without Python: replay, new parameters through the one check,
 * barriers over whole ranges, what is prepared and when, submissions that share a sequence, pauses, fork, and every
 * allocation failing. A fake GPU stands in for Vulkan; the cpu device computes.
 *
 * Built by tests/test_device_core.py. Prints "ok", or the first failure and exits with 1.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "device/zc_device_internal.h"

#include "check.h"
#include "counted_alloc.h"

#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define WITHOUT_FORK /* a forked child cannot start threads */
#endif
#endif
#if defined(__SANITIZE_THREAD__)
#define WITHOUT_FORK
#endif

static zc_error error;

/* ---- a fake GPU: holds work until told to complete it, prepares ---- */
#define HELD 4
static struct {
    int prepared, released, held_count;
    zc_device_piece *held[HELD];
} fake;

static void fake_probe(zc_device_info *info)
{
    info->available = info->software = true;
    info->max_buffer = 1 << 20;
}
static zc_status fake_open(const zc_device_options *options, zc_device_info *info, void **self, zc_error *e)
{
    (void)options, (void)info, (void)e;
    *self = &fake;
    return ZC_OK;
}
static void fake_close(void *self)
{
    (void)self;
}
static zc_status fake_submit(void *self, zc_device_piece *work, zc_error *e)
{
    (void)self;
    if (fake.held_count == HELD) {
        return zc_fail(e, ZC_DEVICE, "the fake is full");
    }
    fake.held[fake.held_count++] = work;
    return ZC_OK;
}
static zc_status fake_prepare(void *self, const zc_device_command *commands, size_t count, void **out, zc_error *e)
{
    (void)self, (void)commands, (void)count, (void)e;
    fake.prepared++;
    *out = malloc(1);
    return ZC_OK;
}
static void fake_prepared_release(void *self, void *prepared)
{
    (void)self;
    fake.released++;
    free(prepared);
}
const zc_device_backend zc_device_vulkan = {.kind = "vulkan",
                                            .probe = fake_probe,
                                            .open = fake_open,
                                            .close = fake_close,
                                            .submit = fake_submit,
                                            .prepare = fake_prepare,
                                            .prepared_release = fake_prepared_release};

/* Complete the oldest work held. */
static void complete(void)
{
    zc_device_piece *work = fake.held[0];
    memmove(fake.held, fake.held + 1, --fake.held_count * sizeof *fake.held);
    zc_device_piece_done(work, ZC_OK, 0, NULL);
}

/* x = x + 1 over `count` floats, `times` times. */
static zc_sequence *increments(zc_device *device, zc_region *region, unsigned times, uint32_t count)
{
    zc_batch *batch;
    zc_sequence *sequence;
    zc_range r[2] = {{region, 0, (uint64_t)count * 4}, {region, 0, (uint64_t)count * 4}};
    zc_affine_params p = {.count = count, .scale = 1, .shift = 1};
    CHECK(zc_sequence_begin(device, &batch, &error) == ZC_OK);
    for (unsigned i = 0; i < times; i++) {
        CHECK(zc_batch_dispatch(batch, &(zc_dispatch){zc_kernel_find("affine"), r, 2, &p, sizeof p}, &error) == ZC_OK);
    }
    CHECK(zc_batch_pins(batch, region) == 1);
    CHECK(zc_sequence_seal(batch, &sequence, &error) == ZC_OK);
    CHECK(zc_sequence_length(sequence) == times && zc_sequence_pins(sequence, region) == 1);
    return sequence;
}

static void test_replay(zc_device *device, zc_region *region)
{
    float *x = (float *)zc_region_base(region);
    zc_submission *submissions[10];
    memset(x, 0, 4096);
    zc_sequence *sequence = increments(device, region, 3, 64);
    CHECK(zc_region_pins(region) == 1);
    CHECK(zc_sequence_run(sequence, NULL, NULL, &error) == ZC_OK && x[0] == 3 && x[63] == 3 && x[64] == 0);
    for (int i = 0; i < 10; i++) {
        CHECK(zc_sequence_submit(sequence, &submissions[i], &error) == ZC_OK);
    }
    for (int i = 9; i >= 0; i--) {
        CHECK(zc_submission_wait(submissions[i], -1, &error) == ZC_OK);
        zc_submission_release(submissions[i]);
    }
    CHECK(x[0] == 33 && !zc_sequence_in_flight(sequence));
    uint32_t count = 16, more = 65;
    float shift = 10;
    CHECK(zc_sequence_params(sequence, 1, 0, &count, 4, &error) == ZC_OK);
    CHECK(zc_sequence_params(sequence, 1, 8, &shift, 4, &error) == ZC_OK);
    CHECK(zc_sequence_run(sequence, NULL, NULL, &error) == ZC_OK && x[0] == 45 && x[16] == 35);
    /* Refused, and nothing has changed. */
    CHECK(zc_sequence_params(sequence, 1, 0, &more, 4, &error) == ZC_OUT_OF_BOUNDS);
    CHECK(zc_sequence_params(sequence, 3, 0, &count, 4, &error) == ZC_BAD_VALUE);
    CHECK(zc_sequence_params(sequence, 1, 9, &count, 4, &error) == ZC_OUT_OF_BOUNDS);
    CHECK(zc_sequence_params(sequence, 1, SIZE_MAX, &count, 4, &error) == ZC_OUT_OF_BOUNDS);
    CHECK(zc_sequence_run(sequence, NULL, NULL, &error) == ZC_OK && x[0] == 57 && x[16] == 37);
    zc_sequence_release(sequence);
    CHECK(zc_region_pins(region) == 0);
    zc_batch *plain;
    CHECK(zc_batch_new(device, &plain, &error) == ZC_OK);
    CHECK(zc_sequence_seal(plain, &sequence, &error) == ZC_BAD_VALUE);
    CHECK(zc_batch_run(plain, NULL, NULL, &error) == ZC_OK); /* empty */
    zc_batch_free(plain);
}

/* After work was queued, a run comes after it. */
static void test_run_after_submissions(zc_device *device, zc_region *region)
{
    float *x = (float *)zc_region_base(region);
    zc_submission *submission;
    memset(x, 0, 1 << 20);
    zc_sequence *slow = increments(device, region, 6000, 1 << 18), *quick = increments(device, region, 1, 16);
    float factor = 0;
    CHECK(zc_sequence_params(quick, 0, 4, &factor, 4, &error) == ZC_OK); /* x = 1 */
    CHECK(zc_sequence_submit(slow, &submission, &error) == ZC_OK);
    CHECK(zc_sequence_params(slow, 0, 4, &factor, 4, &error) == ZC_BUSY);
    CHECK(zc_sequence_run(quick, NULL, NULL, &error) == ZC_OK && x[0] == 1 && x[16] == 6000);
    zc_submission_release(submission);
    zc_sequence_release(slow);
    zc_sequence_release(quick);
}

static int pauses;

static zc_status stop_at_third(void *context, zc_error *e)
{
    (void)context;
    return ++pauses < 3 ? ZC_OK : zc_fail(e, ZC_TRAP, "stopped");
}

static void test_pause(zc_device *device, zc_region *region)
{
    float *x = (float *)zc_region_base(region);
    memset(x, 0, 4096);
    zc_sequence *sequence = increments(device, region, 5, 64);
    CHECK(zc_sequence_run(sequence, stop_at_third, NULL, &error) == ZC_TRAP && x[0] == 3);
    pauses = 0;
    zc_sequence_release(sequence);
    zc_batch *batch;
    zc_range r[2] = {{region, 0, 256}, {region, 0, 256}};
    zc_affine_params p = {.count = 64, .scale = 1, .shift = 1};
    CHECK(zc_batch_new(device, &batch, &error) == ZC_OK);
    for (int i = 0; i < 5; i++) {
        CHECK(zc_batch_dispatch(batch, &(zc_dispatch){zc_kernel_find("affine"), r, 2, &p, sizeof p}, &error) == ZC_OK);
    }
    CHECK(zc_batch_run(batch, stop_at_third, NULL, &error) == ZC_TRAP && x[0] == 6);
    CHECK(zc_batch_length(batch) == 0 && zc_region_pins(region) == 0);
    zc_batch_free(batch);
}

static void test_prepared(zc_region *region)
{
    zc_device *device;
    zc_submission *first, *second;
    CHECK(zc_device_open("vulkan", NULL, &device, &error) == ZC_OK);
    zc_batch *batch;
    zc_sequence *sequence;
    /* Four floats needed, but all sixteen count for the barrier: parameters may come to need them. */
    zc_range low[2] = {{region, 0, 64}, {region, 64, 64}}, high[2] = {{region, 112, 16}, {region, 128, 16}};
    zc_affine_params p = {.count = 4, .scale = 1, .shift = 1};
    const zc_kernel *affine = zc_kernel_find("affine");
    CHECK(zc_sequence_begin(device, &batch, &error) == ZC_OK);
    CHECK(zc_batch_dispatch(batch, &(zc_dispatch){affine, low, 2, &p, sizeof p}, &error) == ZC_OK);
    CHECK(zc_batch_dispatch(batch, &(zc_dispatch){affine, high, 2, &p, sizeof p}, &error) == ZC_OK);
    CHECK(zc_sequence_seal(batch, &sequence, &error) == ZC_OK && fake.prepared == 0);
    CHECK(zc_sequence_submit(sequence, &first, &error) == ZC_OK && fake.prepared == 1);
    CHECK(!fake.held[0]->commands[0].barrier && fake.held[0]->commands[1].barrier && fake.held[0]->prepared);
    CHECK(zc_sequence_submit(sequence, &second, &error) == ZC_OK && fake.prepared == 1);
    CHECK(fake.held[1]->prepared == fake.held[0]->prepared);
    p.count = 8;
    CHECK(zc_sequence_params(sequence, 0, 0, &p, sizeof p, &error) == ZC_BUSY);
    complete();
    CHECK(zc_sequence_params(sequence, 0, 0, &p, sizeof p, &error) == ZC_BUSY && zc_sequence_in_flight(sequence));
    complete();
    CHECK(zc_submission_wait(first, 0, &error) == ZC_OK && zc_submission_wait(second, 0, &error) == ZC_OK);
    zc_submission_release(first);
    zc_submission_release(second);
    /* Prepared again after a change, and only then. */
    CHECK(zc_sequence_params(sequence, 0, 0, &p, sizeof p, &error) == ZC_OK && fake.released == 1);
    CHECK(zc_sequence_params(sequence, 0, 0, &p, sizeof p, &error) == ZC_OK && fake.released == 1);
    CHECK(zc_sequence_submit(sequence, &first, &error) == ZC_OK && fake.prepared == 2);
    CHECK(fake.held[0]->commands[0].bindings[0].length == 32 && fake.held[0]->commands[1].barrier);
    /* Released in flight: what it uses stays until it is done. */
    zc_sequence_release(sequence);
    CHECK(zc_region_pins(region) == 1 && fake.released == 1);
    complete();
    CHECK(zc_region_pins(region) == 0 && fake.released == 2);
    zc_submission_release(first);
    /* A device that refuses leaves the sequence as it was. */
    sequence = increments(device, region, 1, 4);
    zc_submission *held[HELD + 1];
    for (int i = 0; i < HELD; i++) {
        CHECK(zc_sequence_submit(sequence, &held[i], &error) == ZC_OK);
    }
    CHECK(zc_sequence_submit(sequence, &held[HELD], &error) == ZC_DEVICE);
    for (int i = 0; i < HELD; i++) {
        complete();
        zc_submission_release(held[i]);
    }
    CHECK(!zc_sequence_in_flight(sequence));
    zc_sequence_release(sequence);
    zc_device_release(device);
}

static void test_fork(zc_device *device, zc_region *region)
{
#if !defined(WITHOUT_FORK)
    zc_submission *submission;
    zc_sequence *sequence = increments(device, region, 2000, 65536);
    CHECK(zc_sequence_submit(sequence, &submission, &error) == ZC_OK);
    pid_t child = fork();
    if (child == 0) {
        alarm(20);
        CHECK(zc_submission_wait(submission, -1, &error) == ZC_DEVICE && strstr(error.message, "lost by fork"));
        CHECK(!zc_sequence_in_flight(sequence));
        CHECK(zc_sequence_submit(sequence, &submission, &error) == ZC_OK);
        CHECK(zc_submission_wait(submission, -1, &error) == ZC_OK);
        _exit(0);
    }
    int code;
    CHECK(waitpid(child, &code, 0) == child && code == 0);
    CHECK(zc_submission_wait(submission, -1, &error) == ZC_OK);
    zc_submission_release(submission);
    zc_sequence_release(sequence);
#else
    (void)device, (void)region;
#endif
}

/* Record, seal, change, submit, wait and run with the n-th request failing; true when nothing failed. */
static bool life(zc_device *device, zc_region *region)
{
    zc_range r[2] = {{region, 0, 256}, {region, 256, 256}};
    zc_affine_params p = {.count = 64, .scale = 1, .shift = 1};
    zc_batch *batch = NULL;
    zc_sequence *sequence = NULL;
    zc_submission *submission = NULL;
    zc_status status = zc_sequence_begin(device, &batch, &error);
    for (int i = 0; i < 40 && status == ZC_OK; i++) {
        status = zc_batch_dispatch(batch, &(zc_dispatch){zc_kernel_find("affine"), r, 2, &p, sizeof p}, &error);
    }
    if (status == ZC_OK) {
        status = zc_sequence_seal(batch, &sequence, &error);
        batch = status == ZC_OK ? NULL : batch;
    }
    p.count = 32;
    status = status == ZC_OK ? zc_sequence_params(sequence, 7, 0, &p, sizeof p, &error) : status;
    status = status == ZC_OK ? zc_sequence_submit(sequence, &submission, &error) : status;
    status = status == ZC_OK ? zc_submission_wait(submission, -1, &error) : status;
    status = status == ZC_OK ? zc_sequence_run(sequence, NULL, NULL, &error) : status;
    CHECK(status == ZC_OK || status == ZC_NO_MEMORY);
    zc_submission_release(submission);
    zc_sequence_release(sequence);
    zc_batch_free(batch);
    zc_device_drain_all();
    return status == ZC_OK;
}

static void test_allocation_failures(zc_device *device, zc_region *region)
{
    CHECK(life(device, region));
    for (int i = 0; i < 100 && zc_region_pins(region); i++) { /* the queue thread's last reference */
        usleep(1000);
    }
    int failed = 0;
    for (long n = 0;; n++) {
        atomic_store(&countdown, n);
        bool whole = life(device, region);
        bool used = atomic_load(&countdown) < 0;
        atomic_store(&countdown, -1);
        CHECK(zc_region_pins(region) == 0);
        failed += !whole;
        if (!used) {
            break;
        }
        CHECK(!whole);
    }
    CHECK(failed >= 8);
}

int main(void)
{
    zc_device *device;
    zc_region *region;
    CHECK(zc_device_open("cpu", &(zc_device_options){.threads = 1}, &device, &error) == ZC_OK);
    CHECK(zc_region_create(1 << 21, 1 << 21, &region, &error) == ZC_OK);
    test_replay(device, region);
    test_run_after_submissions(device, region);
    test_pause(device, region);
    test_prepared(region);
    test_fork(device, region);
    test_allocation_failures(device, region);
    zc_device_release(device);
    CHECK(zc_region_pins(region) == 0);
    zc_region_release(region);
    zc_device_drain_all();
    CHECK(zc_region_count() == 0);
    for (int i = 0; i < 1000 && blocks; i++) { /* the queue thread may still be letting go */
        usleep(1000);
    }
    CHECK(blocks == 0);
    puts("ok");
    return 0;
}
