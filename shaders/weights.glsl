// Weights as they lie in GGUF files: one buffer of words, binding 2, and how each type's blocks are read.
//
// `type` follows from the including kernel's specialization constant, so that a pipeline contains the code of
// one type. Types and the sizes of their blocks are those of csrc/kernel/zc_weight_type.def, which is included
// wherever something differs by type: a type without its functions NAME_TYPE does not compile. Positions are counted
// in half-words of 16 bits, because a block of Q8_0, Q4_0 or Q6_K is 17, 9 or 105 of them (Q5_0: 11, Q3_K: 55, IQ4_NL: 9,
// MXFP4: 17): a range starts at a whole word, and so do the rows of the other types but F16, BF16 and F8_E4M3. What is bound contains the last word
// whole. Four elements that follow each other, at a multiple of four in a row, are a quad.

// With TWO_MATRICES there is another one, binding 3, of which words come while `second` says so.

layout(set = 0, binding = 2, std430) readonly buffer Weights1 { uint weights1[]; };
layout(set = 0, binding = 2, std430) readonly buffer Weights4 { uvec4 weights4[]; };
#ifdef TWO_MATRICES
layout(set = 0, binding = 3, std430) readonly buffer Second1 { uint second1[]; };
layout(set = 0, binding = 3, std430) readonly buffer Second4 { uvec4 second4[]; };

#ifndef SECOND // else a constant expression
bool second = false; // a compiler sees what it is wherever it counts
#define SECOND second
#endif
#endif

uint weight_word(uint i)
{
#ifdef TWO_MATRICES
    if (SECOND) {
        return second1[i];
    }
#endif
    return weights1[i];
}

uvec4 weight_words(uint i)
{
#ifdef TWO_MATRICES
    if (SECOND) {
        return second4[i];
    }
#endif
    return weights4[i];
}

#define IS(name) (type == ZC_WEIGHT_##name)

// Half-words of a row of k elements.
uint row_halves(uint k)
{
#define ZC_WEIGHT_TYPE(name, block, bytes, gguf, cpu) IS(name) ? k / uint(block) * uint(bytes / 2) :
    return
#include "kernel/zc_weight_type.def"
        0u;
#undef ZC_WEIGHT_TYPE
}

// The word that starts at half-word h, from the whole words that contain it; the float16 at half-word h.
uint word_of(uint h, uint low, uint high)
{
    return (h & 1u) != 0u ? low >> 16u | high << 16u : low;
}

float float_of(uint h, uint word)
{
    return unpackHalf2x16(word >> (16u * (h & 1u))).x;
}

vec4 unsigned_bytes(uint word)
{
    return vec4(word & 0xffu, word >> 8u & 0xffu, word >> 16u & 0xffu, word >> 24u);
}

#include "bytes.glsl"

// Scale and minimum of sub-block i of a Q4_K block, from its three words of scales.
vec2 scale_of(uvec3 scales, uint i)
{
    uint shift = 8u * (i & 3u);
    uint a = scales.x >> shift, b = scales.y >> shift, c = scales.z >> shift;
    return i < 4u ? vec2(a & 63u, b & 63u)
                  : vec2(c & 15u | (a >> 6u & 3u) << 4u, c >> 4u & 15u | (b >> 6u & 3u) << 4u);
}

#include "codes.glsl"

// What is read for a quad, before anything is computed from it, so that loads need not be waited for at once.
struct Raw
{
    uvec4 a;
    uvec4 b;
};

Raw no_raw()
{
    return Raw(uvec4(0u), uvec4(0u));
}

// load_quad_TYPE: quad q of a row of k elements that starts at half-word `row`, q below k / 4 rounded up.
// decode_quad_TYPE: the quad that was read; elements beyond the row's end are 0.

vec4 within(vec4 v, uint left)
{
    return vec4(v.x, left > 1u ? v.y : 0.0, left > 2u ? v.z : 0.0, left > 3u ? v.w : 0.0);
}

Raw load_quad_F32(uint row, uint k, uint q)
{
    uint last = row / 2u + k - 1u, at = row / 2u + 4u * q;
    Raw raw = no_raw();
    if ((at & 3u) == 0u && at + 3u <= last) {
        raw.a = weight_words(at / 4u);
    } else {
        raw.a = uvec4(weight_word(at), weight_word(min(at + 1u, last)), weight_word(min(at + 2u, last)),
                      weight_word(min(at + 3u, last)));
    }
    return raw;
}

vec4 decode_quad_F32(Raw raw, uint row, uint k, uint q)
{
    return within(uintBitsToFloat(raw.a), k - 4u * q);
}

Raw load_quad_F16(uint row, uint k, uint q)
{
    uint last = (row + k - 1u) / 2u, at = (row + 4u * q) / 2u;
    Raw raw = no_raw();
    raw.a.x = weight_word(at);
    raw.a.y = weight_word(min(at + 1u, last));
    raw.a.z = weight_word(min(at + 2u, last));
    return raw;
}
#define load_quad_BF16 load_quad_F16

vec4 decode_quad_F16(Raw raw, uint row, uint k, uint q)
{
    uint low = word_of(row, raw.a.x, raw.a.y), high = word_of(row, raw.a.y, raw.a.z);
    return within(vec4(unpackHalf2x16(low), unpackHalf2x16(high)), k - 4u * q);
}

vec4 decode_quad_BF16(Raw raw, uint row, uint k, uint q)
{
    uint low = word_of(row, raw.a.x, raw.a.y), high = word_of(row, raw.a.y, raw.a.z);
    return within(uintBitsToFloat(uvec4(low << 16u, low & 0xffff0000u, high << 16u, high & 0xffff0000u)), k - 4u * q);
}

// A block's scale and the word at half-word `word` of it.
Raw load_scaled(uint h, uint word)
{
    Raw raw = no_raw();
    raw.a.x = weight_word(word / 2u);
    raw.a.y = weight_word(word / 2u + (word & 1u));
    raw.a.w = weight_word(h / 2u);
    return raw;
}

Raw load_quad_Q8_0(uint row, uint k, uint q)
{
    uint h = row + q / 8u * 17u;
    return load_scaled(h, h + 1u + 2u * (q & 7u));
}

vec4 decode_quad_Q8_0(Raw raw, uint row, uint k, uint q)
{
    uint h = row + q / 8u; // odd as the block's start is
    return float_of(h, raw.a.w) * signed_bytes(word_of(h + 1u, raw.a.x, raw.a.y));
}

Raw load_quad_Q4_0(uint row, uint k, uint q)
{
    uint h = row + q / 8u * 9u;
    return load_scaled(h, h + 1u + 2u * (q & 3u));
}

vec4 decode_quad_Q4_0(Raw raw, uint row, uint k, uint q)
{
    uint h = row + q / 8u; // odd as the block's start is
    uint word = word_of(h + 1u, raw.a.x, raw.a.y);
    return float_of(h, raw.a.w) * (unsigned_bytes(word >> (q & 4u) & 0x0f0f0f0fu) - 8.0);
}

Raw load_quad_Q4_1(uint row, uint k, uint q)
{
    uint at = row / 2u + q / 8u * 5u;
    Raw raw = no_raw();
    raw.a.x = weight_word(at + 1u + (q & 3u));
    raw.a.w = weight_word(at);
    return raw;
}

vec4 decode_quad_Q4_1(Raw raw, uint row, uint k, uint q)
{
    vec2 scale = unpackHalf2x16(raw.a.w);
    return scale.x * unsigned_bytes(raw.a.x >> (q & 4u) & 0x0f0f0f0fu) + scale.y;
}

Raw load_quad_Q4_K(uint row, uint k, uint q)
{
    uint at = row / 2u + q / 64u * 36u;
    Raw raw = no_raw();
    raw.a.x = weight_word(at + 4u + q / 16u % 4u * 8u + (q & 7u));
    raw.a.y = weight_word(at + 1u);
    raw.a.z = weight_word(at + 2u);
    raw.a.w = weight_word(at);
    raw.b.x = weight_word(at + 3u);
    return raw;
}

vec4 decode_quad_Q4_K(Raw raw, uint row, uint k, uint q)
{
    vec2 scale = unpackHalf2x16(raw.a.w) * scale_of(uvec3(raw.a.y, raw.a.z, raw.b.x), q / 8u & 7u);
    return scale.x * unsigned_bytes(raw.a.x >> (q / 2u & 4u) & 0x0f0f0f0fu) - scale.y;
}

// Of each half of 128 elements 64 bytes of low nibbles, 32 bytes of pairs of high bits, 8 scales.
Raw load_quad_Q6_K(uint row, uint k, uint q)
{
    uint h = row + q / 64u * 105u, part = q / 32u & 1u, stripe = q / 8u & 3u, quad_ = q & 7u;
    uint low = h + 32u * part + 16u * (stripe & 1u) + 2u * quad_, high = h + 64u + 16u * part + 2u * quad_;
    Raw raw = no_raw();
    raw.a.x = weight_word(low / 2u);
    raw.a.y = weight_word(low / 2u + (low & 1u));
    raw.a.z = weight_word(high / 2u);
    raw.a.w = weight_word(high / 2u + (high & 1u));
    raw.b.x = weight_word((h + 96u + 4u * part + stripe) / 2u);
    raw.b.y = weight_word(h / 2u + 52u);
    return raw;
}

vec4 decode_quad_Q6_K(Raw raw, uint row, uint k, uint q)
{
    uint h = row + q / 64u, stripe = q / 8u & 3u; // h: odd as the block's start is
    uint low = word_of(h, raw.a.x, raw.a.y) >> (2u * (stripe & 2u)) & 0x0f0f0f0fu;
    uint high = word_of(h, raw.a.z, raw.a.w) >> (2u * stripe) & 0x03030303u;
    uint shift = 16u * (h + stripe & 1u) + 8u * (q / 4u & 1u);
    int scale = int(raw.b.x >> shift << 24u) >> 24;
    return float_of(h, raw.b.y) * float(scale) * (unsigned_bytes(low | high << 4u) - 32.0);
}

// The whole words that contain the one at half-word h, for word_of.
uvec2 load_at(uint h)
{
    return uvec2(weight_word(h / 2u), weight_word(h / 2u + (h & 1u)));
}

Raw load_quad_Q5_0(uint row, uint k, uint q)
{
    uint h = row + q / 8u * 11u;
    return Raw(uvec4(load_at(h + 3u + 2u * (q & 3u)), load_at(h + 1u)), uvec4(weight_word(h / 2u), 0u, 0u, 0u));
}

vec4 decode_quad_Q5_0(Raw raw, uint row, uint k, uint q)
{
    uint h = row + q / 8u; // odd as the block's start is
    uint low = word_of(h + 1u, raw.a.x, raw.a.y) >> (q & 4u) & 0x0f0f0f0fu;
    uint high = fifth_bits(word_of(h + 1u, raw.a.z, raw.a.w) >> 4u * (q & 7u));
    return float_of(h, raw.b.x) * (unsigned_bytes(low | high) - 16.0);
}

Raw load_quad_Q5_1(uint row, uint k, uint q)
{
    uint at = row / 2u + q / 8u * 6u;
    return Raw(uvec4(weight_word(at + 2u + (q & 3u)), weight_word(at + 1u), 0u, weight_word(at)), uvec4(0u));
}

vec4 decode_quad_Q5_1(Raw raw, uint row, uint k, uint q)
{
    vec2 scale = unpackHalf2x16(raw.a.w);
    uint number = raw.a.x >> (q & 4u) & 0x0f0f0f0fu | fifth_bits(raw.a.y >> 4u * (q & 7u));
    return scale.x * unsigned_bytes(number) + scale.y;
}

// Of each half of 128 elements 32 bytes, with two bits of each of its four blocks of 32.
Raw load_quad_Q2_K(uint row, uint k, uint q)
{
    uint at = row / 2u + q / 64u * 21u;
    return Raw(uvec4(weight_word(at + 4u + 8u * (q / 32u & 1u) + (q & 7u)), weight_word(at + (q / 16u & 3u)), 0u,
                     weight_word(at + 20u)),
               uvec4(0u));
}

vec4 decode_quad_Q2_K(Raw raw, uint row, uint k, uint q)
{
    uint number = raw.a.y >> 8u * (q / 4u & 3u);
    vec2 scale = unpackHalf2x16(raw.a.w) * vec2(number & 15u, number >> 4u & 15u);
    return scale.x * unsigned_bytes(raw.a.x >> 2u * (q / 8u & 3u) & 0x03030303u) - scale.y;
}

// 32 bytes with the highest bit of all eight blocks of 32; then as Q2_K; 16 scales of 6 bits, and one of all.
Raw load_quad_Q3_K(uint row, uint k, uint q)
{
    uint h = row + q / 64u * 55u, word = 2u * (q & 7u), i = q / 4u;
    return Raw(uvec4(load_at(h + 16u + 16u * (q / 32u & 1u) + word), load_at(h + word)),
               uvec4(weight_word((h + 48u + (i & 7u) / 2u) / 2u), weight_word((h + 52u + (i & 3u) / 2u) / 2u),
                     weight_word(h / 2u + 27u), 0u));
}

vec4 decode_quad_Q3_K(Raw raw, uint row, uint k, uint q)
{
    uint h = row + q / 64u, i = q / 4u & 15u; // h: odd as the block's start is
    uint low = word_of(h, raw.a.x, raw.a.y) >> 2u * (q / 8u & 3u) & 0x03030303u;
    uint high = word_of(h, raw.a.z, raw.a.w) >> (q / 8u & 7u) & 0x01010101u;
    uint shift = 8u * (i & 1u);
    uint a = raw.b.x >> (16u * (h + (i & 7u) / 2u & 1u) + shift + i / 8u * 4u) & 15u;
    uint b = raw.b.y >> (16u * (h + (i & 3u) / 2u & 1u) + shift + i / 4u * 2u) & 3u;
    return float_of(h, raw.b.z) * float(int(a | b << 4u) - 32) * (unsigned_bytes(low | high << 2u) - 4.0);
}

// As Q4_K, with 32 bytes of the highest bits of its eight blocks before the nibbles.
Raw load_quad_Q5_K(uint row, uint k, uint q)
{
    uint at = row / 2u + q / 64u * 44u;
    return Raw(uvec4(weight_word(at + 12u + q / 16u % 4u * 8u + (q & 7u)), weight_word(at + 1u), weight_word(at + 2u),
                     weight_word(at)),
               uvec4(weight_word(at + 3u), weight_word(at + 4u + (q & 7u)), 0u, 0u));
}

vec4 decode_quad_Q5_K(Raw raw, uint row, uint k, uint q)
{
    vec2 scale = unpackHalf2x16(raw.a.w) * scale_of(uvec3(raw.a.y, raw.a.z, raw.b.x), q / 8u & 7u);
    uint low = raw.a.x >> (q / 2u & 4u) & 0x0f0f0f0fu, high = raw.b.y >> (q / 8u & 7u) & 0x01010101u;
    return scale.x * unsigned_bytes(low | high << 4u) - scale.y;
}

#define load_quad_IQ4_NL load_quad_Q4_0

vec4 decode_quad_IQ4_NL(Raw raw, uint row, uint k, uint q)
{
    uint h = row + q / 8u; // odd as the block's start is
    uint word = word_of(h + 1u, raw.a.x, raw.a.y);
    return float_of(h, raw.a.w) * (unsigned_bytes(iq4_numbers(uvec4(word >> (q & 4u))).x) - 128.0);
}

Raw load_quad_IQ4_XS(uint row, uint k, uint q)
{
    uint at = row / 2u + q / 64u * 34u;
    return Raw(uvec4(weight_word(at + 2u + q / 8u % 8u * 4u + (q & 3u)), weight_word(at + 1u), 0u, weight_word(at)),
               uvec4(0u));
}

vec4 decode_quad_IQ4_XS(Raw raw, uint row, uint k, uint q)
{
    return iq4_xs_scale(raw.a.wy, q / 8u & 7u) * (unsigned_bytes(iq4_numbers(uvec4(raw.a.x >> (q & 4u))).x) - 128.0);
}

// A block of 32 is 17 bytes, the first its scale. The half-word in which block b begins, at its first byte or, if b is odd,
// its second, since a position in bytes would not have room in 32 bits; and the bit of its word.
uint mxfp4_at(uint row, uint b)
{
    return row + 17u * b / 2u;
}

uint mxfp4_bit(uint h, uint b)
{
    return 16u * h + 8u * (b & 1u) & 31u;
}

Raw load_quad_MXFP4(uint row, uint k, uint q)
{
    uint h = mxfp4_at(row, q / 8u), word = q & 3u;
    return Raw(uvec4(weight_word((h + (q / 8u & 1u)) / 2u + word), weight_word(h / 2u + word + 1u), 0u,
                     weight_word(h / 2u)),
               uvec4(0u));
}

vec4 decode_quad_MXFP4(Raw raw, uint row, uint k, uint q)
{
    uint scale = mxfp4_bit(mxfp4_at(row, q / 8u), q / 8u), shift = scale + 8u & 31u;
    uint word = raw.a.x >> shift | raw.a.y << 31u - shift << 1u;
    return e8m0(raw.a.w >> scale) * (unsigned_bytes(fp4_numbers(uvec4(word >> (q & 4u))).x) - 16.0);
}

Raw load_quad_F8_E4M3(uint row, uint k, uint q)
{
    uint last = (row + (k - 1u) / 2u) / 2u, at = (row + 2u * q) / 2u;
    return Raw(uvec4(weight_word(at), weight_word(min(at + 1u, last)), 0u, 0u), uvec4(0u));
}

vec4 decode_quad_F8_E4M3(Raw raw, uint row, uint k, uint q)
{
    return within(f8_e4m3(word_of(row, raw.a.x, raw.a.y)), k - 4u * q);
}

Raw load_quad(uint row, uint k, uint q)
{
    Raw raw = no_raw();
#define ZC_WEIGHT_TYPE(name, block, bytes, gguf, cpu) \
    if (IS(name)) {                                   \
        raw = load_quad_##name(row, k, q);            \
    }
#include "kernel/zc_weight_type.def"
#undef ZC_WEIGHT_TYPE
    return raw;
}

vec4 decode_quad(Raw raw, uint row, uint k, uint q)
{
    vec4 v = vec4(0.0);
#define ZC_WEIGHT_TYPE(name, block, bytes, gguf, cpu) \
    if (IS(name)) {                                   \
        v = decode_quad_##name(raw, row, k, q);       \
    }
#include "kernel/zc_weight_type.def"
#undef ZC_WEIGHT_TYPE
    return v;
}

vec4 quad(uint row, uint k, uint q)
{
    return decode_quad(load_quad(row, k, q), row, k, q);
}
