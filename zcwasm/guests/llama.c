/* llama.c: the guest of zcwasm.llm: a decoder, whose graph llama_config and llama_layer describe (llama.h).
 *
 * It owns the loop: activations, the key-value cache, the history of tokens and the sampler's state lie in its
 * memory, at addresses that llama_state (llama.h) gives. Weights are tensors of the host, named by handle. It
 * computes nothing but indices and the draw from a few probabilities; all other arithmetic is the device's.
 *
 * The host calls init once, then prefill for a prompt and step for every further token; both return the next
 * token. A step is one submission: a sequence that was recorded at the first one of its kind and is replayed
 * unchanged, since the kernels read the token, its position and its span from this memory. With device.submit_ahead a
 * step is submitted before the one in front of it has ended: the token between them never leaves the device.
 *
 * This file has what the host calls; llama_internal.h names the others.
 *
 * Functions that can fail return a negative zcg_errno and leave a sentence in llama_state.error. A call that is
 * interrupted leaves the cache as it was after the last submission that ended. */
#include "llama_internal.h"

llama_state state;

const guest_error error_of_guest = {&state.error_size, state.error, sizeof state.error};

llama_state *EXPORT(address)(void)
{
    return &state;
}

int32_t fail_limit(zcg_errno code, const char *what, u64 value, const char *limit_is, u64 limit)
{
    fail(code, what);
    say(" is ");
    say_number(value);
    say(limit_is);
    say_number(limit);
    return -(int32_t)code;
}

int32_t take_resources(void)
{
    int32_t code;
    if ((code = read_rope()) < 0 || (code = find_kernels()) < 0)
        return code;
    return make_scratch();
}

/* Takes anew what is transient, for the device that state.device describes: memory, the table of angles, kernels and
 * weights, scratch and the mirror of the cache. init does it. An instance into whose memory that of another one was
 * copied, or an earlier state of its own, needs it before anything else: handles are an instance's own, and the device's
 * memory is not copied along. */
static int32_t CALL(attach)(void)
{
    int32_t code;
    forget_handles();
    forget_window();
    if ((code = allocate_transient()) < 0 || (code = take_resources()) < 0)
        return code;
    return mend_mirror();
}
ENTRY(attach, (void), ())

/* Rows [first, first + count) of the cache were written, by the host or by whoever else has this memory: with
 * device.mirror the device sees them from now on. Without it does so anyway. */
static int32_t CALL(mirror)(u32 first, u32 count)
{
    if (state.version != LLAMA_VERSION)
        return fail(ZCG_EINVAL, "init has not succeeded");
    if (first > state.config.context || count > state.config.context - first)
        return fail_limit(ZCG_EINVAL, "the end of these rows", (u64)first + count, ", the context has room for ",
                          state.config.context);
    spoil_mirror(first, count);
    wait_for_submitted_ahead(); /* it was submitted before they were written */
    return mend_mirror();
}
ENTRY(mirror, (u32 first, u32 count), (first, count))

/* The host wrote rows [cached, count) of the cache, and the tokens that they are of into the history. Before it did, it
 * called truncate: nothing is in flight. */
static int32_t CALL(adopt)(u32 count)
{
    if (state.version != LLAMA_VERSION)
        return fail(ZCG_EINVAL, "init has not succeeded");
    if (count < state.cached || count > state.config.context)
        return fail_limit(ZCG_EINVAL, "the end of these rows", count, ", the context has room for ",
                          state.config.context);
    spoil_mirror(state.cached, count - state.cached);
    note_logits(0);
    forget_window();
    state.chosen = 0;
    state.cached = count;
    return mend_mirror();
}
ENTRY(adopt, (u32 count), (count))

/* Whether a number of the config is from `least` to `most`. Nor may it be NaN. */
static int32_t check_number(const char *name, float value, float least, float most)
{
    if (value >= least && value <= most)
        return 0;
    fail(ZCG_EINVAL, name);
    say(value > most || value < least ? " is out of range" : " is not a number");
    return -ZCG_EINVAL;
}

static int32_t check_floats(void)
{
    const llama_config *c = &state.config;
    const float most = __FLT_MAX__, least = __FLT_MIN__;
    const struct {
        const char *name;
        float value, least, most;
    } numbers[] = {
        {"norm_epsilon", c->norm_epsilon, 0, most},
        {"attention_scale", c->attention_scale, least, most},
        {"attention_softcap", c->attention_softcap, c->attention_softcap == 0 ? 0 : ZC_LEAST_CAP, ZC_MOST_CAP},
        {"logit_softcap", c->logit_softcap, c->logit_softcap == 0 ? 0 : ZC_LEAST_CAP, ZC_MOST_CAP},
        {"embedding_scale", c->embedding_scale, least, most},
        /* Sums are kept divided by it. */
        {"residual_scale", c->residual_scale, 1.0f / LLAMA_MAX_RESIDUAL_SCALE, LLAMA_MAX_RESIDUAL_SCALE},
        {"logit_scale", c->logit_scale, least, most},
    };
    for (u32 i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        int32_t code = check_number(numbers[i].name, numbers[i].value, numbers[i].least, numbers[i].most);
        if (code < 0)
            return code;
    }
    return 0;
}

/* What belongs together. */
static int32_t check_together(void)
{
    const llama_config *c = &state.config;
    if (c->rotated > c->head_size || (c->rotated == 0) != (c->ropes == 0))
        return fail(ZCG_EINVAL, "rotated is out of range, or there are tables of angles for nothing, or none");
    if (c->kv_type == ZC_CACHE_Q8_0 && (c->head_size % 32 || kv_columns() % 64))
        return fail(ZCG_EINVAL,
                    "a cache of Q8_0 needs heads of a multiple of 32 elements, and 64 columns or a multiple");
    if (c->positions && c->positions < c->context)
        return fail_limit(ZCG_EINVAL, "the context", c->context, ", learned positions are ", c->positions);
    if (c->residual_scale != 1 && !(c->norms & LLAMA_NORM_PRE))
        return fail(ZCG_EINVAL, "a residual_scale needs norms of what is read");
    if (c->experts_used > c->experts || (c->experts && !c->experts_used))
        return fail_limit(ZCG_EINVAL, "experts_used", c->experts_used, ", experts are ", c->experts);
    if (c->feed_forward == LLAMA_FF_SILU_CLAMPED && !c->experts)
        return fail(ZCG_EINVAL, "a feed-forward whose gate is clamped has experts");
    if (c->experts && (c->norms != LLAMA_NORM_PRE || c->parallel ||
                       (c->feed_forward != LLAMA_FF_SILU && c->feed_forward != LLAMA_FF_SILU_CLAMPED)))
        return fail(ZCG_EINVAL, "experts are gated by SiLU, behind an RMS norm of what is read, and no others");
    if (c->parallel && c->norms != LLAMA_NORM_PRE && c->norms != (LLAMA_NORM_PRE | LLAMA_NORM_LAYER))
        return fail(ZCG_EINVAL, "what is parallel has norms of what is read, and no others");
    return 0;
}

/* The numbers are the host's, who is trusted with them no more than with a pointer: products of two must fit. */
static int32_t check_config(void)
{
    const llama_config *c = &state.config;
    const struct {
        const char *name;
        u32 value, least, most;
    } limits[] = {
        {"layers", c->layers, 1, LLAMA_MAX_LAYERS},
        {"dim", c->dim, 1, LLAMA_MAX_DIM},
        {"heads", c->heads, 1, LLAMA_MAX_HEADS},
        {"kv_heads", c->kv_heads, 1, LLAMA_MAX_HEADS},
        {"head_size", c->head_size, 1, ZC_ATTENTION_MAX_HEAD},
        {"ff", c->ff, 1, LLAMA_MAX_FF},
        {"vocab", c->vocab, 1, LLAMA_MAX_VOCAB},
        {"context", c->context, 1, LLAMA_MAX_CONTEXT},
        {"chunk", c->chunk, 1, LLAMA_MAX_CHUNK},
        {"rope_layout", c->rope_layout, 0, ZC_ROPE_HALVES},
        {"kv_type", c->kv_type, 0, ZC_CACHE_Q8_0},
        {"exact", c->exact, 0, 1},
        {"norms", c->norms, 0, LLAMA_NORM_PRE | LLAMA_NORM_POST | LLAMA_NORM_LAYER},
        {"qk_norm", c->qk_norm, 0, LLAMA_QK_ROW},
        {"feed_forward", c->feed_forward, 0, LLAMA_FF_SILU_CLAMPED},
        {"parallel", c->parallel, 0, 1},
        {"positions", c->positions, 0, LLAMA_MAX_CONTEXT},
        {"ropes", c->ropes, 0, LLAMA_MAX_ROPES},
        {"experts", c->experts, 0, ZC_ROUTE_MAX_EXPERTS},
        {"experts_used", c->experts_used, 0, ZC_ROUTE_MAX_USED},
    };
    int32_t code;
    if (c->version != LLAMA_VERSION)
        return fail_limit(ZCG_EINVAL, "config version", c->version, ", this guest speaks ", LLAMA_VERSION);
    for (u32 i = 0; i < sizeof limits / sizeof *limits; i++) {
        if (limits[i].value < limits[i].least)
            return fail_limit(ZCG_EINVAL, limits[i].name, 0, ", must be 1 to ", limits[i].most);
        if (limits[i].value > limits[i].most)
            return fail_limit(ZCG_EINVAL, limits[i].name, limits[i].value, ", the most is ", limits[i].most);
    }
    if ((code = check_floats()) < 0)
        return code;
    return check_together();
}

int32_t read_config(void)
{
    static const char config[] = "config";
    state.version = 0;
    state.cached = state.chosen = 0;
    if (zcg_input_size(config, sizeof config - 1) != sizeof state.config)
        return fail(ZCG_EINVAL, "the input config is missing or has another size");
    zcg_input_read(config, sizeof config - 1, 0, &state.config, sizeof state.config);
    return check_config();
}

static int32_t CALL(init)(void)
{
    int32_t code;
    if ((code = read_config()) < 0 || (code = allocate_kept()) < 0 || (code = call_attach()) < 0)
        return code;
    state.sampling = (llama_sampling){.top_p = 1, .repetition_penalty = 1};
    state.size = sizeof state;
    state.version = LLAMA_VERSION;
    return 0;
}
ENTRY(init, (void), ())

int32_t check_choice(float temperature, const choice *c)
{
    if (!(temperature == 0 || (temperature >= LLAMA_MIN_TEMPERATURE && temperature <= LLAMA_MAX_TEMPERATURE)))
        return fail(ZCG_EINVAL, "temperature must be 0, or 0.001 to 1000");
    if (c->top_k > ZC_TOP_K_MAX)
        return fail_limit(ZCG_EINVAL, "top_k", c->top_k, ", the most is ", ZC_TOP_K_MAX);
    if (!(c->top_p > 0 && c->top_p <= 1))
        return fail(ZCG_EINVAL, "top_p must be above 0 and at most 1");
    if (!(c->min_p >= 0 && c->min_p <= 1))
        return fail(ZCG_EINVAL, "min_p must be 0 to 1");
    return 0;
}

/* Whether tokens can be chosen so. */
static int32_t check_sampling(const llama_sampling *s)
{
    choice choice = choice_of_settings(s);
    int32_t code = check_choice(s->temperature, &choice);
    if (code < 0)
        return code;
    if (!(s->repetition_penalty >= LLAMA_MIN_PENALTY && s->repetition_penalty <= LLAMA_MAX_PENALTY))
        return fail(ZCG_EINVAL, "the repetition penalty must be 0.001 to 1000");
    if (s->repetition_window == 0 && s->repetition_penalty != 1)
        return fail(ZCG_EINVAL, "the repetition window must be at least 1");
    return 0;
}

/* Tokens are chosen as state.wanted says from now on; the generator goes on where it is, whatever the seed. Ends what is
 * in flight, also of a call that was interrupted. */
static int32_t CALL(adjust)(void)
{
    const llama_sampling *wanted = &state.wanted;
    llama_sampling *s = &state.sampling;
    int32_t code = check_sampling(wanted);
    if (code < 0)
        return code;
    wait_for_submitted_ahead();
    if (wanted->temperature != s->temperature || wanted->repetition_penalty != s->repetition_penalty ||
        wanted->top_k != s->top_k || wanted->top_p != s->top_p || wanted->min_p != s->min_p)
        forget_sequences(); /* these stand in their parameters */
    forget_window();
    *s = *wanted;
    return 0;
}
ENTRY(adjust, (void), ())

/* The same, and the generator begins from the seed; before prefill. */
static int32_t CALL(configure)(void)
{
    int32_t code = call_adjust();
    if (code >= 0)
        seed_random(state.sampling.seed);
    return code;
}
ENTRY(configure, (void), ())

/* Rows [start, start + rows) of the prompt: submitted with device.submit_ahead, else run. */
static int32_t submit_chunk(u32 start, u32 rows, u32 from, struct step_buffer *next, enum selection selection)
{
    const u32 *prompt = at(state.prompt);
    u32 *history = at(state.history), *positions = at(from), *spans = positions + rows;
    int32_t code;
    for (u32 i = 0; i < rows; i++) {
        history[start + i] = prompt[start + i];
        positions[i] = start + i;
        spans[2 * i] = 0;
        spans[2 * i + 1] = start + i + 1;
    }
    if ((code = record(0, rows, state.history + start * 4, from, next, selection)) < 0) {
        zcg_discard();
        return code;
    }
    if (state.device.submit_ahead)
        return submit_piece();
    return (code = zcg_run()) < 0 ? fail_host(code, "prefill") : 0;
}

/* The rows of the prompt that are not cached. While the device works on a chunk, the next one is recorded; the two have
 * their positions in different places. */
static int32_t compute_prompt(u32 count, enum selection selection)
{
    u32 chunk = state.config.chunk, submitted = state.cached;
    int32_t code = 0;
    zcg_discard(); /* what an interrupted call left */
    for (u32 turn = 0; submitted < count && code >= 0; turn++) {
        u32 rows = count - submitted < chunk ? count - submitted : chunk;
        u32 from = buffers.prompt_positions + turn % 2 * 3 * chunk * sizeof(u32);
        struct step_buffer *next = submitted + rows == count ? &step_buffers[ALONE] : 0;
        u32 earlier = pieces_in_flight();
        code = submit_chunk(submitted, rows, from, next, selection);
        if (code >= 0)
            code = wait_for_pieces(pieces_in_flight() - earlier); /* the chunk before is done */
        if (code >= 0)
            state.cached = pieces_in_flight() ? submitted : submitted + rows;
        submitted += rows;
    }
    int32_t last = wait_for_pieces(0);
    if (code >= 0 && (code = last) >= 0)
        state.cached = count;
    return code;
}

/* The prompt's `count` tokens. What the cache holds already of its beginning is not computed again. */
static int32_t CALL(prefill)(u32 count)
{
    const u32 *prompt = at(state.prompt);
    u32 *history = at(state.history);
    enum selection selection = selection_of_settings();
    u32 reused = 0;
    int32_t code;
    if (state.version != LLAMA_VERSION)
        return fail(ZCG_EINVAL, "init has not succeeded");
    if (count == 0)
        return fail(ZCG_EINVAL, "an empty prompt has no next token");
    if (count > state.config.context)
        return fail_limit(ZCG_EOVERFLOW, "the prompt's length", count, " tokens, the context has room for ",
                          state.config.context);
    for (u32 i = 0; i < count; i++)
        if (prompt[i] >= state.config.vocab)
            return fail_limit(ZCG_EINVAL, "a token's number", prompt[i], ", the size of the vocabulary is ",
                              state.config.vocab);
    wait_for_submitted_ahead();
    if ((code = mend_mirror()) < 0)
        return code;
    while (reused + 1 < count && reused < state.cached && history[reused] == prompt[reused])
        reused++;
    state.chosen = 0;
    state.cached = state.reused = reused;
    forget_window();
    penalize(prompt, count);
    note_logits(0);
    step_buffers[ALONE].u = number_after(0);
    if ((code = compute_prompt(count, selection)) < 0)
        return code;
    note_logits(1);
    return choose(selection, &step_buffers[ALONE], count);
}
ENTRY(prefill, (u32 count), (count))

/* The token that prefill or the last step returned goes into the cache; the one after it comes back. */
static int32_t CALL(step)(void)
{
    enum selection selection = selection_of_settings();
    u32 *history = at(state.history);
    u32 position = state.cached;
    int32_t code;
    if (position == 0)
        return fail(ZCG_EINVAL, "a step comes after a prefill");
    if (position >= state.config.context)
        return fail_limit(ZCG_EOVERFLOW, "the context", position, " tokens, the room that it has is ",
                          state.config.context);
    if (pieces_in_flight()) /* of a prefill that was interrupted */
        wait_for_submitted_ahead();
    if ((code = mend_mirror()) < 0)
        return code;
    history[position] = state.token;
    return may_step_ahead(selection) ? step_ahead(selection) : run_step(selection);
}
ENTRY(step, (void), ())

/* Brings the logits of the last position, and its scores, to where the state says that they are. Where steps ahead have
 * written over them, or the cache was truncated, the step of that position is run again; nothing else changes. */
static int32_t CALL(fetch)(void)
{
    enum selection selection = selection_of_settings();
    int32_t code;
    if (state.cached == 0)
        return fail(ZCG_EINVAL, "logits come with a prefill");
    if ((code = mend_mirror()) < 0) /* which a call that was interrupted left */
        return code;
    if ((code = compute_logits(selection)) < 0)
        return code;
    return fetch_logits(selection);
}
ENTRY(fetch, (void), ())

/* Keep the first `count` tokens of the cache. */
static int32_t CALL(truncate)(u32 count)
{
    wait_for_submitted_ahead();
    if (count < state.cached) {
        state.chosen = 0;
        state.cached = count;
        note_logits(0);
        forget_window();
    }
    return (int32_t)state.cached;
}
ENTRY(truncate, (u32 count), (count))
