/* llama_layers.c: the forward pass over some rows, as dispatches of kernels: the graph that the config and the layers'
 * numbers describe (llama.h).
 *
 * x is what the layers add to. All that reads it norms it first, where there is a residual_scale: so x is kept divided by
 * that scale, what is added needs no factor, and the norms' epsilon is divided by the scale's square. */
#include "llama_internal.h"

static const tensor none;

/* --- what is made of tensors --- */

/* Zeros, in place of biases that a layer norm does not have; and the output's norm times logit_scale, weights and
 * biases, so that logits need no factor. */
u32 made_count(void)
{
    const llama_config *c = &state.config;
    return c->norms & LLAMA_NORM_LAYER || c->logit_scale != 1 ? 3 * c->dim : 0;
}

static tensor made(u32 index)
{
    u32 dim = state.config.dim;
    return (tensor){.type = ZC_WEIGHT_F32, .address = buffers.device_made + index * dim * 4, .count = dim};
}

static void scale_vector(tensor *t, u32 index)
{
    tensor to = made(index);
    zc_affine_params p = {.count = to.count, .scale = state.config.logit_scale};
    bind_tensor(t);
    bind_tensor(&to);
    dispatch(AFFINE, &p, sizeof p);
    *t = to;
}

void record_made(void)
{
    const llama_config *c = &state.config;
    if (c->norms & LLAMA_NORM_LAYER) {
        tensor zeros = made(0);
        zc_fill_params p = {.count = zeros.count};
        bind_tensor(&zeros);
        dispatch(FILL, &p, sizeof p);
    }
    if (c->logit_scale != 1) {
        scale_vector(&model.output_norm.weight, 1);
        if (is_there(&model.output_norm.bias))
            scale_vector(&model.output_norm.bias, 2);
    }
}

/* --- products --- */

static u32 linear_flags(const tensor *bias, const tensor *norm)
{
    return (is_there(bias) ? ZC_LINEAR_BIAS : 0) | (is_there(norm) ? ZC_LINEAR_NORM : 0) |
           (state.config.exact ? ZC_LINEAR_EXACT : 0);
}

/* Of a norm of x. */
static float epsilon_of_x(void)
{
    const llama_config *c = &state.config;
    return c->norm_epsilon / (c->residual_scale * c->residual_scale);
}

/* y (n columns, ldy elements apart) from from (k columns); norm: that of x, which is applied to it. With ZC_LINEAR_SWIGLU
 * from has 2k columns. */
static void linear_apart(u32 rows, u32 n, u32 k, u32 from, const dense *d, const tensor *norm, u32 y, u32 ldy,
                         u32 flags)
{
    u32 cols = flags & ZC_LINEAR_SWIGLU ? 2 * k : k;
    zc_linear_params p = {.type = d->weight.type,
                          .rows = rows,
                          .n = n,
                          .k = k,
                          .ldx = cols,
                          .ldy = ldy,
                          .flags = flags | linear_flags(&d->bias, norm),
                          .eps = epsilon_of_x()};
    bind(from, matrix(rows, cols, cols));
    bind_tensor(&d->weight);
    bind_tensor(&d->bias);
    bind_tensor(norm);
    bind(y, matrix(rows, n, ldy));
    dispatch(LINEAR, &p, sizeof p);
}

static void linear(u32 rows, u32 n, u32 k, u32 from, const dense *d, const tensor *norm, u32 y, u32 flags)
{
    linear_apart(rows, n, k, from, d, norm, y, n, flags);
}

static void linear_gated(u32 rows, u32 from, const layer *l, const tensor *norm)
{
    const llama_config *c = &state.config;
    u32 n = c->ff, k = c->dim;
    zc_linear_gated_params p = {.gate_type = l->gate.weight.type,
                                .up_type = l->up.weight.type,
                                .rows = rows,
                                .n = n,
                                .k = k,
                                .ldx = k,
                                .ldy = n,
                                .flags = linear_flags(&none, norm) |
                                         (c->feed_forward == LLAMA_FF_GELU_TANH ? ZC_LINEAR_GELU_TANH : 0),
                                .eps = epsilon_of_x()};
    bind(from, matrix(rows, k, k));
    bind_tensor(&l->gate.weight);
    bind_tensor(&l->up.weight);
    bind_tensor(norm);
    bind(buffers.gated, matrix(rows, n, n));
    dispatch(LINEAR_GATED, &p, sizeof p);
}

/* --- norms --- */

/* To `to`, or with NORM_ADD added there. */
static void rms_norm(enum kernel kernel, u32 rows, u32 cols, u32 from, const tensor *weight, float epsilon, u32 to)
{
    zc_norm_params p = {.rows = rows, .cols = cols, .ldx = cols, .ldout = cols, .eps = epsilon};
    bind(from, matrix(rows, cols, cols));
    bind_tensor(weight);
    bind(to, matrix(rows, cols, cols));
    dispatch(kernel, &p, sizeof p);
}

/* Of rows of dim columns. */
static void layer_norm(u32 rows, u32 from, const norm *n, float epsilon, u32 to)
{
    u32 dim = state.config.dim;
    tensor zeros = made(0);
    zc_norm_params p = {.rows = rows, .cols = dim, .ldx = dim, .ldout = dim, .eps = epsilon};
    bind(from, matrix(rows, dim, dim));
    bind_tensor(&n->weight);
    bind_tensor(is_there(&n->bias) ? &n->bias : &zeros);
    bind(to, matrix(rows, dim, dim));
    dispatch(LAYER_NORM, &p, sizeof p);
}

/* From this many rows on an RMS norm that several linears need (those of q, k and v) is computed once, before them; but
 * not on a device with memory of its own: there one more dispatch that everything waits for takes longer than doing the
 * norm again (by 1 to 2% of a prompt of 512 tokens, 1B weights, on an H200). */
enum { NORM_ONCE = 8 };

/* What linears read in place of x, and the norm that they apply to it, or none. */
typedef struct normed {
    u32 from;
    const tensor *norm;
} normed;

/* What is before attention, or the feed-forward. to: room for it, where it is not the linears that norm; `several` of
 * them read it. */
static normed normalize(u32 rows, u32 x, const norm *n, u32 to, int several)
{
    const llama_config *c = &state.config;
    if (!(c->norms & LLAMA_NORM_PRE))
        return (normed){x, &none};
    if (c->norms & LLAMA_NORM_LAYER)
        layer_norm(rows, x, n, epsilon_of_x(), to);
    else if (several && rows >= NORM_ONCE && !scratch_size)
        rms_norm(RMS_NORM, rows, c->dim, x, &n->weight, epsilon_of_x(), to);
    else
        return (normed){x, &n->weight};
    return (normed){to, &none};
}

/* Of heads of q or k, where they lie. */
static void norm_heads(u32 rows, u32 columns, u32 heads, const tensor *weight)
{
    const llama_config *c = &state.config;
    u32 cols = c->qk_norm == LLAMA_QK_HEAD ? c->head_size : columns;
    if (c->qk_norm)
        rms_norm(RMS_NORM, rows * (columns / cols), cols, heads, weight, c->norm_epsilon, heads);
}

/* x gets what the linear gives, or what a norm makes of that. */
static void add_linear(u32 rows, u32 k, u32 from, const dense *d, const norm *post, u32 x, u32 flags)
{
    const llama_config *c = &state.config;
    u32 dim = c->dim;
    if (!(c->norms & LLAMA_NORM_POST)) {
        linear(rows, dim, k, from, d, &none, x, flags | ZC_LINEAR_ADD);
        return;
    }
    linear(rows, dim, k, from, d, &none, buffers.part, flags);
    if (!(c->norms & LLAMA_NORM_LAYER)) {
        rms_norm(NORM_ADD, rows, dim, buffers.part, &post->weight, c->norm_epsilon, x);
        return;
    }
    layer_norm(rows, buffers.part, post, c->norm_epsilon, buffers.part);
    zc_elementwise_params p = {.count = rows * dim};
    bind(x, matrix(rows, dim, dim));
    bind(buffers.part, matrix(rows, dim, dim));
    bind(x, matrix(rows, dim, dim));
    dispatch(ADD, &p, sizeof p);
}

/* --- attention --- */

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
static void attention(const pass *of, u32 kept, const layer *l, u64 in_cache)
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
                             .scale = c->attention_scale,
                             .window = l->numbers.window,
                             .softcap = c->attention_softcap,
                             .sinks = is_there(&l->sinks)};
    bind(buffers.q, matrix(kept, nq, nq));
    bind_cache(in_cache, half);
    bind_cache(in_cache + half, half);
    bind(spans, (u64)kept * 2 * sizeof(u32));
    bind_tensor(&l->sinks);
    bind(buffers.attended, matrix(kept, nq, nq));
    dispatch(ATTENTION, &p, sizeof p);
}

/* The same of one piece, with a cache in pages. */
static void attention_paged(const pass *of, const llama_piece *piece, u32 kept, const layer *l, u64 in_cache)
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
                                   .scale = c->attention_scale,
                                   .window = l->numbers.window,
                                   .softcap = c->attention_softcap,
                                   .sinks = is_there(&l->sinks)};
    bind(buffers.q + here, matrix(piece->count, nq, nq));
    bind_cache(in_cache, half);
    bind_cache(in_cache + half, half);
    bind(of->spans + piece->first * 3 * sizeof(u32), (u64)piece->count * 3 * sizeof(u32));
    bind(of->tables, (u64)of->table_words * sizeof(u32));
    bind_tensor(&l->sinks);
    bind(buffers.attended + here, matrix(piece->count, nq, nq));
    dispatch(ATTENTION_PAGED, &p, sizeof p);
}

/* A layer's attention over all rows of x: its keys and values for all, the rest for the last `kept` ones, whose result
 * goes to buffers.attended. Returns what it read. */
static normed record_attention(u32 index, const pass *of, u32 kept)
{
    const llama_config *c = &state.config;
    const layer *l = &model.layers[index];
    u32 rows = of->rows, nq = q_columns(), nkv = kv_columns();
    u64 in_cache = state.cache_layer_bytes * index;
    normed in = normalize(rows, buffers.x, &l->attention_norm, buffers.normed, 1);
    if (kept) {
        linear(kept, nq, c->dim, in.from + (rows - kept) * c->dim * 4, &l->q, in.norm, buffers.q, 0);
        norm_heads(kept, nq, buffers.q, &l->q_norm);
    }
    linear(rows, nkv, c->dim, in.from, &l->k, in.norm, buffers.k, 0);
    norm_heads(rows, nkv, buffers.k, &l->k_norm);
    linear(rows, nkv, c->dim, in.from, &l->v, in.norm, buffers.v, 0);
    rope_append(of, kept, &l->numbers, in_cache);
    if (kept && !of->page)
        attention(of, kept, l, in_cache);
    const piece_list *pieces = index + 1 < c->layers ? &of->pieces : &of->last_pieces;
    for (u32 i = 0; of->page && i < pieces->count; i++)
        attention_paged(of, &pieces->of[i], kept, l, in_cache);
    return in;
}

/* --- the feed-forward --- */

/* To buffers.gated; returns the flags of the linear that reads it. */
static u32 record_up(const layer *l, u32 rows, normed in)
{
    const llama_config *c = &state.config;
    u32 ff = c->ff, dim = c->dim;
    switch (c->feed_forward) {
    case LLAMA_FF_PLAIN_GELU:
        linear(rows, ff, dim, in.from, &l->up, in.norm, buffers.gated, ZC_LINEAR_GELU);
        return 0;
    case LLAMA_FF_PLAIN_GELU_TANH:
        linear(rows, ff, dim, in.from, &l->up, in.norm, buffers.gated, ZC_LINEAR_GELU_TANH);
        return 0;
    default:
        if (!model.gate_biases) {
            linear_gated(rows, in.from, l, in.norm);
            return 0;
        }
        linear_apart(rows, ff, dim, in.from, &l->gate, in.norm, buffers.gated, 2 * ff, 0);
        linear_apart(rows, ff, dim, in.from, &l->up, in.norm, buffers.gated + ff * 4, 2 * ff, 0);
        return ZC_LINEAR_SWIGLU;
    }
}

/* Rows of y, of which each `share` read one of from, with the weights of the experts at routing_ids. */
static void linear_chosen(u32 rows, u32 n, u32 k, u32 from, u32 share, const dense *d, u32 y, u32 ldy, u32 flags)
{
    u32 cols = flags & (ZC_LINEAR_SWIGLU | ZC_LINEAR_SWIGLU_CLAMPED) ? 2 * k : k;
    zc_linear_chosen_params p = {.type = d->weight.type,
                                 .rows = rows,
                                 .n = n,
                                 .k = k,
                                 .experts = state.config.experts,
                                 .share = share,
                                 .ldx = cols,
                                 .ldy = ldy,
                                 .flags = flags | linear_flags(&d->bias, &none)};
    bind(from, matrix(rows / share, cols, cols));
    bind_tensor(&d->weight);
    bind_tensor(&d->bias);
    bind(buffers.routing_ids, (u64)rows * sizeof(u32));
    bind(y, matrix(rows, n, ldy));
    dispatch(LINEAR_CHOSEN, &p, sizeof p);
}

/* What the experts of each row give is added to x. */
static void record_experts(const layer *l, u32 rows, u32 x)
{
    const llama_config *c = &state.config;
    u32 used = c->experts_used, chosen = rows * used, dim = c->dim, ff = c->ff, in = buffers.part;
    u32 gated = c->feed_forward == LLAMA_FF_SILU_CLAMPED ? ZC_LINEAR_SWIGLU_CLAMPED : ZC_LINEAR_SWIGLU;
    rms_norm(RMS_NORM, rows, dim, x, &l->ff_norm.weight, epsilon_of_x(), in);
    linear(rows, c->experts, dim, in, &l->router, &none, buffers.routing, 0);
    zc_route_params route = {
        .rows = rows, .experts = c->experts, .used = used, .ldx = c->experts, .mode = ZC_ROUTE_CHOSEN, .scale = 1};
    bind(buffers.routing, matrix(rows, c->experts, c->experts));
    bind(buffers.routing_ids, (u64)chosen * sizeof(u32));
    bind(buffers.routing_weights, (u64)chosen * sizeof(float));
    dispatch(ROUTE, &route, sizeof route);
    linear_chosen(chosen, ff, dim, in, used, &l->gate, buffers.gated, 2 * ff, 0);
    linear_chosen(chosen, ff, dim, in, used, &l->up, buffers.gated + ff * 4, 2 * ff, 0);
    linear_chosen(chosen, dim, ff, buffers.gated, 1, &l->down, buffers.given, dim, gated);
    zc_add_weighted_params sum = {.rows = rows, .cols = dim, .slots = used, .ldx = dim, .ldout = dim};
    bind(buffers.given, matrix(chosen, dim, dim));
    bind(buffers.routing_weights, (u64)chosen * sizeof(float));
    bind(x, matrix(rows, dim, dim));
    dispatch(ADD_WEIGHTED, &sum, sizeof sum);
}

/* The rest of the layer, over rows at x. shared: what attention read of these rows, where the feed-forward reads that,
 * too; else 0. */
static void record_rest(const layer *l, u32 rows, u32 attended, u32 x, u32 shared)
{
    const llama_config *c = &state.config;
    if (!c->parallel)
        add_linear(rows, q_columns(), attended, &l->o, &l->attention_post, x, 0);
    if (c->experts) {
        record_experts(l, rows, x);
        return;
    }
    /* buffers.normed may be where x is. */
    normed in = shared ? (normed){shared, &none} : normalize(rows, x, &l->ff_norm, buffers.part, 0);
    u32 flags = record_up(l, rows, in);
    if (c->parallel)
        add_linear(rows, q_columns(), attended, &l->o, &l->attention_post, x, 0);
    add_linear(rows, c->ff, buffers.gated, &l->down, &l->ff_post, x, flags);
}

/* --- all layers --- */

static void embed(const tensor *table, u32 vocab, u32 ids, u32 rows, u32 flags)
{
    u32 dim = state.config.dim;
    zc_embed_params p = {.type = table->type, .rows = rows, .dim = dim, .vocab = vocab, .ldout = dim, .flags = flags};
    bind(ids, (u64)rows * sizeof(u32));
    bind_tensor(table);
    bind(buffers.x, matrix(rows, dim, dim));
    dispatch(EMBED, &p, sizeof p);
}

static void scale_x(u32 rows, float scale)
{
    if (scale != 1)
        record_affine(buffers.x, rows * state.config.dim, scale, buffers.x);
}

static void record_embedding(const pass *of)
{
    const llama_config *c = &state.config;
    embed(&model.embedding, c->vocab, of->tokens, of->rows, 0);
    if (c->positions) {
        scale_x(of->rows, c->embedding_scale);
        embed(&model.positions, c->positions, of->positions, of->rows, ZC_EMBED_ADD);
        scale_x(of->rows, 1 / c->residual_scale);
    } else {
        scale_x(of->rows, c->embedding_scale / c->residual_scale);
    }
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

/* A prompt's first layers, behind which what has been recorded is submitted: while the device computes one layer of many
 * rows, several are recorded. */
enum { FIRST_PIECE = 2, SECOND_PIECE = 8 };

u32 record_layers(const pass *of)
{
    const llama_config *c = &state.config;
    u32 x = buffers.x;
    record_embedding(of);
    for (u32 i = 0; i < c->layers; i++) {
        const layer *l = &model.layers[i];
        u32 kept = i + 1 < c->layers ? of->rows : of->kept, rows = kept, attended = buffers.attended;
        normed in = record_attention(i, of, kept);
        u32 skipped = (of->rows - kept) * c->dim * 4;
        u32 shared = l->shares_norm && in.norm == &none ? in.from + skipped : 0;
        x = buffers.x + skipped;
        if (i + 1 == c->layers && of->gathered) {
            /* What was read there has been used. */
            rows = of->gathered;
            gather(of->gather, rows, attended, kept, q_columns(), buffers.q);
            gather(of->gather, rows, x, kept, c->dim, buffers.normed);
            attended = buffers.q;
            x = buffers.normed;
            shared = 0;
        }
        if (kept)
            record_rest(l, rows, attended, x, shared);
        if (of->submitted && (i + 1 == FIRST_PIECE || i + 1 == SECOND_PIECE))
            submit_recorded();
    }
    return x;
}

void record_output(u32 x, u32 rows)
{
    const llama_config *c = &state.config;
    const dense output = {.weight = model.output};
    const tensor *norm = &model.output_norm.weight;
    if (c->norms & LLAMA_NORM_LAYER) {
        layer_norm(rows, x, &model.output_norm, epsilon_of_x(), buffers.part);
        x = buffers.part;
        norm = &none;
    }
    linear(rows, c->vocab, c->dim, x, &output, norm, buffers.device_logits, 0);
    if (c->logit_softcap != 0) {
        zc_softcap_params p = {.count = rows * c->vocab, .cap = c->logit_softcap};
        bind(buffers.device_logits, (u64)p.count * sizeof(float));
        bind(buffers.device_logits, (u64)p.count * sizeof(float));
        dispatch(SOFTCAP, &p, sizeof p);
    }
}
