/* The guest of zcwasm.embed: a BERT encoder with mean pooling, for sentence embeddings (all-MiniLM-L6-v2).
 *
 * The host calls prepare with the numbers of texts and tokens, writes ids and lengths into this memory, and calls
 * run, which leaves one row for each text in `output`. An instance serves one such call; the output is its
 * memory, so it lives as long as anybody looks at it.
 *
 * Texts are packed, not padded: a submission computes the rows of as many texts as its budget of tokens holds,
 * one after the other, and each row attends to the span of its own text. While the device works on one
 * submission, the next one is recorded. Activations lie in scratch memory of the device's own.
 *
 * Functions that fail return a negative zcg_errno and leave a sentence in bert_state.error. */
#include <zcwasm_helpers.h>

#include "bert.h"
#include "guest.h"

static bert_state state;

const guest_error error_of_guest = {&state.error_size, state.error, sizeof state.error};

bert_state *EXPORT(address)(void)
{
    return &state;
}

/* --- recording --- */

enum { EMBED, LAYER_NORM, LINEAR, ATTENTION, POOL, KERNELS };

static const char *const kernel_names[KERNELS] = {"embed", "layer_norm", "linear", "attention", "pool"};
static zcg_handle kernels[KERNELS];

static zcg_range bound[8]; /* of the next dispatch */
static u32 bound_count;
static int32_t failure; /* of the first dispatch that was refused */

static void bind(zcg_range range)
{
    bound[bound_count++] = range;
}

static zcg_range memory(u32 pointer, u64 words)
{
    return (zcg_range){.offset = pointer, .length = words * 4};
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

/* out[r] = or += row ids[r] of the table */
static void embed(u32 rows, zcg_range ids, u32 type, zcg_range table, u32 vocab, u32 dim, zcg_range out, u32 flags)
{
    zc_embed_params p = {.type = type, .rows = rows, .dim = dim, .vocab = vocab, .ldout = dim, .flags = flags};
    bind(ids);
    bind(table);
    bind(out);
    dispatch(EMBED, &p, sizeof p);
}

/* --- weights --- */

typedef struct tensor {
    zcg_range range;
    u32 type;
} tensor;

typedef struct dense {
    tensor weight, bias;
} dense;

typedef struct norm {
    tensor weight, bias;
} norm;

typedef struct layer {
    dense q, k, v, attention_out, up, down;
    norm attention_norm, norm;
} layer;

static layer *layers;
static tensor words, positions, types;
static norm embedding_norm;
static char prefix[8]; /* some files have "bert." before every name */

static char name[128];
static u32 name_size;

static void append(const char *text)
{
    while (*text && name_size < sizeof name - 1)
        name[name_size++] = *text++;
    name[name_size] = 0;
}

/* The tensor of the name in `name`, rows by cols; rows 0: a vector of cols, made float32 if it is not. */
static int32_t find(u32 rows, u32 cols, tensor *out)
{
    zcg_tensor_info info;
    zcg_handle handle = zcg_tensor_find(name, name_size);
    if (handle < 0)
        return fail_host(handle, name);
    int32_t code = get_info(handle, name, 0, rows, cols, &info);
    if (code < 0)
        return code;
    out->range = (zcg_range){.handle = handle, .length = ZCG_WHOLE};
    out->type = info.type;
    if (rows || info.type == ZC_WEIGHT_F32)
        return 0;
    /* Biases and norms are float32 for every kernel: a table of one row, looked up once. */
    u32 zero = allocate(4), copy = allocate((u64)cols * 4);
    if (!copy)
        return fail(ZCG_ENOMEM, "no room for the model's vectors");
    embed(1, memory(zero, 1), info.type, out->range, 1, cols, memory(copy, cols), 0);
    out->range = memory(copy, cols);
    out->type = ZC_WEIGHT_F32;
    return failure < 0 ? failure : 0;
}

static int32_t find_in(const char *where, int32_t index, const char *what, const char *part, u32 rows, u32 cols,
                       tensor *out)
{
    name_size = 0;
    append(prefix);
    append(where);
    if (index >= 0) {
        char digits[12];
        u32 first = sizeof digits - 1;
        digits[first] = 0;
        do
            digits[--first] = (char)('0' + index % 10);
        while (index /= 10);
        append(digits + first);
        append(".");
    }
    append(what);
    append(part);
    return find(rows, cols, out);
}

#define TRY(call)             \
    do {                      \
        int32_t code_ = call; \
        if (code_ < 0)        \
            return code_;     \
    } while (0)

static int32_t find_dense(u32 index, const char *what, u32 n, u32 k, dense *out)
{
    TRY(find_in("encoder.layer.", (int32_t)index, what, ".weight", n, k, &out->weight));
    return find_in("encoder.layer.", (int32_t)index, what, ".bias", 0, n, &out->bias);
}

static int32_t find_norm(const char *where, int32_t index, const char *what, norm *out)
{
    TRY(find_in(where, index, what, ".weight", 0, state.config.dim, &out->weight));
    return find_in(where, index, what, ".bias", 0, state.config.dim, &out->bias);
}

static int32_t find_all(void)
{
    const bert_config *c = &state.config;
    static const char first[] = "embeddings.word_embeddings.weight";
    if (zcg_tensor_find(first, sizeof first - 1) == -ZCG_ENOENT)
        memcpy(prefix, "bert.", 6);
    TRY(find_in("embeddings.", -1, "word_embeddings", ".weight", c->vocab, c->dim, &words));
    TRY(find_in("embeddings.", -1, "position_embeddings", ".weight", c->positions, c->dim, &positions));
    TRY(find_in("embeddings.", -1, "token_type_embeddings", ".weight", c->types, c->dim, &types));
    TRY(find_norm("embeddings.", -1, "LayerNorm", &embedding_norm));
    layers = at(allocate((u64)c->layers * sizeof(layer)));
    if (!layers)
        return fail(ZCG_ENOMEM, "no room for the model's layers");
    for (u32 i = 0; i < c->layers; i++) {
        layer *l = &layers[i];
        TRY(find_dense(i, "attention.self.query", c->dim, c->dim, &l->q));
        TRY(find_dense(i, "attention.self.key", c->dim, c->dim, &l->k));
        TRY(find_dense(i, "attention.self.value", c->dim, c->dim, &l->v));
        TRY(find_dense(i, "attention.output.dense", c->dim, c->dim, &l->attention_out));
        TRY(find_norm("encoder.layer.", (int32_t)i, "attention.output.LayerNorm", &l->attention_norm));
        TRY(find_dense(i, "intermediate.dense", c->ff, c->dim, &l->up));
        TRY(find_dense(i, "output.dense", c->dim, c->ff, &l->down));
        TRY(find_norm("encoder.layer.", (int32_t)i, "output.LayerNorm", &l->norm));
    }
    return 0;
}

/* --- the encoder --- */

/* Activations: x, and a block that holds q, k, v and what attention gives, then the feed-forward's columns. */
static zcg_handle scratch;
static u64 x_bytes, block_bytes;
static u32 capacity; /* rows */

static u64 round_up(u64 bytes)
{
    return (bytes + 255) / 256 * 256;
}

static zcg_range x(u32 rows)
{
    return (zcg_range){.handle = scratch, .length = (u64)rows * state.config.dim * 4};
}

static zcg_range block(u32 index, u32 rows, u32 cols)
{
    return (zcg_range){.handle = scratch, .offset = x_bytes + block_bytes * index, .length = (u64)rows * cols * 4};
}

static void normalize(u32 rows, const norm *n)
{
    u32 dim = state.config.dim;
    zc_norm_params p = {.rows = rows, .cols = dim, .ldx = dim, .ldout = dim, .eps = state.config.norm_epsilon};
    bind(x(rows));
    bind(n->weight.range);
    bind(n->bias.range);
    bind(x(rows));
    dispatch(LAYER_NORM, &p, sizeof p);
}

static void linear(u32 rows, zcg_range from, u32 k, const dense *d, zcg_range to, u32 n, u32 flags)
{
    zc_linear_params p = {
        .type = d->weight.type, .rows = rows, .n = n, .k = k, .ldx = k, .ldy = n, .flags = flags | ZC_LINEAR_BIAS};
    bind(from);
    bind(d->weight.range);
    bind(d->bias.range);
    bind((zcg_range){0}); /* no norm inside */
    bind(to);
    dispatch(LINEAR, &p, sizeof p);
}

static void record_layer(const layer *l, u32 rows, zcg_range spans)
{
    const bert_config *c = &state.config;
    u32 dim = c->dim, head_size = dim / c->heads;
    zcg_range q = block(0, rows, dim), k = block(1, rows, dim), v = block(2, rows, dim);
    zcg_range attended = block(3, rows, dim), wide = block(0, rows, c->ff);
    linear(rows, x(rows), dim, &l->q, q, dim, 0);
    linear(rows, x(rows), dim, &l->k, k, dim, 0);
    linear(rows, x(rows), dim, &l->v, v, dim, 0);
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
    bind(spans);
    bind(attended);
    dispatch(ATTENTION, &p, sizeof p);
    linear(rows, attended, dim, &l->attention_out, x(rows), dim, ZC_LINEAR_ADD);
    normalize(rows, &l->attention_norm);
    linear(rows, x(rows), dim, &l->up, wide, c->ff, ZC_LINEAR_GELU);
    linear(rows, wide, c->ff, &l->down, x(rows), dim, ZC_LINEAR_ADD);
    normalize(rows, &l->norm);
}

/* Arrays over all tokens: their positions in their text, and the span of rows of their text, counted within the
 * submission. Over all texts: their spans of rows. And zeros, the type of every token. */
static u32 token_positions, token_spans, text_spans, zeros;

/* The texts [text, end) with the tokens [token, token + rows). */
static void record(u32 text, u32 end, u32 token, u32 rows)
{
    const bert_config *c = &state.config;
    u32 *position = at(token_positions), *spans = at(token_spans), *of_text = at(text_spans);
    const u32 *lengths = at(state.lengths);
    u32 begin = 0;
    for (u32 t = text; t < end; t++) {
        of_text[2 * t] = begin;
        of_text[2 * t + 1] = begin + lengths[t];
        for (u32 i = 0; i < lengths[t]; i++) {
            u32 row = token + begin + i;
            position[row] = i;
            spans[2 * row] = begin;
            spans[2 * row + 1] = begin + lengths[t];
        }
        begin += lengths[t];
    }
    embed(rows, memory(state.ids + 4 * token, rows), words.type, words.range, c->vocab, c->dim, x(rows), 0);
    embed(rows, memory(token_positions + 4 * token, rows), positions.type, positions.range, c->positions, c->dim,
          x(rows), ZC_EMBED_ADD);
    embed(rows, memory(zeros, rows), types.type, types.range, c->types, c->dim, x(rows), ZC_EMBED_ADD);
    normalize(rows, &embedding_norm);
    zcg_range row_spans = memory(token_spans + 8 * token, 2 * (u64)rows);
    for (u32 i = 0; i < c->layers; i++)
        record_layer(&layers[i], rows, row_spans);
    u32 texts = end - text;
    zc_pool_params p = {
        .rows = texts, .cols = c->dim, .capacity = rows, .ldx = c->dim, .ldout = c->dim, .flags = c->flags};
    bind(x(rows));
    bind(memory(text_spans + 8 * text, 2 * (u64)texts));
    bind(memory(state.output + text * c->dim * 4, (u64)texts * c->dim));
    dispatch(POOL, &p, sizeof p);
}

/* --- what the host calls --- */

static int32_t check_config(void)
{
    const bert_config *c = &state.config;
    const struct {
        const char *name;
        u32 value, least, most;
    } numbers[] = {
        {"layers", c->layers, 1, BERT_MAX_LAYERS},
        {"dim", c->dim, 4, BERT_MAX_DIM},
        {"heads", c->heads, 1, BERT_MAX_HEADS},
        {"ff", c->ff, 4, BERT_MAX_FF},
        {"vocab", c->vocab, 1, BERT_MAX_VOCAB},
        {"positions", c->positions, 1, BERT_MAX_POSITIONS},
        {"types", c->types, 1, BERT_MAX_TYPES},
        {"most_tokens", c->most_tokens, 1, c->positions},
        {"batch_tokens", c->batch_tokens, 1, BERT_MAX_BATCH_TOKENS},
    };
    if (c->version != BERT_VERSION)
        return fail(ZCG_ENOSYS, "the host speaks another version of bert_config");
    for (u32 i = 0; i < sizeof numbers / sizeof *numbers; i++)
        if (numbers[i].value < numbers[i].least || numbers[i].value > numbers[i].most) {
            fail(ZCG_EINVAL, numbers[i].name);
            say(" is ");
            say_number(numbers[i].value);
            say(", must be ");
            say_number(numbers[i].least);
            say(" to ");
            say_number(numbers[i].most);
            return -ZCG_EINVAL;
        }
    u32 head_size = c->dim / c->heads;
    if (c->dim % c->heads || head_size % 4 || head_size > ZC_ATTENTION_MAX_HEAD)
        return fail(ZCG_EINVAL, "dim must be heads times a multiple of 4 up to 256");
    return 0;
}

/* Look up the model and make room for so many texts and tokens. */
static int32_t CALL(prepare)(u32 texts, u32 tokens)
{
    if (state.version)
        return fail(ZCG_EINVAL, "prepare was called before");
    state.version = BERT_VERSION;
    state.size = sizeof state;
    start_heap();
    int64_t size = zcg_input_read("config", 6, 0, &state.config, sizeof state.config);
    if (size < 0)
        return fail_host((int32_t)size, "config");
    if (size != sizeof state.config)
        return fail(ZCG_EINVAL, "the input config has the wrong size");
    TRY(check_config());
    for (u32 i = 0; i < KERNELS; i++) {
        kernels[i] = zcg_kernel(kernel_names[i]);
        if (kernels[i] < 0)
            return fail_host(kernels[i], kernel_names[i]);
    }
    TRY(find_all());
    const bert_config *c = &state.config;
    u32 most = c->most_tokens > c->batch_tokens ? c->most_tokens : c->batch_tokens;
    capacity = tokens < most ? tokens : most;
    state.texts = texts;
    state.tokens = tokens;
    state.ids = allocate((u64)tokens * 4);
    state.lengths = allocate((u64)texts * 4);
    token_positions = allocate((u64)tokens * 4);
    token_spans = allocate((u64)tokens * 8);
    text_spans = allocate((u64)texts * 8);
    zeros = allocate((u64)capacity * 4);
    state.output = allocate((u64)texts * c->dim * 4);
    if (!heap_end) {
        fail(ZCG_ENOMEM, "the memory of this guest has no room for ");
        say_number(tokens);
        say(" tokens of ");
        say_number(texts);
        say(" texts");
        return -ZCG_ENOMEM;
    }
    x_bytes = round_up((u64)capacity * c->dim * 4);
    block_bytes = round_up((u64)capacity * c->dim * 4);
    u64 wide = round_up((u64)capacity * c->ff * 4);
    scratch = zcg_scratch_new(x_bytes + (wide > 4 * block_bytes ? wide : 4 * block_bytes));
    return scratch < 0 ? fail_host(scratch, "scratch for the activations") : 0;
}
ENTRY(prepare, (u32 texts, u32 tokens), (texts, tokens))

/* Compute the output. */
static int32_t CALL(run)(void)
{
    const u32 *lengths = at(state.lengths);
    const bert_config *c = &state.config;
    if (!scratch)
        return fail(ZCG_EINVAL, "run needs a prepare that succeeded");
    u64 total = 0;
    for (u32 t = 0; t < state.texts; t++) {
        if (lengths[t] > c->most_tokens)
            return fail(ZCG_EINVAL, "a text has more tokens than the model takes");
        total += lengths[t];
    }
    if (total != state.tokens)
        return fail(ZCG_EINVAL, "the lengths do not add up to the number of tokens");
    state.submissions = 0;
    zcg_handle before = 0;
    for (u32 text = 0, token = 0; text < state.texts;) {
        u32 end = text, rows = 0;
        while (end < state.texts && (end == text || rows + lengths[end] <= c->batch_tokens))
            rows += lengths[end++];
        record(text, end, token, rows);
        TRY(failure);
        zcg_handle now = zcg_submit();
        if (now < 0)
            return fail_host(now, "submission");
        state.submissions++;
        if (before) {
            int32_t code = zcg_wait(before, -1);
            if (code < 0)
                return fail_host(code, "the device");
        }
        before = now;
        text = end;
        token += rows;
    }
    int32_t code = before ? zcg_wait(before, -1) : 0;
    return code < 0 ? fail_host(code, "the device") : 0;
}
ENTRY(run, (void), ())
