// Weights for matrix units: 16 elements of a slice of DEPTH of a row at a time, as float16 that are exact, and the
// scale that their sums are multiplied by. Positions as in weights.glsl; `row` is the half-word where a row starts.

// A request for memory takes as long as it touches lines, one for each row: so a block is read by two vectors of four words
// that contain what is needed, wherever that starts, and not by words.

// Eight words from a multiple of four on, as they are read.
struct Window
{
    uvec4 a, b;
};

// What is read for 16 elements, before anything is computed from it.
struct Sixteen
{
    Window numbers;
    Window more; // high bits in its second half or all of it, scales of Q4_K and Q5_K in its first
    uvec3 scales;
    uint scale;
};

#ifdef ZC_MSL

// There four words are one load at any word. So a window has the five words from `at` on.

uvec4 four_words(uint at)
{
#ifdef TWO_MATRICES
    if (SECOND) {
        return uvec4(second1[at], second1[at + 1u], second1[at + 2u], second1[at + 3u]);
    }
#endif
    return uvec4(weights1[at], weights1[at + 1u], weights1[at + 2u], weights1[at + 3u]);
}

Window window_at(uint at)
{
    uint end = WEIGHTS_START + (push.n * row_halves(push.k) + 1u) / 2u;
    Window w = Window(uvec4(0u), uvec4(0u));
    if (at + 5u <= end) {
        w.a = four_words(at);
        w.b.x = weight_word(at + 4u);
    } else { // the last blocks: not beyond what there is
        [[unroll]] for (uint i = 0u; i < 4u; i++) {
            w.a[i] = weight_word(min(at + i, end - 1u));
        }
        w.b.x = weight_word(min(at + 4u, end - 1u));
    }
    return w;
}

uvec4 words_of(Window w, uint at, out uint next)
{
    next = w.b.x;
    return w.a;
}

#define FOUR_WORDS four_words

#else

// That with word `at`; what needs more than the five words from there on does not take them from it.
Window window_at(uint at)
{
    uint v = at / 4u, end = WEIGHTS_START + (push.n * row_halves(push.k) + 1u) / 2u;
    Window w;
    if (4u * v + 8u <= end) {
        w.a = weight_words(v);
        w.b = weight_words(v + 1u);
    } else { // the last blocks: not beyond what there is
        [[unroll]] for (uint i = 0u; i < 4u; i++) {
            w.a[i] = weight_word(min(4u * v + i, end - 1u));
            w.b[i] = weight_word(min(4u * v + 4u + i, end - 1u));
        }
    }
    return w;
}

// The four words from word `at` on, and the next one.
uvec4 words_of(Window w, uint at, out uint next)
{
    bool two = (at & 2u) != 0u, one = (at & 1u) != 0u;
    uvec4 a = two ? uvec4(w.a.zw, w.b.xy) : w.a;
    uvec2 b = two ? w.b.zw : w.b.xy;
    next = one ? b.y : b.x;
    return one ? uvec4(a.yzw, b.x) : a;
}

#define FOUR_WORDS(at)                                                                                               \
    (whole ? weight_words(at / 4u)                                                                                   \
           : uvec4(weight_word(at), weight_word(at + 1u), weight_word(at + 2u), weight_word(at + 3u)))
#endif

// Four words that start at half-word h, from the words that contain them and the next one.
uvec4 shifted(uint h, uvec4 v, uint next)
{
    return (h & 1u) != 0u ? v >> 16u | uvec4(v.yzw, next) << 16u : v;
}

uvec4 words_from(Window w, uint h)
{
    uint next;
    uvec4 v = words_of(w, h / 2u, next);
    return shifted(h, v, next);
}

const bool blocks_of_256 = IS(Q4_K) || IS(Q6_K) || IS(Q5_K) || IS(Q2_K) || IS(Q3_K) || IS(IQ4_XS);

// Half-words of a block, of 256 or 32 elements; the half-word where that with slice s starts.
const uint BLOCK_HALVES = IS(Q8_0) || IS(MXFP4)   ? 17u
                          : IS(Q4_0) || IS(IQ4_NL) ? 9u
                          : IS(Q4_1)               ? 10u
                          : IS(Q5_0)               ? 11u
                          : IS(Q5_1)               ? 12u
                          : IS(Q4_K)               ? 72u
                          : IS(Q5_K)               ? 88u
                          : IS(Q2_K)               ? 42u
                          : IS(Q3_K)               ? 55u
                          : IS(IQ4_XS)             ? 68u
                                                   : 105u;

uint block_at(uint row, uint s)
{
    return row + (blocks_of_256 ? s / 8u : s) * BLOCK_HALVES;
}

// The half-word where part p of slice s has its numbers, or 16 low halves of them, or their lowest bits.
uint numbers_at(uint row, uint s, uint p)
{
    uint block = block_at(row, s), half_ = s / 4u & 1u;
    return IS(Q8_0)                  ? block + 1u + 8u * p
           : IS(Q4_0) || IS(IQ4_NL) ? block + 1u + 4u * p
           : IS(Q5_0)               ? block + 3u + 4u * p
           : IS(Q5_1)               ? block + 4u + 4u * p
           : IS(Q2_K)               ? block + 8u + 16u * half_ + 8u * p
           : IS(Q3_K)               ? block + 16u + 16u * half_ + 8u * p
           : IS(IQ4_XS)             ? block + 4u + 8u * (s & 7u) + 4u * p
                                    : block + 32u * half_ + 16u * (s & 1u) + 8u * p;
}

// Part p of slice s; `v` is what has been read for slice s - 1 of the same row, if s is not 0: some types have in a word
// what several slices need.
void load_part(inout Sixteen v, uint row, uint s, uint p)
{
    uint block = block_at(row, s);
    if (IS(F16)) {
        // Beyond k anything that is there.
        uint last = (row + push.k - 1u) / 2u, at = (row + DEPTH * s + 16u * p) / 2u;
#ifdef ZC_MSL
        if (at + 8u <= last) {
            v.numbers = Window(four_words(at), four_words(at + 4u));
            v.scale = weight_word(at + 8u);
            return;
        }
#endif
        [[unroll]] for (uint i = 0u; i < 4u; i++) {
            v.numbers.a[i] = weight_word(min(at + i, last));
            v.numbers.b[i] = weight_word(min(at + 4u + i, last));
        }
        v.scale = weight_word(min(at + 8u, last));
    } else if (IS(F8_E4M3)) {
        uint last = (row + (push.k - 1u) / 2u) / 2u, at = (row + DEPTH / 2u * s + 8u * p) / 2u;
#ifdef ZC_MSL
        if (at + 4u <= last) {
            v.numbers.a = four_words(at);
            v.scale = weight_word(at + 4u);
            return;
        }
#endif
        [[unroll]] for (uint i = 0u; i < 4u; i++) {
            v.numbers.a[i] = weight_word(min(at + i, last));
        }
        v.scale = weight_word(min(at + 4u, last));
    } else if (IS(Q8_0) || IS(Q4_0) || IS(IQ4_NL)) {
        // The scale, which is the half-word before the numbers of part 0, included.
        v.numbers = window_at((numbers_at(row, s, p) - 1u) / 2u);
    } else if (IS(Q4_1)) {
        v.numbers = window_at(block / 2u);
    } else if (IS(MXFP4)) {
        v.numbers = window_at(mxfp4_at(row, s) / 2u);
    } else if (IS(Q5_0) || IS(Q5_1)) {
        v.numbers = window_at(numbers_at(row, s, p) / 2u);
        v.scales.xy = uvec2(weight_word(block / 2u), weight_word(block / 2u + 1u));
    } else if (IS(IQ4_XS)) {
        v.numbers = window_at(numbers_at(row, s, p) / 2u);
        if ((s & 7u) == 0u) {
            v.scales.xy = uvec2(weight_word(block / 2u), weight_word(block / 2u + 1u));
        }
    } else if (IS(Q4_K) || IS(Q5_K)) {
        // Two slices have their numbers in the same bytes, a block has eight.
        uint at = block / 2u, numbers = at + (IS(Q5_K) ? 12u : 4u) + (s & 7u) / 2u * 8u + 4u * p;
        bool whole = (WEIGHTS_START & 3u) == 0u; // and so are all blocks
        if ((s & 7u) == 0u) {
            v.more.a = FOUR_WORDS(at);
        }
        if (IS(Q5_K)) {
#ifdef ZC_MSL
            if ((s & 1u) == 0u) { // two bits of each byte, in one word: registers are few
                uvec4 high = four_words(at + 4u + 4u * p) >> (s & 7u) & 0x03030303u;
                v.scale = high.x | high.y << 2u | high.z << 4u | high.w << 6u;
            }
#else
            if ((s & 7u) == 0u) {
                v.more.b = FOUR_WORDS((at + 4u + 4u * p));
            }
#endif
        }
        if ((s & 1u) == 0u) {
            v.numbers.a = FOUR_WORDS(numbers);
        }
    } else if (IS(Q2_K)) {
        // Of each half of a block four slices have their numbers in the same bytes.
        if ((s & 3u) == 0u) {
            uint scales = block / 2u + 2u * (s / 4u & 1u);
            v.numbers = window_at(numbers_at(row, s, p) / 2u);
            v.scales.xy = uvec2(weight_word(scales), weight_word(scales + 1u));
            v.scale = weight_word(block / 2u + 20u);
        }
    } else if (IS(Q3_K)) {
        // Likewise; and all eight share the highest bits.
        if ((s & 3u) == 0u) {
            v.numbers = window_at(numbers_at(row, s, p) / 2u);
        }
        if ((s & 7u) == 0u) {
            uint scales = block / 2u + 24u;
            v.more = window_at((block + 8u * p) / 2u);
            v.scales = uvec3(weight_word(scales), weight_word(scales + 1u), weight_word(scales + 2u));
            v.scale = weight_word(scales + 3u);
        }
    } else {
        // Of each half of a block four slices share the high bits and the words of scales.
        uint half_ = s / 4u & 1u, scales = (block + 96u + 4u * half_) / 2u;
        v.numbers = window_at(numbers_at(row, s, p) / 2u);
        if ((s & 3u) == 0u) {
            v.more = window_at((block + 64u + 16u * half_ + 8u * p) / 2u);
            v.scales = uvec3(weight_word(scales), weight_word(scales + 1u), weight_word(scales + 2u));
            v.scale = weight_word(block / 2u + 52u);
        }
    }
}

// The numbers as 16 bytes, in the order of the octets that octet_of() says.
uvec4 bytes_of(Sixteen v, uint row, uint s, uint p)
{
    if (IS(Q8_0) || IS(Q4_0) || IS(IQ4_NL)) {
        // From the scale's half-word on: the numbers of part 0 begin with the second half-word of the window, or third.
        uint h = numbers_at(row, s, p), next;
        uvec4 words = words_of(v.numbers, (h - 1u) / 2u, next);
        words = (h & 1u) != 0u ? shifted(1u, words, next) : uvec4(words.yzw, next);
        return IS(Q8_0)     ? words ^ 0x80808080u
               : IS(IQ4_NL) ? iq4_numbers(uvec4(words.xy, words.xy >> 4u))
                            : uvec4(words.xy, words.xy >> 4u) & 0x0f0f0f0fu;
    }
    if (IS(Q4_1)) {
        uint next;
        uvec4 words = words_of(v.numbers, row / 2u + 5u * s, next);
        uvec2 two = p == 0u ? words.yz : uvec2(words.w, next);
        return uvec4(two, two >> 4u) & 0x0f0f0f0fu;
    }
    if (IS(Q5_0) || IS(Q5_1)) {
        uvec2 two = words_from(v.numbers, numbers_at(row, s, p)).xy;
        uint high = IS(Q5_1) ? v.scales.y : word_of(block_at(row, s) + 1u, v.scales.x, v.scales.y);
        high = (IS(Q5_0) && (block_at(row, s) & 1u) != 0u ? v.scales.y : high) >> 8u * p;
        return uvec4(two, two >> 4u) & 0x0f0f0f0fu |
               uvec4(fifth_bits(high), fifth_bits(high >> 4u), fifth_bits(high >> 16u), fifth_bits(high >> 20u));
    }
    if (IS(IQ4_XS)) {
        uvec2 two = words_from(v.numbers, numbers_at(row, s, p)).xy;
        return iq4_numbers(uvec4(two, two >> 4u));
    }
    if (IS(MXFP4)) {
        uint h = mxfp4_at(row, s), shift = mxfp4_bit(h, s), next;
        uvec4 words = words_of(v.numbers, h / 2u, next);
        uvec3 three = p == 0u ? words.xyz : uvec3(words.z, words.w, next);
        uvec2 two = three.xy >> shift >> 8u | three.yz << 24u - shift;
        return fp4_numbers(uvec4(two, two >> 4u));
    }
    if (IS(Q4_K)) {
        return v.numbers.a >> (4u * (s & 1u)) & 0x0f0f0f0fu;
    }
    if (IS(Q5_K)) {
#ifdef ZC_MSL
        uvec4 high = uvec4(v.scale, v.scale >> 2u, v.scale >> 4u, v.scale >> 6u) >> (s & 1u);
#else
        uvec4 high = v.more.b >> (s & 7u);
#endif
        return v.numbers.a >> (4u * (s & 1u)) & 0x0f0f0f0fu | (high & 0x01010101u) << 4u;
    }
    uvec4 low = words_from(v.numbers, numbers_at(row, s, p));
    uint block = block_at(row, s), half_ = s / 4u & 1u, stripe = s & 3u;
    if (IS(Q2_K)) {
        return low >> 2u * stripe & 0x03030303u;
    }
    if (IS(Q3_K)) {
        uvec4 high = words_from(v.more, block + 8u * p) >> (s & 7u) & 0x01010101u;
        return low >> 2u * stripe & 0x03030303u | high << 2u;
    }
    uvec4 high = words_from(v.more, block + 64u + 16u * half_ + 8u * p) >> (2u * stripe) & 0x03030303u;
    return low >> (2u * (stripe & 2u)) & 0x0f0f0f0fu | high << 4u;
}

// Where octet i of a part stands in its slice: of nibbles the low ones are a block's first half.
const bool halves_in_nibbles = IS(Q4_0) || IS(Q4_1) || IS(Q5_0) || IS(Q5_1) || IS(IQ4_NL) || IS(IQ4_XS) || IS(MXFP4);

uint octet_of(uint p, uint i)
{
    return halves_in_nibbles ? p + 2u * i : 2u * p + i;
}

// Four bytes as float16, less what stands for 0. The float16 with the bits 0x6400 + n is 1024 + n.
uvec2 halves_of(uint bytes)
{
    float zero = IS(Q8_0) || IS(IQ4_NL) || IS(IQ4_XS) ? 1152.0
                 : IS(Q4_0)                           ? 1032.0
                 : IS(Q6_K)                           ? 1056.0
                 : IS(Q5_0) || IS(MXFP4)              ? 1040.0
                 : IS(Q3_K)                           ? 1028.0
                                                      : 1024.0;
    uint low = bytes & 0xffu | (bytes & 0xff00u) << 8u, high = bytes >> 16u & 0xffu | (bytes & 0xff000000u) >> 8u;
    return uvec2(packFloat2x16(unpackFloat2x16(low | 0x64006400u) - f16vec2(zero)),
                 packFloat2x16(unpackFloat2x16(high | 0x64006400u) - f16vec2(zero)));
}

// Four FP8, of which `left` count, as float16.
uvec2 halves_of_f8(uint word, uint left)
{
    word = left > 3u ? word : left > 1u ? word & 0xffffu : 0u; // k is even
#ifdef ZC_MSL
    // As in linear_lanes.glsl. Where one is NaN the four are: so is what comes of them.
    vec2 p = 256.0 * unpackHalf2x16(word << 7u & 0x3f803f80u | word << 8u & 0x80008000u);
    vec2 q = 256.0 * unpackHalf2x16(word >> 1u & 0x3f803f80u | word & 0x80008000u);
    bool none = ((word & 0x7f7f7f7fu) + 0x01010101u & 0x80808080u) != 0u;
    return none ? uvec2(0x7e007e00u) : uvec2(packHalf2x16(vec2(p.x, q.x)), packHalf2x16(vec2(p.y, q.y)));
#else
    vec4 v = f8_e4m3(word);
    return uvec2(packHalf2x16(v.xy), packHalf2x16(v.zw));
#endif
}

// Two octets of float16.
void decode_part(Sixteen v, uint row, uint s, uint p, out uvec4 first, out uvec4 second_)
{
    uint left = push.k - min(push.k, DEPTH * s + 16u * p);
    if (IS(F16)) {
        first = shifted(row, v.numbers.a, v.numbers.b.x);
        second_ = shifted(row, v.numbers.b, v.scale);
        [[unroll]] for (uint i = 0u; i < 4u; i++) {
            first[i] = left > 2u * i + 1u ? first[i] : left > 2u * i ? first[i] & 0xffffu : 0u;
            second_[i] = left > 2u * i + 9u ? second_[i] : left > 2u * i + 8u ? second_[i] & 0xffffu : 0u;
        }
        return;
    }
    if (IS(F8_E4M3)) {
        uvec4 words = shifted(row, v.numbers.a, v.scale);
        first = uvec4(halves_of_f8(words.x, left), halves_of_f8(words.y, left - min(left, 4u)));
        second_ = uvec4(halves_of_f8(words.z, left - min(left, 8u)), halves_of_f8(words.w, left - min(left, 12u)));
        return;
    }
    uvec4 bytes = bytes_of(v, row, s, p);
    first = uvec4(halves_of(bytes.x), halves_of(bytes.y));
    second_ = uvec4(halves_of(bytes.z), halves_of(bytes.w));
}

// What the sums of a part are multiplied by; where a slice has one scale (SCALES) part 0 says it for both.
float part_scale(Sixteen v, uint row, uint s, uint p)
{
    if (IS(Q8_0) || IS(Q4_0) || IS(IQ4_NL)) {
        uint h = numbers_at(row, s, 0u) - 1u, next;
        return float_of(h, words_of(v.numbers, h / 2u, next).x);
    }
    if (IS(Q4_1)) {
        uint next;
        return unpackHalf2x16(words_of(v.numbers, row / 2u + 5u * s, next).x).x;
    }
    if (IS(Q5_0) || IS(Q5_1)) {
        return float_of(block_at(row, s), v.scales.x);
    }
    if (IS(MXFP4)) {
        uint h = mxfp4_at(row, s), next;
        return e8m0(words_of(v.numbers, h / 2u, next).x >> mxfp4_bit(h, s));
    }
    if (IS(IQ4_XS)) {
        return iq4_xs_scale(v.scales.xy, s & 7u);
    }
    if (IS(Q4_K) || IS(Q5_K)) {
        return unpackHalf2x16(v.more.a.x).x * scale_of(v.more.a.yzw, s & 7u).x;
    }
    uint block = block_at(row, s);
    if (IS(Q2_K)) {
        uint word = (s & 2u) != 0u ? v.scales.y : v.scales.x;
        return unpackHalf2x16(v.scale).x * float(word >> 16u * (s & 1u) + 8u * p & 15u);
    }
    if (IS(Q3_K)) {
        // Number i of 16, of which the low nibbles of 8 bytes have the first eight, and pairs of bits of four bytes the rest.
        uvec3 words = v.scales;
        if ((block & 1u) != 0u) {
            words = words >> 16u | uvec3(words.y, words.z, v.scale) << 16u;
        }
        uint i = 2u * (s & 7u) + p, shift = 8u * (i & 3u);
        uint low = ((i & 4u) != 0u ? words.y : words.x) >> shift + 4u * (i / 8u) & 15u;
        uint high = words.z >> shift + 2u * (i / 4u) & 3u;
        return float_of(block, v.scale) * float(int(low | high << 4u) - 32);
    }
    // Byte p of half-word h: of the four that start in the first of the words, or in the middle of it.
    uint h = (block & 1u) + (s & 3u);
    int number = int(v.scales[h / 2u] >> (16u * (h & 1u) + 8u * p) << 24u) >> 24;
    return float_of(block, v.scale) * float(number);
}

// Minima, which are weights of the columns that are sums of blocks. Part p of the slice s of them.

Sixteen load_minima(uint row, uint s, uint p)
{
    Sixteen v;
    v.numbers = Window(uvec4(0u), uvec4(0u));
    v.more = Window(uvec4(0u), uvec4(0u));
    v.scales = uvec3(0u);
    v.scale = 0u;
    if (minima_of_32) {
        uint blocks = slices_of_k();
        [[unroll]] for (uint i = 0u; i < 16u; i++) {
            uint block = DEPTH * s + 16u * p + i;
            uint minimum = block < blocks ? weight_word((row + BLOCK_HALVES * block) / 2u) >> 16u : 0u;
            if (i < 8u) {
                v.numbers.a[i / 2u] |= minimum << (16u * (i & 1u));
            } else {
                v.numbers.b[i / 2u - 4u] |= minimum << (16u * (i & 1u));
            }
        }
    } else if (minima_of_any) {
        uint blocks = push.k / 256u, mine = 2u * s + p, other = 2u * s + 1u - p;
        uint at = (row + BLOCK_HALVES * mine) / 2u;
        if (mine < blocks) {
            v.more.a = uvec4(weight_word(at), weight_word(at + 1u), weight_word(at + 2u), weight_word(at + 3u));
        }
        if (minima_of_16) {
            v.scale = mine < blocks ? weight_word(at + 20u) : 0u;
        } else {
            v.scale = other < blocks ? weight_word((row + BLOCK_HALVES * other) / 2u) : 0u;
        }
    }
    return v;
}

// Of blocks of 256 there are two in a slice. A slice of Q2_K has a scale for each; else the greater one's is that of both.
float minima_scale(Sixteen v)
{
    float mine = unpackHalf2x16(v.scale).y;
    return minima_in_pairs ? max(abs(unpackHalf2x16(v.more.a.x).y), abs(mine)) : minima_of_16 ? mine : 1.0;
}

// Whole numbers of four bits, less than 0.
uvec2 halves_of_minima(uint bytes)
{
    vec4 v = -unsigned_bytes(bytes >> 4u & 0x0f0f0f0fu);
    return uvec2(packHalf2x16(v.xy), packHalf2x16(v.zw));
}

void decode_minima(Sixteen v, out uvec4 first, out uvec4 second_)
{
    first = v.numbers.a;
    second_ = v.numbers.b;
    if (minima_of_16) {
        first = uvec4(halves_of_minima(v.more.a.x), halves_of_minima(v.more.a.y));
        second_ = uvec4(halves_of_minima(v.more.a.z), halves_of_minima(v.more.a.w));
    }
    if (minima_in_pairs) {
        float most = minima_scale(v), ratio = most > 0.0 ? -unpackHalf2x16(v.more.a.x).y / most : 0.0;
        [[unroll]] for (uint i = 0u; i < 8u; i++) {
            float minimum = ratio * scale_of(v.more.a.yzw, i).y, high = upper(minimum);
            uint both = packHalf2x16(vec2(high, minimum - high));
            if (i < 4u) {
                first[i] = both;
            } else {
                second_[i - 4u] = both;
            }
        }
    }
}
