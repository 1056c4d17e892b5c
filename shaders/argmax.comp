#version 450
#extension GL_GOOGLE_include_directive : require
#extension GL_EXT_control_flow_attributes : require
// argmax: out[r] = the index of the greatest element of row r, the lowest among equals; a NaN is above
// everything. A workgroup for each row.
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

#extension GL_KHR_shader_subgroup_basic : require
#extension GL_KHR_shader_subgroup_arithmetic : require
#include "common.glsl"

const uint NOWHERE = 0xffffffffu;

shared ivec3 best_of[WORKGROUP]; // one of each subgroup

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

// What block i of the row has; the row starts `skip` elements after a multiple of four, and what lies outside
// of it counts as the least of all.
uvec4 partial_block(uint start, uint skip, uint i)
{
    uvec4 v = uvec4(0xff800000u);
    [[unroll]] for (uint e = 0u; e < 4u; e++) {
        if (4u * i + e - skip < push.cols) {
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

void main()
{
    uint me = gl_LocalInvocationID.x;
    for (uint r = WORKGROUP_ID.x; r < push.rows; r += WORKGROUPS.x) {
        uint x = push.offset.x + r * push.ldx;
        uint skip = x & 3u, start = x - skip, blocks = (push.cols - 1u + skip) / 4u + 1u;
        Best best = Best(ivec4(0x80000000), uvec4(NOWHERE), uvec4(0u));
        // The first and the last block may be partial.
        if (me == 0u) {
            take(best, partial_block(start, skip, 0u), 0u);
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
            take(best, partial_block(start, skip, i), i);
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
            for (uint c = me; c < push.cols && index == NOWHERE; c += WORKGROUP) {
                uint bits = x1[x + c] & 0x7fffffffu;
                if (nan ? bits > INFINITY_BITS : bits == 0u) {
                    index = c;
                }
            }
        }
        index = group_min(index);
        if (me == 0u) {
            out1[push.offset.y + r] = index;
        }
    }
}
