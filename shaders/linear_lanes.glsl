// lane_rows(): one row of x with rows of w, in float32, for GPUs where a subgroup's sums are cheap and shared memory and
// barriers are what costs (Apple's; ZC_MSL, and chosen by zc_gpu.lane_sums). There is neither here.
//
// A subgroup has LINES rows of w. A lane takes units of them, the subgroup's width apart: 32 weights, or 8 of types
// without blocks, and of all rows the same ones, so that the x of a unit, and what f makes of it, is in registers once for
// all. In the end lanes are added up.
//
// Numbers of a few bits become the middle of half-floats, which are operands at no cost: 64 + n for nibbles and six bits,
// 384 + n for bytes. So of a unit's sum that much times the sum of its x is subtracted.

const uint team_way = way - ZC_LINEAR_DOT_WAYS;
const uint LINES = ZC_LINEAR_ROWS(team_way);
const uint ELEMENTS = both ? LINES / 2u : LINES; // of y, of a subgroup
#define EACH_LINE(y) [[unroll]] for (uint y = 0u; y < 4u; y++) if (y < LINES)

vec4 x_words(uint at)
{
    return vec4(x1[at], x1[at + 1u], x1[at + 2u], x1[at + 3u]);
}

vec4 norm_words(uint at)
{
    return vec4(norm1[at], norm1[at + 1u], norm1[at + 2u], norm1[at + 3u]);
}

float times(vec4 a, vec4 b, float sum)
{
    return fma(a.w, b.w, fma(a.z, b.z, fma(a.y, b.y, fma(a.x, b.x, sum))));
}

// Low nibbles, then high ones. Four short sums are nearer to the truth than a long one.
float block_times_x(uvec4 w, vec4 x[8])
{
    vec4 sums = vec4(0.0);
    [[unroll]] for (uint i = 0u; i < 4u; i++) {
        sums = fma(low_nibbles(w[i]), x[i], sums);
        sums = fma(high_nibbles(w[i]), x[i + 4u], sums);
    }
    return sum4(sums);
}

const uint LANE_QUADS = UNIT / 4u;

// The element of x with which quad i of unit u begins.
uint quad_start(uint u, uint i)
{
    if (IS(Q4_K) || runs_apart) {
        return u / 2u * 64u + 16u * (u & 1u) + 32u * (i / 4u) + 4u * (i & 3u);
    }
    if (IS(Q6_K)) {
        return u / 4u * 128u + 8u * (u & 3u) + 32u * (i / 2u) + 4u * (i & 1u);
    }
    return UNIT * u + 4u * i;
}

float sum_of(vec4 a, vec4 b)
{
    return sum4(a + b);
}

// line_times_x_TYPE: unit u of the row that starts at half-word `row`, times x; `of_x` has sums of it, of a type's own.

float line_times_x_F32(uint row, uint u, vec4 x[8], vec4 of_x)
{
    uint at = row / 2u + 8u * u;
    return times(uintBitsToFloat(EITHER(words, at + 4u)), x[1], times(uintBitsToFloat(EITHER(words, at)), x[0], 0.0));
}

float line_times_x_F16(uint row, uint u, vec4 x[8], vec4 of_x)
{
    uvec4 w = EITHER(words, row / 2u + 4u * u);
    return times(vec4(unpackHalf2x16(w.z), unpackHalf2x16(w.w)), x[1],
                 times(vec4(unpackHalf2x16(w.x), unpackHalf2x16(w.y)), x[0], 0.0));
}

float line_times_x_BF16(uint row, uint u, vec4 x[8], vec4 of_x)
{
    uvec4 w = EITHER(words, row / 2u + 4u * u), low = w << 16u, high = w & 0xffff0000u;
    return times(uintBitsToFloat(uvec4(low.z, high.z, low.w, high.w)), x[1],
                 times(uintBitsToFloat(uvec4(low.x, high.x, low.y, high.y)), x[0], 0.0));
}

// As half-floats they are a 256th of what they are. Those without a leading one are so, too: Apple's GPUs keep these.
float line_times_x_F8_E4M3(uint row, uint u, vec4 x[8], vec4 of_x)
{
    uvec2 w = EITHER(shorts, row + 4u * u);
    float sum = 0.0;
    [[unroll]] for (uint i = 0u; i < 2u; i++) {
        vec2 p = unpackHalf2x16(w[i] << 7u & 0x3f803f80u | w[i] << 8u & 0x80008000u);
        vec2 q = unpackHalf2x16(w[i] >> 1u & 0x3f803f80u | w[i] & 0x80008000u);
        sum = times(vec4(p.x, q.x, p.y, q.y), x[i], sum);
    }
    uvec2 none = (w & 0x7f7f7f7fu) + 0x01010101u & 0x80808080u;
    return (none.x | none.y) != 0u ? uintBitsToFloat(NAN_BITS) : 256.0 * sum;
}

float line_times_x_Q8_0(uint row, uint u, vec4 x[8], vec4 of_x)
{
    uint h = row + 17u * u;
    vec4 sums = vec4(0.0);
    [[unroll]] for (uint i = 0u; i < 4u; i++) {
        uvec2 w = EITHER(shorts, h + 1u + 4u * i);
        sums = fma(bytes_and_384(w.x), x[2u * i], sums);
        sums = fma(bytes_and_384(w.y), x[2u * i + 1u], sums);
    }
    return unpackHalf2x16(EITHER(short, h)).x * fma(-384.0, of_x.x, sum4(sums));
}

float line_times_x_Q4_0(uint row, uint u, vec4 x[8], vec4 of_x)
{
    uint h = row + 9u * u;
    uvec4 w = uvec4(EITHER(shorts, h + 1u), EITHER(shorts, h + 5u));
    return unpackHalf2x16(EITHER(short, h)).x * fma(-(NIBBLE + 8.0), of_x.x, block_times_x(w, x));
}

float line_times_x_Q4_1(uint row, uint u, vec4 x[8], vec4 of_x)
{
    uint at = row / 2u + 5u * u;
    uvec4 w = EITHER(words, at + 1u);
    vec2 scale = unpackHalf2x16(EITHER(word, at));
    return fma(scale.x, fma(-NIBBLE, of_x.x, block_times_x(w, x)), scale.y * of_x.x);
}

// Half a block of 32 in the low nibbles, and half of the next one in the high ones.
float line_times_x_Q4_K(uint row, uint u, vec4 x[8], vec4 of_x)
{
    uint at = row / 2u + u / 8u * 36u, pair = u / 2u & 3u, shift = 16u * (pair & 1u);
    uvec4 head = EITHER(words, at), w = EITHER(words, at + 4u + 4u * (u & 7u));
    uvec3 words = head.yzw >> shift;
    uint scales = pair < 2u ? words.x & 0x3f3fu : words.z & 0x0f0fu | words.x >> 2u & 0x3030u;
    uint minima = pair < 2u ? words.y & 0x3f3fu : words.z >> 4u & 0x0f0fu | words.y >> 2u & 0x3030u;
    float low = -NIBBLE * of_x.x, high = -NIBBLE * of_x.y;
    [[unroll]] for (uint i = 0u; i < 4u; i++) {
        low = times(low_nibbles(w[i]), x[i], low);
        high = times(high_nibbles(w[i]), x[i + 4u], high);
    }
    vec2 d = unpackHalf2x16(head.x);
    float sum = fma(float(scales & 0xffu), low, float(scales >> 8u) * high);
    return fma(d.x, sum, -d.y * fma(float(minima & 0xffu), of_x.x, float(minima >> 8u) * of_x.y));
}

// 8 weights of each of the four blocks of 32 in half a block of 256.
float line_times_x_Q6_K(uint row, uint u, vec4 x[8], vec4 of_x)
{
    uint h = row + u / 8u * 105u, part = u / 4u & 1u, in_part = u & 3u, low = h + 32u * part + 4u * in_part;
    uvec2 p = EITHER(shorts, low), q = EITHER(shorts, low + 16u), r = EITHER(shorts, h + 64u + 16u * part + 4u * in_part);
    uvec2 numbers = EITHER(shorts, h + 96u + 4u * part) >> (8u * (in_part / 2u));
    vec4 sums = -(NIBBLE + 32.0) * of_x;
    [[unroll]] for (uint e = 0u; e < 2u; e++) {
        sums.x = times(small_bytes(p[e] & 0x0f0f0f0fu | r[e] << 4u & 0x30303030u), x[e], sums.x);
        sums.y = times(small_bytes(q[e] & 0x0f0f0f0fu | r[e] << 2u & 0x30303030u), x[e + 2u], sums.y);
        sums.z = times(small_bytes(p[e] >> 4u & 0x0f0f0f0fu | r[e] & 0x30303030u), x[e + 4u], sums.z);
        sums.w = times(small_bytes(q[e] >> 4u & 0x0f0f0f0fu | r[e] >> 2u & 0x30303030u), x[e + 6u], sums.w);
    }
    // A block has a scale for each half: bytes 0 and 2 of each word now.
    ivec4 scales = ivec4(numbers.x << 24u, numbers.x << 8u, numbers.y << 24u, numbers.y << 8u) >> 24;
    return unpackHalf2x16(EITHER(short, h + 104u)).x * times(vec4(scales), sums, 0.0);
}

// What linear_runs.glsl has. The numbers of codes come from a table, which lies in memory: each takes a load from there, where
// bits that choose would take more than twice as many instructions as memory leaves time for.
const float IQ4_FLOATS[16] = float[16](-127.0, -104.0, -83.0, -65.0, -49.0, -35.0, -22.0, -10.0, 1.0, 13.0, 25.0, 38.0, 53.0,
                                       69.0, 89.0, 113.0);
const float FP4_FLOATS[16] = float[16](0.0, 1.0, 2.0, 3.0, 4.0, 6.0, 8.0, 12.0, -0.0, -1.0, -2.0, -3.0, -4.0, -6.0, -8.0,
                                       -12.0);
const bool coded = signed_runs || IS(MXFP4);

float code_float(uint code)
{
    return IS(MXFP4) ? FP4_FLOATS[code & 15u] : IQ4_FLOATS[code & 15u];
}

// Bytes are half-floats without a leading one, which Apple's GPUs keep: that takes half as many instructions as to become the
// middle of others. As long as x is no less than 2^-102 no product is too small for float32.
#define BYTE_HALVES 16777216.0

vec4 byte_halves(uint w)
{
    vec2 p = unpackHalf2x16(w & 0x00ff00ffu), q = unpackHalf2x16(w >> 8u & 0x00ff00ffu);
    return vec4(p.x, q.x, p.y, q.y);
}

float run_line(uint row, uint u, vec4 x[8], vec4 of_x)
{
    Unit unit = load_unit(row, u);
    vec2 all_ = vec2(0.0);
    [[unroll]] for (uint i = 0u; i < 2u; i++) {
        uvec4 words = coded ? unit.a >> 4u * i : run_numbers(unit, i);
        float sum = coded ? 0.0 : -float(RUN_ZERO) / BYTE_HALVES * of_x[i];
        [[unroll]] for (uint e = 0u; e < 4u; e++) {
            uint w = words[e];
            vec4 v = coded ? vec4(code_float(w), code_float(w >> 8u), code_float(w >> 16u), code_float(w >> 24u))
                           : byte_halves(w);
            sum = times(v, x[4u * i + e], sum);
        }
        vec2 scale = run_scale(unit, i);
        all_ = vec2(fma(scale.x, sum, all_.x), fma(scale.y, of_x[i], all_.y));
    }
    vec2 scale = unit_scale(unit, u);
    all_.x *= coded ? 1.0 : BYTE_HALVES;
    return run_minima ? fma(scale.x, all_.x, -scale.y * all_.y) : scale.x * all_.x;
}
// One call for all of them.
#define line_times_x_Q5_0(row, u, x, of_x) 0.0
#define line_times_x_Q5_1(row, u, x, of_x) 0.0
#define line_times_x_Q2_K(row, u, x, of_x) 0.0
#define line_times_x_Q3_K(row, u, x, of_x) 0.0
#define line_times_x_Q5_K(row, u, x, of_x) 0.0
#define line_times_x_IQ4_NL(row, u, x, of_x) 0.0
#define line_times_x_IQ4_XS(row, u, x, of_x) 0.0
#define line_times_x_MXFP4(row, u, x, of_x) 0.0

float line_times_x(uint row, uint u, vec4 x[8], vec4 of_x)
{
    if (runs) {
        return run_line(row, u, x, of_x);
    }
    float sum = 0.0;
#define ZC_WEIGHT_TYPE(name, block, bytes, gguf, cpu) \
    if (IS(name)) {                                   \
        sum = line_times_x_##name(row, u, x, of_x);   \
    }
#include "kernel/zc_weight_type.def"
#undef ZC_WEIGHT_TYPE
    return sum;
}

// Sums of a unit's x, as its type wants them.
const bool whole_blocks = IS(Q8_0) || IS(Q4_0) || IS(Q4_1);

vec4 sums_of_x(vec4 x[8])
{
    if (whole_blocks) {
        return vec4(sum4(((x[0] + x[1]) + (x[2] + x[3])) + ((x[4] + x[5]) + (x[6] + x[7]))), 0.0, 0.0, 0.0);
    }
    if (IS(Q4_K) || runs) {
        return vec4(sum4((x[0] + x[1]) + (x[2] + x[3])), sum4((x[4] + x[5]) + (x[6] + x[7])), 0.0, 0.0);
    }
    if (IS(Q6_K)) {
        return vec4(sum_of(x[0], x[1]), sum_of(x[2], x[3]), sum_of(x[4], x[5]), sum_of(x[6], x[7]));
    }
    return vec4(0.0);
}

void choose_line(uint y)
{
#ifdef TWO_MATRICES
    if (both) {
        second = (y & 1u) != 0u;
    }
#endif
}

void lane_rows()
{
    uint each = gl_NumSubgroups * ELEMENTS, units = push.k / UNIT, halves = row_halves(push.k);
    uint lane = gl_SubgroupInvocationID, lanes = WORKGROUP / gl_NumSubgroups;
    for (uint r = WORKGROUP_ID.y; r < push.rows; r += WORKGROUPS.y) {
        uint x_start = push.offset.x + r * push.ldx;
        for (uint tile = WORKGROUP_ID.x; tile * each < push.n; tile += WORKGROUPS.x) {
            uint first = tile * each + gl_SubgroupID * ELEMENTS;
            if (first >= push.n) {
                continue;
            }
            // The half-words at which rows start. Beyond the last one it is the last one.
            uint row[4];
            float sums[4], squares = 0.0;
            EACH_LINE(y) {
                choose_line(y);
                row[y] = 2u * WEIGHTS_START + min(first + (both ? y / 2u : y), push.n - 1u) * halves;
                sums[y] = 0.0;
            }
            for (uint u = lane; u < units; u += lanes) {
                vec4 x[8];
                [[unroll]] for (uint i = 0u; i < LANE_QUADS; i++) {
                    uint at = quad_start(u, i);
                    x[i] = x_words(x_start + at);
                    if (normed) {
                        squares = times(x[i], x[i], squares);
                        x[i] *= norm_words(push.offset.w + at);
                    }
                }
                vec4 of_x = sums_of_x(x);
                EACH_LINE(y) {
                    choose_line(y);
                    sums[y] += line_times_x(row[y], u, x, of_x);
                }
            }
            float scale = normed ? norm_scale(subgroupAdd(squares)) : 1.0;
            EACH_LINE(y) {
                sums[y] = subgroupAdd(sums[y]) * scale;
            }
            // A lane for each element, whose sum it takes, or its two.
            vec2 mine = vec2(sums[0], 0.0);
            EACH_LINE(y) {
                if (both && y == 2u * lane + 1u) {
                    mine.y = sums[y];
                } else if (y == (both ? 2u * lane : lane)) {
                    mine.x = sums[y];
                }
            }
            if (lane < ELEMENTS && first + lane < push.n) {
#ifdef TWO_MATRICES
                if (both) {
                    finish_both(r, first + lane, mine.x, mine.y);
                    continue;
                }
#endif
                finish(r, first + lane, mine.x);
            }
        }
    }
}
