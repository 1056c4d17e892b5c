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
#include "base/zc_alloc.h"

#include "check.h"

static _Thread_local zc_error error;

#define GUESTS 3
#define ROUNDS 40

typedef struct guest {
    zc_abi *abi;
    zc_instance *instance;
    const zc_module_info *info;
    uint8_t *memory;
    uint32_t arena;
    float added; /* what the interrupted calls and finished ones may have added to x, at least and at most */
    unsigned interrupted;
    _Atomic bool done;
} guest;

static zc_device *device;
static zc_module *module;

static zc_status call(guest *self, const char *name, const uint64_t *arguments, uint64_t *result, zc_error *out)
{
    uint32_t index = UINT32_MAX;
    for (uint32_t i = 0; i < self->info->export_count; i++) {
        if (self->info->exports[i].kind == ZC_EXTERN_FUNC && self->info->exports[i].name.size == strlen(name) &&
            memcmp(self->info->exports[i].name.bytes, name, strlen(name)) == 0) {
            index = self->info->exports[i].index;
        }
    }
    CHECK(index != UINT32_MAX);
    const zc_func_type *type = &self->info->types[self->info->funcs[index].type_index];
    uint64_t *frame = zc_instance_frame(self->instance, index, out);
    CHECK(frame);
    memcpy(frame + type->result_count, arguments, type->param_count * sizeof *frame);
    zc_status status = zc_instance_call(self->instance, index, frame, NULL, out);
    *result = status == ZC_OK && type->result_count ? frame[0] : 0;
    return status;
}

/* A call that must succeed, and its result. */
static int32_t must(guest *self, const char *name, const uint64_t *arguments)
{
    zc_error error = {0};
    uint64_t result;
    zc_status status = call(self, name, arguments, &result, &error);
    if (status != ZC_OK || (int32_t)result < 0) {
        fprintf(stderr, "%s: %d %d %s\n", name, (int)status, (int)result, error.message);
        exit(1);
    }
    return (int32_t)result;
}

static zc_status log_nothing(void *context, int level, const char *text, size_t size, zc_error *error)
{
    (void)context, (void)level, (void)text, (void)size, (void)error;
    return ZC_OK;
}

static void make(guest *self)
{
    zc_error error = {0};
    const zc_abi_host host = {.log = log_nothing, .inputs = true};
    const zc_abi_limits abi_limits = {
        .scratch = 1 << 20, .outputs = 1 << 20, .dispatch_work = ZC_DEFAULT_DISPATCH_WORK};
    const zc_limits limits = {.memory = ZC_NO_LIMIT,
                              .table = 100,
                              .call_depth = 1000,
                              .stack_bytes = 65536,
                              .fuel = ZC_NO_LIMIT,
                              .deadline_ns = ZC_NO_LIMIT};
    memset(self, 0, sizeof *self);
    self->info = zc_module_get_info(module);
    CHECK(zc_abi_new(device, NULL, &host, &abi_limits, &self->abi, &error) == ZC_OK);
    zc_import_value *imports = calloc(self->info->import_count, sizeof *imports);
    for (uint32_t i = 0; i < self->info->import_count; i++) {
        const zc_import *import = &self->info->imports[i];
        const zc_func_type *type = &self->info->types[self->info->funcs[import->index].type_index];
        if (zc_abi_link(self->abi, import->field, type, &imports[i], &error) != ZC_OK) {
            /* weights are not granted: the clock will do, as nobody calls it */
            CHECK(strstr(error.message, "weights="));
            const zc_func_type clock = {.results = (const uint8_t[]){ZC_I64}, .result_count = 1};
            CHECK(zc_abi_link(self->abi, (zc_name){(const uint8_t *)"clock", 5}, &clock, &imports[i], &error) == ZC_OK);
        }
    }
    CHECK(zc_instance_new(module, imports, &limits, &self->instance, &error) == ZC_OK);
    free(imports);
    zc_abi_attach(self->abi, self->instance);
    self->memory = zc_region_base(zc_memory_region(zc_instance_memory(self->instance)));
    self->arena = (uint32_t)must(self, "memory_at", NULL);
}

static void end(guest *self)
{
    zc_abi_free(self->abi);
    zc_instance_free(self->instance);
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
    guest *self = argument;
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
        zc_status status = call(self, "run", NULL, &result, &error);
        if (status == ZC_TRAP) { /* an interrupt that came early: what was submitted ends all the same */
            self->interrupted++;
        }
        for (int i = 0; i < 4; i++) {
            while (call(self, "wait", (uint64_t[]){(uint32_t)submissions[i], (uint64_t)-1}, &result, &error) != ZC_OK) {
                self->interrupted++;
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
        status = call(self, "sequence_run_many", (uint64_t[]){(uint32_t)sequence, 1u << 30}, &result, &error);
        CHECK(status == ZC_TRAP && error.kind == ZC_TRAP_INTERRUPTED);
        self->interrupted++;
        zc_device_drain_all();
        expected = x[0];
        CHECK(x[4095] == expected);
    }
    /* Leave work in flight behind. */
    for (int i = 0; i < 8; i++) {
        (void)must(self, "sequence_submit", (uint64_t[]){(uint32_t)sequence});
    }
    atomic_store(&self->done, true);
    return NULL;
}

int main(int count, char **arguments)
{
    zc_error error = {0};
    static guest guests[GUESTS];
    pthread_t threads[GUESTS];
    uint8_t *bytes = zc_malloc(1 << 20);
    FILE *file = count == 2 ? fopen(arguments[1], "rb") : NULL;
    CHECK(bytes && file);
    size_t size = fread(bytes, 1, 1 << 20, file);
    (void)fclose(file);
    CHECK(zc_module_new(bytes, size, &module, &error) == ZC_OK);
    CHECK(zc_device_open("cpu", &(zc_device_options){.threads = 2}, &device, &error) == ZC_OK);
    for (int i = 0; i < GUESTS; i++) {
        make(&guests[i]);
    }
    for (int i = 0; i < GUESTS; i++) {
        CHECK(pthread_create(&threads[i], NULL, drive, &guests[i]) == 0);
    }
    for (int left = GUESTS; left;) {
        usleep(500);
        left = 0;
        for (int i = 0; i < GUESTS; i++) {
            if (!atomic_load(&guests[i].done)) {
                (void)zc_instance_interrupt(guests[i].instance);
                left++;
            }
        }
    }
    for (int i = 0; i < GUESTS; i++) {
        pthread_join(threads[i], NULL);
        CHECK(guests[i].interrupted >= ROUNDS);
        end(&guests[i]);
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
