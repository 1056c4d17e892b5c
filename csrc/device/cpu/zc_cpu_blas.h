/* zc_cpu_blas: large products of float32 matrices, those of matmul and of linear over many rows, by the system's BLAS,
 * where it has one that is worth it: on macOS Accelerate, which alone may use the matrix units of Apple's processors.
 *
 * It is looked up at run time, at the first product that is large enough. Its way is not taken
 *
 *   - in the child of a fork, where its threads are not, and it crashes or hangs;
 *   - for a device of one thread, because it has threads of its own, which nobody can count;
 *   - with alpha = 0, where it need not look at a and b, whose NaN and infinity our kernels hand on;
 *   - where a number is none of an int, or one side is short.
 *
 * What it promises is what BLAS says: c is not read when beta is 0. In which order it adds, nobody says; a row's bits
 * may depend on the number of rows. Products are cut by rows, a few milliseconds each, so that they can be cancelled.
 *
 * Ownership: none. Threads: any.
 */
#ifndef ZC_CPU_BLAS_H
#define ZC_CPU_BLAS_H

#include <stdbool.h>
#include <stddef.h>

typedef struct zc_cpu_product { /* c = alpha * op(a) * op(b) + beta * c; op(a) is m x k; all by rows */
    size_t m, n, k, lda, ldb, ldc;
    bool transpose_a, transpose_b;
    float alpha, beta;
    const float *a, *b;
    float *c;
} zc_cpu_product;

/* cblas_sgemm: order, transposes, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc. */
typedef void (*zc_cpu_sgemm)(int, int, int, int, int, int, float, const float *, int, const float *, int, float,
                             float *, int);

/* Whether zc_cpu_blas would compute a product of these sizes for a device of so many threads. */
bool zc_cpu_blas_takes(const zc_cpu_product *p, unsigned threads);
/* Compute it, but for what is left when the run is cancelled; only what it takes. */
void zc_cpu_blas(const zc_cpu_product *p);
/* For tests: use this function from now on; NULL: none. */
void zc_cpu_blas_set(zc_cpu_sgemm sgemm);

#endif
