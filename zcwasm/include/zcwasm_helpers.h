/* zcwasm_helpers.h: less to write when a guest records kernels. Inline functions over zcwasm.h, in C and C++.
 *
 * One function per kernel, named zcg_record_KERNEL: the sequence (0: the batch of the next zcg_run or zcg_submit),
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

#define ZCG_RECORD(name, ...)                 \
    static zcg_handle kernel;                 \
    const zcg_range ranges[] = {__VA_ARGS__}; \
    return zcg_record(sequence, &kernel, #name, ranges, sizeof ranges / sizeof ranges[0], p, sizeof *p)

/* Made from csrc/kernel/zc_kernel.def by buildtools/abi.py, as far as clang-format is off. */
/* clang-format off */
static inline int32_t zcg_record_fill(zcg_handle sequence, zcg_range out, const zc_fill_params *p)
{
    ZCG_RECORD(fill, out);
}
static inline int32_t zcg_record_affine(zcg_handle sequence, zcg_range x, zcg_range out, const zc_affine_params *p)
{
    ZCG_RECORD(affine, x, out);
}
static inline int32_t zcg_record_axpby(zcg_handle sequence, zcg_range x, zcg_range y, zcg_range out,
                                       const zc_axpby_params *p)
{
    ZCG_RECORD(axpby, x, y, out);
}
static inline int32_t zcg_record_add(zcg_handle sequence, zcg_range x, zcg_range y, zcg_range out,
                                     const zc_elementwise_params *p)
{
    ZCG_RECORD(add, x, y, out);
}
static inline int32_t zcg_record_mul(zcg_handle sequence, zcg_range x, zcg_range y, zcg_range out,
                                     const zc_elementwise_params *p)
{
    ZCG_RECORD(mul, x, y, out);
}
static inline int32_t zcg_record_matmul(zcg_handle sequence, zcg_range a, zcg_range b, zcg_range c,
                                        const zc_matmul_params *p)
{
    ZCG_RECORD(matmul, a, b, c);
}
static inline int32_t zcg_record_sum(zcg_handle sequence, zcg_range x, zcg_range out, const zc_rows_params *p)
{
    ZCG_RECORD(sum, x, out);
}
static inline int32_t zcg_record_max(zcg_handle sequence, zcg_range x, zcg_range out, const zc_rows_params *p)
{
    ZCG_RECORD(max, x, out);
}
static inline int32_t zcg_record_softmax(zcg_handle sequence, zcg_range x, zcg_range out, const zc_rows_params *p)
{
    ZCG_RECORD(softmax, x, out);
}
static inline int32_t zcg_record_embed(zcg_handle sequence, zcg_range ids, zcg_range table, zcg_range out,
                                       const zc_embed_params *p)
{
    ZCG_RECORD(embed, ids, table, out);
}
static inline int32_t zcg_record_rms_norm(zcg_handle sequence, zcg_range x, zcg_range weight, zcg_range out,
                                          const zc_norm_params *p)
{
    ZCG_RECORD(rms_norm, x, weight, out);
}
static inline int32_t zcg_record_norm_add(zcg_handle sequence, zcg_range x, zcg_range weight, zcg_range out,
                                          const zc_norm_params *p)
{
    ZCG_RECORD(norm_add, x, weight, out);
}
static inline int32_t zcg_record_layer_norm(zcg_handle sequence, zcg_range x, zcg_range weight, zcg_range bias,
                                            zcg_range out, const zc_norm_params *p)
{
    ZCG_RECORD(layer_norm, x, weight, bias, out);
}
static inline int32_t zcg_record_linear(zcg_handle sequence, zcg_range x, zcg_range w, zcg_range bias, zcg_range norm,
                                        zcg_range y, const zc_linear_params *p)
{
    ZCG_RECORD(linear, x, w, bias, norm, y);
}
static inline int32_t zcg_record_linear_gated(zcg_handle sequence, zcg_range x, zcg_range gate, zcg_range up,
                                              zcg_range norm, zcg_range y, const zc_linear_gated_params *p)
{
    ZCG_RECORD(linear_gated, x, gate, up, norm, y);
}
static inline int32_t zcg_record_rope(zcg_handle sequence, zcg_range x, zcg_range positions, zcg_range table,
                                      zcg_range out, const zc_rope_params *p)
{
    ZCG_RECORD(rope, x, positions, table, out);
}
static inline int32_t zcg_record_append(zcg_handle sequence, zcg_range x, zcg_range positions, zcg_range out,
                                        const zc_append_params *p)
{
    ZCG_RECORD(append, x, positions, out);
}
static inline int32_t zcg_record_rope_append(zcg_handle sequence, zcg_range q, zcg_range k, zcg_range v,
                                             zcg_range positions, zcg_range table, zcg_range cache, zcg_range mirror,
                                             const zc_rope_append_params *p)
{
    ZCG_RECORD(rope_append, q, k, v, positions, table, cache, mirror);
}
static inline int32_t zcg_record_rope_append_paged(zcg_handle sequence, zcg_range q, zcg_range k, zcg_range v,
                                                   zcg_range positions, zcg_range table, zcg_range places,
                                                   zcg_range cache, zcg_range mirror, const zc_rope_append_params *p)
{
    ZCG_RECORD(rope_append_paged, q, k, v, positions, table, places, cache, mirror);
}
static inline int32_t zcg_record_attention(zcg_handle sequence, zcg_range q, zcg_range k, zcg_range v, zcg_range spans,
                                           zcg_range sinks, zcg_range out, const zc_attention_params *p)
{
    ZCG_RECORD(attention, q, k, v, spans, sinks, out);
}
static inline int32_t zcg_record_attention_paged(zcg_handle sequence, zcg_range q, zcg_range k, zcg_range v,
                                                 zcg_range spans, zcg_range tables, zcg_range sinks, zcg_range out,
                                                 const zc_attention_paged_params *p)
{
    ZCG_RECORD(attention_paged, q, k, v, spans, tables, sinks, out);
}
static inline int32_t zcg_record_swiglu(zcg_handle sequence, zcg_range gate, zcg_range up, zcg_range out,
                                        const zc_swiglu_params *p)
{
    ZCG_RECORD(swiglu, gate, up, out);
}
static inline int32_t zcg_record_gelu(zcg_handle sequence, zcg_range x, zcg_range out, const zc_gelu_params *p)
{
    ZCG_RECORD(gelu, x, out);
}
static inline int32_t zcg_record_softcap(zcg_handle sequence, zcg_range x, zcg_range out, const zc_softcap_params *p)
{
    ZCG_RECORD(softcap, x, out);
}
static inline int32_t zcg_record_route(zcg_handle sequence, zcg_range x, zcg_range ids, zcg_range weights,
                                       const zc_route_params *p)
{
    ZCG_RECORD(route, x, ids, weights);
}
static inline int32_t zcg_record_linear_chosen(zcg_handle sequence, zcg_range x, zcg_range w, zcg_range bias,
                                               zcg_range ids, zcg_range y, const zc_linear_chosen_params *p)
{
    ZCG_RECORD(linear_chosen, x, w, bias, ids, y);
}
static inline int32_t zcg_record_add_weighted(zcg_handle sequence, zcg_range x, zcg_range weights, zcg_range out,
                                              const zc_add_weighted_params *p)
{
    ZCG_RECORD(add_weighted, x, weights, out);
}
static inline int32_t zcg_record_argmax(zcg_handle sequence, zcg_range x, zcg_range out, const zc_rows_params *p)
{
    ZCG_RECORD(argmax, x, out);
}
static inline int32_t zcg_record_top_k(zcg_handle sequence, zcg_range x, zcg_range values, zcg_range indices,
                                       const zc_top_k_params *p)
{
    ZCG_RECORD(top_k, x, values, indices);
}
static inline int32_t zcg_record_penalize(zcg_handle sequence, zcg_range ids, zcg_range x, const zc_penalize_params *p)
{
    ZCG_RECORD(penalize, ids, x);
}
static inline int32_t zcg_record_adjust(zcg_handle sequence, zcg_range entries, zcg_range x, const zc_adjust_params *p)
{
    ZCG_RECORD(adjust, entries, x);
}
static inline int32_t zcg_record_mask(zcg_handle sequence, zcg_range mask, zcg_range x, const zc_mask_params *p)
{
    ZCG_RECORD(mask, mask, x);
}
static inline int32_t zcg_record_draw(zcg_handle sequence, zcg_range values, zcg_range ids, zcg_range u, zcg_range out,
                                      const zc_draw_params *p)
{
    ZCG_RECORD(draw, values, ids, u, out);
}
static inline int32_t zcg_record_pool(zcg_handle sequence, zcg_range x, zcg_range spans, zcg_range out,
                                      const zc_pool_params *p)
{
    ZCG_RECORD(pool, x, spans, out);
}
/* clang-format on */

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
