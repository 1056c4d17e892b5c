/* test_bits: the bits of every kernel of the cpu device with 2, 3, 8 and 16 threads are those with one.
 *
 * Built by tests/test_cpu_threads.py from this file and the core without guests and GPUs. The number of CPUs is this
 * file's, since no more threads work than that. Inputs are random numbers; what a kernel takes as indices is in
 * its row of `runs`. Prints "ok", or the first difference and exits with 1.
 */
#define _GNU_SOURCE
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "device/cpu/zc_cpu.h"
#include "device/zc_device_backend.h"

static zc_error error;
#include "check.h"

unsigned zc_cpu_count(void)
{
    return 16;
}

static void no_vulkan(zc_device_info *info)
{
    (void)snprintf(info->reason, sizeof info->reason, "not in this test");
}

const zc_device_backend zc_device_vulkan = {.kind = "vulkan", .probe = no_vulkan};

/* What lies in a binding. */
typedef enum content {
    NUMBERS, /* float32 of [-1, 1) */
    BLOCKS,  /* bytes of which no float16 or float32 is infinite or NaN */
    COUNTED, /* 0, 1, 2... */
    SPANS,   /* pairs, of 0 to 2 and up to 170 */
    LONG,    /* pairs, of up to 700 and up to 3000 */
    PAGED,   /* triples: as SPANS, and a word of the tables; or tables */
    CONTENTS
} content;

static bool tried[ZC_KERNEL_COUNT];

static uint32_t next_random(uint32_t *state)
{
    *state = *state * 1664525 + 1013904223;
    return *state >> 8;
}

static void fill(uint8_t *bytes, uint64_t length, content what)
{
    uint32_t random = 5;
    for (uint64_t i = 0; i < length / 4; i++) {
        uint32_t word = next_random(&random);
        float number = (float)word / 8388608.0f - 1.0f;
        if (what == NUMBERS) {
            memcpy(&word, &number, sizeof word);
        } else {
            word = what == BLOCKS    ? (word << 8 | word >> 16) & 0xbbbbbbbb
                   : what == COUNTED ? (uint32_t)i
                   : what == LONG    ? (i % 2 ? 701 + word % 2300 : word % 701)
                   : what == PAGED   ? (i % 3 == 1 ? 50 + word % 120
                                        : i % 3    ? word % 40
                                                   : word % 3)
                   : i % 2           ? 50 + word % 120
                                     : word % 3;
        }
        memcpy(bytes + 4 * i, &word, sizeof word);
    }
}

/* special, what: a binding, and what is in it; -1: no such binding. also: another with the same. */
static void check(zc_kernel_id id, const void *params, int special, content what, int also, int line)
{
    static const unsigned threads[] = {1, 2, 3, 8, 16, 16};
    const zc_kernel *kernel = zc_kernel_get(id);
    uint64_t bytes[ZC_KERNEL_MAX_BINDINGS] = {0}, total = 0;
    void *bindings[ZC_KERNEL_MAX_BINDINGS];
    CHECK(kernel->extent(params, bytes, &error) == ZC_OK);
    for (unsigned i = 0; i < kernel->binding_count; i++) {
        bytes[i] = (bytes[i] + 67) / 4 * 4; /* kernels leave alone what is behind */
        total += bytes[i];
    }
    uint8_t *first = malloc(total), *each = malloc(total);
    CHECK(first && each);
    for (unsigned t = 0; t < sizeof threads / sizeof *threads; t++) {
        uint8_t *at = each;
        for (int i = 0; i < (int)kernel->binding_count; i++) {
            fill(at, bytes[i], i == special || i == also ? what : NUMBERS);
            bindings[i] = at;
            at += bytes[i];
        }
        CHECK(zc_cpu_run(id, bindings, params, threads[t], NULL, &error) == ZC_OK);
        if (t == 0) {
            uint8_t *kept = first;
            first = each;
            each = kept;
        } else if (memcmp(first, each, total) != 0) {
            fprintf(stderr, "line %d: %s has other bits with %u threads\n", line, kernel->name, threads[t]);
            exit(1);
        }
    }
    free(first);
    free(each);
    tried[id] = true;
}

#define RUN_WITH(kernel, params, special, what, also, ...) \
    check(ZC_KERNEL_##kernel, &(params){__VA_ARGS__}, special, what, also, __LINE__)
#define RUN(kernel, params, ...) RUN_WITH(kernel, params, -1, NUMBERS, -1, __VA_ARGS__)

static void elementwise(uint32_t count)
{
    RUN(fill, zc_fill_params, .count = count, .pattern = 0x7fc12345);
    RUN(affine, zc_affine_params, .count = count, .scale = 1.1f, .shift = 0.3f);
    RUN(axpby, zc_axpby_params, .count = count, .alpha = 1.1f, .beta = 0.3f);
    RUN(add, zc_elementwise_params, .count = count);
    RUN(mul, zc_elementwise_params, .count = count);
    RUN(gelu, zc_gelu_params, .count = count);
    RUN(gelu, zc_gelu_params, .count = count, .tanh = 1);
    RUN(softcap, zc_softcap_params, .count = count, .cap = 2.0f);
}

static void rows(uint32_t rows, uint32_t cols)
{
    RUN(sum, zc_rows_params, .rows = rows, .cols = cols, .ldx = cols + 1);
    RUN(max, zc_rows_params, .rows = rows, .cols = cols, .ldx = cols + 1);
    RUN(softmax, zc_rows_params, .rows = rows, .cols = cols, .ldx = cols, .ldout = cols);
    RUN(argmax, zc_rows_params, .rows = rows, .cols = cols, .ldx = cols);
    RUN(top_k, zc_top_k_params, .rows = rows, .cols = cols, .ldx = cols, .k = cols < 40 ? cols : 40);
    RUN(rms_norm, zc_norm_params, .rows = rows, .cols = cols, .ldx = cols, .ldout = cols, .eps = 1e-5f);
    RUN(norm_add, zc_norm_params, .rows = rows, .cols = cols, .ldx = cols, .ldout = cols, .eps = 1e-5f);
    RUN(layer_norm, zc_norm_params, .rows = rows, .cols = cols, .ldx = cols, .ldout = cols, .eps = 1e-5f);
    RUN(swiglu, zc_swiglu_params, .rows = rows, .cols = cols, .ldgate = cols, .ldup = cols, .ldout = cols);
    RUN_WITH(pool, zc_pool_params, 1, SPANS, -1, .rows = rows, .cols = cols < 2000 ? cols : 2000, .capacity = 150,
             .ldx = 2000, .ldout = 2000, .flags = ZC_POOL_NORMALIZE);
}

static void tokens(uint32_t rows)
{
    const uint32_t heads = 9, kv_heads = 3, size = 64;
    for (uint32_t type = 0; type < 3; type++) {
        RUN_WITH(rope, zc_rope_params, 1, COUNTED, -1, .rows = rows, .heads = heads, .head_size = size, .rotated = size,
                 .ldx = heads * size, .ldout = heads * size, .table_rows = 512, .capacity = 512, .layout = type % 2,
                 .out_type = type % 2);
        RUN_WITH(append, zc_append_params, 1, COUNTED, -1, .rows = rows, .cols = 192, .ldx = 192, .ldout = 192,
                 .capacity = 512, .out_type = type);
        RUN_WITH(rope_append, zc_rope_append_params, 3, COUNTED, -1, .rows = rows, .q_rows = rows, .heads = heads,
                 .kv_heads = kv_heads, .head_size = size, .rotated = size / 2, .ldq = heads * size,
                 .ldk = kv_heads * size, .ldv = kv_heads * size, .ldout = kv_heads * size, .table_rows = 512,
                 .capacity = 512, .layout = type % 2, .out_type = type, .mirrored = 1);
        RUN_WITH(rope_append_paged, zc_rope_append_params, 3, COUNTED, 5, .rows = rows, .q_rows = rows, .heads = heads,
                 .kv_heads = kv_heads, .head_size = size, .rotated = size / 2, .ldq = heads * size,
                 .ldk = kv_heads * size, .ldv = kv_heads * size, .ldout = kv_heads * size, .table_rows = 512,
                 .capacity = 512, .layout = type % 2, .out_type = type, .mirrored = 1);
        for (uint32_t shared = 0; shared < 2; shared++) {
            RUN_WITH(attention_paged, zc_attention_paged_params, 3, PAGED, 4, .rows = rows, .heads = heads,
                     .kv_heads = kv_heads, .head_size = size, .ldq = heads * size, .ldk = 192, .ldv = 192,
                     .ldout = heads * size, .capacity = 192, .page = 16u << type, .table_words = 50, .context = 160,
                     .shared = shared, .kv_type = type == ZC_CACHE_Q8_0 ? ZC_CACHE_F16 : type, .scale = 0.125f,
                     .sinks = type % 2);
        }
        RUN_WITH(attention, zc_attention_params, 3, SPANS, -1, .rows = rows, .heads = heads, .kv_heads = kv_heads,
                 .head_size = size, .ldq = heads * size, .ldk = 192, .ldv = 192, .ldout = heads * size, .capacity = 160,
                 .kv_type = ZC_CACHE_F32, .scale = 0.125f);
    }
    for (uint32_t type = 0; type < ZC_WEIGHT_TYPE_COUNT; type++) {
        RUN_WITH(embed, zc_embed_params, 1, type == ZC_WEIGHT_F32 ? NUMBERS : BLOCKS, -1, .type = type, .rows = rows,
                 .dim = 768, .vocab = 100, .ldout = 768, .flags = type % 2 ? ZC_EMBED_ADD : 0);
    }
}

/* Keys in parts. */
static void long_attention(uint32_t rows, uint32_t heads, uint32_t kv_heads, uint32_t size)
{
    for (uint32_t type = 0; type < 2; type++) {
        RUN_WITH(attention, zc_attention_params, 3, LONG, -1, .rows = rows, .heads = heads, .kv_heads = kv_heads,
                 .head_size = size, .ldq = heads * size, .ldk = kv_heads * size, .ldv = kv_heads * size,
                 .ldout = heads * size, .capacity = 2500, .kv_type = type, .scale = 0.125f, .sinks = type);
    }
}

static void linears(uint32_t rows, uint32_t n, uint32_t k)
{
    for (uint32_t type = 0; type < ZC_WEIGHT_TYPE_COUNT; type++) {
        const content weights = type == ZC_WEIGHT_F32 ? NUMBERS : BLOCKS;
        for (uint32_t exact = 0; exact <= ZC_LINEAR_EXACT; exact += ZC_LINEAR_EXACT) {
            RUN_WITH(linear, zc_linear_params, 1, weights, -1, .type = type, .rows = rows, .n = n, .k = k, .ldx = k,
                     .ldy = n, .flags = exact | ZC_LINEAR_NORM | ZC_LINEAR_BIAS, .eps = 1e-5f);
            RUN_WITH(linear_gated, zc_linear_gated_params, 1, weights, 2, .gate_type = type, .up_type = type,
                     .rows = rows, .n = n, .k = k, .ldx = k, .ldy = n, .flags = exact | ZC_LINEAR_NORM, .eps = 1e-5f);
        }
    }
}

/* Of experts that rows choose: each another one, and all the last. */
static void chosen(uint32_t rows, uint32_t n, uint32_t k)
{
    for (uint32_t mode = ZC_ROUTE_SOFTMAX; mode <= ZC_ROUTE_NORMED_SIGMOID; mode++) {
        RUN(route, zc_route_params, .rows = rows, .experts = 40, .used = 3, .ldx = 41, .mode = mode, .scale = 1.1f);
    }
    RUN_WITH(linear_chosen, zc_linear_chosen_params, 3, COUNTED, -1, .type = ZC_WEIGHT_F32, .rows = rows, .n = n,
             .k = k, .experts = 5, .share = 2, .ldx = 2 * k, .ldy = n, .flags = ZC_LINEAR_SWIGLU | ZC_LINEAR_BIAS);
    RUN_WITH(linear_chosen, zc_linear_chosen_params, 3, COUNTED, -1, .type = ZC_WEIGHT_F32, .rows = rows, .n = n,
             .k = k, .experts = 5, .share = 1, .ldx = 2 * k, .ldy = n, .flags = ZC_LINEAR_SWIGLU_CLAMPED);
    for (uint32_t type = ZC_WEIGHT_F16; type < ZC_WEIGHT_TYPE_COUNT; type++) {
        RUN_WITH(linear_chosen, zc_linear_chosen_params, 1, BLOCKS, 3, .type = type, .rows = rows, .n = n, .k = k,
                 .experts = 2, .share = 1, .ldx = k, .ldy = n);
    }
    RUN(add_weighted, zc_add_weighted_params, .rows = rows, .cols = k, .slots = 3, .ldx = k, .ldout = k);
}

static void matmuls(uint32_t m, uint32_t n, uint32_t k, uint32_t batch)
{
    for (uint32_t turned = 0; turned < 4; turned++) {
        RUN(matmul, zc_matmul_params, .m = m, .n = n, .k = k, .batch = batch, .lda = turned & 1 ? m : k,
            .ldb = turned & 2 ? k : n, .ldc = n, .stride_a = m * k, .stride_b = turned == 3 ? 0 : k * n,
            .stride_c = m * n, .transpose_a = turned & 1, .transpose_b = turned >> 1, .alpha = 1.5f, .beta = 0.5f);
    }
}

int main(void)
{
    elementwise(200001);
    elementwise(70003);
    rows(1, 300007); /* several blocks */
    rows(5, 140001);
    rows(700, 577);
    rows(33, 2001);
    tokens(1);
    tokens(83);
    long_attention(1, 9, 3, 64);
    long_attention(3, 32, 4, 20);
    long_attention(30, 8, 8, 64);
    linears(1, 1001, 768);
    linears(3, 1001, 768);
    linears(7, 517, 512);
    linears(203, 97, 512); /* few panels, many rows */
    chosen(7, 517, 512);
    chosen(203, 97, 512);
    matmuls(203, 97, 311, 1);
    matmuls(1, 3001, 300, 1);
    matmuls(3001, 1, 300, 1);
    matmuls(61, 67, 71, 19);
    RUN_WITH(adjust, zc_adjust_params, 0, BLOCKS, -1, .entries = 3000, .count = 2000);
    RUN_WITH(mask, zc_mask_params, 0, BLOCKS, -1, .rows = 3, .cols = 200001, .ldx = 200001, .ldmask = 6251);
    RUN_WITH(penalize, zc_penalize_params, 0, COUNTED, -1, .cols = 1000, .capacity = 300, .penalty = 1.1f);
    RUN(draw, zc_draw_params, .rows = 100, .count = 40, .complete = 1, .top_p = 0.9f);
    for (unsigned id = 0; id < ZC_KERNEL_COUNT; id++) {
        if (!tried[id]) {
            fprintf(stderr, "%s needs a line in tests/c/test_bits.c\n", zc_kernel_get((zc_kernel_id)id)->name);
            return 1;
        }
    }
    puts("ok");
    return 0;
}
