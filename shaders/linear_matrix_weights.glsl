// Weights for matrix units: 16 elements of a slice of DEPTH of a row at a time, as float16 that are exact, and the
// scale that their sums are multiplied by. Positions as in weights.glsl; `row` is the half-word where a row starts.

// What is read for 16 elements, before anything is computed from it.
struct Sixteen
{
    uvec4 a;
    uint a4;
    uvec4 b;
    uint b4;
    uint scale, more;
};

// Four words that start at half-word h, or two; in `next` what completes the last one where h is odd.
uvec4 words_at(uint h, out uint next)
{
    uint at = h / 2u;
    next = weight_word(at + 3u + (h & 1u));
    return uvec4(weight_word(at), weight_word(at + 1u), weight_word(at + 2u), weight_word(at + 3u));
}

uvec2 two_words_at(uint h, out uint next)
{
    uint at = h / 2u;
    next = weight_word(at + 1u + (h & 1u));
    return uvec2(weight_word(at), weight_word(at + 1u));
}

uvec4 shifted(uint h, uvec4 v, uint next)
{
    return (h & 1u) != 0u ? v >> 16u | uvec4(v.yzw, next) << 16u : v;
}

// The half-word of part p of slice s where its numbers start, for types of which it may be odd.
uint start_of(uint row, uint s, uint p)
{
    return IS(Q8_0) ? row + 17u * s + 1u + 8u * p : IS(Q4_0) ? row + 9u * s + 1u + 4u * p : row;
}

Sixteen load_part(uint row, uint s, uint p)
{
    Sixteen v = Sixteen(uvec4(0u), 0u, uvec4(0u), 0u, 0u, 0u);
    if (IS(F16)) {
        // Beyond k anything that is there.
        uint last = (row + push.k - 1u) / 2u, at = (row + DEPTH * s + 16u * p) / 2u;
        [[unroll]] for (uint i = 0u; i < 4u; i++) {
            v.a[i] = weight_word(min(at + i, last));
            v.b[i] = weight_word(min(at + 4u + i, last));
        }
        v.b4 = weight_word(min(at + 8u, last));
    } else if (IS(Q8_0)) {
        v.a = words_at(start_of(row, s, p), v.a4);
        v.scale = weight_word((row + 17u * s) / 2u);
    } else if (IS(Q4_0)) {
        v.a.xy = two_words_at(start_of(row, s, p), v.a4);
        v.scale = weight_word((row + 9u * s) / 2u);
    } else if (IS(Q4_1)) {
        uint at = row / 2u + 5u * s;
        v.a.xy = uvec2(weight_word(at + 1u + 2u * p), weight_word(at + 2u + 2u * p));
        v.scale = weight_word(at);
    } else if (IS(Q4_K)) {
        uint at = row / 2u + s / 8u * 36u, numbers = at + 4u + (s & 7u) / 2u * 8u + 4u * p;
        if ((WEIGHTS_START & 3u) == 0u) { // and so are all blocks
            v.a = weight_words(numbers / 4u);
            v.b = weight_words(at / 4u);
        } else {
            v.a = uvec4(weight_word(numbers), weight_word(numbers + 1u), weight_word(numbers + 2u),
                        weight_word(numbers + 3u));
            v.b = uvec4(weight_word(at), weight_word(at + 1u), weight_word(at + 2u), weight_word(at + 3u));
        }
    } else {
        uint h = row + s / 8u * 105u, part = s / 4u & 1u, stripe = s & 3u;
        v.a = words_at(h + 32u * part + 16u * (stripe & 1u) + 8u * p, v.a4);
        v.b = words_at(h + 64u + 16u * part + 8u * p, v.b4);
        v.scale = weight_word((h + 96u + 4u * part + stripe) / 2u);
        v.more = weight_word(h / 2u + 52u);
    }
    return v;
}

// The numbers as 16 bytes, in the order of the octets that octet_of() says.
uvec4 bytes_of(Sixteen v, uint row, uint s, uint p)
{
    if (IS(Q8_0)) {
        return shifted(start_of(row, s, p), v.a, v.a4) ^ 0x80808080u;
    }
    if (IS(Q4_0)) {
        uvec4 four = shifted(start_of(row, s, p), uvec4(v.a.xy, v.a4, 0u), 0u);
        return uvec4(four.xy, four.xy >> 4u) & 0x0f0f0f0fu;
    }
    if (IS(Q4_1)) {
        return uvec4(v.a.xy, v.a.xy >> 4u) & 0x0f0f0f0fu;
    }
    if (IS(Q4_K)) {
        return v.a >> (4u * (s & 1u)) & 0x0f0f0f0fu;
    }
    uint h = row + s / 8u, stripe = s & 3u; // h: odd as the block's start is
    uvec4 low = shifted(h, v.a, v.a4) >> (2u * (stripe & 2u)) & 0x0f0f0f0fu;
    uvec4 high = shifted(h, v.b, v.b4) >> (2u * stripe) & 0x03030303u;
    return low | high << 4u;
}

// Where octet i of a part stands in its slice.
uint octet_of(uint p, uint i)
{
    return IS(Q4_0) || IS(Q4_1) ? p + 2u * i : 2u * p + i;
}

// Four bytes as float16, less what stands for 0. The float16 with the bits 0x6400 + n is 1024 + n.
uvec2 halves_of(uint bytes)
{
    float zero = IS(Q8_0) ? 1152.0 : IS(Q4_0) ? 1032.0 : IS(Q6_K) ? 1056.0 : 1024.0;
    uint low = bytes & 0xffu | (bytes & 0xff00u) << 8u, high = bytes >> 16u & 0xffu | (bytes & 0xff000000u) >> 8u;
    return uvec2(packFloat2x16(unpackFloat2x16(low | 0x64006400u) - f16vec2(zero)),
                 packFloat2x16(unpackFloat2x16(high | 0x64006400u) - f16vec2(zero)));
}

// Two octets of float16.
void decode_part(Sixteen v, uint row, uint s, uint p, out uvec4 first, out uvec4 second)
{
    if (IS(F16)) {
        uint left = push.k - min(push.k, DEPTH * s + 16u * p);
        first = (row & 1u) != 0u ? v.a >> 16u | uvec4(v.a.yzw, v.b.x) << 16u : v.a;
        second = (row & 1u) != 0u ? v.b >> 16u | uvec4(v.b.yzw, v.b4) << 16u : v.b;
        [[unroll]] for (uint i = 0u; i < 4u; i++) {
            first[i] = left > 2u * i + 1u ? first[i] : left > 2u * i ? first[i] & 0xffffu : 0u;
            second[i] = left > 2u * i + 9u ? second[i] : left > 2u * i + 8u ? second[i] & 0xffffu : 0u;
        }
        return;
    }
    uvec4 bytes = bytes_of(v, row, s, p);
    first = uvec4(halves_of(bytes.x), halves_of(bytes.y));
    second = uvec4(halves_of(bytes.z), halves_of(bytes.w));
}

// What the sums of a part are multiplied by; but for Q6_K the same for both parts of a slice.
float part_scale(Sixteen v, uint row, uint s, uint p)
{
    if (IS(Q8_0) || IS(Q4_0)) {
        return float_of(row + s, v.scale); // a block has an odd number of half-words
    }
    if (IS(Q4_1)) {
        return unpackHalf2x16(v.scale).x;
    }
    if (IS(Q4_K)) {
        return unpackHalf2x16(v.b.x).x * scale_of(v.b.yzw, s & 7u).x;
    }
    uint h = row + s / 8u, shift = 16u * (h + s & 1u) + 8u * p;
    return float_of(h, v.more) * float(int(v.scale >> shift << 24u) >> 24);
}

// Minima, which are weights of the columns that are sums of blocks. Part p of the slice s of them.

Sixteen load_minima(uint row, uint s, uint p)
{
    Sixteen v = Sixteen(uvec4(0u), 0u, uvec4(0u), 0u, 0u, 0u);
    if (IS(Q4_1)) {
        uint blocks = slices_of_k();
        [[unroll]] for (uint i = 0u; i < 16u; i++) {
            uint block = DEPTH * s + 16u * p + i;
            uint minimum = block < blocks ? weight_word(row / 2u + 5u * block) >> 16u : 0u;
            if (i < 8u) {
                v.a[i / 2u] |= minimum << (16u * (i & 1u));
            } else {
                v.b[i / 2u - 4u] |= minimum << (16u * (i & 1u));
            }
        }
    } else if (IS(Q4_K)) {
        uint blocks = push.k / 256u, mine = 2u * s + p, other = 2u * s + 1u - p;
        if (mine < blocks) {
            uint at = row / 2u + 36u * mine;
            v.b = uvec4(weight_word(at), weight_word(at + 1u), weight_word(at + 2u), weight_word(at + 3u));
        }
        v.scale = other < blocks ? weight_word(row / 2u + 36u * other) : 0u;
    }
    return v;
}

// Of the blocks of Q4_K there are two in a slice; the greater one's scale is that of the slice.
float minima_scale(Sixteen v)
{
    return IS(Q4_K) ? max(abs(unpackHalf2x16(v.b.x).y), abs(unpackHalf2x16(v.scale).y)) : 1.0;
}

void decode_minima(Sixteen v, out uvec4 first, out uvec4 second)
{
    first = v.a;
    second = v.b;
    if (IS(Q4_K)) {
        float most = minima_scale(v), ratio = most > 0.0 ? -unpackHalf2x16(v.b.x).y / most : 0.0;
        [[unroll]] for (uint i = 0u; i < 8u; i++) {
            float minimum = ratio * scale_of(v.b.yzw, i).y;
            uint high = packHalf2x16(vec2(minimum, 0.0));
            uint both = high | packHalf2x16(vec2(0.0, minimum - unpackHalf2x16(high).x));
            if (i < 4u) {
                first[i] = both;
            } else {
                second[i - 4u] = both;
            }
        }
    }
}
