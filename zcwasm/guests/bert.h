/* bert.h: what the host gives the guest bert.wasm, and what it finds in the guest's memory. buildtools/guests.py
 * makes zcwasm/guests/layouts.py of it, by which zcwasm/_models/encoder_run.py fills bert_config and reads bert_state.
 * Little-endian, fields of 4 bytes; pointers are offsets into the guest's memory. */
#ifndef BERT_H
#define BERT_H

#include <stdint.h>

#define BERT_VERSION 2

/* The largest numbers of a config that the guest takes. A head has at most ZC_ATTENTION_MAX_HEAD elements. */
#define BERT_MAX_LAYERS 1024
#define BERT_MAX_DIM (1 << 16)
#define BERT_MAX_HEADS 1024
#define BERT_MAX_FF (1 << 18)
#define BERT_MAX_VOCAB (1 << 24)
#define BERT_MAX_POSITIONS (1 << 20)
#define BERT_MAX_TYPES (1 << 16)
#define BERT_MAX_BATCH_TOKENS (1 << 20)
#define BERT_MAX_ROPES 2
#define BERT_MAX_STEPS 16

/* POST: what attention and feed-forward give is added and the sum normed. PRE: what they read is normed, but where there
 * is no attn_norm, and the output in the end. */
enum { BERT_NORM_POST, BERT_NORM_PRE };
/* Plain: up, activation, down. Gated: the activation of gate, times up, down. */
enum { BERT_FF_GELU, BERT_FF_GELU_TANH, BERT_FF_GATED_SILU, BERT_FF_GATED_GELU };
/* What of a text's rows is its vector. */
enum { BERT_POOLING_MEAN, BERT_POOLING_CLS, BERT_POOLING_LAST, BERT_POOLING_MAX };
enum { BERT_ACTIVATION_NONE, BERT_ACTIVATION_TANH, BERT_ACTIVATION_GELU, BERT_ACTIVATION_GELU_TANH };

/* The input "config". */
typedef struct bert_config {
    uint32_t version; /* BERT_VERSION */
    uint32_t layers, dim, heads, ff;
    uint32_t vocab, positions, types; /* rows of the tables that are added up; the last two may be 0: there is none */
    uint32_t most_tokens;             /* of one text: at most `positions` */
    uint32_t batch_tokens;            /* of one submission, unless one text has more */
    uint32_t norms;                   /* BERT_NORM_* */
    uint32_t feed_forward;            /* BERT_FF_* */
    uint32_t window;                  /* rows on each side that a row of a local layer attends to, beside itself */
    uint32_t ropes;                   /* tables in the input "rope"; 0: nothing is rotated */
    uint32_t pooling;                 /* BERT_POOLING_* */
    uint32_t steps;                   /* items of the input "steps": what is done with vectors */
    uint32_t outputs;                 /* columns of the output */
    uint32_t normalize;               /* 1: vectors are divided by their length in the end */
    float norm_epsilon;
} bert_config;

/* The input "layers": one for each. */
typedef struct bert_layer {
    uint32_t local; /* 0: a row attends to its whole text */
    uint32_t rope;  /* which table, below `ropes` */
} bert_layer;

/* The input "steps": y = norm(activation(step.N.weight * x + step.N.bias)), each but the weight where it is there. */
typedef struct bert_step {
    uint32_t rows;       /* of the weight: columns of y */
    uint32_t activation; /* BERT_ACTIVATION_* */
} bert_step;

/* The input "rope": `ropes` tables, float32 (most_tokens, dim / heads / 2, 2), cosines and sines. */

typedef struct bert_state {
    uint32_t version; /* BERT_VERSION */
    uint32_t size;    /* of this struct */
    bert_config config;
    uint32_t texts, tokens; /* what prepare was called with */
    uint32_t ids;           /* uint32[tokens], the texts' one after the other: the host writes them */
    uint32_t types;         /* uint32[tokens], zeros: the host may write them */
    uint32_t lengths;       /* uint32[texts]: how many ids each text has; the host writes them */
    uint32_t output;        /* float32[texts][outputs]: what run computes */
    uint32_t submissions;   /* of the last run */
    uint32_t error_size;
    char error[512]; /* UTF-8: why the last call failed */
} bert_state;

#endif
