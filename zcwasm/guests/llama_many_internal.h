/* llama_many_internal.h: what llama_many.c and llama_many_choose.c share. */
#ifndef LLAMA_MANY_INTERNAL_H
#define LLAMA_MANY_INTERNAL_H

#include "llama_internal.h"

/* --- llama_many.c --- */

enum { SHAPES = 8 };

/* A step that was recorded. */
typedef struct shape {
    zcg_handle sequence; /* 0: none */
    u32 rows;            /* 0: it is not sealed */
    u32 entries, table_words, reach, keep_logits, only_hidden;
    u32 settings; /* llama_output[sequences]: those of its outputs */
    u64 used;     /* the step that used it last */
} shape;

/* A step, from when it begins until its tokens are taken. */
typedef struct set {
    zcg_handle submission; /* 0: it is not in flight */
    /* As the host asked for it. */
    u32 rows, outputs, pieces, entries, keep_logits, only_hidden, follows;
    /* Addresses: of what the host writes; of each output the number to draw with, what was chosen, and its logit where
     * nothing is drawn. */
    u32 tokens, positions, places, spans, piece, output, numbers, chosen, best;
    shape shapes[SHAPES];
} set;

extern llama_many many;
extern set *now; /* the step that is worked on */

set *other(const set *s);

/* --- llama_many_choose.c: tokens of the step `now` --- */

choice choice_of(const llama_output *o);
/* Whether two outputs are chosen alike, but for masks. */
int same_settings(const llama_output *a, const llama_output *b);
/* What is behind the logits; entries: of many.entry, at most. */
void record_choices(u32 entries);
/* The numbers that tokens are drawn with. Behind a step in flight generators have moved on by one where it draws. */
void find_numbers(void);
/* Whether the device left a draw to the guest; whether no token may come, also where it is the most likely of tokens
 * none of which may be. */
int is_rest(u32 i);
int is_none(u32 i);
/* The tokens, and the states of generators, of a step that has ended. */
int32_t take_tokens(void);

#endif
