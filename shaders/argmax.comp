#version 450
#extension GL_GOOGLE_include_directive : require
#extension GL_EXT_control_flow_attributes : require
// argmax: out[r] = the index of the greatest element of row r, the lowest among equals; a NaN is above
// everything. A workgroup for each row.

layout(push_constant) uniform Push
{
    uvec4 offset;
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
#include "order.glsl"

shared uvec2 best_of[WORKGROUP]; // one of each subgroup

void take(inout uvec2 best, uint bits, uint index)
{
    uint key = order_of(bits);
    // Indices only grow for one invocation.
    if (key > best.x || best.y == 0xffffffffu) {
        best = uvec2(key, index);
    }
}

void main()
{
    uint me = gl_LocalInvocationID.x;
    for (uint r = gl_WorkGroupID.x; r < push.rows; r += gl_NumWorkGroups.x) {
        uint x = push.offset.x + r * push.ldx;
        uint head = min((0u - x) & 3u, push.cols), vectors = (push.cols - head) / 4u;
        uvec2 best = uvec2(0u, 0xffffffffu);
        if (me < head) {
            take(best, x1[x + me], me);
        }
        uint i = me, first = (x + head) / 4u;
        for (; i + 7u * WORKGROUP < vectors; i += 8u * WORKGROUP) {
            uvec4 v[8];
            [[unroll]] for (uint y = 0u; y < 8u; y++) {
                v[y] = x4[first + i + y * WORKGROUP];
            }
            [[unroll]] for (uint y = 0u; y < 8u; y++) {
                [[unroll]] for (uint e = 0u; e < 4u; e++) {
                    take(best, v[y][e], head + 4u * (i + y * WORKGROUP) + e);
                }
            }
        }
        for (; i < vectors; i += WORKGROUP) {
            uvec4 v = x4[first + i];
            [[unroll]] for (uint e = 0u; e < 4u; e++) {
                take(best, v[e], head + 4u * i + e);
            }
        }
        for (uint c = head + 4u * vectors + me; c < push.cols; c += WORKGROUP) {
            take(best, x1[x + c], c);
        }
        uint key = subgroupMax(best.x);
        uint index = subgroupMin(best.x == key ? best.y : 0xffffffffu);
        barrier(); // what was shared before has been read
        if (subgroupElect()) {
            best_of[gl_SubgroupID] = uvec2(key, index);
        }
        barrier();
        if (me == 0u) {
            for (uint s = 0u; s < gl_NumSubgroups; s++) {
                uvec2 other = best_of[s];
                if (other.x > key || other.x == key && other.y < index) {
                    key = other.x;
                    index = other.y;
                }
            }
            out1[push.offset.y + r] = index;
        }
    }
}
