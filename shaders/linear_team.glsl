// What linear_vector.glsl and linear_dot.glsl share: who has which rows, how units are loaded, and what becomes of sums.
//
// A team of invocations has ROWS rows of w side by side, so that what it reads of f(x), which lies in shared memory, is
// read once for all of them; and XS rows of x, so that weights are read once for these. A unit is what an invocation
// computes with at a time: 32 weights, which may lie apart, or 8 of types that have no blocks of them.
//
// With TWO_MATRICES, and `both`, every other row is of the second matrix, and two rows make an element of y.
// POOL_FLOATS and PUT_POOL_FLOAT: the pool's vectors as floats, in the end. ROW_SCALE(r): what the sums of a row of x are
// multiplied by.

// Where w is one of many matrices (linear_chosen.comp), that row r of y has its own is said before.
#ifndef CHOOSE
#define CHOOSE(r)
#define ROW_OF_W(row) (row)
#define ROW_OF_X(r) (r)
#endif

const uint TEAM = ZC_LINEAR_TEAM(way), ROWS = ZC_LINEAR_ROWS(way), XS = ZC_LINEAR_XS(way);
const uint GROUP_ROWS = WORKGROUP / TEAM * ROWS;
const uint GROUP_LINES = both ? GROUP_ROWS / 2u : GROUP_ROWS; // elements of y of a workgroup, for each row of x

#define EACH_ROW(y) [[unroll]] for (uint y = 0u; y < 4u; y++) if (y < ROWS)
#define EACH_X(m) [[unroll]] for (uint m = 0u; m < 4u; m++) if (m < XS)
#define ZERO4 vec4(0.0), vec4(0.0), vec4(0.0), vec4(0.0)

struct Unit // words of its weights, before anything is computed from them
{
    uvec4 a, b;
    uint c, d;
};

const bool plain = IS(F32) || IS(F16) || IS(BF16) || IS(F8_E4M3); // not in blocks of 32
const uint UNIT = plain ? 8u : 32u;

Unit no_unit()
{
    return Unit(uvec4(0u), uvec4(0u), 0u, 0u);
}

uint next_half(uint low, uint high)
{
    return low >> 16u | high << 16u;
}

// four_words: those at word `at`; four_words_of, two_words_of: those that start at half-word h; half_at: half-word h, and
// above it anything.

#ifdef ZC_MSL

// There loads have the length that addresses allow, 8 bytes at any half-word and 16 at any word: GLSL cannot say it, so
// buildtools/shaders.py puts it into the MSL in the place of what these functions say.

#ifdef TWO_MATRICES
#define EITHER(name, at) (SECOND ? second_##name(at) : first_##name(at))
#else
#define EITHER(name, at) first_##name(at)
#endif

// Words at word `at`.
#define WORDS(name, buffer_)                                                                        \
    uvec4 name##_words(uint at)                                                                     \
    {                                                                                               \
        return uvec4(buffer_[at], buffer_[at + 1u], buffer_[at + 2u], buffer_[at + 3u]);            \
    }                                                                                               \
    uint name##_word(uint at)                                                                       \
    {                                                                                               \
        return buffer_[at];                                                                         \
    }                                                                                               \
    uint name##_short(uint h)                                                                       \
    {                                                                                               \
        return buffer_[h / 2u] >> (16u * (h & 1u)) & 0xffffu;                                       \
    }                                                                                               \
    uvec2 name##_shorts(uint h)                                                                     \
    {                                                                                               \
        return uvec2(word_of(h, buffer_[h / 2u], buffer_[h / 2u + 1u]),                             \
                     word_of(h, buffer_[h / 2u + 1u], buffer_[h / 2u + 2u]));                       \
    }
WORDS(first, weights1)
#ifdef TWO_MATRICES
WORDS(second, second1)
#endif

uvec4 four_words(uint at)
{
    return EITHER(words, at);
}

uvec4 four_words_of(uint h)
{
    return uvec4(EITHER(shorts, h), EITHER(shorts, h + 4u));
}

uint half_at(uint h)
{
    return EITHER(short, h);
}

uvec2 two_words_of(uint h)
{
    return EITHER(shorts, h);
}

#else

uvec4 four_words(uint at)
{
    return uvec4(weight_word(at), weight_word(at + 1u), weight_word(at + 2u), weight_word(at + 3u));
}

uvec4 four_words_of(uint h)
{
    uvec4 w = four_words(h / 2u);
    if ((h & 1u) != 0u) {
        uint last = weight_word(h / 2u + 4u);
        w = uvec4(next_half(w.x, w.y), next_half(w.y, w.z), next_half(w.z, w.w), next_half(w.w, last));
    }
    return w;
}

uint half_at(uint h)
{
    return weight_word(h / 2u) >> 16u * (h & 1u);
}

uvec2 two_words_of(uint h)
{
    uint at = h / 2u, middle = weight_word(at + 1u);
    return uvec2(word_of(h, weight_word(at), middle), word_of(h, middle, weight_word(at + 1u + (h & 1u))));
}

#endif

// load_unit_TYPE: unit u of the row that starts at half-word `row`.

Unit load_unit_F32(uint row, uint u)
{
    uint last = row / 2u + push.k - 1u, at = row / 2u + 8u * u;
    Unit unit = no_unit();
    if ((at & 3u) == 0u && at + 7u <= last) {
        unit.a = weight_words(at / 4u);
        unit.b = weight_words(at / 4u + 1u);
    } else {
        [[unroll]] for (uint e = 0u; e < 4u; e++) {
            unit.a[e] = weight_word(min(at + e, last));
            unit.b[e] = weight_word(min(at + 4u + e, last));
        }
    }
    return unit;
}

Unit load_unit_F16(uint row, uint u)
{
    uint h = row + 8u * u, at = h / 2u, last = (row + push.k - 1u) / 2u;
    Unit unit = no_unit();
    if ((h & 7u) == 0u && at + 3u <= last) {
        unit.a = weight_words(at / 4u);
    } else {
        [[unroll]] for (uint e = 0u; e < 4u; e++) {
            unit.a[e] = weight_word(min(at + e, last));
        }
        unit.b.x = weight_word(min(at + 4u, last));
    }
    return unit;
}
#define load_unit_BF16 load_unit_F16

Unit load_unit_F8_E4M3(uint row, uint u)
{
    uint at = (row + 4u * u) / 2u, last = (row + (push.k - 1u) / 2u) / 2u;
    Unit unit = no_unit();
    [[unroll]] for (uint e = 0u; e < 3u; e++) {
        unit.a[e] = weight_word(min(at + e, last));
    }
    return unit;
}

Unit load_unit_Q8_0(uint row, uint u)
{
    uint at = (row + 17u * u) / 2u;
    return Unit(four_words(at), four_words(at + 4u), weight_word(at + 8u), 0u);
}

Unit load_unit_Q4_0(uint row, uint u)
{
    uint at = (row + 9u * u) / 2u;
    return Unit(four_words(at), uvec4(0u), weight_word(at + 4u), 0u);
}

Unit load_unit_Q4_1(uint row, uint u)
{
    uint at = row / 2u + 5u * u;
    return Unit(four_words(at + 1u), uvec4(0u), weight_word(at), 0u);
}

// 16 low nibbles of one block of 32 and 16 high ones of the next.
Unit load_unit_Q4_K(uint row, uint u)
{
    uint at = row / 2u + u / 8u * 36u, quants = at + 4u + 4u * (u & 7u);
    if ((at & 3u) == 0u) {
        return Unit(weight_words(quants / 4u), weight_words(at / 4u), 0u, 0u);
    }
    return Unit(four_words(quants), four_words(at), 0u, 0u);
}

// Which 32 weights of a block of 256 go together is up to who multiplies.
Unit load_unit_Q6_K(uint row, uint u);

#include "linear_runs.glsl"

Unit load_unit(uint row, uint u)
{
    Unit unit = no_unit();
#define ZC_WEIGHT_TYPE(name, block, bytes, gguf, cpu) \
    if (IS(name)) {                                   \
        unit = load_unit_##name(row, u);              \
    }
#include "kernel/zc_weight_type.def"
#undef ZC_WEIGHT_TYPE
    return unit;
}

void load_units(uint row[4], uint u, out Unit unit[4])
{
    EACH_ROW(y) {
#ifdef TWO_MATRICES
        if (both) {
            second = (y & 1u) != 0u;
        }
#endif
        unit[y] = load_unit(row[y], u);
    }
}

// The same of plain types. Drivers have a copy of a function for each call, and take as long to make a pipeline.
void load_plain_units(uint row[4], uint u, out Unit unit[4])
{
    EACH_ROW(y) {
#ifdef TWO_MATRICES
        if (both) {
            second = (y & 1u) != 0u;
        }
#endif
        if (IS(F32)) {
            unit[y] = load_unit_F32(row[y], u);
        } else if (IS(F8_E4M3)) {
            unit[y] = load_unit_F8_E4M3(row[y], u);
        } else {
            unit[y] = load_unit_F16(row[y], u);
        }
    }
}

float sum4(vec4 v)
{
    return (v.x + v.y) + (v.z + v.w);
}

#ifndef SQUARES
#define SQUARES 960u // in the pool, after the sums, as many as subgroups
#endif
#ifndef ME
#define ME gl_LocalInvocationID.x // of the workgroup
#endif

// The sum of row i of the workgroup's, from what the lanes of its team have put into the pool.
#define SUM_STRIDE (TEAM / 4u + 1u)

float shared_sum(uint i)
{
    vec4 sum = vec4(0.0);
    [[unroll]] for (uint v = 0u; v < TEAM / 4u; v++) {
        sum += POOL_FLOATS(i * SUM_STRIDE + v);
    }
    return sum4(sum);
}

#ifdef WITHOUT_NORM
#define shared_scale() 1.0
#else
float shared_scale()
{
    float sum = 0.0;
    for (uint s = 0u; s < gl_NumSubgroups; s++) {
        sum += POOL_FLOATS(SQUARES + s / 4u)[s & 3u];
    }
    return norm_scale(sum);
}
#endif

// y from the sums of all invocations, which lose the chunk.
void finish_lines(uint r, uint first, vec4 sums[4], vec4 squares)
{
    uint me = ME, lane = me & TEAM - 1u, row = me / TEAM * ROWS;
    squares = subgroupAdd(squares);
    EACH_X(m) {
        barrier(); // what was shared before has been read
        EACH_ROW(y) {
            PUT_POOL_FLOAT((row + y) * SUM_STRIDE + lane / 4u, lane & 3u, sums[y][m]);
        }
        if (subgroupElect()) {
            PUT_POOL_FLOAT(SQUARES + gl_SubgroupID / 4u, gl_SubgroupID & 3u, squares[m]);
        }
        barrier();
        if (me < GROUP_LINES && first + me < push.n && r + m < push.rows) {
            float scale = ROW_SCALE(r + m);
#ifdef TWO_MATRICES
            if (both) {
                finish_both(r + m, first + me, scale * shared_sum(2u * me), scale * shared_sum(2u * me + 1u));
                continue;
            }
#endif
            finish(r + m, first + me, scale * shared_sum(me));
        }
    }
}

// The half-words at which a team's rows start, in either matrix. Beyond the last one it is the last one.
void find_rows(uint first, out uint row[4])
{
    uint halves = row_halves(push.k), from = first + ME / TEAM * (both ? ROWS / 2u : ROWS);
    EACH_ROW(y) {
#ifdef TWO_MATRICES
        if (both) {
            second = (y & 1u) != 0u;
        }
#endif
        row[y] = 2u * WEIGHTS_START + ROW_OF_W(min(from + (both ? y / 2u : y), push.n - 1u)) * halves;
    }
}
