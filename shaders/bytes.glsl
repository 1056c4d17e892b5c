// Numbers of 8 bits, four to a word, and a block of 32 elements as ZC_CACHE_Q8_0 has them: such numbers and a scale.

vec4 signed_bytes(uint word)
{
    return vec4(int(word << 24u) >> 24, int(word << 16u) >> 24, int(word << 8u) >> 24, int(word) >> 24);
}

// The greatest magnitude of elements, as bits, which tell more than comparisons: a NaN is above infinity.
uint most_of(vec4 x)
{
    uvec4 bits = floatBitsToUint(x) & 0x7fffffffu;
    return max(max(bits.x, bits.y), max(bits.z, bits.w));
}

// The scale of a block whose greatest magnitude that is: what float16 has nearest to a 127th. By bits, because what a
// compiler makes of packing and unpacking may be nothing (halves.glsl).
float block_scale(uint most)
{
    float scale = uintBitsToFloat(most) / 127.0;
    if (most < 0x3bfe0000u && scale < 1.0 / 16384.0) { // without a leading one: in whole multiples of 2^-24
        return float(uint(scale * 16777216.0 + 0.5)) / 16777216.0;
    }
    uint bits = floatBitsToUint(scale);
    bits = bits + 0xfffu + (bits >> 13u & 1u) & 0xffffe000u;
    bool fits = most < INFINITY_BITS && bits < 0x47800000u; // 2^16
    return uintBitsToFloat(fits ? bits : NAN_BITS);
}

uint half_bits(float scale)
{
    return finite(scale) ? packHalf2x16(vec2(scale, 0.0)) : 0x7e00u;
}

uint byte_of(float x, float scale)
{
    float number = clamp(x / scale, -127.0, 127.0);
    return uint(int(number + (number < 0.0 ? -0.5 : 0.5))) & 0xffu;
}

uint bytes_of(vec4 x, float scale)
{
    if (scale == 0.0 || !finite(scale)) {
        return 0u;
    }
    return byte_of(x.x, scale) | byte_of(x.y, scale) << 8u | byte_of(x.z, scale) << 16u | byte_of(x.w, scale) << 24u;
}

// The 64 elements of a row of `ld` from column c on, a multiple of 64, which begins at word `row`. FOUR(column) gives four,
// and put_word(at, word) takes words. Two blocks, because their scales share a word.
#define PUT_BLOCKS(row, ld, c)                                                          \
    uint scales = 0u;                                                                   \
    for (uint begin = c; begin < (c) + 64u; begin += 32u) {                             \
        uint most = 0u;                                                                 \
        for (uint e = begin; e < begin + 32u; e += 4u) {                                \
            most = max(most, most_of(FOUR(e)));                                         \
        }                                                                               \
        float scale = block_scale(most);                                                \
        for (uint e = begin; e < begin + 32u; e += 4u) {                                \
            put_word((row) + e / 4u, bytes_of(FOUR(e), scale));                         \
        }                                                                               \
        scales |= half_bits(scale) << (begin - (c)) / 2u;                               \
    }                                                                                   \
    put_word((row) + (ld) / 4u + (c) / 64u, scales);
