/* llama.h: what the host gives the guest llama.wasm, and what it finds in the guest's memory. docs/llm.md says
 * the same in prose, zcwasm/llm/_session.py writes llama_config and reads llama_state.
 *
 * Everything is little-endian; every field below is 4 or 8 bytes at a multiple of its size. Pointers are offsets
 * into the guest's memory. Nothing but `config`, `prompt` and the exported functions' arguments is the host's to
 * write, and that only between calls. */
#ifndef LLAMA_H
#define LLAMA_H

#include <stdint.h>

#define LLAMA_VERSION 1

/* The input "config". */
typedef struct llama_config {
    uint32_t version; /* LLAMA_VERSION */
    uint32_t layers, dim, heads, kv_heads, head_size;
    uint32_t rotated; /* elements of a head that are rotated by the position */
    uint32_t ff;      /* columns of the feed-forward's gate, and of its up */
    uint32_t vocab;
    uint32_t context;      /* positions that the cache has room for */
    uint32_t chunk;        /* most rows of one submission */
    uint32_t rope_layout;  /* ZC_ROPE_PAIRS or ZC_ROPE_HALVES */
    uint32_t kv_type;      /* ZC_CACHE_F32 or ZC_CACHE_F16 */
    uint32_t exact;        /* 1: ZC_LINEAR_EXACT in every linear */
    uint32_t scratch;      /* 1: activations lie in scratch of a device that has memory of its own */
    uint32_t submit_ahead; /* 1: a greedy step is submitted before the one in front of it has ended */
    float norm_epsilon, attention_scale;
} llama_config;

/* The input "rope": float32 (context, rotated / 2, 2), the cosine and sine of every angle. */

typedef struct llama_sampling {
    float temperature; /* 0: the most likely token */
    uint32_t top_k;    /* 0: no limit, else at most ZC_TOP_K_MAX */
    float top_p;       /* 1: no limit */
    float min_p;       /* 0: no limit */
    float penalty;     /* of tokens among the last `window`; 1: none */
    uint32_t window;
    uint64_t random; /* state of the generator (PCG32) */
} llama_sampling;

typedef struct llama_state {
    uint32_t version; /* LLAMA_VERSION; 0 before init */
    uint32_t size;    /* of this struct */
    llama_config config;
    llama_sampling sampling;

    /* Cache: layer l has its keys at cache + l * cache_layer_bytes, (context, kv_heads * head_size) elements of
     * kv_type, and its values, as many, half of cache_layer_bytes behind. Rows [0, cached) are those of the
     * tokens history[0, cached). */
    uint64_t cache_layer_bytes, cache_bytes;
    uint32_t cache;
    uint32_t history; /* uint32[context] */
    uint32_t prompt;  /* uint32[context]: the host writes it, then calls prefill */
    uint32_t logits;  /* float32[vocab] of the last position; with config.submit_ahead not of greedy steps' */
    uint32_t scores;  /* float32[vocab]: penalized logits, or probabilities when sampling */
    uint32_t rope;    /* the table of the input */

    uint32_t cached;
    uint32_t reused;   /* rows that the last prefill found in the cache */
    uint32_t token;    /* what comes next; it is not in the cache yet */
    uint32_t position; /* of the row that a step computes; not of one that config.submit_ahead submits */
    uint32_t span[2];  /* keys that this row attends to */

    uint32_t error_size;
    char error[512]; /* UTF-8: why the last call failed */
} llama_state;

#endif
