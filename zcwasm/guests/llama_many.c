/* llama_many.c: steps of many sequences, whose cache lies in pages (llama_many.h).
 *
 * A step is one submission. Where rows of prompts are among it, it is recorded for itself. One of rows that decode, and
 * nothing else, is a sequence, which is replayed as long as there are as many rows and their tokens are chosen alike:
 * all that changes from token to token is read from memory. A few such sequences are kept, since rows come and go.
 *
 * Rows that decode read their tokens where the step before has, or would have, written those that it chose: in the other
 * set. So the same recorded step serves whether the host knows the tokens, and writes them there, or the step in flight
 * does. Two steps are in flight at most, one of each set; the device computes them one after the other. */
#include "llama_many_internal.h"

llama_many many;
static set sets[2];
set *now = sets;
static u32 oldest; /* the set that is in flight, or of two the one that is so for longer */
static u64 steps;
/* Addresses. Of the rows of a step: whether its logits are wanted, its pieces in the last layer. Of its outputs: their
 * rows among those kept. Only while it is recorded, or run. */
static u32 wanted, last_pieces, gather_rows, hidden;

set *other(const set *s)
{
    return s == sets ? sets + 1 : sets;
}

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

/* --- what is in flight --- */

static u32 in_flight(void)
{
    return (sets[0].submission != 0) + (sets[1].submission != 0);
}

/* Wait for all that is in flight: nobody takes what comes of it. A call is interrupted at calls and loops: between the
 * end of a wait, which frees the handle, and its being forgotten here there is neither. */
static void drop(void)
{
    for (u32 i = 0; i < 2; i++)
        if (sets[i].submission) {
            zcg_wait(sets[i].submission, -1);
            sets[i].submission = 0;
        }
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

static u32 next_of(u32 *end, u64 bytes)
{
    u32 start = *end;
    *end += (u32)((bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT);
    return start;
}

/* The arrays of a set, from `start` on: where they end. */
static u32 lay_out(set *s, u32 start)
{
    u32 end = start;
    u64 chunk = state.config.chunk, sequences = many.config.sequences;
    s->positions = next_of(&end, chunk * 4);
    s->places = next_of(&end, chunk * 4);
    s->spans = next_of(&end, chunk * 12);
    s->tokens = next_of(&end, chunk * 4);
    s->piece = next_of(&end, chunk * sizeof(llama_piece));
    s->output = next_of(&end, sequences * sizeof(llama_output));
    s->numbers = next_of(&end, sequences * sizeof(u64));
    s->chosen = next_of(&end, sequences * sizeof(u32));
    s->best = next_of(&end, sequences * sizeof(float));
    return end;
}

/* The words from the first positions to the end of the tables. What kernels of every layer read is there: positions,
 * places, spans, tables. With scratch there is a copy of them there. */
static u64 input_words(void)
{
    set none;
    return 2 * (u64)(lay_out(&none, 0) / sizeof(u32)) + table_size();
}

static void allocate_inputs(void)
{
    buffers.prompt_positions = allocate(input_words() * sizeof(u32));
    u32 second = lay_out(&sets[0], buffers.prompt_positions);
    many.set_bytes = second - buffers.prompt_positions;
    many.tables = lay_out(&sets[1], second);
    many.tokens = sets[0].tokens;
    many.positions = sets[0].positions;
    many.places = sets[0].places;
    many.spans = sets[0].spans;
    many.piece = sets[0].piece;
    many.output = sets[0].output;
}

static int32_t allocate_all(void)
{
    const llama_config *c = &state.config;
    u64 sequences = many.config.sequences, chunk = c->chunk;
    int32_t code;
    many.pages_each = (c->context + many.config.page - 1) / many.config.page;
    many.mask_words = (c->vocab + 31) / 32;
    many.most_entries = (u32)at_most(sequences * at_most(c->vocab, (u64)c->context + ZC_TOP_K_MAX), LLAMA_MAX_ENTRIES);
    start_heap();
    allocate_cache(many.config.pages * many.config.page);
    state.transient = allocate(0);
    allocate_outputs(sequences);
    allocate_inputs();
    many.entry = allocate((1 + (u64)many.most_entries) * 4 * sizeof(u32));
    many.mask = allocate(sequences * many.mask_words * sizeof(u32));
    wanted = allocate(chunk * sizeof(u32));
    last_pieces = allocate(chunk * sizeof(llama_piece));
    gather_rows = allocate(sequences * sizeof(u32));
    hidden = allocate(sequences * c->dim * sizeof(float));
    for (u32 i = 0; i < 2 * SHAPES; i++)
        sets[i / SHAPES].shapes[i % SHAPES].settings = allocate(sequences * sizeof(llama_output));
    if ((code = check_room()) < 0 || (code = find_tensors()) < 0)
        return code;
    allocate_activations(chunk > sequences ? chunk : sequences, input_words(), sequences);
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
    drop(); /* of an init before, with other addresses */
    zcg_discard(); /* what an interrupted call left */
    for (u32 i = 0; i < 2 * SHAPES; i++)
        forget(&sets[i / SHAPES].shapes[i % SHAPES]);
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

static int32_t check_pieces(void)
{
    const llama_piece *p = at(now->piece);
    u32 end = 0;
    for (u32 i = 0; i < now->pieces; i++) {
        if (p[i].first != end || p[i].count == 0 || p[i].count > now->rows - end || p[i].shared > 1)
            return fail_limit(ZCG_EINVAL, "what is no part of the rows, one behind the other: piece", i, " of ",
                              now->pieces);
        end += p[i].count;
    }
    if (end != now->rows)
        return fail_limit(ZCG_EINVAL, "the end of the last piece", end, ", there are rows: ", now->rows);
    return 0;
}

/* Every number that becomes an address or a size. What the kernels read from memory they clamp. */
static int32_t check_step(void)
{
    const llama_config *c = &state.config;
    const llama_output *o = at(now->output);
    const struct {
        const char *name;
        u32 value, least, most;
    } counts[] = {
        {"the number of rows", now->rows, 1, c->chunk},
        {"the number of pieces", now->pieces, 1, now->rows},
        {"the number of outputs", now->outputs, 0, many.config.sequences},
        {"the number of entries", now->entries, 0, now->outputs ? many.most_entries : 0},
        {"keep_logits", now->keep_logits, 0, 1},
        {"only_hidden", now->only_hidden, 0, 1},
    };
    if (many.version != LLAMA_MANY_VERSION)
        return fail(ZCG_EINVAL, "init_many has not succeeded");
    for (u32 i = 0; i < sizeof counts / sizeof *counts; i++)
        if (counts[i].value < counts[i].least || counts[i].value > counts[i].most)
            return fail_limit(ZCG_EINVAL, counts[i].name, counts[i].value, ", the most is ", counts[i].most);
    for (u32 i = 0; i < now->outputs; i++) {
        choice choice = choice_of(&o[i]);
        int32_t code = check_choice(o[i].temperature, &choice);
        if (code < 0)
            return code;
        if (o[i].row >= now->rows || o[i].masked > 1)
            return fail_limit(ZCG_EINVAL, "the row of an output", o[i].row,
                              ", or it is masked by no 0 or 1; rows: ", now->rows);
    }
    return check_pieces();
}

/* --- recording a step --- */

/* Of each piece the rows whose logits are wanted, and those between them: what attends in the last layer. */
static u32 find_last_pieces(void)
{
    const llama_output *o = at(now->output);
    const llama_piece *p = at(now->piece);
    llama_piece *last = at(last_pieces);
    u32 *is_wanted = at(wanted), *spans = at(now->spans), count = 0;
    for (u32 i = 0; i < now->rows; i++)
        is_wanted[i] = 0;
    for (u32 i = 0; i < now->outputs; i++)
        is_wanted[o[i].row] = 1;
    for (u32 i = 0; i < now->pieces; i++) {
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
    const llama_output *o = at(now->output);
    u32 first = now->rows;
    for (u32 i = 0; i < now->outputs; i++)
        first = o[i].row < first ? o[i].row : first;
    return now->rows - first;
}

/* Whether the rows that are kept are the outputs, as they lie. */
static int outputs_are_rows(u32 kept)
{
    const llama_output *o = at(now->output);
    for (u32 i = 0; i < now->outputs; i++)
        if (o[i].row != now->rows - kept + i)
            return 0;
    return now->outputs == kept;
}

/* The address that kernels read an input at, of whose words the first ones are brought there. */
static u32 bring(u32 input, u32 words)
{
    u32 there = buffers.device_positions + (input - buffers.prompt_positions);
    if (there != input)
        record_copy(input, there, words);
    return there;
}

/* What the last layer gives, to where the host finds it. */
static void record_hidden(u32 x)
{
    const llama_config *c = &state.config;
    if (c->residual_scale == 1)
        record_copy(x, many.hidden, now->outputs * c->dim);
    else
        record_affine(x, now->outputs * c->dim, c->residual_scale, many.hidden);
}

static int32_t record_step(zcg_handle sequence, u32 entries, u32 table_words, u32 reach)
{
    u32 kept = rows_kept(), rows = now->rows, *gather = at(gather_rows);
    const llama_output *o = at(now->output);
    for (u32 i = 0; i < now->outputs; i++)
        gather[i] = o[i].row - (rows - kept);
    begin_record(sequence);
    pass of = {.rows = rows,
               .kept = kept,
               .tokens = sequence ? other(now)->chosen : now->tokens,
               .positions = bring(now->positions, rows),
               .spans = bring(now->spans, 3 * rows),
               .page = many.config.page,
               .places = bring(now->places, rows),
               .tables = bring(many.tables, table_words),
               .table_words = table_words,
               .reach = reach,
               .pieces = {at(now->piece), now->pieces},
               .last_pieces = {at(last_pieces), find_last_pieces()},
               .gathered = outputs_are_rows(kept) ? 0 : now->outputs,
               .gather = gather_rows};
    u32 x = record_layers(&of);
    if (now->outputs && now->only_hidden) {
        record_hidden(x);
    } else if (now->outputs) {
        record_output(x, now->outputs);
        record_choices(entries);
        if (now->keep_logits && buffers.device_logits != state.logits)
            record_copy(buffers.device_logits, state.logits, now->outputs * state.config.vocab);
    }
    return end_record();
}

/* --- steps that are recorded once --- */

static int is_decoding(void)
{
    const llama_piece *p = at(now->piece);
    return now->pieces == 1 && !p->shared && outputs_are_rows(now->rows);
}

static int is_this_step(const shape *s, u32 entries, u32 table_words, u32 reach)
{
    const llama_output *o = at(now->output), *settings = at(s->settings);
    if (s->rows != now->rows || s->entries != entries || s->table_words != table_words || s->reach != reach ||
        s->keep_logits != now->keep_logits || s->only_hidden != now->only_hidden)
        return 0;
    for (u32 i = 0; i < now->outputs; i++)
        if (!same_settings(&o[i], &settings[i]) || o[i].masked != settings[i].masked)
            return 0;
    return 1;
}

/* The sequence of this step, of rows that decode. */
static int32_t find_sequence(u32 entries, u32 table_words, u32 reach)
{
    const llama_output *o = at(now->output);
    shape *shapes = now->shapes, *s = shapes;
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
    for (u32 i = 0; i < now->outputs; i++)
        settings[i] = o[i];
    s->entries = entries;
    s->table_words = table_words;
    s->reach = reach;
    s->keep_logits = now->keep_logits;
    s->only_hidden = now->only_hidden;
    s->used = steps;
    s->rows = now->rows;
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
    const u32 *spans = at(now->spans);
    u32 page = many.config.page;
    u64 most = 1;
    if (buffers.device_positions == buffers.prompt_positions)
        return (u32)table_size();
    for (u32 i = 0; i < now->rows; i++) {
        u64 end = (u64)spans[3 * i + 2] + ((u64)spans[3 * i + 1] + page - 1) / page;
        most = end > most ? end : most;
    }
    return rounded_up((u32)at_most(most, table_size()), table_size());
}

/* The most keys that a row attends to, rounded up: a GPU makes room, and workgroups, for as many of every row. */
static u32 reach_of_rows(void)
{
    const u32 *spans = at(now->spans);
    u32 reach = 1;
    for (u32 i = 0; i < now->rows; i++)
        reach = spans[3 * i + 1] > reach ? spans[3 * i + 1] : reach;
    return rounded_up((u32)at_most(reach, state.config.context), state.config.context);
}

/* The tokens go where rows that decode read them: the other set is not in flight. */
static void feed(void)
{
    const u32 *from = at(now->tokens);
    u32 *to = at(other(now)->chosen);
    for (u32 i = 0; i < now->rows; i++)
        to[i] = from[i];
}

static int32_t run_recorded(void)
{
    u32 entries = now->entries ? rounded_up(now->entries, many.most_entries) : 0, words = words_of_tables();
    u32 reach = reach_of_rows();
    int32_t code;
    steps++;
    if (is_decoding()) {
        feed();
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

/* --- a step alone --- */

/* The host's request is one of the set `now`, which is not in flight. */
static int32_t take_request(void)
{
    now->rows = many.rows;
    now->outputs = many.outputs;
    now->pieces = many.pieces;
    now->entries = many.entries;
    now->keep_logits = many.keep_logits;
    now->only_hidden = many.only_hidden;
    now->follows = many.follows;
    return check_step();
}

static int32_t begin_alone(void)
{
    drop();
    now = sets;
    if (many.set || many.follows)
        return fail(ZCG_EINVAL, "the step follows, and none is in flight for that; or its set is not 0");
    return take_request();
}

static int32_t run_step_of_many(void)
{
    int32_t code = begin_alone();
    if (code < 0)
        return code;
    u32 *entry = at(many.entry);
    find_numbers();
    entry[0] = now->entries;
    many.rests = 0;
    if ((code = run_recorded()) < 0 || now->only_hidden)
        return code;
    return take_tokens();
}

static int32_t CALL(run_many)(void)
{
    return answer(run_step_of_many());
}
ENTRY(run_many, (void), ())

/* --- steps in flight --- */

/* Behind the one that is in flight. */
static int32_t begin_behind(void)
{
    const set *first = &sets[oldest];
    int32_t code;
    if (in_flight() != 1 || many.set != 1 - oldest || many.follows > 1)
        return fail(ZCG_EINVAL, "a step that follows, but not one that is in flight, in the other set");
    now = other(first);
    if ((code = take_request()) < 0)
        return code;
    const llama_output *o = at(now->output), *before = at(first->output);
    if (now->outputs != first->outputs)
        return fail_limit(ZCG_EINVAL, "outputs of a step that follows", now->outputs, ", of the one before ",
                          first->outputs);
    for (u32 i = 0; i < now->outputs; i++)
        if (!same_settings(&o[i], &before[i]))
            return fail_limit(ZCG_EINVAL, "other settings than in the step before: output", i, " of ", now->outputs);
    return 0;
}

/* Nothing of it is there once only, but the cache, and what no step needs when it has ended. */
static int is_plain(void)
{
    const llama_output *o = at(now->output);
    if (!is_decoding() || now->entries || now->keep_logits || now->only_hidden)
        return 0;
    for (u32 i = 0; i < now->outputs; i++)
        if (o[i].masked)
            return 0;
    return 1;
}

static int32_t submit_step(void)
{
    int32_t code = many.follows ? begin_behind() : begin_alone();
    if (code < 0)
        return code;
    if (!is_plain())
        return fail(ZCG_EINVAL, "a step is started that has more than rows that decode and plain choices");
    find_numbers();
    steps++;
    if (!now->follows) {
        feed();
        oldest = 0;
    }
    int32_t sequence = find_sequence(0, words_of_tables(), reach_of_rows());
    if (sequence < 0)
        return sequence;
    zcg_handle submission = zcg_sequence_submit(sequence);
    if (submission < 0)
        return fail_host(submission, "step");
    now->submission = submission; /* nothing ends a call before this: drop() says why */
    return 0;
}

static int32_t start(void)
{
    int32_t code = submit_step();
    if (code < 0)
        drop();
    return code;
}

static int32_t CALL(start_many)(void)
{
    return answer(start());
}
ENTRY(start_many, (void), ())

/* The step in flight that follows is of no use where a token of `now` is another one than it was given. What draws need
 * it has written over, so they are computed again. */
static int32_t throw_away(void)
{
    int rest = 0, none = 0;
    for (u32 i = 0; i < now->outputs; i++) {
        rest |= is_rest(i);
        none |= is_none(i);
    }
    if (!rest && !none)
        return 0;
    drop();
    return rest ? run_recorded() : 0;
}

static int32_t finish(void)
{
    if (!in_flight())
        return fail(ZCG_EINVAL, "no step is in flight");
    now = &sets[oldest];
    int32_t code = zcg_wait(now->submission, -1);
    now->submission = 0;
    oldest = 1 - oldest;
    if (code < 0)
        fail_host(code, "step");
    else if (in_flight())
        code = throw_away();
    if (code >= 0)
        code = take_tokens();
    if (code < 0) {
        drop();
        return code;
    }
    /* What the step behind has for tokens, should it be computed again. */
    const llama_output *o = at(now->output);
    u32 *tokens = at(other(now)->tokens);
    for (u32 i = 0; in_flight() && i < now->outputs; i++)
        tokens[i] = o[i].token;
    return (int32_t)in_flight();
}

static int32_t CALL(finish_many)(void)
{
    return answer(finish());
}
ENTRY(finish_many, (void), ())

static int32_t CALL(drop_many)(void)
{
    drop();
    return answer(0);
}
ENTRY(drop_many, (void), ())
