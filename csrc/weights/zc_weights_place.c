/* Where devices find the tensors of zc_weights: a list of the devices that use something else than the one mapping of
 * each whole file.
 *
 * Those are the devices with memory of their own, and those whose buffers cannot be as large as a file. For them
 * the tensors are dealt, in the files' order, into parts that are small enough: memory of the device that is filled
 * from the mappings, or further mappings of pieces of the files. What was made is copied once more for the latter where
 * its file is larger than a buffer, which who makes it avoids.
 *
 * A device's entry in the list says whether its parts are being made, made, or failed. It is looked at under one
 * lock of the process, never held while bytes move; who finds parts being made waits for them. A child of a fork
 * whose parent's thread was making some finds an entry that nobody will finish: its device is the parent's, too, so
 * that the child is refused (`forks`).
 */
#include "weights/zc_weights_internal.h"

#include <stdlib.h>
#include <string.h>

#include "base/zc_alloc.h"
#include "base/zc_copies.h"
#include "base/zc_fork.h"

/* What is reported in one step: a part of the whole that makes a smooth bar, and large enough for all threads of a
 * copy. */
#define STEPS 8u
#define LEAST_STEP (UINT64_C(32) << 20)
#define MOST_STEP (UINT64_C(256) << 20)

typedef zc_weights_part part;
typedef zc_weights_placing placing;

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

static void release_parts(part *parts, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        zc_region_release(parts[i].region);
    }
    zc_free(parts);
}

void zc_weights_release_placings(zc_weights *weights)
{
    while (weights->placings) {
        placing *first = weights->placings;
        weights->placings = first->next;
        release_parts(first->parts, first->part_count);
        zc_device_release(first->device);
        zc_free(first);
    }
}

/* Bytes of one region that the device can use, in whole alignments. */
static uint64_t region_limit(const zc_device *device)
{
    uint64_t limit = zc_device_get_info(device)->max_region;
    return limit ? limit - limit % ZC_REGION_ALIGNMENT : UINT64_MAX;
}

static bool needs_parts(const zc_weights *weights, const zc_device *device)
{
    uint64_t limit = region_limit(device);
    bool needed = zc_device_is_apart(device);
    for (uint32_t i = 0; i < weights->file_count && !needed; i++) {
        needed = zc_region_size(weights->files[i].region) > limit;
    }
    return needed;
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
    if (left->file != right->file) {
        return left->file < right->file ? -1 : 1;
    }
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
        } else if (last && last->file == tensor->file && aligned(end, true) - last->start <= limit) {
            last->end = end > last->end ? end : last->end;
        } else {
            parts[used++] = (part){.file = tensor->file, .start = start, .end = end};
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
    const uint8_t *bytes = zc_region_base(weights->files[to->file].region);
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

/* A copy of the part's bytes, which were made. */
static zc_status copy_made(const zc_region *from, const part *each, uint64_t end, zc_region **out, zc_error *error)
{
    zc_status status = zc_region_make(end - each->start, out, error);
    if (status != ZC_OK) {
        return status;
    }
    memcpy(zc_region_base(*out), zc_region_base(from) + each->start, end - each->start);
    status = zc_region_seal(*out, error);
    if (status == ZC_OK) {
        zc_copies_add(ZC_COPY_WEIGHTS_MADE, end - each->start);
    } else {
        zc_region_release(*out);
    }
    return status;
}

/* Show the part's bytes in a region of its own, for a device that shares the host's memory. */
static zc_status show(const zc_weights *weights, zc_device *device, part *each, zc_error *error)
{
    const zc_weights_file *file = &weights->files[each->file];
    uint64_t end = aligned(each->end, true) < file->size ? aligned(each->end, true) : file->size;
    void *address;
    zc_status status = ZC_OK;
    if (file->descriptor >= 0) {
        status = zc_region_map(file->descriptor, each->start, end - each->start, &each->region, error);
    } else if (zc_region_size(file->region) <= region_limit(device)) { /* all of it is one part */
        each->start = 0;
        each->region = zc_region_retain(file->region);
    } else {
        status = copy_made(file->region, each, end, &each->region, error);
    }
    if (status == ZC_OK) {
        status = zc_device_buffer_address(device, each->region, &address, error);
        if (status != ZC_OK) {
            zc_region_release(each->region);
        }
    }
    return status;
}

/* Make memory of the device that has the part's bytes. */
static zc_status copy(const zc_weights *weights, zc_device *device, part *each, const zc_device_progress *progress,
                      uint64_t *done, uint64_t total, zc_error *error)
{
    zc_status status = zc_device_scratch(device, each->end - each->start, &each->region, error);
    if (status == ZC_OK) {
        status = upload(weights, device, each, progress, done, total, error);
        if (status != ZC_OK) {
            zc_region_release(each->region);
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
        status =
            apart ? copy(weights, device, each, progress, &done, total, error) : show(weights, device, each, error);
        made += status == ZC_OK;
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
    while (entry && entry->state == ZC_WEIGHTS_PLACING && entry->forks == zc_fork_count()) {
        if (pthread_equal(entry->thread, pthread_self())) {
            return refuse_itself("uploaded", error);
        }
        pthread_cond_wait(&changed, &lock);
    }
    if (entry && entry->forks != zc_fork_count()) {
        return zc_fail(error, ZC_DEVICE, "this %s device was opened before a fork: it is the parent's",
                       zc_device_get_info(device)->kind);
    }
    *mine = !entry || entry->state == ZC_WEIGHTS_FAILED;
    if (!entry) {
        entry = zc_calloc(1, sizeof *entry);
        if (!entry) {
            return zc_fail(error, ZC_NO_MEMORY, "cannot allocate the bookkeeping of an upload");
        }
        *entry = (placing){.next = weights->placings, .device = zc_device_retain(device), .forks = zc_fork_count()};
        weights->placings = entry;
    }
    if (*mine) {
        entry->state = ZC_WEIGHTS_PLACING;
        entry->thread = pthread_self();
    }
    *out = entry;
    return ZC_OK;
}

zc_status zc_weights_load(zc_weights *weights, zc_device *device, const zc_device_progress *progress, zc_error *error)
{
    if (!needs_parts(weights, device)) {
        zc_status status = ZC_OK;
        void *address;
        for (uint32_t i = 0; i < weights->file_count && status == ZC_OK; i++) {
            status = zc_device_buffer_address(device, weights->files[i].region, &address, error);
        }
        return status;
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
    entry->state = status == ZC_OK ? ZC_WEIGHTS_PLACED : ZC_WEIGHTS_FAILED;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
    return status;
}

/* The tensor as a matrix of rows; false where it is none, has no bytes, or was made: who packs lets go of pages that it
 * has read, and such bytes lie nowhere else. */
static bool as_matrix(const zc_weights *weights, const zc_tensor *tensor, zc_device_matrix *out)
{
    if (tensor->ndim < 2 || tensor->bytes == 0 || weights->files[tensor->file].descriptor < 0) {
        return false;
    }
    *out = (zc_device_matrix){.address = zc_region_base(weights->files[tensor->file].region) + tensor->offset,
                              .type = tensor->type,
                              .n = 1,
                              .k = tensor->shape[tensor->ndim - 1]};
    for (uint32_t i = 0; i + 1 < tensor->ndim; i++) {
        out->n *= tensor->shape[i]; /* check() has multiplied them with more */
    }
    return true;
}

/* What is told of several files as if it were one. */
typedef struct joined {
    const zc_device_progress *to;
    uint64_t before; /* bytes of files that are done */
    uint64_t now;    /* of the one in progress, as it is reported */
    uint64_t after;  /* at most, of those to come */
} joined;

static bool report_joined(void *context, uint64_t done, uint64_t total)
{
    joined *all = context;
    all->now = total;
    return all->to->report(all->to->context, all->before + done, all->before + total + all->after);
}

/* What is packed goes with the region that it was made of, so each file has its own. */
static zc_status pack(const zc_weights *weights, zc_device *device, const uint32_t *indices, size_t count,
                      zc_device_matrix *matrices, const zc_device_progress *progress, zc_error *error)
{
    joined all = {.to = progress};
    const zc_device_progress reports = {.report = report_joined, .context = &all};
    zc_status status = ZC_OK;
    for (size_t i = 0; i < count; i++) {
        const zc_tensor *tensor = &weights->tensors[indices[i]];
        all.after += as_matrix(weights, tensor, matrices) ? tensor->bytes : 0;
    }
    for (uint32_t file = 0; file < weights->file_count && status == ZC_OK; file++) {
        size_t used = 0;
        for (size_t i = 0; i < count; i++) {
            const zc_tensor *tensor = &weights->tensors[indices[i]];
            if (tensor->file == file && as_matrix(weights, tensor, &matrices[used])) {
                all.after -= tensor->bytes;
                used++;
            }
        }
        all.now = 0;
        status = zc_device_pack(device, weights->files[file].region, matrices, used, progress ? &reports : NULL, error);
        all.before += all.now;
    }
    return status;
}

zc_status zc_weights_pack(zc_weights *weights, zc_device *device, const uint32_t *indices, size_t count,
                          const zc_device_progress *progress, zc_error *error)
{
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
    zc_status status = pack(weights, device, indices, count, matrices, progress, error);
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
    const zc_tensor *tensor = index < weights->count ? &weights->tensors[index] : NULL;
    if (!tensor) {
        return zc_fail(error, ZC_BAD_VALUE, "there is no tensor number %u: there are %u, counted from 0", index,
                       weights->count);
    }
    *out = (zc_range){.region = weights->files[tensor->file].region, .offset = tensor->offset, .length = tensor->bytes};
    if (!needs_parts(weights, device)) {
        return ZC_OK;
    }
    pthread_mutex_lock(&lock);
    const placing *entry = placing_for(weights, device);
    bool there = entry && entry->state == ZC_WEIGHTS_PLACED;
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
    while (each->file != tensor->file || each->start > tensor->offset || each->end < tensor->offset + tensor->bytes) {
        each++; /* plan() has put it into one */
    }
    out->region = each->region;
    out->offset = tensor->offset - each->start;
    return ZC_OK;
}
