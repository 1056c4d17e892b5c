/* The model's tensors, by the names that GGUF has for them. The host has checked that there are no others. */
#include "bert_internal.h"

bert_model model;

static u32 no_bias; /* dim or more zeros */

static char name[128];
static u32 name_size;

static void append(const char *text)
{
    while (*text && name_size < sizeof name - 1)
        name[name_size++] = *text++;
    name[name_size] = 0;
}

static void append_number(u32 index)
{
    char digits[12];
    u32 first = sizeof digits - 1;
    digits[first] = 0;
    do
        digits[--first] = (char)('0' + index % 10);
    while (index /= 10);
    append(digits + first);
}

/* The tensor of the name in `name`, rows by cols; rows 0: a vector of cols. */
static int32_t find(u32 rows, u32 cols, int optional, tensor *out)
{
    zcg_tensor_info info;
    zcg_handle handle = zcg_tensor_find(name, name_size);
    if (handle == -ZCG_ENOENT && optional)
        return 0;
    if (handle < 0)
        return fail_host(handle, name);
    TRY(get_info(handle, name, 0, rows, cols, &info));
    if (!rows && info.type != ZC_WEIGHT_F32) {
        fail(ZCG_EINVAL, name);
        say(" is not float32");
        return -ZCG_EINVAL;
    }
    out->range = (zcg_range){.handle = handle, .length = ZCG_WHOLE};
    out->type = info.type;
    return 0;
}

static int32_t find_in(const char *where, int32_t index, const char *what, u32 rows, u32 cols, int optional,
                       tensor *out)
{
    name_size = 0;
    append(where);
    if (index >= 0)
        append_number((u32)index);
    append(what);
    return find(rows, cols, optional, out);
}

static int32_t find_dense(const char *where, u32 index, const char *what, u32 n, u32 k, dense *out)
{
    TRY(find_in(where, (int32_t)index, what, n, k, 0, &out->weight));
    name_size -= sizeof "weight" - 1;
    append("bias");
    return find(0, n, 1, &out->bias);
}

static int32_t find_norm(const char *where, int32_t index, const char *what, u32 cols, int optional, norm *out)
{
    TRY(find_in(where, index, what, 0, cols, optional, &out->weight));
    if (!is_there(&out->weight))
        return 0;
    name_size -= sizeof "weight" - 1;
    append("bias");
    TRY(find(0, cols, 1, &out->bias));
    if (!is_there(&out->bias))
        out->bias.range = memory(no_bias, cols);
    return 0;
}

static int32_t find_layer(u32 i, layer *l)
{
    const bert_config *c = &state.config;
    int pre = c->norms == BERT_NORM_PRE;
    TRY(find_dense("blk.", i, ".attn_q.weight", c->dim, c->dim, &l->q));
    TRY(find_dense("blk.", i, ".attn_k.weight", c->dim, c->dim, &l->k));
    TRY(find_dense("blk.", i, ".attn_v.weight", c->dim, c->dim, &l->v));
    TRY(find_dense("blk.", i, ".attn_output.weight", c->dim, c->dim, &l->attention_out));
    if (c->feed_forward >= BERT_FF_GATED_SILU)
        TRY(find_dense("blk.", i, ".ffn_gate.weight", c->ff, c->dim, &l->gate));
    TRY(find_dense("blk.", i, ".ffn_up.weight", c->ff, c->dim, &l->up));
    TRY(find_dense("blk.", i, ".ffn_down.weight", c->dim, c->ff, &l->down));
    const char *attention = pre ? ".attn_norm.weight" : ".attn_output_norm.weight";
    const char *feed_forward = pre ? ".ffn_norm.weight" : ".layer_output_norm.weight";
    TRY(find_norm("blk.", (int32_t)i, attention, c->dim, pre, &l->attention));
    return find_norm("blk.", (int32_t)i, feed_forward, c->dim, 0, &l->feed_forward);
}

static int32_t wrong_input(const char *input)
{
    fail(ZCG_EINVAL, "wrong size or number in the input ");
    say(input);
    return -ZCG_EINVAL;
}

/* An input that must have so many bytes. */
static int32_t read_input(const char *input, u32 size_of_name, void *out, u64 bytes)
{
    int64_t size = zcg_input_size(input, size_of_name);
    if (size >= 0 && (u64)size != bytes)
        return wrong_input(input);
    if (size >= 0)
        size = zcg_input_read(input, size_of_name, 0, out, bytes);
    return size < 0 ? fail_host((int32_t)size, input) : 0;
}

static int32_t read_layers(void)
{
    const bert_config *c = &state.config;
    u32 numbers = allocate((u64)c->layers * sizeof(bert_layer));
    u32 found = allocate((u64)c->layers * sizeof(layer));
    if (!found)
        return fail(ZCG_ENOMEM, "no room for the model's layers");
    model.layers = at(found);
    bert_layer *given = at(numbers);
    TRY(read_input("layers", 6, given, (u64)c->layers * sizeof *given));
    for (u32 i = 0; i < c->layers; i++) {
        if (given[i].local > 1 || (c->ropes && given[i].rope >= c->ropes))
            return wrong_input("layers");
        model.layers[i].numbers = given[i];
    }
    return 0;
}

static int32_t read_steps(void)
{
    const bert_config *c = &state.config;
    bert_step given[BERT_MAX_STEPS];
    u32 found = allocate((u64)BERT_MAX_STEPS * sizeof(step)), cols = c->dim;
    if (!found)
        return fail(ZCG_ENOMEM, "no room for what follows the encoder");
    model.steps = at(found);
    model.widest = cols;
    if (c->steps)
        TRY(read_input("steps", 5, given, (u64)c->steps * sizeof *given));
    for (u32 i = 0; i < c->steps; i++) {
        cols = given[i].rows;
        if (!cols || cols > BERT_MAX_DIM || given[i].activation > BERT_ACTIVATION_GELU_TANH)
            return wrong_input("steps");
        model.steps[i].numbers = given[i];
        model.widest = cols > model.widest ? cols : model.widest;
    }
    return cols == c->outputs ? 0 : wrong_input("steps");
}

static int32_t read_ropes(void)
{
    const bert_config *c = &state.config;
    u64 bytes = (u64)c->ropes * c->most_tokens * (c->dim / c->heads) * sizeof(float);
    if (!c->ropes)
        return 0;
    model.ropes = allocate(bytes);
    if (!model.ropes)
        return fail(ZCG_ENOMEM, "no room for the tables of angles");
    return read_input("rope", 4, at(model.ropes), bytes);
}

int32_t find_model(void)
{
    const bert_config *c = &state.config;
    TRY(read_layers());
    TRY(read_steps());
    TRY(read_ropes());
    no_bias = allocate((u64)model.widest * 4);
    if (!no_bias)
        return fail(ZCG_ENOMEM, "no room for the model's vectors");
    TRY(find_in("token_embd.weight", -1, "", c->vocab, c->dim, 0, &model.words));
    if (c->positions)
        TRY(find_in("position_embd.weight", -1, "", c->positions, c->dim, 0, &model.positions));
    if (c->types)
        TRY(find_in("token_types.weight", -1, "", c->types, c->dim, 0, &model.types));
    TRY(find_norm("token_embd_norm.weight", -1, "", c->dim, 0, &model.embedding));
    if (c->norms == BERT_NORM_PRE)
        TRY(find_norm("output_norm.weight", -1, "", c->dim, 0, &model.output));
    for (u32 i = 0; i < c->layers; i++)
        TRY(find_layer(i, &model.layers[i]));
    for (u32 i = 0, cols = c->dim; i < c->steps; i++) {
        step *s = &model.steps[i];
        TRY(find_dense("step.", i, ".weight", s->numbers.rows, cols, &s->dense));
        cols = s->numbers.rows;
        TRY(find_norm("step.", (int32_t)i, ".norm.weight", cols, 1, &s->norm));
    }
    return 0;
}
