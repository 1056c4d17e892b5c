/* llama.h: what the host gives the guest llama.wasm, and what it finds in the guest's memory. docs/reference/llm.md
 * says the same in prose. buildtools/guests.py makes zcwasm/guests/layouts.py of it, by which
 * zcwasm/llm/_session.py fills llama_config and llama_sampling and reads llama_state: fields go by their names
 * there.
 *
 * Everything is little-endian; every field below is 4 or 8 bytes at a multiple of its size. Pointers are offsets
 * into the guest's memory. Nothing but `device`, `wanted`, `prompt` and the exported functions' arguments is the
 * host's to write, and that only between calls; of the cache, rows that it then names in a call of `mirror` or, with
 * as many of the history, of `adopt`; and `token` and `random`, where the host knows better what comes next. */
#ifndef LLAMA_H
#define LLAMA_H

#include <stdint.h>

#define LLAMA_VERSION 5

/* The largest numbers of a config that the guest takes; the smallest is 1. Products of two fit 64 bits. A head has
 * at most ZC_ATTENTION_MAX_HEAD elements. */
#define LLAMA_MAX_LAYERS 4096
#define LLAMA_MAX_DIM (1 << 20)
#define LLAMA_MAX_HEADS 4096
#define LLAMA_MAX_FF (1 << 22)
#define LLAMA_MAX_VOCAB (1 << 24)
#define LLAMA_MAX_CONTEXT (1 << 24)
#define LLAMA_MAX_CHUNK 4096
#define LLAMA_MAX_ROPES 4
#define LLAMA_MAX_RESIDUAL_SCALE 65536 /* and the smallest is one part of it */

/* Where a layer norms, and how: flags. */
enum {
    LLAMA_NORM_PRE = 1,   /* what attention and the feed-forward read: attn_norm, ffn_norm */
    LLAMA_NORM_POST = 2,  /* what they give, before it is added: post_attention_norm, post_ffw_norm */
    LLAMA_NORM_LAYER = 4, /* all but those of q and k, the output's too, are layer norms, with biases where the file has
                           * them; else RMS norms */
};
/* RMS norms of q and k, before they are rotated: attn_q_norm, attn_k_norm. */
enum {
    LLAMA_QK_NONE,
    LLAMA_QK_HEAD, /* each head by itself, all with the same weights */
    LLAMA_QK_ROW, /* all columns together */
};
enum {
    LLAMA_FF_SILU, /* down(silu(gate(x)) * up(x)) */
    LLAMA_FF_GELU_TANH,
    LLAMA_FF_PLAIN_GELU, /* down(gelu(up(x))), by erf */
    LLAMA_FF_PLAIN_GELU_TANH,
    LLAMA_FF_SILU_CLAMPED, /* of experts alone: ZC_LINEAR_SWIGLU_CLAMPED of gate and up */
};

/* The input "config": the same on every device. */
typedef struct llama_config {
    uint32_t version; /* LLAMA_VERSION */
    uint32_t layers, dim, heads, kv_heads, head_size;
    uint32_t rotated; /* elements of a head that are rotated by the position */
    uint32_t ff; /* columns of the feed-forward's up, and of its gate; with experts of each one's */
    uint32_t vocab;
    uint32_t context; /* positions that the cache has room for */
    uint32_t chunk; /* most rows of one submission */
    uint32_t rope_layout; /* ZC_ROPE_PAIRS or ZC_ROPE_HALVES */
    uint32_t kv_type; /* ZC_CACHE_F32, ZC_CACHE_F16, or ZC_CACHE_Q8_0 where heads are a multiple of 32 */
    uint32_t exact; /* 1: ZC_LINEAR_EXACT in every linear */
    uint32_t norms; /* LLAMA_NORM_* */
    uint32_t qk_norm; /* LLAMA_QK_* */
    uint32_t feed_forward; /* LLAMA_FF_* */
    /* 1: attention and the feed-forward both read the layer's input, and their sum is added to it: each normed by its
     * own weights, or both by attn_norm where there is no ffn_norm. */
    uint32_t parallel;
    uint32_t positions; /* rows of position_embd, which are added to embeddings; 0: none are */
    uint32_t ropes; /* tables of angles; 0: nothing is rotated, and `rotated` is 0, too */
    /* 0: there is one feed-forward. Else each row goes to the `experts_used` of so many whose logits (ffn_gate_inp) are the
     * largest; what they give, weighted by the softmax of these logits, is added. ffn_gate_exps, ffn_up_exps,
     * ffn_down_exps. With LLAMA_FF_SILU or LLAMA_FF_SILU_CLAMPED, and LLAMA_NORM_PRE, not parallel. */
    uint32_t experts, experts_used;
    float norm_epsilon, attention_scale;
    float attention_softcap; /* scores and logits become cap * tanh(score / cap); 0: they stay */
    float logit_softcap;
    float embedding_scale; /* embeddings times this; before positions are added */
    float residual_scale; /* what attention and the feed-forward add times this; 1 without LLAMA_NORM_PRE */
    float logit_scale; /* logits times this, before the softcap */
} llama_config;

/* What differs between devices. */
typedef struct llama_device {
    uint32_t scratch; /* 1: activations lie in scratch of a device that has memory of its own */
    uint32_t mirror; /* 1: the cache lies in the device's own memory, too, and is read there */
    uint32_t
        submit_ahead; /* 1: a step is submitted before the one in front of it has ended, where nothing is penalized */
} llama_device;

/* The input "layers": one for each layer. */
typedef struct llama_layer {
    uint32_t window; /* how many keys a row attends to, the last ones, its own among them; 0: all */
    uint32_t rope; /* its table of angles, below `ropes`; 0 where there is none */
} llama_layer;

/* The input "rope": `ropes` tables, each float32 (context, rotated / 2, 2), the cosine and sine of every angle. */

/* What the settings of llama_sampling may be, beside what is said there. */
#define LLAMA_MIN_TEMPERATURE 0.001f
#define LLAMA_MAX_TEMPERATURE 1000
#define LLAMA_MIN_PENALTY 0.001f
#define LLAMA_MAX_PENALTY 1000

/* How tokens are chosen: the fields of zcwasm.llm.Sampling, by the same names. */
typedef struct llama_sampling {
    float temperature; /* 0: the most likely token */
    uint32_t top_k; /* 0: no limit, else at most ZC_TOP_K_MAX */
    float top_p; /* above 0; 1: no limit */
    float min_p; /* 0: no limit, at most 1 */
    float repetition_penalty; /* of tokens among the last `repetition_window`; 1: none */
    uint32_t repetition_window;
    uint64_t seed; /* of the generator (PCG32) */
} llama_sampling;

typedef struct llama_state {
    uint32_t version; /* LLAMA_VERSION; 0 before init */
    uint32_t size; /* of this struct */
    llama_config config;
    llama_device device; /* the host writes it, then calls init or attach */
    llama_sampling wanted; /* the host writes it, then calls configure or adjust */
    llama_sampling sampling; /* as these took it */
    uint64_t random; /* state of the generator */

    /* Cache: layer l has its keys at cache + l * cache_layer_bytes, (context, kv_heads * head_size) elements of
     * kv_type, and its values, as many, half of cache_layer_bytes behind. Rows [0, cached) are those of the
     * tokens history[0, cached). With device.mirror the device reads a mirror of it: who writes into the cache calls
     * `mirror` for the rows. */
    uint64_t cache_layer_bytes, cache_bytes;
    uint32_t cache;
    uint32_t history; /* uint32[context] */
    uint32_t prompt; /* uint32[context]: the host writes it, then calls prefill */
    uint32_t logits; /* float32[vocab] of the last position, right after a call of fetch */
    uint32_t scores; /* float32[vocab], too: penalized logits, or probabilities when sampling */
    uint32_t rope; /* the tables of the input */
    /* Nothing from here on needs to be kept between calls, nor do rows of the cache and of the history from `cached`
     * on: attach makes it anew. From `activations` on it is not even needed by a fork, which goes on without attach. */
    uint32_t transient, activations;

    uint32_t cached;
    uint32_t reused; /* rows that the last prefill found in the cache */
    uint32_t token; /* what comes next; it is not in the cache yet */
    uint32_t chosen; /* 1: `token` is what was chosen behind history[0, cached) */

    uint32_t error_size;
    char error[512]; /* UTF-8: why the last call failed */
} llama_state;

#endif
