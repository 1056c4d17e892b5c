/* llama_many.c: steps of many sequences, whose cache lies in pages (llama_many.h).
 *
 * A step is one submission. Where rows of prompts are among it, it is recorded for itself. One of rows that decode, and
 * nothing else, is a sequence, which is replayed as long as there are as many rows and their tokens are chosen alike:
 * all that changes from token to token is read from memory. A few such sequences are kept, since rows come and go.
 *
 * Tokens are chosen as in a session, with the same numbers: a sequence among others draws what it would draw alone from
 * the same logits. */
#include "llama_internal.h"

enum { SHAPES = 8 };

/* A step that was recorded. */
typedef struct shape {
    zcg_handle sequence; /* 0: none */
    u32 rows;            /* 0: it is not sealed */
    u32 entries, table_words, reach, keep_logits, only_hidden;
    u32 settings; /* llama_output[sequences]: those of its outputs */
    u64 used;     /* the step that used it last */
} shape;

static llama_many many;
static shape shapes[SHAPES];
static u64 steps;
/* Addresses. Of the rows of a step: whether its logits are wanted, its pieces in the last layer. Of its outputs: their
 * rows among those kept, the numbers to draw with, what was chosen, and its logit where nothing is drawn. */
static u32 wanted, last_pieces, gather_rows, numbers, chosen, best, hidden;

llama_many *EXPORT(many_address)(void)
{
    return &many;
}

/* The sentence goes where the host looks for it. */
static int32_t answer(int32_t code)
{
    for (u32 i = 0; code < 0 && i < state.error_size; i++)
        many.error[i] = state.error[i];
    many.error_size = code < 0 ? state.error_size : 0;
    return code;
}

/* --- setting up --- */

static void forget(shape *s)
{
    zcg_handle sequence = s->sequence;
    s->rows = 0;
    s->sequence = 0; /* first: an interrupted call is not to leave a handle that is free */
    if (sequence)
        zcg_sequence_free(sequence);
}

static int32_t read_many(void)
{
    static const char name[] = "many";
    llama_many_config *c = &many.config;
    if (zcg_input_size(name, sizeof name - 1) != sizeof *c)
        return fail(ZCG_EINVAL, "the input many is missing or has another size");
    zcg_input_read(name, sizeof name - 1, 0, c, sizeof *c);
    if (c->version != LLAMA_MANY_VERSION)
        return fail_limit(ZCG_EINVAL, "version of many", c->version, ", this guest speaks ", LLAMA_MANY_VERSION);
    if (c->sequences == 0 || c->sequences > LLAMA_MAX_SEQUENCES)
        return fail_limit(ZCG_EINVAL, "sequences", c->sequences, ", must be 1 to ", LLAMA_MAX_SEQUENCES);
    if (c->pages == 0 || c->pages > LLAMA_MAX_PAGES)
        return fail_limit(ZCG_EINVAL, "pages", c->pages, ", must be 1 to ", LLAMA_MAX_PAGES);
    if (c->page < 16 || c->page > 128 || (c->page & (c->page - 1)))
        return fail(ZCG_EINVAL, "a page must have 16, 32, 64 or 128 tokens");
    return 0;
}

static u64 at_most(u64 value, u64 limit)
{
    return value < limit ? value : limit;
}

/* The words that tables have. */
static u64 table_size(void)
{
    return (u64)many.config.sequences * many.pages_each;
}

/* Inputs of kernels that every layer reads stand together: positions, places, spans, tables. With scratch there is a copy
 * of them there. */
static void allocate_inputs(void)
{
    u32 chunk = state.config.chunk;
    buffers.prompt_positions = allocate((5 * (u64)chunk + table_size()) * sizeof(u32));
    many.positions = buffers.prompt_positions;
    many.places = many.positions + chunk * 4;
    many.spans = many.places + chunk * 4;
    many.tables = many.spans + chunk * 12;
}

static int32_t allocate_all(void)
{
    const llama_config *c = &state.config;
    u64 sequences = many.config.sequences, chunk = c->chunk;
    many.pages_each = (c->context + many.config.page - 1) / many.config.page;
    many.mask_words = (c->vocab + 31) / 32;
    many.most_entries = (u32)at_most(sequences * at_most(c->vocab, (u64)c->context + ZC_TOP_K_MAX), LLAMA_MAX_ENTRIES);
    start_heap();
    allocate_cache(many.config.pages * many.config.page);
    state.transient = allocate(0);
    allocate_outputs(sequences);
    allocate_inputs();
    many.tokens = allocate(chunk * sizeof(u32));
    many.piece = allocate(chunk * sizeof(llama_piece));
    many.output = allocate(sequences * sizeof(llama_output));
    many.entry = allocate((1 + (u64)many.most_entries) * 4 * sizeof(u32));
    many.mask = allocate(sequences * many.mask_words * sizeof(u32));
    wanted = allocate(chunk * sizeof(u32));
    last_pieces = allocate(chunk * sizeof(llama_piece));
    gather_rows = allocate(sequences * sizeof(u32));
    numbers = allocate(sequences * sizeof(u64));
    chosen = allocate(sequences * sizeof(u32));
    best = allocate(sequences * sizeof(float));
    hidden = allocate(sequences * c->dim * sizeof(float));
    for (u32 i = 0; i < SHAPES; i++)
        shapes[i].settings = allocate(sequences * sizeof(llama_output));
    allocate_activations(chunk > sequences ? chunk : sequences, 5 * chunk + table_size(), sequences);
    many.logits = state.logits;
    many.hidden = hidden;
    many.cache = state.cache;
    many.cache_layer_bytes = state.cache_layer_bytes;
    many.cache_bytes = state.cache_bytes;
    return check_room();
}

static int32_t set_up(void)
{
    int32_t code;
    many.version = 0;
    for (u32 i = 0; i < SHAPES; i++)
        forget(&shapes[i]); /* of an init before, with other addresses */
    if ((code = read_config()) < 0 || (code = read_many()) < 0)
        return code;
    state.device = many.device;
    if ((code = allocate_all()) < 0 || (code = take_resources()) < 0)
        return code;
    many.size = sizeof many;
    many.version = LLAMA_MANY_VERSION;
    return 0;
}

static int32_t CALL(init_many)(void)
{
    return answer(set_up());
}
ENTRY(init_many, (void), ())

/* --- what the host asks for --- */

static choice choice_of(const llama_output *o)
{
    return (choice){.top_k = o->top_k, .top_p = o->top_p, .min_p = o->min_p};
}

static int32_t check_pieces(void)
{
    const llama_piece *p = at(many.piece);
    u32 end = 0;
    for (u32 i = 0; i < many.pieces; i++) {
        if (p[i].first != end || p[i].count == 0 || p[i].count > many.rows - end || p[i].shared > 1)
            return fail_limit(ZCG_EINVAL, "what is no part of the rows, one behind the other: piece", i, " of ",
                              many.pieces);
        end += p[i].count;
    }
    if (end != many.rows)
        return fail_limit(ZCG_EINVAL, "the end of the last piece", end, ", there are rows: ", many.rows);
    return 0;
}

/* Every number that becomes an address or a size. What the kernels read from memory they clamp. */
static int32_t check_step(void)
{
    const llama_config *c = &state.config;
    const llama_output *o = at(many.output);
    const struct {
        const char *name;
        u32 value, least, most;
    } counts[] = {
        {"the number of rows", many.rows, 1, c->chunk},
        {"the number of pieces", many.pieces, 1, many.rows},
        {"the number of outputs", many.outputs, 0, many.config.sequences},
        {"the number of entries", many.entries, 0, many.outputs ? many.most_entries : 0},
        {"keep_logits", many.keep_logits, 0, 1},
        {"only_hidden", many.only_hidden, 0, 1},
    };
    if (many.version != LLAMA_MANY_VERSION)
        return fail(ZCG_EINVAL, "init_many has not succeeded");
    for (u32 i = 0; i < sizeof counts / sizeof *counts; i++)
        if (counts[i].value < counts[i].least || counts[i].value > counts[i].most)
            return fail_limit(ZCG_EINVAL, counts[i].name, counts[i].value, ", the most is ", counts[i].most);
    for (u32 i = 0; i < many.outputs; i++) {
        choice choice = choice_of(&o[i]);
        int32_t code = check_choice(o[i].temperature, &choice);
        if (code < 0)
            return code;
        if (o[i].row >= many.rows || o[i].masked > 1)
            return fail_limit(ZCG_EINVAL, "the row of an output", o[i].row,
                              ", or it is masked by no 0 or 1; rows: ", many.rows);
    }
    return check_pieces();
}

/* --- choosing tokens --- */

static int same_settings(const llama_output *a, const llama_output *b)
{
    return a->temperature == b->temperature &&
           (a->temperature == 0 || (a->top_k == b->top_k && a->top_p == b->top_p && a->min_p == b->min_p));
}

/* The end of those from `first` on whose tokens are chosen alike, in the same dispatches. */
static u32 end_of_group(u32 first)
{
    const llama_output *o = at(many.output);
    u32 end = first + 1;
    while (end < many.outputs && same_settings(&o[first], &o[end]))
        end++;
    return end;
}

/* Where the most likely tokens of a group begin. */
static u32 top_of(u32 array, u32 first)
{
    return array + first * ZC_TOP_K_MAX * 4;
}

static void record_adjust(u32 scores, u32 entries)
{
    zc_adjust_params p = {.count = many.outputs * state.config.vocab, .entries = entries};
    bind(many.entry, (1 + (u64)entries) * 4 * sizeof(u32));
    bind(scores, (u64)p.count * sizeof(float));
    dispatch(ADJUST, &p, sizeof p);
}

/* Outputs that stand side by side. */
static void record_mask(u32 scores, u32 first, u32 rows)
{
    u32 vocab = state.config.vocab, words = many.mask_words;
    zc_mask_params p = {.rows = rows, .cols = vocab, .ldx = vocab, .ldmask = words};
    bind(many.mask + first * words * 4, (u64)rows * words * sizeof(u32));
    bind(scores + first * vocab * 4, (u64)rows * vocab * sizeof(float));
    dispatch(MASK, &p, sizeof p);
}

static u32 masked_outputs(void)
{
    const llama_output *o = at(many.output);
    u32 count = 0;
    for (u32 i = 0; i < many.outputs; i++)
        count += o[i].masked;
    return count;
}

/* Logits divided by the temperature, adjusted and masked: where those of the first output are. They are written over the
 * logits, unless these are kept. */
static u32 record_scores(u32 entries)
{
    const llama_output *o = at(many.output);
    u32 from = buffers.device_logits, to = many.keep_logits ? buffers.device_scores : from;
    u32 row = state.config.vocab * 4;
    int divided = 0;
    for (u32 i = 0; i < many.outputs; i++)
        divided |= o[i].temperature > 0 && o[i].temperature != 1;
    if (!divided && !entries && !masked_outputs())
        return from;
    for (u32 i = 0, end; i < many.outputs; i = end) {
        float scale = o[i].temperature > 0 ? 1 / o[i].temperature : 1;
        end = end_of_group(i);
        if (scale != 1 || from != to)
            record_affine(from + i * row, end - i, scale, to + i * row);
    }
    if (entries)
        record_adjust(to, entries);
    for (u32 i = 0, end; i < many.outputs; i = end) {
        for (end = i; end < many.outputs && o[end].masked;)
            end++;
        if (end > i)
            record_mask(to, i, end - i);
        else
            end++;
    }
    return to;
}

/* One kind of dispatch after the other, so that a device can do those of all groups at once. */
static void record_choices(u32 entries)
{
    const llama_output *o = at(many.output);
    u32 scores = record_scores(entries), row = state.config.vocab * 4;
    u32 likely = many.keep_logits ? buffers.device_scores : scores; /* probabilities */
    for (u32 i = 0, end; i < many.outputs; i = end) {
        end = end_of_group(i);
        if (o[i].temperature > 0)
            record_softmax(scores + i * row, end - i, likely + i * row);
    }
    for (u32 i = 0, end; i < many.outputs; i = end) {
        end = end_of_group(i);
        if (o[i].temperature > 0)
            record_top_k(likely + i * row, end - i, candidates(o[i].top_k), top_of(buffers.device_top_values, i),
                         top_of(buffers.device_top_indices, i));
        else
            record_top_k(scores + i * row, end - i, 1, best + i * 4, chosen + i * 4);
    }
    for (u32 i = 0, end; i < many.outputs; i = end) {
        choice choice = choice_of(&o[i]);
        end = end_of_group(i);
        if (o[i].temperature > 0)
            record_draw(&choice, end - i, top_of(buffers.device_top_values, i), top_of(buffers.device_top_indices, i),
                        numbers + i * 8, chosen + i * 4);
    }
}

/* --- recording a step --- */

/* Of each piece the rows whose logits are wanted, and those between them: what attends in the last layer. */
static u32 find_last_pieces(void)
{
    const llama_output *o = at(many.output);
    const llama_piece *p = at(many.piece);
    llama_piece *last = at(last_pieces);
    u32 *is_wanted = at(wanted), *spans = at(many.spans), count = 0;
    for (u32 i = 0; i < many.rows; i++)
        is_wanted[i] = 0;
    for (u32 i = 0; i < many.outputs; i++)
        is_wanted[o[i].row] = 1;
    for (u32 i = 0; i < many.pieces; i++) {
        u32 first = p[i].first, end = first + p[i].count;
        while (first < end && !is_wanted[first])
            first++;
        while (first < end && !is_wanted[end - 1])
            end--;
        if (first == end)
            continue;
        if (p[i].shared) /* theirs is the table of the piece's first row, whatever the others say */
            spans[3 * first + 2] = spans[3 * p[i].first + 2];
        last[count++] = (llama_piece){.first = first, .count = end - first, .shared = p[i].shared};
    }
    return count;
}

/* How many rows go through the end of the last layer: the last ones, from the first one on that is wanted. */
static u32 rows_kept(void)
{
    const llama_output *o = at(many.output);
    u32 first = many.rows;
    for (u32 i = 0; i < many.outputs; i++)
        first = o[i].row < first ? o[i].row : first;
    return many.rows - first;
}

/* Whether the rows that are kept are the outputs, as they lie. */
static int outputs_are_rows(u32 kept)
{
    const llama_output *o = at(many.output);
    for (u32 i = 0; i < many.outputs; i++)
        if (o[i].row != many.rows - kept + i)
            return 0;
    return many.outputs == kept;
}

/* The address that kernels read an input at, of whose words the first ones are brought there. */
static u32 bring(u32 input, u32 words)
{
    u32 there = buffers.device_positions + (input - buffers.prompt_positions);
    if (there != input)
        record_copy(input, there, words);
    return there;
}

static int32_t record_step(zcg_handle sequence, u32 entries, u32 table_words, u32 reach)
{
    u32 kept = rows_kept(), rows = many.rows, *gather = at(gather_rows);
    const llama_output *o = at(many.output);
    for (u32 i = 0; i < many.outputs; i++)
        gather[i] = o[i].row - (rows - kept);
    begin_record(sequence);
    pass of = {.rows = rows,
               .kept = kept,
               .tokens = many.tokens,
               .positions = bring(many.positions, rows),
               .spans = bring(many.spans, 3 * rows),
               .page = many.config.page,
               .places = bring(many.places, rows),
               .tables = bring(many.tables, table_words),
               .table_words = table_words,
               .reach = reach,
               .pieces = {at(many.piece), many.pieces},
               .last_pieces = {at(last_pieces), find_last_pieces()},
               .gathered = outputs_are_rows(kept) ? 0 : many.outputs,
               .gather = gather_rows};
    u32 x = record_layers(&of);
    if (many.outputs && many.only_hidden) {
        record_copy(x, many.hidden, many.outputs * state.config.dim);
    } else if (many.outputs) {
        record_output(x, many.outputs);
        record_choices(entries);
        if (many.keep_logits && buffers.device_logits != state.logits)
            record_copy(buffers.device_logits, state.logits, many.outputs * state.config.vocab);
    }
    return end_record();
}

/* --- steps that are recorded once --- */

static int is_decoding(void)
{
    const llama_piece *p = at(many.piece);
    return many.pieces == 1 && !p->shared && outputs_are_rows(many.rows);
}

static int is_this_step(const shape *s, u32 entries, u32 table_words, u32 reach)
{
    const llama_output *o = at(many.output), *settings = at(s->settings);
    if (s->rows != many.rows || s->entries != entries || s->table_words != table_words || s->reach != reach ||
        s->keep_logits != many.keep_logits || s->only_hidden != many.only_hidden)
        return 0;
    for (u32 i = 0; i < many.outputs; i++)
        if (!same_settings(&o[i], &settings[i]) || o[i].masked != settings[i].masked)
            return 0;
    return 1;
}

/* The sequence of this step, of rows that decode. */
static int32_t find_sequence(u32 entries, u32 table_words, u32 reach)
{
    const llama_output *o = at(many.output);
    shape *s = &shapes[0];
    int32_t code;
    for (u32 i = 0; i < SHAPES; i++) {
        if (is_this_step(&shapes[i], entries, table_words, reach)) {
            shapes[i].used = steps;
            return shapes[i].sequence;
        }
        if (shapes[i].used < s->used)
            s = &shapes[i];
    }
    forget(s);
    if ((s->sequence = code = zcg_sequence_new()) < 0) {
        s->sequence = 0;
        return fail_host(code, "sequence_new");
    }
    if ((code = record_step(s->sequence, entries, table_words, reach)) < 0)
        return code;
    if ((code = zcg_sequence_seal(s->sequence)) < 0)
        return fail_host(code, "sequence_seal");
    llama_output *settings = at(s->settings);
    for (u32 i = 0; i < many.outputs; i++)
        settings[i] = o[i];
    s->entries = entries;
    s->table_words = table_words;
    s->reach = reach;
    s->keep_logits = many.keep_logits;
    s->only_hidden = many.only_hidden;
    s->used = steps;
    s->rows = many.rows;
    return s->sequence;
}

/* At least `count`, so that what was recorded holds for somewhat more or fewer, too. */
static u32 rounded_up(u32 count, u64 most)
{
    u64 rounded = 64;
    while (rounded < count)
        rounded *= 2;
    return (u32)at_most(rounded, most);
}

/* As many words of tables as the rows use, rounded up, where they are copied; else all. */
static u32 words_of_tables(void)
{
    const u32 *spans = at(many.spans);
    u32 page = many.config.page;
    u64 most = 1;
    if (buffers.device_positions == buffers.prompt_positions)
        return (u32)table_size();
    for (u32 i = 0; i < many.rows; i++) {
        u64 end = (u64)spans[3 * i + 2] + ((u64)spans[3 * i + 1] + page - 1) / page;
        most = end > most ? end : most;
    }
    return rounded_up((u32)at_most(most, table_size()), table_size());
}

/* The most keys that a row attends to, rounded up: a GPU makes room, and workgroups, for as many of every row. */
static u32 reach_of_rows(void)
{
    const u32 *spans = at(many.spans);
    u32 reach = 1;
    for (u32 i = 0; i < many.rows; i++)
        reach = spans[3 * i + 1] > reach ? spans[3 * i + 1] : reach;
    return rounded_up((u32)at_most(reach, state.config.context), state.config.context);
}

static int32_t run_recorded(void)
{
    u32 entries = many.entries ? rounded_up(many.entries, many.most_entries) : 0, words = words_of_tables();
    u32 reach = reach_of_rows();
    int32_t code;
    if (is_decoding()) {
        int32_t sequence = find_sequence(entries, words, reach);
        if (sequence < 0)
            return sequence;
        return (code = zcg_sequence_run(sequence)) < 0 ? fail_host(code, "step") : 0;
    }
    zcg_discard(); /* what an interrupted call left */
    if ((code = record_step(0, entries, words, reach)) < 0) {
        zcg_discard();
        return code;
    }
    return (code = zcg_run()) < 0 ? fail_host(code, "step") : 0;
}

/* --- what came of it --- */

/* What a draw that is the guest's needs, from scratch: of output i, which is in the group from `first` on. */
static int32_t fetch_probabilities_of(u32 i, u32 first, const probabilities *to)
{
    const llama_output *o = at(many.output);
    u32 count = candidates(o[i].top_k), row = i * state.config.vocab * 4, top = (i - first) * count * 4;
    u32 scores = many.keep_logits ? buffers.device_scores : buffers.device_logits;
    if (scores == (many.keep_logits ? state.scores : state.logits))
        return 0;
    zcg_discard();
    begin_record(0);
    record_copy(scores + row, (u32)(unsigned long)to->all, state.config.vocab);
    record_copy(top_of(buffers.device_top_values, first) + top, (u32)(unsigned long)to->best, count);
    record_copy(top_of(buffers.device_top_indices, first) + top, (u32)(unsigned long)to->best_ids, count);
    int32_t code = end_record();
    if (code >= 0 && (code = zcg_run()) < 0)
        fail_host(code, "what lies in scratch");
    return code;
}

/* The token that a draw gives which the device left to the guest. */
static int32_t draw_rest_of(u32 i, u32 first, u64 *random, u32 *token)
{
    const llama_output *o = at(many.output);
    choice choice = choice_of(&o[i]);
    u32 top = (i - first) * candidates(o[i].top_k) * 4, row = i * state.config.vocab * 4;
    probabilities of = {at((many.keep_logits ? state.scores : state.logits) + row),
                        at(top_of(buffers.top_values, first) + top), at(top_of(buffers.top_indices, first) + top)};
    int32_t code = fetch_probabilities_of(i, first, &of);
    if (code >= 0)
        *token = draw_any(&choice, &of, random);
    return code;
}

static int32_t take_tokens(void)
{
    llama_output *o = at(many.output);
    const u32 *tokens = at(chosen);
    const float *values = at(best);
    for (u32 i = 0, first = 0; i < many.outputs; i++) {
        u64 random = o[i].random;
        u32 token = tokens[i];
        if (!same_settings(&o[first], &o[i]))
            first = i;
        if (o[i].temperature > 0 && token == ZC_DRAW_REST) {
            int32_t code = draw_rest_of(i, first, &random, &token);
            if (code < 0)
                return code;
        } else if (token >= state.config.vocab || (o[i].temperature == 0 && !(values[i] >= -__FLT_MAX__))) {
            token = LLAMA_NO_TOKEN; /* also the most likely of tokens none of which may be */
        } else if (o[i].temperature > 0) {
            next_number(&random); /* which the kernel had */
        }
        o[i].token = token;
        o[i].random = random;
    }
    return 0;
}

static int32_t run_step_of_many(void)
{
    const llama_output *o = at(many.output);
    u64 *number = at(numbers);
    u32 *entry = at(many.entry);
    int32_t code = check_step();
    if (code < 0)
        return code;
    for (u32 i = 0; i < many.outputs; i++) {
        u64 random = o[i].random;
        number[i] = next_number(&random);
    }
    entry[0] = many.entries;
    steps++;
    if ((code = run_recorded()) < 0 || many.only_hidden)
        return code;
    return take_tokens();
}

static int32_t CALL(run_many)(void)
{
    return answer(run_step_of_many());
}
ENTRY(run_many, (void), ())
