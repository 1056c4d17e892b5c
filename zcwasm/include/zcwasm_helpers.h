/* zcwasm_helpers.h: less to write when a guest records kernels. Inline functions over zcwasm.h, in C and C++.
 *
 * One function per kernel, named zc_record_KERNEL: the sequence (0: the recording of the next zc_run or zc_submit),
 * one range per binding in the kernel's order, the kernel's parameters. Each looks its kernel up at first use and
 * returns what zc_dispatch does: the dispatch's index, or -ZC_E...
 *
 *     zc_affine_params p = {n, 2.0f, 1.0f};
 *     zc_record_affine(0, zc_floats(x, n), zc_floats(y, n), &p);
 *     int32_t code = zc_run();
 */
#ifndef ZCWASM_HELPERS_H
#define ZCWASM_HELPERS_H

#include "zcwasm.h"
#include "zcwasm_kernels.h"

/* `size` bytes of the guest's own memory. */
static inline zc_range zc_bytes(const void *pointer, uint64_t size)
{
    zc_range range = {0, 0, (uint64_t)(uintptr_t)pointer, size};
    return range;
}

/* `count` elements of 4 bytes of the guest's own memory. */
static inline zc_range zc_floats(const void *pointer, uint64_t count)
{
    return zc_bytes(pointer, count * 4);
}

/* A tensor or scratch, from its first byte to its last. */
static inline zc_range zc_all_of(zc_handle handle)
{
    zc_range range = {handle, 0, 0, ZC_WHOLE};
    return range;
}

/* For a binding that the parameters make no use of. */
static inline zc_range zc_nothing(void)
{
    zc_range range = {0, 0, 0, 0};
    return range;
}

static inline uint32_t zc_length(const char *text)
{
    uint32_t length = 0;
    while (text[length])
        length++;
    return length;
}

/* Handle of the kernel, or of the tensor, of that name. */
static inline zc_handle zc_kernel(const char *name)
{
    return zc_kernel_find(name, zc_length(name));
}
static inline zc_handle zc_tensor(const char *name)
{
    return zc_tensor_find(name, zc_length(name));
}
static inline int32_t zc_say(int32_t level, const char *text)
{
    return zc_log(level, text, zc_length(text));
}

/* What the helpers below have in common; *kernel keeps the handle once it was found. */
static inline int32_t zc_record(zc_handle sequence, zc_handle *kernel, const char *name, const zc_range *ranges,
                                uint32_t count, const void *params, uint32_t size)
{
    if (*kernel <= 0)
        *kernel = zc_kernel(name);
    return *kernel < 0 ? *kernel : zc_dispatch(sequence, *kernel, ranges, count, params, size);
}

#define ZC_HELPER_BODY(name, params, ...)                                                                        \
    {                                                                                                            \
        static zc_handle kernel;                                                                                 \
        const zc_range ranges[] = {__VA_ARGS__};                                                                 \
        return zc_record(sequence, &kernel, #name, ranges, sizeof ranges / sizeof ranges[0], p, sizeof(params)); \
    }
#define ZC_HELPER_1(name, params, a)                                                        \
    static inline int32_t zc_record_##name(zc_handle sequence, zc_range a, const params *p) \
        ZC_HELPER_BODY(name, params, a)
#define ZC_HELPER_2(name, params, a, b)                                                                 \
    static inline int32_t zc_record_##name(zc_handle sequence, zc_range a, zc_range b, const params *p) \
        ZC_HELPER_BODY(name, params, a, b)
#define ZC_HELPER_3(name, params, a, b, c)                                                                          \
    static inline int32_t zc_record_##name(zc_handle sequence, zc_range a, zc_range b, zc_range c, const params *p) \
        ZC_HELPER_BODY(name, params, a, b, c)
#define ZC_HELPER_4(name, params, a, b, c, d)                                                                  \
    static inline int32_t zc_record_##name(zc_handle sequence, zc_range a, zc_range b, zc_range c, zc_range d, \
                                           const params *p) ZC_HELPER_BODY(name, params, a, b, c, d)
#define ZC_HELPER_5(name, params, a, b, c, d, e)                                                               \
    static inline int32_t zc_record_##name(zc_handle sequence, zc_range a, zc_range b, zc_range c, zc_range d, \
                                           zc_range e, const params *p) ZC_HELPER_BODY(name, params, a, b, c, d, e)

ZC_HELPER_1(fill, zc_fill_params, out)
ZC_HELPER_2(affine, zc_affine_params, x, out)
ZC_HELPER_3(axpby, zc_axpby_params, x, y, out)
ZC_HELPER_3(add, zc_elementwise_params, x, y, out)
ZC_HELPER_3(mul, zc_elementwise_params, x, y, out)
ZC_HELPER_3(matmul, zc_matmul_params, a, b, c)
ZC_HELPER_2(sum, zc_rows_params, x, out)
ZC_HELPER_2(max, zc_rows_params, x, out)
ZC_HELPER_2(softmax, zc_rows_params, x, out)
ZC_HELPER_3(embed, zc_embed_params, ids, table, out)
ZC_HELPER_3(rms_norm, zc_norm_params, x, weight, out)
ZC_HELPER_4(layer_norm, zc_norm_params, x, weight, bias, out)
ZC_HELPER_5(linear, zc_linear_params, x, w, bias, norm, y)
ZC_HELPER_4(rope, zc_rope_params, x, positions, table, out)
ZC_HELPER_3(append, zc_append_params, x, positions, out)
ZC_HELPER_5(attention, zc_attention_params, q, k, v, spans, out)
ZC_HELPER_3(swiglu, zc_swiglu_params, gate, up, out)
ZC_HELPER_2(gelu, zc_gelu_params, x, out)
ZC_HELPER_2(argmax, zc_rows_params, x, out)
ZC_HELPER_3(top_k, zc_top_k_params, x, values, indices)
ZC_HELPER_2(penalize, zc_penalize_params, ids, x)
ZC_HELPER_3(pool, zc_pool_params, x, spans, out)

/* c = a * b for matrices in the guest's own memory that lie row after row: a is (m, k), b is (k, n), c is (m, n). */
static inline int32_t zc_matmul(zc_handle sequence, const float *a, const float *b, float *c, uint32_t m, uint32_t n,
                                uint32_t k)
{
    zc_matmul_params p = {m, n, k, 1, k, n, n, 0, 0, 0, 0, 0, 1.0f, 0.0f};
    return zc_record_matmul(sequence, zc_floats(a, (uint64_t)m * k), zc_floats(b, (uint64_t)k * n),
                            zc_floats(c, (uint64_t)m * n), &p);
}

/* y = x * transpose(w) for `rows` rows of x in the guest's own memory and a tensor of n rows of k weights. */
static inline int32_t zc_linear(zc_handle sequence, const float *x, zc_handle w, float *y, uint32_t type, uint32_t rows,
                                uint32_t n, uint32_t k)
{
    zc_linear_params p = {type, rows, n, k, k, n, 0, 0.0f};
    return zc_record_linear(sequence, zc_floats(x, (uint64_t)rows * k), zc_all_of(w), zc_nothing(), zc_nothing(),
                            zc_floats(y, (uint64_t)rows * n), &p);
}

#endif
