/* py_snapshot: what a paused guest is, as bytes: written to a file, read from one, and handed to forks.
 *
 * Names of files, what a snapshot was taken of, codecs: zcwasm/_snapshot.py. Here is what needs the guest or must not
 * cost: holding it, its layers' sections, and the bytes of its memory, without the interpreter lock. While a guest is
 * held no call of it begins and nobody closes it; Python code may run meanwhile (signal handlers, files and codecs
 * written in Python). Threads: with the GIL, unless it says so.
 */
#ifndef PY_SNAPSHOT_H
#define PY_SNAPSHOT_H

#include "py_link.h"

/* The sections of a guest, in memory. Zeros: none. */
typedef struct py_sections {
    zc_writer instance, abi, wasi;
} py_sections;

/* Hold the store's guest until zc_py_let_go: once its work and the host's on `device` (or None) have ended. -1 with an
 * exception: ClosedError, InUseError while it runs, or a signal handler's. */
int zc_py_hold(zc_state *state, py_store *store, PyObject *device);
void zc_py_let_go(py_store *store);

/* Of a held one; free them in any case. -1 with an exception. */
int zc_py_save_sections(zc_state *state, py_store *store, bool device_state, py_sections *out);
void zc_py_free_sections(py_sections *sections);
/* For one instance that goes on from them; to be completed by where its memory comes from. */
py_saved zc_py_read_sections(const py_sections *sections);

/* Instance._save and Instance._restore, see their docstrings. */
PyObject *zc_py_snapshot_save(zc_state *state, py_store *store, PyObject *device, PyObject *const *args);
py_store *zc_py_snapshot_restore(zc_state *state, PyObject *module, PyObject *snapshot, const py_grants *grants,
                                 PyObject *imports, PyObject *limits, PyObject *engine, bool mapped, PyObject *expand);

int zc_py_add_snapshot(PyObject *module, zc_state *state);

#endif
