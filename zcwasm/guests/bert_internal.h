/* bert_internal.h: what the files of the guest bert.wasm share.
 *   bert.c         what the host calls: checks of its numbers, submissions
 *   bert_model.c   looks up the model's tensors
 *   bert_record.c  records the encoder and what follows it */
#ifndef BERT_INTERNAL_H
#define BERT_INTERNAL_H

#include <zcwasm_helpers.h>

#include "bert.h"
#include "guest.h"

#define TRY(call)             \
    do {                      \
        int32_t code_ = call; \
        if (code_ < 0)        \
            return code_;     \
    } while (0)

extern bert_state state;

/* --- the model --- */

typedef struct tensor {
    zcg_range range;
    u32 type;
} tensor;

/* Without a bias its range is empty. */
typedef struct dense {
    tensor weight, bias;
} dense;

/* Without a norm its weight's range is empty, without a bias that is of zeros. */
typedef struct norm {
    tensor weight, bias;
} norm;

typedef struct layer {
    bert_layer numbers;
    dense q, k, v, attention_out, gate, up, down;
    norm attention, feed_forward; /* in front of both, or behind both: BERT_NORM_* */
} layer;

typedef struct step {
    bert_step numbers;
    dense dense;
    norm norm;
} step;

typedef struct bert_model {
    tensor words, positions, types;
    norm embedding, output;
    layer *layers;
    step *steps;
    u32 ropes; /* the tables */
    u32 widest; /* columns that a vector has on its way */
} bert_model;

extern bert_model model;

int32_t find_model(void);

static inline zcg_range memory(u32 pointer, u64 words)
{
    return (zcg_range){.offset = pointer, .length = words * 4};
}

static inline int is_there(const tensor *t)
{
    return t->range.length != 0;
}

/* --- recording --- */

int32_t find_kernels(void);
/* Room for so many rows of texts, and so many texts, in one submission. */
int32_t make_room(u32 rows, u32 texts);
/* The texts [text, end) with the tokens [token, token + rows); submit it. Returns the submission, or an error. */
zcg_handle submit_texts(u32 text, u32 end, u32 token, u32 rows);

#endif
