/* py_engine: which engine runs an instance, and what zcwasm/_engines.py and zcwasm/_code_cache.py need of the core: loading
 * the library, compiling a module, its code as bytes and back.
 *
 * Threads: with the GIL, which is released while something is loaded or compiled.
 */
#ifndef PY_ENGINE_H
#define PY_ENGINE_H

#include "py_wasm_module.h"

/* What runs an instance with these limits: `name` is what the user said, or None, then $ZCWASM_ENGINE or wasm3. The module
 * has code for it then, made now or found in the cache. NULL with an exception. */
const zc_engine *zc_py_engine(PyObject *name, PyObject *module, const zc_limits *limits);

/* Whether an engine for wide modules is here, or -1 with an exception. */
int zc_py_wide_ready(void);
/* Whether the whole of a module that zc_module_new_wide described is valid for that engine: 0, or -1 with an exception. */
int zc_py_validate_wide(zc_state *state, const zc_module *module);

int zc_py_add_engine(PyObject *module, zc_state *state);

#endif
