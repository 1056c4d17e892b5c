/* py_profile: see py_profile.h. */
#include "py_profile.h"
#include "py_error.h"
#include "py_instance.h"
#include "py_store.h"
#include "py_values.h"

#include "guest/zc_profile.h"

#define CAPSULE "zcwasm._core.profile"

static void free_profile(PyObject *capsule)
{
    zc_profile *profile = PyCapsule_GetPointer(capsule, CAPSULE);
    Py_BEGIN_ALLOW_THREADS
    zc_profile_free(profile);
    Py_END_ALLOW_THREADS
}

static PyObject *start(PyObject *module, PyObject *arguments)
{
    zc_state *state = PyModule_GetState(module);
    zc_profile *profile;
    zc_error error;
    PyObject *object;
    double seconds;
    if (!PyArg_ParseTuple(arguments, "Od:_profile_start", &object, &seconds)) {
        return NULL;
    }
    if (!(seconds >= 1e-5 && seconds <= 3600)) {
        PyErr_SetString(PyExc_ValueError, "interval must be from 0.00001 to 3600 seconds");
        return NULL;
    }
    py_store *store = zc_py_instance_store(state, object);
    zc_instance *instance = store ? zc_py_open_instance(store) : NULL;
    if (!instance) {
        return NULL;
    }
    if (zc_profile_start(instance, (int64_t)(seconds * 1e9), &profile, &error) != ZC_OK) {
        return zc_raise(state, &error);
    }
    PyObject *capsule = PyCapsule_New(profile, CAPSULE, free_profile);
    if (!capsule) {
        zc_profile_free(profile);
    }
    return capsule;
}

/* What the name section calls a function, or the module and field of an import; else func[N]. */
static PyObject *name_of(const zc_module_info *info, uint32_t function)
{
    if (function < info->imported_func_count) {
        for (uint32_t i = 0; i < info->import_count; i++) {
            const zc_import *import = &info->imports[i];
            if (import->kind == ZC_EXTERN_FUNC && import->index == function) {
                PyObject *module = zc_py_name(import->module), *field = module ? zc_py_name(import->field) : NULL;
                PyObject *name = field ? PyUnicode_FromFormat("%U.%U", module, field) : NULL;
                Py_XDECREF(module);
                Py_XDECREF(field);
                return name;
            }
        }
    }
    zc_name name = info->funcs[function].name;
    return name.size ? zc_py_name(name) : PyUnicode_FromFormat("func[%u]", function);
}

/* ((functions), samples), and the names of those that are new. */
static PyObject *stack_of(const zc_profile *profile, size_t index, PyObject *names)
{
    const uint32_t *functions;
    uint32_t depth;
    uint64_t samples = zc_profile_stack(profile, index, &functions, &depth);
    PyObject *frames = PyTuple_New((Py_ssize_t)depth);
    for (uint32_t i = 0; frames && i < depth; i++) {
        PyObject *number = PyLong_FromUnsignedLong(functions[i]);
        int known = number ? PyDict_Contains(names, number) : -1;
        if (known == 0) {
            PyObject *name = name_of(zc_profile_info(profile), functions[i]);
            known = name ? PyDict_SetItem(names, number, name) : -1;
            Py_XDECREF(name);
        }
        if (number) {
            PyTuple_SET_ITEM(frames, (Py_ssize_t)i, number);
        }
        if (known < 0) {
            Py_CLEAR(frames);
        }
    }
    return frames ? Py_BuildValue("(NK)", frames, (ull)samples) : NULL;
}

static PyObject *stop(PyObject *module, PyObject *capsule)
{
    (void)module;
    zc_profile *profile = PyCapsule_GetPointer(capsule, CAPSULE);
    if (!profile) {
        return NULL;
    }
    Py_BEGIN_ALLOW_THREADS
    zc_profile_stop(profile);
    Py_END_ALLOW_THREADS
    PyObject *stacks = PyList_New(0), *names = PyDict_New();
    bool failed = !stacks || !names;
    for (size_t i = 0; !failed && i < zc_profile_stacks(profile); i++) {
        PyObject *stack = stack_of(profile, i, names);
        failed = !stack || PyList_Append(stacks, stack) < 0;
        Py_XDECREF(stack);
    }
    if (failed) {
        Py_XDECREF(stacks);
        Py_XDECREF(names);
        return NULL;
    }
    return Py_BuildValue("(NNK)", stacks, names, (ull)zc_profile_lost(profile));
}

static PyMethodDef functions[] = {
    {"_profile_start", start, METH_VARARGS,
     "_profile_start(instance, seconds, /)\n--\n\nSample where the instance is about every so many seconds."},
    {"_profile_stop", stop, METH_O,
     "_profile_stop(profile, /)\n--\n\nSample no more: a list of stacks (numbers of functions, outermost first) and "
     "how\n"
     "often each was seen, the names of the functions, and how many samples had no room."},
    {NULL, NULL, 0, NULL},
};

int zc_py_add_profile(PyObject *module, zc_state *state)
{
    (void)state;
    return PyModule_AddFunctions(module, functions);
}
