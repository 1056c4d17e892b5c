/* llama_internal.h: what the files of llama.wasm share.
 *
 *   llama.c         what the host calls
 *   llama_model.c   the model: its tensors, by name and shape
 *   llama_memory.c  where everything lies, in the guest's memory and in scratch
 *   llama_record.c  the forward pass and the choice of a token, recorded as dispatches of kernels
 *   llama_step.c    steps: sequences that are replayed, also before the one in front has ended
 *   llama_sample.c  tokens that the device chose or left to the guest, and the window of tokens whose repetition is
 *                   penalized
 *
 * Functions that can fail return a negative zcg_errno and leave a sentence in llama_state.error. */
#ifndef LLAMA_INTERNAL_H
#define LLAMA_INTERNAL_H

#include <zcwasm_helpers.h>

#include "guest.h"
#include "llama.h"

extern llama_state state; /* llama.c */

static inline u32 q_columns(void)
{
    return state.config.heads * state.config.head_size;
}
static inline u32 kv_columns(void)
{
    return state.config.kv_heads * state.config.head_size;
}

/* --- llama_model.c --- */

typedef struct tensor {
    zcg_handle handle; /* 0: there is none */
    u32 type;
} tensor;

typedef struct layer {
    tensor attention_norm, q, k, v, q_bias, k_bias, v_bias, o, ff_norm, gate, up, down;
} layer;

typedef struct llama_model {
    tensor embedding, output_norm, output;
    layer *layers; /* room for them: llama_memory.c */
} llama_model;

extern llama_model model;

/* Handles of all tensors, whose shapes must be those that the config gives. */
int32_t find_tensors(void);

/* --- llama_memory.c --- */

/* Addresses, all of them in what is transient. Those of what the device reads and writes over and over, and nobody else,
 * are in scratch where the device has memory of its own: from SCRATCH_START on, which the guest's own memory then does
 * not reach. */
typedef struct llama_buffers {
    /* Of `chunk` rows. */
    u32 x, normed, q, k, v, attended, gated;
    /* Of a prompt's rows, in the guest's memory: their positions, and behind these their spans of keys (first, end); twice,
     * for two chunks. */
    u32 prompt_positions;
    /* What kernels use in place of prompt_positions, state.rope, state.logits, state.scores, top_values and
     * top_indices: the same memory, or copies in scratch. */
    u32 device_positions, device_rope, device_logits, device_scores, device_top_values, device_top_indices;
    /* Of the sampler: the most likely tokens; window_ids[0] unique ids of the window; per token, how often it is in
     * the window and where in window_ids. */
    u32 top_values, top_indices, window_ids, window_counts, window_indices;
} llama_buffers;

#define SCRATCH_START ((u64)3 << 30)

extern llama_buffers buffers;
extern zcg_handle scratch;
extern u64 scratch_size; /* 0: everything lies in the guest's memory */

/* With device.mirror: the cache once more, in the device's own memory, laid out as in the guest's. Not among the
 * addresses: it may be as large as the guest's memory. */
extern zcg_handle cache_mirror;

/* What is kept: the cache and its history. */
int32_t allocate_kept(void);
/* The rest, as the device wants it; whatever was there is lost, but the window. Nothing may be in flight. */
int32_t allocate_transient(void);
/* The table of angles, from the input. */
int32_t read_rope(void);
/* The scratch that allocate_transient found to be needed, and in it the table of angles; and the mirror, of which all
 * rows that are cached are spoiled. */
int32_t make_scratch(void);
/* Rows [first, first + count) of the mirror are not what the cache has. */
void spoil_mirror(u32 first, u32 count);
/* Copies all such rows, so that there are none. A call that was interrupted leaves them to the next one. */
int32_t mend_mirror(void);

/* As many as the kernel top_k gives. */
static inline u32 candidates(void)
{
    u32 most = state.sampling.top_k ? state.sampling.top_k : ZC_TOP_K_MAX;
    return state.config.vocab < most ? state.config.vocab : most;
}

/* --- llama_record.c --- */

/* How the next token is chosen. */
enum selection { GREEDY, PENALIZED, SAMPLED, SELECTIONS };

/* What a step reads and what it makes of it. A step alone reads step_buffers[ALONE], and writes the token there. With
 * device.submit_ahead the step of a position reads step_buffers[position % 2] and writes token and best of the other
 * one, which the next step reads. A prompt writes to step_buffers[ALONE]. */
enum { ALONE = 2, STEP_BUFFERS };
extern struct step_buffer {
    u32 token; /* when SAMPLED also ZC_DRAW_REST or ZC_DRAW_NONE */
    float best; /* its logit, or what a penalty makes of it; NaN if any is */
    u64 u;      /* what the kernel draw reads, in the buffer that the token is written to */
    u32 position, span[2];
} step_buffers[STEP_BUFFERS];

int32_t find_kernels(void);
/* Everything for `rows` tokens at `tokens`, whose positions, and behind these spans, lie at `from`; the logits and
 * the next token, into `next`, too when there is one. */
int32_t record(zcg_handle sequence, u32 rows, u32 tokens, u32 from, struct step_buffer *next, enum selection selection);
/* Into state.logits, and state.scores where there are any; into state.scores, buffers.top_values and top_indices. */
int32_t fetch_logits(enum selection selection);
int32_t fetch_probabilities(void);
/* A copy of words, whatever they are, into the batch of the next zcg_run. */
int32_t record_copy(u32 from, u32 to, u32 words);

/* --- llama_step.c --- */

/* The step of state.cached, whose token is state.token: the next token, chosen so. */
int32_t run_step(enum selection selection);
/* The same of a step that may be in flight already; when it returns, the one behind it is. */
int32_t step_ahead(enum selection selection);
/* Whether such a step is worth it: not behind one that had to be run again. */
int may_step_ahead(enum selection selection);
/* Whether device_logits and device_scores are those of the last position. */
void note_logits(int there);
/* They are when it returns. */
int32_t compute_logits(enum selection selection);
/* A prompt is submitted in pieces, so that the device begins while the rest is recorded: what has been recorded since
 * the last one is the next. */
enum { MOST_PIECES = 8 }; /* of two chunks */
int32_t submit_piece(void);
u32 pieces_in_flight(void);
/* Waits until only so many are, the last ones. */
int32_t wait_for_pieces(u32 left);
/* Waits until the steps that were submitted ahead, and what an interrupted prefill left, have ended. What they computed
 * is not used.
 * A call that was interrupted right after a submission may not have noted its handle. Such a step needs no wait here:
 * work runs in the order of submission, and prefill waits for work of its own before a step writes into step_buffers
 * again. */
void wait_for_submitted_ahead(void);
/* The settings have changed. What sequences were recorded with is recorded anew. */
void forget_sequences(void);
/* Handles of sequences, submissions and scratch that may be another instance's. What they name here, if anything, is
 * what this memory had before it became a copy of that one's: it is given back. */
void forget_handles(void);

/* --- llama_sample.c --- */

enum selection selection_of_settings(void);
/* The token behind `count` cached ones, in state.token too: `made` is what a submission that has ended left. Only when
 * there is one does anything change: state.cached and the generator's state with it. */
int32_t choose(enum selection selection, const struct step_buffer *made, u32 count);
/* The generator's state begins from a seed. */
void seed_random(u64 seed);
/* The number that the draw after `skipped` others takes, in units of 2^-53; nothing changes. */
u64 number_after(u32 skipped);
/* The window before the end of `count` tokens; of all but the last one it may be there already, and is then moved on. */
void penalize(const u32 *tokens, u32 count);
/* The next call of penalize begins anew. */
void forget_window(void);

#endif
