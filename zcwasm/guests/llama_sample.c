/* llama_sample.c: takes the token that the device chose, or chooses it where the device left that to the guest; and
 * keeps the window of tokens whose repetition is penalized. Exact, and reproducible from the seed. */
#include "llama_internal.h"

/* PCG32 (O'Neill 2014), one stream. */
static u32 random_bits(u64 *random)
{
    u64 old = *random;
    *random = old * 6364136223846793005u + 1442695040888963407u;
    u32 shifted = (u32)(((old >> 18) ^ old) >> 27), turn = (u32)(old >> 59);
    return shifted >> turn | shifted << (-turn & 31);
}

void seed_random(u64 seed) /* as pcg32_srandom */
{
    state.random = 0;
    random_bits(&state.random);
    state.random += seed;
    random_bits(&state.random);
}

/* In [0, 1), in units of 2^-53. */
u64 next_number(u64 *random)
{
    u64 high = random_bits(random) >> 5, low = random_bits(random) >> 6;
    return high << 26 | low;
}

u64 number_after(u32 skipped)
{
    u64 random = state.random;
    while (skipped--)
        next_number(&random);
    return next_number(&random);
}

/* Whether token a is more likely than token b, or as likely with a lower id: the order in which tokens are taken. */
static int more_likely(const float *p, u32 a, u32 b)
{
    return p[a] > p[b] || (p[a] == p[b] && a < b);
}

/* A token that is not among the `count` most likely ones, drawn by what is left of r; 0xffffffff: none is left. */
static u32 draw_rest(const float *p, u32 last, double r)
{
    u32 chosen = UINT32_MAX;
    for (u32 i = 0; i < state.config.vocab; i++) {
        if (!(p[i] > 0) || !more_likely(p, last, i))
            continue;
        chosen = i; /* if rounding leaves some of r at the end, the last one that can be */
        r -= p[i];
        if (r < 0)
            break;
    }
    return chosen;
}

/* The probability of all tokens that are more likely than this one. */
static double mass_of_more_likely(const float *p, u32 token)
{
    double mass = 0;
    for (u32 i = 0; i < state.config.vocab; i++)
        if (more_likely(p, i, token))
            mass += p[i];
    return mass;
}

u32 draw_any(const choice *choice, const probabilities *of, u64 *random)
{
    const float *p = of->all, *best = of->best;
    u32 count = candidates(choice->top_k);
    float least = choice->min_p * best[0];
    for (;;) {
        double r = (double)next_number(random) / 9007199254740992.0;
        for (u32 i = 0; i < count; i++) {
            r -= best[i];
            if (r < 0)
                return of->best_ids[i];
        }
        u32 token = draw_rest(p, of->best_ids[count - 1], r);
        if (token == UINT32_MAX)
            return of->best_ids[0];
        if (p[token] >= least && (choice->top_p >= 1 || mass_of_more_likely(p, token) < choice->top_p))
            return token;
    }
}

choice choice_of_settings(const llama_sampling *s)
{
    return (choice){.top_k = s->top_k, .top_p = s->top_p, .min_p = s->min_p};
}

enum selection selection_of_settings(void)
{
    const llama_sampling *s = &state.sampling;
    return s->temperature > 0 ? SAMPLED : s->repetition_penalty != 1 ? PENALIZED : GREEDY;
}

int32_t choose(enum selection selection, const struct step_buffer *made, u32 count)
{
    u64 random = state.random;
    u32 token = made->token;
    if (selection == SAMPLED && token == ZC_DRAW_NONE)
        return fail(ZCG_EIO, "the model's output has no probabilities: NaN or infinite logits");
    if (selection == SAMPLED && token == ZC_DRAW_REST) {
        int32_t code = fetch_probabilities();
        if (code < 0)
            return code;
        choice choice = choice_of_settings(&state.sampling);
        probabilities of = {at(state.scores), at(buffers.top_values), at(buffers.top_indices)};
        token = draw_any(&choice, &of, &random);
    } else if (token >= state.config.vocab || (selection != SAMPLED && made->best != made->best)) {
        return fail(ZCG_EIO, "the model's output has NaN logits");
    } else if (selection == SAMPLED) {
        next_number(&random); /* which the kernel had */
    }
    /* A call is interrupted at calls and loops: of this, all or nothing is done. */
    state.random = random;
    state.token = token;
    state.cached = count;
    state.chosen = 1;
    return (int32_t)token;
}

/* --- the window --- */

static u32 window_end; /* how many tokens there were when it was theirs; 0: it is made anew */
static int window_torn; /* by a call that was interrupted while it changed */

/* window_ids has the ids of the window, each once, behind their number. */
static void add(u32 token)
{
    u32 *list = at(buffers.window_ids), *count = at(buffers.window_counts), *index = at(buffers.window_indices);
    if (count[token]++ == 0) {
        index[token] = ++list[0];
        list[list[0]] = token;
    }
}

static void remove(u32 token)
{
    u32 *list = at(buffers.window_ids), *count = at(buffers.window_counts), *index = at(buffers.window_indices);
    if (--count[token] == 0) {
        u32 moved = list[list[0]--];
        list[index[token]] = moved;
        index[moved] = index[token];
    }
}

static void remove_all(void)
{
    u32 *list = at(buffers.window_ids), *count = at(buffers.window_counts);
    for (u32 i = 0; window_torn && i < state.config.vocab; i++)
        count[i] = 0;
    for (u32 i = 1; !window_torn && i <= list[0]; i++)
        count[list[i]] = 0;
    list[0] = 0;
}

void penalize(const u32 *tokens, u32 count)
{
    u32 size = state.sampling.repetition_window, end = window_end;
    if (state.sampling.repetition_penalty == 1 || end == count)
        return;
    window_end = 0;
    if (end && end == count - 1) {
        window_torn = 1;
        add(tokens[end]);
        if (count > size)
            remove(tokens[end - size]);
    } else {
        remove_all();
        window_torn = 1;
        for (u32 i = count > size ? count - size : 0; i < count; i++)
            add(tokens[i]);
    }
    window_torn = 0;
    window_end = count;
}

void forget_window(void)
{
    window_end = 0;
}
