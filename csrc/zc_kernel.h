/* zc_kernel: the signatures of the built-in kernels.
 *
 * A kernel is a compute function with a name, bindings (ranges of bytes, in a fixed order), a parameter
 * struct and a workgroup size. Parameter structs are plain 4-byte fields, at most ZC_KERNEL_MAX_PARAMS
 * bytes, laid out alike in C, GLSL (std430) and MSL. `extent` is the one place that says how many bytes
 * each binding must have for given parameters; zc_device.c compares that with the ranges it was given.
 *
 * Everything here is constant data and pure functions: no ownership, any thread.
 */
#ifndef ZC_KERNEL_H
#define ZC_KERNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "zc_status.h"

#define ZC_KERNEL_MAX_BINDINGS 4
#define ZC_KERNEL_MAX_PARAMS 96

/* Sizes and strides count elements (float32 unless said otherwise), row-major. */

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
     * NaN; cols == 0: sum 0, max -inf). softmax: out row r at out[r * ldout], rows summing to 1. */
    uint32_t rows, cols;
    uint32_t ldx, ldout; /* ldout: softmax only, else ignored */
} zc_rows_params;

typedef enum zc_kernel_id {
#define ZC_KERNEL(name, params, workgroup, in_place, bindings) ZC_KERNEL_##name,
#include "zc_kernel.def"
#undef ZC_KERNEL
    ZC_KERNEL_COUNT
} zc_kernel_id;

enum { ZC_ACCESS_READ = 1, ZC_ACCESS_WRITE = 2 };

typedef struct zc_binding_signature {
    const char *name;
    uint8_t access;       /* ZC_ACCESS_* */
    uint8_t element_size; /* a range starts at a multiple of it */
} zc_binding_signature;

typedef struct zc_kernel {
    zc_kernel_id id;
    const char *name;
    uint32_t params_size;
    uint32_t workgroup_size;
    bool in_place;
    uint8_t binding_count;
    zc_binding_signature bindings[ZC_KERNEL_MAX_BINDINGS];
    /* Bytes that each binding needs, or ZC_BAD_VALUE/ZC_OVERFLOW when the parameters contradict. */
    zc_status (*extent)(const void *params, uint64_t bytes[ZC_KERNEL_MAX_BINDINGS], zc_error *error);
    /* Workgroups of the shader's dispatch, for parameters that `extent` accepts: at most 65535 in each
     * dimension, any 0 when there is nothing to do. */
    void (*groups)(const void *params, uint32_t out[3]);
    /* Of a kernel that the user compiled (zc_device_compile), else zeros: the backend's own object, and how
     * many words before the shader's own parameters say what `groups` gives. It has no `extent`: its
     * bindings are the whole ranges given. */
    void *compiled;
    uint32_t params_skip;
} zc_kernel;

/* Out element i depends on element i of the inputs alone, all bindings are equally long, and the parameters
 * begin with the count: a device may cut such a dispatch into several. */
static inline bool zc_kernel_is_elementwise(const zc_kernel *kernel)
{
    return !kernel->compiled && (kernel->id == ZC_KERNEL_fill || kernel->id == ZC_KERNEL_affine ||
                                 kernel->id == ZC_KERNEL_axpby || kernel->id == ZC_KERNEL_add ||
                                 kernel->id == ZC_KERNEL_mul);
}

const zc_kernel *zc_kernel_get(zc_kernel_id id);
const zc_kernel *zc_kernel_find(const char *name); /* NULL when there is none */

#endif
