/* counted_alloc.h: zc_alloc in place of csrc/base/zc_alloc.c, for tests that count what is left and let requests fail.
 * To be included once by a program that links everything but zc_alloc.c. */
#ifndef COUNTED_ALLOC_H
#define COUNTED_ALLOC_H

#include <stdbool.h>
#include <stdlib.h>

#include "base/zc_alloc.h"

static _Atomic long blocks;         /* that are not freed */
static _Atomic long countdown = -1; /* this many requests succeed before one fails; -1: none fails */

static bool allocation_fails(void)
{
    return countdown >= 0 && countdown-- == 0;
}

void *zc_calloc(size_t count, size_t size)
{
    void *block = allocation_fails() ? NULL : calloc(count ? count : 1, size ? size : 1);
    blocks += block != NULL;
    return block;
}

void *zc_realloc(void *pointer, size_t size)
{
    void *block = allocation_fails() ? NULL : realloc(pointer, size ? size : 1);
    blocks += block && !pointer;
    return block;
}

void *zc_malloc(size_t size)
{
    return zc_realloc(NULL, size);
}

void zc_free(void *pointer)
{
    blocks -= pointer != NULL;
    free(pointer);
}

#endif
