/* py_arguments: see py_arguments.h. */
#include "py_arguments.h"
#include "py_error.h"

#include <math.h>
#include <string.h>

int zc_py_too_many(const zc_py_arguments *s, Py_ssize_t given)
{
    if (s->required > s->positional) {
        const char *next = s->names[s->positional];
        PyErr_Format(PyExc_TypeError, "%s() takes %d positional argument%s, got %zd (%s is given by keyword: %s=...)",
                     s->method, s->positional, zc_py_plural((uint64_t)s->positional), given, next, next);
    } else {
        PyErr_Format(PyExc_TypeError, "%s() takes %d positional argument%s, got %zd", s->method, s->positional,
                     zc_py_plural((uint64_t)s->positional), given);
    }
    return -1;
}

int zc_py_missing(const zc_py_arguments *s, int i)
{
    PyErr_Format(PyExc_TypeError, "%s() misses argument '%s'", s->method, s->names[i]);
    return -1;
}

int zc_py_parse_keywords(const zc_py_arguments *s, PyObject *const *values, PyObject *keywords, PyObject **out)
{
    Py_ssize_t count = PyTuple_GET_SIZE(keywords);
    for (Py_ssize_t k = 0; k < count; k++) {
        PyObject *keyword = PyTuple_GET_ITEM(keywords, k);
        int i = s->total;
        while (--i >= 0 && PyUnicode_CompareWithASCIIString(keyword, s->names[i]) != 0) {
        }
        if (i < 0 || out[i]) {
            PyErr_Format(PyExc_TypeError, i < 0 ? "%s() has no argument '%U'" : "%s() got argument '%U' twice",
                         s->method, keyword);
            return -1;
        }
        out[i] = values[k];
    }
    return 0;
}

int zc_py_float(PyObject *value, const char *name, float *out)
{
    double number = PyFloat_AsDouble(value);
    if (number == -1.0 && PyErr_Occurred()) {
        return zc_py_must_be(name, "a real number", value);
    }
    *out = (float)number;
    if (isinf(*out) && !isinf(number)) {
        PyErr_Format(PyExc_OverflowError, "%s = %R does not fit in float32", name, value);
        return -1;
    }
    return 0;
}

int zc_py_word(PyObject *value, const char *name, bool is_signed, uint32_t *out)
{
    PyObject *integer = PyNumber_Index(value);
    if (!integer) {
        return zc_py_must_be(name, "an integer", value);
    }
    int overflow;
    long long number = PyLong_AsLongLongAndOverflow(integer, &overflow);
    Py_DECREF(integer);
    if (overflow || number < (is_signed ? INT32_MIN : 0) || number > (is_signed ? INT32_MAX : (long long)UINT32_MAX)) {
        PyErr_Format(PyExc_OverflowError, "%s = %R does not fit in %s", name, value, is_signed ? "int32" : "uint32");
        return -1;
    }
    *out = (uint32_t)number;
    return 0;
}

const char *zc_py_text(PyObject *value, const char *name)
{
    Py_ssize_t size;
    if (!PyUnicode_Check(value)) {
        zc_py_raise_wrong_type(name, "a str", value);
        return NULL;
    }
    const char *text = PyUnicode_AsUTF8AndSize(value, &size);
    if (text && strlen(text) != (size_t)size) {
        PyErr_Format(PyExc_ValueError, "%s has a zero byte: %R", name, value);
        return NULL;
    }
    return text;
}

PyObject *zc_py_integers(PyObject *value, const char *name, const char *wanted)
{
    PyObject *tuple = PyIndex_Check(value) ? PyTuple_Pack(1, value) : PySequence_Tuple(value);
    if (!tuple) {
        zc_py_raise_wrong_type(name, wanted, value);
    }
    return tuple;
}
