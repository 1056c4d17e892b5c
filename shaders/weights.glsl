// Weights as they lie in GGUF files: one buffer of words, binding 2, and how each type's blocks are read.
//
// The type is a specialization constant, so that a pipeline contains the code of one type. Positions are counted
// in half-words of 16 bits, because a block of Q8_0, Q4_0 or Q6_K is 17, 9 or 105 of them: a range starts at a
// whole word, and so do the rows of the other types but F16 and BF16. What is bound contains the last word
// whole. Four elements that follow each other, at a multiple of four in a row, are a quad.

layout(constant_id = 0) const uint type = 0u;

layout(set = 0, binding = 2, std430) readonly buffer Weights1 { uint weights1[]; };
layout(set = 0, binding = 2, std430) readonly buffer Weights4 { uvec4 weights4[]; };

const uint F32 = 0u, F16 = 1u, BF16 = 2u, Q8_0 = 3u, Q4_0 = 4u, Q4_1 = 5u, Q4_K = 6u, Q6_K = 7u;

// Half-words of a row of k elements.
uint row_halves(uint k)
{
    switch (type) {
    case F32: return 2u * k;
    case Q8_0: return k / 32u * 17u;
    case Q4_0: return k / 32u * 9u;
    case Q4_1: return k / 32u * 10u;
    case Q4_K: return k / 256u * 72u;
    case Q6_K: return k / 256u * 105u;
    default: return k;
    }
}

// The word at half-word h; both of its parts lie in whole words that are bound.
uint word_at(uint h)
{
    uint low = weights1[h / 2u], high = weights1[h / 2u + (h & 1u)];
    return (h & 1u) != 0u ? low >> 16u | high << 16u : low;
}

uint half_at(uint h)
{
    return weights1[h / 2u] >> (16u * (h & 1u)) & 0xffffu;
}

float float_at(uint h) // of 16 bits
{
    return unpackHalf2x16(half_at(h)).x;
}

uint byte_at(uint h, uint byte_) // counted from half-word h
{
    return half_at(h + byte_ / 2u) >> (8u * (byte_ & 1u)) & 0xffu;
}

vec4 unsigned_bytes(uint word)
{
    return vec4(word & 0xffu, word >> 8u & 0xffu, word >> 16u & 0xffu, word >> 24u);
}

vec4 signed_bytes(uint word)
{
    return vec4(int(word << 24u) >> 24, int(word << 16u) >> 24, int(word << 8u) >> 24, int(word) >> 24);
}

// Scale and minimum of sub-block i of a Q4_K block, from its three words of scales.
vec2 scale_of(uvec3 scales, uint i)
{
    uint shift = 8u * (i & 3u);
    uint a = scales.x >> shift, b = scales.y >> shift, c = scales.z >> shift;
    return i < 4u ? vec2(a & 63u, b & 63u)
                  : vec2(c & 15u | (a >> 6u & 3u) << 4u, c >> 4u & 15u | (b >> 6u & 3u) << 4u);
}

// Element i of a row of k elements that starts at half-word `row`; types of single elements only.
float single(uint row, uint i)
{
    if (type == F32) {
        return uintBitsToFloat(weights1[row / 2u + i]);
    }
    uint bits = half_at(row + i);
    return type == F16 ? unpackHalf2x16(bits).x : uintBitsToFloat(bits << 16u);
}

// Quad q of a row; beyond the row's end there are zeros.
vec4 quad(uint row, uint k, uint q)
{
    uint block = q / 8u, in_block = q & 7u;
    if (type == F32 || type == F16 || type == BF16) {
        uint i = 4u * q;
        if (i + 4u <= k) {
            if (type == F32) {
                uint at = row / 2u + i;
                if ((at & 3u) == 0u) {
                    return uintBitsToFloat(weights4[at / 4u]);
                }
                return uintBitsToFloat(uvec4(weights1[at], weights1[at + 1u], weights1[at + 2u], weights1[at + 3u]));
            }
            uvec2 pairs = uvec2(word_at(row + i), word_at(row + i + 2u));
            return type == F16 ? vec4(unpackHalf2x16(pairs.x), unpackHalf2x16(pairs.y))
                               : uintBitsToFloat(uvec4(pairs.x << 16u, pairs.x & 0xffff0000u, pairs.y << 16u,
                                                       pairs.y & 0xffff0000u));
        }
        vec4 v = vec4(0.0);
        if (i < k) {
            v.x = single(row, i);
        }
        if (i + 1u < k) {
            v.y = single(row, i + 1u);
        }
        if (i + 2u < k) {
            v.z = single(row, i + 2u);
        }
        return v;
    }
    if (q >= k / 4u) {
        return vec4(0.0);
    }
    if (type == Q8_0) {
        uint h = row + block * 17u;
        return float_at(h) * signed_bytes(word_at(h + 1u + 2u * in_block));
    }
    if (type == Q4_0) {
        uint h = row + block * 9u;
        uint nibbles = word_at(h + 1u + 2u * (in_block & 3u)) >> (in_block & 4u);
        return float_at(h) * (unsigned_bytes(nibbles & 0x0f0f0f0fu) - 8.0);
    }
    if (type == Q4_1) {
        uint at = row / 2u + block * 5u;
        vec2 scale = unpackHalf2x16(weights1[at]);
        uint nibbles = weights1[at + 1u + (in_block & 3u)] >> (in_block & 4u);
        return scale.x * unsigned_bytes(nibbles & 0x0f0f0f0fu) + scale.y;
    }
    block = q / 64u;
    in_block = q & 63u;
    if (type == Q4_K) {
        uint at = row / 2u + block * 36u;
        vec2 scale = unpackHalf2x16(weights1[at]) *
                     scale_of(uvec3(weights1[at + 1u], weights1[at + 2u], weights1[at + 3u]), in_block / 8u);
        uint nibbles = weights1[at + 4u + in_block / 16u * 8u + (in_block & 7u)] >> (in_block / 2u & 4u);
        return scale.x * unsigned_bytes(nibbles & 0x0f0f0f0fu) - scale.y;
    }
    // Q6_K: of each half of 128 elements 64 bytes of low nibbles, 32 bytes of pairs of high bits, 8 scales.
    uint h = row + block * 105u, part = in_block / 32u, stripe = in_block / 8u & 3u, quad_ = in_block & 7u;
    uint low = word_at(h + 32u * part + 16u * (stripe & 1u) + 2u * quad_) >> (2u * (stripe & 2u)) & 0x0f0f0f0fu;
    uint high = word_at(h + 64u + 16u * part + 2u * quad_) >> (2u * stripe) & 0x03030303u;
    int scale = int(byte_at(h + 96u, 8u * part + 2u * stripe + quad_ / 4u) << 24u) >> 24;
    return float_at(h + 104u) * float(scale) * (unsigned_bytes(low | high << 4u) - 32.0);
}
