// vector_rows(): one row of x, or the few of a way, with rows of w, in float32 (linear_team.glsl says who has what).

#define POOL_FLOATS(at) pool[at]
#define PUT_POOL_FLOAT(at, element, value) pool[at][element] = value
#define ROW_SCALE(r) (normed ? shared_scale() : 1.0)
#include "linear_team.glsl"

// f(x) lies in shared memory in chunks, as blocks of 32 elements with one vector behind each: their sum, and those of
// its halves. So neighbours' quads lie in different banks.
#define BLOCK_QUADS 9u
const uint CHUNK = XS == 1u ? 3584u : XS == 2u ? 1792u : 768u; // elements, a multiple of 256
const uint CHUNK_QUADS = CHUNK / 32u * BLOCK_QUADS;            // from one row of x to the next

// Nibbles and small bytes of a word plus NIBBLE, as floats. They become the middle of half-floats between 64 and 128:
// that costs less than to convert integers. The sum of x times NIBBLE is subtracted in the end, or it at once.
#define NIBBLE 64.0

vec4 halves(uint a, uint b, uint mask)
{
    vec2 p = unpackHalf2x16(a & mask | 0x54005400u), q = unpackHalf2x16(b & mask | 0x54005400u);
    return vec4(p.x, q.x, p.y, q.y);
}

vec4 low_nibbles(uint w)
{
    return halves(w << 4u, w >> 4u, 0x00f000f0u);
}

vec4 high_nibbles(uint w)
{
    return halves(w, w >> 8u, 0x00f000f0u);
}

vec4 small_bytes(uint w) // below 64
{
    return halves(w << 4u, w >> 4u, 0x03f003f0u);
}

// Signed bytes plus 384, where half-floats are multiples of a quarter.
vec4 bytes_and_384(uint w)
{
    vec2 p = unpackHalf2x16(w << 2u & 0x03fc03fcu ^ 0x5e005e00u);
    vec2 q = unpackHalf2x16(w >> 6u & 0x03fc03fcu ^ 0x5e005e00u);
    return vec4(p.x, q.x, p.y, q.y);
}

// Numbers of runs (linear_runs.glsl) plus RUN_OFFSET.
const float RUN_OFFSET = signed_runs ? 384.0 : NIBBLE;

vec4 run_floats(uint w)
{
    return signed_runs ? bytes_and_384(w) : small_bytes(w);
}

vec4 x_quad(uint m, uint at)
{
    return pool[m * CHUNK_QUADS + at];
}

// units_times_x_TYPE: adds unit u of each row that starts at half-word row[y], times each x; `local` counts from the
// chunk's first unit. Quads of x are read once for all rows, weights converted once for all x.

void eight_times_x(vec4 a, vec4 b, uint u, uint local, inout vec4 sums)
{
    uint left = push.k - 8u * u, at = 2u * local + local / 4u;
    if (left < 8u) { // a weight beyond the row's end
        a = mix(vec4(0.0), a, lessThan(uvec4(0u, 1u, 2u, 3u), uvec4(left)));
        b = mix(vec4(0.0), b, lessThan(uvec4(4u, 5u, 6u, 7u), uvec4(left)));
    }
    EACH_X(m) {
        sums[m] += dot(a, x_quad(m, at)) + dot(b, x_quad(m, at + 1u));
    }
}

void units_times_x_F32(Unit unit[4], uint row[4], uint u, uint local, inout vec4 sums[4])
{
    EACH_ROW(y) {
        eight_times_x(uintBitsToFloat(unit[y].a), uintBitsToFloat(unit[y].b), u, local, sums[y]);
    }
}

uvec4 words_of_16_bits(Unit unit, uint h)
{
    return uvec4(word_of(h, unit.a.x, unit.a.y), word_of(h, unit.a.y, unit.a.z), word_of(h, unit.a.z, unit.a.w),
                 word_of(h, unit.a.w, unit.b.x));
}

void units_times_x_F16(Unit unit[4], uint row[4], uint u, uint local, inout vec4 sums[4])
{
    EACH_ROW(y) {
        uvec4 words = words_of_16_bits(unit[y], row[y]);
        eight_times_x(vec4(unpackHalf2x16(words.x), unpackHalf2x16(words.y)),
                      vec4(unpackHalf2x16(words.z), unpackHalf2x16(words.w)), u, local, sums[y]);
    }
}

void units_times_x_BF16(Unit unit[4], uint row[4], uint u, uint local, inout vec4 sums[4])
{
    EACH_ROW(y) {
        uvec4 words = words_of_16_bits(unit[y], row[y]), low = words << 16u, high = words & 0xffff0000u;
        eight_times_x(uintBitsToFloat(uvec4(low.x, high.x, low.y, high.y)),
                      uintBitsToFloat(uvec4(low.z, high.z, low.w, high.w)), u, local, sums[y]);
    }
}

void units_times_x_F8_E4M3(Unit unit[4], uint row[4], uint u, uint local, inout vec4 sums[4])
{
    EACH_ROW(y) {
        uvec4 w = unit[y].a;
        eight_times_x(f8_e4m3(word_of(row[y], w.x, w.y)), f8_e4m3(word_of(row[y], w.y, w.z)), u, local, sums[y]);
    }
}

// Word e of the quants of a block with its scale before them, which starts at half-word h.
uint quants(Unit unit, uint h, uint e)
{
    uint w[9] = {unit.a.x, unit.a.y, unit.a.z, unit.a.w, unit.b.x, unit.b.y, unit.b.z, unit.b.w, unit.c};
    return (h & 1u) != 0u ? w[e + 1u] : w[e] >> 16u | w[e + 1u] << 16u;
}

void units_times_x_Q8_0(Unit unit[4], uint row[4], uint u, uint local, inout vec4 sums[4])
{
    uint at = BLOCK_QUADS * local;
    vec4 all_[16] = {ZERO4, ZERO4, ZERO4, ZERO4};
    [[unroll]] for (uint e = 0u; e < 8u; e++) {
        EACH_ROW(y) {
            vec4 v = signed_bytes(quants(unit[y], row[y] + u, e)); // odd as the block's start is
            EACH_X(m) {
                all_[4u * y + m] += v * x_quad(m, at + e);
            }
        }
    }
    EACH_ROW(y) {
        float scale = float_of(row[y] + u, unit[y].a.x);
        EACH_X(m) {
            sums[y][m] += scale * sum4(all_[4u * y + m]);
        }
    }
}

// Adds blocks of nibbles times x.
void nibbles_times_x(uvec4 words[4], uint at, inout vec4 all_[16])
{
    [[unroll]] for (uint e = 0u; e < 4u; e++) {
        EACH_ROW(y) {
            vec4 low = low_nibbles(words[y][e]), high = high_nibbles(words[y][e]);
            EACH_X(m) {
                all_[4u * y + m] += low * x_quad(m, at + e);
                all_[4u * y + m] += high * x_quad(m, at + e + 4u);
            }
        }
    }
}

void units_times_x_Q4_0(Unit unit[4], uint row[4], uint u, uint local, inout vec4 sums[4])
{
    uint at = BLOCK_QUADS * local;
    vec4 all_[16] = {ZERO4, ZERO4, ZERO4, ZERO4};
    uvec4 words[4];
    EACH_ROW(y) {
        uvec4 a = unit[y].a, b = uvec4(a.y, a.z, a.w, unit[y].c);
        words[y] = (row[y] + u & 1u) != 0u ? b : a >> 16u | b << 16u; // odd as the block's start is
    }
    nibbles_times_x(words, at, all_);
    EACH_ROW(y) {
        float scale = float_of(row[y] + u, unit[y].a.x);
        EACH_X(m) {
            sums[y][m] += scale * (sum4(all_[4u * y + m]) - (NIBBLE + 8.0) * x_quad(m, at + 8u).x);
        }
    }
}

void units_times_x_Q4_1(Unit unit[4], uint row[4], uint u, uint local, inout vec4 sums[4])
{
    uint at = BLOCK_QUADS * local;
    vec4 all_[16] = {ZERO4, ZERO4, ZERO4, ZERO4};
    uvec4 words[4];
    EACH_ROW(y) {
        words[y] = unit[y].a;
    }
    nibbles_times_x(words, at, all_);
    EACH_ROW(y) {
        vec2 scale = unpackHalf2x16(unit[y].c);
        EACH_X(m) {
            float of_x = x_quad(m, at + 8u).x;
            sums[y][m] += scale.x * (sum4(all_[4u * y + m]) - NIBBLE * of_x) + scale.y * of_x;
        }
    }
}

// One half of each of two blocks of 32: first the low nibbles, then the high ones.
void units_times_x_Q4_K(Unit unit[4], uint row[4], uint u, uint local, inout vec4 sums[4])
{
    uint pair = u / 2u & 3u, half_ = u & 1u;
    bool lower = pair < 2u;
    uint scales[4], minima[4]; // of both blocks, two bytes each
    EACH_ROW(y) {
        uvec3 words = unit[y].b.yzw >> (16u * (pair & 1u));
        scales[y] = lower ? words.x & 0x3f3fu : words.z & 0x0f0fu | words.x >> 2u & 0x3030u;
        minima[y] = lower ? words.y & 0x3f3fu : words.z >> 4u & 0x0f0fu | words.y >> 2u & 0x3030u;
    }
    [[unroll]] for (uint high = 0u; high < 2u; high++) {
        uint block = (local / 8u * 8u + 2u * pair + high) * BLOCK_QUADS, at = block + 4u * half_;
        vec4 all_[16] = {ZERO4, ZERO4, ZERO4, ZERO4};
        [[unroll]] for (uint e = 0u; e < 4u; e++) {
            EACH_ROW(y) {
                vec4 v = high == 0u ? low_nibbles(unit[y].a[e]) : high_nibbles(unit[y].a[e]);
                EACH_X(m) {
                    all_[4u * y + m] += v * x_quad(m, at + e);
                }
            }
        }
        EACH_ROW(y) {
            vec2 d = unpackHalf2x16(unit[y].b.x) * vec2(scales[y] >> 8u * high & 0xffu, minima[y] >> 8u * high & 0xffu);
            EACH_X(m) {
                float of_x = x_quad(m, block + 8u)[1u + half_];
                sums[y][m] += d.x * (sum4(all_[4u * y + m]) - NIBBLE * of_x) - d.y * of_x;
            }
        }
    }
}

// 8 weights of each of the four blocks of half a block of 256.
Unit load_unit_Q6_K(uint row, uint u)
{
    uint h = row + u / 8u * 105u, part = u / 4u & 1u, in_part = u & 3u;
    uint low = (h + 32u * part + 4u * in_part) / 2u, high = (h + 64u + 16u * part + 4u * in_part) / 2u;
    uint scales = (h + 96u + 4u * part) / 2u;
    uvec4 a = uvec4(weight_word(low), weight_word(low + 1u), weight_word(low + 8u), weight_word(low + 9u));
    uvec4 b = uvec4(weight_word(high), weight_word(high + 1u), weight_word(scales), weight_word(scales + 1u));
    if ((h & 1u) != 0u) { // everything starts in the middle of a word
        a = uvec4(next_half(a.x, a.y), next_half(a.y, weight_word(low + 2u)), next_half(a.z, a.w),
                  next_half(a.w, weight_word(low + 10u)));
        b = uvec4(next_half(b.x, b.y), next_half(b.y, weight_word(high + 2u)), next_half(b.z, b.w),
                  next_half(b.w, weight_word(scales + 2u)));
    }
    return Unit(a, b, weight_word(h / 2u + 52u), 0u);
}

void units_times_x_Q6_K(Unit unit[4], uint row[4], uint u, uint local, inout vec4 sums[4])
{
    uint part = u / 4u & 1u, in_part = u & 3u;
    uint at = (local / 8u * 8u + 4u * part) * BLOCK_QUADS + 2u * in_part;
    vec4 all_[16] = {ZERO4, ZERO4, ZERO4, ZERO4}; // of the four blocks
    [[unroll]] for (uint e = 0u; e < 2u; e++) {
        EACH_ROW(y) {
            uint p = unit[y].a[e], q = unit[y].a[e + 2u], r = unit[y].b[e];
            vec4 a = small_bytes(p & 0x0f0f0f0fu | (r & 0x03030303u) << 4u) - (NIBBLE + 32.0);
            vec4 b = small_bytes(q & 0x0f0f0f0fu | r << 2u & 0x30303030u) - (NIBBLE + 32.0);
            vec4 c = small_bytes(p >> 4u & 0x0f0f0f0fu | r & 0x30303030u) - (NIBBLE + 32.0);
            vec4 d = small_bytes(q >> 4u & 0x0f0f0f0fu | r >> 2u & 0x30303030u) - (NIBBLE + 32.0);
            EACH_X(m) {
                uint x = at + e;
                all_[4u * y + m] += vec4(dot(a, x_quad(m, x)), dot(b, x_quad(m, x + BLOCK_QUADS)),
                                         dot(c, x_quad(m, x + 2u * BLOCK_QUADS)),
                                         dot(d, x_quad(m, x + 3u * BLOCK_QUADS)));
            }
        }
    }
    EACH_ROW(y) {
        // A block has a scale for each half.
        uint h = row[y] + u / 8u; // odd as the block's start is
        uvec2 words = in_part < 2u ? unit[y].b.zw : unit[y].b.zw >> 8u;
        vec4 scales = float_of(h, unit[y].c) * signed_bytes(words.x & 0x00ff00ffu | (words.y & 0x00ff00ffu) << 8u).xzyw;
        EACH_X(m) {
            sums[y][m] += dot(scales, all_[4u * y + m]);
        }
    }
}

void runs_times_x(Unit unit[4], uint row[4], uint u, uint local, inout vec4 sums[4])
{
    [[unroll]] for (uint i = 0u; i < 2u; i++) {
        uint half_ = run_half(u, i), block = (run_block(u, i) - (u - local)) * BLOCK_QUADS, at = block + 4u * half_;
        vec4 all_[16] = {ZERO4, ZERO4, ZERO4, ZERO4};
        uvec4 words[4];
        EACH_ROW(y) {
            words[y] = run_numbers(unit[y], i);
        }
        [[unroll]] for (uint e = 0u; e < 4u; e++) {
            EACH_ROW(y) {
                vec4 v = run_floats(words[y][e]);
                EACH_X(m) {
                    all_[4u * y + m] += v * x_quad(m, at + e);
                }
            }
        }
        EACH_ROW(y) {
            vec2 d = unit_scale(unit[y], u) * run_scale(unit[y], i);
            EACH_X(m) {
                float of_x = x_quad(m, block + 8u)[1u + half_];
                sums[y][m] += d.x * (sum4(all_[4u * y + m]) - (RUN_OFFSET + float(RUN_ZERO)) * of_x);
                sums[y][m] -= run_minima ? d.y * of_x : 0.0;
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

// Elements first to first + count - 1 of f(x[r + m]) but for the norm's scale into shared memory, zeros up to the end
// of the last block. Adds the squares of x. Loads before stores, two quads an invocation.
void put_chunk(uint r, uint m, uint first, uint count, inout float squares)
{
    uint x = push.offset.x + ROW_OF_X(r + m) * push.ldx, quads = ceil_div(count, 32u) * 8u;
    for (uint base = gl_LocalInvocationID.x; base < quads; base += 2u * WORKGROUP) {
        vec4 v[2] = {vec4(0.0), vec4(0.0)}, factor[2] = v;
        [[unroll]] for (uint part = 0u; part < 2u; part++) {
            uint q = base + part * WORKGROUP, at = first + 4u * q;
            if (q < quads && at < push.k && r + m < push.rows) {
                v[part] = x_at(x + at, push.k - at);
                if (gated) {
                    factor[part] = x_at(x + push.k + at, push.k - at);
                } else if (normed) {
                    factor[part] = norm_at(at);
                }
            }
        }
        [[unroll]] for (uint part = 0u; part < 2u; part++) {
            uint q = base + part * WORKGROUP, at = first + 4u * q;
            if (q < quads) {
                vec4 value = input_of(v[part], factor[part], factor[part], squares);
                if (normed && at + 4u > push.k) { // beyond k the norm's weights may be anything
                    value = mix(vec4(0.0), value, lessThan(uvec4(at, at + 1u, at + 2u, at + 3u), uvec4(push.k)));
                }
                pool[m * CHUNK_QUADS + q + q / 8u] = value;
            }
        }
    }
}

// After a barrier: the sums of the blocks, where the type's units need them.
const bool summed = IS(Q4_0) || IS(Q4_1) || IS(Q4_K) || runs;

void put_sums(uint count)
{
    if (gl_LocalInvocationID.x < ceil_div(count, 32u)) {
        EACH_X(m) {
            uint at = m * CHUNK_QUADS + BLOCK_QUADS * gl_LocalInvocationID.x;
            float low = sum4((pool[at] + pool[at + 1u]) + (pool[at + 2u] + pool[at + 3u]));
            float high = sum4((pool[at + 4u] + pool[at + 5u]) + (pool[at + 6u] + pool[at + 7u]));
            pool[at + 8u] = vec4(low + high, low, high, 0.0);
        }
    }
}

// The chunk of every x that begins with element `first`.
void put_chunks(uint r, uint first, uint count, inout vec4 squares)
{
    barrier(); // what was shared before has been read
    EACH_X(m) {
        put_chunk(r, m, first, count, squares[m]);
    }
    barrier();
    if (summed) {
        put_sums(count);
        barrier();
    }
}

void vector_rows()
{
    uint lane = gl_LocalInvocationID.x & TEAM - 1u, units = ceil_div(push.k, UNIT);
    // Chunks of about the same size, multiples of 256 elements.
    uint chunks = max(ceil_div(push.k, CHUNK), 1u);
    uint chunk = ceil_div(ceil_div(push.k, chunks), 256u) * (256u / UNIT); // its units
    for (uint r = WORKGROUP_ID.y * XS; r < push.rows; r += WORKGROUPS.y * XS) {
        CHOOSE(r)
        for (uint tile = WORKGROUP_ID.x; tile * GROUP_LINES < push.n; tile += WORKGROUPS.x) {
            vec4 sums[4] = {ZERO4}, squares = vec4(0.0);
            uint row[4];
            find_rows(tile * GROUP_LINES, row);
            for (uint base = 0u; base < units; base += chunk) {
                uint end = min(units, base + chunk);
                // Units of plain types are short, so the next ones are on their way while these are used, the first
                // ones before x is there. Elsewhere that takes registers from which more workgroups live.
                Unit next[4], unit[4];
                if (plain && base + lane < end) {
                    load_plain_units(row, base + lane, next);
                }
                put_chunks(r, UNIT * base, min(push.k, UNIT * end) - UNIT * base, squares);
                for (uint u = base + lane; u < end; u += TEAM) {
                    if (plain) {
                        EACH_ROW(y) {
                            unit[y] = next[y];
                        }
                        if (u + TEAM < end) {
                            load_plain_units(row, u + TEAM, next);
                        }
                    } else {
                        load_units(row, u, unit);
                    }
                    units_times_x(unit, row, u, u - base, sums);
                }
            }
            finish_lines(r, tile * GROUP_LINES, sums, squares);
        }
    }
}
