/* zcwasm_kernels.h: what each built-in kernel computes, and its parameters: for guests and for the host alike.
 *
 * Parameter structs are plain 4-byte fields, at most 96 bytes, laid out alike in C, GLSL (std430) and MSL.
 * Names begin with zc_ and ZC_ on both sides, since guest and host share them with one meaning; what only guests see
 * begins with zcg_ and ZCG_ (zcwasm.h).
 * csrc/kernel/zc_kernel.def names the kernels with their bindings; Device.kernels prints them. Part of version 1 of the
 * interface of zcwasm.h.
 */
#ifndef ZCWASM_KERNELS_H
#define ZCWASM_KERNELS_H

#include <stdint.h>

/* Sizes and strides count elements (float32 unless said otherwise), row-major. Rows of a matrix, read or written, do
 * not overlap: a leading dimension is at least the columns where there is more than one row. What may, says so. */

typedef struct zc_fill_params { /* out[i] = pattern, any 4-byte element type */
    uint32_t count;
    uint32_t pattern; /* the bits of the value */
} zc_fill_params;

typedef struct zc_affine_params { /* out[i] = scale * x[i] + shift */
    uint32_t count;
    float scale;
    float shift;
} zc_affine_params;

typedef struct zc_axpby_params { /* out[i] = alpha * x[i] + beta * y[i] */
    uint32_t count;
    float alpha;
    float beta;
} zc_axpby_params;

typedef struct zc_elementwise_params { /* out[i] = x[i] op y[i] */
    uint32_t count;
} zc_elementwise_params;

typedef struct zc_matmul_params {
    /* c[g] = alpha * op(a[g]) * op(b[g]) + beta * c[g] for g in [0, batch).
     * op(a) is (m, k), op(b) is (k, n), c is (m, n). Element (i, p) of op(a[g]) is
     * a[g * stride_a + i * lda + p], or a[g * stride_a + p * lda + i] when transpose_a; likewise b.
     * beta == 0: c is written without being read (NaN there does not spread). k == 0: c = beta * c.
     * A stride_a or stride_b of 0 shares that matrix between the batches. */
    uint32_t m, n, k, batch;
    uint32_t lda, ldb, ldc;
    uint32_t stride_a, stride_b, stride_c;
    uint32_t transpose_a, transpose_b; /* 0 or 1 */
    float alpha, beta;
} zc_matmul_params;

typedef struct zc_rows_params {
    /* x is (rows, cols), row r at x[r * ldx]. sum, max: out[r] for each row (max of a row with a NaN is
     * NaN; cols == 0: sum 0, max -inf). softmax: out row r at out[r * ldout], rows summing to 1.
     * Rows may be windows that overlap (0 < ldx < cols) for sum, max and argmax. */
    uint32_t rows, cols;
    uint32_t ldx, ldout; /* ldout: softmax only, else ignored */
} zc_rows_params;

/* ---- kernels of language models ---- */

/* How a matrix of weights is stored: whole rows of blocks, as in GGUF files. */
typedef enum zc_weight_type {
    ZC_WEIGHT_F32,
    ZC_WEIGHT_F16,
    ZC_WEIGHT_BF16,
    ZC_WEIGHT_Q8_0,
    ZC_WEIGHT_Q4_0,
    ZC_WEIGHT_Q4_1,
    ZC_WEIGHT_Q4_K,
    ZC_WEIGHT_Q6_K,
    ZC_WEIGHT_Q5_0,
    ZC_WEIGHT_Q5_1,
    ZC_WEIGHT_Q2_K,
    ZC_WEIGHT_Q3_K,
    ZC_WEIGHT_Q5_K,
    ZC_WEIGHT_IQ4_NL,
    ZC_WEIGHT_IQ4_XS,
    ZC_WEIGHT_MXFP4,   /* two of GGUF's blocks, 64 elements */
    ZC_WEIGHT_F8_E4M3, /* as safetensors files have it; two elements */
    ZC_WEIGHT_TYPE_COUNT
} zc_weight_type;

/* An index that a kernel reads from memory (a token, a position, a span) is clamped: it cannot lead out of the
 * binding that it counts in. "Rows" are a batch of tokens, one of them when decoding. */

typedef struct zc_embed_params {
    /* out[r] = row ids[r] of the table (vocab, dim), as float32; or added to out[r] with ZC_EMBED_ADD. */
    uint32_t type; /* zc_weight_type of the table */
    uint32_t rows, dim, vocab;
    uint32_t ldout;
    uint32_t flags;
} zc_embed_params;

enum { ZC_EMBED_ADD = 1 };

typedef struct zc_norm_params {
    /* rms_norm: out[r] = x[r] / sqrt(mean(x[r]^2) + eps) * weight
     * norm_add: the same, added to what out[r] was before
     * layer_norm: out[r] = (x[r] - mean(x[r])) / sqrt(variance(x[r]) + eps) * weight + bias */
    uint32_t rows, cols;
    uint32_t ldx, ldout;
    float eps;
} zc_norm_params;

#define ZC_LINEAR_MAX_K (1u << 22)

typedef struct zc_linear_params {
    /* y[r] = f(x[r]) * transpose(w), w is (n, k) weights; f is the identity, or by flags:
     *   ZC_LINEAR_NORM    f(x) = rms_norm(x) with the weights `norm` and `eps`
     *   ZC_LINEAR_SWIGLU  x[r] has 2k columns, gate then up: f(x) = silu(gate) * up
     * then, in this order: ZC_LINEAR_BIAS adds bias (n), ZC_LINEAR_GELU applies GELU (erf) or ZC_LINEAR_GELU_TANH its
     * approximation by tanh (not both), ZC_LINEAR_ADD adds what y[r] was before. Bindings that no flag asks for may be
     * empty.
     * Rows of x may be windows that overlap (0 < ldx < k).
     * ZC_LINEAR_EXACT: x is used in float32 as it is. Without it a device may round x to blocks of 16-bit
     * fixed point (relative error below 2^-14 of a block's largest element; a block whose largest element is below
     * 2^-100 counts as zeros). */
    uint32_t type; /* zc_weight_type of w; k is a multiple of its block, at most ZC_LINEAR_MAX_K */
    uint32_t rows, n, k;
    uint32_t ldx, ldy;
    uint32_t flags;
    float eps;
} zc_linear_params;

enum {
    ZC_LINEAR_ADD = 1,
    ZC_LINEAR_BIAS = 2,
    ZC_LINEAR_NORM = 4,
    ZC_LINEAR_SWIGLU = 8,
    ZC_LINEAR_GELU = 16,
    ZC_LINEAR_EXACT = 32,
    ZC_LINEAR_GELU_TANH = 64,
    ZC_LINEAR_FLAGS = 127, /* all of linear; the next one is linear_chosen's */
    ZC_LINEAR_SWIGLU_CLAMPED = 128
};

typedef struct zc_linear_gated_params {
    /* y[r] = silu(f(x[r]) * transpose(gate)) * (f(x[r]) * transpose(up)); gate and up are (n, k) weights, f is the
     * identity, or with ZC_LINEAR_NORM rms_norm as in linear. With ZC_LINEAR_GELU_TANH the gate goes through GELU (by
     * tanh) in place of silu. ZC_LINEAR_EXACT means what it does there; there are no other flags. */
    uint32_t gate_type, up_type; /* zc_weight_type; k is a multiple of both blocks, at most ZC_LINEAR_MAX_K */
    uint32_t rows, n, k;
    uint32_t ldx, ldy;
    uint32_t flags;
    float eps;
} zc_linear_gated_params;

/* Element types of a key-value cache. A row of Q8_0 is its `ld` elements as whole numbers of 8 bits, and behind them a
 * float16 scale of each 32 of them, ld + ld / 16 bytes in all: ld and the columns are multiples of 64, heads of 32. An
 * element is scale * number. It is made of a block x of 32 by scale = float16(max |x| / 127), number = x / scale rounded to
 * the nearest one, at most 127 in size; where the scale is 0, so are the numbers. Of a block with NaN, or whose scale
 * would be infinite, no element is finite then. */
enum { ZC_CACHE_F32, ZC_CACHE_F16, ZC_CACHE_Q8_0 };
enum { ZC_ROPE_PAIRS, ZC_ROPE_HALVES }; /* (x[2i], x[2i+1]) as in llama; (x[i], x[i + rotated/2]) as in NeoX */

typedef struct zc_rope_params {
    /* Rotate the first `rotated` elements of each head of x[r] by the angles of position p = positions[r]:
     * table[p] is rotated/2 pairs (cos, sin). capacity 0: to out[r]. Else to out[p], a cache of `capacity` rows
     * of `out_type`; ldout counts its elements. */
    uint32_t rows, heads, head_size, rotated;
    uint32_t ldx, ldout;
    uint32_t table_rows; /* positions beyond are clamped */
    uint32_t capacity;
    uint32_t layout;   /* ZC_ROPE_* */
    uint32_t out_type; /* ZC_CACHE_F32 or ZC_CACHE_F16, which needs even head_size and ldout */
} zc_rope_params;

typedef struct zc_append_params {
    /* out[positions[r]] = x[r], converted to `out_type`; ldout counts its elements. */
    uint32_t rows, cols;
    uint32_t ldx, ldout;
    uint32_t capacity; /* rows of out */
    uint32_t out_type; /* ZC_CACHE_*; ZC_CACHE_F16 needs even cols and ldout */
} zc_append_params;

typedef struct zc_rope_append_params {
    /* What attention needs of some rows, in one dispatch. The heads of q are rotated where they lie, as by rope: those
     * of the last q_rows rows, which are all that q has. Row positions[r] of the keys is k[r] rotated, that of the
     * values v[r], both converted to `out_type`. The cache is `capacity` rows of keys, ldout elements apart, and behind
     * them as many of values, which begin as many bytes after it does as so many rows of ldout elements take. With
     * `mirrored` the same rows are written to `mirror`, too, which is laid out alike, and else may be empty.
     * rope_append_paged: the same, but row places[r] of the keys and of the values, where positions[r] gives the angles
     * alone. */
    uint32_t rows, q_rows;
    uint32_t heads, kv_heads, head_size, rotated;
    uint32_t ldq, ldk, ldv, ldout;
    uint32_t table_rows; /* positions beyond are clamped */
    uint32_t capacity;
    uint32_t layout;   /* ZC_ROPE_* */
    uint32_t out_type; /* ZC_CACHE_*; ZC_CACHE_F16 needs even head_size and ldout */
    uint32_t mirrored; /* 0 or 1 */
} zc_rope_append_params;

#define ZC_ATTENTION_MAX_HEAD 256

/* Of attention's scores, and of softcap. */
#define ZC_LEAST_CAP 0x1p-60f
#define ZC_MOST_CAP 0x1p60f

typedef struct zc_attention_params {
    /* For each row r and head h, over the keys t in [spans[2r], spans[2r + 1]) of kv head h * kv_heads / heads:
     * out[r][h] = sum over t of softmax(score(scale * dot(q[r][h], k[t]))) * v[t]; zeros when there is no key.
     * With `sinks` the softmax of head h has one more score, sinks[h], to which no value belongs: what is added to its
     * sum is exp(sinks[h]), no cap counts there, and the largest score is that of all. So one of -inf changes nothing,
     * one far above all scores gives zeros, and one of +inf or NaN gives NaN; still zeros when there is no key.
     * k and v are (capacity, ldk) and (capacity, ldv) elements of kv_type; the end of a span is clamped to capacity. */
    uint32_t rows, heads, kv_heads, head_size; /* head_size: up to ZC_ATTENTION_MAX_HEAD, a multiple of 4 */
    uint32_t ldq, ldk, ldv, ldout;
    uint32_t capacity;
    uint32_t kv_type; /* ZC_CACHE_*; ZC_CACHE_F16 needs even ldk and ldv */
    float scale;
    /* A row sees the last so many keys of its span (clamped); 0: all. Others are read, if at all, for rows beside it. */
    uint32_t window;
    /* score(s) = softcap * tanh(s / softcap), from ZC_LEAST_CAP to ZC_MOST_CAP; 0: score(s) = s */
    float softcap;
    uint32_t sinks; /* 0 or 1; 0: their binding, of one float32 for each head, may be empty */
} zc_attention_params;

typedef struct zc_attention_paged_params {
    /* As attention, over a cache in pages of `page` rows, of which each sequence has some. Row r sees the keys
     * [spans[3r], spans[3r + 1]) of its sequence, and key t of that lies in row
     * tables[spans[3r + 2] + t / page] * page + t % page of k and v. The end of a span is clamped to `context`, an index
     * of `tables` to the last one, a page to the last one of the cache.
     * shared: the rows are of one sequence, a prompt's: all have the table of row 0, and what the others say of one does
     * not count. Without it each row is computed as if it were alone. */
    uint32_t rows, heads, kv_heads, head_size; /* head_size: up to ZC_ATTENTION_MAX_HEAD, a multiple of 4 */
    uint32_t ldq, ldk, ldv, ldout;
    uint32_t capacity;    /* rows of k and of v: a multiple of page, at least one page where there are rows */
    uint32_t page;        /* 16, 32, 64 or 128 */
    uint32_t table_words; /* of `tables`, at least 1 where there are rows */
    uint32_t context;     /* keys of a row, at most */
    uint32_t shared;      /* 0 or 1 */
    uint32_t kv_type;     /* ZC_CACHE_*; ZC_CACHE_F16 needs even ldk and ldv */
    float scale;
    uint32_t window; /* as in attention */
    float softcap;   /* the same */
    uint32_t sinks;  /* the same */
} zc_attention_paged_params;

typedef struct zc_swiglu_params { /* out[r] = silu(gate[r]) * up[r] */
    uint32_t rows, cols;
    uint32_t ldgate, ldup, ldout;
} zc_swiglu_params;

typedef struct zc_gelu_params { /* out[i] = gelu(x[i]): by erf, or by the usual approximation with tanh */
    uint32_t count;
    uint32_t tanh; /* 0 or 1 */
} zc_gelu_params;

typedef struct zc_softcap_params { /* out[i] = cap * tanh(x[i] / cap) */
    uint32_t count;
    float cap; /* from ZC_LEAST_CAP to ZC_MOST_CAP */
} zc_softcap_params;

/* ---- mixtures of experts ---- */

#define ZC_ROUTE_MAX_EXPERTS 1024
#define ZC_ROUTE_MAX_USED 64

typedef struct zc_route_params {
    /* The `used` experts with the largest logits x[r], largest first, the lower index first among equals, a NaN above
     * everything; and what each result counts: its weight times `scale`. ids and weights are (rows, used). By mode:
     *   ZC_ROUTE_SOFTMAX  softmax over all experts
     *   ZC_ROUTE_CHOSEN   softmax over the chosen ones
     *   ZC_ROUTE_SIGMOID  sigmoid of each; ZC_ROUTE_NORMED_SIGMOID: divided by the sum of the chosen ones' */
    uint32_t rows, experts; /* experts: up to ZC_ROUTE_MAX_EXPERTS */
    uint32_t used;          /* up to experts and ZC_ROUTE_MAX_USED */
    uint32_t ldx;
    uint32_t mode;
    float scale;
} zc_route_params;

enum { ZC_ROUTE_SOFTMAX, ZC_ROUTE_CHOSEN, ZC_ROUTE_SIGMOID, ZC_ROUTE_NORMED_SIGMOID };

typedef struct zc_linear_chosen_params {
    /* y[r] = f(x[r / share]) * transpose(w[ids[r]]), w is (experts, n, k) weights: each row has its own matrix of them.
     * f, by flags, as in linear: the identity, or with ZC_LINEAR_SWIGLU of 2k columns silu(gate) * up. Or, of the same
     * columns, with ZC_LINEAR_SWIGLU_CLAMPED (not both), g * sigmoid(1.702 * g) * (u + 1), where g is the gate or 7 if that
     * is less, and u is up, at least -7 and at most 7; a NaN stays one. ZC_LINEAR_BIAS adds bias[ids[r]], which is
     * (experts, n). ZC_LINEAR_EXACT means what it does there; there are no other flags. */
    uint32_t type;    /* zc_weight_type of w; k is a multiple of its block, at most ZC_LINEAR_MAX_K */
    uint32_t rows, n, k; /* rows: of y, of which each `share` that follow each other read one of x */
    uint32_t experts; /* up to ZC_ROUTE_MAX_EXPERTS, at least 1 where there are rows; ids beyond are clamped */
    uint32_t share;   /* at least 1 */
    uint32_t ldx, ldy;
    uint32_t flags;
} zc_linear_chosen_params;

typedef struct zc_add_weighted_params {
    /* out[r] += sum over s of weights[r][s] * x[r * slots + s]; weights are (rows, slots). */
    uint32_t rows, cols, slots;
    uint32_t ldx, ldout;
} zc_add_weighted_params;

/* ---- choosing tokens ---- */

#define ZC_TOP_K_MAX 256

typedef struct zc_top_k_params {
    /* The k largest of x[r], largest first, the lower index first among equals; a NaN is above everything.
     * values and indices are (rows, k); argmax is the same with k = 1 and indices only. */
    uint32_t rows, cols;
    uint32_t ldx;
    uint32_t k; /* up to cols and ZC_TOP_K_MAX */
} zc_top_k_params;

typedef struct zc_penalize_params {
    /* ids[0] counts the ids that follow, at most `capacity`, each no more than once. x[id] = x[id] / penalty
     * where that is positive, else x[id] * penalty. */
    uint32_t cols;
    uint32_t capacity; /* ids has 1 + capacity words */
    float penalty;
} zc_penalize_params;

typedef struct zc_adjust_params {
    /* entries[0] counts the entries that follow from word 4 on, at most `entries`, of four words each: an index, a penalty
     * and a summand (both float32), and one that is not read. x[index] = (x[index] > 0 ? x[index] / penalty
     * : x[index] * penalty) + summand; a penalty of 1 and a summand of 0 change nothing. Of entries with the same index
     * one counts, and it is not said which. */
    uint32_t entries; /* at most: the binding has 4 * (1 + entries) words */
    uint32_t count;   /* of x */
} zc_adjust_params;

typedef struct zc_mask_params {
    /* x[r][i] = -inf where bit i % 32 of mask[r * ldmask + i / 32] is 0; else it stays as it is. */
    uint32_t rows, cols;
    uint32_t ldx;
    uint32_t ldmask; /* words: at least what `cols` bits take, where there is more than one row */
} zc_mask_params;

typedef struct zc_draw_params {
    /* out[r] = one of ids[r] (rows, count), drawn by the probabilities values[r] (rows, count) with the number
     * u[r] / 2^53; u is (rows, 2) words, of which the first is the low one and the second has 21 bits. The largest come
     * first, as top_k gives them, of probabilities whose sum is 1. What may be drawn is, in this order: the first
     * top_k; of these the first whose sum is at least top_p of the sum of those that top_k leaves; of these the ones
     * before any (but the first) that is below min_p * values[r][0].
     * ZC_DRAW_REST: it is none of these, and there may be others, since nothing ends them within `count`: neither top_k,
     * top_p or min_p, nor `complete`. ZC_DRAW_NONE: values[r][0] is not above 0.
     * Probabilities count in whole multiples of 2^-54, rounded down, those outside of [0, 1] and NaN as 0 or 1; sums and
     * products are exact. So every device draws the same. */
    uint32_t rows, count; /* count: 1 to ZC_TOP_K_MAX */
    uint32_t complete;    /* 1: there are no others; else 0 */
    uint32_t top_k;       /* 0, or above count: no limit */
    float top_p;          /* above 0; 1 or more: no limit */
    float min_p;          /* 0 to 1; 0: no limit */
} zc_draw_params;

#define ZC_DRAW_REST 4294967295
#define ZC_DRAW_NONE 4294967294

typedef struct zc_pool_params {
    /* out[s] = mean of the rows [spans[2s], spans[2s + 1]) of x (capacity, cols), zeros when there are none;
     * divided by its length (L2) with ZC_POOL_NORMALIZE. */
    uint32_t rows, cols; /* rows: of out */
    uint32_t capacity;
    uint32_t ldx, ldout;
    uint32_t flags;
} zc_pool_params;

enum { ZC_POOL_NORMALIZE = 1 };

#endif
