/* llama_sample.c: chooses tokens from probabilities, and keeps the window of tokens whose repetition is penalized.
 * Exact, and reproducible from the seed. */
#include "llama_internal.h"

/* PCG32 (O'Neill 2014), one stream. */
static u32 random_bits(void)
{
    u64 old = state.random;
    state.random = old * 6364136223846793005u + 1442695040888963407u;
    u32 shifted = (u32)(((old >> 18) ^ old) >> 27), turn = (u32)(old >> 59);
    return shifted >> turn | shifted << (-turn & 31);
}

void seed_random(u64 seed) /* as pcg32_srandom */
{
    state.random = 0;
    random_bits();
    state.random += seed;
    random_bits();
}

/* In [0, 1), a multiple of 2^-53. */
static double uniform(void)
{
    u64 high = random_bits() >> 5, low = random_bits() >> 6;
    return (double)(high << 26 | low) / 9007199254740992.0;
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

/* Exactly: temperature and penalty are in the probabilities already; then top_k, top_p of what top_k leaves,
 * min_p; then one of those left by its share. When the tokens that top_k the kernel gives do not hold all that
 * may be chosen, the draw is from all tokens, and repeated until it is one that may be. */
static u32 sample(void)
{
    const llama_sampling *s = &state.sampling;
    const float *p = at(state.scores), *best = at(buffers.top_values);
    const u32 *best_ids = at(buffers.top_indices);
    u32 count = most_candidates();
    int complete = count == state.config.vocab;
    double total = 1, kept = 0;
    if (s->top_k && s->top_k <= count) {
        count = s->top_k;
        complete = 1;
        total = 0;
        for (u32 i = 0; i < count; i++)
            total += best[i];
    }
    double goal = s->top_p < 1 ? s->top_p * total : 2;
    float least = s->min_p * best[0];
    for (u32 i = 0; i < count; i++) {
        if (i && best[i] < least) {
            count = i;
            complete = 1;
            break;
        }
        kept += best[i];
        if (kept >= goal) {
            count = i + 1;
            complete = 1;
            break;
        }
    }
    for (;;) {
        double r = uniform() * (complete ? kept : total);
        for (u32 i = 0; i < count; i++) {
            r -= best[i];
            if (r < 0)
                return best_ids[i];
        }
        if (complete) { /* rounding */
            while (count > 1 && !(best[count - 1] > 0))
                count--;
            return best_ids[count - 1];
        }
        u32 token = draw_rest(p, best_ids[count - 1], r);
        if (token == UINT32_MAX)
            return best_ids[0];
        if (p[token] >= least && (s->top_p >= 1 || mass_of_more_likely(p, token) < goal))
            return token;
    }
}

enum selection selection_of_settings(void)
{
    const llama_sampling *s = &state.sampling;
    return s->temperature > 0 ? SAMPLED : s->repetition_penalty != 1 ? PENALIZED : GREEDY;
}

int32_t choose(enum selection selection)
{
    const float *scores = at(selection == GREEDY ? state.logits : state.scores);
    if (selection == SAMPLED) {
        float best = *(const float *)at(buffers.top_values); /* a NaN is the largest */
        if (!(best > 0))
            return fail(ZCG_EIO, "the model's output has no probabilities: NaN or infinite logits");
        state.token = sample();
    } else if (state.token >= state.config.vocab || scores[state.token] != scores[state.token]) {
        return fail(ZCG_EIO, "the model's output has NaN logits");
    }
    return (int32_t)state.token;
}

/* --- the window --- */

/* window_ids has the ids of the window, each once, behind their number. */
static void penalize_add(u32 token)
{
    u32 *list = at(buffers.window_ids), *count = at(buffers.window_counts), *index = at(buffers.window_indices);
    if (count[token]++ == 0) {
        index[token] = ++list[0];
        list[list[0]] = token;
    }
}

static void penalize_remove(u32 token)
{
    u32 *list = at(buffers.window_ids), *count = at(buffers.window_counts), *index = at(buffers.window_indices);
    if (--count[token] == 0) {
        u32 moved = list[list[0]--];
        list[index[token]] = moved;
        index[moved] = index[token];
    }
}

static void penalize_none(void)
{
    u32 *list = at(buffers.window_ids), *count = at(buffers.window_counts);
    for (u32 i = 1; i <= list[0]; i++)
        count[list[i]] = 0;
    list[0] = 0;
}

void penalize_prompt(const u32 *tokens, u32 count)
{
    penalize_none();
    if (state.sampling.repetition_penalty == 1)
        return;
    for (u32 i = count > state.sampling.repetition_window ? count - state.sampling.repetition_window : 0; i < count;
         i++)
        penalize_add(tokens[i]);
}

void penalize_next(const u32 *history, u32 count)
{
    if (state.sampling.repetition_penalty == 1)
        return;
    penalize_add(history[count - 1]);
    if (count > state.sampling.repetition_window)
        penalize_remove(history[count - 1 - state.sampling.repetition_window]);
}
