#version 450
#extension GL_GOOGLE_include_directive : require
#extension GL_EXT_control_flow_attributes : require
// argmax: out[r] = the index of the greatest element of row r, the lowest among equals; a NaN is above
// everything. A workgroup for each row; or, where there are few long ones, for each of their shares, and in a second
// stage one that compares what these have found (csrc/kernel/zc_kernel_tiles.c).
//
// One pass finds the greatest and, in each invocation, the block of four where it first saw its own. Only where
// there is a NaN, or the greatest is a zero of either sign, are all elements looked at again.

layout(push_constant) uniform Push
{
    uvec4 offset;
    uvec4 first, groups;
    uint rows, cols;
    uint ldx, ldout;
}
push;

layout(set = 0, binding = 1, std430) readonly buffer X1 { uint x1[]; };
layout(set = 0, binding = 1, std430) readonly buffer X4 { uvec4 x4[]; };
layout(set = 0, binding = 2, std430) writeonly buffer Out1 { uint out1[]; };

layout(set = 0, binding = 3, std430) buffer Found2 { uvec2 found2[]; }; // of each share: the index, and its bits

#extension GL_KHR_shader_subgroup_basic : require
#extension GL_KHR_shader_subgroup_arithmetic : require
#include "common.glsl"

layout(constant_id = 0) const uint way = 0u;

const uint NOWHERE = 0xffffffffu;

shared ivec3 best_of[WORKGROUP]; // one of each subgroup
shared uvec2 candidates[WORKGROUP];

bool ordered(uint bits)
{
    return (bits & 0x7fffffffu) <= INFINITY_BITS;
}

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
        best_of[gl_SubgroupID] = ivec3(key, int(size), 0);
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
    return group_min(index);
}

// Whether an element with these bits comes before one with those and a greater index, or as great a one.
bool above(uint bits, uint index, uint other, uint other_index)
{
    bool nan = !ordered(bits), other_nan = !ordered(other);
    if (nan || other_nan) {
        return nan && (!other_nan || index < other_index);
    }
    float a = uintBitsToFloat(bits), b = uintBitsToFloat(other);
    return a > b || (a == b && index < other_index);
}

// What the shares of row r have found.
uint join(uint r)
{
    uint me = gl_LocalInvocationID.x, shares = shares_of(push.cols), index = NOWHERE, bits = 0u;
    if (me < shares) {
        uvec2 found = found2[r * ZC_SELECT_MAX_SHARES + me];
        index = found.x;
        bits = found.y;
    }
    candidates[me] = uvec2(index, bits);
    barrier();
    for (uint half_ = WORKGROUP / 2u; half_ > 0u; half_ /= 2u) {
        if (me < half_) {
            uvec2 mine = candidates[me], other = candidates[me + half_];
            if (other.x != NOWHERE && (mine.x == NOWHERE || above(other.y, other.x, mine.y, mine.x))) {
                candidates[me] = other;
            }
        }
        barrier();
    }
    return candidates[0].x;
}

void main()
{
    uint me = gl_LocalInvocationID.x;
    if (way == ZC_SELECT_SHARES_WAY) {
        uint shares = shares_of(push.cols), each = push.cols / shares, more = push.cols % shares;
        for (uint r = WORKGROUP_ID.y; r < push.rows; r += WORKGROUPS.y) {
            for (uint share = WORKGROUP_ID.x; share < shares; share += WORKGROUPS.x) {
                uint first = share * each + min(share, more), x = push.offset.x + r * push.ldx + first;
                uint index = greatest(x, each + (share < more ? 1u : 0u));
                if (me == 0u) {
                    found2[r * ZC_SELECT_MAX_SHARES + share] = uvec2(first + index, x1[x + index]);
                }
            }
        }
        return;
    }
    for (uint r = WORKGROUP_ID.x; r < push.rows; r += WORKGROUPS.x) {
        uint index = way == ZC_SELECT_JOIN_WAY ? join(r) : greatest(push.offset.x + r * push.ldx, push.cols);
        if (me == 0u) {
            out1[push.offset.y + r] = index;
        }
        barrier(); // what was shared has been read
    }
}
