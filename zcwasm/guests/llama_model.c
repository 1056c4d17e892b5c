/* llama_model.c: the model as its file describes it: which tensors there must be, of which shapes. Handles are looked
 * up once; the weights themselves stay the host's. */
#include "llama_internal.h"

llama_model model;

/* Tensor `name` of `rows` by `cols`, or of `cols` float32 when rows is 0. With `optional` it may be absent. */
static int32_t find(const char *name, u32 rows, u32 cols, int optional, tensor *out)
{
    zcg_tensor_info info;
    zcg_handle handle = zcg_tensor(name);
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
        (code = find("output_norm.weight", 0, c->dim, 0, &model.output_norm)) < 0 ||
        (code = find("output.weight", c->vocab, c->dim, 1, &model.output)) < 0)
        return code;
    if (!model.output.handle)
        model.output = model.embedding; /* tied */
    for (u32 i = 0; i < c->layers; i++)
        if ((code = find_layer(i, &model.layers[i])) < 0)
            return code;
    return 0;
}
