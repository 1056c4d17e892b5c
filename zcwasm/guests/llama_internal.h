/* llama_internal.h: what the files of llama.wasm share.
 *
 *   llama.c         what the host calls
 *   llama_model.c   the model: its tensors, by name and shape
 *   llama_memory.c  where everything lies, in the guest's memory and in scratch
 *   llama_record.c  dispatches of kernels; the choice of a session's next token, recorded as some
 *   llama_layers.c  the forward pass, recorded as dispatches
 *   llama_step.c    steps: sequences that are replayed, also before the one in front has ended
 *   llama_sample.c  tokens that the device chose or left to the guest, and the window of tokens whose repetition is
 *                   penalized
 *   llama_many.c    steps of many sequences, whose cache lies in pages; llama_many_choose.c: their tokens
 *
 * Functions that can fail return a negative zcg_errno and leave a sentence in llama_state.error. */
#ifndef LLAMA_INTERNAL_H
#define LLAMA_INTERNAL_H

#include <zcwasm_helpers.h>

#include "guest.h"
#include "llama.h"
#include "llama_many.h"

/* --- llama.c --- */

extern llama_state state;

/* What may be drawn. */
typedef struct choice {
    u32 top_k;
    float top_p, min_p;
} choice;

/* A sentence of a number and its limit; returns -code. */
int32_t fail_limit(zcg_errno code, const char *what, u64 value, const char *limit_is, u64 limit);
/* The input "config", checked. */
int32_t read_config(void);
/* What is not memory: tables of angles, kernels, scratch and the mirror. */
int32_t take_resources(void);
/* Whether tokens can be chosen so. */
int32_t check_choice(float temperature, const choice *c);

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
    zcg_handle handle; /* 0: it is none of the file's */
    u32 type;
    u32 address; /* of a vector of float32 that was made here; 0 without a handle: there is none */
    u32 count;   /* its elements */
} tensor;

static inline int is_there(const tensor *t)
{
    return t->handle || t->address;
}

typedef struct dense {
    tensor weight, bias;
} dense;

typedef struct norm {
    tensor weight, bias; /* bias: of a layer norm */
} norm;

typedef struct layer {
    llama_layer numbers;
    int shares_norm; /* ff_norm is attention_norm */
    norm attention_norm, attention_post, ff_norm, ff_post;
    tensor q_norm, k_norm;
    tensor sinks; /* one for each head, or none */
    dense q, k, v, o, router, gate, up, down; /* the last three: of all experts, where there are some */
} layer;

typedef struct llama_model {
    tensor embedding, positions, output;
    norm output_norm;
    layer *layers; /* room for them: llama_memory.c */
    int gate_biases; /* some layer's gate or up of a gated feed-forward has one */
} llama_model;

extern llama_model model;

/* The input "layers", checked; and handles of all tensors, whose shapes must be those that the config gives. Room for
 * activations is taken behind it: it follows from the tensors, too. */
int32_t find_tensors(void);

/* --- llama_memory.c --- */

/* Addresses, all of them in what is transient. Those of what the device reads and writes over and over, and nobody else,
 * are in scratch where the device has memory of its own: from SCRATCH_START on, which the guest's own memory then does
 * not reach. */
typedef struct llama_buffers {
    /* Of `chunk` rows. part: of as many columns as x, where something needs it beside normed. gated: with
     * model.gate_biases it has the columns of both gate and up. With experts that, too, and a row for each expert that a
     * row goes to, as have routing_ids, routing_weights, and `given`, which is what they give; `routing`: logits of all. */
    u32 x, normed, part, q, k, v, attended, gated, routing, routing_ids, routing_weights, given;
    /* Vectors that are made of others (llama_layers.c), float32[made_count()]. */
    u32 made;
    /* Of a prompt's rows, in the guest's memory: their positions, and behind these their spans of keys (first, end); twice,
     * for two chunks. */
    u32 prompt_positions;
    /* What kernels use in place of prompt_positions, state.rope, made, state.logits, state.scores, top_values and
     * top_indices: the same memory, or scratch. */
    u32 device_positions, device_rope, device_made, device_logits, device_scores, device_top_values, device_top_indices;
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
extern u32 cache_rows; /* that the cache has room for */

/* What is kept: the cache and its history. */
int32_t allocate_kept(void);
/* The rest, as the device and the tensors, which it finds, want it; whatever was there is lost, but the window. Nothing
 * may be in flight. */
int32_t allocate_transient(void);
/* Of which these are parts. The cache; what is there once and what is there for each output; and, last, activations of
 * so many rows, with so many words at prompt_positions. */
void allocate_cache(u32 rows);
void allocate_outputs(u64 outputs);
void allocate_activations(u64 rows, u64 words, u64 outputs);
/* Whether there was room for all that was allocated. */
int32_t check_room(void);
/* Bytes of one table of angles, and of all. */
u64 rope_bytes(void);
u64 all_ropes_bytes(void);
/* The tables of angles, from the input. */
int32_t read_rope(void);
/* The scratch that allocate_transient found to be needed, and in it the tables of angles; what is made of tensors; and
 * the mirror, of which all rows that are cached are spoiled. */
int32_t make_scratch(void);
/* Rows [first, first + count) of the mirror are not what the cache has. */
void spoil_mirror(u32 first, u32 count);
/* Copies all such rows, so that there are none. A call that was interrupted leaves them to the next one. */
int32_t mend_mirror(void);

/* As many as the kernel top_k gives, of which `top_k` may be drawn, or any when it is 0. */
static inline u32 candidates(u32 top_k)
{
    u32 most = top_k ? top_k : ZC_TOP_K_MAX;
    return state.config.vocab < most ? state.config.vocab : most;
}

/* --- llama_record.c --- */

#define LLAMA_KERNELS(X)                      \
    X(EMBED, "embed")                         \
    X(RMS_NORM, "rms_norm")                   \
    X(NORM_ADD, "norm_add")                   \
    X(LAYER_NORM, "layer_norm")               \
    X(LINEAR, "linear")                       \
    X(LINEAR_GATED, "linear_gated")           \
    X(ROPE_APPEND, "rope_append")             \
    X(APPEND, "append")                       \
    X(ATTENTION, "attention")                 \
    X(AFFINE, "affine")                       \
    X(ADD, "add")                             \
    X(FILL, "fill")                           \
    X(SOFTCAP, "softcap")                     \
    X(PENALIZE, "penalize")                   \
    X(SOFTMAX, "softmax")                     \
    X(TOP_K, "top_k")                         \
    X(DRAW, "draw")                           \
    X(ROPE_APPEND_PAGED, "rope_append_paged") \
    X(ATTENTION_PAGED, "attention_paged")     \
    X(ADJUST, "adjust")                       \
    X(MASK, "mask")                           \
    X(ROUTE, "route")                         \
    X(LINEAR_CHOSEN, "linear_chosen")         \
    X(ADD_WEIGHTED, "add_weighted")
enum kernel {
#define X(constant, name) constant,
    LLAMA_KERNELS(X)
#undef X
        KERNELS
};

/* Pieces of the rows of a step (llama_many.h). */
typedef struct piece_list {
    const llama_piece *of;
    u32 count;
} piece_list;

/* What the layers go over once. */
typedef struct pass {
    u32 rows;
    u32 kept;                     /* the last ones, which alone go through the end of the last layer; 0: none does */
    u32 tokens, positions, spans; /* of the rows */
    int submitted;                /* what has been recorded is submitted in pieces */
    /* With a cache in pages, of which each has `page` rows; 0: row p of the cache is that of position p. */
    u32 page, places, tables, table_words;
    u32 reach; /* keys that a row attends to, at most */
    piece_list pieces, last_pieces; /* those of the last layer: of kept rows only */
    /* Of the rows kept some only go on behind the last attention: so many, of these numbers. 0: all, as they lie. */
    u32 gathered, gather;
} pass;

/* How the next token of a session is chosen. */
enum selection { GREEDY, PENALIZED, SAMPLED, SELECTIONS };

/* What a step reads and what it makes of it. A step alone reads step_buffers[ALONE], and writes the token there. With
 * device.submit_ahead the step of a position reads step_buffers[position % 2] and writes token and best of the other
 * one, which the next step reads. A prompt writes to step_buffers[ALONE]. */
enum { ALONE = 2, STEP_BUFFERS };
extern struct step_buffer {
    u32 token; /* when SAMPLED also ZC_DRAW_REST or ZC_DRAW_NONE */
    float best; /* its logit, or what a penalty makes of it; NaN if any is */
    u64 u; /* what the kernel draw reads, in the buffer that the token is written to */
    u32 position, span[2];
} step_buffers[STEP_BUFFERS];

int32_t find_kernels(void);
/* Everything for `rows` tokens at `tokens`, whose positions, and behind these spans, lie at `from`; the logits and
 * the next token, into `next`, too when there is one. */
int32_t record(zcg_handle sequence, u32 rows, u32 tokens, u32 from, struct step_buffer *next, enum selection selection);
/* Into state.logits, and state.scores where there are any; into state.scores, buffers.top_values and top_indices. */
int32_t fetch_logits(enum selection selection);
int32_t fetch_probabilities(void);

/* The parts of it: what is recorded goes into a sequence, or when that is 0 into the batch of the next zcg_run. The
 * first failure is what end_record returns; nothing is recorded behind it. */
void begin_record(zcg_handle sequence);
int32_t end_record(void);
/* A dispatch: first its ranges, in their order. */
void bind(u32 pointer, u64 bytes);
void dispatch(enum kernel kernel, const void *params, u32 size);
/* A tensor, or nothing where there is none. */
void bind_tensor(const tensor *t);
/* Bytes of the cache where kernels read them: of its mirror, or of the guest's own. */
void bind_cache(u64 offset, u64 bytes);
/* Bytes of `rows` rows of `cols` float32 at a distance of `ld`. */
static inline u64 matrix(u32 rows, u32 cols, u32 ld)
{
    return rows ? ((u64)(rows - 1) * ld + cols) * sizeof(float) : 0;
}
/* What has been recorded so far is submitted, unless something failed. */
void submit_recorded(void);
/* A copy of words, whatever they are. */
void record_copy(u32 from, u32 to, u32 words);
/* So many float32, times `scale`. */
void record_affine(u32 from, u32 count, float scale, u32 to);
/* Of rows of the vocabulary. */
void record_softmax(u32 from, u32 rows, u32 to);
void record_top_k(u32 from, u32 rows, u32 k, u32 values, u32 indices);
/* values and indices are what record_top_k gave, of candidates(choice->top_k); numbers and tokens one for each row. */
void record_draw(const choice *choice, u32 rows, u32 values, u32 indices, u32 numbers, u32 tokens);

/* --- llama_layers.c --- */

/* How many float32 are made of tensors, or of nothing, and how: recorded once, when the tensors are found. */
u32 made_count(void);
void record_made(void);
/* All layers: where the rows that are kept, or gathered, lie then. These are divided by residual_scale. */
u32 record_layers(const pass *of);
/* The logits of rows that lie at x, to device_logits. */
void record_output(u32 x, u32 rows);

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
choice choice_of_settings(const llama_sampling *settings);
/* The token behind `count` cached ones, in state.token too: `made` is what a submission that has ended left. Only when
 * there is one does anything change: state.cached and the generator's state with it. */
int32_t choose(enum selection selection, const struct step_buffer *made, u32 count);
/* The generator's state begins from a seed. */
void seed_random(u64 seed);
/* The number that the next draw takes, in units of 2^-53: the generator moves on. */
u64 next_number(u64 *random);
/* Of a session: that of the draw after `skipped` others; nothing changes. */
u64 number_after(u32 skipped);
/* The probabilities of all tokens, and of the most likely ones as record_top_k gives them. */
typedef struct probabilities {
    const float *all, *best;
    const u32 *best_ids;
} probabilities;
/* Where the kernel draw says that the token is none of its candidates, or may be: with top_p and min_p that these do
 * not fulfil, and without a top_k. The draw, which begins with the number that the kernel had, is from all tokens, and
 * repeated until it is one that may be. */
u32 draw_any(const choice *choice, const probabilities *of, u64 *random);
/* The window before the end of `count` tokens; of all but the last one it may be there already, and is then moved on. */
void penalize(const u32 *tokens, u32 count);
/* The next call of penalize begins anew. */
void forget_window(void);

#endif
