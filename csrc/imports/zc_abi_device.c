/* zc_abi_device: kernels, batches, submissions, sequences and scratch of the import module "zcwasm".
 *
 * Translates handles and the guest's descriptors into those of the device layer, whose one check decides. See
 * zc_abi.h for ownership and threads. Handlers read their arguments by the names in zc_abi.def; the result goes to
 * slots[0].
 */
#include <string.h>

#include "base/zc_clock.h"
#include "imports/zc_abi_internal.h"

#define PAUSE_NS 1000000

/* While work runs on this thread: now and then a look at what may stop the guest. */
static zc_status pause(void *context, zc_error *error)
{
    zc_abi *abi = context;
    int64_t now = zc_clock_ns();
    if (now < abi->next_pause) {
        return ZC_OK;
    }
    abi->next_pause = now + PAUSE_NS;
    return zc_instance_pause(abi->instance, error);
}

/* Before waiting or computing: the host may give its lock to others meanwhile. */
static zc_status give_way(zc_abi *abi)
{
    abi->next_pause = zc_clock_ns() + PAUSE_NS;
    return zc_instance_pause(abi->instance, &abi->error);
}

/* Work that was waited for was cancelled: by the deadline of the call in progress, most often, which then ends here. */
static zc_status waited(zc_abi *abi, zc_status status)
{
    zc_error error;
    zc_status pause = status == ZC_CANCELLED ? zc_instance_pause(abi->instance, &error) : ZC_OK;
    if (pause != ZC_OK) {
        abi->error = error;
    }
    return pause == ZC_OK ? status : pause;
}

/* What is submitted now may take as long as the call in progress. */
static void set_deadline(zc_abi *abi)
{
    uint64_t end = zc_instance_ends_at(abi->instance);
    abi->owner.deadline = end < INT64_MAX ? (int64_t)end : ZC_NO_DEADLINE;
    abi->owner.limit = zc_instance_deadline(abi->instance);
}

zc_status zc_abi_call_kernel(void *context, uint64_t *slots, zc_error *error)
{
    (void)error;
    zc_abi *abi = context;
    const zc_abi_args_kernel call = zc_abi_args_of_kernel(slots);
    char name[ZC_ABI_MAX_NAME + 1];
    int32_t failure;
    if (!zc_abi_name(abi, call.name, call.name_size, name, &failure)) {
        return zc_abi_answer(slots, failure);
    }
    name[call.name_size] = 0;
    const zc_kernel *kernel = strlen(name) == call.name_size ? zc_kernel_find(name) : NULL;
    if (!kernel) {
        return zc_abi_answer(slots, zc_abi_fail(abi, ZCG_ENOENT, "there is no kernel \"%.100s\"", name));
    }
    return zc_abi_answer(slots, (int32_t)((uint32_t)ZC_ABI_KERNEL << ZC_ABI_KIND_SHIFT | (uint32_t)kernel->id));
}

static const zc_kernel *kernel_of(uint64_t handle)
{
    uint32_t bits = (uint32_t)handle, id = bits & ~(UINT32_MAX << ZC_ABI_KIND_SHIFT);
    return bits >> ZC_ABI_KIND_SHIFT == ZC_ABI_KERNEL && id < ZC_KERNEL_COUNT ? zc_kernel_get((zc_kernel_id)id) : NULL;
}

/* One range of the guest's, already copied, as one of the device layer's; 0 or an errno. `access` is what the
 * kernel does with it. */
static int32_t take_range(zc_abi *abi, const zcg_range *given, uint8_t access, zc_range *out)
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
    *out = (zc_range){.region = whole.region, .offset = whole.offset + given->offset, .length = length};
    return 0;
}

/* Where to record: the instance's own batch or an unsealed sequence. */
static int32_t batch_of(zc_abi *abi, uint64_t handle, zc_batch **out)
{
    if ((uint32_t)handle == 0) {
        if (!abi->batch) {
            zc_status status = zc_batch_new(abi->device, &abi->batch, &abi->error);
            if (status != ZC_OK) {
                return status == ZC_NO_MEMORY ? -ZCG_ENOMEM : -ZCG_EIO;
            }
            zc_batch_own(abi->batch, &abi->owner);
        }
        *out = abi->batch;
        return 0;
    }
    zc_abi_entry *entry = zc_abi_find(abi, &abi->sequences, handle);
    if (!entry) {
        return -ZCG_EBADF;
    }
    if (!entry->batch) {
        return zc_abi_fail(abi, ZCG_EINVAL, "the sequence is sealed: it takes no more dispatches");
    }
    *out = entry->batch;
    return 0;
}

zc_status zc_abi_call_dispatch(void *context, uint64_t *slots, zc_error *error)
{
    zc_abi *abi = context;
    const zc_abi_args_dispatch call = zc_abi_args_of_dispatch(slots);
    zc_batch *batch = NULL;
    int32_t failure = batch_of(abi, call.sequence, &batch);
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
    /* Copied before anything is looked at: work in flight may write there. */
    zcg_range given[ZC_KERNEL_MAX_BINDINGS];
    uint32_t params[ZC_KERNEL_MAX_PARAMS / 4];
    const uint8_t *from = zc_abi_memory(abi, call.ranges, count * sizeof *given);
    const uint8_t *params_from = from ? zc_abi_memory(abi, call.params, size) : NULL;
    if (!params_from) {
        return zc_abi_answer(slots, -ZCG_EFAULT);
    }
    memcpy(given, from, count * sizeof *given);
    memcpy(params, params_from, size);
    zc_range ranges[ZC_KERNEL_MAX_BINDINGS];
    for (uint32_t i = 0; i < count; i++) {
        failure = take_range(abi, &given[i], kernel->bindings[i].access, &ranges[i]);
        if (failure) {
            return zc_abi_answer(slots, failure);
        }
    }
    if (abi->recorded >= ZC_ABI_MAX_RECORDED) {
        return zc_abi_answer(slots, zc_abi_fail(abi, ZCG_ENOMEM, "an instance records at most %u dispatches at a time",
                                                ZC_ABI_MAX_RECORDED));
    }
    zc_status status = zc_batch_dispatch(batch, &(zc_dispatch){kernel, ranges, count, params, size}, &abi->error);
    if (status != ZC_OK) {
        return zc_abi_failed(abi, status, &slots[0], error);
    }
    abi->recorded++;
    return zc_abi_answer(slots, (int32_t)zc_batch_length(batch) - 1);
}

/* Submit the sequence, or the instance's batch. */
static zc_status submit(zc_abi *abi, zc_abi_entry *sequence, uint64_t *slots, zc_error *error)
{
    zc_abi_entry *entry;
    uint64_t length = 0;
    zc_batch *batch = NULL;
    int32_t handle = sequence ? 0 : batch_of(abi, 0, &batch);
    if (handle == 0) {
        length = sequence ? sequence->size : zc_batch_length(batch);
        if (sequence && abi->recorded + length > ZC_ABI_MAX_RECORDED) {
            handle = zc_abi_fail(abi, ZCG_ENOMEM, "an instance has at most %u dispatches in flight and recorded",
                                 ZC_ABI_MAX_RECORDED);
        } else {
            handle = zc_abi_add(abi, &abi->submissions, &entry);
        }
    }
    if (handle < 0) {
        return zc_abi_answer(slots, handle);
    }
    set_deadline(abi);
    zc_status status = sequence ? zc_sequence_submit(sequence->sequence, &entry->submission, &abi->error)
                                : zc_batch_submit(batch, &entry->submission, &abi->error);
    if (status != ZC_OK) {
        zc_abi_remove(&abi->submissions, entry);
        return zc_abi_failed(abi, status, &slots[0], error);
    }
    entry->size = length; /* stays counted until it has been waited for */
    abi->recorded += sequence ? length : 0;
    return zc_abi_answer(slots, handle);
}

zc_status zc_abi_call_submit(void *context, uint64_t *slots, zc_error *error)
{
    return submit(context, NULL, slots, error);
}

zc_status zc_abi_call_run(void *context, uint64_t *slots, zc_error *error)
{
    zc_abi *abi = context;
    zc_batch *batch = NULL;
    int32_t failure = batch_of(abi, 0, &batch);
    if (failure) {
        return zc_abi_answer(slots, failure);
    }
    zc_status status = give_way(abi);
    if (status == ZC_OK) {
        uint64_t length = zc_batch_length(batch);
        set_deadline(abi);
        status = waited(abi, zc_batch_run(batch, pause, abi, &abi->error));
        abi->recorded -= length - zc_batch_length(batch);
    }
    return status == ZC_OK ? zc_abi_answer(slots, 0) : zc_abi_failed(abi, status, &slots[0], error);
}

zc_status zc_abi_call_discard(void *context, uint64_t *slots, zc_error *error)
{
    (void)error;
    zc_abi *abi = context;
    if (abi->batch) {
        abi->recorded -= zc_batch_length(abi->batch);
        zc_batch_free(abi->batch);
        abi->batch = NULL;
    }
    return zc_abi_answer(slots, 0);
}

zc_status zc_abi_call_wait(void *context, uint64_t *slots, zc_error *error)
{
    zc_abi *abi = context;
    const zc_abi_args_wait call = zc_abi_args_of_wait(slots);
    zc_abi_entry *entry = zc_abi_find(abi, &abi->submissions, call.submission);
    if (!entry) {
        return zc_abi_answer(slots, -ZCG_EBADF);
    }
    zc_submission *submission = entry->submission;
    zc_status status = zc_submission_done(submission) ? ZC_OK : give_way(abi);
    if (status == ZC_OK) {
        status = waited(abi, zc_submission_wait_pausing(submission, (int64_t)call.timeout_ns, pause, abi, &abi->error));
    }
    if (status != ZC_TRAP && status != ZC_HOST && status != ZC_TIMEOUT) {
        abi->recorded -= entry->size;
        zc_abi_remove(&abi->submissions, entry);
    }
    return status == ZC_OK ? zc_abi_answer(slots, 0) : zc_abi_failed(abi, status, &slots[0], error);
}

zc_status zc_abi_call_poll(void *context, uint64_t *slots, zc_error *error)
{
    (void)error;
    zc_abi *abi = context;
    const zc_abi_args_poll call = zc_abi_args_of_poll(slots);
    zc_abi_entry *entry = zc_abi_find(abi, &abi->submissions, call.submission);
    return zc_abi_answer(slots, entry ? zc_submission_done(entry->submission) : -ZCG_EBADF);
}

/* --- sequences --- */

zc_status zc_abi_call_sequence_new(void *context, uint64_t *slots, zc_error *error)
{
    zc_abi *abi = context;
    zc_abi_entry *entry;
    int32_t handle = zc_abi_add(abi, &abi->sequences, &entry);
    if (handle < 0) {
        return zc_abi_answer(slots, handle);
    }
    zc_status status = zc_sequence_begin(abi->device, &entry->batch, &abi->error);
    if (status != ZC_OK) {
        zc_abi_remove(&abi->sequences, entry);
        return zc_abi_failed(abi, status, &slots[0], error);
    }
    zc_batch_own(entry->batch, &abi->owner);
    return zc_abi_answer(slots, handle);
}

/* The sealed sequence of that handle, or NULL and an errno. */
static zc_abi_entry *sealed(zc_abi *abi, uint64_t handle, int32_t *failure)
{
    zc_abi_entry *entry = zc_abi_find(abi, &abi->sequences, handle);
    *failure = -ZCG_EBADF;
    if (entry && !entry->sequence) {
        *failure = zc_abi_fail(abi, ZCG_EINVAL, "the sequence has not been sealed");
        return NULL;
    }
    return entry;
}

zc_status zc_abi_call_sequence_seal(void *context, uint64_t *slots, zc_error *error)
{
    zc_abi *abi = context;
    const zc_abi_args_sequence_seal call = zc_abi_args_of_sequence_seal(slots);
    zc_abi_entry *entry = zc_abi_find(abi, &abi->sequences, call.sequence);
    if (!entry) {
        return zc_abi_answer(slots, -ZCG_EBADF);
    }
    if (!entry->batch) {
        return zc_abi_answer(slots, zc_abi_fail(abi, ZCG_EINVAL, "the sequence is sealed already"));
    }
    zc_status status = zc_sequence_seal(entry->batch, &entry->sequence, &abi->error);
    if (status != ZC_OK) {
        return zc_abi_failed(abi, status, &slots[0], error);
    }
    entry->batch = NULL;
    entry->size = zc_sequence_length(entry->sequence);
    return zc_abi_answer(slots, 0);
}

zc_status zc_abi_call_sequence_params(void *context, uint64_t *slots, zc_error *error)
{
    zc_abi *abi = context;
    const zc_abi_args_sequence_params call = zc_abi_args_of_sequence_params(slots);
    int32_t failure;
    zc_abi_entry *entry = sealed(abi, call.sequence, &failure);
    if (!entry) {
        return zc_abi_answer(slots, failure);
    }
    uint32_t size = call.size;
    if (size > ZC_KERNEL_MAX_PARAMS) {
        return zc_abi_answer(slots,
                             zc_abi_fail(abi, ZCG_EINVAL, "%u bytes: no kernel has more than %u bytes of parameters",
                                         size, ZC_KERNEL_MAX_PARAMS));
    }
    const uint8_t *bytes = zc_abi_memory(abi, call.bytes, size);
    if (!bytes) {
        return zc_abi_answer(slots, -ZCG_EFAULT);
    }
    zc_status status = zc_sequence_params(entry->sequence, call.index, call.offset, bytes, size, &abi->error);
    return status == ZC_OK ? zc_abi_answer(slots, 0) : zc_abi_failed(abi, status, &slots[0], error);
}

zc_status zc_abi_call_sequence_submit(void *context, uint64_t *slots, zc_error *error)
{
    const zc_abi_args_sequence_submit call = zc_abi_args_of_sequence_submit(slots);
    int32_t failure;
    zc_abi_entry *entry = sealed(context, call.sequence, &failure);
    return entry ? submit(context, entry, slots, error) : zc_abi_answer(slots, failure);
}

zc_status zc_abi_call_sequence_run(void *context, uint64_t *slots, zc_error *error)
{
    zc_abi *abi = context;
    const zc_abi_args_sequence_run call = zc_abi_args_of_sequence_run(slots);
    int32_t failure;
    zc_abi_entry *entry = sealed(abi, call.sequence, &failure);
    if (!entry) {
        return zc_abi_answer(slots, failure);
    }
    zc_status status = give_way(abi);
    if (status == ZC_OK) {
        set_deadline(abi);
        status = waited(abi, zc_sequence_run(entry->sequence, pause, abi, &abi->error));
    }
    return status == ZC_OK ? zc_abi_answer(slots, 0) : zc_abi_failed(abi, status, &slots[0], error);
}

zc_status zc_abi_call_sequence_free(void *context, uint64_t *slots, zc_error *error)
{
    (void)error;
    zc_abi *abi = context;
    const zc_abi_args_sequence_free call = zc_abi_args_of_sequence_free(slots);
    zc_abi_entry *entry = zc_abi_find(abi, &abi->sequences, call.sequence);
    if (!entry) {
        return zc_abi_answer(slots, -ZCG_EBADF);
    }
    abi->recorded -= entry->batch ? zc_batch_length(entry->batch) : entry->size;
    zc_abi_remove(&abi->sequences, entry);
    return zc_abi_answer(slots, 0);
}

/* --- scratch --- */

zc_status zc_abi_call_scratch_new(void *context, uint64_t *slots, zc_error *error)
{
    zc_abi *abi = context;
    const zc_abi_args_scratch_new call = zc_abi_args_of_scratch_new(slots);
    uint64_t size = call.size;
    zc_abi_entry *entry;
    if (size > abi->limits.scratch - abi->scratch_bytes) {
        return zc_abi_answer(slots, zc_abi_fail(abi, ZCG_ENOMEM, "%llu bytes of scratch: the limit of %llu leaves %llu",
                                                (ull)size, (ull)abi->limits.scratch,
                                                (ull)(abi->limits.scratch - abi->scratch_bytes)));
    }
    int32_t handle = zc_abi_add(abi, &abi->scratches, &entry);
    if (handle < 0) {
        return zc_abi_answer(slots, handle);
    }
    zc_status status = zc_device_scratch(abi->device, size, &entry->region, &abi->error);
    if (status != ZC_OK) {
        entry->region = NULL;
        zc_abi_remove(&abi->scratches, entry);
        return zc_abi_failed(abi, status, &slots[0], error);
    }
    entry->size = size;
    abi->scratch_bytes += size;
    return zc_abi_answer(slots, handle);
}

zc_status zc_abi_call_scratch_free(void *context, uint64_t *slots, zc_error *error)
{
    (void)error;
    zc_abi *abi = context;
    const zc_abi_args_scratch_free call = zc_abi_args_of_scratch_free(slots);
    zc_abi_entry *entry = zc_abi_find(abi, &abi->scratches, call.scratch);
    if (!entry) {
        return zc_abi_answer(slots, -ZCG_EBADF);
    }
    if (zc_region_pins(entry->region)) { /* else a guest could hold more than its limit */
        return zc_abi_answer(slots,
                             zc_abi_fail(abi, ZCG_EBUSY, "a batch, a sequence or work in flight uses the scratch"));
    }
    abi->scratch_bytes -= entry->size;
    zc_abi_remove(&abi->scratches, entry);
    return zc_abi_answer(slots, 0);
}

zc_status zc_abi_call_mirror(void *context, uint64_t *slots, zc_error *error)
{
    zc_abi *abi = context;
    const zc_abi_args_mirror call = zc_abi_args_of_mirror(slots);
    zc_abi_entry *entry = zc_abi_find(abi, &abi->scratches, call.scratch);
    if (!entry) {
        return zc_abi_answer(slots, -ZCG_EBADF);
    }
    if (call.offset > entry->size || call.size > entry->size - call.offset) {
        return zc_abi_answer(slots,
                             zc_abi_fail(abi, ZCG_EBOUNDS, "%llu bytes at %llu do not lie inside scratch of %llu bytes",
                                         (ull)call.size, (ull)call.offset, (ull)entry->size));
    }
    if (!zc_abi_memory(abi, call.bytes, call.size)) {
        return zc_abi_answer(slots, -ZCG_EFAULT);
    }
    if (call.size == 0) { /* also of a guest without memory */
        return zc_abi_answer(slots, 0);
    }
    zc_region *from = zc_memory_region(zc_instance_memory(abi->instance));
    zc_status status = give_way(abi);
    if (status == ZC_OK) {
        status = waited(abi, zc_device_mirror(abi->device, entry->region, call.offset, from, call.bytes, call.size,
                                              pause, abi, &abi->error));
    }
    return status == ZC_OK ? zc_abi_answer(slots, 0) : zc_abi_failed(abi, status, &slots[0], error);
}
