/* py_dispatch: see py_dispatch.h. */
#include "py_dispatch.h"
#include "py_arguments.h"
#include "py_error.h"
#include "py_heap.h"
#include "py_issuer.h"
#include "py_kernel.h"

#include "base/zc_clock.h"
#include "guest/zc_guest.h"

/* Kernels with less work than this keep the GIL: giving it back and taking it costs about 0.1 us idle, and a
 * thread that waits for it may keep it for 5 ms. 32 KiB are 1 to 4 us; 256 Ki flops 2 to 20 us. */
#define KEEP_GIL_BYTES 32768u
#define KEEP_GIL_FLOPS 262144.0

typedef struct waiting {
    PyThreadState *saved;
    int64_t next_check; /* by zc_clock_ns */
} waiting;

#define SIGNAL_INTERVAL_NS 50000000

/* While a kernel runs without the lock: signal handlers, now and then, and whether the thread must end what it does. */
static zc_status look_for_signals(void *context, zc_error *error)
{
    waiting *self = context;
    int64_t now = zc_clock_ns();
    zc_status status = zc_scope_check(error);
    if (status != ZC_OK) {
        return status;
    }
    if (self->next_check == 0) {
        self->next_check = now + SIGNAL_INTERVAL_NS;
    }
    if (now < self->next_check) {
        return ZC_OK;
    }
    self->next_check = now + SIGNAL_INTERVAL_NS;
    PyEval_RestoreThread(self->saved);
    int code = PyErr_CheckSignals();
    self->saved = PyEval_SaveThread();
    return code < 0 ? zc_fail(error, ZC_HOST, "a signal handler raised an exception") : ZC_OK;
}

static void mark_written(const zc_range *ranges, size_t count, void (*mark)(zc_region *region))
{
    for (size_t i = 0; i < count; i++) {
        if (ranges[i].region) {
            mark(ranges[i].region);
        }
    }
}

PyObject *zc_py_issue(PyObject *self, const zc_kernel *kernel, zc_py_array *arrays, size_t count, const void *params,
                      double flops, PyObject *result)
{
    zc_py_issuer *issuer = (zc_py_issuer *)self;
    zc_range ranges[ZC_KERNEL_MAX_BINDINGS]; /* as many as there are arrays; setting all of them takes 20 ns */
    zc_error error;
    zc_status status;
    uint64_t bytes = 0;
    for (size_t i = 0; i < count && i < ZC_KERNEL_MAX_BINDINGS; i++) {
        if (arrays[i].device && arrays[i].device != issuer->device) {
            PyErr_Format(PyExc_ValueError, "%s lies in the memory of another device (%s)", arrays[i].name,
                         zc_device_get_info(arrays[i].device)->name);
            zc_py_array_release_all(arrays, count);
            return NULL;
        }
        if (zc_py_array_range(&arrays[i], zc_state_of(self), issuer->device, &ranges[i]) < 0) {
            zc_py_array_release_all(arrays, count);
            return NULL;
        }
        bytes += ranges[i].length;
    }
    const zc_dispatch dispatch = {kernel, ranges, count, params, kernel->params_size};
    if (issuer->batch) {
        for (size_t i = 0; i < count; i++) { /* before it is recorded, which cannot be taken back */
            if (zc_py_heap_hold(zc_state_of(self), arrays[i].object, &issuer->held) < 0) {
                zc_py_array_release_all(arrays, count);
                return NULL;
            }
        }
        status = zc_batch_dispatch(issuer->batch, &dispatch, &error);
        result = Py_None;
    } else if ((status = zc_scope_check(&error)) != ZC_OK) {
        /* Many small ones would never look: nothing is run any more. */
    } else if (!kernel->compiled && bytes <= KEEP_GIL_BYTES && flops <= KEEP_GIL_FLOPS &&
               !zc_device_busy(issuer->device) &&
               zc_device_get_info(issuer->device)->threads > 0) { /* a GPU always takes longer */
        status = zc_device_run(issuer->device, &dispatch, &error);
    } else {
        mark_written(ranges, count, zc_region_begin_write); /* before the lock goes: see fork_held */
        waiting self = {.saved = PyEval_SaveThread()};
        status = zc_device_run_pausing(issuer->device, &dispatch, look_for_signals, &self, &error);
        PyEval_RestoreThread(self.saved);
        mark_written(ranges, count, zc_region_end_write);
    }
    zc_py_array_release_all(arrays, count);
    if (status != ZC_OK) {
        return zc_raise(zc_state_of(self), &error);
    }
    return Py_NewRef(result);
}

const char zc_py_doc_dispatch[] = //
    "dispatch($self, /, kernel, arrays, params, groups=None)\n--\n\n"
    "Issue a kernel by its signature (see Device.kernels): a Device runs it to its end, a Batch records it.\n\n"
    "kernel: a name or a Kernel. arrays: one array of 4-byte elements in guest memory per binding, in order;\n"
    "each gives the bytes from its first to its last element. params: a dict with every field of the\n"
    "kernel's parameters, or their bytes. groups: the numbers of workgroups, one to three of them, for kernels\n"
    "compiled by the user only; of a module's function the number of rows, whose arrays may be of any numbers.\n"
    "Raises ValueError, TypeError, OverflowError, and IndexError when an array is smaller than the\n"
    "parameters need.";

PyObject *zc_py_issue_dispatch(PyObject *self, PyObject *const *args, Py_ssize_t nargs, PyObject *keywords)
{
    static const zc_py_arguments expected = {"dispatch", 4, 3, 4, {"kernel", "arrays", "params", "groups"}};
    PyObject *given[4];
    if (zc_py_parse(&expected, args, nargs, keywords, given) < 0) {
        return NULL;
    }
    PyObject *groups = given[3] ? given[3] : Py_None;
    const zc_kernel *kernel = zc_py_kernel_of(zc_state_of(self), given[0]);
    if (!kernel) {
        return NULL;
    }
    uint32_t params[ZC_KERNEL_MAX_PARAMS / 4];
    if (zc_py_kernel_fill(kernel, given[0], given[2], groups, params) < 0) {
        return NULL;
    }
    PyObject *sequence = PySequence_Fast(given[1], "arrays must be a sequence of arrays");
    if (!sequence) {
        return NULL;
    }
    PyObject *result = NULL;
    zc_py_array arrays[ZC_KERNEL_MAX_BINDINGS];
    size_t got = 0, count = (size_t)PySequence_Fast_GET_SIZE(sequence);
    if (count != kernel->binding_count) {
        PyErr_Format(PyExc_ValueError, "kernel %s takes %d arrays, got %zu", kernel->name, (int)kernel->binding_count,
                     count);
        goto done;
    }
    for (; got < count; got++) {
        const zc_binding_signature *binding = &kernel->bindings[got];
        unsigned flags = ZC_PY_WORDS | (kernel->over_rows ? ZC_PY_NUMBERS : 0) |
                         (binding->access & ZC_ACCESS_WRITE ? ZC_PY_WRITE : 0);
        if (zc_py_array_get(PySequence_Fast_GET_ITEM(sequence, (Py_ssize_t)got), binding->name, flags,
                            got ? &arrays[got - 1] : NULL, &arrays[got]) < 0) {
            zc_py_array_release_all(arrays, got);
            goto done;
        }
    }
    result = zc_py_issue(self, kernel, arrays, count, params, 0, Py_None);
done:
    Py_DECREF(sequence);
    return result;
}
