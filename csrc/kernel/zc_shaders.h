/* zc_shaders: the kernels of GPU devices, as SPIR-V for Vulkan and as MSL for Metal.
 *
 * The data is made from shaders/generated/ at build time (buildtools/shaders.py --embed); shaders/README.md
 * says how a kernel is called. Constant data and a pure function: no ownership, any thread.
 */
#ifndef ZC_SHADERS_H
#define ZC_SHADERS_H

#include <stddef.h>
#include <stdint.h>

typedef struct zc_shader {
    const char *name; /* the kernel's; the entry point is main in SPIR-V, zc_NAME in MSL. Or NAME_matrix_SIDE: of the
                            * shader for matrix units with matrices of that side, without MSL; NAME_matrix: its MSL,
                            * where there is one, for matrices of 8 x 8, with the entry point zc_NAME_matrix */
    const uint32_t *spirv; /* or NULL */
    size_t spirv_words;
    const char *msl; /* or NULL; ends with a zero byte, which msl_size does not count */
    size_t msl_size;
} zc_shader;

const zc_shader *zc_shader_find(const char *kernel_name); /* NULL when there is none */

/* In the generated source, ordered by name. */
extern const zc_shader zc_shader_table[];
extern const size_t zc_shader_count;

#endif
