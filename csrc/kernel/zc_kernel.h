/* zc_kernel: the signatures of the built-in kernels.
 *
 * A kernel is a compute function with a name, bindings (ranges of bytes, in a fixed order), a parameter
 * struct (zcwasm_kernels.h) and a workgroup size. `extent` is the one place that says how many bytes
 * each binding must have for given parameters; zc_dispatch.c compares that with the ranges it was given.
 *
 * Everything here is constant data and pure functions: no ownership, any thread.
 */
#ifndef ZC_KERNEL_H
#define ZC_KERNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "zcwasm_kernels.h"
#include "base/zc_status.h"
#include "kernel/zc_weight_type.h"

#define ZC_KERNEL_MAX_BINDINGS 8
#define ZC_KERNEL_MAX_PARAMS 96

/* A shader's parameters are preceded by element offsets of its bindings: as many words as this says. */
static inline uint32_t zc_kernel_offset_words(unsigned binding_count)
{
    return binding_count <= 4 ? 4 : ZC_KERNEL_MAX_BINDINGS;
}

/* Then, for the built-in ones, by the first of the workgroups that are dispatched and by how many the whole dispatch
 * has, four words each of which the last is 0. */
#define ZC_KERNEL_GROUP_WORDS 8u
/* What is pushed in all: 128 bytes, which every device takes. A parameter that is beyond takes the place of the first of
 * those zeros, another one that of the second; buildtools/shaders.py checks that there are no more. */
#define ZC_KERNEL_PUSH_WORDS 32u

typedef enum zc_kernel_id {
#define ZC_KERNEL(name, params, workgroup, traits, bindings) ZC_KERNEL_##name,
#include "kernel/zc_kernel.def"
#undef ZC_KERNEL
    ZC_KERNEL_COUNT
} zc_kernel_id;

enum { /* ZC_WORKGROUP_NAME: a kernel's workgroup size */
#define ZC_KERNEL(name, params, workgroup, traits, bindings) ZC_WORKGROUP_##name = (workgroup),
#include "kernel/zc_kernel.def"
#undef ZC_KERNEL
};

enum { ZC_ACCESS_READ = 1, ZC_ACCESS_WRITE = 2 };
enum {
    ZC_TRAIT_IN_PLACE = 1,
    ZC_TRAIT_VARIANTS = 2,
    ZC_TRAIT_ELEMENTWISE = 4,
    ZC_TRAIT_STAGES = 8,
    ZC_TRAIT_MATRIX = 16,
    ZC_TRAIT_DOT = 32,
    ZC_TRAIT_MSL_MATRIX = 64
}; /* see zc_kernel.def */

/* What of a GPU decides how it runs a kernel. */
typedef struct zc_gpu {
    uint32_t matrix_units; /* products of square matrices in subgroups: their side, for which there are shaders, or 0.
                            * Operands are float16; where a subgroup of 32 has 8 x 8 (Metal), float32 ones, too */
    bool
        packed_dot; /* products of words of four bytes, at least as fast as of one number, and subgroup_width is at least 8 */
    bool lane_sums; /* sums over subgroups and loads that a cache has cost less than shared memory and barriers */
    uint32_t subgroup_width; /* 4 to 64, of every subgroup of a workgroup; 0 where that is not known for sure */
} zc_gpu;

typedef struct zc_binding_signature {
    const char *name;
    uint8_t access; /* ZC_ACCESS_* */
    uint8_t element_size; /* a range starts at a multiple of it */
} zc_binding_signature;

typedef struct zc_kernel {
    zc_kernel_id id;
    const char *name;
    uint32_t params_size;
    uint32_t workgroup_size;
    uint8_t traits; /* ZC_TRAIT_* */
    uint8_t binding_count;
    zc_binding_signature bindings[ZC_KERNEL_MAX_BINDINGS];
    /* Bytes that each binding needs, or ZC_BAD_VALUE/ZC_OVERFLOW when the parameters contradict. */
    zc_status (*extent)(const void *params, uint64_t bytes[ZC_KERNEL_MAX_BINDINGS], zc_error *error);
    /* Workgroups of the shader's dispatch where it has one stage, for parameters that `extent` accepts: at most 65535 in
     * each dimension, any 0 when there is nothing to do. Devices ask zc_kernel_plan_make (zc_kernel_tiles.h). */
    void (*groups)(const void *params, uint32_t out[3]);
    /* About how many multiply-adds a dispatch costs (or what takes as long), whatever lies in memory, for parameters
     * that `extent` accepts; saturated. Elementwise work counts several for each element, by its cost. */
    uint64_t (*work)(const void *params);
    /* The same as a GPU does it: tiles are computed whole, also where little is in them. */
    uint64_t (*work_in_tiles)(const void *params);
    /* Of a kernel that the user compiled (zc_device_compile), else zeros: the backend's own object, and how
     * many words before the shader's own parameters say what `groups` gives. It has no `extent`: its
     * bindings are the whole ranges given; and no `work`. */
    void *compiled;
    uint32_t params_skip;
    bool over_rows; /* `compiled` is code for rows (zc_row_code), of which there are as many as workgroups */
} zc_kernel;

static inline bool zc_kernel_is_elementwise(const zc_kernel *kernel)
{
    return kernel->traits & ZC_TRAIT_ELEMENTWISE;
}

/* Bytes that a dispatch writes a second time, into a mirror: they are counted as copies are (ZC_COPY_MIRROR). */
uint64_t zc_kernel_mirrored(const zc_kernel *kernel, const void *params);

/* The same over a cache whose rows lie in order. */
zc_attention_params zc_attention_of_paged(const zc_attention_paged_params *params);
/* How many keys are read for a row, at most. Spans are whatever lies in memory: rows that share a tile read all keys
 * from the first to the last that any of them sees, whatever the window; one `alone` reads its own. */
uint32_t zc_attention_keys(const zc_attention_params *params, bool alone);
/* The work of a query with one of them and its value: two products, an exponential, another one where scores are capped,
 * and looking up where it lies in a cache in pages. */
uint64_t zc_attention_work_of_key(const zc_attention_params *params, bool paged);

/* Of all queries and keys; `alone` and `paged` as above. */
uint64_t zc_attention_work(const zc_attention_params *params, bool alone, bool paged);

/* Flags by which x has 2k columns. linear knows only one of them. */
#define ZC_LINEAR_GATED ((uint32_t)ZC_LINEAR_SWIGLU | ZC_LINEAR_SWIGLU_CLAMPED)
/* What linear_chosen computes of each row, as linear has it, but for that flag. */
zc_linear_params zc_linear_of_chosen(const zc_linear_chosen_params *params);

const zc_kernel *zc_kernel_get(zc_kernel_id id);
const zc_kernel *zc_kernel_find(const char *name); /* NULL when there is none */

#endif
