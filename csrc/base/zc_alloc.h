/* zc_alloc: the one door through which the core asks for heap memory.
 *
 * Thin functions over the C library, kept in a translation unit of their own so that a fault-injection test
 * can link another zc_alloc.c in its place and make the n-th request fail. Each returns NULL when the memory
 * is not there; the caller reports ZC_NO_MEMORY. Ownership is that of malloc. Threads: as safe as malloc.
 * Guest memory never comes from here: regions have their own layer.
 */
#ifndef ZC_ALLOC_H
#define ZC_ALLOC_H

#include <stddef.h>

void *zc_malloc(size_t size);                  /* size 0 gives a unique pointer, never NULL for success */
void *zc_calloc(size_t count, size_t size);    /* NULL also when count * size overflows */
void *zc_realloc(void *pointer, size_t size);  /* on NULL the old block is untouched; size 0 is treated as 1 */
void zc_free(void *pointer);                   /* NULL is fine */

#endif
