/* fuzz_wasi: a libFuzzer entry point over every WASI function. The input is a program of calls with any numbers
 * and any bytes in memory, made from inside a guest's call, so that deadlines hold. Granted are two directories,
 * one to read and one to change, full of links that lead out; the guest makes more of them, and hard links, and
 * moves them about. Whatever is called, the answer is an errno, a trap or an exit; nothing outside the granted
 * directories is opened, seen or changed, and nothing of the one to read changed or linked to; no descriptor is
 * left. */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/zc_alloc.h"
#include "engine/zc_engine_wasm3.h"
#include "guest/zc_guest.h"
#include "wasi/zc_wasi.h"

#define RUNS_PER_TREE 200
#define MOST_CALLS 40

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
    if (!condition) {
        abort();
    }
}

/* (module (import "e" "f" (func)) (memory 1 2) (export "go" (func 0))) */
static const uint8_t module_bytes[] = {0, 'a', 's', 'm', 1, 0, 0, 0, 1, 4, 1, 0x60, 0, 0, 2,   7,   1, 1, 'e',
                                       1, 'f', 0,   0,   5, 4, 1, 1, 1, 2, 7, 6,    1, 2, 'g', 'o', 0, 0};

static const struct {
    const char *name, *parameters;
} functions[] = {
#define X(name, parameters) {#name, parameters},
#include "wasi/zc_wasi.def"
#undef X
};

#define FUNCTIONS (sizeof functions / sizeof *functions)

static const char *const paths[] = {
    "file",
    "dir",
    "dir/inner",
    "new",
    "dir/new",
    "..",
    "../secret",
    "out",
    "out_dir",
    "out_dir/x",
    "absolute",
    "loop",
    "up",
    "dir/up/file",
    "dir/up/../secret",
    "a/../b",
    "/etc/passwd",
    "file/",
    "dir/",
    ".",
    "./dir/./..",
    "link",
    "link/",
    "dir/../../x",
    "new/new",
    "",
    "dangling",
    "root/../up/../../secret",
};

#define PATHS (sizeof paths / sizeof *paths)
#define PATH_AT(i) (1024u + 64u * (uint32_t)(i))

static char base[64], cwd_free_path[128];
static ino_t forbidden[3];

/* What must stay as it is. A hard link would show in the time of the last change. */
static const char *const kept[] = {"secret", "r", "r/file", "r/dir", "r/dir/inner", "r/out", "r/link"};
static struct stat kept_as[sizeof kept / sizeof *kept];
#define KEPT (sizeof kept / sizeof *kept)

static const char *at(const char *name)
{
    (void)snprintf(cwd_free_path, sizeof cwd_free_path, "%s/%s", base, name);
    return cwd_free_path;
}

static void put_file(const char *name, const char *text)
{
    FILE *file = fopen(at(name), "w");
    require(file != NULL && fputs(text, file) >= 0 && fclose(file) == 0);
}

static int remove_one(const char *path, const struct stat *info, int kind, struct FTW *where)
{
    (void)info, (void)kind, (void)where;
    return remove(path);
}

static void remove_tree(void)
{
    if (base[0]) {
        (void)nftw(base, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    }
}

static void fill(const char *root)
{
    static const char *const links[][2] = {{"out", "../secret"}, {"out_dir", ".."}, {"absolute", "/etc/passwd"},
                                           {"loop", "loop"},     {"up", "dir/.."},  {"link", "file"},
                                           {"dangling", "none"}, {"dir/up", ".."}};
    char name[64];
    require(mkdir(at(root), 0777) == 0);
    (void)snprintf(name, sizeof name, "%s/dir", root);
    require(mkdir(at(name), 0777) == 0);
    (void)snprintf(name, sizeof name, "%s/file", root);
    put_file(name, "file");
    (void)snprintf(name, sizeof name, "%s/dir/inner", root);
    put_file(name, "inner");
    for (size_t i = 0; i < sizeof links / sizeof *links; i++) {
        (void)snprintf(name, sizeof name, "%s/%s", root, links[i][0]);
        require(symlink(links[i][1], at(name)) == 0);
    }
}

static void make_tree(void)
{
    struct stat info;
    if (!base[0]) {
        (void)atexit(remove_tree);
    }
    remove_tree();
    (void)strcpy(base, "/tmp/fuzz_wasi_XXXXXX");
    require(mkdtemp(base) != NULL);
    put_file("secret", "secret");
    fill("r");
    fill("w");
    for (size_t i = 0; i < KEPT; i++) {
        require(lstat(at(kept[i]), &kept_as[i]) == 0);
    }
    forbidden[0] = kept_as[0].st_ino;
    require(stat(base, &info) == 0);
    forbidden[1] = info.st_ino;
    require(stat("/etc/passwd", &info) == 0);
    forbidden[2] = info.st_ino;
}

static void check_outside(void)
{
    struct stat info;
    unsigned entries = 0;
    for (size_t i = 0; i < KEPT; i++) {
        const struct stat *was = &kept_as[i];
        require(lstat(at(kept[i]), &info) == 0 && info.st_ino == was->st_ino && info.st_nlink == was->st_nlink);
        require(info.st_ctim.tv_sec == was->st_ctim.tv_sec && info.st_ctim.tv_nsec == was->st_ctim.tv_nsec);
    }
    DIR *directory = opendir(base);
    require(directory != NULL);
    while (readdir(directory)) {
        entries++;
    }
    (void)closedir(directory);
    require(entries == 5); /* . .. secret r w */
}

/* --- one run --- */

typedef struct run {
    const uint8_t *data;
    size_t size;
    zc_wasi *wasi;
    zc_import_value calls[2][FUNCTIONS];
    uint8_t *memory;
    uint64_t memory_size;
} run;

static uint8_t next(run *state)
{
    uint8_t byte = 0;
    if (state->size) {
        byte = *state->data++;
        state->size--;
    }
    return byte;
}

static uint64_t raw(run *state, unsigned bytes)
{
    uint64_t value = 0;
    while (bytes--) {
        value = value << 8 | next(state);
    }
    return value;
}

static uint64_t parameter(run *state, char kind)
{
    static const uint64_t edges[] = {65535,      65536,      65528,       131072,      0x7fffffff, 0x80000000,
                                     0xffffffff, 0xfffffff8, 0x20000000,  1024,        1025,       UINT64_MAX,
                                     INT64_MAX,  0x0fffffff, 4294967296u, 0x100000001u};
    uint8_t mode = next(state);
    if (mode < 24) {
        return mode; /* descriptors, flags, small counts */
    }
    if (mode < 96) {
        return PATH_AT((mode - 24u) % PATHS);
    }
    if (mode < 160) {
        return 8u * (mode - 96u); /* structures */
    }
    if (mode < 192) {
        return edges[mode % (sizeof edges / sizeof *edges)];
    }
    return raw(state, kind == 'I' ? 8 : mode < 224 ? 2 : 4);
}

static void patch_memory(run *state)
{
    uint32_t where = (uint32_t)raw(state, 2), count = next(state) % 64u;
    for (uint32_t i = 0; i < count && where + i < state->memory_size; i++) {
        state->memory[where + i] = next(state);
    }
}

static zc_status call(run *state, bool unstable, size_t function, uint64_t *slots)
{
    zc_error error = {.code = ZC_OK};
    const zc_import_value *target = &state->calls[unstable][function];
    zc_status status = target->function(target->context, slots, &error);
    require(status == ZC_OK || status == error.code);
    require(status == ZC_OK || status == ZC_TRAP ||
            (status == ZC_EXIT && !strcmp(functions[function].name, "proc_exit")));
    require(status != ZC_OK || slots[0] <= 76);
    return status;
}

static size_t function_named(const char *name)
{
    size_t i = 0;
    while (strcmp(functions[i].name, name) != 0) {
        i++;
    }
    return i;
}

/* What a guest can open is inside. */
static void check_descriptors(run *state)
{
    uint64_t stat_at = 65536 - 64;
    for (uint64_t fd = 3; fd < 48; fd++) {
        uint64_t inode, slots[3] = {0, fd, stat_at};
        require(call(state, false, function_named("fd_filestat_get"), slots) == ZC_OK);
        memcpy(&inode, state->memory + stat_at + 8, sizeof inode);
        for (size_t i = 0; i < 3 && slots[0] == 0; i++) {
            require(inode != forbidden[i]);
        }
    }
}

/* Most often that of the directory which may be changed. */
static uint64_t directory(run *state)
{
    static const uint8_t likely[] = {4, 4, 4, 4, 3, 5, 6, 0};
    return likely[next(state) % sizeof likely];
}

/* Most calls get a descriptor that may exist, a path with its own length, and flags that may be valid: with
 * numbers of any kind alone, few would get further than the first check. */
static void make_likely(run *state, const char *name, uint64_t *params)
{
    static const struct {
        const char *name;
        unsigned path, flags[3]; /* positions; of flags 0: none */
    } shapes[] = {
        {"path_open", 2, {1, 4, 7}},
        {"path_filestat_get", 2, {1, 0, 0}},
        {"path_filestat_set_times", 2, {1, 6, 0}},
        {"path_create_directory", 1, {0, 0, 0}},
        {"path_readlink", 1, {0, 0, 0}},
        {"path_remove_directory", 1, {0, 0, 0}},
        {"path_unlink_file", 1, {0, 0, 0}},
        {"path_rename", 1, {0, 0, 0}},
        {"path_rename", 4, {0, 0, 0}},
        {"path_link", 2, {0, 0, 0}},
        {"path_link", 5, {0, 0, 0}},
        {"path_symlink", 0, {0, 0, 0}},
        {"path_symlink", 3, {0, 0, 0}},
    };
    if (next(state) % 8 == 0) {
        return;
    }
    if (strncmp(name, "fd_", 3) == 0) {
        params[0] = next(state) % 8u;
    } else if (strncmp(name, "path_", 5) == 0) {
        params[0] = directory(state);
    }
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        if (strcmp(name, shapes[i].name) == 0) {
            size_t path = next(state) % PATHS;
            params[shapes[i].path] = PATH_AT(path);
            params[shapes[i].path + 1] = strlen(paths[path]);
            for (unsigned f = 0; f < 3 && shapes[i].flags[f]; f++) {
                params[shapes[i].flags[f]] = next(state) % (f == 0 ? 2u : 16u);
            }
        }
    }
    unsigned second = !strcmp(name, "path_rename")    ? 3
                      : !strcmp(name, "path_link")    ? 4
                      : !strcmp(name, "path_symlink") ? 2
                                                      : 0;
    if (strcmp(name, "path_link") == 0) {
        params[1] = next(state) % 8u == 0; /* any flag is refused */
    }
    if (second) { /* a descriptor behind the first path or text */
        params[second] = directory(state);
    }
}

static zc_status run_calls(void *context, uint64_t *unused, zc_error *error)
{
    run *state = context;
    (void)unused;
    for (size_t i = 0; i < PATHS; i++) {
        (void)strcpy((char *)state->memory + PATH_AT(i), paths[i]);
    }
    for (unsigned calls = 0; calls < MOST_CALLS && state->size; calls++) {
        uint8_t what = next(state);
        if (what % 4 == 3) {
            patch_memory(state);
            continue;
        }
        size_t function = next(state) % FUNCTIONS;
        if (what % 8 == 1) {
            static const char *const makers[] = {"path_symlink", "path_link", "path_rename", "path_create_directory"};
            function = function_named(makers[function % 4]);
        }
        if (what % 4 == 2) { /* a third of the calls: without an open file most others say EBADF */
            function = function_named("path_open");
        }
        bool leaves = !strcmp(functions[function].name, "proc_exit");
        uint64_t slots[12] = {0};
        for (size_t i = 0; functions[function].parameters[i]; i++) {
            slots[i + !leaves] = parameter(state, functions[function].parameters[i]);
        }
        make_likely(state, functions[function].name, slots + !leaves);
        if (call(state, next(state) % 8 == 0, function, slots) != ZC_OK) {
            break; /* the guest would be gone */
        }
        if (!strcmp(functions[function].name, "path_open") && slots[0] == 0) {
            check_descriptors(state);
        }
    }
    return zc_fail(error, ZC_TRAP, "done");
}

/* --- set up once --- */

static zc_module *make_module(void)
{
    zc_module *module = NULL;
    uint8_t *copy = zc_malloc(sizeof module_bytes);
    require(copy != NULL);
    memcpy(copy, module_bytes, sizeof module_bytes);
    require(zc_module_new(copy, sizeof module_bytes, &module, NULL) == ZC_OK);
    return module;
}

static zc_status write_out(void *context, const uint8_t *bytes, size_t size, size_t *done, zc_error *error)
{
    uint64_t *sum = context;
    (void)error, (void)done;
    for (size_t i = 0; i < size; i += 997) { /* touched, so that a wrong range is seen */
        *sum += bytes[i];
    }
    return ZC_OK;
}

static void take_functions(run *state)
{
    static const uint8_t kinds[] = {ZC_I32, ZC_I64};
    for (size_t i = 0; i < FUNCTIONS; i++) {
        uint8_t params[16];
        const char *text = functions[i].parameters;
        for (size_t p = 0; text[p]; p++) {
            params[p] = kinds[text[p] == 'I'];
        }
        zc_func_type type = {.params = params,
                             .results = kinds,
                             .param_count = (uint32_t)strlen(text),
                             .result_count = strcmp(functions[i].name, "proc_exit") != 0};
        for (int unstable = 0; unstable < 2; unstable++) {
            const char *module = unstable ? "wasi_unstable" : "wasi_snapshot_preview1";
            zc_import import = {
                .module = {.bytes = (const uint8_t *)module, .size = (uint32_t)strlen(module)},
                .field = {.bytes = (const uint8_t *)functions[i].name, .size = (uint32_t)strlen(functions[i].name)},
            };
            require(zc_wasi_import(state->wasi, &import, &type, &state->calls[unstable][i], NULL) == ZC_OK);
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static unsigned runs;
    static zc_module *module;
    const zc_limits limits = {.memory = 131072,
                              .table = 10,
                              .call_depth = 10,
                              .stack_bytes = 65536,
                              .fuel = ZC_NO_LIMIT,
                              .deadline_ns = 5000000};
    if (!module) {
        module = make_module();
    }
    if (runs++ % RUNS_PER_TREE == 0) {
        make_tree();
    }
    uint64_t sum = 0;
    zc_error error;
    const char *args[] = {"prog", "two"}, *env[] = {"A=b"};
    zc_wasi_directory directories[2] = {{.name = "/r"}, {.name = "/w", .writable = true}};
    directories[0].descriptor = open(at("r"), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    directories[1].descriptor = open(at("w"), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    zc_wasi_options options = {.args = args, .arg_count = 2, .env = env, .env_count = 1};
    options.directories = directories;
    options.directory_count = 2;
    for (int i = 0; i < 3; i++) {
        options.streams[i].descriptor = -1;
    }
    options.streams[1].write = write_out;
    options.streams[1].context = &sum;
    run *state = calloc(1, sizeof *state);
    require(state != NULL);
    state->data = data;
    state->size = size;
    require(zc_wasi_new(&options, &state->wasi, &error) == ZC_OK);
    (void)close(directories[0].descriptor);
    (void)close(directories[1].descriptor);
    take_functions(state);
    zc_import_value import = {.kind = ZC_EXTERN_FUNC, .function = run_calls, .context = state};
    zc_instance *instance = NULL;
    require(zc_instance_new(module, &zc_engine_wasm3, &import, &limits, &instance, &error) == ZC_OK);
    zc_wasi_bind(state->wasi, instance);
    zc_region *region = zc_memory_region(zc_instance_memory(instance));
    state->memory = zc_region_base(region);
    state->memory_size = zc_region_size(region);
    uint64_t *frame = zc_instance_frame(instance, 0, &error);
    require(frame != NULL);
    require(zc_instance_call(instance, 0, frame, NULL, &error) == ZC_TRAP);
    zc_instance_free(instance);
    zc_wasi_free(state->wasi);
    free(state);
    if (runs % 50 == 0) {
        check_outside();
    }
    int lowest = dup(0); /* nothing is left open: the number stays small */
    require(lowest < 64);
    (void)close(lowest);
    return 0;
}
