/* test_pace: cancelling and pacing without Python: what a driver that cannot cancel is given of guests' work, what ends
 * at an owner's deadline, and what the end of the process waits for; then all of it from several threads at once, for
 * ThreadSanitizer.
 *
 * A fake GPU stands in place of Vulkan: it holds what it is given until it is told to complete it. Built by
 * tests/test_device_core.py from this file and the device layer. Prints "ok", or the first failure.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "device/zc_device_internal.h"
#include "kernel/zc_kernel_tiles.h"

#include "check.h"
#include "counted_alloc.h"

static _Thread_local zc_error error;

#define MOST_HELD 1024

static struct {
    pthread_mutex_t lock;
    zc_device_piece *held[MOST_HELD];
    unsigned count;
    size_t commands; /* ever given */
    bool fails; /* the next submission */
    long close_ns; /* that closing takes */
    _Atomic bool closed;
} fake = {.lock = PTHREAD_MUTEX_INITIALIZER};

static void fake_probe(zc_device_info *info)
{
    info->available = true;
    info->software = true;
    info->max_buffer = UINT64_MAX;
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
    (void)nanosleep(&(struct timespec){.tv_nsec = fake.close_ns}, NULL);
    atomic_store(&fake.closed, true);
}
static zc_status fake_submit(void *self, zc_device_piece *work, zc_error *e)
{
    (void)self;
    pthread_mutex_lock(&fake.lock);
    bool fails = fake.fails;
    fake.fails = false;
    if (!fails) {
        CHECK(fake.count < MOST_HELD);
        fake.held[fake.count++] = work;
        fake.commands += work->count;
    }
    pthread_mutex_unlock(&fake.lock);
    return fails ? zc_fail(e, ZC_DEVICE, "the fake fails") : ZC_OK;
}
const zc_device_backend zc_device_vulkan = {
    .kind = "vulkan", .probe = fake_probe, .open = fake_open, .close = fake_close, .submit = fake_submit};

static unsigned held(void)
{
    pthread_mutex_lock(&fake.lock);
    unsigned count = fake.count;
    pthread_mutex_unlock(&fake.lock);
    return count;
}

/* Complete the oldest; its number of commands, or -1. */
static int complete(void)
{
    pthread_mutex_lock(&fake.lock);
    zc_device_piece *work = fake.count ? fake.held[0] : NULL;
    if (work) {
        memmove(fake.held, fake.held + 1, --fake.count * sizeof *fake.held);
    }
    pthread_mutex_unlock(&fake.lock);
    int count = work ? (int)work->count : -1;
    if (work) {
        zc_device_piece_done(work, ZC_OK, 0.001, NULL);
    }
    return count;
}

static zc_region *region;

/* Products of 2^(3 * log_side) multiply-adds, `count` of them, each `times` times. */
static zc_submission *start_batches(zc_device *device, const zc_owner *owner, unsigned log_side, unsigned count,
                                    unsigned times)
{
    zc_batch *batch;
    zc_submission *submission;
    uint32_t side = 1u << log_side;
    uint64_t bytes = (uint64_t)side * side * 4;
    zc_range ranges[3] = {{region, 0, bytes}, {region, 0, bytes}, {region, 8 << 20, times * bytes}};
    zc_matmul_params p = {.m = side,
                          .n = side,
                          .k = side,
                          .batch = times,
                          .lda = side,
                          .ldb = side,
                          .ldc = side,
                          .stride_c = side * side,
                          .alpha = 1};
    CHECK(zc_batch_new(device, &batch, &error) == ZC_OK);
    zc_batch_own(batch, owner);
    for (unsigned i = 0; i < count; i++) {
        CHECK(zc_batch_dispatch(batch, &(zc_dispatch){zc_kernel_find("matmul"), ranges, 3, &p, sizeof p}, &error) ==
              ZC_OK);
    }
    zc_status status = zc_batch_submit(batch, &submission, &error);
    zc_batch_free(batch);
    return status == ZC_OK ? submission : NULL;
}

static zc_submission *start(zc_device *device, const zc_owner *owner, unsigned log_side, unsigned count)
{
    return start_batches(device, owner, log_side, count, 1);
}

static zc_owner new_owner(void)
{
    return (zc_owner){.id = zc_owner_id(), .most_work = UINT64_MAX, .deadline = ZC_NO_DEADLINE};
}

static zc_status end_of(zc_submission *submission)
{
    zc_status status = zc_submission_wait(submission, 10000000000, &error);
    zc_submission_release(submission);
    return status;
}

static void test_pieces(zc_device *device)
{
    zc_owner owner = new_owner();
    zc_submission *small = start(device, &owner, 4, 100); /* one piece, at once, as ever */
    CHECK(held() == 1 && !zc_device_busy(device) && complete() == 100 && end_of(small) == ZC_OK);
    zc_submission *host = start(device, NULL, 9, 40); /* the host's own is never cut */
    CHECK(held() == 1 && complete() == 40 && end_of(host) == ZC_OK);

    zc_submission *large = start(device, &owner, 8, 5); /* 2^24 and some each: one is a piece, and two are given */
    zc_submission *later = start(device, NULL, 4, 3), *last = start(device, &owner, 4, 7);
    CHECK(held() == 2 && zc_device_busy(device));
    for (int i = 0; i < 3; i++) {
        CHECK(complete() == 1 && held() >= 2 && !zc_submission_done(large) && !zc_submission_done(later));
    }
    CHECK(complete() == 1 && complete() == 1); /* all five; only then what came after */
    CHECK(end_of(large) == ZC_OK && complete() == 3 && complete() == 7 && complete() == -1);
    CHECK(end_of(later) == ZC_OK && end_of(last) == ZC_OK && !zc_device_busy(device));
    CHECK(zc_region_pins(region) == 0);
}

/* Complete what comes of one dispatch of `batch` products, of `tiles` x `tiles` x `batch` workgroups, and see that each
 * is there once. Returns the number of pieces, the largest of which has *largest workgroups. */
static unsigned parts_of(zc_device *device, unsigned log_side, unsigned tiles, unsigned batch, unsigned *largest)
{
    static unsigned char times[1 << 14];
    zc_owner owner = new_owner();
    zc_submission *submission = start_batches(device, &owner, log_side, 1, batch);
    unsigned pieces = 0;
    memset(times, 0, sizeof times);
    *largest = 0;
    CHECK(tiles * tiles * batch <= sizeof times);
    while (held()) {
        const zc_device_part *part = &fake.held[0]->part;
        const uint32_t *first = part->first, *groups = part->groups;
        CHECK(fake.held[0]->count == 1 && !fake.held[0]->prepared && held() <= 2);
        CHECK(first[0] + groups[0] <= tiles && first[1] + groups[1] <= tiles && first[2] + groups[2] <= batch);
        for (uint32_t i = 0; i < groups[0] * groups[1] * groups[2]; i++) {
            uint32_t x = first[0] + i % groups[0], y = first[1] + i / groups[0] % groups[1];
            times[((first[2] + i / groups[0] / groups[1]) * tiles + y) * tiles + x]++;
        }
        *largest = groups[0] * groups[1] * groups[2] > *largest ? groups[0] * groups[1] * groups[2] : *largest;
        pieces++;
        CHECK(complete() == 1);
    }
    for (unsigned i = 0; i < tiles * tiles * batch; i++) {
        CHECK(times[i] == 1);
    }
    CHECK(end_of(submission) == ZC_OK);
    return pieces;
}

static void test_parts(zc_device *device)
{
    unsigned largest;
    CHECK(parts_of(device, 7, 2, 40, &largest) == 3 && largest == 15 * 4); /* slabs: 2^25 is 15 of them and some */
    CHECK(parts_of(device, 8, 4, 3, &largest) == 3 && largest == 16); /* a slab at a time */
    CHECK(parts_of(device, 9, 8, 2, &largest) == 16 && largest == 8); /* a row of tiles */
    CHECK(parts_of(device, 10, 16, 1, &largest) == 48 && largest == 7); /* some of a row: 7, 7 and 2 */

    /* A single dispatch ends, too: what the driver has of it is all that it gets. The next one begins at its start. */
    zc_owner owner = new_owner();
    zc_submission *large = start_batches(device, &owner, 10, 1, 8), *next = start(device, &owner, 10, 2);
    CHECK(held() == 1 && complete() == 1 && held() == 1);
    zc_device_cancel(owner.id, "cancelled: because");
    CHECK(complete() == 1 && complete() == -1 && end_of(large) == ZC_CANCELLED && end_of(next) == ZC_CANCELLED);
    unsigned pieces = 0;
    next = start(device, &owner, 9, 2);
    while (complete() == 1) {
        pieces++;
    }
    CHECK(pieces == 16 && end_of(next) == ZC_OK && !zc_device_busy(device) && zc_region_pins(region) == 0);
}

static void test_cancel(zc_device *device)
{
    zc_owner owner = new_owner(), other = new_owner();
    zc_submission *large = start(device, &owner, 8, 50), *second = start(device, &owner, 8, 50);
    zc_submission *theirs = start(device, &other, 8, 1), *host = start(device, NULL, 4, 1);
    CHECK(held() == 2);
    zc_device_cancel(owner.id, "cancelled: because");
    CHECK(held() == 4 && complete() == 1 && complete() == 1); /* those cannot be taken back; the others have room */
    CHECK(end_of(large) == ZC_CANCELLED && strcmp(error.message, "cancelled: because") == 0);
    CHECK(end_of(second) == ZC_CANCELLED); /* it never began */
    CHECK(complete() == 1 && complete() == 1 && end_of(theirs) == ZC_OK && end_of(host) == ZC_OK);
    zc_device_cancel(owner.id, "nothing is there");

    /* A driver that fails in between: the rest is not tried, what comes later is. */
    large = start(device, &owner, 8, 50);
    host = start(device, NULL, 4, 1);
    fake.fails = true;
    CHECK(complete() == 1 && complete() == 1 && end_of(large) == ZC_DEVICE && strstr(error.message, "the fake fails"));
    CHECK(complete() == 1 && end_of(host) == ZC_OK);
    fake.fails = true;
    CHECK(!start(device, &owner, 4, 1) && strstr(error.message, "the fake fails"));
    CHECK(zc_region_pins(region) == 0 && !zc_device_busy(device));
}

static void in_ms(zc_owner *owner, int64_t ms)
{
    owner->limit = (uint64_t)ms * 1000000;
    owner->deadline = zc_clock_ns() + ms * 1000000;
}

static void test_deadline(zc_device *cpu, zc_device *device)
{
    zc_owner owner = new_owner(), other = new_owner();
    in_ms(&other, 3600000);
    zc_submission *far = start(device, &other, 4, 1);
    in_ms(&owner, 30); /* before the one that the watch sleeps until */
    zc_submission *given = start(device, &owner, 8, 50); /* first, for recording the others may take that long */
    zc_submission *large = start(cpu, &owner, 10, 2000), *second = start(cpu, &owner, 10, 2000);
    CHECK(end_of(large) == ZC_CANCELLED);
    CHECK(strcmp(error.message, "cancelled: the call that submitted it passed its deadline of 0.030 s") == 0);
    CHECK(end_of(second) == ZC_CANCELLED);
    CHECK(complete() == 1 && end_of(far) == ZC_OK && complete() >= 0);
    while (complete() >= 0) {
    }
    CHECK(end_of(given) == ZC_CANCELLED);
    zc_submission *fine = start(cpu, NULL, 6, 1);
    CHECK(end_of(fine) == ZC_OK);
}

static zc_status nothing(void *context, zc_error *e)
{
    (void)e;
    return ++*(int *)context == 1000 ? ZC_HOST : ZC_OK;
}

static void test_finish(zc_device *cpu, zc_device *device)
{
    int pauses = 0;
    zc_submission *ours = start(cpu, NULL, 10, 2000), *stuck = start(device, NULL, 4, 1);
    CHECK(!zc_device_finish_all(300000000, nothing, &pauses) && pauses > 0);
    CHECK(end_of(ours) == ZC_CANCELLED && strcmp(error.message, "cancelled: the process ends") == 0);
    CHECK(!zc_submission_done(stuck) && zc_region_pins(region) == 1); /* left as it is */
    pauses = 999;
    CHECK(!zc_device_finish_all(300000000000, nothing, &pauses) && pauses == 1000); /* a signal */
    CHECK(complete() == 1 && end_of(stuck) == ZC_OK && zc_device_finish_all(0, nothing, &pauses));
}

static void *complete_one(void *unused)
{
    (void)unused;
    CHECK(complete() == 1);
    return NULL;
}

/* The last work of a device that nobody else holds: the thread that completes it closes the device, and the process does
 * not end while it is inside the driver. */
static void test_finish_waits_for_close(void)
{
    zc_device *device;
    pthread_t completer;
    int pauses = 0;
    CHECK(zc_device_open("vulkan", NULL, &device, &error) == ZC_OK);
    zc_submission *last = start(device, NULL, 4, 1);
    zc_device_release(device);
    fake.close_ns = 200000000;
    atomic_store(&fake.closed, false);
    CHECK(pthread_create(&completer, NULL, complete_one, NULL) == 0);
    CHECK(end_of(last) == ZC_OK && !atomic_load(&fake.closed));
    CHECK(zc_device_finish_all(10000000000, nothing, &pauses) && atomic_load(&fake.closed));
    pthread_join(completer, NULL);
    fake.close_ns = 0;
}

/* ---- several threads ---- */

static zc_device *devices[2];
static _Atomic bool over;

static void *complete_all(void *unused)
{
    (void)unused;
    while (!atomic_load(&over) || held()) {
        if (complete() < 0) {
            sched_yield();
        }
    }
    return NULL;
}

static void *guest(void *number)
{
    zc_owner owner = new_owner();
    unsigned seed = (unsigned)(uintptr_t)number;
    for (int i = 0; i < 60; i++) {
        zc_submission *submissions[4];
        bool owned = rand_r(&seed) % 4 > 0;
        for (int k = 0; k < 4; k++) {
            in_ms(&owner, rand_r(&seed) % 3 ? 5 : 10000);
            submissions[k] = start(devices[rand_r(&seed) % 2], owned ? &owner : NULL, rand_r(&seed) % 2 ? 3 : 8, 3);
        }
        if (rand_r(&seed) % 2) {
            zc_device_cancel(owner.id, "cancelled: at random");
        }
        for (int k = 0; k < 4; k++) {
            zc_status status = end_of(submissions[k]);
            CHECK(status == ZC_OK || (owned && status == ZC_CANCELLED && strstr(error.message, "cancelled: ")));
        }
    }
    return NULL;
}

static void test_threads(void)
{
    pthread_t completer, guests[3];
    CHECK(pthread_create(&completer, NULL, complete_all, NULL) == 0);
    for (uintptr_t i = 0; i < 3; i++) {
        CHECK(pthread_create(&guests[i], NULL, guest, (void *)(i + 1)) == 0);
    }
    for (int i = 0; i < 3; i++) {
        pthread_join(guests[i], NULL);
    }
    atomic_store(&over, true);
    pthread_join(completer, NULL);
}

/* Few rows read their windows alone where subgroups are wide enough for a head; who shares a tile, or may, reads from the
 * first key that any row sees to the last. */
static void test_work_of_windows(void)
{
    const zc_kernel *plain = zc_kernel_get(ZC_KERNEL_attention), *paged = zc_kernel_get(ZC_KERNEL_attention_paged);
    const zc_gpu wide = {.subgroup_width = 32}, narrow = {.subgroup_width = 4}, unknown = {0};
    zc_attention_params p = {.heads = 8, .kv_heads = 8, .head_size = 128, .capacity = 1 << 20, .window = 1 << 10};
    zc_attention_paged_params in_pages = {
        .heads = 8, .kv_heads = 8, .head_size = 128, .context = 1 << 20, .window = 1 << 10, .page = 32};
    for (uint32_t rows = 1; rows <= 6; rows++) {
        p.rows = in_pages.rows = rows;
        in_pages.shared = 1;
        uint64_t all = plain->work_in_tiles(&p), all_in_pages = paged->work_in_tiles(&in_pages);
        bool fewer = rows > 1 && rows <= 4; /* of one it is known in any case */
        CHECK(zc_kernel_work_on(plain, &p, &wide) <= (fewer ? all / 512 : all));
        CHECK(zc_kernel_work_on(paged, &in_pages, &wide) <= (fewer ? all_in_pages / 512 : all_in_pages));
        CHECK(zc_kernel_work_on(plain, &p, &wide) * (fewer ? 1100 : 1) >= all);
        CHECK(zc_kernel_work_on(plain, &p, &narrow) == all && zc_kernel_work_on(plain, &p, &unknown) == all);
        CHECK(zc_kernel_work_on(paged, &in_pages, &narrow) == all_in_pages);
        in_pages.shared = 0;
        CHECK(zc_kernel_work_on(paged, &in_pages, &unknown) == paged->work_in_tiles(&in_pages));
        CHECK(zc_kernel_work_on(paged, &in_pages, &unknown) <= all_in_pages / (rows > 1 ? 512 : 1));
    }
    const zc_matmul_params product = {.m = 100, .n = 3, .k = 50};
    CHECK(zc_kernel_work_on(zc_kernel_get(ZC_KERNEL_matmul), &product, &wide) ==
          zc_kernel_get(ZC_KERNEL_matmul)->work_in_tiles(&product));
}

int main(void)
{
    zc_device *cpu, *device;
    CHECK(zc_device_open("cpu", NULL, &cpu, &error) == ZC_OK);
    CHECK(zc_device_open("vulkan", NULL, &device, &error) == ZC_OK);
    CHECK(zc_region_create(64 << 20, 48 << 20, &region, &error) == ZC_OK);
    test_work_of_windows();
    test_pieces(device);
    test_parts(device);
    test_cancel(device);
    test_deadline(cpu, device);
    test_finish(cpu, device);
    test_finish_waits_for_close();
    devices[0] = cpu;
    devices[1] = device;
    test_threads();
    zc_device_drain_all();
    CHECK(zc_region_pins(region) == 0 && !zc_device_busy(device));
    zc_device_release(device);
    zc_device_release(cpu);
    zc_region_release(region);
    CHECK(zc_region_count() == 0);
    puts("ok");
    return 0;
}
