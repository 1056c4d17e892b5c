// Codes of few bits that are no plain numbers, four of them in a word at a time: in the lowest bits of each byte, whatever is
// in the others; and four words. (A vector, and macros: drivers have a copy of a function for each call.) Tables would be read from memory at an index of each invocation's own, so bits choose by arithmetic.

// 0xff where bit `bit` of a byte is set, else 0.
#define BYTES_WITH(codes, bit) (((codes) >> (bit)&0x01010101u) * 255u)
#define EITHER_OF(where_, yes, no) ((no) ^ ((no) ^ (yes)) & (where_))
// The same two numbers, of eight bits, in every byte.
#define BOTH(where_, yes, no) EITHER_OF(where_, uvec4((yes) * 0x01010101u), uvec4((no) * 0x01010101u))

// The 16 numbers of IQ4_NL and IQ4_XS, as bytes less 128: -127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69,
// 89, 113.
uvec4 iq4_numbers(uvec4 codes)
{
    uvec4 a = BYTES_WITH(codes, 0u), b = BYTES_WITH(codes, 1u), c = BYTES_WITH(codes, 2u), d = BYTES_WITH(codes, 3u);
    uvec4 n0 = BOTH(a, 24u, 1u), n1 = BOTH(a, 63u, 45u), n2 = BOTH(a, 93u, 79u), n3 = BOTH(a, 118u, 106u);
    uvec4 n4 = BOTH(a, 141u, 129u), n5 = BOTH(a, 166u, 153u), n6 = BOTH(a, 197u, 181u), n7 = BOTH(a, 241u, 217u);
    n0 = EITHER_OF(b, n1, n0);
    n2 = EITHER_OF(b, n3, n2);
    n4 = EITHER_OF(b, n5, n4);
    n6 = EITHER_OF(b, n7, n6);
    n0 = EITHER_OF(c, n2, n0);
    n4 = EITHER_OF(c, n6, n4);
    return EITHER_OF(d, n4, n0);
}

// FP4 (a sign, two bits of exponent, one of fraction): twice the number, 0 1 2 3 4 6 8 12, plus 16.
uvec4 fp4_numbers(uvec4 codes)
{
    uvec4 size = codes & 0x07070707u, more = codes & (codes >> 2u & 0x01010101u) * 3u; // of 4 and more the lower bits
    size += more + ((more & more >> 1u) << 1u);
    return 0x10101010u + size - ((size & BYTES_WITH(codes, 3u)) << 1u);
}

// Half of what a scale of 8 bits of exponent (E8M0) is, for twice the number.
float e8m0(uint exponent)
{
    exponent &= 0xffu;
    return uintBitsToFloat(exponent < 2u ? 0x00200000u << exponent : exponent - 1u << 23u);
}

// Four bits as the fifth ones of bytes.
uint fifth_bits(uint bits)
{
    return (bits & 15u) * 0x00204081u << 4u & 0x10101010u;
}

// Four FP8 (E4M3: a sign, four bits of exponent, three of fraction; all ones are NaN). Float16 has the same bits 7 further
// up, and the exponent 8 more. Without a leading one v is what it would be with it, between 2^-7 and 2^-6, and 2 v - 2^-6 is
// right; from 2^-6 on that is no less than v.
vec4 f8_e4m3(uint word)
{
    vec2 a = unpackHalf2x16((word << 7u & 0x3f803f80u) + 0x20002000u);
    vec2 b = unpackHalf2x16((word >> 1u & 0x3f803f80u) + 0x20002000u);
    vec4 v = vec4(a.x, b.x, a.y, b.y);
    v = min(v, 2.0 * v - 0.015625);
    v = mix(v, vec4(uintBitsToFloat(NAN_BITS)), greaterThan(v, vec4(464.0)));
    return uintBitsToFloat(floatBitsToUint(v) | uvec4(word << 24u, word << 16u, word << 8u, word) & 0x80000000u);
}

// Of the head of a block of IQ4_XS, d and 8 pairs of bits, then 8 nibbles: the scale of sub-block i.
float iq4_xs_scale(uvec2 head, uint i)
{
    uint number = head.y >> 4u * i & 15u | (head.x >> 16u + 2u * i & 3u) << 4u;
    return unpackHalf2x16(head.x).x * float(int(number) - 32);
}
