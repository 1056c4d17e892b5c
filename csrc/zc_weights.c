/* zc_weights: see zc_weights.h. Tensors in order of addition, a hash table of their names, and a list of the devices
 * that they were uploaded to.
 *
 * Uploads: an entry of the list says whether the upload is being made, done or failed. It is looked at under one
 * lock of the process, never held while bytes move; who finds an upload being made waits for it. A child of a fork
 * whose parent's thread was uploading finds an entry that nobody will finish: its device is the parent's, too, so
 * that the child is refused (`owner`).
 */
#include "zc_weights.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "zc_alloc.h"
#include "zc_copies.h"

#define MAX_NAME 1024u
#define ALIGNMENT 4u
/* What is reported in one step: large enough to be fast, small enough for a smooth bar. */
#define PIECE (UINT64_C(32) << 20)

typedef unsigned long long ull;

typedef enum upload_state { UPLOADING, UPLOADED, FAILED } upload_state;

typedef struct upload {
    struct upload *next;
    zc_device *device; /* retained */
    upload_state state;
    zc_region *region; /* once uploaded: the file's bytes from `start` on, in the device's memory */
    uint64_t start;
    pid_t owner; /* process that made the entry */
} upload;

struct zc_weights {
    _Atomic uint64_t references;
    zc_region *region;
    uint64_t size;
    zc_tensor *tensors;
    uint32_t count, capacity;
    uint32_t *slots; /* index + 1 of a tensor, 0 when free; a power of two of them, at most half used */
    uint32_t slot_count;
    uint64_t seed; /* so that nobody can choose names that collide */
    upload *uploads; /* under `lock` */
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;

static void before_fork(void)
{
    pthread_mutex_lock(&lock);
}

static void after_fork_parent(void)
{
    pthread_mutex_unlock(&lock);
}

static void after_fork_child(void)
{
    pthread_mutex_unlock(&lock);
    pthread_cond_init(&changed, NULL); /* who waited is the parent's */
}

static void watch_forks(void)
{
    (void)pthread_atfork(before_fork, after_fork_parent, after_fork_child);
}

/* ---- lifetime ---- */

zc_status zc_weights_open(int file, zc_weights **out, zc_error *error)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    (void)pthread_once(&once, watch_forks);
    struct stat info;
    struct timespec now = {0};
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
    zc_status status = zc_region_map(file, weights->size, &weights->region, error);
    if (status != ZC_OK) {
        zc_free(weights);
        return status;
    }
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    weights->seed = (uint64_t)(uintptr_t)weights ^ (uint64_t)(uintptr_t)zc_region_base(weights->region) << 16 ^
                    (uint64_t)now.tv_nsec << 40;
    atomic_init(&weights->references, 1);
    *out = weights;
    return ZC_OK;
}

zc_weights *zc_weights_retain(zc_weights *weights)
{
    atomic_fetch_add_explicit(&weights->references, 1, memory_order_relaxed);
    return weights;
}

void zc_weights_release(zc_weights *weights)
{
    if (!weights || atomic_fetch_sub_explicit(&weights->references, 1, memory_order_acq_rel) != 1) {
        return;
    }
    while (weights->uploads) {
        upload *first = weights->uploads;
        weights->uploads = first->next;
        zc_region_release(first->region);
        zc_device_release(first->device);
        zc_free(first);
    }
    for (uint32_t i = 0; i < weights->count; i++) {
        zc_free((char *)weights->tensors[i].name);
    }
    zc_free(weights->tensors);
    zc_free(weights->slots);
    zc_region_release(weights->region);
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
        zc_tensor *tensors =
            weights->capacity < UINT32_MAX / 8 ? zc_realloc(weights->tensors, (size_t)capacity * sizeof *tensors) : NULL;
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
        return zc_fail_at(error, ZC_MODEL, tensor->offset,
                          "tensor %.100s at offset %llu would have 2^62 bytes or more", name, (ull)tensor->offset);
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

static upload *upload_for(const zc_weights *weights, const zc_device *device)
{
    upload *each = weights->uploads;
    while (each && each->device != device) {
        each = each->next;
    }
    return each;
}

/* The tensors' bytes, from the first to the last in the file, in whole alignments. */
static zc_status copy_to_device(const zc_weights *weights, zc_device *device, const zc_weights_progress *progress,
                                zc_region **out, uint64_t *start, zc_error *error)
{
    uint64_t first = weights->size, end = 0;
    for (uint32_t i = 0; i < weights->count; i++) {
        const zc_tensor *tensor = &weights->tensors[i];
        first = tensor->offset < first ? tensor->offset : first;
        end = tensor->offset + tensor->bytes > end ? tensor->offset + tensor->bytes : end;
    }
    first -= first % ZC_REGION_ALIGNMENT;
    uint64_t total = end > first ? end - first : 0;
    const uint8_t *bytes = zc_region_base(weights->region) + first;
    zc_region *region;
    zc_status status = zc_device_scratch(device, total, &region, error);
    if (status != ZC_OK) {
        return status;
    }
    for (uint64_t done = 0; status == ZC_OK && done < total;) {
        uint64_t size = total - done < PIECE ? total - done : PIECE;
        status = zc_device_upload_as(device, region, done, bytes + done, size, ZC_COPY_WEIGHTS_UPLOAD, error);
        done += size;
        if (status == ZC_OK && progress && !progress->report(progress->context, done, total)) {
            status = zc_fail(error, ZC_HOST, "the upload of weights was stopped after %llu of %llu bytes", (ull)done,
                             (ull)total);
        }
    }
    if (status != ZC_OK) {
        zc_region_release(region);
        return status;
    }
    *out = region;
    *start = first;
    return ZC_OK;
}

/* With the lock held: wait for an upload in progress. *mine: the entry is now the caller's to finish. */
static zc_status claim(zc_weights *weights, zc_device *device, upload **out, bool *mine, zc_error *error)
{
    upload *entry = upload_for(weights, device);
    while (entry && entry->state == UPLOADING && entry->owner == getpid()) {
        pthread_cond_wait(&changed, &lock);
    }
    if (entry && entry->owner != getpid()) {
        return zc_fail(error, ZC_DEVICE, "this %s device was opened before a fork: open one in the child",
                       zc_device_get_info(device)->kind);
    }
    *mine = !entry || entry->state == FAILED;
    if (!entry) {
        entry = zc_calloc(1, sizeof *entry);
        if (!entry) {
            return zc_fail(error, ZC_NO_MEMORY, "cannot allocate the bookkeeping of an upload");
        }
        *entry = (upload){.next = weights->uploads, .device = zc_device_retain(device), .owner = getpid()};
        weights->uploads = entry;
    }
    if (*mine) {
        entry->state = UPLOADING;
    }
    *out = entry;
    return ZC_OK;
}

zc_status zc_weights_load(zc_weights *weights, zc_device *device, const zc_weights_progress *progress,
                          zc_error *error)
{
    void *address;
    if (!zc_device_is_apart(device)) {
        return zc_device_buffer_address(device, weights->region, &address, error);
    }
    upload *entry = NULL;
    bool mine = false;
    pthread_mutex_lock(&lock);
    zc_status status = claim(weights, device, &entry, &mine, error);
    pthread_mutex_unlock(&lock);
    if (status != ZC_OK || !mine) {
        return status;
    }
    zc_region *region = NULL;
    uint64_t start = 0;
    status = copy_to_device(weights, device, progress, &region, &start, error);
    pthread_mutex_lock(&lock);
    entry->region = region;
    entry->start = start;
    entry->state = status == ZC_OK ? UPLOADED : FAILED;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
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
    if (!zc_device_is_apart(device)) {
        return ZC_OK;
    }
    pthread_mutex_lock(&lock);
    const upload *entry = upload_for(weights, device);
    bool there = entry && entry->state == UPLOADED;
    if (there) {
        out->region = entry->region;
        out->offset -= entry->start;
    }
    pthread_mutex_unlock(&lock);
    return there ? ZC_OK
                 : zc_fail(error, ZC_BAD_VALUE, "tensor %.100s is not in the memory of %s yet: load the weights first",
                           tensor->name, zc_device_get_info(device)->name);
}
