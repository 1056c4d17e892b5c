/* py_values: see py_values.h. */
#include "py_values.h"
#include "py_error.h"
#include "py_memory.h"

#include <math.h>
#include <string.h>

PyObject *zc_py_name(zc_name name)
{
    return PyUnicode_DecodeUTF8((const char *)name.bytes, (Py_ssize_t)name.size, "strict");
}

PyObject *zc_py_value_types(const uint8_t *types, uint32_t count)
{
    PyObject *result = PyTuple_New((Py_ssize_t)count);
    for (uint32_t i = 0; result && i < count; i++) {
        PyObject *name = PyUnicode_InternFromString(zc_value_type_name(types[i]));
        if (!name) {
            Py_CLEAR(result);
            break;
        }
        PyTuple_SET_ITEM(result, (Py_ssize_t)i, name);
    }
    return result;
}

PyObject *zc_py_signature(const zc_func_type *type)
{
    PyObject *comma = PyUnicode_FromString(", "), *text = NULL;
    PyObject *params = zc_py_value_types(type->params, type->param_count);
    PyObject *results = zc_py_value_types(type->results, type->result_count);
    PyObject *left = comma && params ? PyUnicode_Join(comma, params) : NULL;
    PyObject *right = comma && results ? PyUnicode_Join(comma, results) : NULL;
    if (left && right) {
        text = PyUnicode_FromFormat(type->result_count == 1 ? "(%U) -> %U" : "(%U) -> (%U)", left, right);
    }
    Py_XDECREF(comma);
    Py_XDECREF(params);
    Py_XDECREF(results);
    Py_XDECREF(left);
    Py_XDECREF(right);
    return text;
}

PyObject *zc_py_describe_extern(const zc_module_info *info, zc_extern_kind kind, uint32_t index)
{
    if (kind == ZC_EXTERN_FUNC) {
        PyObject *signature = zc_py_signature(&info->types[info->funcs[index].type_index]);
        PyObject *text = signature ? PyUnicode_FromFormat("function %U", signature) : NULL;
        Py_XDECREF(signature);
        return text;
    }
    if (kind == ZC_EXTERN_GLOBAL) {
        return PyUnicode_FromFormat("%sglobal %s", info->globals[index].is_mutable ? "mutable " : "",
                                    zc_value_type_name(info->globals[index].value_type));
    }
    if (kind == ZC_EXTERN_TAG) {
        return PyUnicode_FromString("tag of an exception");
    }
    const zc_limits_type *limits = kind == ZC_EXTERN_MEMORY ? &info->memory : &info->tables[index].limits;
    char most[32] = "no maximum";
    if (limits->has_maximum) {
        (void)snprintf(most, sizeof most, "at most %u", limits->maximum);
    }
    return PyUnicode_FromFormat("%s of %u %s%s, %s", kind == ZC_EXTERN_MEMORY ? "memory" : "table", limits->minimum,
                                kind == ZC_EXTERN_MEMORY ? "page" : "element", zc_py_plural(limits->minimum), most);
}

int zc_py_value_type(PyObject *name)
{
    static const uint8_t types[] = {ZC_I32, ZC_I64, ZC_F32, ZC_F64};
    for (size_t i = 0; PyUnicode_Check(name) && i < sizeof types; i++) {
        if (PyUnicode_CompareWithASCIIString(name, zc_value_type_name(types[i])) == 0) {
            return types[i];
        }
    }
    PyErr_Format(PyExc_ValueError, "a value type is 'i32', 'i64', 'f32' or 'f64', not %R", name);
    return -1;
}

/* NaN from 64 to 32 bits by truncating the payload; a payload that would vanish becomes the quiet bit. */
static uint32_t float_bits(double value)
{
    uint64_t wide;
    uint32_t bits;
    if (isnan(value)) {
        memcpy(&wide, &value, sizeof wide);
        bits = (uint32_t)(wide >> 32 & 0x80000000u) | 0x7f800000u | (uint32_t)(wide >> 29 & 0x7fffffu);
        return bits & 0x7fffffu ? bits : bits | 0x400000u;
    }
    float narrow = (float)value;
    memcpy(&bits, &narrow, sizeof bits);
    return bits;
}

static double float_value(uint32_t bits)
{
    if ((bits & 0x7f800000u) == 0x7f800000u && (bits & 0x7fffffu)) {
        uint64_t wide = (uint64_t)(bits & 0x80000000u) << 32 | 0x7ff0000000000000u | (uint64_t)(bits & 0x7fffffu) << 29;
        double value;
        memcpy(&value, &wide, sizeof value);
        return value;
    }
    float narrow;
    memcpy(&narrow, &bits, sizeof narrow);
    return (double)narrow;
}

/* Whether it says of itself that it is an array. Text and numbers do not, but for NumPy's own numbers: they have a
 * buffer, and are told by having no length, not even an undefined one. */
static bool is_array(PyObject *value)
{
    PyTypeObject *type = Py_TYPE(value);
    bool length = (type->tp_as_sequence && type->tp_as_sequence->sq_length) ||
                  (type->tp_as_mapping && type->tp_as_mapping->mp_length);
    if (!length && type->tp_as_number && type->tp_as_number->nb_float) {
        return false;
    }
    return PyObject_CheckBuffer(value) || PyObject_HasAttrString((PyObject *)type, "__array_interface__") ||
           PyObject_HasAttrString((PyObject *)type, "__dlpack__");
}

static int bad_type(PyObject *value, uint8_t type, const char *what, Py_ssize_t position)
{
    const char *wanted = type == ZC_I32 || type == ZC_I64 ? "an integer" : "a number";
    if (position) {
        PyErr_Format(PyExc_TypeError, "%s %zd must be %s (%s), not %s", what, position, wanted,
                     zc_value_type_name(type), Py_TYPE(value)->tp_name);
    } else {
        PyErr_Format(PyExc_TypeError, "%s must be %s (%s), not %s%s", what, wanted, zc_value_type_name(type),
                     Py_TYPE(value)->tp_name,
                     type == ZC_I32 && is_array(value) ? ": memory.pointer(array) is its address" : "");
    }
    return -1;
}

static int to_integer(PyObject *value, uint8_t type, uint64_t *bits, const char *what, Py_ssize_t position)
{
    int overflow = 0;
    PyObject *index = PyLong_CheckExact(value) ? Py_NewRef(value) : PyNumber_Index(value);
    if (!index) {
        return PyErr_ExceptionMatches(PyExc_TypeError) ? bad_type(value, type, what, position) : -1;
    }
    long long number = PyLong_AsLongLongAndOverflow(index, &overflow);
    bool fits;
    if (type == ZC_I32) {
        fits = !overflow && number >= INT32_MIN && number <= (long long)UINT32_MAX;
        *bits = (uint32_t)number;
    } else if (overflow > 0) { /* the upper half of the unsigned range */
        unsigned long long large = PyLong_AsUnsignedLongLong(index);
        fits = !PyErr_Occurred();
        PyErr_Clear();
        *bits = large;
    } else {
        fits = overflow == 0;
        *bits = (uint64_t)number;
    }
    if (!fits) {
        const char *name = zc_value_type_name(type);
        if (position) {
            PyErr_Format(PyExc_OverflowError, "%s %zd: %R does not fit in %s", what, position, index, name);
        } else {
            PyErr_Format(PyExc_OverflowError, "%s: %R does not fit in %s", what, index, name);
        }
    }
    Py_DECREF(index);
    return fits ? 0 : -1;
}

int zc_py_to_bits(PyObject *value, uint8_t type, uint64_t *bits, const char *what, Py_ssize_t position)
{
    if (type == ZC_I32 || type == ZC_I64) {
        return to_integer(value, type, bits, what, position);
    }
    double number = PyFloat_CheckExact(value) ? PyFloat_AS_DOUBLE(value) : PyFloat_AsDouble(value);
    if (number == -1.0 && PyErr_Occurred()) {
        return PyErr_ExceptionMatches(PyExc_TypeError) ? bad_type(value, type, what, position) : -1;
    }
    if (type == ZC_F64) {
        memcpy(bits, &number, sizeof *bits);
        return 0;
    }
    *bits = float_bits(number);
    if (isfinite(number) && (*bits & 0x7f800000u) == 0x7f800000u) {
        PyErr_Format(PyExc_OverflowError, "%s %zd: %R does not fit in f32", what, position, value);
        return -1;
    }
    return 0;
}

int zc_py_to_pointer(PyObject *memory, PyObject *value, uint8_t type, uint64_t *bits, Py_ssize_t position)
{
    if (type != ZC_I32 || !memory || !PyErr_ExceptionMatches(PyExc_TypeError)) {
        return -1;
    }
    PyObject *kind, *error, *traceback;
    PyErr_Fetch(&kind, &error, &traceback);
    bool text = PyUnicode_Check(value);
    if (!text && !is_array(value)) {
        PyErr_Restore(kind, error, traceback);
        return -1;
    }
    Py_XDECREF(kind);
    Py_XDECREF(error);
    Py_XDECREF(traceback);
    if (text) {
        PyErr_Format(PyExc_TypeError,
                     "argument %zd must be an integer (i32), not str: guest.new_string(text) is a text that a guest "
                     "can read",
                     position);
        return -1;
    }
    char name[32];
    (void)snprintf(name, sizeof name, "argument %zd", position);
    Py_INCREF(memory); /* what the array runs may close the instance */
    int code = zc_py_memory_pointer(memory, value, name, true, bits);
    Py_DECREF(memory);
    return code;
}

bool zc_py_is_number(uint8_t type)
{
    return type == ZC_I32 || type == ZC_I64 || type == ZC_F32 || type == ZC_F64;
}

bool zc_py_all_numbers(const zc_func_type *type)
{
    bool numbers = true;
    for (uint32_t i = 0; i < type->param_count; i++) {
        numbers = numbers && zc_py_is_number(type->params[i]);
    }
    for (uint32_t i = 0; i < type->result_count; i++) {
        numbers = numbers && zc_py_is_number(type->results[i]);
    }
    return numbers;
}

PyObject *zc_py_from_bits(uint64_t bits, uint8_t type)
{
    double number;
    switch (type) {
    case ZC_I32:
        return PyLong_FromLong((int32_t)(uint32_t)bits);
    case ZC_I64:
        return PyLong_FromLongLong((int64_t)bits);
    case ZC_F32:
        return PyFloat_FromDouble(float_value((uint32_t)bits));
    default:
        memcpy(&number, &bits, sizeof number);
        return PyFloat_FromDouble(number);
    }
}
