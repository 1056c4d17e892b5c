/* zc_cpu_linear_job: see zc_cpu_linear_job.h. */
#include "device/cpu/zc_cpu_linear_job.h"

const float *zc_linear_input_row(const zc_linear_job *j, size_t r, float *room)
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
