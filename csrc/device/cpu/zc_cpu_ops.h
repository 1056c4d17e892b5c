/* zc_cpu_ops: what one instruction set offers to the drivers.
 *
 * The drivers (zc_cpu_elementwise.c, zc_cpu_reduce.c, zc_cpu_matmul.c, and of language models zc_cpu_linear.c,
 * zc_cpu_experts.c, zc_cpu_attention.c, zc_cpu_tokens.c, zc_cpu_select.c) cut a kernel into blocks, spread the blocks
 * over threads and combine their results; these functions do one block each. They are written once, in zc_cpu_kernels.inc,
 * zc_cpu_gemm.inc, zc_cpu_llm.inc and zc_cpu_dequantize.inc, and compiled once per instruction set by
 * zc_cpu_avx512.c, zc_cpu_avx2.c, zc_cpu_baseline.c and zc_cpu_neon.c; each of these exports tables, or nothing on
 * another architecture. Products in fixed point (zc_cpu_integer.h) are there for some: zc_cpu_vnni.c, zc_cpu_words.inc
 * and zc_cpu_packed.inc in units of their own, zc_cpu_amx.c, and for arm64 zc_cpu_neon_bytes.c and zc_cpu_neon_dot.c, which share
 * zc_cpu_neon_fixed.inc; those of split elements (zc_cpu_split.h) for AMX: zc_cpu_amx_split.c.
 *
 * Constant data and pure functions: any thread, no ownership. Pointers need the alignment of a float only.
 * An element's value never depends on where in a block or at which address it lies.
 */
#ifndef ZC_CPU_OPS_H
#define ZC_CPU_OPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "device/cpu/zc_cpu.h"
#include "device/cpu/zc_cpu_integer.h"
#include "device/cpu/zc_cpu_split.h"
#include "kernel/zc_shader_numbers.h"

/* A part of a matmul whose operands are packed; see zc_cpu_gemm.inc for the layouts. */
typedef struct zc_gemm_block {
    size_t rows, cols, k; /* of this part */
    const float *a;       /* packed tiles of rows */
    const float *b;       /* packed panels of nr columns, or plain rows of b when b_step != nr */
    size_t b_step;        /* floats between b's rows: nr when packed */
    size_t b_panel;       /* floats between panels */
    float *c;
    size_t ldc;
    float alpha, beta;    /* c = alpha * a * b + beta * c; c is not read when beta is 0 */
} zc_gemm_block;

/* Rows of a cache that lie side by side, some of a block of keys; and what is needed after them. */
typedef struct zc_cache_run {
    size_t at, count;        /* of the block */
    size_t row;              /* of the cache */
    size_t next, next_count; /* rows of the cache, of which next_count is at most count */
} zc_cache_run;

/* One head of a block of keys, or of values. */
typedef struct zc_cache_rows {
    uint32_t type;       /* ZC_CACHE_* */
    const uint8_t *head; /* where it lies in row 0 of the cache */
    size_t scales;       /* of ZC_CACHE_Q8_0: bytes from there to its scales */
    size_t step;         /* bytes between rows */
    size_t size;         /* of a head */
    const zc_cache_run *runs;
    size_t run_count;
    size_t from, end;    /* of the block: no other rows are looked at */
    const uint8_t *next; /* in row 0: with each row, next_step bytes from next_step * turn * next_count on */
    size_t next_step, turn;
} zc_cache_rows;

typedef struct zc_cpu_ops {
    const char *name;
    const zc_cpu_integer *integer; /* NULL where the processor has nothing for it */
    const zc_cpu_split *split;     /* likewise */

    void (*fill)(float *out, size_t n, float value);
    void (*affine)(float *out, const float *x, size_t n, float scale, float shift);
    void (*axpby)(float *out, const float *x, const float *y, size_t n, float alpha, float beta);
    void (*add)(float *out, const float *x, const float *y, size_t n);
    void (*mul)(float *out, const float *x, const float *y, size_t n);
    void (*scale)(float *out, size_t n, float scale); /* in place */

    double (*sum)(const float *x, size_t n);
    float (*max)(const float *x, size_t n);                              /* NaN if any is; -inf for n == 0 */
    double (*exp_sum)(float *out, const float *x, size_t n, float shift); /* out = exp(x - shift); sum of it */
    /* Whole short rows, row r at x + r * ldx. */
    void (*sum_rows)(float *out, const float *x, size_t ldx, size_t rows, size_t cols);
    void (*max_rows)(float *out, const float *x, size_t ldx, size_t rows, size_t cols);
    void (*softmax_rows)(float *out, size_t ldout, const float *x, size_t ldx, size_t rows, size_t cols);

    size_t mr, nr; /* rows and columns of a register tile */
    /* out[p * width + i] = element (i, p) of src for i < count, p < k, and 0 for count <= i < width, where
     * element (i, p) is src[i * ld + p], or src[p * ld + i] when `along` (i runs along memory). */
    void (*pack)(float *out, size_t width, const float *src, size_t ld, int along, size_t count, size_t k);
    void (*gemm)(const zc_gemm_block *block);
    /* out[r * step] = alpha * dot(matrix row r, v) + beta * out[r * step]; out is not read when beta is 0. */
    void (*dot_rows)(float *out, size_t step, const float *matrix, size_t ld, size_t rows, size_t k, const float *v,
                     float alpha, float beta);
    /* sums[0, cols) += v[p] * (row p of matrix)[0, cols), p from 0 to k - 1 in this order. */
    void (*add_rows)(float *sums, const float *matrix, size_t ld, size_t k, size_t cols, const float *v);

    /* Rows of language models, see zc_cpu_llm.inc. */
    double (*squares)(const float *x, size_t n, float shift); /* sum of (x - shift)^2 */
    void (*normalize)(float *out, const float *x, size_t n, float shift, float scale, const float *weight,
                      const float *bias);
    void (*swiglu)(float *out, const float *gate, const float *up, size_t n);
    void (*swiglu_clamp)(float *out, const float *gate, const float *up, size_t n);
    void (*gelu)(float *out, const float *x, size_t n, int with_tanh);
    void (*softcap)(float *out, const float *x, size_t n, float cap); /* cap * tanh(x / cap) */
    void (*finish)(float *y, const float *sums, const float *bias, size_t n, uint32_t flags);
    void (*to_half)(uint16_t *out, const float *x, size_t n);
    void (*from_half)(float *out, const uint16_t *x, size_t n);
    /* ZC_CACHE_Q8_0, n a multiple of 32. */
    void (*to_bytes)(int8_t *out, uint16_t *scales, const float *x, size_t n);
    void (*from_bytes)(float *out, const int8_t *x, const uint16_t *scales, size_t n);
    /* The first `count` elements of a row of weights. */
    void (*dequantize)(float *out, uint32_t type, const void *blocks, size_t count);
    /* out[i] = dot(row i of w, x) of `rows` rows of 16-bit floats, one after the other. */
    void (*dots_f16)(float *out, const uint8_t *w, size_t rows, size_t n, const float *x);
    void (*dots_bf16)(float *out, const uint8_t *w, size_t rows, size_t n, const float *x);
    /* Attention of a few queries, `size` floats each: out[i * ldout + r] = scale * dot(query i, row r), and
     * sums[i * size, (i + 1) * size) += weights[i * ldw + r] * (row r), r in ascending order; row r is that of the block. */
    void (*key_dots)(const zc_cache_rows *rows, size_t queries, const float *q, float scale, float *out, size_t ldout);
    void (*add_values)(const zc_cache_rows *rows, size_t queries, const float *weights, size_t ldw, float *sums);
} zc_cpu_ops;

#if defined(__x86_64__)
extern const zc_cpu_ops zc_cpu_ops_vnni, zc_cpu_ops_avx512, zc_cpu_ops_avx2vnni, zc_cpu_ops_avx2;
#if ZC_HAS_AMX
extern const zc_cpu_ops zc_cpu_ops_amx;
#endif
#endif
#if defined(__aarch64__)
extern const zc_cpu_ops zc_cpu_ops_neon; /* every arm64 has it, so it takes the place of a baseline */
#if defined(ZC_NEON_DOT)
extern const zc_cpu_ops zc_cpu_ops_neondot;
#endif
#if defined(ZC_NEON_I8MM)
extern const zc_cpu_ops zc_cpu_ops_neoni8mm;
#endif
#else
extern const zc_cpu_ops zc_cpu_ops_baseline;
#endif

const zc_cpu_ops *zc_cpu_get_ops(void);

/* ZC_UNROLL: before a loop of a constant number of steps that index an array of vectors: it must be unrolled before
 * the compiler decides whether that array lives in registers. clang does so only for "full".
 * ZC_SPECIALIZED: a function that is compiled anew for each call, whose sizes are constants.
 * UBSan gives each step its checks, and so many in a function take clang minutes: there loops stay loops and functions
 * functions, which do the same, slower. */
#if defined(__clang__)
#if __has_feature(undefined_behavior_sanitizer)
#define ZC_UNROLL(steps)
#define ZC_SPECIALIZED static __attribute__((noinline))
#else
#define ZC_UNROLL(steps) _Pragma("clang loop unroll(full)")
#endif
#else
#define ZC_UNROLL(steps) ZC_PRAGMA(GCC unroll steps)
#define ZC_PRAGMA(text) _Pragma(#text)
#endif
#if !defined(ZC_SPECIALIZED)
#define ZC_SPECIALIZED static inline __attribute__((always_inline))
#endif

/* One kernel's call, checked. */
typedef struct zc_cpu_call {
    const zc_cpu_ops *ops;
    void *const *bindings; /* first elements; of an empty binding perhaps NULL */
    const void *params;    /* the kernel's own struct */
    unsigned threads;      /* at least 1 */
    zc_error *error;
} zc_cpu_call;

typedef zc_status zc_cpu_driver(const zc_cpu_call *call);

/* The drivers: zc_cpu_NAME of each row of the table. One that is missing fails to link. */
#pragma GCC visibility push(hidden)
#define ZC_KERNEL(name, params, workgroup, traits, bindings) zc_cpu_driver zc_cpu_##name;
#include "kernel/zc_kernel.def"
#undef ZC_KERNEL
#pragma GCC visibility pop

/* A row of rms_norm, for that kernel and the prologue of linear. */
void zc_cpu_rms_norm_row(const zc_cpu_ops *ops, float *out, const float *x, const float *weight, size_t cols,
                         float eps);

#endif
