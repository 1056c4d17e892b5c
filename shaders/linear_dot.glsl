// dot_rows(): as vector_rows(), for weights in blocks, with packed products of bytes (linear_team.glsl says who has what).
//
// f(x) is rounded to 16 bits in blocks of 32: scale * (256 * high + low), of signed bytes. So a product of four weights
// with four elements takes two instructions, and sums of a block are exact. The rounding is at most 2^-16 of a block's
// largest element. Not for ZC_LINEAR_EXACT. For devices whose subgroups are whole, of 8 invocations or more.

// Of more than a few rows of x (KEEPS) a workgroup has few rows of w at a time, and goes from those to the next with the same
// x, of which it keeps what it has made, where a chunk has all columns. Sums have a place of their own then.
const bool KEEPS = way == ZC_LINEAR_BLOCKS_WAY;
const uint SUMS_AT = KEEPS ? 1280u : 0u;

shared uvec4 pool[KEEPS ? 1632 : 1024]; // 26 or 16 KiB

#define POOL_FLOATS(at) uintBitsToFloat(pool[SUMS_AT + (at)])
#define PUT_POOL_FLOAT(at, element, value) pool[SUMS_AT + (at)][element] = floatBitsToUint(value)
#define SQUARES (KEEPS ? 320u : 960u)
#define ME (gl_SubgroupID * gl_SubgroupSize + gl_SubgroupInvocationID) // subgroups are whole
#define ROW_SCALE(r) (normed ? shared_scale() : 1.0)
#include "linear_team.glsl"

// OpSDot of words of four bytes (SPV_KHR_integer_dot_product).
spirv_instruction(extensions = ["SPV_KHR_integer_dot_product"], capabilities = [6018, 6019], id = 4450)
int packed_dot(uint a, uint b, spirv_literal int format);
#define DOT(a, b) packed_dot(a, b, 0)

// f(x) lies in shared memory in chunks, as blocks: 8 words of high bytes, 8 of low ones, the scale, and the sums of all,
// of the first half and of the second. So neighbours' quads lie in different banks.
#define BLOCK_QUADS 5u
const uint CHUNK = (KEEPS ? 8192u : 4096u) / XS;   // elements, a multiple of what a team has at a time
const uint CHUNK_QUADS = CHUNK / 32u * BLOCK_QUADS; // from one row of x to the next

uvec4 x_quad(uint m, uint at)
{
    return pool[m * CHUNK_QUADS + at];
}
// 256 * high + low of four words each.
int dots(uvec4 w, uvec4 high, uvec4 low)
{
    int a = DOT(w.x, high.x) + DOT(w.y, high.y) + DOT(w.z, high.z) + DOT(w.w, high.w);
    int b = DOT(w.x, low.x) + DOT(w.y, low.y) + DOT(w.z, low.z) + DOT(w.w, low.w);
    return 256 * a + b;
}

void units_times_x_Q8_0(Unit unit[4], uint row[4], uint u, uint local, inout vec4 sums[4])
{
    uint at = BLOCK_QUADS * local;
    EACH_X(m) {
        uvec4 h0 = x_quad(m, at), h1 = x_quad(m, at + 1u), l0 = x_quad(m, at + 2u), l1 = x_quad(m, at + 3u);
        float s = uintBitsToFloat(x_quad(m, at + 4u).x);
        EACH_ROW(y) {
            uvec4 a = unit[y].a, b = unit[y].b, a1 = uvec4(a.yzw, b.x), b1 = uvec4(b.yzw, unit[y].c);
            bool odd = (row[y] + u & 1u) != 0u;
            int sum = dots(odd ? a1 : a >> 16u | a1 << 16u, h0, l0) + dots(odd ? b1 : b >> 16u | b1 << 16u, h1, l1);
            sums[y][m] += float_of(row[y] + u, a.x) * s * float(sum);
        }
    }
}
void units_times_x_Q4_0(Unit unit[4], uint row[4], uint u, uint local, inout vec4 sums[4])
{
    uint at = BLOCK_QUADS * local;
    EACH_X(m) {
        uvec4 h0 = x_quad(m, at), h1 = x_quad(m, at + 1u), l0 = x_quad(m, at + 2u), l1 = x_quad(m, at + 3u), t = x_quad(m, at + 4u);
        EACH_ROW(y) {
            uvec4 a = unit[y].a, b = uvec4(a.yzw, unit[y].c);
            uvec4 w = (row[y] + u & 1u) != 0u ? b : a >> 16u | b << 16u;
            int sum = dots(w & 0x0f0f0f0fu, h0, l0) + dots(w >> 4u & 0x0f0f0f0fu, h1, l1) - 8 * int(t.y);
            sums[y][m] += float_of(row[y] + u, a.x) * uintBitsToFloat(t.x) * float(sum);
        }
    }
}
void units_times_x_Q4_1(Unit unit[4], uint row[4], uint u, uint local, inout vec4 sums[4])
{
    uint at = BLOCK_QUADS * local;
    EACH_X(m) {
        uvec4 h0 = x_quad(m, at), h1 = x_quad(m, at + 1u), l0 = x_quad(m, at + 2u), l1 = x_quad(m, at + 3u), t = x_quad(m, at + 4u);
        EACH_ROW(y) {
            uvec4 w = unit[y].a;
            int sum = dots(w & 0x0f0f0f0fu, h0, l0) + dots(w >> 4u & 0x0f0f0f0fu, h1, l1);
            sums[y][m] += uintBitsToFloat(t.x) * dot(unpackHalf2x16(unit[y].c), vec2(sum, int(t.y)));
        }
    }
}
void units_times_x_Q4_K(Unit unit[4], uint row[4], uint u, uint local, inout vec4 sums[4])
{
    uint pair = u / 2u & 3u, half_ = u & 1u, at = (local / 8u * 8u + 2u * pair) * BLOCK_QUADS, next = at + BLOCK_QUADS;
    bool lower = pair < 2u;
    EACH_X(m) {
        uvec4 h0 = x_quad(m, at + half_), l0 = x_quad(m, at + 2u + half_), h1 = x_quad(m, next + half_), l1 = x_quad(m, next + 2u + half_);
        uvec4 t0 = x_quad(m, at + 4u), t1 = x_quad(m, next + 4u);
        float s0 = uintBitsToFloat(t0.x), s1 = uintBitsToFloat(t1.x);
        float of_x0 = s0 * float(int(half_ != 0u ? t0.w : t0.z)), of_x1 = s1 * float(int(half_ != 0u ? t1.w : t1.z));
        EACH_ROW(y) {
            uvec4 w = unit[y].a;
            float sum0 = s0 * float(dots(w & 0x0f0f0f0fu, h0, l0)), sum1 = s1 * float(dots(w >> 4u & 0x0f0f0f0fu, h1, l1));
            uvec3 words = unit[y].b.yzw >> (16u * (pair & 1u));
            uint scales = lower ? words.x & 0x3f3fu : words.z & 0x0f0fu | words.x >> 2u & 0x3030u;
            uint minima = lower ? words.y & 0x3f3fu : words.z >> 4u & 0x0f0fu | words.y >> 2u & 0x3030u;
            vec2 d = unpackHalf2x16(unit[y].b.x);
            sums[y][m] += d.x * (float(scales & 0xffu) * sum0 + float(scales >> 8u) * sum1) -
                          d.y * (float(minima & 0xffu) * of_x0 + float(minima >> 8u) * of_x1);
        }
    }
}

// The byte at byte `at`, counted from half-word h.
uint byte_of(uint h, uint at)
{
    uint half_ = h + at / 2u;
    return weight_word(half_ / 2u) >> (16u * (half_ & 1u) + 8u * (at & 1u)) & 0xffu;
}

// 16 weights of one block of 32, the low nibbles, and those of the second next one, the high nibbles; they share the
// bytes of their pairs of high bits. c: the scale of all, and in its upper half those of the two.
Unit load_unit_Q6_K(uint row, uint u)
{
    uint h = row + u / 8u * 105u, part = u / 4u & 1u, in_part = u & 3u, scales = 192u + 8u * part + in_part;
    uint scale = weight_word(h / 2u + 52u) >> 16u * (h & 1u) & 0xffffu;
    return Unit(four_words_of(h + 32u * part + 8u * in_part), four_words_of(h + 64u + 16u * part + 8u * (in_part & 1u)),
                scale | byte_of(h, scales) << 16u | byte_of(h, scales + 4u) << 24u, 0u);
}

void units_times_x_Q6_K(Unit unit[4], uint row[4], uint u, uint local, inout vec4 sums[4])
{
    uint half_ = u & 1u, pair = u / 2u & 1u, at = (local / 4u * 4u + pair) * BLOCK_QUADS, next = at + 2u * BLOCK_QUADS;
    EACH_X(m) {
        uvec4 h0 = x_quad(m, at + half_), l0 = x_quad(m, at + 2u + half_), h1 = x_quad(m, next + half_), l1 = x_quad(m, next + 2u + half_);
        float s0 = uintBitsToFloat(x_quad(m, at + 4u).x), s1 = uintBitsToFloat(x_quad(m, next + 4u).x);
        EACH_ROW(y) {
            // 6 bits of which 32 is subtracted, at the top of a byte, are 4 times that as a signed byte but for the first.
            uvec4 low = unit[y].a, high = unit[y].b >> 2u * pair;
            int sum0 = dots((low << 2u & 0x3c3c3c3cu | high << 6u & 0xc0c0c0c0u) ^ 0x80808080u, h0, l0);
            int sum1 = dots((low >> 2u & 0x3c3c3c3cu | high << 2u & 0xc0c0c0c0u) ^ 0x80808080u, h1, l1);
            float scale = 0.25 * unpackHalf2x16(unit[y].c).x;
            float scale0 = float(int(unit[y].c << 8u) >> 24), scale1 = float(int(unit[y].c) >> 24);
            sums[y][m] += scale * (scale0 * s0 * float(sum0) + scale1 * s1 * float(sum1));
        }
    }
}

void runs_times_x(Unit unit[4], uint row[4], uint u, uint local, inout vec4 sums[4])
{
    [[unroll]] for (uint i = 0u; i < 2u; i++) {
        uint half_ = run_half(u, i), at = (run_block(u, i) - (u - local)) * BLOCK_QUADS;
        uvec4 words[4];
        vec2 scales[4];
        EACH_ROW(y) {
            words[y] = run_numbers(unit[y], i);
            scales[y] = unit_scale(unit[y], u) * run_scale(unit[y], i);
        }
        EACH_X(m) {
            uvec4 h = x_quad(m, at + half_), l = x_quad(m, at + 2u + half_), t = x_quad(m, at + 4u);
            float s = uintBitsToFloat(t.x);
            int of_x = int(half_ != 0u ? t.w : t.z);
            EACH_ROW(y) {
                float sum = scales[y].x * float(dots(words[y], h, l) - RUN_ZERO * of_x);
                sums[y][m] += s * (run_minima ? sum - scales[y].y * float(of_x) : sum);
            }
        }
    }
}
// One call for all of them, since drivers have a copy of a function for each.
#define units_times_x_Q5_0(unit, row, u, local, sums)
#define units_times_x_Q5_1(unit, row, u, local, sums)
#define units_times_x_Q2_K(unit, row, u, local, sums)
#define units_times_x_Q3_K(unit, row, u, local, sums)
#define units_times_x_Q5_K(unit, row, u, local, sums)
#define units_times_x_IQ4_NL(unit, row, u, local, sums)
#define units_times_x_IQ4_XS(unit, row, u, local, sums)
#define units_times_x_MXFP4(unit, row, u, local, sums)

// There are no others.
#define units_times_x_F32(unit, row, u, local, sums)
#define units_times_x_F16(unit, row, u, local, sums)
#define units_times_x_BF16(unit, row, u, local, sums)
#define units_times_x_F8_E4M3(unit, row, u, local, sums)

void units_times_x(Unit unit[4], uint row[4], uint u, uint local, inout vec4 sums[4])
{
    if (runs) {
        runs_times_x(unit, row, u, local, sums);
    }
#define ZC_WEIGHT_TYPE(name, block, bytes, gguf, cpu)     \
    if (IS(name)) {                                       \
        units_times_x_##name(unit, row, u, local, sums);  \
    }
#include "kernel/zc_weight_type.def"
#undef ZC_WEIGHT_TYPE
}

uint packed(ivec4 v)
{
    uvec4 w = uvec4(v) & 0xffu;
    return w.x | w.y << 8u | w.z << 16u | w.w << 24u;
}

// Quad j of the block at `at`.
void put_quad(uint at, uint j, uint high, uint low, uvec4 rest)
{
    pool[at + j / 4u][j & 3u] = high;
    pool[at + 2u + j / 4u][j & 3u] = low;
    if (j == 0u) {
        pool[at + 4u] = rest;
    }
}

// Quad q of row m of a chunk, rounded; `there` is whether it is one of its. Subgroups are whole, and have at least 8
// invocations: the eight with a block's quads are neighbours in one.
void put_rounded(vec4 f, uint m, uint q, bool there)
{
    uvec4 bits = floatBitsToUint(abs(f));
    uint top = max(max(bits.x, bits.y), max(bits.z, bits.w));
    top = max(top, subgroupShuffleXor(top, 1u));
    top = max(top, subgroupShuffleXor(top, 2u));
    top = max(top, subgroupShuffleXor(top, 4u));
    float largest = uintBitsToFloat(top), tiny = largest < 1e-30 ? 1.2676506e30 : 1.0; // 2^100
    float scale = largest * tiny / 32512.0;
    ivec4 whole = top >= INFINITY_BITS || top == 0u ? ivec4(0) : ivec4(roundEven(f * tiny * (1.0 / scale)));
    ivec4 high = whole + 128 >> 8, low = whole - 256 * high;
    int sum = whole.x + whole.y + whole.z + whole.w;
    sum += subgroupShuffleXor(sum, 1u);
    sum += subgroupShuffleXor(sum, 2u);
    int other = subgroupShuffleXor(sum, 4u);
    if (there) {
        float s = top >= INFINITY_BITS ? uintBitsToFloat(NAN_BITS) : scale / tiny;
        uvec4 rest = uvec4(floatBitsToUint(s), uint(sum + other), uint(sum), uint(other));
        put_quad(m * CHUNK_QUADS + q / 8u * BLOCK_QUADS, q & 7u, packed(high), packed(low), rest);
    }
}

void put_chunk(uint r, uint m, uint first, uint count, inout float squares)
{
    uint x = push.offset.x + (r + m) * push.ldx, quads = ceil_div(count, 32u) * 8u;
    uint me = ME;
    for (uint base = 0u; base < quads; base += 4u * WORKGROUP) {
        vec4 v[4], factor[4];
        [[unroll]] for (uint part = 0u; part < 4u; part++) {
            uint q = base + part * WORKGROUP + me, at = first + 4u * q;
            v[part] = vec4(0.0);
            factor[part] = vec4(0.0);
            if (q < quads && at < push.k && r + m < push.rows) { // k is whole blocks
                v[part] = x_at(x + at, 4u);
                if (gated) {
                    factor[part] = x_at(x + push.k + at, 4u);
                } else if (normed) {
                    factor[part] = norm_at(at);
                }
            }
        }
        [[unroll]] for (uint part = 0u; part < 4u; part++) {
            if (base + part * WORKGROUP >= quads) {
                break;
            }
            uint q = base + part * WORKGROUP + me;
            put_rounded(input_of(v[part], factor[part], factor[part], squares), m, q, q < quads);
        }
    }
}

// The same of all XS rows, where x is whole vectors: all loads are on their way before one is waited for.
void put_rows(uint r, uint first, uint count, inout vec4 squares)
{
    uint me = ME, quads = count / 4u;
    for (uint base = 0u; base < quads; base += 2u * WORKGROUP) {
        vec4 v[8], up[8], factor[2];
        [[unroll]] for (uint part = 0u; part < 2u; part++) {
            uint at = first + 4u * min(base + part * WORKGROUP + me, quads - 1u);
            EACH_X(m) {
                uint from = (push.offset.x + min(r + m, push.rows - 1u) * push.ldx + at) / 4u;
                v[2u * m + part] = x4[from];
                up[2u * m + part] = gated ? x4[from + push.k / 4u] : vec4(0.0);
            }
            factor[part] = normed ? norm_at(at) : vec4(0.0);
        }
        [[unroll]] for (uint part = 0u; part < 2u; part++) {
            uint q = base + part * WORKGROUP + me;
            EACH_X(m) {
                bool there = q < quads && r + m < push.rows;
                vec4 x = there ? v[2u * m + part] : vec4(0.0);
                put_rounded(input_of(x, gated ? up[2u * m + part] : factor[part], factor[part], squares[m]), m, q, q < quads);
            }
        }
    }
}

// Whether the next units are loaded while these are used, which pays where there are few workgroups anyhow; elsewhere it
// takes registers from which more of them live.
const bool ahead = (ROWS == 2u && XS == 1u || KEEPS) && (IS(Q8_0) || IS(Q4_0) || IS(Q4_1));

// Factors of the rows of a norm, from the squares that invocations have.
vec4 row_scales(vec4 squares)
{
    const uint at = KEEPS ? SUMS_AT : 960u; // behind x
    if (!normed) {
        return vec4(1.0);
    }
    squares = subgroupAdd(squares);
    if (subgroupElect()) {
        pool[at + gl_SubgroupID] = floatBitsToUint(squares);
    }
    barrier();
    squares = vec4(0.0);
    for (uint s = 0u; s < gl_NumSubgroups; s++) {
        squares += uintBitsToFloat(pool[at + s]);
    }
    return vec4(norm_scale(squares.x), norm_scale(squares.y), norm_scale(squares.z), norm_scale(squares.w));
}

// finish_lines() where a team is in one subgroup and has four rows of x: each of the sums of an invocation is added up in one
// of the team, or in SPARE of them, without a barrier.
const uint SUMS = ROWS * XS, SPARE = SUMS < TEAM ? TEAM / SUMS : 1u;

void finish_team(uint r, uint first, vec4 sums[4], vec4 scales)
{
    uint lane = ME & TEAM - 1u, i = lane / SPARE, y = i % ROWS, m = i / ROWS;
    float v[16];
    [[unroll]] for (uint j = 0u; j < 16u; j++) {
        v[j] = j < SUMS ? sums[j % ROWS][j / ROWS & 3u] : 0.0;
    }
    [[unroll]] for (uint half_ = 8u; half_ > 0u; half_ /= 2u) {
        if (half_ < SUMS) {
            bool upper = (lane & half_ * SPARE) != 0u;
            [[unroll]] for (uint j = 0u; j < half_; j++) {
                float other = subgroupShuffleXor(upper ? v[j] : v[j + half_], half_ * SPARE);
                v[j] = (upper ? v[j + half_] : v[j]) + other;
            }
        }
    }
    if (SPARE == 2u) {
        v[0] += subgroupShuffleXor(v[0], 1u);
    }
    float sum = scales[m] * v[0];
    bool mine = lane % SPARE == 0u && r + m < push.rows;
    first += ME / TEAM * (both ? ROWS / 2u : ROWS) + (both ? y / 2u : y);
#ifdef TWO_MATRICES
    float up = subgroupShuffleXor(sum, SPARE);
    if (both && mine && (y & 1u) == 0u && first < push.n) {
        finish_both(r + m, first, sum, up);
    }
#endif
    if (!both && mine && first < push.n) {
        finish(r + m, first, sum);
    }
}

void dot_rows()
{
    uint lane = ME & TEAM - 1u, units = push.k / 32u;
    bool in_subgroup = XS == 4u && gl_SubgroupSize >= TEAM;
    for (uint r = WORKGROUP_ID.y * XS; r < push.rows; r += WORKGROUPS.y * XS) {
        vec4 squares = vec4(0.0), scales = vec4(1.0);
        uint row[4];
        Unit next[4], unit[4];
        bool kept = false;
        find_rows(WORKGROUP_ID.x * GROUP_LINES, row);
        if (ahead && units != 0u) {
            load_units(row, min(lane, units - 1u), next);
        }
        for (uint tile = WORKGROUP_ID.x; tile * GROUP_LINES < push.n; tile += WORKGROUPS.x) {
            vec4 sums[4] = {ZERO4};
            for (uint base = 0u; base < units; base += CHUNK / 32u) {
                uint end = min(units, base + CHUNK / 32u);
                if (!kept) {
                    if (base == 0u) {
                        squares = vec4(0.0);
                    }
                    barrier(); // what was shared before has been read
                    if (KEEPS && ((push.offset.x | push.ldx) & 3u) == 0u) {
                        put_rows(r, 32u * base, 32u * (end - base), squares);
                    } else {
                        EACH_X(m) {
                            put_chunk(r, m, 32u * base, 32u * (end - base), squares[m]);
                        }
                    }
                    barrier();
                    kept = KEEPS && units <= CHUNK / 32u;
                    if (XS == 4u && end == units) {
                        scales = row_scales(squares);
                    }
                }
                for (uint from = base; from < end; from += TEAM) {
                    uint u = from + lane, loaded[4] = row;
                    bool last = ahead && from + TEAM >= units; // then what is ahead is of the next tile
                    if (last) {
                        find_rows((tile + WORKGROUPS.x) * GROUP_LINES, loaded);
                    }
                    EACH_ROW(y) {
                        if (ahead) {
                            unit[y] = next[y];
                        }
                    }
                    load_units(loaded, min(last ? lane : ahead ? u + TEAM : u, units - 1u), next);
                    EACH_ROW(y) {
                        unit[y] = ahead ? unit[y] : next[y];
                    }
                    if (u < end) {
                        units_times_x(unit, row, u, u - base, sums);
                    }
                }
            }
            if (in_subgroup) {
                finish_team(r, tile * GROUP_LINES, sums, scales);
            } else {
                finish_lines(r, tile * GROUP_LINES, sums, squares);
            }
            find_rows((tile + WORKGROUPS.x) * GROUP_LINES, row);
        }
    }
}
