/* The guest of zcwasm.embed: an encoder of BERT's kind, whose graph its config describes, and what makes vectors, or
 * scores, of what it gives.
 *
 * The host calls prepare with the numbers of texts and tokens, writes ids and lengths into this memory, and calls
 * run, which leaves one row for each text in `output`. An instance serves one such call; the output is its
 * memory, so it lives as long as anybody looks at it.
 *
 * Texts are packed, not padded: a submission computes the rows of as many texts as its budget of tokens holds,
 * one after the other, and each row attends to the span of its own text. While the device works on one
 * submission, the next one is recorded; but where a text's vector has the largest elements, the guest itself finds
 * them, and waits for the rows. Activations lie in scratch memory of the device's own.
 *
 * Functions that fail return a negative zcg_errno and leave a sentence in bert_state.error. bert_internal.h says which
 * file does what. */
#include "bert_internal.h"

bert_state state;

const guest_error error_of_guest = {&state.error_size, state.error, sizeof state.error};

bert_state *EXPORT(address)(void)
{
    return &state;
}

static u32 capacity; /* rows, and texts, of one submission; 0: prepare has not been done */

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
        {"positions", c->positions, 0, BERT_MAX_POSITIONS},
        {"types", c->types, 0, BERT_MAX_TYPES},
        {"most_tokens", c->most_tokens, 1, c->positions ? c->positions : BERT_MAX_POSITIONS},
        {"batch_tokens", c->batch_tokens, 1, BERT_MAX_BATCH_TOKENS},
        {"norms", c->norms, BERT_NORM_POST, BERT_NORM_PRE},
        {"feed_forward", c->feed_forward, BERT_FF_GELU, BERT_FF_GATED_GELU},
        {"window", c->window, 0, BERT_MAX_POSITIONS},
        {"ropes", c->ropes, 0, BERT_MAX_ROPES},
        {"pooling", c->pooling, BERT_POOLING_MEAN, BERT_POOLING_MAX},
        {"steps", c->steps, 0, BERT_MAX_STEPS},
        {"outputs", c->outputs, 1, BERT_MAX_DIM},
        {"normalize", c->normalize, 0, 1},
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

/* Kernels count elements in 32 bits. */
static int32_t check_counts(u64 rows, u64 texts)
{
    if (rows * state.config.ff > 0xffffffff || texts * model.widest > 0xffffffff)
        return fail(ZCG_EINVAL, "a submission would have more than 2^32 - 1 elements: batch_tokens is too large");
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
    TRY(find_kernels());
    TRY(find_model());
    const bert_config *c = &state.config;
    u32 most = c->most_tokens > c->batch_tokens ? c->most_tokens : c->batch_tokens;
    u32 rows = tokens < most ? tokens : most;
    rows = rows ? rows : 1;
    TRY(check_counts(rows, texts < rows ? texts : rows));
    state.texts = texts;
    state.tokens = tokens;
    state.ids = allocate((u64)tokens * 4);
    state.types = allocate((u64)tokens * 4);
    state.lengths = allocate((u64)texts * 4);
    state.output = allocate((u64)texts * c->outputs * 4);
    int32_t code = make_room(rows, texts < rows ? texts : rows);
    if (!heap_end) {
        fail(ZCG_ENOMEM, "the memory of this guest has no room for ");
        say_number(tokens);
        say(" tokens of ");
        say_number(texts);
        say(" texts");
        return -ZCG_ENOMEM;
    }
    TRY(code);
    capacity = rows;
    return 0;
}
ENTRY(prepare, (u32 texts, u32 tokens), (texts, tokens))

/* Compute the output. */
static int32_t CALL(run)(void)
{
    const u32 *lengths = at(state.lengths);
    const bert_config *c = &state.config;
    if (!capacity)
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
        while (end < state.texts && end - text < capacity && (end == text || rows + lengths[end] <= c->batch_tokens))
            rows += lengths[end++];
        zcg_handle now = submit_texts(text, end, token, rows);
        TRY(now);
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
