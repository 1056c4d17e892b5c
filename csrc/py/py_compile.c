/* py_compile: see py_compile.h. */
#include "py_compile.h"
#include "py_arguments.h"
#include "py_engine.h"
#include "py_error.h"
#include "py_issuer.h"
#include "py_kernel.h"
#include "py_limits.h"
#include "py_wasm_module.h"

#include "imports/zc_wasm_kernel.h"

#include <string.h>

#define MAX_PARAMS ((ZC_KERNEL_MAX_PARAMS - ZC_KERNEL_GROUPS_SIZE) / 4)
#define PARAM_NAME_SIZE 32

const char zc_py_doc_compile[] = //
    "compile($self, /, *, spirv=None, msl=None, name, bindings, workgroup=None, params=(), entry_point=None, "
    "in_place=False, glsl=None, module=None, export=None, limits=None, engine=None)\n--\n\n"
    "A Kernel of the program's own for this device, to be given to dispatch().\n\n"
    "spirv: a SPIR-V module, bytes, for vulkan. msl: the text in Metal's language, for metal. Give both and the\n"
    "program runs on either. glsl, instead of them: the text in GLSL, which a compiler translates that the extra\n"
    "zcwasm[glsl] installs. The code is compared with the signature that the other arguments give. bindings: up to\n"
    "eight pairs of a name and 'read', 'write' or 'read_write'; the i-th is the storage buffer at set 0, binding\n"
    "i + 1, or [[buffer(i + 1)]]. params: pairs of a name and 'uint32', 'int32' or 'float32'. workgroup: its size,\n"
    "three numbers. Push constants, or [[buffer(0)]]: uint offset[4] (with more than four bindings offset[8]), at\n"
    "which element of each binding its array starts, then the params. entry_point: needed when there are several;\n"
    "'main' is main0 in MSL. in_place: an array that is written may be the very array of one that is read.\n"
    "Compilers take it that two bindings never show the same bytes and reorder by that: say it only where each\n"
    "invocation reads an element before it, and no other, writes it (in SPIR-V decorate both with Aliased, in MSL\n"
    "use one pointer, where order matters beyond that). The code comes from a trusted source: beyond the signature\n"
    "nothing checks what it does, and the driver is trusted with it.\n"
    "module and export, instead of all that, for cpu: a function that a Module of the program's own exports, to be\n"
    "run over rows: dispatch with groups=n calls it n times, on all threads, with the number of the row (int32), a\n"
    "pointer to that row of each binding, and the params. Row i of an array is the i-th of n equal parts of its\n"
    "bytes. The module imports nothing. Each thread has an instance of its own, with a memory of its own (limits: a\n"
    "Limits for each; fuel and deadline are those of a row; engine: as for Instance), into which rows are copied and\n"
    "out of which those that are written are copied back\n"
    "(kernel_rows in copy_stats()): it can touch nothing else. What an instance keeps from one row to another is not\n"
    "to be relied on. A trap ends the dispatch with Trap.\n"
    "Raises ValueError (the code does not compile, or differs from the signature: says both sides), CompileError\n"
    "(the GLSL does not compile: the compiler's text, with the line) and DeviceError (the device compiles nothing, or\n"
    "cannot run this).";

/* The arguments. */
enum {
    NAME,
    BINDINGS,
    WORKGROUP,
    SPIRV,
    MSL,
    PARAMS,
    ENTRY_POINT,
    IN_PLACE,
    GLSL,
    MODULE,
    EXPORT,
    LIMITS,
    ENGINE,
    COUNT
};

static int named_pair(PyObject *item, const char *what, const char **name, const char **value)
{
    if (!PyTuple_Check(item) || !PyArg_ParseTuple(item, "ss", name, value)) {
        PyErr_Clear();
        PyErr_Format(PyExc_TypeError, "%s must be pairs of two str, not %R", what, item);
        return -1;
    }
    return 0;
}

static int parse_bindings(PyObject *sequence, zc_kernel_source *source)
{
    Py_ssize_t count = PyTuple_GET_SIZE(sequence);
    if (count > ZC_KERNEL_MAX_BINDINGS) {
        PyErr_Format(PyExc_ValueError, "bindings has %zd entries, at most %d are supported", count,
                     ZC_KERNEL_MAX_BINDINGS);
        return -1;
    }
    source->binding_count = (unsigned)count;
    for (Py_ssize_t i = 0; i < count; i++) {
        const char *access;
        zc_binding_signature *binding = &source->bindings[i];
        if (named_pair(PyTuple_GET_ITEM(sequence, i), "bindings", &binding->name, &access) < 0) {
            return -1;
        }
        binding->element_size = 4;
        binding->access = zc_py_access_of(access);
        if (!binding->access) {
            PyErr_Format(PyExc_ValueError, "binding %s is '%s', must be 'read', 'write' or 'read_write'", binding->name,
                         access);
            return -1;
        }
    }
    return 0;
}

/* The fields in one block with their names. */
static zc_py_field *parse_params(PyObject *sequence)
{
    Py_ssize_t count = PyTuple_GET_SIZE(sequence);
    if (count > (Py_ssize_t)MAX_PARAMS) {
        PyErr_Format(PyExc_ValueError, "params has %zd entries, at most %u are supported", count, (unsigned)MAX_PARAMS);
        return NULL;
    }
    zc_py_field *all = PyMem_Calloc((size_t)count + 1, sizeof *all + PARAM_NAME_SIZE);
    if (!all) {
        PyErr_NoMemory();
        return NULL;
    }
    char *names = (char *)(all + count + 1);
    for (Py_ssize_t i = 0; i < count; i++) {
        const char *name, *type;
        char *own = names + i * PARAM_NAME_SIZE;
        if (named_pair(PyTuple_GET_ITEM(sequence, i), "params", &name, &type) < 0) {
            break;
        }
        size_t length = strlen(name);
        all[i] = (zc_py_field){.name = own, .offset = (uint32_t)(4 * i), .type = zc_py_field_type(type)};
        if (length == 0 || length >= PARAM_NAME_SIZE || !all[i].type) {
            PyErr_Format(PyExc_ValueError,
                         "parameter '%s' of type '%s': a name of 1 to %d bytes and uint32, int32 or float32 are needed",
                         name, type, PARAM_NAME_SIZE - 1);
            break;
        }
        memcpy(own, name, length);
    }
    if (PyErr_Occurred()) {
        PyMem_Free(all);
        return NULL;
    }
    return all;
}

/* The code in either language; the views of it last as long as the arguments. */
static int take_code(PyObject *spirv, PyObject *msl, Py_buffer *view, zc_kernel_source *source)
{
    Py_ssize_t size = 0;
    if (spirv == Py_None && msl == Py_None) {
        PyErr_SetString(PyExc_TypeError, "compile() needs glsl, spirv or msl, or module and export");
        return -1;
    }
    if (spirv != Py_None && PyObject_GetBuffer(spirv, view, PyBUF_SIMPLE) < 0) {
        return -1;
    }
    if (msl != Py_None && !PyUnicode_Check(msl)) {
        return zc_py_must_be("msl", "a str", msl);
    }
    if (msl != Py_None && !(source->msl = PyUnicode_AsUTF8AndSize(msl, &size))) {
        return -1;
    }
    source->spirv = view->obj ? view->buf : NULL;
    source->spirv_size = (size_t)view->len;
    source->msl_size = (size_t)size;
    return 0;
}

/* While a module's start function runs without the lock. */
static zc_status look_for_signals(void *context, zc_error *error)
{
    PyThreadState **saved = context;
    PyEval_RestoreThread(*saved);
    int code = PyErr_CheckSignals();
    *saved = PyEval_SaveThread();
    return code < 0 ? zc_fail(error, ZC_HOST, "a signal handler raised an exception") : ZC_OK;
}

/* A module's function as code for rows, which is the caller's to release. */
static int take_function(zc_state *state, PyObject **given, const zc_py_field *fields, Py_ssize_t count,
                         zc_kernel_source *source, zc_row_code *out)
{
    uint8_t types[MAX_PARAMS + 1];
    zc_limits own;
    zc_abi_limits abi;
    zc_error error;
    zc_status status;
    if (!Py_IS_TYPE(given[MODULE], state->module_type)) {
        return zc_py_must_be("module", "a zcwasm.Module", given[MODULE]);
    }
    const char *name = zc_py_text(given[EXPORT], "export");
    if (!name || zc_py_take_limits(given[LIMITS], &own, &abi) < 0) {
        return -1;
    }
    for (Py_ssize_t i = 0; i < count; i++) {
        types[i] = strcmp(zc_py_field_type_name(fields[i].type), "float32") == 0 ? ZC_F32 : ZC_I32;
    }
    const zc_engine *engine = zc_py_engine(given[ENGINE], given[MODULE], &own);
    if (!engine) {
        return -1;
    }
    PyThreadState *saved = PyEval_SaveThread(); /* a start function may run */
    status = zc_wasm_kernel_new(((py_module *)given[MODULE])->module, engine, name, source, types, (unsigned)count,
                                &own, look_for_signals, &saved, out, &error);
    PyEval_RestoreThread(saved);
    if (status != ZC_OK) {
        (void)zc_raise(state, &error);
        return -1;
    }
    source->rows = out;
    return 0;
}

/* GLSL as what the device takes, a bytes or a str in the place of the argument, which borrows the reference returned. */
static PyObject *translate(PyObject *self, PyObject **given, const char *name)
{
    const char *kind = zc_device_get_info(zc_py_device(self))->kind;
    PyObject *glsl = given[GLSL];
    if (!PyUnicode_Check(glsl)) {
        (void)zc_py_must_be("glsl", "a str", glsl);
        return NULL;
    }
    if (given[SPIRV] != Py_None || given[MSL] != Py_None) {
        PyErr_SetString(PyExc_TypeError, "compile() takes glsl, or spirv and msl, not both");
        return NULL;
    }
    if (strcmp(kind, "cpu") == 0) { /* says so itself, without a compiler */
        given[MSL] = glsl;
        return Py_NewRef(glsl);
    }
    PyObject *module = PyImport_ImportModule("zcwasm._glsl");
    PyObject *code = module ? PyObject_CallMethod(module, "translate", "Oss", glsl, kind, name) : NULL;
    Py_XDECREF(module);
    if (code) {
        given[PyUnicode_Check(code) ? MSL : SPIRV] = code;
    }
    return code;
}

/* The code for GPUs, from what was given of it. */
static int take_gpu_code(PyObject *self, PyObject **given, PyObject **translated, Py_buffer *view,
                         zc_kernel_source *source)
{
    if (given[ENTRY_POINT] != Py_None && !(source->entry_point = zc_py_text(given[ENTRY_POINT], "entry_point"))) {
        return -1;
    }
    if (given[GLSL] != Py_None) {
        if (source->entry_point && strcmp(source->entry_point, "main") != 0) {
            PyErr_Format(PyExc_ValueError, "kernel %s: GLSL begins at main, entry_point is '%s'", source->name,
                         source->entry_point);
            return -1;
        }
        source->entry_point = NULL; /* the compiler may give it another name, but there is no second one */
        *translated = translate(self, given, source->name);
        if (!*translated) {
            return -1;
        }
    }
    return take_code(given[SPIRV], given[MSL], view, source) < 0
               ? -1
               : zc_py_kernel_three(&(zc_kernel){.name = source->name}, "workgroup", given[WORKGROUP],
                                    source->workgroup);
}

/* Which arguments go with which. */
static int check_kind(PyObject **given)
{
    const char *wrong = NULL;
    const bool function = given[MODULE] != Py_None;
    if (function != (given[EXPORT] != Py_None)) {
        wrong = "compile() takes module and export together";
    } else if (!function && given[WORKGROUP] == Py_None) {
        wrong = "compile() misses argument 'workgroup'";
    } else if (function && given[WORKGROUP] != Py_None) {
        wrong = "compile() takes no workgroup with a module: each row is one";
    } else if (function && (given[SPIRV] != Py_None || given[MSL] != Py_None || given[GLSL] != Py_None ||
                            given[ENTRY_POINT] != Py_None)) {
        wrong = "compile() takes module and export, or code for GPUs, not both";
    } else if (!function && given[LIMITS] != Py_None) {
        wrong = "compile() takes limits with a module only";
    } else if (!function && given[ENGINE] != Py_None) {
        wrong = "compile() takes engine with a module only";
    }
    if (wrong) {
        PyErr_SetString(PyExc_TypeError, wrong);
    }
    return wrong ? -1 : 0;
}

PyObject *zc_py_compile(PyObject *self, PyObject *const *args, Py_ssize_t nargs, PyObject *keywords)
{
    static const zc_py_arguments expected = {"compile",
                                             0,
                                             2,
                                             COUNT,
                                             {"name", "bindings", "workgroup", "spirv", "msl", "params", "entry_point",
                                              "in_place", "glsl", "module", "export", "limits", "engine"}};
    PyObject *given[COUNT], *bindings = NULL, *params = NULL, *translated = NULL, *result = NULL;
    zc_state *state = zc_state_of(self);
    zc_kernel_source source = {0};
    zc_row_code rows = {0};
    Py_buffer spirv = {0};
    zc_py_field *fields = NULL;
    zc_error error;
    zc_status status;
    const zc_kernel *kernel = NULL;
    if (zc_py_parse(&expected, args, nargs, keywords, given) < 0) {
        return NULL;
    }
    for (int i = 0; i < COUNT; i++) {
        given[i] = given[i] ? given[i] : Py_None;
    }
    const bool function = given[MODULE] != Py_None;
    int in_place = given[IN_PLACE] == Py_None ? 0 : PyObject_IsTrue(given[IN_PLACE]);
    if (in_place < 0 || check_kind(given) < 0 || !(source.name = zc_py_text(given[NAME], "name"))) {
        return NULL;
    }
    source.in_place = in_place;
    source.workgroup[0] = source.workgroup[1] = source.workgroup[2] = 1;
    if (!function && take_gpu_code(self, given, &translated, &spirv, &source) < 0) {
        goto done;
    }
    bindings = PySequence_Tuple(given[BINDINGS]);
    params = bindings ? (given[PARAMS] == Py_None ? PyTuple_New(0) : PySequence_Tuple(given[PARAMS])) : NULL;
    if (!params || parse_bindings(bindings, &source) < 0 || !(fields = parse_params(params))) {
        goto done;
    }
    source.params_size = (uint32_t)(4 * PyTuple_GET_SIZE(params));
    if (function && take_function(state, given, fields, PyTuple_GET_SIZE(params), &source, &rows) < 0) {
        goto done;
    }
    Py_BEGIN_ALLOW_THREADS /* compilers take their time */
    status = zc_device_compile(zc_py_device(self), &source, &kernel, &error);
    if (status != ZC_OK && function) {
        rows.release(rows.context);
    }
    Py_END_ALLOW_THREADS
    if (status != ZC_OK) {
        (void)zc_raise(state, &error);
        goto done;
    }
    result = zc_py_kernel_compiled(state, kernel, fields, (size_t)PyTuple_GET_SIZE(params));
    fields = result ? NULL : fields;
done:
    PyMem_Free(fields);
    Py_XDECREF(bindings);
    Py_XDECREF(params);
    PyBuffer_Release(&spirv);
    Py_XDECREF(translated);
    return result;
}
