/* test_cancel: every kernel of the cpu device with parameters as an attacker would choose them: rows on top of each
 * other, spans over all of a cache of 2^32 rows, one row of a billion elements. Each must end soon after its flag is
 * set, on one thread and on several, and its declared work must not be less than what its loops do, counted here on
 * paper, nor many times that. A kernel that no line below names is tried with parameters that follow from the names
 * of its fields; where those do not fit, it needs a line.
 *
 * The bindings are address ranges of 4 GiB over one small file, so the largest rows need no memory. zc_cpu_run is below
 * the layer that refuses such parameters. Built by tests/test_device_core.py from this file and the device layer. Prints
 * "ok", or the first failure.
 */
#define _GNU_SOURCE
#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "device/cpu/zc_cpu.h"
#include "device/zc_device_backend.h"

#include "check.h"
#include "counted_alloc.h"

static zc_error error;

const zc_device_backend zc_device_vulkan = {.kind = "vulkan"}; /* nobody opens it */

#define BILLION ((uint32_t)1 << 30) /* elements of a binding */
#define TILE ((size_t)8 << 20)      /* bytes of the file */
#define ALL UINT32_MAX

/* Seconds after the flag: much more than it takes where the machine is busy. */
#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define SOON 10
#endif
#endif
#if !defined(SOON)
#define SOON 2
#endif

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

/* 4 GiB whose bytes are those of a file over and over. */
static uint32_t *wide(uint32_t first, uint32_t second)
{
    FILE *file = tmpfile();
    CHECK(file);
    for (size_t i = 0; i < TILE / 8; i++) {
        CHECK(fwrite((uint32_t[]){first, second}, 8, 1, file) == 1);
    }
    CHECK(fflush(file) == 0);
    uint8_t *base = mmap(NULL, (size_t)BILLION * 4, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    CHECK(base != MAP_FAILED);
    for (size_t at = 0; at < (size_t)BILLION * 4; at += TILE) {
        CHECK(mmap(base + at, TILE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fileno(file), 0) != MAP_FAILED);
    }
    fclose(file);
    return (uint32_t *)(void *)base;
}

static uint32_t *zeros, *spans, *out;
static bool tried[ZC_KERNEL_COUNT];

static _Atomic bool cancel;
static _Atomic double set_at;

static void *canceller(void *unused)
{
    (void)unused;
    nanosleep(&(struct timespec){.tv_nsec = 15000000}, NULL);
    atomic_store(&set_at, now());
    atomic_store(&cancel, true);
    return NULL;
}

static __attribute__((noinline)) void spoil_the_stack(void)
{
    volatile uint8_t below[256 * 1024];
    for (size_t i = 0; i < sizeof below; i++) {
        below[i] = 0x5a;
    }
}

/* Of zeros come zeros, from a kernel that is cut short too: never what lay in its working memory. */
static void check_zeros(const zc_kernel *kernel, unsigned threads, int line)
{
    for (size_t i = 0; i < TILE / 4; i++) {
        if (out[i]) {
            fprintf(stderr, "%d: %s, %u threads: element %zu is 0x%x\n", line, kernel->name, threads, i, out[i]);
            exit(1);
        }
    }
}

/* `least`: elements that its loops touch, or multiply-adds. */
static void check(zc_kernel_id id, const void *params, double least, unsigned threads, int line)
{
    const zc_kernel *kernel = zc_kernel_get(id);
    double work = (double)kernel->work(params);
    if (work < fmin(least, 1e18) || (work > 64 * least && work < 1e19)) {
        fprintf(stderr, "%d: %s declares %g, its loops do %g\n", line, kernel->name, work, least);
        exit(1);
    }
    void *bindings[ZC_KERNEL_MAX_BINDINGS];
    for (unsigned i = 0; i < kernel->binding_count; i++) {
        const char *name = kernel->bindings[i].name;
        bool written = kernel->bindings[i].access & ZC_ACCESS_WRITE;
        bindings[i] = strcmp(name, "spans") == 0 ? spans
                      : !written && (strcmp(name, "ids") == 0 || strcmp(name, "entries") == 0)
                          ? spans + 1 /* where the first is a count, it is of all there are */
                      : written ? out
                                : zeros;
    }
    tried[id] = true;
    bool of_zeros = id == ZC_KERNEL_linear || id == ZC_KERNEL_linear_gated || id == ZC_KERNEL_matmul ||
                    id == ZC_KERNEL_sum || id == ZC_KERNEL_max;
    if (of_zeros) {
        memset(out, 0, TILE);
    }
    spoil_the_stack();
    pthread_t thread;
    atomic_store(&cancel, false);
    CHECK(pthread_create(&thread, NULL, canceller, NULL) == 0);
    zc_status status = zc_cpu_run(id, bindings, params, threads, &cancel, &error);
    double end = now();
    pthread_join(thread, NULL);
    double late = end - atomic_load(&set_at);
    if (getenv("VERBOSE")) {
        fprintf(stderr, "%d: %s, %u threads: %.1f ms\n", line, kernel->name, threads, late * 1e3);
    }
    /* What has fewer elements than seconds may be over before. */
    if ((status != ZC_CANCELLED && (status != ZC_OK || least > 1e11)) || late > SOON) {
        fprintf(stderr, "%d: %s, %u threads: status %s (%s), %.0f ms after the flag\n", line, kernel->name, threads,
                zc_status_name(status), status == ZC_OK ? "" : error.message, late * 1e3);
        exit(1);
    }
    if (of_zeros) {
        check_zeros(kernel, threads, line);
    }
}

#define RUN_ON(threads, kernel, params, least, ...) \
    check(ZC_KERNEL_##kernel, &(params){__VA_ARGS__}, (double)(least), threads, __LINE__)
#define RUN(kernel, params, least, ...)            \
    RUN_ON(1, kernel, params, least, __VA_ARGS__); \
    RUN_ON(4, kernel, params, least, __VA_ARGS__)

static const double G = 1073741824.0;

static void rows(void)
{
    RUN(sum, zc_rows_params, G * 65536, .rows = BILLION, .cols = 65536);
    RUN(sum, zc_rows_params, G * 8, .rows = BILLION, .cols = 8);
    RUN(sum, zc_rows_params, G * G, .rows = BILLION, .cols = BILLION);
    RUN(max, zc_rows_params, G * G, .rows = BILLION, .cols = BILLION);
    RUN(max, zc_rows_params, G, .rows = 1, .cols = BILLION);
    RUN(argmax, zc_rows_params, G * G, .rows = BILLION, .cols = BILLION);
    RUN(argmax, zc_rows_params, G * 4, .rows = BILLION, .cols = 4);
    RUN(argmax, zc_rows_params, G, .rows = 1, .cols = BILLION);
    RUN(softmax, zc_rows_params, G, .rows = BILLION / 64, .cols = 64, .ldout = 64);
    RUN(softmax, zc_rows_params, G, .rows = 1, .cols = BILLION);
    RUN(top_k, zc_top_k_params, G / 256 * 65536, .rows = BILLION / 256, .cols = 65536, .k = 256);
    RUN(top_k, zc_top_k_params, G, .rows = 1, .cols = BILLION, .k = 1);
    RUN(adjust, zc_adjust_params, G, .entries = BILLION / 4 - 2, .count = BILLION);
    RUN(penalize, zc_penalize_params, G, .cols = BILLION, .capacity = BILLION - 2, .penalty = 1);
    RUN(draw, zc_draw_params, G, .rows = BILLION / 256, .count = 256, .top_p = 1);
    RUN(pool, zc_pool_params, 64.0 * 1024 * 4 * G, .rows = 64, .cols = 1024, .capacity = ALL, .ldout = 1024);
    RUN(pool, zc_pool_params, G * G * 4, .rows = 1, .cols = BILLION, .capacity = ALL, .flags = ZC_POOL_NORMALIZE);
}

/* Short rows, small products and walks are more than their elements. */
static void rests(void)
{
    RUN(sum, zc_rows_params, 16 * G, .rows = BILLION);
    RUN(argmax, zc_rows_params, 16 * G, .rows = BILLION, .cols = 1);
    RUN(layer_norm, zc_norm_params, 16 * G, .rows = BILLION, .cols = 1, .ldout = 1, .eps = 1);
    RUN(attention, zc_attention_params, 48 * (G / 4), .rows = 1, .heads = BILLION / 4, .kv_heads = BILLION / 4,
        .head_size = 4, .capacity = 1, .scale = 1);
    RUN(matmul, zc_matmul_params, 16 * G, .m = 1, .n = 1, .k = 1, .batch = BILLION, .stride_c = 1, .alpha = 1);
    RUN(pool, zc_pool_params, 1024 * 4 * G, .rows = 1, .cols = 1, .capacity = ALL, .ldout = 1);
}

static void models(void)
{
    RUN(rms_norm, zc_norm_params, G, .rows = BILLION / 64, .cols = 64, .ldout = 64, .eps = 1);
    RUN(rms_norm, zc_norm_params, G, .rows = 1, .cols = BILLION, .eps = 1);
    RUN(layer_norm, zc_norm_params, G, .rows = BILLION / 64, .cols = 64, .ldout = 64, .eps = 1);
    RUN(layer_norm, zc_norm_params, G, .rows = 1, .cols = BILLION, .eps = 1);
    RUN(swiglu, zc_swiglu_params, G, .rows = BILLION / 64, .cols = 64, .ldout = 64);
    RUN(swiglu, zc_swiglu_params, G, .rows = 1, .cols = BILLION);
    for (unsigned type = 0; type < ZC_WEIGHT_TYPE_COUNT; type++) {
        RUN(embed, zc_embed_params, G, .type = type, .rows = BILLION / 256, .dim = 256, .vocab = 1, .ldout = 256);
        RUN(embed, zc_embed_params, G, .type = type, .rows = 1, .dim = BILLION, .vocab = 1, .flags = ZC_EMBED_ADD);
    }
    for (unsigned layout = 0; layout < 2; layout++) {
        RUN(rope, zc_rope_params, G, .rows = BILLION / 64, .heads = 16, .head_size = 4, .rotated = 4, .ldout = 64,
            .table_rows = 1, .layout = layout);
        RUN(rope, zc_rope_params, G, .rows = 1, .heads = 1, .head_size = BILLION, .rotated = BILLION / 2,
            .table_rows = 1, .layout = layout);
        RUN(rope, zc_rope_params, G, .rows = 1, .heads = 1, .head_size = BILLION, .table_rows = 1, .layout = layout);
        RUN(rope, zc_rope_params, G, .rows = 1, .heads = BILLION / 4, .head_size = 4, .rotated = 4, .table_rows = 1,
            .layout = layout);
    }
    /* Of a cache in pages each key may be of the same row. */
    for (unsigned type = 0; type < 3; type++) {
        RUN_ON(1, rope_append_paged, zc_rope_append_params, G, .rows = BILLION / 64, .q_rows = BILLION / 64, .heads = 2,
               .kv_heads = 1, .head_size = 32, .rotated = 32, .ldq = 64, .ldk = 32, .ldv = 32, .ldout = 64,
               .table_rows = 1, .capacity = 1, .layout = type % 2, .out_type = type, .mirrored = 1);
        RUN(rope_append_paged, zc_rope_append_params, G * 3 / 2, .rows = 1, .q_rows = 1, .heads = 1, .kv_heads = 1,
            .head_size = BILLION / 2, .rotated = BILLION / 4, .ldout = BILLION / 2, .table_rows = 1, .capacity = 1,
            .layout = type % 2, .out_type = type, .mirrored = 1);
        for (unsigned shared = 0; shared < 2; shared++) {
            RUN(attention_paged, zc_attention_paged_params, G * G * 2, .rows = BILLION / 4096, .heads = 32,
                .kv_heads = 8, .head_size = 128, .ldk = 1024, .ldv = 1024, .ldout = 4096, .capacity = BILLION,
                .page = 16, .table_words = 1, .context = INT32_MAX, .shared = shared, .kv_type = type, .scale = 1);
            RUN(attention_paged, zc_attention_paged_params, 4096 * G * 2, .rows = 1, .heads = 32, .kv_heads = 8,
                .head_size = 128, .ldk = 1024, .ldv = 1024, .capacity = BILLION, .page = 128, .table_words = BILLION,
                .context = INT32_MAX, .shared = shared, .kv_type = type, .scale = 1);
        }
    }
    for (unsigned kind = 0; kind < 2; kind++) { /* of layout and type, with a mirror or without */
        /* One thread, since all rows go to one of the cache. */
        RUN_ON(1, rope_append, zc_rope_append_params, G, .rows = BILLION / 64, .q_rows = BILLION / 64, .heads = 8,
               .kv_heads = 4, .head_size = 4, .rotated = 4, .ldq = 32, .ldk = 16, .ldv = 16, .ldout = 16,
               .table_rows = 1, .capacity = 1, .layout = kind, .out_type = kind, .mirrored = kind);
        RUN(rope_append, zc_rope_append_params, G * 3 / 2, .rows = 1, .q_rows = 1, .heads = 1, .kv_heads = 1,
            .head_size = BILLION / 2, .rotated = BILLION / 4, .ldout = BILLION / 2, .table_rows = 1, .capacity = 1,
            .layout = kind, .out_type = kind, .mirrored = 1);
        RUN(rope_append, zc_rope_append_params, G, .rows = 1, .q_rows = 1, .heads = BILLION / 4, .kv_heads = 0,
            .head_size = 4, .rotated = 4, .table_rows = 1, .capacity = 1, .layout = kind, .out_type = kind);
        RUN(rope_append, zc_rope_append_params, G, .rows = 1, .kv_heads = BILLION / 8, .head_size = 4, .rotated = 4,
            .ldout = BILLION / 2, .table_rows = 1, .capacity = 1, .layout = kind, .out_type = kind, .mirrored = kind);
    }
    for (unsigned type = 0; type < 3; type++) {
        RUN_ON(1, append, zc_append_params, G * G, .rows = BILLION, .cols = BILLION, .capacity = 1, .out_type = type);
        RUN_ON(1, append, zc_append_params, G * 4, .rows = BILLION, .cols = 4, .capacity = 1, .out_type = type);
    }
    for (unsigned type = 0; type < 2; type++) {
        RUN(attention, zc_attention_params, G * 4 * G * 4, .rows = BILLION / 4096, .heads = 32, .kv_heads = 8,
            .head_size = 128, .ldout = 4096, .capacity = ALL, .kv_type = type, .scale = 1);
        RUN(attention, zc_attention_params, 4096 * G * 4, .rows = 1, .heads = 32, .kv_heads = 8, .head_size = 128,
            .capacity = ALL, .kv_type = type, .scale = 1);
        RUN(attention, zc_attention_params, 4096 * G, .rows = 1, .heads = 32, .kv_heads = 8, .head_size = 128,
            .capacity = ALL, .kv_type = type, .scale = 1, .window = BILLION, .softcap = 1);
        RUN(attention, zc_attention_params, G * G * 4, .rows = 1, .heads = BILLION / 4, .kv_heads = 1, .head_size = 4,
            .capacity = ALL, .kv_type = type, .scale = 1);
    }
    /* Rows of bytes have their scales behind them, so they never lie over one another. */
    RUN(attention, zc_attention_params, G * G / 64, .rows = BILLION / 4096, .heads = 32, .kv_heads = 1, .head_size = 64,
        .ldk = 64, .ldv = 64, .ldout = 4096, .capacity = BILLION / 32, .kv_type = ZC_CACHE_Q8_0, .scale = 1);
    RUN(attention, zc_attention_params, 64 * G, .rows = 1, .heads = 32, .kv_heads = 1, .head_size = 64, .ldk = 64,
        .ldv = 64, .capacity = BILLION / 32, .kv_type = ZC_CACHE_Q8_0, .scale = 1);
    RUN(attention, zc_attention_params, G * G / 32, .rows = 1, .heads = BILLION / 64, .kv_heads = 1, .head_size = 64,
        .ldk = 64, .ldv = 64, .capacity = BILLION / 32, .kv_type = ZC_CACHE_Q8_0, .scale = 1);
}

static void products(void)
{
    const uint32_t side = 32768;
    double cube = 32768.0 * 32768 * 32768;
    RUN(matmul, zc_matmul_params, cube, .m = side, .n = side, .k = side, .batch = 1, .lda = side, .ldb = side,
        .ldc = side, .alpha = 1);
    RUN(matmul, zc_matmul_params, cube, .m = side, .n = side, .k = side, .batch = 1, .ldc = side, .transpose_a = 1,
        .transpose_b = 1, .alpha = 1);
    RUN(matmul, zc_matmul_params, cube, .m = 32, .n = 32, .k = side, .batch = BILLION / 1024, .lda = side, .ldb = 32,
        .ldc = 32, .stride_c = 1024, .alpha = 1);
    RUN(matmul, zc_matmul_params, G, .m = 1, .n = 1, .batch = BILLION, .stride_c = 1, .beta = 1);
    for (unsigned turned = 0; turned < 2; turned++) {
        RUN(matmul, zc_matmul_params, G * G, .m = 1, .n = BILLION, .k = BILLION, .batch = 1, .transpose_b = turned);
        RUN(matmul, zc_matmul_params, G * G, .m = BILLION, .n = 1, .k = BILLION, .batch = 1, .ldc = 1,
            .transpose_a = turned);
        RUN(matmul, zc_matmul_params, G, .m = 1, .n = 1, .k = BILLION, .batch = 1, .ldb = turned);
        RUN(matmul, zc_matmul_params, G, .m = 1, .n = BILLION, .batch = 1, .beta = (float)turned);
        RUN(matmul, zc_matmul_params, 2 * G, .m = 2, .n = BILLION / 2, .k = 2, .batch = 1, .ldc = BILLION / 2,
            .transpose_b = turned);
    }
    for (unsigned type = 0; type < ZC_WEIGHT_TYPE_COUNT; type++) {
        for (unsigned flags = 0; flags <= ZC_LINEAR_EXACT; flags += ZC_LINEAR_EXACT) {
            RUN(linear, zc_linear_params, G * 1024, .type = type, .rows = BILLION / 1024, .n = 1024, .k = 1024,
                .ldy = 1024, .flags = flags);
            RUN(linear, zc_linear_params, 3 * G, .type = type, .rows = 3, .n = 256, .k = ZC_LINEAR_MAX_K, .ldy = 256,
                .flags = flags);
            RUN(linear, zc_linear_params, 20 * G, .type = type, .rows = 20, .n = 256, .k = ZC_LINEAR_MAX_K, .ldy = 256,
                .flags = flags | ZC_LINEAR_NORM, .eps = 1);
            RUN(linear, zc_linear_params, G, .type = type, .rows = 1, .n = BILLION / 1024, .k = 1024, .flags = flags);
            const uint32_t up = flags ? type : ZC_WEIGHT_TYPE_COUNT - 1 - type;
            RUN(linear_gated, zc_linear_gated_params, 2 * G * 1024, .gate_type = type, .up_type = up,
                .rows = BILLION / 1024, .n = 1024, .k = 1024, .ldy = 1024, .flags = flags);
            RUN(linear_gated, zc_linear_gated_params, 6 * G, .gate_type = type, .up_type = up, .rows = 3, .n = 256,
                .k = ZC_LINEAR_MAX_K, .ldy = 256, .flags = flags | ZC_LINEAR_NORM, .eps = 1);
        }
    }
    RUN(linear, zc_linear_params, G, .rows = BILLION / 4, .n = 4, .ldy = 4);
    RUN(route, zc_route_params, G * 64, .rows = BILLION / 1024, .experts = 1024, .used = 64, .ldx = 1024, .scale = 1);
    RUN(route, zc_route_params, G, .rows = BILLION / 4, .experts = 4, .used = 1, .ldx = 4, .scale = 1);
    RUN(linear_chosen, zc_linear_chosen_params, G * 1024, .rows = BILLION / 1024, .n = 1024, .k = 1024, .experts = 256,
        .share = 1, .ldx = 1024, .ldy = 1024);
    RUN(linear_chosen, zc_linear_chosen_params, 5 * G, .rows = 20, .n = 64, .k = ZC_LINEAR_MAX_K, .experts = 4,
        .share = 20, .ldy = 64);
    RUN(linear_chosen, zc_linear_chosen_params, G, .rows = BILLION / 4, .n = 4, .experts = 1024, .share = 1, .ldy = 4);
    RUN(add_weighted, zc_add_weighted_params, G, .rows = BILLION / 4096, .cols = 64, .slots = 64, .ldx = 64,
        .ldout = 64);
    RUN(add_weighted, zc_add_weighted_params, G, .rows = 1, .cols = BILLION, .slots = 1);
}

typedef struct field {
    const char *name; /* NULL ends a kernel's */
    char type;        /* 'u', 'i' or 'f' */
} field;

#define U32(of, member) {#member, 'u'},
#define I32(of, member) {#member, 'i'},
#define F32(of, member) {#member, 'f'},
#define ZC_PARAMS(of, list) static const field of##_fields[] = {list{NULL, 0}};
#include "kernel/zc_kernel_fields.inc"

static const field *const fields_of[ZC_KERNEL_COUNT] = {
#define ZC_KERNEL(name, params, workgroup, traits, bindings) [ZC_KERNEL_##name] = params##_fields,
#include "kernel/zc_kernel.def"
#undef ZC_KERNEL
};

/* A count of a billion, or rows of 64 that are as much; factors of 1. What has another name is 0. */
static uint32_t usual_value(const char *name)
{
    return strcmp(name, "count") == 0                                 ? BILLION
           : strcmp(name, "rows") == 0                                ? BILLION / 64
           : strcmp(name, "cols") == 0 || strncmp(name, "ld", 2) == 0 ? 64
                                                                      : 0;
}

static void others(void)
{
    for (unsigned id = 0; id < ZC_KERNEL_COUNT; id++) {
        const zc_kernel *kernel = zc_kernel_get((zc_kernel_id)id);
        uint32_t params[ZC_KERNEL_MAX_PARAMS / 4] = {0};
        uint64_t bytes[ZC_KERNEL_MAX_BINDINGS] = {0}, most = 0;
        const float one = 1;
        if (tried[id]) {
            continue;
        }
        for (unsigned i = 0; fields_of[id][i].name; i++) {
            params[i] = usual_value(fields_of[id][i].name);
            if (fields_of[id][i].type == 'f') {
                memcpy(&params[i], &one, sizeof one);
            }
        }
        bool fits = kernel->extent(params, bytes, &error) == ZC_OK;
        for (unsigned i = 0; i < kernel->binding_count; i++) {
            most = bytes[i] > most ? bytes[i] : most;
        }
        if (!fits || most != (uint64_t)BILLION * 4) {
            fprintf(stderr, "%s needs a line in tests/c/test_cancel.c: its parameters are not the usual ones\n",
                    kernel->name);
            exit(1);
        }
        check(kernel->id, params, G, 1, __LINE__);
        check(kernel->id, params, G, 4, __LINE__);
    }
}

int main(void)
{
    zeros = wide(0, 0);
    spans = wide(0, ALL);
    out = wide(0, 0);
    rows();
    rests();
    models();
    products();
    others();
    puts("ok");
    return 0;
}
