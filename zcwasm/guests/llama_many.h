/* llama_many.h: what the host gives llama.wasm for many sequences at a time, and what it finds in the guest's memory.
 * buildtools/guests.py makes zcwasm/guests/layouts.py of it, by which zcwasm/llm/_engine.py reads and writes it: fields
 * go by their names there.
 *
 * An instance is either a session (llama.h) or this: after init_many only functions of many may be called. The cache lies
 * in pages of some tokens each. Which page holds what is the host's to say: the guest knows no sequences, but rows, where
 * their keys and values go, and which pages they attend to. A step is one call, run_many: rows of prompts and rows that
 * decode, of any sequences, and a token for each output that is asked for. It keeps nothing but the cache from step to
 * step, so that a step that was interrupted or refused is simply done again.
 *
 * Steps of rows that decode, and of plain choices, may be two calls: start_many, which returns at once, and finish_many,
 * which takes the tokens of the older step in flight. Behind the first one in flight a second one may be started, that
 * follows: its rows are the outputs of the first one, whose tokens it gets on the device. So what the host writes for a
 * step is there twice, in two sets, which steps take in turn. finish_many returns how many steps are in flight then: 0
 * where one was that follows, and it was thrown away, because a token came otherwise than the device knew: drawn by the
 * guest, or none. drop_many throws all away that is in flight. So does a step that begins and does not follow, and a call
 * of these that fails; one that was interrupted may have left something in flight, until then.
 *
 * Layout as in llama.h: little-endian, pointers are offsets into the guest's memory. */
#ifndef LLAMA_MANY_H
#define LLAMA_MANY_H

#include <stdint.h>

#include "llama.h"

#define LLAMA_MANY_VERSION 2

/* The largest numbers of a llama_many_config; the smallest is 1. */
#define LLAMA_MAX_SEQUENCES 1024
#define LLAMA_MAX_PAGES (1 << 20) /* so that the bytes of the largest cache fit into 64 bits */
#define LLAMA_MAX_ENTRIES (1 << 20) /* of a step */

/* A token where there is none: the row has NaN, or nothing that may be drawn. */
#define LLAMA_NO_TOKEN 4294967295

/* The input "many", beside those of llama.h: of "config", context is the most tokens of one sequence and chunk the most
 * rows of a step. */
typedef struct llama_many_config {
    uint32_t version; /* LLAMA_MANY_VERSION */
    uint32_t sequences;
    uint32_t pages, page; /* of the cache, for all sequences; tokens of each: 16, 32, 64 or 128 */
} llama_many_config;

/* A row whose next token is wanted. The host writes all but `token`. Those with equal settings that stand side by side
 * are chosen in the same dispatches. */
typedef struct llama_output {
    uint64_t random;   /* state of its generator (PCG32), which moves on when a token is drawn */
    uint32_t row;      /* of this step */
    uint32_t masked;   /* 1: row i of `mask` says which tokens may be, i this output's index */
    float temperature; /* this and the next three as in llama_sampling */
    uint32_t top_k;
    float top_p, min_p;
    uint32_t token; /* what was chosen, or LLAMA_NO_TOKEN */
    uint32_t reserved;
} llama_output;

/* Rows [first, first + count) that attend in one dispatch: those of one prompt, which share the table of the first one
 * (shared 1), or rows of any sequences (0). */
typedef struct llama_piece {
    uint32_t first, count, shared;
} llama_piece;

typedef struct llama_many {
    uint32_t version; /* LLAMA_MANY_VERSION; 0 before init_many */
    uint32_t size;    /* of this struct */
    llama_many_config config;
    llama_device device; /* the host writes it, then calls init_many; submit_ahead means nothing here */

    /* The host writes these, then calls run_many or start_many. */
    uint32_t set;     /* whose arrays the step's are: 0, and of one that follows the other one than the first one's */
    uint32_t follows; /* 1: the tokens, and states of generators, are those that the step in flight gives */
    uint32_t rows, outputs, pieces, entries; /* how many */
    uint32_t keep_logits; /* 1: the logits of all outputs, as the model gives them, are brought to `logits` */
    uint32_t only_hidden; /* 1: no token is chosen; what the last layer gives for each output is brought to `hidden` */

    /* Addresses of what the host writes, too. Those of set 1 are `set_bytes` behind, up to `output`; the rest is there
     * once. Pieces cover all rows, one after the other. */
    uint32_t set_bytes;
    uint32_t tokens; /* uint32[chunk] */
    uint32_t positions; /* uint32[chunk] */
    uint32_t places; /* uint32[chunk]: rows of the cache, page number times page and what is left of the position */
    uint32_t spans; /* uint32[chunk][3]: first and end of the keys that a row attends to, and where in tables the
                           pages of its sequence begin */
    uint32_t piece; /* llama_piece[chunk] */
    uint32_t output; /* llama_output[sequences] */
    uint32_t tables; /* uint32[sequences][pages_each]; words that no row in flight attends to may change */
    uint32_t pages_each; /* pages that `context` tokens take */
    uint32_t entry; /* uint32[1 + most_entries][4] as the kernel adjust has them, of logits divided by the
                            temperature; index is output * vocab + token. The guest writes the first one. */
    uint32_t mask; /* uint32[sequences][mask_words] */
    uint32_t mask_words; /* that hold a bit for each token */
    uint32_t most_entries;
    uint32_t rests; /* what it finds behind run_many and finish_many: how many draws were left to the guest */
    /* What it finds behind run_many with keep_logits. */
    uint32_t logits; /* float32[sequences][vocab] */
    uint32_t hidden; /* float32[sequences][dim], behind run_many with only_hidden: what the output's norm is for */

    /* Layer l has its keys at cache + l * cache_layer_bytes, pages * page rows of kv_heads * head_size elements of
     * kv_type, and its values, as many, half of cache_layer_bytes behind. */
    uint32_t cache;
    uint64_t cache_layer_bytes, cache_bytes;

    uint32_t error_size;
    char error[512]; /* UTF-8: why the last call failed */
} llama_many;

#endif
