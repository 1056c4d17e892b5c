/* Records the encoder over packed texts, and what makes a vector of each text's rows. */
#include "bert_internal.h"

enum { EMBED, LAYER_NORM, LINEAR, LINEAR_GATED, MUL, ROPE, ATTENTION, POOL, SOFTCAP, AFFINE, KERNELS };

static const char *const kernel_names[KERNELS] = {"embed", "layer_norm", "linear", "linear_gated", "mul",
                                                  "rope",  "attention",  "pool",   "softcap",      "affine"};
static zcg_handle kernels[KERNELS];

static zcg_range bound[8]; /* of the next dispatch */
static u32 bound_count;
static int32_t failure; /* of the first dispatch that was refused */

static void bind(zcg_range range)
{
    bound[bound_count++] = range;
}

static void dispatch(u32 kernel, const void *params, u32 size)
{
    if (failure >= 0) {
        failure = zcg_dispatch(0, kernels[kernel], bound, bound_count, params, size);
        if (failure < 0)
            fail_host(failure, kernel_names[kernel]);
    }
    bound_count = 0;
}

int32_t find_kernels(void)
{
    for (u32 i = 0; i < KERNELS; i++) {
        kernels[i] = zcg_kernel(kernel_names[i]);
        if (kernels[i] < 0)
            return fail_host(kernels[i], kernel_names[i]);
    }
    return 0;
}

/* --- room --- */

/* Activations: x; what of it is normed, if that is before layers; a block that holds q, k, v and what attention gives,
 * then the feed-forward's columns; and vectors on their way. */
static zcg_handle scratch;
static u64 normed_at, block_at, block_bytes, wide_bytes, vectors_at, vector_bytes;

/* Arrays over all tokens: their positions in their text, and the span of rows that they attend to, counted within the
 * submission; of local layers, too. Over all texts: the spans of the rows that their vector is made of, by the
 * config's pooling. One row of each, from the first one on. */
static u32 token_positions, token_spans, local_spans, text_spans, single_spans;
/* Of the largest elements: all rows, which the device writes, and the vectors. */
static u32 all_rows, largest;

static u64 round_up(u64 bytes)
{
    return (bytes + 255) / 256 * 256;
}

static int has_local_layers(void)
{
    for (u32 i = 0; i < state.config.layers; i++)
        if (model.layers[i].numbers.local)
            return 1;
    return 0;
}

int32_t make_room(u32 rows, u32 texts)
{
    const bert_config *c = &state.config;
    token_positions = allocate((u64)state.tokens * 4);
    token_spans = allocate((u64)state.tokens * 8);
    local_spans = has_local_layers() ? allocate((u64)state.tokens * 8) : 0;
    text_spans = allocate((u64)state.texts * 8);
    single_spans = allocate((u64)texts * 8);
    if (c->pooling == BERT_POOLING_MAX) {
        all_rows = allocate((u64)rows * c->dim * 4);
        largest = allocate((u64)texts * c->dim * 4);
    }
    if (!heap_end)
        return -ZCG_ENOMEM;
    for (u32 i = 0, *span = at(single_spans); i < texts; i++) {
        span[2 * i] = i;
        span[2 * i + 1] = i + 1;
    }
    block_bytes = round_up((u64)rows * c->dim * 4);
    wide_bytes = round_up((u64)rows * c->ff * 4);
    normed_at = block_bytes;
    block_at = normed_at + (c->norms == BERT_NORM_PRE ? block_bytes : 0);
    u64 wide = c->feed_forward == BERT_FF_GATED_GELU ? 2 * wide_bytes : wide_bytes;
    vectors_at = block_at + (wide > 4 * block_bytes ? wide : 4 * block_bytes);
    vector_bytes = c->steps ? round_up((u64)texts * model.widest * 4) : 0;
    scratch = zcg_scratch_new(vectors_at + 2 * vector_bytes);
    return scratch < 0 ? fail_host(scratch, "scratch for the activations") : 0;
}

static zcg_range in_scratch(u64 offset, u32 rows, u32 cols)
{
    return (zcg_range){.handle = scratch, .offset = offset, .length = (u64)rows * cols * 4};
}

static zcg_range x(u32 rows)
{
    return in_scratch(0, rows, state.config.dim);
}

static zcg_range block(u32 index, u32 rows)
{
    return in_scratch(block_at + block_bytes * index, rows, state.config.dim);
}

/* --- kernels --- */

/* out[r] = or += row ids[r] of the table */
static void embed(u32 rows, u32 ids, const tensor *table, u32 vocab, u32 flags)
{
    u32 dim = state.config.dim;
    zc_embed_params p = {.type = table->type, .rows = rows, .dim = dim, .vocab = vocab, .ldout = dim, .flags = flags};
    bind(memory(ids, rows));
    bind(table->range);
    bind(x(rows));
    dispatch(EMBED, &p, sizeof p);
}

static void normalize(u32 rows, u32 cols, zcg_range from, const norm *n, zcg_range to)
{
    zc_norm_params p = {.rows = rows, .cols = cols, .ldx = cols, .ldout = cols, .eps = state.config.norm_epsilon};
    bind(from);
    bind(n->weight.range);
    bind(n->bias.range);
    bind(to);
    dispatch(LAYER_NORM, &p, sizeof p);
}

static void linear(u32 rows, zcg_range from, u32 k, const dense *d, zcg_range to, u32 n, u32 flags)
{
    if (is_there(&d->bias))
        flags |= ZC_LINEAR_BIAS;
    zc_linear_params p = {.type = d->weight.type, .rows = rows, .n = n, .k = k, .ldx = k, .ldy = n, .flags = flags};
    bind(from);
    bind(d->weight.range);
    bind(d->bias.range);
    bind((zcg_range){0}); /* no norm inside */
    bind(to);
    dispatch(LINEAR, &p, sizeof p);
}

static void pool(u32 texts, zcg_range from, u32 cols, u32 rows, zcg_range spans, u32 unit, zcg_range to)
{
    zc_pool_params p = {.rows = texts,
                        .cols = cols,
                        .capacity = rows,
                        .ldx = cols,
                        .ldout = cols,
                        .flags = unit ? ZC_POOL_NORMALIZE : 0};
    bind(from);
    bind(spans);
    bind(to);
    dispatch(POOL, &p, sizeof p);
}

/* --- the encoder --- */

static void rotate(u32 rows, zcg_range heads, u32 positions, u32 table)
{
    const bert_config *c = &state.config;
    u32 head_size = c->dim / c->heads;
    u64 words = (u64)c->most_tokens * head_size;
    zc_rope_params p = {.rows = rows,
                        .heads = c->heads,
                        .head_size = head_size,
                        .rotated = head_size,
                        .ldx = c->dim,
                        .ldout = c->dim,
                        .table_rows = c->most_tokens,
                        .layout = ZC_ROPE_HALVES,
                        .out_type = ZC_CACHE_F32};
    bind(heads);
    bind(memory(positions, rows));
    bind(memory(model.ropes + table * (u32)words * 4, words));
    bind(heads);
    dispatch(ROPE, &p, sizeof p);
}

static void record_attention(const layer *l, u32 rows, u32 token, zcg_range from)
{
    const bert_config *c = &state.config;
    u32 dim = c->dim, head_size = dim / c->heads;
    zcg_range q = block(0, rows), k = block(1, rows), v = block(2, rows), attended = block(3, rows);
    linear(rows, from, dim, &l->q, q, dim, 0);
    linear(rows, from, dim, &l->k, k, dim, 0);
    linear(rows, from, dim, &l->v, v, dim, 0);
    if (c->ropes) {
        rotate(rows, q, token_positions + 4 * token, l->numbers.rope);
        rotate(rows, k, token_positions + 4 * token, l->numbers.rope);
    }
    zc_attention_params p = {.rows = rows,
                             .heads = c->heads,
                             .kv_heads = c->heads,
                             .head_size = head_size,
                             .ldq = dim,
                             .ldk = dim,
                             .ldv = dim,
                             .ldout = dim,
                             .capacity = rows,
                             .kv_type = ZC_CACHE_F32,
                             .scale = 1 / __builtin_sqrtf((float)head_size)};
    bind(q);
    bind(k);
    bind(v);
    bind(memory((l->numbers.local ? local_spans : token_spans) + 8 * token, 2 * (u64)rows));
    bind((zcg_range){0}); /* sinks */
    bind(attended);
    dispatch(ATTENTION, &p, sizeof p);
    linear(rows, attended, dim, &l->attention_out, x(rows), dim, ZC_LINEAR_ADD);
}

static void record_feed_forward(const layer *l, u32 rows, zcg_range from)
{
    const bert_config *c = &state.config;
    u32 ff = c->ff;
    zcg_range wide = in_scratch(block_at, rows, ff), beside = in_scratch(block_at + wide_bytes, rows, ff);
    switch (c->feed_forward) {
    case BERT_FF_GATED_SILU: {
        zc_linear_gated_params p = {.gate_type = l->gate.weight.type,
                                    .up_type = l->up.weight.type,
                                    .rows = rows,
                                    .n = ff,
                                    .k = c->dim,
                                    .ldx = c->dim,
                                    .ldy = ff};
        bind(from);
        bind(l->gate.weight.range);
        bind(l->up.weight.range);
        bind((zcg_range){0});
        bind(wide);
        dispatch(LINEAR_GATED, &p, sizeof p);
        break;
    }
    case BERT_FF_GATED_GELU: {
        /* linear_gated has no GELU by erf. */
        zc_elementwise_params p = {.count = rows * ff};
        linear(rows, from, c->dim, &l->gate, wide, ff, ZC_LINEAR_GELU);
        linear(rows, from, c->dim, &l->up, beside, ff, 0);
        bind(wide);
        bind(beside);
        bind(wide);
        dispatch(MUL, &p, sizeof p);
        break;
    }
    default:
        linear(rows, from, c->dim, &l->up, wide, ff,
               c->feed_forward == BERT_FF_GELU ? ZC_LINEAR_GELU : ZC_LINEAR_GELU_TANH);
    }
    linear(rows, wide, ff, &l->down, x(rows), c->dim, ZC_LINEAR_ADD);
}

static void record_layer(const layer *l, u32 rows, u32 token)
{
    u32 dim = state.config.dim;
    zcg_range in = x(rows);
    if (state.config.norms == BERT_NORM_POST) {
        record_attention(l, rows, token, in);
        normalize(rows, dim, in, &l->attention, in);
        record_feed_forward(l, rows, in);
        normalize(rows, dim, in, &l->feed_forward, in);
        return;
    }
    zcg_range normed = in_scratch(normed_at, rows, dim);
    if (is_there(&l->attention.weight))
        normalize(rows, dim, in, &l->attention, normed);
    record_attention(l, rows, token, is_there(&l->attention.weight) ? normed : in);
    normalize(rows, dim, in, &l->feed_forward, normed);
    record_feed_forward(l, rows, normed);
}

/* Where rows lie in their texts. */
static void fill_spans(u32 text, u32 end, u32 token)
{
    const bert_config *c = &state.config;
    const u32 *lengths = at(state.lengths);
    u32 *position = at(token_positions), *spans = at(token_spans), *local = at(local_spans), *of_text = at(text_spans);
    u32 begin = 0;
    for (u32 t = text; t < end; t++) {
        u32 behind = begin + lengths[t], some = begin < behind;
        of_text[2 * t] = c->pooling == BERT_POOLING_LAST && some ? behind - 1 : begin;
        of_text[2 * t + 1] = c->pooling == BERT_POOLING_CLS ? begin + some : behind;
        for (u32 i = 0; i < lengths[t]; i++) {
            u32 row = token + begin + i;
            position[row] = i;
            spans[2 * row] = begin;
            spans[2 * row + 1] = behind;
            if (local_spans) {
                local[2 * row] = begin + (i > c->window ? i - c->window : 0);
                local[2 * row + 1] = lengths[t] - i > c->window ? begin + i + c->window + 1 : behind;
            }
        }
        begin = behind;
    }
}

static void record_encoder(u32 token, u32 rows)
{
    const bert_config *c = &state.config;
    embed(rows, state.ids + 4 * token, &model.words, c->vocab, 0);
    if (c->positions)
        embed(rows, token_positions + 4 * token, &model.positions, c->positions, ZC_EMBED_ADD);
    if (c->types)
        embed(rows, state.types + 4 * token, &model.types, c->types, ZC_EMBED_ADD);
    normalize(rows, c->dim, x(rows), &model.embedding, x(rows));
    for (u32 i = 0; i < c->layers; i++)
        record_layer(&model.layers[i], rows, token);
    if (c->norms == BERT_NORM_PRE)
        normalize(rows, c->dim, x(rows), &model.output, x(rows));
}

/* --- vectors --- */

/* The largest element of each column of a text's rows, which no kernel finds: the guest does, when the device is done. */
static int32_t find_largest(u32 text, u32 end, u32 rows)
{
    u32 dim = state.config.dim;
    const u32 *spans = at(text_spans);
    const float *row = at(all_rows);
    float *out = at(largest);
    zc_affine_params p = {.count = rows * dim, .scale = 1};
    bind(x(rows));
    bind(memory(all_rows, (u64)rows * dim));
    dispatch(AFFINE, &p, sizeof p);
    TRY(failure);
    zcg_handle now = zcg_submit();
    if (now < 0)
        return fail_host(now, "submission");
    state.submissions++;
    int32_t code = zcg_wait(now, -1);
    if (code < 0)
        return fail_host(code, "the device");
    for (u32 t = text; t < end; t++, out += dim) {
        u32 first = spans[2 * t], behind = spans[2 * t + 1];
        for (u32 i = 0; i < dim; i++)
            out[i] = first < behind ? row[first * dim + i] : 0;
        for (u32 r = first + 1; r < behind; r++)
            for (u32 i = 0; i < dim; i++) {
                float value = row[r * dim + i];
                if (value > out[i] || value != value)
                    out[i] = value;
            }
    }
    return 0;
}

static void record_step(const step *s, u32 texts, zcg_range from, u32 k, zcg_range to)
{
    static const u32 flags[] = {[BERT_ACTIVATION_GELU] = ZC_LINEAR_GELU,
                                [BERT_ACTIVATION_GELU_TANH] = ZC_LINEAR_GELU_TANH};
    u32 n = s->numbers.rows;
    linear(texts, from, k, &s->dense, to, n, flags[s->numbers.activation]);
    if (s->numbers.activation == BERT_ACTIVATION_TANH) {
        zc_softcap_params p = {.count = texts * n, .cap = 1};
        bind(to);
        bind(to);
        dispatch(SOFTCAP, &p, sizeof p);
    }
    if (is_there(&s->norm.weight))
        normalize(texts, n, to, &s->norm, to);
}

static int32_t record_vectors(u32 text, u32 end, u32 rows)
{
    const bert_config *c = &state.config;
    u32 texts = end - text, cols = c->dim;
    zcg_range output = memory(state.output + text * c->outputs * 4, (u64)texts * c->outputs);
    zcg_range spans = memory(text_spans + 8 * text, 2 * (u64)texts), each = memory(single_spans, 2 * (u64)texts);
    zcg_range now = x(rows);
    if (c->pooling == BERT_POOLING_MAX) {
        TRY(find_largest(text, end, rows));
        now = memory(largest, (u64)texts * cols);
        rows = texts;
        spans = each;
    }
    if (!c->steps) {
        pool(texts, now, cols, rows, spans, c->normalize, output);
        return 0;
    }
    zcg_range next = in_scratch(vectors_at, texts, cols);
    pool(texts, now, cols, rows, spans, 0, next);
    for (u32 i = 0; i < c->steps; i++) {
        u32 n = model.steps[i].numbers.rows;
        now = next;
        next = in_scratch(vectors_at + (i + 1) % 2 * vector_bytes, texts, n);
        if (i + 1 == c->steps && !c->normalize)
            next = output;
        record_step(&model.steps[i], texts, now, cols, next);
        cols = n;
    }
    if (c->normalize)
        pool(texts, next, cols, texts, each, 1, output);
    return 0;
}

zcg_handle submit_texts(u32 text, u32 end, u32 token, u32 rows)
{
    fill_spans(text, end, token);
    record_encoder(token, rows);
    TRY(record_vectors(text, end, rows));
    TRY(failure);
    zcg_handle now = zcg_submit();
    if (now < 0)
        return fail_host(now, "submission");
    state.submissions++;
    return now;
}
