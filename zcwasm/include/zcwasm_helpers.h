/* zcwasm_helpers.h: less to write when a guest records kernels. Inline functions over zcwasm.h, in C and C++.
 *
 * One function per kernel, named zcg_record_KERNEL: the sequence (0: the recording of the next zcg_run or zcg_submit),
 * one range per binding in the kernel's order, the kernel's parameters. Each looks its kernel up at first use and
 * returns what zcg_dispatch does: the dispatch's index, or -ZCG_E...
 *
 *     zc_affine_params p = {n, 2.0f, 1.0f};
 *     zcg_record_affine(0, zcg_floats(x, n), zcg_floats(y, n), &p);
 *     int32_t code = zcg_run();
 */
#ifndef ZCWASM_HELPERS_H
#define ZCWASM_HELPERS_H

#include "zcwasm.h"
#include "zcwasm_kernels.h"

/* `size` bytes of the guest's own memory. */
static inline zcg_range zcg_bytes(const void *pointer, uint64_t size)
{
    zcg_range range = {0, 0, (uint64_t)(uintptr_t)pointer, size};
    return range;
}

/* `count` elements of 4 bytes of the guest's own memory. */
static inline zcg_range zcg_floats(const void *pointer, uint64_t count)
{
    return zcg_bytes(pointer, count * 4);
}

/* A tensor or scratch, from its first byte to its last. */
static inline zcg_range zcg_all_of(zcg_handle handle)
{
    zcg_range range = {handle, 0, 0, ZCG_WHOLE};
    return range;
}

/* For a binding that the parameters make no use of. */
static inline zcg_range zcg_nothing(void)
{
    zcg_range range = {0, 0, 0, 0};
    return range;
}

static inline uint32_t zcg_length(const char *text)
{
    uint32_t length = 0;
    while (text[length])
        length++;
    return length;
}

/* Handle of the kernel, or of the tensor, of that name. */
static inline zcg_handle zcg_kernel(const char *name)
{
    return zcg_kernel_find(name, zcg_length(name));
}
static inline zcg_handle zcg_tensor(const char *name)
{
    return zcg_tensor_find(name, zcg_length(name));
}
static inline int32_t zcg_say(int32_t level, const char *text)
{
    return zcg_log(level, text, zcg_length(text));
}

/* What the helpers below have in common; *kernel keeps the handle once it was found. */
static inline int32_t zcg_record(zcg_handle sequence, zcg_handle *kernel, const char *name, const zcg_range *ranges,
                                 uint32_t count, const void *params, uint32_t size)
{
    if (*kernel <= 0)
        *kernel = zcg_kernel(name);
    return *kernel < 0 ? *kernel : zcg_dispatch(sequence, *kernel, ranges, count, params, size);
}

#define ZCG_HELPER_BODY(name, params, ...)                                                                        \
    {                                                                                                             \
        static zcg_handle kernel;                                                                                 \
        const zcg_range ranges[] = {__VA_ARGS__};                                                                 \
        return zcg_record(sequence, &kernel, #name, ranges, sizeof ranges / sizeof ranges[0], p, sizeof(params)); \
    }
#define ZCG_HELPER_1(name, params, a)                                                          \
    static inline int32_t zcg_record_##name(zcg_handle sequence, zcg_range a, const params *p) \
        ZCG_HELPER_BODY(name, params, a)
#define ZCG_HELPER_2(name, params, a, b)                                                                    \
    static inline int32_t zcg_record_##name(zcg_handle sequence, zcg_range a, zcg_range b, const params *p) \
        ZCG_HELPER_BODY(name, params, a, b)
#define ZCG_HELPER_3(name, params, a, b, c)                                                             \
    static inline int32_t zcg_record_##name(zcg_handle sequence, zcg_range a, zcg_range b, zcg_range c, \
                                            const params *p) ZCG_HELPER_BODY(name, params, a, b, c)
#define ZCG_HELPER_4(name, params, a, b, c, d)                                                                       \
    static inline int32_t zcg_record_##name(zcg_handle sequence, zcg_range a, zcg_range b, zcg_range c, zcg_range d, \
                                            const params *p) ZCG_HELPER_BODY(name, params, a, b, c, d)
#define ZCG_HELPER_5(name, params, a, b, c, d, e)                                                                    \
    static inline int32_t zcg_record_##name(zcg_handle sequence, zcg_range a, zcg_range b, zcg_range c, zcg_range d, \
                                            zcg_range e, const params *p) ZCG_HELPER_BODY(name, params, a, b, c, d, e)

ZCG_HELPER_1(fill, zc_fill_params, out)
ZCG_HELPER_2(affine, zc_affine_params, x, out)
ZCG_HELPER_3(axpby, zc_axpby_params, x, y, out)
ZCG_HELPER_3(add, zc_elementwise_params, x, y, out)
ZCG_HELPER_3(mul, zc_elementwise_params, x, y, out)
ZCG_HELPER_3(matmul, zc_matmul_params, a, b, c)
ZCG_HELPER_2(sum, zc_rows_params, x, out)
ZCG_HELPER_2(max, zc_rows_params, x, out)
ZCG_HELPER_2(softmax, zc_rows_params, x, out)
ZCG_HELPER_3(embed, zc_embed_params, ids, table, out)
ZCG_HELPER_3(rms_norm, zc_norm_params, x, weight, out)
ZCG_HELPER_4(layer_norm, zc_norm_params, x, weight, bias, out)
ZCG_HELPER_5(linear, zc_linear_params, x, w, bias, norm, y)
ZCG_HELPER_4(rope, zc_rope_params, x, positions, table, out)
ZCG_HELPER_3(append, zc_append_params, x, positions, out)
ZCG_HELPER_5(attention, zc_attention_params, q, k, v, spans, out)
ZCG_HELPER_3(swiglu, zc_swiglu_params, gate, up, out)
ZCG_HELPER_2(gelu, zc_gelu_params, x, out)
ZCG_HELPER_2(argmax, zc_rows_params, x, out)
ZCG_HELPER_3(top_k, zc_top_k_params, x, values, indices)
ZCG_HELPER_2(penalize, zc_penalize_params, ids, x)
ZCG_HELPER_3(pool, zc_pool_params, x, spans, out)

/* c = a * b for matrices in the guest's own memory that lie row after row: a is (m, k), b is (k, n), c is (m, n). */
static inline int32_t zcg_matmul(zcg_handle sequence, const float *a, const float *b, float *c, uint32_t m, uint32_t n,
                                 uint32_t k)
{
    zc_matmul_params p = {m, n, k, 1, k, n, n, 0, 0, 0, 0, 0, 1.0f, 0.0f};
    return zcg_record_matmul(sequence, zcg_floats(a, (uint64_t)m * k), zcg_floats(b, (uint64_t)k * n),
                             zcg_floats(c, (uint64_t)m * n), &p);
}

/* y = x * transpose(w) for `rows` rows of x in the guest's own memory and a tensor of n rows of k weights. */
static inline int32_t zcg_linear(zcg_handle sequence, const float *x, zcg_handle w, float *y, uint32_t type,
                                 uint32_t rows, uint32_t n, uint32_t k)
{
    zc_linear_params p = {type, rows, n, k, k, n, 0, 0.0f};
    return zcg_record_linear(sequence, zcg_floats(x, (uint64_t)rows * k), zcg_all_of(w), zcg_nothing(), zcg_nothing(),
                             zcg_floats(y, (uint64_t)rows * n), &p);
}

#endif
