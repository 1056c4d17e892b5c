/* llama_record.c: dispatches of kernels, and the choice of a session's next token as such.
 *
 * They go into the batch of the next zcg_run or into a sequence. The kernels read tokens, positions and spans from
 * memory, so that what is recorded once holds for every position. */
#include "llama_internal.h"

#define KERNEL_NAME(constant, name) name,
static const char *const kernel_names[KERNELS] = {LLAMA_KERNELS(KERNEL_NAME)};
static zcg_handle kernels[KERNELS];

int32_t find_kernels(void)
{
    for (u32 i = 0; i < KERNELS; i++) {
        kernels[i] = zcg_kernel(kernel_names[i]);
        if (kernels[i] < 0)
            return fail_host(kernels[i], kernel_names[i]);
    }
    return 0;
}

/* --- dispatches --- */

static zcg_handle target;  /* a sequence, or 0: the next zcg_run */
static int32_t failure;   /* of the first dispatch that was refused */
static zcg_range bound[8]; /* of the next dispatch */
static u32 bound_count;

void begin_record(zcg_handle sequence)
{
    target = sequence;
    failure = 0;
    bound_count = 0;
}

int32_t end_record(void)
{
    return failure < 0 ? failure : 0;
}

void bind(u32 pointer, u64 bytes)
{
    if (scratch_size && pointer >= SCRATCH_START)
        bound[bound_count++] =
            (zcg_range){.handle = scratch ? scratch : -1, .offset = pointer - SCRATCH_START, .length = bytes};
    else
        bound[bound_count++] = (zcg_range){.offset = pointer, .length = bytes};
}

void bind_tensor(const tensor *t)
{
    if (t->address) {
        bind(t->address, (u64)t->count * sizeof(float));
        return;
    }
    bound[bound_count++] = (zcg_range){.handle = t->handle, .length = t->handle ? ZCG_WHOLE : 0};
}

void bind_cache(u64 offset, u64 bytes)
{
    u64 start = cache_mirror ? 0 : state.cache;
    bound[bound_count++] = (zcg_range){.handle = cache_mirror, .offset = start + offset, .length = bytes};
}

void dispatch(enum kernel kernel, const void *params, u32 size)
{
    if (failure >= 0) {
        failure = zcg_dispatch(target, kernels[kernel], bound, bound_count, params, size);
        if (failure < 0)
            fail_host(failure, kernel_names[kernel]);
    }
    bound_count = 0;
}

void submit_recorded(void)
{
    if (failure >= 0)
        failure = submit_piece();
}

void record_copy(u32 from, u32 to, u32 words)
{
    static const u32 first_row;
    zc_append_params p = {.rows = 1, .cols = words, .ldx = words, .ldout = words, .capacity = 1};
    bind(from, (u64)words * sizeof(u32));
    bind((u32)(unsigned long)&first_row, sizeof first_row);
    bind(to, (u64)words * sizeof(u32));
    dispatch(APPEND, &p, sizeof p);
}

/* --- the next token --- */

void record_affine(u32 from, u32 count, float scale, u32 to)
{
    zc_affine_params p = {.count = count, .scale = scale};
    bind(from, (u64)p.count * sizeof(float));
    bind(to, (u64)p.count * sizeof(float));
    dispatch(AFFINE, &p, sizeof p);
}

void record_softmax(u32 from, u32 rows, u32 to)
{
    u32 vocab = state.config.vocab;
    zc_rows_params p = {.rows = rows, .cols = vocab, .ldx = vocab, .ldout = vocab};
    bind(from, matrix(rows, vocab, vocab));
    bind(to, matrix(rows, vocab, vocab));
    dispatch(SOFTMAX, &p, sizeof p);
}

void record_top_k(u32 from, u32 rows, u32 k, u32 values, u32 indices)
{
    u32 vocab = state.config.vocab;
    zc_top_k_params p = {.rows = rows, .cols = vocab, .ldx = vocab, .k = k};
    bind(from, matrix(rows, vocab, vocab));
    bind(values, (u64)rows * k * sizeof(float));
    bind(indices, (u64)rows * k * sizeof(u32));
    dispatch(TOP_K, &p, sizeof p);
}

void record_draw(const choice *choice, u32 rows, u32 values, u32 indices, u32 numbers, u32 tokens)
{
    u32 count = candidates(choice->top_k);
    zc_draw_params p = {.rows = rows,
                        .count = count,
                        .complete = count == state.config.vocab,
                        .top_k = choice->top_k,
                        .top_p = choice->top_p,
                        .min_p = choice->min_p};
    bind(values, (u64)rows * count * sizeof(float));
    bind(indices, (u64)rows * count * sizeof(u32));
    bind(numbers, (u64)rows * sizeof(u64));
    bind(tokens, (u64)rows * sizeof(u32));
    dispatch(DRAW, &p, sizeof p);
}

/* Logits, penalized and divided by the temperature: where they are. */
static u32 record_scores(enum selection selection)
{
    const llama_sampling *s = &state.sampling;
    u32 vocab = state.config.vocab;
    float scale = selection == SAMPLED ? 1 / s->temperature : 1;
    if (scale == 1 && s->repetition_penalty == 1)
        return buffers.device_logits;
    record_affine(buffers.device_logits, vocab, scale, buffers.device_scores);
    if (s->repetition_penalty != 1) {
        zc_penalize_params p = {.cols = vocab, .capacity = state.config.context, .penalty = s->repetition_penalty};
        bind(buffers.window_ids, ((u64)state.config.context + 1) * sizeof(u32));
        bind(buffers.device_scores, (u64)vocab * sizeof(float));
        dispatch(PENALIZE, &p, sizeof p);
    }
    return buffers.device_scores;
}

static void record_selection(enum selection selection, struct step_buffer *next)
{
    u32 row = selection == GREEDY ? buffers.device_logits : record_scores(selection);
    u32 values = buffers.device_top_values, indices = buffers.device_top_indices;
    choice choice = choice_of_settings(&state.sampling);
    if (selection != SAMPLED) {
        record_top_k(row, 1, 1, (u32)(unsigned long)&next->best, (u32)(unsigned long)&next->token);
        return;
    }
    record_softmax(row, 1, buffers.device_scores);
    record_top_k(buffers.device_scores, 1, candidates(choice.top_k), values, indices);
    record_draw(&choice, 1, values, indices, (u32)(unsigned long)&next->u, (u32)(unsigned long)&next->token);
}

/* --- what kernels leave in scratch --- */

static void begin_fetch(void)
{
    zcg_discard(); /* what an interrupted call left */
    begin_record(0);
}

static void fetch(u32 from, u32 to, u32 words)
{
    if (from != to)
        record_copy(from, to, words);
}

static int32_t end_fetch(void)
{
    if (scratch_size && failure >= 0 && (failure = zcg_run()) < 0)
        fail_host(failure, "what lies in scratch");
    return failure < 0 ? failure : 0;
}

int32_t fetch_logits(enum selection selection)
{
    begin_fetch();
    fetch(buffers.device_logits, state.logits, state.config.vocab);
    if (selection != GREEDY)
        fetch(buffers.device_scores, state.scores, state.config.vocab);
    return end_fetch();
}

int32_t fetch_probabilities(void)
{
    begin_fetch();
    fetch(buffers.device_scores, state.scores, state.config.vocab);
    fetch(buffers.device_top_values, buffers.top_values, candidates(state.sampling.top_k));
    fetch(buffers.device_top_indices, buffers.top_indices, candidates(state.sampling.top_k));
    return end_fetch();
}

/* --- all of it --- */

int32_t record(zcg_handle sequence, u32 rows, u32 tokens, u32 from, struct step_buffer *next, enum selection selection)
{
    begin_record(sequence);
    if (scratch_size) {
        record_copy(from, buffers.device_positions, 3 * rows);
        from = buffers.device_positions;
    }
    u32 x = record_layers(&(pass){.rows = rows,
                                  .kept = next ? 1 : 0,
                                  .tokens = tokens,
                                  .positions = from,
                                  .spans = from + rows * sizeof(u32),
                                  .submitted = sequence == 0 && state.device.submit_ahead});
    if (next) {
        record_output(x, 1);
        record_selection(selection, next);
    }
    return end_record();
}
