// input_rows(): f(x) as pairs of float16 (in MSL as float32), a row of x for a workgroup.
//
// Each row is multiplied by a power of two that brings its largest element to between 2^9 and 2^10, so that nothing
// overflows, sums of 32 elements included, and what is lost below is 2^-34 of the largest. Its inverse, and the scale of
// an RMS norm, are the row's factor. In a row with NaN or infinities these stay what they are, and no finite element
// overflows.

// The greatest of a workgroup's, of non-negative numbers as bits: infinities and NaN are above all.
uint group_max_bits(uint bits)
{
    bits = subgroupMax(bits);
    barrier(); // what was shared before has been read
    if (subgroupElect()) {
        pool[gl_SubgroupID].x = bits;
    }
    barrier();
    for (uint i = 0u; i < gl_NumSubgroups; i++) {
        bits = max(bits, pool[i].x);
    }
    return bits;
}

// Quad q of f(x[r]) but for the norm's scale; 0 beyond k.
vec4 input_quad(uint r, uint q, inout float squares)
{
    if (4u * q >= push.k) {
        return vec4(0.0);
    }
    uint at = push.offset.x + r * push.ldx + 4u * q, count = push.k - 4u * q;
    vec4 up = gated ? x_at(at + push.k, count) : vec4(0.0), factor = normed ? norm_at(4u * q) : vec4(1.0);
    return input_of(x_at(at, count), up, factor, squares);
}

#ifdef ZC_MSL
void put_halves(uint at, uint q, vec4 v) // both of them in one
{
    work4[at + q / 8u * NEXT_SLICE + (q & 7u)] = floatBitsToUint(v);
}
#else
// Two float16 whose sum is v, of each element.
void put_halves(uint at, uint q, vec4 v)
{
    vec4 first = upper(v), rest = v - first;
    rest = vec4(finite(rest.x) ? rest.x : 0.0, finite(rest.y) ? rest.y : 0.0, finite(rest.z) ? rest.z : 0.0,
                finite(rest.w) ? rest.w : 0.0);
    uvec2 high = uvec2(packHalf2x16(first.xy), packHalf2x16(first.zw));
    uvec2 low = uvec2(packHalf2x16(rest.xy), packHalf2x16(rest.zw));
    uint to = at + q / 8u * NEXT_SLICE + (q & 7u) / 2u, half_ = 2u * (q & 1u);
    work4[to][half_] = high.x;
    work4[to][half_ + 1u] = high.y;
    work4[to + 4u][half_] = low.x;
    work4[to + 4u][half_ + 1u] = low.y;
}
#endif

// Of how many quads of a row a column of minima has the sum; and of how many a quad of such columns is: four sums, or two,
// twice each.
const uint QUADS_OF_SUM = minima_of_16 ? 4u : 8u, QUADS_OF_SUMS = QUADS_OF_SUM * (minima_in_pairs ? 2u : 4u);

// Quads base to base + WORKGROUP - 1 of a row, of which v is this invocation's; and the sums of their blocks.
void put_quads(uint start, uint minima, uint base, uint quads, vec4 v)
{
    uint me = gl_LocalInvocationID.x;
    if (base + me < quads) {
        put_halves(start, base + me, v);
    }
    if (minima_of_any) {
        uint turn = base & WORKGROUP; // of two, so that there is one barrier
        pool[turn + me].x = floatBitsToUint(base + me < quads ? v.x + v.y + v.z + v.w : 0.0);
        barrier();
        uint m = base / QUADS_OF_SUMS + me;
        if (me < WORKGROUP / QUADS_OF_SUMS && m < slices_of_minima() * (DEPTH / 4u)) {
            float sums[4] = float[4](0.0, 0.0, 0.0, 0.0);
            for (uint i = 0u; i < QUADS_OF_SUMS; i++) {
                sums[i / QUADS_OF_SUM] += uintBitsToFloat(pool[turn + QUADS_OF_SUMS * me + i].x);
            }
            put_halves(minima, m, minima_in_pairs ? vec4(sums[0], sums[0], sums[1], sums[1])
                                                  : vec4(sums[0], sums[1], sums[2], sums[3]));
        }
    }
}

#define KEPT 4u // quads of an invocation that are not read again

void input_rows()
{
    uint me = gl_LocalInvocationID.x, quads = slices_of_k() * (DEPTH / 4u);
    for (uint r = WORKGROUP_ID.x; r < push.rows; r += WORKGROUPS.x) {
        float squares = 0.0, unused = 0.0;
        uint bits = 0u;
        vec4 kept[KEPT];
        [[unroll]] for (uint i = 0u; i < KEPT; i++) {
            kept[i] = input_quad(r, i * WORKGROUP + me, squares);
            uvec4 v = floatBitsToUint(kept[i]) & 0x7fffffffu;
            bits = max(bits, max(max(v.x, v.y), max(v.z, v.w)));
        }
        for (uint q = KEPT * WORKGROUP + me; q < quads; q += WORKGROUP) {
            uvec4 v = floatBitsToUint(input_quad(r, q, squares)) & 0x7fffffffu;
            bits = max(bits, max(max(v.x, v.y), max(v.z, v.w)));
        }
        bits = group_max_bits(bits);
        float factor = normed ? norm_scale(group_sum(squares)) : 1.0;
        // 2^power, and its inverse.
        int power = clamp(136 - int(bits >> 23u), -118, 100);
        float scale = uintBitsToFloat(uint(127 + power) << 23u);
        if (me == 0u) {
            work1[r] = factor * uintBitsToFloat(uint(127 - power) << 23u);
        }
        uint start = row_start(r), minima = start + slices_of_k() * NEXT_SLICE;
        barrier(); // what was shared has been read
        [[unroll]] for (uint i = 0u; i < KEPT; i++) {
            if (i * WORKGROUP < quads) {
                put_quads(start, minima, i * WORKGROUP, quads, scale * kept[i]);
            }
        }
        for (uint base = KEPT * WORKGROUP; base < quads; base += WORKGROUP) {
            put_quads(start, minima, base, quads, scale * input_quad(r, base + me, unused));
        }
        // Columns of minima that no quad above has, so that they are not what anything may be.
        if (minima_of_any) {
            uint covered = ceil_div(quads, WORKGROUP) * (WORKGROUP / QUADS_OF_SUMS);
            for (uint m = covered + me; m < slices_of_minima() * (DEPTH / 4u); m += WORKGROUP) {
                put_halves(minima, m, vec4(0.0));
            }
        }
    }
}
