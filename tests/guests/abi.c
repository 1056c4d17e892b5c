/* Every function of the import module "zcwasm", passed on unchanged, so that a test can call each with whatever it
 * likes. And what a test cannot do from outside: calls that nest in a call, and loops of calls. */
#include "zcwasm.h"

#define EXPORT(name) __attribute__((export_name(#name))) name

static unsigned char arena[1 << 20] __attribute__((aligned(64)));

void *EXPORT(memory_at)(void)
{
    return arena;
}
uint32_t EXPORT(memory_size)(void)
{
    return sizeof arena;
}

int32_t EXPORT(abi_version)(void)
{
    return zcg_abi_version();
}
int32_t EXPORT(error_text)(char *out, uint32_t size)
{
    return zcg_error_text(out, size);
}
int32_t EXPORT(kernel)(const char *name, uint32_t size)
{
    return zcg_kernel_find(name, size);
}
int32_t EXPORT(dispatch)(int32_t sequence, int32_t kernel, const zcg_range *ranges, uint32_t count, const void *params,
                         uint32_t size)
{
    return zcg_dispatch(sequence, kernel, ranges, count, params, size);
}
int32_t EXPORT(submit)(void)
{
    return zcg_submit();
}
int32_t EXPORT(run)(void)
{
    return zcg_run();
}
int32_t EXPORT(discard)(void)
{
    return zcg_discard();
}
int32_t EXPORT(wait)(int32_t submission, int64_t timeout)
{
    return zcg_wait(submission, timeout);
}
int32_t EXPORT(poll)(int32_t submission)
{
    return zcg_poll(submission);
}
int32_t EXPORT(sequence_new)(void)
{
    return zcg_sequence_new();
}
int32_t EXPORT(sequence_seal)(int32_t sequence)
{
    return zcg_sequence_seal(sequence);
}
int32_t EXPORT(sequence_params)(int32_t sequence, uint32_t index, uint32_t offset, const void *bytes, uint32_t size)
{
    return zcg_sequence_params(sequence, index, offset, bytes, size);
}
int32_t EXPORT(sequence_submit)(int32_t sequence)
{
    return zcg_sequence_submit(sequence);
}
int32_t EXPORT(sequence_run)(int32_t sequence)
{
    return zcg_sequence_run(sequence);
}
int32_t EXPORT(sequence_free)(int32_t sequence)
{
    return zcg_sequence_free(sequence);
}
int32_t EXPORT(tensor)(const char *name, uint32_t size)
{
    return zcg_tensor_find(name, size);
}
int32_t EXPORT(tensor_info)(int32_t tensor, zcg_tensor_info *out)
{
    return zcg_tensor_get_info(tensor, out);
}
int32_t EXPORT(scratch_new)(uint64_t size)
{
    return zcg_scratch_new(size);
}
int32_t EXPORT(scratch_free)(int32_t scratch)
{
    return zcg_scratch_free(scratch);
}
int32_t EXPORT(mirror)(int32_t scratch, uint64_t offset, const void *bytes, uint64_t size)
{
    return zcg_mirror(scratch, offset, bytes, size);
}
int64_t EXPORT(input_size)(const char *name, uint32_t size)
{
    return zcg_input_size(name, size);
}
int64_t EXPORT(input_read)(const char *name, uint32_t name_size, uint64_t offset, void *out, uint64_t size)
{
    return zcg_input_read(name, name_size, offset, out, size);
}
int32_t EXPORT(output_write)(const char *name, uint32_t name_size, const void *bytes, uint64_t size)
{
    return zcg_output_write(name, name_size, bytes, size);
}
int32_t EXPORT(log)(int32_t level, const char *text, uint32_t size)
{
    return zcg_log(level, text, size);
}
int64_t EXPORT(clock)(void)
{
    return zcg_clock();
}

/* `count` calls of the import that does least, and the same loop without it: how long is a call? */
int32_t EXPORT(call_many)(uint32_t count)
{
    int32_t sum = 0;
    for (uint32_t i = 0; i < count; i++)
        sum += zcg_abi_version();
    return sum;
}
int32_t EXPORT(loop_many)(uint32_t count)
{
    volatile int32_t sum = 0;
    for (uint32_t i = 0; i < count; i++)
        sum += 1;
    return sum;
}

/* The same dispatch, recorded `count` times into a sequence (0: the recording). */
int32_t EXPORT(dispatch_many)(int32_t sequence, int32_t kernel, const zcg_range *ranges, uint32_t range_count,
                              const void *params, uint32_t size, uint32_t count)
{
    int32_t last = 0;
    for (uint32_t i = 0; i < count && last >= 0; i++)
        last = zcg_dispatch(sequence, kernel, ranges, range_count, params, size);
    return last;
}

/* The sequence, run `count` times. */
int32_t EXPORT(sequence_run_many)(int32_t sequence, uint32_t count)
{
    int32_t code = 0;
    for (uint32_t i = 0; i < count && code == 0; i++)
        code = zcg_sequence_run(sequence);
    return code;
}

/* Submit, and count while the device works; the count, or an error. */
int64_t EXPORT(count_while_working)(void)
{
    int64_t count = 0;
    int32_t submission = zcg_submit(), done = 0;
    if (submission < 0)
        return submission;
    while ((done = zcg_poll(submission)) == 0)
        count++;
    int32_t code = done < 0 ? done : zcg_wait(submission, -1);
    return code < 0 ? code : count;
}

/* Submit, and wait in this call. */
int32_t EXPORT(submit_and_wait)(void)
{
    int32_t submission = zcg_submit();
    return submission < 0 ? submission : zcg_wait(submission, -1);
}

void EXPORT(trap)(void)
{
    __builtin_trap();
}
