/* zc_abi_tape: dispatches as guests describe them: checked and recorded, kept beside the batch or sequence that they went
 * into, and recorded anew after a restore.
 *
 * A dispatch is copied from the guest's memory into a record, once, and goes into the batch from there; where it is
 * refused, the record is not kept. So keeping costs no copy of its own. A snapshot holds the records. What is restored
 * from them sleeps until its first use, and then goes through the same checks as what a guest describes; only
 * what this file and the freeing of scratch rely on is checked before: that records are whole, and the scratches they name.
 *
 * A record: the kernel's id and four zeros, a zcg_range for each binding, the parameters, zeros up to a multiple of 8
 * bytes. Parameters that the guest replaces later are in the sequence; they are put here when it is saved.
 *
 * See zc_abi.h for ownership and threads.
 */
#include <string.h>

#include "base/zc_alloc.h"
#include "imports/zc_abi_internal.h"

#define HEADER 8u
#define DISPATCHES_PER_PAUSE 1024u

/* --- records --- */

static size_t record_size(const zc_kernel *kernel)
{
    return HEADER + kernel->binding_count * sizeof(zcg_range) + (kernel->params_size + 7u) / 8 * 8;
}

static zcg_range *ranges_of(uint8_t *record)
{
    return (zcg_range *)(void *)(record + HEADER);
}

static uint8_t *params_of(uint8_t *record, const zc_kernel *kernel)
{
    return record + HEADER + kernel->binding_count * sizeof(zcg_range);
}

/* The kernel of the record at *at, and where the next one is; NULL where there is no whole record. */
static const zc_kernel *next_record(const zc_abi_tape *tape, size_t *at, uint8_t **record)
{
    uint32_t id;
    if (tape->size - *at < HEADER) {
        return NULL;
    }
    *record = tape->records + *at;
    memcpy(&id, *record, sizeof id);
    const zc_kernel *kernel = id < ZC_KERNEL_COUNT ? zc_kernel_get((zc_kernel_id)id) : NULL;
    if (!kernel || tape->size - *at < record_size(kernel)) {
        return NULL;
    }
    *at += record_size(kernel);
    return kernel;
}

/* Behind the last record, room for one of `size` bytes, which is kept by adding them. NULL: -ZCG_ENOMEM recorded. */
static uint8_t *room(zc_abi *abi, zc_abi_tape *tape, size_t size)
{
    if (size > tape->capacity - tape->size) {
        size_t capacity = tape->capacity * 2 + 4096; /* 4096: more than any record */
        uint8_t *larger = zc_realloc(tape->records, capacity);
        if (!larger) {
            (void)zc_abi_fail(abi, ZCG_ENOMEM, "cannot allocate %zu bytes to keep what is recorded", capacity);
            return NULL;
        }
        tape->records = larger;
        tape->capacity = capacity;
    }
    return tape->records + tape->size;
}

/* --- recording --- */

static bool sleeps(const zc_abi_tape *tape)
{
    return !tape->batch && !tape->sequence;
}

static const zc_kernel *kernel_of(uint64_t handle)
{
    uint32_t bits = (uint32_t)handle, id = bits & ~(UINT32_MAX << ZC_ABI_KIND_SHIFT);
    return bits >> ZC_ABI_KIND_SHIFT == ZC_ABI_KERNEL && id < ZC_KERNEL_COUNT ? zc_kernel_get((zc_kernel_id)id) : NULL;
}

/* One range of the guest's, already copied, as one of the device layer's; 0 or an errno. `access` is what the
 * kernel does with it. ZCG_WHOLE becomes the length that it means now. */
static int32_t take_range(zc_abi *abi, zcg_range *given, uint8_t access, zc_range *out)
{
    zc_range whole = {0};
    uint32_t kind = (uint32_t)given->handle >> ZC_ABI_KIND_SHIFT;
    if (given->reserved) {
        return zc_abi_fail(abi, ZCG_EINVAL, "a range's reserved field is %u, must be 0", given->reserved);
    }
    if (given->handle == 0) {
        zc_memory *memory = zc_instance_memory(abi->instance);
        if (memory) {
            whole.region = zc_memory_region(memory);
            whole.length = (uint64_t)zc_memory_pages(memory) * ZC_WASM_PAGE_SIZE;
        }
    } else if (kind == ZC_ABI_TENSOR && abi->weights) {
        uint32_t index = (uint32_t)given->handle & ~(UINT32_MAX << ZC_ABI_KIND_SHIFT);
        if (index >= zc_weights_count(abi->weights)) {
            return zc_abi_fail(abi, ZCG_EBADF, "%d is no tensor handle", given->handle);
        }
        if (access & ZC_ACCESS_WRITE) {
            return zc_abi_fail(abi, ZCG_EACCES, "a kernel would write to tensor %.100s: weights are read-only",
                               zc_weights_get(abi->weights, index)->name);
        }
        if (zc_weights_range(abi->weights, index, abi->device, &whole, &abi->error) != ZC_OK) {
            return -ZCG_EIO;
        }
    } else if (kind == ZC_ABI_SCRATCH) {
        zc_abi_entry *entry = zc_abi_find(abi, &abi->scratches, (uint32_t)given->handle);
        if (!entry) {
            return -ZCG_EBADF;
        }
        whole = (zc_range){.region = entry->region, .length = entry->size};
    } else {
        return zc_abi_fail(abi, ZCG_EBADF, "%d is no handle of memory: 0, a tensor or scratch", given->handle);
    }
    uint64_t length = given->length;
    if (length == ZCG_WHOLE && given->offset <= whole.length) {
        length = whole.length - given->offset;
    }
    if (given->offset > whole.length || length > whole.length - given->offset) {
        return zc_abi_fail(abi, given->handle ? ZCG_EBOUNDS : ZCG_EFAULT,
                           "%llu bytes at %llu do not lie inside %s of %llu bytes", (ull)length, (ull)given->offset,
                           given->handle == 0       ? "the guest's memory"
                           : kind == ZC_ABI_SCRATCH ? "scratch"
                                                    : "a tensor",
                           (ull)whole.length);
    }
    given->length = length;
    *out = (zc_range){.region = whole.region, .offset = whole.offset + given->offset, .length = length};
    return 0;
}

/* Put the record's dispatch into the batch: 0, or an errno. */
static int32_t dispatch(zc_abi *abi, zc_batch *batch, const zc_kernel *kernel, uint8_t *record)
{
    zcg_range *given = ranges_of(record);
    zc_range ranges[ZC_KERNEL_MAX_BINDINGS];
    for (unsigned i = 0; i < kernel->binding_count; i++) {
        int32_t failure = take_range(abi, &given[i], kernel->bindings[i].access, &ranges[i]);
        if (failure) {
            return failure;
        }
    }
    const zc_dispatch described = {kernel, ranges, kernel->binding_count, params_of(record, kernel),
                                   kernel->params_size};
    zc_status status = zc_batch_dispatch(batch, &described, &abi->error);
    return status == ZC_OK ? 0 : -(int32_t)zc_abi_errno(status);
}

/* Where to record: the instance's own batch or an unsealed sequence; or NULL and an errno. */
static zc_abi_tape *unsealed(zc_abi *abi, uint64_t handle, int32_t *failure)
{
    if ((uint32_t)handle == 0) {
        return &abi->tape;
    }
    zc_abi_entry *entry = zc_abi_find(abi, &abi->sequences, handle);
    if (entry && !entry->tape.sealed) {
        return &entry->tape;
    }
    *failure = entry ? zc_abi_fail(abi, ZCG_EINVAL, "the sequence is sealed: it takes no more dispatches") : -ZCG_EBADF;
    return NULL;
}

zc_status zc_abi_call_dispatch(void *context, uint64_t *slots, zc_error *error)
{
    zc_abi *abi = context;
    const zc_abi_args_dispatch call = zc_abi_args_of_dispatch(slots);
    int32_t failure = 0;
    zc_abi_tape *tape = unsealed(abi, call.sequence, &failure);
    zc_status status = tape && sleeps(tape) ? zc_abi_wake(abi, tape, &failure) : ZC_OK;
    if (status != ZC_OK) {
        return zc_abi_failed(abi, status, &slots[0], error);
    }
    if (failure) {
        return zc_abi_answer(slots, failure);
    }
    const zc_kernel *kernel = kernel_of(call.kernel);
    if (!kernel) {
        return zc_abi_answer(slots, zc_abi_fail(abi, ZCG_EBADF, "%d is no kernel handle", (int32_t)call.kernel));
    }
    uint32_t count = call.range_count, size = call.params_size;
    if (count != kernel->binding_count || size != kernel->params_size) {
        return zc_abi_answer(
            slots, zc_abi_fail(abi, ZCG_EINVAL, "kernel %s takes %u ranges and %u bytes of parameters, not %u and %u",
                               kernel->name, (unsigned)kernel->binding_count, kernel->params_size, count, size));
    }
    size_t whole = record_size(kernel);
    uint8_t *record = room(abi, tape, whole);
    if (!record) {
        return zc_abi_answer(slots, -ZCG_ENOMEM);
    }
    const uint8_t *from = zc_abi_memory(abi, call.ranges, count * sizeof(zcg_range));
    const uint8_t *params_from = from ? zc_abi_memory(abi, call.params, size) : NULL;
    if (!params_from) {
        return zc_abi_answer(slots, -ZCG_EFAULT);
    }
    /* Copied before anything is looked at: work in flight may write there. */
    const uint32_t header[2] = {(uint32_t)kernel->id, 0};
    memset(record + whole - 8, 0, 8);
    memcpy(record, header, sizeof header);
    memcpy(ranges_of(record), from, count * sizeof(zcg_range));
    memcpy(params_of(record, kernel), params_from, size);
    failure =
        abi->recorded < ZC_ABI_MAX_RECORDED
            ? dispatch(abi, tape->batch, kernel, record)
            : zc_abi_fail(abi, ZCG_ENOMEM, "an instance records at most %u dispatches at a time", ZC_ABI_MAX_RECORDED);
    if (failure) {
        return zc_abi_answer(slots, failure);
    }
    tape->size += whole;
    abi->recorded++;
    return zc_abi_answer(slots, (int32_t)tape->count++);
}

zc_status zc_abi_seal(zc_abi_tape *tape, zc_error *error)
{
    zc_status status = zc_sequence_seal(tape->batch, &tape->sequence, error);
    if (status == ZC_OK) {
        tape->batch = NULL;
        tape->sealed = true;
    }
    return status;
}

/* --- sleep --- */

static zc_abi_entry *scratch_of(zc_abi *abi, zcg_handle handle)
{
    uint32_t bits = (uint32_t)handle, index = bits & ZC_ABI_INDICES;
    zc_abi_entry *entry = index < abi->scratches.count ? &abi->scratches.entries[index] : NULL;
    return entry && entry->used && entry->generation == (bits >> ZC_ABI_GENERATION_SHIFT & ZC_ABI_GENERATIONS) ? entry
                                                                                                               : NULL;
}

/* Count the sleeping tape's names of scratches, or with -1 take them off. False: there is no such scratch. */
static bool name_scratches(zc_abi *abi, const zc_abi_tape *tape, int by)
{
    const zc_kernel *kernel;
    uint8_t *record;
    for (size_t at = 0; (kernel = next_record(tape, &at, &record));) {
        for (unsigned i = 0; i < kernel->binding_count; i++) {
            zcg_handle handle = ranges_of(record)[i].handle;
            if ((uint32_t)handle >> ZC_ABI_KIND_SHIFT == ZC_ABI_SCRATCH) {
                zc_abi_entry *entry = scratch_of(abi, handle);
                if (!entry) {
                    return false;
                }
                entry->named += (uint64_t)(int64_t)by;
            }
        }
    }
    return true;
}

/* Record the sleeping tape into its batch. */
static zc_status record_anew(zc_abi *abi, zc_abi_tape *tape, int32_t *failure)
{
    const zc_kernel *kernel;
    uint8_t *record;
    zc_status status = ZC_OK;
    uint32_t count = 0;
    for (size_t at = 0; status == ZC_OK && !*failure && (kernel = next_record(tape, &at, &record));) {
        *failure = dispatch(abi, tape->batch, kernel, record);
        if (++count % DISPATCHES_PER_PAUSE == 0) {
            status = zc_instance_pause(abi->instance, &abi->error);
        }
    }
    return status;
}

zc_status zc_abi_wake(zc_abi *abi, zc_abi_tape *tape, int32_t *failure)
{
    *failure = 0;
    if (!sleeps(tape)) {
        return ZC_OK;
    }
    zc_status status = tape == &abi->tape ? zc_batch_new(abi->device, &tape->batch, &abi->error)
                                          : zc_sequence_begin(abi->device, &tape->batch, &abi->error);
    if (status == ZC_OK) {
        zc_batch_own(tape->batch, &abi->owner);
        status = record_anew(abi, tape, failure);
    }
    if (status == ZC_OK && !*failure && tape->sealed) {
        status = zc_abi_seal(tape, &abi->error);
    }
    if (status == ZC_OK && !*failure) {
        (void)name_scratches(abi, tape, -1); /* it pins them itself now */
        return ZC_OK;
    }
    zc_batch_free(tape->batch);
    tape->batch = NULL;
    if (status != ZC_OK && status != ZC_TRAP && status != ZC_HOST) {
        *failure = -(int32_t)zc_abi_errno(status);
        status = ZC_OK;
    }
    return status;
}

/* --- the end --- */

void zc_abi_empty(zc_abi_tape *tape)
{
    tape->count = 0;
    tape->size = 0;
}

void zc_abi_tape_forget(zc_abi *abi, zc_abi_tape *tape)
{
    if (sleeps(tape)) {
        (void)name_scratches(abi, tape, -1);
    }
    abi->recorded -= tape->count;
    zc_abi_tape_free(tape);
}

/* --- as bytes --- */

void zc_abi_tape_save(zc_abi_tape *tape, zc_writer *out)
{
    const zc_kernel *kernel;
    uint8_t *record;
    size_t index = 0;
    for (size_t at = 0; tape->sequence && (kernel = next_record(tape, &at, &record)); index++) {
        memcpy(params_of(record, kernel), zc_sequence_params_now(tape->sequence, index), kernel->params_size);
    }
    zc_put_u8(out, tape->sealed);
    zc_put_u32(out, tape->count);
    zc_put_u64(out, tape->size);
    zc_put(out, tape->records, tape->size);
}

zc_status zc_abi_tape_load(zc_abi *abi, zc_abi_tape *tape, zc_reader *state, zc_error *error)
{
    uint8_t is_sealed = zc_take_u8(state);
    uint32_t count = zc_take_u32(state), found = 0;
    uint64_t size = zc_take_u64(state);
    const uint8_t *records = zc_take(state, size);
    if (state->failed || is_sealed > 1 || (is_sealed && tape == &abi->tape)) {
        return zc_fail(error, ZC_SNAPSHOT, "the snapshot's dispatches are cut off, or of a kind that does not exist");
    }
    if (count > ZC_ABI_MAX_RECORDED - abi->recorded) {
        return zc_fail(error, ZC_SNAPSHOT, "the snapshot holds more than %u recorded dispatches", ZC_ABI_MAX_RECORDED);
    }
    abi->recorded += count;
    if (size) {
        tape->records = zc_malloc((size_t)size);
        if (!tape->records) {
            return zc_fail(error, ZC_NO_MEMORY, "cannot allocate %llu bytes of recorded dispatches", (ull)size);
        }
        memcpy(tape->records, records, (size_t)size);
    }
    tape->size = tape->capacity = (size_t)size;
    tape->count = count;
    tape->sealed = is_sealed;
    size_t at = 0;
    uint8_t *record;
    while (next_record(tape, &at, &record)) {
        found++;
    }
    if (at != tape->size || found != count) {
        return zc_fail(error, ZC_SNAPSHOT, "dispatch %u of %u recorded ones is damaged", found, count);
    }
    if (!name_scratches(abi, tape, 1)) {
        return zc_fail(error, ZC_SNAPSHOT, "the snapshot's dispatches name scratch memory that is not there");
    }
    return ZC_OK;
}
