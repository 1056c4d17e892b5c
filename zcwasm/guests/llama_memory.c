/* llama_memory.c: where everything lies. The sizes follow from the config.
 *
 * What is kept between calls, the cache and its history, is allocated once. What is not lies behind it, from
 * state.transient on, and attach allocates it anew, as the device wants it: a snapshot does without it.
 *
 * The cache, the history and what the host reads are always in the guest's memory. Where the device has memory of its
 * own, activations, and copies of what it reads over and over, are in scratch; and a mirror of the cache, which the
 * kernels that append to the cache keep up. What others write into the cache is copied there when they say so. */
#include "llama_internal.h"

llama_buffers buffers;
zcg_handle scratch;
u64 scratch_size;
zcg_handle cache_mirror;
u32 cache_rows;

static u32 spoiled, spoiled_end; /* rows of the mirror; none when they are equal */

void allocate_activations(u64 rows, u64 words, u64 outputs)
{
    const llama_config *c = &state.config;
    u64 row = rows * sizeof(float), chosen = c->experts ? c->experts_used * row : 0,
        logits = outputs * c->vocab * sizeof(float);
    u64 top = outputs * ZC_TOP_K_MAX * sizeof(float);
    struct {
        u32 *address;
        u64 bytes;
        u32 same; /* as this in the guest's memory; 0: there is none */
    } wanted[] = {{&buffers.x, c->dim * row, 0},
                  {&buffers.normed, c->dim * row, 0},
                  {&buffers.part, c->norms & (LLAMA_NORM_POST | LLAMA_NORM_LAYER) || chosen ? c->dim * row : 0, 0},
                  {&buffers.q, q_columns() * row, 0},
                  {&buffers.k, kv_columns() * row, 0},
                  {&buffers.v, kv_columns() * row, 0},
                  {&buffers.attended, q_columns() * row, 0},
                  {&buffers.gated, chosen ? 2 * c->ff * chosen : c->ff * row * (model.gate_biases ? 2 : 1), 0},
                  {&buffers.routing, c->experts * row, 0},
                  {&buffers.routing_ids, chosen, 0},
                  {&buffers.routing_weights, chosen, 0},
                  {&buffers.given, c->dim * chosen, 0},
                  {&buffers.device_positions, words * sizeof(u32), buffers.prompt_positions},
                  {&buffers.device_rope, all_ropes_bytes(), state.rope},
                  {&buffers.device_made, made_count() * sizeof(float), buffers.made},
                  {&buffers.device_logits, logits, state.logits},
                  {&buffers.device_scores, logits, state.scores},
                  {&buffers.device_top_values, top, buffers.top_values},
                  {&buffers.device_top_indices, top, buffers.top_indices}};
    u64 size = 0;
    for (u32 i = 0; i < sizeof wanted / sizeof *wanted; i++)
        size += wanted[i].bytes + ALIGNMENT;
    int in_scratch =
        state.device.scratch && heap_end && heap_end <= SCRATCH_START && size <= ((u64)1 << 32) - SCRATCH_START;
    u64 end = SCRATCH_START;
    for (u32 i = 0; i < sizeof wanted / sizeof *wanted; i++) {
        *wanted[i].address = in_scratch ? (u32)end : wanted[i].same ? wanted[i].same : allocate(wanted[i].bytes);
        end += (wanted[i].bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    }
    scratch_size = in_scratch ? size : 0;
}

/* How large the cache is. */
static void say_cache(void)
{
    say_number(state.cache_bytes);
    say(" bytes (context ");
    say_number(cache_rows);
    say(")");
}

int32_t check_room(void)
{
    if (heap_end)
        return 0;
    fail(ZCG_ENOMEM, "the memory of this guest has no room for a cache of ");
    say_cache();
    say(" and what else it needs");
    return -ZCG_ENOMEM;
}

/* Of the cache's keys, or values. */
static u64 row_bytes(void)
{
    u64 columns = kv_columns();
    switch (state.config.kv_type) {
    case ZC_CACHE_Q8_0:
        return columns + columns / 16;
    case ZC_CACHE_F16:
        return 2 * columns;
    default:
        return 4 * columns;
    }
}

void allocate_cache(u32 rows)
{
    cache_rows = rows;
    state.cache_layer_bytes = 2 * (u64)rows * row_bytes();
    state.cache_bytes = state.cache_layer_bytes * state.config.layers;
    state.cache = allocate(state.cache_bytes);
}

int32_t allocate_kept(void)
{
    const llama_config *c = &state.config;
    start_heap();
    state.history = allocate((u64)c->context * sizeof(u32));
    allocate_cache(c->context);
    state.transient = allocate(0);
    return check_room();
}

void allocate_outputs(u64 outputs)
{
    const llama_config *c = &state.config;
    u64 row = (u64)c->vocab * sizeof(float);
    model.layers = at(allocate((u64)c->layers * sizeof(layer)));
    state.rope = allocate(all_ropes_bytes());
    buffers.made = allocate(made_count() * sizeof(float));
    state.logits = allocate(outputs * row);
    state.scores = allocate(outputs * row);
    buffers.top_values = allocate(outputs * ZC_TOP_K_MAX * sizeof(float));
    buffers.top_indices = allocate(outputs * ZC_TOP_K_MAX * sizeof(u32));
}

/* Activations come last: whether they are here, and not in scratch, moves nothing else, so that the window stays. */
int32_t allocate_transient(void)
{
    const llama_config *c = &state.config;
    int32_t code;
    u64 context = (u64)c->context * sizeof(u32), vocab = (u64)c->vocab * sizeof(u32);
    heap_end = state.transient;
    state.prompt = allocate(context);
    allocate_outputs(1);
    buffers.prompt_positions = allocate((u64)c->chunk * 2 * 3 * sizeof(u32));
    buffers.window_ids = allocate(context + sizeof(u32));
    buffers.window_counts = allocate(vocab);
    buffers.window_indices = allocate(vocab);
    state.activations = allocate(0);
    if ((code = check_room()) < 0 || (code = find_tensors()) < 0)
        return code;
    allocate_activations(c->chunk, 3 * (u64)c->chunk, 1);
    return check_room();
}

u64 rope_bytes(void)
{
    return (u64)state.config.context * state.config.rotated * sizeof(float);
}

u64 all_ropes_bytes(void)
{
    return rope_bytes() * state.config.ropes;
}

int32_t read_rope(void)
{
    static const char name[] = "rope";
    if (zcg_input_size(name, sizeof name - 1) != (int64_t)all_ropes_bytes())
        return fail(ZCG_EINVAL, "the input rope is missing or has another size than context, rotated and ropes give");
    zcg_input_read(name, sizeof name - 1, 0, at(state.rope), all_ropes_bytes());
    return 0;
}

/* A handle's memory is given back; it may name nothing. */
static void free_scratch(zcg_handle *handle)
{
    zcg_handle old = *handle;
    *handle = 0;
    if (old > 0)
        zcg_scratch_free(old);
}

static int32_t make_mirror(void)
{
    spoiled = 0;
    spoiled_end = state.device.mirror ? state.cached : 0; /* nothing is there yet */
    if (!state.device.mirror || (cache_mirror = zcg_scratch_new(state.cache_bytes)) > 0)
        return 0;
    int32_t code = cache_mirror;
    cache_mirror = 0;
    spoiled_end = 0;
    fail(0, "no room for a mirror of the cache in the device's own memory, ");
    say_cache();
    say_host();
    return code;
}

int32_t make_scratch(void)
{
    int32_t code;
    free_scratch(&scratch);
    free_scratch(&cache_mirror);
    if ((code = make_mirror()) < 0)
        return code;
    if (scratch_size && (scratch = zcg_scratch_new(scratch_size)) < 0)
        return fail_host(scratch, "scratch");
    if (!scratch_size && !made_count())
        return 0;
    begin_record(0);
    if (buffers.device_rope != state.rope && state.config.ropes)
        record_copy(state.rope, buffers.device_rope, (u32)(all_ropes_bytes() / sizeof(float)));
    record_made();
    if ((code = end_record()) >= 0 && (code = zcg_run()) < 0)
        fail_host(code, "the tables of angles, and vectors");
    return code < 0 ? code : 0;
}

/* --- the mirror --- */

void spoil_mirror(u32 first, u32 count)
{
    if (!cache_mirror || count == 0)
        return;
    if (spoiled == spoiled_end) {
        spoiled = first;
        spoiled_end = first + count;
        return;
    }
    spoiled = first < spoiled ? first : spoiled;
    spoiled_end = first + count > spoiled_end ? first + count : spoiled_end;
}

int32_t mend_mirror(void)
{
    u64 half = state.cache_layer_bytes / 2, row = half / cache_rows;
    int32_t code;
    if (spoiled == spoiled_end)
        return 0;
    wait_for_submitted_ahead(); /* they read what is not right */
    for (u64 at = spoiled * row; at < state.cache_bytes; at += half)
        if ((code = zcg_mirror(cache_mirror, at, (const void *)(unsigned long)(state.cache + at),
                               (spoiled_end - spoiled) * row)) < 0)
            return fail_host(code, "the mirror of the cache");
    spoiled = spoiled_end = 0;
    return 0;
}
