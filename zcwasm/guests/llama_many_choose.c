/* llama_many_choose.c: the tokens of a step of many sequences: what is recorded behind its logits, and what is left to
 * the guest.
 *
 * Tokens are chosen as in a session, with the same numbers: a sequence among others draws what it would draw alone from
 * the same logits. */
#include "llama_many_internal.h"

choice choice_of(const llama_output *o)
{
    return (choice){.top_k = o->top_k, .top_p = o->top_p, .min_p = o->min_p};
}

int same_settings(const llama_output *a, const llama_output *b)
{
    return a->temperature == b->temperature &&
           (a->temperature == 0 || (a->top_k == b->top_k && a->top_p == b->top_p && a->min_p == b->min_p));
}

/* The end of those from `first` on whose tokens are chosen alike, in the same dispatches. */
static u32 end_of_group(u32 first)
{
    const llama_output *o = at(now->output);
    u32 end = first + 1;
    while (end < now->outputs && same_settings(&o[first], &o[end]))
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
    zc_adjust_params p = {.count = now->outputs * state.config.vocab, .entries = entries};
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
    const llama_output *o = at(now->output);
    u32 count = 0;
    for (u32 i = 0; i < now->outputs; i++)
        count += o[i].masked;
    return count;
}

/* Logits divided by the temperature, adjusted and masked: where those of the first output are. They are written over the
 * logits, unless these are kept. */
static u32 record_scores(u32 entries)
{
    const llama_output *o = at(now->output);
    u32 from = buffers.device_logits, to = now->keep_logits ? buffers.device_scores : from;
    u32 row = state.config.vocab * 4;
    int divided = 0;
    for (u32 i = 0; i < now->outputs; i++)
        divided |= o[i].temperature > 0 && o[i].temperature != 1;
    if (!divided && !entries && !masked_outputs())
        return from;
    for (u32 i = 0, end; i < now->outputs; i = end) {
        float scale = o[i].temperature > 0 ? 1 / o[i].temperature : 1;
        end = end_of_group(i);
        if (scale != 1 || from != to)
            record_affine(from + i * row, (end - i) * state.config.vocab, scale, to + i * row);
    }
    if (entries)
        record_adjust(to, entries);
    for (u32 i = 0, end; i < now->outputs; i = end) {
        for (end = i; end < now->outputs && o[end].masked;)
            end++;
        if (end > i)
            record_mask(to, i, end - i);
        else
            end++;
    }
    return to;
}

/* One kind of dispatch after the other, so that a device can do those of all groups at once. */
void record_choices(u32 entries)
{
    const llama_output *o = at(now->output);
    u32 scores = record_scores(entries), row = state.config.vocab * 4;
    u32 likely = now->keep_logits ? buffers.device_scores : scores; /* probabilities */
    for (u32 i = 0, end; i < now->outputs; i = end) {
        end = end_of_group(i);
        if (o[i].temperature > 0)
            record_softmax(scores + i * row, end - i, likely + i * row);
    }
    for (u32 i = 0, end; i < now->outputs; i = end) {
        end = end_of_group(i);
        if (o[i].temperature > 0)
            record_top_k(likely + i * row, end - i, candidates(o[i].top_k), top_of(buffers.device_top_values, i),
                         top_of(buffers.device_top_indices, i));
        else
            record_top_k(scores + i * row, end - i, 1, now->best + i * 4, now->chosen + i * 4);
    }
    for (u32 i = 0, end; i < now->outputs; i = end) {
        choice choice = choice_of(&o[i]);
        end = end_of_group(i);
        if (o[i].temperature > 0)
            record_draw(&choice, end - i, top_of(buffers.device_top_values, i), top_of(buffers.device_top_indices, i),
                        now->numbers + i * 8, now->chosen + i * 4);
    }
}

void find_numbers(void)
{
    llama_output *o = at(now->output);
    const llama_output *before = now->follows ? at(other(now)->output) : o;
    u64 *number = at(now->numbers);
    for (u32 i = 0; i < now->outputs; i++) {
        u64 random = before[i].random;
        if (now->follows && o[i].temperature > 0)
            next_number(&random);
        o[i].random = random;
        number[i] = next_number(&random);
    }
}

/* --- what came of it --- */

/* What a draw that is the guest's needs, from scratch: of output i, which is in the group from `first` on. */
static int32_t fetch_probabilities_of(u32 i, u32 first, const probabilities *to)
{
    const llama_output *o = at(now->output);
    u32 count = candidates(o[i].top_k), row = i * state.config.vocab * 4, top = (i - first) * count * 4;
    u32 scores = now->keep_logits ? buffers.device_scores : buffers.device_logits;
    if (scores == (now->keep_logits ? state.scores : state.logits))
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
    const llama_output *o = at(now->output);
    choice choice = choice_of(&o[i]);
    u32 top = (i - first) * candidates(o[i].top_k) * 4, row = i * state.config.vocab * 4;
    probabilities of = {at((now->keep_logits ? state.scores : state.logits) + row),
                        at(top_of(buffers.top_values, first) + top), at(top_of(buffers.top_indices, first) + top)};
    int32_t code = fetch_probabilities_of(i, first, &of);
    if (code >= 0)
        *token = draw_any(&choice, &of, random);
    return code;
}

int is_rest(u32 i)
{
    const llama_output *o = at(now->output);
    const u32 *tokens = at(now->chosen);
    return o[i].temperature > 0 && tokens[i] == ZC_DRAW_REST;
}

int is_none(u32 i)
{
    const llama_output *o = at(now->output);
    const u32 *tokens = at(now->chosen);
    const float *values = at(now->best);
    return tokens[i] >= state.config.vocab || (o[i].temperature == 0 && !(values[i] >= -__FLT_MAX__));
}

int32_t take_tokens(void)
{
    llama_output *o = at(now->output);
    const u32 *tokens = at(now->chosen);
    many.rests = 0;
    for (u32 i = 0, first = 0; i < now->outputs; i++) {
        u64 random = o[i].random;
        u32 token = tokens[i];
        if (!same_settings(&o[first], &o[i]))
            first = i;
        if (is_rest(i)) {
            int32_t code = draw_rest_of(i, first, &random, &token);
            if (code < 0)
                return code;
            many.rests++;
        } else if (is_none(i)) {
            token = LLAMA_NO_TOKEN;
        } else if (o[i].temperature > 0) {
            next_number(&random); /* which the kernel had */
        }
        o[i].token = token;
        o[i].random = random;
    }
    return 0;
}
