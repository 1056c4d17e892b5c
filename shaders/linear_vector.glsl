// vector_rows(): one row of x at a time.
//
// A workgroup makes `lines` elements of y at once, a `team` of invocations for each. A unit is eight weights that
// share words, for two quads of x, which lie in shared memory in chunks of CHUNK elements, spread so that
// neighbours' quads lie in different banks. An invocation loads the words of its next unit before it
// needs them, the first ones before x is there.

const uint team = way == ZC_LINEAR_TEAM_8_WAY ? 8u : way == ZC_LINEAR_TEAM_32_WAY ? 32u : 64u;
const uint lines = WORKGROUP / team;

#define CHUNK 2048u             // a multiple of every block
#define CHUNK_UNITS (CHUNK / 8u)
#define SUMS 576u               // in the pool: after the chunk's quads, with one vector in 8 unused
#define SQUARES 648u            // after the sums, 72 vectors

struct Unit // words of eight weights, before anything is computed from them
{
    uvec4 a, b;
};

// load_unit_TYPE: unit u of the row that starts at half-word `row`.

Unit load_unit_F32(uint row, uint u)
{
    uint last = row / 2u + push.k - 1u, at = row / 2u + 8u * u;
    Unit unit = Unit(uvec4(0u), uvec4(0u));
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
    uint last = (row + push.k - 1u) / 2u, at = (row + 8u * u) / 2u;
    Unit unit = Unit(uvec4(0u), uvec4(0u));
    [[unroll]] for (uint e = 0u; e < 4u; e++) {
        unit.a[e] = weight_word(min(at + e, last));
    }
    unit.b.x = weight_word(min(at + 4u, last));
    return unit;
}
#define load_unit_BF16 load_unit_F16

Unit load_unit_Q8_0(uint row, uint u)
{
    uint h = row + u / 4u * 17u, q = h + 1u + 4u * (u & 3u);
    Unit unit = Unit(uvec4(0u), uvec4(0u));
    unit.a.x = weight_word(q / 2u);
    unit.a.y = weight_word(q / 2u + 1u);
    unit.a.z = weight_word(q / 2u + 1u + (q & 1u));
    unit.a.w = weight_word(h / 2u);
    return unit;
}

Unit load_unit_Q4_0(uint row, uint u)
{
    uint h = row + u / 4u * 9u, q = h + 1u + 2u * (u & 3u);
    Unit unit = Unit(uvec4(0u), uvec4(0u));
    unit.a.x = weight_word(q / 2u);
    unit.a.y = weight_word(q / 2u + (q & 1u));
    unit.a.w = weight_word(h / 2u);
    return unit;
}

Unit load_unit_Q4_1(uint row, uint u)
{
    uint at = row / 2u + u / 4u * 5u;
    Unit unit = Unit(uvec4(0u), uvec4(0u));
    unit.a.x = weight_word(at + 1u + (u & 3u));
    unit.a.w = weight_word(at);
    return unit;
}

Unit load_unit_Q4_K(uint row, uint u)
{
    uint at = row / 2u + u / 32u * 36u;
    Unit unit = Unit(uvec4(0u), uvec4(0u));
    unit.a.x = weight_word(at + 4u + (u & 31u));
    unit.a.w = weight_word(at);
    unit.b.x = weight_word(at + 1u);
    unit.b.y = weight_word(at + 2u);
    unit.b.z = weight_word(at + 3u);
    return unit;
}

Unit load_unit_Q6_K(uint row, uint u)
{
    uint h = row + u / 32u * 105u, part = u / 16u & 1u, in_part = u & 15u;
    uint low = h + 32u * part + 2u * in_part, high = h + 64u + 16u * part + 2u * (in_part & 7u);
    uint scale = h + 96u + 4u * part + in_part / 8u;
    Unit unit = Unit(uvec4(0u), uvec4(0u));
    unit.a.x = weight_word(low / 2u);
    unit.a.y = weight_word(low / 2u + (low & 1u));
    unit.a.z = weight_word(high / 2u);
    unit.a.w = weight_word(high / 2u + (high & 1u));
    unit.b.x = weight_word(scale / 2u);
    unit.b.y = weight_word(scale / 2u + 1u);
    unit.b.z = weight_word(h / 2u + 52u);
    return unit;
}

Unit load_unit(uint row, uint u)
{
    Unit unit = Unit(uvec4(0u), uvec4(0u));
#define ZC_WEIGHT_TYPE(name, block, bytes, gguf, cpu) \
    if (IS(name)) {                                   \
        unit = load_unit_##name(row, u);              \
    }
#include "kernel/zc_weight_type.def"
#undef ZC_WEIGHT_TYPE
    return unit;
}

// Elements first to first + count - 1 of f(x[r]) but for the norm's scale into shared memory, zeros beyond k.
// Adds the squares of x. Loads before stores, four elements an invocation.
void put_chunk(uint x, uint first, uint count, inout float squares)
{
    for (uint i = gl_LocalInvocationID.x; i < count; i += 4u * WORKGROUP) {
        vec4 v, factor;
        [[unroll]] for (uint e = 0u; e < 4u; e++) {
            uint at = min(first + i + e * WORKGROUP, push.k - 1u);
            v[e] = x1[x + at];
            factor[e] = normed ? norm1[push.offset.w + at] : gated ? x1[x + push.k + at] : 1.0;
        }
        [[unroll]] for (uint e = 0u; e < 4u; e++) {
            uint to = i + e * WORKGROUP;
            if (to < count) {
                bool there = first + to < push.k;
                float value = there ? v[e] : 0.0;
                if (normed) {
                    squares += value * value;
                } else if (gated) {
                    value = silu(value);
                }
                pool[to / 4u + to / 32u][to & 3u] = there ? value * factor[e] : 0.0;
            }
        }
    }
}

// The squares of all, after a barrier.
void share_squares(float squares)
{
    squares = subgroupAdd(squares);
    if (subgroupElect()) {
        pool[SQUARES + gl_SubgroupID].x = squares;
    }
}

float shared_squares()
{
    float sum = 0.0;
    for (uint s = 0u; s < gl_NumSubgroups; s++) {
        sum += pool[SQUARES + s].x;
    }
    return sum;
}

vec4 shared_quad(uint q)
{
    return pool[q + q / 8u];
}

// unit_times_x_TYPE: the unit's weights times x; u counts from the row's start, `local` from the chunk's. A weight
// beyond the row's end counts as 0.

float eight_times_x(vec4 a, vec4 b, uint u, uint local)
{
    uint left = push.k - 8u * u;
    if (left < 8u) {
        a = mix(vec4(0.0), a, lessThan(uvec4(0u, 1u, 2u, 3u), uvec4(left)));
        b = mix(vec4(0.0), b, lessThan(uvec4(4u, 5u, 6u, 7u), uvec4(left)));
    }
    return dot(a, shared_quad(2u * local)) + dot(b, shared_quad(2u * local + 1u));
}

float unit_times_x_F32(Unit unit, uint row, uint u, uint local)
{
    return eight_times_x(uintBitsToFloat(unit.a), uintBitsToFloat(unit.b), u, local);
}

uvec4 words_of_16_bits(Unit unit, uint h)
{
    return uvec4(word_of(h, unit.a.x, unit.a.y), word_of(h, unit.a.y, unit.a.z), word_of(h, unit.a.z, unit.a.w),
                 word_of(h, unit.a.w, unit.b.x));
}

float unit_times_x_F16(Unit unit, uint row, uint u, uint local)
{
    uvec4 words = words_of_16_bits(unit, row);
    return eight_times_x(vec4(unpackHalf2x16(words.x), unpackHalf2x16(words.y)),
                         vec4(unpackHalf2x16(words.z), unpackHalf2x16(words.w)), u, local);
}

float unit_times_x_BF16(Unit unit, uint row, uint u, uint local)
{
    uvec4 words = words_of_16_bits(unit, row), low = words << 16u, high = words & 0xffff0000u;
    return eight_times_x(uintBitsToFloat(uvec4(low.x, high.x, low.y, high.y)),
                         uintBitsToFloat(uvec4(low.z, high.z, low.w, high.w)), u, local);
}

float unit_times_x_Q8_0(Unit unit, uint row, uint u, uint local)
{
    vec4 x = shared_quad(2u * local), y = shared_quad(2u * local + 1u);
    uint h = row + u / 4u; // odd as the block's start is
    uint low = word_of(h + 1u, unit.a.x, unit.a.y), high = word_of(h + 1u, unit.a.y, unit.a.z);
    return float_of(h, unit.a.w) * (dot(signed_bytes(low), x) + dot(signed_bytes(high), y));
}

float unit_times_x_Q4_0(Unit unit, uint row, uint u, uint local)
{
    uint first = local / 4u * 8u + (u & 3u);
    vec4 x = shared_quad(first), y = shared_quad(first + 4u);
    uint h = row + u / 4u;
    uint word = word_of(h + 1u, unit.a.x, unit.a.y);
    return float_of(h, unit.a.w) * (dot(unsigned_bytes(word & 0x0f0f0f0fu) - 8.0, x) +
                                    dot(unsigned_bytes(word >> 4u & 0x0f0f0f0fu) - 8.0, y));
}

float unit_times_x_Q4_1(Unit unit, uint row, uint u, uint local)
{
    uint first = local / 4u * 8u + (u & 3u);
    vec4 x = shared_quad(first), y = shared_quad(first + 4u);
    vec2 scale = unpackHalf2x16(unit.a.w);
    vec4 a = unsigned_bytes(unit.a.x & 0x0f0f0f0fu), b = unsigned_bytes(unit.a.x >> 4u & 0x0f0f0f0fu);
    return dot(scale.x * a + scale.y, x) + dot(scale.x * b + scale.y, y);
}

float unit_times_x_Q4_K(Unit unit, uint row, uint u, uint local)
{
    uint first = local / 8u * 16u + (u & 7u);
    vec4 x = shared_quad(first), y = shared_quad(first + 8u);
    uint sub = u / 8u * 2u & 7u;
    vec2 scale = unpackHalf2x16(unit.a.w);
    vec2 s = scale * scale_of(unit.b.xyz, sub), t = scale * scale_of(unit.b.xyz, sub + 1u);
    vec4 a = unsigned_bytes(unit.a.x & 0x0f0f0f0fu), b = unsigned_bytes(unit.a.x >> 4u & 0x0f0f0f0fu);
    return dot(s.x * a - s.y, x) + dot(t.x * b - t.y, y);
}

float unit_times_x_Q6_K(Unit unit, uint row, uint u, uint local)
{
    uint first = local / 16u * 32u + (u & 15u);
    vec4 x = shared_quad(first), y = shared_quad(first + 16u);
    uint h = row + u / 32u, upper = u / 8u & 1u; // h: odd as the block's start is
    uint low = word_of(h, unit.a.x, unit.a.y), high = word_of(h, unit.a.z, unit.a.w) >> (2u * upper);
    // Scales are bytes 8 * part + 2 * upper + 0 or 1, and 4 bytes on; the words start at that half-word's.
    uint shift = 16u * (h + upper & 1u) + 8u * (u / 4u & 1u);
    int s = int(unit.b.x >> shift << 24u) >> 24, t = int(unit.b.y >> shift << 24u) >> 24;
    vec4 a = unsigned_bytes(low & 0x0f0f0f0fu | (high & 0x03030303u) << 4u) - 32.0;
    vec4 b = unsigned_bytes(low >> 4u & 0x0f0f0f0fu | (high & 0x30303030u)) - 32.0;
    return float_of(h, unit.b.z) * (float(s) * dot(a, x) + float(t) * dot(b, y));
}

float unit_times_x(Unit unit, uint row, uint u, uint local)
{
    float sum = 0.0;
#define ZC_WEIGHT_TYPE(name, block, bytes, gguf, cpu)     \
    if (IS(name)) {                                       \
        sum = unit_times_x_##name(unit, row, u, local);   \
    }
#include "kernel/zc_weight_type.def"
#undef ZC_WEIGHT_TYPE
    return sum;
}

void vector_rows()
{
    uint me = gl_LocalInvocationID.x;
    uint lane = me & team - 1u, line = me / team;
    uint units = ceil_div(push.k, 8u), halves = row_halves(push.k);
    for (uint r = WORKGROUP_ID.y; r < push.rows; r += WORKGROUPS.y) {
        uint x = push.offset.x + r * push.ldx;
        float scale = 1.0;
        bool there = false; // f(x[r]) is in shared memory, all of it
        for (uint tile = WORKGROUP_ID.x; tile * lines < push.n; tile += WORKGROUPS.x) {
            uint j = tile * lines + line;
            uint row = 2u * WEIGHTS_START + j * halves;
            float sum = 0.0, squares = 0.0;
            for (uint base = 0u; base < units; base += CHUNK_UNITS) {
                uint end = j < push.n ? min(units, base + CHUNK_UNITS) : 0u;
                Unit next;
                if (base + lane < end) {
                    next = load_unit(row, base + lane);
                }
                if (!there) {
                    barrier(); // what was shared before has been read
                    put_chunk(x, 8u * base, 8u * min(units - base, CHUNK_UNITS), squares);
                    if (normed && base + CHUNK_UNITS >= units) {
                        share_squares(squares);
                    }
                    barrier();
                    there = units <= CHUNK_UNITS;
                }
                for (uint u = base + lane; u < end; u += team) {
                    Unit unit = next;
                    if (u + team < end) {
                        next = load_unit(row, u + team);
                    }
                    sum += unit_times_x(unit, row, u, u - base);
                }
            }
            pool[SUMS + me / 4u + me / 32u][me & 3u] = sum;
            barrier();
            if (me < lines && tile * lines + me < push.n) {
                vec4 sums = vec4(0.0);
                for (uint i = me * team; i < (me + 1u) * team; i += 4u) {
                    sums += pool[SUMS + i / 4u + i / 32u];
                }
                if (normed) {
                    scale = norm_scale(shared_squares());
                }
                finish(r, tile * lines + me, scale * ((sums.x + sums.y) + (sums.z + sums.w)));
            }
            barrier(); // the sums have been read
        }
    }
}
