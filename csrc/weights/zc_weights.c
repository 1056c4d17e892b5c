/* zc_weights: see zc_weights.h. Tensors in order of addition, a hash table of their names, and a list of the devices
 * that use something else than the one mapping of the whole file.
 *
 * Those are the devices with memory of their own, and those whose buffers cannot be as large as the file. For them
 * the tensors are dealt, in the file's order, into parts that are small enough: memory of the device that is filled
 * from the mapping, or further mappings of pieces of the file.
 *
 * A device's entry in the list says whether its parts are being made, made, or failed. It is looked at under one
 * lock of the process, never held while bytes move; who finds parts being made waits for them. A child of a fork
 * whose parent's thread was making some finds an entry that nobody will finish: its device is the parent's, too, so
 * that the child is refused (`forks`).
 */
#define _GNU_SOURCE
#define _DARWIN_C_SOURCE
#include "weights/zc_weights.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/zc_alloc.h"
#include "base/zc_clock.h"
#include "base/zc_copies.h"
#include "base/zc_fork.h"

#define MAX_NAME 1024u
#define ALIGNMENT 4u
/* What is reported in one step: a part of the whole that makes a smooth bar, and large enough for all threads of a
 * copy. */
#define STEPS 8u
#define LEAST_STEP (UINT64_C(32) << 20)
#define MOST_STEP (UINT64_C(256) << 20)

typedef struct part { /* the file's bytes [start, end) in a region of their own */
    uint64_t start, end;
    zc_region *region;
} part;

typedef enum placing_state { PLACING, PLACED, FAILED } placing_state;

typedef struct placing {
    struct placing *next;
    zc_device *device; /* retained */
    placing_state state;
    part *parts; /* once placed */
    size_t part_count;
    uint64_t forks; /* zc_fork_count() of the process that made the entry */
    pthread_t thread; /* while PLACING */
} placing;

struct zc_weights {
    _Atomic uint64_t references;
    int file; /* for mappings of pieces of it */
    zc_region *region;
    uint64_t size;
    zc_tensor *tensors;
    uint32_t count, capacity;
    uint32_t *slots; /* index + 1 of a tensor, 0 when free; a power of two of them, at most half used */
    uint32_t slot_count;
    uint64_t seed; /* so that nobody can choose names that collide */
    placing *placings; /* under `lock` */
    bool packing;      /* so is this: a thread does, of the process with that many forks */
    uint64_t packing_forks;
    pthread_t packing_thread;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;

static void lock_all(void)
{
    pthread_mutex_lock(&lock);
}

static void unlock_all(void)
{
    pthread_mutex_unlock(&lock);
}

static void reset(void)
{
    static const pthread_cond_t fresh = PTHREAD_COND_INITIALIZER;
    changed = fresh; /* who waited is the parent's */
}

ZC_FORK_HANDLERS(ZC_FORK_WEIGHTS, .lock = lock_all, .unlock = unlock_all, .reset = reset)

/* ---- lifetime ---- */

zc_status zc_weights_open(int file, zc_weights **out, zc_error *error)
{
    struct stat info;
    if (fstat(file, &info) != 0) {
        return zc_fail_at(error, ZC_MODEL, ZC_NO_OFFSET, "cannot tell the size of the file: %s", strerror(errno));
    }
    if (!S_ISREG(info.st_mode)) {
        return zc_fail_at(error, ZC_MODEL, ZC_NO_OFFSET, "is not a plain file, which could be mapped");
    }
    if (info.st_size <= 0) {
        return zc_fail_at(error, ZC_MODEL, ZC_NO_OFFSET, "is empty");
    }
    zc_weights *weights = zc_calloc(1, sizeof *weights);
    if (!weights) {
        return zc_fail(error, ZC_NO_MEMORY, "cannot allocate the weights' bookkeeping");
    }
    weights->size = (uint64_t)info.st_size;
    zc_status status = zc_region_map(file, 0, weights->size, &weights->region, error);
    if (status == ZC_OK && (weights->file = fcntl(file, F_DUPFD_CLOEXEC, 0)) < 0) {
        status = zc_fail(error, ZC_NO_MEMORY, "cannot keep the file open: %s", strerror(errno));
        zc_region_release(weights->region);
    }
    if (status != ZC_OK) {
        zc_free(weights);
        return status;
    }
    weights->seed = (uint64_t)(uintptr_t)weights ^ (uint64_t)(uintptr_t)zc_region_base(weights->region) << 16 ^
                    (uint64_t)zc_clock_ns() << 40;
    atomic_init(&weights->references, 1);
    *out = weights;
    return ZC_OK;
}

zc_weights *zc_weights_retain(zc_weights *weights)
{
    atomic_fetch_add_explicit(&weights->references, 1, memory_order_relaxed);
    return weights;
}

static void release_parts(part *parts, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        zc_region_release(parts[i].region);
    }
    zc_free(parts);
}

void zc_weights_release(zc_weights *weights)
{
    if (!weights || atomic_fetch_sub_explicit(&weights->references, 1, memory_order_acq_rel) != 1) {
        return;
    }
    while (weights->placings) {
        placing *first = weights->placings;
        weights->placings = first->next;
        release_parts(first->parts, first->part_count);
        zc_device_release(first->device);
        zc_free(first);
    }
    for (uint32_t i = 0; i < weights->count; i++) {
        zc_free((char *)weights->tensors[i].name);
    }
    zc_free(weights->tensors);
    zc_free(weights->slots);
    zc_region_release(weights->region);
    (void)close(weights->file);
    zc_free(weights);
}

uint64_t zc_weights_size(const zc_weights *weights)
{
    return weights->size;
}

zc_region *zc_weights_region(const zc_weights *weights)
{
    return weights->region;
}

uint32_t zc_weights_count(const zc_weights *weights)
{
    return weights->count;
}

const zc_tensor *zc_weights_get(const zc_weights *weights, uint32_t index)
{
    return index < weights->count ? &weights->tensors[index] : NULL;
}

/* ---- names ---- */

static uint64_t fold(uint64_t a, uint64_t b)
{
    __extension__ unsigned __int128 product = (unsigned __int128)a * b;
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static uint64_t hash(uint64_t seed, const char *name, size_t size)
{
    uint64_t state = seed ^ UINT64_C(0x9e3779b97f4a7c15);
    for (size_t at = 0; at < size; at += 8) {
        uint64_t word = 0;
        memcpy(&word, name + at, size - at < 8 ? size - at : 8);
        state = fold(state ^ word, UINT64_C(0xd6e8feb86659fd93) ^ seed << 1);
    }
    return fold(state ^ size, UINT64_C(0xa0761d6478bd642f));
}

/* The slot of that name, or the free one where it belongs. There is one: at most half are used. */
static uint32_t slot_of(const zc_weights *weights, const char *name, size_t size)
{
    uint32_t mask = weights->slot_count - 1, at = (uint32_t)hash(weights->seed, name, size) & mask;
    for (; weights->slots[at]; at = (at + 1) & mask) {
        const char *other = weights->tensors[weights->slots[at] - 1].name;
        if (strncmp(other, name, size) == 0 && other[size] == 0) {
            break;
        }
    }
    return at;
}

uint32_t zc_weights_find(const zc_weights *weights, const char *name, size_t name_size)
{
    if (!weights->slot_count || memchr(name, 0, name_size)) {
        return UINT32_MAX;
    }
    return weights->slots[slot_of(weights, name, name_size)] - 1; /* a free one gives UINT32_MAX */
}

static zc_status make_room(zc_weights *weights, zc_error *error)
{
    if (weights->count == weights->capacity) {
        uint32_t capacity = weights->capacity ? weights->capacity * 2 : 64;
        zc_tensor *tensors = weights->capacity < UINT32_MAX / 8
                                 ? zc_realloc(weights->tensors, (size_t)capacity * sizeof *tensors)
                                 : NULL;
        if (!tensors) {
            return zc_fail(error, ZC_NO_MEMORY, "cannot allocate a table of %u tensors", capacity);
        }
        weights->tensors = tensors;
        weights->capacity = capacity;
    }
    if (weights->slot_count < weights->capacity * 2) {
        uint32_t *slots = zc_calloc((size_t)weights->capacity * 2, sizeof *slots);
        if (!slots) {
            return zc_fail(error, ZC_NO_MEMORY, "cannot allocate an index of %u names", weights->capacity);
        }
        zc_free(weights->slots);
        weights->slots = slots;
        weights->slot_count = weights->capacity * 2;
        for (uint32_t i = 0; i < weights->count; i++) {
            const char *name = weights->tensors[i].name;
            slots[slot_of(weights, name, strlen(name))] = i + 1;
        }
    }
    return ZC_OK;
}

/* ---- the check ---- */

/* All but the name, which is known to be a sane one. Sets the tensor's bytes. */
static zc_status check(const zc_weights *weights, const char *name, zc_tensor *tensor, zc_error *error)
{
    const zc_weight_type_info *type = zc_weight_type_get(tensor->type);
    if (!type) {
        return zc_fail_at(error, ZC_MODEL, tensor->offset, "tensor %.100s has type number %u, known are 0 to %d", name,
                          tensor->type, ZC_WEIGHT_TYPE_COUNT - 1);
    }
    uint64_t last = tensor->shape[tensor->ndim - 1];
    if (last % type->block) {
        return zc_fail_at(error, ZC_MODEL, tensor->offset,
                          "tensor %.100s has rows of %llu elements, %s takes multiples of %u", name, (ull)last,
                          type->name, type->block);
    }
    /* Sides of 0 count as 1 here, so that no product of some of the sides overflows either. */
    uint64_t bytes = last ? last / type->block : 1;
    bool empty = last == 0, fits = !__builtin_mul_overflow(bytes, (uint64_t)type->block_bytes, &bytes);
    for (uint32_t i = 0; fits && i + 1 < tensor->ndim; i++) {
        empty = empty || tensor->shape[i] == 0;
        fits = !__builtin_mul_overflow(bytes, tensor->shape[i] ? tensor->shape[i] : 1, &bytes);
    }
    if (!fits || bytes > UINT64_MAX / 4) {
        return zc_fail_at(error, ZC_MODEL, tensor->offset, "tensor %.100s at offset %llu would have 2^62 bytes or more",
                          name, (ull)tensor->offset);
    }
    bytes = empty ? 0 : bytes;
    if (tensor->offset > weights->size || bytes > weights->size - tensor->offset) {
        return zc_fail_at(error, ZC_MODEL, tensor->offset,
                          "tensor %.100s: its %llu bytes at offset %llu do not lie inside the file of %llu bytes", name,
                          (ull)bytes, (ull)tensor->offset, (ull)weights->size);
    }
    if (tensor->offset % ALIGNMENT) {
        return zc_fail_at(error, ZC_MODEL, tensor->offset,
                          "tensor %.100s lies at offset %llu, which is not a multiple of %u", name, (ull)tensor->offset,
                          ALIGNMENT);
    }
    tensor->bytes = bytes;
    return ZC_OK;
}

zc_status zc_weights_add(zc_weights *weights, const char *name, size_t name_size, uint32_t type, uint32_t ndim,
                         const uint64_t *shape, uint64_t offset, zc_error *error)
{
    zc_tensor tensor = {.type = type, .ndim = ndim, .offset = offset};
    if (name_size == 0 || name_size > MAX_NAME || memchr(name, 0, name_size)) {
        return zc_fail_at(error, ZC_MODEL, offset,
                          "tensor number %u, at offset %llu, has a name of %zu bytes: 1 to %u, none of them zero, are "
                          "supported",
                          weights->count, (ull)offset, name_size, MAX_NAME);
    }
    zc_status status = make_room(weights, error);
    char *copy = status == ZC_OK ? zc_malloc(name_size + 1) : NULL;
    if (!copy) {
        return status == ZC_OK ? zc_fail(error, ZC_NO_MEMORY, "cannot allocate a tensor's name") : status;
    }
    memcpy(copy, name, name_size);
    copy[name_size] = 0;
    tensor.name = copy;
    uint32_t slot = slot_of(weights, name, name_size);
    if (weights->slots[slot]) {
        status = zc_fail_at(error, ZC_MODEL, offset, "tensor %.100s is there twice, at offsets %llu and %llu", copy,
                            (ull)weights->tensors[weights->slots[slot] - 1].offset, (ull)offset);
    } else if (ndim < 1 || ndim > ZC_TENSOR_MAX_DIMS) {
        status = zc_fail_at(error, ZC_MODEL, offset, "tensor %.100s has %u dimensions, 1 to %d are supported", copy,
                            ndim, ZC_TENSOR_MAX_DIMS);
    } else {
        memcpy(tensor.shape, shape, ndim * sizeof *shape);
        status = check(weights, copy, &tensor, error);
    }
    if (status != ZC_OK) {
        zc_free(copy);
        return status;
    }
    weights->tensors[weights->count] = tensor;
    weights->slots[slot] = ++weights->count;
    return ZC_OK;
}

/* ---- devices ---- */

/* Bytes of one region that the device can use, in whole alignments. */
static uint64_t region_limit(const zc_device *device)
{
    uint64_t limit = zc_device_get_info(device)->max_region;
    return limit ? limit - limit % ZC_REGION_ALIGNMENT : UINT64_MAX;
}

static bool needs_parts(const zc_weights *weights, const zc_device *device)
{
    return zc_device_is_apart(device) || zc_region_size(weights->region) > region_limit(device);
}

static placing *placing_for(const zc_weights *weights, const zc_device *device)
{
    placing *each = weights->placings;
    while (each && each->device != device) {
        each = each->next;
    }
    return each;
}

static int by_offset(const void *a, const void *b)
{
    const zc_tensor *left = *(const zc_tensor *const *)a, *right = *(const zc_tensor *const *)b;
    return left->offset < right->offset ? -1 : left->offset > right->offset;
}

static uint64_t aligned(uint64_t value, bool up)
{
    return (value + (up ? ZC_REGION_ALIGNMENT - 1 : 0)) / ZC_REGION_ALIGNMENT * ZC_REGION_ALIGNMENT;
}

/* Deal the tensors that have bytes into parts of at most `limit` bytes, so that each lies in one. */
static zc_status plan(const zc_weights *weights, uint64_t limit, part **out, size_t *count, zc_error *error)
{
    const zc_tensor **order = zc_malloc(weights->count * sizeof *order);
    part *parts = zc_malloc(weights->count * sizeof *parts);
    zc_status status = ZC_OK;
    size_t used = 0;
    if (!order || !parts) {
        status = zc_fail(error, ZC_NO_MEMORY, "cannot allocate the places of %u tensors", weights->count);
    }
    for (uint32_t i = 0; i < weights->count && status == ZC_OK; i++) {
        order[i] = &weights->tensors[i];
    }
    if (status == ZC_OK) {
        qsort(order, weights->count, sizeof *order, by_offset);
    }
    for (uint32_t i = 0; i < weights->count && status == ZC_OK; i++) {
        const zc_tensor *tensor = order[i];
        uint64_t start = aligned(tensor->offset, false), end = tensor->offset + tensor->bytes;
        part *last = used ? &parts[used - 1] : NULL;
        if (tensor->bytes == 0) {
            continue;
        }
        if (aligned(end, true) - start > limit) {
            status = zc_fail(error, ZC_DEVICE, "tensor %.100s has %llu bytes, the device uses at most %llu at once",
                             tensor->name, (ull)tensor->bytes, (ull)limit);
        } else if (last && aligned(end, true) - last->start <= limit) {
            last->end = end > last->end ? end : last->end;
        } else {
            parts[used++] = (part){.start = start, .end = end};
        }
    }
    zc_free(order);
    if (status != ZC_OK) {
        zc_free(parts);
        return status;
    }
    *out = parts;
    *count = used;
    return ZC_OK;
}

/* Fill the part's region, which is the device's memory. */
static zc_status upload(const zc_weights *weights, zc_device *device, const part *to,
                        const zc_device_progress *progress, uint64_t *done, uint64_t total, zc_error *error)
{
    const uint8_t *bytes = zc_region_base(weights->region);
    zc_status status = ZC_OK;
    uint64_t step = total / STEPS < LEAST_STEP ? LEAST_STEP : total / STEPS > MOST_STEP ? MOST_STEP : total / STEPS;
    for (uint64_t at = to->start; at < to->end && status == ZC_OK;) {
        uint64_t size = to->end - at < step ? to->end - at : step;
        status =
            zc_device_upload_as(device, to->region, at - to->start, bytes + at, size, ZC_COPY_WEIGHTS_UPLOAD, error);
        at += size;
        *done += size;
        if (status == ZC_OK && progress && !progress->report(progress->context, *done, total)) {
            status = zc_fail(error, ZC_HOST, "the upload of weights was stopped after %llu of %llu bytes", (ull)*done,
                             (ull)total);
        }
    }
    return status;
}

static zc_status place(const zc_weights *weights, zc_device *device, const zc_device_progress *progress, part **out,
                       size_t *count, zc_error *error)
{
    zc_status status = plan(weights, region_limit(device), out, count, error);
    if (status != ZC_OK) {
        return status;
    }
    bool apart = zc_device_is_apart(device);
    uint64_t total = 0, done = 0;
    size_t made = 0;
    for (size_t i = 0; i < *count; i++) {
        total += (*out)[i].end - (*out)[i].start;
    }
    const zc_device_info *info = zc_device_get_info(device);
    if (apart && info->memory && total > info->memory) { /* before anything is moved */
        status = zc_fail(error, ZC_DEVICE, "the weights have %llu bytes, the memory of %s %llu", (ull)total, info->name,
                         (ull)info->memory);
    }
    for (size_t i = 0; i < *count && status == ZC_OK; i++) {
        part *each = &(*out)[i];
        void *address;
        uint64_t end = aligned(each->end, true) < weights->size ? aligned(each->end, true) : weights->size;
        status = apart ? zc_device_scratch(device, each->end - each->start, &each->region, error)
                       : zc_region_map(weights->file, each->start, end - each->start, &each->region, error);
        made += status == ZC_OK;
        if (status == ZC_OK) {
            status = apart ? upload(weights, device, each, progress, &done, total, error)
                           : zc_device_buffer_address(device, each->region, &address, error);
        }
    }
    if (status != ZC_OK) {
        release_parts(*out, made);
    }
    return status;
}

/* What is told of progress must not ask for what it is told of: it would wait for itself. */
static zc_status refuse_itself(const char *what, zc_error *error)
{
    return zc_fail(error, ZC_BAD_VALUE,
                   "these weights are being %s by this very thread, whose progress function cannot "
                   "ask for it again",
                   what);
}

/* With the lock held: wait for parts being made. *mine: the entry is now the caller's to finish. */
static zc_status claim(zc_weights *weights, zc_device *device, placing **out, bool *mine, zc_error *error)
{
    placing *entry = placing_for(weights, device);
    while (entry && entry->state == PLACING && entry->forks == zc_fork_count()) {
        if (pthread_equal(entry->thread, pthread_self())) {
            return refuse_itself("uploaded", error);
        }
        pthread_cond_wait(&changed, &lock);
    }
    if (entry && entry->forks != zc_fork_count()) {
        return zc_fail(error, ZC_DEVICE, "this %s device was opened before a fork: it is the parent's",
                       zc_device_get_info(device)->kind);
    }
    *mine = !entry || entry->state == FAILED;
    if (!entry) {
        entry = zc_calloc(1, sizeof *entry);
        if (!entry) {
            return zc_fail(error, ZC_NO_MEMORY, "cannot allocate the bookkeeping of an upload");
        }
        *entry = (placing){.next = weights->placings, .device = zc_device_retain(device), .forks = zc_fork_count()};
        weights->placings = entry;
    }
    if (*mine) {
        entry->state = PLACING;
        entry->thread = pthread_self();
    }
    *out = entry;
    return ZC_OK;
}

zc_status zc_weights_load(zc_weights *weights, zc_device *device, const zc_device_progress *progress, zc_error *error)
{
    void *address;
    if (!needs_parts(weights, device)) {
        return zc_device_buffer_address(device, weights->region, &address, error);
    }
    placing *entry = NULL;
    bool mine = false;
    pthread_mutex_lock(&lock);
    zc_status status = claim(weights, device, &entry, &mine, error);
    pthread_mutex_unlock(&lock);
    if (status != ZC_OK || !mine) {
        return status;
    }
    part *parts = NULL;
    size_t count = 0;
    status = place(weights, device, progress, &parts, &count, error);
    pthread_mutex_lock(&lock);
    if (status == ZC_OK) {
        entry->parts = parts;
        entry->part_count = count;
    }
    entry->state = status == ZC_OK ? PLACED : FAILED;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
    return status;
}

/* The tensor as a matrix of rows; false where it is none, or has no bytes. */
static bool as_matrix(const zc_weights *weights, const zc_tensor *tensor, zc_device_matrix *out)
{
    if (tensor->ndim < 2 || tensor->bytes == 0) {
        return false;
    }
    *out = (zc_device_matrix){.address = zc_region_base(weights->region) + tensor->offset,
                              .type = tensor->type,
                              .n = 1,
                              .k = tensor->shape[tensor->ndim - 1]};
    for (uint32_t i = 0; i + 1 < tensor->ndim; i++) {
        out->n *= tensor->shape[i]; /* check() has multiplied them with more */
    }
    return true;
}

zc_status zc_weights_pack(zc_weights *weights, zc_device *device, const uint32_t *indices, size_t count,
                          const zc_device_progress *progress, zc_error *error)
{
    size_t used = 0;
    for (size_t i = 0; i < count; i++) {
        if (indices[i] >= weights->count) {
            return zc_fail(error, ZC_BAD_VALUE, "there is no tensor number %u: there are %u, counted from 0",
                           indices[i], weights->count);
        }
    }
    zc_device_matrix *matrices = zc_malloc((count ? count : 1) * sizeof *matrices);
    if (!matrices) {
        return zc_fail(error, ZC_NO_MEMORY, "cannot allocate a list of %zu matrices", count);
    }
    for (size_t i = 0; i < count; i++) {
        used += as_matrix(weights, &weights->tensors[indices[i]], &matrices[used]);
    }
    /* One at a time, so that what one thread packs another one finds packed. */
    pthread_mutex_lock(&lock);
    while (weights->packing && weights->packing_forks == zc_fork_count()) {
        if (pthread_equal(weights->packing_thread, pthread_self())) {
            pthread_mutex_unlock(&lock);
            zc_free(matrices);
            return refuse_itself("packed", error);
        }
        pthread_cond_wait(&changed, &lock);
    }
    weights->packing = true;
    weights->packing_forks = zc_fork_count();
    weights->packing_thread = pthread_self();
    pthread_mutex_unlock(&lock);
    zc_status status = zc_device_pack(device, weights->region, matrices, used, progress, error);
    pthread_mutex_lock(&lock);
    weights->packing = false;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
    zc_free(matrices);
    return status;
}

zc_status zc_weights_range(const zc_weights *weights, uint32_t index, const zc_device *device, zc_range *out,
                           zc_error *error)
{
    const zc_tensor *tensor = zc_weights_get(weights, index);
    if (!tensor) {
        return zc_fail(error, ZC_BAD_VALUE, "there is no tensor number %u: there are %u, counted from 0", index,
                       weights->count);
    }
    *out = (zc_range){.region = weights->region, .offset = tensor->offset, .length = tensor->bytes};
    if (!needs_parts(weights, device)) {
        return ZC_OK;
    }
    pthread_mutex_lock(&lock);
    const placing *entry = placing_for(weights, device);
    bool there = entry && entry->state == PLACED;
    const part *each = there ? entry->parts : NULL;
    pthread_mutex_unlock(&lock); /* what is placed stays as it is */
    if (!there) {
        return zc_fail(error, ZC_BAD_VALUE, "tensor %.100s is not in the memory of %s yet: load the weights first",
                       tensor->name, zc_device_get_info(device)->name);
    }
    if (tensor->bytes == 0) {
        *out = (zc_range){0};
        return ZC_OK;
    }
    while (each->start > tensor->offset || each->end < tensor->offset + tensor->bytes) {
        each++; /* plan() has put it into one */
    }
    out->region = each->region;
    out->offset = tensor->offset - each->start;
    return ZC_OK;
}
