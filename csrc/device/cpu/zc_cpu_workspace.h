/* zc_cpu_workspace: working memory of the cpu kernels, kept between calls.
 *
 * Each thread owns one buffer per slot; it grows to the largest size asked for (the kernels bound that),
 * is reused without a lock or an allocation, and is freed when the thread ends. Contents do not survive
 * from one call to the next. After fork the child's one thread keeps its own; those of the parent's other
 * threads stay unused in the child.
 */
#ifndef ZC_CPU_WORKSPACE_H
#define ZC_CPU_WORKSPACE_H

#include <stddef.h>

typedef enum zc_workspace_slot {
    ZC_WORKSPACE_PANEL, /* of all threads of one call: packed b of matmul, what parts of attention leave behind */
    ZC_WORKSPACE_BLOCK, /* matmul: packed a of the thread's own task; linear: one row of weights */
    ZC_WORKSPACE_INPUT, /* linear: its input after the prologue, read by all threads of one call */
    ZC_WORKSPACE_CHOSEN, /* linear_chosen: rows of one expert, side by side */
    ZC_WORKSPACE_SLOTS
} zc_workspace_slot;

/* At least `bytes` bytes aligned to 64, the calling thread's; NULL when there is no memory. */
void *zc_workspace(zc_workspace_slot slot, size_t bytes);

#endif
