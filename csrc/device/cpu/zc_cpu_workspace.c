/* zc_cpu_workspace: see the header. A thread-local struct finds the buffers; a pthread key exists only for
 * its destructor, which frees them when a thread ends. */
#define _GNU_SOURCE
#define _DARWIN_C_SOURCE
#include "device/cpu/zc_cpu_workspace.h"

#include <pthread.h>
#include <stdint.h>

#if defined(__linux__)
#include <sys/mman.h>
#endif

#include "base/zc_alloc.h"

#define SMALL_PAGE ((size_t)4096)
#define HUGE_PAGE ((size_t)2 << 20)

typedef struct workspace {
    void *memory[ZC_WORKSPACE_SLOTS]; /* what zc_malloc gave */
    void *aligned[ZC_WORKSPACE_SLOTS];
    size_t bytes[ZC_WORKSPACE_SLOTS]; /* usable from `aligned` on */
} workspace;

static _Thread_local workspace mine;
static pthread_key_t key;
static int have_key;

static void release(void *argument)
{
    workspace *s = argument;
    for (int slot = 0; slot < ZC_WORKSPACE_SLOTS; slot++) {
        zc_free(s->memory[slot]);
        s->memory[slot] = NULL;
        s->bytes[slot] = 0;
    }
}

/* At load: a child of a fork could find a pthread_once that nobody will finish. */
static __attribute__((constructor)) void create_key(void)
{
    have_key = pthread_key_create(&key, release) == 0;
}

void *zc_workspace(zc_workspace_slot slot, size_t bytes)
{
    size_t alignment;
    uintptr_t start;
    if (bytes <= mine.bytes[slot]) {
        return mine.aligned[slot];
    }
    zc_free(mine.memory[slot]);
    mine.memory[slot] = NULL;
    mine.bytes[slot] = 0;
    /* Without the key the buffer would outlive its thread, so do without the buffer. */
    if (!have_key || pthread_setspecific(key, &mine) != 0) {
        return NULL;
    }
    bytes = (bytes + SMALL_PAGE - 1) & ~(SMALL_PAGE - 1);
    alignment = bytes >= HUGE_PAGE ? HUGE_PAGE : SMALL_PAGE;
    mine.memory[slot] = zc_malloc(bytes + alignment);
    if (mine.memory[slot] == NULL) {
        return NULL;
    }
    start = ((uintptr_t)mine.memory[slot] + alignment - 1) & ~(uintptr_t)(alignment - 1);
#if defined(__linux__) && defined(MADV_HUGEPAGE)
    if (bytes >= HUGE_PAGE) {
        (void)madvise((void *)start, bytes & ~(HUGE_PAGE - 1), MADV_HUGEPAGE); /* fewer TLB misses; a hint only */
    }
#endif
    mine.aligned[slot] = (void *)start;
    mine.bytes[slot] = bytes;
    return mine.aligned[slot];
}
