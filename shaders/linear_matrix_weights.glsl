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
    Window more; // the high bits of Q6_K, the scales of Q4_K
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

// The half-word where part p of slice s has its numbers, or 16 low halves of them.
uint numbers_at(uint row, uint s, uint p)
{
    return IS(Q8_0)   ? row + 17u * s + 1u + 8u * p
           : IS(Q4_0) ? row + 9u * s + 1u + 4u * p
                      : row + s / 8u * 105u + 32u * (s / 4u & 1u) + 16u * (s & 1u) + 8u * p;
}

// Part p of slice s; `v` is what has been read for slice s - 1 of the same row, if s is not 0: some types have in a word
// what several slices need.
void load_part(inout Sixteen v, uint row, uint s, uint p)
{
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
    } else if (IS(Q8_0) || IS(Q4_0)) {
        // The scale, which is the half-word before the numbers of part 0, included.
        v.numbers = window_at((numbers_at(row, s, p) - 1u) / 2u);
    } else if (IS(Q4_1)) {
        v.numbers = window_at(row / 2u + 5u * s);
    } else if (IS(Q4_K)) {
        // Two slices have their numbers in the same bytes, a block has eight.
        uint at = row / 2u + s / 8u * 36u, numbers = at + 4u + (s & 7u) / 2u * 8u + 4u * p;
        bool whole = (WEIGHTS_START & 3u) == 0u; // and so are all blocks
        if ((s & 7u) == 0u) {
            v.more.a = FOUR_WORDS(at);
        }
        if ((s & 1u) == 0u) {
            v.numbers.a = FOUR_WORDS(numbers);
        }
    } else {
        // Of each half of a block four slices share the high bits and the words of scales.
        uint block = row + s / 8u * 105u, half_ = s / 4u & 1u, scales = (block + 96u + 4u * half_) / 2u;
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
    if (IS(Q8_0) || IS(Q4_0)) {
        // From the scale's half-word on: the numbers of part 0 begin with the second half-word of the window, or third.
        uint h = numbers_at(row, s, p), next;
        uvec4 words = words_of(v.numbers, (h - 1u) / 2u, next);
        words = (h & 1u) != 0u ? shifted(1u, words, next) : uvec4(words.yzw, next);
        return IS(Q8_0) ? words ^ 0x80808080u : uvec4(words.xy, words.xy >> 4u) & 0x0f0f0f0fu;
    }
    if (IS(Q4_1)) {
        uint next;
        uvec4 words = words_of(v.numbers, row / 2u + 5u * s, next);
        uvec2 two = p == 0u ? words.yz : uvec2(words.w, next);
        return uvec4(two, two >> 4u) & 0x0f0f0f0fu;
    }
    if (IS(Q4_K)) {
        return v.numbers.a >> (4u * (s & 1u)) & 0x0f0f0f0fu;
    }
    uint block = row + s / 8u * 105u, half_ = s / 4u & 1u, stripe = s & 3u;
    uvec4 low = words_from(v.numbers, numbers_at(row, s, p)) >> (2u * (stripe & 2u)) & 0x0f0f0f0fu;
    uvec4 high = words_from(v.more, block + 64u + 16u * half_ + 8u * p) >> (2u * stripe) & 0x03030303u;
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
void decode_part(Sixteen v, uint row, uint s, uint p, out uvec4 first, out uvec4 second_)
{
    if (IS(F16)) {
        uint left = push.k - min(push.k, DEPTH * s + 16u * p);
        first = shifted(row, v.numbers.a, v.numbers.b.x);
        second_ = shifted(row, v.numbers.b, v.scale);
        [[unroll]] for (uint i = 0u; i < 4u; i++) {
            first[i] = left > 2u * i + 1u ? first[i] : left > 2u * i ? first[i] & 0xffffu : 0u;
            second_[i] = left > 2u * i + 9u ? second_[i] : left > 2u * i + 8u ? second_[i] & 0xffffu : 0u;
        }
        return;
    }
    uvec4 bytes = bytes_of(v, row, s, p);
    first = uvec4(halves_of(bytes.x), halves_of(bytes.y));
    second_ = uvec4(halves_of(bytes.z), halves_of(bytes.w));
}

// What the sums of a part are multiplied by; but for Q6_K part 0 says it for both.
float part_scale(Sixteen v, uint row, uint s, uint p)
{
    if (IS(Q8_0) || IS(Q4_0)) {
        uint h = numbers_at(row, s, 0u) - 1u, next;
        return float_of(h, words_of(v.numbers, h / 2u, next).x);
    }
    if (IS(Q4_1)) {
        uint next;
        return unpackHalf2x16(words_of(v.numbers, row / 2u + 5u * s, next).x).x;
    }
    if (IS(Q4_K)) {
        return unpackHalf2x16(v.more.a.x).x * scale_of(v.more.a.yzw, s & 7u).x;
    }
    // Byte p of half-word h: of the four that start in the first of the words, or in the middle of it.
    uint block = row + s / 8u * 105u, h = (block & 1u) + (s & 3u);
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
    if (IS(Q4_1)) {
        uint blocks = slices_of_k();
        [[unroll]] for (uint i = 0u; i < 16u; i++) {
            uint block = DEPTH * s + 16u * p + i;
            uint minimum = block < blocks ? weight_word(row / 2u + 5u * block) >> 16u : 0u;
            if (i < 8u) {
                v.numbers.a[i / 2u] |= minimum << (16u * (i & 1u));
            } else {
                v.numbers.b[i / 2u - 4u] |= minimum << (16u * (i & 1u));
            }
        }
    } else if (IS(Q4_K)) {
        uint blocks = push.k / 256u, mine = 2u * s + p, other = 2u * s + 1u - p;
        if (mine < blocks) {
            uint at = row / 2u + 36u * mine;
            v.more.a = uvec4(weight_word(at), weight_word(at + 1u), weight_word(at + 2u), weight_word(at + 3u));
        }
        v.scale = other < blocks ? weight_word(row / 2u + 36u * other) : 0u;
    }
    return v;
}

// Of the blocks of Q4_K there are two in a slice; the greater one's scale is that of the slice.
float minima_scale(Sixteen v)
{
    return IS(Q4_K) ? max(abs(unpackHalf2x16(v.more.a.x).y), abs(unpackHalf2x16(v.scale).y)) : 1.0;
}

void decode_minima(Sixteen v, out uvec4 first, out uvec4 second_)
{
    first = v.numbers.a;
    second_ = v.numbers.b;
    if (IS(Q4_K)) {
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
