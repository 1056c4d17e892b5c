/* llama_model.c: the model as its file describes it: which tensors there must be, of which shapes. Handles are looked
 * up once; the weights themselves stay the host's. */
#include "llama_internal.h"

llama_model model;

/* How a tensor is found: it may be absent; all of it is float32, though it has rows. */
enum { OPTIONAL = 1, FLOATS = 2 };

/* Tensor `name` of `rows` by `cols`, so many of them where `matrices` is not 0, or of `cols` float32 when rows is 0. */
static int32_t find_many(const char *name, u32 matrices, u32 rows, u32 cols, int how, tensor *out)
{
    zcg_tensor_info info;
    zcg_handle handle = zcg_tensor(name);
    *out = (tensor){0};
    if (handle == -ZCG_ENOENT && how & OPTIONAL)
        return 0;
    if (handle < 0)
        return fail_host(handle, name);
    int32_t code = get_info(handle, name, matrices, rows, cols, &info);
    if (code < 0)
        return code;
    if ((!rows || how & FLOATS) && info.type != ZC_WEIGHT_F32) {
        fail(ZCG_EINVAL, "tensor ");
        say(name);
        say(" must be F32");
        return -ZCG_EINVAL;
    }
    out->handle = handle;
    out->type = info.type;
    return 0;
}

static int32_t find(const char *name, u32 rows, u32 cols, int how, tensor *out)
{
    return find_many(name, 0, rows, cols, how, out);
}

/* The same of layer `index`. */
static int32_t find_in(u32 index, const char *name, u32 matrices, u32 rows, u32 cols, int how, tensor *out)
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
    return find_many(full, matrices, rows, cols, how, out);
}

/* What a model of this config has: a tensor must be there, may be there, or is not looked for. */
enum presence { NO, MAY, MUST };

static int32_t find_layer(u32 i, layer *l)
{
    const llama_config *c = &state.config;
    u32 q = q_columns(), kv = kv_columns();
    int pre = c->norms & LLAMA_NORM_PRE ? MUST : NO, post = c->norms & LLAMA_NORM_POST ? MUST : NO;
    int layer_norms = c->norms & LLAMA_NORM_LAYER ? MAY : NO, heads = c->qk_norm ? MUST : NO;
    int chosen = c->experts ? MUST : NO, up = c->experts ? NO : MUST;
    int gate = c->feed_forward <= LLAMA_FF_GELU_TANH ? up : NO;
    int one = c->qk_norm == LLAMA_QK_HEAD;
    const struct {
        const char *name;
        u32 rows, cols;
        int presence;
        tensor *out;
    } wanted[] = {
        {"attn_norm.weight", 0, c->dim, pre, &l->attention_norm.weight},
        {"attn_norm.bias", 0, c->dim, pre ? layer_norms : NO, &l->attention_norm.bias},
        {"attn_q.weight", q, c->dim, MUST, &l->q.weight},
        {"attn_k.weight", kv, c->dim, MUST, &l->k.weight},
        {"attn_v.weight", kv, c->dim, MUST, &l->v.weight},
        {"attn_q.bias", 0, q, MAY, &l->q.bias},
        {"attn_k.bias", 0, kv, MAY, &l->k.bias},
        {"attn_v.bias", 0, kv, MAY, &l->v.bias},
        {"attn_q_norm.weight", 0, one ? c->head_size : q, heads, &l->q_norm},
        {"attn_k_norm.weight", 0, one ? c->head_size : kv, heads, &l->k_norm},
        {"attn_sinks.weight", 0, c->heads, MAY, &l->sinks},
        {"attn_output.weight", c->dim, q, MUST, &l->o.weight},
        {"attn_output.bias", 0, c->dim, MAY, &l->o.bias},
        {"post_attention_norm.weight", 0, c->dim, post, &l->attention_post.weight},
        {"post_attention_norm.bias", 0, c->dim, post ? layer_norms : NO, &l->attention_post.bias},
        {"ffn_norm.weight", 0, c->dim, pre && c->parallel ? MAY : pre, &l->ff_norm.weight},
        {"ffn_norm.bias", 0, c->dim, pre ? layer_norms : NO, &l->ff_norm.bias},
        {"ffn_gate.weight", c->ff, c->dim, gate, &l->gate.weight},
        {"ffn_gate.bias", 0, c->ff, gate ? MAY : NO, &l->gate.bias},
        {"ffn_up.weight", c->ff, c->dim, up, &l->up.weight},
        {"ffn_up.bias", 0, c->ff, up ? MAY : NO, &l->up.bias},
        {"ffn_down.weight", c->dim, c->ff, up, &l->down.weight},
        {"ffn_down.bias", 0, c->dim, up ? MAY : NO, &l->down.bias},
        {"ffn_gate_inp.weight", c->experts, c->dim, chosen, &l->router.weight},
        {"ffn_gate_inp.bias", 0, c->experts, chosen ? MAY : NO, &l->router.bias},
        {"post_ffw_norm.weight", 0, c->dim, post, &l->ff_post.weight},
        {"post_ffw_norm.bias", 0, c->dim, post ? layer_norms : NO, &l->ff_post.bias},
    };
    *l = (layer){.numbers = l->numbers};
    for (u32 n = 0; n < sizeof wanted / sizeof *wanted; n++) {
        if (wanted[n].presence == NO)
            continue;
        int32_t code = find_in(i, wanted[n].name, 0, wanted[n].rows, wanted[n].cols,
                               wanted[n].presence == MAY ? OPTIONAL : 0, wanted[n].out);
        if (code < 0)
            return code;
    }
    /* Biases are a row for each expert. */
    const struct {
        const char *name;
        u32 matrices, rows, cols;
        tensor *out;
    } of_experts[] = {
        {"ffn_gate_exps.weight", c->experts, c->ff, c->dim, &l->gate.weight},
        {"ffn_gate_exps.bias", 0, c->experts, c->ff, &l->gate.bias},
        {"ffn_up_exps.weight", c->experts, c->ff, c->dim, &l->up.weight},
        {"ffn_up_exps.bias", 0, c->experts, c->ff, &l->up.bias},
        {"ffn_down_exps.weight", c->experts, c->dim, c->ff, &l->down.weight},
        {"ffn_down_exps.bias", 0, c->experts, c->dim, &l->down.bias},
    };
    for (u32 n = 0; c->experts && n < sizeof of_experts / sizeof *of_experts; n++) {
        int32_t code = find_in(i, of_experts[n].name, of_experts[n].matrices, of_experts[n].rows, of_experts[n].cols,
                               of_experts[n].matrices ? 0 : OPTIONAL | FLOATS, of_experts[n].out);
        if (code < 0)
            return code;
    }
    l->shares_norm = pre && !l->ff_norm.weight.handle;
    if (l->shares_norm)
        l->ff_norm = l->attention_norm;
    if (gate && (l->gate.bias.handle || l->up.bias.handle))
        model.gate_biases = 1;
    return 0;
}

static int32_t read_layers(void)
{
    static const char name[] = "layers";
    const llama_config *c = &state.config;
    if (zcg_input_size(name, sizeof name - 1) != (int64_t)(c->layers * sizeof(llama_layer)))
        return fail(ZCG_EINVAL, "the input layers is missing or has another size than the number of layers gives");
    for (u32 i = 0; i < c->layers; i++) {
        llama_layer *numbers = &model.layers[i].numbers;
        zcg_input_read(name, sizeof name - 1, (u64)i * sizeof *numbers, numbers, sizeof *numbers);
        if (numbers->rope >= (c->ropes ? c->ropes : 1))
            return fail_limit(ZCG_EINVAL, "a layer's table of angles", numbers->rope, ", their number is ", c->ropes);
    }
    return 0;
}

int32_t find_tensors(void)
{
    const llama_config *c = &state.config;
    int32_t code;
    if ((code = read_layers()) < 0 || (code = find("token_embd.weight", c->vocab, c->dim, 0, &model.embedding)) < 0 ||
        (code = find("output_norm.weight", 0, c->dim, 0, &model.output_norm.weight)) < 0 ||
        (code = find("output.weight", c->vocab, c->dim, OPTIONAL, &model.output)) < 0)
        return code;
    if (!model.output.handle)
        model.output = model.embedding; /* tied */
    model.output_norm.bias = model.positions = (tensor){0};
    if (c->norms & LLAMA_NORM_LAYER &&
        (code = find("output_norm.bias", 0, c->dim, OPTIONAL, &model.output_norm.bias)) < 0)
        return code;
    if (c->positions && (code = find("position_embd.weight", c->positions, c->dim, 0, &model.positions)) < 0)
        return code;
    model.gate_biases = 0;
    for (u32 i = 0; i < c->layers; i++)
        if ((code = find_layer(i, &model.layers[i])) < 0)
            return code;
    if (model.gate_biases && c->feed_forward == LLAMA_FF_GELU_TANH)
        return fail(ZCG_EINVAL, "biases of a feed-forward gated by GELU are not supported");
    return 0;
}
