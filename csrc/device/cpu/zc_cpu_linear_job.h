/* zc_cpu_linear_job: what the files of `linear` share: one call of it, or the part of one whose f(x) is in memory at once.
 *
 * A job lives on the stack of the thread that was asked; its tasks, on any threads, read it and set `failed`.
 */
#ifndef ZC_CPU_LINEAR_JOB_H
#define ZC_CPU_LINEAR_JOB_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "device/cpu/zc_cpu_ops.h"
#include "device/cpu/zc_cpu_packed.h"

#define ZC_LINEAR_FEW 3 /* rows of x up to which weights are not unpacked into panels */
#define ZC_LINEAR_PARTS 4 /* tasks of a thread, so that a slow one can leave some to others */

typedef struct zc_linear_job {
    const zc_cpu_ops *ops;
    const zc_linear_params *p;
    const float *x, *bias, *norm;
    const uint8_t *w;
    float *y;
    size_t row_bytes; /* of weights */
    bool gated; /* y has the gate's products already */
    unsigned threads;
    /* f(x): */
    void *made;
    zc_fixed_layout layout; /* when fixed: of few rows */
    size_t row_size; /* bytes of a row; rows of a tile lie interleaved */
    bool fixed;
    bool blas; /* the system's takes it: rows of f(x) lie side by side */
    bool split; /* both sides are split: f(x) is tiles, and factors of rows */
    bool packed; /* weights are read in groups of rows, and f(x) is made for that */
    zc_packed_rows groups;
    size_t input_rows, room_floats; /* of a task, and what it needs to make them */
    size_t part; /* outputs of a task with few rows */
    size_t row_parts; /* tasks of one panel with many, or of one part with some */
    size_t tile_rows; /* of f(x), that meet packed weights at once */
    atomic_bool failed;
} zc_linear_job;

/* f of row r of x, in `room` (k floats) or where it lies. */
static inline const float *zc_linear_input_row(const zc_linear_job *j, size_t r, float *room)
{
    const zc_linear_params *p = j->p;
    const float *x = j->x + r * p->ldx;
    if (p->flags & ZC_LINEAR_NORM) {
        zc_cpu_rms_norm_row(j->ops, room, x, j->norm, p->k, p->eps);
        return room;
    }
    if (p->flags & ZC_LINEAR_SWIGLU) {
        j->ops->swiglu(room, x, x + p->k, p->k);
        return room;
    }
    if (p->flags & ZC_LINEAR_SWIGLU_CLAMPED) {
        j->ops->swiglu_clamp(room, x, x + p->k, p->k);
        return room;
    }
    return x;
}

static inline void zc_linear_fail(zc_linear_job *j)
{
    atomic_store_explicit(&j->failed, true, memory_order_relaxed);
}

/* What becomes of the sums of outputs [from, from + n) of row r. */
static inline void zc_linear_give(const zc_linear_job *j, size_t r, size_t from, const float *sums, size_t n)
{
    float *y = j->y + r * j->p->ldy + from;
    if (j->gated) {
        /* With GELU_TANH that has been applied to the gate's. */
        if (j->p->flags & ZC_LINEAR_GELU_TANH) {
            j->ops->mul(y, y, sums, n);
        } else {
            j->ops->swiglu(y, y, sums, n);
        }
    } else {
        j->ops->finish(y, sums, j->bias ? j->bias + from : NULL, n, j->p->flags);
    }
}

#endif
