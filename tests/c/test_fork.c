/* test_fork: forks with work in flight: after every order of first use of what has locks, from a second thread, in a
 * child again, and while other threads use everything at once.
 *
 * Built by tests/test_fork_core.py from this file and the core without guests and GPUs. The argument is a file to
 * map as weights. Each order runs in a process of its own: what counts is what the process has used before. Prints
 * the first failure and exits with 1; so does a child that hangs.
 *
 * Not for ASan, whose allocator has locks that it does not look after in a fork (LLVM 14, gcc 12), nor for TSan, which
 * does not support threads in the child of a process with threads.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "device/cpu/zc_cpu_threads.h"
#include "device/zc_device_backend.h"
#include "weights/zc_weights.h"

#define CHECK_SECONDS 30

static _Thread_local zc_error error;
#include "check.h"

#define SIZE ((uint64_t)8 << 20)

static void no_vulkan(zc_device_info *info)
{
    (void)snprintf(info->reason, sizeof info->reason, "not in this test");
}

const zc_device_backend zc_device_vulkan = {.kind = "vulkan", .probe = no_vulkan};

static const char *model;
static zc_region *region;
static zc_device *device;
static zc_weights *weights;
static zc_submission *submission;

static void nap(void)
{
    nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
}

/* Wait for the child; one that hangs in fork() itself has no alarm yet. */
static void reap(pid_t child, const char *what)
{
    int code;
    pid_t found = 0;
    time_t end = time(NULL) + CHECK_SECONDS;
    for (bool hangs = false; (found = waitpid(child, &code, hangs ? 0 : WNOHANG)) == 0; nap()) {
        hangs = time(NULL) > end;
        if (hangs) {
            (void)kill(child, SIGKILL);
        }
    }
    CHECK(found == child);
    if (code != 0) {
        fprintf(stderr, "%s: the child ended with status %#x%s\n", what, (unsigned)code,
                WIFSIGNALED(code) && WTERMSIG(code) == SIGKILL ? ": it hung" : "");
        exit(1);
    }
}

/* ---- what can be used for the first time ---- */

static void use_region(void)
{
    if (!region) {
        CHECK(zc_region_create(SIZE, SIZE, &region, &error) == ZC_OK);
    }
}

static void use_device(void)
{
    if (!device) {
        CHECK(zc_device_open("cpu", &(zc_device_options){.threads = 2}, &device, &error) == ZC_OK);
    }
}

static zc_batch *increments(zc_device *on, zc_region *in, unsigned times, uint32_t count)
{
    zc_batch *batch;
    zc_range both = {in, 0, (uint64_t)count * 4}, ranges[2] = {both, both};
    zc_affine_params p = {.count = count, .scale = 1, .shift = 1};
    CHECK(zc_batch_new(on, &batch, &error) == ZC_OK);
    for (unsigned i = 0; i < times; i++) {
        CHECK(zc_batch_dispatch(batch, &(zc_dispatch){zc_kernel_find("affine"), ranges, 2, &p, sizeof p}, &error) ==
              ZC_OK);
    }
    return batch;
}

static zc_submission *submit(zc_batch *batch)
{
    zc_submission *made;
    CHECK(zc_batch_submit(batch, &made, &error) == ZC_OK);
    zc_batch_free(batch);
    return made;
}

/* A look at what a kernel writes: a race by intent. */
static bool begun(void)
{
    return ((volatile uint8_t *)zc_region_base(region))[2] || ((volatile uint8_t *)zc_region_base(region))[3];
}

/* A long time's work, begun. */
static zc_submission *submit_much(void)
{
    zc_submission *made = submit(increments(device, region, 3000, SIZE / 4));
    while (!begun()) {
        nap();
    }
    return made;
}

static void use_submission(void)
{
    use_device();
    zc_submission *made = submit(increments(device, NULL, 0, 0));
    CHECK(zc_submission_wait(made, -1, &error) == ZC_OK);
    zc_submission_release(made);
}

static void use_weights(void)
{
    if (!weights) {
        uint64_t shape[1] = {32};
        int file = open(model, O_RDONLY);
        CHECK(file >= 0 && zc_weights_open(file, &weights, &error) == ZC_OK);
        close(file);
        CHECK(zc_weights_add(weights, "t", 1, ZC_WEIGHT_F32, 1, shape, 0, 0, &error) == ZC_OK);
    }
}

static void count_up(void *context, size_t index)
{
    (void)index;
    atomic_fetch_add((atomic_uint *)context, 1);
}

static void use_threads(void)
{
    atomic_uint calls = 0;
    zc_threads_run(count_up, &calls, 100, 2);
    CHECK(calls == 100);
}

static void (*const uses[])(void) = {use_region, use_device, use_submission, use_weights, use_threads};
#define USES 5u
#define ORDERS 120u

/* Everything again, in whatever process this is, with a device of its own. */
static void use_all_anew(void)
{
    zc_device *own;
    zc_region *other;
    zc_range range;
    CHECK(zc_device_open("cpu", &(zc_device_options){.threads = 2}, &own, &error) == ZC_OK);
    CHECK(zc_region_create(SIZE * 2, SIZE, &other, &error) == ZC_OK);
    uint64_t before;
    CHECK(zc_region_grow(other, SIZE, &before, &error) == ZC_OK);
    zc_submission *made = submit(increments(own, other, 7, 1000));
    CHECK(zc_submission_wait(made, -1, &error) == ZC_OK && ((float *)zc_region_base(other))[999] == 7);
    zc_submission_release(made);
    if (weights) {
        CHECK(zc_weights_load(weights, own, NULL, &error) == ZC_OK);
        CHECK(zc_weights_range(weights, 0, own, &range, &error) == ZC_OK);
    }
    use_threads();
    zc_region_release(other);
    zc_device_release(own);
    zc_device_drain_all();
}

/* ---- one order of first use, then a fork with work in flight ---- */

static bool keep, second_thread;

static void in_child(int generation)
{
    alarm(CHECK_SECONDS);
    if (submission) {
        CHECK_FAILS(zc_submission_wait(submission, -1, &error), ZC_DEVICE, "lost by fork");
        zc_submission_release(submission);
    }
    zc_device_drain_all();
    if (region) {
        CHECK(zc_region_pins(region) == 0);
    }
    CHECK(zc_region_count() == (uint64_t)(region != NULL) + (weights != NULL)); /* the lost work's is gone */
    use_all_anew();
    if (generation == 0) { /* the child of a child */
        use_region();
        use_device();
        submission = submit_much();
        pid_t child = fork();
        if (child == 0) {
            in_child(1);
        }
        reap(child, "the child's child");
    }
    _exit(0);
}

static void *fork_once(void *unused)
{
    (void)unused;
    pid_t child = fork();
    if (child == 0) {
        in_child(0);
    }
    reap(child, "the child");
    return NULL;
}

static void one_order(unsigned order)
{
    unsigned left[USES] = {0, 1, 2, 3, 4}, rest = order, radix = ORDERS;
    for (unsigned n = USES; n > 0; n--) {
        radix /= n;
        unsigned pick = rest / radix;
        rest %= radix;
        uses[left[pick]]();
        memmove(&left[pick], &left[pick + 1], (n - pick - 1) * sizeof left[0]);
    }
    submission = submit_much();
    if (!keep) { /* the work alone holds everything now */
        zc_submission_release(submission);
        zc_region_release(region);
        zc_device_release(device);
        submission = NULL;
        region = NULL;
        device = NULL;
    }
    if (second_thread) {
        pthread_t thread;
        CHECK(pthread_create(&thread, NULL, fork_once, NULL) == 0);
        CHECK(pthread_join(thread, NULL) == 0);
    } else {
        (void)fork_once(NULL);
    }
    _exit(0); /* with work in flight: nobody waits for it */
}

/* ---- forks while other threads use everything ---- */

static atomic_bool stop;

static void *hammer_regions(void *unused)
{
    (void)unused;
    zc_region *last = NULL;
    while (!atomic_load(&stop)) {
        zc_region *made;
        uint64_t before;
        CHECK(zc_region_create(SIZE, 65536, &made, &error) == ZC_OK);
        CHECK(zc_region_grow(made, 65536, &before, &error) == ZC_OK);
        zc_region_release(last);
        last = zc_region_find(zc_region_base(made), 1);
        CHECK(last == made);
        zc_region_release(made);
    }
    zc_region_release(last);
    return NULL;
}

static void *hammer_device(void *unused)
{
    (void)unused;
    while (!atomic_load(&stop)) {
        use_all_anew();
    }
    return NULL;
}

static void *hammer_run(void *unused)
{
    (void)unused;
    zc_region *own;
    zc_device *on;
    CHECK(zc_region_create(SIZE, SIZE, &own, &error) == ZC_OK);
    CHECK(zc_device_open("cpu", &(zc_device_options){.threads = 1}, &on, &error) == ZC_OK);
    zc_batch *batch = NULL;
    while (!atomic_load(&stop)) {
        zc_batch *next = increments(on, own, 50, 1000);
        zc_submission *behind = submit(increments(on, own, 1, 1000)); /* so that the run has to queue */
        zc_batch_free(batch);
        batch = next;
        CHECK(zc_batch_run(batch, NULL, NULL, &error) == ZC_OK);
        zc_submission_release(behind);
    }
    zc_batch_free(batch);
    zc_region_release(own);
    zc_device_release(on);
    return NULL;
}

static void test_hammered(unsigned times)
{
    void *(*const work[])(void *) = {hammer_regions, hammer_regions, hammer_device, hammer_device, hammer_run};
    pthread_t threads[5];
    use_weights();
    for (unsigned i = 0; i < 5; i++) {
        CHECK(pthread_create(&threads[i], NULL, work[i], NULL) == 0);
    }
    for (unsigned i = 0; i < times; i++) {
        pid_t child = fork();
        if (child == 0) {
            use_all_anew();
            _exit(0);
        }
        reap(child, "a child of a busy process");
    }
    atomic_store(&stop, true);
    for (unsigned i = 0; i < 5; i++) {
        CHECK(pthread_join(threads[i], NULL) == 0);
    }
    zc_weights_release(weights);
    weights = NULL;
    CHECK(zc_region_count() == 0);
}

/* ---- who owns a recording that another thread runs ---- */

static zc_batch *run_elsewhere;
static atomic_bool queued;

static zc_status note_wait(void *unused, zc_error *none)
{
    (void)unused, (void)none;
    atomic_store(&queued, true);
    return ZC_OK;
}

static void *run_it(void *unused)
{
    (void)unused;
    CHECK(zc_batch_run(run_elsewhere, note_wait, NULL, &error) == ZC_OK);
    return NULL;
}

static void test_recording_in_use(void)
{
    pthread_t thread;
    use_region();
    use_device();
    zc_submission *first = submit(increments(device, region, 200, SIZE / 4)); /* the run comes after it */
    run_elsewhere = increments(device, region, 2000, SIZE / 4);
    CHECK(pthread_create(&thread, NULL, run_it, NULL) == 0);
    while (!atomic_load(&queued)) {
        nap();
    }
    pid_t child = fork();
    if (child == 0) {
        zc_batch_free(run_elsewhere); /* once, although the work that ran it is lost too */
        CHECK(zc_region_pins(region) == 0);
        use_all_anew();
        _exit(0);
    }
    reap(child, "the child with a recording");
    CHECK(pthread_join(thread, NULL) == 0);
    zc_batch_free(run_elsewhere);
    zc_submission_release(first);
    zc_device_release(device);
    zc_region_release(region);
    device = NULL;
    region = NULL;
}

int main(int count, char **arguments)
{
    CHECK(count == 3);
    model = arguments[1];
    for (unsigned i = 0; i < ORDERS * 4; i++) { /* before this process uses anything */
        pid_t child = fork();
        if (child == 0) {
            keep = i & 1;
            second_thread = i & 2;
            one_order(i / 4);
        }
        char name[96];
        (void)snprintf(name, sizeof name, "order of first use %u%s%s", i / 4, i & 1 ? "" : ", references dropped",
                       i & 2 ? ", from a second thread" : "");
        reap(child, name);
    }
    test_recording_in_use();
    test_hammered((unsigned)atoi(arguments[2]));
    puts("ok");
    return 0;
}
