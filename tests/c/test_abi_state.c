/* test_abi_state: a guest's side of the imports, saved and loaded into another instance with the same memory, which goes
 * on as the first one does; on devices of the same kind and of another; within limits; with every allocation failing;
 * and from bytes that were cut off, changed one by one, or at random, which must be refused or give a guest that
 * behaves.
 *
 *     test_abi_state guests/abi.wasm FOLDER go-on KIND KIND     from a device of one kind to one of another
 *     test_abi_state guests/abi.wasm FOLDER refuse              limits, handles, allocations
 *     test_abi_state guests/abi.wasm FOLDER hostile ROUNDS      bytes of every kind
 *     test_abi_state guests/abi.wasm FOLDER measure             what a dispatch, a save and a load cost
 *
 * prints "ok", or why it did not run. FOLDER is for a file of weights. Built by tests/test_abi_state.py from this file, the
 * core and wasm3.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/zc_clock.h"
#include "imports/zc_abi_internal.h"

#include "check.h"

static zc_error error;

#include "abi_guest.h"
#include "counted_alloc.h"

static zc_module *module;
static zc_weights *weights;

#define COUNT 64u /* floats that a small dispatch works on */
#define X 65536u /* where in the arena */
#define Y (X + 4 * COUNT)
#define WEIGHTS 256u

static const zc_abi_limits LIMITS = {.scratch = 1 << 20, .outputs = 1 << 16, .dispatch_work = 1 << 22};

/* --- a guest with something of everything --- */

static float *floats(const guest *self, uint32_t at)
{
    return (float *)(void *)(self->memory + self->arena + at);
}

static int32_t call(guest *self, const char *name, const uint64_t *arguments)
{
    return guest_result(self, name, arguments);
}

static uint32_t put(guest *self, uint32_t at, const void *bytes, size_t size)
{
    memcpy(self->memory + self->arena + at, bytes, size);
    return self->arena + at;
}

static int32_t must(int32_t result)
{
    if (result < 0) {
        fprintf(stderr, "a call gave %d\n", result);
        exit(1);
    }
    return result;
}

/* out = scale * x + shift; the dispatch's index or an errno. */
static int32_t affine(guest *self, int32_t sequence, zcg_range x, zcg_range out, float scale, float shift)
{
    const zcg_range ranges[2] = {x, out};
    const zc_affine_params p = {.count = COUNT, .scale = scale, .shift = shift};
    int32_t kernel = call(self, "kernel", (uint64_t[]){put(self, 0, "affine", 6), 6});
    return call(self, "dispatch",
                (uint64_t[]){(uint32_t)sequence, (uint32_t)kernel, put(self, 64, ranges, sizeof ranges), 2,
                             put(self, 256, &p, sizeof p), sizeof p});
}

static zcg_range at(const guest *self, uint32_t where)
{
    return (zcg_range){.offset = self->arena + where, .length = 4 * COUNT};
}

static zcg_range all_of(int32_t handle)
{
    return (zcg_range){.handle = handle, .length = handle ? ZCG_WHOLE : 0};
}

typedef struct handles {
    int32_t scratch, stale, sealed, open, done, failed, tensor;
} handles;

static handles furnish(guest *self)
{
    handles have;
    must(call(self, "output_write", (uint64_t[]){put(self, 0, "answer", 6), 6, put(self, 8, "forty-two", 9), 9}));
    must(call(self, "output_write", (uint64_t[]){put(self, 0, "", 0), 0, put(self, 8, "", 0), 0}));
    /* Handles that were freed, so that tables have generations and holes. */
    int32_t first = must(call(self, "scratch_new", (uint64_t[]){64}));
    have.scratch = must(call(self, "scratch_new", (uint64_t[]){4 * COUNT}));
    must(call(self, "scratch_free", (uint64_t[]){(uint32_t)first}));
    have.stale = must(call(self, "sequence_new", NULL));
    have.sealed = must(call(self, "sequence_new", NULL));
    int32_t other = must(call(self, "sequence_new", NULL));
    must(call(self, "sequence_free", (uint64_t[]){(uint32_t)other}));
    must(call(self, "sequence_free", (uint64_t[]){(uint32_t)have.stale}));
    have.open = must(call(self, "sequence_new", NULL)); /* in the place of the stale one */
    have.tensor = weights ? must(call(self, "tensor", (uint64_t[]){put(self, 0, "w", 1), 1})) : 0;
    for (unsigned i = 0; i < COUNT; i++) {
        floats(self, X)[i] = (float)i;
    }
    /* scratch = x, and y = 2 * scratch + 3, of which the 3 becomes a 5; x = x + a tensor's numbers in y. */
    must(affine(self, have.sealed, at(self, X), all_of(have.scratch), 1, 0));
    must(affine(self, have.sealed, all_of(have.scratch), at(self, Y), 2, 3));
    must(call(self, "sequence_seal", (uint64_t[]){(uint32_t)have.sealed}));
    const float shift = 5;
    must(call(self, "sequence_params",
              (uint64_t[]){(uint32_t)have.sealed, 1, offsetof(zc_affine_params, shift), put(self, 0, &shift, 4), 4}));
    must(affine(self, have.open, at(self, Y), at(self, Y), 1, 1));
    if (weights) {
        must(affine(self, have.open, all_of(have.tensor), at(self, X), 1, 0.5f));
    }
    /* Submissions: one that was waited for, one that ended well, one that failed. */
    must(call(self, "submit_and_wait", NULL));
    have.done = must(call(self, "sequence_submit", (uint64_t[]){(uint32_t)have.sealed}));
    have.failed = must(call(self, "submit", NULL));
    CHECK(zc_abi_settle(self->abi, -1, &error) == ZC_OK);
    zc_abi_entry *failed = zc_abi_find(self->abi, &self->abi->submissions, (uint32_t)have.failed);
    zc_submission_release(failed->submission);
    failed->submission = NULL;
    failed->end = zc_calloc(1, sizeof *failed->end);
    CHECK(failed->end);
    *failed->end = (zc_abi_end){.code = ZCG_EIO, .text = "the device caught fire"};
    /* The batch. */
    must(affine(self, 0, at(self, X), at(self, X), 1, 1));
    CHECK(call(self, "poll", (uint64_t[]){12345}) == -ZCG_EBADF); /* leaves a text */
    return have;
}

/* What is seen of all of it from then on. */
typedef struct seen {
    int32_t results[24];
    float x[COUNT], y[COUNT], y_before[COUNT];
    char text[200], failed[200];
} seen;

static void text_of(guest *self, char out[200])
{
    memset(self->memory + self->arena + 512, 0, 200);
    must(call(self, "error_text", (uint64_t[]){self->arena + 512, 200}));
    memcpy(out, self->memory + self->arena + 512, 200);
    out[199] = 0;
}

static seen go_on(guest *self, const handles *have)
{
    seen out = {0};
    int32_t *result = out.results;
    text_of(self, out.text);
    *result++ = call(self, "scratch_free", (uint64_t[]){(uint32_t)have->scratch}); /* sequences use it */
    *result++ = call(self, "poll", (uint64_t[]){(uint32_t)have->done});
    *result++ = call(self, "wait", (uint64_t[]){(uint32_t)have->done, (uint64_t)-1});
    *result++ = call(self, "wait", (uint64_t[]){(uint32_t)have->failed, (uint64_t)-1});
    text_of(self, out.failed);
    *result++ = call(self, "wait", (uint64_t[]){(uint32_t)have->failed, (uint64_t)-1});
    *result++ = call(self, "sequence_run", (uint64_t[]){(uint32_t)have->stale});
    *result++ = call(self, "sequence_run", (uint64_t[]){(uint32_t)have->open}); /* not sealed */
    *result++ = affine(self, have->sealed, at(self, X), at(self, X), 1, 1); /* sealed */
    /* y = 2 * x + 5, x = x + 1, scratch = x, y = 2 * scratch + 7 */
    *result++ = call(self, "sequence_run", (uint64_t[]){(uint32_t)have->sealed});
    memcpy(out.y_before, floats(self, Y), sizeof out.y_before);
    *result++ = call(self, "run", NULL);
    const float shift = 7;
    *result++ =
        call(self, "sequence_params",
             (uint64_t[]){(uint32_t)have->sealed, 1, offsetof(zc_affine_params, shift), put(self, 0, &shift, 4), 4});
    int32_t submission = *result++ = call(self, "sequence_submit", (uint64_t[]){(uint32_t)have->sealed});
    *result++ = call(self, "wait", (uint64_t[]){(uint32_t)submission, (uint64_t)-1});
    /* y = (y + 1) * 3; x = the tensor's numbers and a half */
    *result++ = affine(self, have->open, at(self, Y), at(self, Y), 3, 0);
    *result++ = call(self, "sequence_seal", (uint64_t[]){(uint32_t)have->open});
    *result++ = call(self, "sequence_run", (uint64_t[]){(uint32_t)have->open});
    int32_t scratch = *result++ = call(self, "scratch_new", (uint64_t[]){64}); /* in the freed one's place */
    *result++ =
        call(self, "mirror", (uint64_t[]){(uint32_t)scratch, 0, self->arena + Y, 64}); /* else it holds anything */
    *result++ = call(self, "sequence_new", NULL);
    *result++ = call(self, "sequence_new", NULL);
    *result++ = call(self, "sequence_free", (uint64_t[]){(uint32_t)have->sealed});
    *result++ = call(self, "scratch_free", (uint64_t[]){(uint32_t)have->scratch});
    *result++ = call(self, "poll", (uint64_t[]){1}); /* a wait that succeeds may leave any text */
    memcpy(out.x, floats(self, X), sizeof out.x);
    memcpy(out.y, floats(self, Y), sizeof out.y);
    CHECK((size_t)(result - out.results) <= sizeof out.results / sizeof *out.results);
    return out;
}

static zc_writer save(guest *self, bool device_state)
{
    zc_writer out = {0};
    CHECK(zc_abi_settle(self->abi, -1, &error) == ZC_OK);
    CHECK(zc_abi_save(self->abi, device_state, &out, &error) == ZC_OK);
    return out;
}

static zc_reader reader_of(const zc_writer *state)
{
    return (zc_reader){.at = state->bytes, .end = state->bytes + state->size};
}

/* Another instance with the same memory and that state. */
static void restore(guest *other, const guest *self, const zc_writer *state, zc_device *device)
{
    zc_reader reader = reader_of(state);
    guest_make(other, module, device, weights, &LIMITS);
    memcpy(other->memory, self->memory, zc_region_size(zc_memory_region(zc_instance_memory(self->instance))));
    CHECK(zc_abi_load(other->abi, &reader, &error) == ZC_OK);
    CHECK(zc_reader_left(&reader) == 0);
}

static zc_device *open_device(const char *kind)
{
    zc_device *device;
    bool apart = strcmp(kind, "apart") == 0; /* a Vulkan device, taken for one with memory of its own */
    if (zc_device_open(apart ? "vulkan" : kind, &(zc_device_options){.threads = 2}, &device, &error) != ZC_OK) {
        printf("no device: %s\n", error.message);
        exit(0);
    }
    ((zc_device_info *)(uintptr_t)zc_device_get_info(device))->unified_memory &= !apart;
    return device;
}

static void make_weights(const char *folder, zc_device *device)
{
    char path[4096];
    float numbers[4096] = {0};
    for (unsigned i = 0; i < WEIGHTS; i++) {
        numbers[i] = (float)i / 2;
    }
    (void)snprintf(path, sizeof path, "%s/weights", folder);
    int file = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
    CHECK(file >= 0 && write(file, numbers, sizeof numbers) == sizeof numbers);
    CHECK(zc_weights_open(file, &weights, &error) == ZC_OK);
    CHECK(zc_weights_add(weights, "w", 1, 0, 1, (const uint64_t[]){COUNT}, 0, 0, &error) == ZC_OK);
    CHECK(zc_weights_load(weights, device, NULL, &error) == ZC_OK);
    (void)close(file);
}

/* --- the same guest, twice --- */

static void test_go_on(const char *folder, const char *from, const char *to)
{
    zc_device *device = open_device(from), *other = open_device(to);
    guest first, second;
    make_weights(folder, device);
    CHECK(zc_weights_load(weights, other, NULL, &error) == ZC_OK);
    guest_make(&first, module, device, weights, &LIMITS);
    handles have = furnish(&first);
    uint64_t before = zc_copies_get(ZC_COPY_SNAPSHOT);
    zc_writer state = save(&first, true);
    CHECK(zc_copies_get(ZC_COPY_SNAPSHOT) - before == 9 + 4 * COUNT); /* the output and the scratch */
    restore(&second, &first, &state, other);
    CHECK(zc_copies_get(ZC_COPY_SNAPSHOT) - before == 2 * (9 + 4 * COUNT));

    /* The whole of a range is what it was when it was recorded. */
    zcg_range whole;
    memcpy(&whole,
           zc_abi_find(first.abi, &first.abi->sequences, (uint32_t)have.sealed)->tape.records + 8 + sizeof whole,
           sizeof whole);
    CHECK(whole.handle == have.scratch && whole.length == 4 * COUNT);

    /* What sleeps pins nothing, and is saved as it was. */
    zc_region *region = zc_memory_region(zc_instance_memory(second.instance));
    CHECK(zc_abi_idle_pins(second.abi, region) == 0 && second.abi->recorded == first.abi->recorded);
    zc_writer again = save(&second, true);
    CHECK(again.size == state.size && memcmp(again.bytes, state.bytes, state.size) == 0);
    zc_writer_free(&again);

    seen expected = go_on(&first, &have), found = go_on(&second, &have);
    CHECK(strcmp(expected.text, "12345 is no submission handle") == 0);
    CHECK(strcmp(expected.failed, "the device caught fire") == 0);
    CHECK(expected.results[0] == -ZCG_EBUSY && expected.results[3] == -ZCG_EIO && expected.results[5] == -ZCG_EBADF);
    CHECK(expected.results[8] == 0 && expected.results[9] == 0 && expected.results[15] == 0);
    for (unsigned i = 0; i < COUNT; i++) {
        CHECK(expected.x[i] == (float)i / 2 + 0.5f && expected.y_before[i] == 2 * (float)i + 5);
        CHECK(expected.y[i] == (2 * ((float)i + 1) + 7 + 1) * 3);
    }
    CHECK(memcmp(&expected, &found, sizeof expected) == 0);
    CHECK(second.abi->recorded == first.abi->recorded && second.abi->scratch_bytes == first.abi->scratch_bytes);
    CHECK(zc_abi_idle_pins(second.abi, region) ==
          zc_abi_idle_pins(first.abi, zc_memory_region(zc_instance_memory(first.instance))));
    CHECK(zc_abi_idle_pins(second.abi, region) > 0);
    /* And from here once more, as both went the same way. */
    zc_writer_free(&state);
    state = save(&first, true);
    again = save(&second, true);
    CHECK(again.size == state.size && memcmp(again.bytes, state.bytes, state.size) == 0);
    const char *name;
    const void *bytes;
    size_t name_size;
    uint64_t size;
    CHECK(zc_abi_output(second.abi, 0, &name, &name_size, &bytes, &size) && size == 9);
    CHECK(name_size == 6 && memcmp(name, "answer", 6) == 0 && memcmp(bytes, "forty-two", 9) == 0);
    CHECK(zc_abi_output(second.abi, 1, &name, &name_size, &bytes, &size) && size == 0);
    zc_writer_free(&state);
    zc_writer_free(&again);
    guest_end(&first);
    guest_end(&second);
    zc_weights_release(weights);
    weights = NULL;
    zc_device_release(device);
    zc_device_release(other);
}

/* Scratch of several pieces, most of it zeros: only chunks with something in them are in the state. */
static void test_large_scratch(const char *kind)
{
    const uint64_t size = (9 << 20) + 4096;
    const zc_abi_limits limits = {.scratch = size, .outputs = 0, .dispatch_work = 1 << 30};
    zc_device *device = open_device(kind);
    guest self, other;
    zc_writer state = {0};
    uint8_t *expected = calloc(1, size), *found = malloc(size);
    CHECK(expected && found);
    memset(expected + 70000, 1, 10);
    memset(expected + (4 << 20) - 3, 2, 6); /* two pieces */
    memset(expected + size - 1, 3, 1);
    guest_make(&self, module, device, NULL, &limits);
    must(call(&self, "scratch_new", (uint64_t[]){size}));
    CHECK(zc_device_upload(device, self.abi->scratches.entries[0].region, 0, expected, size, &error) == ZC_OK);
    CHECK(zc_abi_save(self.abi, true, &state, &error) == ZC_OK);
    CHECK(state.size < 4 * 65536 + 8192);
    guest_make(&other, module, device, NULL, &limits);
    zc_reader reader = reader_of(&state);
    CHECK(zc_abi_load(other.abi, &reader, &error) == ZC_OK);
    CHECK(zc_device_download(device, other.abi->scratches.entries[0].region, 0, found, size, &error) == ZC_OK);
    CHECK(memcmp(expected, found, size) == 0);
    zc_writer_free(&state);
    guest_end(&self);
    guest_end(&other);
    zc_device_release(device);
    free(expected);
    free(found);
}

/* --- what is refused --- */

static zc_status load_as(const zc_writer *state, zc_device *device, const zc_abi_limits *limits)
{
    const zc_abi_host host = {.inputs = true};
    zc_reader reader = reader_of(state);
    zc_abi *abi;
    CHECK(zc_abi_new(device, NULL, &host, limits, &abi, &error) == ZC_OK);
    zc_status status = zc_abi_load(abi, &reader, &error);
    zc_abi_free(abi);
    return status;
}

static void test_limits(zc_device *device)
{
    guest self, other;
    guest_make(&self, module, device, NULL, &LIMITS);
    handles have = furnish(&self);
    zc_writer state = save(&self, true);
    zc_abi_limits less = LIMITS;
    less.scratch = 4 * COUNT - 1;
    CHECK_FAILS(load_as(&state, device, &less), ZC_SNAPSHOT, "256 bytes of scratch, the limit of 255 leaves 255");
    less = LIMITS;
    less.outputs = 8;
    CHECK_FAILS(load_as(&state, device, &less), ZC_SNAPSHOT, "more than 8 bytes");
    CHECK_FAILS(load_as(&state, NULL, &LIMITS), ZC_SNAPSHOT, "none is granted");
    CHECK(load_as(&state, device, &LIMITS) == ZC_OK);
    /* Dispatches that are too much work now are refused as the guest would be, and can be freed. */
    less = LIMITS;
    less.dispatch_work = 1;
    zc_reader reader = reader_of(&state);
    guest_make(&other, module, device, NULL, &less);
    CHECK(zc_abi_load(other.abi, &reader, &error) == ZC_OK);
    CHECK(call(&other, "sequence_run", (uint64_t[]){(uint32_t)have.sealed}) == -ZCG_ENOMEM);
    CHECK(call(&other, "sequence_submit", (uint64_t[]){(uint32_t)have.sealed}) == -ZCG_ENOMEM);
    CHECK(call(&other, "run", NULL) == -ZCG_ENOMEM && call(&other, "submit", NULL) == -ZCG_ENOMEM);
    CHECK(affine(&other, 0, at(&other, X), at(&other, X), 1, 1) == -ZCG_ENOMEM);
    CHECK(call(&other, "discard", NULL) == 0);
    CHECK(call(&other, "scratch_free", (uint64_t[]){(uint32_t)have.scratch}) == -ZCG_EBUSY);
    CHECK(call(&other, "sequence_free", (uint64_t[]){(uint32_t)have.sealed}) == 0);
    CHECK(call(&other, "scratch_free", (uint64_t[]){(uint32_t)have.scratch}) == 0);
    CHECK(other.abi->recorded == 1 + 2); /* the open sequence, and the submission that ended well */
    guest_end(&other);
    /* Without the device's state, handles name nothing, also not what is made then. */
    zc_writer_free(&state);
    state = save(&self, false);
    CHECK(load_as(&state, NULL, &LIMITS) == ZC_OK);
    restore(&other, &self, &state, device);
    CHECK(other.abi->recorded == 0 && other.abi->scratch_bytes == 0 && other.abi->output_count == 2);
    for (int round = 0; round < 2; round++) {
        CHECK(call(&other, "scratch_free", (uint64_t[]){(uint32_t)have.scratch}) == -ZCG_EBADF);
        CHECK(call(&other, "sequence_run", (uint64_t[]){(uint32_t)have.sealed}) == -ZCG_EBADF);
        CHECK(call(&other, "sequence_seal", (uint64_t[]){(uint32_t)have.open}) == -ZCG_EBADF);
        CHECK(call(&other, "wait", (uint64_t[]){(uint32_t)have.done, 0}) == -ZCG_EBADF);
        for (int i = 0; i < 4; i++) {
            must(call(&other, "scratch_new", (uint64_t[]){64}));
            must(call(&other, "sequence_new", NULL));
            must(call(&other, "submit", NULL));
        }
    }
    guest_end(&other);
    guest_end(&self);
    zc_writer_free(&state);
}

/* A tensor's number beyond the weights': refused when it is used. */
static void test_tensors(const char *folder, zc_device *device)
{
    guest self, other;
    make_weights(folder, device);
    guest_make(&self, module, device, weights, &LIMITS);
    handles have = furnish(&self);
    must(call(&self, "sequence_seal", (uint64_t[]){(uint32_t)have.open}));
    zc_abi_tape *tape = &zc_abi_find(self.abi, &self.abi->sequences, (uint32_t)have.open)->tape;
    const uint32_t tensor = (uint32_t)have.tensor, beyond = tensor + 1;
    unsigned replaced = 0;
    for (size_t i = 0; i < tape->size; i += 4) {
        if (memcmp(tape->records + i, &tensor, 4) == 0) {
            memcpy(tape->records + i, &beyond, 4);
            replaced++;
        }
    }
    CHECK(replaced == 1);
    zc_writer state = save(&self, true);
    restore(&other, &self, &state, device);
    CHECK(call(&other, "sequence_run", (uint64_t[]){(uint32_t)have.open}) == -ZCG_EBADF);
    CHECK(call(&other, "sequence_run", (uint64_t[]){(uint32_t)have.sealed}) == 0);
    zc_writer_free(&state);
    guest_end(&other);
    guest_end(&self);
    zc_weights_release(weights);
    weights = NULL;
}

/* Work in flight is waited for, not saved. */
static void test_settle(zc_device *device)
{
    const zc_abi_limits limits = {.scratch = 0, .outputs = 0, .dispatch_work = 1 << 30};
    const uint32_t count = 65536;
    guest self;
    zc_writer state = {0};
    guest_make(&self, module, device, NULL, &limits);
    const zcg_range range = {.offset = self.arena + X, .length = 4 * count};
    const zc_affine_params p = {.count = count, .scale = 1, .shift = 1};
    memset(floats(&self, X), 0, 4 * count);
    int32_t kernel = must(call(&self, "kernel", (uint64_t[]){put(&self, 0, "affine", 6), 6}));
    int32_t sequence = must(call(&self, "sequence_new", NULL));
    must(call(&self, "dispatch_many",
              (uint64_t[]){(uint32_t)sequence, (uint32_t)kernel, put(&self, 64, (zcg_range[]){range, range}, 48), 2,
                           put(&self, 256, &p, sizeof p), sizeof p, 20000}));
    must(call(&self, "sequence_seal", (uint64_t[]){(uint32_t)sequence}));
    int32_t submission = must(call(&self, "sequence_submit", (uint64_t[]){(uint32_t)sequence}));
    CHECK_FAILS(zc_abi_save(self.abi, true, &state, &error), ZC_BUSY, "sequence in flight");
    int timeouts = 0;
    while (zc_abi_settle(self.abi, 1000000, &error) == ZC_TIMEOUT) {
        timeouts++;
    }
    CHECK(timeouts > 0 && !self.abi->marker);
    CHECK(zc_abi_settle(self.abi, 0, &error) == ZC_OK);
    CHECK(floats(&self, X)[0] == 20000 && floats(&self, X)[count - 1] == 20000);
    zc_writer_free(&state);
    CHECK(zc_abi_save(self.abi, true, &state, &error) == ZC_OK);
    /* A settle that was given up does not stand for work that came after it, which no handle need name: that of a run
     * that was interrupted. */
    must(call(&self, "wait", (uint64_t[]){(uint32_t)submission, (uint64_t)-1}));
    submission = must(call(&self, "sequence_submit", (uint64_t[]){(uint32_t)sequence}));
    CHECK(zc_abi_settle(self.abi, 0, &error) == ZC_TIMEOUT);
    zc_submission *interrupted;
    self.abi->begun++;
    CHECK(zc_sequence_submit(zc_abi_find(self.abi, &self.abi->sequences, (uint32_t)sequence)->tape.sequence,
                             &interrupted, &error) == ZC_OK);
    zc_submission_release(interrupted);
    CHECK(zc_abi_settle(self.abi, -1, &error) == ZC_OK);
    CHECK(floats(&self, X)[0] == 60000 && zc_submission_done(self.abi->submissions.entries[0].submission));
    /* Work that is cancelled: its end is what is saved. */
    must(call(&self, "wait", (uint64_t[]){(uint32_t)submission, (uint64_t)-1}));
    submission = must(call(&self, "sequence_submit", (uint64_t[]){(uint32_t)sequence}));
    zc_device_cancel(self.abi->owner.id, "cancelled: for a test");
    zc_writer_free(&state);
    state = save(&self, true);
    guest other;
    zc_reader reader = reader_of(&state);
    guest_make(&other, module, device, NULL, &limits);
    CHECK(zc_abi_load(other.abi, &reader, &error) == ZC_OK);
    CHECK(call(&other, "wait", (uint64_t[]){(uint32_t)submission, 0}) == -ZCG_EIO);
    CHECK(strcmp(other.abi->error.message, "cancelled: for a test") == 0);
    zc_writer_free(&state);
    guest_end(&other);
    guest_end(&self);
}

/* Make of the guest's state one that no guest can have; what the error says then, or NULL after the last one. */
static const char *contradict(zc_abi *abi, const handles *have, int which)
{
    const uint32_t no_kernel = ZC_KERNEL_COUNT, no_scratch = (uint32_t)have->scratch + 1;
    zc_abi_tape *tape = &abi->tape; /* of the batch: one dispatch */
    zc_abi_entry *freed = &abi->sequences.entries[abi->sequences.first_free - 1];
    switch (which) {
    case 0:
        tape->sealed = true;
        return "does not exist";
    case 1:
        tape->count++;
        return "dispatch 1 of 2";
    case 2:
        tape->size -= 4;
        return "dispatch 0 of 1";
    case 3:
        memcpy(tape->records, &no_kernel, 4);
        return "dispatch 0 of 1";
    case 4:
        memcpy(tape->records + 8, &no_scratch, 4);
        return "not there";
    case 5:
        abi->scratches.first_free = 2; /* which is used */
        return "contradict";
    case 6:
        abi->scratches.first_free = 0;
        return "contradict";
    case 7:
        freed->next_free = abi->sequences.first_free;
        return "contradict";
    case 8:
        abi->submissions.entries[1].size = ZC_ABI_MAX_RECORDED;
        return "cannot be";
    case 9:
        memcpy(abi->outputs[1].name, abi->outputs[0].name, 6);
        abi->outputs[1].name_size = 6;
        return "there twice";
    case 10:
        abi->outputs[0].name[0] = (char)0xff;
        return "is not one";
    case 11:
        abi->scratches.entries[0].generation = 0x1000;
        return "generation 4096";
    default:
        return NULL;
    }
}

static void test_contradictions(zc_device *device)
{
    const char *text = "";
    for (int i = 0; text; i++) {
        guest self;
        zc_writer state = {0};
        guest_make(&self, module, device, NULL, &LIMITS);
        handles have = furnish(&self);
        CHECK(zc_abi_settle(self.abi, -1, &error) == ZC_OK);
        text = contradict(self.abi, &have, i);
        CHECK(zc_abi_save(self.abi, true, &state, &error) == ZC_OK);
        if (text) {
            CHECK_FAILS(load_as(&state, device, &LIMITS), ZC_SNAPSHOT, text);
        } else {
            CHECK(load_as(&state, device, &LIMITS) == ZC_OK);
        }
        zc_writer_free(&state);
        guest_end(&self);
    }
}

/* Saving and loading where the n-th allocation fails, for every n: a failure says so, and nothing is lost. */
static void test_allocations(zc_device *device)
{
    guest self;
    guest_make(&self, module, device, NULL, &LIMITS);
    (void)furnish(&self);
    zc_writer state = save(&self, true), failing = {0};
    zc_status status = ZC_NO_MEMORY;
    long fails = 0;
    for (; status != ZC_OK; fails++) {
        zc_writer_free(&failing);
        countdown = fails;
        status = zc_abi_save(self.abi, true, &failing, &error);
        countdown = -1;
        CHECK(status == ZC_OK || status == ZC_NO_MEMORY);
    }
    CHECK(fails > 3 && failing.size == state.size && memcmp(failing.bytes, state.bytes, state.size) == 0);
    zc_writer_free(&failing);
    const zc_abi_host host = {.inputs = true};
    long before = blocks;
    for (fails = 0, status = ZC_NO_MEMORY; status != ZC_OK; fails++) {
        zc_abi *abi;
        zc_reader reader = reader_of(&state);
        CHECK(zc_abi_new(device, NULL, &host, &LIMITS, &abi, &error) == ZC_OK);
        countdown = fails;
        status = zc_abi_load(abi, &reader, &error);
        countdown = -1;
        CHECK(status == ZC_OK || status == ZC_NO_MEMORY);
        zc_abi_free(abi);
        CHECK(blocks == before);
    }
    CHECK(fails > 8);
    zc_writer_free(&state);
    guest_end(&self);
}

/* --- hostile bytes --- */

static zc_status handle_call(zc_status (*function)(void *, uint64_t *, zc_error *), zc_abi *abi, uint64_t *slots)
{
    zc_error ended = {0};
    zc_status status = function(abi, slots, &ended);
    CHECK(status == ZC_OK);
    return status;
}

#define CALL(name, ...) handle_call(zc_abi_call_##name, abi, (uint64_t[8]){0, __VA_ARGS__})

static uint32_t handle_of(const zc_abi_table *table, uint32_t i)
{
    return (uint32_t)table->kind << ZC_ABI_KIND_SHIFT |
           (uint32_t)table->entries[i].generation << ZC_ABI_GENERATION_SHIFT | i;
}

/* Everything that a guest could do with it, and it all ends. */
static void use(zc_abi *abi, uint32_t arena)
{
    zc_writer out = {0};
    uint64_t slots[8];
    for (uint32_t i = 0; i < abi->sequences.count; i++) {
        if (abi->sequences.entries[i].used) {
            uint32_t handle = handle_of(&abi->sequences, i);
            CALL(sequence_params, handle, 0, 0, arena, 4);
            CALL(sequence_run, handle);
            CALL(sequence_submit, handle);
            CALL(sequence_seal, handle);
            CALL(sequence_run, handle);
        }
    }
    CALL(run, 0);
    CALL(submit, 0);
    CALL(error_text, arena, 100);
    CHECK(zc_abi_settle(abi, -1, &error) == ZC_OK);
    CHECK(zc_abi_save(abi, true, &out, &error) == ZC_OK);
    zc_writer_free(&out);
    for (uint32_t i = 0; i < abi->submissions.count; i++) {
        if (abi->submissions.entries[i].used) {
            CALL(poll, handle_of(&abi->submissions, i));
            CALL(wait, handle_of(&abi->submissions, i), (uint64_t)-1);
        }
    }
    for (uint32_t i = 0; i < abi->sequences.count; i++) {
        if (abi->sequences.entries[i].used) {
            CALL(sequence_free, handle_of(&abi->sequences, i));
        }
    }
    CALL(discard, 0);
    for (uint32_t i = 0; i < abi->scratches.count; i++) {
        if (abi->scratches.entries[i].used) {
            CALL(mirror, handle_of(&abi->scratches, i), 0, arena, 16);
            CALL(scratch_free, handle_of(&abi->scratches, i));
        }
    }
    /* Every table gives handles, each once. */
    CHECK(abi->recorded == 0 && abi->scratch_bytes == 0);
    uint64_t before[2] = {0};
    for (int i = 0; i < 12; i++) {
        slots[0] = 0;
        handle_call(zc_abi_call_sequence_new, abi, slots);
        CHECK((int32_t)slots[0] > 0 && slots[0] != before[0]);
        before[0] = slots[0];
        slots[1] = 16;
        handle_call(zc_abi_call_scratch_new, abi, slots);
        CHECK((int32_t)slots[0] > 0 && slots[0] != before[1]);
        before[1] = slots[0];
    }
    CHECK(abi->scratch_bytes <= LIMITS.scratch && abi->output_bytes <= LIMITS.outputs);
}

static unsigned refused, loaded;

/* `size` bytes, in memory of just that size, so that what is read behind them is noticed. */
static void try_bytes(const guest *self, zc_device *device, const uint8_t *bytes, size_t size)
{
    const zc_abi_host host = {.inputs = true};
    uint8_t *exact = malloc(size ? size : 1);
    zc_abi *abi;
    CHECK(exact);
    memcpy(exact, bytes, size);
    zc_reader reader = {.at = exact, .end = exact + size};
    CHECK(zc_abi_new(device, weights, &host, &LIMITS, &abi, &error) == ZC_OK);
    zc_abi_attach(abi, self->instance);
    zc_status status = zc_abi_load(abi, &reader, &error);
    CHECK(status == ZC_OK || status == ZC_SNAPSHOT);
    free(exact);
    if (status == ZC_OK) {
        loaded++;
        use(abi, self->arena);
    } else {
        CHECK(error.message[0]);
        refused++;
    }
    zc_abi_free(abi);
}

static uint32_t random_number(void)
{
    static uint64_t state = 1;
    state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(state >> 33);
}

static void test_hostile(const char *folder, zc_device *device, unsigned rounds)
{
    static const uint64_t numbers[] = {0,          1,          2,           3,          8,
                                       63,         0xff,       0x100,       0x1000,     0xffff,
                                       0x10000,    0x3ffff,    0x40000,     0x40001,    0x7fffffff,
                                       0x80000000, 0xffffffff, 0x100000000, UINT64_MAX, UINT64_MAX - 1};
    guest self;
    make_weights(folder, device);
    guest_make(&self, module, device, weights, &LIMITS);
    (void)furnish(&self);
    zc_writer state = save(&self, true);
    uint8_t *bytes = malloc(state.size);
    CHECK(bytes);
    memcpy(bytes, state.bytes, state.size);
    try_bytes(&self, device, bytes, state.size);
    CHECK(loaded == 1);
    for (size_t i = 0; i < state.size; i++) {
        try_bytes(&self, device, bytes, i);
        CHECK(loaded == 1); /* every one that is cut off is refused */
    }
    for (size_t i = 0; i < state.size; i++) {
        static const uint8_t flips[] = {0xff, 0x01, 0x80, 0x10};
        for (size_t j = 0; j < sizeof flips; j++) {
            bytes[i] ^= flips[j];
            try_bytes(&self, device, bytes, state.size);
            bytes[i] ^= flips[j];
        }
    }
    size_t start = 8; /* behind the kernels, of which any other byte is refused */
    for (unsigned i = 0; i < ZC_KERNEL_COUNT; i++) {
        start += 9 + strlen(zc_kernel_get((zc_kernel_id)i)->name);
    }
    for (unsigned round = 0; round < rounds; round++) {
        for (unsigned i = random_number() % 3; i < 3; i++) {
            size_t where = start + random_number() % (state.size - start), size = (size_t)1 << random_number() % 4;
            uint64_t number = numbers[random_number() % (sizeof numbers / sizeof *numbers)];
            number = random_number() % 4 ? number : random_number();
            memcpy(bytes + where, &number, size < state.size - where ? size : state.size - where);
        }
        try_bytes(&self, device, bytes, state.size);
        memcpy(bytes, state.bytes, state.size);
    }
    CHECK(loaded > rounds / 100 && refused > rounds / 100);
    fprintf(stderr, "%zu bytes: %u refused, %u loaded and used\n", state.size, refused, loaded);
    free(bytes);
    zc_writer_free(&state);
    guest_end(&self);
    zc_weights_release(weights);
    weights = NULL;
}

/* --- what it costs --- */

static void measure(zc_device *device)
{
    enum { DISPATCHES = 1000, ROUNDS = 200 };
    guest self;
    zc_error said = {0};
    int64_t best = INT64_MAX, best_save = INT64_MAX, best_load = INT64_MAX, best_wake = INT64_MAX;
    guest_make(&self, module, device, NULL, &LIMITS);
    int32_t kernel = must(call(&self, "kernel", (uint64_t[]){put(&self, 0, "affine", 6), 6}));
    const zc_affine_params p = {.count = COUNT, .scale = 1, .shift = 1};
    const uint64_t ranges = put(&self, 64, (zcg_range[]){at(&self, X), at(&self, Y)}, 48);
    const uint64_t params = put(&self, 256, &p, sizeof p);
    int32_t sequence = 0;
    for (int round = 0; round < ROUNDS; round++) {
        if (sequence) {
            must(call(&self, "sequence_free", (uint64_t[]){(uint32_t)sequence}));
        }
        sequence = must(call(&self, "sequence_new", NULL));
        const uint64_t arguments[] = {(uint32_t)sequence, (uint32_t)kernel, ranges, 2, params, sizeof p, DISPATCHES};
        int64_t start = zc_clock_ns();
        must(call(&self, "dispatch_many", arguments));
        int64_t took = zc_clock_ns() - start;
        best = took < best ? took : best;
    }
    must(call(&self, "sequence_seal", (uint64_t[]){(uint32_t)sequence}));
    for (int round = 0; round < ROUNDS; round++) {
        const zc_abi_host host = {.inputs = true};
        zc_writer state = {0};
        zc_abi *abi;
        int64_t start = zc_clock_ns();
        CHECK(zc_abi_save(self.abi, true, &state, &error) == ZC_OK);
        int64_t saved = zc_clock_ns();
        zc_reader reader = reader_of(&state);
        CHECK(zc_abi_new(device, NULL, &host, &LIMITS, &abi, &error) == ZC_OK);
        zc_abi_attach(abi, self.instance);
        CHECK(zc_abi_load(abi, &reader, &error) == ZC_OK);
        int64_t done = zc_clock_ns();
        CHECK(zc_abi_call_sequence_params(abi, (uint64_t[]){0, (uint32_t)sequence, 0, 0, self.arena, 0}, &said) ==
              ZC_OK);
        int64_t awake = zc_clock_ns();
        best_save = saved - start < best_save ? saved - start : best_save;
        best_load = done - saved < best_load ? done - saved : best_load;
        best_wake = awake - done < best_wake ? awake - done : best_wake;
        zc_abi_free(abi);
        zc_writer_free(&state);
    }
    printf("a dispatch recorded by the guest %.1f ns; of %d: saved %.1f us, loaded %.1f us, woken %.1f us\n",
           (double)best / DISPATCHES, DISPATCHES, (double)best_save / 1e3, (double)best_load / 1e3,
           (double)best_wake / 1e3);
    guest_end(&self);
}

int main(int count, char **arguments)
{
    CHECK(count >= 4);
    const char *folder = arguments[2], *what = arguments[3];
    module = guest_module(arguments[1]);
    if (strcmp(what, "go-on") == 0) {
        CHECK(count == 6);
        test_go_on(folder, arguments[4], arguments[5]);
        test_large_scratch(arguments[5]);
    } else {
        zc_device *device = open_device("cpu");
        if (strcmp(what, "refuse") == 0) {
            test_limits(device);
            test_tensors(folder, device);
            test_contradictions(device);
            test_settle(device);
            test_allocations(device);
        } else if (strcmp(what, "hostile") == 0) {
            CHECK(count == 5);
            test_hostile(folder, device, (unsigned)atoi(arguments[4]));
        } else {
            measure(device);
        }
        zc_device_release(device);
    }
    zc_module_release(module);
    zc_device_drain_all();
    for (int i = 0; i < 1000 && zc_region_count(); i++) { /* the queue thread may still be letting go */
        usleep(1000);
    }
    CHECK(zc_region_count() == 0);
    puts("ok");
    return 0;
}
