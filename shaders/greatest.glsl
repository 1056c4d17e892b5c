// The greatest element of a row, the first one among equals; a NaN is above everything: argmax, and top_k with k = 1.
//
// A row is a workgroup's; or, where there are few long ones, shares of it are, and in a second stage one workgroup
// compares what these have found (csrc/kernel/zc_kernel_tiles.c). One pass finds the greatest and, in each invocation,
// the block of four where it first saw its own. Only where there is a NaN, or the greatest is a zero of either sign, are
// all elements looked at again.
//
// The including kernel declares `push` with offset.x, cols and ldx, x1 and x4, the row's buffer, and as its workspace
// found[], pairs of an element's order and its index.

#extension GL_KHR_shader_subgroup_basic : require
#extension GL_KHR_shader_subgroup_arithmetic : require
#extension GL_EXT_control_flow_attributes : require

#include "common.glsl"
#include "order.glsl"

layout(constant_id = 0) const uint way = 0u;

const uint NOWHERE = 0xffffffffu;

shared ivec2 best_of[WORKGROUP]; // one of each subgroup

// Shares of a row, none of them empty.
uint shares_of(uint cols)
{
    return min((cols - 1u) / ZC_SELECT_SHARE + 1u, ZC_SELECT_MAX_SHARES);
}

struct Best
{
    ivec4 key;   // of each place in a block
    uvec4 block; // where it was first
    uvec4 size;  // the greatest absolute value: beyond infinity if there is a NaN
};

// A number that grows with the float, but that zeros differ and NaN comes anywhere.
ivec4 key_of(uvec4 bits)
{
    ivec4 x = ivec4(bits);
    return x ^ ((x >> 31) & 0x7fffffff);
}

void take(inout Best best, uvec4 bits, uint block)
{
    ivec4 key = key_of(bits);
    bvec4 more = greaterThan(key, best.key);
    best.block = mix(best.block, uvec4(block), more);
    best.key = max(best.key, key);
    best.size = max(best.size, bits & 0x7fffffffu);
}

// What block i has of `count` elements; they start `skip` elements after a multiple of four, and what lies outside
// counts as the least of all.
uvec4 partial_block(uint start, uint skip, uint count, uint i)
{
    uvec4 v = uvec4(0xff800000u);
    [[unroll]] for (uint e = 0u; e < 4u; e++) {
        if (4u * i + e - skip < count) {
            v[e] = x1[start + 4u * i + e];
        }
    }
    return v;
}

uint group_max(uint value)
{
    value = subgroupMax(value);
    barrier(); // what was shared before has been read
    if (subgroupElect()) {
        best_of[gl_SubgroupID].x = int(value);
    }
    barrier();
    for (uint s = 0u; s < gl_NumSubgroups; s++) {
        value = max(value, uint(best_of[s].x));
    }
    return value;
}

uint group_min(uint value)
{
    value = subgroupMin(value);
    barrier(); // what was shared before has been read
    if (subgroupElect()) {
        best_of[gl_SubgroupID].x = int(value);
    }
    barrier();
    for (uint s = 0u; s < gl_NumSubgroups; s++) {
        value = min(value, uint(best_of[s].x));
    }
    return value;
}

// The index of the greatest of `count` elements from x1[x] on, in every invocation; `count` is not 0.
uint greatest(uint x, uint count)
{
    uint me = gl_LocalInvocationID.x;
    uint skip = x & 3u, start = x - skip, blocks = (count - 1u + skip) / 4u + 1u;
    Best best = Best(ivec4(0x80000000), uvec4(NOWHERE), uvec4(0u));
    // The first and the last block may be partial.
    if (me == 0u) {
        take(best, partial_block(start, skip, count, 0u), 0u);
    }
    uint i = me + 1u;
    for (; i + 7u * WORKGROUP + 1u < blocks; i += 8u * WORKGROUP) {
        uvec4 v[8];
        [[unroll]] for (uint y = 0u; y < 8u; y++) {
            v[y] = x4[start / 4u + i + y * WORKGROUP];
        }
        [[unroll]] for (uint y = 0u; y < 8u; y++) {
            take(best, v[y], i + y * WORKGROUP);
        }
    }
    for (; i + 1u < blocks; i += WORKGROUP) {
        take(best, x4[start / 4u + i], i);
    }
    if (i + 1u == blocks) {
        take(best, partial_block(start, skip, count, i), i);
    }
    int key = max(max(best.key.x, best.key.y), max(best.key.z, best.key.w));
    uint size = max(max(best.size.x, best.size.y), max(best.size.z, best.size.w));
    key = subgroupMax(key);
    size = subgroupMax(size);
    barrier(); // what was shared before has been read
    if (subgroupElect()) {
        best_of[gl_SubgroupID] = ivec2(key, int(size));
    }
    barrier();
    for (uint s = 0u; s < gl_NumSubgroups; s++) {
        key = max(key, best_of[s].x);
        size = max(size, uint(best_of[s].y));
    }
    bool nan = size > INFINITY_BITS, zero = key == 0 || key == -1; // keys of 0 and of -0
    uint index = NOWHERE;
    if (!nan && !zero) {
        [[unroll]] for (uint e = 0u; e < 4u; e++) {
            if (best.key[e] == key && best.block[e] != NOWHERE) {
                index = min(index, 4u * best.block[e] + e - skip);
            }
        }
    } else {
        for (uint c = me; c < count && index == NOWHERE; c += WORKGROUP) {
            uint bits = x1[x + c] & 0x7fffffffu;
            if (nan ? bits > INFINITY_BITS : bits == 0u) {
                index = c;
            }
        }
    }
    return min(group_min(index), count - 1u); // of a row that somebody else writes meanwhile, there may be none
}

// The first stage, of one share of row r.
void find_in_share(uint r, uint share)
{
    uint shares = shares_of(push.cols), each = push.cols / shares, more = push.cols % shares;
    uint first = share * each + min(share, more), x = push.offset.x + r * push.ldx + first;
    uint index = greatest(x, each + (share < more ? 1u : 0u));
    if (gl_LocalInvocationID.x == 0u) {
        found[r * ZC_SELECT_MAX_SHARES + share] = uvec2(order_of(x1[x + index]), first + index);
    }
}

// The index of the greatest of row r, in every invocation; of what the shares have found, in the second stage.
uint greatest_of_row(uint r)
{
    if (way != ZC_SELECT_JOIN_WAY) {
        return greatest(push.offset.x + r * push.ldx, push.cols);
    }
    uint me = gl_LocalInvocationID.x;
    uvec2 mine = uvec2(0u, NOWHERE); // below every element
    if (me < shares_of(push.cols)) {
        mine = found[r * ZC_SELECT_MAX_SHARES + me];
    }
    uint key = group_max(mine.x);
    return group_min(mine.x == key ? mine.y : NOWHERE);
}
