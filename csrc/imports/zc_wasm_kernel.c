/* zc_wasm_kernel: see zc_wasm_kernel.h. */
#include "imports/zc_wasm_kernel.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "base/zc_alloc.h"
#include "base/zc_copies.h"
#include "base/zc_fork.h"

#define NAME_SIZE 64u
#define MAX_PARAMS (ZC_KERNEL_MAX_PARAMS / 4)
#define ALIGNMENT 64u /* of rows: what vector loads of the function's would like */
#define NO_FUNCTION UINT32_MAX

/* An instance, and where in its memory rows lie. */
typedef struct worker {
    struct worker *next; /* of those that nobody uses */
    zc_instance *instance;
    uint64_t at, room;
} worker;

typedef struct wasm_kernel {
    zc_module *module;
    const zc_engine *engine;
    zc_limits limits;
    uint32_t function;
    uint32_t allocator; /* its malloc, or NO_FUNCTION */
    unsigned binding_count, param_count;
    uint8_t access[ZC_KERNEL_MAX_BINDINGS];
    char name[NAME_SIZE];
    worker *idle; /* under the lock */
} wasm_kernel;

/* Of the lists of all kernels: it is held for as long as it takes to move a pointer. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static void lock_lists(void)
{
    pthread_mutex_lock(&lock);
}

static void unlock_lists(void)
{
    pthread_mutex_unlock(&lock);
}

/* In the child, what other threads ran is not in a list, and lost. */
ZC_FORK_HANDLERS(ZC_FORK_ROW_KERNELS, .lock = lock_lists, .unlock = unlock_lists)

/* --- instances --- */

static zc_status tick(void *context, zc_error *error)
{
    return zc_rows_stopped(context) ? zc_fail(error, ZC_CANCELLED, "cancelled") : ZC_OK;
}

static void resume(void *context)
{
    (void)context;
}

static void free_worker(worker *own)
{
    if (own) {
        zc_instance_free(own->instance);
        zc_free(own);
    }
}

static zc_status new_worker(const wasm_kernel *kernel, const zc_call_hooks *hooks, worker **out, zc_error *error)
{
    worker *own = zc_calloc(1, sizeof *own);
    if (!own) {
        return zc_fail(error, ZC_NO_MEMORY, "cannot allocate an instance of kernel %s", kernel->name);
    }
    zc_status status = zc_instance_new(kernel->module, kernel->engine, NULL, &kernel->limits, &own->instance, error);
    if (status == ZC_OK && zc_module_get_info(kernel->module)->has_start) {
        status = zc_instance_start(own->instance, hooks, error);
    }
    if (status != ZC_OK) {
        free_worker(own);
        return status;
    }
    *out = own;
    return ZC_OK;
}

static zc_status take_worker(wasm_kernel *kernel, const zc_rows *rows, worker **out, zc_error *error)
{
    pthread_mutex_lock(&lock);
    worker *own = kernel->idle;
    if (own) {
        kernel->idle = own->next;
    }
    pthread_mutex_unlock(&lock);
    const zc_call_hooks hooks = {tick, resume, (void *)rows};
    *out = own;
    return own ? ZC_OK : new_worker(kernel, &hooks, out, error);
}

static void give_back(wasm_kernel *kernel, worker *own)
{
    pthread_mutex_lock(&lock);
    own->next = kernel->idle;
    kernel->idle = own;
    pthread_mutex_unlock(&lock);
}

/* --- rows in its memory --- */

static zc_region *memory_of(const worker *own)
{
    return zc_memory_region(zc_instance_memory(own->instance));
}

static zc_status call(worker *own, uint32_t function, const uint64_t *arguments, unsigned count, uint64_t *result,
                      const zc_rows *rows, zc_error *error)
{
    const zc_call_hooks hooks = {tick, resume, (void *)rows};
    uint64_t *frame = zc_instance_frame(own->instance, function, error);
    if (!frame) {
        return error->code;
    }
    memcpy(frame + (result ? 1 : 0), arguments, count * sizeof *arguments);
    zc_status status = zc_instance_call(own->instance, function, frame, &hooks, error);
    if (status == ZC_OK && result) {
        *result = frame[0];
    }
    return status;
}

/* Space for `size` bytes: of the module's own malloc, since a heap may take all of memory for its own, or behind the end. */
static zc_status make_room(const wasm_kernel *kernel, worker *own, uint64_t size, const zc_rows *rows, zc_error *error)
{
    if (size <= own->room) {
        return ZC_OK;
    }
    zc_status status;
    uint64_t at = 0, wanted = size + ALIGNMENT;
    if (wanted > UINT32_MAX) {
        return zc_fail(error, ZC_LIMIT, "rows of %llu bytes in all do not fit into a memory of 4 GiB",
                       (unsigned long long)size);
    }
    if (kernel->allocator != NO_FUNCTION) {
        status = call(own, kernel->allocator, &wanted, 1, &at, rows, error);
        at = (uint32_t)at;
        uint64_t end = zc_region_size(memory_of(own));
        if (status == ZC_OK && (at == 0 || at > end || wanted > end - at)) {
            status = zc_fail(error, ZC_LIMIT, "its malloc has no %llu bytes", (unsigned long long)wanted);
        }
    } else {
        uint32_t pages = (uint32_t)((wanted + ZC_WASM_PAGE_SIZE - 1) / ZC_WASM_PAGE_SIZE), previous;
        status = zc_memory_grow(zc_instance_memory(own->instance), pages, &previous, error);
        at = (uint64_t)previous * ZC_WASM_PAGE_SIZE;
    }
    if (status == ZC_OK) {
        own->at = (at + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
        own->room = size;
    }
    return status;
}

static zc_status run_row(const wasm_kernel *kernel, worker *own, const uint64_t *places, const zc_rows *rows,
                         uint64_t row, uint64_t *copied, zc_error *error)
{
    uint64_t arguments[1 + ZC_KERNEL_MAX_BINDINGS + MAX_PARAMS];
    uint8_t *base = zc_region_base(memory_of(own));
    unsigned used = 0;
    arguments[used++] = row;
    for (unsigned i = 0; i < kernel->binding_count; i++) {
        /* Also what is only written: the bytes that the function leaves alone stay what they were. */
        memcpy(base + places[i], (const uint8_t *)rows->bindings[i] + row * rows->bytes[i], rows->bytes[i]);
        *copied += rows->bytes[i];
        arguments[used++] = places[i];
    }
    for (unsigned i = 0; i < kernel->param_count; i++) {
        arguments[used++] = rows->params[i];
    }
    if (kernel->limits.fuel != ZC_NO_LIMIT) { /* of each row: else it would end in one that others have used up */
        zc_instance_set_fuel(own->instance, kernel->limits.fuel);
    }
    zc_status status = call(own, kernel->function, arguments, used, NULL, rows, error);
    for (unsigned i = 0; i < kernel->binding_count && status == ZC_OK; i++) {
        if (kernel->access[i] & ZC_ACCESS_WRITE) {
            memcpy((uint8_t *)rows->bindings[i] + row * rows->bytes[i], base + places[i], rows->bytes[i]);
            *copied += rows->bytes[i];
        }
    }
    return status;
}

/* The same failure, with the kernel and the row in front. */
static void explain(const wasm_kernel *kernel, uint64_t row, zc_error *error)
{
    zc_error why = *error;
    (void)zc_fail(error, why.code, "kernel %s, row %llu: %.380s", kernel->name, (unsigned long long)row, why.message);
    error->kind = why.kind;
}

static zc_status run(void *context, const zc_rows *rows, zc_error *error)
{
    wasm_kernel *kernel = context;
    worker *own = NULL;
    uint64_t places[ZC_KERNEL_MAX_BINDINGS], size = 0, copied = 0, row = rows->first;
    for (unsigned i = 0; i < kernel->binding_count; i++) {
        places[i] = size;
        size += (rows->bytes[i] + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    }
    zc_status status = take_worker(kernel, rows, &own, error);
    if (status == ZC_OK) {
        status = make_room(kernel, own, size, rows, error);
    }
    if (status != ZC_OK && status != ZC_CANCELLED && own && own->room) { /* what shorter rows took is in the way */
        const zc_call_hooks hooks = {tick, resume, (void *)rows};
        free_worker(own);
        own = NULL;
        status = new_worker(kernel, &hooks, &own, error);
        status = status == ZC_OK ? make_room(kernel, own, size, rows, error) : status;
    }
    for (unsigned i = 0; i < kernel->binding_count && status == ZC_OK; i++) {
        places[i] += own->at;
    }
    for (; status == ZC_OK && row < rows->first + rows->count; row++) {
        status = zc_rows_stopped(rows) ? zc_fail(error, ZC_CANCELLED, "cancelled")
                                       : run_row(kernel, own, places, rows, row, &copied, error);
        if (status != ZC_OK) {
            break;
        }
    }
    zc_copies_add(ZC_COPY_KERNEL_ROWS, copied);
    if (status == ZC_OK) {
        give_back(kernel, own);
        return ZC_OK;
    }
    free_worker(own); /* what a call left half done is nobody's state */
    if (status != ZC_CANCELLED) {
        explain(kernel, row, error);
    }
    return status;
}

static void release(void *context)
{
    wasm_kernel *kernel = context;
    while (kernel->idle) {
        worker *own = kernel->idle;
        kernel->idle = own->next;
        free_worker(own);
    }
    zc_module_release(kernel->module);
    zc_free(kernel);
}

/* --- what is refused --- */

static const zc_func_type *type_of(const zc_module_info *info, uint32_t function)
{
    return &info->types[info->funcs[function].type_index];
}

static uint32_t find(const zc_module_info *info, const char *name)
{
    size_t size = strlen(name);
    for (uint32_t i = 0; i < info->export_count; i++) {
        const zc_export *each = &info->exports[i];
        if (each->kind == ZC_EXTERN_FUNC && each->name.size == size && memcmp(each->name.bytes, name, size) == 0) {
            return each->index;
        }
    }
    return NO_FUNCTION;
}

static void append_types(char *text, size_t size, const uint8_t *types, unsigned count)
{
    size_t used = 0;
    text[0] = 0;
    for (unsigned i = 0; i < count && used < size; i++) {
        used += (size_t)snprintf(text + used, size - used, "%s%s", i ? ", " : "", zc_value_type_name(types[i]));
    }
}

static zc_status check_type(const char *name, const zc_func_type *type, const zc_kernel_source *source,
                            const uint8_t *param_types, unsigned param_count, zc_error *error)
{
    uint8_t wanted[1 + ZC_KERNEL_MAX_BINDINGS + MAX_PARAMS];
    unsigned count = 1 + source->binding_count;
    memset(wanted, ZC_I32, count);
    for (unsigned i = 0; i < param_count; i++) { /* of none there is no array */
        wanted[count++] = param_types[i];
    }
    if (type->result_count == 0 && type->param_count == count && memcmp(type->params, wanted, count) == 0) {
        return ZC_OK;
    }
    char asked[160], given[160];
    append_types(asked, sizeof asked, wanted, count);
    append_types(given, sizeof given, type->params, type->param_count);
    return zc_fail(error, ZC_BAD_VALUE,
                   "kernel %s: the signature asks for (%s) -> (), the row's number, %u pointers and the parameters; "
                   "%.40s is (%s) -> (%s)",
                   source->name, asked, source->binding_count, name, given,
                   type->result_count ? zc_value_type_name(type->results[0]) : "");
}

static zc_status check(const zc_module_info *info, const char *function, const zc_kernel_source *source,
                       const uint8_t *param_types, unsigned param_count, zc_error *error)
{
    if (info->import_count) {
        const zc_import *first = &info->imports[0];
        return zc_fail(error, ZC_LINK, "kernel %s: its module imports %.*s.%.*s, but that of a kernel gets no imports",
                       source->name, (int)(first->module.size < 60 ? first->module.size : 60), first->module.bytes,
                       (int)(first->field.size < 60 ? first->field.size : 60), first->field.bytes);
    }
    if (!info->has_memory) {
        return zc_fail(error, ZC_BAD_VALUE, "kernel %s: its module has no memory to put rows into", source->name);
    }
    uint32_t index = find(info, function);
    if (index == NO_FUNCTION) {
        return zc_fail(error, ZC_BAD_VALUE, "kernel %s: its module exports no function %.80s", source->name, function);
    }
    return check_type(function, type_of(info, index), source, param_types, param_count, error);
}

zc_status zc_wasm_kernel_new(zc_module *module, const zc_engine *engine, const char *function,
                             const zc_kernel_source *source, const uint8_t *param_types, unsigned param_count,
                             const zc_limits *limits, zc_pause_function pause, void *context, zc_row_code *out,
                             zc_error *error)
{
    const zc_module_info *info = zc_module_get_info(module);
    zc_status status = check(info, function, source, param_types, param_count, error);
    if (status != ZC_OK) {
        return status;
    }
    wasm_kernel *kernel = zc_calloc(1, sizeof *kernel);
    if (!kernel) {
        return zc_fail(error, ZC_NO_MEMORY, "cannot allocate kernel %s", source->name);
    }
    kernel->module = zc_module_retain(module);
    kernel->engine = engine;
    kernel->limits = *limits;
    kernel->function = find(info, function);
    kernel->allocator = find(info, "malloc");
    if (kernel->allocator != NO_FUNCTION) {
        const zc_func_type *type = type_of(info, kernel->allocator);
        bool usual = type->param_count == 1 && type->params[0] == ZC_I32 && type->result_count == 1 &&
                     type->results[0] == ZC_I32;
        kernel->allocator = usual ? kernel->allocator : NO_FUNCTION;
    }
    kernel->binding_count = source->binding_count;
    kernel->param_count = param_count;
    for (unsigned i = 0; i < source->binding_count; i++) {
        kernel->access[i] = source->bindings[i].access;
    }
    (void)snprintf(kernel->name, sizeof kernel->name, "%s", source->name);
    const zc_call_hooks hooks = {pause, resume, context};
    worker *first = NULL;
    status = new_worker(kernel, pause ? &hooks : NULL, &first, error);
    if (status != ZC_OK) {
        release(kernel);
        return status;
    }
    give_back(kernel, first);
    *out = (zc_row_code){run, release, kernel};
    return ZC_OK;
}
