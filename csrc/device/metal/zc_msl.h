/* zc_msl: what Metal says of a kernel, compared with what it must be: the counterpart of zc_spirv.
 *
 * The metal backend (zc_metal_pipeline.m) asks Metal and hands over plain numbers; here they are compared with a
 * user's signature and with what this project's shaders count on, and refusals tell both sides. Also what is only
 * text: names in errors. Pure functions, any thread; knows nothing of Objective-C.
 */
#ifndef ZC_MSL_H
#define ZC_MSL_H

#include "device/zc_device_backend.h"

typedef enum zc_msl_kind { ZC_MSL_BUFFER, ZC_MSL_THREADGROUP, ZC_MSL_OTHER } zc_msl_kind;

typedef struct zc_msl_argument { /* of a kernel */
    const char *name; /* may be NULL */
    zc_msl_kind kind;
    uint64_t number; /* [[buffer(number)]] */
    bool writes;     /* not const or constant */
    uint64_t size;   /* of the struct or element */
} zc_msl_argument;

typedef struct zc_msl_pipeline { /* what a GPU makes of a kernel */
    uint64_t max_threads;          /* of a threadgroup */
    uint64_t width;                /* of a SIMD group */
    uint64_t memory, memory_limit; /* bytes of a threadgroup */
} zc_msl_pipeline;

/* A user's signature in general, then each argument, then whether all bindings are among those `seen` (zeroed
 * before the first). ZC_BAD_VALUE when they differ. */
zc_status zc_msl_check_source(const zc_kernel_source *source, const uint64_t max_workgroup[3], zc_error *error);
zc_status zc_msl_check_argument(const zc_kernel_source *source, const zc_msl_argument *argument, uint32_t *seen,
                                zc_error *error);
zc_status zc_msl_check_seen(const zc_kernel_source *source, uint32_t seen, zc_error *error);
/* The entry point's name in MSL, which has no main: spirv-cross calls it main0. NULL for the only kernel. */
const char *zc_msl_entry(const zc_kernel_source *source);
/* ZC_BAD_VALUE, always: there are `kernels` of the wanted name, or at all, and not one. */
zc_status zc_msl_not_one(const zc_kernel_source *source, unsigned kernels, zc_error *error);

/* ZC_DEVICE when this GPU does not run threadgroups of so many `threads`, or not as wide as shaders are for. */
zc_status zc_msl_check_pipeline(const char *name, uint64_t threads, const zc_msl_pipeline *pipeline, zc_error *error);

/* Threads of a user's grid are counted in 32 bits; those of built-in kernels are fewer. */
zc_status zc_msl_check_grid(const zc_device_command *command, const uint32_t threads[3], zc_error *error);

/* A compiler's text from its first line with an error on, when all of it has no room in `size` bytes. */
const char *zc_msl_first_error(const char *text, size_t size);
/* "linear (Q4_1)": a kernel, with its type where it is specialized. */
void zc_msl_name(const zc_kernel *kernel, uint32_t variant, char *out, size_t size);
/* "3 dispatches (affine, add, affine)", as much as fits. */
void zc_msl_label(const zc_device_piece *work, char *out, size_t size);

#endif
