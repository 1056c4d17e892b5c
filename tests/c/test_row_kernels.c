/* Kernels that are functions of modules, from several threads at once: each dispatches the same kernel over rows of its
 * own, alone and in batches, some of which trap; and the kernel is let go of while it is in flight. What tests/
 * test_row_kernels.py shows through Python is not repeated. argv[1]: rows.wasm. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/zc_alloc.h"
#include "base/zc_copies.h"
#include "device/zc_device.h"
#include "engine/zc_engine_wasm3.h"
#include "imports/zc_wasm_kernel.h"

static _Thread_local zc_error error;
#include "check.h"

enum { THREADS = 4, TURNS = 12, ROWS = 40, NUMBERS = 8 };

static zc_device *device;
static zc_module *module;

static const zc_kernel *compile(const char *function, unsigned bindings, const uint8_t *params, unsigned count)
{
    const zc_limits limits = {.memory = ZC_NO_LIMIT,
                              .table = ZC_DEFAULT_TABLE,
                              .call_depth = ZC_DEFAULT_CALL_DEPTH,
                              .stack_bytes = ZC_DEFAULT_STACK_BYTES,
                              .fuel = ZC_NO_LIMIT,
                              .deadline_ns = ZC_NO_LIMIT};
    zc_row_code code;
    const zc_kernel *kernel;
    zc_kernel_source source = {.name = function, .binding_count = bindings, .params_size = 4 * count};
    source.workgroup[0] = source.workgroup[1] = source.workgroup[2] = 1;
    for (unsigned i = 0; i < bindings; i++) {
        source.bindings[i] = (zc_binding_signature){i ? "out" : "x", i ? ZC_ACCESS_WRITE : ZC_ACCESS_READ, 1};
    }
    if (bindings == 1) {
        source.bindings[0].access = ZC_ACCESS_READ | ZC_ACCESS_WRITE;
    }
    CHECK(zc_wasm_kernel_new(module, &zc_engine_wasm3, function, &source, params, count, &limits, NULL, NULL, &code,
                             &error) == ZC_OK);
    source.rows = &code;
    CHECK(zc_device_compile(device, &source, &kernel, &error) == ZC_OK);
    return kernel;
}

typedef struct job {
    const zc_kernel *affine, *stubborn;
    unsigned index;
} job;

static zc_submission *submit(const zc_dispatch *dispatch)
{
    zc_batch *batch;
    zc_submission *submission;
    CHECK(zc_batch_new(device, &batch, &error) == ZC_OK);
    CHECK(zc_batch_dispatch(batch, dispatch, &error) == ZC_OK);
    CHECK(zc_batch_submit(batch, &submission, &error) == ZC_OK);
    zc_batch_free(batch);
    return submission;
}

static void *work(void *argument)
{
    const job *own = argument;
    const size_t bytes = sizeof(float) * ROWS * NUMBERS;
    zc_region *region;
    CHECK(zc_device_scratch(device, 2 * bytes, &region, &error) == ZC_OK);
    float *x = zc_region_base(region), *out = x + ROWS * NUMBERS;
    const zc_range ranges[] = {{region, 0, bytes}, {region, bytes, bytes}};
    const zc_range rows = {region, 0, bytes};
    for (unsigned turn = 0; turn < TURNS; turn++) {
        struct {
            uint32_t groups[3], count;
            float scale, shift;
        } params = {{ROWS, 1, 1}, NUMBERS, 2, (float)own->index};
        for (int i = 0; i < ROWS * NUMBERS; i++) {
            x[i] = (float)(i + (int)turn);
        }
        const zc_dispatch dispatch = {own->affine, ranges, 2, &params, sizeof params};
        if (turn % 2) {
            CHECK(zc_device_run(device, &dispatch, &error) == ZC_OK);
        } else {
            zc_submission *submission = submit(&dispatch);
            CHECK(zc_submission_wait(submission, -1, &error) == ZC_OK);
            zc_submission_release(submission);
        }
        for (int i = 0; i < ROWS * NUMBERS; i++) {
            CHECK(out[i] == 2 * x[i] + (float)own->index);
        }
        uint32_t groups[3] = {ROWS, 1, 1};
        const zc_dispatch bad = {own->stubborn, &rows, 1, groups, sizeof groups};
        zc_submission *submission = submit(&bad);
        CHECK(zc_submission_wait(submission, -1, &error) == ZC_TRAP);
        CHECK(strstr(error.message, "kernel stubborn, row ") && error.kind == ZC_TRAP_UNREACHABLE);
        zc_submission_release(submission);
    }
    zc_region_release(region);
    return NULL;
}

static zc_status no_pause(void *context, zc_error *failure)
{
    (void)context;
    (void)failure;
    return ZC_OK;
}

int main(int count, char **arguments)
{
    FILE *file = count == 2 ? fopen(arguments[1], "rb") : NULL;
    CHECK(file);
    uint8_t *bytes = zc_malloc(1 << 16);
    size_t size = fread(bytes, 1, 1 << 16, file);
    (void)fclose(file);
    CHECK(zc_module_new(bytes, size, &module, &error) == ZC_OK);
    const zc_device_options options = {.threads = 4};
    CHECK(zc_device_open("cpu", &options, &device, &error) == ZC_OK);

    static const uint8_t types[] = {ZC_I32, ZC_F32, ZC_F32};
    const zc_kernel *affine = compile("affine", 2, types, 3), *stubborn = compile("stubborn", 1, NULL, 0);
    pthread_t threads[THREADS];
    job jobs[THREADS];
    for (unsigned i = 0; i < THREADS; i++) {
        jobs[i] = (job){affine, stubborn, i};
        CHECK(pthread_create(&threads[i], NULL, work, &jobs[i]) == 0);
    }
    for (unsigned i = 0; i < THREADS; i++) {
        CHECK(pthread_join(threads[i], NULL) == 0);
    }
    CHECK(zc_copies_get(ZC_COPY_KERNEL_ROWS) >= (uint64_t)3 * THREADS * TURNS * ROWS * NUMBERS * 4);

    /* One that never ends, cancelled; the submission alone holds the kernel by then. */
    const zc_kernel *forever = compile("forever", 1, NULL, 0);
    zc_region *region;
    uint32_t groups[3] = {2, 1, 1};
    CHECK(zc_device_scratch(device, 64, &region, &error) == ZC_OK);
    const zc_range range = {region, 0, 64};
    zc_submission *submission = submit(&(zc_dispatch){forever, &range, 1, groups, sizeof groups});
    zc_kernel_release(forever);
    CHECK(zc_submission_wait(submission, 50000000, &error) == ZC_TIMEOUT);
    CHECK(zc_device_finish_all(20000000000, no_pause, NULL));
    CHECK(zc_submission_wait(submission, -1, &error) == ZC_CANCELLED);
    zc_submission_release(submission);
    zc_region_release(region);

    zc_kernel_release(affine);
    zc_kernel_release(stubborn);
    zc_device_release(device);
    zc_module_release(module);
    (void)puts("ok");
    return 0;
}
