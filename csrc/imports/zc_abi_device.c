/* zc_abi_device: kernels, batches, submissions, sequences and scratch of the import module "zcwasm"; how dispatches are
 * recorded is in zc_abi_tape.c.
 *
 * Translates handles into those of the device layer, whose one check decides. See zc_abi.h for ownership and threads.
 * Handlers read their arguments by the names in zc_abi.def; the result goes to slots[0].
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
static void begin_work(zc_abi *abi)
{
    abi->begun++;
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

/* Submit the sequence, or the instance's batch. */
static zc_status submit(zc_abi *abi, zc_abi_entry *sequence, uint64_t *slots, zc_error *error)
{
    zc_abi_tape *tape = sequence ? &sequence->tape : &abi->tape;
    zc_abi_entry *entry;
    int32_t handle;
    zc_status status = zc_abi_wake(abi, tape, &handle);
    if (status != ZC_OK) {
        return zc_abi_failed(abi, status, &slots[0], error);
    }
    uint64_t length = tape->count;
    if (handle == 0) {
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
    begin_work(abi);
    status = sequence ? zc_sequence_submit(tape->sequence, &entry->submission, &abi->error)
                      : zc_batch_submit(tape->batch, &entry->submission, &abi->error);
    if (status != ZC_OK) {
        zc_abi_remove(&abi->submissions, entry);
        return zc_abi_failed(abi, status, &slots[0], error);
    }
    entry->size = length; /* stays counted until it has been waited for */
    if (sequence) {
        abi->recorded += length;
    } else {
        zc_abi_empty(tape);
    }
    return zc_abi_answer(slots, handle);
}

zc_status zc_abi_call_submit(void *context, uint64_t *slots, zc_error *error)
{
    return submit(context, NULL, slots, error);
}

zc_status zc_abi_call_run(void *context, uint64_t *slots, zc_error *error)
{
    zc_abi *abi = context;
    int32_t failure;
    zc_status status = zc_abi_wake(abi, &abi->tape, &failure);
    if (status == ZC_OK && failure) {
        return zc_abi_answer(slots, failure);
    }
    if (status == ZC_OK) {
        status = give_way(abi);
    }
    if (status == ZC_OK) {
        begin_work(abi);
        status = waited(abi, zc_batch_run(abi->tape.batch, pause, abi, &abi->error));
        if (zc_batch_length(abi->tape.batch) == 0) {
            abi->recorded -= abi->tape.count;
            zc_abi_empty(&abi->tape);
        }
    }
    return status == ZC_OK ? zc_abi_answer(slots, 0) : zc_abi_failed(abi, status, &slots[0], error);
}

zc_status zc_abi_call_discard(void *context, uint64_t *slots, zc_error *error)
{
    (void)error;
    zc_abi *abi = context;
    zc_abi_tape_forget(abi, &abi->tape);
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
    if (!submission) {
        const zc_abi_end *end = entry->end; /* of a restored guest's */
        int32_t code = end->code ? zc_abi_fail(abi, (zcg_errno)end->code, "%s", end->text) : 0;
        abi->recorded -= entry->size;
        zc_abi_remove(&abi->submissions, entry);
        return zc_abi_answer(slots, code);
    }
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
    return zc_abi_answer(slots, !entry ? -ZCG_EBADF : entry->end || zc_submission_done(entry->submission));
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
    int32_t failure;
    zc_status status = zc_abi_wake(abi, &entry->tape, &failure);
    if (status != ZC_OK || failure) {
        zc_abi_remove(&abi->sequences, entry);
    }
    return status != ZC_OK ? zc_abi_failed(abi, status, &slots[0], error)
                           : zc_abi_answer(slots, failure ? failure : handle);
}

/* The sealed sequence of that handle, or NULL: then the guest has its answer, or the status ends its call. */
static zc_status sealed(zc_abi *abi, uint64_t handle, zc_abi_entry **out, uint64_t *slots, zc_error *error)
{
    zc_abi_entry *entry = zc_abi_find(abi, &abi->sequences, handle);
    int32_t failure = -ZCG_EBADF;
    zc_status status = ZC_OK;
    *out = NULL;
    if (entry && !entry->tape.sealed) {
        failure = zc_abi_fail(abi, ZCG_EINVAL, "the sequence has not been sealed");
    } else if (entry) {
        status = zc_abi_wake(abi, &entry->tape, &failure);
        *out = status == ZC_OK && !failure ? entry : NULL;
    }
    return status == ZC_OK ? zc_abi_answer(slots, failure) : zc_abi_failed(abi, status, &slots[0], error);
}

zc_status zc_abi_call_sequence_seal(void *context, uint64_t *slots, zc_error *error)
{
    zc_abi *abi = context;
    const zc_abi_args_sequence_seal call = zc_abi_args_of_sequence_seal(slots);
    zc_abi_entry *entry = zc_abi_find(abi, &abi->sequences, call.sequence);
    if (!entry) {
        return zc_abi_answer(slots, -ZCG_EBADF);
    }
    if (entry->tape.sealed) {
        return zc_abi_answer(slots, zc_abi_fail(abi, ZCG_EINVAL, "the sequence is sealed already"));
    }
    int32_t failure;
    zc_status status = zc_abi_wake(abi, &entry->tape, &failure);
    if (status == ZC_OK && failure) {
        return zc_abi_answer(slots, failure);
    }
    if (status == ZC_OK) {
        status = zc_abi_seal(&entry->tape, &abi->error);
    }
    return status == ZC_OK ? zc_abi_answer(slots, 0) : zc_abi_failed(abi, status, &slots[0], error);
}

zc_status zc_abi_call_sequence_params(void *context, uint64_t *slots, zc_error *error)
{
    zc_abi *abi = context;
    const zc_abi_args_sequence_params call = zc_abi_args_of_sequence_params(slots);
    zc_abi_entry *entry;
    zc_status status = sealed(abi, call.sequence, &entry, slots, error);
    if (!entry) {
        return status;
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
    status = zc_sequence_params(entry->tape.sequence, call.index, call.offset, bytes, size, &abi->error);
    return status == ZC_OK ? zc_abi_answer(slots, 0) : zc_abi_failed(abi, status, &slots[0], error);
}

zc_status zc_abi_call_sequence_submit(void *context, uint64_t *slots, zc_error *error)
{
    const zc_abi_args_sequence_submit call = zc_abi_args_of_sequence_submit(slots);
    zc_abi_entry *entry;
    zc_status status = sealed(context, call.sequence, &entry, slots, error);
    return entry ? submit(context, entry, slots, error) : status;
}

zc_status zc_abi_call_sequence_run(void *context, uint64_t *slots, zc_error *error)
{
    zc_abi *abi = context;
    const zc_abi_args_sequence_run call = zc_abi_args_of_sequence_run(slots);
    zc_abi_entry *entry;
    zc_status status = sealed(abi, call.sequence, &entry, slots, error);
    if (!entry) {
        return status;
    }
    status = give_way(abi);
    if (status == ZC_OK) {
        begin_work(abi);
        status = waited(abi, zc_sequence_run(entry->tape.sequence, pause, abi, &abi->error));
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
    zc_abi_tape_forget(abi, &entry->tape);
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
    if (zc_region_pins(entry->region) || entry->named) { /* else a guest could hold more than its limit */
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
