/* py_limits: see py_limits.h. */
#include "py_limits.h"
#include "py_error.h"

/* --- limits --- */

/* A number of a Limits object; None leaves *out as it is. */
static int take_limit(PyObject *limits, const char *name, double scale, uint64_t *out)
{
    PyObject *value = PyObject_GetAttrString(limits, name);
    int code = value ? 0 : -1;
    char label[32];
    (void)snprintf(label, sizeof label, "limit %s", name);
    if (!value && PyErr_ExceptionMatches(PyExc_AttributeError)) {
        PyErr_Clear();
        return zc_py_must_be("limits", "a zcwasm.Limits", limits);
    }
    if (value && value != Py_None) {
        if (scale != 1.0) { /* seconds to nanoseconds */
            double seconds = PyFloat_AsDouble(value);
            if (seconds == -1.0 && PyErr_Occurred()) {
                code = zc_py_must_be(label, "a number of seconds", value);
            } else if (!(seconds >= 0.0) || seconds > 1e9) {
                PyErr_Format(PyExc_ValueError, "limit %s is %R, must be from 0 to 1e9 seconds", name, value);
                code = -1;
            } else {
                *out = (uint64_t)(seconds * scale);
            }
        } else {
            PyObject *index = PyNumber_Index(value);
            unsigned long long number = index ? PyLong_AsUnsignedLongLong(index) : 0;
            if (!index) {
                code = zc_py_must_be(label, "an integer", value);
            } else if (PyErr_Occurred()) {
                PyErr_Format(PyExc_ValueError, "limit %s is %R, must be from 0 to 2**64 - 1", name, value);
                code = -1;
            } else {
                *out = number;
            }
            Py_XDECREF(index);
        }
    }
    Py_XDECREF(value);
    return code;
}

int zc_py_take_limits(PyObject *limits, zc_limits *out, zc_abi_limits *abi)
{
    *abi = (zc_abi_limits){.scratch = ZC_ABI_DEFAULT_SCRATCH,
                           .outputs = ZC_ABI_DEFAULT_OUTPUTS,
                           .dispatch_work = ZC_DEFAULT_DISPATCH_WORK};
    *out = (zc_limits){.memory = ZC_NO_LIMIT,
                       .table = ZC_DEFAULT_TABLE,
                       .call_depth = ZC_DEFAULT_CALL_DEPTH,
                       .stack_bytes = ZC_DEFAULT_STACK_BYTES,
                       .fuel = ZC_NO_LIMIT,
                       .deadline_ns = ZC_NO_LIMIT};
    if (limits == Py_None) {
        return 0;
    }
    if (take_limit(limits, "memory", 1.0, &out->memory) < 0 || take_limit(limits, "table", 1.0, &out->table) < 0 ||
        take_limit(limits, "call_depth", 1.0, &out->call_depth) < 0 ||
        take_limit(limits, "stack", 1.0, &out->stack_bytes) < 0 || take_limit(limits, "fuel", 1.0, &out->fuel) < 0 ||
        take_limit(limits, "scratch", 1.0, &abi->scratch) < 0 ||
        take_limit(limits, "outputs", 1.0, &abi->outputs) < 0 ||
        take_limit(limits, "dispatch_work", 1.0, &abi->dispatch_work) < 0 ||
        take_limit(limits, "deadline", 1e9, &out->deadline_ns) < 0) {
        return -1;
    }
    if (out->stack_bytes < 65536 || out->stack_bytes > (1u << 30)) {
        PyErr_Format(PyExc_ValueError, "limit stack is %llu bytes, must be from 65536 to 2**30", (ull)out->stack_bytes);
        return -1;
    }
    out->stack_bytes &= ~(uint64_t)4095;
    return 0;
}
