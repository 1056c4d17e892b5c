/* py_heap: what a guest's own allocator gave the host: blocks of its memory, behind the arrays of Instance.new.
 *
 * A block belongs to the guest's allocator until the last view of it is gone. Then it is due: it waits in the heap's list,
 * and the guest's `free` takes it back when the host calls the guest next, at the outermost call. Never sooner: the last
 * view may go on any thread, in the garbage collector, and while the guest runs, or is in the middle of its own `free`.
 * Nothing is lost by waiting, since nobody but a call asks the allocator for more. Each block is given to `free` once,
 * also where that traps.
 *
 * Which exports are the allocator is Python's to find (zcwasm/_memory.py), and so is the call that makes a block; here is
 * the check of what it gave. An allocator without `free` (cabi_realloc) has its blocks used again: they are spare.
 *
 * Ownership: the store owns its heap; blocks hold it, but not the store, so that views do not keep an instance. A store
 * that ends leaves a heap whose blocks nobody takes back; views of them stay valid, since they pin the region. A fork has
 * a heap of its own, with what is due in it; the blocks that live are arrays of the parent only. Threads: with the GIL.
 */
#ifndef PY_HEAP_H
#define PY_HEAP_H

#include "py_store.h"

/* The store's heap, made at first use: a new reference, or NULL with an exception. */
PyObject *zc_py_heap_of(zc_state *state, py_store *store);
/* What is due in the parent is due in its fork. */
int zc_py_heap_fork(zc_state *state, py_store *parent, py_store *child);
/* The store's instance ends; NULL is fine. */
void zc_py_heap_end(PyObject *heap);

int zc_py_add_heap(PyObject *module, zc_state *state);

#endif
