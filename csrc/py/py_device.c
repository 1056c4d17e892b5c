/* py_device: see py_device.h. */
#include "py_device.h"
#include "py_batch.h"
#include "py_compile.h"
#include "py_device_array.h"
#include "py_dispatch.h"
#include "py_error.h"
#include "py_issuer.h"
#include "py_kernel.h"
#include "py_kernel_methods.h"
#include "py_share.h"

#include <stddef.h>

static int set_item(PyObject *dict, const char *key, PyObject *value)
{
    int code = value ? PyDict_SetItemString(dict, key, value) : -1;
    Py_XDECREF(value);
    return code;
}

static PyObject *text(const char *bytes)
{
    return PyUnicode_DecodeUTF8(bytes, (Py_ssize_t)strlen(bytes), "replace");
}

static PyObject *info_dict(const zc_device_info *info)
{
    PyObject *dict = PyDict_New();
    if (dict && (set_item(dict, "kind", text(info->kind)) < 0 || set_item(dict, "name", text(info->name)) < 0 ||
                 set_item(dict, "available", PyBool_FromLong(info->available)) < 0 ||
                 set_item(dict, "reason", text(info->reason)) < 0 ||
                 set_item(dict, "unified_memory", PyBool_FromLong(info->unified_memory)) < 0 ||
                 set_item(dict, "software", PyBool_FromLong(info->software)) < 0 ||
                 set_item(dict, "subgroup_width", PyLong_FromUnsignedLong(info->subgroup_width)) < 0 ||
                 set_item(dict, "matrix_units", PyLong_FromUnsignedLong(info->gpu.matrix_units)) < 0 ||
                 set_item(dict, "packed_dot", PyBool_FromLong(info->gpu.packed_dot)) < 0 ||
                 set_item(dict, "max_buffer", PyLong_FromUnsignedLongLong(info->max_buffer)) < 0 ||
                 set_item(dict, "threads", PyLong_FromUnsignedLong(info->threads)) < 0 ||
                 set_item(dict, "index", PyLong_FromUnsignedLong(info->index)) < 0 ||
                 set_item(dict, "type", text(info->type ? info->type : "")) < 0 ||
                 set_item(dict, "driver", text(info->driver)) < 0 || set_item(dict, "api", text(info->api)) < 0 ||
                 set_item(dict, "uuid", text(info->uuid)) < 0 ||
                 set_item(dict, "memory", PyLong_FromUnsignedLongLong(info->memory)) < 0 ||
                 set_item(dict, "max_region", PyLong_FromUnsignedLongLong(info->max_region)) < 0 ||
                 set_item(dict, "max_workgroup", PyLong_FromUnsignedLong(info->max_workgroup)) < 0 ||
                 set_item(dict, "max_shared_memory", PyLong_FromUnsignedLong(info->max_shared_memory)) < 0)) {
        Py_CLEAR(dict);
    }
    return dict;
}

static const char devices_doc[] = //
    "devices()\n--\n\n"
    "The devices that this package knows, best first, present or not.\n\n"
    "Returns a list of dicts: kind ('metal', 'vulkan', 'cpu'), name, available, reason (why it is not),\n"
    "unified_memory (it reads guest memory where it lies), software (a GPU interface emulated on the CPU),\n"
    "subgroup_width, max_buffer (bytes that one argument may have), threads (cpu only, else 0). Of GPUs also:\n"
    "index (among those of its kind, best first), type ('discrete', 'integrated', 'virtual', 'cpu'), driver,\n"
    "api (version of the interface), uuid, memory (bytes of its own), max_region (bytes of one memory that it\n"
    "can use), max_workgroup (invocations), max_shared_memory (bytes), matrix_units (the side of the matrices whose\n"
    "products it makes at once, where there are shaders for them, else 0), packed_dot (it has fast products of bytes).";

#define MAX_DEVICES 32

static PyObject *devices(PyObject *module, PyObject *unused)
{
    (void)module;
    (void)unused;
    zc_device_info infos[MAX_DEVICES];
    size_t count;
    Py_BEGIN_ALLOW_THREADS
    count = zc_device_list(infos, MAX_DEVICES);
    Py_END_ALLOW_THREADS
    count = count < MAX_DEVICES ? count : MAX_DEVICES;
    PyObject *list = PyList_New((Py_ssize_t)count);
    for (size_t i = 0; list && i < count; i++) {
        PyObject *dict = info_dict(&infos[i]);
        if (!dict) {
            Py_CLEAR(list);
            break;
        }
        PyList_SET_ITEM(list, (Py_ssize_t)i, dict);
    }
    return list;
}

/* From 0 to 1024. */
static int take_number(PyObject *value, const char *name, const char *wanted, unsigned *out)
{
    long number = PyLong_AsLong(value);
    if (number == -1 && PyErr_Occurred()) {
        return zc_py_must_be(name, "an integer", value);
    }
    if (number < 0 || number > 1024) {
        PyErr_Format(PyExc_ValueError, "%s is %ld, must be %s", name, number, wanted);
        return -1;
    }
    *out = (unsigned)number;
    return 0;
}

/* Tell the log, if there is one. */
static int log_opened(PyObject *device, const char *kind)
{
    PyObject *modules = PySys_GetObject("modules"); /* borrowed */
    PyObject *logging = modules && PyDict_Check(modules) ? PyDict_GetItemString(modules, "logging") : NULL;
    if (!logging) {
        return 0;
    }
    PyObject *module = PyImport_ImportModule("zcwasm._log");
    PyObject *done = module ? PyObject_CallMethod(module, "device_opened", "Oz", device, kind) : NULL;
    Py_XDECREF(module);
    Py_XDECREF(done);
    return done ? 0 : -1;
}

static PyObject *device_new(PyTypeObject *type, PyObject *args, PyObject *keywords)
{
    static char *names[] = {"kind", "threads", "index", "name", "uuid", NULL};
    const char *kind = NULL;
    PyObject *threads = NULL, *index = Py_None;
    zc_device_options options = {0};
    zc_device *device = NULL;
    zc_error error;
    zc_status status;
    if (!PyArg_ParseTupleAndKeywords(args, keywords, "|z$OOzz:Device", names, &kind, &threads, &index, &options.name,
                                     &options.uuid)) {
        return NULL;
    }
    if ((index != Py_None) + (options.name != NULL) + (options.uuid != NULL) > 1) {
        PyErr_SetString(PyExc_ValueError, "of index, name and uuid, at most one chooses the device");
        return NULL;
    }
    if (index != Py_None) {
        options.by_index = true;
        if (take_number(index, "index", "0 (the best device) or a little more", &options.index) < 0) {
            return NULL;
        }
    }
    if (threads && take_number(threads, "threads", "0 (all the process may use) to 1024", &options.threads) < 0) {
        return NULL;
    }
    Py_BEGIN_ALLOW_THREADS
    status = zc_device_open(kind, &options, &device, &error);
    Py_END_ALLOW_THREADS
    if (status != ZC_OK) {
        return zc_raise(zc_state_of_type(type), &error);
    }
    zc_py_issuer *self = (zc_py_issuer *)type->tp_alloc(type, 0);
    if (!self) {
        zc_device_release(device);
        return NULL;
    }
    self->device = device;
    if (log_opened((PyObject *)self, kind) < 0) {
        Py_CLEAR(self);
    }
    return (PyObject *)self;
}

static void device_dealloc(PyObject *self)
{
    PyTypeObject *type = Py_TYPE(self);
    ZC_PY_CLEAR_WEAK(self, zc_py_issuer);
    zc_device_release(((zc_py_issuer *)self)->device);
    type->tp_free(self);
    Py_DECREF(type);
}

static const zc_device_info *info_of(PyObject *self)
{
    return zc_device_get_info(zc_py_device(self));
}

static PyObject *device_repr(PyObject *self)
{
    const zc_device_info *info = info_of(self);
    if (info->threads) {
        return PyUnicode_FromFormat("<zcwasm.Device %s: %s, %u thread%s>", info->kind, info->name, info->threads,
                                    zc_py_plural(info->threads));
    }
    return PyUnicode_FromFormat("<zcwasm.Device %s: %s>", info->kind, info->name);
}

static PyObject *get_kind(PyObject *self, void *unused)
{
    (void)unused;
    return text(info_of(self)->kind);
}

static PyObject *get_name(PyObject *self, void *unused)
{
    (void)unused;
    return text(info_of(self)->name);
}

static PyObject *get_unified_memory(PyObject *self, void *unused)
{
    (void)unused;
    return PyBool_FromLong(info_of(self)->unified_memory);
}

static PyObject *get_software(PyObject *self, void *unused)
{
    (void)unused;
    return PyBool_FromLong(info_of(self)->software);
}

static PyObject *get_threads(PyObject *self, void *unused)
{
    (void)unused;
    return PyLong_FromUnsignedLong(info_of(self)->threads);
}

static PyObject *get_info(PyObject *self, void *unused)
{
    (void)unused;
    return info_dict(info_of(self));
}

static PyObject *get_kernels(PyObject *self, void *unused)
{
    (void)unused;
    zc_state *state = zc_state_of(self);
    PyObject *dict = PyDict_New();
    for (int id = 0; dict && id < ZC_KERNEL_COUNT; id++) {
        const zc_kernel *kernel = zc_kernel_get((zc_kernel_id)id);
        if (set_item(dict, kernel->name, zc_py_kernel_new(state, kernel)) < 0) {
            Py_CLEAR(dict);
        }
    }
    return dict;
}

static const char batch_doc[] = //
    "batch($self, /)\n--\n\n"
    "A new Batch: records kernels to be submitted together.";

static PyObject *device_batch(PyObject *self, PyObject *unused)
{
    (void)unused;
    return zc_py_batch_new(zc_state_of(self), self);
}

static const char buffer_address_doc[] = //
    "buffer_address($self, array, /)\n--\n\n"
    "The address at which this device sees the first byte of an array in guest memory, or of a Memory.\n\n"
    "Equal to the host's address where memory is unified. Raises ValueError when it is not guest memory.";

static PyObject *device_buffer_address(PyObject *self, PyObject *object)
{
    Py_buffer view;
    zc_error error;
    void *base = NULL;
    zc_status status = ZC_OK;
    if (PyObject_GetBuffer(object, &view, PyBUF_FULL_RO) < 0) {
        return NULL;
    }
    uintptr_t address = (uintptr_t)view.buf;
    zc_region *region = zc_region_find(view.buf, view.len > 0 ? 1 : 0);
    if (region) {
        Py_BEGIN_ALLOW_THREADS /* a GPU may pin every page now */
        status = zc_device_buffer_address(zc_py_device(self), region, &base, &error);
        Py_END_ALLOW_THREADS
        address = (uintptr_t)base + (address - (uintptr_t)zc_region_base(region));
    }
    PyBuffer_Release(&view);
    if (!region) {
        return PyErr_Format(PyExc_ValueError, "the %s does not lie in guest memory", Py_TYPE(object)->tp_name);
    }
    zc_region_release(region);
    if (status != ZC_OK) {
        return zc_raise(zc_state_of(self), &error);
    }
    return PyLong_FromVoidPtr((void *)address);
}

static PyObject *get_buffers_made(PyObject *self, void *unused)
{
    (void)unused;
    return PyLong_FromUnsignedLongLong(zc_device_buffer_count(zc_py_device(self)));
}

static const char stats_doc[] = //
    "stats($self, /)\n--\n\n"
    "What the device has done since it was opened, by all who use it: Device() may give one that is open.\n\n"
    "Returns a dict: submissions (that are done), dispatches (of those, and what kernel methods ran at once), seconds\n"
    "(that it worked on them; a kernel that the cpu device runs at once, in few microseconds, is not timed),\n"
    "bytes_copied (to and from arrays in its own memory), and what there is now: buffers (views of guest memories that "
    "it made, or memory of its own),\n"
    "scratch_bytes (of arrays in its own memory, and guests' scratch).";

static PyObject *device_stats(PyObject *self, PyObject *unused)
{
    (void)unused;
    zc_device_stats stats;
    zc_device_get_stats(zc_py_device(self), &stats);
    PyObject *dict = PyDict_New();
    if (dict && (set_item(dict, "submissions", PyLong_FromUnsignedLongLong(stats.submissions)) < 0 ||
                 set_item(dict, "dispatches", PyLong_FromUnsignedLongLong(stats.dispatches)) < 0 ||
                 set_item(dict, "seconds", PyFloat_FromDouble(stats.seconds)) < 0 ||
                 set_item(dict, "bytes_copied", PyLong_FromUnsignedLongLong(stats.copied)) < 0 ||
                 set_item(dict, "buffers", PyLong_FromUnsignedLongLong(stats.buffers)) < 0 ||
                 set_item(dict, "scratch_bytes", PyLong_FromUnsignedLongLong(stats.scratch)) < 0)) {
        Py_CLEAR(dict);
    }
    return dict;
}

static PyMethodDef device_methods[] = {
    ZC_PY_KERNEL_METHODS(ZC_PY_KERNEL_METHOD) //
    ZC_PY_DISPATCH_METHOD,
    {"batch", device_batch, METH_NOARGS, batch_doc},
    {"stats", device_stats, METH_NOARGS, stats_doc},
    {"compile", (PyCFunction)(void (*)(void))zc_py_compile, METH_FASTCALL | METH_KEYWORDS, zc_py_doc_compile},
    {"scratch", (PyCFunction)(void (*)(void))zc_py_scratch, METH_FASTCALL | METH_KEYWORDS, zc_py_doc_scratch},
    {"share", zc_py_share, METH_O, zc_py_doc_share},
    {"buffer_address", device_buffer_address, METH_O, buffer_address_doc},
    {NULL, NULL, 0, NULL},
};

static PyGetSetDef device_properties[] = {
    {"kind", get_kind, NULL, "'metal', 'vulkan' or 'cpu'.", NULL},
    {"name", get_name, NULL, "The hardware, in its vendor's words.", NULL},
    {"unified_memory", get_unified_memory, NULL, "Whether it reads guest memory where it lies.", NULL},
    {"software", get_software, NULL, "Whether it is a GPU interface emulated on the CPU.", NULL},
    {"threads", get_threads, NULL, "cpu: host threads that work on one kernel; 0 elsewhere.", NULL},
    {"info", get_info, NULL, "All that devices() tells, as a dict.", NULL},
    {"kernels", get_kernels, NULL, "The kernels by name: dict of str to Kernel.", NULL},
    {"_buffers_made", get_buffers_made, NULL, "How often it made a buffer over a memory; for tests.", NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

static const char device_doc[] = //
    "Device(kind=None, *, threads=0, index=None, name=None, uuid=None)\n--\n\n"
    "Runs kernels over arrays that lie in guest memory, in place.\n\n"
    "kind: 'metal', 'vulkan' or 'cpu'; None takes metal, else a Vulkan GPU (never a software one), else cpu.\n"
    "threads: for cpu, how many threads may work on one kernel; 0, or more than the process has CPUs, for as many.\n"
    "index, name, uuid: which of several devices of the kind, as devices() lists them: its index, a part of\n"
    "its name or its driver's in any case, or its uuid. Without them the best: discrete, integrated, virtual,\n"
    "software.\n"
    "Kernel methods run to their end and return out; they come after all work submitted before. Ctrl-C ends a\n"
    "call that waits or takes long, while its work goes on.\n"
    "Raises ValueError (unknown kind or device, threads) and DeviceError (the device is absent: says why).";

static PyMemberDef device_members[] = {
    ZC_PY_WEAK(zc_py_issuer),
    {NULL, 0, 0, 0, NULL},
};

static PyType_Slot device_slots[] = {
    {Py_tp_members, device_members}, {Py_tp_new, device_new},
    {Py_tp_dealloc, device_dealloc}, {Py_tp_repr, device_repr},
    {Py_tp_methods, device_methods}, {Py_tp_getset, device_properties},
    {Py_tp_doc, (void *)device_doc}, {0, NULL},
};

static PyType_Spec device_spec = {
    .name = "zcwasm.Device",
    .basicsize = sizeof(zc_py_issuer),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = device_slots,
};

static PyObject *validation_messages(PyObject *module, PyObject *unused)
{
    (void)module;
    (void)unused;
    char texts[4096];
    int64_t count = zc_device_validation("vulkan", texts, sizeof texts);
    if (count < 0) {
        Py_RETURN_NONE;
    }
    return Py_BuildValue("(LN)", (long long)count, text(texts));
}

static PyMethodDef functions[] = {
    {"devices", devices, METH_NOARGS, devices_doc},
    {"_vulkan_validation_messages", validation_messages, METH_NOARGS,
     "_vulkan_validation_messages()\n--\n\n"
     "The number of messages of Vulkan's validation layer so far and the first texts, or None when it is off\n"
     "(ZCWASM_VULKAN_VALIDATION=1 turns it on)."},
    {NULL, NULL, 0, NULL},
};

int zc_py_add_device(PyObject *module, zc_state *state)
{
    state->device_type = (PyTypeObject *)PyType_FromModuleAndSpec(module, &device_spec, NULL);
    return state->device_type && PyModule_AddType(module, state->device_type) == 0
               ? PyModule_AddFunctions(module, functions)
               : -1;
}
