/* fuzz_snapshot: a libFuzzer entry point over snapshots whose checksums are right whatever they say: each is opened, its
 * pages fill a region, an instance, its imports' state and WASI's are restored from it, and functions of the guest run, with
 * fuel. What is wrong must be refused as ZC_SNAPSHOT with a text; what is taken must behave as a guest does. Guard pages
 * and ASan turn anything outside the guest's memory, scratch and weights into a crash. Nothing is left afterwards.
 *
 * An input is PROGRAM bytes that say what to call, then a snapshot's file. The first corpus folder gets snapshots of real
 * instances to begin with. The mutator changes the parts of a file one by one, and their sizes and places with them,
 * so that the rest of it stays right. */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/zc_alloc.h"
#include "engine/zc_engine_wasm3.h"
#include "imports/zc_abi.h"
#include "snapshot/zc_snapshot.h"
#include "wasi/zc_wasi.h"

#include "../c/snapshot_repair.h"

#define PROGRAM 64u
#define PAGE ZC_SNAPSHOT_PAGE
#define MEMORY_LIMIT (UINT64_C(48) * PAGE)
#define MAX_CALLS 12

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed);
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);

#define require(condition) ((condition) ? (void)0 : fail(__LINE__))

static zc_error error;

static void fail(int line)
{
    fprintf(stderr, "fuzz_snapshot.c:%d: what is required does not hold (last error: %s)\n", line, error.message);
    abort();
}

/* ---- what every run shares ---- */

enum { ABI, STATE, MODULES }; /* tests/guests/NAME.wasm */

static zc_module *modules[MODULES];
static const zc_module_info *infos[MODULES];
static zc_device *device;
static zc_weights *weights;
static int folder, scratch_file;
static uint32_t handles[16]; /* that seeds have */
static unsigned handle_count;

static const zc_abi_limits ABI_LIMITS = {.scratch = 1 << 18, .outputs = 1 << 16, .dispatch_work = 1 << 20};
static const zc_limits LIMITS = {.memory = MEMORY_LIMIT,
                                 .table = 16,
                                 .call_depth = 50,
                                 .stack_bytes = 65536,
                                 .fuel = 100000,
                                 .deadline_ns = 1000000000};

/* A codec: runs of a byte, as count and byte. */
static bool rle_compress(void *context, const uint8_t *in, size_t in_size, uint8_t *out, size_t room, size_t *size)
{
    (void)context;
    *size = 0;
    for (size_t i = 0; i < in_size;) {
        size_t run = 1;
        while (run < 255 && i + run < in_size && in[i + run] == in[i]) {
            run++;
        }
        if (room - *size < 2) {
            return false;
        }
        out[(*size)++] = (uint8_t)run;
        out[(*size)++] = in[i];
        i += run;
    }
    return true;
}

static bool rle_expand(void *context, const uint8_t *in, size_t in_size, uint8_t *out, size_t size)
{
    (void)context;
    size_t made = 0;
    for (size_t i = 0; i + 1 < in_size && in[i] <= size - made; i += 2) {
        memset(out + made, in[i + 1], in[i]);
        made += in[i];
    }
    return made == size;
}

static const zc_snapshot_codec rle = {.name = "rle", .compress = rle_compress, .expand = rle_expand};

static zc_module *read_module(const char *name)
{
    char path[4096];
    uint8_t *bytes = zc_malloc(1 << 20);
    snprintf(path, sizeof path, "%.*s/../guests/%s", (int)(strrchr(__FILE__, '/') - __FILE__), __FILE__, name);
    FILE *file = fopen(path, "rb");
    require(file && bytes);
    size_t size = fread(bytes, 1, 1 << 20, file);
    fclose(file);
    zc_module *module;
    require(zc_module_new(bytes, size, &module, &error) == ZC_OK);
    return module;
}

static void set_up(void)
{
    require(zc_device_open("cpu", &(zc_device_options){.threads = 1}, &device, &error) == ZC_OK);
    FILE *file = tmpfile(), *other = tmpfile();
    require(file && other && ftruncate(fileno(file), 65536) == 0);
    scratch_file = fileno(other);
    require(zc_weights_open(fileno(file), &weights, &error) == ZC_OK);
    require(zc_weights_add(weights, "w", 1, ZC_WEIGHT_F32, 2, (const uint64_t[]){16, 32}, 0, 0, &error) == ZC_OK);
    require(zc_weights_load(weights, device, NULL, &error) == ZC_OK);
    modules[ABI] = read_module("abi.wasm");
    modules[STATE] = read_module("state.wasm");
    for (int i = 0; i < MODULES; i++) {
        infos[i] = zc_module_get_info(modules[i]);
    }
    folder = open("/", O_RDONLY | O_DIRECTORY);
    require(folder >= 0);
}

/* ---- a guest: new, or restored ---- */

typedef struct guest {
    int which;
    zc_abi *abi;
    zc_wasi *wasi;
    zc_instance *instance;
    zc_region *region; /* retained */
    zc_global *globals[2];
    zc_import_value imports[64];
    uint32_t arena;
} guest;

static zc_status host(void *context, uint64_t *slots, zc_error *e)
{
    (void)context, (void)e;
    slots[0] = 17;
    return ZC_OK;
}

static void link_guest(guest *self, int which)
{
    const zc_func_type clock = {.results = (const uint8_t[]){ZC_I64}, .result_count = 1};
    memset(self, 0, sizeof *self);
    self->which = which;
    const zc_wasi_directory directory = {.name = "/here", .descriptor = folder};
    const zc_wasi_options options = {
        .streams = {{.descriptor = -1}, {.descriptor = -1}, {.descriptor = -1}},
        .directories = &directory,
        .directory_count = 1,
    };
    require(zc_wasi_new(&options, &self->wasi, &error) == ZC_OK);
    if (which == STATE) {
        require(zc_global_new((zc_global_type){ZC_I32, true}, 5, &self->globals[0], &error) == ZC_OK);
        require(zc_global_new((zc_global_type){ZC_I64, false}, 7, &self->globals[1], &error) == ZC_OK);
        self->imports[0] = (zc_import_value){.kind = ZC_EXTERN_FUNC, .function = host};
        self->imports[1] = (zc_import_value){.kind = ZC_EXTERN_GLOBAL, .global = self->globals[0]};
        self->imports[2] = (zc_import_value){.kind = ZC_EXTERN_GLOBAL, .global = self->globals[1]};
        return;
    }
    const zc_abi_host abi_host = {.inputs = true};
    require(zc_abi_new(device, weights, &abi_host, &ABI_LIMITS, &self->abi, &error) == ZC_OK);
    require(zc_abi_add_input(self->abi, "in", 2, "12345", 5, &error) == ZC_OK);
    const zc_module_info *info = infos[which];
    require(info->import_count <= 64);
    for (uint32_t i = 0; i < info->import_count; i++) {
        const zc_import *import = &info->imports[i];
        const zc_func_type *type = &info->types[info->funcs[import->index].type_index];
        if (zc_abi_link(self->abi, import->field, type, &self->imports[i], &error) != ZC_OK) {
            const zc_name name = {(const uint8_t *)"clock", 5};
            require(zc_abi_link(self->abi, name, &clock, &self->imports[i], &error) == ZC_OK);
        }
    }
}

static void attach(guest *self)
{
    self->region = zc_region_retain(zc_memory_region(zc_instance_memory(self->instance)));
    zc_wasi_bind(self->wasi, self->instance);
    if (self->abi) {
        zc_abi_attach(self->abi, self->instance);
    }
}

static void end_guest(guest *self)
{
    zc_abi_free(self->abi);
    zc_instance_free(self->instance);
    zc_wasi_free(self->wasi);
    for (int i = 0; i < 2; i++) {
        if (self->globals[i]) {
            zc_global_release(self->globals[i]);
        }
    }
    if (self->region) {
        zc_device_drain_all();
        require(zc_region_pins(self->region) == 0);
        zc_region_release(self->region);
    }
}

/* The i-th exported function, or that of a name; false when it does not return. */
static bool call_index(guest *self, uint32_t index, const uint64_t *arguments, uint64_t *result)
{
    const zc_module_info *info = infos[self->which];
    const zc_func_type *type = &info->types[info->funcs[index].type_index];
    uint64_t *frame = zc_instance_frame(self->instance, index, &error);
    if (!frame) {
        return false;
    }
    for (uint32_t i = 0; i < type->param_count; i++) {
        frame[type->result_count + i] = type->params[i] == ZC_I32 ? (uint32_t)arguments[i] : arguments[i];
    }
    zc_status status = zc_instance_call(self->instance, index, frame, NULL, &error);
    require(status == ZC_OK || error.message[0]);
    *result = status == ZC_OK && type->result_count ? frame[0] : 0;
    if (self->abi && status != ZC_OK) {
        zc_abi_ended(self->abi, status, &error, false);
    }
    return status == ZC_OK;
}

static uint32_t index_of(int which, const char *name)
{
    const zc_module_info *info = infos[which];
    for (uint32_t i = 0; i < info->export_count; i++) {
        if (info->exports[i].kind == ZC_EXTERN_FUNC && info->exports[i].name.size == strlen(name) &&
            memcmp(info->exports[i].name.bytes, name, strlen(name)) == 0) {
            return info->exports[i].index;
        }
    }
    fail(__LINE__);
    return 0;
}

static uint32_t must(guest *self, const char *name, const uint64_t *arguments)
{
    uint64_t result;
    require(call_index(self, index_of(self->which, name), arguments, &result) && (int32_t)result >= 0);
    return (uint32_t)result;
}

/* ---- seeds ---- */

static uint32_t put(guest *self, uint32_t at, const void *bytes, size_t size)
{
    memcpy(zc_region_base(self->region) + self->arena + at, bytes, size);
    return self->arena + at;
}

static void record(guest *self, uint32_t sequence, uint32_t from, uint32_t to)
{
    struct {
        uint32_t handle, reserved;
        uint64_t offset, length;
    } ranges[2] = {{from, 0, from ? 0 : self->arena + 4096, 256}, {to, 0, to ? 0 : self->arena + 4352, 256}};
    const zc_affine_params params = {.count = 64, .scale = 2, .shift = 1};
    uint32_t kernel = must(self, "kernel", (uint64_t[]){put(self, 0, "affine", 6), 6});
    (void)must(self, "dispatch",
               (uint64_t[]){sequence, kernel, put(self, 64, ranges, sizeof ranges), 2,
                            put(self, 256, &params, sizeof params), sizeof params});
}

/* Something of everything that a guest can have. */
static void furnish(guest *self)
{
    self->arena = must(self, "memory_at", (uint64_t[]){0});
    (void)must(self, "output_write", (uint64_t[]){put(self, 0, "out", 3), 3, put(self, 8, "bytes", 5), 5});
    uint32_t scratch = must(self, "scratch_new", (uint64_t[]){256});
    uint32_t sealed = must(self, "sequence_new", (uint64_t[]){0}), open = must(self, "sequence_new", (uint64_t[]){0});
    uint32_t tensor = must(self, "tensor", (uint64_t[]){put(self, 0, "w", 1), 1});
    record(self, sealed, 0, scratch);
    record(self, sealed, scratch, 0);
    (void)must(self, "sequence_seal", (uint64_t[]){sealed});
    record(self, open, tensor, 0);
    record(self, 0, 0, 0);
    uint32_t submission = must(self, "sequence_submit", (uint64_t[]){sealed});
    const uint32_t all[] = {scratch, sealed, open, tensor, submission};
    memcpy(handles, all, sizeof all);
    handle_count = sizeof all / sizeof *all;
}

typedef struct store {
    uint8_t *bytes;
    uint64_t size;
} store;

static zc_status store_write(void *context, uint64_t offset, const void *bytes, uint64_t size, zc_error *e)
{
    (void)e;
    store *to = context;
    to->bytes = realloc(to->bytes, offset + size);
    require(to->bytes && offset >= to->size);
    memset(to->bytes + to->size, 0, offset - to->size);
    memcpy(to->bytes + offset, bytes, size);
    to->size = offset + size;
    return ZC_OK;
}

/* Behind a program of its own. */
static store seed_of(int which, bool packed)
{
    guest self;
    link_guest(&self, which);
    require(zc_instance_new(modules[which], &zc_engine_wasm3, self.imports, &LIMITS, &self.instance, &error) == ZC_OK);
    attach(&self);
    if (which == ABI) {
        furnish(&self);
        require(zc_abi_settle(self.abi, -1, &error) == ZC_OK);
    } else {
        require(zc_instance_start(self.instance, NULL, &error) == ZC_OK);
    }
    zc_writer instance = {0}, abi = {0}, wasi = {0};
    require(zc_instance_hold(self.instance, &error) == ZC_OK);
    require(zc_instance_save(self.instance, &instance, &error) == ZC_OK);
    zc_instance_let_go(self.instance);
    require(which != ABI || zc_abi_save(self.abi, true, &abi, &error) == ZC_OK);
    require(zc_wasi_save(self.wasi, &wasi, &error) == ZC_OK);
    const zc_snapshot_section sections[] = {{ZC_SNAPSHOT_NOTE, "n", 1, "note", 4},
                                            {ZC_SNAPSHOT_INSTANCE, NULL, 0, instance.bytes, instance.size},
                                            {ZC_SNAPSHOT_WASI, NULL, 0, wasi.bytes, wasi.size},
                                            {ZC_SNAPSHOT_ABI, NULL, 0, abi.bytes, abi.size}};
    const zc_snapshot_contents contents = {.sections = sections,
                                           .section_count = which == ABI ? 4 : 3,
                                           .memory = zc_region_base(self.region),
                                           .memory_size = zc_region_size(self.region),
                                           .codec = packed ? &rle : NULL};
    store file = {.bytes = calloc(1, PROGRAM), .size = PROGRAM}, to = {0};
    uint64_t size;
    file.bytes[0] = (uint8_t)which;
    for (unsigned i = 1; i < PROGRAM; i++) {
        file.bytes[i] = (uint8_t)(i * 7 + (unsigned)which);
    }
    require(zc_snapshot_write(&contents, &(zc_snapshot_sink){store_write, &to}, &size, &error) == ZC_OK);
    require(store_write(&file, PROGRAM, to.bytes, to.size, &error) == ZC_OK);
    free(to.bytes);
    zc_writer_free(&instance);
    zc_writer_free(&abi);
    zc_writer_free(&wasi);
    end_guest(&self);
    return file;
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    set_up();
    const char *corpus = NULL;
    struct stat info;
    for (int i = 1; i < *argc && !corpus; i++) {
        corpus = (*argv)[i][0] != '-' && stat((*argv)[i], &info) == 0 && S_ISDIR(info.st_mode) ? (*argv)[i] : NULL;
    }
    for (int i = 0; i < 2 * MODULES; i++) {
        char path[4096];
        store seed = seed_of(i / 2, i % 2);
        snprintf(path, sizeof path, "%s/seed-%d", corpus ? corpus : ".", i);
        FILE *file = corpus ? fopen(path, "wb") : NULL;
        require(!corpus || (file && fwrite(seed.bytes, 1, seed.size, file) == seed.size && fclose(file) == 0));
        free(seed.bytes);
    }
    return 0;
}

/* ---- one run ---- */

static const uint8_t *program; /* what is left of it */

static uint64_t next_number(const uint8_t *end)
{
    static const uint64_t anchors[] = {0, 1, 64, 4096, 1 << 20, UINT64_C(1) << 31, UINT64_MAX};
    uint8_t choice = program < end ? *program++ : 0, near = program < end ? *program++ : 0;
    if (choice < 100) {
        return handles[choice % (handle_count ? handle_count : 1)];
    }
    return choice < 150 ? 1048576u / 8 + 8u * near : anchors[choice % 7] + near;
}

static void call_wasi(guest *self, const uint8_t *end)
{
    static const struct {
        const char *name, *params;
    } functions[] = {{"fd_fdstat_get", "ii"},   {"fd_prestat_get", "ii"}, {"fd_prestat_dir_name", "iii"},
                     {"fd_filestat_get", "ii"}, {"fd_renumber", "ii"},    {"fd_close", "i"}};
    uint8_t choice = program < end ? *program++ : 0;
    const char *name = functions[choice % 6].name;
    uint8_t params[3] = {ZC_I32, ZC_I32, ZC_I32}, result = ZC_I32;
    const zc_func_type type = {.params = params,
                               .results = &result,
                               .param_count = (uint32_t)strlen(functions[choice % 6].params),
                               .result_count = 1};
    const zc_import import = {.module = {(const uint8_t *)"wasi_snapshot_preview1", 22},
                              .field = {(const uint8_t *)name, (uint32_t)strlen(name)},
                              .kind = ZC_EXTERN_FUNC};
    zc_import_value value;
    require(zc_wasi_import(self->wasi, &import, &type, &value, &error) == ZC_OK);
    uint64_t slots[4] = {0, choice / 6 % 8, (uint32_t)next_number(end), 5};
    require(value.function(value.context, slots, &error) == ZC_OK && slots[0] < 77);
}

static void run_program(guest *self, const uint8_t *end)
{
    const zc_module_info *info = infos[self->which];
    for (unsigned i = 0; i < MAX_CALLS && program < end; i++) {
        uint8_t choice = *program++;
        if (choice >= 240) {
            call_wasi(self, end);
            continue;
        }
        const zc_export *export = &info->exports[choice % info->export_count];
        uint64_t arguments[10], result;
        for (int j = 0; j < 10; j++) {
            arguments[j] = next_number(end);
        }
        if (export->kind == ZC_EXTERN_FUNC) {
            (void)call_index(self, export->index, arguments, &result);
        }
    }
}

/* Only what is wrong with the file may be wrong. */
static bool is_taken(zc_status status)
{
    require(status == ZC_OK || (status == ZC_SNAPSHOT && error.code == status && error.message[0]));
    return status == ZC_OK;
}

static zc_reader reader_of(const zc_snapshot_section *section)
{
    const uint8_t *bytes = section->bytes;
    return (zc_reader){.at = bytes, .end = bytes + section->size};
}

/* The region that the instance is to have, or NULL. */
static zc_region *fill_region(zc_snapshot *snapshot, int which, const zc_snapshot_section *state, bool mapped)
{
    uint32_t pages;
    zc_region *region;
    uint64_t size = zc_snapshot_memory_size(snapshot), reserved = zc_instance_reservation(modules[which], &LIMITS);
    if (!is_taken(zc_instance_saved_pages(modules[which], reader_of(state), &pages, &error)) ||
        (uint64_t)pages * PAGE != size || size > reserved) {
        return NULL;
    }
    require(zc_region_create_sparse(reserved, size, &region, &error) == ZC_OK);
    if (!is_taken(zc_snapshot_fill(snapshot, region, mapped, &rle, &error))) {
        zc_region_release(region);
        return NULL;
    }
    return region;
}

static void restore(zc_snapshot *snapshot, int which, bool mapped, const uint8_t *end)
{
    const zc_snapshot_section *state = zc_snapshot_find(snapshot, ZC_SNAPSHOT_INSTANCE, NULL, 0);
    const zc_snapshot_section *abi = zc_snapshot_find(snapshot, ZC_SNAPSHOT_ABI, NULL, 0);
    const zc_snapshot_section *wasi = zc_snapshot_find(snapshot, ZC_SNAPSHOT_WASI, NULL, 0);
    zc_region *region = state ? fill_region(snapshot, which, state, mapped) : NULL;
    if (!region) {
        return;
    }
    guest self;
    link_guest(&self, which);
    zc_reader reader = reader_of(state);
    zc_status status = zc_instance_restore(modules[which], &zc_engine_wasm3, self.imports, &LIMITS, &reader, region,
                                           &self.instance, &error);
    bool taken = is_taken(status);
    if (taken) {
        attach(&self);
    }
    if (taken && self.abi) {
        reader = abi ? reader_of(abi) : (zc_reader){0};
        taken = abi && is_taken(zc_abi_load(self.abi, &reader, &error));
    }
    if (taken && wasi) {
        reader = reader_of(wasi);
        taken = is_taken(zc_wasi_load(self.wasi, &reader, &error));
    }
    if (taken) {
        zc_instance_restore_imported(self.instance, reader_of(state));
        require(zc_instance_fuel(self.instance) <= LIMITS.fuel);
        require(!zc_instance_table(self.instance) || zc_table_size(zc_instance_table(self.instance)) <= LIMITS.table);
        run_program(&self, end);
    }
    end_guest(&self);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < PROGRAM) {
        return 0;
    }
    uint64_t regions = zc_region_count();
    int which = data[0] % MODULES;
    bool from_file = data[0] >> 1 & 1, mapped = data[0] >> 2 & 1;
    program = data + 1;
    size -= PROGRAM;
    uint8_t *file = malloc(size ? size : 1); /* of that size, so that ASan sees its end */
    memcpy(file, data + PROGRAM, size);
    repair_snapshot(file, size);
    zc_snapshot_source source = {.file = -1, .bytes = file, .size = size};
    if (from_file) {
        require(pwrite(scratch_file, file, size, 0) == (ssize_t)size && ftruncate(scratch_file, (off_t)size) == 0);
        source = (zc_snapshot_source){.file = scratch_file};
    }
    zc_snapshot *snapshot;
    if (is_taken(zc_snapshot_open(&source, &snapshot, &error))) {
        restore(snapshot, which, mapped, data + PROGRAM);
        zc_snapshot_close(snapshot);
    } else if (is_taken(zc_snapshot_open_notes(&source, &snapshot, &error))) {
        require(zc_snapshot_fill(snapshot, NULL, false, NULL, &error) == ZC_SNAPSHOT);
        zc_snapshot_close(snapshot);
    }
    free(file);
    for (int i = 0; i < 1000 && zc_region_count() != regions; i++) { /* the queue thread lets go last */
        usleep(1000);
    }
    require(zc_region_count() == regions);
    return 0;
}

/* ---- the mutator ---- */

static void put_number(uint8_t *bytes, unsigned size, uint64_t value)
{
    for (unsigned i = 0; i < size; i++) {
        bytes[i] = (uint8_t)(value >> (8 * i));
    }
}

typedef struct part { /* of a file, that changes on its own */
    uint64_t at, size;
    uint8_t *size_field; /* 8 bytes of a section, 4 of a page; NULL: its size stays */
} part;

typedef struct layout {
    part parts[64];
    unsigned count;
    uint64_t sections_end, gap_end, index, pages;
    bool packed;
} layout;

/* Where things are in a file that is nearly right; false when it is not. */
static bool find_layout(uint8_t *file, uint64_t size, layout *out)
{
    memset(out, 0, sizeof *out);
    if (size < ZC_SNAPSHOT_HEADER_SIZE + ZC_SNAPSHOT_FOOTER_SIZE) {
        return false;
    }
    uint64_t at = ZC_SNAPSHOT_HEADER_SIZE, sections = repair_number(file + 12, 4),
             footer = size - ZC_SNAPSHOT_FOOTER_SIZE;
    out->packed = file[24] != 0;
    out->parts[out->count++] = (part){0, ZC_SNAPSHOT_HEADER_SIZE, NULL};
    out->parts[out->count++] = (part){footer, ZC_SNAPSHOT_FOOTER_SIZE, NULL};
    for (uint64_t i = 0; i < sections && i < 16; i++) {
        if (footer - at < ZC_SNAPSHOT_SECTION_SIZE) {
            return false;
        }
        uint8_t *header = file + at;
        uint64_t left = footer - at - ZC_SNAPSHOT_SECTION_SIZE;
        uint64_t name = repair_number(header + 4, 4), body = repair_number(header + 8, 8);
        if (name > left || body > left - name) {
            return false;
        }
        out->parts[out->count++] = (part){at, ZC_SNAPSHOT_SECTION_SIZE + name, NULL};
        out->parts[out->count++] = (part){at + ZC_SNAPSHOT_SECTION_SIZE + name, body, header + 8};
        at += ZC_SNAPSHOT_SECTION_SIZE + name + body;
    }
    out->sections_end = at;
    out->index = repair_number(file + footer, 8);
    out->pages = repair_number(file + footer + 8, 4);
    if (out->index < at || out->index > footer || out->pages != (footer - out->index) / ZC_SNAPSHOT_ENTRY_SIZE) {
        return false;
    }
    out->gap_end = out->pages ? zc_snapshot_slot_after(at) : at;
    if (!out->packed && out->gap_end > out->index) {
        return false;
    }
    for (uint64_t i = 0; i < out->pages && i < 8; i++) {
        uint8_t *entry = file + out->index + i * ZC_SNAPSHOT_ENTRY_SIZE;
        uint64_t offset = repair_number(entry + 8, 8), stored = repair_number(entry + 16, 4);
        uint64_t whole = out->packed ? stored : PAGE;
        out->parts[out->count++] = (part){out->index + i * ZC_SNAPSHOT_ENTRY_SIZE, ZC_SNAPSHOT_ENTRY_SIZE, NULL};
        if (offset >= at && offset <= out->index && whole <= out->index - offset) {
            out->parts[out->count++] = (part){offset, whole, out->packed ? entry + 16 : NULL};
        }
    }
    return true;
}

/* The part has `bytes` instead of what it had, and all that lies behind it moves. The file's new size. */
static uint64_t replace(uint8_t *file, uint64_t size, const layout *layout, const part *part, const uint8_t *bytes,
                        uint64_t new_size)
{
    uint64_t behind = part->at + part->size, delta = new_size - part->size; /* may wrap */
    bool section = part->at < layout->sections_end;
    if (part->size_field) {
        put_number(part->size_field, section ? 8 : 4, new_size);
    }
    if (!layout->packed) { /* the gap before the first slot takes it */
        memmove(file + part->at + new_size, file + behind, layout->sections_end - behind);
        uint64_t end = layout->sections_end + delta;
        memset(file + end, 0, layout->gap_end - end);
        memcpy(file + part->at, bytes, new_size);
        return size;
    }
    for (uint64_t i = 0; i < layout->pages; i++) {
        uint8_t *offset = file + layout->index + i * ZC_SNAPSHOT_ENTRY_SIZE + 8;
        if (repair_number(offset, 8) >= behind) {
            put_number(offset, 8, repair_number(offset, 8) + delta);
        }
    }
    uint8_t *footer = file + size - ZC_SNAPSHOT_FOOTER_SIZE;
    put_number(footer, 8, layout->index + delta);
    put_number(footer + 16, 8, size + delta);
    memmove(file + part->at + new_size, file + behind, size - behind);
    memcpy(file + part->at, bytes, new_size);
    return size + delta;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
    static uint8_t bytes[1 << 17];
    layout layout;
    if (size < PROGRAM || size > max_size || seed % 32 == 0 || !find_layout(data + PROGRAM, size - PROGRAM, &layout)) {
        return LLVMFuzzerMutate(data, size, max_size);
    }
    if (seed % 4 == 1) {
        (void)LLVMFuzzerMutate(data, PROGRAM, PROGRAM);
        return size;
    }
    const part *part = &layout.parts[seed / 32 % layout.count];
    bool grows = part->size_field != NULL;
    uint64_t room = layout.packed ? max_size - size : layout.gap_end - layout.sections_end;
    uint64_t most = part->size + (grows ? room : 0);
    if (part->size > sizeof bytes || most == 0) {
        return LLVMFuzzerMutate(data, size, max_size);
    }
    memcpy(bytes, data + PROGRAM + part->at, part->size);
    uint64_t new_size = LLVMFuzzerMutate(bytes, part->size, most < sizeof bytes ? most : sizeof bytes);
    if (!grows) {
        memcpy(data + PROGRAM + part->at, bytes, new_size < part->size ? new_size : part->size);
        return size;
    }
    return PROGRAM + replace(data + PROGRAM, size - PROGRAM, &layout, part, bytes, new_size);
}
