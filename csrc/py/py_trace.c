/* py_trace: see py_trace.h. */
#include "py_trace.h"
#include "py_error.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/zc_alloc.h"
#include "base/zc_trace.h"

#define MOST ((size_t)1 << 20) /* bytes of text at a time */
#define NS 1e9

static PyObject *start(PyObject *module, PyObject *unused)
{
    (void)unused;
    zc_error error;
    if (zc_trace_start(&error) != ZC_OK) {
        return zc_raise(PyModule_GetState(module), &error);
    }
    Py_RETURN_NONE;
}

static PyObject *stop(PyObject *module, PyObject *unused)
{
    (void)module;
    (void)unused;
    zc_trace_stop();
    Py_RETURN_NONE;
}

static PyObject *read_text(PyObject *module, PyObject *seconds)
{
    (void)module;
    double timeout = PyFloat_AsDouble(seconds);
    if (timeout == -1.0 && PyErr_Occurred()) {
        return NULL;
    }
    PyObject *text = PyBytes_FromStringAndSize(NULL, (Py_ssize_t)MOST);
    if (!text) {
        return NULL;
    }
    size_t size;
    Py_BEGIN_ALLOW_THREADS
    if (timeout > 0) {
        zc_trace_sleep((int64_t)(timeout * NS));
    }
    (void)zc_trace_has_new_threads();
    size = zc_trace_read(PyBytes_AS_STRING(text), MOST, (uint64_t)getpid());
    Py_END_ALLOW_THREADS(void)
    _PyBytes_Resize(&text, (Py_ssize_t)size);
    return text;
}

/* All of it, at `offset`; 0, or errno. */
static int write_all(int descriptor, const char *bytes, size_t size, int64_t offset)
{
    while (size > 0) {
        ssize_t written = pwrite(descriptor, bytes, size, (off_t)offset);
        if (written < 0 && errno != EINTR) {
            return errno;
        }
        if (written > 0) {
            bytes += written;
            size -= (size_t)written;
            offset += written;
        }
    }
    return 0;
}

/* What fills the ring in short calls holds the GIL most of the time, so nothing here waits for it. */
static int write_for(int descriptor, int64_t *offset, const Py_buffer *end, int64_t until)
{
    char *text = zc_malloc(MOST + (size_t)end->len);
    int code = text ? 0 : ENOMEM;
    uint64_t process = (uint64_t)getpid();
    for (int64_t now = zc_clock_ns(); code == 0 && now < until && zc_tracing(); now = zc_clock_ns()) {
        zc_trace_sleep(until - now);
        size_t size = zc_trace_read(text, MOST, process);
        if (size) {
            memcpy(text + size, end->buf, (size_t)end->len);
            code = write_all(descriptor, text, size + (size_t)end->len, *offset);
            *offset += (int64_t)size;
        }
        if (zc_trace_has_new_threads()) {
            break;
        }
    }
    zc_free(text);
    return code;
}

static PyObject *write_text(PyObject *module, PyObject *arguments)
{
    (void)module;
    int descriptor, code;
    long long offset;
    double seconds;
    Py_buffer end;
    if (!PyArg_ParseTuple(arguments, "iLy*d:_trace_write", &descriptor, &offset, &end, &seconds)) {
        return NULL;
    }
    int64_t at = offset;
    Py_BEGIN_ALLOW_THREADS
    code = write_for(descriptor, &at, &end, zc_clock_ns() + (int64_t)(seconds * NS));
    Py_END_ALLOW_THREADS
    PyBuffer_Release(&end);
    if (code) {
        errno = code;
        return PyErr_SetFromErrno(PyExc_OSError);
    }
    return PyLong_FromLongLong(at);
}

static PyObject *dropped(PyObject *module, PyObject *unused)
{
    (void)module;
    (void)unused;
    return PyLong_FromUnsignedLongLong(zc_trace_dropped());
}

static PyObject *origin(PyObject *module, PyObject *unused)
{
    (void)module;
    (void)unused;
    return PyLong_FromLongLong(zc_trace_origin());
}

static PyMethodDef functions[] = {
    {"_trace_start", start, METH_NOARGS,
     "_trace_start()\n--\n\nTrace from now on. InUseError when it is done already."},
    {"_trace_stop", stop, METH_NOARGS, "_trace_stop()\n--\n\nTrace no more; what is there can still be read."},
    {"_trace_read", read_text, METH_O,
     "_trace_read(seconds, /)\n--\n\nEvents as text, each behind a comma; waits so long while there are few.\n"
     "One thread at a time."},
    {"_trace_write", write_text, METH_VARARGS,
     "_trace_write(descriptor, offset, end, seconds, /)\n--\n\nWrite events to a file from `offset` on for so long, "
     "or until there are new threads or the trace is stopped, `end`\nbehind each piece and under the next. Returns the "
     "offset of the last "
     "`end`."},
    {"_trace_dropped", dropped, METH_NOARGS, "_trace_dropped()\n--\n\nHow many events had no room."},
    {"_trace_origin", origin, METH_NOARGS, "_trace_origin()\n--\n\nWhen the trace began, in ns of time.monotonic()."},
    {NULL, NULL, 0, NULL},
};

int zc_py_add_trace(PyObject *module, zc_state *state)
{
    (void)state;
    return PyModule_AddFunctions(module, functions);
}
