/* zc_alloc: see zc_alloc.h. */
#include "base/zc_alloc.h"

#include <stdlib.h>

/* The C library may answer a request for nothing with NULL, which a caller could not tell from failure. */

void *zc_malloc(size_t size)
{
    return malloc(size ? size : 1);
}

void *zc_calloc(size_t count, size_t size)
{
    if (count == 0 || size == 0) {
        return calloc(1, 1);
    }
    return calloc(count, size);
}

void *zc_realloc(void *pointer, size_t size)
{
    return realloc(pointer, size ? size : 1);
}

void zc_free(void *pointer)
{
    free(pointer);
}
