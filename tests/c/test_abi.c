/* test_abi: guests on several threads that submit work to one device, interrupted from another thread, and freed with
 * work in flight. What it computes is checked; ThreadSanitizer checks the rest.
 *
 *     test_abi guests/abi.wasm       prints "ok"
 *
 * Built by tests/test_abi_threads.py from this file, the core and wasm3.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "imports/zc_abi.h"

#include "check.h"

#include "abi_guest.h"

#define GUESTS 3
#define ROUNDS 40

typedef struct driven { /* by a thread of its own */
    guest guest;
    unsigned interrupted;
    _Atomic bool done;
} driven;

static zc_device *device;

/* A call that must succeed, and its result. */
static int32_t must(guest *self, const char *name, const uint64_t *arguments)
{
    int32_t result = guest_result(self, name, arguments);
    if (result < 0) {
        fprintf(stderr, "%s: %d\n", name, (int)result);
        exit(1);
    }
    return result;
}

static float *x_of(guest *self)
{
    return (float *)(void *)(self->memory + self->arena + 65536);
}

/* x = x + 1 over 4096 floats, recorded `times` times into the sequence. */
static void record(guest *self, int32_t sequence, unsigned times)
{
    const struct {
        uint32_t handle, reserved;
        uint64_t offset, length;
    } ranges[2] = {{0, 0, self->arena + 65536, 16384}, {0, 0, self->arena + 65536, 16384}};
    const zc_affine_params p = {.count = 4096, .scale = 1, .shift = 1};
    memcpy(self->memory + self->arena, "affine", 6);
    memcpy(self->memory + self->arena + 64, ranges, sizeof ranges);
    memcpy(self->memory + self->arena + 256, &p, sizeof p);
    int32_t kernel = must(self, "kernel", (uint64_t[]){self->arena, 6});
    for (unsigned i = 0; i < times; i++) {
        (void)must(
            self, "dispatch",
            (uint64_t[]){(uint32_t)sequence, (uint32_t)kernel, self->arena + 64, 2, self->arena + 256, sizeof p});
    }
}

static void *drive(void *argument)
{
    driven *mine = argument;
    guest *self = &mine->guest;
    float *x = x_of(self), expected = 0;
    int32_t sequence = must(self, "sequence_new", NULL);
    record(self, sequence, 5);
    (void)must(self, "sequence_seal", (uint64_t[]){(uint32_t)sequence});
    for (int round = 0; round < ROUNDS; round++) {
        /* Several in flight, then a run that comes after them. */
        int32_t submissions[4];
        for (int i = 0; i < 4; i++) {
            submissions[i] = must(self, "sequence_submit", (uint64_t[]){(uint32_t)sequence});
        }
        record(self, 0, 1);
        zc_error error = {0};
        uint64_t result;
        zc_status status = guest_call(self, "run", NULL, &result, &error);
        if (status == ZC_TRAP) { /* an interrupt that came early: what was submitted ends all the same */
            mine->interrupted++;
        }
        for (int i = 0; i < 4; i++) {
            while (guest_call(self, "wait", (uint64_t[]){(uint32_t)submissions[i], (uint64_t)-1}, &result, &error) !=
                   ZC_OK) {
                mine->interrupted++;
            }
            CHECK((int32_t)result == 0);
        }
        if (status == ZC_OK) {
            expected += 21;
            CHECK(x[0] == expected && x[4095] == expected);
        } else {
            expected = x[0]; /* the run's own dispatch may or may not have been submitted yet */
            (void)must(self, "discard", NULL);
            zc_device_drain_all();
            expected = x[0];
        }
        /* Until somebody interrupts it. */
        status = guest_call(self, "sequence_run_many", (uint64_t[]){(uint32_t)sequence, 1u << 30}, &result, &error);
        CHECK(status == ZC_TRAP && error.kind == ZC_TRAP_INTERRUPTED);
        mine->interrupted++;
        zc_device_drain_all();
        expected = x[0];
        CHECK(x[4095] == expected);
    }
    /* Leave work in flight behind. */
    for (int i = 0; i < 8; i++) {
        (void)must(self, "sequence_submit", (uint64_t[]){(uint32_t)sequence});
    }
    atomic_store(&mine->done, true);
    return NULL;
}

int main(int count, char **arguments)
{
    zc_error error = {0};
    static driven guests[GUESTS];
    pthread_t threads[GUESTS];
    const zc_abi_limits limits = {.scratch = 1 << 20, .outputs = 1 << 20, .dispatch_work = ZC_DEFAULT_DISPATCH_WORK};
    CHECK(count == 2);
    zc_module *module = guest_module(arguments[1]);
    CHECK(zc_device_open("cpu", &(zc_device_options){.threads = 2}, &device, &error) == ZC_OK);
    for (int i = 0; i < GUESTS; i++) {
        guest_make(&guests[i].guest, module, device, NULL, &limits);
    }
    for (int i = 0; i < GUESTS; i++) {
        CHECK(pthread_create(&threads[i], NULL, drive, &guests[i]) == 0);
    }
    for (int left = GUESTS; left;) {
        usleep(500);
        left = 0;
        for (int i = 0; i < GUESTS; i++) {
            if (!atomic_load(&guests[i].done)) {
                (void)zc_instance_interrupt(guests[i].guest.instance);
                left++;
            }
        }
    }
    for (int i = 0; i < GUESTS; i++) {
        pthread_join(threads[i], NULL);
        CHECK(guests[i].interrupted >= ROUNDS);
        guest_end(&guests[i].guest);
    }
    zc_device_release(device);
    zc_module_release(module);
    zc_device_drain_all();
    for (int i = 0; i < 1000 && zc_region_count(); i++) { /* the queue thread may still be letting go */
        usleep(1000);
    }
    CHECK(zc_region_count() == 0);
    puts("ok");
    return 0;
}
