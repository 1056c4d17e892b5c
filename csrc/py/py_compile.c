/* py_compile: see py_compile.h. */
#include "py_compile.h"
#include "py_arguments.h"
#include "py_error.h"
#include "py_issuer.h"
#include "py_kernel.h"

#include <string.h>

#define MAX_PARAMS ((ZC_KERNEL_MAX_PARAMS - ZC_KERNEL_GROUPS_SIZE) / 4)
#define PARAM_NAME_SIZE 32

const char zc_py_doc_compile[] = //
    "compile($self, /, *, spirv=None, msl=None, name, bindings, workgroup, params=(), entry_point=None, "
    "in_place=False, glsl=None)\n--\n\n"
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
    "Raises ValueError (the code does not compile, or differs from the signature: says both sides), CompileError\n"
    "(the GLSL does not compile: the compiler's text, with the line) and DeviceError (the device compiles nothing, or\n"
    "cannot run this).";

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
        PyErr_SetString(PyExc_TypeError, "compile() needs glsl, spirv or msl");
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

/* GLSL as what the device takes, bytes or a str, which `*spirv` or `*msl` becomes. The reference returned holds it. */
static PyObject *translate(PyObject *self, PyObject *glsl, const char *name, PyObject **spirv, PyObject **msl)
{
    const char *kind = zc_device_get_info(zc_py_device(self))->kind;
    if (!PyUnicode_Check(glsl)) {
        (void)zc_py_must_be("glsl", "a str", glsl);
        return NULL;
    }
    if (*spirv != Py_None || *msl != Py_None) {
        PyErr_SetString(PyExc_TypeError, "compile() takes glsl, or spirv and msl, not both");
        return NULL;
    }
    if (strcmp(kind, "cpu") == 0) { /* says so itself, without a compiler */
        *msl = glsl;
        return Py_NewRef(glsl);
    }
    PyObject *module = PyImport_ImportModule("zcwasm._glsl");
    PyObject *code = module ? PyObject_CallMethod(module, "translate", "Oss", glsl, kind, name) : NULL;
    Py_XDECREF(module);
    if (code) {
        *(PyUnicode_Check(code) ? msl : spirv) = code;
    }
    return code;
}

PyObject *zc_py_compile(PyObject *self, PyObject *const *args, Py_ssize_t nargs, PyObject *keywords)
{
    enum { NAME, BINDINGS, WORKGROUP, SPIRV, MSL, PARAMS, ENTRY_POINT, IN_PLACE, GLSL, COUNT };
    static const zc_py_arguments expected = {
        "compile",
        0,
        3,
        COUNT,
        {"name", "bindings", "workgroup", "spirv", "msl", "params", "entry_point", "in_place", "glsl"}};
    PyObject *given[COUNT], *bindings = NULL, *params = NULL, *translated = NULL, *result = NULL;
    zc_state *state = zc_state_of(self);
    zc_kernel_source source = {0};
    Py_buffer spirv = {0};
    zc_py_field *fields = NULL;
    zc_error error;
    zc_status status;
    const zc_kernel *kernel = NULL;
    if (zc_py_parse(&expected, args, nargs, keywords, given) < 0 || !(source.name = zc_py_text(given[NAME], "name")) ||
        (given[ENTRY_POINT] && given[ENTRY_POINT] != Py_None &&
         !(source.entry_point = zc_py_text(given[ENTRY_POINT], "entry_point")))) {
        return NULL;
    }
    int in_place = given[IN_PLACE] ? PyObject_IsTrue(given[IN_PLACE]) : 0;
    if (in_place < 0) {
        return NULL;
    }
    source.in_place = in_place;
    PyObject *binary = given[SPIRV] ? given[SPIRV] : Py_None, *text = given[MSL] ? given[MSL] : Py_None;
    if (given[GLSL] && given[GLSL] != Py_None) {
        if (source.entry_point && strcmp(source.entry_point, "main") != 0) {
            PyErr_Format(PyExc_ValueError, "kernel %s: GLSL begins at main, entry_point is '%s'", source.name,
                         source.entry_point);
            goto done;
        }
        source.entry_point = NULL; /* the compiler may give it another name, but there is no second one */
        translated = translate(self, given[GLSL], source.name, &binary, &text);
        if (!translated) {
            goto done;
        }
    }
    if (take_code(binary, text, &spirv, &source) < 0) {
        goto done;
    }
    bindings = PySequence_Tuple(given[BINDINGS]);
    params = bindings ? (given[PARAMS] ? PySequence_Tuple(given[PARAMS]) : PyTuple_New(0)) : NULL;
    if (!params ||
        zc_py_kernel_three(&(zc_kernel){.name = source.name}, "workgroup", given[WORKGROUP], source.workgroup) < 0 ||
        parse_bindings(bindings, &source) < 0 || !(fields = parse_params(params))) {
        goto done;
    }
    source.params_size = (uint32_t)(4 * PyTuple_GET_SIZE(params));
    Py_BEGIN_ALLOW_THREADS /* compilers take their time */
    status = zc_device_compile(zc_py_device(self), &source, &kernel, &error);
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
