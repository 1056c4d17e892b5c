// Types of weights whose unit is two runs of 16: whole numbers, one a byte, of each run a scale and a minimum, such that a
// weight is scale * number - minimum. Everything else about them is the same, in linear_vector.glsl, linear_dot.glsl and
// linear_lanes.glsl.
//
// A unit is a block of 32: its first half, then its second; or, of a block of 256, one half each of two neighbouring blocks
// of 32, since these share bytes.

const bool runs = IS(Q5_0) || IS(Q5_1) || IS(Q2_K) || IS(Q3_K) || IS(Q5_K) || IS(IQ4_NL) || IS(IQ4_XS) || IS(MXFP4);
const bool runs_apart = IS(Q2_K) || IS(Q3_K) || IS(Q5_K);
const bool signed_runs = IS(IQ4_NL) || IS(IQ4_XS); // of signed bytes; else below 32

// The block of 32 of unit u in which run i is, and the half of it.
uint run_block(uint u, uint i)
{
    return runs_apart ? u / 8u * 8u + 2u * (u / 2u & 3u) + i : u;
}

uint run_half(uint u, uint i)
{
    return runs_apart ? u & 1u : i;
}

// Units: a has the low bits; where there is one, c the high bits; b what scales need.

// Words of which two bits of each byte count, in one.
uint pairs_of(uvec4 words)
{
    words &= 0x03030303u;
    return words.x | words.y << 2u | words.z << 4u | words.w << 6u;
}

Unit load_unit_Q5_0(uint row, uint u)
{
    uint h = row + 11u * u;
    uvec2 head = two_words_of(h);
    return Unit(four_words_of(h + 3u), uvec4(head.x, 0u, 0u, 0u), next_half(head.x, head.y));
}

Unit load_unit_Q5_1(uint row, uint u)
{
    uint at = row / 2u + 6u * u;
    uvec4 words = four_words(at);
    return Unit(uvec4(words.zw, two_words_of(2u * at + 8u)), uvec4(words.x, 0u, 0u, 0u), words.y);
}

Unit load_unit_Q2_K(uint row, uint u)
{
    uint at = row / 2u + u / 8u * 21u, part = u / 4u & 1u;
    uvec4 words = four_words(at + 4u + 8u * part + 4u * (u & 1u)) >> 2u * (u & 2u);
    uvec2 scales = two_words_of(2u * at + 4u * part) >> 8u * (u & 1u);
    return Unit(words, uvec4(weight_word(at + 20u), (u & 2u) != 0u ? scales.y : scales.x, 0u, 0u), 0u);
}

Unit load_unit_Q3_K(uint row, uint u)
{
    uint h = row + u / 8u * 55u, part = u / 4u & 1u, pair = u / 2u & 3u;
    uvec4 words = four_words_of(h + 16u + 16u * part + 8u * (u & 1u)) >> 2u * (u & 2u);
    uvec4 high = four_words_of(h + 8u * (u & 1u)) >> 2u * pair;
    uvec2 a = two_words_of(h + 48u), b = two_words_of(h + 51u); // of the latter the upper three half-words
    uint four = ((pair & 1u) != 0u ? a.y : a.x) >> 4u * part, two = next_half(b.x, b.y) >> 2u * pair;
    uint scales = (four & 0x0f0f0f0fu | (two & 0x03030303u) << 4u) >> 8u * (u & 1u);
    return Unit(words, uvec4(b.y >> 16u, scales, 0u, 0u), pairs_of(high));
}

Unit load_unit_Q5_K(uint row, uint u)
{
    uint at = row / 2u + u / 8u * 44u;
    uvec4 high = four_words(at + 4u + 4u * (u & 1u)) >> 2u * (u / 2u & 3u);
    return Unit(four_words(at + 12u + 4u * (u & 7u)), four_words(at), pairs_of(high));
}

Unit load_unit_IQ4_NL(uint row, uint u)
{
    uint h = row + 9u * u;
    return Unit(four_words_of(h + 1u), uvec4(half_at(h), 0u, 0u, 0u), 0u);
}

Unit load_unit_IQ4_XS(uint row, uint u)
{
    uint at = row / 2u + u / 8u * 34u;
    return Unit(four_words(at + 2u + 4u * (u & 7u)), uvec4(two_words_of(2u * at), 0u, 0u), 0u);
}

// 17 bytes, which begin at any: the first is the scale.
Unit load_unit_MXFP4(uint row, uint u)
{
    uint byte_ = 2u * row + 17u * u, at = byte_ / 4u, shift = 8u * (byte_ & 3u);
    uvec4 words = four_words(at), next = uvec4(words.yzw, weight_word(at + 4u));
    return Unit(words >> shift >> 8u | next << 24u - shift, uvec4(words.x >> shift, 0u, 0u, 0u), 0u);
}

// The numbers of run i of unit u.
uvec4 run_numbers(Unit unit, uint i)
{
    uvec4 low = unit.a >> (IS(Q2_K) || IS(Q3_K) ? 2u * i : 4u * i);
    if (IS(Q2_K)) {
        return low & 0x03030303u;
    }
    if (IS(Q3_K) || IS(Q5_K)) {
        uvec4 high = uvec4(unit.c, unit.c >> 2u, unit.c >> 4u, unit.c >> 6u) >> i & 0x01010101u;
        return IS(Q3_K) ? low & 0x03030303u | high << 2u : low & 0x0f0f0f0fu | high << 4u;
    }
    if (IS(Q5_0) || IS(Q5_1)) {
        uint high = unit.c >> 16u * i;
        return low & 0x0f0f0f0fu |
               uvec4(fifth_bits(high), fifth_bits(high >> 4u), fifth_bits(high >> 8u), fifth_bits(high >> 12u));
    }
    return IS(MXFP4) ? uvec4(fp4_bytes(low.x), fp4_bytes(low.y), fp4_bytes(low.z), fp4_bytes(low.w))
                     : uvec4(iq4_bytes(low.x), iq4_bytes(low.y), iq4_bytes(low.z), iq4_bytes(low.w));
}

// Its scale and its minimum.
vec2 run_scale(Unit unit, uint u, uint i)
{
    vec2 d = unpackHalf2x16(unit.b.x);
    if (IS(Q5_K)) {
        return d * scale_of(unit.b.yzw, run_block(u, i) & 7u);
    }
    if (IS(Q2_K)) {
        uint number = unit.b.y >> 16u * i;
        return d * vec2(number & 15u, number >> 4u & 15u);
    }
    if (IS(Q3_K)) {
        return d.x * float(int(unit.b.y >> 16u * i & 63u) - 32) * vec2(1.0, 4.0);
    }
    if (IS(Q5_1)) {
        return vec2(d.x, -d.y);
    }
    float scale = IS(MXFP4) ? e8m0(unit.b.x) : IS(IQ4_XS) ? iq4_xs_scale(unit.b.xy, u & 7u) : d.x;
    return vec2(scale, signed_runs ? 0.0 : 16.0 * scale); // of Q5_0 and MXFP4
}
