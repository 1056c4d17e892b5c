/* llama_record.c: the forward pass over some rows, and the choice of a session's next token, as dispatches of kernels.
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

void dispatch(enum kernel kernel, const void *params, u32 size)
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

void record_copy(u32 from, u32 to, u32 words)
{
    static const u32 first_row;
    zc_append_params p = {.rows = 1, .cols = words, .ldx = words, .ldout = words, .capacity = 1};
    bind(from, (u64)words * sizeof(u32));
    bind((u32)(unsigned long)&first_row, sizeof first_row);
    bind(to, (u64)words * sizeof(u32));
    dispatch(APPEND, &p, sizeof p);
}

/* Rows of `cols` float32, those of `from` that the ids name. */
static void gather(u32 ids, u32 count, u32 from, u32 rows, u32 cols, u32 to)
{
    zc_embed_params p = {.type = ZC_WEIGHT_F32, .rows = count, .dim = cols, .vocab = rows, .ldout = cols};
    bind(ids, (u64)count * sizeof(u32));
    bind(from, matrix(rows, cols, cols));
    bind(to, matrix(count, cols, cols));
    dispatch(EMBED, &p, sizeof p);
}

/* q, of which there are the last `kept` rows, is rotated; k and v go into a layer's part of the cache. */
static void rope_append(const pass *of, u32 kept, const llama_layer *layer, u64 in_cache)
{
    const llama_config *c = &state.config;
    u32 rows = of->rows, nq = q_columns(), nkv = kv_columns();
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
                               .capacity = cache_rows,
                               .layout = c->rope_layout,
                               .out_type = c->kv_type,
                               .mirrored = cache_mirror != 0};
    bind(buffers.q, matrix(kept, nq, nq));
    bind(buffers.k, matrix(rows, nkv, nkv));
    bind(buffers.v, matrix(rows, nkv, nkv));
    bind(of->positions, (u64)rows * sizeof(u32));
    bind(buffers.device_rope + layer->rope * (u32)rope_bytes(), rope_bytes());
    if (of->page)
        bind(of->places, (u64)rows * sizeof(u32));
    bind((u32)(state.cache + in_cache), state.cache_layer_bytes);
    bind_cache(in_cache, cache_mirror ? state.cache_layer_bytes : 0);
    dispatch(of->page ? ROPE_APPEND_PAGED : ROPE_APPEND, &p, sizeof p);
}

/* Of the last `kept` rows, to buffers.attended. */
static void attention(const pass *of, u32 kept, u64 in_cache)
{
    const llama_config *c = &state.config;
    u32 nq = q_columns(), nkv = kv_columns(), spans = of->spans + (of->rows - kept) * 2 * sizeof(u32);
    u64 half = state.cache_layer_bytes / 2;
    zc_attention_params p = {.rows = kept,
                             .heads = c->heads,
                             .kv_heads = c->kv_heads,
                             .head_size = c->head_size,
                             .ldq = nq,
                             .ldk = nkv,
                             .ldv = nkv,
                             .ldout = nq,
                             .capacity = cache_rows,
                             .kv_type = c->kv_type,
                             .scale = c->attention_scale};
    bind(buffers.q, matrix(kept, nq, nq));
    bind_cache(in_cache, half);
    bind_cache(in_cache + half, half);
    bind(spans, (u64)kept * 2 * sizeof(u32));
    bind(buffers.attended, matrix(kept, nq, nq));
    dispatch(ATTENTION, &p, sizeof p);
}

/* The same of one piece, with a cache in pages. */
static void attention_paged(const pass *of, const llama_piece *piece, u32 kept, u64 in_cache)
{
    const llama_config *c = &state.config;
    u32 nq = q_columns(), nkv = kv_columns(), here = (piece->first - (of->rows - kept)) * nq * sizeof(float);
    u64 half = state.cache_layer_bytes / 2;
    zc_attention_paged_params p = {.rows = piece->count,
                                   .heads = c->heads,
                                   .kv_heads = c->kv_heads,
                                   .head_size = c->head_size,
                                   .ldq = nq,
                                   .ldk = nkv,
                                   .ldv = nkv,
                                   .ldout = nq,
                                   .capacity = cache_rows,
                                   .page = of->page,
                                   .table_words = of->table_words,
                                   .context = of->reach,
                                   .shared = piece->shared,
                                   .kv_type = c->kv_type,
                                   .scale = c->attention_scale};
    bind(buffers.q + here, matrix(piece->count, nq, nq));
    bind_cache(in_cache, half);
    bind_cache(in_cache + half, half);
    bind(of->spans + piece->first * 3 * sizeof(u32), (u64)piece->count * 3 * sizeof(u32));
    bind(of->tables, (u64)of->table_words * sizeof(u32));
    bind(buffers.attended + here, matrix(piece->count, nq, nq));
    dispatch(ATTENTION_PAGED, &p, sizeof p);
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

/* A layer's attention over all rows of x: its keys and values for all, the rest for the last `kept` ones, whose result
 * goes to buffers.attended. */
static void record_attention(u32 index, const pass *of, u32 kept)
{
    const llama_config *c = &state.config;
    const layer *l = &model.layers[index];
    u32 rows = of->rows, nkv = kv_columns();
    u64 in_cache = state.cache_layer_bytes * index;
    const tensor *norm = &l->attention_norm;
    u32 from = normalize(rows, buffers.x, &norm);
    if (kept)
        linear(kept, q_columns(), c->dim, from + (rows - kept) * c->dim * 4, &l->q, &l->q_bias, norm, buffers.q, 0);
    linear(rows, nkv, c->dim, from, &l->k, &l->k_bias, norm, buffers.k, 0);
    linear(rows, nkv, c->dim, from, &l->v, &l->v_bias, norm, buffers.v, 0);
    rope_append(of, kept, &l->numbers, in_cache);
    if (kept && !of->page)
        attention(of, kept, in_cache);
    const piece_list *pieces = index + 1 < c->layers ? &of->pieces : &of->last_pieces;
    for (u32 i = 0; of->page && i < pieces->count; i++)
        attention_paged(of, &pieces->of[i], kept, in_cache);
}

/* The rest of the layer, over rows at x. */
static void record_rest(const layer *l, u32 rows, u32 attended, u32 x)
{
    const llama_config *c = &state.config;
    linear(rows, c->dim, q_columns(), attended, &l->o, &none, &none, x, ZC_LINEAR_ADD);
    linear_gated(rows, x, l);
    linear(rows, c->dim, c->ff, buffers.gated, &l->down, &none, &none, x, ZC_LINEAR_ADD);
}

/* A prompt's first layers, behind which what has been recorded is submitted: while the device computes one layer of many
 * rows, several are recorded. */
enum { FIRST_PIECE = 2, SECOND_PIECE = 8 };

u32 record_layers(const pass *of)
{
    const llama_config *c = &state.config;
    u32 x = buffers.x;
    zc_embed_params embed = {
        .type = model.embedding.type, .rows = of->rows, .dim = c->dim, .vocab = c->vocab, .ldout = c->dim};
    bind(of->tokens, (u64)of->rows * sizeof(u32));
    bind_tensor(&model.embedding);
    bind(x, matrix(of->rows, c->dim, c->dim));
    dispatch(EMBED, &embed, sizeof embed);
    for (u32 i = 0; i < c->layers; i++) {
        u32 kept = i + 1 < c->layers ? of->rows : of->kept, rows = kept, attended = buffers.attended;
        record_attention(i, of, kept);
        x = buffers.x + (of->rows - kept) * c->dim * 4;
        if (i + 1 == c->layers && of->gathered) {
            /* What was read there has been used. */
            rows = of->gathered;
            gather(of->gather, rows, attended, kept, q_columns(), buffers.q);
            gather(of->gather, rows, x, kept, c->dim, buffers.normed);
            attended = buffers.q;
            x = buffers.normed;
        }
        if (kept)
            record_rest(&model.layers[i], rows, attended, x);
        if (of->submitted && failure >= 0 && (i + 1 == FIRST_PIECE || i + 1 == SECOND_PIECE))
            failure = submit_piece();
    }
    return x;
}

void record_output(u32 x, u32 rows)
{
    const llama_config *c = &state.config;
    linear(rows, c->vocab, c->dim, x, &model.output, &none, &model.output_norm, buffers.device_logits, 0);
}

/* --- the next token --- */

void record_affine(u32 from, u32 rows, float scale, u32 to)
{
    zc_affine_params p = {.count = rows * state.config.vocab, .scale = scale};
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
    record_affine(buffers.device_logits, 1, scale, buffers.device_scores);
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
