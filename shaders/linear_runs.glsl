// Types of weights whose unit is two runs of 16: whole numbers, one a byte, of each run a scale and for some types a minimum,
// such that a weight is scale * (number - RUN_ZERO) - minimum. Everything else about them is the same, in linear_vector.glsl,
// linear_dot.glsl and linear_lanes.glsl.
//
// A unit is a block of 32: its first half, then its second; or, of a block of 256, one half each of two neighbouring blocks
// of 32, since these share bytes.

const bool runs = IS(Q5_0) || IS(Q5_1) || IS(Q2_K) || IS(Q3_K) || IS(Q5_K) || IS(IQ4_NL) || IS(IQ4_XS) || IS(MXFP4);
const bool runs_apart = IS(Q2_K) || IS(Q3_K) || IS(Q5_K);
const bool signed_runs = IS(IQ4_NL) || IS(IQ4_XS); // of signed bytes; else below 32
const bool run_minima = IS(Q5_1) || IS(Q2_K) || IS(Q5_K);
const int RUN_ZERO = IS(Q3_K) ? 4 : IS(Q5_0) || IS(MXFP4) ? 16 : 0;

// The block of 32 of unit u in which run i is, and the half of it.
uint run_block(uint u, uint i)
{
    return runs_apart ? u / 8u * 8u + 2u * (u / 2u & 3u) + i : u;
}

uint run_half(uint u, uint i)
{
    return runs_apart ? u & 1u : i;
}

// Units: a has the low bits of numbers, b the high ones of those that have any apart, c and d what scales need.

Unit load_unit_Q5_0(uint row, uint u)
{
    uint h = row + 11u * u;
    uvec2 head = two_words_of(h);
    return Unit(four_words_of(h + 3u), uvec4(next_half(head.x, head.y), 0u, 0u, 0u), head.x, 0u);
}

Unit load_unit_Q5_1(uint row, uint u)
{
    uint at = row / 2u + 6u * u;
    uvec4 words = four_words(at);
    return Unit(uvec4(words.zw, two_words_of(2u * at + 8u)), uvec4(words.y, 0u, 0u, 0u), words.x, 0u);
}

Unit load_unit_Q2_K(uint row, uint u)
{
    uint at = row / 2u + u / 8u * 21u, part = u / 4u & 1u;
    uvec4 words = four_words(at + 4u + 8u * part + 4u * (u & 1u)) >> 2u * (u & 2u);
    uvec2 scales = two_words_of(2u * at + 4u * part) >> 8u * (u & 1u);
    return Unit(words, uvec4(0u), weight_word(at + 20u), (u & 2u) != 0u ? scales.y : scales.x);
}

Unit load_unit_Q3_K(uint row, uint u)
{
    uint h = row + u / 8u * 55u, part = u / 4u & 1u, pair = u / 2u & 3u;
    uvec4 words = four_words_of(h + 16u + 16u * part + 8u * (u & 1u)) >> 2u * (u & 2u);
    uvec2 a = two_words_of(h + 48u), b = two_words_of(h + 51u); // of the latter the upper three half-words
    uint four = ((u & 2u) != 0u ? a.y : a.x) >> 4u * part, two = next_half(b.x, b.y) >> 2u * pair;
    uint scales = (four & 0x0f0f0f0fu | (two & 0x03030303u) << 4u) >> 8u * (u & 1u);
    return Unit(words, four_words_of(h + 8u * (u & 1u)) >> 2u * pair, b.y >> 16u, scales);
}

// d: scales of both runs, then minima.
Unit load_unit_Q5_K(uint row, uint u)
{
    uint at = row / 2u + u / 8u * 44u, pair = u / 2u & 3u;
    uvec4 head = four_words(at);
    uvec3 words = head.yzw >> 16u * (pair & 1u);
    uint scales = pair < 2u ? words.x & 0x3f3fu : words.z & 0x0f0fu | words.x >> 2u & 0x3030u;
    uint minima = pair < 2u ? words.y & 0x3f3fu : words.z >> 4u & 0x0f0fu | words.y >> 2u & 0x3030u;
    return Unit(four_words(at + 12u + 4u * (u & 7u)), four_words(at + 4u + 4u * (u & 1u)) >> 2u * pair, head.x,
                scales | minima << 16u);
}

Unit load_unit_IQ4_NL(uint row, uint u)
{
    uint h = row + 9u * u;
    return Unit(four_words_of(h + 1u), uvec4(0u), half_at(h), 0u);
}

Unit load_unit_IQ4_XS(uint row, uint u)
{
    uint at = row / 2u + u / 8u * 34u;
    uvec2 head = two_words_of(2u * at);
    return Unit(four_words(at + 2u + 4u * (u & 7u)), uvec4(0u), head.x, head.y);
}

// 17 bytes, which begin at any: the first is the scale.
Unit load_unit_MXFP4(uint row, uint u)
{
    uint h = mxfp4_at(row, u), at = h / 2u, shift = mxfp4_bit(h, u);
    uvec4 words = four_words(at), next = uvec4(words.yzw, weight_word(at + 4u));
    return Unit(words >> shift >> 8u | next << 24u - shift, uvec4(0u), words.x >> shift, 0u);
}

// The numbers of run i of unit u.
uvec4 run_numbers(Unit unit, uint i)
{
    if (IS(Q2_K) || IS(Q3_K)) {
        uvec4 low = unit.a >> 2u * i & 0x03030303u;
        return IS(Q3_K) ? low | unit.b << 2u - i & 0x04040404u : low;
    }
    uvec4 low = unit.a >> 4u * i;
    if (IS(Q5_K)) {
        return low & 0x0f0f0f0fu | unit.b << 4u - i & 0x10101010u;
    }
    if (IS(Q5_0) || IS(Q5_1)) {
        uint high = unit.b.x >> 16u * i;
        return low & 0x0f0f0f0fu |
               uvec4(fifth_bits(high), fifth_bits(high >> 4u), fifth_bits(high >> 8u), fifth_bits(high >> 12u));
    }
    if (IS(MXFP4)) {
        return fp4_numbers(low);
    }
    return iq4_numbers(low) ^ 0x80808080u;
}

// Scale and minimum of a run are those of unit u times the run's own: whole numbers, or 1.
vec2 unit_scale(Unit unit, uint u)
{
    vec2 d = unpackHalf2x16(unit.c);
    float scale = IS(MXFP4) ? e8m0(unit.c) : IS(IQ4_XS) ? iq4_xs_scale(uvec2(unit.c, unit.d), u & 7u) : d.x;
    return vec2(scale, IS(Q5_1) ? -d.y : d.y);
}

vec2 run_scale(Unit unit, uint i)
{
    if (IS(Q5_K)) {
        uint numbers = unit.d >> 8u * i;
        return vec2(numbers & 0xffu, numbers >> 16u & 0xffu);
    }
    if (IS(Q2_K)) {
        uint numbers = unit.d >> 16u * i;
        return vec2(numbers & 15u, numbers >> 4u & 15u);
    }
    return vec2(IS(Q3_K) ? float(int(unit.d >> 16u * i & 63u) - 32) : 1.0, 1.0);
}
