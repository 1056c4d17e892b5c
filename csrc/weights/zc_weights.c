/* zc_weights: see zc_weights.h. Files, tensors in order of addition, and a hash table of their names. */
#define _GNU_SOURCE
#define _DARWIN_C_SOURCE
#include "weights/zc_weights_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/zc_alloc.h"
#include "base/zc_clock.h"

#define MAX_NAME 1024u
#define ALIGNMENT 4u

/* ---- lifetime ---- */

/* Room for one more, so that what is mapped then cannot be lost. */
static zc_status room_for_file(zc_weights *weights, zc_error *error)
{
    if (weights->file_count == ZC_WEIGHTS_MAX_FILES) {
        return zc_fail_at(error, ZC_MODEL, ZC_NO_OFFSET, "is one of more than %u files", ZC_WEIGHTS_MAX_FILES);
    }
    zc_weights_file *files = zc_realloc(weights->files, (weights->file_count + 1) * sizeof *files);
    if (!files) {
        return zc_fail(error, ZC_NO_MEMORY, "cannot allocate a table of %u files", weights->file_count + 1);
    }
    weights->files = files;
    return ZC_OK;
}

zc_status zc_weights_map(zc_weights *weights, int file, zc_error *error)
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
    zc_status status = room_for_file(weights, error);
    if (status != ZC_OK) {
        return status;
    }
    zc_weights_file *made = &weights->files[weights->file_count];
    made->size = (uint64_t)info.st_size;
    status = zc_region_map(file, 0, made->size, &made->region, error);
    if (status == ZC_OK && (made->descriptor = fcntl(file, F_DUPFD_CLOEXEC, 0)) < 0) {
        status = zc_fail(error, ZC_NO_MEMORY, "cannot keep the file open: %s", strerror(errno));
        zc_region_release(made->region);
    }
    weights->file_count += status == ZC_OK;
    return status;
}

zc_status zc_weights_make(zc_weights *weights, uint64_t size, zc_region **out, zc_error *error)
{
    zc_status status = room_for_file(weights, error);
    if (status != ZC_OK) {
        return status;
    }
    zc_weights_file *made = &weights->files[weights->file_count];
    *made = (zc_weights_file){.descriptor = -1, .size = size};
    status = zc_region_make(size, &made->region, error);
    if (status == ZC_OK) {
        *out = made->region;
        weights->file_count++;
    }
    return status;
}

zc_status zc_weights_seal(zc_weights *weights, zc_copy_reason reason, zc_error *error)
{
    const zc_weights_file *last = &weights->files[weights->file_count - 1];
    zc_status status = zc_region_seal(last->region, error);
    if (status == ZC_OK) {
        zc_copies_add(reason, last->size);
    }
    return status;
}

void zc_weights_let_go(const zc_weights *weights)
{
    for (uint32_t i = 0; i < weights->file_count; i++) {
        zc_region_let_go(weights->files[i].region);
    }
}

zc_status zc_weights_open(int file, zc_weights **out, zc_error *error)
{
    zc_weights *weights = zc_calloc(1, sizeof *weights);
    if (!weights) {
        return zc_fail(error, ZC_NO_MEMORY, "cannot allocate the weights' bookkeeping");
    }
    atomic_init(&weights->references, 1);
    zc_status status = zc_weights_map(weights, file, error);
    if (status != ZC_OK) {
        zc_weights_release(weights);
        return status;
    }
    weights->seed = (uint64_t)(uintptr_t)weights ^ (uint64_t)(uintptr_t)zc_region_base(weights->files[0].region) << 16 ^
                    (uint64_t)zc_clock_ns() << 40;
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
    zc_weights_release_placings(weights);
    for (uint32_t i = 0; i < weights->count; i++) {
        zc_free((char *)weights->tensors[i].name);
    }
    zc_free(weights->tensors);
    zc_free(weights->slots);
    for (uint32_t i = 0; i < weights->file_count; i++) {
        zc_region_release(weights->files[i].region);
        if (weights->files[i].descriptor >= 0) {
            (void)close(weights->files[i].descriptor);
        }
    }
    zc_free(weights->files);
    zc_free(weights);
}

uint32_t zc_weights_file_count(const zc_weights *weights)
{
    return weights->file_count;
}

uint64_t zc_weights_size(const zc_weights *weights, uint32_t file)
{
    return weights->files[file].size;
}

zc_region *zc_weights_region(const zc_weights *weights, uint32_t file)
{
    return weights->files[file].region;
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
    uint64_t size = weights->files[tensor->file].size;
    if (tensor->offset > size || bytes > size - tensor->offset) {
        return zc_fail_at(error, ZC_MODEL, tensor->offset,
                          "tensor %.100s: its %llu bytes at offset %llu do not lie inside the file of %llu bytes", name,
                          (ull)bytes, (ull)tensor->offset, (ull)size);
    }
    if (tensor->offset % ALIGNMENT) {
        return zc_fail_at(error, ZC_MODEL, tensor->offset,
                          "tensor %.100s lies at offset %llu, which is not a multiple of %u", name, (ull)tensor->offset,
                          ALIGNMENT);
    }
    tensor->bytes = bytes;
    return ZC_OK;
}

static zc_status refuse_twice(const zc_tensor *one, const zc_tensor *other, zc_error *error)
{
    if (one->file != other->file) {
        return zc_fail_at(error, ZC_MODEL, other->offset, "tensor %.100s is there twice, also in file number %u",
                          one->name, one->file + 1);
    }
    return zc_fail_at(error, ZC_MODEL, other->offset, "tensor %.100s is there twice, at offsets %llu and %llu",
                      one->name, (ull)one->offset, (ull)other->offset);
}

zc_status zc_weights_add(zc_weights *weights, const char *name, size_t name_size, uint32_t type, uint32_t ndim,
                         const uint64_t *shape, uint32_t file, uint64_t offset, zc_error *error)
{
    zc_tensor tensor = {.type = type, .ndim = ndim, .file = file, .offset = offset};
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
        status = refuse_twice(&weights->tensors[weights->slots[slot] - 1], &tensor, error);
    } else if (file >= weights->file_count) {
        status = zc_fail_at(error, ZC_MODEL, offset, "tensor %.100s lies in file number %u, there are %u", copy, file,
                            weights->file_count);
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
