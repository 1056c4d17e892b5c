/* zc_wasi: the table of functions, linking, and the functions that need no descriptor. See zc_wasi.h. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/stat.h>
#include <unistd.h>
#if defined(__APPLE__)
#include <sys/random.h>
#endif

#include "base/zc_alloc.h"
#include "base/zc_copies.h"
#include "wasi/zc_wasi_internal.h"

static const struct function {
    const char *name, *parameters;
    zc_wasi_errno (*handler)(zc_wasi_call *call);
} functions[] = {
#define X(name, parameters) {#name, parameters, zc_wasi_##name},
#include "wasi/zc_wasi.def"
#undef X
};

#define FUNCTIONS ((uint32_t)(sizeof functions / sizeof *functions))

/* --- linking --- */

static bool same(zc_name name, const char *text)
{
    return name.size == strlen(text) && memcmp(name.bytes, text, name.size) == 0;
}

bool zc_wasi_is_module(zc_name module)
{
    return same(module, "wasi_snapshot_preview1") || same(module, "wasi_unstable");
}

static bool same_type(const struct function *function, const zc_func_type *type)
{
    uint32_t results = function->handler == zc_wasi_proc_exit ? 0 : 1;
    if (type->param_count != strlen(function->parameters) || type->result_count != results ||
        (results && type->results[0] != ZC_I32)) {
        return false;
    }
    for (uint32_t i = 0; i < type->param_count; i++) {
        if (type->params[i] != (function->parameters[i] == 'I' ? ZC_I64 : ZC_I32)) {
            return false;
        }
    }
    return true;
}

/* zc_host_function of them all. */
static zc_status call_function(void *context, uint64_t *slots, zc_error *error)
{
    const struct zc_wasi_bound *bound = context;
    const struct function *function = &functions[bound->function];
    uint32_t results = function->handler == zc_wasi_proc_exit ? 0 : 1;
    zc_wasi_call call = {.wasi = bound->wasi, .slots = slots + results, .unstable = bound->unstable, .error = error};
    zc_memory *memory = zc_instance_memory(bound->wasi->instance);
    if (memory) {
        call.memory = zc_region_base(zc_memory_region(memory));
        call.memory_size = zc_region_size(zc_memory_region(memory));
    }
    zc_wasi_errno code = function->handler(&call);
    if (results) {
        slots[0] = (uint64_t)code;
    }
    return call.status;
}

zc_status zc_wasi_import(zc_wasi *wasi, const zc_import *import, const zc_func_type *type, zc_import_value *out,
                         zc_error *error)
{
    for (uint32_t i = 0; i < FUNCTIONS; i++) {
        if (!same(import->field, functions[i].name)) {
            continue;
        }
        if (!same_type(&functions[i], type)) {
            return zc_fail(error, ZC_LINK, "import %.40s.%s is of another type than WASI's function",
                           (const char *)import->module.bytes, functions[i].name);
        }
        bool unstable = same(import->module, "wasi_unstable");
        struct zc_wasi_bound *bound = &wasi->bound[i + (unstable ? FUNCTIONS : 0)];
        *out = (zc_import_value){.kind = ZC_EXTERN_FUNC, .function = call_function, .context = bound};
        return ZC_OK;
    }
    return zc_fail(error, ZC_LINK, "WASI preview 1 has no function '%.*s'",
                   (int)(import->field.size < 100 ? import->field.size : 100), (const char *)import->field.bytes);
}

void zc_wasi_bind(zc_wasi *wasi, zc_instance *instance)
{
    wasi->instance = instance;
}

/* --- creation --- */

static zc_status take_strings(const char *const *texts, uint32_t count, const char *what, zc_wasi_strings *out,
                              zc_error *error)
{
    uint64_t size = 0;
    for (uint32_t i = 0; i < count; i++) {
        size += strlen(texts[i]) + 1;
    }
    if (size > UINT32_MAX / 2) {
        return zc_fail(error, ZC_OVERFLOW, "the %s take %llu bytes, may take %u", what, (ull)size, UINT32_MAX / 2);
    }
    out->bytes = zc_malloc((size_t)size);
    if (!out->bytes) {
        return zc_fail(error, ZC_NO_MEMORY, "cannot allocate %llu bytes for the %s", (ull)size, what);
    }
    out->size = (uint32_t)size;
    out->count = count;
    char *at = out->bytes;
    for (uint32_t i = 0; i < count; i++) {
        size_t length = strlen(texts[i]) + 1;
        memcpy(at, texts[i], length);
        at += length;
    }
    return ZC_OK;
}

static zc_status duplicate(int descriptor, int *out, zc_error *error)
{
    *out = fcntl(descriptor, F_DUPFD_CLOEXEC, 3);
    return *out >= 0 ? ZC_OK
                     : zc_fail(error, ZC_BAD_VALUE, "cannot duplicate descriptor %d: %s", descriptor, strerror(errno));
}

static zc_status take_stream(const zc_wasi_stream *stream, uint8_t number, zc_wasi_file *file, zc_error *error)
{
    struct stat info;
    file->number = number;
    file->host = -1;
    file->kind = KIND_STREAM;
    file->stream = *stream;
    file->rights = R_FD_FDSTAT_SET_FLAGS | R_FD_FILESTAT_GET | R_POLL_FD_READWRITE;
    file->rights |= number == 0 ? R_FD_READ : R_FD_WRITE;
    if (stream->descriptor < 0) {
        return ZC_OK;
    }
    zc_status status = duplicate(stream->descriptor, &file->host, error);
    if (status == ZC_OK && fstat(file->host, &info) == 0) {
        file->regular = S_ISREG(info.st_mode);
        /* A program takes a character device for a terminal and writes line by line. */
        file->type = isatty(file->host) ? TYPE_CHARACTER : TYPE_UNKNOWN;
    }
    return status;
}

static zc_status take_directory(const zc_wasi_directory *directory, zc_wasi_file *file, zc_error *error)
{
    struct stat info;
    if (fstat(directory->descriptor, &info) != 0 || !S_ISDIR(info.st_mode)) {
        return zc_fail(error, ZC_BAD_VALUE, "what is granted as '%.100s' is not a directory", directory->name);
    }
    size_t size = strlen(directory->name) + 1;
    file->name = zc_malloc(size);
    if (!file->name) {
        return zc_fail(error, ZC_NO_MEMORY, "cannot allocate %zu bytes for a directory's name", size);
    }
    memcpy(file->name, directory->name, size);
    file->host = -1;
    file->kind = KIND_DIRECTORY;
    file->type = TYPE_DIRECTORY;
    file->rights = R_DIRECTORY_READ | (directory->writable ? R_DIRECTORY_WRITE : 0);
    file->inheriting = file->rights | R_FILE_READ | (directory->writable ? R_FILE_WRITE : 0);
    return duplicate(directory->descriptor, &file->host, error);
}

zc_status zc_wasi_new(const zc_wasi_options *options, zc_wasi **out, zc_error *error)
{
    if (options->directory_count > ZC_WASI_MAX_FILES / 2) {
        return zc_fail(error, ZC_BAD_VALUE, "%u directories are granted, may be %u", options->directory_count,
                       ZC_WASI_MAX_FILES / 2);
    }
    zc_wasi *wasi = zc_calloc(1, sizeof *wasi);
    struct zc_wasi_bound *bound = zc_calloc(2 * FUNCTIONS, sizeof *bound);
    if (!wasi || !bound) {
        zc_free(wasi);
        zc_free(bound);
        return zc_fail(error, ZC_NO_MEMORY, "cannot allocate a WASI context");
    }
    wasi->bound = bound;
    for (uint32_t i = 0; i < 2 * FUNCTIONS; i++) {
        bound[i] = (struct zc_wasi_bound){.wasi = wasi, .function = i % FUNCTIONS, .unstable = i >= FUNCTIONS};
    }
    zc_status status = take_strings(options->args, options->arg_count, "arguments", &wasi->args, error);
    if (status == ZC_OK) {
        status = take_strings(options->env, options->env_count, "environment variables", &wasi->env, error);
    }
    for (uint8_t i = 0; i < 3 && status == ZC_OK; i++) {
        status = take_stream(&options->streams[i], i, &wasi->files[i], error);
    }
    for (uint32_t i = 0; i < options->directory_count && status == ZC_OK; i++) {
        status = take_directory(&options->directories[i], &wasi->files[3 + i], error);
    }
    if (status != ZC_OK) {
        zc_wasi_free(wasi);
        return status;
    }
    *out = wasi;
    return ZC_OK;
}

void zc_wasi_free(zc_wasi *wasi)
{
    if (!wasi) {
        return;
    }
    for (uint32_t i = 0; i < ZC_WASI_MAX_FILES; i++) {
        if (wasi->files[i].kind != KIND_FREE) {
            zc_wasi_close_file(&wasi->files[i]);
        }
    }
    zc_free(wasi->args.bytes);
    zc_free(wasi->env.bytes);
    zc_free(wasi->bound);
    zc_free(wasi);
}

/* --- arguments and environment --- */

static zc_wasi_errno get_sizes(zc_wasi_call *call, const zc_wasi_strings *strings)
{
    uint8_t *count = zc_wasi_range(call, zc_wasi_u32(call, 0), 4), *size = zc_wasi_range(call, zc_wasi_u32(call, 1), 4);
    if (!count || !size) {
        return W_FAULT;
    }
    zc_wasi_put32(count, strings->count);
    zc_wasi_put32(size, strings->size);
    return W_SUCCESS;
}

static zc_wasi_errno get_strings(zc_wasi_call *call, const zc_wasi_strings *strings)
{
    uint32_t base = zc_wasi_u32(call, 1);
    uint8_t *pointers = zc_wasi_range(call, zc_wasi_u32(call, 0), 4 * (uint64_t)strings->count);
    uint8_t *bytes = zc_wasi_range(call, base, strings->size);
    if (!pointers || !bytes) {
        return W_FAULT;
    }
    memcpy(bytes, strings->bytes, strings->size);
    zc_copies_add(ZC_COPY_WASI, strings->size);
    uint32_t at = 0;
    for (uint32_t i = 0; i < strings->count; i++) {
        zc_wasi_put32(pointers + 4 * (size_t)i, base + at);
        at += (uint32_t)strlen(strings->bytes + at) + 1;
    }
    return W_SUCCESS;
}

zc_wasi_errno zc_wasi_args_sizes_get(zc_wasi_call *call)
{
    return get_sizes(call, &call->wasi->args);
}

zc_wasi_errno zc_wasi_args_get(zc_wasi_call *call)
{
    return get_strings(call, &call->wasi->args);
}

zc_wasi_errno zc_wasi_environ_sizes_get(zc_wasi_call *call)
{
    return get_sizes(call, &call->wasi->env);
}

zc_wasi_errno zc_wasi_environ_get(zc_wasi_call *call)
{
    return get_strings(call, &call->wasi->env);
}

/* --- random, process --- */

zc_wasi_errno zc_wasi_random_get(zc_wasi_call *call)
{
    uint32_t size = zc_wasi_u32(call, 1);
    uint8_t *bytes = zc_wasi_range(call, zc_wasi_u32(call, 0), size);
    if (!bytes) {
        return W_FAULT;
    }
    for (uint32_t done = 0; done < size;) {
        if (done % ZC_WASI_CHUNK == 0 && size > 65536) {
            ZC_WASI_PAUSE(call);
        }
        uint32_t part = size - done < 256 ? size - done : 256; /* what getentropy gives at once */
        if (getentropy(bytes + done, part) != 0) {
            return zc_wasi_from_host(errno);
        }
        done += part;
    }
    return W_SUCCESS;
}

zc_wasi_errno zc_wasi_proc_exit(zc_wasi_call *call)
{
    uint32_t code = zc_wasi_u32(call, 0);
    call->status = zc_fail(call->error, ZC_EXIT, "the guest exited with code %u", code);
    if (call->error) {
        call->error->kind = code;
    }
    return W_SUCCESS;
}

zc_wasi_errno zc_wasi_sched_yield(zc_wasi_call *call)
{
    ZC_WASI_PAUSE(call);
    (void)sched_yield();
    return W_SUCCESS;
}

zc_wasi_errno zc_wasi_proc_raise(zc_wasi_call *call)
{
    (void)call;
    return W_NOTSUP; /* a guest has no signals */
}
