/* test_blas: large products (matmul, linear, linear_gated) by a BLAS that is this file's: which are given to it, and what
 * it is given.
 *
 * Built by tests/test_device_core.py from this file and the layers below. Where a system has no BLAS of the kind,
 * which is everywhere but on macOS, this is how what calls it is tested. What it computes is compared with sums in
 * double, bytes that nobody may touch with what they were. Prints "ok", or exits with 1.
 */
#define _GNU_SOURCE
#include <limits.h>
#include <math.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "device/cpu/zc_cpu.h"
#include "device/cpu/zc_cpu_blas.h"
#include "zcwasm_kernels.h"

static zc_error error;
#include "check.h"

unsigned zc_cpu_count(void)
{
    return 4;
}

static unsigned calls;
static size_t rows_seen;
static _Atomic bool cancel;
static unsigned cancel_after; /* so many calls; 0: never */
static zc_cpu_product whole; /* that count_sgemm is given in pieces */

/* As BLAS says it, and no more: a leading dimension must do, and c is not read when beta is 0. */
static void plain_sgemm(int order, int transpose_a, int transpose_b, int m, int n, int k, float alpha, const float *a,
                        int lda, const float *b, int ldb, float beta, float *c, int ldc)
{
    bool ta = transpose_a == 112, tb = transpose_b == 112;
    CHECK(order == 101 && (ta || transpose_a == 111) && (tb || transpose_b == 111));
    CHECK(m > 0 && n > 0 && k > 0 && lda >= (ta ? m : k) && ldb >= (tb ? k : n) && ldc >= n);
    calls++;
    rows_seen += (size_t)m;
    for (int i = 0; i < m; i++) {
        for (int j = 0; j < n; j++) {
            float sum = 0;
            for (int l = 0; l < k; l++) {
                float x = ta ? a[(size_t)l * (size_t)lda + (size_t)i] : a[(size_t)i * (size_t)lda + (size_t)l];
                float y = tb ? b[(size_t)j * (size_t)ldb + (size_t)l] : b[(size_t)l * (size_t)ldb + (size_t)j];
                sum += x * y;
            }
            float *to = &c[(size_t)i * (size_t)ldc + (size_t)j];
            *to = beta == 0 ? alpha * sum : alpha * sum + beta * *to;
        }
    }
    if (cancel_after && calls == cancel_after) {
        atomic_store(&cancel, true);
    }
}

/* Without computing anything: for sizes that take long. */
static void count_sgemm(int order, int transpose_a, int transpose_b, int m, int n, int k, float alpha, const float *a,
                        int lda, const float *b, int ldb, float beta, float *c, int ldc)
{
    (void)order, (void)transpose_b, (void)n, (void)k, (void)alpha, (void)ldb, (void)beta;
    CHECK(a == whole.a + (transpose_a == 112 ? rows_seen : rows_seen * (size_t)lda) && b == whole.b);
    CHECK(c == whole.c + rows_seen * (size_t)ldc && m >= 62 && m <= 63);
    calls++;
    rows_seen += (size_t)m;
    if (cancel_after && calls == cancel_after) {
        atomic_store(&cancel, true);
    }
}

static float *numbers(size_t count)
{
    static uint32_t random = 1;
    float *all = malloc(count * sizeof *all);
    for (size_t i = 0; i < count; i++) {
        random = random * 1664525 + 1013904223;
        all[i] = (float)(random >> 8) / 8388608.0f - 1.0f;
    }
    return all;
}

static const float *at(const float *m, size_t ld, bool transposed, size_t row, size_t col)
{
    return transposed ? &m[col * ld + row] : &m[row * ld + col];
}

static zc_status run(const zc_matmul_params *p, const float *a, const float *b, float *c, unsigned threads)
{
    void *bindings[] = {(void *)a, (void *)b, c};
    return zc_cpu_run(ZC_KERNEL_matmul, bindings, p, threads, &cancel, &error);
}

/* One product with `gap` floats after each row, compared, and how often the BLAS was called. */
static unsigned product(zc_matmul_params p, uint32_t gap, unsigned threads)
{
    size_t batch = p.batch, a_rows = p.transpose_a ? p.k : p.m, a_cols = p.transpose_a ? p.m : p.k;
    size_t b_rows = p.transpose_b ? p.n : p.k, b_cols = p.transpose_b ? p.k : p.n;
    p.lda = (uint32_t)a_cols + gap;
    p.ldb = (uint32_t)b_cols + gap;
    p.ldc = p.n + gap;
    p.stride_a = (uint32_t)(a_rows * p.lda);
    p.stride_b = (uint32_t)(b_rows * p.ldb);
    p.stride_c = p.m * p.ldc;
    float *a = numbers(batch * p.stride_a), *b = numbers(batch * p.stride_b), *c = numbers(batch * p.stride_c);
    float *before = malloc(batch * p.stride_c * sizeof *before);
    for (size_t i = 0; i < batch * p.stride_c && p.beta == 0; i++) {
        c[i] = i % p.ldc < p.n ? NAN : c[i]; /* must not be read */
    }
    memcpy(before, c, batch * p.stride_c * sizeof *before);
    calls = 0;
    CHECK(run(&p, a, b, c, threads) == ZC_OK);
    for (size_t g = 0; g < batch; g++) {
        for (size_t i = 0; i < p.m; i++) {
            const float *row = c + g * p.stride_c + i * p.ldc, *was = before + g * p.stride_c + i * p.ldc;
            for (size_t j = 0; j < p.n; j++) {
                double sum = 0, size = 0;
                for (size_t l = 0; l < p.k; l++) {
                    double each = (double)*at(a + g * p.stride_a, p.lda, p.transpose_a, i, l) *
                                  *at(b + g * p.stride_b, p.ldb, p.transpose_b, l, j);
                    sum += each;
                    size += fabs(each);
                }
                sum = p.alpha * sum + (p.beta == 0 ? 0 : p.beta * (double)was[j]);
                size = fabs(p.alpha) * size + (p.beta == 0 ? 0 : fabs(p.beta * (double)was[j]));
                CHECK(fabs(row[j] - sum) <= (p.k + 3) * 0x1p-24 * size);
            }
            CHECK(memcmp(row + p.n, was + p.n, gap * sizeof *row) == 0);
        }
    }
    free(a);
    free(b);
    free(c);
    free(before);
    return calls;
}

static void results(void)
{
    for (unsigned way = 0; way < 16; way++) {
        zc_matmul_params p = {.m = 97, .n = 71, .k = 83, .batch = 1};
        p.transpose_a = way & 1;
        p.transpose_b = way >> 1 & 1;
        p.alpha = way & 4 ? -0.5f : 1.0f;
        p.beta = way & 8 ? 2.0f : 0.0f;
        CHECK(product(p, way % 3, 4) == 1);
        CHECK(product(p, way % 3, 1) == 0); /* who wants one thread gets one */
    }
    /* Those of a batch one by one, but many small ones on our own threads. */
    CHECK(product((zc_matmul_params){.m = 64, .n = 200, .k = 100, .batch = 17, .alpha = 1}, 0, 4) == 17);
    CHECK(product((zc_matmul_params){.m = 20, .n = 30, .k = 40, .batch = 40, .alpha = 1}, 0, 4) == 0);
    CHECK(product((zc_matmul_params){.m = 7, .n = 300, .k = 300, .batch = 1, .alpha = 1}, 0, 4) == 0);
    CHECK(product((zc_matmul_params){.m = 300, .n = 7, .k = 300, .batch = 1, .alpha = 1}, 0, 4) == 0);
    CHECK(product((zc_matmul_params){.m = 300, .n = 300, .k = 7, .batch = 1, .alpha = 1}, 0, 4) == 0);
    CHECK(product((zc_matmul_params){.m = 300, .n = 300, .k = 0, .batch = 1, .alpha = 1, .beta = 2}, 0, 4) == 0);
    CHECK(product((zc_matmul_params){.m = 1, .n = 3000, .k = 300, .batch = 1, .alpha = 1}, 0, 4) == 0);
}

/* With alpha = 0 a BLAS does not look at a and b; their NaN counts here. */
static void nothing_times_nan(void)
{
    zc_matmul_params p = {.m = 100, .n = 100, .k = 100, .lda = 100, .ldb = 100, .ldc = 100, .batch = 1, .beta = 1};
    float *a = numbers(10000), *b = numbers(10000), *c = numbers(10000);
    a[5 * 100 + 3] = NAN;
    calls = 0;
    CHECK(run(&p, a, b, c, 4) == ZC_OK && calls == 0);
    CHECK(isnan(c[500]) && isnan(c[599]) && !isnan(c[499]) && !isnan(c[600]));
    free(a);
    free(b);
    free(c);
}

static void limits(void)
{
    size_t most = INT_MAX;
    zc_cpu_product p = {.m = 100, .n = 100, .k = 100, .lda = 100, .ldb = 100, .ldc = 100, .alpha = 1};
    CHECK(zc_cpu_blas_takes(&p, 2) && !zc_cpu_blas_takes(&p, 1));
    size_t *numbers_of_it[] = {&p.n, &p.k, &p.lda, &p.ldb, &p.ldc};
    for (size_t i = 0; i < sizeof numbers_of_it / sizeof *numbers_of_it; i++) {
        size_t before = *numbers_of_it[i];
        *numbers_of_it[i] = most;
        CHECK(zc_cpu_blas_takes(&p, 2));
        *numbers_of_it[i] = most + 1;
        CHECK(!zc_cpu_blas_takes(&p, 2));
        *numbers_of_it[i] = before;
    }
    p.m = 2 * most; /* rows are cut */
    CHECK(zc_cpu_blas_takes(&p, 2));
    p.m = 49;
    CHECK(!zc_cpu_blas_takes(&p, 2)); /* below a million operations */
}

/* Long products are cut, each piece begins where the one before ended, and none does when nobody wants it any more. */
static void cancelled(void)
{
    zc_matmul_params p = {
        .m = 1000, .n = 4096, .k = 4096, .lda = 4099, .ldb = 4096, .ldc = 4097, .batch = 1, .alpha = 1};
    float *a = calloc((size_t)4096 * 4099, sizeof *a), *b = calloc((size_t)4096 * 4096, sizeof *b);
    float *c = calloc((size_t)1000 * 4097, sizeof *c);
    whole = (zc_cpu_product){.a = a, .b = b, .c = c};
    zc_cpu_blas_set(count_sgemm);
    for (p.transpose_a = 0; p.transpose_a < 2; p.transpose_a++) {
        calls = 0;
        rows_seen = 0;
        CHECK(run(&p, a, b, c, 4) == ZC_OK);
        CHECK(calls == 16 && rows_seen == 1000);
    }
    p.transpose_a = 0;
    calls = 0;
    rows_seen = 0;
    cancel_after = 3;
    CHECK(run(&p, a, b, c, 4) == ZC_CANCELLED && calls == 3);
    cancel_after = 0;
    atomic_store(&cancel, false);
    free(a);
    free(b);
    free(c);
    zc_cpu_blas_set(plain_sgemm);
}

/* ---- linear ---- */

static float half(uint16_t bits) /* of a normal number, or 0 */
{
    float value = ldexpf((float)(1024 + (bits & 1023)), (bits >> 10 & 31) - 25);
    return !(bits & 0x7fff) ? 0.0f : bits & 0x8000 ? -value : value;
}

/* n rows of k weights of a type as they lie in a file, and what they are. */
typedef struct weights {
    uint8_t *bytes;
    float *values;
} weights;

static weights random_weights(uint32_t type, size_t n, size_t k)
{
    const zc_weight_type_info *info = zc_weight_type_get(type);
    size_t blocks = n * k / info->block;
    float *random = numbers(n * k);
    weights w = {.bytes = malloc(blocks * info->block_bytes), .values = malloc(n * k * sizeof *w.values)};
    for (size_t i = 0; i < n * k; i++) {
        uint16_t bits =
            (uint16_t)(0x3000 | ((uint32_t)(fabsf(random[i]) * 2047) & 0x7ff) | (random[i] < 0 ? 0x8000 : 0));
        uint32_t word;
        memcpy(&word, &random[i], sizeof word);
        if (type == ZC_WEIGHT_F32) {
            memcpy(w.bytes + 4 * i, &word, 4);
            w.values[i] = random[i];
        } else if (type == ZC_WEIGHT_F16) {
            memcpy(w.bytes + 2 * i, &bits, 2);
            w.values[i] = half(bits);
        } else if (type == ZC_WEIGHT_BF16) {
            word &= 0xffff0000;
            memcpy(w.bytes + 2 * i, (uint8_t *)&word + 2, 2);
            memcpy(&w.values[i], &word, 4);
        } else { /* Q8_0: a scale and 32 bytes, here 1/64 */
            uint8_t *block = w.bytes + i / 32 * info->block_bytes;
            memcpy(block, &(uint16_t){0x2400}, 2);
            ((int8_t *)block)[2 + i % 32] = (int8_t)(random[i] * 127);
            w.values[i] = (float)(int8_t)(random[i] * 127) / 64;
        }
    }
    free(random);
    return w;
}

static double silu(double x)
{
    return x / (1 + exp(-x));
}

/* Element `col` of f(x) of a row. */
static double input(const zc_linear_params *p, const float *x, const float *norm, double scale, size_t col)
{
    return p->flags & ZC_LINEAR_NORM     ? (double)x[col] * scale * (double)norm[col]
           : p->flags & ZC_LINEAR_SWIGLU ? silu((double)x[col]) * (double)x[p->k + col]
                                         : (double)x[col];
}

static double scale_of(const zc_linear_params *p, const float *x)
{
    double squares = 0;
    for (size_t col = 0; p->flags & ZC_LINEAR_NORM && col < p->k; col++) {
        squares += (double)x[col] * (double)x[col];
    }
    return 1 / sqrt(squares / p->k + (double)p->eps);
}

static double dot(const zc_linear_params *p, const float *x, const float *norm, double scale, const float *w,
                  double *size)
{
    double sum = 0;
    *size = 0;
    for (size_t col = 0; col < p->k; col++) {
        double each = input(p, x, norm, scale, col) * (double)w[col];
        sum += each;
        *size += fabs(each);
    }
    return sum;
}

/* One product, compared, and how often the BLAS was called. `up`: 0, or 1 + the other matrix's type, for linear_gated. */
static unsigned linear(zc_linear_params p, uint32_t up, unsigned threads)
{
    const zc_linear_gated_params gated = {p.type, up - 1, p.rows, p.n, p.k, p.ldx, p.ldy, p.flags, 1e-5f};
    size_t columns = p.flags & ZC_LINEAR_SWIGLU ? 2 * p.k : p.k;
    float *x = numbers((size_t)(p.rows - 1) * p.ldx + columns), *y = numbers((size_t)p.rows * p.ldy);
    float *before = malloc((size_t)p.rows * p.ldy * sizeof *before), *bias = numbers(p.n), *norm = numbers(p.k);
    weights w = random_weights(p.type, p.n, p.k), w_up = random_weights(up ? up - 1 : p.type, p.n, p.k);
    void *of_linear[] = {x, w.bytes, bias, norm, y}, *of_gated[] = {x, w.bytes, w_up.bytes, norm, y};
    p.eps = 1e-5f;
    for (size_t i = 0; i < (size_t)p.rows * p.ldy && !(p.flags & ZC_LINEAR_ADD); i++) {
        y[i] = i % p.ldy < p.n ? NAN : y[i]; /* must not be read */
    }
    memcpy(before, y, (size_t)p.rows * p.ldy * sizeof *y);
    calls = 0;
    CHECK((up ? zc_cpu_run(ZC_KERNEL_linear_gated, of_gated, &gated, threads, &cancel, &error)
              : zc_cpu_run(ZC_KERNEL_linear, of_linear, &p, threads, &cancel, &error)) == ZC_OK);
    for (size_t r = 0; r < p.rows; r++) {
        const float *row = x + r * p.ldx, *got = y + r * p.ldy, *was = before + r * p.ldy;
        double scale = scale_of(&p, row), size, of_up;
        for (size_t i = 0; i < p.n; i++) {
            double sum = dot(&p, row, norm, scale, w.values + i * p.k, &size), error_of = 1e-6 * size;
            if (up) {
                double more = dot(&p, row, norm, scale, w_up.values + i * p.k, &of_up);
                error_of = 1.1 * error_of * fabs(more) + fabs(silu(sum)) * 1e-6 * of_up + 1e-6 * fabs(silu(sum) * more);
                sum = silu(sum) * more;
            }
            sum += p.flags & ZC_LINEAR_BIAS ? (double)bias[i] : 0;
            sum = p.flags & ZC_LINEAR_GELU ? sum * 0.5 * (1 + erf(sum * sqrt(0.5))) : sum;
            sum += p.flags & ZC_LINEAR_ADD ? (double)was[i] : 0;
            CHECK(fabs((double)got[i] - sum) <= 1.2 * error_of + 1e-6 * (1 + fabs(sum)));
        }
        CHECK(memcmp(got + p.n, was + p.n, (p.ldy - p.n) * sizeof *got) == 0);
    }
    for (size_t i = 0; i < 4; i++) {
        free((void *[]){x, y, before, bias}[i]);
        free((void *[]){norm, w.bytes, w.values, NULL}[i]);
    }
    free(w_up.bytes);
    free(w_up.values);
    return calls;
}

static void linear_results(void)
{
    static const uint32_t types[] = {ZC_WEIGHT_F32, ZC_WEIGHT_F16, ZC_WEIGHT_BF16, ZC_WEIGHT_Q8_0};
    static const uint32_t flags[] = {0, ZC_LINEAR_NORM | ZC_LINEAR_ADD,
                                     ZC_LINEAR_SWIGLU | ZC_LINEAR_BIAS | ZC_LINEAR_GELU};
    for (size_t way = 0; way < 12; way++) {
        zc_linear_params p = {.type = types[way % 4], .rows = 97, .n = 71, .k = 96, .ldx = 200, .ldy = 73};
        p.flags = flags[way / 4] | ZC_LINEAR_EXACT; /* without it, blocks may be multiplied in fixed point */
        CHECK(linear(p, 0, 4) == 1);
        CHECK(linear(p, 0, 1) == 0);
        p.flags &= ZC_LINEAR_NORM | ZC_LINEAR_EXACT;
        CHECK(linear(p, 1 + types[way / 3], 4) == 2);
    }
    zc_linear_params p = {.type = ZC_WEIGHT_F16, .rows = 20, .n = 600, .k = 2080, .ldx = 2080, .ldy = 600};
    CHECK(linear(p, 0, 4) == 2); /* tiles of weights */
    p.type = ZC_WEIGHT_F32;
    CHECK(linear(p, 0, 4) == 2);
    p = (zc_linear_params){.type = ZC_WEIGHT_F16, .rows = 1100, .n = 1030, .k = 32, .ldx = 32, .ldy = 1030};
    CHECK(linear(p, 0, 4) == 4); /* and of rows */
    /* Who gets one thread, few rows, few outputs, or windows that overlap goes another way. */
    p = (zc_linear_params){.type = ZC_WEIGHT_F16, .rows = 7, .n = 1000, .k = 320, .ldx = 320, .ldy = 1000};
    CHECK(linear(p, 0, 4) == 0);
    p = (zc_linear_params){.type = ZC_WEIGHT_F16, .rows = 1000, .n = 7, .k = 320, .ldx = 320, .ldy = 7};
    CHECK(linear(p, 0, 4) == 0);
    p = (zc_linear_params){.type = ZC_WEIGHT_F16, .rows = 90, .n = 80, .k = 96, .ldx = 95, .ldy = 80};
    CHECK(linear(p, 0, 4) == 0);
    p.flags = ZC_LINEAR_NORM; /* rows that are made lie apart */
    CHECK(linear(p, 0, 4) == 1);
}

/* What nobody wants any more is not written: after the second of four pieces, neither its outputs nor later ones. */
static void linear_cancelled(void)
{
    zc_linear_params p = {.type = ZC_WEIGHT_F16, .rows = 1100, .n = 1030, .k = 32, .ldx = 32, .ldy = 1030};
    float *x = numbers((size_t)1100 * 32), *y = malloc((size_t)1100 * 1030 * sizeof *y);
    weights w = random_weights(p.type, p.n, p.k);
    void *bindings[] = {x, w.bytes, NULL, NULL, y};
    for (size_t i = 0; i < (size_t)1100 * 1030; i++) {
        y[i] = -1234.5f;
    }
    calls = 0;
    cancel_after = 2;
    CHECK(zc_cpu_run(ZC_KERNEL_linear, bindings, &p, 4, &cancel, &error) == ZC_CANCELLED && calls == 2);
    cancel_after = 0;
    atomic_store(&cancel, false);
    CHECK(y[0] != -1234.5f && y[1023 * 1030] != -1234.5f);
    CHECK(y[1024] == -1234.5f && y[1024 * 1030] == -1234.5f && y[1100 * 1030 - 1] == -1234.5f);
    free(x);
    free(y);
    free(w.bytes);
    free(w.values);
}

/* A library with threads of its own has none in the child. */
static void forked(void)
{
    zc_cpu_product p = {.m = 100, .n = 100, .k = 100, .lda = 100, .ldb = 100, .ldc = 100, .alpha = 1};
    int status;
    CHECK(zc_cpu_blas_takes(&p, 4));
    pid_t child = fork();
    if (child == 0) {
        _exit(zc_cpu_blas_takes(&p, 4));
    }
    CHECK(child > 0 && waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0);
    CHECK(product((zc_matmul_params){.m = 100, .n = 100, .k = 100, .batch = 1, .alpha = 1}, 0, 4) == 1);
}

int main(void)
{
    zc_cpu_blas_set(plain_sgemm);
    results();
    nothing_times_nan();
    limits();
    cancelled();
    linear_results();
    linear_cancelled();
    forked();
    zc_cpu_blas_set(NULL);
    CHECK(product((zc_matmul_params){.m = 100, .n = 100, .k = 100, .batch = 1, .alpha = 1}, 0, 4) == 0);
    puts("ok");
    return 0;
}
