/* llama_step.c: steps, each of them one submission: a sequence that is recorded at the first one of its kind and
 * replayed unchanged, since the kernels read the token, its position and its span from memory.
 *
 * With config.submit_ahead two greedy steps are in flight while the device works: the one that is waited for, and the
 * one behind it, which reads the token that the first one writes. */
#include "llama_internal.h"

struct step_buffer step_buffers[2];

static zcg_handle sequences[SELECTIONS]; /* of a step; 0: not recorded yet */
static zcg_handle in_flight[2]; /* submissions of steps with config.submit_ahead, the older one first */
static u32 in_flight_count;

void wait_for_submitted_ahead(void)
{
    for (u32 i = 0; i < in_flight_count; i++)
        zcg_wait(in_flight[i], -1);
    in_flight_count = 0;
}

static void forget_sequence(enum selection selection)
{
    zcg_handle sequence = sequences[selection];
    sequences[selection] = 0; /* first: an interrupted call is not to leave a handle that is free */
    if (sequence)
        zcg_sequence_free(sequence);
}

void forget_sequences(void)
{
    forget_sequence(PENALIZED); /* only these two hold numbers of the settings */
    forget_sequence(SAMPLED);
}

void forget_handles(void)
{
    in_flight_count = 0;
    for (u32 i = 0; i < SELECTIONS; i++)
        sequences[i] = 0;
}

static int32_t record_step(enum selection selection)
{
    struct step_buffer *buffer = &step_buffers[selection == AHEAD_1];
    int ahead = selection == AHEAD_0 || selection == AHEAD_1;
    u32 *token = ahead ? &buffer->token : &state.token, *position = ahead ? &buffer->position : &state.position;
    zcg_handle sequence = zcg_sequence_new();
    if (sequence < 0)
        return fail_host(sequence, "sequence_new");
    int32_t code = record(sequence, 1, (u32)(unsigned long)token, (u32)(unsigned long)position, 1, selection);
    if (code >= 0 && (code = zcg_sequence_seal(sequence)) < 0)
        fail_host(code, "sequence_seal");
    if (code < 0) {
        zcg_sequence_free(sequence);
        return code;
    }
    sequences[selection] = sequence;
    return 0;
}

int32_t run_step(enum selection selection)
{
    u32 position = state.cached;
    int32_t code;
    if (!sequences[selection] && (code = record_step(selection)) < 0)
        return code;
    penalize_next(at(state.history), position + 1);
    state.position = position;
    state.span[0] = 0;
    state.span[1] = position + 1;
    if ((code = zcg_sequence_run(sequences[selection])) < 0)
        return fail_host(code, "step");
    state.cached = position + 1;
    return choose(selection);
}

static int32_t submit_ahead(u32 position)
{
    struct step_buffer *buffer = &step_buffers[position % 2];
    enum selection selection = position % 2 ? AHEAD_1 : AHEAD_0;
    int32_t code;
    if (!sequences[selection] && (code = record_step(selection)) < 0)
        return code;
    buffer->position = position;
    buffer->span[0] = 0;
    buffer->span[1] = position + 1;
    zcg_handle submission = zcg_sequence_submit(sequences[selection]);
    if (submission < 0)
        return fail_host(submission, "step");
    in_flight[in_flight_count++] = submission;
    return 0;
}

int32_t step_ahead(u32 position)
{
    struct step_buffer *buffer = &step_buffers[position % 2], *next = &step_buffers[(position + 1) % 2];
    int32_t code;
    if (in_flight_count == 0) {
        buffer->token = state.token;
        if ((code = submit_ahead(position)) < 0)
            return code;
    }
    if (in_flight_count == 1 && position + 1 < state.config.context && (code = submit_ahead(position + 1)) < 0)
        return code;
    if ((code = zcg_wait(in_flight[0], -1)) < 0)
        fail_host(code, "step");
    in_flight[0] = in_flight[1];
    in_flight_count--;
    if (code >= 0) {
        state.cached = position + 1;
        state.token = next->token;
        if (state.token < state.config.vocab && next->best == next->best)
            return (int32_t)state.token;
        code = fail(ZCG_EIO, "the model's output has NaN logits");
    }
    wait_for_submitted_ahead();
    return code;
}
