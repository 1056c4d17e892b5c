/* llama_step.c: steps, each of them one submission: a sequence that is recorded at the first one of its kind and
 * replayed unchanged, since the kernels read the token, its position and its span from memory.
 *
 * With device.submit_ahead two steps are in flight while the device works: the one that is waited for, and the one
 * behind it, which reads the token that the first one writes. The numbers that tokens are drawn with are known before
 * the tokens are. A draw that the device leaves to the guest ends that: both steps are thrown away, the first one runs
 * again, alone, and so do some behind it, since another such draw is likely then. */
#include "llama_internal.h"

struct step_buffer step_buffers[STEP_BUFFERS];

enum { STEPS_ALONE = 8 }; /* behind a draw that was left to the guest */

static zcg_handle sequences[STEP_BUFFERS][SELECTIONS]; /* of a step that reads this buffer; 0: not recorded yet */
static zcg_handle in_flight[2]; /* submissions of steps with device.submit_ahead, the older one first */
static u32 in_flight_count;
static u32 in_flight_position; /* of the older one */
static zcg_handle pieces[MOST_PIECES]; /* submissions of a prompt, the older ones first */
static u32 piece_count;
static u32 steps_alone; /* that come before the next one ahead */
static int logits_there;

void wait_for_submitted_ahead(void)
{
    for (u32 i = 0; i < in_flight_count; i++)
        zcg_wait(in_flight[i], -1);
    if (in_flight_count) /* else this memory stays as it is, also for those that share it */
        in_flight_count = 0;
    wait_for_pieces(0);
}

int32_t submit_piece(void)
{
    zcg_handle submission = zcg_submit();
    if (submission < 0)
        return fail_host(submission, "prefill");
    pieces[piece_count++] = submission;
    return 0;
}

u32 pieces_in_flight(void)
{
    return piece_count;
}

int32_t wait_for_pieces(u32 left)
{
    int32_t result = 0;
    while (piece_count > left) {
        int32_t code = zcg_wait(pieces[0], -1);
        if (code < 0 && result >= 0)
            result = fail_host(code, "prefill");
        piece_count--;
        for (u32 i = 0; i < piece_count; i++)
            pieces[i] = pieces[i + 1];
    }
    return result;
}

static void forget_sequence(u32 buffer, u32 selection)
{
    zcg_handle sequence = sequences[buffer][selection];
    sequences[buffer][selection] = 0; /* first: an interrupted call is not to leave a handle that is free */
    if (sequence)
        zcg_sequence_free(sequence);
}

void forget_sequences(void)
{
    steps_alone = 0;
    for (u32 i = 0; i < STEP_BUFFERS; i++)
        for (u32 selection = PENALIZED; selection <= SAMPLED; selection++) /* these hold numbers of the settings */
            forget_sequence(i, selection);
}

void forget_handles(void)
{
    zcg_discard(); /* what an interrupted call left, and would keep scratch from being given back */
    wait_for_submitted_ahead();
    logits_there = 0; /* in another instance's scratch */
    for (u32 i = 0; i < STEP_BUFFERS; i++)
        for (u32 selection = 0; selection < SELECTIONS; selection++)
            forget_sequence(i, selection);
}

void note_logits(int there)
{
    logits_there = there;
}

static struct step_buffer *written_by(u32 buffer)
{
    return &step_buffers[buffer == ALONE ? ALONE : 1 - buffer];
}

/* The sequence of a step that reads this buffer. */
static int32_t find_sequence(u32 buffer, enum selection selection)
{
    struct step_buffer *b = &step_buffers[buffer];
    zcg_handle sequence = sequences[buffer][selection];
    if (sequence)
        return sequence;
    if ((sequence = zcg_sequence_new()) < 0)
        return fail_host(sequence, "sequence_new");
    int32_t code = record(sequence, 1, (u32)(unsigned long)&b->token, (u32)(unsigned long)&b->position,
                          written_by(buffer), selection);
    if (code >= 0 && (code = zcg_sequence_seal(sequence)) < 0)
        fail_host(code, "sequence_seal");
    if (code < 0) {
        zcg_sequence_free(sequence);
        return code;
    }
    return sequences[buffer][selection] = sequence;
}

/* Of a step that reads this buffer; `skipped` draws come before its own. */
static void fill_buffer(u32 buffer, u32 position, u32 skipped)
{
    struct step_buffer *b = &step_buffers[buffer];
    b->position = position;
    b->span[0] = 0;
    b->span[1] = position + 1;
    written_by(buffer)->u = number_after(skipped);
}

/* The step of a position by itself. */
static int32_t run_alone(u32 position, u32 token, enum selection selection)
{
    int32_t sequence = find_sequence(ALONE, selection), code;
    if (sequence < 0)
        return sequence;
    logits_there = 0;
    step_buffers[ALONE].token = token;
    fill_buffer(ALONE, position, 0);
    if ((code = zcg_sequence_run(sequence)) < 0)
        return fail_host(code, "step");
    logits_there = 1;
    return 0;
}

int32_t run_step(enum selection selection)
{
    u32 position = state.cached;
    penalize(at(state.history), position + 1);
    int32_t code = run_alone(position, state.token, selection);
    if (code < 0)
        return code;
    if (step_buffers[ALONE].token == ZC_DRAW_REST)
        steps_alone = STEPS_ALONE;
    return choose(selection, &step_buffers[ALONE], position + 1);
}

int32_t compute_logits(enum selection selection)
{
    const u32 *history = at(state.history);
    wait_for_submitted_ahead();
    if (logits_there)
        return 0;
    penalize(history, state.cached);
    return run_alone(state.cached - 1, history[state.cached - 1], selection);
}

int may_step_ahead(enum selection selection)
{
    if (!state.device.submit_ahead || selection == PENALIZED || state.sampling.repetition_penalty != 1)
        return 0;
    if (steps_alone == 0)
        return 1;
    steps_alone--;
    return 0;
}

static int32_t submit_ahead(u32 position, enum selection selection)
{
    int32_t sequence = find_sequence(position % 2, selection);
    if (sequence < 0)
        return sequence;
    logits_there = 0;
    fill_buffer(position % 2, position, in_flight_count);
    zcg_handle submission = zcg_sequence_submit(sequence);
    if (submission < 0)
        return fail_host(submission, "step");
    in_flight[in_flight_count++] = submission;
    return 0;
}

int32_t step_ahead(enum selection selection)
{
    u32 position = state.cached;
    struct step_buffer *made = written_by(position % 2);
    int32_t code;
    if (in_flight_count && in_flight_position != position) /* an interrupted call ended between step and token */
        wait_for_submitted_ahead();
    if (in_flight_count == 0) {
        in_flight_position = position;
        step_buffers[position % 2].token = state.token;
        if ((code = submit_ahead(position, selection)) < 0)
            return code;
    }
    if (in_flight_count == 1 && position + 1 < state.config.context &&
        (code = submit_ahead(position + 1, selection)) < 0)
        return code;
    if ((code = zcg_wait(in_flight[0], -1)) < 0)
        fail_host(code, "step");
    in_flight[0] = in_flight[1];
    in_flight_position++;
    in_flight_count--;
    if (code >= 0 && !(selection == SAMPLED && made->token == ZC_DRAW_REST)) {
        code = choose(selection, made, position + 1);
        if (code >= 0)
            return code;
    }
    wait_for_submitted_ahead();
    return code < 0 ? code : run_step(selection);
}
