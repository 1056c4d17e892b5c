/* bert.h: what the host gives the guest bert.wasm, and what it finds in the guest's memory. buildtools/guests.py
 * makes zcwasm/guests/layouts.py of it, by which zcwasm/embed.py fills bert_config and reads bert_state.
 * Little-endian, fields of 4 bytes; pointers are offsets into the guest's memory. */
#ifndef BERT_H
#define BERT_H

#include <stdint.h>

#define BERT_VERSION 1

/* The largest numbers of a config that the guest takes. A head has at most ZC_ATTENTION_MAX_HEAD elements. */
#define BERT_MAX_LAYERS 1024
#define BERT_MAX_DIM (1 << 16)
#define BERT_MAX_HEADS 1024
#define BERT_MAX_FF (1 << 18)
#define BERT_MAX_VOCAB (1 << 24)
#define BERT_MAX_POSITIONS (1 << 20)
#define BERT_MAX_TYPES (1 << 16)
#define BERT_MAX_BATCH_TOKENS (1 << 20)

/* The input "config". */
typedef struct bert_config {
    uint32_t version; /* BERT_VERSION */
    uint32_t layers, dim, heads, ff;
    uint32_t vocab, positions, types; /* rows of the three tables that are added up */
    uint32_t most_tokens;             /* of one text: at most `positions` */
    uint32_t batch_tokens;            /* of one submission, unless one text has more */
    uint32_t flags;                   /* ZC_POOL_* */
    float norm_epsilon;
} bert_config;

typedef struct bert_state {
    uint32_t version; /* BERT_VERSION */
    uint32_t size;    /* of this struct */
    bert_config config;
    uint32_t texts, tokens; /* what prepare was called with */
    uint32_t ids;           /* uint32[tokens], the texts' one after the other: the host writes them */
    uint32_t lengths;       /* uint32[texts]: how many ids each text has; the host writes them */
    uint32_t output;        /* float32[texts][dim]: what run computes */
    uint32_t submissions;   /* of the last run */
    uint32_t error_size;
    char error[512]; /* UTF-8: why the last call failed */
} bert_state;

#endif
