/* py_kernel_methods: see py_kernel_methods.h.
 *
 * Each method turns its arguments into arrays, checks that their shapes fit, fills the kernel's parameters and issues it;
 * bounds, alignment and overlap are checked below, in zc_dispatch.c.
 */
#include "py_kernel_methods.h"
#include "py_arguments.h"
#include "py_dispatch.h"

#include <string.h>

static int fits(Py_ssize_t value, const char *what, const char *name, uint32_t *out)
{
    if (value < 0 || (uint64_t)value > UINT32_MAX) {
        PyErr_Format(PyExc_OverflowError, "%s has %zd %s, at most %u can be passed to a kernel", name, value, what,
                     UINT32_MAX);
        return -1;
    }
    *out = (uint32_t)value;
    return 0;
}

/* Inputs, then the output, which is the last. */
static int get_all(PyObject *const *objects, const char *const *names, size_t count, zc_py_array *arrays)
{
    for (size_t i = 0; i < count; i++) {
        const zc_py_array *other = i ? &arrays[i - 1] : NULL;
        if (i == 2 && objects[2] == objects[0]) {
            other = &arrays[0];
        }
        if (zc_py_array_get(objects[i], names[i], i + 1 == count ? ZC_PY_WRITE : 0, other, &arrays[i]) < 0) {
            zc_py_array_release_all(arrays, i);
            return -1;
        }
    }
    return 0;
}

/* Refuse, releasing the arrays; for the methods' ends. */
static PyObject *refuse(zc_py_array *arrays, size_t count)
{
    zc_py_array_release_all(arrays, count);
    return NULL;
}

/* Equal shapes and contiguous, for elementwise kernels. */
static int check_elementwise(const char *method, const zc_py_array *arrays, size_t count, uint32_t *elements)
{
    for (size_t i = 0; i < count; i++) {
        if (!zc_py_array_same_shape(&arrays[0], &arrays[i])) {
            PyErr_Format(PyExc_ValueError, "%s: %s has shape %s and %s has shape %s, they must be equal", method,
                         arrays[0].name, zc_py_shape_of(&arrays[0]).text, arrays[i].name,
                         zc_py_shape_of(&arrays[i]).text);
            return -1;
        }
        if (!zc_py_array_contiguous(&arrays[i])) {
            PyErr_Format(PyExc_ValueError, "%s: %s with shape %s is not C-contiguous", method, arrays[i].name,
                         zc_py_shape_of(&arrays[i]).text);
            return -1;
        }
    }
    return fits(arrays[0].count, "elements", arrays[0].name, elements);
}

#define ELEMENTWISE_DOC                                                                                    \
    "Arrays: float32 in guest memory, C-contiguous, of equal shape; out may be an input itself, but not\n" \
    "overlap one otherwise. Raises TypeError (element type), ValueError (shape, strides, place, overlap).\n"

const char zc_py_doc_fill[] = //
    "fill($self, /, out, value)\n--\n\n"
    "Set every element of out (float32, int32 or uint32, C-contiguous, any shape) to value.\n\n"
    "On a Device at once, returning out; on a Batch recorded, returning None. Raises OverflowError when\n"
    "value does not fit the element type.";

/* The 32 bits of `value` in the array's element type. */
static int pattern_of(PyObject *value, const zc_py_array *array, uint32_t *out)
{
    size_t length = strlen(array->view.format);
    char code = array->view.format[length - 1];
    if (code == 'f') {
        float number;
        if (zc_py_float(value, "value", &number) < 0) {
            return -1;
        }
        memcpy(out, &number, sizeof *out);
        return 0;
    }
    return zc_py_word(value, "value", code == 'i' || code == 'l', out);
}

PyObject *zc_py_issue_fill(PyObject *self, PyObject *const *args, Py_ssize_t nargs, PyObject *keywords)
{
    static const zc_py_arguments s = {"fill", 2, 2, 2, {"out", "value"}};
    PyObject *given[2];
    zc_py_array array;
    zc_fill_params params;
    if (zc_py_parse(&s, args, nargs, keywords, given) < 0 ||
        zc_py_array_get(given[0], "out", ZC_PY_WRITE | ZC_PY_WORDS, NULL, &array) < 0) {
        return NULL;
    }
    if (check_elementwise("fill", &array, 1, &params.count) < 0 || pattern_of(given[1], &array, &params.pattern) < 0) {
        return refuse(&array, 1);
    }
    return zc_py_issue(self, zc_kernel_get(ZC_KERNEL_fill), &array, 1, &params, 0, given[0]);
}

const char zc_py_doc_affine[] = //
    "affine($self, /, x, scale, shift, *, out)\n--\n\n"
    "out = scale * x + shift, element by element.\n\n" ELEMENTWISE_DOC
    "On a Device at once, returning out; on a Batch recorded, returning None.";

PyObject *zc_py_issue_affine(PyObject *self, PyObject *const *args, Py_ssize_t nargs, PyObject *keywords)
{
    static const zc_py_arguments s = {"affine", 3, 4, 4, {"x", "scale", "shift", "out"}};
    static const char *const names[] = {"x", "out"};
    PyObject *given[4];
    zc_py_array arrays[2];
    zc_affine_params params;
    if (zc_py_parse(&s, args, nargs, keywords, given) < 0 || zc_py_float(given[1], "scale", &params.scale) < 0 ||
        zc_py_float(given[2], "shift", &params.shift) < 0 ||
        get_all((PyObject *[]){given[0], given[3]}, names, 2, arrays) < 0) {
        return NULL;
    }
    if (check_elementwise("affine", arrays, 2, &params.count) < 0) {
        return refuse(arrays, 2);
    }
    return zc_py_issue(self, zc_kernel_get(ZC_KERNEL_affine), arrays, 2, &params, 0, given[3]);
}

const char zc_py_doc_axpby[] = //
    "axpby($self, /, alpha, x, beta, y, *, out)\n--\n\n"
    "out = alpha * x + beta * y, element by element.\n\n" ELEMENTWISE_DOC
    "On a Device at once, returning out; on a Batch recorded, returning None.";

static const char *const xy_names[] = {"x", "y", "out"};

PyObject *zc_py_issue_axpby(PyObject *self, PyObject *const *args, Py_ssize_t nargs, PyObject *keywords)
{
    static const zc_py_arguments s = {"axpby", 4, 5, 5, {"alpha", "x", "beta", "y", "out"}};
    PyObject *given[5];
    zc_py_array arrays[3];
    zc_axpby_params params;
    if (zc_py_parse(&s, args, nargs, keywords, given) < 0 || zc_py_float(given[0], "alpha", &params.alpha) < 0 ||
        zc_py_float(given[2], "beta", &params.beta) < 0 ||
        get_all((PyObject *[]){given[1], given[3], given[4]}, xy_names, 3, arrays) < 0) {
        return NULL;
    }
    if (check_elementwise("axpby", arrays, 3, &params.count) < 0) {
        return refuse(arrays, 3);
    }
    return zc_py_issue(self, zc_kernel_get(ZC_KERNEL_axpby), arrays, 3, &params, 0, given[4]);
}

static PyObject *elementwise(PyObject *self, zc_kernel_id id, const zc_py_arguments *s, PyObject *const *args,
                             Py_ssize_t nargs, PyObject *keywords)
{
    PyObject *given[3];
    zc_py_array arrays[3];
    zc_elementwise_params params;
    if (zc_py_parse(s, args, nargs, keywords, given) < 0 || get_all(given, xy_names, 3, arrays) < 0) {
        return NULL;
    }
    if (check_elementwise(s->method, arrays, 3, &params.count) < 0) {
        return refuse(arrays, 3);
    }
    return zc_py_issue(self, zc_kernel_get(id), arrays, 3, &params, 0, given[2]);
}

const char zc_py_doc_add[] = //
    "add($self, /, x, y, *, out)\n--\n\n"
    "out = x + y, element by element.\n\n" ELEMENTWISE_DOC
    "On a Device at once, returning out; on a Batch recorded, returning None.";

PyObject *zc_py_issue_add(PyObject *self, PyObject *const *args, Py_ssize_t nargs, PyObject *keywords)
{
    static const zc_py_arguments s = {"add", 2, 3, 3, {"x", "y", "out"}};
    return elementwise(self, ZC_KERNEL_add, &s, args, nargs, keywords);
}

const char zc_py_doc_mul[] = //
    "mul($self, /, x, y, *, out)\n--\n\n"
    "out = x * y, element by element.\n\n" ELEMENTWISE_DOC
    "On a Device at once, returning out; on a Batch recorded, returning None.";

PyObject *zc_py_issue_mul(PyObject *self, PyObject *const *args, Py_ssize_t nargs, PyObject *keywords)
{
    static const zc_py_arguments s = {"mul", 2, 3, 3, {"x", "y", "out"}};
    return elementwise(self, ZC_KERNEL_mul, &s, args, nargs, keywords);
}

const char zc_py_doc_matmul[] = //
    "matmul($self, /, a, b, *, out, alpha=1.0, beta=0.0)\n--\n\n"
    "out = alpha * a @ b + beta * out; with beta 0, out is not read.\n\n"
    "Shapes: a (..., m, k), b (..., k, n), out (..., m, n), all with the same leading dimensions, except\n"
    "that a or b may be a single matrix used for every one of out's. float32 in guest memory. Of a matrix's\n"
    "two strides one must be 1: transposed views (A.T, A.swapaxes(-1, -2)) and slices of rows or columns are\n"
    "used where they lie. out is row-major and overlaps neither a nor b.\n"
    "On a Device at once, returning out; on a Batch recorded, returning None.";

typedef struct matrix {
    uint32_t rows, cols, ld, stride, transposed;
} matrix;

static int matrix_of(const zc_py_array *array, const zc_py_array *out, bool is_out, matrix *matrix)
{
    int ndim = array->view.ndim;
    if (ndim < 2) {
        PyErr_Format(PyExc_ValueError, "matmul: %s has shape %s, it needs at least two dimensions", array->name,
                     zc_py_shape_of(array).text);
        return -1;
    }
    const Py_ssize_t *shape = array->view.shape;
    if (ndim > 2 &&
        (ndim != out->view.ndim || memcmp(shape, out->view.shape, (size_t)(ndim - 2) * sizeof *shape) != 0)) {
        PyErr_Format(PyExc_ValueError, "matmul: %s has shape %s and out has shape %s, their leading dimensions differ",
                     array->name, zc_py_shape_of(array).text, zc_py_shape_of(out).text);
        return -1;
    }
    Py_ssize_t rows = shape[ndim - 2], cols = shape[ndim - 1], ld = cols ? cols : 1, batch, stride;
    bool transposed = false;
    if (array->count > 0) {
        Py_ssize_t down = zc_py_array_stride(array, ndim - 2), right = zc_py_array_stride(array, ndim - 1);
        if ((cols == 1 || right == 1) && (rows == 1 || down >= cols)) {
            ld = rows > 1 ? down : cols;
        } else if (!is_out && (rows == 1 || down == 1) && (cols == 1 || right >= rows)) {
            transposed = true;
            ld = cols > 1 ? right : rows;
        } else {
            PyErr_Format(PyExc_ValueError,
                         "matmul: a matrix of %s is %zd by %zd with strides of %zd and %zd elements: %s", array->name,
                         rows, cols, down, right,
                         is_out ? "out must be row-major" : "one must be 1 and the other not less than that side");
            return -1;
        }
    }
    if (!zc_py_array_fold(array, ndim - 2, &batch, &stride)) {
        PyErr_Format(PyExc_ValueError, "matmul: the leading dimensions of %s with shape %s are not evenly spaced",
                     array->name, zc_py_shape_of(array).text);
        return -1;
    }
    matrix->transposed = transposed;
    return fits(rows, "rows", array->name, &matrix->rows) < 0 ||
                   fits(cols, "columns", array->name, &matrix->cols) < 0 ||
                   fits(ld, "elements between rows", array->name, &matrix->ld) < 0 ||
                   fits(array->count ? stride : 0, "elements between matrices", array->name, &matrix->stride) < 0
               ? -1
               : 0;
}

static int matmul_params(const zc_py_array *arrays, zc_matmul_params *p)
{
    matrix a, b, c;
    Py_ssize_t batch, stride;
    if (matrix_of(&arrays[2], &arrays[2], true, &c) < 0 || matrix_of(&arrays[0], &arrays[2], false, &a) < 0 ||
        matrix_of(&arrays[1], &arrays[2], false, &b) < 0) {
        return -1;
    }
    if (a.cols != b.rows || c.rows != a.rows || c.cols != b.cols) {
        PyErr_Format(PyExc_ValueError, "matmul: a has shape %s, b %s and out %s; (m, k), (k, n) and (m, n) are needed",
                     zc_py_shape_of(&arrays[0]).text, zc_py_shape_of(&arrays[1]).text, zc_py_shape_of(&arrays[2]).text);
        return -1;
    }
    (void)zc_py_array_fold(&arrays[2], arrays[2].view.ndim - 2, &batch, &stride);
    p->m = c.rows;
    p->n = c.cols;
    p->k = a.cols;
    p->lda = a.ld;
    p->ldb = b.ld;
    p->ldc = c.ld;
    p->stride_a = a.stride;
    p->stride_b = b.stride;
    p->stride_c = c.stride;
    p->transpose_a = a.transposed;
    p->transpose_b = b.transposed;
    return fits(batch, "matrices", "out", &p->batch);
}

PyObject *zc_py_issue_matmul(PyObject *self, PyObject *const *args, Py_ssize_t nargs, PyObject *keywords)
{
    static const zc_py_arguments s = {"matmul", 2, 3, 5, {"a", "b", "out", "alpha", "beta"}};
    static const char *const names[] = {"a", "b", "out"};
    PyObject *given[5];
    zc_py_array arrays[3];
    zc_matmul_params params = {.alpha = 1, .beta = 0};
    if (zc_py_parse(&s, args, nargs, keywords, given) < 0 ||
        (given[3] && zc_py_float(given[3], "alpha", &params.alpha) < 0) ||
        (given[4] && zc_py_float(given[4], "beta", &params.beta) < 0) || get_all(given, names, 3, arrays) < 0) {
        return NULL;
    }
    if (matmul_params(arrays, &params) < 0) {
        return refuse(arrays, 3);
    }
    double flops = 2.0 * params.m * params.n * params.k * params.batch;
    return zc_py_issue(self, zc_kernel_get(ZC_KERNEL_matmul), arrays, 3, &params, flops, given[2]);
}

/* The array as rows along its last axis. */
static int rows_of(const char *method, const zc_py_array *array, uint32_t *rows, uint32_t *cols, uint32_t *ld)
{
    int ndim = array->view.ndim;
    Py_ssize_t width = ndim ? array->view.shape[ndim - 1] : 1, count = 1, stride = 0;
    if ((width > 1 && array->count && zc_py_array_stride(array, ndim - 1) != 1) ||
        !zc_py_array_fold(array, ndim ? ndim - 1 : 0, &count, &stride)) {
        PyErr_Format(PyExc_ValueError, "%s: the rows of %s with shape %s must be contiguous and evenly spaced", method,
                     array->name, zc_py_shape_of(array).text);
        return -1;
    }
    if (count <= 1 || array->count == 0) {
        stride = width;
    }
    return fits(count, "rows", array->name, rows) < 0 || fits(width, "columns", array->name, cols) < 0 ||
                   fits(stride, "elements between rows", array->name, ld) < 0
               ? -1
               : 0;
}

#define REDUCTION_DOC                                                                                          \
    "Over the last axis when out.shape == x.shape[:-1]; over everything when out has shape () or (1,) and x\n" \
    "is C-contiguous. float32 in guest memory; rows may be apart (a slice of columns). out must be\n"          \
    "C-contiguous and not overlap x.\n"                                                                        \
    "On a Device at once, returning out; on a Batch recorded, returning None."

static PyObject *reduction(PyObject *self, zc_kernel_id id, const zc_py_arguments *s, PyObject *const *args,
                           Py_ssize_t nargs, PyObject *keywords)
{
    static const char *const names[] = {"x", "out"};
    PyObject *given[2];
    zc_py_array arrays[2];
    zc_rows_params params = {0};
    if (zc_py_parse(s, args, nargs, keywords, given) < 0 || get_all(given, names, 2, arrays) < 0) {
        return NULL;
    }
    const Py_buffer *x = &arrays[0].view, *out = &arrays[1].view;
    bool last_axis = x->ndim > 0 && out->ndim == x->ndim - 1 &&
                     (out->ndim == 0 || memcmp(out->shape, x->shape, (size_t)out->ndim * sizeof *x->shape) == 0);
    bool everything = out->ndim == 0 || (out->ndim == 1 && out->shape[0] == 1);
    if (!last_axis && !everything) {
        PyErr_Format(PyExc_ValueError, "%s: x has shape %s and out %s; %s (last axis) or () (everything) is needed",
                     s->method, zc_py_shape_of(&arrays[0]).text, zc_py_shape_of(&arrays[1]).text,
                     zc_py_shape_text(x->shape, x->ndim ? x->ndim - 1 : 0).text);
        return refuse(arrays, 2);
    }
    if (!zc_py_array_contiguous(&arrays[1]) || (!last_axis && !zc_py_array_contiguous(&arrays[0]))) {
        const zc_py_array *wrong = zc_py_array_contiguous(&arrays[1]) ? &arrays[0] : &arrays[1];
        PyErr_Format(PyExc_ValueError, "%s: %s with shape %s is not C-contiguous", s->method, wrong->name,
                     zc_py_shape_of(wrong).text);
        return refuse(arrays, 2);
    }
    if (last_axis) {
        if (rows_of(s->method, &arrays[0], &params.rows, &params.cols, &params.ldx) < 0) {
            return refuse(arrays, 2);
        }
    } else {
        params.rows = 1;
        if (fits(arrays[0].count, "elements", "x", &params.cols) < 0) {
            return refuse(arrays, 2);
        }
        params.ldx = params.cols;
    }
    return zc_py_issue(self, zc_kernel_get(id), arrays, 2, &params, 0, given[1]);
}

const char zc_py_doc_sum[] = //
    "sum($self, /, x, *, out)\n--\n\n"
    "out = the sum of x's elements (0 for none).\n\n" REDUCTION_DOC;

PyObject *zc_py_issue_sum(PyObject *self, PyObject *const *args, Py_ssize_t nargs, PyObject *keywords)
{
    static const zc_py_arguments s = {"sum", 1, 2, 2, {"x", "out"}};
    return reduction(self, ZC_KERNEL_sum, &s, args, nargs, keywords);
}

const char zc_py_doc_max[] = //
    "max($self, /, x, *, out)\n--\n\n"
    "out = the largest of x's elements: NaN when one is, -inf for none.\n\n" REDUCTION_DOC;

PyObject *zc_py_issue_max(PyObject *self, PyObject *const *args, Py_ssize_t nargs, PyObject *keywords)
{
    static const zc_py_arguments s = {"max", 1, 2, 2, {"x", "out"}};
    return reduction(self, ZC_KERNEL_max, &s, args, nargs, keywords);
}

const char zc_py_doc_softmax[] = //
    "softmax($self, /, x, *, out)\n--\n\n"
    "out = exp(x - max(x)) / sum(exp(x - max(x))) along the last axis, so that rows sum to 1.\n\n"
    "x and out: float32 in guest memory, of equal shape, rows contiguous and evenly spaced; out may be x\n"
    "itself, but not overlap it otherwise.\n"
    "On a Device at once, returning out; on a Batch recorded, returning None.";

PyObject *zc_py_issue_softmax(PyObject *self, PyObject *const *args, Py_ssize_t nargs, PyObject *keywords)
{
    static const zc_py_arguments s = {"softmax", 1, 2, 2, {"x", "out"}};
    static const char *const names[] = {"x", "out"};
    PyObject *given[2];
    zc_py_array arrays[2];
    zc_rows_params params;
    uint32_t rows, cols;
    if (zc_py_parse(&s, args, nargs, keywords, given) < 0 || get_all(given, names, 2, arrays) < 0) {
        return NULL;
    }
    if (arrays[0].view.ndim == 0 || !zc_py_array_same_shape(&arrays[0], &arrays[1])) {
        PyErr_Format(PyExc_ValueError,
                     "softmax: x has shape %s and out %s; equal shapes of at least one axis are needed",
                     zc_py_shape_of(&arrays[0]).text, zc_py_shape_of(&arrays[1]).text);
        return refuse(arrays, 2);
    }
    if (rows_of("softmax", &arrays[0], &params.rows, &params.cols, &params.ldx) < 0 ||
        rows_of("softmax", &arrays[1], &rows, &cols, &params.ldout) < 0) {
        return refuse(arrays, 2);
    }
    return zc_py_issue(self, zc_kernel_get(ZC_KERNEL_softmax), arrays, 2, &params, 0, given[1]);
}
