/* py_link: the life of a store: a module is linked to its imports and grants, and started; and it all ends.
 * Threads: with the GIL. */
#ifndef PY_LINK_H
#define PY_LINK_H

#include "py_store.h"

#include "base/zc_bytes.h"

/* What a paused guest was, for one that goes on from there: the sections that its layers wrote, from outside or from a
 * guest of this process, and its memory. */
typedef struct py_saved {
    zc_reader instance, abi, wasi; /* zeros where there is none */
    /* The memory as it was, over so many bytes of address space. */
    zc_status (*memory)(void *context, uint64_t reserved, zc_region **out, zc_error *error);
    void *context;
} py_saved;

/* A new store with its instance, or NULL with an exception: next is its start function. The grants were checked for their
 * types; `imports`, `limits` and `engine` are as Instance is given them. */
py_store *zc_py_link(zc_state *state, PyObject *module, const py_grants *grants, PyObject *imports, PyObject *limits,
                     PyObject *engine);
/* The same for one that goes on: no segment is copied, and no start function runs. SnapshotError for what is wrong with
 * the sections. */
py_store *zc_py_link_saved(zc_state *state, PyObject *module, const py_grants *grants, PyObject *imports,
                           PyObject *limits, PyObject *engine, py_saved *saved);
/* Another one like this store's guest, with the same grants, imports and limits. */
py_store *zc_py_link_fork(zc_state *state, py_store *parent, const py_grants *grants, py_saved *saved);
/* Free the instance; bytes that something still uses live on. */
void zc_py_unlink(py_store *store);

int zc_py_add_store(PyObject *module, zc_state *state);

#endif
