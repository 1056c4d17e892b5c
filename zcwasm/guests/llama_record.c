/* llama_record.c: the forward pass over some rows, and the choice of the next token, as dispatches of kernels.
 *
 * They go into the batch of the next zcg_run or into a sequence. The kernels read tokens, positions and spans from
 * memory, so that what is recorded once holds for every position. */
#include "llama_internal.h"

enum {
    EMBED,
    RMS_NORM,
    LINEAR,
    LINEAR_GATED,
    ROPE_APPEND,
    APPEND,
    ATTENTION,
    AFFINE,
    PENALIZE,
    SOFTMAX,
    TOP_K,
    DRAW,
    KERNELS
};

static const char *const kernel_names[KERNELS] = {"embed",       "rms_norm", "linear",    "linear_gated",
                                                  "rope_append", "append",   "attention", "affine",
                                                  "penalize",    "softmax",  "top_k",     "draw"};
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

static void bind(u32 pointer, u64 bytes)
{
    if (scratch_size && pointer >= SCRATCH_START)
        bound[bound_count++] =
            (zcg_range){.handle = scratch ? scratch : -1, .offset = pointer - SCRATCH_START, .length = bytes};
    else
        bound[bound_count++] = (zcg_range){.offset = pointer, .length = bytes};
}

/* A tensor, or nothing where it has no handle. */
static void bind_tensor(const tensor *t)
{
    bound[bound_count++] = (zcg_range){.handle = t->handle, .length = t->handle ? ZCG_WHOLE : 0};
}

/* Bytes of the cache where kernels read them: of its mirror, or of the guest's own. */
static void bind_cache(u64 offset, u64 bytes)
{
    u64 start = cache_mirror ? 0 : state.cache;
    bound[bound_count++] = (zcg_range){.handle = cache_mirror, .offset = start + offset, .length = bytes};
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
    return rows ? ((u64)(rows - 1) * ld + cols) * sizeof(float) : 0;
}

static u32 linear_flags(const tensor *bias, const tensor *norm)
{
    return (bias->handle ? ZC_LINEAR_BIAS : 0) | (norm->handle ? ZC_LINEAR_NORM : 0) |
           (state.config.exact ? ZC_LINEAR_EXACT : 0);
}

/* y (n columns) from from (k columns). */
static void linear(u32 rows, u32 n, u32 k, u32 from, const tensor *w, const tensor *bias, const tensor *norm, u32 y,
                   u32 flags)
{
    zc_linear_params p = {.type = w->type,
                          .rows = rows,
                          .n = n,
                          .k = k,
                          .ldx = k,
                          .ldy = n,
                          .flags = flags | linear_flags(bias, norm),
                          .eps = state.config.norm_epsilon};
    bind(from, matrix(rows, k, k));
    bind_tensor(w);
    bind_tensor(bias);
    bind_tensor(norm);
    bind(y, matrix(rows, n, n));
    dispatch(LINEAR, &p, sizeof p);
}

/* What goes into the feed-forward's down. */
static void linear_gated(u32 rows, u32 from, const layer *l)
{
    u32 n = state.config.ff, k = state.config.dim;
    zc_linear_gated_params p = {.gate_type = l->gate.type,
                                .up_type = l->up.type,
                                .rows = rows,
                                .n = n,
                                .k = k,
                                .ldx = k,
                                .ldy = n,
                                .flags = linear_flags(&none, &l->ff_norm),
                                .eps = state.config.norm_epsilon};
    bind(from, matrix(rows, k, k));
    bind_tensor(&l->gate);
    bind_tensor(&l->up);
    bind_tensor(&l->ff_norm);
    bind(buffers.gated, matrix(rows, n, n));
    dispatch(LINEAR_GATED, &p, sizeof p);
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

/* q, of which there are the last `kept` rows, is rotated; k and v go into a layer's part of the cache. */
static void rope_append(u32 rows, u32 kept, u32 positions, u64 in_cache)
{
    const llama_config *c = &state.config;
    u32 nq = q_columns(), nkv = kv_columns();
    zc_rope_append_params p = {.rows = rows,
                               .q_rows = kept,
                               .heads = c->heads,
                               .kv_heads = c->kv_heads,
                               .head_size = c->head_size,
                               .rotated = c->rotated,
                               .ldq = nq,
                               .ldk = nkv,
                               .ldv = nkv,
                               .ldout = nkv,
                               .table_rows = c->context,
                               .capacity = c->context,
                               .layout = c->rope_layout,
                               .out_type = c->kv_type,
                               .mirrored = cache_mirror != 0};
    bind(buffers.q, matrix(kept, nq, nq));
    bind(buffers.k, matrix(rows, nkv, nkv));
    bind(buffers.v, matrix(rows, nkv, nkv));
    bind(positions, (u64)rows * sizeof(u32));
    bind(buffers.device_rope, (u64)c->context * c->rotated * sizeof(float));
    bind((u32)(state.cache + in_cache), state.cache_layer_bytes);
    bind_cache(in_cache, cache_mirror ? state.cache_layer_bytes : 0);
    dispatch(ROPE_APPEND, &p, sizeof p);
}

/* Of the last `kept` rows, to buffers.attended. */
static void attention(u32 kept, u32 spans, u64 in_cache)
{
    const llama_config *c = &state.config;
    u32 nq = q_columns(), nkv = kv_columns();
    u64 half = state.cache_layer_bytes / 2;
    zc_attention_params p = {.rows = kept,
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
    bind(buffers.q, matrix(kept, nq, nq));
    bind_cache(in_cache, half);
    bind_cache(in_cache + half, half);
    bind(spans, (u64)kept * 2 * sizeof(u32));
    bind(buffers.attended, matrix(kept, nq, nq));
    dispatch(ATTENTION, &p, sizeof p);
}

int32_t record_copy(u32 from, u32 to, u32 words)
{
    target = failure = 0;
    copy(from, to, words);
    return failure;
}

/* --- layers --- */

/* From this many rows on an RMS norm that several linears need (those of q, k and v) is computed once, before them; but
 * not on a device with memory of its own: there one more dispatch that everything waits for takes longer than doing the
 * norm again (by 1 to 2% of a prompt of 512 tokens, 1B weights, on an H200). */
enum { NORM_ONCE = 8 };

/* Where linears read what `norm` makes of `from`: either `from`, and they apply the norm, or a buffer. */
static u32 normalize(u32 rows, u32 from, const tensor **norm)
{
    u32 dim = state.config.dim;
    if (rows < NORM_ONCE || scratch_size)
        return from;
    zc_norm_params p = {.rows = rows, .cols = dim, .ldx = dim, .ldout = dim, .eps = state.config.norm_epsilon};
    bind(from, matrix(rows, dim, dim));
    bind_tensor(*norm);
    bind(buffers.normed, matrix(rows, dim, dim));
    dispatch(RMS_NORM, &p, sizeof p);
    *norm = &none;
    return buffers.normed;
}

/* One layer over `rows` rows of x. What only later rows of the cache need (their keys and values) is computed
 * for all, the rest for the last `kept` ones. */
static void record_layer(u32 index, u32 rows, u32 kept, u32 positions, u32 spans)
{
    const llama_config *c = &state.config;
    const layer *l = &model.layers[index];
    u32 nq = q_columns(), nkv = kv_columns(), first = rows - kept;
    u64 in_cache = state.cache_layer_bytes * index;
    const tensor *norm = &l->attention_norm;
    u32 from = normalize(rows, buffers.x, &norm);
    if (kept)
        linear(kept, nq, c->dim, from + first * c->dim * 4, &l->q, &l->q_bias, norm, buffers.q, 0);
    linear(rows, nkv, c->dim, from, &l->k, &l->k_bias, norm, buffers.k, 0);
    linear(rows, nkv, c->dim, from, &l->v, &l->v_bias, norm, buffers.v, 0);
    rope_append(rows, kept, positions, in_cache);
    if (!kept)
        return;

    attention(kept, spans + first * 8, in_cache);
    u32 here = buffers.x + first * c->dim * 4;
    linear(kept, c->dim, nq, buffers.attended, &l->o, &none, &none, here, ZC_LINEAR_ADD);
    linear_gated(kept, here, l);
    linear(kept, c->dim, c->ff, buffers.gated, &l->down, &none, &none, here, ZC_LINEAR_ADD);
}

/* --- the next token --- */

static void record_top_k(u32 row, u32 k, u32 values, u32 indices)
{
    u32 vocab = state.config.vocab;
    zc_top_k_params p = {.rows = 1, .cols = vocab, .ldx = vocab, .k = k};
    bind(row, (u64)vocab * sizeof(float));
    bind(values, (u64)k * sizeof(float));
    bind(indices, (u64)k * sizeof(u32));
    dispatch(TOP_K, &p, sizeof p);
}

/* Logits, penalized and divided by the temperature: where they are. */
static u32 record_scores(enum selection selection)
{
    const llama_sampling *s = &state.sampling;
    u32 vocab = state.config.vocab;
    u64 bytes = (u64)vocab * sizeof(float);
    zc_affine_params affine = {.count = vocab, .scale = selection == SAMPLED ? 1 / s->temperature : 1};
    if (affine.scale == 1 && s->repetition_penalty == 1)
        return buffers.device_logits;
    bind(buffers.device_logits, bytes);
    bind(buffers.device_scores, bytes);
    dispatch(AFFINE, &affine, sizeof affine);
    if (s->repetition_penalty != 1) {
        zc_penalize_params p = {.cols = vocab, .capacity = state.config.context, .penalty = s->repetition_penalty};
        bind(buffers.window_ids, ((u64)state.config.context + 1) * sizeof(u32));
        bind(buffers.device_scores, bytes);
        dispatch(PENALIZE, &p, sizeof p);
    }
    return buffers.device_scores;
}

static void record_draw(struct step_buffer *next)
{
    const llama_sampling *s = &state.sampling;
    u32 count = candidates();
    zc_draw_params p = {.rows = 1,
                        .count = count,
                        .complete = count == state.config.vocab,
                        .top_k = s->top_k,
                        .top_p = s->top_p,
                        .min_p = s->min_p};
    bind(buffers.device_top_values, (u64)count * sizeof(float));
    bind(buffers.device_top_indices, (u64)count * sizeof(u32));
    bind((u32)(unsigned long)&next->u, sizeof next->u);
    bind((u32)(unsigned long)&next->token, sizeof next->token);
    dispatch(DRAW, &p, sizeof p);
}

static void record_selection(enum selection selection, struct step_buffer *next)
{
    u32 vocab = state.config.vocab, row = buffers.device_logits;
    u64 bytes = (u64)vocab * sizeof(float);
    if (selection != GREEDY)
        row = record_scores(selection);
    if (selection != SAMPLED) {
        record_top_k(row, 1, (u32)(unsigned long)&next->best, (u32)(unsigned long)&next->token);
        return;
    }
    zc_rows_params softmax = {.rows = 1, .cols = vocab, .ldx = vocab, .ldout = vocab};
    bind(row, bytes);
    bind(buffers.device_scores, bytes);
    dispatch(SOFTMAX, &softmax, sizeof softmax);
    record_top_k(buffers.device_scores, candidates(), buffers.device_top_values, buffers.device_top_indices);
    record_draw(next);
}

/* --- what kernels leave in scratch --- */

static void begin_fetch(void)
{
    zcg_discard(); /* what an interrupted call left */
    target = failure = 0;
}

static void fetch(u32 from, u32 to, u32 words)
{
    if (from != to)
        copy(from, to, words);
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
    fetch(buffers.device_top_values, buffers.top_values, candidates());
    fetch(buffers.device_top_indices, buffers.top_indices, candidates());
    return end_fetch();
}

/* --- all of it --- */

/* A prompt's first layers, behind which what has been recorded is submitted: while the device computes one layer of many
 * rows, several are recorded. */
enum { FIRST_PIECE = 2, SECOND_PIECE = 8 };

int32_t record(zcg_handle sequence, u32 rows, u32 tokens, u32 from, struct step_buffer *next, enum selection selection)
{
    const llama_config *c = &state.config;
    target = sequence;
    failure = 0;
    if (scratch_size) {
        copy(from, buffers.device_positions, 3 * rows);
        from = buffers.device_positions;
    }
    zc_embed_params embed = {
        .type = model.embedding.type, .rows = rows, .dim = c->dim, .vocab = c->vocab, .ldout = c->dim};
    bind(tokens, (u64)rows * sizeof(u32));
    bind_tensor(&model.embedding);
    bind(buffers.x, matrix(rows, c->dim, c->dim));
    dispatch(EMBED, &embed, sizeof embed);
    for (u32 i = 0; i < c->layers; i++) {
        record_layer(i, rows, i + 1 < c->layers ? rows : next ? 1 : 0, from, from + rows * sizeof(u32));
        if (sequence == 0 && state.device.submit_ahead && failure >= 0 &&
            (i + 1 == FIRST_PIECE || i + 1 == SECOND_PIECE))
            failure = submit_piece();
    }
    if (next) {
        linear(1, c->vocab, c->dim, buffers.x + (rows - 1) * c->dim * 4, &model.output, &none, &model.output_norm,
               buffers.device_logits, 0);
        record_selection(selection, next);
    }
    return failure;
}
