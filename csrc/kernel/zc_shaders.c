/* zc_shaders: looking a kernel up. */
#include "kernel/zc_shaders.h"

#include <string.h>

const zc_shader *zc_shader_find(const char *kernel_name)
{
    for (size_t i = 0; i < zc_shader_count; i++) {
        if (strcmp(zc_shader_table[i].name, kernel_name) == 0) {
            return &zc_shader_table[i];
        }
    }
    return NULL;
}
