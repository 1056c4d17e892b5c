/* The guest of zcwasm.llm: a decoder of the Llama family (Llama 2 and 3, SmolLM2, Qwen2 with its biases).
 *
 * It owns the loop: activations, the key-value cache, the history of tokens and the sampler's state lie in its
 * memory, at addresses that llama_state (llama.h) gives. Weights are tensors of the host, named by handle. It
 * computes nothing but indices and the last walk over a few probabilities; all arithmetic is the device's.
 *
 * The host calls init once, then prefill for a prompt and step for every further token; both return the next
 * token. A step is one submission: a sequence that was recorded at the first one of its kind and is replayed
 * unchanged, since the kernels read the token, its position and its span from this memory. With config.submit_ahead a
 * greedy step is submitted before the one in front of it has ended: the token between them never leaves the device.
 *
 * llama_sample.h, a part of this file, chooses tokens from probabilities.
 *
 * Functions that can fail return a negative zcg_errno and leave a sentence in llama_state.error. A call that is
 * interrupted leaves the cache as it was after the last submission that ended. */
#include "llama.h"

#include <zcwasm.h>
#include <zcwasm_kernels.h>

static llama_state state;

#include "guest.h"

llama_state *EXPORT(address)(void)
{
    return &state;
}

static int32_t fail_limit(zcg_errno code, const char *what, u64 value, const char *limit_is, u64 limit)
{
    fail(code, what);
    say(" is ");
    say_number(value);
    say(limit_is);
    say_number(limit);
    return -(int32_t)code;
}

/* --- kernels and weights --- */

enum { EMBED, RMS_NORM, LINEAR, ROPE, APPEND, ATTENTION, ARGMAX, MAX, AFFINE, PENALIZE, SOFTMAX, TOP_K, KERNELS };

static const char *const kernel_names[KERNELS] = {"embed",  "rms_norm", "linear", "rope",     "append",  "attention",
                                                  "argmax", "max",      "affine", "penalize", "softmax", "top_k"};
static zcg_handle kernels[KERNELS];

typedef struct tensor {
    zcg_handle handle; /* 0: there is none */
    u32 type;
} tensor;

typedef struct layer {
    tensor attention_norm, q, k, v, q_bias, k_bias, v_bias, o, ff_norm, gate, up, down;
} layer;

static layer *layers;
static tensor embedding, output_norm, output;

static u32 length_of(const char *text)
{
    u32 length = 0;
    while (text[length])
        length++;
    return length;
}

/* Tensor `name` of `rows` by `cols`, or of `cols` float32 when rows is 0. With `optional` it may be absent. */
static int32_t find(const char *name, u32 rows, u32 cols, int optional, tensor *out)
{
    zcg_tensor_info info;
    u32 length = length_of(name);
    zcg_handle handle = zcg_tensor_find(name, length);
    out->handle = 0;
    if (handle == -ZCG_ENOENT && optional)
        return 0;
    if (handle < 0)
        return fail_host(handle, name);
    int32_t code = get_info(handle, name, rows, cols, &info);
    if (code < 0)
        return code;
    if (!rows && info.type != ZC_WEIGHT_F32) {
        fail(ZCG_EINVAL, "tensor ");
        say(name);
        say(" must be F32");
        return -ZCG_EINVAL;
    }
    out->handle = handle;
    out->type = info.type;
    return 0;
}

/* The same of layer `index`. */
static int32_t find_in(u32 index, const char *name, u32 rows, u32 cols, int optional, tensor *out)
{
    char full[48] = "blk.", digits[11];
    u32 length = 4, count = 0;
    do
        digits[count++] = (char)('0' + index % 10);
    while (index /= 10);
    while (count)
        full[length++] = digits[--count];
    full[length++] = '.';
    while (*name && length < sizeof full - 1)
        full[length++] = *name++;
    full[length] = 0;
    return find(full, rows, cols, optional, out);
}

static u32 q_columns(void)
{
    return state.config.heads * state.config.head_size;
}
static u32 kv_columns(void)
{
    return state.config.kv_heads * state.config.head_size;
}

static int32_t find_layer(u32 i, layer *l)
{
    const llama_config *c = &state.config;
    const struct {
        const char *name;
        u32 rows, cols;
        int optional;
        tensor *out;
    } wanted[] = {
        {"attn_norm.weight", 0, c->dim, 0, &l->attention_norm},
        {"attn_q.weight", q_columns(), c->dim, 0, &l->q},
        {"attn_k.weight", kv_columns(), c->dim, 0, &l->k},
        {"attn_v.weight", kv_columns(), c->dim, 0, &l->v},
        {"attn_q.bias", 0, q_columns(), 1, &l->q_bias},
        {"attn_k.bias", 0, kv_columns(), 1, &l->k_bias},
        {"attn_v.bias", 0, kv_columns(), 1, &l->v_bias},
        {"attn_output.weight", c->dim, q_columns(), 0, &l->o},
        {"ffn_norm.weight", 0, c->dim, 0, &l->ff_norm},
        {"ffn_gate.weight", c->ff, c->dim, 0, &l->gate},
        {"ffn_up.weight", c->ff, c->dim, 0, &l->up},
        {"ffn_down.weight", c->dim, c->ff, 0, &l->down},
    };
    for (u32 n = 0; n < sizeof wanted / sizeof *wanted; n++) {
        int32_t code = find_in(i, wanted[n].name, wanted[n].rows, wanted[n].cols, wanted[n].optional, wanted[n].out);
        if (code < 0)
            return code;
    }
    return 0;
}

/* --- buffers --- */

/* Of `chunk` rows; gated has 2 * ff columns, gate then up. */
static u32 x, normed, q, k, v, attended, gated;
/* Of a prompt's rows: their positions, and behind these their spans of keys (first, end). */
static u32 prompt_positions;
/* What kernels use in place of `prompt_positions`, state.rope, state.logits and state.scores: the same memory, or
 * copies in scratch. */
static u32 device_positions, device_rope, device_logits, device_scores;
/* Where the device has memory of its own, all that the device reads and writes over and over (x to device_scores)
 * lies in scratch. Addresses from SCRATCH_START on, which the guest's own memory then does not reach, stand for it. */
#define SCRATCH_START ((u64)1 << 31)
static u64 scratch_size; /* 0: everything lies in the guest's memory */
static zcg_handle scratch;

/* Of the sampler: the most likely tokens; ids[0] unique ids of the window; per token, how often it is there and
 * where in ids. */
static u32 top_values, top_indices, ids, counts, indices;

static u32 most_candidates(void)
{
    return state.config.vocab < ZC_TOP_K_MAX ? state.config.vocab : ZC_TOP_K_MAX;
}

/* The rest has been allocated. */
static void allocate_activations(u64 row)
{
    const llama_config *c = &state.config;
    u64 vocab = (u64)c->vocab * sizeof(float);
    struct {
        u32 *address;
        u64 bytes;
        u32 same; /* as this in the guest's memory; 0: there is none */
    } wanted[] = {{&x, c->dim * row, 0},
                  {&normed, c->dim * row, 0},
                  {&q, q_columns() * row, 0},
                  {&k, kv_columns() * row, 0},
                  {&v, kv_columns() * row, 0},
                  {&attended, q_columns() * row, 0},
                  {&gated, 2 * (u64)c->ff * row, 0},
                  {&device_positions, 3 * row, prompt_positions},
                  {&device_rope, (u64)c->context * c->rotated * sizeof(float), state.rope},
                  {&device_logits, vocab, state.logits},
                  {&device_scores, vocab, state.scores}};
    u64 size = 0;
    for (u32 i = 0; i < sizeof wanted / sizeof *wanted; i++)
        size += wanted[i].bytes + ALIGNMENT;
    int in_scratch = c->scratch && heap_end && heap_end <= SCRATCH_START && size <= SCRATCH_START;
    u64 end = SCRATCH_START;
    for (u32 i = 0; i < sizeof wanted / sizeof *wanted; i++) {
        *wanted[i].address = in_scratch ? (u32)end : wanted[i].same ? wanted[i].same : allocate(wanted[i].bytes);
        end += (wanted[i].bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    }
    scratch_size = in_scratch ? size : 0;
}

static int32_t allocate_all(void)
{
    const llama_config *c = &state.config;
    u64 row = (u64)c->chunk * sizeof(float);
    u64 context = (u64)c->context * sizeof(u32), vocab = (u64)c->vocab * sizeof(u32);
    heap_end = (unsigned long)&__heap_base;
    state.cache_layer_bytes = 2 * (u64)c->context * kv_columns() * (c->kv_type == ZC_CACHE_F16 ? 2 : 4);
    state.cache_bytes = state.cache_layer_bytes * c->layers;
    layers = at(allocate((u64)c->layers * sizeof(layer)));
    state.history = allocate(context);
    state.prompt = allocate(context);
    state.logits = allocate(vocab);
    state.scores = allocate(vocab);
    state.rope = allocate(context * c->rotated);
    prompt_positions = allocate(row * 3);
    top_values = allocate(ZC_TOP_K_MAX * sizeof(float));
    top_indices = allocate(ZC_TOP_K_MAX * sizeof(u32));
    ids = allocate(context + sizeof(u32));
    counts = allocate(vocab);
    indices = allocate(vocab);
    state.cache = allocate(state.cache_bytes);
    allocate_activations(row);
    if (heap_end == 0) {
        fail(ZCG_ENOMEM, "the memory of this guest has no room for a cache of ");
        say_number(state.cache_bytes);
        say(" bytes (context ");
        say_number(c->context);
        say(") and what else it needs");
        return -ZCG_ENOMEM;
    }
    return 0;
}

/* --- recording --- */

static zcg_handle target;  /* a sequence, or 0: the next zcg_run */
static int32_t failure;   /* of the first dispatch that was refused */
static zcg_range bound[8]; /* of the next dispatch */
static u32 bound_count;

static void bind(u32 pointer, u64 bytes)
{
    if (scratch_size && pointer >= SCRATCH_START)
        bound[bound_count++] = (zcg_range){.handle = scratch, .offset = pointer - SCRATCH_START, .length = bytes};
    else
        bound[bound_count++] = (zcg_range){.offset = pointer, .length = bytes};
}

/* A tensor, or nothing where it has no handle. */
static void bind_tensor(const tensor *t)
{
    bound[bound_count++] = (zcg_range){.handle = t->handle, .length = t->handle ? ZCG_WHOLE : 0};
}

static void dispatch(u32 kernel, const void *params, u32 size)
{
    if (failure >= 0) {
        failure = zcg_dispatch(target, kernels[kernel], bound, bound_count, params, size);
        if (failure < 0)
            fail_host(failure, kernel_names[kernel]);
    }
    bound_count = 0;
}

static const tensor none;

/* Bytes of `rows` rows of `cols` float32 at a distance of `ld`. */
static u64 matrix(u32 rows, u32 cols, u32 ld)
{
    return ((u64)(rows - 1) * ld + cols) * sizeof(float);
}

/* y (n columns at a distance of ldy) from from (k columns, twice that with SWIGLU). */
static void linear(u32 rows, u32 n, u32 columns, u32 from, const tensor *w, const tensor *bias, const tensor *norm,
                   u32 y, u32 ldy, u32 flags)
{
    u32 from_columns = flags & ZC_LINEAR_SWIGLU ? 2 * columns : columns;
    zc_linear_params p = {.type = w->type,
                          .rows = rows,
                          .n = n,
                          .k = columns,
                          .ldx = from_columns,
                          .ldy = ldy,
                          .flags = flags,
                          .eps = state.config.norm_epsilon};
    p.flags |= bias->handle ? ZC_LINEAR_BIAS : 0;
    p.flags |= norm->handle ? ZC_LINEAR_NORM : 0;
    p.flags |= state.config.exact ? ZC_LINEAR_EXACT : 0;
    bind(from, matrix(rows, from_columns, from_columns));
    bind_tensor(w);
    bind_tensor(bias);
    bind_tensor(norm);
    bind(y, matrix(rows, n, ldy));
    dispatch(LINEAR, &p, sizeof p);
}

/* Words, whatever they are. */
static void copy(u32 from, u32 to, u32 words)
{
    static const u32 first_row;
    zc_append_params p = {.rows = 1, .cols = words, .ldx = words, .ldout = words, .capacity = 1};
    bind(from, (u64)words * sizeof(u32));
    bind((u32)(unsigned long)&first_row, sizeof first_row);
    bind(to, (u64)words * sizeof(u32));
    dispatch(APPEND, &p, sizeof p);
}

static void rope(u32 rows, u32 heads, u32 from, u32 positions, u32 out, u64 out_bytes, u32 capacity, u32 type)
{
    const llama_config *c = &state.config;
    u32 columns = heads * c->head_size;
    zc_rope_params p = {.rows = rows,
                        .heads = heads,
                        .head_size = c->head_size,
                        .rotated = c->rotated,
                        .ldx = columns,
                        .ldout = columns,
                        .table_rows = c->context,
                        .capacity = capacity,
                        .layout = c->rope_layout,
                        .out_type = type};
    bind(from, matrix(rows, columns, columns));
    bind(positions, (u64)rows * sizeof(u32));
    bind(device_rope, (u64)c->context * c->rotated * sizeof(float));
    bind(out, out_bytes);
    dispatch(ROPE, &p, sizeof p);
}

/* From this many rows on an RMS norm that several linears need is computed once, before them. */
enum { NORM_ONCE = 8 };

/* Where linears read what `norm` makes of `from`: either `from`, and they apply the norm, or a buffer. */
static u32 normalize(u32 rows, u32 from, const tensor **norm)
{
    u32 dim = state.config.dim;
    if (rows < NORM_ONCE)
        return from;
    zc_norm_params p = {.rows = rows, .cols = dim, .ldx = dim, .ldout = dim, .eps = state.config.norm_epsilon};
    bind(from, matrix(rows, dim, dim));
    bind_tensor(*norm);
    bind(normed, matrix(rows, dim, dim));
    dispatch(RMS_NORM, &p, sizeof p);
    *norm = &none;
    return normed;
}

/* One layer over `rows` rows of x. What only later rows of the cache need (their keys and values) is computed
 * for all, the rest for the last `kept` ones. */
static void record_layer(u32 index, u32 rows, u32 kept, u32 positions, u32 spans)
{
    const llama_config *c = &state.config;
    const layer *l = &layers[index];
    u32 nq = q_columns(), nkv = kv_columns(), first = rows - kept;
    u64 half = state.cache_layer_bytes / 2;
    u32 keys = (u32)(state.cache + state.cache_layer_bytes * index), values = (u32)(keys + half);
    const tensor *norm = &l->attention_norm;
    u32 from = normalize(rows, x, &norm);
    if (kept)
        linear(kept, nq, c->dim, from + first * c->dim * 4, &l->q, &l->q_bias, norm, q, nq, 0);
    linear(rows, nkv, c->dim, from, &l->k, &l->k_bias, norm, k, nkv, 0);
    linear(rows, nkv, c->dim, from, &l->v, &l->v_bias, norm, v, nkv, 0);

    if (kept)
        rope(kept, c->heads, q, positions + first * 4, q, matrix(kept, nq, nq), 0, ZC_CACHE_F32);
    rope(rows, c->kv_heads, k, positions, keys, half, c->context, c->kv_type);
    zc_append_params append = {
        .rows = rows, .cols = nkv, .ldx = nkv, .ldout = nkv, .capacity = c->context, .out_type = c->kv_type};
    bind(v, matrix(rows, nkv, nkv));
    bind(positions, (u64)rows * sizeof(u32));
    bind(values, half);
    dispatch(APPEND, &append, sizeof append);
    if (!kept)
        return;

    zc_attention_params attention = {.rows = kept,
                                     .heads = c->heads,
                                     .kv_heads = c->kv_heads,
                                     .head_size = c->head_size,
                                     .ldq = nq,
                                     .ldk = nkv,
                                     .ldv = nkv,
                                     .ldout = nq,
                                     .capacity = c->context,
                                     .kv_type = c->kv_type,
                                     .scale = c->attention_scale};
    bind(q, matrix(kept, nq, nq));
    bind(keys, half);
    bind(values, half);
    bind(spans + first * 8, (u64)kept * 2 * sizeof(u32));
    bind(attended, matrix(kept, nq, nq));
    dispatch(ATTENTION, &attention, sizeof attention);

    u32 here = x + first * c->dim * 4;
    linear(kept, c->dim, nq, attended, &l->o, &none, &none, here, c->dim, ZC_LINEAR_ADD);
    norm = &l->ff_norm;
    from = normalize(kept, here, &norm);
    linear(kept, c->ff, c->dim, from, &l->gate, &none, norm, gated, 2 * c->ff, 0);
    linear(kept, c->ff, c->dim, from, &l->up, &none, norm, gated + c->ff * 4, 2 * c->ff, 0);
    linear(kept, c->dim, c->ff, gated, &l->down, &none, &none, here, c->dim, ZC_LINEAR_SWIGLU | ZC_LINEAR_ADD);
}

/* How the next token is chosen. AHEAD_0 and AHEAD_1: greedily, by a step that config.submit_ahead may submit before
 * the one in front of it has ended; it reads step_buffers[0] or step_buffers[1]. */
enum selection { GREEDY, PENALIZED, SAMPLED, AHEAD_0, AHEAD_1, SELECTIONS };

/* With config.submit_ahead: the step of a position reads step_buffers[position % 2] and writes token and best of the
 * other one, which the next step reads. */
static struct step_buffer {
    u32 token;
    float best; /* its logit; NaN if any is */
    u32 position, span[2];
} step_buffers[2];

static enum selection selection_of_settings(void)
{
    const llama_sampling *s = &state.sampling;
    return s->temperature > 0 ? SAMPLED : s->penalty != 1 ? PENALIZED : GREEDY;
}

static void record_argmax(u32 kernel, u32 row_of, void *out)
{
    u32 vocab = state.config.vocab;
    zc_rows_params row = {.rows = 1, .cols = vocab, .ldx = vocab, .ldout = 1};
    bind(row_of, (u64)vocab * sizeof(float));
    bind((u32)(unsigned long)out, sizeof(u32));
    dispatch(kernel, &row, sizeof row);
}

static void record_selection(enum selection selection)
{
    const llama_sampling *s = &state.sampling;
    u32 vocab = state.config.vocab;
    u64 bytes = (u64)vocab * sizeof(float);
    if (selection == AHEAD_0 || selection == AHEAD_1) {
        struct step_buffer *next = &step_buffers[selection == AHEAD_0];
        record_argmax(ARGMAX, device_logits, &next->token);
        record_argmax(MAX, device_logits, &next->best);
        return;
    }
    if (scratch_size)
        copy(device_logits, state.logits, vocab);
    if (selection != GREEDY) {
        zc_affine_params affine = {.count = vocab, .scale = selection == SAMPLED ? 1 / s->temperature : 1};
        bind(device_logits, bytes);
        bind(device_scores, bytes);
        dispatch(AFFINE, &affine, sizeof affine);
        zc_penalize_params penalize = {.cols = vocab, .capacity = state.config.context, .penalty = s->penalty};
        bind(ids, ((u64)state.config.context + 1) * sizeof(u32));
        bind(device_scores, bytes);
        dispatch(PENALIZE, &penalize, sizeof penalize);
    }
    if (selection == SAMPLED) {
        zc_rows_params row = {.rows = 1, .cols = vocab, .ldx = vocab, .ldout = vocab};
        bind(device_scores, bytes);
        bind(device_scores, bytes);
        dispatch(SOFTMAX, &row, sizeof row);
    }
    if (scratch_size && selection != GREEDY)
        copy(device_scores, state.scores, vocab);
    if (selection != SAMPLED) {
        record_argmax(ARGMAX, selection == GREEDY ? device_logits : device_scores, &state.token);
        return;
    }
    zc_top_k_params top = {.rows = 1, .cols = vocab, .ldx = vocab, .k = most_candidates()};
    bind(device_scores, bytes);
    bind(top_values, (u64)top.k * sizeof(float));
    bind(top_indices, (u64)top.k * sizeof(u32));
    dispatch(TOP_K, &top, sizeof top);
}

/* Everything for `rows` tokens at `tokens`, whose positions, and behind these spans, lie at `from`; the logits and
 * the next token too when `last`. */
static int32_t record(zcg_handle sequence, u32 rows, u32 tokens, u32 from, int last, enum selection selection)
{
    const llama_config *c = &state.config;
    target = sequence;
    failure = 0;
    if (scratch_size) {
        copy(from, device_positions, 3 * rows);
        from = device_positions;
    }
    zc_embed_params embed = {.type = embedding.type, .rows = rows, .dim = c->dim, .vocab = c->vocab, .ldout = c->dim};
    bind(tokens, (u64)rows * sizeof(u32));
    bind_tensor(&embedding);
    bind(x, matrix(rows, c->dim, c->dim));
    dispatch(EMBED, &embed, sizeof embed);
    for (u32 i = 0; i < c->layers; i++)
        record_layer(i, rows, i + 1 < c->layers ? rows : last ? 1 : 0, from, from + rows * sizeof(u32));
    if (last) {
        linear(1, c->vocab, c->dim, x + (rows - 1) * c->dim * 4, &output, &none, &output_norm, device_logits, c->vocab,
               0);
        record_selection(selection);
    }
    return failure;
}

#include "llama_sample.h"

/* After the submission: the next token, in state.token too. */
static int32_t choose(enum selection selection)
{
    const float *scores = at(selection == GREEDY ? state.logits : state.scores);
    if (selection == SAMPLED) {
        float best = *(const float *)at(top_values); /* a NaN is the largest */
        if (!(best > 0))
            return fail(ZCG_EIO, "the model's output has no probabilities: NaN or infinite logits");
        state.token = sample();
    } else if (state.token >= state.config.vocab || scores[state.token] != scores[state.token]) {
        return fail(ZCG_EIO, "the model's output has NaN logits");
    }
    return (int32_t)state.token;
}

/* --- what the host calls --- */

static zcg_handle sequences[SELECTIONS]; /* of a step; 0: not recorded yet */
static zcg_handle in_flight[2];        /* submissions of steps with config.submit_ahead, the older one first */
static u32 in_flight_count;

/* Waits until the steps that were submitted ahead have ended. What they computed is not used.
 * A call that was interrupted right after a submission may not have noted its handle. Such a step needs no wait here:
 * work runs in the order of submission, and prefill waits for work of its own before a step writes into step_buffers
 * again. */
static void wait_for_submitted_ahead(void)
{
    for (u32 i = 0; i < in_flight_count; i++)
        zcg_wait(in_flight[i], -1);
    in_flight_count = 0;
}

static int32_t forget_sequence(enum selection selection)
{
    zcg_handle sequence = sequences[selection];
    sequences[selection] = 0;
    return sequence ? zcg_sequence_free(sequence) : 0;
}

/* Finds kernels and weights, makes scratch. init does it; call it again in an instance whose memory came from
 * another one: handles are the instance's own. */
int32_t EXPORT(attach)(void)
{
    const llama_config *c = &state.config;
    int32_t code;
    in_flight_count = 0;
    for (u32 i = 0; i < SELECTIONS; i++)
        sequences[i] = 0;
    for (u32 i = 0; i < KERNELS; i++) {
        kernels[i] = zcg_kernel_find(kernel_names[i], length_of(kernel_names[i]));
        if (kernels[i] < 0)
            return fail_host(kernels[i], kernel_names[i]);
    }
    if ((code = find("token_embd.weight", c->vocab, c->dim, 0, &embedding)) < 0 ||
        (code = find("output_norm.weight", 0, c->dim, 0, &output_norm)) < 0 ||
        (code = find("output.weight", c->vocab, c->dim, 1, &output)) < 0)
        return code;
    if (!output.handle)
        output = embedding; /* tied */
    for (u32 i = 0; i < c->layers; i++)
        if ((code = find_layer(i, &layers[i])) < 0)
            return code;
    scratch = 0;
    if (!scratch_size)
        return 0;
    if ((scratch = zcg_scratch_new(scratch_size)) < 0)
        return fail_host(scratch, "scratch");
    target = failure = 0;
    copy(state.rope, device_rope, c->context * c->rotated);
    if (failure < 0 || (code = zcg_run()) < 0)
        return failure < 0 ? failure : fail_host(code, "the table of angles");
    return 0;
}

/* The numbers are the host's, who is trusted with them no more than with a pointer: products of two must fit. */
static int32_t check_config(void)
{
    const llama_config *c = &state.config;
    const struct {
        const char *name;
        u32 value, most;
    } limits[] = {
        {"layers", c->layers, 4096},        {"dim", c->dim, 1 << 20},         {"heads", c->heads, 1 << 12},
        {"kv_heads", c->kv_heads, 1 << 12}, {"head_size", c->head_size, 256}, {"ff", c->ff, 1 << 22},
        {"vocab", c->vocab, 1 << 24},       {"context", c->context, 1 << 24}, {"chunk", c->chunk, 1 << 12},
    };
    if (c->version != LLAMA_VERSION)
        return fail_limit(ZCG_EINVAL, "config version", c->version, ", this guest speaks ", LLAMA_VERSION);
    for (u32 i = 0; i < sizeof limits / sizeof *limits; i++) {
        if (limits[i].value == 0)
            return fail_limit(ZCG_EINVAL, limits[i].name, 0, ", must be 1 to ", limits[i].most);
        if (limits[i].value > limits[i].most)
            return fail_limit(ZCG_EINVAL, limits[i].name, limits[i].value, ", the most is ", limits[i].most);
    }
    if (c->rotated > c->head_size || c->kv_type > ZC_CACHE_F16)
        return fail(ZCG_EINVAL, "rotated or kv_type is out of range");
    return 0;
}

int32_t EXPORT(init)(void)
{
    static const char config[] = "config", rope_name[] = "rope";
    int32_t code;
    state.version = 0;
    if (zcg_input_size(config, sizeof config - 1) != sizeof state.config)
        return fail(ZCG_EINVAL, "the input config is missing or has another size");
    zcg_input_read(config, sizeof config - 1, 0, &state.config, sizeof state.config);
    if ((code = check_config()) < 0 || (code = allocate_all()) < 0)
        return code;
    u64 table = (u64)state.config.context * state.config.rotated * sizeof(float);
    if (zcg_input_size(rope_name, sizeof rope_name - 1) != (int64_t)table)
        return fail(ZCG_EINVAL, "the input rope is missing or has another size than context and rotated give");
    zcg_input_read(rope_name, sizeof rope_name - 1, 0, at(state.rope), table);
    if ((code = attach()) < 0)
        return code;
    state.sampling = (llama_sampling){.top_p = 1, .penalty = 1};
    state.size = sizeof state;
    state.version = LLAMA_VERSION;
    return 0;
}

/* How tokens are chosen from now on; before prefill. */
int32_t EXPORT(configure)(float temperature, u32 top_k, float top_p, float min_p, float penalty, u32 window, u64 seed)
{
    llama_sampling *s = &state.sampling;
    if (!(temperature >= 0 && temperature <= 1000) || (temperature > 0 && temperature < 0.001f))
        return fail(ZCG_EINVAL, "temperature must be 0, or 0.001 to 1000");
    if (top_k > ZC_TOP_K_MAX)
        return fail_limit(ZCG_EINVAL, "top_k", top_k, ", the most is ", ZC_TOP_K_MAX);
    if (!(top_p > 0 && top_p <= 1))
        return fail(ZCG_EINVAL, "top_p must be above 0 and at most 1");
    if (!(min_p >= 0 && min_p <= 1))
        return fail(ZCG_EINVAL, "min_p must be 0 to 1");
    if (!(penalty >= 0.001f && penalty <= 1000))
        return fail(ZCG_EINVAL, "the repetition penalty must be 0.001 to 1000");
    if (window == 0 && penalty != 1)
        return fail(ZCG_EINVAL, "the repetition window must be at least 1");
    wait_for_submitted_ahead();
    if (temperature != s->temperature || penalty != s->penalty) { /* these are in the recordings */
        forget_sequence(PENALIZED);
        forget_sequence(SAMPLED);
    }
    *s = (llama_sampling){temperature, top_k, top_p, min_p, penalty, window, 0};
    random_bits(); /* as pcg32_srandom */
    s->random += seed;
    random_bits();
    return 0;
}

/* The prompt's `count` tokens. What the cache holds already of its beginning is not computed again. */
int32_t EXPORT(prefill)(u32 count)
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
    while (reused + 1 < count && reused < state.cached && history[reused] == prompt[reused])
        reused++;
    state.cached = state.reused = reused;
    penalize_prompt(prompt, count);
    zcg_discard(); /* what an interrupted call left */
    while (state.cached < count) {
        u32 start = state.cached, rows = count - start;
        rows = rows < state.config.chunk ? rows : state.config.chunk;
        u32 *positions = at(prompt_positions), *spans = positions + rows;
        for (u32 i = 0; i < rows; i++) {
            history[start + i] = prompt[start + i];
            positions[i] = start + i;
            spans[2 * i] = 0;
            spans[2 * i + 1] = start + i + 1;
        }
        if ((code = record(0, rows, state.history + start * 4, prompt_positions, start + rows == count, selection)) <
            0) {
            zcg_discard();
            return code;
        }
        if ((code = zcg_run()) < 0)
            return fail_host(code, "prefill");
        state.cached = start + rows;
    }
    return choose(selection);
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

/* The step of `position`, which may be in flight already; when it returns, the one behind it is. */
static int32_t step_ahead(u32 position)
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

/* The token that prefill or the last step returned goes into the cache; the one after it comes back. */
int32_t EXPORT(step)(void)
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
    history[position] = state.token;
    if (selection == GREEDY && state.config.submit_ahead)
        return step_ahead(position);
    if (!sequences[selection] && (code = record_step(selection)) < 0)
        return code;
    penalize_next(history, position + 1);
    state.position = position;
    state.span[0] = 0;
    state.span[1] = position + 1;
    if ((code = zcg_sequence_run(sequences[selection])) < 0)
        return fail_host(code, "step");
    state.cached = position + 1;
    return choose(selection);
}

/* Keep the first `count` tokens of the cache. */
int32_t EXPORT(truncate)(u32 count)
{
    wait_for_submitted_ahead();
    state.cached = count < state.cached ? count : state.cached;
    return (int32_t)state.cached;
}
