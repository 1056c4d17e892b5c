/* py_arguments: the arguments of methods: which were given, and numbers and texts from them.
 *
 * For methods that are called with METH_FASTCALL | METH_KEYWORDS; constructors get a tuple and a dict, and parse them
 * with CPython's PyArg_ParseTupleAndKeywords. By hand, because most of a small call's cost is parsing. What a method
 * takes stands in its docstring, too; tests/test_surface.py compares the two. Threads: with the GIL.
 */
#ifndef PY_ARGUMENTS_H
#define PY_ARGUMENTS_H

#include "py_state.h"

#define ZC_PY_MAX_ARGUMENTS 13

typedef struct zc_py_arguments {
    const char *method;
    int positional;                          /* how many may be given by position, too */
    int required, total;                     /* the first `required` of all must be given */
    const char *names[ZC_PY_MAX_ARGUMENTS]; /* in the order of `out` */
} zc_py_arguments;

/* What zc_py_parse consists of; -1 with a TypeError. */
int zc_py_too_many(const zc_py_arguments *expected, Py_ssize_t given);
int zc_py_missing(const zc_py_arguments *expected, int i);
int zc_py_parse_keywords(const zc_py_arguments *expected, PyObject *const *values, PyObject *keywords, PyObject **out);

/* The `total` arguments, borrowed, NULL where not given; -1 with a TypeError. Inline: where `expected` is constant,
 * little is left of the loops. */
static inline int zc_py_parse(const zc_py_arguments *expected, PyObject *const *args, Py_ssize_t nargs,
                              PyObject *keywords, PyObject **out)
{
    if (nargs > expected->positional) {
        return zc_py_too_many(expected, nargs);
    }
    for (int i = 0; i < expected->total; i++) {
        out[i] = i < nargs ? args[i] : NULL;
    }
    if (keywords && zc_py_parse_keywords(expected, args + nargs, keywords, out) < 0) {
        return -1;
    }
    for (int i = 0; i < expected->required; i++) {
        if (!out[i]) {
            return zc_py_missing(expected, i);
        }
    }
    return 0;
}

/* One value of an argument; -1 (NULL) with an exception that names it. */
int zc_py_float(PyObject *value, const char *name, float *out);                    /* a number that fits float32 */
int zc_py_word(PyObject *value, const char *name, bool is_signed, uint32_t *out); /* the bits of an int32 or uint32 */
const char *zc_py_text(PyObject *value, const char *name);                        /* a str, owned by it */
PyObject *zc_py_integers(PyObject *value, const char *name, const char *wanted);  /* one or a sequence, as a tuple */

#endif
